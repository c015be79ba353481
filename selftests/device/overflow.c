// SPDX-License-Identifier: GPL-2.0-or-later
/* A full queue that goes without the new message, or dead-letters the oldest ones. */
#include <stddef.h>

#include "helper.h"
#include "kselftest_harness.h"

FIXTURE(overflow) { int fd, consumer; struct got got; };

FIXTURE_SETUP(overflow)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(overflow)
{
}

#define COUNT(queue, ATTRIBUTE)	queue_get(queue, BROKER_A_QUEUE_##ATTRIBUTE)
#define CONSUME(queue)	ASSERT_LT(0, (self->consumer = consume(self->fd, queue, 0)))
#define EXPECT_NEXT(text)						\
do {									\
	ASSERT_EQ(0, take(self->fd, self->consumer, &self->got));	\
	EXPECT_STREQ(text, self->got.body);				\
} while (0)

/* A queue of @max that dead-letters what does not fit to the queue @dead. */
static int queue_with_dead(const char *name, uint32_t max, const char *dead)
{
	return queue_new(name, .max_messages = max, .overflow = BROKER_OVERFLOW_DEAD_LETTER,
			 .dead_exchange = "", .dead_key = dead);
}

TEST_F(overflow, drop_new)
{
	struct broker_confirm confirm = {};
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;

	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_DROP_NEW) ?:
		     put(self->fd, "q", "old"));
	op_publish(&op, &(struct pub) { .key = "q", .body = "new" });
	s = submit_of(&op, 1, &result);
	s.confirms = (uintptr_t)&confirm;
	s.nr_confirms = 1;
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	op_free(&op);
	EXPECT_EQ(0, s.failed);
	EXPECT_EQ(0, result.error);
	EXPECT_EQ(0, result.accepted);
	EXPECT_EQ(1, result.refused);
	EXPECT_EQ(0, result.sequence);
	EXPECT_EQ(1, s.nr_confirms);
	EXPECT_EQ(-ENOBUFS, confirm.error);
	EXPECT_EQ(0, confirm.sequence);
	EXPECT_EQ(COUNT("q", ID), confirm.queue);
	EXPECT_EQ(1, COUNT("q", DROPPED));
	EXPECT_EQ(0, COUNT("q", REFUSED));
	EXPECT_EQ(1, COUNT("q", ENQUEUED));
	CONSUME("q");
	EXPECT_NEXT("old");
	/* What consumers hold counts. */
	EXPECT_EQ(0, put(self->fd, "q", "newer"));
	EXPECT_EQ(2, COUNT("q", DROPPED));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->got.d.tag));
	EXPECT_EQ(0, put(self->fd, "q", "newest"));
	EXPECT_NEXT("newest");
}

/* It is one of min_routes, holds up no other queue, and what no queue could hold is refused. */
TEST_F(overflow, drop_new_beside_others)
{
	static char body[1000];

	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_DROP_NEW,
			       .max_bytes = 900) ?:
		     queue_new("r", .max_messages = 2) ?:
		     exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     bind_queue("x", "q", "") ?: bind_queue("x", "r", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "", "1"));
	EXPECT_EQ(0, publish(self->fd, .exchange = "x", .body = "2", .min_routes = 2));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(2, ready("r"));
	EXPECT_EQ(1, COUNT("q", DROPPED));
	/* The other one refuses: nothing is dropped, as nothing is published. */
	EXPECT_EQ(-EAGAIN, send_to(self->fd, "x", "", "3"));
	EXPECT_EQ(1, COUNT("q", DROPPED));
	EXPECT_EQ(0, COUNT("q", REFUSED));
	EXPECT_EQ(-EMSGSIZE, publish(self->fd, .key = "q", .body = body, .body_len = 1000));
	ASSERT_EQ(0, queue_set("q", .overflow = BROKER_OVERFLOW_BLOCK));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "4"));
}

TEST_F(overflow, drop_new_of_a_tap)
{
	ASSERT_EQ(0, queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_DROP_NEW) ?:
		     queue_new("r") ?: exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     binding_new(.exchange = "x", .queue = "q",
				 .flags = BROKER_BINDING_FLAGS_TAP) ?:
		     bind_queue("x", "r", ""));
	EXPECT_EQ(0, send_to(self->fd, "x", "", "1") ?: send_to(self->fd, "x", "", "2"));
	EXPECT_EQ(1, COUNT("q", DROPPED));
	EXPECT_EQ(0, COUNT("q", REFUSED));
	EXPECT_EQ(2, ready("r"));
}

TEST_F(overflow, drop_new_in_a_transaction)
{
	struct broker_result results[3];
	struct broker_op ops[3];
	struct broker_submit s;
	int i;

	ASSERT_EQ(0, queue_new("q", .max_messages = 2, .overflow = BROKER_OVERFLOW_DROP_NEW));
	for (i = 0; i < 3; i++)
		op_publish(&ops[i], &(struct pub) { .key = "q", .body = "m" });
	s = submit_of(ops, 3, results);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, s.failed);
	EXPECT_EQ(1, results[1].accepted);
	EXPECT_EQ(0, results[2].accepted);
	EXPECT_EQ(1, results[2].refused);
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(1, COUNT("q", DROPPED));
	for (i = 0; i < 3; i++)
		op_free(&ops[i]);
}

/* What is dead already is not dropped: it waits. */
TEST_F(overflow, drop_new_takes_dead_letters_later)
{
	ASSERT_EQ(0, queue_new("dead", .max_messages = 1, .overflow = BROKER_OVERFLOW_DROP_NEW) ?:
		     queue_new("q", .dead_exchange = "", .dead_key = "dead") ?:
		     put(self->fd, "dead", "full") ?: put(self->fd, "q", "1"));
	CONSUME("q");
	EXPECT_NEXT("1");
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_REJECT, self->consumer, self->got.d.tag));
	AWAIT("q", DYING, 1);
	EXPECT_EQ(0, COUNT("dead", DROPPED));
	CONSUME("dead");
	EXPECT_NEXT("full");
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, self->got.d.tag));
	AWAIT("dead", READY, 1);
	EXPECT_EQ(0, COUNT("q", DYING));
}

TEST_F(overflow, dead_letter)
{
	struct broker_death death;

	ASSERT_EQ(0, queue_new("dead") ?: queue_with_dead("q", 2, "dead"));
	ASSERT_EQ(0, put(self->fd, "q", "1") ?: put(self->fd, "q", "2") ?: put(self->fd, "q", "3"));
	/* At once: nobody need wait for it. */
	EXPECT_EQ(1, ready("dead"));
	EXPECT_EQ(2, ready("q"));
	EXPECT_EQ(0, COUNT("q", DYING));
	EXPECT_EQ(1, COUNT("q", DEAD_LETTERED));
	EXPECT_EQ(0, COUNT("q", DROPPED));
	EXPECT_EQ(3, COUNT("q", ENQUEUED));
	CONSUME("dead");
	ASSERT_EQ(0, take_death(self->fd, self->consumer, &self->got, &death));
	EXPECT_STREQ("1", self->got.body);
	EXPECT_EQ(BROKER_DEATH_OVERFLOW, death.reason);
	EXPECT_EQ(COUNT("q", ID), death.queue);
	EXPECT_EQ(0, death.acquired);
	EXPECT_EQ(getpid(), self->got.d.origin.pid);
	CONSUME("q");
	EXPECT_NEXT("2");
	EXPECT_NEXT("3");
}

/* A message may need the room of several; all of them go, and in their order. */
TEST_F(overflow, dead_letter_by_bytes)
{
	static char body[300];
	int i;

	ASSERT_EQ(0, queue_new("dead") ?:
		     queue_new("q", .max_bytes = 400, .overflow = BROKER_OVERFLOW_DEAD_LETTER,
			       .dead_exchange = "", .dead_key = "dead"));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 100));
	EXPECT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = 300));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(3, ready("dead"));
	EXPECT_EQ(3, COUNT("q", DEAD_LETTERED));
}

/* What cannot go stays, and the new message is refused: nothing is lost, no limit passed. */
TEST_F(overflow, dead_letter_that_cannot_go)
{
	static char body[200];

	ASSERT_EQ(0, queue_new("dead", .max_messages = 1) ?: queue_with_dead("q", 1, "dead") ?:
		     put(self->fd, "q", "1") ?: put(self->fd, "q", "2"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "3"));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(1, ready("dead"));
	EXPECT_EQ(1, COUNT("q", REFUSED));
	EXPECT_EQ(1, COUNT("q", DEAD_LETTERED));
	EXPECT_EQ(1, drain("dead"));
	EXPECT_EQ(0, put(self->fd, "q", "3"));
	EXPECT_EQ(1, drain("dead"));
	/* Too large for it, for good. */
	ASSERT_EQ(0, queue_set("dead", .max_bytes = 150) ?: drain("q") - 1);
	ASSERT_EQ(0, publish(self->fd, .key = "q", .body = body, .body_len = sizeof(body)));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "5"));
	/* It is gone; then there is none. */
	ASSERT_EQ(0, queue_del("dead"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "5"));
	ASSERT_EQ(0, queue_set("q", .dead_exchange = "", .dead_key = ""));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "5"));
	EXPECT_EQ(1, drain("q"));
	EXPECT_EQ(0, COUNT("q", DROPPED));
	EXPECT_EQ(0, COUNT("q", QUARANTINED));
}

/* What was to make room, and could not go, is as it was: no dead letter. */
TEST_F(overflow, dead_letter_after_all_not)
{
	int consumer;

	ASSERT_EQ(0, queue_new("dead", .max_messages = 1) ?: queue_with_dead("q", 1, "dead") ?:
		     put(self->fd, "dead", "full"));
	ASSERT_EQ(0, put_int(self->fd, "q", "m", BROKER_PROP_TTL, 1000 * 1000 * 1000));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	consumer = consume(self->fd, "q", 0);
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	EXPECT_EQ(0, self->got.d.reason);
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_DEFER, consumer, self->got.d.tag));
	/* Its time to live goes on, too. */
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_MOVE);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, "q");
	nl_put_str(msg, BROKER_A_QUEUE_TO_QUEUE, "q");
	nl_put_u32(msg, BROKER_A_QUEUE_STATE, BROKER_MESSAGE_DEFERRED);
	ASSERT_EQ(0, nl_do(msg));
	ASSERT_EQ(1, ready("q"));
	ASSERT_EQ(0, take(self->fd, consumer, &self->got));
	EXPECT_EQ(2, self->got.d.acquired);
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, self->got.d.tag));
}

/* Consumers keep what they hold: only what is ready makes room. */
TEST_F(overflow, dead_letter_spares_unacked)
{
	ASSERT_EQ(0, queue_new("dead") ?: queue_with_dead("q", 1, "dead") ?:
		     put(self->fd, "q", "1"));
	CONSUME("q");
	EXPECT_NEXT("1");
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, self->consumer, self->got.d.tag));
	EXPECT_EQ(0, put(self->fd, "q", "2"));
	EXPECT_EQ(1, ready("dead"));
}

/* A publish that another queue refuses moves nothing, by itself or in a transaction. */
TEST_F(overflow, dead_letter_only_when_all_take_it)
{
	struct broker_result results[2];
	struct broker_op ops[2];
	struct broker_submit s;
	int i;

	ASSERT_EQ(0, queue_new("dead") ?: queue_with_dead("q", 1, "dead") ?:
		     queue_new("r", .max_messages = 1) ?:
		     exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?:
		     bind_queue("x", "q", "") ?: bind_queue("x", "r", ""));
	ASSERT_EQ(0, send_to(self->fd, "x", "", "1"));
	EXPECT_EQ(-EAGAIN, send_to(self->fd, "x", "", "2"));
	op_publish(&ops[0], &(struct pub) { .key = "q", .body = "3" });
	op_publish(&ops[1], &(struct pub) { .key = "r", .body = "3" });
	s = submit_of(ops, 2, results);
	s.flags = BROKER_SUBMIT_F_ATOMIC;
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(2, s.failed);
	EXPECT_EQ(0, ready("dead"));
	EXPECT_EQ(0, COUNT("q", DEAD_LETTERED));
	EXPECT_EQ(0, COUNT("dead", BYTES));
	CONSUME("q");
	EXPECT_NEXT("1");
	EXPECT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, self->consumer, self->got.d.tag));
	s.nr_ops = 1;
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_SUBMIT, &s));
	EXPECT_EQ(0, s.failed);
	EXPECT_EQ(1, ready("dead"));
	for (i = 0; i < 2; i++)
		op_free(&ops[i]);
}

/* Full queues behind each other make room from the last one on; in a circle there is none. */
TEST_F(overflow, dead_letter_through_several)
{
	ASSERT_EQ(0, queue_new("c") ?: queue_with_dead("b", 1, "c") ?:
		     queue_with_dead("a", 1, "b"));
	ASSERT_EQ(0, put(self->fd, "a", "1") ?: put(self->fd, "a", "2") ?: put(self->fd, "a", "3"));
	CONSUME("a");
	EXPECT_NEXT("3");
	CONSUME("b");
	EXPECT_NEXT("2");
	CONSUME("c");
	EXPECT_NEXT("1");
	EXPECT_EQ(2, self->got.d.nr_deaths);
}

/* @wide full queues that dead-letter to the exchange @dead, or to "sink"; @exchange feeds them. */
static int layer_new(const char *exchange, const char *dead, int wide, uint32_t max)
{
	char name[16];
	uint32_t i;
	int err;

	err = exchange_new(exchange, BROKER_EXCHANGE_TYPE_FANOUT);
	for (i = 0; !err && i < (uint32_t)wide; i++) {
		snprintf(name, sizeof(name), "%s.%u", exchange, i);
		err = queue_new(name, .max_messages = max, .overflow = BROKER_OVERFLOW_DEAD_LETTER,
				.dead_exchange = dead, .dead_key = "sink") ?:
		      bind_queue(exchange, name, "");
	}
	return err;
}

/* What makes room for one message makes ever more of it go, but not without end. */
TEST_F(overflow, dead_letter_fans_out)
{
	enum { WIDE = 26 };
	int i;

	ASSERT_EQ(0, queue_new("sink", .max_messages = 20000) ?:
		     layer_new("z", "", WIDE, WIDE * WIDE) ?: layer_new("y", "z", WIDE, WIDE) ?:
		     layer_new("x", "y", WIDE, 1) ?:
		     queue_new("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_DEAD_LETTER,
			       .dead_exchange = "x", .dead_key = "k"));
	for (i = 0; i < WIDE * WIDE; i++)
		ASSERT_EQ(0, send_to(self->fd, "z", "", "m"));
	for (i = 0; i < WIDE; i++)
		ASSERT_EQ(0, send_to(self->fd, "y", "", "m"));
	ASSERT_EQ(0, send_to(self->fd, "x", "", "m") ?: put(self->fd, "q", "1"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "q", "2"));
	EXPECT_EQ(0, COUNT("q", DEAD_LETTERED));
	EXPECT_EQ(WIDE * WIDE, ready("z.0"));
	EXPECT_EQ(0, ready("sink"));
	/* 1 + 25 + 25 * 25 + 25 * 25 * 25 are few enough. */
	ASSERT_EQ(0, queue_del("x.25") ?: queue_del("y.25") ?: queue_del("z.25"));
	EXPECT_EQ(0, put(self->fd, "q", "2"));
	EXPECT_EQ(1, COUNT("q", DEAD_LETTERED));
	EXPECT_EQ(25 * 25 * 25, ready("sink"));
	EXPECT_EQ(WIDE * WIDE, ready("z.0"));
}

TEST_F(overflow, dead_letter_in_a_circle)
{
	ASSERT_EQ(0, queue_new("a") ?: queue_with_dead("b", 1, "a") ?:
		     queue_set("a", .max_messages = 1, .overflow = BROKER_OVERFLOW_DEAD_LETTER,
			       .dead_exchange = "", .dead_key = "b"));
	ASSERT_EQ(0, put(self->fd, "a", "1") ?: put(self->fd, "a", "2"));
	EXPECT_EQ(1, ready("b"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "a", "3"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "b", "3"));
	CONSUME("a");
	EXPECT_NEXT("2");
	CONSUME("b");
	EXPECT_NEXT("1");
	/* To itself: the shortest one. */
	ASSERT_EQ(0, queue_new("s", .max_messages = 1) ?:
		     queue_set("s", .overflow = BROKER_OVERFLOW_DEAD_LETTER, .dead_exchange = "",
			       .dead_key = "s") ?: put(self->fd, "s", "1"));
	EXPECT_EQ(-EAGAIN, put(self->fd, "s", "2"));
	EXPECT_EQ(1, drain("s"));
}

/* A request that makes room is answered: nobody will, though its message lives on. */
TEST_F(overflow, dead_letter_of_a_request)
{
	ASSERT_EQ(0, queue_new("dead") ?: queue_with_dead("q", 1, "dead"));
	CONSUME("q");
	ASSERT_EQ(0, publish(self->fd, .key = "q", .flags = BROKER_PUBLISH_F_REQUEST) ?:
		     put(self->fd, "q", "2"));
	ASSERT_EQ(0, take(self->fd, BROKER_CONSUMER_REPLIES, &self->got));
	EXPECT_EQ(BROKER_DELIVERY_F_UNANSWERED, self->got.d.flags & BROKER_DELIVERY_F_UNANSWERED);
	EXPECT_EQ(BROKER_CAUSE_REMOVED, self->got.d.cause);
	EXPECT_EQ(1, ready("dead"));
}

TEST_HARNESS_MAIN
