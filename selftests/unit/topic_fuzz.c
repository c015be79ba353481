// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: lines.  "+PATTERN" adds, "-" deletes the oldest, any other line is a key to
 * match.  Where the oracle can say in reasonable time what is right, it does.
 */
#include <linux/rcupdate.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "tap.h"
#include "topic_set.h"

#define MAX_TOKENS	8	/* for the oracle: its time is exponential in them */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool oracle_can(const struct set *set, const char *key, size_t len)
{
	struct words words;
	unsigned int i;

	oracle_split(&words, key, len);
	if (words.count > MAX_TOKENS)
		return false;
	for (i = 0; i < SET_MAX; i++) {
		if (set->pattern[i].added && set->pattern[i].words.count > MAX_TOKENS)
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	unsigned int oldest = 0, newest = 0;
	struct set *set;

	/* The first byte tells how much hashes collide. */
	shim_hash_mask = size && *data & 1 ? 0 : ~0U;
	set = set_new();
	while (text < end) {
		const char *newline = memchr(text, '\n', end - text);
		size_t len = (newline ? newline : end) - text;

		if (len && len <= 256 && *text == '+') {
			set_del(set, newest % SET_MAX);
			if (!set_add(set, newest % SET_MAX, text + 1, len - 1))
				newest++;
		} else if (len && *text == '-') {
			set_del(set, oldest++ % SET_MAX);
		} else if (len <= 255 && oracle_can(set, text, len)) {
			set_check(set, text, len);
		} else {
			set_match(set, text, len);
		}
		text += len + 1;
	}
	set_free(set);
	if (tap_failed())
		abort();
	return 0;
}
