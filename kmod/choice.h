/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_CHOICE_H
#define _BROKER_CHOICE_H

#include <linux/types.h>

struct broker_entry;
struct broker_entry_tree;
struct broker_selector;

/**
 * DOC: Choices
 *
 * Which ready entry a consumer gets next: the first, or the first that its filter
 * matches.  What it does not match stays where it is, for others.
 *
 * A filter looks at an entry once while that stays: a choice remembers how far it
 * has come.  When an entry comes back to a place behind that, it is looked at on
 * the spot, and if it matches, the choice remembers that it has to go back.
 */

/* Entries that filters look at before the queue's lock is offered to others. */
#define BROKER_CHOICE_LOOKS	16

/**
 * struct broker_choice - how a consumer chooses
 * @selector: its filter, or NULL (const)
 * @seen: place up to which nothing matches, but what came back (queue.lock)
 * @back: place up to which nothing came back (queue.lock)
 * @nr_back: entries behind @back and up to @seen that came back and match; fewer, if
 *	others took some (queue.lock)
 */
struct broker_choice {
	struct broker_selector *selector;
	u64 seen;
	u64 back;
	u32 nr_back;
};

struct broker_entry *broker_choice_next(struct broker_choice *choice,
					const struct broker_entry_tree *ready, u32 *looks);
void broker_choice_came_back(struct broker_choice *choice, const struct broker_entry *entry);

#endif /* _BROKER_CHOICE_H */
