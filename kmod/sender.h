/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_SENDER_H
#define _BROKER_SENDER_H

#include <linux/refcount.h>
#include <linux/uidgid.h>

struct broker;
struct broker_origin;
struct broker_payer;
struct pid;

/**
 * struct broker_sender - who published a message, as the kernel knows it
 * @refs: one per message, one for the session that caches it (atomic)
 * @pid: thread group; NULL: the broker itself (const)
 * @uid: effective user (const)
 * @gid: effective group (const)
 * @start_time: of the process, nanoseconds since boot (const)
 * @cgroup: id of its cgroup in the unified hierarchy (const)
 * @payer: who pays for its messages (const)
 *
 * Shared by all messages that one process publishes through one session while
 * nothing of this changes.
 */
struct broker_sender {
	refcount_t refs;
	struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	u64 start_time;
	u64 cgroup;
	struct broker_payer *payer;
};

struct broker_sender *broker_sender_new(struct broker *broker);
struct broker_sender *broker_sender_kernel(kuid_t uid, kgid_t gid);
struct broker_sender *broker_sender_get(struct broker_sender *sender);
void broker_sender_put(struct broker_sender *sender);
bool broker_sender_is_current(const struct broker_sender *sender);
void broker_sender_show(const struct broker_sender *sender, struct broker_origin *origin);

#endif /* _BROKER_SENDER_H */
