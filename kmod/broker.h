/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_BROKER_H
#define _BROKER_BROKER_H

#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rhashtable.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "limit.h"
#include "timer.h"

struct broker_advisories;
struct broker_exchange;
struct broker_steps;
struct net;
struct workqueue_struct;

/**
 * DOC: Overview
 *
 * Each network namespace has a broker of its own.  Processes open /dev/broker
 * (a *session*), publish messages to *exchanges* and consume them from *queues*;
 * *bindings* tell an exchange which queues, or further exchanges, a message
 * goes to.  Administration is by generic netlink.
 *
 * A publish runs in the publisher's context from end to end (submit.c):
 *
 *   message_from_user -> routes_find -> reserve in each queue -> commit to each
 *
 * Routing reads under RCU and takes a reference on each queue.  Reserving takes
 * room and may fail; committing cannot.  So a message reaches all of its queues
 * or none, though no two queue locks are ever held together.  A transaction does
 * the same for many messages and settlements at once (transaction.h).
 *
 * A queue holds an *entry* per message, and gives it to the consumer with the
 * most free credit at once, in the context of whoever made it possible: the
 * publisher, or the consumer that settled an earlier one.  There is no thread of
 * the broker's.  An entry is in exactly one of these trees, by its one rb_node:
 *
 *   queue->ready -> consumer->pending -> consumer->leased -> settled, freed
 *        ^               |  assigned          |  handed out by RECEIVE
 *        +---------------+--------------------+  released, failed, holder died
 *        |
 *   queue->waiting    its time has not come: scheduled, delayed, to be tried again
 *   queue->blocked    another of its ordering key has the turn (turn.h)
 *   queue->hidden     of a transaction that is not yet committed
 *   queue->dying      rejected, failed too often or expired: a dead letter to be
 *   queue->quarantine dead, with nowhere to go
 *
 * All are under the queue's lock, so a hand-out, a settlement and a death cannot
 * disagree about where a message is; none of these moves allocates.  What happens
 * by itself, when its time has come, is done by the clock's work (timer.h).
 *
 * DOC: Ownership
 *
 * A session is owned by its file, its consumers by the session and, while they
 * are attached, by the queue.  Exchanges, queues and bindings are owned by the
 * broker's tables; whoever uses one beyond an RCU section holds a reference.  A
 * consumer holds one on its queue, a binding on both its ends, an entry on its
 * message, a message on its origin.  Objects end in two steps: *unlink* takes
 * them out of every table, under the topology mutex, and marks them dead; the
 * last put frees them after a grace period.
 *
 * DOC: Lock order
 *
 *  1. broker.topology       (mutex)  exchanges, queues and bindings as a whole
 *  2. recurrence.mutex      (mutex)  what a schedule publishes, and when; held meanwhile
 *  3. broker.retain_mutex   (mutex)  what exchanges retain, and who is told of it
 *  4. session.mutex         (mutex)  the set of a session's consumers; its end
 *  5. queue.lock            (spin)   entries, consumers and states of one queue
 *  6. session.lock          (spin)   what a session's readers and pollers wait for
 *  7. clock.lock            (spin)   what is due when
 *  8. advisories.lock       (spin)   what is to be told to administrators
 *  9. limits.lock           (spin)   who may have what, and who waits for it
 * 10. steps.lock            (spin)   what is to be told of traced messages
 *
 * User memory is never touched under any of them.  All are taken in process
 * context only.
 *
 * DOC: Limits
 *
 * Those of the ABI are in linux/broker.h (BROKER_MAX_*).  Internal ones:
 */

/* Entries moved under one hold of a queue's lock: bounds its latency. */
#define BROKER_LOCK_BATCH	64

/**
 * struct broker_stats - counters of a broker or an exchange, one set per CPU
 * @published: messages taken (percpu)
 * @unroutable: messages that matched too few queues (percpu)
 * @refused: messages that a queue refused (percpu)
 */
struct broker_stats {
	u64 published;
	u64 unroutable;
	u64 refused;
};

/**
 * struct broker - the broker of one network namespace
 * @net: its namespace; every session holds a reference on that (const)
 * @topology: see the lock order
 * @retain_mutex: see the lock order
 * @generation: counts changes of topology (topology; read anywhere)
 * @exchanges: by name (rcu; changed under topology)
 * @queues: by name (rcu; changed under topology)
 * @bindings: by source, destination and key (rcu; changed under topology)
 * @limits: what users and cgroups have, and may have (limits.lock)
 * @exchange_ids: exchanges by number (rcu; changed under topology)
 * @queue_ids: queues by number (rcu; changed under topology)
 * @binding_ids: bindings by number (rcu; changed under topology)
 * @sessions: sessions by number (rcu; changed under its own lock)
 * @next_exchange: where the search for a free number goes on (topology)
 * @next_queue: the same for queues (topology)
 * @next_binding: the same for bindings (topology)
 * @nr_exchanges: exchanges there are (topology; read anywhere)
 * @nr_queues: queues there are (topology; read anywhere)
 * @nr_bindings: bindings there are (topology; read anywhere)
 * @nr_consumers: consumers there are (atomic)
 * @nr_sessions: sessions there are (atomic)
 * @clock: what is due next (clock.lock)
 * @committing: transactions committed and not yet dispatched (atomic)
 * @default_max_messages: for queues made without (topology; read anywhere)
 * @default_max_bytes: for queues made without (topology; read anywhere)
 * @default_overflow: for queues made without (topology; read anywhere)
 * @policies: the highest precedence first (rcu; changed under topology)
 * @nr_policies: how many (topology)
 * @recurrences: schedules, the oldest first (topology)
 * @nr_recurrences: how many (topology)
 * @draining: nothing more is published (topology; read anywhere)
 * @default_exchange: "", for its counters (const)
 * @unused: auto-delete exchanges that lost their last binding (topology)
 * @reaping: somebody up the stack is deleting them (topology)
 * @stats: of all that was published (percpu)
 * @advisories: what is to be told to administrators (const)
 * @steps: of traced messages; NULL before the first (atomic)
 *
 * Lifetime: made with the namespace, freed with it; sessions pin the namespace,
 * so none is left by then.
 */
struct broker {
	struct net *net;
	struct mutex topology;
	struct mutex retain_mutex;
	u32 generation;
	struct rhashtable exchanges;
	struct rhashtable queues;
	struct rhashtable bindings;
	struct broker_limits limits;
	struct xarray exchange_ids;
	struct xarray queue_ids;
	struct xarray binding_ids;
	struct xarray sessions;
	u32 next_exchange;
	u32 next_queue;
	u32 next_binding;
	u32 nr_exchanges;
	u32 nr_queues;
	u32 nr_bindings;
	atomic_t nr_consumers;
	atomic_t nr_sessions;
	struct broker_clock clock;
	atomic_t committing;
	u32 default_max_messages;
	u64 default_max_bytes;
	u32 default_overflow;
	struct list_head policies;
	u32 nr_policies;
	struct list_head recurrences;
	u32 nr_recurrences;
	bool draining;
	struct broker_exchange *default_exchange;
	struct list_head unused;
	bool reaping;
	struct broker_stats __percpu *stats;
	struct broker_advisories *advisories;
	struct broker_steps *steps;
};

/* For work that is in no hurry (exchange.c). */
extern struct workqueue_struct *broker_wq;

struct broker *broker_of_net(const struct net *net);
u64 broker_next_session_id(void);

/* Sums one counter over all CPUs. */
#define broker_stats_sum(stats, field)					\
({									\
	u64 __sum = 0;							\
	int __cpu;							\
	for_each_possible_cpu(__cpu)					\
		__sum += READ_ONCE(per_cpu_ptr(stats, __cpu)->field);	\
	__sum;								\
})

/* A change of topology: dumps under way become inconsistent. */
static inline void broker_topology_changed(struct broker *broker)
{
	lockdep_assert_held(&broker->topology);
	WRITE_ONCE(broker->generation, broker->generation + 1 ?: 1);
}

#endif /* _BROKER_BROKER_H */
