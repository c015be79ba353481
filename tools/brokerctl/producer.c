// SPDX-License-Identifier: GPL-2.0-or-later
/* How far those have come who number their messages. */
#include "json.h"
#include "object.h"
#include "report.h"
#include "verbs.h"

static const struct column columns[] = {
	{ "name", "PRODUCER" },
	{ "uid", "USER" },
	{ "last", "LAST" },
	{ 0 }
};

const struct noun noun_producer = {
	.name = "producer",
	.type = BROKER_OBJECT_PRODUCER,
	.get = BROKER_CMD_PRODUCER_GET,
	.columns = columns,
};

static int show_one(const struct args *args)
{
	struct broker_object *request = object_request(args), *reply = NULL;
	struct broker_admin *admin = NULL;
	int status, error;

	if (!request)
		return STATUS_FAILED;
	status = open_admin(args, &admin);
	if (!status) {
		error = broker_admin_call(admin, BROKER_CMD_PRODUCER_GET, request, &reply);
		if (error)
			status = failure_admin(args, admin, error, NULL);
	}
	if (!status && reply && args->json)
		json_print(object_json(reply));
	else if (!status && reply)
		object_print(reply);
	broker_object_free(reply);
	broker_object_free(request);
	broker_admin_close(admin);
	return status;
}

int producer_show(const struct args *args)
{
	if (args_argument(args, 1))
		return show_one(args);
	if (args_has(args, OPT_PRODUCER_USER))
		return usage_error(args->command, "--user goes with NAME");
	return object_show(args);
}
