/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_RHASHTABLE_TYPES_H
#define _SHIM_RHASHTABLE_TYPES_H

#include <linux/types.h>
#include <pthread.h>

struct rhashtable_compare_arg {
	struct rhashtable *ht;
	const void *key;
};

struct rhashtable_params {
	size_t head_offset;
	bool automatic_shrinking;
	u32 (*hashfn)(const void *key, u32 len, u32 seed);
	u32 (*obj_hashfn)(const void *object, u32 len, u32 seed);
	int (*obj_cmpfn)(struct rhashtable_compare_arg *arg, const void *object);
};

struct rhash_head {
	struct rhash_head *next;
};

/*
 * Chained, and grown as the kernel's; but with one lock around it, since it is not
 * what is tested here.
 */
struct rhashtable {
	struct rhash_head **buckets;
	unsigned int size;	/* a power of two */
	unsigned int nelems;
	struct rhashtable_params p;
	pthread_rwlock_t lock;
};

int rhashtable_init(struct rhashtable *ht, const struct rhashtable_params *params);
void rhashtable_destroy(struct rhashtable *ht);

#endif /* _SHIM_RHASHTABLE_TYPES_H */
