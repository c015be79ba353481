/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM broker

#if !defined(_BROKER_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _BROKER_TRACE_H

#include <linux/broker.h>
#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "broker.h"
#include "consumer.h"
#include "entry.h"
#include "message.h"
#include "queue.h"
#include "session.h"

/**
 * DOC: Tracepoints
 *
 * A message's way, in this order; broker-trace(7) says how to read it:
 *
 *   publish -> route -> enqueue -> assign (-> wake) -> deliver -> settle
 *
 * or, in place of the end, return and once more from assign, drop, expire,
 * deadletter.  All but publish and route fire under the queue's lock, so that
 * their order is that of the queue.  @message is the same number in all of
 * them, @netns the inode of the broker's namespace.
 */

#ifndef BROKER_TRACE_NAMES
#define BROKER_TRACE_NAMES
#define broker_trace_outcomes					\
	{ BROKER_OP_ACCEPT,		"accept" },		\
	{ BROKER_OP_RELEASE,		"release" },		\
	{ BROKER_OP_FAIL,		"fail" },		\
	{ BROKER_OP_REJECT,		"reject" },		\
	{ BROKER_OP_DELAY,		"delay" },			\
	{ BROKER_OP_DEFER,		"defer" }

#define broker_trace_causes					\
	{ BROKER_CAUSE_NONE,		"none" },		\
	{ BROKER_CAUSE_RELEASED,	"released" },		\
	{ BROKER_CAUSE_FAILED,		"failed" },		\
	{ BROKER_CAUSE_CANCELLED,	"cancelled" },		\
	{ BROKER_CAUSE_CLOSED,		"closed" },		\
	{ BROKER_CAUSE_EXITED,		"exited" },		\
	{ BROKER_CAUSE_KILLED,		"killed" },		\
	{ BROKER_CAUSE_OOM,		"oom" },		\
	{ BROKER_CAUSE_QUEUE_DELETED,	"queue-deleted" },	\
	{ BROKER_CAUSE_LEASE,		"lease" },			\
	{ BROKER_CAUSE_SLOW,		"slow" }
#endif

TRACE_EVENT(broker_publish,
	TP_PROTO(const struct broker_session *session, const struct broker_message *message),
	TP_ARGS(session, message),
	TP_STRUCT__entry(
		__field(u64, message)
		__field(u64, session)
		__field(u32, netns)
		__field(u32, size)
		__dynamic_array(char, exchange, message->exchange_len + 1)
		__dynamic_array(char, key, message->key_len + 1)
	),
	TP_fast_assign(
		__entry->message = message->id;
		__entry->session = session->id;
		__entry->netns = session->broker->net->ns.inum;
		__entry->size = broker_message_size(message);
		memcpy(__get_str(exchange), broker_message_exchange(message),
		       message->exchange_len);
		__get_str(exchange)[message->exchange_len] = 0;
		memcpy(__get_str(key), broker_message_key(message), message->key_len);
		__get_str(key)[message->key_len] = 0;
	),
	TP_printk("message=%llu netns=%u session=%llu size=%u exchange=%s key=%s",
		  __entry->message, __entry->netns, __entry->session, __entry->size,
		  __get_str(exchange), __get_str(key))
);

/* @queues match; without any the message ends here. */
TRACE_EVENT(broker_route,
	TP_PROTO(const struct broker_session *session, const struct broker_message *message,
		 u32 queues),
	TP_ARGS(session, message, queues),
	TP_STRUCT__entry(
		__field(u64, message)
		__field(u64, session)
		__field(u32, netns)
		__field(u32, queues)
	),
	TP_fast_assign(
		__entry->message = message->id;
		__entry->session = session->id;
		__entry->netns = session->broker->net->ns.inum;
		__entry->queues = queues;
	),
	TP_printk("message=%llu netns=%u session=%llu queues=%u",
		  __entry->message, __entry->netns, __entry->session, __entry->queues)
);

/* What all events in a queue have. */
#define BROKER_TRACE_QUEUE_FIELDS						\
		__field(u64, message)						\
		__field(u64, sequence)						\
		__field(u32, netns)						\
		__field(u32, queue)						\
		__field(u32, size)						\
		__dynamic_array(char, name, queue->name_len + 1)
#define BROKER_TRACE_QUEUE_ASSIGN						\
		__entry->message = item->message->id;				\
		__entry->sequence = broker_entry_sequence(item);				\
		__entry->netns = queue->broker->net->ns.inum;			\
		__entry->queue = queue->id;					\
		__entry->size = broker_message_size(item->message);		\
		memcpy(__get_str(name), queue->name, queue->name_len + 1);
#define BROKER_TRACE_QUEUE_FORMAT						\
	"message=%llu netns=%u queue=%u name=%s sequence=%llu size=%u"
#define BROKER_TRACE_QUEUE_VALUES						\
	__entry->message, __entry->netns, __entry->queue, __get_str(name),	\
	__entry->sequence, __entry->size

TRACE_EVENT(broker_enqueue,
	TP_PROTO(const struct broker_queue *queue, const struct broker_entry *item),
	TP_ARGS(queue, item),
	TP_STRUCT__entry(BROKER_TRACE_QUEUE_FIELDS),
	TP_fast_assign(BROKER_TRACE_QUEUE_ASSIGN),
	TP_printk(BROKER_TRACE_QUEUE_FORMAT, BROKER_TRACE_QUEUE_VALUES)
);

/* @reason: overflow, overwritten, purged or deleted. */
DECLARE_EVENT_CLASS(broker_left,
	TP_PROTO(const struct broker_queue *queue, const struct broker_entry *item,
		 const char *reason),
	TP_ARGS(queue, item, reason),
	TP_STRUCT__entry(
		BROKER_TRACE_QUEUE_FIELDS
		__array(char, reason, 16)
	),
	TP_fast_assign(
		BROKER_TRACE_QUEUE_ASSIGN
		strscpy(__entry->reason, reason, sizeof(__entry->reason));
	),
	TP_printk(BROKER_TRACE_QUEUE_FORMAT " reason=%s", BROKER_TRACE_QUEUE_VALUES,
		  __entry->reason)
);

DEFINE_EVENT(broker_left, broker_drop,
	TP_PROTO(const struct broker_queue *queue, const struct broker_entry *item,
		 const char *reason),
	TP_ARGS(queue, item, reason)
);

/* @reason: message or queue, whose time to live it was. */
DEFINE_EVENT(broker_left, broker_expire,
	TP_PROTO(const struct broker_queue *queue, const struct broker_entry *item,
		 const char *reason),
	TP_ARGS(queue, item, reason)
);

/* @reason: why the queue gave it to its dead-letter target. */
DEFINE_EVENT(broker_left, broker_deadletter,
	TP_PROTO(const struct broker_queue *queue, const struct broker_entry *item,
		 const char *reason),
	TP_ARGS(queue, item, reason)
);

/* Comes back: @cause and @code say why, @failed whether that counts as a failure. */
TRACE_EVENT(broker_return,
	TP_PROTO(const struct broker_queue *queue, const struct broker_entry *item,
		 const struct broker_return *how),
	TP_ARGS(queue, item, how),
	TP_STRUCT__entry(
		BROKER_TRACE_QUEUE_FIELDS
		__field(u8, cause)
		__field(u8, code)
		__field(bool, failed)
	),
	TP_fast_assign(
		BROKER_TRACE_QUEUE_ASSIGN
		__entry->cause = how->cause;
		__entry->code = how->code;
		__entry->failed = how->failed;
	),
	TP_printk(BROKER_TRACE_QUEUE_FORMAT " cause=%s code=%u failed=%d",
		  BROKER_TRACE_QUEUE_VALUES,
		  __print_symbolic(__entry->cause, broker_trace_causes), __entry->code,
		  __entry->failed)
);

/* What all events at a consumer have. */
#define BROKER_TRACE_CONSUMER_FIELDS						\
		__field(u64, message)						\
		__field(u64, sequence)						\
		__field(u64, session)						\
		__field(u32, consumer)						\
		__field(u32, netns)						\
		__field(u32, queue)						\
		__dynamic_array(char, name, consumer->queue->name_len + 1)
#define BROKER_TRACE_CONSUMER_ASSIGN						\
		__entry->message = item->message->id;				\
		__entry->sequence = broker_entry_sequence(item);				\
		__entry->session = consumer->session->id;			\
		__entry->consumer = consumer->id;				\
		__entry->netns = consumer->queue->broker->net->ns.inum;		\
		__entry->queue = consumer->queue->id;				\
		memcpy(__get_str(name), consumer->queue->name, consumer->queue->name_len + 1);
#define BROKER_TRACE_CONSUMER_FORMAT						\
	"message=%llu netns=%u queue=%u name=%s sequence=%llu session=%llu consumer=%u"
#define BROKER_TRACE_CONSUMER_VALUES						\
	__entry->message, __entry->netns, __entry->queue, __get_str(name),	\
	__entry->sequence, __entry->session, __entry->consumer

DECLARE_EVENT_CLASS(broker_at_consumer,
	TP_PROTO(const struct broker_consumer *consumer, const struct broker_entry *item),
	TP_ARGS(consumer, item),
	TP_STRUCT__entry(BROKER_TRACE_CONSUMER_FIELDS),
	TP_fast_assign(BROKER_TRACE_CONSUMER_ASSIGN),
	TP_printk(BROKER_TRACE_CONSUMER_FORMAT, BROKER_TRACE_CONSUMER_VALUES)
);

/* The queue has chosen who gets it. */
DEFINE_EVENT(broker_at_consumer, broker_assign,
	TP_PROTO(const struct broker_consumer *consumer, const struct broker_entry *item),
	TP_ARGS(consumer, item)
);

/* Somebody sleeps in the consumer's session, and is woken; sched_waking follows. */
DEFINE_EVENT(broker_at_consumer, broker_wake,
	TP_PROTO(const struct broker_consumer *consumer, const struct broker_entry *item),
	TP_ARGS(consumer, item)
);

/* RECEIVE hands it out, as @tag, the @acquired-th time. */
TRACE_EVENT(broker_deliver,
	TP_PROTO(const struct broker_consumer *consumer, const struct broker_entry *item,
		 u64 tag),
	TP_ARGS(consumer, item, tag),
	TP_STRUCT__entry(
		BROKER_TRACE_CONSUMER_FIELDS
		__field(u64, tag)
		__field(u32, acquired)
	),
	TP_fast_assign(
		BROKER_TRACE_CONSUMER_ASSIGN
		__entry->tag = tag;
		__entry->acquired = item->acquired;
	),
	TP_printk(BROKER_TRACE_CONSUMER_FORMAT " tag=%llu acquired=%u",
		  BROKER_TRACE_CONSUMER_VALUES, __entry->tag, __entry->acquired)
);

TRACE_EVENT(broker_settle,
	TP_PROTO(const struct broker_consumer *consumer, const struct broker_entry *item,
		 unsigned int opcode),
	TP_ARGS(consumer, item, opcode),
	TP_STRUCT__entry(
		BROKER_TRACE_CONSUMER_FIELDS
		__field(u32, outcome)
	),
	TP_fast_assign(
		BROKER_TRACE_CONSUMER_ASSIGN
		__entry->outcome = opcode;
	),
	TP_printk(BROKER_TRACE_CONSUMER_FORMAT " outcome=%s", BROKER_TRACE_CONSUMER_VALUES,
		  __print_symbolic(__entry->outcome, broker_trace_outcomes))
);

#endif /* _BROKER_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
