// SPDX-License-Identifier: GPL-2.0
/*
 * Events are the messages of netlink's get with a command of their own.  Since
 * one event has many readers, it shows users as the broker's namespace does, and
 * a process by the number it has in its own pid namespace.
 *
 * Who cannot be told of something is told that: his socket reads ENOBUFS.
 */
#include <linux/rcupdate.h>

#include "admin.h"
#include "advisory.h"
#include "binding.h"
#include "broker.h"
#include "consumer.h"
#include "event.h"
#include "exchange.h"
#include "queue.h"
#include "recurrence.h"

/* NULL if nobody listens. */
static struct sk_buff *event_new(const struct broker *broker, unsigned int group, size_t size)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&broker_nl_family, broker->net, group))
		return NULL;
	skb = genlmsg_new(size, GFP_KERNEL);
	if (!skb)
		genl_set_err(&broker_nl_family, broker->net, 0, group, -ENOBUFS);
	return skb;
}

static void event_send(const struct broker *broker, unsigned int group, struct sk_buff *skb,
		       int err)
{
	if (WARN_ON_ONCE(err))
		nlmsg_free(skb);
	else
		genlmsg_multicast_netns(&broker_nl_family, broker->net, skb, 0, group, GFP_KERNEL);
}

void broker_event_exchange(struct broker_exchange *exchange)
{
	struct broker *broker = exchange->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_EXCHANGE_NTF);
	struct sk_buff *skb;

	skb = event_new(broker, BROKER_NLGRP_TOPOLOGY, GENLMSG_DEFAULT_SIZE);
	if (skb)
		event_send(broker, BROKER_NLGRP_TOPOLOGY, skb,
			   broker_nl_put_exchange(skb, &head, exchange));
}

/* That an object was deleted takes no more than its number and its name. */
void broker_event_exchange_deleted(struct broker_exchange *exchange)
{
	const struct broker *broker = exchange->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_EXCHANGE_DEL_NTF);
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = event_new(broker, BROKER_NLGRP_TOPOLOGY, GENLMSG_DEFAULT_SIZE);
	if (!skb)
		return;
	hdr = broker_nl_begin(skb, &head);
	err = !hdr || nla_put_u32(skb, BROKER_A_EXCHANGE_ID, exchange->id) ||
	      nla_put_string(skb, BROKER_A_EXCHANGE_NAME, exchange->name);
	event_send(broker, BROKER_NLGRP_TOPOLOGY, skb, broker_nl_end(skb, hdr, err));
}

void broker_event_queue(struct broker_queue *queue)
{
	struct broker *broker = queue->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_QUEUE_NTF);
	struct sk_buff *skb;

	skb = event_new(broker, BROKER_NLGRP_TOPOLOGY, GENLMSG_DEFAULT_SIZE);
	if (skb)
		event_send(broker, BROKER_NLGRP_TOPOLOGY, skb,
			   broker_nl_put_queue(skb, &head, queue));
}

/* A queue's end has a reason, too. */
void broker_event_queue_deleted(struct broker_queue *queue, u32 end)
{
	const struct broker *broker = queue->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_QUEUE_DEL_NTF);
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = event_new(broker, BROKER_NLGRP_TOPOLOGY, GENLMSG_DEFAULT_SIZE);
	if (!skb)
		return;
	hdr = broker_nl_begin(skb, &head);
	err = !hdr || nla_put_u32(skb, BROKER_A_QUEUE_ID, queue->id) ||
	      nla_put_string(skb, BROKER_A_QUEUE_NAME, queue->name) ||
	      nla_put_u32(skb, BROKER_A_QUEUE_END, end);
	event_send(broker, BROKER_NLGRP_TOPOLOGY, skb, broker_nl_end(skb, hdr, err));
}

static void event_binding(struct broker_binding *binding, u8 cmd)
{
	struct broker *broker = binding->source->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, cmd);
	struct sk_buff *skb;

	lockdep_assert_held(&broker->topology);
	skb = event_new(broker, BROKER_NLGRP_TOPOLOGY, broker_nl_binding_size(binding));
	if (skb)
		event_send(broker, BROKER_NLGRP_TOPOLOGY, skb,
			   broker_nl_put_binding(skb, &head, binding));
}

void broker_event_binding(struct broker_binding *binding)
{
	event_binding(binding, BROKER_CMD_BINDING_NTF);
}

void broker_event_binding_deleted(struct broker_binding *binding)
{
	event_binding(binding, BROKER_CMD_BINDING_DEL_NTF);
}

void broker_event_schedule(struct broker_recurrence *recurrence)
{
	struct broker *broker = recurrence->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_SCHEDULE_NTF);
	struct sk_buff *skb;

	lockdep_assert_held(&broker->topology);
	skb = event_new(broker, BROKER_NLGRP_TOPOLOGY, GENLMSG_DEFAULT_SIZE);
	if (skb)
		event_send(broker, BROKER_NLGRP_TOPOLOGY, skb,
			   broker_nl_put_schedule(skb, &head, recurrence));
}

void broker_event_schedule_deleted(struct broker_recurrence *recurrence)
{
	const struct broker *broker = recurrence->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_SCHEDULE_DEL_NTF);
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = event_new(broker, BROKER_NLGRP_TOPOLOGY, GENLMSG_DEFAULT_SIZE);
	if (!skb)
		return;
	hdr = broker_nl_begin(skb, &head);
	err = !hdr || nla_put_string(skb, BROKER_A_SCHEDULE_NAME, recurrence->name);
	event_send(broker, BROKER_NLGRP_TOPOLOGY, skb, broker_nl_end(skb, hdr, err));
}

void broker_event_consumer(struct broker_consumer *consumer)
{
	struct broker *broker = consumer->queue->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_CONSUMER_NTF);
	struct sk_buff *skb;

	skb = event_new(broker, BROKER_NLGRP_CONSUMERS, BROKER_NL_CONSUMER_SIZE);
	if (skb)
		event_send(broker, BROKER_NLGRP_CONSUMERS, skb,
			   broker_nl_put_consumer(skb, &head, consumer));
}

void broker_event_consumer_ended(struct broker_consumer *consumer,
				 const struct broker_return *how)
{
	struct broker *broker = consumer->queue->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_CONSUMER_DEL_NTF);
	struct sk_buff *skb;

	skb = event_new(broker, BROKER_NLGRP_CONSUMERS, GENLMSG_DEFAULT_SIZE);
	if (skb)
		event_send(broker, BROKER_NLGRP_CONSUMERS, skb,
			   broker_nl_put_consumer_ended(skb, &head, consumer, how));
}

static int put_advice(struct sk_buff *skb, const struct broker_nl_head *head,
		      const struct broker_advice *advice)
{
	return (advice->session &&
		nla_put_u64_64bit(skb, BROKER_A_ADVISORY_SESSION, advice->session,
				  BROKER_A_ADVISORY_PAD)) ||
	       (advice->consumer &&
		nla_put_u32(skb, BROKER_A_ADVISORY_CONSUMER, advice->consumer)) ||
	       (advice->pid &&
		(nla_put_u32(skb, BROKER_A_ADVISORY_PID, advice->pid) ||
		 broker_nl_put_uid(skb, head, BROKER_A_ADVISORY_UID, advice->uid))) ||
	       (advice->sequence &&
		nla_put_u64_64bit(skb, BROKER_A_ADVISORY_SEQUENCE, advice->sequence,
				  BROKER_A_ADVISORY_PAD)) ||
	       (advice->cause &&
		(nla_put_u32(skb, BROKER_A_ADVISORY_CAUSE, advice->cause) ||
		 nla_put_u32(skb, BROKER_A_ADVISORY_CODE, advice->code)));
}

void broker_event_advisory(const struct broker_advisory *advisory)
{
	struct broker *broker = advisory->queue->broker;
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_ADVISORY_NTF);
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = event_new(broker, BROKER_NLGRP_ALARMS, GENLMSG_DEFAULT_SIZE);
	if (!skb)
		return;
	hdr = broker_nl_begin(skb, &head);
	err = !hdr || nla_put_u32(skb, BROKER_A_ADVISORY_KIND, advisory->kind) ||
	      nla_put_u64_64bit(skb, BROKER_A_ADVISORY_TIME, advisory->time,
				BROKER_A_ADVISORY_PAD) ||
	      nla_put_string(skb, BROKER_A_ADVISORY_QUEUE, advisory->queue->name) ||
	      nla_put_u32(skb, BROKER_A_ADVISORY_QUEUE_ID, advisory->queue->id) ||
	      nla_put_u32(skb, BROKER_A_ADVISORY_COUNT, advisory->count) ||
	      put_advice(skb, &head, &advisory->advice) ||
	      (advisory->lost && nla_put_u32(skb, BROKER_A_ADVISORY_LOST, advisory->lost));
	event_send(broker, BROKER_NLGRP_ALARMS, skb, broker_nl_end(skb, hdr, err));
}
