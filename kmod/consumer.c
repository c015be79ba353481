// SPDX-License-Identifier: GPL-2.0
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <linux/broker.h>

#include "active.h"
#include "advisory.h"
#include "broker.h"
#include "consumer.h"
#include "deadletter.h"
#include "event.h"
#include "idle.h"
#include "lease.h"
#include "limit.h"
#include "memory.h"
#include "message.h"
#include "queue.h"
#include "request.h"
#include "selector.h"
#include "reservation.h"
#include "schedule.h"
#include "session.h"
#include "trace.h"
#include "transaction.h"

/* A consumer of @queue, not yet attached; takes references on both.  -ENOMEM, -EDQUOT. */
struct broker_consumer *broker_consumer_new(struct broker_session *session,
					    struct broker_queue *queue)
{
	struct broker_consumer *consumer = kzalloc(sizeof(*consumer), BROKER_GFP);

	if (!consumer)
		return ERR_PTR(-ENOMEM);
	if (broker_payer_charge(session->payer, BROKER_LIMIT_CONSUMERS, 1, NULL)) {
		kfree(consumer);
		return ERR_PTR(-EDQUOT);
	}
	refcount_set(&consumer->refs, 1);
	refcount_inc(&queue->refs);
	consumer->queue = queue;
	consumer->session = broker_session_get(session);
	INIT_LIST_HEAD(&consumer->of_queue);
	INIT_LIST_HEAD(&consumer->of_session);
	broker_lease_init(consumer);
	consumer->pending.root = RB_ROOT_CACHED;
	consumer->leased.root = RB_ROOT_CACHED;
	return consumer;
}

bool broker_consumer_tryget(struct broker_consumer *consumer)
{
	return refcount_inc_not_zero(&consumer->refs);
}

void broker_consumer_put(struct broker_consumer *consumer)
{
	if (consumer && refcount_dec_and_test(&consumer->refs)) {
		broker_payer_uncharge(consumer->session->payer, BROKER_LIMIT_CONSUMERS, 1);
		broker_selector_free(consumer->choice.selector);
		broker_queue_put(consumer->queue);
		broker_session_put(consumer->session);
		kfree_rcu(consumer, rcu);
	}
}

/* Messages it may get now, by its credit or by a RECEIVE that pulls. */
static u32 consumer_free_credit(const struct broker_consumer *consumer)
{
	u32 held = consumer->nr_pending + consumer->nr_leased;
	u32 credit = 0;

	if (consumer->dead || consumer->hung || consumer->pause.on)
		return 0;
	if (held < consumer->credit_messages && consumer->bytes < consumer->credit_bytes)
		credit = consumer->credit_messages - held;
	if (consumer->pull > consumer->nr_pending)
		credit = max(credit, consumer->pull - consumer->nr_pending);
	return credit;
}

static bool consumer_before(struct rb_node *a, const struct rb_node *b)
{
	const struct broker_consumer *left = rb_entry(a, struct broker_consumer, eligible);
	const struct broker_consumer *right = rb_entry(b, struct broker_consumer, eligible);

	if (left->priority != right->priority)
		return left->priority > right->priority;
	if (left->free != right->free)
		return left->free > right->free;
	return left->served < right->served;
}

/* Finds its place among the eligible anew, after anything that counts changed. */
void broker_consumer_update_locked(struct broker_consumer *consumer)
{
	struct broker_queue *queue = consumer->queue;

	lockdep_assert_held(&queue->lock);
	if (consumer->is_eligible)
		rb_erase_cached(&consumer->eligible, &queue->eligible);
	consumer->free = consumer_free_credit(consumer);
	consumer->is_eligible = consumer->free;
	if (consumer->is_eligible)
		rb_add_cached(&consumer->eligible, &queue->eligible, consumer_before);
}

/* Lists it with its session while a RECEIVE from any consumer may take from it. */
static void consumer_list_locked(struct broker_consumer *consumer)
{
	struct broker_session *session = consumer->session;
	bool readable = consumer->nr_pending && consumer->credit_messages && !consumer->dead;

	lockdep_assert_held(&consumer->queue->lock);
	if (readable == consumer->listed)
		return;
	consumer->listed = readable;
	spin_lock(&session->lock);
	if (readable)
		list_add_tail(&consumer->of_session, &session->readable);
	else
		list_del_init(&consumer->of_session);
	spin_unlock(&session->lock);
}

void broker_consumer_wake(struct broker_consumer *consumer)
{
	if (wq_has_sleeper(&consumer->session->wait))
		wake_up_interruptible_poll(&consumer->session->wait, EPOLLIN | EPOLLRDNORM);
}

/* Gives it an entry, which is in no tree, and wakes its session. */
void broker_consumer_assign_locked(struct broker_consumer *consumer, struct broker_entry *entry)
{
	lockdep_assert_held(&consumer->queue->lock);
	broker_entry_insert(&consumer->pending, entry, entry->place);
	entry->state = BROKER_ENTRY_PENDING;
	entry->consumer = consumer;
	WRITE_ONCE(consumer->nr_pending, consumer->nr_pending + 1);
	consumer->bytes += broker_message_size(entry->message);
	consumer->served = ++consumer->queue->served;
	broker_lease_assigned_locked(consumer);
	broker_consumer_update_locked(consumer);
	consumer_list_locked(consumer);
	trace_broker_assign(consumer, entry);
	if (trace_broker_wake_enabled() && wq_has_sleeper(&consumer->session->wait))
		trace_broker_wake(consumer, entry);
	broker_consumer_wake(consumer);
}

/* Takes a pending entry from it; update afterwards. */
static void consumer_unassign_locked(struct broker_consumer *consumer, struct broker_entry *entry)
{
	broker_entry_erase(&consumer->pending, entry);
	WRITE_ONCE(consumer->nr_pending, consumer->nr_pending - 1);
	consumer->bytes -= broker_message_size(entry->message);
}

/* The same for the queue, which takes it away. */
void broker_consumer_withdraw_locked(struct broker_consumer *consumer, struct broker_entry *entry)
{
	consumer_unassign_locked(consumer, entry);
	broker_consumer_update_locked(consumer);
	consumer_list_locked(consumer);
}

/*
 * Takes back what is on its way to it, up to BROKER_LOCK_BATCH.  Return: whether that
 * was all; dispatch afterwards.
 */
bool broker_consumer_take_back_locked(struct broker_consumer *consumer)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry;
	u32 count;

	lockdep_assert_held(&queue->lock);
	for (count = 0; count < BROKER_LOCK_BATCH; count++) {
		entry = broker_entry_first(&consumer->pending);
		if (!entry)
			break;
		broker_queue_detach_locked(queue, entry);
		broker_queue_ready_locked(queue, entry);
	}
	return !consumer->nr_pending;
}

/* Returns what no longer is on its way to anyone: credit taken away, pull over. */
static void consumer_withdraw_locked(struct broker_consumer *consumer)
{
	u32 count = 0;

	lockdep_assert_held(&consumer->queue->lock);
	while (!consumer->dead && !consumer->credit_messages &&
	       consumer->nr_pending > consumer->pull) {
		struct broker_entry *entry = broker_entry_of(consumer->pending.last);

		consumer_unassign_locked(consumer, entry);
		broker_queue_return_locked(consumer->queue, entry);
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&consumer->queue->lock);
	}
	broker_consumer_update_locked(consumer);
	consumer_list_locked(consumer);
	if (consumer->nr_pending)
		broker_consumer_wake(consumer);
	broker_queue_dispatch_locked(consumer->queue);
}

/* Behind all of its priority, which are ordered by when they came. */
static void consumer_enlist_locked(struct broker_consumer *consumer)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_consumer *other;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry_reverse(other, &queue->consumers, of_queue) {
		if (other->priority >= consumer->priority) {
			list_add(&consumer->of_queue, &other->of_queue);
			return;
		}
	}
	list_add(&consumer->of_queue, &queue->consumers);
}

/* Whether one of them wants to be alone. */
static bool consumer_is_kept_out_locked(const struct broker_consumer *consumer)
{
	const struct broker_consumer *other;

	lockdep_assert_held(&consumer->queue->lock);
	other = list_first_entry_or_null(&consumer->queue->consumers, struct broker_consumer,
					 of_queue);
	return other && (consumer->flags | other->flags) & BROKER_CONSUME_F_EXCLUSIVE;
}

/**
 * broker_consumer_attach() - Let a new consumer compete for the queue's messages
 * @consumer: new; its number is reserved in the session's table
 *
 * Whoever finds it in that table must take the queue's lock to do anything, and
 * so finds it attached.
 *
 * Return: 0; -ENOENT: the queue was deleted; -EBUSY: it, or another, is exclusive.
 */
int broker_consumer_attach(struct broker_consumer *consumer)
{
	struct broker_queue *queue = consumer->queue;
	int err = 0;

	spin_lock(&queue->lock);
	if (queue->dead)
		err = -ENOENT;
	else if (consumer_is_kept_out_locked(consumer))
		err = -EBUSY;
	if (err) {
		spin_unlock(&queue->lock);
		return err;
	}
	/* The slot is there, so this allocates nothing. */
	xa_store(&consumer->session->consumers, consumer->id, consumer, GFP_ATOMIC);
	refcount_inc(&consumer->refs);
	consumer_enlist_locked(consumer);
	WRITE_ONCE(queue->nr_consumers, queue->nr_consumers + 1);
	queue->nr_choosy += consumer->choice.selector ? 1 : 0;
	queue->had_consumer = true;
	consumer->served = ++queue->served;
	atomic_inc(&queue->broker->nr_consumers);
	broker_consumer_update_locked(consumer);
	broker_active_join_locked(consumer);
	broker_queue_dispatch_locked(queue);
	spin_unlock(&queue->lock);

	broker_event_consumer(consumer);
	return 0;
}

/* Returns up to BROKER_LOCK_BATCH of what a dead consumer holds; false: nothing is left. */
static bool consumer_return_some(struct broker_consumer *consumer, const struct broker_return *how)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry, *freed = NULL;
	int i;

	spin_lock(&queue->lock);
	for (i = 0; i < BROKER_LOCK_BATCH; i++) {
		entry = broker_entry_first(&consumer->leased);
		if (entry) {
			broker_entry_erase(&consumer->leased, entry);
			WRITE_ONCE(consumer->nr_leased, consumer->nr_leased - 1);
			/* Being read right now, and at most once: not to be read again. */
			if (consumer->flags & BROKER_CONSUME_F_AUTO_ACCEPT) {
				queue->stats.accepted++;
				queue->nr_unacked--;
				broker_queue_remove_locked(queue, entry, &freed);
				continue;
			}
			/* The requester hears of it, and nobody else gets the request. */
			if (entry->reply) {
				broker_reply_lost(entry->reply, how);
				queue->stats.failed += how->failed;
				queue->stats.released += !how->failed;
				queue->nr_unacked--;
				broker_queue_remove_locked(queue, entry, &freed);
				continue;
			}
			broker_entry_returned(entry, how, how->failed ?
					      broker_retry_delay(queue, entry->failed + 1) : 0);
			trace_broker_return(queue, entry, how);
			if (how->failed)
				queue->stats.failed++;
			else
				queue->stats.released++;
		} else {
			/* Never seen by the reader: it comes back as if it had not been away. */
			entry = broker_entry_first(&consumer->pending);
			if (!entry)
				break;
			broker_entry_erase(&consumer->pending, entry);
			WRITE_ONCE(consumer->nr_pending, consumer->nr_pending - 1);
		}
		broker_queue_return_locked(queue, entry);
		consumer->returned++;
	}
	if (freed)
		broker_queue_room_locked(queue);
	broker_queue_dispatch_locked(queue);
	spin_unlock(&queue->lock);
	broker_entry_free_list(freed);
	cond_resched();
	return i == BROKER_LOCK_BATCH;
}

/**
 * broker_consumer_detach() - End a consumer and return what it holds
 * @consumer: with a reference
 * @how: why, and what to note on each message
 *
 * Return: true; false: it was detached already.
 */
bool broker_consumer_detach(struct broker_consumer *consumer, const struct broker_return *how)
{
	struct broker_session *session = consumer->session;
	struct broker_queue *queue = consumer->queue;

	spin_lock(&queue->lock);
	if (consumer->dead || list_empty(&consumer->of_queue)) {
		spin_unlock(&queue->lock);
		return false;
	}
	WRITE_ONCE(consumer->dead, true);
	broker_lease_stop_locked(consumer);
	list_del_init(&consumer->of_queue);
	broker_active_leave_locked(consumer);
	WRITE_ONCE(queue->nr_consumers, queue->nr_consumers - 1);
	queue->nr_choosy -= consumer->choice.selector ? 1 : 0;
	broker_idle_arm_locked(queue);
	broker_consumer_update_locked(consumer);
	consumer_list_locked(consumer);
	/* The reader is told of what he did not do himself. */
	if (how->cause == BROKER_CAUSE_QUEUE_DELETED || how->cause == BROKER_CAUSE_SLOW) {
		spin_lock(&session->lock);
		if (!session->ended)
			list_add_tail(&consumer->of_session, &session->gone);
		spin_unlock(&session->lock);
	}
	spin_unlock(&queue->lock);
	broker_timer_set(&queue->broker->clock, &consumer->timer, BROKER_NEVER);

	while (consumer_return_some(consumer, how))
		;
	/* The queue may have been deleted, and drained, meanwhile. */
	if (READ_ONCE(queue->dead))
		broker_queue_drain(queue);
	broker_consumer_wake(consumer);
	atomic_dec(&queue->broker->nr_consumers);
	broker_event_consumer_ended(consumer, how);
	if (how->failed)
		broker_advise_consumer(consumer, BROKER_ADVISORY_KIND_CONSUMER_CRASHED, how);
	broker_consumer_put(consumer);
	return true;
}

/* What it has received stays with it; what only was on its way goes if @messages is 0. */
void broker_consumer_set_credit(struct broker_consumer *consumer, u32 messages, u64 bytes)
{
	spin_lock(&consumer->queue->lock);
	consumer->credit_messages = messages;
	consumer->credit_bytes = bytes;
	consumer_withdraw_locked(consumer);
	spin_unlock(&consumer->queue->lock);
}

/* A RECEIVE asks for @messages beyond the credit. */
void broker_consumer_pull(struct broker_consumer *consumer, u32 messages)
{
	spin_lock(&consumer->queue->lock);
	consumer->pull += messages;
	broker_consumer_update_locked(consumer);
	broker_queue_dispatch_locked(consumer->queue);
	spin_unlock(&consumer->queue->lock);
}

/* It has ended, @messages of them not received. */
void broker_consumer_unpull(struct broker_consumer *consumer, u32 messages)
{
	spin_lock(&consumer->queue->lock);
	consumer->pull -= messages;
	consumer_withdraw_locked(consumer);
	spin_unlock(&consumer->queue->lock);
}

/* What an entry is to be handed out with: the state of its key; or NULL. */
static struct broker_blob *consumer_state_locked(const struct broker_consumer *consumer,
						 const struct broker_entry *entry)
{
	return broker_consumer_wants_state(consumer) ?
	       broker_state_of_locked(consumer->queue, entry) : NULL;
}

/* Gives an entry that is in no tree into the reader's hand. */
static void consumer_hand_out_locked(struct broker_consumer *consumer, struct broker_entry *entry,
				     struct broker_blob *state, struct broker_handout *handout)
{
	struct broker_queue *queue = consumer->queue;

	lockdep_assert_held(&queue->lock);
	broker_entry_insert(&consumer->leased, entry, ++consumer->last_tag);
	entry->state = BROKER_ENTRY_LEASED;
	entry->taken = broker_now();
	broker_latency_add(&queue->waits, entry->since ?: entry->taken, entry->taken);
	broker_lease_begin_locked(consumer, entry);
	entry->acquired++;
	trace_broker_deliver(consumer, entry, entry->key);
	queue->stats.delivered++;
	if (entry->acquired > 1)
		queue->stats.redelivered++;
	broker_handout_fill(handout, entry, state);
}

/**
 * broker_consumer_lease() - Hand pending entries out
 * @consumer: with a reference
 * @handouts: gets a copy of each, with references
 * @max: most of them
 * @room: bytes of the reader's memory
 * @pull: what remains of the caller's pull; counted down
 * @needed: with -EMSGSIZE, bytes that the first one needs
 *
 * Return: how many; 0: nothing is there; -EMSGSIZE.
 */
int broker_consumer_lease(struct broker_consumer *consumer, struct broker_handout *handouts,
			  u32 max, u64 room, u32 *pull, u32 *needed)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry, *freed = NULL;
	u32 count = 0, pulled, removed;

	spin_lock(&queue->lock);
	broker_lease_alive_locked(consumer);
again:
	removed = 0;
	while (count < max && (entry = broker_entry_first(&consumer->pending))) {
		struct broker_blob *state = consumer_state_locked(consumer, entry);
		u32 size = broker_handout_size(entry->message, entry->deaths, state,
					       broker_consumer_headers_only(consumer));

		if (broker_reply_withdrawn(entry->reply)) {
			consumer_unassign_locked(consumer, entry);
			queue->nr_unacked--;
			broker_queue_remove_locked(queue, entry, &freed);
			if (++removed == BROKER_LOCK_BATCH)
				break;
			continue;
		}
		if (size > room) {
			*needed = size;
			break;
		}
		room -= size;
		broker_entry_erase(&consumer->pending, entry);
		consumer_hand_out_locked(consumer, entry, state, &handouts[count++]);
	}
	consumer->delivered += count;
	WRITE_ONCE(consumer->nr_pending, consumer->nr_pending - count);
	WRITE_ONCE(consumer->nr_leased, consumer->nr_leased + count);
	pulled = min3(count, *pull, consumer->pull);
	consumer->pull -= pulled;
	*pull -= pulled;
	broker_consumer_update_locked(consumer);
	consumer_list_locked(consumer);
	if (removed) {
		broker_queue_room_locked(queue);
		broker_queue_dispatch_locked(queue);
		/* Others may have come in their place. */
		if (!count && !*needed) {
			cond_resched_lock(&queue->lock);
			goto again;
		}
	}
	spin_unlock(&queue->lock);
	broker_entry_free_list(freed);
	return !count && *needed ? -EMSGSIZE : count;
}

/**
 * broker_consumer_fetch() - Hand out a deferred entry
 * @consumer: with a reference
 * @sequence: of the entry
 * @handout: gets a copy, with references
 * @room: bytes of the reader's memory
 * @needed: with -EMSGSIZE, bytes that it needs
 *
 * Return: 1; -ENODATA: no such entry is deferred; -ENOENT: the consumer has ended;
 * -EBUSY: it stands by; -EMSGSIZE.
 */
int broker_consumer_fetch(struct broker_consumer *consumer, u64 sequence,
			  struct broker_handout *handout, u64 room, u32 *needed)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry, *freed = NULL;
	struct broker_blob *state = NULL;
	int err = 1;
	u32 size;

	spin_lock(&queue->lock);
	broker_lease_alive_locked(consumer);
	broker_queue_show_locked(queue);
	if (queue->settings.single_active && broker_active_elect_locked(queue) != consumer)
		err = -EBUSY;
	entry = broker_entry_find(&queue->deferred, sequence);
	if (consumer->dead) {
		err = -ENOENT;
	} else if (err < 0) {
		/* It stands by. */
	} else if (!entry) {
		err = -ENODATA;
	} else if (broker_reply_withdrawn(entry->reply)) {
		broker_queue_detach_locked(queue, entry);
		broker_queue_remove_locked(queue, entry, &freed);
		broker_queue_room_locked(queue);
		err = -ENODATA;
	} else {
		state = consumer_state_locked(consumer, entry);
		size = broker_handout_size(entry->message, entry->deaths, state,
					   broker_consumer_headers_only(consumer));
		if (size > room) {
			*needed = size;
			err = -EMSGSIZE;
		}
	}
	if (err > 0) {
		broker_queue_detach_locked(queue, entry);
		queue->nr_unacked++;
		entry->consumer = consumer;
		consumer->bytes += broker_message_size(entry->message);
		consumer_hand_out_locked(consumer, entry, state, handout);
		handout->deferred = true;
		consumer->delivered++;
		WRITE_ONCE(consumer->nr_leased, consumer->nr_leased + 1);
		broker_consumer_update_locked(consumer);
	}
	spin_unlock(&queue->lock);
	broker_entry_free_list(freed);
	return err;
}

/**
 * broker_consumer_unlease() - Take a hand-out back that did not reach the reader
 * @consumer: with a reference
 * @handouts: as they were leased; those settled or taken back meanwhile are left alone
 * @count: how many
 */
void broker_consumer_unlease(struct broker_consumer *consumer,
			     const struct broker_handout *handouts, u32 count)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry;

	spin_lock(&queue->lock);
	while (count-- && !consumer->dead) {
		entry = broker_entry_find(&consumer->leased, handouts[count].key);
		if (!entry)
			continue;
		broker_entry_erase(&consumer->leased, entry);
		broker_latency_take_back(&queue->waits, entry->since ?: entry->taken,
					 entry->taken);
		if (entry->acquired > 1)
			queue->stats.redelivered--;
		entry->acquired--;
		queue->stats.delivered--;
		consumer->delivered--;
		trace_broker_return(queue, entry, &(struct broker_return){});
		WRITE_ONCE(consumer->nr_leased, consumer->nr_leased - 1);
		/* What is not on its way any more, or whose time ended meanwhile, goes back. */
		if (handouts[count].deferred || consumer->hung || consumer->pause.on ||
		    queue->flow.pause.on || broker_schedule_expired(entry)) {
			consumer->bytes -= broker_message_size(entry->message);
			entry->at = handouts[count].deferred ? BROKER_NEVER : 0;
			broker_queue_return_locked(queue, entry);
			continue;
		}
		broker_entry_insert(&consumer->pending, entry, entry->place);
		entry->state = BROKER_ENTRY_PENDING;
		entry->at = 0;
		WRITE_ONCE(consumer->nr_pending, consumer->nr_pending + 1);
	}
	consumer_withdraw_locked(consumer);
	spin_unlock(&queue->lock);
}
