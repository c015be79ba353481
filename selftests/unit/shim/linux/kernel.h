/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_KERNEL_H
#define _SHIM_KERNEL_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define U64_MAX			UINT64_MAX
#define S64_MAX			INT64_MAX
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BITS_PER_TYPE(x)	(8 * sizeof(x))
#define lower_32_bits(x)	((u32)(x))
#define upper_32_bits(x)	((u32)((u64)(x) >> 32))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#endif /* _SHIM_KERNEL_H */
