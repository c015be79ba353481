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
 * published to it, and how far each producer has come, see "Duplicates" and
 * "Producers" in linux/broker.h.
 *
 * It looks twice.  broker_queue_reserve() looks first, so that a duplicate needs
 * no room, and a full queue does not refuse it.  The commit looks again, under
 * the same hold of the lock that records the message: of publishers who send the
 * same one at the same time, and have all got room, it is that of the first to
 * commit.  A message is thus recorded where nothing can fail any more; nobody is
 * told of one that is given up later, and none waits for what becomes of another's.
 *
 * Only publishing looks and records.  The reservations of messages that move,
 * are copied, die or were retained have no marks.
 */

/**
 * struct broker_mark - what a queue remembers of a dedupe id, or of a producer
 * @node: in marks.tree, by @uid and @name (queue.lock)
 * @of_marks: in marks.order (queue.lock)
 * @time: of an id: when it was recorded (queue.lock)
 * @number: of a producer: the highest of its own numbers (queue.lock)
 * @sequence: of the message with that id or number (queue.lock)
 * @uid: who published it (const)
 * @len: bytes of @name (const)
 * @name: any bytes; of a producer text, with a NUL behind it (const)
 *
 * Lifetime: made before room is reserved; of the reservation until the commit,
 * then of the queue.
 */
struct broker_mark {
	struct rb_node node;
	struct list_head of_marks;
	union {
		u64 time;
		u64 number;
	};
	u64 sequence;
	kuid_t uid;
	u8 len;
	char name[];
};

/**
 * struct broker_marks - the ids, or the producers, that a queue remembers
 * @tree: all; a tree, as to add to it needs no memory (queue.lock)
 * @order: the same, the one to be forgotten next first (queue.lock)
 * @nr: how many (queue.lock)
 * @changes: of what is in @tree, counted (queue.lock)
 */
struct broker_marks {
	struct rb_root tree;
	struct list_head order;
	u32 nr;
	u32 changes;
};

void broker_marks_init(struct broker_marks *marks);

/* Beside a reservation; may sleep. */
bool broker_dedupe_wanted(const struct broker_message *message);
int broker_dedupe_prepare(struct broker_reservation *reservation,
			  const struct broker_queue *queue);
void broker_dedupe_unprepare(struct broker_reservation *reservation);

/* Under queue.lock. */
bool broker_dedupe_find_locked(const struct broker_queue *queue,
			       const struct broker_reservation *reservation, u64 *first);
void broker_dedupe_record_locked(struct broker_queue *queue,
				 struct broker_reservation *reservation, u64 sequence);

/* Without that lock. */
void broker_dedupe_trim(struct broker_queue *queue);
void broker_dedupe_forget(struct broker_queue *queue);
u64 broker_producer_last(struct broker_queue *queue, kuid_t uid, const char *name, size_t len);

#endif /* _BROKER_DEDUPE_H */
