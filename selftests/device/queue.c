// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits of a queue, and what it does when one more message would break them. */
#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(queue) { int fd; };

FIXTURE_SETUP(queue)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(queue)
{
}

TEST_F(queue, bounded_by_default)
{
	ASSERT_EQ(0, queue_new("q"));
	EXPECT_EQ(BROKER_DEFAULT_MAX_MESSAGES, queue_get("q", BROKER_A_QUEUE_MAX_MESSAGES));
	EXPECT_EQ(BROKER_DEFAULT_MAX_BYTES, queue_get("q", BROKER_A_QUEUE_MAX_BYTES));
	EXPECT_EQ(BROKER_OVERFLOW_REJECT, queue_get("q", BROKER_A_QUEUE_OVERFLOW));
}

TEST_F(queue, full_by_messages)
{
	ASSERT_EQ(0, queue_new("q", .max_messages = 2));
	EXPECT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "3"));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_REFUSED));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
}

/* It never holds more bytes than it may, nor refuses while there is room. */
TEST_F(queue, full_by_bytes)
{
	static char body[100];
	uint64_t one, limit;
	int i;

	ASSERT_EQ(0, queue_new("probe"));
	ASSERT_EQ(0, publish(self->fd, .key = "probe", .body = body, .body_len = sizeof(body)));
	one = queue_get("probe", BROKER_A_QUEUE_BYTES) - strlen("probe") + strlen("q");
	ASSERT_LE(sizeof(body), one);
	limit = 3 * one + one / 2;
	ASSERT_EQ(0, queue_new("q", .max_bytes = limit));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 100));
	EXPECT_EQ(-EAGAIN, publish(self->fd, .key = "q", .body = body, .body_len = 100));
	EXPECT_EQ(3 * one, queue_get("q", BROKER_A_QUEUE_BYTES));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 1));
	EXPECT_GE(limit, queue_get("q", BROKER_A_QUEUE_BYTES));
}

TEST_F(queue, limit_counts_unacked)
{
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_new("q", .max_messages = 2));
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "3"));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	EXPECT_EQ(0, put(self->fd, "q", "3"));
}

TEST_F(queue, full_takes_releases)
{
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_new("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, consumer, got.d.tag));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(queue, message_larger_than_the_queue)
{
	static char body[1000];

	ASSERT_EQ(0, queue_new("q", .max_bytes = 500));
	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .body = body, .body_len = 1000));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 100));
}

TEST_F(queue, message_larger_than_the_queue_does_not_wait)
{
	static char body[1000];

	ASSERT_EQ(0, queue_new("q", .max_bytes = 500, .overflow = BROKER_OVERFLOW_BLOCK));
	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .body = body, .body_len = 1000,
				     .timeout_ns = BROKER_TIMEOUT_FOREVER));
}

TEST_F(queue, message_larger_than_the_queue_drops_none)
{
	static char body[1000];

	ASSERT_EQ(0, queue_new("q", .max_bytes = 500, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	EXPECT_EQ(0, put(self->fd, "q", "stays"));
	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .body = body, .body_len = 1000));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DROPPED));
}

TEST_F(queue, refusals_are_not_told_without_confirm)
{
	static char body[1000];

	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .max_bytes = 500));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .confirm = BROKER_CONFIRM_NONE));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .confirm = BROKER_CONFIRM_NONE,
			     .body = body, .body_len = sizeof(body)));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_REFUSED));
	EXPECT_EQ(2, broker_get(BROKER_A_STATUS_REFUSED));
}

TEST_F(queue, body_beyond_the_maximum_is_told_without_confirm)
{
	char *body = calloc(1, BROKER_MAX_BODY + 1);

	ASSERT_EQ(0, queue_new("q"));
	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .confirm = BROKER_CONFIRM_NONE,
				     .body = body, .body_len = BROKER_MAX_BODY + 1));
}

TEST_F(queue, without_confirm_never_waits)
{
	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .confirm = BROKER_CONFIRM_NONE,
			     .timeout_ns = BROKER_TIMEOUT_FOREVER));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(queue, reject_never_waits)
{
	ASSERT_EQ(0, queue_new("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	EXPECT_EQ(-EAGAIN, publish(self->fd, .key = "q", .timeout_ns = BROKER_TIMEOUT_FOREVER));
}

TEST_F(queue, drop_head_keeps_the_newest)
{
	char body[2] = "1";
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_new("q", .max_messages = 3, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	for (; *body <= '5'; ++*body)
		EXPECT_EQ(0, put(self->fd, "q", body));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_DROPPED));
	EXPECT_EQ(5, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	consumer = consume(self->fd, "q", 0);
	for (*body = '3'; *body <= '5'; ++*body) {
		ASSERT_EQ(0, take(self->fd, consumer, &got));
		EXPECT_STREQ(body, got.body);
	}
}

TEST_F(queue, drop_head_by_bytes)
{
	static char body[300];
	int i;

	ASSERT_EQ(0, queue_new("q", .max_bytes = 400, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 100));
	EXPECT_EQ(3, ready("q"));
	/* One large message may need the room of several. */
	EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 300));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(3, queue_get("q", BROKER_A_QUEUE_DROPPED));
}

TEST_F(queue, drop_head_spares_unacked)
{
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_new("q", .max_messages = 2, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	ASSERT_EQ(0, put(self->fd, "q", "held") ?: put(self->fd, "q", "old"));
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(0, put(self->fd, "q", "new"));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("new", got.body);
}

TEST_F(queue, drop_head_with_nothing_to_drop)
{
	struct got got;

	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	ASSERT_EQ(0, put(self->fd, "q", "held"));
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "q", 0), &got));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "new"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DROPPED));
}

/* A queue that drops for the sake of a message must not drop where another refuses it. */
TEST_F(queue, drop_head_only_when_all_take_it)
{
	ASSERT_EQ(0, queue_new("d", .max_messages = 1, .overflow = BROKER_OVERFLOW_DROP_HEAD) ?:
		     queue_new("r", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "d", "stays") ?: put(self->fd, "r", "stays"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     bind_queue("x", "d", "") ?: bind_queue("x", "r", ""));
	EXPECT_EQ(-EAGAIN, send_to(self->fd, "x", "", "new"));
	EXPECT_EQ(1, ready("d"));
	EXPECT_EQ(0, queue_get("d", BROKER_A_QUEUE_DROPPED));
}

/*
 * Messages are charged to the cgroup of their publisher: at its limit it is
 * told, and not killed; it can still receive and settle, and then goes on.
 */
TEST_F(queue, memory_limit_of_the_publisher)
{
	static char body[64 << 10], buffer[80 << 10] __attribute__((aligned(8)));
	int fd, consumer, n = 0, ret = 0, status;
	struct got got;
	pid_t pid;

	if (limited_cgroup("24M"))
		SKIP(return, "no cgroup v2 with a memory controller at /sys/fs/cgroup");
	ASSERT_EQ(0, queue_new("q"));
	pid = fork_tied();
	if (!pid) {
		/* All of the child is in memory: what fails is the broker's. */
		if (mlockall(MCL_CURRENT | MCL_FUTURE) || enter_limited_cgroup())
			_exit(100);
		fd = session_open();
		consumer = consume(fd, "q", 0);
		for (; !ret && n < 1000; n++)
			ret = publish(fd, .key = "q", .body = body, .body_len = sizeof(body));
		if (ret != -ENOMEM || n < 50)
			_exit(1);
		for (n--; n; n--) {
			struct broker_receive r = receive_of(consumer, buffer, sizeof(buffer), 1);

			if (call(fd, BROKER_IOC_RECEIVE, &r))
				_exit(2);
			got_from(&got, buffer);
			if (settle(fd, BROKER_OP_ACCEPT, consumer, got.d.tag))
				_exit(3);
		}
		_exit(put(fd, "q", "goes on") ? 4 : 0);
	}
	status = reap(pid);
	remove_limited_cgroup();
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, ready("q"));
}

TEST_F(queue, limits_below_what_it_holds)
{
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "3"));
	EXPECT_EQ(2, drain("q"));
	EXPECT_EQ(0, put(self->fd, "q", "3"));
}

/* Queue "q" makes its publishers wait, and is full. */
FIXTURE(block) { int fd; };

FIXTURE_SETUP(block)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, put(self->fd, "q", "old"));
}

FIXTURE_TEARDOWN(block)
{
}

/* A process that publishes to a full queue and exits with the error. */
static pid_t blocked(uint64_t timeout_ns)
{
	pid_t pid = fork_tied();
	int fd;

	if (pid)
		return wait_asleep(pid) ? pid : -1;
	fd = session_open();
	_exit(-publish(fd, .key = "q", .body = "new", .timeout_ns = timeout_ns));
}

/* Makes room for one. */
static int accept_one(int fd)
{
	int consumer = consume(fd, "q", 0), ret;
	struct got got;

	ret = take(fd, consumer, &got);
	return ret ?: settle(fd, BROKER_OP_ACCEPT, consumer, got.d.tag) ?: cancel(fd, consumer);
}

TEST_F(block, timeout_of_zero_does_not_wait)
{
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "new"));
}

TEST_F(block, timeout)
{
	EXPECT_EQ(-ETIMEDOUT, publish(self->fd, .key = "q", .timeout_ns = 50 * MS_NS));
	EXPECT_EQ(1, ready("q"));
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST_F(block, interrupted_by_a_signal)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	siginfo_t info = {};
	pid_t pid;

	sigaction(SIGUSR1, &action, NULL);
	pid = fork_tied();
	if (!pid)
		_exit(-publish(session_open(), .key = "q",
			       .timeout_ns = BROKER_TIMEOUT_FOREVER));
	ASSERT_TRUE(wait_asleep(pid));
	/* A signal that comes before it waits does not count: send another. */
	while (!waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid) {
		kill(pid, SIGUSR1);
		usleep(10000);
	}
	EXPECT_EQ(EINTR, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(block, signal_ends_the_batch)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct broker_result results[3];
	struct broker_op ops[3];
	struct broker_submit s = submit_of(ops, 3, results);
	struct itimerval every = { .it_interval.tv_usec = 50000, .it_value.tv_usec = 50000 };

	ASSERT_EQ(0, queue_new("free"));
	sigaction(SIGALRM, &action, NULL);
	op_publish(&ops[0], &(struct pub) { .key = "free" });
	op_publish(&ops[1], &(struct pub) { .key = "q" });
	op_publish(&ops[2], &(struct pub) { .key = "free" });
	s.timeout_ns = BROKER_TIMEOUT_FOREVER;
	setitimer(ITIMER_REAL, &every, NULL);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	setitimer(ITIMER_REAL, &(struct itimerval) {}, NULL);
	EXPECT_EQ(0, results[0].error);
	EXPECT_EQ(-EINTR, results[1].error);
	EXPECT_EQ(-ECANCELED, results[2].error);
	EXPECT_EQ(2, s.failed);
	EXPECT_EQ(1, ready("free"));
}

/* The time is that of the call: what is left when it is over does not wait. */
TEST_F(block, timeout_of_the_whole_call)
{
	struct broker_result results[3];
	struct broker_op ops[3];
	struct broker_submit s = submit_of(ops, 3, results);

	ASSERT_EQ(0, queue_new("free"));
	op_publish(&ops[0], &(struct pub) { .key = "q" });
	op_publish(&ops[1], &(struct pub) { .key = "q" });
	op_publish(&ops[2], &(struct pub) { .key = "free" });
	s.timeout_ns = 50 * MS_NS;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(-ETIMEDOUT, results[0].error);
	EXPECT_EQ(-ETIMEDOUT, results[1].error);
	EXPECT_EQ(0, results[2].error);
	EXPECT_EQ(2, s.failed);
}

TEST_F(block, killed)
{
	pid_t pid = blocked(BROKER_TIMEOUT_FOREVER);
	int status;

	ASSERT_LT(0, pid);
	kill(pid, SIGKILL);
	status = reap(pid);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(block, goes_on_after_an_accept)
{
	pid_t pid = blocked(BROKER_TIMEOUT_FOREVER);
	struct got got;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, accept_one(self->fd));
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "q", 0), &got));
	EXPECT_STREQ("new", got.body);
}

TEST_F(block, goes_on_after_a_purge)
{
	pid_t pid = blocked(GUARD_NS);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, queue_purge("q"));
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(block, goes_on_after_a_change_of_limits)
{
	pid_t pid = blocked(GUARD_NS);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, queue_set("q", .max_messages = 2));
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(2, ready("q"));
}

TEST_F(block, ends_when_the_queue_is_deleted)
{
	pid_t pid = blocked(BROKER_TIMEOUT_FOREVER);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(ENOENT, WEXITSTATUS(reap(pid)));
}

/* Room for one goes to one; the other waits on. */
TEST_F(block, several_publishers)
{
	pid_t one = blocked(GUARD_NS), two = blocked(GUARD_NS);
	int status;

	ASSERT_LT(0, one);
	ASSERT_LT(0, two);
	ASSERT_EQ(0, accept_one(self->fd));
	waitpid(-1, &status, 0);
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(1, ready("q"));
	ASSERT_EQ(0, accept_one(self->fd));
	waitpid(-1, &status, 0);
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(3, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
}

/* While a publisher waits for one queue, the other queues see nothing of it. */
TEST_F(block, all_or_nothing_while_waiting)
{
	pid_t pid;

	ASSERT_EQ(0, queue_new("free", .max_messages = 1) ?:
		     exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     bind_queue("x", "q", "") ?: bind_queue("x", "free", ""));
	pid = fork_tied();
	if (!pid)
		_exit(-publish(session_open(), .exchange = "x", .body = "both",
			       .timeout_ns = BROKER_TIMEOUT_FOREVER));
	ASSERT_TRUE(wait_asleep(pid));
	EXPECT_EQ(0, ready("free"));
	ASSERT_EQ(0, accept_one(self->fd));
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(1, ready("free"));
	EXPECT_EQ(1, ready("q"));
}

TEST_HARNESS_MAIN
