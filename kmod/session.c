// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "broker.h"
#include "consumer.h"
#include "lease.h"
#include "limit.h"
#include "memory.h"
#include "message.h"
#include "name.h"
#include "queue.h"
#include "request.h"
#include "selector.h"
#include "reservation.h"
#include "sender.h"
#include "session.h"
#include "will.h"

static void session_init(struct broker_session *session, struct broker *broker)
{
	refcount_set(&session->refs, 1);
	session->broker = broker;
	mutex_init(&session->mutex);
	xa_init_flags(&session->consumers, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&session->queues);
	INIT_LIST_HEAD(&session->wills);
	spin_lock_init(&session->lock);
	INIT_LIST_HEAD(&session->readable);
	INIT_LIST_HEAD(&session->gone);
	INIT_LIST_HEAD(&session->requests);
	INIT_LIST_HEAD(&session->replies);
	INIT_LIST_HEAD(&session->waiters);
	init_waitqueue_head(&session->wait);
	INIT_LIST_HEAD(&session->of_full);
}

/*
 * One as which the broker itself publishes: zeroed, number 0, in no table.  It has
 * ended, so it remembers nothing, and is freed with what it is part of.
 */
void broker_session_init_own(struct broker_session *session, struct broker *broker)
{
	session_init(session, broker);
	session->ended = true;
}

/* A session of the calling process; pins the broker's namespace.  -ENOMEM, -EDQUOT. */
struct broker_session *broker_session_new(struct broker *broker)
{
	struct broker_session *session = kzalloc(sizeof(*session), BROKER_GFP);
	int err;

	if (!session)
		return ERR_PTR(-ENOMEM);
	session->payer = broker_payer_new(broker);
	err = session->payer ? broker_payer_charge(session->payer, BROKER_LIMIT_SESSIONS, 1, NULL) :
			       -ENOMEM;
	if (err)
		goto err_free;
	session_init(session, broker);
	session->id = broker_next_session_id();
	session->uid = current_euid();
	get_task_comm(session->comm, current);

	err = xa_insert(&broker->sessions, session->id, session, GFP_KERNEL);
	if (err)
		goto err_charge;
	session->pid = get_pid(task_tgid(current));
	get_net(broker->net);
	atomic_inc(&broker->nr_sessions);
	return session;

err_charge:
	broker_payer_uncharge(session->payer, BROKER_LIMIT_SESSIONS, 1);
err_free:
	broker_payer_put(session->payer);
	kfree(session);
	return ERR_PTR(err);
}

struct broker_session *broker_session_get(struct broker_session *session)
{
	refcount_inc(&session->refs);
	return session;
}

static void session_free_rcu(struct rcu_head *rcu)
{
	struct broker_session *session = container_of(rcu, struct broker_session, rcu);

	put_pid(session->pid);
	kfree(session);
}

void broker_session_put(struct broker_session *session)
{
	struct net *net;

	if (!refcount_dec_and_test(&session->refs))
		return;
	WARN_ON_ONCE(!xa_empty(&session->consumers));
	net = session->broker->net;
	broker_sender_put(session->sender);
	broker_payer_put(session->payer);
	call_rcu(&session->rcu, session_free_rcu);
	put_net(net);
}

static void session_forget_full(struct broker_session *session)
{
	struct broker_queue *queue = session->full;

	lockdep_assert_held(&session->mutex);
	broker_limits_unblock(session);
	if (!queue)
		return;
	spin_lock(&queue->lock);
	list_del_init(&session->of_full);
	WRITE_ONCE(session->blocked, false);
	spin_unlock(&queue->lock);
	session->full = NULL;
	broker_queue_put(queue);
}

/* @queue refused so much: pollers wait until it has room for that. */
void broker_session_set_full(struct broker_session *session, struct broker_queue *queue,
			     u32 messages, u64 bytes)
{
	mutex_lock(&session->mutex);
	session_forget_full(session);
	if (!session->ended) {
		refcount_inc(&queue->refs);
		session->full = queue;
		spin_lock(&queue->lock);
		if (!broker_queue_has_room(queue, messages, bytes)) {
			session->full_messages = messages;
			session->full_bytes = bytes;
			list_add_tail(&session->of_full, &queue->pollers);
			WRITE_ONCE(session->blocked, true);
		}
		spin_unlock(&queue->lock);
	}
	mutex_unlock(&session->mutex);
}

/* A limit refused a message: the same until that allows it. */
void broker_session_set_limited(struct broker_session *session,
				const struct broker_admission *admission)
{
	mutex_lock(&session->mutex);
	session_forget_full(session);
	if (!session->ended)
		broker_limits_block(session, admission);
	mutex_unlock(&session->mutex);
}

/*
 * Takes a consumer that was detached out of session.gone.  The queue's lock waits
 * for whoever detaches it and is about to put it there.
 */
static void session_unlist(struct broker_session *session, struct broker_consumer *consumer)
{
	spin_lock(&consumer->queue->lock);
	spin_lock(&session->lock);
	list_del_init(&consumer->of_session);
	spin_unlock(&session->lock);
	spin_unlock(&consumer->queue->lock);
}

static void session_end_consumers(struct broker_session *session, const struct broker_return *how)
{
	struct broker_consumer *consumer, *next;
	unsigned long id;
	LIST_HEAD(ended);

	mutex_lock(&session->mutex);
	spin_lock(&session->lock);
	WRITE_ONCE(session->ended, true);
	spin_unlock(&session->lock);
	session_forget_full(session);
	xa_for_each(&session->consumers, id, consumer) {
		xa_erase(&session->consumers, id);
		broker_consumer_detach(consumer, how);
		session_unlist(session, consumer);
		list_add(&consumer->of_session, &ended);
	}
	WRITE_ONCE(session->nr_consumers, 0);
	mutex_unlock(&session->mutex);

	list_for_each_entry_safe(consumer, next, &ended, of_session) {
		list_del_init(&consumer->of_session);
		broker_queue_unused(consumer->queue);
		broker_consumer_put(consumer);
	}
}

/**
 * broker_session_end() - Detach all consumers and delete exclusive queues
 * @session: may have ended already
 * @cause: enum broker_cause
 * @code: exit status or signal that goes with it
 * @failed: whether what its consumers had received counts as failed
 */
void broker_session_end(struct broker_session *session, u8 cause, u8 code, bool failed)
{
	const struct broker_return how = {
		.cause = cause,
		.code = code,
		.failed = failed,
		.holder = session->pid,
	};
	struct broker *broker = session->broker;
	struct broker_waiter *waiter;
	struct broker_queue *queue;

	if (READ_ONCE(session->ended))
		return;
	session_end_consumers(session, &how);
	mutex_lock(&broker->topology);
	while ((queue = list_first_entry_or_null(&session->queues, struct broker_queue,
						 of_session)))
		broker_queue_delete(queue, BROKER_QUEUE_END_SESSION);
	mutex_unlock(&broker->topology);
	broker_requests_end(session);
	/* Who hears of the death finds that all it held is back. */
	broker_wills_end(session, cause, code);
	if (xa_erase(&broker->sessions, session->id)) {
		atomic_dec(&broker->nr_sessions);
		broker_payer_uncharge(session->payer, BROKER_LIMIT_SESSIONS, 1);
	}
	wake_up_all(&session->wait);
	spin_lock(&session->lock);
	list_for_each_entry(waiter, &session->waiters, of_session)
		wake_up_interruptible(waiter->room);
	spin_unlock(&session->lock);
}

/* Describes the caller, with a reference; NULL: no memory. */
struct broker_sender *broker_session_sender(struct broker_session *session)
{
	struct broker_sender *sender = NULL, *old = NULL;

	spin_lock(&session->lock);
	if (session->sender && broker_sender_is_current(session->sender))
		sender = broker_sender_get(session->sender);
	spin_unlock(&session->lock);
	if (sender)
		return sender;

	sender = broker_sender_new(session->broker);
	if (!sender)
		return NULL;
	spin_lock(&session->lock);
	old = session->sender;
	session->sender = broker_sender_get(sender);
	spin_unlock(&session->lock);
	broker_sender_put(old);
	return sender;
}

/* The consumer of that number with a reference, or NULL. */
struct broker_consumer *broker_session_consumer(struct broker_session *session, u32 id)
{
	struct broker_consumer *consumer;

	rcu_read_lock();
	consumer = xa_load(&session->consumers, id);
	if (consumer && !broker_consumer_tryget(consumer))
		consumer = NULL;
	rcu_read_unlock();
	return consumer;
}

/* Whether a RECEIVE from any consumer would return at once, or is to show that it lives. */
bool broker_session_readable(struct broker_session *session)
{
	return !list_empty_careful(&session->readable) || !list_empty_careful(&session->gone) ||
	       !list_empty_careful(&session->replies) || atomic_read(&session->hung);
}

/* The consumer behind number @id, which moves on to it, with a reference; NULL: no more. */
static struct broker_consumer *session_next_consumer(struct broker_session *session,
						     unsigned long *id)
{
	struct broker_consumer *consumer;

	rcu_read_lock();
	do {
		consumer = xa_find_after(&session->consumers, id, ULONG_MAX, XA_PRESENT);
	} while (consumer && !broker_consumer_tryget(consumer));
	rcu_read_unlock();
	return consumer;
}

/* Gives its consumers what a transaction being committed has for them. */
void broker_session_catch_up(struct broker_session *session)
{
	struct broker_consumer *consumer;
	unsigned long id = 0;

	while ((consumer = session_next_consumer(session, &id))) {
		broker_queue_dispatch(consumer->queue);
		broker_consumer_put(consumer);
	}
}

/* It receives from any consumer: none of them is hung. */
void broker_session_revive(struct broker_session *session)
{
	struct broker_consumer *consumer;
	unsigned long id = 0;

	while (atomic_read(&session->hung) && (consumer = session_next_consumer(session, &id))) {
		broker_lease_alive(consumer);
		broker_consumer_put(consumer);
	}
}

int broker_session_info(struct broker_session *session, void *arg, void __user *uarg)
{
	struct broker_info *info = arg;
	u32 size = info->size;

	if (info->flags)
		return -EOPNOTSUPP;
	*info = (struct broker_info) {
		.size = size,
		.abi_version = BROKER_ABI_VERSION,
		.max_ops = BROKER_MAX_OPS,
		.features = BROKER_FEATURE_ATOMIC | BROKER_FEATURE_EXPECT | BROKER_FEATURE_STATE,
		.properties = BROKER_PROPERTIES_ACCEPTED,
		.session = session->id,
		.max_body = BROKER_MAX_BODY,
		.max_props = BROKER_MAX_PROPS,
		.max_headers = BROKER_MAX_HEADERS,
		.max_name = BROKER_MAX_NAME,
		.max_key = BROKER_MAX_KEY,
		.max_receive = BROKER_MAX_RECEIVE,
		.max_consumers = BROKER_MAX_CONSUMERS,
	};
	return copy_to_user(uarg, info, min_t(u32, size, sizeof(*info))) ? -EFAULT : 0;
}

/**
 * broker_session_find_queue() - The queue a reader names, if it may read it
 * @session: the reader's
 * @name: user pointer to the name
 * @name_len: bytes of it
 *
 * Return: the queue with a reference; or -EFAULT, -ENAMETOOLONG, -EINVAL,
 * -EILSEQ, -ENOENT, -EACCES, -EBUSY (exclusive to another session).
 */
struct broker_queue *broker_session_find_queue(struct broker_session *session, u64 name,
					       u32 name_len)
{
	struct broker *broker = session->broker;
	char buffer[BROKER_MAX_NAME];
	struct broker_queue *queue;
	int err;

	if (name_len > sizeof(buffer))
		return ERR_PTR(-ENAMETOOLONG);
	if (copy_from_user(buffer, u64_to_user_ptr(name), name_len))
		return ERR_PTR(-EFAULT);
	err = broker_name_check(buffer, name_len);
	if (err)
		return ERR_PTR(err);
	queue = broker_queue_get_by_name(broker, buffer, name_len);
	if (!queue)
		return ERR_PTR(-ENOENT);
	if (!broker_may(broker, &queue->access, BROKER_MAY_CONSUME))
		err = -EACCES;
	else if ((queue->flags & BROKER_QUEUE_FLAGS_EXCLUSIVE) && queue->session != session)
		err = -EBUSY;
	if (err) {
		broker_queue_put(queue);
		return ERR_PTR(err);
	}
	return queue;
}

static int consume_check(const struct broker_consume *consume)
{
	if (consume->flags & ~(BROKER_CONSUME_F_AUTO_ACCEPT | BROKER_CONSUME_F_EXCLUSIVE |
			       BROKER_CONSUME_F_HEADERS_ONLY | BROKER_CONSUME_F_STATE))
		return -EOPNOTSUPP;
	if (consume->reserved || consume->priority > BROKER_MAX_CONSUMER_PRIORITY ||
	    consume->lease_ms > BROKER_MAX_TIME_MS)
		return -EINVAL;
	/* Message credit without byte credit could never be used. */
	if (consume->credit_messages && !consume->credit_bytes)
		return -EINVAL;
	return 0;
}

/* Takes a number, which is not yet seen as a consumer. */
static int session_number_consumer(struct broker_session *session, u32 *id)
{
	int err;

	mutex_lock(&session->mutex);
	if (session->ended)
		err = -EOWNERDEAD;
	else if (session->nr_consumers == BROKER_MAX_CONSUMERS)
		err = -EMFILE;
	else
		err = xa_alloc_cyclic(&session->consumers, id, NULL, XA_LIMIT(1, INT_MAX),
				      &session->next_consumer, GFP_KERNEL);
	if (err >= 0)
		WRITE_ONCE(session->nr_consumers, session->nr_consumers + 1);
	mutex_unlock(&session->mutex);
	return err < 0 ? err : 0;
}

static void session_unnumber_locked(struct broker_session *session, u32 id)
{
	lockdep_assert_held(&session->mutex);
	xa_erase(&session->consumers, id);
	/* A session that ended has set it to 0. */
	if (!session->ended)
		WRITE_ONCE(session->nr_consumers, session->nr_consumers - 1);
}

static int session_attach_locked(struct broker_session *session, struct broker_consumer *consumer)
{
	lockdep_assert_held(&session->mutex);
	if (session->ended)
		return -EOWNERDEAD;
	return broker_consumer_attach(consumer);
}

int broker_session_consume(struct broker_session *session, void *arg, void __user *uarg)
{
	struct broker_consume __user *uconsume = uarg;
	struct broker_consume *consume = arg;
	struct broker_selector *selector;
	struct broker_consumer *consumer;
	struct broker_queue *queue;
	int err;

	err = consume_check(consume);
	if (err)
		return err;
	queue = broker_session_find_queue(session, consume->queue, consume->queue_len);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	consumer = broker_consumer_new(session, queue);
	broker_queue_put(queue);
	if (IS_ERR(consumer))
		return PTR_ERR(consumer);
	selector = broker_selector_from_user(consume->filter, consume->filter_len,
					     consume->filter_text, consume->filter_text_len);
	err = PTR_ERR_OR_ZERO(selector);
	if (err)
		goto err_put;
	consumer->choice.selector = selector;
	consumer->flags = consume->flags;
	consumer->user_data = consume->user_data;
	consumer->priority = consume->priority;
	consumer->lease = consume->lease_ms * NSEC_PER_MSEC;
	consumer->credit_messages = consume->credit_messages;
	consumer->credit_bytes = consume->credit_bytes;
	err = session_number_consumer(session, &consumer->id);
	if (err)
		goto err_put;

	/* The reader knows the number before the consumer exists: this cannot fail later. */
	err = -EFAULT;
	if (put_user(consumer->id, &uconsume->consumer) ||
	    put_user(consumer->queue->id, &uconsume->queue_id))
		goto err_number;

	mutex_lock(&session->mutex);
	err = session_attach_locked(session, consumer);
	if (err)
		session_unnumber_locked(session, consumer->id);
	mutex_unlock(&session->mutex);
	if (!err)
		return 0;
	goto err_put;

err_number:
	mutex_lock(&session->mutex);
	session_unnumber_locked(session, consumer->id);
	mutex_unlock(&session->mutex);
err_put:
	broker_consumer_put(consumer);
	return err;
}

/**
 * broker_session_forget() - Take a detached consumer out of the session's table
 * @session: the session
 * @consumer: detached, and the caller has a reference of its own
 *
 * Return: false: somebody else did so.
 */
bool broker_session_forget(struct broker_session *session, struct broker_consumer *consumer)
{
	bool found;

	mutex_lock(&session->mutex);
	found = xa_load(&session->consumers, consumer->id) == consumer;
	if (found) {
		session_unnumber_locked(session, consumer->id);
		session_unlist(session, consumer);
	}
	mutex_unlock(&session->mutex);
	if (found)
		broker_consumer_put(consumer);
	return found;
}

int broker_session_cancel(struct broker_session *session, void *arg, void __user *uarg)
{
	const struct broker_return how = {
		.cause = BROKER_CAUSE_CANCELLED,
		.holder = session->pid,
	};
	struct broker_cancel *cancel = arg;
	struct broker_consumer *consumer;
	bool found;

	if (cancel->flags)
		return -EOPNOTSUPP;
	if (cancel->reserved)
		return -EINVAL;
	consumer = broker_session_consumer(session, cancel->consumer);
	if (!consumer)
		return -ENOENT;
	broker_consumer_detach(consumer, &how);
	found = broker_session_forget(session, consumer);
	broker_queue_unused(consumer->queue);
	broker_consumer_put(consumer);
	return found ? 0 : -ENOENT;
}
