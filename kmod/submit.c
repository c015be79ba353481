// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "consumer.h"
#include "message.h"
#include "request.h"
#include "route.h"
#include "sender.h"
#include "session.h"
#include "state.h"
#include "submit.h"
#include "will.h"

/*
 * Operations that find room on the stack.  So a few settlements need no memory,
 * and many need none that is charged to the caller.
 */
#define SUBMIT_FEW	4

/* What may be said of a delivery: DELAY and EXTEND have a time, the others none. */
int broker_settle_check(const struct broker_op *op)
{
	const struct broker_settle *settle = &op->settle;

	if (settle->time_ms > BROKER_MAX_TIME_MS ||
	    (settle->time_ms && op->opcode != BROKER_OP_DELAY && op->opcode != BROKER_OP_EXTEND))
		return -EINVAL;

	if (op->flags & ~BROKER_SETTLE_F_CUMULATIVE)
		return -EOPNOTSUPP;
	if (settle->reserved || memchr_inv(settle->reserved2, 0, sizeof(settle->reserved2)))
		return -EINVAL;
	return 0;
}

static int submit_settle(struct broker_submission *submit, const struct broker_op *op,
			 struct broker_result *result)
{
	const struct broker_settle *settle = &op->settle;
	u64 time = settle->time_ms * NSEC_PER_MSEC;
	struct broker_consumer *consumer;
	bool cumulative;
	int count;

	count = broker_settle_check(op);
	if (count)
		return count;
	consumer = broker_session_consumer(submit->session, settle->consumer);
	if (!consumer)
		return -ENOENT;
	cumulative = op->flags & BROKER_SETTLE_F_CUMULATIVE;
	if (op->opcode == BROKER_OP_EXTEND)
		count = broker_consumer_extend(consumer, settle->tag, time, cumulative);
	else
		count = broker_consumer_settle(consumer, settle->tag, op->opcode, time, cumulative,
					       &submit->freed);
	broker_consumer_put(consumer);
	if (count < 0)
		return count;
	result->accepted = count;
	if (op->opcode != BROKER_OP_EXTEND)
		atomic64_add(count, &submit->session->settled);
	return 0;
}

int broker_state_check(const struct broker_op *op)
{
	if (op->flags)
		return -EOPNOTSUPP;
	return memchr_inv(op->state.reserved, 0, sizeof(op->state.reserved)) ? -EINVAL : 0;
}

static int submit_state(struct broker_submission *submit, const struct broker_op *op)
{
	struct broker_state_change change;
	struct broker_consumer *consumer;
	int err;

	err = broker_state_check(op);
	if (err)
		return err;
	consumer = broker_session_consumer(submit->session, op->state.consumer);
	if (!consumer)
		return -ENOENT;
	err = broker_state_prepare(&change, consumer, &op->state) ?:
	      broker_state_set(&change, consumer, op->state.tag);
	broker_state_end(&change);
	broker_consumer_put(consumer);
	return err;
}

static int submit_credit(struct broker_submission *submit, const struct broker_op *op)
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

static int submit_disarm(struct broker_submission *submit, const struct broker_op *op)
{
	if (op->flags)
		return -EOPNOTSUPP;
	if (memchr_inv(&op->publish, 0, sizeof(op->publish)))
		return -EINVAL;
	return broker_will_disarm(submit->session, op->user_data);
}

static int submit_reply(struct broker_submission *submit, const struct broker_op *op,
			struct broker_result *result)
{
	struct broker_op publish = *op;
	struct broker_consumer *consumer;
	struct broker_message *message;
	int err;

	/* A message that goes to a delivery, in the place of an exchange. */
	BUILD_BUG_ON(offsetof(struct broker_reply, consumer) !=
		     offsetof(struct broker_publish, min_routes));
	BUILD_BUG_ON(offsetof(struct broker_reply, tag) !=
		     offsetof(struct broker_publish, expected_sequence));
	BUILD_BUG_ON(offsetof(struct broker_reply, fds) != offsetof(struct broker_publish, fds));
	if (op->flags & ~BROKER_PUBLISH_F_BODY_FD)
		return -EOPNOTSUPP;
	if (memchr_inv(op->reply.reserved, 0, sizeof(op->reply.reserved)))
		return -EINVAL;
	consumer = broker_session_consumer(submit->session, op->reply.consumer);
	if (!consumer)
		return -ENOENT;
	publish.publish.min_routes = 0;
	publish.publish.expected_sequence = 0;
	message = broker_publish_message(submit, &publish);
	err = PTR_ERR_OR_ZERO(message);
	if (!err) {
		err = broker_consumer_reply(consumer, op->reply.tag, message, &submit->freed);
		broker_message_put(message);
	}
	broker_consumer_put(consumer);
	if (err)
		return err;
	result->accepted = 1;
	atomic64_inc(&submit->session->settled);
	return 0;
}

static int submit_withdraw(struct broker_submission *submit, const struct broker_op *op,
			   struct broker_result *result)
{
	if (op->flags)
		return -EOPNOTSUPP;
	if (memchr_inv(&op->publish, 0, sizeof(op->publish)))
		return -EINVAL;
	result->accepted = broker_requests_withdraw(submit->session, op->user_data);
	return result->accepted ? 0 : -ENOENT;
}

static int submit_one(struct broker_submission *submit, u32 index, const struct broker_op *op,
		      struct broker_result *result)
{
	if (op->reserved)
		return -EINVAL;
	switch (op->opcode) {
	case BROKER_OP_PUBLISH:
		return broker_submit_publish(submit, index, op, result);
	case BROKER_OP_ACCEPT:
	case BROKER_OP_RELEASE:
	case BROKER_OP_FAIL:
	case BROKER_OP_REJECT:
	case BROKER_OP_DELAY:
	case BROKER_OP_DEFER:
	case BROKER_OP_EXTEND:
		return submit_settle(submit, op, result);
	case BROKER_OP_CREDIT:
		return submit_credit(submit, op);
	case BROKER_OP_STATE:
		return submit_state(submit, op);
	case BROKER_OP_REPLY:
		return submit_reply(submit, op, result);
	case BROKER_OP_WITHDRAW:
		return submit_withdraw(submit, op, result);
	case BROKER_OP_DISARM:
		return submit_disarm(submit, op);
	default:
		return -EOPNOTSUPP;
	}
}

/* Performs the operations in order.  Return: how many failed. */
static u32 submit_all(struct broker_submission *submit, const struct broker_op *ops, u32 nr,
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
	if (args->flags & ~(BROKER_SUBMIT_F_STOP | BROKER_SUBMIT_F_ATOMIC))
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

static void submit_set_deadline(struct broker_submission *submit, u64 timeout_ns)
{
	submit->forever = timeout_ns == BROKER_TIMEOUT_FOREVER;
	/* 0 means not to wait, so a deadline that happens to be 0 is moved on. */
	if (timeout_ns && !submit->forever)
		submit->deadline = (jiffies + min_t(u64, nsecs_to_jiffies64(timeout_ns) + 1,
						    MAX_SCHEDULE_TIMEOUT / 2)) ?: 1;
}

static int submit_run(struct broker_submission *submit, struct broker_submit *args,
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
	if (args->flags & BROKER_SUBMIT_F_ATOMIC)
		args->failed = broker_submit_atomic(submit, ops, args->nr_ops, results);
	else
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
	struct broker_submission submit = {
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
