// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "advisory.h"
#include "broker.h"
#include "deadletter.h"
#include "dedupe.h"
#include "entry.h"
#include "idle.h"
#include "message.h"
#include "queue.h"
#include "reservation.h"
#include "schedule.h"
#include "sender.h"
#include "session.h"
#include "trace.h"
#include "transaction.h"

/**
 * broker_queue_has_room() - Whether something would fit now
 * @queue: with a reference; no lock is needed, the answer may be old
 * @messages: how many
 * @bytes: broker_message_size() of all
 *
 * True also where there is nothing to wait for: the queue is dead or sealed, the
 * broker is draining, or it can never hold as much.
 */
bool broker_queue_has_room(const struct broker_queue *queue, u32 messages, u64 bytes)
{
	u32 max_messages = READ_ONCE(queue->settings.max_messages);
	u64 max_bytes = READ_ONCE(queue->settings.max_bytes);

	return READ_ONCE(queue->dead) || READ_ONCE(queue->settings.sealed) ||
	       READ_ONCE(queue->broker->draining) || messages > max_messages ||
	       bytes > max_bytes ||
	       ((u64)READ_ONCE(queue->held) + messages <= max_messages &&
		READ_ONCE(queue->bytes) + bytes <= max_bytes);
}

/* Tells publishers that wait, or poll, for room. */
void broker_queue_room_locked(struct broker_queue *queue)
{
	struct broker_session *session, *next;

	lockdep_assert_held(&queue->lock);
	if (wq_has_sleeper(&queue->room))
		wake_up_interruptible(&queue->room);
	list_for_each_entry_safe(session, next, &queue->pollers, of_full) {
		if (!broker_queue_has_room(queue, session->full_messages, session->full_bytes))
			continue;
		list_del_init(&session->of_full);
		WRITE_ONCE(session->blocked, false);
		wake_up_interruptible_poll(&session->wait, EPOLLOUT | EPOLLWRNORM);
	}
}

void broker_queue_count_refused(struct broker_queue *queue)
{
	spin_lock(&queue->lock);
	queue->stats.refused++;
	spin_unlock(&queue->lock);
}

/* It was published, and @entry for it is not needed: the queue had it before. */
void broker_queue_count_duplicate(struct broker_queue *queue, const struct broker_entry *entry)
{
	spin_lock(&queue->lock);
	queue->stats.duplicates++;
	trace_broker_drop(queue, entry, "duplicate");
	spin_unlock(&queue->lock);
}

void broker_queue_count_dropped(struct broker_queue *queue)
{
	spin_lock(&queue->lock);
	queue->stats.dropped++;
	spin_unlock(&queue->lock);
}

/* Puts set-aside entries back to their places; drops the lock now and then. */
static void reservation_restore_locked(struct broker_queue *queue,
				       struct broker_reservation *reservation)
{
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	while (reservation->victims) {
		struct broker_entry *entry = reservation->victims;

		reservation->victims = entry->next;
		/* It did not die after all. */
		entry->reason = 0;
		broker_queue_ready_locked(queue, entry);
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	broker_queue_dispatch_locked(queue);
}

/* Sets an entry aside; it goes on counting. */
static void reservation_add_victim_locked(struct broker_queue *queue,
					  struct broker_reservation *reservation,
					  struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	broker_queue_detach_locked(queue, entry);
	entry->next = reservation->victims;
	reservation->victims = entry;
	reservation->nr_victims++;
	reservation->victim_bytes += broker_message_size(entry->message);
}

/* Sets the oldest ready entry aside, if there is one, and one must go for the next. */
static bool reservation_set_aside_locked(struct broker_queue *queue,
					 struct broker_reservation *reservation)
{
	struct broker_entry *entry = broker_queue_first_locked(queue);
	const struct broker_settings *settings = &queue->settings;

	lockdep_assert_held(&queue->lock);
	if (!entry || (settings->overflow != BROKER_OVERFLOW_DROP_HEAD &&
		       (settings->overflow != BROKER_OVERFLOW_DEAD_LETTER ||
			!settings->dead_letter)))
		return false;
	reservation_add_victim_locked(queue, reservation, entry);
	return true;
}

/* The oldest entry of a ring, whoever has it; NULL: all are on their way in or out. */
static struct broker_entry *reservation_oldest_locked(const struct broker_queue *queue)
{
	struct broker_entry *entry;
	u32 looks = 0;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry(entry, &queue->entries, of_queue) {
		if (entry->state != BROKER_ENTRY_LOOSE && entry->state != BROKER_ENTRY_CLAIMED)
			return entry;
		if (++looks == BROKER_LOCK_BATCH)
			break;
	}
	return NULL;
}

static bool reservation_fits_locked(const struct broker_queue *queue,
				    const struct broker_reservation *reservation, u64 size)
{
	u64 messages = (u64)queue->held + 1;
	u64 bytes = queue->bytes + size;

	lockdep_assert_held(&queue->lock);
	messages -= reservation->nr_victims + reservation->spare_messages;
	bytes -= reservation->victim_bytes + reservation->spare_bytes;
	return messages <= queue->settings.max_messages && bytes <= queue->settings.max_bytes;
}

/* Makes room in a ring; false: there is none to be made. */
static bool reservation_overwrite_locked(struct broker_queue *queue,
					 struct broker_reservation *reservation, u64 size)
{
	struct broker_entry *entry;

	lockdep_assert_held(&queue->lock);
	while (!queue->dead && !reservation_fits_locked(queue, reservation, size)) {
		entry = reservation_oldest_locked(queue);
		if (!entry)
			return false;
		reservation_add_victim_locked(queue, reservation, entry);
		if (!(reservation->nr_victims % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	return true;
}

static void reservation_take_spare(struct broker_reservation *reservation, u64 size)
{
	struct broker_spare *spare = reservation->spare;

	if (!spare)
		return;
	reservation->spare_messages = min(spare->messages, 1U);
	reservation->spare_bytes = min(spare->bytes, size);
	spare->messages -= reservation->spare_messages;
	spare->bytes -= reservation->spare_bytes;
}

/*
 * Why the queue does not take the message at all, whether it has room or not; @last:
 * the sequence that goes with it.
 */
static int reservation_check_locked(const struct broker_queue *queue,
				    const struct broker_reservation *reservation, u64 *last)
{
	lockdep_assert_held(&queue->lock);
	if (unlikely(broker_dedupe_find_locked(queue, reservation, last)))
		return -EALREADY;
	if (likely(!reservation->expects) || queue->dead ||
	    queue->sequence == reservation->expected)
		return 0;
	*last = queue->sequence;
	return -ESTALE;
}

/**
 * broker_queue_reserve() - Take room for a message
 * @queue: with a reference
 * @reservation: @entry, @spare, @id, @producer, @expects, @expected and @nr_letters are
 *	set, the rest is 0
 *
 * Return: 0, then commit or abort it; -EAGAIN: full; -EMSGSIZE: more than the
 * queue could ever hold; -ESHUTDOWN: it is sealed; -ENOENT: it was deleted;
 * -ENOMEM; -EALREADY: it is a duplicate, of the message with reservation.sequence;
 * -ESTALE: that is the queue's last sequence, and not the expected one; -EINTR: the
 * caller is being killed, and dead letters would have made room.  A failed call
 * leaves the rest of @reservation as it was.
 */
int broker_queue_reserve(struct broker_queue *queue, struct broker_reservation *reservation)
{
	u64 size = broker_message_size(reservation->entry->message);
	struct broker_target *target = NULL;
	bool dead_letter = false;
	u32 nr_letters = 0;
	u64 room, last;
	int err;

	reservation_take_spare(reservation, size);
	spin_lock(&queue->lock);
	broker_idle_used_locked(queue);
	err = reservation_check_locked(queue, reservation, &last);
	if (!err && size > queue->settings.max_bytes)
		err = -EMSGSIZE;
	while (!err) {
		if (queue->dead)
			err = -ENOENT;
		else if (queue->settings.sealed)
			err = -ESHUTDOWN;
		else if (reservation_fits_locked(queue, reservation, size))
			break;
		else if (queue->settings.overflow == BROKER_OVERFLOW_RING)
			reservation->overwrite = true;
		else if (!reservation_set_aside_locked(queue, reservation))
			err = -EAGAIN;
		else if (!(reservation->nr_victims % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
		if (reservation->overwrite)
			break;
	}
	if (!err && !reservation->overwrite) {
		/* What goes away for it still counts, and makes room for as much. */
		room = reservation->victim_bytes + reservation->spare_bytes;
		reservation->messages = !reservation->nr_victims && !reservation->spare_messages;
		reservation->bytes = size > room ? size - room : 0;
		WRITE_ONCE(queue->held, queue->held + reservation->messages);
		WRITE_ONCE(queue->bytes, queue->bytes + reservation->bytes);
		dead_letter = reservation->victims &&
			      queue->settings.overflow == BROKER_OVERFLOW_DEAD_LETTER;
		target = dead_letter ? broker_target_get(queue->settings.dead_letter) : NULL;
	}
	spin_unlock(&queue->lock);
	if (dead_letter) {
		err = broker_letters_reserve(queue, reservation->victims, target,
					     reservation->depth + 1,
					     reservation->nr_letters ?: &nr_letters,
					     &reservation->letters);
		broker_target_put(target);
	}
	reservation->nr_letters = NULL;
	if (err) {
		broker_queue_abort(queue, reservation);
		reservation->sequence = last;
	}
	return err;
}

/* Gives a reservation up; the entry and marks stay the caller's. */
void broker_queue_abort(struct broker_queue *queue, struct broker_reservation *reservation)
{
	broker_letters_undo(reservation->letters);
	spin_lock(&queue->lock);
	WRITE_ONCE(queue->held, queue->held - reservation->messages);
	WRITE_ONCE(queue->bytes, queue->bytes - reservation->bytes);
	if (reservation->victims)
		reservation_restore_locked(queue, reservation);
	if (reservation->messages || reservation->bytes)
		broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
	if (READ_ONCE(queue->dead))
		broker_queue_drain(queue);
	if (reservation->spare) {
		reservation->spare->messages += reservation->spare_messages;
		reservation->spare->bytes += reservation->spare_bytes;
	}
	*reservation = (struct broker_reservation) {
		.entry = reservation->entry,
		.spare = reservation->spare,
		.depth = reservation->depth,
		.id = reservation->id,
		.producer = reservation->producer,
		.expects = reservation->expects,
		.expected = reservation->expected,
	};
}

/* What becomes of those set aside: counted, and told unless it was an advisory that came. */
static void reservation_count_locked(struct broker_queue *queue,
				     const struct broker_reservation *reservation,
				     const struct broker_message *message)
{
	u32 count = reservation->nr_victims;
	struct broker_advice advice = {};

	lockdep_assert_held(&queue->lock);
	if (reservation->overwrite)
		queue->stats.overwritten += count;
	else if (reservation->letters)
		queue->stats.dead_lettered += count;
	else
		queue->stats.dropped += count;
	if (!count || reservation->overwrite || !message->sender->pid)
		return;
	advice = broker_advice_sender(message->sender);
	broker_advise(queue, reservation->letters ? BROKER_ADVISORY_KIND_MESSAGE_DEAD_LETTERED :
		      BROKER_ADVISORY_KIND_QUEUE_OVERFLOW, count, &advice);
}

/* Frees what a commit let go. */
static void reservation_free_dropped(struct broker_queue *queue, struct broker_entry *dropped,
				     const char *reason)
{
	struct broker_entry *entry;

	for (entry = dropped; trace_broker_drop_enabled() && entry; entry = entry->next)
		trace_broker_drop(queue, entry, READ_ONCE(queue->dead) ? "deleted" : reason);
	broker_entry_free_list(dropped);
}

/* Puts the entry to its place; hidden by @transaction or not. */
static void reservation_enqueue_locked(struct broker_queue *queue, struct broker_entry *entry,
				       u64 sequence, struct broker_transaction *transaction)
{
	lockdep_assert_held(&queue->lock);
	entry->place |= sequence;
	list_add_tail(&entry->of_queue, &queue->entries);
	broker_schedule_enter_locked(queue, entry);
	trace_broker_enqueue(queue, entry);
	if (transaction) {
		broker_queue_hide_locked(queue, entry, transaction);
	} else {
		broker_queue_place_locked(queue, entry);
		broker_queue_dispatch_locked(queue);
	}
}

/* Enqueues the entry, hidden by @transaction or not; frees or moves what must go. */
static int reservation_use(struct broker_queue *queue, struct broker_reservation *reservation,
			   struct broker_transaction *transaction)
{
	struct broker_entry *entry = reservation->entry, *victim;
	u64 size = broker_message_size(entry->message), bytes;
	u64 sequence = 0, last;
	bool fits = true;
	u32 messages;
	int err;

	spin_lock(&queue->lock);
	err = reservation_check_locked(queue, reservation, &last);
	if (unlikely(err)) {
		spin_unlock(&queue->lock);
		broker_queue_abort(queue, reservation);
		reservation->sequence = last;
		return err;
	}
	if (likely(!queue->dead)) {
		sequence = ++queue->sequence;
		queue->stats.enqueued++;
		broker_dedupe_record_locked(queue, reservation, sequence);
	}
	if (reservation->overwrite)
		fits = reservation_overwrite_locked(queue, reservation, size);
	messages = reservation->messages + reservation->nr_victims + reservation->spare_messages;
	bytes = reservation->bytes + reservation->victim_bytes + reservation->spare_bytes;
	/* What was set aside has left, and its room with it; the new one comes for it. */
	for (victim = reservation->victims; victim; victim = victim->next)
		broker_queue_leave_locked(queue, victim);
	broker_queue_shrink_locked(queue, messages, bytes);
	if (likely(!queue->dead && fits)) {
		WRITE_ONCE(queue->held, queue->held + 1);
		WRITE_ONCE(queue->bytes, queue->bytes + size);
		reservation_count_locked(queue, reservation, entry->message);
		reservation_enqueue_locked(queue, entry, sequence, transaction);
	} else {
		/* A ring full of what is being settled overwrites the new one itself. */
		if (!queue->dead)
			queue->stats.overwritten += reservation->nr_victims + 1;
		else
			sequence = 0;
		entry->next = reservation->victims;
		reservation->victims = entry;
		broker_queue_dispatch_locked(queue);
	}
	if (messages > 1 || bytes > size)
		broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
	if (sequence)
		broker_letters_send(reservation->letters);
	else
		broker_letters_undo(reservation->letters);
	reservation_free_dropped(queue, reservation->victims,
				 reservation->overwrite ? "overwritten" : "overflow");
	broker_dedupe_unprepare(reservation);
	*reservation = (struct broker_reservation) { .sequence = sequence };
	return 0;
}

/**
 * broker_queue_commit() - Enqueue what room was reserved for
 * @queue: with a reference
 * @reservation: takes its entry, and drops what was set aside
 *
 * Return: 0, and reservation.sequence is the message's, or 0 if the queue was deleted
 * meanwhile, and the message with it; -EALREADY: the same message came before it after
 * all, with reservation.sequence; the reservation is given up then.  It cannot fail,
 * but with @expects, which a publish has for one queue, and commits to that first:
 * -ESTALE: as from broker_queue_reserve(); the reservation is given up.
 */
int broker_queue_commit(struct broker_queue *queue, struct broker_reservation *reservation)
{
	return reservation_use(queue, reservation, NULL);
}

/* The same for a message that @transaction hides; who commits that dispatches then. */
int broker_queue_link(struct broker_queue *queue, struct broker_reservation *reservation,
		      struct broker_transaction *transaction)
{
	return reservation_use(queue, reservation, transaction);
}
