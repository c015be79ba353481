// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters: what the kernel takes for one, and what BROWSE shows through one. */
#include "filter.h"
#include "kselftest_harness.h"

/* Queue "q" holds "0" to "4", each with its number in header "n". */
FIXTURE(filter) {
	int fd;
	struct program p;
	struct broker_browse b;
	char buffer[8192] __attribute__((aligned(8)));
	struct nl_msg before;
};

FIXTURE_SETUP(filter)
{
	char body[2] = "0";

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	for (; *body < '5'; ++*body)
		ASSERT_EQ(0, put_number(self->fd, body, *body - '0'));
	self->b = (struct broker_browse) {
		.size = sizeof(self->b),
		.queue = (uintptr_t)"q",
		.queue_len = 1,
		.max_messages = 10,
		.buffer = (uintptr_t)self->buffer,
		.buffer_len = sizeof(self->buffer),
	};
	queue_state("q", &self->before);
}

FIXTURE_TEARDOWN(filter)
{
}

static int browse(int fd, struct broker_browse *b, const struct program *p)
{
	b->filter = (uintptr_t)p->bytes;
	b->filter_len = p->len;
	return call(fd, BROKER_IOC_BROWSE, b);
}

#define BROWSE()	browse(self->fd, &self->b, &self->p)

/* The bodies of one browse, as one string. */
static const char *bodies(const struct broker_browse *b)
{
	static char all[64];
	const char *p = (const char *)(uintptr_t)b->buffer;
	struct got got;
	uint32_t i;

	all[0] = 0;
	for (i = 0; i < b->count; i++) {
		got_from(&got, p);
		strcat(all, got.body);
		p += got.d.size;
	}
	return all;
}

TEST_F(filter, browse)
{
	struct got got;

	some(&self->p);
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(3, self->b.count);
	EXPECT_STREQ("014", bodies(&self->b));
	EXPECT_TRUE(queue_unchanged("q", &self->before));
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "q", 0), &got));
	EXPECT_EQ(1, got.d.acquired);
}

TEST_F(filter, browse_cursor)
{
	some(&self->p);
	self->b.max_messages = 1;
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("0", bodies(&self->b));
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("1", bodies(&self->b));
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("4", bodies(&self->b));
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
	/* What matched nothing was passed, too. */
	ASSERT_EQ(0, put_number(self->fd, "5", 0));
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("5", bodies(&self->b));
}

/* However many do not match, a count of 0 is the end and nothing else. */
TEST_F(filter, browse_far)
{
	int i;

	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, put(self->fd, "q", "x"));
	ASSERT_EQ(0, put_number(self->fd, "y", 4));
	some(&self->p);
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("014y", bodies(&self->b));
}

TEST_F(filter, browse_buffer_too_small)
{
	header(&self->p, "n");
	integer(&self->p, 3);
	op(&self->p, BROKER_FILTER_EQ);
	self->b.buffer_len = 16;
	ASSERT_EQ(-EMSGSIZE, BROWSE());
	self->b.buffer_len = self->b.bytes;
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("3", bodies(&self->b));
}

TEST_F(filter, unknown_is_no_match)
{
	header(&self->p, "absent");
	integer(&self->p, 3);
	op(&self->p, BROKER_FILTER_NE);
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
	op(&self->p, BROKER_FILTER_NOT);
	self->b.cursor = 0;
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
	op(&self->p, BROKER_FILTER_IS_NULL);
	self->b.cursor = 0;
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(5, self->b.count);
}

/* What the broker itself knows of a message. */
TEST_F(filter, fields)
{
	struct {
		int field;
		int64_t value;
	} numbers[] = {
		{ BROKER_FILTER_FIELD_SIZE, 1 },
		{ BROKER_FILTER_FIELD_UID, geteuid() },
		{ BROKER_FILTER_FIELD_GID, getegid() },
		{ BROKER_FILTER_FIELD_PID, getpid() },
	};
	struct got got;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		field(&self->p, numbers[i].field);
		integer(&self->p, numbers[i].value);
		op(&self->p, BROKER_FILTER_EQ);
		if (i)
			op(&self->p, BROKER_FILTER_AND);
	}
	field(&self->p, BROKER_FILTER_FIELD_KEY);
	string(&self->p, "q");
	op(&self->p, BROKER_FILTER_EQ);
	op(&self->p, BROKER_FILTER_AND);
	field(&self->p, BROKER_FILTER_FIELD_EXCHANGE);
	string(&self->p, "");
	op(&self->p, BROKER_FILTER_EQ);
	op(&self->p, BROKER_FILTER_AND);
	ASSERT_EQ(0, BROWSE());
	ASSERT_EQ(5, self->b.count);

	/* The time and the cgroup are those that the message itself tells. */
	got_from(&got, self->buffer);
	field(&self->p, BROKER_FILTER_FIELD_TIME);
	integer(&self->p, got.d.time_ns / 1000000);
	op(&self->p, BROKER_FILTER_LE);
	op(&self->p, BROKER_FILTER_AND);
	field(&self->p, BROKER_FILTER_FIELD_CGROUP);
	integer(&self->p, got.d.origin.cgroup);
	op(&self->p, BROKER_FILTER_EQ);
	op(&self->p, BROKER_FILTER_AND);
	self->b.cursor = 0;
	ASSERT_EQ(0, BROWSE());
	EXPECT_LE(1, self->b.count);
	EXPECT_EQ('0', *bodies(&self->b));
}

/* A user is who the filter's maker takes him for: without a map, the overflow user. */
TEST_F(filter, users_of_the_makers_namespace)
{
	int status;
	pid_t pid;

	field(&self->p, BROKER_FILTER_FIELD_UID);
	integer(&self->p, 65534);
	op(&self->p, BROKER_FILTER_EQ);
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
	self->b.cursor = 0;
	pid = fork();
	if (!pid) {
		int fd = session_open();

		if (unshare(CLONE_NEWUSER) || browse(fd, &self->b, &self->p))
			_exit(255);
		_exit(self->b.count);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(5, WEXITSTATUS(status));
}

/* Through a binding with a filter: n = 1 goes to "f", the rest where it would go without. */
#define BIND(to, ...)	binding_new(.exchange = "x", .queue = to, .key = "k", ## __VA_ARGS__)
#define FILTER(p)	.filter = (p)->bytes, .filter_len = (p)->len

FIXTURE(binding) {
	int fd;
	struct program p;
};
FIXTURE_VARIANT(binding) { int type; };
FIXTURE_VARIANT_ADD(binding, direct) { .type = BROKER_EXCHANGE_TYPE_DIRECT };
FIXTURE_VARIANT_ADD(binding, fanout) { .type = BROKER_EXCHANGE_TYPE_FANOUT };
FIXTURE_VARIANT_ADD(binding, topic) { .type = BROKER_EXCHANGE_TYPE_TOPIC };
FIXTURE_VARIANT_ADD(binding, headers) { .type = BROKER_EXCHANGE_TYPE_HEADERS };
FIXTURE_VARIANT_ADD(binding, hash) { .type = BROKER_EXCHANGE_TYPE_HASH };
FIXTURE_VARIANT_ADD(binding, split) { .type = BROKER_EXCHANGE_TYPE_SPLIT };

FIXTURE_SETUP(binding)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("f"));
	ASSERT_EQ(0, queue_new("other"));
	ASSERT_EQ(0, exchange_new("alt", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, bind_queue("alt", "other", ""));
	ASSERT_EQ(0, exchange_new("x", variant->type));
	one(&self->p, 1);
	ASSERT_EQ(0, BIND("f", FILTER(&self->p)));
}

FIXTURE_TEARDOWN(binding)
{
}

static int send_number(int fd, int64_t n)
{
	return publish_number(fd, "x", "k", "m", n);
}

TEST_F(binding, passes_what_the_filter_matches)
{
	EXPECT_EQ(0, send_number(self->fd, 1));
	EXPECT_EQ(-EHOSTUNREACH, send_number(self->fd, 2));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "k", "m"));
	EXPECT_EQ(1, ready("f"));
}

TEST_F(binding, the_alternate_gets_the_rest)
{
	ASSERT_EQ(0, exchange_set("x", .alternate = "alt"));
	EXPECT_EQ(0, send_number(self->fd, 1));
	EXPECT_EQ(0, send_number(self->fd, 2));
	EXPECT_EQ(1, ready("f"));
	EXPECT_EQ(1, ready("other"));
}

TEST_F(binding, filter_changed_and_taken_away)
{
	one(&self->p, 2);
	ASSERT_EQ(0, binding_set(.exchange = "x", .queue = "f", .key = "k", FILTER(&self->p)));
	EXPECT_EQ(-EHOSTUNREACH, send_number(self->fd, 1));
	EXPECT_EQ(0, send_number(self->fd, 2));
	ASSERT_EQ(0, binding_set(.exchange = "x", .queue = "f", .key = "k", .set_filter = 1));
	EXPECT_EQ(0, send_number(self->fd, 1));
	EXPECT_EQ(2, ready("f"));
}

TEST_F(binding, tap_with_filter)
{
	one(&self->p, 2);
	ASSERT_EQ(0, BIND("other", FILTER(&self->p), .flags = BROKER_BINDING_FLAGS_TAP));
	EXPECT_EQ(0, send_number(self->fd, 1));
	EXPECT_EQ(0, ready("other"));
	one(&self->p, 1);
	ASSERT_EQ(0, binding_set(.exchange = "x", .queue = "other", .key = "k", FILTER(&self->p)));
	EXPECT_EQ(0, send_number(self->fd, 1));
	EXPECT_EQ(1, ready("other"));
}

/* Where all that match are followed, only what passes the filter is diverted. */
TEST_F(filter, divert_what_passes)
{
	ASSERT_EQ(0, queue_new("rest"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_DIRECT));
	one(&self->p, 1);
	ASSERT_EQ(0, BIND("q", FILTER(&self->p), .flags = BROKER_BINDING_FLAGS_DIVERT));
	ASSERT_EQ(0, BIND("rest"));
	EXPECT_EQ(0, send_number(self->fd, 1));
	EXPECT_EQ(0, ready("rest"));
	EXPECT_EQ(0, send_number(self->fd, 2));
	EXPECT_EQ(1, ready("rest"));
	EXPECT_EQ(6, ready("q"));
}

/* One fault for each test, all else as it should be. */

TEST_F(filter, no_value)
{
	field(&self->p, BROKER_FILTER_FIELD_KEY);
	self->p.len = 1;
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, longest)
{
	int i;

	truth(&self->p);
	for (i = 0; i < (BROKER_MAX_FILTER - 7) / 4 / 2 * 2; i++)
		op(&self->p, BROKER_FILTER_NOT);
	EXPECT_LT(BROKER_MAX_FILTER - 8, self->p.len);
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(5, self->b.count);
}

TEST_F(filter, too_long)
{
	int i;

	truth(&self->p);
	for (i = 0; i < (BROKER_MAX_FILTER - 7) / 4 + 1; i++)
		op(&self->p, BROKER_FILTER_NOT);
	EXPECT_EQ(-EMSGSIZE, BROWSE());
}

TEST_F(filter, length_enormous)
{
	truth(&self->p);
	self->p.len = ~0U;
	EXPECT_EQ(-EMSGSIZE, BROWSE());
}

TEST_F(filter, pointer_without_length)
{
	truth(&self->p);
	self->p.len = 0;
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, pointer_bad)
{
	truth(&self->p);
	self->b.filter = (uintptr_t)page_edge() - 3;
	self->b.filter_len = self->p.len;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_BROWSE, &self->b));
}

TEST_F(filter, instruction_cut_short)
{
	truth(&self->p);
	op(&self->p, BROKER_FILTER_NOT);
	self->p.len--;
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, operand_cut_short)
{
	string(&self->p, "x");
	self->p.len--;
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, unknown_instruction)
{
	truth(&self->p);
	op(&self->p, BROKER_FILTER_OR + 1);
	EXPECT_EQ(-EOPNOTSUPP, BROWSE());
}

TEST_F(filter, instruction_zero)
{
	truth(&self->p);
	op(&self->p, 0);
	EXPECT_EQ(-EOPNOTSUPP, BROWSE());
}

TEST_F(filter, unknown_field)
{
	field(&self->p, BROKER_FILTER_FIELD_CGROUP + 1);
	EXPECT_EQ(-EOPNOTSUPP, BROWSE());
}

TEST_F(filter, unknown_property)
{
	field(&self->p, BROKER_PROP_PRODUCER_SEQUENCE + 1);
	EXPECT_EQ(-EOPNOTSUPP, BROWSE());
}

TEST_F(filter, arg_of_another_instruction)
{
	truth(&self->p);
	insn(&self->p, BROKER_FILTER_NOT, 1, NULL, 0);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, operand_of_another_instruction)
{
	truth(&self->p);
	insn(&self->p, BROKER_FILTER_NOT, 0, "x", 1);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, field_with_name)
{
	insn(&self->p, BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, "x", 1);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, header_without_name)
{
	header(&self->p, "");
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, header_name_not_utf8)
{
	header(&self->p, "\xff");
	EXPECT_EQ(-EILSEQ, BROWSE());
}

TEST_F(filter, too_few_values)
{
	truth(&self->p);
	op(&self->p, BROKER_FILTER_AND);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, too_many_values)
{
	truth(&self->p);
	truth(&self->p);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, too_deep)
{
	int i;

	for (i = 0; i < BROKER_FILTER_DEPTH + 1; i++)
		truth(&self->p);
	for (i = 0; i < BROKER_FILTER_DEPTH; i++)
		op(&self->p, BROKER_FILTER_AND);
	EXPECT_EQ(-E2BIG, BROWSE());
}

TEST_F(filter, deepest)
{
	int i;

	for (i = 0; i < BROKER_FILTER_DEPTH; i++)
		truth(&self->p);
	for (i = 0; i < BROKER_FILTER_DEPTH - 1; i++)
		op(&self->p, BROKER_FILTER_AND);
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(5, self->b.count);
}

TEST_F(filter, too_many_fields)
{
	int i;

	header(&self->p, "n");
	for (i = 0; i < BROKER_FILTER_FIELDS; i++) {
		header(&self->p, "n");
		op(&self->p, BROKER_FILTER_EQ);
	}
	EXPECT_EQ(-E2BIG, BROWSE());
}

TEST_F(filter, patterns_too_long)
{
	char pattern[BROKER_FILTER_PATTERNS + 1];

	memset(pattern, 'x', sizeof(pattern));
	field(&self->p, BROKER_FILTER_FIELD_KEY);
	insn(&self->p, BROKER_FILTER_LIKE, 0, pattern, sizeof(pattern));
	EXPECT_EQ(-E2BIG, BROWSE());
}

TEST_F(filter, pattern_not_utf8)
{
	field(&self->p, BROKER_FILTER_FIELD_KEY);
	insn(&self->p, BROKER_FILTER_LIKE, 0, "\xc3\xff", 2);
	EXPECT_EQ(-EILSEQ, BROWSE());
}

TEST_F(filter, constant_of_no_type)
{
	constant(&self->p, 0, "", 0);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, constant_of_bytes)
{
	constant(&self->p, BROKER_TYPE_BYTES, "x", 1);
	op(&self->p, BROKER_FILTER_IS_NULL);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, constant_of_wrong_length)
{
	constant(&self->p, BROKER_TYPE_INT64, "1234567", 7);
	op(&self->p, BROKER_FILTER_IS_NULL);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, constant_neither_true_nor_false)
{
	constant(&self->p, BROKER_TYPE_BOOL, "\2", 1);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, constant_not_utf8)
{
	field(&self->p, BROKER_FILTER_FIELD_KEY);
	string(&self->p, "\xed\xa0\x80");
	op(&self->p, BROKER_FILTER_EQ);
	EXPECT_EQ(-EILSEQ, BROWSE());
}

TEST_F(filter, constant_and_more)
{
	insn(&self->p, BROKER_FILTER_CONST, 0, "\5\1\1\5\1\1", 6);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, list_empty)
{
	field(&self->p, BROKER_FILTER_FIELD_KEY);
	insn(&self->p, BROKER_FILTER_IN, 0, "", 0);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, list_cut_short)
{
	field(&self->p, BROKER_FILTER_FIELD_KEY);
	insn(&self->p, BROKER_FILTER_IN, 0, "\1\2x", 3);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, never_true)
{
	string(&self->p, "x");
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, and_of_texts)
{
	truth(&self->p);
	string(&self->p, "x");
	op(&self->p, BROKER_FILTER_AND);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(filter, like_of_a_number)
{
	integer(&self->p, 1);
	insn(&self->p, BROKER_FILTER_LIKE, 0, "x", 1);
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_HARNESS_MAIN
