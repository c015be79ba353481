/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_BITS_H
#define _SHIM_BITS_H

#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))

#endif /* _SHIM_BITS_H */
