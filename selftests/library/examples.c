// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The example programs, as they are, against the broker: what they print and
 * what they leave behind.  PROGRAMS is the folder they are in.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

/* Runs a command in the folder of the examples; what it prints goes to @output. */
static int run(const char *command, char *output, size_t size)
{
	char line[512];
	size_t length;
	FILE *pipe;

	snprintf(line, sizeof(line), "cd '%s' && exec 2>&1 && %s", getenv("PROGRAMS"), command);
	pipe = popen(line, "r");
	if (!pipe)
		must("popen", -errno);
	length = fread(output, 1, size - 1, pipe);
	output[length] = '\0';
	return WEXITSTATUS(pclose(pipe));
}

static void expect_run(const char *command, int status, const char *should)
{
	char output[4096];
	int is = run(command, output, sizeof(output));

	if (is != status || strcmp(output, should))
		tap_fail(__FILE__, __LINE__, "%s: status %d, not %d; output:\n%s# not:\n%s",
			 command, is, status, output, should);
}

static void test_publish(void)
{
	struct broker_session *session;
	const struct broker_message *message;
	struct broker_inbox *inbox;
	static const char *const lines[] = { "one", "", "three" };
	const void *value;
	size_t length;

	new_broker();
	new_queue("lines", NULL);
	expect_run("printf 'one\\n\\nthree' | ./publish '' lines", 0, "3 published\n");
	expect_run("printf 'x\\n' | ./publish broker.topic no.where", 1,
		   "publish: no queue is bound for 'no.where'\n0 published\n");
	expect_run("./publish one", 2, "usage: ./publish EXCHANGE KEY < LINES\n");

	session = new_session();
	MUST(broker_inbox_new(&inbox, session, 0));
	MUST(broker_session_consume(session, "lines", 3, 0, 0, 0));
	for (int i = 0; i < 3; i++) {
		MUST(broker_inbox_receive(inbox, 0, 1, GUARD));
		message = broker_inbox_next(inbox);
		EXPECT(body_is(message, lines[i]));
		MUST(broker_message_property(message, BROKER_PROP_CONTENT_TYPE, NULL, &value,
					     &length));
		EXPECT(length == 10 && !memcmp(value, "text/plain", 10));
	}
	broker_inbox_free(inbox);
	broker_session_close(session);
}

/* Jobs done, failed three times, and taken over from one that was killed. */
static void test_worker(void)
{
	struct broker_session *session;
	pid_t pid;

	new_broker();
	new_queue("jobs", NULL);
	session = new_session();
	MUST(publish_text(session, "jobs", "/proc/version"));
	pid = fork();
	if (!pid) {
		struct broker_session *own = new_session();
		struct broker_inbox *inbox;

		MUST(broker_inbox_new(&inbox, own, 0));
		MUST(broker_session_consume(own, "jobs", 1, 0, 0, 0));
		MUST(broker_inbox_receive(inbox, 0, 1, GUARD));
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
	MUST(publish_text(session, "jobs", "/no/such/file"));

	expect_run("./worker jobs 1", 0,
		   "/proc/version: try 2, was killed\n"
		   "/proc/version: 0 bytes\n"
		   "/no/such/file: No such file or directory\n"
		   "/no/such/file: try 2, was failed\n"
		   "/no/such/file: No such file or directory\n"
		   "/no/such/file: try 3, was failed\n"
		   "/no/such/file: No such file or directory\n");
	EXPECT_EQ(queue_number("jobs", "accepted"), 1);
	EXPECT_EQ(queue_number("jobs", "rejected"), 1);
	EXPECT_EQ(queue_number("jobs", "ready") + queue_number("jobs", "unacked"), 0);
	expect_run("./worker none 1", 1, "worker: none: No such file or directory\n");
	broker_session_close(session);
}

/* Consumes one message from "asked", and dies of it. */
static pid_t fork_victim(void)
{
	pid_t pid = fork();

	if (!pid) {
		struct broker_session *own = new_session();
		struct broker_inbox *inbox;

		MUST(broker_inbox_new(&inbox, own, 0));
		MUST(broker_session_consume(own, "asked", 1, 0, 0, 0));
		MUST(broker_inbox_receive(inbox, 0, 1, GUARD));
		kill(getpid(), SIGKILL);
	}
	while (!queue_number("asked", "consumers"))
		usleep(1000);
	return pid;
}

/* Questions of any size; and what becomes of those that nobody answers. */
static void test_ask(void)
{
	struct broker_session *session;
	pid_t pid;

	new_broker();
	new_queue("asked", NULL);
	expect_run("./ask asked /proc/self/comm", 1, "ask: asked: nobody answers there\n");
	expect_run("./ask asked /no/such/file", 1,
		   "ask: /no/such/file: No such file or directory\n");
	pid = fork_victim();
	expect_run("printf 'one two' >/tmp/words; ./ask asked /tmp/words", 1,
		   "ask: no answer: who had the request was killed\n");
	waitpid(pid, NULL, 0);

	/* What is no request is put aside, and holds nobody up. */
	session = new_session();
	MUST(queue_number("asked", "ready") == 0 ? publish_text(session, "asked", "x") : -EINVAL);
	expect_run("{ ./answer asked 2 & "
		   "while ./ask asked /tmp/words 2>&1 | grep nobody >/tmp/out; do "
		   "sleep 0.05; done; "
		   "./ask asked /tmp/words; "
		   "yes 'a word' | head -c 3000000 >/tmp/large; ./ask asked /tmp/large; wait; }",
		   0,
		   "2 words in 7 bytes\n857144 words in 3000000 bytes\n");
	EXPECT_EQ(queue_number("asked", "rejected"), 1);
	EXPECT_EQ(queue_number("asked", "ready") + queue_number("asked", "unacked"), 0);
	broker_session_close(session);
}

static void publish_number(struct broker_session *session, const char *key, const char *number)
{
	struct broker_message *message = new_message(number);

	MUST(broker_message_set_string(message, BROKER_PROP_GROUP_KEY, key));
	MUST(broker_session_publish(session, "", "numbers", message, 0, 0));
	broker_message_free(message);
}

/* The last number that came for a key is its total, though workers are killed. */
static void test_totals(void)
{
	struct broker_session *session;
	const struct broker_message *message;
	struct broker_inbox *inbox;
	int waited = 0;
	pid_t pid;

	new_broker();
	new_queue("numbers", "ordering", "on", NULL);
	new_queue("totals", NULL);
	session = new_session();
	for (int i = 0; i < 50; i++) {
		publish_number(session, "a", "1");
		publish_number(session, "b", "-20");
	}
	pid = fork();
	if (!pid) {
		if (chdir(getenv("PROGRAMS")))
			_exit(1);
		execl("./totals", "totals", "numbers", "totals", NULL);
		_exit(1);
	}
	while (queue_number("totals", "ready") < 20 && waited++ < 10000)
		usleep(1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	expect_run("./totals numbers totals 1", 0, "");
	publish_number(session, "a", "7");
	expect_run("./totals numbers totals 1", 0, "");

	MUST(broker_inbox_new(&inbox, session, 0));
	MUST(broker_session_consume(session, "totals", 200, 0, 0, 0));
	EXPECT_EQ(MUST(broker_inbox_receive(inbox, 0, 200, GUARD)), 101);
	for (int i = 0, a = 0, b = 0; (message = broker_inbox_next(inbox)); i++) {
		char text[32];
		size_t length;
		int is_a = *(const char *)broker_message_body(message, &length) == 'a';

		a += is_a ? i == 100 ? 7 : 1 : 0;
		b -= is_a ? 0 : 20;
		snprintf(text, sizeof(text), is_a ? "a: %d" : "b: %d", is_a ? a : b);
		EXPECT(body_is(message, text));
	}
	publish_number(session, "a", "1");
	expect_run("./totals numbers none 1", 1,
		   "totals: numbers: No such file or directory\n");
	broker_inbox_free(inbox);
	broker_session_close(session);
}

static int count(const struct broker_object *object, void *arg)
{
	(void)object;
	++*(unsigned int *)arg;
	return 0;
}

static unsigned int how_many(int command)
{
	struct broker_admin *admin = new_admin();
	unsigned int n = 0;

	MUST(broker_admin_list(admin, command, NULL, count, &n));
	broker_admin_close(admin);
	return n;
}

static void test_subscribe(void)
{
	struct broker_message *message = new_message("hot");
	struct broker_session *session;
	char output[256];
	FILE *pipe;
	int waited = 0;

	new_broker();
	session = new_session();
	if (chdir(getenv("PROGRAMS")))
		must("chdir", -errno);
	pipe = popen("./subscribe broker.topic 'weather.*' 2 2>/dev/null", "r");
	while (!how_many(BROKER_CMD_CONSUMER_GET) && waited++ < 1000)
		usleep(10000);

	EXPECT_EQ(broker_session_publish(session, "broker.topic", "weather.rome", message, 0, 0),
		  1);
	EXPECT_EQ(broker_session_publish(session, "broker.topic", "news.rome", message, 0, 0),
		  -EHOSTUNREACH);
	EXPECT_EQ(broker_session_publish(session, "broker.topic", "weather.oslo", message, 0, 0),
		  1);
	output[fread(output, 1, sizeof(output) - 1, pipe)] = '\0';
	EXPECT_EQ(pclose(pipe), 0);
	if (strcmp(output, "weather.rome: hot\nweather.oslo: hot\n"))
		tap_fail(__FILE__, __LINE__, "printed: %s", output);
	EXPECT_EQ(how_many(BROKER_CMD_QUEUE_GET), 0);
	EXPECT_EQ(how_many(BROKER_CMD_BINDING_GET), 0);
	expect_run("./subscribe none x 1 2>&1 | sed 's/:.*//'", 0, "subscribe\n");
	broker_message_free(message);
	broker_session_close(session);
}

static void test_admin(void)
{
	unsigned int exchanges;

	new_broker();
	new_queue("other", "mode", "600", NULL);
	exchanges = how_many(BROKER_CMD_EXCHANGE_GET);
	for (int i = 0; i < 2; i++)
		expect_run("./admin | sort", 0,
			   "QUEUE                   READY          MAX  OVERFLOW   MODE\n"
			   "example.invoices            0         1000  block      640\n"
			   "other                       0       100000  reject     600\n");
	EXPECT_EQ(how_many(BROKER_CMD_QUEUE_GET), 1);
	EXPECT_EQ(how_many(BROKER_CMD_BINDING_GET), 0);
	EXPECT_EQ(how_many(BROKER_CMD_EXCHANGE_GET), exchanges);
}

/* The program that libbroker(7) shows. */
static void test_manual(void)
{
	new_broker();
	expect_run("../manual | sed 's/[0-9]*$//'", 0, "hello from process \n");
	EXPECT_EQ(queue_number("greetings", "accepted"), 1);
	expect_run("../manual 2>&1 | tail -n 1", 0, "greetings: File exists\n");
}

static const struct tap_test tests[] = {
	TAP_TEST(publish),
	TAP_TEST(worker),
	TAP_TEST(ask),
	TAP_TEST(totals),
	TAP_TEST(subscribe),
	TAP_TEST(admin),
	TAP_TEST(manual),
};
TAP_MAIN(tests)
