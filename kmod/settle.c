// SPDX-License-Identifier: GPL-2.0
/* What becomes of the messages that a consumer has received. */
#include <linux/err.h>
#include <linux/sched.h>

#include <linux/broker.h>

#include "broker.h"
#include "consumer.h"
#include "deadletter.h"
#include "entry.h"
#include "lease.h"
#include "message.h"
#include "queue.h"
#include "request.h"
#include "reservation.h"
#include "schedule.h"
#include "session.h"
#include "trace.h"
#include "transaction.h"

/* Takes a leased entry from it that goes back; update afterwards. */
void broker_consumer_unlist_locked(struct broker_consumer *consumer, struct broker_entry *entry)
{
	lockdep_assert_held(&consumer->queue->lock);
	broker_entry_erase(&consumer->leased, entry);
	entry->state = BROKER_ENTRY_LOOSE;
	WRITE_ONCE(consumer->nr_leased, consumer->nr_leased - 1);
	consumer->bytes -= broker_message_size(entry->message);
}

/* Takes a delivery from its consumer that is no longer in @leased. */
static void consumer_let_go_locked(struct broker_consumer *consumer, struct broker_entry *entry,
				   unsigned int opcode)
{
	lockdep_assert_held(&consumer->queue->lock);
	trace_broker_settle(consumer, entry, opcode);
	WRITE_ONCE(consumer->nr_leased, consumer->nr_leased - 1);
	consumer->bytes -= broker_message_size(entry->message);
	consumer->settled++;
	broker_latency_add(&consumer->queue->holds, entry->taken, broker_now());
}

/* Settles one of them as RELEASE, DELAY, DEFER or FAIL; @transaction hides it, if there is one. */
static void consumer_return_locked(struct broker_consumer *consumer, struct broker_entry *entry,
				   unsigned int opcode, u64 delay,
				   struct broker_transaction *transaction)
{
	struct broker_return how = { .holder = consumer->session->pid };
	struct broker_queue *queue = consumer->queue;

	consumer_let_go_locked(consumer, entry, opcode);
	if (opcode == BROKER_OP_FAIL) {
		queue->stats.failed++;
		how.cause = BROKER_CAUSE_FAILED;
		how.failed = true;
		delay = broker_retry_delay(queue, entry->failed + 1);
	} else {
		queue->stats.released++;
		how.cause = BROKER_CAUSE_RELEASED;
		if (opcode == BROKER_OP_DEFER)
			delay = BROKER_NEVER;
	}
	broker_entry_returned(entry, &how, delay);
	trace_broker_return(queue, entry, &how);
	if (transaction) {
		queue->nr_unacked--;
		broker_queue_hide_locked(queue, entry, transaction);
	} else {
		broker_queue_return_locked(queue, entry);
	}
}

/*
 * Settles one of them as ACCEPT or REJECT, or a request as FAIL; its room is still
 * to go.  False: it stays, as a dead letter to be.
 */
static bool consumer_remove_locked(struct broker_consumer *consumer, struct broker_entry *entry,
				   unsigned int opcode, struct broker_entry **freed)
{
	struct broker_return how = { .holder = consumer->session->pid };
	struct broker_queue *queue = consumer->queue;

	consumer_let_go_locked(consumer, entry, opcode);
	if (opcode == BROKER_OP_ACCEPT) {
		queue->stats.accepted++;
		how.cause = BROKER_CAUSE_ACCEPTED;
	} else if (opcode == BROKER_OP_REJECT) {
		queue->stats.rejected++;
		how.cause = BROKER_CAUSE_REJECTED;
	} else {
		queue->stats.failed++;
		how.cause = BROKER_CAUSE_FAILED;
	}
	if (entry->reply)
		broker_reply_lost(entry->reply, &how);
	queue->nr_unacked--;
	if (opcode == BROKER_OP_REJECT && !entry->reply && queue->settings.dead_letter &&
	    !queue->dead) {
		broker_queue_bury_locked(queue, entry, BROKER_DEATH_REJECTED);
		return false;
	}
	broker_queue_leave_locked(queue, entry);
	entry->next = *freed;
	*freed = entry;
	return true;
}

/* After settling: credit and room there may be, and what came back. */
static void consumer_settled_locked(struct broker_consumer *consumer)
{
	broker_consumer_update_locked(consumer);
	broker_queue_room_locked(consumer->queue);
	broker_queue_dispatch_locked(consumer->queue);
}

static int consumer_check_tag_locked(const struct broker_consumer *consumer, u64 tag)
{
	lockdep_assert_held(&consumer->queue->lock);
	if (consumer->dead)
		return -ENOENT;
	return tag && tag <= consumer->last_tag ? 0 : -EINVAL;
}

/* The delivery of that tag, which stays where it is; or as broker_consumer_settle(). */
struct broker_entry *broker_consumer_leased_locked(struct broker_consumer *consumer, u64 tag)
{
	int err = consumer_check_tag_locked(consumer, tag);

	return err ? ERR_PTR(err) :
		     broker_entry_find(&consumer->leased, tag) ?: ERR_PTR(-ESTALE);
}

/* The next delivery that settling @tag means, out of @leased; NULL: no more. */
static struct broker_entry *consumer_take_locked(struct broker_consumer *consumer, u64 tag,
						 bool cumulative)
{
	struct broker_entry *entry;

	lockdep_assert_held(&consumer->queue->lock);
	if (cumulative)
		entry = broker_entry_first(&consumer->leased);
	else
		entry = broker_entry_find(&consumer->leased, tag);
	if (!entry || entry->key > tag)
		return NULL;
	broker_entry_erase(&consumer->leased, entry);
	entry->state = BROKER_ENTRY_LOOSE;
	return entry;
}

/**
 * broker_consumer_settle() - Settle one delivery, or all up to one
 * @consumer: with a reference
 * @tag: the delivery
 * @opcode: BROKER_OP_ACCEPT, RELEASE, DELAY, DEFER, FAIL or REJECT
 * @delay: nanoseconds, of DELAY
 * @cumulative: all that are leased under tags up to @tag
 * @freed: entries for the caller to free
 *
 * Return: how many; -ENOENT: the consumer has ended; -EINVAL: never handed out;
 * -ESTALE: nothing of it is left.
 */
int broker_consumer_settle(struct broker_consumer *consumer, u64 tag, unsigned int opcode,
			   u64 delay, bool cumulative, struct broker_entry **freed)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry;
	int err, count = 0;
	u64 size;

	spin_lock(&queue->lock);
	err = consumer_check_tag_locked(consumer, tag);
	while (!err && !consumer->dead && (cumulative || !count)) {
		entry = consumer_take_locked(consumer, tag, cumulative);
		if (!entry)
			break;
		if (opcode == BROKER_OP_ACCEPT || opcode == BROKER_OP_REJECT ||
		    (opcode == BROKER_OP_FAIL && entry->reply)) {
			size = broker_message_size(entry->message);
			if (consumer_remove_locked(consumer, entry, opcode, freed))
				broker_queue_shrink_locked(queue, 1, size);
		} else {
			consumer_return_locked(consumer, entry, opcode, delay, NULL);
		}
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	broker_lease_alive_locked(consumer);
	if (count)
		consumer_settled_locked(consumer);
	spin_unlock(&queue->lock);
	return err ?: count ?: -ESTALE;
}

/**
 * broker_consumer_reply() - Settle a request with its answer
 * @consumer: with a reference
 * @tag: the delivery
 * @message: the answer; a reference is taken, and sent when @freed is freed
 * @freed: entries for the caller to free
 *
 * Return: 0; -ENOENT, -EINVAL, -ESTALE: as broker_consumer_settle();
 * -EDESTADDRREQ: no request; -EPIPE: nobody waits for an answer any more.
 */
int broker_consumer_reply(struct broker_consumer *consumer, u64 tag,
			  struct broker_message *message, struct broker_entry **freed)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry;
	u64 size;
	int err;

	spin_lock(&queue->lock);
	entry = broker_consumer_leased_locked(consumer, tag);
	err = PTR_ERR_OR_ZERO(entry);
	if (!err)
		err = !entry->reply ? -EDESTADDRREQ :
		      broker_reply_withdrawn(entry->reply) ? -EPIPE : 0;
	if (!err) {
		consumer_take_locked(consumer, tag, false);
		entry->reply->message = broker_message_get(message);
		size = broker_message_size(entry->message);
		consumer_remove_locked(consumer, entry, BROKER_OP_ACCEPT, freed);
		broker_queue_shrink_locked(queue, 1, size);
		consumer_settled_locked(consumer);
	}
	spin_unlock(&queue->lock);
	return err;
}

/**
 * broker_consumer_extend() - Let a consumer keep what it has for longer
 * @consumer: with a reference
 * @tag: the delivery
 * @lease: nanoseconds from now; 0: as if it had just been handed out
 * @cumulative: all that are leased under tags up to @tag
 *
 * Return: as broker_consumer_settle().
 */
int broker_consumer_extend(struct broker_consumer *consumer, u64 tag, u64 lease, bool cumulative)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry;
	int err, count = 0;
	u64 last;

	spin_lock(&queue->lock);
	err = consumer_check_tag_locked(consumer, tag);
	entry = err ? NULL : cumulative ? broker_entry_first(&consumer->leased) :
					  broker_entry_find(&consumer->leased, tag);
	while (entry && entry->key <= tag) {
		broker_lease_extend_locked(consumer, entry, lease);
		last = entry->key;
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
		entry = cumulative ? broker_entry_after(&consumer->leased, last, U64_MAX) : NULL;
	}
	broker_lease_alive_locked(consumer);
	spin_unlock(&queue->lock);
	return err ?: count ?: -ESTALE;
}

/**
 * broker_consumer_claim() - Take deliveries for a transaction to settle
 * @consumer: with a reference
 * @claim: @tag and @cumulative say which; gets the entries
 *
 * They stay the consumer's, and count as such, but nobody else can settle them
 * and no lease ends them.  Settle or unclaim them.
 *
 * Return: 0, or as broker_consumer_settle(), with nothing claimed.
 */
int broker_consumer_claim(struct broker_consumer *consumer, struct broker_claim *claim)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *entry;
	int err;

	spin_lock(&queue->lock);
	err = consumer_check_tag_locked(consumer, claim->tag);
	while (!err && !consumer->dead && (claim->cumulative || !claim->count)) {
		entry = consumer_take_locked(consumer, claim->tag, claim->cumulative);
		if (!entry)
			break;
		entry->state = BROKER_ENTRY_CLAIMED;
		entry->next = claim->entries;
		claim->entries = entry;
		claim->bytes += broker_message_size(entry->message);
		if (!(++claim->count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	broker_lease_alive_locked(consumer);
	spin_unlock(&queue->lock);
	return err ?: claim->count ? 0 : -ESTALE;
}

/* Puts back what was claimed; to the queue, if the consumer has ended meanwhile. */
void broker_consumer_unclaim(struct broker_consumer *consumer, struct broker_claim *claim)
{
	const struct broker_return how = {
		.cause = BROKER_CAUSE_CANCELLED,
		.holder = consumer->session->pid,
	};
	struct broker_queue *queue = consumer->queue;

	spin_lock(&queue->lock);
	while (claim->entries) {
		struct broker_entry *entry = claim->entries;

		claim->entries = entry->next;
		if (!consumer->dead) {
			broker_entry_insert(&consumer->leased, entry, entry->key);
			entry->state = BROKER_ENTRY_LEASED;
			broker_lease_again_locked(consumer, entry);
		} else {
			WRITE_ONCE(consumer->nr_leased, consumer->nr_leased - 1);
			queue->stats.released++;
			broker_entry_returned(entry, &how, 0);
			broker_queue_return_locked(queue, entry);
		}
		if (!(--claim->count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	claim->bytes = 0;
	broker_queue_dispatch_locked(queue);
	spin_unlock(&queue->lock);
	if (READ_ONCE(queue->dead))
		broker_queue_drain(queue);
}

/*
 * RELEASE and FAIL in a transaction: back in the queue, hidden until it is committed;
 * but requests that FAIL, which stay in the claim, to be answered at its end.
 */
void broker_consumer_return_claimed(struct broker_consumer *consumer, struct broker_claim *claim,
				    unsigned int opcode, struct broker_transaction *transaction)
{
	struct broker_queue *queue = consumer->queue;
	struct broker_entry *ended = NULL;
	u32 count = 0;

	spin_lock(&queue->lock);
	/* What comes back keeps its room. */
	claim->count = 0;
	claim->bytes = 0;
	while (claim->entries) {
		struct broker_entry *entry = claim->entries;

		claim->entries = entry->next;
		if (opcode == BROKER_OP_FAIL && entry->reply) {
			entry->next = ended;
			ended = entry;
			claim->count++;
			claim->bytes += broker_message_size(entry->message);
		} else {
			consumer_return_locked(consumer, entry, opcode, claim->delay, transaction);
		}
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	claim->entries = ended;
	spin_unlock(&queue->lock);
}

/**
 * broker_consumer_finish_claim() - End a claim, once the transaction is committed; then dispatch
 * @consumer: with a reference
 * @claim: what is to be accepted or rejected, or was returned
 * @opcode: of the settlement
 * @spare: room that accepted messages leave, already counted there, or NULL
 * @freed: entries for the caller to free
 */
void broker_consumer_finish_claim(struct broker_consumer *consumer, struct broker_claim *claim,
				  unsigned int opcode, struct broker_spare *spare,
				  struct broker_entry **freed)
{
	struct broker_queue *queue = consumer->queue;
	u32 count = 0;
	u64 size;

	spin_lock(&queue->lock);
	while (claim->entries) {
		struct broker_entry *entry = claim->entries;

		claim->entries = entry->next;
		size = broker_message_size(entry->message);
		if (!consumer_remove_locked(consumer, entry, opcode, freed)) {
			claim->count--;
			claim->bytes -= size;
		}
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	if (spare) {
		/* The rest of their room has been taken by messages of the transaction. */
		broker_queue_shrink_locked(queue, spare->messages, spare->bytes);
		spare->messages = 0;
		spare->bytes = 0;
	} else {
		broker_queue_shrink_locked(queue, claim->count, claim->bytes);
	}
	broker_consumer_update_locked(consumer);
	broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
}
