// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Subscriptions to an exchange: queues that nobody declares.
 *
 * Alone, a subscriber has an exclusive queue, which dies with its session.  A
 * group shares an auto-delete queue, which dies with the last consumer; its name
 * says whose group it is, so that members find it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* A group's queue may end between its making and its use; each time somebody had it. */
#define TRIES	16

/* What a subscription is, and how far it has come. */
struct subscription {
	struct broker_session *session;
	struct broker_admin *admin;
	const char *exchange;
	const char *pattern;
	const char *group;		/* NULL: alone */
	char queue[BROKER_MAX_NAME + 1];
	uint32_t consumer;
	uint32_t queue_id;
};

/* Appends @text, so that "/" in it is none; false: it is too long. */
static bool append(char *name, const char *text)
{
	size_t length = strlen(name);

	for (; *text && length + 3 < BROKER_MAX_NAME; text++) {
		if (*text == '/' || *text == '%')
			length += sprintf(name + length, "%%%02X", *text);
		else
			name[length++] = *text;
	}
	name[length] = '\0';
	return !*text;
}

static int name_group(struct subscription *s)
{
	sprintf(s->queue, "group/%u/", (unsigned int)geteuid());
	if (!append(s->queue, s->group))
		return -ENAMETOOLONG;
	strcat(s->queue, "/");
	if (!append(s->queue, s->exchange))
		return -ENAMETOOLONG;
	strcat(s->queue, "/");
	return append(s->queue, s->pattern) ? 0 : -ENAMETOOLONG;
}

static int new_queue(struct subscription *s)
{
	struct broker_object *request, *reply = NULL;
	int err;

	err = broker_object_new(&request, BROKER_OBJECT_QUEUE);
	if (err)
		return err;
	err = broker_object_set_number(request, "mode", 0700);
	if (!err)
		err = broker_object_set_string(request, "flags", s->group ? "auto-delete" :
					       "exclusive,auto-delete");
	if (!err && s->group)
		err = broker_object_set_string(request, "name", s->queue);
	if (!err && !s->group)
		err = broker_object_set_number(request, "session",
					       broker_session_info(s->session)->session);
	if (!err)
		err = broker_admin_call(s->admin, BROKER_CMD_QUEUE_NEW, request, &reply);
	if (!err && reply)
		snprintf(s->queue, sizeof(s->queue), "%s", broker_object_string(reply, "name"));
	broker_object_free(reply);
	broker_object_free(request);
	return err == -EEXIST && s->group ? 0 : err;
}

static int del_queue(struct subscription *s)
{
	struct broker_object *request;
	int err;

	err = broker_object_new(&request, BROKER_OBJECT_QUEUE);
	if (err)
		return err;
	err = broker_object_set_string(request, "name", s->queue);
	if (!err)
		err = broker_admin_call(s->admin, BROKER_CMD_QUEUE_DEL, request, NULL);
	broker_object_free(request);
	return err;
}

static int consume(struct subscription *s, uint32_t messages, uint64_t bytes, uint32_t flags,
		   uint64_t user_data)
{
	struct broker_consume arg = {
		.size = sizeof(arg),
		.flags = flags,
		.queue = (uintptr_t)s->queue,
		.queue_len = strlen(s->queue),
		.credit_messages = messages,
		.credit_bytes = messages && !bytes ? BROKER_DEFAULT_CREDIT_BYTES : bytes,
		.user_data = user_data,
	};
	int err;

	err = broker_session_ioctl(s->session, BROKER_IOC_CONSUME, &arg);
	if (err)
		return err;
	s->consumer = arg.consumer;
	s->queue_id = arg.queue_id;
	return 0;
}

/*
 * Anybody may have made a queue of that name: to bind one that another owns would
 * give him our messages.  That it is the one we consume from keeps it from being
 * deleted and made again.
 */
static int check_owner(struct subscription *s)
{
	struct broker_object *request, *reply = NULL;
	int err;

	err = broker_object_new(&request, BROKER_OBJECT_QUEUE);
	if (err)
		return err;
	err = broker_object_set_string(request, "name", s->queue);
	if (!err)
		err = broker_admin_call(s->admin, BROKER_CMD_QUEUE_GET, request, &reply);
	if (!err && broker_object_number(reply, "id") != s->queue_id)
		err = -ENOENT;
	if (!err && broker_object_number(reply, "uid") != geteuid())
		err = -EACCES;
	broker_object_free(reply);
	broker_object_free(request);
	return err;
}

static int bind_queue(struct subscription *s)
{
	struct broker_object *request;
	int err;

	err = broker_object_new(&request, BROKER_OBJECT_BINDING);
	if (err)
		return err;
	err = broker_object_set_string(request, "exchange", s->exchange);
	if (!err)
		err = broker_object_set_string(request, "queue", s->queue);
	if (!err)
		err = broker_object_set_string(request, "key", s->pattern);
	if (!err)
		err = broker_admin_call(s->admin, BROKER_CMD_BINDING_NEW, request, NULL);
	broker_object_free(request);
	/* By another member. */
	return err == -EEXIST && s->group ? 0 : err;
}

static int subscribe(struct subscription *s, uint32_t messages, uint64_t bytes, uint32_t flags,
		     uint64_t user_data)
{
	int err = -ENOENT;

	if (s->group) {
		err = name_group(s);
		if (err)
			return err;
	}
	err = -ENOENT;
	for (int i = 0; err == -ENOENT && i < TRIES; i++) {
		err = new_queue(s);
		if (err)
			return err;
		err = consume(s, messages, bytes, flags, user_data);
	}
	if (err) {
		if (!s->group)
			del_queue(s);
		return err;
	}
	/* From here on the queue is there as long as we are, and goes with us. */
	err = s->group ? check_owner(s) : 0;
	if (!err)
		err = bind_queue(s);
	if (err)
		broker_session_cancel(s->session, s->consumer);
	return err;
}

int broker_subscribe(struct broker_session *session, struct broker_admin *admin,
		     const char *exchange, const char *pattern, const char *group,
		     uint32_t messages, uint64_t bytes, uint32_t flags, uint64_t user_data)
{
	struct subscription s = {
		.session = session,
		.admin = admin,
		.exchange = exchange,
		.pattern = pattern,
		.group = group,
	};
	int err = 0;

	if (group && !*group)
		return -EINVAL;
	if (!admin)
		err = broker_admin_open(&s.admin);
	if (!err)
		err = subscribe(&s, messages, bytes, flags, user_data);
	if (!admin)
		broker_admin_close(s.admin);
	return err ? err : (int)s.consumer;
}
