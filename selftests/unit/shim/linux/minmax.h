/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_MINMAX_H
#define _SHIM_MINMAX_H

#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define swap(a, b)	\
	do { __typeof__(a) swap_tmp = (a); (a) = (b); (b) = swap_tmp; } while (0)

#endif /* _SHIM_MINMAX_H */
