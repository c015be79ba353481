// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operations to submit in one call.
 *
 * Heads, small bodies and states lie in one area that moves as it grows: where they are
 * is kept as offsets, and becomes addresses at each submit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define CONFIRMS_PER_PUBLISH	8

struct place {
	size_t head;			/* offset in the area */
	bool inline_body;		/* the body stands behind the head */
};

struct broker_batch {
	struct broker_session *session;
	struct broker_op *ops;
	struct place *places;		/* one for each of @ops; used by publishes and states */
	struct broker_result *results;
	unsigned int nr_ops;
	unsigned int ops_room;
	unsigned int nr_publishes;
	unsigned int nr_results;	/* 0 until a submit */
	char *area;
	size_t area_length;
	size_t area_room;
	struct broker_confirm *confirms;
	unsigned int nr_confirms;
	unsigned int confirms_room;
};

int broker_batch_new(struct broker_batch **batch, struct broker_session *session)
{
	*batch = calloc(1, sizeof(**batch));
	if (!*batch)
		return -ENOMEM;
	(*batch)->session = session;
	return 0;
}

struct broker_batch *broker_batch_free(struct broker_batch *batch)
{
	if (batch) {
		free(batch->ops);
		free(batch->places);
		free(batch->results);
		free(batch->area);
		free(batch->confirms);
		free(batch);
	}
	return NULL;
}

void broker_batch_clear(struct broker_batch *batch)
{
	batch->nr_ops = 0;
	batch->nr_publishes = 0;
	batch->nr_results = 0;
	batch->nr_confirms = 0;
	batch->area_length = 0;
}

unsigned int broker_batch_length(const struct broker_batch *batch)
{
	return batch->nr_ops;
}

static int resize(void *array, size_t count, size_t size)
{
	void **p = array;
	void *mem = realloc(*p, count * size);

	if (!mem)
		return -ENOMEM;
	*p = mem;
	return 0;
}

/* Room for one more operation. */
static int reserve_op(struct broker_batch *batch)
{
	unsigned int room = batch->ops_room ? 2 * batch->ops_room : 16;

	if (batch->nr_ops == BROKER_MAX_OPS)
		return -E2BIG;
	if (batch->nr_ops < batch->ops_room)
		return 0;
	if (resize(&batch->ops, room, sizeof(*batch->ops)) ||
	    resize(&batch->places, room, sizeof(*batch->places)) ||
	    resize(&batch->results, room, sizeof(*batch->results)))
		return -ENOMEM;
	batch->ops_room = room;
	return 0;
}

static int reserve_area(struct broker_batch *batch, size_t size)
{
	size_t room = batch->area_room ? batch->area_room : 4096;

	while (room - batch->area_length < size)
		room *= 2;
	if (room == batch->area_room)
		return 0;
	if (resize(&batch->area, room, 1))
		return -ENOMEM;
	batch->area_room = room;
	return 0;
}

int broker_batch_publish(struct broker_batch *batch, const char *exchange, const char *key,
			 const struct broker_message *message, uint32_t flags,
			 enum broker_confirm_level confirm, uint32_t min_routes)
{
	struct broker_op *op;
	size_t size;
	int err;

	if (confirm > UINT8_MAX)
		return -EOPNOTSUPP;
	size = broker_publish_size(exchange, key, message);
	err = reserve_op(batch);
	if (!err)
		err = reserve_area(batch, size);
	if (err)
		return err;

	op = &batch->ops[batch->nr_ops];
	err = broker_publish_encode(op, batch->area + batch->area_length, exchange, key, message,
				    flags);
	if (err)
		return err;
	op->publish.confirm = confirm;
	op->publish.min_routes = min_routes;

	batch->places[batch->nr_ops] = (struct place) {
		.head = batch->area_length,
		.inline_body = broker_message_is_small(message),
	};
	batch->area_length += size;
	batch->nr_publishes++;
	return batch->nr_ops++;
}

int broker_batch_expect(struct broker_batch *batch, uint64_t sequence)
{
	struct broker_op *op = batch->nr_ops ? &batch->ops[batch->nr_ops - 1] : NULL;

	if (!op || op->opcode != BROKER_OP_PUBLISH)
		return -EINVAL;
	op->flags |= BROKER_PUBLISH_F_EXPECT;
	op->publish.expected_sequence = sequence;
	return 0;
}

static int add_settle(struct broker_batch *batch, uint32_t consumer, uint64_t tag,
		      enum broker_opcode outcome, uint32_t flags, uint64_t time_ms)
{
	int err;

	err = reserve_op(batch);
	if (!err)
		err = broker_settle_encode(&batch->ops[batch->nr_ops], consumer, tag, outcome,
					   flags, time_ms);
	return err ? err : (int)batch->nr_ops++;
}

int broker_batch_settle_tag(struct broker_batch *batch, uint32_t consumer, uint64_t tag,
			    enum broker_opcode outcome, uint32_t flags)
{
	return add_settle(batch, consumer, tag, outcome, flags, 0);
}

int broker_batch_settle_timed(struct broker_batch *batch, const struct broker_message *message,
			      enum broker_opcode outcome, uint32_t flags, uint64_t time_ms)
{
	return add_settle(batch, message->delivery.consumer, message->delivery.tag, outcome,
			  flags, time_ms);
}

int broker_batch_settle(struct broker_batch *batch, const struct broker_message *message,
			enum broker_opcode outcome, uint32_t flags)
{
	return broker_batch_settle_tag(batch, message->delivery.consumer, message->delivery.tag,
				       outcome, flags);
}

int broker_batch_state(struct broker_batch *batch, const struct broker_message *message,
		       const void *data, size_t length)
{
	int err;

	err = reserve_op(batch);
	if (!err)
		err = broker_state_encode(&batch->ops[batch->nr_ops], message, data, length);
	if (!err)
		err = reserve_area(batch, length);
	if (err)
		return err;
	if (length)
		memcpy(batch->area + batch->area_length, data, length);
	batch->places[batch->nr_ops] = (struct place) { .head = batch->area_length };
	batch->area_length += length;
	return batch->nr_ops++;
}

int broker_batch_credit(struct broker_batch *batch, uint32_t consumer, uint32_t messages,
			uint64_t bytes)
{
	int err;

	err = reserve_op(batch);
	if (err)
		return err;
	broker_credit_encode(&batch->ops[batch->nr_ops], consumer, messages, bytes);
	return batch->nr_ops++;
}

/* The area stands still from here to the end of the call. */
static void set_addresses(struct broker_batch *batch)
{
	for (unsigned int i = 0; i < batch->nr_ops; i++) {
		struct broker_publish *publish = &batch->ops[i].publish;
		const char *head;

		if (batch->ops[i].opcode == BROKER_OP_STATE)
			batch->ops[i].state.data = (uintptr_t)batch->area + batch->places[i].head;
		if (batch->ops[i].opcode != BROKER_OP_PUBLISH)
			continue;
		head = batch->area + batch->places[i].head;
		publish->head = (uintptr_t)head;
		if (batch->places[i].inline_body)
			publish->body = (uintptr_t)head + publish->exchange_len +
					publish->key_len + publish->props_len;
		if (publish->nr_fds)
			publish->fds = (uintptr_t)head + publish->exchange_len + publish->key_len +
				       publish->props_len +
				       (batch->places[i].inline_body ? publish->body_len : 0);
	}
}

int broker_batch_submit(struct broker_batch *batch, uint32_t flags, uint64_t timeout_ns)
{
	unsigned int room = batch->nr_publishes * CONFIRMS_PER_PUBLISH;
	struct broker_submit arg = {
		.size = sizeof(arg),
		.flags = flags,
		.nr_ops = batch->nr_ops,
		.op_size = sizeof(*batch->ops),
		.nr_confirms = room,
		.timeout_ns = timeout_ns,
	};
	int err;

	batch->nr_results = 0;
	batch->nr_confirms = 0;
	if (!batch->nr_ops)
		return 0;

	if (room > batch->confirms_room) {
		if (resize(&batch->confirms, room, sizeof(*batch->confirms)))
			return -ENOMEM;
		batch->confirms_room = room;
	}
	set_addresses(batch);
	arg.ops = (uintptr_t)batch->ops;
	arg.results = (uintptr_t)batch->results;
	arg.confirms = room ? (uintptr_t)batch->confirms : 0;

	err = broker_session_ioctl(batch->session, BROKER_IOC_SUBMIT, &arg);
	if (err)
		return err;
	batch->nr_results = batch->nr_ops;
	batch->nr_confirms = arg.nr_confirms < room ? arg.nr_confirms : room;
	return arg.failed;
}

const struct broker_result *broker_batch_result(const struct broker_batch *batch,
						unsigned int index)
{
	return index < batch->nr_results ? &batch->results[index] : NULL;
}

const struct broker_confirm *broker_batch_confirms(const struct broker_batch *batch,
						   unsigned int *count)
{
	*count = batch->nr_confirms;
	return batch->confirms;
}
