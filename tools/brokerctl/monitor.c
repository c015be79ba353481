// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "object.h"
#include "report.h"
#include "units.h"
#include "verbs.h"
#include "wait.h"

static const struct event {
	int command;
	const char *name;
	const struct noun *noun;
} events[] = {
	{ BROKER_CMD_EXCHANGE_NTF, "exchange", &noun_exchange },
	{ BROKER_CMD_EXCHANGE_DEL_NTF, "exchange-del", &noun_exchange },
	{ BROKER_CMD_QUEUE_NTF, "queue", &noun_queue },
	{ BROKER_CMD_QUEUE_DEL_NTF, "queue-del", &noun_queue },
	{ BROKER_CMD_BINDING_NTF, "binding", &noun_binding },
	{ BROKER_CMD_BINDING_DEL_NTF, "binding-del", &noun_binding },
	{ BROKER_CMD_SCHEDULE_NTF, "schedule", &noun_schedule },
	{ BROKER_CMD_SCHEDULE_DEL_NTF, "schedule-del", &noun_schedule },
	{ BROKER_CMD_CONSUMER_NTF, "consumer", &noun_consumer },
	{ BROKER_CMD_CONSUMER_DEL_NTF, "consumer-del", &noun_consumer },
	{ BROKER_CMD_AUDIT_NTF, "audit", &noun_audit },
	{ BROKER_CMD_ADVISORY_NTF, "advisory", &noun_advisory },
};

static const struct event *event_find(int command)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		if (events[i].command == command)
			return &events[i];
	}
	return NULL;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void print_text(const struct event *event, const struct broker_object *object, uint64_t ns)
{
	char *time = format_time(ns);

	printf("%s %-12s", time, event->name);
	for (const char *const *setting = event->noun->settings; *setting; setting++) {
		char *text;

		if (!broker_object_has(object, *setting))
			continue;
		text = object_text(object, *setting);
		printf(" %s=%s", *setting, text);
		free(text);
	}
	putchar('\n');
	free(time);
}

static void print_json(const struct event *event, const struct broker_object *object, uint64_t ns)
{
	json_t *json = json_checked(json_object());

	json_put(json, "time_ns", json_number(ns));
	json_put(json, "event", json_string(event->name));
	json_put(json, event->noun->name, object_json(object));
	json_print_line(json);
}

static int print(const struct args *args, int command, const struct broker_object *object)
{
	const struct event *event = event_find(command);

	if (event && args->json)
		print_json(event, object, now());
	else if (event)
		print_text(event, object, now());
	if (!fflush(stdout))
		return STATUS_OK;
	return failure(args, "cannot write: %s", strerror(errno));
}

/* All events that are there by now: the library may hold more than the file shows. */
static int drain(const struct args *args, struct broker_admin *admin, uint64_t *left)
{
	struct broker_object *object;
	int status = STATUS_OK, command, error;

	while (*left && !status) {
		error = broker_admin_event(admin, 0, &command, &object);
		if (error == -ETIMEDOUT || error == -EAGAIN || error == -EINTR)
			break;
		if (error == -ENOBUFS) {
			failure(args, "events were lost: they came faster than they were read");
			continue;
		}
		if (error)
			return failure_admin(args, admin, error, NULL);
		status = print(args, command, object);
		broker_object_free(object);
		--*left;
	}
	return status;
}

static int watch(const struct args *args, struct broker_admin *admin)
{
	uint64_t timeout = args_number(args, OPT_TIMEOUT, BROKER_TIMEOUT_FOREVER);
	uint64_t left = args_number(args, OPT_COUNT, UINT64_MAX);
	int status = STATUS_OK;

	while (left && !status) {
		switch (wait_readable(broker_admin_fd(admin), timeout)) {
		case WAIT_READY:
			status = drain(args, admin, &left);
			break;
		case WAIT_TIMEOUT:
			if (!args_has(args, OPT_COUNT))
				return STATUS_OK;
			return failure(args, "not so many events in time");
		case WAIT_STOP:
			return STATUS_OK;
		case WAIT_ERROR:
			return failure(args, "cannot wait: %s", strerror(errno));
		}
	}
	return status;
}

static int subscribe(const struct args *args, struct broker_admin *admin)
{
	int error;

	if (args_has(args, OPT_AUDIT))
		return broker_admin_subscribe(admin, "audit");
	error = broker_admin_subscribe(admin, "topology");
	if (!error)
		error = broker_admin_subscribe(admin, "consumers");
	if (!error)
		error = broker_admin_subscribe(admin, "alarms");
	/* Who consumes is for administrators; the rest is for all. */
	return error == -EPERM ? 0 : error;
}

int monitor_run(const struct args *args)
{
	struct broker_admin *admin;
	int status, error;

	status = open_admin(args, &admin);
	if (status)
		return status;
	wait_prepare();
	error = subscribe(args, admin);
	status = error ? failure_admin(args, admin, error, NULL) : watch(args, admin);
	broker_admin_close(admin);
	return status;
}
