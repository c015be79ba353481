// SPDX-License-Identifier: GPL-2.0-or-later
/* What a queue keeps for ordering keys: set by who holds a message, given to the next. */
#include "state.h"
#include "kselftest_harness.h"

FIXTURE(state) { int fd, consumer; struct stateful s; };

FIXTURE_SETUP(state)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .ordering = 1));
	self->consumer = consume_state(self->fd, "q", 10, 0);
	ASSERT_LT(0, self->consumer);
}

FIXTURE_TEARDOWN(state)
{
}

#define PUT(bodies)	ASSERT_EQ(0, put_keys(self->fd, "q", bodies))
#define TAG		(self->s.got.d.tag)
#define SET(text)	set_state(self->fd, self->consumer, TAG, text, strlen(text))
#define SETTLE(OP)	ASSERT_EQ(0, settle(self->fd, BROKER_OP_##OP, self->consumer, TAG))

/* The next message, and the state that comes with it: "" for none. */
#define GETS(text, with)						\
do {									\
	ASSERT_EQ(0, take_state(self->fd, self->consumer, &self->s, 0));\
	EXPECT_STREQ(text, self->s.got.body);				\
	EXPECT_STREQ(with, self->s.state);				\
} while (0)

TEST_F(state, set_replaced_and_cleared)
{
	PUT("a1 a2 a3 a4 a5");
	GETS("a1", "");
	EXPECT_EQ(0, SET("one"));
	SETTLE(ACCEPT);
	GETS("a2", "one");
	EXPECT_EQ(0, SET("the second"));
	/* Of two the later one counts. */
	EXPECT_EQ(0, SET("two"));
	SETTLE(ACCEPT);
	GETS("a3", "two");
	SETTLE(ACCEPT);
	GETS("a4", "two");
	EXPECT_EQ(1, states("q"));
	EXPECT_EQ(4, state_bytes("q"));
	EXPECT_EQ(0, SET(""));
	EXPECT_EQ(0, states("q"));
	EXPECT_EQ(0, state_bytes("q"));
	/* What is not there may be cleared, too. */
	EXPECT_EQ(0, SET(""));
	SETTLE(ACCEPT);
	GETS("a5", "");
}

TEST_F(state, of_any_bytes)
{
	static char data[BROKER_MAX_STATE];
	unsigned int i, len;

	for (len = 1; len <= BROKER_MAX_STATE; len = len < 20 ? len + 1 : len * 7) {
		for (i = 0; i < len; i++)
			data[i] = i * 7 + len;
		PUT("a1 a2");
		ASSERT_EQ(0, take_state(self->fd, self->consumer, &self->s, 0));
		ASSERT_EQ(0, set_state(self->fd, self->consumer, TAG, data, len));
		SETTLE(ACCEPT);
		ASSERT_EQ(0, take_state(self->fd, self->consumer, &self->s, 0));
		ASSERT_EQ(len, self->s.len);
		ASSERT_EQ(0, memcmp(data, self->s.state, len));
		SETTLE(ACCEPT);
	}
}

/* Each way to get a message. */
TEST_F(state, whichever_way_it_comes)
{
	struct broker_receive r = receive_of(self->consumer, NULL, 0, 1);
	int other = session_open(), puller = consume_state(other, "q", 0, 0);
	uint64_t sequence;

	PUT("a1 a2");
	GETS("a1", "");
	EXPECT_EQ(0, SET("s"));
	SETTLE(RELEASE);
	GETS("a1", "s");
	EXPECT_LT(0, self->s.got.d.flags & BROKER_DELIVERY_F_REDELIVERED);
	sequence = self->s.got.d.sequence;
	SETTLE(DEFER);
	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 0, 0));
	ASSERT_EQ(0, take_state(other, puller, &self->s, 0));
	EXPECT_STREQ("a2", self->s.got.body);
	EXPECT_STREQ("s", self->s.state);
	/* It holds up none of its key: both may set the state, and the later one counts. */
	r.flags = BROKER_RECEIVE_F_DEFERRED;
	r.sequence = sequence;
	EXPECT_EQ(0, set_state(other, puller, TAG, "t", 1));
	ASSERT_EQ(0, receive_state(self->fd, &r, &self->s));
	EXPECT_STREQ("a1", self->s.got.body);
	EXPECT_STREQ("t", self->s.state);
	EXPECT_EQ(0, SET("u"));
	close(other);
	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 1, 100));
	EXPECT_EQ(-EAGAIN, take_state(self->fd, 0, &self->s, 0));
	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 2, 100));
	ASSERT_EQ(0, take_state(self->fd, 0, &self->s, 0));
	EXPECT_STREQ("u", self->s.state);
}

TEST_F(state, as_it_is_at_the_hand_out)
{
	PUT("a1 a2");
	GETS("a1", "");
	EXPECT_EQ(0, SET("old"));
	SETTLE(ACCEPT);
	/* The next one is on its way by now. */
	AWAIT("q", UNACKED, 1);
	EXPECT_EQ(0, state_del("q", "a"));
	GETS("a2", "");
}

TEST_F(state, only_who_wants_it)
{
	int fd = session_open(), plain, headers, automatic;
	struct got got;
	uint32_t size;

	PUT("a1 a2 a3 a4 a5");
	GETS("a1", "");
	size = self->s.got.d.size;
	EXPECT_EQ(0, SET("12345678"));
	SETTLE(ACCEPT);
	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 0, 0));
	plain = consume(fd, "q", 1);
	ASSERT_EQ(0, take(fd, plain, &got));
	EXPECT_EQ(0, got.d.key_state);
	EXPECT_EQ(0, got.d.key_state_len);
	EXPECT_EQ(size, got.d.size);
	/* It may set what it does not want. */
	EXPECT_EQ(0, set_state(fd, plain, got.d.tag, "87654321", 8));
	ASSERT_EQ(0, settle(fd, BROKER_OP_ACCEPT, plain, got.d.tag) ?: cancel(fd, plain));

	headers = consume_state(fd, "q", 1, BROKER_CONSUME_F_HEADERS_ONLY);
	ASSERT_EQ(0, take_state(fd, headers, &self->s, 0));
	EXPECT_STREQ("87654321", self->s.state);
	EXPECT_EQ(0, self->s.got.d.body_len);
	ASSERT_EQ(0, settle(fd, BROKER_OP_ACCEPT, headers, TAG) ?: cancel(fd, headers));

	/* Settled by being handed out. */
	automatic = consume_state(fd, "q", 1, BROKER_CONSUME_F_AUTO_ACCEPT);
	ASSERT_EQ(0, take_state(fd, automatic, &self->s, 0));
	EXPECT_STREQ("87654321", self->s.state);
	EXPECT_EQ(-ESTALE, set_state(fd, automatic, TAG, "x", 1));
}

TEST_F(state, counts_in_its_record)
{
	char buffer[512] __attribute__((aligned(8)));
	struct broker_receive r = receive_of(self->consumer, buffer, 0, 1);
	static char data[1000];

	PUT("a1 a2");
	GETS("a1", "");
	r.buffer_len = self->s.got.d.size;
	ASSERT_EQ(0, set_state(self->fd, self->consumer, TAG, data, sizeof(data)));
	SETTLE(ACCEPT);
	EXPECT_EQ(-EMSGSIZE, call(self->fd, BROKER_IOC_RECEIVE, &r));
	EXPECT_EQ(self->s.got.d.size + sizeof(data), r.bytes);
	ASSERT_EQ(0, take_state(self->fd, self->consumer, &self->s, 0));
	EXPECT_EQ(sizeof(data), self->s.len);
	EXPECT_EQ(r.bytes, self->s.got.d.size);
}

static int put_named(int fd, const char *key, uint32_t key_len, const char *body)
{
	char props[512];
	uint32_t len = add(props, 0, BROKER_PROP_GROUP_KEY, BROKER_TYPE_BYTES, key, key_len);

	return publish(fd, .key = "q", .body = body, .props = props, .props_len = len);
}

/* Two that share a bucket wait for each other, but each has its own state. */
TEST_F(state, of_the_very_key)
{
	uint64_t first;
	char key[16];
	int i;

	ASSERT_EQ(0, put_named(self->fd, "first", 5, "1"));
	GETS("1", "");
	first = TAG;
	ASSERT_EQ(0, SET("of the first"));
	for (i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		ASSERT_EQ(0, put_named(self->fd, key, strlen(key), "2"));
		if (take_state(self->fd, self->consumer, &self->s, 0))
			break;
		SETTLE(ACCEPT);
	}
	ASSERT_GT(20000, i);
	TH_LOG("\"first\" shares a bucket with \"%s\"", key);
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, self->consumer, first));
	GETS("2", "");
	ASSERT_EQ(0, SET("of the second"));
	SETTLE(ACCEPT);
	ASSERT_EQ(0, put_named(self->fd, "first", 5, "3") ?:
		     put_named(self->fd, key, strlen(key), "4"));
	GETS("3", "of the first");
	SETTLE(ACCEPT);
	GETS("4", "of the second");
	EXPECT_EQ(2, states("q"));
}

/* Bytes are as good as a string; the empty key is one; the longest has 255 bytes. */
TEST_F(state, keys_of_any_kind)
{
	static char key[256] = "\0\xff", data[BROKER_MAX_STATE];
	int len;

	for (len = 0; len <= 256; len += len == 0 ? 1 : len == 1 ? 254 : 1) {
		ASSERT_EQ(0, put_named(self->fd, key, len, "1"));
		ASSERT_EQ(0, put_named(self->fd, key, len, "2"));
		GETS("1", "");
		data[0] = 'a' + len % 26;
		if (len == 256) {
			EXPECT_EQ(-ENAMETOOLONG, SET("x"));
			break;
		}
		ASSERT_EQ(0, SET(data));
		SETTLE(ACCEPT);
		GETS("2", data);
		SETTLE(ACCEPT);
	}
	EXPECT_EQ(256, len);
	EXPECT_EQ(3, states("q"));
}

TEST_F(state, what_cannot_be)
{
	static char data[BROKER_MAX_STATE + 1];
	struct broker_op op;

	PUT("a1");
	GETS("a1", "");
	EXPECT_EQ(-ENOENT, set_state(self->fd, self->consumer + 1, TAG, "x", 1));
	EXPECT_EQ(-EINVAL, set_state(self->fd, self->consumer, 0, "x", 1));
	EXPECT_EQ(-EINVAL, set_state(self->fd, self->consumer, TAG + 1, "x", 1));
	EXPECT_EQ(-EMSGSIZE, set_state(self->fd, self->consumer, TAG, data, sizeof(data)));
	EXPECT_EQ(-EFAULT, set_state(self->fd, self->consumer, TAG, NULL, 1));
	EXPECT_EQ(-EFAULT, set_state(self->fd, self->consumer, TAG, page_edge() - 1, 2));
	op = op_state(self->consumer, TAG, "x", 1);
	op.flags = 1;
	EXPECT_EQ(-EOPNOTSUPP, submit_one(self->fd, &op));
	op = op_state(self->consumer, TAG, "x", 1);
	op.state.reserved[2] = 1;
	EXPECT_EQ(-EINVAL, submit_one(self->fd, &op));
	op = op_state(self->consumer, TAG, "x", 1);
	op.reserved = 1;
	EXPECT_EQ(-EINVAL, submit_one(self->fd, &op));
	EXPECT_EQ(0, states("q"));
	EXPECT_EQ(0, SET("x"));
	SETTLE(ACCEPT);
	EXPECT_EQ(-ESTALE, SET("y"));
	EXPECT_EQ(-ESTALE, SET(""));
	PUT("a2");
	GETS("a2", "x");
	ASSERT_EQ(0, cancel(self->fd, self->consumer));
	EXPECT_EQ(-ENOENT, SET("y"));
}

TEST_F(state, not_without_a_turn)
{
	ASSERT_EQ(0, put(self->fd, "q", "no key"));
	GETS("no key", "");
	EXPECT_EQ(-ENOKEY, SET("x"));
	SETTLE(ACCEPT);
	ASSERT_EQ(0, queue_new("plain"));
	self->consumer = consume_state(self->fd, "plain", 10, 0);
	ASSERT_EQ(0, put_key(self->fd, "plain", "a1"));
	GETS("a1", "");
	EXPECT_EQ(-ENOKEY, SET("x"));
	/* What counts is the setting when the message was published. */
	ASSERT_EQ(0, queue_set("plain", .ordering = 1));
	EXPECT_EQ(-ENOKEY, SET("x"));
	ASSERT_EQ(0, put_key(self->fd, "plain", "a2"));
	GETS("a2", "");
	EXPECT_EQ(0, SET("x"));
	EXPECT_EQ(1, states("plain"));
}

/* They stay, and are neither given nor set until it is on again. */
TEST_F(state, while_ordering_is_off)
{
	PUT("a1 a2 a3");
	GETS("a1", "");
	EXPECT_EQ(0, SET("kept"));
	SETTLE(ACCEPT);
	ASSERT_EQ(0, queue_set("q", .ordering = -1));
	GETS("a2", "");
	EXPECT_EQ(-ENOKEY, SET("x"));
	EXPECT_EQ(-ENOKEY, SET(""));
	EXPECT_EQ(1, states("q"));
	SETTLE(RELEASE);
	ASSERT_EQ(0, queue_set("q", .ordering = 1));
	GETS("a2", "kept");
}

/* Whatever becomes of messages. */
TEST_F(state, outlives_messages)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_MOVE);

	ASSERT_EQ(0, queue_new("other", .ordering = 1));
	PUT("a1");
	GETS("a1", "");
	EXPECT_EQ(0, SET("kept"));
	SETTLE(REJECT);
	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 0, 0));
	PUT("a2 a3");
	ASSERT_EQ(0, queue_purge("q"));
	PUT("a4");
	nl_put_str(msg, BROKER_A_QUEUE_NAME, "q");
	nl_put_str(msg, BROKER_A_QUEUE_TO_QUEUE, "other");
	ASSERT_EQ(0, nl_do(msg));
	EXPECT_EQ(1, ready("other"));
	EXPECT_EQ(0, states("other"));
	EXPECT_EQ(1, states("q"));
	PUT("a5");
	GETS("a5", "kept");
	ASSERT_EQ(0, queue_del("q"));
	EXPECT_EQ(-ENOENT, SET("x"));
}

TEST_F(state, no_more_than_messages)
{
	ASSERT_EQ(0, queue_set("q", .max_messages = 2));
	PUT("a1 b1");
	GETS("a1", "");
	EXPECT_EQ(0, SET("x"));
	SETTLE(ACCEPT);
	GETS("b1", "");
	EXPECT_EQ(0, SET("x"));
	SETTLE(ACCEPT);
	PUT("c1 a2");
	GETS("c1", "");
	EXPECT_EQ(-ENOSPC, SET("x"));
	EXPECT_EQ(0, SET(""));
	/* What is there may be replaced, and leaves room. */
	GETS("a2", "x");
	EXPECT_EQ(0, SET("longer"));
	EXPECT_EQ(0, SET(""));
	EXPECT_EQ(1, states("q"));
	EXPECT_EQ(0, set_state(self->fd, self->consumer, 3, "y", 1));
	EXPECT_EQ(-ENOSPC, SET("x"));
	EXPECT_EQ(2, states("q"));
}

TEST_F(state, no_more_than_bytes)
{
	static char data[1001];

	memset(data, 'x', sizeof(data));
	ASSERT_EQ(0, queue_set("q", .max_bytes = 1001));
	PUT("a1 b1");
	GETS("a1", "");
	EXPECT_EQ(-ENOSPC, set_state(self->fd, self->consumer, TAG, data, 1001));
	EXPECT_EQ(0, set_state(self->fd, self->consumer, TAG, data, 1000));
	EXPECT_EQ(1001, state_bytes("q"));
	GETS("b1", "");
	EXPECT_EQ(-ENOSPC, SET("x"));
	EXPECT_EQ(0, set_state(self->fd, self->consumer, 1, data, 998));
	EXPECT_EQ(-ENOSPC, SET("xx"));
	EXPECT_EQ(0, SET("x"));
	EXPECT_EQ(1001, state_bytes("q"));
	/* What is beyond a new limit stays, and may only shrink. */
	ASSERT_EQ(0, queue_set("q", .max_bytes = 10));
	EXPECT_EQ(-ENOSPC, set_state(self->fd, self->consumer, 1, data, 999));
	EXPECT_EQ(0, set_state(self->fd, self->consumer, 1, data, 998));
	EXPECT_EQ(0, set_state(self->fd, self->consumer, 1, data, 500));
	EXPECT_EQ(0, SET("y"));
	EXPECT_EQ(503, state_bytes("q"));
}

TEST_F(state, for_the_next_one_after_a_kill)
{
	pid_t pid;
	int i;

	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 0, 0));
	PUT("a1 a2");
	for (i = 1; i <= 3; i++) {
		pid = fork_tied();
		if (!pid) {
			int fd = session_open(), consumer = consume_state(fd, "q", 2, 0);
			char text[2] = { '0' + i };

			if (take_state(fd, consumer, &self->s, GUARD_NS) ||
			    self->s.state[0] != (i == 1 ? 0 : '0' + i - 1) ||
			    set_state(fd, consumer, TAG, text, 1))
				_exit(1);
			kill(getpid(), SIGKILL);
		}
		ASSERT_EQ(SIGKILL, WTERMSIG(reap(pid)));
	}
	ASSERT_EQ(0, take_state(self->fd, self->consumer, &self->s, GUARD_NS));
	EXPECT_STREQ("a1", self->s.got.body);
	EXPECT_EQ(3, self->s.got.d.failed);
	EXPECT_STREQ("3", self->s.state);
}

/* On the account of who set it. */
TEST_F(state, charged)
{
	static char data[BROKER_MAX_STATE];
	int ret, status, i;
	pid_t pid;

	ret = limited_cgroup("16M");
	if (ret)
		SKIP(return, "no cgroup with memory limit: %d", ret);
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, put_named(self->fd, (char *)&i, sizeof(i), "m"));
	ASSERT_EQ(0, set_credit(self->fd, self->consumer, 0, 0));
	pid = fork_tied();
	if (!pid) {
		int fd, consumer;

		if (enter_limited_cgroup())
			_exit(1);
		fd = session_open();
		consumer = consume_state(fd, "q", 1, 0);
		for (i = 0; i < 1000; i++) {
			if (take_state(fd, consumer, &self->s, 0))
				_exit(2);
			ret = set_state(fd, consumer, TAG, data, sizeof(data));
			/* At the limit, to clear works. */
			if (ret == -ENOMEM)
				_exit(set_state(fd, consumer, TAG, NULL, 0) ? 3 : 0);
			if (ret || settle(fd, BROKER_OP_ACCEPT, consumer, TAG))
				_exit(4);
		}
		_exit(5);
	}
	status = reap(pid);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	ASSERT_EQ(0, queue_del("q"));
	remove_limited_cgroup();
}

/* As many as a queue may have by default are gone at once with it. */
TEST_F(state, many)
{
	enum { BATCH = 500, ALL = 20 * BATCH };
	struct broker_op ops[2 * BATCH];
	struct timespec from, to;
	uint32_t number = 0;
	uint64_t tag = 0;
	int i, n;

	for (n = 0; n < ALL; n += BATCH) {
		for (i = 0; i < BATCH; i++, number++)
			ASSERT_EQ(0, put_named(self->fd, (char *)&number, 4, "m"));
		/* Two that share a bucket are not had at once. */
		while (ready("q") + unacked("q")) {
			for (i = 0; !take_state(self->fd, self->consumer, &self->s, 0); i++) {
				tag = TAG;
				ASSERT_EQ(0, set_state(self->fd, self->consumer, tag, &tag, 8));
			}
			ops[0] = op_settle(BROKER_OP_ACCEPT, self->consumer, tag);
			ops[0].flags = BROKER_SETTLE_F_CUMULATIVE;
			ASSERT_EQ(0, submit_one(self->fd, &ops[0]));
		}
	}
	EXPECT_EQ(ALL, states("q"));
	EXPECT_EQ(ALL * 12, state_bytes("q"));
	clock_gettime(CLOCK_MONOTONIC, &from);
	ASSERT_EQ(0, queue_del("q"));
	clock_gettime(CLOCK_MONOTONIC, &to);
	TH_LOG("%d states deleted in %ld us", ALL,
	       (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
}

TEST_HARNESS_MAIN
