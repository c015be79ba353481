// SPDX-License-Identifier: GPL-2.0-or-later
/* States in transactions: results, state and settlement are one step. */
#include <pthread.h>

#include "state.h"
#include "kselftest_harness.h"

#define MAX_OPS	8

/* "q" has ordering and holds "a1", "a2" and "b1"; "a1" and "b1" are in a consumer's hands. */
FIXTURE(stateful) {
	int fd, consumer, nr;
	struct stateful a, b, s;
	struct broker_op ops[MAX_OPS];
	struct broker_result results[MAX_OPS];
};

FIXTURE_SETUP(stateful)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .ordering = 1) ?: queue_new("out"));
	self->consumer = consume_state(self->fd, "q", 10, 0);
	ASSERT_LT(0, self->consumer);
	ASSERT_EQ(0, put_keys(self->fd, "q", "a1 b1 a2") ?:
		     take_state(self->fd, self->consumer, &self->a, 0) ?:
		     take_state(self->fd, self->consumer, &self->b, 0));
	ASSERT_EQ(0, set_state(self->fd, self->consumer, self->a.got.d.tag, "old", 3));
}

FIXTURE_TEARDOWN(stateful)
{
}

#define STATE(of, text)	(self->ops[self->nr++] = op_state(self->consumer, (of).got.d.tag, \
							   text, strlen(text)))
#define SETTLE(OP, of)	(self->ops[self->nr++] = op_settle(BROKER_OP_##OP, self->consumer, \
							    (of).got.d.tag))
#define PUBLISH(queue)	op_publish(&self->ops[self->nr++], &(struct pub) { .key = queue, \
									    .body = "x" })
#define CUMULATIVE()	(self->ops[self->nr - 1].flags = BROKER_SETTLE_F_CUMULATIVE)

/* Performs what was collected: the number that failed, or the call's error. */
static int commit_within(FIXTURE_DATA(stateful) *self, uint64_t timeout_ns)
{
	struct broker_submit s = submit_of(self->ops, self->nr, self->results);
	int ret;

	s.flags = BROKER_SUBMIT_F_ATOMIC;
	s.timeout_ns = timeout_ns;
	ret = call(self->fd, BROKER_IOC_SUBMIT, &s);
	self->nr = 0;
	return ret ?: (int)s.failed;
}

static int commit(FIXTURE_DATA(stateful) *self)
{
	return commit_within(self, 0);
}

/* The next message, and the state that comes with it. */
#define GETS(text, with)							\
do {										\
	ASSERT_EQ(0, take_state(self->fd, self->consumer, &self->s, 0));	\
	EXPECT_STREQ(text, self->s.got.body);					\
	EXPECT_STREQ(with, self->s.state);					\
} while (0)

/* The @failing one stood in the way, for that reason: nothing has changed. */
#define NOTHING(failing, why)						\
do {									\
	EXPECT_EQ(why, self->results[failing].error);			\
	EXPECT_EQ(2, unacked("q"));					\
	EXPECT_EQ(0, ready("out"));					\
	EXPECT_EQ(1, states("q"));					\
	EXPECT_EQ(4, state_bytes("q"));					\
} while (0)

TEST_F(stateful, with_result_and_settlement)
{
	PUBLISH("out");
	STATE(self->a, "new");
	SETTLE(ACCEPT, self->a);
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(0, self->results[1].accepted);
	EXPECT_EQ(1, self->results[2].accepted);
	EXPECT_EQ(1, ready("out"));
	GETS("a2", "new");
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
}

TEST_F(stateful, with_each_settlement)
{
	STATE(self->a, "released");
	SETTLE(RELEASE, self->a);
	STATE(self->b, "failed");
	SETTLE(FAIL, self->b);
	EXPECT_EQ(0, commit(self));
	GETS("a1", "released");
	self->a = self->s;
	GETS("b1", "failed");
	STATE(self->a, "deferred");
	SETTLE(DEFER, self->a);
	STATE(self->s, "");
	SETTLE(REJECT, self->s);
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(1, states("q"));
	GETS("a2", "deferred");
}

/* Without a settlement it stays with who holds it. */
TEST_F(stateful, alone)
{
	STATE(self->a, "new");
	PUBLISH("out");
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(2, unacked("q"));
	EXPECT_EQ(-EAGAIN, take_state(self->fd, self->consumer, &self->s, 0));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->a.got.d.tag));
	GETS("a2", "new");
}

TEST_F(stateful, the_later_one_counts)
{
	STATE(self->a, "first");
	STATE(self->b, "b");
	STATE(self->a, "second");
	STATE(self->a, "third, and longer");
	SETTLE(ACCEPT, self->a);
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(2, states("q"));
	EXPECT_EQ(18 + 2, state_bytes("q"));
	GETS("a2", "third, and longer");
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, self->consumer, self->b.got.d.tag));
	GETS("b1", "b");
}

TEST_F(stateful, before_all_are_settled)
{
	STATE(self->a, "a");
	STATE(self->b, "b");
	SETTLE(RELEASE, self->b);
	CUMULATIVE();
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(2, self->results[2].accepted);
	GETS("a1", "a");
	self->a = self->s;
	GETS("b1", "b");
	/* Up to the first: the second stays. */
	STATE(self->s, "bb");
	STATE(self->a, "aa");
	SETTLE(ACCEPT, self->a);
	CUMULATIVE();
	EXPECT_EQ(0, commit(self));
	EXPECT_EQ(1, self->results[2].accepted);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, self->consumer, self->s.got.d.tag));
	GETS("b1", "bb");
	GETS("a2", "aa");
}

TEST_F(stateful, undone)
{
	STATE(self->a, "new");
	STATE(self->b, "b");
	SETTLE(ACCEPT, self->a);
	PUBLISH("nowhere");
	EXPECT_EQ(4, commit(self));
	NOTHING(3, -ENOENT);
	ASSERT_EQ(0, queue_new("full", .max_messages = 1) ?: put(self->fd, "full", "x"));
	STATE(self->b, "b");
	STATE(self->a, "new");
	STATE(self->a, "newer");
	SETTLE(ACCEPT, self->b);
	CUMULATIVE();
	PUBLISH("out");
	PUBLISH("full");
	EXPECT_EQ(6, commit(self));
	NOTHING(5, -EAGAIN);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->a.got.d.tag));
	GETS("a2", "old");
}

TEST_F(stateful, not_once_it_is_settled)
{
	SETTLE(ACCEPT, self->a);
	STATE(self->a, "new");
	EXPECT_EQ(2, commit(self));
	NOTHING(1, -ESTALE);
	STATE(self->b, "b");
	SETTLE(ACCEPT, self->b);
	SETTLE(ACCEPT, self->b);
	EXPECT_EQ(3, commit(self));
	NOTHING(2, -ESTALE);
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->a.got.d.tag));
	STATE(self->a, "new");
	PUBLISH("out");
	EXPECT_EQ(2, commit(self));
	EXPECT_EQ(-ESTALE, self->results[0].error);
	EXPECT_EQ(0, ready("out"));
	GETS("a2", "old");
}

TEST_F(stateful, what_cannot_be)
{
	STATE(self->a, "new");
	self->ops[0].flags = 1;
	SETTLE(ACCEPT, self->a);
	EXPECT_EQ(2, commit(self));
	NOTHING(0, -EOPNOTSUPP);
	SETTLE(ACCEPT, self->a);
	self->ops[self->nr++] = op_state(self->consumer, self->b.got.d.tag, NULL, 1);
	EXPECT_EQ(2, commit(self));
	NOTHING(1, -EFAULT);
	STATE(self->a, "new");
	self->ops[0].state.consumer = 77;
	EXPECT_EQ(1, commit(self));
	NOTHING(0, -ENOENT);
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	PUBLISH("out");
	STATE(self->b, "b");
	EXPECT_EQ(2, commit(self));
	NOTHING(1, -ENOSPC);
}

/* While a transaction waits, its deliveries are its consumer's, and may be lost. */
TEST_F(stateful, lost_while_it_waits)
{
	pid_t pid;
	int status;

	ASSERT_EQ(0, queue_new("full", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK) ?:
		     put(self->fd, "full", "x"));
	pid = fork_tied();
	if (!pid) {
		STATE(self->a, "new");
		SETTLE(ACCEPT, self->a);
		PUBLISH("full");
		_exit(commit_within(self, GUARD_NS) == 3 && self->results[0].error == -ESTALE ?
		      0 : 1);
	}
	ASSERT_TRUE(wait_asleep(pid));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, self->consumer, self->a.got.d.tag));
	EXPECT_EQ(1, drain("full"));
	status = reap(pid);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	GETS("a1", "old");
}

/* The lease of what it only sets the state of goes on, and ends. */
TEST_F(stateful, keeps_no_lease)
{
	int fd = session_open(), consumer;
	struct broker_submit s;
	struct broker_op op;

	ASSERT_EQ(0, queue_new("leased", .ordering = 1) ?: put_key(fd, "leased", "a1"));
	consumer = consume_lease(fd, "leased", 1, 300);
	ASSERT_EQ(0, take(fd, consumer, &self->s.got));
	op = op_state(consumer, self->s.got.d.tag, "x", 1);
	s = submit_of(&op, 1, self->results);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	while (!call(fd, BROKER_IOC_SUBMIT, &s) && !self->results[0].error)
		;
	EXPECT_EQ(-ESTALE, self->results[0].error);
	EXPECT_EQ(1, queue_get("leased", BROKER_A_QUEUE_FAILED));
	EXPECT_EQ(1, states("leased"));
}

static int stop;

static void *delete(void *arg __attribute__((unused)))
{
	uintptr_t count = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		count += !state_del("q", "a");
		count += !state_del("q", "b");
	}
	return (void *)count;
}

/* An administrator deletes them all the time: room is neither lost nor won. */
TEST_F(stateful, deleted_meanwhile)
{
	static char data[200];
	pthread_t thread;
	void *deleted;
	int i;

	memset(data, 'x', sizeof(data));
	ASSERT_EQ(0, queue_set("q", .max_bytes = 402, .max_messages = 2));
	ASSERT_EQ(0, pthread_create(&thread, NULL, delete, NULL));
	for (i = 0; i < 3000; i++) {
		self->ops[0] = op_state(self->consumer, self->a.got.d.tag, data, 1 + i % 200);
		self->ops[1] = op_state(self->consumer, self->b.got.d.tag, data, 1 + i % 133);
		self->ops[2] = op_state(self->consumer, self->a.got.d.tag, data, i % 3 * 100);
		self->nr = 3;
		PUBLISH(i % 7 ? "out" : "nowhere");
		EXPECT_EQ(i % 7 ? 0 : 4, commit(self)) {
			TH_LOG("%d %d %d", self->results[0].error, self->results[1].error,
			       self->results[2].error);
		}
		ASSERT_GE(402, state_bytes("q"));
		if (i % 100 == 0)
			ASSERT_EQ(0, queue_purge("out"));
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, &deleted);
	EXPECT_LT((void *)0, deleted);
	EXPECT_EQ(0, set_state(self->fd, self->consumer, self->a.got.d.tag, NULL, 0));
	EXPECT_EQ(0, set_state(self->fd, self->consumer, self->b.got.d.tag, NULL, 0));
	EXPECT_EQ(0, states("q"));
	EXPECT_EQ(0, state_bytes("q"));
}

/* Two that hold messages of one key, as one was deferred, set its state all the time. */
static void contend(int fd, uint32_t consumer, uint64_t tag, uint32_t max)
{
	static char data[300];
	struct broker_result results[3];
	struct broker_op ops[3];
	struct broker_submit s = submit_of(ops, 3, results);
	uint32_t i;

	s.flags = BROKER_SUBMIT_F_ATOMIC;
	for (i = 0; i < 3000; i++) {
		ops[0] = op_state(consumer, tag, data, i % max);
		op_publish(&ops[1], &(struct pub) { .key = i % 5 ? "out" : "nowhere",
						    .body = "x" });
		ops[2] = op_state(consumer, tag, data, i % 7 ? 1 + i % 10 : 0);
		if (call(fd, BROKER_IOC_SUBMIT, &s) || (i % 5 && s.failed))
			_exit(1);
		op_free(&ops[1]);
		if (i % 100 == 0)
			queue_purge("out");
		if (state_bytes("q") > 301)
			_exit(2);
	}
	_exit(set_state(fd, consumer, tag, "end", 3) ? 3 : 0);
}

TEST_F(stateful, two_holders_of_a_key)
{
	struct broker_receive r = receive_of(self->consumer, NULL, 0, 1);
	int status, i;
	pid_t pids[2];

	ASSERT_EQ(0, queue_set("q", .max_bytes = 301, .max_messages = 3));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_DEFER, self->consumer, self->a.got.d.tag));
	GETS("a2", "old");
	self->b = self->s;
	r.flags = BROKER_RECEIVE_F_DEFERRED;
	r.sequence = self->a.got.d.sequence;
	ASSERT_EQ(0, receive_state(self->fd, &r, &self->a));
	for (i = 0; i < 2; i++) {
		pids[i] = fork_tied();
		if (!pids[i])
			contend(self->fd, self->consumer, (i ? self->a : self->b).got.d.tag,
				i ? 300 : 123);
	}
	for (i = 0; i < 2; i++) {
		status = reap(pids[i]);
		EXPECT_TRUE(WIFEXITED(status));
		EXPECT_EQ(0, WEXITSTATUS(status));
	}
	EXPECT_EQ(1, states("q"));
	EXPECT_EQ(4, state_bytes("q"));
	EXPECT_EQ(0, set_state(self->fd, self->consumer, self->a.got.d.tag, NULL, 0));
	EXPECT_EQ(0, states("q"));
	EXPECT_EQ(0, state_bytes("q"));
}

#define KEYS		8
#define OF_A_KEY	100
#define WORKERS		4
#define KILLS		60

/* What is known of a key */
struct total { uint32_t count, sum; };

/* Adds each message to its key's total, and tells of it, in one step; until it is killed. */
static void work(uint32_t *done)
{
	int fd = session_open(), consumer = consume_state(fd, "in", 3, 0), i;
	struct stateful *s = malloc(sizeof(*s));
	struct broker_result results[3];
	struct broker_op ops[3];
	struct broker_submit submit;
	struct total total;
	char body[32];

	while (!take_state(fd, consumer, s, GUARD_NS)) {
		memset(&total, 0, sizeof(total));
		memcpy(&total, s->state, s->len);
		total.count++;
		total.sum += atoi(s->got.body + 1);
		snprintf(body, sizeof(body), "%c%u", s->got.body[0], total.sum);
		op_publish(&ops[0], &(struct pub) { .key = "out", .body = body });
		ops[1] = op_state(consumer, s->got.d.tag, &total, sizeof(total));
		ops[2] = op_settle(BROKER_OP_ACCEPT, consumer, s->got.d.tag);
		submit = submit_of(ops, 3, results);
		submit.flags = BROKER_SUBMIT_F_ATOMIC;
		if (call(fd, BROKER_IOC_SUBMIT, &submit))
			_exit(1);
		for (i = 0; i < 3; i++)
			if (results[i].error)
				_exit(2);
		op_free(&ops[0]);
		__atomic_add_fetch(done, 1, __ATOMIC_SEQ_CST);
	}
	_exit(3);
}

static pid_t start(uint32_t *done)
{
	pid_t pid = fork_tied();

	if (!pid)
		work(done);
	return pid;
}

/* Workers are killed at any moment: each message counts once. */
TEST_F(stateful, totals_are_exact_however_they_die)
{
	uint32_t *done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t i, j, n = 0, expected = OF_A_KEY * (OF_A_KEY + 1) / 2, seen[KEYS] = {};
	pid_t pids[WORKERS];
	char body[16];
	int out;

	ASSERT_NE(MAP_FAILED, done);
	ASSERT_EQ(0, queue_new("in", .ordering = 1, .max_delivery = 1000));
	for (i = 0; i < WORKERS; i++)
		pids[i] = start(done);
	for (i = 0; i < KILLS; i++) {
		uint32_t before = __atomic_load_n(done, __ATOMIC_SEQ_CST);

		for (; n < KEYS * OF_A_KEY * (i + 1) / KILLS; n++) {
			snprintf(body, sizeof(body), "%c%u", 'a' + n % KEYS, n / KEYS + 1);
			ASSERT_EQ(0, put_key(self->fd, "in", body));
		}
		for (j = 0; j < 20000 && __atomic_load_n(done, __ATOMIC_SEQ_CST) < before + 5; j++)
			usleep(100);
		j = i % WORKERS;
		kill(pids[j], SIGKILL);
		EXPECT_EQ(SIGKILL, WTERMSIG(reap(pids[j])));
		pids[j] = start(done);
	}
	EXPECT_EQ(KEYS * OF_A_KEY, n);
	AWAIT("in", ACCEPTED, n);
	for (i = 0; i < WORKERS; i++) {
		kill(pids[i], SIGKILL);
		EXPECT_EQ(SIGKILL, WTERMSIG(reap(pids[i])));
	}
	TH_LOG("%lu deliveries of %u messages",
	       (unsigned long)queue_get("in", BROKER_A_QUEUE_DELIVERED), n);
	EXPECT_EQ(KEYS, states("in"));

	/* The states are right, and so is all that was told on the way. */
	self->consumer = consume_state(self->fd, "in", 1, 0);
	for (i = 0; i < KEYS; i++) {
		struct total total;

		snprintf(body, sizeof(body), "%c", 'a' + i);
		ASSERT_EQ(0, put_key(self->fd, "in", body) ?:
			     take_state(self->fd, self->consumer, &self->s, GUARD_NS));
		ASSERT_EQ(sizeof(total), self->s.len);
		memcpy(&total, self->s.state, sizeof(total));
		EXPECT_EQ(OF_A_KEY, total.count);
		EXPECT_EQ(expected, total.sum);
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer,
				    self->s.got.d.tag));
	}
	out = consume_auto(self->fd, "out", 0);
	for (i = 0; !take(self->fd, out, &self->s.got); i++) {
		uint32_t key = self->s.got.body[0] - 'a';

		seen[key]++;
		ASSERT_EQ(seen[key] * (seen[key] + 1) / 2,
			  (uint32_t)atoi(self->s.got.body + 1));
	}
	EXPECT_EQ(n, i);
}

TEST_HARNESS_MAIN
