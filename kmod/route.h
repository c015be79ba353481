/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_ROUTE_H
#define _BROKER_ROUTE_H

#include <linux/broker.h>

#include "queue.h"
#include "reservation.h"
#include "topic.h"

struct broker;
struct broker_binding;
struct broker_exchange;
struct broker_message;

/**
 * DOC: Routes
 *
 * The routes of a message are the queues it goes to, each once.  Finding them
 * reads exchanges and bindings under RCU and takes a reference on each queue, so
 * that what follows may sleep.  Memory is never allocated under RCU: where there
 * is too little, the search is given up, more is allocated, and it starts over.
 *
 * Exchanges that taps alone lead to are searched after all others, so that a
 * queue or an exchange that is reached both ways is not taken for tapped.  A
 * turn at a split exchange is drawn once for a message, however often the search
 * starts over.
 */

/**
 * struct broker_route - one destination of a message
 * @queue: with a reference (owner: the routes)
 * @binding: that led there, with a reference; NULL through the default exchange,
 *	or if routes.keep_bindings is off (owner: the routes)
 * @tap: taps alone led there: no route to the publisher (owner: the routes)
 * @reservation: room in @queue (owner: the routes)
 * @error: the queue's refusal; 0: it has reserved room; -ECANCELED: it was not
 *	asked, or another queue refused (owner: the routes)
 * @sequence: of the message in @queue, once committed (owner: the routes)
 */
struct broker_route {
	struct broker_queue *queue;
	struct broker_binding *binding;
	bool tap;
	struct broker_reservation reservation;
	int error;
	u64 sequence;
};

/**
 * struct broker_visit - an exchange that a message comes through
 * @exchange: good under RCU only (owner: the call)
 * @id: its number (owner: the call)
 * @matched: whether a binding of it matched, taps aside (owner: the call)
 * @tap: taps alone led there (owner: the call)
 * @searched: its bindings were looked at (owner: the call)
 * @drawn: @turn was drawn (owner: the call)
 * @turn: at a split exchange (owner: the call)
 */
struct broker_visit {
	struct broker_exchange *exchange;
	u32 id;
	bool matched;
	bool tap;
	bool searched;
	bool drawn;
	u64 turn;
};

/**
 * struct broker_routes - the destinations of a message, and memory to find them
 * @route: destinations (owner: the call)
 * @nr: how many (owner: the call)
 * @nr_taps: how many of these taps alone led to (owner: the call)
 * @room: entries there is memory for (owner: the call)
 * @visited: exchanges it comes through (owner: the call)
 * @nr_visited: how many (owner: the call)
 * @nr_known: how many the last search visited: they may have drawn (owner: the call)
 * @visited_room: entries there is memory for (owner: the call)
 * @topic: memory of the topic matcher (owner: the call)
 * @exchange: it was published to, with a reference; NULL for the default
 *	exchange (owner: the call)
 * @rewritten: the exchange gave the message another key (owner: the call)
 * @key_len: bytes of @key (owner: the call)
 * @key: that key, in BROKER_MAX_KEY bytes; NULL: not needed so far (owner: the call)
 * @keep_bindings: remember which binding led where (owner: the call)
 */
struct broker_routes {
	struct broker_route *route;
	u32 nr;
	u32 nr_taps;
	u32 room;
	struct broker_visit *visited;
	u32 nr_visited;
	u32 nr_known;
	u32 visited_room;
	struct broker_topic_scratch topic;
	struct broker_exchange *exchange;
	bool rewritten;
	u8 key_len;
	char *key;
	bool keep_bindings;
};

/**
 * struct broker_routing - what a message is routed by
 * @exchange: name (const)
 * @exchange_len: bytes of it; 0: the default exchange (const)
 * @key: routing key (const)
 * @key_len: bytes of it (const)
 * @props: checked properties (const)
 * @props_len: bytes of them (const)
 * @message: all of it, for filters; in a dry run, one made up (const)
 * @dry_run: count nothing, use up no turn (const)
 * @counted: it was counted before (const)
 */
struct broker_routing {
	const char *exchange;
	const char *key;
	const void *props;
	const struct broker_message *message;
	u32 props_len;
	u8 exchange_len;
	u8 key_len;
	bool dry_run;
	bool counted;
};

void broker_routes_init(struct broker_routes *routes);
int broker_routes_find(struct broker_routes *routes, struct broker *broker,
		       const struct broker_routing *routing);
int broker_routes_rewrite(const struct broker_routes *routes, struct broker_message **message);
void broker_routes_drop(struct broker_routes *routes, u32 index);
void broker_routes_put(struct broker_routes *routes);
void broker_routes_move(struct broker_routes *to, struct broker_routes *from);
void broker_routes_free(struct broker_routes *routes);

#endif /* _BROKER_ROUTE_H */
