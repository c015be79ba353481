// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "publish.h"
#include "receive.h"
#include "report.h"
#include "verbs.h"

/* The body, from --body, FILE or standard input; to be freed. */
static char *read_body(const struct args *args, size_t *length)
{
	const char *path = args_argument(args, 2), *text = args_text(args, OPT_BODY, NULL);
	int file = STDIN_FILENO;
	size_t room = 4096;
	char *body = memory(room);
	ssize_t bytes = 1;

	*length = 0;
	if (text) {
		free(body);
		*length = strlen(text);
		return text_copy(text);
	}
	if (path && strcmp(path, "-"))
		file = open(path, O_RDONLY | O_CLOEXEC);
	while (file >= 0 && bytes && *length <= BROKER_MAX_BODY) {
		if (*length == room)
			body = memory_resize(body, room *= 2);
		bytes = read(file, body + *length, room - *length);
		if (bytes < 0)
			break;
		*length += bytes;
	}
	if (file < 0 || bytes < 0) {
		failure(args, "%s: %s", path ? path : "standard input", strerror(errno));
		free(body);
		body = NULL;
	}
	if (file > STDIN_FILENO)
		close(file);
	return body;
}

static int tell_refusal(const struct args *args, int error)
{
	char *sentence = publish_reason(args, error);

	failure(args, "%s", sentence);
	free(sentence);
	publish_hint(args, error);
	return STATUS_FAILED;
}

/* Writes a reply out, or says why there is none. */
static int tell(const struct args *args, const struct broker_message *message)
{
	const struct broker_delivery *delivery = broker_message_delivery(message);
	char *cause;

	if (!(delivery->flags & BROKER_DELIVERY_F_UNANSWERED)) {
		message_print(args, message);
		return flush_output(args);
	}
	cause = message_cause(message);
	if (delivery->cause_pid)
		failure(args, "no reply: %s, pid %u", cause, delivery->cause_pid);
	else
		failure(args, "no reply: %s", cause);
	free(cause);
	return STATUS_FAILED;
}

static int gather(const struct args *args, struct broker_inbox *inbox, uint64_t left)
{
	uint64_t timeout = args_number(args, OPT_TIMEOUT, BROKER_TIMEOUT_FOREVER);
	int found, status = STATUS_OK;

	for (; left; left--) {
		found = broker_inbox_receive(inbox, BROKER_CONSUMER_REPLIES, 1, timeout);
		if (found == -ETIMEDOUT || found == -EAGAIN)
			return failure(args, "%llu replies did not come in time",
				       (unsigned long long)left);
		if (found < 0)
			return failure(args, "%s", strerror(-found));
		if (tell(args, broker_inbox_next(inbox)))
			status = STATUS_FAILED;
	}
	return status;
}

static int request(const struct args *args, struct broker_session *session,
		   struct broker_message *message, struct broker_inbox *inbox)
{
	uint64_t count;
	size_t length;
	char *body;
	int status, asked;

	status = message_set_options(args, message);
	if (status)
		return status;
	body = read_body(args, &length);
	if (!body)
		return STATUS_FAILED;
	broker_message_set_body(message, body, length);
	asked = broker_session_request(session, args_argument(args, 0), args_argument(args, 1),
				       message, 0, 0, 0);
	free(body);
	if (asked < 0)
		return tell_refusal(args, asked);
	count = args_number(args, OPT_COUNT, asked);
	return gather(args, inbox, count < (uint64_t)asked ? count : (uint64_t)asked);
}

int request_run(const struct args *args)
{
	struct broker_message *message = NULL;
	struct broker_inbox *inbox = NULL;
	struct broker_session *session;
	int status;

	status = open_session(args, &session);
	if (status)
		return status;
	if (broker_message_new(&message) || broker_inbox_new(&inbox, session, 0))
		status = failure(args, "out of memory");
	else
		status = request(args, session, message, inbox);
	broker_inbox_free(inbox);
	broker_message_free(message);
	broker_session_close(session);
	return status;
}
