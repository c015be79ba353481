// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#include "admin.h"
#include "audit.h"
#include "broker.h"
#include "name.h"

static int (*audit_handlers[BROKER_CMD_MAX + 1])(struct sk_buff *skb,
						 struct genl_info *info) __ro_after_init;
/* Attributes that a command takes: there are no more in genl_info.attrs. */
static u8 audit_max[BROKER_CMD_MAX + 1] __ro_after_init;
static struct genl_ops audit_ops[BROKER_CMD_MAX + 1] __ro_after_init;

/* Which attributes of a request name what it is about; 0: none does. */
static const struct {
	u8 name;
	u8 to;
	u8 or_to;
	u8 key;
} audit_names[BROKER_CMD_MAX + 1] = {
	[BROKER_CMD_EXCHANGE_NEW... BROKER_CMD_EXCHANGE_DEL] = {
		.name = BROKER_A_EXCHANGE_NAME,
	},
	[BROKER_CMD_QUEUE_NEW... BROKER_CMD_QUEUE_PURGE] = {
		.name = BROKER_A_QUEUE_NAME,
	},
	[BROKER_CMD_QUEUE_REMOVE] = { .name = BROKER_A_QUEUE_NAME },
	[BROKER_CMD_POLICY_NEW ... BROKER_CMD_POLICY_DEL] = {
		.name = BROKER_A_QUEUE_NAME, .key = BROKER_A_QUEUE_PATTERN,
	},
	[BROKER_CMD_QUEUE_MOVE] = { BROKER_A_QUEUE_NAME, BROKER_A_QUEUE_TO_QUEUE },
	[BROKER_CMD_ACL_NEW ... BROKER_CMD_ACL_DEL] = {
		.name = BROKER_A_ACL_EXCHANGE, .key = BROKER_A_ACL_PATTERN,
	},
	[BROKER_CMD_BINDING_NEW ... BROKER_CMD_BINDING_DEL] = {
		BROKER_A_BINDING_EXCHANGE, BROKER_A_BINDING_QUEUE,
		BROKER_A_BINDING_TO_EXCHANGE, BROKER_A_BINDING_KEY,
	},
	[BROKER_CMD_SCHEDULE_NEW ... BROKER_CMD_SCHEDULE_DEL] = {
		.name = BROKER_A_SCHEDULE_NAME, .to = BROKER_A_SCHEDULE_EXCHANGE,
		.key = BROKER_A_SCHEDULE_KEY,
	},
	[BROKER_CMD_RETAINED_DEL] = {
		.name = BROKER_A_RETAINED_EXCHANGE, .key = BROKER_A_RETAINED_KEY,
	},
	[BROKER_CMD_STATE_DEL] = { .name = BROKER_A_STATE_QUEUE },
};

/* How many attributes there are in @info->attrs, number 0 among them. */
unsigned int broker_audit_attrs(const struct genl_info *info)
{
	return audit_max[info->genlhdr->cmd] + 1;
}

static int put_text(struct sk_buff *skb, int type, const struct genl_info *info, u8 from)
{
	bool known = from && from <= audit_max[info->genlhdr->cmd];
	const struct nlattr *attr = known ? info->attrs[from] : NULL;

	return attr ? nla_put_string(skb, type, nla_data(attr)) : 0;
}

/* A limit has no name: it is told whose it is. */
static int put_limit(struct sk_buff *skb, const struct broker_nl_head *head,
		     const struct genl_info *info)
{
	const struct nlattr *uid = info->attrs[BROKER_A_LIMIT_UID];
	const struct nlattr *cgroup = info->attrs[BROKER_A_LIMIT_CGROUP];
	char name[32] = "default-user";

	if (uid)
		snprintf(name, sizeof(name), "user %u",
			 from_kuid_munged(head->user_ns, make_kuid(current_user_ns(),
								   nla_get_u32(uid))));
	else if (cgroup)
		snprintf(name, sizeof(name), "cgroup %llu", nla_get_u64(cgroup));
	return nla_put_string(skb, BROKER_A_AUDIT_NAME, name);
}

/* Nor has a consumer: the session's number, and its own. */
static int put_consumer(struct sk_buff *skb, const struct genl_info *info)
{
	const struct nlattr *session = info->attrs[BROKER_A_CONSUMER_SESSION];
	const struct nlattr *id = info->attrs[BROKER_A_CONSUMER_ID];
	char name[40];

	if (!session || !id)
		return 0;
	snprintf(name, sizeof(name), "%llu/%u", nla_get_u64(session), nla_get_u32(id));
	return nla_put_string(skb, BROKER_A_AUDIT_NAME, name);
}

/* The key of a state may be any bytes: of what is no text, the first are told in hexadecimal. */
static int put_state_key(struct sk_buff *skb, const struct genl_info *info)
{
	const struct nlattr *key = info->attrs[BROKER_A_STATE_KEY];
	char text[BROKER_NAME_MAX + 1];

	if (!key)
		return 0;
	if (broker_key_check(nla_data(key), nla_len(key)))
		snprintf(text, sizeof(text), "%*phN", min(nla_len(key), 64), nla_data(key));
	else
		snprintf(text, sizeof(text), "%.*s", nla_len(key), (char *)nla_data(key));
	return nla_put_string(skb, BROKER_A_AUDIT_KEY, text);
}

static int put_names(struct sk_buff *skb, const struct broker_nl_head *head,
		     const struct genl_info *info)
{
	u8 cmd = info->genlhdr->cmd;

	if (cmd >= BROKER_CMD_LIMIT_NEW && cmd <= BROKER_CMD_LIMIT_DEL)
		return put_limit(skb, head, info);
	if (cmd == BROKER_CMD_CONSUMER_SET)
		return put_consumer(skb, info);
	if (cmd == BROKER_CMD_STATE_DEL && put_state_key(skb, info))
		return -EMSGSIZE;
	return put_text(skb, BROKER_A_AUDIT_NAME, info, audit_names[cmd].name) ||
	       put_text(skb, BROKER_A_AUDIT_TO, info, audit_names[cmd].to) ||
	       put_text(skb, BROKER_A_AUDIT_TO, info, audit_names[cmd].or_to) ||
	       put_text(skb, BROKER_A_AUDIT_KEY, info, audit_names[cmd].key);
}

static int put_record(struct sk_buff *skb, const struct broker_nl_head *head,
		      const struct genl_info *info, int err)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, current);
	return nla_put_u32(skb, BROKER_A_AUDIT_OPERATION, info->genlhdr->cmd) ||
	       put_names(skb, head, info) ||
	       broker_nl_put_uid(skb, head, BROKER_A_AUDIT_UID, current_euid()) ||
	       broker_nl_put_pid(skb, head, BROKER_A_AUDIT_PID, task_tgid(current)) ||
	       nla_put_string(skb, BROKER_A_AUDIT_COMM, comm) ||
	       nla_put_u32(skb, BROKER_A_AUDIT_ERROR, -err) ||
	       (err && info->extack && info->extack->_msg &&
		nla_put_string(skb, BROKER_A_AUDIT_REASON, info->extack->_msg));
}

static void audit_send(struct genl_info *info, int err)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_event(broker, BROKER_CMD_AUDIT_NTF);
	struct sk_buff *skb;
	void *hdr;

	if (!genl_has_listeners(&broker_nl_family, broker->net, BROKER_NLGRP_AUDIT))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb) {
		genl_set_err(&broker_nl_family, broker->net, 0, BROKER_NLGRP_AUDIT, -ENOBUFS);
		return;
	}
	hdr = broker_nl_begin(skb, &head);
	if (WARN_ON_ONCE(broker_nl_end(skb, hdr, !hdr || put_record(skb, &head, info, err))))
		nlmsg_free(skb);
	else
		genlmsg_multicast_netns(&broker_nl_family, broker->net, skb, 0,
					BROKER_NLGRP_AUDIT, GFP_KERNEL);
}

static int audit_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = audit_handlers[info->genlhdr->cmd](skb, info);

	audit_send(info, err);
	return err;
}

/* All but those that only look: what can be listed, and the broker's own counts. */
static bool __init audit_wants(const struct genl_ops *op)
{
	return op->doit && !op->dumpit && op->cmd != BROKER_CMD_BROKER_GET;
}

void __init broker_audit_init(void)
{
	unsigned int i;

	for (i = 0; i < broker_nl_family.n_ops; i++) {
		audit_ops[i] = broker_nl_family.ops[i];
		if (!audit_wants(&audit_ops[i]))
			continue;
		audit_handlers[audit_ops[i].cmd] = audit_ops[i].doit;
		audit_max[audit_ops[i].cmd] = audit_ops[i].maxattr;
		audit_ops[i].doit = audit_doit;
	}
	broker_nl_family.ops = audit_ops;
}
