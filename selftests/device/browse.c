// SPDX-License-Identifier: GPL-2.0-or-later
/* BROWSE: reading a queue without touching it. */
#include "helper.h"
#include "kselftest_harness.h"

/* Queue "q" holds "0" to "4". */
FIXTURE(browse) {
	int fd;
	struct broker_browse b;
	char buffer[8192] __attribute__((aligned(8)));
	struct nl_msg before;
};

FIXTURE_SETUP(browse)
{
	char body[2] = "0";

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	for (; *body < '5'; ++*body)
		ASSERT_EQ(0, put(self->fd, "q", body));
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

FIXTURE_TEARDOWN(browse)
{
}

#define BROWSE()	call(self->fd, BROKER_IOC_BROWSE, &self->b)

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

TEST_F(browse, leaves_all_as_it_is)
{
	struct got got;

	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(5, self->b.count);
	EXPECT_STREQ("01234", bodies(&self->b));
	EXPECT_TRUE(queue_unchanged("q", &self->before));
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "q", 0), &got));
	EXPECT_EQ(1, got.d.acquired);
	EXPECT_EQ(0, got.d.flags);
}

TEST_F(browse, record)
{
	struct got got;

	ASSERT_EQ(0, BROWSE());
	got_from(&got, self->buffer);
	EXPECT_EQ(0, got.d.size % 8);
	EXPECT_EQ(0, got.d.consumer);
	EXPECT_EQ(0, got.d.tag);
	EXPECT_NE(0, got.d.sequence);
	EXPECT_EQ(queue_get("q", BROKER_A_QUEUE_ID), got.d.queue);
	EXPECT_EQ(0, got.d.user_data);
	EXPECT_EQ(getpid(), got.d.origin.pid);
	EXPECT_STREQ("q", got.key);
}

TEST_F(browse, cursor)
{
	self->b.max_messages = 2;
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("01", bodies(&self->b));
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("23", bodies(&self->b));
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("4", bodies(&self->b));
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
	/* Where it stopped it goes on. */
	ASSERT_EQ(0, put(self->fd, "q", "5"));
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("5", bodies(&self->b));
	self->b.cursor = 0;
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("01", bodies(&self->b));
}

TEST_F(browse, cursor_while_messages_go)
{
	struct got got;
	int consumer = consume(self->fd, "q", 0), i;

	self->b.max_messages = 2;
	ASSERT_EQ(0, BROWSE());
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, take(self->fd, consumer, &got));
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, got.d.tag));
	}
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("34", bodies(&self->b));
}

TEST_F(browse, cursor_beyond_the_end)
{
	self->b.cursor = ~0ULL;
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
}

TEST_F(browse, ready_messages_only)
{
	struct got got;
	int consumer = consume(self->fd, "q", 0);

	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("1234", bodies(&self->b));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, got.d.tag));
	self->b.cursor = 0;
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("01234", bodies(&self->b));
	got_from(&got, self->buffer);
	EXPECT_EQ(1, got.d.failed);
	EXPECT_EQ(1, got.d.acquired);
	EXPECT_EQ(BROKER_CAUSE_FAILED, got.d.cause);
	EXPECT_EQ(BROKER_DELIVERY_F_REDELIVERED, got.d.flags);
}

TEST_F(browse, empty_queue)
{
	ASSERT_EQ(0, queue_purge("q"));
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
	EXPECT_EQ(0, self->b.bytes);
}

#define STATE(wanted)								\
({										\
	self->b.state = BROKER_MESSAGE_##wanted;				\
	self->b.cursor = self->b.cursor2 = 0;					\
	BROWSE();								\
})

/* In the order of their times; as many at one time as there may be. */
TEST_F(browse, waiting)
{
	int64_t later = day_ms() + 3600 * 1000;
	struct got got;
	char all[8] = "";
	int i;

	ASSERT_EQ(0, put_int(self->fd, "q", "b", BROKER_PROP_DELIVER_AT, later + 1000));
	ASSERT_EQ(0, put_int(self->fd, "q", "a", BROKER_PROP_DELIVER_AT, later));
	ASSERT_EQ(0, put_int(self->fd, "q", "c", BROKER_PROP_DELIVER_AT, later + 2000));
	ASSERT_EQ(0, STATE(WAITING));
	EXPECT_STREQ("abc", bodies(&self->b));
	got_from(&got, self->buffer);
	EXPECT_EQ(BROKER_MESSAGE_WAITING, got.d.state);
	EXPECT_LE(later * 1000000 - 1000000000, got.d.due_ns);
	EXPECT_GE(later * 1000000 + 1000000000, got.d.due_ns);
	EXPECT_EQ(0, got.d.acquired);
	/* One by one. */
	self->b.max_messages = 1;
	self->b.cursor = self->b.cursor2 = 0;
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, BROWSE());
		strcat(all, bodies(&self->b));
	}
	EXPECT_STREQ("abc", all);
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
	ASSERT_EQ(0, STATE(READY));
	self->b.max_messages = 10;
	ASSERT_EQ(0, STATE(READY));
	EXPECT_STREQ("01234", bodies(&self->b));
}

/* Delayed in one step, they come due in the same nanosecond. */
TEST_F(browse, waiting_for_one_time)
{
	int consumer = consume(self->fd, "q", 10), i;
	struct broker_op op;
	struct got got;
	char all[8] = "";

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, take(self->fd, consumer, &got));
	op = op_settle(BROKER_OP_DELAY, consumer, got.d.tag);
	op.flags = BROKER_SETTLE_F_CUMULATIVE;
	op.settle.time_ms = BROKER_MAX_TIME_MS;
	ASSERT_EQ(0, submit_one(self->fd, &op));
	self->b.max_messages = 1;
	self->b.state = BROKER_MESSAGE_WAITING;
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, BROWSE());
		ASSERT_EQ(1, self->b.count);
		strcat(all, bodies(&self->b));
	}
	EXPECT_STREQ("01234", all);
	ASSERT_EQ(0, BROWSE());
	EXPECT_EQ(0, self->b.count);
}

TEST_F(browse, quarantined)
{
	struct got got;
	int consumer;

	ASSERT_EQ(0, queue_new("l", .max_delivery = 1));
	ASSERT_EQ(0, put(self->fd, "l", "bad"));
	consumer = consume(self->fd, "l", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_FAIL, consumer, got.d.tag));
	AWAIT("l", QUARANTINED, 1);
	self->b.queue = (uintptr_t)"l";
	ASSERT_EQ(0, STATE(QUARANTINED));
	EXPECT_STREQ("bad", bodies(&self->b));
	got_from(&got, self->buffer);
	EXPECT_EQ(BROKER_MESSAGE_QUARANTINED, got.d.state);
	EXPECT_EQ(BROKER_DEATH_MAX_DELIVERY, got.d.reason);
	EXPECT_EQ(0, got.d.due_ns);
	ASSERT_EQ(0, STATE(READY));
	EXPECT_EQ(0, self->b.count);
	ASSERT_EQ(0, STATE(DYING));
	EXPECT_EQ(0, self->b.count);
}

TEST_F(browse, unknown_state)
{
	self->b.state = BROKER_MESSAGE_QUARANTINED + 1;
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(browse, unknown_queue)
{
	self->b.queue = (uintptr_t)"x";
	EXPECT_EQ(-ENOENT, BROWSE());
}

TEST_F(browse, name_too_long)
{
	char name[257];

	memset(name, 'q', sizeof(name));
	self->b.queue = (uintptr_t)name;
	self->b.queue_len = 256;
	EXPECT_EQ(-ENAMETOOLONG, BROWSE());
	self->b.queue_len = ~0U;
	EXPECT_EQ(-ENAMETOOLONG, BROWSE());
}

TEST_F(browse, name_pointer_bad)
{
	self->b.queue = (uintptr_t)page_edge() - 1;
	self->b.queue_len = 2;
	EXPECT_EQ(-EFAULT, BROWSE());
}

TEST_F(browse, max_messages_zero)
{
	self->b.max_messages = 0;
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(browse, max_messages_too_many)
{
	self->b.max_messages = BROKER_MAX_RECEIVE + 1;
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(browse, buffer_misaligned)
{
	self->b.buffer += 1;
	EXPECT_EQ(-EINVAL, BROWSE());
}

TEST_F(browse, buffer_read_only)
{
	self->b.buffer = (uintptr_t)read_only(self->buffer, sizeof(self->buffer));
	EXPECT_EQ(-EFAULT, BROWSE());
}

TEST_F(browse, buffer_across_unmapped_page)
{
	self->b.buffer = (uintptr_t)page_edge() - 64;
	EXPECT_EQ(-EFAULT, BROWSE());
}

TEST_F(browse, buffer_too_small)
{
	self->b.buffer_len = 16;
	ASSERT_EQ(-EMSGSIZE, BROWSE());
	EXPECT_LT(sizeof(struct broker_delivery), self->b.bytes);
	self->b.buffer_len = self->b.bytes;
	self->b.cursor = 0;
	ASSERT_EQ(0, BROWSE());
	EXPECT_STREQ("0", bodies(&self->b));
}

TEST_F(browse, exclusive_to_another)
{
	int other = session_open();

	ASSERT_EQ(0, queue_new("e", .flags = BROKER_QUEUE_FLAGS_EXCLUSIVE,
			       .session = session_number(other)));
	self->b.queue = (uintptr_t)"e";
	EXPECT_EQ(-EBUSY, BROWSE());
	EXPECT_EQ(0, call(other, BROKER_IOC_BROWSE, &self->b));
}

TEST_HARNESS_MAIN
