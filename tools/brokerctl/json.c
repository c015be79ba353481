// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <broker.h>

#include "json.h"
#include "report.h"

json_t *json_checked(json_t *value)
{
	if (!value) {
		fputs("brokerctl: out of memory\n", stderr);
		exit(STATUS_FAILED);
	}
	return value;
}

json_t *json_number(uint64_t number)
{
	/* libjansson's integers are signed; above them, a number all the same. */
	return json_checked(number > LLONG_MAX ? json_real(number) : json_integer(number));
}

json_t *json_words(const char *text)
{
	json_t *array = json_checked(json_array());

	while (*text) {
		size_t length = strcspn(text, ",");

		json_array_append_new(array, json_checked(json_stringn(text, length)));
		text += length;
		text += *text == ',';
	}
	return array;
}

json_t *json_base64(const void *bytes, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = memory((length + 2) / 3 * 4), *out = text;
	const unsigned char *in = bytes;
	json_t *value;

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		unsigned int group = in[i] << 16 | (left > 1 ? in[i + 1] << 8 : 0) |
				     (left > 2 ? in[i + 2] : 0);

		*out++ = digits[group >> 18];
		*out++ = digits[group >> 12 & 63];
		*out++ = left > 1 ? digits[group >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[group & 63] : '=';
	}
	value = json_checked(json_stringn(text, out - text));
	free(text);
	return value;
}

json_t *json_text(const void *bytes, size_t length)
{
	return json_stringn(bytes, length);
}

json_t *json_value(unsigned int type, const void *value, size_t length)
{
	int64_t number;
	double real;

	switch (type) {
	case BROKER_TYPE_STRING:
		return json_checked(json_text(value, length));
	case BROKER_TYPE_INT64:
		memcpy(&number, value, sizeof(number));
		return json_checked(json_integer(number));
	case BROKER_TYPE_DOUBLE:
		memcpy(&real, value, sizeof(real));
		if (isfinite(real))
			return json_checked(json_real(real));
		return json_checked(json_string(isnan(real) ? "nan" : real > 0 ? "inf" : "-inf"));
	case BROKER_TYPE_BOOL:
		return json_checked(json_boolean(*(const unsigned char *)value));
	}
	return json_base64(value, length);
}

static char *replace(const char *text, char from, char to)
{
	char *copy = text_copy(text);

	for (char *at = copy; (at = strchr(at, from)); )
		*at = to;
	return copy;
}

char *json_member(const char *attribute)
{
	return replace(attribute, '-', '_');
}

char *json_attribute(const char *member)
{
	return replace(member, '_', '-');
}

void json_put(json_t *object, const char *name, json_t *value)
{
	char *key = json_member(name);

	if (json_object_set_new(object, key, json_checked(value)))
		json_checked(NULL);
	free(key);
}

static void print(json_t *value, size_t flags)
{
	json_dumpf(value, stdout, flags);
	putchar('\n');
	json_decref(value);
}

void json_print(json_t *value)
{
	print(value, JSON_INDENT(2));
}

void json_print_line(json_t *value)
{
	print(value, JSON_COMPACT);
}
