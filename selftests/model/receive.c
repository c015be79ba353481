// SPDX-License-Identifier: GPL-2.0-or-later
/* RECEIVE and BROWSE of the model. */
#include <string.h>
#include <unistd.h>

#include "world.h"

static uint32_t record_size(const struct entry *e)
{
	return (sizeof(struct broker_delivery) + e->message.size + 7) / 8 * 8;
}

/* Compares a record with what it should be. */
static uint32_t look_at_record(struct world *w, const struct answer *answer, uint32_t at,
			       const struct entry *e, const struct consumer *c, int queue)
{
	const struct broker_delivery *d = (const void *)(answer->buffer + at);
	const struct message *m = &e->message;
	uint8_t area[1024], body[2048];
	uint32_t len, size;
	const uint8_t *p;
	char key[64];

	if (at + sizeof(*d) > answer->bytes || at + d->size > answer->bytes) {
		differ(w, "a record at %u is longer than the %u bytes returned", at, answer->bytes);
		return 0;
	}
	size = (sizeof(*d) + m->size + 7) / 8 * 8;
	key_text(m->key, key);
	expect(w, "size", d->size, size);
	expect(w, "header_size", d->header_size, sizeof(*d));
	expect(w, "flags", d->flags, e->acquired > !!c ? BROKER_DELIVERY_F_REDELIVERED : 0);
	expect(w, "consumer", d->consumer, c ? c->id : 0);
	expect(w, "queue", d->queue, w->queue[queue].id);
	expect(w, "tag", d->tag, c ? e->tag : 0);
	expect(w, "sequence", d->sequence, e->sequence);
	expect(w, "user_data", d->user_data, c ? c->user_data : 0);
	if (d->time_ns < m->from || d->time_ns > m->until)
		differ(w, "time_ns %llu is not from %llu to %llu", (long long)d->time_ns,
		       (long long)m->from, (long long)m->until);
	expect(w, "acquired", d->acquired, e->acquired);
	expect(w, "failed", d->failed, e->failed);
	expect(w, "cause", d->cause, e->cause);
	expect(w, "cause_code", d->cause_code, e->code);
	expect(w, "cause_pid", d->cause_pid, e->pid);
	expect(w, "origin.uid", d->origin.uid, m->uid);
	expect(w, "origin.gid", d->origin.gid, m->gid);
	expect(w, "origin.pid", d->origin.pid, getpid());
	if (!w->start_time) {
		w->start_time = d->origin.start_time;
		w->cgroup = d->origin.cgroup;
	}
	expect(w, "origin.start_time", d->origin.start_time, w->start_time);
	expect(w, "origin.cgroup", d->origin.cgroup, w->cgroup);
	expect(w, "exchange_len", d->exchange_len, strlen(exchange_name(m->exchange)));
	expect(w, "key_len", d->key_len, strlen(key));
	len = props_encode(m->props, area);
	expect(w, "props_len", d->props_len, len);
	expect(w, "body_len", d->body_len, m->body_len);
	if (*w->differs)
		return 0;
	p = answer->buffer + at + d->header_size;
	if (memcmp(p, exchange_name(m->exchange), d->exchange_len))
		differ(w, "the exchange's name is another");
	p += d->exchange_len;
	if (memcmp(p, key, d->key_len))
		differ(w, "the routing key is another");
	p += d->key_len;
	if (memcmp(p, area, len))
		differ(w, "the properties are others");
	body_make(m->serial, m->body_len, body);
	if (memcmp(p + len, body, m->body_len))
		differ(w, "the body is another");
	return d->size;
}

int session_readable(const struct session *s)
{
	int c;

	for (c = 0; c < CONSUMERS; c++)
		if (s->consumer[c].life == GONE || s->consumer[c].readable)
			return 1;
	return 0;
}

/* What the first message on its way to a consumer needs. */
static uint32_t first_needs(const struct world *w, int session, int consumer)
{
	const struct queue *q = &w->queue[w->session[session].consumer[consumer].queue];
	int i;

	for (i = 0; i < q->nr; i++)
		if (q->entry[i].state == PENDING && held_by(&q->entry[i], session, consumer))
			return record_size(&q->entry[i]);
	return 0;
}

/* Whether the broker has answered for this consumer. */
static int is_answer_of(const struct world *w, const struct answer *answer, int session,
			int consumer)
{
	const struct consumer *c = &w->session[session].consumer[consumer];

	switch (answer->error) {
	case -EIDRM:
		return c->life == GONE && c->id == answer->consumer;
	case -EMSGSIZE:
		return c->readable && first_needs(w, session, consumer) == answer->bytes;
	default:
		return c->readable && answer->count &&
		       ((const struct broker_delivery *)answer->buffer)->consumer == c->id;
	}
}

/*
 * Which consumer of the session has been read.  They take turns: nobody is
 * overtaken; which is first of those that got something at once is left open.
 */
static int whose_turn(struct world *w, const struct op *op, const struct answer *answer)
{
	int c, first = -1, chosen = -1, gone = 0, session = op->a[RECEIVE_SESSION];
	const struct session *s = &w->session[session];

	for (c = 0; c < CONSUMERS; c++)
		gone += s->consumer[c].life == GONE;
	for (c = 0; c < CONSUMERS; c++) {
		const struct consumer *each = &s->consumer[c];

		if (gone ? each->life != GONE : !each->readable)
			continue;
		if (first < 0 || (!gone && each->turn < s->consumer[first].turn))
			first = c;
		if (is_answer_of(w, answer, session, c) &&
		    (chosen < 0 || each->turn < s->consumer[chosen].turn))
			chosen = c;
	}
	if (chosen < 0)
		return first;
	if (!gone && s->consumer[first].turn < s->consumer[chosen].turn)
		differ(w, "consumer %d was read before its turn, which is consumer %d's", chosen,
		       first);
	return chosen;
}

/* Hands out what fits.  Return: how many; -EMSGSIZE. */
static int hand_out(struct world *w, const struct op *op, const struct answer *answer, int consumer)
{
	struct session *s = &w->session[op->a[RECEIVE_SESSION]];
	struct consumer *c = &s->consumer[consumer];
	struct queue *q = &w->queue[c->queue];
	uint32_t at = 0, room = op->a[RECEIVE_ROOM];
	int i, n = 0;

	for (i = 0; i < q->nr && n < op->a[RECEIVE_MAX]; i++) {
		struct entry *e = &q->entry[i];

		if (!held_by(e, op->a[RECEIVE_SESSION], consumer) || e->state != PENDING)
			continue;
		if (record_size(e) > room) {
			if (n)
				break;
			expect(w, "bytes needed", answer->bytes, record_size(e));
			return -EMSGSIZE;
		}
		room -= record_size(e);
		e->state = LEASED;
		e->tag = ++c->last_tag;
		e->acquired++;
		q->counts.delivered++;
		q->counts.redelivered += e->acquired > 1;
		c->delivered++;
		s->received++;
		n++;
		if ((uint32_t)n <= answer->count && !*w->differs)
			at += look_at_record(w, answer, at, e, c, c->queue);
	}
	expect(w, "messages", answer->count, n);
	if (!*w->differs && n)
		expect(w, "bytes", answer->bytes, at);
	return n;
}

static void accept_handed_out(struct world *w, int session, int consumer)
{
	struct consumer *c = &w->session[session].consumer[consumer];
	struct queue *q = &w->queue[c->queue];
	int i;

	look_at_readable(w, c->queue);
	for (i = 0; i < q->nr && c->automatic; i++)
		if (q->entry[i].state == LEASED && held_by(&q->entry[i], session, consumer))
			settle_one(w, session, q, &q->entry[i], BROKER_OP_ACCEPT);
	queue_commit(w, c->queue);
}

static int receive_from(struct world *w, const struct op *op, const struct answer *answer,
			int consumer)
{
	int session = op->a[RECEIVE_SESSION], got;
	struct consumer *c = &w->session[session].consumer[consumer];

	if (c->life == NONE)
		return -ENOENT;
	if (c->life == GONE) {
		expect(w, "the consumer that is gone", answer->consumer, c->id);
		c->life = NONE;
		return -EIDRM;
	}
	c->pull = c->credit ? 0 : op->a[RECEIVE_MAX];
	queue_dispatch(w, c->queue);
	if (op->a[RECEIVE_CONSUMER] < 0)
		c->turn = w->step;
	got = hand_out(w, op, answer, consumer);
	if (got > 0)
		accept_handed_out(w, session, consumer);
	c->pull = 0;
	withdraw(w, session, consumer);
	return got < 0 ? got : got ? 0 : -EAGAIN;
}

void world_receive(struct world *w, const struct op *op, const struct answer *answer)
{
	int consumer = op->a[RECEIVE_CONSUMER], error;

	if (consumer < 0)
		consumer = whose_turn(w, op, answer);
	error = consumer < 0 ? -EAGAIN : receive_from(w, op, answer, consumer);
	expect(w, "receive", answer->error, error);
	world_settle_down(w);
}

void world_browse(struct world *w, const struct op *op, const struct answer *answer)
{
	struct session *s = &w->session[op->a[BROWSE_SESSION]];
	int queue = op->a[BROWSE_QUEUE], i, n = 0, error = 0;
	struct queue *q = &w->queue[queue];
	uint64_t *browsed = &s->browsed[queue];
	uint32_t at = 0, room = op->a[BROWSE_ROOM];

	if (!op->a[BROWSE_ON]) {
		*browsed = 0;
		s->cursor[queue] = 0;
	}
	if (!q->exists)
		error = -ENOENT;
	else if (!may(op->a[BROWSE_USER], q->uid, q->gid, q->mode, MAY_CONSUME))
		error = -EACCES;
	else if (q->session >= 0 && q->session != op->a[BROWSE_SESSION])
		error = -EBUSY;
	for (i = 0; !error && i < q->nr && n < op->a[BROWSE_MAX]; i++) {
		struct entry *e = &q->entry[i];

		if (e->state != READY || e->sequence <= *browsed)
			continue;
		if (record_size(e) > room) {
			if (!n) {
				error = -EMSGSIZE;
				expect(w, "bytes needed", answer->bytes, record_size(e));
			}
			break;
		}
		room -= record_size(e);
		n++;
		*browsed = e->sequence;
		if ((uint32_t)n <= answer->count && !*w->differs)
			at += look_at_record(w, answer, at, e, NULL, queue);
	}
	expect(w, "browse", answer->error, error);
	if (error)
		return;
	expect(w, "messages browsed", answer->count, n);
	if (!*w->differs)
		expect(w, "bytes browsed", answer->bytes, at);
	s->cursor[queue] = answer->cursor;
}
