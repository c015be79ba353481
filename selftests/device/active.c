// SPDX-License-Identifier: GPL-2.0-or-later
/* Queues of which one consumer gets all, and the others stand by. */
#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(active) { int fd, first, second; struct got got; };

FIXTURE_SETUP(active)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	/* Without back-off, which lets others go on. */
	ASSERT_EQ(0, queue_new("q", .single_active = 1, .retry_max = 1));
}

FIXTURE_TEARDOWN(active)
{
}

#define BOTH(credit)								\
do {										\
	ASSERT_LT(0, (self->first = consume(self->fd, "q", credit)));		\
	ASSERT_LT(0, (self->second = consume(self->fd, "q", credit)));		\
} while (0)

#define PUT(from, to)								\
do {										\
	int __i;								\
										\
	for (__i = from; __i <= to; __i++)					\
		ASSERT_EQ(0, put(self->fd, "q", (char[]){ '0' + __i, 0 }));	\
} while (0)

#define GETS(consumer, text)							\
do {										\
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));			\
	EXPECT_STREQ(text, self->got.body);					\
} while (0)

#define NOTHING(consumer)	EXPECT_EQ(-EAGAIN, take(self->fd, consumer, &self->got))

TEST_F(active, one_gets_all)
{
	int third;

	BOTH(10);
	ASSERT_LT(0, (third = consume(self->fd, "q", 100)));
	PUT(1, 3);
	NOTHING(self->second);
	NOTHING(third);
	GETS(self->first, "1");
	GETS(self->first, "2");
	GETS(self->first, "3");
	NOTHING(self->first);
}

TEST_F(active, one_that_has_no_credit_is_waited_for)
{
	BOTH(1);
	PUT(1, 2);
	GETS(self->first, "1");
	NOTHING(self->first);
	NOTHING(self->second);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->first, 1));
	GETS(self->first, "2");
}

/* With pulling consumers, too. */
TEST_F(active, standby_pulls_in_vain)
{
	BOTH(0);
	PUT(1, 2);
	EXPECT_EQ(-ETIMEDOUT, take_timeout(self->fd, self->second, &self->got, 10 * MS_NS));
	GETS(self->first, "1");
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->first, 1));
	NOTHING(self->second);
	EXPECT_EQ(0, cancel(self->fd, self->first));
	GETS(self->second, "2");
}

TEST_F(active, order_of_attachment)
{
	int third;

	BOTH(1);
	ASSERT_LT(0, (third = consume(self->fd, "q", 1)));
	ASSERT_EQ(0, cancel(self->fd, self->first));
	PUT(1, 2);
	GETS(self->second, "1");
	NOTHING(third);
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->second, 1));
	ASSERT_EQ(0, cancel(self->fd, self->second));
	GETS(third, "2");
}

TEST_F(active, order_of_priority)
{
	int low, high;

	ASSERT_LT(0, (self->first = consume_priority(self->fd, "q", 1, 9)));
	ASSERT_LT(0, (low = consume_priority(self->fd, "q", 1, 1)));
	ASSERT_LT(0, (high = consume_priority(self->fd, "q", 1, 5)));
	ASSERT_EQ(0, cancel(self->fd, self->first));
	PUT(1, 1);
	NOTHING(low);
	GETS(high, "1");
}

/* What it held comes back before the next one gets anything, and is first. */
TEST_F(active, what_comes_back_is_first)
{
	BOTH(3);
	PUT(1, 5);
	GETS(self->first, "1");
	GETS(self->first, "2");
	ASSERT_EQ(0, cancel(self->fd, self->first));
	GETS(self->second, "1");
	EXPECT_EQ(BROKER_DELIVERY_F_REDELIVERED, self->got.d.flags);
	GETS(self->second, "2");
	GETS(self->second, "3");
	EXPECT_EQ(0, self->got.d.flags);
	EXPECT_EQ(0, settle_flags(self->fd, BROKER_OP_ACCEPT, self->second, 3,
				  BROKER_SETTLE_F_CUMULATIVE));
	GETS(self->second, "4");
	GETS(self->second, "5");
}

/* More than are moved under one hold of a lock. */
TEST_F(active, all_that_comes_back_is_first)
{
	int i;

	BOTH(500);
	for (i = 0; i < 600; i++)
		ASSERT_EQ(0, put(self->fd, "q", "m"));
	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, take(self->fd, self->first, &self->got));
	ASSERT_EQ(0, cancel(self->fd, self->first));
	for (i = 1; i <= 500; i++) {
		ASSERT_EQ(0, take(self->fd, self->second, &self->got));
		ASSERT_EQ(i, self->got.d.sequence);
	}
}

TEST_F(active, killed)
{
	struct baton b;
	pid_t pid;

	baton_init(&b);
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), consumer = consume(fd, "q", 2);

		baton_send(b.to_parent[1], 1);
		take_wait(fd, consumer, &self->got);
		baton_send(b.to_parent[1], 1);
		for (;;)
			pause();
	}
	EXPECT_EQ(1, baton_wait(b.to_parent[0]));
	ASSERT_LT(0, (self->second = consume(self->fd, "q", 10)));
	PUT(1, 3);
	EXPECT_EQ(1, baton_wait(b.to_parent[0]));
	NOTHING(self->second);
	kill(pid, SIGKILL);
	ASSERT_EQ(0, take_wait(self->fd, self->second, &self->got));
	EXPECT_STREQ("1", self->got.body);
	EXPECT_EQ(BROKER_CAUSE_KILLED, self->got.d.cause);
	GETS(self->second, "2");
	GETS(self->second, "3");
	reap(pid);
}

TEST_F(active, standby_gets_no_deferred_message)
{
	static char buffer[8192] __attribute__((aligned(8)));
	struct broker_receive r;

	BOTH(2);
	PUT(1, 1);
	GETS(self->first, "1");
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_DEFER, self->first, 1));
	r = receive_of(self->second, buffer, sizeof(buffer), 1);
	r.flags = BROKER_RECEIVE_F_DEFERRED;
	r.sequence = 1;
	EXPECT_EQ(-EBUSY, call(self->fd, BROKER_IOC_RECEIVE, &r));
	r.consumer = self->first;
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_EQ(1, r.count);
}

/* It takes over where nothing is in hand, */
TEST_F(active, higher_priority_takes_over)
{
	int high;

	BOTH(5);
	PUT(1, 2);
	/* which what has not been received is not. */
	ASSERT_LT(0, (high = consume_priority(self->fd, "q", 5, 1)));
	NOTHING(self->first);
	GETS(high, "1");
	GETS(high, "2");
}

/* and else waits until that is settled. */
TEST_F(active, higher_priority_waits_its_turn)
{
	int high;

	BOTH(5);
	PUT(1, 4);
	GETS(self->first, "1");
	GETS(self->first, "2");
	ASSERT_LT(0, (high = consume_priority(self->fd, "q", 5, 1)));
	/* The active one gets nothing more, nor does anybody else. */
	NOTHING(self->first);
	NOTHING(high);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->first, 1));
	NOTHING(self->first);
	NOTHING(high);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, self->first, 2));
	NOTHING(self->first);
	GETS(high, "2");
	GETS(high, "3");
	GETS(high, "4");
	/* Equals do not. */
	ASSERT_LT(0, consume_priority(self->fd, "q", 5, 1));
	PUT(5, 5);
	GETS(high, "5");
}

/* If the newcomer goes away before, nothing has happened. */
TEST_F(active, higher_priority_gives_up)
{
	int high;

	BOTH(5);
	PUT(1, 2);
	GETS(self->first, "1");
	ASSERT_LT(0, (high = consume_priority(self->fd, "q", 5, 1)));
	NOTHING(self->first);
	ASSERT_EQ(0, cancel(self->fd, high));
	GETS(self->first, "2");
}

/* One that is promoted only when all leases are over, or all is settled. */
TEST_F(active, hung)
{
	int i;

	ASSERT_LT(0, (self->first = consume_lease(self->fd, "q", 2, 50)));
	ASSERT_LT(0, (self->second = consume(self->fd, "q", 5)));
	PUT(1, 3);
	GETS(self->first, "1");
	ASSERT_EQ(0, take_wait(self->fd, self->second, &self->got));
	EXPECT_STREQ("1", self->got.body);
	EXPECT_EQ(BROKER_CAUSE_LEASE, self->got.d.cause);
	GETS(self->second, "2");
	GETS(self->second, "3");
	/* Alive again, it stands by. */
	EXPECT_EQ(-ESTALE, settle(self->fd, BROKER_OP_ACCEPT, self->first, 1));
	for (i = 1; i <= 3; i++)
		EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->second, i));
	PUT(4, 5);
	NOTHING(self->first);
	GETS(self->second, "4");
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->second, 4));
	ASSERT_EQ(0, cancel(self->fd, self->second));
	GETS(self->first, "5");
}

TEST_F(active, turned_on_and_off)
{
	ASSERT_EQ(0, queue_set("q", .single_active = -1));
	BOTH(2);
	PUT(1, 4);
	GETS(self->first, "1");
	GETS(self->second, "2");
	ASSERT_EQ(0, queue_set("q", .single_active = 1));
	/* What either has received it may settle, before anybody gets more. */
	NOTHING(self->first);
	NOTHING(self->second);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->first, 1));
	NOTHING(self->first);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->second, 1));
	NOTHING(self->second);
	GETS(self->first, "3");
	GETS(self->first, "4");
	PUT(5, 5);
	NOTHING(self->second);
	ASSERT_EQ(0, queue_set("q", .single_active = -1));
	GETS(self->second, "5");
}

/* A transaction that the holder is in the middle of is waited for. */
TEST_F(active, released_by_a_transaction)
{
	struct broker_result results[2];
	struct broker_op ops[2];
	struct broker_submit s = submit_of(ops, 2, results);

	BOTH(2);
	PUT(1, 3);
	GETS(self->first, "1");
	GETS(self->first, "2");
	ASSERT_LT(0, consume_priority(self->fd, "q", 0, 1));
	ops[0] = op_settle(BROKER_OP_RELEASE, self->first, 1);
	ops[1] = op_settle(BROKER_OP_ACCEPT, self->first, 2);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, s.failed);
	NOTHING(self->first);
	NOTHING(self->second);
	GETS(self->second + 1, "1");
	GETS(self->second + 1, "3");
}

#define ROUNDS		40
#define MESSAGES	(10 * ROUNDS)
#define WORKERS		4

/* What the workers write down: which messages came, in the order in which they came. */
struct record {
	uint32_t length, worker;
	uint16_t seen[16 * MESSAGES];
};

static void note(struct record *record, uint32_t worker, const struct got *got)
{
	uint32_t at = __atomic_load_n(&record->length, __ATOMIC_SEQ_CST);

	/* Rather too short than with a hole. */
	if (at == ARRAY_SIZE(record->seen))
		_exit(1);
	record->seen[at] = got->d.sequence;
	record->worker = worker;
	__atomic_store_n(&record->length, at + 1, __ATOMIC_SEQ_CST);
}

static void work(struct record *record, uint32_t worker, unsigned int seed)
{
	int fd = session_open(), consumer = consume(fd, "q", 3);
	struct got *got = malloc(sizeof(*got));

	while (!take_wait(fd, consumer, got)) {
		note(record, worker, got);
		/* Now and then with more in hand than one, and for a while. */
		if (rand_r(&seed) % 3 == 0 && !take(fd, consumer, got))
			note(record, worker, got);
		usleep(rand_r(&seed) % 500);
		settle_flags(fd, BROKER_OP_ACCEPT, consumer, got->d.tag,
			     BROKER_SETTLE_F_CUMULATIVE);
	}
	_exit(0);
}

/* The one at work is killed at any moment; nobody ever sees a message before an earlier one. */
TEST_F(active, order_is_kept_however_they_die)
{
	struct record *record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t i, j, back = 0, before;
	pid_t pids[WORKERS];

	ASSERT_NE(MAP_FAILED, record);
	/* A message that failed twice would wait, and let others go on. */
	ASSERT_EQ(0, queue_set("q", .retry_max = 1));
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork_tied();
		if (!pids[i])
			work(record, i, i + 1);
	}
	for (i = 0; i < ROUNDS; i++) {
		before = __atomic_load_n(&record->length, __ATOMIC_SEQ_CST);
		for (j = 0; j < MESSAGES / ROUNDS; j++)
			ASSERT_EQ(0, put(self->fd, "q", "m"));
		for (j = 0; j < 20000 && record->length < before + 3; j++)
			usleep(100);
		j = record->worker;
		kill(pids[j], SIGKILL);
		reap(pids[j]);
		pids[j] = fork_tied();
		if (!pids[j])
			work(record, j, 100 + i);
	}
	for (i = 0; i < 20000 && queue_get("q", BROKER_A_QUEUE_ACCEPTED) < MESSAGES; i++)
		usleep(2000);
	EXPECT_EQ(MESSAGES, queue_get("q", BROKER_A_QUEUE_ACCEPTED));
	for (i = 0; i < WORKERS; i++) {
		kill(pids[i], SIGKILL);
		reap(pids[i]);
	}
	ASSERT_LE(MESSAGES, record->length);
	EXPECT_EQ(MESSAGES, record->seen[record->length - 1]);
	for (i = 0; i < record->length; i++) {
		/* The next one, or again from where somebody died. */
		if (i && record->seen[i] <= record->seen[i - 1])
			back++;
		else
			ASSERT_EQ(i ? record->seen[i - 1] + 1 : 1, record->seen[i]);
	}
	TH_LOG("%u deliveries, %u times back", record->length, back);
	EXPECT_LT(0, back);
}

TEST_HARNESS_MAIN
