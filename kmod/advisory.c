// SPDX-License-Identifier: GPL-2.0
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include <linux/broker.h>

#include "advisory.h"
#include "broker.h"
#include "consumer.h"
#include "event.h"
#include "exchange.h"
#include "message.h"
#include "queue.h"
#include "route.h"
#include "schedule.h"
#include "sender.h"
#include "session.h"

#define ADVISORY_NOTES		64	/* of a broker, within a second */
#define ADVISORY_INTERVAL	HZ
#define ADVISORY_BUFFER		2048	/* enough for a message's properties and body */

static const char advisory_exchange[] = "broker.events";

/* What each is called, and how its message reads. */
static const struct {
	const char *name;
	const char *text;
} advisory_kinds[] = {
	[BROKER_ADVISORY_KIND_QUEUE_OVERFLOW] = {
		"queue-overflow", "messages were refused or dropped for want of room" },
	[BROKER_ADVISORY_KIND_QUEUE_BLOCKED] = {
		"queue-blocked", "publishers wait for room" },
	[BROKER_ADVISORY_KIND_CONSUMER_SLOW] = {
		"consumer-slow", "a consumer takes longer than the queue allows for" },
	[BROKER_ADVISORY_KIND_CONSUMER_CRASHED] = {
		"consumer-crashed", "a consumer crashed" },
	[BROKER_ADVISORY_KIND_CONSUMER_PROMOTED] = {
		"consumer-promoted", "a standby has become the active consumer" },
	[BROKER_ADVISORY_KIND_LEASE_EXPIRED] = {
		"lease-expired", "a consumer held messages for too long" },
	[BROKER_ADVISORY_KIND_MESSAGE_EXPIRED] = {
		"message-expired", "messages have outlived their time" },
	[BROKER_ADVISORY_KIND_MESSAGE_DEAD_LETTERED] = {
		"message-dead-lettered", "messages went to the dead-letter target" },
	[BROKER_ADVISORY_KIND_MESSAGE_QUARANTINED] = {
		"message-quarantined", "messages were set aside" },
};

/**
 * struct advisory_note - what there is to tell of one kind about one queue
 * @queue: with a reference; NULL: the note is free
 * @kind: what happened
 * @count: how often since it was last told
 * @next: in jiffies, when it may be told again
 * @advice: of the last time
 */
struct advisory_note {
	struct broker_queue *queue;
	enum broker_advisory_kind kind;
	u32 count;
	unsigned long next;
	struct broker_advice advice;
};

/**
 * struct broker_advisories - the notes of a broker
 * @broker: whose
 * @sender: the origin of the messages
 * @lock: of all below; interrupts are off, so that it may be taken anywhere
 * @ended: no more
 * @lost: what found no free note since that was last told
 * @notes: see there
 * @work: tells, when the first of them is due
 */
struct broker_advisories {
	struct broker *broker;
	struct broker_sender *sender;
	spinlock_t lock;
	bool ended;
	u32 lost;
	struct advisory_note notes[ADVISORY_NOTES];
	struct delayed_work work;
};

/* The note of that kind and queue, or a free one, or NULL. */
static struct advisory_note *advisory_find(struct broker_advisories *advisories,
					   const struct broker_queue *queue,
					   enum broker_advisory_kind kind)
{
	struct advisory_note *note, *free = NULL;

	lockdep_assert_held(&advisories->lock);
	for (note = advisories->notes; note < advisories->notes + ADVISORY_NOTES; note++) {
		if (note->queue == queue && note->kind == kind)
			return note;
		if (!note->queue && !free)
			free = note;
	}
	return free;
}

/**
 * broker_advise() - Have something told
 * @queue: it is about; referenced
 * @kind: what happened
 * @count: how often
 * @advice: who and what, or NULL
 */
void broker_advise(struct broker_queue *queue, enum broker_advisory_kind kind, u32 count,
		   const struct broker_advice *advice)
{
	struct broker_advisories *advisories = queue->broker->advisories;
	struct advisory_note *note = NULL;
	unsigned long flags;
	bool first = false;

	spin_lock_irqsave(&advisories->lock, flags);
	if (!advisories->ended)
		note = advisory_find(advisories, queue, kind);
	if (note) {
		first = !note->queue;
		if (first) {
			refcount_inc(&queue->refs);
			note->queue = queue;
			note->kind = kind;
		}
		note->count += count;
		note->advice = advice ? *advice : (struct broker_advice) {};
	} else {
		advisories->lost += count;
	}
	/* One that is known has the work armed for the end of its second. */
	if (first)
		mod_delayed_work(broker_wq, &advisories->work, 0);
	spin_unlock_irqrestore(&advisories->lock, flags);
}

static u32 advisory_pid(struct pid *pid)
{
	return pid_nr_ns(pid, ns_of_pid(pid));
}

void broker_advise_consumer(struct broker_consumer *consumer, enum broker_advisory_kind kind,
			    const struct broker_return *how)
{
	const struct broker_advice advice = {
		.session = consumer->session->id,
		.consumer = consumer->id,
		.pid = advisory_pid(consumer->session->pid),
		.uid = consumer->session->uid,
		.cause = how ? how->cause : 0,
		.code = how ? how->code : 0,
	};

	broker_advise(consumer->queue, kind, 1, &advice);
}

struct broker_advice broker_advice_sender(const struct broker_sender *sender)
{
	return (struct broker_advice) {
		.pid = advisory_pid(sender->pid),
		.uid = sender->uid,
	};
}

/**
 * struct advisory_text - a message in the making
 * @bytes: where
 * @len: bytes of it so far
 */
struct advisory_text {
	char bytes[ADVISORY_BUFFER];
	u32 len;
};

static void text_put(struct advisory_text *text, const void *bytes, u32 len)
{
	if (WARN_ON_ONCE(text->len + len > sizeof(text->bytes)))
		return;
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static void text_put_prop(struct advisory_text *text, u16 id, u8 type, const char *name,
			  const void *value, u32 len)
{
	const struct broker_prop prop = {
		.id = id,
		.type = type,
		.name_len = strlen(name),
		.value_len = len,
	};

	text_put(text, &prop, sizeof(prop));
	text_put(text, name, prop.name_len);
	text_put(text, value, len);
}

static void text_put_string(struct advisory_text *text, u16 id, const char *name,
			    const char *value)
{
	text_put_prop(text, id, BROKER_TYPE_STRING, name, value, strlen(value));
}

static void text_put_number(struct advisory_text *text, const char *name, s64 value)
{
	text_put_prop(text, BROKER_PROP_HEADER, BROKER_TYPE_INT64, name, &value, sizeof(value));
}

static void text_put_props(struct advisory_text *text, const struct broker_advisory *advisory)
{
	struct user_namespace *user_ns = advisory->queue->broker->net->user_ns;
	const struct broker_advice *advice = &advisory->advice;

	text_put_string(text, BROKER_PROP_CONTENT_TYPE, "", "text/plain");
	text_put_string(text, BROKER_PROP_TYPE, "", advisory_kinds[advisory->kind].name);
	text_put_string(text, BROKER_PROP_HEADER, "queue", advisory->queue->name);
	text_put_number(text, "queue-id", advisory->queue->id);
	text_put_number(text, "count", advisory->count);
	if (advice->session)
		text_put_number(text, "session", advice->session);
	if (advice->consumer)
		text_put_number(text, "consumer", advice->consumer);
	if (advice->pid) {
		text_put_number(text, "pid", advice->pid);
		text_put_number(text, "uid", from_kuid_munged(user_ns, advice->uid));
	}
	if (advice->sequence)
		text_put_number(text, "sequence", advice->sequence);
	if (advice->cause) {
		text_put_number(text, "cause", advice->cause);
		text_put_number(text, "code", advice->code);
	}
	if (advisory->lost)
		text_put_number(text, "lost", advisory->lost);
}

/* queue-overflow about NAME is queue.overflow.NAME, as far as it fits into a key. */
static void text_put_key(struct advisory_text *text, const struct broker_advisory *advisory)
{
	const char *kind = advisory_kinds[advisory->kind].name;
	const char *name = advisory->queue->name;
	u32 noun = strchr(kind, '-') - kind;
	u32 room = BROKER_MAX_KEY - strlen(kind) - 1, len = advisory->queue->name_len;

	text_put(text, kind, noun);
	text_put(text, ".", 1);
	text_put(text, kind + noun + 1, strlen(kind) - noun - 1);
	text_put(text, ".", 1);
	/* Not within a character: a byte 10xxxxxx goes on with one. */
	if (len > room)
		for (len = room; (name[len] & 0xc0) == 0x80; len--)
			;
	text_put(text, name, len);
}

static struct broker_message *advisory_message(const struct broker_advisory *advisory,
					       struct broker_sender *sender)
{
	struct advisory_text *text = kzalloc(sizeof(*text), GFP_KERNEL);
	struct broker_message *message;
	struct broker_publish publish = {};
	char body[2 * BROKER_MAX_NAME];

	if (!text)
		return NULL;
	text_put(text, advisory_exchange, strlen(advisory_exchange));
	publish.exchange_len = text->len;
	text_put_key(text, advisory);
	publish.key_len = text->len - publish.exchange_len;
	text_put_props(text, advisory);
	publish.props_len = text->len - publish.exchange_len - publish.key_len;
	publish.body_len = scnprintf(body, sizeof(body), "queue %s: %s: %u", advisory->queue->name,
				     advisory_kinds[advisory->kind].text, advisory->count);
	text_put(text, body, publish.body_len);
	message = broker_message_from_kernel(&publish, text->bytes, sender);
	kfree(text);
	return message;
}

/* Whether a message to the exchange could get anywhere. */
static bool advisory_wanted(struct broker *broker)
{
	struct broker_exchange *exchange;
	bool wanted;

	rcu_read_lock();
	exchange = broker_exchange_lookup(broker, advisory_exchange, strlen(advisory_exchange));
	wanted = exchange && (READ_ONCE(exchange->nr_bindings) ||
			      rcu_access_pointer(exchange->alternate));
	rcu_read_unlock();
	return wanted;
}

static void advisory_enqueue(struct broker_queue *queue, struct broker_message *message)
{
	struct broker_reservation reservation = { .entry = broker_entry_new(message) };

	if (!reservation.entry)
		return;
	if (broker_schedule_prepare(reservation.entry, queue) ||
	    broker_queue_reserve(queue, &reservation)) {
		broker_queue_count_refused(queue);
		broker_entry_free(reservation.entry);
	} else {
		broker_queue_commit(queue, &reservation);
	}
}

/* To each queue that has room; the others count a refusal. */
static void advisory_publish(const struct broker_advisory *advisory, struct broker_sender *sender)
{
	struct broker *broker = advisory->queue->broker;
	struct broker_routing routing;
	struct broker_message *message;
	struct broker_routes routes;
	u32 i;

	if (!advisory_wanted(broker))
		return;
	message = advisory_message(advisory, sender);
	if (!message)
		return;
	routing = (struct broker_routing) {
		.exchange = broker_message_exchange(message),
		.exchange_len = message->exchange_len,
		.key = broker_message_key(message),
		.key_len = message->key_len,
		.props = broker_message_props(message),
		.props_len = message->props_len,
		.message = message,
	};
	broker_routes_init(&routes);
	/* As a kernel thread, whom nothing is forbidden. */
	if (!broker_routes_find(&routes, broker, &routing))
		for (i = 0; i < routes.nr; i++)
			advisory_enqueue(routes.route[i].queue, message);
	broker_routes_free(&routes);
	broker_message_put(message);
}

/*
 * Takes what is due out of the notes.  Return: false: nothing is; then the work
 * is armed for the next, if there is one.
 */
static bool advisory_take(struct broker_advisories *advisories, struct broker_advisory *due)
{
	unsigned long now = jiffies, next = now + ADVISORY_INTERVAL;
	bool taken = false, left = false;
	struct advisory_note *note;

	*due = (struct broker_advisory) { .time = ktime_get_real_ns() };
	spin_lock_irq(&advisories->lock);
	for (note = advisories->notes; note < advisories->notes + ADVISORY_NOTES; note++) {
		if (!note->queue)
			continue;
		if (note->next && time_before(now, note->next)) {
			left = true;
			if (time_before(note->next, next))
				next = note->next;
			continue;
		}
		due->queue = note->queue;
		due->kind = note->kind;
		due->count = note->count;
		due->advice = note->advice;
		taken = true;
		if (note->count) {
			due->lost = advisories->lost;
			advisories->lost = 0;
			refcount_inc(&note->queue->refs);
			note->count = 0;
			note->next = (now + ADVISORY_INTERVAL) ?: 1;
		} else {
			*note = (struct advisory_note) {};
		}
		break;
	}
	if (!taken && left && !advisories->ended)
		mod_delayed_work(broker_wq, &advisories->work, next - now);
	spin_unlock_irq(&advisories->lock);
	return taken;
}

static void advisories_work(struct work_struct *work)
{
	struct broker_advisories *advisories =
		container_of(to_delayed_work(work), struct broker_advisories, work);
	struct broker_advisory due;

	while (advisory_take(advisories, &due)) {
		if (due.count) {
			broker_event_advisory(&due);
			advisory_publish(&due, advisories->sender);
		}
		broker_queue_put(due.queue);
		cond_resched();
	}
}

int broker_advisories_init(struct broker *broker)
{
	kuid_t uid = make_kuid(broker->net->user_ns, 0);
	kgid_t gid = make_kgid(broker->net->user_ns, 0);
	struct broker_advisories *advisories;

	advisories = kzalloc(sizeof(*advisories), GFP_KERNEL);
	if (!advisories)
		return -ENOMEM;
	advisories->sender = broker_sender_kernel(uid_valid(uid) ? uid : GLOBAL_ROOT_UID,
						  gid_valid(gid) ? gid : GLOBAL_ROOT_GID);
	if (!advisories->sender) {
		kfree(advisories);
		return -ENOMEM;
	}
	advisories->broker = broker;
	spin_lock_init(&advisories->lock);
	INIT_DELAYED_WORK(&advisories->work, advisories_work);
	broker->advisories = advisories;
	return 0;
}

/* Nobody advises any more, but for what the work itself still publishes. */
void broker_advisories_end(struct broker *broker)
{
	struct broker_advisories *advisories = broker->advisories;
	struct advisory_note *note;

	spin_lock_irq(&advisories->lock);
	advisories->ended = true;
	spin_unlock_irq(&advisories->lock);
	cancel_delayed_work_sync(&advisories->work);
	for (note = advisories->notes; note < advisories->notes + ADVISORY_NOTES; note++)
		broker_queue_put(note->queue);
	broker_sender_put(advisories->sender);
	kfree(advisories);
	broker->advisories = NULL;
}
