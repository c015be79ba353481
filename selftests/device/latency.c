// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Histograms of how long messages wait and are held.  What the test itself measures,
 * from before to after, bounds them; nothing is said of how fast anything is.
 */
#include <time.h>

#include "helper.h"
#include "kselftest_harness.h"

#define PAUSE_US	30000

FIXTURE(latency) { int fd, consumer; struct got got; };

FIXTURE_SETUP(latency)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
}

FIXTURE_TEARDOWN(latency)
{
}

#define COUNT(ATTRIBUTE)	queue_get("q", BROKER_A_QUEUE_##ATTRIBUTE)
#define SETTLE(OP)	settle(self->fd, BROKER_OP_##OP, self->consumer, self->got.d.tag)
#define TAKE()		ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got))

struct histogram {
	uint64_t count[BROKER_LATENCY_BUCKETS], all, sum;
	int nr;
};

static struct histogram histogram_of(const char *queue, int times, int sum)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_GET), reply = {};
	const struct nlattr *attr;
	struct histogram h = {};
	int i;

	nl_put_str(msg, BROKER_A_QUEUE_NAME, queue);
	if (nl_do_reply(msg, &reply))
		abort();
	h.sum = nl_get(&reply, sum);
	attr = nl_attr(&reply, times);
	if (!attr)
		return h;
	h.nr = (attr->nla_len - NLA_HDRLEN) / sizeof(h.count[0]);
	if (h.nr > BROKER_LATENCY_BUCKETS)
		abort();
	memcpy(h.count, attr + 1, h.nr * sizeof(h.count[0]));
	for (i = 0; i < h.nr; i++)
		h.all += h.count[i];
	return h;
}

#define WAITS()	histogram_of("q", BROKER_A_QUEUE_WAIT_TIMES, BROKER_A_QUEUE_WAIT_TIME_SUM)
#define HOLDS()	histogram_of("q", BROKER_A_QUEUE_HOLD_TIMES, BROKER_A_QUEUE_HOLD_TIME_SUM)

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/* As documented: of less than a microsecond, then of less than each power of two. */
static int bucket_of(uint64_t us)
{
	int bucket = 0;

	while (bucket < BROKER_LATENCY_BUCKETS - 1 && us >= 1ULL << bucket)
		bucket++;
	return bucket;
}

/* One that took from @least to @most is where it belongs, and alone. */
#define EXPECT_ONE(h, least, most)					\
do {									\
	struct histogram __h = (h);					\
	uint64_t __most = (most);					\
									\
	EXPECT_EQ(1, __h.all);						\
	EXPECT_LE(least, __h.sum);					\
	EXPECT_GE(__most, __h.sum);					\
	EXPECT_EQ(bucket_of(__h.sum) + 1, __h.nr);			\
	EXPECT_EQ(1, __h.count[bucket_of(__h.sum)]);			\
} while (0)

TEST_F(latency, empty)
{
	EXPECT_EQ(0, WAITS().nr);
	EXPECT_EQ(0, HOLDS().nr);
	EXPECT_EQ(0, WAITS().sum + HOLDS().sum);
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	EXPECT_EQ(0, WAITS().nr);
	EXPECT_EQ(1, queue_purge("q") == 0);
	EXPECT_EQ(0, WAITS().nr);
}

TEST_F(latency, waits_and_holds)
{
	uint64_t begin = now_us(), taken;

	ASSERT_EQ(0, put(self->fd, "q", "1"));
	usleep(PAUSE_US);
	TAKE();
	EXPECT_ONE(WAITS(), PAUSE_US, now_us() - begin);
	EXPECT_EQ(0, HOLDS().nr);
	taken = now_us();
	usleep(2 * PAUSE_US);
	EXPECT_EQ(0, SETTLE(ACCEPT));
	EXPECT_ONE(HOLDS(), 2 * PAUSE_US, now_us() - begin);
	EXPECT_LE(now_us() - taken, now_us() - begin);
	EXPECT_EQ(1, WAITS().all);
}

/* What comes back waits anew; each outcome ends a hold, and the end of a lease none. */
TEST_F(latency, again)
{
	struct histogram before;
	uint64_t begin;

	ASSERT_EQ(0, queue_set("q", .retry_min = 1, .retry_max = 1) ?: put(self->fd, "q", "1"));
	usleep(PAUSE_US);
	TAKE();
	usleep(PAUSE_US);
	before = WAITS();
	begin = now_us();
	EXPECT_EQ(0, SETTLE(RELEASE));
	TAKE();
	EXPECT_EQ(2, WAITS().all);
	EXPECT_GE(now_us() - begin, WAITS().sum - before.sum);
	EXPECT_EQ(0, SETTLE(FAIL));
	TAKE();
	EXPECT_EQ(0, SETTLE(REJECT));
	EXPECT_EQ(3, WAITS().all);
	EXPECT_EQ(3, HOLDS().all);
	EXPECT_EQ(COUNT(DELIVERED), WAITS().all);
	ASSERT_EQ(0, put(self->fd, "q", "2"));
	TAKE();
	EXPECT_EQ(0, cancel(self->fd, self->consumer));
	EXPECT_EQ(4, WAITS().all);
	EXPECT_EQ(3, HOLDS().all);
}

/* Time that it was not to be had does not count. */
TEST_F(latency, delayed)
{
	uint64_t begin;
	struct histogram before;
	struct broker_op op;

	ASSERT_EQ(0, put(self->fd, "q", "1"));
	TAKE();
	before = WAITS();
	begin = now_us();
	op = op_settle(BROKER_OP_DELAY, self->consumer, self->got.d.tag);
	op.settle.time_ms = PAUSE_US / 1000;
	ASSERT_EQ(0, submit_one(self->fd, &op));
	TAKE();
	EXPECT_GE(now_us() - begin - PAUSE_US + 1, WAITS().sum - before.sum);
	EXPECT_EQ(2, WAITS().all);
}

/* A hand-out that did not reach its reader is none, and it goes on waiting. */
TEST_F(latency, not_received)
{
	struct broker_receive r = receive_of(self->consumer, page_edge() - 64, 4096, 1);
	uint64_t begin = now_us();

	ASSERT_EQ(0, put(self->fd, "q", "1"));
	usleep(PAUSE_US);
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_EQ(0, WAITS().all + WAITS().sum);
	usleep(PAUSE_US);
	TAKE();
	EXPECT_ONE(WAITS(), 2 * PAUSE_US, now_us() - begin);
}

/* What is taken back before it was received has waited all the time. */
TEST_F(latency, credit_taken_away)
{
	uint64_t begin = now_us();
	int with_credit = consume(self->fd, "q", 5);

	ASSERT_LT(0, with_credit);
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	usleep(PAUSE_US);
	ASSERT_EQ(0, set_credit(self->fd, with_credit, 0, 0));
	TAKE();
	EXPECT_ONE(WAITS(), PAUSE_US, now_us() - begin);
}

/* Of messages that come by themselves, in transactions, and settled together. */
TEST_F(latency, every_way)
{
	struct broker_result result[3];
	struct broker_op ops[3];
	struct broker_submit s;
	int i;

	for (i = 0; i < 3; i++)
		op_publish(&ops[i], &(struct pub) { .key = "q", .body = "m" });
	s = submit_of(ops, 3, result);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	for (i = 0; i < 3; i++) {
		op_free(&ops[i]);
		TAKE();
	}
	EXPECT_EQ(0, settle_flags(self->fd, BROKER_OP_ACCEPT, self->consumer, self->got.d.tag,
				  BROKER_SETTLE_F_CUMULATIVE));
	EXPECT_EQ(3, WAITS().all);
	EXPECT_EQ(3, HOLDS().all);
	ASSERT_EQ(0, put(self->fd, "q", "auto"));
	EXPECT_EQ(1, drain("q"));
	EXPECT_EQ(4, WAITS().all);
	EXPECT_EQ(4, HOLDS().all);
	/* Another queue begins anew. */
	ASSERT_EQ(0, queue_new("r"));
	EXPECT_EQ(0, histogram_of("r", BROKER_A_QUEUE_WAIT_TIMES,
				  BROKER_A_QUEUE_WAIT_TIME_SUM).all);
}

TEST_HARNESS_MAIN
