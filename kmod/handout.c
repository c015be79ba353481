// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/pid.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "deadletter.h"
#include "entry.h"
#include "files.h"
#include "handout.h"
#include "message.h"
#include "sender.h"
#include "state.h"
#include "timer.h"

/* Where the numbers of its files stand in the record. */
u32 broker_handout_fds(const struct broker_message *message)
{
	/* An original key ends with a zero byte. */
	return ALIGN(sizeof(struct broker_delivery) + broker_message_data_size(message) +
		     !!message->original_len, 4);
}

/* Files go with bodies: who is given no body is given none. */
static const struct broker_files *handout_files(const struct broker_message *message,
						bool headers_only)
{
	return headers_only ? NULL : message->files;
}

/* Where the deaths stand, or the end, if there are none. */
static u32 handout_deaths(const struct broker_message *message, bool headers_only)
{
	u32 fds = message->files ? message->files->nr * sizeof(s32) : 0;

	if (headers_only)
		return ALIGN(sizeof(struct broker_delivery) + broker_message_data_size(message) -
			     message->body_len - message->original_len, 8);
	return ALIGN(broker_handout_fds(message) + fds, 8);
}

/* Where the state of its key stands, or the end, if there is none. */
static u32 handout_state(const struct broker_message *message, const struct broker_deaths *deaths,
			 bool headers_only)
{
	return handout_deaths(message, headers_only) +
	       (deaths ? deaths->nr * sizeof(struct broker_death) : 0);
}

/* Bytes of the reader's memory that a message takes. */
u32 broker_handout_size(const struct broker_message *message, const struct broker_deaths *deaths,
			const struct broker_blob *state, bool headers_only)
{
	return handout_state(message, deaths, headers_only) + (state ? ALIGN(state->len, 8) : 0);
}

/* Copies what the reader is to see of @entry; under its queue's lock.  @state may be NULL. */
void broker_handout_fill(struct broker_handout *handout, const struct broker_entry *entry,
			 struct broker_blob *state)
{
	*handout = (struct broker_handout) {
		.message = broker_message_get(entry->message),
		.holder = get_pid(entry->holder),
		.deaths = broker_deaths_get(entry->deaths),
		.state = broker_blob_get(state),
		.key = entry->key,
		.place = entry->place,
		.acquired = entry->acquired,
		.failed = entry->failed,
		.flags = entry->reply ? BROKER_DELIVERY_F_REQUEST : 0,
		.cause = entry->cause,
		.cause_code = entry->cause_code,
		.retained = entry->retained,
		.reason = entry->reason,
	};
}

static int handout_copy_deaths(const struct broker_deaths *deaths, void __user *at)
{
	u32 i;

	for (i = 0; deaths && i < deaths->nr; i++, at += sizeof(struct broker_death)) {
		const struct broker_death_record *record = &deaths->record[i];
		struct broker_death death = {
			.time_ns = record->time,
			.queue = record->queue,
			.count = record->count,
			.acquired = record->acquired,
			.failed = record->failed,
			.reason = record->reason,
			.cause = record->cause,
			.cause_code = record->cause_code,
			.name_len = record->name_len,
			.cause_pid = pid_vnr(record->holder),
		};

		memcpy(death.name, record->name, record->name_len);
		if (copy_to_user(at, &death, sizeof(death)))
			return -EFAULT;
	}
	return 0;
}

/* And zeros behind it. */
static int handout_copy_state(const struct broker_blob *state, void __user *at)
{
	if (!state)
		return 0;
	return copy_to_user(at, state->data, state->len) ||
	       clear_user(at + state->len, ALIGN(state->len, 8) - state->len) ? -EFAULT : 0;
}

/* What names the delivery; of what is browsed, when it is due. */
static u64 handout_tag(const struct broker_handout *handout, const struct broker_handout_to *to)
{
	if (to->consumer)
		return handout->key;
	if (to->state != BROKER_MESSAGE_WAITING)
		return 0;
	/* The two clocks are not read at once: to the millisecond. */
	return DIV_ROUND_CLOSEST_ULL(ktime_get_real_ns() + (handout->key - broker_now()),
				     NSEC_PER_MSEC) * NSEC_PER_MSEC;
}

static int handout_copy_one(const struct broker_handout *handout,
			    const struct broker_handout_to *to, void __user *at)
{
	const struct broker_message *message = handout->message;
	const struct broker_files *files = handout_files(message, to->headers_only);
	u32 state = handout_state(message, handout->deaths, to->headers_only);
	u32 size = broker_handout_size(message, handout->deaths, handout->state, to->headers_only);
	u32 body = to->headers_only ? 0 : message->body_len;
	/* It stands behind the body, and is left out with it. */
	u32 original = to->headers_only ? 0 : message->original_len;
	u32 data = broker_message_data_size(message) - message->body_len + body -
		   message->original_len + original;
	struct broker_delivery delivery = {
		.size = size,
		.header_size = sizeof(delivery),
		.flags = (handout->acquired > !!to->consumer ? BROKER_DELIVERY_F_REDELIVERED : 0) |
			 (files && message->body_is_file ? BROKER_DELIVERY_F_BODY_FD : 0) |
			 handout->flags | (handout->retained ? BROKER_DELIVERY_F_RETAINED : 0),
		.consumer = to->consumer,
		.queue = to->queue,
		.tag = handout_tag(handout, to),
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
		.original_len = original,
		.props_len = message->props_len,
		.body_len = body,
		.nr_fds = files ? files->nr : 0,
		.fds = files ? broker_handout_fds(message) : 0,
		.body_size = message->body_len,
		.deaths = handout->deaths ? handout_deaths(message, to->headers_only) : 0,
		.nr_deaths = handout->deaths ? handout->deaths->nr : 0,
		.state = to->state,
		.reason = handout->reason,
		.key_state = handout->state ? state : 0,
		.key_state_len = handout->state ? handout->state->len : 0,
	};
	s32 none[BROKER_MAX_FDS];

	broker_sender_show(message->sender, &delivery.origin);
	if (copy_to_user(at, &delivery, sizeof(delivery)) ||
	    copy_to_user(at + sizeof(delivery), message->data, data) ||
	    clear_user(at + sizeof(delivery) + data, state - sizeof(delivery) - data))
		return -EFAULT;
	/* Until they are installed, if they are. */
	memset(none, -1, sizeof(none));
	if (delivery.nr_fds &&
	    copy_to_user(at + delivery.fds, none, delivery.nr_fds * sizeof(*none)))
		return -EFAULT;
	return handout_copy_deaths(handout->deaths, at + delivery.deaths) ?:
	       handout_copy_state(handout->state, at + state);
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
		offset += broker_handout_size(handouts[i].message, handouts[i].deaths,
					      handouts[i].state, to->headers_only);
	}
	*bytes = offset;
	return 0;
}

void broker_handout_put(struct broker_handout *handouts, u32 count)
{
	while (count--) {
		broker_message_put(handouts[count].message);
		put_pid(handouts[count].holder);
		broker_deaths_put(handouts[count].deaths);
		broker_blob_put(handouts[count].state);
	}
}
