// SPDX-License-Identifier: GPL-2.0-or-later
/* A ring keeps the newest messages, whoever holds the oldest. */
#include <stddef.h>

#include "helper.h"
#include "kselftest_harness.h"

#define FAR_MS	(1000 * 1000 * 1000)

FIXTURE(ring) { int fd, consumer; struct got got; };

FIXTURE_SETUP(ring)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .max_messages = 3, .overflow = BROKER_OVERFLOW_RING));
}

FIXTURE_TEARDOWN(ring)
{
}

#define COUNT(ATTRIBUTE)	queue_get("q", BROKER_A_QUEUE_##ATTRIBUTE)
#define CONSUME(credit)		ASSERT_LT(0, (self->consumer = consume(self->fd, "q", credit)))
#define SETTLE(OP, tag)		settle(self->fd, BROKER_OP_##OP, self->consumer, tag)
#define EXPECT_NEXT(text)						\
do {									\
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));	\
	EXPECT_STREQ(text, self->got.body);				\
} while (0)

/* Bodies "1", "2", ... from @first to @last. */
static int put_some(int fd, char first, char last)
{
	char body[2] = { first };
	int err = 0;

	for (; !err && *body <= last; ++*body)
		err = put(fd, "q", body);
	return err;
}

TEST_F(ring, keeps_the_newest)
{
	ASSERT_EQ(0, put_some(self->fd, '1', '9'));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(9, COUNT(ENQUEUED));
	EXPECT_EQ(6, COUNT(OVERWRITTEN));
	EXPECT_EQ(0, COUNT(DROPPED) + COUNT(REFUSED));
	CONSUME(0);
	EXPECT_NEXT("7");
	EXPECT_NEXT("8");
	EXPECT_NEXT("9");
	EXPECT_EQ(-EAGAIN, take(self->fd, self->consumer, &self->got));
}

TEST_F(ring, by_bytes)
{
	static char body[300];
	int i;

	ASSERT_EQ(0, queue_set("q", .max_messages = 100, .max_bytes = 400));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 100));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 300));
	EXPECT_EQ(1, ready("q"));
	EXPECT_GE(400, COUNT(BYTES));
	EXPECT_EQ(4, COUNT(OVERWRITTEN));
	/* More than it could ever hold. */
	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .body = body, .body_len = 300,
				     .props = NULL) ?:
			     publish(self->fd, .key = "q", .body = (char[500]){}, .body_len = 500));
}

/* The oldest first, though a consumer holds it and others are ready. */
TEST_F(ring, overwrites_what_consumers_hold)
{
	struct got got[2];

	ASSERT_EQ(0, put_some(self->fd, '1', '3'));
	CONSUME(0);
	ASSERT_EQ(0, take(self->fd, self->consumer, &got[0]) ?:
		     take(self->fd, self->consumer, &got[1]));
	EXPECT_EQ(0, put(self->fd, "q", "4"));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(-ESTALE, SETTLE(ACCEPT, got[0].d.tag));
	EXPECT_EQ(-ESTALE, SETTLE(RELEASE, got[0].d.tag));
	EXPECT_EQ(0, SETTLE(RELEASE, got[1].d.tag));
	EXPECT_EQ(1, COUNT(OVERWRITTEN));
	EXPECT_NEXT("2");
	EXPECT_NEXT("3");
	EXPECT_NEXT("4");
	/* All are held: still it takes what comes. */
	EXPECT_EQ(0, put_some(self->fd, '5', '7'));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(-ESTALE, SETTLE(ACCEPT, self->got.d.tag));
	EXPECT_EQ(0, COUNT(ACCEPTED));
}

/* Credit and byte counts of a consumer are as if it had settled: it gets the next. */
TEST_F(ring, gives_credit_back)
{
	CONSUME(3);
	ASSERT_EQ(0, put_some(self->fd, '1', '3'));
	EXPECT_NEXT("1");
	EXPECT_NEXT("2");
	/* "3" is on its way to it. */
	ASSERT_EQ(0, put_some(self->fd, '4', '6'));
	EXPECT_EQ(3, COUNT(OVERWRITTEN));
	EXPECT_EQ(3, unacked("q"));
	EXPECT_NEXT("4");
	EXPECT_NEXT("5");
	EXPECT_NEXT("6");
	EXPECT_EQ(0, SETTLE(ACCEPT, self->got.d.tag));
	EXPECT_EQ(2, unacked("q"));
	EXPECT_EQ(0, cancel(self->fd, self->consumer));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(2, drain("q"));
	EXPECT_EQ(0, COUNT(BYTES));
}

/* What waits for its time is as old as it is; priorities do not count. */
TEST_F(ring, by_age_alone)
{
	struct broker_op op;

	ASSERT_EQ(0, queue_set("q", .priorities = 10, .retry_min = FAR_MS, .retry_max = FAR_MS));
	ASSERT_EQ(0, put_some(self->fd, '1', '3'));
	CONSUME(0);
	EXPECT_NEXT("1");
	op = op_settle(BROKER_OP_DELAY, self->consumer, self->got.d.tag);
	op.settle.time_ms = FAR_MS;
	ASSERT_EQ(0, submit_one(self->fd, &op));
	EXPECT_EQ(1, COUNT(WAITING));
	EXPECT_EQ(0, put(self->fd, "q", "4"));
	EXPECT_EQ(0, COUNT(WAITING));
	EXPECT_EQ(3, ready("q"));
	/* The one that came back to the front is older than "3". */
	EXPECT_NEXT("2");
	EXPECT_EQ(0, SETTLE(RELEASE, self->got.d.tag));
	EXPECT_EQ(0, put(self->fd, "q", "5"));
	EXPECT_NEXT("3");
}

TEST_F(ring, overwrites_quarantine)
{
	ASSERT_EQ(0, queue_set("q", .max_delivery = 1) ?: put_some(self->fd, '1', '3'));
	CONSUME(0);
	EXPECT_NEXT("1");
	EXPECT_EQ(0, SETTLE(FAIL, self->got.d.tag));
	AWAIT("q", QUARANTINED, 1);
	EXPECT_EQ(0, put(self->fd, "q", "4"));
	EXPECT_EQ(0, COUNT(QUARANTINED));
	EXPECT_EQ(3, ready("q"));
}

TEST_F(ring, request)
{
	CONSUME(0);
	ASSERT_EQ(0, publish(self->fd, .key = "q", .body = "?", .flags = BROKER_PUBLISH_F_REQUEST));
	EXPECT_NEXT("?");
	ASSERT_EQ(0, put_some(self->fd, '1', '3'));
	ASSERT_EQ(0, take(self->fd, BROKER_CONSUMER_REPLIES, &self->got));
	EXPECT_EQ(BROKER_CAUSE_REMOVED, self->got.d.cause);
}

/* Another queue refuses: nobody has lost what he holds. */
TEST_F(ring, only_when_all_take_it)
{
	ASSERT_EQ(0, queue_new("r", .max_messages = 1) ?:
		     exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     bind_queue("x", "q", "") ?: bind_queue("x", "r", "") ?:
		     put(self->fd, "r", "full") ?: put_some(self->fd, '1', '3'));
	CONSUME(0);
	EXPECT_NEXT("1");
	EXPECT_EQ(-EAGAIN, send_to(self->fd, "x", "", "4"));
	EXPECT_EQ(0, COUNT(OVERWRITTEN));
	EXPECT_EQ(0, SETTLE(ACCEPT, self->got.d.tag));
}

static int commit(int fd, struct broker_op *ops, int nr, struct broker_result *results)
{
	struct broker_submit s = submit_of(ops, nr, results);

	s.flags = BROKER_SUBMIT_F_ATOMIC;
	return call(fd, BROKER_IOC_SUBMIT, &s) ?: (int)s.failed;
}

/* More than it holds in one transaction: the newest of it stay. */
TEST_F(ring, transaction)
{
	struct broker_result results[5];
	struct broker_op ops[5];
	char body[2] = "a";
	int i;

	ASSERT_EQ(0, put_some(self->fd, '1', '3'));
	for (i = 0; i < 5; i++, body[0]++)
		op_publish(&ops[i], &(struct pub) { .key = "q", .body = strdup(body) });
	EXPECT_EQ(0, commit(self->fd, ops, 5, results));
	EXPECT_EQ(1, results[0].accepted);
	EXPECT_EQ(8, results[4].sequence);
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(5, COUNT(OVERWRITTEN));
	CONSUME(0);
	EXPECT_NEXT("c");
	EXPECT_NEXT("d");
	EXPECT_NEXT("e");
	for (i = 0; i < 5; i++)
		op_free(&ops[i]);
}

/*
 * What a transaction accepts makes room for what it publishes; what it gives back is
 * as old as it was.  While it does either, nothing of it is overwritten.
 */
TEST_F(ring, transaction_that_settles)
{
	struct broker_result results[4];
	struct broker_op ops[4];
	struct got got[3];
	int i;

	ASSERT_EQ(0, put_some(self->fd, '1', '3'));
	CONSUME(0);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, take(self->fd, self->consumer, &got[i]));
	ops[0] = op_settle(BROKER_OP_ACCEPT, self->consumer, got[0].d.tag);
	op_publish(&ops[1], &(struct pub) { .key = "q", .body = "4" });
	EXPECT_EQ(0, commit(self->fd, ops, 2, results));
	EXPECT_EQ(0, COUNT(OVERWRITTEN));
	EXPECT_EQ(1, COUNT(ACCEPTED));
	/* Full of what is being given back: the new one finds no room. */
	ASSERT_EQ(0, take(self->fd, self->consumer, &got[0]));
	ops[2] = op_settle(BROKER_OP_RELEASE, self->consumer, got[1].d.tag);
	ops[2].flags = BROKER_SETTLE_F_CUMULATIVE;
	ops[2].settle.tag = got[0].d.tag;
	op_free(&ops[1]);
	op_publish(&ops[1], &(struct pub) { .key = "q", .body = "5" });
	EXPECT_EQ(0, commit(self->fd, &ops[1], 2, results));
	EXPECT_EQ(1, results[0].accepted);
	EXPECT_EQ(1, COUNT(OVERWRITTEN));
	EXPECT_EQ(3, ready("q"));
	EXPECT_NEXT("2");
	op_free(&ops[1]);
}

/* A ring is made of any queue, and back, while it is in use. */
TEST_F(ring, changed_live)
{
	ASSERT_EQ(0, put_some(self->fd, '1', '3'));
	CONSUME(0);
	EXPECT_NEXT("1");
	ASSERT_EQ(0, queue_set("q", .overflow = BROKER_OVERFLOW_BLOCK));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "4"));
	ASSERT_EQ(0, queue_set("q", .overflow = BROKER_OVERFLOW_RING));
	EXPECT_EQ(0, put(self->fd, "q", "4"));
	EXPECT_EQ(-ESTALE, SETTLE(ACCEPT, self->got.d.tag));
	/* A limit below what it holds: what comes makes room for itself, and no more. */
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(0, put(self->fd, "q", "5"));
	EXPECT_EQ(1, ready("q"));
	EXPECT_NEXT("5");
}

/* It goes while its messages are held, and being overwritten. */
TEST_F(ring, deleted)
{
	ASSERT_EQ(0, put_some(self->fd, '1', '5'));
	CONSUME(3);
	EXPECT_NEXT("3");
	ASSERT_EQ(0, put_some(self->fd, '6', '7'));
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(-ENOENT, SETTLE(ACCEPT, self->got.d.tag));
	EXPECT_EQ(-ENOENT, put(self->fd, "q", "x"));
}

TEST_HARNESS_MAIN
