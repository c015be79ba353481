/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_STATE_H
#define _BROKER_STATE_H

#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct broker_consumer;
struct broker_entry;
struct broker_message;
struct broker_queue;
struct broker_state;

/**
 * DOC: States of ordering keys
 *
 * In a queue with ordering, whoever holds a message of a key may set the key's
 * state, which comes with each later delivery of the key: see "State of ordering
 * keys" in linux/broker.h.
 *
 * Keys with a state are in a tree of the queue's, under its lock, as to add to a tree
 * needs no memory.  A *change* takes what it needs in steps:
 *
 *   prepare   copies the state from the caller, takes memory    may fail, may sleep
 *   reserve   has the key in the tree, and room in the queue    may fail
 *   commit    puts the state in its place                       cannot fail
 *   end       frees what is left, the old state among it        may sleep
 *
 * Between reserve and commit the delivery is kept from being settled, by the lock or by
 * the claim of a transaction, so that it has the turn until the state is set: the next
 * one of the key is handed out with it.  In that time an administrator may delete the
 * state; the key stays in the tree, with the room that it needs, for as long as
 * changes of it are under way.  So a queue never keeps more than it may.
 *
 * Lifetime: what a state is, a *blob*, has a reference of the tree and one of each
 * hand-out that is being copied to its reader.
 */

/**
 * struct broker_blob - a state's bytes
 * @refs: see Lifetime (atomic)
 * @len: bytes of @data, 1 or more (const)
 * @time: when it was set: nanoseconds since 1970 (const, once it is in the tree)
 * @next: in a list of those that left the tree (owner: who took it out)
 * @data: the state (const)
 */
struct broker_blob {
	refcount_t refs;
	u32 len;
	u64 time;
	struct broker_blob *next;
	u8 data[];
};

/* NULL stays NULL. */
struct broker_blob *broker_blob_get(struct broker_blob *blob);
void broker_blob_put(struct broker_blob *blob);

/**
 * struct broker_key_state - the state of a key
 * @node: in states.tree, by @hash and @key (queue.lock)
 * @next: in a list of those that left the tree (owner: who took it out)
 * @blob: it; NULL: it is about to come, or was deleted (queue.lock)
 * @changes: of it that are under way (queue.lock)
 * @charge: bytes it counts for: of the largest of what it is and may become (queue.lock)
 * @hash: of @key (const)
 * @key_len: bytes of @key (const)
 * @key: group key, any bytes (const)
 */
struct broker_key_state {
	union {
		struct rb_node node;
		struct broker_key_state *next;
	};
	struct broker_blob *blob;
	u32 changes;
	u32 charge;
	u32 hash;
	u8 key_len;
	u8 key[];
};

/**
 * struct broker_states - all of a queue
 * @tree: by key (queue.lock)
 * @nr: how many (queue.lock)
 * @bytes: that they count for (queue.lock)
 */
struct broker_states {
	struct rb_root tree;
	u32 nr;
	u64 bytes;
};

/**
 * struct broker_state_change - a state about to be set
 * @queue: where (const)
 * @message: its key is meant, with a reference (const)
 * @key: that key, in @message (const)
 * @key_len: bytes of it (const)
 * @spare: for a key that is not in the tree (owner: the change)
 * @state: in the tree, kept there; NULL: not reserved, or there is nothing to clear
 *	(owner: the change)
 * @blob: new, or NULL: to clear; after the commit the old one (owner: the change)
 * @gone: it left the tree by the commit (owner: the change)
 */
struct broker_state_change {
	struct broker_queue *queue;
	struct broker_message *message;
	const void *key;
	u8 key_len;
	struct broker_key_state *spare;
	struct broker_key_state *state;
	struct broker_blob *blob;
	struct broker_key_state *gone;
};

int broker_state_prepare(struct broker_state_change *change, struct broker_consumer *consumer,
			 const struct broker_state *args);
int broker_state_set(struct broker_state_change *change, struct broker_consumer *consumer, u64 tag);
int broker_state_reserve(struct broker_state_change *change);
void broker_state_commit(struct broker_state_change *change);
void broker_state_abort(struct broker_state_change *change);
void broker_state_end(struct broker_state_change *change);

/* Under queue.lock. */
struct broker_blob *broker_state_of_locked(const struct broker_queue *queue,
					   const struct broker_entry *entry);
struct broker_key_state *broker_state_find_locked(const struct broker_queue *queue,
						  const void *key, size_t len);
struct broker_key_state *broker_state_after_locked(const struct broker_queue *queue, u32 hash,
						   unsigned long skip);

/* Without that lock; may sleep. */
bool broker_state_delete(struct broker_queue *queue, const void *key, size_t len);
void broker_states_forget(struct broker_queue *queue);

#endif /* _BROKER_STATE_H */
