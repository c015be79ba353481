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

static int mark_compare(const struct broker_mark *a, const struct broker_mark *b)
{
	if (!uid_eq(a->uid, b->uid))
		return uid_lt(a->uid, b->uid) ? -1 : 1;
	return a->len != b->len ? a->len - b->len : memcmp(a->id, b->id, a->len);
}

static struct broker_mark *mark_find(const struct broker_marks *marks,
				     const struct broker_mark *like)
{
	struct rb_node *node = marks->tree.rb_node;

	while (node) {
		struct broker_mark *mark = rb_entry(node, struct broker_mark, node);
		int order = mark_compare(like, mark);

		if (!order)
			return mark;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static bool mark_before(struct rb_node *node, const struct rb_node *other)
{
	return mark_compare(rb_entry(node, struct broker_mark, node),
			    rb_entry(other, struct broker_mark, node)) < 0;
}

static void mark_add(struct broker_marks *marks, struct broker_mark *mark)
{
	rb_add(&mark->node, &marks->tree, mark_before);
	list_add_tail(&mark->of_marks, &marks->order);
	marks->nr++;
}

static void mark_del(struct broker_marks *marks, struct broker_mark *mark)
{
	rb_erase(&mark->node, &marks->tree);
	list_del(&mark->of_marks);
	marks->nr--;
	kfree(mark);
}

/* Whether queues are to look if they had the message before. */
bool broker_dedupe_wanted(const struct broker_message *message)
{
	struct broker_prop_view view;

	return broker_props_find(broker_message_props(message), message->props_len,
				 BROKER_PROP_DEDUPE_ID, &view);
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
	struct broker_prop_view view;
	struct broker_mark *mark;

	if (likely(!message->dedupe) || !READ_ONCE(queue->dedupe_window))
		return 0;
	broker_props_find(broker_message_props(message), message->props_len,
			  BROKER_PROP_DEDUPE_ID, &view);
	mark = kmalloc(struct_size(mark, id, view.value_len), BROKER_GFP);
	if (!mark)
		return -ENOMEM;
	mark->uid = message->sender->uid;
	mark->len = view.value_len;
	memcpy(mark->id, view.value, view.value_len);
	reservation->mark = mark;
	return 0;
}

void broker_dedupe_unprepare(struct broker_reservation *reservation)
{
	kfree(reservation->mark);
	reservation->mark = NULL;
}

static bool mark_expired(const struct broker_queue *queue, const struct broker_mark *mark)
{
	return broker_now() - mark->time >= queue->dedupe_window;
}

/* The sequence of the message that @reservation is a duplicate of; 0: of none. */
u64 broker_dedupe_find_locked(const struct broker_queue *queue,
			      const struct broker_reservation *reservation)
{
	const struct broker_mark *mark;

	lockdep_assert_held(&queue->lock);
	if (likely(!reservation->mark))
		return 0;
	mark = mark_find(&queue->marks, reservation->mark);
	return mark && !mark_expired(queue, mark) ? mark->sequence : 0;
}

/* Forgets what is too old, and the oldest where there are too many.  Return: how many. */
static u32 dedupe_trim_locked(struct broker_queue *queue)
{
	struct broker_mark *mark;
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	while (count < BROKER_LOCK_BATCH) {
		mark = list_first_entry_or_null(&queue->marks.order, struct broker_mark, of_marks);
		if (!mark)
			break;
		if (!mark_expired(queue, mark)) {
			if (queue->marks.nr <= queue->dedupe_max)
				break;
			queue->stats.dedupe_forgotten++;
		}
		mark_del(&queue->marks, mark);
		count++;
	}
	return count;
}

/* The message of @reservation, no duplicate, is in the queue. */
void broker_dedupe_record_locked(struct broker_queue *queue,
				 struct broker_reservation *reservation, u64 sequence)
{
	struct broker_mark *mark = reservation->mark, *old;

	lockdep_assert_held(&queue->lock);
	if (likely(!mark) || !queue->dedupe_window)
		return;
	/* One that is too old, or it would be a duplicate. */
	old = mark_find(&queue->marks, mark);
	if (old)
		mark_del(&queue->marks, old);
	reservation->mark = NULL;
	mark->time = broker_now();
	mark->sequence = sequence;
	mark_add(&queue->marks, mark);
	dedupe_trim_locked(queue);
}

/* The queue's settings have changed. */
void broker_dedupe_trim(struct broker_queue *queue)
{
	u32 count;

	do {
		spin_lock(&queue->lock);
		count = dedupe_trim_locked(queue);
		spin_unlock(&queue->lock);
		cond_resched();
	} while (count == BROKER_LOCK_BATCH);
}

/* The queue is dead: nothing is recorded any more. */
void broker_dedupe_forget(struct broker_queue *queue)
{
	spin_lock(&queue->lock);
	queue->dedupe_window = 0;
	spin_unlock(&queue->lock);
	broker_dedupe_trim(queue);
}
