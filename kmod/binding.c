// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/netlink.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "binding.h"
#include "broker.h"
#include "event.h"
#include "exchange.h"
#include "headers.h"
#include "limit.h"
#include "memory.h"
#include "queue.h"
#include "retained.h"
#include "ring.h"
#include "selector.h"
#include "table.h"

static u32 binding_name_hash(const void *data, u32 len, u32 seed)
{
	const struct broker_binding_name *name = data;
	u32 destination = name->queue ? name->queue->id : ~name->exchange->id;

	return jhash_2words(name->source->id, destination, jhash(name->key, name->key_len, seed));
}

static u32 binding_hash(const void *data, u32 len, u32 seed)
{
	const struct broker_binding *binding = data;
	struct broker_binding_name name = {
		.source = binding->source,
		.queue = binding->queue,
		.exchange = binding->exchange,
		.key = binding->key,
		.key_len = binding->key_len,
	};

	return binding_name_hash(&name, 0, seed);
}

static int binding_compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct broker_binding_name *name = arg->key;
	const struct broker_binding *binding = object;

	return name->source != binding->source || name->queue != binding->queue ||
	       name->exchange != binding->exchange || name->key_len != binding->key_len ||
	       memcmp(name->key, binding->key, name->key_len);
}

const struct rhashtable_params broker_binding_params = {
	.head_offset = offsetof(struct broker_binding, hash),
	.hashfn = binding_name_hash,
	.obj_hashfn = binding_hash,
	.obj_cmpfn = binding_compare,
	.automatic_shrinking = true,
};

static u32 binding_key_hash(const void *data, u32 len, u32 seed)
{
	const struct broker_binding *binding = data;

	return jhash(binding->key, binding->key_len, seed);
}

static int binding_key_compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct broker_binding *binding = object;

	return broker_table_compare(arg->key, binding->key, binding->key_len);
}

const struct rhashtable_params broker_binding_key_params = {
	.head_offset = offsetof(struct broker_binding, by_key),
	.hashfn = broker_table_hash,
	.obj_hashfn = binding_key_hash,
	.obj_cmpfn = binding_key_compare,
	.automatic_shrinking = true,
};

/* The binding of that name, or NULL; under topology. */
struct broker_binding *broker_binding_lookup(struct broker *broker,
					     const struct broker_binding_name *name)
{
	return rhashtable_lookup_fast(&broker->bindings, name, broker_binding_params);
}

bool broker_binding_tryget(struct broker_binding *binding)
{
	return refcount_inc_not_zero(&binding->refs);
}

static void binding_free_rcu(struct rcu_head *rcu)
{
	struct broker_binding *binding = container_of(rcu, struct broker_binding, rcu);

	broker_headers_free(rcu_dereference_protected(binding->headers, true));
	kfree(binding);
}

void broker_binding_put(struct broker_binding *binding)
{
	if (binding && refcount_dec_and_test(&binding->refs)) {
		broker_selector_free(rcu_dereference_protected(binding->selector, true));
		broker_exchange_put(binding->source);
		broker_exchange_put(binding->exchange);
		broker_queue_put(binding->queue);
		call_rcu(&binding->rcu, binding_free_rcu);
	}
}

static int binding_check(struct broker *broker, const struct broker_binding_name *name,
			 struct netlink_ext_ack *extack)
{
	if (!name->source->name_len || (name->exchange && !name->exchange->name_len)) {
		NL_SET_ERR_MSG_MOD(extack, "the default exchange takes no bindings");
		return -EPERM;
	}
	if (name->exchange && broker_exchange_reaches(name->exchange, name->source)) {
		NL_SET_ERR_MSG_MOD(extack, "the binding would close a cycle of exchanges");
		return -ELOOP;
	}
	if (broker_binding_lookup(broker, name)) {
		NL_SET_ERR_MSG_MOD(extack, "this binding exists");
		return -EEXIST;
	}
	return 0;
}

static struct broker_binding *binding_alloc(const struct broker_binding_name *name,
					    const struct broker_binding_config *config)
{
	struct broker_binding *binding;

	binding = kzalloc(struct_size(binding, key, name->key_len + 1), BROKER_GFP);
	if (!binding)
		return NULL;
	refcount_set(&binding->refs, 1);
	binding->source = name->source;
	binding->queue = name->queue;
	binding->exchange = name->exchange;
	RCU_INIT_POINTER(binding->headers, config->headers);
	RCU_INIT_POINTER(binding->selector, config->selector);
	binding->flags = config->flags;
	binding->weight = config->weight;
	binding->key_len = name->key_len;
	memcpy(binding->key, name->key, name->key_len);
	return binding;
}

/* Puts it where its exchange's type looks for it. */
static int binding_link_type(struct broker_binding *binding, struct netlink_ext_ack *extack)
{
	struct broker_table_key key = { binding->key, binding->key_len };
	struct broker_exchange *source = binding->source;

	switch (source->type) {
	case BROKER_EXCHANGE_TYPE_DIRECT:
		/* With the key: those that have it in common share one place. */
		return rhltable_insert_key(&source->keys, &key, &binding->by_key,
					   broker_binding_key_params);
	case BROKER_EXCHANGE_TYPE_TOPIC:
		return broker_topic_add(&source->topic, binding->key, binding->key_len,
					&binding->by_pattern);
	case BROKER_EXCHANGE_TYPE_HASH:
	case BROKER_EXCHANGE_TYPE_SPLIT:
		return broker_rings_add(binding, extack);
	default:
		return 0;
	}
}

static void binding_unlink_type(struct broker_binding *binding)
{
	struct broker_exchange *source = binding->source;

	if (source->type == BROKER_EXCHANGE_TYPE_DIRECT)
		rhltable_remove(&source->keys, &binding->by_key, broker_binding_key_params);
	else if (source->type == BROKER_EXCHANGE_TYPE_TOPIC)
		broker_topic_del(&source->topic, &binding->by_pattern);
	else if (broker_exchange_has_rings(source))
		broker_rings_del(binding);
}

/* How many divert, so that routing looks for such only where there are some. */
static void binding_count_divert(struct broker_binding *binding, int change)
{
	struct broker_exchange *source = binding->source;

	if (binding->flags & BROKER_BINDING_FLAGS_DIVERT && !broker_exchange_has_rings(source))
		WRITE_ONCE(source->nr_diverts, source->nr_diverts + change);
}

/* Whether @source may have one binding more with a filter: each may match all messages. */
static int binding_check_filter(const struct broker_exchange *source,
				struct netlink_ext_ack *extack)
{
	if (source->nr_filters < BROKER_BINDING_FILTERS)
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "the exchange has 1024 bindings with a filter");
	return -ENOSPC;
}

static void binding_link_destination(struct broker_binding *binding)
{
	struct broker_queue *queue = binding->queue;

	/* Both ends are linked, hence referenced, while topology is held. */
	refcount_inc(&binding->source->refs);
	if (queue) {
		refcount_inc(&queue->refs);
		list_add_tail(&binding->of_destination, &queue->bindings);
		WRITE_ONCE(queue->nr_bindings, queue->nr_bindings + 1);
	} else {
		refcount_inc(&binding->exchange->refs);
		list_add_tail(&binding->of_destination, &binding->exchange->bound);
	}
}

static struct broker_binding *binding_link(struct broker *broker,
					   const struct broker_binding_name *name,
					   const struct broker_binding_config *config,
					   struct netlink_ext_ack *extack)
{
	struct broker_binding *binding;
	int err = config->selector ? binding_check_filter(name->source, extack) : 0;

	if (err)
		return ERR_PTR(err);
	binding = binding_alloc(name, config);
	if (!binding)
		return ERR_PTR(-ENOMEM);
	err = broker_table_number(&broker->binding_ids, &binding->id, &broker->next_binding);
	if (err)
		goto err_free;
	err = rhashtable_insert_fast(&broker->bindings, &binding->hash, broker_binding_params);
	if (err)
		goto err_number;
	binding_link_destination(binding);
	err = binding_link_type(binding, extack);
	if (err)
		goto err_destination;
	binding->payer = config->payer;
	list_add_tail_rcu(&binding->of_source, &name->source->all);
	binding_count_divert(binding, 1);
	name->source->nr_filters += config->selector ? 1 : 0;
	WRITE_ONCE(name->source->nr_bindings, name->source->nr_bindings + 1);
	xa_store(&broker->binding_ids, binding->id, binding, GFP_KERNEL);
	WRITE_ONCE(broker->nr_bindings, broker->nr_bindings + 1);
	broker_topology_changed(broker);
	broker_event_binding(binding);
	return binding;

err_destination:
	list_del(&binding->of_destination);
	if (name->queue)
		WRITE_ONCE(name->queue->nr_bindings, name->queue->nr_bindings - 1);
	rhashtable_remove_fast(&broker->bindings, &binding->hash, broker_binding_params);
	xa_release(&broker->binding_ids, binding->id);
	RCU_INIT_POINTER(binding->headers, NULL);
	RCU_INIT_POINTER(binding->selector, NULL);
	broker_binding_put(binding);
	return ERR_PTR(err);
err_number:
	xa_release(&broker->binding_ids, binding->id);
err_free:
	kfree(binding);
	return ERR_PTR(err);
}

/* The same where the exchange may retain messages, which the queue gets. */
static struct broker_binding *binding_link_retained(struct broker *broker,
						    const struct broker_binding_name *name,
						    const struct broker_binding_config *config,
						    struct netlink_ext_ack *extack)
{
	struct broker_binding *binding;
	struct broker_offer offer;
	int err;

	mutex_lock(&broker->retain_mutex);
	err = broker_offer_prepare(&offer, name, config->selector, extack);
	if (!err) {
		binding = binding_link(broker, name, config, extack);
		if (IS_ERR(binding))
			broker_offer_abort(&offer);
		else
			broker_offer_commit(&offer);
	}
	mutex_unlock(&broker->retain_mutex);
	return err ? ERR_PTR(err) : binding;
}

/**
 * broker_binding_new() - Bind a queue or an exchange to an exchange
 * @broker: its topology is locked
 * @name: both ends, linked, and a checked key
 * @config: all of it counts but @set
 * @extack: gets the reason
 *
 * Return: the binding; or -EEXIST, -ELOOP, -EPERM (default exchange), -ENOSPC (weights,
 * filters, or no room in the queue for what is retained), -ENOMEM.
 */
struct broker_binding *broker_binding_new(struct broker *broker,
					  const struct broker_binding_name *name,
					  const struct broker_binding_config *config,
					  struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&broker->topology);
	err = binding_check(broker, name, extack);
	if (err)
		return ERR_PTR(err);
	return name->source->retention && name->queue ?
	       binding_link_retained(broker, name, config, extack) :
	       binding_link(broker, name, config, extack);
}

/**
 * broker_binding_set() - Change what @config->set names
 * @binding: linked; the broker's topology is locked
 * @config: the new values
 * @extack: gets the reason
 *
 * Return: 0; -ENOSPC: the weights, or the filters, are too many; -ENOMEM.
 */
int broker_binding_set(struct broker_binding *binding, const struct broker_binding_config *config,
		       struct netlink_ext_ack *extack)
{
	u32 weight = config->set & BROKER_BINDING_SET_WEIGHT ? config->weight : binding->weight;
	u32 flags = config->set & BROKER_BINDING_SET_FLAGS ? config->flags : binding->flags;
	struct broker *broker = binding->source->broker;
	struct broker_selector *old_selector = NULL;
	struct broker_headers *old = NULL;
	int err;

	lockdep_assert_held(&broker->topology);
	if (config->set & BROKER_BINDING_SET_FILTER && config->selector &&
	    !rcu_access_pointer(binding->selector)) {
		err = binding_check_filter(binding->source, extack);
		if (err)
			return err;
	}
	if (broker_exchange_has_rings(binding->source)) {
		err = broker_rings_set(binding, flags, weight, extack);
		if (err)
			return err;
	} else {
		write_seqcount_begin(&binding->source->flagging);
		binding_count_divert(binding, -1);
		WRITE_ONCE(binding->flags, flags);
		binding_count_divert(binding, 1);
		write_seqcount_end(&binding->source->flagging);
	}
	if (config->set & BROKER_BINDING_SET_HEADERS)
		old = rcu_replace_pointer(binding->headers, config->headers,
					  lockdep_is_held(&broker->topology));
	if (config->set & BROKER_BINDING_SET_FILTER) {
		old_selector = rcu_replace_pointer(binding->selector, config->selector,
						   lockdep_is_held(&broker->topology));
		binding->source->nr_filters += !!config->selector - !!old_selector;
	}
	broker_topology_changed(broker);
	broker_event_binding(binding);
	broker_selector_free(old_selector);
	/* One allocation, as headers.h says. */
	if (old)
		kfree_rcu_mightsleep(old);
	return 0;
}

/* Unlinks a binding from both ends; the broker's topology is locked. */
void broker_binding_unlink(struct broker_binding *binding)
{
	struct broker_exchange *source = binding->source;
	struct broker *broker = source->broker;

	lockdep_assert_held(&broker->topology);
	rhashtable_remove_fast(&broker->bindings, &binding->hash, broker_binding_params);
	xa_erase(&broker->binding_ids, binding->id);
	WRITE_ONCE(broker->nr_bindings, broker->nr_bindings - 1);
	binding_unlink_type(binding);
	binding_count_divert(binding, -1);
	source->nr_filters -= rcu_access_pointer(binding->selector) ? 1 : 0;
	list_del_rcu(&binding->of_source);
	WRITE_ONCE(source->nr_bindings, source->nr_bindings - 1);
	list_del(&binding->of_destination);
	if (binding->queue)
		WRITE_ONCE(binding->queue->nr_bindings, binding->queue->nr_bindings - 1);
	broker_topology_changed(broker);
	broker_event_binding_deleted(binding);
	broker_payer_uncharge(binding->payer, BROKER_LIMIT_BINDINGS, 1);
	broker_payer_put(binding->payer);
	broker_exchange_unused(source);
	broker_binding_put(binding);
}
