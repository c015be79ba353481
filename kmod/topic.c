// SPDX-License-Identifier: GPL-2.0
#include <linux/broker.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "memory.h"
#include "topic.h"

#define SCRATCH_MIN	64U	/* nodes; a power of two, as the hash set needs it */

enum token {
	TOKEN_WORD,
	TOKEN_ONE,	/* "*" */
	TOKEN_REST,	/* "#" */
};

/**
 * struct broker_topic_node - a leading part of one or more patterns
 * @hash: in topic.nodes, if @token is a word (rcu; topic.lock)
 * @parent: the part without the last token (const)
 * @one: the part with "*" behind it (rcu; topic.lock)
 * @rest: the part with "#" behind it (rcu; topic.lock)
 * @entries: patterns that end here (rcu; topic.lock)
 * @words: how many children there are in topic.nodes (rcu; topic.lock)
 * @word_hash: hash of @word (const)
 * @token: what the last token is (const)
 * @below_rest: there is a "#" before the last token (const)
 * @len: bytes of @word (const)
 * @rcu: frees it (topic.lock)
 * @word: the last token, if it is a word (const)
 *
 * Lifetime: a node lives while a pattern ends at or below it; the root always.
 * It points to its parent, which is freed with it or after it.
 */
struct broker_topic_node {
	struct rhash_head hash;
	struct broker_topic_node *parent;
	struct broker_topic_node __rcu *one;
	struct broker_topic_node __rcu *rest;
	struct hlist_head entries;
	u32 words;
	u32 word_hash;
	u8 token;
	bool below_rest;
	u16 len;
	struct rcu_head rcu;
	char word[];
};

/* Slot of a hash set; empty if it is of another match. */
struct broker_topic_seen {
	const struct broker_topic_node *node;
	u64 match;
};

/* What finds the child of a node by its word. */
struct child_key {
	const struct broker_topic_node *parent;
	const char *word;
	size_t len;
	u32 word_hash;
};

static u32 child_hash(const struct broker_topic_node *parent, u32 word_hash, u32 seed)
{
	unsigned long p = (unsigned long)parent;

	return jhash_3words(lower_32_bits(p), upper_32_bits(p), word_hash, seed);
}

static u32 key_hashfn(const void *data, u32 len, u32 seed)
{
	const struct child_key *key = data;

	return child_hash(key->parent, key->word_hash, seed);
}

static u32 node_hashfn(const void *data, u32 len, u32 seed)
{
	const struct broker_topic_node *node = data;

	return child_hash(node->parent, node->word_hash, seed);
}

/* 0 where they are the same. */
static int node_cmpfn(struct rhashtable_compare_arg *arg, const void *data)
{
	const struct broker_topic_node *node = data;
	const struct child_key *key = arg->key;

	return node->parent != key->parent || node->word_hash != key->word_hash ||
	       node->len != key->len || memcmp(node->word, key->word, key->len);
}

static const struct rhashtable_params node_params = {
	.head_offset		= offsetof(struct broker_topic_node, hash),
	.hashfn			= key_hashfn,
	.obj_hashfn		= node_hashfn,
	.obj_cmpfn		= node_cmpfn,
	.automatic_shrinking	= true,
};

/* Length of the first of the words in @text. */
static size_t word_len(const char *text, size_t len)
{
	const char *dot = memchr(text, '.', len);

	return dot ? (size_t)(dot - text) : len;
}

static u32 word_hash(const struct broker_topic *topic, const char *word, size_t len)
{
	return jhash(word, len, topic->seed);
}

int broker_topic_init(struct broker_topic *topic, struct mutex *lock)
{
	int err;

	topic->root = kzalloc(sizeof(*topic->root), GFP_KERNEL);
	if (!topic->root)
		return -ENOMEM;

	err = rhashtable_init(&topic->nodes, &node_params);
	if (err) {
		kfree(topic->root);
		return err;
	}
	topic->lock = lock;
	topic->seed = get_random_u32();
	return 0;
}

/* No pattern ends at @node or below it. */
static bool node_is_idle(const struct broker_topic_node *node)
{
	return hlist_empty(&node->entries) && !node->words &&
	       !rcu_access_pointer(node->one) && !rcu_access_pointer(node->rest);
}

void broker_topic_destroy(struct broker_topic *topic)
{
	WARN_ON(!node_is_idle(topic->root));
	rhashtable_destroy(&topic->nodes);
	kfree(topic->root);
	topic->root = NULL;
}

static struct broker_topic_node *child_find(struct broker_topic *topic,
					    struct broker_topic_node *parent, enum token token,
					    const struct child_key *key)
{
	switch (token) {
	case TOKEN_ONE:
		return rcu_dereference_protected(parent->one, lockdep_is_held(topic->lock));
	case TOKEN_REST:
		return rcu_dereference_protected(parent->rest, lockdep_is_held(topic->lock));
	default:
		return rhashtable_lookup_fast(&topic->nodes, key, node_params);
	}
}

static struct broker_topic_node *child_new(struct broker_topic *topic,
					   struct broker_topic_node *parent, enum token token,
					   const struct child_key *key)
{
	struct broker_topic_node *node;

	node = kzalloc(struct_size(node, word, key->len), BROKER_GFP);
	if (!node)
		return NULL;

	node->parent = parent;
	node->token = token;
	node->below_rest = parent->below_rest || parent->token == TOKEN_REST;
	node->len = key->len;
	node->word_hash = key->word_hash;
	memcpy(node->word, key->word, key->len);

	switch (token) {
	case TOKEN_ONE:
		rcu_assign_pointer(parent->one, node);
		break;
	case TOKEN_REST:
		rcu_assign_pointer(parent->rest, node);
		break;
	default:
		/* Whatever it says, the table has no room and cannot get any now. */
		if (rhashtable_insert_fast(&topic->nodes, &node->hash, node_params)) {
			kfree(node);
			return NULL;
		}
		WRITE_ONCE(parent->words, parent->words + 1);
	}
	return node;
}

/* Takes away @node and those above it that have no further use. */
static void prune(struct broker_topic *topic, struct broker_topic_node *node)
{
	while (node != topic->root && node_is_idle(node)) {
		struct broker_topic_node *parent = node->parent;

		switch (node->token) {
		case TOKEN_ONE:
			RCU_INIT_POINTER(parent->one, NULL);
			break;
		case TOKEN_REST:
			RCU_INIT_POINTER(parent->rest, NULL);
			break;
		default:
			rhashtable_remove_fast(&topic->nodes, &node->hash, node_params);
			WRITE_ONCE(parent->words, parent->words - 1);
		}
		kfree_rcu(node, rcu);
		node = parent;
	}
}

/* The child of @node, which is made if need be; or NULL, and nothing is left of @node if idle. */
static struct broker_topic_node *descend(struct broker_topic *topic,
					 struct broker_topic_node *node, enum token token,
					 const char *word, size_t len)
{
	struct child_key key = { .parent = node, .word = word };
	struct broker_topic_node *child;

	if (token == TOKEN_WORD) {
		key.len = len;
		key.word_hash = word_hash(topic, word, len);
	}

	child = child_find(topic, node, token, &key) ?: child_new(topic, node, token, &key);
	if (!child)
		prune(topic, node);
	return child;
}

static enum token token_of(const char *word, size_t len)
{
	if (len == 1 && *word == '*')
		return TOKEN_ONE;
	if (len == 1 && *word == '#')
		return TOKEN_REST;
	return TOKEN_WORD;
}

int broker_topic_add(struct broker_topic *topic, const char *pattern, size_t len,
		     struct broker_topic_entry *entry)
{
	struct broker_topic_node *node = topic->root;
	const char *end = pattern + len;
	bool rest = false;	/* a "#" is to come, behind all wildcards in a row with it */

	lockdep_assert_held(topic->lock);
	if (len > BROKER_MAX_KEY)
		return -ENAMETOOLONG;

	/* Each token ends before a dot, the last one before the end. */
	while (len && pattern <= end) {
		size_t n = word_len(pattern, end - pattern);
		enum token token = token_of(pattern, n);

		if (token == TOKEN_REST) {
			rest = true;
		} else {
			if (rest && token == TOKEN_WORD) {
				node = descend(topic, node, TOKEN_REST, "#", 1);
				rest = false;
			}
			if (node)
				node = descend(topic, node, token, pattern, n);
			if (!node)
				return -ENOMEM;
		}
		pattern += n + 1;
	}
	if (rest)
		node = descend(topic, node, TOKEN_REST, "#", 1);
	if (!node)
		return -ENOMEM;

	entry->node = node;
	hlist_add_head_rcu(&entry->link, &node->entries);
	return 0;
}

void broker_topic_del(struct broker_topic *topic, struct broker_topic_entry *entry)
{
	lockdep_assert_held(topic->lock);

	hlist_del_rcu(&entry->link);
	prune(topic, entry->node);
}

/* A match on its way: how much of the lists in @scratch is in use. */
struct walk {
	struct broker_topic_scratch *scratch;
	unsigned int nr_active;
	unsigned int nr_next;
	unsigned int nr_rest;
};

/* Notes that this match met @node.  Return: it had not before. */
static bool meet_first(struct broker_topic_scratch *scratch, const struct broker_topic_node *node)
{
	/* There are twice as many slots as nodes that fit into @rest: one is empty. */
	unsigned int mask = 2 * scratch->capacity - 1;
	unsigned int i = hash_ptr(node, 32) & mask;

	while (scratch->seen[i].match == scratch->match) {
		if (scratch->seen[i].node == node)
			return false;
		i = (i + 1) & mask;
	}
	scratch->seen[i].node = node;
	scratch->seen[i].match = scratch->match;
	return true;
}

/* Lists @node for the next word, and the "#" behind it.  Return: there was room. */
static bool enter(struct walk *walk, const struct broker_topic_node *node)
{
	struct broker_topic_scratch *scratch = walk->scratch;
	const struct broker_topic_node *rest = rcu_dereference(node->rest);

	if (walk->nr_next == scratch->capacity)
		return false;
	scratch->next[walk->nr_next++] = node;

	if (!rest)
		return true;
	if (walk->nr_rest == scratch->capacity)
		return false;
	if (!rest->below_rest || meet_first(scratch, rest))
		scratch->rest[walk->nr_rest++] = rest;
	return true;
}

/* Makes the next word the current one. */
static void advance(struct walk *walk)
{
	swap(walk->scratch->active, walk->scratch->next);
	walk->nr_active = walk->nr_next;
	walk->nr_next = 0;
}

/* Goes from @key->parent to its child for the current word.  Return: there was room. */
static bool enter_word(struct broker_topic *topic, struct walk *walk, const struct child_key *key)
{
	const struct broker_topic_node *child;

	if (!READ_ONCE(key->parent->words))
		return true;
	child = rhashtable_lookup(&topic->nodes, key, node_params);
	return !child || enter(walk, child);
}

static bool consume_word(struct broker_topic *topic, struct walk *walk,
			 const char *word, size_t len)
{
	struct child_key key = {
		.word = word,
		.len = len,
		.word_hash = word_hash(topic, word, len),
	};
	/* What this word makes known comes into force with the next. */
	unsigned int nr_rest = walk->nr_rest;
	unsigned int i;

	for (i = 0; i < walk->nr_active; i++) {
		const struct broker_topic_node *node = walk->scratch->active[i];
		const struct broker_topic_node *one = rcu_dereference(node->one);

		if (one && !enter(walk, one))
			return false;
		key.parent = node;
		if (!enter_word(topic, walk, &key))
			return false;
	}
	for (i = 0; i < nr_rest; i++) {
		key.parent = walk->scratch->rest[i];
		if (!enter_word(topic, walk, &key))
			return false;
	}
	advance(walk);
	return true;
}

static int emit_nodes(const struct broker_topic_node **nodes, unsigned int count,
		      int (*emit)(struct broker_topic_entry *entry, void *arg), void *arg)
{
	struct broker_topic_entry *entry;
	unsigned int i;
	int err;

	for (i = 0; i < count; i++) {
		hlist_for_each_entry_rcu(entry, &nodes[i]->entries, link) {
			err = emit(entry, arg);
			if (err)
				return err;
		}
	}
	return 0;
}

int broker_topic_match(struct broker_topic *topic, const char *key, size_t len,
		       struct broker_topic_scratch *scratch,
		       int (*emit)(struct broker_topic_entry *entry, void *arg), void *arg)
{
	struct walk walk = { .scratch = scratch };
	const char *end = key + len;

	scratch->match++;
	if (!enter(&walk, topic->root))
		return -ENOSPC;
	advance(&walk);

	while (len && key <= end && (walk.nr_active || walk.nr_rest)) {
		size_t n = word_len(key, end - key);

		if (!consume_word(topic, &walk, key, n))
			return -ENOSPC;
		key += n + 1;
	}

	return emit_nodes(scratch->active, walk.nr_active, emit, arg) ?:
	       emit_nodes(scratch->rest, walk.nr_rest, emit, arg);
}

int broker_topic_scratch_grow(struct broker_topic_scratch *scratch)
{
	unsigned int capacity = max(2 * scratch->capacity, SCRATCH_MIN);
	const size_t list = capacity * sizeof(*scratch->active);
	const size_t set = 2 * capacity * sizeof(*scratch->seen);
	struct broker_topic_seen *seen;

	/* Zeroed: as no match has number 0, all of @seen is empty. */
	seen = kvzalloc(set + 3 * list, GFP_KERNEL);
	if (!seen)
		return -ENOMEM;

	broker_topic_scratch_free(scratch);
	scratch->capacity = capacity;
	scratch->seen = seen;
	scratch->active = (void *)seen + set;
	scratch->next = (void *)seen + set + list;
	scratch->rest = (void *)seen + set + 2 * list;
	return 0;
}

void broker_topic_scratch_free(struct broker_topic_scratch *scratch)
{
	kvfree(scratch->seen);
	memset(scratch, 0, sizeof(*scratch));
}
