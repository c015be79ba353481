/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device as it is: thin wrappers around its ioctls, without the library.
 * Unless said otherwise they return 0 or a negative errno.
 */
#ifndef SELFTESTS_HELPER_H
#define SELFTESTS_HELPER_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/broker.h>

#include "netlink.h"

/* Long enough for any machine: only a hang reaches it. */
#define GUARD_NS	(20ULL * 1000000000)

/* The same for a whole test, in seconds; the harness would give it 30. */
#if __has_include("kselftest_harness.h")
#include "kselftest_harness.h"
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	240
#endif
#define MS_NS		1000000ULL

/* A new network namespace has a broker of its own, and an empty one. */
static inline int new_broker(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

static inline int session_open(void)
{
	int fd = open("/dev/broker", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

static inline uint64_t session_number(int fd)
{
	struct broker_info info = { .size = sizeof(info) };

	return call(fd, BROKER_IOC_INFO, &info) ? 0 : info.session;
}

/* One message to publish; lengths follow from the strings where they are 0. */
struct pub {
	const char *exchange, *key;
	const void *body;
	uint32_t body_len;
	const void *props;
	uint32_t props_len;
	uint16_t flags;
	uint8_t confirm;
	uint32_t min_routes;
	uint64_t expected;
	uint64_t timeout_ns;
};

/* Fills @op; its head is allocated and belongs to the caller. */
static inline void op_publish(struct broker_op *op, const struct pub *p)
{
	size_t exchange_len = p->exchange ? strlen(p->exchange) : 0;
	size_t key_len = p->key ? strlen(p->key) : 0;
	char *head = malloc(exchange_len + key_len + p->props_len + 1);

	memcpy(head, p->exchange ?: "", exchange_len);
	memcpy(head + exchange_len, p->key ?: "", key_len);
	memcpy(head + exchange_len + key_len, p->props ?: "", p->props_len);
	*op = (struct broker_op) {
		.opcode = BROKER_OP_PUBLISH,
		.flags = p->flags,
		.publish = {
			.head = (uintptr_t)head,
			.body = (uintptr_t)p->body,
			.body_len = p->body_len ?: p->body ? strlen(p->body) : 0,
			.props_len = p->props_len,
			.exchange_len = exchange_len,
			.key_len = key_len,
			.confirm = p->confirm,
			.min_routes = p->min_routes,
			.expected_sequence = p->expected,
		},
	};
}

static inline void op_free(struct broker_op *op)
{
	free((void *)(uintptr_t)op->publish.head);
}

static inline struct broker_op op_reply(uint32_t consumer, uint64_t tag, const char *body)
{
	return (struct broker_op) {
		.opcode = BROKER_OP_REPLY,
		.reply = {
			.body = (uintptr_t)body, .body_len = strlen(body),
			.consumer = consumer, .tag = tag,
		},
	};
}

static inline struct broker_op op_settle(int opcode, uint32_t consumer, uint64_t tag)
{
	return (struct broker_op) {
		.opcode = opcode, .settle = { .tag = tag, .consumer = consumer },
	};
}

static inline struct broker_submit submit_of(struct broker_op *ops, uint32_t nr,
					     struct broker_result *results)
{
	return (struct broker_submit) {
		.size = sizeof(struct broker_submit),
		.ops = (uintptr_t)ops,
		.results = (uintptr_t)results,
		.nr_ops = nr,
		.op_size = sizeof(struct broker_op),
	};
}

static inline int submit(int fd, struct broker_op *ops, uint32_t nr, struct broker_result *results)
{
	struct broker_submit s = submit_of(ops, nr, results);

	return call(fd, BROKER_IOC_SUBMIT, &s);
}

/* Performs one operation: the error of its result, or of the call. */
static inline int submit_one(int fd, struct broker_op *op)
{
	struct broker_result result = { .error = 1 };

	return submit(fd, op, 1, &result) ?: result.error;
}

static inline int publish_result(int fd, const struct pub *p, struct broker_result *result)
{
	struct broker_submit s;
	struct broker_op op;
	int ret;

	op_publish(&op, p);
	s = submit_of(&op, 1, result);
	s.timeout_ns = p->timeout_ns;
	result->error = 1;
	ret = call(fd, BROKER_IOC_SUBMIT, &s);
	op_free(&op);
	return ret ?: result->error;
}

static inline int publish_pub(int fd, const struct pub *p)
{
	struct broker_result result;

	return publish_result(fd, p, &result);
}

#define publish(fd, ...) publish_pub(fd, &(struct pub){ __VA_ARGS__ })

static inline int send_to(int fd, const char *exchange, const char *key, const char *body)
{
	return publish(fd, .exchange = exchange, .key = key, .body = body);
}

/* To a queue, through the default exchange. */
static inline int put(int fd, const char *queue, const char *body)
{
	return publish(fd, .key = queue, .body = body);
}

static inline int settle_flags(int fd, int opcode, uint32_t consumer, uint64_t tag, int flags)
{
	struct broker_op op = op_settle(opcode, consumer, tag);

	op.flags = flags;
	return submit_one(fd, &op);
}

static inline int settle(int fd, int opcode, uint32_t consumer, uint64_t tag)
{
	return settle_flags(fd, opcode, consumer, tag, 0);
}

static inline int set_credit(int fd, uint32_t consumer, uint32_t messages, uint64_t bytes)
{
	struct broker_op op = {
		.opcode = BROKER_OP_CREDIT,
		.credit = { .consumer = consumer, .messages = messages, .bytes = bytes },
	};

	return submit_one(fd, &op);
}

static inline struct broker_consume consume_of(const char *queue, uint32_t credit)
{
	return (struct broker_consume) {
		.size = sizeof(struct broker_consume),
		.queue = (uintptr_t)queue,
		.queue_len = strlen(queue),
		.credit_messages = credit,
		.credit_bytes = credit ? BROKER_DEFAULT_CREDIT_BYTES : 0,
	};
}

/* Returns the consumer's number (above 0) or a negative errno. */
static inline int consume(int fd, const char *queue, uint32_t credit)
{
	struct broker_consume c = consume_of(queue, credit);

	return call(fd, BROKER_IOC_CONSUME, &c) ?: (int)c.consumer;
}

static inline int consume_auto(int fd, const char *queue, uint32_t credit)
{
	struct broker_consume c = consume_of(queue, credit);

	c.flags = BROKER_CONSUME_F_AUTO_ACCEPT;
	return call(fd, BROKER_IOC_CONSUME, &c) ?: (int)c.consumer;
}

static inline int consume_exclusive(int fd, const char *queue, uint32_t credit)
{
	struct broker_consume c = consume_of(queue, credit);

	c.flags = BROKER_CONSUME_F_EXCLUSIVE;
	return call(fd, BROKER_IOC_CONSUME, &c) ?: (int)c.consumer;
}

static inline int consume_priority(int fd, const char *queue, uint32_t credit, uint32_t priority)
{
	struct broker_consume c = consume_of(queue, credit);

	c.priority = priority;
	return call(fd, BROKER_IOC_CONSUME, &c) ?: (int)c.consumer;
}

static inline int consume_lease(int fd, const char *queue, uint32_t credit, uint64_t ms)
{
	struct broker_consume c = consume_of(queue, credit);

	c.lease_ms = ms;
	return call(fd, BROKER_IOC_CONSUME, &c) ?: (int)c.consumer;
}

static inline int cancel(int fd, uint32_t consumer)
{
	struct broker_cancel c = { .size = sizeof(c), .consumer = consumer };

	return call(fd, BROKER_IOC_CANCEL, &c);
}

/* A message received; text ends with a 0 that is not part of it. */
struct got {
	struct broker_delivery d;
	char exchange[256], key[256], original[256];
	char body[4096];
	uint8_t props[4096];
};

static inline void got_from(struct got *got, const void *record)
{
	const char *p = record;

	memset(got, 0, sizeof(*got));
	memcpy(&got->d, p, sizeof(got->d));
	p += got->d.header_size;
	memcpy(got->exchange, p, got->d.exchange_len);
	p += got->d.exchange_len;
	memcpy(got->key, p, got->d.key_len);
	p += got->d.key_len;
	if (got->d.props_len <= sizeof(got->props))
		memcpy(got->props, p, got->d.props_len);
	p += got->d.props_len;
	memcpy(got->body, p, got->d.body_len < sizeof(got->body) ?
			     got->d.body_len : sizeof(got->body) - 1);
	p += got->d.body_len;
	memcpy(got->original, p, got->d.original_len);
}

static inline struct broker_receive receive_of(uint32_t consumer, void *buffer, uint32_t len,
					       uint32_t max)
{
	return (struct broker_receive) {
		.size = sizeof(struct broker_receive),
		.consumer = consumer,
		.max_messages = max,
		.buffer = (uintptr_t)buffer,
		.buffer_len = len,
	};
}

/* Receives one message. */
static inline int take_timeout(int fd, uint32_t consumer, struct got *got, uint64_t timeout_ns)
{
	static __thread char buffer[8192] __attribute__((aligned(8)));
	struct broker_receive r = receive_of(consumer, buffer, sizeof(buffer), 1);
	int ret;

	r.timeout_ns = timeout_ns;
	ret = call(fd, BROKER_IOC_RECEIVE, &r);
	if (!ret && r.count != 1)
		ret = -EPROTO;
	if (!ret)
		got_from(got, buffer);
	return ret;
}

static inline int take(int fd, uint32_t consumer, struct got *got)
{
	return take_timeout(fd, consumer, got, 0);
}

/* The same where the message is still to come. */
static inline int take_wait(int fd, uint32_t consumer, struct got *got)
{
	return take_timeout(fd, consumer, got, GUARD_NS);
}

/* One message and its latest death, as RECEIVE tells them. */
static inline int take_death(int fd, int consumer, struct got *got, struct broker_death *death)
{
	static char buffer[8192] __attribute__((aligned(8)));
	struct broker_receive r = receive_of(consumer, buffer, sizeof(buffer), 1);
	int ret;

	r.timeout_ns = GUARD_NS;
	ret = call(fd, BROKER_IOC_RECEIVE, &r);
	if (ret)
		return ret;
	got_from(got, buffer);
	memset(death, 0, sizeof(*death));
	if (got->d.nr_deaths)
		memcpy(death, buffer + got->d.deaths, sizeof(*death));
	return 0;
}

/* With a property area of one INT64. */
static inline int put_int(int fd, const char *queue, const char *body, int id, int64_t value)
{
	char props[sizeof(struct broker_prop) + sizeof(value)];
	struct broker_prop head = { .id = id, .type = BROKER_TYPE_INT64, .value_len = 8 };

	memcpy(props, &head, sizeof(head));
	memcpy(props + sizeof(head), &value, sizeof(value));
	return publish(fd, .key = queue, .body = body, .props = props, .props_len = sizeof(props));
}

static inline int64_t day_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Until a number that netlink tells is @wanted; the last one after the guard time. */
static inline uint64_t await(const char *queue, int attribute, uint64_t wanted)
{
	uint64_t value;
	int i;

	for (i = 0; i < 4000 && (value = queue_get(queue, attribute)) != wanted; i++)
		usleep(5000);
	return value;
}

#define AWAIT(queue, ATTRIBUTE, wanted) \
	EXPECT_EQ(wanted, await(queue, BROKER_A_QUEUE_##ATTRIBUTE, wanted))

/* Takes and accepts whatever @queue holds: how many there were. */
static inline int drain(const char *queue)
{
	int fd = session_open(), consumer, n = 0;
	struct got *got = malloc(sizeof(*got));

	consumer = consume_auto(fd, queue, 0);
	if (consumer < 0)
		n = consumer;
	else
		while (!take(fd, consumer, got))
			n++;
	free(got);
	close(fd);
	return n;
}

static inline uint64_t ready(const char *queue)
{
	return queue_get(queue, BROKER_A_QUEUE_READY);
}

static inline uint64_t unacked(const char *queue)
{
	return queue_get(queue, BROKER_A_QUEUE_UNACKED);
}

/* Of a page and one behind it that is not there: the first byte of the latter. */
static inline char *page_edge(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + page, page);
	return p + page;
}

/* Memory that may be read and not written. */
static inline void *read_only(const void *data, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(p, data, len);
	mprotect(p, len, PROT_READ);
	return p;
}

/* Two processes, hand in hand: a byte tells the other to go on. */
struct baton {
	int to_child[2], to_parent[2];
};

static inline void baton_init(struct baton *b)
{
	if (pipe2(b->to_child, O_CLOEXEC) || pipe2(b->to_parent, O_CLOEXEC))
		abort();
}

static inline void baton_send(int fd, uint64_t value)
{
	if (write(fd, &value, sizeof(value)) != sizeof(value))
		abort();
}

/* ~0 where the other is gone. */
static inline uint64_t baton_wait(int fd)
{
	uint64_t value;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : ~0ULL;
}

/* fork(), where the child does not outlive its parent. */
static inline pid_t fork_tied(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It may have died before. */
		if (getppid() != parent)
			_exit(0);
	}
	return pid;
}

/* Wait status of a child. */
static inline int reap(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

/* Whether a process sleeps by now; false after the guard time. */
static inline int wait_asleep(pid_t pid)
{
	char path[64], line[512], *state;
	int i;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", pid);
	if (access(path, R_OK))
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (i = 0; i < 4000; i++) {
		FILE *f = fopen(path, "r");

		if (!f || !fgets(line, sizeof(line), f))
			return 0;
		fclose(f);
		state = strrchr(line, ')') + 2;
		if (*state == 'S')
			return 1;
		usleep(5000);
	}
	return 0;
}

static inline int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* A cgroup of little memory, for a child to enter. */
#define LIMITED_CGROUP	"/sys/fs/cgroup/broker-limited"

static inline void remove_limited_cgroup(void)
{
	rmdir(LIMITED_CGROUP);
}

static inline int limited_cgroup(const char *memory)
{
	int ret;

	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(LIMITED_CGROUP, 0755) && errno != EEXIST)
		return -errno;
	ret = write_file(LIMITED_CGROUP "/memory.max", memory);
	if (ret)
		remove_limited_cgroup();
	return ret;
}

static inline int enter_limited_cgroup(void)
{
	return write_file(LIMITED_CGROUP "/cgroup.procs", "0");
}

#endif /* SELFTESTS_HELPER_H */
