/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_MATH64_H
#define _SHIM_MATH64_H

#define div64_u64(a, b)	((u64)(a) / (u64)(b))

#endif /* _SHIM_MATH64_H */
