// SPDX-License-Identifier: GPL-2.0-or-later
/* SUBMIT of the model: publishes, settlements, credit. */
#include <string.h>

#include "world.h"

/* Before the call: what is sent in place of small numbers. */
static uint64_t choose_tag(const struct world *w, int session, int consumer, int which)
{
	const struct consumer *c = &w->session[session].consumer[consumer];
	const struct queue *q = &w->queue[c->queue];
	uint64_t tag, found = 0;
	int i, skip;

	switch (which) {
	case WHICH_NONE:
		return 0;
	case WHICH_NEXT:
		return c->last_tag + 1;
	case WHICH_FAR:
		return ~0ULL;
	case WHICH_SETTLED:
		return 1;
	}
	for (tag = 1, skip = which; tag <= c->last_tag; tag++)
		for (i = 0; c->life == LIVE && i < q->nr; i++)
			if (held_by(&q->entry[i], session, consumer) &&
			    q->entry[i].state == LEASED && q->entry[i].tag == tag) {
				found = tag;
				if (!skip--)
					return tag;
			}
	return found ?: c->last_tag;
}

static void prepare_publish(struct world *w, int user, const struct sub *sub, struct sent *sent)
{
	uint8_t area[1024];
	char key[64];

	sent->message = (struct message) {
		.serial = ++w->serial,
		.exchange = sub->a[PUBLISH_EXCHANGE],
		.key = sub->a[PUBLISH_KEY],
		.props = sub->a[PUBLISH_PROPS],
		.body_len = sub->a[PUBLISH_BODY],
		.uid = users[user].uid,
		.gid = users[user].gid,
	};
	sent->message.size = strlen(exchange_name(sent->message.exchange)) +
			     strlen(key_text(sent->message.key, key)) +
			     props_encode(sent->message.props, area) + sent->message.body_len;
}

void world_prepare(struct world *w, const struct op *op, struct answer *answer)
{
	int i, session = op->a[SUBMIT_SESSION];

	for (i = 0; i < op->nr; i++) {
		const struct sub *sub = &op->sub[i];
		struct sent *sent = &answer->sent[i];

		switch (sub->kind) {
		case PUBLISH:
			prepare_publish(w, op->a[SUBMIT_USER], sub, sent);
			break;
		case SETTLE:
			sent->consumer = w->session[session].consumer[sub->a[SETTLE_CONSUMER]].id;
			sent->tag = choose_tag(w, session, sub->a[SETTLE_CONSUMER],
					       sub->a[SETTLE_WHICH]);
			break;
		default:
			sent->consumer = w->session[session].consumer[sub->a[CREDIT_CONSUMER]].id;
			break;
		}
	}
}

/**
 * struct publishing - a publish, and what the model makes of it
 * @refusal: of each queue it goes to: why that would refuse, or 0
 * @told: the error that the broker told for that queue
 */
struct publishing {
	const struct sub *sub;
	const struct message *m;
	const struct broker_result *result;
	const struct answer *answer;
	int op, user, session, wait;
	int nr, queue[QUEUES], refusal[QUEUES], told[QUEUES];
	uint64_t sequence[QUEUES];
};

static int is_full_error(const struct world *w, const struct publishing *p, int i, int error)
{
	if (error == p->refusal[i])
		return 1;
	return error == -ETIMEDOUT && p->refusal[i] == -EAGAIN && p->wait &&
	       w->queue[p->queue[i]].overflow == BROKER_OVERFLOW_BLOCK;
}

/* Finds the confirm of each queue. */
static void read_confirms(struct world *w, struct publishing *p)
{
	uint32_t at = p->result->confirm;
	int i, k;

	if (p->nr && at + p->nr > p->answer->nr_confirms) {
		differ(w, "operation %d: confirms %u to %u of %u", p->op, at, at + p->nr,
		       p->answer->nr_confirms);
		return;
	}
	for (i = 0; i < p->nr; i++) {
		const struct broker_confirm *c = NULL;

		for (k = 0; k < p->nr && at + k < CONFIRMS; k++)
			if (p->answer->confirm[at + k].queue == w->queue[p->queue[i]].id)
				c = &p->answer->confirm[at + k];
		if (!c) {
			differ(w, "operation %d: no confirm of queue %d", p->op, p->queue[i]);
			return;
		}
		expect(w, "confirm.op", c->op, p->op);
		p->told[i] = c->error;
		p->sequence[i] = c->sequence;
	}
}

static void count_refusal(struct world *w, struct publishing *p, int i)
{
	w->queue[p->queue[i]].counts.refused++;
}

/* A queue that answers EAGAIN is what the session polls for. */
static void blocked_by(struct world *w, struct publishing *p, int i)
{
	struct session *s = &w->session[p->session];

	s->blocked_open = 0;
	s->full = p->queue[i];
	s->full_size = p->m->size;
	s->blocked = !queue_has_room(&w->queue[s->full], s->full_size);
}

/*
 * All or nothing, and a queue refuses: which one is said, if several would, is
 * the broker's choice, and others need not have been asked.
 */
static int refuse(struct world *w, struct publishing *p)
{
	int i, refusals = 0, told = 0, last = 0, confirmed;
	int error = 0;

	confirmed = p->sub->a[PUBLISH_CONFIRM] == BROKER_CONFIRM_ENQUEUED;
	for (i = 0; i < p->nr; i++)
		if (p->refusal[i]) {
			refusals++;
			last = i;
		}
	for (i = 0; i < p->nr; i++) {
		struct queue *q = &w->queue[p->queue[i]];

		if (!confirmed) {
			if (!p->refusal[i])
				continue;
			/* One of them, and nobody tells which. */
			if (refusals > 1)
				q->counts_open = 1;
			else
				count_refusal(w, p, i);
			continue;
		}
		if (p->told[i] == -ECANCELED)
			continue;
		if (p->told[i] != p->refusal[i] || !p->refusal[i])
			differ(w, "operation %d, queue %d: the broker says %d, the model %d", p->op,
			       p->queue[i], p->told[i], p->refusal[i]);
		told++;
		last = i;
		count_refusal(w, p, i);
	}
	if (confirmed)
		expect(w, "queues that refused", told, 1);
	w->refused++;
	w->exchange[p->m->exchange].refused += p->m->exchange != 0;
	if (!confirmed && refusals > 1)
		w->session[p->session].blocked_open = 1;
	else if (p->refusal[last] == -EAGAIN)
		blocked_by(w, p, last);
	error = p->refusal[last];
	if (confirmed && is_full_error(w, p, last, p->result->error))
		error = p->result->error;
	return error;
}

/* Every queue for itself; too few is an error, and undoes it. */
static int take_partly(struct world *w, struct publishing *p, int min_routes)
{
	int confirmed = p->sub->a[PUBLISH_CONFIRM] == BROKER_CONFIRM_ENQUEUED;
	struct session *s = &w->session[p->session];
	int i, room = 0, full = 0, error = 0;

	for (i = 0; i < p->nr; i++)
		room += !p->refusal[i];
	for (i = 0; i < p->nr; i++) {
		if (!p->refusal[i])
			continue;
		count_refusal(w, p, i);
		if (p->refusal[i] == -EAGAIN)
			full++;
		if (!error || p->refusal[i] == p->result->error)
			error = p->refusal[i];
	}
	if (room < p->nr) {
		w->refused++;
		w->exchange[p->m->exchange].refused += p->m->exchange != 0;
	}
	if (full) {
		for (i = 0; p->refusal[i] != -EAGAIN; i++)
			;
		blocked_by(w, p, i);
		/* The last of them, and nobody tells which that was. */
		s->blocked_open = full > 1;
	}
	for (i = 0; i < p->nr; i++) {
		int should = p->refusal[i] ?: room < min_routes ? -ECANCELED : 0;

		if (confirmed && p->told[i] != should)
			differ(w, "operation %d, queue %d: the broker says %d, the model %d", p->op,
			       p->queue[i], p->told[i], should);
	}
	return room < min_routes ? error : 0;
}

static void commit(struct world *w, struct publishing *p)
{
	int confirmed = p->sub->a[PUBLISH_CONFIRM] == BROKER_CONFIRM_ENQUEUED;
	uint64_t sequence = 0;
	int i, taken = 0;

	for (i = 0; i < p->nr; i++) {
		if (p->refusal[i])
			continue;
		sequence = queue_take(w, p->queue[i], p->m);
		taken++;
		if (confirmed) {
			expect(w, "confirm.error", p->told[i], 0);
			expect(w, "confirm.sequence", p->sequence[i], sequence);
		}
	}
	w->published += taken > 0;
	expect(w, "result.accepted", p->result->accepted, taken);
	expect(w, "result.sequence", p->result->sequence, taken == 1 ? sequence : 0);
	if (confirmed)
		expect(w, "result.refused", p->result->refused, p->nr - taken);
}

static int min_routes(const struct sub *sub)
{
	return sub->a[PUBLISH_MIN] ?: !(sub->a[PUBLISH_FLAGS] & BROKER_PUBLISH_F_OPTIONAL);
}

static int publish_to(struct world *w, struct publishing *p)
{
	int confirmed = p->sub->a[PUBLISH_CONFIRM] == BROKER_CONFIRM_ENQUEUED;
	int partial = p->sub->a[PUBLISH_FLAGS] & BROKER_PUBLISH_F_PARTIAL;
	int min = min_routes(p->sub), i, refusals = 0, error = 0;

	if (confirmed && p->nr)
		read_confirms(w, p);
	w->unroutable += !p->nr;
	if (p->nr < min) {
		for (i = 0; i < p->nr && confirmed; i++)
			expect(w, "confirm where too few match", p->told[i], -ECANCELED);
		return -EHOSTUNREACH;
	}
	for (i = 0; i < p->nr; i++) {
		p->refusal[i] = queue_refuses(&w->queue[p->queue[i]], p->m);
		refusals += p->refusal[i] != 0;
	}
	if (partial)
		error = take_partly(w, p, min);
	else if (refusals)
		error = refuse(w, p);
	if (!error)
		commit(w, p);
	return error;
}

static int world_publish(struct world *w, struct publishing *p)
{
	struct session *s = &w->session[p->session];
	int confirm = p->sub->a[PUBLISH_CONFIRM], error;

	if (confirm == BROKER_CONFIRM_STORED)
		return -EOPNOTSUPP;
	if (props[p->m->props].id && !(w->properties >> props[p->m->props].id & 1))
		return -EOPNOTSUPP;
	error = world_route(w, p->user, p->m->exchange, p->m->key, p->m->props, 1, p->queue,
			    &p->nr);
	if (!error)
		error = publish_to(w, p);
	if (error)
		s->refused++;
	else
		s->published++;
	if (error)
		expect(w, "result.accepted of a failure", p->result->accepted, 0);
	if (confirm == BROKER_CONFIRM_NONE &&
	    (error == -EHOSTUNREACH || error == -EAGAIN || error == -EMSGSIZE))
		return 0;
	return error;
}

static struct entry *find_leased(struct queue *q, int session, int consumer, uint64_t tag)
{
	int i;

	for (i = 0; i < q->nr; i++)
		if (q->entry[i].state == LEASED && held_by(&q->entry[i], session, consumer) &&
		    q->entry[i].tag == tag)
			return &q->entry[i];
	return NULL;
}

static int world_settle(struct world *w, int session, const struct sub *sub, uint64_t tag,
			int *count)
{
	struct consumer *c = &w->session[session].consumer[sub->a[SETTLE_CONSUMER]];
	struct queue *q = &w->queue[c->queue];
	struct entry *e;
	uint64_t each;

	*count = 0;
	if (c->life != LIVE)
		return -ENOENT;
	if (!tag || tag > c->last_tag)
		return -EINVAL;
	for (each = sub->a[SETTLE_CUMULATIVE] ? 1 : tag; each <= tag; each++) {
		e = find_leased(q, session, sub->a[SETTLE_CONSUMER], each);
		if (e) {
			settle_one(w, session, q, e, sub->a[SETTLE_OUTCOME]);
			++*count;
		}
	}
	queue_commit(w, c->queue);
	return *count ? 0 : -ESTALE;
}

static int world_credit(struct world *w, int session, const struct sub *sub)
{
	struct consumer *c = &w->session[session].consumer[sub->a[CREDIT_CONSUMER]];

	if (sub->a[CREDIT_MESSAGES] && !sub->a[CREDIT_BYTES])
		return -EINVAL;
	if (c->life == NONE)
		return -ENOENT;
	if (c->life == GONE)
		return 0;
	c->credit = sub->a[CREDIT_MESSAGES];
	c->credit_bytes = sub->a[CREDIT_BYTES];
	withdraw(w, session, sub->a[CREDIT_CONSUMER]);
	return 0;
}

static int submit_one(struct world *w, const struct op *op, const struct answer *answer, int i)
{
	const struct sub *sub = &op->sub[i];
	struct message m;
	int count = 0, error;

	switch (sub->kind) {
	case PUBLISH:
		m = answer->sent[i].message;
		m.from = answer->before;
		m.until = answer->after;
		return world_publish(w, &(struct publishing) {
			.sub = sub, .m = &m, .result = &answer->result[i], .answer = answer,
			.op = i, .user = op->a[SUBMIT_USER], .session = op->a[SUBMIT_SESSION],
			.wait = op->a[SUBMIT_WAIT],
		});
	case SETTLE:
		error = world_settle(w, op->a[SUBMIT_SESSION], sub, answer->sent[i].tag, &count);
		expect(w, "deliveries settled", answer->result[i].accepted, count);
		return error;
	default:
		return world_credit(w, op->a[SUBMIT_SESSION], sub);
	}
}

static int is_atomic(const struct op *op)
{
	return op->a[SUBMIT_FLAGS] & BROKER_SUBMIT_F_ATOMIC;
}

/*
 * What a transaction would do, in a copy of the world: first what it settles, then
 * what it publishes, as the one leaves room for the other.  Return: how many
 * operations cannot be done.
 */
static int try_atomic(struct world *w, const struct op *op, const struct answer *answer,
		      int *errors)
{
	int i, failed = 0;

	w->atomic = 1;
	for (i = 0; i < op->nr; i++) {
		if (op->sub[i].kind == CREDIT)
			errors[i] = -EOPNOTSUPP;
		else if (op->sub[i].kind == SETTLE)
			errors[i] = submit_one(w, op, answer, i);
	}
	for (i = 0; i < op->nr; i++)
		if (op->sub[i].kind == PUBLISH)
			errors[i] = submit_one(w, op, answer, i);
	for (i = 0; i < op->nr; i++)
		failed += errors[i] != 0;
	return failed;
}

/* Whether a transaction would put more into a queue of @op's than that could ever hold. */
static int is_too_much(struct world *w, const struct op *op, const struct answer *answer, int at,
		       int *queues_wanted)
{
	int queues[QUEUES], nr, wanted[QUEUES] = {}, i, k, much = 0;
	int64_t messages[QUEUES] = {}, bytes[QUEUES] = {};

	for (i = 0; i < op->nr; i++) {
		const struct message *m = &answer->sent[i].message;

		if (op->sub[i].kind != PUBLISH ||
		    world_route(w, op->a[SUBMIT_USER], m->exchange, m->key, m->props, 0, queues,
				&nr))
			continue;
		/* It goes nowhere. */
		if (nr < min_routes(&op->sub[i]))
			continue;
		for (k = 0; k < nr; k++) {
			messages[queues[k]]++;
			bytes[queues[k]] += m->size;
			wanted[queues[k]] |= i == at;
		}
	}
	*queues_wanted = 0;
	for (k = 0; k < QUEUES; k++) {
		const struct queue *q = &w->queue[k];

		*queues_wanted += wanted[k];
		for (i = 0; i < q->nr; i++)
			if (q->entry[i].state == HIDDEN_ACCEPTED) {
				messages[k]--;
				bytes[k] -= q->entry[i].message.size;
			}
		much |= wanted[k] && (messages[k] > q->max_messages ||
				      bytes[k] > (int64_t)q->max_bytes);
	}
	return much;
}

/* One operation says why, all others that they were not done; and nothing was. */
static void atomic_failed(struct world *w, const struct op *op, const struct answer *answer)
{
	static struct world copy;
	int errors[SUBS] = {}, at = -1, i, error, wanted;

	copy = *w;
	copy.mute = 1;
	for (i = 0; i < op->nr; i++) {
		if (answer->result[i].error == -ECANCELED)
			continue;
		if (at >= 0)
			differ(w, "operations %d and %d both say why the transaction failed", at,
			       i);
		at = i;
	}
	expect(w, "failed operations", answer->failed, op->nr);
	if (!try_atomic(&copy, op, answer, errors) || at < 0) {
		differ(w, "a transaction failed: operation %d says %d", at,
		       at < 0 ? 0 : answer->result[at].error);
		return;
	}
	error = answer->result[at].error;
	/* Of several queues, one that is merely full may be the one that is named. */
	if (errors[at] == -EAGAIN && is_too_much(&copy, op, answer, at, &wanted) &&
	    (wanted == 1 || error == -EMSGSIZE))
		errors[at] = -EMSGSIZE;
	if (error != errors[at] &&
	    !(error == -ETIMEDOUT && errors[at] == -EAGAIN && op->a[SUBMIT_WAIT]))
		differ(w, "operation %d of the transaction: the broker says %d, the model %d", at,
		       error, errors[at]);
	/* Which of its publishes were looked at so far is nobody's business. */
	w->counts_open = 1;
	w->session[op->a[SUBMIT_SESSION]].counts_open = 1;
	for (i = 0; i < EXCHANGES; i++)
		w->exchange[i].counts_open = 1;
	for (i = 0; i < QUEUES; i++)
		w->queue[i].counts_open = 1;
	if (error == -EAGAIN || error == -ETIMEDOUT)
		w->session[op->a[SUBMIT_SESSION]].blocked_open = 1;
}

static void submit_atomic(struct world *w, const struct op *op, const struct answer *answer)
{
	int errors[SUBS] = {}, i;

	if (answer->failed) {
		atomic_failed(w, op, answer);
		world_settle_down(w);
		return;
	}
	try_atomic(w, op, answer, errors);
	for (i = 0; i < op->nr; i++)
		if (errors[i] != answer->result[i].error)
			differ(w, "operation %d of the transaction: the broker says %d, the model "
			       "%d", i, answer->result[i].error, errors[i]);
	w->atomic = 0;
	for (i = 0; i < QUEUES; i++)
		queue_commit(w, i);
	world_settle_down(w);
}

void world_submit(struct world *w, const struct op *op, const struct answer *answer)
{
	uint32_t failed = 0;
	int i, stopped = 0;

	if (is_atomic(op)) {
		submit_atomic(w, op, answer);
		return;
	}
	for (i = 0; i < op->nr; i++) {
		int error = stopped ? -ECANCELED : submit_one(w, op, answer, i);

		if (error != answer->result[i].error)
			differ(w, "operation %d of the call: the broker says %d, the model %d", i,
			       answer->result[i].error, error);
		failed += error != 0;
		stopped |= error && op->a[SUBMIT_FLAGS] & BROKER_SUBMIT_F_STOP;
		world_settle_down(w);
	}
	expect(w, "failed operations", answer->failed, failed);
}
