// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>

#include <uapi/linux/broker_netlink.h>

#include "broker.h"
#include "idle.h"
#include "queue.h"
#include "schedule.h"
#include "timer.h"

/* When to try again while the topology is being changed: other timers are not to wait. */
#define IDLE_AGAIN_NS	(10 * NSEC_PER_MSEC)

void broker_idle_used_locked(struct broker_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	if (queue->settings.expires)
		queue->used = broker_now();
}

/* Its time begins: nobody consumes any more, or it is another time. */
void broker_idle_arm_locked(struct broker_queue *queue)
{
	broker_idle_used_locked(queue);
	broker_schedule_arm_locked(queue, broker_idle_next_locked(queue));
}

/* When it is over, if nobody uses it until then. */
u64 broker_idle_next_locked(const struct broker_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	if (!queue->settings.expires || queue->nr_consumers || READ_ONCE(queue->protected))
		return BROKER_NEVER;
	return queue->used + queue->settings.expires;
}

static bool idle_is_over_locked(const struct broker_queue *queue)
{
	return !queue->dead && broker_idle_next_locked(queue) <= broker_now();
}

/**
 * broker_idle_due() - Delete a queue that nobody has used for long enough
 * @queue: with a reference; no lock is held
 */
void broker_idle_due(struct broker_queue *queue)
{
	struct broker *broker = queue->broker;
	bool over;

	spin_lock(&queue->lock);
	over = idle_is_over_locked(queue);
	spin_unlock(&queue->lock);
	if (!over)
		return;
	if (!mutex_trylock(&broker->topology)) {
		spin_lock(&queue->lock);
		broker_schedule_arm_locked(queue, broker_now() + IDLE_AGAIN_NS);
		spin_unlock(&queue->lock);
		return;
	}
	spin_lock(&queue->lock);
	/* Who comes between this and the deletion finds it dead. */
	over = idle_is_over_locked(queue);
	if (over)
		WRITE_ONCE(queue->dead, true);
	spin_unlock(&queue->lock);
	if (over)
		broker_queue_delete(queue, BROKER_QUEUE_END_EXPIRED);
	mutex_unlock(&broker->topology);
}
