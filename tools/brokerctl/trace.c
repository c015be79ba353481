// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "object.h"
#include "report.h"
#include "verbs.h"
#include "wait.h"

struct trace {
	const struct args *args;
	struct broker_admin *admin;
	struct broker_session *session;
	uint64_t message;		/* its number; 0: not told yet */
	uint64_t began;			/* nanoseconds since 1970 */
	bool routed;
	unsigned int enqueued, gone;	/* times it came into a queue, and left one */
};

static const char *const details[] = {
	"exchange", "key", "queue", "queues", "sequence", "session", "consumer", "pid", "uid",
	"tag", "acquired", "reason", "cause", "code", "lost", NULL
};

static void print_text(const struct trace *trace, const struct broker_object *step)
{
	uint64_t ns = broker_object_number(step, "time") - trace->began;

	printf("%4llu.%06llu %-13s", (unsigned long long)(ns / 1000000000),
	       (unsigned long long)(ns / 1000 % 1000000), broker_object_string(step, "kind"));
	for (const char *const *detail = details; *detail; detail++) {
		char *text;

		if (!broker_object_has(step, *detail))
			continue;
		text = object_text(step, *detail);
		printf(" %s=%s", *detail, text);
		free(text);
	}
	putchar('\n');
}

static bool is(const struct broker_object *step, const char *kind)
{
	return !strcmp(broker_object_string(step, "kind"), kind);
}

/* Whether it took the message out of a queue */
static bool leaves(const struct broker_object *step)
{
	const char *how = broker_object_string(step, "reason");

	if (is(step, "settled"))
		return !strcmp(how, "accept") || !strcmp(how, "reject");
	return is(step, "dropped") || is(step, "expired") || is(step, "dead-lettered");
}

static int show(struct trace *trace, const struct broker_object *step)
{
	uint64_t message = broker_object_number(step, "message");
	const struct broker_info *info = broker_session_info(trace->session);

	/* Others may trace at the same time: ours is the one that this session published. */
	if (!trace->message && is(step, "published") &&
	    broker_object_number(step, "session") == info->session) {
		trace->message = message;
		trace->began = broker_object_number(step, "time");
	}
	if (message != trace->message)
		return STATUS_OK;
	trace->routed |= is(step, "routed");
	trace->enqueued += is(step, "enqueued");
	trace->gone += leaves(step);
	if (trace->args->json)
		json_print_line(object_json(step));
	else
		print_text(trace, step);
	if (!fflush(stdout))
		return STATUS_OK;
	return failure(trace->args, "cannot write: %s", strerror(errno));
}

static int drain(struct trace *trace)
{
	struct broker_object *step;
	int status = STATUS_OK, command, error;

	while (!status) {
		error = broker_admin_event(trace->admin, 0, &command, &step);
		if (error == -ETIMEDOUT || error == -EAGAIN || error == -EINTR)
			break;
		if (error)
			return failure_admin(trace->args, trace->admin, error, NULL);
		if (command == BROKER_CMD_STEP_NTF)
			status = show(trace, step);
		broker_object_free(step);
	}
	return status;
}

/* @queues: that took it */
static int follow(struct trace *trace, unsigned int queues)
{
	uint64_t timeout = args_number(trace->args, OPT_TIMEOUT, BROKER_TIMEOUT_FOREVER);
	int status = STATUS_OK;

	while (!status && (!trace->routed || trace->enqueued < queues ||
			   trace->gone < trace->enqueued)) {
		switch (wait_readable(broker_admin_fd(trace->admin), timeout)) {
		case WAIT_READY:
			status = drain(trace);
			break;
		case WAIT_TIMEOUT:
			return failure(trace->args, "it is still in %u queues",
				       trace->enqueued - trace->gone);
		case WAIT_STOP:
			return STATUS_OK;
		case WAIT_ERROR:
			return failure(trace->args, "cannot wait: %s", strerror(errno));
		}
	}
	return status;
}

static int refused(struct trace *trace, int error)
{
	/* Where it failed is what the steps up to there tell. */
	drain(trace);
	if (error == -EPERM)
		return failure(trace->args, "tracing needs CAP_NET_ADMIN");
	return failure(trace->args, "not published: %s", strerror(-error));
}

static int publish(struct trace *trace, struct broker_batch *batch, struct broker_message *message)
{
	uint32_t flags = BROKER_PUBLISH_F_TRACE |
			 (args_has(trace->args, OPT_OPTIONAL) ? BROKER_PUBLISH_F_OPTIONAL : 0);
	const char *body = args_text(trace->args, OPT_BODY, "");
	const struct broker_result *result;
	int error;

	error = message_set_options(trace->args, message);
	if (error)
		return error;
	broker_message_set_body(message, body, strlen(body));
	error = broker_batch_publish(batch, args_argument(trace->args, 0),
				     args_argument(trace->args, 1), message, flags,
				     BROKER_CONFIRM_ENQUEUED, 0);
	if (error >= 0)
		error = broker_batch_submit(batch, 0, 0);
	if (error < 0)
		return failure(trace->args, "%s", strerror(-error));
	result = broker_batch_result(batch, 0);
	return result->error ? refused(trace, result->error) : follow(trace, result->accepted);
}

int trace_run(const struct args *args)
{
	struct broker_message *message = NULL;
	struct trace trace = { .args = args };
	struct broker_batch *batch = NULL;
	int status, error;

	status = open_admin(args, &trace.admin);
	if (status)
		return status;
	wait_prepare();
	error = broker_admin_subscribe(trace.admin, "trace");
	status = error ? failure_admin(args, trace.admin, error, NULL) :
			 open_session(args, &trace.session);
	if (!status) {
		if (broker_batch_new(&batch, trace.session) || broker_message_new(&message))
			status = failure(args, "out of memory");
		else
			status = publish(&trace, batch, message);
		broker_message_free(message);
		broker_batch_free(batch);
		broker_session_close(trace.session);
	}
	broker_admin_close(trace.admin);
	return status;
}
