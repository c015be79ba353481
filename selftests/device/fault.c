// SPDX-License-Identifier: GPL-2.0-or-later
/* What publishes, receives, settles and administers, where memory fails. */
#include "fault.h"
#include "once.h"
#include "state.h"

FIXTURE(fault) { int fd, consumer; struct nl_msg before; };

FIXTURE_SETUP(fault)
{
	ASSERT_TRUE(faults_begin());
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q") ?: queue_new("p"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_TOPIC));
	ASSERT_EQ(0, bind_queue("x", "q", "a.#") ?: bind_queue("x", "p", "*.b"));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
	memset(&self->before, 0, sizeof(self->before));
}

FIXTURE_TEARDOWN(fault)
{
	faults_end();
}

/* @cold: the topology has changed since the last message, so it routes anew. */
static void submit_faults(struct __test_metadata *_metadata, int fd, int cold)
{
	struct broker_confirm confirms[2];
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	unsigned int sent = 0, now;
	int ret;

	op_publish(&op, &(struct pub) { .exchange = "x", .key = "a.b", .body = "body" });
	s = submit_of(&op, 1, &result);
	s.confirms = (uintptr_t)confirms;
	ASSERT_EQ(0, submit_one(fd, &op) ?: queue_purge("q") ?: queue_purge("p"));
	EACH_POINT {
		result.error = 1;
		s.nr_confirms = 2;
		if (cold)
			ASSERT_EQ(0, bind_queue("x", "q", "c") ?: unbind_queue("x", "q", "c"));
		ret = faulty(fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		now = ready("q");
		/* In both queues or in neither. */
		ASSERT_EQ(now, ready("p"));
		if (ret) {
			ASSERT_EQ(sent, now);
		} else if (result.error != 1) {
			/* Else the operation stood and its result was lost. */
			FAULT_OR_SUCCESS(result.error);
			ASSERT_EQ(sent + !result.error, now);
		}
		sent = now;
	}
	ALL_POINTS_MET();
	EXPECT_LT(0, sent);
}

TEST_F(fault, submit)
{
	submit_faults(_metadata, self->fd, 0);
}

TEST_F(fault, submit_with_new_route)
{
	submit_faults(_metadata, self->fd, 1);
}

/* What is sent again after each failure is in both queues once. */
TEST_F(fault, dedupe)
{
	unsigned int number = 0;
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	char area[512];
	uint32_t len;
	int ret;

	EACH_POINT {
		len = id_props(area, BROKER_TYPE_BYTES, &number, sizeof(number));
		len += producer_props(area + len, "p", number + 1);
		op_publish(&op, &(struct pub) {
			.exchange = "x", .key = "a.b", .body = "m", .props = area, .props_len = len,
		});
		s = submit_of(&op, 1, &result);
		result.error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		if (!ret && result.error != 1)
			FAULT_OR_SUCCESS(result.error);
		ASSERT_EQ(0, submit_one(self->fd, &op));
		op_free(&op);
		number++;
		ASSERT_EQ(number, ready("q"));
		ASSERT_EQ(number, ready("p"));
		ASSERT_EQ(number, queue_get("q", BROKER_A_QUEUE_DEDUPE_IDS));
		ASSERT_EQ(number, producer_last("p", "p"));
	}
	ALL_POINTS_MET();
}

/* What is expected is what the last success left, whatever has failed since. */
TEST_F(fault, expect)
{
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	uint64_t last = 0;
	int ret;

	op_publish(&op, &(struct pub) { .key = "p", .body = "m",
					.flags = BROKER_PUBLISH_F_EXPECT });
	s = submit_of(&op, 1, &result);
	EACH_POINT {
		op.publish.expected_sequence = last;
		result.error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		if (!ret && result.error != 1)
			FAULT_OR_SUCCESS(result.error);
		ASSERT_LE(last, ready("p"));
		ASSERT_GE(last + 1, ready("p"));
		last = ready("p");
	}
	ALL_POINTS_MET();
	EXPECT_LT(0, last);
	op_free(&op);
}

/* A transaction of a delivery and three messages, in two queues. */
TEST_F(fault, atomic)
{
	struct broker_result results[4];
	struct broker_op ops[4];
	struct broker_submit s;
	unsigned int sent = 0;
	struct got got;
	int i, ret, done;

	ASSERT_EQ(0, queue_new("in"));
	self->consumer = consume(self->fd, "in", 0);
	op_publish(&ops[1], &(struct pub) { .exchange = "x", .key = "a.b", .body = "1" });
	op_publish(&ops[2], &(struct pub) { .key = "p", .body = "2" });
	op_publish(&ops[3], &(struct pub) { .exchange = "x", .key = "a.b", .body = "3" });
	EACH_POINT {
		if (!unacked("in"))
			ASSERT_EQ(0, put(self->fd, "in", "m") ?:
				     take(self->fd, self->consumer, &got));
		ops[0] = op_settle(BROKER_OP_ACCEPT, self->consumer, got.d.tag);
		s = submit_of(ops, 4, results);
		s.flags = BROKER_SUBMIT_F_ATOMIC;
		for (i = 0; i < 4; i++)
			results[i].error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		done = unacked("in") == 0;
		ASSERT_EQ(sent + 2 * done, ready("q"));
		ASSERT_EQ(sent / 2 * 3 + 3 * done, ready("p"));
		sent += 2 * done;
		if (ret || results[0].error != 1)
			ASSERT_EQ(done, !ret && results[0].error == 0);
	}
	ALL_POINTS_MET();
	EXPECT_LT(0, sent);
}

/* A new state, and the settlement: both, or neither and no room lost. */
TEST_F(fault, state)
{
	struct broker_result results[2];
	struct broker_op ops[2];
	struct broker_submit s;
	unsigned int sent = 0;
	struct got got;
	int ret, done;

	ASSERT_EQ(0, queue_new("in", .ordering = 1));
	self->consumer = consume(self->fd, "in", 0);
	EACH_POINT {
		if (!unacked("in"))
			ASSERT_EQ(0, put_key(self->fd, "in", "m") ?:
				     take(self->fd, self->consumer, &got));
		ops[0] = op_state(self->consumer, got.d.tag, "state", 5);
		ops[1] = op_settle(BROKER_OP_ACCEPT, self->consumer, got.d.tag);
		s = submit_of(ops, 2, results);
		s.flags = BROKER_SUBMIT_F_ATOMIC;
		results[0].error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		done = unacked("in") == 0;
		ASSERT_EQ(done, states("in"));
		ASSERT_EQ(6 * done, state_bytes("in"));
		if (ret || results[0].error != 1)
			ASSERT_EQ(done, !ret && results[0].error == 0);
		if (done)
			ASSERT_EQ(0, state_del("in", "m"));
		sent += done;
	}
	ALL_POINTS_MET();
	EXPECT_LT(0, sent);
}

/* A message that takes turns has more to allocate, wherever it is to go. */
TEST_F(fault, ordering)
{
	unsigned int sent = 0, now;
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	struct broker_prop key = {
		.id = BROKER_PROP_GROUP_KEY, .type = BROKER_TYPE_STRING, .value_len = 0,
	};
	int ret;

	ASSERT_EQ(0, queue_new("ordered", .ordering = 1));
	op_publish(&op, &(struct pub) { .key = "ordered", .body = "body", .props = &key,
					.props_len = sizeof(key) });
	s = submit_of(&op, 1, &result);
	EACH_POINT {
		result.error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		now = ready("ordered");
		if (ret) {
			ASSERT_EQ(sent, now);
		} else if (result.error != 1) {
			FAULT_OR_SUCCESS(result.error);
			ASSERT_EQ(sent + !result.error, now);
		}
		sent = now;
	}
	op_free(&op);
	ALL_POINTS_MET();
	EXPECT_LT(0, sent);
	EXPECT_EQ(sent, drain("ordered"));
}

TEST_F(fault, submit_large)
{
	char *body = calloc(1, BROKER_MAX_BODY);
	struct broker_op ops[3];
	struct broker_result results[3];
	struct broker_submit s = submit_of(ops, 3, results);
	unsigned int good, lost;
	int i, ret;

	for (i = 0; i < 3; i++)
		op_publish(&ops[i], &(struct pub) { .key = "q", .body = body,
						    .body_len = BROKER_MAX_BODY });
	EACH_POINT {
		ASSERT_EQ(0, queue_purge("q"));
		for (i = 0; i < 3; i++)
			results[i].error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		for (i = good = lost = 0; i < 3; i++) {
			good += results[i].error == 0;
			lost += results[i].error == 1;
		}
		if (ret || !lost)
			ASSERT_EQ(ret ? 0 : good, ready("q"));
	}
	ALL_POINTS_MET();
}

/* Armed, or not; and of those that are armed none is lost for want of memory. */
/* A full queue that dead-letters what makes room: all of it is done, or nothing. */
TEST_F(fault, overflow_dead_letter)
{
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	unsigned int dead = 0;
	int ret;

	ASSERT_EQ(0, queue_new("dead") ?:
		     queue_set("q", .max_messages = 1, .overflow = BROKER_OVERFLOW_DEAD_LETTER,
			       .dead_exchange = "", .dead_key = "dead") ?:
		     put(self->fd, "q", "old"));
	op_publish(&op, &(struct pub) { .key = "q", .body = "body" });
	s = submit_of(&op, 1, &result);
	EACH_POINT {
		result.error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		if (!ret && result.error != 1)
			FAULT_OR_SUCCESS(result.error);
		if (!ret && result.error == 0)
			dead++;
		/* Its result may have been lost, though it stood. */
		if (!ret && result.error == 1)
			dead = ready("dead");
		ASSERT_EQ(1, ready("q"));
		ASSERT_EQ(dead, ready("dead"));
		ASSERT_EQ(dead, queue_get("q", BROKER_A_QUEUE_DEAD_LETTERED));
	}
	ALL_POINTS_MET();
	op_free(&op);
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_DROPPED));
}

TEST_F(fault, will)
{
	uint64_t session = session_number(self->fd);
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	unsigned int armed = 0, now;
	int ret;

	op_publish(&op, &(struct pub) { .exchange = "x", .key = "a.b", .body = "body",
					.flags = BROKER_PUBLISH_F_WILL });
	s = submit_of(&op, 1, &result);
	EACH_POINT {
		if (armed == BROKER_MAX_WILLS) {
			struct broker_op disarm = {
				.opcode = BROKER_OP_DISARM, .user_data = --armed,
			};

			ASSERT_EQ(0, submit_one(self->fd, &disarm));
		}
		op.user_data = armed;
		result.error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		now = session_get(session, BROKER_A_SESSION_WILLS);
		if (ret || result.error != 1)
			ASSERT_EQ(armed + (!ret && !result.error), now);
		armed = now;
	}
	ALL_POINTS_MET();
	EXPECT_LT(0, armed);
	EXPECT_EQ(0, ready("q"));
	op_free(&op);
}

TEST_F(fault, receive)
{
	static char buffer[4096] __attribute__((aligned(8)));
	struct broker_receive r;
	uint64_t delivered = 0;
	int ret;

	EACH_POINT {
		ASSERT_EQ(0, put(self->fd, "q", "m") ?: put(self->fd, "q", "m"));
		r = receive_of(self->consumer, buffer, sizeof(buffer), 2);
		ret = faulty(self->fd, BROKER_IOC_RECEIVE, &r);
		FAULT_OR_SUCCESS(ret);
		delivered += ret ? 0 : r.count;
		ASSERT_EQ(delivered, queue_get("q", BROKER_A_QUEUE_DELIVERED)) {
			TH_LOG("point %d: %d", nth, ret);
		}
		ASSERT_EQ(delivered, unacked("q"));
	}
	ALL_POINTS_MET();
}

/* No descriptor is left of a call that failed, and no file of a message is lost. */
TEST_F(fault, files)
{
	static char buffer[4096] __attribute__((aligned(8)));
	struct broker_result result;
	struct broker_receive r;
	struct broker_submit s;
	struct broker_op op;
	int fds[2] = { 0, 0 }, next = dup(0), now, ret;

	close(next);
	op_publish(&op, &(struct pub) { .key = "q", .body = "m" });
	fds[0] = fds[1] = memfd_create("x", MFD_CLOEXEC);
	next++;
	op.publish.fds = (uintptr_t)fds;
	op.publish.nr_fds = 2;
	s = submit_of(&op, 1, &result);
	EACH_POINT {
		ASSERT_EQ(0, queue_purge("q"));
		result.error = 1;
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		FAULT_OR_SUCCESS(ret);
		if (!ret && result.error != 1)
			ASSERT_EQ(!result.error, ready("q"));
	}
	ALL_POINTS_MET();
	EACH_POINT {
		if (!ready("q"))
			ASSERT_EQ(0, submit_one(self->fd, &op));
		r = receive_of(self->consumer, buffer, sizeof(buffer), 1);
		ret = faulty(self->fd, BROKER_IOC_RECEIVE, &r);
		FAULT_OR_SUCCESS(ret);
		if (!ret) {
			struct broker_delivery *d = (void *)buffer;

			ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, self->consumer, d->tag));
			ASSERT_EQ(2, d->nr_fds);
			close(*(int *)(buffer + d->fds));
			close(*(int *)(buffer + d->fds + 4));
		}
		ASSERT_EQ(1, ready("q"));
		now = dup(0);
		close(now);
		ASSERT_EQ(next, now) {
			TH_LOG("point %d: %d", nth, ret);
		}
	}
	ALL_POINTS_MET();
	op_free(&op);
}

TEST_F(fault, browse)
{
	/* TRUE, in a program of its own. */
	static const char filter[] = {
		BROKER_FILTER_CONST, 0, 3, 0, BROKER_TYPE_BOOL, 1, 1,
	};
	static char buffer[4096] __attribute__((aligned(8)));
	struct broker_browse b;
	int ret;

	ASSERT_EQ(0, put(self->fd, "q", "m"));
	queue_state("q", &self->before);
	EACH_POINT {
		b = (struct broker_browse) {
			.size = sizeof(b), .queue = (uintptr_t)"q", .queue_len = 1,
			.max_messages = 2, .buffer = (uintptr_t)buffer,
			.buffer_len = sizeof(buffer),
			.filter = (uintptr_t)filter, .filter_len = sizeof(filter),
		};
		ret = faulty(self->fd, BROKER_IOC_BROWSE, &b);
		FAULT_OR_SUCCESS(ret);
		ASSERT_TRUE(queue_unchanged("q", &self->before));
	}
	ALL_POINTS_MET();
}

TEST_F(fault, consume)
{
	/* TRUE, in a program of its own. */
	static const char filter[] = {
		BROKER_FILTER_CONST, 0, 3, 0, BROKER_TYPE_BOOL, 1, 1,
	};
	unsigned int consumers = 1;
	struct broker_consume c;
	int ret;

	EACH_POINT {
		c = consume_of("q", 1);
		c.filter = (uintptr_t)filter;
		c.filter_len = sizeof(filter);
		ret = faulty(self->fd, BROKER_IOC_CONSUME, &c);
		FAULT_OR_SUCCESS(ret);
		consumers += ret == 0;
		ASSERT_EQ(consumers, queue_get("q", BROKER_A_QUEUE_CONSUMERS)) {
			TH_LOG("point %d: %d", nth, ret);
		}
	}
	ALL_POINTS_MET();
}

/* Settling needs no memory: only its arguments may be out of reach. */
TEST_F(fault, settle)
{
	struct broker_submit s;
	struct broker_op op;
	unsigned int left;
	struct got got;
	int i, ret;

	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, put(self->fd, "q", "m"));
	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, take(self->fd, self->consumer, &got));
	left = 64;
	EACH_POINT {
		op = op_settle(BROKER_OP_ACCEPT, self->consumer, got.d.tag - nth + 1);
		s = submit_of(&op, 1, NULL);
		ret = faulty(self->fd, BROKER_IOC_SUBMIT, &s);
		ASSERT_TRUE(ret == 0 || ret == -EFAULT) {
			TH_LOG("point %d: %d", nth, ret);
		}
		left -= ret == 0;
		ASSERT_EQ(left, unacked("q"));
	}
	ALL_POINTS_MET();
}

TEST_F(fault, cancel)
{
	struct broker_cancel c;
	int consumer, ret;

	EACH_POINT {
		consumer = consume(self->fd, "q", 1);
		ASSERT_LT(0, consumer);
		c = (struct broker_cancel) { .size = sizeof(c), .consumer = consumer };
		ret = faulty(self->fd, BROKER_IOC_CANCEL, &c);
		FAULT_OR_SUCCESS(ret);
		ASSERT_EQ(ret ? 2 : 1, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
		if (ret)
			ASSERT_EQ(0, cancel(self->fd, consumer));
	}
	ALL_POINTS_MET();
}

TEST_F(fault, open)
{
	int fd;

	EACH_POINT {
		arm(1);
		fd = open("/dev/broker", O_RDWR | O_CLOEXEC);
		arm(0);
		ASSERT_EQ(fd < 0 ? 1 : 2, broker_get(BROKER_A_STATUS_SESSIONS));
		if (fd >= 0)
			close(fd);
	}
	ALL_POINTS_MET();
}

static struct { int fd, consumer; uint64_t tag; } held;

static int set_again(void)
{
	return set_state(held.fd, held.consumer, held.tag, "state", 5);
}

static int delete_state(void)
{
	return state_del("in", "m");
}

static int show_state(void)
{
	return nl_do(state_msg(BROKER_CMD_STATE_GET, "in", "m"));
}

static uint64_t states_now(void)
{
	return states("in");
}

TEST_F(fault, state_del)
{
	struct got got;
	int ret;

	ASSERT_EQ(0, queue_new("in", .ordering = 1) ?: put_key(self->fd, "in", "m"));
	held.fd = self->fd;
	held.consumer = consume(self->fd, "in", 1);
	ASSERT_EQ(0, take(self->fd, held.consumer, &got));
	held.tag = got.d.tag;
	ASSERT_EQ(0, set_again());
	admin_faults(_metadata, delete_state, set_again, states_now);
	EACH_POINT {
		nl_around = arm;
		ret = show_state();
		nl_around = NULL;
		ASSERT_TRUE(ret == 0 || injected(ret) || ret == -ENOBUFS || ret == -EAGAIN) {
			TH_LOG("point %d: %d %s", nth, ret, nl_why);
		}
		ASSERT_EQ(1, states("in"));
	}
	ALL_POINTS_MET();
}

static int make_queue(void)
{
	return queue_new("new");
}

static int undo_queue(void)
{
	return queue_del("new");
}

static uint64_t queues(void)
{
	return broker_get(BROKER_A_STATUS_QUEUES);
}

TEST_F(fault, queue_new)
{
	admin_faults(_metadata, make_queue, undo_queue, queues);
}

TEST_F(fault, queue_del)
{
	ASSERT_EQ(0, make_queue());
	admin_faults(_metadata, undo_queue, make_queue, queues);
}

static int make_exchange(void)
{
	return exchange_new("new", BROKER_EXCHANGE_TYPE_TOPIC, .alternate = "x");
}

static int undo_exchange(void)
{
	return exchange_del("new");
}

static uint64_t exchanges(void)
{
	return broker_get(BROKER_A_STATUS_EXCHANGES);
}

TEST_F(fault, exchange_new)
{
	admin_faults(_metadata, make_exchange, undo_exchange, exchanges);
}

TEST_F(fault, exchange_del)
{
	ASSERT_EQ(0, make_exchange());
	admin_faults(_metadata, undo_exchange, make_exchange, exchanges);
}

static int make_binding(void)
{
	return bind_queue("x", "q", "one.*.three.#.five");
}

static int undo_binding(void)
{
	return unbind_queue("x", "q", "one.*.three.#.five");
}

static uint64_t bindings(void)
{
	return broker_get(BROKER_A_STATUS_BINDINGS);
}

TEST_F(fault, binding_new)
{
	admin_faults(_metadata, make_binding, undo_binding, bindings);
}

TEST_F(fault, binding_del)
{
	ASSERT_EQ(0, make_binding());
	admin_faults(_metadata, undo_binding, make_binding, bindings);
}

static int make_limit(void)
{
	return queue_set("q", .max_messages = 77);
}

static int undo_limit(void)
{
	return queue_set("q", .max_messages = 99);
}

static uint64_t limit(void)
{
	return queue_get("q", BROKER_A_QUEUE_MAX_MESSAGES);
}

TEST_F(fault, queue_set)
{
	ASSERT_EQ(0, undo_limit());
	admin_faults(_metadata, make_limit, undo_limit, limit);
}

/* With a target for dead letters, which has memory of its own. */
static int policy(int command)
{
	struct nl_msg *msg = nl_new(command);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, "new");
	if (command == BROKER_CMD_POLICY_NEW) {
		nl_put_str(msg, BROKER_A_QUEUE_PATTERN, "#");
		nl_put_u32(msg, BROKER_A_QUEUE_MAX_MESSAGES, 77);
		nl_put_str(msg, BROKER_A_QUEUE_DEAD_LETTER_KEY, "q");
	}
	return nl_do(msg);
}

static int make_policy(void)
{
	return policy(BROKER_CMD_POLICY_NEW);
}

static int undo_policy(void)
{
	return policy(BROKER_CMD_POLICY_DEL);
}

TEST_F(fault, policy_new)
{
	admin_faults(_metadata, make_policy, undo_policy, limit);
}

TEST_F(fault, policy_del)
{
	ASSERT_EQ(0, make_policy());
	admin_faults(_metadata, undo_policy, make_policy, limit);
}

#define DEAD	5

/* Back to where they died: whatever fails on the way, each is in one queue. */
TEST_F(fault, redrive)
{
	int consumer, i, ret;
	struct got got;

	ASSERT_EQ(0, queue_new("dead") ?:
		     queue_new("in", .dead_exchange = "", .dead_key = "dead", .ttl = 1 << 30));
	consumer = consume(self->fd, "in", 0);
	for (i = 0; i < DEAD; i++)
		ASSERT_EQ(0, put(self->fd, "in", "m"));
	EACH_POINT {
		struct nl_msg *msg;

		while (!take(self->fd, consumer, &got))
			ASSERT_EQ(0, settle(self->fd, BROKER_OP_REJECT, consumer, got.d.tag));
		AWAIT("dead", READY, DEAD);
		msg = nl_new(BROKER_CMD_QUEUE_MOVE);
		nl_put_str(msg, BROKER_A_QUEUE_NAME, "dead");
		nl_put(msg, BROKER_A_QUEUE_BACK, NULL, 0);
		nl_around = arm;
		ret = nl_do(msg);
		nl_around = NULL;
		ASSERT_TRUE(ret == 0 || injected(ret) || ret == -ENOBUFS || ret == -EAGAIN) {
			TH_LOG("point %d: %d %s", nth, ret, nl_why);
		}
		ASSERT_EQ(DEAD, ready("in") + ready("dead"));
		ASSERT_EQ(0, unacked("in") + unacked("dead"));
	}
	ALL_POINTS_MET();
}

TEST_HARNESS_MAIN
