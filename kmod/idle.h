/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_IDLE_H
#define _BROKER_IDLE_H

#include <linux/types.h>

struct broker_queue;

/**
 * DOC: Idle queues
 *
 * A queue with the setting expires is deleted, with what it holds, when so long
 * nobody has used it: it had no consumer, none was taken away from it, nobody has
 * published to it, be it in vain, and nobody has set anything of it.  (It is to pull
 * that takes a consumer, too; to browse is to look, and no use.)  While a queue is
 * protected it does not expire.
 *
 * The queue's timer does it.  That a queue was used only notes the time; the timer
 * goes off early then, looks, and is set again.
 */

/* Under queue.lock. */
void broker_idle_used_locked(struct broker_queue *queue);
void broker_idle_arm_locked(struct broker_queue *queue);
u64 broker_idle_next_locked(const struct broker_queue *queue);

void broker_idle_due(struct broker_queue *queue);

#endif /* _BROKER_IDLE_H */
