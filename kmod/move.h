/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_MOVE_H
#define _BROKER_MOVE_H

#include <linux/types.h>

struct broker_queue;
struct broker_selector;

/**
 * DOC: Moving
 *
 * A message that moves goes with its entry, and so with its counts and its last
 * holder: it is taken out of its place in the one queue, room is reserved in the
 * other, and it is committed there.  In between it is with nobody, counts against
 * the limits of both, and goes back to its place if there is no room.  So it is
 * never to be had from both, and needs no memory.  A copy is a new entry, with
 * no history.
 *
 * A message that is redriven goes back to where it died, as if it had never been
 * tried: a dead letter to the queue that it came from, one that is quarantined to
 * its own.  It is still told with it how it died.
 *
 * Messages that come meanwhile, those that come back at once among them, are left
 * for the next time.
 */

/**
 * struct broker_move_cursor - how far messages have been looked at
 * @key: of the entry that was looked at last (owner: the caller)
 * @place: of it (owner: the caller)
 * @until: highest sequence of those that are to go (owner: the caller)
 */
struct broker_move_cursor {
	u64 key;
	u64 place;
	u64 until;
};

/**
 * struct broker_move - messages on their way from one queue to another
 * @from: with a reference (const)
 * @to: with a reference; NULL: each to where it died (const)
 * @selector: which, or NULL: all (const)
 * @may: whether they may go to a queue; does not sleep (const)
 * @state: enum broker_message_state: which (const)
 * @copy: they stay in @from as well (const)
 * @dry_run: count them only (const)
 * @left: most messages to go (owner: the caller)
 * @cursor: where to go on (owner: the caller)
 * @moved: how many went (owner: the caller)
 * @skipped: how many had nowhere to go back to (owner: the caller)
 *
 * @to may be @from, unless they are ready there, or copied: then they become ready.
 */
struct broker_move {
	struct broker_queue *from;
	struct broker_queue *to;
	struct broker_selector *selector;
	bool (*may)(struct broker_move *move, struct broker_queue *to);
	u32 state;
	bool copy;
	bool dry_run;
	u64 left;
	struct broker_move_cursor cursor;
	u64 moved;
	u64 skipped;
};

void broker_move_start(const struct broker_queue *from, struct broker_move_cursor *cursor);
int broker_move_some(struct broker_move *move);

#endif /* _BROKER_MOVE_H */
