// SPDX-License-Identifier: GPL-2.0
#include <linux/rcupdate.h>

#include "admin.h"
#include "broker.h"
#include "exchange.h"

static int put_owner(struct sk_buff *skb, const struct broker_nl_head *head,
		     struct broker_exchange *exchange)
{
	kuid_t uid;
	kgid_t gid;
	u16 mode;

	broker_access_read(&exchange->access, &uid, &gid, &mode);
	return broker_nl_put_uid(skb, head, BROKER_A_EXCHANGE_UID, uid) ||
	       broker_nl_put_gid(skb, head, BROKER_A_EXCHANGE_GID, gid) ||
	       nla_put_u32(skb, BROKER_A_EXCHANGE_MODE, mode);
}

static int put_settings(struct sk_buff *skb, struct broker_exchange *exchange)
{
	struct broker_exchange *alternate;

	alternate = rcu_dereference_check(exchange->alternate,
					  lockdep_is_held(&exchange->broker->topology));
	return nla_put_u32(skb, BROKER_A_EXCHANGE_ID, exchange->id) ||
	       nla_put_string(skb, BROKER_A_EXCHANGE_NAME, exchange->name) ||
	       nla_put_u32(skb, BROKER_A_EXCHANGE_TYPE, exchange->type) ||
	       nla_put_u32(skb, BROKER_A_EXCHANGE_FLAGS, exchange->flags) ||
	       nla_put_u32(skb, BROKER_A_EXCHANGE_PROTECTED, READ_ONCE(exchange->protected)) ||
	       nla_put_string(skb, BROKER_A_EXCHANGE_ALTERNATE, alternate ? alternate->name : "");
}

/* What only some types have. */
static int put_type_settings(struct sk_buff *skb, struct broker_exchange *exchange)
{
	struct broker_hash_header *header;

	if (exchange->type != BROKER_EXCHANGE_TYPE_HASH)
		return 0;
	header = rcu_dereference_check(exchange->hash_header,
				       lockdep_is_held(&exchange->broker->topology));
	return nla_put_string(skb, BROKER_A_EXCHANGE_HASH_HEADER, header ? header->name : "");
}

static int put_counts(struct sk_buff *skb, struct broker_exchange *exchange)
{
	return nla_put_u32(skb, BROKER_A_EXCHANGE_BINDINGS, READ_ONCE(exchange->nr_bindings)) ||
	       nla_put_u64_64bit(skb, BROKER_A_EXCHANGE_PUBLISHED,
				 broker_stats_sum(exchange->stats, published),
				 BROKER_A_EXCHANGE_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_EXCHANGE_UNROUTABLE,
				 broker_stats_sum(exchange->stats, unroutable),
				 BROKER_A_EXCHANGE_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_EXCHANGE_REFUSED,
				 broker_stats_sum(exchange->stats, refused),
				 BROKER_A_EXCHANGE_PAD);
}

int broker_nl_put_exchange(struct sk_buff *skb, const struct broker_nl_head *head,
			   struct broker_exchange *exchange)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr,
			     !hdr || put_settings(skb, exchange) ||
			     put_type_settings(skb, exchange) ||
			     put_owner(skb, head, exchange) || put_counts(skb, exchange));
}

static int need_name(struct genl_info *info)
{
	return BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_EXCHANGE_NAME,
				 "which exchange? the name is missing") ? -EINVAL : 0;
}

int broker_nl_exchange_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_exchange *exchange;
	struct sk_buff *reply;
	int err;

	err = need_name(info);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	rcu_read_lock();
	exchange = broker_nl_find_exchange(broker, info->attrs[BROKER_A_EXCHANGE_NAME],
					   info->extack);
	err = IS_ERR(exchange) ? PTR_ERR(exchange) :
				 broker_nl_put_exchange(reply, &head, exchange);
	rcu_read_unlock();
	return broker_nl_reply(reply, info, err);
}

int broker_nl_exchange_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_exchange *exchange;
	unsigned long id;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_EXCHANGE_NAME);
	if (err)
		return err;

	broker_nl_dump_sync(cb, broker);
	rcu_read_lock();
	xa_for_each_start(&broker->exchange_ids, id, exchange, cb->args[0]) {
		err = broker_nl_put_exchange(skb, &head, exchange);
		if (err)
			break;
		cb->args[0] = id + 1;
	}
	rcu_read_unlock();
	broker_nl_dump_sync(cb, broker);
	return broker_nl_dump_end(skb, err);
}

static int parse_alternate(struct genl_info *info, struct broker_exchange_config *config)
{
	const struct nlattr *attr = info->attrs[BROKER_A_EXCHANGE_ALTERNATE];

	if (!attr)
		return 0;
	config->set |= BROKER_EXCHANGE_SET_ALTERNATE;
	config->alternate = nla_data(attr);
	config->alternate_len = broker_nl_len(attr);
	return config->alternate_len ? broker_nl_check_name(attr, info->extack) : 0;
}

static int parse_hash_header(struct genl_info *info, struct broker_exchange_config *config)
{
	const struct nlattr *attr = info->attrs[BROKER_A_EXCHANGE_HASH_HEADER];

	if (!attr)
		return 0;
	config->set |= BROKER_EXCHANGE_SET_HASH_HEADER;
	config->hash_header = nla_data(attr);
	config->hash_header_len = broker_nl_len(attr);
	return config->hash_header_len ? broker_nl_check_name(attr, info->extack) : 0;
}

static void parse_protected(struct genl_info *info, struct broker_exchange_config *config)
{
	const struct nlattr *attr = info->attrs[BROKER_A_EXCHANGE_PROTECTED];

	if (!attr)
		return;
	config->set |= BROKER_EXCHANGE_SET_PROTECTED;
	config->protected = nla_get_u32(attr);
}

static int parse_owner(struct genl_info *info, struct broker_nl_owner *owner,
		       struct broker_exchange_config *config)
{
	int err;

	owner->uid_attr = info->attrs[BROKER_A_EXCHANGE_UID];
	owner->gid_attr = info->attrs[BROKER_A_EXCHANGE_GID];
	owner->mode_attr = info->attrs[BROKER_A_EXCHANGE_MODE];
	err = broker_nl_owner_parse(owner, info->extack);
	if (err)
		return err;

	config->set |= (owner->uid_attr ? BROKER_EXCHANGE_SET_UID : 0) |
		       (owner->gid_attr ? BROKER_EXCHANGE_SET_GID : 0) |
		       (owner->mode_attr ? BROKER_EXCHANGE_SET_MODE : 0);
	config->uid = owner->uid;
	config->gid = owner->gid;
	config->mode = owner->mode;
	return 0;
}

/* What an alternate gets, its queues get: it is configured by that, as by a binding. */
static int check_alternate(struct broker *broker, struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[BROKER_A_EXCHANGE_ALTERNATE];
	struct broker_exchange *alternate;

	if (!attr || !broker_nl_len(attr))
		return 0;
	alternate = broker_nl_find_exchange(broker, attr, info->extack);
	if (IS_ERR(alternate))
		return PTR_ERR(alternate);
	if (!broker_may_netlink(broker, skb, &alternate->access, BROKER_MAY_CONFIGURE)) {
		BROKER_NL_ERR(info->extack, attr, "you may not configure (x) the alternate");
		return -EACCES;
	}
	return 0;
}

/*
 * The core refuses an alternate for a cycle, and any for the default exchange; and
 * the settings of other types.
 */
static int refused_setting(struct genl_info *info, int err)
{
	if (err == -ELOOP || err == -EPERM)
		NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_EXCHANGE_ALTERNATE]);
	else if (err == -EINVAL)
		NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_EXCHANGE_HASH_HEADER]);
	return err;
}

static int exchange_new_parse(struct genl_info *info, struct broker_exchange_config *config)
{
	struct nlattr **attrs = info->attrs;
	struct broker_nl_owner owner = {};
	int err;

	err = need_name(info);
	if (err)
		return err;
	if (BROKER_NL_MISSING(info->extack, attrs, BROKER_A_EXCHANGE_TYPE,
			      "an exchange needs a type"))
		return -EINVAL;
	err = broker_nl_check_new_name(attrs[BROKER_A_EXCHANGE_NAME], info->extack) ?:
	      parse_alternate(info, config) ?: parse_hash_header(info, config) ?:
	      parse_owner(info, &owner, config);
	if (err)
		return err;

	parse_protected(info, config);
	config->name = nla_data(attrs[BROKER_A_EXCHANGE_NAME]);
	config->name_len = broker_nl_len(attrs[BROKER_A_EXCHANGE_NAME]);
	config->type = nla_get_u32(attrs[BROKER_A_EXCHANGE_TYPE]);
	if (attrs[BROKER_A_EXCHANGE_FLAGS])
		config->flags = nla_get_u32(attrs[BROKER_A_EXCHANGE_FLAGS]);
	return 0;
}

static int exchange_new_locked(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
			       const struct broker_exchange_config *config, struct sk_buff *reply)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_exchange *exchange;
	int err;

	lockdep_assert_held(&broker->topology);
	err = check_alternate(broker, skb, info);
	if (err)
		return err;
	exchange = broker_exchange_new(broker, config, false, info->extack);
	if (IS_ERR(exchange)) {
		if (PTR_ERR(exchange) == -EEXIST)
			NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_EXCHANGE_NAME]);
		return refused_setting(info, PTR_ERR(exchange));
	}
	WARN_ON_ONCE(broker_nl_put_exchange(reply, &head, exchange));
	return 0;
}

int broker_nl_exchange_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_exchange_config config = { .alternate = "" };
	struct sk_buff *reply;
	int err;

	err = broker_nl_need_admin(broker, skb, info->extack) ?:
	      exchange_new_parse(info, &config);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	mutex_lock(&broker->topology);
	err = exchange_new_locked(broker, skb, info, &config, reply);
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}

static int may_configure(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
			 struct broker_exchange *exchange)
{
	if (broker_may_netlink(broker, skb, &exchange->access, BROKER_MAY_CONFIGURE))
		return 0;
	BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_EXCHANGE_NAME],
		      "you may not configure (x) this exchange");
	return -EACCES;
}

/* The owner may change whose it is and its mode even where the mode denies him x. */
static int may_set(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
		   struct broker_exchange *exchange, const struct broker_nl_owner *owner,
		   unsigned int set)
{
	kuid_t uid;
	kgid_t gid;
	u16 mode;
	int err;

	broker_access_read(&exchange->access, &uid, &gid, &mode);
	err = broker_nl_owner_check(broker, skb, owner, uid, gid, info->extack);
	if (err)
		return err;
	if (broker_nl_owner_given(owner) && !(set & ~BROKER_EXCHANGE_SET_OWNER))
		return 0;
	return may_configure(broker, skb, info, exchange) ?: check_alternate(broker, skb, info);
}

int broker_nl_exchange_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_exchange_config config = { .alternate = "" };
	struct broker_nl_owner owner = {};
	struct broker_exchange *exchange;
	struct sk_buff *reply;
	int err;

	err = need_name(info) ?: parse_alternate(info, &config) ?:
	      parse_hash_header(info, &config) ?: parse_owner(info, &owner, &config);
	if (err)
		return err;
	parse_protected(info, &config);
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	mutex_lock(&broker->topology);
	exchange = broker_nl_find_exchange(broker, info->attrs[BROKER_A_EXCHANGE_NAME],
					   info->extack);
	err = PTR_ERR_OR_ZERO(exchange);
	if (!err)
		err = may_set(broker, skb, info, exchange, &owner, config.set);
	if (!err)
		err = refused_setting(info, broker_exchange_set(exchange, &config,
								  info->extack));
	if (!err)
		WARN_ON_ONCE(broker_nl_put_exchange(reply, &head, exchange));
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}

static int exchange_del_locked(struct broker *broker, struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *name = info->attrs[BROKER_A_EXCHANGE_NAME];
	struct broker_exchange *exchange;
	int err;

	lockdep_assert_held(&broker->topology);
	exchange = broker_nl_find_exchange(broker, name, info->extack);
	if (IS_ERR(exchange))
		return PTR_ERR(exchange);
	err = may_configure(broker, skb, info, exchange);
	if (err)
		return err;
	if (info->attrs[BROKER_A_EXCHANGE_IF_UNUSED] && exchange->nr_bindings) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_EXCHANGE_IF_UNUSED],
			      "the exchange has bindings");
		return -EBUSY;
	}
	err = broker_exchange_delete(exchange, info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, name);
	return err;
}

int broker_nl_exchange_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	int err;

	err = need_name(info);
	if (err)
		return err;
	mutex_lock(&broker->topology);
	err = exchange_del_locked(broker, skb, info);
	mutex_unlock(&broker->topology);
	return err;
}
