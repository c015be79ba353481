// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <linux/broker.h>

#include "broker.h"
#include "deadletter.h"
#include "entry.h"
#include "message.h"
#include "move.h"
#include "queue.h"
#include "reservation.h"
#include "schedule.h"
#include "selector.h"
#include "turn.h"

/* Entries that are looked at in one go, each perhaps by a filter. */
#define MOVE_LOOKS	16

/* Begins at the first of the messages that are there now. */
void broker_move_start(const struct broker_queue *from, struct broker_move_cursor *cursor)
{
	*cursor = (struct broker_move_cursor) { .until = READ_ONCE(from->sequence) };
}

/* Where an entry is to go; NULL: nowhere. */
static struct broker_queue *move_target(const struct broker_move *move,
					const struct broker_entry *entry)
{
	const struct broker_death_record *death;

	if (move->to)
		return move->to;
	/* It died here. */
	if (move->state == BROKER_MESSAGE_QUARANTINED)
		return move->from;
	if (!entry->deaths)
		return NULL;
	death = &entry->deaths->record[0];
	return broker_queue_lookup(move->from->broker, death->name, death->name_len);
}

/*
 * The next entry that is to go, and where to; the cursor moves behind it.  NULL:
 * there is none, or, if @looks has come to MOVE_LOOKS, none so far.
 */
static struct broker_entry *move_next_locked(struct broker_move *move, struct broker_queue **to,
					     u32 *looks)
{
	struct broker_move_cursor *cursor = &move->cursor;
	struct broker_queue *queue = move->from;
	struct broker_entry *entry;

	lockdep_assert_held(&queue->lock);
	broker_queue_show_locked(queue);
	entry = broker_queue_after_locked(queue, move->state, cursor->key, cursor->place);
	for (; entry && (*looks)++ < MOVE_LOOKS;
	     entry = broker_queue_after_locked(queue, move->state, entry->key, entry->place)) {
		cursor->key = entry->key;
		cursor->place = entry->place;
		if (broker_entry_sequence(entry) > cursor->until)
			continue;
		if (move->selector && !broker_selector_match(move->selector, entry->message))
			continue;
		*to = move_target(move, entry);
		if (*to)
			return entry;
		move->skipped++;
	}
	return NULL;
}

static void move_take_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	broker_queue_detach_locked(queue, entry);
	broker_schedule_leave_locked(queue, entry);
	queue->nr_unacked++;
}

static void move_put_back(struct broker_move *move, struct broker_entry *entry)
{
	struct broker_queue *queue = move->from;

	spin_lock(&queue->lock);
	if (move->state == BROKER_MESSAGE_QUARANTINED && !queue->dead) {
		queue->nr_unacked--;
		broker_queue_quarantine_locked(queue, entry);
	} else {
		broker_schedule_go_on_locked(queue, entry);
		broker_queue_return_locked(queue, entry);
		broker_queue_dispatch_locked(queue);
	}
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

/* It begins anew, as if it had never been tried. */
static void move_renew(struct broker_entry *entry)
{
	entry->acquired = 0;
	entry->failed = 0;
	entry->reason = 0;
}

/* To its place in the queue that it is in. */
static void move_within_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	bool dead = entry->state == BROKER_ENTRY_QUARANTINED || entry->state == BROKER_ENTRY_DYING;

	lockdep_assert_held(&queue->lock);
	broker_queue_detach_locked(queue, entry);
	if (dead) {
		move_renew(entry);
		/* Its time is over. */
		broker_schedule_leave_locked(queue, entry);
		kfree(entry->expiry);
		entry->expiry = NULL;
	}
	broker_queue_ready_locked(queue, entry);
	broker_queue_dispatch_locked(queue);
}

/* Takes room for an entry that begins anew there. */
static int move_reserve_anew(struct broker_reservation *reservation, struct broker_queue *to)
{
	struct broker_entry *entry = reservation->entry;
	struct broker_appointment *appointment = entry->appointment;
	struct broker_expiry *expiry = entry->expiry;
	u64 place = entry->place, at = entry->at;
	int err;

	entry->appointment = NULL;
	entry->expiry = NULL;
	entry->at = 0;
	err = broker_schedule_prepare(entry, to) ?: broker_queue_reserve(to, reservation);
	if (err) {
		swap(entry->appointment, appointment);
		swap(entry->expiry, expiry);
		entry->place = place;
		entry->at = at;
	} else {
		move_renew(entry);
	}
	kfree(appointment);
	kfree(expiry);
	return err;
}

/* To another queue.  Return: 0, or why it did not go. */
static int move_over(struct broker_move *move, struct broker_entry *entry, struct broker_queue *to)
{
	struct broker_reservation reservation = { .entry = entry };
	bool anew = !move->to || move->state == BROKER_MESSAGE_QUARANTINED;
	struct broker_turn *turn = broker_turn_new(entry, to);
	u32 size = broker_message_size(entry->message);
	int err = PTR_ERR_OR_ZERO(turn);

	if (!err)
		err = anew ? move_reserve_anew(&reservation, to) :
			     broker_queue_reserve(to, &reservation);
	if (err) {
		if (!IS_ERR(turn))
			kfree(turn);
		move_put_back(move, entry);
		return err;
	}
	spin_lock(&move->from->lock);
	broker_queue_leave_locked(move->from, entry);
	spin_unlock(&move->from->lock);
	kfree(entry->turn);
	entry->turn = turn;
	if (!anew)
		broker_schedule_move(entry, to);
	/* Its sequence changes, which is all that a deferred one is known by. */
	if (entry->at == BROKER_NEVER)
		entry->at = 0;
	broker_queue_commit(to, &reservation);
	move_left(move->from, size);
	return 0;
}

static int move_copy(struct broker_message *message, struct broker_queue *to)
{
	struct broker_reservation reservation = {};
	int err;

	reservation.entry = broker_entry_new(message);
	if (!reservation.entry)
		return -ENOMEM;
	err = broker_schedule_prepare(reservation.entry, to) ?:
	      broker_turn_prepare(reservation.entry, to) ?:
	      broker_queue_reserve(to, &reservation);
	if (err) {
		broker_entry_free(reservation.entry);
		return err;
	}
	broker_queue_commit(to, &reservation);
	return 0;
}

/* Return: 1: one went; 0: none is left; else why it did not go. */
static int move_one(struct broker_move *move)
{
	struct broker_move_cursor before = move->cursor;
	struct broker_queue *queue = move->from, *to;
	struct broker_message *message = NULL;
	struct broker_entry *entry;
	u32 looks = 0;
	int err = 0;

	spin_lock(&queue->lock);
	while (!(entry = move_next_locked(move, &to, &looks)) && looks >= MOVE_LOOKS) {
		before = move->cursor;
		looks = 0;
		cond_resched_lock(&queue->lock);
	}
	if (!entry || move->dry_run) {
		spin_unlock(&queue->lock);
		return !!entry;
	}
	if (!move->may(move, to)) {
		err = -EACCES;
	} else if (to == queue) {
		move_within_locked(queue, entry);
		spin_unlock(&queue->lock);
		return 1;
	} else if (move->copy) {
		message = broker_message_get(entry->message);
	} else {
		move_take_locked(queue, entry);
	}
	spin_unlock(&queue->lock);

	if (!err)
		err = message ? move_copy(message, to) : move_over(move, entry, to);
	broker_message_put(message);
	if (err)
		move->cursor = before;
	return err ?: 1;
}

/**
 * broker_move_some() - Move some more
 * @move: set up
 *
 * The broker's topology is locked, so that no queue is deleted meanwhile; between
 * two calls it need not be.
 *
 * Return: 1: call again; 0: all have gone that should; -ENOENT: a queue was
 * deleted; -EACCES: @may said so; else why the next one could not go, as from
 * broker_queue_reserve().
 */
int broker_move_some(struct broker_move *move)
{
	unsigned int i;
	int moved;

	lockdep_assert_held(&move->from->broker->topology);
	if (move->from->dead || (move->to && move->to->dead))
		return -ENOENT;
	for (i = 0; i < BROKER_LOCK_BATCH; i++) {
		if (!move->left)
			return 0;
		moved = move_one(move);
		if (moved <= 0)
			return moved;
		move->left--;
		move->moved++;
	}
	return 1;
}
