// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>

#include "timer.h"

/* How late something may be, so that what is due at about the same time is done at once. */
#define TIMER_SLACK_NS	(50 * NSEC_PER_USEC)

/* Whether @node goes off before @other. */
static bool timer_before(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct broker_timer, node)->at <
	       rb_entry(other, struct broker_timer, node)->at;
}

static struct broker_timer *clock_first(struct broker_clock *clock)
{
	return rb_entry_safe(rb_first_cached(&clock->timers), struct broker_timer, node);
}

static void clock_start_locked(struct broker_clock *clock)
{
	struct broker_timer *first = clock_first(clock);

	lockdep_assert_held(&clock->lock);
	if (first && !clock->stopped)
		hrtimer_start_range_ns(&clock->hrtimer,
				       ns_to_ktime(min_t(u64, first->at, KTIME_MAX)),
				       TIMER_SLACK_NS, HRTIMER_MODE_ABS);
}

static enum hrtimer_restart clock_ring(struct hrtimer *hrtimer)
{
	struct broker_clock *clock = container_of(hrtimer, struct broker_clock, hrtimer);

	queue_work(system_unbound_wq, &clock->work);
	return HRTIMER_NORESTART;
}

/* The next timer that is due, with a reference on its owner. */
static struct broker_timer *clock_next(struct broker_clock *clock)
{
	struct broker_timer *timer;

	spin_lock(&clock->lock);
	for (;;) {
		timer = clock_first(clock);
		if (!timer || clock->stopped || timer->at > broker_now()) {
			clock_start_locked(clock);
			timer = NULL;
			break;
		}
		rb_erase_cached(&timer->node, &clock->timers);
		timer->at = BROKER_NEVER;
		if (timer->tryget(timer))
			break;
	}
	spin_unlock(&clock->lock);
	return timer;
}

static void clock_work(struct work_struct *work)
{
	struct broker_clock *clock = container_of(work, struct broker_clock, work);
	struct broker_timer *timer;

	while ((timer = clock_next(clock))) {
		timer->expire(timer);
		cond_resched();
	}
}

void broker_clock_init(struct broker_clock *clock)
{
	spin_lock_init(&clock->lock);
	clock->timers = RB_ROOT_CACHED;
	hrtimer_setup(&clock->hrtimer, clock_ring, CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
	INIT_WORK(&clock->work, clock_work);
}

/* Waits for what is being done; afterwards no timer goes off. */
void broker_clock_stop(struct broker_clock *clock)
{
	spin_lock(&clock->lock);
	clock->stopped = true;
	spin_unlock(&clock->lock);
	hrtimer_cancel(&clock->hrtimer);
	cancel_work_sync(&clock->work);
}

void broker_timer_init(struct broker_timer *timer, bool (*tryget)(struct broker_timer *timer),
		       void (*expire)(struct broker_timer *timer))
{
	timer->at = BROKER_NEVER;
	timer->tryget = tryget;
	timer->expire = expire;
}

static void timer_set_locked(struct broker_clock *clock, struct broker_timer *timer, u64 at)
{
	lockdep_assert_held(&clock->lock);
	if (timer->at != BROKER_NEVER)
		rb_erase_cached(&timer->node, &clock->timers);
	timer->at = at;
	/* The clock is set anew only for what comes before all others. */
	if (at != BROKER_NEVER && rb_add_cached(&timer->node, &clock->timers, timer_before))
		clock_start_locked(clock);
}

/* Sets it to @at; BROKER_NEVER cancels it. */
void broker_timer_set(struct broker_clock *clock, struct broker_timer *timer, u64 at)
{
	spin_lock(&clock->lock);
	if (timer->at != at)
		timer_set_locked(clock, timer, at);
	spin_unlock(&clock->lock);
}

/* Sets it to @at, unless it goes off before. */
void broker_timer_advance(struct broker_clock *clock, struct broker_timer *timer, u64 at)
{
	if (READ_ONCE(timer->at) <= at)
		return;
	spin_lock(&clock->lock);
	if (timer->at > at)
		timer_set_locked(clock, timer, at);
	spin_unlock(&clock->lock);
}
