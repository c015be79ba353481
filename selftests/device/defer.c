// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages put aside until somebody asks for them. */
#include "helper.h"
#include "kselftest_harness.h"

/* Queue "q" holds "0" to "4". */
FIXTURE(defer) { int fd, consumer; struct got got; };

FIXTURE_SETUP(defer)
{
	char body[2] = "0";

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	for (; *body < '5'; ++*body)
		ASSERT_EQ(0, put(self->fd, "q", body));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
}

FIXTURE_TEARDOWN(defer)
{
}

static int fetch_buffer(int fd, uint32_t consumer, uint64_t sequence, struct got *got,
			void *buffer, uint32_t len)
{
	struct broker_receive r = receive_of(consumer, buffer, len, 1);
	int ret;

	r.flags = BROKER_RECEIVE_F_DEFERRED;
	r.sequence = sequence;
	ret = call(fd, BROKER_IOC_RECEIVE, &r);
	if (!ret && r.count != 1)
		ret = -EPROTO;
	if (!ret)
		got_from(got, buffer);
	return ret;
}

static int fetch(int fd, uint32_t consumer, uint64_t sequence, struct got *got)
{
	static char buffer[4096] __attribute__((aligned(8)));

	return fetch_buffer(fd, consumer, sequence, got, buffer, sizeof(buffer));
}

#define TAKE()		ASSERT_EQ(0, take(self->fd, self->consumer, &self->got))
#define SETTLE(OP)	settle(self->fd, BROKER_OP_##OP, self->consumer, self->got.d.tag)
#define FETCH(sequence)	fetch(self->fd, self->consumer, sequence, &self->got)
#define NUMBER(ATTRIBUTE) queue_get("q", BROKER_A_QUEUE_##ATTRIBUTE)

TEST_F(defer, given_to_nobody_until_asked_for)
{
	TAKE();
	EXPECT_EQ(0, SETTLE(DEFER));
	EXPECT_EQ(1, NUMBER(DEFERRED));
	EXPECT_EQ(0, NUMBER(UNACKED));
	EXPECT_EQ(4, drain("q"));
	EXPECT_EQ(0, ready("q"));
	ASSERT_EQ(0, FETCH(1));
	EXPECT_STREQ("0", self->got.body);
	EXPECT_EQ(1, self->got.d.sequence);
	/* It was handed out twice, and did not fail. */
	EXPECT_EQ(2, self->got.d.acquired);
	EXPECT_EQ(0, self->got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_RELEASED, self->got.d.cause);
	EXPECT_EQ(1, NUMBER(UNACKED));
	EXPECT_EQ(0, NUMBER(DEFERRED));
	EXPECT_EQ(0, SETTLE(ACCEPT));
	EXPECT_EQ(0, NUMBER(UNACKED));
	EXPECT_EQ(0, NUMBER(BYTES));
}

TEST_F(defer, not_there)
{
	EXPECT_EQ(-ENODATA, FETCH(1));
	TAKE();
	EXPECT_EQ(-ENODATA, FETCH(1));
	EXPECT_EQ(0, SETTLE(DEFER));
	EXPECT_EQ(-ENODATA, FETCH(2));
	EXPECT_EQ(0, FETCH(1));
	/* It is in hand now. */
	EXPECT_EQ(-ENODATA, FETCH(1));
	EXPECT_EQ(-ENODATA, FETCH(0));
	EXPECT_EQ(-ENODATA, FETCH(~0ULL));
	EXPECT_EQ(4, ready("q"));
}

/* Any of them, in any order, by another consumer, beyond its credit. */
TEST_F(defer, any_of_many)
{
	int other = session_open(), consumer = consume(other, "q", 1), i;

	ASSERT_EQ(0, take(other, consumer, &self->got));
	ASSERT_EQ(0, settle(other, BROKER_OP_RELEASE, consumer, self->got.d.tag));
	ASSERT_EQ(0, set_credit(other, consumer, 0, 0));
	for (i = 0; i < 5; i++) {
		TAKE();
		ASSERT_EQ(0, SETTLE(DEFER));
	}
	EXPECT_EQ(5, NUMBER(DEFERRED));
	for (i = 5; i > 0; i -= 2) {
		ASSERT_EQ(0, fetch(other, consumer, i, &self->got));
		EXPECT_EQ('0' + i - 1, self->got.body[0]);
	}
	EXPECT_EQ(2, NUMBER(DEFERRED));
	EXPECT_EQ(3, NUMBER(UNACKED));
}

/* In whatever way it comes back, it is for everybody again, at its place. */
TEST_F(defer, comes_back)
{
	TAKE();
	ASSERT_EQ(0, SETTLE(DEFER));
	ASSERT_EQ(0, FETCH(1));
	ASSERT_EQ(0, SETTLE(RELEASE));
	TAKE();
	EXPECT_STREQ("0", self->got.body);
	ASSERT_EQ(0, SETTLE(DEFER));
	ASSERT_EQ(0, FETCH(1));
	ASSERT_EQ(0, cancel(self->fd, self->consumer));
	EXPECT_EQ(5, ready("q"));
	self->consumer = consume(self->fd, "q", 0);
	TAKE();
	EXPECT_STREQ("0", self->got.body);
	/* Or not, if it is deferred again. */
	ASSERT_EQ(0, SETTLE(DEFER));
	ASSERT_EQ(0, FETCH(1));
	ASSERT_EQ(0, SETTLE(DEFER));
	EXPECT_EQ(1, NUMBER(DEFERRED));
	ASSERT_EQ(0, FETCH(1));
	EXPECT_EQ(7, self->got.d.acquired);
}

TEST_F(defer, holder_killed)
{
	struct baton b;
	pid_t pid;

	TAKE();
	ASSERT_EQ(0, SETTLE(DEFER));
	baton_init(&b);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		baton_send(b.to_parent[1], fetch(fd, consume(fd, "q", 0), 1, &self->got));
		pause();
	}
	ASSERT_EQ(0, baton_wait(b.to_parent[0]));
	kill(pid, SIGKILL);
	reap(pid);
	EXPECT_EQ(5, ready("q"));
	TAKE();
	EXPECT_STREQ("0", self->got.body);
	EXPECT_EQ(1, self->got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_KILLED, self->got.d.cause);
}

TEST_F(defer, cumulative)
{
	struct broker_op op;
	int i;

	for (i = 0; i < 3; i++)
		TAKE();
	op = op_settle(BROKER_OP_DEFER, self->consumer, self->got.d.tag);
	op.flags = BROKER_SETTLE_F_CUMULATIVE;
	ASSERT_EQ(0, submit_one(self->fd, &op));
	EXPECT_EQ(3, NUMBER(DEFERRED));
	EXPECT_EQ(2, ready("q"));
}

/* It counts against the limits. */
TEST_F(defer, keeps_its_room)
{
	ASSERT_EQ(0, queue_new("f", .max_messages = 1) ?: put(self->fd, "f", "1"));
	self->consumer = consume(self->fd, "f", 0);
	TAKE();
	ASSERT_EQ(0, SETTLE(DEFER));
	EXPECT_EQ(-EAGAIN, put(self->fd, "f", "2"));
	ASSERT_EQ(0, FETCH(1));
	ASSERT_EQ(0, SETTLE(ACCEPT));
	EXPECT_EQ(0, put(self->fd, "f", "2"));
}

TEST_F(defer, time_to_live_goes_on)
{
	ASSERT_EQ(0, queue_new("t"));
	ASSERT_EQ(0, put_int(self->fd, "t", "1", BROKER_PROP_TTL, 200));
	self->consumer = consume(self->fd, "t", 0);
	TAKE();
	ASSERT_EQ(0, SETTLE(DEFER));
	AWAIT("t", DEFERRED, 0);
	AWAIT("t", EXPIRED, 1);
	EXPECT_EQ(-ENODATA, FETCH(1));
}

TEST_F(defer, in_a_transaction)
{
	struct broker_op ops[2];
	struct broker_result results[2];
	struct broker_submit s;

	TAKE();
	ops[0] = op_settle(BROKER_OP_DEFER, self->consumer, self->got.d.tag);
	ops[1] = op_settle(BROKER_OP_ACCEPT, self->consumer, self->got.d.tag + 1);
	s = submit_of(ops, 2, results);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(-ECANCELED, results[0].error);
	EXPECT_EQ(0, NUMBER(DEFERRED));
	TAKE();
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, s.failed);
	EXPECT_EQ(1, NUMBER(DEFERRED));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(0, FETCH(1));
}

TEST_F(defer, purged_and_deleted)
{
	TAKE();
	ASSERT_EQ(0, SETTLE(DEFER));
	ASSERT_EQ(0, queue_purge("q"));
	EXPECT_EQ(0, NUMBER(DEFERRED));
	EXPECT_EQ(-ENODATA, FETCH(1));
	ASSERT_EQ(0, put(self->fd, "q", "x"));
	TAKE();
	ASSERT_EQ(0, SETTLE(DEFER));
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(-EIDRM, FETCH(6));
	EXPECT_EQ(-ENOENT, FETCH(6));
}

TEST_F(defer, browsed)
{
	char buffer[4096] __attribute__((aligned(8)));
	struct broker_browse b = {
		.size = sizeof(b), .queue = (uintptr_t)"q", .queue_len = 1, .max_messages = 1,
		.buffer = (uintptr_t)buffer, .buffer_len = sizeof(buffer),
		.state = BROKER_MESSAGE_DEFERRED,
	};
	int i;

	for (i = 0; i < 2; i++) {
		TAKE();
		ASSERT_EQ(0, SETTLE(DEFER));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, call(self->fd, BROKER_IOC_BROWSE, &b));
		ASSERT_EQ(1, b.count);
		got_from(&self->got, buffer);
		EXPECT_EQ(i + 1, self->got.d.sequence);
		EXPECT_EQ(BROKER_MESSAGE_DEFERRED, self->got.d.state);
	}
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_BROWSE, &b));
	EXPECT_EQ(0, b.count);
}

/* A reader that cannot take it has not got it. */
TEST_F(defer, bad_buffer)
{
	char small[sizeof(struct broker_delivery)] __attribute__((aligned(8)));
	void *wall = read_only(small, sizeof(small));

	TAKE();
	ASSERT_EQ(0, SETTLE(DEFER));
	EXPECT_EQ(-EMSGSIZE, fetch_buffer(self->fd, self->consumer, 1, &self->got, small,
					  sizeof(small)));
	EXPECT_EQ(-EFAULT, fetch_buffer(self->fd, self->consumer, 1, &self->got, wall, 4096));
	EXPECT_EQ(1, NUMBER(DEFERRED));
	EXPECT_EQ(0, NUMBER(UNACKED));
	ASSERT_EQ(0, FETCH(1));
	EXPECT_EQ(2, self->got.d.acquired);
}

TEST_F(defer, bad_arguments)
{
	char buffer[4096] __attribute__((aligned(8)));
	struct broker_receive r = receive_of(0, buffer, sizeof(buffer), 1);

	r.flags = BROKER_RECEIVE_F_DEFERRED;
	r.sequence = 1;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_RECEIVE, &r));
	r.consumer = BROKER_CONSUMER_REPLIES;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_RECEIVE, &r));
	r.consumer = self->consumer + 1;
	EXPECT_EQ(-ENOENT, call(self->fd, BROKER_IOC_RECEIVE, &r));
	TAKE();
	EXPECT_EQ(-EINVAL, ({
		struct broker_op op = op_settle(BROKER_OP_DEFER, self->consumer,
						self->got.d.tag);

		op.settle.time_ms = 1;
		submit_one(self->fd, &op);
	}));
	EXPECT_EQ(-ESTALE, ({ SETTLE(ACCEPT); SETTLE(DEFER); }));
}

TEST_HARNESS_MAIN
