// SPDX-License-Identifier: GPL-2.0-or-later
/* Who published a message, as the kernel attests it to each reader. */
#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(origin) { int fd, consumer; struct got got; };

FIXTURE_SETUP(origin)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	/* Open to all. */
	ASSERT_EQ(0, queue_new("q", .owned = 1, .mode = 0666));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
}

FIXTURE_TEARDOWN(origin)
{
}

/* A child that publishes as somebody else; returns its pid. */
static pid_t publish_as(uid_t uid, gid_t gid)
{
	pid_t pid = fork_tied();
	int fd;

	if (pid)
		return reap(pid) ? -1 : pid;
	if (setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		_exit(1);
	fd = session_open();
	_exit(put(fd, "q", "m") != 0);
}

TEST_F(origin, own_process)
{
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(getuid(), self->got.d.origin.uid);
	EXPECT_EQ(getgid(), self->got.d.origin.gid);
	EXPECT_EQ(getpid(), self->got.d.origin.pid);
}

TEST_F(origin, another_user)
{
	pid_t pid = publish_as(1234, 4321);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(1234, self->got.d.origin.uid);
	EXPECT_EQ(4321, self->got.d.origin.gid);
	EXPECT_EQ(pid, self->got.d.origin.pid);
}

/* The effective user counts, at the time of each publish. */
TEST_F(origin, effective_user)
{
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, setegid(77));
	ASSERT_EQ(0, seteuid(88));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(0, self->got.d.origin.uid);
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(88, self->got.d.origin.uid);
	EXPECT_EQ(77, self->got.d.origin.gid);
}

/* A thread that is not the first: its process is named. */
TEST_F(origin, forked_child_names_itself)
{
	pid_t pid = fork_tied();

	if (!pid)
		_exit(-put(self->fd, "q", "m"));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(pid, self->got.d.origin.pid);
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(getpid(), self->got.d.origin.pid);
}

TEST_F(origin, start_time)
{
	unsigned long long ticks = 0;
	char line[1024] = {};
	FILE *f = fopen("/proc/self/stat", "r");

	ASSERT_NE(NULL, fgets(line, sizeof(line), f));
	fclose(f);
	/* Field 22; the second may contain blanks. */
	ASSERT_EQ(1, sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			    "%*u %*u %*d %*d %*d %*d %*d %*d %llu", &ticks));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(ticks, self->got.d.origin.start_time * sysconf(_SC_CLK_TCK) / 1000000000);
}

TEST_F(origin, cgroup)
{
	const char *root = "/sys/fs/cgroup", *dir = "/sys/fs/cgroup/broker-origin";
	struct stat st, root_st;
	pid_t pid;
	int fd;

	if (stat("/sys/fs/cgroup/cgroup.procs", &st))
		SKIP(return, "no cgroup v2 at /sys/fs/cgroup");
	ASSERT_TRUE(!mkdir(dir, 0755) || errno == EEXIST);
	ASSERT_EQ(0, stat(dir, &st));
	ASSERT_EQ(0, stat(root, &root_st));
	pid = fork_tied();
	if (!pid) {
		fd = open("/sys/fs/cgroup/broker-origin/cgroup.procs", O_WRONLY);
		if (write(fd, "0", 1) != 1)
			_exit(1);
		_exit(-put(session_open(), "q", "m"));
	}
	EXPECT_EQ(0, reap(pid));
	rmdir(dir);
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_EQ(st.st_ino, self->got.d.origin.cgroup);
	EXPECT_NE(root_st.st_ino, self->got.d.origin.cgroup);
}

TEST_F(origin, time_of_publishing)
{
	struct timespec before, after;

	clock_gettime(CLOCK_REALTIME_COARSE, &before);
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	clock_gettime(CLOCK_REALTIME, &after);
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_LE(before.tv_sec * 1000000000ULL + before.tv_nsec, self->got.d.time_ns);
	EXPECT_GE(after.tv_sec * 1000000000ULL + after.tv_nsec, self->got.d.time_ns);
}

/* A reader in another user namespace knows only those mapped into it. */
TEST_F(origin, user_unknown_to_the_reader)
{
	struct baton b;
	pid_t pid;

	ASSERT_LT(0, publish_as(1234, 4321));
	ASSERT_LT(0, publish_as(1000, 1000));
	baton_init(&b);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "q", 0);

		if (unshare(CLONE_NEWUSER))
			_exit(100);
		baton_send(b.to_parent[1], 1);
		baton_wait(b.to_child[0]);
		if (take(fd, consumer, &self->got) || self->got.d.origin.uid != 65534 ||
		    self->got.d.origin.gid != 65534)
			_exit(1);
		/* User 1000 is user 5 there. */
		if (take(fd, consumer, &self->got) || self->got.d.origin.uid != 5)
			_exit(2);
		_exit(0);
	}
	if (baton_wait(b.to_parent[0]) == 1) {
		char path[64];
		int map;

		snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
		map = open(path, O_WRONLY);
		EXPECT_EQ(9, write(map, "5 1000 1\n", 9));
		close(map);
		baton_send(b.to_child[1], 1);
	}
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
}

/* A reader in another pid namespace sees its own numbers, and 0 for strangers. */
TEST_F(origin, process_unknown_to_the_reader)
{
	pid_t pid, middle = fork_tied();

	if (!middle) {
		if (put(self->fd, "q", "from outside") || unshare(CLONE_NEWPID))
			_exit(1);
		pid = fork();
		if (!pid) {
			int fd = session_open(), consumer = consume(fd, "q", 0);

			if (getpid() != 1 || put(fd, "q", "from inside"))
				_exit(2);
			if (take(fd, consumer, &self->got) || self->got.d.origin.pid != 0)
				_exit(3);
			settle(fd, BROKER_OP_ACCEPT, consumer, self->got.d.tag);
			if (take(fd, consumer, &self->got) || self->got.d.origin.pid != 1)
				_exit(4);
			_exit(settle(fd, BROKER_OP_RELEASE, consumer, self->got.d.tag) ? 5 : 0);
		}
		_exit(WEXITSTATUS(reap(pid)));
	}
	ASSERT_EQ(0, WEXITSTATUS(reap(middle)));
	/* Out here the same process has another number. */
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));
	EXPECT_STREQ("from inside", self->got.body);
	EXPECT_LT(1, self->got.d.origin.pid);
	EXPECT_EQ(self->got.d.origin.pid, self->got.d.cause_pid);
}

/* Browsing attests as receiving does. */
TEST_F(origin, of_a_browsed_message)
{
	char buffer[512] __attribute__((aligned(8)));
	struct broker_browse browse = {
		.size = sizeof(browse), .queue = (uintptr_t)"q", .queue_len = 1,
		.max_messages = 1, .buffer = (uintptr_t)buffer, .buffer_len = sizeof(buffer),
	};
	pid_t pid = publish_as(1234, 4321);

	ASSERT_EQ(0, call(self->fd, BROKER_IOC_BROWSE, &browse));
	ASSERT_EQ(1, browse.count);
	got_from(&self->got, buffer);
	EXPECT_EQ(1234, self->got.d.origin.uid);
	EXPECT_EQ(4321, self->got.d.origin.gid);
	EXPECT_EQ(pid, self->got.d.origin.pid);
}

TEST_HARNESS_MAIN
