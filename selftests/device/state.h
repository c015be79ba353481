/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States of ordering keys, and deliveries with theirs. */
#ifndef SELFTESTS_STATE_H
#define SELFTESTS_STATE_H

#include "ordering.h"

/* A delivery with the state that came with it; @len 0: none did. */
struct stateful {
	struct got got;
	uint32_t len;
	char state[BROKER_MAX_STATE + 1];
};

static inline int receive_state(int fd, struct broker_receive *r, struct stateful *s)
{
	static __thread char buffer[8192 + BROKER_MAX_STATE] __attribute__((aligned(8)));
	int ret;

	r->buffer = (uintptr_t)buffer;
	r->buffer_len = sizeof(buffer);
	ret = call(fd, BROKER_IOC_RECEIVE, r);
	if (ret)
		return ret;
	got_from(&s->got, buffer);
	s->len = s->got.d.key_state_len;
	memcpy(s->state, buffer + s->got.d.key_state, s->len);
	s->state[s->len] = 0;
	/* A record ends with its state, filled with zeros to a multiple of 8. */
	if (s->len && (s->got.d.key_state % 8 ||
		       s->got.d.key_state + (s->len + 7) / 8 * 8 != s->got.d.size))
		return -EPROTO;
	return !s->got.d.key_state == !s->len ? 0 : -EPROTO;
}

static inline int take_state(int fd, uint32_t consumer, struct stateful *s, uint64_t timeout_ns)
{
	struct broker_receive r = receive_of(consumer, NULL, 0, 1);

	r.timeout_ns = timeout_ns;
	return receive_state(fd, &r, s);
}

static inline int consume_state(int fd, const char *queue, uint32_t credit, uint32_t flags)
{
	struct broker_consume c = consume_of(queue, credit);

	c.flags = BROKER_CONSUME_F_STATE | flags;
	return call(fd, BROKER_IOC_CONSUME, &c) ?: (int)c.consumer;
}

static inline struct broker_op op_state(uint32_t consumer, uint64_t tag, const void *data,
					uint32_t len)
{
	return (struct broker_op) {
		.opcode = BROKER_OP_STATE,
		.state = { .tag = tag, .consumer = consumer, .len = len, .data = (uintptr_t)data },
	};
}

static inline int set_state(int fd, uint32_t consumer, uint64_t tag, const void *data,
			    uint32_t len)
{
	struct broker_op op = op_state(consumer, tag, data, len);

	return submit_one(fd, &op);
}

static inline struct nl_msg *state_msg(int cmd, const char *queue, const char *key)
{
	struct nl_msg *msg = nl_new(cmd);

	nl_put_str(msg, BROKER_A_STATE_QUEUE, queue);
	nl_put(msg, BROKER_A_STATE_KEY, key, strlen(key));
	return msg;
}

static inline int state_del(const char *queue, const char *key)
{
	return nl_do(state_msg(BROKER_CMD_STATE_DEL, queue, key));
}

static inline uint64_t states(const char *queue)
{
	return queue_get(queue, BROKER_A_QUEUE_STATES);
}

static inline uint64_t state_bytes(const char *queue)
{
	return queue_get(queue, BROKER_A_QUEUE_STATE_BYTES);
}

#endif /* SELFTESTS_STATE_H */
