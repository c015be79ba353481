// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "name.h"
#include "props.h"

#define TYPE(t)		BIT(BROKER_TYPE_##t)
#define TEXT		{ .types = TYPE(STRING) }
#define TOKEN		{ .types = TYPE(STRING) | TYPE(BYTES) }
#define ID		{ .types = TYPE(STRING) | TYPE(BYTES) | TYPE(INT64), INT64_ANY }
#define NUMBER(...)	{ .types = TYPE(INT64), __VA_ARGS__ }
#define INT64_ANY	.min = S64_MIN, .max = S64_MAX

/* What a property may hold: types as bits, and bounds of an INT64. */
struct prop_rule {
	u32 types;
	s64 min;
	s64 max;
};

static const struct prop_rule rules[] = {
	[BROKER_PROP_HEADER] = {
		.types = TYPE(STRING) | TYPE(BYTES) | TYPE(INT64) | TYPE(DOUBLE) | TYPE(BOOL),
		INT64_ANY
	},
	[BROKER_PROP_CONTENT_TYPE]	= TEXT,
	[BROKER_PROP_CONTENT_ENCODING]	= TEXT,
	[BROKER_PROP_MESSAGE_ID]	= ID,
	[BROKER_PROP_CORRELATION_ID]	= ID,
	[BROKER_PROP_REPLY_TO]		= TEXT,
	[BROKER_PROP_TYPE]		= TEXT,
	[BROKER_PROP_APP_ID]		= TEXT,
	[BROKER_PROP_SUBJECT]		= TEXT,
	[BROKER_PROP_GROUP_KEY]		= TOKEN,
	[BROKER_PROP_DEDUPE_ID]		= TOKEN,
	[BROKER_PROP_TRACEPARENT]	= TEXT,
	[BROKER_PROP_TIMESTAMP]		= NUMBER(INT64_ANY),
	[BROKER_PROP_TTL]		= NUMBER(.min = 0, .max = S64_MAX),
	[BROKER_PROP_DELIVER_AT]	= NUMBER(INT64_ANY),
	[BROKER_PROP_PRIORITY]		= NUMBER(.min = 0, .max = 255),
	[BROKER_PROP_DELIVERY_MODE]	= NUMBER(.min = 1, .max = 2),
	[BROKER_PROP_USER_ID]		= TEXT,
};

s64 broker_prop_int64(const struct broker_prop_view *view)
{
	s64 value;

	memcpy(&value, view->value, sizeof(value));
	return value;
}

static int value_check(const struct prop_rule *rule, const struct broker_prop_view *view)
{
	if (view->type >= BITS_PER_TYPE(rule->types) || !(rule->types & BIT(view->type)))
		return -EINVAL;

	switch (view->type) {
	case BROKER_TYPE_STRING:
		return broker_utf8_valid(view->value, view->value_len) ? 0 : -EILSEQ;
	case BROKER_TYPE_INT64:
		if (view->value_len != sizeof(s64) ||
		    broker_prop_int64(view) < rule->min || broker_prop_int64(view) > rule->max)
			return -EINVAL;
		return 0;
	case BROKER_TYPE_DOUBLE:
		return view->value_len == sizeof(u64) ? 0 : -EINVAL;
	case BROKER_TYPE_BOOL:
		return view->value_len == 1 && *(const u8 *)view->value <= 1 ? 0 : -EINVAL;
	default:
		return 0;
	}
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
		if (view.id >= ARRAY_SIZE(rules) || !(accepted & BIT_ULL(view.id)))
			return -EOPNOTSUPP;

		if (view.id == BROKER_PROP_HEADER) {
			if (++headers > BROKER_MAX_HEADERS)
				return -E2BIG;
			err = broker_name_check(view.name, view.name_len);
			if (err == -EINVAL)
				return err;
		} else {
			if (view.name_len || (seen & BIT_ULL(view.id)))
				return -EINVAL;
			seen |= BIT_ULL(view.id);
			err = 0;
		}

		/* Faults of form go before faults of text, in the name as in the value. */
		err = value_check(&rules[view.id], &view) ?: err;
		if (err)
			return err;
	}
	return 0;
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
