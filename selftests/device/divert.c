// SPDX-License-Identifier: GPL-2.0-or-later
/* Bindings that take a message for themselves, and bindings that only watch. */
#include "helper.h"
#include "kselftest_harness.h"

#define DIRECT	BROKER_EXCHANGE_TYPE_DIRECT
#define FANOUT	BROKER_EXCHANGE_TYPE_FANOUT
#define TOPIC	BROKER_EXCHANGE_TYPE_TOPIC
#define HEADERS	BROKER_EXCHANGE_TYPE_HEADERS
#define DIVERT	BROKER_BINDING_FLAGS_DIVERT
#define TAP	BROKER_BINDING_FLAGS_TAP

/* Every type that follows all bindings that match. */
FIXTURE(divert) { int fd; };
FIXTURE_VARIANT(divert) { int type; };
FIXTURE_VARIANT_ADD(divert, direct) { .type = DIRECT };
FIXTURE_VARIANT_ADD(divert, fanout) { .type = FANOUT };
FIXTURE_VARIANT_ADD(divert, topic) { .type = TOPIC };
FIXTURE_VARIANT_ADD(divert, headers) { .type = HEADERS };

FIXTURE_SETUP(divert)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("a") ?: queue_new("b") ?: queue_new("c") ?: queue_new("t"));
	ASSERT_EQ(0, exchange_new("x", variant->type) ?: exchange_new("y", FANOUT));
	ASSERT_EQ(0, bind_queue("x", "a", "k") ?: bind_queue("x", "b", "k"));
}

FIXTURE_TEARDOWN(divert)
{
}

/* Queues a, b, c and t hold these numbers of messages. */
#define HOLD(in_a, in_b, in_c, in_t)	\
do {					\
	EXPECT_EQ(in_a, ready("a"));	\
	EXPECT_EQ(in_b, ready("b"));	\
	EXPECT_EQ(in_c, ready("c"));	\
	EXPECT_EQ(in_t, ready("t"));	\
} while (0)

static int publish_k(int fd, struct broker_result *result)
{
	return publish_result(fd, &(struct pub) { .exchange = "x", .key = "k" }, result);
}

TEST_F(divert, takes_all)
{
	struct broker_result result;

	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "c", .key = "k", .flags = DIVERT));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(1, result.accepted);
	HOLD(0, 0, 1, 0);
	/* Two that divert both get it, and taps as well. */
	ASSERT_EQ(0, binding_set(.exchange = "x", .queue = "b", .key = "k", .flags = DIVERT));
	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "t", .key = "k", .flags = TAP));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(2, result.accepted);
	HOLD(0, 1, 2, 1);
	/* Back to where it was. */
	ASSERT_EQ(0, binding_set(.exchange = "x", .queue = "b", .key = "k", .set_flags = 1));
	ASSERT_EQ(0, unbind_queue("x", "c", "k"));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	HOLD(1, 2, 2, 2);
}

TEST_F(divert, to_an_exchange)
{
	struct broker_result result;

	ASSERT_EQ(0, binding_new(.exchange = "x", .to_exchange = "y", .key = "k", .flags = DIVERT));
	ASSERT_EQ(0, bind_queue("y", "c", "") ?: bind_queue("y", "t", ""));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(2, result.accepted);
	HOLD(0, 0, 1, 1);
	/* To where nothing matches is nowhere, alternate or not. */
	ASSERT_EQ(0, unbind_queue("y", "c", "") ?: unbind_queue("y", "t", ""));
	ASSERT_EQ(0, exchange_set("x", .alternate = "broker.fanout"));
	ASSERT_EQ(0, bind_queue("broker.fanout", "a", ""));
	EXPECT_EQ(-EHOSTUNREACH, publish_k(self->fd, &result));
	HOLD(0, 0, 1, 1);
}

/* It concerns its own exchange only. */
TEST_F(divert, in_an_exchange_behind)
{
	struct broker_result result;

	ASSERT_EQ(0, bind_exchange("x", "y", "k") ?: bind_queue("y", "t", ""));
	ASSERT_EQ(0, binding_new(.exchange = "y", .queue = "c", .flags = DIVERT));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(3, result.accepted);
	HOLD(1, 1, 1, 0);
}

TEST_F(divert, tap_is_no_route)
{
	struct broker_confirm confirms[4] = {};
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;

	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "t", .key = "k", .flags = TAP));
	op_publish(&op, &(struct pub) { .exchange = "x", .key = "k", .min_routes = 2 });
	s = submit_of(&op, 1, &result);
	s.confirms = (uintptr_t)confirms;
	s.nr_confirms = 4;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s) ?: result.error);
	EXPECT_EQ(2, result.accepted);
	EXPECT_EQ(0, result.refused);
	EXPECT_EQ(2, s.nr_confirms);
	HOLD(1, 1, 0, 1);
	op.publish.min_routes = 3;
	EXPECT_EQ(-EHOSTUNREACH, submit_one(self->fd, &op));
	HOLD(1, 1, 0, 1);
	/* Alone it does not make a message routable, but gets one that need not be. */
	ASSERT_EQ(0, unbind_queue("x", "a", "k") ?: unbind_queue("x", "b", "k"));
	EXPECT_EQ(-EHOSTUNREACH, publish_k(self->fd, &result));
	HOLD(1, 1, 0, 1);
	ASSERT_EQ(0, publish_result(self->fd, &(struct pub) {
		.exchange = "x", .key = "k", .flags = BROKER_PUBLISH_F_OPTIONAL,
	}, &result));
	EXPECT_EQ(0, result.accepted);
	EXPECT_EQ(0, result.sequence);
	HOLD(1, 1, 0, 2);
	EXPECT_EQ(2, exchange_get("x", BROKER_A_EXCHANGE_UNROUTABLE));
}

/* Where only taps match, the alternate gets the message. */
TEST_F(divert, tap_and_alternate)
{
	struct broker_result result;

	ASSERT_EQ(0, exchange_set("x", .alternate = "y") ?: bind_queue("y", "c", ""));
	ASSERT_EQ(0, unbind_queue("x", "a", "k") ?: unbind_queue("x", "b", "k"));
	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "t", .key = "k", .flags = TAP));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(1, result.accepted);
	EXPECT_NE(0, result.sequence);
	HOLD(0, 0, 1, 1);
}

TEST_F(divert, tap_never_refuses)
{
	struct broker_result result;

	ASSERT_EQ(0, queue_set("t", .max_messages = 1));
	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "t", .key = "k", .flags = TAP));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(2, result.accepted);
	HOLD(2, 2, 0, 1);
	EXPECT_EQ(1, queue_get("t", BROKER_A_QUEUE_REFUSED));
	EXPECT_EQ(0, exchange_get("x", BROKER_A_EXCHANGE_REFUSED));
	/* Nor does one wait for it. */
	ASSERT_EQ(0, queue_set("t", .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, publish_result(self->fd, &(struct pub) {
		.exchange = "x", .key = "k", .timeout_ns = BROKER_TIMEOUT_FOREVER,
	}, &result));
	HOLD(3, 3, 0, 1);
	/* What others refuse it does not get. */
	ASSERT_EQ(1, drain("t"));
	ASSERT_EQ(0, queue_set("a", .max_messages = 3));
	EXPECT_EQ(-EAGAIN, publish_k(self->fd, &result));
	HOLD(3, 3, 0, 0);
	EXPECT_EQ(2, queue_get("t", BROKER_A_QUEUE_REFUSED));
}

/* All behind a tapped exchange is tapped; what is also reached otherwise is not. */
TEST_F(divert, tap_on_an_exchange)
{
	struct broker_result result;

	ASSERT_EQ(0, binding_new(.exchange = "x", .to_exchange = "y", .key = "k", .flags = TAP));
	ASSERT_EQ(0, bind_queue("y", "t", "") ?: bind_queue("y", "a", ""));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(2, result.accepted);
	HOLD(1, 1, 0, 1);
	ASSERT_EQ(0, queue_set("t", .max_messages = 1));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	HOLD(2, 2, 0, 1);
	/* The other way to it is found last, and counts. */
	ASSERT_EQ(0, exchange_new("z", FANOUT) ?: bind_exchange("x", "z", "k") ?:
		     bind_exchange("z", "y", ""));
	EXPECT_EQ(-EAGAIN, publish_k(self->fd, &result));
	HOLD(2, 2, 0, 1);
}

/* The same queue by a tap and otherwise, among few and among many. */
TEST_F(divert, tap_and_route_to_one_queue)
{
	struct broker_result result;
	char name[8];
	int i;

	ASSERT_EQ(0, binding_new(.exchange = "y", .queue = "c", .key = "", .flags = TAP));
	ASSERT_EQ(0, bind_exchange("x", "y", "k") ?: bind_queue("x", "c", "k"));
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(3, result.accepted);
	HOLD(1, 1, 1, 0);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		ASSERT_EQ(0, queue_new(name));
		ASSERT_EQ(0, binding_new(.exchange = "x", .queue = name, .key = "k", .flags = TAP));
		ASSERT_EQ(0, bind_queue("y", name, ""));
	}
	ASSERT_EQ(0, publish_k(self->fd, &result));
	EXPECT_EQ(23, result.accepted);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		EXPECT_EQ(1, ready(name));
	}
	HOLD(2, 2, 2, 0);
}

/* A publish that comes while diverts come and go is always routed: to one side. */
TEST_F(divert, comes_and_goes)
{
	struct broker_result result;
	pid_t pid = fork_tied();
	int i;

	if (!pid) {
		for (;;) {
			if (binding_set(.exchange = "x", .queue = "b", .key = "k",
					.flags = DIVERT) ||
			    binding_set(.exchange = "x", .queue = "b", .key = "k",
					.set_flags = 1))
				_exit(1);
		}
	}
	for (i = 1; i <= 3000; i++)
		ASSERT_EQ(0, publish_k(self->fd, &result));
	/* Always to b; to a, while b did not divert. */
	EXPECT_EQ(3000, ready("b"));
	EXPECT_GE(3000, ready("a"));
	kill(pid, SIGKILL);
	EXPECT_TRUE(WIFSIGNALED(reap(pid)));
}

FIXTURE(rights) { int fd; };

FIXTURE_SETUP(rights)
{
	ASSERT_EQ(0, new_broker());
	ASSERT_EQ(0, exchange_new("x", FANOUT, .owned = 1, .mode = 0766));
	ASSERT_EQ(0, exchange_new("own", FANOUT, .owned = 1, .uid = 1000, .mode = 0700));
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_EQ(0, setresuid(1000, 1000, 1000));
	ASSERT_EQ(0, queue_new("mine"));
}

FIXTURE_TEARDOWN(rights)
{
}

/* Who may read may tap, but take from others only with x. */
TEST_F(rights, diverting_needs_x)
{
	EXPECT_EQ(0, binding_new(.exchange = "x", .queue = "mine", .flags = TAP));
	EXPECT_EQ(-EACCES, binding_new(.exchange = "x", .queue = "mine", .key = "k",
				       .flags = DIVERT));
	EXPECT_EQ(-EACCES, binding_set(.exchange = "x", .queue = "mine", .flags = DIVERT));
	EXPECT_EQ(0, binding_new(.exchange = "own", .queue = "mine", .flags = DIVERT));
}

TEST_F(rights, not_both)
{
	EXPECT_EQ(-EINVAL, binding_new(.exchange = "own", .queue = "mine",
				       .flags = DIVERT | TAP));
}

TEST_HARNESS_MAIN
