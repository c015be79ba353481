/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_TRANSACTION_H
#define _BROKER_TRANSACTION_H

#include <linux/refcount.h>
#include <linux/types.h>

struct broker;

/**
 * DOC: Transactions
 *
 * A transaction changes many queues at one instant.  What it adds to them is
 * linked *hidden*: it has its place and counts, but is given to no consumer and
 * seen by no reader.  Then a single store shows it everywhere:
 *
 *   claim deliveries, reserve room     may fail, and is then undone
 *   link every message, hidden         cannot fail from here on
 *   commit                             one store
 *   dispatch in each queue             gives them to consumers
 *
 * No two locks of queues are ever held together, so transactions over the same
 * queues in opposite orders do not wait for each other.
 *
 * Between the store and the last dispatch, a consumer of a queue whose turn has
 * not come has got nothing yet, though another part of the transaction may be in
 * its hands.  So that it can never tell, a reader that finds nothing while a
 * commit is under way dispatches for itself (broker_session_catch_up()).
 *
 * Messages of transactions that are committed at the same time may so come in
 * another order than their sequences; those of one never do.
 *
 * Lifetime: one reference of the SUBMIT, one of each hidden entry, given up when
 * the entry is shown, or freed.
 */

/**
 * struct broker_transaction - what hides entries until it is committed
 * @refs: see Lifetime (atomic)
 * @committed: the one store (atomic)
 */
struct broker_transaction {
	refcount_t refs;
	bool committed;
};

struct broker_transaction *broker_transaction_new(void);
void broker_transaction_put(struct broker_transaction *transaction);

void broker_transaction_commit(struct broker *broker, struct broker_transaction *transaction);
void broker_transaction_done(struct broker *broker);
bool broker_transaction_under_way(const struct broker *broker);

struct broker_transaction *broker_transaction_get(struct broker_transaction *transaction);
bool broker_transaction_is_committed(const struct broker_transaction *transaction);

#endif /* _BROKER_TRANSACTION_H */
