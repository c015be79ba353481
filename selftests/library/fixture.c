// SPDX-License-Identifier: GPL-2.0-or-later
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"

int must(const char *what, int result)
{
	if (result < 0) {
		printf("Bail out! %s: %s\n", what, strerror(-result));
		exit(1);
	}
	return result;
}

void new_broker(void)
{
	must("new network namespace", unshare(CLONE_NEWNET) ? -errno : 0);
}

struct broker_session *new_session(void)
{
	struct broker_session *session;

	MUST(broker_session_open(&session));
	return session;
}

struct broker_admin *new_admin(void)
{
	struct broker_admin *admin;

	MUST(broker_admin_open(&admin));
	return admin;
}

static enum broker_object_type type_of(int command)
{
	switch (command) {
	case BROKER_CMD_BROKER_GET ... BROKER_CMD_BROKER_SET:
		return BROKER_OBJECT_BROKER;
	case BROKER_CMD_EXCHANGE_GET ... BROKER_CMD_EXCHANGE_DEL:
		return BROKER_OBJECT_EXCHANGE;
	case BROKER_CMD_BINDING_GET ... BROKER_CMD_BINDING_DEL:
		return BROKER_OBJECT_BINDING;
	default:
		return BROKER_OBJECT_QUEUE;
	}
}

static int request_list(struct broker_admin *admin, int command, struct broker_object **reply,
			const char *first, va_list args)
{
	struct broker_object *object;
	int err;

	MUST(broker_object_new(&object, type_of(command)));
	for (const char *name = first; name; name = va_arg(args, const char *))
		must(name, broker_object_set_string(object, name, va_arg(args, const char *)));
	err = broker_admin_call(admin, command, object, reply);
	broker_object_free(object);
	return err;
}

int request(struct broker_admin *admin, int command, struct broker_object **reply, ...)
{
	va_list args;
	int err;

	va_start(args, reply);
	err = request_list(admin, command, reply, va_arg(args, const char *), args);
	va_end(args);
	return err;
}

void new_queue(const char *name, ...)
{
	struct broker_admin *admin = new_admin();
	struct broker_object *queue;
	va_list args;

	MUST(broker_object_new(&queue, BROKER_OBJECT_QUEUE));
	MUST(broker_object_set_string(queue, "name", name));
	va_start(args, name);
	for (const char *at = va_arg(args, const char *); at; at = va_arg(args, const char *))
		must(at, broker_object_set_string(queue, at, va_arg(args, const char *)));
	va_end(args);
	must(name, broker_admin_call(admin, BROKER_CMD_QUEUE_NEW, queue, NULL));
	broker_object_free(queue);
	broker_admin_close(admin);
}

uint64_t queue_number(const char *name, const char *attribute)
{
	struct broker_admin *admin = new_admin();
	struct broker_object *queue;
	uint64_t number;

	must(name, request(admin, BROKER_CMD_QUEUE_GET, &queue, "name", name, NULL));
	number = broker_object_number(queue, attribute);
	broker_object_free(queue);
	broker_admin_close(admin);
	return number;
}

struct broker_message *new_message(const char *text)
{
	struct broker_message *message;

	MUST(broker_message_new(&message));
	MUST(broker_message_set_body(message, text, strlen(text)));
	return message;
}

int publish_text(struct broker_session *session, const char *queue, const char *text)
{
	struct broker_message *message = new_message(text);
	int err = broker_session_publish(session, "", queue, message, 0, 0);

	broker_message_free(message);
	return err;
}

bool body_is(const struct broker_message *message, const char *text)
{
	size_t length;
	const void *body = broker_message_body(message, &length);

	return length == strlen(text) && !memcmp(body, text, length);
}
