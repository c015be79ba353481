// SPDX-License-Identifier: GPL-2.0-or-later
/* A publish on condition: nothing has come into the queue since. */
#include "kselftest_harness.h"
#include "once.h"

#define EXPECT_F	BROKER_PUBLISH_F_EXPECT

FIXTURE(expect) { int fd; struct sent sent; };

FIXTURE_SETUP(expect)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(expect)
{
}

/* To a queue, if @last is its last sequence. */
static int put_after(int fd, const char *queue, uint64_t last, struct sent *sent)
{
	const struct pub p = {
		.key = queue, .body = "m", .flags = EXPECT_F, .expected = last,
	};

	return publish_sent(fd, &p, sent);
}

#define PUT_AFTER(last)	put_after(self->fd, "q", last, &self->sent)

TEST_F(expect, info_says_so)
{
	struct broker_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, call(self->fd, BROKER_IOC_INFO, &info));
	EXPECT_TRUE(info.features & BROKER_FEATURE_EXPECT);
}

TEST_F(expect, last_sequence)
{
	EXPECT_EQ(0, PUT_AFTER(0));
	EXPECT_EQ(1, self->sent.result.sequence);
	EXPECT_EQ(0, PUT_AFTER(1));
	EXPECT_EQ(2, self->sent.result.sequence);
	EXPECT_EQ(2, ready("q"));
}

TEST_F(expect, another_sequence)
{
	static const uint64_t wrong[] = { 0, 1, 3, UINT64_MAX };
	int i;

	ASSERT_EQ(0, PUT_AFTER(0) ?: PUT_AFTER(1));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(-ESTALE, PUT_AFTER(wrong[i]));
		EXPECT_EQ(2, self->sent.result.sequence);
		EXPECT_EQ(0, self->sent.result.accepted);
		EXPECT_EQ(1, self->sent.result.refused);
		EXPECT_EQ(1, self->sent.nr);
		EXPECT_EQ(-ESTALE, self->sent.confirm[0].error);
		EXPECT_EQ(2, self->sent.confirm[0].sequence);
	}
	EXPECT_EQ(2, ready("q"));
	/* It had room. */
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_REFUSED));
	EXPECT_EQ(2, broker_get(BROKER_A_STATUS_PUBLISHED));
	EXPECT_EQ(0, PUT_AFTER(self->sent.result.sequence));
}

/* Whatever became of a message, it has come. */
TEST_F(expect, messages_that_are_gone)
{
	ASSERT_EQ(0, put(self->fd, "q", "m") ?: put(self->fd, "q", "m") ?: queue_purge("q"));
	EXPECT_EQ(-ESTALE, PUT_AFTER(0));
	EXPECT_EQ(0, PUT_AFTER(2));
	ASSERT_EQ(1, drain("q"));
	EXPECT_EQ(-ESTALE, PUT_AFTER(2));
	EXPECT_EQ(0, PUT_AFTER(3));
	/* Another queue of the same name begins anew. */
	ASSERT_EQ(0, queue_del("q") ?: queue_new("q"));
	EXPECT_EQ(-ESTALE, PUT_AFTER(4));
	EXPECT_EQ(0, PUT_AFTER(0));
}

TEST_F(expect, what_comes_otherwise)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_MOVE);

	ASSERT_EQ(0, queue_new("from") ?: put(self->fd, "from", "m"));
	nl_put_str(msg, BROKER_A_QUEUE_NAME, "from");
	nl_put_str(msg, BROKER_A_QUEUE_TO_QUEUE, "q");
	ASSERT_EQ(0, nl_do(msg));
	EXPECT_EQ(-ESTALE, PUT_AFTER(0));
	EXPECT_EQ(0, PUT_AFTER(1));
}

/* What is released goes back to its place: nothing new has come. */
TEST_F(expect, what_comes_back)
{
	struct got got;
	int consumer;

	ASSERT_EQ(0, PUT_AFTER(0));
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, consumer, got.d.tag));
	EXPECT_EQ(0, PUT_AFTER(1));
}

TEST_F(expect, exactly_one_queue)
{
	struct pub p = { .exchange = "x", .flags = EXPECT_F };
	const struct nl_binding tap = {
		.exchange = "x", .queue = "t", .key = "", .flags = BROKER_BINDING_FLAGS_TAP,
	};

	ASSERT_EQ(0, queue_new("r") ?: queue_new("t") ?:
		     exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT));
	EXPECT_EQ(-EHOSTUNREACH, publish_pub(self->fd, &p));
	p.flags |= BROKER_PUBLISH_F_OPTIONAL;
	EXPECT_EQ(-EINVAL, publish_pub(self->fd, &p));
	p.flags = EXPECT_F;
	ASSERT_EQ(0, bind_queue("x", "q", "") ?: bind_queue("x", "r", ""));
	EXPECT_EQ(-EINVAL, publish_pub(self->fd, &p));
	p.flags |= BROKER_PUBLISH_F_PARTIAL;
	EXPECT_EQ(-EINVAL, publish_pub(self->fd, &p));
	EXPECT_EQ(0, ready("q") + ready("r"));
	/* A tap does not count, and gets what the queue gets. */
	ASSERT_EQ(0, unbind_queue("x", "r", "") ?: binding_command(BROKER_CMD_BINDING_NEW, &tap));
	EXPECT_EQ(0, publish_pub(self->fd, &p));
	EXPECT_EQ(-ESTALE, publish_pub(self->fd, &p));
	p.flags |= BROKER_PUBLISH_F_OPTIONAL;
	EXPECT_EQ(-ESTALE, publish_pub(self->fd, &p));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, ready("t"));
	EXPECT_EQ(0, queue_get("t", BROKER_A_QUEUE_DROPPED));
}

TEST_F(expect, flags_that_do_not_go_with_it)
{
	static const int flags[] = {
		BROKER_PUBLISH_F_WILL, BROKER_PUBLISH_F_REQUEST, BROKER_PUBLISH_F_RETAIN,
	};
	int i;

	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EINVAL, publish(self->fd, .key = "q", .flags = EXPECT_F | flags[i]));
	EXPECT_EQ(-EINVAL, publish(self->fd, .key = "q", .flags = EXPECT_F,
				   .confirm = BROKER_CONFIRM_NONE));
	EXPECT_EQ(-EINVAL, publish(self->fd, .key = "q", .expected = 1));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(expect, full_queue)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 1) ?: PUT_AFTER(0));
	/* Nothing to wait for: it would be wrong with room, too. */
	EXPECT_EQ(-ESTALE, publish(self->fd, .key = "q", .flags = EXPECT_F,
				   .timeout_ns = BROKER_TIMEOUT_FOREVER));
	EXPECT_EQ(-EAGAIN, PUT_AFTER(1));
	ASSERT_EQ(0, queue_set("q", .overflow = BROKER_OVERFLOW_DROP_HEAD));
	EXPECT_EQ(-ESTALE, PUT_AFTER(0));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DROPPED));
	EXPECT_EQ(0, PUT_AFTER(1));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_DROPPED));
	EXPECT_EQ(1, ready("q"));
}

/* One that had been taken may be sent again, though it is the last no more. */
TEST_F(expect, duplicate)
{
	const struct pub p = { .key = "q", .flags = EXPECT_F };

	ASSERT_EQ(0, send_id(self->fd, "a", p, NULL) ?: put(self->fd, "q", "m"));
	EXPECT_EQ(0, send_id(self->fd, "a", p, &self->sent));
	EXPECT_EQ(-EALREADY, self->sent.confirm[0].error);
	EXPECT_EQ(1, self->sent.result.sequence);
	EXPECT_EQ(-ESTALE, send_id(self->fd, "b", p, NULL));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_DEDUPE_IDS));
	EXPECT_EQ(2, ready("q"));
}

/* Transactions */

struct cas {
	struct broker_op ops[4];
	struct broker_result results[4];
	int nr;
};

static int commit(int fd, struct cas *cas)
{
	struct broker_submit s = submit_of(cas->ops, cas->nr, cas->results);
	int ret;

	s.flags = BROKER_SUBMIT_F_ATOMIC;
	ret = call(fd, BROKER_IOC_SUBMIT, &s);
	return ret ?: (int)s.failed;
}

#define PUBLISH(...)	op_publish(&cas.ops[cas.nr++], &(struct pub) { __VA_ARGS__ })

TEST_F(expect, transaction)
{
	struct cas cas = {};
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_new("in") ?: queue_new("r") ?: put(self->fd, "in", "command"));
	consumer = consume(self->fd, "in", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	cas.ops[cas.nr++] = op_settle(BROKER_OP_ACCEPT, consumer, got.d.tag);
	PUBLISH(.key = "q", .flags = EXPECT_F, .expected = 1);
	PUBLISH(.key = "r");
	PUBLISH(.key = "q");
	EXPECT_EQ(4, commit(self->fd, &cas));
	EXPECT_EQ(-ECANCELED, cas.results[0].error);
	EXPECT_EQ(-ESTALE, cas.results[1].error);
	EXPECT_EQ(0, cas.results[1].sequence);
	EXPECT_EQ(-ECANCELED, cas.results[2].error);
	EXPECT_EQ(0, ready("q") + ready("r"));
	EXPECT_EQ(1, unacked("in"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_BYTES));
	cas.ops[1].publish.expected_sequence = 0;
	EXPECT_EQ(0, commit(self->fd, &cas));
	EXPECT_EQ(1, cas.results[1].sequence);
	EXPECT_EQ(2, cas.results[3].sequence);
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(1, ready("r"));
	EXPECT_EQ(0, unacked("in"));
}

TEST_F(expect, first_publish_of_a_transaction_only)
{
	struct cas cas = {};

	ASSERT_EQ(0, queue_new("r"));
	PUBLISH(.key = "r");
	PUBLISH(.key = "q", .flags = EXPECT_F);
	EXPECT_EQ(2, commit(self->fd, &cas));
	EXPECT_EQ(-EINVAL, cas.results[1].error);
	cas.ops[0].flags = EXPECT_F;
	EXPECT_EQ(2, commit(self->fd, &cas));
	EXPECT_EQ(-EINVAL, cas.results[1].error);
	EXPECT_EQ(0, ready("q") + ready("r"));
	cas.ops[1].flags = 0;
	EXPECT_EQ(0, commit(self->fd, &cas));
}

/* Many processes */

#define WORKERS		3
#define EACH		100

/* Adds so many messages, each after the last one; exits with 0 if each is where it should be. */
static void append(int atomic, int number)
{
	int fd = session_open(), done = 0;
	struct sent sent = {};
	uint64_t last = 0;

	while (done < EACH) {
		struct cas cas = {};
		int ret;

		PUBLISH(.key = "q", .body = "m", .flags = EXPECT_F, .expected = last);
		PUBLISH(.key = "r", .body = "m");
		if (atomic) {
			ret = commit(fd, &cas);
			sent.result = cas.results[0];
			ret = ret ? sent.result.error : 0;
		} else {
			ret = put_after(fd, "q", last, &sent);
		}
		op_free(&cas.ops[0]);
		op_free(&cas.ops[1]);
		if (!ret) {
			if (sent.result.sequence != last + 1)
				_exit(1);
			done++;
		} else if (ret != -ESTALE || sent.result.sequence <= last) {
			_exit(2);
		}
		last = sent.result.sequence;
		/* Whoever expects nothing comes in between. */
		if (!ret && !number && !(done % 10) && put(fd, "q", "between"))
			_exit(3);
	}
	_exit(0);
}

static int append_all(int atomic)
{
	pid_t pid[WORKERS];
	int i, failed = 0;

	for (i = 0; i < WORKERS; i++) {
		pid[i] = fork_tied();
		if (!pid[i])
			append(atomic, i);
	}
	for (i = 0; i < WORKERS; i++)
		failed += reap(pid[i]) != 0;
	return failed;
}

TEST_F(expect, at_the_same_time)
{
	EXPECT_EQ(0, append_all(0));
	EXPECT_LT(WORKERS * EACH, ready("q"));
	EXPECT_EQ(ready("q"), queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_REFUSED));
}

/* As many are in the second queue as were right about the first. */
TEST_F(expect, transactions_at_the_same_time)
{
	ASSERT_EQ(0, queue_new("r"));
	EXPECT_EQ(0, append_all(1));
	EXPECT_EQ(WORKERS * EACH, ready("r"));
	EXPECT_LT(WORKERS * EACH, ready("q"));
	EXPECT_EQ(WORKERS * EACH, drain("r"));
	EXPECT_EQ(0, queue_get("r", BROKER_A_QUEUE_BYTES));
}

TEST_HARNESS_MAIN
