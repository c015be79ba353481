// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Consumers that have messages and do nothing.  Times are either over soon, and then
 * waited for, or so far away that they never come.
 */
#include "helper.h"
#include "kselftest_harness.h"

#define FAR_MS	(1000 * 1000 * 1000)
#define DETACH	BROKER_SLOW_ACTION_DETACH

FIXTURE(slow) { int fd, consumer; struct got got; };

FIXTURE_SETUP(slow)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(slow)
{
}

static int await_consumers(uint64_t wanted)
{
	int i;

	for (i = 0; i < 4000 && queue_get("q", BROKER_A_QUEUE_CONSUMERS) != wanted; i++)
		usleep(5000);
	return queue_get("q", BROKER_A_QUEUE_CONSUMERS) == wanted;
}

#define START(credit, ...)							\
do {										\
	ASSERT_EQ(0, queue_new("q", __VA_ARGS__));				\
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", credit)));	\
} while (0)

/* What it had goes back uncounted, to whoever is next, and it is told. */
TEST_F(slow, detached_with_messages_in_hand)
{
	START(1, .slow_after = 500, .slow_action = DETACH);
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	ASSERT_TRUE(await_consumers(0));
	EXPECT_EQ(-ENOENT, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	EXPECT_EQ(-EIDRM, take_wait(self->fd, 0, &self->got));
	EXPECT_EQ(-ENOENT, take(self->fd, self->consumer, &self->got));
	ASSERT_EQ(0, queue_set("q", .slow_after = FAR_MS));
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 1)));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(BROKER_CAUSE_SLOW, self->got.d.cause);
	EXPECT_EQ(0, self->got.d.failed);
	EXPECT_EQ(2, self->got.d.acquired);
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_FAILED));
}

/* Also one that does not come for them: then nobody has seen any. */
TEST_F(slow, detached_with_messages_on_their_way)
{
	START(10, .slow_after = 50, .slow_action = DETACH);
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	ASSERT_TRUE(await_consumers(0));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(-EIDRM, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DELIVERED));
}

TEST_F(slow, even_without_a_lease)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_NEW);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, "q");
	nl_put_u32(msg, BROKER_A_QUEUE_LEASE, 0);
	nl_put_u32(msg, BROKER_A_QUEUE_SLOW_AFTER, 500);
	nl_put_u32(msg, BROKER_A_QUEUE_SLOW_ACTION, DETACH);
	ASSERT_EQ(0, nl_do(msg));
	ASSERT_LT(0, consume(self->fd, "q", 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(0, take(self->fd, 0, &self->got));
	EXPECT_TRUE(await_consumers(0));
}

/* One without messages has nothing to be slow with. */
TEST_F(slow, nothing_to_do)
{
	int idle;

	START(1, .slow_after = 50, .slow_action = DETACH);
	ASSERT_LT(0, (idle = consume_priority(self->fd, "q", 0, 0)));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	/* The other one is long over by then. */
	ASSERT_TRUE(await_consumers(1));
	ASSERT_EQ(0, queue_set("q", .slow_after = FAR_MS));
	ASSERT_EQ(0, take(self->fd, idle, &self->got));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, idle, 1));
	ASSERT_EQ(0, queue_set("q", .slow_after = 50));
	usleep(200000);
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
}

/* By default, and as an event only, it stays. */
TEST_F(slow, not_asked_for)
{
	START(1, .slow_after = 20);
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	usleep(300000);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
}

/* What it has in hand when that is set counts, too. */
TEST_F(slow, set_while_in_use)
{
	START(1, .slow_after = FAR_MS);
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	ASSERT_EQ(0, queue_set("q", .slow_after = 20, .slow_action = DETACH));
	EXPECT_TRUE(await_consumers(0));
}

/* A process that is stopped is not slow, however long that takes. */
TEST_F(slow, stopped_process)
{
	struct baton b;
	pid_t pid;
	int i;

	ASSERT_EQ(0, queue_new("q", .slow_after = 1000, .slow_action = DETACH));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	baton_init(&b);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		take(fd, consume(fd, "q", 1), &self->got);
		baton_send(b.to_parent[1], 1);
		for (;;)
			pause();
	}
	EXPECT_EQ(1, baton_wait(b.to_parent[0]));
	kill(pid, SIGSTOP);
	for (i = 0; i < 30 && queue_get("q", BROKER_A_QUEUE_CONSUMERS); i++)
		usleep(100000);
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
	kill(pid, SIGCONT);
	EXPECT_TRUE(await_consumers(0));
	kill(pid, SIGKILL);
	reap(pid);
}

/* The last one of a queue that goes with it. */
TEST_F(slow, auto_delete)
{
	int i;

	START(1, .slow_after = 20, .slow_action = DETACH, .flags = BROKER_QUEUE_FLAGS_AUTO_DELETE);
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	for (i = 0; i < 4000 && queue_get("q", BROKER_A_QUEUE_ID) != ~0ULL; i++)
		usleep(5000);
	EXPECT_EQ(-ENOENT, put(self->fd, "q", "2"));
}

TEST_HARNESS_MAIN
