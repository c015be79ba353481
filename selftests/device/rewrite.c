// SPDX-License-Identifier: GPL-2.0-or-later
/* Exchanges that rewrite the routing keys of what is published to them. */
#include "helper.h"
#include "kselftest_harness.h"

#define FANOUT	BROKER_EXCHANGE_TYPE_FANOUT
#define TOPIC	BROKER_EXCHANGE_TYPE_TOPIC

FIXTURE(rewrite) { int fd, consumer; };

FIXTURE_SETUP(rewrite)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("a") ?: queue_new("b"));
	ASSERT_EQ(0, exchange_new("x", TOPIC));
	self->consumer = consume_auto(self->fd, "a", 0);
	ASSERT_LT(0, self->consumer);
}

FIXTURE_TEARDOWN(rewrite)
{
}

#define RULE(from, to) exchange_set("x", .rewrite_from = from, .rewrite_to = to)

static const struct {
	const char *from, *to, *key, *want;	/* want NULL: as it was */
} rules[] = {
	{ "a", "b", "a", "b" },			{ "a", "b", "aa", NULL },
	{ "a", "b", "a.a", NULL },		{ "a", "b", "", NULL },
	{ "a", "", "a", "" },			{ "", "b", "", "b" },
	{ "", "b", "a", NULL },			{ "*", "x.{1}", "a", "x.a" },
	{ "*", "x.{1}", "a.b", NULL },		{ "*", "x.{1}", "", NULL },
	{ "*.*", "{2}.{1}", "a.b", "b.a" },	{ "*.*", "{1}{1}", "a.b", "aa" },
	{ "*.*", "{1}.{2}", ".", "." },		{ "a.*.c", "{1}", "a.b.c", "b" },
	{ "a.*.c", "{1}", "a.b.d", NULL },	{ "a.*.c", "{1}", "a.b.c.d", NULL },
	{ "*.*.*.*.*.*.*.*.*", "{9}{8}{1}", "a.b.c.d.e.f.g.h.i", "iha" },
	{ "#", "x.{#}", "a.b", "x.a.b" },	{ "#", "x.{#}", "", "x" },
	{ "#", "{#}.x", "", ".x" },		{ "a.#", "b.{#}.c", "a.x.y", "b.x.y.c" },
	{ "a.#", "b.{#}.c", "a", "b.c" },	{ "a.#", "b.{#}", "a.", "b." },
	{ "a.#", "b.{#}", "b.a", NULL },	{ "a.*.#", "{#}.{1}", "a.b.c", "c.b" },
	{ "*", "{{{1}}}", "a", "{a}" },		{ "*", "{{1}}", "a", "{1}" },
	{ "a*", "b", "a*", "b" },		{ "a*", "b", "ab", NULL },
	{ "*", "größe.{1}", "ä", "größe.ä" },
};

TEST_F(rewrite, rules)
{
	unsigned int i;
	struct got got;

	ASSERT_EQ(0, bind_queue("x", "a", "#"));
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		const char *want = rules[i].want ?: rules[i].key;

		ASSERT_EQ(0, RULE(rules[i].from, rules[i].to));
		ASSERT_EQ(0, send_to(self->fd, "x", rules[i].key, "body"));
		ASSERT_EQ(0, take(self->fd, self->consumer, &got));
		EXPECT_STREQ(want, got.key) {
			TH_LOG("%s -> %s of '%s'", rules[i].from, rules[i].to, rules[i].key);
		}
		EXPECT_STREQ(rules[i].want ? rules[i].key : "", got.original);
		EXPECT_STREQ("body", got.body);
		EXPECT_STREQ("x", got.exchange);
	}
}

/* It is the new key that counts, and other parts of the message stay. */
TEST_F(rewrite, routes_by_the_new_key)
{
	struct broker_prop prop = {
		.id = BROKER_PROP_HEADER, .type = BROKER_TYPE_BOOL, .name_len = 1, .value_len = 1,
	};
	char props[sizeof(prop) + 2];
	struct got got;

	memcpy(props, &prop, sizeof(prop));
	memcpy(props + sizeof(prop), "h\1", 2);
	ASSERT_EQ(0, RULE("old.#", "new.and.longer.{#}"));
	ASSERT_EQ(0, bind_queue("x", "a", "new.#") ?: bind_queue("x", "b", "old.#"));
	ASSERT_EQ(0, publish(self->fd, .exchange = "x", .key = "old.k", .body = "body",
			     .props = props, .props_len = sizeof(props)));
	EXPECT_EQ(0, ready("b"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	EXPECT_STREQ("new.and.longer.k", got.key);
	EXPECT_STREQ("old.k", got.original);
	EXPECT_STREQ("body", got.body);
	EXPECT_EQ(sizeof(props), got.d.props_len);
	EXPECT_EQ(0, memcmp(props, got.props, sizeof(props)));
	EXPECT_EQ(getpid(), got.d.origin.pid);
	/* No more when the rule is gone. */
	ASSERT_EQ(0, RULE("", ""));
	ASSERT_EQ(0, send_to(self->fd, "x", "old.k", "m"));
	EXPECT_EQ(1, ready("b"));
}

/* Where it is published, and not on the way. */
TEST_F(rewrite, on_ingest_only)
{
	struct got got;

	ASSERT_EQ(0, exchange_new("front", FANOUT) ?: bind_exchange("front", "x", "") ?:
		     bind_queue("x", "a", "#"));
	ASSERT_EQ(0, RULE("*", "new.{1}"));
	ASSERT_EQ(0, send_to(self->fd, "front", "k", "m"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	EXPECT_STREQ("k", got.key);
	ASSERT_EQ(0, exchange_set("front", .rewrite_from = "#", .rewrite_to = "front.{#}"));
	ASSERT_EQ(0, send_to(self->fd, "front", "k", "m"));
	ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	EXPECT_STREQ("front.k", got.key);
	EXPECT_STREQ("k", got.original);
}

TEST_F(rewrite, too_long)
{
	char key[256];

	memset(key, 'k', 255);
	key[255] = 0;
	ASSERT_EQ(0, RULE("*", "{1}.") ?: bind_queue("x", "a", "#"));
	EXPECT_EQ(-ENAMETOOLONG, send_to(self->fd, "x", key, "m"));
	EXPECT_EQ(-ENAMETOOLONG, publish(self->fd, .exchange = "x", .key = key,
					 .confirm = BROKER_CONFIRM_NONE));
	EXPECT_EQ(0, ready("a"));
	key[254] = 0;
	EXPECT_EQ(0, send_to(self->fd, "x", key, "m"));
}

/* Both keys count against a queue's limit, and fit into what BROKER_IOC_RECEIVE says. */
TEST_F(rewrite, size)
{
	struct broker_receive r;
	char buffer[512] __attribute__((aligned(8)));
	uint32_t need;
	int len;

	ASSERT_EQ(0, RULE("*", "n.{1}") ?: bind_queue("x", "a", "#"));
	for (len = 0; len < 9; len++) {
		const struct broker_delivery *d = (void *)buffer;

		ASSERT_EQ(0, publish(self->fd, .exchange = "x", .key = "key", .body = "123456789",
				     .body_len = len + 1));
		EXPECT_EQ(1 + 5 + 3 + len + 1, queue_get("a", BROKER_A_QUEUE_BYTES));
		r = receive_of(self->consumer, buffer, 8, 1);
		ASSERT_EQ(-EMSGSIZE, call(self->fd, BROKER_IOC_RECEIVE, &r));
		need = r.bytes;
		memset(buffer, 0x55, sizeof(buffer));
		r = receive_of(self->consumer, buffer, need, 1);
		ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &r));
		EXPECT_EQ(need, d->size);
		EXPECT_STREQ("key", buffer + d->header_size + 1 + 5 + len + 1);
		EXPECT_EQ(0x55, buffer[need]);
	}
}

TEST_HARNESS_MAIN
