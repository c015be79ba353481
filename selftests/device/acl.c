// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules by routing key: who may publish what, and bind to what. */
#include <grp.h>
#include "helper.h"
#include "kselftest_harness.h"

#define USER	1000
#define GROUP	2000

#define CHECK(condition)							\
	do {									\
		if (!(condition)) {						\
			printf("# line %d: %s\n", __LINE__, #condition);	\
			fflush(stdout);						\
			_exit(1);						\
		}								\
	} while (0)

struct rule { const char *exchange, *pattern; int deny, operations, number; uint32_t uid, gid; };

static int acl_new_rule(const struct rule *r)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_ACL_NEW);

	nl_put_str(msg, BROKER_A_ACL_EXCHANGE, r->exchange);
	nl_put_str(msg, BROKER_A_ACL_PATTERN, r->pattern);
	nl_put_u32(msg, BROKER_A_ACL_ACTION,
		   r->deny ? BROKER_ACL_ACTION_DENY : BROKER_ACL_ACTION_ALLOW);
	if (r->operations)
		nl_put_u32(msg, BROKER_A_ACL_OPERATIONS, r->operations);
	if (r->number)
		nl_put_u32(msg, BROKER_A_ACL_NUMBER, r->number);
	if (r->uid)
		nl_put_u32(msg, BROKER_A_ACL_UID, r->uid);
	if (r->gid)
		nl_put_u32(msg, BROKER_A_ACL_GID, r->gid);
	return nl_do(msg);
}

#define acl(name, what, ...) \
	acl_new_rule(&(struct rule) { .exchange = name, .pattern = what, __VA_ARGS__ })

static int acl_del(const char *exchange, int number)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_ACL_DEL);

	nl_put_str(msg, BROKER_A_ACL_EXCHANGE, exchange);
	nl_put_u32(msg, BROKER_A_ACL_NUMBER, number);
	return nl_do(msg);
}

FIXTURE(acl) { int fd; };

FIXTURE_SETUP(acl)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .owned = 1, .mode = 0777));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_TOPIC, .owned = 1, .mode = 0777));
	ASSERT_EQ(0, exchange_new("d", BROKER_EXCHANGE_TYPE_DIRECT, .owned = 1, .mode = 0777));
	ASSERT_EQ(0, exchange_new("f", BROKER_EXCHANGE_TYPE_FANOUT, .owned = 1, .mode = 0777));
	ASSERT_EQ(0, bind_queue("x", "q", "#") ?: bind_queue("f", "q", ""));
}

FIXTURE_TEARDOWN(acl)
{
}

static int become(uid_t uid, gid_t extra)
{
	return setgroups(extra ? 1 : 0, &extra) ?: setresgid(uid, uid, uid) ?:
	       setresuid(uid, uid, uid);
}

/* As a user: what becomes of a publish to, or a binding from, an exchange. */
static int as_user(uid_t uid, gid_t extra, const char *exchange, const char *key, int bind)
{
	pid_t pid = fork_tied();

	if (!pid) {
		CHECK(!become(uid, extra));
		_exit(bind ? -bind_queue(exchange, "q", key) :
			     -send_to(session_open(), exchange, key, "m"));
	}
	return -WEXITSTATUS(reap(pid));
}

#define publishes(exchange, key)	as_user(USER, 0, exchange, key, 0)
#define binds(exchange, key)		as_user(USER, 0, exchange, key, 1)

TEST_F(acl, without_rules_the_mode_decides)
{
	EXPECT_EQ(0, publishes("x", "a"));
	EXPECT_EQ(0, binds("x", "a"));
	ASSERT_EQ(0, exchange_new("closed", BROKER_EXCHANGE_TYPE_TOPIC, .owned = 1));
	ASSERT_EQ(0, acl("closed", "#"));
	EXPECT_EQ(-EACCES, publishes("closed", "a"));
	EXPECT_EQ(-EACCES, binds("closed", "a"));
}

/* The first that matches decides, in order of numbers and not of making. */
TEST_F(acl, first_match_decides)
{
	ASSERT_EQ(0, acl("x", "a.#", .deny = 1, .number = 20));
	ASSERT_EQ(0, acl("x", "a.b.*", .number = 10));
	ASSERT_EQ(0, acl("x", "a.b.c", .deny = 1, .number = 5));
	EXPECT_EQ(-EACCES, publishes("x", "a"));
	EXPECT_EQ(-EACCES, publishes("x", "a.x.y"));
	EXPECT_EQ(0, publishes("x", "a.b.d"));
	EXPECT_EQ(-EACCES, publishes("x", "a.b.c"));
	EXPECT_EQ(0, publishes("x", "b"));
	EXPECT_EQ(2, ready("q"));
	ASSERT_EQ(0, acl_del("x", 5));
	EXPECT_EQ(0, publishes("x", "a.b.c"));
	ASSERT_EQ(0, acl_del("x", 20));
	EXPECT_EQ(0, publishes("x", "a"));
}

TEST_F(acl, for_whom)
{
	ASSERT_EQ(0, acl("x", "a", .deny = 1, .uid = USER));
	ASSERT_EQ(0, acl("x", "b", .deny = 1, .gid = GROUP));
	ASSERT_EQ(0, acl("x", "c", .uid = USER));
	ASSERT_EQ(0, acl("x", "c", .deny = 1));
	EXPECT_EQ(-EACCES, as_user(USER, 0, "x", "a", 0));
	EXPECT_EQ(0, as_user(USER + 1, 0, "x", "a", 0));
	EXPECT_EQ(0, as_user(USER, 0, "x", "b", 0));
	EXPECT_EQ(-EACCES, as_user(USER, GROUP, "x", "b", 0));
	EXPECT_EQ(-EACCES, as_user(GROUP, 0, "x", "b", 0));
	EXPECT_EQ(0, as_user(USER, 0, "x", "c", 0));
	EXPECT_EQ(-EACCES, as_user(USER + 1, 0, "x", "c", 0));
	/* An administrator passes. */
	EXPECT_EQ(0, send_to(self->fd, "x", "c", "m"));
}

TEST_F(acl, publish_and_bind_are_apart)
{
	ASSERT_EQ(0, acl("x", "a", .deny = 1, .operations = BROKER_ACL_OPERATIONS_PUBLISH));
	ASSERT_EQ(0, acl("x", "b", .deny = 1, .operations = BROKER_ACL_OPERATIONS_BIND));
	EXPECT_EQ(-EACCES, publishes("x", "a"));
	EXPECT_EQ(0, binds("x", "a"));
	EXPECT_EQ(0, publishes("x", "b"));
	EXPECT_EQ(-EACCES, binds("x", "b"));
	EXPECT_EQ(0, bind_queue("x", "q", "b"));
}

/* A pattern is allowed if all of its keys are, and denied if one of them is. */
TEST_F(acl, bind_by_pattern)
{
	ASSERT_EQ(0, acl("x", "mine.#") ?: acl("x", "#", .deny = 1));
	EXPECT_EQ(0, binds("x", "mine.*.paid"));
	EXPECT_EQ(0, binds("x", "mine.#"));
	EXPECT_EQ(-EACCES, binds("x", "#"));
	EXPECT_EQ(-EACCES, binds("x", "*.paid"));
	EXPECT_EQ(-EACCES, binds("x", "other"));
}

/* A direct exchange's key is no pattern; to bind from a fanout is to ask for all. */
TEST_F(acl, bind_to_other_types)
{
	ASSERT_EQ(0, acl("d", "a.b", .deny = 1) ?: acl("f", "secret", .deny = 1));
	EXPECT_EQ(-EACCES, binds("d", "a.b"));
	EXPECT_EQ(0, binds("d", "a.*"));
	EXPECT_EQ(-EACCES, binds("f", "harmless"));
	EXPECT_EQ(0, publishes("f", "harmless"));
	EXPECT_EQ(-EACCES, publishes("f", "secret"));
}

/* Through the default exchange, keys are names of queues. */
TEST_F(acl, default_exchange)
{
	ASSERT_EQ(0, acl("", "q", .deny = 1));
	EXPECT_EQ(-EACCES, publishes("", "q"));
	EXPECT_EQ(0, put(self->fd, "q", "m"));
}

/* More rules and words than a first look has memory for. */
TEST_F(acl, many_rules)
{
	char key[64];
	int i;

	for (i = 0; i < 256; i++) {
		snprintf(key, sizeof(key), "#.%d.#", i);
		ASSERT_EQ(0, acl("x", key, .deny = 1));
	}
	EXPECT_EQ(-ENOSPC, acl("x", "one.more"));
	EXPECT_EQ(-EACCES, publishes("x", "a.b.255.c"));
	EXPECT_EQ(0, publishes("x", "a.b.256.c"));
	ASSERT_EQ(0, exchange_del("x"));
}

TEST_HARNESS_MAIN
