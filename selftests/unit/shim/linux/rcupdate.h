/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_RCUPDATE_H
#define _SHIM_RCUPDATE_H

#include <assert.h>
#include <linux/compiler.h>
#include <linux/types.h>

/* A small real RCU: what is freed too early, AddressSanitizer sees. */
void rcu_read_lock(void);
void rcu_read_unlock(void);
bool rcu_read_lock_held(void);
void synchronize_rcu(void);
void rcu_barrier(void);		/* waits, then frees what kfree_rcu() was given */
void shim_kfree_rcu(struct rcu_head *head, void *object);

#define kfree_rcu(object, member)	shim_kfree_rcu(&(object)->member, object)

#define rcu_assign_pointer(p, v)	__atomic_store_n(&(p), v, __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, v)		__atomic_store_n(&(p), v, __ATOMIC_RELAXED)
#define rcu_access_pointer(p)		__atomic_load_n(&(p), __ATOMIC_RELAXED)
#define rcu_dereference(p)		\
	({ assert(rcu_read_lock_held()); __atomic_load_n(&(p), __ATOMIC_ACQUIRE); })
#define rcu_dereference_protected(p, condition)	\
	({ assert(condition); __atomic_load_n(&(p), __ATOMIC_RELAXED); })

#endif /* _SHIM_RCUPDATE_H */
