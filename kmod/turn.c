// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <linux/broker.h>

#include "entry.h"
#include "memory.h"
#include "message.h"
#include "props.h"
#include "queue.h"
#include "turn.h"

/* NULL: no memory. */
struct broker_turns *broker_turns_new(void)
{
	return kvzalloc(sizeof(struct broker_turns), BROKER_GFP);
}

/* Any context. */
void broker_turns_free(struct broker_turns *turns)
{
	if (turns)
		kvfree_rcu(turns, rcu);
}

/**
 * broker_turn_new() - What an entry needs to take turns in a queue
 * @entry: not there yet
 * @queue: where it will be
 *
 * Return: for entry->turn; NULL: it takes none; ERR_PTR(-ENOMEM).
 */
struct broker_turn *broker_turn_new(struct broker_entry *entry, const struct broker_queue *queue)
{
	const struct broker_message *message = entry->message;
	struct broker_prop_view view;
	struct broker_turn *turn;

	if (!READ_ONCE(queue->settings.ordering) ||
	    !broker_props_find(broker_message_props(message), message->props_len,
			       BROKER_PROP_GROUP_KEY, &view))
		return NULL;
	turn = kmalloc(sizeof(*turn), BROKER_GFP);
	if (!turn)
		return ERR_PTR(-ENOMEM);
	turn->entry = entry;
	turn->bucket = jhash(view.value, view.value_len, 0) % BROKER_TURN_BUCKETS;
	return turn;
}

/* For an entry that was made for @queue.  -ENOMEM. */
int broker_turn_prepare(struct broker_entry *entry, const struct broker_queue *queue)
{
	struct broker_turn *turn = broker_turn_new(entry, queue);

	if (IS_ERR(turn))
		return PTR_ERR(turn);
	entry->turn = turn;
	return 0;
}

static struct broker_bucket *turn_bucket_locked(struct broker_queue *queue,
						const struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	return &queue->turns->bucket[entry->turn->bucket];
}

static struct broker_entry *turn_first_locked(const struct broker_bucket *bucket)
{
	struct rb_node *node = rb_first_cached(&bucket->blocked);

	return node ? rb_entry(node, struct broker_turn, node)->entry : NULL;
}

static bool turn_before(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct broker_turn, node)->entry->place <
	       rb_entry(other, struct broker_turn, node)->entry->place;
}

static void turn_block_locked(struct broker_queue *queue, struct broker_bucket *bucket,
			      struct broker_entry *entry)
{
	broker_entry_insert(&queue->blocked, entry, entry->place);
	entry->state = BROKER_ENTRY_BLOCKED;
	rb_add_cached(&entry->turn->node, &bucket->blocked, turn_before);
}

static void turn_unblock_locked(struct broker_queue *queue, struct broker_bucket *bucket,
				struct broker_entry *entry)
{
	broker_entry_erase(&queue->blocked, entry);
	rb_erase_cached(&entry->turn->node, &bucket->blocked);
	entry->state = BROKER_ENTRY_LOOSE;
}

static void turn_give_locked(struct broker_queue *queue, struct broker_bucket *bucket,
			     struct broker_entry *entry)
{
	bucket->turn = entry;
	bucket->is_ready = true;
	broker_queue_offer_locked(queue, entry);
}

/* It is at its place in the queue from now on, and may be handed out in its turn. */
void broker_turn_enter_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	struct broker_bucket *bucket = turn_bucket_locked(queue, entry);
	struct broker_entry *first;

	/* Come back, it is one of many again: another may have come before it. */
	if (bucket->turn == entry)
		bucket->turn = NULL;
	if (bucket->turn && (!bucket->is_ready || bucket->turn->place < entry->place)) {
		turn_block_locked(queue, bucket, entry);
		return;
	}
	first = bucket->turn;
	if (first) {
		broker_entry_erase(&queue->ready, first);
		turn_block_locked(queue, bucket, first);
	}
	first = turn_first_locked(bucket);
	if (first && first->place < entry->place) {
		turn_block_locked(queue, bucket, entry);
		turn_unblock_locked(queue, bucket, first);
		entry = first;
	}
	turn_give_locked(queue, bucket, entry);
}

/* It goes from its place, and may come back to it. */
void broker_turn_take_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	struct broker_bucket *bucket = turn_bucket_locked(queue, entry);

	if (entry->state == BROKER_ENTRY_BLOCKED)
		turn_unblock_locked(queue, bucket, entry);
	else
		bucket->is_ready = false;
}

/* It will not come back: the turn is the next one's.  Dispatch afterwards. */
void broker_turn_leave_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	struct broker_bucket *bucket;

	lockdep_assert_held(&queue->lock);
	if (!entry->turn)
		return;
	bucket = turn_bucket_locked(queue, entry);
	if (bucket->turn != entry)
		return;
	bucket->turn = NULL;
	entry = turn_first_locked(bucket);
	if (entry) {
		turn_unblock_locked(queue, bucket, entry);
		turn_give_locked(queue, bucket, entry);
	}
}
