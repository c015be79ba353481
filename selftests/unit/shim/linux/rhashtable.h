/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_RHASHTABLE_H
#define _SHIM_RHASHTABLE_H

#include <linux/rhashtable-types.h>

void *rhashtable_lookup(struct rhashtable *ht, const void *key,
			const struct rhashtable_params params);
void *rhashtable_lookup_fast(struct rhashtable *ht, const void *key,
			     const struct rhashtable_params params);
int rhashtable_insert_fast(struct rhashtable *ht, struct rhash_head *head,
			   const struct rhashtable_params params);
int rhashtable_remove_fast(struct rhashtable *ht, struct rhash_head *head,
			   const struct rhashtable_params params);

#endif /* _SHIM_RHASHTABLE_H */
