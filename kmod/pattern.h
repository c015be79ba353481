/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_PATTERN_H
#define _BROKER_PATTERN_H

#include <linux/types.h>

/**
 * DOC: Patterns as sets of keys
 *
 * A topic pattern stands for the keys that it matches; the grammar is that of
 * linux/broker.h.  Here two of them are compared as sets.  There are more words
 * than any pattern names, hence one that stands for "any other word"; so both
 * answers are exact.
 *
 * Cost: tokens of one times tokens of the other, times the number of "#" in @inner.
 */

/* Memory to work with; not small. */
struct broker_pattern_scratch;

struct broker_pattern_scratch *broker_pattern_scratch_new(void);
void broker_pattern_scratch_free(struct broker_pattern_scratch *scratch);

/**
 * struct broker_pattern - a set of keys
 * @text: pattern or key, text that passed broker_key_check() (const)
 * @len: bytes of it (const)
 * @literal: a key: it stands for itself, whatever it contains (const)
 */
struct broker_pattern {
	const char *text;
	u8 len;
	bool literal;
};

/* Whether every key of @inner is one of @outer. */
bool broker_pattern_covers(struct broker_pattern_scratch *scratch,
			   const struct broker_pattern *outer, const struct broker_pattern *inner);

/* Whether some key is one of both. */
bool broker_pattern_overlaps(struct broker_pattern_scratch *scratch,
			     const struct broker_pattern *a, const struct broker_pattern *b);

#endif /* _BROKER_PATTERN_H */
