// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: its first byte says what the rest is.  Even: a program, checked, and if it
 * passes, run.  Odd: the text of a filter; what it compiles to must pass the check.
 */
#include <broker.h>
#include <linux/broker.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/filter.h"
#include "area.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct broker_filter_subject subject = {
	.exchange = "stock", .exchange_len = 5, .key = "a.b", .key_len = 3, .uid = 1,
};

static void make_subject(void)
{
	static struct area area;
	double half = 0.5;
	int64_t one = 1;

	area_header(&area, "a", BROKER_TYPE_INT64, &one, 8);
	area_header(&area, "b", BROKER_TYPE_DOUBLE, &half, 8);
	area_header(&area, "c", BROKER_TYPE_STRING, "a\303\244b", 4);
	area_header(&area, "d", BROKER_TYPE_BYTES, "x", 1);
	area_string(&area, BROKER_PROP_TYPE, "t");
	subject.props = area.bytes;
	subject.props_len = area.len;
}

static void try_program(const uint8_t *data, size_t size)
{
	if (!broker_filter_check(data, size))
		broker_filter_match(data, size, &subject);
}

static void try_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct broker_filter *filter;
	unsigned int column = 0;
	const void *program;
	const char *error;
	size_t length;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (!broker_filter_new(&filter, text, &error, &column)) {
		program = broker_filter_program(filter, &length);
		if (broker_filter_check(program, length))
			abort();
		broker_filter_match(program, length, &subject);
		broker_filter_free(filter);
	} else if (!error || !column || column > strlen(text) + 1) {
		abort();
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!subject.props)
		make_subject();
	if (size)
		(data[0] % 2 ? try_text : try_program)(data + 1, size - 1);
	return 0;
}
