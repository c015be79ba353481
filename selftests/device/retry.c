// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What becomes of a message that fails, waits, or outlives its time.  Times are
 * either over soon, and then waited for, or so far away that they never come.
 */
#include <poll.h>
#include <pthread.h>
#include <stddef.h>

#include "helper.h"
#include "kselftest_harness.h"

#define FAR_MS	(1000 * 1000 * 1000)

FIXTURE(retry) { int fd, consumer; struct got got; };

FIXTURE_SETUP(retry)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(retry)
{
}

#define TAKE()		ASSERT_EQ(0, take(self->fd, self->consumer, &self->got))
#define TAKE_WAIT()	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got))
#define NOTHING()	EXPECT_EQ(-EAGAIN, take(self->fd, self->consumer, &self->got))
#define SETTLE(OP)	settle(self->fd, BROKER_OP_##OP, self->consumer, self->got.d.tag)
#define CONSUME(queue)	ASSERT_LT(0, (self->consumer = consume(self->fd, queue, 0)))

static struct broker_op op_timed(int opcode, uint32_t consumer, uint64_t tag, uint64_t ms)
{
	struct broker_op op = op_settle(opcode, consumer, tag);

	op.settle.time_ms = ms;
	return op;
}

static int settle_timed(int fd, int opcode, uint32_t consumer, uint64_t tag, uint64_t ms)
{
	struct broker_op op = op_timed(opcode, consumer, tag, ms);

	return submit_one(fd, &op);
}

TEST_F(retry, delay)
{
	ASSERT_EQ(0, queue_new("q") ?: put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, settle_timed(self->fd, BROKER_OP_DELAY, self->consumer, self->got.d.tag,
				  FAR_MS));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_WAITING));
	EXPECT_EQ(0, unacked("q"));
	/* Others go on. */
	TAKE();
	EXPECT_STREQ("2", self->got.body);
	NOTHING();
}

TEST_F(retry, delay_ends)
{
	ASSERT_EQ(0, queue_new("q") ?: put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, settle_timed(self->fd, BROKER_OP_DELAY, self->consumer, self->got.d.tag, 20));
	AWAIT("q", WAITING, 0);
	/* At its old place, not counted as failed. */
	TAKE();
	EXPECT_STREQ("1", self->got.body);
	EXPECT_EQ(2, self->got.d.acquired);
	EXPECT_EQ(0, self->got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_RELEASED, self->got.d.cause);
}

TEST_F(retry, delay_counts_against_the_limit)
{
	ASSERT_EQ(0, queue_new("q", .max_messages = 1) ?: put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, settle_timed(self->fd, BROKER_OP_DELAY, self->consumer, self->got.d.tag,
				  FAR_MS));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "2"));
}

TEST_F(retry, delay_too_long)
{
	ASSERT_EQ(0, queue_new("q") ?: put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(-EINVAL, settle_timed(self->fd, BROKER_OP_DELAY, self->consumer,
					self->got.d.tag, BROKER_MAX_TIME_MS + 1));
	EXPECT_EQ(1, unacked("q"));
}

TEST_F(retry, accept_has_no_time)
{
	ASSERT_EQ(0, queue_new("q") ?: put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(-EINVAL, settle_timed(self->fd, BROKER_OP_ACCEPT, self->consumer,
					self->got.d.tag, 1));
	EXPECT_EQ(1, unacked("q"));
}

TEST_F(retry, back_off)
{
	ASSERT_EQ(0, queue_new("q", .retry_min = FAR_MS, .retry_max = FAR_MS) ?:
		     put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, SETTLE(FAIL));
	/* The first failure is tried again at once, the second waits, others go on. */
	TAKE();
	EXPECT_STREQ("1", self->got.body);
	EXPECT_EQ(0, SETTLE(FAIL));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_WAITING));
	TAKE();
	EXPECT_STREQ("2", self->got.body);
	EXPECT_EQ(0, SETTLE(RELEASE));
	TAKE();
	EXPECT_STREQ("2", self->got.body);
}

TEST_F(retry, back_off_ends)
{
	ASSERT_EQ(0, queue_new("q", .retry_min = 20, .retry_max = 30) ?: put(self->fd, "q", "1"));
	CONSUME("q");
	for (int i = 1; i < 5; i++) {
		TAKE_WAIT();
		EXPECT_EQ(i, self->got.d.acquired);
		EXPECT_EQ(i - 1, self->got.d.failed);
		EXPECT_EQ(0, SETTLE(FAIL));
	}
}

TEST_F(retry, back_off_after_a_crash)
{
	struct baton baton;
	int i, consumer;
	pid_t pid;

	ASSERT_EQ(0, queue_new("q", .retry_min = FAR_MS, .retry_max = FAR_MS) ?:
		     put(self->fd, "q", "1"));
	for (i = 0; i < 2; i++) {
		baton_init(&baton);
		pid = fork_tied();
		if (!pid) {
			int fd = session_open();

			consumer = consume(fd, "q", 0);
			if (take_wait(fd, consumer, &self->got))
				_exit(1);
			baton_send(baton.to_parent[1], 1);
			pause();
		}
		ASSERT_EQ(1, baton_wait(baton.to_parent[0]));
		kill(pid, SIGKILL);
		reap(pid);
	}
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_WAITING));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_FAILED));
}

TEST_F(retry, quarantine_without_dead_letters)
{
	ASSERT_EQ(0, queue_new("q", .max_delivery = 2) ?: put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, SETTLE(FAIL));
	TAKE();
	EXPECT_EQ(0, SETTLE(FAIL));
	AWAIT("q", QUARANTINED, 1);
	NOTHING();
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_WAITING));
	/* It still counts, and goes with the queue. */
	EXPECT_LT(0, queue_get("q", BROKER_A_QUEUE_BYTES));
	EXPECT_EQ(0, queue_del("q"));
}

TEST_F(retry, releasing_is_no_failure)
{
	ASSERT_EQ(0, queue_new("q", .max_delivery = 1) ?: put(self->fd, "q", "1"));
	CONSUME("q");
	for (int i = 0; i < 5; i++) {
		TAKE();
		EXPECT_EQ(0, SETTLE(RELEASE));
	}
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_QUARANTINED));
}

TEST_F(retry, dead_letter_after_failures)
{
	struct broker_death death;

	ASSERT_EQ(0, queue_new("dead") ?:
		     queue_new("q", .max_delivery = 3, .retry_min = 1, .retry_max = 1,
			       .dead_exchange = "", .dead_key = "dead") ?:
		     put(self->fd, "q", "1"));
	CONSUME("q");
	for (int i = 0; i < 3; i++) {
		TAKE_WAIT();
		EXPECT_EQ(0, SETTLE(FAIL));
	}
	AWAIT("q", DEAD_LETTERED, 1);
	EXPECT_EQ(0, ready("q") + unacked("q") + queue_get("q", BROKER_A_QUEUE_BYTES));
	CONSUME("dead");
	ASSERT_EQ(0, take_death(self->fd, self->consumer, &self->got, &death));
	EXPECT_STREQ("1", self->got.body);
	/* The counts of its new queue begin anew; the stamp has those of the old one. */
	EXPECT_EQ(1, self->got.d.acquired);
	EXPECT_EQ(0, self->got.d.failed);
	EXPECT_EQ(1, self->got.d.nr_deaths);
	EXPECT_EQ(BROKER_DEATH_MAX_DELIVERY, death.reason);
	EXPECT_EQ(3, death.acquired);
	EXPECT_EQ(3, death.failed);
	EXPECT_EQ(1, death.count);
	EXPECT_EQ(BROKER_CAUSE_FAILED, death.cause);
	EXPECT_EQ(getpid(), death.cause_pid);
	EXPECT_EQ(queue_get("q", BROKER_A_QUEUE_ID), death.queue);
	EXPECT_EQ(1, death.name_len);
	EXPECT_EQ('q', death.name[0]);
	EXPECT_LT(0, death.time_ns);
	/* Who published it is as it was. */
	EXPECT_EQ(getpid(), self->got.d.origin.pid);
}

TEST_F(retry, dead_letter_tells_the_dead_consumer)
{
	struct broker_death death;
	struct baton baton;
	pid_t pid;

	ASSERT_EQ(0, queue_new("dead") ?:
		     queue_new("q", .max_delivery = 1, .dead_exchange = "", .dead_key = "dead") ?:
		     put(self->fd, "q", "1"));
	baton_init(&baton);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "q", 0);

		if (take(fd, consumer, &self->got))
			_exit(1);
		baton_send(baton.to_parent[1], 1);
		pause();
	}
	ASSERT_EQ(1, baton_wait(baton.to_parent[0]));
	kill(pid, SIGSEGV);
	reap(pid);
	CONSUME("dead");
	ASSERT_EQ(0, take_death(self->fd, self->consumer, &self->got, &death));
	EXPECT_EQ(BROKER_CAUSE_KILLED, death.cause);
	EXPECT_EQ(SIGSEGV, death.cause_code);
}

TEST_F(retry, rejected)
{
	struct broker_death death;

	ASSERT_EQ(0, queue_new("dead") ?: exchange_new("x", BROKER_EXCHANGE_TYPE_TOPIC) ?:
		     bind_queue("x", "dead", "q.#"));
	ASSERT_EQ(0, queue_new("q", .dead_exchange = "x", .dead_key = "q.dead") ?:
		     put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, SETTLE(REJECT));
	AWAIT("dead", READY, 1);
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_REJECTED));
	CONSUME("dead");
	ASSERT_EQ(0, take_death(self->fd, self->consumer, &self->got, &death));
	EXPECT_EQ(BROKER_DEATH_REJECTED, death.reason);
	EXPECT_STREQ("q", self->got.key);
}

TEST_F(retry, rejected_in_a_transaction)
{
	struct broker_result results[2];
	struct broker_op ops[2];
	struct broker_submit s;

	ASSERT_EQ(0, queue_new("dead") ?: queue_new("out") ?:
		     queue_new("q", .dead_exchange = "", .dead_key = "dead") ?:
		     put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	ops[0] = op_settle(BROKER_OP_REJECT, self->consumer, self->got.d.tag);
	op_publish(&ops[1], &(struct pub) { .key = "out", .body = "x" });
	s = submit_of(ops, 2, results);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, s.failed);
	AWAIT("dead", READY, 1);
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_BYTES));
	EXPECT_EQ(1, ready("out"));
}

/* A full target: the message stays, counts, is nobody's, and goes when there is room. */
TEST_F(retry, dead_letter_waits_for_room)
{
	ASSERT_EQ(0, queue_new("dead", .max_messages = 1) ?: put(self->fd, "dead", "old") ?:
		     queue_new("q", .max_messages = 1, .dead_exchange = "", .dead_key = "dead") ?:
		     put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, SETTLE(REJECT));
	usleep(50 * 1000);
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_DYING));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	NOTHING();
	EXPECT_EQ(1, drain("dead"));
	AWAIT("dead", READY, 1);
	AWAIT("q", DYING, 0);
	EXPECT_EQ(0, put(self->fd, "q", "2"));
}

TEST_F(retry, dead_letter_without_a_target_is_quarantined)
{
	ASSERT_EQ(0, queue_new("dead") ?:
		     queue_new("q", .dead_exchange = "", .dead_key = "dead") ?:
		     put(self->fd, "q", "1"));
	ASSERT_EQ(0, queue_del("dead"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, SETTLE(REJECT));
	AWAIT("q", QUARANTINED, 1);
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DYING));
}

TEST_F(retry, dead_letter_to_itself_ends)
{
	ASSERT_EQ(0, queue_new("q") ?: queue_set("q", .ttl = 1, .dead_exchange = "",
						 .dead_key = "q") ?: put(self->fd, "q", "1"));
	AWAIT("q", QUARANTINED, 1);
}

TEST_F(retry, target_must_exist)
{
	EXPECT_EQ(-ENOENT, queue_new("q", .dead_exchange = "", .dead_key = "nowhere"));
	EXPECT_EQ(-ENOENT, queue_new("q", .dead_exchange = "nowhere"));
	EXPECT_EQ(-ENOENT, put(self->fd, "q", "1"));
}

TEST_F(retry, ttl_of_a_message)
{
	ASSERT_EQ(0, queue_new("q") ?: put(self->fd, "q", "1") ?:
		     put_int(self->fd, "q", "2", BROKER_PROP_TTL, 20) ?:
		     put_int(self->fd, "q", "3", BROKER_PROP_TTL, FAR_MS));
	/* Not only at the head. */
	AWAIT("q", EXPIRED, 1);
	AWAIT("q", DYING, 0);
	CONSUME("q");
	TAKE();
	EXPECT_STREQ("1", self->got.body);
	TAKE();
	EXPECT_STREQ("3", self->got.body);
	NOTHING();
	EXPECT_EQ(2, unacked("q"));
}

TEST_F(retry, ttl_of_a_queue_is_the_most)
{
	ASSERT_EQ(0, queue_new("q", .ttl = 20) ?:
		     put_int(self->fd, "q", "1", BROKER_PROP_TTL, FAR_MS) ?:
		     put(self->fd, "q", "2"));
	AWAIT("q", EXPIRED, 2);
	ASSERT_EQ(0, queue_set("q", .ttl = FAR_MS) ?:
		     put_int(self->fd, "q", "3", BROKER_PROP_TTL, 20));
	AWAIT("q", EXPIRED, 3);
	AWAIT("q", BYTES, 0);
}

TEST_F(retry, expired_goes_to_the_dead)
{
	struct broker_death death;

	ASSERT_EQ(0, queue_new("dead") ?:
		     queue_new("q", .ttl = 10, .dead_exchange = "", .dead_key = "dead") ?:
		     put_int(self->fd, "q", "1", BROKER_PROP_TTL, 10));
	CONSUME("dead");
	ASSERT_EQ(0, take_death(self->fd, self->consumer, &self->got, &death));
	EXPECT_EQ(BROKER_DEATH_EXPIRED, death.reason);
	EXPECT_EQ(0, death.acquired);
	/* It has lived its time, and does not die of it again. */
	EXPECT_EQ(0, SETTLE(RELEASE));
	usleep(50 * 1000);
	EXPECT_EQ(1, ready("dead"));
}

/* In hand it does not expire; given back it does. */
TEST_F(retry, ttl_while_in_hand)
{
	ASSERT_EQ(0, queue_new("q") ?: put_int(self->fd, "q", "1", BROKER_PROP_TTL, 500));
	CONSUME("q");
	TAKE();
	usleep(600 * 1000);
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_EXPIRED));
	EXPECT_EQ(0, SETTLE(RELEASE));
	AWAIT("q", EXPIRED, 1);
	NOTHING();
}

/* On its way to a consumer that does not come for it, it does. */
TEST_F(retry, ttl_while_pending)
{
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 10)));
	ASSERT_EQ(0, put_int(self->fd, "q", "1", BROKER_PROP_TTL, 50));
	AWAIT("q", EXPIRED, 1);
	EXPECT_EQ(0, unacked("q"));
	NOTHING();
	ASSERT_EQ(0, put(self->fd, "q", "2"));
	TAKE();
	EXPECT_STREQ("2", self->got.body);
}

TEST_F(retry, scheduled)
{
	ASSERT_EQ(0, queue_new("q") ?:
		     put_int(self->fd, "q", "far", BROKER_PROP_DELIVER_AT, day_ms() + FAR_MS) ?:
		     put_int(self->fd, "q", "soon", BROKER_PROP_DELIVER_AT, day_ms() + 300) ?:
		     put_int(self->fd, "q", "past", BROKER_PROP_DELIVER_AT, day_ms() - 10) ?:
		     put(self->fd, "q", "now"));
	CONSUME("q");
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_WAITING));
	TAKE();
	EXPECT_STREQ("past", self->got.body);
	TAKE();
	EXPECT_STREQ("now", self->got.body);
	NOTHING();
	TAKE_WAIT();
	EXPECT_STREQ("soon", self->got.body);
	EXPECT_LE(self->got.d.time_ns / 1000000 + 299, day_ms());
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_WAITING));
	/* Cancelled with all the rest. */
	EXPECT_EQ(0, queue_purge("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_WAITING));
}

TEST_F(retry, priorities)
{
	char order[8] = "";
	int i;

	ASSERT_EQ(0, queue_new("q", .priorities = 32) ?:
		     put_int(self->fd, "q", "d", BROKER_PROP_PRIORITY, 0) ?:
		     put(self->fd, "q", "b") ?:
		     put_int(self->fd, "q", "c", BROKER_PROP_PRIORITY, 3) ?:
		     put_int(self->fd, "q", "a", BROKER_PROP_PRIORITY, 255) ?:
		     put_int(self->fd, "q", "B", BROKER_PROP_PRIORITY, 4));
	CONSUME("q");
	/* One that comes back keeps its level and its place. */
	TAKE();
	EXPECT_EQ(0, SETTLE(RELEASE));
	for (i = 0; i < 5; i++) {
		TAKE();
		strcat(order, self->got.body);
	}
	EXPECT_STREQ("abBcd", order);
	/* Sequences are as they came. */
	EXPECT_EQ(1, self->got.d.sequence);
}

TEST_F(retry, priorities_off_by_default)
{
	ASSERT_EQ(0, queue_new("q") ?: put_int(self->fd, "q", "1", BROKER_PROP_PRIORITY, 0) ?:
		     put_int(self->fd, "q", "2", BROKER_PROP_PRIORITY, 255));
	CONSUME("q");
	TAKE();
	EXPECT_STREQ("1", self->got.body);
}

TEST_F(retry, lease)
{
	int other;

	ASSERT_EQ(0, queue_new("q", .lease = 100, .retry_min = 1, .retry_max = 1) ?:
		     put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	other = consume(self->fd, "q", 0);
	ASSERT_LT(0, other);
	ASSERT_EQ(0, take_wait(self->fd, other, &self->got));
	EXPECT_EQ(2, self->got.d.acquired);
	EXPECT_EQ(1, self->got.d.failed);
	EXPECT_EQ(BROKER_CAUSE_LEASE, self->got.d.cause);
	/* Too late. */
	EXPECT_EQ(-ESTALE, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, other, self->got.d.tag));
}

/* Hung, it gets nothing more, and what was on its way goes to others. */
TEST_F(retry, lease_of_a_hung_consumer)
{
	int other, i;

	ASSERT_EQ(0, queue_new("q", .lease = 100, .retry_min = FAR_MS, .retry_max = FAR_MS));
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 10)));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, put(self->fd, "q", "m"));
	TAKE();
	AWAIT("q", FAILED, 1);
	EXPECT_EQ(5, ready("q"));
	other = consume(self->fd, "q", 10);
	ASSERT_LT(0, other);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, take_wait(self->fd, other, &self->got));
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, other, self->got.d.tag));
	}
	/* A sign of life, and it is back. */
	EXPECT_EQ(0, cancel(self->fd, other));
	NOTHING();
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	TAKE_WAIT();
}

struct waiter { int fd, consumer, ret; struct got got; };

static void *wait_for_one(void *arg)
{
	struct waiter *w = arg;

	w->ret = take_wait(w->fd, w->consumer, &w->got);
	return NULL;
}

/* Who waits in RECEIVE lives, whatever it forgot to settle. */
#define GOES_ON(number)								\
do {										\
	struct waiter w = { .fd = self->fd, .consumer = number };		\
	pthread_t thread;							\
										\
	ASSERT_EQ(0, queue_new("q", .lease = 100, .retry_min = FAR_MS,		\
			       .retry_max = FAR_MS));				\
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 10)));		\
	ASSERT_EQ(0, put(self->fd, "q", "1"));					\
	TAKE();									\
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_one, &w));		\
	/* What its lease ended for comes again at once, the first time. */	\
	pthread_join(thread, NULL);						\
	ASSERT_EQ(0, w.ret);							\
	EXPECT_STREQ("1", w.got.body);						\
	EXPECT_EQ(BROKER_CAUSE_LEASE, w.got.d.cause);				\
} while (0)

TEST_F(retry, lease_while_receive_waits)
{
	GOES_ON(1);
}

TEST_F(retry, lease_while_receive_of_any_waits)
{
	GOES_ON(0);
}

/* Who polls is told, and a RECEIVE from any consumer is enough. */
TEST_F(retry, lease_while_polling)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN };

	ASSERT_EQ(0, queue_new("q", .lease = 100));
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 10)));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	TAKE();
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(1, poll(&p, 1, 20000));
	EXPECT_EQ(POLLIN, p.revents);
	ASSERT_EQ(0, take(self->fd, 0, &self->got));
	EXPECT_STREQ("1", self->got.body);
	EXPECT_EQ(0, poll(&p, 1, 0));
	/* Nor does one that has ended count as hung. */
	AWAIT("q", FAILED, 2);
	ASSERT_EQ(1, poll(&p, 1, 0));
	ASSERT_EQ(0, cancel(self->fd, self->consumer));
	EXPECT_EQ(0, poll(&p, 1, 0));
}

TEST_F(retry, extend)
{
	int i;

	ASSERT_EQ(0, queue_new("q", .lease = 400) ?: put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, settle_timed(self->fd, BROKER_OP_EXTEND, self->consumer, self->got.d.tag,
				  FAR_MS));
	usleep(600 * 1000);
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(0, SETTLE(ACCEPT));
	ASSERT_EQ(0, put(self->fd, "q", "2"));
	TAKE();
	EXPECT_EQ(0, SETTLE(EXTEND));
	for (i = 0; i < 4000 && !queue_get("q", BROKER_A_QUEUE_FAILED); i++)
		usleep(5000);
	EXPECT_EQ(-ESTALE, SETTLE(EXTEND));
	EXPECT_EQ(-ESTALE, SETTLE(ACCEPT));
}

/* More than the lock is held for at once, and then each to an end of its own. */
TEST_F(retry, extend_many)
{
	struct broker_result result = { .error = 1 };
	struct broker_op op;
	int i;

	ASSERT_EQ(0, queue_new("q"));
	ASSERT_LT(0, (self->consumer = consume(self->fd, "q", 300)));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, put(self->fd, "q", "m"));
		TAKE();
	}
	op = op_timed(BROKER_OP_EXTEND, self->consumer, self->got.d.tag, FAR_MS);
	op.flags = BROKER_SETTLE_F_CUMULATIVE;
	ASSERT_EQ(0, submit(self->fd, &op, 1, &result));
	EXPECT_EQ(0, result.error);
	EXPECT_EQ(300, result.accepted);
	for (i = 1; i <= 200; i++)
		ASSERT_EQ(0, settle_timed(self->fd, BROKER_OP_EXTEND, self->consumer, i,
					  3000 + (i * 7) % 200));
	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 0, 0));
	AWAIT("q", FAILED, 200);
	EXPECT_EQ(200, ready("q"));
	op = op_settle(BROKER_OP_ACCEPT, self->consumer, self->got.d.tag);
	op.flags = BROKER_SETTLE_F_CUMULATIVE;
	ASSERT_EQ(0, submit(self->fd, &op, 1, &result));
	EXPECT_EQ(100, result.accepted);
	EXPECT_EQ(0, unacked("q"));
}

/* Its consumer has no lease, but this delivery has, since it said so. */
TEST_F(retry, extend_what_has_no_end)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_NEW);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, "q");
	nl_put_u32(msg, BROKER_A_QUEUE_LEASE, 0);
	nl_put_u32(msg, BROKER_A_QUEUE_RETRY_MAX, FAR_MS);
	nl_put_u32(msg, BROKER_A_QUEUE_RETRY_MIN, FAR_MS);
	ASSERT_EQ(0, nl_do(msg) ?: put(self->fd, "q", "1"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, settle_timed(self->fd, BROKER_OP_EXTEND, self->consumer, self->got.d.tag, 50));
	AWAIT("q", FAILED, 1);
	EXPECT_EQ(-ESTALE, SETTLE(ACCEPT));
}

/* The lease clock of a stopped process stands still. */
TEST_F(retry, lease_of_a_stopped_process)
{
	struct baton baton;
	pid_t pid;

	ASSERT_EQ(0, queue_new("q", .lease = 400) ?: put(self->fd, "q", "1"));
	baton_init(&baton);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "q", 0);

		if (take(fd, consumer, &self->got))
			_exit(1);
		baton_send(baton.to_parent[1], 1);
		if (baton_wait(baton.to_child[0]) != 2)
			_exit(2);
		_exit(settle(fd, BROKER_OP_ACCEPT, consumer, self->got.d.tag) ? 3 : 0);
	}
	ASSERT_EQ(1, baton_wait(baton.to_parent[0]));
	kill(pid, SIGSTOP);
	usleep(1500 * 1000);
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_FAILED));
	baton_send(baton.to_child[1], 2);
	kill(pid, SIGCONT);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
}

#define FREEZER	"/sys/fs/cgroup/broker-frozen"

TEST_F(retry, lease_of_a_frozen_process)
{
	struct baton baton;
	pid_t pid;
	int ret;

	if (mkdir(FREEZER, 0755) && errno != EEXIST)
		SKIP(return, "no cgroup v2");
	ASSERT_EQ(0, queue_new("q", .lease = 400) ?: put(self->fd, "q", "1"));
	baton_init(&baton);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "q", 0);

		if (write_file(FREEZER "/cgroup.procs", "0") ||
		    take(fd, consumer, &self->got))
			_exit(1);
		baton_send(baton.to_parent[1], 1);
		if (baton_wait(baton.to_child[0]) != 2)
			_exit(2);
		_exit(settle(fd, BROKER_OP_ACCEPT, consumer, self->got.d.tag) ? 3 : 0);
	}
	EXPECT_EQ(1, baton_wait(baton.to_parent[0]));
	EXPECT_EQ(0, write_file(FREEZER "/cgroup.freeze", "1"));
	usleep(1500 * 1000);
	EXPECT_EQ(1, unacked("q"));
	baton_send(baton.to_child[1], 2);
	EXPECT_EQ(0, write_file(FREEZER "/cgroup.freeze", "0"));
	ret = reap(pid);
	rmdir(FREEZER);
	EXPECT_EQ(0, ret);
}

/* Everything that waits goes with its queue, and with its namespace. */
TEST_F(retry, the_end)
{
	ASSERT_EQ(0, queue_new("q", .lease = 50, .ttl = FAR_MS));
	ASSERT_EQ(0, put_int(self->fd, "q", "1", BROKER_PROP_DELIVER_AT, day_ms() + FAR_MS) ?:
		     put(self->fd, "q", "2") ?: put(self->fd, "q", "3"));
	CONSUME("q");
	TAKE();
	EXPECT_EQ(0, settle_timed(self->fd, BROKER_OP_DELAY, self->consumer, self->got.d.tag,
				  FAR_MS));
	TAKE();
	EXPECT_EQ(0, queue_del("q"));
	EXPECT_EQ(-EIDRM, take(self->fd, self->consumer, &self->got));
}

TEST_HARNESS_MAIN
