// SPDX-License-Identifier: GPL-2.0-or-later
/* What a user or a cgroup may have, and may publish in a second. */
#include <grp.h>
#include <pthread.h>
#include "helper.h"
#include "kselftest_harness.h"

#define USER	1000
#define CGROUP	"/sys/fs/cgroup/broker-limits"

/* In a child, whose exit status tells. */
#define CHECK(condition)							\
	do {									\
		if (!(condition)) {						\
			printf("# line %d: %s\n", __LINE__, #condition);	\
			fflush(stdout);						\
			_exit(1);						\
		}								\
	} while (0)

/* Limits by attribute, ended by 0. */
struct allow {
	int attribute;
	uint64_t value;
};

static int limit_command(int cmd, int kind, uint64_t who, const struct allow *allow)
{
	struct nl_msg *msg = nl_new(cmd);

	nl_put_u32(msg, BROKER_A_LIMIT_KIND, kind);
	if (kind == BROKER_LIMIT_KIND_USER)
		nl_put_u32(msg, BROKER_A_LIMIT_UID, who);
	if (kind == BROKER_LIMIT_KIND_CGROUP)
		nl_put_u64(msg, BROKER_A_LIMIT_CGROUP, who);
	for (; allow && allow->attribute; allow++)
		nl_put_u64(msg, allow->attribute, allow->value);
	return nl_do(msg);
}

#define ALLOW(what, n)		{ BROKER_A_LIMIT_##what, n }
#define LIST(...)		((const struct allow[]) { __VA_ARGS__, {} })
#define user_new(uid, ...)	\
	limit_command(BROKER_CMD_LIMIT_NEW, BROKER_LIMIT_KIND_USER, uid, LIST(__VA_ARGS__))
#define user_set(uid, ...)	\
	limit_command(BROKER_CMD_LIMIT_SET, BROKER_LIMIT_KIND_USER, uid, LIST(__VA_ARGS__))
#define users_set(...)		\
	limit_command(BROKER_CMD_LIMIT_SET, BROKER_LIMIT_KIND_DEFAULT_USER, 0, LIST(__VA_ARGS__))
#define cgroup_new(id, ...)	\
	limit_command(BROKER_CMD_LIMIT_NEW, BROKER_LIMIT_KIND_CGROUP, id, LIST(__VA_ARGS__))

static int user_del(uid_t uid)
{
	return limit_command(BROKER_CMD_LIMIT_DEL, BROKER_LIMIT_KIND_USER, uid, NULL);
}

/* 0 also where there is no such account. */
static uint64_t account_get(int kind, uint64_t who, int attribute)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_LIMIT_GET), reply = {};

	nl_put_u32(msg, BROKER_A_LIMIT_KIND, kind);
	if (kind == BROKER_LIMIT_KIND_USER)
		nl_put_u32(msg, BROKER_A_LIMIT_UID, who);
	else
		nl_put_u64(msg, BROKER_A_LIMIT_CGROUP, who);
	return nl_do_reply(msg, &reply) ? 0 : nl_get(&reply, attribute);
}

static uint64_t has(uid_t uid, int attribute)
{
	return account_get(BROKER_LIMIT_KIND_USER, uid, attribute);
}

static int become(uid_t uid)
{
	return setgroups(0, NULL) ?: setresgid(uid, uid, uid) ?: setresuid(uid, uid, uid);
}

/* A message of @size bytes in all to queue "q". */
static int put_size(int fd, uint32_t size, uint64_t timeout_ns)
{
	static char body[4096];

	return publish(fd, .key = "q", .body = body, .body_len = size - 1,
		       .timeout_ns = timeout_ns);
}

static int events(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static int becomes_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, GUARD_NS / 1000000) == 1 && p.revents == POLLOUT;
}

FIXTURE(limit) { int fd, consumer; };

FIXTURE_SETUP(limit)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .owned = 1, .mode = 0777));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
}

FIXTURE_TEARDOWN(limit)
{
}

static int accept_one(int fd, int consumer)
{
	static struct got got;

	return take(fd, consumer, &got) ?: settle(fd, BROKER_OP_ACCEPT, consumer, got.d.tag);
}

TEST_F(limit, bytes_held)
{
	pid_t pid;

	ASSERT_EQ(0, user_new(USER, ALLOW(MAX_BYTES, 100)));
	pid = fork_tied();
	if (!pid) {
		int fd;

		CHECK(!become(USER));
		fd = session_open();
		CHECK(!put_size(fd, 60, 0));
		CHECK(put_size(fd, 41, 0) == -EDQUOT);
		CHECK(events(fd) == 0);
		CHECK(put_size(fd, 101, 0) == -EMSGSIZE);
		CHECK(!put_size(fd, 40, 0));
		CHECK(put_size(fd, 10, 0) == -EDQUOT);
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
	EXPECT_EQ(100, has(USER, BROKER_A_LIMIT_BYTES));
	EXPECT_EQ(3, has(USER, BROKER_A_LIMIT_REFUSED));
	EXPECT_EQ(2, ready("q"));
	/* What a consumer holds still counts; what it accepted does not. */
	EXPECT_EQ(0, accept_one(self->fd, self->consumer));
	EXPECT_EQ(40, has(USER, BROKER_A_LIMIT_BYTES));
	ASSERT_EQ(0, queue_purge("q"));
	EXPECT_EQ(0, has(USER, BROKER_A_LIMIT_BYTES));
}

/* A message counts once, however many queues hold it, and until the last lets go. */
TEST_F(limit, bytes_of_a_message_in_many_queues)
{
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, queue_new("p") ?: bind_queue("x", "q", "") ?: bind_queue("x", "p", ""));
	ASSERT_EQ(0, send_to(self->fd, "x", "", "123456789"));
	EXPECT_EQ(10, has(0, BROKER_A_LIMIT_BYTES));
	ASSERT_EQ(0, queue_purge("q"));
	EXPECT_EQ(10, has(0, BROKER_A_LIMIT_BYTES));
	ASSERT_EQ(0, queue_del("p"));
	EXPECT_EQ(0, has(0, BROKER_A_LIMIT_BYTES));
}

/* What is refused, or goes nowhere, leaves nothing behind. */
TEST_F(limit, bytes_of_a_failed_publish)
{
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	ASSERT_EQ(0, put_size(self->fd, 10, 0));
	EXPECT_EQ(-EAGAIN, put_size(self->fd, 10, 0));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "", "m"));
	EXPECT_EQ(-ENOENT, put(self->fd, "none", "m"));
	EXPECT_EQ(0, publish(self->fd, .exchange = "x", .flags = BROKER_PUBLISH_F_OPTIONAL));
	EXPECT_EQ(10, has(0, BROKER_A_LIMIT_BYTES));
}

TEST_F(limit, writable_again_when_bytes_are_returned)
{
	struct baton b;
	pid_t pid;

	ASSERT_EQ(0, user_new(USER, ALLOW(MAX_BYTES, 100)));
	baton_init(&b);
	pid = fork_tied();
	if (!pid) {
		int fd;

		CHECK(!become(USER));
		fd = session_open();
		CHECK(!put_size(fd, 100, 0));
		CHECK(put_size(fd, 50, 0) == -EDQUOT);
		CHECK(events(fd) == 0);
		baton_send(b.to_parent[1], 1);
		CHECK(becomes_writable(fd));
		CHECK(!put_size(fd, 50, 0));
		_exit(0);
	}
	ASSERT_EQ(1, baton_wait(b.to_parent[0]));
	ASSERT_EQ(0, accept_one(self->fd, self->consumer));
	EXPECT_EQ(0, reap(pid));
}

/* A publisher that waits for bytes: until they are returned, or a signal, or in vain. */
static pid_t waits_for_bytes(uint64_t timeout_ns)
{
	pid_t pid = fork_tied();
	int fd;

	if (pid)
		return pid;
	CHECK(!become(USER));
	fd = session_open();
	CHECK(!put_size(fd, 100, 0));
	_exit(-put_size(fd, 50, timeout_ns));
}

TEST_F(limit, waits_for_bytes)
{
	pid_t pid;

	ASSERT_EQ(0, user_new(USER, ALLOW(MAX_BYTES, 100)));
	EXPECT_EQ(ETIMEDOUT, WEXITSTATUS(reap(waits_for_bytes(20 * MS_NS))));
	ASSERT_EQ(0, queue_purge("q"));
	pid = waits_for_bytes(BROKER_TIMEOUT_FOREVER);
	while (!ready("q"))
		usleep(1000);
	ASSERT_TRUE(wait_asleep(pid));
	ASSERT_EQ(0, accept_one(self->fd, self->consumer));
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(50, has(USER, BROKER_A_LIMIT_BYTES));
}

TEST_F(limit, waits_and_is_killed)
{
	pid_t pid;

	ASSERT_EQ(0, user_new(USER, ALLOW(MAX_BYTES, 100)));
	pid = waits_for_bytes(BROKER_TIMEOUT_FOREVER);
	while (!ready("q"))
		usleep(1000);
	ASSERT_TRUE(wait_asleep(pid));
	kill(pid, SIGKILL);
	EXPECT_EQ(SIGKILL, WTERMSIG(reap(pid)));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(100, has(USER, BROKER_A_LIMIT_BYTES));
}

/* A change of the rule lets go whoever waits because of it. */
TEST_F(limit, waits_until_the_limit_is_lifted)
{
	pid_t pid;

	ASSERT_EQ(0, user_new(USER, ALLOW(MAX_BYTES, 100)));
	pid = waits_for_bytes(BROKER_TIMEOUT_FOREVER);
	while (!ready("q"))
		usleep(1000);
	ASSERT_TRUE(wait_asleep(pid));
	ASSERT_EQ(0, user_set(USER, ALLOW(MAX_BYTES, BROKER_LIMIT_NONE)));
	EXPECT_EQ(0, reap(pid));
}

/* Many at once: never beyond the limit, and nothing is lost or left over. */
struct crowd { int fd; unsigned long published; };

static void *crowd(void *arg)
{
	struct crowd *c = arg;
	int i;

	for (i = 0; i < 500; i++)
		c->published += !put_size(c->fd, 10, 0);
	return NULL;
}

TEST_F(limit, exact_under_concurrency)
{
	struct crowd each[4];
	unsigned long published = 0, accepted = 0;
	pthread_t threads[4];
	int i;

	ASSERT_EQ(0, user_new(0, ALLOW(MAX_BYTES, 300)));
	for (i = 0; i < 4; i++) {
		each[i] = (struct crowd) { .fd = i & 1 ? session_open() : self->fd };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, crowd, &each[i]));
	}
	for (i = 0; i < 300; i++) {
		EXPECT_GE(300, has(0, BROKER_A_LIMIT_BYTES));
		accepted += !accept_one(self->fd, self->consumer);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		published += each[i].published;
	}
	EXPECT_EQ(2000 - published, has(0, BROKER_A_LIMIT_REFUSED));
	EXPECT_EQ(published - accepted, ready("q"));
	EXPECT_EQ(10 * (published - accepted), has(0, BROKER_A_LIMIT_BYTES));
	/* To the brim, and not beyond. */
	while (!put_size(self->fd, 10, 0))
		;
	EXPECT_EQ(300, has(0, BROKER_A_LIMIT_BYTES));
	EXPECT_EQ(30, ready("q"));
}

/*
 * A byte a second takes long enough to come in for a test to be sure: the first
 * message empties the bucket for more than a minute.
 */
TEST_F(limit, rate)
{
	pid_t pid;

	ASSERT_EQ(0, user_new(USER, ALLOW(BYTES_PER_SECOND, 1), ALLOW(BYTES_BURST, 200)));
	pid = fork_tied();
	if (!pid) {
		int fd;

		CHECK(!become(USER));
		fd = session_open();
		CHECK(!put_size(fd, 100, 0) && !put_size(fd, 100, 0));
		CHECK(put_size(fd, 100, 0) == -EBUSY);
		CHECK(events(fd) == 0);
		CHECK(put_size(fd, 100, 20 * MS_NS) == -ETIMEDOUT);
		CHECK(events(fd) == 0);
		CHECK(publish(fd, .key = "q", .body = "m", .body_len = 90,
			      .confirm = BROKER_CONFIRM_NONE) == 0);
		_exit(0);
	}
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(200, has(USER, BROKER_A_LIMIT_BYTES));
	EXPECT_EQ(3, broker_get(BROKER_A_STATUS_REFUSED));
}

/* More than a burst passes a full bucket, and is paid back. */
TEST_F(limit, rate_of_a_large_message)
{
	ASSERT_EQ(0, user_new(0, ALLOW(BYTES_PER_SECOND, 1), ALLOW(BYTES_BURST, 1)));
	EXPECT_EQ(0, put_size(self->fd, 1000, 0));
	EXPECT_EQ(-EBUSY, put_size(self->fd, 1, 0));
}

/* Counted against the time that it took: a burst, and what came in since. */
TEST_F(limit, rate_is_never_exceeded)
{
	struct timespec begin, end;
	uint64_t n = 0, most;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	ASSERT_EQ(0, user_new(0, ALLOW(MESSAGES_PER_SECOND, 50), ALLOW(MESSAGES_BURST, 20)));
	while (!put(self->fd, "q", "m"))
		n++;
	EXPECT_LE(20, n);
	for (int i = 0; i < 5; i++, n++)
		ASSERT_EQ(0, publish(self->fd, .key = "q", .timeout_ns = BROKER_TIMEOUT_FOREVER));
	clock_gettime(CLOCK_MONOTONIC, &end);
	most = 20 + 50 * ((end.tv_sec - begin.tv_sec) +
			  (end.tv_nsec - begin.tv_nsec) / 1e9) + 1;
	EXPECT_GE(most, n);
	EXPECT_EQ(n, ready("q"));
}

TEST_F(limit, writable_again_when_the_rate_allows)
{
	ASSERT_EQ(0, user_new(0, ALLOW(MESSAGES_PER_SECOND, 10), ALLOW(MESSAGES_BURST, 1)));
	while (!put(self->fd, "q", "m"))
		;
	EXPECT_EQ(POLLOUT, POLLOUT & (becomes_writable(self->fd) ? events(self->fd) : 0));
	EXPECT_EQ(0, put(self->fd, "q", "m"));
}

TEST_F(limit, writable_again_when_the_rule_goes)
{
	ASSERT_EQ(0, user_new(0, ALLOW(BYTES_PER_SECOND, 1)));
	ASSERT_EQ(0, put_size(self->fd, 1000, 0));
	ASSERT_EQ(-EBUSY, put_size(self->fd, 1, 0));
	ASSERT_EQ(0, user_del(0));
	EXPECT_TRUE(becomes_writable(self->fd));
	EXPECT_EQ(0, put_size(self->fd, 1, 0));
}

/* A session that ends while it is blocked leaves nothing behind. */
TEST_F(limit, session_ends_while_refused)
{
	int fd = session_open();

	ASSERT_EQ(0, user_new(0, ALLOW(BYTES_PER_SECOND, 1)));
	ASSERT_EQ(0, put_size(fd, 10, 0));
	ASSERT_EQ(-EBUSY, put_size(fd, 1, 0));
	close(fd);
	fd = session_open();
	ASSERT_EQ(0, user_set(0, ALLOW(BYTES_PER_SECOND, BROKER_LIMIT_NONE),
			      ALLOW(MAX_BYTES, 10)));
	ASSERT_EQ(-EDQUOT, put_size(fd, 1, 0));
	close(fd);
	EXPECT_EQ(0, accept_one(self->fd, self->consumer));
	EXPECT_EQ(0, user_del(0));
}

/* Whoever may publish no more may receive and settle. */
TEST_F(limit, settling_is_never_limited)
{
	ASSERT_EQ(0, put_size(self->fd, 10, 0) ?: put_size(self->fd, 10, 0));
	ASSERT_EQ(0, user_new(0, ALLOW(BYTES_PER_SECOND, 1), ALLOW(MAX_BYTES, 0)));
	EXPECT_EQ(-EMSGSIZE, put_size(self->fd, 10, 0));
	EXPECT_EQ(0, accept_one(self->fd, self->consumer));
	EXPECT_EQ(0, accept_one(self->fd, self->consumer));
}

/* What a queue refuses costs no tokens. */
TEST_F(limit, tokens_of_a_refused_message_come_back)
{
	int i;

	ASSERT_EQ(0, queue_new("full", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "full", "m"));
	ASSERT_EQ(0, user_new(0, ALLOW(BYTES_PER_SECOND, 1), ALLOW(BYTES_BURST, 100)));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(-EAGAIN, put(self->fd, "full",
				       "a message of forty bytes, or so it seems"));
	EXPECT_EQ(0, put_size(self->fd, 50, 0));
	EXPECT_EQ(0, put_size(self->fd, 50, 0));
	EXPECT_EQ(-EBUSY, put_size(self->fd, 50, 0));
}

/* A partial publish is never waited for. */
TEST_F(limit, partial_does_not_wait)
{
	ASSERT_EQ(0, user_new(0, ALLOW(MAX_BYTES, 5)));
	ASSERT_EQ(0, put_size(self->fd, 5, 0));
	EXPECT_EQ(-EDQUOT, publish(self->fd, .key = "q", .flags = BROKER_PUBLISH_F_PARTIAL,
				   .timeout_ns = BROKER_TIMEOUT_FOREVER));
}

TEST_F(limit, sessions)
{
	pid_t pid;

	ASSERT_EQ(0, users_set(ALLOW(MAX_SESSIONS, 2)));
	pid = fork_tied();
	if (!pid) {
		int one, two;

		CHECK(!become(USER));
		one = session_open();
		two = session_open();
		CHECK(one >= 0 && two >= 0);
		CHECK(session_open() == -EDQUOT);
		close(one);
		CHECK(session_open() >= 0);
		CHECK(session_open() == -EDQUOT);
		CHECK(has(USER, BROKER_A_LIMIT_SESSIONS) == 2);
		_exit(0);
	}
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, has(USER, BROKER_A_LIMIT_SESSIONS));
	/* An administrator is bound only where a rule names him. */
	EXPECT_LE(0, session_open());
	EXPECT_LE(0, session_open());
	EXPECT_EQ(3, has(0, BROKER_A_LIMIT_SESSIONS));
	ASSERT_EQ(0, user_new(0, ALLOW(MAX_SESSIONS, 3)));
	EXPECT_EQ(-EDQUOT, session_open());
}

TEST_F(limit, consumers)
{
	int consumer;

	ASSERT_EQ(0, user_new(0, ALLOW(MAX_CONSUMERS, 2)));
	consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, consumer);
	EXPECT_EQ(-EDQUOT, consume(self->fd, "q", 0));
	ASSERT_EQ(0, cancel(self->fd, consumer));
	EXPECT_LT(0, consume(self->fd, "q", 0));
	EXPECT_EQ(2, has(0, BROKER_A_LIMIT_CONSUMERS));
	close(self->fd);
	EXPECT_EQ(0, has(0, BROKER_A_LIMIT_CONSUMERS));
}

TEST_F(limit, queues_and_bindings)
{
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_TOPIC));
	ASSERT_EQ(0, user_new(0, ALLOW(MAX_QUEUES, 2), ALLOW(MAX_BINDINGS, 2)));
	ASSERT_EQ(0, queue_new("p"));
	EXPECT_EQ(-EDQUOT, queue_new("r"));
	ASSERT_EQ(0, bind_queue("x", "p", "a") ?: bind_queue("x", "p", "b"));
	EXPECT_EQ(-EDQUOT, bind_queue("x", "p", "c"));
	EXPECT_EQ(2, has(0, BROKER_A_LIMIT_QUEUES));
	EXPECT_EQ(2, has(0, BROKER_A_LIMIT_BINDINGS));
	ASSERT_EQ(0, unbind_queue("x", "p", "a"));
	EXPECT_EQ(0, bind_queue("x", "p", "c"));
	/* What goes with a queue is given back, too. */
	ASSERT_EQ(0, queue_del("p"));
	EXPECT_EQ(1, has(0, BROKER_A_LIMIT_QUEUES));
	EXPECT_EQ(0, has(0, BROKER_A_LIMIT_BINDINGS));
	EXPECT_EQ(0, queue_new("r"));
}

/* The defaults bind users, a rule comes before them, and none is none. */
TEST_F(limit, defaults_and_rules)
{
	pid_t pid;

	ASSERT_EQ(0, users_set(ALLOW(MAX_BYTES, 50)));
	ASSERT_EQ(0, put_size(self->fd, 100, 0));
	ASSERT_EQ(0, user_new(USER + 1, ALLOW(MAX_BYTES, BROKER_LIMIT_NONE)));
	ASSERT_EQ(0, user_new(USER + 2, ALLOW(MAX_QUEUES, 5)));
	for (int i = 0; i < 3; i++) {
		pid = fork_tied();
		if (!pid) {
			CHECK(!become(USER + i));
			_exit(-put_size(session_open(), 100, 0));
		}
		EXPECT_EQ(i == 1 ? 0 : EMSGSIZE, WEXITSTATUS(reap(pid)));
	}
	EXPECT_EQ(50, has(USER + 2, BROKER_A_LIMIT_MAX_BYTES));
	EXPECT_EQ(5, has(USER + 2, BROKER_A_LIMIT_MAX_QUEUES));
	EXPECT_EQ(BROKER_LIMIT_SETTINGS_MAX_QUEUES, has(USER + 2, BROKER_A_LIMIT_OWN));
}

/* All processes of a cgroup and of those below it together, whoever they are. */
TEST_F(limit, cgroup)
{
	struct stat st;
	pid_t pid;

	if (access("/sys/fs/cgroup/cgroup.procs", F_OK))
		SKIP(return, "no cgroup v2 at /sys/fs/cgroup");
	ASSERT_TRUE(!mkdir(CGROUP, 0755) || errno == EEXIST);
	ASSERT_TRUE(!mkdir(CGROUP "/below", 0755) || errno == EEXIST);
	ASSERT_EQ(0, stat(CGROUP, &st));
	/* A session that published before the rule came is subject to it, too. */
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		CHECK(!write_file(CGROUP "/below/cgroup.procs", "0"));
		CHECK(!put_size(fd, 60, 0));
		CHECK(!cgroup_new(st.st_ino, ALLOW(MAX_BYTES, 100)));
		CHECK(!put_size(fd, 60, 0));
		CHECK(put_size(fd, 60, 0) == -EDQUOT);
		CHECK(!become(USER));
		CHECK(put_size(fd, 60, 0) == -EDQUOT);
		CHECK(!put_size(fd, 40, 0));
		_exit(0);
	}
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(100, account_get(BROKER_LIMIT_KIND_CGROUP, st.st_ino, BROKER_A_LIMIT_BYTES));
	EXPECT_EQ(120, has(0, BROKER_A_LIMIT_BYTES));
	EXPECT_EQ(40, has(USER, BROKER_A_LIMIT_BYTES));
	/* Who is not in it is not concerned. */
	EXPECT_EQ(0, put_size(self->fd, 200, 0));
	EXPECT_EQ(0, limit_command(BROKER_CMD_LIMIT_DEL, BROKER_LIMIT_KIND_CGROUP, st.st_ino,
				   NULL));
	ASSERT_EQ(0, queue_purge("q"));
	EXPECT_EQ(0, has(0, BROKER_A_LIMIT_BYTES));
	rmdir(CGROUP "/below");
	rmdir(CGROUP);
}

/* With each at its limit, the tenants do not disturb each other. */
TEST_F(limit, tenants_are_apart)
{
	pid_t pid;
	int i;

	ASSERT_EQ(0, users_set(ALLOW(MAX_BYTES, 100)));
	for (i = 0; i < 3; i++) {
		pid = fork_tied();
		if (!pid) {
			int fd, n = 0;

			CHECK(!become(USER + i));
			fd = session_open();
			while (!put_size(fd, 10, 0))
				n++;
			CHECK(n == 10);
			_exit(0);
		}
		EXPECT_EQ(0, reap(pid));
	}
	EXPECT_EQ(30, ready("q"));
}

TEST_HARNESS_MAIN
