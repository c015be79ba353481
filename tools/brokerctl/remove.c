// SPDX-License-Identifier: GPL-2.0-or-later
/* remove: single messages are deleted. */
#include "object.h"
#include "report.h"
#include "verbs.h"

static int remove_one(const struct args *args, struct broker_admin *admin, const char *sequence)
{
	struct broker_object *request = object_request(args);
	int status, error;

	if (!request)
		return STATUS_FAILED;
	status = object_assign(args, request, "sequence", sequence);
	if (!status) {
		error = broker_admin_call(admin, BROKER_CMD_QUEUE_REMOVE, request, NULL);
		if (error)
			status = failure_admin(args, admin, error,
					       args->nr_arguments > 2 ? sequence : NULL);
	}
	broker_object_free(request);
	return status;
}

int remove_run(const struct args *args)
{
	struct broker_admin *admin;
	int status;

	status = open_admin(args, &admin);
	if (status)
		return status;
	for (unsigned int i = 1; i < args->nr_arguments; i++)
		status |= remove_one(args, admin, args_argument(args, i));
	broker_admin_close(admin);
	return status;
}
