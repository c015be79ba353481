// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fixture.h"

static struct broker_session *session;
static struct broker_inbox *inbox;

static void begin(size_t bytes)
{
	new_broker();
	session = new_session();
	new_queue("q", NULL);
	MUST(broker_inbox_new(&inbox, session, bytes));
}

static void end(void)
{
	inbox = broker_inbox_free(inbox);
	EXPECT(!broker_inbox_free(NULL));
	session = broker_session_close(session);
}

/* A message of @length bytes, each @fill. */
static void publish_bytes(int fill, size_t length)
{
	struct broker_message *message = new_message("");
	char *body = malloc(length);

	memset(body, fill, length);
	MUST(broker_message_set_body(message, body, length));
	MUST(broker_session_publish(session, "", "q", message, 0, 0));
	free(body);
	broker_message_free(message);
}

static bool is_bytes(const struct broker_message *message, int fill, size_t length)
{
	size_t is_length;
	const char *body = broker_message_body(message, &is_length);

	/* All bytes are equal to the first, and that is @fill. */
	return is_length == length && *body == fill && !memcmp(body, body + 1, length - 1);
}

/* 4 KiB, then 1 MiB: what came before is not lost, and nothing comes twice. */
static void test_grows(void)
{
	static const size_t sizes[] = { 100, BROKER_MAX_BODY, 200, 8000, BROKER_MAX_BODY };
	unsigned int received = 0;
	int consumer;

	begin(4096);
	for (int i = 0; i < 5; i++)
		publish_bytes('a' + i, sizes[i]);
	consumer = MUST(broker_session_consume(session, "q", 5, 16 << 20, 0, 0));
	while (received < 5 && !tap_failed()) {
		const struct broker_message *message;
		unsigned int seen = 0;
		int count = broker_inbox_receive(inbox, consumer, 5, GUARD);

		EXPECT(count >= 1);
		while ((message = broker_inbox_next(inbox))) {
			EXPECT(is_bytes(message, 'a' + received, sizes[received]));
			EXPECT_EQ(broker_message_delivery(message)->acquired, 1);
			EXPECT_EQ(broker_session_settle(session, message, BROKER_OP_ACCEPT), 0);
			received++;
			seen++;
		}
		EXPECT_EQ(seen, count);
	}
	EXPECT_EQ(received, 5);
	EXPECT_EQ(queue_number("q", "delivered"), 5);
	EXPECT_EQ(queue_number("q", "accepted"), 5);
	end();
}

/* All messages of an inbox can be used until it receives again. */
static void test_many(void)
{
	const struct broker_message *messages[BROKER_MAX_RECEIVE];
	char text[16];

	begin(0);
	for (int i = 0; i < BROKER_MAX_RECEIVE; i++) {
		snprintf(text, sizeof(text), "%d", i);
		MUST(publish_text(session, "q", text));
	}
	MUST(broker_session_consume(session, "q", 2000, 0, 0, 0));
	EXPECT_EQ(broker_inbox_receive(inbox, 0, BROKER_MAX_RECEIVE, 0), BROKER_MAX_RECEIVE);
	for (int i = 0; i < BROKER_MAX_RECEIVE; i++)
		messages[i] = broker_inbox_next(inbox);
	EXPECT(!broker_inbox_next(inbox));
	for (int i = 0; i < BROKER_MAX_RECEIVE && !tap_failed(); i++) {
		snprintf(text, sizeof(text), "%d", i);
		EXPECT(messages[i] && body_is(messages[i], text));
		EXPECT(!strcmp(broker_message_key(messages[i]), "q"));
		EXPECT_EQ(broker_message_delivery(messages[i])->sequence, i + 1);
	}
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 0, 0), -EINVAL);
	EXPECT_EQ(broker_inbox_receive(inbox, 0, BROKER_MAX_RECEIVE + 1, 0), -EINVAL);
	end();
}

/* Names of the greatest length, with a small message between them. */
static void test_long_names(void)
{
	struct broker_admin *admin;
	char exchange[256], key[256];
	struct broker_message *message = new_message("x");
	const struct broker_message *received;

	begin(64);
	memset(exchange, 'e', 255);
	memset(key, 'k', 255);
	exchange[255] = key[255] = '\0';
	admin = new_admin();
	MUST(request(admin, BROKER_CMD_EXCHANGE_NEW, NULL, "name", exchange, "type", "direct",
		     NULL));
	MUST(request(admin, BROKER_CMD_BINDING_NEW, NULL, "exchange", exchange, "queue", "q",
		     "key", key, NULL));
	MUST(request(admin, BROKER_CMD_BINDING_NEW, NULL, "exchange", exchange, "queue", "q",
		     "key", "", NULL));
	MUST(broker_session_publish(session, exchange, key, message, 0, 0));
	MUST(broker_session_publish(session, exchange, "", message, 0, 0));
	MUST(broker_session_consume(session, "q", 10, 0, 0, 0));
	MUST(broker_inbox_receive(inbox, 0, 10, GUARD));
	received = broker_inbox_next(inbox);
	EXPECT(received && !strcmp(broker_message_exchange(received), exchange));
	EXPECT(received && !strcmp(broker_message_key(received), key));
	EXPECT(received && body_is(received, "x"));
	received = broker_inbox_next(inbox);
	if (!received) {
		MUST(broker_inbox_receive(inbox, 0, 10, GUARD));
		received = broker_inbox_next(inbox);
	}
	EXPECT(!strcmp(broker_message_exchange(received), exchange));
	EXPECT(!strcmp(broker_message_key(received), ""));
	EXPECT(body_is(received, "x"));
	broker_admin_close(admin);
	broker_message_free(message);
	end();
}

/* A cursor goes through the queue and takes nothing from it. */
static void test_browse(void)
{
	const struct broker_message *message;
	uint64_t cursor = 0;
	char text[16];
	int seen = 0, count;

	begin(4096);
	for (int i = 0; i < 25; i++) {
		snprintf(text, sizeof(text), "%d", i);
		MUST(publish_text(session, "q", text));
	}
	publish_bytes('z', BROKER_MAX_BODY);

	EXPECT_EQ(broker_inbox_browse(inbox, "none", &cursor, 10), -ENOENT);
	EXPECT_EQ(cursor, 0);
	while ((count = MUST(broker_inbox_browse(inbox, "q", &cursor, 10)))) {
		EXPECT(count <= 10);
		while ((message = broker_inbox_next(inbox))) {
			snprintf(text, sizeof(text), "%d", seen);
			EXPECT(seen == 25 ? is_bytes(message, 'z', BROKER_MAX_BODY) :
			       body_is(message, text));
			EXPECT_EQ(broker_session_settle(session, message, BROKER_OP_ACCEPT),
				  -EINVAL);
			seen++;
		}
	}
	EXPECT_EQ(seen, 26);
	EXPECT_EQ(queue_number("q", "ready"), 26);
	EXPECT_EQ(queue_number("q", "delivered"), 0);

	MUST(publish_text(session, "q", "new"));
	EXPECT_EQ(broker_inbox_browse(inbox, "q", &cursor, 10), 1);
	EXPECT(body_is(broker_inbox_next(inbox), "new"));
	end();
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static void test_timeouts(void)
{
	uint64_t start;

	begin(0);
	EXPECT_EQ(broker_inbox_receive(inbox, 1, 1, 0), -ENOENT);
	MUST(broker_session_consume(session, "q", 1, 0, 0, 0));
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 1, 0), -EAGAIN);
	start = now();
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 1, SECOND / 20), -ETIMEDOUT);
	EXPECT(now() - start >= SECOND / 20);
	EXPECT_EQ(broker_inbox_ended(inbox), 0);
	EXPECT(!broker_inbox_next(inbox));
	end();
}

static void test_queue_deleted(void)
{
	struct broker_admin *admin;
	int consumer;

	begin(0);
	admin = new_admin();
	consumer = MUST(broker_session_consume(session, "q", 1, 0, 0, 0));
	MUST(request(admin, BROKER_CMD_QUEUE_DEL, NULL, "name", "q", NULL));
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 1, GUARD), -EIDRM);
	EXPECT_EQ(broker_inbox_ended(inbox), consumer);
	EXPECT_EQ(broker_inbox_receive(inbox, consumer, 1, 0), -ENOENT);
	EXPECT_EQ(broker_inbox_ended(inbox), 0);
	broker_admin_close(admin);
	end();
}

struct taker {
	int count;
	size_t bytes;
};

static void *take(void *arg)
{
	struct taker *taker = arg;
	struct broker_inbox *own;
	const struct broker_message *message;
	size_t length;

	MUST(broker_inbox_new(&own, session, 64));
	while (broker_inbox_receive(own, 0, 4, SECOND) > 0) {
		while ((message = broker_inbox_next(own))) {
			broker_message_body(message, &length);
			taker->bytes += length;
			taker->count++;
			MUST(broker_session_settle(session, message, BROKER_OP_ACCEPT));
		}
	}
	broker_inbox_free(own);
	return NULL;
}

/* Two inboxes that must grow all the time, and take messages from each other. */
static void test_grow_in_threads(void)
{
	struct taker takers[2] = { 0 };
	pthread_t threads[2];
	size_t sum = 0;

	begin(0);
	MUST(broker_session_consume(session, "q", 100, 16 << 20, 0, 0));
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, take, &takers[i]);
	for (int i = 1; i <= 200; i++) {
		publish_bytes('x', i * 500);
		sum += i * 500;
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(takers[0].count + takers[1].count, 200);
	EXPECT_EQ(takers[0].bytes + takers[1].bytes, sum);
	EXPECT_EQ(queue_number("q", "delivered"), 200);
	end();
}

static void test_deferred(void)
{
	const struct broker_message *message;
	struct broker_cursor cursor = { 0 };
	int consumer;

	begin(4096);
	publish_bytes('a', 100);
	publish_bytes('b', 100000);
	consumer = MUST(broker_session_consume(session, "q", 1, 1 << 20, 0, 0));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(broker_inbox_receive(inbox, consumer, 1, GUARD), 1);
		message = broker_inbox_next(inbox);
		EXPECT_EQ(broker_session_settle(session, message, BROKER_OP_DEFER), 0);
	}
	EXPECT_EQ(queue_number("q", "deferred"), 2);
	EXPECT_EQ(broker_inbox_receive(inbox, consumer, 1, 0), -EAGAIN);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(broker_inbox_browse_state(inbox, "q", BROKER_MESSAGE_DEFERRED, &cursor,
						    1, NULL), 1);
		message = broker_inbox_next(inbox);
		EXPECT_EQ(broker_message_delivery(message)->sequence, i + 1);
		EXPECT_EQ(broker_message_delivery(message)->state, BROKER_MESSAGE_DEFERRED);
	}
	EXPECT_EQ(broker_inbox_fetch(inbox, consumer, 3), -ENODATA);
	EXPECT(!broker_inbox_next(inbox));
	/* Larger than the inbox was. */
	EXPECT_EQ(broker_inbox_fetch(inbox, consumer, 2), 0);
	message = broker_inbox_next(inbox);
	EXPECT(is_bytes(message, 'b', 100000));
	EXPECT_EQ(broker_session_settle(session, message, BROKER_OP_ACCEPT), 0);
	EXPECT_EQ(broker_inbox_fetch(inbox, consumer + 1, 1), -ENOENT);
	EXPECT_EQ(broker_inbox_fetch(inbox, consumer, 1), 0);
	end();
}

static void test_deaths(void)
{
	const struct broker_message *message;
	const struct broker_death *death;
	int consumer;

	begin(0);
	new_queue("dead", NULL);
	new_queue("work", "dead-letter-key", "dead", NULL);
	message = new_message("body");
	MUST(broker_session_publish(session, "", "work", message, 0, 0));
	EXPECT(!broker_message_death(message, 0));
	broker_message_free((struct broker_message *)message);
	MUST(broker_session_consume(session, "work", 1, 1 << 20, 0, 0));
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 1, GUARD), 1);
	message = broker_inbox_next(inbox);
	MUST(broker_session_settle(session, message, BROKER_OP_REJECT));
	consumer = MUST(broker_session_consume(session, "dead", 1, 1 << 20, 0, 0));
	EXPECT_EQ(broker_inbox_receive(inbox, consumer, 1, GUARD), 1);
	message = broker_inbox_next(inbox);
	death = broker_message_death(message, 0);
	EXPECT(death && death->reason == BROKER_DEATH_REJECTED && death->acquired == 1);
	EXPECT(death && death->name_len == 4 && !memcmp(death->name, "work", 4));
	EXPECT(!broker_message_death(message, 1));
	EXPECT(!strcmp(broker_death_name(BROKER_DEATH_REJECTED), "rejected"));
	EXPECT(!strcmp(broker_death_name(99), "unknown"));
	end();
}

static const struct tap_test tests[] = {
	TAP_TEST(grows),
	TAP_TEST(many),
	TAP_TEST(long_names),
	TAP_TEST(browse),
	TAP_TEST(timeouts),
	TAP_TEST(queue_deleted),
	TAP_TEST(grow_in_threads),
	TAP_TEST(deferred),
	TAP_TEST(deaths),
};
TAP_MAIN(tests)
