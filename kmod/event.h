/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_EVENT_H
#define _BROKER_EVENT_H

#include <linux/types.h>

struct broker_advisory;
struct broker_binding;
struct broker_consumer;
struct broker_exchange;
struct broker_queue;
struct broker_recurrence;
struct broker_return;

/**
 * DOC: Events
 *
 * Changes of topology and of consumers are multicast over netlink, within the
 * broker's network namespace.  All of these may sleep, cannot fail, and cost next
 * to nothing while nobody listens.
 */

void broker_event_exchange(struct broker_exchange *exchange);
void broker_event_exchange_deleted(struct broker_exchange *exchange);
void broker_event_queue(struct broker_queue *queue);
void broker_event_queue_deleted(struct broker_queue *queue, u32 end);
void broker_event_binding(struct broker_binding *binding);
void broker_event_binding_deleted(struct broker_binding *binding);
void broker_event_schedule(struct broker_recurrence *recurrence);
void broker_event_schedule_deleted(struct broker_recurrence *recurrence);
void broker_event_consumer(struct broker_consumer *consumer);
void broker_event_consumer_ended(struct broker_consumer *consumer,
				 const struct broker_return *how);
void broker_event_advisory(const struct broker_advisory *advisory);

#endif /* _BROKER_EVENT_H */
