// SPDX-License-Identifier: GPL-2.0
/* A queue as readers see it. */
#include <linux/math64.h>

#include "admin.h"
#include "broker.h"
#include "deadletter.h"
#include "queue.h"

/**
 * struct queue_snapshot - a queue at one moment; see there
 * @settings: in force, with a reference on its target (const)
 * @pause: whether it stands still (const)
 * @nr_consumers: how many (const)
 * @nr_ready: how many (const)
 * @nr_unacked: how many (const)
 * @nr_waiting: how many (const)
 * @nr_deferred: how many (const)
 * @nr_quarantined: how many (const)
 * @nr_dying: how many (const)
 * @dedupe_ids: as many as it remembers (const)
 * @producers: as many as it remembers (const)
 * @bytes: that it holds (const)
 * @states: of ordering keys, how many it keeps (const)
 * @state_bytes: that these count for (const)
 * @stats: counters (const)
 */
struct queue_snapshot {
	struct broker_settings settings;
	struct broker_pause pause;
	u32 nr_consumers;
	u32 nr_ready;
	u32 nr_unacked;
	u32 nr_waiting;
	u32 nr_deferred;
	u32 nr_quarantined;
	u32 nr_dying;
	u32 dedupe_ids;
	u32 producers;
	u64 bytes;
	u32 states;
	u64 state_bytes;
	struct broker_queue_stats stats;
};

static void take_snapshot(struct broker_queue *queue, struct queue_snapshot *now)
{
	spin_lock(&queue->lock);
	*now = (struct queue_snapshot) {
		.settings = queue->settings,
		.pause = queue->flow.pause,
		.nr_consumers = queue->nr_consumers,
		.nr_ready = queue->nr_ready,
		.nr_unacked = queue->nr_unacked,
		.nr_waiting = queue->nr_waiting,
		.nr_deferred = queue->nr_deferred,
		.nr_quarantined = queue->nr_quarantined,
		.nr_dying = queue->nr_dying,
		.dedupe_ids = queue->ids.nr,
		.producers = queue->producers.nr,
		.bytes = queue->bytes,
		.states = queue->states.nr,
		.state_bytes = queue->states.bytes,
		.stats = queue->stats,
	};
	broker_target_get(now->settings.dead_letter);
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

static int put_counts(struct sk_buff *skb, const struct queue_snapshot *now)
{
	return nla_put_u32(skb, BROKER_A_QUEUE_CONSUMERS, now->nr_consumers) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_READY, now->nr_ready) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_UNACKED, now->nr_unacked) ||
	       put_u64(skb, BROKER_A_QUEUE_BYTES, now->bytes) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_WAITING, now->nr_waiting) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_DEFERRED, now->nr_deferred) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_QUARANTINED, now->nr_quarantined) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_DYING, now->nr_dying) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_DEDUPE_IDS, now->dedupe_ids) ||
	       nla_put_u32(skb, BROKER_A_QUEUE_PRODUCERS, now->producers) ||
	       broker_nl_put_pause(skb, BROKER_A_QUEUE_PAUSED, BROKER_A_QUEUE_PAUSE_MS,
				   now->pause.on, broker_pause_left(&now->pause));
}

static int put_target(struct sk_buff *skb, const struct broker_target *target)
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

static int put_setting(struct sk_buff *skb, const struct broker_queue_setting *setting,
		       const struct broker_settings *settings)
{
	u64 value;

	if (setting->bit == BROKER_SETTING_DEAD_LETTER)
		return put_target(skb, settings->dead_letter);
	value = broker_setting_get(setting, settings);
	if (setting->ms)
		value = div_u64(value, NSEC_PER_MSEC);
	if (setting->bit == BROKER_SETTING_MAX_BYTES)
		return put_u64(skb, setting->attribute, value);
	return nla_put_u32(skb, setting->attribute, value);
}

/* Those that are named in @bits, as they were given. */
int broker_nl_put_settings(struct sk_buff *skb, const struct broker_settings *settings, u32 bits)
{
	const struct broker_queue_setting *setting;
	int err = 0;

	broker_for_each_setting(setting, bits)
		err = err ?: put_setting(skb, setting, settings);
	return err;
}

static int put_states(struct sk_buff *skb, const struct queue_snapshot *now)
{
	return nla_put_u32(skb, BROKER_A_QUEUE_STATES, now->states) ||
	       put_u64(skb, BROKER_A_QUEUE_STATE_BYTES, now->state_bytes);
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
	       put_u64(skb, BROKER_A_QUEUE_OVERWRITTEN, stats->overwritten) ||
	       put_u64(skb, BROKER_A_QUEUE_DUPLICATES, stats->duplicates) ||
	       put_u64(skb, BROKER_A_QUEUE_DEDUPE_FORGOTTEN, stats->dedupe_forgotten) ||
	       put_u64(skb, BROKER_A_QUEUE_PRODUCERS_FORGOTTEN, stats->producers_forgotten);
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
			    !hdr || put_identity(skb, head, queue) ||
			    broker_nl_put_settings(skb, &now.settings, ~0U) ||
			    broker_nl_put_policies(skb, queue) || put_counts(skb, &now) ||
			    put_states(skb, &now) || put_stats(skb, &now.stats) ||
			    put_latencies(skb, queue));
	broker_target_put(now.settings.dead_letter);
	return err;
}
