/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_COMPILER_H
#define _SHIM_COMPILER_H

/* Atomic, so that ThreadSanitizer tells a marked access from a race. */
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value)	__atomic_store_n(&(x), value, __ATOMIC_RELAXED)

#ifndef fallthrough
#define fallthrough		__attribute__((__fallthrough__))
#endif

#endif /* _SHIM_COMPILER_H */
