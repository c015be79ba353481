// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "lines.h"

int lines_add(struct lines *lines, const char *data, size_t length)
{
	if (lines->count == lines->room) {
		size_t room = lines->room ? 2 * lines->room : 1024;
		struct line *line = realloc(lines->line, room * sizeof(*line));

		if (!line)
			return -1;
		lines->line = line;
		lines->room = room;
	}
	lines->line[lines->count++] = (struct line){ data, length };
	return 0;
}

int lines_split(struct lines *lines, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', end - text);
		const char *stop = newline ? newline : end;

		if (lines_add(lines, text, stop - text) < 0)
			return -1;
		text = newline ? newline + 1 : end;
	}
	return 0;
}

void lines_free(struct lines *lines)
{
	free(lines->line);
	*lines = (struct lines){ 0 };
}
