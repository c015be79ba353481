// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random filters about random messages: what the compiler and the kernel make of
 * a text must be what the oracle makes of the tree behind it.
 */
#include <broker.h>
#include <linux/broker.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/filter.h"
#include "area.h"
#include "filter_oracle.h"
#include "tap.h"

static struct area area;

static struct broker_filter_subject subject = { .exchange = "stock", .exchange_len = 5 };

static bool run(const void *program, size_t length)
{
	subject.props = area.bytes;
	subject.props_len = area.len;
	return broker_filter_match(program, length, &subject);
}

static const char *const texts[] = {
	"", "a", "b", "ab", "ba", "aab", "\303\244", "a\303\244", "\303\244b", "\342\202\254",
	"%", "_", "a%", "it's", "order.1",
};
static const int64_t integers[] = {
	0, 1, -1, 2, -2, 9007199254740992, 9007199254740993, -9007199254740993, INT64_MAX,
	INT64_MIN, INT64_MAX - 1, INT64_MIN + 1,
};
static const double doubles[] = {
	0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, 9007199254740992.0, -9007199254740994.0,
	9223372036854775808.0, -9223372036854775808.0, 9223372036854774784.0, 1e300, -1e300,
	5e-324, -5e-324, 1.7976931348623157e308,
	/* Not as literals: */
	INFINITY, -INFINITY, NAN,
};
#define SPECIAL_DOUBLES	3
static const char *const patterns[] = {
	"", "%", "_", "a%", "%b", "%a%", "_b", "a_", "%_%", "__", "a%b", "\303\244%", "%\303\244",
	"%a_", "!%", "a!%", "!_", "!!", "%!_%",
};
/* As they are written, in the order of the messages' fields. */
static const char *const names[] = {
	"a", "b.c", "\"x-y\"", "\303\234", "zz", "$key", "$type", "$priority", "$message_id",
	"$uid", "$size",
};
#define HEADERS	5
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static struct oracle_value text_value(const char *text)
{
	return (struct oracle_value) {
		.type = BROKER_TYPE_STRING, .text = text, .length = strlen(text),
	};
}

static struct oracle_value integer_value(int64_t integer)
{
	return (struct oracle_value) { .type = BROKER_TYPE_INT64, .integer = integer };
}

static struct oracle_value random_value(struct rng *rng, bool literal)
{
	struct oracle_value value = {};

	switch (rng_below(rng, literal ? 4 : 5)) {
	case 0:
		return text_value(texts[rng_below(rng, COUNT(texts))]);
	case 1:
		return integer_value(integers[rng_below(rng, COUNT(integers))]);
	case 2:
		value.type = BROKER_TYPE_DOUBLE;
		value.number = doubles[rng_below(rng, COUNT(doubles) -
						 (literal ? SPECIAL_DOUBLES : 0))];
		break;
	case 3:
		value.type = BROKER_TYPE_BOOL;
		value.integer = rng_below(rng, 2);
		break;
	default:
		value = text_value(texts[rng_below(rng, COUNT(texts))]);
		value.type = BROKER_TYPE_BYTES;
		break;
	}
	return value;
}

static void put_value(unsigned int id, const char *name, const struct oracle_value *value)
{
	uint8_t truth = value->integer;
	const void *bytes = value->text;
	unsigned int length = value->length;

	if (value->type == BROKER_TYPE_BOOL) {
		bytes = &truth;
		length = 1;
	} else if (value->type == BROKER_TYPE_INT64) {
		bytes = &value->integer;
		length = 8;
	} else if (value->type == BROKER_TYPE_DOUBLE) {
		bytes = &value->number;
		length = 8;
	}
	area_put(&area, id, value->type, name, name ? strlen(name) : 0, bytes, length);
}

static void random_message(struct rng *rng, struct oracle_value fields[COUNT(names)])
{
	static const char *const headers[HEADERS] = { "a", "b.c", "x-y", "\303\234", "zz" };
	struct oracle_value again;
	unsigned int i;

	area.len = 0;
	memset(fields, 0, COUNT(names) * sizeof(fields[0]));
	for (i = 0; i < HEADERS - 1; i++) {
		if (!rng_percent(rng, 75))
			continue;
		fields[i] = random_value(rng, false);
		put_value(BROKER_PROP_HEADER, headers[i], &fields[i]);
		if (rng_percent(rng, 10)) {
			/* Of several the first counts. */
			again = random_value(rng, false);
			put_value(BROKER_PROP_HEADER, headers[i], &again);
		}
	}
	if (rng_percent(rng, 50)) {
		fields[6] = text_value(texts[rng_below(rng, COUNT(texts))]);
		put_value(BROKER_PROP_TYPE, NULL, &fields[6]);
	}
	if (rng_percent(rng, 50)) {
		fields[7] = integer_value(rng_below(rng, 3));
		put_value(BROKER_PROP_PRIORITY, NULL, &fields[7]);
	}
	if (rng_percent(rng, 50)) {
		do
			fields[8] = random_value(rng, false);
		while (fields[8].type == BROKER_TYPE_DOUBLE || fields[8].type == BROKER_TYPE_BOOL);
		put_value(BROKER_PROP_MESSAGE_ID, NULL, &fields[8]);
	}
	fields[5] = text_value(texts[rng_below(rng, COUNT(texts))]);
	fields[9] = integer_value(rng_below(rng, 3));
	fields[10] = integer_value(rng_below(rng, 3));
	subject.key = fields[5].text;
	subject.key_len = fields[5].length;
	subject.uid = fields[9].integer;
	subject.size = fields[10].integer;
}

/* The tree of one expression, and its text. */
static struct {
	struct oracle_node nodes[64];
	unsigned int used;
	char text[1 << 15];
	size_t length;
} tree;

static struct oracle_node *new_node(enum oracle_kind kind)
{
	struct oracle_node *node = &tree.nodes[tree.used++];

	*node = (struct oracle_node) { .kind = kind };
	return node;
}

static const struct oracle_node *random_leaf(struct rng *rng)
{
	struct oracle_node *node;

	if (rng_percent(rng, 65)) {
		node = new_node(ORACLE_FIELD);
		node->field = rng_below(rng, COUNT(names));
	} else {
		node = new_node(ORACLE_LITERAL);
		node->literal = random_value(rng, true);
	}
	return node;
}

static const struct oracle_node *random_condition(struct rng *rng, unsigned int nesting);

static const struct oracle_node *random_operand(struct rng *rng, unsigned int nesting)
{
	if (nesting && rng_percent(rng, 10))
		return random_condition(rng, nesting - 1);
	return random_leaf(rng);
}

static const struct oracle_node *random_predicate(struct rng *rng, unsigned int nesting)
{
	static const enum oracle_kind kinds[] = {
		ORACLE_EQ, ORACLE_NE, ORACLE_LT, ORACLE_LE, ORACLE_GT, ORACLE_GE, ORACLE_EQ,
		ORACLE_BETWEEN, ORACLE_IN, ORACLE_LIKE, ORACLE_LIKE, ORACLE_IS_NULL,
	};
	struct oracle_node *node = new_node(kinds[rng_below(rng, COUNT(kinds))]);
	unsigned int i;

	node->of[0] = random_operand(rng, nesting);
	switch (node->kind) {
	case ORACLE_BETWEEN:
		node->of[1] = random_operand(rng, nesting);
		node->of[2] = random_operand(rng, nesting);
		break;
	case ORACLE_IN:
		node->listed = 1 + rng_below(rng, ORACLE_LIST);
		for (i = 0; i < node->listed; i++)
			node->list[i] = random_value(rng, true);
		break;
	case ORACLE_LIKE:
		/* What is known to be no text is refused. */
		while (node->of[0]->kind != ORACLE_FIELD &&
		       (node->of[0]->kind != ORACLE_LITERAL ||
			node->of[0]->literal.type != BROKER_TYPE_STRING))
			node->of[0] = random_leaf(rng);
		node->pattern = patterns[rng_below(rng, COUNT(patterns))];
		node->escape = strchr(node->pattern, '!') ? '!' : 0;
		break;
	case ORACLE_IS_NULL:
		break;
	default:
		node->of[1] = random_operand(rng, nesting);
		return node;
	}
	node->negated = rng_percent(rng, 40);
	return node;
}

static const struct oracle_node *random_condition(struct rng *rng, unsigned int nesting)
{
	struct oracle_node *node;

	if (tree.used > COUNT(tree.nodes) / 2 || !nesting || rng_percent(rng, 30)) {
		if (tree.used > COUNT(tree.nodes) / 2 || rng_percent(rng, 10)) {
			node = new_node(ORACLE_FIELD);
			node->field = rng_below(rng, COUNT(names));
			return node;
		}
		return random_predicate(rng, nesting);
	}
	node = new_node(ORACLE_NOT + rng_below(rng, 3));
	node->of[0] = random_condition(rng, nesting - 1);
	if (node->kind != ORACLE_NOT)
		node->of[1] = random_condition(rng, nesting - 1);
	return node;
}

__attribute__((format(printf, 1, 2)))
static void out(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tree.length += vsnprintf(tree.text + tree.length, sizeof(tree.text) - tree.length,
				 format, list);
	va_end(list);
}

static void out_string(const char *text)
{
	out("'");
	for (; *text; text++)
		out(*text == '\'' ? "''" : "%c", *text);
	out("'");
}

static void out_value(const struct oracle_value *value)
{
	char text[64];

	switch (value->type) {
	case BROKER_TYPE_STRING:
		out_string(value->text);
		break;
	case BROKER_TYPE_INT64:
		out("%lld", (long long)value->integer);
		break;
	case BROKER_TYPE_DOUBLE:
		snprintf(text, sizeof(text), "%.17g", value->number);
		out("%s%s", text, strpbrk(text, ".e") ? "" : ".");
		break;
	default:
		out(value->integer ? "TRUE" : "false");
		break;
	}
}

/* How tightly a kind binds: what binds less than its surroundings needs parentheses. */
static int binding(enum oracle_kind kind)
{
	switch (kind) {
	case ORACLE_OR:
		return 0;
	case ORACLE_AND:
		return 1;
	case ORACLE_NOT:
		return 2;
	case ORACLE_LITERAL:
	case ORACLE_FIELD:
		return 4;
	default:
		return 3;
	}
}

static void out_node(struct rng *rng, const struct oracle_node *node, int least)
{
	static const char *const signs[] = { "=", "<>", "<", "<=", ">", ">=" };
	bool parentheses = binding(node->kind) < least || rng_percent(rng, 10);
	const char *negation = node->negated ? " NOT" : "";
	unsigned int i;

	if (parentheses)
		out("(");
	switch (node->kind) {
	case ORACLE_LITERAL:
		out_value(&node->literal);
		break;
	case ORACLE_FIELD:
		out("%s", names[node->field]);
		break;
	case ORACLE_OR:
		out_node(rng, node->of[0], 0);
		out(" or ");
		out_node(rng, node->of[1], 1);
		break;
	case ORACLE_AND:
		out_node(rng, node->of[0], 1);
		out(" AND ");
		out_node(rng, node->of[1], 2);
		break;
	case ORACLE_NOT:
		out("NOT ");
		out_node(rng, node->of[0], 2);
		break;
	case ORACLE_BETWEEN:
		out_node(rng, node->of[0], 4);
		out("%s BETWEEN ", negation);
		out_node(rng, node->of[1], 4);
		out(" AND ");
		out_node(rng, node->of[2], 4);
		break;
	case ORACLE_IN:
		out_node(rng, node->of[0], 4);
		out("%s IN (", negation);
		for (i = 0; i < node->listed; i++) {
			out(i ? ", " : "");
			out_value(&node->list[i]);
		}
		out(")");
		break;
	case ORACLE_LIKE:
		out_node(rng, node->of[0], 4);
		out("%s LIKE ", negation);
		out_string(node->pattern);
		if (node->escape)
			out(" ESCAPE '%c'", node->escape);
		break;
	case ORACLE_IS_NULL:
		out_node(rng, node->of[0], 4);
		out(" IS%s NULL", negation);
		break;
	default:
		out_node(rng, node->of[0], 4);
		out(rng_percent(rng, 50) ? "%s" : " %s ", signs[node->kind - ORACLE_EQ]);
		out_node(rng, node->of[1], 4);
		break;
	}
	if (parentheses)
		out(")");
}

/* One expression about a few messages; counts what it showed. */
static void random_case(struct rng *rng, unsigned int nr_messages, unsigned long *matched,
			unsigned long *refused)
{
	struct oracle_value fields[COUNT(names)], want;
	const struct oracle_node *root;
	struct broker_filter *filter;
	const char *error;
	const void *code;
	size_t length;
	bool result;

	tree.used = 0;
	tree.length = 0;
	root = random_condition(rng, rng_below(rng, 6));
	out_node(rng, root, 0);
	if (broker_filter_new(&filter, tree.text, &error, NULL)) {
		/* Too deep or too long it may be; anything else is a mistake. */
		EXPECT(!strcmp(error, "the filter is nested too deeply") ||
		       !strcmp(error, "the filter is too long"));
		++*refused;
		goto out;
	}
	code = broker_filter_program(filter, &length);
	EXPECT_EQ(broker_filter_check(code, length), 0);
	while (nr_messages--) {
		random_message(rng, fields);
		result = run(code, length);
		want = oracle_filter(root, fields);
		EXPECT_EQ(result, want.type == BROKER_TYPE_BOOL && want.integer);
		*matched += result;
	}
	broker_filter_free(filter);
out:
	if (tap_failed())
		printf("# %s\n", tree.text);
}

static void test_random(void)
{
	unsigned long done, cases = tap_cases(1000000), matched = 0, refused = 0;
	const unsigned int each = 4;
	uint64_t seed = tap_seed();

	for (done = 0; done < cases; done += each) {
		struct rng rng = { .state = seed };

		random_case(&rng, each, &matched, &refused);
		if (tap_failed()) {
			printf("# replay: SEED=%llu CASES=%u filter_random_test random\n",
			       (unsigned long long)seed, each);
			return;
		}
		seed++;
	}
	/* Cases that all fail, or are all refused, would show nothing. */
	printf("# %lu cases, %lu matched, %lu filters refused\n", done, matched, refused);
	if (cases >= 10000) {
		EXPECT(matched > cases / 10 && matched < cases - cases / 10);
		EXPECT(refused < cases / each / 10);
	}
}

/*
 * Programs with a few bytes changed: the check must let none through that does
 * harm, which the sanitizers would see.
 */
static void random_program(struct rng *rng, unsigned long *taken, unsigned long *changed)
{
	struct oracle_value fields[COUNT(names)];
	struct broker_filter *filter;
	unsigned int changes;
	unsigned char *copy;
	const void *code;
	size_t length;

	tree.used = 0;
	tree.length = 0;
	out_node(rng, random_condition(rng, rng_below(rng, 3)), 0);
	if (broker_filter_new(&filter, tree.text, NULL, NULL))
		return;
	code = broker_filter_program(filter, &length);
	/* Exactly as long, so that a read beyond it is caught. */
	copy = malloc(length);
	memcpy(copy, code, length);
	for (changes = 1 + rng_below(rng, 3); changes; changes--)
		copy[rng_below(rng, length)] = rng_percent(rng, 50) ? rng_next(rng) >> 40 :
					       rng_below(rng, 16);
	if (!broker_filter_check(copy, length)) {
		random_message(rng, fields);
		run(copy, length);
		++*taken;
		*changed += memcmp(copy, code, length) != 0;
	}
	free(copy);
	broker_filter_free(filter);
}

static void test_random_programs(void)
{
	unsigned long i, cases = tap_cases(1000000), taken = 0, changed = 0;
	uint64_t seed = tap_seed();

	for (i = 0; i < cases; i++) {
		struct rng rng = { .state = seed + i };

		random_program(&rng, &taken, &changed);
	}
	printf("# %lu of %lu taken, %lu of them changed\n", taken, cases, changed);
	EXPECT(cases < 10000 || (changed > cases / 100 && taken < cases / 2));
}

static const struct tap_test tests[] = {
	TAP_TEST(random),
	TAP_TEST(random_programs),
};
TAP_MAIN(tests)
