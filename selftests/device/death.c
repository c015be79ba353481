// SPDX-License-Identifier: GPL-2.0-or-later
/* How a session ends, and what the next receiver learns of it. */
#include <pthread.h>
#include <sys/socket.h>
#include "helper.h"
#include "kselftest_harness.h"

/* Queue "q" holds "0" to "2". */
FIXTURE(death) { int fd, consumer; struct baton b; };

FIXTURE_SETUP(death)
{
	char body[2] = "0";

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
	for (; *body < '3'; ++*body)
		ASSERT_EQ(0, put(self->fd, "q", body));
	baton_init(&self->b);
}

FIXTURE_TEARDOWN(death)
{
}

/* A process that holds "0" and "1", says so, and waits to be told to go on. */
static pid_t holder(struct baton *b, uint32_t credit)
{
	struct got got;
	int fd, consumer;
	pid_t pid = fork_tied();

	if (pid)
		return baton_wait(b->to_parent[0]) == 2 ? pid : -1;
	fd = session_open();
	consumer = consume(fd, "q", credit);
	if (!take(fd, consumer, &got) && !take(fd, consumer, &got))
		baton_send(b->to_parent[1], 2);
	baton_wait(b->to_child[0]);
	return 0;
}

/* What the next receiver sees; everything is back in its place. */
static void seen(struct __test_metadata *_metadata, int fd, int consumer, pid_t pid,
		 int cause, int code, int failed)
{
	const char *bodies[] = { "0", "1", "2" };
	struct got got;
	int i;

	EXPECT_EQ(0, unacked("q"));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, take(fd, consumer, &got));
		EXPECT_STREQ(bodies[i], got.body);
		if (i == 2)
			break;
		EXPECT_EQ(2, got.d.acquired);
		EXPECT_EQ(failed, got.d.failed);
		EXPECT_EQ(BROKER_DELIVERY_F_REDELIVERED, got.d.flags);
		EXPECT_EQ(cause, got.d.cause);
		EXPECT_EQ(code, got.d.cause_code);
		EXPECT_EQ(pid, got.d.cause_pid);
	}
	EXPECT_EQ(1, got.d.acquired);
	EXPECT_EQ(0, got.d.flags);
	EXPECT_EQ(BROKER_CAUSE_NONE, got.d.cause);
	EXPECT_EQ(failed * 2, queue_get("q", BROKER_A_QUEUE_FAILED));
	EXPECT_EQ(2 - failed * 2, queue_get("q", BROKER_A_QUEUE_RELEASED));
}

#define SEEN(cause, code, failed) \
	seen(_metadata, self->fd, self->consumer, pid, BROKER_CAUSE_##cause, code, failed)

TEST_F(death, closed)
{
	int fd = session_open(), consumer = consume(fd, "q", 0);
	pid_t pid = getpid();
	struct got got;

	ASSERT_EQ(0, take(fd, consumer, &got));
	ASSERT_EQ(0, take(fd, consumer, &got));
	EXPECT_EQ(2, unacked("q"));
	close(fd);
	SEEN(CLOSED, 0, 0);
}

/* One of two descriptors of a file is not the file. */
TEST_F(death, closed_but_duplicated)
{
	int fd = session_open(), consumer = consume(fd, "q", 0), copy = dup(fd);
	struct got got;

	ASSERT_EQ(0, take(fd, consumer, &got));
	close(fd);
	EXPECT_EQ(1, unacked("q"));
	EXPECT_EQ(0, settle(copy, BROKER_OP_ACCEPT, consumer, got.d.tag));
}

TEST_F(death, exit_0)
{
	pid_t pid = holder(&self->b, 0);

	if (!pid)
		_exit(0);
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	EXPECT_EQ(0, reap(pid));
	SEEN(EXITED, 0, 0);
}

TEST_F(death, exit_3)
{
	pid_t pid = holder(&self->b, 0);

	if (!pid)
		_exit(3);
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	EXPECT_EQ(3, WEXITSTATUS(reap(pid)));
	SEEN(EXITED, 3, 1);
}

/* exit() closes no descriptor of its own: it is an exit, not a close. */
TEST_F(death, exit_255)
{
	pid_t pid = holder(&self->b, 0);

	if (!pid)
		_exit(255);
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	reap(pid);
	SEEN(EXITED, 255, 1);
}

TEST_F(death, sigkill)
{
	pid_t pid = holder(&self->b, 0);

	if (!pid)
		_exit(0);
	ASSERT_LT(0, pid);
	kill(pid, SIGKILL);
	EXPECT_EQ(SIGKILL, WTERMSIG(reap(pid)));
	SEEN(KILLED, SIGKILL, 1);
}

TEST_F(death, sigterm)
{
	pid_t pid = holder(&self->b, 0);

	if (!pid)
		_exit(0);
	ASSERT_LT(0, pid);
	kill(pid, SIGTERM);
	EXPECT_EQ(SIGTERM, WTERMSIG(reap(pid)));
	SEEN(KILLED, SIGTERM, 1);
}

TEST_F(death, sigsegv)
{
	pid_t pid = holder(&self->b, 0);

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)page_edge() = 0;
		_exit(0);
	}
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	EXPECT_EQ(SIGSEGV, WTERMSIG(reap(pid)));
	SEEN(KILLED, SIGSEGV, 1);
}

/* Nobody has to reap the dead. */
TEST_F(death, unreaped)
{
	pid_t pid = holder(&self->b, 0);
	siginfo_t info;

	if (!pid)
		_exit(0);
	ASSERT_LT(0, pid);
	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	SEEN(KILLED, SIGKILL, 1);
	reap(pid);
}

/* The message comes to one who waits for it, at once. */
TEST_F(death, wakes_a_receiver)
{
	pid_t pid = holder(&self->b, 0);
	struct got got;

	if (!pid)
		_exit(0);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	EXPECT_STREQ("2", got.body);
	kill(pid, SIGKILL);
	ASSERT_EQ(0, take_wait(self->fd, self->consumer, &got));
	EXPECT_STREQ("0", got.body);
	EXPECT_EQ(BROKER_CAUSE_KILLED, got.d.cause);
	EXPECT_EQ(pid, got.d.cause_pid);
}

/* What was on its way to the dead was never tried. */
TEST_F(death, sigkill_with_pending)
{
	pid_t pid = holder(&self->b, 10);

	if (!pid)
		_exit(0);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(3, unacked("q"));
	kill(pid, SIGKILL);
	reap(pid);
	SEEN(KILLED, SIGKILL, 1);
}

TEST_F(death, sigkill_while_receiving)
{
	pid_t pid;
	struct got got;

	/* Held here, so that the other has nothing to receive. */
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		take_timeout(fd, consume(fd, "q", 1), &got, BROKER_TIMEOUT_FOREVER);
		_exit(0);
	}
	ASSERT_TRUE(wait_asleep(pid));
	kill(pid, SIGKILL);
	EXPECT_EQ(SIGKILL, WTERMSIG(reap(pid)));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
}

/* Another process still has the file, but the session was the opener's. */
TEST_F(death, child_still_holds_the_file)
{
	pid_t pid = holder(&self->b, 0), child;

	if (!pid) {
		child = fork();
		if (!child) {
			/* Lives until the test is over. */
			prctl(PR_SET_PDEATHSIG, 0);
			baton_send(self->b.to_parent[1], getpid());
			baton_wait(self->b.to_child[0]);
			_exit(0);
		}
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	child = baton_wait(self->b.to_parent[0]);
	ASSERT_LT(0, child);
	kill(pid, SIGKILL);
	reap(pid);
	EXPECT_EQ(0, kill(child, 0));
	SEEN(KILLED, SIGKILL, 1);
	kill(child, SIGKILL);
}

/* All that the child can do with a session whose opener is gone. */
static int all_owner_dead(int fd, int consumer)
{
	static char buffer[256] __attribute__((aligned(8)));
	struct broker_info info = { .size = sizeof(info) };
	struct broker_browse browse = {
		.size = sizeof(browse), .queue = (uintptr_t)"q", .queue_len = 1,
		.max_messages = 1, .buffer = (uintptr_t)buffer, .buffer_len = sizeof(buffer),
	};
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	struct got got;

	return call(fd, BROKER_IOC_INFO, &info) == -EOWNERDEAD &&
	       put(fd, "q", "m") == -EOWNERDEAD &&
	       take(fd, consumer, &got) == -EOWNERDEAD &&
	       consume(fd, "q", 1) == -EOWNERDEAD &&
	       cancel(fd, consumer) == -EOWNERDEAD &&
	       call(fd, BROKER_IOC_BROWSE, &browse) == -EOWNERDEAD &&
	       poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) && (p.revents & POLLERR);
}

TEST_F(death, child_gets_eownerdead)
{
	struct baton to_child;
	pid_t pid, child;

	baton_init(&to_child);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "q", 0);
		struct got got;

		take(fd, consumer, &got);
		if (fork())
			_exit(0);
		/* Before and after the death of the opener. */
		while (call(fd, BROKER_IOC_INFO, &(struct broker_info) {
				.size = sizeof(struct broker_info) }) == 0)
			usleep(1000);
		baton_send(self->b.to_parent[1], all_owner_dead(fd, consumer));
		baton_wait(to_child.to_child[0]);
		_exit(0);
	}
	reap(pid);
	child = baton_wait(self->b.to_parent[0]);
	EXPECT_EQ(1, child);
	EXPECT_EQ(3, ready("q"));
	baton_send(to_child.to_child[1], 1);
}

/* A child that waits in a call when the opener dies is woken. */
TEST_F(death, waiting_child_is_woken)
{
	pid_t pid;

	ASSERT_EQ(3, drain("q"));
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "q", 1), child;
		struct got got;

		child = fork();
		if (child) {
			wait_asleep(child);
			_exit(0);
		}
		baton_send(self->b.to_parent[1],
			   take_timeout(fd, consumer, &got, BROKER_TIMEOUT_FOREVER));
		_exit(0);
	}
	reap(pid);
	EXPECT_EQ(-EOWNERDEAD, (int)baton_wait(self->b.to_parent[0]));
}

/* The thread that opened the session ends, the process does not. */
static void *open_in_thread(void *arg)
{
	*(int *)arg = session_open();
	return NULL;
}

TEST_F(death, thread_that_opened_ends)
{
	pthread_t thread;
	struct got got;
	int fd, consumer;

	pthread_create(&thread, NULL, open_in_thread, &fd);
	pthread_join(thread, NULL);
	consume(fd, "q", 0);
	consumer = consume(fd, "q", 0);
	ASSERT_LT(0, consumer);
	EXPECT_EQ(0, take(fd, consumer, &got));
	EXPECT_EQ(0, settle(fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
}

/* The first thread ends, another goes on: the process is alive. */
static void *go_on(void *arg)
{
	int *fds = arg;
	struct got got;

	usleep(50000);
	baton_send(fds[1], take(fds[0], fds[2], &got));
	_exit(7);
}

TEST_F(death, first_thread_ends)
{
	pid_t pid = fork_tied();
	pthread_t thread;

	if (!pid) {
		int fd = session_open();
		static int fds[3];

		fds[0] = fd;
		fds[1] = self->b.to_parent[1];
		fds[2] = consume(fd, "q", 0);
		pthread_create(&thread, NULL, go_on, fds);
		pthread_exit(NULL);
	}
	EXPECT_EQ(0, baton_wait(self->b.to_parent[0]));
	EXPECT_EQ(7, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(3, ready("q"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &(struct got) {}));
}

static void send_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		abort();
}

static int recv_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1)
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* A file passed on works there; the message names its true sender. */
TEST_F(death, passed_file)
{
	int pair[2], consumer;
	struct got got;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(3, drain("q"));
	pid = fork_tied();
	if (!pid) {
		/* The end of the borrower is not the end of the session. */
		close(self->fd);
		_exit(-put(recv_fd(pair[1]), "q", "from afar"));
	}
	consumer = consume(self->fd, "q", 0);
	send_fd(pair[0], self->fd);
	EXPECT_EQ(0, reap(pid));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("from afar", got.body);
	EXPECT_EQ(getuid(), got.d.origin.uid);
	EXPECT_NE(getpid(), got.d.origin.pid);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, consumer, got.d.tag));
}

/* The owner closes its descriptor while another process has one: no end yet. */
TEST_F(death, closed_but_passed)
{
	int fd = session_open(), consumer = consume(fd, "q", 0);
	struct got got;
	pid_t pid;

	ASSERT_EQ(0, take(fd, consumer, &got));
	pid = fork_tied();
	if (!pid) {
		baton_wait(self->b.to_child[0]);
		_exit(-settle(fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	}
	close(fd);
	EXPECT_EQ(1, unacked("q"));
	baton_send(self->b.to_child[1], 1);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(2, ready("q"));
}

/* Whoever closes the file and passes it on before gives the session away. */
TEST_F(death, given_away)
{
	struct baton b;
	pid_t pid;

	baton_init(&b);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "q", 0), ret;
		struct got got[2];

		take(fd, consumer, &got[0]);
		take(fd, consumer, &got[1]);
		if (fork()) {
			close(fd);
			_exit(3);
		}
		baton_wait(b.to_child[0]);
		ret = settle(fd, BROKER_OP_ACCEPT, consumer, got[0].d.tag);
		baton_send(b.to_parent[1], ret);
		baton_wait(b.to_child[0]);
		close(fd);
		baton_send(b.to_parent[1], 0);
		baton_wait(b.to_child[0]);
		_exit(0);
	}
	EXPECT_EQ(3, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(2, unacked("q"));
	baton_send(b.to_child[1], 1);
	EXPECT_EQ(0, baton_wait(b.to_parent[0]));
	EXPECT_EQ(1, unacked("q"));
	/* It ends at the last close. */
	baton_send(b.to_child[1], 1);
	EXPECT_EQ(0, baton_wait(b.to_parent[0]));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_FAILED));
	baton_send(b.to_child[1], 1);
}

/* Of three processes that share a file, the one that opened it decides. */
TEST_F(death, borrower_dies)
{
	pid_t pid = fork_tied();
	struct got got;

	if (!pid) {
		take(self->fd, self->consumer, &got);
		raise(SIGKILL);
	}
	reap(pid);
	EXPECT_EQ(1, unacked("q"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	EXPECT_STREQ("1", got.body);
}

/* A new program in the same process keeps a session that it inherits. */
TEST_F(death, exec)
{
	pid_t pid;
	int status;

	pid = fork_tied();
	if (!pid) {
		int fd = session_open();
		struct got got;
		char cmd[128];

		take(fd, consume(fd, "q", 0), &got);
		fcntl(fd, F_SETFD, 0);
		snprintf(cmd, sizeof(cmd), "printf 12345678 >&%d; read -r x <&%d; exit 5",
			 self->b.to_parent[1], self->b.to_child[0]);
		fcntl(self->b.to_parent[1], F_SETFD, 0);
		fcntl(self->b.to_child[0], F_SETFD, 0);
		execl("/bin/sh", "sh", "-c", cmd, NULL);
		_exit(1);
	}
	ASSERT_NE(~0ULL, baton_wait(self->b.to_parent[0]));
	EXPECT_EQ(1, unacked("q"));
	ASSERT_EQ(1, write(self->b.to_child[1], "\n", 1));
	status = reap(pid);
	EXPECT_EQ(5, WEXITSTATUS(status));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_FAILED));
}

/* A file that is closed by exec is closed, not crashed. */
TEST_F(death, close_on_exec)
{
	pid_t pid = fork_tied();
	struct got got;

	if (!pid) {
		int fd = session_open();

		take(fd, consume(fd, "q", 0), &got);
		execl("/bin/sh", "sh", "-c", "exit 5", NULL);
		_exit(1);
	}
	EXPECT_EQ(5, WEXITSTATUS(reap(pid)));
	ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	EXPECT_EQ(BROKER_CAUSE_CLOSED, got.d.cause);
	EXPECT_EQ(0, got.d.failed);
	EXPECT_EQ(pid, got.d.cause_pid);
}

/* Killed by the kernel for memory: that is told apart from a plain SIGKILL. */
TEST_F(death, oom)
{
	struct got got;
	pid_t pid;

	if (limited_cgroup("16M"))
		SKIP(return, "no cgroup v2 with a memory controller at /sys/fs/cgroup");
	pid = holder(&self->b, 0);
	if (!pid) {
		size_t len = 64 << 20;
		char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (enter_limited_cgroup())
			_exit(1);
		for (size_t i = 0; i < len; i += 4096)
			((volatile char *)p)[i] = 1;
		_exit(0);
	}
	ASSERT_LT(0, pid);
	baton_send(self->b.to_child[1], 1);
	EXPECT_EQ(SIGKILL, WTERMSIG(reap(pid)));
	remove_limited_cgroup();
	ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	EXPECT_EQ(BROKER_CAUSE_OOM, got.d.cause);
	EXPECT_EQ(SIGKILL, got.d.cause_code);
	EXPECT_EQ(pid, got.d.cause_pid);
	EXPECT_EQ(1, got.d.failed);
}

TEST_HARNESS_MAIN
