// SPDX-License-Identifier: GPL-2.0
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "broker.h"
#include "deadletter.h"
#include "policy.h"
#include "queue.h"

static const char *word_end(const char *word, const char *end)
{
	return memchr(word, '.', end - word) ?: end;
}

/*
 * Whether a topic pattern matches a name, word by word.  A "#" takes no words first,
 * and one more each time that what is behind it does not match.
 */
static bool policy_match(const char *pattern, size_t pattern_len, const char *name, size_t len)
{
	const char *p_end = pattern + pattern_len, *n_end = name + len;
	const char *p = pattern, *n = name, *retry_p = NULL, *retry_n = NULL;

	/* Behind its last word either stands one beyond its end. */
	while (n <= n_end) {
		const char *p_word = p <= p_end ? word_end(p, p_end) : p;
		const char *n_word = word_end(n, n_end);

		if (p <= p_end && p_word - p == 1 && *p == '#') {
			p = p_word + 1;
			retry_p = p;
			retry_n = n;
		} else if (p <= p_end &&
			   ((p_word - p == 1 && *p == '*') ||
			    (p_word - p == n_word - n && !memcmp(p, n, n_word - n)))) {
			p = p_word + 1;
			n = n_word + 1;
		} else if (retry_p) {
			retry_n = word_end(retry_n, n_end) + 1;
			p = retry_p;
			n = retry_n;
		} else {
			return false;
		}
	}
	while (p <= p_end && word_end(p, p_end) - p == 1 && *p == '#')
		p += 2;
	return p > p_end;
}

bool broker_policy_matches(const struct broker_policy *policy, const struct broker_queue *queue)
{
	return policy_match(broker_policy_pattern(policy), policy->pattern_len, queue->name,
			    queue->name_len);
}

/* What a queue gets where nobody says anything. */
static void policy_defaults(const struct broker *broker, struct broker_settings *settings)
{
	lockdep_assert_held(&broker->topology);
	*settings = (struct broker_settings) {
		.max_messages = broker->default_max_messages,
		.max_bytes = broker->default_max_bytes,
		.overflow = broker->default_overflow,
		.levels = 1,
		.lease = BROKER_DEFAULT_LEASE_MS * NSEC_PER_MSEC,
		.max_delivery = BROKER_DEFAULT_MAX_DELIVERY,
		.retry_min = BROKER_DEFAULT_RETRY_MIN_MS * NSEC_PER_MSEC,
		.retry_max = BROKER_DEFAULT_RETRY_MAX_MS * NSEC_PER_MSEC,
		.retry_jitter = BROKER_DEFAULT_RETRY_JITTER,
		.dedupe_window = BROKER_DEFAULT_DEDUPE_WINDOW_MS * NSEC_PER_MSEC,
		.dedupe_max = BROKER_DEFAULT_DEDUPE_MAX,
	};
}

/*
 * Makes @settings, which are those that were said of a queue itself, or the defaults,
 * what holds for it.  Only those in @bits count.  Return: who had a say in it.
 */
static struct broker_policy_say policy_resolve(const struct broker *broker,
					       const char *name, u8 name_len, u32 own_set,
					       u32 bits, struct broker_settings *settings)
{
	const struct broker_queue_setting *setting;
	struct broker_policy_say say = {};
	const struct broker_policy *policy;
	u32 given = own_set;

	lockdep_assert_held(&broker->topology);
	list_for_each_entry(policy, &broker->policies, node) {
		if (policy->cap || !policy_match(broker_policy_pattern(policy),
						 policy->pattern_len, name, name_len))
			continue;
		broker_settings_copy(settings, &policy->settings, bits & policy->set & ~given);
		given |= policy->set;
	}
	list_for_each_entry(policy, &broker->policies, node) {
		if (!policy->cap || !policy_match(broker_policy_pattern(policy),
						  policy->pattern_len, name, name_len))
			continue;
		broker_for_each_setting(setting, bits & policy->set) {
			if (!broker_setting_exceeds(setting, settings, &policy->settings))
				continue;
			broker_settings_copy(settings, &policy->settings, setting->bit);
			say.capped |= setting->bit;
		}
	}
	say.by_policy = (given | say.capped) & ~own_set & bits;
	return say;
}

/*
 * Makes of a queue what holds now, of the settings in @bits, and what else is in
 * @config.  If that fails nothing has changed.
 */
static int policy_apply(struct broker_queue *queue, const struct broker_settings *own,
			u32 own_set, u32 bits, struct broker_queue_config *config,
			struct netlink_ext_ack *extack)
{
	struct broker_policy_say before = queue->say, say;
	u32 own_before = queue->own_set;
	int err;

	broker_settings_copy(&config->settings, own, bits);
	say = policy_resolve(queue->broker, queue->name, queue->name_len, own_set, bits,
			     &config->settings);
	if (bits & BROKER_SETTING_DEAD_LETTER)
		broker_target_get(config->settings.dead_letter);
	/* Before those who are told of the change look. */
	WRITE_ONCE(queue->own_set, own_set);
	WRITE_ONCE(queue->say.by_policy, (before.by_policy & ~bits) | say.by_policy);
	WRITE_ONCE(queue->say.capped, (before.capped & ~bits) | say.capped);
	config->set |= bits;
	err = broker_queue_set(queue, config, extack);
	if (!err)
		return 0;
	queue->say = before;
	queue->own_set = own_before;
	if (bits & BROKER_SETTING_DEAD_LETTER)
		broker_target_put(config->settings.dead_letter);
	return err;
}

/**
 * broker_policy_new_queue() - Make a queue as it and the policies say
 * @broker: its topology is locked
 * @config: what is said of it, in @set; gets the defaults for the rest
 * @extack: gets the reason
 *
 * Return: as broker_queue_new(); the queue takes over the target in @config then.
 */
struct broker_queue *broker_policy_new_queue(struct broker *broker,
					     struct broker_queue_config *config,
					     struct netlink_ext_ack *extack)
{
	char made_up[BROKER_MAX_NAME + 1];
	struct broker_queue_config holds;
	struct broker_settings defaults;
	struct broker_policy_say say;
	struct broker_queue *queue;

	policy_defaults(broker, &defaults);
	broker_settings_copy(&config->settings, &defaults, ~config->set);
	holds = *config;
	if (!holds.name_len) {
		holds.name = made_up;
		holds.name_len = broker_queue_make_name(broker, made_up);
	}
	say = policy_resolve(broker, holds.name, holds.name_len, config->set,
			     BROKER_SET_BY_POLICIES, &holds.settings);
	broker_target_get(holds.settings.dead_letter);
	queue = broker_queue_new(broker, &holds, config, &say, extack);
	if (IS_ERR(queue))
		broker_target_put(holds.settings.dead_letter);
	return queue;
}

/**
 * broker_policy_set_queue() - Change what is said of a queue
 * @queue: linked; the broker's topology is locked
 * @config: what is said now, in @set
 * @unset: BROKER_SETTING_*: what is said no more, none of them in @set
 * @extack: gets the reason
 *
 * Return: 0, and the target in @config was taken over; or as broker_queue_set().
 */
int broker_policy_set_queue(struct broker_queue *queue, const struct broker_queue_config *config,
			    u32 unset, struct netlink_ext_ack *extack)
{
	u32 said = config->set & BROKER_SET_BY_POLICIES, bits = said | unset;
	u32 own_set = (queue->own_set | said) & ~unset;
	struct broker_queue_config holds = *config;
	struct broker_settings own, defaults;
	int err;

	lockdep_assert_held(&queue->broker->topology);
	policy_defaults(queue->broker, &defaults);
	own = queue->own;
	broker_settings_copy(&own, &config->settings, said);
	broker_settings_copy(&own, &defaults, unset);
	err = policy_apply(queue, &own, own_set, bits, &holds, extack);
	if (err)
		return err;
	if (bits & BROKER_SETTING_DEAD_LETTER)
		broker_target_put(queue->own.dead_letter);
	queue->own = own;
	return 0;
}

struct broker_policy *broker_policy_find(struct broker *broker, const char *name, size_t len)
{
	struct broker_policy *policy;

	list_for_each_entry_rcu(policy, &broker->policies, node,
				lockdep_is_held(&broker->topology))
		if (policy->name_len == len && !memcmp(broker_policy_name(policy), name, len))
			return policy;
	return NULL;
}

/* A policy, in no list; takes over the target of @settings.  NULL: no memory. */
struct broker_policy *broker_policy_alloc(u32 set, const struct broker_settings *settings,
					  const char *pattern, u8 pattern_len,
					  const char *name, u8 name_len)
{
	struct broker_policy *policy;

	policy = kzalloc(struct_size(policy, data, pattern_len + name_len + 2),
			 GFP_KERNEL_ACCOUNT);
	if (!policy)
		return NULL;
	policy->set = set;
	policy->settings = *settings;
	policy->pattern_len = pattern_len;
	policy->name_len = name_len;
	memcpy(policy->data, pattern, pattern_len);
	memcpy(policy->data + pattern_len + 1, name, name_len);
	return policy;
}

static void policy_free_rcu(struct rcu_head *rcu)
{
	struct broker_policy *policy = container_of(rcu, struct broker_policy, rcu);

	broker_target_put(policy->settings.dead_letter);
	kfree(policy);
}

void broker_policy_free(struct broker_policy *policy)
{
	if (policy)
		call_rcu(&policy->rcu, policy_free_rcu);
}

static void policy_insert(struct broker *broker, struct broker_policy *new)
{
	struct list_head *before = &broker->policies;
	struct broker_policy *policy;

	list_for_each_entry(policy, &broker->policies, node) {
		if (policy->precedence < new->precedence ||
		    (policy->precedence == new->precedence &&
		     strcmp(broker_policy_name(policy), broker_policy_name(new)) > 0))
			break;
		before = &policy->node;
	}
	list_add_rcu(&new->node, before);
}

/**
 * broker_policy_put_in_place() - Add, replace or take away a policy
 * @broker: its topology is locked
 * @old: to go, or NULL
 * @new: to come, or NULL
 */
void broker_policy_put_in_place(struct broker *broker, struct broker_policy *old,
				struct broker_policy *new)
{
	struct broker_queue_config config;
	struct broker_queue *queue;
	unsigned long id;
	u32 bits;

	lockdep_assert_held(&broker->topology);
	if (old)
		list_del_rcu(&old->node);
	if (new)
		policy_insert(broker, new);
	broker->nr_policies += !!new - !!old;
	broker_topology_changed(broker);

	bits = (old ? old->set : 0) | (new ? new->set : 0);
	xa_for_each(&broker->queue_ids, id, queue) {
		if ((!old || !broker_policy_matches(old, queue)) &&
		    (!new || !broker_policy_matches(new, queue)))
			continue;
		config = (struct broker_queue_config) {};
		WARN_ON_ONCE(policy_apply(queue, &queue->own, queue->own_set, bits, &config,
					  NULL));
		cond_resched();
	}
	broker_policy_free(old);
}

/* The namespace ends, and nobody is left to look. */
void broker_policies_exit(struct broker *broker)
{
	struct broker_policy *policy, *next;

	list_for_each_entry_safe(policy, next, &broker->policies, node)
		policy_free_rcu(&policy->rcu);
}
