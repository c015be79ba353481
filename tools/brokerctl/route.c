// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "message.h"
#include "object.h"
#include "report.h"
#include "verbs.h"

static const struct column columns[] = {
	{ "queue", "QUEUE" },
	{ "via", "VIA" },
	{ "pattern", "PATTERN" },
	{ "flags", "FLAGS" },
	{ 0 }
};

/* A headers exchange looks at the properties that the message would have. */
static int prepare(const struct args *args, struct broker_object *request)
{
	struct broker_message *message;
	const void *properties;
	size_t length;
	int status, error = 0;

	if (broker_message_new(&message))
		return failure(args, "out of memory");
	status = message_set_options(args, message);
	properties = broker_message_props(message, &length);
	if (!status && length)
		error = broker_object_set_bytes(request, "properties", properties, length);
	if (error)
		status = failure(args, "properties: %s", strerror(-error));
	broker_message_free(message);
	return status;
}

const struct noun noun_route = {
	.name = "route",
	.type = BROKER_OBJECT_ROUTE,
	.get = BROKER_CMD_ROUTE_GET,
	.columns = columns,
	.prepare = prepare,
};

int route_run(const struct args *args)
{
	struct broker_object *request;
	struct broker_admin *admin;
	struct listing listing;
	int status, error;

	status = open_admin(args, &admin);
	if (status)
		return status;
	listing_begin(&listing, args, columns, false);
	request = object_request(args);
	if (!request) {
		status = STATUS_FAILED;
		goto out;
	}
	error = broker_admin_list(admin, BROKER_CMD_ROUTE_GET, request, listing_add, &listing);
	if (error) {
		status = failure_admin(args, admin, error, NULL);
		goto out;
	}
	if (!listing.count)
		status = failure(args, "no queue would get it");
	if (listing.count || args->json)
		listing_end(&listing);
out:
	listing_drop(&listing);
	broker_object_free(request);
	broker_admin_close(admin);
	return status;
}
