// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests, and replies that need no queue. */
#include "helper.h"
#include "kselftest_harness.h"

#define REPLIES	BROKER_CONSUMER_REPLIES

/* @fd asks; @other answers, by @consumer of "q". */
FIXTURE(request) { int fd, other, consumer; struct baton b; struct got got, reply; };

FIXTURE_SETUP(request)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	self->other = session_open();
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, queue_new("q"));
	self->consumer = consume(self->other, "q", 0);
	ASSERT_LT(0, self->consumer);
	baton_init(&self->b);
}

FIXTURE_TEARDOWN(request)
{
}

static int ask_pub(int fd, uint64_t name, const struct pub *p)
{
	struct broker_result result = { .error = 1 };
	struct broker_op op;
	int ret;

	op_publish(&op, p);
	op.flags |= BROKER_PUBLISH_F_REQUEST;
	op.user_data = name;
	ret = submit(fd, &op, 1, &result) ?: result.error ?: (int)result.accepted;
	op_free(&op);
	return ret;
}

/* How many replies will come, or an error. */
#define ask(fd, name, ...) ask_pub(fd, name, &(struct pub){ __VA_ARGS__ })

static int answer(int fd, uint32_t consumer, uint64_t tag, const char *body)
{
	struct broker_op op = op_reply(consumer, tag, body);

	return submit_one(fd, &op);
}

static int withdraw(int fd, uint64_t name)
{
	struct broker_op op = { .opcode = BROKER_OP_WITHDRAW, .user_data = name };

	return submit_one(fd, &op);
}

static int readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

/* The request came back, and says why. */
#define UNANSWERED(why, code, pid)						\
do {										\
	ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));			\
	EXPECT_EQ(BROKER_DELIVERY_F_REPLY | BROKER_DELIVERY_F_UNANSWERED,	\
		  self->reply.d.flags);						\
	EXPECT_STREQ("ping", self->reply.body);					\
	EXPECT_EQ(BROKER_CAUSE_##why, self->reply.d.cause);			\
	EXPECT_EQ(code, self->reply.d.cause_code);				\
	EXPECT_EQ((uint32_t)(pid), self->reply.d.cause_pid);			\
	EXPECT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));		\
	EXPECT_EQ(0, ready("q") + unacked("q"));				\
} while (0)

TEST_F(request, answered)
{
	ASSERT_EQ(1, ask(self->fd, 77, .key = "q", .body = "ping"));
	EXPECT_EQ(-EAGAIN, take(self->fd, REPLIES, &self->reply));
	EXPECT_FALSE(readable(self->fd));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_EQ(BROKER_DELIVERY_F_REQUEST, self->got.d.flags);
	EXPECT_STREQ("ping", self->got.body);
	ASSERT_EQ(0, answer(self->other, self->consumer, 1, "pong"));
	EXPECT_EQ(0, ready("q") + unacked("q"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	EXPECT_TRUE(readable(self->fd));
	ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
	EXPECT_STREQ("pong", self->reply.body);
	EXPECT_EQ(BROKER_DELIVERY_F_REPLY, self->reply.d.flags);
	EXPECT_EQ(REPLIES, self->reply.d.consumer);
	EXPECT_EQ(77, self->reply.d.user_data);
	EXPECT_EQ(1, self->reply.d.sequence);
	EXPECT_EQ(self->got.d.queue, self->reply.d.queue);
	EXPECT_EQ(getpid(), (int)self->reply.d.origin.pid);
	EXPECT_EQ(BROKER_CAUSE_NONE, self->reply.d.cause);
	EXPECT_FALSE(readable(self->fd));
	/* There was one, and there is no more to wait for. */
	EXPECT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));
}

/* The lease is the token: one reply, and only by who holds it. */
TEST_F(request, not_to_be_forged)
{
	int third = session_open(), consumer = consume(third, "q", 0);

	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	EXPECT_EQ(-EINVAL, answer(self->other, self->consumer, 1, "early"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_EQ(-EINVAL, answer(third, consumer, 1, "forged"));
	EXPECT_EQ(-ENOENT, answer(third, consumer + 1, 1, "forged"));
	EXPECT_EQ(-EINVAL, answer(self->other, self->consumer, 2, "beyond"));
	EXPECT_EQ(0, answer(self->other, self->consumer, 1, "pong"));
	EXPECT_EQ(-ESTALE, answer(self->other, self->consumer, 1, "again"));
	ASSERT_EQ(0, take(self->fd, 0, &self->reply));
	EXPECT_STREQ("pong", self->reply.body);
	EXPECT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));
}

TEST_F(request, checks_of_a_reply)
{
	struct broker_op op = op_reply(self->consumer, 1, "pong");

	ASSERT_EQ(0, put(self->fd, "q", "no request"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_EQ(0, self->got.d.flags);
	EXPECT_EQ(-EDESTADDRREQ, submit_one(self->other, &op));
	op.reply.reserved[2] = 1;
	EXPECT_EQ(-EINVAL, submit_one(self->other, &op));
	op.reply.reserved[2] = 0;
	op.flags = BROKER_PUBLISH_F_PARTIAL;
	EXPECT_EQ(-EOPNOTSUPP, submit_one(self->other, &op));
	op.flags = 0;
	op.reply.body_len = BROKER_MAX_BODY + 1;
	EXPECT_EQ(-EMSGSIZE, submit_one(self->other, &op));
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(-EINVAL, ask(self->fd, 0, .key = "q", .confirm = BROKER_CONFIRM_NONE));
	EXPECT_EQ(-EINVAL, ask(self->fd, 0, .key = "q", .flags = BROKER_PUBLISH_F_WILL));
	EXPECT_EQ(-ENOENT, take_wait(self->fd, REPLIES, &self->reply));
}

/* Nobody is there to answer: told at once, and nothing is left behind. */
TEST_F(request, no_responder)
{
	ASSERT_EQ(0, queue_new("lonely"));
	EXPECT_EQ(-ECONNREFUSED, ask(self->fd, 0, .key = "lonely", .body = "ping"));
	EXPECT_EQ(-ECONNREFUSED, ask(self->fd, 0, .key = "lonely", .body = "ping",
				     .flags = BROKER_PUBLISH_F_OPTIONAL));
	EXPECT_EQ(-ENOENT, ask(self->fd, 0, .key = "none", .body = "ping"));
	EXPECT_EQ(-EHOSTUNREACH, ask(self->fd, 0, .exchange = "broker.topic", .key = "a"));
	EXPECT_EQ(0, ready("lonely"));
	ASSERT_EQ(0, cancel(self->other, self->consumer));
	EXPECT_EQ(-ECONNREFUSED, ask(self->fd, 0, .key = "q", .body = "ping"));
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(-ENOENT, take_wait(self->fd, REPLIES, &self->reply));
}

TEST_F(request, accepted_without_reply)
{
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	ASSERT_EQ(0, settle(self->other, BROKER_OP_ACCEPT, self->consumer, 1));
	UNANSWERED(ACCEPTED, 0, getpid());
}

TEST_F(request, rejected)
{
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	ASSERT_EQ(0, settle(self->other, BROKER_OP_REJECT, self->consumer, 1));
	UNANSWERED(REJECTED, 0, getpid());
}

TEST_F(request, failed)
{
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	ASSERT_EQ(0, settle(self->other, BROKER_OP_FAIL, self->consumer, 1));
	UNANSWERED(FAILED, 0, getpid());
}

/* In a transaction as well; and what is no request goes back to its queue. */
TEST_F(request, failed_in_a_transaction)
{
	struct broker_result results[2];
	struct broker_submit s;
	struct broker_op ops[2];

	ASSERT_EQ(0, put(self->fd, "q", "work"));
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got) ?:
		     take(self->other, self->consumer, &self->got));
	ops[0] = op_settle(BROKER_OP_FAIL, self->consumer, 2);
	ops[0].flags = BROKER_SETTLE_F_CUMULATIVE;
	op_publish(&ops[1], &(struct pub) { .key = "q", .body = "failed" });
	s = submit_of(ops, 2, results);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	ASSERT_EQ(0, call(self->other, BROKER_IOC_SUBMIT, &s));
	ASSERT_EQ(0, results[0].error);
	EXPECT_EQ(2, results[0].accepted);
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_FAILED));
	EXPECT_EQ(2, ready("q"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_STREQ("work", self->got.body);
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_STREQ("failed", self->got.body);
	ASSERT_EQ(0, queue_purge("q") ?: cancel(self->other, self->consumer) ?:
		     queue_purge("q"));
	UNANSWERED(FAILED, 0, getpid());
	op_free(&ops[1]);
}

TEST_F(request, auto_accepted)
{
	int consumer = consume_auto(self->other, "q", 0);

	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->other, consumer, &self->got));
	UNANSWERED(ACCEPTED, 0, getpid());
}

TEST_F(request, purged)
{
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, queue_purge("q"));
	UNANSWERED(REMOVED, 0, 0);
}

TEST_F(request, dropped)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, put(self->fd, "q", "newer"));
	ASSERT_EQ(1, drain("q"));
	UNANSWERED(REMOVED, 0, 0);
}

/* In hand or not. */
TEST_F(request, queue_deleted)
{
	for (int held = 0; held < 2; held++) {
		int consumer;

		ASSERT_EQ(0, queue_new("gone"));
		consumer = consume(self->other, "gone", 0);
		ASSERT_EQ(1, ask(self->fd, 0, .key = "gone", .body = "ping"));
		if (held)
			ASSERT_EQ(0, take(self->other, consumer, &self->got));
		ASSERT_EQ(0, queue_del("gone"));
		if (held)
			UNANSWERED(QUEUE_DELETED, 0, 0);
		else
			UNANSWERED(REMOVED, 0, 0);
	}
}

TEST_F(request, consumer_cancelled)
{
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	ASSERT_EQ(0, cancel(self->other, self->consumer));
	UNANSWERED(CANCELLED, 0, getpid());
}

TEST_F(request, session_closed)
{
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	close(self->other);
	UNANSWERED(CLOSED, 0, getpid());
}

/* One who holds the request, and waits to be killed or told to exit. */
static pid_t responder(struct baton *b)
{
	struct got got;
	int fd, consumer;
	pid_t pid = fork_tied();

	if (pid)
		return baton_wait(b->to_parent[0]) == 1 ? pid : -1;
	fd = session_open();
	consumer = consume(fd, "q", 0);
	baton_send(b->to_parent[1], 1);
	if (!take_wait(fd, consumer, &got))
		baton_send(b->to_parent[1], 2);
	baton_wait(b->to_child[0]);
	return 0;
}

TEST_F(request, responder_killed)
{
	pid_t pid;

	ASSERT_EQ(0, cancel(self->other, self->consumer));
	pid = responder(&self->b);
	if (!pid)
		_exit(0);
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(2, baton_wait(self->b.to_parent[0]));
	kill(pid, SIGKILL);
	/* At once: this waits for it. */
	ASSERT_EQ(0, take_wait(self->fd, 0, &self->got));
	EXPECT_EQ(BROKER_CAUSE_KILLED, self->got.d.cause);
	EXPECT_EQ(SIGKILL, self->got.d.cause_code);
	EXPECT_EQ(pid, self->got.d.cause_pid);
	EXPECT_EQ(0, ready("q"));
	reap(pid);
}

TEST_F(request, responder_exits)
{
	pid_t pid;

	ASSERT_EQ(0, cancel(self->other, self->consumer));
	pid = responder(&self->b);
	if (!pid)
		_exit(6);
	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(2, baton_wait(self->b.to_parent[0]));
	baton_send(self->b.to_child[1], 1);
	reap(pid);
	UNANSWERED(EXITED, 6, pid);
}

/* What it has not seen yet goes to another, as does what it releases. */
TEST_F(request, another_answers)
{
	int third = session_open(), consumer = consume(third, "q", 0);

	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, set_credit(third, consumer, 5, 1000));
	ASSERT_EQ(0, ready("q"));
	close(third);
	ASSERT_EQ(1, ready("q"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	ASSERT_EQ(0, settle(self->other, BROKER_OP_RELEASE, self->consumer, 1));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_EQ(BROKER_DELIVERY_F_REQUEST | BROKER_DELIVERY_F_REDELIVERED, self->got.d.flags);
	ASSERT_EQ(0, answer(self->other, self->consumer, 2, "pong"));
	ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
	EXPECT_STREQ("pong", self->reply.body);
}

/* The requester is gone: what it asked is not handed out, and not answered. */
TEST_F(request, requester_dies)
{
	pid_t pid = fork_tied();

	if (!pid) {
		int fd = session_open();

		if (ask(fd, 0, .key = "q", .body = "1") != 1 ||
		    ask(fd, 0, .key = "q", .body = "2") != 1)
			_exit(1);
		baton_send(self->b.to_parent[1], 1);
		pause();
	}
	ASSERT_EQ(1, baton_wait(self->b.to_parent[0]));
	ASSERT_EQ(0, put(self->fd, "q", "other work"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_STREQ("1", self->got.body);
	kill(pid, SIGKILL);
	reap(pid);
	EXPECT_EQ(-EPIPE, answer(self->other, self->consumer, 1, "late"));
	EXPECT_EQ(0, settle(self->other, BROKER_OP_ACCEPT, self->consumer, 1));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_STREQ("other work", self->got.body);
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(1, unacked("q"));
}

TEST_F(request, withdrawn)
{
	struct broker_op op = { .opcode = BROKER_OP_WITHDRAW, .user_data = 5 };

	EXPECT_EQ(-ENOENT, withdraw(self->fd, 5));
	ASSERT_EQ(1, ask(self->fd, 5, .key = "q", .body = "1"));
	ASSERT_EQ(1, ask(self->fd, 5, .key = "q", .body = "2"));
	ASSERT_EQ(1, ask(self->fd, 6, .key = "q", .body = "3"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	op.publish.fds = 1;
	EXPECT_EQ(-EINVAL, submit_one(self->fd, &op));
	op.publish.fds = 0;
	op.flags = 1;
	EXPECT_EQ(-EOPNOTSUPP, submit_one(self->fd, &op));
	EXPECT_EQ(-ENOENT, withdraw(self->other, 5));
	EXPECT_EQ(0, withdraw(self->fd, 5));
	EXPECT_EQ(-ENOENT, withdraw(self->fd, 5));
	EXPECT_EQ(-EPIPE, answer(self->other, self->consumer, 1, "late"));
	EXPECT_EQ(0, settle(self->other, BROKER_OP_FAIL, self->consumer, 1));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	EXPECT_STREQ("3", self->got.body);
	EXPECT_EQ(0, answer(self->other, self->consumer, 2, "three"));
	ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
	EXPECT_EQ(6, self->reply.d.user_data);
	EXPECT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));
}

/* Of many whose answers are there, every other is withdrawn: the rest come in order. */
TEST_F(request, withdrawn_of_many)
{
	char body[8];
	int i;

	for (i = 0; i < 200; i++) {
		snprintf(body, sizeof(body), "%d", i);
		ASSERT_EQ(1, ask(self->fd, i % 2, .key = "q", .body = body));
		ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
		ASSERT_EQ(0, answer(self->other, self->consumer, self->got.d.tag, body));
	}
	ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
	EXPECT_STREQ("0", self->reply.body);
	ASSERT_EQ(0, withdraw(self->fd, 1));
	EXPECT_EQ(-ENOENT, withdraw(self->fd, 1));
	for (i = 2; i < 200; i += 2) {
		snprintf(body, sizeof(body), "%d", i);
		ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
		EXPECT_STREQ(body, self->reply.body);
	}
	EXPECT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));
}

/* Three are asked, of four queues; two answer, one fails; and once two are enough. */
TEST_F(request, gather)
{
	const char *queues[] = { "q", "r", "s", "lonely" };
	int consumers[3] = { self->consumer }, i, enough;

	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT));
	for (i = 0; i < 4; i++) {
		if (i)
			ASSERT_EQ(0, queue_new(queues[i]));
		if (i && i < 3)
			consumers[i] = consume(self->other, queues[i], 0);
		ASSERT_EQ(0, bind_queue("x", queues[i], ""));
	}
	EXPECT_EQ(-ECONNREFUSED, ask(self->fd, 9, .exchange = "x", .body = "ping",
				     .min_routes = 4));
	for (enough = 0; enough < 2; enough++) {
		ASSERT_EQ(3, ask(self->fd, 9, .exchange = "x", .body = "ping"));
		EXPECT_EQ(0, ready("lonely"));
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, take(self->other, consumers[i], &self->got));
		EXPECT_EQ(0, answer(self->other, consumers[2], self->got.d.tag, "from s"));
		EXPECT_EQ(0, answer(self->other, consumers[1], self->got.d.tag, "from r"));
		ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
		EXPECT_STREQ("from s", self->reply.body);
		EXPECT_EQ(1, self->reply.d.sequence);
		ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
		EXPECT_STREQ("from r", self->reply.body);
		EXPECT_EQ(2, self->reply.d.sequence);
		EXPECT_EQ(-EAGAIN, take(self->fd, REPLIES, &self->reply));
		EXPECT_EQ(-ETIMEDOUT, take_timeout(self->fd, REPLIES, &self->reply, MS_NS));
		if (enough) {
			ASSERT_EQ(0, withdraw(self->fd, 9));
			EXPECT_EQ(-EPIPE, answer(self->other, consumers[0],
						 self->got.d.tag, "late"));
			continue;
		}
		ASSERT_EQ(0, settle(self->other, BROKER_OP_REJECT, consumers[0], self->got.d.tag));
		UNANSWERED(REJECTED, 0, getpid());
	}
}

TEST_F(request, at_most)
{
	unsigned int i;

	for (i = 0; i < BROKER_MAX_REQUESTS; i++)
		ASSERT_EQ(1, ask(self->fd, i, .key = "q", .body = "ping"));
	EXPECT_EQ(-EMFILE, ask(self->fd, i, .key = "q", .body = "ping"));
	EXPECT_EQ(BROKER_MAX_REQUESTS, ready("q"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	ASSERT_EQ(0, answer(self->other, self->consumer, 1, "pong"));
	EXPECT_EQ(-EMFILE, ask(self->fd, i, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
	EXPECT_EQ(1, ask(self->fd, i, .key = "q", .body = "ping"));
}

/* A queue that refuses was not asked. */
TEST_F(request, refused)
{
	ASSERT_EQ(0, queue_new("full", .max_messages = 1));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, bind_queue("x", "q", "") ?: bind_queue("x", "full", ""));
	ASSERT_LT(0, consume(self->other, "full", 0));
	ASSERT_EQ(0, put(self->fd, "full", "m"));
	EXPECT_EQ(-EAGAIN, ask(self->fd, 0, .exchange = "x", .body = "ping"));
	EXPECT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));
	EXPECT_EQ(1, ask(self->fd, 0, .exchange = "x", .body = "ping",
			 .flags = BROKER_PUBLISH_F_PARTIAL));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	ASSERT_EQ(0, answer(self->other, self->consumer, 1, "pong"));
	ASSERT_EQ(0, take(self->fd, REPLIES, &self->reply));
	EXPECT_STREQ("pong", self->reply.body);
	EXPECT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));
}

/* A reply that does not reach the reader is still there. */
TEST_F(request, receive_fails)
{
	static char buffer[4096] __attribute__((aligned(8)));
	struct broker_receive r;
	int i;

	for (i = 0; i < 12; i++)
		ASSERT_EQ(1, ask(self->fd, i, .key = "q", .body = "ping"));
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
		ASSERT_EQ(0, answer(self->other, self->consumer, i + 1, "pong"));
	}
	r = receive_of(REPLIES, buffer, 64, 12);
	EXPECT_EQ(-EMSGSIZE, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_LT(64, r.bytes);
	r = receive_of(REPLIES, read_only(buffer, sizeof(buffer)), sizeof(buffer), 12);
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &r));
	r = receive_of(0, buffer, sizeof(buffer), 1);
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &r));
		ASSERT_EQ(1, r.count);
		EXPECT_EQ(REPLIES, r.consumer);
		got_from(&self->reply, buffer);
		EXPECT_EQ(i, self->reply.d.user_data);
		EXPECT_EQ(1, self->reply.d.sequence);
		r.consumer = 0;
	}
	EXPECT_EQ(-EAGAIN, call(self->fd, BROKER_IOC_RECEIVE, &r));
}

/* An open file comes back as well as it went. */
TEST_F(request, reply_with_a_file)
{
	static char buffer[512] __attribute__((aligned(8)));
	struct broker_op op = op_reply(self->consumer, 1, "pong");
	int file = memfd_create("x", MFD_CLOEXEC), got;
	struct broker_receive r;
	struct stat a, b;

	ASSERT_EQ(1, ask(self->fd, 0, .key = "q", .body = "ping"));
	ASSERT_EQ(0, take(self->other, self->consumer, &self->got));
	op.reply.fds = (uintptr_t)&file;
	op.reply.nr_fds = 1;
	ASSERT_EQ(0, submit_one(self->other, &op));
	r = receive_of(REPLIES, buffer, sizeof(buffer), 1);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &r));
	got_from(&self->reply, buffer);
	ASSERT_EQ(1, self->reply.d.nr_fds);
	memcpy(&got, buffer + self->reply.d.fds, sizeof(got));
	EXPECT_EQ(0, fstat(file, &a) ?: fstat(got, &b));
	EXPECT_EQ(a.st_ino, b.st_ino);
}

/* The namespace ends though requests are still in its queues. */
TEST_F(request, namespace_ends)
{
	pid_t pid = fork_tied();

	if (!pid) {
		int fd, other;

		if (new_broker() || queue_new("q"))
			_exit(1);
		fd = session_open();
		other = session_open();
		if (consume(other, "q", 1) < 0 || ask(fd, 0, .key = "q", .body = "1") != 1 ||
		    ask(fd, 0, .key = "q", .body = "2") != 1)
			_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
}

/* Both sides die at random: whoever lives gets as many replies as it was told. */
TEST_F(request, killed_at_random)
{
	unsigned int answered = 0, unanswered = 0, refused = 0, i, n;
	pid_t pids[3] = {}, asker = 0;

	close(self->other);
	for (i = 0; i < 100; i++) {
		pid_t *pid = &pids[rand() % 3];
		int count;

		if (*pid) {
			kill(*pid, SIGKILL);
			reap(*pid);
		}
		*pid = fork_tied();
		if (!*pid) {
			int fd = session_open(), consumer = consume(fd, "q", 2);

			srand(getpid());
			while (!take_timeout(fd, consumer, &self->got, BROKER_TIMEOUT_FOREVER)) {
				if (rand() % 4 &&
				    answer(fd, consumer, self->got.d.tag, "pong") != -EPIPE)
					continue;
				settle(fd, BROKER_OP_RELEASE, consumer, self->got.d.tag);
			}
			_exit(0);
		}
		if (!(i % 5)) {
			if (asker) {
				kill(asker, SIGKILL);
				reap(asker);
			}
			asker = fork_tied();
			if (!asker) {
				int fd = session_open();

				for (;;) {
					ask(fd, 1, .key = "q", .body = "ping");
					ask(fd, 2, .key = "q", .body = "ping");
					take(fd, 0, &self->reply);
					withdraw(fd, 1 + rand() % 2);
				}
			}
		}
		count = ask(self->fd, i, .key = "q", .body = "ping");
		if (count == -ECONNREFUSED) {
			refused++;
			continue;
		}
		ASSERT_EQ(1, count);
		usleep(rand() % 2000);
		for (n = 0; n < 2; n++)
			if (pids[n] && !(rand() % 3)) {
				kill(pids[n], SIGKILL);
				reap(pids[n]);
				pids[n] = 0;
			}
		if (!pids[0] && !pids[1] && !pids[2]) {
			withdraw(self->fd, i);
			continue;
		}
		/* Somebody lives who will answer it, or has died with it. */
		ASSERT_EQ(0, take_wait(self->fd, REPLIES, &self->reply));
		EXPECT_EQ(i, self->reply.d.user_data);
		if (self->reply.d.flags & BROKER_DELIVERY_F_UNANSWERED)
			unanswered++;
		else
			answered++;
		ASSERT_EQ(-ENOENT, take(self->fd, REPLIES, &self->reply));
	}
	TH_LOG("%u answered, %u not, %u refused", answered, unanswered, refused);
	EXPECT_LT(0, answered);
	kill(asker, SIGKILL);
	reap(asker);
	for (n = 0; n < 3; n++)
		if (pids[n]) {
			kill(pids[n], SIGKILL);
			reap(pids[n]);
		}
}

TEST_HARNESS_MAIN
