/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of text: columns as wide as what they hold, numbers to the right.  On
 * a terminal that is too narrow the widest columns are cut, with an ellipsis.
 */
#ifndef BROKERCTL_TABLE_H
#define BROKERCTL_TABLE_H

#include <stdbool.h>

struct table;

/* Never NULL */
struct table *table_new(unsigned int columns);
struct table *table_free(struct table *table);

/* The next cell; takes @text, which was malloc()ed. */
void table_cell(struct table *table, char *text, bool right);

void table_print(const struct table *table);

/* Columns that @text takes on a terminal */
unsigned int text_width(const char *text);

/* @text, cut with an ellipsis if it takes more than @width columns; to be freed. */
char *text_cut(const char *text, unsigned int width);

#endif
