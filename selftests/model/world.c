// SPDX-License-Identifier: GPL-2.0-or-later
/* Exchanges, queues, bindings and sessions of the model: made, changed, deleted. */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

void differ(struct world *w, const char *format, ...)
{
	va_list args;

	if (*w->differs || w->mute)
		return;
	va_start(args, format);
	vsnprintf(w->differs, sizeof(w->differs), format, args);
	va_end(args);
}

void world_init(struct world *w)
{
	static const int types[PREDECLARED] = {
		BROKER_EXCHANGE_TYPE_DIRECT, BROKER_EXCHANGE_TYPE_DIRECT,
		BROKER_EXCHANGE_TYPE_FANOUT, BROKER_EXCHANGE_TYPE_TOPIC,
		BROKER_EXCHANGE_TYPE_HEADERS,
	};
	int i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < EXCHANGES; i++)
		w->exchange[i].alternate = -1;
	for (i = 0; i < PREDECLARED; i++) {
		w->exchange[i].exists = 1;
		w->exchange[i].type = types[i];
		w->exchange[i].mode = 0762;
	}
	w->step = 1;
}

/* As with files: the first class that fits decides. */
int may(int user, uint32_t uid, uint32_t gid, uint32_t mode, unsigned int want)
{
	if (!user)
		return 1;
	if (users[user].uid == uid)
		mode >>= 6;
	else if (users[user].gid == gid)
		mode >>= 3;
	return (mode & want) == want;
}

static int may_queue(const struct world *w, int user, int queue, unsigned int want)
{
	const struct queue *q = &w->queue[queue];

	return may(user, q->uid, q->gid, q->mode, want);
}

static int may_exchange(const struct world *w, int user, int exchange, unsigned int want)
{
	const struct exchange *x = &w->exchange[exchange];

	return may(user, x->uid, x->gid, x->mode, want);
}

static void exchange_delete(struct world *w, int exchange);

/* An auto-delete exchange goes with its last binding. */
static void unbind(struct world *w, int binding)
{
	struct binding *b = &w->binding[binding];
	int i;

	b->exists = 0;
	for (i = 0; i < BINDINGS; i++)
		if (w->binding[i].exists && w->binding[i].exchange == b->exchange)
			return;
	if (w->exchange[b->exchange].exists &&
	    w->exchange[b->exchange].flags & BROKER_EXCHANGE_FLAGS_AUTO_DELETE)
		exchange_delete(w, b->exchange);
}

static void exchange_delete(struct world *w, int exchange)
{
	int i;

	w->exchange[exchange] = (struct exchange) { .alternate = -1 };
	for (i = 0; i < EXCHANGES; i++)
		if (w->exchange[i].alternate == exchange)
			w->exchange[i].alternate = -1;
	for (i = 0; i < BINDINGS; i++)
		if (w->binding[i].exists && (w->binding[i].exchange == exchange ||
					     w->binding[i].to == TO_EXCHANGE + exchange))
			unbind(w, i);
}

static void queue_delete(struct world *w, int queue)
{
	struct queue *q = &w->queue[queue];
	int i, s, c;

	/* Nothing is dispatched any more. */
	q->nr = 0;
	q->exists = 0;
	for (i = 0; i < BINDINGS; i++)
		if (w->binding[i].exists && w->binding[i].to == queue)
			unbind(w, i);
	for (s = 0; s < SESSIONS; s++) {
		for (c = 0; c < CONSUMERS; c++)
			if (w->session[s].consumer[c].life == LIVE &&
			    w->session[s].consumer[c].queue == queue)
				consumer_detach(w, s, c, BROKER_CAUSE_QUEUE_DELETED, 0, 0);
		w->session[s].cursor[queue] = 0;
		w->session[s].browsed[queue] = 0;
	}
	world_settle_down(w);
	memset(q, 0, sizeof(*q));
}

static int queue_consumers(const struct world *w, int queue)
{
	int s, c, n = 0;

	for (s = 0; s < SESSIONS; s++)
		for (c = 0; c < CONSUMERS; c++)
			n += w->session[s].consumer[c].life == LIVE &&
			     w->session[s].consumer[c].queue == queue;
	return n;
}

/* An auto-delete queue goes with its last consumer. */
static void queue_unused(struct world *w, int queue)
{
	struct queue *q = &w->queue[queue];

	if (q->exists && q->flags & BROKER_QUEUE_FLAGS_AUTO_DELETE && q->had_consumer &&
	    !queue_consumers(w, queue))
		queue_delete(w, queue);
}

static int queue_new(struct world *w, const struct op *op, const struct answer *answer)
{
	int queue = op->a[QUEUE_QUEUE], user = op->a[QUEUE_USER], owner = op->a[QUEUE_SESSION];
	struct queue *q = &w->queue[queue];

	if (op->a[QUEUE_FLAGS] & BROKER_QUEUE_FLAGS_EXCLUSIVE) {
		const struct session *s = &w->session[owner];

		if (!s->open || s->ended)
			return -ENOENT;
		if (s->child)
			return -EACCES;
	}
	if (q->exists)
		return -EEXIST;
	memset(q, 0, sizeof(*q));
	q->exists = 1;
	q->id = answer->id;
	q->flags = op->a[QUEUE_FLAGS];
	q->session = q->flags & BROKER_QUEUE_FLAGS_EXCLUSIVE ? owner : -1;
	q->uid = users[user].uid;
	q->gid = users[user].gid;
	q->mode = op->a[QUEUE_MODE] < 0 ? 0760 : op->a[QUEUE_MODE];
	q->max_messages = op->a[QUEUE_MESSAGES];
	q->max_bytes = op->a[QUEUE_BYTES];
	q->overflow = op->a[QUEUE_OVERFLOW];
	return 0;
}

static int queue_set(struct world *w, const struct op *op)
{
	int queue = op->a[QUEUE_QUEUE], user = op->a[QUEUE_USER];
	int limits = op->a[QUEUE_MESSAGES] || op->a[QUEUE_BYTES] || op->a[QUEUE_OVERFLOW] >= 0;
	struct queue *q = &w->queue[queue];

	if (!q->exists)
		return -ENOENT;
	if ((limits || op->a[QUEUE_MODE] < 0) && !may_queue(w, user, queue, MAY_CONFIGURE))
		return -EACCES;
	if (op->a[QUEUE_MODE] >= 0 && user && users[user].uid != q->uid)
		return -EPERM;
	if (op->a[QUEUE_MESSAGES])
		q->max_messages = op->a[QUEUE_MESSAGES];
	if (op->a[QUEUE_BYTES])
		q->max_bytes = op->a[QUEUE_BYTES];
	if (op->a[QUEUE_OVERFLOW] >= 0)
		q->overflow = op->a[QUEUE_OVERFLOW];
	if (op->a[QUEUE_MODE] >= 0)
		q->mode = op->a[QUEUE_MODE];
	return 0;
}

static int queue_may_go(struct world *w, const struct op *op)
{
	int queue = op->a[DEL_OBJECT];

	if (!w->queue[queue].exists)
		return -ENOENT;
	if (!may_queue(w, op->a[DEL_USER], queue, MAY_CONFIGURE))
		return -EACCES;
	return 0;
}

static int queue_del(struct world *w, const struct op *op)
{
	int queue = op->a[DEL_OBJECT], error = queue_may_go(w, op);

	if (error)
		return error;
	if ((op->a[DEL_UNUSED] && queue_consumers(w, queue)) ||
	    (op->a[DEL_EMPTY] && w->queue[queue].nr))
		return -EBUSY;
	queue_delete(w, queue);
	return 0;
}

static int purge(struct world *w, const struct op *op, const struct answer *answer)
{
	int error = queue_may_go(w, op);

	if (!error)
		expect(w, "messages purged", answer->purged, purge_ready(w, op->a[DEL_OBJECT]));
	return error;
}

static int check_alternate(const struct world *w, int user, int alternate)
{
	if (alternate <= 0)
		return 0;
	if (!w->exchange[alternate].exists)
		return -ENOENT;
	return may_exchange(w, user, alternate, MAY_CONFIGURE) ? 0 : -EACCES;
}

static int exchange_new(struct world *w, const struct op *op)
{
	struct exchange *x = &w->exchange[op->a[EXCHANGE_EXCHANGE]];
	/* The default exchange has no name, so naming it is naming none. */
	int alternate = op->a[EXCHANGE_ALTERNATE] ?: -1, error;

	if (op->a[EXCHANGE_USER])
		return -EPERM;
	if (!op->a[EXCHANGE_EXCHANGE])
		return -EINVAL;
	if (op->a[EXCHANGE_EXCHANGE] < PREDECLARED)
		return -EPERM;
	error = check_alternate(w, op->a[EXCHANGE_USER], alternate);
	if (error)
		return error;
	if (x->exists)
		return -EEXIST;
	*x = (struct exchange) {
		.exists = 1, .type = op->a[EXCHANGE_TYPE], .flags = op->a[EXCHANGE_FLAGS],
		.alternate = alternate,
		.mode = op->a[EXCHANGE_MODE] < 0 ? 0760 : op->a[EXCHANGE_MODE],
	};
	return 0;
}

static int exchange_set(struct world *w, const struct op *op)
{
	int exchange = op->a[EXCHANGE_EXCHANGE], user = op->a[EXCHANGE_USER];
	int alternate = op->a[EXCHANGE_ALTERNATE] ?: -1, error;
	struct exchange *x = &w->exchange[exchange];

	if (!x->exists)
		return -ENOENT;
	if (op->a[EXCHANGE_MODE] >= 0 && user && users[user].uid != x->uid)
		return -EPERM;
	if (!may_exchange(w, user, exchange, MAY_CONFIGURE))
		return -EACCES;
	error = check_alternate(w, user, alternate);
	if (error)
		return error;
	if (!exchange && alternate >= 0)
		return -EPERM;
	if (alternate >= 0 && exchange_reaches(w, alternate, exchange))
		return -ELOOP;
	x->alternate = alternate;
	if (op->a[EXCHANGE_MODE] >= 0)
		x->mode = op->a[EXCHANGE_MODE];
	return 0;
}

static int exchange_bindings(const struct world *w, int exchange)
{
	int i, n = 0;

	for (i = 0; i < BINDINGS; i++)
		n += w->binding[i].exists && w->binding[i].exchange == exchange;
	return n;
}

static int exchange_del(struct world *w, const struct op *op)
{
	int exchange = op->a[DEL_OBJECT];

	if (!w->exchange[exchange].exists)
		return -ENOENT;
	if (!may_exchange(w, op->a[DEL_USER], exchange, MAY_CONFIGURE))
		return -EACCES;
	if (op->a[DEL_UNUSED] && exchange_bindings(w, exchange))
		return -EBUSY;
	if (exchange < PREDECLARED)
		return -EPERM;
	exchange_delete(w, exchange);
	return 0;
}

static int find_binding(const struct world *w, const struct op *op)
{
	char mine[64], theirs[64];
	int i;

	key_text(op->a[BIND_KEY], mine);
	for (i = 0; i < BINDINGS; i++) {
		const struct binding *b = &w->binding[i];

		if (b->exists && b->exchange == op->a[BIND_EXCHANGE] && b->to == op->a[BIND_TO] &&
		    !strcmp(mine, key_text(b->key, theirs)))
			return i;
	}
	return -1;
}

static int check_ends(const struct world *w, const struct op *op)
{
	int to = op->a[BIND_TO];

	if (!w->exchange[op->a[BIND_EXCHANGE]].exists)
		return -ENOENT;
	if (to >= TO_EXCHANGE)
		return w->exchange[to - TO_EXCHANGE].exists ? 0 : -ENOENT;
	return w->queue[to].exists ? 0 : -ENOENT;
}

static int may_configure_end(const struct world *w, int user, int to)
{
	return to >= TO_EXCHANGE ? may_exchange(w, user, to - TO_EXCHANGE, MAY_CONFIGURE) :
				   may_queue(w, user, to, MAY_CONFIGURE);
}

static int may_bind(const struct world *w, const struct op *op)
{
	int user = op->a[BIND_USER], exchange = op->a[BIND_EXCHANGE];

	if (!may_exchange(w, user, exchange, MAY_CONSUME) ||
	    !may_configure_end(w, user, op->a[BIND_TO]))
		return -EACCES;
	if (op->a[BIND_MATCH] >= 0 && w->exchange[exchange].type != BROKER_EXCHANGE_TYPE_HEADERS)
		return -EINVAL;
	return 0;
}

static int bind(struct world *w, const struct op *op)
{
	int exchange = op->a[BIND_EXCHANGE], to = op->a[BIND_TO], i, error;

	error = check_ends(w, op) ?: may_bind(w, op);
	if (error)
		return error;
	if (!exchange || to == TO_EXCHANGE)
		return -EPERM;
	if (to >= TO_EXCHANGE && exchange_reaches(w, to - TO_EXCHANGE, exchange))
		return -ELOOP;
	if (find_binding(w, op) >= 0)
		return -EEXIST;
	for (i = 0; w->binding[i].exists; i++)
		;
	w->binding[i] = (struct binding) { 1, exchange, to, op->a[BIND_KEY], op->a[BIND_MATCH] };
	return 0;
}

static int unbind_op(struct world *w, const struct op *op)
{
	int user = op->a[BIND_USER], error = check_ends(w, op), i;

	if (error)
		return error;
	i = find_binding(w, op);
	if (i < 0)
		return -ENOENT;
	if (!may_exchange(w, user, op->a[BIND_EXCHANGE], MAY_CONFIGURE) &&
	    !may_configure_end(w, user, op->a[BIND_TO]))
		return -EACCES;
	unbind(w, i);
	return 0;
}

static int binding_set(struct world *w, const struct op *op)
{
	int error = check_ends(w, op), i;

	if (error)
		return error;
	i = find_binding(w, op);
	if (i < 0)
		return -ENOENT;
	error = may_bind(w, op);
	if (error)
		return error;
	/* Nothing to change. */
	if (op->a[BIND_MATCH] < 0)
		return -EINVAL;
	w->binding[i].match = op->a[BIND_MATCH];
	return 0;
}

static int route(struct world *w, const struct op *op, const struct answer *answer)
{
	int queues[QUEUES], nr, i, k, named = 0, error;

	error = world_route(w, op->a[ROUTE_USER], op->a[ROUTE_EXCHANGE], op->a[ROUTE_KEY],
			    op->a[ROUTE_PROPS], 0, queues, &nr);
	if (error || answer->error)
		return error;
	expect(w, "queues on the route", answer->nr_routes, nr);
	for (i = 0; i < QUEUES; i++) {
		for (k = 0; k < nr && queues[k] != i; k++)
			;
		named += answer->route[i];
		if (answer->route[i] != (k < nr))
			differ(w, "the route leads %d times to queue %d", answer->route[i], i);
	}
	expect(w, "queues listed", named, nr);
	return 0;
}

static int open_session(struct world *w, const struct op *op, const struct answer *answer)
{
	struct session *s = &w->session[op->a[OPEN_SESSION]];

	memset(s, 0, sizeof(*s));
	s->open = 1;
	s->child = op->a[OPEN_CHILD];
	s->number = answer->number;
	s->pid = s->child ? answer->pid : (uint32_t)getpid();
	return 0;
}

/* The end of a session: consumers in the order of their numbers, then its queues. */
static void session_end(struct world *w, int session, int cause, int code, int failed)
{
	struct session *s = &w->session[session];
	int used[CONSUMERS], nr = 0, i, c;

	for (;;) {
		for (c = 0, i = -1; c < CONSUMERS; c++)
			if (s->consumer[c].life != NONE &&
			    (i < 0 || s->consumer[c].id < s->consumer[i].id))
				i = c;
		if (i < 0)
			break;
		if (s->consumer[i].life == LIVE) {
			used[nr++] = s->consumer[i].queue;
			consumer_detach(w, session, i, cause, code, failed);
		}
		s->consumer[i].life = NONE;
	}
	for (i = 0; i < nr; i++)
		queue_unused(w, used[i]);
	for (i = 0; i < QUEUES; i++)
		if (w->queue[i].exists && w->queue[i].session == session)
			queue_delete(w, i);
	s->ended = 1;
	s->blocked = 0;
	s->blocked_open = 0;
}

static void kill_session(struct world *w, const struct op *op)
{
	static const struct { int cause, code, failed; } hows[KILL_HOWS] = {
		{ BROKER_CAUSE_EXITED, 0, 0 }, { BROKER_CAUSE_EXITED, 3, 1 },
		{ BROKER_CAUSE_KILLED, 9, 1 }, { BROKER_CAUSE_KILLED, 15, 1 },
	};
	int how = op->a[KILL_HOW];

	session_end(w, op->a[KILL_SESSION], hows[how].cause, hows[how].code, hows[how].failed);
}

static int consume(struct world *w, const struct op *op, const struct answer *answer)
{
	int session = op->a[CONSUME_SESSION], queue = op->a[CONSUME_QUEUE], c;
	struct session *s = &w->session[session];
	struct queue *q = &w->queue[queue];

	if (op->a[CONSUME_MESSAGES] && !op->a[CONSUME_BYTES])
		return -EINVAL;
	if (!q->exists)
		return -ENOENT;
	if (!may_queue(w, op->a[CONSUME_USER], queue, MAY_CONSUME))
		return -EACCES;
	if (q->session >= 0 && q->session != session)
		return -EBUSY;
	for (c = 0; s->consumer[c].life != NONE; c++)
		;
	expect(w, "consume.queue_id", answer->queue_id, q->id);
	s->consumer[c] = (struct consumer) {
		.life = LIVE, .id = answer->consumer, .queue_id = q->id, .queue = queue,
		.automatic = op->a[CONSUME_AUTO], .credit = op->a[CONSUME_MESSAGES],
		.credit_bytes = op->a[CONSUME_BYTES], .user_data = answer->user_data,
		.waits = ++w->clock,
	};
	q->had_consumer = 1;
	queue_dispatch(w, queue);
	return 0;
}

static int cancel(struct world *w, const struct op *op)
{
	int session = op->a[CANCEL_SESSION], consumer = op->a[CANCEL_CONSUMER];
	struct consumer *c = &w->session[session].consumer[consumer];
	int queue = c->queue;

	if (c->life == NONE)
		return -ENOENT;
	if (c->life == GONE) {
		c->life = NONE;
		return 0;
	}
	consumer_detach(w, session, consumer, BROKER_CAUSE_CANCELLED, 0, 0);
	queue_unused(w, queue);
	return 0;
}

/* @leased: rather one that has something to settle. */
static void resolve_consumer(const struct world *w, int session, int *consumer, int leased)
{
	const struct session *s = &w->session[session];
	int c, n = 0, nth, is[CONSUMERS];

	if (*consumer >= BY_SLOT) {
		*consumer -= BY_SLOT;
		return;
	}
	for (c = 0; c < CONSUMERS; c++) {
		is[c] = s->consumer[c].life != NONE &&
			(!leased || consumer_holds(w, session, c, LEASED));
		n += is[c];
	}
	if (!n && leased)
		resolve_consumer(w, session, consumer, 0);
	if (!n || *consumer < 0)
		return;
	for (c = 0, nth = *consumer % n;; c++)
		if (is[c] && !nth--)
			break;
	*consumer = c;
}

static void resolve_binding(const struct world *w, struct op *op)
{
	int i, n = 0, nth;

	for (i = 0; i < BINDINGS; i++)
		n += w->binding[i].exists;
	if (!n || op->a[BIND_NTH] < 0)
		return;
	for (i = 0, nth = op->a[BIND_NTH] % n;; i++)
		if (w->binding[i].exists && !nth--)
			break;
	op->a[BIND_EXCHANGE] = w->binding[i].exchange;
	op->a[BIND_TO] = w->binding[i].to;
	op->a[BIND_KEY] = w->binding[i].key;
}

/* Puts in what is there for "the third of those that are there". */
void world_resolve(const struct world *w, struct op *op)
{
	int i;

	switch (op->kind) {
	case CANCEL:
		resolve_consumer(w, op->a[CANCEL_SESSION], &op->a[CANCEL_CONSUMER], 0);
		break;
	case RECEIVE:
		resolve_consumer(w, op->a[RECEIVE_SESSION], &op->a[RECEIVE_CONSUMER], 0);
		break;
	case SUBMIT:
		for (i = 0; i < op->nr; i++)
			if (op->sub[i].kind != PUBLISH)
				resolve_consumer(w, op->a[SUBMIT_SESSION], &op->sub[i].a[0],
						 op->sub[i].kind == SETTLE);
		break;
	case UNBIND:
	case BINDING_SET:
		resolve_binding(w, op);
		break;
	}
}

/* The session that an operation goes through, or -1. */
static int session_of(const struct op *op)
{
	switch (op->kind) {
	case CONSUME:
		return op->a[CONSUME_SESSION];
	case CANCEL:
		return op->a[CANCEL_SESSION];
	case RECEIVE:
		return op->a[RECEIVE_SESSION];
	case BROWSE:
		return op->a[BROWSE_SESSION];
	case SUBMIT:
		return op->a[SUBMIT_SESSION];
	default:
		return -1;
	}
}

/* Performs @op on the model and compares; w->differs tells of the first difference. */
void world_apply(struct world *w, const struct op *op, struct answer *answer)
{
	int session = session_of(op), error = answer->error;

	if (session >= 0 && w->session[session].ended) {
		expect(w, "a call of a session that has ended", answer->error, -EOWNERDEAD);
		return;
	}
	switch (op->kind) {
	case OPEN:
		error = open_session(w, op, answer);
		break;
	case CLOSE:
		if (!w->session[op->a[CLOSE_SESSION]].ended)
			session_end(w, op->a[CLOSE_SESSION], BROKER_CAUSE_CLOSED, 0, 0);
		memset(&w->session[op->a[CLOSE_SESSION]], 0, sizeof(struct session));
		break;
	case KILL:
		kill_session(w, op);
		break;
	case CONSUME:
		error = consume(w, op, answer);
		break;
	case CANCEL:
		error = cancel(w, op);
		break;
	case RECEIVE:
		world_receive(w, op, answer);
		break;
	case BROWSE:
		world_browse(w, op, answer);
		break;
	case SUBMIT:
		if (op->a[SUBMIT_FLAGS] & BROKER_SUBMIT_F_ATOMIC &&
		    !(w->features & BROKER_FEATURE_ATOMIC))
			error = -EOPNOTSUPP;
		else
			error = 0;
		if (!answer->error && !error)
			world_submit(w, op, answer);
		break;
	case QUEUE_NEW:
		error = queue_new(w, op, answer);
		break;
	case QUEUE_SET:
		error = queue_set(w, op);
		break;
	case QUEUE_DEL:
		error = queue_del(w, op);
		break;
	case QUEUE_PURGE:
		error = purge(w, op, answer);
		break;
	case EXCHANGE_NEW:
		error = exchange_new(w, op);
		break;
	case EXCHANGE_SET:
		error = exchange_set(w, op);
		break;
	case EXCHANGE_DEL:
		error = exchange_del(w, op);
		break;
	case BIND:
		error = bind(w, op);
		break;
	case UNBIND:
		error = unbind_op(w, op);
		break;
	case BINDING_SET:
		error = binding_set(w, op);
		break;
	case ROUTE:
		error = route(w, op, answer);
		break;
	}
	expect(w, "error", answer->error, error);
	world_settle_down(w);
}
