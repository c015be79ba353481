// SPDX-License-Identifier: GPL-2.0-or-later
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

static struct broker_admin *admin;

static void begin(void)
{
	new_broker();
	admin = new_admin();
}

static void end(void)
{
	admin = broker_admin_close(admin);
	EXPECT(!broker_admin_close(NULL));
}

/* There is a sentence of the kernel's; the attribute is the one at fault. */
static void expect_error(const char *attribute)
{
	const char *error = broker_admin_error(admin);

	EXPECT(*error);
	if (strcmp(broker_admin_error_attribute(admin), attribute))
		tap_fail(__FILE__, __LINE__, "attribute is '%s', not '%s': %s",
			 broker_admin_error_attribute(admin), attribute, error);
}

static void test_errors(void)
{
	char name[257];

	begin();
	EXPECT(!strcmp(broker_admin_error(admin), ""));
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_GET, NULL, "name", "none", NULL), -ENOENT);
	expect_error("name");
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", "q", NULL), 0);
	EXPECT(!strcmp(broker_admin_error(admin), ""));
	EXPECT(!strcmp(broker_admin_error_attribute(admin), ""));
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", "q", NULL), -EEXIST);
	expect_error("name");

	/* By the policy that follows from the specification. */
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", "r", "mode", "1000", NULL),
		  -ERANGE);
	expect_error("mode");
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", "r", "max-messages", "0",
			  NULL), -ERANGE);
	expect_error("max-messages");
	memset(name, 'n', 256);
	name[256] = '\0';
	EXPECT(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", name, NULL) < 0);
	expect_error("name");
	EXPECT(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", "r", "ready", "1", NULL) < 0);
	expect_error("ready");

	/* The attribute at fault may be any of several. */
	EXPECT_EQ(request(admin, BROKER_CMD_BINDING_NEW, NULL, "exchange", "broker.topic",
			  "queue", "none", "key", "k", NULL), -ENOENT);
	expect_error("queue");
	EXPECT_EQ(request(admin, BROKER_CMD_BINDING_NEW, NULL, "exchange", "none",
			  "queue", "q", "key", "k", NULL), -ENOENT);
	expect_error("exchange");

	/* One that is missing. */
	EXPECT(broker_admin_call(admin, BROKER_CMD_QUEUE_SET, NULL, NULL) < 0);
	EXPECT(*broker_admin_error(admin));
	end();
}

static int count(const struct broker_object *object, void *arg)
{
	(void)object;
	++*(unsigned int *)arg;
	return 0;
}

static void test_list_errors(void)
{
	struct broker_object *route;
	unsigned int n = 0;

	begin();
	MUST(broker_object_new(&route, BROKER_OBJECT_ROUTE));
	MUST(broker_object_set_string(route, "exchange", "none"));
	MUST(broker_object_set_string(route, "key", "k"));
	EXPECT_EQ(broker_admin_list(admin, BROKER_CMD_ROUTE_GET, route, count, &n), -ENOENT);
	/* Of a list that fails, older kernels tell no attribute. */
	EXPECT(*broker_admin_error(admin));
	EXPECT_EQ(n, 0);

	/* These never reach the kernel. */
	EXPECT_EQ(broker_admin_list(admin, BROKER_CMD_QUEUE_GET, route, count, &n), -EINVAL);
	EXPECT_EQ(broker_admin_call(admin, BROKER_CMD_QUEUE_GET, route, NULL), -EINVAL);
	EXPECT_EQ(broker_admin_list(admin, BROKER_CMD_QUEUE_NEW, NULL, count, &n), -EINVAL);
	EXPECT_EQ(broker_admin_call(admin, BROKER_CMD_QUEUE_NTF, NULL, NULL), -EINVAL);
	EXPECT_EQ(broker_admin_call(admin, 0, NULL, NULL), -EINVAL);
	EXPECT_EQ(broker_admin_call(admin, -1, NULL, NULL), -EINVAL);
	EXPECT_EQ(broker_admin_call(admin, 1000, NULL, NULL), -EINVAL);
	broker_object_free(route);
	end();
}

/* What was set is what is told. */
static void test_round_trip(void)
{
	struct broker_object *queue;

	begin();
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_NEW, &queue, "name", "näme", "flags",
			  "auto-delete", "max-messages", "7", "max-bytes", "0x100000000",
			  "overflow", "drop-head", "mode", "640", "uid", "12", "gid", "13", NULL),
		  0);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(broker_object_type(queue), BROKER_OBJECT_QUEUE);
		EXPECT(!strcmp(broker_object_string(queue, "name"), "näme"));
		EXPECT(!strcmp(broker_object_string(queue, "flags"), "auto-delete"));
		EXPECT_EQ(broker_object_number(queue, "max-messages"), 7);
		EXPECT_EQ(broker_object_number(queue, "max-bytes"), 0x100000000);
		EXPECT(!strcmp(broker_object_string(queue, "overflow"), "drop-head"));
		EXPECT_EQ(broker_object_number(queue, "mode"), 0640);
		EXPECT_EQ(broker_object_number(queue, "uid"), 12);
		EXPECT_EQ(broker_object_number(queue, "gid"), 13);
		EXPECT(broker_object_has(queue, "id"));
		EXPECT(!broker_object_has(queue, "if-empty"));
		broker_object_free(queue);
		if (!i)
			MUST(request(admin, BROKER_CMD_QUEUE_GET, &queue, "name", "näme", NULL));
	}
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_DEL, &queue, "name", "näme", NULL), 0);
	EXPECT(!queue);
	end();
}

/* Headers of each type, and of each what comes back. */
static void test_binding_headers(void)
{
	struct broker_object *binding, *reply;
	int64_t number = -77;
	double half = 0.5;
	const char *name;
	const void *value;
	unsigned int type;
	size_t length;

	begin();
	new_queue("q", NULL);
	MUST(broker_object_new(&binding, BROKER_OBJECT_BINDING));
	MUST(broker_object_set_string(binding, "exchange", "broker.headers"));
	MUST(broker_object_set_string(binding, "queue", "q"));
	MUST(broker_object_set_string(binding, "match", "any"));
	MUST(broker_object_add_header(binding, "s", BROKER_TYPE_STRING, "text", 4));
	MUST(broker_object_add_header(binding, "i", BROKER_TYPE_INT64, &number, 8));
	MUST(broker_object_add_header(binding, "d", BROKER_TYPE_DOUBLE, &half, 8));
	MUST(broker_object_add_header(binding, "b", BROKER_TYPE_BOOL, "\1", 1));
	MUST(broker_object_add_header(binding, "p", 0, NULL, 0));
	MUST(broker_admin_call(admin, BROKER_CMD_BINDING_NEW, binding, &reply));
	EXPECT(!strcmp(broker_object_string(reply, "match"), "any"));
	for (int i = 0; i < 5; i++) {
		const char *mine;
		const void *my_value;
		unsigned int my_type;
		size_t my_length;

		MUST(broker_object_header(binding, i, &mine, &my_type, &my_value, &my_length));
		EXPECT_EQ(broker_object_header(reply, i, &name, &type, &value, &length), 0);
		EXPECT(!strcmp(name, mine) && type == my_type && length == my_length &&
		       !memcmp(value, my_value, length));
	}
	EXPECT_EQ(broker_object_header(reply, 5, &name, &type, &value, &length), -ENOENT);
	broker_object_free(reply);
	broker_object_free(binding);
	end();
}

/* The dry run of a message that is like one that can be published. */
static int find_queue(const struct broker_object *route, void *arg)
{
	return !strcmp(broker_object_string(route, "queue"), arg);
}

static void test_route(void)
{
	struct broker_message *message = new_message("");
	struct broker_object *binding, *route;
	const void *props;
	size_t length;

	begin();
	new_queue("q", NULL);
	MUST(broker_object_new(&binding, BROKER_OBJECT_BINDING));
	MUST(broker_object_set_string(binding, "exchange", "broker.headers"));
	MUST(broker_object_set_string(binding, "queue", "q"));
	MUST(broker_object_add_header(binding, "colour", BROKER_TYPE_STRING, "red", 3));
	MUST(broker_admin_call(admin, BROKER_CMD_BINDING_NEW, binding, NULL));

	MUST(broker_object_new(&route, BROKER_OBJECT_ROUTE));
	MUST(broker_object_set_string(route, "exchange", "broker.headers"));
	MUST(broker_object_set_string(route, "key", ""));
	EXPECT_EQ(broker_admin_list(admin, BROKER_CMD_ROUTE_GET, route, find_queue, "q"), 0);
	MUST(broker_message_add_header_string(message, "colour", "red"));
	props = broker_message_props(message, &length);
	MUST(broker_object_set_bytes(route, "properties", props, length));
	EXPECT_EQ(broker_admin_list(admin, BROKER_CMD_ROUTE_GET, route, find_queue, "q"), 1);
	broker_object_free(route);
	broker_object_free(binding);
	broker_message_free(message);
	end();
}

#define QUEUES	5000

static int mark(const struct broker_object *queue, void *arg)
{
	unsigned int number = atoi(broker_object_string(queue, "name") + 1);

	if (number < QUEUES)
		((unsigned char *)arg)[number]++;
	return 0;
}

static int stop_at_ten(const struct broker_object *queue, void *arg)
{
	(void)queue;
	return ++*(int *)arg == 10 ? 77 : 0;
}

/* A list in hundreds of parts: each queue once. */
static void test_list_5000(void)
{
	static unsigned char seen[QUEUES];
	unsigned int missing = 0;
	char name[16];
	int n = 0;

	begin();
	for (int i = 0; i < QUEUES; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		MUST(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", name, NULL));
	}
	EXPECT_EQ(broker_admin_list(admin, BROKER_CMD_QUEUE_GET, NULL, mark, seen), 0);
	for (int i = 0; i < QUEUES; i++)
		missing += seen[i] != 1;
	EXPECT_EQ(missing, 0);

	EXPECT_EQ(broker_admin_list(admin, BROKER_CMD_QUEUE_GET, NULL, stop_at_ten, &n), 77);
	EXPECT_EQ(n, 10);
	/* And the connection is good for the next call. */
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_GET, NULL, "name", "q1", NULL), 0);
	end();
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int list_queues(unsigned int *n)
{
	*n = 0;
	return broker_admin_list(admin, BROKER_CMD_QUEUE_GET, NULL, count, n);
}

/* Makes and deletes a queue again and again, until @stop is closed. */
static void change_every(int ms, int stop)
{
	struct pollfd pfd = { .fd = stop, .events = POLLIN };
	struct broker_admin *own = new_admin();

	while (!poll(&pfd, 1, ms)) {
		MUST(request(own, BROKER_CMD_QUEUE_NEW, NULL, "name", "t0", NULL));
		MUST(request(own, BROKER_CMD_QUEUE_DEL, NULL, "name", "t0", NULL));
	}
	broker_admin_close(own);
}

/*
 * About every third list meets a change, and starts over: none fails, and each
 * has all that stayed and at most the one that did not.
 */
static void test_list_while_changing(void)
{
	uint64_t begun;
	unsigned int n;
	char name[16];
	int stop[2];
	pid_t pid;

	begin();
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		MUST(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", name, NULL));
	}
	begun = now_ms();
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(list_queues(&n), 0);
	MUST(pipe(stop) ? -errno : 0);
	pid = fork();
	if (!pid) {
		close(stop[1]);
		change_every((now_ms() - begun) * 3 / 5 + 1, stop[0]);
		_exit(0);
	}
	close(stop[0]);
	for (int i = 0; i < 30; i++) {
		EXPECT_EQ(list_queues(&n), 0);
		EXPECT(n == 1000 || n == 1001);
	}
	close(stop[1]);
	waitpid(pid, NULL, 0);
	end();
}

static void test_events(void)
{
	struct broker_admin *events;
	struct broker_session *session;
	struct broker_object *object;
	int command, consumer;
	struct pollfd pfd;

	begin();
	events = new_admin();
	EXPECT_EQ(broker_admin_subscribe(events, "none"), -ENOENT);
	EXPECT_EQ(broker_admin_subscribe(events, "topology"), 0);
	EXPECT_EQ(broker_admin_subscribe(events, "consumers"), 0);
	EXPECT_EQ(broker_admin_event(events, 0, &command, &object), -ETIMEDOUT);
	EXPECT_EQ(broker_admin_event(events, 50, &command, &object), -ETIMEDOUT);

	new_queue("q", "max-messages", "5", NULL);
	pfd = (struct pollfd) { .fd = broker_admin_fd(events), .events = POLLIN };
	EXPECT_EQ(poll(&pfd, 1, 10000), 1);
	MUST(broker_admin_event(events, 10000, &command, &object));
	EXPECT_EQ(command, BROKER_CMD_QUEUE_NTF);
	EXPECT(!strcmp(broker_object_string(object, "name"), "q"));
	EXPECT_EQ(broker_object_number(object, "max-messages"), 5);
	broker_object_free(object);

	session = new_session();
	consumer = MUST(broker_session_consume(session, "q", 1, 0, 0, 0));
	MUST(broker_admin_event(events, 10000, &command, &object));
	EXPECT_EQ(command, BROKER_CMD_CONSUMER_NTF);
	EXPECT_EQ(broker_object_number(object, "id"), consumer);
	EXPECT_EQ(broker_object_number(object, "session"), broker_session_info(session)->session);
	broker_object_free(object);

	MUST(broker_session_cancel(session, consumer));
	MUST(broker_admin_event(events, 10000, &command, &object));
	EXPECT_EQ(command, BROKER_CMD_CONSUMER_DEL_NTF);
	EXPECT(!strcmp(broker_object_string(object, "cause"), "cancelled"));
	broker_object_free(object);

	MUST(request(admin, BROKER_CMD_QUEUE_DEL, NULL, "name", "q", NULL));
	MUST(broker_admin_event(events, 10000, &command, &object));
	EXPECT_EQ(command, BROKER_CMD_QUEUE_DEL_NTF);
	EXPECT(!strcmp(broker_object_string(object, "name"), "q"));
	broker_object_free(object);
	broker_session_close(session);
	broker_admin_close(events);
	end();
}

/* A reader that does not read is told that it missed some, and goes on. */
static void test_lost_events(void)
{
	struct broker_admin *events;
	struct broker_object *object;
	int err, command, received = 0, lost = 0;

	begin();
	events = new_admin();
	MUST(broker_admin_subscribe(events, "topology"));
	for (int i = 0; i < 1000; i++) {
		MUST(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", "q", NULL));
		MUST(request(admin, BROKER_CMD_QUEUE_DEL, NULL, "name", "q", NULL));
	}
	while ((err = broker_admin_event(events, 0, &command, &object)) != -ETIMEDOUT) {
		if (err == -ENOBUFS) {
			lost++;
			continue;
		}
		MUST(err);
		received++;
		broker_object_free(object);
	}
	EXPECT_EQ(lost, 1);
	EXPECT(received > 0 && received < 2000);
	new_queue("last", NULL);
	MUST(broker_admin_event(events, 10000, &command, &object));
	EXPECT(!strcmp(broker_object_string(object, "name"), "last"));
	broker_object_free(object);
	broker_admin_close(events);
	end();
}

static int publish_numbered(struct broker_session *session, int64_t number)
{
	struct broker_message *message;
	int queues;

	if (broker_message_new(&message))
		return -ENOMEM;
	broker_message_set_string(message, BROKER_PROP_PRODUCER, "p");
	broker_message_set_int(message, BROKER_PROP_PRODUCER_SEQUENCE, number);
	queues = broker_session_publish(session, "", "q", message, 0, 0);
	broker_message_free(message);
	return queues;
}

static void test_producer_last(void)
{
	struct broker_session *session = NULL;
	uint64_t last = 1;

	begin();
	EXPECT_EQ(request(admin, BROKER_CMD_QUEUE_NEW, NULL, "name", "q", NULL), 0);
	EXPECT_EQ(broker_producer_last(admin, "q", "p", &last), 0);
	EXPECT_EQ(last, 0);
	EXPECT_EQ(broker_session_open(&session), 0);
	/* A duplicate is published as well as any. */
	EXPECT_EQ(publish_numbered(session, 5), 1);
	EXPECT_EQ(publish_numbered(session, 5), 1);
	EXPECT_EQ(broker_producer_last(admin, "q", "p", &last), 0);
	EXPECT_EQ(last, 5);
	EXPECT_EQ(broker_producer_last(admin, "none", "p", &last), -ENOENT);
	expect_error("queue");
	EXPECT_EQ(last, 5);
	broker_session_close(session);
	end();
}

static const struct tap_test tests[] = {
	TAP_TEST(errors),
	TAP_TEST(list_errors),
	TAP_TEST(round_trip),
	TAP_TEST(binding_headers),
	TAP_TEST(route),
	TAP_TEST(list_5000),
	TAP_TEST(list_while_changing),
	TAP_TEST(events),
	TAP_TEST(lost_events),
	TAP_TEST(producer_last),
};
TAP_MAIN(tests)
