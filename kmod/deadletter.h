/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_DEADLETTER_H
#define _BROKER_DEADLETTER_H

#include <linux/refcount.h>
#include <linux/types.h>

#include <linux/broker.h>

#include "route.h"

struct broker_entry;
struct broker_queue;
struct pid;

/**
 * DOC: Dead letters
 *
 * A message that was rejected, that failed too often, that outlived its time, or
 * that has to make room, goes where its queue says: to an exchange, with a routing
 * key.  It is moved as it would be published, to all matching queues or to none, and
 * leaves its queue only when they have it; meanwhile nobody gets it from either.  So
 * it is never lost, and never twice there.
 *
 * Where it cannot be moved now, since a queue is full or memory is short, it
 * stays, counts, and is tried again.  Where it never can be, because there is no
 * such exchange or no queue matches, and where a message that failed too often
 * has nowhere to go, it is quarantined: it stays in its queue and nobody gets it,
 * until an administrator redrives or deletes it.
 *
 * The clock's work moves them, so it costs those who reject or fail no memory.
 * Only what makes room is moved by whoever needs that, since it must be done at
 * once (reservation.h).
 */

/**
 * struct broker_target - where dead messages of a queue go
 * @refs: one of the queue, one of each move (atomic)
 * @exchange_len: bytes of the exchange's name (const)
 * @key_len: bytes of the routing key; 0: the message's own (const)
 * @data: exchange and key (const)
 */
struct broker_target {
	refcount_t refs;
	u8 exchange_len;
	u8 key_len;
	char data[];
};

struct broker_target *broker_target_new(const char *exchange, u8 exchange_len, const char *key,
					u8 key_len);
struct broker_target *broker_target_get(struct broker_target *target);
void broker_target_put(struct broker_target *target);

/**
 * struct broker_death_record - how a message died in a queue
 * @time: when last, nanoseconds since 1970 (const)
 * @queue: number (const)
 * @count: how often, there and for this reason (const)
 * @acquired: hand-outs there (const)
 * @failed: of these, failed (const)
 * @holder: process that had it last, with a reference, or NULL (const)
 * @reason: enum broker_death_reason (const)
 * @cause: enum broker_cause, why it last came back (const)
 * @cause_code: goes with @cause (const)
 * @name_len: bytes of @name (const)
 * @name: of the queue (const)
 */
struct broker_death_record {
	u64 time;
	u32 queue;
	u32 count;
	u32 acquired;
	u32 failed;
	struct pid *holder;
	u8 reason;
	u8 cause;
	u8 cause_code;
	u8 name_len;
	char name[BROKER_MAX_NAME];
};

/**
 * struct broker_deaths - how a message died so far, the latest first
 * @refs: one per entry and hand-out (atomic)
 * @unseen: deaths since anybody received it (const)
 * @nr: records (const)
 * @record: them (const)
 */
struct broker_deaths {
	refcount_t refs;
	u32 unseen;
	u32 nr;
	struct broker_death_record record[];
};

struct broker_deaths *broker_deaths_get(struct broker_deaths *deaths);
void broker_deaths_put(struct broker_deaths *deaths);

/**
 * struct broker_letter - a dead letter that room is reserved for
 * @next: in a list (owner: the reservation)
 * @routes: where it goes (owner: the reservation)
 */
struct broker_letter {
	struct broker_letter *next;
	struct broker_routes routes;
};

int broker_letters_reserve(struct broker_queue *queue, struct broker_entry *entries,
			   const struct broker_target *target, u8 depth, u32 *nr_letters,
			   struct broker_letter **letters);
void broker_letters_send(struct broker_letter *letters);
void broker_letters_undo(struct broker_letter *letters);

void broker_deadletter_run(struct broker_queue *queue);

#endif /* _BROKER_DEADLETTER_H */
