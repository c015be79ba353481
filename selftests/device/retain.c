// SPDX-License-Identifier: GPL-2.0-or-later
/* Retained messages: kept by an exchange, and handed to each new binding. */
#include "helper.h"
#include "kselftest_harness.h"

#define DIRECT	BROKER_EXCHANGE_TYPE_DIRECT
#define FANOUT	BROKER_EXCHANGE_TYPE_FANOUT
#define TOPIC	BROKER_EXCHANGE_TYPE_TOPIC
#define RETAIN	BROKER_EXCHANGE_FLAGS_RETAIN

FIXTURE(retain) { int fd; };

FIXTURE_SETUP(retain)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("a") ?: queue_new("b"));
	ASSERT_EQ(0, exchange_new("x", TOPIC, .flags = RETAIN));
}

FIXTURE_TEARDOWN(retain)
{
}

static int keep(int fd, const char *exchange, const char *key, const char *body)
{
	return publish(fd, .exchange = exchange, .key = key, .body = body,
		       .flags = BROKER_PUBLISH_F_RETAIN);
}

static uint64_t retained(const char *exchange)
{
	return exchange_get(exchange, BROKER_A_EXCHANGE_RETAINED);
}

/* The next message of queue @queue, which must be there; its key and body as "key=body". */
static const char *next(const char *queue, unsigned int want_flags)
{
	static char text[512];
	int fd = session_open();
	struct got got;

	if (take(fd, consume_auto(fd, queue, 0), &got))
		strcpy(text, "nothing");
	else if ((got.d.flags & BROKER_DELIVERY_F_RETAINED) != want_flags)
		strcpy(text, "wrong flags");
	else
		snprintf(text, sizeof(text), "%s=%.200s", got.key, got.body);
	close(fd);
	return text;
}

#define MARKED(queue)	next(queue, BROKER_DELIVERY_F_RETAINED)
#define LIVE(queue)	next(queue, 0)

/* The newest of each key, in the order in which they came, of those that match. */
TEST_F(retain, to_a_new_binding)
{
	ASSERT_EQ(0, keep(self->fd, "x", "t.one", "1") ?: keep(self->fd, "x", "t.two", "2") ?:
		     keep(self->fd, "x", "other", "3") ?: keep(self->fd, "x", "t.one", "4"));
	ASSERT_EQ(0, send_to(self->fd, "x", "t.not", "5") == -EHOSTUNREACH ? 0 : 1);
	EXPECT_EQ(3, retained("x"));
	ASSERT_EQ(0, bind_queue("x", "a", "t.*"));
	EXPECT_EQ(2, ready("a"));
	EXPECT_STREQ("t.two=2", MARKED("a"));
	EXPECT_STREQ("t.one=4", MARKED("a"));
	EXPECT_STREQ("nothing", MARKED("a"));
	/* They stay for others, and what comes now is not marked. */
	ASSERT_EQ(0, bind_queue("x", "b", "#"));
	EXPECT_EQ(3, ready("b"));
	ASSERT_EQ(0, keep(self->fd, "x", "t.two", "6"));
	EXPECT_STREQ("t.two=6", LIVE("a"));
	/* Another binding of the same queue gets them again. */
	ASSERT_EQ(0, bind_queue("x", "a", "t.two"));
	EXPECT_STREQ("t.two=6", MARKED("a"));
}

TEST_F(retain, by_type)
{
	ASSERT_EQ(0, exchange_new("d", DIRECT, .flags = RETAIN) ?:
		     exchange_new("f", FANOUT, .flags = RETAIN));
	ASSERT_EQ(0, keep(self->fd, "d", "k", "1") ?: keep(self->fd, "d", "kk", "2") ?:
		     keep(self->fd, "f", "k", "3") ?: keep(self->fd, "f", "", "4"));
	ASSERT_EQ(0, bind_queue("d", "a", "k"));
	EXPECT_STREQ("k=1", MARKED("a"));
	EXPECT_STREQ("nothing", MARKED("a"));
	ASSERT_EQ(0, bind_queue("f", "a", "whatever"));
	EXPECT_STREQ("k=3", MARKED("a"));
	EXPECT_STREQ("=4", MARKED("a"));
	EXPECT_EQ(-EINVAL, exchange_new("h", BROKER_EXCHANGE_TYPE_HEADERS, .flags = RETAIN));
	EXPECT_EQ(-EINVAL, exchange_new("h", BROKER_EXCHANGE_TYPE_HASH, .flags = RETAIN));
	EXPECT_EQ(-EINVAL, exchange_new("h", BROKER_EXCHANGE_TYPE_SPLIT, .flags = RETAIN));
}

TEST_F(retain, refused_without_the_flag)
{
	ASSERT_EQ(0, exchange_new("plain", FANOUT) ?: bind_queue("plain", "a", ""));
	EXPECT_EQ(-EOPNOTSUPP, keep(self->fd, "plain", "k", "m"));
	EXPECT_EQ(-EOPNOTSUPP, keep(self->fd, "", "a", "m"));
	EXPECT_EQ(-ENOENT, keep(self->fd, "none", "k", "m"));
	EXPECT_EQ(0, ready("a"));
	EXPECT_EQ(-EOPNOTSUPP, publish(self->fd, .exchange = "x", .body = "m", .flags =
				       BROKER_PUBLISH_F_RETAIN | BROKER_PUBLISH_F_WILL));
	EXPECT_EQ(0, retained("x"));
}

/* An empty body clears its key, and goes to those that are bound. */
TEST_F(retain, empty_body_clears)
{
	ASSERT_EQ(0, keep(self->fd, "x", "k", "1") ?: keep(self->fd, "x", "l", "2"));
	ASSERT_EQ(0, bind_queue("x", "b", "k"));
	EXPECT_STREQ("k=1", MARKED("b"));
	ASSERT_EQ(0, keep(self->fd, "x", "k", NULL) ?: keep(self->fd, "x", "never", NULL));
	EXPECT_STREQ("k=", LIVE("b"));
	EXPECT_EQ(1, retained("x"));
	EXPECT_EQ(1 + 1 + 1, exchange_get("x", BROKER_A_EXCHANGE_RETAINED_BYTES));
	ASSERT_EQ(0, bind_queue("x", "a", "#"));
	EXPECT_STREQ("l=2", MARKED("a"));
	EXPECT_STREQ("nothing", MARKED("a"));
}

/* To be retained is enough; with a number given, that many queues are needed. */
TEST_F(retain, needs_no_route)
{
	struct broker_result result;

	EXPECT_EQ(0, publish_result(self->fd, &(struct pub) {
		.exchange = "x", .key = "k", .body = "1", .flags = BROKER_PUBLISH_F_RETAIN,
	}, &result));
	EXPECT_EQ(0, result.accepted);
	EXPECT_EQ(-EHOSTUNREACH, publish(self->fd, .exchange = "x", .key = "k", .body = "2",
					 .min_routes = 1, .flags = BROKER_PUBLISH_F_RETAIN));
	ASSERT_EQ(0, bind_queue("x", "a", "k"));
	EXPECT_STREQ("k=1", MARKED("a"));
}

/* What a queue refuses is not retained. */
TEST_F(retain, all_or_nothing)
{
	ASSERT_EQ(0, bind_queue("x", "a", "k") ?: queue_set("a", .max_messages = 1));
	ASSERT_EQ(0, keep(self->fd, "x", "k", "1"));
	EXPECT_EQ(-EAGAIN, keep(self->fd, "x", "k", "2"));
	EXPECT_EQ(-EAGAIN, keep(self->fd, "x", "k", NULL));
	ASSERT_EQ(0, bind_queue("x", "b", "#"));
	EXPECT_STREQ("k=1", MARKED("b"));
	EXPECT_EQ(0, publish(self->fd, .exchange = "x", .key = "k", .body = "3", .flags =
			     BROKER_PUBLISH_F_RETAIN | BROKER_PUBLISH_F_PARTIAL));
	EXPECT_STREQ("k=3", LIVE("b"));
}

TEST_F(retain, limits)
{
	ASSERT_EQ(0, exchange_set("x", .retain_max = 2));
	ASSERT_EQ(0, keep(self->fd, "x", "k", "1") ?: keep(self->fd, "x", "l", "2"));
	EXPECT_EQ(-ENOSPC, keep(self->fd, "x", "m", "3"));
	/* To replace and to clear is possible. */
	EXPECT_EQ(0, keep(self->fd, "x", "k", "4"));
	EXPECT_EQ(0, keep(self->fd, "x", "m", NULL));
	EXPECT_EQ(0, keep(self->fd, "x", "l", NULL));
	EXPECT_EQ(0, keep(self->fd, "x", "m", "5"));
	EXPECT_EQ(2, retained("x"));
	/* By bytes: exchange, key and body, six of them by now. */
	EXPECT_EQ(6, exchange_get("x", BROKER_A_EXCHANGE_RETAINED_BYTES));
	ASSERT_EQ(0, exchange_set("x", .retain_max = 100, .retain_max_bytes = 9));
	EXPECT_EQ(0, keep(self->fd, "x", "n", "6"));
	EXPECT_EQ(-ENOSPC, keep(self->fd, "x", "n", "66"));
	EXPECT_EQ(-ENOSPC, keep(self->fd, "x", "o", "7"));
	EXPECT_EQ(9, exchange_get("x", BROKER_A_EXCHANGE_RETAINED_BYTES));
	ASSERT_EQ(0, exchange_new("default", FANOUT, .flags = RETAIN));
	EXPECT_EQ(10000, exchange_get("default", BROKER_A_EXCHANGE_RETAIN_MAX));
	EXPECT_EQ(-EINVAL, exchange_new("plain", FANOUT, .retain_max = 1));
	EXPECT_EQ(-EINVAL, exchange_set("broker.fanout", .retain_max_bytes = 1));
}

/* A queue that cannot take all of them is not bound, and gets none. */
TEST_F(retain, no_room_in_the_queue)
{
	struct nl_msg before;
	char key[8];
	int i;

	for (i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		ASSERT_EQ(0, keep(self->fd, "x", key, "m"));
	}
	ASSERT_EQ(0, queue_set("a", .max_messages = 199));
	queue_state("a", &before);
	EXPECT_EQ(-ENOSPC, bind_queue("x", "a", "#"));
	EXPECT_TRUE(queue_unchanged("a", &before));
	EXPECT_EQ(0, exchange_get("x", BROKER_A_EXCHANGE_BINDINGS));
	ASSERT_EQ(0, queue_set("a", .max_messages = 200));
	ASSERT_EQ(0, bind_queue("x", "a", "#"));
	EXPECT_EQ(200, ready("a"));
	/* One that drops its oldest does that for them, too. */
	ASSERT_EQ(0, queue_set("b", .max_messages = 200, .overflow = BROKER_OVERFLOW_DROP_HEAD));
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, put(self->fd, "b", "old"));
	ASSERT_EQ(0, bind_queue("x", "b", "#"));
	EXPECT_EQ(200, ready("b"));
	EXPECT_STREQ("k0=m", MARKED("b"));
}

TEST_F(retain, goes_with_its_exchange)
{
	ASSERT_EQ(0, keep(self->fd, "x", "k", "1") ?: exchange_del("x"));
	ASSERT_EQ(0, exchange_new("x", TOPIC, .flags = RETAIN));
	EXPECT_EQ(0, retained("x"));
	/* This one goes with the namespace. */
	ASSERT_EQ(0, keep(self->fd, "x", "k", "1"));
}

/* Retained by the exchange it is published to, for bindings of that one. */
TEST_F(retain, not_through_exchanges)
{
	ASSERT_EQ(0, exchange_new("y", FANOUT, .flags = RETAIN) ?:
		     bind_exchange("x", "y", "#") ?: bind_queue("y", "a", ""));
	ASSERT_EQ(0, keep(self->fd, "x", "k", "1"));
	EXPECT_STREQ("k=1", LIVE("a"));
	EXPECT_EQ(1, retained("x"));
	EXPECT_EQ(0, retained("y"));
	ASSERT_EQ(0, bind_queue("y", "b", ""));
	EXPECT_EQ(0, ready("b"));
}

TEST_F(retain, under_the_rewritten_key)
{
	struct got got;

	ASSERT_EQ(0, exchange_set("x", .rewrite_from = "old.*", .rewrite_to = "new.{1}"));
	ASSERT_EQ(0, keep(self->fd, "x", "old.k", "1") ?: keep(self->fd, "x", "new.k", "2") ?:
		     keep(self->fd, "x", "old.k", "3"));
	EXPECT_EQ(1, retained("x"));
	ASSERT_EQ(0, bind_queue("x", "a", "new.k"));
	ASSERT_EQ(0, take(self->fd, consume_auto(self->fd, "a", 0), &got));
	EXPECT_STREQ("3", got.body);
	EXPECT_STREQ("old.k", got.original);
}

/* A publisher that waits for room does not keep others out, and is not retained before. */
TEST_F(retain, while_one_waits)
{
	pid_t pid;

	ASSERT_EQ(0, bind_queue("x", "a", "k"));
	ASSERT_EQ(0, queue_set("a", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, keep(self->fd, "x", "k", "1"));
	pid = fork_tied();
	if (!pid)
		_exit(publish(session_open(), .exchange = "x", .key = "k", .body = "2",
			      .flags = BROKER_PUBLISH_F_RETAIN,
			      .timeout_ns = BROKER_TIMEOUT_FOREVER) ? 1 : 0);
	ASSERT_TRUE(wait_asleep(pid));
	ASSERT_EQ(0, keep(self->fd, "x", "other", "3"));
	/* It finds the binding that came meanwhile. */
	ASSERT_EQ(0, bind_queue("x", "b", "k"));
	EXPECT_STREQ("k=1", MARKED("b"));
	EXPECT_STREQ("k=1", LIVE("a"));
	EXPECT_EQ(0, reap(pid));
	EXPECT_STREQ("k=2", LIVE("a"));
	EXPECT_STREQ("k=2", LIVE("b"));
}

/* Netlink, of the key "k" of "x". */
static int retained_do(int command)
{
	struct nl_msg *msg = nl_new(command);

	nl_put_str(msg, BROKER_A_RETAINED_EXCHANGE, "x");
	nl_put_str(msg, BROKER_A_RETAINED_KEY, "k");
	return nl_do(msg);
}

/* Whoever waits for room keeps nothing of its key, be it new or not, from others. */
static void others_while_one_waits(struct __test_metadata *_metadata, int fd, int is_new)
{
	pid_t pid;

	ASSERT_EQ(0, bind_queue("x", "a", "k"));
	ASSERT_EQ(0, queue_set("a", .max_messages = 1, .overflow = BROKER_OVERFLOW_BLOCK));
	ASSERT_EQ(0, is_new ? put(fd, "a", "in the way") : keep(fd, "x", "k", "1"));
	pid = fork_tied();
	if (!pid)
		_exit(publish(session_open(), .exchange = "x", .key = "k", .body = "2",
			      .flags = BROKER_PUBLISH_F_RETAIN,
			      .timeout_ns = BROKER_TIMEOUT_FOREVER) ? 1 : 0);
	ASSERT_TRUE(wait_asleep(pid));
	EXPECT_EQ(!is_new, retained("x"));
	EXPECT_EQ(is_new ? -ENOENT : 0, retained_do(BROKER_CMD_RETAINED_GET));
	EXPECT_EQ(-EAGAIN, keep(fd, "x", "k", "3"));
	EXPECT_EQ(-EAGAIN, keep(fd, "x", "k", NULL));
	EXPECT_EQ(is_new ? -ENOENT : 0, retained_do(BROKER_CMD_RETAINED_DEL));
	EXPECT_EQ(0, retained("x"));
	EXPECT_EQ(1, queue_purge("a") ?: 1);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(1, retained("x"));
	EXPECT_STREQ("k=2", LIVE("a"));
	ASSERT_EQ(0, bind_queue("x", "b", "k"));
	EXPECT_STREQ("k=2", MARKED("b"));
}

TEST_F(retain, others_of_a_new_key_while_one_waits)
{
	others_while_one_waits(_metadata, self->fd, 1);
}

TEST_F(retain, others_of_an_old_key_while_one_waits)
{
	others_while_one_waits(_metadata, self->fd, 0);
}

/*
 * While one publishes 1, 2, 3, … under one key, bindings come and go.  Each queue
 * gets one number marked and all later ones live, up to the last: nothing is lost
 * between the two, nothing comes twice, and the order holds.
 */
TEST_F(retain, exactly_once_under_race)
{
	struct baton baton;
	char name[16], body[16];
	int round, i;
	pid_t pid;

	baton_init(&baton);
	ASSERT_EQ(0, keep(self->fd, "x", "k", "0"));
	pid = fork_tied();
	if (!pid) {
		int fd = session_open();

		for (i = 1; poll(&(struct pollfd) {
				.fd = baton.to_child[0], .events = POLLIN }, 1, 0) == 0; i++) {
			snprintf(body, sizeof(body), "%d", i);
			if (keep(fd, "x", "k", body))
				_exit(1);
		}
		baton_send(baton.to_parent[1], i - 1);
		_exit(0);
	}
	for (round = 0; round < 40; round++) {
		snprintf(name, sizeof(name), "q%d", round);
		ASSERT_EQ(0, queue_new(name) ?: bind_queue("x", name, round % 2 ? "k" : "#"));
	}
	baton_send(baton.to_child[1], 0);
	i = baton_wait(baton.to_parent[0]);
	ASSERT_EQ(0, reap(pid));
	for (round = 0; round < 40; round++) {
		int fd = session_open(), consumer, number = -1, count = 0;
		struct got got;

		snprintf(name, sizeof(name), "q%d", round);
		consumer = consume_auto(fd, name, 0);
		while (!take(fd, consumer, &got)) {
			ASSERT_EQ(!count, !!(got.d.flags & BROKER_DELIVERY_F_RETAINED));
			if (count++)
				ASSERT_EQ(number + 1, atoi(got.body));
			number = atoi(got.body);
		}
		ASSERT_EQ(i, number);
		close(fd);
	}
	EXPECT_EQ(1, retained("x"));
}

/* What the queues got last is what is retained, whoever published it. */
TEST_F(retain, newest_of_many_publishers)
{
	char last[16] = "", body[16];
	struct got got;
	int i, n, consumer;

	ASSERT_EQ(0, bind_queue("x", "a", "k"));
	for (n = 0; n < 3; n++) {
		if (fork_tied())
			continue;
		for (i = 0; i < 200; i++) {
			snprintf(body, sizeof(body), "%d.%d", n, i);
			if (keep(self->fd, "x", "k", body))
				_exit(1);
		}
		_exit(0);
	}
	for (n = 0; n < 3; n++)
		ASSERT_EQ(0, reap(-1));
	consumer = consume_auto(self->fd, "a", 0);
	while (!take(self->fd, consumer, &got))
		strcpy(last, got.body);
	ASSERT_EQ(0, bind_queue("x", "b", "k"));
	ASSERT_EQ(0, take(self->fd, consume_auto(self->fd, "b", 0), &got));
	EXPECT_STREQ(last, got.body);
}

/* The publisher needs w alone; the memory is its own. */
TEST_F(retain, publisher_needs_no_x)
{
	ASSERT_EQ(0, exchange_new("w", TOPIC, .flags = RETAIN, .owned = 1, .mode = 0722));
	ASSERT_EQ(0, setresuid(1000, 1000, 1000));
	EXPECT_EQ(0, keep(self->fd, "w", "k", "1"));
	EXPECT_EQ(1, retained("w"));
	EXPECT_EQ(-EACCES, exchange_set("w", .retain_max = 1));
}

TEST_F(retain, charged_to_the_publisher)
{
	static char body[1 << 16];
	int i, ret, status;
	pid_t pid;

	memset(body, 'b', sizeof(body) - 1);
	ret = limited_cgroup("16M");
	if (ret)
		SKIP(return, "no cgroup with memory limit: %d", ret);
	pid = fork_tied();
	if (!pid) {
		char key[16];

		if (enter_limited_cgroup())
			_exit(1);
		for (i = 0; i < 600; i++) {
			snprintf(key, sizeof(key), "k%d", i);
			ret = keep(self->fd, "x", key, body);
			if (ret == -ENOMEM)
				_exit(0);
			if (ret)
				_exit(2);
		}
		_exit(3);
	}
	status = reap(pid);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(0, keep(self->fd, "x", "mine", body));
	ASSERT_EQ(0, exchange_del("x"));
	remove_limited_cgroup();
}

TEST_HARNESS_MAIN
