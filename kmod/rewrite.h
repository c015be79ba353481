/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_REWRITE_H
#define _BROKER_REWRITE_H

#include <linux/rcupdate.h>
#include <linux/types.h>

/**
 * DOC: Rewriting of routing keys
 *
 * An exchange may give the messages that are published to it another routing key
 * before it routes them.  Grammar and meaning are those of "Rewriting of routing
 * keys" in linux/broker.h.  A rule is checked when it is made; applying it needs
 * no memory and takes time in proportion to key and template.
 */

/**
 * struct broker_rewrite - a rule
 * @rcu: frees it after routing under way (owner: who replaced it)
 * @from: pattern, NUL-terminated, behind @to (const)
 * @from_len: bytes of it (const)
 * @to_len: bytes of @to (const)
 * @to: template, NUL-terminated (const)
 */
struct broker_rewrite {
	struct rcu_head rcu;
	const char *from;
	u8 from_len;
	u8 to_len;
	char to[];
};

/**
 * enum broker_rewrite_fault - what is wrong with a rule
 * @BROKER_REWRITE_GOOD: nothing
 * @BROKER_REWRITE_REST: from: a "#" that is not the last token
 * @BROKER_REWRITE_WORDS: from: more than nine "*"
 * @BROKER_REWRITE_BRACE: to: a brace that is neither doubled nor part of a reference
 * @BROKER_REWRITE_REFERENCE: to: a reference to what the pattern does not have
 */
enum broker_rewrite_fault {
	BROKER_REWRITE_GOOD,
	BROKER_REWRITE_REST,
	BROKER_REWRITE_WORDS,
	BROKER_REWRITE_BRACE,
	BROKER_REWRITE_REFERENCE,
};

enum broker_rewrite_fault broker_rewrite_check(const char *from, size_t from_len,
					       const char *to, size_t to_len);

/* Of what passed the check.  NULL: no memory. */
struct broker_rewrite *broker_rewrite_new(const char *from, u8 from_len,
					  const char *to, u8 to_len);

/**
 * broker_rewrite_key() - apply a rule
 * @rule: the rule
 * @key: routing key
 * @key_len: bytes of it
 * @new_key: room for BROKER_MAX_KEY bytes
 *
 * Return: bytes of @new_key; -ENOENT: the rule does not match; -ENAMETOOLONG: the
 * new key is longer than BROKER_MAX_KEY.
 */
int broker_rewrite_key(const struct broker_rewrite *rule, const char *key, size_t key_len,
		       char *new_key);

#endif /* _BROKER_REWRITE_H */
