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
#include "binding.h"
#include "broker.h"
#include "exchange.h"
#include "headers.h"
#include "memory.h"
#include "route.h"
#include "table.h"

/* What a search gives up with, to start over with more memory. */
enum { ROUTE_GROW_QUEUES = 1, ROUTE_GROW_EXCHANGES };

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

/* Lets go of what was found; keeps the memory. */
void broker_routes_put(struct broker_routes *routes)
{
	while (routes->nr)
		route_put(&routes->route[--routes->nr]);
	broker_exchange_put(routes->exchange);
	routes->exchange = NULL;
}

void broker_routes_free(struct broker_routes *routes)
{
	broker_routes_put(routes);
	kvfree(routes->route);
	kvfree(routes->visited);
	broker_topic_scratch_free(&routes->topic);
}

static int routes_add_queue(struct broker_routes *routes, struct broker_queue *queue,
			    struct broker_binding *binding)
{
	u32 i;

	if (routes->nr <= ROUTE_FEW) {
		for (i = 0; i < routes->nr; i++)
			if (routes->route[i].queue == queue)
				return 0;
	}
	if (routes->nr == routes->room)
		return ROUTE_GROW_QUEUES;
	/* One that is being deleted right now is as good as gone. */
	if (!broker_queue_tryget(queue))
		return 0;
	if (!routes->keep_bindings || (binding && !broker_binding_tryget(binding)))
		binding = NULL;
	routes->route[routes->nr++] = (struct broker_route) {
		.queue = queue,
		.binding = binding,
		.error = -ECANCELED,
	};
	return 0;
}

static int routes_add_exchange(struct broker_routes *routes, struct broker_exchange *exchange)
{
	u32 i;

	for (i = 0; i < routes->nr_visited; i++)
		if (routes->visited[i].exchange == exchange)
			return 0;
	if (routes->nr_visited == routes->visited_room)
		return ROUTE_GROW_EXCHANGES;
	routes->visited[routes->nr_visited++] = (struct broker_visit) { .exchange = exchange };
	return 0;
}

static int routes_follow(struct broker_routes *routes, struct broker_binding *binding)
{
	if (binding->queue)
		return routes_add_queue(routes, binding->queue, binding);
	return routes_add_exchange(routes, binding->exchange);
}

/**
 * struct route_search - a search at one exchange
 * @routes: what is found
 * @matched: whether a binding matched
 */
struct route_search {
	struct broker_routes *routes;
	bool matched;
};

static int route_emit(struct broker_topic_entry *entry, void *arg)
{
	struct route_search *search = arg;

	search->matched = true;
	return routes_follow(search->routes,
			     container_of(entry, struct broker_binding, by_pattern));
}

static int route_direct(struct broker_exchange *exchange, const struct broker_routing *routing,
			struct route_search *search)
{
	struct broker_table_key key = { routing->key, routing->key_len };
	struct rhlist_head *list, *pos;
	struct broker_binding *binding;
	int err = 0;

	list = rhltable_lookup(&exchange->keys, &key, broker_binding_key_params);
	rhl_for_each_entry_rcu(binding, pos, list, by_key) {
		search->matched = true;
		err = routes_follow(search->routes, binding);
		if (err)
			break;
	}
	return err;
}

static int route_each(struct broker_exchange *exchange, const struct broker_routing *routing,
		      struct route_search *search)
{
	bool by_headers = exchange->type == BROKER_EXCHANGE_TYPE_HEADERS;
	struct broker_headers *headers;
	struct broker_binding *binding;
	int err = 0;

	list_for_each_entry_rcu(binding, &exchange->all, of_source) {
		if (by_headers) {
			headers = rcu_dereference(binding->headers);
			if (headers && !broker_headers_match(headers, routing->props,
							     routing->props_len))
				continue;
		}
		search->matched = true;
		err = routes_follow(search->routes, binding);
		if (err)
			break;
	}
	return err;
}

/* Adds where one exchange sends the message, or its alternate. */
static int route_exchange(struct broker_routes *routes, u32 index,
			  const struct broker_routing *routing)
{
	struct broker_exchange *exchange = routes->visited[index].exchange, *alternate;
	struct route_search search = { .routes = routes };
	int err;

	switch (exchange->type) {
	case BROKER_EXCHANGE_TYPE_DIRECT:
		err = route_direct(exchange, routing, &search);
		break;
	case BROKER_EXCHANGE_TYPE_TOPIC:
		err = broker_topic_match(&exchange->topic, routing->key, routing->key_len,
					 &routes->topic, route_emit, &search);
		break;
	default:
		err = route_each(exchange, routing, &search);
		break;
	}
	routes->visited[index].matched = search.matched;
	if (err || search.matched)
		return err;
	alternate = rcu_dereference(exchange->alternate);
	return alternate ? routes_add_exchange(routes, alternate) : 0;
}

/* Through the default exchange: the queue is named, and must let the caller publish. */
static int route_by_name(struct broker_routes *routes, struct broker *broker,
			 const struct broker_routing *routing)
{
	struct broker_queue *queue;

	queue = broker_queue_lookup(broker, routing->key, routing->key_len);
	if (!queue)
		return -ENOENT;
	if (!broker_may(broker, &queue->access, BROKER_MAY_PUBLISH))
		return -EACCES;
	return routes_add_queue(routes, queue, NULL);
}

static int route_by_exchange(struct broker_routes *routes, struct broker *broker,
			     const struct broker_routing *routing)
{
	struct broker_exchange *exchange;
	u32 i;
	int err;

	exchange = broker_exchange_lookup(broker, routing->exchange, routing->exchange_len);
	if (!exchange)
		return -ENOENT;
	if (!broker_may(broker, &exchange->access, BROKER_MAY_PUBLISH))
		return -EACCES;
	routes->nr_visited = 0;
	err = routes_add_exchange(routes, exchange);
	for (i = 0; !err && i < routes->nr_visited; i++)
		err = route_exchange(routes, i, routing);
	if (!err && broker_exchange_tryget(exchange))
		routes->exchange = exchange;
	return err;
}

static int routes_grow(struct broker_routes *routes, int what)
{
	void *more;
	u32 room;

	if (what == -ENOSPC)
		return broker_topic_scratch_grow(&routes->topic);

	room = max(2 * (what == ROUTE_GROW_QUEUES ? routes->room : routes->visited_room), 8U);
	more = kvmalloc_array(room, what == ROUTE_GROW_QUEUES ? sizeof(*routes->route) :
			      sizeof(*routes->visited), BROKER_GFP);
	if (!more)
		return -ENOMEM;
	/* Nothing is kept: the search starts over. */
	if (what == ROUTE_GROW_QUEUES) {
		kvfree(routes->route);
		routes->route = more;
		routes->room = room;
	} else {
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
		if (to && routes->route[to - 1].queue == routes->route[from].queue)
			route_put(&routes->route[from]);
		else
			routes->route[to++] = routes->route[from];
	}
	routes->nr = to;
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
 * Return: 0, with routes->nr queues, perhaps none; -ENOENT: no such exchange,
 * or queue through the default exchange; -EACCES; -ENOMEM.
 */
int broker_routes_find(struct broker_routes *routes, struct broker *broker,
		       const struct broker_routing *routing)
{
	int err;

	for (;;) {
		rcu_read_lock();
		if (routing->exchange_len)
			err = route_by_exchange(routes, broker, routing);
		else
			err = route_by_name(routes, broker, routing);
		if (!err && !routing->dry_run)
			routes_count(routes, broker);
		rcu_read_unlock();
		if (!err)
			break;
		broker_routes_put(routes);
		if (err < 0 && err != -ENOSPC)
			return err;
		err = routes_grow(routes, err);
		if (err)
			return err;
	}
	routes_unique(routes);
	return 0;
}
