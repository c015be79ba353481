// SPDX-License-Identifier: GPL-2.0
#include "access.h"
#include "admin.h"
#include "broker.h"
#include "exchange.h"
#include "message.h"
#include "retained.h"

static int put_retained(struct sk_buff *skb, const struct broker_nl_head *head,
			const struct broker_exchange *exchange,
			const struct broker_retained *retained)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr,
			     !hdr ||
			     nla_put_string(skb, BROKER_A_RETAINED_EXCHANGE, exchange->name) ||
			     nla_put_string(skb, BROKER_A_RETAINED_KEY, retained->key) ||
			     nla_put_u32(skb, BROKER_A_RETAINED_BYTES,
					 broker_message_size(retained->message)) ||
			     nla_put_u64_64bit(skb, BROKER_A_RETAINED_TIME,
					       retained->message->time, BROKER_A_RETAINED_PAD));
}

/* The exchange that a request names, with a reference. */
static struct broker_exchange *get_exchange(struct broker *broker, struct sk_buff *skb,
					    struct nlattr **attrs, unsigned int want,
					    struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = attrs[BROKER_A_RETAINED_EXCHANGE];
	struct broker_exchange *exchange;

	if (BROKER_NL_MISSING(extack, attrs, BROKER_A_RETAINED_EXCHANGE,
			      "retained by which exchange? its name is missing"))
		return ERR_PTR(-EINVAL);
	rcu_read_lock();
	exchange = broker_nl_find_exchange(broker, attr, extack);
	if (!IS_ERR(exchange) && !broker_exchange_tryget(exchange))
		exchange = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	if (IS_ERR(exchange))
		return exchange;
	if (!broker_may_netlink(broker, skb, &exchange->access, want)) {
		BROKER_NL_ERR(extack, attr,
			      "you may not bind from (r), or configure (x), this exchange");
		broker_exchange_put(exchange);
		return ERR_PTR(-EACCES);
	}
	if (!exchange->retention) {
		BROKER_NL_ERR(extack, attr, "this exchange does not retain messages");
		broker_exchange_put(exchange);
		return ERR_PTR(-EINVAL);
	}
	return exchange;
}

static struct broker_retained *find_retained(struct broker_exchange *exchange,
					     struct genl_info *info)
{
	const struct nlattr *key = info->attrs[BROKER_A_RETAINED_KEY];
	struct broker_retained *retained;

	retained = broker_retained_lookup(exchange->retention, nla_data(key), broker_nl_len(key));
	if (retained)
		return retained;
	BROKER_NL_ERR(info->extack, key, "no message with this key is retained");
	return ERR_PTR(-ENOENT);
}

int broker_nl_retained_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_retained *retained;
	struct broker_exchange *exchange;
	struct sk_buff *reply;
	int err;

	exchange = get_exchange(broker, skb, info->attrs, BROKER_MAY_CONSUME, info->extack);
	if (IS_ERR(exchange))
		return PTR_ERR(exchange);
	err = -EINVAL;
	if (BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_RETAINED_KEY,
			      "which message? its key is missing"))
		goto out;
	err = -ENOMEM;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		goto out;
	mutex_lock(&broker->retain_mutex);
	retained = find_retained(exchange, info);
	err = IS_ERR(retained) ? PTR_ERR(retained) :
				 put_retained(reply, &head, exchange, retained);
	mutex_unlock(&broker->retain_mutex);
	err = broker_nl_reply(reply, info, err);
out:
	broker_exchange_put(exchange);
	return err;
}

/* Goes on behind as many as it has shown: what is replaced meanwhile may be shown again. */
int broker_nl_retained_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_retained *retained;
	struct broker_exchange *exchange;
	long shown = 0;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_RETAINED_KEY);
	if (err)
		return err;
	exchange = get_exchange(broker, cb->skb, genl_info_dump(cb)->attrs, BROKER_MAY_CONSUME,
				cb->extack);
	if (IS_ERR(exchange))
		return PTR_ERR(exchange);
	mutex_lock(&broker->retain_mutex);
	/* A change since the last part makes the dump inconsistent. */
	cb->seq = exchange->retention->changes;
	list_for_each_entry(retained, &exchange->retention->messages, of_exchange) {
		if (shown++ < cb->args[0])
			continue;
		err = put_retained(skb, &head, exchange, retained);
		if (err)
			break;
		cb->args[0] = shown;
	}
	mutex_unlock(&broker->retain_mutex);
	broker_exchange_put(exchange);
	return broker_nl_dump_end(skb, err);
}

/* Deletes one, or all.  Return: how many, or an error. */
static int delete_retained(struct broker_exchange *exchange, struct genl_info *info)
{
	struct broker_retained *retained, *next;
	int count = 0;

	if (info->attrs[BROKER_A_RETAINED_KEY]) {
		retained = find_retained(exchange, info);
		if (IS_ERR(retained))
			return PTR_ERR(retained);
		broker_retained_delete(exchange->retention, retained);
		return 1;
	}
	list_for_each_entry_safe(retained, next, &exchange->retention->messages, of_exchange) {
		broker_retained_delete(exchange->retention, retained);
		count++;
		cond_resched();
	}
	return count;
}

int broker_nl_retained_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_exchange *exchange;
	struct sk_buff *reply;
	void *hdr;
	int count;

	exchange = get_exchange(broker, skb, info->attrs, BROKER_MAY_CONFIGURE, info->extack);
	if (IS_ERR(exchange))
		return PTR_ERR(exchange);
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply) {
		broker_exchange_put(exchange);
		return -ENOMEM;
	}
	mutex_lock(&broker->retain_mutex);
	count = delete_retained(exchange, info);
	mutex_unlock(&broker->retain_mutex);
	broker_exchange_put(exchange);
	hdr = broker_nl_begin(reply, &head);
	WARN_ON_ONCE(broker_nl_end(reply, hdr, !hdr || nla_put_u32(reply, BROKER_A_RETAINED_DELETED,
								   count)));
	return broker_nl_reply_changed(reply, info, min(count, 0));
}
