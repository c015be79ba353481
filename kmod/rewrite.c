// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/broker.h>

#include "memory.h"
#include "rewrite.h"

/* References are digits. */
#define REWRITE_WORDS	9

/**
 * struct span - words, in the text that they stand in
 * @at: where; NULL: there are none
 * @len: bytes
 */
struct span {
	const char *at;
	size_t len;
};

/* Takes the first word off @text; false: there is none left. */
static bool next_word(struct span *text, struct span *word)
{
	const char *dot;

	if (!text->at)
		return false;
	dot = memchr(text->at, '.', text->len);
	word->at = text->at;
	word->len = dot ? dot - text->at : text->len;
	text->at = dot ? dot + 1 : NULL;
	text->len -= word->len + !!dot;
	return true;
}

/* An empty key has no words. */
static struct span words_of(const char *text, size_t len)
{
	return (struct span) { .at = len ? text : NULL, .len = len };
}

static bool span_is(const struct span *span, char c)
{
	return span->len == 1 && *span->at == c;
}

/*
 * Reads a template's next piece: a byte, or the reference in @ref: 1 to 9, '#',
 * else 0.  Return: how many bytes of the template that is; 0: it is malformed.
 */
static size_t next_piece(const char *to, size_t len, char *ref)
{
	*ref = 0;
	if (*to != '{' && *to != '}')
		return 1;
	if (len >= 2 && to[1] == to[0])
		return 2;
	if (*to == '}' || len < 3 || to[2] != '}')
		return 0;
	if (to[1] == '#')
		*ref = '#';
	else if (to[1] >= '1' && to[1] <= '9')
		*ref = to[1] - '0';
	return *ref ? 3 : 0;
}

enum broker_rewrite_fault broker_rewrite_check(const char *from, size_t from_len,
					       const char *to, size_t to_len)
{
	struct span pattern = words_of(from, from_len), word;
	bool rest = false;
	int words = 0;
	size_t piece;
	char ref;

	while (next_word(&pattern, &word)) {
		if (rest)
			return BROKER_REWRITE_REST;
		rest = span_is(&word, '#');
		words += span_is(&word, '*');
	}
	if (words > REWRITE_WORDS)
		return BROKER_REWRITE_WORDS;
	for (; to_len; to += piece, to_len -= piece) {
		piece = next_piece(to, to_len, &ref);
		if (!piece)
			return BROKER_REWRITE_BRACE;
		if (ref == '#' ? !rest : ref > words)
			return BROKER_REWRITE_REFERENCE;
	}
	return BROKER_REWRITE_GOOD;
}

struct broker_rewrite *broker_rewrite_new(const char *from, u8 from_len, const char *to, u8 to_len)
{
	struct broker_rewrite *rule;

	rule = kzalloc(struct_size(rule, to, to_len + 1 + from_len + 1), BROKER_GFP);
	if (!rule)
		return NULL;
	rule->from = rule->to + to_len + 1;
	rule->from_len = from_len;
	rule->to_len = to_len;
	memcpy(rule->to, to, to_len);
	memcpy(rule->to + to_len + 1, from, from_len);
	return rule;
}

/* What the wildcards stand for: @words for each "*", @rest for "#". */
static bool rewrite_match(const struct broker_rewrite *rule, struct span key, struct span *words,
			  struct span *rest)
{
	struct span pattern = words_of(rule->from, rule->from_len), token, word;

	while (next_word(&pattern, &token)) {
		if (span_is(&token, '#')) {
			*rest = key;
			return true;
		}
		if (!next_word(&key, &word))
			return false;
		if (span_is(&token, '*'))
			*words++ = word;
		else if (token.len != word.len || memcmp(token.at, word.at, word.len))
			return false;
	}
	return !key.at;
}

int broker_rewrite_key(const struct broker_rewrite *rule, const char *key, size_t key_len,
		       char *new_key)
{
	struct span words[REWRITE_WORDS], rest = {}, add;
	const char *to = rule->to, *end = to + rule->to_len;
	size_t len = 0, piece;
	char ref;

	if (!rewrite_match(rule, words_of(key, key_len), words, &rest))
		return -ENOENT;
	for (; to < end; to += piece) {
		piece = next_piece(to, end - to, &ref);
		if (ref == '#')
			add = rest;
		else if (ref)
			add = words[ref - 1];
		else
			add = (struct span) { .at = to, .len = 1 };
		/* No words, so no dot to part them from those before. */
		if (!add.at && len && new_key[len - 1] == '.')
			len--;
		if (len + add.len > BROKER_MAX_KEY)
			return -ENAMETOOLONG;
		if (add.len)
			memcpy(new_key + len, add.at, add.len);
		len += add.len;
	}
	return len;
}
