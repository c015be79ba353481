// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "header.h"
#include "object.h"
#include "report.h"

static const struct column columns[] = {
	{ "exchange", "EXCHANGE" },
	{ "key", "KEY" },
	{ "queue", "QUEUE" },
	{ "to-exchange", "TO-EXCHANGE" },
	{ "weight", "WEIGHT" },
	{ "flags", "FLAGS" },
	{ "match", "MATCH" },
	{ "header", "HEADERS" },
	{ 0 }
};

static const char *const settings[] = {
	"exchange", "queue", "to-exchange", "key", "match", "header", "flags",
	"weight", NULL
};

static const char *const prepared[] = { "queue", "to-exchange", "header", NULL };

static int add_header(const struct args *args, struct broker_object *request, const char *text)
{
	struct header header;
	int error;

	if (!header_parse(&header, text, true))
		return failure(args, "'%s' is not a header", text);
	error = broker_object_add_header(request, header.name, header.type, header.value,
					 header.length);
	header_free(&header);
	return error ? failure(args, "header '%s': %s", text, strerror(-error)) : STATUS_OK;
}

/* The destination, which is of either kind, and the headers */
static int prepare(const struct args *args, struct broker_object *request)
{
	const char *destination = args_argument(args, 1);
	int status = STATUS_OK;

	if (destination)
		status = object_assign(args, request,
				       args_has(args, OPT_TO_EXCHANGE) ? "to-exchange" : "queue",
				       destination);
	for (unsigned int i = 0; !status && i < args->nr_options; i++) {
		if (args->options[i].id == OPT_MATCH_HEADER)
			status = add_header(args, request, args->options[i].text);
	}
	return status;
}

const struct noun noun_binding = {
	.name = "binding",
	.type = BROKER_OBJECT_BINDING,
	.get = BROKER_CMD_BINDING_GET,
	.new = BROKER_CMD_BINDING_NEW,
	.set = BROKER_CMD_BINDING_SET,
	.del = BROKER_CMD_BINDING_DEL,
	.columns = columns,
	.settings = settings,
	.prepared = prepared,
	.prepare = prepare,
};
