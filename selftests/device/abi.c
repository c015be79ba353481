// SPDX-License-Identifier: GPL-2.0-or-later
/* What holds for every ioctl: sizes, flags, reserved members, bad pointers. */
#include <stddef.h>
#include "helper.h"
#include "kselftest_harness.h"

/* The layout is a promise: it is the same for 32 and 64 bits and never moves. */
_Static_assert(sizeof(struct broker_info) == 72, "info");
_Static_assert(sizeof(struct broker_prop) == 8, "prop");
_Static_assert(sizeof(struct broker_state) == 48, "state");
_Static_assert(sizeof(struct broker_op) == 64, "op");
_Static_assert(sizeof(struct broker_result) == 24, "result");
_Static_assert(sizeof(struct broker_confirm) == 24, "confirm");
_Static_assert(sizeof(struct broker_submit) == 56, "submit");
_Static_assert(sizeof(struct broker_consume) == 88, "consume");
_Static_assert(sizeof(struct broker_cancel) == 16, "cancel");
_Static_assert(sizeof(struct broker_origin) == 32, "origin");
_Static_assert(sizeof(struct broker_delivery) == 136, "delivery");
_Static_assert(sizeof(struct broker_death) == 296, "death");
_Static_assert(sizeof(struct broker_receive) == 56, "receive");
_Static_assert(sizeof(struct broker_browse) == 80, "browse");

union args {
	uint32_t size;
	struct broker_info info;
	struct broker_submit submit;
	struct broker_receive receive;
	struct broker_consume consume;
	struct broker_cancel cancel;
	struct broker_browse browse;
	char bytes[8192];
};

/* A session with a message in queue "q" and a consumer that may ask for it. */
struct setting {
	int fd;
	int consumer;
	struct broker_op op;
	struct broker_result result;
	struct nl_msg before;
	char buffer[4096] __attribute__((aligned(8)));
	union args args;
};

/*
 * Here nearly all calls fail and change nothing: the tests share a namespace,
 * which takes longer to make than most of them.
 */
__attribute__((constructor)) static void one_broker_for_all(void)
{
	if (new_broker())
		abort();
}

static int setting_init(struct setting *s)
{
	int ret;

	s->fd = session_open();
	if (s->fd < 0)
		return s->fd;
	queue_del("q");
	ret = queue_new("q") ?: put(s->fd, "q", "m");
	if (ret)
		return ret;
	s->consumer = consume(s->fd, "q", 0);
	if (s->consumer < 0)
		return s->consumer;
	queue_state("q", &s->before);
	return 0;
}

static void fill_info(struct setting *s)
{
	s->args.info = (struct broker_info) { .size = sizeof(struct broker_info) };
}

static void fill_submit(struct setting *s)
{
	op_publish(&s->op, &(struct pub) { .key = "q", .body = "n" });
	s->args.submit = submit_of(&s->op, 1, &s->result);
}

static void fill_receive(struct setting *s)
{
	s->args.receive = receive_of(s->consumer, s->buffer, sizeof(s->buffer), 1);
}

static void fill_consume(struct setting *s)
{
	s->args.consume = consume_of("q", 1);
}

static void fill_cancel(struct setting *s)
{
	s->args.cancel = (struct broker_cancel) {
		.size = sizeof(struct broker_cancel), .consumer = s->consumer,
	};
}

static void fill_browse(struct setting *s)
{
	s->args.browse = (struct broker_browse) {
		.size = sizeof(struct broker_browse),
		.queue = (uintptr_t)"q",
		.queue_len = 1,
		.max_messages = 1,
		.buffer = (uintptr_t)s->buffer,
		.buffer_len = sizeof(s->buffer),
	};
}

FIXTURE(call) { struct setting s; };
FIXTURE_VARIANT(call) {
	unsigned long request;
	void (*fill)(struct setting *s);
	size_t size;
	size_t first_size;		/* in the first version of the ABI */
};
#define CALL(name, NAME, first)						\
	FIXTURE_VARIANT_ADD(call, name) {				\
		.request = BROKER_IOC_##NAME, .fill = fill_##name,	\
		.size = sizeof(struct broker_##name), .first_size = first, \
	}
CALL(info, INFO, 72);
CALL(submit, SUBMIT, 56);
CALL(receive, RECEIVE, 48);
CALL(consume, CONSUME, 48);
CALL(cancel, CANCEL, 16);
CALL(browse, BROWSE, 56);

FIXTURE_SETUP(call)
{
	ASSERT_EQ(0, setting_init(&self->s));
	variant->fill(&self->s);
}

FIXTURE_TEARDOWN(call)
{
}

#define REFUSED(error)								\
do {										\
	EXPECT_EQ(-(error), call(self->s.fd, variant->request, &self->s.args));	\
	EXPECT_TRUE(queue_unchanged("q", &self->s.before));			\
} while (0)

TEST_F(call, is_valid)
{
	EXPECT_EQ(0, call(self->s.fd, variant->request, &self->s.args));
	EXPECT_EQ(variant->size, self->s.args.size);
}

TEST_F(call, size_zero)
{
	self->s.args.size = 0;
	REFUSED(EINVAL);
}

TEST_F(call, size_of_the_first_version)
{
	self->s.args.size = variant->first_size;
	EXPECT_EQ(0, call(self->s.fd, variant->request, &self->s.args));
}

TEST_F(call, size_short)
{
	self->s.args.size = variant->first_size - 1;
	REFUSED(EINVAL);
}

TEST_F(call, long_struct_with_zeros)
{
	self->s.args.size = variant->size + 64;
	EXPECT_EQ(0, call(self->s.fd, variant->request, &self->s.args));
}

TEST_F(call, long_struct_with_something)
{
	self->s.args.size = variant->size + 64;
	self->s.args.bytes[variant->size + 63] = 1;
	REFUSED(E2BIG);
}

TEST_F(call, longest_struct)
{
	self->s.args.size = 4096;
	EXPECT_EQ(0, call(self->s.fd, variant->request, &self->s.args));
}

TEST_F(call, too_long_struct)
{
	self->s.args.size = 4097;
	REFUSED(E2BIG);
}

TEST_F(call, size_beyond_memory)
{
	self->s.args.size = ~0U;
	REFUSED(E2BIG);
}

TEST_F(call, null_pointer)
{
	EXPECT_EQ(-EFAULT, call(self->s.fd, variant->request, NULL));
	EXPECT_TRUE(queue_unchanged("q", &self->s.before));
}

TEST_F(call, struct_across_unmapped_page)
{
	char *p = page_edge() - variant->size + 4;

	memcpy(p, &self->s.args, variant->size - 4);
	EXPECT_EQ(-EFAULT, call(self->s.fd, variant->request, p));
	EXPECT_TRUE(queue_unchanged("q", &self->s.before));
}

TEST_F(call, struct_read_only)
{
	void *p = read_only(&self->s.args, variant->size);

	/* Nothing comes back from CANCEL. */
	if (variant->request == BROKER_IOC_CANCEL)
		return;
	EXPECT_EQ(-EFAULT, call(self->s.fd, variant->request, p));
	EXPECT_TRUE(queue_unchanged("q", &self->s.before));
}

TEST_F(call, unknown_flag)
{
	self->s.args.info.flags = 1U << 31;
	REFUSED(EOPNOTSUPP);
}

/* Reserved members of the calls, then of the operations. */
FIXTURE(reserved) { struct setting s; };
FIXTURE_VARIANT(reserved) {
	unsigned long request;
	void (*fill)(struct setting *s);
	int opcode;
	size_t offset;
};

#define RESERVED_CALL(name, NAME, member)					\
	FIXTURE_VARIANT_ADD(reserved, name##_##member) {			\
		.request = BROKER_IOC_##NAME, .fill = fill_##name,		\
		.offset = offsetof(struct broker_##name, member),		\
	}
RESERVED_CALL(receive, RECEIVE, reserved);
RESERVED_CALL(cancel, CANCEL, reserved);
RESERVED_CALL(browse, BROWSE, reserved);
RESERVED_CALL(receive, RECEIVE, sequence);
RESERVED_CALL(browse, BROWSE, cursor2);

#define RESERVED_OP(name, OP, member)						\
	FIXTURE_VARIANT_ADD(reserved, name) {					\
		.opcode = BROKER_OP_##OP, .offset = offsetof(struct broker_op, member), \
	}
RESERVED_OP(publish_op, PUBLISH, reserved);
RESERVED_OP(publish, PUBLISH, publish.expected_sequence);
RESERVED_OP(publish_fds, PUBLISH, publish.fds);
#define RESERVED_SETTLE(name, OP)						\
	RESERVED_OP(name##_op, OP, reserved);					\
	RESERVED_OP(name##_32, OP, settle.reserved);				\
	RESERVED_OP(name##_time, OP, settle.time_ms);				\
	RESERVED_OP(name##_64_0, OP, settle.reserved2[0]);			\
	RESERVED_OP(name##_64_2, OP, settle.reserved2[2])
RESERVED_SETTLE(accept, ACCEPT);
RESERVED_SETTLE(release, RELEASE);
RESERVED_SETTLE(fail, FAIL);
RESERVED_SETTLE(reject, REJECT);
RESERVED_SETTLE(defer, DEFER);
RESERVED_OP(credit_op, CREDIT, reserved);
RESERVED_OP(credit_64_0, CREDIT, credit.reserved[0]);
RESERVED_OP(credit_64_3, CREDIT, credit.reserved[3]);

FIXTURE_SETUP(reserved)
{
	ASSERT_EQ(0, setting_init(&self->s));
}

FIXTURE_TEARDOWN(reserved)
{
}

/* An operation that would succeed, were it not for what the test adds. */
static int valid_op(struct setting *s, int opcode)
{
	struct got got;
	int ret = 0;

	if (opcode == BROKER_OP_PUBLISH) {
		op_publish(&s->op, &(struct pub) { .key = "q", .body = "n" });
	} else if (opcode == BROKER_OP_CREDIT) {
		s->op = (struct broker_op) {
			.opcode = opcode,
			.credit = { .consumer = s->consumer, .messages = 1, .bytes = 1 },
		};
	} else {
		ret = take(s->fd, s->consumer, &got);
		s->op = op_settle(opcode, s->consumer, got.d.tag);
	}
	queue_state("q", &s->before);
	return ret;
}

TEST_F(reserved, is_refused)
{
	if (variant->opcode) {
		ASSERT_EQ(0, valid_op(&self->s, variant->opcode));
		((char *)&self->s.op)[variant->offset] = 1;
		EXPECT_EQ(-EINVAL, submit_one(self->s.fd, &self->s.op));
	} else {
		variant->fill(&self->s);
		self->s.args.bytes[variant->offset] = 1;
		EXPECT_EQ(-EINVAL, call(self->s.fd, variant->request, &self->s.args));
	}
	EXPECT_TRUE(queue_unchanged("q", &self->s.before));
}

FIXTURE(op) { struct setting s; };
FIXTURE_VARIANT(op) { int opcode; };
FIXTURE_VARIANT_ADD(op, publish) { .opcode = BROKER_OP_PUBLISH };
FIXTURE_VARIANT_ADD(op, accept) { .opcode = BROKER_OP_ACCEPT };
FIXTURE_VARIANT_ADD(op, release) { .opcode = BROKER_OP_RELEASE };
FIXTURE_VARIANT_ADD(op, fail) { .opcode = BROKER_OP_FAIL };
FIXTURE_VARIANT_ADD(op, reject) { .opcode = BROKER_OP_REJECT };
FIXTURE_VARIANT_ADD(op, defer) { .opcode = BROKER_OP_DEFER };
FIXTURE_VARIANT_ADD(op, credit) { .opcode = BROKER_OP_CREDIT };

FIXTURE_SETUP(op)
{
	ASSERT_EQ(0, setting_init(&self->s));
	ASSERT_EQ(0, valid_op(&self->s, variant->opcode));
}

FIXTURE_TEARDOWN(op)
{
}

TEST_F(op, is_valid)
{
	EXPECT_EQ(0, submit_one(self->s.fd, &self->s.op));
}

TEST_F(op, unknown_flag)
{
	self->s.op.flags = 1U << 15;
	EXPECT_EQ(-EOPNOTSUPP, submit_one(self->s.fd, &self->s.op));
	EXPECT_TRUE(queue_unchanged("q", &self->s.before));
}

TEST_F(op, user_data_is_the_callers)
{
	self->s.op.user_data = ~0ULL;
	EXPECT_EQ(0, submit_one(self->s.fd, &self->s.op));
}

FIXTURE(info) { struct setting s; };

FIXTURE_SETUP(info)
{
	ASSERT_EQ(0, setting_init(&self->s));
	fill_info(&self->s);
	ASSERT_EQ(0, call(self->s.fd, BROKER_IOC_INFO, &self->s.args));
}

FIXTURE_TEARDOWN(info)
{
}

TEST_F(info, reports_the_limits)
{
	const struct broker_info *info = &self->s.args.info;

	EXPECT_EQ(BROKER_ABI_VERSION, info->abi_version);
	EXPECT_EQ(BROKER_MAX_OPS, info->max_ops);
	EXPECT_EQ(BROKER_MAX_BODY, info->max_body);
	EXPECT_EQ(BROKER_MAX_PROPS, info->max_props);
	EXPECT_EQ(BROKER_MAX_HEADERS, info->max_headers);
	EXPECT_EQ(BROKER_MAX_NAME, info->max_name);
	EXPECT_EQ(BROKER_MAX_KEY, info->max_key);
	EXPECT_EQ(BROKER_MAX_RECEIVE, info->max_receive);
	EXPECT_EQ(BROKER_MAX_CONSUMERS, info->max_consumers);
	EXPECT_EQ(0, info->reserved);
	EXPECT_TRUE(info->properties & (1 << BROKER_PROP_HEADER));
}

TEST_F(info, numbers_sessions)
{
	int other = session_open();

	ASSERT_LE(0, other);
	EXPECT_NE(session_number(other), self->s.args.info.session);
	EXPECT_EQ(getpid(), session_get(self->s.args.info.session, BROKER_A_SESSION_PID));
	EXPECT_EQ(getpid(), session_get(session_number(other), BROKER_A_SESSION_PID));
}

TEST_F(info, unknown_ioctls)
{
	EXPECT_EQ(-ENOTTY, call(self->s.fd, _IO(BROKER_IOC_TYPE, 0x06), &self->s.args));
	EXPECT_EQ(-ENOTTY, call(self->s.fd, _IO(BROKER_IOC_TYPE, 0xff), &self->s.args));
	EXPECT_EQ(-ENOTTY, call(self->s.fd, _IO(BROKER_IOC_TYPE + 1, BROKER_NR_INFO),
				&self->s.args));
	EXPECT_EQ(-ENOTTY, call(self->s.fd, _IOWR(BROKER_IOC_TYPE, BROKER_NR_INFO, int),
				&self->s.args));
}

TEST_F(info, unknown_ioctl_with_bad_pointer)
{
	EXPECT_EQ(-ENOTTY, call(self->s.fd, _IO(BROKER_IOC_TYPE, 0x06), NULL));
}

#ifdef __x86_64__
/* The system call of a 32-bit program, whose pointers are below 4 GiB. */
static int call32(int fd, unsigned int request, void *arg)
{
	int ret;

	asm volatile("int $0x80" : "=a" (ret) : "a" (54), "b" (fd), "c" (request), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

TEST_F(info, callable_from_32_bits)
{
	struct {
		struct setting s;
		char body[8], head[8];
	} *low;
	pid_t child;

	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, low);
	child = fork();
	if (!child)
		_exit(call32(-1, BROKER_IOC_INFO, low) != -EBADF);
	if (reap(child))
		SKIP(return, "the kernel has no 32-bit system calls");

	low->s.fd = self->s.fd;
	low->s.consumer = self->s.consumer;
	fill_info(&low->s);
	EXPECT_EQ(0, call32(self->s.fd, BROKER_IOC_INFO, &low->s.args));
	EXPECT_EQ(self->s.args.info.session, low->s.args.info.session);

	fill_submit(&low->s);
	strcpy(low->head, "q");
	strcpy(low->body, "three");
	low->s.op.publish.head = (uintptr_t)low->head;
	low->s.op.publish.body = (uintptr_t)low->body;
	low->s.op.publish.body_len = 5;
	EXPECT_EQ(0, call32(self->s.fd, BROKER_IOC_SUBMIT, &low->s.args));
	EXPECT_EQ(0, low->s.result.error);
	EXPECT_EQ(1, low->s.result.accepted);

	fill_receive(&low->s);
	low->s.args.receive.max_messages = 2;
	EXPECT_EQ(0, call32(self->s.fd, BROKER_IOC_RECEIVE, &low->s.args));
	EXPECT_EQ(2, low->s.args.receive.count);
}
#endif

TEST_HARNESS_MAIN
