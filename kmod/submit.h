/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_SUBMIT_H
#define _BROKER_SUBMIT_H

#include <linux/types.h>

#include "route.h"

struct broker_admission;
struct broker_confirm;
struct broker_consumer;
struct broker_entry;
struct broker_message;
struct broker_op;
struct broker_request;
struct broker_result;
struct broker_sender;
struct broker_session;
struct broker_will;

/**
 * struct broker_submission - a SUBMIT under way
 * @session: whose (const)
 * @sender: the calling process, with a reference; NULL before the first publish
 *	(owner: the call)
 * @routes: memory for routing, used by one publish after the other (owner: the call)
 * @freed: entries that settlements removed, to be freed at the end (owner: the call)
 * @ready_made: entries taken beforehand, of the one message there is; or NULL
 *	(owner: the call)
 * @confirms: where the caller wants confirms (const)
 * @room: how many confirms fit there (owner: the call)
 * @nr_confirms: how many there were (owner: the call)
 * @deadline: in jiffies, when to stop waiting for room; 0: at once (const)
 * @forever: never stop (const)
 * @retain: what is about to be retained; broker.retain_mutex is held, but while
 *	waiting; or NULL (owner: the call)
 * @again: this message was routed before (owner: the call)
 */
struct broker_submission {
	struct broker_session *session;
	struct broker_sender *sender;
	struct broker_routes routes;
	struct broker_entry *freed;
	struct broker_entry *ready_made;
	struct broker_confirm __user *confirms;
	u32 room;
	u32 nr_confirms;
	unsigned long deadline;
	bool forever;
	struct broker_retain *retain;
	bool again;
};

/* publish.c */
int broker_publish_check(const struct broker_op *op);
struct broker_message *broker_publish_message(struct broker_submission *submit,
					      const struct broker_op *op);
int broker_publish_may(struct broker *broker);
int broker_publish_route(struct broker_submission *submit, const struct broker_op *op,
			 const struct broker_message *message);
int broker_publish_admit(struct broker_submission *submit, const struct broker_op *op,
			 struct broker_message *message, struct broker_admission *admission,
			 bool holds);
int broker_publish_prepare(struct broker_submission *submit, struct broker_routes *routes,
			   struct broker_message *message);
void broker_publish_unprepare(struct broker_routes *routes);
int broker_publish_reserve(struct broker_routes *routes, const struct broker_op *op,
			   const struct broker_message *message, struct broker_route **refused);
void broker_publish_abort(struct broker_routes *routes);
bool broker_publish_may_wait(const struct broker_submission *submit, const struct broker_op *op,
			     const struct broker_route *refused);
int broker_publish_wait(struct broker_submission *submit, struct broker_queue *queue,
			u32 messages, u64 bytes);
void broker_publish_count_refusals(struct broker_submission *submit, struct broker_routes *routes,
				   u32 messages, u64 bytes);
int broker_publish_commit(struct broker_submission *submit, struct broker_routes *routes,
			  struct broker_transaction *transaction, struct broker_result *result);
int broker_publish_to_queues(struct broker_submission *submit, const struct broker_op *op,
			     struct broker_message *message, struct broker_request *request,
			     struct broker_result *result);
void broker_publish_confirm(struct broker_submission *submit, struct broker_routes *routes,
			    u32 index, struct broker_result *result);
bool broker_publish_is_unconfirmed(const struct broker_op *op, int err);
int broker_submit_publish(struct broker_submission *submit, u32 index, const struct broker_op *op,
			  struct broker_result *result);

/* submit-own.c */
int broker_submit_own(struct broker_session *session, struct broker_message *message);
void broker_submit_will(struct broker_session *session, struct broker_will *will);

/* submit.c */
int broker_settle_check(const struct broker_op *op);
int broker_state_check(const struct broker_op *op);

/* submit-atomic.c */
u32 broker_submit_atomic(struct broker_submission *submit, const struct broker_op *ops, u32 nr,
			 struct broker_result *results);

#endif /* _BROKER_SUBMIT_H */
