// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "topic_oracle.h"

void oracle_split(struct words *words, const char *text, size_t len)
{
	size_t i, start = 0;

	words->count = 0;
	if (len == 0)
		return;
	for (i = 0; i <= len; i++) {
		if (i == len || text[i] == '.') {
			words->word[words->count].text = text + start;
			words->word[words->count].len = i - start;
			words->count++;
			start = i + 1;
		}
	}
}

static bool is(const struct word *word, const char *text)
{
	return word->len == strlen(text) && memcmp(word->text, text, word->len) == 0;
}

static bool match(const struct word *pattern, unsigned int np,
		  const struct word *key, unsigned int nk)
{
	if (np == 0)
		return nk == 0;
	if (is(pattern, "#"))
		return match(pattern + 1, np - 1, key, nk) ||
		       (nk > 0 && match(pattern, np, key + 1, nk - 1));
	if (nk == 0)
		return false;
	if (!is(pattern, "*") && (pattern->len != key->len ||
				  memcmp(pattern->text, key->text, key->len) != 0))
		return false;
	return match(pattern + 1, np - 1, key + 1, nk - 1);
}

bool oracle_match(const struct words *pattern, const struct words *key)
{
	return match(pattern->word, pattern->count, key->word, key->count);
}
