// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <linux/broker.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "tap.h"
#include "topic_set.h"

#define ADD(set, i, text)	set_add(set, i, text, strlen(text))
#define MATCH(set, text)	set_match(set, text, strlen(text))

/* Grammar: one pattern, one key. */

static bool matches(const char *pattern, const char *key)
{
	struct set *set = set_new();
	unsigned int count;

	EXPECT_EQ(ADD(set, 0, pattern), 0);
	count = MATCH(set, key);
	EXPECT(count <= 1);
	set_free(set);
	return count;
}

static void test_words(void)
{
	EXPECT(matches("a", "a"));
	EXPECT(matches("order.created", "order.created"));
	EXPECT(!matches("order.created", "order"));
	EXPECT(!matches("order", "order.created"));
	EXPECT(!matches("order", "orders"));
	EXPECT(!matches("a.b", "a.c"));
	EXPECT(!matches("a.b", "b.a"));
}

static void test_one(void)
{
	EXPECT(matches("*", "a"));
	EXPECT(matches("a.*.c", "a.b.c"));
	EXPECT(matches("*.*", "a.b"));
	EXPECT(!matches("*", "a.b"));
	EXPECT(!matches("a.*", "a"));
	EXPECT(!matches("a.*.c", "a.c"));
	EXPECT(!matches("a.*.c", "a.b.b.c"));
}

static void test_rest(void)
{
	EXPECT(matches("#", "a"));
	EXPECT(matches("#", "a.b.c"));
	EXPECT(matches("a.#", "a"));
	EXPECT(matches("a.#", "a.b.c"));
	EXPECT(!matches("a.#", "b"));
	EXPECT(!matches("a.#", "ab"));
}

static void test_rest_inside(void)
{
	EXPECT(matches("#.c", "c"));
	EXPECT(matches("#.c", "a.b.c"));
	EXPECT(matches("a.#.c", "a.c"));
	EXPECT(matches("a.#.c", "a.b.c.b.c"));
	EXPECT(matches("#.a.#", "x.a.y"));
	EXPECT(matches("#.a.#.b.#", "x.a.y.b.z"));
	EXPECT(!matches("#.c", "c.d"));
	EXPECT(!matches("a.#.c", "a.b"));
	EXPECT(!matches("a.#.c", "a"));
	EXPECT(!matches("#.a.#.b.#", "b.a"));
}

static void test_rows_of_wildcards(void)
{
	EXPECT(matches("#.#", ""));
	EXPECT(matches("#.#", "a.b"));
	EXPECT(matches("#.*", "a"));
	EXPECT(matches("*.#", "a.b.c"));
	EXPECT(matches("#.*.#.*", "a.b"));
	EXPECT(matches("a.#.*.b", "a.x.y.b"));
	EXPECT(!matches("#.*", ""));
	EXPECT(!matches("*.#", ""));
	EXPECT(!matches("#.*.#.*", "a"));
	EXPECT(!matches("a.#.*.b", "a.b"));
}

static void test_empty_key(void)
{
	EXPECT(matches("", ""));
	EXPECT(matches("#", ""));
	EXPECT(!matches("*", ""));
	EXPECT(!matches("a", ""));
	EXPECT(!matches(".", ""));
}

static void test_empty_pattern(void)
{
	EXPECT(!matches("", "a"));
	EXPECT(!matches("", "."));
}

static void test_empty_words(void)
{
	EXPECT(matches(".", "."));
	EXPECT(matches("a.", "a."));
	EXPECT(matches(".a", ".a"));
	EXPECT(matches("a..b", "a..b"));
	EXPECT(matches("*.*", "."));
	EXPECT(matches("a.*.b", "a..b"));
	EXPECT(matches("a.*", "a."));
	EXPECT(!matches("a.", "a"));
	EXPECT(!matches("a", "a."));
	EXPECT(!matches("a..b", "a.b"));
	EXPECT(!matches("..", "."));
}

static void test_wildcard_in_word(void)
{
	EXPECT(matches("a*", "a*"));
	EXPECT(matches("##", "##"));
	EXPECT(matches("**.a", "**.a"));
	EXPECT(!matches("a*", "ab"));
	EXPECT(!matches("##", "a"));
	EXPECT(!matches("**", "a"));
}

static void test_wildcard_in_key(void)
{
	EXPECT(matches("*", "#"));
	EXPECT(matches("#", "*"));
	EXPECT(matches("a.*", "a.*"));
	EXPECT(!matches("a", "*"));
	EXPECT(!matches("a", "#"));
	EXPECT(!matches("a.b", "a.#"));
}

/* Limits */

static void test_longest_pattern(void)
{
	struct set *set = set_new();
	char text[BROKER_MAX_KEY + 1];

	memset(text, 'x', sizeof(text));
	EXPECT_EQ(set_add(set, 0, text, BROKER_MAX_KEY), 0);
	EXPECT(set_check(set, text, BROKER_MAX_KEY));
	EXPECT(set_check(set, text, BROKER_MAX_KEY - 1));
	set_free(set);
}

static void test_too_long_pattern(void)
{
	struct set *set = set_new();
	char text[BROKER_MAX_KEY + 1];

	memset(text, '.', sizeof(text));
	EXPECT_EQ(set_add(set, 0, text, BROKER_MAX_KEY + 1), -ENAMETOOLONG);
	EXPECT_EQ(set_match(set, text, BROKER_MAX_KEY + 1), 0);
	set_free(set);
}

static void test_most_words(void)
{
	struct set *set = set_new();
	char dots[BROKER_MAX_KEY], stars[BROKER_MAX_KEY];
	unsigned int i;

	memset(dots, '.', sizeof(dots));
	for (i = 0; i < sizeof(stars); i++)
		stars[i] = i % 2 ? '.' : '*';
	EXPECT_EQ(set_add(set, 0, dots, sizeof(dots)), 0);
	EXPECT_EQ(set_add(set, 1, stars, sizeof(stars)), 0);
	EXPECT_EQ(set_match(set, dots, sizeof(dots)), 1);
	EXPECT_EQ(set->pattern[0].found, 1);
	EXPECT_EQ(set_match(set, stars, sizeof(stars)), 1);
	EXPECT_EQ(set->pattern[1].found, 1);
	set_free(set);
}

static void test_longer_key(void)
{
	struct set *set = set_new();
	char *key = malloc(100000);

	memset(key, 'x', 100000);
	ADD(set, 0, "#");
	ADD(set, 1, "*");
	ADD(set, 2, "x");
	EXPECT_EQ(set_match(set, key, 100000), 2);
	free(key);
	set_free(set);
}

/* Entries */

static void test_same_pattern(void)
{
	struct set *set = set_new();

	ADD(set, 0, "a.*");
	ADD(set, 1, "a.*");
	EXPECT_EQ(MATCH(set, "a.b"), 2);
	set_del(set, 0);
	EXPECT_EQ(MATCH(set, "a.b"), 1);
	set_del(set, 1);
	EXPECT_EQ(MATCH(set, "a.b"), 0);
	set_free(set);
}

static void test_equivalent_patterns_share(void)
{
	struct set *set = set_new();
	unsigned long live;

	ADD(set, 0, "a.*.*.#.b");
	live = shim_live();
	ADD(set, 1, "a.#.*.#.*.b");
	EXPECT_EQ(shim_live(), live);
	EXPECT_EQ(MATCH(set, "a.x.y.b"), 2);
	set_free(set);
}

static void test_once_in_several_ways(void)
{
	struct set *set = set_new();

	ADD(set, 0, "#.a.#");
	ADD(set, 1, "#.a.#.a.#");
	ADD(set, 2, "#.a.*.#");
	EXPECT(set_check(set, "a.a.a.a.a.a", 11));
	EXPECT_EQ(set->pattern[0].found, 1);
	set_free(set);
}

static void test_prefix_outlives_longer(void)
{
	struct set *set = set_new();

	ADD(set, 0, "a.#");
	ADD(set, 1, "a.#.b.*.c");
	set_del(set, 1);
	EXPECT_EQ(MATCH(set, "a.b.x.c"), 1);
	EXPECT_EQ(set->pattern[0].found, 1);
	set_free(set);
}

static void test_longer_outlives_prefix(void)
{
	struct set *set = set_new();

	ADD(set, 0, "a.#");
	ADD(set, 1, "a.#.b.*.c");
	set_del(set, 0);
	EXPECT_EQ(MATCH(set, "a.b.x.c"), 1);
	EXPECT_EQ(set->pattern[1].found, 1);
	set_free(set);
}

static void test_delete_frees_nodes(void)
{
	struct set *set = set_new();
	unsigned long live = shim_live();

	ADD(set, 0, "a.b.*.#.c");
	EXPECT(shim_live() > live);
	set_del(set, 0);
	rcu_barrier();
	EXPECT_EQ(shim_live(), live);
	set_free(set);
}

/* Hashes that collide: the words themselves decide. */
static void test_collisions(void)
{
	struct set *set;
	unsigned int i;
	char text[32];

	shim_hash_mask = 0;
	set = set_new();
	for (i = 0; i < SET_MAX; i++) {
		snprintf(text, sizeof(text), "%u.%u.x%u", i % 4, i % 3, i);
		EXPECT_EQ(ADD(set, i, text), 0);
	}
	for (i = 0; i < 3 * SET_MAX; i++) {
		snprintf(text, sizeof(text), "%u.%u.x%u", i % 4, i % 3, i % 100);
		EXPECT(set_check(set, text, strlen(text)));
	}
	set_free(set);
	shim_hash_mask = ~0U;
}

/* Matching */

static int stop(struct broker_topic_entry *entry, void *arg)
{
	(void)entry;
	++*(unsigned int *)arg;
	return 42;
}

static void test_emit_ends_match(void)
{
	struct set *set = set_new();
	unsigned int calls = 0;

	ADD(set, 0, "a");
	ADD(set, 1, "*");
	ADD(set, 2, "#");
	MATCH(set, "a");	/* the scratch is large enough now */
	rcu_read_lock();
	EXPECT_EQ(broker_topic_match(&set->topic, "a", 1, &set->scratch, stop, &calls), 42);
	rcu_read_unlock();
	EXPECT_EQ(calls, 1);
	set_free(set);
}

static int delete_it(struct broker_topic_entry *entry, void *arg)
{
	set_del(arg, container_of(entry, struct set_pattern, entry) -
		     ((struct set *)arg)->pattern);
	return 0;
}

static void test_delete_during_match(void)
{
	struct set *set = set_new();

	ADD(set, 0, "a.b");
	ADD(set, 1, "a.b");
	ADD(set, 2, "a.*");
	ADD(set, 3, "#.b");
	MATCH(set, "a.b");
	rcu_read_lock();
	EXPECT_EQ(broker_topic_match(&set->topic, "a.b", 3, &set->scratch, delete_it, set), 0);
	rcu_read_unlock();
	EXPECT_EQ(MATCH(set, "a.b"), 0);
	set_free(set);
}

static void test_scratch_too_small(void)
{
	struct broker_topic_scratch none = {};
	struct set *set = set_new();
	unsigned int calls = 0;

	ADD(set, 0, "#");
	rcu_read_lock();
	EXPECT_EQ(broker_topic_match(&set->topic, "a", 1, &none, stop, &calls), -ENOSPC);
	rcu_read_unlock();
	EXPECT_EQ(calls, 0);
	set_free(set);
}

static int tally(struct broker_topic_entry *entry, void *arg)
{
	(void)entry;
	++*(unsigned int *)arg;
	return 0;
}

/*
 * Matches @key with scratch that starts with nothing, and of which a match tells before
 * it calls back that it is not enough.  Return: entries found
 */
static unsigned int match_growing(struct set *set, const char *key, unsigned int *capacity)
{
	struct broker_topic_scratch scratch = {};
	unsigned int found = 0;
	int err;

	for (;;) {
		rcu_read_lock();
		err = broker_topic_match(&set->topic, key, strlen(key), &scratch, tally, &found);
		rcu_read_unlock();
		if (err != -ENOSPC)
			break;
		EXPECT_EQ(found, 0);
		EXPECT_EQ(broker_topic_scratch_grow(&scratch), 0);
	}
	EXPECT_EQ(err, 0);
	*capacity = scratch.capacity;
	broker_topic_scratch_free(&scratch);
	return found;
}

static void entry_add(struct set *set, struct broker_topic_entry *entry, const char *pattern)
{
	mutex_lock(&set->lock);
	EXPECT_EQ(broker_topic_add(&set->topic, pattern, strlen(pattern), entry), 0);
	mutex_unlock(&set->lock);
}

static void entry_del(struct set *set, struct broker_topic_entry *entry)
{
	mutex_lock(&set->lock);
	broker_topic_del(&set->topic, entry);
	mutex_unlock(&set->lock);
}

/* All choices of "a" or "*" for ten words: so many nodes are active after the last. */
static void test_many_active(void)
{
	static struct broker_topic_entry entries[1024];
	struct set *set = set_new();
	unsigned int i, bit, capacity;
	char text[] = "a.a.a.a.a.a.a.a.a.a";

	for (i = 0; i < 1024; i++) {
		for (bit = 0; bit < 10; bit++)
			text[2 * bit] = i >> bit & 1 ? '*' : 'a';
		entry_add(set, &entries[i], text);
	}
	EXPECT_EQ(match_growing(set, "a.a.a.a.a.a.a.a.a.a", &capacity), 1024);
	EXPECT_EQ(capacity, 1024);
	for (i = 0; i < 1024; i++)
		entry_del(set, &entries[i]);
	set_free(set);
}

/* "#", "a.#", "a.a.#"…: one node is active at a time, but each "#" stays. */
static void test_many_rests(void)
{
	static struct broker_topic_entry entries[100];
	struct set *set = set_new();
	unsigned int i, capacity;
	char text[256], key[256];

	for (i = 0; i < 100; i++) {
		memcpy(&text[2 * i], "#", 2);
		entry_add(set, &entries[i], text);
		memcpy(&text[2 * i], "a.", 2);
		memcpy(&key[2 * i], "a.", 2);
	}
	key[199] = 0;
	EXPECT_EQ(match_growing(set, key, &capacity), 100);
	EXPECT_EQ(capacity, 128);
	for (i = 0; i < 100; i++)
		entry_del(set, &entries[i]);
	set_free(set);
}

/* Memory runs out */

static void test_init_fails(void)
{
	DEFINE_MUTEX(lock);
	struct broker_topic topic;
	unsigned long live = shim_live();
	unsigned int nth;

	for (nth = 1; nth <= 2; nth++) {
		shim_fail_nth(nth);
		EXPECT_EQ(broker_topic_init(&topic, &lock), -ENOMEM);
		EXPECT_EQ(shim_live(), live);
	}
}

static void test_add_fails(void)
{
	static const char *const patterns[] = {
		"a", "a.b.c", "a.*.#", "a.b.d", "*.a", "#.*.x.y", "#", "a.b.c.d.#.e.#.f.*", "",
	};
	struct set *set = set_new();
	unsigned int i, j, nth;
	int err;

	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		unsigned long live = shim_live();

		for (nth = 1;; nth++) {
			shim_fail_nth(nth);
			err = ADD(set, i, patterns[i]);
			shim_fail_nth(0);
			if (!err)
				break;
			EXPECT_EQ(err, -ENOMEM);
			rcu_barrier();
			EXPECT_EQ(shim_live(), live);
			for (j = 0; j <= i; j++)
				EXPECT(set_check(set, patterns[j], strlen(patterns[j])));
			live = shim_live();	/* the scratch may have grown */
		}
		EXPECT(set_check(set, patterns[i], strlen(patterns[i])));
	}
	set_free(set);
}

static void test_scratch_grow_fails(void)
{
	struct broker_topic_scratch scratch = {};
	struct broker_topic_scratch before;
	unsigned long live = shim_live();

	EXPECT_EQ(broker_topic_scratch_grow(&scratch), 0);
	before = scratch;
	shim_fail_nth(1);
	EXPECT_EQ(broker_topic_scratch_grow(&scratch), -ENOMEM);
	EXPECT(!memcmp(&before, &scratch, sizeof(scratch)));
	broker_topic_scratch_free(&scratch);
	EXPECT_EQ(shim_live(), live);
}

/* Cost, in lookups of the hash table */

static unsigned long cost(struct set *set, const char *key, size_t len)
{
	unsigned long before;

	set_match(set, key, len);	/* grows the scratch */
	before = shim_lookups();
	set_match(set, key, len);
	return shim_lookups() - before;
}

/* Bindings that do not match, some of which share words with the key. */
static unsigned long cost_among(unsigned int others)
{
	struct broker_topic_entry *entries = calloc(others, sizeof(*entries));
	struct set *set = set_new();
	unsigned long lookups;
	unsigned int i;
	char text[64];

	ADD(set, 0, "dpkg.status.#");
	ADD(set, 1, "#.installed");
	for (i = 0; i < others; i++) {
		static const char *const forms[] = {
			"dpkg.status.installed.%u", "dpkg.%u.#", "%u.#", "*.*.%u.#", "#.%u",
			"#.status.%u.*", "%u.%u",
		};

		snprintf(text, sizeof(text), forms[i % 7], i, i);
		entry_add(set, &entries[i], text);
	}
	EXPECT_EQ(MATCH(set, "dpkg.status.installed"), 2);
	lookups = cost(set, "dpkg.status.installed", 21);

	for (i = 0; i < others; i++)
		entry_del(set, &entries[i]);
	set_free(set);
	free(entries);
	return lookups;
}

static void test_cost_of_others(void)
{
	unsigned long few = cost_among(10), many = cost_among(100000);

	EXPECT(few > 0);
	EXPECT_EQ(many, few);
}

/* "#.a.#.a…" and "a.a.a…": each "#" is one node, looked up at most once a word. */
static void test_no_backtracking(void)
{
	const unsigned int words = (BROKER_MAX_KEY + 1) / 2, rests = words / 2;
	char pattern[BROKER_MAX_KEY], key[BROKER_MAX_KEY];
	struct set *set = set_new();
	unsigned int i;

	for (i = 0; i < BROKER_MAX_KEY; i++) {
		pattern[i] = "#.a."[i % 4];
		key[i] = "a."[i % 2];
	}
	EXPECT_EQ(set_add(set, 0, pattern, sizeof(pattern)), 0);
	EXPECT_EQ(set_match(set, key, sizeof(key)), 1);
	EXPECT(cost(set, key, sizeof(key)) <= words * rests);
	key[BROKER_MAX_KEY - 1] = 'b';
	EXPECT_EQ(set_match(set, key, sizeof(key)), 0);
	EXPECT(cost(set, key, sizeof(key)) <= words * rests);
	set_free(set);
}

static void test_match_allocates_nothing(void)
{
	struct set *set = set_new();
	unsigned long before;

	ADD(set, 0, "#.a.#.b.*");
	MATCH(set, "a.a.b.c");
	before = shim_allocations();
	EXPECT_EQ(MATCH(set, "a.a.b.c"), 1);
	EXPECT_EQ(shim_allocations(), before);
	set_free(set);
}

/* Random sets against the oracle */

/* How the sets of one round look. */
struct style {
	const char *const *words;
	unsigned int nr_words;
	unsigned int one, rest;		/* percent of tokens */
	unsigned int max_tokens;
	unsigned int patterns;
};

static size_t put(char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	memcpy(text + len, word, n);
	return len + n;
}

static size_t random_pattern(struct rng *rng, const struct style *style, char *text)
{
	unsigned int i, tokens = rng_below(rng, style->max_tokens + 1), rests = 0;
	size_t len = 0;

	for (i = 0; i < tokens; i++) {
		unsigned int what = rng_below(rng, 100);

		if (i)
			text[len++] = '.';
		/* The oracle takes time exponential in these. */
		if (what < style->rest && rests < 4) {
			text[len++] = '#';
			rests++;
		} else if (what < style->rest + style->one) {
			text[len++] = '*';
		} else {
			len = put(text, len, style->words[rng_below(rng, style->nr_words)]);
		}
	}
	return len;
}

static size_t random_key(struct rng *rng, const struct style *style, char *text)
{
	unsigned int i, words = rng_below(rng, style->max_tokens + 3);
	size_t len = 0;

	for (i = 0; i < words; i++) {
		if (i)
			text[len++] = '.';
		if (rng_percent(rng, 3))
			text[len++] = "*#"[rng_below(rng, 2)];
		else
			len = put(text, len, style->words[rng_below(rng, style->nr_words)]);
	}
	return len;
}

/* A key that @pattern matches, unless words are empty and all there is. */
static size_t key_for(struct rng *rng, const struct style *style, const struct words *pattern,
		      char *text)
{
	unsigned int i, n;
	size_t len = 0;

	for (i = 0; i < pattern->count; i++) {
		const struct word *token = &pattern->word[i];
		bool rest = token->len == 1 && *token->text == '#';
		bool one = token->len == 1 && *token->text == '*';

		for (n = rest ? rng_below(rng, 3) : 1; n; n--) {
			if (len)
				text[len++] = '.';
			if (rest || one) {
				len = put(text, len, style->words[rng_below(rng, style->nr_words)]);
			} else {
				memcpy(text + len, token->text, token->len);
				len += token->len;
			}
		}
	}
	return len;
}

static void random_round(uint64_t seed, unsigned long cases)
{
	static const char *const two[] = { "a", "b" };
	static const char *const odd[] = { "", "a", "*a", "#b", "##", "a*", "aa" };
	static const char *const many[] = { "x", "y", "z", "xy", "yx", "xyz", "zz", "z0", "00",
					    "dpkg", "status", "installed" };
	static const struct style styles[] = {
		{ two, 2, 20, 30, 6, 40 },
		{ two, 2, 50, 0, 8, 60 },
		{ two, 2, 10, 60, 8, 20 },
		{ two, 2, 15, 25, 24, 16 },
		{ odd, 7, 20, 20, 5, 40 },
		{ many, 12, 20, 15, 6, 60 },
		{ many, 12, 0, 30, 4, 60 },
	};
	struct rng rng = { seed };
	const struct style *style = &styles[rng_below(&rng, sizeof(styles) / sizeof(styles[0]))];
	const u32 masks[] = { ~0U, ~0U, 3, 0 };
	struct set *set;
	char text[1024];
	size_t len;

	shim_hash_mask = masks[rng_below(&rng, 4)];
	set = set_new();
	while (cases--) {
		unsigned int i = rng_below(&rng, style->patterns);

		/* Sets grow in the beginning, then patterns come and go. */
		if (set->pattern[i].added) {
			if (rng_percent(&rng, 40))
				set_del(set, i);
		} else {
			unsigned long live = shim_live();
			int err;

			len = random_pattern(&rng, style, text);
			if (rng_percent(&rng, 5))
				shim_fail_nth(1 + rng_below(&rng, 6));
			err = set_add(set, i, text, len);
			shim_fail_nth(0);
			if (err == -ENOMEM) {
				rcu_barrier();
				EXPECT(shim_live() <= live);
			} else {
				EXPECT_EQ(err, 0);
			}
		}

		i = rng_below(&rng, style->patterns);
		if (set->pattern[i].added && rng_percent(&rng, 50))
			len = key_for(&rng, style, &set->pattern[i].words, text);
		else
			len = random_key(&rng, style, text);
		set_check(set, text, len);
		if (rng_percent(&rng, 5))
			rcu_barrier();
		if (tap_failed())
			break;
	}
	set_free(set);
	shim_hash_mask = ~0U;
}

static void test_random(void)
{
	unsigned long done, cases = tap_cases(1000000);
	const unsigned long round = 500;
	uint64_t seed = tap_seed();

	for (done = 0; done < cases; done += round) {
		random_round(seed, cases - done < round ? cases - done : round);
		if (tap_failed()) {
			printf("# replay: SEED=%llu CASES=%lu topic_test random\n",
			       (unsigned long long)seed, round);
			return;
		}
		seed++;
	}
}

static const struct tap_test tests[] = {
	TAP_TEST(words),
	TAP_TEST(one),
	TAP_TEST(rest),
	TAP_TEST(rest_inside),
	TAP_TEST(rows_of_wildcards),
	TAP_TEST(empty_key),
	TAP_TEST(empty_pattern),
	TAP_TEST(empty_words),
	TAP_TEST(wildcard_in_word),
	TAP_TEST(wildcard_in_key),
	TAP_TEST(longest_pattern),
	TAP_TEST(too_long_pattern),
	TAP_TEST(most_words),
	TAP_TEST(longer_key),
	TAP_TEST(same_pattern),
	TAP_TEST(equivalent_patterns_share),
	TAP_TEST(once_in_several_ways),
	TAP_TEST(prefix_outlives_longer),
	TAP_TEST(longer_outlives_prefix),
	TAP_TEST(delete_frees_nodes),
	TAP_TEST(collisions),
	TAP_TEST(emit_ends_match),
	TAP_TEST(delete_during_match),
	TAP_TEST(scratch_too_small),
	TAP_TEST(many_active),
	TAP_TEST(many_rests),
	TAP_TEST(init_fails),
	TAP_TEST(add_fails),
	TAP_TEST(scratch_grow_fails),
	TAP_TEST(cost_of_others),
	TAP_TEST(no_backtracking),
	TAP_TEST(match_allocates_nothing),
	TAP_TEST(random),
};
TAP_MAIN(tests)
