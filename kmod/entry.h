/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_ENTRY_H
#define _BROKER_ENTRY_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct broker_appointment;
struct broker_consumer;
struct broker_deaths;
struct broker_expiry;
struct broker_message;
struct broker_reply_slot;
struct broker_transaction;
struct broker_turn;
struct pid;

/**
 * enum broker_entry_state - where an entry is
 * @BROKER_ENTRY_LOOSE: in no tree: on its way in or out
 * @BROKER_ENTRY_HIDDEN: in queue->hidden, until its transaction is committed
 * @BROKER_ENTRY_READY: in queue->ready, by place
 * @BROKER_ENTRY_BLOCKED: in queue->blocked, by place, until it has its turn
 * @BROKER_ENTRY_PENDING: in consumer->pending, by place
 * @BROKER_ENTRY_LEASED: in consumer->leased, by tag
 * @BROKER_ENTRY_WAITING: in queue->waiting, by the time when it is due
 * @BROKER_ENTRY_DEFERRED: in queue->deferred, by sequence, until it is asked for
 * @BROKER_ENTRY_DYING: in queue->dying, by place, for broker_deadletter_run()
 * @BROKER_ENTRY_QUARANTINED: in queue->quarantine, by place
 * @BROKER_ENTRY_CLAIMED: in a transaction, which settles it or puts it back
 */
enum broker_entry_state {
	BROKER_ENTRY_LOOSE,
	BROKER_ENTRY_HIDDEN,
	BROKER_ENTRY_READY,
	BROKER_ENTRY_BLOCKED,
	BROKER_ENTRY_PENDING,
	BROKER_ENTRY_LEASED,
	BROKER_ENTRY_WAITING,
	BROKER_ENTRY_DEFERRED,
	BROKER_ENTRY_DYING,
	BROKER_ENTRY_QUARANTINED,
	BROKER_ENTRY_CLAIMED,
};

/* What of an entry's place is its sequence; what is above orders levels of priority. */
#define BROKER_PLACE_SEQUENCE	GENMASK_ULL(55, 0)
#define BROKER_PLACE_LEVEL	56

/**
 * struct broker_entry - a queue's entry for a message: a delivery to be
 * @node: in the tree that @state names (queue.lock)
 * @next: in a list, where it is in no tree (queue.lock, or owner of the list)
 * @of_queue: in queue.entries, once it is enqueued (queue.lock)
 * @message: what it delivers (const)
 * @reply: to be sent when it ends, if it is a request, or NULL (owner: the entry)
 * @holder: process that last had it, or NULL (queue.lock)
 * @consumer: pending or leased: whose (queue.lock)
 * @transaction: hidden: that is to show it, with a reference (queue.lock)
 * @key: what it is sorted by where it is; its tag, once it was handed out (queue.lock)
 * @place: in the queue, kept when it comes back; holds its sequence (const once
 *	enqueued)
 * @at: when it is due, while it waits; BROKER_NEVER: when it is asked for; when its
 *	lease ends, on its consumer's lease clock, while it is leased (queue.lock)
 * @expiry: if it has a time to live, with the entry (const)
 * @appointment: if it was published for later, with the entry (const)
 * @turn: if it takes turns with others, with the entry (const once enqueued)
 * @deaths: how it died in other queues, or NULL, with a reference (const)
 * @since: since when it is to be had, unless it is deferred; 0: not yet (queue.lock)
 * @taken: when it was handed out last (queue.lock)
 * @acquired: times it was handed out (queue.lock)
 * @failed: times that failed (queue.lock)
 * @cause: enum broker_cause, why it last came back (queue.lock)
 * @retained: it comes from what an exchange retains (const)
 * @cause_code: exit status or signal that goes with @cause (queue.lock)
 * @state: enum broker_entry_state (queue.lock)
 * @reason: dying or quarantined: enum broker_death_reason (queue.lock)
 *
 * Lifetime: made for one queue, before room is reserved there; freed when it is
 * settled, dropped, purged or its queue is deleted.  Freeing may sleep, so what
 * leaves a queue is collected and freed when the lock is dropped.
 */
struct broker_entry {
	union {
		struct rb_node node;
		struct broker_entry *next;
	};
	struct list_head of_queue;
	struct broker_message *message;
	struct broker_reply_slot *reply;
	struct pid *holder;
	union {
		struct broker_consumer *consumer;
		struct broker_transaction *transaction;
	};
	u64 key;
	u64 place;
	u64 at;
	struct broker_expiry *expiry;
	struct broker_appointment *appointment;
	struct broker_turn *turn;
	struct broker_deaths *deaths;
	u64 since;
	u64 taken;
	u32 acquired;
	u16 failed;
	u8 cause;
	u8 cause_code;
	u8 state;
	u8 reason;
	bool retained;
};

/**
 * struct broker_return - how entries come back to their queue
 * @cause: enum broker_cause (const)
 * @code: exit status or signal that goes with it (const)
 * @failed: whether it counts as a failure (const)
 * @holder: process that had them (const)
 */
struct broker_return {
	u8 cause;
	u8 code;
	bool failed;
	struct pid *holder;
};

int broker_entry_cache_init(void);
void broker_entry_cache_exit(void);

struct broker_entry *broker_entry_new(struct broker_message *message);
void broker_entry_free(struct broker_entry *entry);
void broker_entry_free_list(struct broker_entry *list);

void broker_entry_returned(struct broker_entry *entry, const struct broker_return *how, u64 delay);

/**
 * struct broker_entry_tree - entries in the order of their keys, both ends at hand
 * @root: red-black tree; its leftmost is cached (queue.lock)
 * @last: rightmost, so that appending costs no search (queue.lock)
 */
struct broker_entry_tree {
	struct rb_root_cached root;
	struct rb_node *last;
};

#define broker_entry_of(rb) rb_entry_safe(rb, struct broker_entry, node)

static inline struct broker_entry *
broker_entry_first(const struct broker_entry_tree *tree)
{
	return broker_entry_of(rb_first_cached(&tree->root));
}

static inline struct broker_entry *broker_entry_next(const struct broker_entry *entry)
{
	return broker_entry_of(rb_next(&entry->node));
}

void broker_entry_insert(struct broker_entry_tree *tree, struct broker_entry *entry, u64 key);
void broker_entry_erase(struct broker_entry_tree *tree, struct broker_entry *entry);
struct broker_entry *broker_entry_find(const struct broker_entry_tree *tree, u64 key);
struct broker_entry *broker_entry_after(const struct broker_entry_tree *tree, u64 key, u64 place);

/* Rises by enqueueing, within the queue. */
static inline u64 broker_entry_sequence(const struct broker_entry *entry)
{
	return entry->place & BROKER_PLACE_SEQUENCE;
}

#endif /* _BROKER_ENTRY_H */
