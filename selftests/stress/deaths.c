// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Producers publish to a topic exchange; the consumers of its queues are killed
 * at random while they hold messages.  In the end every message is accounted
 * for: none lost, none invented, none accepted twice.
 *
 * What each message went through is noted in memory that outlives a consumer,
 * before and after each ACCEPT: one that is killed in between leaves a message
 * that was perhaps accepted.  The broker's own counters decide on those.
 */
#include "stress.h"

#define PRODUCERS	3
#define WORKERS		6
#define MOST		(1 << 22)	/* messages of one producer */
#define BATCH		16

/* Bits of a message in a queue. */
#define CONFIRMED	1	/* the publisher was told that the queue has it */
#define ACCEPTING	2	/* a consumer was about to accept it */
#define ACCEPTED	4	/* a consumer was told that it was accepted */
#define TWICE		8	/* ... more than once */

static const struct queue {
	const char *name, *pattern;
	uint32_t overflow, max_messages;
	int workers;
} queues[] = {
	{ "orders", "orders.#", BROKER_OVERFLOW_BLOCK, 200, 3 },
	{ "mail", "*.mail", BROKER_OVERFLOW_REJECT, 500, 2 },
	{ "errors", "#.error.#", BROKER_OVERFLOW_REJECT, 100000, 1 },
	/* Its one consumer is never killed: it sees every message, in order. */
	{ "audit", "#", BROKER_OVERFLOW_BLOCK, 1000, 0 },
};
#define QUEUES	((int)(sizeof(queues) / sizeof(*queues)))
#define AUDIT	(QUEUES - 1)

static const struct {
	const char *key;
	int to;		/* bit per queue */
} keys[] = {
	{ "orders.new", 1 << 0 | 1 << AUDIT },
	{ "orders.mail", 1 << 0 | 1 << 1 | 1 << AUDIT },
	{ "orders.error", 1 << 0 | 1 << 2 | 1 << AUDIT },
	{ "error.mail", 1 << 1 | 1 << 2 | 1 << AUDIT },
	{ "other", 1 << AUDIT },
};
#define KEYS	((int)(sizeof(keys) / sizeof(*keys)))

struct body {
	uint32_t producer, number, key, check;
};

struct notes {
	uint8_t state[QUEUES][PRODUCERS][MOST];
	int begun[PRODUCERS];
	uint32_t published[PRODUCERS], again[PRODUCERS];
	uint32_t redelivered, released, killed_seen, strange, disorder;
	volatile int producers_stop, consumers_stop;
};
static struct notes *notes;

#define COUNT(member)	__atomic_add_fetch(&notes->member, 1, __ATOMIC_RELAXED)

static struct body body_of(uint32_t producer, uint32_t number, uint32_t key)
{
	return (struct body) { producer, number, key, producer * 31 + number * 17 + key };
}

static void confirm(uint32_t producer, uint32_t number, int key)
{
	int q;

	for (q = 0; q < QUEUES; q++)
		if (keys[key].to >> q & 1)
			__atomic_or_fetch(&notes->state[q][producer][number], CONFIRMED,
					  __ATOMIC_RELAXED);
}

/* Publishes in batches; what a full queue refused is sent again, in order. */
static void produce(uint32_t me, unsigned int seed)
{
	struct broker_result results[BATCH];
	struct body bodies[BATCH];
	struct broker_op ops[BATCH];
	int fd = session_open(), pending = 0, i, done;
	uint32_t next = 0;

	while (!notes->producers_stop || pending) {
		struct broker_submit s;

		for (; pending < BATCH && next < MOST && !notes->producers_stop; pending++) {
			bodies[pending] = body_of(me, next++, rand_r(&seed) % KEYS);
			notes->begun[me] = next;
			if (rand_r(&seed) % 4 == 0) {
				pending++;
				break;
			}
		}
		if (!pending)
			break;
		for (i = 0; i < pending; i++)
			op_publish(&ops[i], &(struct pub) {
				.exchange = "stress", .key = keys[bodies[i].key].key,
				.body = &bodies[i], .body_len = sizeof(bodies[i]),
			});
		s = submit_of(ops, pending, results);
		s.flags = BROKER_SUBMIT_F_STOP;
		s.timeout_ns = rand_r(&seed) % 2 ? 20 * MS_NS : 0;
		if (call(fd, BROKER_IOC_SUBMIT, &s))
			_exit(1);
		for (done = 0; done < pending && !results[done].error; done++) {
			if ((int)results[done].accepted !=
			    __builtin_popcount(keys[bodies[done].key].to))
				_exit(2);
			confirm(me, bodies[done].number, bodies[done].key);
			notes->published[me]++;
		}
		for (i = 0; i < pending; i++)
			op_free(&ops[i]);
		if (done < pending) {
			int error = results[done].error;

			if (error != -EAGAIN && error != -ETIMEDOUT)
				_exit(3);
			notes->again[me]++;
			if (error == -EAGAIN) {
				struct pollfd p = { .fd = fd, .events = POLLOUT };

				poll(&p, 1, 20);
			}
		}
		memmove(bodies, bodies + done, (pending - done) * sizeof(*bodies));
		pending -= done;
	}
	_exit(0);
}

/* What a redelivery says of how it came about. */
static void look_at_cause(const struct broker_delivery *d)
{
	if (!(d->flags & BROKER_DELIVERY_F_REDELIVERED)) {
		if (d->acquired != 1 || d->failed)
			COUNT(strange);
		return;
	}
	COUNT(redelivered);
	if (d->acquired < 2)
		COUNT(strange);
	if (d->cause == BROKER_CAUSE_KILLED && d->cause_code == SIGKILL && d->failed)
		COUNT(killed_seen);
	else if (d->cause == BROKER_CAUSE_RELEASED && !d->cause_code)
		COUNT(released);
	else
		COUNT(strange);
}

static uint8_t *state_of(int q, const struct got *got)
{
	const struct body *b = (const void *)got->body;

	if (got->d.body_len != sizeof(*b) || b->producer >= PRODUCERS || b->number >= MOST ||
	    b->check != b->producer * 31 + b->number * 17 + b->key || b->key >= KEYS ||
	    !(keys[b->key].to >> q & 1)) {
		COUNT(strange);
		return NULL;
	}
	return &notes->state[q][b->producer][b->number];
}

static void accepted(uint8_t *state)
{
	if (__atomic_fetch_or(state, ACCEPTED, __ATOMIC_RELAXED) & ACCEPTED)
		__atomic_or_fetch(state, TWICE, __ATOMIC_RELAXED);
}

/* Takes batches; accepts most, releases some, dawdles now and then. */
static void work(int q, unsigned int seed)
{
	static char buffer[16384] __attribute__((aligned(8)));
	static struct got got;
	uint8_t *states[BATCH];
	struct broker_op ops[BATCH];
	struct broker_result results[BATCH];
	int fd = session_open(), consumer, i, n, ret;

	consumer = consume(fd, queues[q].name, rand_r(&seed) % 3 ? 32 : 0);
	while (!notes->consumers_stop) {
		struct broker_receive r = receive_of(consumer, buffer, sizeof(buffer), BATCH);
		char *p = buffer;

		r.timeout_ns = 20 * MS_NS;
		ret = call(fd, BROKER_IOC_RECEIVE, &r);
		if (ret == -ETIMEDOUT || ret == -EAGAIN)
			continue;
		if (ret)
			_exit(1);
		for (i = n = 0; i < (int)r.count; i++, p += got.d.size) {
			got_from(&got, p);
			look_at_cause(&got.d);
			states[n] = state_of(q, &got);
			if (!states[n])
				continue;
			ops[n] = op_settle(rand_r(&seed) % 8 ? BROKER_OP_ACCEPT : BROKER_OP_RELEASE,
					   consumer, got.d.tag);
			if (ops[n].opcode == BROKER_OP_ACCEPT)
				__atomic_or_fetch(states[n], ACCEPTING, __ATOMIC_RELAXED);
			n++;
		}
		if (rand_r(&seed) % 8 == 0)
			usleep(2000);
		if (n && submit(fd, ops, n, results))
			_exit(2);
		for (i = 0; i < n; i++) {
			if (results[i].error)
				COUNT(strange);
			else if (ops[i].opcode == BROKER_OP_ACCEPT)
				accepted(states[i]);
		}
	}
	_exit(0);
}

/* One consumer that lives, and accepts all up to the last in one step. */
static void audit(void)
{
	static char buffer[65536] __attribute__((aligned(8)));
	static struct got got;
	uint64_t sequence = 0, tag = 0;
	int64_t last[PRODUCERS] = { -1, -1, -1 };
	int fd = session_open(), consumer = consume(fd, "audit", 256), i, ret;

	for (;;) {
		struct broker_receive r = receive_of(consumer, buffer, sizeof(buffer), 64);
		char *p = buffer;

		r.timeout_ns = 50 * MS_NS;
		ret = call(fd, BROKER_IOC_RECEIVE, &r);
		if (ret == -ETIMEDOUT && notes->consumers_stop)
			_exit(0);
		if (ret == -ETIMEDOUT)
			continue;
		if (ret)
			_exit(1);
		for (i = 0; i < (int)r.count; i++, p += got.d.size) {
			const struct body *b = (const void *)got.body;
			uint8_t *state;

			got_from(&got, p);
			state = state_of(AUDIT, &got);
			if (!state)
				continue;
			if (got.d.acquired != 1 || got.d.sequence <= sequence ||
			    got.d.tag <= tag || (int64_t)b->number <= last[b->producer])
				COUNT(disorder);
			sequence = got.d.sequence;
			tag = got.d.tag;
			last[b->producer] = b->number;
			__atomic_or_fetch(state, ACCEPTING, __ATOMIC_RELAXED);
			accepted(state);
		}
		if (r.count && settle_flags(fd, BROKER_OP_ACCEPT, consumer, tag,
					    BROKER_SETTLE_F_CUMULATIVE))
			_exit(2);
	}
}

static pid_t start_worker(int q, unsigned int seed)
{
	pid_t pid = fork_tied();

	if (!pid)
		work(q, seed);
	return pid;
}

static int queue_of_worker(int worker)
{
	int q = 0;

	while (worker >= queues[q].workers)
		worker -= queues[q++].workers;
	return q;
}

/* Kills and replaces workers until it is time to stop. */
static int kill_at_random(pid_t *workers, unsigned int *seed, uint64_t end)
{
	int kills = 0, bad = 0;

	while (now_ns() < end) {
		int victim = rand_r(seed) % WORKERS, status;

		usleep(rand_r(seed) % 20000);
		kill(workers[victim], SIGKILL);
		status = reap(workers[victim]);
		bad += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
		workers[victim] = start_worker(queue_of_worker(victim), rand_r(seed));
		kills++;
	}
	check(!bad, "no consumer ended but by SIGKILL (%d kills)", kills);
	return kills;
}

static void set_up(void)
{
	int q;

	if (new_broker() || exchange_new("stress", BROKER_EXCHANGE_TYPE_TOPIC))
		abort();
	for (q = 0; q < QUEUES; q++)
		if (queue_new(queues[q].name, .max_messages = queues[q].max_messages,
			      .overflow = queues[q].overflow) ||
		    bind_queue("stress", queues[q].name, queues[q].pattern))
			abort();
}

/* What the notes and the broker say of one queue. */
static void account(int q, int kills)
{
	const char *name = queues[q].name;
	uint64_t enqueued = queue_get(name, BROKER_A_QUEUE_ENQUEUED);
	uint64_t counted = queue_get(name, BROKER_A_QUEUE_ACCEPTED);
	unsigned int confirmed = 0, lost = 0, invented = 0, twice = 0, sure = 0, perhaps = 0;
	int p, n;

	for (p = 0; p < PRODUCERS; p++) {
		for (n = 0; n < notes->begun[p]; n++) {
			uint8_t state = notes->state[q][p][n];

			if (!state)
				continue;
			confirmed += !!(state & CONFIRMED);
			lost += (state & CONFIRMED) && !(state & ACCEPTING);
			invented += !(state & CONFIRMED);
			twice += !!(state & TWICE);
			sure += !!(state & ACCEPTED);
			perhaps += (state & ACCEPTING) && !(state & ACCEPTED);
		}
	}
	check(confirmed > 0 && enqueued == confirmed, "%s: %u confirmed, %llu enqueued", name,
	      confirmed, (unsigned long long)enqueued);
	check(!lost && !invented && !twice, "%s: %u lost, %u invented, %u accepted twice", name,
	      lost, invented, twice);
	check(sure + perhaps == enqueued && perhaps <= (unsigned int)kills * BATCH,
	      "%s: %u accepted, %u by a consumer that was killed over it", name, sure, perhaps);
	check(counted == enqueued && !ready(name) && !unacked(name) && queue_adds_up(name),
	      "%s: the broker's counters agree, nothing is left", name);
}

static void wait_drained(void)
{
	uint64_t guard = now_ns() + 4 * GUARD_NS;
	int q;

	for (q = 0; q < QUEUES; q++)
		while ((ready(queues[q].name) || unacked(queues[q].name)) && now_ns() < guard)
			usleep(20000);
}

int main(void)
{
	pid_t producers[PRODUCERS], workers[WORKERS], auditor;
	unsigned int seed = stress_seed(), total = 0, again = 0;
	uint64_t end = stress_end();
	int i, kills, bad = 0;

	notes = shared(sizeof(*notes));
	set_up();
	auditor = fork_tied();
	if (!auditor)
		audit();
	for (i = 0; i < WORKERS; i++)
		workers[i] = start_worker(queue_of_worker(i), rand_r(&seed));
	for (i = 0; i < PRODUCERS; i++) {
		unsigned int own = rand_r(&seed);

		producers[i] = fork_tied();
		if (!producers[i])
			produce(i, own);
	}
	kills = kill_at_random(workers, &seed, end);

	notes->producers_stop = 1;
	for (i = 0; i < PRODUCERS; i++) {
		bad += reap(producers[i]) != 0;
		total += notes->published[i];
		again += notes->again[i];
	}
	check(!bad, "every producer ended well");
	wait_drained();
	notes->consumers_stop = 1;
	for (i = 0, bad = reap(auditor) != 0; i < WORKERS; i++)
		bad += reap(workers[i]) != 0;
	check(!bad, "every consumer ended well");

	printf("# %u published, %u times a full queue; %d kills\n", total, again, kills);
	printf("# %u redelivered: %u after a kill, %u released\n", notes->redelivered,
	       notes->killed_seen, notes->released);
	check(total > 100 && kills > 10 && notes->killed_seen, "there was something to see");
	check(!notes->strange, "every delivery was as it should be (%u not)", notes->strange);
	check(!notes->disorder, "the audit saw each producer's order (%u out of it)",
	      notes->disorder);
	for (i = 0; i < QUEUES; i++)
		account(i, kills);
	printf("1..%d\n", tests);
	return failures != 0;
}
