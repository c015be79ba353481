// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <linux/broker.h>
#include <string.h>

#include "area.h"

static void append(struct area *area, const void *bytes, size_t len)
{
	assert(len <= sizeof(area->bytes) - area->len);
	if (len)
		memcpy(area->bytes + area->len, bytes, len);
	area->len += len;
}

void area_put(struct area *area, unsigned int id, unsigned int type,
	      const void *name, unsigned int name_len, const void *value, uint32_t value_len)
{
	struct broker_prop prop = {
		.id = id,
		.type = type,
		.name_len = name_len,
		.value_len = value_len,
	};

	append(area, &prop, sizeof(prop));
	append(area, name, name_len);
	append(area, value, value_len);
}

void area_string(struct area *area, unsigned int id, const char *value)
{
	area_put(area, id, BROKER_TYPE_STRING, NULL, 0, value, strlen(value));
}

void area_int64(struct area *area, unsigned int id, int64_t value)
{
	area_put(area, id, BROKER_TYPE_INT64, NULL, 0, &value, sizeof(value));
}

void area_header(struct area *area, const char *name, unsigned int type,
		 const void *value, uint32_t value_len)
{
	area_put(area, BROKER_PROP_HEADER, type, name, strlen(name), value, value_len);
}
