// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests and replies, settlements with a time, pauses and schedules, where memory fails. */
#include "fault.h"

#define REPLIES	BROKER_CONSUMER_REPLIES

/* @fd asks and @other answers, by @consumer of "q". */
FIXTURE(flow) { int fd, other, consumer; struct got got, reply; };

FIXTURE_SETUP(flow)
{
	ASSERT_TRUE(faults_begin());
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	self->other = session_open();
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, queue_new("q", .retry_min = 1, .retry_max = 1));
	self->consumer = consume(self->other, "q", 0);
	ASSERT_LT(0, self->consumer);
}

FIXTURE_TEARDOWN(flow)
{
	faults_end();
}

/* Nobody waits for a reply to what was not asked, and who was asked can answer. */
TEST_F(flow, ask)
{
	struct broker_op op;
	int ret;

	op_publish(&op, &(struct pub) { .key = "q", .body = "ping" });
	op.flags |= BROKER_PUBLISH_F_REQUEST;
	EACH_POINT {
		op.user_data = nth;
		ret = faulty_op(self->fd, &op);
		FAULT_OR_DONE(ret);
		ASSERT_LE(ready("q"), 1);
		if (ret != 1)
			ASSERT_EQ(!ret, ready("q"));
		if (!ready("q")) {
			ASSERT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));
			continue;
		}
		ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
		struct broker_op reply = op_reply(self->consumer, self->got.d.tag, "pong");

		ASSERT_EQ(0, submit_one(self->other, &reply));
		ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
		EXPECT_EQ(nth, self->reply.d.user_data);
		EXPECT_STREQ("pong", self->reply.body);
	}
	ALL_POINTS_MET();
	op_free(&op);
}

/* A reply that cannot be given leaves the request with who has it, to be tried again. */
TEST_F(flow, answer)
{
	struct broker_op op, ask;
	int ret;

	op_publish(&ask, &(struct pub) { .key = "q", .body = "ping" });
	ask.flags |= BROKER_PUBLISH_F_REQUEST;
	EACH_POINT {
		if (!unacked("q"))
			ASSERT_EQ(0, submit_one(self->fd, &ask) ?:
				     take(self->other, self->consumer, &self->got));
		op = op_reply(self->consumer, self->got.d.tag, "pong");
		ret = faulty_op(self->other, &op);
		FAULT_OR_DONE(ret);
		if (ret != 1)
			ASSERT_EQ(!!ret, unacked("q"));
		ASSERT_EQ(unacked("q") ? -EAGAIN : 0, take(self->fd, REPLIES, &self->reply));
		if (!unacked("q"))
			EXPECT_STREQ("pong", self->reply.body);
	}
	ALL_POINTS_MET();
	op_free(&ask);
}

/* What a requester no longer waits for is gone, and is not before. */
TEST_F(flow, withdraw)
{
	struct broker_op op = { .opcode = BROKER_OP_WITHDRAW, .user_data = 7 }, ask;
	int ret, gone;

	op_publish(&ask, &(struct pub) { .key = "q", .body = "ping" });
	ask.flags |= BROKER_PUBLISH_F_REQUEST;
	ask.user_data = 7;
	EACH_POINT {
		if (!ready("q"))
			ASSERT_EQ(0, submit_one(self->fd, &ask));
		ret = faulty_op(self->fd, &op);
		FAULT_OR_DONE(ret);
		gone = take(self->fd, REPLIES, &self->reply) == -ENOENT;
		if (ret != 1)
			ASSERT_EQ(!ret, gone);
		/* Who looks for work does not find it. */
		ASSERT_EQ(gone ? -EAGAIN : 0, take(self->other, self->consumer, &self->got));
		if (!gone)
			ASSERT_EQ(0, settle(self->other, BROKER_OP_RELEASE, self->consumer,
					    self->got.d.tag));
		ASSERT_EQ(!gone, ready("q"));
	}
	ALL_POINTS_MET();
	op_free(&ask);
}

/* The death of who asked takes the request away, whatever memory there is. */
TEST_F(flow, requester_closes)
{
	struct broker_op ask;
	int fd;

	op_publish(&ask, &(struct pub) { .key = "q", .body = "ping" });
	ask.flags |= BROKER_PUBLISH_F_REQUEST;
	EACH_POINT {
		fd = session_open();
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, submit_one(fd, &ask));
		ASSERT_EQ(1, ready("q"));
		arm(1);
		close(fd);
		arm(0);
		ASSERT_EQ(-EAGAIN, take(self->other, self->consumer, &self->got));
		ASSERT_EQ(0, ready("q"));
	}
	EXPECT_GT(POINTS, nth);
	op_free(&ask);
}

/* With a time to wait for, settling needs no more memory than without. */
static void timed(struct __test_metadata *_metadata, FIXTURE_DATA(flow) *self, int opcode,
		  uint64_t ms, unsigned int waiting)
{
	struct broker_op op;
	int ret;

	EACH_POINT {
		if (!unacked("q"))
			ASSERT_EQ(0, put(self->fd, "q", "m") ?:
				     take(self->other, self->consumer, &self->got));
		op = op_settle(opcode, self->consumer, self->got.d.tag);
		op.settle.time_ms = ms;
		ret = faulty_op(self->other, &op);
		ASSERT_TRUE(ret == 0 || ret == 1 || ret == -EFAULT) {
			TH_LOG("point %d: %d", nth, ret);
		}
		if (ret != 1)
			ASSERT_EQ(!ret && waiting, queue_get("q", BROKER_A_QUEUE_WAITING));
		ASSERT_EQ(1, unacked("q") + queue_get("q", BROKER_A_QUEUE_WAITING));
		if (!unacked("q"))
			ASSERT_EQ(0, queue_purge("q"));
	}
	ALL_POINTS_MET();
}

TEST_F(flow, delay)
{
	timed(_metadata, self, BROKER_OP_DELAY, 3600000, 1);
}

TEST_F(flow, extend)
{
	timed(_metadata, self, BROKER_OP_EXTEND, 0, 0);
}

TEST_F(flow, defer)
{
	struct broker_op op;
	int ret;

	EACH_POINT {
		if (!unacked("q"))
			ASSERT_EQ(0, put(self->fd, "q", "m") ?:
				     take(self->other, self->consumer, &self->got));
		op = op_settle(BROKER_OP_DEFER, self->consumer, self->got.d.tag);
		ret = faulty_op(self->other, &op);
		ASSERT_TRUE(ret == 0 || ret == 1 || ret == -EFAULT);
		ASSERT_EQ(1, unacked("q") + queue_get("q", BROKER_A_QUEUE_DEFERRED));
		if (ret < 0)
			ASSERT_EQ(1, unacked("q"));
		if (!unacked("q"))
			ASSERT_EQ(0, queue_purge("q"));
	}
	ALL_POINTS_MET();
}

static int hold(int on)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_SET);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, "q");
	nl_put_u32(msg, BROKER_A_QUEUE_PAUSED, on);
	return nl_do(msg);
}

static int pause_queue(void)
{
	return hold(1);
}

static int resume_queue(void)
{
	return hold(0);
}

static uint64_t paused(void)
{
	return queue_get("q", BROKER_A_QUEUE_PAUSED);
}

TEST_F(flow, pause)
{
	ASSERT_EQ(0, resume_queue());
	admin_faults(_metadata, pause_queue, resume_queue, paused);
}

TEST_F(flow, resume)
{
	ASSERT_EQ(0, pause_queue());
	admin_faults(_metadata, resume_queue, pause_queue, paused);
}

static int make_schedule(void)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_SCHEDULE_NEW);

	nl_put_str(msg, BROKER_A_SCHEDULE_NAME, "new");
	nl_put_str(msg, BROKER_A_SCHEDULE_KEY, "q");
	nl_put(msg, BROKER_A_SCHEDULE_BODY, "body", 4);
	nl_put_u64(msg, BROKER_A_SCHEDULE_INTERVAL, 3600 * 1000);
	return nl_do(msg);
}

static int undo_schedule(void)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_SCHEDULE_DEL);

	nl_put_str(msg, BROKER_A_SCHEDULE_NAME, "new");
	return nl_do(msg);
}

static uint64_t schedules(void)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_SCHEDULE_GET), reply = {};

	nl_put_str(msg, BROKER_A_SCHEDULE_NAME, "new");
	return !nl_do_reply(msg, &reply);
}

TEST_F(flow, schedule_new)
{
	admin_faults(_metadata, make_schedule, undo_schedule, schedules);
}

TEST_F(flow, schedule_del)
{
	ASSERT_EQ(0, make_schedule());
	admin_faults(_metadata, undo_schedule, make_schedule, schedules);
}

TEST_HARNESS_MAIN
