/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters by hand, instruction by instruction, and messages with a number for them. */
#ifndef SELFTESTS_FILTER_H
#define SELFTESTS_FILTER_H

#include "helper.h"

struct program {
	uint8_t bytes[2 * BROKER_MAX_FILTER];
	uint32_t len;
};

static inline void insn(struct program *p, int op, int arg, const void *operand, uint16_t len)
{
	struct broker_filter_insn head = { .op = op, .arg = arg, .len = len };

	memcpy(p->bytes + p->len, &head, sizeof(head));
	memcpy(p->bytes + p->len + sizeof(head), operand ?: "", operand ? len : 0);
	p->len += sizeof(head) + len;
}

static inline void op(struct program *p, int code)
{
	insn(p, code, 0, NULL, 0);
}

static inline void field(struct program *p, int number)
{
	insn(p, BROKER_FILTER_FIELD, number, NULL, 0);
}

static inline void header(struct program *p, const char *name)
{
	insn(p, BROKER_FILTER_FIELD, BROKER_FILTER_FIELD_HEADER, name, strlen(name));
}

static inline void constant(struct program *p, int type, const void *value, uint8_t len)
{
	uint8_t operand[2 + 255] = { type, len };

	memcpy(operand + 2, value, len);
	insn(p, BROKER_FILTER_CONST, 0, operand, 2 + len);
}

static inline void integer(struct program *p, int64_t value)
{
	constant(p, BROKER_TYPE_INT64, &value, sizeof(value));
}

static inline void string(struct program *p, const char *value)
{
	constant(p, BROKER_TYPE_STRING, value, strlen(value));
}

static inline void truth(struct program *p)
{
	constant(p, BROKER_TYPE_BOOL, "\1", 1);
}

/* A message with an INT64 header "n". */
static inline int publish_number(int fd, const char *exchange, const char *key, const char *body,
			  int64_t n)
{
	struct broker_prop prop = {
		.type = BROKER_TYPE_INT64, .name_len = 1, .value_len = sizeof(n),
	};
	char props[sizeof(prop) + 1 + sizeof(n)];

	memcpy(props, &prop, sizeof(prop));
	props[sizeof(prop)] = 'n';
	memcpy(props + sizeof(prop) + 1, &n, sizeof(n));
	return publish(fd, .exchange = exchange, .key = key, .body = body, .props = props,
		       .props_len = sizeof(props));
}

static inline int put_number(int fd, const char *body, int64_t n)
{
	return publish_number(fd, "", "q", body, n);
}

/* n < 2 or n = 4 */
static inline void some(struct program *p)
{
	header(p, "n");
	integer(p, 2);
	op(p, BROKER_FILTER_LT);
	header(p, "n");
	integer(p, 4);
	op(p, BROKER_FILTER_EQ);
	op(p, BROKER_FILTER_OR);
}

/* n = @n */
static inline void one(struct program *p, int64_t n)
{
	p->len = 0;
	header(p, "n");
	integer(p, n);
	op(p, BROKER_FILTER_EQ);
}

#endif /* SELFTESTS_FILTER_H */
