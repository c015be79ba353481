/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_ADMIN_H
#define _BROKER_ADMIN_H

#include <linux/err.h>
#include <linux/uidgid.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "admin-gen.h"

struct broker;
struct broker_binding;
struct broker_consumer;
struct broker_exchange;
struct broker_queue;
struct broker_queue_config;
struct broker_recurrence;
struct broker_selector;
struct broker_return;
struct broker_session;
struct broker_target;
struct broker_settings;

/**
 * DOC: Administration
 *
 * The handlers of the netlink family, one file per noun; their prototypes and
 * policies are generated from uapi/broker.yaml.  Requests run in parallel.  One
 * that changes something
 *
 *  1. reads its attributes and allocates its reply,
 *  2. takes broker.topology, looks up, checks permission, changes,
 *  3. fills the reply, for which there is room, unlocks and sends it.
 *
 * So one that fails changed nothing.  If only the reply does not get through,
 * for want of room in the socket, the change stands and the request succeeded.
 *
 * Requests that only look read under RCU and take no lock but a queue's.  A dump
 * goes by number and keeps in its callback which comes next: what is there all
 * the time is shown once.  When exchanges, queues or bindings changed meanwhile
 * it says so (NLM_F_DUMP_INTR).
 *
 * Every refusal has a sentence, and the attribute at fault where there is one.
 */

/* Says why a request is refused and which attribute is at fault. */
#define BROKER_NL_ERR(extack, attr, msg)					\
	NL_SET_ERR_MSG_ATTR(extack, attr, KBUILD_MODNAME ": " msg)

/* Whether a required attribute is missing; if so, says what for. */
#define BROKER_NL_MISSING(extack, attrs, type, msg)				\
({										\
	bool __missing = NL_REQ_ATTR_CHECK(extack, NULL, attrs, type);		\
										\
	if (__missing)								\
		NL_SET_ERR_MSG_MOD(extack, msg);				\
	__missing;								\
})

/**
 * struct broker_nl_head - how a message about an object begins, and whom it is for
 * @portid: socket it answers, or 0 (const)
 * @seq: request it answers, or 0 (const)
 * @flags: NLM_F_* (const)
 * @cmd: BROKER_CMD_* (const)
 * @cb: the dump it is part of, or NULL (const)
 * @user_ns: where users are shown as of (const)
 * @event: it has many readers: see broker_nl_put_pid() (const)
 */
struct broker_nl_head {
	u32 portid;
	u32 seq;
	u16 flags;
	u8 cmd;
	struct netlink_callback *cb;
	struct user_namespace *user_ns;
	bool event;
};

struct broker_nl_head broker_nl_head_reply(const struct genl_info *info);
struct broker_nl_head broker_nl_head_dump(struct netlink_callback *cb);
struct broker_nl_head broker_nl_head_event(const struct broker *broker, u8 cmd);

void *broker_nl_begin(struct sk_buff *skb, const struct broker_nl_head *head);
int broker_nl_end(struct sk_buff *skb, void *hdr, int err);

int broker_nl_put_uid(struct sk_buff *skb, const struct broker_nl_head *head, int type, kuid_t uid);
int broker_nl_put_gid(struct sk_buff *skb, const struct broker_nl_head *head, int type, kgid_t gid);
int broker_nl_put_pid(struct sk_buff *skb, const struct broker_nl_head *head, int type,
		      struct pid *pid);

/* Whole messages: 0, or -EMSGSIZE and nothing was put.  Under RCU or broker.topology. */
int broker_nl_put_exchange(struct sk_buff *skb, const struct broker_nl_head *head,
			   struct broker_exchange *exchange);
int broker_nl_put_queue(struct sk_buff *skb, const struct broker_nl_head *head,
			struct broker_queue *queue);
int broker_nl_put_binding(struct sk_buff *skb, const struct broker_nl_head *head,
			  struct broker_binding *binding);
int broker_nl_put_schedule(struct sk_buff *skb, const struct broker_nl_head *head,
			   struct broker_recurrence *recurrence);
int broker_nl_put_consumer(struct sk_buff *skb, const struct broker_nl_head *head,
			   struct broker_consumer *consumer);
int broker_nl_put_consumer_ended(struct sk_buff *skb, const struct broker_nl_head *head,
				 struct broker_consumer *consumer,
				 const struct broker_return *how);

/* Bytes of attributes that a message about a binding may take; all others fit the default. */
size_t broker_nl_binding_size(struct broker_binding *binding);

/* Replies.  @err: what became of the request. */
int broker_nl_reply(struct sk_buff *reply, struct genl_info *info, int err);
int broker_nl_reply_changed(struct sk_buff *reply, struct genl_info *info, int err);

/* Dumps. */
struct broker *broker_nl_dump_broker(struct netlink_callback *cb);
void broker_nl_dump_sync(struct netlink_callback *cb, const struct broker *broker);
int broker_nl_dump_end(struct sk_buff *skb, int err);
int broker_nl_dump_refuse(struct netlink_callback *cb, int type);

/* Text: bytes of it, without the terminator. */
size_t broker_nl_len(const struct nlattr *attr);
int broker_nl_check_name(const struct nlattr *attr, struct netlink_ext_ack *extack);
int broker_nl_check_new_name(const struct nlattr *attr, struct netlink_ext_ack *extack);
int broker_nl_check_key(const struct nlattr *attr, struct netlink_ext_ack *extack);

/* Pauses, in a pair of attributes: admin-flow.c. */
int broker_nl_pause_parse(const struct nlattr *paused, const struct nlattr *ms, bool *on,
			  u64 *time, struct netlink_ext_ack *extack);
int broker_nl_put_pause(struct sk_buff *skb, int paused, int ms, bool on, u64 left);

/* Under RCU or broker.topology.  ERR_PTR(-ENOENT). */
struct broker_exchange *broker_nl_find_exchange(struct broker *broker, const struct nlattr *attr,
						struct netlink_ext_ack *extack);
struct broker_queue *broker_nl_find_queue(struct broker *broker, const struct nlattr *attr,
					  struct netlink_ext_ack *extack);

/* Filters, in a pair of attributes: admin-filter.c. */
#define BROKER_NL_FILTER_SIZE_MAX					\
	(nla_total_size(BROKER_FILTER_MAX) + nla_total_size(BROKER_FILTER_TEXT_MAX + 1))

/* A consumer, with the text of its filter. */
#define BROKER_NL_CONSUMER_SIZE						\
	(GENLMSG_DEFAULT_SIZE + nla_total_size(BROKER_FILTER_TEXT_MAX + 1))

struct broker_selector *broker_nl_parse_filter(const struct nlattr *program,
					       const struct nlattr *text,
					       struct netlink_ext_ack *extack);
size_t broker_nl_filter_size(const struct broker_selector *selector);
int broker_nl_put_filter(struct sk_buff *skb, int program, int text,
			 const struct broker_selector *selector);

/**
 * struct broker_nl_owner - who shall own an object, and its mode
 * @uid_attr: as given, or NULL (const)
 * @gid_attr: as given, or NULL (const)
 * @mode_attr: as given, or NULL (const)
 * @uid: given, else the caller (owner: the request)
 * @gid: given, else the caller's (owner: the request)
 * @mode: given, else the default (owner: the request)
 */
struct broker_nl_owner {
	const struct nlattr *uid_attr;
	const struct nlattr *gid_attr;
	const struct nlattr *mode_attr;
	kuid_t uid;
	kgid_t gid;
	u16 mode;
};

bool broker_nl_is_user(struct sk_buff *skb, kuid_t uid);
int broker_nl_owner_parse(struct broker_nl_owner *owner, struct netlink_ext_ack *extack);
bool broker_nl_owner_given(const struct broker_nl_owner *owner);
int broker_nl_owner_check(const struct broker *broker, struct sk_buff *skb,
			  const struct broker_nl_owner *owner, kuid_t old_uid, kgid_t old_gid,
			  struct netlink_ext_ack *extack);

/* Settings of queues, as a queue has them, or a policy: admin-queue.c. */
int broker_nl_parse_queue(struct genl_info *info, struct broker_nl_owner *owner,
			  struct broker_queue_config *config);
int broker_nl_parse_dead_letter(struct broker *broker, struct sk_buff *skb,
				struct genl_info *info, const struct broker_target *now,
				struct broker_queue_config *config);
int broker_nl_put_policies(struct sk_buff *skb, const struct broker_queue *queue);
int broker_nl_put_settings(struct sk_buff *skb, const struct broker_settings *settings, u32 bits);

int broker_nl_need_admin(const struct broker *broker, struct sk_buff *skb,
			 struct netlink_ext_ack *extack);

#endif /* _BROKER_ADMIN_H */
