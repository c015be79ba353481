// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters: the library's compiler, and the kernel's check and interpreter, together. */
#include <broker.h>
#include <errno.h>
#include <linux/broker.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/filter.h"
#include "area.h"
#include "tap.h"

static struct area area;

static struct broker_filter_subject subject;

static void message(void)
{
	area.len = 0;
	subject = (struct broker_filter_subject) {
		.exchange = "stock",
		.exchange_len = 5,
		.key = "order.17.paid",
		.key_len = 13,
		.size = 42,
		.time = 1700000000123,
		.uid = 1000,
		.gid = 100,
		.pid = 4711,
		.cgroup = 77,
	};
}

static void have_int(const char *name, int64_t value)
{
	area_header(&area, name, BROKER_TYPE_INT64, &value, 8);
}

static void have_double(const char *name, double value)
{
	area_header(&area, name, BROKER_TYPE_DOUBLE, &value, 8);
}

static void have_string(const char *name, const char *value)
{
	area_header(&area, name, BROKER_TYPE_STRING, value, strlen(value));
}

static void have_bool(const char *name, uint8_t value)
{
	area_header(&area, name, BROKER_TYPE_BOOL, &value, 1);
}

static bool run(const void *program, size_t length)
{
	subject.props = area.bytes;
	subject.props_len = area.len;
	return broker_filter_match(program, length, &subject);
}

/* 1: it matches the message, 0: it does not, or a negative errno of the compiler. */
static int match(const char *text)
{
	struct broker_filter *filter;
	const void *program;
	const char *error;
	size_t length;
	int result;

	result = broker_filter_new(&filter, text, &error, NULL);
	if (result) {
		printf("# %s: %s\n", text, error);
		return result;
	}
	program = broker_filter_program(filter, &length);
	EXPECT(!strcmp(broker_filter_text(filter), text));
	EXPECT_EQ(broker_filter_check(program, length), 0);
	result = run(program, length);
	broker_filter_free(filter);
	return result;
}

#define MATCHES(text)	EXPECT_EQ(match(text), 1)
#define FAILS(text)	EXPECT_EQ(match(text), 0)

static void test_comparisons(void)
{
	message();
	have_int("n", 5);
	MATCHES("n = 5");
	MATCHES("n <> 4");
	MATCHES("n < 6");
	MATCHES("n <= 5");
	MATCHES("n > -1");
	MATCHES("n >= +5");
	FAILS("n <> 5");
	FAILS("n < 5");
	FAILS("n > 5");
	MATCHES("5 = n");
}

static void test_between(void)
{
	message();
	have_int("n", 5);
	MATCHES("n BETWEEN 5 AND 5");
	MATCHES("n BETWEEN 4.5 AND 6");
	FAILS("n BETWEEN 6 AND 4");
	FAILS("n NOT BETWEEN 5 AND 6");
	MATCHES("n NOT BETWEEN 6 AND 7 AND n = 5");
	FAILS("absent BETWEEN 1 AND 2");
	FAILS("absent NOT BETWEEN 1 AND 2");
	/* false and unknown is false */
	MATCHES("n NOT BETWEEN 6 AND absent");
	FAILS("n NOT BETWEEN 5 AND absent");
}

static void test_in(void)
{
	message();
	have_string("color", "red");
	have_int("n", 5);
	MATCHES("color IN ('blue', 'red')");
	FAILS("color NOT IN ('blue', 'red')");
	MATCHES("color NOT IN ('blue')");
	MATCHES("n IN (1, 5.0)");
	FAILS("absent IN ('blue')");
	FAILS("absent NOT IN ('blue')");
	MATCHES("n NOT IN ('5')");
}

static void test_like(void)
{
	message();
	have_string("s", "abc");
	have_string("u", "\303\244\303\266");
	have_string("p", "50%_off");
	have_int("n", 5);
	MATCHES("s LIKE 'abc'");
	MATCHES("s LIKE 'a%'");
	MATCHES("s LIKE '%c'");
	MATCHES("s LIKE '%b%'");
	MATCHES("s LIKE '_b_'");
	MATCHES("s LIKE '%%_%%'");
	FAILS("s LIKE 'ab'");
	FAILS("s LIKE '____'");
	FAILS("s LIKE ''");
	MATCHES("s NOT LIKE 'ab'");
	MATCHES("u LIKE '__'");
	FAILS("u LIKE '___'");
	FAILS("u LIKE '_'");
	MATCHES("u LIKE '%\303\266'");
	MATCHES("p LIKE '50!%!_off' ESCAPE '!'");
	MATCHES("p LIKE '__\303\244%\303\244_off' ESCAPE '\303\244'");
	FAILS("p LIKE '5!%%' ESCAPE '!'");
	MATCHES("'a!b' LIKE 'a!!b' ESCAPE '!'");
	FAILS("n LIKE '5'");
	MATCHES("n NOT LIKE '5'");
	FAILS("absent LIKE '%'");
	FAILS("absent NOT LIKE '%'");
}

/* Text longer than LIKE reads is unknown, however simple the pattern. */
static void test_like_of_long_text(void)
{
	char text[BROKER_FILTER_LIKE_TEXT + 2];

	message();
	memset(text, 'x', sizeof(text));
	text[BROKER_FILTER_LIKE_TEXT] = '\0';
	have_string("fits", text);
	text[BROKER_FILTER_LIKE_TEXT] = 'x';
	text[BROKER_FILTER_LIKE_TEXT + 1] = '\0';
	have_string("long", text);
	MATCHES("fits LIKE '%x'");
	FAILS("long LIKE '%x'");
	FAILS("long NOT LIKE '%x'");
	MATCHES("(long LIKE '%') IS NULL");
	MATCHES("long > fits");
}

static void test_null(void)
{
	message();
	have_int("n", 0);
	MATCHES("absent IS NULL");
	FAILS("absent IS NOT NULL");
	MATCHES("n IS NOT NULL");
	FAILS("n IS NULL");
	FAILS("absent = absent");
	FAILS("absent <> 1");
	FAILS("NOT absent = 1");
	MATCHES("(absent = 1) IS NULL");
}

static void test_logic(void)
{
	static const char *const value[] = { "FALSE", "u", "TRUE" };
	char text[64];
	int a, b;

	/* Three values, the lesser or the greater of which is AND or OR. */
	message();
	for (a = 0; a < 3; a++) {
		for (b = 0; b < 3; b++) {
			int and = a < b ? a : b, or = a > b ? a : b;

			snprintf(text, sizeof(text), "%s AND %s", value[a], value[b]);
			EXPECT_EQ(match(text), and == 2);
			snprintf(text, sizeof(text), "NOT (%s AND %s)", value[a], value[b]);
			EXPECT_EQ(match(text), and == 0);
			snprintf(text, sizeof(text), "%s OR %s", value[a], value[b]);
			EXPECT_EQ(match(text), or == 2);
			snprintf(text, sizeof(text), "NOT (%s OR %s)", value[a], value[b]);
			EXPECT_EQ(match(text), or == 0);
			snprintf(text, sizeof(text), "(%s OR %s) IS NULL", value[a], value[b]);
			EXPECT_EQ(match(text), or == 1);
		}
	}
}

static void test_precedence(void)
{
	message();
	MATCHES("TRUE OR TRUE AND FALSE");
	FAILS("(TRUE OR TRUE) AND FALSE");
	MATCHES("NOT FALSE AND TRUE");
	FAILS("NOT (TRUE OR FALSE)");
	MATCHES("NOT 1 = 2");
	MATCHES("NOT NOT TRUE");
}

static void test_booleans(void)
{
	message();
	have_bool("yes", 1);
	have_bool("no", 0);
	MATCHES("yes");
	FAILS("no");
	MATCHES("NOT no AND yes = TRUE AND no <> yes AND no < yes");
	have_int("n", 1);
	FAILS("n");
	FAILS("NOT n");
	FAILS("n = TRUE");
}

/* Comparisons of unlike types are false, NE too; so their opposite is true. */
static void test_unlike_types(void)
{
	message();
	have_int("n", 5);
	have_string("s", "5");
	area_header(&area, "b", BROKER_TYPE_BYTES, "5", 1);
	FAILS("n = s");
	FAILS("n <> s");
	FAILS("n < s");
	MATCHES("NOT n = s");
	FAILS("s = b");
	FAILS("s <> b");
	MATCHES("b = b");
	MATCHES("s = '5'");
}

static void test_text_order(void)
{
	message();
	have_string("s", "abc");
	MATCHES("s < 'abd'");
	MATCHES("s > 'ab'");
	MATCHES("s > ''");
	MATCHES("s < 'abcd'");
	MATCHES("s < '\303\244'");
}

static void test_exact_numbers(void)
{
	message();
	have_int("i", 9007199254740993);
	have_double("d", 9007199254740992.0);
	have_int("max", INT64_MAX);
	have_int("min", INT64_MIN);
	have_double("high", 9223372036854775808.0);
	have_double("low", -9223372036854775808.0);
	have_double("minus", -0.0);
	have_double("tiny", 4.9406564584124654e-324);
	have_double("nan", NAN);
	have_double("inf", INFINITY);
	MATCHES("i > d");
	MATCHES("d < i AND d <> i AND NOT d = i");
	MATCHES("max < high AND high > max");
	MATCHES("min = low AND low <= min AND low >= min");
	MATCHES("max < inf AND high < inf AND inf > 1.7976931348623157e308");
	MATCHES("minus = 0 AND minus = 0.0 AND NOT minus < 0");
	MATCHES("tiny > 0 AND tiny < 1 AND tiny > -1");
	MATCHES("-2.5 < -2 AND -2.5 > -3 AND 2.5 > 2 AND 2.5 < 3");
	FAILS("nan = nan");
	MATCHES("nan <> nan");
	MATCHES("nan <> 1 AND NOT nan < 1 AND NOT nan > 1 AND NOT nan <= 1");
}

static void test_fields(void)
{
	message();
	area_string(&area, BROKER_PROP_CONTENT_TYPE, "text/plain");
	area_string(&area, BROKER_PROP_CONTENT_ENCODING, "gzip");
	area_int64(&area, BROKER_PROP_MESSAGE_ID, 17);
	area_string(&area, BROKER_PROP_CORRELATION_ID, "c");
	area_string(&area, BROKER_PROP_REPLY_TO, "r");
	area_string(&area, BROKER_PROP_TYPE, "t");
	area_string(&area, BROKER_PROP_APP_ID, "a");
	area_string(&area, BROKER_PROP_SUBJECT, "s");
	area_string(&area, BROKER_PROP_GROUP_KEY, "g");
	area_string(&area, BROKER_PROP_DEDUPE_ID, "d");
	area_string(&area, BROKER_PROP_TRACEPARENT, "w");
	area_int64(&area, BROKER_PROP_TIMESTAMP, 1);
	area_int64(&area, BROKER_PROP_TTL, 2);
	area_int64(&area, BROKER_PROP_DELIVER_AT, 3);
	area_int64(&area, BROKER_PROP_PRIORITY, 4);
	area_int64(&area, BROKER_PROP_DELIVERY_MODE, 2);
	area_string(&area, BROKER_PROP_USER_ID, "u");
	area_string(&area, BROKER_PROP_PRODUCER, "p");
	area_int64(&area, BROKER_PROP_PRODUCER_SEQUENCE, 7);
	MATCHES("$key LIKE 'order.%.paid' AND $exchange = 'stock'");
	MATCHES("$size = 42 AND $time = 1700000000123 AND $cgroup = 77");
	MATCHES("$uid = 1000 AND $gid = 100 AND $pid = 4711");
	MATCHES("$content_type = 'text/plain' AND $content_encoding = 'gzip'");
	MATCHES("$message_id = 17 AND $correlation_id = 'c' AND $reply_to = 'r'");
	MATCHES("$type = 't' AND $app_id = 'a' AND $subject = 's' AND $group_key = 'g'");
	MATCHES("$dedupe_id = 'd' AND $traceparent = 'w' AND $user_id = 'u'");
	MATCHES("$producer = 'p' AND $producer_sequence = 7");
	MATCHES("$timestamp = 1 AND $ttl = 2 AND $deliver_at = 3");
	MATCHES("$priority = 4 AND $delivery_mode = 2");
	message();
	FAILS("$priority = 4");
	MATCHES("$priority IS NULL");
}

static void test_headers(void)
{
	message();
	have_int("a.b", 1);
	have_int("x-y", 2);
	have_int("$key", 3);
	have_int("\303\234ber", 4);
	have_int("and", 5);
	have_int("\"", 6);
	have_int("twice", 1);
	have_int("twice", 2);
	MATCHES("a.b = 1 AND \"x-y\" = 2 AND \"$key\" = 3 AND \303\234ber = 4");
	MATCHES("\"and\" = 5 AND \"\"\"\" = 6");
	MATCHES("twice = 1");
	FAILS("A.B = 1");
}

static void test_literals(void)
{
	message();
	MATCHES("'it''s' = 'it''s'");
	MATCHES("1e2 = 100 AND 1.5E+1 = 15 AND .5 < 1 AND 7. = 7 AND 25e-1 = 2.5");
	MATCHES("-9223372036854775808 < 9223372036854775807");
	MATCHES("true and not FALSE Or false");
	MATCHES("\t1\n=\r1 ");
}

static void expect_error(const char *text, const char *expected, unsigned int expected_column,
			 int code)
{
	struct broker_filter *filter = NULL;
	unsigned int column = 0;
	const char *error = "";

	EXPECT_EQ(broker_filter_new(&filter, text, &error, &column), code);
	EXPECT(!filter);
	if (strcmp(error, expected) || column != expected_column)
		tap_fail(__FILE__, __LINE__, "%s: '%s' in column %u", text, error, column);
}

#define REFUSED(text, error, column)	expect_error(text, error, column, -EINVAL)

static void test_syntax_errors(void)
{
	REFUSED("", "a field or a value is missing here", 1);
	REFUSED("a =", "a field or a value is missing here", 4);
	REFUSED("a = 1 b", "AND, OR or the end is missing here", 7);
	REFUSED("a = 1 = 1", "AND, OR or the end is missing here", 7);
	REFUSED("(a = 1", "a closing parenthesis is missing", 7);
	REFUSED("a = 'x", "the closing quote is missing", 5);
	REFUSED("\"a = 1", "the closing quote is missing", 1);
	REFUSED("a ; b", "this character has no meaning here", 3);
	REFUSED("\303\244 ; b", "this character has no meaning here", 3);
	REFUSED("a = 12x", "this is not a number", 5);
	REFUSED("a = 1e", "the number has no exponent", 5);
	REFUSED("a = 9223372036854775808", "the number is too large", 5);
	REFUSED("a = 1e999", "the number is too large", 5);
	REFUSED("a IN ()", "a list has literals only", 7);
	REFUSED("a IN (b)", "a list has literals only", 7);
	REFUSED("a IN 1", "IN needs a list in parentheses", 6);
	REFUSED("a IN (1", "a closing parenthesis is missing", 8);
	REFUSED("a LIKE b", "LIKE needs a pattern, which is a string", 8);
	REFUSED("1 LIKE 'b'", "only a text can be LIKE something", 1);
	REFUSED("a LIKE 'b' ESCAPE 'xy'", "ESCAPE needs a string of one character", 19);
	REFUSED("a LIKE 'x!y' ESCAPE '!'", "only %, _ and the escape itself can be escaped", 8);
	REFUSED("a LIKE 'x!' ESCAPE '!'", "only %, _ and the escape itself can be escaped", 8);
	REFUSED("a BETWEEN 1 OR 2", "BETWEEN needs an AND", 13);
	REFUSED("a IS 1", "IS needs NULL, or NOT NULL", 6);
	REFUSED("a NOT 1", "BETWEEN, IN or LIKE is missing behind NOT", 7);
	REFUSED("$nothing = 1", "there is no such field", 1);
	REFUSED("\"\" = 1", "a header has a name", 1);
	REFUSED("\"a\tb\" = 1", "a name has no control characters", 1);
	REFUSED("5", "this is a value, not a condition", 1);
	REFUSED("a AND 'x'", "this is a value, not a condition", 7);
	REFUSED("a OR NOT 1", "this is a value, not a condition", 10);
	REFUSED("a = '\377'", "the text is not UTF-8", 6);
	REFUSED("a = '\355\240\200'", "the text is not UTF-8", 6);
}

static void repeat(char *to, const char *piece, unsigned int times)
{
	while (times--)
		to += sprintf(to, "%s", piece);
}

static void test_limits_of_the_compiler(void)
{
	static char text[BROKER_MAX_FILTER_TEXT + 2];
	struct broker_filter *filter;

	memset(text, ' ', sizeof(text) - 1);
	expect_error(text, "the text is too long", 1, -EMSGSIZE);

	repeat(text, "(", 201);
	REFUSED(text, "the filter is nested too deeply", 201);
	repeat(text, "NOT ", 201);
	REFUSED(text, "the filter is nested too deeply", 801);
	/* A value waits for the end of each: 16 and no more. */
	repeat(text, "a OR (", BROKER_FILTER_DEPTH - 1);
	repeat(text + strlen(text), "a", 1);
	repeat(text + strlen(text), ")", BROKER_FILTER_DEPTH - 1);
	FAILS(text);
	repeat(text, "a OR (", BROKER_FILTER_DEPTH);
	repeat(text + strlen(text), "a", 1);
	repeat(text + strlen(text), ")", BROKER_FILTER_DEPTH);
	REFUSED(text, "the filter is nested too deeply", 97);

	repeat(text, "a OR ", BROKER_FILTER_FIELDS);
	text[strlen(text) - 4] = '\0';
	FAILS(text);
	repeat(text, "a OR ", BROKER_FILTER_FIELDS);
	strcat(text, "a");
	REFUSED(text, "the filter reads more than 64 fields", 321);

	/* A list takes 4 bytes, and 3 for each of its strings. */
	strcpy(text, "a IN ('x'");
	repeat(text + strlen(text), ",'x'", (BROKER_MAX_FILTER - 4 - 1 - 4) / 3 - 1);
	strcat(text, ")");
	EXPECT_EQ(broker_filter_new(&filter, text, NULL, NULL), 0);
	broker_filter_free(filter);
	text[strlen(text) - 1] = '\0';
	strcat(text, ",'x')");
	EXPECT_EQ(broker_filter_new(&filter, text, NULL, NULL), -EINVAL);

	strcpy(text, "a LIKE '%%%");
	repeat(text + strlen(text), "xy", 126);
	strcat(text, "'");
	FAILS(text);
	strcpy(text, "a LIKE '%%%%%");
	repeat(text + strlen(text), "xy", 126);
	strcat(text, "'");
	REFUSED(text, "patterns have more than 256 bytes, all together", 8);

	strcpy(text, "a = '");
	repeat(text + strlen(text), "x", 256);
	strcat(text, "'");
	REFUSED(text, "a string has more than 255 bytes", 5);
	strcpy(text, "\"");
	repeat(text + strlen(text), "x", 256);
	strcat(text, "\" = 1");
	REFUSED(text, "a name has more than 255 bytes", 1);
}

/* A program by hand. */
static struct {
	size_t len;
	unsigned char bytes[2 * BROKER_MAX_FILTER];
} program;

static void insn(unsigned int op, unsigned int arg, const void *operand, unsigned int len)
{
	struct broker_filter_insn head = { .op = op, .arg = arg, .len = len };

	memcpy(program.bytes + program.len, &head, sizeof(head));
	program.len += sizeof(head);
	if (len)
		memcpy(program.bytes + program.len, operand, len);
	program.len += len;
}

static int checked(void)
{
	/* Exactly as long, so that a read beyond it is caught. */
	void *exact = malloc(program.len ?: 1);
	int err;

	memcpy(exact, program.bytes, program.len);
	err = broker_filter_check(exact, program.len);
	free(exact);
	program.len = 0;
	return err;
}

#define TRUE_CONSTANT	"\5\1\1", 3

static void test_check_takes(void)
{
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	EXPECT_EQ(checked(), 0);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_HEADER, "x", 1);
	EXPECT_EQ(checked(), 0);
	insn(BROKER_FILTER_FIELD, BROKER_PROP_PRODUCER_SEQUENCE, NULL, 0);
	EXPECT_EQ(checked(), 0);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_CGROUP, NULL, 0);
	insn(BROKER_FILTER_IN, 0, "\1\0\1\1x", 5);
	EXPECT_EQ(checked(), 0);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
	insn(BROKER_FILTER_LIKE, 0, "\377\376\303\244\377", 5);
	EXPECT_EQ(checked(), 0);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
	insn(BROKER_FILTER_LIKE, 0, "", 0);
	EXPECT_EQ(checked(), 0);
}

static void test_check_length(void)
{
	unsigned int i;

	EXPECT_EQ(checked(), -EINVAL);		/* no value is left */
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	for (i = 0; i < (BROKER_MAX_FILTER - 7) / 4; i++)
		insn(BROKER_FILTER_NOT, 0, NULL, 0);
	EXPECT_EQ(checked(), 0);
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	for (i = 0; i < (BROKER_MAX_FILTER - 7) / 4 + 1; i++)
		insn(BROKER_FILTER_NOT, 0, NULL, 0);
	EXPECT_EQ(checked(), -EMSGSIZE);
}

static void test_check_cut_short(void)
{
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	program.len--;
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	insn(BROKER_FILTER_NOT, 0, NULL, 0);
	program.len--;
	EXPECT_EQ(checked(), -EINVAL);
}

static void test_check_unknown(void)
{
	insn(0, 0, NULL, 0);
	EXPECT_EQ(checked(), -EOPNOTSUPP);
	insn(BROKER_FILTER_OR + 1, 0, NULL, 0);
	EXPECT_EQ(checked(), -EOPNOTSUPP);
	insn(BROKER_FILTER_FIELD, BROKER_PROP_PRODUCER_SEQUENCE + 1, NULL, 0);
	EXPECT_EQ(checked(), -EOPNOTSUPP);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_EXCHANGE - 1, NULL, 0);
	EXPECT_EQ(checked(), -EOPNOTSUPP);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_CGROUP + 1, NULL, 0);
	EXPECT_EQ(checked(), -EOPNOTSUPP);
}

static void test_check_stack(void)
{
	unsigned int i, op;

	for (op = BROKER_FILTER_EQ; op <= BROKER_FILTER_OR; op++) {
		if (op == BROKER_FILTER_IN)
			insn(op, 0, TRUE_CONSTANT);
		else
			insn(op, 0, NULL, 0);
		EXPECT_EQ(checked(), -EINVAL);
	}
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	insn(BROKER_FILTER_AND, 0, NULL, 0);
	EXPECT_EQ(checked(), -EINVAL);
	for (i = 0; i < 2; i++)
		insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	insn(BROKER_FILTER_BETWEEN, 0, NULL, 0);
	EXPECT_EQ(checked(), -EINVAL);
	for (i = 0; i < 2; i++)
		insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	EXPECT_EQ(checked(), -EINVAL);		/* two values are left */

	for (i = 0; i < BROKER_FILTER_DEPTH; i++)
		insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	for (i = 0; i < BROKER_FILTER_DEPTH - 1; i++)
		insn(BROKER_FILTER_AND, 0, NULL, 0);
	EXPECT_EQ(checked(), 0);
	for (i = 0; i < BROKER_FILTER_DEPTH + 1; i++)
		insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	for (i = 0; i < BROKER_FILTER_DEPTH; i++)
		insn(BROKER_FILTER_AND, 0, NULL, 0);
	EXPECT_EQ(checked(), -E2BIG);
}

static void test_check_fields(void)
{
	unsigned int i;

	for (i = 0; i < BROKER_FILTER_FIELDS; i++) {
		insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
		if (i)
			insn(BROKER_FILTER_EQ, 0, NULL, 0);
	}
	EXPECT_EQ(checked(), 0);
	for (i = 0; i < BROKER_FILTER_FIELDS + 1; i++) {
		insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
		if (i)
			insn(BROKER_FILTER_EQ, 0, NULL, 0);
	}
	EXPECT_EQ(checked(), -E2BIG);
}

static void test_check_patterns(void)
{
	char pattern[BROKER_FILTER_PATTERNS / 2 + 1];
	unsigned int i;

	memset(pattern, 'x', sizeof(pattern));
	for (i = 0; i < 2; i++) {
		insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
		insn(BROKER_FILTER_LIKE, 0, pattern, sizeof(pattern) - 1);
	}
	insn(BROKER_FILTER_OR, 0, NULL, 0);
	EXPECT_EQ(checked(), 0);
	for (i = 0; i < 2; i++) {
		insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
		insn(BROKER_FILTER_LIKE, 0, pattern, sizeof(pattern) - 1 + i);
	}
	insn(BROKER_FILTER_OR, 0, NULL, 0);
	EXPECT_EQ(checked(), -E2BIG);
}

static void test_check_operands(void)
{
	/* Constants: type, length, value, text, one and only one. */
	insn(BROKER_FILTER_CONST, 0, "\2\1x", 3);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\5\1\2", 3);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\5\0", 2);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\5", 1);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\5\1", 2);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "", 0);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\5\1\1\5\1\1", 6);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\3\7xxxxxxx", 9);
	insn(BROKER_FILTER_IS_NULL, 0, NULL, 0);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\1\1\377", 3);
	insn(BROKER_FILTER_IS_NULL, 0, NULL, 0);
	EXPECT_EQ(checked(), -EILSEQ);
	/* A list: at least one. */
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
	insn(BROKER_FILTER_IN, 0, "", 0);
	EXPECT_EQ(checked(), -EINVAL);
	/* Names. */
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_HEADER, "", 0);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_HEADER, "\n", 1);
	EXPECT_EQ(checked(), -EILSEQ);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, "x", 1);
	EXPECT_EQ(checked(), -EINVAL);
	/* Patterns. */
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
	insn(BROKER_FILTER_LIKE, 0, "\303\377\244", 3);
	EXPECT_EQ(checked(), -EILSEQ);
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_KEY, NULL, 0);
	insn(BROKER_FILTER_LIKE, 0, "x\303", 2);
	EXPECT_EQ(checked(), -EILSEQ);
	/* Where there is no operand. */
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	insn(BROKER_FILTER_NOT, 0, "x", 1);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	insn(BROKER_FILTER_NOT, 1, NULL, 0);
	EXPECT_EQ(checked(), -EINVAL);
}

static void test_check_types(void)
{
	insn(BROKER_FILTER_CONST, 0, "\1\1x", 3);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\1\1x", 3);
	insn(BROKER_FILTER_NOT, 0, NULL, 0);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, "\1\1x", 3);
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	insn(BROKER_FILTER_AND, 0, NULL, 0);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	insn(BROKER_FILTER_CONST, 0, "\1\1x", 3);
	insn(BROKER_FILTER_OR, 0, NULL, 0);
	EXPECT_EQ(checked(), -EINVAL);
	insn(BROKER_FILTER_CONST, 0, TRUE_CONSTANT);
	insn(BROKER_FILTER_LIKE, 0, "x", 1);
	EXPECT_EQ(checked(), -EINVAL);
}

/*
 * The worst that a program can ask for ends soon: a LIKE that fits almost
 * everywhere.  There is nothing to assert but that the suite goes on.
 */
static void test_bounded(void)
{
	static char text[BROKER_FILTER_LIKE_TEXT + 1];
	char pattern[BROKER_FILTER_PATTERNS];
	int i;

	message();
	memset(text, 'a', sizeof(text) - 1);
	have_string("s", text);
	memset(pattern, 'a', sizeof(pattern));
	pattern[0] = (char)BROKER_FILTER_ANY;
	pattern[sizeof(pattern) - 1] = 'b';
	program.len = 0;
	insn(BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_HEADER, "s", 1);
	insn(BROKER_FILTER_LIKE, 0, pattern, sizeof(pattern));
	EXPECT_EQ(broker_filter_check(program.bytes, program.len), 0);
	for (i = 0; i < 100; i++)
		EXPECT(!run(program.bytes, program.len));
	program.len = 0;
}

static const struct tap_test tests[] = {
	TAP_TEST(comparisons),
	TAP_TEST(between),
	TAP_TEST(in),
	TAP_TEST(like),
	TAP_TEST(like_of_long_text),
	TAP_TEST(null),
	TAP_TEST(logic),
	TAP_TEST(precedence),
	TAP_TEST(booleans),
	TAP_TEST(unlike_types),
	TAP_TEST(text_order),
	TAP_TEST(exact_numbers),
	TAP_TEST(fields),
	TAP_TEST(headers),
	TAP_TEST(literals),
	TAP_TEST(syntax_errors),
	TAP_TEST(limits_of_the_compiler),
	TAP_TEST(check_takes),
	TAP_TEST(check_length),
	TAP_TEST(check_cut_short),
	TAP_TEST(check_unknown),
	TAP_TEST(check_stack),
	TAP_TEST(check_fields),
	TAP_TEST(check_patterns),
	TAP_TEST(check_operands),
	TAP_TEST(check_types),
	TAP_TEST(bounded),
};
TAP_MAIN(tests)
