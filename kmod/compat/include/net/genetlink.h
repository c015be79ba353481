/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_COMPAT_NET_GENETLINK_H
#define _BROKER_COMPAT_NET_GENETLINK_H

#include <linux/version.h>
#include_next <net/genetlink.h>

/* Until 6.5 what this returns had the attributes and nothing else of the request. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define genl_info_dump(cb) genl_dumpit_info(cb)
#endif

#endif /* _BROKER_COMPAT_NET_GENETLINK_H */
