/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages with a group key. */
#ifndef SELFTESTS_ORDERING_H
#define SELFTESTS_ORDERING_H

#include "helper.h"

/* What a message may have beside its key, or -1. */
struct more { int priority, ttl; };

static inline uint32_t add(char *props, uint32_t at, int id, int type, const void *value,
			   uint32_t len)
{
	struct broker_prop head = { .id = id, .type = type, .value_len = len };

	memcpy(props + at, &head, sizeof(head));
	memcpy(props + at + sizeof(head), value, len);
	return at + sizeof(head) + len;
}

/* A message whose first letter is its key. */
static inline int put_with(int fd, const char *queue, const char *body, struct more more)
{
	int64_t priority = more.priority, ttl = more.ttl;
	uint32_t len;
	char props[96];

	len = add(props, 0, BROKER_PROP_GROUP_KEY, BROKER_TYPE_STRING, body, 1);
	if (priority >= 0)
		len = add(props, len, BROKER_PROP_PRIORITY, BROKER_TYPE_INT64, &priority, 8);
	if (ttl >= 0)
		len = add(props, len, BROKER_PROP_TTL, BROKER_TYPE_INT64, &ttl, 8);
	return publish(fd, .key = queue, .body = body, .props = props, .props_len = len);
}

static inline int put_key(int fd, const char *queue, const char *body)
{
	return put_with(fd, queue, body, (struct more) { -1, -1 });
}

/* "a1 b1 a2" */
static inline int put_keys(int fd, const char *queue, const char *bodies)
{
	char body[8], *end = body;
	int ret = 0;

	for (; !ret; bodies++) {
		if (*bodies != ' ' && *bodies) {
			*end++ = *bodies;
			continue;
		}
		*end = 0;
		end = body;
		ret = put_key(fd, queue, body);
		if (!*bodies)
			break;
	}
	return ret;
}

#endif /* SELFTESTS_ORDERING_H */
