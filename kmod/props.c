// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "name.h"
#include "props.h"

/* Types as a set. */
enum {
	STRING	= BIT(BROKER_TYPE_STRING),
	BYTES	= BIT(BROKER_TYPE_BYTES),
	INT64	= BIT(BROKER_TYPE_INT64),
	DOUBLE	= BIT(BROKER_TYPE_DOUBLE),
	BOOL	= BIT(BROKER_TYPE_BOOL),
};

/* The types that a property may have. */
static const u32 types[] = {
	[BROKER_PROP_HEADER]		= STRING | BYTES | INT64 | DOUBLE | BOOL,
	[BROKER_PROP_CONTENT_TYPE]	= STRING,
	[BROKER_PROP_CONTENT_ENCODING]	= STRING,
	[BROKER_PROP_MESSAGE_ID]	= STRING | BYTES | INT64,
	[BROKER_PROP_CORRELATION_ID]	= STRING | BYTES | INT64,
	[BROKER_PROP_REPLY_TO]		= STRING,
	[BROKER_PROP_TYPE]		= STRING,
	[BROKER_PROP_APP_ID]		= STRING,
	[BROKER_PROP_SUBJECT]		= STRING,
	[BROKER_PROP_GROUP_KEY]		= STRING | BYTES,
	[BROKER_PROP_DEDUPE_ID]		= STRING | BYTES,
	[BROKER_PROP_TRACEPARENT]	= STRING,
	[BROKER_PROP_TIMESTAMP]		= INT64,
	[BROKER_PROP_TTL]		= INT64,
	[BROKER_PROP_DELIVER_AT]	= INT64,
	[BROKER_PROP_PRIORITY]		= INT64,
	[BROKER_PROP_DELIVERY_MODE]	= INT64,
	[BROKER_PROP_USER_ID]		= STRING,
	[BROKER_PROP_PRODUCER]		= STRING,
	[BROKER_PROP_PRODUCER_SEQUENCE]	= INT64,
};

s64 broker_prop_int64(const struct broker_prop_view *view)
{
	s64 value;

	memcpy(&value, view->value, sizeof(value));
	return value;
}

static bool range_good(enum broker_prop_id id, s64 value)
{
	switch (id) {
	case BROKER_PROP_TTL:
		return value >= 0;
	case BROKER_PROP_PRIORITY:
		return value >= 0 && value <= 255;
	case BROKER_PROP_DELIVERY_MODE:
		return value == 1 || value == 2;
	case BROKER_PROP_PRODUCER_SEQUENCE:
		return value >= 1;
	default:
		return true;
	}
}

/* Of text and bytes: what is compared later is never empty, and not too long. */
static bool length_good(enum broker_prop_id id, u32 len)
{
	switch (id) {
	case BROKER_PROP_DEDUPE_ID:
		return len && len <= BROKER_MAX_DEDUPE_ID;
	case BROKER_PROP_PRODUCER:
		return len && len <= BROKER_MAX_NAME;
	default:
		return true;
	}
}

/* @view->id is one of @types. */
static int value_check(const struct broker_prop_view *view)
{
	bool good;

	if (view->type >= BITS_PER_TYPE(types[0]) || !(types[view->id] & BIT(view->type)))
		return -EINVAL;

	switch (view->type) {
	case BROKER_TYPE_STRING:
		if (!length_good(view->id, view->value_len))
			return -EINVAL;
		if (view->id == BROKER_PROP_PRODUCER)
			return broker_name_check(view->value, view->value_len);
		return broker_utf8_valid(view->value, view->value_len) ? 0 : -EILSEQ;
	case BROKER_TYPE_INT64:
		good = view->value_len == sizeof(s64) &&
		       range_good(view->id, broker_prop_int64(view));
		break;
	case BROKER_TYPE_DOUBLE:
		good = view->value_len == sizeof(u64);
		break;
	case BROKER_TYPE_BOOL:
		good = view->value_len == 1 && *(const u8 *)view->value <= 1;
		break;
	default:
		good = length_good(view->id, view->value_len);
	}
	return good ? 0 : -EINVAL;
}

int broker_props_check(const void *props, size_t len, u64 accepted)
{
	struct broker_prop_view view;
	unsigned int headers = 0;
	size_t offset = 0;
	u64 seen = 0;
	int err;

	accepted |= BIT_ULL(BROKER_PROP_HEADER);
	while (offset < len) {
		if (!broker_props_next(props, len, &offset, &view))
			return -EINVAL;
		if (view.id >= ARRAY_SIZE(types) || !(accepted & BIT_ULL(view.id)))
			return -EOPNOTSUPP;

		if (view.id == BROKER_PROP_HEADER) {
			if (++headers > BROKER_MAX_HEADERS)
				return -E2BIG;
			err = broker_name_check(view.name, view.name_len);
			if (err == -EINVAL)
				return err;
			if (!err && !(accepted & BROKER_PROPS_RESERVED) &&
			    broker_name_reserved(view.name, view.name_len))
				err = -EPERM;
		} else {
			if (view.name_len || (seen & BIT_ULL(view.id)))
				return -EINVAL;
			seen |= BIT_ULL(view.id);
			err = 0;
		}

		/* Faults of form go before faults of text, in the name as in the value. */
		err = value_check(&view) ?: err;
		if (err)
			return err;
	}
	return !(seen & BIT_ULL(BROKER_PROP_PRODUCER)) ==
	       !(seen & BIT_ULL(BROKER_PROP_PRODUCER_SEQUENCE)) ? 0 : -EINVAL;
}

bool broker_props_next(const void *props, size_t len, size_t *offset,
		       struct broker_prop_view *view)
{
	size_t rest = len - *offset;
	const char *entry = props + *offset;
	struct broker_prop head;

	if (rest < sizeof(head))
		return false;
	memcpy(&head, entry, sizeof(head));
	rest -= sizeof(head);
	if (head.name_len > rest || head.value_len > rest - head.name_len)
		return false;

	view->id = head.id;
	view->type = head.type;
	view->name_len = head.name_len;
	view->value_len = head.value_len;
	view->name = entry + sizeof(head);
	view->value = view->name + head.name_len;
	*offset += sizeof(head) + head.name_len + head.value_len;
	return true;
}

bool broker_props_find(const void *props, size_t len, enum broker_prop_id id,
		       struct broker_prop_view *view)
{
	size_t offset = 0;

	while (broker_props_next(props, len, &offset, view)) {
		if (view->id == id)
			return true;
	}
	return false;
}

bool broker_props_find_header(const void *props, size_t len, const char *name, size_t name_len,
			      struct broker_prop_view *view)
{
	size_t offset = 0;

	while (broker_props_next(props, len, &offset, view)) {
		if (view->id == BROKER_PROP_HEADER && view->name_len == name_len &&
		    !memcmp(view->name, name, name_len))
			return true;
	}
	return false;
}

char *broker_prop_put_header(char *at, const char *name, u8 type, const void *value,
			     u32 value_len)
{
	const struct broker_prop head = {
		.id = BROKER_PROP_HEADER,
		.type = type,
		.name_len = strlen(name),
		.value_len = value_len,
	};

	at = memcpy(at, &head, sizeof(head)) + sizeof(head);
	at = memcpy(at, name, head.name_len) + head.name_len;
	return memcpy(at, value, value_len) + value_len;
}
