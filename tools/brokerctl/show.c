// SPDX-License-Identifier: GPL-2.0-or-later
/* How objects look: one walker over their attributes, for people and for JSON. */
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "header.h"
#include "json.h"
#include "object.h"
#include "report.h"
#include "table.h"
#include "units.h"

static bool is_size(const char *attribute)
{
	size_t length = strlen(attribute);

	return (length >= 5 && !strcmp(attribute + length - 5, "bytes")) ||
	       !strncmp(attribute, "bytes-", 6);
}

/* Numbers that stand for something else, and are not to be added up */
static bool is_name(const char *attribute)
{
	return !strcmp(attribute, "uid") || !strcmp(attribute, "gid") ||
	       !strcmp(attribute, "mode") || !strcmp(attribute, "cgroup");
}

/* Text that is none where it is empty */
static bool is_optional(const char *attribute)
{
	return !strcmp(attribute, "alternate") || !strcmp(attribute, "hash-header") ||
	       !strcmp(attribute, "rewrite-from") || !strcmp(attribute, "rewrite-to") ||
	       !strncmp(attribute, "dead-letter-", strlen("dead-letter-"));
}

static char *number_text(const char *attribute, uint64_t number)
{
	if (!strcmp(attribute, "uid"))
		return format_user(number);
	if (!strcmp(attribute, "gid"))
		return format_group(number);
	if (!strcmp(attribute, "mode"))
		return text_format("%04llo", (unsigned long long)number);
	if (!strcmp(attribute, "time") || !strcmp(attribute, "next") ||
	    !strcmp(attribute, "offsets-until"))
		return format_time(number);
	if (is_size(attribute))
		return format_size(number);
	if (!strcmp(attribute, "operation") && broker_command_name(number))
		return text_copy(broker_command_name(number));
	if (!strcmp(attribute, "error") && strerrorname_np(number))
		return text_copy(strerrorname_np(number));
	return text_format("%llu", (unsigned long long)number);
}

static char *headers_text(const struct broker_object *object)
{
	char *all = text_copy(""), *one, *joined, *visible;
	const void *value;
	const char *name;
	unsigned int type;
	size_t length;

	for (unsigned int i = 0;
	     !broker_object_header(object, i, &name, &type, &value, &length); i++) {
		one = header_text(name, strlen(name), type, value, length);
		joined = text_format("%s%s%s", all, i ? ", " : "", one);
		free(one);
		free(all);
		all = joined;
	}
	visible = format_visible(all, strlen(all), "");
	free(all);
	return visible;
}

static char *value_of(const struct broker_object *object, const char *attribute,
		      enum broker_value_type type)
{
	const char *text;

	switch (type) {
	case BROKER_VALUE_NUMBER:
		return number_text(attribute, broker_object_number(object, attribute));
	case BROKER_VALUE_STRING:
		text = broker_object_string(object, attribute);
		if (!*text)	/* a name that is empty, or none */
			text = is_optional(attribute) ? "-" : "\"\"";
		return text_copy(text);
	case BROKER_VALUE_WORD:
	case BROKER_VALUE_WORDS:
		text = broker_object_string(object, attribute);
		return text_copy(*text ? text : "-");
	case BROKER_VALUE_FLAG:
		return text_copy("yes");
	case BROKER_VALUE_HEADERS:
		return headers_text(object);
	case BROKER_VALUE_BYTES:
		if (is_content(attribute))
			return content_text(object, attribute);
		break;
	}
	return text_copy("-");
}

static bool type_of(const struct broker_object *object, const char *attribute,
		    enum broker_value_type *type)
{
	const char *name;

	for (unsigned int i = 0; !broker_object_attribute(object, i, &name, type); i++) {
		if (!strcmp(name, attribute))
			return true;
	}
	return false;
}

char *object_text(const struct broker_object *object, const char *attribute)
{
	enum broker_value_type type;

	if (!type_of(object, attribute, &type))
		return text_copy("-");
	return value_of(object, attribute, type);
}

void object_print(const struct broker_object *object)
{
	enum broker_value_type type;
	const char *name;
	int width = 0;
	char *text;

	for (unsigned int i = 0; !broker_object_attribute(object, i, &name, &type); i++) {
		if ((int)strlen(name) > width)
			width = strlen(name);
	}
	for (unsigned int i = 0; !broker_object_attribute(object, i, &name, &type); i++) {
		/* For programs, not for people. */
		if (type == BROKER_VALUE_BYTES && !is_content(name))
			continue;
		text = value_of(object, name, type);
		printf("%s:%*s%s\n", name, width - (int)strlen(name) + 1, "", text);
		free(text);
	}
}

static json_t *headers_json(const struct broker_object *object)
{
	json_t *array = json_checked(json_array()), *one;
	const void *value;
	const char *name;
	unsigned int type;
	size_t length;

	for (unsigned int i = 0;
	     !broker_object_header(object, i, &name, &type, &value, &length); i++) {
		one = json_checked(json_object());
		json_put(one, "name", json_string(name));
		json_put(one, "type", json_string(header_type_name(type)));
		if (type)
			json_put(one, "value", json_value(type, value, length));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *value_json(const struct broker_object *object, const char *attribute,
			  enum broker_value_type type)
{
	char *text;
	json_t *value;

	switch (type) {
	case BROKER_VALUE_NUMBER:
		if (strcmp(attribute, "mode") && strcmp(attribute, "operation"))
			return json_number(broker_object_number(object, attribute));
		text = number_text(attribute, broker_object_number(object, attribute));
		value = json_string(text);
		free(text);
		return value;
	case BROKER_VALUE_STRING:
	case BROKER_VALUE_WORD:
		return json_string(broker_object_string(object, attribute));
	case BROKER_VALUE_WORDS:
		return json_words(broker_object_string(object, attribute));
	case BROKER_VALUE_FLAG:
		return json_true();
	case BROKER_VALUE_HEADERS:
		return headers_json(object);
	case BROKER_VALUE_BYTES:
		return content_json(object, attribute);
	}
	return json_null();
}

json_t *object_json(const struct broker_object *object)
{
	json_t *json = json_checked(json_object());
	enum broker_value_type type;
	const char *name;

	for (unsigned int i = 0; !broker_object_attribute(object, i, &name, &type); i++) {
		if (type != BROKER_VALUE_BYTES || is_content(name))
			json_put(json, name, value_json(object, name, type));
	}
	return json;
}

/* Numbers stand right, and so does the heading above them. */
static bool right_aligned(const struct broker_object *object, const char *attribute)
{
	enum broker_value_type type;

	return type_of(object, attribute, &type) && type == BROKER_VALUE_NUMBER &&
	       !is_name(attribute);
}

/* The column that is shown next, from @column on; NULL: none */
static const struct column *shown(const struct listing *listing, const struct column *column)
{
	while (column->attribute && column->wide && !listing->wide)
		column++;
	return column->attribute ? column : NULL;
}

static unsigned int nr_shown(const struct listing *listing)
{
	const struct column *column;
	unsigned int count = 0;

	for (column = shown(listing, listing->columns); column;
	     column = shown(listing, column + 1))
		count++;
	return count;
}

void listing_begin(struct listing *listing, const struct args *args,
		   const struct column *columns, bool records)
{
	*listing = (struct listing){
		.args = args, .columns = columns, .records = records,
		.wide = args_has(args, OPT_WIDE),
	};
	if (args->json)
		listing->array = json_checked(json_array());
	else if (!records)
		listing->table = table_new(nr_shown(listing));
}

static char *cell_text(const struct listing *listing, const struct broker_object *object,
		       const char *attribute)
{
	const struct noun *noun = listing->args->command->object;
	char *text = noun && noun->cell ? noun->cell(object, attribute) : NULL;

	return text ? text : object_text(object, attribute);
}

static void add_headings(struct listing *listing, const struct broker_object *object)
{
	const struct column *column;

	for (column = shown(listing, listing->columns); column;
	     column = shown(listing, column + 1))
		table_cell(listing->table, text_copy(column->heading),
			   object && right_aligned(object, column->attribute));
}

int listing_add(const struct broker_object *object, void *arg)
{
	struct listing *listing = arg;
	const struct column *column;

	if (listing->array) {
		json_array_append_new(listing->array, object_json(object));
	} else if (listing->records) {
		if (listing->count)
			putchar('\n');
		object_print(object);
	} else {
		if (!listing->count)
			add_headings(listing, object);
		for (column = shown(listing, listing->columns); column;
		     column = shown(listing, column + 1))
			table_cell(listing->table, cell_text(listing, object, column->attribute),
				   right_aligned(object, column->attribute));
	}
	listing->count++;
	return 0;
}

void listing_end(struct listing *listing)
{
	if (listing->array) {
		json_print(listing->array);
		listing->array = NULL;
	} else if (listing->table) {
		if (!listing->count)
			add_headings(listing, NULL);
		table_print(listing->table);
	}
	listing_drop(listing);
}

void listing_drop(struct listing *listing)
{
	json_decref(listing->array);
	listing->array = NULL;
	listing->table = table_free(listing->table);
}
