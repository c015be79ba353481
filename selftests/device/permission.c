// SPDX-License-Identifier: GPL-2.0-or-later
/* Owner, group and mode of exchanges and queues, and namespaces. */
#include <grp.h>
#include "helper.h"
#include "kselftest_harness.h"

#define OWNER	1000
#define GROUP	2000
#define OTHER	65534

/*
 * A process that is the object's owner, in its group, or neither: it may do what
 * the one bit of its own class says, and all other bits do not help it.
 */
FIXTURE(mode) { int fd; };
FIXTURE_VARIANT(mode) { uid_t uid; gid_t gid; gid_t extra; int shift; };
FIXTURE_VARIANT_ADD(mode, owner) { .uid = OWNER, .gid = GROUP, .shift = 6 };
FIXTURE_VARIANT_ADD(mode, group) { .uid = OTHER, .gid = GROUP, .shift = 3 };
FIXTURE_VARIANT_ADD(mode, supplementary_group) {
	.uid = OTHER, .gid = OTHER, .extra = GROUP, .shift = 3
};
FIXTURE_VARIANT_ADD(mode, other) { .uid = OTHER, .gid = OTHER, .shift = 0 };

FIXTURE_SETUP(mode)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("free", .owned = 1, .mode = 0777));
	ASSERT_EQ(0, exchange_new("free", BROKER_EXCHANGE_TYPE_FANOUT, .owned = 1, .mode = 0777));
}

FIXTURE_TEARDOWN(mode)
{
}

/* A queue and an exchange of that mode. */
static int make_both(int fd, const char *name, int mode)
{
	return queue_new(name, .owned = 1, .uid = OWNER, .gid = GROUP, .mode = mode) ?:
	       put(fd, name, "m") ?:
	       exchange_new(name, BROKER_EXCHANGE_TYPE_FANOUT, .owned = 1, .uid = OWNER,
			    .gid = GROUP, .mode = mode) ?:
	       bind_queue(name, "free", "");
}

static int do_browse(int fd, const char *queue)
{
	char buffer[512] __attribute__((aligned(8)));
	struct broker_browse b = {
		.size = sizeof(b), .queue = (uintptr_t)queue, .queue_len = strlen(queue),
		.max_messages = 1, .buffer = (uintptr_t)buffer, .buffer_len = sizeof(buffer),
	};

	return call(fd, BROKER_IOC_BROWSE, &b);
}

static int do_consume(int fd, const char *name)
{
	int ret = consume(fd, name, 0);

	return ret < 0 ? ret : 0;
}

static int do_publish_to_queue(int fd, const char *name)
{
	return put(fd, name, "m");
}

static int do_publish_to_exchange(int fd, const char *name)
{
	return send_to(fd, name, "", "m");
}

static int do_configure_queue(int fd, const char *name)
{
	(void)fd;
	return queue_set(name, .max_messages = 100);
}

static int do_configure_exchange(int fd, const char *name)
{
	(void)fd;
	return exchange_set(name, .alternate = "");
}

static int do_purge(int fd, const char *name)
{
	(void)fd;
	return queue_purge(name);
}

static int do_delete(int fd, const char *name)
{
	(void)fd;
	return queue_del(name);
}

static int do_bind_from(int fd, const char *name)
{
	(void)fd;
	return bind_queue(name, "free", "mine");
}

static int do_bind_to_queue(int fd, const char *name)
{
	(void)fd;
	return bind_queue("free", name, "mine");
}

static int do_bind_to_exchange(int fd, const char *name)
{
	(void)fd;
	return bind_exchange("free", name, "mine");
}

/* As that user: @fn needs bit @want of its own class, and nothing else. */
static void only_with(struct __test_metadata *_metadata, int fd,
		      const FIXTURE_VARIANT(mode) *variant, int (*fn)(int, const char *), int want)
{
	int bit = want << variant->shift, status;
	pid_t pid;

	ASSERT_EQ(0, make_both(fd, "only", bit) ?: make_both(fd, "all-but", 0777 & ~bit));
	pid = fork_tied();
	if (!pid) {
		if (setgroups(variant->extra ? 1 : 0, &variant->extra) ||
		    setresgid(variant->gid, variant->gid, variant->gid) ||
		    setresuid(variant->uid, variant->uid, variant->uid))
			_exit(100);
		fd = session_open();
		if (fd < 0)
			_exit(101);
		if (fn(fd, "all-but") != -EACCES)
			_exit(1);
		_exit(fn(fd, "only") ? 2 : 0);
	}
	status = reap(pid);
	EXPECT_EQ(0, status);
}

#define ONLY_WITH(bit, what)								\
	TEST_F(mode, what)								\
	{										\
		only_with(_metadata, self->fd, variant, do_##what, bit);		\
	}
ONLY_WITH(4, consume)
ONLY_WITH(4, browse)
ONLY_WITH(4, bind_from)
ONLY_WITH(2, publish_to_queue)
ONLY_WITH(2, publish_to_exchange)
ONLY_WITH(1, configure_queue)
ONLY_WITH(1, configure_exchange)
ONLY_WITH(1, purge)
ONLY_WITH(1, delete)
ONLY_WITH(1, bind_to_queue)
ONLY_WITH(1, bind_to_exchange)

FIXTURE(user) { int fd; };

FIXTURE_SETUP(user)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q", .owned = 1, .uid = OWNER, .gid = GROUP, .mode = 0));
}

FIXTURE_TEARDOWN(user)
{
}

static int become(uid_t uid)
{
	return setgroups(0, NULL) ?: setresgid(uid, uid, uid) ?: setresuid(uid, uid, uid);
}

/* Without any bit, CAP_NET_ADMIN suffices. */
TEST_F(user, administrator_passes)
{
	EXPECT_EQ(0, put(self->fd, "q", "m"));
	EXPECT_LT(0, consume(self->fd, "q", 0));
	EXPECT_EQ(0, queue_set("q", .max_messages = 5));
}

/* The rights are those of the caller now, not of the opener then. */
TEST_F(user, drops_its_rights)
{
	ASSERT_EQ(0, put(self->fd, "q", "m"));
	ASSERT_EQ(0, become(OTHER));
	EXPECT_EQ(-EACCES, put(self->fd, "q", "m"));
	EXPECT_EQ(-EACCES, consume(self->fd, "q", 0));
	EXPECT_EQ(1, ready("q"));
}

TEST_F(user, borrows_a_session)
{
	pid_t pid = fork_tied();

	if (!pid)
		_exit(become(OTHER) ? 0 : -put(self->fd, "q", "m"));
	EXPECT_EQ(EACCES, WEXITSTATUS(reap(pid)));
}

TEST_F(user, makes_no_exchange)
{
	int ret;

	ASSERT_EQ(0, become(OTHER));
	ret = exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT);
	EXPECT_TRUE(ret == -EACCES || ret == -EPERM);
}

TEST_F(user, owns_the_queue_it_makes)
{
	ASSERT_EQ(0, become(OTHER));
	ASSERT_EQ(0, queue_new("mine"));
	EXPECT_EQ(OTHER, queue_get("mine", BROKER_A_QUEUE_UID));
	EXPECT_EQ(0, put(self->fd, "mine", "m"));
	EXPECT_EQ(1, drain("mine"));
	EXPECT_EQ(0, queue_set("mine", .max_messages = 5));
	EXPECT_EQ(0, queue_del("mine"));
}

/* Another namespace, another broker. */
TEST_F(user, sees_nothing_from_another_namespace)
{
	int fd, consumer = consume(self->fd, "q", 0);

	ASSERT_LT(0, consumer);
	ASSERT_EQ(0, new_broker());
	fd = session_open();
	EXPECT_EQ(-ENOENT, put(fd, "q", "m"));
	EXPECT_EQ(-ENOENT, consume(fd, "q", 0));
	EXPECT_EQ(~0ULL, queue_get("q", BROKER_A_QUEUE_ID));
	EXPECT_EQ(0, broker_get(BROKER_A_STATUS_QUEUES));
	EXPECT_EQ(1, broker_get(BROKER_A_STATUS_SESSIONS));
	/* The same name is another queue. */
	ASSERT_EQ(0, queue_new("q"));
	EXPECT_EQ(0, put(fd, "q", "here"));
	EXPECT_EQ(1, ready("q"));
	EXPECT_EQ(-EAGAIN, take(self->fd, consumer, &(struct got) {}));
}

/* A user namespace with a network of its own has a broker of its own. */
TEST_F(user, administers_its_own_broker)
{
	pid_t pid = fork_tied();

	if (!pid) {
		if (become(OTHER) || unshare(CLONE_NEWUSER))
			_exit(100);
		/* In the old network, being root here means nothing. */
		if (exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) == 0)
			_exit(1);
		if (put(self->fd, "q", "m") != -EACCES)
			_exit(2);
		if (unshare(CLONE_NEWNET))
			_exit(101);
		if (exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) || queue_new("own"))
			_exit(3);
		if (bind_queue("x", "own", "") || send_to(session_open(), "x", "", "m"))
			_exit(4);
		_exit(drain("own") == 1 ? 0 : 5);
	}
	EXPECT_EQ(0, WEXITSTATUS(reap(pid)));
	EXPECT_EQ(~0ULL, queue_get("own", BROKER_A_QUEUE_ID));
}

/* A namespace that goes away with all that is in it. */
TEST_F(user, namespace_with_messages_ends)
{
	int i;

	for (i = 0; i < 5; i++) {
		pid_t pid = fork_tied();

		if (!pid) {
			int fd, consumer;

			if (new_broker() || queue_new("q") || queue_new("p") ||
			    exchange_new("x", BROKER_EXCHANGE_TYPE_TOPIC) ||
			    bind_queue("x", "q", "a.#") || bind_queue("x", "p", "#"))
				_exit(1);
			fd = session_open();
			consumer = consume(fd, "q", 1);
			if (send_to(fd, "x", "a.b", "m") || send_to(fd, "x", "a.c", "m"))
				_exit(2);
			_exit(take(fd, consumer, &(struct got) {}) ? 3 : 0);
		}
		ASSERT_EQ(0, WEXITSTATUS(reap(pid)));
	}
}

TEST_HARNESS_MAIN
