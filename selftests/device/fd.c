// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages that carry open files. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/io_uring.h>
#include "helper.h"
#include "kselftest_harness.h"

#define USER	1000

FIXTURE(fd) { int fd, consumer; struct got got; int fds[BROKER_MAX_FDS]; };

FIXTURE_SETUP(fd)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .retry_max = 1));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
}

FIXTURE_TEARDOWN(fd)
{
}

static int send_pub(int fd, const int *fds, unsigned int nr, const struct pub *p)
{
	struct broker_op op;
	int ret;

	op_publish(&op, p);
	op.publish.fds = (uintptr_t)fds;
	op.publish.nr_fds = nr;
	ret = submit_one(fd, &op);
	op_free(&op);
	return ret;
}

#define send_fds(fd, fds, nr, ...) send_pub(fd, fds, nr, &(struct pub){ __VA_ARGS__ })

static int send_fd(int fd, int file)
{
	return send_fds(fd, &file, 1, .key = "q", .body = "m");
}

/* Receives one message with its files; @len is the buffer's. */
static int take_fds_len(int fd, int consumer, struct got *got, int *fds, uint32_t len)
{
	static char buffer[8192] __attribute__((aligned(8)));
	struct broker_receive r = receive_of(consumer, buffer, len, 1);
	int ret = call(fd, BROKER_IOC_RECEIVE, &r);

	if (ret)
		return ret;
	got_from(got, buffer);
	if (got->d.nr_fds)
		memcpy(fds, buffer + got->d.fds, got->d.nr_fds * sizeof(int));
	return 0;
}

static int take_fds(int fd, int consumer, struct got *got, int *fds)
{
	return take_fds_len(fd, consumer, got, fds, 8192);
}

static int count_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int memfd(const char *text, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (write(fd, text, strlen(text)) < 0 || (seals && fcntl(fd, F_ADD_SEALS, seals)))
		abort();
	return fd;
}

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

static int same_file(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/* The other end of a pipe sees that nobody has this one any more. */
static int wait_hangup(int reader)
{
	struct pollfd p = { .fd = reader, .events = POLLIN };

	return poll(&p, 1, GUARD_NS / 1000000) == 1 && (p.revents & POLLHUP);
}

static int still_open(int reader)
{
	struct pollfd p = { .fd = reader, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

TEST_F(fd, arrives)
{
	int file = memfd("hello", 0), now;
	char text[8] = {};

	ASSERT_EQ(0, send_fd(self->fd, file));
	ASSERT_EQ(0, take_fds(self->fd, self->consumer, &self->got, self->fds));
	EXPECT_STREQ("m", self->got.body);
	EXPECT_EQ(0, self->got.d.flags);
	ASSERT_EQ(1, self->got.d.nr_fds);
	EXPECT_EQ(0, self->got.d.fds % 4);
	EXPECT_EQ(0, self->got.d.size % 8);
	EXPECT_GE(self->got.d.size, self->got.d.fds + 4);
	now = self->fds[0];
	EXPECT_NE(file, now);
	EXPECT_TRUE(same_file(file, now));
	EXPECT_EQ(FD_CLOEXEC, fcntl(now, F_GETFD));
	EXPECT_EQ(5, pread(now, text, 8, 0));
	EXPECT_STREQ("hello", text);
}

/* In another process, after the publisher has closed it and is gone. */
TEST_F(fd, outlives_its_publisher)
{
	char text[8] = {};
	pid_t pid = fork_tied();

	if (!pid)
		_exit(-send_fd(session_open(), memfd("hello", 0)));
	ASSERT_EQ(0, WEXITSTATUS(reap(pid)));
	ASSERT_EQ(0, take_fds(self->fd, self->consumer, &self->got, self->fds));
	EXPECT_EQ(5, pread(self->fds[0], text, 8, 0));
	EXPECT_STREQ("hello", text);
}

TEST_F(fd, as_many_as_allowed_in_order)
{
	int files[BROKER_MAX_FDS], i;
	char text[8];

	for (i = 0; i < BROKER_MAX_FDS; i++) {
		snprintf(text, sizeof(text), "%d", i);
		files[i] = memfd(text, 0);
	}
	ASSERT_EQ(-EINVAL, send_fds(self->fd, files, BROKER_MAX_FDS + 1, .key = "q"));
	ASSERT_EQ(-EINVAL, send_fds(self->fd, files, 0, .key = "q"));
	ASSERT_EQ(0, send_fds(self->fd, files, BROKER_MAX_FDS, .key = "q", .body = "odd"));
	ASSERT_EQ(0, take_fds(self->fd, self->consumer, &self->got, self->fds));
	ASSERT_EQ(BROKER_MAX_FDS, self->got.d.nr_fds);
	for (i = 0; i < BROKER_MAX_FDS; i++)
		EXPECT_TRUE(same_file(files[i], self->fds[i]));
}

/* Each queue and each hand-out has descriptors of its own, of one open file. */
TEST_F(fd, through_several_queues)
{
	int p[2], other;

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	ASSERT_EQ(0, queue_new("r") ?: exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, bind_queue("x", "q", "") ?: bind_queue("x", "r", ""));
	ASSERT_EQ(0, send_fds(self->fd, &p[1], 1, .exchange = "x", .body = "m"));
	close(p[1]);
	EXPECT_TRUE(still_open(p[0]));
	other = consume(self->fd, "r", 0);
	ASSERT_EQ(0, take_fds(self->fd, self->consumer, &self->got, self->fds));
	ASSERT_EQ(0, take_fds(self->fd, other, &self->got, self->fds + 1));
	EXPECT_NE(self->fds[0], self->fds[1]);
	EXPECT_EQ(1, write(self->fds[1], "x", 1));
	EXPECT_EQ(1, read(p[0], self->got.body, 1));
	close(self->fds[0]);
	close(self->fds[1]);
	EXPECT_TRUE(still_open(p[0]));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	EXPECT_TRUE(still_open(p[0]));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_REJECT, other, 1));
	EXPECT_TRUE(wait_hangup(p[0]));
}

TEST_F(fd, redelivered)
{
	int file = memfd("hello", 0);

	ASSERT_EQ(0, send_fd(self->fd, file));
	for (int i = 1; i < 4; i++) {
		ASSERT_EQ(0, take_fds(self->fd, self->consumer, &self->got, self->fds));
		EXPECT_EQ(i, self->got.d.acquired);
		EXPECT_TRUE(same_file(file, self->fds[0]));
		close(self->fds[0]);
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, self->consumer, i));
	}
}

TEST_F(fd, redelivered_from_the_dead)
{
	int file = memfd("hello", 0);
	pid_t pid;

	ASSERT_EQ(0, send_fd(self->fd, file));
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		if (take_fds(fd, consume(fd, "q", 1), &self->got, self->fds))
			_exit(0);
		raise(SIGKILL);
	}
	EXPECT_EQ(SIGKILL, WTERMSIG(reap(pid)));
	ASSERT_EQ(0, take_fds(self->fd, self->consumer, &self->got, self->fds));
	EXPECT_EQ(BROKER_CAUSE_KILLED, self->got.d.cause);
	EXPECT_TRUE(same_file(file, self->fds[0]));
}

TEST_F(fd, auto_accepted)
{
	int p[2], consumer;

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	ASSERT_EQ(0, send_fd(self->fd, p[1]));
	close(p[1]);
	consumer = consume_auto(self->fd, "q", 0);
	ASSERT_EQ(0, take_fds(self->fd, consumer, &self->got, self->fds));
	EXPECT_TRUE(still_open(p[0]));
	EXPECT_EQ(1, write(self->fds[0], "x", 1));
	EXPECT_EQ(1, read(p[0], self->got.body, 1));
	close(self->fds[0]);
	EXPECT_TRUE(wait_hangup(p[0]));
}

/* Closed with the last place that holds them, by whatever way it goes. */
TEST_F(fd, closed_when_nobody_holds_them)
{
	int p[2], i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, queue_new("gone", .max_messages = 1,
				       .overflow = BROKER_OVERFLOW_DROP_HEAD));
		ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
		ASSERT_EQ(0, send_fds(self->fd, &p[1], 1, .key = "gone"));
		close(p[1]);
		EXPECT_TRUE(still_open(p[0]));
		if (i == 0)
			queue_purge("gone");
		else if (i == 1)
			put(self->fd, "gone", "drops the head");
		queue_del("gone");
		EXPECT_TRUE(wait_hangup(p[0]));
		close(p[0]);
	}
	/* A publish that fails holds nothing. */
	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	EXPECT_EQ(-ENOENT, send_fds(self->fd, &p[1], 1, .key = "none"));
	EXPECT_EQ(-EILSEQ, send_fds(self->fd, &p[1], 1, .key = "\xff"));
	close(p[1]);
	EXPECT_TRUE(wait_hangup(p[0]));
}

TEST_F(fd, browsed_without)
{
	static char buffer[512] __attribute__((aligned(8)));
	struct broker_browse b = {
		.size = sizeof(b), .queue = (uintptr_t)"q", .queue_len = 1,
		.max_messages = 2, .buffer = (uintptr_t)buffer, .buffer_len = sizeof(buffer),
	};
	int files[2] = { memfd("a", 0), memfd("b", 0) }, before;

	ASSERT_EQ(0, send_fds(self->fd, files, 2, .key = "q", .body = "m"));
	before = count_fds();
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_BROWSE, &b));
	ASSERT_EQ(1, b.count);
	got_from(&self->got, buffer);
	ASSERT_EQ(2, self->got.d.nr_fds);
	memcpy(self->fds, buffer + self->got.d.fds, 8);
	EXPECT_EQ(-1, self->fds[0]);
	EXPECT_EQ(-1, self->fds[1]);
	EXPECT_EQ(before, count_fds());
}

/* The reader's table is full in the midst of the files: nothing has happened. */
TEST_F(fd, emfile)
{
	struct rlimit limit = { 64, 64 };
	int files[4], i, room, before;

	for (i = 0; i < 4; i++)
		files[i] = memfd("x", 0);
	ASSERT_EQ(0, send_fds(self->fd, files, 4, .key = "q", .body = "m"));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	while (dup(files[0]) >= 0)
		;
	for (room = 0; room < 4; room++) {
		before = count_fds();
		EXPECT_EQ(-EMFILE, take_fds(self->fd, self->consumer, &self->got, self->fds));
		EXPECT_EQ(before, count_fds());
		close(63 - room);
		/* To ask takes a descriptor, too. */
		EXPECT_EQ(1, ready("q"));
		EXPECT_EQ(0, unacked("q"));
		EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	}
	ASSERT_EQ(0, take_fds(self->fd, self->consumer, &self->got, self->fds));
	EXPECT_EQ(1, self->got.d.acquired);
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(same_file(files[i], self->fds[i]));
}

/* The buffer ends where only the numbers are still to be written. */
TEST_F(fd, buffer_too_small)
{
	int file = memfd("x", 0), before;
	uint32_t need;

	ASSERT_EQ(0, send_fd(self->fd, file));
	before = count_fds();
	need = (sizeof(struct broker_delivery) + 2 + 3) / 4 * 4 + 4;
	need = (need + 7) / 8 * 8;
	EXPECT_EQ(-EMSGSIZE, take_fds_len(self->fd, self->consumer, &self->got, self->fds,
					  need - 1));
	EXPECT_EQ(before, count_fds());
	EXPECT_EQ(0, take_fds_len(self->fd, self->consumer, &self->got, self->fds, need));
	EXPECT_EQ(before + 1, count_fds());
}

/* Memory that cannot be written: at the record, and at the call's own arguments. */
TEST_F(fd, efault)
{
	static char buffer[512] __attribute__((aligned(8)));
	int file = memfd("x", 0), before;
	struct broker_receive r, *ro;

	ASSERT_EQ(0, send_fd(self->fd, file));
	before = count_fds();
	r = receive_of(self->consumer, read_only(buffer, sizeof(buffer)), sizeof(buffer), 1);
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &r));
	r = receive_of(self->consumer, page_edge() - 64, sizeof(buffer), 1);
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, &r));
	r = receive_of(self->consumer, buffer, sizeof(buffer), 1);
	ro = read_only(&r, sizeof(r));
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_RECEIVE, ro));
	EXPECT_EQ(before, count_fds());
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(-EFAULT, send_fds(self->fd, (int *)page_edge() - 1, 2, .key = "q"));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(fd, bad_files)
{
	int closed = dup(0), files[2] = { memfd("x", 0), -1 };

	close(closed);
	EXPECT_EQ(-EBADF, send_fd(self->fd, closed));
	EXPECT_EQ(-EBADF, send_fd(self->fd, -1));
	EXPECT_EQ(-EBADF, send_fds(self->fd, files, 2, .key = "q"));
	EXPECT_EQ(-EBADF, send_fd(self->fd, open("/", O_PATH | O_CLOEXEC)));
	EXPECT_EQ(0, ready("q"));
}

static int io_uring(void)
{
	struct io_uring_params params = {};

	return syscall(__NR_io_uring_setup, 1, &params);
}

/* What may be sent where, by whether it could keep its queue from being closed. */
static void refused(struct __test_metadata *_metadata, int fd, int initial)
{
	int pair[2], p[2], ring = io_uring();

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	EXPECT_EQ(-ELOOP, send_fd(fd, fd));
	EXPECT_EQ(-ELOOP, send_fd(fd, session_open()));
	EXPECT_EQ(-ELOOP, send_fd(fd, pair[0]));
	if (ring >= 0)
		EXPECT_EQ(-ELOOP, send_fd(fd, ring));
	ASSERT_EQ(0, ready("q"));

	EXPECT_EQ(0, send_fd(fd, open("/", O_RDONLY | O_DIRECTORY)));
	EXPECT_EQ(0, send_fd(fd, open("/bin/sh", O_RDONLY)));
	EXPECT_EQ(0, send_fd(fd, memfd("x", SEALS)));
	EXPECT_EQ(0, pipe(p));
	EXPECT_EQ(0, send_fd(fd, p[0]));
	EXPECT_EQ(0, send_fd(fd, p[1]));
	ASSERT_EQ(5, ready("q"));

	EXPECT_EQ(initial ? 0 : -ELOOP, send_fd(fd, socket(AF_INET, SOCK_STREAM, 0)));
	EXPECT_EQ(initial ? 0 : -ELOOP, send_fd(fd, socket(AF_NETLINK, SOCK_RAW, 0)));
	EXPECT_EQ(initial ? 0 : -ELOOP, send_fd(fd, open("/proc/self/ns/net", O_RDONLY)));
	EXPECT_EQ(initial ? 0 : -ELOOP, send_fd(fd, open("/proc/self/net/tcp", O_RDONLY)));
	EXPECT_EQ(initial ? 0 : -ELOOP, send_fd(fd, open("/dev/null", O_RDONLY)));
	EXPECT_EQ(initial ? 0 : -ELOOP, send_fd(fd, eventfd(0, 0)));
	EXPECT_EQ(initial ? 0 : -ELOOP, send_fd(fd, epoll_create1(0)));
	EXPECT_EQ(initial ? 12 : 5, ready("q"));
}

TEST_F(fd, what_may_be_sent)
{
	refused(_metadata, self->fd, 0);
}

TEST_F(fd, what_may_be_sent_in_the_initial_namespace)
{
	int net = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), fd;

	ASSERT_EQ(0, setns(net, CLONE_NEWNET));
	fd = session_open();
	ASSERT_EQ(0, queue_new("q", .retry_max = 1));
	refused(_metadata, fd, 1);
	EXPECT_EQ(0, queue_del("q"));
	close(fd);
}

/* A socket that was sent is the one that arrives: a listener is handed over. */
TEST_F(fd, listener_handed_over)
{
	int net = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), fd, listener, client;
	socklen_t len = sizeof(struct sockaddr_storage);
	struct sockaddr_storage address;

	ASSERT_EQ(0, setns(net, CLONE_NEWNET));
	fd = session_open();
	ASSERT_EQ(0, queue_new("q", .retry_max = 1));
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&address, &len));
	ASSERT_EQ(0, send_fd(fd, listener));
	close(listener);
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(client, (struct sockaddr *)&address, len)) {
		queue_del("q");
		SKIP(return, "no loopback");
	}
	EXPECT_EQ(0, take_fds(fd, consume(fd, "q", 0), &self->got, self->fds));
	EXPECT_LE(0, accept(self->fds[0], NULL, NULL));
	EXPECT_EQ(0, queue_del("q"));
}

/* Files in queues are bounded, as those in a process are. */
TEST_F(fd, limit_of_a_user)
{
	struct rlimit limit = { 20, 20 };
	pid_t pid;

	ASSERT_EQ(0, queue_set("q", .owned = 1, .uid = USER, .gid = USER, .mode = 0700));
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), file = memfd("x", 0), consumer, i;
		int two[2] = { file, file };

		if (setgid(USER) || setuid(USER) || setrlimit(RLIMIT_NOFILE, &limit))
			_exit(1);
		for (i = 0; i < 19; i++)
			if (send_fd(fd, file))
				_exit(2);
		if (send_fds(fd, two, 2, .key = "q") != -ETOOMANYREFS)
			_exit(3);
		if (send_fd(fd, file) || send_fd(fd, file) != -ETOOMANYREFS)
			_exit(4);
		/* What leaves the queue makes room, to the last. */
		consumer = consume(fd, "q", 0);
		if (take_fds(fd, consumer, &self->got, self->fds) ||
		    settle(fd, BROKER_OP_ACCEPT, consumer, 1) || send_fd(fd, file) ||
		    send_fd(fd, file) != -ETOOMANYREFS)
			_exit(5);
		_exit(0);
	}
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(20, ready("q"));
	/* Another user is not held up. */
	EXPECT_EQ(0, send_fd(self->fd, memfd("x", 0)));
}

FIXTURE(body) { int fd, consumer; struct got got; int fds[BROKER_MAX_FDS]; };

FIXTURE_SETUP(body)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_EQ(0, queue_new("q", .retry_max = 1));
	self->consumer = consume(self->fd, "q", 0);
}

FIXTURE_TEARDOWN(body)
{
}

#define send_body(file, ...) \
	send_fds(self->fd, &(int){ file }, 1, .key = "q", \
		 .flags = BROKER_PUBLISH_F_BODY_FD, ##__VA_ARGS__)

static int large(size_t size)
{
	int fd = memfd_create("large", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (ftruncate(fd, size) || fcntl(fd, F_ADD_SEALS, SEALS))
		abort();
	return fd;
}

/* More than fits inline, counted where it waits. */
TEST_F(body, arrives)
{
	int file = large(3 << 20);

	ASSERT_EQ(0, send_body(file));
	EXPECT_EQ((3 << 20) + 1, queue_get("q", BROKER_A_QUEUE_BYTES));
	ASSERT_EQ(0, take_fds(self->fd, self->consumer, &self->got, self->fds));
	EXPECT_EQ(BROKER_DELIVERY_F_BODY_FD, self->got.d.flags);
	EXPECT_EQ(0, self->got.d.body_len);
	ASSERT_EQ(1, self->got.d.nr_fds);
	EXPECT_TRUE(same_file(file, self->fds[0]));
	EXPECT_EQ(SEALS, fcntl(self->fds[0], F_GET_SEALS) & SEALS);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, 1));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_BYTES));
}

TEST_F(body, counts_against_the_limits)
{
	ASSERT_EQ(0, queue_set("q", .max_bytes = 4 << 20));
	EXPECT_EQ(-EMSGSIZE, send_body(large(4 << 20)));
	EXPECT_EQ(0, send_body(large(3 << 20)));
	EXPECT_EQ(-EAGAIN, send_body(large(2 << 20)));
	EXPECT_EQ(0, send_body(large(1000000)));
	ASSERT_EQ(0, queue_set("q", .max_bytes = 1ULL << 40));
	EXPECT_EQ(-EMSGSIZE, send_body(large(BROKER_MAX_BODY_FD + 1UL)));
	EXPECT_EQ(0, send_body(large(BROKER_MAX_BODY_FD)));
	EXPECT_EQ(3, ready("q"));
}

/* Nobody may change it any more, else it is not taken. */
TEST_F(body, must_be_sealed)
{
	char path[32];
	int file;

	EXPECT_EQ(-EINVAL, send_body(memfd("x", 0)));
	EXPECT_EQ(-EINVAL, send_body(memfd("x", SEALS & ~F_SEAL_WRITE)));
	EXPECT_EQ(-EINVAL, send_body(memfd("x", SEALS & ~F_SEAL_SHRINK)));
	EXPECT_EQ(-EINVAL, send_body(memfd("x", SEALS & ~F_SEAL_GROW)));
	EXPECT_EQ(-EINVAL, send_body(open("/bin/sh", O_RDONLY)));
	EXPECT_EQ(-EINVAL, send_body(open("/", O_RDONLY | O_DIRECTORY)));
	EXPECT_EQ(-EINVAL, send_fds(self->fd, NULL, 0, .key = "q",
				    .flags = BROKER_PUBLISH_F_BODY_FD));
	EXPECT_EQ(-EINVAL, send_body(memfd("x", SEALS), .body = "and inline"));
	/* One that the reader could not read. */
	file = memfd("x", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	EXPECT_EQ(-EINVAL, send_body(open(path, O_WRONLY)));
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(0, send_body(memfd("", SEALS)));
	EXPECT_EQ(0, send_body(memfd("x", SEALS | F_SEAL_SEAL)));
	EXPECT_EQ(2, ready("q"));
}

/* Holders that are killed at any moment leave the message and its files whole. */
TEST_F(fd, holders_killed_at_random)
{
	int p[2], i;

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, send_fd(self->fd, p[1]));
	close(p[1]);
	/* Killing is failing, and is not to be the end of them. */
	ASSERT_EQ(0, queue_set("q", .max_delivery = 1000));
	for (i = 0; i < 60; i++) {
		pid_t pid = fork_tied();

		if (!pid) {
			int fd = session_open(), consumer = consume(fd, "q", 8), n;

			for (n = 1; ; n++) {
				if (take_fds(fd, consumer, &self->got, self->fds))
					_exit(1);
				close(self->fds[0]);
				settle(fd, BROKER_OP_RELEASE, consumer, n);
			}
		}
		usleep(rand() % 20000);
		kill(pid, SIGKILL);
		EXPECT_EQ(SIGKILL, WTERMSIG(reap(pid)));
		ASSERT_EQ(8, ready("q"));
		EXPECT_TRUE(still_open(p[0]));
	}
	EXPECT_EQ(0, queue_del("q"));
	EXPECT_TRUE(wait_hangup(p[0]));
}

TEST_HARNESS_MAIN
