/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_FILES_H
#define _BROKER_FILES_H

#include <linux/refcount.h>
#include <linux/types.h>

struct broker;
struct broker_files_user;
struct broker_handout;
struct broker_publish;
struct file;

/**
 * DOC: Files of messages
 *
 * A message may carry open files.  They are held as long as the message is, in
 * however many queues, and each hand-out gives its reader file descriptors of
 * its own.
 *
 * A file in a queue that nobody can reach any more would never be closed.  A
 * queue can be reached as long as its network namespace lives, so no message may
 * hold what keeps that namespace alive: in the initial one, which never ends,
 * anything may be sent that cannot itself hold other files; in others, only what
 * is known to hold no namespace.  See files_check().
 *
 * Lifetime: shared by messages; the last put closes them, and may sleep.
 */

/**
 * struct broker_files - files that messages carry
 * @refs: one per message (atomic)
 * @nr: how many (const)
 * @user: who is charged for them (const)
 * @file: each with a reference (const)
 */
struct broker_files {
	refcount_t refs;
	u32 nr;
	struct broker_files_user *user;
	struct file *file[];
};

struct broker_files *broker_files_from_user(const struct broker *broker,
					    const struct broker_publish *publish);
struct broker_files *broker_files_get(struct broker_files *files);
void broker_files_put(struct broker_files *files);
int broker_files_body(const struct broker_files *files, u32 *size);

int broker_files_install(const struct broker_handout *handouts, u32 count, void __user *buffer);

#endif /* _BROKER_FILES_H */
