// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "broker.h"
#include "memory.h"
#include "message.h"
#include "props.h"
#include "recurrence.h"
#include "route.h"
#include "sender.h"
#include "submit.h"

#define NSEC_PER_MIN	(60ULL * NSEC_PER_SEC)
#define MIN_PER_DAY	(24 * 60)

/* How often a calendar looks at the time of day, which may be set. */
#define RECURRENCE_LOOK_NS	(10ULL * NSEC_PER_SEC)

/* When to try again for want of memory. */
#define RECURRENCE_RETRY_NS	(100 * NSEC_PER_MSEC)

/**
 * broker_template_new() - Keep a message of the calling process
 * @name: of the recurrence
 * @name_len: bytes of it
 * @parts: checked
 * @broker: to publish in
 *
 * Return: it; or NULL: no memory.
 */
struct broker_template *broker_template_new(const char *name, u8 name_len,
					    const struct broker_recurrence_parts *parts,
					    struct broker *broker)
{
	struct broker_template *template;
	s64 time = 0;
	char *at;

	template = kvzalloc(struct_size(template, data, 2 * sizeof(struct broker_prop) +
					sizeof("broker.schedule") + sizeof("broker.scheduled") +
					name_len + sizeof(time) + parts->exchange_len +
					parts->key_len + parts->props_len + parts->body_len),
			    GFP_KERNEL_ACCOUNT);
	if (!template)
		return NULL;
	template->sender = broker_sender_new(broker);
	if (!template->sender) {
		kvfree(template);
		return NULL;
	}
	template->cred = get_current_cred();
	template->own_props = parts->props_len;
	at = memcpy(template->data, parts->exchange, parts->exchange_len);
	at = memcpy(at + parts->exchange_len, parts->key, parts->key_len);
	at = memcpy(at + parts->key_len, parts->props, parts->props_len);
	at = broker_prop_put_header(at + parts->props_len, "broker.schedule", BROKER_TYPE_STRING,
				    name, name_len);
	at = broker_prop_put_header(at, "broker.scheduled", BROKER_TYPE_INT64, &time,
				    sizeof(time));
	template->time = at - sizeof(time) - template->data;
	template->publish.exchange_len = parts->exchange_len;
	template->publish.key_len = parts->key_len;
	template->publish.props_len = at - template->data - parts->exchange_len - parts->key_len;
	template->publish.body_len = parts->body_len;
	memcpy(at, parts->body, parts->body_len);
	return template;
}

/* What it was made of; points into it. */
void broker_template_parts(const struct broker_template *template,
			   struct broker_recurrence_parts *parts)
{
	const struct broker_publish *publish = &template->publish;

	parts->exchange = template->data;
	parts->exchange_len = publish->exchange_len;
	parts->key = parts->exchange + parts->exchange_len;
	parts->key_len = publish->key_len;
	parts->props = parts->key + parts->key_len;
	parts->props_len = template->own_props;
	parts->body = parts->props + publish->props_len;
	parts->body_len = publish->body_len;
}

/* Whether the calling process may publish it, where it is to go: 0, or as broker_routes_find(). */
int broker_template_may(const struct broker_template *template, struct broker *broker)
{
	struct broker_message *message;
	struct broker_routing routing;
	struct broker_routes routes;
	int err;

	message = broker_message_from_kernel(&template->publish, template->data,
					     template->sender);
	if (!message)
		return -ENOMEM;
	routing = (struct broker_routing) {
		.exchange = broker_message_exchange(message),
		.exchange_len = message->exchange_len,
		.key = broker_message_key(message),
		.key_len = message->key_len,
		.props = broker_message_props(message),
		.props_len = message->props_len,
		.message = message,
		.dry_run = true,
	};
	broker_routes_init(&routes);
	err = broker_routes_find(&routes, broker, &routing);
	broker_routes_put(&routes);
	broker_routes_free(&routes);
	broker_message_put(message);
	return err;
}

void broker_template_free(struct broker_template *template)
{
	if (!template)
		return;
	put_cred(template->cred);
	broker_sender_put(template->sender);
	kvfree(template);
}

void broker_recurrence_free(struct broker_recurrence *recurrence)
{
	if (!recurrence)
		return;
	broker_template_free(recurrence->template);
	kfree(recurrence->plan);
	kfree(recurrence);
}

static void recurrence_put(struct broker_recurrence *recurrence)
{
	if (refcount_dec_and_test(&recurrence->refs))
		broker_recurrence_free(recurrence);
}

/* Under clock.lock: whoever deletes it cancels the timer before he puts it. */
static bool recurrence_tryget(struct broker_timer *timer)
{
	refcount_inc(&container_of(timer, struct broker_recurrence, timer)->refs);
	return true;
}

/* Publishes once.  Return: whether it is to be done again, for want of memory. */
static bool recurrence_fire_locked(struct broker_recurrence *recurrence, u64 real)
{
	struct broker_template *template = recurrence->template;
	s64 ms = div_u64(real, NSEC_PER_MSEC);
	struct broker_message *message;
	const struct cred *old;
	int err = -ENOMEM;

	lockdep_assert_held(&recurrence->mutex);
	memcpy(template->data + template->time, &ms, sizeof(ms));
	old = override_creds(template->cred);
	message = broker_message_from_kernel(&template->publish, template->data,
					     template->sender);
	if (message)
		err = broker_submit_own(&recurrence->session, message);
	revert_creds(old);
	if (err)
		recurrence->failed++;
	else
		recurrence->fired++;
	recurrence->error = err;
	return err == -ENOMEM;
}

static void recurrence_interval_locked(struct broker_recurrence *recurrence)
{
	u64 interval = recurrence->plan->interval, now = broker_now(), missed;

	lockdep_assert_held(&recurrence->mutex);
	if (recurrence->due > now)
		return;
	if (recurrence_fire_locked(recurrence, ktime_get_real_ns() - (now - recurrence->due))) {
		recurrence->retry = now + RECURRENCE_RETRY_NS;
		return;
	}
	missed = div64_u64(now - recurrence->due, interval);
	recurrence->missed += missed;
	recurrence->due += (missed + 1) * interval;
}

static u32 minute_now(void)
{
	return div64_u64(ktime_get_real_ns(), NSEC_PER_MIN);
}

/* All up to @minute is done. */
static void recurrence_done_locked(struct broker_recurrence *recurrence, u32 minute)
{
	lockdep_assert_held(&recurrence->mutex);
	recurrence->last = minute;
	recurrence->next = broker_calendar_next(&recurrence->plan->times, minute);
}

static void recurrence_calendar_locked(struct broker_recurrence *recurrence)
{
	u32 now = minute_now(), minute = recurrence->next, missed = 0;

	lockdep_assert_held(&recurrence->mutex);
	if (recurrence->last > now + MIN_PER_DAY) {
		recurrence_done_locked(recurrence, now);
		return;
	}
	if (!minute || minute > now)
		return;
	if (recurrence_fire_locked(recurrence, minute * NSEC_PER_MIN)) {
		recurrence->retry = broker_now() + RECURRENCE_RETRY_NS;
		return;
	}
	for (;;) {
		minute = broker_calendar_next(&recurrence->plan->times, minute);
		if (!minute || minute > now || missed == BROKER_MAX_MISSED)
			break;
		missed++;
		cond_resched();
	}
	recurrence->missed += missed;
	recurrence_done_locked(recurrence, now);
}

/* When to look again, of the broker's clock. */
static u64 recurrence_look_locked(const struct broker_recurrence *recurrence)
{
	u64 now, look, real, due;

	lockdep_assert_held(&recurrence->mutex);
	if (recurrence->dead || !recurrence->enabled)
		return BROKER_NEVER;
	if (recurrence->retry)
		return recurrence->retry;
	if (recurrence->plan->interval)
		return recurrence->due;
	if (!recurrence->next)
		return BROKER_NEVER;
	/* All calendars look at the same time, so that the machine is woken once. */
	now = broker_now();
	look = (div64_u64(now, RECURRENCE_LOOK_NS) + 1) * RECURRENCE_LOOK_NS;
	real = ktime_get_real_ns();
	due = recurrence->next * NSEC_PER_MIN;
	return due > real ? min(look, now + (due - real)) : now;
}

static void recurrence_arm_locked(struct broker_recurrence *recurrence)
{
	broker_timer_set(&recurrence->broker->clock, &recurrence->timer,
			 recurrence_look_locked(recurrence));
}

static void recurrence_expire(struct broker_timer *timer)
{
	struct broker_recurrence *recurrence = container_of(timer, struct broker_recurrence,
							    timer);

	mutex_lock(&recurrence->mutex);
	if (!recurrence->dead && recurrence->enabled) {
		recurrence->retry = 0;
		if (recurrence->plan->interval)
			recurrence_interval_locked(recurrence);
		else
			recurrence_calendar_locked(recurrence);
		recurrence_arm_locked(recurrence);
	}
	mutex_unlock(&recurrence->mutex);
	recurrence_put(recurrence);
}

u64 broker_recurrence_next_locked(const struct broker_recurrence *recurrence)
{
	lockdep_assert_held(&recurrence->mutex);
	if (!recurrence->enabled)
		return 0;
	if (recurrence->plan->interval)
		return ktime_get_real_ns() + recurrence->due - broker_now();
	return recurrence->next * NSEC_PER_MIN;
}

struct broker_recurrence *broker_recurrence_find(struct broker *broker, const char *name,
						 size_t len)
{
	struct broker_recurrence *recurrence;

	lockdep_assert_held(&broker->topology);
	list_for_each_entry(recurrence, &broker->recurrences, node)
		if (recurrence->name_len == len && !memcmp(recurrence->name, name, len))
			return recurrence;
	return NULL;
}

/* How many a user has. */
u32 broker_recurrence_count(struct broker *broker, kuid_t uid)
{
	struct broker_recurrence *recurrence;
	u32 nr = 0;

	lockdep_assert_held(&broker->topology);
	list_for_each_entry(recurrence, &broker->recurrences, node)
		nr += uid_eq(recurrence->template->sender->uid, uid);
	return nr;
}

/* One that is in no list, and has nothing to do yet; NULL: no memory. */
struct broker_recurrence *broker_recurrence_alloc(struct broker *broker, const char *name,
						  u8 name_len)
{
	struct broker_recurrence *recurrence;

	recurrence = kzalloc(struct_size(recurrence, name, name_len + 1), GFP_KERNEL_ACCOUNT);
	if (!recurrence)
		return NULL;
	refcount_set(&recurrence->refs, 1);
	recurrence->broker = broker;
	broker_timer_init(&recurrence->timer, recurrence_tryget, recurrence_expire);
	mutex_init(&recurrence->mutex);
	broker_session_init_own(&recurrence->session, broker);
	recurrence->name_len = name_len;
	memcpy(recurrence->name, name, name_len);
	return recurrence;
}

/**
 * broker_recurrence_set() - Say what it does, and when
 * @recurrence: it
 * @template: taken over; NULL: as it was
 * @plan: taken over; NULL: as it was
 * @enabled: whether it goes on
 *
 * With another plan, and when it goes on after a stop, time begins anew.  What it
 * is publishing at the moment is waited for.
 */
void broker_recurrence_set(struct broker_recurrence *recurrence,
			   struct broker_template *template, struct broker_plan *plan,
			   bool enabled)
{
	lockdep_assert_held(&recurrence->broker->topology);
	mutex_lock(&recurrence->mutex);
	if (plan || (enabled && !recurrence->enabled)) {
		if (plan)
			swap(recurrence->plan, plan);
		recurrence->retry = 0;
		if (recurrence->plan->interval)
			recurrence->due = broker_now() + recurrence->plan->interval;
		else
			recurrence_done_locked(recurrence, minute_now());
	}
	if (template)
		swap(recurrence->template, template);
	recurrence->enabled = enabled;
	recurrence_arm_locked(recurrence);
	mutex_unlock(&recurrence->mutex);
	broker_template_free(template);
	kfree(plan);
}

/* Puts it among the broker's; then broker_recurrence_set() says what it does. */
void broker_recurrence_link(struct broker_recurrence *recurrence)
{
	struct broker *broker = recurrence->broker;

	lockdep_assert_held(&broker->topology);
	list_add_tail(&recurrence->node, &broker->recurrences);
	broker->nr_recurrences++;
	broker_topology_changed(broker);
}

/* Afterwards it publishes nothing more. */
void broker_recurrence_unlink(struct broker_recurrence *recurrence)
{
	struct broker *broker = recurrence->broker;

	lockdep_assert_held(&broker->topology);
	list_del(&recurrence->node);
	broker->nr_recurrences--;
	broker_topology_changed(broker);
	mutex_lock(&recurrence->mutex);
	recurrence->dead = true;
	recurrence_arm_locked(recurrence);
	mutex_unlock(&recurrence->mutex);
	recurrence_put(recurrence);
}

/* The namespace ends. */
void broker_recurrences_end(struct broker *broker)
{
	struct broker_recurrence *recurrence, *next;

	mutex_lock(&broker->topology);
	list_for_each_entry_safe(recurrence, next, &broker->recurrences, node)
		broker_recurrence_unlink(recurrence);
	mutex_unlock(&broker->topology);
}
