// SPDX-License-Identifier: GPL-2.0
#include "access.h"
#include "admin.h"
#include "broker.h"
#include "queue.h"
#include "state.h"

/* @with_data: not in a list, whose parts it might not fit. */
static int put_state(struct sk_buff *skb, const struct broker_nl_head *head,
		     const struct broker_queue *queue, const void *key, size_t key_len,
		     const struct broker_blob *blob, bool with_data)
{
	void *hdr = broker_nl_begin(skb, head);

	BUILD_BUG_ON(BROKER_STATE_MAX != BROKER_MAX_STATE);
	return broker_nl_end(skb, hdr,
			     !hdr || nla_put_string(skb, BROKER_A_STATE_QUEUE, queue->name) ||
			     nla_put(skb, BROKER_A_STATE_KEY, key_len, key) ||
			     nla_put_u32(skb, BROKER_A_STATE_BYTES, blob->len) ||
			     nla_put_u64_64bit(skb, BROKER_A_STATE_TIME, blob->time,
					       BROKER_A_STATE_PAD) ||
			     (with_data && nla_put(skb, BROKER_A_STATE_DATA, blob->len,
						   blob->data)));
}

static int need_key(struct genl_info *info)
{
	return BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_STATE_KEY,
				 "the state of which key? it is missing") ? -EINVAL : 0;
}

static int no_state(struct genl_info *info)
{
	BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_STATE_KEY],
		      "the queue keeps no state of this key");
	return -ENOENT;
}

/* The queue that a request names, with a reference. */
static struct broker_queue *get_queue(struct broker *broker, struct sk_buff *skb,
				      struct nlattr **attrs, unsigned int want,
				      struct netlink_ext_ack *extack)
{
	const struct nlattr *name = attrs[BROKER_A_STATE_QUEUE];
	struct broker_queue *queue;

	if (BROKER_NL_MISSING(extack, attrs, BROKER_A_STATE_QUEUE,
			      "states of which queue? its name is missing"))
		return ERR_PTR(-EINVAL);
	rcu_read_lock();
	queue = broker_nl_find_queue(broker, name, extack);
	if (!IS_ERR(queue) && !broker_queue_tryget(queue))
		queue = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	if (IS_ERR(queue) || broker_may_netlink(broker, skb, &queue->access, want))
		return queue;
	BROKER_NL_ERR(extack, name,
		      "you may not consume from (r), or configure (x), this queue");
	broker_queue_put(queue);
	return ERR_PTR(-EACCES);
}

/* The state of a key, with a reference; NULL: there is none. */
static struct broker_blob *get_blob(struct broker_queue *queue, const struct nlattr *key)
{
	struct broker_key_state *state;
	struct broker_blob *blob;

	spin_lock(&queue->lock);
	state = broker_state_find_locked(queue, nla_data(key), nla_len(key));
	blob = broker_blob_get(state ? state->blob : NULL);
	spin_unlock(&queue->lock);
	return blob;
}

int broker_nl_state_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	const struct nlattr *key = info->attrs[BROKER_A_STATE_KEY];
	struct broker_queue *queue;
	struct sk_buff *reply;
	struct broker_blob *blob;
	int err;

	queue = get_queue(broker_of_net(genl_info_net(info)), skb, info->attrs,
			  BROKER_MAY_CONSUME, info->extack);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = need_key(info);
	if (err)
		goto out;
	blob = get_blob(queue, key);
	if (!blob) {
		err = no_state(info);
		goto out;
	}
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE + nla_total_size(blob->len), GFP_KERNEL);
	err = -ENOMEM;
	if (reply) {
		err = put_state(reply, &head, queue, nla_data(key), nla_len(key), blob, true);
		err = broker_nl_reply(reply, info, err);
	}
	broker_blob_put(blob);
out:
	broker_queue_put(queue);
	return err;
}

/*
 * Keeps the hash of the key that comes next, and how many of that very hash were
 * shown: what is there all the time is shown once, whatever else comes and goes.
 */
int broker_nl_state_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_key_state *state;
	struct broker_queue *queue;
	struct rb_node *node;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_STATE_KEY);
	if (err)
		return err;
	queue = get_queue(broker, cb->skb, genl_info_dump(cb)->attrs, BROKER_MAY_CONSUME,
			  cb->extack);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	spin_lock(&queue->lock);
	state = broker_state_after_locked(queue, cb->args[0], cb->args[1]);
	while (state) {
		if (state->blob)
			err = put_state(skb, &head, queue, state->key, state->key_len,
					state->blob, false);
		if (err)
			break;
		cb->args[1] = state->hash == (u32)cb->args[0] ? cb->args[1] + 1 : 1;
		cb->args[0] = state->hash;
		node = rb_next(&state->node);
		state = rb_entry_safe(node, struct broker_key_state, node);
	}
	spin_unlock(&queue->lock);
	broker_queue_put(queue);
	return broker_nl_dump_end(skb, err);
}

int broker_nl_state_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *key = info->attrs[BROKER_A_STATE_KEY];
	struct broker_queue *queue;
	int err;

	queue = get_queue(broker_of_net(genl_info_net(info)), skb, info->attrs,
			  BROKER_MAY_CONFIGURE, info->extack);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = need_key(info);
	if (!err && READ_ONCE(queue->protected)) {
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_STATE_QUEUE],
			      "the queue is protected: first set protected to off");
		err = -EBUSY;
	}
	if (!err && !broker_state_delete(queue, nla_data(key), nla_len(key)))
		err = no_state(info);
	broker_queue_put(queue);
	return err;
}
