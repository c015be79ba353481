/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_STEP_H
#define _BROKER_STEP_H

#include <linux/types.h>

struct broker;
struct broker_message;
struct broker_routes;
struct broker_session;

/**
 * DOC: Steps
 *
 * An administrator may publish a message with BROKER_PUBLISH_F_TRACE: then each
 * step of it is told over netlink, to the group "trace".
 *
 * The steps are what the tracepoints see (trace.h): the module attaches to its
 * own, for as long as there is a message to be traced, and to other messages that
 * costs nothing but then.  A step is put into a ring of the broker's, under an
 * innermost lock, and sent by a work item.  What finds the ring full is counted,
 * and the number told with the next.
 *
 * Lifetime: the ring is made with the first traced message of a broker and ends
 * with that; what is in it holds references on its queue and binding.
 */

int broker_steps_begin(struct broker_session *session, struct broker_message *message);
void broker_steps_routed(struct broker_session *session, const struct broker_message *message,
			 const struct broker_routes *routes);
void broker_steps_message_copied(void);
void broker_steps_message_end(void);
void broker_steps_end(struct broker *broker);
void broker_steps_exit(void);

#endif /* _BROKER_STEP_H */
