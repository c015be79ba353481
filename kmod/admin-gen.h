/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/* Do not edit directly, auto-generated from: */
/*	uapi/broker.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: make netlink */

#ifndef _LINUX_BROKER_GEN_H
#define _LINUX_BROKER_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/broker_netlink.h>
#include <linux/broker.h>

/* Common nested types */
extern const struct nla_policy broker_header_nl_policy[BROKER_A_HEADER_PAD + 1];

int broker_nl_broker_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_broker_set_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_exchange_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_exchange_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int broker_nl_exchange_new_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_exchange_set_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_exchange_del_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_queue_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_queue_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int broker_nl_queue_new_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_queue_set_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_queue_del_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_queue_purge_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_binding_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_binding_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int broker_nl_binding_new_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_binding_set_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_binding_del_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_consumer_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_consumer_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int broker_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_session_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int broker_nl_route_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_route_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int broker_nl_limit_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_limit_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int broker_nl_limit_new_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_limit_set_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_limit_del_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_queue_move_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_acl_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_acl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int broker_nl_acl_new_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_acl_del_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_retained_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_retained_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int broker_nl_retained_del_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_queue_remove_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_producer_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_producer_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int broker_nl_consumer_set_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_policy_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int broker_nl_policy_new_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_policy_set_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_policy_del_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_state_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_state_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int broker_nl_state_del_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_schedule_get_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_schedule_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int broker_nl_schedule_new_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_schedule_set_doit(struct sk_buff *skb, struct genl_info *info);
int broker_nl_schedule_del_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	BROKER_NLGRP_TOPOLOGY,
	BROKER_NLGRP_CONSUMERS,
	BROKER_NLGRP_AUDIT,
	BROKER_NLGRP_ALARMS,
	BROKER_NLGRP_TRACE,
};

extern struct genl_family broker_nl_family;

#endif /* _LINUX_BROKER_GEN_H */
