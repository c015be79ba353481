// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <errno.h>
#include <string.h>
#include <broker.h>

#include "input.h"
#include "publisher.h"

static struct broker_session *session;
static struct broker_message *message;
static struct broker_batch *batch;

int publisher_open(void)
{
	int error = broker_session_open(&session);

	if (!error)
		error = broker_message_new(&message);
	if (!error)
		error = broker_batch_new(&batch, session);
	if (error) {
		warnx("cannot open a session: %s", strerror(-error));
		return -1;
	}
	return 0;
}

void publisher_close(void)
{
	batch = broker_batch_free(batch);
	message = broker_message_free(message);
	session = broker_session_close(session);
}

int publisher_fd(void)
{
	return broker_session_fd(session);
}

static int complain(int error)
{
	warnx("cannot publish: %s", strerror(-error));
	return -1;
}

/* The broker says of each message what each queue did with it. */
static void count_confirms(struct queue queues[], unsigned int nr_queues)
{
	unsigned int count;
	const struct broker_confirm *confirms = broker_batch_confirms(batch, &count);

	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int q = 0; q < nr_queues; q++) {
			if (confirms[i].queue == queues[q].id && !confirms[i].error)
				queues[q].published++;
		}
	}
}

int publisher_send(const struct line lines[], unsigned int count, struct queue queues[],
		   unsigned int nr_queues)
{
	char key[INPUT_KEY_SIZE];
	int failed;

	broker_batch_clear(batch);
	for (unsigned int i = 0; i < count; i++) {
		int error;

		input_key(&lines[i], key);
		error = broker_message_set_body(message, lines[i].data, lines[i].length);
		if (!error)
			error = broker_batch_publish(batch, EXCHANGE, key, message, 0,
						     BROKER_CONFIRM_ENQUEUED, 0);
		if (error < 0)
			return complain(error);
	}

	/* STOP at a full queue, so that no line overtakes the one it refused. */
	failed = broker_batch_submit(batch, BROKER_SUBMIT_F_STOP, 0);
	if (failed < 0)
		return complain(failed);
	count_confirms(queues, nr_queues);

	for (unsigned int i = 0; i < count; i++) {
		const struct broker_result *result = broker_batch_result(batch, i);

		if (!result->error)
			continue;
		return result->error == -EAGAIN ? (int)i : complain(result->error);
	}
	return count;
}
