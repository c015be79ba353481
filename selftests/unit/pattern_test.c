// SPDX-License-Identifier: GPL-2.0-or-later
/* Patterns as sets of keys, against all keys there are: none, or up to eight words of three. */
#include <stdlib.h>
#include <string.h>

#include "../../kmod/pattern.h"
#include "tap.h"
#include "topic_oracle.h"

#define MOST_TOKENS	5
#define MOST_WORDS	8

static struct broker_pattern_scratch *scratch;

static struct broker_pattern pattern(const char *text)
{
	return (struct broker_pattern) { .text = text, .len = strlen(text) };
}

static struct broker_pattern key(const char *text)
{
	return (struct broker_pattern) { .text = text, .len = strlen(text), .literal = true };
}

static bool covers(struct broker_pattern outer, struct broker_pattern inner)
{
	return broker_pattern_covers(scratch, &outer, &inner);
}

static bool overlaps(struct broker_pattern a, struct broker_pattern b)
{
	return broker_pattern_overlaps(scratch, &a, &b);
}

#define COVERS(a, b)	covers(pattern(a), pattern(b))
#define OVERLAPS(a, b)	(overlaps(pattern(a), pattern(b)) && overlaps(pattern(b), pattern(a)))

static void test_covers(void)
{
	EXPECT(COVERS("#", "a.b"));
	EXPECT(COVERS("#", ""));
	EXPECT(COVERS("a.#", "a"));
	EXPECT(COVERS("a.#", "a.*.b.#"));
	EXPECT(!COVERS("a.#", "#"));
	EXPECT(!COVERS("a.*", "a.#"));
	EXPECT(COVERS("#.*", "*.#"));
	EXPECT(COVERS("*.#", "#.a"));
	EXPECT(!COVERS("*.#", "#"));
	EXPECT(COVERS("#.a.#", "#.a.#.a.#"));
	EXPECT(!COVERS("#.a.#.a.#", "#.a.#"));
	EXPECT(COVERS("", ""));
	EXPECT(!COVERS("", "*"));
	EXPECT(COVERS("..", ".."));
	EXPECT(COVERS("*.*.*", ".."));
	EXPECT(!COVERS("*.*", ".."));
}

static void test_overlaps(void)
{
	EXPECT(OVERLAPS("a.*", "*.b"));
	EXPECT(!OVERLAPS("a.*", "b.#"));
	EXPECT(OVERLAPS("#", ""));
	EXPECT(!OVERLAPS("*", ""));
	EXPECT(OVERLAPS("a.#", "#.b"));
	EXPECT(!OVERLAPS("a.*", "a.*.*"));
	EXPECT(OVERLAPS("#.a", "#.*"));
}

/* A key stands for itself, even if it looks like a pattern. */
static void test_literal(void)
{
	EXPECT(covers(pattern("a.*"), key("a.#")));
	EXPECT(!covers(pattern("a.*"), key("a.#.b")));
	EXPECT(!overlaps(pattern("a.b"), key("a.*")));
	EXPECT(overlaps(pattern("#"), key("*")));
	EXPECT(!overlaps(pattern("a"), key("#")));
}

static void test_longest(void)
{
	static char dots[256], stars[256], rests[256];
	int i;

	memset(dots, '.', 255);
	for (i = 0; i < 255; i++) {
		stars[i] = i & 1 ? '.' : '*';
		rests[i] = i & 1 ? '.' : i & 2 ? 'a' : '#';
	}
	EXPECT(COVERS(dots, dots));
	EXPECT(COVERS("#", dots));
	EXPECT(COVERS(stars, stars));
	EXPECT(!COVERS(stars, "#"));
	EXPECT(COVERS(rests, rests));
	EXPECT(!COVERS(rests, "#.a.#"));
	EXPECT(COVERS("#.a.#", rests));
	EXPECT(OVERLAPS(rests, stars));
}

/* One of all patterns of up to MOST_TOKENS tokens, and which keys it matches. */
struct each {
	char text[2 * MOST_TOKENS + 1];
	uint64_t *keys;
};

/* Text number @number of those with @count words, each one of @words. */
static void write_text(char *text, unsigned int number, unsigned int count, const char *words)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (i)
			*text++ = '.';
		*text++ = words[number % strlen(words)];
		number /= strlen(words);
	}
	*text = '\0';
}

static unsigned int power(unsigned int base, unsigned int exponent)
{
	return exponent ? base * power(base, exponent - 1) : 1;
}

static unsigned int match_keys(struct each *each)
{
	static struct words words, split;
	char text[2 * MOST_WORDS + 1];
	unsigned int count, number, nr = 0;

	oracle_split(&words, each->text, strlen(each->text));
	for (count = 0; count <= MOST_WORDS; count++) {
		for (number = 0; number < power(3, count); number++, nr++) {
			write_text(text, number, count, "abz");
			oracle_split(&split, text, strlen(text));
			if (oracle_match(&words, &split))
				each->keys[nr / 64] |= 1ULL << nr % 64;
		}
	}
	return nr;
}

static void compare(const struct each *a, const struct each *b, unsigned int nr_keys)
{
	bool inside = true, common = false;
	unsigned int i;

	for (i = 0; i <= nr_keys / 64; i++) {
		inside &= !(b->keys[i] & ~a->keys[i]);
		common |= !!(b->keys[i] & a->keys[i]);
	}
	if (COVERS(a->text, b->text) != inside)
		tap_fail(__FILE__, __LINE__, "'%s' covers '%s': %d", a->text, b->text, inside);
	if (overlaps(pattern(a->text), pattern(b->text)) != common)
		tap_fail(__FILE__, __LINE__, "'%s' overlaps '%s': %d", a->text, b->text, common);
}

/* Every pattern against every other: a third word, which none names, stands for all others. */
static void test_all(void)
{
	unsigned int nr = 0, nr_keys = 0, count, number, i, j;
	struct each *each;

	for (count = 0; count <= MOST_TOKENS; count++)
		nr += power(4, count);
	each = calloc(nr, sizeof(*each));
	nr = 0;
	for (count = 0; count <= MOST_TOKENS; count++) {
		for (number = 0; number < power(4, count); number++, nr++) {
			write_text(each[nr].text, number, count, "ab*#");
			each[nr].keys = calloc(power(3, MOST_WORDS + 1) / 128 + 1,
					       sizeof(uint64_t));
			nr_keys = match_keys(&each[nr]);
		}
	}
	for (i = 0; i < nr && !tap_failed(); i++) {
		for (j = 0; j < nr && !tap_failed(); j++)
			compare(&each[i], &each[j], nr_keys);
	}
	for (i = 0; i < nr; i++)
		free(each[i].keys);
	free(each);
}

static const struct tap_test tests[] = {
	TAP_TEST(covers),
	TAP_TEST(overlaps),
	TAP_TEST(literal),
	TAP_TEST(longest),
	TAP_TEST(all),
};

int main(int argc, char **argv)
{
	int status;

	scratch = broker_pattern_scratch_new();
	status = tap_main(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
	broker_pattern_scratch_free(scratch);
	return status;
}
