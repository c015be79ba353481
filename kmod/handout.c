// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "entry.h"
#include "files.h"
#include "handout.h"
#include "message.h"
#include "sender.h"

/* Where the numbers of its files stand in the record. */
u32 broker_handout_fds(const struct broker_message *message)
{
	return ALIGN(sizeof(struct broker_delivery) + broker_message_data_size(message), 4);
}

/* Bytes of the reader's memory that a message takes. */
u32 broker_handout_size(const struct broker_message *message, bool headers_only)
{
	u32 fds = message->files ? message->files->nr * sizeof(s32) : 0;

	if (headers_only)
		return ALIGN(sizeof(struct broker_delivery) + broker_message_data_size(message) -
			     message->body_len, 8);
	return ALIGN(broker_handout_fds(message) + fds, 8);
}

/* Copies what the reader is to see of @entry; under its queue's lock. */
void broker_handout_fill(struct broker_handout *handout, const struct broker_entry *entry)
{
	*handout = (struct broker_handout) {
		.message = broker_message_get(entry->message),
		.holder = get_pid(entry->holder),
		.tag = entry->key,
		.place = entry->place,
		.acquired = entry->acquired,
		.failed = entry->failed,
		.flags = entry->reply ? BROKER_DELIVERY_F_REQUEST : 0,
		.cause = entry->cause,
		.cause_code = entry->cause_code,
	};
}

static int handout_copy_one(const struct broker_handout *handout,
			    const struct broker_handout_to *to, void __user *at)
{
	const struct broker_message *message = handout->message;
	const struct broker_files *files = to->headers_only ? NULL : message->files;
	u32 size = broker_handout_size(message, to->headers_only);
	u32 body = to->headers_only ? 0 : message->body_len;
	u32 data = broker_message_data_size(message) - message->body_len + body;
	struct broker_delivery delivery = {
		.size = size,
		.header_size = sizeof(delivery),
		.flags = (handout->acquired > !!to->consumer ? BROKER_DELIVERY_F_REDELIVERED : 0) |
			 (files && message->body_is_file ? BROKER_DELIVERY_F_BODY_FD : 0) |
			 handout->flags,
		.consumer = to->consumer,
		.queue = to->queue,
		.tag = to->consumer ? handout->tag : 0,
		.sequence = handout->place & BROKER_PLACE_SEQUENCE,
		.user_data = to->user_data,
		.time_ns = message->time,
		.acquired = handout->acquired,
		.failed = handout->failed,
		.cause = handout->cause,
		.cause_code = handout->cause_code,
		.cause_pid = pid_vnr(handout->holder),
		.exchange_len = message->exchange_len,
		.key_len = message->key_len,
		.props_len = message->props_len,
		.body_len = body,
		.nr_fds = files ? files->nr : 0,
		.fds = files ? broker_handout_fds(message) : 0,
		.body_size = message->body_len,
	};
	s32 none[BROKER_MAX_FDS];

	broker_sender_show(message->sender, &delivery.origin);
	if (copy_to_user(at, &delivery, sizeof(delivery)) ||
	    copy_to_user(at + sizeof(delivery), message->data, data) ||
	    clear_user(at + sizeof(delivery) + data, size - sizeof(delivery) - data))
		return -EFAULT;
	/* Until they are installed, if they are. */
	memset(none, -1, sizeof(none));
	return copy_to_user(at + delivery.fds, none, delivery.nr_fds * sizeof(*none)) ? -EFAULT : 0;
}

/* Writes records one after the other.  Return: 0, with their @bytes; -EFAULT. */
int broker_handout_copy(const struct broker_handout *handouts, u32 count,
			const struct broker_handout_to *to, u32 *bytes)
{
	u32 i, offset = 0;

	for (i = 0; i < count; i++) {
		int err = handout_copy_one(&handouts[i], to, to->buffer + offset);

		if (err)
			return err;
		offset += broker_handout_size(handouts[i].message, to->headers_only);
	}
	*bytes = offset;
	return 0;
}

void broker_handout_put(struct broker_handout *handouts, u32 count)
{
	while (count--) {
		broker_message_put(handouts[count].message);
		put_pid(handouts[count].holder);
	}
}
