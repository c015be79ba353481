// SPDX-License-Identifier: GPL-2.0-or-later
/* What was published is what is received. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static struct broker_session *session;
static struct broker_inbox *inbox;

static void begin(void)
{
	new_broker();
	session = new_session();
	new_queue("q", "dedupe-window", "0", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	MUST(broker_session_consume(session, "q", 100, 0, 0, 0xfeedfacecafe));
}

static void end(void)
{
	inbox = broker_inbox_free(inbox);
	session = broker_session_close(session);
}

static const struct broker_message *receive(void)
{
	MUST(broker_inbox_receive(inbox, 0, 1, GUARD));
	return broker_inbox_next(inbox);
}

static bool same_props(const struct broker_message *a, const struct broker_message *b)
{
	size_t a_length, b_length;
	const void *a_props = broker_message_props(a, &a_length);
	const void *b_props = broker_message_props(b, &b_length);

	return a_length == b_length && !memcmp(a_props, b_props, a_length);
}

/* Each property that the module takes, and a header of each type. */
static struct broker_message *full_message(void)
{
	struct broker_message *message = new_message("body");
	uint64_t known = broker_session_info(session)->properties;
	int64_t number = -5;
	double half = 0.5;

	for (unsigned int id = 1; id < 64; id++) {
		if (!(known & 1ULL << id))
			continue;
		if (broker_message_set_string(message, id, "värde") &&
		    broker_message_set_int(message, id, id == BROKER_PROP_TTL ? 1000000 : 1))
			must("set property", -EINVAL);
	}
	MUST(broker_message_add_header(message, "i", BROKER_TYPE_INT64, &number, 8));
	MUST(broker_message_add_header(message, "d", BROKER_TYPE_DOUBLE, &half, 8));
	MUST(broker_message_add_header(message, "t", BROKER_TYPE_BOOL, "\1", 1));
	MUST(broker_message_add_header(message, "b", BROKER_TYPE_BYTES, "\0\xff", 2));
	MUST(broker_message_add_header_string(message, "i", "same name"));
	return message;
}

static void test_round_trip(void)
{
	const struct broker_message *received;
	const struct broker_delivery *delivery;
	struct broker_message *message;
	size_t length;

	begin();
	message = full_message();
	MUST(broker_session_publish(session, "", "q", message, 0, 0));
	received = receive();
	EXPECT(same_props(message, received));
	broker_message_props(received, &length);
	EXPECT(length > 100);
	EXPECT(body_is(received, "body"));
	EXPECT(!strcmp(broker_message_exchange(received), ""));
	EXPECT(!strcmp(broker_message_key(received), "q"));
	EXPECT_EQ(broker_message_user_data(received), 0xfeedfacecafe);

	delivery = broker_message_delivery(received);
	EXPECT_EQ(delivery->origin.pid, getpid());
	EXPECT_EQ(delivery->origin.uid, getuid());
	EXPECT_EQ(delivery->sequence, 1);
	EXPECT_EQ(delivery->acquired, 1);
	EXPECT_EQ(delivery->cause, BROKER_CAUSE_NONE);
	EXPECT_EQ(delivery->body_len, 4);
	broker_message_free(message);
	end();
}

/* A received message cannot be changed; its copy can, and outlives the inbox. */
static void test_copy_and_republish(void)
{
	const struct broker_message *received;
	struct broker_message *message, *copy;

	begin();
	message = full_message();
	MUST(broker_session_publish(session, "", "q", message, 0, 0));
	received = receive();
	EXPECT_EQ(broker_message_set_body((struct broker_message *)received, "x", 1), -EINVAL);
	EXPECT_EQ(broker_message_set_int((struct broker_message *)received, BROKER_PROP_TTL, 1),
		  -EINVAL);
	EXPECT_EQ(broker_message_add_header_string((struct broker_message *)received, "h", ""),
		  -EINVAL);
	MUST(broker_message_copy(&copy, received));
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 1, 0), -EAGAIN);

	EXPECT(same_props(message, copy));
	EXPECT(body_is(copy, "body"));
	EXPECT(!broker_message_delivery(copy));
	EXPECT_EQ(broker_message_set_string(copy, BROKER_PROP_SUBJECT, "changed"), 0);
	EXPECT(!same_props(message, copy));
	/* Nor is it a duplicate, which the queue would not take. */
	MUST(broker_message_set_string(copy, BROKER_PROP_DEDUPE_ID, "another"));
	MUST(broker_message_set_int(copy, BROKER_PROP_PRODUCER_SEQUENCE, 2));
	MUST(broker_session_publish(session, "", "q", copy, 0, 0));
	received = receive();
	EXPECT(same_props(copy, received));
	EXPECT(body_is(received, "body"));
	broker_message_free(copy);
	broker_message_free(message);
	end();
}

/* Around the size up to which a body is copied behind its head, and the largest. */
static void test_body_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 65536, BROKER_MAX_BODY };
	struct broker_message *message;
	const void *body;
	char *bytes;
	size_t length;

	begin();
	message = new_message("");
	bytes = malloc(BROKER_MAX_BODY + 1);
	for (size_t i = 0; i <= BROKER_MAX_BODY; i++)
		bytes[i] = i * 7 + (i >> 8);
	MUST(broker_message_set_string(message, BROKER_PROP_SUBJECT, "s"));

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct broker_message *received;

		MUST(broker_message_set_body(message, bytes, sizes[i]));
		EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, 0), 1);
		received = receive();
		body = broker_message_body(received, &length);
		EXPECT_EQ(length, sizes[i]);
		EXPECT(length == sizes[i] && !memcmp(body, bytes, length));
		EXPECT(same_props(message, received));
	}
	MUST(broker_message_set_body(message, bytes, BROKER_MAX_BODY + 1));
	EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, 0), -EMSGSIZE);
	MUST(broker_message_set_body(message, bytes, (1ULL << 32) + 1));
	EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, 0), -EMSGSIZE);
	free(bytes);
	broker_message_free(message);
	end();
}

/* The largest property area, which does not fit onto publish's stack. */
static void test_large_props(void)
{
	static char value[BROKER_MAX_PROPS - sizeof(struct broker_prop)];
	struct broker_message *message;

	begin();
	message = new_message("body");
	memset(value, 0x5a, sizeof(value));
	MUST(broker_message_set_bytes(message, BROKER_PROP_CORRELATION_ID, value, sizeof(value)));
	EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, 0), 1);
	EXPECT(same_props(message, receive()));
	broker_message_free(message);
	end();
}

/* A holder that dies tells its cause to the next one. */
static void test_cause(void)
{
	const struct broker_delivery *delivery;
	pid_t pid;
	int status;

	begin();
	new_queue("jobs", NULL);
	MUST(publish_text(session, "jobs", "job"));
	pid = fork();
	if (!pid) {
		struct broker_session *own = new_session();
		struct broker_inbox *box;

		MUST(broker_inbox_new(&box, own, 0));
		MUST(broker_session_consume(own, "jobs", 1, 0, 0, 0));
		MUST(broker_inbox_receive(box, 0, 1, GUARD));
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	MUST(broker_session_consume(session, "jobs", 1, 0, 0, 1));
	delivery = broker_message_delivery(receive());
	EXPECT(delivery->flags & BROKER_DELIVERY_F_REDELIVERED);
	EXPECT_EQ(delivery->acquired, 2);
	EXPECT_EQ(delivery->failed, 1);
	EXPECT(!strcmp(broker_cause_name(delivery->cause), "killed"));
	EXPECT_EQ(delivery->cause_code, SIGKILL);
	EXPECT_EQ(delivery->cause_pid, pid);
	end();
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_ino == sb.st_ino && sa.st_dev == sb.st_dev;
}

/* Files arrive; those that are not taken are closed with the inbox. */
static void test_files(void)
{
	struct broker_message *message = new_message("body");
	struct broker_batch *batch;
	const struct broker_message *received;
	int fd = open("/proc/version", O_RDONLY | O_CLOEXEC), files[2], taken, left;

	begin();
	files[0] = broker_body_memfd("0", 1);
	files[1] = broker_body_memfd("1", 1);
	close(fd);
	EXPECT_EQ(broker_message_add_fd(message, -1), -EINVAL);
	EXPECT_EQ(broker_message_add_fd(message, files[0]), 0);
	EXPECT_EQ(broker_message_add_fd(message, files[1]), 1);
	EXPECT_EQ(broker_message_set_body_fd(message, files[0]), -EINVAL);
	EXPECT_EQ(broker_message_nr_fds(message), 2);
	EXPECT_EQ(broker_message_fd(message, 2), -ENOENT);
	EXPECT_EQ(broker_message_take_fd(message, 0), -EINVAL);
	EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, 0), 1);
	MUST(broker_batch_new(&batch, session));
	MUST(broker_batch_publish(batch, "", "q", message, 0, 0, 0));
	MUST(broker_batch_publish(batch, "", "q", message, 0, 0, 0));
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 0);
	broker_batch_free(batch);

	for (int i = 0; i < 3; i++) {
		received = receive();
		EXPECT(body_is(received, "body"));
		EXPECT_EQ(broker_message_nr_fds(received), 2);
		EXPECT(same_file(broker_message_fd(received, 0), files[0]));
		EXPECT(same_file(broker_message_fd(received, 1), files[1]));
	}
	left = broker_message_fd(received, 0);
	taken = broker_message_take_fd(received, 1);
	EXPECT_EQ(broker_message_fd(received, 1), -EBADF);
	EXPECT_EQ(broker_message_add_fd((struct broker_message *)received, 0), -EINVAL);
	/* Received and never read: closed as well. */
	EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, 0), 1);
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 1, GUARD), 1);
	fd = dup(0);
	close(fd);
	EXPECT(same_file(taken, files[1]));
	close(taken);
	end();
	EXPECT(fcntl(left, F_GETFD) < 0);
	broker_message_free(message);
}

/* A body that no inline message could have, copied and sent on. */
static void test_large_body(void)
{
	size_t size = 5 << 20, length;
	char *body = malloc(size);
	struct broker_message *message, *copy;
	const struct broker_message *received;
	const void *value;
	uint64_t cursor = 0;
	int fd;

	begin();
	MUST(broker_message_new(&message));
	for (size_t i = 0; i < size; i++)
		body[i] = i * 7 >> 3;
	fd = MUST(broker_body_memfd(body, size));
	EXPECT_EQ(broker_message_set_body_fd(message, fd), 0);
	EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, 0), 1);
	close(fd);
	received = receive();
	EXPECT_EQ(broker_message_map_body(received, &value, &length), 0);
	EXPECT(length == size && !memcmp(value, body, size));
	MUST(broker_message_copy(&copy, received));
	/* It is more than the consumer's credit: the next comes when it is settled. */
	MUST(broker_session_settle(session, received, BROKER_OP_ACCEPT));
	MUST(broker_session_publish(session, "", "q", copy, 0, 0));
	received = receive();
	EXPECT_EQ(broker_message_map_body(received, &value, &length), 0);
	EXPECT(length == size && !memcmp(value, body, size));
	broker_message_free(copy);

	/* Browsing hands it not out; an inline body is where it always is. */
	MUST(broker_session_settle(session, received, BROKER_OP_RELEASE));
	MUST(broker_session_cancel(session, broker_message_delivery(received)->consumer));
	EXPECT(broker_inbox_browse(inbox, "q", &cursor, 1) == 1);
	EXPECT_EQ(broker_message_map_body(broker_inbox_next(inbox), &value, &length), -EBADF);
	broker_message_clear(message);
	MUST(broker_message_set_body(message, "inline", 6));
	EXPECT_EQ(broker_message_map_body(message, &value, &length), 0);
	EXPECT(length == 6 && !memcmp(value, "inline", 6));
	broker_message_free(message);
	free(body);
	end();
}

static const struct tap_test tests[] = {
	TAP_TEST(round_trip),
	TAP_TEST(copy_and_republish),
	TAP_TEST(body_sizes),
	TAP_TEST(large_props),
	TAP_TEST(cause),
	TAP_TEST(files),
	TAP_TEST(large_body),
};
TAP_MAIN(tests)
