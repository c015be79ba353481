// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "broker.h"
#include "consumer.h"
#include "files.h"
#include "handout.h"
#include "message.h"
#include "queue.h"
#include "request.h"
#include "session.h"
#include "transaction.h"

/* Hand-outs that find room on the stack: the usual RECEIVE allocates nothing. */
#define RECEIVE_FEW	8

/**
 * struct receive - a RECEIVE under way
 * @session: whose
 * @args: kernel copy of its arguments
 * @handouts: what it got
 * @max: how many that may be
 * @count: how many there are
 * @needed: bytes that the first message needs, if the buffer is too small
 */
struct receive {
	struct broker_session *session;
	struct broker_receive *args;
	struct broker_handout *handouts;
	u32 max;
	int count;
	u32 needed;
};

/* The next consumer that has something, round robin; or one that has ended. */
static struct broker_consumer *receive_next(struct broker_session *session, bool *gone)
{
	struct broker_consumer *consumer;

	spin_lock(&session->lock);
	consumer = list_first_entry_or_null(&session->gone, struct broker_consumer, of_session);
	*gone = consumer;
	if (!consumer) {
		consumer = list_first_entry_or_null(&session->readable, struct broker_consumer,
						    of_session);
		if (consumer)
			list_move_tail(&consumer->of_session, &session->readable);
	}
	/* In either list it is in the session's table too, and so referenced. */
	if (consumer && WARN_ON_ONCE(!broker_consumer_tryget(consumer)))
		consumer = NULL;
	spin_unlock(&session->lock);
	return consumer;
}

static int receive_lease(struct receive *receive, struct broker_consumer *consumer, u32 *pull)
{
	const struct broker_receive *args = receive->args;

	if (args->flags & BROKER_RECEIVE_F_DEFERRED)
		return broker_consumer_fetch(consumer, args->sequence, receive->handouts,
					     args->buffer_len, &receive->needed);
	return broker_consumer_lease(consumer, receive->handouts, receive->max, args->buffer_len,
				     pull, &receive->needed);
}

/* Leases from one consumer and writes it to the reader; all of that, or nothing. */
static int receive_from(struct receive *receive, struct broker_consumer *consumer, u32 *pull)
{
	const struct broker_handout_to to = {
		.buffer = u64_to_user_ptr(receive->args->buffer),
		.consumer = consumer->id,
		.queue = consumer->queue->id,
		.user_data = consumer->user_data,
		.headers_only = broker_consumer_headers_only(consumer),
	};
	int err;

	receive->needed = 0;
	receive->count = receive_lease(receive, consumer, pull);
	if (receive->count <= 0)
		return receive->count;
	err = broker_handout_copy(receive->handouts, receive->count, &to, &receive->args->bytes);
	if (err)
		broker_consumer_unlease(consumer, receive->handouts, receive->count);
	else
		receive->args->count = receive->count;
	return err;
}

/* The reader has them: where that is all it takes, they are settled. */
static void receive_auto_accept(struct receive *receive, struct broker_consumer *consumer)
{
	struct broker_entry *freed = NULL;
	int i;

	if (!(consumer->flags & BROKER_CONSUME_F_AUTO_ACCEPT))
		return;
	for (i = 0; i < receive->count; i++)
		broker_consumer_settle(consumer, receive->handouts[i].key, BROKER_OP_ACCEPT, 0,
				       false, &freed);
	broker_entry_free_list(freed);
}

static int receive_tell(struct receive *receive, struct broker_receive __user *uargs)
{
	const struct broker_receive *args = receive->args;

	return put_user(args->count, &uargs->count) || put_user(args->bytes, &uargs->bytes) ||
	       put_user(args->consumer, &uargs->consumer) ? -EFAULT : 0;
}

/* From one consumer; 0: it has nothing now. */
static int receive_try(struct receive *receive, struct broker_consumer *consumer, u32 *pull,
		       struct broker_receive __user *uargs)
{
	int err = receive_from(receive, consumer, pull);

	if (!err && receive->count) {
		err = receive_tell(receive, uargs);
		if (!err && !broker_consumer_headers_only(consumer))
			err = broker_files_install(receive->handouts, receive->count,
						   u64_to_user_ptr(receive->args->buffer));
		if (err)
			broker_consumer_unlease(consumer, receive->handouts, receive->count);
		else
			receive_auto_accept(receive, consumer);
	} else if (err == -EMSGSIZE) {
		receive->args->bytes = receive->needed;
		if (receive_tell(receive, uargs))
			err = -EFAULT;
	}
	if (receive->count > 0) {
		if (!err) {
			atomic64_add(receive->count, &receive->session->received);
			if (consumer->flags & BROKER_CONSUME_F_AUTO_ACCEPT)
				atomic64_add(receive->count, &receive->session->settled);
		}
		broker_handout_put(receive->handouts, receive->count);
	}
	return err;
}

/* Tells of a consumer whose queue was deleted, and forgets it. */
static int receive_gone(struct receive *receive, struct broker_consumer *consumer,
			struct broker_receive __user *uargs)
{
	receive->args->consumer = consumer->id;
	if (receive_tell(receive, uargs))
		return -EFAULT;
	if (broker_session_forget(receive->session, consumer))
		return -EIDRM;
	receive->args->consumer = 0;
	return 0;
}

static ktime_t receive_timeout(u64 timeout_ns)
{
	return timeout_ns > KTIME_MAX ? KTIME_MAX : timeout_ns;
}

/* Waits until @condition; -EAGAIN, -ETIMEDOUT, -EINTR in words of the ABI. */
#define receive_wait(session, condition, deadline)					\
({											\
	ktime_t __left = (deadline) == KTIME_MAX ? KTIME_MAX :				\
			 ktime_sub(deadline, ktime_get());				\
	int __err = -ETIME;								\
											\
	if (__left > 0)									\
		__err = wait_event_interruptible_hrtimeout((session)->wait, condition,	\
							   __left);			\
	__err == -ETIME ? -ETIMEDOUT : __err ? -EINTR : 0;				\
})

/* What has come to requests; 0, and a count of 0: nothing now. */
static int receive_replies(struct receive *receive, struct broker_receive __user *uargs)
{
	struct broker_receive *args = receive->args;
	int err;

	err = broker_replies_receive(receive->session, args, uargs);
	if (err == -EMSGSIZE && receive_tell(receive, uargs))
		err = -EFAULT;
	return err;
}

/* From consumer BROKER_CONSUMER_REPLIES alone. */
static int receive_requested(struct receive *receive, ktime_t deadline,
			     struct broker_receive __user *uargs)
{
	struct broker_session *session = receive->session;
	int err;

	for (;;) {
		bool open = READ_ONCE(session->nr_requests);

		if (READ_ONCE(session->ended))
			return -EOWNERDEAD;
		err = receive_replies(receive, uargs);
		if (err || receive->args->count)
			return err;
		if (!open)
			return -ENOENT;
		if (!deadline)
			return -EAGAIN;
		err = receive_wait(session, !list_empty_careful(&session->replies) ||
				   !READ_ONCE(session->nr_requests) ||
				   READ_ONCE(session->ended), deadline);
		if (err)
			return err;
	}
}

static int receive_any(struct receive *receive, ktime_t deadline,
		       struct broker_receive __user *uargs)
{
	struct broker_session *session = receive->session;
	struct broker_consumer *consumer;
	bool gone;
	int err;

	for (;;) {
		bool under_way = broker_transaction_under_way(session->broker);
		u32 pull = 0;

		if (READ_ONCE(session->ended))
			return -EOWNERDEAD;
		err = receive_replies(receive, uargs);
		if (err || receive->args->count)
			return err;
		if (unlikely(atomic_read(&session->hung)))
			broker_session_revive(session);
		consumer = receive_next(session, &gone);
		if (consumer) {
			err = gone ? receive_gone(receive, consumer, uargs) :
				     receive_try(receive, consumer, &pull, uargs);
			broker_consumer_put(consumer);
			if (err || receive->args->count)
				return err;
			continue;
		}
		if (under_way) {
			broker_session_catch_up(session);
			if (broker_session_readable(session))
				continue;
		}
		if (!deadline)
			return -EAGAIN;
		err = receive_wait(session, broker_session_readable(session) ||
				   READ_ONCE(session->ended), deadline);
		if (err)
			return err;
	}
}

static int receive_named(struct receive *receive, struct broker_consumer *consumer,
			 ktime_t deadline, struct broker_receive __user *uargs)
{
	struct broker_session *session = receive->session;
	u32 pull = READ_ONCE(consumer->credit_messages) ? 0 : receive->max;
	int err;

	if (pull)
		broker_consumer_pull(consumer, pull);
	for (;;) {
		bool under_way = broker_transaction_under_way(session->broker);

		if (READ_ONCE(session->ended))
			err = -EOWNERDEAD;
		else if (READ_ONCE(consumer->dead))
			err = receive_gone(receive, consumer, uargs) ?: -ENOENT;
		else
			err = receive_try(receive, consumer, &pull, uargs);
		if (err || receive->args->count)
			break;
		if (under_way) {
			broker_queue_dispatch(consumer->queue);
			if (READ_ONCE(consumer->nr_pending))
				continue;
		}
		if (!deadline) {
			err = -EAGAIN;
			break;
		}
		err = receive_wait(session, READ_ONCE(consumer->nr_pending) ||
				   READ_ONCE(consumer->hung) || READ_ONCE(consumer->dead) ||
				   READ_ONCE(session->ended), deadline);
		if (err)
			break;
	}
	if (pull)
		broker_consumer_unpull(consumer, pull);
	return err;
}

static int receive_deferred(struct receive *receive, struct broker_consumer *consumer,
			    struct broker_receive __user *uargs)
{
	if (READ_ONCE(receive->session->ended))
		return -EOWNERDEAD;
	if (READ_ONCE(consumer->dead))
		return receive_gone(receive, consumer, uargs) ?: -ENOENT;
	return receive_try(receive, consumer, NULL, uargs);
}

static int receive_check(const struct broker_receive *args)
{
	bool deferred = args->flags & BROKER_RECEIVE_F_DEFERRED;

	if (args->flags & ~BROKER_RECEIVE_F_DEFERRED)
		return -EOPNOTSUPP;
	if (deferred ? !args->consumer || args->consumer == BROKER_CONSUMER_REPLIES :
		       !!args->sequence)
		return -EINVAL;
	if (args->reserved || !args->max_messages || args->max_messages > BROKER_MAX_RECEIVE ||
	    args->buffer % 8)
		return -EINVAL;
	return 0;
}

int broker_session_receive(struct broker_session *session, void *arg, void __user *uarg)
{
	struct broker_receive __user *uargs = uarg;
	struct broker_handout few[RECEIVE_FEW];
	struct broker_receive *args = arg;
	struct receive receive = {
		.session = session,
		.args = args,
		.handouts = few,
		.max = args->max_messages,
	};
	ktime_t deadline = receive_timeout(args->timeout_ns);
	struct broker_consumer *consumer = NULL;
	int err;

	err = receive_check(args);
	if (err)
		return err;
	args->count = 0;
	args->bytes = 0;
	if (receive_tell(&receive, uargs))
		return -EFAULT;
	if (deadline && deadline != KTIME_MAX)
		deadline = ktime_add_safe(ktime_get(), deadline);

	if (args->consumer == BROKER_CONSUMER_REPLIES)
		return receive_requested(&receive, deadline, uargs);
	if (args->consumer) {
		consumer = broker_session_consumer(session, args->consumer);
		if (!consumer)
			return -ENOENT;
	}
	if (receive.max > RECEIVE_FEW) {
		receive.handouts = kvmalloc_array(receive.max, sizeof(*few), GFP_KERNEL);
		err = receive.handouts ? 0 : -ENOMEM;
	}
	if (!err)
		err = args->flags & BROKER_RECEIVE_F_DEFERRED ?
		      receive_deferred(&receive, consumer, uargs) :
		      consumer ? receive_named(&receive, consumer, deadline, uargs) :
				 receive_any(&receive, deadline, uargs);
	broker_consumer_put(consumer);
	if (receive.handouts != few)
		kvfree(receive.handouts);
	return err;
}
