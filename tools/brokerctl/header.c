// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "report.h"
#include "units.h"

static const char *const type_names[] = {
	[0] = "any",
	[BROKER_TYPE_STRING] = "string",
	[BROKER_TYPE_BYTES] = "bytes",
	[BROKER_TYPE_INT64] = "int",
	[BROKER_TYPE_DOUBLE] = "double",
	[BROKER_TYPE_BOOL] = "bool",
};

#define NR_TYPES (sizeof(type_names) / sizeof(*type_names))

const char *header_type_name(unsigned int type)
{
	return type < NR_TYPES ? type_names[type] : "unknown";
}

static unsigned int type_by_name(const char *name)
{
	for (unsigned int type = 1; type < NR_TYPES; type++) {
		if (!strcmp(name, type_names[type]))
			return type;
	}
	return 0;
}

static bool set_value(struct header *header, const void *value, size_t length)
{
	header->value = memory(length);
	memcpy(header->value, value, length);
	header->length = length;
	return true;
}

static bool set_hex(struct header *header, const char *text)
{
	size_t length = strlen(text);
	unsigned char *byte = header->value = memory(length / 2);

	if (length % 2 || text[strspn(text, "0123456789abcdefABCDEF")])
		return false;
	while (sscanf(text + 2 * header->length, "%2hhx", byte + header->length) == 1)
		header->length++;
	return true;
}

static bool parse_value(struct header *header, const char *text)
{
	unsigned char truth;
	int64_t number;
	double real;

	switch (header->type) {
	case BROKER_TYPE_STRING:
		return set_value(header, text, strlen(text));
	case BROKER_TYPE_BYTES:
		return set_hex(header, text);
	case BROKER_TYPE_INT64:
		return parse_signed(text, &number) && set_value(header, &number, sizeof(number));
	case BROKER_TYPE_DOUBLE:
		return parse_real(text, &real) && set_value(header, &real, sizeof(real));
	case BROKER_TYPE_BOOL:
		truth = !strcmp(text, "true");
		return (truth || !strcmp(text, "false")) && set_value(header, &truth, 1);
	}
	return false;
}

bool header_parse(struct header *header, const char *text, bool match)
{
	const char *equals = strchr(text, '=');
	char *colon;
	bool good;

	*header = (struct header){ .type = equals ? BROKER_TYPE_STRING : 0 };
	header->name = text_copy(text);
	if (equals)
		header->name[equals - text] = '\0';
	/* A name with a colon in it has to state its type. */
	colon = equals ? strrchr(header->name, ':') : NULL;
	if (colon) {
		header->type = type_by_name(colon + 1);
		*colon = '\0';
	}
	if (!equals)
		good = match;
	else
		good = header->type && !(match && header->type == BROKER_TYPE_BYTES) &&
		       parse_value(header, equals + 1);
	if (good && *header->name)
		return true;
	header_free(header);
	return false;
}

void header_free(struct header *header)
{
	free(header->name);
	free(header->value);
	*header = (struct header){ 0 };
}

char *value_text(unsigned int type, const void *value, size_t length)
{
	int64_t number;
	double real;

	switch (type) {
	case BROKER_TYPE_STRING:
		return text_format("%.*s", (int)length, (const char *)value);
	case BROKER_TYPE_INT64:
		memcpy(&number, value, sizeof(number));
		return text_format("%lld", (long long)number);
	case BROKER_TYPE_DOUBLE:
		memcpy(&real, value, sizeof(real));
		return text_format("%.17g", real);
	case BROKER_TYPE_BOOL:
		return text_copy(*(const unsigned char *)value ? "true" : "false");
	}
	return format_hex(value, length);
}

char *header_text(const char *name, size_t name_length, unsigned int type, const void *value,
		  size_t length)
{
	bool typed = type != BROKER_TYPE_STRING || memchr(name, ':', name_length);
	char *all, *text;

	if (!type)
		return text_format("%.*s", (int)name_length, name);
	text = value_text(type, value, length);
	all = text_format("%.*s%s%s=%s", (int)name_length, name, typed ? ":" : "",
			  typed ? header_type_name(type) : "", text);
	free(text);
	return all;
}
