// SPDX-License-Identifier: GPL-2.0
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "active.h"
#include "advisory.h"
#include "broker.h"
#include "consumer.h"
#include "entry.h"
#include "event.h"
#include "queue.h"
#include "schedule.h"

/* Who should be active: the list is in the order of standing by. */
static struct broker_consumer *active_first_locked(const struct broker_queue *queue)
{
	struct broker_consumer *consumer;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry(consumer, &queue->consumers, of_queue)
		if (!consumer->hung)
			return consumer;
	return NULL;
}

/* Whether no message is in anybody's hands, a transaction's included. */
static bool active_is_over_locked(const struct broker_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	return !queue->nr_unacked && !broker_entry_first(&queue->hidden);
}

static struct broker_consumer *active_find_pending_locked(const struct broker_queue *queue)
{
	struct broker_consumer *consumer;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry(consumer, &queue->consumers, of_queue)
		if (consumer->nr_pending)
			return consumer;
	return NULL;
}

/**
 * broker_active_elect_locked() - Find out who is active now
 * @queue: single-active
 *
 * Return: the consumer that may get messages; NULL: nobody, for now.
 */
struct broker_consumer *broker_active_elect_locked(struct broker_queue *queue)
{
	struct broker_consumer *first, *active;

	lockdep_assert_held(&queue->lock);
	for (;;) {
		first = active_first_locked(queue);
		active = queue->active;
		if (!first || first == active)
			return active;
		/* Of equals the one that is at work goes on. */
		if (active && !active->hung && active->priority >= first->priority)
			return active;
		if (!active || !active->nr_pending)
			break;
		broker_consumer_take_back_locked(active);
		cond_resched_lock(&queue->lock);
	}
	if (!active_is_over_locked(queue))
		return NULL;
	queue->active = first;
	queue->promoted = true;
	broker_advise_consumer(first, BROKER_ADVISORY_KIND_CONSUMER_PROMOTED, NULL);
	broker_schedule_arm_locked(queue, 0);
	return first;
}

/* The queue has become single-active: what is on its way to any consumer is taken back. */
void broker_active_begin_locked(struct broker_queue *queue)
{
	struct broker_consumer *consumer;

	lockdep_assert_held(&queue->lock);
	while (queue->settings.single_active && (consumer = active_find_pending_locked(queue))) {
		broker_consumer_take_back_locked(consumer);
		cond_resched_lock(&queue->lock);
	}
}

/* Whoever comes to a queue that has none is active from the start, and not promoted. */
void broker_active_join_locked(struct broker_consumer *consumer)
{
	struct broker_queue *queue = consumer->queue;

	lockdep_assert_held(&queue->lock);
	if (queue->settings.single_active && !queue->active && active_is_over_locked(queue) &&
	    active_first_locked(queue) == consumer)
		queue->active = consumer;
}

void broker_active_leave_locked(struct broker_consumer *consumer)
{
	lockdep_assert_held(&consumer->queue->lock);
	if (consumer->queue->active == consumer)
		consumer->queue->active = NULL;
}

/* Tells over netlink who was promoted. */
void broker_active_tell(struct broker_queue *queue)
{
	struct broker_consumer *consumer = NULL;

	spin_lock(&queue->lock);
	if (queue->promoted) {
		queue->promoted = false;
		consumer = queue->active;
	}
	/* While it is active it is attached, and so referenced. */
	if (consumer && WARN_ON_ONCE(!broker_consumer_tryget(consumer)))
		consumer = NULL;
	spin_unlock(&queue->lock);
	if (!consumer)
		return;
	broker_event_consumer(consumer);
	broker_consumer_put(consumer);
}
