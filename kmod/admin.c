// SPDX-License-Identifier: GPL-2.0
/* What the netlink handlers of all nouns share. */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <net/sock.h>

#include "access.h"
#include "admin.h"
#include "broker.h"
#include "exchange.h"
#include "name.h"
#include "queue.h"

struct broker_nl_head broker_nl_head_reply(const struct genl_info *info)
{
	return (struct broker_nl_head) {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = info->genlhdr->cmd,
		.user_ns = current_user_ns(),
	};
}

struct broker_nl_head broker_nl_head_dump(struct netlink_callback *cb)
{
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);

	return (struct broker_nl_head) {
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.cmd = request->cmd,
		.cb = cb,
		.user_ns = current_user_ns(),
	};
}

struct broker_nl_head broker_nl_head_event(const struct broker *broker, u8 cmd)
{
	return (struct broker_nl_head) {
		.cmd = cmd,
		.user_ns = broker->net->user_ns,
		.event = true,
	};
}

void *broker_nl_begin(struct sk_buff *skb, const struct broker_nl_head *head)
{
	void *hdr = genlmsg_put(skb, head->portid, head->seq, &broker_nl_family, head->flags,
				head->cmd);

	if (hdr && head->cb)
		genl_dump_check_consistent(head->cb, hdr);
	return hdr;
}

/* @err: whether some attribute did not fit; then the message is taken back. */
int broker_nl_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int broker_nl_put_uid(struct sk_buff *skb, const struct broker_nl_head *head, int type, kuid_t uid)
{
	return nla_put_u32(skb, type, from_kuid_munged(head->user_ns, uid));
}

int broker_nl_put_gid(struct sk_buff *skb, const struct broker_nl_head *head, int type, kgid_t gid)
{
	return nla_put_u32(skb, type, from_kgid_munged(head->user_ns, gid));
}

/*
 * An answer shows a process as its reader counts, 0 if the reader cannot see it.
 * The readers of an event may live in many pid namespaces: it has the number by
 * which the process knows itself, the one that its own log files have.
 */
int broker_nl_put_pid(struct sk_buff *skb, const struct broker_nl_head *head, int type,
		      struct pid *pid)
{
	return nla_put_u32(skb, type,
			   head->event ? pid_nr_ns(pid, ns_of_pid(pid)) : pid_vnr(pid));
}

/* Sends the reply of a request that changed nothing. */
int broker_nl_reply(struct sk_buff *reply, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

/* Sends the reply of a request that changed something, and did so in any case. */
int broker_nl_reply_changed(struct sk_buff *reply, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_reply(reply, info);
	return 0;
}

struct broker *broker_nl_dump_broker(struct netlink_callback *cb)
{
	return broker_of_net(sock_net(cb->skb->sk));
}

/*
 * Notes the state of topology before a part of a dump is made, and again after:
 * what changed meanwhile shows in the next part, or at the end.
 */
void broker_nl_dump_sync(struct netlink_callback *cb, const struct broker *broker)
{
	cb->seq = READ_ONCE(broker->generation);
}

/*
 * Ends one part of a dump, of which @err is -EMSGSIZE if it is full.  An object
 * that does not even fit into an empty part ends the dump with that error.
 */
int broker_nl_dump_end(struct sk_buff *skb, int err)
{
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

/* Refuses an attribute that only the request for a single object takes. */
int broker_nl_dump_refuse(struct netlink_callback *cb, int type)
{
	const struct nlattr *attr = genl_info_dump(cb)->attrs[type];

	if (!attr)
		return 0;
	BROKER_NL_ERR(cb->extack, attr, "this attribute names one object, a dump lists many");
	return -EINVAL;
}

/* A NUL before the end counts: it is not a valid character, and refused as such. */
size_t broker_nl_len(const struct nlattr *attr)
{
	const char *text = nla_data(attr);
	size_t len = nla_len(attr);

	return len && !text[len - 1] ? len - 1 : len;
}

int broker_nl_check_name(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	int err = broker_name_check(nla_data(attr), broker_nl_len(attr));

	switch (err) {
	case 0:
		break;
	case -EINVAL:
		BROKER_NL_ERR(extack, attr, "a name must not be empty");
		break;
	case -ENAMETOOLONG:
		BROKER_NL_ERR(extack, attr, "a name has at most 255 bytes");
		break;
	default:
		BROKER_NL_ERR(extack, attr, "a name is UTF-8 without control characters");
		break;
	}
	return err;
}

/* For what is to be made: names of the broker's own are not to be had. */
int broker_nl_check_new_name(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	int err = broker_nl_check_name(attr, extack);

	if (err)
		return err;
	if (broker_name_reserved(nla_data(attr), broker_nl_len(attr))) {
		BROKER_NL_ERR(extack, attr, "names that begin with \"broker.\" are reserved");
		return -EPERM;
	}
	return 0;
}

int broker_nl_check_key(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	int err = broker_key_check(nla_data(attr), broker_nl_len(attr));

	if (err == -ENAMETOOLONG)
		BROKER_NL_ERR(extack, attr, "a key has at most 255 bytes");
	else if (err)
		BROKER_NL_ERR(extack, attr, "a key is UTF-8 without control characters");
	return err;
}

struct broker_exchange *broker_nl_find_exchange(struct broker *broker, const struct nlattr *attr,
						struct netlink_ext_ack *extack)
{
	struct broker_exchange *exchange;

	exchange = broker_exchange_lookup(broker, nla_data(attr), broker_nl_len(attr));
	if (exchange)
		return exchange;
	BROKER_NL_ERR(extack, attr, "no such exchange");
	return ERR_PTR(-ENOENT);
}

struct broker_queue *broker_nl_find_queue(struct broker *broker, const struct nlattr *attr,
					  struct netlink_ext_ack *extack)
{
	struct broker_queue *queue;

	queue = broker_queue_lookup(broker, nla_data(attr), broker_nl_len(attr));
	if (queue)
		return queue;
	BROKER_NL_ERR(extack, attr, "no such queue");
	return ERR_PTR(-ENOENT);
}

/* Whether the caller, and whoever opened its socket, is this user. */
bool broker_nl_is_user(struct sk_buff *skb, kuid_t uid)
{
	const struct sock *sk = NETLINK_CB(skb).sk;

	return uid_eq(current_euid(), uid) && sk->sk_socket && sk->sk_socket->file &&
	       uid_eq(sk->sk_socket->file->f_cred->euid, uid);
}

/* Reads what is given, as of the caller's user namespace. */
int broker_nl_owner_parse(struct broker_nl_owner *owner, struct netlink_ext_ack *extack)
{
	owner->uid = current_euid();
	owner->gid = current_egid();
	owner->mode = BROKER_DEFAULT_MODE;

	if (owner->uid_attr)
		owner->uid = make_kuid(current_user_ns(), nla_get_u32(owner->uid_attr));
	if (!uid_valid(owner->uid)) {
		BROKER_NL_ERR(extack, owner->uid_attr, "no such user in this namespace");
		return -EINVAL;
	}
	if (owner->gid_attr)
		owner->gid = make_kgid(current_user_ns(), nla_get_u32(owner->gid_attr));
	if (!gid_valid(owner->gid)) {
		BROKER_NL_ERR(extack, owner->gid_attr, "no such group in this namespace");
		return -EINVAL;
	}
	if (owner->mode_attr)
		owner->mode = nla_get_u32(owner->mode_attr);
	return 0;
}

bool broker_nl_owner_given(const struct broker_nl_owner *owner)
{
	return owner->uid_attr || owner->gid_attr || owner->mode_attr;
}

/*
 * As with files: the owner may change the mode, and the group to one of his own;
 * only an administrator may give things away.
 */
int broker_nl_owner_check(const struct broker *broker, struct sk_buff *skb,
			  const struct broker_nl_owner *owner, kuid_t old_uid, kgid_t old_gid,
			  struct netlink_ext_ack *extack)
{
	if (!broker_nl_owner_given(owner) || broker_may_admin(broker, skb))
		return 0;
	if (!broker_nl_is_user(skb, old_uid)) {
		BROKER_NL_ERR(extack, owner->uid_attr ?: owner->gid_attr ?: owner->mode_attr,
			      "only the owner may change owner, group and mode");
		return -EPERM;
	}
	if (owner->uid_attr && !uid_eq(owner->uid, old_uid)) {
		BROKER_NL_ERR(extack, owner->uid_attr,
			      "to make another user the owner needs CAP_NET_ADMIN");
		return -EPERM;
	}
	if (owner->gid_attr && !gid_eq(owner->gid, old_gid) && !in_egroup_p(owner->gid)) {
		BROKER_NL_ERR(extack, owner->gid_attr,
			      "you are not in that group: this needs CAP_NET_ADMIN");
		return -EPERM;
	}
	return 0;
}

int broker_nl_need_admin(const struct broker *broker, struct sk_buff *skb,
			 struct netlink_ext_ack *extack)
{
	if (broker_may_admin(broker, skb))
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "this needs CAP_NET_ADMIN over the network namespace");
	return -EPERM;
}
