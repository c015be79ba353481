// SPDX-License-Identifier: GPL-2.0-or-later
/* drain: no more publishing, until all queues are empty. */
#include <stdlib.h>
#include <time.h>

#include "json.h"
#include "object.h"
#include "report.h"
#include "screen.h"
#include "verbs.h"

#define NSEC_PER_SEC	1000000000ULL
#define LOOK_AGAIN	(NSEC_PER_SEC / 5)
#define TELL_AGAIN	NSEC_PER_SEC

/* What is left */
struct left {
	uint64_t ready;
	uint64_t unacked;
	uint64_t sessions;
};

static int set_draining(const struct args *args, struct broker_admin *admin, const char *how)
{
	struct broker_object *request;
	int status, error;

	if (broker_object_new(&request, BROKER_OBJECT_BROKER))
		return failure(args, "out of memory");
	status = object_assign(args, request, "draining", how);
	if (!status) {
		error = broker_admin_call(admin, BROKER_CMD_BROKER_SET, request, NULL);
		if (error)
			status = failure_admin(args, admin, error, NULL);
	}
	broker_object_free(request);
	return status;
}

static int look(const struct args *args, struct broker_admin *admin, struct left *left)
{
	struct broker_object *status = NULL;
	int error = broker_admin_call(admin, BROKER_CMD_BROKER_GET, NULL, &status);

	if (error)
		return failure_admin(args, admin, error, NULL);
	*left = (struct left){ 0 };
	if (status) {
		left->ready = broker_object_number(status, "ready");
		left->unacked = broker_object_number(status, "unacked");
		left->sessions = broker_object_number(status, "sessions");
	}
	broker_object_free(status);
	return STATUS_OK;
}

static void tell(const struct args *args, const struct left *left)
{
	if (args->json) {
		json_print_line(json_checked(json_pack("{s:I, s:I, s:I}",
				"ready", (json_int_t)left->ready,
				"unacked", (json_int_t)left->unacked,
				"sessions", (json_int_t)left->sessions)));
	} else if (left->ready || left->unacked) {
		printf("%llu ready, %llu unacked\n", (unsigned long long)left->ready,
		       (unsigned long long)left->unacked);
	} else if (left->sessions) {
		printf("all queues are empty; open sessions: %llu\n",
		       (unsigned long long)left->sessions);
	} else {
		printf("all queues are empty, and no session is open\n");
	}
	fflush(stdout);
}

/* Tells what is left at once, then each second, and at the end. */
static int wait_empty(const struct args *args, struct broker_admin *admin)
{
	uint64_t timeout = args_number(args, OPT_DRAIN_TIMEOUT, BROKER_TIMEOUT_FOREVER);
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN };
	uint64_t begin = clock_now(), told = 0, now;
	struct left left;
	int status;

	for (;;) {
		status = look(args, admin, &left);
		if (status)
			return status;
		now = clock_now();
		if (!left.ready && !left.unacked) {
			tell(args, &left);
			return STATUS_OK;
		}
		if (!told || now - told >= TELL_AGAIN) {
			tell(args, &left);
			told = now;
		}
		if (now - begin >= timeout)
			break;
		nanosleep(&pause, NULL);
	}
	failure(args, "%llu messages are left",
		(unsigned long long)(left.ready + left.unacked));
	hint("brokerctl who tells who holds messages, brokerctl queue show where others are ready");
	return STATUS_FAILED;
}

int drain_run(const struct args *args)
{
	bool off = args_has(args, OPT_OFF);
	struct broker_admin *admin;
	int status;

	if (off && args_has(args, OPT_WAIT))
		return usage_error(args->command, "--off and --wait do not go together");
	if (args_has(args, OPT_DRAIN_TIMEOUT) && !args_has(args, OPT_WAIT))
		return usage_error(args->command, "--timeout goes with --wait");
	status = open_admin(args, &admin);
	if (status)
		return status;
	status = set_draining(args, admin, off ? "off" : "on");
	if (!status && args_has(args, OPT_WAIT))
		status = wait_empty(args, admin);
	broker_admin_close(admin);
	return status;
}
