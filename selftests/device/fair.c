// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages are on the memory account of who published them: overload hurts nobody else. */
#include "helper.h"
#include "kselftest_harness.h"

#define ROOT		"/sys/fs/cgroup/"
#define OFFENDER	ROOT "broker-offender"
#define NEIGHBOUR	ROOT "broker-neighbour"
#define BODY		(64 << 10)
#define ROUNDS		300

static char body[BODY], buffer[BODY + 4096] __attribute__((aligned(8)));

/* In a child, whose exit status tells. */
#define CHECK(condition)							\
	do {									\
		if (!(condition)) {						\
			printf("# line %d: %s\n", __LINE__, #condition);	\
			fflush(stdout);						\
			_exit(1);						\
		}								\
	} while (0)

static int make_cgroup(const char *path, const char *memory)
{
	char file[128];

	write_file(ROOT "cgroup.subtree_control", "+memory");
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	snprintf(file, sizeof(file), "%s/memory.max", path);
	return write_file(file, memory);
}

/* All of the process is in memory first: what fails later is the broker's. */
static int enter(const char *path)
{
	char file[128];

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		return -errno;
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	return write_file(file, "0");
}

/* The number behind @name in a file, or of a file that has but one. */
static long long read_number(const char *path, const char *file, const char *name)
{
	char text[1024], *at;
	int fd;
	ssize_t len;

	snprintf(text, sizeof(text), "%s/%s", path, file);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len < 0)
		return -1;
	text[len] = '\0';
	at = *name ? strstr(text, name) : text;
	return at ? atoll(at + strlen(name)) : -1;
}

static int send_body(int fd, const char *queue)
{
	return publish(fd, .key = queue, .body = body, .body_len = BODY);
}

static int receive_body(int fd, int consumer, struct got *got)
{
	struct broker_receive r = receive_of(consumer, buffer, sizeof(buffer), 1);
	int ret = call(fd, BROKER_IOC_RECEIVE, &r);

	if (!ret)
		got_from(got, buffer);
	return ret;
}

FIXTURE(fair) { int fd; };

FIXTURE_SETUP(fair)
{
	if (make_cgroup(OFFENDER, "24M") || make_cgroup(NEIGHBOUR, "24M"))
		SKIP(return, "no cgroup v2 with a memory controller at /sys/fs/cgroup");
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("offender") ?: queue_new("neighbour"));
}

FIXTURE_TEARDOWN(fair)
{
	queue_del("offender");
	queue_del("neighbour");
	rmdir(OFFENDER);
	rmdir(NEIGHBOUR);
}

/* Publishes until there is no memory, and then goes on trying until it is told to stop. */
static void offend(struct baton *b)
{
	int fd, consumer, ret = 0, n = 0, failures = 0, stop = 0;
	static struct got got;
	int flags;

	CHECK(!enter(OFFENDER));
	fd = session_open();
	CHECK(fd >= 0);
	consumer = consume(fd, "neighbour", 0);
	CHECK(consumer > 0);
	for (; !ret && n < 1000; n++)
		ret = send_body(fd, "offender");
	CHECK(ret == -ENOMEM && n > 50);
	/* At its limit it can still take another's message, and settle it. */
	CHECK(!receive_body(fd, consumer, &got));
	CHECK(!settle(fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	CHECK(!cancel(fd, consumer));
	baton_send(b->to_parent[1], n);
	flags = fcntl(b->to_child[0], F_GETFL);
	fcntl(b->to_child[0], F_SETFL, flags | O_NONBLOCK);
	while (!stop) {
		uint64_t value;

		failures += send_body(fd, "offender") == -ENOMEM;
		stop = read(b->to_child[0], &value, sizeof(value)) == sizeof(value);
	}
	CHECK(failures > 0);
	_exit(0);
}

/* Publishes, receives and settles; not once may that fail. */
static void live(void)
{
	static struct got got;
	int fd, consumer, i, failures = 0;

	CHECK(!enter(NEIGHBOUR));
	fd = session_open();
	CHECK(fd >= 0);
	consumer = consume(fd, "neighbour", 0);
	CHECK(consumer > 0);
	for (i = 0; i < ROUNDS; i++) {
		failures += !!send_body(fd, "neighbour");
		failures += !!receive_body(fd, consumer, &got);
		failures += !!settle(fd, BROKER_OP_ACCEPT, consumer, got.d.tag);
	}
	CHECK(!failures);
	_exit(0);
}

TEST_F(fair, only_the_offender_suffers)
{
	struct baton b;
	pid_t offender, neighbour;

	ASSERT_EQ(0, send_body(self->fd, "neighbour"));
	baton_init(&b);
	offender = fork_tied();
	if (!offender)
		offend(&b);
	close(b.to_parent[1]);
	ASSERT_NE(~0ULL, baton_wait(b.to_parent[0]));
	/* The offender is at its limit now, and stays there. */
	neighbour = fork_tied();
	if (!neighbour)
		live();
	EXPECT_EQ(0, reap(neighbour));
	EXPECT_EQ(ROUNDS + 1, queue_get("neighbour", BROKER_A_QUEUE_ACCEPTED));
	baton_send(b.to_child[1], 1);
	EXPECT_EQ(0, reap(offender));
	EXPECT_EQ(0, read_number(OFFENDER, "memory.events", "oom_kill "));
	EXPECT_EQ(0, read_number(NEIGHBOUR, "memory.events", "oom_kill "));
	EXPECT_EQ(0, read_number(NEIGHBOUR, "memory.events", "\nmax "));
}

/* The backlog is the publisher's, also while a consumer holds it: that pays nothing. */
TEST_F(fair, consumers_are_not_charged)
{
	static struct got got;
	pid_t pid;
	int i;

	for (i = 0; i < ROUNDS; i++)
		ASSERT_EQ(0, send_body(self->fd, "neighbour"));
	pid = fork_tied();
	if (!pid) {
		long long before, after;
		int fd, consumer;

		CHECK(!enter(NEIGHBOUR));
		fd = session_open();
		consumer = consume(fd, "neighbour", 0);
		CHECK(consumer > 0);
		before = read_number(NEIGHBOUR, "memory.current", "");
		for (i = 0; i < ROUNDS; i++)
			CHECK(!receive_body(fd, consumer, &got));
		after = read_number(NEIGHBOUR, "memory.current", "");
		/* It holds eighteen megabytes. */
		CHECK(before >= 0 && after - before < 4 << 20);
		_exit(0);
	}
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, read_number(NEIGHBOUR, "memory.events", "oom_kill "));
}

TEST_HARNESS_MAIN
