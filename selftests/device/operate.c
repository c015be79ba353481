// SPDX-License-Identifier: GPL-2.0-or-later
/* Queues that are sealed or protected, and a broker that is draining. */
#include <sys/poll.h>

#include "helper.h"
#include "kselftest_harness.h"

#define OFF	BROKER_SWITCH_OFF
#define ON	BROKER_SWITCH_ON

static int queue_switch(const char *name, int attr, uint32_t how)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_SET);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, name);
	nl_put_u32(msg, attr, how);
	return nl_do(msg);
}

static int seal(const char *name, uint32_t how)
{
	return queue_switch(name, BROKER_A_QUEUE_SEALED, how);
}

static int protect(const char *name, uint32_t how)
{
	return queue_switch(name, BROKER_A_QUEUE_PROTECTED, how);
}

static int draining(uint32_t how)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_BROKER_SET);

	nl_put_u32(msg, BROKER_A_STATUS_DRAINING, how);
	return nl_do(msg);
}

FIXTURE(operate) { int fd; };

FIXTURE_SETUP(operate)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK) ?:
		     queue_new("free"));
	ASSERT_EQ(0, put(self->fd, "q", "old"));
}

FIXTURE_TEARDOWN(operate)
{
}

/* A process that waits for room in "q" and exits with the error. */
static pid_t blocked(void)
{
	pid_t pid = fork_tied();

	if (pid)
		return wait_asleep(pid) ? pid : -1;
	_exit(-publish(session_open(), .key = "q", .body = "new", .timeout_ns = GUARD_NS));
}

static int events(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

TEST_F(operate, sealed_takes_nothing_and_gives)
{
	struct got got;
	int consumer;

	ASSERT_EQ(0, seal("free", ON) ?: seal("q", ON));
	EXPECT_EQ(ON, queue_get("q", BROKER_A_QUEUE_SEALED));
	EXPECT_EQ(-ESHUTDOWN, put(self->fd, "free", "new"));
	EXPECT_EQ(-ESHUTDOWN, put(self->fd, "q", "new"));
	EXPECT_EQ(1, queue_get("free", BROKER_A_QUEUE_REFUSED));
	EXPECT_EQ(2, broker_get(BROKER_A_STATUS_REFUSED));
	/* What it has is given out, and may come back. */
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, consumer, got.d.tag));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("old", got.body);
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	ASSERT_EQ(0, seal("q", OFF));
	EXPECT_EQ(0, put(self->fd, "q", "new"));
}

TEST_F(operate, sealed_among_others)
{
	ASSERT_EQ(0, queue_new("other") ?: seal("other", ON) ?:
		     exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     bind_queue("x", "free", "") ?: bind_queue("x", "other", ""));
	EXPECT_EQ(-ESHUTDOWN, send_to(self->fd, "x", "", "to all or none"));
	EXPECT_EQ(0, ready("free"));
	EXPECT_EQ(0, publish(self->fd, .exchange = "x", .body = "to those that take it",
			     .flags = BROKER_PUBLISH_F_PARTIAL));
	EXPECT_EQ(1, ready("free"));
	EXPECT_EQ(0, ready("other"));
	EXPECT_EQ(0, publish(self->fd, .exchange = "x", .body = "not told",
			     .confirm = BROKER_CONFIRM_NONE));
	EXPECT_EQ(1, ready("free"));
}

TEST_F(operate, sealing_ends_a_wait)
{
	pid_t pid = blocked();

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, seal("q", ON));
	EXPECT_EQ(ESHUTDOWN, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(operate, sealing_ends_a_poll_for_room)
{
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "new"));
	EXPECT_EQ(0, events(self->fd) & POLLOUT);
	ASSERT_EQ(0, seal("q", ON));
	EXPECT_EQ(POLLOUT, events(self->fd) & POLLOUT);
	EXPECT_EQ(-ESHUTDOWN, put(self->fd, "q", "new"));
}

TEST_F(operate, protected_is_neither_deleted_nor_purged)
{
	ASSERT_EQ(0, protect("q", ON));
	EXPECT_EQ(-EBUSY, queue_del("q"));
	EXPECT_EQ(-EBUSY, queue_purge("q"));
	EXPECT_EQ(1, ready("q"));
	ASSERT_EQ(0, protect("q", OFF));
	EXPECT_EQ(0, queue_purge("q"));
	EXPECT_EQ(0, queue_del("q"));
}

TEST_F(operate, protected_queue_of_its_consumers_goes_with_them)
{
	int consumer;

	ASSERT_EQ(0, queue_new("auto", .flags = BROKER_QUEUE_FLAGS_AUTO_DELETE) ?:
		     protect("auto", ON));
	consumer = consume(self->fd, "auto", 0);
	ASSERT_EQ(0, cancel(self->fd, consumer));
	EXPECT_EQ(-ENOENT, put(self->fd, "auto", "x"));
}

TEST_F(operate, draining_takes_nothing_and_gives)
{
	struct got got;
	int consumer, other;

	ASSERT_EQ(0, draining(ON));
	EXPECT_EQ(ON, broker_get(BROKER_A_STATUS_DRAINING));
	EXPECT_EQ(-ESHUTDOWN, put(self->fd, "free", "new"));
	EXPECT_EQ(1, broker_get(BROKER_A_STATUS_REFUSED));
	EXPECT_EQ(0, publish(self->fd, .key = "free", .body = "not told",
			     .confirm = BROKER_CONFIRM_NONE));
	EXPECT_EQ(0, ready("free"));
	/* Emptying queues may take new sessions. */
	other = session_open();
	ASSERT_LE(0, other);
	consumer = consume(other, "q", 0);
	ASSERT_EQ(0, take(other, consumer, &got));
	EXPECT_EQ(0, settle(other, BROKER_OP_ACCEPT, consumer, got.d.tag));
	EXPECT_EQ(0, ready("q"));
	ASSERT_EQ(0, draining(OFF));
	EXPECT_EQ(0, put(self->fd, "free", "new"));
}

TEST_F(operate, draining_ends_a_wait_and_a_poll)
{
	pid_t pid = blocked();

	ASSERT_LT(0, pid);
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "new"));
	EXPECT_EQ(0, events(self->fd) & POLLOUT);
	ASSERT_EQ(0, draining(ON));
	EXPECT_EQ(ESHUTDOWN, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(POLLOUT, events(self->fd) & POLLOUT);
	EXPECT_EQ(1, ready("q"));
}

TEST_HARNESS_MAIN
