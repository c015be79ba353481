// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * publish EXCHANGE KEY: publish each line of the input as one message.
 *
 * A message is in all queues that match, or an error says why it is in none.
 */
#define _GNU_SOURCE
#include <broker.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND	1000000000ULL

/* Gives a queue that is full, and lets its publishers wait, ten seconds. */
static int publish_line(struct broker_session *session, const char *exchange, const char *key,
			struct broker_message *message, const char *line)
{
	int err;

	broker_message_clear(message);
	err = broker_message_set_body(message, line, strlen(line));
	if (!err)
		err = broker_message_set_string(message, BROKER_PROP_CONTENT_TYPE, "text/plain");
	if (!err)
		err = broker_message_add_header_string(message, "program", "publish");
	if (err)
		return err;
	return broker_session_publish(session, exchange, key, message, 0, 10 * SECOND);
}

int main(int argc, char **argv)
{
	struct broker_session *session = NULL;
	struct broker_message *message = NULL;
	unsigned int published = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: %s EXCHANGE KEY < LINES\n", argv[0]);
		return 2;
	}

	err = broker_session_open(&session);
	if (!err)
		err = broker_message_new(&message);
	if (err) {
		fprintf(stderr, "publish: cannot reach the broker: %s\n", strerror(-err));
		goto out;
	}

	while ((length = getline(&line, &room, stdin)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		err = publish_line(session, argv[1], argv[2], message, line);
		if (err == -EHOSTUNREACH)
			fprintf(stderr, "publish: no queue is bound for '%s'\n", argv[2]);
		else if (err < 0)
			fprintf(stderr, "publish: '%s': %s\n", line, strerror(-err));
		if (err < 0)
			break;
		published++;
	}
	printf("%u published\n", published);
out:
	free(line);
	broker_message_free(message);
	broker_session_close(session);
	return err < 0;
}
