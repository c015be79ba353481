// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/netlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "access.h"
#include "broker.h"

void broker_access_init(struct broker_access *access, kuid_t uid, kgid_t gid, u16 mode)
{
	seqlock_init(&access->seq);
	access->uid = uid;
	access->gid = gid;
	access->mode = mode;
}

void broker_access_set(struct broker_access *access, kuid_t uid, kgid_t gid, u16 mode)
{
	write_seqlock(&access->seq);
	access->uid = uid;
	access->gid = gid;
	access->mode = mode;
	write_sequnlock(&access->seq);
}

void broker_access_read(struct broker_access *access, kuid_t *uid, kgid_t *gid, u16 *mode)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&access->seq);
		*uid = access->uid;
		*gid = access->gid;
		*mode = access->mode;
	} while (read_seqretry(&access->seq, seq));
}

/* groups_search() is not for modules; in_egroup_p() knows the current process only. */
bool broker_cred_in_group(const struct cred *cred, kgid_t gid)
{
	const struct group_info *groups = cred->group_info;
	int i;

	if (gid_eq(cred->egid, gid))
		return true;
	for (i = 0; i < groups->ngroups; i++)
		if (gid_eq(groups->gid[i], gid))
			return true;
	return false;
}

static bool access_allows(struct broker_access *access, const struct cred *cred, unsigned int want)
{
	kuid_t uid;
	kgid_t gid;
	u16 mode;

	broker_access_read(access, &uid, &gid, &mode);
	if (uid_eq(cred->euid, uid))
		mode >>= 6;
	else if (broker_cred_in_group(cred, gid))
		mode >>= 3;
	return (mode & want) == want;
}

/* Whether the calling process may do @want with the object. */
bool broker_may(const struct broker *broker, struct broker_access *access, unsigned int want)
{
	return access_allows(access, current_cred(), want) ||
	       ns_capable(broker->net->user_ns, CAP_NET_ADMIN);
}

/* Whether the sender of a netlink request may administer the whole broker. */
bool broker_may_admin(const struct broker *broker, struct sk_buff *skb)
{
	return netlink_ns_capable(skb, broker->net->user_ns, CAP_NET_ADMIN);
}

/*
 * The same as broker_may() for a netlink request: whoever opened the socket must
 * have the right too, so that a privileged program cannot be tricked into writing
 * a request to a socket that another one gave it.
 */
bool broker_may_netlink(const struct broker *broker, struct sk_buff *skb,
			struct broker_access *access, unsigned int want)
{
	const struct sock *sk = NETLINK_CB(skb).sk;

	if (access_allows(access, current_cred(), want) && sk->sk_socket && sk->sk_socket->file &&
	    access_allows(access, sk->sk_socket->file->f_cred, want))
		return true;
	return broker_may_admin(broker, skb);
}
