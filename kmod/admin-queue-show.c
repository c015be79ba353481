// SPDX-License-Identifier: GPL-2.0
/* A queue as readers see it. */
#include <linux/math64.h>

#include "admin.h"
#include "broker.h"
#include "deadletter.h"
#include "queue.h"

/**
 * struct queue_snapshot - a queue at one moment
 * @max_messages: see struct broker_queue (const)
 * @max_bytes: see there (const)
 * @overflow: see there (const)
 * @sealed: see there (const)
 * @single_active: see there (const)
 * @ordering: see there (const)
 * @slow_after: see there (const)
 * @slow_action: see there (const)
 * @nr_consumers: see there (const)
 * @nr_ready: see there (const)
 * @nr_unacked: see there (const)
 * @bytes: see there (const)
 * @levels: see there (const)
 * @ttl: see there (const)
 * @lease: see there (const)
 * @max_delivery: see there (const)
 * @retry_min: see there (const)
 * @retry_max: see there (const)
 * @retry_jitter: see there (const)
 * @dead_letter: see there, with a reference (const)
 * @dedupe_window: see there (const)
 * @dedupe_max: see there (const)
 * @dedupe_ids: as many as it remembers (const)
 * @expires: see there (const)
 * @producers: as many as it remembers (const)
 * @paused: see struct broker_pause (const)
 * @pause_left: nanoseconds until it ends (const)
 * @max_rate: see struct broker_flow (const)
 * @max_burst: see there (const)
 * @nr_waiting: see there (const)
 * @nr_deferred: see there (const)
 * @nr_quarantined: see there (const)
 * @nr_dying: see there (const)
 * @stats: see there (const)
 */
struct queue_snapshot {
	u32 max_messages;
	u64 max_bytes;
	u32 overflow;
	bool sealed;
	bool single_active;
	bool ordering;
	u64 slow_after;
	u32 slow_action;
	u32 nr_consumers;
	u32 nr_ready;
	u32 nr_unacked;
	u64 bytes;
	u32 levels;
	u64 ttl;
	u64 lease;
	u32 max_delivery;
	u64 retry_min;
	u64 retry_max;
	u32 retry_jitter;
	struct broker_target *dead_letter;
	u64 dedupe_window;
	u32 dedupe_max;
	u32 dedupe_ids;
	u64 expires;
	u32 producers;
	bool paused;
	u64 pause_left;
	u32 max_rate;
	u32 max_burst;
	u32 nr_waiting;
	u32 nr_deferred;
	u32 nr_quarantined;
	u32 nr_dying;
	struct broker_queue_stats stats;
};

static void take_snapshot(struct broker_queue *queue, struct queue_snapshot *now)
{
	spin_lock(&queue->lock);
	now->max_messages = queue->max_messages;
	now->max_bytes = queue->max_bytes;
	now->overflow = queue->overflow;
	now->sealed = queue->sealed;
	now->single_active = queue->single_active;
	now->ordering = queue->ordering;
	now->slow_after = queue->slow_after;
	now->slow_action = queue->slow_action;
	now->nr_consumers = queue->nr_consumers;
	now->nr_ready = queue->nr_ready;
	now->nr_unacked = queue->nr_unacked;
	now->bytes = queue->bytes;
	now->levels = queue->levels;
	now->ttl = queue->ttl;
	now->lease = queue->lease;
	now->max_delivery = queue->max_delivery;
	now->retry_min = queue->retry_min;
	now->retry_max = queue->retry_max;
	now->retry_jitter = queue->retry_jitter;
	now->dead_letter = broker_target_get(queue->dead_letter);
	now->dedupe_window = queue->dedupe_window;
	now->dedupe_max = queue->dedupe_max;
	now->expires = queue->expires;
	now->dedupe_ids = queue->ids.nr;
	now->producers = queue->producers.nr;
	now->paused = queue->flow.pause.on;
	now->pause_left = broker_pause_left(&queue->flow.pause);
	now->max_rate = queue->flow.rate;
	now->max_burst = queue->flow.burst;
	now->nr_waiting = queue->nr_waiting;
	now->nr_deferred = queue->nr_deferred;
	now->nr_quarantined = queue->nr_quarantined;
	now->nr_dying = queue->nr_dying;
	now->stats = queue->stats;
	spin_unlock(&queue->lock);
}

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, BROKER_A_QUEUE_PAD);
}

static int put_identity(struct sk_buff *skb, const struct broker_nl_head *head,
			struct broker_queue *queue)
{
	kuid_t uid;
	kgid_t gid;
	u16 mode;

	broker_access_read(&queue->access, &uid, &gid, &mode);
	return nla_put_u32(skb, BROKER_A_QUEUE_ID, queue->id) ||
	       nla_put_string(skb, BROKER_A_QUEUE_NAME, queue->name) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_FLAGS, queue->flags) ||
	       (queue->session_id && put_u64(skb, BROKER_A_QUEUE_SESSION, queue->session_id)) ||
	       broker_nl_put_uid(skb, head, BROKER_A_QUEUE_UID, uid) ||
	       broker_nl_put_gid(skb, head, BROKER_A_QUEUE_GID, gid) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_MODE, mode) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_PROTECTED, READ_ONCE(queue->protected)) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_BINDINGS, READ_ONCE(queue->nr_bindings));
}

static int put_snapshot(struct sk_buff *skb, const struct queue_snapshot *now)
{
	return nla_put_u32(skb, BROKER_A_QUEUE_MAX_MESSAGES, now->max_messages) ||
	       put_u64(skb, BROKER_A_QUEUE_MAX_BYTES, now->max_bytes) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_OVERFLOW, now->overflow) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_SEALED, now->sealed) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_SINGLE_ACTIVE, now->single_active) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_ORDERING, now->ordering) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_CONSUMERS, now->nr_consumers) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_READY, now->nr_ready) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_UNACKED, now->nr_unacked) ||
	       put_u64(skb, BROKER_A_QUEUE_BYTES, now->bytes);
}

int broker_nl_put_target(struct sk_buff *skb, const struct broker_target *target)
{
	char text[BROKER_MAX_NAME + 1];

	if (!target)
		return 0;
	memcpy(text, target->data, target->exchange_len);
	text[target->exchange_len] = 0;
	if (nla_put_string(skb, BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE, text))
		return -EMSGSIZE;
	memcpy(text, target->data + target->exchange_len, target->key_len);
	text[target->key_len] = 0;
	return nla_put_string(skb, BROKER_A_QUEUE_DEAD_LETTER_KEY, text);
}

/* In milliseconds, as they were given. */
static u64 to_ms(u64 ns)
{
	return div_u64(ns, NSEC_PER_MSEC);
}

static int put_times(struct sk_buff *skb, const struct queue_snapshot *now)
{
	return nla_put_u32(skb, BROKER_A_QUEUE_PRIORITIES, now->levels) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_SLOW_AFTER, to_ms(now->slow_after)) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_SLOW_ACTION, now->slow_action) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_TTL, to_ms(now->ttl)) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_LEASE, to_ms(now->lease)) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_MAX_DELIVERY, now->max_delivery) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_RETRY_MIN, to_ms(now->retry_min)) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_RETRY_MAX, to_ms(now->retry_max)) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_RETRY_JITTER, now->retry_jitter) ||
	       broker_nl_put_target(skb, now->dead_letter) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_WAITING, now->nr_waiting) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_DEFERRED, now->nr_deferred) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_QUARANTINED, now->nr_quarantined) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_DYING, now->nr_dying);
}

static int put_dedupe(struct sk_buff *skb, const struct queue_snapshot *now)
{
	return nla_put_u32(skb, BROKER_A_QUEUE_DEDUPE_WINDOW, to_ms(now->dedupe_window)) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_DEDUPE_MAX, now->dedupe_max) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_DEDUPE_IDS, now->dedupe_ids) ||
	       put_u64(skb, BROKER_A_QUEUE_DUPLICATES, now->stats.duplicates) ||
	       put_u64(skb, BROKER_A_QUEUE_DEDUPE_FORGOTTEN, now->stats.dedupe_forgotten) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_PRODUCERS, now->producers) ||
	       put_u64(skb, BROKER_A_QUEUE_PRODUCERS_FORGOTTEN, now->stats.producers_forgotten);
}

static int put_flow(struct sk_buff *skb, const struct queue_snapshot *now)
{
	return nla_put_u32(skb, BROKER_A_QUEUE_EXPIRES, to_ms(now->expires)) ||
	       broker_nl_put_pause(skb, BROKER_A_QUEUE_PAUSED, BROKER_A_QUEUE_PAUSE_MS,
				   now->paused, now->pause_left) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_MAX_RATE, now->max_rate) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_MAX_BURST, now->max_burst);
}

static int put_stats(struct sk_buff *skb, const struct broker_queue_stats *stats)
{
	return put_u64(skb, BROKER_A_QUEUE_ENQUEUED, stats->enqueued) ||
	       put_u64(skb, BROKER_A_QUEUE_DELIVERED, stats->delivered) ||
	       put_u64(skb, BROKER_A_QUEUE_REDELIVERED, stats->redelivered) ||
	       put_u64(skb, BROKER_A_QUEUE_ACCEPTED, stats->accepted) ||
	       put_u64(skb, BROKER_A_QUEUE_RELEASED, stats->released) ||
	       put_u64(skb, BROKER_A_QUEUE_FAILED, stats->failed) ||
	       put_u64(skb, BROKER_A_QUEUE_REJECTED, stats->rejected) ||
	       put_u64(skb, BROKER_A_QUEUE_DROPPED, stats->dropped) ||
	       put_u64(skb, BROKER_A_QUEUE_REFUSED, stats->refused) ||
	       put_u64(skb, BROKER_A_QUEUE_PURGED, stats->purged) ||
	       put_u64(skb, BROKER_A_QUEUE_MOVED, stats->moved) ||
	       put_u64(skb, BROKER_A_QUEUE_EXPIRED, stats->expired) ||
	       put_u64(skb, BROKER_A_QUEUE_DEAD_LETTERED, stats->dead_lettered) ||
	       put_u64(skb, BROKER_A_QUEUE_OVERWRITTEN, stats->overwritten);
}

static int put_latency(struct sk_buff *skb, int times, int sum,
		       const struct broker_latency *latency)
{
	unsigned int nr = BROKER_LATENCY_BUCKETS;

	while (nr && !latency->count[nr - 1])
		nr--;
	return (nr && nla_put(skb, times, nr * sizeof(*latency->count), latency->count)) ||
	       put_u64(skb, sum, latency->sum);
}

/* Not by way of a snapshot, which is large enough for a stack. */
static int put_latencies(struct sk_buff *skb, struct broker_queue *queue)
{
	int err;

	spin_lock(&queue->lock);
	err = put_latency(skb, BROKER_A_QUEUE_WAIT_TIMES, BROKER_A_QUEUE_WAIT_TIME_SUM,
			  &queue->waits) ||
	      put_latency(skb, BROKER_A_QUEUE_HOLD_TIMES, BROKER_A_QUEUE_HOLD_TIME_SUM,
			  &queue->holds);
	spin_unlock(&queue->lock);
	return err;
}

int broker_nl_put_queue(struct sk_buff *skb, const struct broker_nl_head *head,
			struct broker_queue *queue)
{
	struct queue_snapshot now;
	void *hdr;
	int err;

	take_snapshot(queue, &now);
	hdr = broker_nl_begin(skb, head);
	err = broker_nl_end(skb, hdr,
			     !hdr || put_identity(skb, head, queue) || put_snapshot(skb, &now) ||
			     broker_nl_put_policies(skb, queue) ||
			     put_times(skb, &now) || put_flow(skb, &now) || put_dedupe(skb, &now) ||
			     put_stats(skb, &now.stats) || put_latencies(skb, queue));
	broker_target_put(now.dead_letter);
	return err;
}
