/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An operation: a kind and a few small numbers, chosen by chance or read from a
 * script.  It says nothing of what is there when it is performed: queue 3 may not
 * exist, and "the second unsettled delivery" may be none.  So any part of a
 * sequence is a sequence that can be performed, which is what makes it possible
 * to shrink one.
 */
#ifndef MODEL_OP_H
#define MODEL_OP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARGS	10
#define SUBS	6

enum kind {
	OPEN, CLOSE, KILL, CONSUME, CANCEL, RECEIVE, BROWSE, SUBMIT,
	QUEUE_NEW, QUEUE_SET, QUEUE_DEL, QUEUE_PURGE,
	EXCHANGE_NEW, EXCHANGE_SET, EXCHANGE_DEL,
	BIND, UNBIND, BINDING_SET, ROUTE,
	/* Within a SUBMIT. */
	PUBLISH, SETTLE, CREDIT,
	KINDS
};

/* Their arguments, in this order. */
enum { OPEN_SESSION, OPEN_CHILD };
enum { CLOSE_SESSION };
enum { KILL_SESSION, KILL_HOW };
enum { CONSUME_USER, CONSUME_SESSION, CONSUME_QUEUE, CONSUME_AUTO, CONSUME_MESSAGES,
       CONSUME_BYTES };
enum { CANCEL_SESSION, CANCEL_CONSUMER };
enum { RECEIVE_SESSION, RECEIVE_CONSUMER, RECEIVE_MAX, RECEIVE_ROOM };
enum { BROWSE_USER, BROWSE_SESSION, BROWSE_QUEUE, BROWSE_MAX, BROWSE_ROOM, BROWSE_ON };
enum { SUBMIT_USER, SUBMIT_SESSION, SUBMIT_FLAGS, SUBMIT_WAIT };
enum { QUEUE_USER, QUEUE_QUEUE, QUEUE_MESSAGES, QUEUE_BYTES, QUEUE_OVERFLOW, QUEUE_MODE,
       QUEUE_FLAGS, QUEUE_SESSION };
enum { DEL_USER, DEL_OBJECT, DEL_UNUSED, DEL_EMPTY };
enum { EXCHANGE_USER, EXCHANGE_EXCHANGE, EXCHANGE_ALTERNATE, EXCHANGE_MODE, EXCHANGE_TYPE,
       EXCHANGE_FLAGS };
enum { BIND_USER, BIND_EXCHANGE, BIND_TO, BIND_KEY, BIND_MATCH, BIND_NTH };
enum { ROUTE_USER, ROUTE_EXCHANGE, ROUTE_KEY, ROUTE_PROPS };
enum { PUBLISH_EXCHANGE, PUBLISH_KEY, PUBLISH_PROPS, PUBLISH_BODY, PUBLISH_FLAGS,
       PUBLISH_CONFIRM, PUBLISH_MIN };
enum { SETTLE_CONSUMER, SETTLE_OUTCOME, SETTLE_WHICH, SETTLE_CUMULATIVE };
enum { CREDIT_CONSUMER, CREDIT_MESSAGES, CREDIT_BYTES };

struct sub {
	int kind;
	int a[ARGS];
};

struct op {
	int kind;
	int a[ARGS];
	int nr;
	struct sub sub[SUBS];
};

/* A consumer: the how-manieth the session has; above this, of those it may have had. */
#define BY_SLOT		100

/* BIND_TO: a queue, or an exchange above this. */
#define TO_EXCHANGE	100

struct chance {
	uint64_t state;
};

uint32_t chance(struct chance *c, uint32_t below);
void op_random(struct op *op, struct chance *c);
void op_print(FILE *to, const struct op *op);
int op_parse(struct op *op, const char *line);
const char *op_name(int kind);

#endif /* MODEL_OP_H */
