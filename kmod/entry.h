/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_ENTRY_H
#define _BROKER_ENTRY_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct broker_message;
struct pid;

/**
 * struct broker_entry - a queue's entry for a message: a delivery to be
 * @node: in queue->ready, consumer->pending or consumer->leased; or, out of all
 *	of them, in a list of what to free (queue.lock)
 * @next: see @node (queue.lock)
 * @message: what it delivers (const)
 * @holder: process that last had it, or NULL (queue.lock)
 * @sequence: place in the queue, kept when it comes back (const once enqueued)
 * @tag: names the hand-out, rises within the consumer (queue.lock)
 * @acquired: times it was handed out (queue.lock)
 * @failed: times that failed (queue.lock)
 * @cause: enum broker_cause, why it last came back (queue.lock)
 * @cause_code: exit status or signal that goes with @cause (queue.lock)
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
	struct broker_message *message;
	struct pid *holder;
	u64 sequence;
	u64 tag;
	u32 acquired;
	u16 failed;
	u8 cause;
	u8 cause_code;
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

void broker_entry_returned(struct broker_entry *entry, const struct broker_return *how);

/**
 * struct broker_entry_tree - entries in an order, both ends at hand
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

void broker_entry_insert(struct broker_entry_tree *tree, struct broker_entry *entry);
void broker_entry_insert_tag(struct broker_entry_tree *tree,
				struct broker_entry *entry);
void broker_entry_erase(struct broker_entry_tree *tree, struct broker_entry *entry);
struct broker_entry *broker_entry_find_tag(const struct broker_entry_tree *tree, u64 tag);
struct broker_entry *broker_entry_after(const struct broker_entry_tree *tree,
					      u64 sequence);

#endif /* _BROKER_ENTRY_H */
