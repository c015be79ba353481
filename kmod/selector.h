/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_SELECTOR_H
#define _BROKER_SELECTOR_H

#include <linux/types.h>

struct broker_message;
struct pid_namespace;
struct user_namespace;

/**
 * DOC: Selectors
 *
 * A selector is a filter in use: its program, checked, the text that it was made
 * from, and the namespaces of whoever made it, as which it sees users and
 * processes.  A binding, a consumer or a BROWSE owns it.
 *
 * Lifetime: made by one call, never changed, freed after a grace period.  To match
 * takes no lock and no memory and never sleeps.
 */

/**
 * struct broker_selector - a filter in use
 * @rcu: frees it after its readers (owner: the last user)
 * @user_ns: how it sees users, with a reference (const)
 * @pid_ns: how it sees processes, with a reference (const)
 * @program_len: bytes of program (const)
 * @text_len: bytes of text (const)
 * @data: program, then text and a NUL (const)
 */
struct broker_selector {
	struct rcu_head rcu;
	struct user_namespace *user_ns;
	struct pid_namespace *pid_ns;
	u32 program_len;
	u32 text_len;
	char data[];
};

struct broker_selector *broker_selector_new(const void *program, size_t program_len,
					    const char *text, size_t text_len);
struct broker_selector *broker_selector_from_user(u64 program, u32 program_len, u64 text,
						  u32 text_len);
void broker_selector_free(struct broker_selector *selector);

bool broker_selector_match(const struct broker_selector *selector,
			   const struct broker_message *message);

static inline const char *broker_selector_text(const struct broker_selector *selector)
{
	return selector->data + selector->program_len;
}

#endif /* _BROKER_SELECTOR_H */
