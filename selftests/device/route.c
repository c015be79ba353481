// SPDX-License-Identifier: GPL-2.0-or-later
/* Which queues a message goes to, and what the publisher learns of it. */
#include "helper.h"
#include "kselftest_harness.h"

#define DIRECT	BROKER_EXCHANGE_TYPE_DIRECT
#define FANOUT	BROKER_EXCHANGE_TYPE_FANOUT
#define TOPIC	BROKER_EXCHANGE_TYPE_TOPIC
#define HEADERS	BROKER_EXCHANGE_TYPE_HEADERS

FIXTURE(route) { int fd; };

FIXTURE_SETUP(route)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("a") ?: queue_new("b") ?: queue_new("c"));
}

FIXTURE_TEARDOWN(route)
{
}

/* Queues a, b and c hold these numbers of messages. */
#define HOLD(in_a, in_b, in_c)		\
do {					\
	EXPECT_EQ(in_a, ready("a"));	\
	EXPECT_EQ(in_b, ready("b"));	\
	EXPECT_EQ(in_c, ready("c"));	\
} while (0)

TEST_F(route, default_exchange_by_name)
{
	EXPECT_EQ(0, put(self->fd, "b", "m"));
	HOLD(0, 1, 0);
}

TEST_F(route, default_exchange_unknown_queue)
{
	EXPECT_EQ(-ENOENT, put(self->fd, "nowhere", "m"));
}

TEST_F(route, default_exchange_unknown_queue_is_not_optional)
{
	EXPECT_EQ(-ENOENT, publish(self->fd, .key = "nowhere",
				   .flags = BROKER_PUBLISH_F_OPTIONAL));
}

TEST_F(route, default_exchange_empty_key)
{
	EXPECT_EQ(-ENOENT, put(self->fd, "", "m"));
}

TEST_F(route, unknown_exchange)
{
	EXPECT_EQ(-ENOENT, send_to(self->fd, "nowhere", "a", "m"));
}

TEST_F(route, unknown_exchange_is_told_without_confirm)
{
	EXPECT_EQ(-ENOENT, publish(self->fd, .exchange = "nowhere",
				   .confirm = BROKER_CONFIRM_NONE));
}

TEST_F(route, direct)
{
	ASSERT_EQ(0, exchange_new("x", DIRECT));
	ASSERT_EQ(0, bind_queue("x", "a", "red") ?: bind_queue("x", "b", "red"));
	ASSERT_EQ(0, bind_queue("x", "b", "blue") ?: bind_queue("x", "c", "blu*"));
	EXPECT_EQ(0, send_to(self->fd, "x", "red", "m"));
	HOLD(1, 1, 0);
	EXPECT_EQ(0, send_to(self->fd, "x", "blue", "m"));
	HOLD(1, 2, 0);
	EXPECT_EQ(0, send_to(self->fd, "x", "blu*", "m"));
	HOLD(1, 2, 1);
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "re", "m"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "redd", "m"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "", "m"));
	HOLD(1, 2, 1);
}

TEST_F(route, direct_empty_key)
{
	ASSERT_EQ(0, exchange_new("x", DIRECT));
	ASSERT_EQ(0, bind_queue("x", "a", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "", "m"));
	HOLD(1, 0, 0);
}

TEST_F(route, fanout_ignores_the_key)
{
	ASSERT_EQ(0, exchange_new("x", FANOUT));
	ASSERT_EQ(0, bind_queue("x", "a", "red") ?: bind_queue("x", "b", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "green", "m"));
	HOLD(1, 1, 0);
}

TEST_F(route, once_to_each_queue)
{
	struct broker_result result;

	ASSERT_EQ(0, exchange_new("x", TOPIC));
	ASSERT_EQ(0, bind_queue("x", "a", "#") ?: bind_queue("x", "a", "k") ?:
		     bind_queue("x", "a", "*") ?: bind_queue("x", "b", "k"));
	EXPECT_EQ(0, publish_result(self->fd, &(struct pub) { .exchange = "x", .key = "k" },
				    &result));
	EXPECT_EQ(2, result.accepted);
	HOLD(1, 1, 0);
}

static const struct {
	const char *pattern, *key;
	int matches;
} topics[] = {
	{ "", "", 1 },			{ "#", "", 1 },
	{ "*", "", 0 },			{ "#.#", "", 1 },
	{ "a", "", 0 },			{ "*.#", "", 0 },
	{ "a", "a", 1 },		{ "a", "b", 0 },
	{ "a.b", "a.b", 1 },		{ "a.b", "a", 0 },
	{ "a", "a.b", 0 },		{ "a.b", "a.b.c", 0 },
	{ "*", "a", 1 },		{ "*", "a.b", 0 },
	{ "*.b", "a.b", 1 },		{ "a.*", "a.b", 1 },
	{ "a.*", "a", 0 },		{ "a.*.c", "a.b.c", 1 },
	{ "a.*.c", "a.c", 0 },		{ "a.*.c", "a.b.b.c", 0 },
	{ "*.*", "a.b", 1 },		{ "*.*", "a", 0 },
	{ "#", "a", 1 },		{ "#", "a.b.c", 1 },
	{ "a.#", "a", 1 },		{ "a.#", "a.b.c", 1 },
	{ "a.#", "b.a", 0 },		{ "#.c", "c", 1 },
	{ "#.c", "a.b.c", 1 },		{ "#.c", "a.c.b", 0 },
	{ "a.#.c", "a.c", 1 },		{ "a.#.c", "a.b.b.c", 1 },
	{ "a.#.c", "a.b", 0 },		{ "#.b.#", "a.b.c", 1 },
	{ "#.b.#", "b", 1 },		{ "#.b.#", "a.c", 0 },
	{ "#.*", "a", 1 },		{ "*.#", "a.b.c", 1 },
	{ "#.*.#", "a", 1 },		{ "#.*.*.#", "a", 0 },
	{ "#.#", "a", 1 },		{ "#.a.#.b.#.c", "x.a.y.b.z.c", 1 },
	{ "#.a.#.b.#.c", "x.b.y.a.z.c", 0 },
	/* Words may be empty. */
	{ "a..b", "a..b", 1 },		{ "a.*.b", "a..b", 1 },
	{ "a.b", "a..b", 0 },		{ "*.*", ".", 1 },
	{ ".", ".", 1 },		{ "#", ".", 1 },
	{ "*.", "a.", 1 },		{ "a.*", "a.", 1 },
	{ "a", "a.", 0 },		{ "a.#", "a.", 1 },
	/* A token that merely contains a wildcard is a word. */
	{ "a*", "ab", 0 },		{ "a*", "a*", 1 },
	{ "#a", "a", 0 },		{ "#a", "#a", 1 },
	{ "**", "a", 0 },		{ "**", "**", 1 },
	{ "##", "a.b", 0 },		{ "##", "##", 1 },
	/* The wildcards are words like others in a key. */
	{ "a", "*", 0 },		{ "*", "#", 1 },
	{ "größe.*", "größe.ä", 1 },	{ "A", "a", 0 },
};

TEST_F(route, topic_patterns)
{
	unsigned int i;

	ASSERT_EQ(0, exchange_new("x", TOPIC));
	for (i = 0; i < ARRAY_SIZE(topics); i++) {
		int want = topics[i].matches ? 0 : -EHOSTUNREACH, ret;

		ASSERT_EQ(0, bind_queue("x", "a", topics[i].pattern));
		ret = send_to(self->fd, "x", topics[i].key, "m");
		EXPECT_EQ(want, ret) {
			TH_LOG("pattern '%s', key '%s'", topics[i].pattern, topics[i].key);
		}
		ASSERT_EQ(0, unbind_queue("x", "a", topics[i].pattern));
	}
}

/* The same with all patterns bound at once: none hides another. */
TEST_F(route, topic_patterns_together)
{
	unsigned int i, k;
	char queue[32];

	ASSERT_EQ(0, exchange_new("x", TOPIC));
	for (i = 0; i < ARRAY_SIZE(topics); i++) {
		snprintf(queue, sizeof(queue), "q%u", i);
		ASSERT_EQ(0, queue_new(queue));
		ASSERT_EQ(0, bind_queue("x", queue, topics[i].pattern));
	}
	for (k = 0; k < ARRAY_SIZE(topics); k++) {
		uint64_t before;

		snprintf(queue, sizeof(queue), "q%u", k);
		before = ready(queue);
		EXPECT_EQ(0, publish(self->fd, .exchange = "x", .key = topics[k].key,
				     .flags = BROKER_PUBLISH_F_OPTIONAL));
		EXPECT_EQ(before + topics[k].matches, ready(queue)) {
			TH_LOG("pattern '%s', key '%s'", topics[k].pattern, topics[k].key);
		}
	}
}

TEST_F(route, exchange_to_exchange)
{
	struct got got;

	ASSERT_EQ(0, exchange_new("x", TOPIC) ?: exchange_new("y", FANOUT));
	ASSERT_EQ(0, bind_exchange("x", "y", "log.#") ?: bind_queue("y", "a", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "log.error", "m"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "mail", "m"));
	HOLD(1, 0, 0);
	/* The receiver sees what the publisher said. */
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "a", 0), &got));
	EXPECT_STREQ("x", got.exchange);
	EXPECT_STREQ("log.error", got.key);
}

TEST_F(route, exchange_to_exchange_diamond)
{
	struct broker_result result;

	ASSERT_EQ(0, exchange_new("x", FANOUT) ?: exchange_new("l", FANOUT) ?:
		     exchange_new("r", FANOUT));
	ASSERT_EQ(0, bind_exchange("x", "l", "") ?: bind_exchange("x", "r", ""));
	ASSERT_EQ(0, bind_queue("l", "a", "") ?: bind_queue("r", "a", "") ?:
		     bind_queue("r", "b", "") ?: bind_queue("x", "a", ""));
	EXPECT_EQ(0, publish_result(self->fd, &(struct pub) { .exchange = "x" }, &result));
	EXPECT_EQ(2, result.accepted);
	HOLD(1, 1, 0);
}

TEST_F(route, exchange_to_exchange_chain)
{
	char from[8], to[8];
	int i;

	for (i = 0; i < 8; i++) {
		snprintf(to, sizeof(to), "x%d", i);
		ASSERT_EQ(0, exchange_new(to, DIRECT));
		if (i)
			ASSERT_EQ(0, bind_exchange(from, to, "k"));
		strcpy(from, to);
	}
	ASSERT_EQ(0, bind_queue("x7", "a", "k"));
	EXPECT_EQ(0, send_to(self->fd, "x0", "k", "m"));
	HOLD(1, 0, 0);
	/* A binding that leads to an exchange where nothing matches is no route. */
	ASSERT_EQ(0, unbind_queue("x7", "a", "k"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x0", "k", "m"));
}

TEST_F(route, exchange_to_exchange_cycle)
{
	ASSERT_EQ(0, exchange_new("x", FANOUT) ?: exchange_new("y", FANOUT) ?:
		     exchange_new("z", FANOUT));
	ASSERT_EQ(0, bind_exchange("x", "y", "") ?: bind_exchange("y", "z", ""));
	EXPECT_GT(0, bind_exchange("z", "x", ""));
	EXPECT_GT(0, bind_exchange("y", "x", "other"));
	EXPECT_GT(0, bind_exchange("x", "x", ""));
	ASSERT_EQ(0, bind_queue("z", "a", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "", "m"));
	HOLD(1, 0, 0);
}

TEST_F(route, alternate_gets_what_does_not_match)
{
	ASSERT_EQ(0, exchange_new("alt", FANOUT));
	ASSERT_EQ(0, exchange_new("x", DIRECT, .alternate = "alt"));
	ASSERT_EQ(0, bind_queue("x", "a", "k") ?: bind_queue("alt", "b", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "k", "m"));
	HOLD(1, 0, 0);
	EXPECT_EQ(0, send_to(self->fd, "x", "other", "m"));
	HOLD(1, 1, 0);
}

TEST_F(route, alternate_of_alternate)
{
	ASSERT_EQ(0, exchange_new("last", FANOUT));
	ASSERT_EQ(0, exchange_new("alt", DIRECT, .alternate = "last"));
	ASSERT_EQ(0, exchange_new("x", DIRECT, .alternate = "alt"));
	ASSERT_EQ(0, bind_queue("last", "c", "") ?: bind_queue("alt", "b", "k"));
	EXPECT_EQ(0, send_to(self->fd, "x", "k", "m"));
	HOLD(0, 1, 0);
	EXPECT_EQ(0, send_to(self->fd, "x", "other", "m"));
	HOLD(0, 1, 1);
}

TEST_F(route, alternate_without_match)
{
	ASSERT_EQ(0, exchange_new("alt", DIRECT));
	ASSERT_EQ(0, exchange_new("x", DIRECT, .alternate = "alt"));
	ASSERT_EQ(0, bind_queue("alt", "b", "k"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "other", "m"));
}

TEST_F(route, alternate_taken_away)
{
	ASSERT_EQ(0, exchange_new("alt", FANOUT));
	ASSERT_EQ(0, exchange_new("x", DIRECT, .alternate = "alt"));
	ASSERT_EQ(0, bind_queue("alt", "b", ""));
	ASSERT_EQ(0, exchange_set("x", .alternate = ""));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "other", "m"));
}

TEST_F(route, unroutable_is_counted)
{
	ASSERT_EQ(0, exchange_new("x", DIRECT));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "k", "m"));
	EXPECT_EQ(1, exchange_get("x", BROKER_A_EXCHANGE_UNROUTABLE));
	EXPECT_EQ(1, broker_get(BROKER_A_STATUS_UNROUTABLE));
}

TEST_F(route, unroutable_is_not_told_without_confirm)
{
	ASSERT_EQ(0, exchange_new("x", DIRECT));
	EXPECT_EQ(0, publish(self->fd, .exchange = "x", .confirm = BROKER_CONFIRM_NONE));
	EXPECT_EQ(1, exchange_get("x", BROKER_A_EXCHANGE_UNROUTABLE));
}

TEST_F(route, optional)
{
	struct broker_result result;

	ASSERT_EQ(0, exchange_new("x", DIRECT));
	EXPECT_EQ(0, publish_result(self->fd, &(struct pub) {
		.exchange = "x", .flags = BROKER_PUBLISH_F_OPTIONAL,
	}, &result));
	EXPECT_EQ(0, result.accepted);
	EXPECT_EQ(0, result.refused);
	EXPECT_EQ(0, result.sequence);
	EXPECT_EQ(1, exchange_get("x", BROKER_A_EXCHANGE_UNROUTABLE));
}

TEST_F(route, min_routes)
{
	ASSERT_EQ(0, exchange_new("x", FANOUT));
	ASSERT_EQ(0, bind_queue("x", "a", "") ?: bind_queue("x", "b", ""));
	EXPECT_EQ(0, publish(self->fd, .exchange = "x", .min_routes = 2));
	HOLD(1, 1, 0);
	EXPECT_EQ(-EHOSTUNREACH, publish(self->fd, .exchange = "x", .min_routes = 3));
	HOLD(1, 1, 0);
}

TEST_F(route, min_routes_of_the_default_exchange)
{
	EXPECT_EQ(-EHOSTUNREACH, publish(self->fd, .key = "a", .min_routes = 2));
	HOLD(0, 0, 0);
}

/* Queue a is full, b is not. */
static int one_full(int fd)
{
	return exchange_new("x", FANOUT) ?: queue_set("a", .max_messages = 1) ?:
	       put(fd, "a", "old") ?: bind_queue("x", "a", "") ?: bind_queue("x", "b", "");
}

TEST_F(route, all_or_nothing)
{
	struct broker_confirm confirms[2] = {};
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	int i;

	ASSERT_EQ(0, one_full(self->fd));
	op_publish(&op, &(struct pub) { .exchange = "x", .body = "m" });
	s = submit_of(&op, 1, &result);
	s.confirms = (uintptr_t)confirms;
	s.nr_confirms = 2;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(-EAGAIN, result.error);
	EXPECT_EQ(0, result.accepted);
	EXPECT_EQ(2, result.refused);
	EXPECT_EQ(2, s.nr_confirms);
	HOLD(1, 0, 0);
	for (i = 0; i < 2; i++) {
		int full = confirms[i].queue == queue_get("a", BROKER_A_QUEUE_ID);

		EXPECT_EQ(full ? -EAGAIN : -ECANCELED, confirms[i].error);
		EXPECT_EQ(0, confirms[i].sequence);
	}
	/* It may be sent again without fear of a duplicate. */
	ASSERT_EQ(1, drain("a"));
	EXPECT_EQ(0, submit_one(self->fd, &op));
	HOLD(1, 1, 0);
}

TEST_F(route, partial)
{
	struct broker_confirm confirms[2] = {};
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	int i;

	ASSERT_EQ(0, one_full(self->fd));
	op_publish(&op, &(struct pub) {
		.exchange = "x", .body = "m", .flags = BROKER_PUBLISH_F_PARTIAL,
	});
	s = submit_of(&op, 1, &result);
	s.confirms = (uintptr_t)confirms;
	s.nr_confirms = 2;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, result.error);
	EXPECT_EQ(1, result.accepted);
	EXPECT_EQ(1, result.refused);
	EXPECT_NE(0, result.sequence);
	HOLD(1, 1, 0);
	for (i = 0; i < 2; i++) {
		int full = confirms[i].queue == queue_get("a", BROKER_A_QUEUE_ID);

		EXPECT_EQ(full ? -EAGAIN : 0, confirms[i].error);
		EXPECT_EQ(!full, confirms[i].sequence != 0);
	}
}

TEST_F(route, partial_below_min_routes)
{
	ASSERT_EQ(0, one_full(self->fd));
	EXPECT_EQ(-EAGAIN, publish(self->fd, .exchange = "x", .min_routes = 2,
				   .flags = BROKER_PUBLISH_F_PARTIAL));
	HOLD(1, 0, 0);
}

TEST_F(route, partial_all_full)
{
	ASSERT_EQ(0, one_full(self->fd));
	ASSERT_EQ(0, queue_set("b", .max_messages = 1) ?: put(self->fd, "b", "old"));
	EXPECT_EQ(-EAGAIN, publish(self->fd, .exchange = "x",
				   .flags = BROKER_PUBLISH_F_PARTIAL));
	HOLD(1, 1, 0);
}

/* A payload is stored once, however many queues hold it. */
TEST_F(route, one_message_in_many_queues)
{
	struct got b;

	ASSERT_EQ(0, exchange_new("x", FANOUT));
	ASSERT_EQ(0, bind_queue("x", "a", "") ?: bind_queue("x", "b", ""));
	ASSERT_EQ(0, send_to(self->fd, "x", "k", "payload"));
	/* Settling or deleting it in one leaves the other alone. */
	ASSERT_EQ(1, drain("a"));
	ASSERT_EQ(0, queue_del("a"));
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "b", 0), &b));
	EXPECT_STREQ("payload", b.body);
	EXPECT_EQ(-ENOENT, consume(self->fd, "a", 0));
}

TEST_F(route, unbound_and_deleted)
{
	ASSERT_EQ(0, exchange_new("x", FANOUT));
	ASSERT_EQ(0, bind_queue("x", "a", "") ?: bind_queue("x", "b", ""));
	ASSERT_EQ(0, unbind_queue("x", "a", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "", "m"));
	HOLD(0, 1, 0);
	ASSERT_EQ(0, queue_del("b"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "", "m"));
	ASSERT_EQ(0, exchange_del("x"));
	EXPECT_EQ(-ENOENT, send_to(self->fd, "x", "", "m"));
}

TEST_HARNESS_MAIN
