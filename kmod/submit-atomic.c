// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <linux/broker.h>

#include "broker.h"
#include "consumer.h"
#include "limit.h"
#include "message.h"
#include "queue.h"
#include "reservation.h"
#include "session.h"
#include "state.h"
#include "submit.h"
#include "trace.h"
#include "transaction.h"

/**
 * struct atomic_step - one operation of a transaction
 * @routes: publish: where to; its memory for searching is the submission's
 * @message: publish: what
 * @admission: publish: what limits have let it take, if the message is charged
 * @refused: publish: the queue that had no room
 * @dropped: publish: unroutable, and the publisher said not to be told
 * @refusal: publish: the queues' error, of which the publisher is not told
 * @consumer: else: whose delivery
 * @claim: which; of STATE: unless a later operation settles it
 * @spare: ACCEPT: room that it leaves, shared by all of one queue
 * @state: STATE: what is to be set
 */
struct atomic_step {
	union {
		struct {
			struct broker_routes routes;
			struct broker_message *message;
			struct broker_admission admission;
			struct broker_route *refused;
			bool dropped;
			int refusal;
		};
		struct {
			struct broker_consumer *consumer;
			struct broker_claim claim;
			struct broker_spare *spare;
			struct broker_state_change state;
		};
	};
};

/**
 * struct atomic - a transaction under way
 * @submit: the call
 * @ops: what it asks for
 * @steps: one for each
 * @nr: how many
 * @results: one for each
 * @transaction: hides what it links
 * @spares: one for each queue that something is accepted from
 * @nr_spares: how many
 * @has_states: it sets some
 * @expecting: its first publish has BROKER_PUBLISH_F_EXPECT
 * @first: which operation that is
 * @failed: operation that cannot be done
 */
struct atomic {
	struct broker_submission *submit;
	const struct broker_op *ops;
	struct atomic_step *steps;
	u32 nr;
	struct broker_result *results;
	struct broker_transaction *transaction;
	struct broker_spare *spares;
	u32 nr_spares;
	bool has_states;
	bool expecting;
	u32 first;
	u32 failed;
};

static bool is_publish(const struct broker_op *op)
{
	return op->opcode == BROKER_OP_PUBLISH;
}

static bool is_state(const struct broker_op *op)
{
	return op->opcode == BROKER_OP_STATE;
}

/* Only what can be undone until it is committed; says so before anything is done. */
static int atomic_check(const struct broker_op *op)
{
	if (op->reserved)
		return -EINVAL;
	switch (op->opcode) {
	case BROKER_OP_PUBLISH:
		return op->flags & (BROKER_PUBLISH_F_WILL | BROKER_PUBLISH_F_REQUEST) ?
		       -EOPNOTSUPP : broker_publish_check(op);
	case BROKER_OP_ACCEPT:
	case BROKER_OP_RELEASE:
	case BROKER_OP_FAIL:
	case BROKER_OP_REJECT:
	case BROKER_OP_DELAY:
	case BROKER_OP_DEFER:
		return broker_settle_check(op);
	case BROKER_OP_STATE:
		return broker_state_check(op);
	default:
		return -EOPNOTSUPP;
	}
}

/* Copies the message, finds its queues, and makes the entries. */
static int atomic_prepare_publish(struct atomic *atomic, u32 index)
{
	struct atomic_step *step = &atomic->steps[index];
	const struct broker_op *op = &atomic->ops[index];
	struct broker_submission *submit = atomic->submit;
	struct broker_message *message;
	int err;

	message = broker_publish_message(submit, op);
	if (IS_ERR(message))
		return PTR_ERR(message);
	step->message = message;
	trace_broker_publish(submit->session, message);
	err = broker_publish_may(submit->session->broker) ?:
	      broker_publish_route(submit, op, message) ?:
	      broker_routes_rewrite(&submit->routes, &step->message) ?:
	      broker_publish_admit(submit, op, step->message, &step->admission, true);
	if (err) {
		broker_routes_put(&submit->routes);
		if (!broker_publish_is_unconfirmed(op, err))
			return err;
		step->dropped = true;
		return 0;
	}
	broker_routes_move(&step->routes, &submit->routes);
	return broker_publish_prepare(submit, &step->routes, step->message);
}

/* Of all publishes the first alone may expect something: that is committed before all else. */
static int atomic_check_expected(struct atomic *atomic)
{
	bool found = false;
	u32 i;

	for (i = 0; i < atomic->nr; i++) {
		if (!is_publish(&atomic->ops[i]))
			continue;
		if (atomic->ops[i].flags & BROKER_PUBLISH_F_EXPECT) {
			atomic->failed = i;
			if (found)
				return -EINVAL;
			atomic->expecting = true;
			atomic->first = i;
		}
		found = true;
	}
	return 0;
}

static int atomic_prepare_state(struct atomic *atomic, u32 index)
{
	const struct broker_state *args = &atomic->ops[index].state;
	struct atomic_step *step = &atomic->steps[index];

	step->consumer = broker_session_consumer(atomic->submit->session, args->consumer);
	if (!step->consumer)
		return -ENOENT;
	step->claim.tag = args->tag;
	return broker_state_prepare(&step->state, step->consumer, args);
}

static int atomic_prepare_settle(struct atomic *atomic, u32 index)
{
	const struct broker_op *op = &atomic->ops[index];
	struct atomic_step *step = &atomic->steps[index];

	step->consumer = broker_session_consumer(atomic->submit->session, op->settle.consumer);
	if (!step->consumer)
		return -ENOENT;
	step->claim.tag = op->settle.tag;
	step->claim.delay = op->settle.time_ms * NSEC_PER_MSEC;
	step->claim.cumulative = op->flags & BROKER_SETTLE_F_CUMULATIVE;
	return 0;
}

static int atomic_prepare(struct atomic *atomic)
{
	u32 i;
	int err;

	for (i = 0; i < atomic->nr; i++) {
		atomic->failed = i;
		err = atomic_check(&atomic->ops[i]);
		if (err)
			return err;
		atomic->has_states |= is_state(&atomic->ops[i]);
	}
	err = atomic_check_expected(atomic);
	if (err)
		return err;
	for (i = 0; i < atomic->nr; i++) {
		const struct broker_op *op = &atomic->ops[i];

		atomic->failed = i;
		if (fatal_signal_pending(current))
			return -EINTR;
		err = is_publish(op) ? atomic_prepare_publish(atomic, i) :
		      is_state(op) ? atomic_prepare_state(atomic, i) :
				     atomic_prepare_settle(atomic, i);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static struct broker_spare *atomic_find_spare(struct atomic *atomic, struct broker_queue *queue)
{
	u32 i;

	for (i = 0; i < atomic->nr_spares; i++)
		if (atomic->spares[i].queue == queue)
			return &atomic->spares[i];
	return NULL;
}

/* What is accepted leaves room for what is published to the same queue. */
static void atomic_add_spare(struct atomic *atomic, struct atomic_step *step)
{
	struct broker_queue *queue = step->consumer->queue;
	struct broker_spare *spare = atomic_find_spare(atomic, queue);

	if (!spare) {
		spare = &atomic->spares[atomic->nr_spares++];
		*spare = (struct broker_spare) { .queue = queue };
	}
	spare->messages += step->claim.count;
	spare->bytes += step->claim.bytes;
	step->spare = spare;
}

/* What was claimed for its state is for the next operation that means it; whether there was any. */
static bool atomic_take_over(struct atomic *atomic, u32 index)
{
	struct atomic_step *step = &atomic->steps[index];
	bool found = false;
	u32 i;

	for (i = 0; atomic->has_states && i < index; i++) {
		struct broker_claim *claim = &atomic->steps[i].claim;

		if (!is_state(&atomic->ops[i]) || !claim->entries ||
		    atomic->steps[i].consumer != step->consumer || claim->tag > step->claim.tag ||
		    (claim->tag < step->claim.tag && !step->claim.cumulative))
			continue;
		claim->entries->next = step->claim.entries;
		step->claim.entries = claim->entries;
		step->claim.count += claim->count;
		step->claim.bytes += claim->bytes;
		claim->entries = NULL;
		claim->count = 0;
		claim->bytes = 0;
		found = true;
	}
	return found;
}

static int atomic_claim(struct atomic *atomic)
{
	u32 i;
	int err;

	for (i = 0; i < atomic->nr; i++) {
		struct atomic_step *step = &atomic->steps[i];

		if (is_publish(&atomic->ops[i]))
			continue;
		atomic->failed = i;
		err = atomic_take_over(atomic, i) && !step->claim.cumulative ? 0 :
		      broker_consumer_claim(step->consumer, &step->claim);
		if (!err && is_state(&atomic->ops[i]))
			err = broker_state_reserve(&step->state);
		if (err)
			return err;
		if (atomic->ops[i].opcode == BROKER_OP_ACCEPT)
			atomic_add_spare(atomic, step);
	}
	return 0;
}

static int atomic_reserve(struct atomic *atomic)
{
	u32 i, j;
	int err;

	for (i = 0; i < atomic->nr; i++) {
		struct atomic_step *step = &atomic->steps[i];
		const struct broker_op *op = &atomic->ops[i];
		struct broker_routes *routes = &step->routes;

		if (!is_publish(op) || step->dropped)
			continue;
		atomic->failed = i;
		for (j = 0; atomic->nr_spares && j < routes->nr; j++)
			routes->route[j].reservation.spare =
				atomic_find_spare(atomic, routes->route[j].queue);
		err = broker_publish_reserve(routes, op, step->message, &step->refused);
		if (err && !broker_publish_is_unconfirmed(op, err))
			return err;
		step->refusal = err;
		cond_resched();
	}
	return 0;
}

/* Gives back all that was claimed and reserved: as if nothing had been tried. */
static void atomic_undo(struct atomic *atomic)
{
	u32 i;

	for (i = 0; i < atomic->nr; i++) {
		struct atomic_step *step = &atomic->steps[i];

		if (is_publish(&atomic->ops[i])) {
			broker_publish_abort(&step->routes);
			continue;
		}
		if (is_state(&atomic->ops[i]))
			broker_state_abort(&step->state);
		if (step->claim.entries)
			broker_consumer_unclaim(step->consumer, &step->claim);
		step->spare = NULL;
	}
}

/* What the transaction needs in @queue, beyond what it frees there. */
static void atomic_need(const struct atomic *atomic, const struct broker_queue *queue,
			u32 *messages, u64 *bytes)
{
	u64 freed = 0;
	u32 i, j;

	*messages = 0;
	*bytes = 0;
	for (i = 0; i < atomic->nr; i++) {
		const struct atomic_step *step = &atomic->steps[i];

		if (!is_publish(&atomic->ops[i]))
			continue;
		for (j = 0; j < step->routes.nr; j++) {
			if (step->routes.route[j].queue != queue ||
			    step->routes.route[j].error == -EALREADY)
				continue;
			++*messages;
			*bytes += broker_message_size(step->message);
		}
	}
	for (i = 0; i < atomic->nr_spares; i++) {
		if (atomic->spares[i].queue != queue)
			continue;
		*messages -= min(*messages, atomic->spares[i].messages);
		freed = min(*bytes, atomic->spares[i].bytes);
	}
	*bytes -= freed;
}

/* Claims and reserves all, waiting where that was asked for. */
static int atomic_acquire(struct atomic *atomic)
{
	struct broker_submission *submit = atomic->submit;
	struct atomic_step *step;
	u32 messages = 0;
	u64 bytes = 0;
	int err;

	for (;;) {
		err = atomic_claim(atomic) ?: atomic_reserve(atomic);
		if (!err)
			return 0;
		atomic_undo(atomic);
		if (!is_publish(&atomic->ops[atomic->failed]))
			return err;
		step = &atomic->steps[atomic->failed];
		if (step->refused)
			atomic_need(atomic, step->refused->queue, &messages, &bytes);
		atomic->nr_spares = 0;
		/* More than the queue could ever hold, waiting or not. */
		if (step->refused && step->refused->error == -EAGAIN &&
		    (messages > READ_ONCE(step->refused->queue->settings.max_messages) ||
		     bytes > READ_ONCE(step->refused->queue->settings.max_bytes))) {
			err = step->refused->error = -EMSGSIZE;
			break;
		}
		if (!broker_publish_may_wait(submit, &atomic->ops[atomic->failed], step->refused))
			break;
		/* Nothing is held, so that none waits for what another waiter has. */
		err = broker_publish_wait(submit, step->refused->queue, messages, bytes);
		if (err)
			break;
	}
	if (step->refused)
		broker_publish_count_refusals(submit, &step->routes, messages, bytes);
	return err;
}

static int atomic_commit_publish(struct atomic *atomic, u32 index)
{
	struct atomic_step *step = &atomic->steps[index];
	struct broker_submission *submit = atomic->submit;
	struct broker_result *result = &atomic->results[index];
	int err;

	if (step->refused)
		broker_publish_count_refusals(submit, &step->routes, 1,
					      broker_message_size(step->message));
	err = broker_publish_commit(submit, &step->routes, atomic->transaction, result);
	if (err)
		return err;
	if (step->dropped || step->refusal)
		atomic64_inc(&submit->session->refused);
	else
		atomic64_inc(&submit->session->published);
	return 0;
}

/* Cannot fail, but where the first publish expects what is so no more: -ESTALE. */
static int atomic_commit(struct atomic *atomic)
{
	struct broker_submission *submit = atomic->submit;
	struct broker *broker = submit->session->broker;
	u32 i, j;
	int err;

	if (atomic->expecting) {
		err = atomic_commit_publish(atomic, atomic->first);
		if (err) {
			atomic->failed = atomic->first;
			atomic_undo(atomic);
			return err;
		}
	}
	for (i = 0; i < atomic->nr; i++) {
		struct atomic_step *step = &atomic->steps[i];
		unsigned int opcode = atomic->ops[i].opcode;

		if (is_publish(&atomic->ops[i])) {
			if (!atomic->expecting || i != atomic->first)
				atomic_commit_publish(atomic, i);
			continue;
		}
		if (is_state(&atomic->ops[i])) {
			broker_state_commit(&step->state);
			continue;
		}
		atomic->results[i].accepted = step->claim.count;
		atomic64_add(step->claim.count, &submit->session->settled);
		if (opcode != BROKER_OP_ACCEPT && opcode != BROKER_OP_REJECT)
			broker_consumer_return_claimed(step->consumer, &step->claim, opcode,
						       atomic->transaction);
	}

	broker_transaction_commit(broker, atomic->transaction);

	for (i = 0; i < atomic->nr; i++) {
		struct atomic_step *step = &atomic->steps[i];

		if (!is_publish(&atomic->ops[i]) && !is_state(&atomic->ops[i]))
			broker_consumer_finish_claim(step->consumer, &step->claim,
						     atomic->ops[i].opcode, step->spare,
						     &submit->freed);
	}
	/* When all credit is as it will be: who gets what is decided at one moment, too. */
	for (i = 0; i < atomic->nr; i++) {
		struct atomic_step *step = &atomic->steps[i];

		if (!is_publish(&atomic->ops[i])) {
			/* What nothing settled stays with who has it. */
			if (is_state(&atomic->ops[i]) && step->claim.entries)
				broker_consumer_unclaim(step->consumer, &step->claim);
			broker_queue_dispatch(step->consumer->queue);
			if (READ_ONCE(step->consumer->queue->dead))
				broker_queue_drain(step->consumer->queue);
			continue;
		}
		for (j = 0; j < step->routes.nr; j++)
			if (!step->routes.route[j].error)
				broker_queue_dispatch(step->routes.route[j].queue);
	}
	broker_transaction_done(broker);
	return 0;
}

/* Writes the confirms, of what was done or of what stood in the way, and lets go. */
static void atomic_end(struct atomic *atomic, bool done)
{
	u32 i;

	for (i = 0; i < atomic->nr; i++) {
		struct atomic_step *step = &atomic->steps[i];
		const struct broker_op *op = &atomic->ops[i];

		if (!is_publish(op)) {
			if (is_state(op))
				broker_state_end(&step->state);
			broker_consumer_put(step->consumer);
			continue;
		}
		if (op->publish.confirm != BROKER_CONFIRM_NONE && (done || i == atomic->failed))
			broker_publish_confirm(atomic->submit, &step->routes, i,
					       &atomic->results[i]);
		broker_publish_unprepare(&step->routes);
		if (!done && step->message && step->message->charged)
			broker_admission_undo(&step->admission);
		broker_routes_free(&step->routes);
		broker_message_put(step->message);
		cond_resched();
	}
}

static int atomic_run(struct atomic *atomic)
{
	int err;

	err = atomic_prepare(atomic) ?: atomic_acquire(atomic);
	if (!err)
		err = atomic_commit(atomic);
	atomic_end(atomic, !err);
	return err;
}

/**
 * broker_submit_atomic() - Perform all operations, or none
 * @submit: the call
 * @ops: checked for nothing yet
 * @nr: how many
 * @results: zeros; the one that stood in the way gets its error, all others
 *	ECANCELED
 *
 * Return: how many failed: 0 or @nr.
 */
u32 broker_submit_atomic(struct broker_submission *submit, const struct broker_op *ops, u32 nr,
			 struct broker_result *results)
{
	struct atomic atomic = {
		.submit = submit,
		.ops = ops,
		.nr = nr,
		.results = results,
	};
	int err = -ENOMEM;
	u32 i;

	atomic.steps = kvcalloc(nr, sizeof(*atomic.steps), GFP_KERNEL);
	atomic.spares = kvmalloc_array(nr, sizeof(*atomic.spares), GFP_KERNEL);
	atomic.transaction = broker_transaction_new();
	if (atomic.steps && atomic.spares && atomic.transaction)
		err = atomic_run(&atomic);
	broker_transaction_put(atomic.transaction);
	kvfree(atomic.spares);
	kvfree(atomic.steps);
	if (!err)
		return 0;

	for (i = 0; i < nr; i++)
		results[i].error = -ECANCELED;
	results[atomic.failed].error = err;
	atomic64_inc(&submit->session->refused);
	return nr;
}
