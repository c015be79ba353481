/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_SLAB_H
#define _SHIM_SLAB_H

#include <linux/types.h>

#define GFP_KERNEL	1U	/* may sleep: refused in an RCU read-side critical section */
#define __GFP_ZERO	2U
#define __GFP_NORETRY	0U	/* no cgroups and no warnings here */
#define __GFP_NOWARN	0U
#define GFP_KERNEL_ACCOUNT	GFP_KERNEL

void *kmalloc(size_t size, gfp_t gfp);
void kfree(const void *object);

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

#define kvzalloc	kzalloc
#define kvfree		kfree

#endif /* _SHIM_SLAB_H */
