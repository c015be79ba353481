/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _TOPIC_ORACLE_H
#define _TOPIC_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What it means that a pattern matches a key, said as plainly as can be: nothing
 * is shared with the matcher, and nothing is done to be fast.
 */
struct word {
	const char *text;
	size_t len;
};

struct words {
	unsigned int count;
	struct word word[256];
};

void oracle_split(struct words *words, const char *text, size_t len);
bool oracle_match(const struct words *pattern, const struct words *key);

#endif /* _TOPIC_ORACLE_H */
