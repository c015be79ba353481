// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations by chance, and as text. */
#include <stdlib.h>
#include <string.h>
#include <linux/broker.h>
#include <linux/broker_netlink.h>

#include "op.h"
#include "world.h"

static const struct {
	const char *name;
	const char *args[ARGS];
	int weight;
} kinds[KINDS] = {
	[OPEN]		= { "open", { "session", "child" }, 12 },
	[CLOSE]		= { "close", { "session" }, 3 },
	[KILL]		= { "kill", { "session", "how" }, 2 },
	[CONSUME]	= { "consume", { "user", "session", "queue", "auto", "messages", "bytes" },
			    40 },
	[CANCEL]	= { "cancel", { "session", "consumer" }, 16 },
	[RECEIVE]	= { "receive", { "session", "consumer", "max", "room" }, 320 },
	[BROWSE]	= { "browse", { "user", "session", "queue", "max", "room", "on" }, 30 },
	[SUBMIT]	= { "submit", { "user", "session", "flags", "wait" }, 480 },
	[QUEUE_NEW]	= { "queue-new", { "user", "queue", "max", "bytes", "overflow", "mode",
					   "flags", "session" }, 24 },
	[QUEUE_SET]	= { "queue-set", { "user", "queue", "max", "bytes", "overflow", "mode" },
			    16 },
	[QUEUE_DEL]	= { "queue-del", { "user", "queue", "unused", "empty" }, 8 },
	[QUEUE_PURGE]	= { "purge", { "user", "queue" }, 5 },
	[EXCHANGE_NEW]	= { "exchange-new", { "user", "exchange", "alternate", "mode", "type",
					      "flags" }, 16 },
	[EXCHANGE_SET]	= { "exchange-set", { "user", "exchange", "alternate", "mode" }, 8 },
	[EXCHANGE_DEL]	= { "exchange-del", { "user", "exchange", "unused" }, 5 },
	[BIND]		= { "bind", { "user", "exchange", "to", "key", "match", "nth" }, 40 },
	[UNBIND]	= { "unbind", { "user", "exchange", "to", "key", "match", "nth" }, 20 },
	[BINDING_SET]	= { "binding-set", { "user", "exchange", "to", "key", "match",
					     "nth" }, 8 },
	[ROUTE]		= { "route", { "user", "exchange", "key", "props" }, 12 },
	[PUBLISH]	= { "publish", { "exchange", "key", "props", "body", "flags", "confirm",
					 "min" }, 0 },
	[SETTLE]	= { "settle", { "consumer", "outcome", "which", "cumulative" }, 0 },
	[CREDIT]	= { "credit", { "consumer", "messages", "bytes" }, 0 },
};

/* splitmix64: the same everywhere. */
uint32_t chance(struct chance *c, uint32_t below)
{
	uint64_t z = (c->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) % below;
}

static int one_in(struct chance *c, uint32_t n)
{
	return !chance(c, n);
}

#define PICK(c, ...) \
	((const int[]){ __VA_ARGS__ })[chance(c, sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))]

static int any_user(struct chance *c)
{
	return one_in(c, 8) ? (int)chance(c, USERS) : 0;
}

/* Keys that are names of queues, words, and whatever. */
static int any_key(struct chance *c)
{
	return one_in(c, 3) ? (int)chance(c, KEYS) : (int)chance(c, 12);
}

static int any_exchange(struct chance *c)
{
	return one_in(c, 4) ? 0 : 1 + (int)chance(c, EXCHANGES - 1);
}

static int any_mode(struct chance *c)
{
	return one_in(c, 3) ? PICK(c, 0760, 0700, 0740, 0720, 0, 0666, 0111) : 0777;
}

/* Mostly one that is there. */
static int any_consumer(struct chance *c)
{
	return one_in(c, 12) ? BY_SLOT + (int)chance(c, CONSUMERS) : (int)chance(c, CONSUMERS);
}

static void random_publish(struct sub *s, struct chance *c)
{
	s->kind = PUBLISH;
	s->a[PUBLISH_EXCHANGE] = one_in(c, 2) ? 0 : any_exchange(c);
	/* Through the default exchange the first keys are the queues' names. */
	s->a[PUBLISH_KEY] = s->a[PUBLISH_EXCHANGE] ? any_key(c) :
			    one_in(c, 30) ? (int)chance(c, KEYS) : (int)chance(c, QUEUES);
	s->a[PUBLISH_PROPS] = one_in(c, 2) ? 0 : chance(c, PROPS);
	s->a[PUBLISH_BODY] = one_in(c, 8) ? (int)chance(c, 700) : (int)chance(c, 60);
	if (one_in(c, 4))
		s->a[PUBLISH_FLAGS] = chance(c, 4);
	s->a[PUBLISH_CONFIRM] = one_in(c, 6) ? PICK(c, BROKER_CONFIRM_NONE, BROKER_CONFIRM_NONE,
						    BROKER_CONFIRM_NONE, BROKER_CONFIRM_STORED) : 0;
	if (one_in(c, 6))
		s->a[PUBLISH_MIN] = chance(c, 4);
}

static void random_settle(struct sub *s, struct chance *c)
{
	s->kind = SETTLE;
	s->a[SETTLE_CONSUMER] = any_consumer(c);
	s->a[SETTLE_OUTCOME] = PICK(c, BROKER_OP_ACCEPT, BROKER_OP_ACCEPT, BROKER_OP_ACCEPT,
				    BROKER_OP_RELEASE, BROKER_OP_FAIL, BROKER_OP_REJECT);
	s->a[SETTLE_WHICH] = one_in(c, 8) ? PICK(c, WHICH_NONE, WHICH_NEXT, WHICH_SETTLED,
						 WHICH_FAR) :
			     one_in(c, 2) ? 0 : (int)chance(c, 6);
	s->a[SETTLE_CUMULATIVE] = one_in(c, 6);
}

static void random_credit(struct sub *s, struct chance *c)
{
	s->kind = CREDIT;
	s->a[CREDIT_CONSUMER] = any_consumer(c);
	s->a[CREDIT_MESSAGES] = PICK(c, 0, 1, 2, 3, 5, 8);
	s->a[CREDIT_BYTES] = PICK(c, 0, 1, 100, 500, 5000, 5000, 5000);
}

static void random_submit(struct op *op, struct chance *c)
{
	int i, few = PICK(c, 1, 1, 1, 2, 3, SUBS);

	op->a[SUBMIT_USER] = any_user(c);
	op->a[SUBMIT_SESSION] = chance(c, SESSIONS);
	op->a[SUBMIT_FLAGS] = one_in(c, 5) ? BROKER_SUBMIT_F_STOP : 0;
	/* Transactions are of several, or they show little. */
	if (one_in(c, few > 1 ? 2 : 10))
		op->a[SUBMIT_FLAGS] |= BROKER_SUBMIT_F_ATOMIC;
	op->a[SUBMIT_WAIT] = one_in(c, 300);
	op->nr = few;
	for (i = 0; i < few; i++) {
		switch (chance(c, op->a[SUBMIT_FLAGS] & BROKER_SUBMIT_F_ATOMIC ? 60 : 16)) {
		case 0:
			random_credit(&op->sub[i], c);
			break;
		case 1 ... 7:
		case 16 ... 38:
			random_settle(&op->sub[i], c);
			break;
		default:
			random_publish(&op->sub[i], c);
			break;
		}
	}
}

static void random_queue(struct op *op, struct chance *c)
{
	int fresh = op->kind == QUEUE_NEW;

	op->a[QUEUE_USER] = one_in(c, 4) ? (int)chance(c, USERS) : 0;
	op->a[QUEUE_QUEUE] = chance(c, QUEUES);
	op->a[QUEUE_MESSAGES] = fresh || one_in(c, 2) ? PICK(c, 1, 2, 3, 5, 8, 20, 40) : 0;
	op->a[QUEUE_BYTES] = one_in(c, 3) ? PICK(c, 1, 50, 200, 600, 2000) :
			     fresh ? 100000 : 0;
	op->a[QUEUE_OVERFLOW] = fresh || one_in(c, 2) ? (int)chance(c, 3) : -1;
	op->a[QUEUE_MODE] = one_in(c, fresh ? 1 : 3) ? any_mode(c) : -1;
	if (fresh && one_in(c, 5))
		op->a[QUEUE_FLAGS] = chance(c, 4);
	op->a[QUEUE_SESSION] = op->a[QUEUE_FLAGS] & BROKER_QUEUE_FLAGS_EXCLUSIVE ?
			       (int)chance(c, SESSIONS) : -1;
}

static void random_exchange(struct op *op, struct chance *c)
{
	op->a[EXCHANGE_USER] = any_user(c);
	op->a[EXCHANGE_EXCHANGE] = one_in(c, 20) ? (int)chance(c, EXCHANGES) :
				   PREDECLARED + (int)chance(c, EXCHANGES - PREDECLARED);
	op->a[EXCHANGE_ALTERNATE] = one_in(c, 2) ? (int)chance(c, EXCHANGES) : -1;
	op->a[EXCHANGE_MODE] = op->kind == EXCHANGE_NEW || one_in(c, 2) ? any_mode(c) : -1;
	if (op->kind == EXCHANGE_NEW) {
		op->a[EXCHANGE_TYPE] = chance(c, 4);
		op->a[EXCHANGE_FLAGS] = one_in(c, 6) ? BROKER_EXCHANGE_FLAGS_AUTO_DELETE : 0;
	}
}

static void random_binding(struct op *op, struct chance *c)
{
	op->a[BIND_USER] = any_user(c);
	op->a[BIND_EXCHANGE] = one_in(c, 30) ? 0 : 1 + (int)chance(c, EXCHANGES - 1);
	op->a[BIND_TO] = one_in(c, 4) ? TO_EXCHANGE + (int)chance(c, EXCHANGES) :
			 (int)chance(c, QUEUES);
	op->a[BIND_KEY] = any_key(c);
	op->a[BIND_MATCH] = one_in(c, 2) ? (int)chance(c, MATCHES) : -1;
	/* One that is there, where there is one. */
	op->a[BIND_NTH] = op->kind == BIND || one_in(c, 4) ? -1 : (int)chance(c, BINDINGS);
}

static int random_kind(struct chance *c)
{
	int kind, sum = 0, at;

	for (kind = 0; kind < KINDS; kind++)
		sum += kinds[kind].weight;
	at = chance(c, sum);
	for (kind = 0; at >= kinds[kind].weight; kind++)
		at -= kinds[kind].weight;
	return kind;
}

void op_random(struct op *op, struct chance *c)
{
	int *a = op->a;

	memset(op, 0, sizeof(*op));
	op->kind = random_kind(c);
	switch (op->kind) {
	case OPEN:
		a[OPEN_SESSION] = chance(c, SESSIONS);
		a[OPEN_CHILD] = one_in(c, 3);
		break;
	case CLOSE:
		a[CLOSE_SESSION] = chance(c, SESSIONS);
		break;
	case KILL:
		a[KILL_SESSION] = chance(c, SESSIONS);
		a[KILL_HOW] = chance(c, KILL_HOWS);
		break;
	case CONSUME:
		a[CONSUME_USER] = any_user(c);
		a[CONSUME_SESSION] = chance(c, SESSIONS);
		a[CONSUME_QUEUE] = chance(c, QUEUES);
		a[CONSUME_AUTO] = one_in(c, 4);
		a[CONSUME_MESSAGES] = PICK(c, 0, 1, 2, 2, 3, 5, 8);
		a[CONSUME_BYTES] = PICK(c, 0, 1, 100, 500, 5000, 5000, 5000, 5000);
		break;
	case CANCEL:
		a[CANCEL_SESSION] = chance(c, SESSIONS);
		a[CANCEL_CONSUMER] = any_consumer(c);
		break;
	case RECEIVE:
		a[RECEIVE_SESSION] = chance(c, SESSIONS);
		a[RECEIVE_CONSUMER] = one_in(c, 2) ? -1 : any_consumer(c);
		a[RECEIVE_MAX] = PICK(c, 1, 1, 2, 3, 20);
		a[RECEIVE_ROOM] = one_in(c, 8) ? PICK(c, 0, 200, 400, 800) : ROOM;
		break;
	case BROWSE:
		a[BROWSE_USER] = any_user(c);
		a[BROWSE_SESSION] = chance(c, SESSIONS);
		a[BROWSE_QUEUE] = chance(c, QUEUES);
		a[BROWSE_MAX] = PICK(c, 1, 2, 8, 9, 50);
		a[BROWSE_ROOM] = one_in(c, 8) ? PICK(c, 0, 200, 400, 800) : ROOM;
		a[BROWSE_ON] = one_in(c, 2);
		break;
	case SUBMIT:
		random_submit(op, c);
		break;
	case QUEUE_NEW:
	case QUEUE_SET:
		random_queue(op, c);
		break;
	case QUEUE_DEL:
		a[DEL_USER] = any_user(c);
		a[DEL_OBJECT] = chance(c, QUEUES);
		a[DEL_UNUSED] = one_in(c, 2);
		a[DEL_EMPTY] = one_in(c, 2);
		break;
	case QUEUE_PURGE:
		a[DEL_USER] = any_user(c);
		a[DEL_OBJECT] = chance(c, QUEUES);
		break;
	case EXCHANGE_NEW:
	case EXCHANGE_SET:
		random_exchange(op, c);
		break;
	case EXCHANGE_DEL:
		a[DEL_USER] = any_user(c);
		a[DEL_OBJECT] = chance(c, EXCHANGES);
		a[DEL_UNUSED] = one_in(c, 2);
		break;
	case ROUTE:
		a[ROUTE_USER] = any_user(c);
		a[ROUTE_EXCHANGE] = any_exchange(c);
		a[ROUTE_KEY] = any_key(c);
		a[ROUTE_PROPS] = chance(c, PROPS);
		break;
	default:
		random_binding(op, c);
		break;
	}
}

static void print_args(FILE *to, int kind, const int *a)
{
	int i;

	fputs(kinds[kind].name, to);
	for (i = 0; i < ARGS && kinds[kind].args[i]; i++)
		fprintf(to, " %s=%d", kinds[kind].args[i], a[i]);
}

void op_print(FILE *to, const struct op *op)
{
	int i;

	print_args(to, op->kind, op->a);
	for (i = 0; i < op->nr; i++) {
		fputs(" | ", to);
		print_args(to, op->sub[i].kind, op->sub[i].a);
	}
	fputc('\n', to);
}

static int parse_args(char *text, int *kind, int *a)
{
	char *save, *word = strtok_r(text, " \t\n", &save);
	int i;

	for (*kind = 0; word && *kind < KINDS; ++*kind)
		if (!strcmp(kinds[*kind].name, word))
			break;
	if (!word || *kind == KINDS)
		return -1;
	while ((word = strtok_r(NULL, " \t\n", &save))) {
		char *value = strchr(word, '=');

		if (!value)
			return -1;
		*value++ = 0;
		for (i = 0; i < ARGS && kinds[*kind].args[i]; i++)
			if (!strcmp(kinds[*kind].args[i], word))
				break;
		if (i == ARGS || !kinds[*kind].args[i])
			return -1;
		a[i] = atoi(value);
	}
	return 0;
}

/* Reads what op_print() wrote. */
int op_parse(struct op *op, const char *line)
{
	char *copy = strdup(line), *save, *part = strtok_r(copy, "|", &save);
	int ret = part ? 0 : -1;

	memset(op, 0, sizeof(*op));
	if (!ret)
		ret = parse_args(part, &op->kind, op->a);
	while (!ret && (part = strtok_r(NULL, "|", &save))) {
		ret = op->nr < SUBS ? parse_args(part, &op->sub[op->nr].kind,
						 op->sub[op->nr].a) : -1;
		op->nr++;
	}
	free(copy);
	return ret;
}

const char *op_name(int kind)
{
	return kinds[kind].name;
}
