/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_HASH_H
#define _SHIM_HASH_H

#include <linux/jhash.h>

static inline u32 hash_ptr(const void *ptr, unsigned int bits)
{
	return (u32)((u64)(uintptr_t)ptr * 0x61c8864680b583ebULL >> (64 - bits)) & shim_hash_mask;
}

#endif /* _SHIM_HASH_H */
