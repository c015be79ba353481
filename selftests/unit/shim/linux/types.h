/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_TYPES_H
#define _SHIM_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef unsigned int gfp_t;

#define S64_MIN	INT64_MIN

#define __rcu

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev;
};

struct rcu_head {
	struct rcu_head *next;
	void *object;
};

#endif /* _SHIM_TYPES_H */
