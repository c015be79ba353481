/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model: what a broker is according to its documentation, in the plainest
 * form.  Everything is in small arrays that are searched from end to end.  There
 * are no pointers, so a copy of a world is a world.
 *
 * Each function performs an operation on the model and looks at what the broker
 * answered (struct answer).  Where the documentation leaves a choice, the
 * broker's choice is checked to be one of those allowed, and followed.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include <stdint.h>
#include <errno.h>
#include <sys/types.h>
#include <linux/broker.h>
#include <linux/broker_netlink.h>

#include "op.h"

#define USERS		3
#define QUEUES		7
#define EXCHANGES	10	/* the default one, four predeclared, and others */
#define PREDECLARED	5
#define SESSIONS	5
#define CONSUMERS	5	/* of one session */
#define ENTRIES		64	/* of one queue */
#define BINDINGS	64
#define KEYS		320
#define PROPS		12
#define MATCHES		8
#define ROOM		32768
#define CONFIRMS	64
#define KILL_HOWS	4

/* SETTLE_WHICH: the how-manieth unsettled delivery, or one of these. */
enum { WHICH_NONE = -1, WHICH_NEXT = -2, WHICH_SETTLED = -3, WHICH_FAR = -4 };

struct user {
	uint32_t uid, gid;
};
extern const struct user users[USERS];

/* A header as a message has it, or as a binding asks for it (type 0: any value). */
struct header {
	const char *name;
	uint8_t type;
	const char *text;
	int64_t number;
	double real;
};

struct props {
	uint16_t id;		/* a well-known property, or 0 */
	uint8_t type;
	const char *text;
	int64_t number;
	struct header headers[4];
};
extern const struct props props[PROPS];

struct match {
	int any;
	struct header headers[3];
};
extern const struct match matches[MATCHES];

const char *key_text(int key, char *text);
const char *queue_name(int queue, char *text);
const char *exchange_name(int exchange);
uint32_t props_encode(int props, uint8_t *area);
void body_make(uint32_t serial, uint32_t len, uint8_t *body);

/* A message as it was published. */
struct message {
	uint32_t serial, body_len, size;
	int exchange, key, props;
	uint32_t uid, gid;
	uint64_t from, until;		/* when the broker took it */
};

/* HIDDEN_*: part of a transaction that is not committed: seen by nobody. */
enum state { READY, PENDING, LEASED, HIDDEN, HIDDEN_ACCEPTED, HIDDEN_REJECTED };

struct entry {
	struct message message;
	uint64_t sequence, tag;
	enum state state;
	int session, consumer;		/* who has it */
	uint32_t acquired, failed;
	int cause, code;
	uint32_t pid;
};

struct queue_counts {
	uint64_t enqueued, delivered, redelivered, accepted, released, failed, rejected, dropped,
		 refused, purged;
};

struct queue {
	int exists, had_consumer;
	uint32_t id, flags, uid, gid, mode, max_messages, overflow;
	int session;			/* of an exclusive queue, else -1 */
	uint64_t max_bytes, sequence;
	struct queue_counts counts;
	int counts_open;		/* documentation leaves open what counts refusals */
	uint32_t surplus;		/* dropped in a transaction, beyond those that came */
	uint64_t surplus_bytes;
	int nr;
	struct entry entry[ENTRIES];	/* by sequence */
};

enum life { NONE, LIVE, GONE };

struct consumer {
	enum life life;
	uint32_t id, queue_id, credit, pull;
	int queue, automatic, readable;
	uint64_t credit_bytes, user_data, last_tag, delivered, settled;
	uint64_t waits;			/* since when it has got nothing */
	uint64_t turn;			/* since when its session has not read it */
};

struct session {
	int open, ended, child;
	uint64_t number;
	uint32_t pid;
	struct consumer consumer[CONSUMERS];
	int blocked, blocked_open, full;
	uint64_t full_size;
	uint64_t published, refused, received, settled;
	int counts_open;
	uint64_t cursor[QUEUES];	/* the broker's */
	uint64_t browsed[QUEUES];	/* sequence that goes with it */
};

struct exchange {
	int exists, type, alternate;
	uint32_t flags, uid, gid, mode;
	uint64_t published, unroutable, refused;
	int counts_open;
};

struct binding {
	int exists, exchange, to, key, match;
};

struct world {
	struct queue queue[QUEUES];
	struct exchange exchange[EXCHANGES];
	struct binding binding[BINDINGS];
	struct session session[SESSIONS];
	uint64_t published, unroutable, refused;
	int counts_open;
	int atomic;			/* a transaction is under way */
	int mute;			/* differences are to be expected */
	uint64_t clock, step;
	uint32_t serial;
	uint64_t start_time, cgroup;	/* of this process, once seen */
	uint64_t properties, features;	/* that the broker accepts, that it has */
	char differs[600];		/* the first difference, or empty */
};

/* A publish or a settlement as it went to the broker. */
struct sent {
	struct message message;
	uint64_t tag;
	uint32_t consumer;
};

/* What the broker answered. */
struct answer {
	int error;
	uint64_t before, after;			/* time around the call */
	uint32_t failed, nr_confirms;
	struct sent sent[SUBS];
	struct broker_result result[SUBS];
	struct broker_confirm confirm[CONFIRMS];
	uint32_t count, bytes, consumer, queue_id, pid;
	uint64_t number, cursor, user_data;
	uint64_t purged, id;
	int nr_routes;
	int route[QUEUES];			/* of each queue: how often it was named */
	uint8_t buffer[ROOM] __attribute__((aligned(8)));
};

/* Notes the first difference. */
void differ(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define expect(w, what, is, should)							\
do {											\
	long long __is = (is), __should = (should);					\
											\
	if (__is != __should)								\
		differ(w, "%s: the broker says %lld, the model %lld", what, __is, __should); \
} while (0)

/* world.c: topology, sessions */
void world_init(struct world *w);
void world_resolve(const struct world *w, struct op *op);
void world_apply(struct world *w, const struct op *op, struct answer *answer);
int may(int user, uint32_t uid, uint32_t gid, uint32_t mode, unsigned int want);
#define MAY_CONFIGURE	1
#define MAY_PUBLISH	2
#define MAY_CONSUME	4

/* queue.c: who gets what, when */
uint32_t queue_ready(const struct queue *q);
uint64_t queue_bytes(const struct queue *q);
int queue_has_room(const struct queue *q, uint64_t size);
int queue_refuses(const struct queue *q, const struct message *m);
uint64_t queue_take(struct world *w, int queue, const struct message *m);
void queue_dispatch(struct world *w, int queue);
int purge_ready(struct world *w, int queue);
int held_by(const struct entry *e, int session, int consumer);
void settle_one(struct world *w, int session, struct queue *q, struct entry *e, int outcome);
uint32_t consumer_holds(const struct world *w, int session, int consumer, enum state state);
void consumer_detach(struct world *w, int session, int consumer, int cause, int code, int failed);
void look_at_readable(struct world *w, int queue);
void queue_commit(struct world *w, int queue);
void withdraw(struct world *w, int session, int consumer);
void world_settle_down(struct world *w);

/* submit.c */
void world_prepare(struct world *w, const struct op *op, struct answer *answer);
void world_submit(struct world *w, const struct op *op, const struct answer *answer);

/* receive.c */
void world_receive(struct world *w, const struct op *op, const struct answer *answer);
void world_browse(struct world *w, const struct op *op, const struct answer *answer);
int session_readable(const struct session *s);

/* route.c: which queues */
int world_route(struct world *w, int user, int exchange, int key, int props, int count,
		int *queues, int *nr);
int topic_matches(const char *pattern, const char *key);
int exchange_reaches(const struct world *w, int from, int to);

#endif /* MODEL_WORLD_H */
