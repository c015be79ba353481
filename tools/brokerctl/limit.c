// SPDX-License-Identifier: GPL-2.0-or-later
/* What users and cgroups have, and may have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "object.h"
#include "report.h"
#include "units.h"
#include "verbs.h"

/* "user root" */
static char *whose_text(const struct broker_object *object)
{
	const char *attribute = broker_object_has(object, "uid") ? "uid" : "cgroup";
	char *kind = object_text(object, "kind"), *who, *text;

	if (!broker_object_has(object, attribute))
		return kind;
	who = object_text(object, attribute);
	text = text_format("%s %s", kind, who);
	free(kind);
	free(who);
	return text;
}

/* "used/most", of which a user in general has only the latter, and most have no most. */
static char *used_text(const struct broker_object *object, const char *attribute)
{
	char *limit = text_format("max-%s", attribute);
	char *most = broker_object_has(object, limit) ? object_text(object, limit) : text_copy("-");
	char *used = object_text(object, attribute), *text;

	text = broker_object_has(object, attribute) ? text_format("%s/%s", used, most) :
						      text_copy(most);
	free(used);
	free(most);
	free(limit);
	return text;
}

/* Messages and bytes a second */
static char *rate_text(const struct broker_object *object)
{
	static const char attribute[] = "messages-per-second", bytes[] = "bytes-per-second";
	char *messages, *size, *text;

	if (!broker_object_has(object, attribute) && !broker_object_has(object, bytes))
		return text_copy("-");
	messages = object_text(object, attribute);
	size = broker_object_has(object, bytes) ?
	       format_size(broker_object_number(object, bytes)) : text_copy("-");
	text = text_format("%s, %s", messages, size);
	free(messages);
	free(size);
	return text;
}

static char *cell(const struct broker_object *object, const char *attribute)
{
	if (!strcmp(attribute, "kind"))
		return whose_text(object);
	if (!strcmp(attribute, "messages-per-second"))
		return rate_text(object);
	return used_text(object, attribute);
}

static const struct column columns[] = {
	{ "kind", "WHOSE" },
	{ "sessions", "SESSIONS" },
	{ "queues", "QUEUES" },
	{ "bindings", "BINDINGS" },
	{ "consumers", "CONSUMERS" },
	{ "bytes", "BYTES" },
	{ "messages-per-second", "RATE" },
	{ 0 }
};

static const char *const settings[] = { "kind", "uid", "cgroup", NULL };
static const char *const prepared[] = { "uid", "cgroup", NULL };

static int set_cgroup(const struct args *args, struct broker_object *request, const char *who)
{
	uint64_t id;

	if (!parse_number(who, &id) && !cgroup_id(who, &id))
		return failure(args, "%s: %s", who, strerror(errno));
	broker_object_set_number(request, "cgroup", id);
	return STATUS_OK;
}

static int prepare(const struct args *args, struct broker_object *request)
{
	const char *kind = broker_object_string(request, "kind");
	const char *who = args_argument(args, 1);
	uint64_t uid;

	if (!who)
		return STATUS_OK;
	if (!strcmp(kind, "cgroup"))
		return set_cgroup(args, request, who);
	if (strcmp(kind, "user"))
		return failure(args, "%s takes no WHO", kind);
	if (!parse_user(who, &uid))
		return failure(args, "%s: no such user", who);
	broker_object_set_number(request, "uid", uid);
	return STATUS_OK;
}

const struct noun noun_limit = {
	.name = "limit",
	.type = BROKER_OBJECT_LIMIT,
	.get = BROKER_CMD_LIMIT_GET,
	.new = BROKER_CMD_LIMIT_NEW,
	.set = BROKER_CMD_LIMIT_SET,
	.del = BROKER_CMD_LIMIT_DEL,
	.columns = columns,
	.cell = cell,
	.settings = settings,
	.prepared = prepared,
	.prepare = prepare,
};

static int show_one(const struct args *args)
{
	struct broker_object *reply;
	struct listing listing;
	int status = object_call(args, BROKER_CMD_LIMIT_GET, object_request(args), &reply);

	if (!status) {
		listing_begin(&listing, args, columns, true);
		listing_add(reply, &listing);
		listing_end(&listing);
	}
	broker_object_free(reply);
	return status;
}

int limit_show(const struct args *args)
{
	return args->nr_arguments ? show_one(args) : object_show(args);
}
