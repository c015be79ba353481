// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/broker.h>
#include <string.h>

#include "props_oracle.h"
#include "utf8_oracle.h"

/* By id: a letter for each type it may have, string, bytes, int64, double, truth. */
static const char *const types[] = {
	"sbidt", "s", "s", "sbi", "sbi", "s", "s", "s", "s", "sb", "sb", "s",
	"i", "i", "i", "i", "i", "s", "s", "i",
};
#define NR_IDS	(sizeof(types) / sizeof(types[0]))

void oracle_parse(struct oracle_area *area, const void *props, size_t len)
{
	const unsigned char *p = props;
	size_t at = 0;

	area->count = 0;
	while (len - at >= 8 && area->count < 1024) {
		struct oracle_entry *entry = &area->entry[area->count];
		uint16_t id;
		uint32_t value_len;

		memcpy(&id, p + at, 2);
		memcpy(&value_len, p + at + 4, 4);
		entry->id = id;
		entry->type = p[at + 2];
		entry->name_len = p[at + 3];
		entry->value_len = value_len;
		if ((uint64_t)at + 8 + entry->name_len + value_len > len)
			break;
		entry->name = p + at + 8;
		entry->value = entry->name + entry->name_len;
		at += 8 + entry->name_len + value_len;
		area->count++;
	}
	area->cut = at != len;
}

static int64_t number(const struct oracle_entry *entry)
{
	int64_t value;

	memcpy(&value, entry->value, 8);
	return value;
}

static bool well_formed(const struct oracle_area *area, unsigned int i)
{
	const struct oracle_entry *entry = &area->entry[i];
	unsigned int j;

	if (entry->id == BROKER_PROP_HEADER) {
		if (entry->name_len == 0)
			return false;
	} else {
		if (entry->name_len != 0)
			return false;
		for (j = 0; j < i; j++) {
			if (area->entry[j].id == entry->id)
				return false;
		}
	}

	if (entry->type < 1 || entry->type > 5)
		return false;
	if (!strchr(types[entry->id], "?sbidt"[entry->type]))
		return false;
	if ((entry->type == BROKER_TYPE_INT64 || entry->type == BROKER_TYPE_DOUBLE) &&
	    entry->value_len != 8)
		return false;
	if (entry->type == BROKER_TYPE_BOOL && (entry->value_len != 1 || entry->value[0] > 1))
		return false;

	if (entry->id == BROKER_PROP_DEDUPE_ID)
		return entry->value_len >= 1 && entry->value_len <= 255;
	if (entry->id == BROKER_PROP_PRODUCER)
		return entry->value_len >= 1 && entry->value_len <= 255;
	if (entry->id == BROKER_PROP_PRODUCER_SEQUENCE)
		return number(entry) >= 1;
	if (entry->id == BROKER_PROP_TTL)
		return number(entry) >= 0;
	if (entry->id == BROKER_PROP_PRIORITY)
		return number(entry) >= 0 && number(entry) <= 255;
	if (entry->id == BROKER_PROP_DELIVERY_MODE)
		return number(entry) == 1 || number(entry) == 2;
	return true;
}

int oracle_props_check(const struct oracle_area *area, uint64_t accepted)
{
	unsigned int i, headers = 0, producers = 0;

	for (i = 0; i < area->count; i++) {
		const struct oracle_entry *entry = &area->entry[i];

		if (entry->id >= NR_IDS)
			return -EOPNOTSUPP;
		if (entry->id != BROKER_PROP_HEADER && !(accepted >> entry->id & 1))
			return -EOPNOTSUPP;
		if (entry->id == BROKER_PROP_HEADER && ++headers > 256)
			return -E2BIG;
		if (!well_formed(area, i))
			return -EINVAL;
		if (!oracle_text(entry->name, entry->name_len))
			return -EILSEQ;
		if (entry->type == BROKER_TYPE_STRING &&
		    !oracle_utf8(entry->value, entry->value_len))
			return -EILSEQ;
		if (entry->id == BROKER_PROP_PRODUCER &&
		    !oracle_text(entry->value, entry->value_len))
			return -EILSEQ;
		if (entry->id == BROKER_PROP_PRODUCER)
			producers++;
		if (entry->id == BROKER_PROP_PRODUCER_SEQUENCE)
			producers--;
		if (entry->id == BROKER_PROP_HEADER && !(accepted >> 63) &&
		    entry->name_len >= 7 && memcmp(entry->name, "broker.", 7) == 0)
			return -EPERM;
	}
	return area->cut || producers ? -EINVAL : 0;
}

const struct oracle_entry *oracle_header(const struct oracle_area *area, const void *name,
					 size_t len)
{
	unsigned int i;

	for (i = 0; i < area->count; i++) {
		const struct oracle_entry *entry = &area->entry[i];

		if (entry->id == BROKER_PROP_HEADER && entry->name_len == len &&
		    memcmp(entry->name, name, len) == 0)
			return entry;
	}
	return NULL;
}
