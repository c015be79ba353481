// SPDX-License-Identifier: GPL-2.0
/* Messages that go because nobody wants them any more: a purge, or the end of their queue. */
#include <linux/lockdep.h>

#include "broker.h"
#include "entry.h"
#include "queue.h"
#include "reservation.h"
#include "trace.h"

/* Removes entries of @tree up to @before, as long as @count is below BROKER_LOCK_BATCH. */
static u32 queue_remove_locked(struct broker_queue *queue, struct broker_entry_tree *tree,
			       u64 before, u32 count, struct broker_entry **freed)
{
	struct broker_entry *entry, *next;

	lockdep_assert_held(&queue->lock);
	for (entry = broker_entry_first(tree); entry && count < BROKER_LOCK_BATCH; entry = next) {
		next = broker_entry_next(entry);
		/* Few of those that come meanwhile stand before older ones. */
		if (broker_entry_sequence(entry) > before)
			continue;
		broker_queue_detach_locked(queue, entry);
		trace_broker_drop(queue, entry, queue->dead ? "deleted" : "purged");
		broker_queue_remove_locked(queue, entry, freed);
		queue->stats.purged++;
		count++;
	}
	return count;
}

/*
 * Removes up to BROKER_LOCK_BATCH entries without a consumer that came before @before;
 * of a dead queue whatever it still has.
 */
static u32 queue_remove_some(struct broker_queue *queue, u64 before)
{
	struct broker_entry *freed = NULL;
	u32 count = 0;

	spin_lock(&queue->lock);
	broker_queue_show_locked(queue);
	/* First: what leaves the ready ones lets others in from there. */
	count = queue_remove_locked(queue, &queue->blocked, before, count, &freed);
	count = queue_remove_locked(queue, &queue->ready, before, count, &freed);
	count = queue_remove_locked(queue, &queue->waiting, before, count, &freed);
	count = queue_remove_locked(queue, &queue->deferred, before, count, &freed);
	if (queue->dead) {
		count = queue_remove_locked(queue, &queue->dying, before, count, &freed);
		count = queue_remove_locked(queue, &queue->quarantine, before, count, &freed);
	}
	broker_queue_room_locked(queue);
	broker_queue_dispatch_locked(queue);
	spin_unlock(&queue->lock);
	broker_entry_free_list(freed);
	return count;
}

/* Frees what came back to a dead queue, or never left it. */
void broker_queue_drain(struct broker_queue *queue)
{
	while (queue_remove_some(queue, U64_MAX))
		;
}

/**
 * broker_queue_purge() - Remove all messages that are there now and that nobody has in hand
 * @queue: with a reference
 *
 * Return: how many.
 */
u32 broker_queue_purge(struct broker_queue *queue)
{
	u32 count, total = 0;
	u64 before;

	spin_lock(&queue->lock);
	before = queue->sequence;
	spin_unlock(&queue->lock);
	do {
		count = queue_remove_some(queue, before);
		total += count;
	} while (count == BROKER_LOCK_BATCH);
	return total;
}
