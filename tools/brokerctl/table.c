// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "report.h"
#include "table.h"

#define GAP 2			/* blanks between columns */
#define LEAST_WIDTH 4		/* no column is cut below that */

struct cell {
	char *text;
	bool right;
};

struct table {
	unsigned int columns;
	unsigned int count;
	unsigned int room;
	struct cell *cells;
};

struct table *table_new(unsigned int columns)
{
	struct table *table = memory(sizeof(*table));

	*table = (struct table){ .columns = columns };
	return table;
}

struct table *table_free(struct table *table)
{
	if (table) {
		for (unsigned int i = 0; i < table->count; i++)
			free(table->cells[i].text);
		free(table->cells);
		free(table);
	}
	return NULL;
}

void table_cell(struct table *table, char *text, bool right)
{
	if (table->count == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->cells = memory_resize(table->cells, table->room * sizeof(*table->cells));
	}
	table->cells[table->count++] = (struct cell){ text, right };
}

/* The next character of @text: its bytes, and the columns it takes */
static size_t character(const char *text, unsigned int *width)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t bytes = mbrtowc(&wide, text, strlen(text), &state);
	int columns;

	*width = 1;
	if (bytes == 0 || bytes > strlen(text))
		return 1;
	columns = wcwidth(wide);
	if (columns >= 0)
		*width = columns;
	return bytes;
}

unsigned int text_width(const char *text)
{
	unsigned int sum = 0, width;

	while (*text) {
		text += character(text, &width);
		sum += width;
	}
	return sum;
}

char *text_cut(const char *text, unsigned int width)
{
	const char *end = text;
	unsigned int used = 0, next;

	if (text_width(text) <= width)
		return text_copy(text);
	if (!width)
		return text_copy("");
	for (size_t bytes; bytes = character(end, &next), used + next < width; end += bytes)
		used += next;
	return text_format("%.*s…", (int)(end - text), text);
}

static unsigned int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

/* Takes from the widest column until the line fits, or nothing more can be had. */
static void fit(unsigned int *widths, unsigned int columns, unsigned int room)
{
	unsigned int sum = GAP * (columns - 1), widest;

	for (unsigned int i = 0; i < columns; i++)
		sum += widths[i];
	for (; sum > room; sum--) {
		widest = 0;
		for (unsigned int i = 1; i < columns; i++) {
			if (widths[i] > widths[widest])
				widest = i;
		}
		if (widths[widest] <= LEAST_WIDTH)
			return;
		widths[widest]--;
	}
}

static void blanks(unsigned int count)
{
	printf("%*s", (int)count, "");
}

static void print_cell(const struct cell *cell, unsigned int room, bool last)
{
	char *text = text_cut(cell->text, room);
	unsigned int rest = room - text_width(text);

	if (cell->right)
		blanks(rest);
	fputs(text, stdout);
	if (!cell->right && !last)
		blanks(rest);
	free(text);
}

void table_print(const struct table *table)
{
	unsigned int *widths = memory(table->columns * sizeof(*widths));
	unsigned int terminal = terminal_width();

	memset(widths, 0, table->columns * sizeof(*widths));
	for (unsigned int i = 0; i < table->count; i++) {
		unsigned int width = text_width(table->cells[i].text);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	if (terminal)
		fit(widths, table->columns, terminal);
	for (unsigned int i = 0; i < table->count; i++) {
		unsigned int column = i % table->columns;
		bool last = column == table->columns - 1;

		print_cell(&table->cells[i], widths[column], last);
		if (last)
			putchar('\n');
		else
			blanks(GAP);
	}
	free(widths);
}
