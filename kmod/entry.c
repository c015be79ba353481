// SPDX-License-Identifier: GPL-2.0
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "deadletter.h"
#include "entry.h"
#include "memory.h"
#include "message.h"
#include "request.h"
#include "schedule.h"
#include "timer.h"
#include "transaction.h"
#include "turn.h"

static struct kmem_cache *entry_cache;

int broker_entry_cache_init(void)
{
	entry_cache = KMEM_CACHE(broker_entry, SLAB_ACCOUNT);
	return entry_cache ? 0 : -ENOMEM;
}

/* Warns of every entry that is still there: the module's leak check. */
void broker_entry_cache_exit(void)
{
	kmem_cache_destroy(entry_cache);
}

/* A entry of @message, with a reference of its own on it; NULL: no memory. */
struct broker_entry *broker_entry_new(struct broker_message *message)
{
	struct broker_entry *entry;

	entry = kmem_cache_zalloc(entry_cache, BROKER_GFP);
	if (entry) {
		entry->message = broker_message_get(message);
		INIT_LIST_HEAD(&entry->of_queue);
	}
	return entry;
}

void broker_entry_free(struct broker_entry *entry)
{
	if (!entry)
		return;
	if (entry->state == BROKER_ENTRY_HIDDEN)
		broker_transaction_put(entry->transaction);
	if (entry->reply)
		broker_reply_end(entry->reply, entry->message);
	broker_deaths_put(entry->deaths);
	kfree(entry->expiry);
	kfree(entry->appointment);
	kfree(entry->turn);
	broker_message_put(entry->message);
	put_pid(entry->holder);
	kmem_cache_free(entry_cache, entry);
}

void broker_entry_free_list(struct broker_entry *list)
{
	while (list) {
		struct broker_entry *next = list->next;

		broker_entry_free(list);
		list = next;
		cond_resched();
	}
}

/*
 * Notes how it came back, for whoever gets it next: in @delay nanoseconds at the
 * earliest, or, with BROKER_NEVER, when somebody asks for it.
 */
void broker_entry_returned(struct broker_entry *entry, const struct broker_return *how, u64 delay)
{
	entry->since = 0;
	entry->at = delay == BROKER_NEVER ? BROKER_NEVER : delay ? broker_now() + delay : 0;
	if (entry->holder != how->holder) {
		put_pid(entry->holder);
		entry->holder = get_pid(how->holder);
	}
	entry->cause = how->cause;
	entry->cause_code = how->code;
	if (how->failed && entry->failed < U16_MAX)
		entry->failed++;
}

/* Entries of the same key are in the order of their places. */
static bool entry_before(u64 key, u64 place, const struct broker_entry *other)
{
	return key != other->key ? key < other->key : place < other->place;
}

/* Inserts by @key; at the end it costs no search. */
void broker_entry_insert(struct broker_entry_tree *tree, struct broker_entry *entry, u64 key)
{
	struct rb_node **link = &tree->root.rb_root.rb_node, *parent = NULL;
	bool leftmost = true, rightmost = true;

	entry->key = key;
	if (tree->last && !entry_before(key, entry->place, broker_entry_of(tree->last))) {
		parent = tree->last;
		link = &parent->rb_right;
		leftmost = false;
	}
	while (*link) {
		parent = *link;
		if (entry_before(key, entry->place, broker_entry_of(parent))) {
			link = &parent->rb_left;
			rightmost = false;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&entry->node, parent, link);
	rb_insert_color_cached(&entry->node, &tree->root, leftmost);
	if (rightmost)
		tree->last = &entry->node;
}

void broker_entry_erase(struct broker_entry_tree *tree, struct broker_entry *entry)
{
	if (tree->last == &entry->node)
		tree->last = rb_prev(&entry->node);
	rb_erase_cached(&entry->node, &tree->root);
}

struct broker_entry *broker_entry_find(const struct broker_entry_tree *tree, u64 key)
{
	struct rb_node *node = tree->root.rb_root.rb_node;

	while (node) {
		struct broker_entry *entry = broker_entry_of(node);

		if (key == entry->key)
			return entry;
		node = key < entry->key ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* The first entry behind that of @key and @place. */
struct broker_entry *broker_entry_after(const struct broker_entry_tree *tree, u64 key, u64 place)
{
	struct rb_node *node = tree->root.rb_root.rb_node;
	struct broker_entry *after = NULL;

	while (node) {
		struct broker_entry *entry = broker_entry_of(node);

		if (entry_before(key, place, entry)) {
			after = entry;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return after;
}
