// SPDX-License-Identifier: GPL-2.0
/* What the broker publishes for others: last wills, and schedules. */
#include <linux/broker.h>

#include "broker.h"
#include "message.h"
#include "route.h"
#include "session.h"
#include "submit.h"
#include "trace.h"
#include "will.h"

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
	struct broker_submission submit = {
		.session = session,
		.sender = will->message->sender,
		.routes = will->routes,
		.ready_made = will->entries,
	};
	struct broker_result result = {};
	int err;

	trace_broker_publish(session, will->message);
	err = broker_publish_route(&submit, &op, will->message);
	if (!err && submit.routes.rewritten)
		broker_message_rewrite(will->message, submit.routes.key, submit.routes.key_len);
	if (!err)
		err = broker_publish_to_queues(&submit, &op, will->message, NULL, &result);
	broker_routes_put(&submit.routes);
	will->routes = submit.routes;
	will->entries = submit.ready_made;
	atomic64_inc(err ? &session->refused : &session->published);
}

/**
 * broker_submit_own() - Publish a message for whom the broker acts
 * @session: one of the broker's own
 * @message: whose sender has the rights of the current credentials; the reference is
 *	given up
 *
 * To all queues that match, or none; it waits for nothing.
 *
 * Return: 0, or as a publish.
 */
int broker_submit_own(struct broker_session *session, struct broker_message *message)
{
	const struct broker_op op = {};
	struct broker_submission submit = { .session = session, .sender = message->sender };
	struct broker_result result = {};
	int err;

	broker_routes_init(&submit.routes);
	trace_broker_publish(session, message);
	err = broker_publish_may(session->broker) ?:
	      broker_publish_route(&submit, &op, message) ?:
	      broker_routes_rewrite(&submit.routes, &message) ?:
	      broker_publish_to_queues(&submit, &op, message, NULL, &result);
	broker_routes_put(&submit.routes);
	broker_routes_free(&submit.routes);
	broker_message_put(message);
	return err;
}
