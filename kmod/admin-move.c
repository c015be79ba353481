// SPDX-License-Identifier: GPL-2.0
#include <linux/build_bug.h>
#include <linux/sched/signal.h>

#include <linux/broker.h>

#include "access.h"
#include "admin.h"
#include "broker.h"
#include "move.h"
#include "queue.h"
#include "selector.h"

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

/**
 * struct request - a queue-move request
 * @move: what it does
 * @broker: where
 * @skb: who asks
 */
struct request {
	struct broker_move move;
	struct broker *broker;
	struct sk_buff *skb;
};

static bool may_publish(struct broker_move *move, struct broker_queue *to)
{
	struct request *request = container_of(move, struct request, move);

	return broker_may_netlink(request->broker, request->skb, &to->access, BROKER_MAY_PUBLISH);
}

static int check(struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;

	if (BROKER_NL_MISSING(info->extack, attrs, BROKER_A_QUEUE_NAME,
			      "which queue? the name is missing"))
		return -EINVAL;
	if (!attrs[BROKER_A_QUEUE_BACK])
		return BROKER_NL_MISSING(info->extack, attrs, BROKER_A_QUEUE_TO_QUEUE,
					 "to which queue? its name is missing") ? -EINVAL : 0;
	if (attrs[BROKER_A_QUEUE_TO_QUEUE]) {
		BROKER_NL_ERR(info->extack, attrs[BROKER_A_QUEUE_TO_QUEUE],
			      "either back or to a queue, not both");
		return -EINVAL;
	}
	if (attrs[BROKER_A_QUEUE_COPY]) {
		BROKER_NL_ERR(info->extack, attrs[BROKER_A_QUEUE_COPY],
			      "what goes back cannot stay");
		return -EINVAL;
	}
	return 0;
}

static int get_queues(struct request *request, struct genl_info *info)
{
	const struct nlattr *to_queue = info->attrs[BROKER_A_QUEUE_TO_QUEUE];
	struct broker_move *move = &request->move;
	struct broker_queue *queue;

	lockdep_assert_held(&request->broker->topology);
	queue = get_queue(request->broker, request->skb, info->attrs[BROKER_A_QUEUE_NAME],
			  BROKER_MAY_CONFIGURE, info->extack);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	move->from = queue;
	if (!to_queue)
		return 0;
	queue = get_queue(request->broker, request->skb, to_queue, BROKER_MAY_PUBLISH,
			  info->extack);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	move->to = queue;
	if (move->from != queue || (!move->copy && move->state != BROKER_MESSAGE_READY))
		return 0;
	BROKER_NL_ERR(info->extack, to_queue, "a queue is not moved to itself");
	return -EINVAL;
}

/* What was set up is to be put, whatever comes of it. */
static int set_up(struct request *request, struct genl_info *info)
{
	const struct nlattr *limit = info->attrs[BROKER_A_QUEUE_LIMIT];
	const struct nlattr *state = info->attrs[BROKER_A_QUEUE_STATE];
	const struct nlattr *cursor = info->attrs[BROKER_A_QUEUE_CURSOR];
	struct broker_move *move = &request->move;
	struct broker_selector *selector;
	int err;

	BUILD_BUG_ON((int)BROKER_HELD_STATE_QUARANTINED != (int)BROKER_MESSAGE_QUARANTINED);
	move->may = may_publish;
	move->state = state ? nla_get_u32(state) : BROKER_MESSAGE_READY;
	move->copy = info->attrs[BROKER_A_QUEUE_COPY];
	move->dry_run = info->attrs[BROKER_A_QUEUE_DRY_RUN];
	move->left = limit ? nla_get_u32(limit) : U64_MAX;
	if (move->state == BROKER_MESSAGE_DYING) {
		BROKER_NL_ERR(info->extack, state, "dying messages are being moved already");
		return -EINVAL;
	}
	selector = broker_nl_parse_filter(info->attrs[BROKER_A_QUEUE_FILTER], NULL, info->extack);
	if (IS_ERR(selector))
		return PTR_ERR(selector);
	move->selector = selector;

	mutex_lock(&request->broker->topology);
	err = get_queues(request, info);
	mutex_unlock(&request->broker->topology);
	if (err)
		return err;
	if (cursor)
		memcpy(&move->cursor, nla_data(cursor), sizeof(move->cursor));
	else
		broker_move_start(move->from, &move->cursor);
	return 0;
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

static int put_moved(struct sk_buff *skb, const struct broker_nl_head *head,
		     const struct broker_move *move, int err)
{
	void *hdr = broker_nl_begin(skb, head);

	BUILD_BUG_ON(sizeof(move->cursor) != 24);
	return broker_nl_end(skb, hdr,
			     !hdr || nla_put_u64_64bit(skb, BROKER_A_QUEUE_MOVED, move->moved,
						       BROKER_A_QUEUE_PAD) ||
			     nla_put_u64_64bit(skb, BROKER_A_QUEUE_SKIPPED, move->skipped,
					       BROKER_A_QUEUE_PAD) ||
			     nla_put(skb, BROKER_A_QUEUE_CURSOR, sizeof(move->cursor),
				     &move->cursor) ||
			     (err && nla_put_u32(skb, BROKER_A_QUEUE_ERROR, -err)));
}

int broker_nl_queue_move_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct request request = {
		.broker = broker_of_net(genl_info_net(info)),
		.skb = skb,
	};
	struct sk_buff *reply;
	int err;

	err = check(info);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	err = set_up(&request, info);
	if (!err) {
		int stopped = move_all(request.broker, &request.move);

		WARN_ON_ONCE(put_moved(reply, &head, &request.move, stopped));
	}
	broker_queue_put(request.move.to);
	broker_queue_put(request.move.from);
	broker_selector_free(request.move.selector);
	return broker_nl_reply_changed(reply, info, err);
}
