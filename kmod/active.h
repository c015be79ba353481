/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_ACTIVE_H
#define _BROKER_ACTIVE_H

struct broker_consumer;
struct broker_queue;

/**
 * DOC: Single-active queues
 *
 * Of all consumers of a queue that is single-active one is *active* and gets all
 * messages; the others stand by, those of a higher priority first, and then in the
 * order in which they came.  The next one is promoted when the active one has
 * ended, or is hung (lease.h), or when one of a higher priority stands by.
 *
 * Nobody is promoted while any message of the queue is in anybody's hands: what the
 * active one has received it may still settle, or lose, and it gets nothing more
 * meanwhile; what is only on its way to it is taken back.  So there are never two at
 * work, and what comes back comes before all that nobody has seen.
 *
 * Who is active is found out by whoever dispatches, under queue.lock; the clock's
 * work tells of it.
 */

/* Under queue.lock; both may drop it in between. */
struct broker_consumer *broker_active_elect_locked(struct broker_queue *queue);
void broker_active_begin_locked(struct broker_queue *queue);

/* Under queue.lock: a consumer is attached, or has ended. */
void broker_active_join_locked(struct broker_consumer *consumer);
void broker_active_leave_locked(struct broker_consumer *consumer);

/* Without it. */
void broker_active_tell(struct broker_queue *queue);

#endif /* _BROKER_ACTIVE_H */
