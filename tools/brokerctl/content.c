// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "header.h"
#include "json.h"
#include "message.h"
#include "report.h"
#include "units.h"

#define USER_HEADER "header:"

bool is_content(const char *attribute)
{
	return !strcmp(attribute, "properties") || !strcmp(attribute, "body");
}

/* Where the property after this one is; NULL: it is cut short. */
static const char *next_property(const char *at, const char *end, struct broker_prop *prop)
{
	if (end - at < (ptrdiff_t)sizeof(*prop))
		return NULL;
	memcpy(prop, at, sizeof(*prop));
	at += sizeof(*prop);
	if ((uint64_t)(end - at) < (uint64_t)prop->name_len + prop->value_len)
		return NULL;
	return at + prop->name_len + prop->value_len;
}

static char *property_text(const struct broker_prop *prop, const char *name, const char *value)
{
	const char *known = prop->id ? property_name(prop->id) : NULL;
	char *text, *whole;

	if (known)
		return header_text(known, strlen(known), prop->type, value, prop->value_len);
	text = header_text(name, prop->name_len, prop->type, value, prop->value_len);
	whole = text_format("%s%s", USER_HEADER, text);
	free(text);
	return whole;
}

static json_t *properties_json(const struct broker_object *object)
{
	json_t *array = json_checked(json_array());
	const char *at, *end, *next, *name;
	struct broker_prop prop;
	size_t length = 0;
	char *text;

	at = broker_object_bytes(object, "properties", &length);
	for (end = at + length; at && (next = next_property(at, end, &prop)); at = next) {
		name = at + sizeof(prop);
		text = property_text(&prop, name, name + prop.name_len);
		json_array_append_new(array, json_checked(json_string(text)));
		free(text);
	}
	return array;
}

static json_t *body_json(const struct broker_object *object)
{
	size_t length = 0;
	const void *body = broker_object_bytes(object, "body", &length);
	json_t *json = NULL;

	if (!length)
		return json_string("");
	/* JSON knows a NUL, and many of its readers do not. */
	if (!memchr(body, '\0', length))
		json = json_text(body, length);
	if (json)
		return json;
	json = json_checked(json_object());
	json_put(json, "base64", json_base64(body, length));
	return json;
}

json_t *content_json(const struct broker_object *object, const char *attribute)
{
	return strcmp(attribute, "body") ? properties_json(object) : body_json(object);
}

char *content_text(const struct broker_object *object, const char *attribute)
{
	char *all = text_copy(""), *longer;
	const void *body;
	size_t length = 0, i;
	json_t *array, *one;

	if (!strcmp(attribute, "body")) {
		free(all);
		body = broker_object_bytes(object, attribute, &length);
		return length ? format_visible(body, length, "") : text_copy("-");
	}
	array = properties_json(object);
	json_array_foreach(array, i, one) {
		longer = text_format("%s%s%s", all, i ? ", " : "", json_string_value(one));
		free(all);
		all = longer;
	}
	json_decref(array);
	longer = *all ? format_visible(all, strlen(all), "") : text_copy("-");
	free(all);
	return longer;
}

static unsigned int find_property(const char *name)
{
	for (unsigned int id = FIRST_PROPERTY; property_name(id); id++) {
		if (!strcmp(property_name(id), name))
			return id;
	}
	return 0;
}

static int set_property(struct broker_message *message, unsigned int id,
			const struct header *header)
{
	int64_t number;

	switch (header->type) {
	case BROKER_TYPE_STRING:
		return broker_message_set_string(message, id, header->value);
	case BROKER_TYPE_BYTES:
		return broker_message_set_bytes(message, id, header->value, header->length);
	case BROKER_TYPE_INT64:
		memcpy(&number, header->value, sizeof(number));
		return broker_message_set_int(message, id, number);
	}
	return -EINVAL;
}

/* @text may be NULL, which is none. */
static int add_property(struct broker_message *message, const char *text)
{
	size_t length = strlen(USER_HEADER);
	size_t skip = text && !strncmp(text, USER_HEADER, length) ? length : 0;
	struct header header;
	unsigned int id;
	int error;

	if (!text || !header_parse(&header, text + skip, false))
		return -EINVAL;
	id = skip ? 0 : find_property(header.name);
	if (skip)
		error = broker_message_add_header(message, header.name, header.type, header.value,
						  header.length);
	else
		error = id ? set_property(message, id, &header) : -EINVAL;
	header_free(&header);
	return error;
}

static int properties_assign(struct broker_object *object, json_t *value)
{
	struct broker_message *message;
	const void *props;
	json_t *one;
	size_t i, length;
	int error;

	if (!json_is_array(value))
		return -EINVAL;
	error = broker_message_new(&message);
	if (error)
		return error;
	json_array_foreach(value, i, one) {
		if (!error)
			error = add_property(message, json_string_value(one));
	}
	props = broker_message_props(message, &length);
	if (!error)
		error = broker_object_set_bytes(object, "properties", props, length);
	broker_message_free(message);
	return error;
}

static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? at - digits : -1;
}

/* Into @bytes, for which @text has room; returns how many, or -EINVAL. */
static int decode_base64(const char *text, unsigned char *bytes)
{
	unsigned int group = 0, bits = 0;
	int length = 0;

	for (; *text && *text != '='; text++) {
		int digit = digit_of(*text);

		if (digit < 0)
			return -EINVAL;
		group = group << 6 | digit;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		bytes[length++] = group >> bits;
	}
	return text[strspn(text, "=")] ? -EINVAL : length;
}

static int body_assign(struct broker_object *object, json_t *value)
{
	json_t *coded = json_object_get(value, "base64");
	unsigned char *bytes;
	int length, error;

	if (json_is_string(value))
		return broker_object_set_bytes(object, "body", json_string_value(value),
					       json_string_length(value));
	if (!json_is_string(coded))
		return -EINVAL;
	bytes = memory(json_string_length(coded) + 1);
	length = decode_base64(json_string_value(coded), bytes);
	error = length < 0 ? length : broker_object_set_bytes(object, "body", bytes, length);
	free(bytes);
	return error;
}

int content_assign(struct broker_object *object, const char *attribute, json_t *value)
{
	return strcmp(attribute, "body") ? properties_assign(object, value) :
					   body_assign(object, value);
}
