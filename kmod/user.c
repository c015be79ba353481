// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "broker.h"
#include "user.h"

const struct rhashtable_params broker_user_params = {
	.key_len = sizeof(kuid_t),
	.key_offset = offsetof(struct broker_user, uid),
	.head_offset = offsetof(struct broker_user, hash),
	.automatic_shrinking = true,
};

static struct broker_user *user_get(struct broker *broker, kuid_t uid)
{
	struct broker_user *user;
	int err;

	user = rhashtable_lookup_fast(&broker->users, &uid, broker_user_params);
	if (user)
		return user;

	user = kzalloc(sizeof(*user), GFP_KERNEL);
	if (!user)
		return ERR_PTR(-ENOMEM);
	user->uid = uid;
	err = rhashtable_insert_fast(&broker->users, &user->hash, broker_user_params);
	if (err) {
		kfree(user);
		return ERR_PTR(err);
	}
	return user;
}

/* All readers of the table hold the topology, too: no grace period is needed. */
static void user_put(struct broker *broker, struct broker_user *user)
{
	if (user->queues)
		return;
	rhashtable_remove_fast(&broker->users, &user->hash, broker_user_params);
	kfree(user);
}

struct broker_user *broker_user_charge(struct broker *broker, kuid_t uid)
{
	struct broker_user *user;

	lockdep_assert_held(&broker->topology);
	user = user_get(broker, uid);
	if (IS_ERR(user))
		return user;
	if (user->queues >= broker->queues_per_user) {
		user_put(broker, user);
		return ERR_PTR(-EDQUOT);
	}
	user->queues++;
	return user;
}

/* @user: may be NULL */
void broker_user_uncharge(struct broker *broker, struct broker_user *user)
{
	lockdep_assert_held(&broker->topology);
	if (!user)
		return;
	user->queues--;
	user_put(broker, user);
}
