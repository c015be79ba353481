/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_CONSUMER_H
#define _BROKER_CONSUMER_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include <linux/broker.h>

#include "choice.h"
#include "entry.h"
#include "flow.h"
#include "handout.h"
#include "timer.h"

struct broker_message;
struct broker_queue;
struct broker_return;
struct broker_session;
struct broker_spare;
struct broker_transaction;
struct pid;

/**
 * DOC: Consumers
 *
 * A consumer is a session's subscription to a queue.  The queue assigns entries
 * to it while it has free credit: they are *pending*.  RECEIVE hands them out:
 * from then on they are *leased*, each under a tag, until they are settled.
 *
 * Credit bounds pending and leased together.  A consumer without credit gets
 * entries only while a RECEIVE that names it pulls for them.
 *
 * An exclusive one is alone: none is attached beside it.
 *
 * Lifetime: attached (in queue.consumers and session.consumers) until it is
 * cancelled, its session ends, or its queue is deleted; that detaches it, which
 * returns what it holds and leaves it dead.  It is freed, after a grace period,
 * when the session and every RECEIVE under way have let go.
 */

/**
 * struct broker_consumer - a session's subscription to a queue
 * @refs: one of the session's, one while attached, one per RECEIVE (atomic)
 * @rcu: frees it after settlements under way (owner: last put)
 * @session: its session; valid while attached, and to calls of that session (const)
 * @queue: its queue, with a reference (const)
 * @id: number within the session (const)
 * @flags: BROKER_CONSUME_F_* (const)
 * @user_data: the caller's own (const)
 * @priority: a higher one is served first (const)
 * @choice: which entries it gets, see there (queue.lock)
 * @of_queue: in queue.consumers (queue.lock)
 * @eligible: in queue.eligible, if it has free credit (queue.lock)
 * @is_eligible: whether it is there (queue.lock)
 * @free: free message credit it is sorted by there (queue.lock)
 * @served: queue.served when it came, or was last assigned an entry (queue.lock)
 * @dead: detached: holds nothing and gets nothing more (queue.lock; read anywhere)
 * @credit_messages: most messages to hold (queue.lock)
 * @credit_bytes: bytes at which it gets no more (queue.lock)
 * @pull: messages that RECEIVEs now ask for beyond its credit (queue.lock)
 * @pending: entries assigned, by sequence (queue.lock)
 * @leased: entries handed out, by tag (queue.lock)
 * @nr_pending: how many (queue.lock; read anywhere)
 * @nr_leased: how many (queue.lock; read anywhere)
 * @bytes: bytes of both (queue.lock)
 * @last_tag: tag last given (queue.lock)
 * @lease: nanoseconds that it may keep a message; 0: as its queue says (const)
 * @stopped: nanoseconds that its lease clock stood still (queue.lock)
 * @looked: when that was looked at last (queue.lock)
 * @next_lease: no lease ends before, on the lease clock (queue.lock)
 * @next_look: nor is any ended before this, on the same clock (queue.lock)
 * @idle_since: has had pending entries, and not come for them, since then, on the
 *	lease clock (queue.lock)
 * @progress: has had messages, and not called, since then, on the lease clock
 *	(queue.lock)
 * @slow: that was too long, and is told of (queue.lock)
 * @hung: a lease ended: it gets nothing until it shows signs of life (queue.lock)
 * @pause: it gets nothing (queue.lock)
 * @timer: when to look at its leases, or its pause ends (clock.lock)
 * @delivered: hand-outs (queue.lock)
 * @settled: settlements (queue.lock)
 * @returned: entries that went back when it was detached (queue.lock)
 * @listed: whether it is in session.readable: it has pending entries and credit
 *	(queue.lock)
 * @of_session: in session.readable or session.gone (session.lock)
 */
struct broker_consumer {
	refcount_t refs;
	struct rcu_head rcu;
	struct broker_session *session;
	struct broker_queue *queue;
	u32 id;
	u32 flags;
	u64 user_data;
	u32 priority;
	struct broker_choice choice;

	struct list_head of_queue;
	struct rb_node eligible;
	bool is_eligible;
	u32 free;
	u64 served;
	bool dead;
	u32 credit_messages;
	u64 credit_bytes;
	u32 pull;
	struct broker_entry_tree pending;
	struct broker_entry_tree leased;
	u32 nr_pending;
	u32 nr_leased;
	u64 bytes;
	u64 last_tag;
	u64 lease;
	u64 stopped;
	u64 looked;
	u64 next_lease;
	u64 next_look;
	u64 idle_since;
	u64 progress;
	bool slow;
	bool hung;
	struct broker_pause pause;
	struct broker_timer timer;
	u64 delivered;
	u64 settled;
	u32 returned;

	bool listed;
	struct list_head of_session;
};

struct broker_consumer *broker_consumer_new(struct broker_session *session,
					    struct broker_queue *queue);
bool broker_consumer_tryget(struct broker_consumer *consumer);
void broker_consumer_put(struct broker_consumer *consumer);

int broker_consumer_attach(struct broker_consumer *consumer);
bool broker_consumer_detach(struct broker_consumer *consumer, const struct broker_return *how);

/* Whether deliveries come with the state of their key. */
static inline bool broker_consumer_wants_state(const struct broker_consumer *consumer)
{
	return consumer->flags & BROKER_CONSUME_F_STATE;
}

static inline bool broker_consumer_headers_only(const struct broker_consumer *consumer)
{
	return consumer->flags & BROKER_CONSUME_F_HEADERS_ONLY;
}

/* Under queue.lock. */
struct broker_entry *broker_consumer_leased_locked(struct broker_consumer *consumer, u64 tag);
void broker_consumer_unlist_locked(struct broker_consumer *consumer, struct broker_entry *entry);
void broker_consumer_withdraw_locked(struct broker_consumer *consumer, struct broker_entry *entry);
bool broker_consumer_take_back_locked(struct broker_consumer *consumer);
void broker_consumer_wake(struct broker_consumer *consumer);
void broker_consumer_update_locked(struct broker_consumer *consumer);
void broker_consumer_assign_locked(struct broker_consumer *consumer, struct broker_entry *entry);

void broker_consumer_set_credit(struct broker_consumer *consumer, u32 messages, u64 bytes);
void broker_consumer_pull(struct broker_consumer *consumer, u32 messages);
void broker_consumer_unpull(struct broker_consumer *consumer, u32 messages);
int broker_consumer_settle(struct broker_consumer *consumer, u64 tag, unsigned int opcode,
			   u64 delay, bool cumulative, struct broker_entry **freed);
int broker_consumer_extend(struct broker_consumer *consumer, u64 tag, u64 lease, bool cumulative);

/**
 * struct broker_claim - deliveries that a transaction is to settle
 * @tag: the delivery (const)
 * @cumulative: and all before it (const)
 * @delay: nanoseconds, of DELAY (const)
 * @entries: those claimed (owner: the transaction)
 * @count: how many (owner: the transaction)
 * @bytes: their bytes (owner: the transaction)
 */
struct broker_claim {
	u64 tag;
	bool cumulative;
	u64 delay;
	struct broker_entry *entries;
	u32 count;
	u64 bytes;
};

int broker_consumer_claim(struct broker_consumer *consumer, struct broker_claim *claim);
void broker_consumer_unclaim(struct broker_consumer *consumer, struct broker_claim *claim);
void broker_consumer_return_claimed(struct broker_consumer *consumer, struct broker_claim *claim,
				    unsigned int opcode, struct broker_transaction *transaction);
void broker_consumer_finish_claim(struct broker_consumer *consumer, struct broker_claim *claim,
				  unsigned int opcode, struct broker_spare *spare,
				  struct broker_entry **freed);

int broker_consumer_reply(struct broker_consumer *consumer, u64 tag,
			  struct broker_message *message, struct broker_entry **freed);

int broker_consumer_lease(struct broker_consumer *consumer, struct broker_handout *handouts,
			  u32 max, u64 room, u32 *pull, u32 *needed);
int broker_consumer_fetch(struct broker_consumer *consumer, u64 sequence,
			  struct broker_handout *handout, u64 room, u32 *needed);
void broker_consumer_unlease(struct broker_consumer *consumer,
			     const struct broker_handout *handouts, u32 count);

#endif /* _BROKER_CONSUMER_H */
