// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "acl.h"
#include "binding.h"
#include "broker.h"
#include "event.h"
#include "exchange.h"
#include "memory.h"
#include "retained.h"
#include "rewrite.h"
#include "table.h"

/* Frees exchanges: their tables want process context and a grace period. */
struct workqueue_struct *broker_wq;

int broker_exchange_init(void)
{
	/* Not for memory reclaim: destroying a table waits for work of the kernel's that is not. */
	broker_wq = alloc_workqueue("broker", WQ_UNBOUND, 0);
	return broker_wq ? 0 : -ENOMEM;
}

/* Waits for all that were put. */
void broker_exchange_exit(void)
{
	rcu_barrier();
	destroy_workqueue(broker_wq);
}

static u32 exchange_hash(const void *data, u32 len, u32 seed)
{
	const struct broker_exchange *exchange = data;

	return jhash(exchange->name, exchange->name_len, seed);
}

static int exchange_compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct broker_exchange *exchange = object;

	return broker_table_compare(arg->key, exchange->name, exchange->name_len);
}

const struct rhashtable_params broker_exchange_params = {
	.head_offset = offsetof(struct broker_exchange, hash),
	.hashfn = broker_table_hash,
	.obj_hashfn = exchange_hash,
	.obj_cmpfn = exchange_compare,
	.automatic_shrinking = true,
};

/* The exchange of that name, or NULL; under RCU, or topology. */
struct broker_exchange *broker_exchange_lookup(struct broker *broker, const char *name,
					       size_t len)
{
	struct broker_table_key key = { name, len };

	return rhashtable_lookup_fast(&broker->exchanges, &key, broker_exchange_params);
}

/* Makes what finds its bindings. */
static int exchange_init_type(struct broker_exchange *exchange)
{
	switch (exchange->type) {
	case BROKER_EXCHANGE_TYPE_DIRECT:
		return rhltable_init(&exchange->keys, &broker_binding_key_params);
	case BROKER_EXCHANGE_TYPE_TOPIC:
		return broker_topic_init(&exchange->topic, &exchange->broker->topology);
	default:
		return 0;
	}
}

static void exchange_destroy_type(struct broker_exchange *exchange)
{
	if (exchange->type == BROKER_EXCHANGE_TYPE_DIRECT) {
		rhltable_destroy(&exchange->keys);
	} else if (exchange->type == BROKER_EXCHANGE_TYPE_TOPIC) {
		broker_topic_destroy(&exchange->topic);
	} else if (broker_exchange_has_rings(exchange)) {
		broker_rings_free(exchange);
		kfree(rcu_dereference_protected(exchange->hash_header, true));
	}
}

static void exchange_free_work(struct work_struct *work)
{
	struct broker_exchange *exchange =
		container_of(to_rcu_work(work), struct broker_exchange, free);

	exchange_destroy_type(exchange);
	broker_acl_free(rcu_dereference_protected(exchange->acl, true));
	broker_retention_free(exchange->retention);
	kfree(rcu_dereference_protected(exchange->rewrite, true));
	free_percpu(exchange->stats);
	kfree(exchange);
}

bool broker_exchange_tryget(struct broker_exchange *exchange)
{
	return refcount_inc_not_zero(&exchange->refs);
}

void broker_exchange_put(struct broker_exchange *exchange)
{
	if (exchange && refcount_dec_and_test(&exchange->refs))
		queue_rcu_work(broker_wq, &exchange->free);
}

static struct broker_exchange *exchange_alloc(struct broker *broker,
					      const struct broker_exchange_config *config)
{
	struct broker_exchange *exchange;

	exchange = kzalloc(struct_size(exchange, name, config->name_len + 1), BROKER_GFP);
	if (!exchange)
		return NULL;
	exchange->stats = alloc_percpu_gfp(struct broker_stats, BROKER_GFP);
	if (!exchange->stats) {
		kfree(exchange);
		return NULL;
	}
	refcount_set(&exchange->refs, 1);
	INIT_RCU_WORK(&exchange->free, exchange_free_work);
	exchange->broker = broker;
	exchange->type = config->type;
	exchange->flags = config->flags;
	broker_access_init(&exchange->access, config->uid, config->gid, config->mode);
	INIT_LIST_HEAD(&exchange->alternate_of);
	INIT_LIST_HEAD(&exchange->of_alternate);
	INIT_LIST_HEAD(&exchange->all);
	seqcount_mutex_init(&exchange->flagging, &broker->topology);
	INIT_LIST_HEAD(&exchange->bound);
	INIT_LIST_HEAD(&exchange->walk);
	exchange->name_len = config->name_len;
	memcpy(exchange->name, config->name, config->name_len);
	return exchange;
}

static struct broker_exchange *exchange_alternate(const struct broker_exchange *exchange)
{
	return rcu_dereference_protected(exchange->alternate,
					 lockdep_is_held(&exchange->broker->topology));
}

static void exchange_visit(struct broker_exchange *exchange, struct list_head *walk)
{
	if (exchange && !exchange->seen) {
		exchange->seen = true;
		list_add_tail(&exchange->walk, walk);
	}
}

/**
 * broker_exchange_reaches() - Whether a message at @from could come to @to
 * @from: where it is; topology is locked
 * @to: where it might come, by bindings and alternates
 */
bool broker_exchange_reaches(struct broker_exchange *from, struct broker_exchange *to)
{
	struct broker_exchange *at, *next;
	struct broker_binding *binding;
	LIST_HEAD(walk);
	bool reached;

	lockdep_assert_held(&from->broker->topology);
	exchange_visit(from, &walk);
	list_for_each_entry(at, &walk, walk) {
		list_for_each_entry(binding, &at->all, of_source)
			exchange_visit(binding->exchange, &walk);
		exchange_visit(exchange_alternate(at), &walk);
	}
	reached = to->seen;
	list_for_each_entry_safe(at, next, &walk, walk) {
		at->seen = false;
		list_del_init(&at->walk);
	}
	return reached;
}

/* Finds the alternate a configuration names; NULL: none. */
static struct broker_exchange *exchange_find_alternate(struct broker *broker,
						       const struct broker_exchange_config *config,
						       struct broker_exchange *of,
						       struct netlink_ext_ack *extack)
{
	struct broker_exchange *alternate;

	if (!config->alternate_len)
		return NULL;
	alternate = broker_exchange_lookup(broker, config->alternate, config->alternate_len);
	if (!alternate) {
		NL_SET_ERR_MSG_MOD(extack, "no such alternate exchange");
		return ERR_PTR(-ENOENT);
	}
	if (of && broker_exchange_reaches(alternate, of)) {
		NL_SET_ERR_MSG_MOD(extack, "the alternate exchange leads back to this one");
		return ERR_PTR(-ELOOP);
	}
	return alternate;
}

static void exchange_set_alternate(struct broker_exchange *exchange,
				   struct broker_exchange *alternate)
{
	rcu_assign_pointer(exchange->alternate, alternate);
	list_del_init(&exchange->of_alternate);
	if (alternate)
		list_add_tail(&exchange->of_alternate, &alternate->alternate_of);
}

/* What a configuration says of the header to hash; NULL: none. */
static struct broker_hash_header *hash_header_new(const struct broker_exchange_config *config,
						  u32 type, struct netlink_ext_ack *extack)
{
	struct broker_hash_header *header;

	if (!config->hash_header_len)
		return NULL;
	if (type != BROKER_EXCHANGE_TYPE_HASH) {
		NL_SET_ERR_MSG_MOD(extack, "only an exchange of type hash hashes a header");
		return ERR_PTR(-EINVAL);
	}
	header = kzalloc(struct_size(header, name, config->hash_header_len + 1), BROKER_GFP);
	if (!header)
		return ERR_PTR(-ENOMEM);
	header->len = config->hash_header_len;
	memcpy(header->name, config->hash_header, header->len);
	return header;
}

static void exchange_set_hash_header(struct broker_exchange *exchange,
				     struct broker_hash_header *header)
{
	header = rcu_replace_pointer(exchange->hash_header, header,
				     lockdep_is_held(&exchange->broker->topology));
	if (header)
		kfree_rcu(header, rcu);
}

/* What a configuration says of keys to rewrite; NULL: none. */
static struct broker_rewrite *rewrite_new(const struct broker_exchange_config *config)
{
	struct broker_rewrite *rewrite;

	if (!config->rewrite_from_len && !config->rewrite_to_len)
		return NULL;
	rewrite = broker_rewrite_new(config->rewrite_from, config->rewrite_from_len,
				     config->rewrite_to, config->rewrite_to_len);
	return rewrite ?: ERR_PTR(-ENOMEM);
}

static void exchange_set_rewrite(struct broker_exchange *exchange, struct broker_rewrite *rewrite)
{
	rewrite = rcu_replace_pointer(exchange->rewrite, rewrite,
				      lockdep_is_held(&exchange->broker->topology));
	if (rewrite)
		kfree_rcu(rewrite, rcu);
}

/* Limits are for those that retain. */
static int exchange_check_retention(const struct broker_retention *retention,
				    const struct broker_exchange_config *config,
				    struct netlink_ext_ack *extack)
{
	if (retention || !(config->retain_max || config->retain_max_bytes))
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "this exchange was not made to retain messages");
	return -ENODATA;
}

/* Makes what it retains messages in, if it does. */
static int exchange_init_retention(struct broker_exchange *exchange,
				   const struct broker_exchange_config *config,
				   struct netlink_ext_ack *extack)
{
	if (!(config->flags & BROKER_EXCHANGE_FLAGS_RETAIN))
		return exchange_check_retention(NULL, config, extack);
	if (config->type > BROKER_EXCHANGE_TYPE_TOPIC) {
		NL_SET_ERR_MSG_MOD(extack,
				   "only an exchange of type direct, fanout or topic retains");
		return -EPROTOTYPE;
	}
	exchange->retention = broker_retention_new(config->retain_max ?:
						   BROKER_DEFAULT_RETAIN_MAX,
						   config->retain_max_bytes ?:
						   BROKER_DEFAULT_RETAIN_MAX_BYTES);
	return exchange->retention ? 0 : -ENOMEM;
}

/**
 * broker_exchange_new() - Make an exchange and link it
 * @broker: its topology is locked
 * @config: all of it counts but @set; names are checked
 * @predeclared: it is the broker's own
 * @extack: gets the reason
 *
 * Return: the exchange, which the broker's tables own; or -EEXIST, -ENOENT (the
 * alternate), -EINVAL, -EPROTOTYPE, -ENODATA (what another type or flag has), -ENOMEM.
 */
struct broker_exchange *broker_exchange_new(struct broker *broker,
					    const struct broker_exchange_config *config,
					    bool predeclared, struct netlink_ext_ack *extack)
{
	struct broker_exchange *exchange, *alternate;
	struct broker_hash_header *header;
	struct broker_rewrite *rewrite;
	int err;

	lockdep_assert_held(&broker->topology);
	if (broker_exchange_lookup(broker, config->name, config->name_len)) {
		NL_SET_ERR_MSG_MOD(extack, "an exchange of this name exists");
		return ERR_PTR(-EEXIST);
	}
	alternate = exchange_find_alternate(broker, config, NULL, extack);
	if (IS_ERR(alternate))
		return alternate;
	header = hash_header_new(config, config->type, extack);
	if (IS_ERR(header))
		return ERR_CAST(header);
	rewrite = rewrite_new(config);
	if (IS_ERR(rewrite)) {
		kfree(header);
		return ERR_CAST(rewrite);
	}

	err = -ENOMEM;
	exchange = exchange_alloc(broker, config);
	if (!exchange)
		goto err_settings;
	exchange->predeclared = predeclared;
	exchange->protected = config->protected;
	err = exchange_init_retention(exchange, config, extack);
	if (err)
		goto err_free;
	err = exchange_init_type(exchange);
	if (err)
		goto err_free;
	err = broker_table_number(&broker->exchange_ids, &exchange->id, &broker->next_exchange);
	if (err)
		goto err_type;
	err = rhashtable_insert_fast(&broker->exchanges, &exchange->hash, broker_exchange_params);
	if (err)
		goto err_number;
	exchange_set_alternate(exchange, alternate);
	if (header)
		exchange_set_hash_header(exchange, header);
	exchange_set_rewrite(exchange, rewrite);
	xa_store(&broker->exchange_ids, exchange->id, exchange, GFP_KERNEL);
	WRITE_ONCE(broker->nr_exchanges, broker->nr_exchanges + 1);
	broker_topology_changed(broker);
	broker_event_exchange(exchange);
	return exchange;

err_number:
	xa_release(&broker->exchange_ids, exchange->id);
err_type:
	exchange_destroy_type(exchange);
err_free:
	broker_retention_free(exchange->retention);
	free_percpu(exchange->stats);
	kfree(exchange);
err_settings:
	kfree(rewrite);
	kfree(header);
	return ERR_PTR(err);
}

/**
 * broker_exchange_set() - Change what @config->set names
 * @exchange: linked; the broker's topology is locked
 * @config: the new values
 * @extack: gets the reason
 *
 * Return: 0; -ENOENT: no such alternate; -ELOOP: it leads back here; -EPERM: the
 * default exchange takes none; -EOPNOTSUPP: nor does it rewrite; -EINVAL: a setting
 * of another type; -ENOMEM.
 */
int broker_exchange_set(struct broker_exchange *exchange,
			const struct broker_exchange_config *config,
			struct netlink_ext_ack *extack)
{
	struct broker_exchange *alternate = NULL;
	struct broker *broker = exchange->broker;
	struct broker_hash_header *header;
	struct broker_rewrite *rewrite;
	kuid_t uid;
	kgid_t gid;
	u16 mode;
	int err;

	lockdep_assert_held(&broker->topology);
	if (config->set & BROKER_EXCHANGE_SET_ALTERNATE) {
		if (!exchange->name_len && config->alternate_len) {
			NL_SET_ERR_MSG_MOD(extack, "the default exchange has no alternate");
			return -EPERM;
		}
		alternate = exchange_find_alternate(broker, config, exchange, extack);
		if (IS_ERR(alternate))
			return PTR_ERR(alternate);
	}
	header = hash_header_new(config, exchange->type, extack);
	if (IS_ERR(header))
		return PTR_ERR(header);
	err = exchange_check_retention(exchange->retention, config, extack);
	if (err) {
		kfree(header);
		return err;
	}
	if (!exchange->name_len && (config->rewrite_from_len || config->rewrite_to_len)) {
		NL_SET_ERR_MSG_MOD(extack, "the default exchange rewrites no keys");
		kfree(header);
		return -EOPNOTSUPP;
	}
	rewrite = rewrite_new(config);
	if (IS_ERR(rewrite)) {
		kfree(header);
		return PTR_ERR(rewrite);
	}
	/* Nothing fails from here on. */
	if (config->set & BROKER_EXCHANGE_SET_REWRITE)
		exchange_set_rewrite(exchange, rewrite);
	if (config->retain_max || config->retain_max_bytes)
		broker_retention_set(exchange, config->retain_max ?: exchange->retention->max,
				     config->retain_max_bytes ?: exchange->retention->max_bytes);
	if (config->set & BROKER_EXCHANGE_SET_ALTERNATE)
		exchange_set_alternate(exchange, alternate);
	if (config->set & BROKER_EXCHANGE_SET_HASH_HEADER &&
	    exchange->type == BROKER_EXCHANGE_TYPE_HASH)
		exchange_set_hash_header(exchange, header);
	broker_access_read(&exchange->access, &uid, &gid, &mode);
	broker_access_set(&exchange->access,
			  config->set & BROKER_EXCHANGE_SET_UID ? config->uid : uid,
			  config->set & BROKER_EXCHANGE_SET_GID ? config->gid : gid,
			  config->set & BROKER_EXCHANGE_SET_MODE ? config->mode : mode);
	if (config->set & BROKER_EXCHANGE_SET_PROTECTED)
		WRITE_ONCE(exchange->protected, config->protected);
	broker_topology_changed(broker);
	broker_event_exchange(exchange);
	return 0;
}

static void exchange_unlink(struct broker_exchange *exchange)
{
	struct broker *broker = exchange->broker;
	struct broker_exchange *other, *next_other;
	struct broker_binding *binding, *next;

	lockdep_assert_held(&broker->topology);
	exchange->dead = true;
	broker_acl_clear(exchange);
	rhashtable_remove_fast(&broker->exchanges, &exchange->hash, broker_exchange_params);
	xa_erase(&broker->exchange_ids, exchange->id);
	WRITE_ONCE(broker->nr_exchanges, broker->nr_exchanges - 1);
	list_del_init(&exchange->walk);
	list_for_each_entry_safe(other, next_other, &exchange->alternate_of, of_alternate)
		exchange_set_alternate(other, NULL);
	exchange_set_alternate(exchange, NULL);
	list_for_each_entry_safe(binding, next, &exchange->all, of_source)
		broker_binding_unlink(binding);
	list_for_each_entry_safe(binding, next, &exchange->bound, of_destination)
		broker_binding_unlink(binding);
	if (exchange->retention)
		broker_retention_end(exchange);
	broker_topology_changed(broker);
	broker_event_exchange_deleted(exchange);
	broker_exchange_put(exchange);
}

/**
 * broker_exchange_delete() - Unlink an exchange and its bindings
 * @exchange: linked; the broker's topology is locked
 * @extack: gets the reason
 *
 * Those that had it as their alternate have none afterwards.
 *
 * Return: 0; -EPERM: it is the broker's own; -EBUSY: it is protected.
 */
int broker_exchange_delete(struct broker_exchange *exchange, struct netlink_ext_ack *extack)
{
	if (exchange->predeclared) {
		NL_SET_ERR_MSG_MOD(extack, "a predeclared exchange cannot be deleted");
		return -EPERM;
	}
	if (exchange->protected) {
		NL_SET_ERR_MSG_MOD(extack,
				   "the exchange is protected: first set protected to off");
		return -EBUSY;
	}
	exchange_unlink(exchange);
	return 0;
}

/**
 * broker_exchange_unused() - Delete an auto-delete exchange without bindings
 * @exchange: has just lost a binding; the broker's topology is locked
 *
 * Deleting one may leave another without bindings, and so on along a chain as
 * long as one likes: hence a list in place of recursion.
 */
void broker_exchange_unused(struct broker_exchange *exchange)
{
	struct broker *broker = exchange->broker;

	lockdep_assert_held(&broker->topology);
	if (!(exchange->flags & BROKER_EXCHANGE_FLAGS_AUTO_DELETE) || exchange->nr_bindings ||
	    exchange->dead || !list_empty(&exchange->walk))
		return;
	list_add_tail(&exchange->walk, &broker->unused);
	if (broker->reaping)
		return;
	broker->reaping = true;
	while (!list_empty(&broker->unused))
		exchange_unlink(list_first_entry(&broker->unused, struct broker_exchange, walk));
	broker->reaping = false;
}

/* The exchanges that every broker has; to bind to them is for whom root lets. */
static const struct {
	const char *name;
	u32 type;
	u16 mode;
} exchange_predeclared[] = {
	{ "", BROKER_EXCHANGE_TYPE_DIRECT, 0762 },
	{ "broker.direct", BROKER_EXCHANGE_TYPE_DIRECT, 0762 },
	{ "broker.fanout", BROKER_EXCHANGE_TYPE_FANOUT, 0762 },
	{ "broker.topic", BROKER_EXCHANGE_TYPE_TOPIC, 0762 },
	{ "broker.headers", BROKER_EXCHANGE_TYPE_HEADERS, 0762 },
	{ "broker.events", BROKER_EXCHANGE_TYPE_TOPIC, 0740 },
};

/* Makes them, owned by the root of the namespace's user namespace. */
int broker_exchange_predeclare(struct broker *broker)
{
	kuid_t uid = make_kuid(broker->net->user_ns, 0);
	kgid_t gid = make_kgid(broker->net->user_ns, 0);
	struct broker_exchange *exchange;
	int i, err = 0;

	mutex_lock(&broker->topology);
	for (i = 0; i < ARRAY_SIZE(exchange_predeclared) && !err; i++) {
		struct broker_exchange_config config = {
			.name = exchange_predeclared[i].name,
			.name_len = strlen(exchange_predeclared[i].name),
			.type = exchange_predeclared[i].type,
			.uid = uid_valid(uid) ? uid : GLOBAL_ROOT_UID,
			.gid = gid_valid(gid) ? gid : GLOBAL_ROOT_GID,
			.mode = exchange_predeclared[i].mode,
		};

		exchange = broker_exchange_new(broker, &config, true, NULL);
		err = PTR_ERR_OR_ZERO(exchange);
		if (!err && !config.name_len)
			broker->default_exchange = exchange;
	}
	mutex_unlock(&broker->topology);
	return err;
}

/* Unlinks all, at the end of the broker. */
void broker_exchange_end(struct broker *broker)
{
	struct broker_exchange *exchange;
	unsigned long id;

	mutex_lock(&broker->topology);
	xa_for_each(&broker->exchange_ids, id, exchange)
		exchange_unlink(exchange);
	mutex_unlock(&broker->topology);
}
