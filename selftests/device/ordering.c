// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages that take turns: of a group key, one is handed out at a time. */
#include "helper.h"
#include "filter.h"
#include "ordering.h"
#include "kselftest_harness.h"

#define FAR_MS	(1000 * 1000 * 1000)

FIXTURE(ordering) { int fd, consumer; struct got got; };

FIXTURE_SETUP(ordering)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(ordering)
{
}

#define GETS(text)							\
do {									\
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));	\
	EXPECT_STREQ(text, self->got.body);				\
} while (0)

#define NOTHING()	EXPECT_EQ(-EAGAIN, take(self->fd, self->consumer, &self->got))
#define SETTLE(OP)	settle(self->fd, BROKER_OP_##OP, self->consumer, self->got.d.tag)
#define ACCEPT()	ASSERT_EQ(0, SETTLE(ACCEPT))
#define CONSUME(queue)	ASSERT_LT(0, (self->consumer = consume(self->fd, queue, 10)))

#define START(bodies, ...)						\
do {									\
	ASSERT_EQ(0, queue_new("q", .ordering = 1, ##__VA_ARGS__));	\
	ASSERT_EQ(0, put_keys(self->fd, "q", bodies));			\
} while (0)

TEST_F(ordering, one_at_a_time)
{
	START("a1 a2 b1 a3 b2");
	CONSUME("q");
	GETS("a1");
	GETS("b1");
	NOTHING();
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(2, unacked("q"));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	GETS("a2");
	NOTHING();
	ACCEPT();
	GETS("a3");
	NOTHING();
}

TEST_F(ordering, without_the_setting)
{
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_EQ(0, put_keys(self->fd, "q", "a1 a2"));
	CONSUME("q");
	GETS("a1");
	/* The property is carried all the same. */
	EXPECT_LT(0, self->got.d.props_len);
	GETS("a2");
}

TEST_F(ordering, without_a_key)
{
	START("a1 a2");
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	CONSUME("q");
	GETS("a1");
	GETS("1");
	GETS("2");
	NOTHING();
}

/* Bytes are as good as a string, and the empty key is one. */
TEST_F(ordering, keys_of_any_kind)
{
	const char *values[] = { "", "\xff\x00\x01" };
	const int lengths[] = { 0, 3 };
	char props[64];
	uint32_t len;
	int i, j;

	ASSERT_EQ(0, queue_new("q", .ordering = 1));
	for (i = 0; i < 2; i++) {
		len = add(props, 0, BROKER_PROP_GROUP_KEY, BROKER_TYPE_BYTES, values[i],
			  lengths[i]);
		for (j = 0; j < 2; j++)
			ASSERT_EQ(0, publish(self->fd, .key = "q", .body = i ? "bytes" : "empty",
					     .props = props, .props_len = len));
	}
	CONSUME("q");
	GETS("empty");
	GETS("bytes");
	NOTHING();
}

TEST_F(ordering, whoever_gets_the_next)
{
	int other;

	START("a1 a2");
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 1)));
	ASSERT_LT(0, (other = consume(self->fd, "q", 1)));
	GETS("a1");
	EXPECT_EQ(-EAGAIN, take(self->fd, other, &self->got));
	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 0, 0));
	EXPECT_EQ(-EAGAIN, take(self->fd, other, &self->got));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	ASSERT_EQ(0, take(self->fd, other, &self->got));
	EXPECT_STREQ("a2", self->got.body);
}

TEST_F(ordering, released_is_first_again)
{
	START("a1 a2 b1");
	CONSUME("q");
	GETS("a1");
	EXPECT_EQ(0, SETTLE(RELEASE));
	GETS("a1");
	EXPECT_EQ(0, SETTLE(FAIL));
	GETS("a1");
	EXPECT_EQ(1, self->got.d.failed);
	GETS("b1");
	NOTHING();
}

TEST_F(ordering, one_that_is_to_be_tried_again)
{
	START("a1 a2 b1", .retry_min = FAR_MS, .retry_max = FAR_MS);
	CONSUME("q");
	GETS("a1");
	EXPECT_EQ(0, SETTLE(FAIL));
	GETS("a1");
	EXPECT_EQ(0, SETTLE(FAIL));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_WAITING));
	/* It holds up its key, and nothing else. */
	GETS("b1");
	NOTHING();
	EXPECT_EQ(1, ready("q"));
}

TEST_F(ordering, one_that_is_delayed)
{
	struct broker_op op;

	START("a1 a2 b1");
	CONSUME("q");
	GETS("a1");
	op = op_settle(BROKER_OP_DELAY, self->consumer, self->got.d.tag);
	op.settle.time_ms = 30;
	ASSERT_EQ(0, submit_one(self->fd, &op));
	GETS("b1");
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
	EXPECT_STREQ("a1", self->got.body);
	NOTHING();
	ACCEPT();
	GETS("a2");
}

/* Out of order is what the consumer wants. */
TEST_F(ordering, one_that_is_deferred)
{
	static char buffer[8192] __attribute__((aligned(8)));
	struct broker_receive r;

	START("a1 a2 a3");
	CONSUME("q");
	GETS("a1");
	EXPECT_EQ(0, SETTLE(DEFER));
	GETS("a2");
	NOTHING();
	r = receive_of(self->consumer, buffer, sizeof(buffer), 1);
	r.flags = BROKER_RECEIVE_F_DEFERRED;
	r.sequence = 1;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &r));
	got_from(&self->got, buffer);
	EXPECT_STREQ("a1", self->got.body);
	/* Back, it is one of many again. */
	EXPECT_EQ(0, SETTLE(RELEASE));
	NOTHING();
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 2));
	GETS("a1");
	NOTHING();
	ACCEPT();
	GETS("a3");
}

/* A message for later is not there yet, and so holds up none. */
TEST_F(ordering, one_for_later)
{
	int64_t day = 32503680000000;
	char props[96];
	uint32_t len;

	START("a1");
	len = add(props, 0, BROKER_PROP_GROUP_KEY, BROKER_TYPE_STRING, "a", 1);
	len = add(props, len, BROKER_PROP_DELIVER_AT, BROKER_TYPE_INT64, &day, 8);
	ASSERT_EQ(0, publish(self->fd, .key = "q", .body = "later", .props = props,
			     .props_len = len));
	ASSERT_EQ(0, put_key(self->fd, "q", "a2"));
	CONSUME("q");
	GETS("a1");
	ACCEPT();
	GETS("a2");
}

TEST_F(ordering, holder_is_killed)
{
	struct baton b;
	pid_t pid;

	START("a1 a2 b1");
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
	CONSUME("q");
	GETS("b1");
	NOTHING();
	kill(pid, SIGKILL);
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
	EXPECT_STREQ("a1", self->got.body);
	EXPECT_EQ(BROKER_CAUSE_KILLED, self->got.d.cause);
	NOTHING();
	ACCEPT();
	GETS("a2");
	reap(pid);
}

TEST_F(ordering, the_dead_hold_up_none)
{
	START("a1 a2 a3", .max_delivery = 1);
	CONSUME("q");
	GETS("a1");
	EXPECT_EQ(0, SETTLE(FAIL));
	GETS("a2");
	EXPECT_EQ(0, SETTLE(REJECT));
	GETS("a3");
}

TEST_F(ordering, dead_letters_take_turns)
{
	int dead;

	ASSERT_EQ(0, queue_new("dead", .ordering = 1));
	START("a1 a2", .dead_key = "dead");
	CONSUME("q");
	GETS("a1");
	EXPECT_EQ(0, SETTLE(REJECT));
	GETS("a2");
	EXPECT_EQ(0, SETTLE(REJECT));
	ASSERT_LT(0, (dead = consume(self->fd, "dead", 10)));
	ASSERT_EQ(0, take_wait(self->fd, dead, &self->got));
	EXPECT_STREQ("a1", self->got.body);
	EXPECT_EQ(-ETIMEDOUT, take_timeout(self->fd, dead, &self->got, 20 * MS_NS));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, dead, 1));
	ASSERT_EQ(0, take_wait(self->fd, dead, &self->got));
	EXPECT_STREQ("a2", self->got.body);
}

static int await_ready(const char *queue, uint64_t wanted)
{
	int i;

	for (i = 0; i < 4000 && ready(queue) != wanted; i++)
		usleep(5000);
	return ready(queue) == wanted;
}

/* Wherever it stands: behind one in hand, or with its turn and nobody to take it. */
TEST_F(ordering, expired)
{
	START("a1");
	ASSERT_EQ(0, put_with(self->fd, "q", "a2", (struct more) { -1, 30 }));
	ASSERT_EQ(0, put_with(self->fd, "q", "b1", (struct more) { -1, 30 }));
	ASSERT_EQ(0, put_keys(self->fd, "q", "a3 b2 b3"));
	EXPECT_TRUE(await_ready("q", 4));
	CONSUME("q");
	GETS("a1");
	GETS("b2");
	NOTHING();
	ACCEPT();
	GETS("b3");
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	GETS("a3");
}

TEST_F(ordering, expired_while_it_waits_to_be_tried_again)
{
	struct broker_op op;

	ASSERT_EQ(0, queue_new("q", .ordering = 1));
	CONSUME("q");
	ASSERT_EQ(0, put_with(self->fd, "q", "a1", (struct more) { -1, 500 }));
	ASSERT_EQ(0, put_key(self->fd, "q", "a2"));
	GETS("a1");
	op = op_settle(BROKER_OP_DELAY, self->consumer, self->got.d.tag);
	op.settle.time_ms = FAR_MS;
	ASSERT_EQ(0, submit_one(self->fd, &op));
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
	EXPECT_STREQ("a2", self->got.body);
}

TEST_F(ordering, drop_head)
{
	START("a1 a2 a3", .max_messages = 3, .overflow = BROKER_OVERFLOW_DROP_HEAD);
	/* The one that has the turn goes: */
	ASSERT_EQ(0, put_key(self->fd, "q", "a4"));
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 1)));
	GETS("a2");
	/* and one that has not. */
	ASSERT_EQ(0, put_key(self->fd, "q", "a5"));
	EXPECT_EQ(2, ready("q"));
	ACCEPT();
	GETS("a4");
	ACCEPT();
	GETS("a5");
}

/* In a ring, even one that is in hand. */
TEST_F(ordering, overwritten)
{
	START("a1 a2", .max_messages = 2, .overflow = BROKER_OVERFLOW_RING);
	CONSUME("q");
	GETS("a1");
	ASSERT_EQ(0, put_key(self->fd, "q", "a3"));
	EXPECT_EQ(-ESTALE, SETTLE(ACCEPT));
	GETS("a2");
	NOTHING();
	ACCEPT();
	GETS("a3");
}

TEST_F(ordering, refused_message_changes_nothing)
{
	START("a1 a2", .max_messages = 2);
	CONSUME("q");
	EXPECT_EQ(-EAGAIN, put_key(self->fd, "q", "a3"));
	GETS("a1");
	ACCEPT();
	GETS("a2");
}

TEST_F(ordering, transactions)
{
	struct broker_result results[2];
	struct broker_op ops[2];
	struct broker_submit s = submit_of(ops, 2, results);
	char props[64];
	uint32_t len = add(props, 0, BROKER_PROP_GROUP_KEY, BROKER_TYPE_STRING, "a", 1);

	START("a1 a2");
	CONSUME("q");
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	GETS("a1");
	/* Released in one it has its turn again, */
	ops[0] = op_settle(BROKER_OP_RELEASE, self->consumer, self->got.d.tag);
	op_publish(&ops[1], &(struct pub) { .key = "q", .body = "a3", .props = props,
					    .props_len = len });
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	ASSERT_EQ(0, s.failed);
	GETS("a1");
	NOTHING();
	/* one that fails leaves it where it is, */
	ops[0] = op_settle(BROKER_OP_ACCEPT, self->consumer, self->got.d.tag);
	ops[1].publish.min_routes = 2;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	ASSERT_EQ(2, s.failed);
	NOTHING();
	/* and accepted the next one has it. */
	ops[1].publish.min_routes = 0;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	ASSERT_EQ(0, s.failed);
	op_free(&ops[1]);
	GETS("a2");
	ACCEPT();
	GETS("a3");
	ACCEPT();
	GETS("a3");
	NOTHING();
}

TEST_F(ordering, cumulative)
{
	START("a1 b1 a2 b2");
	CONSUME("q");
	GETS("a1");
	GETS("b1");
	EXPECT_EQ(0, settle_flags(self->fd, BROKER_OP_ACCEPT, self->consumer, 2,
				  BROKER_SETTLE_F_CUMULATIVE));
	GETS("a2");
	GETS("b2");
}

TEST_F(ordering, auto_accept)
{
	START("a1 a2 a3");
	ASSERT_LT(0, (self->consumer = consume_auto(self->fd, "q", 10)));
	GETS("a1");
	GETS("a2");
	GETS("a3");
	EXPECT_EQ(0, unacked("q"));
}

TEST_F(ordering, purged)
{
	START("a1 a2 b1");
	CONSUME("q");
	GETS("a1");
	ASSERT_EQ(0, queue_purge("q"));
	EXPECT_EQ(0, ready("q"));
	ASSERT_EQ(0, put_keys(self->fd, "q", "a3 b2"));
	GETS("b1");
	NOTHING();
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	GETS("a3");
}

/* One by one, too, with its turn or without. */
TEST_F(ordering, removed_by_sequence)
{
	uint64_t sequence[] = { 2, 1 };
	int i;

	START("a1 a2 a3");
	for (i = 0; i < 2; i++) {
		struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_REMOVE);

		nl_put_str(msg, BROKER_A_QUEUE_NAME, "q");
		nl_put_u64(msg, BROKER_A_QUEUE_SEQUENCE, sequence[i]);
		ASSERT_EQ(0, nl_do(msg));
	}
	CONSUME("q");
	GETS("a3");
}

TEST_F(ordering, purged_before_anybody_came)
{
	START("a1 a2 b1");
	ASSERT_EQ(0, queue_purge("q"));
	ASSERT_EQ(0, put_keys(self->fd, "q", "a3 a4"));
	CONSUME("q");
	GETS("a3");
	NOTHING();
}

TEST_F(ordering, deleted)
{
	START("a1 a2 b1 b2");
	CONSUME("q");
	GETS("a1");
	EXPECT_EQ(0, queue_del("q"));
	EXPECT_EQ(-EIDRM, take(self->fd, self->consumer, &self->got));
}

static int queue_move(const char *from, const char *to, uint32_t limit)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_MOVE);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, from);
	nl_put_str(msg, BROKER_A_QUEUE_TO_QUEUE, to);
	if (limit)
		nl_put_u32(msg, BROKER_A_QUEUE_LIMIT, limit);
	return nl_do(msg);
}

/* In the order of the queue, blocked or not; where they go they take turns, too. */
TEST_F(ordering, moved)
{
	int holder;

	ASSERT_EQ(0, queue_new("to", .ordering = 1) ?: queue_new("free"));
	START("a1 a2 b1 a3 b2 a4");
	ASSERT_LT(0, (holder = consume(self->fd, "q", 1)));
	ASSERT_EQ(0, take(self->fd, holder, &self->got));
	ASSERT_EQ(0, queue_move("q", "to", 4));
	EXPECT_EQ(1, ready("q"));
	CONSUME("to");
	GETS("a2");
	GETS("b1");
	NOTHING();
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, holder, 1));
	ASSERT_EQ(0, take(self->fd, holder, &self->got));
	EXPECT_STREQ("a4", self->got.body);
	/* Where there are no turns, nobody waits for his. */
	ASSERT_EQ(0, queue_move("to", "free", 0));
	CONSUME("free");
	GETS("a3");
	GETS("b2");
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, holder, 2));
	ASSERT_EQ(0, cancel(self->fd, holder));
	ASSERT_EQ(0, queue_move("q", "free", 0));
	GETS("a4");
}

/* From where there are none, by their keys. */
TEST_F(ordering, moved_from_elsewhere)
{
	ASSERT_EQ(0, queue_new("free"));
	ASSERT_EQ(0, queue_new("q", .ordering = 1, .max_messages = 2));
	ASSERT_EQ(0, put_keys(self->fd, "free", "a1 a2 a3"));
	ASSERT_EQ(0, queue_move("free", "q", 0));
	EXPECT_EQ(1, ready("free"));
	CONSUME("q");
	GETS("a1");
	NOTHING();
	ACCEPT();
	GETS("a2");
}

/* What is taken and does not fit goes back to its turn. */
TEST_F(ordering, moved_in_vain)
{
	ASSERT_EQ(0, queue_new("to", .max_messages = 1) ?: put(self->fd, "to", "full"));
	START("a1 a2");
	ASSERT_EQ(0, queue_move("q", "to", 0));
	EXPECT_EQ(2, ready("q"));
	CONSUME("q");
	GETS("a1");
	NOTHING();
}

TEST_F(ordering, browsed_in_order)
{
	static char buffer[8192] __attribute__((aligned(8)));
	struct broker_browse b = {
		.size = sizeof(b), .queue = (uintptr_t)"q", .queue_len = 1, .max_messages = 1,
		.buffer = (uintptr_t)buffer, .buffer_len = sizeof(buffer),
	};
	const char *bodies[] = { "a2", "b1", "a3", "b2", "a4" };
	int i;

	START("a1 a2 b1 a3 b2 a4");
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 1)));
	EXPECT_EQ(5, ready("q"));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, call(self->fd, BROKER_IOC_BROWSE, &b));
		ASSERT_EQ(1, b.count);
		got_from(&self->got, buffer);
		EXPECT_STREQ(bodies[i], self->got.body);
	}
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_BROWSE, &b));
	EXPECT_EQ(0, b.count);
	/* And many at once. */
	b.cursor = 0;
	b.max_messages = 100;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_BROWSE, &b));
	EXPECT_EQ(5, b.count);
}

/* While nobody has the first, one of a higher priority takes its turn; else not. */
TEST_F(ordering, priorities)
{
	ASSERT_EQ(0, queue_new("q", .ordering = 1, .priorities = 10));
	ASSERT_EQ(0, put_with(self->fd, "q", "a1", (struct more) { 1, -1 }));
	ASSERT_EQ(0, put_with(self->fd, "q", "a9", (struct more) { 9, -1 }));
	ASSERT_EQ(0, put_with(self->fd, "q", "a5", (struct more) { 5, -1 }));
	CONSUME("q");
	GETS("a9");
	ACCEPT();
	GETS("a5");
	ASSERT_EQ(0, put_with(self->fd, "q", "a8", (struct more) { 8, -1 }));
	NOTHING();
	EXPECT_EQ(0, SETTLE(RELEASE));
	GETS("a8");
	ACCEPT();
	GETS("a5");
	ACCEPT();
	GETS("a1");
}

/* One that a filter does not match keeps its turn, and the others of its key back. */
TEST_F(ordering, filters)
{
	struct broker_consume c = consume_of("q", 10);
	struct program p = {};
	int other;

	field(&p, BROKER_FILTER_FIELD_SIZE);
	integer(&p, 2);
	op(&p, BROKER_FILTER_EQ);
	c.filter = (uintptr_t)p.bytes;
	c.filter_len = p.len;
	START("long a2 l2 a3");
	ASSERT_EQ(0, put_key(self->fd, "q", "l3"));
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
	self->consumer = c.consumer;
	GETS("a2");
	NOTHING();
	ACCEPT();
	GETS("a3");
	NOTHING();
	ASSERT_LT(0, (other = consume(self->fd, "q", 1)));
	ASSERT_EQ(0, take(self->fd, other, &self->got));
	EXPECT_STREQ("long", self->got.body);
	NOTHING();
	ASSERT_EQ(0, set_credit(self->fd, other, 0, 0));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, other, 1));
	GETS("l2");
	NOTHING();
	ACCEPT();
	GETS("l3");
}

/* However many of one key there are, they are out of the others' way. */
TEST_F(ordering, many_of_one_key)
{
	int i;

	ASSERT_EQ(0, queue_new("q", .ordering = 1));
	for (i = 0; i < 3000; i++)
		ASSERT_EQ(0, put_key(self->fd, "q", "a"));
	CONSUME("q");
	GETS("a");
	ASSERT_EQ(0, put_key(self->fd, "q", "b"));
	GETS("b");
	NOTHING();
	EXPECT_EQ(2999, ready("q"));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	for (i = 1; i < 3000; i++) {
		ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
		ASSERT_EQ(i + 1, self->got.d.sequence);
		ACCEPT();
	}
	NOTHING();
}

TEST_F(ordering, turned_on_and_off)
{
	ASSERT_EQ(0, queue_new("q") ?: put_keys(self->fd, "q", "a1 a2"));
	ASSERT_EQ(0, queue_set("q", .ordering = 1));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_ORDERING));
	ASSERT_EQ(0, put_keys(self->fd, "q", "a3 a4"));
	ASSERT_EQ(0, queue_set("q", .ordering = -1));
	ASSERT_EQ(0, put_keys(self->fd, "q", "a5 a6"));
	ASSERT_EQ(0, queue_set("q", .ordering = 1) ?: queue_set("q", .ordering = -1));
	CONSUME("q");
	/* What counts is when they were published. */
	GETS("a1");
	GETS("a2");
	GETS("a3");
	GETS("a5");
	GETS("a6");
	NOTHING();
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 3));
	GETS("a4");
}

TEST_F(ordering, single_active_too)
{
	int other;

	START("a1 a2 b1", .single_active = 1);
	CONSUME("q");
	ASSERT_LT(0, (other = consume(self->fd, "q", 10)));
	GETS("a1");
	GETS("b1");
	NOTHING();
	ASSERT_EQ(0, cancel(self->fd, self->consumer));
	self->consumer = other;
	GETS("a1");
	GETS("b1");
	NOTHING();
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, other, 1));
	GETS("a2");
}

TEST_HARNESS_MAIN
