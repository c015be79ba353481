// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/sched.h>

#include <linux/broker.h>

#include "broker.h"
#include "entry.h"
#include "message.h"
#include "move.h"
#include "queue.h"
#include "reservation.h"
#include "schedule.h"

/**
 * broker_move_init() - Begin to move what is ready now
 * @move: to be set up
 * @from: with a reference
 * @to: another one, with a reference
 * @copy: leave the messages where they are
 * @limit: most messages to go; no more than are ready now do
 */
void broker_move_init(struct broker_move *move, struct broker_queue *from,
		      struct broker_queue *to, bool copy, u64 limit)
{
	*move = (struct broker_move) { .from = from, .to = to, .copy = copy };
	spin_lock(&from->lock);
	broker_queue_show_locked(from);
	move->left = min_t(u64, limit, from->nr_ready);
	spin_unlock(&from->lock);
}

/* Takes the first ready entry out of its place; NULL: there is none. */
static struct broker_entry *move_take(struct broker_move *move)
{
	struct broker_queue *queue = move->from;
	struct broker_entry *entry;

	spin_lock(&queue->lock);
	broker_queue_show_locked(queue);
	entry = broker_entry_first(&queue->ready);
	if (entry) {
		broker_queue_take_locked(queue, entry);
		broker_schedule_leave_locked(queue, entry);
		queue->nr_unacked++;
	}
	spin_unlock(&queue->lock);
	return entry;
}

static void move_put_back(struct broker_queue *queue, struct broker_entry *entry)
{
	spin_lock(&queue->lock);
	broker_schedule_go_on_locked(queue, entry);
	broker_queue_return_locked(queue, entry);
	broker_queue_dispatch_locked(queue);
	spin_unlock(&queue->lock);
}

/* An entry of @size bytes that was taken out of @queue is in another one now. */
static void move_left(struct broker_queue *queue, u32 size)
{
	spin_lock(&queue->lock);
	broker_queue_shrink_locked(queue, 1, size);
	queue->nr_unacked--;
	queue->stats.moved++;
	broker_queue_room_locked(queue);
	/* It was in nobody's hands but these: a standby may be promoted. */
	broker_queue_dispatch_locked(queue);
	spin_unlock(&queue->lock);
}

/* Return: 1: it went; 0: none is left; else why it did not go. */
static int move_one(struct broker_move *move)
{
	struct broker_reservation reservation = {};
	struct broker_entry *entry = move_take(move);
	u32 size;
	int err;

	if (!entry)
		return 0;
	size = broker_message_size(entry->message);
	reservation.entry = entry;
	err = broker_queue_reserve(move->to, &reservation);
	if (err) {
		move_put_back(move->from, entry);
		return err;
	}
	broker_schedule_move(entry, move->to);
	spin_lock(&move->from->lock);
	list_del_init(&entry->of_queue);
	spin_unlock(&move->from->lock);
	broker_queue_commit(move->to, &reservation);
	move_left(move->from, size);
	return 1;
}

/* The message of the next ready entry to be copied, with a reference. */
static struct broker_message *copy_next(struct broker_move *move)
{
	struct broker_queue *queue = move->from;
	struct broker_message *message = NULL;
	struct broker_entry *entry;

	spin_lock(&queue->lock);
	broker_queue_show_locked(queue);
	entry = broker_entry_after(&queue->ready, move->after, move->after);
	if (entry) {
		move->after = entry->place;
		message = broker_message_get(entry->message);
	}
	spin_unlock(&queue->lock);
	return message;
}

static int copy_one(struct broker_move *move)
{
	struct broker_reservation reservation = {};
	struct broker_message *message = copy_next(move);
	int err;

	if (!message)
		return 0;
	reservation.entry = broker_entry_new(message);
	broker_message_put(message);
	if (!reservation.entry)
		return -ENOMEM;
	err = broker_schedule_prepare(reservation.entry, move->to) ?:
	      broker_queue_reserve(move->to, &reservation);
	if (err) {
		broker_entry_free(reservation.entry);
		return err;
	}
	broker_queue_commit(move->to, &reservation);
	return 1;
}

/**
 * broker_move_some() - Move some more
 * @move: set up
 *
 * The broker's topology is locked, so that neither queue is deleted meanwhile;
 * between two calls it need not be.
 *
 * Return: 1: call again; 0: all have gone that should; -ENOENT: a queue was
 * deleted; else why the next one could not go, as from broker_queue_reserve().
 */
int broker_move_some(struct broker_move *move)
{
	unsigned int i;
	int moved;

	lockdep_assert_held(&move->from->broker->topology);
	if (move->from->dead || move->to->dead)
		return -ENOENT;
	for (i = 0; i < BROKER_LOCK_BATCH; i++) {
		if (!move->left)
			return 0;
		moved = move->copy ? copy_one(move) : move_one(move);
		if (moved <= 0)
			return moved;
		move->left--;
		move->moved++;
	}
	return 1;
}
