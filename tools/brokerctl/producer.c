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
	struct broker_object *reply;
	int status = object_call(args, BROKER_CMD_PRODUCER_GET, object_request(args), &reply);

	if (!status && reply && args->json)
		json_print(object_json(reply));
	else if (!status && reply)
		object_print(reply);
	broker_object_free(reply);
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
