/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_RETAINED_H
#define _BROKER_RETAINED_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

#include "queue.h"
#include "reservation.h"

struct broker_binding_name;
struct broker_exchange;
struct broker_message;
struct broker_selector;
struct netlink_ext_ack;

/**
 * DOC: Retained messages
 *
 * An exchange made to retain keeps, for each routing key, the newest message that
 * was published with BROKER_PUBLISH_F_RETAIN, and hands those that match to each
 * new binding that leads to a queue.
 *
 * Order.  What is retained is touched under one mutex, broker.retain_mutex.  A publish
 * with RETAIN holds it from routing to commit, a new binding from before anybody
 * can find it until its queue has what is retained.  So they happen one after the
 * other: a message reaches the queue of a binding on the way of the binding or, if
 * that was not there yet, from here; never both, never neither.  Two messages of
 * one key leave the same one behind in the queues and here.  No publisher waits
 * for room with that mutex: it gives it up, and routes anew.
 *
 * Lifetime: made and freed with the exchange; emptied when that is unlinked, and
 * takes nothing from then on.
 */

/**
 * struct broker_retained - a retained message
 * @hash: in retention.keys (broker.retain_mutex)
 * @rcu: frees it after look-ups in the table (owner: who deleted it)
 * @of_exchange: in retention.messages (broker.retain_mutex)
 * @message: newest with this key, with a reference; NULL: is about to come
 *	(broker.retain_mutex)
 * @key_len: bytes of @key (const)
 * @key: routing key, NUL-terminated (const)
 */
struct broker_retained {
	struct rhash_head hash;
	struct rcu_head rcu;
	struct list_head of_exchange;
	struct broker_message *message;
	u8 key_len;
	char key[];
};

/**
 * struct broker_retention - what an exchange retains
 * @keys: messages by key (broker.retain_mutex)
 * @messages: the same, oldest first (broker.retain_mutex)
 * @changes: counts changes, for dumps (broker.retain_mutex)
 * @nr: how many (broker.retain_mutex; read anywhere)
 * @bytes: of all (broker.retain_mutex; read anywhere)
 * @max: most messages (broker.retain_mutex; read anywhere)
 * @max_bytes: most bytes (broker.retain_mutex; read anywhere)
 * @dead: the exchange was deleted (broker.retain_mutex)
 */
struct broker_retention {
	struct rhashtable keys;
	struct list_head messages;
	u32 changes;
	u32 nr;
	u64 bytes;
	u32 max;
	u64 max_bytes;
	bool dead;
};

struct broker_retention *broker_retention_new(u32 max, u64 max_bytes);
void broker_retention_free(struct broker_retention *retention);

/* Takes broker.retain_mutex. */
void broker_retention_set(struct broker_exchange *exchange, u32 max, u64 max_bytes);
void broker_retention_end(struct broker_exchange *exchange);

/**
 * struct broker_retain - a message about to be retained
 * @retention: where (owner: the publish)
 * @retained: whose place it takes; NULL: there is nothing to clear (owner: the publish)
 * @message: it, good until the commit (owner: the publish)
 */
struct broker_retain {
	struct broker_retention *retention;
	struct broker_retained *retained;
	struct broker_message *message;
};

/* Under broker.retain_mutex.  After a prepare that succeeded, either of the others. */
int broker_retain_prepare(struct broker_retain *retain, struct broker_exchange *exchange,
			  struct broker_message *message);
void broker_retain_commit(struct broker_retain *retain);
void broker_retain_abort(struct broker_retain *retain);

/**
 * struct broker_offer - retained messages on their way to a queue
 * @queue: with the caller's reference (owner: the request)
 * @reservations: room for each (owner: the request)
 * @nr: how many (owner: the request)
 */
struct broker_offer {
	struct broker_queue *queue;
	struct broker_reservation *reservations;
	u32 nr;
};

/* Under broker.topology and broker.retain_mutex. */
int broker_offer_prepare(struct broker_offer *offer, const struct broker_binding_name *name,
			 const struct broker_selector *filter, struct netlink_ext_ack *extack);
void broker_offer_commit(struct broker_offer *offer);
void broker_offer_abort(struct broker_offer *offer);

/* Under broker.retain_mutex. */
struct broker_retained *broker_retained_lookup(struct broker_retention *retention,
					       const char *key, size_t len);
void broker_retained_delete(struct broker_retention *retention,
			    struct broker_retained *retained);

#endif /* _BROKER_RETAINED_H */
