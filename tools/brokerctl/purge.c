// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"
#include "object.h"
#include "report.h"
#include "verbs.h"

static int purge(const struct args *args, struct broker_admin *admin, const char *name,
		 json_t *all)
{
	struct broker_object *request = object_request(args), *reply = NULL;
	int status = request ? object_assign(args, request, "name", name) : STATUS_FAILED;
	int error = 0;

	if (!status)
		error = broker_admin_call(admin, BROKER_CMD_QUEUE_PURGE, request, &reply);
	if (error)
		status = failure_admin(args, admin, error, args->nr_arguments > 1 ? name : NULL);
	if (!status) {
		uint64_t purged = reply ? broker_object_number(reply, "purged") : 0;
		json_t *json = json_checked(json_object());

		json_put(json, "queue", json_string(name));
		json_put(json, "purged", json_number(purged));
		json_array_append_new(all, json);
		if (!args->json)
			printf("%s: %llu removed\n", name, (unsigned long long)purged);
	}
	broker_object_free(reply);
	broker_object_free(request);
	return status;
}

int purge_run(const struct args *args)
{
	struct broker_admin *admin;
	json_t *all;
	int status;

	status = open_admin(args, &admin);
	if (status)
		return status;
	all = json_checked(json_array());
	for (unsigned int i = 0; i < args->nr_arguments; i++)
		status |= purge(args, admin, args_argument(args, i), all);
	if (args->json)
		json_print(json_incref(all));
	json_decref(all);
	broker_admin_close(admin);
	return status;
}
