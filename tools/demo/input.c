// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/broker.h>

#include "input.h"

#define KEY_BYTES	256	/* of a line that are looked at for its key */
#define WORD_BYTES	64	/* of a word that go into the key */

static char *read_all(const char *path, size_t *length)
{
	FILE *file = fopen(path, "re");
	size_t room = 1 << 16;
	size_t used = 0;
	char *text = NULL;

	if (!file) {
		warn("%s", path);
		return NULL;
	}
	for (;;) {
		char *more = realloc(text, room);

		if (!more) {
			warn("%s", path);
			break;
		}
		text = more;
		used += fread(text + used, 1, room - used, file);
		if (ferror(file)) {
			warn("%s", path);
			break;
		}
		if (used > INPUT_MAX) {
			warnx("%s: longer than %lu MiB, too much for a demo", path,
			      INPUT_MAX >> 20);
			break;
		}
		if (used < room) {
			fclose(file);
			*length = used;
			return text;
		}
		room *= 2;
	}
	free(text);
	fclose(file);
	return NULL;
}

int input_read(struct lines *lines, const char *path)
{
	size_t length;
	char *text = read_all(path, &length);

	if (!text)
		return -1;
	if (lines_split(lines, text, length) < 0) {
		warnx("%s: no memory for its lines", path);
		return -1;
	}
	if (!lines->count) {
		warnx("%s: empty", path);
		return -1;
	}
	for (size_t i = 0; i < lines->count; i++) {
		if (lines->line[i].length <= BROKER_MAX_BODY)
			continue;
		warnx("%s: line %zu has %zu bytes, and a message has room for %u", path,
		      i + 1, lines->line[i].length, BROKER_MAX_BODY);
		return -1;
	}
	return 0;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_plain(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '-' || byte == '_';
}

/* Cuts the next word off the front of @rest; an empty one where there is none. */
static struct line next_word(struct line *rest)
{
	struct line word;

	while (rest->length && is_blank(*rest->data)) {
		rest->data++;
		rest->length--;
	}
	word = (struct line){ rest->data, 0 };
	while (rest->length && !is_blank(*rest->data)) {
		rest->data++;
		rest->length--;
		word.length++;
	}
	return word;
}

/* Appends "." and the word to a key. */
static void add_word(char *key, const struct line *word)
{
	size_t length = word->length < WORD_BYTES ? word->length : WORD_BYTES;

	key += strlen(key);
	*key++ = '.';
	for (size_t i = 0; i < length; i++)
		*key++ = is_plain(word->data[i]) ? word->data[i] : '_';
	*key = '\0';
}

static bool word_is(const struct line *word, const char *text)
{
	return word->length == strlen(text) && !memcmp(word->data, text, word->length);
}

/* Whether a line begins as those of dpkg's log do; if so, cuts date and time off. */
static bool cut_dpkg_time(struct line *rest)
{
	static const char form[] = "dddd-dd-dd dd:dd:dd ";

	if (rest->length < sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] == 'd' ? !is_digit(rest->data[i]) : rest->data[i] != form[i])
			return false;
	}
	rest->data += sizeof(form) - 1;
	rest->length -= sizeof(form) - 1;
	return true;
}

void input_key(const struct line *line, char key[INPUT_KEY_SIZE])
{
	struct line rest = { line->data, line->length < KEY_BYTES ? line->length : KEY_BYTES };
	bool dpkg = cut_dpkg_time(&rest);
	struct line word = next_word(&rest);

	if (!word.length)
		word = (struct line){ "blank", strlen("blank") };
	strcpy(key, dpkg ? "dpkg" : "line");
	add_word(key, &word);

	if (dpkg && (word_is(&word, "status") || word_is(&word, "startup"))) {
		word = next_word(&rest);
		if (word.length)
			add_word(key, &word);
	}
}

bool input_key_begins(const char *key, const char *words)
{
	size_t length = strlen(words);

	if (!length)
		return true;
	return !strncmp(key, words, length) && (key[length] == '.' || key[length] == '\0');
}
