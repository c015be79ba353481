// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Queues that hand out so many messages a second.  A clock that is read before the
 * first and after the last one bounds them from above, however slow the machine is.
 */
#include <time.h>

#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(rate) { int fd, consumer; struct got got; };

FIXTURE_SETUP(rate)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(rate)
{
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int put_many(int fd, const char *queue, int nr)
{
	int i, err = 0;

	for (i = 0; !err && i < nr; i++)
		err = put(fd, queue, "m");
	return err;
}

/* How many are there at once. */
static int take_all(FIXTURE_DATA(rate) *self)
{
	int n = 0;

	while (!take(self->fd, self->consumer, &self->got))
		n++;
	return n;
}

/* Never more than a burst and what the time since then allows; and all of them come. */
TEST_F(rate, bounds_what_is_handed_out)
{
	double start;
	int i, bad = 0;

	ASSERT_EQ(0, put_many(self->fd, "q", 200));
	ASSERT_EQ(0, queue_set("q", .max_rate = 100, .max_burst = 10));
	EXPECT_EQ(100, queue_get("q", BROKER_A_QUEUE_MAX_RATE));
	EXPECT_EQ(10, queue_get("q", BROKER_A_QUEUE_MAX_BURST));
	start = now();
	self->consumer = consume(self->fd, "q", 1000);
	ASSERT_LT(0, self->consumer);
	for (i = 1; i <= 200; i++) {
		ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
		bad += i > 10 + 100 * (now() - start) + 1;
	}
	EXPECT_EQ(0, bad);
	EXPECT_EQ(200, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	EXPECT_LT(1.8, now() - start);
}

/* A burst at once, and no more before its time. */
TEST_F(rate, burst)
{
	double start = now();

	ASSERT_EQ(0, put_many(self->fd, "q", 20) ?: queue_set("q", .max_rate = 1, .max_burst = 5));
	self->consumer = consume(self->fd, "q", 0);
	EXPECT_LE(5, take_all(self));
	EXPECT_GE(5 + (now() - start) + 1, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	/* A change begins with a full burst. */
	ASSERT_EQ(0, queue_set("q", .max_burst = 6));
	EXPECT_LE(6, take_all(self));
}

/* For all consumers together, be they many or one. */
TEST_F(rate, of_the_queue)
{
	double start;
	int i, consumers[4];

	ASSERT_EQ(0, queue_set("q", .max_rate = 1, .max_burst = 8));
	start = now();
	for (i = 0; i < 4; i++)
		consumers[i] = consume(self->fd, "q", 100);
	ASSERT_LT(0, consumers[3]);
	ASSERT_EQ(0, put_many(self->fd, "q", 100));
	EXPECT_GE(8 + (now() - start) + 1, unacked("q"));
	EXPECT_LE(8, unacked("q"));
}

/* Without a burst that is set: two, or a tenth of a second's worth. */
TEST_F(rate, default_burst)
{
	double start = now();

	ASSERT_EQ(0, put_many(self->fd, "q", 100) ?: queue_set("q", .max_rate = 1));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_MAX_BURST));
	self->consumer = consume(self->fd, "q", 100);
	ASSERT_LT(0, self->consumer);
	EXPECT_LE(2, unacked("q"));
	EXPECT_GE(2 + (now() - start) + 1, unacked("q"));
}

/* Off again, everything comes at once. */
TEST_F(rate, off)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_SET);

	ASSERT_EQ(0, put_many(self->fd, "q", 500) ?: queue_set("q", .max_rate = 1));
	self->consumer = consume(self->fd, "q", 1000);
	ASSERT_LT(0, self->consumer);
	nl_put_str(msg, BROKER_A_QUEUE_NAME, "q");
	nl_put_u32(msg, BROKER_A_QUEUE_MAX_RATE, 0);
	ASSERT_EQ(0, nl_do(msg));
	EXPECT_EQ(500, unacked("q"));
}

/* Nobody there to be given anything: the timer has nothing to do, and nothing is lost. */
TEST_F(rate, without_consumers)
{
	ASSERT_EQ(0, queue_set("q", .max_rate = 1000, .max_burst = 1) ?:
		     put_many(self->fd, "q", 20));
	EXPECT_EQ(20, ready("q"));
	self->consumer = consume(self->fd, "q", 0);
	for (int i = 0; i < 20; i++)
		ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
}

TEST_HARNESS_MAIN
