// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * worker QUEUE [IDLE-SECONDS]: take jobs from a queue.
 *
 * A job is the name of a file; it is done when the file's size is printed.  If
 * the worker dies, its jobs go to another one at once, with the cause.
 */
#define _GNU_SOURCE
#include <broker.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECOND	1000000000ULL

/* What becomes of the message: done, to be tried again, or never to be tried again. */
static enum broker_opcode process(const struct broker_message *message)
{
	const struct broker_delivery *delivery = broker_message_delivery(message);
	char path[4096];
	struct stat st;
	size_t length;
	const void *body = broker_message_body(message, &length);

	if (!length || length >= sizeof(path))
		return BROKER_OP_REJECT;
	memcpy(path, body, length);
	path[length] = '\0';

	if (delivery->flags & BROKER_DELIVERY_F_REDELIVERED)
		printf("%s: try %u, was %s\n", path, delivery->acquired,
		       broker_cause_name(delivery->cause));
	if (!stat(path, &st)) {
		printf("%s: %lld bytes\n", path, (long long)st.st_size);
		return BROKER_OP_ACCEPT;
	}
	printf("%s: %s\n", path, strerror(errno));
	return delivery->failed < 2 ? BROKER_OP_FAIL : BROKER_OP_REJECT;
}

/* Settles all that was received in one call. */
static int settle(struct broker_batch *batch, struct broker_inbox *inbox)
{
	const struct broker_message *message;
	int err = 0;

	broker_batch_clear(batch);
	while (err >= 0 && (message = broker_inbox_next(inbox)))
		err = broker_batch_settle(batch, message, process(message), 0);
	fflush(stdout);
	return err < 0 ? err : broker_batch_submit(batch, 0, 0);
}

int main(int argc, char **argv)
{
	uint64_t idle = argc > 2 ? strtoull(argv[2], NULL, 10) * SECOND : BROKER_TIMEOUT_FOREVER;
	struct broker_session *session = NULL;
	struct broker_inbox *inbox = NULL;
	struct broker_batch *batch = NULL;
	int err;

	if (argc < 2) {
		fprintf(stderr, "usage: %s QUEUE [IDLE-SECONDS]\n", argv[0]);
		return 2;
	}

	err = broker_session_open(&session);
	if (!err)
		err = broker_inbox_new(&inbox, session, 0);
	if (!err)
		err = broker_batch_new(&batch, session);
	if (!err)
		err = broker_session_consume(session, argv[1], 16, 0, 0, 0);

	while (err >= 0) {
		err = broker_inbox_receive(inbox, 0, 16, idle);
		if (err > 0)
			err = settle(batch, inbox);
	}
	if (err != -ETIMEDOUT)
		fprintf(stderr, "worker: %s: %s\n", argv[1], strerror(-err));

	broker_batch_free(batch);
	broker_inbox_free(inbox);
	broker_session_close(session);
	return err != -ETIMEDOUT;
}
