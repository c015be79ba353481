// SPDX-License-Identifier: GPL-2.0
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "broker.h"
#include "deadletter.h"
#include "policy.h"
#include "queue.h"

#define SETTING(bit, member, how)						\
	{									\
		.set = BROKER_QUEUE_SET_##bit,					\
		.offset = offsetof(struct broker_queue_config, member),		\
		.size = sizeof_field(struct broker_queue_config, member),	\
		.bound = BROKER_BOUND_##how,					\
	}

/* To set one of these needs no memory: a policy cannot fail halfway. */
const struct broker_policy_setting broker_settings[] = {
	SETTING(MAX_MESSAGES, max_messages, LOW),
	SETTING(MAX_BYTES, max_bytes, LOW),
	SETTING(OVERFLOW, overflow, NONE),
	SETTING(LEVELS, levels, LOW),
	SETTING(TTL, ttl, NOT_ZERO),
	SETTING(LEASE, lease, NOT_ZERO),
	SETTING(MAX_DELIVERY, max_delivery, NOT_ZERO),
	SETTING(RETRY_MIN, retry_min, LOW),
	SETTING(RETRY_MAX, retry_max, LOW),
	SETTING(RETRY_JITTER, retry_jitter, LOW),
	SETTING(DEAD_LETTER, dead_letter, NONE),
	SETTING(DEDUPE_WINDOW, dedupe_window, LOW),
	SETTING(DEDUPE_MAX, dedupe_max, LOW),
	SETTING(EXPIRES, expires, NOT_ZERO),
	SETTING(SINGLE_ACTIVE, single_active, NONE),
	SETTING(MAX_RATE, max_rate, NOT_ZERO),
	SETTING(MAX_BURST, max_burst, NOT_ZERO),
};

const unsigned int broker_nr_settings = ARRAY_SIZE(broker_settings);

u64 broker_setting_get(const struct broker_policy_setting *setting,
		       const struct broker_queue_config *config)
{
	const void *at = (const char *)config + setting->offset;

	switch (setting->size) {
	case 1:
		return *(const u8 *)at;
	case 4:
		return *(const u32 *)at;
	default:
		return *(const u64 *)at;
	}
}

static void setting_copy(const struct broker_policy_setting *setting,
			 struct broker_queue_config *to, const struct broker_queue_config *from)
{
	memcpy((char *)to + setting->offset, (const char *)from + setting->offset, setting->size);
}

/* Whether @bound is lower than what @config has. */
static bool setting_exceeds(const struct broker_policy_setting *setting,
			    const struct broker_queue_config *config,
			    const struct broker_queue_config *bound)
{
	u64 value = broker_setting_get(setting, config), most = broker_setting_get(setting, bound);

	if (setting->bound == BROKER_BOUND_NOT_ZERO)
		return most && (!value || value > most);
	return value > most;
}

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

/*
 * What holds for a queue, of the settings in @bits, in @config; what is not among
 * them stays there.  Return: who had a say in it.
 */
static struct broker_policy_say policy_resolve(const struct broker *broker,
					       const char *name, u8 name_len,
					       const struct broker_queue_config *own,
					       unsigned int bits,
					       struct broker_queue_config *config)
{
	struct broker_policy_say say = {};
	unsigned int given = own->set, i;
	const struct broker_policy *policy;

	lockdep_assert_held(&broker->topology);
	for (i = 0; i < broker_nr_settings; i++)
		if (broker_settings[i].set & bits)
			setting_copy(&broker_settings[i], config, own);
	list_for_each_entry(policy, &broker->policies, node) {
		if (policy->cap || !policy_match(broker_policy_pattern(policy),
						 policy->pattern_len, name, name_len))
			continue;
		for (i = 0; i < broker_nr_settings; i++)
			if (broker_settings[i].set & bits & policy->settings.set & ~given)
				setting_copy(&broker_settings[i], config, &policy->settings);
		given |= policy->settings.set;
	}
	list_for_each_entry(policy, &broker->policies, node) {
		if (!policy->cap || !policy_match(broker_policy_pattern(policy),
						  policy->pattern_len, name, name_len))
			continue;
		for (i = 0; i < broker_nr_settings; i++) {
			const struct broker_policy_setting *setting = &broker_settings[i];

			if (setting->set & bits & policy->settings.set &&
			    setting_exceeds(setting, config, &policy->settings)) {
				setting_copy(setting, config, &policy->settings);
				say.capped |= setting->set;
			}
		}
	}
	say.by_policy = (given | say.capped) & ~own->set & bits;
	return say;
}

static unsigned int policy_all_bits(void)
{
	unsigned int bits = 0, i;

	for (i = 0; i < broker_nr_settings; i++)
		bits |= broker_settings[i].set;
	return bits;
}

/*
 * Makes @config, of a queue, what holds now in @bits.  If that fails, its own target
 * is the caller's still, and nothing has changed.
 */
static int policy_apply(struct broker_queue *queue, const struct broker_queue_config *own,
			unsigned int bits, struct broker_queue_config *config,
			struct netlink_ext_ack *extack)
{
	struct broker_policy_say before = queue->say, say;
	int err;

	say = policy_resolve(queue->broker, queue->name, queue->name_len, own, bits, config);
	if (bits & BROKER_QUEUE_SET_DEAD_LETTER)
		broker_target_get(config->dead_letter);
	/* Before those who are told of the change look. */
	WRITE_ONCE(queue->say.by_policy, (before.by_policy & ~bits) | say.by_policy);
	WRITE_ONCE(queue->say.capped, (before.capped & ~bits) | say.capped);
	config->set |= bits;
	err = broker_queue_set(queue, config, extack);
	if (!err)
		return 0;
	queue->say = before;
	if (bits & BROKER_QUEUE_SET_DEAD_LETTER)
		broker_target_put(config->dead_letter);
	return err;
}

/**
 * broker_policy_new_queue() - Make a queue as it and the policies say
 * @broker: its topology is locked
 * @config: what is said of it, in @set, and the defaults
 * @extack: gets the reason
 *
 * Return: as broker_queue_new(); the queue takes over @config->dead_letter then.
 */
struct broker_queue *broker_policy_new_queue(struct broker *broker,
					     const struct broker_queue_config *config,
					     struct netlink_ext_ack *extack)
{
	char made_up[BROKER_MAX_NAME + 1];
	struct broker_queue_config holds = *config;
	struct broker_policy_say say;
	struct broker_queue *queue;

	if (!holds.name_len) {
		holds.name = made_up;
		holds.name_len = broker_queue_make_name(broker, made_up);
	}
	say = policy_resolve(broker, holds.name, holds.name_len, config, policy_all_bits(),
			     &holds);
	broker_target_get(holds.dead_letter);
	queue = broker_queue_new(broker, &holds, config, &say, extack);
	if (IS_ERR(queue))
		broker_target_put(holds.dead_letter);
	return queue;
}

/**
 * broker_policy_set_queue() - Change what is said of a queue
 * @queue: linked; the broker's topology is locked
 * @config: what is said now, in @set
 * @extack: gets the reason
 *
 * Return: 0, and @config->dead_letter was taken over; or as broker_queue_set().
 */
int broker_policy_set_queue(struct broker_queue *queue, const struct broker_queue_config *config,
			    struct netlink_ext_ack *extack)
{
	struct broker_queue_config own = queue->own, holds = *config;
	unsigned int bits = config->set & policy_all_bits(), i;
	int err;

	lockdep_assert_held(&queue->broker->topology);
	for (i = 0; i < broker_nr_settings; i++)
		if (broker_settings[i].set & bits)
			setting_copy(&broker_settings[i], &own, config);
	own.set |= bits;
	err = policy_apply(queue, &own, bits, &holds, extack);
	if (err)
		return err;
	if (bits & BROKER_QUEUE_SET_DEAD_LETTER)
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
struct broker_policy *broker_policy_alloc(const struct broker_queue_config *settings,
					  const char *pattern, u8 pattern_len,
					  const char *name, u8 name_len)
{
	struct broker_policy *policy;

	policy = kzalloc(struct_size(policy, data, pattern_len + name_len + 2),
			 GFP_KERNEL_ACCOUNT);
	if (!policy)
		return NULL;
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
	unsigned int bits;
	unsigned long id;

	lockdep_assert_held(&broker->topology);
	if (old)
		list_del_rcu(&old->node);
	if (new)
		policy_insert(broker, new);
	broker->nr_policies += !!new - !!old;
	broker_topology_changed(broker);

	bits = (old ? old->settings.set : 0) | (new ? new->settings.set : 0);
	xa_for_each(&broker->queue_ids, id, queue) {
		if ((!old || !broker_policy_matches(old, queue)) &&
		    (!new || !broker_policy_matches(new, queue)))
			continue;
		config = (struct broker_queue_config) {};
		WARN_ON_ONCE(policy_apply(queue, &queue->own, bits, &config, NULL));
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
