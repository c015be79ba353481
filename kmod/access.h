/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_ACCESS_H
#define _BROKER_ACCESS_H

#include <linux/seqlock.h>
#include <linux/uidgid.h>

struct broker;
struct cred;
struct sk_buff;

/**
 * DOC: Access
 *
 * Exchanges and queues have an owner, a group and a mode as files have.  As with
 * files, the first class that fits decides: an owner without a bit does not get
 * it from the group.  CAP_NET_ADMIN over the broker's namespace passes all.
 */

#define BROKER_MAY_CONFIGURE	1
#define BROKER_MAY_PUBLISH	2
#define BROKER_MAY_CONSUME	4

/* Queues and exchanges made without a mode: all for the owner, use for the group. */
#define BROKER_DEFAULT_MODE	0760

/**
 * struct broker_access - who may do what with an object
 * @seq: makes a change of all three one step for readers
 * @uid: owner (seq)
 * @gid: group (seq)
 * @mode: nine permission bits (seq)
 */
struct broker_access {
	seqlock_t seq;
	kuid_t uid;
	kgid_t gid;
	u16 mode;
};

void broker_access_init(struct broker_access *access, kuid_t uid, kgid_t gid, u16 mode);
void broker_access_set(struct broker_access *access, kuid_t uid, kgid_t gid, u16 mode);
void broker_access_read(struct broker_access *access, kuid_t *uid, kgid_t *gid, u16 *mode);
bool broker_cred_in_group(const struct cred *cred, kgid_t gid);
bool broker_may(const struct broker *broker, struct broker_access *access, unsigned int want);
bool broker_may_admin(const struct broker *broker, struct sk_buff *skb);
bool broker_may_netlink(const struct broker *broker, struct sk_buff *skb,
			struct broker_access *access, unsigned int want);

#endif /* _BROKER_ACCESS_H */
