/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_REQUEST_H
#define _BROKER_REQUEST_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct broker_entry;
struct broker_message;
struct broker_receive;
struct broker_return;
struct broker_routes;
struct broker_session;
struct pid;

/**
 * DOC: Requests
 *
 * A request is a message each of whose deliveries is to be answered, to the
 * session that published it and without a queue.  Each entry of it carries the
 * slot of its one reply, made when it was published: so whatever becomes of the
 * entry, telling the requester needs no memory, and no entry can be answered
 * twice.
 *
 * All ways of an entry end in broker_entry_free(), and that sends its slot: with
 * the answer, if the responder gave one, else with the request itself and why
 * there is no answer.  The requester's session then holds it until RECEIVE.
 *
 * Lifetime: a request is referenced by its slots, and by its session while it
 * is open: until all replies were received, it is withdrawn, or the session
 * ends.  Then it forgets the session, and slots that are sent are freed.
 */

/**
 * struct broker_request - what a session waits for
 * @refs: one per slot, one while it is open (atomic)
 * @lock: between queue.lock and session.lock
 * @session: that waits; NULL once it does not (request.lock; read anywhere)
 * @of_session: in session.requests, while it is open (session.lock)
 * @sent: its replies in session.replies (session.lock)
 * @user_data: the requester's own (const)
 * @wanted: replies still to be received (session.lock)
 * @received: replies handed to RECEIVE (session.lock)
 */
struct broker_request {
	refcount_t refs;
	spinlock_t lock;
	struct broker_session *session;
	struct list_head of_session;
	struct list_head sent;
	u64 user_data;
	u32 wanted;
	u32 received;
};

/**
 * struct broker_reply_slot - the slot of one entry's reply
 * @of_session: in session.replies, once it was sent (session.lock)
 * @of_request: in request.sent, as long (session.lock)
 * @request: with a reference (const)
 * @message: the answer, with a reference; NULL: none so far (owner: the entry)
 * @holder: who had the request when it was lost, or NULL (owner: the entry)
 * @queue: number of the queue that the request went to (const)
 * @number: among the replies to the request, in the order they are received
 *	(session.lock)
 * @asked: the entry was enqueued, so the requester expects it (owner: the entry)
 * @unanswered: @message is the request itself (owner: the entry)
 * @cause: enum broker_cause: why there is no answer (owner: the entry)
 * @code: exit status or signal that goes with it (owner: the entry)
 */
struct broker_reply_slot {
	struct list_head of_session;
	struct list_head of_request;
	struct broker_request *request;
	struct broker_message *message;
	struct pid *holder;
	u32 queue;
	u32 number;
	bool asked;
	bool unanswered;
	u8 cause;
	u8 code;
};

/* Publishing one */
struct broker_request *broker_request_open(struct broker_session *session, u64 user_data);
int broker_request_prepare(struct broker_request *request, struct broker_routes *routes);
void broker_request_commit(struct broker_request *request, struct broker_routes *routes);
void broker_request_withdraw(struct broker_request *request);
void broker_request_put(struct broker_request *request);

/* What becomes of its entries */
void broker_reply_lost(struct broker_reply_slot *reply, const struct broker_return *how);
bool broker_reply_withdrawn(const struct broker_reply_slot *reply);
void broker_reply_end(struct broker_reply_slot *reply, struct broker_message *message);

/* Its session */
u32 broker_requests_withdraw(struct broker_session *session, u64 user_data);
void broker_requests_end(struct broker_session *session);
int broker_replies_receive(struct broker_session *session, struct broker_receive *args,
			   struct broker_receive __user *uargs);

#endif /* _BROKER_REQUEST_H */
