/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_AUDIT_H
#define _BROKER_AUDIT_H

struct genl_info;

/**
 * DOC: Audit
 *
 * Every request that is to change something leaves one record for those who
 * listen to the netlink group "audit": what was asked, of what, by whom, and what
 * became of it.  There is one hook for all: the handlers of the family are called
 * through it.  A request whose mere form is wrong never comes to a handler, and
 * leaves none.
 *
 * A listener who misses records is told so by ENOBUFS.
 */

/* Puts the hook before the handlers of broker_nl_family, which is not yet registered. */
void broker_audit_init(void);
unsigned int broker_audit_attrs(const struct genl_info *info);

#endif /* _BROKER_AUDIT_H */
