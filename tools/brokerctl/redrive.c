// SPDX-License-Identifier: GPL-2.0-or-later
/* redrive: messages go back to where they died, at a pace. */
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "filter.h"
#include "json.h"
#include "move.h"
#include "object.h"
#include "report.h"
#include "verbs.h"

/* Requests in a second, where --rate bounds the messages. */
#define SLICES 10

struct redrive {
	const struct args *args;
	struct broker_admin *admin;
	uint64_t left;			/* of --count */
	uint64_t moved, skipped;
	int error;			/* why it stopped, as the kernel told */
	struct timespec begun;
};

/* How many may have gone by now. */
static uint64_t allowed(const struct redrive *redrive)
{
	uint64_t rate = args_number(redrive->args, OPT_RATE, 0);
	struct timespec now;
	double seconds;

	if (!rate)
		return UINT64_MAX;
	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = now.tv_sec - redrive->begun.tv_sec +
		  (now.tv_nsec - redrive->begun.tv_nsec) / 1e9;
	/* The first slice goes at once. */
	return rate * (seconds + 1.0 / SLICES) + 1;
}

/* The next slice of messages; 0: wait a little. */
static uint32_t slice(const struct redrive *redrive)
{
	uint64_t may = allowed(redrive);
	uint64_t count = may > redrive->moved ? may - redrive->moved : 0;

	if (count > redrive->left)
		count = redrive->left;
	return count < UINT32_MAX ? count : UINT32_MAX;
}

static void show_progress(const struct redrive *redrive)
{
	if (args_has(redrive->args, OPT_RATE) && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%llu ", (unsigned long long)redrive->moved);
}

/* Those that are in one state, which the request says; returns an exit status. */
static int run_state(struct redrive *redrive, struct broker_object *request)
{
	bool all = false;

	while (!all && redrive->left && !redrive->error) {
		uint32_t count = slice(redrive);
		struct broker_object *reply = NULL;
		const void *cursor;
		uint64_t moved;
		size_t length;
		int error;

		if (!count) {
			nanosleep(&(struct timespec){ .tv_nsec = 1000000000 / SLICES }, NULL);
			continue;
		}
		broker_object_set_number(request, "limit", count);
		error = broker_admin_call(redrive->admin, BROKER_CMD_QUEUE_MOVE, request, &reply);
		if (error)
			return failure_admin(redrive->args, redrive->admin, error, NULL);
		moved = broker_object_number(reply, "moved");
		redrive->moved += moved;
		redrive->left -= moved;
		redrive->skipped += broker_object_number(reply, "skipped");
		redrive->error = broker_object_number(reply, "error");
		cursor = broker_object_bytes(reply, "cursor", &length);
		if (cursor)
			broker_object_set_bytes(request, "cursor", cursor, length);
		all = moved < count;
		broker_object_free(reply);
		show_progress(redrive);
	}
	return STATUS_OK;
}

static int run(struct redrive *redrive, enum broker_message_state state)
{
	struct broker_object *request = object_request(redrive->args);
	int status;

	if (!request)
		return STATUS_FAILED;
	status = request_filter(redrive->args, request);
	broker_object_set_number(request, "state", state);
	if (!args_has(redrive->args, OPT_REDRIVE_TO))
		broker_object_set_number(request, "back", 1);
	if (args_has(redrive->args, OPT_DRY_RUN))
		broker_object_set_number(request, "dry-run", 1);
	if (!status)
		status = run_state(redrive, request);
	broker_object_free(request);
	return status;
}

static int tell(const struct redrive *redrive)
{
	const struct args *args = redrive->args;

	if (args_has(args, OPT_RATE) && isatty(STDERR_FILENO))
		fputs("\r", stderr);
	if (args->json) {
		json_t *json = json_checked(json_object());

		json_put(json, "queue", json_string(args_argument(args, 0)));
		json_put(json, "count", json_number(redrive->moved));
		json_put(json, "skipped", json_number(redrive->skipped));
		if (redrive->error)
			json_put(json, "stopped", json_string(move_error(redrive->error)));
		json_print(json);
	} else {
		printf("%llu\n", (unsigned long long)redrive->moved);
	}
	if (redrive->error)
		return failure(args, "it stopped: %s", move_error(redrive->error));
	if (redrive->skipped && !args->json)
		hint("%llu stay: they have no queue to go back to; --to names one",
		     (unsigned long long)redrive->skipped);
	return STATUS_OK;
}

int redrive_run(const struct args *args)
{
	struct redrive redrive = { .args = args, .left = args_number(args, OPT_LIMIT, UINT64_MAX) };
	int status;

	status = open_admin(args, &redrive.admin);
	if (status)
		return status;
	clock_gettime(CLOCK_MONOTONIC, &redrive.begun);
	if (args_has(args, OPT_STATE)) {
		status = run(&redrive, args_number(args, OPT_STATE, 0));
	} else {
		status = run(&redrive, BROKER_MESSAGE_QUARANTINED);
		if (!status && !redrive.error)
			status = run(&redrive, BROKER_MESSAGE_READY);
	}
	broker_admin_close(redrive.admin);
	return status ? status : tell(&redrive);
}
