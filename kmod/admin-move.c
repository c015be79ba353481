// SPDX-License-Identifier: GPL-2.0
#include <linux/sched/signal.h>

#include "access.h"
#include "admin.h"
#include "broker.h"
#include "move.h"
#include "queue.h"

/* One of the two queues, with a reference; the caller needs @may on it. */
static struct broker_queue *get_queue(struct broker *broker, struct sk_buff *skb,
				      const struct nlattr *name, int may,
				      struct netlink_ext_ack *extack)
{
	struct broker_queue *queue;

	lockdep_assert_held(&broker->topology);
	queue = broker_nl_find_queue(broker, name, extack);
	if (IS_ERR(queue))
		return queue;
	if (!broker_may_netlink(broker, skb, &queue->access, may)) {
		if (may == BROKER_MAY_CONFIGURE)
			BROKER_NL_ERR(extack, name, "you may not configure (x) this queue");
		else
			BROKER_NL_ERR(extack, name, "you may not publish (w) to this queue");
		return ERR_PTR(-EACCES);
	}
	return broker_queue_tryget(queue) ? queue : ERR_PTR(-ENOENT);
}

static int get_queues(struct broker *broker, struct sk_buff *skb, struct genl_info *info,
		      struct broker_move *move)
{
	const struct nlattr *limit = info->attrs[BROKER_A_QUEUE_LIMIT];
	struct broker_queue *from, *to;

	lockdep_assert_held(&broker->topology);
	from = get_queue(broker, skb, info->attrs[BROKER_A_QUEUE_NAME], BROKER_MAY_CONFIGURE,
			 info->extack);
	if (IS_ERR(from))
		return PTR_ERR(from);
	to = get_queue(broker, skb, info->attrs[BROKER_A_QUEUE_TO_QUEUE], BROKER_MAY_PUBLISH,
		       info->extack);
	if (IS_ERR(to)) {
		broker_queue_put(from);
		return PTR_ERR(to);
	}
	broker_move_init(move, from, to, info->attrs[BROKER_A_QUEUE_COPY],
			 limit ? nla_get_u32(limit) : U64_MAX);
	if (from != to)
		return 0;
	BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_QUEUE_TO_QUEUE],
		      "a queue is not moved to itself");
	broker_queue_put(from);
	broker_queue_put(to);
	return -EINVAL;
}

/* Locks the topology for a few messages at a time. */
static int move_all(struct broker *broker, struct broker_move *move)
{
	int more;

	do {
		mutex_lock(&broker->topology);
		more = broker_move_some(move);
		mutex_unlock(&broker->topology);
		cond_resched();
		if (more > 0 && fatal_signal_pending(current))
			more = -EINTR;
	} while (more > 0);
	return more;
}

static int put_moved(struct sk_buff *skb, const struct broker_nl_head *head, u64 moved, int err)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr,
			     !hdr || nla_put_u64_64bit(skb, BROKER_A_QUEUE_MOVED, moved,
						       BROKER_A_QUEUE_PAD) ||
			     (err && nla_put_u32(skb, BROKER_A_QUEUE_ERROR, -err)));
}

int broker_nl_queue_move_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_move move;
	struct sk_buff *reply;
	int err;

	if (BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_QUEUE_NAME,
			      "which queue? the name is missing") ||
	    BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_QUEUE_TO_QUEUE,
			      "to which queue? its name is missing"))
		return -EINVAL;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	mutex_lock(&broker->topology);
	err = get_queues(broker, skb, info, &move);
	mutex_unlock(&broker->topology);
	if (!err) {
		int stopped = move_all(broker, &move);

		WARN_ON_ONCE(put_moved(reply, &head, move.moved, stopped));
		broker_queue_put(move.from);
		broker_queue_put(move.to);
	}
	return broker_nl_reply_changed(reply, info, err);
}
