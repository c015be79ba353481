// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

int broker_producer_last(struct broker_admin *admin, const char *queue, const char *producer,
			 uint64_t *sequence)
{
	struct broker_object *request, *reply = NULL;
	int err;

	err = broker_object_new(&request, BROKER_OBJECT_PRODUCER);
	if (err)
		return err;
	err = broker_object_set_string(request, "queue", queue);
	if (!err)
		err = broker_object_set_string(request, "name", producer);
	if (!err)
		err = broker_admin_call(admin, BROKER_CMD_PRODUCER_GET, request, &reply);
	if (!err)
		*sequence = broker_object_number(reply, "last");
	broker_object_free(reply);
	broker_object_free(request);
	return err;
}
