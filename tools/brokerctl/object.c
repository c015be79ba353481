// SPDX-License-Identifier: GPL-2.0-or-later
/* add, set, del and show, which are the same for all nouns. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "object.h"
#include "report.h"

int object_assign(const struct args *args, struct broker_object *object, const char *attribute,
		  const char *text)
{
	int error = broker_object_set_string(object, attribute, text);

	if (!error)
		return STATUS_OK;
	return failure(args, "'%s': %s (%s)", text,
		       error == -ERANGE ? "too long" : strerror(-error), attribute);
}

/* One more word of an attribute that may have several */
static int assign_word(const struct args *args, struct broker_object *object,
		       const char *attribute, const char *word)
{
	const char *words = broker_object_string(object, attribute);
	char *both;
	int status;

	if (!*words)
		return object_assign(args, object, attribute, word);
	both = text_format("%s%s%s", words, *word ? "," : "", word);
	status = object_assign(args, object, attribute, both);
	free(both);
	return status;
}

static int assign_option(const struct args *args, struct broker_object *object,
			 const struct option_value *value)
{
	const struct option_def *def = &option_table[value->id];
	int error;

	switch (def->kind) {
	case VALUE_TEXT:
	case VALUE_WORD:
		return object_assign(args, object, def->attribute, value->text);
	case VALUE_NONE:
		if (def->word)
			return assign_word(args, object, def->attribute, def->word);
		error = broker_object_set_number(object, def->attribute, 1);
		break;
	default:
		error = broker_object_set_number(object, def->attribute, value->number);
	}
	return error ? failure(args, "--%s: %s", def->name, strerror(-error)) : STATUS_OK;
}

static int assign_all(const struct args *args, struct broker_object *object)
{
	const struct command *command = args->command;
	int status = STATUS_OK;

	for (unsigned int i = 0; !status && i < MAX_ARGUMENTS; i++) {
		const struct argument_def *def = &command->arguments[i];
		const char *text = args_argument(args, i);

		if (def->attribute && !def->repeat && text)
			status = object_assign(args, object, def->attribute, text);
	}
	for (unsigned int i = 0; !status && i < args->nr_options; i++) {
		if (option_table[args->options[i].id].attribute)
			status = assign_option(args, object, &args->options[i]);
	}
	if (!status && command->object->prepare)
		status = command->object->prepare(args, object);
	return status;
}

struct broker_object *object_request(const struct args *args)
{
	struct broker_object *request;

	if (broker_object_new(&request, args->command->object->type)) {
		failure(args, "out of memory");
		return NULL;
	}
	if (assign_all(args, request))
		request = broker_object_free(request);
	return request;
}

/* The same request for one of several names */
static struct broker_object *request_for(const struct args *args, const char *name)
{
	struct broker_object *request = object_request(args);

	if (request && name && object_assign(args, request, "name", name))
		request = broker_object_free(request);
	return request;
}

int object_call(const struct args *args, int command, struct broker_object *request,
		struct broker_object **reply)
{
	struct broker_admin *admin = NULL;
	int status, error;

	*reply = NULL;
	status = request ? open_admin(args, &admin) : STATUS_FAILED;
	if (!status) {
		error = broker_admin_call(admin, command, request, reply);
		if (error)
			status = failure_admin(args, admin, error, NULL);
	}
	broker_admin_close(admin);
	broker_object_free(request);
	return status;
}

static int change(const struct args *args, int command, bool print_name)
{
	struct broker_object *reply;
	int status = object_call(args, command, object_request(args), &reply);

	if (!status && reply && args->json)
		json_print(object_json(reply));
	else if (!status && reply && print_name)
		puts(broker_object_string(reply, "name"));
	broker_object_free(reply);
	return status;
}

int object_add(const struct args *args)
{
	/* A name that the kernel made up is the one thing its caller cannot know. */
	return change(args, args->command->object->new, !args->nr_arguments);
}

int object_set(const struct args *args)
{
	bool any = false;

	for (unsigned int i = 0; i < args->nr_options; i++)
		any |= args->options[i].id != OPT_JSON;
	if (!any)
		return usage_error(args->command, "nothing to change");
	return change(args, args->command->object->set, false);
}

int object_del(const struct args *args)
{
	const struct noun *noun = args->command->object;
	unsigned int names = noun->by_name ? args->nr_arguments : 1;
	struct broker_admin *admin;
	int status, error;

	status = open_admin(args, &admin);
	if (status)
		return status;
	for (unsigned int i = 0; i < names; i++) {
		const char *name = noun->by_name ? args_argument(args, i) : NULL;
		struct broker_object *request = request_for(args, name);

		error = request ? broker_admin_call(admin, noun->del, request, NULL) : 0;
		if (error)
			failure_admin(args, admin, error, names > 1 ? name : NULL);
		if (error || !request)
			status = STATUS_FAILED;
		broker_object_free(request);
	}
	broker_admin_close(admin);
	return status;
}

/* One that is asked for by its name, or the only one there is */
static int show_one(const struct args *args, struct broker_admin *admin, const char *name,
		    struct listing *listing)
{
	struct broker_object *request = request_for(args, name), *reply = NULL;
	int status = STATUS_OK, error;

	if (!request)
		return STATUS_FAILED;
	error = broker_admin_call(admin, args->command->object->get, request, &reply);
	if (error)
		status = failure_admin(args, admin, error, args->nr_arguments > 1 ? name : NULL);
	else if (reply && args->command->object->single && args->json)
		json_print(object_json(reply));
	else if (reply)
		listing_add(reply, listing);
	broker_object_free(reply);
	broker_object_free(request);
	return status;
}

static int show_list(const struct args *args, struct broker_admin *admin,
		     struct listing *listing)
{
	struct broker_object *request = object_request(args);
	enum broker_value_type type;
	const char *name;
	int error;

	if (!request)
		return STATUS_FAILED;
	if (broker_object_attribute(request, 0, &name, &type))
		request = broker_object_free(request);
	error = broker_admin_list(admin, args->command->object->get, request, listing_add, listing);
	broker_object_free(request);
	return error ? failure_admin(args, admin, error, NULL) : STATUS_OK;
}

int object_show(const struct args *args)
{
	const struct noun *noun = args->command->object;
	bool named = noun->by_name && args->nr_arguments;
	struct broker_admin *admin;
	struct listing listing;
	int status;

	status = open_admin(args, &admin);
	if (status)
		return status;
	listing_begin(&listing, args, noun->columns,
		      named || noun->single || args_has(args, OPT_VERBOSE));
	if (noun->single) {
		status = show_one(args, admin, NULL, &listing);
	} else if (named) {
		for (unsigned int i = 0; i < args->nr_arguments; i++)
			status |= show_one(args, admin, args_argument(args, i), &listing);
	} else {
		status = show_list(args, admin, &listing);
	}
	if (noun->single || (status && !listing.count))
		listing_drop(&listing);
	else
		listing_end(&listing);
	broker_admin_close(admin);
	return status;
}
