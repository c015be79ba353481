/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_TIMER_H
#define _BROKER_TIMER_H

#include <linux/hrtimer.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

/**
 * DOC: Time
 *
 * A broker has one clock: an hrtimer for whatever is due first, and a work item
 * that does what is due, in process context.  A queue and a consumer have a timer
 * each, set to the first thing they wait for, and keep an order of their own of
 * all the rest.  So a million messages that wait cost one timer; to add or to
 * remove one takes O(log n) in its queue.
 *
 * Time is that of CLOCK_BOOTTIME in nanoseconds, which goes on in suspend and is
 * never set.  What is to happen at a time of day is converted when it comes in.
 *
 * A timer may go off early: who is called looks for what is due, and sets it
 * again.  It holds no reference; its owner cancels it before going away, and
 * tryget() decides under the clock's lock whether it is still there.
 */

/**
 * struct broker_clock - what is due next, in a broker
 * @lock: innermost of all but that of advisories (owner: this)
 * @timers: armed ones, by time (clock.lock)
 * @hrtimer: for the first of them (clock.lock)
 * @work: does what is due (owner: the workqueue)
 * @stopped: nothing goes off any more (clock.lock)
 */
struct broker_clock {
	spinlock_t lock;
	struct rb_root_cached timers;
	struct hrtimer hrtimer;
	struct work_struct work;
	bool stopped;
};

/**
 * struct broker_timer - when somebody wants to be called
 * @node: in clock.timers, if it is armed (clock.lock)
 * @at: when; BROKER_NEVER: it is not armed (clock.lock)
 * @tryget: takes a reference on the owner; false: it is going away (const)
 * @expire: called with that reference, which it gives up (const)
 */
struct broker_timer {
	struct rb_node node;
	u64 at;
	bool (*tryget)(struct broker_timer *timer);
	void (*expire)(struct broker_timer *timer);
};

#define BROKER_NEVER	U64_MAX

static inline u64 broker_now(void)
{
	return ktime_get_boottime_ns();
}

void broker_clock_init(struct broker_clock *clock);
void broker_clock_stop(struct broker_clock *clock);

void broker_timer_init(struct broker_timer *timer, bool (*tryget)(struct broker_timer *timer),
		       void (*expire)(struct broker_timer *timer));
void broker_timer_set(struct broker_clock *clock, struct broker_timer *timer, u64 at);
void broker_timer_advance(struct broker_clock *clock, struct broker_timer *timer, u64 at);

#endif /* _BROKER_TIMER_H */
