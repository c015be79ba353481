// SPDX-License-Identifier: GPL-2.0
#include <linux/broker.h>

#include "access.h"
#include "admin.h"
#include "broker.h"
#include "entry.h"
#include "message.h"
#include "queue.h"
#include "reservation.h"
#include "schedule.h"
#include "sender.h"
#include "trace.h"

/* The entry of that sequence, wherever it is, unless somebody has it in hand. */
static struct broker_entry *find_locked(struct broker_queue *queue, u64 sequence)
{
	static const u32 states[] = {
		BROKER_MESSAGE_READY, BROKER_MESSAGE_DYING, BROKER_MESSAGE_QUARANTINED,
	};
	struct broker_entry *entry;
	u64 level;
	u32 i;

	lockdep_assert_held(&queue->lock);
	if (sequence > BROKER_PLACE_SEQUENCE)
		return NULL;
	entry = broker_entry_find(&queue->deferred, sequence);
	for (level = 0; !entry && level < BROKER_PRIORITIES_MAX; level++)
		for (i = 0; !entry && i < ARRAY_SIZE(states); i++)
			entry = broker_entry_find(broker_queue_tree(queue, states[i]),
						  level << BROKER_PLACE_LEVEL | sequence);
	for (level = 0; !entry && level < BROKER_PRIORITIES_MAX; level++)
		entry = broker_entry_find(&queue->blocked,
					  level << BROKER_PLACE_LEVEL | sequence);
	return entry;
}

static int delete_message(struct broker_queue *queue, struct sk_buff *skb, u64 sequence,
			  bool may_configure)
{
	struct broker_entry *entry, *waiting = NULL, *freed = NULL;
	int err = 0;

	spin_lock(&queue->lock);
	broker_queue_show_locked(queue);
	entry = find_locked(queue, sequence);
	if (!entry)
		entry = waiting = broker_schedule_find_locked(queue, sequence);
	if (!may_configure && !(waiting && broker_nl_is_user(skb, waiting->message->sender->uid)))
		err = -EACCES;
	else if (!entry)
		err = -ENODATA;
	if (!err) {
		broker_queue_detach_locked(queue, entry);
		trace_broker_drop(queue, entry, "purged");
		broker_queue_remove_locked(queue, entry, &freed);
		queue->stats.purged++;
		broker_queue_room_locked(queue);
		/* Another may have its turn now. */
		broker_queue_dispatch_locked(queue);
	}
	spin_unlock(&queue->lock);
	broker_entry_free_list(freed);
	return err;
}

/* The queue, with a reference; tells whether the caller may do with it what he likes. */
static struct broker_queue *get_queue(struct broker *broker, struct sk_buff *skb,
				      struct genl_info *info, bool *may_configure)
{
	const struct nlattr *name = info->attrs[BROKER_A_QUEUE_NAME];
	struct broker_queue *queue;

	rcu_read_lock();
	queue = broker_nl_find_queue(broker, name, info->extack);
	if (!IS_ERR(queue) && READ_ONCE(queue->protected)) {
		BROKER_NL_ERR(info->extack, name,
			      "the queue is protected: first set protected to off");
		queue = ERR_PTR(-EBUSY);
	}
	if (!IS_ERR(queue) && !broker_queue_tryget(queue))
		queue = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	if (!IS_ERR(queue))
		*may_configure = broker_may_netlink(broker, skb, &queue->access,
						    BROKER_MAY_CONFIGURE);
	return queue;
}

int broker_nl_queue_remove_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	const struct nlattr *sequence = info->attrs[BROKER_A_QUEUE_SEQUENCE];
	struct broker_queue *queue;
	bool may_configure;
	int err;

	if (BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_QUEUE_NAME,
			      "which queue? the name is missing") ||
	    BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_QUEUE_SEQUENCE,
			      "which message? its sequence is missing"))
		return -EINVAL;
	queue = get_queue(broker, skb, info, &may_configure);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = delete_message(queue, skb, nla_get_u64(sequence), may_configure);
	broker_queue_put(queue);
	if (err == -EACCES)
		BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_QUEUE_NAME],
			      "it takes x on the queue, or a message of yours that waits");
	else if (err == -ENODATA)
		BROKER_NL_ERR(info->extack, sequence,
			      "no message has this sequence, or somebody has it in hand");
	return err;
}
