// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One open /dev/broker.  Nothing here restarts a call that a signal ended: the
 * caller asked for a deadline and may want to look at what the signal meant.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

#define DEVICE	"/dev/broker"

int broker_session_ioctl(const struct broker_session *session, unsigned long request, void *arg)
{
	return ioctl(session->fd, request, arg) < 0 ? -errno : 0;
}

int broker_session_open(struct broker_session **session)
{
	struct broker_session *s;
	int err;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;

	s->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (s->fd < 0) {
		err = -errno;
		goto err_free;
	}

	s->info.size = sizeof(s->info);
	err = broker_session_ioctl(s, BROKER_IOC_INFO, &s->info);
	if (!err && s->info.abi_version != BROKER_ABI_VERSION)
		err = -EPROTO;
	if (err)
		goto err_close;

	*session = s;
	return 0;

err_close:
	close(s->fd);
err_free:
	free(s);
	return err;
}

struct broker_session *broker_session_close(struct broker_session *session)
{
	if (session) {
		close(session->fd);
		free(session);
	}
	return NULL;
}

int broker_session_fd(const struct broker_session *session)
{
	return session->fd;
}

const struct broker_info *broker_session_info(const struct broker_session *session)
{
	return &session->info;
}

static uint64_t credit_bytes(uint32_t messages, uint64_t bytes)
{
	return messages && !bytes ? BROKER_DEFAULT_CREDIT_BYTES : bytes;
}

int broker_session_consume(struct broker_session *session, const char *queue, uint32_t messages,
			   uint64_t bytes, uint32_t flags, uint64_t user_data)
{
	return broker_session_consume_filtered(session, queue, messages, bytes, flags, user_data,
					       NULL);
}

int broker_session_consume_filtered(struct broker_session *session, const char *queue,
				    uint32_t messages, uint64_t bytes, uint32_t flags,
				    uint64_t user_data, const struct broker_filter *filter)
{
	const struct broker_consumer_options options = {
		.size = sizeof(options),
		.messages = messages,
		.flags = flags,
		.bytes = bytes,
		.user_data = user_data,
		.filter = filter,
	};

	return broker_session_consume_with(session, queue, &options);
}

int broker_session_consume_with(struct broker_session *session, const char *queue,
				const struct broker_consumer_options *options)
{
	const struct broker_filter *filter = options->filter;
	size_t filter_len = 0;
	const void *program = filter ? broker_filter_program(filter, &filter_len) : NULL;
	const char *text = filter ? broker_filter_text(filter) : "";
	struct broker_consume arg = {
		.size = sizeof(arg),
		.flags = options->flags,
		.queue = (uintptr_t)queue,
		.queue_len = strlen(queue),
		.credit_messages = options->messages,
		.credit_bytes = credit_bytes(options->messages, options->bytes),
		.user_data = options->user_data,
		.filter = (uintptr_t)program,
		.filter_text = filter ? (uintptr_t)text : 0,
		.filter_len = filter_len,
		.filter_text_len = strlen(text),
		.lease_ms = options->lease_ms,
		.priority = options->priority,
	};
	int err;

	if (options->size != sizeof(*options))
		return -EINVAL;
	err = broker_session_ioctl(session, BROKER_IOC_CONSUME, &arg);
	return err ? err : (int)arg.consumer;
}

int broker_session_cancel(struct broker_session *session, uint32_t consumer)
{
	struct broker_cancel arg = {
		.size = sizeof(arg),
		.consumer = consumer,
	};

	return broker_session_ioctl(session, BROKER_IOC_CANCEL, &arg);
}

/* Bytes that broker_publish_encode() writes to its buffer. */
size_t broker_publish_size(const char *exchange, const char *key,
			   const struct broker_message *message)
{
	return strlen(exchange) + strlen(key) + message->props_length +
	       (broker_message_is_small(message) ? message->body_length : 0) +
	       message->nr_fds * sizeof(int);
}

/*
 * Writes the head, behind it a small body, and behind that the numbers of files to
 * @buffer, and their addresses into @op.
 */
int broker_publish_encode(struct broker_op *op, char *buffer, const char *exchange,
			  const char *key, const struct broker_message *message, uint32_t flags)
{
	size_t exchange_len = strlen(exchange);
	size_t key_len = strlen(key);
	char *p = buffer;

	if (exchange_len > BROKER_MAX_NAME || key_len > BROKER_MAX_KEY)
		return -ENAMETOOLONG;
	if (message->body_length > UINT32_MAX)
		return -EMSGSIZE;
	if (flags > UINT16_MAX)
		return -EOPNOTSUPP;

	p = (char *)memcpy(p, exchange, exchange_len) + exchange_len;
	p = (char *)memcpy(p, key, key_len) + key_len;
	if (message->props_length)
		memcpy(p, message->props, message->props_length);
	p += message->props_length;

	*op = (struct broker_op) {
		.opcode = BROKER_OP_PUBLISH,
		.flags = flags | (message->body_fd ? BROKER_PUBLISH_F_BODY_FD : 0),
		.publish = {
			.head = (uintptr_t)buffer,
			.body = (uintptr_t)message->body,
			.body_len = message->body_length,
			.props_len = message->props_length,
			.exchange_len = exchange_len,
			.key_len = key_len,
			.nr_fds = message->nr_fds,
		},
	};
	if (message->body_length && broker_message_is_small(message)) {
		memcpy(p, message->body, message->body_length);
		op->publish.body = (uintptr_t)p;
		p += message->body_length;
	}
	if (message->nr_fds) {
		memcpy(p, message->fds, message->nr_fds * sizeof(int));
		op->publish.fds = (uintptr_t)p;
	}
	return 0;
}

int broker_state_encode(struct broker_op *op, const struct broker_message *message,
			const void *data, size_t length)
{
	if (!message->delivery.consumer)
		return -EINVAL;
	if (length > BROKER_MAX_STATE)
		return -EMSGSIZE;
	*op = (struct broker_op) {
		.opcode = BROKER_OP_STATE,
		.state = {
			.tag = message->delivery.tag,
			.consumer = message->delivery.consumer,
			.len = length,
			.data = (uintptr_t)data,
		},
	};
	return 0;
}

int broker_settle_encode(struct broker_op *op, uint32_t consumer, uint64_t tag,
			 enum broker_opcode outcome, uint32_t flags, uint64_t time_ms)
{
	bool timed = outcome == BROKER_OP_DELAY || outcome == BROKER_OP_EXTEND;

	if (!consumer || (time_ms && !timed))
		return -EINVAL;
	if (!timed && outcome != BROKER_OP_DEFER &&
	    (outcome < BROKER_OP_ACCEPT || outcome > BROKER_OP_REJECT))
		return -EINVAL;
	if (flags > UINT16_MAX)
		return -EOPNOTSUPP;

	*op = (struct broker_op) {
		.opcode = outcome,
		.flags = flags,
		.settle = {
			.tag = tag,
			.consumer = consumer,
			.time_ms = time_ms,
		},
	};
	return 0;
}

void broker_credit_encode(struct broker_op *op, uint32_t consumer, uint32_t messages,
			  uint64_t bytes)
{
	*op = (struct broker_op) {
		.opcode = BROKER_OP_CREDIT,
		.credit = {
			.bytes = credit_bytes(messages, bytes),
			.messages = messages,
			.consumer = consumer,
		},
	};
}

static int submit_one(struct broker_session *session, struct broker_op *op, uint64_t timeout_ns,
		      struct broker_result *result)
{
	struct broker_submit arg = {
		.size = sizeof(arg),
		.ops = (uintptr_t)op,
		.results = (uintptr_t)result,
		.nr_ops = 1,
		.op_size = sizeof(*op),
		.timeout_ns = timeout_ns,
	};
	int err;

	err = broker_session_ioctl(session, BROKER_IOC_SUBMIT, &arg);
	return err ? err : result->error;
}

/* @name: of a will; @expected: with BROKER_PUBLISH_F_EXPECT */
static int publish(struct broker_session *session, const char *exchange, const char *key,
		   const struct broker_message *message, uint32_t flags, uint64_t name,
		   uint64_t expected, uint64_t timeout_ns, struct broker_result *result)
{
	char scratch[2 * INLINE_BODY];
	char *buffer = scratch;
	struct broker_op op;
	size_t size;
	int err;

	size = broker_publish_size(exchange, key, message);
	if (size > sizeof(scratch)) {
		buffer = malloc(size);
		if (!buffer)
			return -ENOMEM;
	}

	err = broker_publish_encode(&op, buffer, exchange, key, message, flags);
	op.user_data = name;
	op.publish.expected_sequence = expected;
	if (!err)
		err = submit_one(session, &op, timeout_ns, result);

	if (buffer != scratch)
		free(buffer);
	return err;
}

int broker_session_publish(struct broker_session *session, const char *exchange, const char *key,
			   const struct broker_message *message, uint32_t flags,
			   uint64_t timeout_ns)
{
	struct broker_result result;
	int err;

	err = publish(session, exchange, key, message, flags, 0, 0, timeout_ns, &result);
	return err ? err : (int)result.accepted;
}

int broker_session_publish_expected(struct broker_session *session, const char *exchange,
				    const char *key, const struct broker_message *message,
				    uint32_t flags, uint64_t timeout_ns, uint64_t *sequence)
{
	struct broker_result result = { 0 };
	int err;

	err = publish(session, exchange, key, message, flags | BROKER_PUBLISH_F_EXPECT, 0,
		      *sequence, timeout_ns, &result);
	if (!err || err == -ESTALE)
		*sequence = result.sequence;
	return err ? err : (int)result.accepted;
}

int broker_session_will(struct broker_session *session, const char *exchange, const char *key,
			const struct broker_message *message, uint32_t flags, uint64_t name)
{
	struct broker_result result;

	return publish(session, exchange, key, message, flags | BROKER_PUBLISH_F_WILL, name, 0, 0,
		       &result);
}

int broker_session_request(struct broker_session *session, const char *exchange, const char *key,
			   const struct broker_message *message, uint32_t flags,
			   uint64_t user_data, uint64_t timeout_ns)
{
	struct broker_result result;
	int err;

	err = publish(session, exchange, key, message, flags | BROKER_PUBLISH_F_REQUEST, user_data,
		      0, timeout_ns, &result);
	return err ? err : (int)result.accepted;
}

int broker_session_withdraw(struct broker_session *session, uint64_t user_data)
{
	struct broker_op op = { .opcode = BROKER_OP_WITHDRAW, .user_data = user_data };
	struct broker_result result;
	int err;

	err = submit_one(session, &op, 0, &result);
	return err ? err : (int)result.accepted;
}

int broker_session_reply(struct broker_session *session, const struct broker_message *request,
			 const struct broker_message *message)
{
	struct broker_result result;
	struct broker_op op;
	char *buffer;
	int err;

	if (!request->delivery.consumer)
		return -EINVAL;
	buffer = malloc(broker_publish_size("", "", message) + 1);
	if (!buffer)
		return -ENOMEM;
	err = broker_publish_encode(&op, buffer, "", "", message, 0);
	if (!err) {
		op.opcode = BROKER_OP_REPLY;
		op.reply.consumer = request->delivery.consumer;
		op.reply.tag = request->delivery.tag;
		err = submit_one(session, &op, 0, &result);
	}
	free(buffer);
	/* Nobody waits: the work is done all the same. */
	if (err == -EPIPE)
		broker_session_settle(session, request, BROKER_OP_ACCEPT);
	return err;
}

int broker_session_disarm(struct broker_session *session, uint64_t name)
{
	struct broker_op op = { .opcode = BROKER_OP_DISARM, .user_data = name };
	struct broker_result result;

	return submit_one(session, &op, 0, &result);
}

int broker_session_settle(struct broker_session *session, const struct broker_message *message,
			  enum broker_opcode outcome)
{
	return broker_session_settle_timed(session, message, outcome, 0);
}

int broker_session_settle_timed(struct broker_session *session,
				const struct broker_message *message,
				enum broker_opcode outcome, uint64_t time_ms)
{
	struct broker_result result;
	struct broker_op op;
	int err;

	err = broker_settle_encode(&op, message->delivery.consumer, message->delivery.tag,
				   outcome, 0, time_ms);
	return err ? err : submit_one(session, &op, 0, &result);
}

int broker_session_state(struct broker_session *session, const struct broker_message *message,
			 const void *data, size_t length)
{
	struct broker_result result;
	struct broker_op op;
	int err;

	err = broker_state_encode(&op, message, data, length);
	return err ? err : submit_one(session, &op, 0, &result);
}

int broker_session_credit(struct broker_session *session, uint32_t consumer, uint32_t messages,
			  uint64_t bytes)
{
	struct broker_result result;
	struct broker_op op;

	broker_credit_encode(&op, consumer, messages, bytes);
	return submit_one(session, &op, 0, &result);
}
