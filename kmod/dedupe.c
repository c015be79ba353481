// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/broker.h>

#include "broker.h"
#include "dedupe.h"
#include "entry.h"
#include "memory.h"
#include "message.h"
#include "props.h"
#include "queue.h"
#include "reservation.h"
#include "sender.h"
#include "timer.h"

void broker_marks_init(struct broker_marks *marks)
{
	marks->tree = RB_ROOT;
	INIT_LIST_HEAD(&marks->order);
}

static int mark_compare(kuid_t uid, const char *name, u8 len, const struct broker_mark *mark)
{
	if (!uid_eq(uid, mark->uid))
		return uid_lt(uid, mark->uid) ? -1 : 1;
	return len != mark->len ? len - mark->len : memcmp(name, mark->name, len);
}

static struct broker_mark *mark_find(const struct broker_marks *marks, kuid_t uid,
				     const char *name, u8 len)
{
	struct rb_node *node = marks->tree.rb_node;

	while (node) {
		struct broker_mark *mark = rb_entry(node, struct broker_mark, node);
		int order = mark_compare(uid, name, len, mark);

		if (!order)
			return mark;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* The one that is remembered of what @mark is for. */
static struct broker_mark *mark_same(const struct broker_marks *marks,
				     const struct broker_mark *mark)
{
	return mark ? mark_find(marks, mark->uid, mark->name, mark->len) : NULL;
}

static bool mark_before(struct rb_node *node, const struct rb_node *other)
{
	const struct broker_mark *mark = rb_entry(node, struct broker_mark, node);

	return mark_compare(mark->uid, mark->name, mark->len,
			    rb_entry(other, struct broker_mark, node)) < 0;
}

static void mark_add(struct broker_marks *marks, struct broker_mark *mark)
{
	rb_add(&mark->node, &marks->tree, mark_before);
	list_add_tail(&mark->of_marks, &marks->order);
	marks->nr++;
	marks->changes++;
}

static void mark_del(struct broker_marks *marks, struct broker_mark *mark)
{
	rb_erase(&mark->node, &marks->tree);
	list_del(&mark->of_marks);
	marks->nr--;
	marks->changes++;
	kfree(mark);
}

/* Whether queues are to look if they had the message before. */
bool broker_dedupe_wanted(const struct broker_message *message)
{
	const void *props = broker_message_props(message);
	struct broker_prop_view view;

	return broker_props_find(props, message->props_len, BROKER_PROP_DEDUPE_ID, &view) ||
	       broker_props_find(props, message->props_len, BROKER_PROP_PRODUCER, &view);
}

static struct broker_mark *mark_new(kuid_t uid, const void *name, u8 len)
{
	struct broker_mark *mark = kmalloc(struct_size(mark, name, len + 1), BROKER_GFP);

	if (!mark)
		return NULL;
	mark->uid = uid;
	mark->len = len;
	memcpy(mark->name, name, len);
	mark->name[len] = 0;
	return mark;
}

/**
 * broker_dedupe_prepare() - Take the memory that recording a message will need
 * @reservation: its entry is there
 * @queue: where the message goes
 *
 * Return: 0 or -ENOMEM.
 */
int broker_dedupe_prepare(struct broker_reservation *reservation,
			  const struct broker_queue *queue)
{
	const struct broker_message *message = reservation->entry->message;
	kuid_t uid = message->sender->uid;
	struct broker_prop_view view;
	struct broker_mark **mark;
	size_t offset = 0;
	u64 number = 0;

	if (likely(!message->dedupe))
		return 0;
	while (broker_props_next(broker_message_props(message), message->props_len, &offset,
				 &view)) {
		if (view.id == BROKER_PROP_DEDUPE_ID && READ_ONCE(queue->settings.dedupe_window))
			mark = &reservation->id;
		else if (view.id == BROKER_PROP_PRODUCER)
			mark = &reservation->producer;
		else
			mark = NULL;
		if (view.id == BROKER_PROP_PRODUCER_SEQUENCE)
			number = broker_prop_int64(&view);
		if (!mark)
			continue;
		*mark = mark_new(uid, view.value, view.value_len);
		if (!*mark)
			return -ENOMEM;
	}
	if (reservation->producer)
		reservation->producer->number = number;
	return 0;
}

void broker_dedupe_unprepare(struct broker_reservation *reservation)
{
	kfree(reservation->id);
	kfree(reservation->producer);
	reservation->id = NULL;
	reservation->producer = NULL;
}

static bool mark_expired(const struct broker_queue *queue, const struct broker_mark *mark)
{
	return broker_now() - mark->time >= queue->settings.dedupe_window;
}

/* Whether the queue had the message before; @first: its sequence then, 0 if that is not known. */
bool broker_dedupe_find_locked(const struct broker_queue *queue,
			       const struct broker_reservation *reservation, u64 *first)
{
	const struct broker_mark *mark;

	lockdep_assert_held(&queue->lock);
	*first = 0;
	if (likely(!reservation->id && !reservation->producer))
		return false;
	mark = mark_same(&queue->ids, reservation->id);
	if (mark && !mark_expired(queue, mark)) {
		*first = mark->sequence;
		return true;
	}
	mark = mark_same(&queue->producers, reservation->producer);
	if (!mark || reservation->producer->number > mark->number)
		return false;
	if (reservation->producer->number == mark->number)
		*first = mark->sequence;
	return true;
}

/* Forgets what is too old, and the oldest where there are too many.  Return: how many. */
static u32 ids_trim_locked(struct broker_queue *queue)
{
	struct broker_mark *mark;
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	while (count < BROKER_LOCK_BATCH) {
		mark = list_first_entry_or_null(&queue->ids.order, struct broker_mark, of_marks);
		if (!mark)
			break;
		if (!mark_expired(queue, mark)) {
			if (queue->ids.nr <= queue->settings.dedupe_max)
				break;
			queue->stats.dedupe_forgotten++;
		}
		mark_del(&queue->ids, mark);
		count++;
	}
	return count;
}

static void id_record_locked(struct broker_queue *queue, struct broker_reservation *reservation,
			     u64 sequence)
{
	struct broker_mark *mark = reservation->id, *old;

	lockdep_assert_held(&queue->lock);
	if (!queue->settings.dedupe_window)
		return;
	/* One that is too old, or it would be a duplicate. */
	old = mark_same(&queue->ids, mark);
	if (old)
		mark_del(&queue->ids, old);
	reservation->id = NULL;
	mark->time = broker_now();
	mark->sequence = sequence;
	mark_add(&queue->ids, mark);
	ids_trim_locked(queue);
}

static void producer_record_locked(struct broker_queue *queue,
				   struct broker_reservation *reservation, u64 sequence)
{
	struct broker_mark *mark = reservation->producer, *old;

	lockdep_assert_held(&queue->lock);
	old = mark_same(&queue->producers, mark);
	if (old) {
		old->number = mark->number;
		old->sequence = sequence;
		list_move_tail(&old->of_marks, &queue->producers.order);
		return;
	}
	reservation->producer = NULL;
	mark->sequence = sequence;
	mark_add(&queue->producers, mark);
	if (queue->producers.nr <= BROKER_MAX_PRODUCERS)
		return;
	queue->stats.producers_forgotten++;
	mark_del(&queue->producers,
		 list_first_entry(&queue->producers.order, struct broker_mark, of_marks));
}

/* The message of @reservation, no duplicate, is in the queue. */
void broker_dedupe_record_locked(struct broker_queue *queue,
				 struct broker_reservation *reservation, u64 sequence)
{
	if (unlikely(reservation->id))
		id_record_locked(queue, reservation, sequence);
	if (unlikely(reservation->producer))
		producer_record_locked(queue, reservation, sequence);
}

/* The queue's settings have changed. */
void broker_dedupe_trim(struct broker_queue *queue)
{
	u32 count;

	do {
		spin_lock(&queue->lock);
		count = ids_trim_locked(queue);
		spin_unlock(&queue->lock);
		cond_resched();
	} while (count == BROKER_LOCK_BATCH);
}

/* The queue is dead: nothing is recorded any more. */
void broker_dedupe_forget(struct broker_queue *queue)
{
	struct broker_mark *mark, *next;
	u32 count = 0;

	spin_lock(&queue->lock);
	queue->settings.dedupe_window = 0;
	spin_unlock(&queue->lock);
	broker_dedupe_trim(queue);
	spin_lock(&queue->lock);
	list_for_each_entry_safe(mark, next, &queue->producers.order, of_marks) {
		mark_del(&queue->producers, mark);
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	spin_unlock(&queue->lock);
}

/**
 * broker_producer_last() - How far a producer has come in a queue
 * @queue: with a reference, or under RCU
 * @uid: whose producer
 * @name: its name
 * @len: bytes of it
 *
 * Return: the highest of its numbers that the queue took; 0: none is remembered.
 */
u64 broker_producer_last(struct broker_queue *queue, kuid_t uid, const char *name, size_t len)
{
	const struct broker_mark *mark;
	u64 number;

	spin_lock(&queue->lock);
	mark = mark_find(&queue->producers, uid, name, len);
	number = mark ? mark->number : 0;
	spin_unlock(&queue->lock);
	return number;
}
