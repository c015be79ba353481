// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "broker.h"
#include "consumer.h"
#include "entry.h"
#include "lease.h"
#include "memory.h"
#include "message.h"
#include "props.h"
#include "queue.h"
#include "state.h"

struct broker_blob *broker_blob_get(struct broker_blob *blob)
{
	if (blob)
		refcount_inc(&blob->refs);
	return blob;
}

/* May sleep: large ones are vmalloc'ed. */
void broker_blob_put(struct broker_blob *blob)
{
	if (blob && refcount_dec_and_test(&blob->refs))
		kvfree(blob);
}

static struct broker_blob *blob_from_user(const struct broker_state *args)
{
	struct broker_blob *blob;

	blob = kvmalloc(struct_size(blob, data, args->len), BROKER_GFP);
	if (!blob)
		return ERR_PTR(-ENOMEM);
	refcount_set(&blob->refs, 1);
	blob->len = args->len;
	if (copy_from_user(blob->data, u64_to_user_ptr(args->data), args->len)) {
		kvfree(blob);
		return ERR_PTR(-EFAULT);
	}
	return blob;
}

static u32 state_hash(const void *key, size_t len)
{
	return jhash(key, len, 0);
}

/* By hash first: it is compared faster than keys that begin alike, and fits a dump's cursor. */
static int state_compare(u32 hash, const void *key, size_t len,
			 const struct broker_key_state *state)
{
	if (hash != state->hash)
		return hash < state->hash ? -1 : 1;
	if (len != state->key_len)
		return len < state->key_len ? -1 : 1;
	return memcmp(key, state->key, len);
}

static bool state_before(struct rb_node *node, const struct rb_node *other)
{
	const struct broker_key_state *state = rb_entry(node, struct broker_key_state, node);

	return state_compare(state->hash, state->key, state->key_len,
			     rb_entry(other, struct broker_key_state, node)) < 0;
}

static struct broker_key_state *state_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct broker_key_state, node);
}

/* What is kept for a key, which may be nothing yet, or no more; or NULL. */
struct broker_key_state *broker_state_find_locked(const struct broker_queue *queue,
						  const void *key, size_t len)
{
	struct rb_node *node = queue->states.tree.rb_node;
	u32 hash = state_hash(key, len);

	lockdep_assert_held(&queue->lock);
	while (node) {
		struct broker_key_state *state = state_entry(node);
		int order = state_compare(hash, key, len, state);

		if (!order)
			return state;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* In the order of hashes: the first from @hash on, behind @skip of that very hash; or NULL. */
struct broker_key_state *broker_state_after_locked(const struct broker_queue *queue, u32 hash,
						   unsigned long skip)
{
	struct rb_node *node = queue->states.tree.rb_node;
	struct broker_key_state *state, *found = NULL;

	lockdep_assert_held(&queue->lock);
	while (node) {
		state = state_entry(node);
		if (state->hash >= hash)
			found = state;
		node = state->hash >= hash ? node->rb_left : node->rb_right;
	}
	while (found && found->hash == hash && skip--)
		found = state_entry(rb_next(&found->node));
	return found;
}

static bool state_find_key(const struct broker_message *message, struct broker_prop_view *view)
{
	return broker_props_find(broker_message_props(message), message->props_len,
				 BROKER_PROP_GROUP_KEY, view);
}

/* What @entry is to be handed out with, the tree's reference; or NULL. */
struct broker_blob *broker_state_of_locked(const struct broker_queue *queue,
					   const struct broker_entry *entry)
{
	const struct broker_key_state *state;
	struct broker_prop_view view;

	lockdep_assert_held(&queue->lock);
	if (!queue->settings.ordering || !entry->turn || !queue->states.nr ||
	    !state_find_key(entry->message, &view))
		return NULL;
	state = broker_state_find_locked(queue, view.value, view.value_len);
	return state ? state->blob : NULL;
}

/* Bytes it counts for. */
static u32 state_size(const struct broker_blob *blob, u8 key_len)
{
	return blob ? blob->len + key_len : 0;
}

/*
 * Unless changes of it are under way, charges for what it is; and if that is nothing,
 * takes it out of the tree, for the caller to free.  NULL: it stays.
 */
static struct broker_key_state *state_trim_locked(struct broker_queue *queue,
						  struct broker_key_state *state)
{
	u32 size = state_size(state->blob, state->key_len);

	lockdep_assert_held(&queue->lock);
	if (state->changes)
		return NULL;
	queue->states.bytes -= state->charge - size;
	state->charge = size;
	if (state->blob)
		return NULL;
	rb_erase(&state->node, &queue->states.tree);
	queue->states.nr--;
	return state;
}

/**
 * broker_state_prepare() - Read a state that a consumer wants to set
 * @change: filled; end it, also if this fails
 * @consumer: with a reference, which outlasts the change
 * @args: of the operation
 *
 * Return: 0; -ENOENT, -EINVAL, -ESTALE: as broker_consumer_settle(); -ENOKEY: the
 * delivery takes no turns; -ENAMETOOLONG: its key; -EMSGSIZE; -EFAULT; -ENOMEM.
 */
int broker_state_prepare(struct broker_state_change *change, struct broker_consumer *consumer,
			 const struct broker_state *args)
{
	struct broker_queue *queue = consumer->queue;
	const struct broker_entry *entry;
	struct broker_prop_view view;
	struct broker_blob *blob;
	int err;

	*change = (struct broker_state_change) { .queue = queue };
	if (args->len > BROKER_MAX_STATE)
		return -EMSGSIZE;
	spin_lock(&queue->lock);
	entry = broker_consumer_leased_locked(consumer, args->tag);
	err = PTR_ERR_OR_ZERO(entry);
	if (!err && (!entry->turn || !queue->settings.ordering))
		err = -ENOKEY;
	if (!err)
		change->message = broker_message_get(entry->message);
	spin_unlock(&queue->lock);
	if (err)
		return err;
	/* It has one, as it takes turns. */
	if (WARN_ON_ONCE(!state_find_key(change->message, &view)))
		return -ENOKEY;
	if (view.value_len > BROKER_MAX_KEY)
		return -ENAMETOOLONG;
	change->key = view.value;
	change->key_len = view.value_len;
	if (!args->len)
		return 0;
	blob = blob_from_user(args);
	if (IS_ERR(blob))
		return PTR_ERR(blob);
	change->blob = blob;
	return 0;
}

/* Memory for a key that is not in the tree. */
static int state_make_spare(struct broker_state_change *change)
{
	struct broker_key_state *state;

	if (!change->blob || change->spare)
		return 0;
	state = kzalloc(struct_size(state, key, change->key_len), BROKER_GFP);
	if (!state)
		return -ENOMEM;
	state->hash = state_hash(change->key, change->key_len);
	state->key_len = change->key_len;
	memcpy(state->key, change->key, change->key_len);
	change->spare = state;
	return 0;
}

static int state_reserve_locked(struct broker_state_change *change)
{
	struct broker_queue *queue = change->queue;
	struct broker_states *states = &queue->states;
	struct broker_key_state *state;
	u32 size = state_size(change->blob, change->key_len);
	u32 more;

	lockdep_assert_held(&queue->lock);
	if (!queue->settings.ordering)
		return -ENOKEY;
	state = broker_state_find_locked(queue, change->key, change->key_len);
	if (!state && !change->blob)
		return 0;
	more = size - min(size, state ? state->charge : 0);
	if ((!state && states->nr >= queue->settings.max_messages) ||
	    (more && states->bytes + more > queue->settings.max_bytes))
		return -ENOSPC;
	if (!state) {
		state = change->spare;
		change->spare = NULL;
		rb_add(&state->node, &states->tree, state_before);
		states->nr++;
	}
	state->changes++;
	state->charge += more;
	states->bytes += more;
	change->state = state;
	return 0;
}

static void state_commit_locked(struct broker_state_change *change)
{
	struct broker_key_state *state = change->state;

	lockdep_assert_held(&change->queue->lock);
	if (!state)
		return;
	if (!change->queue->dead) {
		if (change->blob)
			change->blob->time = ktime_get_real_ns();
		swap(state->blob, change->blob);
	}
	state->changes--;
	change->gone = state_trim_locked(change->queue, state);
	change->state = NULL;
}

/**
 * broker_state_set() - Set a state at once
 * @change: prepared
 * @consumer: it was prepared for
 * @tag: the delivery
 *
 * Return: 0; -ENOENT, -ESTALE, -ENOKEY: as broker_state_prepare(); -ENOSPC: the queue
 * keeps as much as it may; -ENOMEM.
 */
int broker_state_set(struct broker_state_change *change, struct broker_consumer *consumer, u64 tag)
{
	struct broker_queue *queue = change->queue;
	int err;

	err = state_make_spare(change);
	if (err)
		return err;
	spin_lock(&queue->lock);
	err = PTR_ERR_OR_ZERO(broker_consumer_leased_locked(consumer, tag)) ?:
	      state_reserve_locked(change);
	if (!err)
		state_commit_locked(change);
	broker_lease_alive_locked(consumer);
	spin_unlock(&queue->lock);
	return err;
}

/**
 * broker_state_reserve() - Make sure that a state can be set
 * @change: prepared; its delivery is claimed
 *
 * Return: 0, then commit or abort; -ENOKEY: the queue's ordering was switched off;
 * -ENOSPC: it keeps as much as it may; -ENOMEM.
 */
int broker_state_reserve(struct broker_state_change *change)
{
	int err;

	err = state_make_spare(change);
	if (err)
		return err;
	spin_lock(&change->queue->lock);
	err = state_reserve_locked(change);
	spin_unlock(&change->queue->lock);
	return err;
}

/* Cannot fail. */
void broker_state_commit(struct broker_state_change *change)
{
	spin_lock(&change->queue->lock);
	state_commit_locked(change);
	spin_unlock(&change->queue->lock);
}

/* Undoes what was reserved, if anything; it may be reserved again. */
void broker_state_abort(struct broker_state_change *change)
{
	struct broker_key_state *gone;

	if (!change->state)
		return;
	spin_lock(&change->queue->lock);
	change->state->changes--;
	gone = state_trim_locked(change->queue, change->state);
	spin_unlock(&change->queue->lock);
	kfree(gone);
	change->state = NULL;
}

/* Of one that was committed or aborted, or never reserved. */
void broker_state_end(struct broker_state_change *change)
{
	broker_blob_put(change->blob);
	kfree(change->spare);
	kfree(change->gone);
	broker_message_put(change->message);
}

/**
 * broker_state_delete() - Delete the state of a key
 * @queue: with a reference
 * @key: the key
 * @len: bytes of it
 *
 * Return: true; false: there is none.
 */
bool broker_state_delete(struct broker_queue *queue, const void *key, size_t len)
{
	struct broker_key_state *state, *gone = NULL;
	struct broker_blob *blob = NULL;
	bool found;

	spin_lock(&queue->lock);
	state = broker_state_find_locked(queue, key, len);
	found = state && state->blob;
	if (found) {
		swap(state->blob, blob);
		gone = state_trim_locked(queue, state);
	}
	spin_unlock(&queue->lock);
	broker_blob_put(blob);
	kfree(gone);
	return found;
}

/* The queue is dead: deletes all, and nothing is set any more. */
void broker_states_forget(struct broker_queue *queue)
{
	struct broker_key_state *state, *gone;
	struct broker_blob *blob, *freed;
	struct rb_node *node, *next;
	u32 count;

	do {
		freed = NULL;
		gone = NULL;
		count = 0;
		spin_lock(&queue->lock);
		for (node = rb_first(&queue->states.tree); node && count < BROKER_LOCK_BATCH;
		     node = next) {
			state = state_entry(node);
			next = rb_next(node);
			/* One that has none goes when its changes end. */
			blob = state->blob;
			if (!blob)
				continue;
			blob->next = freed;
			freed = blob;
			state->blob = NULL;
			state = state_trim_locked(queue, state);
			if (state) {
				state->next = gone;
				gone = state;
			}
			count++;
		}
		spin_unlock(&queue->lock);
		while ((blob = freed)) {
			freed = blob->next;
			broker_blob_put(blob);
		}
		while ((state = gone)) {
			gone = state->next;
			kfree(state);
		}
		cond_resched();
	} while (count);
}
