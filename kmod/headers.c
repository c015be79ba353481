// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "headers.h"
#include "memory.h"
#include "name.h"

/*
 * Names and values stand behind @list, which points to them.  All members: (const)
 */
struct broker_headers {
	bool any;
	unsigned int count;
	struct broker_prop_view list[];
};

static int header_check(const struct broker_prop_view *header)
{
	int err;

	err = broker_name_check(header->name, header->name_len);
	if (err)
		return err;

	switch (header->type) {
	case 0:
		return header->value_len ? -EINVAL : 0;
	case BROKER_TYPE_STRING:
		if (header->value_len > BROKER_MAX_NAME)
			return -EINVAL;
		return broker_utf8_valid(header->value, header->value_len) ? 0 : -EILSEQ;
	case BROKER_TYPE_INT64:
	case BROKER_TYPE_DOUBLE:
		return header->value_len == sizeof(u64) ? 0 : -EINVAL;
	case BROKER_TYPE_BOOL:
		return header->value_len == 1 && *(const u8 *)header->value <= 1 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

static bool same_name(const struct broker_prop_view *a, const struct broker_prop_view *b)
{
	return a->name_len == b->name_len && !memcmp(a->name, b->name, a->name_len);
}

struct broker_headers *broker_headers_new(bool any, const struct broker_prop_view *list,
					  unsigned int count)
{
	struct broker_headers *headers;
	unsigned int i, j;
	size_t bytes = 0;
	char *data;
	int err;

	if (count > BROKER_MAX_MATCH_HEADERS)
		return ERR_PTR(-E2BIG);
	for (i = 0; i < count; i++) {
		err = header_check(&list[i]);
		if (err)
			return ERR_PTR(err);
		for (j = 0; j < i; j++) {
			if (same_name(&list[i], &list[j]))
				return ERR_PTR(-EEXIST);
		}
		bytes += list[i].name_len + list[i].value_len;
	}

	headers = kmalloc(struct_size(headers, list, count) + bytes, BROKER_GFP);
	if (!headers)
		return ERR_PTR(-ENOMEM);

	headers->any = any;
	headers->count = count;
	data = (char *)&headers->list[count];
	for (i = 0; i < count; i++) {
		struct broker_prop_view *header = &headers->list[i];

		*header = list[i];
		header->id = BROKER_PROP_HEADER;
		header->name = data;
		memcpy(data, list[i].name, header->name_len);
		data += header->name_len;
		header->value = data;
		if (header->value_len)
			memcpy(data, list[i].value, header->value_len);
		data += header->value_len;
	}
	return headers;
}

struct broker_headers *broker_headers_free(struct broker_headers *headers)
{
	kfree(headers);
	return NULL;
}

bool broker_headers_any(const struct broker_headers *headers)
{
	return headers->any;
}

unsigned int broker_headers_count(const struct broker_headers *headers)
{
	return headers->count;
}

const struct broker_prop_view *broker_headers_get(const struct broker_headers *headers,
						  unsigned int index)
{
	return &headers->list[index];
}

/* a == b of two IEEE doubles, by their bits: the kernel has no use of the FPU. */
static bool double_equal(u64 a, u64 b)
{
	const u64 infinity = 0x7ff0000000000000ULL;
	const u64 magnitude = ~0ULL >> 1;

	if ((a & magnitude) > infinity)
		return false;	/* NaN */
	return a == b || !((a | b) & magnitude);
}

static bool value_equal(const struct broker_prop_view *a, const struct broker_prop_view *b)
{
	if (a->type != b->type || a->value_len != b->value_len)
		return false;
	if (a->type == BROKER_TYPE_DOUBLE)
		return double_equal(broker_prop_int64(a), broker_prop_int64(b));
	return !memcmp(a->value, b->value, a->value_len);
}

bool broker_headers_match(const struct broker_headers *headers, const void *props, size_t len)
{
	unsigned int i;

	for (i = 0; i < headers->count; i++) {
		const struct broker_prop_view *want = &headers->list[i];
		struct broker_prop_view have;
		bool met;

		met = broker_props_find_header(props, len, want->name, want->name_len, &have) &&
		      (!want->type || value_equal(want, &have));
		if (met == headers->any)
			return met;
	}
	return !headers->any;
}
