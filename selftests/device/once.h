/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Publishing that may be repeated: properties, and what each queue says. */
#ifndef SELFTESTS_ONCE_H
#define SELFTESTS_ONCE_H

#include "helper.h"

#define MAX_SENT	4

/* What came of a publish: its result, and what up to MAX_SENT queues did. */
struct sent {
	struct broker_result result;
	struct broker_confirm confirm[MAX_SENT];
	uint32_t nr;
};

/* Bytes of a property area of one dedupe id, at most 512. */
static inline uint32_t id_props(char *area, int type, const void *id, uint32_t len)
{
	struct broker_prop head = {
		.id = BROKER_PROP_DEDUPE_ID, .type = type, .value_len = len,
	};

	memcpy(area, &head, sizeof(head));
	memcpy(area + sizeof(head), id, len);
	return sizeof(head) + len;
}

/* Error of the operation, or of the call. */
static inline int publish_sent(int fd, const struct pub *p, struct sent *sent)
{
	struct broker_submit s;
	struct broker_op op;
	int ret;

	op_publish(&op, p);
	memset(sent, 0, sizeof(*sent));
	sent->result.error = 1;
	s = submit_of(&op, 1, &sent->result);
	s.timeout_ns = p->timeout_ns;
	s.confirms = (uintptr_t)sent->confirm;
	s.nr_confirms = MAX_SENT;
	ret = call(fd, BROKER_IOC_SUBMIT, &s);
	sent->nr = s.nr_confirms;
	op_free(&op);
	return ret ?: sent->result.error;
}

/* @p with a dedupe id. */
static inline int send_id(int fd, const char *id, struct pub p, struct sent *sent)
{
	char area[512];
	struct sent none;

	p.props = area;
	p.props_len = id_props(area, BROKER_TYPE_STRING, id, strlen(id));
	return publish_sent(fd, &p, sent ?: &none);
}

/* Bytes of a property area of a producer and its number, at most 512. */
static inline uint32_t producer_props(char *area, const char *name, int64_t number)
{
	struct broker_prop producer = {
		.id = BROKER_PROP_PRODUCER, .type = BROKER_TYPE_STRING, .value_len = strlen(name),
	};
	struct broker_prop sequence = {
		.id = BROKER_PROP_PRODUCER_SEQUENCE, .type = BROKER_TYPE_INT64,
		.value_len = sizeof(number),
	};
	char *p = area;

	p = mempcpy(p, &producer, sizeof(producer));
	p = mempcpy(p, name, producer.value_len);
	p = mempcpy(p, &sequence, sizeof(sequence));
	p = mempcpy(p, &number, sizeof(number));
	return p - area;
}

/* @p of a producer. */
static inline int send_number(int fd, const char *name, int64_t number, struct pub p,
			      struct sent *sent)
{
	char area[512];
	struct sent none;

	p.props = area;
	p.props_len = producer_props(area, name, number);
	return publish_sent(fd, &p, sent ?: &none);
}

/* To a queue, with the number as body. */
static inline int put_number(int fd, const char *queue, const char *name, int64_t number)
{
	char body[24];

	snprintf(body, sizeof(body), "%lld", (long long)number);
	return send_number(fd, name, number, (struct pub) { .key = queue, .body = body }, NULL);
}

/* The last number of a producer of the caller's; ~0 where the request is refused. */
static inline uint64_t producer_last(const char *queue, const char *name)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_PRODUCER_GET), reply = {};

	nl_put_str(msg, BROKER_A_PRODUCER_QUEUE, queue);
	nl_put_str(msg, BROKER_A_PRODUCER_NAME, name);
	return nl_do_reply(msg, &reply) ? ~0ULL : nl_get(&reply, BROKER_A_PRODUCER_LAST);
}

/* To a queue, with the id as body. */
static inline int put_id(int fd, const char *queue, const char *id)
{
	return send_id(fd, id, (struct pub) { .key = queue, .body = id }, NULL);
}

#endif /* SELFTESTS_ONCE_H */
