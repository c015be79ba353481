/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_LIST_H
#define _SHIM_LIST_H

#include <linux/compiler.h>
#include <linux/kernel.h>

static inline bool hlist_empty(const struct hlist_head *head)
{
	return !READ_ONCE(head->first);
}

#endif /* _SHIM_LIST_H */
