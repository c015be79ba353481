// SPDX-License-Identifier: GPL-2.0
#include <linux/broker.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "filter.h"
#include "name.h"
#include "props.h"

/* Type of a value that is NULL, or, in the check, not known beforehand. */
#define NONE	0

/* The fields that are not properties; those follow their properties' types. */
#define FIELD_FIRST	BROKER_FILTER_FIELD_EXCHANGE
#define FIELD_LAST	BROKER_FILTER_FIELD_CGROUP

/**
 * struct value - on the stack of a program that runs
 * @type: enum broker_prop_type, or NONE
 * @len: bytes of @text
 * @number: an INT64, the bits of a DOUBLE, a BOOL
 * @text: a STRING or BYTES
 */
struct value {
	u8 type;
	u32 len;
	union {
		s64 number;
		const void *text;
	};
};

static const struct value null;

static bool insn_next(const void *program, size_t len, size_t *offset,
		      struct broker_filter_insn *insn, const u8 **operand)
{
	size_t rest = len - *offset;

	if (rest < sizeof(*insn))
		return false;
	memcpy(insn, program + *offset, sizeof(*insn));
	if (insn->len > rest - sizeof(*insn))
		return false;
	*operand = program + *offset + sizeof(*insn);
	*offset += sizeof(*insn) + insn->len;
	return true;
}

static bool constant_next(const u8 *operand, size_t len, size_t *offset, struct value *value)
{
	size_t rest = len - *offset;
	struct broker_filter_constant head;

	if (rest < sizeof(head))
		return false;
	memcpy(&head, operand + *offset, sizeof(head));
	if (head.len > rest - sizeof(head))
		return false;

	operand += *offset + sizeof(head);
	value->type = head.type;
	value->len = head.len;
	if (head.type == BROKER_TYPE_STRING) {
		value->text = operand;
	} else {
		value->number = 0;
		if (head.type == BROKER_TYPE_BOOL && head.len)
			value->number = *operand;
		else if (head.len == sizeof(value->number))
			memcpy(&value->number, operand, sizeof(value->number));
	}
	*offset += sizeof(head) + head.len;
	return true;
}

static int constant_check(const struct value *value)
{
	switch (value->type) {
	case BROKER_TYPE_STRING:
		return broker_utf8_valid(value->text, value->len) ? 0 : -EILSEQ;
	case BROKER_TYPE_INT64:
	case BROKER_TYPE_DOUBLE:
		return value->len == sizeof(value->number) ? 0 : -EINVAL;
	case BROKER_TYPE_BOOL:
		return value->len == 1 && value->number <= 1 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* One constant, or one or more; @type gets that of the last. */
static int constants_check(const u8 *operand, size_t len, bool several, u8 *type)
{
	struct value value;
	size_t offset = 0;
	int err;

	do {
		if (!constant_next(operand, len, &offset, &value))
			return -EINVAL;
		err = constant_check(&value);
		if (err)
			return err;
	} while (several && offset < len);
	*type = value.type;
	return offset == len ? 0 : -EINVAL;
}

static int field_check(const struct broker_filter_insn *insn, const u8 *operand)
{
	int err;

	if (insn->arg == BROKER_FILTER_FIELD_HEADER) {
		err = broker_name_check((const char *)operand, insn->len);
		return err == -ENAMETOOLONG ? -EINVAL : err;
	}
	if (insn->arg > BROKER_PROP_PRODUCER_SEQUENCE &&
	    (insn->arg < FIELD_FIRST || insn->arg > FIELD_LAST))
		return -EOPNOTSUPP;
	return insn->len ? -EINVAL : 0;
}

static int pattern_check(const u8 *pattern, size_t len)
{
	size_t from = 0, to;

	for (to = 0; to <= len; to++) {
		if (to < len && pattern[to] < BROKER_FILTER_ONE)
			continue;
		if (!broker_utf8_valid(pattern + from, to - from))
			return -EILSEQ;
		from = to + 1;
	}
	return 0;
}

/**
 * struct check - a program being checked
 * @types: of the values on the stack; NONE: not known beforehand
 * @depth: how many there are
 * @fields: fields read so far
 * @patterns: bytes of patterns so far
 */
struct check {
	u8 types[BROKER_FILTER_DEPTH];
	unsigned int depth;
	unsigned int fields;
	unsigned int patterns;
};

/* How many values an instruction pops; each pushes one. */
static const u8 pops[] = {
	[BROKER_FILTER_CONST]	= 0,
	[BROKER_FILTER_FIELD]	= 0,
	[BROKER_FILTER_EQ]	= 2,
	[BROKER_FILTER_NE]	= 2,
	[BROKER_FILTER_LT]	= 2,
	[BROKER_FILTER_LE]	= 2,
	[BROKER_FILTER_GT]	= 2,
	[BROKER_FILTER_GE]	= 2,
	[BROKER_FILTER_BETWEEN]	= 3,
	[BROKER_FILTER_IN]	= 1,
	[BROKER_FILTER_LIKE]	= 1,
	[BROKER_FILTER_IS_NULL]	= 1,
	[BROKER_FILTER_NOT]	= 1,
	[BROKER_FILTER_AND]	= 2,
	[BROKER_FILTER_OR]	= 2,
};

/* Whether a value that was popped could be of @type. */
static bool could_be(const struct check *check, unsigned int index, u8 type)
{
	u8 have = check->types[check->depth + index];

	return have == NONE || have == type;
}

/* What it asks of its operand, and of the values that it has popped. */
static int insn_check(struct check *check, const struct broker_filter_insn *insn,
		      const u8 *operand, u8 *result)
{
	u8 ignored;

	*result = BROKER_TYPE_BOOL;
	switch (insn->op) {
	case BROKER_FILTER_CONST:
		return constants_check(operand, insn->len, false, result);
	case BROKER_FILTER_FIELD:
		*result = NONE;
		return field_check(insn, operand) ?:
		       ++check->fields > BROKER_FILTER_FIELDS ? -E2BIG : 0;
	case BROKER_FILTER_IN:
		return constants_check(operand, insn->len, true, &ignored);
	case BROKER_FILTER_LIKE:
		if (!could_be(check, 0, BROKER_TYPE_STRING))
			return -EINVAL;
		check->patterns += insn->len;
		return pattern_check(operand, insn->len) ?:
		       check->patterns > BROKER_FILTER_PATTERNS ? -E2BIG : 0;
	case BROKER_FILTER_AND:
	case BROKER_FILTER_OR:
		if (!could_be(check, 1, BROKER_TYPE_BOOL))
			return -EINVAL;
		fallthrough;
	case BROKER_FILTER_NOT:
		if (!could_be(check, 0, BROKER_TYPE_BOOL))
			return -EINVAL;
		fallthrough;
	default:
		return insn->len ? -EINVAL : 0;
	}
}

int broker_filter_check(const void *program, size_t len)
{
	struct check check = {};
	struct broker_filter_insn insn;
	const u8 *operand;
	size_t offset = 0;
	u8 result;
	int err;

	if (len > BROKER_MAX_FILTER)
		return -EMSGSIZE;
	while (offset < len) {
		if (!insn_next(program, len, &offset, &insn, &operand))
			return -EINVAL;
		if (insn.op < BROKER_FILTER_CONST || insn.op > BROKER_FILTER_OR)
			return -EOPNOTSUPP;
		if (insn.arg && insn.op != BROKER_FILTER_FIELD)
			return -EINVAL;
		if (check.depth < pops[insn.op])
			return -EINVAL;
		check.depth -= pops[insn.op];
		err = insn_check(&check, &insn, operand, &result);
		if (err)
			return err;
		if (check.depth == BROKER_FILTER_DEPTH)
			return -E2BIG;
		check.types[check.depth++] = result;
	}
	if (check.depth != 1)
		return -EINVAL;
	check.depth = 0;
	return could_be(&check, 0, BROKER_TYPE_BOOL) ? 0 : -EINVAL;
}

static struct value of_number(u8 type, s64 number)
{
	return (struct value) { .type = type, .number = number };
}

static struct value of_text(const void *text, u32 len)
{
	return (struct value) { .type = BROKER_TYPE_STRING, .len = len, .text = text };
}

static struct value of_bool(bool truth)
{
	return of_number(BROKER_TYPE_BOOL, truth);
}

static struct value of_property(const struct broker_prop_view *view)
{
	switch (view->type) {
	case BROKER_TYPE_INT64:
	case BROKER_TYPE_DOUBLE:
		return of_number(view->type, broker_prop_int64(view));
	case BROKER_TYPE_BOOL:
		return of_bool(*(const u8 *)view->value);
	default:
		return (struct value) {
			.type = view->type,
			.len = view->value_len,
			.text = view->value,
		};
	}
}

static struct value read_property(const struct broker_filter_subject *subject,
				  const struct broker_filter_insn *insn, const u8 *name)
{
	struct broker_prop_view view;
	bool found;

	if (insn->arg == BROKER_FILTER_FIELD_HEADER)
		found = broker_props_find_header(subject->props, subject->props_len,
						 (const char *)name, insn->len, &view);
	else
		found = broker_props_find(subject->props, subject->props_len, insn->arg, &view);
	return found ? of_property(&view) : null;
}

static struct value read_field(const struct broker_filter_subject *subject,
			       const struct broker_filter_insn *insn, const u8 *name)
{
	switch (insn->arg) {
	case BROKER_FILTER_FIELD_EXCHANGE:
		return of_text(subject->exchange, subject->exchange_len);
	case BROKER_FILTER_FIELD_KEY:
		return of_text(subject->key, subject->key_len);
	case BROKER_FILTER_FIELD_SIZE:
		return of_number(BROKER_TYPE_INT64, subject->size);
	case BROKER_FILTER_FIELD_TIME:
		return of_number(BROKER_TYPE_INT64, subject->time);
	case BROKER_FILTER_FIELD_UID:
		return of_number(BROKER_TYPE_INT64, subject->uid);
	case BROKER_FILTER_FIELD_GID:
		return of_number(BROKER_TYPE_INT64, subject->gid);
	case BROKER_FILTER_FIELD_PID:
		return of_number(BROKER_TYPE_INT64, subject->pid);
	case BROKER_FILTER_FIELD_CGROUP:
		return of_number(BROKER_TYPE_INT64, subject->cgroup);
	default:
		return read_property(subject, insn, name);
	}
}

/* How two values compare, as a set. */
enum {
	LESS	= 1,
	EQUAL	= 2,
	GREATER	= 4,
	UNLIKE	= 8,	/* not at all */
	APART	= 16,	/* not equal, and in no order: NaN */
};

static unsigned int order(s64 a, s64 b)
{
	return a < b ? LESS : a > b ? GREATER : EQUAL;
}

#define DOUBLE_INFINITY	0x7ff0000000000000ULL
#define DOUBLE_SIGN	(1ULL << 63)

static bool double_is_nan(u64 bits)
{
	return (bits & ~DOUBLE_SIGN) > DOUBLE_INFINITY;
}

/* An integer that orders doubles as they are; the same for -0 and +0. */
static s64 double_order(u64 bits)
{
	s64 magnitude = bits & ~DOUBLE_SIGN;

	return bits & DOUBLE_SIGN ? -magnitude : magnitude;
}

/*
 * Cuts the double's fraction off to get an integer, which decides where it
 * differs from @a; where not, the fraction does.  No rounding anywhere.
 */
static unsigned int compare_int_double(s64 a, u64 bits)
{
	int exponent = (int)((bits >> 52) & 0x7ff) - 1023;
	u64 mantissa = (bits & ((1ULL << 52) - 1)) | 1ULL << 52;
	bool negative = bits & DOUBLE_SIGN;
	u64 whole = 0;
	s64 cut;
	bool fraction;

	if (double_is_nan(bits))
		return APART;
	if (exponent >= 63) {
		/* -2^63 is the only one of these that is an s64, too. */
		if (a == S64_MIN && bits == (DOUBLE_SIGN | (1023ULL + 63) << 52))
			return EQUAL;
		return negative ? GREATER : LESS;
	}
	if (exponent < 0) {
		fraction = bits & ~DOUBLE_SIGN;
	} else if (exponent < 52) {
		whole = mantissa >> (52 - exponent);
		fraction = mantissa & ((1ULL << (52 - exponent)) - 1);
	} else {
		whole = mantissa << (exponent - 52);
		fraction = false;
	}
	cut = negative ? -(s64)whole : (s64)whole;
	if (a != cut || !fraction)
		return order(a, cut);
	return negative ? GREATER : LESS;
}

static unsigned int compare_text(const struct value *a, const struct value *b)
{
	int difference = memcmp(a->text, b->text, min(a->len, b->len));

	return difference ? order(difference, 0) : order(a->len, b->len);
}

/* Neither is NULL. */
static unsigned int compare(const struct value *a, const struct value *b)
{
	unsigned int mirrored;

	if (a->type == BROKER_TYPE_INT64 && b->type == BROKER_TYPE_DOUBLE)
		return compare_int_double(a->number, b->number);
	if (a->type == BROKER_TYPE_DOUBLE && b->type == BROKER_TYPE_INT64) {
		mirrored = compare_int_double(b->number, a->number);
		return mirrored == LESS ? GREATER : mirrored == GREATER ? LESS : mirrored;
	}
	if (a->type != b->type)
		return UNLIKE;
	switch (a->type) {
	case BROKER_TYPE_INT64:
	case BROKER_TYPE_BOOL:
		return order(a->number, b->number);
	case BROKER_TYPE_DOUBLE:
		if (double_is_nan(a->number) || double_is_nan(b->number))
			return APART;
		return order(double_order(a->number), double_order(b->number));
	default:
		return compare_text(a, b);
	}
}

/* Whether a and b compare in one of the ways @wanted; unknown if either is NULL. */
static struct value compares(const struct value *a, const struct value *b, unsigned int wanted)
{
	return a->type == NONE || b->type == NONE ? null : of_bool(compare(a, b) & wanted);
}

static struct value is_in(const struct value *a, const u8 *operand, size_t len)
{
	struct value constant;
	size_t offset = 0;

	if (a->type == NONE)
		return null;
	while (constant_next(operand, len, &offset, &constant))
		if (compare(a, &constant) == EQUAL)
			return of_bool(true);
	return of_bool(false);
}

/* Behind the character that starts at @at; the text is UTF-8. */
static u32 character_end(const u8 *text, u32 len, u32 at)
{
	do
		at++;
	while (at < len && (text[at] & 0xc0) == 0x80);
	return at;
}

/*
 * Where the text does not go on as the pattern does, what the last ANY stands for
 * gets one character longer; an earlier one never needs to.  So there are at most
 * as many steps as bytes of text times bytes of pattern.
 */
static bool is_like(const u8 *text, u32 len, const u8 *pattern, u32 pattern_len)
{
	u32 at = 0, next = 0, any_at = 0, any_next = 0;
	bool any = false;

	while (at < len) {
		u8 want = next < pattern_len ? pattern[next] : 0;

		if (next < pattern_len && want == BROKER_FILTER_ANY) {
			any = true;
			any_at = at;
			any_next = ++next;
			if (next == pattern_len)
				return true;
		} else if (next < pattern_len && want == BROKER_FILTER_ONE) {
			at = character_end(text, len, at);
			next++;
		} else if (next < pattern_len && want == text[at]) {
			at++;
			next++;
		} else if (any) {
			any_at = character_end(text, len, any_at);
			at = any_at;
			next = any_next;
		} else {
			return false;
		}
	}
	while (next < pattern_len && pattern[next] == BROKER_FILTER_ANY)
		next++;
	return next == pattern_len;
}

static struct value like(const struct value *a, const u8 *pattern, u32 pattern_len)
{
	if (a->type == NONE)
		return null;
	if (a->type != BROKER_TYPE_STRING)
		return of_bool(false);
	if (a->len > BROKER_FILTER_LIKE_TEXT)
		return null;
	return of_bool(is_like(a->text, a->len, pattern, pattern_len));
}

/* Three-valued logic. */
static bool is_true(const struct value *value)
{
	return value->type == BROKER_TYPE_BOOL && value->number;
}

static bool is_false(const struct value *value)
{
	return value->type == BROKER_TYPE_BOOL && !value->number;
}

static struct value logical_and(const struct value *a, const struct value *b)
{
	if (is_false(a) || is_false(b))
		return of_bool(false);
	return is_true(a) && is_true(b) ? of_bool(true) : null;
}

static struct value logical_or(const struct value *a, const struct value *b)
{
	if (is_true(a) || is_true(b))
		return of_bool(true);
	return is_false(a) && is_false(b) ? of_bool(false) : null;
}

static struct value logical_not(const struct value *a)
{
	return a->type == BROKER_TYPE_BOOL ? of_bool(!a->number) : null;
}

static struct value between(const struct value *a, const struct value *low,
			    const struct value *high)
{
	struct value above = compares(a, low, GREATER | EQUAL);
	struct value below = compares(a, high, LESS | EQUAL);

	return logical_and(&above, &below);
}

/* @v: the values that the instruction pops. */
static struct value run(const struct broker_filter_insn *insn, const u8 *operand,
			const struct value *v, const struct broker_filter_subject *subject)
{
	struct value value = null;
	size_t offset = 0;

	switch (insn->op) {
	case BROKER_FILTER_CONST:
		constant_next(operand, insn->len, &offset, &value);
		return value;
	case BROKER_FILTER_FIELD:
		return read_field(subject, insn, operand);
	case BROKER_FILTER_EQ:
		return compares(&v[0], &v[1], EQUAL);
	case BROKER_FILTER_NE:
		return compares(&v[0], &v[1], LESS | GREATER | APART);
	case BROKER_FILTER_LT:
		return compares(&v[0], &v[1], LESS);
	case BROKER_FILTER_LE:
		return compares(&v[0], &v[1], LESS | EQUAL);
	case BROKER_FILTER_GT:
		return compares(&v[0], &v[1], GREATER);
	case BROKER_FILTER_GE:
		return compares(&v[0], &v[1], GREATER | EQUAL);
	case BROKER_FILTER_BETWEEN:
		return between(&v[0], &v[1], &v[2]);
	case BROKER_FILTER_IN:
		return is_in(&v[0], operand, insn->len);
	case BROKER_FILTER_LIKE:
		return like(&v[0], operand, insn->len);
	case BROKER_FILTER_IS_NULL:
		return of_bool(v[0].type == NONE);
	case BROKER_FILTER_NOT:
		return logical_not(&v[0]);
	case BROKER_FILTER_AND:
		return logical_and(&v[0], &v[1]);
	default:
		return logical_or(&v[0], &v[1]);
	}
}

bool broker_filter_match(const void *program, size_t len,
			 const struct broker_filter_subject *subject)
{
	struct value stack[BROKER_FILTER_DEPTH];
	struct broker_filter_insn insn;
	unsigned int depth = 0;
	const u8 *operand;
	size_t offset = 0;

	while (insn_next(program, len, &offset, &insn, &operand)) {
		depth -= pops[insn.op];
		stack[depth] = run(&insn, operand, &stack[depth], subject);
		depth++;
	}
	return is_true(&stack[0]);
}
