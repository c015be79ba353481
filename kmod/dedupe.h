/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_DEDUPE_H
#define _BROKER_DEDUPE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct broker_message;
struct broker_queue;
struct broker_reservation;

/**
 * DOC: Duplicates
 *
 * A publisher that does not know whether a message came through sends it again.
 * So that a queue takes it once, the queue remembers the ids of what was
 * published to it, see "Duplicates" in linux/broker.h.
 *
 * It looks twice.  broker_queue_reserve() looks first, so that a duplicate needs
 * no room, and a full queue does not refuse it.  The commit looks again, under
 * the same hold of the lock that records the id: of publishers who send one id at
 * the same time, and have all got room, the message is that of the first to
 * commit.  An id is thus recorded together with its message, where nothing can
 * fail any more; nobody is told of a message that is given up later, and none
 * waits for what becomes of another's.
 *
 * Only publishing looks and records.  The reservations of messages that move,
 * are copied, die or were retained have no mark.
 */

/**
 * struct broker_mark - what a queue remembers of a message
 * @node: in marks.tree, by @uid and @id (queue.lock)
 * @of_marks: in marks.order (queue.lock)
 * @time: when it was recorded (queue.lock)
 * @sequence: the message's (queue.lock)
 * @uid: who published it (const)
 * @len: bytes of @id (const)
 * @id: any bytes (const)
 *
 * Lifetime: made before room is reserved; of the reservation until the commit,
 * then of the queue.
 */
struct broker_mark {
	struct rb_node node;
	struct list_head of_marks;
	u64 time;
	u64 sequence;
	kuid_t uid;
	u8 len;
	u8 id[];
};

/**
 * struct broker_marks - what a queue remembers
 * @tree: all; a tree, as to add to it needs no memory (queue.lock)
 * @order: the same, the oldest first (queue.lock)
 * @nr: how many (queue.lock)
 */
struct broker_marks {
	struct rb_root tree;
	struct list_head order;
	u32 nr;
};

void broker_marks_init(struct broker_marks *marks);

/* Beside a reservation; may sleep. */
bool broker_dedupe_wanted(const struct broker_message *message);
int broker_dedupe_prepare(struct broker_reservation *reservation,
			  const struct broker_queue *queue);
void broker_dedupe_unprepare(struct broker_reservation *reservation);

/* Under queue.lock. */
u64 broker_dedupe_find_locked(const struct broker_queue *queue,
			      const struct broker_reservation *reservation);
void broker_dedupe_record_locked(struct broker_queue *queue,
				 struct broker_reservation *reservation, u64 sequence);

/* Without that lock. */
void broker_dedupe_trim(struct broker_queue *queue);
void broker_dedupe_forget(struct broker_queue *queue);

#endif /* _BROKER_DEDUPE_H */
