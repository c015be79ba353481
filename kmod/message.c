// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "dedupe.h"
#include "files.h"
#include "limit.h"
#include "memory.h"
#include "message.h"
#include "name.h"
#include "props.h"
#include "sender.h"
#include "step.h"

/* The last number given on each CPU; they count in steps, so none is given twice. */
static DEFINE_PER_CPU(u64, message_last_id);

void broker_message_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(message_last_id, cpu) = cpu;
}

static struct broker_message *message_new(const struct broker_publish *publish, u32 spare)
{
	size_t size = (size_t)publish->exchange_len + publish->key_len + publish->props_len +
		      publish->body_len;
	struct broker_message *message;

	message = kvmalloc(struct_size(message, data, size + spare), BROKER_GFP);
	if (!message)
		return NULL;
	refcount_set(&message->refs, 1);
	message->charged = false;
	message->traced = false;
	message->dedupe = false;
	message->exchange_len = publish->exchange_len;
	message->key_len = publish->key_len;
	message->original_len = 0;
	message->props_len = publish->props_len;
	message->body_len = publish->body_len;
	message->file_bytes = 0;
	message->body_is_file = false;
	message->files = NULL;
	return message;
}

static void message_sent_by(struct broker_message *message, struct broker_sender *sender)
{
	message->id = this_cpu_add_return(message_last_id, nr_cpu_ids);
	message->time = ktime_get_real_ns();
	message->sender = broker_sender_get(sender);
}

static int message_copy_in(struct broker_message *message, const struct broker_publish *publish)
{
	u32 head_len = broker_message_data_size(message) - publish->body_len;
	const void __user *head = u64_to_user_ptr(publish->head);
	const void __user *body = u64_to_user_ptr(publish->body);

	/* The usual case: a library that packs its messages is read in one step. */
	if (publish->body == publish->head + head_len)
		return copy_from_user(message->data, head, head_len + publish->body_len) ?
		       -EFAULT : 0;
	if (copy_from_user(message->data, head, head_len) ||
	    copy_from_user(message->data + head_len, body, publish->body_len))
		return -EFAULT;
	return 0;
}

static int message_check(const struct broker_message *message)
{
	int err = 0;

	if (message->exchange_len)
		err = broker_name_check(broker_message_exchange(message), message->exchange_len);
	if (!err)
		err = broker_key_check(broker_message_key(message), message->key_len);
	if (!err)
		err = broker_props_check(broker_message_props(message), message->props_len,
					 BROKER_PROPERTIES_ACCEPTED);
	return err;
}

/* Takes the files that come with it, and looks at the one that is its body. */
static int message_take_files(struct broker_message *message, const struct broker *broker,
			      const struct broker_op *op)
{
	struct broker_files *files;
	int err;

	files = broker_files_from_user(broker, &op->publish);
	if (IS_ERR(files))
		return PTR_ERR(files);
	message->files = files;
	message->body_is_file = op->flags & BROKER_PUBLISH_F_BODY_FD;
	if (!message->body_is_file)
		return 0;
	err = message->body_len ? -EINVAL : broker_files_body(files, &message->file_bytes);
	if (err) {
		broker_files_put(files);
		message->files = NULL;
	}
	return err;
}

/**
 * broker_message_from_user() - Copy a message in, once, and check the copy
 * @broker: it is published in
 * @op: a PUBLISH, already a kernel copy
 * @sender: the message takes a reference of its own
 * @spare: bytes of room to leave behind the data
 *
 * Return: the message with one reference, or an error pointer: -EMSGSIZE,
 * -ENOMEM, -EFAULT, -EINVAL, -EILSEQ, -E2BIG, -EPERM, -EOPNOTSUPP, and those of
 * broker_files_from_user().
 */
struct broker_message *broker_message_from_user(const struct broker *broker,
						const struct broker_op *op,
						struct broker_sender *sender, u32 spare)
{
	const struct broker_publish *publish = &op->publish;
	struct broker_message *message;
	int err;

	if (publish->body_len > BROKER_MAX_BODY || publish->props_len > BROKER_MAX_PROPS)
		return ERR_PTR(-EMSGSIZE);
	message = message_new(publish, spare);
	if (!message)
		return ERR_PTR(-ENOMEM);
	err = message_copy_in(message, publish);
	if (!err)
		err = message_check(message);
	if (!err)
		err = message_take_files(message, broker, op);
	if (err) {
		kvfree(message);
		return ERR_PTR(err);
	}
	message->dedupe = broker_dedupe_wanted(message);
	message_sent_by(message, sender);
	return message;
}

/**
 * broker_message_from_kernel() - Make a message of the broker's own
 * @publish: lengths only
 * @data: what they are of, good and in one piece
 * @sender: the message takes a reference of its own
 *
 * Return: the message with one reference; NULL: no memory.
 */
struct broker_message *broker_message_from_kernel(const struct broker_publish *publish,
						  const char *data, struct broker_sender *sender)
{
	struct broker_message *message = message_new(publish, 0);

	if (message) {
		memcpy(message->data, data, broker_message_size(message));
		message_sent_by(message, sender);
	}
	return message;
}

/**
 * broker_message_sample() - What the calling process would publish, without a body
 * @broker: that it would publish to
 * @exchange: checked
 * @exchange_len: bytes of it
 * @key: checked
 * @key_len: bytes of it
 * @props: checked
 * @props_len: bytes of them
 *
 * Return: a message to try routing and filters with, or NULL.
 */
struct broker_message *broker_message_sample(struct broker *broker, const char *exchange,
					     u8 exchange_len, const char *key, u8 key_len,
					     const void *props, u32 props_len)
{
	size_t size = (size_t)exchange_len + key_len + props_len;
	struct broker_message *message;

	message = kvzalloc(struct_size(message, data, size), BROKER_GFP);
	if (!message)
		return NULL;
	refcount_set(&message->refs, 1);
	message->sender = broker_sender_new(broker);
	if (!message->sender) {
		kvfree(message);
		return NULL;
	}
	message->exchange_len = exchange_len;
	message->key_len = key_len;
	message->props_len = props_len;
	message->time = ktime_get_real_ns();
	memcpy(message->data, exchange, exchange_len);
	memcpy(message->data + exchange_len, key, key_len);
	memcpy(message->data + exchange_len + key_len, props, props_len);
	return message;
}

/*
 * Gives a message another key, and keeps the old one behind the body.  It must be
 * nobody else's, and have BROKER_MAX_KEY bytes to spare.
 */
void broker_message_rewrite(struct broker_message *message, const char *key, u8 key_len)
{
	u32 rest = message->props_len + message->body_len;
	char *at = message->data + message->exchange_len;
	char old[BROKER_MAX_KEY];

	memcpy(old, at, message->key_len);
	memmove(at + key_len, at + message->key_len, rest);
	memcpy(at, key, key_len);
	memcpy(at + key_len + rest, old, message->key_len);
	message->original_len = message->key_len;
	message->key_len = key_len;
}

/* A copy with another key, which takes over its files; NULL: no memory. */
struct broker_message *broker_message_rewritten(struct broker_message *message,
						const char *key, u8 key_len)
{
	u32 size = broker_message_data_size(message);
	struct broker_message *copy;

	copy = kvmalloc(struct_size(copy, data, size + BROKER_MAX_KEY), BROKER_GFP);
	if (!copy)
		return NULL;
	memcpy(copy, message, struct_size(message, data, size));
	refcount_set(&copy->refs, 1);
	broker_sender_get(copy->sender);
	if (unlikely(copy->traced))
		broker_steps_message_copied();
	message->files = NULL;
	broker_message_rewrite(copy, key, key_len);
	return copy;
}

struct broker_message *broker_message_get(struct broker_message *message)
{
	refcount_inc(&message->refs);
	return message;
}

/* May sleep: large messages are vmalloc'ed. */
void broker_message_put(struct broker_message *message)
{
	if (message && refcount_dec_and_test(&message->refs)) {
		broker_files_put(message->files);
		if (message->charged)
			broker_payer_uncharge(message->sender->payer, BROKER_LIMIT_BYTES,
					      broker_message_size(message));
		if (unlikely(message->traced))
			broker_steps_message_end();
		broker_sender_put(message->sender);
		kvfree(message);
	}
}
