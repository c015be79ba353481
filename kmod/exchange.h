/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_EXCHANGE_H
#define _BROKER_EXCHANGE_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/seqlock.h>
#include <linux/workqueue.h>

#include <uapi/linux/broker_netlink.h>

#include "access.h"
#include "broker.h"
#include "ring.h"
#include "topic.h"

struct broker_acl;
struct broker_retention;
struct broker_rewrite;
struct netlink_ext_ack;

/**
 * DOC: Exchanges
 *
 * An exchange routes: it finds the bindings that match a message.  It stores
 * nothing but what it retains (retained.h).  Bindings may lead to other exchanges,
 * and an alternate exchange gets what no binding matches; neither may form a cycle,
 * so routing always ends.
 *
 * What it takes to find bindings depends on the type: a hash table of keys
 * (direct), a trie (topic), a ring of points (hash, split), a list (fanout;
 * headers, which must try each).
 *
 * Lifetime: linked from new to delete; a deleted exchange is freed, after a
 * grace period, when its bindings are.
 */

/**
 * struct broker_exchange_config - what an exchange is made with, or what to change
 * @set: BROKER_EXCHANGE_SET_*: the members below that are given (const)
 * @name: name (const)
 * @name_len: bytes of it (const)
 * @type: enum broker_exchange_type (const)
 * @flags: enum broker_exchange_flags (const)
 * @alternate: name; empty: none (const)
 * @alternate_len: bytes of it (const)
 * @protected: no request deletes it (const)
 * @uid: owner (const)
 * @gid: group (const)
 * @mode: nine permission bits (const)
 * @hash_header: what a hash exchange hashes; empty: the routing key (const)
 * @hash_header_len: bytes of it (const)
 * @rewrite_from: pattern of keys to rewrite; if @rewrite_to is empty as well: none (const)
 * @rewrite_to: template of new keys; both passed broker_rewrite_check() (const)
 * @rewrite_from_len: bytes of it (const)
 * @rewrite_to_len: bytes of it (const)
 * @retain_max: most messages it retains (const)
 * @retain_max_bytes: most bytes of them (const)
 */
struct broker_exchange_config {
	unsigned int set;
	const char *name;
	u8 name_len;
	u32 type;
	u32 flags;
	const char *alternate;
	u8 alternate_len;
	bool protected;
	kuid_t uid;
	kgid_t gid;
	u16 mode;
	const char *hash_header;
	u8 hash_header_len;
	const char *rewrite_from;
	const char *rewrite_to;
	u8 rewrite_from_len;
	u8 rewrite_to_len;
	u32 retain_max;
	u64 retain_max_bytes;
};

#define BROKER_EXCHANGE_SET_ALTERNATE	BIT(0)
#define BROKER_EXCHANGE_SET_UID		BIT(1)
#define BROKER_EXCHANGE_SET_GID		BIT(2)
#define BROKER_EXCHANGE_SET_MODE	BIT(3)
#define BROKER_EXCHANGE_SET_HASH_HEADER	BIT(4)
#define BROKER_EXCHANGE_SET_PROTECTED	BIT(5)
#define BROKER_EXCHANGE_SET_REWRITE	BIT(6)
#define BROKER_EXCHANGE_SET_RETAIN_MAX	BIT(7)
#define BROKER_EXCHANGE_SET_RETAIN_MAX_BYTES	BIT(8)

/* Whose it is, and its mode. */
#define BROKER_EXCHANGE_SET_OWNER						\
	(BROKER_EXCHANGE_SET_UID | BROKER_EXCHANGE_SET_GID | BROKER_EXCHANGE_SET_MODE)

/**
 * struct broker_hash_header - name of the header that a hash exchange hashes
 * @rcu: frees it after routing under way (owner: who replaced it)
 * @len: bytes of @name (const)
 * @name: NUL-terminated (const)
 */
struct broker_hash_header {
	struct rcu_head rcu;
	u8 len;
	char name[];
};

/**
 * struct broker_exchange - an exchange
 * @hash: in broker.exchanges (topology)
 * @refs: one while linked, one per binding (atomic)
 * @free: frees it after readers of the tables (owner: last put)
 * @broker: whose it is (const)
 * @id: number (const)
 * @type: enum broker_exchange_type (const)
 * @flags: enum broker_exchange_flags (const)
 * @predeclared: made with the broker, cannot be deleted (const)
 * @protected: no request deletes it (topology; read anywhere)
 * @dead: was deleted (topology)
 * @access: who may do what (access.seq)
 * @acl: rules besides, or NULL (rcu; changed under topology)
 * @alternate: gets what no binding matches, or NULL (rcu; changed under topology)
 * @rewrite: of the keys of messages published to it, or NULL (rcu; changed under
 *	topology)
 * @retention: what it retains, or NULL: it does not (const)
 * @alternate_of: exchanges whose alternate this is (topology)
 * @of_alternate: in that list (topology)
 * @keys: direct: bindings by key (rcu; changed under topology)
 * @topic: topic: bindings by pattern (rcu; changed under topology)
 * @rings: hash, split: bindings to choose from (rcu; changed under topology)
 * @turn: split: messages that have taken a turn (atomic)
 * @hash_header: hash: header to hash, or NULL (rcu; changed under topology)
 * @all: bindings that start here; fanout, headers: what routing walks (rcu;
 *	changed under topology)
 * @nr_bindings: how many (topology; read anywhere)
 * @nr_diverts: how many of them divert (topology; read anywhere)
 * @nr_filters: how many of them have a filter (topology)
 * @flagging: lets routing see a change of a binding's flags as one step (topology)
 * @bound: bindings that lead here (topology)
 * @seen: mark of a search for cycles (topology)
 * @walk: in that search, or in broker.unused (topology)
 * @stats: counters (percpu)
 * @name_len: bytes of @name (const)
 * @name: NUL-terminated (const)
 */
struct broker_exchange {
	struct rhash_head hash;
	refcount_t refs;
	struct rcu_work free;
	struct broker *broker;
	u32 id;
	u32 type;
	u32 flags;
	bool predeclared;
	bool protected;
	bool dead;
	struct broker_access access;
	struct broker_acl __rcu *acl;

	struct broker_exchange __rcu *alternate;
	struct broker_rewrite __rcu *rewrite;
	struct broker_retention *retention;
	struct list_head alternate_of;
	struct list_head of_alternate;
	union {
		struct rhltable keys;
		struct broker_topic topic;
		struct {
			struct broker_ring __rcu *rings[BROKER_RING_KINDS];
			atomic64_t turn;
			struct broker_hash_header __rcu *hash_header;
		};
	};
	struct list_head all;
	u32 nr_bindings;
	u32 nr_diverts;
	u32 nr_filters;
	seqcount_mutex_t flagging;
	struct list_head bound;
	bool seen;
	struct list_head walk;

	struct broker_stats __percpu *stats;
	u8 name_len;
	char name[];
};

/* Under broker.topology. */
struct broker_exchange *broker_exchange_new(struct broker *broker,
					    const struct broker_exchange_config *config,
					    bool predeclared, struct netlink_ext_ack *extack);
int broker_exchange_set(struct broker_exchange *exchange,
			const struct broker_exchange_config *config,
			struct netlink_ext_ack *extack);
int broker_exchange_delete(struct broker_exchange *exchange, struct netlink_ext_ack *extack);
void broker_exchange_unused(struct broker_exchange *exchange);
bool broker_exchange_reaches(struct broker_exchange *from, struct broker_exchange *to);
int broker_exchange_predeclare(struct broker *broker);
void broker_exchange_end(struct broker *broker);

extern const struct rhashtable_params broker_exchange_params;

static inline bool broker_exchange_has_rings(const struct broker_exchange *exchange)
{
	return exchange->type == BROKER_EXCHANGE_TYPE_HASH ||
	       exchange->type == BROKER_EXCHANGE_TYPE_SPLIT;
}

/* Under RCU or broker.topology. */
struct broker_exchange *broker_exchange_lookup(struct broker *broker, const char *name,
					       size_t len);
bool broker_exchange_tryget(struct broker_exchange *exchange);
void broker_exchange_put(struct broker_exchange *exchange);

int broker_exchange_init(void);
void broker_exchange_exit(void);

#endif /* _BROKER_EXCHANGE_H */
