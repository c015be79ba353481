// SPDX-License-Identifier: GPL-2.0-or-later
/* Queues, exchanges and the module: what ends with what, and who is told. */
#include <pthread.h>
#include <sys/syscall.h>
#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(life) { int fd; };

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(life)
{
}

static int exclusive(const char *name, int fd)
{
	return queue_new(name, .flags = BROKER_QUEUE_FLAGS_EXCLUSIVE,
			 .session = session_number(fd));
}

TEST_F(life, exclusive_queue)
{
	struct got got;

	ASSERT_EQ(0, exclusive("e", self->fd));
	EXPECT_EQ(session_number(self->fd), queue_get("e", BROKER_A_QUEUE_SESSION));
	EXPECT_EQ(-EBUSY, consume(session_open(), "e", 1));
	/* Others may publish to it. */
	EXPECT_EQ(0, put(session_open(), "e", "m"));
	EXPECT_EQ(0, take(self->fd, consume(self->fd, "e", 0), &got));
}

TEST_F(life, exclusive_queue_dies_with_its_session)
{
	int owner = session_open();

	ASSERT_EQ(0, exclusive("e", owner));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?: bind_queue("x", "e", ""));
	ASSERT_EQ(0, send_to(self->fd, "x", "", "m"));
	close(owner);
	EXPECT_EQ(-ENOENT, put(self->fd, "e", "m"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "", "m"));
	EXPECT_EQ(0, exchange_get("x", BROKER_A_EXCHANGE_BINDINGS));
	EXPECT_EQ(0, broker_get(BROKER_A_STATUS_QUEUES));
}

TEST_F(life, exclusive_queue_dies_with_its_process)
{
	pid_t pid = fork_tied();

	if (!pid) {
		if (exclusive("e", session_open()))
			_exit(1);
		raise(SIGKILL);
	}
	EXPECT_EQ(SIGKILL, reap(pid));
	EXPECT_EQ(-ENOENT, put(self->fd, "e", "m"));
}

TEST_F(life, exclusive_queue_of_an_unknown_session)
{
	EXPECT_GT(0, queue_new("e", .flags = BROKER_QUEUE_FLAGS_EXCLUSIVE, .session = 1ULL << 60));
	EXPECT_GT(0, queue_new("e", .flags = BROKER_QUEUE_FLAGS_EXCLUSIVE));
}

TEST_F(life, exclusive_queue_for_another_process)
{
	pid_t pid = fork_tied();

	if (!pid)
		_exit(exclusive("e", self->fd) == 0);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, broker_get(BROKER_A_STATUS_QUEUES));
}

TEST_F(life, auto_delete_queue)
{
	int a, b;

	ASSERT_EQ(0, queue_new("q", .flags = BROKER_QUEUE_FLAGS_AUTO_DELETE));
	/* It waits for its first consumer and goes with its last. */
	EXPECT_EQ(0, put(self->fd, "q", "m"));
	a = consume(self->fd, "q", 1);
	b = consume(self->fd, "q", 1);
	EXPECT_EQ(0, cancel(self->fd, a));
	EXPECT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(0, cancel(self->fd, b));
	EXPECT_EQ(-ENOENT, put(self->fd, "q", "m"));
	EXPECT_EQ(0, broker_get(BROKER_A_STATUS_QUEUES));
}

TEST_F(life, auto_delete_queue_goes_with_the_session)
{
	int other = session_open();

	ASSERT_EQ(0, queue_new("q", .flags = BROKER_QUEUE_FLAGS_AUTO_DELETE));
	ASSERT_LT(0, consume(other, "q", 1));
	ASSERT_LT(0, consume(other, "q", 1));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	close(other);
	EXPECT_EQ(-ENOENT, put(self->fd, "q", "m"));
}

TEST_F(life, auto_delete_exchange)
{
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_DIRECT,
				  .flags = BROKER_EXCHANGE_FLAGS_AUTO_DELETE));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "a", "m"));
	ASSERT_EQ(0, bind_queue("x", "q", "a") ?: bind_queue("x", "q", "b"));
	ASSERT_EQ(0, unbind_queue("x", "q", "a"));
	EXPECT_EQ(0, send_to(self->fd, "x", "b", "m"));
	ASSERT_EQ(0, unbind_queue("x", "q", "b"));
	EXPECT_EQ(-ENOENT, send_to(self->fd, "x", "b", "m"));
}

/* The last binding may go because its queue does. */
TEST_F(life, auto_delete_exchange_goes_with_the_queue)
{
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_DIRECT,
				  .flags = BROKER_EXCHANGE_FLAGS_AUTO_DELETE));
	ASSERT_EQ(0, bind_queue("x", "q", "a"));
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(-ENOENT, send_to(self->fd, "x", "a", "m"));
}

/* One thing after another: session, queue, binding, exchange. */
TEST_F(life, auto_delete_in_a_chain)
{
	int owner = session_open();

	ASSERT_EQ(0, exclusive("e", owner));
	ASSERT_EQ(0, exchange_new("y", BROKER_EXCHANGE_TYPE_FANOUT,
				  .flags = BROKER_EXCHANGE_FLAGS_AUTO_DELETE));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT,
				  .flags = BROKER_EXCHANGE_FLAGS_AUTO_DELETE));
	ASSERT_EQ(0, bind_exchange("x", "y", "") ?: bind_queue("y", "e", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "", "m"));
	close(owner);
	EXPECT_EQ(-ENOENT, send_to(self->fd, "y", "", "m"));
	EXPECT_EQ(-ENOENT, send_to(self->fd, "x", "", "m"));
	EXPECT_EQ(0, broker_get(BROKER_A_STATUS_BINDINGS));
}

TEST_F(life, consumer_is_told_once_that_its_queue_was_deleted)
{
	char buffer[256] __attribute__((aligned(8)));
	struct broker_receive r;
	int consumer;

	ASSERT_EQ(0, queue_new("q"));
	consumer = consume(self->fd, "q", 1);
	r = receive_of(consumer, buffer, sizeof(buffer), 1);
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(-EIDRM, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_EQ(consumer, r.consumer);
	EXPECT_EQ(-ENOENT, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_EQ(-ENOENT, cancel(self->fd, consumer));
}

TEST_F(life, each_consumer_is_told)
{
	char buffer[256] __attribute__((aligned(8)));
	struct broker_receive r = receive_of(0, buffer, sizeof(buffer), 1);
	int a, b, first;

	ASSERT_EQ(0, queue_new("q"));
	a = consume(self->fd, "q", 1);
	b = consume(self->fd, "q", 0);
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(-EIDRM, call(self->fd, BROKER_IOC_RECEIVE, &r));
	first = r.consumer;
	r.consumer = 0;
	EXPECT_EQ(-EIDRM, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_EQ(a + b, first + (int)r.consumer);
	EXPECT_NE(first, r.consumer);
	r.consumer = 0;
	EXPECT_EQ(-EAGAIN, call(self->fd, BROKER_IOC_RECEIVE, &r));
}

TEST_F(life, waiting_consumer_is_told)
{
	pid_t pid;

	ASSERT_EQ(0, queue_new("q"));
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		_exit(-take_wait(fd, consume(fd, "q", 1), &(struct got) {}));
	}
	ASSERT_TRUE(wait_asleep(pid));
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(EIDRM, WEXITSTATUS(reap(pid)));
}

/* A message in hand when its queue goes can be settled by nobody any more. */
TEST_F(life, settling_after_the_queue_is_gone)
{
	struct got got;
	int consumer, ret;

	ASSERT_EQ(0, queue_new("q"));
	consumer = consume(self->fd, "q", 1);
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, queue_del("q"));
	ret = settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag);
	EXPECT_TRUE(ret == -ESTALE || ret == -ENOENT);
	EXPECT_EQ(-EIDRM, take(self->fd, consumer, &got));
	EXPECT_EQ(-ENOENT, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
}

TEST_F(life, deleted_queue_of_the_same_name)
{
	uint64_t id;

	ASSERT_EQ(0, queue_new("q"));
	id = queue_get("q", BROKER_A_QUEUE_ID);
	ASSERT_EQ(0, put(self->fd, "q", "old"));
	ASSERT_EQ(0, queue_del("q") ?: queue_new("q"));
	EXPECT_NE(id, queue_get("q", BROKER_A_QUEUE_ID));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(life, sessions_are_counted)
{
	int other = session_open();

	ASSERT_EQ(0, queue_new("q"));
	consume(other, "q", 1);
	consume(other, "q", 1);
	EXPECT_EQ(2, broker_get(BROKER_A_STATUS_SESSIONS));
	EXPECT_EQ(2, broker_get(BROKER_A_STATUS_CONSUMERS));
	close(other);
	EXPECT_EQ(1, broker_get(BROKER_A_STATUS_SESSIONS));
	EXPECT_EQ(0, broker_get(BROKER_A_STATUS_CONSUMERS));
	EXPECT_EQ(~0ULL, session_get(1ULL << 60, BROKER_A_SESSION_PID));
}

TEST_F(life, module_in_use_stays)
{
	/* As rmmod does it. */
	EXPECT_EQ(-1, syscall(SYS_delete_module, "broker", O_NONBLOCK));
	EXPECT_TRUE(errno == EWOULDBLOCK || errno == EBUSY);
	ASSERT_EQ(0, queue_new("q"));
	EXPECT_EQ(0, put(self->fd, "q", "m"));
}

/* A call under way keeps what it needs, whoever closes or deletes meanwhile. */
static volatile pid_t receiver;

static void *receive_forever(void *arg)
{
	int fd = *(int *)arg;
	struct got got;

	receiver = gettid();
	return (void *)(long)take_timeout(fd, 0, &got, GUARD_NS);
}

TEST_F(life, closed_under_a_waiting_thread)
{
	int fd = session_open();
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, queue_new("q"));
	ASSERT_LT(0, consume(fd, "q", 1));
	pthread_create(&thread, NULL, receive_forever, &fd);
	while (!receiver)
		sched_yield();
	ASSERT_TRUE(wait_asleep(receiver));
	/* The call still holds the file, so the session goes on. */
	close(fd);
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	pthread_join(thread, &ret);
	EXPECT_EQ(0, (long)ret);
	/* With the end of the call it was closed: the message is back. */
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
}

TEST_HARNESS_MAIN
