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
#include "reservation.h"
#include "schedule.h"
#include "session.h"
#include "timer.h"
#include "trace.h"

/* How often a holder is looked at during a lease; at least each second. */
#define LEASE_LOOKS	16
#define LEASE_LOOK_MIN	(5 * NSEC_PER_MSEC)
#define LEASE_LOOK_MAX	NSEC_PER_SEC

/* What a look at one delivery's lease costs, many times over: that long leases rest then. */
#define LEASE_REST	(2 * NSEC_PER_USEC)

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

/* When the first lease may end. */
static u64 lease_next(const struct broker_consumer *consumer)
{
	return max(consumer->next_lease, consumer->next_look);
}

/* Looks at the holder again soon, or when the first lease may end. */
static void lease_arm_locked(struct broker_consumer *consumer, u64 now)
{
	u64 lease = lease_of(consumer), next = lease_next(consumer), left, wait;
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
	left = next > lease_clock(consumer, now) ? next - lease_clock(consumer, now) : 0;
	/* One that lasts for longer than it was given for is looked at less often. */
	wait = max(min_not_zero(lease, slow_after), left) / LEASE_LOOKS;
	wait = min(left, clamp_t(u64, wait, LEASE_LOOK_MIN, LEASE_LOOK_MAX));
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

/*
 * Takes back what it has kept for too long of the next deliveries behind @tag, which
 * moves along; counts them in @ended.  False: there are no more of them.
 */
static bool lease_end_some_locked(struct broker_consumer *consumer, u64 clock, u64 *tag,
				  u32 *ended, struct broker_entry **freed)
{
	const struct broker_return how = {
		.cause = BROKER_CAUSE_LEASE,
		.failed = true,
		.holder = consumer->session->pid,
	};
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry, *next;
	u32 looks = 0, count = 0;

	lockdep_assert_held(&queue->lock);
	entry = broker_entry_after(&consumer->leased, *tag, U64_MAX);
	for (; entry && looks < BROKER_LOCK_BATCH; entry = next, looks++) {
		next = broker_entry_next(entry);
		*tag = entry->key;
		if (entry->at > clock) {
			consumer->next_lease = min(consumer->next_lease, entry->at);
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
	if (count) {
		*ended += count;
		lease_set_hung_locked(consumer, true);
		broker_consumer_update_locked(consumer);
	}
	return entry;
}

/* Takes back all that it has kept for too long: how many; drops the lock now and then. */
static u32 lease_end_locked(struct broker_consumer *consumer, u64 clock,
			    struct broker_entry **freed)
{
	u32 ended = 0;
	u64 tag = 0;

	lockdep_assert_held(&consumer->queue->lock);
	consumer->next_lease = BROKER_NEVER;
	while (!consumer->dead && lease_end_some_locked(consumer, clock, &tag, &ended, freed))
		cond_resched_lock(&consumer->queue->lock);
	consumer->next_look = clock + (u64)consumer->nr_leased * LEASE_REST;
	return ended;
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
	if (!consumer->dead && (lease_next(consumer) <= clock || idle || resumed)) {
		if (idle)
			lease_set_hung_locked(consumer, true);
		ended = lease_end_locked(consumer, clock, &freed);
		while (consumer->hung && !broker_consumer_take_back_locked(consumer))
			cond_resched_lock(&queue->lock);
		/* Whoever waits, or polls, is there to say so. */
		if (ended || idle)
			broker_consumer_wake(consumer);
		broker_consumer_update_locked(consumer);
		if (freed)
			broker_queue_room_locked(queue);
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
