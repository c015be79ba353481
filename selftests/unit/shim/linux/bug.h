/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_BUG_H
#define _SHIM_BUG_H

#include <assert.h>

#define WARN_ON(condition)	assert(!(condition))

#endif /* _SHIM_BUG_H */
