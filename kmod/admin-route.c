// SPDX-License-Identifier: GPL-2.0
#include <linux/sort.h>

#include "admin.h"
#include "binding.h"
#include "broker.h"
#include "exchange.h"
#include "message.h"
#include "props.h"
#include "route.h"

static int check_props(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	int err;

	if (!attr)
		return 0;
	err = broker_props_check(nla_data(attr), nla_len(attr),
				 BROKER_PROPERTIES_ACCEPTED | BROKER_PROPS_RESERVED);
	switch (err) {
	case 0:
		break;
	case -EOPNOTSUPP:
		BROKER_NL_ERR(extack, attr, "one of the properties is not known or not supported");
		break;
	case -EILSEQ:
		BROKER_NL_ERR(extack, attr, "the text of a property is not UTF-8");
		break;
	case -E2BIG:
		BROKER_NL_ERR(extack, attr, "there are too many headers");
		break;
	default:
		BROKER_NL_ERR(extack, attr, "the properties are malformed");
		break;
	}
	return err;
}

static int parse_routing(struct nlattr **attrs, struct netlink_ext_ack *extack,
			 struct broker_routing *routing)
{
	const struct nlattr *exchange = attrs[BROKER_A_ROUTE_EXCHANGE];
	const struct nlattr *key = attrs[BROKER_A_ROUTE_KEY];
	const struct nlattr *props = attrs[BROKER_A_ROUTE_PROPERTIES];

	if (BROKER_NL_MISSING(extack, attrs, BROKER_A_ROUTE_EXCHANGE,
			      "through which exchange? its name is missing"))
		return -EINVAL;
	*routing = (struct broker_routing) {
		.exchange = nla_data(exchange),
		.exchange_len = broker_nl_len(exchange),
		.key = key ? nla_data(key) : "",
		.key_len = key ? broker_nl_len(key) : 0,
		.props = props ? nla_data(props) : NULL,
		.props_len = props ? nla_len(props) : 0,
		.dry_run = true,
	};
	return (key ? broker_nl_check_key(key, extack) : 0) ?: check_props(props, extack);
}

/* Through the default exchange it is the queue, named by the key, that is not there or denied. */
static void explain(struct nlattr **attrs, struct netlink_ext_ack *extack,
		    const struct broker_routing *routing, int err)
{
	const struct nlattr *key = attrs[BROKER_A_ROUTE_KEY] ?: attrs[BROKER_A_ROUTE_EXCHANGE];

	if (err == -ENOENT && routing->exchange_len)
		BROKER_NL_ERR(extack, attrs[BROKER_A_ROUTE_EXCHANGE], "no such exchange");
	else if (err == -ENOENT)
		BROKER_NL_ERR(extack, key, "no such queue");
	else if (err == -ENAMETOOLONG)
		BROKER_NL_ERR(extack, key, "the exchange would rewrite this key to one too long");
	else if (err == -EACCES && routing->exchange_len)
		BROKER_NL_ERR(extack, attrs[BROKER_A_ROUTE_EXCHANGE],
			      "you may not publish (w) to this exchange");
	else if (err == -EACCES)
		BROKER_NL_ERR(extack, key, "you may not publish (w) to this queue");
}

/* Finds what the request asks for; the caller frees @routes in any case. */
static int find_routes(struct broker *broker, struct nlattr **attrs,
		       struct netlink_ext_ack *extack, struct broker_routes *routes)
{
	struct broker_message *message;
	struct broker_routing routing;
	int err;

	broker_routes_init(routes);
	routes->keep_bindings = true;
	err = parse_routing(attrs, extack, &routing);
	if (err)
		return err;
	message = broker_message_sample(broker, routing.exchange, routing.exchange_len, routing.key,
					routing.key_len, routing.props, routing.props_len);
	if (!message)
		return -ENOMEM;
	routing.message = message;
	err = broker_routes_find(routes, broker, &routing);
	broker_message_put(message);
	if (err)
		explain(attrs, extack, &routing, err);
	return err;
}

/* The key that the message would have, if that is another. */
static int put_key(struct sk_buff *skb, const struct broker_routes *routes)
{
	struct nlattr *attr;

	if (!routes->rewritten)
		return 0;
	attr = nla_reserve(skb, BROKER_A_ROUTE_KEY, routes->key_len + 1);
	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), routes->key, routes->key_len);
	((char *)nla_data(attr))[routes->key_len] = '\0';
	return 0;
}

int broker_nl_route_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_routes routes;
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	err = find_routes(broker, info->attrs, info->extack, &routes);
	if (!err) {
		hdr = broker_nl_begin(reply, &head);
		err = broker_nl_end(reply, hdr,
				    !hdr || nla_put_u32(reply, BROKER_A_ROUTE_QUEUES,
							routes.nr - routes.nr_taps) ||
				    nla_put_u32(reply, BROKER_A_ROUTE_TAPS, routes.nr_taps) ||
				    put_key(reply, &routes));
	}
	broker_routes_free(&routes);
	return broker_nl_reply(reply, info, err);
}

static u32 route_flags(const struct broker_route *route)
{
	u32 divert = route->binding ? READ_ONCE(route->binding->flags) &
				      BROKER_BINDING_FLAGS_DIVERT : 0;

	return divert | (route->tap ? BROKER_BINDING_FLAGS_TAP : 0);
}

static int put_route(struct sk_buff *skb, const struct broker_nl_head *head,
		     const struct broker_routes *routes, const struct broker_route *route)
{
	const struct broker_binding *binding = route->binding;
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr,
			     !hdr ||
			     nla_put_string(skb, BROKER_A_ROUTE_QUEUE, route->queue->name) ||
			     nla_put_u32(skb, BROKER_A_ROUTE_QUEUE_ID, route->queue->id) ||
			     nla_put_string(skb, BROKER_A_ROUTE_VIA,
					    binding ? binding->source->name : "") ||
			     nla_put_string(skb, BROKER_A_ROUTE_PATTERN,
					    binding ? binding->key : "") ||
			     nla_put_u32(skb, BROKER_A_ROUTE_FLAGS, route_flags(route)) ||
			     put_key(skb, routes));
}

static int by_queue_id(const void *a, const void *b)
{
	const struct broker_route *left = a, *right = b;

	return left->queue->id < right->queue->id ? -1 : left->queue->id > right->queue->id;
}

/*
 * Each part of the dump finds the routes anew, so that nothing is held while the
 * reader takes its time, and goes on behind the last queue shown.
 */
int broker_nl_route_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_routes routes;
	unsigned long next = cb->args[0];
	u32 i;
	int err;

	broker_nl_dump_sync(cb, broker);
	err = find_routes(broker, genl_info_dump(cb)->attrs, cb->extack, &routes);
	if (err)
		goto out;
	sort(routes.route, routes.nr, sizeof(*routes.route), by_queue_id, NULL);
	for (i = 0; i < routes.nr; i++) {
		const struct broker_route *route = &routes.route[i];

		if (route->queue->id < next)
			continue;
		err = put_route(skb, &head, &routes, route);
		if (err)
			break;
		next = route->queue->id + 1UL;
	}
	cb->args[0] = next;
out:
	broker_routes_free(&routes);
	broker_nl_dump_sync(cb, broker);
	return broker_nl_dump_end(skb, err);
}
