// SPDX-License-Identifier: GPL-2.0-or-later
/* Transactions: all of them is done, at one instant, or nothing. */
#include <pthread.h>

#include "helper.h"
#include "kselftest_harness.h"

#define MAX_OPS	8

/* Queues "a" and "b"; "a" holds "1" to "3", all in the hands of a consumer. */
FIXTURE(atomic) {
	int fd, consumer, nr;
	struct got got[3];
	struct broker_op ops[MAX_OPS];
	struct broker_result results[MAX_OPS];
};

FIXTURE_SETUP(atomic)
{
	char body[2] = "1";
	int i;

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("a") ?: queue_new("b"));
	self->consumer = consume(self->fd, "a", 3);
	ASSERT_LT(0, self->consumer);
	for (i = 0; i < 3; i++, body[0]++)
		ASSERT_EQ(0, put(self->fd, "a", body) ?: take(self->fd, 0, &self->got[i]));
}

FIXTURE_TEARDOWN(atomic)
{
}

#define PUBLISH(...)	op_publish(&self->ops[self->nr++], &(struct pub) { __VA_ARGS__ })
#define SETTLE(OP, i)	(self->ops[self->nr++] = \
			 op_settle(BROKER_OP_##OP, self->consumer, self->got[i].d.tag))

/* Performs what was collected: the number that failed, or the call's error. */
static int commit_within(FIXTURE_DATA(atomic) *self, uint64_t timeout_ns)
{
	struct broker_submit s = submit_of(self->ops, self->nr, self->results);
	int i, ret;

	for (i = 0; i < MAX_OPS; i++)
		self->results[i].error = 1;
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	s.timeout_ns = timeout_ns;
	ret = call(self->fd, BROKER_IOC_SUBMIT, &s);
	self->nr = 0;
	return ret ?: (int)s.failed;
}

static int commit(FIXTURE_DATA(atomic) *self)
{
	return commit_within(self, 0);
}

/* The @failing one of @nr operations stood in the way, and nothing has changed. */
#define EXPECT_NOTHING(nr, failing, why)				\
do {									\
	int __i;							\
									\
	for (__i = 0; __i < (nr); __i++)				\
		EXPECT_EQ(__i == (failing) ? (why) : -ECANCELED,	\
			  self->results[__i].error);			\
	EXPECT_EQ(0, ready("a"));					\
	EXPECT_EQ(3, unacked("a"));					\
	EXPECT_EQ(0, ready("b"));					\
} while (0)

TEST_F(atomic, all)
{
	SETTLE(ACCEPT, 0);
	PUBLISH(.key = "b", .body = "x");
	SETTLE(RELEASE, 1);
	PUBLISH(.key = "b", .body = "y");
	SETTLE(REJECT, 2);
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(1, self->results[0].accepted);
	EXPECT_EQ(1, self->results[1].accepted);
	EXPECT_EQ(1, self->results[1].sequence);
	EXPECT_EQ(2, self->results[3].sequence);
	EXPECT_EQ(2, ready("b"));
	EXPECT_EQ(1, queue_get("a", BROKER_A_QUEUE_ACCEPTED));
	EXPECT_EQ(1, queue_get("a", BROKER_A_QUEUE_REJECTED));
	EXPECT_EQ(1, queue_get("a", BROKER_A_QUEUE_RELEASED));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got[1]));
	EXPECT_STREQ("2", self->got[1].body);
	EXPECT_EQ(2, self->got[1].d.acquired);
}

TEST_F(atomic, unknown_queue)
{
	SETTLE(ACCEPT, 0);
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "nowhere", .body = "x");
	EXPECT_EQ(3, commit(self));
	EXPECT_NOTHING(3, 2, -ENOENT);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->got[0].d.tag));
}

TEST_F(atomic, full_queue)
{
	ASSERT_EQ(0, queue_set("b", .max_messages = 2));
	SETTLE(FAIL, 0);
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "b", .body = "x");
	EXPECT_EQ(4, commit(self));
	/* It could never take three. */
	EXPECT_NOTHING(4, 3, -EMSGSIZE);
	EXPECT_EQ(1, queue_get("b", BROKER_A_QUEUE_REFUSED));
	/* Two fit, so no room has been lost. */
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "b", .body = "x");
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(2, ready("b"));
	SETTLE(FAIL, 0);
	PUBLISH(.key = "b", .body = "x");
	EXPECT_EQ(2, commit(self));
	EXPECT_EQ(-EAGAIN, self->results[1].error);
	EXPECT_EQ(2, drain("b"));
	EXPECT_NOTHING(2, 1, -EAGAIN);
}

TEST_F(atomic, drop_head_drops_nothing_in_vain)
{
	ASSERT_EQ(0, queue_set("b", .max_messages = 2, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	ASSERT_EQ(0, put(self->fd, "b", "old") ?: put(self->fd, "b", "older"));
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "nowhere");
	EXPECT_EQ(3, commit(self));
	EXPECT_EQ(-ENOENT, self->results[2].error);
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "b", .body = "x");
	/* The third would drop what the transaction itself brings. */
	EXPECT_EQ(3, commit(self));
	EXPECT_EQ(2, ready("b"));
	EXPECT_EQ(0, queue_get("b", BROKER_A_QUEUE_DROPPED));
	PUBLISH(.key = "b", .body = "x");
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(1, queue_get("b", BROKER_A_QUEUE_DROPPED));
	EXPECT_EQ(2, drain("b"));
}

TEST_F(atomic, unroutable)
{
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_TOPIC));
	SETTLE(ACCEPT, 0);
	PUBLISH(.exchange = "x", .key = "k", .body = "x");
	EXPECT_EQ(2, commit(self));
	EXPECT_NOTHING(2, 1, -EHOSTUNREACH);
}

TEST_F(atomic, unroutable_without_confirm)
{
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_TOPIC));
	SETTLE(ACCEPT, 0);
	PUBLISH(.exchange = "x", .key = "k", .confirm = BROKER_CONFIRM_NONE);
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(2, unacked("a"));
}

TEST_F(atomic, stale_delivery)
{
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, self->consumer, self->got[0].d.tag));
	PUBLISH(.key = "b", .body = "x");
	SETTLE(ACCEPT, 1);
	SETTLE(ACCEPT, 0);
	EXPECT_EQ(3, commit(self));
	EXPECT_EQ(-ESTALE, self->results[2].error);
	EXPECT_EQ(-ECANCELED, self->results[1].error);
	EXPECT_EQ(0, ready("b"));
	EXPECT_EQ(3, unacked("a") + ready("a"));
	EXPECT_EQ(0, queue_get("a", BROKER_A_QUEUE_ACCEPTED));
}

TEST_F(atomic, one_delivery_twice)
{
	SETTLE(ACCEPT, 0);
	SETTLE(RELEASE, 0);
	EXPECT_EQ(2, commit(self));
	EXPECT_NOTHING(2, 1, -ESTALE);
}

TEST_F(atomic, cumulative)
{
	SETTLE(ACCEPT, 1);
	self->ops[0].flags = BROKER_SETTLE_F_CUMULATIVE;
	PUBLISH(.key = "b", .body = "x");
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(2, self->results[0].accepted);
	EXPECT_EQ(1, unacked("a"));
	EXPECT_EQ(1, ready("b"));
}

TEST_F(atomic, cumulative_is_undone)
{
	SETTLE(ACCEPT, 2);
	self->ops[0].flags = BROKER_SETTLE_F_CUMULATIVE;
	PUBLISH(.key = "nowhere");
	EXPECT_EQ(2, commit(self));
	EXPECT_NOTHING(2, 1, -ENOENT);
	/* Under their tags, and in the order of these. */
	EXPECT_EQ(0, settle_flags(self->fd, BROKER_OP_ACCEPT, self->consumer,
				  self->got[1].d.tag, BROKER_SETTLE_F_CUMULATIVE));
	EXPECT_EQ(1, unacked("a"));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->got[2].d.tag));
}

TEST_F(atomic, unknown_consumer)
{
	PUBLISH(.key = "b", .body = "x");
	self->ops[self->nr++] = op_settle(BROKER_OP_ACCEPT, 77, 1);
	EXPECT_EQ(2, commit(self));
	EXPECT_NOTHING(2, 1, -ENOENT);
}

TEST_F(atomic, credit_is_no_part_of_one)
{
	PUBLISH(.key = "b", .body = "x");
	self->ops[self->nr++] = (struct broker_op) { .opcode = BROKER_OP_CREDIT };
	EXPECT_EQ(2, commit(self));
	EXPECT_NOTHING(2, 1, -EOPNOTSUPP);
}

TEST_F(atomic, bad_operation)
{
	SETTLE(ACCEPT, 0);
	PUBLISH(.key = "b", .body = "x");
	self->ops[1].reserved = 1;
	EXPECT_EQ(2, commit(self));
	EXPECT_NOTHING(2, 1, -EINVAL);
}

TEST_F(atomic, bad_message)
{
	SETTLE(ACCEPT, 0);
	PUBLISH(.key = "b", .body = "x");
	PUBLISH(.key = "b", .body = "x");
	self->ops[2].publish.body = 16;
	EXPECT_EQ(3, commit(self));
	EXPECT_NOTHING(3, 2, -EFAULT);
}

/* A full queue takes what a message accepted from it leaves room for, and no more. */
TEST_F(atomic, accepting_makes_room)
{
	ASSERT_EQ(0, queue_set("a", .max_messages = 3));
	ASSERT_EQ(-EAGAIN, put(self->fd, "a", "x"));
	PUBLISH(.key = "a", .body = "x");
	SETTLE(ACCEPT, 0);
	PUBLISH(.key = "a", .body = "y");
	EXPECT_EQ(3, commit(self));
	EXPECT_NOTHING(3, 2, -EAGAIN);
	PUBLISH(.key = "a", .body = "x");
	SETTLE(ACCEPT, 0);
	EXPECT_EQ(0, commit(self));
	/* It stayed full all the time. */
	EXPECT_EQ(-EAGAIN, put(self->fd, "a", "z"));
	EXPECT_EQ(3, ready("a") + unacked("a"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got[0]));
	EXPECT_STREQ("x", self->got[0].body);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->got[0].d.tag));
	EXPECT_EQ(0, put(self->fd, "a", "z"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "a", "z"));
}

TEST_F(atomic, accepting_makes_room_in_bytes)
{
	/* A message counts its key and its body. */
	ASSERT_EQ(0, queue_set("a", .max_bytes = 6));
	ASSERT_EQ(-EAGAIN, put(self->fd, "a", "x"));
	PUBLISH(.key = "a", .body = "xx");
	SETTLE(ACCEPT, 0);
	EXPECT_EQ(2, commit(self));
	EXPECT_NOTHING(2, 0, -EAGAIN);
	PUBLISH(.key = "a", .body = "xx");
	SETTLE(ACCEPT, 0);
	SETTLE(ACCEPT, 1);
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(5, queue_get("a", BROKER_A_QUEUE_BYTES));
	EXPECT_EQ(-EAGAIN, put(self->fd, "a", "x"));
	EXPECT_EQ(0, put(self->fd, "a", ""));
}

/* Rejecting and giving back do not: a rejected one may have to go elsewhere. */
TEST_F(atomic, releasing_makes_no_room)
{
	ASSERT_EQ(0, queue_set("a", .max_messages = 3));
	PUBLISH(.key = "a", .body = "x");
	SETTLE(RELEASE, 0);
	EXPECT_EQ(2, commit(self));
	EXPECT_NOTHING(2, 0, -EAGAIN);
}

TEST_F(atomic, fanout_to_many)
{
	struct broker_confirm confirms[4] = {};
	struct broker_submit s;

	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, queue_new("c"));
	ASSERT_EQ(0, bind_queue("x", "b", "") ?: bind_queue("x", "c", ""));
	PUBLISH(.exchange = "x", .body = "x");
	PUBLISH(.exchange = "x", .body = "y");
	s = submit_of(self->ops, 2, self->results);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	s.confirms = (uintptr_t)confirms;
	s.nr_confirms = 4;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, s.failed);
	EXPECT_EQ(4, s.nr_confirms);
	EXPECT_EQ(2, self->results[1].accepted);
	EXPECT_EQ(2, self->results[1].confirm);
	EXPECT_EQ(1, confirms[2].op);
	EXPECT_EQ(2, confirms[3].sequence);
	EXPECT_EQ(2, ready("b"));
	EXPECT_EQ(2, ready("c"));

	/* The queue in the way is told, and by which operation. */
	ASSERT_EQ(0, queue_set("c", .max_messages = 2));
	memset(confirms, 0, sizeof(confirms));
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(2, s.failed);
	EXPECT_EQ(2, s.nr_confirms);
	EXPECT_EQ(0, confirms[0].op);
	EXPECT_TRUE((confirms[0].error == -EAGAIN && confirms[1].error == -ECANCELED) ||
		    (confirms[1].error == -EAGAIN && confirms[0].error == -ECANCELED));
	EXPECT_EQ(2, ready("b"));
}

/* A waiting transaction holds nothing: others use the room and the deliveries. */
/* More than the lock is held for at once comes back, in order and behind its room. */
TEST_F(atomic, releasing_many)
{
	char body[8];
	struct got got;
	int consumer, i;

	consumer = consume(self->fd, "b", 300);
	for (i = 0; i < 300; i++) {
		snprintf(body, sizeof(body), "%d", i);
		ASSERT_EQ(0, put(self->fd, "b", body) ?: take(self->fd, consumer, &got));
	}
	ASSERT_EQ(0, set_credit(self->fd, consumer, 0, 0));
	self->ops[self->nr++] = op_settle(BROKER_OP_RELEASE, consumer, got.d.tag);
	self->ops[0].flags = BROKER_SETTLE_F_CUMULATIVE;
	PUBLISH(.key = "b", .body = "300");
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(300, self->results[0].accepted);
	EXPECT_EQ(301, ready("b"));
	EXPECT_EQ(0, unacked("b"));
	consumer = consume(self->fd, "b", 301);
	for (i = 0; i <= 300; i++) {
		snprintf(body, sizeof(body), "%d", i);
		ASSERT_EQ(0, take(self->fd, consumer, &got));
		EXPECT_STREQ(body, got.body);
	}
}

TEST_F(atomic, waits_for_room_and_holds_nothing)
{
	struct got got;
	int consumer;
	pid_t pid;

	ASSERT_EQ(0, queue_set("b", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, queue_new("c", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "b", "old"));
	pid = fork_tied();
	if (!pid) {
		PUBLISH(.key = "c", .body = "x");
		SETTLE(ACCEPT, 0);
		PUBLISH(.key = "b", .body = "x");
		_exit(commit_within(self, GUARD_NS));
	}
	ASSERT_TRUE(wait_asleep(pid));
	EXPECT_EQ(3, unacked("a"));
	EXPECT_EQ(0, put(self->fd, "c", "mine"));
	EXPECT_EQ(1, drain("c"));
	/* One, and not what the other publishes then. */
	consumer = consume_auto(self->fd, "b", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(2, unacked("a"));
	EXPECT_EQ(1, ready("b"));
	EXPECT_EQ(1, ready("c"));
	ASSERT_EQ(-EAGAIN, take(self->fd, 0, &got));
}

/* It waits for all the room that it needs, not for some. */
TEST_F(atomic, waits_for_enough_room)
{
	struct got got;
	int consumer;
	pid_t pid;

	ASSERT_EQ(0, queue_set("b", .max_messages = 3, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, put(self->fd, "b", "1") ?: put(self->fd, "b", "2"));
	pid = fork_tied();
	if (!pid) {
		PUBLISH(.key = "b", .body = "x");
		PUBLISH(.key = "b", .body = "x");
		_exit(commit_within(self, GUARD_NS));
	}
	ASSERT_TRUE(wait_asleep(pid));
	consumer = consume_auto(self->fd, "b", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(2, ready("b"));
}

TEST_F(atomic, never_enough_room_is_told)
{
	pid_t pid;

	ASSERT_EQ(0, queue_set("b", .max_messages = 2, .overflow = BROKER_OVERFLOW_BLOCK));
	pid = fork_tied();
	if (!pid) {
		PUBLISH(.key = "b", .body = "x");
		PUBLISH(.key = "b", .body = "x");
		PUBLISH(.key = "b", .body = "x");
		_exit(commit_within(self, BROKER_TIMEOUT_FOREVER) == 3 &&
		      self->results[2].error == -EMSGSIZE ? 3 : 4);
	}
	EXPECT_EQ(3 << 8, reap(pid));
	EXPECT_EQ(0, ready("b"));
}

TEST_F(atomic, delivery_lost_while_waiting)
{
	pid_t pid;

	ASSERT_EQ(0, queue_set("b", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, put(self->fd, "b", "old"));
	pid = fork_tied();
	if (!pid) {
		SETTLE(ACCEPT, 0);
		PUBLISH(.key = "b", .body = "x");
		_exit(commit_within(self, GUARD_NS) == 2 && self->results[0].error == -ESTALE ?
		      3 : 4);
	}
	ASSERT_TRUE(wait_asleep(pid));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->got[0].d.tag));
	EXPECT_EQ(1, drain("b"));
	EXPECT_EQ(3 << 8, reap(pid));
	EXPECT_EQ(0, ready("b"));
}

TEST_F(atomic, killed_while_waiting)
{
	pid_t pid;

	ASSERT_EQ(0, queue_set("b", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, put(self->fd, "b", "old"));
	pid = fork_tied();
	if (!pid) {
		SETTLE(ACCEPT, 0);
		PUBLISH(.key = "b", .body = "x");
		commit_within(self, BROKER_TIMEOUT_FOREVER);
		_exit(0);
	}
	ASSERT_TRUE(wait_asleep(pid));
	kill(pid, SIGKILL);
	EXPECT_EQ(SIGKILL, reap(pid));
	EXPECT_EQ(3, unacked("a"));
	EXPECT_EQ(1, drain("b"));
	EXPECT_EQ(0, ready("b"));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->got[0].d.tag));
}

/*
 * Pairs of messages, one to each of two queues, in opposite orders by two threads,
 * while a reader takes one of them and then must find the other without waiting.
 */
#define PAIRS	4000

static int writers;

static void *write_pairs(void *arg)
{
	const char *first = arg, *second = *first == 'a' ? "b" : "a";
	int fd = session_open(), i;

	for (i = 0; i < PAIRS; i++) {
		struct broker_op ops[2];
		struct broker_result results[2];
		struct broker_submit s = submit_of(ops, 2, results);
		char body[32];

		snprintf(body, sizeof(body), "%s%d", first, i);
		s.flags = BROKER_SUBMIT_F_ATOMIC;
		do {
			op_publish(&ops[0], &(struct pub) { .key = first, .body = body });
			op_publish(&ops[1], &(struct pub) { .key = second, .body = body });
			if (call(fd, BROKER_IOC_SUBMIT, &s))
				abort();
			op_free(&ops[0]);
			op_free(&ops[1]);
			if (s.failed)
				usleep(100);
		} while (s.failed);
	}
	__atomic_sub_fetch(&writers, 1, __ATOMIC_RELEASE);
	close(fd);
	return NULL;
}

static void count_pair(unsigned char seen[2][PAIRS], const char *body)
{
	seen[body[0] - 'a'][atoi(body + 1)]++;
}

TEST(no_half_is_ever_seen)
{
	static unsigned char in_a[2][PAIRS], in_b[2][PAIRS];
	int fd, a, b, done, i, halves = 0, taken = 0;
	struct got got;
	pthread_t thread[2];

	ASSERT_EQ(0, new_broker());
	ASSERT_EQ(0, queue_new("a", .max_messages = 50) ?: queue_new("b", .max_messages = 50));
	fd = session_open();
	a = consume_auto(fd, "a", 100);
	b = consume_auto(fd, "b", 100);
	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	writers = 2;
	ASSERT_EQ(0, pthread_create(&thread[0], NULL, write_pairs, "a"));
	ASSERT_EQ(0, pthread_create(&thread[1], NULL, write_pairs, "b"));
	do {
		done = !__atomic_load_n(&writers, __ATOMIC_ACQUIRE);
		/* As many of b as there were of a at one moment: never fewer. */
		for (i = 0; i < 20 && !take(fd, taken % 2 ? a : b, &got); i++)
			count_pair(taken % 2 ? in_a : in_b, got.body);
		while (i--) {
			if (take(fd, taken % 2 ? b : a, &got)) {
				halves++;
				break;
			}
			count_pair(taken % 2 ? in_b : in_a, got.body);
		}
		taken++;
	} while (!done || ready("a") + unacked("a") + ready("b") + unacked("b"));
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	EXPECT_EQ(0, halves);
	for (i = 0; i < 2 * PAIRS; i++) {
		ASSERT_EQ(1, in_a[i / PAIRS][i % PAIRS]);
		ASSERT_EQ(1, in_b[i / PAIRS][i % PAIRS]);
	}
}

TEST_HARNESS_MAIN
