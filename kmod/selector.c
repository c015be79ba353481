// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include <linux/broker.h>

#include "filter.h"
#include "memory.h"
#include "message.h"
#include "name.h"
#include "selector.h"
#include "sender.h"

/* All of it but what the caller copies into @data. */
static struct broker_selector *selector_alloc(size_t program_len, size_t text_len)
{
	struct broker_selector *selector;

	if (!program_len)
		return ERR_PTR(-EINVAL);
	if (program_len > BROKER_MAX_FILTER || text_len > BROKER_MAX_FILTER_TEXT)
		return ERR_PTR(-EMSGSIZE);
	selector = kmalloc(struct_size(selector, data, program_len + text_len + 1), BROKER_GFP);
	if (!selector)
		return ERR_PTR(-ENOMEM);
	selector->user_ns = get_user_ns(current_user_ns());
	selector->pid_ns = get_pid_ns(task_active_pid_ns(current));
	selector->program_len = program_len;
	selector->text_len = text_len;
	selector->data[program_len + text_len] = '\0';
	return selector;
}

static void selector_free_rcu(struct rcu_head *rcu)
{
	struct broker_selector *selector = container_of(rcu, struct broker_selector, rcu);

	put_pid_ns(selector->pid_ns);
	put_user_ns(selector->user_ns);
	kfree(selector);
}

/* NULL is allowed. */
void broker_selector_free(struct broker_selector *selector)
{
	if (selector)
		call_rcu(&selector->rcu, selector_free_rcu);
}

/* Judges the copy, and frees it if it is none. */
static struct broker_selector *selector_check(struct broker_selector *selector)
{
	const char *text = broker_selector_text(selector);
	int err;

	err = broker_filter_check(selector->data, selector->program_len);
	if (!err && (!broker_utf8_valid(text, selector->text_len) ||
		     memchr(text, '\0', selector->text_len)))
		err = -EILSEQ;
	if (!err)
		return selector;
	broker_selector_free(selector);
	return ERR_PTR(err);
}

/**
 * broker_selector_new() - Make a selector, for the calling process
 * @program: any bytes
 * @program_len: how many
 * @text: what it was made from; any bytes
 * @text_len: how many, perhaps 0
 *
 * Return: the selector; or an error pointer, see "Filters" in linux/broker.h.
 */
struct broker_selector *broker_selector_new(const void *program, size_t program_len,
					    const char *text, size_t text_len)
{
	struct broker_selector *selector = selector_alloc(program_len, text_len);

	if (IS_ERR(selector))
		return selector;
	memcpy(selector->data, program, program_len);
	memcpy(selector->data + program_len, text, text_len);
	return selector_check(selector);
}

/* The same from user memory, which is read once.  NULL: no program and no text are given. */
struct broker_selector *broker_selector_from_user(u64 program, u32 program_len, u64 text,
						  u32 text_len)
{
	struct broker_selector *selector;

	if (!program_len && !text_len)
		return program || text ? ERR_PTR(-EINVAL) : NULL;
	selector = selector_alloc(program_len, text_len);
	if (IS_ERR(selector))
		return selector;
	if (!copy_from_user(selector->data, u64_to_user_ptr(program), program_len) &&
	    !copy_from_user(selector->data + program_len, u64_to_user_ptr(text), text_len))
		return selector_check(selector);
	broker_selector_free(selector);
	return ERR_PTR(-EFAULT);
}

/* Whether @message is what @selector asks for. */
bool broker_selector_match(const struct broker_selector *selector,
			   const struct broker_message *message)
{
	const struct broker_sender *sender = message->sender;
	const struct broker_filter_subject subject = {
		.exchange = broker_message_exchange(message),
		.exchange_len = message->exchange_len,
		.key = broker_message_key(message),
		.key_len = message->key_len,
		.props = broker_message_props(message),
		.props_len = message->props_len,
		.size = message->body_len,
		.time = div_u64(message->time, NSEC_PER_MSEC),
		.uid = from_kuid_munged(selector->user_ns, sender->uid),
		.gid = from_kgid_munged(selector->user_ns, sender->gid),
		.pid = pid_nr_ns(sender->pid, selector->pid_ns),
		.cgroup = sender->cgroup,
	};

	return broker_filter_match(selector->data, selector->program_len, &subject);
}
