// SPDX-License-Identifier: GPL-2.0-or-later
/* Many threads on one session, and memory that changes under the kernel. */
#include <pthread.h>
#include "helper.h"
#include "kselftest_harness.h"

#define THREADS	8
#define ROUNDS	200
#define FLIPS	1000	/* as often memory changes while it is read */

FIXTURE(threads) { int fd; };

FIXTURE_SETUP(threads)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(threads)
{
}

struct worker {
	pthread_t thread;
	int fd, consumer;
	unsigned int seed, published, received, bad;
};

static void *publish_some(void *arg)
{
	struct worker *w = arg;
	int i;

	for (i = 0; i < ROUNDS; i++)
		if (put(w->fd, "q", "m"))
			w->bad++;
		else
			w->published++;
	return NULL;
}

/* Settles in one way or another until every message has been accepted. */
static unsigned int accepted;

static void *settle_some(void *arg)
{
	struct worker *w = arg;
	struct got got;

	while (__atomic_load_n(&accepted, __ATOMIC_RELAXED) < THREADS / 2 * ROUNDS) {
		int ret = take_timeout(w->fd, w->consumer, &got, 10 * MS_NS), op;

		if (ret == -ETIMEDOUT || ret == -EAGAIN)
			continue;
		op = rand_r(&w->seed) % 4;
		op = op == 0 ? BROKER_OP_RELEASE : op == 1 ? BROKER_OP_FAIL : BROKER_OP_ACCEPT;
		if (ret || settle(w->fd, op, got.d.consumer, got.d.tag)) {
			w->bad++;
			break;
		}
		w->received++;
		if (op == BROKER_OP_ACCEPT)
			__atomic_add_fetch(&accepted, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void run_threads(struct __test_metadata *_metadata, int fd, const int *consumers)
{
	struct worker w[THREADS] = {};
	unsigned int received = 0;
	int i;

	for (i = 0; i < THREADS; i++) {
		w[i].fd = fd;
		w[i].seed = i;
		w[i].consumer = consumers ? consumers[i] : 0;
		pthread_create(&w[i].thread, NULL, i % 2 ? settle_some : publish_some, &w[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(0, w[i].bad);
		received += w[i].received;
	}
	EXPECT_EQ(THREADS / 2 * ROUNDS, accepted);
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(THREADS / 2 * ROUNDS, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(THREADS / 2 * ROUNDS, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	EXPECT_EQ(received, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	EXPECT_EQ(received - accepted, queue_get("q", BROKER_A_QUEUE_RELEASED) +
				       queue_get("q", BROKER_A_QUEUE_FAILED));
}

TEST_F(threads, share_one_consumer)
{
	ASSERT_LT(0, consume(self->fd, "q", 16));
	run_threads(_metadata, self->fd, NULL);
}

TEST_F(threads, have_a_consumer_each)
{
	int consumers[THREADS], i;

	for (i = 0; i < THREADS; i++) {
		consumers[i] = i % 2 ? consume(self->fd, "q", i % 4) : 0;
		ASSERT_LE(0, consumers[i]);
	}
	run_threads(_metadata, self->fd, consumers);
}

/* Consumers come and go while others publish and receive. */
static void *come_and_go(void *arg)
{
	struct worker *w = arg;
	struct got got;
	int i, consumer;

	for (i = 0; i < ROUNDS; i++) {
		consumer = consume(w->fd, "q", rand_r(&w->seed) % 8);
		if (consumer < 0) {
			w->bad++;
			break;
		}
		if (rand_r(&w->seed) % 2)
			take(w->fd, rand_r(&w->seed) % 2 ? consumer : 0, &got);
		if (cancel(w->fd, consumer))
			w->bad++;
	}
	return NULL;
}

TEST_F(threads, cancel_and_consume)
{
	struct worker w[THREADS] = {};
	int i;

	for (i = 0; i < THREADS; i++) {
		w[i].fd = self->fd;
		w[i].seed = i;
		pthread_create(&w[i].thread, NULL, i % 4 ? come_and_go : publish_some, &w[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(0, w[i].bad);
	}
	EXPECT_EQ(THREADS / 4 * ROUNDS, ready("q"));
	EXPECT_EQ(0, unacked("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
}

/* One thread flips what another submits. */
struct racer {
	struct broker_op ops[4];
	struct broker_submit submit;
	char head[64], body[64];
	volatile int stop;
};

static void *flip(void *arg)
{
	struct racer *r = arg;
	unsigned int seed = 1;
	unsigned char *p;

	while (!r->stop) {
		switch (rand_r(&seed) % 4) {
		case 0:
			p = (unsigned char *)r->head + rand_r(&seed) % sizeof(r->head);
			*p = rand_r(&seed);
			break;
		case 1:
			r->ops[rand_r(&seed) % 4].publish.key_len = rand_r(&seed) % 8;
			r->ops[rand_r(&seed) % 4].publish.exchange_len = rand_r(&seed) % 3;
			break;
		case 2:
			p = (unsigned char *)r->ops + rand_r(&seed) % sizeof(r->ops);
			*p ^= 1 << rand_r(&seed) % 8;
			break;
		default:
			r->ops[rand_r(&seed) % 4].publish.body_len = rand_r(&seed);
			r->ops[rand_r(&seed) % 4].publish.props_len = rand_r(&seed) % 32;
			break;
		}
	}
	return NULL;
}

static int is_documented(int error)
{
	switch (-error) {
	case 0: case ENOENT: case EHOSTUNREACH: case EACCES: case EAGAIN: case EMSGSIZE:
	case EFAULT: case EINVAL: case EILSEQ: case ENAMETOOLONG: case EOPNOTSUPP: case ENOMEM:
	case ESTALE: case ECANCELED: case ETIMEDOUT: case EINTR: case E2BIG:
		return 1;
	}
	return 0;
}

TEST_F(threads, operations_change_meanwhile)
{
	struct racer *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct broker_result results[4];
	uint64_t taken = 0;
	pthread_t thread;
	int i, k, ret;

	ASSERT_EQ(0, queue_set("q", .overflow = BROKER_OVERFLOW_DROP_HEAD, .max_messages = 8));
	strcpy(r->head, "q");
	pthread_create(&thread, NULL, flip, r);
	for (i = 0; i < FLIPS; i++) {
		for (k = 0; k < 4; k++)
			r->ops[k] = (struct broker_op) {
				.opcode = BROKER_OP_PUBLISH,
				.publish = {
					.head = (uintptr_t)r->head, .key_len = 1,
					.body = (uintptr_t)r->body, .body_len = 5,
				},
			};
		r->head[0] = 'q';
		ret = submit(self->fd, r->ops, 4, results);
		ASSERT_TRUE(is_documented(ret)) {
			TH_LOG("call: %d", ret);
		}
		for (k = 0; k < 4 && !ret; k++) {
			ASSERT_TRUE(is_documented(results[k].error)) {
				TH_LOG("result: %d", results[k].error);
			}
			taken += results[k].accepted;
		}
	}
	r->stop = 1;
	pthread_join(thread, NULL);
	EXPECT_EQ(taken, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(taken, queue_get("q", BROKER_A_QUEUE_DROPPED) + ready("q"));
	/* Whatever got in has a proper name and key. */
	EXPECT_EQ((int)ready("q"), drain("q"));
}

/* The pages of operations, results, bodies and buffers come and go. */
static void *unmap(void *arg)
{
	char *page = ((char **)arg)[0];
	volatile int *stop = ((void **)arg)[1];
	int i;

	for (i = 0; !*stop; i++) {
		if (i % 3 == 0)
			mprotect(page, 4096, PROT_NONE);
		else if (i % 3 == 1)
			mmap(page, 4096, PROT_READ | PROT_WRITE,
			     MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		else
			mprotect(page, 4096, PROT_READ);
	}
	return NULL;
}

TEST_F(threads, memory_vanishes_meanwhile)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int stop = 0, i, ret, consumer = consume_auto(self->fd, "q", 0);
	struct broker_receive r = receive_of(consumer, page, 4096, 4);
	void *arg[2] = { page, &stop };
	struct broker_result result;
	struct broker_op op;
	unsigned int done = 0, received = 0;
	pthread_t thread;

	ASSERT_EQ(0, queue_set("q", .overflow = BROKER_OVERFLOW_DROP_HEAD, .max_messages = 16));
	pthread_create(&thread, NULL, unmap, arg);
	op_publish(&op, &(struct pub) { .key = "q" });
	op.publish.body_len = 64;
	for (i = 0; i < FLIPS; i++) {
		/* Body, then results, then the receive buffer. */
		op.publish.body = (uintptr_t)page + i % 2048;
		result.error = -EFAULT;
		ret = submit(self->fd, &op, 1, &result);
		ASSERT_EQ(0, ret);
		ASSERT_TRUE(result.error == 0 || result.error == -EFAULT);
		done += !result.error;
		op.publish.body = (uintptr_t)self;
		ret = submit(self->fd, &op, 1, (void *)page);
		ASSERT_TRUE(ret == 0 || ret == -EFAULT);
		done += !ret;
		ret = call(self->fd, BROKER_IOC_RECEIVE, &r);
		ASSERT_TRUE(ret == 0 || ret == -EFAULT || ret == -EAGAIN);
		received += ret ? 0 : r.count;
	}
	stop = 1;
	pthread_join(thread, NULL);
	EXPECT_EQ(done, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(received, queue_get("q", BROKER_A_QUEUE_DELIVERED));
	EXPECT_EQ(done, received + ready("q") + queue_get("q", BROKER_A_QUEUE_DROPPED));
	EXPECT_EQ(0, unacked("q"));
}

/* Random bytes as arguments of every call. */
TEST_F(threads, random_arguments)
{
	static const uint32_t sizes[] = {
		sizeof(struct broker_info), sizeof(struct broker_submit),
		sizeof(struct broker_receive), sizeof(struct broker_consume),
		sizeof(struct broker_cancel), sizeof(struct broker_browse), 64, 64,
	};
	static union {
		uint32_t size;
		uint8_t bytes[4096];
		struct broker_submit submit;
		struct broker_receive receive;
	} args;
	unsigned int seed = 20261120, i, k;

	ASSERT_EQ(0, put(self->fd, "q", "m"));
	for (i = 0; i < 5 * FLIPS; i++) {
		unsigned int nr = rand_r(&seed) % ARRAY_SIZE(sizes);
		int ret;

		memset(&args, 0, 256);
		for (k = rand_r(&seed) % 8; k; k--)
			args.bytes[rand_r(&seed) % sizes[nr]] = rand_r(&seed);
		args.size = rand_r(&seed) % 16 ? sizes[nr] : (uint32_t)rand_r(&seed);
		/* All but the one thing that is meant to take long. */
		if (nr == BROKER_NR_RECEIVE)
			args.receive.timeout_ns = 0;
		if (nr == BROKER_NR_SUBMIT)
			args.submit.timeout_ns = 0;
		ret = call(self->fd, _IO(BROKER_IOC_TYPE, nr), &args);
		ASSERT_TRUE(is_documented(ret) || (ret == -ENOTTY && nr >= 6)) {
			TH_LOG("call %u: %d", nr, ret);
		}
	}
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
}

/* Eight processes publish to a small queue at once: the limit is never passed. */
/* Processes that publish @each messages to "q": none fails but for @allowed. */
static void publish_from_many(struct __test_metadata *_metadata, int each, int allowed)
{
	int i, k, status;
	pid_t pid;

	for (i = 0; i < THREADS; i++) {
		pid = fork_tied();
		if (!pid) {
			int fd = session_open(), bad = 0;

			for (k = 0; k < each; k++) {
				int ret = put(fd, "q", "m");

				bad += ret != 0 && ret != allowed;
			}
			_exit(bad != 0);
		}
	}
	for (i = 0; i < THREADS; i++) {
		wait(&status);
		EXPECT_EQ(0, status);
	}
}

TEST_F(threads, no_overshoot)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 100));
	publish_from_many(_metadata, 50, -EAGAIN);
	EXPECT_EQ(100, ready("q"));
	EXPECT_EQ(100, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(300, queue_get("q", BROKER_A_QUEUE_REFUSED));
}

TEST_F(threads, no_overshoot_drop_new)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 100, .overflow = BROKER_OVERFLOW_DROP_NEW));
	publish_from_many(_metadata, 50, 0);
	EXPECT_EQ(100, ready("q"));
	EXPECT_EQ(300, queue_get("q", BROKER_A_QUEUE_DROPPED));
}

/* None is lost: each is in one queue or the other. */
TEST_F(threads, no_overshoot_dead_letter)
{
	uint64_t refused;

	ASSERT_EQ(0, queue_new("dead", .max_messages = 200) ?:
		     queue_set("q", .max_messages = 100, .overflow = BROKER_OVERFLOW_DEAD_LETTER,
			       .dead_exchange = "", .dead_key = "dead"));
	publish_from_many(_metadata, 50, -EAGAIN);
	refused = queue_get("q", BROKER_A_QUEUE_REFUSED);
	EXPECT_EQ(100, ready("q"));
	EXPECT_EQ(300 - refused, ready("dead"));
	EXPECT_EQ(300 - refused, queue_get("q", BROKER_A_QUEUE_DEAD_LETTERED));
	EXPECT_LE(100, refused);
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DROPPED));
}

/* Of one message: each publisher overwrites another's, and none is refused. */
TEST_F(threads, no_overshoot_ring)
{
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_set("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_RING));
	consumer = consume(self->fd, "q", 1);
	publish_from_many(_metadata, 50, 0);
	EXPECT_EQ(1, ready("q") + unacked("q"));
	EXPECT_EQ(400, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(399, queue_get("q", BROKER_A_QUEUE_OVERWRITTEN));
	EXPECT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_BYTES));
}

TEST_HARNESS_MAIN
