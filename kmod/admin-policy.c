// SPDX-License-Identifier: GPL-2.0
#include <linux/rculist.h>
#include <linux/slab.h>

#include "access.h"
#include "admin.h"
#include "audit.h"
#include "broker.h"
#include "deadletter.h"
#include "policy.h"
#include "queue.h"

static int put_policy(struct sk_buff *skb, const struct broker_nl_head *head,
		      const struct broker_policy *policy)
{
	void *hdr = broker_nl_begin(skb, head);
	int err;

	err = !hdr || nla_put_string(skb, BROKER_A_QUEUE_NAME, broker_policy_name(policy)) ||
	      nla_put_string(skb, BROKER_A_QUEUE_PATTERN, broker_policy_pattern(policy)) ||
	      nla_put_u32(skb, BROKER_A_QUEUE_PRECEDENCE, policy->precedence) ||
	      (policy->cap && nla_put_flag(skb, BROKER_A_QUEUE_CAP)) ||
	      broker_nl_put_settings(skb, &policy->settings, policy->set);
	return broker_nl_end(skb, hdr, err);
}

/* What of a queue is its own or as policies say, and which match it; under RCU or topology. */
int broker_nl_put_policies(struct sk_buff *skb, const struct broker_queue *queue)
{
	const struct broker_policy *policy;
	char names[BROKER_MAX_NAME + 1];
	u32 own, by_policy, capped;
	size_t len = 0;

	list_for_each_entry_rcu(policy, &queue->broker->policies, node,
				lockdep_is_held(&queue->broker->topology)) {
		if (!broker_policy_matches(policy, queue))
			continue;
		if (len + 1 + policy->name_len > BROKER_MAX_NAME)
			break;
		len += scnprintf(names + len, sizeof(names) - len, "%s%s", len ? "," : "",
				 broker_policy_name(policy));
	}
	if (len && nla_put_string(skb, BROKER_A_QUEUE_POLICIES, names))
		return -EMSGSIZE;
	own = READ_ONCE(queue->own_set);
	by_policy = READ_ONCE(queue->say.by_policy);
	capped = READ_ONCE(queue->say.capped);
	return (own && nla_put_u32(skb, BROKER_A_QUEUE_OWN, own)) ||
	       (by_policy && nla_put_u32(skb, BROKER_A_QUEUE_BY_POLICY, by_policy)) ||
	       (capped && nla_put_u32(skb, BROKER_A_QUEUE_CAPPED, capped));
}

static int need(struct genl_info *info, int type)
{
	return BROKER_NL_MISSING(info->extack, info->attrs, type,
				 "which policy? its name or its pattern is missing") ? -EINVAL : 0;
}

static struct broker_policy *find(struct broker *broker, struct genl_info *info)
{
	const struct nlattr *name = info->attrs[BROKER_A_QUEUE_NAME];
	struct broker_policy *policy;

	policy = broker_policy_find(broker, nla_data(name), broker_nl_len(name));
	if (policy)
		return policy;
	BROKER_NL_ERR(info->extack, name, "no such policy");
	return ERR_PTR(-ENOENT);
}

int broker_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_policy *policy;
	struct sk_buff *reply;
	int err;

	err = need(info, BROKER_A_QUEUE_NAME);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&broker->topology);
	policy = find(broker, info);
	err = PTR_ERR_OR_ZERO(policy);
	if (!err)
		WARN_ON_ONCE(put_policy(reply, &head, policy));
	mutex_unlock(&broker->topology);
	return broker_nl_reply(reply, info, err);
}

/* By place in the list: one that comes or goes meanwhile makes the dump inconsistent. */
int broker_nl_policy_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_policy *policy;
	long number = 0;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_QUEUE_NAME);
	if (err)
		return err;
	mutex_lock(&broker->topology);
	broker_nl_dump_sync(cb, broker);
	list_for_each_entry(policy, &broker->policies, node) {
		if (number++ < cb->args[0])
			continue;
		err = put_policy(skb, &head, policy);
		if (err)
			break;
		cb->args[0] = number;
	}
	broker_nl_dump_sync(cb, broker);
	mutex_unlock(&broker->topology);
	return broker_nl_dump_end(skb, err);
}

/* A cap bounds quantities; of others there is no lower one. */
static int check_cap(struct genl_info *info, u32 set)
{
	const struct broker_queue_setting *setting;

	broker_for_each_setting(setting, set) {
		if (setting->bound != BROKER_BOUND_NONE)
			continue;
		BROKER_NL_ERR(info->extack, info->attrs[setting->attribute] ?:
			      info->attrs[BROKER_A_QUEUE_DEAD_LETTER_KEY],
			      "a cap is for quantities; this has no lower value");
		return -EINVAL;
	}
	return 0;
}

/* Settings of @old, if there is one, with those of the request in their place. */
static void merge(struct broker_queue_config *config, const struct broker_policy *old)
{
	u32 kept = old ? old->set & ~config->set : 0;

	if (!kept)
		return;
	broker_settings_copy(&config->settings, &old->settings, kept);
	if (kept & BROKER_SETTING_DEAD_LETTER)
		broker_target_get(config->settings.dead_letter);
	config->set |= kept;
}

/* Reads the settings of a request, which changes @old, if there is one. */
static int parse(struct broker *broker, struct sk_buff *skb, const struct genl_info *request,
		 const struct broker_policy *old, bool cap, struct broker_queue_config *config)
{
	struct broker_nl_owner owner = {};
	struct genl_info info = *request;
	int err;

	lockdep_assert_held(&broker->topology);
	/* A queue may have more settings than a request about a policy has attributes. */
	info.attrs = kcalloc(BROKER_A_QUEUE_MAX + 1, sizeof(*info.attrs), GFP_KERNEL);
	if (!info.attrs)
		return -ENOMEM;
	memcpy(info.attrs, request->attrs, broker_audit_attrs(request) * sizeof(*info.attrs));
	err = broker_nl_parse_queue(&info, &owner, config) ?:
	      (cap ? check_cap(&info, config->set) : 0) ?:
	      broker_nl_parse_dead_letter(broker, skb, &info,
					  old ? old->settings.dead_letter : NULL, config);
	kfree(info.attrs);
	return err;
}

/* What the request makes of @old, or of nothing. */
static struct broker_policy *make(struct broker *broker, struct sk_buff *skb,
				  struct genl_info *info, const struct broker_policy *old)
{
	const struct nlattr *pattern = info->attrs[BROKER_A_QUEUE_PATTERN];
	const struct nlattr *precedence = info->attrs[BROKER_A_QUEUE_PRECEDENCE];
	const struct nlattr *name = info->attrs[BROKER_A_QUEUE_NAME];
	bool cap = old ? old->cap : !!info->attrs[BROKER_A_QUEUE_CAP];
	struct broker_queue_config config = {};
	struct broker_policy *policy;
	int err;

	err = parse(broker, skb, info, old, cap, &config);
	if (err)
		return ERR_PTR(err);
	merge(&config, old);
	policy = broker_policy_alloc(config.set, &config.settings, pattern ? nla_data(pattern) :
					broker_policy_pattern(old),
				     pattern ? broker_nl_len(pattern) : old->pattern_len,
				     nla_data(name), broker_nl_len(name));
	if (!policy) {
		broker_target_put(config.settings.dead_letter);
		return ERR_PTR(-ENOMEM);
	}
	policy->cap = cap;
	policy->precedence = precedence ? nla_get_u32(precedence) : old ? old->precedence : 0;
	return policy;
}

static int change(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
		  struct broker_policy *old, struct sk_buff *reply)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_policy *policy;

	policy = make(broker, skb, info, old);
	if (IS_ERR(policy))
		return PTR_ERR(policy);
	broker_policy_put_in_place(broker, old, policy);
	WARN_ON_ONCE(put_policy(reply, &head, policy));
	return 0;
}

static int check_request(struct broker *broker, struct sk_buff *skb, struct genl_info *info)
{
	return need(info, BROKER_A_QUEUE_NAME) ?: broker_nl_need_admin(broker, skb, info->extack);
}

static int check_pattern(struct genl_info *info)
{
	const struct nlattr *pattern = info->attrs[BROKER_A_QUEUE_PATTERN];

	return pattern ? broker_nl_check_key(pattern, info->extack) : 0;
}

int broker_nl_policy_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	const struct nlattr *name = info->attrs[BROKER_A_QUEUE_NAME];
	struct sk_buff *reply;
	int err;

	err = check_request(broker, skb, info) ?: need(info, BROKER_A_QUEUE_PATTERN) ?:
	      check_pattern(info) ?: broker_nl_check_new_name(name, info->extack);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&broker->topology);
	if (broker_policy_find(broker, nla_data(name), broker_nl_len(name))) {
		BROKER_NL_ERR(info->extack, name, "a policy of this name exists");
		err = -EEXIST;
	} else if (broker->nr_policies >= BROKER_MAX_POLICIES) {
		NL_SET_ERR_MSG_MOD(info->extack, "there are as many policies as there may be");
		err = -ENOSPC;
	} else {
		err = change(broker, skb, info, NULL, reply);
	}
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}

int broker_nl_policy_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_policy *old;
	struct sk_buff *reply;
	int err;

	err = check_request(broker, skb, info) ?: check_pattern(info);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&broker->topology);
	old = find(broker, info);
	err = IS_ERR(old) ? PTR_ERR(old) : change(broker, skb, info, old, reply);
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}

int broker_nl_policy_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_policy *policy;
	int err;

	err = check_request(broker, skb, info);
	if (err)
		return err;
	mutex_lock(&broker->topology);
	policy = find(broker, info);
	err = PTR_ERR_OR_ZERO(policy);
	if (!err)
		broker_policy_put_in_place(broker, policy, NULL);
	mutex_unlock(&broker->topology);
	return err;
}
