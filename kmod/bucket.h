/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_BUCKET_H
#define _BROKER_BUCKET_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/time64.h>
#include <linux/types.h>

/**
 * DOC: Token buckets
 *
 * A bucket fills at @rate units a second, up to @burst units.  It is one number:
 * the time at which it will be full again, if nothing more is taken.  To take is
 * to move that time on, which one atomic exchange does, whoever else takes.
 *
 * More than a burst can be taken at once only from a full bucket, and is then
 * paid back before anything else is taken: so nothing is too large for good.
 */

/* How long @units take to come in, rounded up: the rate is never exceeded. */
static inline u64 broker_bucket_time(u64 units, u64 rate)
{
	if (units > U64_MAX / NSEC_PER_SEC / 2)
		return S64_MAX / 4;
	return min_t(u64, div64_u64(units * NSEC_PER_SEC + rate - 1, rate), S64_MAX / 4);
}

/**
 * broker_bucket_wait() - When something can be taken
 * @full_at: the bucket
 * @now: in ns
 * @cost: broker_bucket_time() of what is to be taken
 * @depth: broker_bucket_time() of the burst
 *
 * Return: 0: now; or in how many ns.
 */
static inline u64 broker_bucket_wait(s64 full_at, u64 now, u64 cost, u64 depth)
{
	u64 from = max_t(u64, full_at, now);

	/* A full one, or one that stays within its depth. */
	return from > now && from + cost > now + depth ? min(from, from + cost - depth) - now : 0;
}

/**
 * broker_bucket_take() - Take from a bucket
 * @full_at: the bucket; 0 to begin with
 * @now: in ns, never less than before
 * @units: how much
 * @rate: units a second, 1 to 2^32
 * @burst: most units that it holds
 *
 * Return: 0; or in how many ns to try again, and nothing was taken.
 */
static inline u64 broker_bucket_take(atomic64_t *full_at, u64 now, u64 units, u64 rate, u64 burst)
{
	u64 cost = broker_bucket_time(units, rate), depth = broker_bucket_time(burst, rate);
	s64 old = atomic64_read(full_at);
	u64 wait;

	do {
		wait = broker_bucket_wait(old, now, cost, depth);
		if (wait)
			return wait;
	} while (!atomic64_try_cmpxchg(full_at, &old, max_t(u64, old, now) + cost));
	return 0;
}

/* Gives back what was taken, for something that then was not done. */
static inline void broker_bucket_return(atomic64_t *full_at, u64 units, u64 rate)
{
	atomic64_sub(broker_bucket_time(units, rate), full_at);
}

#endif /* _BROKER_BUCKET_H */
