// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "filter.h"
#include "report.h"

/* Shows where: the text, and a mark below; on several lines there is no below. */
static void point(const char *text, unsigned int column)
{
	if (!column || strpbrk(text, "\n\r\t"))
		return;
	fprintf(stderr, "  %s\n  %*s\n", text, (int)column, "^");
}

int open_filter(const struct args *args, struct broker_filter **filter)
{
	const char *text = args_text(args, OPT_FILTER, "");
	unsigned int column;
	const char *error;
	int err;

	*filter = NULL;
	if (!*text)
		return STATUS_OK;
	err = broker_filter_new(filter, text, &error, &column);
	if (!err)
		return STATUS_OK;
	failure(args, "filter: %s", error);
	point(text, column);
	return STATUS_USAGE;
}

int request_filter(const struct args *args, struct broker_object *request)
{
	struct broker_filter *filter;
	const void *program;
	size_t length;
	int status;

	status = open_filter(args, &filter);
	if (status || !filter)
		return status;
	program = broker_filter_program(filter, &length);
	if (broker_object_set_bytes(request, "filter", program, length))
		status = failure(args, "out of memory");
	broker_filter_free(filter);
	return status;
}
