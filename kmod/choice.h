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
 * has come.  When entries come back to places before that, it remembers from where
 * to where they did, and looks there again before it goes on.
 */

/* Entries that filters look at before the queue's lock is offered to others. */
#define BROKER_CHOICE_LOOKS	16

/**
 * struct broker_choice - how a consumer chooses
 * @selector: its filter, or NULL (const)
 * @seen: place up to which nothing matches, but what came back (queue.lock)
 * @back: what came back stands behind this place (queue.lock)
 * @last: and up to this one; nothing did, if they are equal (queue.lock)
 */
struct broker_choice {
	struct broker_selector *selector;
	u64 seen;
	u64 back;
	u64 last;
};

struct broker_entry *broker_choice_next(struct broker_choice *choice,
					const struct broker_entry_tree *ready, u32 *looks);
void broker_choice_came_back(struct broker_choice *choice, const struct broker_entry *entry);

#endif /* _BROKER_CHOICE_H */
