/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_OVERFLOW_H
#define _SHIM_OVERFLOW_H

#define struct_size(p, member, count) \
	(sizeof(*(p)) + sizeof((p)->member[0]) * (count))

#endif /* _SHIM_OVERFLOW_H */
