/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_TURN_H
#define _BROKER_TURN_H

#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct broker_entry;
struct broker_queue;

/**
 * DOC: Turns
 *
 * In a queue with ordering, entries whose messages have the same group key take
 * turns: one of them is handed out, and the next not before that one has left the
 * queue.  So whatever becomes of a message, whether it fails, is delayed or loses its
 * consumer, none of its key overtakes it.
 *
 * The one that has the turn is in queue->ready, or on its way from there and back:
 * with a consumer, in a transaction, waiting to be tried again.  The others are
 * *blocked*, in a tree of their own, out of the way of whoever looks for something to
 * hand out: a key with a million messages costs the others nothing.
 *
 * While it is ready, and so in nobody's hands, the turn is with the first of its key
 * in the queue's order: one that comes in with a higher priority takes it over.
 *
 * Keys are told apart by a hash: those that share one of BROKER_TURN_BUCKETS take
 * turns, too.
 */
#define BROKER_TURN_BUCKETS	1024

/**
 * struct broker_turn - an entry that takes turns with others
 * @node: in bucket.blocked, while it is blocked (queue.lock)
 * @entry: whose (const)
 * @bucket: number (const)
 */
struct broker_turn {
	struct rb_node node;
	struct broker_entry *entry;
	u32 bucket;
};

/**
 * struct broker_bucket - entries that take turns
 * @turn: the entry that has it; NULL: there is none (queue.lock)
 * @is_ready: it is in queue->ready; else it is out, and not looked at (queue.lock)
 * @blocked: those behind it, by place (queue.lock)
 */
struct broker_bucket {
	struct broker_entry *turn;
	bool is_ready;
	struct rb_root_cached blocked;
};

/**
 * struct broker_turns - all that take turns in a queue
 * @rcu: frees it (owner: the queue)
 * @bucket: see there (queue.lock)
 */
struct broker_turns {
	struct rcu_head rcu;
	struct broker_bucket bucket[BROKER_TURN_BUCKETS];
};

struct broker_turns *broker_turns_new(void);
void broker_turns_free(struct broker_turns *turns);

struct broker_turn *broker_turn_new(struct broker_entry *entry, const struct broker_queue *queue);
int broker_turn_prepare(struct broker_entry *entry, const struct broker_queue *queue);

/* Under queue.lock. */
void broker_turn_enter_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_turn_take_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_turn_leave_locked(struct broker_queue *queue, struct broker_entry *entry);

#endif /* _BROKER_TURN_H */
