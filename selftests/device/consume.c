// SPDX-License-Identifier: GPL-2.0-or-later
/* Consumers: credit, competition, and receiving into a buffer. */
#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(consume) { int fd; };

FIXTURE_SETUP(consume)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(consume)
{
}

static int put_many(int fd, const char *queue, int n)
{
	char body[16];
	int i, ret = 0;

	for (i = 0; i < n && !ret; i++) {
		snprintf(body, sizeof(body), "%d", i);
		ret = put(fd, queue, body);
	}
	return ret;
}

static uint64_t tags[64];

/* How many messages a consumer can take now; their tags. */
static int take_all(int fd, uint32_t consumer)
{
	struct got got;
	int n = 0;

	while (!take(fd, consumer, &got))
		tags[n++ % ARRAY_SIZE(tags)] = got.d.tag;
	return n;
}

TEST_F(consume, unknown_queue)
{
	EXPECT_EQ(-ENOENT, consume(self->fd, "nowhere", 1));
}

TEST_F(consume, queue_pointer_bad)
{
	struct broker_consume c = consume_of("q", 1);

	c.queue = (uintptr_t)(page_edge() - 1);
	c.queue_len = 2;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_CONSUME, &c));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
}

TEST_F(consume, byte_credit_zero_with_messages)
{
	struct broker_consume c = consume_of("q", 1);

	c.credit_bytes = 0;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_CONSUME, &c));
}

TEST_F(consume, byte_credit_without_messages)
{
	struct broker_consume c = consume_of("q", 0);

	c.credit_bytes = 1;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, take_all(self->fd, c.consumer));
}

TEST_F(consume, numbers_and_user_data)
{
	struct broker_consume c = consume_of("q", 1), d = consume_of("q", 1);
	struct got got;

	c.user_data = 0x1122334455667788;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &d));
	EXPECT_NE(0, c.consumer);
	EXPECT_NE(0, d.consumer);
	EXPECT_NE(c.consumer, d.consumer);
	EXPECT_EQ(queue_get("q", BROKER_A_QUEUE_ID), c.queue_id);
	EXPECT_EQ(0, cancel(self->fd, d.consumer));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, take(self->fd, 0, &got));
	EXPECT_EQ(c.user_data, got.d.user_data);
	EXPECT_EQ(c.consumer, got.d.consumer);
	EXPECT_EQ(c.queue_id, got.d.queue);
}

TEST_F(consume, too_many)
{
	int i;

	for (i = 0; i < BROKER_MAX_CONSUMERS; i++)
		ASSERT_LT(0, consume(self->fd, "q", 0));
	EXPECT_EQ(-EMFILE, consume(self->fd, "q", 0));
	EXPECT_EQ(BROKER_MAX_CONSUMERS, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
}

TEST_F(consume, too_many_until_one_is_cancelled)
{
	int i, last = 0;

	for (i = 0; i < BROKER_MAX_CONSUMERS; i++)
		last = consume(self->fd, "q", 0);
	ASSERT_LT(0, last);
	ASSERT_EQ(0, cancel(self->fd, last));
	EXPECT_LT(0, consume(self->fd, "q", 0));
}

TEST_F(consume, cancel_unknown)
{
	EXPECT_EQ(-ENOENT, cancel(self->fd, 77));
}

TEST_F(consume, cancel_twice)
{
	int consumer = consume(self->fd, "q", 1);

	EXPECT_EQ(0, cancel(self->fd, consumer));
	EXPECT_EQ(-ENOENT, cancel(self->fd, consumer));
}

TEST_F(consume, cancel_of_another_session)
{
	int consumer = consume(self->fd, "q", 1), other = session_open();

	EXPECT_EQ(-ENOENT, cancel(other, consumer));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
}

TEST_F(consume, credit_by_messages)
{
	int consumer = consume(self->fd, "q", 3);
	struct got got;

	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(3, unacked("q"));
	EXPECT_EQ(3, take_all(self->fd, consumer));
	/* What is received and not settled counts. */
	EXPECT_EQ(-EAGAIN, take(self->fd, consumer, &got));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, tags[0]));
	EXPECT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("3", got.body);
	EXPECT_EQ(-EAGAIN, take(self->fd, consumer, &got));
}

TEST_F(consume, credit_by_bytes)
{
	static char body[100];
	struct broker_consume c = consume_of("q", 100);
	int i;

	c.credit_bytes = 250;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 100));
	/* 100 and 200 are below 250, 300 is not; one message may overrun. */
	EXPECT_EQ(3, take_all(self->fd, c.consumer));
	EXPECT_EQ(2, ready("q"));
}

TEST_F(consume, credit_of_one_byte)
{
	struct broker_consume c = consume_of("q", 100);

	c.credit_bytes = 1;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
	ASSERT_EQ(0, put_many(self->fd, "q", 3));
	EXPECT_EQ(1, take_all(self->fd, c.consumer));
}

TEST_F(consume, credit_raised)
{
	int consumer = consume(self->fd, "q", 1);

	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	EXPECT_EQ(1, take_all(self->fd, consumer));
	ASSERT_EQ(0, set_credit(self->fd, consumer, 4, 1 << 20));
	EXPECT_EQ(3, take_all(self->fd, consumer));
}

/* What it holds stays with it; settling does not bring more. */
TEST_F(consume, credit_lowered)
{
	int consumer = consume(self->fd, "q", 3);
	struct got got;

	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	ASSERT_EQ(0, set_credit(self->fd, consumer, 1, 1 << 20));
	EXPECT_EQ(3, unacked("q"));
	EXPECT_EQ(3, take_all(self->fd, consumer));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, tags[0]));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, tags[1]));
	EXPECT_EQ(-EAGAIN, take(self->fd, consumer, &got));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, tags[2]));
	EXPECT_EQ(0, take(self->fd, consumer, &got));
}

TEST_F(consume, credit_of_unknown_consumer)
{
	EXPECT_EQ(-ENOENT, set_credit(self->fd, 77, 1, 1));
}

TEST_F(consume, credit_of_another_sessions_consumer)
{
	int consumer = consume(self->fd, "q", 0);

	EXPECT_EQ(-ENOENT, set_credit(session_open(), consumer, 1, 1));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(1, ready("q"));
}

/* What was only on its way goes back; what was received stays. */
TEST_F(consume, credit_taken_away)
{
	int consumer = consume(self->fd, "q", 4);
	struct got got;

	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, set_credit(self->fd, consumer, 0, 0));
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(4, ready("q"));
	EXPECT_EQ(-EAGAIN, take(self->fd, 0, &got));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	/* Nothing of it was tried. */
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("1", got.body);
	EXPECT_EQ(1, got.d.acquired);
}

/* To finish what is in hand: no more messages, whatever the bytes. */
TEST_F(consume, credit_of_no_messages)
{
	int consumer = consume(self->fd, "q", 2);

	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	ASSERT_EQ(2, take_all(self->fd, consumer));
	ASSERT_EQ(0, set_credit(self->fd, consumer, 0, 1 << 20));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, tags[0]));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, tags[1]));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(0, unacked("q"));
}

TEST_F(consume, credit_bytes_zero_with_messages)
{
	int consumer = consume(self->fd, "q", 0);

	EXPECT_EQ(-EINVAL, set_credit(self->fd, consumer, 1, 0));
}

/* With no credit a consumer gets what it asks for, when it asks. */
TEST_F(consume, pull)
{
	char buffer[4096] __attribute__((aligned(8)));
	int consumer = consume(self->fd, "q", 0);
	struct broker_receive r = receive_of(consumer, buffer, sizeof(buffer), 2);
	struct got got;

	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	EXPECT_EQ(5, ready("q"));
	ASSERT_EQ(-EAGAIN, take(self->fd, 0, &got));
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_EQ(2, r.count);
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(2, unacked("q"));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("2", got.body);
}

TEST_F(consume, pull_waits)
{
	struct got got;
	pid_t pid = fork_tied();
	int fd;

	if (!pid) {
		fd = session_open();
		if (take_wait(fd, consume(fd, "q", 0), &got) || strcmp(got.body, "m"))
			_exit(1);
		_exit(0);
	}
	ASSERT_TRUE(wait_asleep(pid));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(0, reap(pid));
}

/* Nothing stays promised to a pull that has ended. */
TEST_F(consume, pull_that_timed_out)
{
	int consumer = consume(self->fd, "q", 0);
	struct got got;

	EXPECT_EQ(-ETIMEDOUT, take_timeout(self->fd, consumer, &got, 20 * MS_NS));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(0, unacked("q"));
}

/* Weight is free message credit; among equals the one that waited longest. */
TEST_F(consume, competing_by_free_credit)
{
	int a = consume(self->fd, "q", 4), b = consume(self->fd, "q", 2);

	ASSERT_EQ(0, put_many(self->fd, "q", 2));
	EXPECT_EQ(2, take_all(self->fd, a));
	EXPECT_EQ(0, take_all(self->fd, b));
	ASSERT_EQ(0, put_many(self->fd, "q", 4));
	EXPECT_EQ(2, take_all(self->fd, a));
	EXPECT_EQ(2, take_all(self->fd, b));
	ASSERT_EQ(0, put(self->fd, "q", "nobody has credit"));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(consume, competing_equals_take_turns)
{
	int a = consume(self->fd, "q", 10), b = consume(self->fd, "q", 10), i;
	int c = consume(self->fd, "q", 10);

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, put_many(self->fd, "q", 3));
		EXPECT_EQ(1, take_all(self->fd, a));
		EXPECT_EQ(1, take_all(self->fd, b));
		EXPECT_EQ(1, take_all(self->fd, c));
	}
}

/* Among equals, one that has just come has not waited longest. */
TEST_F(consume, competing_newcomer)
{
	int a = consume(self->fd, "q", 4), b;

	ASSERT_EQ(0, put(self->fd, "q", "m"));
	b = consume(self->fd, "q", 4);
	ASSERT_EQ(0, set_credit(self->fd, a, 5, 1 << 20));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(2, take_all(self->fd, a));
	EXPECT_EQ(0, take_all(self->fd, b));
}

/* A consumer that settles gets more than one that does not. */
TEST_F(consume, competing_with_a_slow_one)
{
	int quick = consume(self->fd, "q", 4), slow = consume(self->fd, "q", 4), i, n = 0;
	struct got got;

	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, put(self->fd, "q", "m"));
		if (!take(self->fd, quick, &got)) {
			n++;
			ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, quick, got.d.tag));
		}
	}
	EXPECT_EQ(40 - n, take_all(self->fd, slow));
	/* A message goes to the slow one only until it has less free credit. */
	EXPECT_GE(1, 40 - n);
}

TEST_F(consume, competing_across_sessions)
{
	int other = session_open();
	int a = consume(self->fd, "q", 1), b = consume(other, "q", 1);

	ASSERT_EQ(0, put_many(self->fd, "q", 3));
	EXPECT_EQ(1, take_all(self->fd, a));
	EXPECT_EQ(1, take_all(other, b));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(consume, auto_accept)
{
	int consumer = consume_auto(self->fd, "q", 2);
	struct got got;

	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	EXPECT_EQ(5, take_all(self->fd, consumer));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(5, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(-ESTALE, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
}

/* What an auto-accepting consumer has not received is not settled. */
TEST_F(consume, auto_accept_is_on_receipt)
{
	int consumer = consume_auto(self->fd, "q", 2);

	ASSERT_EQ(0, put_many(self->fd, "q", 2));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	ASSERT_EQ(0, cancel(self->fd, consumer));
	EXPECT_EQ(2, ready("q"));
}

TEST_F(consume, counts_of_the_consumer)
{
	uint64_t session = session_number(self->fd);
	int consumer = consume(self->fd, "q", 3);
	struct got got;

	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	EXPECT_EQ(3, consumer_get(session, consumer, BROKER_A_CONSUMER_PENDING));
	EXPECT_EQ(0, consumer_get(session, consumer, BROKER_A_CONSUMER_UNACKED));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(2, consumer_get(session, consumer, BROKER_A_CONSUMER_PENDING));
	EXPECT_EQ(1, consumer_get(session, consumer, BROKER_A_CONSUMER_UNACKED));
	EXPECT_EQ(2, consumer_get(session, consumer, BROKER_A_CONSUMER_DELIVERED));
	EXPECT_EQ(1, consumer_get(session, consumer, BROKER_A_CONSUMER_SETTLED));
	EXPECT_EQ(3, consumer_get(session, consumer, BROKER_A_CONSUMER_CREDIT_MESSAGES));
	EXPECT_EQ(getpid(), consumer_get(session, consumer, BROKER_A_CONSUMER_PID));
}

TEST_F(consume, counts_of_the_session)
{
	uint64_t session = session_number(self->fd);
	int consumer = consume(self->fd, "q", 0);
	struct got got;

	ASSERT_EQ(0, put_many(self->fd, "q", 3));
	ASSERT_EQ(-ENOENT, put(self->fd, "nowhere", "m"));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_REJECT, consumer, got.d.tag));
	EXPECT_EQ(1, session_get(session, BROKER_A_SESSION_CONSUMERS));
	EXPECT_EQ(3, session_get(session, BROKER_A_SESSION_PUBLISHED));
	EXPECT_EQ(1, session_get(session, BROKER_A_SESSION_REFUSED));
	EXPECT_EQ(2, session_get(session, BROKER_A_SESSION_RECEIVED));
	EXPECT_EQ(1, session_get(session, BROKER_A_SESSION_SETTLED));
}

/* RECEIVE: queue "q" holds five messages, the consumer has credit for all. */
FIXTURE(receive) {
	int fd, consumer;
	struct broker_receive r;
	char buffer[8192] __attribute__((aligned(8)));
};

FIXTURE_SETUP(receive)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	self->consumer = consume(self->fd, "q", 10);
	ASSERT_LT(0, self->consumer);
	ASSERT_EQ(0, put_many(self->fd, "q", 5));
	self->r = receive_of(self->consumer, self->buffer, sizeof(self->buffer), 10);
}

FIXTURE_TEARDOWN(receive)
{
}

/* A RECEIVE that failed took nothing and counted nothing. */
static void nothing_received(struct __test_metadata *_metadata, int fd, int consumer)
{
	struct got got;

	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	ASSERT_EQ(0, take(fd, consumer, &got));
	EXPECT_STREQ("0", got.body);
	EXPECT_EQ(1, got.d.acquired);
	EXPECT_EQ(0, got.d.flags & BROKER_DELIVERY_F_REDELIVERED);
	EXPECT_EQ(4, take_all(fd, consumer));
}

TEST_F(receive, records)
{
	char *p = self->buffer, body[2] = "0";
	uint64_t tag = 0, sequence = 0;
	struct got got;

	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	ASSERT_EQ(5, self->r.count);
	for (; *body < '5'; ++*body) {
		got_from(&got, p);
		EXPECT_EQ(0, got.d.size % 8);
		EXPECT_LE(sizeof(got.d), got.d.header_size);
		EXPECT_EQ(0, got.d.flags);
		EXPECT_EQ(self->consumer, got.d.consumer);
		EXPECT_LT(tag, got.d.tag);
		EXPECT_LT(sequence, got.d.sequence);
		EXPECT_EQ(1, got.d.acquired);
		EXPECT_EQ(0, got.d.failed);
		EXPECT_EQ(BROKER_CAUSE_NONE, got.d.cause);
		EXPECT_EQ(0, got.d.cause_code);
		EXPECT_EQ(0, got.d.cause_pid);
		EXPECT_EQ(0, got.d.nr_fds);
		EXPECT_EQ(0, got.d.fds);
		EXPECT_EQ(0, got.d.origin.reserved);
		EXPECT_EQ(0, got.d.exchange_len);
		EXPECT_STREQ("q", got.key);
		EXPECT_EQ(0, got.d.props_len);
		EXPECT_EQ(1, got.d.body_len);
		EXPECT_STREQ(body, got.body);
		tag = got.d.tag;
		sequence = got.d.sequence;
		p += got.d.size;
	}
	EXPECT_EQ(p - self->buffer, self->r.bytes);
}

TEST_F(receive, from_any)
{
	self->r.consumer = 0;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(5, self->r.count);
}

/* Each call is of one consumer; several take turns. */
TEST_F(receive, from_several_consumers)
{
	struct got got;
	uint32_t first;
	int other, i;

	ASSERT_EQ(0, queue_new("p"));
	other = consume(self->fd, "p", 10);
	ASSERT_EQ(0, put_many(self->fd, "p", 5));
	ASSERT_EQ(0, take(self->fd, 0, &got));
	first = got.d.consumer;
	for (i = 1; i < 6; i++) {
		ASSERT_EQ(0, take(self->fd, 0, &got));
		EXPECT_EQ(i % 2, got.d.consumer != first);
	}
	self->r.consumer = 0;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(2, self->r.count);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(2, self->r.count);
	EXPECT_EQ(5, consumer_get(session_number(self->fd), self->consumer,
				  BROKER_A_CONSUMER_UNACKED));
	EXPECT_EQ(5, consumer_get(session_number(self->fd), other, BROKER_A_CONSUMER_UNACKED));
}

TEST_F(receive, at_most)
{
	self->r.max_messages = 2;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(2, self->r.count);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(2, self->r.count);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(1, self->r.count);
	EXPECT_EQ(-EAGAIN, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
}

TEST_F(receive, does_not_wait_for_more)
{
	self->r.timeout_ns = BROKER_TIMEOUT_FOREVER;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(5, self->r.count);
}

TEST_F(receive, max_messages_zero)
{
	self->r.max_messages = 0;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	nothing_received(_metadata, self->fd, self->consumer);
}

TEST_F(receive, max_messages_too_many)
{
	self->r.max_messages = BROKER_MAX_RECEIVE + 1;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	nothing_received(_metadata, self->fd, self->consumer);
}

TEST_F(receive, max_messages_most)
{
	self->r.max_messages = BROKER_MAX_RECEIVE;
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(5, self->r.count);
}

TEST_F(receive, buffer_misaligned)
{
	self->r.buffer += 4;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	nothing_received(_metadata, self->fd, self->consumer);
}

TEST_F(receive, buffer_null)
{
	self->r.buffer = 0;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	nothing_received(_metadata, self->fd, self->consumer);
}

TEST_F(receive, buffer_read_only)
{
	self->r.buffer = (uintptr_t)read_only(self->buffer, sizeof(self->buffer));
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	nothing_received(_metadata, self->fd, self->consumer);
}

TEST_F(receive, buffer_in_the_kernel)
{
	self->r.buffer = 0xffff888000000000;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	nothing_received(_metadata, self->fd, self->consumer);
}

TEST_F(receive, buffer_across_unmapped_page)
{
	self->r.buffer = (uintptr_t)page_edge() - 64;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	nothing_received(_metadata, self->fd, self->consumer);
}

/* The second record does not fit before the hole. */
TEST_F(receive, buffer_ends_in_the_second_record)
{
	self->r.buffer = (uintptr_t)page_edge() - sizeof(struct broker_delivery) - 64;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	nothing_received(_metadata, self->fd, self->consumer);
}

TEST_F(receive, buffer_too_small)
{
	uint32_t needed;

	self->r.buffer_len = 8;
	ASSERT_EQ(-EMSGSIZE, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	needed = self->r.bytes;
	EXPECT_LT(sizeof(struct broker_delivery), needed);
	self->r.buffer_len = needed - 1;
	ASSERT_EQ(-EMSGSIZE, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(needed, self->r.bytes);
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	self->r.buffer_len = needed;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(1, self->r.count);
	EXPECT_EQ(needed, self->r.bytes);
	EXPECT_EQ(4, take_all(self->fd, self->consumer));
}

TEST_F(receive, buffer_of_length_zero)
{
	self->r.buffer_len = 0;
	ASSERT_EQ(-EMSGSIZE, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_LT(sizeof(struct broker_delivery), self->r.bytes);
}

/* As many as fit, the rest later. */
TEST_F(receive, buffer_for_two)
{
	self->r.buffer_len = 0;
	ASSERT_EQ(-EMSGSIZE, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	self->r.buffer_len = 3 * self->r.bytes - 1;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	EXPECT_EQ(2, self->r.count);
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	EXPECT_EQ(3, take_all(self->fd, self->consumer));
}

TEST_F(receive, unknown_consumer)
{
	self->r.consumer = 77;
	EXPECT_EQ(-ENOENT, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
}

TEST_F(receive, consumer_of_another_session)
{
	EXPECT_EQ(-ENOENT, call(session_open(), BROKER_IOC_RECEIVE, &self->r));
}

TEST_F(receive, session_without_consumers)
{
	self->r.consumer = 0;
	EXPECT_EQ(-EAGAIN, call(session_open(), BROKER_IOC_RECEIVE, &self->r));
}

TEST_F(receive, timeout)
{
	ASSERT_EQ(5, take_all(self->fd, self->consumer));
	self->r.timeout_ns = 20 * MS_NS;
	EXPECT_EQ(-ETIMEDOUT, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
	self->r.consumer = 0;
	EXPECT_EQ(-ETIMEDOUT, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST_F(receive, interrupted_by_a_signal)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval every = { .it_interval.tv_usec = 50000, .it_value.tv_usec = 50000 };

	ASSERT_EQ(5, take_all(self->fd, self->consumer));
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	self->r.timeout_ns = BROKER_TIMEOUT_FOREVER;
	EXPECT_EQ(-EINTR, call(self->fd, BROKER_IOC_RECEIVE, &self->r));
}

TEST_F(receive, killed_while_waiting)
{
	pid_t pid = fork_tied();
	struct got got;
	int fd;

	if (!pid) {
		fd = session_open();
		consume(fd, "q", 1);
		take_timeout(fd, 0, &got, BROKER_TIMEOUT_FOREVER);
		take_timeout(fd, 0, &got, BROKER_TIMEOUT_FOREVER);
		_exit(0);
	}
	ASSERT_TRUE(wait_asleep(pid));
	kill(pid, SIGKILL);
	EXPECT_EQ(SIGKILL, reap(pid));
}

TEST_HARNESS_MAIN
