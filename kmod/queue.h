/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_QUEUE_H
#define _BROKER_QUEUE_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <linux/broker.h>

#include "access.h"
#include "dedupe.h"
#include "entry.h"
#include "flow.h"
#include "latency.h"
#include "setting.h"
#include "state.h"
#include "timer.h"

struct broker;
struct broker_consumer;
struct broker_message;
struct broker_payer;
struct broker_session;
struct broker_transaction;
struct broker_turns;
struct netlink_ext_ack;

/**
 * DOC: Queues
 *
 * A queue gives each message to one of its consumers, in order, until one
 * accepts it.  It never holds more than its limits say, ready and unacked
 * together; what comes back goes to its old place.
 *
 * To publish is to reserve and then to commit (reservation.h).
 *
 * Lifetime: linked (in the broker's tables) from new to delete; a queue that
 * was deleted is dead: it takes no message and no consumer, and is freed
 * when its consumers, bindings and publishers in flight have let go.
 */

/**
 * struct broker_queue_config - what a queue is made with, or what of it to change
 * @set: BROKER_SETTING_* and BROKER_SET_*: what is given (const)
 * @name: name (const)
 * @name_len: bytes of it; 0: the broker makes one up (const)
 * @flags: enum broker_queue_flags (const)
 * @settings: see there; the request owns the reference, until it is taken over (const)
 * @protected: no request deletes or purges it (const)
 * @paused: it hands out nothing (const)
 * @pause: nanoseconds that this lasts; 0: until it is told (const)
 * @uid: owner (const)
 * @gid: group (const)
 * @mode: nine permission bits (const)
 * @session: owner of an exclusive queue, else NULL (const)
 * @payer: who is charged for it (const)
 */
struct broker_queue_config {
	u32 set;
	const char *name;
	u8 name_len;
	u32 flags;
	struct broker_settings settings;
	bool protected;
	bool paused;
	u64 pause;
	kuid_t uid;
	kgid_t gid;
	u16 mode;
	struct broker_session *session;
	struct broker_payer *payer;
};

/**
 * struct broker_policy_say - what policies had to say of a queue
 * @by_policy: BROKER_SETTING_* that nobody set but a policy (topology)
 * @capped: those that would be higher without a cap (topology)
 */
struct broker_policy_say {
	u32 by_policy;
	u32 capped;
};

/* What a queue gets where its maker is silent; times are in milliseconds. */
#define BROKER_DEFAULT_LEASE_MS		(30ULL * 60 * 1000)
#define BROKER_DEFAULT_MAX_DELIVERY	20
#define BROKER_DEFAULT_RETRY_MIN_MS	100ULL
#define BROKER_DEFAULT_RETRY_MAX_MS	30000ULL
#define BROKER_DEFAULT_RETRY_JITTER	20
#define BROKER_DEFAULT_DEDUPE_WINDOW_MS	(120ULL * 1000)
#define BROKER_DEFAULT_DEDUPE_MAX	100000

/**
 * struct broker_queue_stats - what happened to a queue's messages
 * @enqueued: taken (queue.lock)
 * @delivered: handed out (queue.lock)
 * @redelivered: of these, not for the first time (queue.lock)
 * @accepted: settled for good (queue.lock)
 * @released: came back untried (queue.lock)
 * @failed: came back after FAIL or a crash (queue.lock)
 * @rejected: settled as never to be tried again (queue.lock)
 * @dropped: dropped to make room, or for want of it (queue.lock)
 * @refused: refused for want of room (queue.lock)
 * @purged: removed by purge (queue.lock)
 * @moved: moved to another queue (queue.lock)
 * @expired: outlived their time, and were dropped or dead-lettered (queue.lock)
 * @dead_lettered: moved to where dead messages go (queue.lock)
 * @duplicates: published, and not taken again (queue.lock)
 * @dedupe_forgotten: ids forgotten before their time, for others (queue.lock)
 * @overwritten: dropped for newer ones, whoever had them (queue.lock)
 * @producers_forgotten: producers forgotten for others (queue.lock)
 */
struct broker_queue_stats {
	u64 enqueued;
	u64 delivered;
	u64 redelivered;
	u64 accepted;
	u64 released;
	u64 failed;
	u64 rejected;
	u64 dropped;
	u64 refused;
	u64 purged;
	u64 moved;
	u64 expired;
	u64 dead_lettered;
	u64 duplicates;
	u64 dedupe_forgotten;
	u64 overwritten;
	u64 producers_forgotten;
};

/**
 * struct broker_queue - a queue
 * @hash: in broker.queues (topology)
 * @refs: see Lifetime (atomic)
 * @rcu: frees it after readers of the tables (owner: last put)
 * @broker: whose it is (const)
 * @id: number (const)
 * @flags: enum broker_queue_flags (const)
 * @session: owner of an exclusive queue; compared, never followed (const)
 * @session_id: its number (const)
 * @payer: who is charged for it, with a reference (const)
 * @of_session: in session.queues (topology)
 * @bindings: that lead here (topology)
 * @nr_bindings: how many (topology; read anywhere)
 * @access: who may do what (access.seq)
 * @settings: in force, with a reference on its target (queue.lock)
 * @own: what was said of the queue itself, and the defaults, with another (topology)
 * @own_set: BROKER_SETTING_*: what was said of the queue itself (topology)
 * @say: what policies had to say of it (topology; read anywhere)
 * @protected: no request deletes or purges it (topology; read anywhere)
 * @turns: all that do; NULL: none ever did (queue.lock)
 * @states: of their keys (queue.lock)
 * @used: when it was last used, if it expires (queue.lock)
 * @flow: whether it hands out, and how fast (queue.lock)
 * @lock: the queue.lock
 * @dead: was deleted (queue.lock; read anywhere)
 * @had_consumer: an auto-delete queue waits for its first one (queue.lock)
 * @entries: all, the oldest first, on their way in and out too (queue.lock)
 * @ready: entries that wait for a consumer, by sequence (queue.lock)
 * @blocked: entries whose turn it is not, by place, see turn.h (queue.lock)
 * @nr_ready: how many of both (queue.lock; read anywhere)
 * @hidden: entries of transactions under way, by that and place (queue.lock)
 * @waiting: entries whose time has not come, by that time (queue.lock)
 * @nr_waiting: how many (queue.lock; read anywhere)
 * @appointments: of those that were published for later, by sequence (queue.lock)
 * @deferred: entries that wait until they are asked for, by sequence (queue.lock)
 * @nr_deferred: how many (queue.lock; read anywhere)
 * @expiring: entries with a time to live, by its end (queue.lock)
 * @dying: entries that broker_deadletter_run() will move or free, by place (queue.lock)
 * @nr_dying: how many, the one being moved among them (queue.lock; read anywhere)
 * @quarantine: entries that nobody gets any more, by place (queue.lock)
 * @nr_quarantined: how many (queue.lock; read anywhere)
 * @timer: when something of these is due (clock.lock)
 * @nr_unacked: entries with consumers (queue.lock; read anywhere)
 * @held: messages that count against the limit (queue.lock; read anywhere)
 * @bytes: bytes that count against the limit (queue.lock; read anywhere)
 * @sequence: of the last message enqueued (queue.lock)
 * @ids: of messages that were published to it (queue.lock)
 * @producers: that published to it (queue.lock)
 * @served: counts who came or was assigned an entry; orders consumers with equal
 *	credit (queue.lock)
 * @consumers: all, those of the highest priority first (queue.lock)
 * @active: the one that gets messages, if it is single-active, or NULL (queue.lock)
 * @promoted: that is to be told (queue.lock)
 * @nr_consumers: how many (queue.lock; read anywhere)
 * @nr_choosy: of them, how many have a filter (queue.lock)
 * @eligible: consumers with free credit, most first (queue.lock)
 * @room: publishers that wait for room
 * @pollers: sessions that poll for room (queue.lock)
 * @stats: counters (queue.lock)
 * @waits: from when messages are to be had until they are handed out (queue.lock)
 * @holds: from then until they are settled (queue.lock)
 * @name_len: bytes of @name (const)
 * @name: not NUL-terminated for readers of its length, but so (const)
 */
struct broker_queue {
	struct rhash_head hash;
	refcount_t refs;
	struct rcu_head rcu;
	struct broker *broker;
	u32 id;
	u32 flags;
	struct broker_session *session;
	u64 session_id;
	struct broker_payer *payer;
	struct list_head of_session;
	struct list_head bindings;
	u32 nr_bindings;
	struct broker_access access;

	struct broker_settings settings;
	struct broker_settings own;
	u32 own_set;
	struct broker_policy_say say;

	bool protected;
	struct broker_turns *turns;
	struct broker_states states;
	u64 used;
	struct broker_flow flow;

	spinlock_t lock;
	bool dead;
	bool had_consumer;
	struct list_head entries;
	struct broker_entry_tree ready;
	struct broker_entry_tree blocked;
	u32 nr_ready;
	struct broker_entry_tree hidden;
	struct broker_entry_tree waiting;
	u32 nr_waiting;
	struct rb_root appointments;
	struct broker_entry_tree deferred;
	u32 nr_deferred;
	struct rb_root_cached expiring;
	struct broker_entry_tree dying;
	u32 nr_dying;
	struct broker_entry_tree quarantine;
	u32 nr_quarantined;
	struct broker_timer timer;
	u32 nr_unacked;
	u32 held;
	u64 bytes;
	u64 sequence;
	struct broker_marks ids;
	struct broker_marks producers;
	u64 served;
	struct list_head consumers;
	struct broker_consumer *active;
	bool promoted;
	u32 nr_consumers;
	u32 nr_choosy;
	struct rb_root_cached eligible;
	wait_queue_head_t room;
	struct list_head pollers;
	struct broker_queue_stats stats;
	struct broker_latency waits;
	struct broker_latency holds;

	u8 name_len;
	char name[];
};

/* Configuration: under broker.topology. */
u8 broker_queue_make_name(struct broker *broker, char name[BROKER_MAX_NAME + 1]);
struct broker_queue *broker_queue_new(struct broker *broker,
				      const struct broker_queue_config *config,
				      const struct broker_queue_config *own,
				      const struct broker_policy_say *say,
				      struct netlink_ext_ack *extack);
int broker_queue_set(struct broker_queue *queue, const struct broker_queue_config *config,
		     struct netlink_ext_ack *extack);
void broker_queue_delete(struct broker_queue *queue, u32 end);
int broker_queue_delete_idle(struct broker_queue *queue, bool if_unused, bool if_empty, u32 end);

/* Without that lock. */
u32 broker_queue_purge(struct broker_queue *queue);
void broker_queue_drain(struct broker_queue *queue);
void broker_queue_unused(struct broker_queue *queue);
void broker_queue_dispatch(struct broker_queue *queue);

extern const struct rhashtable_params broker_queue_params;

/* Looking up: under RCU, or any lock that keeps the table. */
struct broker_queue *broker_queue_lookup(struct broker *broker, const char *name, size_t len);
struct broker_queue *broker_queue_get_by_name(struct broker *broker, const char *name, size_t len);
bool broker_queue_tryget(struct broker_queue *queue);
void broker_queue_put(struct broker_queue *queue);

/* For consumers and reservations, under queue.lock. */
void broker_queue_ready_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_queue_offer_locked(struct broker_queue *queue, struct broker_entry *entry);
struct broker_entry *broker_queue_first_locked(struct broker_queue *queue);
struct broker_entry *broker_queue_after_locked(struct broker_queue *queue, u32 state, u64 key,
					       u64 place);
void broker_queue_hide_locked(struct broker_queue *queue, struct broker_entry *entry,
			      struct broker_transaction *transaction);
void broker_queue_show_locked(struct broker_queue *queue);
void broker_queue_take_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_queue_dispatch_locked(struct broker_queue *queue);
void broker_queue_place_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_queue_detach_locked(struct broker_queue *queue, struct broker_entry *entry);
struct broker_entry_tree *broker_queue_tree(struct broker_queue *queue, u32 state);
void broker_queue_quarantine_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_queue_dying_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_queue_bury_locked(struct broker_queue *queue, struct broker_entry *entry, u8 reason);
void broker_queue_return_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_queue_shrink_locked(struct broker_queue *queue, u32 messages, u64 bytes);
void broker_queue_leave_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_queue_remove_locked(struct broker_queue *queue, struct broker_entry *entry,
				struct broker_entry **freed);

#endif /* _BROKER_QUEUE_H */
