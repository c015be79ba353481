// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "advisory.h"
#include "broker.h"
#include "consumer.h"
#include "exchange.h"
#include "memory.h"
#include "message.h"
#include "queue.h"
#include "route.h"
#include "sender.h"
#include "session.h"
#include "submit.h"
#include "trace.h"
#include "will.h"

/*
 * Operations that find room on the stack.  So a few settlements need no memory,
 * and many need none that is charged to the caller.
 */
#define SUBMIT_FEW	4

/**
 * struct submit - a SUBMIT under way
 * @session: whose
 * @sender: the calling process, with a reference; NULL before the first publish
 * @routes: memory for routing, used by one publish after the other
 * @freed: entries that settlements removed, to be freed at the end
 * @spare: entries taken beforehand, of the one message there is; or NULL
 * @confirms: where the caller wants confirms
 * @room: how many confirms fit there
 * @nr_confirms: how many there were
 * @deadline: in jiffies, when to stop waiting for room
 * @forever: never stop
 */
struct submit {
	struct broker_session *session;
	struct broker_sender *sender;
	struct broker_routes routes;
	struct broker_entry *freed;
	struct broker_entry *spare;
	struct broker_confirm __user *confirms;
	u32 room;
	u32 nr_confirms;
	unsigned long deadline;
	bool forever;
};

static int publish_check(const struct broker_op *op)
{
	const struct broker_publish *publish = &op->publish;

	if (op->flags & ~(BROKER_PUBLISH_F_OPTIONAL | BROKER_PUBLISH_F_PARTIAL |
			  BROKER_PUBLISH_F_WILL | BROKER_PUBLISH_F_BODY_FD))
		return -EOPNOTSUPP;
	if (publish->confirm != BROKER_CONFIRM_ENQUEUED &&
	    publish->confirm != BROKER_CONFIRM_NONE)
		return -EOPNOTSUPP;
	if (publish->reserved2)
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
static int publish_may(struct broker *broker)
{
	if (likely(!READ_ONCE(broker->draining)))
		return 0;
	this_cpu_inc(broker->stats->refused);
	return -ESHUTDOWN;
}

static int publish_route(struct submit *submit, const struct broker_message *message,
			 u32 min_routes)
{
	const struct broker_routing routing = {
		.exchange = broker_message_exchange(message),
		.exchange_len = message->exchange_len,
		.key = broker_message_key(message),
		.key_len = message->key_len,
		.props = broker_message_props(message),
		.props_len = message->props_len,
		.message = message,
	};
	struct broker *broker = submit->session->broker;
	u32 nr;
	int err;

	err = broker_routes_find(&submit->routes, broker, &routing);
	trace_broker_route(submit->session, message, submit->routes.nr);
	if (err)
		return err;
	nr = submit->routes.nr - submit->routes.nr_taps;
	if (!nr)
		this_cpu_inc(broker->stats->unroutable);
	return nr < min_routes ? -EHOSTUNREACH : 0;
}

/* An entry for each queue, before any room is taken. */
static int publish_prepare(struct submit *submit, struct broker_message *message)
{
	struct broker_routes *routes = &submit->routes;
	struct broker_entry *entry;
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		entry = submit->spare;
		if (entry)
			submit->spare = entry->next;
		else
			entry = broker_entry_new(message);
		if (!entry)
			return -ENOMEM;
		routes->route[i].reservation.entry = entry;
	}
	return 0;
}

static void publish_unprepare(struct broker_routes *routes)
{
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		broker_entry_free(routes->route[i].reservation.entry);
		routes->route[i].reservation.entry = NULL;
	}
}

/* Gives all room back that was reserved. */
static void publish_abort(struct broker_routes *routes)
{
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		if (routes->route[i].error)
			continue;
		broker_queue_abort(routes->route[i].queue, &routes->route[i].reservation);
		routes->route[i].error = -ECANCELED;
	}
}

/* Takes room in the queues that taps alone lead to: one that refuses only counts that. */
static void publish_reserve_taps(struct broker_routes *routes)
{
	u32 i;

	for (i = 0; routes->nr_taps && i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (!route->tap)
			continue;
		route->error = broker_queue_reserve(route->queue, &route->reservation);
		if (route->error && route->error != -ENOENT)
			broker_queue_count_refused(route->queue);
	}
}

/**
 * publish_reserve() - Take room in every queue, taps aside
 * @routes: prepared
 * @partial: a queue that refuses does not stop the others
 * @refused: the first that did
 *
 * Return: how many queues have room, @refused telling of the others; without
 * @partial either all, or none and that queue's error.
 */
static int publish_reserve(struct broker_routes *routes, bool partial,
			   struct broker_route **refused)
{
	u32 i, reserved = 0;

	*refused = NULL;
	for (i = 0; i < routes->nr; i++)
		routes->route[i].error = -ECANCELED;
	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (route->tap)
			continue;
		route->error = broker_queue_reserve(route->queue, &route->reservation);
		if (!route->error) {
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

			publish_abort(routes);
			return err;
		}
	}
	return reserved;
}

/* Has told what a full queue did to the caller. */
static void publish_advise(struct submit *submit, struct broker_queue *queue,
			   enum broker_advisory_kind kind)
{
	struct broker_advice advice = broker_advice_sender(submit->sender);

	advice.session = submit->session->id;
	broker_advise(queue, kind, 1, &advice);
}

/* Waits until @queue may have room; 0: try again. */
static int publish_wait(struct submit *submit, struct broker_queue *queue, u32 size)
{
	struct broker_session *session = submit->session;
	struct broker_waiter waiter = { .queue = queue };
	long left = MAX_SCHEDULE_TIMEOUT, woken;

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
						 broker_queue_has_room(queue, size) ||
						 READ_ONCE(queue->overflow) !=
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

static bool publish_may_wait(const struct submit *submit, const struct broker_op *op,
			     const struct broker_route *refused)
{
	return refused && refused->error == -EAGAIN && !(op->flags & BROKER_PUBLISH_F_PARTIAL) &&
	       op->publish.confirm != BROKER_CONFIRM_NONE &&
	       (submit->forever || submit->deadline) &&
	       READ_ONCE(refused->queue->overflow) == BROKER_OVERFLOW_BLOCK;
}

static void publish_count_refusals(struct submit *submit, const struct broker_message *message)
{
	struct broker_routes *routes = &submit->routes;
	struct broker *broker = submit->session->broker;
	struct broker_route *full = NULL;
	bool refused = false;
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (route->tap || !route->error || route->error == -ENOENT ||
		    route->error == -ECANCELED)
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
		broker_session_set_full(submit->session, full->queue,
					broker_message_size(message));
}

/* Reserves, waiting where that was asked for.  Return: 0 or more: commit; or an error. */
static int publish_reserve_wait(struct submit *submit, const struct broker_op *op,
				const struct broker_message *message)
{
	u32 min_routes = publish_min_routes(op);
	struct broker_routes *routes = &submit->routes;
	struct broker_route *refused;
	int reserved, err;

	for (;;) {
		reserved = publish_reserve(routes, op->flags & BROKER_PUBLISH_F_PARTIAL, &refused);
		if (!publish_may_wait(submit, op, refused))
			break;
		/* All room was given back, so that none waits for what another waiter holds. */
		err = publish_wait(submit, refused->queue, broker_message_size(message));
		if (err) {
			reserved = err;
			break;
		}
	}
	if (refused)
		publish_count_refusals(submit, message);
	if (reserved >= 0 && reserved < min_routes) {
		publish_abort(routes);
		/* Without a refusal: queues were deleted since they were found. */
		if (refused)
			return refused->error;
		return message->exchange_len ? -EHOSTUNREACH : -ENOENT;
	}
	if (reserved >= 0)
		publish_reserve_taps(routes);
	return reserved;
}

static void publish_commit(struct submit *submit, struct broker_result *result)
{
	struct broker_routes *routes = &submit->routes;
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		struct broker_route *route = &routes->route[i];

		if (route->error)
			continue;
		route->sequence = broker_queue_commit(route->queue, &route->reservation);
		if (route->tap)
			continue;
		result->accepted++;
		result->sequence = result->accepted == 1 ? route->sequence : 0;
	}
	if (result->accepted)
		this_cpu_inc(submit->session->broker->stats->published);
}

/* Tells what each queue did, as far as the caller has room for it. */
static void publish_confirm(struct submit *submit, u32 index, struct broker_result *result)
{
	struct broker_routes *routes = &submit->routes;
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
		if (route->error)
			result->refused++;
		/* Proved writable before: a fault now is the caller's own doing. */
		if (submit->nr_confirms < submit->room &&
		    copy_to_user(&submit->confirms[submit->nr_confirms], &confirm,
				 sizeof(confirm)))
			submit->room = 0;
		submit->nr_confirms++;
	}
}

static int publish_to_queues(struct submit *submit, const struct broker_op *op,
			     struct broker_message *message, struct broker_result *result)
{
	struct broker_routes *routes = &submit->routes;
	int err;

	err = publish_prepare(submit, message);
	if (!err)
		err = publish_reserve_wait(submit, op, message);
	if (err >= 0)
		publish_commit(submit, result);
	publish_unprepare(routes);
	return min(err, 0);
}

/* What BROKER_CONFIRM_NONE is not told of, as it has been counted. */
static bool publish_is_refusal(int err)
{
	return err == -EHOSTUNREACH || err == -EAGAIN || err == -EMSGSIZE || err == -ESHUTDOWN;
}

static int submit_arm_will(struct submit *submit, const struct broker_op *op)
{
	struct broker_message *message;
	int err;

	message = broker_message_from_user(submit->session->broker, op, submit->sender,
					   BROKER_WILL_ROOM);
	if (IS_ERR(message))
		return PTR_ERR(message);
	err = broker_will_arm(submit->session, op, message, publish_min_routes(op));
	broker_message_put(message);
	return err;
}

static int submit_disarm(struct submit *submit, const struct broker_op *op)
{
	if (op->flags)
		return -EOPNOTSUPP;
	if (memchr_inv(&op->publish, 0, sizeof(op->publish)))
		return -EINVAL;
	return broker_will_disarm(submit->session, op->user_data);
}

/**
 * broker_submit_will() - Publish to every queue that can take it now
 * @session: has ended
 * @will: its message is final
 *
 * Nobody is left who could try again, so a queue that refuses stops no other,
 * and is counted as for any publish.
 */
void broker_submit_will(struct broker_session *session, struct broker_will *will)
{
	const struct broker_op op = {
		.flags = BROKER_PUBLISH_F_OPTIONAL | BROKER_PUBLISH_F_PARTIAL,
	};
	struct submit submit = {
		.session = session,
		.routes = will->routes,
		.spare = will->entries,
	};
	struct broker_result result = {};
	int err;

	trace_broker_publish(session, will->message);
	err = publish_route(&submit, will->message, 0);
	if (!err)
		err = publish_to_queues(&submit, &op, will->message, &result);
	broker_routes_put(&submit.routes);
	will->routes = submit.routes;
	will->entries = submit.spare;
	atomic64_inc(err ? &session->refused : &session->published);
}

static int submit_publish(struct submit *submit, u32 index, const struct broker_op *op,
			  struct broker_result *result)
{
	struct broker_routes *routes = &submit->routes;
	struct broker_message *message;
	int err;

	err = publish_check(op);
	if (err)
		return err;
	if (!submit->sender)
		submit->sender = broker_session_sender(submit->session);
	if (!submit->sender)
		return -ENOMEM;
	if (op->flags & BROKER_PUBLISH_F_WILL)
		return submit_arm_will(submit, op);
	message = broker_message_from_user(submit->session->broker, op, submit->sender, 0);
	if (IS_ERR(message))
		return PTR_ERR(message);
	trace_broker_publish(submit->session, message);
	err = publish_may(submit->session->broker) ?:
	      publish_route(submit, message, publish_min_routes(op));
	if (!err)
		err = publish_to_queues(submit, op, message, result);
	if (op->publish.confirm != BROKER_CONFIRM_NONE)
		publish_confirm(submit, index, result);
	broker_routes_put(routes);
	broker_message_put(message);
	atomic64_inc(err ? &submit->session->refused : &submit->session->published);
	return op->publish.confirm == BROKER_CONFIRM_NONE && publish_is_refusal(err) ? 0 : err;
}

static int submit_settle(struct submit *submit, const struct broker_op *op,
			 struct broker_result *result)
{
	const struct broker_settle *settle = &op->settle;
	struct broker_consumer *consumer;
	int count;

	if (op->flags & ~BROKER_SETTLE_F_CUMULATIVE)
		return -EOPNOTSUPP;
	if (settle->reserved || memchr_inv(settle->reserved2, 0, sizeof(settle->reserved2)))
		return -EINVAL;
	consumer = broker_session_consumer(submit->session, settle->consumer);
	if (!consumer)
		return -ENOENT;
	count = broker_consumer_settle(consumer, settle->tag, op->opcode,
				       op->flags & BROKER_SETTLE_F_CUMULATIVE, &submit->freed);
	broker_consumer_put(consumer);
	if (count < 0)
		return count;
	result->accepted = count;
	atomic64_add(count, &submit->session->settled);
	return 0;
}

static int submit_credit(struct submit *submit, const struct broker_op *op)
{
	const struct broker_credit *credit = &op->credit;
	struct broker_consumer *consumer;

	if (op->flags)
		return -EOPNOTSUPP;
	if (memchr_inv(credit->reserved, 0, sizeof(credit->reserved)) ||
	    (credit->messages && !credit->bytes))
		return -EINVAL;
	consumer = broker_session_consumer(submit->session, credit->consumer);
	if (!consumer)
		return -ENOENT;
	broker_consumer_set_credit(consumer, credit->messages, credit->bytes);
	broker_consumer_put(consumer);
	return 0;
}

static int submit_one(struct submit *submit, u32 index, const struct broker_op *op,
		      struct broker_result *result)
{
	if (op->reserved)
		return -EINVAL;
	switch (op->opcode) {
	case BROKER_OP_PUBLISH:
		return submit_publish(submit, index, op, result);
	case BROKER_OP_ACCEPT:
	case BROKER_OP_RELEASE:
	case BROKER_OP_FAIL:
	case BROKER_OP_REJECT:
		return submit_settle(submit, op, result);
	case BROKER_OP_CREDIT:
		return submit_credit(submit, op);
	case BROKER_OP_DISARM:
		return submit_disarm(submit, op);
	default:
		return -EOPNOTSUPP;
	}
}

/* Performs the operations in order.  Return: how many failed. */
static u32 submit_all(struct submit *submit, const struct broker_op *ops, u32 nr,
		      struct broker_result *results, bool stop)
{
	bool stopped = false;
	u32 i, failed = 0;

	for (i = 0; i < nr; i++) {
		struct broker_result *result = &results[i];

		if (stopped)
			result->error = -ECANCELED;
		else if (fatal_signal_pending(current))
			result->error = -EINTR;
		else
			result->error = submit_one(submit, i, &ops[i], result);
		if (result->error) {
			failed++;
			stopped |= stop || result->error == -EINTR;
		}
		cond_resched();
	}
	return failed;
}

static int submit_check(const struct broker_submit *args)
{
	if (args->flags & ~BROKER_SUBMIT_F_STOP)
		return -EOPNOTSUPP;
	if (!args->nr_ops || args->nr_ops > BROKER_MAX_OPS ||
	    args->op_size < sizeof(struct broker_op) || args->op_size > BROKER_MAX_OP_SIZE ||
	    args->nr_confirms > BROKER_MAX_CONFIRMS)
		return -EINVAL;
	return 0;
}

/* Reads all operations before the first is performed. */
static int submit_copy_ops(const struct broker_submit *args, struct broker_op *ops)
{
	const void __user *user = u64_to_user_ptr(args->ops);
	u32 i;
	int err;

	if (args->op_size == sizeof(*ops))
		return copy_from_user(ops, user, args->nr_ops * sizeof(*ops)) ? -EFAULT : 0;
	for (i = 0; i < args->nr_ops; i++) {
		err = copy_struct_from_user(&ops[i], sizeof(*ops), user + i * args->op_size,
					    args->op_size);
		if (err)
			return err;
	}
	return 0;
}

/* Whether all that the call will write can be written; leaves zeros there. */
static int submit_prove_writable(const struct broker_submit *args,
				 struct broker_submit __user *uargs)
{
	if (args->results && clear_user(u64_to_user_ptr(args->results),
					args->nr_ops * sizeof(struct broker_result)))
		return -EFAULT;
	if (args->confirms && clear_user(u64_to_user_ptr(args->confirms),
					 args->nr_confirms * sizeof(struct broker_confirm)))
		return -EFAULT;
	/* Last, so that a caller that got EFAULT finds its arguments as they were. */
	if (put_user(0, &uargs->failed) || put_user(0, &uargs->nr_confirms))
		return -EFAULT;
	return 0;
}

static void submit_set_deadline(struct submit *submit, u64 timeout_ns)
{
	submit->forever = timeout_ns == BROKER_TIMEOUT_FOREVER;
	/* 0 means not to wait, so a deadline that happens to be 0 is moved on. */
	if (timeout_ns && !submit->forever)
		submit->deadline = (jiffies + min_t(u64, nsecs_to_jiffies64(timeout_ns) + 1,
						    MAX_SCHEDULE_TIMEOUT / 2)) ?: 1;
}

static int submit_run(struct submit *submit, struct broker_submit *args,
		      struct broker_op *ops, struct broker_result *results,
		      struct broker_submit __user *uargs)
{
	int err;

	err = submit_copy_ops(args, ops);
	if (err)
		return err;
	err = submit_prove_writable(args, uargs);
	if (err)
		return err;
	args->failed = submit_all(submit, ops, args->nr_ops, results,
				  args->flags & BROKER_SUBMIT_F_STOP);

	/*
	 * What was done stands, so from here on the call succeeds.  All of this was
	 * writable; a caller that unmapped it since loses it.
	 */
	if (args->results &&
	    copy_to_user(u64_to_user_ptr(args->results), results, args->nr_ops * sizeof(*results)))
		return 0;
	if (put_user(submit->nr_confirms, &uargs->nr_confirms))
		return 0;
	put_user(args->failed, &uargs->failed);
	return 0;
}

int broker_session_submit(struct broker_session *session, void *arg, void __user *uarg)
{
	struct broker_submit *args = arg;
	struct submit submit = {
		.session = session,
		.confirms = u64_to_user_ptr(args->confirms),
		.room = args->confirms ? args->nr_confirms : 0,
	};
	struct broker_result few_results[SUBMIT_FEW], *results = few_results;
	struct broker_op few_ops[SUBMIT_FEW], *ops = few_ops;
	int err;

	err = submit_check(args);
	if (err)
		return err;
	if (args->nr_ops > SUBMIT_FEW) {
		ops = kvmalloc_array(args->nr_ops, sizeof(*ops), GFP_KERNEL);
		results = kvmalloc_array(args->nr_ops, sizeof(*results), GFP_KERNEL);
	}
	if (ops && results) {
		memset(results, 0, args->nr_ops * sizeof(*results));
		broker_routes_init(&submit.routes);
		submit_set_deadline(&submit, args->timeout_ns);
		err = submit_run(&submit, args, ops, results, uarg);
		broker_routes_free(&submit.routes);
		broker_entry_free_list(submit.freed);
		broker_sender_put(submit.sender);
	} else {
		err = -ENOMEM;
	}
	if (args->nr_ops > SUBMIT_FEW) {
		kvfree(results);
		kvfree(ops);
	}
	return err;
}
