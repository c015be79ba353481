/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_LIMIT_H
#define _BROKER_LIMIT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <linux/broker.h>

struct broker;
struct broker_session;
struct sk_buff;

/**
 * DOC: Limits
 *
 * What users and cgroups have, and may have: sessions, queues, bindings,
 * consumers, bytes held in queues, and messages and bytes a second.  Each has an
 * *account*, which counts what it has.  A user has one while he has anything; a
 * cgroup while a rule names it, and counts what its processes, and those of
 * cgroups below it, acquire from then on.
 *
 * A *rule* is an account that an administrator has given limits of its own.  What
 * it leaves out, and users without a rule, have the defaults for users; these do
 * not bind who has CAP_NET_ADMIN over the broker's namespace.
 *
 * A *payer* is the accounts that a process draws on: its user's and those of the
 * cgroups it is in.  Whoever takes something charges all accounts of the payer or
 * none, and keeps the payer to give it back; a message has its sender's.  So all
 * counts are exact: what was charged to an account is returned to that account,
 * whatever has become of the process, its user and its cgroup.
 *
 * Where nothing is limited a publish costs one atomic addition for each account,
 * which as a rule is one.
 *
 * Lifetime: an account lives while a rule names it or a payer has it.  A payer
 * is shared and never changes; one made before a rule for a cgroup came or went
 * is replaced when its sender publishes next.
 */

/* In the order of enum broker_limit_settings and of the attributes. */
enum broker_limit {
	BROKER_LIMIT_SESSIONS,
	BROKER_LIMIT_QUEUES,
	BROKER_LIMIT_BINDINGS,
	BROKER_LIMIT_CONSUMERS,
	BROKER_LIMIT_BYTES,
	BROKER_NR_COUNTED,			/* those above are counted */
	BROKER_LIMIT_MESSAGE_RATE = BROKER_NR_COUNTED,
	BROKER_LIMIT_MESSAGE_BURST,
	BROKER_LIMIT_BYTE_RATE,
	BROKER_LIMIT_BYTE_BURST,
	BROKER_NR_LIMITS
};

/* What a user without CAP_NET_ADMIN may have where no rule says otherwise. */
#define BROKER_USER_SESSIONS	1024
#define BROKER_USER_QUEUES	64
#define BROKER_USER_BINDINGS	4096
#define BROKER_USER_CONSUMERS	4096
#define BROKER_USER_BYTES	(256ULL << 20)

/**
 * struct broker_account_key - whose account it is
 * @id: uid, as the kernel counts, or id of a cgroup (const)
 * @kind: enum broker_limit_kind (const)
 * @zero: 0 (const)
 */
struct broker_account_key {
	u64 id;
	u32 kind;
	u32 zero;
};

/**
 * struct broker_account - what a user or a cgroup has, and may have
 * @hash: in limits.accounts (rcu; changed under limits.lock)
 * @refs: see Lifetime (atomic)
 * @rcu: frees it after readers of the table (owner: last put)
 * @broker: whose it is (const)
 * @id: number (const)
 * @key: whose account it is (const)
 * @ruled: a rule names it (limits.lock; read anywhere)
 * @own: bit N: the rule sets limit N (limits.lock; read anywhere)
 * @limit: limits in force, by enum broker_limit (limits.lock; read anywhere)
 * @used: what it has, by enum broker_limit (atomic)
 * @messages: token bucket, see bucket.h (atomic)
 * @bytes: the same for bytes (atomic)
 * @refused: how often a limit refused something (atomic)
 * @room: publishers that wait
 * @pollers: sessions that poll for room for bytes (limits.lock)
 */
struct broker_account {
	struct rhash_head hash;
	refcount_t refs;
	struct rcu_head rcu;
	struct broker *broker;
	u32 id;
	struct broker_account_key key;
	bool ruled;
	u32 own;
	u64 limit[BROKER_NR_LIMITS];
	atomic64_t used[BROKER_NR_COUNTED];
	atomic64_t messages;
	atomic64_t bytes;
	atomic64_t refused;
	wait_queue_head_t room;
	struct list_head pollers;
};

/**
 * struct broker_limits - all limits of a broker
 * @lock: innermost but for wait queues; see the lock order
 * @accounts: by whose they are (rcu; changed under limits.lock)
 * @ids: by number (rcu; changed under limits.lock)
 * @next_id: where the search for a free number goes on (limits.lock)
 * @users: defaults for users, by enum broker_limit (limits.lock; read anywhere)
 * @nr_cgroups: rules for cgroups (limits.lock; read anywhere)
 * @generation: counts their coming and going (limits.lock; read anywhere)
 * @throttled: sessions that poll for the rate to allow more (limits.lock)
 * @next_at: when the first of them may, in ns; U64_MAX: there is none (limits.lock)
 * @work: tells them (limits.lock)
 */
struct broker_limits {
	spinlock_t lock;
	struct rhashtable accounts;
	struct xarray ids;
	u32 next_id;
	u64 users[BROKER_NR_LIMITS];
	u32 nr_cgroups;
	u32 generation;
	struct list_head throttled;
	u64 next_at;
	struct delayed_work work;
};

/**
 * struct broker_payer - the accounts that a process draws on
 * @refs: one for each thing that is charged to it (atomic)
 * @generation: limits.generation of which it is (const)
 * @nr: how many accounts (const)
 * @account: each with a reference; the user's is the first (const)
 */
struct broker_payer {
	refcount_t refs;
	u32 generation;
	u32 nr;
	struct broker_account *account[];
};

int broker_limits_init(struct broker *broker);
void broker_limits_exit(struct broker *broker);

/* Rules, under limits.lock. */
struct broker_account *broker_account_lookup(struct broker *broker,
					     const struct broker_account_key *key);
void broker_account_rule_locked(struct broker_account *account, u32 own, const u64 *limit);
void broker_account_unrule_locked(struct broker_account *account);
void broker_limits_set_users_locked(struct broker *broker, u32 set, const u64 *limit);

/* The account, with a reference; made if need be.  ERR_PTR(-ENOMEM). */
struct broker_account *broker_account_get(struct broker *broker,
					  const struct broker_account_key *key);
void broker_account_put(struct broker_account *account);

/* Of the calling process; NULL: no memory. */
struct broker_payer *broker_payer_new(struct broker *broker);
struct broker_payer *broker_payer_get(struct broker_payer *payer);
void broker_payer_put(struct broker_payer *payer);
bool broker_payer_is_current(const struct broker_payer *payer);

/*
 * Charges @amount of @what to all accounts, or none: -EDQUOT.  @skb: the netlink
 * request that asks for it, or NULL.
 */
int broker_payer_charge(struct broker_payer *payer, enum broker_limit what, u64 amount,
			struct sk_buff *skb);
void broker_payer_uncharge(struct broker_payer *payer, enum broker_limit what, u64 amount);

/**
 * struct broker_admission - what became of the request to publish a message
 * @payer: who pays; the caller has a reference (owner: the publisher)
 * @size: bytes of the message (owner: the publisher)
 * @privileged: limits for users in general do not count (owner: the publisher)
 * @account: refused: the account that did, good as long as @payer (owner: the
 *	publisher)
 * @at: refused for its rate: when to try again, in ns; else 0 (owner: the publisher)
 */
struct broker_admission {
	struct broker_payer *payer;
	u32 size;
	bool privileged;
	struct broker_account *account;
	u64 at;
};

/*
 * Charges a message's bytes and takes its tokens: 0; -EDQUOT: it holds too many
 * bytes; -EBUSY: too many a second; -EMSGSIZE: more bytes than it may ever hold.
 * Refused, nothing was taken.
 */
int broker_admission_take(struct broker_admission *admission);

/* An admitted message was not published after all: gives the tokens back, not the bytes. */
void broker_admission_undo(const struct broker_admission *admission);

/* Whether to try again. */
bool broker_admission_ready(const struct broker_admission *admission);

/* For polling: under session.mutex. */
void broker_limits_block(struct broker_session *session, const struct broker_admission *admission);
void broker_limits_unblock(struct broker_session *session);

#endif /* _BROKER_LIMIT_H */
