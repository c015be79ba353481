// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Queues that are deleted when nobody uses them.  That one stays is seen by another
 * one that goes: it is made later, or lives longer, and so would have to go after it.
 */
#include <pthread.h>

#include "helper.h"
#include "kselftest_harness.h"

#define FAR_MS	(1000 * 1000 * 1000)

FIXTURE(expires) { int fd, consumer; struct got got; };

FIXTURE_SETUP(expires)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(expires)
{
}

static int exists(const char *queue)
{
	return queue_get(queue, BROKER_A_QUEUE_ID) != ~0ULL;
}

/* Whether it has gone, within the guard time. */
static int goes(const char *queue)
{
	int i;

	for (i = 0; i < 4000 && exists(queue); i++)
		usleep(5000);
	return !exists(queue);
}

static int set_protected(const char *queue, uint32_t value)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_SET);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, queue);
	nl_put_u32(msg, BROKER_A_QUEUE_PROTECTED, value);
	return nl_do(msg);
}

/* With all that it holds, and its bindings. */
TEST_F(expires, unused)
{
	ASSERT_EQ(0, queue_new("q", .expires = FAR_MS) ?:
		     exchange_new("x", BROKER_EXCHANGE_TYPE_FANOUT) ?: bind_queue("x", "q", "") ?:
		     put(self->fd, "q", "1"));
	EXPECT_EQ(FAR_MS, queue_get("q", BROKER_A_QUEUE_EXPIRES));
	ASSERT_EQ(0, queue_set("q", .expires = 1));
	EXPECT_TRUE(goes("q"));
	EXPECT_EQ(-ENOENT, put(self->fd, "q", "2"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "", "2"));
	EXPECT_EQ(0, broker_get(BROKER_A_STATUS_QUEUES));
	EXPECT_EQ(0, broker_get(BROKER_A_STATUS_BINDINGS));
	/* From the start, and at once. */
	ASSERT_EQ(0, queue_new("q", .expires = 1));
	EXPECT_TRUE(goes("q"));
}

TEST_F(expires, not_while_it_has_a_consumer)
{
	ASSERT_EQ(0, queue_new("q", .expires = FAR_MS));
	self->consumer = consume(self->fd, "q", 0);
	ASSERT_LT(0, self->consumer);
	ASSERT_EQ(0, queue_set("q", .expires = 1) ?: queue_new("later", .expires = 1));
	EXPECT_TRUE(goes("later"));
	EXPECT_TRUE(exists("q"));
	/* Its time begins with the end of the last one. */
	EXPECT_EQ(0, cancel(self->fd, self->consumer));
	EXPECT_TRUE(goes("q"));
}

TEST_F(expires, not_while_it_is_protected)
{
	ASSERT_EQ(0, queue_new("q", .expires = FAR_MS) ?: set_protected("q", 1) ?:
		     queue_set("q", .expires = 1) ?: queue_new("later", .expires = 1));
	EXPECT_TRUE(goes("later"));
	EXPECT_TRUE(exists("q"));
	EXPECT_EQ(0, set_protected("q", 0));
	EXPECT_TRUE(goes("q"));
}

TEST_F(expires, not_without_the_setting)
{
	ASSERT_EQ(0, queue_new("q", .expires = 1) ?: queue_new("r"));
	EXPECT_TRUE(goes("q"));
	EXPECT_TRUE(exists("r"));
	EXPECT_EQ(0, queue_get("r", BROKER_A_QUEUE_EXPIRES));
}

/* Publishing is use, though it be refused, and so is setting; looking is none. */
TEST_F(expires, not_while_it_is_used)
{
	struct broker_browse browse = { .size = sizeof(browse), .max_messages = 1 };

	ASSERT_EQ(0, queue_new("longer", .expires = 3000) ?:
		     queue_new("published", .expires = 2000) ?:
		     queue_new("full", .expires = 2000, .max_messages = 1) ?:
		     queue_new("set", .expires = 2000) ?: queue_new("looked", .expires = 2000));
	browse.queue = (uintptr_t)"looked";
	browse.queue_len = strlen("looked");
	put(self->fd, "full", "1");
	while (exists("longer")) {
		EXPECT_EQ(0, put(self->fd, "published", "1"));
		EXPECT_EQ(-EAGAIN, put(self->fd, "full", "2"));
		EXPECT_EQ(0, queue_set("set", .max_messages = 10));
		queue_get("looked", BROKER_A_QUEUE_READY);
		call(self->fd, BROKER_IOC_BROWSE, &browse);
		usleep(10000);
	}
	EXPECT_TRUE(exists("published"));
	EXPECT_TRUE(exists("full"));
	EXPECT_TRUE(exists("set"));
	EXPECT_FALSE(exists("looked"));
}

/* A request of the last moment finds the queue, or finds none; and holds it up in neither case. */
static void *publish_always(void *arg)
{
	int fd = *(int *)arg, ret;
	long bad = 0;

	do {
		ret = put(fd, "q", "m");
		bad += ret && ret != -ENOENT && ret != -EAGAIN;
	} while (exists("run"));
	return (void *)bad;
}

TEST_F(expires, in_the_last_moment)
{
	pthread_t threads[2];
	void *bad;
	int i, ret;

	ASSERT_EQ(0, queue_new("run"));
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, publish_always, &self->fd);
	for (i = 0; i < 100; i++) {
		ret = queue_new("q", .expires = 1, .max_messages = 5);
		EXPECT_TRUE(ret == 0 || ret == -EEXIST);
		self->consumer = consume(self->fd, "q", 2);
		EXPECT_TRUE(self->consumer > 0 || self->consumer == -ENOENT);
		if (self->consumer > 0 && i % 2)
			cancel(self->fd, self->consumer);
		else if (self->consumer > 0)
			EXPECT_EQ(0, queue_del("q"));
	}
	EXPECT_EQ(0, queue_del("run"));
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &bad);
		EXPECT_EQ(NULL, bad);
	}
	EXPECT_TRUE(goes("q"));
}

TEST_HARNESS_MAIN
