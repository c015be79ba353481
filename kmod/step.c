// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "admin.h"
#include "binding.h"
#include "broker.h"
#include "consumer.h"
#include "exchange.h"
#include "message.h"
#include "queue.h"
#include "route.h"
#include "session.h"
#include "step.h"
#include "trace.h"

#define STEPS_ROOM	512	/* a power of two */

/**
 * struct step - what happened to a message
 * @kind: what
 * @cause: enum broker_cause; counts in a return
 * @code: goes with it
 * @time: when, nanoseconds since 1970
 * @message: its number
 * @queue: where, with a reference, or NULL
 * @binding: that led there, with a reference, or NULL
 * @exchange: number of the exchange it came to, or 0
 * @sequence: in @queue, or 0
 * @session: whose publish, or consumer, or 0
 * @consumer: number within @session, or 0
 * @pid: process of @session, as that counts itself
 * @uid: its user
 * @tag: of a hand-out
 * @acquired: which one it is
 * @queues: how many it is for
 * @reason: of leaving the queue, or how it was settled
 */
struct step {
	enum broker_step_kind kind;
	u8 cause;
	u8 code;
	u64 time;
	u64 message;
	struct broker_queue *queue;
	struct broker_binding *binding;
	u32 exchange;
	u64 sequence;
	u64 session;
	u32 consumer;
	u32 pid;
	kuid_t uid;
	u64 tag;
	u32 acquired;
	u32 queues;
	char reason[16];
};

/**
 * struct broker_steps - steps that are to be told
 * @broker: whose
 * @lock: of all below
 * @head: steps that were put in
 * @tail: steps that were taken out
 * @lost: that found no room since that was last told
 * @work: tells
 * @ring: at their numbers, modulo its size
 */
struct broker_steps {
	struct broker *broker;
	spinlock_t lock;
	u32 head;
	u32 tail;
	u32 lost;
	struct work_struct work;
	struct step ring[STEPS_ROOM];
};

/* How many messages are traced; the probes are there while there is one. */
static DEFINE_MUTEX(steps_mutex);
static unsigned int steps_messages;

static void step_put(struct broker *broker, const struct step *step)
{
	struct broker_steps *steps = READ_ONCE(broker->steps);
	unsigned long flags;

	if (!steps)
		return;
	spin_lock_irqsave(&steps->lock, flags);
	if (steps->head - steps->tail < STEPS_ROOM) {
		struct step *to = &steps->ring[steps->head++ % STEPS_ROOM];

		*to = *step;
		to->time = ktime_get_real_ns();
		if (to->queue)
			refcount_inc(&to->queue->refs);
		if (to->binding && !broker_binding_tryget(to->binding))
			to->binding = NULL;
	} else {
		steps->lost++;
	}
	queue_work(broker_wq, &steps->work);
	spin_unlock_irqrestore(&steps->lock, flags);
}

static struct step step_of_session(const struct broker_session *session,
				   const struct broker_message *message)
{
	return (struct step) {
		.message = message->id,
		.session = session->id,
		.pid = pid_nr_ns(session->pid, ns_of_pid(session->pid)),
		.uid = session->uid,
	};
}

static void step_publish(void *data, const struct broker_session *session,
			 const struct broker_message *message)
{
	struct step step;

	if (!message->traced)
		return;
	step = step_of_session(session, message);
	step.kind = BROKER_STEP_KIND_PUBLISHED;
	step_put(session->broker, &step);
}

static void step_in_queue(enum broker_step_kind kind, const struct broker_queue *queue,
			  const struct broker_entry *entry, const char *reason,
			  const struct broker_return *how)
{
	struct step step = {
		.kind = kind,
		.message = entry->message->id,
		/* Tracepoints promise to change nothing; this one counts a reference. */
		.queue = (struct broker_queue *)queue,
		.sequence = broker_entry_sequence(entry),
		.cause = how ? how->cause : 0,
		.code = how ? how->code : 0,
	};

	if (!entry->message->traced)
		return;
	if (reason)
		strscpy(step.reason, reason, sizeof(step.reason));
	step_put(queue->broker, &step);
}

static void step_enqueue(void *data, const struct broker_queue *queue,
			 const struct broker_entry *entry)
{
	step_in_queue(BROKER_STEP_KIND_ENQUEUED, queue, entry, NULL, NULL);
}

static void step_drop(void *data, const struct broker_queue *queue,
		      const struct broker_entry *entry, const char *reason)
{
	step_in_queue(BROKER_STEP_KIND_DROPPED, queue, entry, reason, NULL);
}

static void step_expire(void *data, const struct broker_queue *queue,
			const struct broker_entry *entry, const char *reason)
{
	step_in_queue(BROKER_STEP_KIND_EXPIRED, queue, entry, reason, NULL);
}

static void step_deadletter(void *data, const struct broker_queue *queue,
			    const struct broker_entry *entry, const char *reason)
{
	step_in_queue(BROKER_STEP_KIND_DEAD_LETTERED, queue, entry, reason, NULL);
}

static void step_return(void *data, const struct broker_queue *queue,
			const struct broker_entry *entry, const struct broker_return *how)
{
	step_in_queue(BROKER_STEP_KIND_RETURNED, queue, entry, NULL, how);
}

static void step_at_consumer(enum broker_step_kind kind, const struct broker_consumer *consumer,
			     const struct broker_entry *entry, u64 tag, const char *reason)
{
	struct step step;

	if (!entry->message->traced)
		return;
	step = step_of_session(consumer->session, entry->message);
	step.kind = kind;
	step.queue = consumer->queue;
	step.sequence = broker_entry_sequence(entry);
	step.consumer = consumer->id;
	step.tag = tag;
	step.acquired = tag ? entry->acquired : 0;
	if (reason)
		strscpy(step.reason, reason, sizeof(step.reason));
	step_put(consumer->queue->broker, &step);
}

static void step_assign(void *data, const struct broker_consumer *consumer,
			const struct broker_entry *entry)
{
	step_at_consumer(BROKER_STEP_KIND_ASSIGNED, consumer, entry, 0, NULL);
}

static void step_wake(void *data, const struct broker_consumer *consumer,
		      const struct broker_entry *entry)
{
	step_at_consumer(BROKER_STEP_KIND_WOKEN, consumer, entry, 0, NULL);
}

static void step_deliver(void *data, const struct broker_consumer *consumer,
			 const struct broker_entry *entry, u64 tag)
{
	step_at_consumer(BROKER_STEP_KIND_DELIVERED, consumer, entry, tag, NULL);
}

static void step_settle(void *data, const struct broker_consumer *consumer,
			const struct broker_entry *entry, unsigned int opcode)
{
	static const char *const outcomes[] = {
		[BROKER_OP_ACCEPT] = "accept",
		[BROKER_OP_RELEASE] = "release",
		[BROKER_OP_FAIL] = "fail",
		[BROKER_OP_REJECT] = "reject",
	};

	step_at_consumer(BROKER_STEP_KIND_SETTLED, consumer, entry, 0,
			 opcode < ARRAY_SIZE(outcomes) ? outcomes[opcode] : NULL);
}

#define STEPS_PROBES(each)							\
	each(publish) each(enqueue) each(drop) each(expire) each(deadletter)	\
	each(return) each(assign) each(wake) each(deliver) each(settle)

static void steps_detach(void)
{
	lockdep_assert_held(&steps_mutex);
	/* One that is not attached is no harm. */
#define DETACH(name) unregister_trace_broker_##name(step_##name, NULL);
	STEPS_PROBES(DETACH)
#undef DETACH
}

static int steps_attach(void)
{
	int err = 0;

	lockdep_assert_held(&steps_mutex);
#define ATTACH(name) err = err ?: register_trace_broker_##name(step_##name, NULL);
	STEPS_PROBES(ATTACH)
#undef ATTACH
	if (err)
		steps_detach();
	return err;
}

static int step_fill(struct sk_buff *skb, const struct broker_nl_head *head,
		     const struct step *step)
{
	return nla_put_u32(skb, BROKER_A_STEP_KIND, step->kind) ||
	       nla_put_u64_64bit(skb, BROKER_A_STEP_TIME, step->time, BROKER_A_STEP_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_STEP_MESSAGE, step->message, BROKER_A_STEP_PAD) ||
	       (step->queue &&
		(nla_put_string(skb, BROKER_A_STEP_QUEUE, step->queue->name) ||
		 nla_put_u32(skb, BROKER_A_STEP_QUEUE_ID, step->queue->id))) ||
	       (step->sequence &&
		nla_put_u64_64bit(skb, BROKER_A_STEP_SEQUENCE, step->sequence,
				  BROKER_A_STEP_PAD)) ||
	       (step->session &&
		(nla_put_u64_64bit(skb, BROKER_A_STEP_SESSION, step->session,
				   BROKER_A_STEP_PAD) ||
		 nla_put_u32(skb, BROKER_A_STEP_PID, step->pid) ||
		 broker_nl_put_uid(skb, head, BROKER_A_STEP_UID, step->uid))) ||
	       (step->consumer && nla_put_u32(skb, BROKER_A_STEP_CONSUMER, step->consumer)) ||
	       (step->tag &&
		(nla_put_u64_64bit(skb, BROKER_A_STEP_TAG, step->tag, BROKER_A_STEP_PAD) ||
		 nla_put_u32(skb, BROKER_A_STEP_ACQUIRED, step->acquired))) ||
	       (step->kind == BROKER_STEP_KIND_ROUTED &&
		nla_put_u32(skb, BROKER_A_STEP_QUEUES, step->queues)) ||
	       (step->kind == BROKER_STEP_KIND_RETURNED &&
		(nla_put_u32(skb, BROKER_A_STEP_CAUSE, step->cause) ||
		 nla_put_u32(skb, BROKER_A_STEP_CODE, step->code))) ||
	       (step->reason[0] && nla_put_string(skb, BROKER_A_STEP_REASON, step->reason));
}

static int step_fill_exchange(struct sk_buff *skb, struct broker *broker, const struct step *step)
{
	struct broker_exchange *exchange;
	int err = 0;

	if (step->binding)
		return nla_put_string(skb, BROKER_A_STEP_EXCHANGE, step->binding->source->name) ||
		       nla_put_string(skb, BROKER_A_STEP_KEY, step->binding->key);
	if (!step->exchange)
		return 0;
	/* It may have been deleted meanwhile. */
	rcu_read_lock();
	exchange = xa_load(&broker->exchange_ids, step->exchange);
	if (exchange)
		err = nla_put_string(skb, BROKER_A_STEP_EXCHANGE, exchange->name);
	rcu_read_unlock();
	return err;
}

static void step_send(struct broker *broker, const struct step *step, u32 lost)
{
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_STEP_NTF);
	struct sk_buff *skb;
	void *hdr;
	int err;

	if (!genl_has_listeners(&broker_nl_family, broker->net, BROKER_NLGRP_TRACE))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb) {
		genl_set_err(&broker_nl_family, broker->net, 0, BROKER_NLGRP_TRACE, -ENOBUFS);
		return;
	}
	hdr = broker_nl_begin(skb, &head);
	err = !hdr || step_fill(skb, &head, step) || step_fill_exchange(skb, broker, step) ||
	      (lost && nla_put_u32(skb, BROKER_A_STEP_LOST, lost));
	if (WARN_ON_ONCE(broker_nl_end(skb, hdr, err)))
		nlmsg_free(skb);
	else
		genlmsg_multicast_netns(&broker_nl_family, broker->net, skb, 0,
					BROKER_NLGRP_TRACE, GFP_KERNEL);
}

static bool steps_take(struct broker_steps *steps, struct step *step, u32 *lost)
{
	bool taken;

	spin_lock_irq(&steps->lock);
	taken = steps->head != steps->tail;
	if (taken) {
		*step = steps->ring[steps->tail++ % STEPS_ROOM];
		*lost = steps->lost;
		steps->lost = 0;
	}
	spin_unlock_irq(&steps->lock);
	return taken;
}

static void step_drop_references(const struct step *step)
{
	broker_binding_put(step->binding);
	broker_queue_put(step->queue);
}

static void steps_work(struct work_struct *work)
{
	struct broker_steps *steps = container_of(work, struct broker_steps, work);
	struct step step;
	u32 lost;

	while (steps_take(steps, &step, &lost)) {
		step_send(steps->broker, &step, lost);
		step_drop_references(&step);
		cond_resched();
	}
}

static struct broker_steps *steps_new(struct broker *broker)
{
	struct broker_steps *steps = kvzalloc(sizeof(*steps), GFP_KERNEL);

	if (steps) {
		steps->broker = broker;
		spin_lock_init(&steps->lock);
		INIT_WORK(&steps->work, steps_work);
	}
	return steps;
}

/**
 * broker_steps_begin() - Have the steps of a message told
 * @session: that publishes it
 * @message: new
 *
 * Nothing is done where nobody listens.
 *
 * Return: 0; -EPERM: the caller is no administrator; -ENOMEM.
 */
int broker_steps_begin(struct broker_session *session, struct broker_message *message)
{
	struct broker *broker = session->broker;
	int err = 0;

	if (!ns_capable(broker->net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	if (!genl_has_listeners(&broker_nl_family, broker->net, BROKER_NLGRP_TRACE))
		return 0;
	mutex_lock(&steps_mutex);
	if (!broker->steps)
		WRITE_ONCE(broker->steps, steps_new(broker));
	if (!broker->steps)
		err = -ENOMEM;
	else if (!steps_messages)
		err = steps_attach();
	if (!err) {
		steps_messages++;
		message->traced = true;
	}
	mutex_unlock(&steps_mutex);
	return err;
}

/* Tells which exchanges a traced message came to, and which bindings led to its queues. */
void broker_steps_routed(struct broker_session *session, const struct broker_message *message,
			 const struct broker_routes *routes)
{
	struct broker *broker = session->broker;
	struct step step = { .message = message->id };
	u32 i;

	step.kind = BROKER_STEP_KIND_AT_EXCHANGE;
	step.exchange = broker->default_exchange->id;
	if (!routes->exchange)
		step_put(broker, &step);
	for (i = 0; routes->exchange && i < routes->nr_visited; i++) {
		step.exchange = routes->visited[i].id;
		step_put(broker, &step);
	}
	step.exchange = 0;
	step.kind = BROKER_STEP_KIND_MATCHED;
	for (i = 0; i < routes->nr; i++) {
		step.queue = routes->route[i].queue;
		step.binding = routes->route[i].binding;
		step_put(broker, &step);
	}
	step = step_of_session(session, message);
	step.kind = BROKER_STEP_KIND_ROUTED;
	step.queues = routes->nr;
	step_put(broker, &step);
}

/* There is one traced message more: a copy. */
void broker_steps_message_copied(void)
{
	mutex_lock(&steps_mutex);
	steps_messages++;
	mutex_unlock(&steps_mutex);
}

/* A traced message is no more. */
void broker_steps_message_end(void)
{
	mutex_lock(&steps_mutex);
	if (!--steps_messages)
		steps_detach();
	mutex_unlock(&steps_mutex);
}

void broker_steps_end(struct broker *broker)
{
	struct broker_steps *steps = broker->steps;
	struct step step;
	u32 lost;

	if (!steps)
		return;
	cancel_work_sync(&steps->work);
	while (steps_take(steps, &step, &lost))
		step_drop_references(&step);
	/* A probe may still hold on to it that saw the last message. */
	tracepoint_synchronize_unregister();
	broker->steps = NULL;
	kvfree(steps);
}

/* No probe runs any more when this returns. */
void broker_steps_exit(void)
{
	tracepoint_synchronize_unregister();
}
