// SPDX-License-Identifier: GPL-2.0-or-later
/* move and copy: messages, from one queue to another. */
#include <errno.h>
#include <string.h>

#include "filter.h"
#include "json.h"
#include "move.h"
#include "object.h"
#include "report.h"
#include "verbs.h"

const char *move_error(int error)
{
	switch (error) {
	case EACCES:
		return "you may not publish (w) there";
	case EAGAIN:
		return "it is full";
	case EMSGSIZE:
		return "the next message is larger than all its room";
	case ESHUTDOWN:
		return "it is sealed";
	case ENOENT:
		return "a queue was deleted";
	}
	return strerror(error);
}

static int tell(const struct args *args, const struct broker_object *reply)
{
	unsigned long long moved = broker_object_number(reply, "moved");
	int error = broker_object_number(reply, "error");
	const char *to = args_argument(args, 1);

	if (args->json) {
		json_t *json = json_checked(json_object());

		json_put(json, "from", json_string(args_argument(args, 0)));
		json_put(json, "to", json_string(to));
		json_put(json, "count", json_number(moved));
		if (error)
			json_put(json, "stopped", json_string(move_error(error)));
		json_print(json);
	} else {
		printf("%llu\n", moved);
	}
	return error ? failure(args, "'%s' took no more: %s", to, move_error(error)) : STATUS_OK;
}

static int run(const struct args *args, bool copy)
{
	struct broker_object *request = object_request(args), *reply;
	int status;

	if (request && request_filter(args, request))
		request = broker_object_free(request);
	if (request && copy)
		broker_object_set_number(request, "copy", 1);
	status = object_call(args, BROKER_CMD_QUEUE_MOVE, request, &reply);
	if (!status && reply)
		status = tell(args, reply);
	broker_object_free(reply);
	return status;
}

int move_run(const struct args *args)
{
	return run(args, false);
}

int copy_run(const struct args *args)
{
	return run(args, true);
}
