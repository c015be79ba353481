/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_LOCKDEP_H
#define _SHIM_LOCKDEP_H

#include <assert.h>
#include <linux/mutex.h>

#define lockdep_is_held(lock)	((lock)->held && pthread_equal((lock)->owner, pthread_self()))
#define lockdep_assert_held(lock)	assert(lockdep_is_held(lock))

#endif /* _SHIM_LOCKDEP_H */
