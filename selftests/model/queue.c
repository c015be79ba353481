// SPDX-License-Identifier: GPL-2.0-or-later
/* Queues and consumers of the model: who gets what, when, and in which state it is. */
#include <string.h>

#include "world.h"

uint32_t queue_ready(const struct queue *q)
{
	uint32_t n = 0;
	int i;

	for (i = 0; i < q->nr; i++)
		n += q->entry[i].state == READY;
	return n;
}

uint64_t queue_bytes(const struct queue *q)
{
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < q->nr; i++)
		bytes += q->entry[i].message.size;
	return bytes;
}

int held_by(const struct entry *e, int session, int consumer)
{
	return (e->state == PENDING || e->state == LEASED) && e->session == session &&
	       e->consumer == consumer;
}

uint32_t consumer_holds(const struct world *w, int session, int consumer, enum state state)
{
	const struct queue *q = &w->queue[w->session[session].consumer[consumer].queue];
	uint32_t n = 0;
	int i;

	for (i = 0; i < q->nr; i++)
		n += held_by(&q->entry[i], session, consumer) && q->entry[i].state == state;
	return n;
}

static uint64_t consumer_bytes(const struct world *w, int session, int consumer)
{
	const struct queue *q = &w->queue[w->session[session].consumer[consumer].queue];
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < q->nr; i++)
		if (held_by(&q->entry[i], session, consumer))
			bytes += q->entry[i].message.size;
	return bytes;
}

/* Messages that a consumer may get now. */
static uint32_t consumer_free(const struct world *w, int session, int consumer)
{
	const struct consumer *c = &w->session[session].consumer[consumer];
	uint32_t pending = consumer_holds(w, session, consumer, PENDING);
	uint32_t held = pending + consumer_holds(w, session, consumer, LEASED);

	if (held < c->credit && consumer_bytes(w, session, consumer) < c->credit_bytes)
		return c->credit - held;
	return c->pull > pending ? c->pull - pending : 0;
}

/* Notes which consumers have begun or ceased to have something to be read. */
void look_at_readable(struct world *w, int queue)
{
	int s, c;

	for (s = 0; s < SESSIONS; s++) {
		for (c = 0; c < CONSUMERS; c++) {
			struct consumer *consumer = &w->session[s].consumer[c];
			int readable;

			if (consumer->life != LIVE || consumer->queue != queue)
				continue;
			readable = consumer->credit && consumer_holds(w, s, c, PENDING);
			if (readable && !consumer->readable)
				consumer->turn = w->step;
			consumer->readable = readable;
		}
	}
}

/* The most free credit; among equals, who has waited longest. */
static struct consumer *choose(struct world *w, int queue, int *session, int *consumer)
{
	struct consumer *best = NULL;
	uint32_t best_free = 0;
	int s, c;

	for (s = 0; s < SESSIONS; s++) {
		for (c = 0; c < CONSUMERS; c++) {
			struct consumer *next = &w->session[s].consumer[c];
			uint32_t free;

			if (next->life != LIVE || next->queue != queue)
				continue;
			free = consumer_free(w, s, c);
			if (!free || free < best_free ||
			    (free == best_free && next->waits > best->waits))
				continue;
			best = next;
			best_free = free;
			*session = s;
			*consumer = c;
		}
	}
	return best;
}

/* Gives ready messages to consumers while there are both. */
void queue_dispatch(struct world *w, int queue)
{
	struct queue *q = &w->queue[queue];
	int i, s, c;

	for (i = 0; i < q->nr && !w->atomic; i++) {
		struct entry *e = &q->entry[i];
		struct consumer *consumer;

		if (e->state != READY)
			continue;
		consumer = choose(w, queue, &s, &c);
		if (!consumer)
			break;
		e->state = PENDING;
		e->session = s;
		e->consumer = c;
		consumer->waits = ++w->clock;
	}
	look_at_readable(w, queue);
}

static void queue_remove(struct queue *q, struct entry *e)
{
	q->nr--;
	memmove(e, e + 1, (q->nr - (e - q->entry)) * sizeof(*e));
}

/* Whether a message of that size would fit without dropping any. */
int queue_has_room(const struct queue *q, uint64_t size)
{
	return (uint32_t)q->nr < q->max_messages && queue_bytes(q) + size <= q->max_bytes;
}

/* Sessions that wait for room find it. */
void world_settle_down(struct world *w)
{
	int s;

	for (s = 0; s < SESSIONS; s++) {
		struct session *session = &w->session[s];
		const struct queue *q = &w->queue[session->full];

		if (session->blocked && (!q->exists || session->full_size > q->max_bytes ||
					 queue_has_room(q, session->full_size)))
			session->blocked = 0;
	}
	w->step++;
}

int purge_ready(struct world *w, int queue)
{
	struct queue *q = &w->queue[queue];
	int i, n = 0;

	for (i = 0; i < q->nr;) {
		if (q->entry[i].state != READY) {
			i++;
			continue;
		}
		queue_remove(q, &q->entry[i]);
		n++;
	}
	q->counts.purged += n;
	return n;
}

/*
 * What it would hold with one more.  What a transaction accepts leaves room for
 * what it publishes, and for no more: a queue above its limits stays so till then.
 * What one of its messages drops makes room for that one only.
 */
static void queue_would_hold(const struct queue *q, const struct message *m, uint32_t *messages,
			     uint64_t *bytes)
{
	uint32_t accepted = 0, published = 1;
	uint64_t left = 0, taken = m->size;
	int i;

	for (i = 0; i < q->nr; i++) {
		const struct entry *e = &q->entry[i];

		if (e->state == HIDDEN_ACCEPTED) {
			accepted++;
			left += e->message.size;
		} else if (e->state == HIDDEN && !e->acquired) {
			published++;
			taken += e->message.size;
		}
	}
	*messages = q->nr + 1 - (accepted < published ? accepted : published) + q->surplus;
	*bytes = queue_bytes(q) + m->size - (left < taken ? left : taken) + q->surplus_bytes;
}

/* Of the room that a transaction's accepted messages leave, what the next one has. */
static void queue_spare(const struct queue *q, const struct message *m, uint32_t *messages,
			uint64_t *bytes)
{
	int64_t count = 0, left = 0;
	int i;

	for (i = 0; i < q->nr; i++) {
		const struct entry *e = &q->entry[i];
		int sign = e->state == HIDDEN_ACCEPTED ? 1 :
			   e->state == HIDDEN && !e->acquired ? -1 : 0;

		count += sign;
		left += sign * (int64_t)e->message.size;
	}
	*messages = count > 0;
	*bytes = left < 0 ? 0 : left < (int64_t)m->size ? left : m->size;
}

/* Why a queue would refuse a message, or 0. */
int queue_refuses(const struct queue *q, const struct message *m)
{
	uint32_t messages;
	uint64_t bytes;
	int i;

	if (m->size > q->max_bytes)
		return -EMSGSIZE;
	queue_would_hold(q, m, &messages, &bytes);
	for (i = 0; messages > q->max_messages || bytes > q->max_bytes; i++) {
		if (q->overflow != BROKER_OVERFLOW_DROP_HEAD || i == q->nr)
			return -EAGAIN;
		if (q->entry[i].state == READY) {
			messages--;
			bytes -= q->entry[i].message.size;
		}
	}
	return 0;
}

/* Whether it must drop one to take a message that it does not refuse. */
static int queue_drops(const struct queue *q, const struct message *m)
{
	uint32_t messages;
	uint64_t bytes;

	queue_would_hold(q, m, &messages, &bytes);
	return messages > q->max_messages || bytes > q->max_bytes;
}

uint64_t queue_take(struct world *w, int queue, const struct message *m)
{
	struct queue *q = &w->queue[queue];
	uint32_t dropped = 0, spare;
	uint64_t bytes = 0, spare_bytes;
	int i = 0;

	queue_spare(q, m, &spare, &spare_bytes);
	while (queue_drops(q, m)) {
		while (q->entry[i].state != READY)
			i++;
		bytes += q->entry[i].message.size;
		dropped++;
		queue_remove(q, &q->entry[i]);
		q->counts.dropped++;
	}
	if (w->atomic && dropped) {
		q->surplus += dropped + spare - 1;
		if (bytes + spare_bytes > m->size)
			q->surplus_bytes += bytes + spare_bytes - m->size;
	}
	q->entry[q->nr++] = (struct entry) {
		.message = *m, .sequence = ++q->sequence, .state = w->atomic ? HIDDEN : READY,
	};
	q->counts.enqueued++;
	queue_dispatch(w, queue);
	return q->sequence;
}

/* Shows what was done, all of it, and only then gives it to consumers. */
void queue_commit(struct world *w, int queue)
{
	struct queue *q = &w->queue[queue];
	int i;

	if (!w->atomic) {
		q->surplus = 0;
		q->surplus_bytes = 0;
	}
	for (i = 0; i < q->nr && !w->atomic;) {
		switch (q->entry[i].state) {
		case HIDDEN_ACCEPTED:
		case HIDDEN_REJECTED:
			queue_remove(q, &q->entry[i]);
			continue;
		case HIDDEN:
			q->entry[i].state = READY;
			break;
		default:
			break;
		}
		i++;
	}
	queue_dispatch(w, queue);
}

/* A delivery comes back. */
static void entry_return(struct queue *q, struct entry *e, int cause, int code, int failed,
			 uint32_t pid)
{
	e->state = HIDDEN;
	e->cause = cause;
	e->code = code;
	e->pid = pid;
	if (failed) {
		e->failed++;
		q->counts.failed++;
	} else {
		q->counts.released++;
	}
}

void settle_one(struct world *w, int session, struct queue *q, struct entry *e,
		       int outcome)
{
	w->session[session].settled++;
	w->session[session].consumer[e->consumer].settled++;
	switch (outcome) {
	case BROKER_OP_ACCEPT:
		q->counts.accepted++;
		e->state = HIDDEN_ACCEPTED;
		break;
	case BROKER_OP_REJECT:
		q->counts.rejected++;
		e->state = HIDDEN_REJECTED;
		break;
	case BROKER_OP_FAIL:
		entry_return(q, e, BROKER_CAUSE_FAILED, 0, 1, w->session[session].pid);
		break;
	default:
		entry_return(q, e, BROKER_CAUSE_RELEASED, 0, 0, w->session[session].pid);
		break;
	}
}

/* What was only on its way goes back, if there is no credit any more. */
void withdraw(struct world *w, int session, int consumer)
{
	struct consumer *c = &w->session[session].consumer[consumer];
	struct queue *q = &w->queue[c->queue];
	int i;

	for (i = 0; i < q->nr && !c->credit; i++)
		if (held_by(&q->entry[i], session, consumer) && q->entry[i].state == PENDING)
			q->entry[i].state = READY;
	queue_dispatch(w, c->queue);
}

/* A consumer ends, and what it holds comes back. */
void consumer_detach(struct world *w, int session, int consumer, int cause, int code, int failed)
{
	struct consumer *c = &w->session[session].consumer[consumer];
	struct queue *q = &w->queue[c->queue];
	int i;

	if (c->life != LIVE)
		return;
	for (i = 0; i < q->nr; i++) {
		struct entry *e = &q->entry[i];

		if (!held_by(e, session, consumer))
			continue;
		/* What it never saw comes back as if it had not been away. */
		if (e->state == LEASED)
			entry_return(q, e, cause, code, failed, w->session[session].pid);
		e->state = READY;
	}
	c->life = cause == BROKER_CAUSE_QUEUE_DELETED ? GONE : NONE;
	c->readable = 0;
	queue_dispatch(w, c->queue);
}
