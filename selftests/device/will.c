// SPDX-License-Identifier: GPL-2.0-or-later
/* Last wills: what the kernel publishes when a process dies. */
#include <pthread.h>
#include "helper.h"
#include "kselftest_harness.h"

#define USER	1000

FIXTURE(will) { int fd, consumer; struct baton b; struct got got; };

FIXTURE_SETUP(will)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
	baton_init(&self->b);
}

FIXTURE_TEARDOWN(will)
{
}

static int arm_pub(int fd, uint64_t name, const struct pub *p)
{
	struct broker_op op;
	int ret;

	op_publish(&op, p);
	op.flags |= BROKER_PUBLISH_F_WILL;
	op.user_data = name;
	ret = submit_one(fd, &op);
	op_free(&op);
	return ret;
}

#define arm(fd, name, ...) arm_pub(fd, name, &(struct pub){ __VA_ARGS__ })

static struct broker_op op_disarm(uint64_t name)
{
	return (struct broker_op) { .opcode = BROKER_OP_DISARM, .user_data = name };
}

static int disarm(int fd, uint64_t name)
{
	struct broker_op op = op_disarm(name);

	return submit_one(fd, &op);
}

/* A header of a message, or NULL. */
static const void *header(const struct got *got, const char *name, int type, uint32_t *len)
{
	const uint8_t *p = got->props, *end = p + got->d.props_len;
	struct broker_prop prop;

	for (; p < end; p += sizeof(prop) + prop.name_len + prop.value_len) {
		memcpy(&prop, p, sizeof(prop));
		if (prop.id == BROKER_PROP_HEADER && prop.name_len == strlen(name) &&
		    !memcmp(p + sizeof(prop), name, prop.name_len)) {
			*len = prop.value_len;
			return prop.type == type ? p + sizeof(prop) + prop.name_len : NULL;
		}
	}
	return NULL;
}

/* The will is there, says how its process died, and whose it was. */
static void told(struct __test_metadata *_metadata, const struct got *got, const char *body,
		 pid_t pid, const char *cause, int64_t code)
{
	const void *value;
	uint32_t len = 0;
	int64_t number = -1;

	EXPECT_STREQ(body, got->body);
	value = header(got, "broker.cause", BROKER_TYPE_STRING, &len);
	ASSERT_NE(NULL, value);
	ASSERT_EQ(strlen(cause), len);
	EXPECT_EQ(0, memcmp(cause, value, len));
	value = header(got, "broker.code", BROKER_TYPE_INT64, &len);
	ASSERT_NE(NULL, value);
	memcpy(&number, value, sizeof(number));
	EXPECT_EQ(code, number);
	EXPECT_EQ(pid, got->d.origin.pid);
	EXPECT_EQ(0, got->d.flags);
	EXPECT_EQ(1, got->d.acquired);
}

#define TOLD(body, pid, cause, code) told(_metadata, &self->got, body, pid, cause, code)

/* A process that armed a will, says so, and waits to be told to go on. */
static pid_t mortal(struct baton *b)
{
	pid_t pid = fork_tied();

	if (pid)
		return baton_wait(b->to_parent[0]) ? -1 : pid;
	baton_send(b->to_parent[1], arm(session_open(), 0, .key = "q", .body = "adieu"));
	baton_wait(b->to_child[0]);
	return 0;
}

TEST_F(will, exit_0)
{
	pid_t pid = mortal(&self->b);

	if (!pid)
		_exit(0);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, ready("q"));
	baton_send(self->b.to_child[1], 1);
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
	TOLD("adieu", pid, "exited", 0);
	reap(pid);
}

TEST_F(will, exit_7)
{
	pid_t pid = mortal(&self->b);

	if (!pid)
		_exit(7);
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	reap(pid);
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	TOLD("adieu", pid, "exited", 7);
	EXPECT_EQ(-EAGAIN, take(self->fd, self->consumer, &self->got));
}

TEST_F(will, sigkill)
{
	pid_t pid = mortal(&self->b);

	if (!pid)
		_exit(0);
	ASSERT_LT(0, pid);
	kill(pid, SIGKILL);
	/* Nobody has to reap the dead. */
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
	TOLD("adieu", pid, "killed", SIGKILL);
	reap(pid);
}

TEST_F(will, sigsegv)
{
	pid_t pid = mortal(&self->b);

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)page_edge() = 0;
		_exit(0);
	}
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	reap(pid);
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	TOLD("adieu", pid, "killed", SIGSEGV);
}

/* At the limit of its memory a process can still be heard: all is taken when it arms. */
TEST_F(will, oom)
{
	static char body[BROKER_MAX_BODY];
	char *got = aligned_alloc(8, 2 << 20);
	struct broker_receive r;
	pid_t pid;

	if (limited_cgroup("24M"))
		SKIP(return, "no cgroup v2 with a memory controller at /sys/fs/cgroup");
	memset(body, 'b', sizeof(body));
	pid = fork_tied();
	if (!pid) {
		size_t len = 64 << 20;
		char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (enter_limited_cgroup() ||
		    arm(session_open(), 0, .key = "q", .body = body, .body_len = sizeof(body)))
			_exit(1);
		for (size_t i = 0; i < len; i += 4096)
			((volatile char *)p)[i] = 1;
		_exit(0);
	}
	EXPECT_EQ(SIGKILL, WTERMSIG(reap(pid)));
	remove_limited_cgroup();
	r = receive_of(self->consumer, got, 2 << 20, 1);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &r));
	got_from(&self->got, got);
	ASSERT_EQ(sizeof(body), self->got.d.body_len);
	EXPECT_EQ(0, memcmp(body, got + self->got.d.header_size + self->got.d.exchange_len +
			    self->got.d.key_len + self->got.d.props_len, sizeof(body)));
	body[4095] = 0;
	TOLD(body, pid, "oom", SIGKILL);
}

/* A process that goes on has not died. */
TEST_F(will, dropped_by_close)
{
	int fd = session_open();

	ASSERT_EQ(0, arm(fd, 0, .key = "q", .body = "m"));
	close(fd);
	EXPECT_EQ(0, ready("q"));
}

TEST_F(will, dropped_by_close_then_exit)
{
	pid_t pid = fork_tied();

	if (!pid) {
		int fd = session_open(), ret = arm(fd, 0, .key = "q", .body = "m");

		close(fd);
		_exit(ret ? 9 : 1);
	}
	EXPECT_EQ(1, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(will, dropped_by_exec)
{
	pid_t pid = fork_tied();

	if (!pid) {
		if (!arm(session_open(), 0, .key = "q", .body = "m"))
			execl("/bin/sh", "sh", "-c", "exit 5", NULL);
		_exit(1);
	}
	EXPECT_EQ(5, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(0, ready("q"));
}

/* The process stays the same, so a shell can arm for what it executes. */
TEST_F(will, kept_over_exec)
{
	pid_t pid = fork_tied();

	if (!pid) {
		int fd = session_open();

		fcntl(fd, F_SETFD, 0);
		if (!arm(fd, 0, .key = "q", .body = "m"))
			execl("/bin/sh", "sh", "-c", "exit 5", NULL);
		_exit(1);
	}
	EXPECT_EQ(5, WEXITSTATUS(reap(pid)));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	TOLD("m", pid, "exited", 5);
}

/* A child may use the session, but it dies for itself. */
TEST_F(will, of_the_opener_only)
{
	int fd = session_open();
	pid_t pid = fork_tied();

	if (!pid)
		_exit(arm(fd, 0, .key = "q", .body = "m") == -EPERM ? 0 : 1);
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	ASSERT_EQ(0, arm(fd, 0, .key = "q", .body = "m"));
	pid = fork_tied();
	if (!pid)
		_exit(3);
	reap(pid);
	EXPECT_EQ(0, ready("q"));
	/* Any process may disarm it that has the file. */
	pid = fork_tied();
	if (!pid)
		_exit(-disarm(fd, 0));
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(0, session_get(session_number(fd), BROKER_A_SESSION_WILLS));
}

/* The opener dies while a child holds the file. */
TEST_F(will, child_still_holds_the_file)
{
	pid_t pid = mortal(&self->b), child;

	if (!pid) {
		child = fork();
		if (!child) {
			prctl(PR_SET_PDEATHSIG, 0);
			baton_send(self->b.to_parent[1], getpid());
			baton_wait(self->b.to_child[0]);
			_exit(0);
		}
		pause();
	}
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	child = baton_wait(self->b.to_parent[0]);
	kill(pid, SIGKILL);
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
	TOLD("adieu", pid, "killed", SIGKILL);
	kill(child, SIGKILL);
	reap(pid);
}

static void *wait_forever(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

/* Once, however many threads there are. */
TEST_F(will, of_a_process_with_threads)
{
	pid_t pid = fork_tied();

	if (!pid) {
		pthread_t thread;

		for (int i = 0; i < 4; i++)
			pthread_create(&thread, NULL, wait_forever, NULL);
		baton_send(self->b.to_parent[1],
			   arm(session_open(), 0, .key = "q", .body = "m"));
		pause();
	}
	ASSERT_EQ(0, baton_wait(self->b.to_parent[0]));
	kill(pid, SIGKILL);
	reap(pid);
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	TOLD("m", pid, "killed", SIGKILL);
	EXPECT_EQ(0, ready("q"));
}

/* Who hears of a death finds what the dead held. */
TEST_F(will, comes_after_what_was_held)
{
	pid_t pid;

	ASSERT_EQ(0, queue_new("work") ?: put(self->fd, "work", "job"));
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		take(fd, consume(fd, "work", 0), &self->got);
		baton_send(self->b.to_parent[1], arm(fd, 0, .key = "q", .body = "m"));
		pause();
	}
	ASSERT_EQ(0, baton_wait(self->b.to_parent[0]));
	EXPECT_EQ(1, unacked("work"));
	kill(pid, SIGKILL);
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &self->got));
	EXPECT_EQ(0, unacked("work"));
	EXPECT_EQ(1, ready("work"));
	reap(pid);
}

/* Several, in the order of arming; a new one takes the place of its namesake. */
TEST_F(will, several_in_order)
{
	static const char *const bodies[] = { "1", "2 again", "4" };
	pid_t pid = fork_tied();

	if (!pid) {
		int fd = session_open();

		_exit(arm(fd, 1, .key = "q", .body = "1") ?:
		      arm(fd, 2, .key = "q", .body = "2") ?:
		      arm(fd, 3, .key = "q", .body = "3") ?:
		      arm(fd, 4, .key = "q", .body = "4") ?:
		      arm(fd, 2, .key = "q", .body = "2 again") ?:
		      disarm(fd, 3) ?: 42);
	}
	EXPECT_EQ(42, WEXITSTATUS(reap(pid)));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
		TOLD(bodies[i], pid, "exited", 42);
	}
	EXPECT_EQ(-EAGAIN, take(self->fd, self->consumer, &self->got));
}

TEST_F(will, at_most)
{
	uint64_t session = session_number(self->fd);
	unsigned int i;

	for (i = 0; i < BROKER_MAX_WILLS; i++)
		ASSERT_EQ(0, arm(self->fd, i, .key = "q", .body = "m"));
	EXPECT_EQ(BROKER_MAX_WILLS, session_get(session, BROKER_A_SESSION_WILLS));
	EXPECT_EQ(-EMFILE, arm(self->fd, i, .key = "q", .body = "m"));
	EXPECT_EQ(0, arm(self->fd, 0, .key = "q", .body = "n"));
	EXPECT_EQ(BROKER_MAX_WILLS, session_get(session, BROKER_A_SESSION_WILLS));
	EXPECT_EQ(0, disarm(self->fd, 5));
	EXPECT_EQ(0, arm(self->fd, i, .key = "q", .body = "m"));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(will, disarm)
{
	struct broker_op op = op_disarm(1);

	EXPECT_EQ(-ENOENT, disarm(self->fd, 1));
	ASSERT_EQ(0, arm(self->fd, 1, .key = "q", .body = "m"));
	op.flags = 1;
	EXPECT_EQ(-EOPNOTSUPP, submit_one(self->fd, &op));
	op.flags = 0;
	op.publish.head = 1;
	EXPECT_EQ(-EINVAL, submit_one(self->fd, &op));
	op.publish.head = 0;
	op.publish.fds = 1;
	EXPECT_EQ(-EINVAL, submit_one(self->fd, &op));
	EXPECT_EQ(1, session_get(session_number(self->fd), BROKER_A_SESSION_WILLS));
	EXPECT_EQ(0, disarm(self->fd, 1));
	EXPECT_EQ(-ENOENT, disarm(self->fd, 1));
}

/* Refused when it is armed, as the publish would be; what was armed stays. */
TEST_F(will, checked_when_armed)
{
	static char props[BROKER_MAX_PROPS];
	struct broker_prop prop = {
		.id = BROKER_PROP_HEADER, .type = BROKER_TYPE_BYTES, .name_len = 1,
	};
	uint64_t session = session_number(self->fd), published;

	ASSERT_EQ(0, arm(self->fd, 0, .key = "q", .body = "m"));
	published = session_get(session, BROKER_A_SESSION_PUBLISHED);
	EXPECT_EQ(-ENOENT, arm(self->fd, 0, .key = "none", .body = "m"));
	EXPECT_EQ(-ENOENT, arm(self->fd, 0, .exchange = "none", .body = "m"));
	EXPECT_EQ(-EHOSTUNREACH, arm(self->fd, 0, .exchange = "broker.topic", .key = "a"));
	EXPECT_EQ(-EHOSTUNREACH, arm(self->fd, 0, .exchange = "broker.topic", .key = "a",
				     .confirm = BROKER_CONFIRM_NONE));
	EXPECT_EQ(-EHOSTUNREACH, arm(self->fd, 0, .key = "q", .min_routes = 2));
	EXPECT_EQ(-EILSEQ, arm(self->fd, 0, .key = "\xff"));
	EXPECT_EQ(-EOPNOTSUPP, arm(self->fd, 0, .key = "q", .flags = 1 << 15));
	prop.value_len = sizeof(props) - 64 - sizeof(prop) - 1 + 1;
	memcpy(props, &prop, sizeof(prop));
	props[sizeof(prop)] = 'h';
	EXPECT_EQ(-EMSGSIZE, arm(self->fd, 0, .key = "q", .props = props,
				 .props_len = sizeof(props) - 64 + 1));
	EXPECT_EQ(1, session_get(session, BROKER_A_SESSION_WILLS));
	prop.value_len--;
	memcpy(props, &prop, sizeof(prop));
	EXPECT_EQ(0, arm(self->fd, 0, .key = "q", .props = props,
			 .props_len = sizeof(props) - 64));
	EXPECT_EQ(0, arm(self->fd, 1, .exchange = "broker.topic", .key = "a",
			 .flags = BROKER_PUBLISH_F_OPTIONAL));
	EXPECT_EQ(2, session_get(session, BROKER_A_SESSION_WILLS));
	EXPECT_EQ(published, session_get(session, BROKER_A_SESSION_PUBLISHED));
	/* To arm is not to publish: nothing of it was counted. */
	EXPECT_EQ(0, exchange_get("broker.topic", BROKER_A_EXCHANGE_PUBLISHED));
}

/* Queues as they are at the death: new ones get it, a deleted one stops no other. */
TEST_F(will, routed_at_the_death)
{
	char name[8];
	pid_t pid;
	int i;

	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_TOPIC));
	ASSERT_EQ(0, queue_new("old") ?: bind_queue("x", "old", "#") ?: bind_queue("x", "q", "#"));
	pid = fork_tied();
	if (!pid) {
		baton_send(self->b.to_parent[1],
			   arm(session_open(), 0, .exchange = "x", .key = "a", .body = "m",
			       .min_routes = 2));
		pause();
	}
	ASSERT_EQ(0, baton_wait(self->b.to_parent[0]));
	ASSERT_EQ(0, queue_del("old"));
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "new%d", i);
		ASSERT_EQ(0, queue_new(name) ?: bind_queue("x", name, "a"));
	}
	kill(pid, SIGKILL);
	reap(pid);
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "new%d", i);
		EXPECT_EQ(1, ready(name));
	}
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	TOLD("m", pid, "killed", SIGKILL);
}

/* A queue that is full refuses, is not waited for, and stops no other. */
TEST_F(will, full_queue)
{
	pid_t pid;

	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, queue_new("full", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, put(self->fd, "full", "m"));
	ASSERT_EQ(0, bind_queue("x", "full", "") ?: bind_queue("x", "q", ""));
	pid = fork_tied();
	if (!pid)
		_exit(arm(session_open(), 0, .exchange = "x", .body = "m"));
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(1, ready("full"));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, queue_get("full", BROKER_A_QUEUE_REFUSED));
	EXPECT_EQ(1, exchange_get("x", BROKER_A_EXCHANGE_REFUSED));
}

/* The rights of the arming, though the process has dropped its own since. */
TEST_F(will, rights_of_the_arming)
{
	pid_t pid = mortal(&self->b);

	if (!pid)
		_exit(setuid(USER));
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	TOLD("adieu", pid, "exited", 0);
	EXPECT_EQ(0, self->got.d.origin.uid);
}

/* And against the mode at the death: what was revoked is revoked. */
TEST_F(will, rights_at_the_death)
{
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, queue_set("q", .owned = 1, .uid = 0, .gid = 1, .mode = 0702));
		pid = fork_tied();
		if (!pid) {
			int ret = setuid(USER);

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			baton_send(self->b.to_parent[1],
				   ret ?: arm(session_open(), 0, .key = "q", .body = "m"));
			baton_wait(self->b.to_child[0]);
			_exit(0);
		}
		ASSERT_EQ(0, baton_wait(self->b.to_parent[0]));
		if (i)
			ASSERT_EQ(0, queue_set("q", .owned = 1, .uid = 0, .gid = 1, .mode = 0700));
		baton_send(self->b.to_child[1], 1);
		reap(pid);
		EXPECT_EQ(1, ready("q"));
	}
	pid = fork_tied();
	if (!pid)
		_exit(setuid(USER) ?: -arm(session_open(), 0, .key = "q", .body = "m"));
	EXPECT_EQ(EACCES, WEXITSTATUS(reap(pid)));
}

/* What tells of a death is not to be forged, and bindings may go by it. */
TEST_F(will, headers_cannot_be_forged)
{
	static const char *const names[] = { "broker.cause", "broker.", "broker.x", "broker" };
	struct broker_prop prop = {
		.id = BROKER_PROP_HEADER, .type = BROKER_TYPE_STRING, .value_len = 3,
	};
	char props[64];

	for (int i = 0; i < 4; i++) {
		prop.name_len = strlen(names[i]);
		memcpy(props, &prop, sizeof(prop));
		memcpy(props + sizeof(prop), names[i], prop.name_len);
		memcpy(props + sizeof(prop) + prop.name_len, "oom", 3);
		EXPECT_EQ(i == 3 ? 0 : -EPERM,
			  publish(self->fd, .key = "q", .props = props,
				  .props_len = sizeof(prop) + prop.name_len + 3));
		EXPECT_EQ(i == 3 ? 0 : -EPERM,
			  arm(self->fd, 0, .key = "q", .props = props,
			      .props_len = sizeof(prop) + prop.name_len + 3));
		EXPECT_EQ(i == 3, ready("q"));
	}
}

/* Behind those of the publisher, and more than it may have itself. */
TEST_F(will, headers_beside_the_publishers)
{
	struct broker_prop prop = {
		.id = BROKER_PROP_HEADER, .type = BROKER_TYPE_STRING, .name_len = 1, .value_len = 1,
	};
	char props[BROKER_MAX_HEADERS * (sizeof(prop) + 2)], *p = props;
	pid_t pid;

	for (int i = 0; i < BROKER_MAX_HEADERS; i++) {
		p = mempcpy(p, &prop, sizeof(prop));
		*p++ = 'n';
		*p++ = 'v';
	}
	pid = fork_tied();
	if (!pid)
		_exit(arm(session_open(), 0, .key = "q", .body = "body", .props = props,
			  .props_len = sizeof(props)));
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(0, memcmp(props, self->got.props, sizeof(props)));
	TOLD("body", pid, "exited", 0);
}

/* The memory is the armer's: a cgroup at its limit arms no more. */
TEST_F(will, charged_when_armed)
{
	static char body[BROKER_MAX_BODY];
	int status;
	pid_t pid;

	if (limited_cgroup("12M"))
		SKIP(return, "no cgroup v2 with a memory controller at /sys/fs/cgroup");
	pid = fork_tied();
	if (!pid) {
		int fd, i, ret = enter_limited_cgroup();

		fd = session_open();
		for (i = 0; !ret && i < BROKER_MAX_WILLS; i++)
			ret = arm(fd, i, .key = "q", .body = body, .body_len = sizeof(body));
		_exit(ret == -ENOMEM ? i : 0);
	}
	status = reap(pid);
	remove_limited_cgroup();
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_LT(2, WEXITSTATUS(status));
	EXPECT_EQ(WEXITSTATUS(status) - 1, ready("q"));
}

/* Killed at any moment of arming, replacing and disarming: one will or none. */
TEST_F(will, killed_at_random)
{
	unsigned int heard = 0, i;

	for (i = 0; i < 100; i++) {
		pid_t pid = fork_tied();

		if (!pid) {
			int fd = session_open();

			baton_send(self->b.to_parent[1], 0);
			for (;;) {
				arm(fd, 1, .key = "q", .body = "m");
				arm(fd, 1, .key = "q", .body = "m");
				disarm(fd, 1);
			}
		}
		baton_wait(self->b.to_parent[0]);
		usleep(rand() % 3000);
		kill(pid, SIGKILL);
		reap(pid);
		if (take(self->fd, self->consumer, &self->got))
			continue;
		heard++;
		TOLD("m", pid, "killed", SIGKILL);
		ASSERT_EQ(-EAGAIN, take(self->fd, self->consumer, &self->got));
	}
	TH_LOG("%u of %u heard", heard, i);
	EXPECT_LT(0, heard);
}

TEST_HARNESS_MAIN
