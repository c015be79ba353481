/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_WILL_H
#define _BROKER_WILL_H

#include <linux/list.h>
#include <linux/types.h>

#include "route.h"

struct broker_entry;
struct broker_message;
struct broker_op;
struct broker_session;
struct cred;

/**
 * DOC: Last wills
 *
 * A will is a message that the kernel publishes when the process that opened
 * the session dies, with user headers that tell how.  It is published by the
 * dying process itself, with the credentials of its arming.
 *
 * A process that dies for want of memory must still be heard of: the message,
 * room for what is added to it, the memory for routing and an entry for each
 * queue it would go to are taken, and charged, when it is armed.  Only a will
 * that more queues match by then needs more.
 *
 * Lifetime: in session.wills from its arming until it is disarmed, replaced, or
 * the session ends.
 */

/* Bytes of the headers that tell how the process died, at most. */
#define BROKER_WILL_ROOM	64

/**
 * struct broker_will - a message to publish at the death of a process
 * @of_session: in session.wills (session.mutex)
 * @name: op.user_data, which tells it from the session's others (const)
 * @message: with room for BROKER_WILL_ROOM more bytes (const until the death)
 * @cred: whose rights count (const)
 * @routes: memory for routing (owner: the publish)
 * @entries: one for each queue it would go to (owner: the publish)
 */
struct broker_will {
	struct list_head of_session;
	u64 name;
	struct broker_message *message;
	const struct cred *cred;
	struct broker_routes routes;
	struct broker_entry *entries;
};

int broker_will_arm(struct broker_session *session, const struct broker_op *op,
		    struct broker_message *message, u32 min_routes);
int broker_will_disarm(struct broker_session *session, u64 name);
void broker_wills_end(struct broker_session *session, u8 cause, u8 code);

#endif /* _BROKER_WILL_H */
