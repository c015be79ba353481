/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_TABLE_H
#define _BROKER_TABLE_H

#include <linux/jhash.h>
#include <linux/string.h>
#include <linux/xarray.h>

/**
 * struct broker_table_key - a name to look up in a hash table
 * @name: bytes (const)
 * @len: how many (const)
 */
struct broker_table_key {
	const char *name;
	size_t len;
};

static inline u32 broker_table_hash(const void *data, u32 len, u32 seed)
{
	const struct broker_table_key *key = data;

	return jhash(key->name, key->len, seed);
}

static inline int broker_table_compare(const struct broker_table_key *key, const char *name,
				       size_t len)
{
	return key->len != len || memcmp(key->name, name, len);
}

/* Reserves a number, counting on from @next; a later xa_store() there cannot fail. */
static inline int broker_table_number(struct xarray *numbers, u32 *number, u32 *next)
{
	int err = xa_alloc_cyclic(numbers, number, NULL, XA_LIMIT(1, U32_MAX), next, GFP_KERNEL);

	return err < 0 ? err : 0;
}

#endif /* _BROKER_TABLE_H */
