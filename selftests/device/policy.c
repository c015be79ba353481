// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies: settings for queues by their names. */
#include "helper.h"
#include "kselftest_harness.h"

#define MS	10000	/* a time that no default has */

FIXTURE(policy) { int fd; struct got got; };

FIXTURE_SETUP(policy)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(policy)
{
}

/* A setting is BROKER_A_QUEUE_*, a number. */
struct policy {
	const char *pattern;
	uint32_t precedence;
	int cap, setting, second;
	uint64_t value, second_value;
	const char *dead_key;
};

static void put_setting(struct nl_msg *msg, int setting, uint64_t value)
{
	if (setting == BROKER_A_QUEUE_MAX_BYTES)
		nl_put_u64(msg, setting, value);
	else if (setting)
		nl_put_u32(msg, setting, value);
}

static int policy_command(int command, const char *name, const struct policy *p)
{
	struct nl_msg *msg = nl_new(command);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, name);
	nl_put_str(msg, BROKER_A_QUEUE_PATTERN, p->pattern);
	if (p->precedence)
		nl_put_u32(msg, BROKER_A_QUEUE_PRECEDENCE, p->precedence);
	if (p->cap)
		nl_put(msg, BROKER_A_QUEUE_CAP, NULL, 0);
	put_setting(msg, p->setting, p->value);
	put_setting(msg, p->second, p->second_value);
	nl_put_str(msg, BROKER_A_QUEUE_DEAD_LETTER_KEY, p->dead_key);
	return nl_do(msg);
}

#define NEW(name, ...) \
	policy_command(BROKER_CMD_POLICY_NEW, name, &(struct policy){ __VA_ARGS__ })
#define SET(name, ...) \
	policy_command(BROKER_CMD_POLICY_SET, name, &(struct policy){ __VA_ARGS__ })
#define DEL(name) \
	policy_command(BROKER_CMD_POLICY_DEL, name, &(struct policy){})
#define TTL(ms)		.setting = BROKER_A_QUEUE_TTL, .value = (ms)
#define MAX(count)	.setting = BROKER_A_QUEUE_MAX_MESSAGES, .value = (count)
#define GET(queue, ATTRIBUTE) queue_get(queue, BROKER_A_QUEUE_##ATTRIBUTE)

static uint64_t maybe(const char *queue, int attribute)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_GET), reply;

	nl_put_str(msg, BROKER_A_QUEUE_NAME, queue);
	if (nl_do_reply(msg, &reply) || !nl_attr(&reply, attribute))
		return 0;
	return nl_get(&reply, attribute);
}

#define BY_POLICY(queue)	maybe(queue, BROKER_A_QUEUE_BY_POLICY)
#define CAPPED(queue)		maybe(queue, BROKER_A_QUEUE_CAPPED)

/* Those that are there, and those that come. */
TEST_F(policy, before_and_after_the_queue)
{
	ASSERT_EQ(0, queue_new("orders.eu"));
	ASSERT_EQ(0, NEW("p", .pattern = "orders.*", TTL(MS)));
	EXPECT_EQ(MS, GET("orders.eu", TTL));
	EXPECT_EQ(BROKER_SETTING_TTL, BY_POLICY("orders.eu"));
	ASSERT_EQ(0, queue_new("orders.us") ?: queue_new("other"));
	EXPECT_EQ(MS, GET("orders.us", TTL));
	EXPECT_EQ(0, GET("other", TTL));
	EXPECT_EQ(0, BY_POLICY("other"));
	ASSERT_EQ(0, SET("p", TTL(2 * MS)));
	EXPECT_EQ(2 * MS, GET("orders.eu", TTL));
	ASSERT_EQ(0, SET("p", .pattern = "oth*", .precedence = 3));
	EXPECT_EQ(0, GET("orders.us", TTL));
	ASSERT_EQ(0, SET("p", .pattern = "other"));
	EXPECT_EQ(2 * MS, GET("other", TTL));
	ASSERT_EQ(0, DEL("p"));
	EXPECT_EQ(0, GET("other", TTL));
	EXPECT_EQ(0, BY_POLICY("other"));
}

/* It works, not only shows. */
TEST_F(policy, takes_effect)
{
	ASSERT_EQ(0, queue_new("q") ?: NEW("p", .pattern = "#", MAX(1)));
	ASSERT_EQ(0, put(self->fd, "q", "1"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	ASSERT_EQ(0, DEL("p"));
	EXPECT_EQ(0, put(self->fd, "q", "2"));
}

/* What is said of the queue itself goes before, whenever it is said. */
TEST_F(policy, the_queue_itself)
{
	ASSERT_EQ(0, queue_new("q", .ttl = 500000));
	ASSERT_EQ(0, NEW("p", .pattern = "q", TTL(MS),
			 .second = BROKER_A_QUEUE_LEASE, .second_value = 7000));
	EXPECT_EQ(500000, GET("q", TTL));
	EXPECT_EQ(7000, GET("q", LEASE));
	EXPECT_EQ(BROKER_SETTING_LEASE, BY_POLICY("q"));
	ASSERT_EQ(0, queue_set("q", .lease = 8000));
	EXPECT_EQ(8000, GET("q", LEASE));
	EXPECT_EQ(0, BY_POLICY("q"));
	ASSERT_EQ(0, SET("p", .second = BROKER_A_QUEUE_LEASE, .second_value = 9000));
	EXPECT_EQ(8000, GET("q", LEASE));
	ASSERT_EQ(0, DEL("p"));
	EXPECT_EQ(8000, GET("q", LEASE));
	EXPECT_EQ(500000, GET("q", TTL));
}

/* For each setting the highest precedence that has it; among equals, by name. */
TEST_F(policy, precedence)
{
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_EQ(0, NEW("low", .pattern = "#", TTL(1 * MS), .precedence = 1,
			 .second = BROKER_A_QUEUE_LEASE, .second_value = 1000));
	ASSERT_EQ(0, NEW("high", .pattern = "q", TTL(2 * MS), .precedence = 9));
	EXPECT_EQ(2 * MS, GET("q", TTL));
	EXPECT_EQ(1000, GET("q", LEASE));
	ASSERT_EQ(0, NEW("a", .pattern = "q", TTL(3 * MS), .precedence = 9));
	EXPECT_EQ(3 * MS, GET("q", TTL));
	ASSERT_EQ(0, SET("low", .precedence = 10));
	EXPECT_EQ(1 * MS, GET("q", TTL));
	ASSERT_EQ(0, DEL("low"));
	EXPECT_EQ(3 * MS, GET("q", TTL));
	ASSERT_EQ(0, DEL("a") ?: DEL("high"));
	EXPECT_EQ(0, GET("q", TTL));
}

/* Caps bound what anybody set; the lowest one wins, and 0 is no lower where it is none. */
TEST_F(policy, caps)
{
	ASSERT_EQ(0, queue_new("q", .max_messages = 500) ?: queue_new("free"));
	ASSERT_EQ(0, NEW("c1", .pattern = "#", .cap = 1, MAX(100), .second = BROKER_A_QUEUE_TTL,
			 .second_value = MS));
	EXPECT_EQ(100, GET("q", MAX_MESSAGES));
	EXPECT_EQ(MS, GET("q", TTL));
	EXPECT_EQ(BROKER_SETTING_MAX_MESSAGES | BROKER_SETTING_TTL, CAPPED("q"));
	EXPECT_EQ(BROKER_SETTING_TTL, BY_POLICY("q"));
	ASSERT_EQ(0, NEW("c2", .pattern = "q", .cap = 1, MAX(50), .precedence = 7));
	EXPECT_EQ(50, GET("q", MAX_MESSAGES));
	EXPECT_EQ(100, GET("free", MAX_MESSAGES));
	ASSERT_EQ(0, queue_set("q", .max_messages = 20, .ttl = 2 * MS));
	EXPECT_EQ(20, GET("q", MAX_MESSAGES));
	EXPECT_EQ(MS, GET("q", TTL));
	ASSERT_EQ(0, queue_set("q", .max_messages = 5000));
	EXPECT_EQ(50, GET("q", MAX_MESSAGES));
	/* A policy's value is bounded, too. */
	ASSERT_EQ(0, NEW("p", .pattern = "free", MAX(400)));
	EXPECT_EQ(100, GET("free", MAX_MESSAGES));
	/* What was said before is remembered. */
	ASSERT_EQ(0, DEL("c1") ?: DEL("c2"));
	EXPECT_EQ(5000, GET("q", MAX_MESSAGES));
	EXPECT_EQ(2 * MS, GET("q", TTL));
	EXPECT_EQ(400, GET("free", MAX_MESSAGES));
	EXPECT_EQ(0, CAPPED("q"));
}

TEST_F(policy, patterns)
{
	static const struct { const char *pattern, *queue; int matches; } cases[] = {
		{ "a.b", "a.b", 1 }, { "a.b", "a.c", 0 }, { "a", "a.b", 0 }, { "a.b", "a", 0 },
		{ "*", "a", 1 }, { "*", "a.b", 0 }, { "a.*", "a.b", 1 }, { "*.b", "a.b", 1 },
		{ "#", "a.b.c", 1 }, { "a.#", "a", 1 }, { "a.#", "a.b.c", 1 }, { "a.#", "ab", 0 },
		{ "#.c", "a.b.c", 1 }, { "#.c", "c", 1 }, { "#.c", "a.c.b", 0 },
		{ "#.b.#", "a.b.c", 1 }, { "#.b.#", "a.c", 0 }, { "a.#.c", "a.c", 1 },
		{ "a.#.c", "a.b.b.c", 1 }, { "a.#.*", "a", 0 }, { "#.a.b", "a.a.b", 1 },
		{ "#.#", "a", 1 }, { "a..b", "a..b", 1 }, { "a.*.b", "a..b", 1 },
		{ "*.#.b.*", "a.b.b.b", 1 }, { "a.b.#.c", "a.b.c.d", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ASSERT_EQ(0, queue_new(cases[i].queue) ?:
			     NEW("p", .pattern = cases[i].pattern, TTL(MS)));
		EXPECT_EQ(cases[i].matches ? MS : 0, GET(cases[i].queue, TTL))
			TH_LOG("'%s' '%s'", cases[i].pattern, cases[i].queue);
		ASSERT_EQ(0, queue_del(cases[i].queue) ?: DEL("p"));
	}
}

/* Where dead letters go, and come from then. */
TEST_F(policy, dead_letters)
{
	int consumer;

	ASSERT_EQ(0, queue_new("dead") ?: queue_new("q"));
	ASSERT_EQ(-ENOENT, NEW("p", .pattern = "q", .dead_key = "none"));
	ASSERT_EQ(0, NEW("p", .pattern = "q", .dead_key = "dead"));
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: take(self->fd, consumer, &self->got) ?:
		     settle(self->fd, BROKER_OP_REJECT, consumer, self->got.d.tag));
	AWAIT("dead", READY, 1);
	ASSERT_EQ(0, queue_set("q", .dead_key = "q"));
	ASSERT_EQ(0, DEL("p"));
	ASSERT_EQ(0, NEW("p", .pattern = "#", .dead_key = "dead"));
	ASSERT_EQ(0, SET("p", TTL(MS)));
	ASSERT_EQ(0, queue_del("q"));
	ASSERT_EQ(0, DEL("p"));
}

/* A queue whose name the broker makes up. */
TEST_F(policy, made_up_name)
{
	struct nl_msg *msg, reply;

	ASSERT_EQ(0, NEW("p", .pattern = "broker.*", TTL(MS)));
	msg = nl_new(BROKER_CMD_QUEUE_NEW);
	ASSERT_EQ(0, nl_do_reply(msg, &reply));
	EXPECT_EQ(MS, nl_get(&reply, BROKER_A_QUEUE_TTL));
}

TEST_F(policy, refused)
{
	ASSERT_EQ(0, NEW("p", .pattern = "#", TTL(MS)));
	EXPECT_EQ(-EEXIST, NEW("p", .pattern = "#", TTL(MS)));
	EXPECT_EQ(-ENOENT, SET("none", TTL(MS)));
	EXPECT_EQ(-ENOENT, DEL("none"));
	EXPECT_EQ(-EINVAL, NEW("c", .pattern = "#", .cap = 1, .setting = BROKER_A_QUEUE_OVERFLOW,
			       .value = 1));
	EXPECT_EQ(-EINVAL, NEW("c", .pattern = "#", .cap = 1, .dead_key = "x"));
	EXPECT_EQ(-EINVAL, NEW("c", .pattern = NULL));
}

/* With many queues that come and go. */
TEST_F(policy, while_queues_come_and_go)
{
	char name[16];
	pid_t pid = fork_tied();
	int i;

	if (!pid) {
		for (i = 0;; i++) {
			snprintf(name, sizeof(name), "q.%d", i % 50);
			queue_new(name);
			snprintf(name, sizeof(name), "q.%d", (i + 25) % 50);
			queue_del(name);
		}
	}
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, NEW("p", .pattern = "q.*", TTL(MS + i)));
		ASSERT_EQ(0, SET("p", TTL(MS)));
		ASSERT_EQ(0, DEL("p"));
	}
	kill(pid, SIGKILL);
	reap(pid);
}

TEST_HARNESS_MAIN
