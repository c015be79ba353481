// SPDX-License-Identifier: GPL-2.0-or-later
/* What poll and epoll say of a session, and when. */
#include <pthread.h>
#include <sys/epoll.h>
#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(poll) { int fd; };

FIXTURE_SETUP(poll)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(poll)
{
}

static int events(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

TEST_F(poll, idle)
{
	EXPECT_EQ(POLLOUT, events(self->fd));
	ASSERT_LT(0, consume(self->fd, "q", 1));
	EXPECT_EQ(POLLOUT, events(self->fd));
}

TEST_F(poll, message_waiting)
{
	int consumer = consume(self->fd, "q", 2);
	struct got got;

	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	EXPECT_EQ(POLLIN | POLLOUT, events(self->fd));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(POLLIN | POLLOUT, events(self->fd));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(POLLOUT, events(self->fd));
}

/* Credit used up: RECEIVE would not return, though the queue is not empty. */
TEST_F(poll, without_credit)
{
	int consumer = consume(self->fd, "q", 1);
	struct got got;

	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(POLLOUT, events(self->fd));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	EXPECT_EQ(POLLIN | POLLOUT, events(self->fd));
}

TEST_F(poll, pulling_consumer)
{
	ASSERT_LT(0, consume(self->fd, "q", 0));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	EXPECT_EQ(POLLOUT, events(self->fd));
	EXPECT_EQ(-EAGAIN, take(self->fd, 0, &(struct got) {}));
}

/* What was on its way to a consumer goes when the consumer does. */
TEST_F(poll, cancelled)
{
	int consumer = consume(self->fd, "q", 1);

	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(0, cancel(self->fd, consumer));
	EXPECT_EQ(POLLOUT, events(self->fd));
}

/* A consumer that has ended is something to be told. */
TEST_F(poll, queue_deleted)
{
	int consumer = consume(self->fd, "q", 1);
	char buffer[256] __attribute__((aligned(8)));
	struct broker_receive r = receive_of(0, buffer, sizeof(buffer), 1);

	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(POLLIN | POLLOUT, events(self->fd));
	EXPECT_EQ(-EIDRM, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_EQ(consumer, r.consumer);
	EXPECT_EQ(POLLOUT, events(self->fd));
}

TEST_F(poll, queue_full)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	EXPECT_EQ(POLLOUT, events(self->fd));
	ASSERT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	EXPECT_EQ(0, events(self->fd));
	/* Another session has not been refused. */
	EXPECT_EQ(POLLOUT, events(session_open()));
	ASSERT_EQ(1, drain("q"));
	EXPECT_EQ(POLLOUT, events(self->fd));
	EXPECT_EQ(0, put(self->fd, "q", "2"));
}

/* The one that answered last decides. */
TEST_F(poll, several_queues_full)
{
	ASSERT_EQ(0, queue_new("p", .max_messages = 1) ?: queue_set("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "p", "1"));
	ASSERT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	EXPECT_EQ(0, events(self->fd));
	ASSERT_EQ(-EAGAIN, put(self->fd, "p", "2"));
	EXPECT_EQ(0, events(self->fd));
	ASSERT_EQ(1, drain("q"));
	EXPECT_EQ(0, events(self->fd));
	ASSERT_EQ(1, drain("p"));
	EXPECT_EQ(POLLOUT, events(self->fd));
}

TEST_F(poll, full_queue_deleted)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(POLLOUT, events(self->fd));
}

TEST_F(poll, full_queue_purged)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	ASSERT_EQ(0, queue_purge("q"));
	EXPECT_EQ(POLLOUT, events(self->fd));
}

TEST_F(poll, full_queue_enlarged)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	ASSERT_EQ(0, queue_set("q", .max_messages = 2));
	EXPECT_EQ(POLLOUT, events(self->fd));
}

/* A process that sleeps in poll until @want, then exits with what it got. */
static pid_t poller(int fd, short want)
{
	struct pollfd p = { .fd = fd, .events = want };
	pid_t pid = fork_tied();

	if (pid)
		return wait_asleep(pid) ? pid : -1;
	if (poll(&p, 1, 20000) != 1)
		_exit(255);
	_exit(p.revents);
}

TEST_F(poll, sleeper_is_woken_by_a_message)
{
	pid_t pid;

	ASSERT_LT(0, consume(self->fd, "q", 1));
	pid = poller(self->fd, POLLIN);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(POLLIN, WEXITSTATUS(reap(pid)));
}

TEST_F(poll, sleeper_is_woken_by_room)
{
	pid_t pid;

	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	pid = poller(self->fd, POLLOUT);
	ASSERT_LT(0, pid);
	ASSERT_EQ(1, drain("q"));
	EXPECT_EQ(POLLOUT, WEXITSTATUS(reap(pid)));
}

TEST_F(poll, sleeper_is_woken_by_the_end)
{
	struct baton b;
	pid_t pid;

	baton_init(&b);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		pid = fork();
		if (pid) {
			wait_asleep(pid);
			_exit(0);
		}
		struct pollfd p = { .fd = fd, .events = POLLIN };

		baton_send(b.to_parent[1], poll(&p, 1, 20000) == 1 ? p.revents : 0);
		_exit(0);
	}
	reap(pid);
	pid = baton_wait(b.to_parent[0]);
	EXPECT_TRUE(pid & POLLHUP);
	EXPECT_TRUE(pid & POLLERR);
}

static int epoll_of(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
	return ep;
}

static uint32_t epoll_now(int ep)
{
	struct epoll_event event = {};

	return epoll_wait(ep, &event, 1, 0) == 1 ? event.events : 0;
}

TEST_F(poll, level_triggered)
{
	int ep = epoll_of(self->fd, EPOLLIN);

	ASSERT_LT(0, consume(self->fd, "q", 5));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	ASSERT_EQ(0, take(self->fd, 0, &(struct got) {}));
	EXPECT_EQ(0, epoll_now(ep));
}

TEST_F(poll, edge_triggered)
{
	int ep = epoll_of(self->fd, EPOLLIN | EPOLLET);

	ASSERT_LT(0, consume(self->fd, "q", 5));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	/* Every further message is an edge, or its receiver would sleep for ever. */
	ASSERT_EQ(0, take(self->fd, 0, &(struct got) {}));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
}

TEST_F(poll, edge_triggered_room)
{
	int ep = epoll_of(self->fd, EPOLLOUT | EPOLLET);

	EXPECT_EQ(EPOLLOUT, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	ASSERT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(1, drain("q"));
	EXPECT_EQ(EPOLLOUT, epoll_now(ep));
}

/* A consumer that an edge has woken and that reads in batches loses nothing. */
static void *feed(void *arg)
{
	int fd = session_open(), i;

	for (i = 0; i < 500; i++)
		put(fd, "q", "m");
	close(fd);
	return arg;
}

TEST_F(poll, edge_triggered_under_load)
{
	int ep = epoll_of(self->fd, EPOLLIN | EPOLLET), n = 0, consumer;
	struct epoll_event event;
	pthread_t thread;
	struct got got;

	consumer = consume(self->fd, "q", 8);
	ASSERT_LT(0, consumer);
	pthread_create(&thread, NULL, feed, NULL);
	while (n < 500) {
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, 20000));
		while (!take(self->fd, consumer, &got)) {
			n++;
			ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
		}
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(500, n);
}

TEST_HARNESS_MAIN
