// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "filter.h"
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
	{ "filter-text", "FILTER" },
	{ 0 }
};

static const char *const settings[] = {
	"exchange", "queue", "to-exchange", "key", "match", "header", "flags",
	"weight", "filter-text", NULL
};

static const char *const prepared[] = { "queue", "to-exchange", "header", "filter-text", NULL };

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

/* Compiled once more by the library; here for the place of a fault. */
static int add_filter(const struct args *args, struct broker_object *request)
{
	struct broker_filter *filter;
	int status;

	if (!args_has(args, OPT_FILTER))
		return STATUS_OK;
	status = open_filter(args, &filter);
	if (status)
		return status;
	broker_filter_free(filter);
	return object_assign(args, request, "filter-text", args_text(args, OPT_FILTER, ""));
}

/* The destination, which is of either kind, the headers and the filter */
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
	return status ? status : add_filter(args, request);
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
