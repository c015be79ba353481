// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "access.h"
#include "acl.h"
#include "binding.h"
#include "broker.h"
#include "exchange.h"
#include "headers.h"
#include "memory.h"
#include "message.h"
#include "rewrite.h"
#include "route.h"
#include "selector.h"
#include "table.h"

/* What a search gives up with, to start over: with more memory, or since flags changed. */
enum { ROUTE_GROW_QUEUES = 1, ROUTE_GROW_EXCHANGES, ROUTE_GROW_KEY, ROUTE_AGAIN };

/* What a search ends with that has found what it looked for. */
#define ROUTE_FOUND	5

/* Up to here duplicates are looked for one by one; above, by sorting. */
#define ROUTE_FEW	8

void broker_routes_init(struct broker_routes *routes)
{
	memset(routes, 0, sizeof(*routes));
}

static void route_put(struct broker_route *route)
{
	broker_binding_put(route->binding);
	broker_queue_put(route->queue);
}

/* Lets go of one; the last one takes its place. */
void broker_routes_drop(struct broker_routes *routes, u32 index)
{
	routes->nr_taps -= routes->route[index].tap;
	route_put(&routes->route[index]);
	routes->route[index] = routes->route[--routes->nr];
}

/* Lets go of what was found; keeps the memory. */
void broker_routes_put(struct broker_routes *routes)
{
	while (routes->nr)
		route_put(&routes->route[--routes->nr]);
	routes->nr_taps = 0;
	broker_exchange_put(routes->exchange);
	routes->exchange = NULL;
}

/* Moves what was found to @to, which is empty; @from keeps its memory for searching. */
void broker_routes_move(struct broker_routes *to, struct broker_routes *from)
{
	to->route = from->route;
	to->nr = from->nr;
	to->room = from->room;
	to->nr_taps = from->nr_taps;
	to->exchange = from->exchange;
	from->route = NULL;
	from->nr = 0;
	from->room = 0;
	from->nr_taps = 0;
	from->exchange = NULL;
}

void broker_routes_free(struct broker_routes *routes)
{
	broker_routes_put(routes);
	kvfree(routes->route);
	kvfree(routes->visited);
	kfree(routes->key);
	broker_topic_scratch_free(&routes->topic);
}

/* The route to a queue that was found before, while there are few; else NULL. */
static struct broker_route *routes_known(struct broker_routes *routes,
					 const struct broker_queue *queue)
{
	u32 i;

	for (i = 0; routes->nr <= ROUTE_FEW && i < routes->nr; i++)
		if (routes->route[i].queue == queue)
			return &routes->route[i];
	return NULL;
}

static int routes_add_queue(struct broker_routes *routes, struct broker_queue *queue,
			    struct broker_binding *binding, bool tap)
{
	struct broker_route *known = routes_known(routes, queue);

	if (known && (tap || !known->tap))
		return 0;
	if (!known && routes->nr == routes->room)
		return ROUTE_GROW_QUEUES;
	/* One that is being deleted right now is as good as gone. */
	if (!known && !broker_queue_tryget(queue))
		return 0;
	if (!routes->keep_bindings || (binding && !broker_binding_tryget(binding)))
		binding = NULL;
	if (known) {
		broker_binding_put(known->binding);
		known->binding = binding;
		known->tap = false;
		return 0;
	}
	routes->route[routes->nr++] = (struct broker_route) {
		.queue = queue,
		.binding = binding,
		.tap = tap,
		.error = -ECANCELED,
	};
	return 0;
}

static int routes_add_exchange(struct broker_routes *routes, struct broker_exchange *exchange,
			       bool tap)
{
	struct broker_visit *visit;
	u32 i;

	for (i = 0; i < routes->nr_visited; i++) {
		if (routes->visited[i].exchange == exchange) {
			routes->visited[i].tap &= tap;
			return 0;
		}
	}
	if (i == routes->visited_room)
		return ROUTE_GROW_EXCHANGES;
	visit = &routes->visited[routes->nr_visited++];
	/* As in the search that was given up: the turn it drew is the message's. */
	if (i >= routes->nr_known || visit->id != exchange->id)
		visit->drawn = false;
	visit->exchange = exchange;
	visit->id = exchange->id;
	visit->matched = false;
	visit->tap = tap;
	visit->searched = false;
	return 0;
}

static int routes_follow(struct broker_routes *routes, struct broker_binding *binding, bool tap)
{
	if (binding->queue)
		return routes_add_queue(routes, binding->queue, binding, tap);
	return routes_add_exchange(routes, binding->exchange, tap);
}

/**
 * struct route_search - a search at one exchange
 * @routes: what is found
 * @exchange: where
 * @routing: what the message is routed by
 * @tap: taps alone led there
 * @probe: follow nothing, only find out whether a binding diverts
 * @divert: one does: those without a flag do not count
 * @matched: whether a binding matched, taps aside
 */
struct route_search {
	struct broker_routes *routes;
	struct broker_exchange *exchange;
	const struct broker_routing *routing;
	bool tap;
	bool probe;
	bool divert;
	bool matched;
};

/* Whether the message passes the binding's filter, if it has one. */
static bool route_passes(const struct route_search *search, const struct broker_binding *binding)
{
	const struct broker_selector *selector = rcu_dereference(binding->selector);

	if (!selector)
		return true;
	if (WARN_ON_ONCE(!search->routing->message))
		return false;
	return broker_selector_match(selector, search->routing->message);
}

/* A binding matches the message, by what its exchange compares. */
static int route_match(struct route_search *search, struct broker_binding *binding)
{
	u32 flags = READ_ONCE(binding->flags);

	/* A filter costs most, and is asked last. */
	if (search->probe ? !(flags & BROKER_BINDING_FLAGS_DIVERT) :
	    !(flags & BROKER_BINDING_FLAGS_TAP) &&
		    search->divert != !!(flags & BROKER_BINDING_FLAGS_DIVERT))
		return 0;
	if (!route_passes(search, binding))
		return 0;
	if (search->probe)
		return ROUTE_FOUND;
	if (flags & BROKER_BINDING_FLAGS_TAP)
		return routes_follow(search->routes, binding, true);
	search->matched = true;
	return routes_follow(search->routes, binding, search->tap);
}

static int route_emit(struct broker_topic_entry *entry, void *search)
{
	return route_match(search, container_of(entry, struct broker_binding, by_pattern));
}

static int route_direct(struct route_search *search, const struct broker_routing *routing)
{
	struct broker_table_key key = { routing->key, routing->key_len };
	struct rhlist_head *list, *pos;
	struct broker_binding *binding;
	int err = 0;

	list = rhltable_lookup(&search->exchange->keys, &key, broker_binding_key_params);
	rhl_for_each_entry_rcu(binding, pos, list, by_key) {
		err = route_match(search, binding);
		if (err)
			break;
	}
	return err;
}

static int route_each(struct route_search *search, const struct broker_routing *routing)
{
	bool by_headers = search->exchange->type == BROKER_EXCHANGE_TYPE_HEADERS;
	struct broker_headers *headers;
	struct broker_binding *binding;
	int err = 0;

	list_for_each_entry_rcu(binding, &search->exchange->all, of_source) {
		if (by_headers) {
			headers = rcu_dereference(binding->headers);
			if (headers && !broker_headers_match(headers, routing->props,
							     routing->props_len))
				continue;
		}
		err = route_match(search, binding);
		if (err)
			break;
	}
	return err;
}

/* Offers each binding that matches to route_match(). */
static int route_matches(struct route_search *search, const struct broker_routing *routing)
{
	switch (search->exchange->type) {
	case BROKER_EXCHANGE_TYPE_DIRECT:
		return route_direct(search, routing);
	case BROKER_EXCHANGE_TYPE_TOPIC:
		return broker_topic_match(&search->exchange->topic, routing->key, routing->key_len,
					  &search->routes->topic, route_emit, search);
	default:
		return route_each(search, routing);
	}
}

/*
 * First whether one diverts, then those that count.  If the last one that does is
 * deleted in between, it is as if it had been before; a change of flags has the
 * search start over.
 */
static int route_all(struct route_search *search, const struct broker_routing *routing)
{
	int err;

	if (READ_ONCE(search->exchange->nr_diverts)) {
		search->probe = true;
		err = route_matches(search, routing);
		search->probe = false;
		if (err && err != ROUTE_FOUND)
			return err;
		search->divert = err == ROUTE_FOUND;
	}
	err = route_matches(search, routing);
	if (err || search->matched || !search->divert)
		return err;
	search->divert = false;
	return route_matches(search, routing);
}

/* The place of a message on the ring of a hash exchange. */
static u64 route_hash(const struct broker_exchange *exchange, const struct broker_routing *routing)
{
	const struct broker_hash_header *header = rcu_dereference(exchange->hash_header);
	struct broker_prop_view view;

	if (header && broker_props_find_header(routing->props, routing->props_len, header->name,
					       header->len, &view))
		return broker_ring_hash(view.value, view.value_len);
	return broker_ring_hash(routing->key, routing->key_len);
}

/* The message's turn at a split exchange. */
static u64 route_turn(struct broker_exchange *exchange, struct broker_visit *visit, bool dry_run)
{
	if (dry_run)
		return atomic64_read(&exchange->turn);
	if (!visit->drawn)
		visit->turn = atomic64_inc_return(&exchange->turn) - 1;
	visit->drawn = true;
	return visit->turn;
}

static struct broker_binding *route_choose(struct broker_exchange *exchange,
					   enum broker_ring_kind kind, u64 at)
{
	const struct broker_ring *ring = rcu_dereference(exchange->rings[kind]);

	return exchange->type == BROKER_EXCHANGE_TYPE_HASH ? broker_ring_next(ring, at) :
							     broker_ring_turn(ring, at);
}

/* One binding, of those that divert if there are any, and all taps. */
static int route_one(struct route_search *search, struct broker_visit *visit,
		     const struct broker_routing *routing)
{
	struct broker_exchange *exchange = search->exchange;
	u64 at = exchange->type == BROKER_EXCHANGE_TYPE_HASH ?
		 route_hash(exchange, routing) : route_turn(exchange, visit, routing->dry_run);
	struct broker_binding *binding;
	const struct broker_ring *taps;
	int err = 0;
	u32 i;

	binding = route_choose(exchange, BROKER_RING_DIVERT, at) ?:
		  route_choose(exchange, BROKER_RING_PLAIN, at);
	/* The filter is asked last: it changes nobody else's share. */
	if (binding && route_passes(search, binding)) {
		search->matched = true;
		err = routes_follow(search->routes, binding, search->tap);
	}
	taps = rcu_dereference(exchange->rings[BROKER_RING_TAP]);
	for (i = 0; !err && taps && i < taps->nr_members; i++) {
		binding = rcu_dereference(taps->members[i]);
		if (binding && route_passes(search, binding))
			err = routes_follow(search->routes, binding, true);
	}
	return err;
}

/* Adds where one exchange sends the message, or its alternate. */
static int route_exchange(struct broker_routes *routes, u32 index,
			  const struct broker_routing *routing)
{
	struct broker_visit *visit = &routes->visited[index];
	struct route_search search = {
		.routes = routes,
		.exchange = visit->exchange,
		.routing = routing,
		.tap = visit->tap,
	};
	unsigned int seq = read_seqcount_begin(&visit->exchange->flagging);
	struct broker_exchange *alternate;
	int err;

	if (broker_exchange_has_rings(visit->exchange))
		err = route_one(&search, visit, routing);
	else
		err = route_all(&search, routing);
	if (read_seqcount_retry(&visit->exchange->flagging, seq))
		return ROUTE_AGAIN;
	visit->searched = true;
	visit->matched = search.matched;
	if (err || search.matched)
		return err;
	alternate = rcu_dereference(visit->exchange->alternate);
	return alternate ? routes_add_exchange(routes, alternate, visit->tap) : 0;
}

/* The exchanges that only taps lead to, or the others, and what is found on the way. */
static int route_exchanges(struct broker_routes *routes, const struct broker_routing *routing,
			   bool tap)
{
	bool more;
	int err;
	u32 i;

	do {
		more = false;
		for (i = 0; i < routes->nr_visited; i++) {
			if (routes->visited[i].searched || routes->visited[i].tap != tap)
				continue;
			err = route_exchange(routes, i, routing);
			if (err)
				return err;
			more = true;
		}
	} while (more);
	return 0;
}

/* Through the default exchange: the queue is named, and must let the caller publish. */
static int route_by_name(struct broker_routes *routes, struct broker *broker,
			 const struct broker_routing *routing)
{
	struct broker_queue *queue;
	int err;

	queue = broker_queue_lookup(broker, routing->key, routing->key_len);
	if (!queue)
		return -ENOENT;
	if (!broker_may(broker, &queue->access, BROKER_MAY_PUBLISH))
		return -EACCES;
	err = broker_acl_may_publish(broker->default_exchange, routing->key, routing->key_len,
				     &routes->topic);
	if (err)
		return err;
	return routes_add_queue(routes, queue, NULL, false);
}

/* Gives the message another key, if @exchange wants that: then @routing has it. */
static int route_rewrite(struct broker_routes *routes, const struct broker_exchange *exchange,
			 struct broker_routing *routing)
{
	const struct broker_rewrite *rewrite = rcu_dereference(exchange->rewrite);
	int len;

	if (!rewrite)
		return 0;
	if (!routes->key)
		return ROUTE_GROW_KEY;
	len = broker_rewrite_key(rewrite, routing->key, routing->key_len, routes->key);
	if (len < 0)
		return len == -ENOENT ? 0 : len;
	routes->rewritten = true;
	routes->key_len = len;
	routing->key = routes->key;
	routing->key_len = len;
	return 0;
}

static int route_by_exchange(struct broker_routes *routes, struct broker *broker,
			     const struct broker_routing *asked)
{
	struct broker_routing now = *asked, *routing = &now;
	struct broker_exchange *exchange;
	int err;

	exchange = broker_exchange_lookup(broker, routing->exchange, routing->exchange_len);
	if (!exchange)
		return -ENOENT;
	if (!broker_may(broker, &exchange->access, BROKER_MAY_PUBLISH))
		return -EACCES;
	err = broker_acl_may_publish(exchange, routing->key, routing->key_len, &routes->topic);
	if (err)
		return err;
	routes->nr_visited = 0;
	err = route_rewrite(routes, exchange, routing) ?:
	      routes_add_exchange(routes, exchange, false);
	if (!err)
		err = route_exchanges(routes, routing, false) ?:
		      route_exchanges(routes, routing, true);
	if (!err && broker_exchange_tryget(exchange))
		routes->exchange = exchange;
	return err;
}

static int routes_grow(struct broker_routes *routes, int what)
{
	void *more;
	u32 room;

	if (what == ROUTE_AGAIN)
		return 0;
	if (what == -ENOSPC)
		return broker_topic_scratch_grow(&routes->topic);
	if (what == ROUTE_GROW_KEY) {
		routes->key = kmalloc(BROKER_MAX_KEY, BROKER_GFP);
		return routes->key ? 0 : -ENOMEM;
	}

	room = max(2 * (what == ROUTE_GROW_QUEUES ? routes->room : routes->visited_room), 8U);
	more = kvmalloc_array(room, what == ROUTE_GROW_QUEUES ? sizeof(*routes->route) :
			      sizeof(*routes->visited), BROKER_GFP);
	if (!more)
		return -ENOMEM;
	/* The search starts over; all that is kept are turns. */
	if (what == ROUTE_GROW_QUEUES) {
		kvfree(routes->route);
		routes->route = more;
		routes->room = room;
	} else {
		memcpy(more, routes->visited, routes->nr_known * sizeof(*routes->visited));
		kvfree(routes->visited);
		routes->visited = more;
		routes->visited_room = room;
	}
	return 0;
}

static int route_compare(const void *a, const void *b)
{
	const struct broker_route *left = a, *right = b;

	return (left->queue->id > right->queue->id) - (left->queue->id < right->queue->id);
}

/* A queue that several bindings lead to stays once. */
static void routes_unique(struct broker_routes *routes)
{
	u32 from, to = 0;

	if (routes->nr <= ROUTE_FEW + 1)
		return;
	sort(routes->route, routes->nr, sizeof(*routes->route), route_compare, NULL);
	for (from = 0; from < routes->nr; from++) {
		if (to && routes->route[to - 1].queue == routes->route[from].queue) {
			/* Of two, one that is no tap stays. */
			if (routes->route[to - 1].tap && !routes->route[from].tap)
				swap(routes->route[to - 1], routes->route[from]);
			route_put(&routes->route[from]);
		} else {
			routes->route[to++] = routes->route[from];
		}
	}
	routes->nr = to;
}

static void routes_count_taps(struct broker_routes *routes)
{
	u32 i;

	for (i = 0; i < routes->nr; i++)
		routes->nr_taps += routes->route[i].tap;
}

/* Counts a message at each exchange it came through. */
static void routes_count(struct broker_routes *routes, struct broker *broker)
{
	u32 i;

	if (!routes->exchange)
		this_cpu_inc(broker->default_exchange->stats->published);
	for (i = 0; routes->exchange && i < routes->nr_visited; i++) {
		struct broker_visit *visit = &routes->visited[i];

		this_cpu_inc(visit->exchange->stats->published);
		if (!visit->matched)
			this_cpu_inc(visit->exchange->stats->unroutable);
	}
}

/**
 * broker_routes_find() - Find the queues that a message goes to
 * @routes: initialized, and empty; its memory is used again from call to call
 * @broker: whose exchanges
 * @routing: what the message is routed by
 *
 * Return: 0, with routes->nr queues, perhaps none, of which taps alone lead to
 * routes->nr_taps; -ENOENT: no such exchange, or queue through the default
 * exchange; -EACCES; -ENAMETOOLONG: the key it would be rewritten to; -ENOMEM.  If
 * routes->rewritten, the message has another key from now on.
 */
int broker_routes_find(struct broker_routes *routes, struct broker *broker,
		       const struct broker_routing *routing)
{
	int err;

	routes->nr_known = 0;
	routes->rewritten = false;
	for (;;) {
		rcu_read_lock();
		if (routing->exchange_len)
			err = route_by_exchange(routes, broker, routing);
		else
			err = route_by_name(routes, broker, routing);
		if (!err && !routing->dry_run && !routing->counted)
			routes_count(routes, broker);
		rcu_read_unlock();
		if (!err)
			break;
		broker_routes_put(routes);
		if (err < 0 && err != -ENOSPC)
			return err;
		routes->nr_known = max(routes->nr_known, routes->nr_visited);
		err = routes_grow(routes, err);
		if (err)
			return err;
	}
	routes_unique(routes);
	routes_count_taps(routes);
	return 0;
}

/* Has the message carry the key that it was routed by. */
int broker_routes_rewrite(const struct broker_routes *routes, struct broker_message **message)
{
	struct broker_message *copy;

	if (!routes->rewritten)
		return 0;
	copy = broker_message_rewritten(*message, routes->key, routes->key_len);
	if (!copy)
		return -ENOMEM;
	broker_message_put(*message);
	*message = copy;
	return 0;
}
