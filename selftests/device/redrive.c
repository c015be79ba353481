// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages that go back to where they died, and single ones that are deleted. */
#include <grp.h>

#include "filter.h"
#include "kselftest_harness.h"

#define USER	1000
#define FAR_MS	(1000 * 1000 * 1000)

/* "in" and "other" send their dead to "dead"; "alone" keeps them. */
FIXTURE(redrive) { int fd; struct got got; };

FIXTURE_SETUP(redrive)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("dead") ?:
		     queue_new("in", .dead_exchange = "", .dead_key = "dead", .max_delivery = 2) ?:
		     queue_new("other", .dead_exchange = "", .dead_key = "dead") ?:
		     queue_new("alone", .max_delivery = 1));
}

FIXTURE_TEARDOWN(redrive)
{
}

/* A request to move messages, and what came of it. */
struct move {
	const char *to;			/* NULL: back */
	uint32_t limit, state;
	const struct program *filter;
	int dry, copy;
	int go_on;			/* where the last one ended */
	uint64_t moved, skipped;
	int error;
};

static int do_move(const char *from, struct move *m)
{
	static uint8_t cursor[24];
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_MOVE), reply;
	int ret;

	nl_put_str(msg, BROKER_A_QUEUE_NAME, from);
	if (m->to)
		nl_put_str(msg, BROKER_A_QUEUE_TO_QUEUE, m->to);
	else
		nl_put(msg, BROKER_A_QUEUE_BACK, NULL, 0);
	if (m->limit)
		nl_put_u32(msg, BROKER_A_QUEUE_LIMIT, m->limit);
	if (m->state)
		nl_put_u32(msg, BROKER_A_QUEUE_STATE, m->state);
	if (m->filter)
		nl_put(msg, BROKER_A_QUEUE_FILTER, m->filter->bytes, m->filter->len);
	if (m->dry)
		nl_put(msg, BROKER_A_QUEUE_DRY_RUN, NULL, 0);
	if (m->copy)
		nl_put(msg, BROKER_A_QUEUE_COPY, NULL, 0);
	if (m->go_on)
		nl_put(msg, BROKER_A_QUEUE_CURSOR, cursor, sizeof(cursor));
	ret = nl_do_reply(msg, &reply);
	if (ret)
		return ret;
	memcpy(cursor, nl_attr(&reply, BROKER_A_QUEUE_CURSOR) + 1, sizeof(cursor));
	m->moved = nl_get(&reply, BROKER_A_QUEUE_MOVED);
	m->skipped = nl_get(&reply, BROKER_A_QUEUE_SKIPPED);
	m->error = nl_attr(&reply, BROKER_A_QUEUE_ERROR) ?
		   nl_get(&reply, BROKER_A_QUEUE_ERROR) : 0;
	return 0;
}

#define MOVE(from, ...)								\
({										\
	static struct move _move;						\
										\
	_move = (struct move){ __VA_ARGS__ };					\
	ASSERT_EQ(0, do_move(from, &_move));					\
	&_move;									\
})

/* Publishes to @queue and rejects it there. */
static int put_dead(int fd, const char *queue, const char *body)
{
	struct got got;
	int ret, consumer = consume(fd, queue, 0);

	ret = put(fd, queue, body) ?: take(fd, consumer, &got) ?:
	      settle(fd, BROKER_OP_REJECT, consumer, got.d.tag);
	return ret ?: cancel(fd, consumer);
}

static const char *taken(int fd, const char *queue, struct got *got)
{
	int consumer = consume(fd, queue, 0);

	if (take(fd, consumer, got))
		return NULL;
	settle(fd, BROKER_OP_ACCEPT, consumer, got->d.tag);
	cancel(fd, consumer);
	return got->body;
}

TEST_F(redrive, back_to_where_each_died)
{
	struct move *m;

	ASSERT_EQ(0, put_dead(self->fd, "in", "1") ?: put_dead(self->fd, "other", "2") ?:
		     put_dead(self->fd, "in", "3"));
	AWAIT("dead", READY, 3);
	ASSERT_EQ(0, put(self->fd, "dead", "never died"));
	m = MOVE("dead");
	EXPECT_EQ(3, m->moved);
	EXPECT_EQ(1, m->skipped);
	EXPECT_EQ(0, m->error);
	EXPECT_EQ(1, ready("dead"));
	EXPECT_EQ(0, unacked("dead"));
	EXPECT_STREQ("1", taken(self->fd, "in", &self->got));
	/* As if it had not been tried; how it died is told all the same. */
	EXPECT_EQ(1, self->got.d.acquired);
	EXPECT_EQ(0, self->got.d.failed);
	EXPECT_EQ(1, self->got.d.nr_deaths);
	EXPECT_STREQ("3", taken(self->fd, "in", &self->got));
	EXPECT_STREQ("2", taken(self->fd, "other", &self->got));
	EXPECT_STREQ("never died", taken(self->fd, "dead", &self->got));
}

/* It may fail as often as before. */
TEST_F(redrive, tried_anew)
{
	int consumer, i;

	ASSERT_EQ(0, put(self->fd, "in", "1"));
	consumer = consume(self->fd, "in", 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, take_wait(self->fd, consumer, &self->got));
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, self->got.d.tag));
	}
	AWAIT("dead", READY, 1);
	EXPECT_EQ(1, MOVE("dead")->moved);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, take_wait(self->fd, consumer, &self->got));
		EXPECT_EQ(i, self->got.d.failed);
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, self->got.d.tag));
	}
	AWAIT("dead", READY, 1);
}

/* Quarantined: to its place in its own queue. */
TEST_F(redrive, out_of_quarantine)
{
	int consumer;

	ASSERT_EQ(0, put(self->fd, "alone", "1") ?: put(self->fd, "alone", "2"));
	consumer = consume(self->fd, "alone", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, self->got.d.tag));
	AWAIT("alone", QUARANTINED, 1);
	EXPECT_EQ(0, MOVE("alone")->moved);
	EXPECT_EQ(1, MOVE("alone", .state = BROKER_MESSAGE_QUARANTINED)->moved);
	EXPECT_EQ(0, queue_get("alone", BROKER_A_QUEUE_QUARANTINED));
	EXPECT_EQ(2, ready("alone"));
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	EXPECT_STREQ("1", self->got.body);
	EXPECT_EQ(1, self->got.d.acquired);
	EXPECT_EQ(0, self->got.d.failed);
	/* Or to another queue. */
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, self->got.d.tag));
	AWAIT("alone", QUARANTINED, 1);
	EXPECT_EQ(1, MOVE("alone", .to = "other", .state = BROKER_MESSAGE_QUARANTINED)->moved);
	EXPECT_STREQ("1", taken(self->fd, "other", &self->got));
	EXPECT_EQ(0, self->got.d.failed);
	EXPECT_EQ(1, queue_get("alone", BROKER_A_QUEUE_MOVED));
}

/* What expired lives on, and what has a time to live in its queue gets a new one. */
TEST_F(redrive, expired)
{
	ASSERT_EQ(0, put_int(self->fd, "in", "1", BROKER_PROP_TTL, 1));
	AWAIT("dead", READY, 1);
	EXPECT_EQ(1, MOVE("dead")->moved);
	usleep(20 * 1000);
	EXPECT_STREQ("1", taken(self->fd, "in", &self->got));
	ASSERT_EQ(0, queue_set("in", .ttl = 1));
	ASSERT_EQ(0, put(self->fd, "in", "2"));
	AWAIT("dead", READY, 1);
	ASSERT_EQ(0, queue_set("in", .ttl = 100));
	EXPECT_EQ(1, MOVE("dead")->moved);
	AWAIT("dead", READY, 1);
	EXPECT_EQ(3, queue_get("in", BROKER_A_QUEUE_EXPIRED));
}

/* Where there is no room it stays, at its place, in the state that it was in. */
TEST_F(redrive, no_room)
{
	struct move *m;

	ASSERT_EQ(0, put_dead(self->fd, "in", "1") ?: put_dead(self->fd, "in", "2"));
	AWAIT("dead", READY, 2);
	ASSERT_EQ(0, queue_set("in", .max_messages = 1));
	m = MOVE("dead");
	EXPECT_EQ(1, m->moved);
	EXPECT_EQ(EAGAIN, m->error);
	EXPECT_EQ(1, ready("dead"));
	EXPECT_EQ(0, MOVE("dead", .go_on = 1)->moved);
	EXPECT_EQ(1, drain("in"));
	m = MOVE("dead", .go_on = 1);
	EXPECT_EQ(1, m->moved);
	EXPECT_EQ(0, m->error);

	ASSERT_EQ(0, put(self->fd, "alone", "3"));
	{
		int consumer = consume(self->fd, "alone", 0);

		ASSERT_EQ(0, take(self->fd, consumer, &self->got));
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, self->got.d.tag));
	}
	AWAIT("alone", QUARANTINED, 1);
	m = MOVE("alone", .to = "in", .state = BROKER_MESSAGE_QUARANTINED);
	EXPECT_EQ(EAGAIN, m->error);
	EXPECT_EQ(1, queue_get("alone", BROKER_A_QUEUE_QUARANTINED));
	EXPECT_EQ(0, unacked("alone"));
}

TEST_F(redrive, origin_is_gone)
{
	struct move *m;

	ASSERT_EQ(0, put_dead(self->fd, "in", "1") ?: put_dead(self->fd, "other", "2"));
	AWAIT("dead", READY, 2);
	ASSERT_EQ(0, queue_del("in"));
	m = MOVE("dead");
	EXPECT_EQ(1, m->moved);
	EXPECT_EQ(1, m->skipped);
	EXPECT_EQ(1, MOVE("dead", .to = "other")->moved);
	EXPECT_STREQ("2", taken(self->fd, "other", &self->got));
	EXPECT_STREQ("1", taken(self->fd, "other", &self->got));
}

/* Publishes a message with a number to "in", and rejects it there. */
static int number_dead(int fd, int64_t n)
{
	struct got got;
	int ret, consumer = consume(fd, "in", 0);

	ret = publish_number(fd, "", "in", "m", n) ?: take(fd, consumer, &got) ?:
	      settle(fd, BROKER_OP_REJECT, consumer, got.d.tag);
	return ret ?: cancel(fd, consumer);
}

TEST_F(redrive, filter_limit_and_dry_run)
{
	struct program p = {};
	struct move *m;
	int i;

	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, number_dead(self->fd, i % 2));
	AWAIT("dead", READY, 10);
	one(&p, 1);
	m = MOVE("dead", .dry = 1, .filter = &p);
	EXPECT_EQ(5, m->moved);
	EXPECT_EQ(10, ready("dead"));
	m = MOVE("dead", .filter = &p, .limit = 2);
	EXPECT_EQ(2, m->moved);
	EXPECT_EQ(8, ready("dead"));
	EXPECT_EQ(2, drain("in"));
	/* What comes after the first part began is not for this time. */
	ASSERT_EQ(0, number_dead(self->fd, 1));
	AWAIT("dead", READY, 9);
	m = MOVE("dead", .filter = &p, .go_on = 1);
	EXPECT_EQ(3, m->moved);
	EXPECT_EQ(6, ready("dead"));
	m = MOVE("dead", .filter = &p, .dry = 1);
	EXPECT_EQ(1, m->moved);
}

/* A cursor from nowhere harms nothing. */
TEST_F(redrive, any_cursor)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_MOVE), reply;
	uint8_t cursor[24];

	ASSERT_EQ(0, put_dead(self->fd, "in", "1"));
	AWAIT("dead", READY, 1);
	memset(cursor, 0xff, sizeof(cursor));
	nl_put_str(msg, BROKER_A_QUEUE_NAME, "dead");
	nl_put(msg, BROKER_A_QUEUE_BACK, NULL, 0);
	nl_put(msg, BROKER_A_QUEUE_CURSOR, cursor, sizeof(cursor));
	ASSERT_EQ(0, nl_do_reply(msg, &reply));
	EXPECT_EQ(0, nl_get(&reply, BROKER_A_QUEUE_MOVED));
	EXPECT_EQ(1, ready("dead"));
}

/* What fails again at once does not go round and round. */
TEST_F(redrive, consumer_that_rejects_everything)
{
	struct baton b;
	pid_t pid;
	int i;

	baton_init(&b);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, put_dead(self->fd, "other", "m"));
	AWAIT("dead", READY, 100);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "other", 10);

		baton_send(b.to_parent[1], 1);
		while (!take_timeout(fd, consumer, &self->got, BROKER_TIMEOUT_FOREVER))
			settle(fd, BROKER_OP_REJECT, consumer, self->got.d.tag);
	}
	ASSERT_EQ(1, baton_wait(b.to_parent[0]));
	EXPECT_EQ(100, MOVE("dead")->moved);
	AWAIT("dead", READY, 100);
	kill(pid, SIGKILL);
	reap(pid);
}

TEST_F(redrive, scheduled_and_deferred_now)
{
	int consumer;

	ASSERT_EQ(0, put_int(self->fd, "other", "later", BROKER_PROP_DELIVER_AT,
			     day_ms() + FAR_MS) ?: put(self->fd, "other", "now"));
	consumer = consume(self->fd, "other", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_DEFER, consumer, self->got.d.tag));
	EXPECT_EQ(1, MOVE("other", .to = "other", .state = BROKER_MESSAGE_DEFERRED)->moved);
	EXPECT_EQ(1, ready("other"));
	EXPECT_EQ(1, MOVE("other", .to = "other", .state = BROKER_MESSAGE_WAITING)->moved);
	EXPECT_EQ(2, ready("other"));
	EXPECT_EQ(0, queue_get("other", BROKER_A_QUEUE_MOVED));
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	EXPECT_STREQ("later", self->got.body);
}

/* A dead one that was to come later, and cannot go, is as it was, however often it tries. */
TEST_F(redrive, scheduled_that_died_and_cannot_go)
{
	int consumer, i;

	ASSERT_EQ(0, put_int(self->fd, "alone", "later", BROKER_PROP_DELIVER_AT,
			     day_ms() + FAR_MS) ?: queue_set("other", .max_messages = 1) ?:
		     put(self->fd, "other", "full"));
	EXPECT_EQ(1, MOVE("alone", .to = "alone", .state = BROKER_MESSAGE_WAITING)->moved);
	consumer = consume(self->fd, "alone", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, self->got.d.tag));
	AWAIT("alone", QUARANTINED, 1);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(EAGAIN, MOVE("alone", .to = "other",
				       .state = BROKER_MESSAGE_QUARANTINED)->error);
	EXPECT_EQ(1, queue_get("alone", BROKER_A_QUEUE_QUARANTINED));
	ASSERT_EQ(0, queue_purge("other"));
	EXPECT_EQ(1, MOVE("alone", .to = "other", .state = BROKER_MESSAGE_QUARANTINED)->moved);
	EXPECT_EQ(1, ready("other") + queue_get("other", BROKER_A_QUEUE_WAITING));
}

/* Its time goes with it. */
TEST_F(redrive, scheduled_to_another_queue)
{
	ASSERT_EQ(0, put_int(self->fd, "other", "later", BROKER_PROP_DELIVER_AT,
			     day_ms() + FAR_MS));
	EXPECT_EQ(1, MOVE("other", .to = "alone", .state = BROKER_MESSAGE_WAITING)->moved);
	EXPECT_EQ(1, queue_get("alone", BROKER_A_QUEUE_WAITING));
	EXPECT_EQ(0, queue_get("other", BROKER_A_QUEUE_WAITING));
	EXPECT_EQ(1, MOVE("alone", .to = "other", .state = BROKER_MESSAGE_WAITING,
			  .copy = 1)->moved);
	EXPECT_EQ(1, queue_get("alone", BROKER_A_QUEUE_WAITING));
	EXPECT_EQ(1, queue_get("other", BROKER_A_QUEUE_WAITING));
}

static int be_user(void)
{
	return setgroups(0, NULL) ?: setresgid(USER, USER, USER) ?: setresuid(USER, USER, USER);
}

/* It takes w on the queues that messages go back to. */
TEST_F(redrive, permission)
{
	pid_t pid;

	ASSERT_EQ(0, put_dead(self->fd, "in", "1"));
	AWAIT("dead", READY, 1);
	ASSERT_EQ(0, queue_set("dead", .owned = 1, .mode = 0777) ?:
		     queue_set("in", .owned = 1, .mode = 0700));
	pid = fork_tied();
	if (!pid) {
		static struct move m;

		if (be_user() || do_move("dead", &m))
			_exit(1);
		_exit(m.error != EACCES || m.moved);
	}
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(1, ready("dead"));
	EXPECT_EQ(1, MOVE("dead")->moved);
}

static int message_del(const char *queue, uint64_t sequence)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_REMOVE);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, queue);
	nl_put_u64(msg, BROKER_A_QUEUE_SEQUENCE, sequence);
	return nl_do(msg);
}

/* Whatever it waits for; but not what somebody has in hand. */
TEST_F(redrive, delete_one)
{
	int consumer = consume(self->fd, "other", 0);

	ASSERT_EQ(0, queue_set("other", .priorities = 32, .max_messages = 4));
	ASSERT_EQ(0, put(self->fd, "other", "1") ?:
		     put_int(self->fd, "other", "2", BROKER_PROP_PRIORITY, 9) ?:
		     put_int(self->fd, "other", "3", BROKER_PROP_DELIVER_AT, day_ms() + FAR_MS) ?:
		     put_int(self->fd, "other", "4", BROKER_PROP_PRIORITY, 31));
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	EXPECT_EQ(-ENODATA, message_del("other", 4));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_DEFER, consumer, self->got.d.tag));
	EXPECT_EQ(-EAGAIN, put(self->fd, "other", "5"));
	EXPECT_EQ(0, message_del("other", 4));
	EXPECT_EQ(-ENODATA, message_del("other", 4));
	EXPECT_EQ(0, message_del("other", 2));
	EXPECT_EQ(0, message_del("other", 3));
	EXPECT_EQ(1, ready("other"));
	EXPECT_EQ(0, queue_get("other", BROKER_A_QUEUE_WAITING));
	EXPECT_EQ(0, message_del("other", 1));
	EXPECT_EQ(0, queue_get("other", BROKER_A_QUEUE_BYTES));
	EXPECT_EQ(4, queue_get("other", BROKER_A_QUEUE_PURGED));
	EXPECT_EQ(0, put(self->fd, "other", "5"));
	EXPECT_EQ(-EAGAIN, take(self->fd, consumer, &self->got) ?:
			   take(self->fd, consumer, &self->got));
}

TEST_F(redrive, delete_quarantined)
{
	int consumer = consume(self->fd, "alone", 0);

	ASSERT_EQ(0, put(self->fd, "alone", "1") ?: take(self->fd, consumer, &self->got) ?:
		     settle(self->fd, BROKER_OP_FAIL, consumer, self->got.d.tag));
	AWAIT("alone", QUARANTINED, 1);
	EXPECT_EQ(0, message_del("alone", 1));
	EXPECT_EQ(0, queue_get("alone", BROKER_A_QUEUE_QUARANTINED));
	EXPECT_EQ(0, queue_get("alone", BROKER_A_QUEUE_BYTES));
}

/* Far behind others that wait. */
TEST_F(redrive, delete_one_of_many)
{
	int64_t later = day_ms() + FAR_MS;
	int i;

	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, put_int(self->fd, "other", "x", BROKER_PROP_DELIVER_AT, later + i));
	EXPECT_EQ(0, message_del("other", 777));
	EXPECT_EQ(-ENODATA, message_del("other", 777));
	EXPECT_EQ(999, queue_get("other", BROKER_A_QUEUE_WAITING));
}

/* Who scheduled a message may think better of it; others may not. */
TEST_F(redrive, delete_own_scheduled)
{
	pid_t pid;

	ASSERT_EQ(0, queue_set("other", .owned = 1, .mode = 0722));
	ASSERT_EQ(0, put_int(self->fd, "other", "root's", BROKER_PROP_DELIVER_AT,
			     day_ms() + FAR_MS));
	pid = fork_tied();
	if (!pid) {
		int fd, ret = be_user();

		fd = session_open();
		ret = ret ?: put_int(fd, "other", "mine", BROKER_PROP_DELIVER_AT,
				     day_ms() + FAR_MS) ?: put(fd, "other", "mine, ready");
		if (ret)
			_exit(1);
		if (message_del("other", 1) != -EACCES)
			_exit(2);
		if (message_del("other", 3) != -EACCES)
			_exit(3);
		if (message_del("other", 2))
			_exit(4);
		_exit(message_del("other", 2) == -EACCES ? 0 : 5);
	}
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(1, queue_get("other", BROKER_A_QUEUE_WAITING));
	EXPECT_EQ(1, ready("other"));
}

TEST_HARNESS_MAIN
