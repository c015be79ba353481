/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_MEMORY_H
#define _BROKER_MEMORY_H

#include <linux/slab.h>

/*
 * How memory is taken that callers cause: on the account of their cgroup, and at
 * its limit the call fails with ENOMEM, where plain GFP_KERNEL_ACCOUNT would
 * have the OOM killer come.  What a call gives back before it ends is taken with
 * GFP_KERNEL: receiving and settling must work for whoever is at the limit.
 */
#define BROKER_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

#endif /* _BROKER_MEMORY_H */
