// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of a message that was handed out. */
#include "helper.h"
#include "kselftest_harness.h"

/* Queue "q" holds "0" to "4", a consumer may pull them. */
FIXTURE(settle) { int fd, consumer; };

FIXTURE_SETUP(settle)
{
	char body[2] = "0";

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .retry_max = 1));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
	for (; *body < '5'; ++*body)
		ASSERT_EQ(0, put(self->fd, "q", body));
}

FIXTURE_TEARDOWN(settle)
{
}

#define TAKE(got)	ASSERT_EQ(0, take(self->fd, self->consumer, got))
#define SETTLE(OP, got)	settle(self->fd, BROKER_OP_##OP, self->consumer, (got)->d.tag)

/* What comes out from here on, as one string. */
static const char *rest(int fd, int consumer)
{
	static char all[64];
	struct got got;

	all[0] = 0;
	while (!take(fd, consumer, &got))
		strcat(all, got.body);
	return all;
}

TEST_F(settle, accept)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(0, SETTLE(ACCEPT, &got));
	EXPECT_EQ(4, ready("q"));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	EXPECT_STREQ("1234", rest(self->fd, self->consumer));
}

TEST_F(settle, reject)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(0, SETTLE(REJECT, &got));
	EXPECT_EQ(4, ready("q"));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_REJECTED));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	EXPECT_STREQ("1234", rest(self->fd, self->consumer));
}

TEST_F(settle, release)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(0, got.d.flags & BROKER_DELIVERY_F_REDELIVERED);
	EXPECT_EQ(0, SETTLE(RELEASE, &got));
	EXPECT_EQ(5, ready("q"));
	TAKE(&got);
	EXPECT_STREQ("0", got.body);
	EXPECT_TRUE(got.d.flags & BROKER_DELIVERY_F_REDELIVERED);
	EXPECT_EQ(2, got.d.acquired);
	EXPECT_EQ(0, got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_RELEASED, got.d.cause);
	EXPECT_EQ(0, got.d.cause_code);
	EXPECT_EQ(getpid(), got.d.cause_pid);
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_RELEASED));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_FAILED));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_REDELIVERED));
	EXPECT_EQ(5, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
}

TEST_F(settle, fail)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(0, SETTLE(FAIL, &got));
	EXPECT_EQ(5, ready("q"));
	TAKE(&got);
	EXPECT_STREQ("0", got.body);
	EXPECT_TRUE(got.d.flags & BROKER_DELIVERY_F_REDELIVERED);
	EXPECT_EQ(2, got.d.acquired);
	EXPECT_EQ(1, got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_FAILED, got.d.cause);
	EXPECT_EQ(getpid(), got.d.cause_pid);
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_RELEASED));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_FAILED));
}

/* Each hand-out counts as acquired, FAIL alone as failed. */
TEST_F(settle, two_counts)
{
	struct got got;
	int i;

	for (i = 0; i < 3; i++) {
		TAKE(&got);
		ASSERT_EQ(0, SETTLE(FAIL, &got));
	}
	for (i = 0; i < 4; i++) {
		TAKE(&got);
		ASSERT_EQ(0, SETTLE(RELEASE, &got));
	}
	TAKE(&got);
	EXPECT_EQ(8, got.d.acquired);
	EXPECT_EQ(3, got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_RELEASED, got.d.cause);
}

/* Back to its place, whatever was settled before. */
TEST_F(settle, original_position)
{
	struct got got[5];
	int i;

	for (i = 0; i < 4; i++)
		TAKE(&got[i]);
	EXPECT_EQ(0, SETTLE(RELEASE, &got[3]));
	EXPECT_EQ(0, SETTLE(RELEASE, &got[0]));
	EXPECT_EQ(0, SETTLE(ACCEPT, &got[1]));
	EXPECT_EQ(0, SETTLE(FAIL, &got[2]));
	EXPECT_STREQ("0234", rest(self->fd, self->consumer));
}

/* The sequence stays, the tag is new. */
TEST_F(settle, names_of_a_redelivery)
{
	struct got first, again;

	TAKE(&first);
	ASSERT_EQ(0, SETTLE(RELEASE, &first));
	TAKE(&again);
	EXPECT_EQ(first.d.sequence, again.d.sequence);
	EXPECT_LT(first.d.tag, again.d.tag);
	EXPECT_EQ(first.d.time_ns, again.d.time_ns);
	EXPECT_EQ(-ESTALE, SETTLE(ACCEPT, &first));
	EXPECT_EQ(0, SETTLE(ACCEPT, &again));
}

TEST_F(settle, twice)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(0, SETTLE(ACCEPT, &got));
	EXPECT_EQ(-ESTALE, SETTLE(ACCEPT, &got));
	EXPECT_EQ(-ESTALE, SETTLE(RELEASE, &got));
	EXPECT_EQ(-ESTALE, SETTLE(FAIL, &got));
	EXPECT_EQ(-ESTALE, SETTLE(REJECT, &got));
	EXPECT_EQ(4, ready("q"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
}

TEST_F(settle, tag_never_handed_out)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(-EINVAL, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, got.d.tag + 1));
	EXPECT_EQ(-EINVAL, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, ~0ULL));
	EXPECT_EQ(1, unacked("q"));
}

TEST_F(settle, tag_zero)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(-EINVAL, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 0));
	EXPECT_EQ(1, unacked("q"));
}

/* A message that is on its way has not been handed out. */
TEST_F(settle, tag_of_what_is_pending)
{
	int consumer = consume(self->fd, "q", 1);

	EXPECT_EQ(-EINVAL, settle(self->fd, BROKER_OP_ACCEPT, consumer, 1));
	EXPECT_EQ(-EINVAL, settle_flags(self->fd, BROKER_OP_ACCEPT, consumer, 1,
					BROKER_SETTLE_F_CUMULATIVE));
}

TEST_F(settle, unknown_consumer)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(-ENOENT, settle(self->fd, BROKER_OP_ACCEPT, 77, got.d.tag));
	EXPECT_EQ(-ENOENT, settle(self->fd, BROKER_OP_ACCEPT, 0, got.d.tag));
	EXPECT_EQ(1, unacked("q"));
}

TEST_F(settle, consumer_of_another_session)
{
	struct got got;

	TAKE(&got);
	EXPECT_EQ(-ENOENT, settle(session_open(), BROKER_OP_ACCEPT, self->consumer, got.d.tag));
	EXPECT_EQ(1, unacked("q"));
}

TEST_F(settle, after_the_cancel)
{
	struct got got;

	TAKE(&got);
	ASSERT_EQ(0, cancel(self->fd, self->consumer));
	EXPECT_EQ(-ENOENT, SETTLE(ACCEPT, &got));
	EXPECT_EQ(5, ready("q"));
}

TEST_F(settle, cancel_releases)
{
	struct got got;

	TAKE(&got);
	TAKE(&got);
	ASSERT_EQ(0, cancel(self->fd, self->consumer));
	self->consumer = consume(self->fd, "q", 0);
	TAKE(&got);
	EXPECT_STREQ("0", got.body);
	EXPECT_EQ(2, got.d.acquired);
	EXPECT_EQ(0, got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_CANCELLED, got.d.cause);
	EXPECT_EQ(0, got.d.cause_code);
	EXPECT_EQ(getpid(), got.d.cause_pid);
	EXPECT_STREQ("1234", rest(self->fd, self->consumer));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_RELEASED));
}

/* What was only on its way was never tried: nothing is counted. */
TEST_F(settle, cancel_of_what_is_pending)
{
	int pending = consume(self->fd, "q", 5);
	struct got got;

	EXPECT_EQ(0, ready("q"));
	ASSERT_EQ(0, cancel(self->fd, pending));
	EXPECT_EQ(5, ready("q"));
	TAKE(&got);
	EXPECT_EQ(0, got.d.flags & BROKER_DELIVERY_F_REDELIVERED);
	EXPECT_EQ(1, got.d.acquired);
	EXPECT_EQ(0, got.d.failed);
}

static struct broker_result cumulative(int fd, int opcode, int consumer, uint64_t tag)
{
	struct broker_op op = op_settle(opcode, consumer, tag);
	struct broker_result result = { .error = 1 };

	op.flags = BROKER_SETTLE_F_CUMULATIVE;
	submit(fd, &op, 1, &result);
	return result;
}

TEST_F(settle, cumulative_accept)
{
	struct broker_result result;
	struct got got[4];
	int i;

	for (i = 0; i < 4; i++)
		TAKE(&got[i]);
	result = cumulative(self->fd, BROKER_OP_ACCEPT, self->consumer, got[2].d.tag);
	EXPECT_EQ(0, result.error);
	EXPECT_EQ(3, result.accepted);
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(3, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	EXPECT_EQ(0, SETTLE(RELEASE, &got[3]));
	EXPECT_STREQ("34", rest(self->fd, self->consumer));
}

TEST_F(settle, cumulative_around_settled)
{
	struct broker_result result;
	struct got got[4];
	int i;

	for (i = 0; i < 4; i++)
		TAKE(&got[i]);
	ASSERT_EQ(0, SETTLE(ACCEPT, &got[1]));
	ASSERT_EQ(0, SETTLE(ACCEPT, &got[2]));
	/* The tag itself is settled already. */
	result = cumulative(self->fd, BROKER_OP_RELEASE, self->consumer, got[2].d.tag);
	EXPECT_EQ(0, result.error);
	EXPECT_EQ(1, result.accepted);
	EXPECT_EQ(1, unacked("q"));
	EXPECT_STREQ("04", rest(self->fd, self->consumer));
}

TEST_F(settle, cumulative_with_nothing_left)
{
	struct broker_result result;
	struct got got;

	TAKE(&got);
	ASSERT_EQ(0, SETTLE(ACCEPT, &got));
	result = cumulative(self->fd, BROKER_OP_ACCEPT, self->consumer, got.d.tag);
	EXPECT_EQ(-ESTALE, result.error);
	EXPECT_EQ(0, result.accepted);
}

TEST_F(settle, cumulative_never_handed_out)
{
	struct broker_result result;
	struct got got;

	TAKE(&got);
	result = cumulative(self->fd, BROKER_OP_ACCEPT, self->consumer, got.d.tag + 1);
	EXPECT_EQ(-EINVAL, result.error);
	EXPECT_EQ(0, result.accepted);
	EXPECT_EQ(1, unacked("q"));
}

TEST_F(settle, cumulative_within_the_consumer)
{
	int other = consume(self->fd, "q", 0);
	struct broker_result result;
	struct got got, mine;

	TAKE(&got);
	ASSERT_EQ(0, take(self->fd, other, &mine));
	TAKE(&got);
	result = cumulative(self->fd, BROKER_OP_ACCEPT, self->consumer, got.d.tag);
	EXPECT_EQ(2, result.accepted);
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, other, mine.d.tag));
}

TEST_F(settle, cumulative_fail_and_reject)
{
	struct broker_result result;
	struct got got;

	TAKE(&got);
	TAKE(&got);
	result = cumulative(self->fd, BROKER_OP_FAIL, self->consumer, got.d.tag);
	EXPECT_EQ(2, result.accepted);
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_FAILED));
	TAKE(&got);
	EXPECT_EQ(1, got.d.failed);
	TAKE(&got);
	EXPECT_EQ(1, got.d.failed);
	result = cumulative(self->fd, BROKER_OP_REJECT, self->consumer, got.d.tag);
	EXPECT_EQ(2, result.accepted);
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_REJECTED));
	EXPECT_STREQ("234", rest(self->fd, self->consumer));
}

/* A message that comes back wakes whoever waits for one. */
TEST_F(settle, release_goes_to_another)
{
	int fd = session_open(), other;
	struct got got[5], mine;
	int i;

	for (i = 0; i < 5; i++)
		TAKE(&got[i]);
	other = consume(fd, "q", 1);
	EXPECT_EQ(-EAGAIN, take(fd, other, &mine));
	ASSERT_EQ(0, SETTLE(RELEASE, &got[2]));
	ASSERT_EQ(0, take(fd, other, &mine));
	EXPECT_STREQ("2", mine.body);
	EXPECT_EQ(BROKER_CAUSE_RELEASED, mine.d.cause);
}

TEST_F(settle, counters_add_up)
{
	struct got got[5];
	int i;

	for (i = 0; i < 5; i++)
		TAKE(&got[i]);
	SETTLE(ACCEPT, &got[0]);
	SETTLE(REJECT, &got[1]);
	SETTLE(FAIL, &got[2]);
	SETTLE(RELEASE, &got[3]);
	EXPECT_EQ(5, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(5, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(2, broker_get(BROKER_A_STATUS_READY));
	EXPECT_EQ(1, broker_get(BROKER_A_STATUS_UNACKED));
	EXPECT_EQ(0, queue_purge("q"));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_PURGED));
	EXPECT_EQ(1, unacked("q"));
}

TEST_HARNESS_MAIN
