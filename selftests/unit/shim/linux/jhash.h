/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_JHASH_H
#define _SHIM_JHASH_H

#include <linux/types.h>

/* FNV-1a, cut to shim_hash_mask: a test may have everything collide. */
extern u32 shim_hash_mask;

static inline u32 jhash(const void *data, size_t len, u32 seed)
{
	const u8 *p = data;
	u32 hash = seed ^ 0x811c9dc5;

	while (len--)
		hash = (hash ^ *p++) * 0x01000193;
	return (hash ^ hash >> 15) & shim_hash_mask;
}

static inline u32 jhash_3words(u32 a, u32 b, u32 c, u32 seed)
{
	u32 words[] = { a, b, c };

	return jhash(words, sizeof(words), seed);
}

#endif /* _SHIM_JHASH_H */
