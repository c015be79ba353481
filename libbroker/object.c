// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Exchanges, queues, bindings, … as administration sees them: attributes by name.
 *
 * The tables say of each type of object what uapi/broker.yaml says; a test
 * compares the two.
 */
#include <errno.h>
#include <inttypes.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Longest value that an attribute can carry, its length being 16 bits. */
#define MAX_VALUE	(UINT16_MAX - NLA_HDRLEN)

/* One attribute's value; which members count is the attribute's kind. */
struct value {
	bool set;
	uint64_t number;
	char *text;			/* of a number: made when it is asked for */
	size_t length;			/* of @text as bytes */
};

struct header {
	char *name;
	unsigned int type;		/* enum broker_prop_type, or 0: presence */
	char *value;			/* with a NUL behind it */
	size_t length;
};

struct broker_object {
	enum broker_object_type type;
	const struct broker_attributes *attributes;
	struct header *headers;
	unsigned int nr_headers;
	struct value values[];		/* one for each of @attributes */
};

int broker_object_new(struct broker_object **object, enum broker_object_type type)
{
	const struct broker_attributes *attributes;
	struct broker_object *o;

	if (type >= COUNT(broker_attributes))
		return -EINVAL;
	attributes = &broker_attributes[type];
	o = calloc(1, sizeof(*o) + attributes->count * sizeof(o->values[0]));
	if (!o)
		return -ENOMEM;
	o->type = type;
	o->attributes = attributes;
	*object = o;
	return 0;
}

struct broker_object *broker_object_free(struct broker_object *object)
{
	if (object) {
		for (unsigned int i = 0; i < object->attributes->count; i++)
			free(object->values[i].text);
		for (unsigned int i = 0; i < object->nr_headers; i++) {
			free(object->headers[i].name);
			free(object->headers[i].value);
		}
		free(object->headers);
		free(object);
	}
	return NULL;
}

enum broker_object_type broker_object_type(const struct broker_object *object)
{
	return object->type;
}

/* The attribute's index, or -ENOENT. */
static int find_name(const struct broker_object *object, const char *name)
{
	for (unsigned int i = 0; i < object->attributes->count; i++) {
		if (!strcmp(object->attributes->list[i].name, name))
			return i;
	}
	return -ENOENT;
}

static int find_id(const struct broker_attributes *attributes, unsigned int id)
{
	for (unsigned int i = 0; i < attributes->count; i++) {
		if (attributes->list[i].id == id)
			return i;
	}
	return -ENOENT;
}

const char *broker_attribute_name(enum broker_object_type type, unsigned int id)
{
	int i = find_id(&broker_attributes[type], id);

	return i < 0 ? "" : broker_attributes[type].list[i].name;
}

static void put_number(struct value *value, uint64_t number)
{
	free(value->text);
	*value = (struct value) { .set = true, .number = number };
}

static int put_text(struct value *value, const void *bytes, size_t length)
{
	char *text;

	if (length > MAX_VALUE - 1)
		return -ERANGE;
	text = malloc(length + 1);
	if (!text)
		return -ENOMEM;
	if (length)
		memcpy(text, bytes, length);
	text[length] = '\0';
	free(value->text);
	*value = (struct value) { .set = true, .text = text, .length = length };
	return 0;
}

static int set_number(struct broker_object *object, unsigned int index, uint64_t number)
{
	const struct broker_attribute *attribute = &object->attributes->list[index];
	struct value *value = &object->values[index];
	uint64_t max;

	switch (attribute->kind) {
	case KIND_U32:
		max = UINT32_MAX;
		break;
	case KIND_U64:
		max = UINT64_MAX;
		break;
	case KIND_WORD:
		max = attribute->nr_words - 1;
		break;
	case KIND_WORDS:
		max = (1U << attribute->nr_words) - 1;
		break;
	case KIND_FLAG:
		max = 1;
		break;
	default:
		return -EINVAL;
	}
	if (number > max)
		return -ERANGE;
	put_number(value, number);
	if (attribute->kind == KIND_FLAG)
		value->set = number;
	return 0;
}

int broker_object_set_number(struct broker_object *object, const char *name, uint64_t value)
{
	int index = find_name(object, name);

	return index < 0 ? index : set_number(object, index, value);
}

static int parse_number(const char *text, int base, uint64_t *number)
{
	char *end;

	/* strtoull() would take a sign and spaces. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, &end, base);
	if (*end)
		return -EINVAL;
	return errno ? -ERANGE : 0;
}

static int find_word(const struct broker_attribute *attribute, const char *text, size_t length)
{
	for (unsigned int i = 0; i < attribute->nr_words; i++) {
		if (strlen(attribute->words[i]) == length &&
		    !memcmp(attribute->words[i], text, length))
			return i;
	}
	return -EINVAL;
}

static int parse_words(const struct broker_attribute *attribute, const char *text,
		       uint64_t *number)
{
	*number = 0;
	while (*text) {
		size_t length = strcspn(text, ",");
		int word = find_word(attribute, text, length);

		if (word < 0)
			return word;
		*number |= 1ULL << word;
		text += length;
		if (*text && !*++text)
			return -EINVAL;
	}
	return 0;
}

/* Both the text and what the kernel runs; an empty text takes a filter away. */
static int set_filter(struct broker_object *object, unsigned int index, const char *text)
{
	struct value *program = &object->values[find_name(object, "filter")];
	struct broker_filter *filter = NULL;
	const void *code = NULL;
	size_t length = 0;
	int err;

	if (*text) {
		err = broker_filter_new(&filter, text, NULL, NULL);
		if (err)
			return err;
		code = broker_filter_program(filter, &length);
	}
	err = put_text(program, code, length);
	if (!err)
		err = put_text(&object->values[index], text, strlen(text));
	broker_filter_free(filter);
	return err;
}

/* Text and time zone of a calendar, in either order, and the calendar once there is a text. */
static int set_cron(struct broker_object *object, unsigned int index, const char *text)
{
	struct value *calendar = &object->values[find_name(object, "calendar")];
	bool is_zone = index == (unsigned int)find_name(object, "timezone");
	struct broker_cron *cron = NULL;
	const void *program;
	size_t length;
	int err = 0;

	if (!is_zone || broker_object_has(object, "cron"))
		err = broker_cron_new(&cron, is_zone ? broker_object_string(object, "cron") : text,
				      is_zone ? text : broker_object_string(object, "timezone"),
				      NULL, NULL);
	if (err)
		return err == -ENOMEM ? err : -EINVAL;
	if (cron) {
		program = broker_cron_calendar(cron, &length);
		err = put_text(calendar, program, length);
		broker_cron_free(cron);
	}
	return err ? err : put_text(&object->values[index], text, strlen(text));
}

int broker_object_set_string(struct broker_object *object, const char *name, const char *value)
{
	const struct broker_attribute *attribute;
	uint64_t number;
	int index, err;

	index = find_name(object, name);
	if (index < 0)
		return index;

	attribute = &object->attributes->list[index];
	switch (attribute->kind) {
	case KIND_STRING:
		return put_text(&object->values[index], value, strlen(value));
	case KIND_FILTER:
		return set_filter(object, index, value);
	case KIND_CRON:
		return set_cron(object, index, value);
	case KIND_BYTES:
	case KIND_HEADERS:
		return -EINVAL;
	case KIND_WORD:
		err = find_word(attribute, value, strlen(value));
		if (err >= 0) {
			number = err;
			err = 0;
		}
		break;
	case KIND_WORDS:
		err = parse_words(attribute, value, &number);
		break;
	default:
		err = parse_number(value, strcmp(name, "mode") ? 0 : 8, &number);
	}
	return err ? err : set_number(object, index, number);
}

int broker_object_set_bytes(struct broker_object *object, const char *name, const void *value,
			    size_t length)
{
	int index = find_name(object, name);

	if (index < 0)
		return index;
	if (object->attributes->list[index].kind != KIND_BYTES)
		return -EINVAL;
	return put_text(&object->values[index], value, length);
}

const void *broker_object_bytes(const struct broker_object *object, const char *name,
				size_t *length)
{
	int index = find_name(object, name);

	if (index < 0 || object->attributes->list[index].kind != KIND_BYTES ||
	    !object->values[index].set)
		return NULL;
	*length = object->values[index].length;
	return object->values[index].text;
}

static bool fits_type(unsigned int type, const void *value, size_t length)
{
	switch (type) {
	case 0:
		return !length;
	case BROKER_TYPE_STRING:
		return length < MAX_VALUE / 2 && !memchr(value, '\0', length);
	case BROKER_TYPE_INT64:
	case BROKER_TYPE_DOUBLE:
		return length == 8;
	case BROKER_TYPE_BOOL:
		return length == 1 && *(const unsigned char *)value <= 1;
	}
	return false;
}

static int add_header(struct broker_object *object, int index, const char *name, unsigned int type,
		      const void *value, size_t length)
{
	struct header *headers, header = { .type = type, .length = length };

	headers = realloc(object->headers, (object->nr_headers + 1) * sizeof(*headers));
	if (!headers)
		return -ENOMEM;
	object->headers = headers;

	header.name = strdup(name);
	header.value = calloc(1, length + 1);
	if (!header.name || !header.value) {
		free(header.name);
		free(header.value);
		return -ENOMEM;
	}
	if (length)
		memcpy(header.value, value, length);
	headers[object->nr_headers++] = header;
	object->values[index].set = true;
	return 0;
}

int broker_object_add_header(struct broker_object *object, const char *name,
			     unsigned int type, const void *value, size_t length)
{
	int index = find_name(object, "header");

	if (index < 0 || !*name || !fits_type(type, value, length))
		return -EINVAL;
	if (strlen(name) > BROKER_MAX_NAME)
		return -ENAMETOOLONG;
	return add_header(object, index, name, type, value, length);
}

int broker_object_has(const struct broker_object *object, const char *name)
{
	int index = find_name(object, name);

	return index >= 0 && object->values[index].set;
}

uint64_t broker_object_number(const struct broker_object *object, const char *name)
{
	int index = find_name(object, name);

	return index < 0 ? 0 : object->values[index].number;
}

/* A number as text: its words where it has some and all are known. */
static char *number_text(const struct broker_attribute *attribute, uint64_t number)
{
	const char *format;
	char *text = NULL;
	char *p;

	if (attribute->kind == KIND_WORD && number < attribute->nr_words)
		return strdup(attribute->words[number]);

	if (attribute->kind == KIND_WORDS && !(number >> attribute->nr_words)) {
		size_t size = 1;

		for (unsigned int i = 0; i < attribute->nr_words; i++)
			size += strlen(attribute->words[i]) + 1;
		p = text = calloc(1, size);
		for (unsigned int i = 0; text && i < attribute->nr_words; i++) {
			if (number & (1ULL << i))
				p += sprintf(p, "%s%s", p == text ? "" : ",",
					     attribute->words[i]);
		}
		return text;
	}

	format = strcmp(attribute->name, "mode") ? "%" PRIu64 : "%03" PRIo64;
	return asprintf(&text, format, number) < 0 ? NULL : text;
}

const char *broker_object_string(const struct broker_object *object, const char *name)
{
	int index = find_name(object, name);
	const struct broker_attribute *attribute;
	struct value *value;

	if (index < 0)
		return "";
	attribute = &object->attributes->list[index];
	if (attribute->kind == KIND_BYTES || attribute->kind == KIND_HEADERS)
		return "";

	/* Kept for the next time; the object stays what it was. */
	value = (struct value *)&object->values[index];
	if (value->set && !value->text)
		value->text = number_text(attribute, value->number);
	return value->text ? value->text : "";
}

int broker_object_attribute(const struct broker_object *object, unsigned int index,
			    const char **name, enum broker_value_type *type)
{
	static const enum broker_value_type types[] = {
		[KIND_STRING]	= BROKER_VALUE_STRING,
		[KIND_U32]	= BROKER_VALUE_NUMBER,
		[KIND_U64]	= BROKER_VALUE_NUMBER,
		[KIND_WORD]	= BROKER_VALUE_WORD,
		[KIND_WORDS]	= BROKER_VALUE_WORDS,
		[KIND_FLAG]	= BROKER_VALUE_FLAG,
		[KIND_BYTES]	= BROKER_VALUE_BYTES,
		[KIND_HEADERS]	= BROKER_VALUE_HEADERS,
		[KIND_FILTER]	= BROKER_VALUE_STRING,
		[KIND_CRON]	= BROKER_VALUE_STRING,
	};

	for (unsigned int i = 0; i < object->attributes->count; i++) {
		if (!object->values[i].set || index--)
			continue;
		*name = object->attributes->list[i].name;
		*type = types[object->attributes->list[i].kind];
		return 0;
	}
	return -ENOENT;
}

int broker_object_header(const struct broker_object *object, unsigned int index, const char **name,
			 unsigned int *type, const void **value, size_t *length)
{
	const struct header *header;

	if (index >= object->nr_headers)
		return -ENOENT;
	header = &object->headers[index];
	*name = header->name;
	*type = header->type;
	*value = header->value;
	*length = header->length;
	return 0;
}

/* More than enough bytes for broker_object_put(). */
size_t broker_object_size(const struct broker_object *object)
{
	size_t size = 0;

	for (unsigned int i = 0; i < object->attributes->count; i++)
		size += nla_total_size(object->values[i].length + sizeof(uint64_t));
	for (unsigned int i = 0; i < object->nr_headers; i++)
		size += nla_total_size(0) + nla_total_size(strlen(object->headers[i].name) + 1) +
			nla_total_size(object->headers[i].length + sizeof(uint64_t));
	return size;
}

static int put_header(struct nl_msg *msg, int id, const struct header *header)
{
	struct nlattr *nest = nla_nest_start(msg, id);
	int err;

	if (!nest)
		return -NLE_NOMEM;
	err = nla_put_string(msg, BROKER_A_HEADER_NAME, header->name);
	if (err)
		return err;
	switch (header->type) {
	case BROKER_TYPE_STRING:
		err = nla_put_string(msg, BROKER_A_HEADER_STRING, header->value);
		break;
	case BROKER_TYPE_INT64:
		err = nla_put(msg, BROKER_A_HEADER_INT64, header->length, header->value);
		break;
	case BROKER_TYPE_DOUBLE:
		err = nla_put(msg, BROKER_A_HEADER_DOUBLE, header->length, header->value);
		break;
	case BROKER_TYPE_BOOL:
		err = nla_put(msg, BROKER_A_HEADER_BOOL, header->length, header->value);
		break;
	}
	return err ? err : nla_nest_end(msg, nest);
}

static int put_headers(struct nl_msg *msg, int id, const struct broker_object *object)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < object->nr_headers; i++)
		err = put_header(msg, id, &object->headers[i]);
	return err;
}

static int put_value(struct nl_msg *msg, const struct broker_attribute *attribute,
		     const struct value *value, const struct broker_object *object)
{
	switch (attribute->kind) {
	case KIND_STRING:
	case KIND_FILTER:
	case KIND_CRON:
		return nla_put_string(msg, attribute->id, value->text);
	case KIND_U64:
		return nla_put_u64(msg, attribute->id, value->number);
	case KIND_FLAG:
		return nla_put_flag(msg, attribute->id);
	case KIND_BYTES:
		return nla_put(msg, attribute->id, value->length, value->text);
	case KIND_HEADERS:
		return put_headers(msg, attribute->id, object);
	default:
		return nla_put_u32(msg, attribute->id, value->number);
	}
}

/* Writes the attributes that are set; @msg must have broker_object_size() room. */
int broker_object_put(const struct broker_object *object, struct nl_msg *msg)
{
	for (unsigned int i = 0; i < object->attributes->count; i++) {
		if (object->values[i].set &&
		    put_value(msg, &object->attributes->list[i], &object->values[i], object))
			return -ENOMEM;
	}
	return 0;
}

static int parse_header(struct broker_object *object, int index, struct nlattr *nest)
{
	static const struct {
		int id;
		unsigned int type;
		size_t length;		/* 0: any */
	} values[] = {
		{ BROKER_A_HEADER_STRING, BROKER_TYPE_STRING, 0 },
		{ BROKER_A_HEADER_INT64, BROKER_TYPE_INT64, 8 },
		{ BROKER_A_HEADER_DOUBLE, BROKER_TYPE_DOUBLE, 8 },
		{ BROKER_A_HEADER_BOOL, BROKER_TYPE_BOOL, 1 },
	};
	struct nlattr *tb[BROKER_A_HEADER_MAX + 1];

	if (nla_parse_nested(tb, BROKER_A_HEADER_MAX, nest, NULL) || !tb[BROKER_A_HEADER_NAME])
		return -EPROTO;

	for (unsigned int i = 0; i < COUNT(values); i++) {
		struct nlattr *attr = tb[values[i].id];
		size_t length;

		if (!attr)
			continue;
		length = values[i].length ? values[i].length : strlen(nla_get_string(attr));
		return add_header(object, index, nla_get_string(tb[BROKER_A_HEADER_NAME]),
				  values[i].type, nla_data(attr), length);
	}
	return add_header(object, index, nla_get_string(tb[BROKER_A_HEADER_NAME]), 0, NULL, 0);
}

static int parse_value(struct broker_object *object, int index, struct nlattr *attr)
{
	const struct broker_attribute *attribute = &object->attributes->list[index];
	struct value *value = &object->values[index];

	switch (attribute->kind) {
	case KIND_STRING:
	case KIND_FILTER:
	case KIND_CRON:
		return put_text(value, nla_data(attr), strnlen(nla_data(attr), nla_len(attr)));
	case KIND_BYTES:
		return put_text(value, nla_data(attr), nla_len(attr));
	case KIND_HEADERS:
		return parse_header(object, index, attr);
	case KIND_FLAG:
		put_number(value, 1);
		return 0;
	case KIND_U64:
		if (nla_len(attr) < (int)sizeof(uint64_t))
			return -EPROTO;
		put_number(value, nla_get_u64(attr));
		return 0;
	default:
		if (nla_len(attr) < (int)sizeof(uint32_t))
			return -EPROTO;
		put_number(value, nla_get_u32(attr));
		return 0;
	}
}

/* Makes an object of what the kernel sent; attributes of a newer module are left out. */
int broker_object_parse(struct broker_object **object, enum broker_object_type type,
			struct nlattr *head, int length)
{
	struct broker_object *o;
	struct nlattr *attr;
	int rest, err;

	err = broker_object_new(&o, type);
	if (err)
		return err;
	nla_for_each_attr(attr, head, length, rest) {
		int index = find_id(o->attributes, nla_type(attr));

		err = index < 0 ? 0 : parse_value(o, index, attr);
		if (err) {
			broker_object_free(o);
			return err;
		}
	}
	*object = o;
	return 0;
}
