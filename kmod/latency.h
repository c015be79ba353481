/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_LATENCY_H
#define _BROKER_LATENCY_H

#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <uapi/linux/broker_netlink.h>

/**
 * DOC: Latencies
 *
 * A queue counts how long each message was to be had before it was handed out, and
 * how long its consumer then took to settle it; of one that comes back, or whose
 * time has not come, the first begins anew when it is to be had again.
 *
 * The counts are by powers of two of microseconds: the first of less than one, the
 * n-th after it of less than 2^n, the last of all that took longer.  They only grow,
 * but for a hand-out that never reached its reader, which is taken back.
 */

/**
 * struct broker_latency - how long something took
 * @count: how often, by powers of two (queue.lock)
 * @sum: microseconds of all (queue.lock)
 */
struct broker_latency {
	u64 count[BROKER_LATENCY_BUCKETS];
	u64 sum;
};

static inline u64 *broker_latency_bucket(struct broker_latency *latency, u64 us)
{
	return &latency->count[min_t(unsigned int, fls64(us), BROKER_LATENCY_BUCKETS - 1)];
}

/* Time that begins in the future, as seen from another processor, is none. */
static inline u64 broker_latency_us(u64 from, u64 to)
{
	return to > from ? div_u64(to - from, NSEC_PER_USEC) : 0;
}

static inline void broker_latency_add(struct broker_latency *latency, u64 from, u64 to)
{
	u64 us = broker_latency_us(from, to);

	++*broker_latency_bucket(latency, us);
	latency->sum += us;
}

/* As if it had not been added. */
static inline void broker_latency_take_back(struct broker_latency *latency, u64 from, u64 to)
{
	u64 us = broker_latency_us(from, to);

	--*broker_latency_bucket(latency, us);
	latency->sum -= us;
}

#endif /* _BROKER_LATENCY_H */
