// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/slab.h>

#include "broker.h"
#include "memory.h"
#include "transaction.h"

struct broker_transaction *broker_transaction_new(void)
{
	struct broker_transaction *transaction = kzalloc(sizeof(*transaction), BROKER_GFP);

	if (transaction)
		refcount_set(&transaction->refs, 1);
	return transaction;
}

struct broker_transaction *broker_transaction_get(struct broker_transaction *transaction)
{
	refcount_inc(&transaction->refs);
	return transaction;
}

/* Any context. */
void broker_transaction_put(struct broker_transaction *transaction)
{
	if (transaction && refcount_dec_and_test(&transaction->refs))
		kfree(transaction);
}

/* Shows all that it hid; afterwards dispatch in each queue, then call done. */
void broker_transaction_commit(struct broker *broker, struct broker_transaction *transaction)
{
	atomic_inc(&broker->committing);
	/* Pairs with broker_transaction_is_committed(): who sees it sees the count. */
	smp_store_release(&transaction->committed, true);
}

bool broker_transaction_is_committed(const struct broker_transaction *transaction)
{
	/* Pairs with broker_transaction_commit(). */
	return smp_load_acquire(&transaction->committed);
}

void broker_transaction_done(struct broker *broker)
{
	/* Pairs with broker_transaction_under_way(): all was dispatched before. */
	smp_mb__before_atomic();
	atomic_dec(&broker->committing);
}

/* Asked before looking for messages: if it was so, there may be some not yet dispatched. */
bool broker_transaction_under_way(const struct broker *broker)
{
	return atomic_read_acquire(&broker->committing);
}
