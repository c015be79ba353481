// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/atomic.h>
#include <string.h>

#include "../../kmod/bucket.h"
#include "tap.h"

#define SECOND	((u64)NSEC_PER_SEC)

/* What a bucket is, said plainly: it fills, it is emptied, and it may owe. */
struct oracle {
	double units, rate, burst;
	u64 at;
};

static bool oracle_take(struct oracle *o, u64 now, u64 units)
{
	o->units += (now - o->at) * o->rate / SECOND;
	if (o->units > o->burst)
		o->units = o->burst;
	o->at = now;
	/* Rounding is never in the taker's favour, and nearly never to his cost. */
	if (o->units < units && o->units < o->burst)
		return false;
	o->units -= units;
	return true;
}

static void test_full_to_begin_with(void)
{
	atomic64_t bucket = {};
	int i;

	for (i = 0; i < 10; i++)
		EXPECT_EQ(broker_bucket_take(&bucket, SECOND, 1, 1, 10), 0);
	EXPECT_EQ(broker_bucket_take(&bucket, SECOND, 1, 1, 10), SECOND);
}

static void test_tells_when_to_try_again(void)
{
	atomic64_t bucket = {};
	u64 now = 5 * SECOND, wait;

	EXPECT_EQ(broker_bucket_take(&bucket, now, 100, 10, 100), 0);
	wait = broker_bucket_take(&bucket, now, 30, 10, 100);
	EXPECT_EQ(wait, 3 * SECOND);
	EXPECT_EQ(broker_bucket_take(&bucket, now + wait - 1, 30, 10, 100), 1);
	EXPECT_EQ(broker_bucket_take(&bucket, now + wait, 30, 10, 100), 0);
}

/* What is larger than a burst waits for a full bucket, and is paid back. */
static void test_more_than_a_burst(void)
{
	atomic64_t bucket = {};
	u64 now = SECOND;

	EXPECT_EQ(broker_bucket_take(&bucket, now, 1, 1, 10), 0);
	EXPECT_EQ(broker_bucket_take(&bucket, now, 50, 1, 10), SECOND);
	now += SECOND;
	EXPECT_EQ(broker_bucket_take(&bucket, now, 50, 1, 10), 0);
	EXPECT_EQ(broker_bucket_take(&bucket, now, 1, 1, 10), 41 * SECOND);
}

static void test_does_not_fill_beyond_its_burst(void)
{
	atomic64_t bucket = {};

	EXPECT_EQ(broker_bucket_take(&bucket, SECOND, 5, 5, 5), 0);
	EXPECT_EQ(broker_bucket_take(&bucket, 1000 * SECOND, 5, 5, 5), 0);
	EXPECT(broker_bucket_take(&bucket, 1000 * SECOND, 1, 5, 5) > 0);
}

static void test_what_is_returned_can_be_taken(void)
{
	atomic64_t bucket = {};
	u64 now = SECOND;

	EXPECT_EQ(broker_bucket_take(&bucket, now, 5, 5, 5), 0);
	broker_bucket_return(&bucket, 3, 5);
	EXPECT_EQ(broker_bucket_take(&bucket, now, 3, 5, 5), 0);
	EXPECT(broker_bucket_take(&bucket, now, 1, 5, 5) > 0);
}

static void test_largest_numbers(void)
{
	atomic64_t bucket = {};
	u64 most = 0xffffffff;

	EXPECT_EQ(broker_bucket_take(&bucket, SECOND, 1 << 21, 1, 1), 0);
	EXPECT_EQ(broker_bucket_take(&bucket, SECOND, 1, most, most),
		  ((1 << 21) - 1) * SECOND + 1);
	memset(&bucket, 0, sizeof(bucket));
	EXPECT_EQ(broker_bucket_take(&bucket, SECOND, 1 << 21, most, most), 0);
	EXPECT_EQ(broker_bucket_take(&bucket, SECOND, 1 << 21, most, 1), (u64)488282);
	EXPECT_EQ(broker_bucket_take(&bucket, SECOND, 1 << 21, 1, most), 0);
}

/* Against the oracle, but for a nanosecond's worth at each step. */
static void test_random(void)
{
	unsigned long i, cases = tap_cases(20000);
	struct rng rng = { tap_seed() };

	for (i = 0; i < cases && !tap_failed(); i++) {
		u64 rate = 1 + rng_below(&rng, 1000), burst = 1 + rng_below(&rng, 100);
		struct oracle lax = { .units = burst, .rate = rate, .burst = burst, .at = SECOND };
		u64 now = SECOND, taken = 0, begin = now;
		atomic64_t bucket = {};
		int step;

		for (step = 0; step < 50; step++) {
			u64 units = 1 + rng_below(&rng, rng_percent(&rng, 5) ? 200 : 20), wait;

			wait = broker_bucket_take(&bucket, now, units, rate, burst);
			lax.units += 1e-6;
			if (!wait && !oracle_take(&lax, now, units))
				tap_fail(__FILE__, __LINE__, "took too much: rate %llu burst %llu",
					 (unsigned long long)rate, (unsigned long long)burst);
			if (wait) {
				atomic64_t copy = bucket;

				/* To the nanosecond: not earlier, and not later. */
				EXPECT(broker_bucket_take(&copy, now + wait - 1, units, rate,
							  burst));
				EXPECT_EQ(broker_bucket_take(&copy, now + wait, units, rate, burst),
					  0);
				now += rng_percent(&rng, 50) ? wait : rng_below(&rng, wait);
				continue;
			}
			taken += units;
			now += rng_below(&rng, SECOND / rate * 4);
		}
		/* In the long run: the rate, a burst, and one that is larger than that. */
		if (taken > burst + 200 + rate * (now - begin) / SECOND + 1)
			tap_fail(__FILE__, __LINE__, "%llu in %llu ns", (unsigned long long)taken,
				 (unsigned long long)(now - begin));
	}
}

static const struct tap_test tests[] = {
	TAP_TEST(full_to_begin_with),
	TAP_TEST(tells_when_to_try_again),
	TAP_TEST(more_than_a_burst),
	TAP_TEST(does_not_fill_beyond_its_burst),
	TAP_TEST(what_is_returned_can_be_taken),
	TAP_TEST(largest_numbers),
	TAP_TEST(random),
};
TAP_MAIN(tests)
