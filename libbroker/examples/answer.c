// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * answer QUEUE [IDLE-SECONDS]: count the words of what ask sends.
 *
 * A reply and the acceptance of its request are one step: there is no request that
 * was accepted and not answered.  If this dies, who asked is told at once.
 */
#define _GNU_SOURCE
#include <broker.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND	1000000000ULL

static size_t count_words(const char *text, size_t length)
{
	size_t words = 0;

	for (size_t i = 0; i < length; i++)
		words += !isspace((unsigned char)text[i]) &&
			 (!i || isspace((unsigned char)text[i - 1]));
	return words;
}

static int answer(struct broker_session *session, const struct broker_message *request)
{
	struct broker_message *reply = NULL;
	const void *body;
	char text[64];
	size_t length;
	int err;

	/* Wherever it is: in the message, or in a file that came with it. */
	err = broker_message_map_body(request, &body, &length);
	if (!err)
		err = broker_message_new(&reply);
	if (!err) {
		snprintf(text, sizeof(text), "%zu words in %zu bytes", count_words(body, length),
			 length);
		err = broker_message_set_body(reply, text, strlen(text));
	}
	if (!err)
		err = broker_session_reply(session, request, reply);
	broker_message_free(reply);
	/* What asks for no reply is not for us; and who asked may have gone meanwhile. */
	if (err == -EDESTADDRREQ)
		err = broker_session_settle(session, request, BROKER_OP_REJECT);
	return err == -EPIPE ? 0 : err;
}

int main(int argc, char **argv)
{
	uint64_t idle = argc > 2 ? strtoull(argv[2], NULL, 10) * SECOND : BROKER_TIMEOUT_FOREVER;
	const struct broker_message *request;
	struct broker_session *session = NULL;
	struct broker_inbox *inbox = NULL;
	int err;

	if (argc < 2) {
		fprintf(stderr, "usage: %s QUEUE [IDLE-SECONDS]\n", argv[0]);
		return 2;
	}

	err = broker_session_open(&session);
	if (!err)
		err = broker_inbox_new(&inbox, session, 0);
	if (!err)
		err = broker_session_consume(session, argv[1], 1, 0, 0, 0);
	while (err >= 0) {
		err = broker_inbox_receive(inbox, 0, 1, idle);
		while (err >= 0 && (request = broker_inbox_next(inbox)))
			err = answer(session, request);
	}
	if (err != -ETIMEDOUT)
		fprintf(stderr, "answer: %s: %s\n", argv[1], strerror(-err));

	broker_inbox_free(inbox);
	broker_session_close(session);
	return err != -ETIMEDOUT;
}
