// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/netlink.h>
#include <linux/poll.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "access.h"
#include "broker.h"
#include "bucket.h"
#include "limit.h"
#include "memory.h"
#include "session.h"

static const struct rhashtable_params account_params = {
	.key_len = sizeof(struct broker_account_key),
	.key_offset = offsetof(struct broker_account, key),
	.head_offset = offsetof(struct broker_account, hash),
	.automatic_shrinking = true,
};

/* Tells sessions whose time has come that they may publish again. */
static void limits_work(struct work_struct *work)
{
	struct broker_limits *limits =
		container_of(to_delayed_work(work), struct broker_limits, work);
	u64 now = ktime_get_ns(), next = U64_MAX;
	struct broker_session *session, *following;

	spin_lock(&limits->lock);
	list_for_each_entry_safe(session, following, &limits->throttled, of_full) {
		if (session->full_until > now) {
			next = min(next, session->full_until);
			continue;
		}
		list_del_init(&session->of_full);
		WRITE_ONCE(session->blocked, false);
		wake_up_interruptible_poll(&session->wait, EPOLLOUT | EPOLLWRNORM);
	}
	limits->next_at = next;
	if (next != U64_MAX)
		schedule_delayed_work(&limits->work, nsecs_to_jiffies(next - now) + 1);
	spin_unlock(&limits->lock);
}

int broker_limits_init(struct broker *broker)
{
	struct broker_limits *limits = &broker->limits;
	int i;

	spin_lock_init(&limits->lock);
	xa_init_flags(&limits->ids, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&limits->throttled);
	INIT_DELAYED_WORK(&limits->work, limits_work);
	limits->next_at = U64_MAX;
	for (i = 0; i < BROKER_NR_LIMITS; i++)
		limits->users[i] = BROKER_LIMIT_NONE;
	limits->users[BROKER_LIMIT_SESSIONS] = BROKER_USER_SESSIONS;
	limits->users[BROKER_LIMIT_QUEUES] = BROKER_USER_QUEUES;
	limits->users[BROKER_LIMIT_BINDINGS] = BROKER_USER_BINDINGS;
	limits->users[BROKER_LIMIT_CONSUMERS] = BROKER_USER_CONSUMERS;
	limits->users[BROKER_LIMIT_BYTES] = BROKER_USER_BYTES;
	return rhashtable_init(&limits->accounts, &account_params);
}

/* Ends all rules; whatever was charged has been returned. */
void broker_limits_exit(struct broker *broker)
{
	struct broker_limits *limits = &broker->limits;
	struct broker_account *account;
	unsigned long id;

	cancel_delayed_work_sync(&limits->work);
	xa_for_each(&limits->ids, id, account) {
		bool ruled;

		spin_lock(&limits->lock);
		ruled = account->ruled;
		if (ruled)
			broker_account_unrule_locked(account);
		spin_unlock(&limits->lock);
		if (ruled)
			broker_account_put(account);
	}
	WARN_ON_ONCE(!xa_empty(&limits->ids) || atomic_read(&limits->accounts.nelems));
	xa_destroy(&limits->ids);
	rhashtable_destroy(&limits->accounts);
}

/* Under RCU or limits.lock. */
struct broker_account *broker_account_lookup(struct broker *broker,
					     const struct broker_account_key *key)
{
	return rhashtable_lookup_fast(&broker->limits.accounts, key, account_params);
}

static struct broker_account *account_tryget(struct broker *broker,
					     const struct broker_account_key *key)
{
	struct broker_account *account;

	rcu_read_lock();
	account = broker_account_lookup(broker, key);
	if (account && !refcount_inc_not_zero(&account->refs))
		account = NULL;
	rcu_read_unlock();
	return account;
}

/* What the account may have where no rule of its own says so. */
static u64 account_default(const struct broker_account *account, int what)
{
	return account->key.kind == BROKER_LIMIT_KIND_USER ?
	       account->broker->limits.users[what] : BROKER_LIMIT_NONE;
}

static struct broker_account *account_new(struct broker *broker,
					  const struct broker_account_key *key)
{
	struct broker_account *account = kzalloc(sizeof(*account), BROKER_GFP);

	if (!account)
		return NULL;
	refcount_set(&account->refs, 1);
	account->broker = broker;
	account->key = *key;
	init_waitqueue_head(&account->room);
	INIT_LIST_HEAD(&account->pollers);
	return account;
}

static int account_link_locked(struct broker_account *account)
{
	struct broker_limits *limits = &account->broker->limits;
	int err, i;

	lockdep_assert_held(&limits->lock);
	for (i = 0; i < BROKER_NR_LIMITS; i++)
		account->limit[i] = account_default(account, i);
	err = xa_alloc_cyclic(&limits->ids, &account->id, account, xa_limit_32b,
			      &limits->next_id, GFP_ATOMIC);
	if (err < 0)
		return err;
	err = rhashtable_insert_fast(&limits->accounts, &account->hash, account_params);
	if (err)
		xa_erase(&limits->ids, account->id);
	return err;
}

struct broker_account *broker_account_get(struct broker *broker,
					  const struct broker_account_key *key)
{
	struct broker_account *account = account_tryget(broker, key), *made;
	int err = 0;

	if (account)
		return account;
	made = account_new(broker, key);
	if (!made)
		return ERR_PTR(-ENOMEM);
	spin_lock(&broker->limits.lock);
	/* The last put takes the lock: one that is found is alive. */
	account = broker_account_lookup(broker, key);
	if (account)
		refcount_inc(&account->refs);
	else
		err = account_link_locked(made);
	spin_unlock(&broker->limits.lock);
	if (!account && !err)
		return made;
	kfree(made);
	return account ?: ERR_PTR(-ENOMEM);
}

void broker_account_put(struct broker_account *account)
{
	struct broker_limits *limits = &account->broker->limits;

	if (!refcount_dec_and_lock(&account->refs, &limits->lock))
		return;
	/* Sparse does not know. */
	__acquire(&limits->lock);
	rhashtable_remove_fast(&limits->accounts, &account->hash, account_params);
	xa_erase(&limits->ids, account->id);
	spin_unlock(&limits->lock);
	WARN_ON_ONCE(!list_empty(&account->pollers));
	kfree_rcu(account, rcu);
}

/* Limits have changed: whoever waits tries again. */
static void account_kick_locked(struct broker_account *account)
{
	struct broker_limits *limits = &account->broker->limits;
	struct broker_session *session, *next;

	lockdep_assert_held(&limits->lock);
	wake_up_interruptible_all(&account->room);
	list_for_each_entry(session, &limits->throttled, of_full)
		session->full_until = 0;
	list_for_each_entry_safe(session, next, &account->pollers, of_full) {
		list_del_init(&session->of_full);
		WRITE_ONCE(session->blocked, false);
		wake_up_interruptible_poll(&session->wait, EPOLLOUT | EPOLLWRNORM);
	}
	if (!list_empty(&limits->throttled)) {
		cancel_delayed_work(&limits->work);
		schedule_delayed_work(&limits->work, 0);
	}
}

/* Makes the limits of a rule those in force; @own: the ones that it sets. */
void broker_account_rule_locked(struct broker_account *account, u32 own, const u64 *limit)
{
	struct broker_limits *limits = &account->broker->limits;
	int i;

	lockdep_assert_held(&limits->lock);
	if (!account->ruled && account->key.kind == BROKER_LIMIT_KIND_CGROUP) {
		WRITE_ONCE(limits->nr_cgroups, limits->nr_cgroups + 1);
		WRITE_ONCE(limits->generation, limits->generation + 1);
	}
	WRITE_ONCE(account->ruled, true);
	/* First the limits: an administrator is bound by those of a rule only. */
	for (i = 0; i < BROKER_NR_LIMITS; i++)
		if (own & BIT(i))
			WRITE_ONCE(account->limit[i], limit[i]);
	smp_wmb(); /* pairs with that of account_binds() */
	WRITE_ONCE(account->own, account->own | own);
	account_kick_locked(account);
}

void broker_account_unrule_locked(struct broker_account *account)
{
	struct broker_limits *limits = &account->broker->limits;
	int i;

	lockdep_assert_held(&limits->lock);
	if (account->key.kind == BROKER_LIMIT_KIND_CGROUP) {
		WRITE_ONCE(limits->nr_cgroups, limits->nr_cgroups - 1);
		WRITE_ONCE(limits->generation, limits->generation + 1);
	}
	WRITE_ONCE(account->ruled, false);
	WRITE_ONCE(account->own, 0);
	for (i = 0; i < BROKER_NR_LIMITS; i++)
		WRITE_ONCE(account->limit[i], account_default(account, i));
	account_kick_locked(account);
}

/* Changes the defaults for users, and with them what users have who have no rule. */
void broker_limits_set_users_locked(struct broker *broker, u32 set, const u64 *limit)
{
	struct broker_limits *limits = &broker->limits;
	struct broker_account *account;
	unsigned long id;
	int i;

	lockdep_assert_held(&limits->lock);
	for (i = 0; i < BROKER_NR_LIMITS; i++)
		if (set & BIT(i))
			WRITE_ONCE(limits->users[i], limit[i]);
	xa_for_each(&limits->ids, id, account) {
		if (account->key.kind != BROKER_LIMIT_KIND_USER)
			continue;
		for (i = 0; i < BROKER_NR_LIMITS; i++)
			if (set & ~account->own & BIT(i))
				WRITE_ONCE(account->limit[i], limit[i]);
		account_kick_locked(account);
	}
}

/* Adds the accounts of the cgroups that the calling process is in, as far as there are any. */
static void payer_add_cgroups(struct broker_payer *payer, struct broker *broker, u32 room)
{
#ifdef CONFIG_CGROUPS
	struct cgroup *cgroup;

	rcu_read_lock();
	for (cgroup = task_dfl_cgroup(current); cgroup && payer->nr <= room;
	     cgroup = cgroup_parent(cgroup)) {
		struct broker_account_key key = {
			.id = cgroup_id(cgroup), .kind = BROKER_LIMIT_KIND_CGROUP,
		};
		struct broker_account *account = account_tryget(broker, &key);

		if (account && READ_ONCE(account->ruled))
			payer->account[payer->nr++] = account;
		else if (account)
			broker_account_put(account);
	}
	rcu_read_unlock();
#endif
}

struct broker_payer *broker_payer_new(struct broker *broker)
{
	u32 generation = READ_ONCE(broker->limits.generation);
	u32 room = READ_ONCE(broker->limits.nr_cgroups);
	struct broker_account_key key = {
		.id = __kuid_val(current_euid()), .kind = BROKER_LIMIT_KIND_USER,
	};
	struct broker_payer *payer;

	payer = kmalloc(struct_size(payer, account, room + 1), BROKER_GFP);
	if (!payer)
		return NULL;
	refcount_set(&payer->refs, 1);
	payer->generation = generation;
	payer->account[0] = broker_account_get(broker, &key);
	if (IS_ERR(payer->account[0])) {
		kfree(payer);
		return NULL;
	}
	payer->nr = 1;
	if (room)
		payer_add_cgroups(payer, broker, room);
	return payer;
}

struct broker_payer *broker_payer_get(struct broker_payer *payer)
{
	refcount_inc(&payer->refs);
	return payer;
}

void broker_payer_put(struct broker_payer *payer)
{
	if (!payer || !refcount_dec_and_test(&payer->refs))
		return;
	while (payer->nr)
		broker_account_put(payer->account[--payer->nr]);
	kfree(payer);
}

/* Whether no rule for a cgroup has come or gone since. */
bool broker_payer_is_current(const struct broker_payer *payer)
{
	return payer->generation == READ_ONCE(payer->account[0]->broker->limits.generation);
}

/* Whether a limit binds: those for users in general do not bind administrators. */
static bool account_binds(const struct broker_account *account, int what, bool privileged)
{
	if (!privileged)
		return true;
	if (!(READ_ONCE(account->own) & BIT(what)))
		return false;
	smp_rmb(); /* pairs with that of broker_account_rule_locked() */
	return true;
}

static bool account_charge(struct broker_account *account, int what, u64 amount, bool privileged)
{
	s64 used;
	u64 limit;

	if (READ_ONCE(account->limit[what]) == BROKER_LIMIT_NONE ||
	    !account_binds(account, what, privileged)) {
		atomic64_add(amount, &account->used[what]);
		return true;
	}
	used = atomic64_read(&account->used[what]);
	do {
		limit = READ_ONCE(account->limit[what]);
		if (amount > limit || used > limit - amount)
			return false;
	} while (!atomic64_try_cmpxchg(&account->used[what], &used, used + amount));
	return true;
}

/* Sessions that poll for room for bytes. */
static void account_wake(struct broker_account *account)
{
	struct broker_limits *limits = &account->broker->limits;
	struct broker_session *session, *next;

	/* A full barrier: who waits looks at what is used after he has said so. */
	if (wq_has_sleeper(&account->room))
		wake_up_interruptible(&account->room);
	if (list_empty_careful(&account->pollers))
		return;
	spin_lock(&limits->lock);
	list_for_each_entry_safe(session, next, &account->pollers, of_full) {
		if (atomic64_read(&account->used[BROKER_LIMIT_BYTES]) + session->full_bytes >
		    READ_ONCE(account->limit[BROKER_LIMIT_BYTES]))
			continue;
		list_del_init(&session->of_full);
		WRITE_ONCE(session->blocked, false);
		wake_up_interruptible_poll(&session->wait, EPOLLOUT | EPOLLWRNORM);
	}
	spin_unlock(&limits->lock);
}

static void account_uncharge(struct broker_account *account, int what, u64 amount)
{
	atomic64_sub(amount, &account->used[what]);
	if (what == BROKER_LIMIT_BYTES)
		account_wake(account);
}

/* Charges all; or none, and tells which refused. */
static struct broker_account *payer_charge(struct broker_payer *payer, int what, u64 amount,
					   bool privileged)
{
	u32 i;

	for (i = 0; i < payer->nr; i++) {
		struct broker_account *account = payer->account[i];

		if (account_charge(account, what, amount, privileged))
			continue;
		while (i)
			account_uncharge(payer->account[--i], what, amount);
		return account;
	}
	return NULL;
}

/* Whether the caller may administer the broker; asked only when he would be refused. */
static bool payer_privileged(const struct broker_payer *payer, struct sk_buff *skb)
{
	struct broker *broker = payer->account[0]->broker;

	return skb ? broker_may_admin(broker, skb) :
		     ns_capable(broker->net->user_ns, CAP_NET_ADMIN);
}

int broker_payer_charge(struct broker_payer *payer, enum broker_limit what, u64 amount,
			struct sk_buff *skb)
{
	struct broker_account *refused = payer_charge(payer, what, amount, false);

	if (refused && payer_privileged(payer, skb))
		refused = payer_charge(payer, what, amount, true);
	if (!refused)
		return 0;
	atomic64_inc(&refused->refused);
	return -EDQUOT;
}

void broker_payer_uncharge(struct broker_payer *payer, enum broker_limit what, u64 amount)
{
	u32 i;

	for (i = 0; i < payer->nr; i++)
		account_uncharge(payer->account[i], what, amount);
}

/**
 * account_rate() - The rate that binds, if there is one
 * @account: the account
 * @what: BROKER_LIMIT_MESSAGE_RATE or BROKER_LIMIT_BYTE_RATE; its burst follows
 * @privileged: limits for users in general do not count
 * @burst: a second's worth, unless told otherwise
 */
static u64 account_rate(const struct broker_account *account, int what, bool privileged, u64 *burst)
{
	u64 rate = READ_ONCE(account->limit[what]);

	if (rate == BROKER_LIMIT_NONE || !account_binds(account, what, privileged))
		return 0;
	*burst = READ_ONCE(account->limit[what + 1]);
	if (*burst == BROKER_LIMIT_NONE)
		*burst = rate;
	return rate;
}

static void account_give_back(struct broker_account *account, u32 size, bool privileged)
{
	u64 rate, burst;

	rate = account_rate(account, BROKER_LIMIT_MESSAGE_RATE, privileged, &burst);
	if (rate)
		broker_bucket_return(&account->messages, 1, rate);
	rate = account_rate(account, BROKER_LIMIT_BYTE_RATE, privileged, &burst);
	if (rate)
		broker_bucket_return(&account->bytes, size, rate);
}

/* Takes the tokens of one message: 0, or in how many ns they will be there. */
static u64 account_take(struct broker_account *account, u32 size, bool privileged, u64 now)
{
	u64 messages, bytes, burst, wait = 0;

	messages = account_rate(account, BROKER_LIMIT_MESSAGE_RATE, privileged, &burst);
	if (messages)
		wait = broker_bucket_take(&account->messages, now, 1, messages, burst);
	if (wait)
		return wait;
	bytes = account_rate(account, BROKER_LIMIT_BYTE_RATE, privileged, &burst);
	if (bytes)
		wait = broker_bucket_take(&account->bytes, now, size, bytes, burst);
	if (wait && messages)
		broker_bucket_return(&account->messages, 1, messages);
	return wait;
}

static bool account_has_rate(const struct broker_account *account)
{
	return READ_ONCE(account->limit[BROKER_LIMIT_MESSAGE_RATE]) != BROKER_LIMIT_NONE ||
	       READ_ONCE(account->limit[BROKER_LIMIT_BYTE_RATE]) != BROKER_LIMIT_NONE;
}

static int payer_take(struct broker_admission *admission)
{
	struct broker_payer *payer = admission->payer;
	u64 now = 0, wait;
	u32 i;

	for (i = 0; i < payer->nr; i++) {
		struct broker_account *account = payer->account[i];

		if (!account_has_rate(account))
			continue;
		now = now ?: ktime_get_ns();
		wait = account_take(account, admission->size, admission->privileged, now);
		if (!wait)
			continue;
		while (i)
			account_give_back(payer->account[--i], admission->size,
					  admission->privileged);
		admission->account = account;
		admission->at = now + wait;
		return -EBUSY;
	}
	return 0;
}

static int admission_take(struct broker_admission *admission)
{
	struct broker_payer *payer = admission->payer;
	int err;

	admission->at = 0;
	admission->account = payer_charge(payer, BROKER_LIMIT_BYTES, admission->size,
					  admission->privileged);
	if (admission->account)
		return admission->size >
		       READ_ONCE(admission->account->limit[BROKER_LIMIT_BYTES]) ?
		       -EMSGSIZE : -EDQUOT;
	err = payer_take(admission);
	if (err)
		broker_payer_uncharge(payer, BROKER_LIMIT_BYTES, admission->size);
	return err;
}

int broker_admission_take(struct broker_admission *admission)
{
	int err;

	admission->privileged = false;
	err = admission_take(admission);
	if (err && payer_privileged(admission->payer, NULL)) {
		admission->privileged = true;
		err = admission_take(admission);
	}
	if (err)
		atomic64_inc(&admission->account->refused);
	return err;
}

void broker_admission_undo(const struct broker_admission *admission)
{
	u32 i;

	for (i = 0; i < admission->payer->nr; i++)
		account_give_back(admission->payer->account[i], admission->size,
				  admission->privileged);
}

bool broker_admission_ready(const struct broker_admission *admission)
{
	const struct broker_account *account = admission->account;
	u64 limit = READ_ONCE(account->limit[BROKER_LIMIT_BYTES]);

	if (admission->at)
		return ktime_get_ns() >= admission->at;
	return admission->size > limit ||
	       atomic64_read(&account->used[BROKER_LIMIT_BYTES]) <= limit - admission->size;
}

/* @session was refused: pollers wait until it may try again. */
void broker_limits_block(struct broker_session *session, const struct broker_admission *admission)
{
	struct broker_account *account = admission->account;
	struct broker_limits *limits = &account->broker->limits;

	lockdep_assert_held(&session->mutex);
	session->quota = broker_payer_get(admission->payer);
	spin_lock(&limits->lock);
	session->full_bytes = admission->size;
	session->full_until = admission->at;
	WRITE_ONCE(session->blocked, true);
	list_add_tail(&session->of_full, admission->at ? &limits->throttled : &account->pollers);
	if (admission->at && admission->at < limits->next_at) {
		u64 now = ktime_get_ns();

		limits->next_at = admission->at;
		cancel_delayed_work(&limits->work);
		schedule_delayed_work(&limits->work, admission->at <= now ? 0 :
				      nsecs_to_jiffies(admission->at - now) + 1);
	}
	smp_mb(); /* pairs with that of account_wake() */
	if (!admission->at && broker_admission_ready(admission)) {
		list_del_init(&session->of_full);
		WRITE_ONCE(session->blocked, false);
	}
	spin_unlock(&limits->lock);
}

void broker_limits_unblock(struct broker_session *session)
{
	struct broker_payer *quota = session->quota;
	struct broker_limits *limits;

	lockdep_assert_held(&session->mutex);
	if (!quota)
		return;
	limits = &quota->account[0]->broker->limits;
	spin_lock(&limits->lock);
	list_del_init(&session->of_full);
	WRITE_ONCE(session->blocked, false);
	spin_unlock(&limits->lock);
	session->quota = NULL;
	broker_payer_put(quota);
}
