// SPDX-License-Identifier: GPL-2.0
#include <linux/rcupdate_wait.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include <linux/broker.h>

#include "access.h"
#include "acl.h"
#include "admin.h"
#include "binding.h"
#include "broker.h"
#include "exchange.h"
#include "headers.h"
#include "limit.h"
#include "queue.h"
#include "selector.h"

/* A header that a binding lists: an attribute with a name and a value in it. */
#define HEADER_SIZE_MAX							\
	(nla_total_size(0) + 2 * nla_total_size(BROKER_NAME_MAX + 1))
/* All of a binding but its headers: numbers, three names, key, how to match. */
#define BINDING_SIZE							\
	(5 * nla_total_size(sizeof(u32)) + 4 * nla_total_size(BROKER_NAME_MAX + 1))
#define BINDING_SIZE_MAX						\
	(NLMSG_ALIGN(NLMSG_HDRLEN + GENL_HDRLEN) + BINDING_SIZE +	\
	 BROKER_MAX_MATCH_HEADERS * HEADER_SIZE_MAX + BROKER_NL_FILTER_SIZE_MAX)

static const struct broker_headers *binding_headers(struct broker_binding *binding)
{
	return rcu_dereference_check(binding->headers,
				     lockdep_is_held(&binding->source->broker->topology));
}

static const struct broker_selector *binding_selector(struct broker_binding *binding)
{
	return rcu_dereference_check(binding->selector,
				     lockdep_is_held(&binding->source->broker->topology));
}

static size_t binding_size(const struct broker_headers *headers,
			   const struct broker_selector *selector)
{
	return BINDING_SIZE + broker_nl_filter_size(selector) +
	       (headers ? broker_headers_count(headers) * HEADER_SIZE_MAX : 0);
}

size_t broker_nl_binding_size(struct broker_binding *binding)
{
	return binding_size(binding_headers(binding), binding_selector(binding));
}

static int put_text(struct sk_buff *skb, int type, const void *text, size_t len)
{
	struct nlattr *attr = nla_reserve(skb, type, len + 1);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), text, len);
	((char *)nla_data(attr))[len] = '\0';
	return 0;
}

static int put_value(struct sk_buff *skb, const struct broker_prop_view *header)
{
	switch (header->type) {
	case BROKER_TYPE_STRING:
		return put_text(skb, BROKER_A_HEADER_STRING, header->value, header->value_len);
	case BROKER_TYPE_INT64:
		return nla_put_s64(skb, BROKER_A_HEADER_INT64, broker_prop_int64(header),
				   BROKER_A_HEADER_PAD);
	case BROKER_TYPE_DOUBLE:
		return nla_put_u64_64bit(skb, BROKER_A_HEADER_DOUBLE, broker_prop_int64(header),
					 BROKER_A_HEADER_PAD);
	case BROKER_TYPE_BOOL:
		return nla_put_u8(skb, BROKER_A_HEADER_BOOL, *(const u8 *)header->value);
	default:
		return 0;
	}
}

static int put_headers(struct sk_buff *skb, const struct broker_headers *headers)
{
	unsigned int i;

	if (!headers)
		return 0;
	if (nla_put_u32(skb, BROKER_A_BINDING_MATCH,
			broker_headers_any(headers) ? BROKER_MATCH_ANY : BROKER_MATCH_ALL))
		return -EMSGSIZE;

	for (i = 0; i < broker_headers_count(headers); i++) {
		const struct broker_prop_view *header = broker_headers_get(headers, i);
		struct nlattr *nest = nla_nest_start(skb, BROKER_A_BINDING_HEADER);

		if (!nest || put_text(skb, BROKER_A_HEADER_NAME, header->name, header->name_len) ||
		    put_value(skb, header))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_ends(struct sk_buff *skb, struct broker_binding *binding)
{
	return nla_put_u32(skb, BROKER_A_BINDING_ID, binding->id) ||
	       nla_put_string(skb, BROKER_A_BINDING_EXCHANGE, binding->source->name) ||
	       (binding->queue &&
		nla_put_string(skb, BROKER_A_BINDING_QUEUE, binding->queue->name)) ||
	       (binding->exchange &&
		nla_put_string(skb, BROKER_A_BINDING_TO_EXCHANGE, binding->exchange->name)) ||
	       nla_put_string(skb, BROKER_A_BINDING_KEY, binding->key) ||
	       nla_put_u32(skb, BROKER_A_BINDING_FLAGS, READ_ONCE(binding->flags)) ||
	       (broker_exchange_has_rings(binding->source) &&
		nla_put_u32(skb, BROKER_A_BINDING_WEIGHT, READ_ONCE(binding->weight)));
}

int broker_nl_put_binding(struct sk_buff *skb, const struct broker_nl_head *head,
			  struct broker_binding *binding)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr,
			     !hdr || put_ends(skb, binding) ||
			     put_headers(skb, binding_headers(binding)) ||
			     broker_nl_put_filter(skb, BROKER_A_BINDING_FILTER,
						  BROKER_A_BINDING_FILTER_TEXT,
						  binding_selector(binding)));
}

/* Checks the attributes that name a binding. */
static int check_name(struct genl_info *info)
{
	const struct nlattr *key = info->attrs[BROKER_A_BINDING_KEY];
	const struct nlattr *to = info->attrs[BROKER_A_BINDING_TO_EXCHANGE];

	if (BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_BINDING_EXCHANGE,
			      "a binding needs the exchange that messages come from"))
		return -EINVAL;
	if (to && info->attrs[BROKER_A_BINDING_QUEUE]) {
		BROKER_NL_ERR(info->extack, to, "a binding leads to a queue or to an exchange");
		return -EINVAL;
	}
	if (!to && BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_BINDING_QUEUE,
				     "a binding needs a queue or an exchange to lead to"))
		return -EINVAL;
	return key ? broker_nl_check_key(key, info->extack) : 0;
}

/* Looks up what the name says; its attributes were checked. */
static int find_ends_locked(struct broker *broker, struct genl_info *info,
			    struct broker_binding_name *name)
{
	const struct nlattr *queue = info->attrs[BROKER_A_BINDING_QUEUE];
	const struct nlattr *to = info->attrs[BROKER_A_BINDING_TO_EXCHANGE];
	const struct nlattr *key = info->attrs[BROKER_A_BINDING_KEY];

	lockdep_assert_held(&broker->topology);
	*name = (struct broker_binding_name) {
		.key = key ? nla_data(key) : "",
		.key_len = key ? broker_nl_len(key) : 0,
	};
	name->source = broker_nl_find_exchange(broker, info->attrs[BROKER_A_BINDING_EXCHANGE],
					       info->extack);
	if (IS_ERR(name->source))
		return PTR_ERR(name->source);
	if (queue) {
		name->queue = broker_nl_find_queue(broker, queue, info->extack);
		return PTR_ERR_OR_ZERO(name->queue);
	}
	name->exchange = broker_nl_find_exchange(broker, to, info->extack);
	return PTR_ERR_OR_ZERO(name->exchange);
}

static struct broker_binding *find_binding_locked(struct broker *broker, struct genl_info *info,
						  struct broker_binding_name *name)
{
	struct broker_binding *binding;
	int err;

	lockdep_assert_held(&broker->topology);
	err = find_ends_locked(broker, info, name);
	if (err)
		return ERR_PTR(err);
	binding = broker_binding_lookup(broker, name);
	if (binding)
		return binding;
	NL_SET_ERR_MSG_MOD(info->extack, "no such binding");
	if (info->attrs[BROKER_A_BINDING_KEY])
		NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_BINDING_KEY]);
	return ERR_PTR(-ENOENT);
}

/* Under the topology, since the reply must have room for what it finds. */
int broker_nl_binding_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_binding_name name;
	struct broker_binding *binding;
	struct sk_buff *reply = NULL;
	int err;

	err = check_name(info);
	if (err)
		return err;

	mutex_lock(&broker->topology);
	binding = find_binding_locked(broker, info, &name);
	err = PTR_ERR_OR_ZERO(binding);
	if (!err) {
		reply = genlmsg_new(broker_nl_binding_size(binding), GFP_KERNEL);
		err = reply ? broker_nl_put_binding(reply, &head, binding) : -ENOMEM;
	}
	mutex_unlock(&broker->topology);
	return broker_nl_reply(reply, info, err);
}

/**
 * struct binding_dump - where a dump of bindings goes on
 * @next: number of the next binding (owner: the dump)
 * @source: number of the only source it asks for, or 0 (owner: the dump)
 * @queue: number of the only queue it asks for, or 0 (owner: the dump)
 * @exchange: number of the only destination it asks for, or 0 (owner: the dump)
 * @begun: these were looked up (owner: the dump)
 */
struct binding_dump {
	unsigned long next;
	u32 source;
	u32 queue;
	u32 exchange;
	bool begun;
};

static int exchange_id(struct broker *broker, const struct nlattr *attr,
		       struct netlink_ext_ack *extack, u32 *id)
{
	struct broker_exchange *exchange;

	if (!attr)
		return 0;
	exchange = broker_nl_find_exchange(broker, attr, extack);
	if (IS_ERR(exchange))
		return PTR_ERR(exchange);
	*id = exchange->id;
	return 0;
}

static int queue_id(struct broker *broker, const struct nlattr *attr,
		    struct netlink_ext_ack *extack, u32 *id)
{
	struct broker_queue *queue;

	if (!attr)
		return 0;
	queue = broker_nl_find_queue(broker, attr, extack);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	*id = queue->id;
	return 0;
}

static int binding_dump_begin(struct broker *broker, struct netlink_callback *cb,
			      struct binding_dump *dump)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	int err;

	if (dump->begun)
		return 0;
	err = broker_nl_dump_refuse(cb, BROKER_A_BINDING_KEY);
	if (err)
		return err;
	rcu_read_lock();
	err = exchange_id(broker, attrs[BROKER_A_BINDING_EXCHANGE], cb->extack, &dump->source) ?:
	      queue_id(broker, attrs[BROKER_A_BINDING_QUEUE], cb->extack, &dump->queue) ?:
	      exchange_id(broker, attrs[BROKER_A_BINDING_TO_EXCHANGE], cb->extack,
			  &dump->exchange);
	rcu_read_unlock();
	dump->begun = !err;
	return err;
}

static bool dump_wants(const struct binding_dump *dump, const struct broker_binding *binding)
{
	if (dump->source && dump->source != binding->source->id)
		return false;
	if (dump->queue && (!binding->queue || dump->queue != binding->queue->id))
		return false;
	return !dump->exchange ||
	       (binding->exchange && dump->exchange == binding->exchange->id);
}

static int dump_some(struct sk_buff *skb, const struct broker_nl_head *head,
		     struct broker *broker, struct binding_dump *dump)
{
	struct broker_binding *binding;
	unsigned long id;
	int err = 0;

	rcu_read_lock();
	xa_for_each_start(&broker->binding_ids, id, binding, dump->next) {
		if (dump_wants(dump, binding))
			err = broker_nl_put_binding(skb, head, binding);
		if (err)
			break;
		dump->next = id + 1;
		cond_resched_rcu();
	}
	rcu_read_unlock();
	return err;
}

/* One binding may be longer than the part that netlink has made room for. */
int broker_nl_binding_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct binding_dump *dump = (void *)cb->ctx;
	int err;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	err = binding_dump_begin(broker, cb, dump);
	if (err)
		return err;

	broker_nl_dump_sync(cb, broker);
	err = dump_some(skb, &head, broker, dump);
	if (err == -EMSGSIZE && !skb->len) {
		err = pskb_expand_head(skb, 0, BINDING_SIZE_MAX, GFP_KERNEL);
		if (!err)
			err = dump_some(skb, &head, broker, dump);
	}
	broker_nl_dump_sync(cb, broker);
	return broker_nl_dump_end(skb, err);
}

/**
 * struct header_list - headers as they are read from a request
 * @list: what broker_headers_new() takes (owner: the request)
 * @count: how many (owner: the request)
 */
struct header_list {
	struct broker_prop_view list[BROKER_MAX_MATCH_HEADERS];
	unsigned int count;
};

static int set_value(struct broker_prop_view *header, u8 type, const struct nlattr *attr)
{
	if (!attr)
		return 0;
	if (header->type)
		return -EINVAL;
	header->type = type;
	header->value = nla_data(attr);
	header->value_len = type == BROKER_TYPE_STRING ? broker_nl_len(attr) : nla_len(attr);
	return 0;
}

static bool header_listed(const struct header_list *headers, const struct broker_prop_view *header)
{
	unsigned int i;

	for (i = 0; i < headers->count; i++) {
		const struct broker_prop_view *other = &headers->list[i];

		if (other->name_len == header->name_len &&
		    !memcmp(other->name, header->name, header->name_len))
			return true;
	}
	return false;
}

static int parse_header(struct header_list *headers, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[BROKER_A_HEADER_MAX + 1];
	struct broker_prop_view header = {};
	int err;

	err = nla_parse_nested(tb, BROKER_A_HEADER_MAX, attr, broker_header_nl_policy, extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, attr, tb, BROKER_A_HEADER_NAME)) {
		NL_SET_ERR_MSG_MOD(extack, "a header needs a name");
		return -EINVAL;
	}
	err = broker_nl_check_name(tb[BROKER_A_HEADER_NAME], extack);
	if (err)
		return err;
	header.name = nla_data(tb[BROKER_A_HEADER_NAME]);
	header.name_len = broker_nl_len(tb[BROKER_A_HEADER_NAME]);

	if (set_value(&header, BROKER_TYPE_STRING, tb[BROKER_A_HEADER_STRING]) ||
	    set_value(&header, BROKER_TYPE_INT64, tb[BROKER_A_HEADER_INT64]) ||
	    set_value(&header, BROKER_TYPE_DOUBLE, tb[BROKER_A_HEADER_DOUBLE]) ||
	    set_value(&header, BROKER_TYPE_BOOL, tb[BROKER_A_HEADER_BOOL])) {
		BROKER_NL_ERR(extack, attr, "a header has one value at most");
		return -EINVAL;
	}
	if (header_listed(headers, &header)) {
		BROKER_NL_ERR(extack, attr, "this header is listed twice");
		return -EINVAL;
	}
	if (headers->count == BROKER_MAX_MATCH_HEADERS) {
		BROKER_NL_ERR(extack, attr, "a binding lists 64 headers at most");
		return -E2BIG;
	}
	headers->list[headers->count++] = header;
	return 0;
}

static struct broker_headers *make_headers(struct header_list *headers, struct genl_info *info)
{
	const struct nlattr *match = info->attrs[BROKER_A_BINDING_MATCH];
	struct broker_headers *made;
	const struct nlattr *attr;
	int rem, err;

	nla_for_each_attr(attr, genlmsg_data(info->genlhdr), genlmsg_len(info->genlhdr), rem) {
		if (nla_type(attr) != BROKER_A_BINDING_HEADER)
			continue;
		err = parse_header(headers, attr, info->extack);
		if (err)
			return ERR_PTR(err);
	}
	made = broker_headers_new(match && nla_get_u32(match) == BROKER_MATCH_ANY, headers->list,
				  headers->count);
	/* Names, types and number are in order by now. */
	if (IS_ERR(made) && PTR_ERR(made) != -ENOMEM)
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_BINDING_HEADER],
			      "the text of a header is UTF-8 of at most 255 bytes");
	return made;
}

/* What the request asks a headers exchange to compare; all messages meet an empty list. */
static struct broker_headers *parse_headers(struct genl_info *info)
{
	struct header_list *headers = kzalloc(sizeof(*headers), GFP_KERNEL);
	struct broker_headers *made;

	if (!headers)
		return ERR_PTR(-ENOMEM);
	made = make_headers(headers, info);
	kfree(headers);
	return made;
}

static int may_bind(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
		    const struct broker_binding_name *name)
{
	if (!broker_may_netlink(broker, skb, &name->source->access, BROKER_MAY_CONSUME)) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_BINDING_EXCHANGE],
			      "you may not bind from (r) this exchange");
		return -EACCES;
	}
	if (broker_acl_may_bind(name->source, skb, name->key, name->key_len)) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_BINDING_KEY] ?:
			      info->attrs[BROKER_A_BINDING_EXCHANGE],
			      "a rule of this exchange denies you some of these keys");
		return -EACCES;
	}
	if (name->queue &&
	    !broker_may_netlink(broker, skb, &name->queue->access, BROKER_MAY_CONFIGURE)) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_BINDING_QUEUE],
			      "you may not configure (x) this queue");
		return -EACCES;
	}
	if (name->exchange &&
	    !broker_may_netlink(broker, skb, &name->exchange->access, BROKER_MAY_CONFIGURE)) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_BINDING_TO_EXCHANGE],
			      "you may not configure (x) this exchange");
		return -EACCES;
	}
	return 0;
}

/* To divert is to take from others, so it takes the right to unbind them. */
static int may_divert(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
		      struct broker_exchange *source)
{
	const struct nlattr *attr = info->attrs[BROKER_A_BINDING_FLAGS];

	if (!attr || !(nla_get_u32(attr) & BROKER_BINDING_FLAGS_DIVERT) ||
	    broker_may_netlink(broker, skb, &source->access, BROKER_MAY_CONFIGURE))
		return 0;
	BROKER_NL_ERR(info->extack, attr,
		      "to divert you must be allowed to configure (x) the exchange");
	return -EACCES;
}

/* Headers are for a headers exchange, weights for those that choose. */
static int check_type(const struct broker_exchange *source, struct genl_info *info)
{
	const struct nlattr *weight = info->attrs[BROKER_A_BINDING_WEIGHT];
	const struct nlattr *attr = info->attrs[BROKER_A_BINDING_HEADER] ?:
				    info->attrs[BROKER_A_BINDING_MATCH];

	if (attr && source->type != BROKER_EXCHANGE_TYPE_HEADERS) {
		BROKER_NL_ERR(info->extack, attr,
			      "only an exchange of type headers compares headers");
		return -EINVAL;
	}
	if (weight && !broker_exchange_has_rings(source)) {
		BROKER_NL_ERR(info->extack, weight,
			      "only at an exchange of type hash or split a binding has a weight");
		return -EINVAL;
	}
	return 0;
}

static int check_flags(struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[BROKER_A_BINDING_FLAGS];

	if (!attr || !(nla_get_u32(attr) & BROKER_BINDING_FLAGS_DIVERT) ||
	    !(nla_get_u32(attr) & BROKER_BINDING_FLAGS_TAP))
		return 0;
	BROKER_NL_ERR(info->extack, attr, "a binding diverts or taps, not both");
	return -EINVAL;
}

/* Points to what is at fault where the core refuses a binding. */
static int refused(struct genl_info *info, const struct broker_binding_name *name, int err)
{
	struct nlattr **attrs = info->attrs;

	if (err == -EEXIST && attrs[BROKER_A_BINDING_KEY])
		NL_SET_BAD_ATTR(info->extack, attrs[BROKER_A_BINDING_KEY]);
	else if (err == -ELOOP || (err == -EPERM && name->source->name_len))
		NL_SET_BAD_ATTR(info->extack, attrs[BROKER_A_BINDING_TO_EXCHANGE]);
	else if (err == -EPERM)
		NL_SET_BAD_ATTR(info->extack, attrs[BROKER_A_BINDING_EXCHANGE]);
	else if (err == -ENOSPC)
		NL_SET_BAD_ATTR(info->extack, attrs[BROKER_A_BINDING_WEIGHT] ?:
					      attrs[BROKER_A_BINDING_EXCHANGE]);
	return err;
}

/**
 * struct rules - what a request has made for a binding, which takes over what it uses
 * @headers: to compare (owner: the request)
 * @selector: filter, or NULL (owner: the request)
 */
struct rules {
	struct broker_headers *headers;
	struct broker_selector *selector;
};

static void parse_config(struct genl_info *info, const struct rules *rules,
			 struct broker_binding_config *config)
{
	const struct nlattr *weight = info->attrs[BROKER_A_BINDING_WEIGHT];
	const struct nlattr *flags = info->attrs[BROKER_A_BINDING_FLAGS];

	*config = (struct broker_binding_config) {
		.set = (flags ? BROKER_BINDING_SET_FLAGS : 0) |
		       (weight ? BROKER_BINDING_SET_WEIGHT : 0),
		.flags = flags ? nla_get_u32(flags) : 0,
		.weight = weight ? nla_get_u32(weight) : 1,
		.headers = rules->headers,
		.selector = rules->selector,
	};
	if (info->attrs[BROKER_A_BINDING_FILTER])
		config->set |= BROKER_BINDING_SET_FILTER;
	if (info->attrs[BROKER_A_BINDING_HEADER] || info->attrs[BROKER_A_BINDING_MATCH])
		config->set |= BROKER_BINDING_SET_HEADERS;
}

/* Charges one more binding to the caller. */
static struct broker_payer *charge_payer(struct broker *broker, struct sk_buff *skb,
					 struct netlink_ext_ack *extack)
{
	struct broker_payer *payer = broker_payer_new(broker);

	if (!payer)
		return ERR_PTR(-ENOMEM);
	if (!broker_payer_charge(payer, BROKER_LIMIT_BINDINGS, 1, skb))
		return payer;
	NL_SET_ERR_MSG_MOD(extack, "your user or cgroup has as many bindings as its limit allows");
	broker_payer_put(payer);
	return ERR_PTR(-EDQUOT);
}

static int binding_new_locked(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
			      struct rules *rules, struct sk_buff **reply)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_binding_config config;
	struct broker_binding_name name;
	struct broker_binding *binding;
	struct broker_payer *payer;
	int err;

	lockdep_assert_held(&broker->topology);
	err = find_ends_locked(broker, info, &name) ?: may_bind(broker, skb, info, &name) ?:
	      may_divert(broker, skb, info, name.source) ?: check_type(name.source, info);
	if (err)
		return err;
	parse_config(info, rules, &config);
	if (name.source->type != BROKER_EXCHANGE_TYPE_HEADERS)
		config.headers = NULL;
	*reply = genlmsg_new(binding_size(config.headers, config.selector), GFP_KERNEL);
	if (!*reply)
		return -ENOMEM;
	payer = charge_payer(broker, skb, info->extack);
	if (IS_ERR(payer))
		return PTR_ERR(payer);
	config.payer = payer;
	binding = broker_binding_new(broker, &name, &config, info->extack);
	if (IS_ERR(binding)) {
		broker_payer_uncharge(payer, BROKER_LIMIT_BINDINGS, 1);
		broker_payer_put(payer);
	}
	if (IS_ERR(binding))
		return refused(info, &name, PTR_ERR(binding));
	if (config.headers)
		rules->headers = NULL;
	rules->selector = NULL;
	WARN_ON_ONCE(broker_nl_put_binding(*reply, &head, binding));
	return 0;
}

static int binding_set_locked(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
			      struct rules *rules, struct sk_buff **reply)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_binding_config config;
	struct broker_binding_name name;
	struct broker_binding *binding;
	int err;

	lockdep_assert_held(&broker->topology);
	binding = find_binding_locked(broker, info, &name);
	if (IS_ERR(binding))
		return PTR_ERR(binding);
	err = may_bind(broker, skb, info, &name) ?:
	      may_divert(broker, skb, info, name.source) ?: check_type(name.source, info);
	if (err)
		return err;
	parse_config(info, rules, &config);
	if (!config.set) {
		NL_SET_ERR_MSG_MOD(info->extack, "nothing to change");
		return -EINVAL;
	}
	/* Room for what it has and what it gets, whichever that will be. */
	*reply = genlmsg_new(broker_nl_binding_size(binding) +
			     binding_size(rules->headers, rules->selector), GFP_KERNEL);
	if (!*reply)
		return -ENOMEM;
	err = broker_binding_set(binding, &config, info->extack);
	if (err)
		return refused(info, &name, err);
	if (config.set & BROKER_BINDING_SET_HEADERS)
		rules->headers = NULL;
	rules->selector = NULL;
	WARN_ON_ONCE(broker_nl_put_binding(*reply, &head, binding));
	return 0;
}

static int change_binding(struct sk_buff *skb, struct genl_info *info,
			  int (*change)(struct broker *broker, struct sk_buff *skb,
					struct genl_info *info, struct rules *rules,
					struct sk_buff **reply))
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct sk_buff *reply = NULL;
	struct rules rules;
	int err;

	err = check_name(info) ?: check_flags(info);
	if (err)
		return err;
	rules.headers = parse_headers(info);
	if (IS_ERR(rules.headers))
		return PTR_ERR(rules.headers);
	rules.selector = broker_nl_parse_filter(info->attrs[BROKER_A_BINDING_FILTER],
						info->attrs[BROKER_A_BINDING_FILTER_TEXT],
						info->extack);
	err = PTR_ERR_OR_ZERO(rules.selector);
	if (!err) {
		mutex_lock(&broker->topology);
		err = change(broker, skb, info, &rules, &reply);
		mutex_unlock(&broker->topology);
		broker_selector_free(rules.selector);
	}
	broker_headers_free(rules.headers);
	return broker_nl_reply_changed(reply, info, err);
}

int broker_nl_binding_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_binding(skb, info, binding_new_locked);
}

int broker_nl_binding_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_binding(skb, info, binding_set_locked);
}

static bool may_unbind(struct broker *broker, struct sk_buff *skb,
		       const struct broker_binding_name *name)
{
	struct broker_access *to = name->queue ? &name->queue->access : &name->exchange->access;

	return broker_may_netlink(broker, skb, &name->source->access, BROKER_MAY_CONFIGURE) ||
	       broker_may_netlink(broker, skb, to, BROKER_MAY_CONFIGURE);
}

int broker_nl_binding_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_binding_name name;
	struct broker_binding *binding;
	int err;

	err = check_name(info);
	if (err)
		return err;

	mutex_lock(&broker->topology);
	binding = find_binding_locked(broker, info, &name);
	err = PTR_ERR_OR_ZERO(binding);
	if (!err && !may_unbind(broker, skb, &name)) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_BINDING_EXCHANGE],
			      "you may not configure (x) either end of the binding");
		err = -EACCES;
	}
	if (!err)
		broker_binding_unlink(binding);
	mutex_unlock(&broker->topology);
	return err;
}
