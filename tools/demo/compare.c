// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "compare.h"

/* By bytes; of two lines that begin alike, the shorter one first. */
static int line_order(const void *a, const void *b)
{
	const struct line *x = a;
	const struct line *y = b;
	int order = memcmp(x->data, y->data, x->length < y->length ? x->length : y->length);

	if (order)
		return order;
	return (x->length > y->length) - (x->length < y->length);
}

static void sort(struct lines *lines)
{
	if (lines->count)
		qsort(lines->line, lines->count, sizeof(*lines->line), line_order);
}

void compare(struct lines *expected, struct lines *found, struct difference *difference)
{
	size_t e = 0, f = 0;

	*difference = (struct difference){ 0 };
	sort(expected);
	sort(found);

	/* Walk both; whichever is behind has a line that the other lacks. */
	while (e < expected->count || f < found->count) {
		int order;

		if (f == found->count)
			order = -1;
		else if (e == expected->count)
			order = 1;
		else
			order = line_order(&expected->line[e], &found->line[f]);

		if (order < 0) {
			if (!difference->missing++)
				difference->first_missing = expected->line[e];
			e++;
		} else if (order > 0) {
			if (!difference->extra++)
				difference->first_extra = found->line[f];
			f++;
		} else {
			e++;
			f++;
		}
	}
}
