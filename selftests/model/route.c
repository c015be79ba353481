// SPDX-License-Identifier: GPL-2.0-or-later
/* Which queues a message goes to, in the words of linux/broker.h and no faster. */
#include <string.h>

#include "world.h"

/* Splits at dots; the empty text has no words. */
static int split(const char *text, char words[][256])
{
	int n = 0;

	while (*text || n) {
		size_t len = strcspn(text, ".");

		memcpy(words[n], text, len);
		words[n++][len] = 0;
		if (!text[len])
			break;
		text += len + 1;
	}
	if (!n && *text)
		return 0;
	return n;
}

static int words_match(char pattern[][256], int nr_pattern, char key[][256], int nr_key)
{
	int skip;

	if (!nr_pattern)
		return !nr_key;
	if (!strcmp(pattern[0], "#")) {
		for (skip = 0; skip <= nr_key; skip++)
			if (words_match(pattern + 1, nr_pattern - 1, key + skip, nr_key - skip))
				return 1;
		return 0;
	}
	if (!nr_key || (strcmp(pattern[0], "*") && strcmp(pattern[0], key[0])))
		return 0;
	return words_match(pattern + 1, nr_pattern - 1, key + 1, nr_key - 1);
}

int topic_matches(const char *pattern, const char *key)
{
	static char patterns[16][256], keys[16][256];

	return words_match(patterns, split(pattern, patterns), keys, split(key, keys));
}

static int header_meets(const struct header *wanted, const struct props *p)
{
	int i;

	for (i = 0; i < 4 && p->headers[i].name; i++) {
		const struct header *has = &p->headers[i];

		if (strcmp(has->name, wanted->name))
			continue;
		/* The first of that name counts. */
		if (!wanted->type)
			return 1;
		if (wanted->type != has->type)
			return 0;
		switch (wanted->type) {
		case BROKER_TYPE_STRING:
			return !strcmp(wanted->text, has->text);
		case BROKER_TYPE_DOUBLE:
			return wanted->real == has->real;
		default:
			return wanted->number == has->number;
		}
	}
	return 0;
}

static int headers_meet(int match, int props_nr)
{
	const struct match *m;
	int i;

	if (match < 0)
		return 1;
	m = &matches[match];
	for (i = 0; i < 3 && m->headers[i].name; i++)
		if (header_meets(&m->headers[i], &props[props_nr]) == m->any)
			return m->any;
	return !m->any;
}

static int binding_matches(const struct world *w, const struct binding *b, int key, int props_nr)
{
	char mine[64], theirs[64];

	key_text(b->key, mine);
	key_text(key, theirs);
	switch (w->exchange[b->exchange].type) {
	case BROKER_EXCHANGE_TYPE_DIRECT:
		return !strcmp(mine, theirs);
	case BROKER_EXCHANGE_TYPE_FANOUT:
		return 1;
	case BROKER_EXCHANGE_TYPE_TOPIC:
		return topic_matches(mine, theirs);
	default:
		return headers_meet(b->match, props_nr);
	}
}

static void visit(struct world *w, int exchange, int key, int props_nr, int count,
		  int *seen, int *found)
{
	struct exchange *x = &w->exchange[exchange];
	int i, matched = 0;

	if (seen[exchange])
		return;
	seen[exchange] = 1;
	for (i = 0; i < BINDINGS; i++) {
		const struct binding *b = &w->binding[i];

		if (!b->exists || b->exchange != exchange || !binding_matches(w, b, key, props_nr))
			continue;
		matched = 1;
		if (b->to >= TO_EXCHANGE)
			visit(w, b->to - TO_EXCHANGE, key, props_nr, count, seen, found);
		else
			found[b->to] = 1;
	}
	if (count) {
		x->published++;
		x->unroutable += !matched;
	}
	if (!matched && x->alternate >= 0)
		visit(w, x->alternate, key, props_nr, count, seen, found);
}

/* The error, or 0 and the queues. */
int world_route(struct world *w, int user, int exchange, int key, int props_nr, int count,
		int *queues, int *nr)
{
	int seen[EXCHANGES] = {}, found[QUEUES] = {}, i;
	struct exchange *x = &w->exchange[exchange];
	char text[64], name[16];

	*nr = 0;
	if (!exchange) {
		for (i = 0; i < QUEUES; i++)
			if (w->queue[i].exists &&
			    !strcmp(queue_name(i, name), key_text(key, text)))
				break;
		if (i == QUEUES)
			return -ENOENT;
		if (!may(user, w->queue[i].uid, w->queue[i].gid, w->queue[i].mode, MAY_PUBLISH))
			return -EACCES;
		queues[(*nr)++] = i;
		x->published += count;
		return 0;
	}
	if (!x->exists)
		return -ENOENT;
	if (!may(user, x->uid, x->gid, x->mode, MAY_PUBLISH))
		return -EACCES;
	visit(w, exchange, key, props_nr, count, seen, found);
	for (i = 0; i < QUEUES; i++)
		if (found[i])
			queues[(*nr)++] = i;
	return 0;
}

/* Whether a message at one exchange could come to the other. */
int exchange_reaches(const struct world *w, int from, int to)
{
	int i;

	if (from == to)
		return 1;
	for (i = 0; i < BINDINGS; i++)
		if (w->binding[i].exists && w->binding[i].exchange == from &&
		    w->binding[i].to >= TO_EXCHANGE &&
		    exchange_reaches(w, w->binding[i].to - TO_EXCHANGE, to))
			return 1;
	return w->exchange[from].alternate >= 0 &&
	       exchange_reaches(w, w->exchange[from].alternate, to);
}
