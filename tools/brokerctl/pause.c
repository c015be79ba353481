// SPDX-License-Identifier: GPL-2.0-or-later
/* pause and resume: queues, or a consumer. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "object.h"
#include "report.h"
#include "verbs.h"

#define NSEC_PER_MSEC 1000000ULL

/* SESSION/ID, as the table of consumers has them */
static int name_consumer(const struct args *args, struct broker_object *request, const char *name)
{
	unsigned long long session;
	unsigned int id;
	int end = 0;

	if (sscanf(name, "%llu/%u%n", &session, &id, &end) != 2 || name[end])
		return failure(args, "'%s': not SESSION/ID", name);
	broker_object_set_number(request, "session", session);
	broker_object_set_number(request, "id", id);
	return STATUS_OK;
}

static int set(const struct args *args, struct broker_admin *admin, const char *name,
	       uint64_t pause_ms, json_t *all)
{
	const struct noun *noun = args->command->object;
	struct broker_object *request = object_request(args), *reply = NULL;
	int status = STATUS_FAILED, error = 0;

	if (request)
		status = noun == &noun_consumer ? name_consumer(args, request, name) :
						  object_assign(args, request, "name", name);
	if (!status) {
		broker_object_set_string(request, "paused",
					 strcmp(args->command->verb, "pause") ? "off" : "on");
		if (pause_ms)
			broker_object_set_number(request, "pause-ms", pause_ms);
		error = broker_admin_call(admin, noun->set, request, &reply);
	}
	if (error)
		status = failure_admin(args, admin, error, args->nr_arguments > 1 ? name : NULL);
	else if (!status && reply)
		json_array_append_new(all, object_json(reply));
	broker_object_free(reply);
	broker_object_free(request);
	return status;
}

int pause_run(const struct args *args)
{
	uint64_t pause_ms = args_number(args, OPT_FOR, 0) / NSEC_PER_MSEC;
	struct broker_admin *admin;
	json_t *all;
	int status;

	if (args_has(args, OPT_FOR) && (!pause_ms || pause_ms > UINT32_MAX))
		return usage_error(args->command,
				   "--for: from 1ms to 49d; without it, until resumed");
	status = open_admin(args, &admin);
	if (status)
		return status;
	all = json_checked(json_array());
	for (unsigned int i = 0; i < args->nr_arguments; i++)
		status |= set(args, admin, args_argument(args, i), pause_ms, all);
	if (args->json)
		json_print(json_incref(all));
	json_decref(all);
	broker_admin_close(admin);
	return status;
}
