// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "advisory.h"
#include "broker.h"
#include "consumer.h"
#include "entry.h"
#include "event.h"
#include "flow.h"
#include "lease.h"
#include "message.h"
#include "queue.h"
#include "request.h"
#include "schedule.h"
#include "session.h"
#include "timer.h"
#include "trace.h"

/* How often a holder is looked at during a lease; at least each second. */
#define LEASE_LOOKS	16
#define LEASE_LOOK_MIN	(5 * NSEC_PER_MSEC)
#define LEASE_LOOK_MAX	NSEC_PER_SEC

/* Whether a process could not work if it wanted to. */
static bool process_is_stopped(struct pid *pid)
{
	struct task_struct *task;
	bool stopped = false;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task) {
		stopped = task_is_stopped_or_traced(task) ||
			  READ_ONCE(task->signal->flags) & SIGNAL_STOP_STOPPED ||
			  READ_ONCE(task->__state) & TASK_FROZEN;
#ifdef CONFIG_CGROUPS
		stopped |= task->frozen;
#endif
	}
	rcu_read_unlock();
	return stopped;
}

static u64 lease_of(const struct broker_consumer *consumer)
{
	return consumer->lease ?: READ_ONCE(consumer->queue->settings.lease);
}

/* How long it may have messages and do nothing before that is told; 0: for ever. */
static u64 lease_slow_after(const struct broker_consumer *consumer)
{
	return READ_ONCE(consumer->queue->settings.slow_after);
}

static u64 lease_clock(const struct broker_consumer *consumer, u64 now)
{
	return now - consumer->stopped;
}

/* It has messages, and was not told of as slow since it last called. */
static bool lease_may_be_slow(const struct broker_consumer *consumer)
{
	return !consumer->slow && (consumer->nr_pending || consumer->nr_leased);
}

/* Looks at the holder again soon, or when the first lease may end. */
static void lease_arm_locked(struct broker_consumer *consumer, u64 now)
{
	u64 lease = lease_of(consumer), next = consumer->next_lease, wait;
	u64 slow_after = lease_slow_after(consumer);

	lockdep_assert_held(&consumer->queue->lock);
	if (consumer->pause.on && !consumer->dead)
		broker_timer_advance(&consumer->queue->broker->clock, &consumer->timer,
				     consumer->pause.until);
	if (consumer->nr_pending && lease)
		next = min(next, consumer->idle_since + lease);
	if (lease_may_be_slow(consumer) && slow_after)
		next = min(next, consumer->progress + slow_after);
	if (consumer->dead || next == BROKER_NEVER)
		return;
	wait = clamp_t(u64, min_not_zero(lease, slow_after) / LEASE_LOOKS, LEASE_LOOK_MIN,
		       LEASE_LOOK_MAX);
	if (next <= lease_clock(consumer, now))
		wait = 0;
	else
		wait = min(wait, next - lease_clock(consumer, now));
	broker_timer_advance(&consumer->queue->broker->clock, &consumer->timer, now + wait);
}

static void lease_end_at_locked(struct broker_consumer *consumer, struct broker_entry *entry,
				u64 lease)
{
	u64 now = broker_now();

	lockdep_assert_held(&consumer->queue->lock);
	entry->at = BROKER_NEVER;
	if (!lease)
		return;
	/* Time in which there was nothing to look at does not count either way. */
	if (consumer->next_lease == BROKER_NEVER && !consumer->nr_pending)
		consumer->looked = now;
	entry->at = lease_clock(consumer, now) + min_t(u64, lease, S64_MAX / 2);
	consumer->next_lease = min(consumer->next_lease, entry->at);
	lease_arm_locked(consumer, now);
}

/* It has received @entry. */
void broker_lease_begin_locked(struct broker_consumer *consumer, struct broker_entry *entry)
{
	lease_end_at_locked(consumer, entry, lease_of(consumer));
}

/* It wants to keep @entry, for @lease from now on; 0: as long as if it had just got it. */
void broker_lease_extend_locked(struct broker_consumer *consumer, struct broker_entry *entry,
				u64 lease)
{
	lease_end_at_locked(consumer, entry, lease ?: lease_of(consumer));
}

/* It has @entry again, which somebody else kept meanwhile; its lease went on. */
void broker_lease_again_locked(struct broker_consumer *consumer, struct broker_entry *entry)
{
	lockdep_assert_held(&consumer->queue->lock);
	if (entry->at >= consumer->next_lease)
		return;
	consumer->next_lease = entry->at;
	lease_arm_locked(consumer, broker_now());
}

/* A message is on its way to it. */
void broker_lease_assigned_locked(struct broker_consumer *consumer)
{
	u64 now;

	lockdep_assert_held(&consumer->queue->lock);
	if (consumer->nr_pending != 1 || (!lease_of(consumer) && !lease_slow_after(consumer)))
		return;
	now = broker_now();
	if (consumer->next_lease == BROKER_NEVER && !consumer->nr_leased)
		consumer->looked = now;
	consumer->idle_since = lease_clock(consumer, now);
	if (!consumer->nr_leased)
		consumer->progress = consumer->idle_since;
	lease_arm_locked(consumer, now);
}

static void lease_set_hung_locked(struct broker_consumer *consumer, bool hung)
{
	lockdep_assert_held(&consumer->queue->lock);
	if (consumer->hung == hung)
		return;
	WRITE_ONCE(consumer->hung, hung);
	atomic_add(hung ? 1 : -1, &consumer->session->hung);
}

/* It has called. */
void broker_lease_alive_locked(struct broker_consumer *consumer)
{
	u64 now = broker_now();

	lockdep_assert_held(&consumer->queue->lock);
	if (consumer->nr_pending || consumer->nr_leased) {
		consumer->idle_since = lease_clock(consumer, now);
		consumer->progress = consumer->idle_since;
	}
	if (consumer->slow) {
		consumer->slow = false;
		lease_arm_locked(consumer, now);
	}
	if (!consumer->hung)
		return;
	lease_set_hung_locked(consumer, false);
	broker_consumer_update_locked(consumer);
	broker_queue_dispatch_locked(consumer->queue);
}

void broker_lease_alive(struct broker_consumer *consumer)
{
	spin_lock(&consumer->queue->lock);
	broker_lease_alive_locked(consumer);
	spin_unlock(&consumer->queue->lock);
}

/* It ends. */
void broker_lease_stop_locked(struct broker_consumer *consumer)
{
	lease_set_hung_locked(consumer, false);
}

/* The queue's slow-after has changed: consumers that have messages are looked at. */
void broker_lease_set_slow_locked(struct broker_queue *queue)
{
	struct broker_consumer *consumer;
	u64 now = broker_now();

	lockdep_assert_held(&queue->lock);
	list_for_each_entry(consumer, &queue->consumers, of_queue)
		if (lease_may_be_slow(consumer))
			lease_arm_locked(consumer, now);
}

/* Takes back what it has kept for too long: how many. */
static u32 lease_end_locked(struct broker_consumer *consumer, u64 clock,
			    struct broker_entry **freed)
{
	const struct broker_return how = {
		.cause = BROKER_CAUSE_LEASE,
		.failed = true,
		.holder = consumer->session->pid,
	};
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry, *next;
	u64 first = BROKER_NEVER;
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	for (entry = broker_entry_first(&consumer->leased); entry; entry = next) {
		next = broker_entry_next(entry);
		if (entry->at > clock) {
			first = min(first, entry->at);
			continue;
		}
		broker_consumer_unlist_locked(consumer, entry);
		count++;
		queue->stats.failed++;
		if (entry->reply) {
			broker_reply_lost(entry->reply, &how);
			queue->nr_unacked--;
			broker_queue_remove_locked(queue, entry, freed);
			continue;
		}
		broker_entry_returned(entry, &how, broker_retry_delay(queue, entry->failed + 1));
		trace_broker_return(queue, entry, &how);
		broker_queue_return_locked(queue, entry);
	}
	consumer->next_lease = first;
	return count;
}

/* What it has goes back, and did not fail; its RECEIVE is told EIDRM. */
static void lease_detach(struct broker_consumer *consumer)
{
	const struct broker_return how = {
		.cause = BROKER_CAUSE_SLOW,
		.holder = consumer->session->pid,
	};

	if (broker_consumer_detach(consumer, &how))
		broker_queue_unused(consumer->queue);
}

static bool lease_tryget(struct broker_timer *timer)
{
	return broker_consumer_tryget(container_of(timer, struct broker_consumer, timer));
}

static void lease_due(struct broker_timer *timer)
{
	struct broker_consumer *consumer = container_of(timer, struct broker_consumer, timer);
	struct broker_return how = { .cause = BROKER_CAUSE_LEASE };
	bool stopped = process_is_stopped(consumer->session->pid);
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *freed = NULL;
	u64 now = broker_now(), clock, lease;
	u32 ended = 0;
	bool idle, slow, detach, resumed = false;

	spin_lock(&queue->lock);
	if (stopped && now > consumer->looked)
		consumer->stopped += now - consumer->looked;
	consumer->looked = now;
	clock = lease_clock(consumer, now);
	lease = lease_of(consumer);
	slow = !consumer->dead && lease_may_be_slow(consumer) && queue->settings.slow_after &&
	       consumer->progress + queue->settings.slow_after <= clock;
	if (slow)
		consumer->slow = true;
	detach = slow && queue->settings.slow_action == BROKER_SLOW_ACTION_DETACH;
	idle = consumer->nr_pending && lease && consumer->idle_since + lease <= clock;
	if (!consumer->dead)
		resumed = broker_pause_end(&consumer->pause, now);
	if (!consumer->dead && (consumer->next_lease <= clock || idle || resumed)) {
		ended = lease_end_locked(consumer, clock, &freed);
		if (ended || idle) {
			lease_set_hung_locked(consumer, true);
			while (consumer->hung && !broker_consumer_take_back_locked(consumer))
				cond_resched_lock(&queue->lock);
			/* Whoever waits, or polls, is there to say so. */
			broker_consumer_wake(consumer);
		}
		broker_consumer_update_locked(consumer);
		broker_queue_dispatch_locked(queue);
	}
	lease_arm_locked(consumer, now);
	spin_unlock(&queue->lock);
	broker_entry_free_list(freed);
	if (resumed)
		broker_event_consumer(consumer);
	if (ended || idle)
		broker_advise_consumer(consumer, BROKER_ADVISORY_KIND_LEASE_EXPIRED, &how);
	if (slow)
		broker_advise_consumer(consumer, BROKER_ADVISORY_KIND_CONSUMER_SLOW, NULL);
	if (detach)
		lease_detach(consumer);
	if (READ_ONCE(queue->dead))
		broker_queue_drain(queue);
	broker_consumer_put(consumer);
}

void broker_lease_init(struct broker_consumer *consumer)
{
	consumer->next_lease = BROKER_NEVER;
	broker_timer_init(&consumer->timer, lease_tryget, lease_due);
}
