// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/broker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/props.h"
#include "area.h"
#include "props_oracle.h"
#include "tap.h"

static struct area area;

/* On a copy that ends where its memory does. */
static int check_accepted(uint64_t accepted)
{
	void *copy = malloc(area.len);
	int err;

	memcpy(copy, area.bytes, area.len);
	err = broker_props_check(copy, area.len, accepted);
	free(copy);
	return err;
}

static int check(void)
{
	return check_accepted(BROKER_PROPS_KNOWN);
}

static int check_one(unsigned int id, unsigned int type, const void *value, uint32_t value_len)
{
	area.len = 0;
	area_put(&area, id, type, NULL, 0, value, value_len);
	return check();
}

static int check_header(unsigned int type, const void *value, uint32_t value_len)
{
	area.len = 0;
	area_header(&area, "h", type, value, value_len);
	return check();
}

static int check_int64(unsigned int id, int64_t value)
{
	area.len = 0;
	area_int64(&area, id, value);
	return check();
}

/* What is accepted */

static void test_empty(void)
{
	EXPECT_EQ(broker_props_check(NULL, 0, 0), 0);
}

static void test_every_property(void)
{
	double pi = 3.14;

	area.len = 0;
	area_string(&area, BROKER_PROP_CONTENT_TYPE, "text/plain");
	area_string(&area, BROKER_PROP_CONTENT_ENCODING, "");
	area_put(&area, BROKER_PROP_MESSAGE_ID, BROKER_TYPE_BYTES, NULL, 0, "\xff\0", 2);
	area_int64(&area, BROKER_PROP_CORRELATION_ID, INT64_MIN);
	area_string(&area, BROKER_PROP_REPLY_TO, "me");
	area_string(&area, BROKER_PROP_TYPE, "t");
	area_string(&area, BROKER_PROP_APP_ID, "app");
	area_string(&area, BROKER_PROP_SUBJECT, "zwei\nZeilen");
	area_put(&area, BROKER_PROP_GROUP_KEY, BROKER_TYPE_BYTES, NULL, 0, "\x80", 1);
	area_string(&area, BROKER_PROP_DEDUPE_ID, "once");
	area_string(&area, BROKER_PROP_TRACEPARENT, "00-…-01");
	area_int64(&area, BROKER_PROP_TIMESTAMP, -1);
	area_int64(&area, BROKER_PROP_TTL, 0);
	area_int64(&area, BROKER_PROP_DELIVER_AT, INT64_MAX);
	area_int64(&area, BROKER_PROP_PRIORITY, 255);
	area_int64(&area, BROKER_PROP_DELIVERY_MODE, 2);
	area_string(&area, BROKER_PROP_USER_ID, "root");
	area_int64(&area, BROKER_PROP_PRODUCER_SEQUENCE, 1);
	area_string(&area, BROKER_PROP_PRODUCER, "me");
	area_header(&area, "string", BROKER_TYPE_STRING, "ä", 2);
	area_header(&area, "bytes", BROKER_TYPE_BYTES, "\0", 1);
	area_header(&area, "int64", BROKER_TYPE_INT64, "12345678", 8);
	area_header(&area, "double", BROKER_TYPE_DOUBLE, &pi, 8);
	area_header(&area, "bool", BROKER_TYPE_BOOL, "\1", 1);
	EXPECT_EQ(check(), 0);
}

static void test_repeated_header(void)
{
	area.len = 0;
	area_header(&area, "h", BROKER_TYPE_STRING, "1", 1);
	area_header(&area, "h", BROKER_TYPE_STRING, "2", 1);
	EXPECT_EQ(check(), 0);
}

static void test_headers_always_accepted(void)
{
	area.len = 0;
	area_header(&area, "h", BROKER_TYPE_STRING, "1", 1);
	EXPECT_EQ(check_accepted(0), 0);
}

/* What is not: one fault a test */

static void test_head_cut(void)
{
	size_t len;

	for (len = 1; len < sizeof(struct broker_prop); len++) {
		area.len = 0;
		area_string(&area, BROKER_PROP_TYPE, "t");
		area.len = len;
		EXPECT_EQ(check(), -EINVAL);
	}
}

static void test_name_cut(void)
{
	area.len = 0;
	area_header(&area, "name", BROKER_TYPE_STRING, "", 0);
	area.len--;
	EXPECT_EQ(check(), -EINVAL);
}

static void test_value_cut(void)
{
	area.len = 0;
	area_string(&area, BROKER_PROP_TYPE, "value");
	area.len--;
	EXPECT_EQ(check(), -EINVAL);
}

static void test_value_len_huge(void)
{
	const uint32_t huge[] = { 0x7fffffff, 0x80000000, 0xfffffff7, 0xfffffff8, 0xffffffff };
	unsigned int i;

	for (i = 0; i < 5; i++) {
		area.len = 0;
		area_header(&area, "name", BROKER_TYPE_BYTES, "value", 5);
		memcpy(area.bytes + 4, &huge[i], 4);
		EXPECT_EQ(check(), -EINVAL);
	}
}

static void test_rest_behind_last(void)
{
	area.len = 0;
	area_string(&area, BROKER_PROP_TYPE, "t");
	area.bytes[area.len++] = 0;
	EXPECT_EQ(check(), -EINVAL);
}

static void test_unknown_id(void)
{
	const unsigned int ids[] = { BROKER_PROP_PRODUCER_SEQUENCE + 1, 63, 64, 65, 256, 65535 };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		area.len = 0;
		area_string(&area, ids[i], "x");
		EXPECT_EQ(check_accepted(~0ULL), -EOPNOTSUPP);
	}
}

static void test_not_accepted(void)
{
	area.len = 0;
	area_int64(&area, BROKER_PROP_DELIVER_AT, 1);
	EXPECT_EQ(check_accepted(BROKER_PROPS_KNOWN & ~(1ULL << BROKER_PROP_DELIVER_AT)),
		  -EOPNOTSUPP);
	EXPECT_EQ(check_accepted(1ULL << BROKER_PROP_DELIVER_AT), 0);
}

static void test_header_without_name(void)
{
	area.len = 0;
	area_header(&area, "", BROKER_TYPE_STRING, "x", 1);
	EXPECT_EQ(check(), -EINVAL);
}

static void test_header_name_control(void)
{
	area.len = 0;
	area_header(&area, "a\nb", BROKER_TYPE_STRING, "x", 1);
	EXPECT_EQ(check(), -EILSEQ);
}

static void test_header_name_not_utf8(void)
{
	area.len = 0;
	area_header(&area, "\xc3", BROKER_TYPE_STRING, "x", 1);
	EXPECT_EQ(check(), -EILSEQ);
}

/* Names of the broker's own are not for publishers. */
static void test_header_name_reserved(void)
{
	area.len = 0;
	area_header(&area, "broker.x", BROKER_TYPE_STRING, "x", 1);
	EXPECT_EQ(check(), -EPERM);
	EXPECT_EQ(check_accepted(BROKER_PROPS_KNOWN | BROKER_PROPS_RESERVED), 0);
	/* Faults of form and text go before. */
	area.len = 0;
	area_header(&area, "broker.x", BROKER_TYPE_STRING, "\xff", 1);
	EXPECT_EQ(check(), -EILSEQ);
	area.len = 0;
	area_header(&area, "broker", BROKER_TYPE_STRING, "x", 1);
	area_header(&area, "brokers.x", BROKER_TYPE_STRING, "x", 1);
	area_header(&area, "Broker.x", BROKER_TYPE_STRING, "x", 1);
	EXPECT_EQ(check(), 0);
}

static void test_header_type_unknown(void)
{
	const unsigned int types[] = { 0, 6, 31, 32, 33, 255 };
	unsigned int i;

	for (i = 0; i < 6; i++)
		EXPECT_EQ(check_header(types[i], "x", 1), -EINVAL);
}

static void test_too_many_headers(void)
{
	unsigned int i;

	area.len = 0;
	for (i = 0; i < BROKER_MAX_HEADERS; i++)
		area_header(&area, "h", BROKER_TYPE_BOOL, "\0", 1);
	EXPECT_EQ(check(), 0);
	area_header(&area, "h", BROKER_TYPE_BOOL, "\0", 1);
	EXPECT_EQ(check(), -E2BIG);
}

static void test_named_property(void)
{
	area.len = 0;
	area_put(&area, BROKER_PROP_TYPE, BROKER_TYPE_STRING, "n", 1, "x", 1);
	EXPECT_EQ(check(), -EINVAL);
}

static void test_repeated_property(void)
{
	area.len = 0;
	area_string(&area, BROKER_PROP_TYPE, "a");
	area_header(&area, "h", BROKER_TYPE_STRING, "x", 1);
	area_string(&area, BROKER_PROP_TYPE, "a");
	EXPECT_EQ(check(), -EINVAL);
}

static void test_wrong_type(void)
{
	unsigned int id;

	for (id = BROKER_PROP_CONTENT_TYPE; id <= BROKER_PROP_PRODUCER_SEQUENCE; id++) {
		EXPECT_EQ(check_one(id, BROKER_TYPE_DOUBLE, "12345678", 8), -EINVAL);
		EXPECT_EQ(check_one(id, BROKER_TYPE_BOOL, "\1", 1), -EINVAL);
		EXPECT_EQ(check_one(id, 0, "x", 1), -EINVAL);
		EXPECT_EQ(check_one(id, 6, "x", 1), -EINVAL);
	}
	EXPECT_EQ(check_one(BROKER_PROP_TTL, BROKER_TYPE_STRING, "1", 1), -EINVAL);
	EXPECT_EQ(check_one(BROKER_PROP_TYPE, BROKER_TYPE_BYTES, "1", 1), -EINVAL);
	EXPECT_EQ(check_one(BROKER_PROP_GROUP_KEY, BROKER_TYPE_INT64, "12345678", 8), -EINVAL);
}

static void test_int64_length(void)
{
	EXPECT_EQ(check_header(BROKER_TYPE_INT64, "1234567", 7), -EINVAL);
	EXPECT_EQ(check_header(BROKER_TYPE_INT64, "123456789", 9), -EINVAL);
	EXPECT_EQ(check_one(BROKER_PROP_TTL, BROKER_TYPE_INT64, "", 0), -EINVAL);
}

static void test_double_length(void)
{
	EXPECT_EQ(check_header(BROKER_TYPE_DOUBLE, "1234", 4), -EINVAL);
}

static void test_bool_length(void)
{
	EXPECT_EQ(check_header(BROKER_TYPE_BOOL, "", 0), -EINVAL);
	EXPECT_EQ(check_header(BROKER_TYPE_BOOL, "\1\0", 2), -EINVAL);
}

static void test_bool_value(void)
{
	EXPECT_EQ(check_header(BROKER_TYPE_BOOL, "\2", 1), -EINVAL);
}

static void test_ttl_negative(void)
{
	EXPECT_EQ(check_int64(BROKER_PROP_TTL, -1), -EINVAL);
}

static void test_priority_negative(void)
{
	EXPECT_EQ(check_int64(BROKER_PROP_PRIORITY, -1), -EINVAL);
}

static void test_priority_high(void)
{
	EXPECT_EQ(check_int64(BROKER_PROP_PRIORITY, 256), -EINVAL);
}

static void test_delivery_mode_zero(void)
{
	EXPECT_EQ(check_int64(BROKER_PROP_DELIVERY_MODE, 0), -EINVAL);
}

static void test_delivery_mode_high(void)
{
	EXPECT_EQ(check_int64(BROKER_PROP_DELIVERY_MODE, 3), -EINVAL);
}

static void test_dedupe_id_length(void)
{
	char id[256] = {};

	EXPECT_EQ(check_one(BROKER_PROP_DEDUPE_ID, BROKER_TYPE_STRING, "", 0), -EINVAL);
	EXPECT_EQ(check_one(BROKER_PROP_DEDUPE_ID, BROKER_TYPE_BYTES, "", 0), -EINVAL);
	EXPECT_EQ(check_one(BROKER_PROP_DEDUPE_ID, BROKER_TYPE_STRING, id, 256), -EINVAL);
	EXPECT_EQ(check_one(BROKER_PROP_DEDUPE_ID, BROKER_TYPE_BYTES, id, 256), -EINVAL);
	EXPECT_EQ(check_one(BROKER_PROP_DEDUPE_ID, BROKER_TYPE_BYTES, id, 255), 0);
	EXPECT_EQ(check_one(BROKER_PROP_DEDUPE_ID, BROKER_TYPE_STRING, "x", 1), 0);
}

static void check_producer(const char *name, int64_t sequence, int want)
{
	area.len = 0;
	area_string(&area, BROKER_PROP_PRODUCER, name);
	area_int64(&area, BROKER_PROP_PRODUCER_SEQUENCE, sequence);
	EXPECT_EQ(check(), want);
}

static void test_producer(void)
{
	char name[257] = {};

	memset(name, 'n', 256);
	check_producer("me", INT64_MAX, 0);
	check_producer("me", 0, -EINVAL);
	check_producer("me", -1, -EINVAL);
	check_producer("", 1, -EINVAL);
	check_producer("two\nlines", 1, -EILSEQ);
	check_producer(name, 1, -EINVAL);
	check_producer(name + 1, 1, 0);
}

static void test_producer_alone(void)
{
	EXPECT_EQ(check_one(BROKER_PROP_PRODUCER, BROKER_TYPE_STRING, "me", 2), -EINVAL);
	EXPECT_EQ(check_int64(BROKER_PROP_PRODUCER_SEQUENCE, 1), -EINVAL);
}

static void test_value_not_utf8(void)
{
	EXPECT_EQ(check_one(BROKER_PROP_TYPE, BROKER_TYPE_STRING, "\xff", 1), -EILSEQ);
	EXPECT_EQ(check_header(BROKER_TYPE_STRING, "\xe2\x82", 2), -EILSEQ);
}

static void test_first_fault_decides(void)
{
	area.len = 0;
	area_string(&area, BROKER_PROP_TYPE, "\xff");
	area_int64(&area, BROKER_PROP_TTL, -1);
	EXPECT_EQ(check(), -EILSEQ);
}

/* Readers */

static void test_next(void)
{
	struct broker_prop_view view;
	size_t offset = 0;

	area.len = 0;
	area_string(&area, BROKER_PROP_TYPE, "t");
	area_header(&area, "name", BROKER_TYPE_BYTES, "value", 5);

	EXPECT(broker_props_next(area.bytes, area.len, &offset, &view));
	EXPECT_EQ(view.id, BROKER_PROP_TYPE);
	EXPECT_EQ(view.name_len, 0);
	EXPECT(view.value_len == 1 && *(char *)view.value == 't');
	EXPECT(broker_props_next(area.bytes, area.len, &offset, &view));
	EXPECT_EQ(view.id, BROKER_PROP_HEADER);
	EXPECT_EQ(view.type, BROKER_TYPE_BYTES);
	EXPECT(view.name_len == 4 && !memcmp(view.name, "name", 4));
	EXPECT(view.value_len == 5 && !memcmp(view.value, "value", 5));
	EXPECT(!broker_props_next(area.bytes, area.len, &offset, &view));
	EXPECT_EQ(offset, area.len);
}

static void test_find(void)
{
	struct broker_prop_view view;

	area.len = 0;
	area_header(&area, "name", BROKER_TYPE_BYTES, "value", 5);
	area_int64(&area, BROKER_PROP_TTL, 1500);
	EXPECT(broker_props_find(area.bytes, area.len, BROKER_PROP_TTL, &view));
	EXPECT_EQ(broker_prop_int64(&view), 1500);
	EXPECT(!broker_props_find(area.bytes, area.len, BROKER_PROP_TYPE, &view));
}

static void test_find_header(void)
{
	struct broker_prop_view view;

	area.len = 0;
	area_string(&area, BROKER_PROP_TYPE, "b");
	area_header(&area, "aa", BROKER_TYPE_STRING, "0", 1);
	area_header(&area, "a", BROKER_TYPE_STRING, "1", 1);
	area_header(&area, "a", BROKER_TYPE_STRING, "2", 1);
	EXPECT(broker_props_find_header(area.bytes, area.len, "a", 1, &view));
	EXPECT(*(char *)view.value == '1');
	EXPECT(!broker_props_find_header(area.bytes, area.len, "b", 1, &view));
	EXPECT(!broker_props_find_header(area.bytes, area.len, "", 0, &view));
}

/* Random areas against the oracle */

static void random_entry(struct rng *rng)
{
	/* Bad ones last. */
	static const char *const names[] = {
		"a", "b", "aa", "größe", "x-retry", "", "\x7f", "\xc3", "broker.x",
	};
	static const char *const texts[] = { "", "text", "zwei\n", "ä€🦀", "\xed\xa0\x80", "\x80" };
	static const int64_t numbers[] = { 0, 1, 2, 3, -1, 255, 256, INT64_MIN, INT64_MAX };
	/* One that each property may have. */
	static const unsigned int types[] = {
		0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 3, 3, 3, 3, 3, 1,
	};
	bool sound = rng_percent(rng, 97);
	unsigned int id = rng_percent(rng, 50) ? 0 : rng_below(rng, sound ? 18 : 70);
	unsigned int type = id && id < 18 && sound ? types[id] : 1 + rng_below(rng, sound ? 5 : 7);
	const char *name = id && sound ? "" : names[rng_below(rng, sound ? 5 : 9)];
	int64_t number = numbers[rng_below(rng, 9)];
	const char *text = texts[rng_below(rng, sound ? 4 : 6)];
	const void *value = &number;
	uint32_t len = 8;

	if (id == BROKER_PROP_MESSAGE_ID && sound)
		type = 1 + rng_below(rng, 3);
	if (sound && (id == BROKER_PROP_DELIVERY_MODE || id == BROKER_PROP_PRIORITY ||
		      id == BROKER_PROP_TTL))
		number = 1 + rng_below(rng, 2);
	if (type == BROKER_TYPE_STRING || type == BROKER_TYPE_BYTES) {
		value = text;
		len = strlen(text);
	} else if (type == BROKER_TYPE_BOOL) {
		number = rng_below(rng, sound ? 2 : 3);
		len = 1;
	}
	if (!sound)
		len = rng_below(rng, len + 1);
	area_put(&area, id, type, name, strlen(name), value, len);
}

static void mutate(struct rng *rng)
{
	size_t at, n;

	if (!area.len)
		return;
	at = rng_below(rng, area.len);
	switch (rng_below(rng, 5)) {
	case 0:		/* another byte */
		area.bytes[at] = rng_next(rng);
		break;
	case 1:		/* another bit */
		area.bytes[at] ^= 1 << rng_below(rng, 8);
		break;
	case 2:		/* cut off */
		area.len = at;
		break;
	case 3:		/* cut out */
		n = rng_below(rng, area.len - at + 1);
		memmove(area.bytes + at, area.bytes + at + n, area.len - at - n);
		area.len -= n;
		break;
	case 4:		/* repeat from the beginning */
		memcpy(area.bytes + area.len, area.bytes, at);
		area.len += at;
		break;
	}
}

static bool same(const struct oracle_entry *want, const struct broker_prop_view *have)
{
	return want->id == have->id && want->type == have->type &&
	       want->name_len == have->name_len && want->value_len == have->value_len &&
	       want->name == (const unsigned char *)have->name && want->value == have->value;
}

/* The check and every reader, on any bytes. */
static void compare(const unsigned char *props, size_t len, uint64_t accepted,
		    unsigned long results[6])
{
	static const int errors[] = { 0, -EINVAL, -EILSEQ, -EOPNOTSUPP, -E2BIG,
				      -EPERM };
	static struct oracle_area oracle;
	struct broker_prop_view view;
	const struct oracle_entry *header;
	unsigned int i;
	size_t offset = 0;
	int want, have;

	oracle_parse(&oracle, props, len);
	want = oracle_props_check(&oracle, accepted);
	have = broker_props_check(props, len, accepted);
	EXPECT_EQ(have, want);
	for (i = 0; i < 6; i++)
		results[i] += want == errors[i];

	for (i = 0; i < oracle.count; i++) {
		EXPECT(broker_props_next(props, len, &offset, &view));
		EXPECT(same(&oracle.entry[i], &view));
	}
	EXPECT(!broker_props_next(props, len, &offset, &view));
	EXPECT_EQ(offset != len, oracle.cut);

	header = oracle_header(&oracle, "a", 1);
	EXPECT_EQ(broker_props_find_header(props, len, "a", 1, &view), header != NULL);
	if (header)
		EXPECT(same(header, &view));
}

static void test_random(void)
{
	unsigned long i, cases = tap_cases(1000000), results[6] = {};
	uint64_t seed = tap_seed();

	for (i = 0; i < cases; i++) {
		struct rng rng = { seed + i };
		unsigned int n;
		uint64_t accepted = rng_percent(&rng, 90) ? BROKER_PROPS_KNOWN : rng_next(&rng);
		unsigned char *copy;

		area.len = 0;
		for (n = rng_below(&rng, 8); n; n--)
			random_entry(&rng);
		/* Rarely, about as many headers as there may be. */
		if (!rng_below(&rng, 2000)) {
			for (n = BROKER_MAX_HEADERS - 8 + rng_below(&rng, 16); n; n--)
				area_header(&area, "h", BROKER_TYPE_BOOL, "\0", 1);
		}
		for (n = rng_percent(&rng, 50) ? rng_below(&rng, 4) : 0; n; n--)
			mutate(&rng);

		copy = malloc(area.len);
		memcpy(copy, area.bytes, area.len);
		compare(copy, area.len, accepted, results);
		free(copy);
		if (tap_failed()) {
			printf("# replay: SEED=%llu CASES=1 props_test random\n",
			       (unsigned long long)seed + i);
			return;
		}
	}
	printf("# %lu accepted, %lu EINVAL, %lu EILSEQ, %lu EOPNOTSUPP, %lu E2BIG, %lu EPERM\n",
	       results[0], results[1], results[2], results[3], results[4], results[5]);
	/* Else the cases are not what they should be. */
	if (cases >= 100000)
		for (i = 0; i < 6; i++)
			EXPECT(results[i] > 0);
}

static const struct tap_test tests[] = {
	TAP_TEST(empty),
	TAP_TEST(every_property),
	TAP_TEST(repeated_header),
	TAP_TEST(headers_always_accepted),
	TAP_TEST(head_cut),
	TAP_TEST(name_cut),
	TAP_TEST(value_cut),
	TAP_TEST(value_len_huge),
	TAP_TEST(rest_behind_last),
	TAP_TEST(unknown_id),
	TAP_TEST(not_accepted),
	TAP_TEST(header_without_name),
	TAP_TEST(header_name_control),
	TAP_TEST(header_name_not_utf8),
	TAP_TEST(header_name_reserved),
	TAP_TEST(header_type_unknown),
	TAP_TEST(too_many_headers),
	TAP_TEST(named_property),
	TAP_TEST(repeated_property),
	TAP_TEST(wrong_type),
	TAP_TEST(int64_length),
	TAP_TEST(double_length),
	TAP_TEST(bool_length),
	TAP_TEST(bool_value),
	TAP_TEST(ttl_negative),
	TAP_TEST(priority_negative),
	TAP_TEST(priority_high),
	TAP_TEST(delivery_mode_zero),
	TAP_TEST(delivery_mode_high),
	TAP_TEST(dedupe_id_length),
	TAP_TEST(producer),
	TAP_TEST(producer_alone),
	TAP_TEST(value_not_utf8),
	TAP_TEST(first_fault_decides),
	TAP_TEST(next),
	TAP_TEST(find),
	TAP_TEST(find_header),
	TAP_TEST(random),
};
TAP_MAIN(tests)
