// SPDX-License-Identifier: GPL-2.0-or-later
/* Input: a property area, checked against the oracle, and read whatever it is. */
#include <linux/broker.h>
#include <linux/err.h>
#include <stdlib.h>

#include "../../kmod/headers.h"
#include "props_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct broker_headers *match_new(bool any)
{
	static const struct broker_prop_view list[] = {
		{ .name = "a", .name_len = 1, .type = BROKER_TYPE_STRING,
		  .value = "x", .value_len = 1 },
		{ .name = "b", .name_len = 1, .type = BROKER_TYPE_DOUBLE,
		  .value = "\0\0\0\0\0\0\0\x80", .value_len = 8 },
		{ .name = "c", .name_len = 1 },
	};
	struct broker_headers *headers = broker_headers_new(any, list, 3);

	if (IS_ERR(headers))
		abort();
	return headers;
}

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct broker_headers *all, *any;
	static struct oracle_area oracle;
	struct broker_prop_view view;
	size_t offset = 0;
	unsigned int i;

	if (!all) {
		all = match_new(false);
		any = match_new(true);
	}
	oracle_parse(&oracle, data, size);
	require(broker_props_check(data, size, BROKER_PROPS_KNOWN) ==
		oracle_props_check(&oracle, BROKER_PROPS_KNOWN));
	for (i = 0; i < oracle.count; i++) {
		require(broker_props_next(data, size, &offset, &view));
		require(view.id == oracle.entry[i].id && view.value == oracle.entry[i].value);
	}
	require(!broker_props_next(data, size, &offset, &view));
	require(broker_props_find_header(data, size, "a", 1, &view) ==
		(oracle_header(&oracle, "a", 1) != NULL));
	broker_props_find(data, size, BROKER_PROP_TTL, &view);
	require(!broker_headers_match(all, data, size) || broker_headers_match(any, data, size));
	return 0;
}
