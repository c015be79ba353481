// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <linux/broker.h>

#include "advisory.h"
#include "broker.h"
#include "deadletter.h"
#include "entry.h"
#include "memory.h"
#include "message.h"
#include "queue.h"
#include "reservation.h"
#include "route.h"
#include "schedule.h"
#include "trace.h"
#include "turn.h"

/* When to try again where a target has no room. */
#define DEADLETTER_AGAIN_NS	(200 * NSEC_PER_MSEC)

/* A message that goes from queue to queue and is received by nobody goes round in a circle. */
#define DEADLETTER_MAX_UNSEEN	32

struct broker_target *broker_target_new(const char *exchange, u8 exchange_len, const char *key,
					u8 key_len)
{
	struct broker_target *target;

	target = kmalloc(struct_size(target, data, exchange_len + key_len), GFP_KERNEL_ACCOUNT);
	if (!target)
		return NULL;
	refcount_set(&target->refs, 1);
	target->exchange_len = exchange_len;
	target->key_len = key_len;
	memcpy(target->data, exchange, exchange_len);
	memcpy(target->data + exchange_len, key, key_len);
	return target;
}

struct broker_target *broker_target_get(struct broker_target *target)
{
	if (target)
		refcount_inc(&target->refs);
	return target;
}

void broker_target_put(struct broker_target *target)
{
	if (target && refcount_dec_and_test(&target->refs))
		kfree(target);
}

struct broker_deaths *broker_deaths_get(struct broker_deaths *deaths)
{
	if (deaths)
		refcount_inc(&deaths->refs);
	return deaths;
}

void broker_deaths_put(struct broker_deaths *deaths)
{
	u32 i;

	if (!deaths || !refcount_dec_and_test(&deaths->refs))
		return;
	for (i = 0; i < deaths->nr; i++)
		put_pid(deaths->record[i].holder);
	kfree(deaths);
}

static bool same_death(const struct broker_death_record *record, const struct broker_queue *queue,
		       u8 reason)
{
	return record->queue == queue->id && record->reason == reason;
}

/* The history of @entry with this death on top; one in the same way before is counted there. */
static struct broker_deaths *deaths_new(const struct broker_queue *queue,
					const struct broker_entry *entry)
{
	const struct broker_deaths *old = entry->deaths;
	struct broker_deaths *deaths;
	struct broker_death_record *record;
	u32 i, nr = min_t(u32, old ? old->nr + 1 : 1, BROKER_MAX_DEATHS);

	deaths = kzalloc(struct_size(deaths, record, nr), GFP_KERNEL);
	if (!deaths)
		return NULL;
	refcount_set(&deaths->refs, 1);
	deaths->unseen = old && !entry->acquired ? old->unseen + 1 : 0;
	record = &deaths->record[deaths->nr++];
	record->time = ktime_get_real_ns();
	record->queue = queue->id;
	record->count = 1;
	record->acquired = entry->acquired;
	record->failed = entry->failed;
	record->holder = get_pid(entry->holder);
	record->reason = entry->reason;
	record->cause = entry->cause;
	record->cause_code = entry->cause_code;
	record->name_len = queue->name_len;
	memcpy(record->name, queue->name, queue->name_len);
	for (i = 0; old && i < old->nr; i++) {
		if (same_death(&old->record[i], queue, entry->reason)) {
			record->count += old->record[i].count;
		} else if (deaths->nr < nr) {
			deaths->record[deaths->nr] = old->record[i];
			get_pid(deaths->record[deaths->nr++].holder);
		}
	}
	return deaths;
}

/* Makes an entry for each queue it goes to, and takes room there. */
static int letter_take_room(struct broker_routes *routes, struct broker_entry *entry,
			    struct broker_deaths *deaths, u8 depth, u32 *nr_letters)
{
	u32 i;
	int err;

	for (i = 0; i < routes->nr; i++) {
		struct broker_entry *copy = broker_entry_new(entry->message);

		if (!copy)
			return -ENOMEM;
		copy->deaths = broker_deaths_get(deaths);
		routes->route[i].reservation.entry = copy;
		err = broker_schedule_prepare(copy, routes->route[i].queue) ?:
		      broker_turn_prepare(copy, routes->route[i].queue);
		if (err)
			return err;
	}
	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		route->reservation.depth = depth;
		route->reservation.nr_letters = nr_letters;
		route->error = broker_queue_reserve(route->queue, &route->reservation);
		if (route->error && route->error != -ENOENT)
			return route->error;
	}
	return 0;
}

/* Ends a letter: what was not sent is given up. */
static void letter_end(struct broker_routes *routes)
{
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (!route->error)
			broker_queue_abort(route->queue, &route->reservation);
		broker_entry_free(route->reservation.entry);
		route->reservation.entry = NULL;
	}
	broker_routes_free(routes);
}

/* Finds where @entry of @queue goes, and takes room there; 0: send it, or end it. */
static int letter_reserve(struct broker_routes *routes, struct broker_queue *queue,
			  struct broker_entry *entry, const struct broker_target *target, u8 depth,
			  u32 *nr_letters)
{
	struct broker_message *message = entry->message;
	const struct broker_routing routing = {
		.exchange = target->data,
		.exchange_len = target->exchange_len,
		.key = target->key_len ? target->data + target->exchange_len :
					 broker_message_key(message),
		.key_len = target->key_len ?: message->key_len,
		.props = broker_message_props(message),
		.props_len = message->props_len,
		.message = message,
	};
	struct broker_deaths *deaths;
	u32 i;
	int err;

	deaths = deaths_new(queue, entry);
	if (!deaths)
		return -ENOMEM;
	broker_routes_init(routes);
	err = deaths->unseen > DEADLETTER_MAX_UNSEEN ? -ELOOP :
	      broker_routes_find(routes, queue->broker, &routing);
	if (!err && !routes->nr)
		err = -EHOSTUNREACH;
	for (i = 0; i < routes->nr; i++)
		routes->route[i].error = -ECANCELED;
	if (!err)
		err = letter_take_room(routes, entry, deaths, depth, nr_letters);
	broker_deaths_put(deaths);
	if (err)
		letter_end(routes);
	return err;
}

/* Puts it where room was taken; how many queues that was. */
static u32 letter_send(struct broker_routes *routes)
{
	u32 i, done = 0;

	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (route->error)
			continue;
		broker_queue_commit(route->queue, &route->reservation);
		route->error = -ECANCELED;
		done++;
	}
	letter_end(routes);
	return done;
}

static int deadletter_publish(struct broker_queue *queue, struct broker_entry *entry,
			      const struct broker_target *target)
{
	struct broker_routes routes;
	int err = letter_reserve(&routes, queue, entry, target, 0, NULL);

	if (err)
		return err;
	return letter_send(&routes) ? 0 : -EHOSTUNREACH;
}

static bool letter_has_queue(const struct broker_routes *routes)
{
	u32 i;

	for (i = 0; i < routes->nr; i++)
		if (!routes->route[i].error)
			return true;
	return false;
}

/**
 * broker_letters_reserve() - Take room for entries that are to make room in a full queue
 * @queue: with a reference
 * @entries: set aside there
 * @target: where they go, or NULL
 * @depth: queues that have full ones before them, this one among them
 * @nr_letters: counted up, as far as BROKER_RESERVE_LETTERS
 * @letters: gets a letter for each; send or undo them
 *
 * Return: 0; -ENOMEM; -EINTR: the caller is being killed; -EAGAIN: one of them cannot
 * go, now or ever, or they are too many; then there is no letter.
 */
int broker_letters_reserve(struct broker_queue *queue, struct broker_entry *entries,
			   const struct broker_target *target, u8 depth, u32 *nr_letters,
			   struct broker_letter **letters)
{
	struct broker_letter *letter;
	int err = target && depth <= BROKER_RESERVE_DEPTH ? 0 : -EAGAIN;

	*letters = NULL;
	for (; entries && !err; entries = entries->next) {
		if (*nr_letters == BROKER_RESERVE_LETTERS || fatal_signal_pending(current)) {
			err = fatal_signal_pending(current) ? -EINTR : -EAGAIN;
			break;
		}
		++*nr_letters;
		letter = kmalloc(sizeof(*letter), BROKER_GFP);
		if (!letter) {
			err = -ENOMEM;
			break;
		}
		entries->reason = BROKER_DEATH_OVERFLOW;
		err = letter_reserve(&letter->routes, queue, entries, target, depth, nr_letters);
		if (err) {
			kfree(letter);
			break;
		}
		letter->next = *letters;
		*letters = letter;
		if (!letter_has_queue(&letter->routes))
			err = -EAGAIN;
		cond_resched();
	}
	if (!err)
		return 0;
	broker_letters_undo(*letters);
	*letters = NULL;
	return err == -ENOMEM || err == -EINTR ? err : -EAGAIN;
}

/* Cannot fail; what a deleted queue would get goes with it. */
void broker_letters_send(struct broker_letter *letters)
{
	while (letters) {
		struct broker_letter *letter = letters;

		letters = letter->next;
		letter_send(&letter->routes);
		kfree(letter);
		cond_resched();
	}
}

void broker_letters_undo(struct broker_letter *letters)
{
	while (letters) {
		struct broker_letter *letter = letters;

		letters = letter->next;
		letter_end(&letter->routes);
		kfree(letter);
		cond_resched();
	}
}

/* What became of one that was taken out of queue->dying; false: try again later. */
static bool deadletter_end_locked(struct broker_queue *queue, struct broker_entry *entry, int err,
				  struct broker_entry **freed)
{
	lockdep_assert_held(&queue->lock);
	WRITE_ONCE(queue->nr_dying, queue->nr_dying - 1);
	if (!err || queue->dead || (err == -ENODEV && entry->reason != BROKER_DEATH_MAX_DELIVERY)) {
		if (!err)
			queue->stats.dead_lettered++;
		broker_queue_remove_locked(queue, entry, freed);
		return true;
	}
	if (err == -EAGAIN || err == -ENOMEM || err == -ESHUTDOWN || err == -EINTR) {
		broker_queue_dying_locked(queue, entry);
		return false;
	}
	broker_queue_quarantine_locked(queue, entry);
	return true;
}

/* Moves, or frees, or quarantines one; false: there is none, or it must wait. */
static bool deadletter_one(struct broker_queue *queue)
{
	struct broker_advice advice = {};
	struct broker_entry *entry, *freed = NULL;
	struct broker_target *target;
	bool go_on;
	int err;

	spin_lock(&queue->lock);
	entry = queue->dead ? NULL : broker_entry_first(&queue->dying);
	if (!entry) {
		spin_unlock(&queue->lock);
		return false;
	}
	broker_queue_detach_locked(queue, entry);
	/* It is in no tree, but goes on counting. */
	WRITE_ONCE(queue->nr_dying, queue->nr_dying + 1);
	target = broker_target_get(queue->settings.dead_letter);
	spin_unlock(&queue->lock);

	err = target ? deadletter_publish(queue, entry, target) : -ENODEV;
	broker_target_put(target);

	spin_lock(&queue->lock);
	advice.sequence = broker_entry_sequence(entry);
	advice.cause = entry->cause;
	advice.code = entry->cause_code;
	if (!err)
		broker_advise(queue, BROKER_ADVISORY_KIND_MESSAGE_DEAD_LETTERED, 1, &advice);
	go_on = deadletter_end_locked(queue, entry, err, &freed);
	if (go_on && !freed)
		broker_advise(queue, BROKER_ADVISORY_KIND_MESSAGE_QUARANTINED, 1, &advice);
	if (freed)
		broker_queue_room_locked(queue);
	if (!go_on)
		broker_schedule_arm_locked(queue, broker_now() + DEADLETTER_AGAIN_NS);
	spin_unlock(&queue->lock);
	broker_entry_free_list(freed);
	return go_on;
}

/**
 * broker_deadletter_run() - Move what died in a queue to where it says
 * @queue: with a reference; no lock is held
 */
void broker_deadletter_run(struct broker_queue *queue)
{
	while (READ_ONCE(queue->nr_dying) && deadletter_one(queue))
		cond_resched();
}
