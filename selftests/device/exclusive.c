// SPDX-License-Identifier: GPL-2.0-or-later
/* A consumer that is alone, and consumers that come first. */
#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(exclusive) { int fd, other; struct got got; };

FIXTURE_SETUP(exclusive)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	self->other = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(exclusive)
{
}

TEST_F(exclusive, keeps_others_out)
{
	ASSERT_LT(0, consume_exclusive(self->fd, "q", 1));
	EXPECT_EQ(-EBUSY, consume(self->other, "q", 1));
	EXPECT_EQ(-EBUSY, consume_exclusive(self->other, "q", 1));
	/* Its own session is no exception. */
	EXPECT_EQ(-EBUSY, consume(self->fd, "q", 1));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
	EXPECT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(0, take(self->fd, 0, &self->got));
	EXPECT_EQ(-EAGAIN, take(self->other, 0, &self->got));
}

TEST_F(exclusive, is_kept_out_by_others)
{
	int consumer = consume(self->other, "q", 0);

	ASSERT_LT(0, consumer);
	EXPECT_EQ(-EBUSY, consume_exclusive(self->fd, "q", 1));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
	EXPECT_EQ(0, cancel(self->other, consumer));
	EXPECT_LT(0, consume_exclusive(self->fd, "q", 1));
}

TEST_F(exclusive, refused_takes_no_number)
{
	int i;

	ASSERT_LT(0, consume_exclusive(self->fd, "q", 1));
	for (i = 0; i < BROKER_MAX_CONSUMERS + 1; i++)
		ASSERT_EQ(-EBUSY, consume(self->other, "q", 1));
	ASSERT_EQ(0, queue_new("r"));
	EXPECT_LT(0, consume(self->other, "r", 1));
}

TEST_F(exclusive, one_of_each_queue)
{
	ASSERT_EQ(0, queue_new("r"));
	EXPECT_LT(0, consume_exclusive(self->fd, "q", 1));
	EXPECT_LT(0, consume_exclusive(self->fd, "r", 1));
}

TEST_F(exclusive, the_next_one_after_its_end)
{
	int consumer = consume_exclusive(self->fd, "q", 1);

	ASSERT_LT(0, consumer);
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	ASSERT_EQ(0, cancel(self->fd, consumer));
	ASSERT_LT(0, consume_exclusive(self->other, "q", 1));
	ASSERT_EQ(0, take(self->other, 0, &self->got));
	EXPECT_EQ(2, self->got.d.acquired);
}

TEST_F(exclusive, the_next_one_after_its_death)
{
	pid_t pid = fork_tied();
	int fd;

	if (!pid) {
		fd = session_open();
		_exit(consume_exclusive(fd, "q", 1) < 0);
	}
	ASSERT_EQ(0, reap(pid));
	EXPECT_LT(0, consume_exclusive(self->fd, "q", 1));
}

/* Of as many that race for a queue, one gets it. */
TEST_F(exclusive, one_of_many)
{
	int i, got = 0, status, start[2], done[2];
	char byte = 0;
	pid_t pids[8];

	ASSERT_EQ(0, pipe2(start, O_CLOEXEC) | pipe2(done, O_CLOEXEC));
	for (i = 0; i < 8; i++) {
		pids[i] = fork_tied();
		if (!pids[i]) {
			int fd = session_open(), ret;

			/* All go when the last writer has closed it. */
			close(start[1]);
			if (read(start[0], &byte, 1))
				_exit(2);
			ret = consume_exclusive(fd, "q", 1);
			close(start[0]);
			if (write(done[1], &byte, 1) != 1)
				_exit(2);
			/* Until all have tried. */
			while (ret > 0 && queue_get("q", BROKER_A_QUEUE_MAX_MESSAGES) != 1)
				usleep(1000);
			_exit(ret > 0 ? 1 : ret == -EBUSY ? 0 : 2);
		}
	}
	close(start[1]);
	for (i = 0; i < 8; i++)
		ASSERT_EQ(1, read(done[0], &byte, 1));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	for (i = 0; i < 8; i++) {
		status = reap(pids[i]);
		ASSERT_TRUE(WIFEXITED(status));
		ASSERT_GE(1, WEXITSTATUS(status));
		got += WEXITSTATUS(status);
	}
	EXPECT_EQ(1, got);
}

TEST_F(exclusive, out_of_range)
{
	struct broker_consume c = consume_of("q", 1);

	c.priority = BROKER_MAX_CONSUMER_PRIORITY + 1;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_CONSUME, &c));
	c.priority = 0;
	c.lease_ms = BROKER_MAX_TIME_MS + 1;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_CONSUME, &c));
	c.lease_ms = 0;
	c.reserved = 1;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_CONSUME, &c));
	c.reserved = 0;
	c.flags = 1U << 31;
	EXPECT_EQ(-EOPNOTSUPP, call(self->fd, BROKER_IOC_CONSUME, &c));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
	c.flags = 0;
	c.lease_ms = BROKER_MAX_TIME_MS;
	c.priority = BROKER_MAX_CONSUMER_PRIORITY;
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
}

/* However much credit the others have. */
TEST_F(exclusive, the_highest_priority_is_first)
{
	int low = consume_priority(self->fd, "q", 10, 1);
	int high = consume_priority(self->fd, "q", 2, 2);
	int none = consume(self->fd, "q", 100), i;

	ASSERT_LT(0, low);
	ASSERT_LT(0, high);
	ASSERT_LT(0, none);
	for (i = 0; i < 13; i++)
		ASSERT_EQ(0, put(self->fd, "q", (char[]){ 'a' + i, 0 }));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, take(self->fd, high, &self->got));
		EXPECT_EQ('a' + i, self->got.body[0]);
	}
	EXPECT_EQ(-EAGAIN, take(self->fd, high, &self->got));
	for (; i < 12; i++) {
		ASSERT_EQ(0, take(self->fd, low, &self->got));
		EXPECT_EQ('a' + i, self->got.body[0]);
	}
	EXPECT_EQ(-EAGAIN, take(self->fd, low, &self->got));
	EXPECT_EQ(0, take(self->fd, none, &self->got));
	EXPECT_EQ(-EAGAIN, take(self->fd, none, &self->got));
	/* As soon as it has credit again. */
	EXPECT_EQ(0, settle_flags(self->fd, BROKER_OP_ACCEPT, high, 2,
				  BROKER_SETTLE_F_CUMULATIVE));
	ASSERT_EQ(0, put(self->fd, "q", "n"));
	EXPECT_EQ(0, take(self->fd, high, &self->got));
}

/* Its own lease comes before the queue's, shorter or longer. */
TEST_F(exclusive, lease_of_a_consumer)
{
	int consumer, longer, i;

	ASSERT_EQ(0, queue_new("leased", .lease = 20));
	ASSERT_EQ(0, put(self->fd, "q", "m") ?: put(self->fd, "leased", "n"));
	consumer = consume_lease(self->fd, "q", 0, 20);
	longer = consume_lease(self->fd, "leased", 0, 1000 * 1000 * 1000);
	ASSERT_LT(0, consumer);
	ASSERT_LT(0, longer);
	ASSERT_EQ(0, take(self->fd, longer, &self->got));
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	for (i = 0; i < 4000 && !ready("q"); i++)
		usleep(5000);
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	EXPECT_EQ(BROKER_CAUSE_LEASE, self->got.d.cause);
	EXPECT_EQ(1, self->got.d.failed);
	/* By now the queue's would have been over, too. */
	EXPECT_EQ(1, unacked("leased"));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, longer, 1));
}

TEST_HARNESS_MAIN
