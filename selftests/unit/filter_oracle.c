// SPDX-License-Identifier: GPL-2.0-or-later
#include <float.h>
#include <string.h>

#include "filter_oracle.h"

/* Holds every int64 and every double exactly. */
_Static_assert(LDBL_MANT_DIG >= 64, "the oracle needs a long double of 64 bits");

static bool is_number(const struct oracle_value *value)
{
	return value->type == BROKER_TYPE_INT64 || value->type == BROKER_TYPE_DOUBLE;
}

static long double number(const struct oracle_value *value)
{
	return value->type == BROKER_TYPE_INT64 ? (long double)value->integer : value->number;
}

static bool holds(enum oracle_kind kind, bool equal, bool less, bool greater)
{
	switch (kind) {
	case ORACLE_EQ:
		return equal;
	case ORACLE_NE:
		return !equal;
	case ORACLE_LT:
		return less;
	case ORACLE_LE:
		return less || equal;
	case ORACLE_GT:
		return greater;
	default:
		return greater || equal;
	}
}

int oracle_compare(enum oracle_kind kind, const struct oracle_value *a,
		   const struct oracle_value *b)
{
	unsigned int i;

	if (!a->type || !b->type)
		return -1;
	if (is_number(a) && is_number(b)) {
		long double x = number(a), y = number(b);

		return holds(kind, x == y, y > x, x > y);
	}
	if (a->type != b->type)
		return 0;
	if (a->type == BROKER_TYPE_BOOL)
		return holds(kind, a->integer == b->integer, b->integer > a->integer,
			     a->integer > b->integer);
	for (i = 0; i < a->length && i < b->length; i++) {
		unsigned char x = a->text[i], y = b->text[i];

		if (x != y)
			return holds(kind, false, y > x, x > y);
	}
	return holds(kind, a->length == b->length, b->length > a->length, a->length > b->length);
}

static unsigned int character(const char *text)
{
	unsigned int n = 1;

	while ((text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* By trying everything. */
bool oracle_like(const char *text, unsigned int length, const char *pattern, char escape)
{
	unsigned int used;

	if (!*pattern)
		return !length;
	if (escape && *pattern == escape)
		return length && *text == pattern[1] &&
		       oracle_like(text + 1, length - 1, pattern + 2, escape);
	if (*pattern == '%') {
		for (used = 0; used <= length; used++)
			if (oracle_like(text + used, length - used, pattern + 1, escape))
				return true;
		return false;
	}
	if (*pattern == '_') {
		used = length ? character(text) : 0;
		return length && used <= length &&
		       oracle_like(text + used, length - used, pattern + 1, escape);
	}
	return length && *text == *pattern &&
	       oracle_like(text + 1, length - 1, pattern + 1, escape);
}

static int truth(const struct oracle_value *value)
{
	return value->type == BROKER_TYPE_BOOL ? (int)value->integer : -1;
}

static int opposite(int a)
{
	return a < 0 ? a : !a;
}

/* The lesser of two in the order false, unknown, true. */
static int both(int a, int b)
{
	if (!a || !b)
		return 0;
	return a < 0 || b < 0 ? -1 : 1;
}

static int is_in(const struct oracle_node *node, const struct oracle_value *a)
{
	int found = 0;
	unsigned int i;

	for (i = 0; i < node->listed; i++)
		found = opposite(both(opposite(found),
				opposite(oracle_compare(ORACLE_EQ, a, &node->list[i]))));
	return found;
}

static int is_like(const struct oracle_node *node, const struct oracle_value *a)
{
	if (!a->type)
		return -1;
	if (a->type != BROKER_TYPE_STRING)
		return 0;
	return oracle_like(a->text, a->length, node->pattern, node->escape);
}

struct oracle_value oracle_filter(const struct oracle_node *node,
				  const struct oracle_value *fields)
{
	struct oracle_value v[3], value = { .type = BROKER_TYPE_BOOL };
	int result;
	int i;

	if (node->kind == ORACLE_LITERAL)
		return node->literal;
	if (node->kind == ORACLE_FIELD)
		return fields[node->field];
	for (i = 0; i < 3 && node->of[i]; i++)
		v[i] = oracle_filter(node->of[i], fields);

	switch (node->kind) {
	case ORACLE_BETWEEN:
		result = both(oracle_compare(ORACLE_GE, &v[0], &v[1]),
			     oracle_compare(ORACLE_LE, &v[0], &v[2]));
		break;
	case ORACLE_IN:
		result = is_in(node, &v[0]);
		break;
	case ORACLE_LIKE:
		result = is_like(node, &v[0]);
		break;
	case ORACLE_IS_NULL:
		result = !v[0].type;
		break;
	case ORACLE_NOT:
		result = opposite(truth(&v[0]));
		break;
	case ORACLE_AND:
		result = both(truth(&v[0]), truth(&v[1]));
		break;
	case ORACLE_OR:
		result = opposite(both(opposite(truth(&v[0])), opposite(truth(&v[1]))));
		break;
	default:
		result = oracle_compare(node->kind, &v[0], &v[1]);
		break;
	}
	if (node->negated)
		result = opposite(result);
	if (result < 0)
		value.type = 0;
	else
		value.integer = result;
	return value;
}
