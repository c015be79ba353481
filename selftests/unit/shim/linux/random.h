/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_RANDOM_H
#define _SHIM_RANDOM_H

#include <linux/types.h>

/* The same every time, so that a failure can be replayed. */
static inline u32 get_random_u32(void)
{
	return 0x5eed5eed;
}

#endif /* _SHIM_RANDOM_H */
