// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages moved and copied from one queue to another. */
#include <pthread.h>
#include <stdatomic.h>

#include "helper.h"
#include "kselftest_harness.h"

struct moved {
	uint64_t count;
	int error;		/* why it stopped */
};

/* Return: 0 or a negative errno of the request. */
static int move_some(const char *from, const char *to, int copy, uint32_t limit,
		      struct moved *moved)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_MOVE), reply;
	int ret;

	nl_put_str(msg, BROKER_A_QUEUE_NAME, from);
	nl_put_str(msg, BROKER_A_QUEUE_TO_QUEUE, to);
	if (copy)
		nl_put(msg, BROKER_A_QUEUE_COPY, NULL, 0);
	if (limit)
		nl_put_u32(msg, BROKER_A_QUEUE_LIMIT, limit);
	ret = nl_do_reply(msg, &reply);
	*moved = (struct moved) { 0 };
	if (!ret) {
		moved->count = nl_get(&reply, BROKER_A_QUEUE_MOVED);
		if (nl_attr(&reply, BROKER_A_QUEUE_ERROR))
			moved->error = nl_get(&reply, BROKER_A_QUEUE_ERROR);
	}
	return ret;
}

static int move(const char *from, const char *to, struct moved *moved)
{
	return move_some(from, to, 0, 0, moved);
}

static int copy(const char *from, const char *to, struct moved *moved)
{
	return move_some(from, to, 1, 0, moved);
}

static int put_number(int fd, const char *queue, unsigned int number)
{
	char body[16];

	snprintf(body, sizeof(body), "%u", number);
	return put(fd, queue, body);
}

FIXTURE(move) { int fd; };

FIXTURE_SETUP(move)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("a") ?: queue_new("b"));
}

FIXTURE_TEARDOWN(move)
{
}

TEST_F(move, in_order_behind_what_is_there)
{
	struct moved moved;
	struct got got;
	int consumer;

	ASSERT_EQ(0, put(self->fd, "b", "0"));
	/* More than are moved under one hold of a lock */
	for (unsigned int i = 1; i <= 200; i++)
		ASSERT_EQ(0, put_number(self->fd, "a", i));
	ASSERT_EQ(0, move("a", "b", &moved));
	EXPECT_EQ(200, moved.count);
	EXPECT_EQ(0, moved.error);
	EXPECT_EQ(0, ready("a"));
	EXPECT_EQ(0, unacked("a"));
	EXPECT_EQ(0, queue_get("a", BROKER_A_QUEUE_BYTES));
	EXPECT_EQ(200, queue_get("a", BROKER_A_QUEUE_MOVED));
	EXPECT_EQ(201, ready("b"));
	EXPECT_EQ(201, queue_get("b", BROKER_A_QUEUE_ENQUEUED));
	consumer = consume(self->fd, "b", 0);
	for (unsigned int i = 0; i <= 200; i++) {
		char want[16];

		snprintf(want, sizeof(want), "%u", i);
		ASSERT_EQ(0, take(self->fd, consumer, &got));
		ASSERT_STREQ(want, got.body);
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	}
	/* Room that is given back can be used. */
	ASSERT_EQ(0, queue_set("a", .max_messages = 1));
	EXPECT_EQ(0, put(self->fd, "a", "x"));
}

TEST_F(move, keeps_counts_and_cause)
{
	struct moved moved;
	struct got got;
	int consumer;

	ASSERT_EQ(0, put(self->fd, "a", "x"));
	consumer = consume(self->fd, "a", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, got.d.tag));
	ASSERT_EQ(0, cancel(self->fd, consumer));
	ASSERT_EQ(0, move("a", "b", &moved));
	consumer = consume(self->fd, "b", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(2, got.d.acquired);
	EXPECT_EQ(1, got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_FAILED, got.d.cause);
	EXPECT_EQ(getpid(), got.d.origin.pid);
}

TEST_F(move, only_what_is_ready)
{
	struct moved moved;
	struct got got;
	int consumer;

	ASSERT_EQ(0, put(self->fd, "a", "held") ?: put(self->fd, "a", "free"));
	consumer = consume(self->fd, "a", 1);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, move("a", "b", &moved));
	EXPECT_EQ(1, moved.count);
	EXPECT_EQ(1, unacked("a"));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	EXPECT_EQ(0, move("a", "b", &moved));
	EXPECT_EQ(0, moved.count);
}

TEST_F(move, limit)
{
	struct moved moved;

	for (unsigned int i = 0; i < 5; i++)
		ASSERT_EQ(0, put_number(self->fd, "a", i));
	ASSERT_EQ(0, move_some("a", "b", 0, 3, &moved));
	EXPECT_EQ(3, moved.count);
	EXPECT_EQ(0, moved.error);
	EXPECT_EQ(2, ready("a"));
	EXPECT_EQ(3, ready("b"));
}

TEST_F(move, stops_where_there_is_no_room)
{
	struct moved moved;
	struct got got;

	ASSERT_EQ(0, queue_set("b", .max_messages = 2));
	for (unsigned int i = 0; i < 5; i++)
		ASSERT_EQ(0, put_number(self->fd, "a", i));
	ASSERT_EQ(0, move("a", "b", &moved));
	EXPECT_EQ(2, moved.count);
	EXPECT_EQ(EAGAIN, moved.error);
	EXPECT_EQ(3, ready("a"));
	EXPECT_EQ(0, unacked("a"));
	EXPECT_EQ(2, ready("b"));
	/* The one that found no room is back at its place. */
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "a", 0), &got));
	EXPECT_STREQ("2", got.body);
	ASSERT_EQ(0, queue_new("small", .max_bytes = 1));
	ASSERT_EQ(0, move("a", "small", &moved));
	EXPECT_EQ(0, moved.count);
	EXPECT_EQ(EMSGSIZE, moved.error);
}

TEST_F(move, to_a_consumer_that_waits)
{
	int consumer = consume(self->fd, "b", 10);
	struct moved moved;
	struct got got;

	ASSERT_EQ(0, put(self->fd, "a", "x"));
	ASSERT_EQ(0, move("a", "b", &moved));
	EXPECT_EQ(1, unacked("b"));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("x", got.body);
}

TEST_F(move, wakes_who_waits_for_room)
{
	struct moved moved;
	pid_t pid;

	ASSERT_EQ(0, queue_set("a", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, put(self->fd, "a", "old"));
	pid = fork_tied();
	if (!pid)
		_exit(-publish(session_open(), .key = "a", .body = "new", .timeout_ns = GUARD_NS));
	ASSERT_TRUE(wait_asleep(pid));
	ASSERT_EQ(0, move("a", "b", &moved));
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(1, ready("a"));
}

TEST_F(move, copies_stay_and_are_new)
{
	struct moved moved;
	struct got got;
	int consumer;

	for (unsigned int i = 0; i < 100; i++)
		ASSERT_EQ(0, put_number(self->fd, "a", i));
	consumer = consume(self->fd, "a", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, got.d.tag));
	ASSERT_EQ(0, cancel(self->fd, consumer));
	ASSERT_EQ(0, copy("a", "b", &moved));
	EXPECT_EQ(100, moved.count);
	EXPECT_EQ(100, ready("a"));
	EXPECT_EQ(100, ready("b"));
	EXPECT_EQ(0, queue_get("a", BROKER_A_QUEUE_MOVED));
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "b", 0), &got));
	EXPECT_STREQ("0", got.body);
	EXPECT_EQ(1, got.d.acquired);
	EXPECT_EQ(0, got.d.failed);
	ASSERT_EQ(0, queue_set("b", .max_messages = 100));
	ASSERT_EQ(0, copy("a", "b", &moved));
	EXPECT_EQ(0, moved.count);
	EXPECT_EQ(EAGAIN, moved.error);
}

/* Two that move there and back, one that publishes, one that consumes: all arrive, each once. */
#define MESSAGES 2000

static atomic_bool done;

static void *there_and_back(void *way)
{
	const char *from = way ? "b" : "a", *to = way ? "a" : "b";
	struct moved moved;

	while (!done)
		move_some(from, to, 0, 7, &moved);
	return NULL;
}

TEST_F(move, none_is_lost_or_doubled)
{
	static unsigned int seen[MESSAGES];
	int reader = session_open(), consumers[2];
	unsigned int sent = 0, got_all = 0;
	pthread_t movers[2];
	struct got got;

	consumers[0] = consume(reader, "a", 1);
	consumers[1] = consume(reader, "b", 1);
	for (long i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&movers[i], NULL, there_and_back, (void *)i));
	for (unsigned int idle = 0; got_all < MESSAGES && idle < 100000; idle++) {
		/* So many at a time that there is something to move. */
		while (sent < MESSAGES && sent < got_all + 50 &&
		       !put_number(self->fd, sent % 2 ? "a" : "b", sent))
			sent++;
		for (unsigned int i = 0; i < 2; i++) {
			if (take_timeout(reader, consumers[i], &got, 0))
				continue;
			seen[atoi(got.body)]++;
			ASSERT_EQ(0, settle(reader, BROKER_OP_ACCEPT, consumers[i], got.d.tag));
			got_all++;
			idle = 0;
		}
	}
	done = true;
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(movers[i], NULL);
	EXPECT_EQ(MESSAGES, got_all);
	for (unsigned int i = 0; i < MESSAGES; i++)
		ASSERT_EQ(1, seen[i]);
	EXPECT_EQ(0, ready("a") + ready("b") + unacked("a") + unacked("b"));
	EXPECT_LT(0, queue_get("a", BROKER_A_QUEUE_MOVED));
}

TEST_HARNESS_MAIN
