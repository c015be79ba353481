/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DEMO_LINES_H
#define DEMO_LINES_H

#include <stddef.h>

/* Any bytes; not terminated, and not owned. */
struct line {
	const char *data;
	size_t length;
};

/* A growing list; all zero is an empty one. */
struct lines {
	struct line *line;
	size_t count;
	size_t room;
};

/* Returns 0, or -1 without memory. */
int lines_add(struct lines *lines, const char *data, size_t length);

/*
 * Adds each line of a text, without its newline.  The last one may lack the
 * newline; a text of no bytes has no lines.  Returns 0, or -1 without memory.
 */
int lines_split(struct lines *lines, const char *text, size_t length);

void lines_free(struct lines *lines);

#endif /* DEMO_LINES_H */
