// SPDX-License-Identifier: GPL-2.0-or-later
/* What the small numbers of operations stand for. */
#include <string.h>

#include "world.h"

const struct user users[USERS] = { { 0, 0 }, { 1000, 1000 }, { 1001, 1000 } };

const struct props props[PROPS] = {
	[1] = { .headers = { { "a", BROKER_TYPE_STRING, "x" } } },
	[2] = { .headers = { { "a", BROKER_TYPE_STRING, "y" },
			     { "b", BROKER_TYPE_INT64, .number = 7 } } },
	[3] = { .headers = { { "b", BROKER_TYPE_INT64, .number = 7 },
			     { "a", BROKER_TYPE_STRING, "x" },
			     { "a", BROKER_TYPE_STRING, "y" } } },
	[4] = { .headers = { { "c", BROKER_TYPE_DOUBLE, .real = -0.0 } } },
	[5] = { .headers = { { "d", BROKER_TYPE_BOOL, .number = 1 },
			     { "b", BROKER_TYPE_INT64, .number = 8 } } },
	[6] = { .headers = { { "a", BROKER_TYPE_INT64, .number = 7 } } },
	[7] = { BROKER_PROP_CONTENT_TYPE, BROKER_TYPE_STRING, "text/plain",
		.headers = { { "b", BROKER_TYPE_INT64, .number = 7 } } },
	[8] = { BROKER_PROP_MESSAGE_ID, BROKER_TYPE_INT64, .number = 1234 },
	[9] = { BROKER_PROP_TYPE, BROKER_TYPE_STRING, "" },
	[10] = { BROKER_PROP_TIMESTAMP, BROKER_TYPE_INT64, .number = -1 },
	[11] = { BROKER_PROP_USER_ID, BROKER_TYPE_STRING, "nobody" },
};

const struct match matches[MATCHES] = {
	{ 0, {} },
	{ 1, {} },
	{ 0, { { "a", BROKER_TYPE_STRING, "x" } } },
	{ 0, { { "a", 0 }, { "b", BROKER_TYPE_INT64, .number = 7 } } },
	{ 1, { { "a", BROKER_TYPE_STRING, "y" }, { "b", BROKER_TYPE_INT64, .number = 8 } } },
	{ 1, { { "c", BROKER_TYPE_DOUBLE, .real = 0.0 }, { "d", BROKER_TYPE_BOOL, .number = 0 } } },
	{ 0, { { "d", BROKER_TYPE_BOOL, .number = 1 } } },
	{ 1, { { "z", 0 }, { "b", 0 }, { "a", BROKER_TYPE_INT64, .number = 7 } } },
};

/* The queues' names, and then all words of up to three tokens and a few more. */
const char *key_text(int key, char *text)
{
	static const char *const tokens[] = { "a", "*", "#", "b", "", "ab" };
	static const char *const others[] = { "a", "a.b", "#", "*.b", "" };
	int n = 0;

	text[0] = 0;
	if (key < QUEUES)
		return queue_name(key, text);
	key -= QUEUES;
	if (key < 5)
		return strcpy(text, others[key]);
	for (key -= 4; key && n < 4; key /= 6, n++) {
		if (n)
			strcat(text, ".");
		strcat(text, tokens[key % 6]);
	}
	return text;
}

const char *queue_name(int queue, char *text)
{
	text[0] = 'q';
	text[1] = '0' + queue;
	text[2] = 0;
	return text;
}

const char *exchange_name(int exchange)
{
	static const char *const names[EXCHANGES] = {
		"", "broker.direct", "broker.fanout", "broker.topic", "broker.headers",
		"x5", "x6", "x7", "x8", "x9",
	};

	return names[exchange];
}

static uint32_t put(uint8_t *at, uint16_t id, const char *name, uint8_t type, const void *value,
		    uint32_t len)
{
	struct broker_prop p = {
		.id = id, .type = type, .name_len = strlen(name), .value_len = len,
	};

	memcpy(at, &p, sizeof(p));
	memcpy(at + sizeof(p), name, p.name_len);
	memcpy(at + sizeof(p) + p.name_len, value, len);
	return sizeof(p) + p.name_len + len;
}

static uint32_t put_value(uint8_t *at, uint16_t id, const struct header *h)
{
	uint8_t truth = h->number;

	switch (h->type) {
	case BROKER_TYPE_STRING:
		return put(at, id, h->name, h->type, h->text, strlen(h->text));
	case BROKER_TYPE_DOUBLE:
		return put(at, id, h->name, h->type, &h->real, sizeof(h->real));
	case BROKER_TYPE_BOOL:
		return put(at, id, h->name, h->type, &truth, 1);
	default:
		return put(at, id, h->name, h->type, &h->number, sizeof(h->number));
	}
}

/* As linux/broker.h lays them out.  Return: bytes. */
uint32_t props_encode(int nr, uint8_t *area)
{
	const struct props *p = &props[nr];
	uint32_t len = 0;
	int i;

	if (p->id) {
		struct header well_known = { "", p->type, p->text, p->number, 0 };

		len += put_value(area, p->id, &well_known);
	}
	for (i = 0; i < 4 && p->headers[i].name; i++)
		len += put_value(area + len, BROKER_PROP_HEADER, &p->headers[i]);
	return len;
}

/* Different for each message. */
void body_make(uint32_t serial, uint32_t len, uint8_t *body)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		body[i] = (serial + i * 7) ^ (serial >> (i % 4 * 8));
}
