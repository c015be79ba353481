// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Workers move numbers from "in" to "out" and to "sum" by transactions (consume,
 * transform, produce), and are killed at random, a thousand times.  Each number
 * that was put in comes out once in either queue: never lost, never twice.
 */
#include "stress.h"

#define WORKERS	4
#define BATCH	8

struct notes {
	uint32_t moved, stale;
};
static struct notes *notes;

/* Two queues at a time, in either order, so that transactions cross. */
static void work(unsigned int seed)
{
	static char buffer[65536] __attribute__((aligned(8)));
	struct broker_result results[3 * BATCH];
	struct broker_op ops[3 * BATCH];
	int fd = session_open(), consumer = consume(fd, "in", 2 * BATCH), first, i;

	if (consumer < 0)
		_exit(1);
	for (;;) {
		struct broker_receive r = receive_of(0, buffer, sizeof(buffer), BATCH);
		struct broker_submit s;
		struct got got;
		uint64_t bodies[BATCH];
		char *p = buffer;

		r.timeout_ns = BROKER_TIMEOUT_FOREVER;
		if (call(fd, BROKER_IOC_RECEIVE, &r))
			_exit(2);
		for (i = 0; i < (int)r.count; i++, p += ((struct broker_delivery *)p)->size) {
			got_from(&got, p);
			memcpy(&bodies[i], got.body, sizeof(bodies[i]));
			bodies[i] *= 3;
			ops[3 * i] = op_settle(BROKER_OP_ACCEPT, consumer, got.d.tag);
			first = rand_r(&seed) % 2;
			op_publish(&ops[3 * i + 1], &(struct pub) {
				.key = first ? "out" : "sum", .body = &bodies[i],
				.body_len = sizeof(bodies[i]) });
			op_publish(&ops[3 * i + 2], &(struct pub) {
				.key = first ? "sum" : "out", .body = &bodies[i],
				.body_len = sizeof(bodies[i]) });
		}
		s = submit_of(ops, 3 * r.count, results);
		s.flags = BROKER_SUBMIT_F_ATOMIC;
		s.timeout_ns = BROKER_TIMEOUT_FOREVER;
		if (call(fd, BROKER_IOC_SUBMIT, &s))
			_exit(3);
		/* Nothing but a signal may stand in the way, and this one has none to expect. */
		if (s.failed)
			_exit(4);
		__atomic_add_fetch(&notes->moved, r.count, __ATOMIC_RELAXED);
		for (i = 0; i < (int)r.count; i++) {
			op_free(&ops[3 * i + 1]);
			op_free(&ops[3 * i + 2]);
		}
	}
}

static pid_t start(unsigned int seed)
{
	pid_t pid = fork_tied();

	if (!pid)
		work(seed);
	return pid;
}

/* Reads what came out: how many there are, or minus one if a number is strange. */
static int collect(int fd, int consumer, uint8_t *seen, uint64_t most)
{
	struct got got;
	uint64_t body;
	int n = 0;

	while (!take(fd, consumer, &got)) {
		memcpy(&body, got.body, sizeof(body));
		if (got.d.body_len != sizeof(body) || body % 3 || body / 3 >= most)
			return -1;
		if (seen[body / 3] < 255)
			seen[body / 3]++;
		n++;
	}
	return n;
}

int main(void)
{
	unsigned int seed = stress_seed(), kills = env_number("KILLS", 1000), killed = 0;
	uint64_t put_in = 0, most = 1 << 22, i, lost = 0, twice = 0, outs[2] = {};
	uint8_t *seen[2] = { shared(most), shared(most) };
	int fd, consumer[2], status, strange = 0, worker, n;
	pid_t workers[WORKERS];

	printf("TAP version 13\n1..6\n");
	notes = shared(sizeof(*notes));
	if (new_broker() || queue_new("in", .max_messages = 200) ||
	    queue_new("out", .max_messages = 40, .overflow = BROKER_OVERFLOW_BLOCK) ||
	    queue_new("sum", .max_messages = 100, .overflow = BROKER_OVERFLOW_BLOCK))
		return 1;
	fd = session_open();
	consumer[0] = consume_auto(fd, "out", 64);
	consumer[1] = consume_auto(fd, "sum", 64);
	for (worker = 0; worker < WORKERS; worker++)
		workers[worker] = start(rand_r(&seed));

	while (killed < kills && !strange) {
		for (i = 0; i < 30 && put_in < most &&
		     !publish(fd, .key = "in", .body = &put_in, .body_len = sizeof(put_in)); i++)
			put_in++;
		for (worker = 0; worker < 2; worker++) {
			n = collect(fd, consumer[worker], seen[worker], most);
			strange |= n < 0;
			outs[worker] += n;
		}
		if (rand_r(&seed) % 2)
			usleep(rand_r(&seed) % 2000);
		worker = rand_r(&seed) % WORKERS;
		kill(workers[worker], SIGKILL);
		status = reap(workers[worker]);
		strange |= !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
		if (strange)
			printf("# a worker ended by itself with status %#x\n", status);
		killed++;
		workers[worker] = start(rand_r(&seed));
	}
	/* The rest, undisturbed. */
	for (i = now_ns() + GUARD_NS; now_ns() < i && (outs[0] < put_in || outs[1] < put_in);) {
		for (worker = 0; worker < 2; worker++) {
			n = collect(fd, consumer[worker], seen[worker], most);
			strange |= n < 0;
			outs[worker] += n;
		}
		usleep(1000);
	}
	for (worker = 0; worker < WORKERS; worker++) {
		kill(workers[worker], SIGKILL);
		reap(workers[worker]);
	}
	for (i = 0; i < put_in; i++) {
		lost += !seen[0][i] + !seen[1][i];
		twice += (seen[0][i] > 1) + (seen[1][i] > 1);
	}
	check(!strange && killed == kills, "%u workers killed, none ended otherwise", killed);
	check(put_in > kills, "%llu messages put in", (unsigned long long)put_in);
	check(!lost, "none lost (%llu)", (unsigned long long)lost);
	check(!twice, "none came twice (%llu)", (unsigned long long)twice);
	check(queue_get("in", BROKER_A_QUEUE_ACCEPTED) == put_in && !ready("in") && !unacked("in"),
	      "each was accepted once");
	check(queue_adds_up("in") && queue_adds_up("out") && queue_adds_up("sum") &&
	      queue_get("out", BROKER_A_QUEUE_ENQUEUED) == put_in &&
	      queue_get("sum", BROKER_A_QUEUE_ENQUEUED) == put_in,
	      "the queues' counters agree; %llu redelivered",
	      (unsigned long long)queue_get("in", BROKER_A_QUEUE_REDELIVERED));
	return failures != 0;
}
