/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_TOPIC_H
#define _BROKER_TOPIC_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

/**
 * DOC: Topic matcher
 *
 * Finds, among many patterns, those that match a routing key.  The grammar is
 * that of "Names, routing keys and topic patterns" in linux/broker.h.
 *
 * Guarantees.  A match calls back once for each entry whose pattern matches,
 * also where the pattern matches in several ways.  An entry added before the
 * match began and deleted after it ended is never missed; one that comes or goes
 * meanwhile is found or not.  A match never allocates, sleeps or writes to what
 * other CPUs read.  An add that fails changed nothing; a delete cannot fail.
 *
 * How.  Patterns are a trie: one node per leading part, so that patterns share
 * what they have in common.  The child for a word is found by (parent, word) in
 * one hash table; the children for "*" and "#" by pointers.  In a row of wildcards
 * that has a "#", all "*" go first and one "#" last, which matches the same keys:
 * below a "#" there are words only.
 *
 * A match reads the key once and keeps two lists: the nodes whose pattern matches
 * the words read so far, and the "#" nodes met on the way, which match whatever
 * follows and stay for good.  A node has one way to be reached, from its parent,
 * so none is reached twice at one word, save a "#" through a parent that another
 * "#" keeps alive; only such are looked up before they are listed.
 *
 * Cost.  For each word one hash of it, then one lookup per listed node: it depends
 * on the patterns that match the key up to there, not on how many others there
 * are.  Nothing is tried twice, so that "#.a.#.a.#.a.#" costs no more than its
 * length times the key's.  Memory: a node per word of a pattern not shared.
 *
 * Locking.  Those who add and delete hold the mutex given to broker_topic_init();
 * who matches is in an RCU read-side critical section.  A node without further
 * use goes at once, with a grace period before its memory is freed; entries
 * belong to the caller, who does the same with them after broker_topic_del().
 */

struct broker_topic_node;
struct broker_topic_seen;
struct mutex;

/**
 * struct broker_topic - a set of patterns
 * @nodes: finds the child of a node by its word (rcu; lock)
 * @root: the empty pattern (const)
 * @lock: the writers' mutex (const)
 * @seed: makes hashes unpredictable (const)
 */
struct broker_topic {
	struct rhashtable nodes;
	struct broker_topic_node *root;
	struct mutex *lock;
	u32 seed;
};

/**
 * struct broker_topic_entry - one pattern, embedded in what it stands for
 * @link: among the entries of @node (rcu; topic.lock)
 * @node: end of the pattern (topic.lock)
 */
struct broker_topic_entry {
	struct hlist_node link;
	struct broker_topic_node *node;
};

/**
 * struct broker_topic_scratch - what a match writes to; all zero to begin with
 * @capacity: nodes that each list may hold (owner: caller)
 * @active: nodes that match up to the current word (owner: caller)
 * @next: the same for the word after it (owner: caller)
 * @rest: the "#" nodes met so far (owner: caller)
 * @seen: hash set over those of @rest that may be met again (owner: caller)
 * @match: number of the match, tells what in @seen is of old (owner: caller)
 *
 * Serves one match at a time, of any topic.
 */
struct broker_topic_scratch {
	unsigned int capacity;
	const struct broker_topic_node **active;
	const struct broker_topic_node **next;
	const struct broker_topic_node **rest;
	struct broker_topic_seen *seen;
	u64 match;
};

/**
 * broker_topic_init() - make an empty set of patterns
 * @topic: the set
 * @lock: mutex that those hold who add and delete
 *
 * Return: 0 or -ENOMEM.
 */
int broker_topic_init(struct broker_topic *topic, struct mutex *lock);

/**
 * broker_topic_destroy() - end of an empty set
 * @topic: the set, whose entries are all deleted and whose readers are all gone
 *
 * May sleep.
 */
void broker_topic_destroy(struct broker_topic *topic);

/**
 * broker_topic_add() - add a pattern
 * @topic: the set; its lock is held
 * @pattern: text that passed broker_key_check(); not needed after the call
 * @len: bytes of it
 * @entry: what a match of @pattern hands out; stays where it is until deleted
 *
 * The same pattern may be added many times, with an entry each.  May sleep.
 *
 * Return: 0; -ENAMETOOLONG: longer than BROKER_MAX_KEY; -ENOMEM.
 */
int broker_topic_add(struct broker_topic *topic, const char *pattern, size_t len,
		     struct broker_topic_entry *entry);

/**
 * broker_topic_del() - delete a pattern
 * @topic: the set; its lock is held
 * @entry: as it was added; a match that runs may hand it out until a grace period
 *	has passed, and only then it may be freed or added again
 */
void broker_topic_del(struct broker_topic *topic, struct broker_topic_entry *entry);

/**
 * broker_topic_match() - find all patterns that match a key
 * @topic: the set; the caller is in an RCU read-side critical section
 * @key: routing key, any bytes
 * @len: bytes of it
 * @scratch: memory to work with
 * @emit: called for each entry that matches; other than 0 ends the match
 * @arg: handed to @emit
 *
 * Return: 0; -ENOSPC: @scratch is too small, before any call of @emit: leave the
 * critical section, call broker_topic_scratch_grow(), start over; or what @emit
 * returned.
 */
int broker_topic_match(struct broker_topic *topic, const char *key, size_t len,
		       struct broker_topic_scratch *scratch,
		       int (*emit)(struct broker_topic_entry *entry, void *arg), void *arg);

/**
 * broker_topic_scratch_grow() - make more room
 * @scratch: what was too small
 *
 * May sleep.
 *
 * Return: 0; -ENOMEM: it is as it was.
 */
int broker_topic_scratch_grow(struct broker_topic_scratch *scratch);

/** broker_topic_scratch_free() - free what it holds; it may be used again */
void broker_topic_scratch_free(struct broker_topic_scratch *scratch);

#endif /* _BROKER_TOPIC_H */
