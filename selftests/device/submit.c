// SPDX-License-Identifier: GPL-2.0-or-later
/* SUBMIT: batches, results and confirms, and pointers that fail midway. */
#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(submit) {
	int fd;
	struct broker_op *ops;		/* room for more than may be submitted */
	struct broker_result *results;
};

FIXTURE_SETUP(submit)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	self->ops = calloc(BROKER_MAX_OPS + 1, sizeof(*self->ops));
	self->results = calloc(BROKER_MAX_OPS + 1, sizeof(*self->results));
}

FIXTURE_TEARDOWN(submit)
{
}

static void fill(struct broker_op *ops, int nr, const char *queue, const char *body)
{
	while (nr--)
		op_publish(ops++, &(struct pub) { .key = queue, .body = body });
}

static int body_of(const char *queue, int fd, char *body)
{
	struct got got;
	int consumer = consume_auto(fd, queue, 0);
	int ret = take(fd, consumer, &got);

	cancel(fd, consumer);
	strcpy(body, ret ? "" : got.body);
	return ret;
}

TEST_F(submit, no_operations)
{
	EXPECT_EQ(-EINVAL, submit(self->fd, self->ops, 0, self->results));
}

TEST_F(submit, most_operations)
{
	int i;

	fill(self->ops, BROKER_MAX_OPS, "q", "m");
	EXPECT_EQ(0, submit(self->fd, self->ops, BROKER_MAX_OPS, self->results));
	for (i = 0; i < BROKER_MAX_OPS; i++)
		ASSERT_EQ(0, self->results[i].error);
	EXPECT_EQ(BROKER_MAX_OPS, ready("q"));
}

TEST_F(submit, too_many_operations)
{
	fill(self->ops, BROKER_MAX_OPS + 1, "q", "m");
	EXPECT_EQ(-EINVAL, submit(self->fd, self->ops, BROKER_MAX_OPS + 1, self->results));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, huge_number_of_operations)
{
	fill(self->ops, 1, "q", "m");
	EXPECT_EQ(-EINVAL, submit(self->fd, self->ops, ~0U, self->results));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, every_operation_has_its_result)
{
	struct broker_submit s = submit_of(self->ops, 3, self->results);

	fill(self->ops, 1, "q", "one");
	fill(self->ops + 1, 1, "nowhere", "two");
	fill(self->ops + 2, 1, "q", "three");
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(1, s.failed);
	EXPECT_EQ(0, self->results[0].error);
	EXPECT_EQ(1, self->results[0].accepted);
	EXPECT_EQ(0, self->results[0].refused);
	EXPECT_EQ(-ENOENT, self->results[1].error);
	EXPECT_EQ(0, self->results[1].accepted);
	EXPECT_EQ(0, self->results[1].sequence);
	EXPECT_EQ(0, self->results[2].error);
	EXPECT_LT(self->results[0].sequence, self->results[2].sequence);
	EXPECT_EQ(2, ready("q"));
}

TEST_F(submit, without_results)
{
	struct broker_submit s = submit_of(self->ops, 2, NULL);

	fill(self->ops, 1, "q", "m");
	fill(self->ops + 1, 1, "nowhere", "m");
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(1, s.failed);
	EXPECT_EQ(1, ready("q"));
}

TEST_F(submit, publish_and_settle_in_order)
{
	int consumer = consume(self->fd, "q", 0);
	struct got got;

	ASSERT_EQ(0, put(self->fd, "q", "old"));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	fill(self->ops, 1, "q", "new");
	self->ops[1] = op_settle(BROKER_OP_ACCEPT, consumer, got.d.tag);
	self->ops[2] = op_settle(BROKER_OP_ACCEPT, consumer, got.d.tag);
	ASSERT_EQ(0, submit(self->fd, self->ops, 3, self->results));
	EXPECT_EQ(0, self->results[0].error);
	EXPECT_EQ(0, self->results[1].error);
	EXPECT_EQ(1, self->results[1].accepted);
	EXPECT_EQ(-ESTALE, self->results[2].error);
	EXPECT_EQ(0, self->results[2].accepted);
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(0, unacked("q"));
}

TEST_F(submit, stop_cancels_the_rest)
{
	struct broker_submit s = submit_of(self->ops, 4, self->results);

	s.flags = BROKER_SUBMIT_F_STOP;
	fill(self->ops, 4, "q", "m");
	op_publish(&self->ops[1], &(struct pub) { .key = "nowhere" });
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, self->results[0].error);
	EXPECT_EQ(-ENOENT, self->results[1].error);
	EXPECT_EQ(-ECANCELED, self->results[2].error);
	EXPECT_EQ(-ECANCELED, self->results[3].error);
	EXPECT_EQ(3, s.failed);
	EXPECT_EQ(1, ready("q"));
}

TEST_F(submit, atomic_only_where_info_says_so)
{
	struct broker_info info = { .size = sizeof(info) };
	struct broker_submit s = submit_of(self->ops, 1, self->results);

	ASSERT_EQ(0, call(self->fd, BROKER_IOC_INFO, &info));
	fill(self->ops, 1, "q", "m");
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	if (info.features & BROKER_FEATURE_ATOMIC) {
		EXPECT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
		EXPECT_EQ(1, ready("q"));
	} else {
		EXPECT_EQ(-EOPNOTSUPP, call(self->fd, BROKER_IOC_SUBMIT, &s));
		EXPECT_EQ(0, ready("q"));
	}
}

TEST_F(submit, opcode_zero)
{
	EXPECT_EQ(-EOPNOTSUPP, submit_one(self->fd, &(struct broker_op) { .opcode = 0 }));
}

TEST_F(submit, opcode_unknown)
{
	EXPECT_EQ(-EOPNOTSUPP, submit_one(self->fd, &(struct broker_op) { .opcode = 0xffff }));
}

/* Operations of a size other than ours: two of them, @size bytes each. */
static int submit_sized(int fd, uint32_t size, int poke)
{
	struct broker_result results[2];
	struct broker_submit s = submit_of(NULL, 2, results);
	char *ops = calloc(2, 8192);
	struct broker_op op;

	fill(&op, 1, "q", "m");
	memcpy(ops, &op, sizeof(op));
	memcpy(ops + size, &op, sizeof(op));
	if (poke)
		ops[2 * size - 1] = 1;
	s.ops = (uintptr_t)ops;
	s.op_size = size;
	return call(fd, BROKER_IOC_SUBMIT, &s) ?: results[0].error ?: results[1].error;
}

TEST_F(submit, op_size_short)
{
	EXPECT_EQ(-EINVAL, submit_sized(self->fd, sizeof(struct broker_op) - 8, 0));
}

TEST_F(submit, op_size_zero)
{
	EXPECT_EQ(-EINVAL, submit_sized(self->fd, 0, 0));
}

TEST_F(submit, op_size_long_with_zeros)
{
	EXPECT_EQ(0, submit_sized(self->fd, sizeof(struct broker_op) + 8, 0));
	EXPECT_EQ(2, ready("q"));
}

TEST_F(submit, op_size_long_with_something)
{
	EXPECT_EQ(-E2BIG, submit_sized(self->fd, sizeof(struct broker_op) + 8, 1));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, op_size_longest)
{
	EXPECT_EQ(0, submit_sized(self->fd, BROKER_MAX_OP_SIZE, 0));
	EXPECT_EQ(2, ready("q"));
}

TEST_F(submit, op_size_too_long)
{
	EXPECT_EQ(-EINVAL, submit_sized(self->fd, BROKER_MAX_OP_SIZE + 1, 0));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, op_size_times_number)
{
	struct broker_op *op = (void *)(page_edge() - 4096);
	struct broker_submit s = submit_of(op, BROKER_MAX_OPS, self->results);

	/* 4 MiB of operations, of which the caller has one. */
	fill(op, 1, "q", "m");
	s.op_size = 4096;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, ops_null)
{
	EXPECT_EQ(-EFAULT, submit(self->fd, NULL, 1, self->results));
}

TEST_F(submit, ops_in_the_kernel)
{
	void *kernel = (void *)0xffff888000000000;

	EXPECT_EQ(-EFAULT, submit(self->fd, kernel, 1, self->results));
}

TEST_F(submit, ops_across_unmapped_page)
{
	struct broker_op *ops = (void *)(page_edge() - 2 * sizeof(*ops));

	fill(ops, 2, "q", "m");
	EXPECT_EQ(-EFAULT, submit(self->fd, ops, 3, self->results));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, results_across_unmapped_page)
{
	struct broker_result *results = (void *)(page_edge() - 2 * sizeof(*results));

	fill(self->ops, 3, "q", "m");
	EXPECT_EQ(-EFAULT, submit(self->fd, self->ops, 3, results));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, results_read_only)
{
	struct broker_result *results = read_only(self->results, 3 * sizeof(*results));

	fill(self->ops, 3, "q", "m");
	EXPECT_EQ(-EFAULT, submit(self->fd, self->ops, 3, results));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, confirms_across_unmapped_page)
{
	struct broker_submit s = submit_of(self->ops, 3, self->results);

	fill(self->ops, 3, "q", "m");
	s.confirms = (uintptr_t)(page_edge() - 2 * sizeof(struct broker_confirm));
	s.nr_confirms = 3;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, confirms_read_only)
{
	struct broker_confirm confirm = {};
	struct broker_submit s = submit_of(self->ops, 1, self->results);

	fill(self->ops, 1, "q", "m");
	s.confirms = (uintptr_t)read_only(&confirm, sizeof(confirm));
	s.nr_confirms = 1;
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, ready("q"));
}

/* Of three operations the second has a pointer that leads nowhere. */
static void bad_second(struct __test_metadata *_metadata, int fd, struct broker_op *ops)
{
	struct broker_result results[3];
	struct broker_submit s = submit_of(ops, 3, results);
	char body[64];

	ASSERT_EQ(0, call(fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(1, s.failed);
	EXPECT_EQ(0, results[0].error);
	EXPECT_EQ(-EFAULT, results[1].error);
	EXPECT_EQ(0, results[1].accepted);
	EXPECT_EQ(0, results[2].error);
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(2, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
	EXPECT_EQ(0, body_of("q", fd, body));
	EXPECT_STREQ("m", body);
}

TEST_F(submit, body_null)
{
	fill(self->ops, 3, "q", "m");
	self->ops[1].publish.body = 0;
	bad_second(_metadata, self->fd, self->ops);
}

TEST_F(submit, body_across_unmapped_page)
{
	fill(self->ops, 3, "q", "m");
	self->ops[1].publish.body = (uintptr_t)(page_edge() - 10);
	self->ops[1].publish.body_len = 11;
	bad_second(_metadata, self->fd, self->ops);
}

TEST_F(submit, body_in_the_kernel)
{
	fill(self->ops, 3, "q", "m");
	self->ops[1].publish.body = 0xffff888000000000;
	bad_second(_metadata, self->fd, self->ops);
}

TEST_F(submit, body_wraps_around)
{
	fill(self->ops, 3, "q", "m");
	self->ops[1].publish.body = ~0ULL - 4;
	self->ops[1].publish.body_len = 100;
	bad_second(_metadata, self->fd, self->ops);
}

TEST_F(submit, head_null)
{
	fill(self->ops, 3, "q", "m");
	self->ops[1].publish.head = 0;
	bad_second(_metadata, self->fd, self->ops);
}

TEST_F(submit, head_across_unmapped_page)
{
	char *key = page_edge() - 1;

	*key = 'q';
	fill(self->ops, 3, "q", "m");
	self->ops[1].publish.head = (uintptr_t)key;
	self->ops[1].publish.key_len = 2;
	bad_second(_metadata, self->fd, self->ops);
}

TEST_F(submit, properties_across_unmapped_page)
{
	char *key = page_edge() - 1;

	*key = 'q';
	fill(self->ops, 3, "q", "m");
	self->ops[1].publish.head = (uintptr_t)key;
	self->ops[1].publish.props_len = 16;
	bad_second(_metadata, self->fd, self->ops);
}

TEST_F(submit, body_behind_head_across_unmapped_page)
{
	char *head = page_edge() - 4;

	memcpy(head, "qbod", 4);
	fill(self->ops, 3, "q", "m");
	self->ops[1].publish.head = (uintptr_t)head;
	self->ops[1].publish.body = (uintptr_t)head + 1;
	self->ops[1].publish.body_len = 4;
	bad_second(_metadata, self->fd, self->ops);
}

TEST_F(submit, body_behind_head)
{
	char body[64];

	fill(self->ops, 1, "q", "");
	self->ops[0].publish.head = (uintptr_t)"qbody";
	self->ops[0].publish.body = self->ops[0].publish.head + 1;
	self->ops[0].publish.body_len = 4;
	EXPECT_EQ(0, submit_one(self->fd, self->ops));
	EXPECT_EQ(0, body_of("q", self->fd, body));
	EXPECT_STREQ("body", body);
}

TEST_F(submit, body_empty)
{
	char body[64];

	fill(self->ops, 1, "q", "");
	self->ops[0].publish.body = 0;
	EXPECT_EQ(0, submit_one(self->fd, self->ops));
	EXPECT_EQ(0, body_of("q", self->fd, body));
	EXPECT_STREQ("", body);
}

TEST_F(submit, body_longest)
{
	size_t len = BROKER_MAX_BODY, room = len + 4096, i;
	char *body = malloc(len), *record = aligned_alloc(8, room);
	struct broker_receive r;
	struct got got;

	for (i = 0; i < len; i++)
		body[i] = i * 2654435761u >> 13;
	EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = len));
	r = receive_of(consume(self->fd, "q", 0), record, room, 1);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_RECEIVE, &r));
	got_from(&got, record);
	ASSERT_EQ(len, got.d.body_len);
	EXPECT_EQ(0, memcmp(body, record + got.d.header_size + got.d.exchange_len +
			    got.d.key_len + got.d.props_len, len));
}

TEST_F(submit, body_too_long)
{
	char *body = calloc(1, BROKER_MAX_BODY + 1);

	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .body = body,
				     .body_len = BROKER_MAX_BODY + 1));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, body_of_huge_length)
{
	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .body = "m", .body_len = ~0U));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, properties_too_long)
{
	void *props = calloc(1, BROKER_MAX_PROPS + 1);

	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .body = "m", .props = props,
				     .props_len = BROKER_MAX_PROPS + 1));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, confirm_stored_is_reserved)
{
	EXPECT_EQ(-EOPNOTSUPP, publish(self->fd, .key = "q", .confirm = BROKER_CONFIRM_STORED));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, confirm_level_unknown)
{
	EXPECT_EQ(-EOPNOTSUPP, publish(self->fd, .key = "q", .confirm = 0xff));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, confirms_name_each_queue)
{
	struct broker_confirm confirms[8] = {};
	struct broker_submit s = submit_of(self->ops, 2, self->results);
	unsigned int i, a = 0, b = 0, q = 0;
	uint32_t ids[3];

	ASSERT_EQ(0, queue_new("a") ?: queue_new("b"));
	ASSERT_EQ(0, exchange_new("fan", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, bind_queue("fan", "a", "") ?: bind_queue("fan", "b", ""));
	ids[0] = queue_get("a", BROKER_A_QUEUE_ID);
	ids[1] = queue_get("b", BROKER_A_QUEUE_ID);
	ids[2] = queue_get("q", BROKER_A_QUEUE_ID);
	op_publish(&self->ops[0], &(struct pub) { .exchange = "fan", .key = "k", .body = "m" });
	fill(self->ops + 1, 1, "q", "m");
	s.confirms = (uintptr_t)confirms;
	s.nr_confirms = 8;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(3, s.nr_confirms);
	EXPECT_EQ(2, self->results[0].accepted);
	EXPECT_EQ(0, self->results[0].confirm);
	EXPECT_EQ(2, self->results[1].confirm);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i == 2, confirms[i].op);
		EXPECT_EQ(0, confirms[i].error);
		EXPECT_EQ(0, confirms[i].reserved);
		EXPECT_NE(0, confirms[i].sequence);
		a += confirms[i].queue == ids[0];
		b += confirms[i].queue == ids[1];
		q += confirms[i].queue == ids[2];
	}
	EXPECT_EQ(3, a * b * q * 3);
	/* One sequence can be told only where one queue took the message. */
	EXPECT_EQ(0, self->results[0].sequence);
	EXPECT_EQ(confirms[2].sequence, self->results[1].sequence);
}

TEST_F(submit, confirms_array_too_small)
{
	struct broker_confirm confirms[3];
	struct broker_submit s = submit_of(self->ops, 3, self->results);

	memset(confirms, 0x55, sizeof(confirms));
	fill(self->ops, 3, "q", "m");
	s.confirms = (uintptr_t)confirms;
	s.nr_confirms = 2;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(3, s.nr_confirms);
	EXPECT_EQ(0, confirms[0].op);
	EXPECT_EQ(1, confirms[1].op);
	EXPECT_EQ(0x55555555, confirms[2].op);
	EXPECT_EQ(0x5555555555555555, confirms[2].sequence);
	EXPECT_EQ(3, ready("q"));
}

TEST_F(submit, confirms_not_wanted)
{
	struct broker_submit s = submit_of(self->ops, 3, self->results);

	fill(self->ops, 3, "q", "m");
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(3, s.nr_confirms);
}

TEST_F(submit, confirms_of_a_huge_number)
{
	struct broker_confirm confirm = {};
	struct broker_submit s = submit_of(self->ops, 1, self->results);

	fill(self->ops, 1, "q", "m");
	s.confirms = (uintptr_t)&confirm;
	s.nr_confirms = ~0U;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_SUBMIT, &s));
	s.nr_confirms = BROKER_MAX_CONFIRMS + 1;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_SUBMIT, &s));
	/* So many are allowed, but are not there. */
	s.nr_confirms = BROKER_MAX_CONFIRMS;
	s.confirms = (uintptr_t)(page_edge() - sizeof(confirm));
	EXPECT_EQ(-EFAULT, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(submit, sequence_is_that_of_the_queue)
{
	struct broker_result first, second;
	struct got got;
	int consumer;

	ASSERT_EQ(0, publish_result(self->fd, &(struct pub) { .key = "q" }, &first));
	ASSERT_EQ(0, publish_result(self->fd, &(struct pub) { .key = "q" }, &second));
	EXPECT_LT(first.sequence, second.sequence);
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(first.sequence, got.d.sequence);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_EQ(second.sequence, got.d.sequence);
}

/* Names and keys that are none. */
FIXTURE(text) { int fd; };
FIXTURE_VARIANT(text) { const char *text; };
FIXTURE_VARIANT_ADD(text, continuation) { "\x80" };
FIXTURE_VARIANT_ADD(text, truncated) { "ab\xc3" };
FIXTURE_VARIANT_ADD(text, overlong) { "\xc0\xaf" };
FIXTURE_VARIANT_ADD(text, overlong_3) { "\xe0\x80\xaf" };
FIXTURE_VARIANT_ADD(text, surrogate) { "\xed\xa0\x80" };
FIXTURE_VARIANT_ADD(text, beyond_unicode) { "\xf4\x90\x80\x80" };
FIXTURE_VARIANT_ADD(text, byte_ff) { "\xff" };
FIXTURE_VARIANT_ADD(text, newline) { "a\nb" };
FIXTURE_VARIANT_ADD(text, unit_separator) { "\x1f" };
FIXTURE_VARIANT_ADD(text, delete) { "\x7f" };

FIXTURE_SETUP(text)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_EQ(0, exchange_new("fan", BROKER_EXCHANGE_TYPE_FANOUT));
	ASSERT_EQ(0, bind_queue("fan", "q", ""));
}

FIXTURE_TEARDOWN(text)
{
}

TEST_F(text, is_no_exchange)
{
	EXPECT_EQ(-EILSEQ, send_to(self->fd, variant->text, "", "m"));
}

TEST_F(text, is_no_key)
{
	EXPECT_EQ(-EILSEQ, send_to(self->fd, "fan", variant->text, "m"));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(text, is_no_queue)
{
	struct broker_browse b = {
		.size = sizeof(b),
		.queue = (uintptr_t)variant->text,
		.queue_len = strlen(variant->text),
		.max_messages = 1,
		.buffer = (uintptr_t)&b,
		.buffer_len = sizeof(b),
	};

	EXPECT_EQ(-EILSEQ, consume(self->fd, variant->text, 0));
	EXPECT_EQ(-EILSEQ, call(self->fd, BROKER_IOC_BROWSE, &b));
}

FIXTURE(name) { int fd; };

FIXTURE_SETUP(name)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
}

FIXTURE_TEARDOWN(name)
{
}

TEST_F(name, with_zero_byte)
{
	struct broker_op op;

	op_publish(&op, &(struct pub) { .key = "qq" });
	op.publish.head = (uintptr_t)"q\0";
	EXPECT_EQ(-EILSEQ, submit_one(self->fd, &op));
}

TEST_F(name, longest)
{
	char key[256] = {};
	struct got got;

	memset(key, 'k', BROKER_MAX_NAME);
	ASSERT_EQ(0, queue_new(key));
	EXPECT_EQ(0, put(self->fd, key, "m"));
	EXPECT_EQ(0, take(self->fd, consume(self->fd, key, 0), &got));
	EXPECT_STREQ(key, got.key);
}

TEST_F(name, too_long_to_consume)
{
	char key[257] = {};

	memset(key, 'k', 256);
	EXPECT_EQ(-ENAMETOOLONG, consume(self->fd, key, 0));
}

TEST_F(name, empty_to_consume)
{
	EXPECT_EQ(-EINVAL, consume(self->fd, "", 0));
}

TEST_F(name, of_many_languages)
{
	const char *name = "Größe.\u4e16\u754c.\U0001f4ec";
	struct got got;

	ASSERT_EQ(0, queue_new(name));
	EXPECT_EQ(0, put(self->fd, name, "m"));
	EXPECT_EQ(0, take(self->fd, consume(self->fd, name, 0), &got));
	EXPECT_STREQ(name, got.key);
}

TEST_HARNESS_MAIN
