// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Filters: compiles the language of broker_filter(7) to the programs of "Filters"
 * in linux/broker.h.
 *
 * Recursive descent; what is read is emitted in the order in which a stack
 * machine wants it, so there is no tree.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

/* Parentheses and NOTs in one another: bounds our own recursion. */
#define MAX_NESTING	200

/* A constant's length is one byte. */
#define MAX_STRING	255

struct broker_filter {
	size_t length;
	unsigned char program[BROKER_MAX_FILTER];
	char text[];
};

enum token {
	TOKEN_END,
	TOKEN_IDENTIFIER,	/* bare or in double quotes: a header */
	TOKEN_FIELD,		/* $ and a name */
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_DOUBLE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_EQ, TOKEN_NE, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE,
	TOKEN_AND, TOKEN_OR, TOKEN_NOT, TOKEN_BETWEEN, TOKEN_IN, TOKEN_LIKE, TOKEN_ESCAPE,
	TOKEN_IS, TOKEN_NULL, TOKEN_TRUE, TOKEN_FALSE,
};

struct parser {
	const char *text;
	const char *start;		/* of the token at hand */
	const char *next;		/* behind it */
	enum token token;
	char *string;			/* its text without quotes; room for all of the text */
	size_t length;			/* of @string */
	union {
		int64_t integer;
		double number;
	};
	struct broker_filter *filter;
	unsigned int depth;
	unsigned int fields;
	size_t patterns;		/* bytes of them */
	unsigned int nesting;
	const char *error;
	const char *error_at;
};

/* What is found at @at makes this no filter. */
static int fail_at(struct parser *p, const char *at, const char *error)
{
	p->error = error;
	p->error_at = at;
	return -EINVAL;
}

static int fail(struct parser *p, const char *error)
{
	return fail_at(p, p->start, error);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Locales have no say in it; bytes of UTF-8 beyond ASCII count as letters. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool is_word(char c)
{
	return is_letter(c) || is_digit(c) || c == '.';
}

/* Bytes of the UTF-8 character at @text, which a NUL ends; 0: it is none. */
static unsigned int character_length(const unsigned char *text)
{
	/* The least second byte rules out overlong forms, the greatest surrogates and the rest. */
	unsigned char c = text[0], least = 0x80, greatest = 0xbf;
	unsigned int length;

	if (c < 0x80)
		return 1;
	length = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	if (c == 0xe0)
		least = 0xa0;
	if (c == 0xed)
		greatest = 0x9f;
	if (c == 0xf0)
		least = 0x90;
	if (c == 0xf4)
		greatest = 0x8f;
	for (unsigned int i = 1; i < length; i++) {
		if (text[i] < least || text[i] > greatest)
			return 0;
		least = 0x80;
		greatest = 0xbf;
	}
	return length;
}

static int check_text(struct parser *p)
{
	for (const char *at = p->text; *at;) {
		unsigned int length = character_length((const unsigned char *)at);

		if (!length)
			return fail_at(p, at, "the text is not UTF-8");
		at += length;
	}
	return 0;
}

/* Text between two @quote; one inside is written twice. */
static int read_quoted(struct parser *p, char quote)
{
	const char *at = p->start + 1;

	p->length = 0;
	for (;; at++) {
		if (!*at)
			return fail(p, "the closing quote is missing");
		if (*at == quote && *++at != quote)
			break;
		p->string[p->length++] = *at;
	}
	p->next = at;
	return 0;
}

static int read_double(struct parser *p)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	char *end;

	if (!c)
		return -ENOMEM;
	p->number = strtod_l(p->start, &end, c);
	freelocale(c);
	p->token = TOKEN_DOUBLE;
	if (p->number > 1.7976931348623157e308 || p->number < -1.7976931348623157e308)
		return fail(p, "the number is too large");
	return 0;
}

static int read_number(struct parser *p)
{
	const char *at = p->start;
	bool integer = true;

	if (*at == '+' || *at == '-')
		at++;
	while (is_digit(*at))
		at++;
	if (*at == '.') {
		integer = false;
		while (is_digit(*++at))
			;
	}
	if (*at == 'e' || *at == 'E') {
		integer = false;
		at++;
		if (*at == '+' || *at == '-')
			at++;
		if (!is_digit(*at))
			return fail(p, "the number has no exponent");
		while (is_digit(*at))
			at++;
	}
	if (is_word(*at))
		return fail(p, "this is not a number");
	p->next = at;
	if (!integer)
		return read_double(p);
	p->token = TOKEN_INTEGER;
	errno = 0;
	p->integer = strtoll(p->start, NULL, 10);
	return errno ? fail(p, "the number is too large") : 0;
}

static void read_word(struct parser *p)
{
	static const struct {
		const char *word;
		enum token token;
	} keywords[] = {
		{ "AND", TOKEN_AND }, { "OR", TOKEN_OR }, { "NOT", TOKEN_NOT },
		{ "BETWEEN", TOKEN_BETWEEN }, { "IN", TOKEN_IN }, { "LIKE", TOKEN_LIKE },
		{ "ESCAPE", TOKEN_ESCAPE }, { "IS", TOKEN_IS }, { "NULL", TOKEN_NULL },
		{ "TRUE", TOKEN_TRUE }, { "FALSE", TOKEN_FALSE },
	};

	p->token = *p->start == '$' ? TOKEN_FIELD : TOKEN_IDENTIFIER;
	p->next = p->start + 1;
	while (is_word(*p->next))
		p->next++;
	p->length = p->next - p->start;
	memcpy(p->string, p->start, p->length);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (p->length == strlen(keywords[i].word) &&
		    !strncasecmp(p->string, keywords[i].word, p->length))
			p->token = keywords[i].token;
}

/* Reads the next token. */
static int advance(struct parser *p)
{
	static const struct {
		const char *text;
		enum token token;
	} signs[] = {
		/* The longer before what they begin with. */
		{ "<>", TOKEN_NE }, { "<=", TOKEN_LE }, { ">=", TOKEN_GE }, { "<", TOKEN_LT },
		{ ">", TOKEN_GT }, { "=", TOKEN_EQ }, { "(", TOKEN_OPEN }, { ")", TOKEN_CLOSE },
		{ ",", TOKEN_COMMA },
	};
	const char *at = p->next + strspn(p->next, " \t\r\n");

	p->start = at;
	p->next = at;
	p->token = TOKEN_END;
	if (!*at)
		return 0;
	if (is_letter(*at) || (*at == '$' && is_letter(at[1]))) {
		read_word(p);
		return 0;
	}
	if (*at == '\'') {
		p->token = TOKEN_STRING;
		return read_quoted(p, '\'');
	}
	if (*at == '"') {
		p->token = TOKEN_IDENTIFIER;
		return read_quoted(p, '"');
	}
	if (*at == '+' || *at == '-')
		at++;
	if (is_digit(*at) || (*at == '.' && is_digit(at[1])))
		return read_number(p);
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!strncmp(p->start, signs[i].text, strlen(signs[i].text))) {
			p->token = signs[i].token;
			p->next = p->start + strlen(signs[i].text);
			return 0;
		}
	}
	return fail(p, "this character has no meaning here");
}

static int append(struct parser *p, const void *bytes, size_t length)
{
	struct broker_filter *filter = p->filter;

	if (length > sizeof(filter->program) - filter->length)
		return fail(p, "the filter is too long");
	if (length)
		memcpy(filter->program + filter->length, bytes, length);
	filter->length += length;
	return 0;
}

/* An instruction that pops @pops values and pushes one. */
static int emit(struct parser *p, enum broker_filter_op op, unsigned int arg,
		const void *operand, size_t length, unsigned int pops)
{
	struct broker_filter_insn insn = { .op = op, .arg = arg, .len = length };
	int err;

	p->depth = p->depth + 1 - pops;
	if (p->depth > BROKER_FILTER_DEPTH)
		return fail(p, "the filter is nested too deeply");
	if (length > BROKER_MAX_FILTER)
		return fail(p, "the filter is too long");
	err = append(p, &insn, sizeof(insn));
	return err ? err : append(p, operand, length);
}

static int emit_op(struct parser *p, enum broker_filter_op op, unsigned int pops)
{
	return emit(p, op, 0, NULL, 0, pops);
}

static bool is_literal(const struct parser *p)
{
	return p->token == TOKEN_STRING || p->token == TOKEN_INTEGER ||
	       p->token == TOKEN_DOUBLE || p->token == TOKEN_TRUE || p->token == TOKEN_FALSE;
}

/* The literal at hand as the kernel wants it; returns its bytes. */
static int encode_literal(struct parser *p, unsigned char constant[2 + MAX_STRING])
{
	struct broker_filter_constant head = { .type = BROKER_TYPE_BOOL, .len = 1 };
	unsigned char truth = p->token == TOKEN_TRUE;
	const void *value = &truth;

	if (p->token == TOKEN_STRING) {
		if (p->length > MAX_STRING)
			return fail(p, "a string has more than 255 bytes");
		head.type = BROKER_TYPE_STRING;
		head.len = p->length;
		value = p->string;
	} else if (p->token == TOKEN_INTEGER) {
		head.type = BROKER_TYPE_INT64;
		head.len = sizeof(p->integer);
		value = &p->integer;
	} else if (p->token == TOKEN_DOUBLE) {
		head.type = BROKER_TYPE_DOUBLE;
		head.len = sizeof(p->number);
		value = &p->number;
	}
	memcpy(constant, &head, sizeof(head));
	memcpy(constant + sizeof(head), value, head.len);
	return sizeof(head) + head.len;
}

static int emit_header(struct parser *p)
{
	if (!p->length)
		return fail(p, "a header has a name");
	if (p->length > BROKER_MAX_NAME)
		return fail(p, "a name has more than 255 bytes");
	for (size_t i = 0; i < p->length; i++)
		if ((unsigned char)p->string[i] < 0x20 || p->string[i] == 0x7f)
			return fail(p, "a name has no control characters");
	return emit(p, BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_HEADER, p->string, p->length, 0);
}

static int emit_field(struct parser *p)
{
	static const struct {
		const char *name;
		unsigned char field;
	} fields[] = {
		{ "$key", BROKER_FILTER_FIELD_KEY },
		{ "$exchange", BROKER_FILTER_FIELD_EXCHANGE },
		{ "$size", BROKER_FILTER_FIELD_SIZE },
		{ "$time", BROKER_FILTER_FIELD_TIME },
		{ "$uid", BROKER_FILTER_FIELD_UID },
		{ "$gid", BROKER_FILTER_FIELD_GID },
		{ "$pid", BROKER_FILTER_FIELD_PID },
		{ "$cgroup", BROKER_FILTER_FIELD_CGROUP },
		{ "$content_type", BROKER_PROP_CONTENT_TYPE },
		{ "$content_encoding", BROKER_PROP_CONTENT_ENCODING },
		{ "$message_id", BROKER_PROP_MESSAGE_ID },
		{ "$correlation_id", BROKER_PROP_CORRELATION_ID },
		{ "$reply_to", BROKER_PROP_REPLY_TO },
		{ "$type", BROKER_PROP_TYPE },
		{ "$app_id", BROKER_PROP_APP_ID },
		{ "$subject", BROKER_PROP_SUBJECT },
		{ "$group_key", BROKER_PROP_GROUP_KEY },
		{ "$dedupe_id", BROKER_PROP_DEDUPE_ID },
		{ "$traceparent", BROKER_PROP_TRACEPARENT },
		{ "$timestamp", BROKER_PROP_TIMESTAMP },
		{ "$ttl", BROKER_PROP_TTL },
		{ "$deliver_at", BROKER_PROP_DELIVER_AT },
		{ "$priority", BROKER_PROP_PRIORITY },
		{ "$delivery_mode", BROKER_PROP_DELIVERY_MODE },
		{ "$user_id", BROKER_PROP_USER_ID },
		{ "$producer", BROKER_PROP_PRODUCER },
		{ "$producer_sequence", BROKER_PROP_PRODUCER_SEQUENCE },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (p->length == strlen(fields[i].name) &&
		    !memcmp(p->string, fields[i].name, p->length))
			return emit(p, BROKER_FILTER_FIELD, fields[i].field, NULL, 0, 0);
	return fail(p, "there is no such field");
}

/*
 * What follows returns the type of what it read, as far as that is known: an
 * enum broker_prop_type, or ANY_TYPE; or a negative errno.
 */
#define ANY_TYPE	0

static int parse_or(struct parser *p);

static int enter(struct parser *p)
{
	if (++p->nesting > MAX_NESTING)
		return fail(p, "the filter is nested too deeply");
	return 0;
}

static int parse_parentheses(struct parser *p)
{
	int err, type;

	err = enter(p);
	if (!err)
		err = advance(p);
	if (err)
		return err;
	type = parse_or(p);
	if (type < 0)
		return type;
	if (p->token != TOKEN_CLOSE)
		return fail(p, "a closing parenthesis is missing");
	p->nesting--;
	err = advance(p);
	return err ? err : type;
}

static int parse_operand(struct parser *p)
{
	unsigned char constant[2 + MAX_STRING];
	int err, type = ANY_TYPE;

	if (p->token == TOKEN_OPEN)
		return parse_parentheses(p);
	if (is_literal(p)) {
		err = encode_literal(p, constant);
		if (err < 0)
			return err;
		type = constant[0];
		err = emit(p, BROKER_FILTER_CONST, 0, constant, err, 0);
	} else if (p->token == TOKEN_IDENTIFIER || p->token == TOKEN_FIELD) {
		if (p->fields++ == BROKER_FILTER_FIELDS)
			return fail(p, "the filter reads more than 64 fields");
		err = p->token == TOKEN_FIELD ? emit_field(p) : emit_header(p);
	} else {
		err = fail(p, "a field or a value is missing here");
	}
	if (!err)
		err = advance(p);
	return err ? err : type;
}

static int parse_in(struct parser *p)
{
	unsigned char list[BROKER_MAX_FILTER + 2 + MAX_STRING];
	size_t length = 0;
	int err;

	err = advance(p);
	if (err)
		return err;
	if (p->token != TOKEN_OPEN)
		return fail(p, "IN needs a list in parentheses");
	do {
		err = advance(p);
		if (err)
			return err;
		if (!is_literal(p))
			return fail(p, "a list has literals only");
		if (length > BROKER_MAX_FILTER)
			return fail(p, "the filter is too long");
		err = encode_literal(p, list + length);
		if (err < 0)
			return err;
		length += err;
		err = advance(p);
		if (err)
			return err;
	} while (p->token == TOKEN_COMMA);
	if (p->token != TOKEN_CLOSE)
		return fail(p, "a closing parenthesis is missing");
	err = emit(p, BROKER_FILTER_IN, 0, list, length, 1);
	return err ? err : advance(p);
}

/* Puts wildcards in place of those of @p->string that are not escaped. */
static int encode_pattern(struct parser *p, const char *escape)
{
	size_t escape_length = escape ? strlen(escape) : 0, length = 0;
	char *s = p->string;

	for (size_t i = 0; i < p->length; i++) {
		unsigned char c = s[i];

		if (escape_length && i + escape_length <= p->length &&
		    !memcmp(s + i, escape, escape_length)) {
			i += escape_length;
			if (i + escape_length <= p->length &&
			    !memcmp(s + i, escape, escape_length)) {
				memmove(s + length, s + i, escape_length);
				length += escape_length;
				i += escape_length - 1;
				continue;
			}
			if (i == p->length || (s[i] != '%' && s[i] != '_'))
				return fail(p, "only %, _ and the escape itself can be escaped");
			c = s[i];
		} else if (c == '%') {
			c = BROKER_FILTER_ANY;
		} else if (c == '_') {
			c = BROKER_FILTER_ONE;
		}
		s[length++] = c;
	}
	p->length = length;
	return 0;
}

/* The pattern stands before its ESCAPE, so that is read ahead. */
static int read_escape(struct parser *p, char escape[5])
{
	struct parser ahead = *p;
	char *string = malloc(strlen(p->text) + 1);
	int err;

	if (!string)
		return -ENOMEM;
	*escape = '\0';
	ahead.string = string;
	err = advance(&ahead);
	if (!err && ahead.token == TOKEN_ESCAPE) {
		err = advance(&ahead);
		if (!err && (ahead.token != TOKEN_STRING || !ahead.length ||
			     character_length((const unsigned char *)string) != ahead.length))
			err = fail(&ahead, "ESCAPE needs a string of one character");
		if (!err) {
			memcpy(escape, string, ahead.length);
			escape[ahead.length] = '\0';
			p->next = ahead.next;
		}
	}
	if (err) {
		p->error = ahead.error;
		p->error_at = ahead.error_at;
	}
	free(string);
	return err;
}

static int parse_like(struct parser *p)
{
	char escape[5];
	int err;

	err = advance(p);
	if (!err && p->token != TOKEN_STRING)
		err = fail(p, "LIKE needs a pattern, which is a string");
	if (!err)
		err = read_escape(p, escape);
	if (!err)
		err = encode_pattern(p, escape);
	if (!err) {
		p->patterns += p->length;
		if (p->patterns > BROKER_FILTER_PATTERNS)
			err = fail(p, "patterns have more than 256 bytes, all together");
	}
	if (!err)
		err = emit(p, BROKER_FILTER_LIKE, 0, p->string, p->length, 1);
	return err ? err : advance(p);
}

static int parse_between(struct parser *p)
{
	int err;

	err = advance(p);
	if (!err)
		err = parse_operand(p);
	if (err < 0)
		return err;
	if (p->token != TOKEN_AND)
		return fail(p, "BETWEEN needs an AND");
	err = advance(p);
	if (!err)
		err = parse_operand(p);
	return err < 0 ? err : emit_op(p, BROKER_FILTER_BETWEEN, 3);
}

static int parse_is(struct parser *p)
{
	bool negated = false;
	int err;

	err = advance(p);
	if (!err && p->token == TOKEN_NOT) {
		negated = true;
		err = advance(p);
	}
	if (!err && p->token != TOKEN_NULL)
		err = fail(p, "IS needs NULL, or NOT NULL");
	if (!err)
		err = advance(p);
	if (!err)
		err = emit_op(p, BROKER_FILTER_IS_NULL, 1);
	return err || !negated ? err : emit_op(p, BROKER_FILTER_NOT, 1);
}

static int parse_comparison(struct parser *p)
{
	enum broker_filter_op op = BROKER_FILTER_EQ + (p->token - TOKEN_EQ);
	int err;

	err = advance(p);
	if (!err)
		err = parse_operand(p);
	return err < 0 ? err : emit_op(p, op, 2);
}

static int parse_predicate(struct parser *p)
{
	const char *start = p->start;
	bool negated = false;
	int err, type;

	type = parse_operand(p);
	if (type < 0)
		return type;
	if (p->token >= TOKEN_EQ && p->token <= TOKEN_GE) {
		err = parse_comparison(p);
		return err ? err : BROKER_TYPE_BOOL;
	}
	if (p->token == TOKEN_IS) {
		err = parse_is(p);
		return err ? err : BROKER_TYPE_BOOL;
	}
	if (p->token == TOKEN_NOT) {
		negated = true;
		err = advance(p);
		if (err)
			return err;
	}
	switch (p->token) {
	case TOKEN_BETWEEN:
		err = parse_between(p);
		break;
	case TOKEN_IN:
		err = parse_in(p);
		break;
	case TOKEN_LIKE:
		if (type != ANY_TYPE && type != BROKER_TYPE_STRING)
			return fail_at(p, start, "only a text can be LIKE something");
		err = parse_like(p);
		break;
	default:
		return negated ? fail(p, "BETWEEN, IN or LIKE is missing behind NOT") : type;
	}
	if (!err && negated)
		err = emit_op(p, BROKER_FILTER_NOT, 1);
	return err ? err : BROKER_TYPE_BOOL;
}

/* Whether what begins at @start, of @type, can be true. */
static int need_condition(struct parser *p, const char *start, int type)
{
	if (type == ANY_TYPE || type == BROKER_TYPE_BOOL)
		return 0;
	return fail_at(p, start, "this is a value, not a condition");
}

static int parse_not(struct parser *p)
{
	const char *start;
	int err, type;

	if (p->token != TOKEN_NOT)
		return parse_predicate(p);
	err = enter(p);
	if (!err)
		err = advance(p);
	if (err)
		return err;
	start = p->start;
	type = parse_not(p);
	if (type < 0)
		return type;
	p->nesting--;
	err = need_condition(p, start, type);
	if (!err)
		err = emit_op(p, BROKER_FILTER_NOT, 1);
	return err ? err : BROKER_TYPE_BOOL;
}

/* Operands that @next reads, with @token between them. */
static int parse_chain(struct parser *p, int (*next)(struct parser *p), enum token token,
		       enum broker_filter_op op)
{
	const char *start = p->start;
	int err, type;

	type = next(p);
	while (type >= 0 && p->token == token) {
		err = need_condition(p, start, type);
		if (!err)
			err = advance(p);
		if (err)
			return err;
		start = p->start;
		type = next(p);
		if (type < 0)
			return type;
		err = need_condition(p, start, type);
		if (!err)
			err = emit_op(p, op, 2);
		if (err)
			return err;
		type = BROKER_TYPE_BOOL;
	}
	return type;
}

static int parse_and(struct parser *p)
{
	return parse_chain(p, parse_not, TOKEN_AND, BROKER_FILTER_AND);
}

static int parse_or(struct parser *p)
{
	return parse_chain(p, parse_and, TOKEN_OR, BROKER_FILTER_OR);
}

static int compile(struct parser *p)
{
	const char *start;
	int err, type;

	err = check_text(p);
	if (!err)
		err = advance(p);
	if (err)
		return err;
	start = p->start;
	type = parse_or(p);
	if (type < 0)
		return type;
	if (p->token != TOKEN_END)
		return fail(p, "AND, OR or the end is missing here");
	return need_condition(p, start, type);
}

/* Counts characters, not bytes, so that a caret can be put below. */
static unsigned int column(const char *text, const char *at)
{
	unsigned int column = 1;

	for (; text < at; text++)
		column += (*text & 0xc0) != 0x80;
	return column;
}

int broker_filter_new(struct broker_filter **filter, const char *text, const char **error,
		      unsigned int *error_column)
{
	struct parser parser = { .text = text, .start = text, .next = text };
	size_t length = strlen(text);
	int err;

	if (length > BROKER_MAX_FILTER_TEXT) {
		parser.error = "the text is too long";
		parser.error_at = text;
		err = -EMSGSIZE;
		goto out;
	}
	parser.filter = calloc(1, sizeof(*parser.filter) + length + 1);
	parser.string = malloc(length + 1);
	err = parser.filter && parser.string ? compile(&parser) : -ENOMEM;
	free(parser.string);
	if (err) {
		free(parser.filter);
	} else {
		memcpy(parser.filter->text, text, length + 1);
		*filter = parser.filter;
	}
out:
	if (error)
		*error = parser.error ? parser.error : err ? strerror(-err) : NULL;
	if (error_column)
		*error_column = parser.error ? column(text, parser.error_at) : 0;
	return err;
}

struct broker_filter *broker_filter_free(struct broker_filter *filter)
{
	free(filter);
	return NULL;
}

const char *broker_filter_text(const struct broker_filter *filter)
{
	return filter->text;
}

const void *broker_filter_program(const struct broker_filter *filter, size_t *length)
{
	*length = filter->length;
	return filter->program;
}
