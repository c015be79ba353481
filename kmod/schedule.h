/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_SCHEDULE_H
#define _BROKER_SCHEDULE_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct broker_entry;
struct broker_message;
struct broker_queue;
struct broker_timer;

/**
 * DOC: A queue's schedule
 *
 * An entry whose time has not come *waits*, out of the way of the others: a
 * message published for later, one that was delayed, or one that failed and is
 * tried again after a while.  Its time come, it goes to its place.  One that was
 * deferred waits until a consumer asks for it by its sequence.
 *
 * An entry with a time to live expires wherever it stands in the queue, unless
 * a consumer has received it; then, if it comes back.  The order of expiry is a
 * second tree, with nodes of its own for the entries that need one.
 */

/**
 * struct broker_expiry - when an entry's time to live is over
 * @node: in queue->expiring, once enqueued (queue.lock)
 * @entry: whose (const)
 * @at: when; before it is enqueued, how long it has (queue.lock)
 */
struct broker_expiry {
	struct rb_node node;
	struct broker_entry *entry;
	u64 at;
};

/**
 * struct broker_appointment - so that a scheduled entry is found by its sequence
 * @node: in queue->appointments, while it waits (queue.lock)
 * @entry: whose (const)
 *
 * Those waiting are in the order of their time, which who cancels one need not know.
 * An entry that comes to wait later, by DELAY or after a failure, has none, since
 * settling needs no memory.
 */
struct broker_appointment {
	struct rb_node node;
	struct broker_entry *entry;
};

int broker_schedule_prepare(struct broker_entry *entry, const struct broker_queue *queue);
u64 broker_retry_delay(const struct broker_queue *queue, u32 failed);

void broker_schedule_move(struct broker_entry *entry, const struct broker_queue *to);

/* Under queue.lock. */
void broker_schedule_go_on_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_schedule_enter_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_schedule_leave_locked(struct broker_queue *queue, struct broker_entry *entry);
bool broker_schedule_expired(const struct broker_entry *entry);
void broker_schedule_wait_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_schedule_unwait_locked(struct broker_queue *queue, struct broker_entry *entry);
struct broker_entry *broker_schedule_find_locked(struct broker_queue *queue, u64 sequence);
void broker_schedule_defer_locked(struct broker_queue *queue, struct broker_entry *entry);
void broker_schedule_arm_locked(struct broker_queue *queue, u64 at);

void broker_schedule_init(struct broker_queue *queue);

#endif /* _BROKER_SCHEDULE_H */
