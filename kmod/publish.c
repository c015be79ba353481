// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "advisory.h"
#include "broker.h"
#include "dedupe.h"
#include "entry.h"
#include "exchange.h"
#include "limit.h"
#include "message.h"
#include "queue.h"
#include "request.h"
#include "reservation.h"
#include "retained.h"
#include "route.h"
#include "schedule.h"
#include "sender.h"
#include "session.h"
#include "step.h"
#include "submit.h"
#include "trace.h"
#include "transaction.h"
#include "turn.h"
#include "will.h"

int broker_publish_check(const struct broker_op *op)
{
	const struct broker_publish *publish = &op->publish;

	if (op->flags & ~(BROKER_PUBLISH_F_OPTIONAL | BROKER_PUBLISH_F_PARTIAL |
			  BROKER_PUBLISH_F_EXPECT | BROKER_PUBLISH_F_WILL |
			  BROKER_PUBLISH_F_REQUEST | BROKER_PUBLISH_F_BODY_FD |
			  BROKER_PUBLISH_F_TRACE))
		return -EOPNOTSUPP;
	if (op->flags & BROKER_PUBLISH_F_WILL && op->flags & BROKER_PUBLISH_F_TRACE)
		return -EINVAL;
	if (publish->confirm != BROKER_CONFIRM_ENQUEUED &&
	    publish->confirm != BROKER_CONFIRM_NONE)
		return -EOPNOTSUPP;
	/* Who expects something must hear that it is not so. */
	if (op->flags & BROKER_PUBLISH_F_EXPECT ?
	    op->flags & (BROKER_PUBLISH_F_WILL | BROKER_PUBLISH_F_REQUEST) ||
	    publish->confirm == BROKER_CONFIRM_NONE : publish->expected_sequence)
		return -EINVAL;
	/* Who asks must hear that there is nobody to answer. */
	if ((op->flags & BROKER_PUBLISH_F_REQUEST) &&
	    (publish->confirm != BROKER_CONFIRM_ENQUEUED || (op->flags & BROKER_PUBLISH_F_WILL)))
		return -EINVAL;
	return 0;
}

static u32 publish_min_routes(const struct broker_op *op)
{
	if (op->publish.min_routes)
		return op->publish.min_routes;
	return op->flags & BROKER_PUBLISH_F_OPTIONAL ? 0 : 1;
}

/* What the broker sends itself, such as last wills, goes on while it drains. */
int broker_publish_may(struct broker *broker)
{
	if (likely(!READ_ONCE(broker->draining)))
		return 0;
	this_cpu_inc(broker->stats->refused);
	return -ESHUTDOWN;
}

/* Finds the queues that it goes to: submit->routes. */
int broker_publish_route(struct broker_submission *submit, const struct broker_op *op,
			 const struct broker_message *message)
{
	const struct broker_routing routing = {
		.exchange = broker_message_exchange(message),
		.exchange_len = message->exchange_len,
		.key = broker_message_key(message),
		.key_len = message->key_len,
		.props = broker_message_props(message),
		.props_len = message->props_len,
		.message = message,
		.counted = submit->again,
	};
	struct broker *broker = submit->session->broker;
	u32 nr;
	int err;

	submit->routes.keep_bindings = message->traced;
	err = broker_routes_find(&submit->routes, broker, &routing);
	trace_broker_route(submit->session, message, submit->routes.nr);
	if (err)
		return err;
	if (unlikely(message->traced))
		broker_steps_routed(submit->session, message, &submit->routes);
	nr = submit->routes.nr - submit->routes.nr_taps;
	if (!nr)
		this_cpu_inc(broker->stats->unroutable);
	if (nr < publish_min_routes(op))
		return -EHOSTUNREACH;
	return op->flags & BROKER_PUBLISH_F_EXPECT && nr != 1 ? -EINVAL : 0;
}

/* An entry for each queue, before any room is taken. */
int broker_publish_prepare(struct broker_submission *submit, struct broker_routes *routes,
			   struct broker_message *message)
{
	struct broker_entry *entry;
	u32 i;
	int err;

	for (i = 0; i < routes->nr; i++) {
		entry = submit->ready_made;
		if (entry)
			submit->ready_made = entry->next;
		else
			entry = broker_entry_new(message);
		if (!entry)
			return -ENOMEM;
		routes->route[i].reservation.entry = entry;
		err = broker_schedule_prepare(entry, routes->route[i].queue) ?:
		      broker_turn_prepare(entry, routes->route[i].queue) ?:
		      broker_dedupe_prepare(&routes->route[i].reservation, routes->route[i].queue);
		if (err)
			return err;
	}
	return 0;
}

void broker_publish_unprepare(struct broker_routes *routes)
{
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		broker_entry_free(routes->route[i].reservation.entry);
		routes->route[i].reservation.entry = NULL;
		broker_dedupe_unprepare(&routes->route[i].reservation);
	}
}

/* Gives all room back that was reserved. */
void broker_publish_abort(struct broker_routes *routes)
{
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		if (routes->route[i].error)
			continue;
		broker_queue_abort(routes->route[i].queue, &routes->route[i].reservation);
		routes->route[i].error = -ECANCELED;
	}
}

/* The queue has the message already, or goes without it. */
static bool is_no_refusal(int err)
{
	return err == -EALREADY || err == -ENOBUFS;
}

/* -ENOBUFS: the queue is full, and goes without the message, as its policy is. */
static int publish_reserve_one(struct broker_route *route, u32 *nr_letters)
{
	int err;

	route->reservation.nr_letters = nr_letters;
	err = broker_queue_reserve(route->queue, &route->reservation);
	if (err == -EAGAIN &&
	    READ_ONCE(route->queue->settings.overflow) == BROKER_OVERFLOW_DROP_NEW)
		return -ENOBUFS;
	return err;
}

/* Takes room in the queues that taps alone lead to: one that refuses only counts that. */
static void publish_reserve_taps(struct broker_routes *routes, u32 *nr_letters)
{
	u32 i;

	for (i = 0; routes->nr_taps && i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (!route->tap)
			continue;
		route->error = publish_reserve_one(route, nr_letters);
		if (route->error && route->error != -ENOENT && !is_no_refusal(route->error))
			broker_queue_count_refused(route->queue);
	}
}

/*
 * How many queues have room, or the message, or drop it, taps aside; unless @op is
 * partial all, or none and the error of the one that has not.
 */
static int publish_reserve_each(struct broker_routes *routes, const struct broker_op *op,
				struct broker_route **refused, u32 *nr_letters)
{
	bool partial = op->flags & BROKER_PUBLISH_F_PARTIAL;
	u32 i, reserved = 0;

	*refused = NULL;
	for (i = 0; i < routes->nr; i++)
		routes->route[i].error = -ECANCELED;
	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (route->tap)
			continue;
		route->reservation.expects = op->flags & BROKER_PUBLISH_F_EXPECT;
		route->reservation.expected = op->publish.expected_sequence;
		route->error = publish_reserve_one(route, nr_letters);
		route->sequence = route->reservation.sequence;
		if (!route->error || is_no_refusal(route->error)) {
			reserved++;
			continue;
		}
		/* A queue deleted since it was found is not a refusal. */
		if (route->error == -ENOENT)
			continue;
		if (!*refused)
			*refused = route;
		if (!partial) {
			int err = route->error;

			broker_publish_abort(routes);
			return err;
		}
	}
	return reserved;
}

/**
 * broker_publish_reserve() - Take room in the queues
 * @routes: prepared
 * @op: the publish
 * @message: what it publishes
 * @refused: the first queue that had no room, or NULL
 *
 * Return: 0: commit it; or why it cannot be: no room is held then, and the routes
 * tell of each queue.
 */
int broker_publish_reserve(struct broker_routes *routes, const struct broker_op *op,
			   const struct broker_message *message, struct broker_route **refused)
{
	u32 nr_letters = 0;
	int reserved;

	reserved = publish_reserve_each(routes, op, refused, &nr_letters);
	if (reserved < 0)
		return reserved;
	if (reserved >= publish_min_routes(op)) {
		publish_reserve_taps(routes, &nr_letters);
		return 0;
	}
	broker_publish_abort(routes);
	/* Without a refusal: queues were deleted since they were found. */
	if (*refused)
		return (*refused)->error;
	return message->exchange_len ? -EHOSTUNREACH : -ENOENT;
}

/* Has told what a full queue did to the caller. */
static void publish_advise(struct broker_submission *submit, struct broker_queue *queue,
			   enum broker_advisory_kind kind)
{
	struct broker_advice advice = broker_advice_sender(submit->sender);

	advice.session = submit->session->id;
	broker_advise(queue, kind, 1, &advice);
}

/* Waits until @queue may have room for so much; 0: try again. */
int broker_publish_wait(struct broker_submission *submit, struct broker_queue *queue,
			u32 messages, u64 bytes)
{
	struct broker_session *session = submit->session;
	struct broker_waiter waiter = { .room = &queue->room };
	long left = MAX_SCHEDULE_TIMEOUT, woken;

	/* Where there is room at once, and never enough, it must end all the same. */
	if (fatal_signal_pending(current))
		return -EINTR;
	if (!submit->forever) {
		left = submit->deadline - jiffies;
		if (left <= 0)
			return -ETIMEDOUT;
	}
	publish_advise(submit, queue, BROKER_ADVISORY_KIND_QUEUE_BLOCKED);
	spin_lock(&session->lock);
	list_add(&waiter.of_session, &session->waiters);
	spin_unlock(&session->lock);
	woken = wait_event_interruptible_timeout(queue->room,
						 broker_queue_has_room(queue, messages,
								       bytes) ||
						 READ_ONCE(queue->settings.overflow) !=
							BROKER_OVERFLOW_BLOCK ||
						 READ_ONCE(session->ended), left);
	spin_lock(&session->lock);
	list_del(&waiter.of_session);
	spin_unlock(&session->lock);
	if (woken < 0)
		return -EINTR;
	if (!woken)
		return -ETIMEDOUT;
	if (READ_ONCE(session->ended))
		return -EOWNERDEAD;
	return READ_ONCE(session->broker->draining) ? -ESHUTDOWN : 0;
}

/* Whether the publisher waits, where there is something to wait for. */
static bool publish_waits(const struct broker_submission *submit, const struct broker_op *op)
{
	return !(op->flags & BROKER_PUBLISH_F_PARTIAL) &&
	       op->publish.confirm != BROKER_CONFIRM_NONE &&
	       (submit->forever || submit->deadline);
}

bool broker_publish_may_wait(const struct broker_submission *submit, const struct broker_op *op,
			     const struct broker_route *refused)
{
	return refused && refused->error == -EAGAIN && publish_waits(submit, op) &&
	       READ_ONCE(refused->queue->settings.overflow) == BROKER_OVERFLOW_BLOCK;
}

/* Sleeps until the limit that refused may allow more; 0: try again. */
static int publish_wait_limit(struct broker_submission *submit,
			      const struct broker_admission *admission)
{
	struct broker_session *session = submit->session;
	struct broker_waiter waiter = { .room = &admission->account->room };
	u64 now = ktime_get_ns(), until = admission->at ?: KTIME_MAX;
	DEFINE_WAIT(wait);
	ktime_t expires;

	if (!submit->forever) {
		long left = submit->deadline - jiffies;

		if (left <= 0)
			return -ETIMEDOUT;
		until = min(until, now + jiffies64_to_nsecs(left));
	}
	expires = ns_to_ktime(until);
	spin_lock(&session->lock);
	list_add(&waiter.of_session, &session->waiters);
	spin_unlock(&session->lock);
	prepare_to_wait(waiter.room, &wait, TASK_INTERRUPTIBLE);
	if (!signal_pending(current) && !READ_ONCE(session->ended) &&
	    !broker_admission_ready(admission))
		schedule_hrtimeout(&expires, HRTIMER_MODE_ABS);
	finish_wait(waiter.room, &wait);
	spin_lock(&session->lock);
	list_del(&waiter.of_session);
	spin_unlock(&session->lock);
	if (READ_ONCE(session->ended))
		return -EOWNERDEAD;
	if (signal_pending(current))
		return -EINTR;
	return READ_ONCE(session->broker->draining) ? -ESHUTDOWN : 0;
}

static bool is_limit(int err)
{
	return err == -EDQUOT || err == -EBUSY;
}

/**
 * broker_publish_admit() - Charge a message to whoever publishes it
 * @submit: the call; submit->routes is where the message goes
 * @op: the publish
 * @message: what it publishes
 * @admission: what was taken, to be given back if it is not published after all
 * @holds: bytes are held for other messages, so that more of them cannot be waited for
 *
 * Waits where that was asked for.  Return: 0; -EDQUOT, -EBUSY, -EMSGSIZE: a limit;
 * -ETIMEDOUT, -EINTR, -EOWNERDEAD, -ESHUTDOWN: the wait ended.
 */
int broker_publish_admit(struct broker_submission *submit, const struct broker_op *op,
			 struct broker_message *message, struct broker_admission *admission,
			 bool holds)
{
	struct broker_exchange *exchange = submit->routes.exchange;
	int err;

	if (!submit->routes.nr)
		return 0;
	admission->payer = message->sender->payer;
	admission->size = broker_message_size(message);
	for (;;) {
		err = broker_admission_take(admission);
		if (!err) {
			message->charged = true;
			return 0;
		}
		if (!is_limit(err) || !publish_waits(submit, op) || submit->retain ||
		    (holds && err == -EDQUOT))
			break;
		err = publish_wait_limit(submit, admission);
		if (err)
			break;
	}
	this_cpu_inc(submit->session->broker->stats->refused);
	if (exchange)
		this_cpu_inc(exchange->stats->refused);
	if (is_limit(err) || err == -ETIMEDOUT)
		broker_session_set_limited(submit->session, admission);
	return err;
}

/* So much was refused by the queues that have an error. */
void broker_publish_count_refusals(struct broker_submission *submit, struct broker_routes *routes,
				   u32 messages, u64 bytes)
{
	struct broker *broker = submit->session->broker;
	struct broker_route *full = NULL;
	bool refused = false;
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (route->tap || !route->error || route->error == -ENOENT ||
		    route->error == -ECANCELED || route->error == -ESTALE ||
		    is_no_refusal(route->error))
			continue;
		broker_queue_count_refused(route->queue);
		publish_advise(submit, route->queue, BROKER_ADVISORY_KIND_QUEUE_OVERFLOW);
		refused = true;
		if (route->error == -EAGAIN)
			full = route;
	}
	if (refused) {
		this_cpu_inc(broker->stats->refused);
		if (routes->exchange)
			this_cpu_inc(routes->exchange->stats->refused);
	}
	if (full)
		broker_session_set_full(submit->session, full->queue, messages, bytes);
}

/* Reserves, waiting where that was asked for. */
static int publish_reserve_wait(struct broker_submission *submit, const struct broker_op *op,
				const struct broker_message *message)
{
	struct broker_routes *routes = &submit->routes;
	u32 size = broker_message_size(message);
	struct broker_route *refused;
	int err;

	for (;;) {
		err = broker_publish_reserve(routes, op, message, &refused);
		if (!err || !broker_publish_may_wait(submit, op, refused))
			break;
		/* All room was given back, so that none waits for what another waiter holds. */
		if (submit->retain) {
			broker_retain_abort(submit->retain);
			mutex_unlock(&submit->session->broker->retain_mutex);
		}
		err = broker_publish_wait(submit, refused->queue, 1, size);
		if (submit->retain) {
			mutex_lock(&submit->session->broker->retain_mutex);
			/* There may be other bindings by now. */
			if (!err)
				return -ERESTART;
		}
		if (err)
			break;
	}
	if (refused)
		broker_publish_count_refusals(submit, routes, 1, size);
	return err;
}

static void publish_drop(struct broker_submission *submit, struct broker_queue *queue)
{
	broker_queue_count_dropped(queue);
	publish_advise(submit, queue, BROKER_ADVISORY_KIND_QUEUE_OVERFLOW);
}

static void publish_commit_one(struct broker_submission *submit, struct broker_route *route,
			       struct broker_transaction *transaction)
{
	if (!route->error && transaction)
		route->error = broker_queue_link(route->queue, &route->reservation, transaction);
	else if (!route->error)
		route->error = broker_queue_commit(route->queue, &route->reservation);
	else if (route->error == -ENOBUFS)
		publish_drop(submit, route->queue);
	if (route->error == -EALREADY)
		broker_queue_count_duplicate(route->queue, route->reservation.entry);
	if (!route->error || route->error == -EALREADY || route->error == -ESTALE)
		route->sequence = route->reservation.sequence;
}

/**
 * broker_publish_commit() - Enqueue a message
 * @submit: the call
 * @routes: reserved
 * @transaction: hides it; or NULL
 * @result: told; a duplicate is as good as taken
 *
 * It cannot fail, but with BROKER_PUBLISH_F_EXPECT, if something came into its queue
 * meanwhile.  That is the only queue then, taps aside, and before these.
 *
 * Return: 0, or -ESTALE: it is in no queue, and no room is held.
 */
int broker_publish_commit(struct broker_submission *submit, struct broker_routes *routes,
			  struct broker_transaction *transaction, struct broker_result *result)
{
	bool taken = false;
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (route->tap)
			continue;
		publish_commit_one(submit, route, transaction);
		if (route->error == -ESTALE) {
			broker_publish_abort(routes);
			return -ESTALE;
		}
		if (route->error && route->error != -EALREADY)
			continue;
		taken |= !route->error;
		result->accepted++;
		result->sequence = result->accepted == 1 ? route->sequence : 0;
	}
	for (i = 0; routes->nr_taps && i < routes->nr; i++)
		if (routes->route[i].tap)
			publish_commit_one(submit, &routes->route[i], transaction);
	if (taken)
		this_cpu_inc(submit->session->broker->stats->published);
	return 0;
}

/* Tells what each queue did, as far as the caller has room for it. */
void broker_publish_confirm(struct broker_submission *submit, struct broker_routes *routes,
			    u32 index, struct broker_result *result)
{
	u32 i;

	result->confirm = submit->nr_confirms;
	for (i = 0; i < routes->nr; i++) {
		const struct broker_route *route = &routes->route[i];
		struct broker_confirm confirm = {
			.op = index,
			.queue = route->queue->id,
			.error = route->error,
			.sequence = route->sequence,
		};

		/* The publisher does not learn of taps. */
		if (route->tap)
			continue;
		if (route->error && route->error != -EALREADY)
			result->refused++;
		if (route->error == -ESTALE)
			result->sequence = route->sequence;
		/* Proved writable before: a fault now is the caller's own doing. */
		if (submit->nr_confirms < submit->room &&
		    copy_to_user(&submit->confirms[submit->nr_confirms], &confirm,
				 sizeof(confirm)))
			submit->room = 0;
		submit->nr_confirms++;
	}
}

/**
 * broker_publish_to_queues() - Charge, reserve and commit
 * @submit: the call; submit->routes is where the message goes
 * @op: the publish
 * @message: what it publishes
 * @request: the message asks for replies; or NULL
 * @result: told
 *
 * Return: 0, or why it is in no queue.
 */
int broker_publish_to_queues(struct broker_submission *submit, const struct broker_op *op,
			     struct broker_message *message, struct broker_request *request,
			     struct broker_result *result)
{
	struct broker_routes *routes = &submit->routes;
	struct broker_admission admission;
	bool taken = false;
	int err;

	/* One that is routed again was charged the first time. */
	if (!message->charged) {
		err = broker_publish_admit(submit, op, message, &admission, false);
		if (err)
			return err;
		taken = message->charged;
	}
	err = broker_publish_prepare(submit, routes, message);
	if (!err && request)
		err = broker_request_prepare(request, routes);
	if (!err)
		err = publish_reserve_wait(submit, op, message);
	if (!err) {
		if (request)
			broker_request_commit(request, routes);
		err = broker_publish_commit(submit, routes, NULL, result);
	}
	if (err && taken)
		broker_admission_undo(&admission);
	broker_publish_unprepare(routes);
	return err;
}

/* Asks only queues that somebody consumes from. */
static int publish_request(struct broker_submission *submit, const struct broker_op *op,
			   struct broker_message *message, struct broker_result *result)
{
	struct broker_routes *routes = &submit->routes;
	struct broker_request *request;
	u32 i;
	int err;

	for (i = routes->nr; i--; )
		if (!routes->route[i].tap && !READ_ONCE(routes->route[i].queue->nr_consumers))
			broker_routes_drop(routes, i);
	if (routes->nr - routes->nr_taps < max(publish_min_routes(op), 1U))
		return -ECONNREFUSED;
	request = broker_request_open(submit->session, op->user_data);
	if (IS_ERR(request))
		return PTR_ERR(request);
	err = broker_publish_to_queues(submit, op, message, request, result);
	if (err || !result->accepted)
		broker_request_withdraw(request);
	broker_request_put(request);
	return err;
}

/* What BROKER_CONFIRM_NONE is not told of, as it has been counted. */
bool broker_publish_is_unconfirmed(const struct broker_op *op, int err)
{
	return op->publish.confirm == BROKER_CONFIRM_NONE &&
	       (err == -EHOSTUNREACH || err == -EAGAIN || err == -EMSGSIZE ||
		err == -ESHUTDOWN || is_limit(err));
}

/* The message that a publish, which was checked, describes; or an error pointer. */
struct broker_message *broker_publish_message(struct broker_submission *submit,
					      const struct broker_op *op)
{
	struct broker_message *message;
	int err;

	if (!submit->sender)
		submit->sender = broker_session_sender(submit->session);
	if (!submit->sender)
		return ERR_PTR(-ENOMEM);
	message = broker_message_from_user(submit->session->broker, op, submit->sender,
					   op->flags & BROKER_PUBLISH_F_WILL ?
					   BROKER_WILL_ROOM + BROKER_MAX_KEY : 0);
	if (IS_ERR(message))
		return message;
	/* The one is sent once, by the kernel; the other is asked by this session alone. */
	err = message->dedupe && op->flags & (BROKER_PUBLISH_F_WILL | BROKER_PUBLISH_F_REQUEST) ?
	      -EOPNOTSUPP : 0;
	if (!err && (op->flags & BROKER_PUBLISH_F_TRACE))
		err = broker_steps_begin(submit->session, message);
	if (!err)
		return message;
	broker_message_put(message);
	return ERR_PTR(err);
}

/* The end of a publish: what is told of it. */
static int publish_end(struct broker_submission *submit, u32 index, const struct broker_op *op,
		       struct broker_result *result, int err)
{
	if (op->publish.confirm != BROKER_CONFIRM_NONE)
		broker_publish_confirm(submit, &submit->routes, index, result);
	broker_routes_put(&submit->routes);
	atomic64_inc(err ? &submit->session->refused : &submit->session->published);
	return broker_publish_is_unconfirmed(op, err) ? 0 : err;
}

/* Under broker.retain_mutex.  Return: -ERESTART: it was given up meanwhile; else as a publish. */
static int publish_and_retain(struct broker_submission *submit, const struct broker_op *op,
			      struct broker_message *message, struct broker_result *result)
{
	struct broker_routes *routes = &submit->routes;
	struct broker_retain retain = {};
	int err;

	submit->retain = &retain;
	broker_message_get(message);
	err = broker_publish_may(submit->session->broker) ?:
	      broker_publish_route(submit, op, message) ?:
	      broker_routes_rewrite(routes, &message) ?:
	      broker_retain_prepare(&retain, routes->exchange, message);
	if (!err) {
		err = broker_publish_to_queues(submit, op, message, NULL, result);
		if (err)
			broker_retain_abort(&retain);
		else
			broker_retain_commit(&retain);
	}
	if (err == -ERESTART)
		broker_routes_put(routes);
	broker_message_put(message);
	submit->retain = NULL;
	return err;
}

/* To be retained is enough: no queue needs to match, unless a number was given. */
static int submit_retain(struct broker_submission *submit, u32 index,
			 const struct broker_op *retain, struct broker_result *result)
{
	struct broker *broker = submit->session->broker;
	struct broker_message *message;
	struct broker_op op = *retain;
	int err;

	op.flags &= ~BROKER_PUBLISH_F_RETAIN;
	op.flags |= BROKER_PUBLISH_F_OPTIONAL;
	err = op.flags & (BROKER_PUBLISH_F_WILL | BROKER_PUBLISH_F_REQUEST) ?
	      -EOPNOTSUPP : op.flags & BROKER_PUBLISH_F_EXPECT ?
	      -EINVAL : broker_publish_check(&op);
	if (err)
		return err;
	message = broker_publish_message(submit, &op);
	if (IS_ERR(message))
		return PTR_ERR(message);
	/* An exchange remembers no ids: an old message sent again would replace a newer one. */
	if (message->files || message->dedupe) {
		broker_message_put(message);
		return -EOPNOTSUPP;
	}
	trace_broker_publish(submit->session, message);
	mutex_lock(&broker->retain_mutex);
	do {
		err = publish_and_retain(submit, &op, message, result);
		submit->again = true;
	} while (err == -ERESTART);
	submit->again = false;
	mutex_unlock(&broker->retain_mutex);
	broker_message_put(message);
	return publish_end(submit, index, &op, result, err);
}

int broker_submit_publish(struct broker_submission *submit, u32 index, const struct broker_op *op,
			  struct broker_result *result)
{
	struct broker_message *message;
	int err;

	if (op->flags & BROKER_PUBLISH_F_RETAIN)
		return submit_retain(submit, index, op, result);
	err = broker_publish_check(op);
	if (err)
		return err;
	message = broker_publish_message(submit, op);
	if (IS_ERR(message))
		return PTR_ERR(message);
	if (op->flags & BROKER_PUBLISH_F_WILL) {
		err = broker_will_arm(submit->session, op, message, publish_min_routes(op));
		broker_message_put(message);
		return err;
	}
	trace_broker_publish(submit->session, message);
	err = broker_publish_may(submit->session->broker) ?:
	      broker_publish_route(submit, op, message) ?:
	      broker_routes_rewrite(&submit->routes, &message);
	if (!err && (op->flags & BROKER_PUBLISH_F_REQUEST))
		err = publish_request(submit, op, message, result);
	else if (!err)
		err = broker_publish_to_queues(submit, op, message, NULL, result);
	broker_message_put(message);
	return publish_end(submit, index, op, result, err);
}
