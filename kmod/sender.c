// SPDX-License-Identifier: GPL-2.0
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include <linux/broker.h>

#include "limit.h"
#include "memory.h"
#include "sender.h"

static u64 current_cgroup(void)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
	return id;
}

/* Describes the calling process. */
struct broker_sender *broker_sender_new(struct broker *broker)
{
	struct broker_sender *sender;

	sender = kmalloc(sizeof(*sender), BROKER_GFP);
	if (!sender)
		return NULL;
	sender->payer = broker_payer_new(broker);
	if (!sender->payer) {
		kfree(sender);
		return NULL;
	}
	refcount_set(&sender->refs, 1);
	sender->pid = get_pid(task_tgid(current));
	current_euid_egid(&sender->uid, &sender->gid);
	sender->start_time = current->group_leader->start_boottime;
	sender->cgroup = current_cgroup();
	return sender;
}

/* Describes the broker itself: no process, and so from no user. */
struct broker_sender *broker_sender_kernel(kuid_t uid, kgid_t gid)
{
	struct broker_sender *sender = kzalloc(sizeof(*sender), GFP_KERNEL);

	if (!sender)
		return NULL;
	refcount_set(&sender->refs, 1);
	sender->uid = uid;
	sender->gid = gid;
	return sender;
}

struct broker_sender *broker_sender_get(struct broker_sender *sender)
{
	refcount_inc(&sender->refs);
	return sender;
}

void broker_sender_put(struct broker_sender *sender)
{
	if (sender && refcount_dec_and_test(&sender->refs)) {
		put_pid(sender->pid);
		broker_payer_put(sender->payer);
		kfree(sender);
	}
}

/* Whether @sender still describes the calling process. */
bool broker_sender_is_current(const struct broker_sender *sender)
{
	return sender->pid == task_tgid(current) && uid_eq(sender->uid, current_euid()) &&
	       gid_eq(sender->gid, current_egid()) && sender->cgroup == current_cgroup() &&
	       broker_payer_is_current(sender->payer);
}

/* Writes @origin as the calling process's namespaces see it. */
void broker_sender_show(const struct broker_sender *sender, struct broker_origin *origin)
{
	*origin = (struct broker_origin) {
		.uid = from_kuid_munged(current_user_ns(), sender->uid),
		.gid = from_kgid_munged(current_user_ns(), sender->gid),
		.pid = pid_vnr(sender->pid),
		.start_time = sender->start_time,
		.cgroup = sender->cgroup,
	};
}
