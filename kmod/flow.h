/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_FLOW_H
#define _BROKER_FLOW_H

#include <linux/atomic.h>
#include <linux/types.h>

struct broker_consumer;
struct broker_queue;

/**
 * DOC: Flow
 *
 * A queue that is paused gives its consumers nothing, and takes back what is on
 * its way to them and not yet received; what they have received is theirs to
 * settle.  Publishers notice nothing, unless it runs full.  A consumer can be paused
 * for itself; the others go on, but those that stand by for it (active.h) stand by,
 * since it may still hold messages.  Who receives waits on, as if there were nothing.  A
 * pause ends when it is told to, or when its time is over.
 *
 * A queue with a rate gives its consumers no more messages a second than that, and
 * after a while without any a burst at once.  What counts is that a consumer is
 * given a message, which it then may receive; one that comes back counts again.
 */

/**
 * struct broker_pause - whether something stands still
 * @on: it does (queue.lock)
 * @until: when it goes on by itself; BROKER_NEVER: not at all (queue.lock)
 */
struct broker_pause {
	bool on;
	u64 until;
};

/**
 * struct broker_flow - whether a queue hands out, and how fast
 * @pause: not now (queue.lock)
 * @tokens: see bucket.h (queue.lock)
 */
struct broker_flow {
	struct broker_pause pause;
	atomic64_t tokens;
};

/* Under queue.lock. */
void broker_pause_set(struct broker_pause *pause, bool on, u64 time);
u64 broker_pause_left(const struct broker_pause *pause);
bool broker_pause_end(struct broker_pause *pause, u64 now);
bool broker_flow_may_locked(struct broker_queue *queue);
void broker_flow_given_locked(struct broker_queue *queue);
u64 broker_flow_next_locked(const struct broker_queue *queue);
void broker_flow_withdraw_locked(struct broker_queue *queue);

int broker_flow_pause_consumer(struct broker_consumer *consumer, bool on, u64 time);

#endif /* _BROKER_FLOW_H */
