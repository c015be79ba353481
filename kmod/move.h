/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_MOVE_H
#define _BROKER_MOVE_H

#include <linux/types.h>

struct broker_queue;

/**
 * DOC: Moving
 *
 * A message that moves goes with its entry, and so with its counts and its last
 * holder: it is taken out of its place in the one queue, room is reserved in the
 * other, and it is committed there.  In between it is with nobody, counts against
 * the limits of both, and goes back to its place if there is no room.  So it is
 * never to be had from both, and needs no memory.  A copy is a new entry, with
 * no history.
 */

/**
 * struct broker_move - messages on their way from one queue to another
 * @from: with a reference (const)
 * @to: another one, with a reference (const)
 * @copy: they stay in @from as well (const)
 * @left: most messages to go (owner: the caller)
 * @after: of a copy: place of the one that went last (owner: the caller)
 * @moved: how many went (owner: the caller)
 */
struct broker_move {
	struct broker_queue *from;
	struct broker_queue *to;
	bool copy;
	u64 left;
	u64 after;
	u64 moved;
};

void broker_move_init(struct broker_move *move, struct broker_queue *from,
		      struct broker_queue *to, bool copy, u64 limit);
int broker_move_some(struct broker_move *move);

#endif /* _BROKER_MOVE_H */
