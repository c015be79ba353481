// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <broker.h>

#include "consumer.h"
#include "report.h"

#define HANDFUL		5
#define MOMENT_NS	300000000ULL	/* to wait for one more of a handful */

static volatile sig_atomic_t keep;

static void on_keep(int signal)
{
	(void)signal;
	keep = 1;
}

/* What a consumer's process works with. */
struct work {
	const struct consumer *consumer;
	int notes;			/* pipe to write them to */
	struct broker_session *session;
	struct broker_inbox *inbox;
	struct broker_batch *batch;
	uint32_t subscription;
};

static int complain(const struct work *work, const char *what, int error)
{
	warnx("%s cannot %s: %s", work->consumer->name, what, strerror(-error));
	return -1;
}

static int send_note(const struct work *work, unsigned int kept)
{
	struct note note = { .pid = getpid(), .kept = kept };

	if (write(work->notes, &note, sizeof(note)) != sizeof(note))
		return complain(work, "write a note", -errno);
	return 0;
}

/*
 * Holds what was received, and more until it is a handful, says so and waits to
 * be killed.
 */
static int hold(const struct work *work, unsigned int held)
{
	int error;

	/* The consumer with the most free credit is served first: be that one. */
	error = broker_session_credit(work->session, work->subscription,
				      2 * work->consumer->credit, HANDFUL * BROKER_MAX_BODY);
	if (error)
		return complain(work, "raise its credit", error);

	while (held < HANDFUL) {
		int count = broker_inbox_receive(work->inbox, 0, HANDFUL - held, MOMENT_NS);

		if (count == -ETIMEDOUT)	/* there may be no more */
			break;
		if (count == -EINTR)
			continue;
		if (count < 0)
			return complain(work, "receive", count);
		held += count;
	}
	if (send_note(work, held) < 0)
		return -1;
	for (;;)
		pause();
}

/*
 * Accepts all messages of the inbox in one system call.  Only what the broker
 * has taken as settled is reported: the rest will be somebody else's.
 */
static int settle(const struct work *work)
{
	const struct broker_message *messages[BROKER_MAX_RECEIVE + 1];	/* and NULL */
	FILE *report = work->consumer->report;
	unsigned int count = 0;
	int failed;

	broker_batch_clear(work->batch);
	while ((messages[count] = broker_inbox_next(work->inbox))) {
		int index = broker_batch_settle(work->batch, messages[count], BROKER_OP_ACCEPT, 0);

		if (index < 0)
			return complain(work, "settle", index);
		count++;
	}

	failed = broker_batch_submit(work->batch, 0, 0);
	if (failed < 0)
		return complain(work, "settle", failed);

	for (unsigned int i = 0; i < count; i++) {
		const struct broker_result *result = broker_batch_result(work->batch, i);

		if (result->error)
			complain(work, "settle a message", result->error);
		else if (report_add(report, messages[i]) < 0)
			return complain(work, "write its report", -errno);
	}
	if (fflush(report))
		return complain(work, "write its report", -errno);
	return failed ? -1 : 0;
}

static int consume(const struct work *work)
{
	for (;;) {
		int count = broker_inbox_receive(work->inbox, 0, work->consumer->at_once,
						 BROKER_TIMEOUT_FOREVER);

		if (count == -EINTR)
			continue;
		if (count == -EIDRM)	/* the queue is gone: all is done */
			return 0;
		if (count < 0)
			return complain(work, "receive", count);
		if (keep)
			return hold(work, count);
		if (settle(work) < 0)
			return -1;
	}
}

/* The session is opened here, behind the fork: it is this process's own. */
static int subscribe(struct work *work)
{
	int result = broker_session_open(&work->session);

	if (!result)
		result = broker_inbox_new(&work->inbox, work->session, 0);
	if (!result)
		result = broker_batch_new(&work->batch, work->session);
	if (!result)
		result = broker_session_consume(work->session, work->consumer->queue,
						work->consumer->credit, 0, 0, 0);
	if (result < 0)
		return complain(work, "subscribe", result);
	work->subscription = result;
	return 0;
}

static int run(const struct consumer *consumer, int notes)
{
	struct sigaction action = { .sa_handler = on_keep };
	struct work work = { .consumer = consumer, .notes = notes };
	int result = -1;

	sigaction(CONSUMER_KEEP, &action, NULL);
	if (subscribe(&work) == 0 && send_note(&work, 0) == 0)
		result = consume(&work);

	broker_batch_free(work.batch);
	broker_inbox_free(work.inbox);
	broker_session_close(work.session);
	return result;
}

int consumer_start(struct consumer *consumer, int notes)
{
	pid_t parent = getpid();

	consumer->report = tmpfile();
	if (!consumer->report) {
		warn("cannot make a temporary file");
		return -1;
	}
	consumer->pid = fork();
	if (consumer->pid < 0) {
		consumer->pid = 0;
		warn("cannot start %s", consumer->name);
		return -1;
	}
	if (consumer->pid == 0) {
		/* Never outlive the demo, however it ends. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_FAILURE);
		_exit(run(consumer, notes) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	return 0;
}
