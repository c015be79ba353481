// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/broker.h>
#include <linux/err.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../kmod/headers.h"
#include "area.h"
#include "props_oracle.h"
#include "shim.h"
#include "tap.h"

#define ALL	false
#define ANY	true

static struct area area;
static struct broker_prop_view list[BROKER_MAX_MATCH_HEADERS + 1];
static unsigned int count;

static void want(const char *name, unsigned int type, const void *value, unsigned int value_len)
{
	list[count++] = (struct broker_prop_view) {
		.type = type,
		.name_len = strlen(name),
		.value_len = value_len,
		.name = name,
		.value = value,
	};
}

static void want_string(const char *name, const char *value)
{
	want(name, BROKER_TYPE_STRING, value, strlen(value));
}

static void have_string(const char *name, const char *value)
{
	area_header(&area, name, BROKER_TYPE_STRING, value, strlen(value));
}

static void start(void)
{
	area.len = 0;
	count = 0;
}

/* Does what is wanted match what there is? */
static bool matches(bool any)
{
	struct broker_headers *headers = broker_headers_new(any, list, count);
	bool met;

	EXPECT(!IS_ERR(headers));
	met = broker_headers_match(headers, area.bytes, area.len);
	EXPECT(!broker_headers_free(headers));
	EXPECT_EQ(shim_live(), 0);
	return met;
}

/* What broker_headers_new() refuses with. */
static int refused(void)
{
	struct broker_headers *headers = broker_headers_new(ALL, list, count);

	EXPECT(IS_ERR(headers));
	EXPECT_EQ(shim_live(), 0);
	return PTR_ERR(headers);
}

static void test_empty_list(void)
{
	start();
	have_string("a", "1");
	EXPECT(matches(ALL));
	EXPECT(!matches(ANY));
}

static void test_no_properties(void)
{
	start();
	want("a", 0, NULL, 0);
	EXPECT(!matches(ALL));
	EXPECT(!matches(ANY));
}

static void test_all(void)
{
	start();
	want_string("a", "1");
	want_string("b", "2");
	have_string("b", "2");
	EXPECT(!matches(ALL));
	have_string("a", "1");
	EXPECT(matches(ALL));
}

static void test_any(void)
{
	start();
	want_string("a", "1");
	want_string("b", "2");
	have_string("a", "2");
	EXPECT(!matches(ANY));
	have_string("b", "2");
	EXPECT(matches(ANY));
}

static void test_presence(void)
{
	start();
	want("a", 0, NULL, 0);
	area_header(&area, "a", BROKER_TYPE_BYTES, "", 0);
	EXPECT(matches(ALL));
}

static void test_type_counts(void)
{
	start();
	want_string("a", "\1");
	area_header(&area, "a", BROKER_TYPE_BYTES, "\1", 1);
	EXPECT(!matches(ALL));
	area.len = 0;
	area_header(&area, "a", BROKER_TYPE_BOOL, "\1", 1);
	EXPECT(!matches(ALL));
	have_string("a", "\1");		/* the second of that name */
	EXPECT(!matches(ALL));
}

static void test_first_of_name_counts(void)
{
	start();
	want_string("a", "1");
	have_string("a", "1");
	have_string("a", "2");
	EXPECT(matches(ALL));
	start();
	want_string("a", "2");
	have_string("a", "1");
	have_string("a", "2");
	EXPECT(!matches(ALL));
}

static void test_names_are_whole(void)
{
	start();
	want("ab", 0, NULL, 0);
	have_string("a", "1");
	have_string("abc", "1");
	EXPECT(!matches(ALL));
}

static void test_properties_are_no_headers(void)
{
	start();
	want_string("type", "x");
	area_string(&area, BROKER_PROP_TYPE, "x");
	EXPECT(!matches(ALL));
}

static void test_string_length(void)
{
	start();
	want_string("a", "ab");
	have_string("a", "abc");
	EXPECT(!matches(ALL));
}

static void test_empty_string(void)
{
	start();
	want_string("a", "");
	have_string("a", "");
	EXPECT(matches(ALL));
}

static void test_int64(void)
{
	int64_t value = INT64_MIN;

	start();
	want("a", BROKER_TYPE_INT64, &value, sizeof(value));
	area_header(&area, "a", BROKER_TYPE_INT64, &value, sizeof(value));
	EXPECT(matches(ALL));
	value = 0;
	start();
	want("a", BROKER_TYPE_INT64, &value, sizeof(value));
	value = INT64_MIN;	/* the bits of -0.0: only doubles say it equals 0 */
	area_header(&area, "a", BROKER_TYPE_INT64, &value, sizeof(value));
	value = 0;
	EXPECT(!matches(ALL));
}

static void test_bool(void)
{
	start();
	want("a", BROKER_TYPE_BOOL, "\1", 1);
	area_header(&area, "a", BROKER_TYPE_BOOL, "\1", 1);
	EXPECT(matches(ALL));
	area.len = 0;
	area_header(&area, "a", BROKER_TYPE_BOOL, "\0", 1);
	EXPECT(!matches(ALL));
}

/* As the processor compares, which the kernel does not ask. */
static void test_double(void)
{
	static const double values[] = {
		0.0, -0.0, 1.0, -1.0, 0x1p-1074, -0x1p-1074, 0x1p-1022, 1.7976931348623157e308,
		INFINITY, -INFINITY, NAN, -NAN, 0.1, 0.30000000000000004, 0.3,
	};
	const unsigned int n = sizeof(values) / sizeof(values[0]);
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			start();
			want("a", BROKER_TYPE_DOUBLE, &values[i], 8);
			area_header(&area, "a", BROKER_TYPE_DOUBLE, &values[j], 8);
			EXPECT_EQ(matches(ALL), values[i] == values[j]);
		}
	}
}

static void test_double_signalling_nan(void)
{
	uint64_t bits = 0x7ff0000000000001;

	start();
	want("a", BROKER_TYPE_DOUBLE, &bits, 8);
	area_header(&area, "a", BROKER_TYPE_DOUBLE, &bits, 8);
	EXPECT(!matches(ALL));
}

/* What a match is made of */

static void test_copies(void)
{
	char name[] = "name", value[] = "value";
	const struct broker_prop_view *header;
	struct broker_headers *headers;

	start();
	want_string(name, value);
	want("presence", 0, NULL, 0);
	headers = broker_headers_new(ANY, list, count);
	memset(name, 'x', 4);
	memset(value, 'x', 5);
	memset(list, 0xff, sizeof(list));

	EXPECT(broker_headers_any(headers));
	EXPECT_EQ(broker_headers_count(headers), 2);
	header = broker_headers_get(headers, 0);
	EXPECT_EQ(header->type, BROKER_TYPE_STRING);
	EXPECT(header->name_len == 4 && !memcmp(header->name, "name", 4));
	EXPECT(header->value_len == 5 && !memcmp(header->value, "value", 5));
	header = broker_headers_get(headers, 1);
	EXPECT_EQ(header->type, 0);
	EXPECT(header->name_len == 8 && !memcmp(header->name, "presence", 8));
	EXPECT_EQ(header->value_len, 0);
	broker_headers_free(headers);
}

static void test_free_null(void)
{
	EXPECT(!broker_headers_free(NULL));
}

static void test_most_headers(void)
{
	static char names[BROKER_MAX_MATCH_HEADERS][256];
	static char value[256];
	unsigned int i;

	memset(value, 'v', 255);
	start();
	for (i = 0; i < BROKER_MAX_MATCH_HEADERS; i++) {
		memset(names[i], 'n', 255);
		names[i][254] = '0' + i % 64;
		want_string(names[i], value);
		have_string(names[i], value);
	}
	EXPECT(matches(ALL));
}

static void test_too_many_headers(void)
{
	static char names[BROKER_MAX_MATCH_HEADERS + 1][4];
	unsigned int i;

	start();
	for (i = 0; i <= BROKER_MAX_MATCH_HEADERS; i++) {
		snprintf(names[i], sizeof(names[i]), "%u", i);
		want(names[i], 0, NULL, 0);
	}
	EXPECT_EQ(refused(), -E2BIG);
}

static void test_no_name(void)
{
	start();
	want_string("", "x");
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_name_control(void)
{
	start();
	want_string("a\tb", "x");
	EXPECT_EQ(refused(), -EILSEQ);
}

static void test_value_not_utf8(void)
{
	start();
	want_string("a", "\xff");
	EXPECT_EQ(refused(), -EILSEQ);
}

static void test_value_too_long(void)
{
	static char value[257];

	memset(value, 'v', 256);
	start();
	want_string("a", value);
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_presence_with_value(void)
{
	start();
	want("a", 0, "x", 1);
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_int64_length(void)
{
	start();
	want("a", BROKER_TYPE_INT64, "1234", 4);
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_double_length(void)
{
	start();
	want("a", BROKER_TYPE_DOUBLE, "123456789", 9);
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_bool_length(void)
{
	start();
	want("a", BROKER_TYPE_BOOL, "\1\1", 2);
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_bool_value(void)
{
	start();
	want("a", BROKER_TYPE_BOOL, "\2", 1);
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_bytes(void)
{
	start();
	want("a", BROKER_TYPE_BYTES, "x", 1);
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_unknown_type(void)
{
	start();
	want("a", 6, "x", 1);
	EXPECT_EQ(refused(), -EINVAL);
}

static void test_name_twice(void)
{
	start();
	want_string("a", "1");
	want("b", 0, NULL, 0);
	want("a", 0, NULL, 0);
	EXPECT_EQ(refused(), -EEXIST);
}

static void test_no_memory(void)
{
	start();
	want_string("a", "1");
	shim_fail_nth(1);
	EXPECT_EQ(refused(), -ENOMEM);
	shim_fail_nth(0);
}

/* Random lists and messages against the definition, said as a count. */
static void test_random(void)
{
	static const char *const names[] = { "a", "b", "c", "d", "ab" };
	static const double doubles[] = { 0.0, -0.0, 1.5, NAN };
	static const int64_t ints[] = { 0, 1, INT64_MIN, -1 };
	static const char *const texts[] = { "", "x", "y", "xy" };
	static struct oracle_area oracle;
	unsigned long i, met[2] = {}, cases = tap_cases(200000);
	uint64_t seed = tap_seed();

	for (i = 0; i < cases && !tap_failed(); i++) {
		struct rng rng = { seed + i };
		unsigned int n, equal = 0;
		bool any = rng_percent(&rng, 50), is;

		start();
		for (n = 0; n < 5; n++) {
			const int64_t *number = &ints[rng_below(&rng, 4)];
			const char *text = texts[rng_below(&rng, 4)];
			unsigned int type = 1 + rng_below(&rng, 5);

			if (rng_percent(&rng, 50) && type == BROKER_TYPE_STRING)
				want(names[n], type, text, strlen(text));
			else if (rng_percent(&rng, 50) && type == BROKER_TYPE_INT64)
				want(names[n], type, number, 8);
			else if (rng_percent(&rng, 50) && type == BROKER_TYPE_DOUBLE)
				want(names[n], type, &doubles[rng_below(&rng, 4)], 8);
			else if (rng_percent(&rng, 20))
				want(names[n], 0, NULL, 0);
		}
		for (n = rng_below(&rng, 8); n; n--) {
			const char *name = names[rng_below(&rng, 5)];

			switch (rng_below(&rng, 3)) {
			case 0:
				have_string(name, texts[rng_below(&rng, 4)]);
				break;
			case 1:
				area_header(&area, name, BROKER_TYPE_INT64,
					    &ints[rng_below(&rng, 4)], 8);
				break;
			default:
				area_header(&area, name, BROKER_TYPE_DOUBLE,
					    &doubles[rng_below(&rng, 4)], 8);
			}
		}

		oracle_parse(&oracle, area.bytes, area.len);
		for (n = 0; n < count; n++) {
			const struct oracle_entry *have;
			double x, y;

			have = oracle_header(&oracle, list[n].name, list[n].name_len);
			if (!have)
				continue;
			if (list[n].type == 0) {
				equal++;
			} else if (have->type != list[n].type) {
				continue;
			} else if (have->type == BROKER_TYPE_DOUBLE) {
				memcpy(&x, have->value, 8);
				memcpy(&y, list[n].value, 8);
				equal += x == y;
			} else {
				equal += have->value_len == list[n].value_len &&
					 !memcmp(have->value, list[n].value, have->value_len);
			}
		}
		is = matches(any);
		EXPECT_EQ(is, any ? equal > 0 : equal == count);
		met[is]++;
	}
	if (tap_failed())
		printf("# replay: SEED=%llu CASES=1 headers_test random\n",
		       (unsigned long long)seed + i - 1);
	/* Else the cases are not what they should be. */
	if (cases >= 10000)
		EXPECT(met[0] > cases / 100 && met[1] > cases / 100);
}

static const struct tap_test tests[] = {
	TAP_TEST(empty_list),
	TAP_TEST(no_properties),
	TAP_TEST(all),
	TAP_TEST(any),
	TAP_TEST(presence),
	TAP_TEST(type_counts),
	TAP_TEST(first_of_name_counts),
	TAP_TEST(names_are_whole),
	TAP_TEST(properties_are_no_headers),
	TAP_TEST(string_length),
	TAP_TEST(empty_string),
	TAP_TEST(int64),
	TAP_TEST(bool),
	TAP_TEST(double),
	TAP_TEST(double_signalling_nan),
	TAP_TEST(copies),
	TAP_TEST(free_null),
	TAP_TEST(most_headers),
	TAP_TEST(too_many_headers),
	TAP_TEST(no_name),
	TAP_TEST(name_control),
	TAP_TEST(value_not_utf8),
	TAP_TEST(value_too_long),
	TAP_TEST(presence_with_value),
	TAP_TEST(int64_length),
	TAP_TEST(double_length),
	TAP_TEST(bool_length),
	TAP_TEST(bool_value),
	TAP_TEST(bytes),
	TAP_TEST(unknown_type),
	TAP_TEST(name_twice),
	TAP_TEST(no_memory),
	TAP_TEST(random),
};
TAP_MAIN(tests)
