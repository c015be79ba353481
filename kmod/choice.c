// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>

#include "choice.h"
#include "entry.h"
#include "selector.h"

/* The first match behind @behind, which moves along, up to @last. */
static struct broker_entry *choice_look(const struct broker_choice *choice,
					const struct broker_entry_tree *ready, u64 *behind,
					u64 last, u32 *looks)
{
	struct broker_entry *entry = broker_entry_after(ready, *behind, *behind);

	for (; entry && entry->place <= last && *looks < BROKER_CHOICE_LOOKS;
	     entry = broker_entry_next(entry)) {
		++*looks;
		*behind = entry->place;
		if (broker_selector_match(choice->selector, entry->message))
			return entry;
	}
	return NULL;
}

/**
 * broker_choice_next() - The entry that the consumer is to get next
 * @choice: the consumer's
 * @ready: of its queue
 * @looks: counted up; at BROKER_CHOICE_LOOKS it gives up, to be called again
 *
 * Return: the entry, which the caller has to take out of @ready; NULL: there is none.
 */
struct broker_entry *broker_choice_next(struct broker_choice *choice,
					const struct broker_entry_tree *ready, u32 *looks)
{
	struct broker_entry *entry;

	if (!choice->selector)
		return broker_entry_first(ready);
	if (choice->back < choice->last) {
		entry = choice_look(choice, ready, &choice->back, choice->last, looks);
		if (entry || *looks == BROKER_CHOICE_LOOKS)
			return entry;
		choice->back = choice->last;
	}
	return choice_look(choice, ready, &choice->seen, U64_MAX, looks);
}

/*
 * @entry becomes ready, at a place that may have been passed.  All consumers are told
 * of each that does: whether it matches is for the next look to find out.
 */
void broker_choice_came_back(struct broker_choice *choice, const struct broker_entry *entry)
{
	if (!choice->selector || entry->place > choice->seen)
		return;
	if (choice->back == choice->last) {
		choice->back = entry->place - 1;
		choice->last = entry->place;
	} else {
		choice->back = min(choice->back, entry->place - 1);
		choice->last = max(choice->last, entry->place);
	}
}
