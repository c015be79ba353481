// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/sched.h>

#include "broker.h"
#include "bucket.h"
#include "consumer.h"
#include "entry.h"
#include "flow.h"
#include "queue.h"
#include "schedule.h"
#include "timer.h"

/* Timers are late; what that costs is made up for, if two may go at once. */
#define FLOW_BURST_LEAST	2U
#define FLOW_BURSTS_A_SECOND	10

/* It stands still for @time nanoseconds, or with 0 for good; or goes on. */
void broker_pause_set(struct broker_pause *pause, bool on, u64 time)
{
	pause->on = on;
	pause->until = on && time ? broker_now() + time : BROKER_NEVER;
}

/* How long it lasts yet, one that ends by itself. */
u64 broker_pause_left(const struct broker_pause *pause)
{
	u64 now = broker_now();

	return pause->on && pause->until != BROKER_NEVER && pause->until > now ?
	       pause->until - now : 0;
}

/* Whether it is over by now, by itself. */
bool broker_pause_end(struct broker_pause *pause, u64 now)
{
	if (!pause->on || pause->until > now)
		return false;
	broker_pause_set(pause, false, 0);
	return true;
}

static u64 flow_burst(const struct broker_settings *settings)
{
	return settings->max_burst ?:
	       max(settings->max_rate / FLOW_BURSTS_A_SECOND, FLOW_BURST_LEAST);
}

/* Whether to give another message now; if it is only too early, the timer is set. */
bool broker_flow_may_locked(struct broker_queue *queue)
{
	const struct broker_settings *settings = &queue->settings;
	struct broker_flow *flow = &queue->flow;
	u64 now, wait;

	lockdep_assert_held(&queue->lock);
	if (flow->pause.on)
		return false;
	/* Without anybody to give it to, there is nothing to wait for. */
	if (!settings->max_rate || RB_EMPTY_ROOT(&queue->eligible.rb_root))
		return true;
	now = broker_now();
	wait = broker_bucket_wait(atomic64_read(&flow->tokens), now,
				  broker_bucket_time(1, settings->max_rate),
				  broker_bucket_time(flow_burst(settings), settings->max_rate));
	if (wait)
		broker_schedule_arm_locked(queue, now + wait);
	return !wait;
}

/* A consumer was given one. */
void broker_flow_given_locked(struct broker_queue *queue)
{
	const struct broker_settings *settings = &queue->settings;

	lockdep_assert_held(&queue->lock);
	if (settings->max_rate)
		broker_bucket_take(&queue->flow.tokens, broker_now(), 1, settings->max_rate,
				   flow_burst(settings));
}

/* When the queue goes on by itself. */
u64 broker_flow_next_locked(const struct broker_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	return queue->flow.pause.on ? queue->flow.pause.until : BROKER_NEVER;
}

/* A queue was paused: what nobody has received comes back; drops the lock now and then. */
void broker_flow_withdraw_locked(struct broker_queue *queue)
{
	struct broker_consumer *consumer;

	lockdep_assert_held(&queue->lock);
again:
	list_for_each_entry(consumer, &queue->consumers, of_queue) {
		while (queue->flow.pause.on && consumer->nr_pending) {
			broker_consumer_take_back_locked(consumer);
			if (cond_resched_lock(&queue->lock))
				goto again;
		}
	}
}

/**
 * broker_flow_pause_consumer() - Pause a consumer, or let it go on
 * @consumer: with a reference
 * @on: which
 * @time: nanoseconds that it is to last; 0: until it is told to go on
 *
 * Return: 0; -ENOENT: it has ended.
 */
int broker_flow_pause_consumer(struct broker_consumer *consumer, bool on, u64 time)
{
	struct broker_queue *queue = consumer->queue;
	int err = 0;

	spin_lock(&queue->lock);
	if (consumer->dead) {
		err = -ENOENT;
	} else {
		broker_pause_set(&consumer->pause, on, time);
		if (consumer->pause.until != BROKER_NEVER)
			broker_timer_advance(&queue->broker->clock, &consumer->timer,
					     consumer->pause.until);
		while (consumer->pause.on && !broker_consumer_take_back_locked(consumer))
			cond_resched_lock(&queue->lock);
		broker_consumer_update_locked(consumer);
		broker_queue_dispatch_locked(queue);
	}
	spin_unlock(&queue->lock);
	return err;
}
