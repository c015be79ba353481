// SPDX-License-Identifier: GPL-2.0
#include <linux/rcupdate.h>

#include "admin.h"
#include "broker.h"
#include "exchange.h"
#include "retained.h"
#include "rewrite.h"

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

static int put_rewrite(struct sk_buff *skb, struct broker_exchange *exchange)
{
	struct broker_rewrite *rewrite;

	rewrite = rcu_dereference_check(exchange->rewrite,
					lockdep_is_held(&exchange->broker->topology));
	return nla_put_string(skb, BROKER_A_EXCHANGE_REWRITE_FROM, rewrite ? rewrite->from : "") ||
	       nla_put_string(skb, BROKER_A_EXCHANGE_REWRITE_TO, rewrite ? rewrite->to : "");
}

static int put_retention(struct sk_buff *skb, const struct broker_retention *retention)
{
	if (!retention)
		return 0;
	return nla_put_u32(skb, BROKER_A_EXCHANGE_RETAIN_MAX, READ_ONCE(retention->max)) ||
	       nla_put_u64_64bit(skb, BROKER_A_EXCHANGE_RETAIN_MAX_BYTES,
				 READ_ONCE(retention->max_bytes), BROKER_A_EXCHANGE_PAD) ||
	       nla_put_u32(skb, BROKER_A_EXCHANGE_RETAINED, READ_ONCE(retention->nr)) ||
	       nla_put_u64_64bit(skb, BROKER_A_EXCHANGE_RETAINED_BYTES,
				 READ_ONCE(retention->bytes), BROKER_A_EXCHANGE_PAD);
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
			     put_rewrite(skb, exchange) || put_type_settings(skb, exchange) ||
			     put_retention(skb, exchange->retention) ||
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

static int explain_rewrite(struct genl_info *info, enum broker_rewrite_fault fault)
{
	const struct nlattr *from = info->attrs[BROKER_A_EXCHANGE_REWRITE_FROM];
	const struct nlattr *to = info->attrs[BROKER_A_EXCHANGE_REWRITE_TO];

	switch (fault) {
	case BROKER_REWRITE_REST:
		BROKER_NL_ERR(info->extack, from, "in rewrite-from # stands only at the end");
		break;
	case BROKER_REWRITE_WORDS:
		BROKER_NL_ERR(info->extack, from, "rewrite-from takes nine * at most");
		break;
	case BROKER_REWRITE_BRACE:
		BROKER_NL_ERR(info->extack, to,
			      "braces in rewrite-to are doubled, or stand around 1 to 9 or #");
		break;
	case BROKER_REWRITE_REFERENCE:
		BROKER_NL_ERR(info->extack, to,
			      "rewrite-to refers to a wildcard that rewrite-from does not have");
		break;
	default:
		return 0;
	}
	return -EINVAL;
}

/* Of rewriting, what the request leaves out stays as it is at @exchange, if that exists. */
static int parse_rewrite(struct genl_info *info, const struct broker_exchange *exchange,
			 struct broker_exchange_config *config)
{
	const struct nlattr *from = info->attrs[BROKER_A_EXCHANGE_REWRITE_FROM];
	const struct nlattr *to = info->attrs[BROKER_A_EXCHANGE_REWRITE_TO];
	const struct broker_rewrite *now = NULL;
	int err;

	if (!from && !to)
		return 0;
	if (!exchange && (!from || !to)) {
		BROKER_NL_ERR(info->extack, from ?: to, "rewrite-from and rewrite-to go together");
		return -EINVAL;
	}
	err = (from ? broker_nl_check_key(from, info->extack) : 0) ?:
	      (to ? broker_nl_check_key(to, info->extack) : 0);
	if (err)
		return err;
	if (exchange)
		now = rcu_dereference_protected(exchange->rewrite,
						lockdep_is_held(&exchange->broker->topology));
	config->set |= BROKER_EXCHANGE_SET_REWRITE;
	config->rewrite_from = from ? nla_data(from) : now ? now->from : "";
	config->rewrite_from_len = strlen(config->rewrite_from);
	config->rewrite_to = to ? nla_data(to) : now ? now->to : "";
	config->rewrite_to_len = strlen(config->rewrite_to);
	return explain_rewrite(info, broker_rewrite_check(config->rewrite_from,
							  config->rewrite_from_len,
							  config->rewrite_to,
							  config->rewrite_to_len));
}

static void parse_retention(struct genl_info *info, struct broker_exchange_config *config)
{
	const struct nlattr *max_bytes = info->attrs[BROKER_A_EXCHANGE_RETAIN_MAX_BYTES];
	const struct nlattr *max = info->attrs[BROKER_A_EXCHANGE_RETAIN_MAX];

	config->set |= (max ? BROKER_EXCHANGE_SET_RETAIN_MAX : 0) |
		       (max_bytes ? BROKER_EXCHANGE_SET_RETAIN_MAX_BYTES : 0);
	config->retain_max = max ? nla_get_u32(max) : 0;
	config->retain_max_bytes = max_bytes ? nla_get_u64(max_bytes) : 0;
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
 * what another type or flag has, for which it has errors that are told apart here.
 */
static int refused_setting(struct genl_info *info, int err)
{
	if (err == -EPROTOTYPE) {
		NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_EXCHANGE_FLAGS]);
		return -EINVAL;
	}
	if (err == -ENODATA) {
		NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_EXCHANGE_RETAIN_MAX] ?:
					      info->attrs[BROKER_A_EXCHANGE_RETAIN_MAX_BYTES]);
		return -EINVAL;
	}
	if (err == -ELOOP || err == -EPERM)
		NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_EXCHANGE_ALTERNATE]);
	else if (err == -EINVAL)
		NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_EXCHANGE_HASH_HEADER]);
	else if (err == -EOPNOTSUPP)
		NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_EXCHANGE_REWRITE_FROM]);
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
	      parse_rewrite(info, NULL, config) ?: parse_owner(info, &owner, config);
	if (err)
		return err;

	parse_protected(info, config);
	config->name = nla_data(attrs[BROKER_A_EXCHANGE_NAME]);
	config->name_len = broker_nl_len(attrs[BROKER_A_EXCHANGE_NAME]);
	config->type = nla_get_u32(attrs[BROKER_A_EXCHANGE_TYPE]);
	parse_retention(info, config);
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
	parse_retention(info, &config);
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	mutex_lock(&broker->topology);
	exchange = broker_nl_find_exchange(broker, info->attrs[BROKER_A_EXCHANGE_NAME],
					   info->extack);
	err = PTR_ERR_OR_ZERO(exchange);
	if (!err)
		err = parse_rewrite(info, exchange, &config);
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
