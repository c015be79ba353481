// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"

static struct broker_session *session;
static struct broker_batch *batch;

static void begin(void)
{
	new_broker();
	session = new_session();
	MUST(broker_batch_new(&batch, session));
}

static void end(void)
{
	batch = broker_batch_free(batch);
	EXPECT(!broker_batch_free(NULL));
	session = broker_session_close(session);
}

static int add(const char *exchange, const char *key, const struct broker_message *message)
{
	return broker_batch_publish(batch, exchange, key, message, 0, BROKER_CONFIRM_ENQUEUED, 0);
}

static int error_of(unsigned int index)
{
	const struct broker_result *result = broker_batch_result(batch, index);

	return result ? result->error : -ENODATA;
}

static void test_empty(void)
{
	unsigned int count = 1;

	begin();
	EXPECT_EQ(broker_batch_length(batch), 0);
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	EXPECT(!broker_batch_result(batch, 0));
	broker_batch_confirms(batch, &count);
	EXPECT_EQ(count, 0);
	end();
}

/*
 * 1024 operations, each with its own result: publishes that succeed and that
 * fail in four ways, settlements good and stale, credit.
 */
static void test_mixed(void)
{
	static const int expected[] = {
		0, -ENOENT, 0, -EHOSTUNREACH, -ESTALE, 0, -ENOENT, -EINVAL,
	};
	const struct broker_message *received[128];
	struct broker_message *message = new_message("x");
	struct broker_inbox *inbox;
	unsigned int count, failed = 0;
	const struct broker_confirm *confirms;
	int consumer;

	begin();
	new_queue("in", NULL);
	new_queue("out", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	consumer = MUST(broker_session_consume(session, "in", 200, 0, 0, 0));
	for (int i = 0; i < 128; i++)
		MUST(publish_text(session, "in", "x"));
	EXPECT_EQ(MUST(broker_inbox_receive(inbox, 0, 128, GUARD)), 128);

	for (int i = 0; i < 128; i++) {
		received[i] = broker_inbox_next(inbox);
		EXPECT_EQ(add("", "out", message), 8 * i);
		EXPECT_EQ(add("none", "out", message), 8 * i + 1);
		EXPECT_EQ(broker_batch_settle(batch, received[i], BROKER_OP_ACCEPT, 0), 8 * i + 2);
		EXPECT_EQ(add("broker.direct", "none", message), 8 * i + 3);
		EXPECT_EQ(broker_batch_settle(batch, received[i], BROKER_OP_ACCEPT, 0), 8 * i + 4);
		EXPECT_EQ(broker_batch_credit(batch, consumer, 200 + i, 0), 8 * i + 5);
		EXPECT_EQ(broker_batch_settle_tag(batch, consumer + 1, 1, BROKER_OP_FAIL, 0),
			  8 * i + 6);
		EXPECT_EQ(broker_batch_settle_tag(batch, consumer, 100000, BROKER_OP_FAIL, 0),
			  8 * i + 7);
	}
	EXPECT_EQ(broker_batch_length(batch), 1024);
	EXPECT_EQ(add("", "out", message), -E2BIG);
	EXPECT_EQ(broker_batch_credit(batch, consumer, 1, 0), -E2BIG);
	EXPECT_EQ(broker_batch_settle(batch, received[0], BROKER_OP_ACCEPT, 0), -E2BIG);
	EXPECT(!broker_batch_result(batch, 0));

	for (int i = 0; i < 8; i++)
		failed += 128 * !!expected[i];
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), failed);
	for (int i = 0; i < 1024 && !tap_failed(); i++)
		EXPECT_EQ(error_of(i), expected[i % 8]);
	EXPECT(!broker_batch_result(batch, 1024));
	EXPECT_EQ(broker_batch_result(batch, 8)->sequence, 2);
	EXPECT_EQ(broker_batch_result(batch, 8)->accepted, 1);

	confirms = broker_batch_confirms(batch, &count);
	EXPECT_EQ(count, 128);
	for (unsigned int i = 0; i < count && !tap_failed(); i++) {
		EXPECT_EQ(confirms[i].op, 8 * i);
		EXPECT_EQ(confirms[i].error, 0);
		EXPECT_EQ(confirms[i].sequence, i + 1);
	}
	EXPECT_EQ(queue_number("in", "accepted"), 128);
	EXPECT_EQ(queue_number("out", "ready"), 128);

	broker_batch_clear(batch);
	EXPECT_EQ(broker_batch_length(batch), 0);
	EXPECT(!broker_batch_result(batch, 0));
	broker_inbox_free(inbox);
	broker_message_free(message);
	end();
}

/* Small and large bodies in an area that grows: each arrives as it was given. */
static void test_bodies(void)
{
	struct broker_message *message = new_message("");
	const struct broker_message *received;
	struct broker_inbox *inbox;
	const size_t room = 1024 * 64 + 5000;
	char *bodies = malloc(room);
	int seen = 0;

	begin();
	new_queue("q", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	for (int i = 0; i < 1024; i++) {
		memset(bodies + i * 64, 'a' + i % 26, 64);
		MUST(broker_message_set_int(message, BROKER_PROP_MESSAGE_ID, i));
		MUST(broker_message_set_body(message, bodies + i * 64,
					     i % 100 == 7 ? 5000 : i % 64));
		EXPECT_EQ(add("", "q", message), i);
	}
	/* The small ones have been copied; the large ones are read by the submit. */
	memset(bodies, 'x', room);
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	broker_batch_free(batch);
	MUST(broker_batch_new(&batch, session));

	MUST(broker_session_consume(session, "q", 0, 0, 0, 0));
	while (seen < 1024 && !tap_failed()) {
		MUST(broker_inbox_receive(inbox, 1, 1024, GUARD));
		while ((received = broker_inbox_next(inbox))) {
			size_t length, id_length;
			const char *body = broker_message_body(received, &length);
			const void *id;
			int64_t number;

			EXPECT_EQ(broker_message_property(received, BROKER_PROP_MESSAGE_ID, NULL,
							  &id, &id_length), 0);
			memcpy(&number, id, sizeof(number));
			EXPECT_EQ(number, seen);
			EXPECT_EQ(length, seen % 100 == 7 ? 5000 : seen % 64);
			for (size_t i = 0; i < length && !tap_failed(); i++)
				EXPECT_EQ(body[i], seen % 100 == 7 ? 'x' : 'a' + seen % 26);
			seen++;
		}
	}
	free(bodies);
	broker_inbox_free(inbox);
	broker_message_free(message);
	end();
}

static void publish_keyed(const char *key, const char *text)
{
	struct broker_message *message = new_message(text);

	MUST(broker_message_set_string(message, BROKER_PROP_GROUP_KEY, key));
	MUST(broker_session_publish(session, "", "q", message, 0, 0));
	broker_message_free(message);
}

/* States are copied, into an area that grows, and come back as they were given. */
static void test_states(void)
{
	struct broker_message *message = new_message("x");
	const struct broker_message *received;
	static char data[BROKER_MAX_STATE + 1];
	struct broker_inbox *inbox;
	const char *state;
	size_t length;
	char key[16];

	begin();
	new_queue("q", "ordering", "on", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	MUST(broker_session_consume(session, "q", 100, 0, BROKER_CONSUME_F_STATE, 0));
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		publish_keyed(key, "1");
		publish_keyed(key, "2");
	}
	EXPECT_EQ(broker_batch_state(batch, message, "x", 1), -EINVAL);
	EXPECT_EQ(broker_session_state(session, message, "x", 1), -EINVAL);
	EXPECT(!*(const char *)broker_message_key_state(message, &length));
	EXPECT_EQ(length, 0);
	for (int i = 0; i < 40; i++) {
		MUST(broker_inbox_receive(inbox, 0, 1, GUARD));
		received = broker_inbox_next(inbox);
		EXPECT(body_is(received, "1"));
		broker_message_key_state(received, &length);
		EXPECT_EQ(length, 0);
		EXPECT_EQ(broker_batch_state(batch, received, data, sizeof(data)), -EMSGSIZE);
		EXPECT_EQ(broker_session_state(session, received, data, sizeof(data)), -EMSGSIZE);
		EXPECT_EQ(broker_session_state(session, received, "old", 3), 0);
		memset(data, 'A' + i, sizeof(data));
		EXPECT_EQ(broker_batch_state(batch, received, data, i % 4 ? i : 10000 + i), 2 * i);
		EXPECT_EQ(broker_batch_settle(batch, received, BROKER_OP_ACCEPT, 0), 2 * i + 1);
	}
	memset(data, 'x', sizeof(data));
	EXPECT_EQ(broker_batch_submit(batch, BROKER_SUBMIT_F_ATOMIC, 0), 0);
	EXPECT_EQ(queue_number("q", "accepted"), 40);
	EXPECT_EQ(queue_number("q", "states"), 40);
	for (int i = 0; i < 40; i++) {
		const void *value;
		int number;

		MUST(broker_inbox_receive(inbox, 0, 1, GUARD));
		received = broker_inbox_next(inbox);
		EXPECT(body_is(received, "2"));
		MUST(broker_message_property(received, BROKER_PROP_GROUP_KEY, NULL, &value,
					     &length));
		snprintf(key, sizeof(key), "%.*s", (int)length, (const char *)value);
		number = atoi(key + 4);
		state = broker_message_key_state(received, &length);
		EXPECT_EQ(length, (size_t)(number % 4 ? number : 10000 + number));
		for (size_t j = 0; j < length && !tap_failed(); j++)
			EXPECT_EQ(state[j], 'A' + number);
		EXPECT_EQ(broker_session_state(session, received, NULL, 0), 0);
		EXPECT_EQ(broker_session_settle(session, received, BROKER_OP_ACCEPT), 0);
		EXPECT_EQ(broker_session_state(session, received, "x", 1), -ESTALE);
	}
	EXPECT_EQ(queue_number("q", "states"), 0);
	broker_inbox_free(inbox);
	broker_message_free(message);
	end();
}

/* A batch stays as it is: submitted again, grown, submitted once more. */
static void test_submit_again(void)
{
	struct broker_message *message = new_message("x");

	begin();
	new_queue("q", NULL);
	for (int i = 0; i < 20; i++)
		add("", "q", message);
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	EXPECT_EQ(broker_batch_result(batch, 19)->sequence, 40);
	for (int i = 0; i < 200; i++)
		add("", "q", message);
	EXPECT_EQ(broker_batch_result(batch, 19)->sequence, 40);
	EXPECT(!broker_batch_result(batch, 20));
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	EXPECT_EQ(queue_number("q", "ready"), 260);
	broker_message_free(message);
	end();
}

/* What cannot be added leaves the batch as it was. */
static void test_refused(void)
{
	struct broker_message *message = new_message("x");
	char name[257];

	begin();
	new_queue("q", NULL);
	memset(name, 'n', 256);
	name[256] = '\0';
	EXPECT_EQ(add("", "q", message), 0);
	EXPECT_EQ(add(name, "q", message), -ENAMETOOLONG);
	EXPECT_EQ(add("", name, message), -ENAMETOOLONG);
	EXPECT_EQ(broker_batch_publish(batch, "", "q", message, 1 << 16, 0, 0), -EOPNOTSUPP);
	EXPECT_EQ(broker_batch_publish(batch, "", "q", message, 0, 256, 0), -EOPNOTSUPP);
	EXPECT_EQ(broker_batch_settle(batch, message, BROKER_OP_ACCEPT, 0), -EINVAL);
	EXPECT_EQ(broker_batch_settle_tag(batch, 1, 1, BROKER_OP_CREDIT, 0), -EINVAL);
	EXPECT_EQ(broker_batch_settle_tag(batch, 1, 1, BROKER_OP_ACCEPT, 1 << 16), -EOPNOTSUPP);
	EXPECT_EQ(broker_batch_length(batch), 1);
	EXPECT_EQ(broker_batch_submit(batch, 1U << 31, 0), -EOPNOTSUPP);
	EXPECT(!broker_batch_result(batch, 0));
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	EXPECT_EQ(queue_number("q", "ready"), 1);
	broker_message_free(message);
	end();
}

static void test_stop_and_confirm(void)
{
	struct broker_message *message = new_message("x");

	begin();
	new_queue("q", "max-messages", "1", NULL);
	add("", "q", message);
	add("", "q", message);
	add("", "none", message);
	EXPECT_EQ(broker_batch_publish(batch, "", "q", message, 0, BROKER_CONFIRM_NONE, 0), 3);
	EXPECT_EQ(broker_batch_submit(batch, BROKER_SUBMIT_F_STOP, 0), 3);
	EXPECT_EQ(error_of(0), 0);
	EXPECT_EQ(error_of(1), -EAGAIN);
	EXPECT_EQ(error_of(2), -ECANCELED);
	EXPECT_EQ(error_of(3), -ECANCELED);
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 3);
	EXPECT_EQ(error_of(0), -EAGAIN);
	EXPECT_EQ(error_of(2), -ENOENT);
	EXPECT_EQ(error_of(3), 0);
	broker_message_free(message);
	end();
}

/* More confirms than there is room for: the first ones, and no harm. */
static void test_many_confirms(void)
{
	struct broker_message *message = new_message("x");
	const struct broker_confirm *confirms;
	struct broker_admin *admin;
	unsigned int count;
	char name[8];

	begin();
	admin = new_admin();
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		new_queue(name, NULL);
		MUST(request(admin, BROKER_CMD_BINDING_NEW, NULL, "exchange", "broker.fanout",
			     "queue", name, "key", "", NULL));
	}
	add("broker.fanout", "", message);
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	EXPECT_EQ(broker_batch_result(batch, 0)->accepted, 20);
	confirms = broker_batch_confirms(batch, &count);
	EXPECT_EQ(count, 8);
	for (unsigned int i = 0; i < count; i++) {
		EXPECT_EQ(confirms[i].op, 0);
		EXPECT_EQ(confirms[i].sequence, 1);
	}
	EXPECT_EQ(queue_number("q19", "ready"), 1);
	broker_admin_close(admin);
	broker_message_free(message);
	end();
}

static void test_cumulative(void)
{
	struct broker_inbox *inbox;

	begin();
	new_queue("q", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	MUST(broker_session_consume(session, "q", 10, 0, 0, 0));
	for (int i = 0; i < 10; i++)
		MUST(publish_text(session, "q", "x"));
	EXPECT_EQ(MUST(broker_inbox_receive(inbox, 0, 10, GUARD)), 10);
	for (int i = 0; i < 6; i++)
		broker_inbox_next(inbox);
	EXPECT_EQ(broker_batch_settle(batch, broker_inbox_next(inbox), BROKER_OP_ACCEPT,
				      BROKER_SETTLE_F_CUMULATIVE), 0);
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	EXPECT_EQ(broker_batch_result(batch, 0)->accepted, 7);
	EXPECT_EQ(queue_number("q", "unacked"), 3);
	broker_inbox_free(inbox);
	end();
}

static const struct tap_test tests[] = {
	TAP_TEST(empty),
	TAP_TEST(mixed),
	TAP_TEST(bodies),
	TAP_TEST(states),
	TAP_TEST(submit_again),
	TAP_TEST(refused),
	TAP_TEST(stop_and_confirm),
	TAP_TEST(many_confirms),
	TAP_TEST(cumulative),
};
TAP_MAIN(tests)
