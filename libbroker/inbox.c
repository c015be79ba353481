// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The memory that messages are received into.
 *
 * The kernel hands out no message that does not fit: it answers EMSGSIZE with
 * the room needed, and the call is made again with more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

#define DEFAULT_ROOM	(256U << 10)

struct broker_inbox {
	struct broker_session *session;
	char *buffer;			/* records, as the kernel wrote them until read */
	size_t room;
	struct broker_message *messages;
	unsigned int messages_room;
	unsigned int count;		/* records in @buffer */
	unsigned int read;		/* of them, turned into @messages */
	size_t offset;			/* of the first record not yet read */
	uint32_t ended;
};

int broker_inbox_new(struct broker_inbox **inbox, struct broker_session *session, size_t bytes)
{
	struct broker_inbox *in;

	in = calloc(1, sizeof(*in));
	if (!in)
		return -ENOMEM;
	in->session = session;
	in->room = bytes ? bytes : DEFAULT_ROOM;
	in->buffer = malloc(in->room);
	if (!in->buffer) {
		free(in);
		return -ENOMEM;
	}
	*inbox = in;
	return 0;
}

/* Gives back what comes with the messages, those not read among them. */
static void end(struct broker_inbox *inbox)
{
	while (broker_inbox_next(inbox))
		;
	for (unsigned int i = 0; i < inbox->count; i++)
		broker_message_end(&inbox->messages[i]);
	inbox->count = 0;
	inbox->read = 0;
}

struct broker_inbox *broker_inbox_free(struct broker_inbox *inbox)
{
	if (inbox) {
		end(inbox);
		free(inbox->messages);
		free(inbox->buffer);
		free(inbox);
	}
	return NULL;
}

/* Forgets what is there; makes all of the room that may be missed afterwards. */
static int begin(struct broker_inbox *inbox, unsigned int max)
{
	struct broker_message *messages;

	end(inbox);
	inbox->count = 0;
	inbox->read = 0;
	inbox->offset = 0;
	inbox->ended = 0;

	if (max <= inbox->messages_room || max > BROKER_MAX_RECEIVE)
		return 0;
	messages = realloc(inbox->messages, max * sizeof(*messages));
	if (!messages)
		return -ENOMEM;
	inbox->messages = messages;
	inbox->messages_room = max;
	return 0;
}

static int grow(struct broker_inbox *inbox, size_t bytes)
{
	char *buffer;

	buffer = malloc(bytes);
	if (!buffer)
		return -ENOMEM;
	free(inbox->buffer);
	inbox->buffer = buffer;
	inbox->room = bytes;
	return 0;
}

static uint32_t buffer_len(const struct broker_inbox *inbox)
{
	return inbox->room < UINT32_MAX ? inbox->room : UINT32_MAX;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int broker_inbox_fetch(struct broker_inbox *inbox, uint32_t consumer, uint64_t sequence)
{
	int err;

	err = begin(inbox, 1);
	while (!err) {
		struct broker_receive arg = {
			.size = sizeof(arg),
			.flags = BROKER_RECEIVE_F_DEFERRED,
			.consumer = consumer,
			.max_messages = 1,
			.buffer = (uintptr_t)inbox->buffer,
			.buffer_len = buffer_len(inbox),
			.sequence = sequence,
		};

		err = broker_session_ioctl(inbox->session, BROKER_IOC_RECEIVE, &arg);
		if (!err)
			inbox->count = arg.count;
		if (err == -EIDRM)
			inbox->ended = arg.consumer;
		if (err != -EMSGSIZE)
			return err;
		err = grow(inbox, arg.bytes);
	}
	return err;
}

int broker_inbox_receive(struct broker_inbox *inbox, uint32_t consumer, unsigned int max,
			 uint64_t timeout_ns)
{
	bool bounded = timeout_ns && timeout_ns != BROKER_TIMEOUT_FOREVER;
	uint64_t start = bounded ? now_ns() : 0;
	int err;

	err = begin(inbox, max);
	while (!err) {
		uint64_t passed = bounded ? now_ns() - start : 0;
		struct broker_receive arg = {
			.size = sizeof(arg),
			.consumer = consumer,
			.max_messages = max,
			.buffer = (uintptr_t)inbox->buffer,
			.buffer_len = buffer_len(inbox),
			.timeout_ns = passed < timeout_ns ? timeout_ns - passed : 0,
		};

		err = broker_session_ioctl(inbox->session, BROKER_IOC_RECEIVE, &arg);
		if (!err) {
			inbox->count = arg.count;
			return arg.count;
		}
		if (err == -EIDRM)
			inbox->ended = arg.consumer;
		/* Another thread may take that message: then this one waits on. */
		if (err == -EMSGSIZE)
			err = grow(inbox, arg.bytes);
		else if (err == -EAGAIN && bounded)
			err = -ETIMEDOUT;
	}
	return err;
}

uint32_t broker_inbox_ended(const struct broker_inbox *inbox)
{
	return inbox->ended;
}

int broker_inbox_browse(struct broker_inbox *inbox, const char *queue, uint64_t *cursor,
			unsigned int max)
{
	return broker_inbox_browse_filtered(inbox, queue, cursor, max, NULL);
}

int broker_inbox_browse_filtered(struct broker_inbox *inbox, const char *queue, uint64_t *cursor,
				 unsigned int max, const struct broker_filter *filter)
{
	struct broker_cursor from = { .words = { *cursor } };
	int count = broker_inbox_browse_state(inbox, queue, BROKER_MESSAGE_READY, &from, max,
					      filter);

	*cursor = from.words[0];
	return count;
}

int broker_inbox_browse_state(struct broker_inbox *inbox, const char *queue,
			      enum broker_message_state state, struct broker_cursor *cursor,
			      unsigned int max, const struct broker_filter *filter)
{
	size_t filter_len = 0;
	const void *program = filter ? broker_filter_program(filter, &filter_len) : NULL;
	int err;

	err = begin(inbox, max);
	while (!err) {
		struct broker_browse arg = {
			.size = sizeof(arg),
			.queue = (uintptr_t)queue,
			.queue_len = strlen(queue),
			.max_messages = max,
			.buffer = (uintptr_t)inbox->buffer,
			.buffer_len = buffer_len(inbox),
			.cursor = cursor->words[0],
			.filter = (uintptr_t)program,
			.filter_len = filter_len,
			.state = state,
			.cursor2 = cursor->words[1],
		};

		err = broker_session_ioctl(inbox->session, BROKER_IOC_BROWSE, &arg);
		if (!err) {
			*cursor = (struct broker_cursor){ { arg.cursor, arg.cursor2 } };
			inbox->count = arg.count;
			return arg.count;
		}
		if (err == -EMSGSIZE)
			err = grow(inbox, arg.bytes);
	}
	return err;
}

/*
 * The head of the record is copied out; its room takes the names, which are
 * strings for C then.
 */
static void parse(struct broker_message *message, char *record)
{
	struct broker_delivery delivery = { 0 };
	size_t known = sizeof(delivery);
	char *data;

	memcpy(&delivery, record, offsetof(struct broker_delivery, consumer));
	if (known > delivery.header_size)
		known = delivery.header_size;
	memcpy(&delivery, record, known);
	data = record + delivery.header_size;

	*message = (struct broker_message) {
		.exchange = record,
		.key = record + delivery.exchange_len + 1,
		.props = data + delivery.exchange_len + delivery.key_len,
		.props_length = delivery.props_len,
		.body_length = delivery.body_len,
		.delivery = delivery,
		.nr_fds = delivery.nr_fds,
		.fds = (int *)(record + delivery.fds),
		.body_fd = delivery.flags & BROKER_DELIVERY_F_BODY_FD,
		.deaths = (const struct broker_death *)(record + delivery.deaths),
		.key_state = record + delivery.key_state,
	};
	message->body = message->props + delivery.props_len;
	message->original_key = delivery.original_len ?
				(const char *)message->body + delivery.body_len : "";

	memmove(record, data, delivery.exchange_len);
	record[delivery.exchange_len] = '\0';
	record += delivery.exchange_len + 1;
	memmove(record, data + delivery.exchange_len, delivery.key_len);
	record[delivery.key_len] = '\0';
}

const struct broker_message *broker_inbox_next(struct broker_inbox *inbox)
{
	struct broker_message *message;
	char *record;
	uint32_t size;

	if (inbox->read == inbox->count)
		return NULL;

	message = &inbox->messages[inbox->read++];
	record = inbox->buffer + inbox->offset;
	memcpy(&size, record, sizeof(size));
	inbox->offset += size;
	parse(message, record);
	return message;
}
