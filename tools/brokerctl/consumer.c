// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "object.h"
#include "report.h"

/* Most compete; those that do not stand out, and the table fits. */
static char *cell(const struct broker_object *object, const char *attribute)
{
	if (strcmp(attribute, "role") ||
	    strcmp(broker_object_string(object, "role"), "competing"))
		return NULL;
	return text_copy("-");
}

static const struct column columns[] = {
	{ "queue", "QUEUE" },
	{ "session", "SESSION", .wide = true },
	{ "id", "ID", .wide = true },
	{ "pid", "PID" },
	{ "uid", "USER" },
	{ "credit-messages", "CREDIT" },
	{ "credit-bytes", "CREDIT-BYTES", .wide = true },
	{ "pending", "PENDING" },
	{ "unacked", "UNACKED" },
	{ "delivered", "DELIVERED" },
	{ "settled", "SETTLED", .wide = true },
	{ "role", "ROLE" },
	{ "paused", "PAUSED", .wide = true },
	{ "flags", "FLAGS", .wide = true },
	{ "priority", "PRIORITY", .wide = true },
	{ "lease", "LEASE", .wide = true },
	{ "filter-text", "FILTER", .wide = true },
	{ 0 }
};

static const char *const settings[] = {
	"queue", "session", "id", "pid", "uid", "flags", "priority", "lease",
	"cause", "code", "returned", "paused", NULL
};

const struct noun noun_consumer = {
	.name = "consumer",
	.type = BROKER_OBJECT_CONSUMER,
	.get = BROKER_CMD_CONSUMER_GET,
	.set = BROKER_CMD_CONSUMER_SET,
	.columns = columns,
	.cell = cell,
	.settings = settings,
};
