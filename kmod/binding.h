/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_BINDING_H
#define _BROKER_BINDING_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>

#include "topic.h"

struct broker;
struct broker_exchange;
struct broker_headers;
struct broker_payer;
struct broker_queue;
struct broker_selector;
struct netlink_ext_ack;

/**
 * DOC: Bindings
 *
 * A binding leads from an exchange to a queue or to another exchange.  Source,
 * destination and key name it; its flags, its weight, its filter and what a
 * headers exchange compares may be changed.
 *
 * Lifetime: linked at both ends from new to delete, or until either end is
 * deleted.  Readers find it under RCU; it holds references on both ends, and is
 * freed after a grace period.
 */

/**
 * struct broker_binding - leads messages from an exchange on
 * @hash: in broker.bindings (topology)
 * @refs: one while linked, one per route that remembers it (atomic)
 * @rcu: frees it after routing under way (owner: last put)
 * @id: number (const)
 * @source: with a reference (const)
 * @queue: destination, with a reference, or NULL (const)
 * @exchange: destination, with a reference, or NULL (const)
 * @by_key: in source.keys, if that is direct (rcu)
 * @by_pattern: in source.topic, if that is topic (rcu)
 * @of_source: in source.all (rcu; changed under topology)
 * @of_destination: in queue.bindings or exchange.bound (topology)
 * @headers: what a headers exchange compares, or NULL (rcu; changed under topology)
 * @selector: what a message must pass besides, or NULL (rcu; changed under topology)
 * @flags: enum broker_binding_flags (topology; read anywhere)
 * @weight: its share in source.rings, if it has those (topology; read anywhere)
 * @payer: who is charged for it, with a reference (const)
 * @key_len: bytes of @key (const)
 * @key: key or pattern, NUL-terminated (const)
 */
struct broker_binding {
	struct rhash_head hash;
	refcount_t refs;
	struct rcu_head rcu;
	u32 id;
	struct broker_exchange *source;
	struct broker_queue *queue;
	struct broker_exchange *exchange;
	union {
		struct rhlist_head by_key;
		struct broker_topic_entry by_pattern;
	};
	struct list_head of_source;
	struct list_head of_destination;
	struct broker_headers __rcu *headers;
	struct broker_selector __rcu *selector;
	u32 flags;
	u32 weight;
	struct broker_payer *payer;
	u8 key_len;
	char key[];
};

/* Bindings of one exchange that have a filter: a publish may have to ask them all. */
#define BROKER_BINDING_FILTERS	1024

/**
 * struct broker_binding_config - what a binding is made with, or what of it to change
 * @set: BROKER_BINDING_SET_*: the members below that are given (const)
 * @flags: enum broker_binding_flags (const)
 * @weight: of a hash or split exchange (const)
 * @headers: of a headers exchange, else NULL; the binding's own on success (const)
 * @selector: filter, or NULL; the binding's own on success (const)
 * @payer: who was charged for a new one; the same (const)
 */
struct broker_binding_config {
	unsigned int set;
	u32 flags;
	u32 weight;
	struct broker_headers *headers;
	struct broker_selector *selector;
	struct broker_payer *payer;
};

#define BROKER_BINDING_SET_FLAGS	BIT(0)
#define BROKER_BINDING_SET_WEIGHT	BIT(1)
#define BROKER_BINDING_SET_HEADERS	BIT(2)
#define BROKER_BINDING_SET_FILTER	BIT(3)

/**
 * struct broker_binding_name - what names a binding
 * @source: where it starts (const)
 * @queue: where it leads, or NULL (const)
 * @exchange: where it leads, or NULL (const)
 * @key: key or pattern (const)
 * @key_len: bytes of it (const)
 */
struct broker_binding_name {
	struct broker_exchange *source;
	struct broker_queue *queue;
	struct broker_exchange *exchange;
	const char *key;
	u8 key_len;
};

extern const struct rhashtable_params broker_binding_params;
extern const struct rhashtable_params broker_binding_key_params;

/* Under broker.topology. */
struct broker_binding *broker_binding_new(struct broker *broker,
					  const struct broker_binding_name *name,
					  const struct broker_binding_config *config,
					  struct netlink_ext_ack *extack);
int broker_binding_set(struct broker_binding *binding, const struct broker_binding_config *config,
		       struct netlink_ext_ack *extack);
void broker_binding_unlink(struct broker_binding *binding);
struct broker_binding *broker_binding_lookup(struct broker *broker,
					     const struct broker_binding_name *name);

bool broker_binding_tryget(struct broker_binding *binding);
void broker_binding_put(struct broker_binding *binding);

#endif /* _BROKER_BINDING_H */
