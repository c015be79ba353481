/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_ACL_H
#define _BROKER_ACL_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "topic.h"

struct broker_exchange;
struct netlink_ext_ack;
struct sk_buff;

/**
 * DOC: Access rules
 *
 * Besides its mode, an exchange may have rules that allow or deny a user, a group
 * or everyone to publish or to bind, by routing key.  They take rights away that
 * the mode gives, and give none; CAP_NET_ADMIN passes them.
 *
 * To publish: of the rules that are for the caller and whose pattern matches the
 * key, the one with the least number decides.  Where none matches, it is allowed.
 * To bind: the binding's keys are those of its pattern (topic), its key (direct)
 * or all (other types).  In order of their numbers, the first rule decides that
 * allows all of them, or denies one of them; where there is none, it is allowed.
 *
 * The patterns of an exchange are in a topic matcher, so that a publish costs no
 * more for rules that do not match; an exchange without rules has none.
 *
 * Lifetime: made with the first rule of an exchange, freed with the exchange.
 */

/* Rules of an exchange. */
#define BROKER_MAX_ACL_RULES	256

/**
 * struct broker_acl - the rules of an exchange
 * @patterns: by pattern (rcu; changed under topology)
 * @rules: by number (rcu; changed under topology)
 * @nr: how many (topology; read anywhere)
 */
struct broker_acl {
	struct broker_topic patterns;
	struct list_head rules;
	u32 nr;
};

/**
 * struct broker_acl_rule - a rule
 * @by_pattern: in acl.patterns (rcu)
 * @by_number: in acl.rules (rcu; changed under topology)
 * @rcu: frees it after readers (owner: who deleted it)
 * @number: its place (const)
 * @action: enum broker_acl_action (const)
 * @operations: enum broker_acl_operations: what it is about (const)
 * @uid: user it is for, or INVALID_UID (const)
 * @gid: group it is for, or INVALID_GID; neither: everyone (const)
 * @pattern_len: bytes of @pattern (const)
 * @pattern: NUL-terminated (const)
 */
struct broker_acl_rule {
	struct broker_topic_entry by_pattern;
	struct list_head by_number;
	struct rcu_head rcu;
	u32 number;
	u32 action;
	u32 operations;
	kuid_t uid;
	kgid_t gid;
	u8 pattern_len;
	char pattern[];
};

/* Under broker.topology. */
struct broker_acl_rule *broker_acl_new(struct broker_exchange *exchange,
				       const struct broker_acl_rule *config, const char *pattern,
				       struct netlink_ext_ack *extack);
struct broker_acl_rule *broker_acl_find(struct broker_exchange *exchange, u32 number);
void broker_acl_del(struct broker_exchange *exchange, struct broker_acl_rule *rule);
void broker_acl_clear(struct broker_exchange *exchange);
int broker_acl_may_bind(struct broker_exchange *exchange, struct sk_buff *skb, const char *key,
			u8 key_len);

/* Under RCU: 0, -EACCES, or -ENOSPC: grow @scratch. */
int broker_acl_may_publish(struct broker_exchange *exchange, const char *key, u8 key_len,
			   struct broker_topic_scratch *scratch);

/* After the last reader of a cleared one. */
void broker_acl_free(struct broker_acl *acl);

#endif /* _BROKER_ACL_H */
