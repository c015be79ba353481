// SPDX-License-Identifier: GPL-2.0-or-later
/* Producers that number their messages, and send again whatever they are not sure of. */
#include <grp.h>

#include "kselftest_harness.h"
#include "once.h"

#define OTHER	4711	/* a user */

FIXTURE(producer) { int fd; struct sent sent; };

FIXTURE_SETUP(producer)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(producer)
{
}

#define DUPLICATES(queue)	queue_get(queue, BROKER_A_QUEUE_DUPLICATES)
#define PUT(name, number)	put_number(self->fd, "q", name, number)
#define SEND(name, number)	\
	send_number(self->fd, name, number, (struct pub) { .key = "q" }, &self->sent)

TEST_F(producer, takes_what_is_higher)
{
	EXPECT_EQ(0, PUT("p", 1) ?: PUT("p", 2) ?: PUT("p", 7));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(7, producer_last("q", "p"));
	EXPECT_EQ(0, DUPLICATES("q"));
	EXPECT_EQ(0, PUT("p", INT64_MAX));
	EXPECT_EQ(INT64_MAX, producer_last("q", "p"));
	EXPECT_EQ(4, ready("q"));
}

TEST_F(producer, duplicate_is_a_success)
{
	ASSERT_EQ(0, PUT("p", 3) ?: put(self->fd, "q", "m") ?: PUT("p", 5));
	/* Of the last one it is known which message that is. */
	EXPECT_EQ(0, SEND("p", 5));
	EXPECT_EQ(-EALREADY, self->sent.confirm[0].error);
	EXPECT_EQ(3, self->sent.confirm[0].sequence);
	EXPECT_EQ(3, self->sent.result.sequence);
	EXPECT_EQ(1, self->sent.result.accepted);
	EXPECT_EQ(0, self->sent.result.refused);
	EXPECT_EQ(0, SEND("p", 3));
	EXPECT_EQ(-EALREADY, self->sent.confirm[0].error);
	EXPECT_EQ(0, self->sent.confirm[0].sequence);
	/* One that was left out is too late now. */
	EXPECT_EQ(0, SEND("p", 4));
	EXPECT_EQ(-EALREADY, self->sent.confirm[0].error);
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(3, DUPLICATES("q"));
	EXPECT_EQ(5, producer_last("q", "p"));
}

TEST_F(producer, names_are_apart)
{
	EXPECT_EQ(0, PUT("p", 5) ?: PUT("pp", 1) ?: PUT("P", 2));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(3, queue_get("q", BROKER_A_QUEUE_PRODUCERS));
	EXPECT_EQ(1, producer_last("q", "pp"));
	EXPECT_EQ(0, producer_last("q", "nobody"));
	EXPECT_EQ(~0ULL, producer_last("none", "p"));
}

/* Nobody keeps another user's messages out. */
TEST_F(producer, users_are_apart)
{
	pid_t pid;

	ASSERT_EQ(0, queue_del("q") ?: queue_new("q", .owned = 1, .mode = 0666));
	ASSERT_EQ(0, PUT("p", 1));
	pid = fork_tied();
	if (!pid)
		_exit(setgroups(0, NULL) || setresgid(OTHER, OTHER, OTHER) ||
		      setresuid(OTHER, OTHER, OTHER) || producer_last("q", "p") != 0 ||
		      PUT("p", 100) || producer_last("q", "p") != 100);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, PUT("p", 2));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(2, producer_last("q", "p"));
}

TEST_F(producer, each_queue_looks_for_itself)
{
	const struct pub both = { .exchange = "x", .min_routes = 2 };

	ASSERT_EQ(0, queue_new("r"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?: bind_queue("x", "q", "") ?:
		     bind_queue("x", "r", ""));
	ASSERT_EQ(0, PUT("p", 1));
	EXPECT_EQ(0, send_number(self->fd, "p", 1, both, &self->sent));
	EXPECT_EQ(2, self->sent.result.accepted);
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, ready("r"));
	EXPECT_EQ(1, producer_last("r", "p"));
}

TEST_F(producer, refused_is_not_counted)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 1));
	EXPECT_EQ(0, PUT("p", 1));
	/* Full, which does not matter to a duplicate. */
	EXPECT_EQ(0, PUT("p", 1));
	EXPECT_EQ(-EAGAIN, PUT("p", 2));
	EXPECT_EQ(1, producer_last("q", "p"));
	ASSERT_EQ(1, drain("q"));
	EXPECT_EQ(0, PUT("p", 2));
	EXPECT_EQ(2, producer_last("q", "p"));
	EXPECT_EQ(1, ready("q"));
}

/* Unlike an id, a number is not forgotten after a while. */
TEST_F(producer, without_a_window)
{
	ASSERT_EQ(0, queue_set("q", .no_dedupe = 1));
	ASSERT_EQ(0, PUT("p", 1) ?: queue_set("q", .dedupe_window = 1));
	usleep(5000);
	EXPECT_EQ(0, PUT("p", 1));
	ASSERT_EQ(0, queue_purge("q"));
	EXPECT_EQ(0, PUT("p", 1));
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(2, DUPLICATES("q"));
}

TEST_F(producer, ends_with_the_queue)
{
	ASSERT_EQ(0, PUT("p", 5) ?: queue_del("q") ?: queue_new("q"));
	EXPECT_EQ(0, producer_last("q", "p"));
	EXPECT_EQ(0, PUT("p", 1));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(producer, with_a_dedupe_id)
{
	char area[1024];
	struct pub p = { .key = "q", .props = area };
	uint32_t len = producer_props(area, "p", 1);

	p.props_len = len + id_props(area + len, BROKER_TYPE_STRING, "a", 1);
	EXPECT_EQ(0, publish_pub(self->fd, &p));
	EXPECT_EQ(1, producer_last("q", "p"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_DEDUPE_IDS));
	/* Each alone makes a duplicate, and a duplicate counts nowhere. */
	producer_props(area, "p", 2);
	EXPECT_EQ(0, publish_pub(self->fd, &p));
	EXPECT_EQ(1, producer_last("q", "p"));
	len = producer_props(area, "p", 1);
	id_props(area + len, BROKER_TYPE_STRING, "b", 1);
	EXPECT_EQ(0, publish_pub(self->fd, &p));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_DEDUPE_IDS));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(2, DUPLICATES("q"));
}

TEST_F(producer, both_properties_or_none)
{
	char area[512], name[257];
	uint32_t len = producer_props(area, "p", 1);
	const uint32_t first = sizeof(struct broker_prop) + 1;

	EXPECT_EQ(-EINVAL, publish(self->fd, .key = "q", .props = area, .props_len = first));
	EXPECT_EQ(-EINVAL, publish(self->fd, .key = "q", .props = area + first,
				   .props_len = len - first));
	EXPECT_EQ(-EINVAL, PUT("p", 0));
	EXPECT_EQ(-EINVAL, PUT("p", -1));
	EXPECT_EQ(-EINVAL, PUT("", 1));
	EXPECT_EQ(-EILSEQ, PUT("two\nlines", 1));
	memset(name, 'n', 256);
	name[256] = 0;
	EXPECT_EQ(-EINVAL, PUT(name, 1));
	EXPECT_EQ(0, PUT(name + 1, 1));
	EXPECT_EQ(1, producer_last("q", name + 1));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(producer, not_with_retain_will_or_request)
{
	static const int flags[] = {
		BROKER_PUBLISH_F_RETAIN, BROKER_PUBLISH_F_WILL, BROKER_PUBLISH_F_REQUEST,
	};
	int i;

	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EOPNOTSUPP, send_number(self->fd, "p", 1, (struct pub) {
						   .key = "q", .flags = flags[i] }, NULL));
	EXPECT_EQ(0, producer_last("q", "p"));
}

TEST_F(producer, the_one_silent_for_longest_is_forgotten)
{
	char name[16];
	int i;

	ASSERT_EQ(0, PUT("first", 1) ?: PUT("second", 1));
	for (i = 2; i < BROKER_MAX_PRODUCERS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		ASSERT_EQ(0, PUT(name, 1));
	}
	EXPECT_EQ(BROKER_MAX_PRODUCERS, queue_get("q", BROKER_A_QUEUE_PRODUCERS));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_PRODUCERS_FORGOTTEN));
	/* Who is heard of again is not. */
	ASSERT_EQ(0, PUT("first", 2) ?: PUT("new", 1));
	EXPECT_EQ(BROKER_MAX_PRODUCERS, queue_get("q", BROKER_A_QUEUE_PRODUCERS));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_PRODUCERS_FORGOTTEN));
	EXPECT_EQ(2, producer_last("q", "first"));
	EXPECT_EQ(0, producer_last("q", "second"));
	EXPECT_EQ(1, producer_last("q", "p2"));
}

/* Numbers @from to @to in one call; the number that failed, or the call's error. */
static int submit_numbers(int fd, const char *queue, int from, int to, int flags,
			  struct broker_result *results)
{
	struct broker_op ops[8];
	char area[8][512];
	struct broker_submit s;
	int i, ret;

	for (i = 0; i <= to - from; i++)
		op_publish(&ops[i], &(struct pub) {
			.key = queue, .props = area[i],
			.props_len = producer_props(area[i], "p", from + i),
		});
	s = submit_of(ops, i, results);
	s.flags = flags;
	ret = call(fd, BROKER_IOC_SUBMIT, &s);
	while (i--)
		op_free(&ops[i]);
	return ret ?: (int)s.failed;
}

TEST_F(producer, batch_that_stops_at_a_refusal)
{
	struct broker_result results[8];

	ASSERT_EQ(0, queue_set("q", .max_messages = 2));
	EXPECT_EQ(2, submit_numbers(self->fd, "q", 1, 4, BROKER_SUBMIT_F_STOP, results));
	EXPECT_EQ(-EAGAIN, results[2].error);
	EXPECT_EQ(-ECANCELED, results[3].error);
	EXPECT_EQ(2, producer_last("q", "p"));
	ASSERT_EQ(0, queue_set("q", .max_messages = 4));
	EXPECT_EQ(0, submit_numbers(self->fd, "q", 1, 4, BROKER_SUBMIT_F_STOP, results));
	EXPECT_EQ(4, ready("q"));
	EXPECT_EQ(2, DUPLICATES("q"));
}

TEST_F(producer, transaction)
{
	struct broker_result results[8];

	ASSERT_EQ(0, queue_set("q", .max_messages = 2));
	EXPECT_EQ(3, submit_numbers(self->fd, "q", 1, 3, BROKER_SUBMIT_F_ATOMIC, results));
	EXPECT_EQ(0, producer_last("q", "p"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_PRODUCERS));
	EXPECT_EQ(0, submit_numbers(self->fd, "q", 1, 2, BROKER_SUBMIT_F_ATOMIC, results));
	EXPECT_EQ(0, submit_numbers(self->fd, "q", 1, 2, BROKER_SUBMIT_F_ATOMIC, results));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(2, producer_last("q", "p"));
}

/* Many processes */

#define MESSAGES	300

/* From what the queue says is missing, or with @all from the beginning; dies at @end. */
static void produce(const char *queue, int all, int end)
{
	int i, fd = session_open();

	for (i = all ? 1 : producer_last(queue, "p") + 1; i <= MESSAGES; i++) {
		if (i == end)
			raise(SIGKILL);
		if (put_number(fd, queue, "p", i))
			_exit(1);
	}
	_exit(0);
}

/* How many messages come, each with the next number. */
static int count_in_order(const char *queue)
{
	int fd = session_open(), consumer = consume_auto(fd, queue, 0), n = 0;
	struct got *got = malloc(sizeof(*got));

	while (!take(fd, consumer, got) && atoi(got->body) == n + 1)
		n++;
	free(got);
	close(fd);
	return n;
}

TEST_F(producer, killed_and_started_again)
{
	pid_t pid;
	int i;

	for (i = 0; i < 10; i++) {
		pid = fork_tied();
		if (!pid)
			produce("q", i < 5, i % 2 ? 0 : i * MESSAGES / 10);
		if (i % 2) {
			usleep(i * 300);
			kill(pid, SIGKILL);
		}
		reap(pid);
	}
	for (i = 0; i < 2; i++) {
		pid = fork_tied();
		if (!pid)
			produce("q", i, 0);
		EXPECT_EQ(0, reap(pid));
	}
	EXPECT_EQ(MESSAGES, ready("q"));
	EXPECT_LE(MESSAGES, DUPLICATES("q"));
	EXPECT_EQ(MESSAGES, producer_last("q", "p"));
	EXPECT_EQ(MESSAGES, count_in_order("q"));
}

/* Two that take themselves for the same one: each number is taken once, in order. */
TEST_F(producer, twice_at_the_same_time)
{
	pid_t pid[3];
	int i;

	for (i = 0; i < 3; i++) {
		pid[i] = fork_tied();
		if (!pid[i])
			produce("q", 1, 0);
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, reap(pid[i]));
	EXPECT_EQ(MESSAGES, ready("q"));
	EXPECT_EQ(2 * MESSAGES, DUPLICATES("q"));
	EXPECT_EQ(MESSAGES, count_in_order("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_BYTES));
}

TEST_HARNESS_MAIN
