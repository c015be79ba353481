// SPDX-License-Identifier: GPL-2.0-or-later
/* What a queue keeps for its ordering keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "object.h"
#include "receive.h"
#include "report.h"
#include "units.h"
#include "verbs.h"

static const struct column columns[] = {
	{ "key", "KEY" },
	{ "bytes", "BYTES" },
	{ "time", "TIME" },
	{ 0 }
};

static char *cell(const struct broker_object *object, const char *attribute)
{
	const void *key;
	size_t length;

	if (strcmp(attribute, "key"))
		return NULL;
	key = broker_object_bytes(object, "key", &length);
	return key ? format_visible(key, length, "") : NULL;
}

/* A key is any bytes: here those of the argument. */
static int prepare(const struct args *args, struct broker_object *request)
{
	const char *key = args_argument(args, 1);

	if (!key || !broker_object_set_bytes(request, "key", key, strlen(key)))
		return STATUS_OK;
	return failure(args, "'%s': too long", key);
}

const struct noun noun_state = {
	.name = "state",
	.type = BROKER_OBJECT_STATE,
	.get = BROKER_CMD_STATE_GET,
	.del = BROKER_CMD_STATE_DEL,
	.columns = columns,
	.cell = cell,
	.prepare = prepare,
};

/* As text if it is, else in base64 under another name */
static void put_bytes(json_t *json, const struct broker_object *object, const char *attribute,
		      const char *base64)
{
	const void *bytes;
	size_t length;
	json_t *text;

	bytes = broker_object_bytes(object, attribute, &length);
	if (!bytes)
		return;
	text = json_text(bytes, length);
	json_put(json, text ? attribute : base64, text ? text : json_base64(bytes, length));
}

static json_t *state_json(const struct broker_object *object)
{
	json_t *json = object_json(object);

	put_bytes(json, object, "key", "key-base64");
	put_bytes(json, object, "data", "data-base64");
	return json;
}

static int add_json(const struct broker_object *object, void *array)
{
	json_array_append_new(array, state_json(object));
	return 0;
}

static int list(const struct args *args, struct broker_admin *admin,
		const struct broker_object *request)
{
	json_t *array = json_checked(json_array());
	struct listing listing;
	int error;

	listing_begin(&listing, args, columns, false);
	if (args->json)
		error = broker_admin_list(admin, BROKER_CMD_STATE_GET, request, add_json, array);
	else
		error = broker_admin_list(admin, BROKER_CMD_STATE_GET, request, listing_add,
					  &listing);
	if (!error && args->json)
		json_print(json_incref(array));
	if (error || args->json)
		listing_drop(&listing);
	else
		listing_end(&listing);
	json_decref(array);
	return error ? failure_admin(args, admin, error, NULL) : STATUS_OK;
}

/* On a terminal without what would command it */
static void print_data(const struct args *args, const struct broker_object *object)
{
	const char *data;
	size_t length;
	char *text;

	data = broker_object_bytes(object, "data", &length);
	if (!data)
		return;
	if (isatty(STDOUT_FILENO) && !args_has(args, OPT_RAW)) {
		text = format_visible(data, length, "\n\t");
		fputs(text, stdout);
		free(text);
	} else {
		fwrite(data, 1, length, stdout);
	}
	if (!args_has(args, OPT_RAW))
		putchar('\n');
}

static int show_one(const struct args *args, struct broker_admin *admin,
		    const struct broker_object *request)
{
	struct broker_object *reply = NULL;
	int error;

	error = broker_admin_call(admin, BROKER_CMD_STATE_GET, request, &reply);
	if (error)
		return failure_admin(args, admin, error, NULL);
	if (args->json)
		json_print(state_json(reply));
	else
		print_data(args, reply);
	broker_object_free(reply);
	return flush_output(args);
}

int state_show(const struct args *args)
{
	struct broker_object *request = object_request(args);
	struct broker_admin *admin = NULL;
	int status;

	if (!request)
		return STATUS_FAILED;
	status = open_admin(args, &admin);
	if (!status)
		status = args_argument(args, 1) ? show_one(args, admin, request) :
						  list(args, admin, request);
	broker_object_free(request);
	broker_admin_close(admin);
	return status;
}
