/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_COMPAT_NET_NETLINK_H
#define _BROKER_COMPAT_NET_NETLINK_H

#include_next <net/netlink.h>

/* Absent on 6.1; what came later holds no length above 32767. */
#undef NLA_POLICY_MAX_LEN
#define NLA_POLICY_MAX_LEN(_len) { .type = NLA_BINARY, .len = _len }

#endif /* _BROKER_COMPAT_NET_NETLINK_H */
