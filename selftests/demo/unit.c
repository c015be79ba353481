// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of the demo that need no broker: lines, keys and the comparison. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/broker.h>

#include "compare.h"
#include "input.h"
#include "lines.h"

static unsigned int tests, failures;

static void check(bool good, const char *name)
{
	tests++;
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", tests, name);
}

/* Text with its length, which may contain NULs. */
#define TEXT(s) (s), sizeof(s) - 1

static struct lines split(const char *text, size_t length)
{
	struct lines lines = { 0 };

	if (lines_split(&lines, text, length) < 0)
		abort();
	return lines;
}

/* Whether a text has as many lines, and the last of them is this. */
static void check_split(const char *text, size_t length, size_t count, const char *last,
			size_t last_length, const char *name)
{
	struct lines lines = split(text, length);
	bool good = lines.count == count;

	if (good && count) {
		const struct line *line = &lines.line[count - 1];

		good = line->length == last_length && !memcmp(line->data, last, last_length);
	}
	check(good, name);
	lines_free(&lines);
}

static void test_split(void)
{
	check_split(TEXT(""), 0, TEXT(""), "no bytes are no lines");
	check_split(TEXT("\n"), 1, TEXT(""), "a newline alone is an empty line");
	check_split(TEXT("a\nbc\n"), 2, TEXT("bc"), "two lines");
	check_split(TEXT("a\nbc"), 2, TEXT("bc"), "a last line without newline");
	check_split(TEXT("a\n\n"), 2, TEXT(""), "an empty line at the end");
	check_split(TEXT("a\nb\0c\r\n"), 2, TEXT("b\0c\r"), "NUL and carriage return are bytes");
}

static void check_key(const char *text, size_t length, const char *expected, const char *name)
{
	struct line line = { text, length };
	char key[INPUT_KEY_SIZE];

	input_key(&line, key);
	check(!strcmp(key, expected), name);
	if (strcmp(key, expected))
		printf("# %s, not %s\n", key, expected);
}

#define DATE "2026-01-31 12:00:00 "

static void test_key(void)
{
	char word[BROKER_MAX_BODY];

	check_key(TEXT(DATE "status half-installed bash:amd64 5.2"),
		  "dpkg.status.half-installed", "key of a dpkg status");
	check_key(TEXT(DATE "startup archives unpack"), "dpkg.startup.archives",
		  "key of a dpkg startup");
	check_key(TEXT(DATE "install jq:amd64 <none> 1.6"), "dpkg.install",
		  "key of a dpkg action");
	check_key(TEXT(DATE "status"), "dpkg.status", "key of a cut dpkg line");
	check_key(TEXT(DATE), "dpkg.blank", "key of a time and nothing else");
	check_key(TEXT("2026-01-31 12:00"), "line.2026-01-31", "key of half a time");
	check_key(TEXT("2026-01-31T12:00:00 status x"), "line.2026-01-31T12_00_00",
		  "key of another time format");
	check_key(TEXT("\tHello, world"), "line.Hello_", "key of any line");
	check_key(TEXT(""), "line.blank", "key of an empty line");
	check_key(TEXT(" \t\r"), "line.blank", "key of blanks");
	check_key(TEXT("a.b\0c\xff*# d"), "line.a_b_c___", "bytes that mean something in a key");

	memset(word, 'x', sizeof(word));
	check_key(word, sizeof(word),
		  "line.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		  "a long word counts 64 bytes");
	memcpy(word, TEXT(DATE "status "));
	check_key(word, sizeof(word),
		  "dpkg.status."
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		  "so does a long state");
}

static void test_begins(void)
{
	check(input_key_begins("dpkg.status.installed", "dpkg.status"), "words in front");
	check(input_key_begins("dpkg.status", "dpkg.status"), "no further word");
	check(!input_key_begins("dpkg.statusx", "dpkg.status"), "another word");
	check(!input_key_begins("dpkg", "dpkg.status"), "too few words");
	check(!input_key_begins("line.dpkg.status", "dpkg.status"), "words further on");
	check(input_key_begins("anything", ""), "no words fit every key");
}

static void check_compare(const char *expected, size_t expected_length, const char *found,
			  size_t found_length, size_t missing, size_t extra, const char *name)
{
	struct lines e = split(expected, expected_length);
	struct lines f = split(found, found_length);
	struct difference difference;

	compare(&e, &f, &difference);
	check(difference.missing == missing && difference.extra == extra, name);
	lines_free(&e);
	lines_free(&f);
}

static void test_compare(void)
{
	struct lines e = split(TEXT("b\na\nc\n"));
	struct lines f = split(TEXT("c\nb\nx\n"));
	struct difference difference;

	check_compare(TEXT(""), TEXT(""), 0, 0, "nothing and nothing");
	check_compare(TEXT("a\nb\n\nc\n"), TEXT("c\n\nb\na\n"), 0, 0, "another order");
	check_compare(TEXT("a\na\nb\n"), TEXT("b\na\na\n"), 0, 0, "a line that stands twice");
	check_compare(TEXT("a\nb\nc\n"), TEXT("c\na\n"), 1, 0, "a line lost");
	check_compare(TEXT("a\nb\n"), TEXT(""), 2, 0, "all lines lost");
	check_compare(TEXT("a\n\n"), TEXT("a\n"), 1, 0, "an empty line lost");
	check_compare(TEXT("a\nb\n"), TEXT("b\na\nb\n"), 0, 1, "a line settled twice");
	check_compare(TEXT("a\na\nb\n"), TEXT("a\nb\nb\n"), 1, 1, "one lost, one twice");
	check_compare(TEXT("abc\n"), TEXT("abd\n"), 1, 1, "a byte changed");
	check_compare(TEXT("a\0c\n"), TEXT("a\0d\n"), 1, 1, "a byte changed behind a NUL");
	check_compare(TEXT("abc\n"), TEXT("ab\n"), 1, 1, "a byte cut off");
	check_compare(TEXT("ab\n"), TEXT("ab\0\n"), 1, 1, "a NUL added");

	compare(&e, &f, &difference);
	check(difference.first_missing.length == 1 && *difference.first_missing.data == 'a' &&
	      difference.first_extra.length == 1 && *difference.first_extra.data == 'x',
	      "the lines that differ are named");
	lines_free(&e);
	lines_free(&f);
}

int main(void)
{
	test_split();
	test_key();
	test_begins();
	test_compare();
	printf("1..%u\n", tests);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
