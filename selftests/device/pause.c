// SPDX-License-Identifier: GPL-2.0-or-later
/* Queues and consumers that stand still, until they are told to go on or it is time. */
#include <poll.h>

#include "helper.h"
#include "kselftest_harness.h"

#define FAR_MS	(1000 * 1000 * 1000)
#define SHORT_MS	20

FIXTURE(pause) { int fd, consumer; struct got got; };

FIXTURE_SETUP(pause)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(pause)
{
}

#define COUNT(ATTRIBUTE)	queue_get("q", BROKER_A_QUEUE_##ATTRIBUTE)
#define CONSUME(credit)		ASSERT_LT(0, (self->consumer = consume(self->fd, "q", credit)))
#define SETTLE(OP)	settle(self->fd, BROKER_OP_##OP, self->consumer, self->got.d.tag)
#define NOTHING()	EXPECT_EQ(-EAGAIN, take(self->fd, self->consumer, &self->got))
#define EXPECT_NEXT(text)						\
do {									\
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));	\
	EXPECT_STREQ(text, self->got.body);				\
} while (0)

static int hold_queue(int on, uint32_t ms)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_SET);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, "q");
	nl_put_u32(msg, BROKER_A_QUEUE_PAUSED, on);
	if (ms)
		nl_put_u32(msg, BROKER_A_QUEUE_PAUSE_MS, ms);
	return nl_do(msg);
}

static int hold_consumer(int fd, uint32_t consumer, int on, uint32_t ms)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_CONSUMER_SET);

	nl_put_u64(msg, BROKER_A_CONSUMER_SESSION, session_number(fd));
	nl_put_u32(msg, BROKER_A_CONSUMER_ID, consumer);
	nl_put_u32(msg, BROKER_A_CONSUMER_PAUSED, on);
	if (ms)
		nl_put_u32(msg, BROKER_A_CONSUMER_PAUSE_MS, ms);
	return nl_do(msg);
}

static int readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* What is on its way comes back; what was received is settled; what is published waits. */
TEST_F(pause, queue)
{
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	CONSUME(10);
	EXPECT_NEXT("1");
	EXPECT_EQ(2, unacked("q"));
	EXPECT_TRUE(readable(self->fd));
	ASSERT_EQ(0, hold_queue(1, 0));
	EXPECT_EQ(1, COUNT(PAUSED));
	EXPECT_EQ(~0ULL, COUNT(PAUSE_MS));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, unacked("q"));
	EXPECT_FALSE(readable(self->fd));
	NOTHING();
	EXPECT_EQ(0, SETTLE(FAIL));
	EXPECT_EQ(0, put(self->fd, "q", "3"));
	EXPECT_EQ(3, ready("q"));
	NOTHING();
	ASSERT_EQ(0, hold_queue(0, 0));
	EXPECT_EQ(0, COUNT(PAUSED));
	EXPECT_TRUE(readable(self->fd));
	EXPECT_NEXT("1");
	EXPECT_EQ(2, self->got.d.acquired);
	EXPECT_NEXT("2");
	/* That it came back unseen is no redelivery. */
	EXPECT_EQ(1, self->got.d.acquired);
	EXPECT_NEXT("3");
}

/* Pulling, too, and consumers that come during it. */
TEST_F(pause, pull)
{
	ASSERT_EQ(0, hold_queue(1, 0) ?: put(self->fd, "q", "1"));
	CONSUME(0);
	NOTHING();
	EXPECT_EQ(-ETIMEDOUT, take_timeout(self->fd, self->consumer, &self->got, MS_NS));
	EXPECT_EQ(1, ready("q"));
	ASSERT_EQ(0, hold_queue(0, 0));
	EXPECT_NEXT("1");
}

/* Who waits is woken by its end, whether it is told or its time is over. */
TEST_F(pause, waiting)
{
	int round, status;
	pid_t pid;

	ASSERT_EQ(0, hold_queue(1, 0) ?: put(self->fd, "q", "1"));
	for (round = 0; round < 2; round++) {
		pid = fork_tied();
		if (!pid) {
			int fd = session_open(), consumer = consume(fd, "q", round);

			_exit(take_wait(fd, consumer, &self->got) ||
			      settle(fd, BROKER_OP_RELEASE, consumer, self->got.d.tag));
		}
		EXPECT_TRUE(wait_asleep(pid));
		ASSERT_EQ(0, round ? hold_queue(0, 0) : hold_queue(1, SHORT_MS));
		status = reap(pid);
		EXPECT_EQ(0, status);
		ASSERT_EQ(0, hold_queue(1, 0));
	}
}

TEST_F(pause, ends_by_itself)
{
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: hold_queue(1, FAR_MS));
	EXPECT_LT(FAR_MS - 60000, COUNT(PAUSE_MS));
	EXPECT_GE(FAR_MS, COUNT(PAUSE_MS));
	CONSUME(1);
	NOTHING();
	/* Another time takes the place of the first. */
	ASSERT_EQ(0, hold_queue(1, SHORT_MS));
	EXPECT_NEXT("1");
	EXPECT_EQ(0, COUNT(PAUSED));
	EXPECT_EQ(0, SETTLE(RELEASE));
	/* Paused for good, it does not end when an earlier time is over. */
	ASSERT_EQ(0, hold_queue(1, SHORT_MS) ?: hold_queue(1, 0) ?: queue_new("clock"));
	ASSERT_EQ(0, queue_set("clock", .expires = 2 * SHORT_MS));
	while (queue_get("clock", BROKER_A_QUEUE_ID) != ~0ULL)
		usleep(5000);
	EXPECT_EQ(1, COUNT(PAUSED));
	EXPECT_EQ(~0ULL, COUNT(PAUSE_MS));
}

TEST_F(pause, refused)
{
	CONSUME(1);
	EXPECT_EQ(-EINVAL, hold_queue(0, 10));
	EXPECT_EQ(-EINVAL, hold_consumer(self->fd, self->consumer, 0, 10));
	EXPECT_EQ(-ENOENT, hold_consumer(self->fd, self->consumer + 1, 1, 0));
}

/* Time to live goes on, deletion is possible, and messages can be moved. */
TEST_F(pause, everything_else_goes_on)
{
	ASSERT_EQ(0, queue_set("q", .ttl = 1) ?: hold_queue(1, 0) ?: put(self->fd, "q", "1"));
	AWAIT("q", EXPIRED, 1);
	CONSUME(3);
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(-EIDRM, take(self->fd, self->consumer, &self->got));
}

/* One of two: the other one gets what was on its way. */
TEST_F(pause, consumer)
{
	int other, number = session_number(self->fd);

	CONSUME(10);
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2") ?: put(self->fd, "q", "3"));
	EXPECT_NEXT("1");
	other = consume(self->fd, "q", 10);
	ASSERT_LT(0, other);
	ASSERT_EQ(0, hold_consumer(self->fd, self->consumer, 1, 0));
	EXPECT_EQ(1, consumer_get(number, self->consumer, BROKER_A_CONSUMER_PAUSED));
	EXPECT_EQ(0, consumer_get(number, other, BROKER_A_CONSUMER_PAUSED));
	EXPECT_EQ(0, consumer_get(number, self->consumer, BROKER_A_CONSUMER_PENDING));
	EXPECT_EQ(2, consumer_get(number, other, BROKER_A_CONSUMER_PENDING));
	NOTHING();
	EXPECT_EQ(0, SETTLE(ACCEPT));
	ASSERT_EQ(0, take(self->fd, other, &self->got));
	EXPECT_STREQ("2", self->got.body);
	EXPECT_EQ(0, cancel(self->fd, other));
	EXPECT_EQ(2, ready("q"));
	ASSERT_EQ(0, hold_consumer(self->fd, self->consumer, 0, 0));
	EXPECT_NEXT("2");
	EXPECT_NEXT("3");
}

TEST_F(pause, consumer_for_a_time)
{
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	CONSUME(1);
	ASSERT_EQ(0, hold_consumer(self->fd, self->consumer, 1, FAR_MS));
	EXPECT_LT(0, consumer_get(session_number(self->fd), self->consumer,
				  BROKER_A_CONSUMER_PAUSE_MS));
	NOTHING();
	ASSERT_EQ(0, hold_consumer(self->fd, self->consumer, 1, SHORT_MS));
	EXPECT_NEXT("1");
	EXPECT_EQ(0, consumer_get(session_number(self->fd), self->consumer,
				  BROKER_A_CONSUMER_PAUSED));
}

/* More than the lock is held for at once comes back, in order. */
TEST_F(pause, many)
{
	char body[8];
	int i;

	CONSUME(1000);
	for (i = 0; i < 300; i++) {
		snprintf(body, sizeof(body), "%d", i);
		ASSERT_EQ(0, put(self->fd, "q", body));
	}
	EXPECT_EQ(300, unacked("q"));
	ASSERT_EQ(0, hold_queue(1, 0));
	EXPECT_EQ(300, ready("q"));
	ASSERT_EQ(0, hold_queue(0, 0) ?: hold_consumer(self->fd, self->consumer, 1, 0));
	EXPECT_EQ(300, ready("q"));
	ASSERT_EQ(0, hold_consumer(self->fd, self->consumer, 0, 0));
	for (i = 0; i < 300; i++) {
		snprintf(body, sizeof(body), "%d", i);
		EXPECT_NEXT(body);
	}
}

TEST_F(pause, many_consumers)
{
	int i;

	for (i = 0; i < 100; i++)
		CONSUME(3);
	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(300, unacked("q"));
	ASSERT_EQ(0, hold_queue(1, 0));
	EXPECT_EQ(300, ready("q"));
	EXPECT_EQ(0, unacked("q"));
	ASSERT_EQ(0, hold_queue(0, 0));
	EXPECT_EQ(300, unacked("q"));
}

TEST_HARNESS_MAIN
