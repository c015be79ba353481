/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DEMO_COMPARE_H
#define DEMO_COMPARE_H

#include "lines.h"

struct difference {
	size_t missing;			/* lines expected and not found */
	size_t extra;			/* lines found and not expected */
	struct line first_missing;	/* one of each, in byte order the first */
	struct line first_extra;
};

/*
 * Compares two lists as multisets: the same lines, each as often, in whatever
 * order.  Sorts both lists.
 */
void compare(struct lines *expected, struct lines *found, struct difference *difference);

#endif /* DEMO_COMPARE_H */
