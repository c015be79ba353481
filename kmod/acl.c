// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "access.h"
#include "acl.h"
#include "broker.h"
#include "exchange.h"
#include "memory.h"
#include "pattern.h"

static struct broker_acl *exchange_acl(const struct broker_exchange *exchange)
{
	return rcu_dereference_protected(exchange->acl,
					 lockdep_is_held(&exchange->broker->topology));
}

static struct broker_acl *acl_new(struct broker *broker)
{
	struct broker_acl *acl = kzalloc(sizeof(*acl), BROKER_GFP);

	if (!acl)
		return NULL;
	INIT_LIST_HEAD(&acl->rules);
	if (broker_topic_init(&acl->patterns, &broker->topology)) {
		kfree(acl);
		return NULL;
	}
	return acl;
}

void broker_acl_free(struct broker_acl *acl)
{
	if (!acl)
		return;
	broker_topic_destroy(&acl->patterns);
	kfree(acl);
}

struct broker_acl_rule *broker_acl_find(struct broker_exchange *exchange, u32 number)
{
	struct broker_acl *acl = exchange_acl(exchange);
	struct broker_acl_rule *rule;

	if (acl)
		list_for_each_entry(rule, &acl->rules, by_number)
			if (rule->number == number)
				return rule;
	return NULL;
}

/* Puts it behind those with lesser numbers. */
static void acl_insert(struct broker_acl *acl, struct broker_acl_rule *rule)
{
	struct broker_acl_rule *at;

	list_for_each_entry(at, &acl->rules, by_number)
		if (at->number > rule->number)
			break;
	list_add_tail_rcu(&rule->by_number, &at->by_number);
	WRITE_ONCE(acl->nr, acl->nr + 1);
}

/**
 * broker_acl_new() - Add a rule to an exchange
 * @exchange: linked; the broker's topology is locked
 * @config: the rule; number 0: ten behind the last
 * @pattern: checked; @config->pattern_len bytes of it
 * @extack: gets the reason
 *
 * Return: the rule; or -EEXIST, -ENOSPC, -ENOMEM.
 */
struct broker_acl_rule *broker_acl_new(struct broker_exchange *exchange,
				       const struct broker_acl_rule *config, const char *pattern,
				       struct netlink_ext_ack *extack)
{
	struct broker_acl *acl = exchange_acl(exchange);
	struct broker_acl_rule *rule;
	u32 number = config->number;
	int err;

	lockdep_assert_held(&exchange->broker->topology);
	if (acl && acl->nr == BROKER_MAX_ACL_RULES) {
		NL_SET_ERR_MSG_MOD(extack, "an exchange has 256 rules at most");
		return ERR_PTR(-ENOSPC);
	}
	if (!number && acl && acl->nr)
		number = list_last_entry(&acl->rules, struct broker_acl_rule, by_number)->number;
	if (!config->number)
		number = number > U32_MAX - 10 ? U32_MAX : number + 10;
	if (broker_acl_find(exchange, number)) {
		NL_SET_ERR_MSG_MOD(extack, "a rule of this number exists");
		return ERR_PTR(-EEXIST);
	}
	rule = kmalloc(struct_size(rule, pattern, config->pattern_len + 1), BROKER_GFP);
	if (!rule)
		return ERR_PTR(-ENOMEM);
	*rule = *config;
	rule->number = number;
	memcpy(rule->pattern, pattern, config->pattern_len);
	rule->pattern[config->pattern_len] = '\0';
	if (!acl) {
		acl = acl_new(exchange->broker);
		if (!acl) {
			kfree(rule);
			return ERR_PTR(-ENOMEM);
		}
		rcu_assign_pointer(exchange->acl, acl);
	}
	err = broker_topic_add(&acl->patterns, rule->pattern, rule->pattern_len,
			       &rule->by_pattern);
	if (err) {
		kfree(rule);
		return ERR_PTR(err);
	}
	acl_insert(acl, rule);
	broker_topology_changed(exchange->broker);
	return rule;
}

void broker_acl_del(struct broker_exchange *exchange, struct broker_acl_rule *rule)
{
	struct broker_acl *acl = exchange_acl(exchange);

	lockdep_assert_held(&exchange->broker->topology);
	broker_topic_del(&acl->patterns, &rule->by_pattern);
	list_del_rcu(&rule->by_number);
	WRITE_ONCE(acl->nr, acl->nr - 1);
	broker_topology_changed(exchange->broker);
	kfree_rcu(rule, rcu);
}

/* Deletes all rules, at the end of the exchange. */
void broker_acl_clear(struct broker_exchange *exchange)
{
	struct broker_acl *acl = exchange_acl(exchange);
	struct broker_acl_rule *rule, *next;

	if (acl)
		list_for_each_entry_safe(rule, next, &acl->rules, by_number)
			broker_acl_del(exchange, rule);
}

static bool rule_is_for(const struct broker_acl_rule *rule, const struct cred *cred)
{
	if (uid_valid(rule->uid))
		return uid_eq(rule->uid, cred->euid);
	return !gid_valid(rule->gid) || broker_cred_in_group(cred, rule->gid);
}

/**
 * struct acl_search - a search for the rule that decides
 * @cred: who wants to publish
 * @found: the rule with the least number so far, or NULL
 */
struct acl_search {
	const struct cred *cred;
	const struct broker_acl_rule *found;
};

static int acl_emit(struct broker_topic_entry *entry, void *arg)
{
	const struct broker_acl_rule *rule =
		container_of(entry, struct broker_acl_rule, by_pattern);
	struct acl_search *search = arg;

	if ((rule->operations & BROKER_ACL_OPERATIONS_PUBLISH) &&
	    (!search->found || rule->number < search->found->number) &&
	    rule_is_for(rule, search->cred))
		search->found = rule;
	return 0;
}

int broker_acl_may_publish(struct broker_exchange *exchange, const char *key, u8 key_len,
			   struct broker_topic_scratch *scratch)
{
	struct acl_search search = { .cred = current_cred() };
	struct broker_acl *acl = rcu_dereference(exchange->acl);
	int err;

	if (likely(!acl || !READ_ONCE(acl->nr)))
		return 0;
	err = broker_topic_match(&acl->patterns, key, key_len, scratch, acl_emit, &search);
	if (err)
		return err;
	if (!search.found || search.found->action == BROKER_ACL_ACTION_ALLOW)
		return 0;
	return ns_capable(exchange->broker->net->user_ns, CAP_NET_ADMIN) ? 0 : -EACCES;
}

static bool acl_may_bind(const struct broker_acl *acl, const struct cred *cred,
			 const struct broker_pattern *keys, struct broker_pattern_scratch *scratch)
{
	struct broker_acl_rule *rule;

	list_for_each_entry(rule, &acl->rules, by_number) {
		struct broker_pattern pattern = {
			.text = rule->pattern, .len = rule->pattern_len,
		};

		if (!(rule->operations & BROKER_ACL_OPERATIONS_BIND) || !rule_is_for(rule, cred))
			continue;
		if (rule->action == BROKER_ACL_ACTION_ALLOW) {
			if (broker_pattern_covers(scratch, &pattern, keys))
				return true;
		} else if (broker_pattern_overlaps(scratch, &pattern, keys)) {
			return false;
		}
		cond_resched();
	}
	return true;
}

/**
 * broker_acl_may_bind() - Whether rules let the sender of a request bind from an exchange
 * @exchange: linked; the broker's topology is locked
 * @skb: the request; whoever opened its socket must be allowed to, too
 * @key: of the binding
 * @key_len: bytes of it
 *
 * Return: 0, -EACCES, -ENOMEM.
 */
int broker_acl_may_bind(struct broker_exchange *exchange, struct sk_buff *skb, const char *key,
			u8 key_len)
{
	struct broker_pattern keys = { .text = "#", .len = 1 };
	const struct sock *sk = NETLINK_CB(skb).sk;
	struct broker_acl *acl = exchange_acl(exchange);
	struct broker_pattern_scratch *scratch;
	bool may;

	if (!acl || !acl->nr || broker_may_admin(exchange->broker, skb))
		return 0;
	if (exchange->type == BROKER_EXCHANGE_TYPE_TOPIC ||
	    exchange->type == BROKER_EXCHANGE_TYPE_DIRECT)
		keys = (struct broker_pattern) {
			.text = key, .len = key_len,
			.literal = exchange->type == BROKER_EXCHANGE_TYPE_DIRECT,
		};
	scratch = broker_pattern_scratch_new();
	if (!scratch)
		return -ENOMEM;
	may = sk->sk_socket && sk->sk_socket->file &&
	      acl_may_bind(acl, current_cred(), &keys, scratch) &&
	      acl_may_bind(acl, sk->sk_socket->file->f_cred, &keys, scratch);
	broker_pattern_scratch_free(scratch);
	return may ? 0 : -EACCES;
}
