/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_H
#define _SHIM_H

/*
 * Stand-ins for the kernel's library, so that pure code of the module builds and
 * runs here unchanged; and what a test may ask of them.
 */
#include <linux/types.h>

/* The allocation (or insertion into a hash table) number @nth from now fails; 0: none. */
void shim_fail_nth(unsigned int nth);

/* Allocations that are not freed, those that wait for a grace period among them. */
unsigned long shim_live(void);

/* Lookups in hash tables by readers, and calls of kmalloc(), since the start. */
unsigned long shim_lookups(void);
unsigned long shim_allocations(void);

/* Bits of a hash that count; see linux/jhash.h. */
extern u32 shim_hash_mask;

#endif /* _SHIM_H */
