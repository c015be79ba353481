// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>

#include "access.h"
#include "admin.h"
#include "broker.h"
#include "limit.h"

/* Limits, and what is counted, are in the same order here and there. */
#define LIMIT_ATTR(i)	(BROKER_A_LIMIT_MAX_SESSIONS + (i))
#define USED_ATTR(i)	(BROKER_A_LIMIT_SESSIONS + (i))

/**
 * struct limit_request - whom a request is about, and the limits that it gives
 * @kind: enum broker_limit_kind (const)
 * @key: whose account, unless it is about users in general (const)
 * @set: bit N: limit N is given (const)
 * @limit: limits, by enum broker_limit (const)
 */
struct limit_request {
	u32 kind;
	struct broker_account_key key;
	u32 set;
	u64 limit[BROKER_NR_LIMITS];
};

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, BROKER_A_LIMIT_PAD);
}

static int put_limits(struct sk_buff *skb, const u64 *limit)
{
	int i;

	for (i = 0; i < BROKER_NR_LIMITS; i++) {
		u64 value = READ_ONCE(limit[i]);

		if (value != BROKER_LIMIT_NONE && put_u64(skb, LIMIT_ATTR(i), value))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_users(struct sk_buff *skb, const struct broker_nl_head *head, struct broker *broker)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr, !hdr ||
			     nla_put_u32(skb, BROKER_A_LIMIT_KIND,
					 BROKER_LIMIT_KIND_DEFAULT_USER) ||
			     put_limits(skb, broker->limits.users));
}

static int put_whose(struct sk_buff *skb, const struct broker_nl_head *head,
		     const struct broker_account *account)
{
	if (nla_put_u32(skb, BROKER_A_LIMIT_KIND, account->key.kind))
		return -EMSGSIZE;
	if (account->key.kind == BROKER_LIMIT_KIND_USER)
		return broker_nl_put_uid(skb, head, BROKER_A_LIMIT_UID,
					 KUIDT_INIT(account->key.id));
	return put_u64(skb, BROKER_A_LIMIT_CGROUP, account->key.id);
}

static int put_used(struct sk_buff *skb, const struct broker_account *account)
{
	int i;

	for (i = 0; i < BROKER_NR_COUNTED; i++)
		if (put_u64(skb, USED_ATTR(i), atomic64_read(&account->used[i])))
			return -EMSGSIZE;
	return put_u64(skb, BROKER_A_LIMIT_REFUSED, atomic64_read(&account->refused));
}

static int put_account(struct sk_buff *skb, const struct broker_nl_head *head,
		       const struct broker_account *account)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr, !hdr || put_whose(skb, head, account) ||
			     (READ_ONCE(account->ruled) &&
			      nla_put_u32(skb, BROKER_A_LIMIT_OWN, READ_ONCE(account->own))) ||
			     put_limits(skb, account->limit) || put_used(skb, account));
}

/* An attribute that goes with one kind and no other. */
static int check_attr(struct genl_info *info, int type, bool wanted)
{
	const struct nlattr *attr = info->attrs[type];

	if (wanted == !!attr)
		return 0;
	if (attr)
		BROKER_NL_ERR(info->extack, attr, "this does not go with that kind of limit");
	else if (BROKER_NL_MISSING(info->extack, info->attrs, type,
				   "whose limit? the uid or cgroup is missing"))
		return -EINVAL;
	return -EINVAL;
}

static int parse_whose(struct genl_info *info, struct limit_request *request)
{
	struct nlattr **attrs = info->attrs;
	kuid_t uid;
	int err;

	if (BROKER_NL_MISSING(info->extack, attrs, BROKER_A_LIMIT_KIND,
			      "whose limit? the kind is missing"))
		return -EINVAL;
	request->kind = nla_get_u32(attrs[BROKER_A_LIMIT_KIND]);
	request->key.kind = request->kind;
	err = check_attr(info, BROKER_A_LIMIT_UID, request->kind == BROKER_LIMIT_KIND_USER) ?:
	      check_attr(info, BROKER_A_LIMIT_CGROUP, request->kind == BROKER_LIMIT_KIND_CGROUP);
	if (err)
		return err;
	if (request->kind == BROKER_LIMIT_KIND_CGROUP)
		request->key.id = nla_get_u64(attrs[BROKER_A_LIMIT_CGROUP]);
	if (request->kind != BROKER_LIMIT_KIND_USER)
		return 0;
	uid = make_kuid(current_user_ns(), nla_get_u32(attrs[BROKER_A_LIMIT_UID]));
	if (!uid_valid(uid)) {
		BROKER_NL_ERR(info->extack, attrs[BROKER_A_LIMIT_UID],
			      "no such user in this namespace");
		return -EINVAL;
	}
	request->key.id = __kuid_val(uid);
	return 0;
}

static int parse_limits(struct genl_info *info, struct limit_request *request)
{
	int i;

	for (i = 0; i < BROKER_NR_LIMITS; i++) {
		const struct nlattr *attr = info->attrs[LIMIT_ATTR(i)];

		if (!attr)
			continue;
		request->set |= BIT(i);
		request->limit[i] = nla_get_u64(attr);
		if (i < BROKER_NR_COUNTED || request->limit[i] <= U32_MAX ||
		    request->limit[i] == BROKER_LIMIT_NONE)
			continue;
		BROKER_NL_ERR(info->extack, attr, "a rate or burst is at most 4294967295");
		return -ERANGE;
	}
	return 0;
}

/* Others see the defaults, and what is their own. */
static bool may_see(struct broker *broker, struct sk_buff *skb,
		    const struct broker_account_key *key)
{
	return (key->kind == BROKER_LIMIT_KIND_USER &&
		broker_nl_is_user(skb, KUIDT_INIT(key->id))) || broker_may_admin(broker, skb);
}

static const struct nlattr *whose_attr(struct genl_info *info)
{
	return info->attrs[BROKER_A_LIMIT_UID] ?: info->attrs[BROKER_A_LIMIT_CGROUP];
}

static int limit_get_rcu(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
			 const struct limit_request *request, struct sk_buff *reply)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_account *account;

	if (request->kind == BROKER_LIMIT_KIND_DEFAULT_USER)
		return put_users(reply, &head, broker);
	if (!may_see(broker, skb, &request->key)) {
		BROKER_NL_ERR(info->extack, whose_attr(info),
			      "you may see only your own limits without CAP_NET_ADMIN");
		return -EACCES;
	}
	account = broker_account_lookup(broker, &request->key);
	if (account)
		return put_account(reply, &head, account);
	BROKER_NL_ERR(info->extack, whose_attr(info), "no rule names it, and it has nothing");
	return -ENOENT;
}

int broker_nl_limit_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct limit_request request = {};
	struct sk_buff *reply;
	int err;

	err = parse_whose(info, &request);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	rcu_read_lock();
	err = limit_get_rcu(broker, skb, info, &request, reply);
	rcu_read_unlock();
	return broker_nl_reply(reply, info, err);
}

int broker_nl_limit_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_account *account;
	unsigned long id;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_LIMIT_KIND) ?:
	      broker_nl_dump_refuse(cb, BROKER_A_LIMIT_UID) ?:
	      broker_nl_dump_refuse(cb, BROKER_A_LIMIT_CGROUP);
	if (err)
		return err;
	/* Number 0 stands for the defaults. */
	if (!cb->args[0]) {
		err = put_users(skb, &head, broker);
		cb->args[0] = !err;
	}
	rcu_read_lock();
	if (!err)
		xa_for_each_start(&broker->limits.ids, id, account, cb->args[0]) {
			if (may_see(broker, cb->skb, &account->key))
				err = put_account(skb, &head, account);
			if (err)
				break;
			cb->args[0] = id + 1;
		}
	rcu_read_unlock();
	return broker_nl_dump_end(skb, err);
}

/* The account of a rule that there is, under limits.lock. */
static struct broker_account *find_rule_locked(struct broker *broker, struct genl_info *info,
					       const struct limit_request *request)
{
	struct broker_account *account;

	lockdep_assert_held(&broker->limits.lock);
	account = broker_account_lookup(broker, &request->key);
	if (account && account->ruled)
		return account;
	BROKER_NL_ERR(info->extack, whose_attr(info), "no rule names it");
	return ERR_PTR(-ENOENT);
}

static int limit_new(struct broker *broker, struct genl_info *info,
		     const struct limit_request *request, struct sk_buff *reply)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_account *account;
	int err = 0;

	if (request->kind == BROKER_LIMIT_KIND_DEFAULT_USER) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_LIMIT_KIND],
			      "the defaults for users are always there: set them");
		return -EEXIST;
	}
	/* The rule keeps the reference. */
	account = broker_account_get(broker, &request->key);
	if (IS_ERR(account))
		return PTR_ERR(account);
	spin_lock(&broker->limits.lock);
	if (account->ruled) {
		BROKER_NL_ERR(info->extack, whose_attr(info), "a rule for this exists");
		err = -EEXIST;
	} else {
		broker_account_rule_locked(account, request->set, request->limit);
		WARN_ON_ONCE(put_account(reply, &head, account));
	}
	spin_unlock(&broker->limits.lock);
	if (err)
		broker_account_put(account);
	return err;
}

static int limit_set(struct broker *broker, struct genl_info *info,
		     const struct limit_request *request, struct sk_buff *reply)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_account *account;
	int err = 0;

	spin_lock(&broker->limits.lock);
	if (request->kind == BROKER_LIMIT_KIND_DEFAULT_USER) {
		broker_limits_set_users_locked(broker, request->set, request->limit);
		WARN_ON_ONCE(put_users(reply, &head, broker));
	} else {
		account = find_rule_locked(broker, info, request);
		err = PTR_ERR_OR_ZERO(account);
		if (!err) {
			broker_account_rule_locked(account, request->set, request->limit);
			WARN_ON_ONCE(put_account(reply, &head, account));
		}
	}
	spin_unlock(&broker->limits.lock);
	return err;
}

static int change_limit(struct sk_buff *skb, struct genl_info *info,
			int (*change)(struct broker *broker, struct genl_info *info,
				      const struct limit_request *request, struct sk_buff *reply))
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct limit_request request = {};
	struct sk_buff *reply;
	int err;

	err = broker_nl_need_admin(broker, skb, info->extack) ?: parse_whose(info, &request) ?:
	      parse_limits(info, &request);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	return broker_nl_reply_changed(reply, info, change(broker, info, &request, reply));
}

int broker_nl_limit_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_limit(skb, info, limit_new);
}

int broker_nl_limit_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_limit(skb, info, limit_set);
}

int broker_nl_limit_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct limit_request request = {};
	struct broker_account *account;
	int err;

	err = broker_nl_need_admin(broker, skb, info->extack) ?: parse_whose(info, &request);
	if (err)
		return err;
	if (request.kind == BROKER_LIMIT_KIND_DEFAULT_USER) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_LIMIT_KIND],
			      "the defaults for users cannot be deleted: set them");
		return -EPERM;
	}
	spin_lock(&broker->limits.lock);
	account = find_rule_locked(broker, info, &request);
	if (!IS_ERR(account))
		broker_account_unrule_locked(account);
	spin_unlock(&broker->limits.lock);
	if (IS_ERR(account))
		return PTR_ERR(account);
	broker_account_put(account);
	return 0;
}
