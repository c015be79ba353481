/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_RESERVATION_H
#define _BROKER_RESERVATION_H

#include <linux/types.h>

struct broker_entry;
struct broker_letter;
struct broker_queue;
struct broker_target;
struct broker_transaction;

/**
 * DOC: Reservations
 *
 * Room in a queue is reserved before anything is put there.  A reservation
 * counts against the limits like a message; where the overflow policy is
 * drop-head it sets aside the entries that would have to go, which the commit
 * drops and an abort puts back.  So queues are bounded to the message, and a
 * message is refused before it is in any queue.
 *
 * Where it is dead-letter, room for these entries is reserved where they go, too,
 * which may go on from there a few queues far; the commit moves them.
 *
 * A ring has room for everything: its commit overwrites what is oldest then.  So
 * nobody loses a message that he holds to a publish that another queue refuses.
 */

/* So many queues far a full one makes room in the next by dead letters. */
#define BROKER_RESERVE_DEPTH	4

/* So many dead letters make room for one publish, in all of its queues and those behind. */
#define BROKER_RESERVE_LETTERS	16384

/**
 * struct broker_spare - room that a transaction will free in a queue it publishes to
 * @queue: where, with a reference (owner: the transaction)
 * @messages: not yet reserved again (owner: the transaction)
 * @bytes: not yet reserved again (owner: the transaction)
 */
struct broker_spare {
	struct broker_queue *queue;
	u32 messages;
	u64 bytes;
};

/**
 * struct broker_reservation - room for one message in one queue
 * @entry: what the commit enqueues (owner: the publisher)
 * @spare: room to use first, or NULL (owner: the publisher)
 * @id: its dedupe id, to be recorded with it, or NULL (owner: the publisher)
 * @producer: that sent it, to be recorded with it, or NULL (owner: the publisher)
 * @expects: it is for a queue whose last sequence is @expected (owner: the publisher)
 * @expected: that sequence (owner: the publisher)
 * @victims: entries set aside to be dropped (owner: the publisher)
 * @nr_victims: how many (owner: the publisher)
 * @victim_bytes: their bytes (owner: the publisher)
 * @messages: what it added to queue.held (owner: the publisher)
 * @bytes: what it added to queue.bytes (owner: the publisher)
 * @spare_messages: what it took from @spare (owner: the publisher)
 * @spare_bytes: what it took from @spare (owner: the publisher)
 * @sequence: of the message when it is committed; of the first one, if known, where
 *	it is a duplicate; the queue's last where that was not @expected (owner: the
 *	publisher)
 * @overwrite: of a ring, which was full: the commit makes room (owner: the publisher)
 * @depth: queues before this one that make room (owner: the publisher)
 * @nr_letters: counts letters of all queues of a publish, until room is taken; or
 *	NULL: of this one and those behind it (owner: the publisher)
 * @letters: of @victims, if they are to be dead-lettered (owner: the publisher)
 */
struct broker_reservation {
	struct broker_entry *entry;
	struct broker_spare *spare;
	struct broker_mark *id;
	struct broker_mark *producer;
	bool expects;
	u64 expected;
	struct broker_entry *victims;
	u32 nr_victims;
	u64 victim_bytes;
	u32 messages;
	u64 bytes;
	u32 spare_messages;
	u64 spare_bytes;
	u64 sequence;
	bool overwrite;
	u8 depth;
	u32 *nr_letters;
	struct broker_letter *letters;
};

int broker_queue_reserve(struct broker_queue *queue, struct broker_reservation *reservation);
void broker_queue_abort(struct broker_queue *queue, struct broker_reservation *reservation);
int broker_queue_commit(struct broker_queue *queue, struct broker_reservation *reservation);
int broker_queue_link(struct broker_queue *queue, struct broker_reservation *reservation,
		      struct broker_transaction *transaction);

void broker_queue_count_refused(struct broker_queue *queue);
void broker_queue_count_duplicate(struct broker_queue *queue, const struct broker_entry *entry);
void broker_queue_count_dropped(struct broker_queue *queue);
bool broker_queue_has_room(const struct broker_queue *queue, u32 messages, u64 bytes);
void broker_queue_room_locked(struct broker_queue *queue);

#endif /* _BROKER_RESERVATION_H */
