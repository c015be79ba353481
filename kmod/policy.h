/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_POLICY_H
#define _BROKER_POLICY_H

#include <linux/list.h>
#include <linux/types.h>

#include "queue.h"

/**
 * DOC: Policies
 *
 * A policy has settings for all queues whose names match its pattern, a topic
 * pattern.  What was said of a queue itself goes before; then each setting is that
 * of the matching policy of the highest precedence that has it, and by name among
 * equals; then the default.  A *cap* is a policy that only bounds: whatever set the
 * value, it is no higher than the lowest cap that matches, and where 0 means that
 * there is no bound, it is the cap.
 *
 * A queue remembers what was said of itself (queue.own), so that policies may come,
 * change and go, which changes all queues that match at once; and what was said can
 * be unsaid.
 */

/* A broker has so many at most. */
#define BROKER_MAX_POLICIES	1000

/**
 * struct broker_policy - settings for queues by their names
 * @node: in broker.policies, the highest precedence first (rcu; changed under topology)
 * @rcu: frees it after readers of the list (owner: last user)
 * @precedence: of two that match, the higher one counts (const)
 * @cap: bounds values, and gives none (const)
 * @set: BROKER_SETTING_*: the settings that it has (const)
 * @settings: these, with a reference on the target (const)
 * @pattern_len: bytes of the pattern (const)
 * @name_len: bytes of the name (const)
 * @data: pattern and name, each with a NUL (const)
 *
 * A change makes a new one in its place.
 */
struct broker_policy {
	struct list_head node;
	struct rcu_head rcu;
	u32 precedence;
	bool cap;
	u32 set;
	struct broker_settings settings;
	u8 pattern_len;
	u8 name_len;
	char data[];
};

static inline const char *broker_policy_pattern(const struct broker_policy *policy)
{
	return policy->data;
}

static inline const char *broker_policy_name(const struct broker_policy *policy)
{
	return policy->data + policy->pattern_len + 1;
}

bool broker_policy_matches(const struct broker_policy *policy, const struct broker_queue *queue);

/* Under broker.topology. */
struct broker_policy *broker_policy_find(struct broker *broker, const char *name, size_t len);
struct broker_policy *broker_policy_alloc(u32 set, const struct broker_settings *settings,
					  const char *pattern, u8 pattern_len,
					  const char *name, u8 name_len);
void broker_policy_put_in_place(struct broker *broker, struct broker_policy *old,
				struct broker_policy *new);
void broker_policy_free(struct broker_policy *policy);

struct broker_queue *broker_policy_new_queue(struct broker *broker,
					     struct broker_queue_config *config,
					     struct netlink_ext_ack *extack);
int broker_policy_set_queue(struct broker_queue *queue, const struct broker_queue_config *config,
			    u32 unset, struct netlink_ext_ack *extack);

void broker_policies_exit(struct broker *broker);

#endif /* _BROKER_POLICY_H */
