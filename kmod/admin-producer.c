// SPDX-License-Identifier: GPL-2.0
#include "access.h"
#include "admin.h"
#include "broker.h"
#include "dedupe.h"
#include "queue.h"

static int put_producer(struct sk_buff *skb, const struct broker_nl_head *head,
			const struct broker_queue *queue, const char *name, kuid_t uid, u64 last)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr,
			     !hdr || nla_put_string(skb, BROKER_A_PRODUCER_QUEUE, queue->name) ||
			     nla_put_string(skb, BROKER_A_PRODUCER_NAME, name) ||
			     broker_nl_put_uid(skb, head, BROKER_A_PRODUCER_UID, uid) ||
			     nla_put_u64_64bit(skb, BROKER_A_PRODUCER_LAST, last,
					       BROKER_A_PRODUCER_PAD));
}

static int need_queue(struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	return BROKER_NL_MISSING(extack, attrs, BROKER_A_PRODUCER_QUEUE,
				 "producers of which queue? its name is missing") ? -EINVAL : 0;
}

static int need_name(struct genl_info *info)
{
	return BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_PRODUCER_NAME,
				 "which producer? its name is missing") ? -EINVAL : 0;
}

/* The queue that a request names, with a reference. */
static struct broker_queue *get_queue(struct broker *broker, struct nlattr **attrs,
				      struct netlink_ext_ack *extack)
{
	struct broker_queue *queue;

	rcu_read_lock();
	queue = broker_nl_find_queue(broker, attrs[BROKER_A_PRODUCER_QUEUE], extack);
	if (!IS_ERR(queue) && !broker_queue_tryget(queue))
		queue = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	return queue;
}

/* Whether the caller may know of other users' producers. */
static int check_others(struct broker_queue *queue, struct sk_buff *skb, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	if (broker_may_netlink(queue->broker, skb, &queue->access, BROKER_MAY_CONFIGURE))
		return 0;
	BROKER_NL_ERR(extack, attr,
		      "to see producers of other users you need to configure (x) the queue");
	return -EACCES;
}

/* Whose producer a request is about. */
static int parse_user(struct broker_queue *queue, struct sk_buff *skb, struct genl_info *info,
		      kuid_t *uid)
{
	const struct nlattr *attr = info->attrs[BROKER_A_PRODUCER_UID];

	*uid = attr ? make_kuid(current_user_ns(), nla_get_u32(attr)) : current_euid();
	if (!uid_valid(*uid)) {
		BROKER_NL_ERR(info->extack, attr, "no such user in this namespace");
		return -EINVAL;
	}
	return broker_nl_is_user(skb, *uid) ? 0 :
	       check_others(queue, skb, attr ?: info->attrs[BROKER_A_PRODUCER_QUEUE],
			    info->extack);
}

int broker_nl_producer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	const struct nlattr *name = info->attrs[BROKER_A_PRODUCER_NAME];
	struct broker_queue *queue;
	struct sk_buff *reply;
	kuid_t uid;
	u64 last;
	int err;

	err = need_queue(info->attrs, info->extack) ?: need_name(info) ?:
	      broker_nl_check_name(name, info->extack);
	if (err)
		return err;
	queue = get_queue(broker_of_net(genl_info_net(info)), info->attrs, info->extack);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = parse_user(queue, skb, info, &uid);
	if (err)
		goto out;
	err = -ENOMEM;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		goto out;
	last = broker_producer_last(queue, uid, nla_data(name), broker_nl_len(name));
	err = put_producer(reply, &head, queue, nla_data(name), uid, last);
	err = broker_nl_reply(reply, info, err);
out:
	broker_queue_put(queue);
	return err;
}

/* By user and name; one that comes or goes meanwhile makes the dump inconsistent. */
int broker_nl_producer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct broker_queue *queue;
	struct rb_node *node;
	long shown = 0;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_PRODUCER_NAME) ?:
	      broker_nl_dump_refuse(cb, BROKER_A_PRODUCER_UID) ?: need_queue(attrs, cb->extack);
	if (err)
		return err;
	queue = get_queue(broker, attrs, cb->extack);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = check_others(queue, cb->skb, attrs[BROKER_A_PRODUCER_QUEUE], cb->extack);
	if (err)
		goto out;
	spin_lock(&queue->lock);
	cb->seq = queue->producers.changes;
	for (node = rb_first(&queue->producers.tree); node; node = rb_next(node)) {
		const struct broker_mark *mark = rb_entry(node, struct broker_mark, node);

		if (shown++ < cb->args[0])
			continue;
		err = put_producer(skb, &head, queue, mark->name, mark->uid, mark->number);
		if (err)
			break;
		cb->args[0] = shown;
	}
	spin_unlock(&queue->lock);
out:
	broker_queue_put(queue);
	return broker_nl_dump_end(skb, err);
}
