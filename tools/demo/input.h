/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DEMO_INPUT_H
#define DEMO_INPUT_H

#include <stdbool.h>

#include "lines.h"

#define INPUT_KEY_SIZE	160		/* of the longest key, with its NUL */
#define INPUT_MAX	(256UL << 20)	/* the demo keeps its input in memory */

/*
 * Reads a whole file, which may be a pipe, and splits it.  The text stays in
 * memory until the program ends.  Returns 0, or -1 with the reason on stderr: not
 * readable, longer than INPUT_MAX, no lines, or a line too long for a message.
 */
int input_read(struct lines *lines, const char *path);

/*
 * The routing key of a line.  Of dpkg's log it is the action, and for the
 * actions "status" and "startup" what follows:
 *
 *	2026-01-31 12:00:00 status installed bash:amd64 5.2	dpkg.status.installed
 *	2026-01-31 12:00:00 startup archives unpack		dpkg.startup.archives
 *	2026-01-31 12:00:00 install jq:amd64 <none> 1.6		dpkg.install
 *	Any other line						line.Any
 *	(a line of blanks)					line.blank
 *
 * Of a word at most 64 bytes count, of a line 256; bytes other than ASCII
 * letters, digits, "-" and "_" become "_".
 */
void input_key(const struct line *line, char key[INPUT_KEY_SIZE]);

/* Whether the first words of a key are these, as the pattern "words.#" has it. */
bool input_key_begins(const char *key, const char *words);

#endif /* DEMO_INPUT_H */
