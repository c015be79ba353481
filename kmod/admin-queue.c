// SPDX-License-Identifier: GPL-2.0
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "admin.h"
#include "broker.h"
#include "deadletter.h"
#include "exchange.h"
#include "limit.h"
#include "policy.h"
#include "queue.h"
#include "session.h"

static int need_name(struct genl_info *info)
{
	return BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_QUEUE_NAME,
				 "which queue? the name is missing") ? -EINVAL : 0;
}

int broker_nl_queue_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_queue *queue;
	struct sk_buff *reply;
	int err;

	err = need_name(info);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	rcu_read_lock();
	queue = broker_nl_find_queue(broker, info->attrs[BROKER_A_QUEUE_NAME], info->extack);
	err = IS_ERR(queue) ? PTR_ERR(queue) : broker_nl_put_queue(reply, &head, queue);
	rcu_read_unlock();
	return broker_nl_reply(reply, info, err);
}

int broker_nl_queue_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_queue *queue;
	unsigned long id;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_QUEUE_NAME);
	if (err)
		return err;

	broker_nl_dump_sync(cb, broker);
	rcu_read_lock();
	xa_for_each_start(&broker->queue_ids, id, queue, cb->args[0]) {
		err = broker_nl_put_queue(skb, &head, queue);
		if (err)
			break;
		cb->args[0] = id + 1;
	}
	rcu_read_unlock();
	broker_nl_dump_sync(cb, broker);
	return broker_nl_dump_end(skb, err);
}

static u64 read_setting(const struct broker_queue_setting *setting, const struct nlattr *attr)
{
	u64 value;

	/* As the policy has made sure: the large one is a limit in bytes. */
	if (nla_len(attr) == sizeof(u64))
		value = nla_get_u64(attr);
	else
		value = nla_get_u32(attr);
	return setting->ms ? value * NSEC_PER_MSEC : value;
}

static void parse_settings(struct nlattr **attrs, struct broker_queue_config *config)
{
	const struct broker_queue_setting *setting;

	broker_for_each_setting(setting, ~BROKER_SETTING_DEAD_LETTER) {
		if (!attrs[setting->attribute])
			continue;
		config->set |= setting->bit;
		broker_setting_put(setting, &config->settings,
				   read_setting(setting, attrs[setting->attribute]));
	}
	/* Two attributes, and read by broker_nl_parse_dead_letter(). */
	if (attrs[BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE] || attrs[BROKER_A_QUEUE_DEAD_LETTER_KEY])
		config->set |= BROKER_SETTING_DEAD_LETTER;
}

/* Reads what can be set of a queue; admin-policy.c does so for many. */
int broker_nl_parse_queue(struct genl_info *info, struct broker_nl_owner *owner,
			  struct broker_queue_config *config)
{
	struct nlattr **attrs = info->attrs;
	int err;

	owner->uid_attr = attrs[BROKER_A_QUEUE_UID];
	owner->gid_attr = attrs[BROKER_A_QUEUE_GID];
	owner->mode_attr = attrs[BROKER_A_QUEUE_MODE];
	err = broker_nl_owner_parse(owner, info->extack);
	if (err)
		return err;
	config->set |= (owner->uid_attr ? BROKER_SET_UID : 0) |
		       (owner->gid_attr ? BROKER_SET_GID : 0) |
		       (owner->mode_attr ? BROKER_SET_MODE : 0);
	config->uid = owner->uid;
	config->gid = owner->gid;
	config->mode = owner->mode;

	if (attrs[BROKER_A_QUEUE_PROTECTED]) {
		config->set |= BROKER_SET_PROTECTED;
		config->protected = nla_get_u32(attrs[BROKER_A_QUEUE_PROTECTED]);
	}
	parse_settings(attrs, config);
	err = broker_nl_pause_parse(attrs[BROKER_A_QUEUE_PAUSED], attrs[BROKER_A_QUEUE_PAUSE_MS],
				    &config->paused, &config->pause, info->extack);
	if (!err && attrs[BROKER_A_QUEUE_PAUSED])
		config->set |= BROKER_SET_PAUSED;
	return err;
}

/* Whether the caller may publish where dead letters are to go, and what that is. */
static int check_target_locked(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
			       const struct broker_target *target)
{
	struct nlattr **attrs = info->attrs;
	const struct nlattr *to = attrs[BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE] ?:
				  attrs[BROKER_A_QUEUE_DEAD_LETTER_KEY];
	const struct nlattr *key = attrs[BROKER_A_QUEUE_DEAD_LETTER_KEY] ?: to;
	const struct nlattr *at = target->exchange_len ? to : key;
	struct broker_exchange *exchange = NULL;
	struct broker_queue *queue = NULL;

	lockdep_assert_held(&broker->topology);
	if (target->exchange_len)
		exchange = broker_exchange_lookup(broker, target->data, target->exchange_len);
	else
		queue = broker_queue_lookup(broker, target->data, target->key_len);
	if (!exchange && !queue) {
		BROKER_NL_ERR(info->extack, at, "dead letters are to go where nothing is");
		return -ENOENT;
	}
	if (!broker_may_netlink(broker, skb, exchange ? &exchange->access : &queue->access,
				BROKER_MAY_PUBLISH)) {
		BROKER_NL_ERR(info->extack, at,
			      "you may not publish (w) to where dead letters are to go");
		return -EACCES;
	}
	return 0;
}

/* Takes what is not given from @now, the target so far, or NULL. */
int broker_nl_parse_dead_letter(struct broker *broker, struct sk_buff *skb,
				struct genl_info *info, const struct broker_target *now,
				struct broker_queue_config *config)
{
	const struct nlattr *to = info->attrs[BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE];
	const struct nlattr *key = info->attrs[BROKER_A_QUEUE_DEAD_LETTER_KEY];
	u8 to_len = to ? broker_nl_len(to) : now ? now->exchange_len : 0;
	u8 key_len = key ? broker_nl_len(key) : now ? now->key_len : 0;
	struct broker_target *target;
	int err;

	lockdep_assert_held(&broker->topology);
	if (!(config->set & BROKER_SETTING_DEAD_LETTER) || (!to_len && !key_len))
		return 0;
	err = key ? broker_nl_check_key(key, info->extack) : 0;
	if (err)
		return err;
	target = broker_target_new(to ? nla_data(to) : now ? now->data : "", to_len,
				   key ? nla_data(key) :
				   now ? now->data + now->exchange_len : "", key_len);
	if (!target)
		return -ENOMEM;
	err = check_target_locked(broker, skb, info, target);
	if (err)
		broker_target_put(target);
	else
		config->settings.dead_letter = target;
	return err;
}

/* The session that @attr names, with a reference. */
static struct broker_session *find_session(struct broker *broker, const struct nlattr *attr,
					   struct netlink_ext_ack *extack)
{
	struct broker_session *session;
	u64 id = nla_get_u64(attr);

	rcu_read_lock();
	session = id <= ULONG_MAX ? xa_load(&broker->sessions, id) : NULL;
	if (session && !refcount_inc_not_zero(&session->refs))
		session = NULL;
	rcu_read_unlock();

	if (!session) {
		BROKER_NL_ERR(extack, attr, "no such session");
		return ERR_PTR(-ENOENT);
	}
	if (session->pid != task_tgid(current)) {
		BROKER_NL_ERR(extack, attr, "the session is another process's");
		broker_session_put(session);
		return ERR_PTR(-EACCES);
	}
	return session;
}

/* Whose queue it will be, with a reference; NULL unless it is exclusive. */
static struct broker_session *parse_session(struct broker *broker, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	const struct nlattr *flags = attrs[BROKER_A_QUEUE_FLAGS];

	if (flags && nla_get_u32(flags) & BROKER_QUEUE_FLAGS_EXCLUSIVE) {
		if (BROKER_NL_MISSING(info->extack, attrs, BROKER_A_QUEUE_SESSION,
				      "an exclusive queue needs a session"))
			return ERR_PTR(-EINVAL);
		return find_session(broker, attrs[BROKER_A_QUEUE_SESSION], info->extack);
	}
	if (attrs[BROKER_A_QUEUE_SESSION]) {
		BROKER_NL_ERR(info->extack, attrs[BROKER_A_QUEUE_SESSION],
			      "only an exclusive queue has a session");
		return ERR_PTR(-EINVAL);
	}
	return NULL;
}

static int queue_new_parse(struct genl_info *info, struct broker_nl_owner *owner,
			   struct broker_queue_config *config)
{
	const struct nlattr *name = info->attrs[BROKER_A_QUEUE_NAME];
	int err;

	if (name) {
		err = broker_nl_check_new_name(name, info->extack);
		if (err)
			return err;
		config->name = nla_data(name);
		config->name_len = broker_nl_len(name);
	}
	if (info->attrs[BROKER_A_QUEUE_FLAGS])
		config->flags = nla_get_u32(info->attrs[BROKER_A_QUEUE_FLAGS]);
	return broker_nl_parse_queue(info, owner, config);
}

/* Charges one more queue to the caller. */
static struct broker_payer *charge_payer(struct broker *broker, struct sk_buff *skb,
					 struct netlink_ext_ack *extack)
{
	struct broker_payer *payer = broker_payer_new(broker);

	if (!payer)
		return ERR_PTR(-ENOMEM);
	if (!broker_payer_charge(payer, BROKER_LIMIT_QUEUES, 1, skb))
		return payer;
	NL_SET_ERR_MSG_MOD(extack, "your user or cgroup has as many queues as its limit allows");
	broker_payer_put(payer);
	return ERR_PTR(-EDQUOT);
}

static int queue_new_locked(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
			    struct broker_queue_config *config, struct sk_buff *reply)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_queue *queue;
	int err;

	lockdep_assert_held(&broker->topology);
	err = broker_nl_parse_dead_letter(broker, skb, info, NULL, config);
	if (err)
		return err;
	config->payer = charge_payer(broker, skb, info->extack);
	if (IS_ERR(config->payer)) {
		broker_target_put(config->settings.dead_letter);
		return PTR_ERR(config->payer);
	}
	queue = broker_policy_new_queue(broker, config, info->extack);
	if (IS_ERR(queue)) {
		broker_target_put(config->settings.dead_letter);
		broker_payer_uncharge(config->payer, BROKER_LIMIT_QUEUES, 1);
		broker_payer_put(config->payer);
		if (PTR_ERR(queue) == -EEXIST)
			NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_QUEUE_NAME]);
		else if (PTR_ERR(queue) == -EOWNERDEAD)
			NL_SET_BAD_ATTR(info->extack, info->attrs[BROKER_A_QUEUE_SESSION]);
		return PTR_ERR(queue);
	}
	WARN_ON_ONCE(broker_nl_put_queue(reply, &head, queue));
	return 0;
}

int broker_nl_queue_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_queue_config config = {};
	struct broker_nl_owner owner = {};
	struct sk_buff *reply;
	int err;

	err = queue_new_parse(info, &owner, &config) ?:
	      broker_nl_owner_check(broker, skb, &owner, current_euid(), current_egid(),
				    info->extack);
	if (err)
		return err;
	config.session = parse_session(broker, info);
	if (IS_ERR(config.session))
		return PTR_ERR(config.session);

	err = -ENOMEM;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (reply) {
		mutex_lock(&broker->topology);
		err = queue_new_locked(broker, skb, info, &config, reply);
		mutex_unlock(&broker->topology);
		err = broker_nl_reply_changed(reply, info, err);
	}
	if (config.session)
		broker_session_put(config.session);
	return err;
}

/* Finds the queue that the request names, which the caller must be allowed to configure. */
static struct broker_queue *find_configurable_locked(struct broker *broker, struct sk_buff *skb,
						     struct genl_info *info)
{
	const struct nlattr *name = info->attrs[BROKER_A_QUEUE_NAME];
	struct broker_queue *queue;

	lockdep_assert_held(&broker->topology);
	queue = broker_nl_find_queue(broker, name, info->extack);
	if (IS_ERR(queue) ||
	    broker_may_netlink(broker, skb, &queue->access, BROKER_MAY_CONFIGURE))
		return queue;
	BROKER_NL_ERR(info->extack, name, "you may not configure (x) this queue");
	return ERR_PTR(-EACCES);
}

/* The owner may change whose it is and its mode even where the mode denies him x. */
static struct broker_queue *find_to_set_locked(struct broker *broker, struct sk_buff *skb,
					       struct genl_info *info,
					       const struct broker_nl_owner *owner,
					       const struct broker_queue_config *config)
{
	const unsigned int owners = BROKER_SET_UID | BROKER_SET_GID |
				    BROKER_SET_MODE;
	struct broker_queue *queue;
	kuid_t uid;
	kgid_t gid;
	u16 mode;
	int err;

	lockdep_assert_held(&broker->topology);
	if (!broker_nl_owner_given(owner) || config->set & ~owners ||
	    info->attrs[BROKER_A_QUEUE_UNSET])
		queue = find_configurable_locked(broker, skb, info);
	else
		queue = broker_nl_find_queue(broker, info->attrs[BROKER_A_QUEUE_NAME],
					     info->extack);
	if (IS_ERR(queue))
		return queue;
	broker_access_read(&queue->access, &uid, &gid, &mode);
	err = broker_nl_owner_check(broker, skb, owner, uid, gid, info->extack);
	return err ? ERR_PTR(err) : queue;
}

/* What the request takes back of what was said of the queue itself. */
static int parse_unset(struct genl_info *info, const struct broker_queue_config *config,
		       u32 *unset)
{
	const struct nlattr *attr = info->attrs[BROKER_A_QUEUE_UNSET];

	*unset = attr ? nla_get_u32(attr) : 0;
	if (!(*unset & config->set))
		return 0;
	BROKER_NL_ERR(info->extack, attr, "a setting cannot be set and unset at once");
	return -EINVAL;
}

int broker_nl_queue_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_queue_config config = {};
	struct broker_nl_owner owner = {};
	struct broker_queue *queue;
	struct sk_buff *reply;
	u32 unset;
	int err;

	err = need_name(info) ?: broker_nl_parse_queue(info, &owner, &config) ?:
	      parse_unset(info, &config, &unset);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	mutex_lock(&broker->topology);
	queue = find_to_set_locked(broker, skb, info, &owner, &config);
	err = IS_ERR(queue) ? PTR_ERR(queue) :
	      broker_nl_parse_dead_letter(broker, skb, info, queue->own.dead_letter, &config);
	if (!err) {
		err = broker_policy_set_queue(queue, &config, unset, info->extack);
		if (err)
			broker_target_put(config.settings.dead_letter);
	}
	if (!err)
		WARN_ON_ONCE(broker_nl_put_queue(reply, &head, queue));
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}

static int refuse_protected(const struct broker_queue *queue, struct genl_info *info)
{
	if (!queue->protected)
		return 0;
	BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_QUEUE_NAME],
		      "the queue is protected: first set protected to off");
	return -EBUSY;
}

static int delete_queue(struct broker_queue *queue, struct genl_info *info)
{
	const struct nlattr *if_unused = info->attrs[BROKER_A_QUEUE_IF_UNUSED];
	const struct nlattr *if_empty = info->attrs[BROKER_A_QUEUE_IF_EMPTY];

	if (refuse_protected(queue, info))
		return -EBUSY;
	switch (broker_queue_delete_idle(queue, if_unused, if_empty, BROKER_QUEUE_END_REQUEST)) {
	case 0:
		return 0;
	case -ENOTEMPTY:
		BROKER_NL_ERR(info->extack, if_empty, "the queue holds messages");
		return -EBUSY;
	default:
		BROKER_NL_ERR(info->extack, if_unused, "the queue has consumers");
		return -EBUSY;
	}
}

int broker_nl_queue_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_queue *queue;
	int err;

	err = need_name(info);
	if (err)
		return err;
	mutex_lock(&broker->topology);
	queue = find_configurable_locked(broker, skb, info);
	err = IS_ERR(queue) ? PTR_ERR(queue) : delete_queue(queue, info);
	mutex_unlock(&broker->topology);
	return err;
}

static int put_purged(struct sk_buff *skb, const struct broker_nl_head *head, u64 purged)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr,
			     !hdr || nla_put_u64_64bit(skb, BROKER_A_QUEUE_PURGED, purged,
						       BROKER_A_QUEUE_PAD));
}

int broker_nl_queue_purge_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_queue *queue;
	struct sk_buff *reply;
	int err;

	err = need_name(info);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	mutex_lock(&broker->topology);
	queue = find_configurable_locked(broker, skb, info);
	err = IS_ERR(queue) ? PTR_ERR(queue) : refuse_protected(queue, info);
	if (!err)
		WARN_ON_ONCE(put_purged(reply, &head, broker_queue_purge(queue)));
	mutex_unlock(&broker->topology);
	return broker_nl_reply_changed(reply, info, err);
}
