// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <broker.h>

#include "topology.h"

/* Room in each queue: little, so that the publisher gets to feel a full queue. */
#define QUEUE_MESSAGES	"1000"

static struct broker_admin *admin;
static bool exchange_made;

/*
 * One request to the broker.  What follows are names and values of attributes,
 * ended by NULL.
 */
static int request(struct broker_object **reply, int command, enum broker_object_type type, ...)
{
	struct broker_object *object;
	const char *name;
	va_list attributes;
	int error;

	error = broker_object_new(&object, type);
	if (error)
		return error;
	va_start(attributes, type);
	while (!error && (name = va_arg(attributes, const char *)))
		error = broker_object_set_string(object, name, va_arg(attributes, const char *));
	va_end(attributes);
	if (!error)
		error = broker_admin_call(admin, command, object, reply);
	broker_object_free(object);
	return error;
}

static int complain(const char *what, const char *name, int error)
{
	const char *reason = admin ? broker_admin_error(admin) : "";

	warnx("cannot %s %s: %s", what, name, *reason ? reason : strerror(-error));
	if (error == -EEXIST)
		warnx("if it is left from a run that was killed, delete it with brokerctl");
	return -1;
}

static int make_queue(struct queue *queue)
{
	struct broker_object *reply = NULL;
	int error;

	error = request(&reply, BROKER_CMD_QUEUE_NEW, BROKER_OBJECT_QUEUE, "name", queue->name,
			"max-messages", QUEUE_MESSAGES, NULL);
	if (error)
		return complain("make queue", queue->name, error);
	queue->made = true;
	if (reply)
		queue->id = broker_object_number(reply, "id");
	broker_object_free(reply);

	error = request(NULL, BROKER_CMD_BINDING_NEW, BROKER_OBJECT_BINDING, "exchange", EXCHANGE,
			"queue", queue->name, "key", queue->pattern, NULL);
	if (error)
		return complain("bind queue", queue->name, error);
	return 0;
}

int topology_make(struct queue queues[], unsigned int count)
{
	int error;

	error = broker_admin_open(&admin);
	if (error == -ENOENT) {
		warnx("the module broker is not loaded");
		return -1;
	}
	if (error)
		return complain("reach", "the broker", error);

	error = request(NULL, BROKER_CMD_EXCHANGE_NEW, BROKER_OBJECT_EXCHANGE, "name", EXCHANGE,
			"type", "topic", NULL);
	if (error)
		return complain("make exchange", EXCHANGE, error);
	exchange_made = true;

	for (unsigned int i = 0; i < count; i++) {
		if (make_queue(&queues[i]) < 0)
			return -1;
	}
	return 0;
}

void topology_delete(struct queue queues[], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (queues[i].made)
			request(NULL, BROKER_CMD_QUEUE_DEL, BROKER_OBJECT_QUEUE, "name",
				queues[i].name, NULL);
		queues[i].made = false;
	}
	if (exchange_made)
		request(NULL, BROKER_CMD_EXCHANGE_DEL, BROKER_OBJECT_EXCHANGE, "name", EXCHANGE,
			NULL);
	exchange_made = false;
	admin = broker_admin_close(admin);
}

int topology_counts(const struct queue *queue, struct counts *counts)
{
	struct broker_object *reply = NULL;
	int error;

	error = request(&reply, BROKER_CMD_QUEUE_GET, BROKER_OBJECT_QUEUE, "name", queue->name,
			NULL);
	if (!error && !reply)
		error = -ENODATA;
	if (error)
		return complain("look at queue", queue->name, error);
	*counts = (struct counts){
		.enqueued = broker_object_number(reply, "enqueued"),
		.delivered = broker_object_number(reply, "delivered"),
		.redelivered = broker_object_number(reply, "redelivered"),
		.accepted = broker_object_number(reply, "accepted"),
		.left = broker_object_number(reply, "ready") +
			broker_object_number(reply, "unacked"),
	};
	broker_object_free(reply);
	return 0;
}
