// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages with a dedupe id: published as often as one likes, and taken once. */
#include <grp.h>
#include <pthread.h>

#include "kselftest_harness.h"
#include "once.h"

#define OTHER	4711	/* a user */

FIXTURE(dedupe) { int fd; struct sent sent; };

FIXTURE_SETUP(dedupe)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(dedupe)
{
}

#define IDS(queue)		queue_get(queue, BROKER_A_QUEUE_DEDUPE_IDS)
#define DUPLICATES(queue)	queue_get(queue, BROKER_A_QUEUE_DUPLICATES)

static int seal(const char *name)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_SET);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, name);
	nl_put_u32(msg, BROKER_A_QUEUE_SEALED, 1);
	return nl_do(msg);
}

static int bring(const char *from, const char *to, int copy)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_MOVE);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, from);
	nl_put_str(msg, BROKER_A_QUEUE_TO_QUEUE, to);
	if (copy)
		nl_put(msg, BROKER_A_QUEUE_COPY, NULL, 0);
	return nl_do(msg);
}

TEST_F(dedupe, second_is_a_success_and_not_taken)
{
	const struct pub p = { .key = "q", .body = "m" };
	uint64_t first;

	ASSERT_EQ(0, queue_new("q") ?: put(self->fd, "q", "before"));
	EXPECT_EQ(0, send_id(self->fd, "a", p, &self->sent));
	EXPECT_EQ(0, self->sent.confirm[0].error);
	first = self->sent.result.sequence;
	EXPECT_EQ(2, first);
	ASSERT_EQ(0, put(self->fd, "q", "between"));
	EXPECT_EQ(0, send_id(self->fd, "a", p, &self->sent));
	EXPECT_EQ(1, self->sent.nr);
	EXPECT_EQ(-EALREADY, self->sent.confirm[0].error);
	EXPECT_EQ(first, self->sent.confirm[0].sequence);
	EXPECT_EQ(first, self->sent.result.sequence);
	EXPECT_EQ(1, self->sent.result.accepted);
	EXPECT_EQ(0, self->sent.result.refused);
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(3, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_REFUSED));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DROPPED));
	EXPECT_EQ(1, DUPLICATES("q"));
	EXPECT_EQ(1, IDS("q"));
	/* Of all four, three are messages that the broker took. */
	EXPECT_EQ(3, broker_get(BROKER_A_STATUS_PUBLISHED));
}

TEST_F(dedupe, only_the_same_id)
{
	ASSERT_EQ(0, queue_new("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "a") ?: put_id(self->fd, "q", "b") ?:
		     put_id(self->fd, "q", "ab") ?: put_id(self->fd, "q", "A"));
	EXPECT_EQ(0, put(self->fd, "q", "a") ?: put(self->fd, "q", "a"));
	EXPECT_EQ(6, ready("q"));
	EXPECT_EQ(4, IDS("q"));
}

TEST_F(dedupe, bytes_count_and_not_their_type)
{
	char area[512];

	ASSERT_EQ(0, queue_new("q") ?: put_id(self->fd, "q", "a"));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .props = area,
			     .props_len = id_props(area, BROKER_TYPE_BYTES, "a", 1)));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .props = area,
			     .props_len = id_props(area, BROKER_TYPE_BYTES, "a\0", 2)));
	EXPECT_EQ(2, ready("q"));
}

TEST_F(dedupe, id_comes_with_the_message)
{
	char area[512];
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_new("q") ?: put_id(self->fd, "q", "a"));
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(id_props(area, BROKER_TYPE_STRING, "a", 1), got.d.props_len);
	EXPECT_EQ(0, memcmp(area, got.props, got.d.props_len));
}

TEST_F(dedupe, lengths)
{
	char area[512], id[256];

	memset(id, 'i', sizeof(id));
	ASSERT_EQ(0, queue_new("q"));
	EXPECT_EQ(-EINVAL, publish(self->fd, .key = "q", .props = area,
				   .props_len = id_props(area, BROKER_TYPE_STRING, id, 0)));
	EXPECT_EQ(-EINVAL, publish(self->fd, .key = "q", .props = area,
				   .props_len = id_props(area, BROKER_TYPE_BYTES, id, 0)));
	EXPECT_EQ(-EINVAL, publish(self->fd, .key = "q", .props = area,
				   .props_len = id_props(area, BROKER_TYPE_STRING, id, 256)));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .props = area,
			     .props_len = id_props(area, BROKER_TYPE_STRING, id, 255)));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(dedupe, window_of_zero)
{
	ASSERT_EQ(0, queue_new("q", .no_dedupe = 1));
	EXPECT_EQ(0, put_id(self->fd, "q", "a") ?: put_id(self->fd, "q", "a"));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(0, IDS("q"));
	/* What comes then is remembered; and forgotten with the setting. */
	ASSERT_EQ(0, queue_set("q", .dedupe_window = 1000 * 1000));
	EXPECT_EQ(0, put_id(self->fd, "q", "a") ?: put_id(self->fd, "q", "a"));
	EXPECT_EQ(3, ready("q"));
	ASSERT_EQ(0, queue_set("q", .no_dedupe = 1));
	EXPECT_EQ(0, IDS("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DEDUPE_FORGOTTEN));
	ASSERT_EQ(0, queue_set("q", .dedupe_window = 1000 * 1000));
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(4, ready("q"));
}

/* It begins with the first, and not with each duplicate, or this would not end. */
TEST_F(dedupe, window_ends)
{
	ASSERT_EQ(0, queue_new("q", .dedupe_window = 500));
	do {
		ASSERT_EQ(0, put_id(self->fd, "q", "a"));
	} while (ready("q") < 2);
	EXPECT_LT(0, DUPLICATES("q"));
	EXPECT_EQ(1, IDS("q"));
	/* Those whose time is over do not count as forgotten too early. */
	usleep(600 * 1000);
	ASSERT_EQ(0, put_id(self->fd, "q", "b"));
	EXPECT_EQ(1, IDS("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DEDUPE_FORGOTTEN));
}

TEST_F(dedupe, oldest_is_forgotten_at_the_maximum)
{
	ASSERT_EQ(0, queue_new("q", .dedupe_max = 3));
	EXPECT_EQ(0, put_id(self->fd, "q", "a") ?: put_id(self->fd, "q", "b") ?:
		     put_id(self->fd, "q", "c"));
	/* A duplicate is no younger for that. */
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(0, put_id(self->fd, "q", "d"));
	EXPECT_EQ(3, IDS("q"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_DEDUPE_FORGOTTEN));
	EXPECT_EQ(4, ready("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "b") ?: put_id(self->fd, "q", "c") ?:
		     put_id(self->fd, "q", "d"));
	EXPECT_EQ(4, ready("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(5, ready("q"));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_DEDUPE_FORGOTTEN));
}

TEST_F(dedupe, never_more_than_the_maximum)
{
	char id[16];
	int i;

	ASSERT_EQ(0, queue_new("q", .dedupe_max = 200));
	for (i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "%d", i);
		ASSERT_EQ(0, put_id(self->fd, "q", id));
		if (!(i % 50))
			ASSERT_GE(200, IDS("q"));
	}
	EXPECT_EQ(200, IDS("q"));
	EXPECT_EQ(800, queue_get("q", BROKER_A_QUEUE_DEDUPE_FORGOTTEN));
	/* Live, and at once, more than are forgotten under one hold of the lock. */
	ASSERT_EQ(0, queue_set("q", .dedupe_max = 2));
	EXPECT_EQ(2, IDS("q"));
	EXPECT_EQ(998, queue_get("q", BROKER_A_QUEUE_DEDUPE_FORGOTTEN));
	EXPECT_EQ(0, put_id(self->fd, "q", "999") ?: put_id(self->fd, "q", "998"));
	EXPECT_EQ(1000, ready("q"));
}

TEST_F(dedupe, outlives_the_message_and_a_purge)
{
	ASSERT_EQ(0, queue_new("q") ?: put_id(self->fd, "q", "a") ?: put_id(self->fd, "q", "b"));
	EXPECT_EQ(2, drain("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	ASSERT_EQ(0, put_id(self->fd, "q", "c") ?: queue_purge("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "c"));
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(2, DUPLICATES("q"));
}

TEST_F(dedupe, ends_with_the_queue)
{
	ASSERT_EQ(0, queue_new("q") ?: put_id(self->fd, "q", "a"));
	ASSERT_EQ(0, queue_del("q") ?: queue_new("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, IDS("q"));
}

TEST_F(dedupe, full_queue_does_not_refuse_a_duplicate)
{
	ASSERT_EQ(0, queue_new("q", .max_messages = 1));
	ASSERT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(-EAGAIN, put_id(self->fd, "q", "b"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_REFUSED));
	/* What was refused is not remembered. */
	EXPECT_EQ(1, IDS("q"));
	ASSERT_EQ(1, drain("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "b"));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(dedupe, duplicate_drops_nothing_at_the_head)
{
	ASSERT_EQ(0, queue_new("q", .max_messages = 2, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	ASSERT_EQ(0, put_id(self->fd, "q", "a") ?: put_id(self->fd, "q", "b"));
	EXPECT_EQ(0, put_id(self->fd, "q", "b") ?: put_id(self->fd, "q", "a"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DROPPED));
	/* One that was dropped had been taken, too. */
	EXPECT_EQ(0, put_id(self->fd, "q", "c") ?: put_id(self->fd, "q", "a"));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_DROPPED));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(3, DUPLICATES("q"));
}

TEST_F(dedupe, sealed_queue_does_not_refuse_a_duplicate)
{
	ASSERT_EQ(0, queue_new("q") ?: put_id(self->fd, "q", "a") ?: seal("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(-ESHUTDOWN, put_id(self->fd, "q", "b"));
}

TEST_F(dedupe, without_confirm)
{
	const struct pub p = { .key = "q", .confirm = BROKER_CONFIRM_NONE };

	ASSERT_EQ(0, queue_new("q") ?: put_id(self->fd, "q", "a"));
	EXPECT_EQ(0, send_id(self->fd, "a", p, &self->sent));
	EXPECT_EQ(0, self->sent.nr);
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, DUPLICATES("q"));
}

/* Nobody keeps another user's messages out. */
TEST_F(dedupe, ids_of_each_user_are_apart)
{
	pid_t pid;

	ASSERT_EQ(0, queue_new("q", .owned = 1, .mode = 0666) ?: put_id(self->fd, "q", "a"));
	pid = fork_tied();
	if (!pid)
		_exit(setgroups(0, NULL) || setresgid(OTHER, OTHER, OTHER) ||
		      setresuid(OTHER, OTHER, OTHER) || put_id(self->fd, "q", "a") ||
		      put_id(self->fd, "q", "a"));
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(2, IDS("q"));
	EXPECT_EQ(1, DUPLICATES("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(2, ready("q"));
}

TEST_F(dedupe, each_queue_looks_for_itself)
{
	const struct pub both = { .exchange = "x", .min_routes = 2 };
	const struct broker_confirm *had, *new;
	unsigned int i;

	ASSERT_EQ(0, queue_new("had") ?: queue_new("new"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     bind_queue("x", "had", "") ?: bind_queue("x", "new", ""));
	ASSERT_EQ(0, put(self->fd, "had", "1") ?: put_id(self->fd, "had", "a"));
	/* As one that took it, a duplicate counts for min-routes. */
	EXPECT_EQ(0, send_id(self->fd, "a", both, &self->sent));
	EXPECT_EQ(2, self->sent.result.accepted);
	EXPECT_EQ(0, self->sent.result.refused);
	ASSERT_EQ(2, self->sent.nr);
	i = self->sent.confirm[1].queue == queue_get("had", BROKER_A_QUEUE_ID);
	had = &self->sent.confirm[i];
	new = &self->sent.confirm[!i];
	EXPECT_EQ(-EALREADY, had->error);
	EXPECT_EQ(2, had->sequence);
	EXPECT_EQ(0, new->error);
	EXPECT_EQ(1, new->sequence);
	EXPECT_EQ(2, ready("had"));
	EXPECT_EQ(1, ready("new"));
	/* And both, when they have it. */
	EXPECT_EQ(0, send_id(self->fd, "a", both, &self->sent));
	EXPECT_EQ(2, self->sent.result.accepted);
	EXPECT_EQ(1, ready("new"));
}

TEST_F(dedupe, refused_by_another_queue)
{
	unsigned int i;

	ASSERT_EQ(0, queue_new("had") ?: queue_new("new") ?: queue_new("full", .max_messages = 1));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     bind_queue("x", "had", "") ?: bind_queue("x", "new", "") ?:
		     bind_queue("x", "full", ""));
	ASSERT_EQ(0, put_id(self->fd, "had", "a") ?: put(self->fd, "full", "m"));
	EXPECT_EQ(-EAGAIN, send_id(self->fd, "a", (struct pub) { .exchange = "x" }, &self->sent));
	EXPECT_EQ(0, ready("new"));
	EXPECT_EQ(0, IDS("new"));
	EXPECT_EQ(0, DUPLICATES("had"));
	for (i = 0; i < self->sent.nr; i++)
		EXPECT_NE(0, self->sent.confirm[i].error);
	/* It may be sent again without fear. */
	ASSERT_EQ(1, drain("full"));
	EXPECT_EQ(0, send_id(self->fd, "a", (struct pub) { .exchange = "x" }, NULL));
	EXPECT_EQ(1, ready("had"));
	EXPECT_EQ(1, ready("new"));
	EXPECT_EQ(1, ready("full"));
}

TEST_F(dedupe, tapped_queue)
{
	const struct nl_binding tap = {
		.exchange = "x", .queue = "t", .key = "", .flags = BROKER_BINDING_FLAGS_TAP,
	};

	ASSERT_EQ(0, queue_new("q") ?: queue_new("t"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?: bind_queue("x", "q", "") ?:
		     binding_command(BROKER_CMD_BINDING_NEW, &tap));
	EXPECT_EQ(0, send_id(self->fd, "a", (struct pub) { .exchange = "x" }, NULL));
	EXPECT_EQ(0, send_id(self->fd, "a", (struct pub) { .exchange = "x" }, &self->sent));
	EXPECT_EQ(1, self->sent.nr);
	EXPECT_EQ(1, self->sent.result.accepted);
	EXPECT_EQ(1, ready("t"));
	EXPECT_EQ(1, DUPLICATES("t"));
	EXPECT_EQ(0, queue_get("t", BROKER_A_QUEUE_REFUSED));
}

/* What comes into a queue otherwise is not swallowed, and leaves no id there. */
TEST_F(dedupe, moved_and_copied)
{
	ASSERT_EQ(0, queue_new("from") ?: queue_new("to"));
	ASSERT_EQ(0, put_id(self->fd, "from", "a") ?: put_id(self->fd, "to", "a"));
	EXPECT_EQ(0, bring("from", "to", 1));
	EXPECT_EQ(2, ready("to"));
	EXPECT_EQ(0, bring("from", "to", 0));
	EXPECT_EQ(3, ready("to"));
	ASSERT_EQ(0, put_id(self->fd, "from", "b") ?: bring("from", "to", 0));
	EXPECT_EQ(1, IDS("to"));
	EXPECT_EQ(0, put_id(self->fd, "to", "b"));
	EXPECT_EQ(5, ready("to"));
}

TEST_F(dedupe, dead_letters)
{
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_new("dead") ?: queue_new("q", .dead_exchange = "", .dead_key = "dead"));
	ASSERT_EQ(0, put_id(self->fd, "q", "a") ?: put_id(self->fd, "dead", "a"));
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_REJECT, consumer, got.d.tag));
	consumer = consume_auto(self->fd, "dead", 0);
	ASSERT_EQ(0, take_wait(self->fd, consumer, &got));
	EXPECT_EQ(0, got.d.nr_deaths);
	ASSERT_EQ(0, take_wait(self->fd, consumer, &got));
	EXPECT_EQ(1, got.d.nr_deaths);
}

TEST_F(dedupe, not_with_retain_will_or_request)
{
	static const int flags[] = {
		BROKER_PUBLISH_F_RETAIN, BROKER_PUBLISH_F_WILL, BROKER_PUBLISH_F_REQUEST,
	};
	int i, consumer;

	ASSERT_EQ(0, queue_new("q") ?: exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT,
						    .flags = BROKER_EXCHANGE_FLAGS_RETAIN) ?:
		     bind_queue("x", "q", ""));
	consumer = consume(self->fd, "q", 1);
	ASSERT_LT(0, consumer);
	for (i = 0; i < 3; i++) {
		const struct pub p = { .exchange = "x", .flags = flags[i] };

		EXPECT_EQ(-EOPNOTSUPP, send_id(self->fd, "a", p, NULL));
		EXPECT_EQ(0, publish_pub(self->fd, &p));
	}
	EXPECT_EQ(0, IDS("q"));
}

/* Transactions */

#define NR_OPS	3

static int commit(int fd, const char *const keys[], const char *const ids[],
		  struct broker_result *results)
{
	struct broker_submit s;
	struct broker_op ops[NR_OPS];
	char area[NR_OPS][512];
	int i, ret;

	for (i = 0; i < NR_OPS; i++) {
		const struct pub p = {
			.key = keys[i], .body = "m", .props = area[i],
			.props_len = id_props(area[i], BROKER_TYPE_STRING, ids[i], strlen(ids[i])),
		};

		op_publish(&ops[i], &p);
	}
	s = submit_of(ops, NR_OPS, results);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	ret = call(fd, BROKER_IOC_SUBMIT, &s);
	for (i = 0; i < NR_OPS; i++)
		op_free(&ops[i]);
	return ret ?: (int)s.failed;
}

TEST_F(dedupe, transaction)
{
	const char *const keys[] = { "q", "q", "p" }, *const ids[] = { "a", "b", "a" };
	struct broker_result results[NR_OPS];

	ASSERT_EQ(0, queue_new("q") ?: queue_new("p"));
	EXPECT_EQ(0, commit(self->fd, keys, ids, results));
	EXPECT_EQ(0, commit(self->fd, keys, ids, results));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(1, ready("p"));
	EXPECT_EQ(2, results[1].sequence);
	EXPECT_EQ(1, results[1].accepted);
	EXPECT_EQ(2, DUPLICATES("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "b"));
	EXPECT_EQ(2, ready("q"));
}

TEST_F(dedupe, transaction_that_fails_records_nothing)
{
	const char *const keys[] = { "q", "q", "full" }, *const ids[] = { "a", "b", "c" };
	struct broker_result results[NR_OPS];

	ASSERT_EQ(0, queue_new("q") ?: queue_new("full", .max_messages = 1));
	ASSERT_EQ(0, put(self->fd, "full", "m"));
	EXPECT_EQ(NR_OPS, commit(self->fd, keys, ids, results));
	EXPECT_EQ(-EAGAIN, results[2].error);
	EXPECT_EQ(0, IDS("q"));
	EXPECT_EQ(0, put_id(self->fd, "q", "a"));
	EXPECT_EQ(1, ready("q"));
	/* The rest of it, now that there is room. */
	ASSERT_EQ(1, drain("full"));
	EXPECT_EQ(0, commit(self->fd, keys, ids, results));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(1, ready("full"));
}

TEST_F(dedupe, transaction_with_one_id_twice)
{
	const char *const keys[] = { "q", "q", "q" }, *const ids[] = { "a", "b", "a" };
	struct broker_result results[NR_OPS];

	ASSERT_EQ(0, queue_new("q", .max_messages = 3));
	EXPECT_EQ(0, commit(self->fd, keys, ids, results));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(1, results[0].sequence);
	EXPECT_EQ(2, results[1].sequence);
	EXPECT_EQ(1, results[2].sequence);
	EXPECT_EQ(1, DUPLICATES("q"));
	/* Room that the duplicate had taken is given back. */
	EXPECT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "m"));
	EXPECT_EQ(3, drain("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_BYTES));
}

TEST_F(dedupe, transaction_with_one_id_twice_drops_no_more_than_it_needs)
{
	const char *const keys[] = { "q", "q", "q" }, *const ids[] = { "a", "a", "a" };
	struct broker_result results[NR_OPS];

	ASSERT_EQ(0, queue_new("q", .max_messages = 3, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2") ?: put(self->fd, "q", "3"));
	EXPECT_EQ(0, commit(self->fd, keys, ids, results));
	EXPECT_EQ(1, queue_get("q", BROKER_A_QUEUE_DROPPED));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(3, drain("q"));
}

/* Several publishers */

#define WORKERS		4
#define MESSAGES	300

/* Publishes messages 0 to MESSAGES - 1, each with its number as its id; dies at @end. */
static void publish_until(const char *queue, int end)
{
	int i, fd = session_open();
	char id[16];

	for (i = 0; i < MESSAGES; i++) {
		if (i == end)
			raise(SIGKILL);
		snprintf(id, sizeof(id), "%d", i);
		if (put_id(fd, queue, id))
			_exit(1);
	}
	_exit(0);
}

/* How many of the messages are there exactly once. */
static int count_each(const char *queue)
{
	int fd = session_open(), consumer = consume_auto(fd, queue, 0), i, once = 0;
	struct got *got = malloc(sizeof(*got));
	int seen[MESSAGES] = {};

	while (!take(fd, consumer, got))
		seen[atoi(got->body)]++;
	for (i = 0; i < MESSAGES; i++)
		once += seen[i] == 1;
	free(got);
	close(fd);
	return once;
}

TEST_F(dedupe, same_ids_at_the_same_time)
{
	pid_t pid[WORKERS];
	int i;

	ASSERT_EQ(0, queue_new("q"));
	for (i = 0; i < WORKERS; i++) {
		pid[i] = fork_tied();
		if (!pid[i])
			publish_until("q", MESSAGES);
	}
	for (i = 0; i < WORKERS; i++)
		EXPECT_EQ(0, reap(pid[i]));
	EXPECT_EQ(MESSAGES, ready("q"));
	EXPECT_EQ((WORKERS - 1) * MESSAGES, DUPLICATES("q"));
	EXPECT_EQ(MESSAGES, IDS("q"));
	EXPECT_EQ(MESSAGES, count_each("q"));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_BYTES));
}

/* Killed between two messages, and wherever it is, and started again from the beginning. */
TEST_F(dedupe, killed_publisher_sends_all_again)
{
	pid_t pid;
	int i;

	ASSERT_EQ(0, queue_new("q"));
	for (i = 0; i < 10; i++) {
		pid = fork_tied();
		if (!pid)
			publish_until("q", i % 2 ? MESSAGES : i * MESSAGES / 10);
		if (i % 2) {
			usleep(i * 300);
			kill(pid, SIGKILL);
		}
		reap(pid);
	}
	EXPECT_LE(MESSAGES * 8 / 10, IDS("q"));
	pid = fork_tied();
	if (!pid)
		publish_until("q", MESSAGES);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(MESSAGES, ready("q"));
	EXPECT_EQ(MESSAGES, count_each("q"));
}

/* Both wait for room; one message comes in, and the other is told so when there is room again. */
TEST_F(dedupe, same_id_waiting_for_room)
{
	const struct pub p = { .key = "q", .timeout_ns = BROKER_TIMEOUT_FOREVER };
	int i, status, consumer;
	struct got got;
	pid_t pid;

	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	for (i = 0; i < 2; i++) {
		pid = fork_tied();
		if (!pid)
			_exit(send_id(session_open(), "a", p, NULL) != 0);
		ASSERT_TRUE(wait_asleep(pid));
	}
	/* One message and no more, whatever comes for it. */
	consumer = consume_auto(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_LT(0, wait(&status));
	EXPECT_EQ(0, status);
	/* Room for the second, if it sleeps once more; nothing comes to take that. */
	EXPECT_EQ(1, drain("q"));
	ASSERT_LT(0, wait(&status));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, ready("q"));
	EXPECT_EQ(1, DUPLICATES("q"));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
}

TEST_HARNESS_MAIN
