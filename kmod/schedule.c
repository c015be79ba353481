// SPDX-License-Identifier: GPL-2.0
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <linux/broker.h>

#include "active.h"
#include "broker.h"
#include "consumer.h"
#include "deadletter.h"
#include "entry.h"
#include "event.h"
#include "flow.h"
#include "idle.h"
#include "memory.h"
#include "message.h"
#include "props.h"
#include "queue.h"
#include "schedule.h"
#include "timer.h"
#include "turn.h"

/* Beyond this many milliseconds (three centuries) time is not counted in nanoseconds. */
#define SCHEDULE_MAX_MS	(S64_MAX / NSEC_PER_MSEC)

static u64 schedule_ms(s64 ms)
{
	return clamp_t(s64, ms, 0, SCHEDULE_MAX_MS) * NSEC_PER_MSEC;
}

/* Default of messages without a priority, where a queue has as many levels. */
#define SCHEDULE_LEVEL	4

/* What comes before the sequence in a place: the highest level is first. */
static u64 schedule_place(const struct broker_queue *queue, u32 level)
{
	u32 levels = READ_ONCE(queue->settings.levels);

	return (u64)(levels - 1 - min(level, levels - 1)) << BROKER_PLACE_LEVEL;
}

/**
 * broker_schedule_prepare() - Note what a new entry's message says of time and order
 * @entry: not yet enqueued
 * @queue: where it will be
 *
 * Return: 0 or -ENOMEM.
 */
int broker_schedule_prepare(struct broker_entry *entry, const struct broker_queue *queue)
{
	const struct broker_message *message = entry->message;
	u32 level = SCHEDULE_LEVEL;
	u64 ttl = READ_ONCE(queue->settings.ttl) ?: BROKER_NEVER;
	struct broker_prop_view view;
	size_t offset = 0;

	while (broker_props_next(broker_message_props(message), message->props_len, &offset,
				 &view)) {
		/* One that died has waited, and lived, its time. */
		if (entry->deaths && view.id != BROKER_PROP_PRIORITY)
			continue;
		switch (view.id) {
		case BROKER_PROP_TTL:
			ttl = min(ttl, schedule_ms(broker_prop_int64(&view)));
			break;
		case BROKER_PROP_DELIVER_AT:
			entry->at = schedule_ms(broker_prop_int64(&view));
			break;
		case BROKER_PROP_PRIORITY:
			level = broker_prop_int64(&view);
			break;
		}
	}
	/* From the time of day to the broker's own. */
	if (entry->at) {
		u64 day = ktime_get_real_ns();

		entry->at = entry->at > day ? broker_now() + (entry->at - day) : 0;
	}
	if (entry->at) {
		entry->appointment = kmalloc(sizeof(*entry->appointment), BROKER_GFP);
		if (!entry->appointment)
			return -ENOMEM;
		entry->appointment->entry = entry;
	}
	entry->place = schedule_place(queue, level);
	if (ttl == BROKER_NEVER)
		return 0;
	entry->expiry = kmalloc(sizeof(*entry->expiry), BROKER_GFP);
	if (!entry->expiry)
		return -ENOMEM;
	RB_CLEAR_NODE(&entry->expiry->node);
	entry->expiry->entry = entry;
	entry->expiry->at = ttl;
	return 0;
}

/* An entry goes to another queue: its level is of that one, its time to live what is left. */
void broker_schedule_move(struct broker_entry *entry, const struct broker_queue *to)
{
	const struct broker_message *message = entry->message;
	u32 level = SCHEDULE_LEVEL;
	struct broker_prop_view view;
	u64 now = broker_now();

	if (broker_props_find(broker_message_props(message), message->props_len,
			      BROKER_PROP_PRIORITY, &view))
		level = broker_prop_int64(&view);
	entry->since = 0;
	entry->place = schedule_place(to, level);
	if (entry->expiry)
		entry->expiry->at = entry->expiry->at > now ? entry->expiry->at - now : 0;
}

/* How long an entry waits that has failed so often: min * (n - 1), up to max, more or less. */
u64 broker_retry_delay(const struct broker_queue *queue, u32 failed)
{
	u64 delay, jitter;

	if (failed < 2 || !queue->settings.retry_min)
		return 0;
	delay = queue->settings.retry_max;
	if (failed - 1 < div64_u64(queue->settings.retry_max, queue->settings.retry_min))
		delay = queue->settings.retry_min * (failed - 1);
	jitter = mul_u64_u32_div(delay, queue->settings.retry_jitter, 100);
	if (jitter)
		delay += get_random_u64() % (2 * jitter + 1) - jitter;
	return delay;
}

void broker_schedule_arm_locked(struct broker_queue *queue, u64 at)
{
	lockdep_assert_held(&queue->lock);
	if (!queue->dead)
		broker_timer_advance(&queue->broker->clock, &queue->timer, at);
}

static bool expiry_before(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct broker_expiry, node)->at <
	       rb_entry(other, struct broker_expiry, node)->at;
}

/* Its time to live begins, now or when it is due. */
void broker_schedule_enter_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	struct broker_expiry *expiry = entry->expiry;

	lockdep_assert_held(&queue->lock);
	if (!expiry)
		return;
	expiry->at = max(broker_now(), entry->at) + min_t(u64, expiry->at, S64_MAX / 2);
	rb_add_cached(&expiry->node, &queue->expiring, expiry_before);
	broker_schedule_arm_locked(queue, expiry->at);
}

/* It did not leave after all: its time to live goes on. */
void broker_schedule_go_on_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	if (!entry->expiry || !RB_EMPTY_NODE(&entry->expiry->node))
		return;
	rb_add_cached(&entry->expiry->node, &queue->expiring, expiry_before);
	broker_schedule_arm_locked(queue, entry->expiry->at);
}

/* It leaves the queue, or lives for ever from now on. */
void broker_schedule_leave_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	if (!entry->expiry || RB_EMPTY_NODE(&entry->expiry->node))
		return;
	rb_erase_cached(&entry->expiry->node, &queue->expiring);
	RB_CLEAR_NODE(&entry->expiry->node);
}

/* Whether its time came while it was in hand, or hidden, or set aside. */
bool broker_schedule_expired(const struct broker_entry *entry)
{
	return entry->expiry && RB_EMPTY_NODE(&entry->expiry->node);
}

static u64 appointment_sequence(const struct rb_node *node)
{
	return broker_entry_sequence(rb_entry(node, struct broker_appointment, node)->entry);
}

static bool appointment_before(struct rb_node *node, const struct rb_node *other)
{
	return appointment_sequence(node) < appointment_sequence(other);
}

static int appointment_compare(const void *sequence, const struct rb_node *node)
{
	u64 wanted = *(const u64 *)sequence, is = appointment_sequence(node);

	return wanted < is ? -1 : wanted > is;
}

/* An entry that waits; may drop the lock if it has no appointment. */
struct broker_entry *broker_schedule_find_locked(struct broker_queue *queue, u64 sequence)
{
	struct rb_node *node = rb_find(&sequence, &queue->appointments, appointment_compare);
	struct broker_entry *entry;
	u64 key, place;
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	if (node)
		return rb_entry(node, struct broker_appointment, node)->entry;
	entry = broker_entry_first(&queue->waiting);
	while (entry && broker_entry_sequence(entry) != sequence) {
		key = entry->key;
		place = entry->place;
		if (!(++count % BROKER_LOCK_BATCH) && cond_resched_lock(&queue->lock))
			entry = broker_entry_after(&queue->waiting, key, place);
		else
			entry = broker_entry_next(entry);
	}
	return entry;
}

/* Puts an entry aside until entry->at. */
void broker_schedule_wait_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	broker_entry_insert(&queue->waiting, entry, entry->at);
	if (entry->appointment)
		rb_add(&entry->appointment->node, &queue->appointments, appointment_before);
	entry->state = BROKER_ENTRY_WAITING;
	WRITE_ONCE(queue->nr_waiting, queue->nr_waiting + 1);
	broker_schedule_arm_locked(queue, entry->at);
}

/* Takes it out again. */
void broker_schedule_unwait_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	broker_entry_erase(&queue->waiting, entry);
	if (entry->appointment)
		rb_erase(&entry->appointment->node, &queue->appointments);
	WRITE_ONCE(queue->nr_waiting, queue->nr_waiting - 1);
}

/* Puts an entry aside until somebody asks for it. */
void broker_schedule_defer_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	if (broker_schedule_expired(entry)) {
		broker_queue_bury_locked(queue, entry, BROKER_DEATH_EXPIRED);
		return;
	}
	/* It will be asked for out of order anyway. */
	broker_turn_leave_locked(queue, entry);
	broker_entry_insert(&queue->deferred, entry, broker_entry_sequence(entry));
	entry->state = BROKER_ENTRY_DEFERRED;
	WRITE_ONCE(queue->nr_deferred, queue->nr_deferred + 1);
}

/* Moves what has waited long enough to its place. */
static void schedule_release_locked(struct broker_queue *queue, u64 now)
{
	struct broker_entry *entry;
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	while ((entry = broker_entry_first(&queue->waiting)) && entry->at <= now) {
		broker_queue_detach_locked(queue, entry);
		broker_queue_ready_locked(queue, entry);
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
}

/* Ends what has lived long enough, unless a consumer has it in hand. */
static void schedule_expire_locked(struct broker_queue *queue, u64 now)
{
	struct rb_node *node;
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	while ((node = rb_first_cached(&queue->expiring))) {
		struct broker_expiry *expiry = rb_entry(node, struct broker_expiry, node);
		struct broker_entry *entry = expiry->entry;

		if (expiry->at > now)
			break;
		/* What is set aside, hidden or in hand is looked at when it comes back. */
		broker_schedule_leave_locked(queue, entry);
		if (entry->state == BROKER_ENTRY_READY || entry->state == BROKER_ENTRY_BLOCKED ||
		    entry->state == BROKER_ENTRY_PENDING || entry->state == BROKER_ENTRY_WAITING ||
		    entry->state == BROKER_ENTRY_DEFERRED) {
			broker_queue_detach_locked(queue, entry);
			broker_queue_bury_locked(queue, entry, BROKER_DEATH_EXPIRED);
		}
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
}

static u64 schedule_next_locked(const struct broker_queue *queue)
{
	const struct broker_entry *waiting = broker_entry_first(&queue->waiting);
	const struct rb_node *expiring = rb_first_cached(&queue->expiring);
	u64 next = BROKER_NEVER;

	lockdep_assert_held(&queue->lock);
	if (waiting)
		next = waiting->at;
	if (expiring)
		next = min(next, rb_entry(expiring, struct broker_expiry, node)->at);
	return min3(next, broker_idle_next_locked(queue), broker_flow_next_locked(queue));
}

static bool schedule_tryget(struct broker_timer *timer)
{
	return broker_queue_tryget(container_of(timer, struct broker_queue, timer));
}

static void schedule_due(struct broker_timer *timer)
{
	struct broker_queue *queue = container_of(timer, struct broker_queue, timer);
	u64 now = broker_now();
	bool resumed;

	spin_lock(&queue->lock);
	resumed = !queue->dead && broker_pause_end(&queue->flow.pause, now);
	schedule_expire_locked(queue, now);
	schedule_release_locked(queue, now);
	broker_queue_dispatch_locked(queue);
	broker_schedule_arm_locked(queue, schedule_next_locked(queue));
	spin_unlock(&queue->lock);
	broker_active_tell(queue);
	if (resumed)
		broker_event_queue(queue);
	broker_deadletter_run(queue);
	broker_idle_due(queue);
	if (READ_ONCE(queue->dead))
		broker_queue_drain(queue);
	broker_queue_put(queue);
}

void broker_schedule_init(struct broker_queue *queue)
{
	queue->waiting.root = RB_ROOT_CACHED;
	queue->appointments = RB_ROOT;
	queue->deferred.root = RB_ROOT_CACHED;
	queue->expiring = RB_ROOT_CACHED;
	broker_timer_init(&queue->timer, schedule_tryget, schedule_due);
}
