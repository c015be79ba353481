// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/rculist.h>

#include "access.h"
#include "acl.h"
#include "admin.h"
#include "broker.h"
#include "exchange.h"

static int put_rule(struct sk_buff *skb, const struct broker_nl_head *head,
		    const struct broker_exchange *exchange, const struct broker_acl_rule *rule)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr, !hdr ||
			     nla_put_string(skb, BROKER_A_ACL_EXCHANGE, exchange->name) ||
			     nla_put_u32(skb, BROKER_A_ACL_NUMBER, rule->number) ||
			     nla_put_u32(skb, BROKER_A_ACL_ACTION, rule->action) ||
			     nla_put_u32(skb, BROKER_A_ACL_OPERATIONS, rule->operations) ||
			     nla_put_string(skb, BROKER_A_ACL_PATTERN, rule->pattern) ||
			     (uid_valid(rule->uid) &&
			      broker_nl_put_uid(skb, head, BROKER_A_ACL_UID, rule->uid)) ||
			     (gid_valid(rule->gid) &&
			      broker_nl_put_gid(skb, head, BROKER_A_ACL_GID, rule->gid)));
}

static int need(struct genl_info *info, int type)
{
	return BROKER_NL_MISSING(info->extack, info->attrs, type,
				 "which rule? something that it needs is missing") ? -EINVAL : 0;
}

static struct broker_acl_rule *find_rule_locked(struct broker_exchange *exchange,
						struct genl_info *info)
{
	const struct nlattr *number = info->attrs[BROKER_A_ACL_NUMBER];
	struct broker_acl_rule *rule = broker_acl_find(exchange, nla_get_u32(number));

	if (rule)
		return rule;
	BROKER_NL_ERR(info->extack, number, "no such rule");
	return ERR_PTR(-ENOENT);
}

int broker_nl_acl_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_exchange *exchange;
	struct broker_acl_rule *rule;
	struct sk_buff *reply;
	int err;

	err = need(info, BROKER_A_ACL_EXCHANGE) ?: need(info, BROKER_A_ACL_NUMBER);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&broker->topology);
	exchange = broker_nl_find_exchange(broker, info->attrs[BROKER_A_ACL_EXCHANGE],
					   info->extack);
	err = PTR_ERR_OR_ZERO(exchange);
	if (!err) {
		rule = find_rule_locked(exchange, info);
		err = IS_ERR(rule) ? PTR_ERR(rule) : put_rule(reply, &head, exchange, rule);
	}
	mutex_unlock(&broker->topology);
	return broker_nl_reply(reply, info, err);
}

/* Rules of one exchange, behind number cb->args[1]. */
static int dump_exchange(struct sk_buff *skb, const struct broker_nl_head *head,
			 struct broker_exchange *exchange, struct netlink_callback *cb)
{
	struct broker_acl *acl = rcu_dereference(exchange->acl);
	struct broker_acl_rule *rule;
	int err;

	if (!acl)
		return 0;
	list_for_each_entry_rcu(rule, &acl->rules, by_number) {
		if (rule->number <= cb->args[1])
			continue;
		err = put_rule(skb, head, exchange, rule);
		if (err)
			return err;
		cb->args[1] = rule->number;
	}
	return 0;
}

int broker_nl_acl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct nlattr *name = genl_info_dump(cb)->attrs[BROKER_A_ACL_EXCHANGE];
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_exchange *exchange, *only = NULL;
	unsigned long id;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_ACL_NUMBER);
	if (err)
		return err;
	broker_nl_dump_sync(cb, broker);
	rcu_read_lock();
	if (name) {
		only = broker_nl_find_exchange(broker, name, cb->extack);
		err = PTR_ERR_OR_ZERO(only);
	}
	if (!err)
		xa_for_each_start(&broker->exchange_ids, id, exchange, cb->args[0]) {
			if (!only || only == exchange)
				err = dump_exchange(skb, &head, exchange, cb);
			if (err)
				break;
			cb->args[0] = id + 1;
			cb->args[1] = 0;
		}
	rcu_read_unlock();
	broker_nl_dump_sync(cb, broker);
	return broker_nl_dump_end(skb, err);
}

/* Whom a new rule is for. */
static int parse_whom(struct genl_info *info, struct broker_acl_rule *config)
{
	const struct nlattr *uid = info->attrs[BROKER_A_ACL_UID];
	const struct nlattr *gid = info->attrs[BROKER_A_ACL_GID];

	config->uid = uid ? make_kuid(current_user_ns(), nla_get_u32(uid)) : INVALID_UID;
	config->gid = gid ? make_kgid(current_user_ns(), nla_get_u32(gid)) : INVALID_GID;
	if (uid && gid) {
		BROKER_NL_ERR(info->extack, gid, "a rule is for a user or for a group");
		return -EINVAL;
	}
	if (uid && !uid_valid(config->uid)) {
		BROKER_NL_ERR(info->extack, uid, "no such user in this namespace");
		return -EINVAL;
	}
	if (gid && !gid_valid(config->gid)) {
		BROKER_NL_ERR(info->extack, gid, "no such group in this namespace");
		return -EINVAL;
	}
	return 0;
}

static int parse_rule(struct genl_info *info, struct broker_acl_rule *config)
{
	struct nlattr **attrs = info->attrs;
	int err;

	err = need(info, BROKER_A_ACL_EXCHANGE) ?: need(info, BROKER_A_ACL_ACTION) ?:
	      need(info, BROKER_A_ACL_PATTERN) ?:
	      broker_nl_check_key(attrs[BROKER_A_ACL_PATTERN], info->extack) ?:
	      parse_whom(info, config);
	if (err)
		return err;
	config->number = attrs[BROKER_A_ACL_NUMBER] ? nla_get_u32(attrs[BROKER_A_ACL_NUMBER]) : 0;
	config->action = nla_get_u32(attrs[BROKER_A_ACL_ACTION]);
	config->operations = attrs[BROKER_A_ACL_OPERATIONS] ?
			     nla_get_u32(attrs[BROKER_A_ACL_OPERATIONS]) :
			     BROKER_ACL_OPERATIONS_PUBLISH | BROKER_ACL_OPERATIONS_BIND;
	config->pattern_len = broker_nl_len(attrs[BROKER_A_ACL_PATTERN]);
	return 0;
}

/* The exchange, which the caller must be allowed to configure. */
static struct broker_exchange *find_configurable_locked(struct broker *broker, struct sk_buff *skb,
							struct genl_info *info)
{
	const struct nlattr *name = info->attrs[BROKER_A_ACL_EXCHANGE];
	struct broker_exchange *exchange;

	lockdep_assert_held(&broker->topology);
	exchange = broker_nl_find_exchange(broker, name, info->extack);
	if (IS_ERR(exchange) ||
	    broker_may_netlink(broker, skb, &exchange->access, BROKER_MAY_CONFIGURE))
		return exchange;
	BROKER_NL_ERR(info->extack, name, "you may not configure (x) this exchange");
	return ERR_PTR(-EACCES);
}

int broker_nl_acl_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_acl_rule config = {}, *rule;
	struct broker_exchange *exchange;
	struct sk_buff *reply;
	int err;

	err = parse_rule(info, &config);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&broker->topology);
	exchange = find_configurable_locked(broker, skb, info);
	err = PTR_ERR_OR_ZERO(exchange);
	if (!err) {
		rule = broker_acl_new(exchange, &config,
				      nla_data(info->attrs[BROKER_A_ACL_PATTERN]), info->extack);
		err = PTR_ERR_OR_ZERO(rule);
		if (!err)
			WARN_ON_ONCE(put_rule(reply, &head, exchange, rule));
		else if (err == -EEXIST && info->attrs[BROKER_A_ACL_NUMBER])
			NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_ACL_NUMBER]);
	}
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}

int broker_nl_acl_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_exchange *exchange;
	struct broker_acl_rule *rule;
	int err;

	err = need(info, BROKER_A_ACL_EXCHANGE) ?: need(info, BROKER_A_ACL_NUMBER);
	if (err)
		return err;
	mutex_lock(&broker->topology);
	exchange = find_configurable_locked(broker, skb, info);
	err = PTR_ERR_OR_ZERO(exchange);
	if (!err) {
		rule = find_rule_locked(exchange, info);
		err = PTR_ERR_OR_ZERO(rule);
		if (!err)
			broker_acl_del(exchange, rule);
	}
	mutex_unlock(&broker->topology);
	return err;
}
