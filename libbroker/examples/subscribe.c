// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * subscribe EXCHANGE PATTERN [COUNT]: print what is published to a topic.
 * The queue is the subscriber's own, and gone with it.
 */
#include <broker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One request with the attributes that @pairs name, two by two. */
static int request(struct broker_admin *admin, int command, enum broker_object_type type,
		   const char *const *pairs, struct broker_object **reply)
{
	struct broker_object *object;
	int err;

	err = broker_object_new(&object, type);
	if (err)
		return err;
	for (; !err && *pairs; pairs += 2)
		err = broker_object_set_string(object, pairs[0], pairs[1]);
	if (!err)
		err = broker_admin_call(admin, command, object, reply);
	broker_object_free(object);
	return err;
}

/* Makes a queue for this session alone, whose name the broker thinks of, and binds it. */
static int make_queue(struct broker_admin *admin, struct broker_session *session,
		      const char *exchange, const char *pattern, struct broker_object **queue)
{
	char number[24];
	const char *attributes[] = { "flags", "exclusive", "session", number, NULL };
	const char *binding[] = { "exchange", exchange, "key", pattern, "queue", NULL, NULL };
	int err;

	sprintf(number, "%llu", (unsigned long long)broker_session_info(session)->session);
	err = request(admin, BROKER_CMD_QUEUE_NEW, BROKER_OBJECT_QUEUE, attributes, queue);
	if (err)
		return err;
	binding[5] = broker_object_string(*queue, "name");
	return request(admin, BROKER_CMD_BINDING_NEW, BROKER_OBJECT_BINDING, binding, NULL);
}

static int print_messages(struct broker_session *session, const char *queue, unsigned long count)
{
	const struct broker_message *message;
	struct broker_inbox *inbox = NULL;
	const char *body;
	size_t length;
	int err;

	err = broker_inbox_new(&inbox, session, 0);
	if (!err)
		err = broker_session_consume(session, queue, 64, 0,
					     BROKER_CONSUME_F_AUTO_ACCEPT, 0);
	for (; err >= 0 && count; count--) {
		err = broker_inbox_receive(inbox, 0, 1, BROKER_TIMEOUT_FOREVER);
		if (err < 0)
			break;
		message = broker_inbox_next(inbox);
		body = broker_message_body(message, &length);
		printf("%s: %.*s\n", broker_message_key(message), (int)length, body);
		fflush(stdout);
	}
	broker_inbox_free(inbox);
	return err < 0 ? err : 0;
}

int main(int argc, char **argv)
{
	struct broker_session *session = NULL;
	struct broker_admin *admin = NULL;
	struct broker_object *queue = NULL;
	const char *why = "";
	int err;

	if (argc < 3) {
		fprintf(stderr, "usage: %s EXCHANGE PATTERN [COUNT]\n", argv[0]);
		return 2;
	}

	err = broker_session_open(&session);
	if (!err)
		err = broker_admin_open(&admin);
	if (!err) {
		err = make_queue(admin, session, argv[1], argv[2], &queue);
		why = broker_admin_error(admin);
	}
	if (!err)
		err = print_messages(session, broker_object_string(queue, "name"),
				     argc > 3 ? strtoul(argv[3], NULL, 10) : -1UL);
	if (err)
		fprintf(stderr, "subscribe: %s\n", *why ? why : strerror(-err));
	broker_object_free(queue);
	broker_admin_close(admin);
	broker_session_close(session);
	return err != 0;
}
