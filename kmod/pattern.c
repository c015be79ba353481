// SPDX-License-Identifier: GPL-2.0
#include <linux/broker.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pattern.h"

/* A key of 255 bytes has at most 256 words, most of them empty. */
#define MAX_TOKENS	(BROKER_MAX_KEY + 1)

enum token {
	TOKEN_WORD,
	TOKEN_ONE,	/* "*" */
	TOKEN_REST,	/* "#" */
};

/* One token; @text and @len of a word. */
struct pattern_token {
	enum token token;
	const char *text;
	unsigned int len;
};

/* A pattern in its tokens: in a row of wildcards, all "*" go first and one "#" last. */
struct pattern_tokens {
	unsigned int count;
	struct pattern_token token[MAX_TOKENS];
};

/* Places in a pattern: before each token, and behind the last. */
struct places {
	bool at[MAX_TOKENS + 1];
};

struct broker_pattern_scratch {
	struct pattern_tokens a, b;
	struct places now, next;
	int worst[MAX_TOKENS];
};

struct broker_pattern_scratch *broker_pattern_scratch_new(void)
{
	return kmalloc(sizeof(struct broker_pattern_scratch), GFP_KERNEL);
}

void broker_pattern_scratch_free(struct broker_pattern_scratch *scratch)
{
	kfree(scratch);
}

static enum token token_of(const char *word, size_t len, bool literal)
{
	if (!literal && len == 1 && *word == '*')
		return TOKEN_ONE;
	if (!literal && len == 1 && *word == '#')
		return TOKEN_REST;
	return TOKEN_WORD;
}

/* "#*" and "*#" match the same, and so do "##" and "#". */
static void tokens_add(struct pattern_tokens *tokens, const struct pattern_token *token)
{
	struct pattern_token *last = tokens->count ? &tokens->token[tokens->count - 1] : NULL;

	if (last && last->token == TOKEN_REST && token->token != TOKEN_WORD) {
		if (token->token == TOKEN_REST)
			return;
		*last = *token;
		tokens->token[tokens->count++].token = TOKEN_REST;
		return;
	}
	tokens->token[tokens->count++] = *token;
}

static void tokens_split(struct pattern_tokens *tokens, const struct broker_pattern *pattern)
{
	const char *text = pattern->text, *end = text + pattern->len;

	tokens->count = 0;
	if (!pattern->len)
		return;
	for (;;) {
		const char *dot = memchr(text, '.', end - text);
		struct pattern_token token = { .text = text, .len = (dot ?: end) - text };

		token.token = token_of(text, token.len, pattern->literal);
		tokens_add(tokens, &token);
		if (!dot)
			return;
		text = dot + 1;
	}
}

static bool is_rest(const struct pattern_tokens *tokens, unsigned int i)
{
	return i < tokens->count && tokens->token[i].token == TOKEN_REST;
}

static bool same_word(const struct pattern_token *a, const struct pattern_token *b)
{
	return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static void places_add(struct places *places, const struct pattern_tokens *tokens, unsigned int i)
{
	places->at[i] = true;
	/* A "#" need not match anything; the token behind it is none. */
	if (is_rest(tokens, i))
		places->at[i + 1] = true;
}

/* Reads one word of a key: @word is that word, or "*" for one that no pattern names. */
static void places_step(struct places *next, const struct places *now,
			const struct pattern_tokens *tokens, const struct pattern_token *word)
{
	unsigned int i;

	memset(next, 0, sizeof(*next));
	for (i = 0; i < tokens->count; i++) {
		const struct pattern_token *token = &tokens->token[i];

		if (!now->at[i])
			continue;
		if (token->token == TOKEN_REST)
			places_add(next, tokens, i);
		else if (token->token == TOKEN_ONE ||
			 (word->token == TOKEN_WORD && same_word(token, word)))
			places_add(next, tokens, i + 1);
	}
}

/* The last "#" that is reached by reading as many words, all unknown, as one likes; or -1. */
static int places_after_many(const struct places *now, const struct pattern_tokens *tokens)
{
	int i, found = -1;

	for (i = 0; i < (int)tokens->count; i++) {
		unsigned int rest = i;

		if (!now->at[i])
			continue;
		while (rest < tokens->count && tokens->token[rest].token == TOKEN_ONE)
			rest++;
		if (is_rest(tokens, rest))
			found = max(found, (int)rest);
	}
	return found;
}

/*
 * Follows @inner from its token @from on, with each "#" in it standing for nothing,
 * and notes how far @outer has got where it stands for many words instead.
 */
static bool follow(struct broker_pattern_scratch *s, unsigned int from)
{
	const struct pattern_tokens *outer = &s->a, *inner = &s->b;
	unsigned int i;

	for (i = from; i < inner->count; i++) {
		if (inner->token[i].token == TOKEN_REST) {
			int rest = places_after_many(&s->now, outer);

			if (rest < 0)
				return false;
			if (s->worst[i] < 0 || rest < s->worst[i])
				s->worst[i] = rest;
		} else {
			places_step(&s->next, &s->now, outer, &inner->token[i]);
			s->now = s->next;
		}
	}
	return s->now.at[outer->count];
}

/*
 * What @outer must match is every key that comes of @inner by putting words for
 * its wildcards.  The worst word for a "*" is one that @outer does not name.  The
 * worst for a "#" are no words at all or more of these than @outer is long: what
 * matches with both matches with any number between, since with its "*" before its
 * "#" @outer can take up words one by one.
 *
 * Having matched so many, @outer is at one of its "#"; the further on, the more it
 * matches from there.  So for each "#" of @inner only the least of those that can
 * be reached counts.
 */
bool broker_pattern_covers(struct broker_pattern_scratch *scratch,
			   const struct broker_pattern *outer, const struct broker_pattern *inner)
{
	struct broker_pattern_scratch *s = scratch;
	unsigned int i;

	tokens_split(&s->a, outer);
	tokens_split(&s->b, inner);
	for (i = 0; i < s->b.count; i++)
		s->worst[i] = -1;
	memset(&s->now, 0, sizeof(s->now));
	places_add(&s->now, &s->a, 0);
	if (!follow(s, 0))
		return false;
	for (i = 0; i < s->b.count; i++) {
		if (s->worst[i] < 0)
			continue;
		memset(&s->now, 0, sizeof(s->now));
		places_add(&s->now, &s->a, s->worst[i]);
		if (!follow(s, i + 1))
			return false;
	}
	return true;
}

static bool may_be_same(const struct pattern_token *a, const struct pattern_token *b)
{
	return a->token == TOKEN_ONE || b->token == TOKEN_ONE || same_word(a, b);
}

/* Row by row: whether the first tokens of both can stand for the same words. */
bool broker_pattern_overlaps(struct broker_pattern_scratch *scratch,
			     const struct broker_pattern *a, const struct broker_pattern *b)
{
	struct broker_pattern_scratch *s = scratch;
	const struct pattern_tokens *x = &s->a, *y = &s->b;
	unsigned int i, j;

	tokens_split(&s->a, a);
	tokens_split(&s->b, b);
	memset(&s->now, 0, sizeof(s->now));
	s->now.at[0] = true;
	for (j = 0; is_rest(y, j); j++)
		s->now.at[j + 1] = true;
	for (i = 0; i < x->count; i++) {
		bool rest = is_rest(x, i);

		/* next.at[j]: the first i + 1 of x, and the first j of y. */
		s->next.at[0] = rest && s->now.at[0];
		for (j = 0; j < y->count; j++) {
			if (rest || is_rest(y, j))
				s->next.at[j + 1] = s->now.at[j + 1] || s->next.at[j];
			else
				s->next.at[j + 1] = s->now.at[j] &&
						    may_be_same(&x->token[i], &y->token[j]);
		}
		s->now = s->next;
	}
	return s->now.at[y->count];
}
