// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/rcupdate_wait.h>

#include "access.h"
#include "admin.h"
#include "broker.h"
#include "queue.h"
#include "reservation.h"

/**
 * struct queue_sums - what all queues hold
 * @ready: messages waiting (owner: the request)
 * @unacked: messages with consumers (owner: the request)
 * @bytes: of both (owner: the request)
 */
struct queue_sums {
	u64 ready;
	u64 unacked;
	u64 bytes;
};

static void sum_queues(struct broker *broker, struct queue_sums *sums)
{
	struct broker_queue *queue;
	unsigned long id;

	rcu_read_lock();
	xa_for_each(&broker->queue_ids, id, queue) {
		sums->ready += READ_ONCE(queue->nr_ready);
		sums->unacked += READ_ONCE(queue->nr_unacked);
		sums->bytes += READ_ONCE(queue->bytes);
		cond_resched_rcu();
	}
	rcu_read_unlock();
}

static int put_counts(struct sk_buff *skb, struct broker *broker)
{
	return nla_put_u32(skb, BROKER_A_STATUS_EXCHANGES, READ_ONCE(broker->nr_exchanges)) ||
	       nla_put_u32(skb, BROKER_A_STATUS_QUEUES, READ_ONCE(broker->nr_queues)) ||
	       nla_put_u32(skb, BROKER_A_STATUS_BINDINGS, READ_ONCE(broker->nr_bindings)) ||
	       nla_put_u32(skb, BROKER_A_STATUS_CONSUMERS, atomic_read(&broker->nr_consumers)) ||
	       nla_put_u32(skb, BROKER_A_STATUS_SESSIONS, atomic_read(&broker->nr_sessions));
}

static int put_settings(struct sk_buff *skb, struct broker *broker)
{
	return nla_put_u32(skb, BROKER_A_STATUS_DEFAULT_MAX_MESSAGES,
			   READ_ONCE(broker->default_max_messages)) ||
	       nla_put_u64_64bit(skb, BROKER_A_STATUS_DEFAULT_MAX_BYTES,
				 READ_ONCE(broker->default_max_bytes), BROKER_A_STATUS_PAD) ||
	       nla_put_u32(skb, BROKER_A_STATUS_DEFAULT_OVERFLOW,
			   READ_ONCE(broker->default_overflow)) ||
	       nla_put_u32(skb, BROKER_A_STATUS_DRAINING, READ_ONCE(broker->draining));
}

static int put_sums(struct sk_buff *skb, struct broker *broker)
{
	struct queue_sums sums = {};

	sum_queues(broker, &sums);
	return nla_put_u64_64bit(skb, BROKER_A_STATUS_READY, sums.ready, BROKER_A_STATUS_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_STATUS_UNACKED, sums.unacked,
				 BROKER_A_STATUS_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_STATUS_BYTES, sums.bytes, BROKER_A_STATUS_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_STATUS_PUBLISHED,
				 broker_stats_sum(broker->stats, published),
				 BROKER_A_STATUS_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_STATUS_UNROUTABLE,
				 broker_stats_sum(broker->stats, unroutable),
				 BROKER_A_STATUS_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_STATUS_REFUSED,
				 broker_stats_sum(broker->stats, refused), BROKER_A_STATUS_PAD);
}

int broker_nl_broker_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	const char *version = THIS_MODULE->version ?: "unknown";
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = broker_nl_begin(reply, &head);
	err = !hdr || nla_put_string(reply, BROKER_A_STATUS_VERSION, version) ||
	      put_counts(reply, broker) || put_settings(reply, broker) ||
	      put_sums(reply, broker);
	return broker_nl_reply(reply, info, broker_nl_end(reply, hdr, err));
}

/* Publishers that wait, or poll, for room wait no longer once nothing may be published. */
static void set_draining_locked(struct broker *broker, bool draining)
{
	struct broker_queue *queue;
	unsigned long id;

	lockdep_assert_held(&broker->topology);
	WRITE_ONCE(broker->draining, draining);
	xa_for_each(&broker->queue_ids, id, queue) {
		spin_lock(&queue->lock);
		broker_queue_room_locked(queue);
		spin_unlock(&queue->lock);
		cond_resched();
	}
}

int broker_nl_broker_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct nlattr **attrs = info->attrs;
	int err = broker_nl_need_admin(broker, skb, info->extack);

	if (err)
		return err;

	mutex_lock(&broker->topology);
	if (attrs[BROKER_A_STATUS_DEFAULT_MAX_MESSAGES])
		WRITE_ONCE(broker->default_max_messages,
			   nla_get_u32(attrs[BROKER_A_STATUS_DEFAULT_MAX_MESSAGES]));
	if (attrs[BROKER_A_STATUS_DEFAULT_MAX_BYTES])
		WRITE_ONCE(broker->default_max_bytes,
			   nla_get_u64(attrs[BROKER_A_STATUS_DEFAULT_MAX_BYTES]));
	if (attrs[BROKER_A_STATUS_DEFAULT_OVERFLOW])
		WRITE_ONCE(broker->default_overflow,
			   nla_get_u32(attrs[BROKER_A_STATUS_DEFAULT_OVERFLOW]));
	if (attrs[BROKER_A_STATUS_DRAINING])
		set_draining_locked(broker, nla_get_u32(attrs[BROKER_A_STATUS_DRAINING]));
	mutex_unlock(&broker->topology);
	return 0;
}
