/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _TOPIC_SET_H
#define _TOPIC_SET_H

/*
 * A topic, the patterns that are in it, and what a match of it found: what the tests
 * and the fuzzer compare with the oracle.
 */
#include <linux/mutex.h>

#include "../../kmod/topic.h"
#include "topic_oracle.h"

#define SET_MAX	64

struct set_pattern {
	struct broker_topic_entry entry;
	char text[256];
	size_t len;
	struct words words;
	bool added;
	unsigned int found;	/* by the last match */
};

struct set {
	struct broker_topic topic;
	struct broker_topic_scratch scratch;
	struct mutex lock;
	struct set_pattern pattern[SET_MAX];
};

struct set *set_new(void);		/* one at a time */
void set_free(struct set *set);		/* deletes what is left; fails the test on a leak */

int set_add(struct set *set, unsigned int i, const char *text, size_t len);
void set_del(struct set *set, unsigned int i);

/* Matches, growing the scratch as needed.  Return: how many entries were found */
unsigned int set_match(struct set *set, const char *key, size_t len);

/* Matches, and compares with the oracle.  Return: they agree */
bool set_check(struct set *set, const char *key, size_t len);

#endif /* _TOPIC_SET_H */
