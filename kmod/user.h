/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_USER_H
#define _BROKER_USER_H

#include <linux/rhashtable-types.h>
#include <linux/uidgid.h>

struct broker;

/**
 * struct broker_user - what an unprivileged user has
 * @hash: in broker.users (topology)
 * @uid: who (const)
 * @queues: how many queues; freed with the last (topology)
 */
struct broker_user {
	struct rhash_head hash;
	kuid_t uid;
	u32 queues;
};

extern const struct rhashtable_params broker_user_params;

/* Under broker.topology: one more queue of @uid, or NULL / ERR_PTR(-EDQUOT, -ENOMEM). */
struct broker_user *broker_user_charge(struct broker *broker, kuid_t uid);
void broker_user_uncharge(struct broker *broker, struct broker_user *user);

#endif /* _BROKER_USER_H */
