// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "entry.h"
#include "files.h"
#include "handout.h"
#include "memory.h"
#include "message.h"
#include "queue.h"
#include "request.h"
#include "reservation.h"
#include "route.h"
#include "session.h"

/* Replies that one look at the session takes. */
#define REPLIES_FEW	8

void broker_request_put(struct broker_request *request)
{
	if (request && refcount_dec_and_test(&request->refs))
		kfree(request);
}

/**
 * broker_request_open() - Begin a request
 * @session: that asks
 * @user_data: the caller's own
 *
 * Return: the request with a reference of the caller's; -EMFILE: too many are
 * open; -EOWNERDEAD; -ENOMEM.
 */
struct broker_request *broker_request_open(struct broker_session *session, u64 user_data)
{
	struct broker_request *request;
	int err = 0;

	request = kzalloc(sizeof(*request), BROKER_GFP);
	if (!request)
		return ERR_PTR(-ENOMEM);
	refcount_set(&request->refs, 2);
	spin_lock_init(&request->lock);
	request->session = session;
	request->user_data = user_data;
	INIT_LIST_HEAD(&request->sent);
	request->wanted = U32_MAX;
	spin_lock(&session->lock);
	if (session->ended)
		err = -EOWNERDEAD;
	else if (session->nr_requests == BROKER_MAX_REQUESTS)
		err = -EMFILE;
	if (!err) {
		list_add_tail(&request->of_session, &session->requests);
		session->nr_requests++;
	}
	spin_unlock(&session->lock);
	if (!err)
		return request;
	kfree(request);
	return ERR_PTR(err);
}

static void reply_free(struct broker_reply_slot *reply)
{
	broker_message_put(reply->message);
	put_pid(reply->holder);
	broker_request_put(reply->request);
	kfree(reply);
}

/* A slot for each entry that was made; taps answer nothing.  Return: 0, -ENOMEM. */
int broker_request_prepare(struct broker_request *request, struct broker_routes *routes)
{
	struct broker_reply_slot *reply;
	u32 i;

	for (i = 0; i < routes->nr; i++) {
		if (routes->route[i].tap)
			continue;
		reply = kzalloc(sizeof(*reply), BROKER_GFP);
		if (!reply)
			return -ENOMEM;
		refcount_inc(&request->refs);
		reply->request = request;
		reply->queue = routes->route[i].queue->id;
		routes->route[i].reservation.entry->reply = reply;
	}
	return 0;
}

/* The queues that have room are asked; before the first of them can answer. */
void broker_request_commit(struct broker_request *request, struct broker_routes *routes)
{
	u32 i, wanted = 0;

	for (i = 0; i < routes->nr; i++) {
		if (routes->route[i].tap || routes->route[i].error)
			continue;
		routes->route[i].reservation.entry->reply->asked = true;
		wanted++;
	}
	WRITE_ONCE(request->wanted, wanted);
}

/* Takes a request that is open, and its replies that were sent, out of its session. */
static bool request_close(struct broker_request *request)
{
	struct broker_reply_slot *reply;
	struct broker_session *session;

	spin_lock(&request->lock);
	session = request->session;
	WRITE_ONCE(request->session, NULL);
	if (session) {
		spin_lock(&session->lock);
		list_del(&request->of_session);
		session->nr_requests--;
		list_for_each_entry(reply, &request->sent, of_request)
			list_del_init(&reply->of_session);
		spin_unlock(&session->lock);
	}
	spin_unlock(&request->lock);
	return session;
}

/* Ends a request: nobody waits for its replies any more. */
void broker_request_withdraw(struct broker_request *request)
{
	struct broker_reply_slot *reply, *next;

	if (!request_close(request))
		return;
	/* Nobody sends to it any more, nor takes from there. */
	list_for_each_entry_safe(reply, next, &request->sent, of_request) {
		reply_free(reply);
		cond_resched();
	}
	broker_request_put(request);
}

/* Under queue.lock: its holder lost it in that way. */
void broker_reply_lost(struct broker_reply_slot *reply, const struct broker_return *how)
{
	put_pid(reply->holder);
	reply->holder = get_pid(how->holder);
	reply->cause = how->cause;
	reply->code = how->code;
}

/* Whether nobody waits for it any more; @reply may be NULL. */
bool broker_reply_withdrawn(const struct broker_reply_slot *reply)
{
	return reply && !READ_ONCE(reply->request->session);
}

/**
 * broker_reply_end() - The entry of a request ends: tell the requester, if it waits
 * @reply: its slot
 * @message: the request
 */
void broker_reply_end(struct broker_reply_slot *reply, struct broker_message *message)
{
	struct broker_request *request = reply->request;
	struct broker_session *session = NULL;

	if (reply->asked) {
		reply->unanswered = !reply->message;
		if (reply->unanswered) {
			reply->message = broker_message_get(message);
			if (!reply->cause)
				reply->cause = BROKER_CAUSE_REMOVED;
		} else {
			reply->cause = BROKER_CAUSE_NONE;
		}
		spin_lock(&request->lock);
		session = request->session;
		if (session) {
			spin_lock(&session->lock);
			list_add_tail(&reply->of_session, &session->replies);
			list_add_tail(&reply->of_request, &request->sent);
			spin_unlock(&session->lock);
			wake_up_interruptible_poll(&session->wait, EPOLLIN | EPOLLRDNORM);
		}
		spin_unlock(&request->lock);
	}
	if (!session)
		reply_free(reply);
}

/* An open request of that name, or any, with a reference; or NULL. */
static struct broker_request *request_find(struct broker_session *session, bool any,
					   u64 user_data)
{
	struct broker_request *request, *found = NULL;

	spin_lock(&session->lock);
	list_for_each_entry(request, &session->requests, of_session) {
		if (any || request->user_data == user_data) {
			found = request;
			refcount_inc(&found->refs);
			break;
		}
	}
	spin_unlock(&session->lock);
	return found;
}

static u32 requests_withdraw(struct broker_session *session, bool any, u64 user_data)
{
	struct broker_request *request;
	u32 count = 0;

	while ((request = request_find(session, any, user_data))) {
		broker_request_withdraw(request);
		broker_request_put(request);
		count++;
		cond_resched();
	}
	return count;
}

/* All requests of that name.  Return: how many there were. */
u32 broker_requests_withdraw(struct broker_session *session, u64 user_data)
{
	return requests_withdraw(session, false, user_data);
}

/* The session has ended. */
void broker_requests_end(struct broker_session *session)
{
	requests_withdraw(session, true, 0);
}

/* Takes replies out of the session, as many as fit. */
static u32 replies_take(struct broker_session *session, struct broker_reply_slot **replies, u32 max,
			u32 room, u32 *needed)
{
	struct broker_reply_slot *reply;
	u32 size, count = 0;

	spin_lock(&session->lock);
	while (count < max && !list_empty(&session->replies)) {
		reply = list_first_entry(&session->replies, struct broker_reply_slot, of_session);
		size = broker_handout_size(reply->message, NULL, NULL, false);
		if (size > room) {
			*needed = size;
			break;
		}
		room -= size;
		list_del_init(&reply->of_session);
		list_del_init(&reply->of_request);
		reply->number = ++reply->request->received;
		replies[count++] = reply;
	}
	spin_unlock(&session->lock);
	return count;
}

/* Puts one back that did not reach the reader. */
static void reply_untake(struct broker_reply_slot *reply)
{
	struct broker_request *request = reply->request;
	struct broker_session *session;

	spin_lock(&request->lock);
	session = request->session;
	if (session) {
		spin_lock(&session->lock);
		request->received--;
		list_add(&reply->of_session, &session->replies);
		list_add(&reply->of_request, &request->sent);
		spin_unlock(&session->lock);
	}
	spin_unlock(&request->lock);
	if (!session)
		reply_free(reply);
}

/* The reader has it: with the last one the request is over. */
static void reply_received(struct broker_session *session, struct broker_reply_slot *reply)
{
	struct broker_request *request = reply->request;
	bool last;

	spin_lock(&session->lock);
	last = !--request->wanted;
	spin_unlock(&session->lock);
	if (last)
		broker_request_withdraw(request);
	reply_free(reply);
}

static int replies_copy(struct broker_reply_slot **replies, const struct broker_handout *handouts,
			u32 count, void __user *buffer, u32 *bytes)
{
	u32 i, size;
	int err = 0;

	*bytes = 0;
	for (i = 0; !err && i < count; i++) {
		const struct broker_handout_to to = {
			.buffer = buffer + *bytes,
			.consumer = BROKER_CONSUMER_REPLIES,
			.queue = replies[i]->queue,
			.user_data = replies[i]->request->user_data,
		};

		err = broker_handout_copy(&handouts[i], 1, &to, &size);
		*bytes += size;
	}
	return err;
}

/**
 * broker_replies_receive() - Write replies that have come to the reader
 * @session: that asked
 * @args: kernel copy; its count, bytes and consumer are set
 * @uargs: the caller's, where they go, too
 *
 * Return: 0, with args->count 0 if there are none; -EMSGSIZE; -EFAULT; those of
 * broker_files_install().
 */
int broker_replies_receive(struct broker_session *session, struct broker_receive *args,
			   struct broker_receive __user *uargs)
{
	struct broker_handout handouts[REPLIES_FEW];
	struct broker_reply_slot *replies[REPLIES_FEW];
	u32 i, count, needed = 0;
	int err;

	args->count = 0;
	args->bytes = 0;
	count = replies_take(session, replies, min_t(u32, args->max_messages, REPLIES_FEW),
			     args->buffer_len, &needed);
	if (!count) {
		args->bytes = needed;
		return needed ? -EMSGSIZE : 0;
	}
	for (i = 0; i < count; i++)
		handouts[i] = (struct broker_handout) {
			.message = broker_message_get(replies[i]->message),
			.holder = get_pid(replies[i]->holder),
			.place = replies[i]->number,
			.acquired = 1,
			.cause = replies[i]->cause,
			.cause_code = replies[i]->code,
			.flags = BROKER_DELIVERY_F_REPLY |
				 (replies[i]->unanswered ? BROKER_DELIVERY_F_UNANSWERED : 0),
		};
	err = replies_copy(replies, handouts, count, u64_to_user_ptr(args->buffer), &args->bytes);
	args->count = err ? 0 : count;
	args->consumer = BROKER_CONSUMER_REPLIES;
	if (!err && (put_user(args->count, &uargs->count) || put_user(args->bytes, &uargs->bytes) ||
		     put_user(args->consumer, &uargs->consumer)))
		err = -EFAULT;
	if (!err)
		err = broker_files_install(handouts, count, u64_to_user_ptr(args->buffer));
	broker_handout_put(handouts, count);
	if (!err) {
		atomic64_add(count, &session->received);
		for (i = 0; i < count; i++)
			reply_received(session, replies[i]);
	} else {
		while (count--)
			reply_untake(replies[count]);
	}
	return err;
}
