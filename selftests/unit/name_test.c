// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/broker.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/name.h"
#include "tap.h"
#include "utf8_oracle.h"

#define NAME(text)	broker_name_check(text, strlen(text))
#define KEY(text)	broker_key_check(text, strlen(text))

static void test_name_valid(void)
{
	EXPECT_EQ(NAME("a"), 0);
	EXPECT_EQ(NAME("orders.eu-west/1 (new)"), 0);
	EXPECT_EQ(NAME("Größe"), 0);
	EXPECT_EQ(NAME("注文 🦀"), 0);
	EXPECT_EQ(NAME("broker.direct"), 0);
}

static void test_name_empty(void)
{
	EXPECT_EQ(NAME(""), -EINVAL);
}

static void test_name_longest(void)
{
	char text[BROKER_MAX_NAME + 1];

	memset(text, 'x', sizeof(text));
	EXPECT_EQ(broker_name_check(text, BROKER_MAX_NAME), 0);
	EXPECT_EQ(broker_name_check(text, BROKER_MAX_NAME + 1), -ENAMETOOLONG);
}

static void test_name_control(void)
{
	EXPECT_EQ(broker_name_check("\0", 1), -EILSEQ);
	EXPECT_EQ(NAME("a\nb"), -EILSEQ);
	EXPECT_EQ(NAME("delete\x7f"), -EILSEQ);
}

static void test_name_not_utf8(void)
{
	EXPECT_EQ(NAME("caf\xe9"), -EILSEQ);
}

static void test_key_empty(void)
{
	EXPECT_EQ(KEY(""), 0);
}

static void test_key_longest(void)
{
	char text[BROKER_MAX_KEY + 1];

	memset(text, 'x', sizeof(text));
	EXPECT_EQ(broker_key_check(text, BROKER_MAX_KEY), 0);
	EXPECT_EQ(broker_key_check(text, BROKER_MAX_KEY + 1), -ENAMETOOLONG);
}

static void test_key_control(void)
{
	EXPECT_EQ(KEY("a.\t.b"), -EILSEQ);
}

static void test_key_not_utf8(void)
{
	EXPECT_EQ(KEY("a.\xc0\x80.b"), -EILSEQ);
}

static void test_utf8_controls_pass(void)
{
	EXPECT(broker_utf8_valid("line\r\n\0\x7f", 8));
}

static void test_utf8_empty(void)
{
	EXPECT(broker_utf8_valid("", 0));
}

static void test_reserved(void)
{
	EXPECT(broker_name_reserved("broker.", 7));
	EXPECT(broker_name_reserved("broker.events", 13));
	EXPECT(!broker_name_reserved("broker", 6));
	EXPECT(!broker_name_reserved("brokers.events", 14));
	EXPECT(!broker_name_reserved("Broker.events", 13));
	EXPECT(!broker_name_reserved("", 0));
}

/* Both functions, on bytes that end where their memory does. */
static void compare(const unsigned char *text, size_t len)
{
	bool utf8 = oracle_utf8(text, len);
	int name = oracle_text(text, len) ? 0 : -EILSEQ;

	if (tap_failed())
		return;
	if (broker_utf8_valid(text, len) != utf8)
		tap_fail(__FILE__, __LINE__, "%02x %02x %02x… (%zu): UTF-8 is %d",
			 text[0], len > 1 ? text[1] : 0, len > 2 ? text[2] : 0, len, utf8);
	if (broker_key_check((const char *)text, len) != name ||
	    broker_name_check((const char *)text, len) != name)
		tap_fail(__FILE__, __LINE__, "%02x %02x %02x… (%zu): text is %d",
			 text[0], len > 1 ? text[1] : 0, len > 2 ? text[2] : 0, len, name);
}

static void test_all_sequences(void)
{
	unsigned char *text = malloc(3);
	unsigned int i;

	for (i = 0; i < 1 << 24; i++) {
		text[0] = i >> 16;
		text[1] = i >> 8;
		text[2] = i;
		compare(text, 3);
		if (!(i & 0xff))
			compare(text, 2);
		if (!(i & 0xffff))
			compare(text, 1);
	}
	free(text);
}

/* Every leading byte with every second one, and third and fourth around the edges. */
static void test_four_bytes(void)
{
	static const unsigned char edges[] = { 0x00, 0x7f, 0x80, 0x81, 0xbe, 0xbf, 0xc0, 0xff };
	unsigned char *text = malloc(4);
	unsigned int i;

	for (i = 0; i < 1 << 22; i++) {
		text[0] = i >> 14;
		text[1] = i >> 6;
		text[2] = edges[i >> 3 & 7];
		text[3] = edges[i & 7];
		compare(text, 4);
	}
	free(text);
}

/* Every byte at every place of an eight-byte step, and before and behind it. */
static void test_steps(void)
{
	unsigned int len, at, byte;

	for (len = 1; len <= 24; len++) {
		unsigned char *text = malloc(len);

		for (at = 0; at < len; at++) {
			for (byte = 0; byte < 256; byte++) {
				memset(text, 'a', len);
				text[at] = byte;
				compare(text, len);
			}
		}
		free(text);
	}
}

static void test_random(void)
{
	static const char *const pieces[] = {
		"a", "~", " ", "abcdefgh", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\x7f", "\x1f", "\x80",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", "\xe0\x9f\xbf",
	};
	const unsigned int nr_good = 11;
	unsigned long i, cases = tap_cases(1000000);
	struct rng rng = { tap_seed() };

	for (i = 0; i < cases && !tap_failed(); i++) {
		unsigned int bad = rng_below(&rng, 3), len = 0, max = 1 + rng_below(&rng, 40);
		unsigned char *text = malloc(max);

		while (len < max) {
			const char *piece = pieces[rng_below(&rng, rng_percent(&rng, bad) ?
						   sizeof(pieces) / sizeof(pieces[0]) : nr_good)];
			size_t n = strlen(piece);

			/* Now and then the last one is cut short. */
			if (n > max - len) {
				if (rng_percent(&rng, 90))
					piece = "abcdefgh";
				n = max - len;
			}
			memcpy(text + len, piece, n);
			len += n;
		}
		compare(text, len);
		free(text);
	}
}

static const struct tap_test tests[] = {
	TAP_TEST(name_valid),
	TAP_TEST(name_empty),
	TAP_TEST(name_longest),
	TAP_TEST(name_control),
	TAP_TEST(name_not_utf8),
	TAP_TEST(key_empty),
	TAP_TEST(key_longest),
	TAP_TEST(key_control),
	TAP_TEST(key_not_utf8),
	TAP_TEST(utf8_controls_pass),
	TAP_TEST(utf8_empty),
	TAP_TEST(reserved),
	TAP_TEST(all_sequences),
	TAP_TEST(four_bytes),
	TAP_TEST(steps),
	TAP_TEST(random),
};
TAP_MAIN(tests)
