// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exchanges, queues and bindings come and go while messages pass through them.
 * A queue that stays bound gets every message once and in order; the others get
 * what their bindings say at the time, and every count adds up.
 */
#include "stress.h"

#define PUBLISHERS	2
#define CHURNERS	2
#define NAMES		6	/* of queues and exchanges that come and go */

struct notes {
	volatile int stop;
	uint64_t published, changes;
	uint32_t strange;
};
static struct notes *notes;

/* What may become of a request when others change the same things. */
static int is_expected(int ret)
{
	return ret == 0 || ret == -ENOENT || ret == -EEXIST || ret == -ELOOP;
}

static void name_of(char *name, char kind, unsigned int *seed)
{
	sprintf(name, "%c%d", kind, rand_r(seed) % NAMES);
}

static int change_something(unsigned int *seed)
{
	static const char *const patterns[] = { "#", "a.#", "*.b", "a.b", "a.*.c", "#.c", "" };
	char queue[8], exchange[8], other[8];
	const char *pattern = patterns[rand_r(seed) % 7];

	name_of(queue, 'q', seed);
	name_of(exchange, 'x', seed);
	name_of(other, 'x', seed);
	switch (rand_r(seed) % 12) {
	case 0:
		return queue_del(queue);
	case 1:
		return exchange_del(exchange);
	case 2:
		return queue_new(queue, .max_messages = 50, .overflow = rand_r(seed) % 3 ?
				 BROKER_OVERFLOW_DROP_HEAD : BROKER_OVERFLOW_REJECT);
	case 3:
		return exchange_new(exchange, rand_r(seed) % 3,
				    .flags = rand_r(seed) % 4 ? 0 :
					     BROKER_EXCHANGE_FLAGS_AUTO_DELETE,
				    .alternate = rand_r(seed) % 4 ? NULL : other);
	case 4:
		return unbind_queue(exchange, queue, pattern);
	case 5:
		return bind_exchange(exchange, other, pattern);
	case 6:
		return bind_exchange("churn", exchange, pattern);
	case 7:
		return bind_queue("churn", queue, pattern);
	case 8:
		return queue_purge(queue);
	case 9:
		return exchange_set(exchange, .alternate = rand_r(seed) % 2 ? other : "");
	case 10:
		return queue_set(queue, .max_messages = 1 + rand_r(seed) % 50);
	default:
		return bind_queue(exchange, queue, pattern);
	}
}

static void churn(unsigned int seed)
{
	while (!notes->stop) {
		int ret = change_something(&seed);

		if (!is_expected(ret)) {
			printf("# a change was refused: %d %s\n", ret, nl_why);
			fflush(stdout);
			__atomic_add_fetch(&notes->strange, 1, __ATOMIC_RELAXED);
		}
		__atomic_add_fetch(&notes->changes, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

/* Every message goes to "stays" at least; a full queue elsewhere does not matter. */
static void publish_all(unsigned int seed)
{
	static const char *const keys[] = { "a", "a.b", "a.b.c", "b", "x.c", "" };
	int fd = session_open();

	while (!notes->stop) {
		struct broker_result result;
		int ret = publish_result(fd, &(struct pub) {
			.exchange = "churn", .key = keys[rand_r(&seed) % 6], .body = "m",
			.flags = BROKER_PUBLISH_F_PARTIAL,
		}, &result);
		char exchange[8];

		if (ret || !result.accepted)
			__atomic_add_fetch(&notes->strange, 1, __ATOMIC_RELAXED);
		else
			__atomic_add_fetch(&notes->published, 1, __ATOMIC_RELAXED);
		/* To one of those that come and go, too. */
		name_of(exchange, 'x', &seed);
		ret = publish(fd, .exchange = exchange, .key = keys[rand_r(&seed) % 6],
			      .body = "m", .confirm = rand_r(&seed) % 3 ?
			      BROKER_CONFIRM_ENQUEUED : BROKER_CONFIRM_NONE);
		if (ret && ret != -ENOENT && ret != -EHOSTUNREACH && ret != -EAGAIN)
			__atomic_add_fetch(&notes->strange, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

/* Consumes from queues that vanish under it, and never settles all. */
static void consume_all(unsigned int seed)
{
	int fd = session_open(), n = 0;
	char queue[8];
	struct got got;

	while (!notes->stop) {
		name_of(queue, 'q', &seed);
		n += consume(fd, queue, 1 + rand_r(&seed) % 8) > 0;
		while (!take_timeout(fd, 0, &got, MS_NS))
			if (rand_r(&seed) % 2)
				settle(fd, BROKER_OP_ACCEPT, got.d.consumer, got.d.tag);
		if (n > 200) {
			close(fd);
			fd = session_open();
			n = 0;
		}
	}
	_exit(0);
}

static void drain_stays(void)
{
	int fd = session_open(), consumer = consume_auto(fd, "stays", 0);
	uint64_t sequence = 0, seen = 0;
	struct got got;
	int ret;

	for (;;) {
		ret = take_timeout(fd, consumer, &got, 100 * MS_NS);
		if (ret == -ETIMEDOUT && notes->stop == 2)
			break;
		if (ret == -ETIMEDOUT)
			continue;
		if (ret || got.d.sequence <= sequence)
			_exit(1);
		sequence = got.d.sequence;
		seen++;
	}
	_exit(seen == notes->published ? 0 : 2);
}

static void each_adds_up(const struct nl_msg *msg, void *arg)
{
	char name[256];

	strcpy(name, nl_get_str(msg, BROKER_A_QUEUE_NAME));
	*(int *)arg += !queue_adds_up(name);
}

int main(void)
{
	pid_t pids[PUBLISHERS + CHURNERS + 1], reader;
	unsigned int seed = stress_seed();
	uint64_t end = stress_end();
	int i, bad = 0, sum = 0;

	notes = shared(sizeof(*notes));
	if (new_broker() || exchange_new("churn", BROKER_EXCHANGE_TYPE_TOPIC) ||
	    queue_new("stays", .max_messages = 1 << 22) ||
	    bind_queue("churn", "stays", "#"))
		abort();
	reader = fork_tied();
	if (!reader)
		drain_stays();
	for (i = 0; i < PUBLISHERS + CHURNERS + 1; i++) {
		unsigned int own = rand_r(&seed);

		pids[i] = fork_tied();
		if (pids[i])
			continue;
		if (i < PUBLISHERS)
			publish_all(own);
		if (i < PUBLISHERS + CHURNERS)
			churn(own);
		consume_all(own);
	}
	while (now_ns() < end)
		usleep(10000);
	notes->stop = 1;
	for (i = 0; i < PUBLISHERS + CHURNERS + 1; i++)
		bad += reap(pids[i]) != 0;
	notes->stop = 2;
	check(!bad, "all who published, changed and consumed ended well");
	check(reap(reader) == 0, "the queue that stays got every message, once and in order");
	printf("# %llu published, %llu changes\n", (unsigned long long)notes->published,
	       (unsigned long long)notes->changes);
	check(notes->published > 100 && notes->changes > 100, "there was something to see");
	check(!notes->strange, "every answer was one of those to expect (%u not)", notes->strange);
	check(!unacked("stays") && !ready("stays") &&
	      queue_get("stays", BROKER_A_QUEUE_ACCEPTED) == notes->published,
	      "the broker's counters agree");
	nl_dump(nl_new(BROKER_CMD_QUEUE_GET), each_adds_up, &sum);
	check(!sum, "every queue that is left adds up");
	printf("1..%d\n", tests);
	return failures != 0;
}
