/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _FILTER_ORACLE_H
#define _FILTER_ORACLE_H

#include <linux/broker.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Filters as trees, and what they mean, read off broker_filter(7) once more:
 * naive, recursive, with the arithmetic of the machine.
 */
struct oracle_value {
	unsigned int type;		/* enum broker_prop_type; 0: NULL */
	int64_t integer;		/* INT64, BOOL */
	double number;
	const char *text;		/* STRING, BYTES */
	unsigned int length;
};

enum oracle_kind {
	ORACLE_LITERAL, ORACLE_FIELD,
	ORACLE_EQ, ORACLE_NE, ORACLE_LT, ORACLE_LE, ORACLE_GT, ORACLE_GE,
	ORACLE_BETWEEN, ORACLE_IN, ORACLE_LIKE, ORACLE_IS_NULL,
	ORACLE_NOT, ORACLE_AND, ORACLE_OR,
};

#define ORACLE_LIST	4

struct oracle_node {
	enum oracle_kind kind;
	bool negated;				/* NOT BETWEEN, NOT IN, NOT LIKE, IS NOT NULL */
	const struct oracle_node *of[3];
	struct oracle_value literal;
	unsigned int field;			/* index of what the message has */
	struct oracle_value list[ORACLE_LIST];	/* IN */
	unsigned int listed;
	const char *pattern;			/* LIKE */
	char escape;				/* 0: none */
};

/* @fields: what the message has, by oracle_node.field. */
struct oracle_value oracle_filter(const struct oracle_node *node,
				  const struct oracle_value *fields);

/* One comparison: 1, 0, or -1 for unknown. */
int oracle_compare(enum oracle_kind kind, const struct oracle_value *a,
		   const struct oracle_value *b);

bool oracle_like(const char *text, unsigned int length, const char *pattern, char escape);

#endif /* _FILTER_ORACLE_H */
