// SPDX-License-Identifier: GPL-2.0-or-later
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static void test_info(void)
{
	struct broker_session *session, *other;
	const struct broker_info *info;

	new_broker();
	session = new_session();
	other = new_session();
	info = broker_session_info(session);
	EXPECT_EQ(info->abi_version, BROKER_ABI_VERSION);
	EXPECT_EQ(info->max_ops, BROKER_MAX_OPS);
	EXPECT_EQ(info->max_body, BROKER_MAX_BODY);
	EXPECT_EQ(info->max_props, BROKER_MAX_PROPS);
	EXPECT(info->session != broker_session_info(other)->session);
	EXPECT(!broker_session_close(session));
	broker_session_close(other);
	EXPECT(!broker_session_close(NULL));
}

static void test_publish_errors(void)
{
	struct broker_message *message = new_message("x");
	struct broker_session *session;
	char key[257];

	new_broker();
	session = new_session();
	new_queue("small", "max-messages", "1", NULL);
	memset(key, 'k', 256);
	key[256] = '\0';

	EXPECT_EQ(broker_session_publish(session, "none", "k", message, 0, 0), -ENOENT);
	EXPECT_EQ(broker_session_publish(session, "", "none", message, 0, 0), -ENOENT);
	EXPECT_EQ(broker_session_publish(session, "broker.topic", "k", message, 0, 0),
		  -EHOSTUNREACH);
	EXPECT_EQ(broker_session_publish(session, "broker.topic", "k", message,
					 BROKER_PUBLISH_F_OPTIONAL, 0), 0);
	EXPECT_EQ(broker_session_publish(session, "", key, message, 0, 0), -ENAMETOOLONG);
	EXPECT_EQ(broker_session_publish(session, key, "", message, 0, 0), -ENAMETOOLONG);
	EXPECT_EQ(broker_session_publish(session, "", "\xff", message, 0, 0), -EILSEQ);
	EXPECT_EQ(broker_session_publish(session, "", "small", message, 1 << 16, 0), -EOPNOTSUPP);
	EXPECT_EQ(broker_session_publish(session, "", "small", message, 1 << 15, 0), -EOPNOTSUPP);
	EXPECT_EQ(broker_session_publish(session, "", "small", message, 0, 0), 1);
	EXPECT_EQ(broker_session_publish(session, "", "small", message, 0, 0), -EAGAIN);
	EXPECT_EQ(queue_number("small", "ready"), 1);
	broker_message_free(message);
	broker_session_close(session);
}

static void test_consume_errors(void)
{
	struct broker_session *session;
	int consumer;

	new_broker();
	session = new_session();
	new_queue("q", NULL);
	EXPECT_EQ(broker_session_consume(session, "none", 1, 0, 0, 0), -ENOENT);
	EXPECT_EQ(broker_session_consume(session, "q", 1, 0, 1U << 31, 0), -EOPNOTSUPP);
	consumer = broker_session_consume(session, "q", 1, 0, 0, 0);
	EXPECT(consumer > 0);
	EXPECT_EQ(broker_session_credit(session, consumer + 1, 1, 0), -ENOENT);
	EXPECT_EQ(broker_session_credit(session, consumer, 2, 0), 0);
	EXPECT_EQ(broker_session_cancel(session, consumer), 0);
	EXPECT_EQ(broker_session_cancel(session, consumer), -ENOENT);
	broker_session_close(session);
}

static void test_settle(void)
{
	const struct broker_message *message;
	struct broker_message *own = new_message("own");
	struct broker_session *session;
	struct broker_inbox *inbox;
	static const struct {
		enum broker_opcode outcome;
		const char *count;
		int ready;
	} outcomes[] = {
		{ BROKER_OP_RELEASE, "released", 1 },
		{ BROKER_OP_FAIL, "failed", 1 },
		{ BROKER_OP_ACCEPT, "accepted", 0 },
		{ BROKER_OP_REJECT, "rejected", 0 },
	};
	int consumer;

	new_broker();
	session = new_session();
	new_queue("q", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	consumer = MUST(broker_session_consume(session, "q", 0, 0, 0, 0));

	for (unsigned int i = 0; i < 4; i++) {
		if (!queue_number("q", "ready"))
			MUST(publish_text(session, "q", "x"));
		EXPECT_EQ(broker_inbox_receive(inbox, consumer, 1, GUARD), 1);
		message = broker_inbox_next(inbox);
		EXPECT_EQ(broker_session_settle(session, message, BROKER_OP_PUBLISH), -EINVAL);
		EXPECT_EQ(broker_session_settle(session, message, BROKER_OP_CREDIT), -EINVAL);
		EXPECT_EQ(broker_session_settle_timed(session, message, BROKER_OP_ACCEPT, 1),
			  -EINVAL);
		EXPECT_EQ(broker_session_settle_timed(session, message, BROKER_OP_EXTEND, 5000), 0);
		EXPECT_EQ(broker_session_settle(session, message, outcomes[i].outcome), 0);
		EXPECT_EQ(broker_session_settle(session, message, outcomes[i].outcome), -ESTALE);
		EXPECT_EQ(queue_number("q", outcomes[i].count), 1);
		EXPECT_EQ(queue_number("q", "ready"), outcomes[i].ready);
	}

	MUST(publish_text(session, "q", "x"));
	EXPECT_EQ(broker_inbox_receive(inbox, consumer, 1, GUARD), 1);
	message = broker_inbox_next(inbox);
	EXPECT_EQ(broker_session_settle_timed(session, message, BROKER_OP_DELAY, 1 << 30), 0);
	EXPECT_EQ(queue_number("q", "waiting"), 1);
	EXPECT_EQ(broker_session_settle(session, own, BROKER_OP_ACCEPT), -EINVAL);
	MUST(publish_text(session, "q", "x"));
	EXPECT_EQ(broker_inbox_receive(inbox, consumer, 1, GUARD), 1);
	message = broker_inbox_next(inbox);
	MUST(broker_session_cancel(session, consumer));
	EXPECT_EQ(broker_session_settle(session, message, BROKER_OP_ACCEPT), -ENOENT);
	broker_message_free(own);
	broker_inbox_free(inbox);
	broker_session_close(session);
}

static void test_poll(void)
{
	struct broker_session *session;
	struct broker_inbox *inbox;
	struct pollfd pfd;

	new_broker();
	session = new_session();
	new_queue("q", "max-messages", "1", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	MUST(broker_session_consume(session, "q", 1, 0, 0, 0));
	pfd = (struct pollfd) { .fd = broker_session_fd(session), .events = POLLIN | POLLOUT };

	EXPECT_EQ(poll(&pfd, 1, 0), 1);
	EXPECT_EQ(pfd.revents, POLLOUT);
	MUST(publish_text(session, "q", "x"));
	EXPECT_EQ(publish_text(session, "q", "y"), -EAGAIN);
	EXPECT_EQ(poll(&pfd, 1, 10000), 1);
	EXPECT_EQ(pfd.revents, POLLIN);
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 1, 0), 1);
	EXPECT_EQ(poll(&pfd, 1, 0), 0);
	MUST(broker_session_settle(session, broker_inbox_next(inbox), BROKER_OP_ACCEPT));
	EXPECT_EQ(poll(&pfd, 1, 10000), 1);
	EXPECT_EQ(pfd.revents, POLLOUT);
	broker_inbox_free(inbox);
	broker_session_close(session);
}

static void ignore(int signal)
{
	(void)signal;
}

/* A signal ends a wait, and the library does not begin it again. */
static void test_signal(void)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } }, never = { 0 };
	struct broker_session *session;
	struct broker_inbox *inbox;
	struct broker_message *message = new_message("x");

	new_broker();
	session = new_session();
	new_queue("q", "max-messages", "1", "overflow", "block", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	MUST(broker_session_consume(session, "q", 1, 0, 0, 0));

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 1, GUARD), -EINTR);
	MUST(publish_text(session, "q", "x"));
	EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, GUARD), -EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_EQ(broker_session_publish(session, "", "q", message, 0, SECOND / 100), -ETIMEDOUT);
	EXPECT_EQ(queue_number("q", "ready") + queue_number("q", "unacked"), 1);
	broker_message_free(message);
	broker_inbox_free(inbox);
	broker_session_close(session);
}

#define THREADS		4
#define EACH		250

struct worker {
	struct broker_session *session;
	uint64_t seen[THREADS * EACH / 64 + 1];
	unsigned int settled;
	int err;
};

static void *publish_each(void *arg)
{
	struct broker_session *session = *(struct broker_session **)arg;
	char text[16];
	long err = 0;

	for (int i = 0; i < EACH && err >= 0; i++) {
		snprintf(text, sizeof(text), "%d", i);
		err = publish_text(session, "q", text);
	}
	return (void *)(err < 0 ? err : 0);
}

static void *settle_each(void *arg)
{
	struct worker *worker = arg;
	const struct broker_message *message;
	struct broker_inbox *inbox;
	int err;

	err = broker_inbox_new(&inbox, worker->session, 0);
	while (err >= 0) {
		err = broker_inbox_receive(inbox, 0, 7, SECOND);
		while (err > 0 && (message = broker_inbox_next(inbox))) {
			uint64_t sequence = broker_message_delivery(message)->sequence - 1;

			if (sequence < THREADS * EACH)
				worker->seen[sequence / 64] |= 1ULL << sequence % 64;
			worker->settled++;
			err = broker_session_settle(worker->session, message, BROKER_OP_ACCEPT);
			if (!err)
				err = 1;
		}
	}
	broker_inbox_free(inbox);
	worker->err = err;
	return NULL;
}

/* Four threads publish and four receive and settle, all through one session. */
static void test_threads(void)
{
	pthread_t publishers[THREADS], workers[THREADS];
	struct worker worker[THREADS] = { 0 };
	struct broker_session *session;
	unsigned int settled = 0;
	uint64_t seen = 0;
	void *err;

	new_broker();
	session = new_session();
	new_queue("q", NULL);
	MUST(broker_session_consume(session, "q", 64, 0, 0, 0));

	for (int i = 0; i < THREADS; i++) {
		worker[i].session = session;
		pthread_create(&workers[i], NULL, settle_each, &worker[i]);
		pthread_create(&publishers[i], NULL, publish_each, &session);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(publishers[i], &err);
		EXPECT_EQ((long)err, 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i], NULL);
		EXPECT_EQ(worker[i].err, -ETIMEDOUT);
		settled += worker[i].settled;
	}
	for (int i = 0; i < THREADS * EACH; i++) {
		for (int j = 0; j < THREADS; j++)
			seen += worker[j].seen[i / 64] >> i % 64 & 1;
	}
	EXPECT_EQ(settled, THREADS * EACH);
	EXPECT_EQ(seen, THREADS * EACH);
	EXPECT_EQ(queue_number("q", "accepted"), THREADS * EACH);
	EXPECT_EQ(queue_number("q", "ready") + queue_number("q", "unacked"), 0);
	broker_session_close(session);
}

/* Two wills, of which one is disarmed: the other is received, and can be copied and sent on. */
static void test_will(void)
{
	struct broker_message *message = new_message("adieu"), *copy;
	const struct broker_message *received;
	struct broker_session *session;
	struct broker_inbox *inbox;
	size_t length, name_length;
	const void *value;
	const char *name;
	pid_t pid;

	new_broker();
	session = new_session();
	new_queue("q", NULL);
	MUST(broker_inbox_new(&inbox, session, 0));
	MUST(broker_session_consume(session, "q", 1, 0, 0, 0));
	EXPECT_EQ(broker_session_will(session, "", "none", message, 0, 1), -ENOENT);
	EXPECT_EQ(broker_session_disarm(session, 1), -ENOENT);

	pid = fork();
	if (!pid) {
		struct broker_session *own = new_session();

		if (broker_session_will(session, "", "q", message, 0, 1) != -EPERM)
			_exit(1);
		MUST(broker_session_will(own, "", "q", message, 0, 1));
		MUST(broker_session_will(own, "", "q", message, 0, 2));
		MUST(broker_session_disarm(own, 1));
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
	EXPECT_EQ(broker_inbox_receive(inbox, 0, 2, GUARD), 1);
	received = broker_inbox_next(inbox);
	EXPECT(body_is(received, "adieu"));
	EXPECT_EQ(broker_message_delivery(received)->origin.pid, pid);
	MUST(broker_message_header(received, 0, &name, &name_length, NULL, &value, &length));
	EXPECT(name_length == 12 && !memcmp(name, "broker.cause", 12));
	EXPECT(length == 6 && !memcmp(value, "killed", 6));

	/* Of the copy it is not true. */
	MUST(broker_message_copy(&copy, received));
	EXPECT_EQ(broker_message_header(copy, 0, &name, &name_length, NULL, &value, &length),
		  -ENOENT);
	EXPECT_EQ(broker_session_publish(session, "", "q", copy, 0, 0), 1);
	broker_message_free(copy);
	broker_message_free(message);
	broker_inbox_free(inbox);
	broker_session_close(session);
}

static void test_subscribe(void)
{
	struct broker_session *one, *two;
	struct broker_message *message;
	struct broker_inbox *inbox;
	int a, b;

	new_broker();
	one = new_session();
	two = new_session();
	message = new_message("m");
	MUST(broker_inbox_new(&inbox, one, 0));
	a = broker_subscribe(one, NULL, "broker.topic", "k.*", NULL, 10, 0, 0, 42);
	EXPECT(a > 0);
	EXPECT_EQ(broker_session_publish(two, "broker.topic", "k.1", message, 0, 0), 1);
	EXPECT_EQ(broker_inbox_receive(inbox, a, 1, GUARD), 1);
	EXPECT_EQ(broker_message_user_data(broker_inbox_next(inbox)), 42);

	/* Two of one group, in one session and in another; cancelled, all is gone. */
	b = broker_subscribe(one, NULL, "broker.topic", "k.*", "g/%", 10, 0, 0, 0);
	EXPECT(b > 0);
	EXPECT(broker_subscribe(two, NULL, "broker.topic", "k.*", "g/%", 10, 0, 0, 0) > 0);
	EXPECT_EQ(broker_session_publish(two, "broker.topic", "k.2", message, 0, 0), 2);
	MUST(broker_session_cancel(one, a));
	EXPECT_EQ(broker_session_publish(two, "broker.topic", "k.3", message, 0, 0), 1);
	MUST(broker_session_cancel(one, b));
	EXPECT_EQ(broker_session_publish(two, "broker.topic", "k.4", message, 0, 0), 1);
	broker_session_close(two);
	EXPECT_EQ(broker_session_publish(one, "broker.topic", "k.5", message, 0, 0), -EHOSTUNREACH);

	EXPECT_EQ(broker_subscribe(one, NULL, "none", "k", NULL, 1, 0, 0, 0), -ENOENT);
	EXPECT_EQ(broker_subscribe(one, NULL, "none", "k", "g", 1, 0, 0, 0), -ENOENT);
	EXPECT_EQ(broker_subscribe(one, NULL, "broker.topic", "k", "", 1, 0, 0, 0), -EINVAL);
	broker_message_free(message);
	broker_inbox_free(inbox);
	broker_session_close(one);
}

static void test_publish_expected(void)
{
	struct broker_message *message;
	struct broker_session *own;
	struct broker_batch *batch;
	uint64_t sequence = 0;

	new_broker();
	own = new_session();
	message = new_message("m");
	new_queue("log", NULL);
	EXPECT_EQ(broker_session_publish_expected(own, "", "log", message, 0, 0, &sequence), 1);
	EXPECT_EQ(sequence, 1);
	MUST(publish_text(own, "log", "another"));
	EXPECT_EQ(broker_session_publish_expected(own, "", "log", message, 0, 0, &sequence),
		  -ESTALE);
	EXPECT_EQ(sequence, 2);
	EXPECT_EQ(broker_session_publish_expected(own, "", "log", message, 0, 0, &sequence), 1);
	EXPECT_EQ(sequence, 3);
	EXPECT_EQ(broker_session_publish_expected(own, "", "none", message, 0, 0, &sequence),
		  -ENOENT);
	EXPECT_EQ(sequence, 3);

	MUST(broker_batch_new(&batch, own));
	EXPECT_EQ(broker_batch_expect(batch, 3), -EINVAL);
	for (unsigned int i = 0; i < 2; i++) {
		MUST(broker_batch_publish(batch, "", "log", message, 0, 0, 0));
		EXPECT_EQ(broker_batch_expect(batch, 3), 0);
	}
	EXPECT_EQ(broker_batch_submit(batch, 0, 0), 1);
	EXPECT_EQ(broker_batch_result(batch, 0)->sequence, 4);
	EXPECT_EQ(broker_batch_result(batch, 1)->error, -ESTALE);
	EXPECT_EQ(broker_batch_result(batch, 1)->sequence, 4);
	broker_batch_free(batch);
	broker_message_free(message);
	broker_session_close(own);
}

static const struct tap_test tests[] = {
	TAP_TEST(subscribe),
	TAP_TEST(info),
	TAP_TEST(publish_errors),
	TAP_TEST(consume_errors),
	TAP_TEST(settle),
	TAP_TEST(poll),
	TAP_TEST(signal),
	TAP_TEST(threads),
	TAP_TEST(will),
	TAP_TEST(publish_expected),
};
TAP_MAIN(tests)
