/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PROPS_ORACLE_H
#define _PROPS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The property area read a second time, from the tables of linux/broker.h: first all
 * of it into a list, then rule by rule.
 */
struct oracle_entry {
	unsigned int id, type, name_len, value_len;
	const unsigned char *name, *value;
};

struct oracle_area {
	unsigned int count;
	bool cut;	/* something stands behind the last entry that is not one */
	struct oracle_entry entry[1024];
};

void oracle_parse(struct oracle_area *area, const void *props, size_t len);

/* What broker_props_check() must say. */
int oracle_props_check(const struct oracle_area *area, uint64_t accepted);

/* The first user header of that name, or NULL. */
const struct oracle_entry *oracle_header(const struct oracle_area *area, const void *name,
					 size_t len);

#endif /* _PROPS_ORACLE_H */
