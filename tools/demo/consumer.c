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

static int complain(const struct consumer *me, const char *what, int error)
{
	warnx("%s cannot %s: %s", me->name, what, strerror(-error));
	return -1;
}

static int send_note(const struct consumer *me, int notes, unsigned int kept)
{
	struct note note = { .pid = getpid(), .kept = kept };

	if (write(notes, &note, sizeof(note)) != sizeof(note))
		return complain(me, "write a note", -errno);
	return 0;
}

/*
 * Holds what was received, a handful if more is to be had, says so and waits to
 * be killed.
 */
static int hold(const struct consumer *me, int notes, struct broker_inbox *inbox,
		unsigned int held)
{
	while (held < HANDFUL) {
		int count = broker_inbox_receive(inbox, 0, HANDFUL - held, MOMENT_NS);

		if (count == -ETIMEDOUT)
			break;
		if (count < 0)
			return complain(me, "receive", count);
		held += count;
	}
	if (send_note(me, notes, held) < 0)
		return -1;
	for (;;)
		pause();
}

/*
 * Accepts all messages of an inbox in one system call.  Only what the broker
 * has taken as settled is reported: the rest will be somebody else's.
 */
static int settle(const struct consumer *me, struct broker_inbox *inbox,
		  struct broker_batch *batch)
{
	const struct broker_message *messages[BROKER_MAX_RECEIVE + 1];	/* and NULL */
	unsigned int count = 0;
	int failed;

	broker_batch_clear(batch);
	while ((messages[count] = broker_inbox_next(inbox))) {
		int index = broker_batch_settle(batch, messages[count], BROKER_OP_ACCEPT, 0);

		if (index < 0)
			return complain(me, "settle", index);
		count++;
	}

	failed = broker_batch_submit(batch, 0, 0);
	if (failed < 0)
		return complain(me, "settle", failed);

	for (unsigned int i = 0; i < count; i++) {
		const struct broker_result *result = broker_batch_result(batch, i);

		if (result->error)
			complain(me, "settle a message", result->error);
		else if (report_add(me->report, messages[i]) < 0)
			return complain(me, "write its report", -errno);
	}
	if (fflush(me->report))
		return complain(me, "write its report", -errno);
	return failed ? -1 : 0;
}

static int consume(const struct consumer *me, int notes, struct broker_inbox *inbox,
		   struct broker_batch *batch)
{
	for (;;) {
		int count = broker_inbox_receive(inbox, 0, me->at_once, BROKER_TIMEOUT_FOREVER);

		if (count == -EINTR)
			continue;
		if (count == -EIDRM)	/* the queue is gone: all is done */
			return 0;
		if (count < 0)
			return complain(me, "receive", count);
		if (keep)
			return hold(me, notes, inbox, count);
		if (settle(me, inbox, batch) < 0)
			return -1;
	}
}

static int run(const struct consumer *me, int notes)
{
	struct sigaction action = { .sa_handler = on_keep };
	struct broker_session *session = NULL;
	struct broker_inbox *inbox = NULL;
	struct broker_batch *batch = NULL;
	int error, result = -1;

	sigaction(CONSUMER_KEEP, &action, NULL);

	/* The session is opened here, after the fork: it is this process's own. */
	error = broker_session_open(&session);
	if (!error)
		error = broker_inbox_new(&inbox, session, 0);
	if (!error)
		error = broker_batch_new(&batch, session);
	if (!error)
		error = broker_session_consume(session, me->queue, me->credit, 0, 0, 0);
	if (error < 0)
		complain(me, "subscribe", error);
	else if (send_note(me, notes, 0) == 0)
		result = consume(me, notes, inbox, batch);

	broker_batch_free(batch);
	broker_inbox_free(inbox);
	broker_session_close(session);
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
