// SPDX-License-Identifier: GPL-2.0-or-later
/* Ordering keys, while workers die. */
#include "ordering.h"
#include "kselftest_harness.h"

FIXTURE(turns) { int fd; };

FIXTURE_SETUP(turns)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(turns)
{
}

#define KEYS		8
#define OF_A_KEY	60
#define WORKERS		4
#define KILLS		40

/* Of each key: the numbers of the messages that came, in the order in which they came. */
struct record {
	uint32_t length[KEYS], total;
	uint16_t seen[KEYS][OF_A_KEY + 16 * KILLS];
};

static void work(struct record *record, unsigned int seed)
{
	int fd = session_open(), consumer = consume(fd, "q", 5), opcode;
	struct got *got = malloc(sizeof(*got));

	while (!take_wait(fd, consumer, got)) {
		int key = got->body[0] - 'a';
		uint32_t at = __atomic_load_n(&record->length[key], __ATOMIC_SEQ_CST);

		/* Rather too short than with a hole. */
		if (at == ARRAY_SIZE(record->seen[key]))
			_exit(1);
		record->seen[key][at] = atoi(got->body + 1);
		__atomic_store_n(&record->length[key], at + 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&record->total, 1, __ATOMIC_SEQ_CST);
		if (rand_r(&seed) % 4 == 0)
			usleep(rand_r(&seed) % 2000);
		opcode = rand_r(&seed) % 20 ? BROKER_OP_ACCEPT : BROKER_OP_RELEASE;
		settle(fd, opcode, consumer, got->d.tag);
	}
	_exit(0);
}

/* Workers are killed at any moment: no message of a key is seen before an earlier one. */
TEST_F(turns, kept_however_they_die)
{
	struct record *record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t i, j, k, n = 0, again = 0;
	pid_t pids[WORKERS];
	char body[16];

	ASSERT_NE(MAP_FAILED, record);
	ASSERT_EQ(0, queue_new("q", .ordering = 1, .max_delivery = 1000));
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork_tied();
		if (!pids[i])
			work(record, i + 1);
	}
	for (i = 0; i < KILLS; i++) {
		uint32_t before = __atomic_load_n(&record->total, __ATOMIC_SEQ_CST);

		for (j = 0; j < OF_A_KEY * KEYS / KILLS; j++, n++) {
			snprintf(body, sizeof(body), "%c%u", 'a' + n % KEYS, n / KEYS + 1);
			ASSERT_EQ(0, put_key(self->fd, "q", body));
		}
		for (j = 0; j < 20000 && record->total < before + 6; j++)
			usleep(100);
		j = i % WORKERS;
		kill(pids[j], SIGKILL);
		reap(pids[j]);
		pids[j] = fork_tied();
		if (!pids[j])
			work(record, 100 + i);
	}
	for (i = 0; i < 20000 && queue_get("q", BROKER_A_QUEUE_ACCEPTED) < n; i++)
		usleep(2000);
	EXPECT_EQ(n, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	for (i = 0; i < WORKERS; i++) {
		kill(pids[i], SIGKILL);
		reap(pids[i]);
	}
	for (k = 0; k < KEYS; k++) {
		uint32_t last = 0;

		for (i = 0; i < record->length[k]; i++) {
			/* The same again, or the next one. */
			if (record->seen[k][i] == last)
				again++;
			else
				ASSERT_EQ(last + 1, record->seen[k][i]);
			last = record->seen[k][i];
		}
		EXPECT_EQ(OF_A_KEY, last);
	}
	TH_LOG("%u deliveries, %u of them again", record->total, again);
	EXPECT_LT(0, again);
}

TEST_HARNESS_MAIN
