// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Exchanges, queues, bindings, … as administration sees them: attributes by name.
 *
 * The tables say of each type of object what uapi/broker.yaml says; a test
 * compares the two.
 */
#include <errno.h>
#include <inttypes.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Longest value that an attribute can carry, its length being 16 bits. */
#define MAX_VALUE	(UINT16_MAX - NLA_HDRLEN)

static const char *const exchange_types[] = {
	"direct", "fanout", "topic", "headers", "hash", "split"
};
static const char *const overflows[] = { "reject", "block", "drop-head" };
static const char *const switches[] = { "off", "on" };
static const char *const matches[] = { "all", "any" };
static const char *const exchange_flags[] = { "auto-delete", "retain" };
static const char *const binding_flags[] = { "divert", "tap" };
static const char *const queue_flags[] = { "exclusive", "auto-delete" };
static const char *const advisory_kinds[] = {
	"queue-overflow", "queue-blocked", "consumer-slow", "consumer-crashed",
	"consumer-promoted", "lease-expired", "message-expired", "message-dead-lettered",
	"message-quarantined"
};
static const char *const consumer_flags[] = { "auto-accept", "exclusive", "headers-only" };
static const char *const acl_actions[] = { "allow", "deny" };
static const char *const acl_operations[] = { "publish", "bind" };
static const char *const step_kinds[] = {
	"published", "at-exchange", "matched", "routed", "enqueued", "assigned", "woken",
	"delivered", "settled", "returned", "dropped", "expired", "dead-lettered"
};
static const char *const limit_kinds[] = { "default-user", "user", "cgroup" };
static const char *const limit_settings[] = {
	"max-sessions", "max-queues", "max-bindings", "max-consumers", "max-bytes",
	"messages-per-second", "messages-burst", "bytes-per-second", "bytes-burst"
};

#define PLAIN(set, attr, text, how)	\
	{ .name = text, .id = BROKER_A_##set##_##attr, .kind = KIND_##how }
#define WORDY(set, attr, text, how, array)	\
	{ .name = text, .id = BROKER_A_##set##_##attr, .kind = KIND_##how,	\
	  .nr_words = COUNT(array), .words = array }

static const struct broker_attribute status_list[] = {
	PLAIN(STATUS, VERSION, "version", STRING),
	PLAIN(STATUS, EXCHANGES, "exchanges", U32),
	PLAIN(STATUS, QUEUES, "queues", U32),
	PLAIN(STATUS, BINDINGS, "bindings", U32),
	PLAIN(STATUS, CONSUMERS, "consumers", U32),
	PLAIN(STATUS, SESSIONS, "sessions", U32),
	PLAIN(STATUS, DEFAULT_MAX_MESSAGES, "default-max-messages", U32),
	PLAIN(STATUS, DEFAULT_MAX_BYTES, "default-max-bytes", U64),
	WORDY(STATUS, DEFAULT_OVERFLOW, "default-overflow", WORD, overflows),
	PLAIN(STATUS, READY, "ready", U64),
	PLAIN(STATUS, UNACKED, "unacked", U64),
	PLAIN(STATUS, BYTES, "bytes", U64),
	PLAIN(STATUS, PUBLISHED, "published", U64),
	PLAIN(STATUS, UNROUTABLE, "unroutable", U64),
	PLAIN(STATUS, REFUSED, "refused", U64),
	WORDY(STATUS, DRAINING, "draining", WORD, switches),
};

static const struct broker_attribute exchange_list[] = {
	PLAIN(EXCHANGE, ID, "id", U32),
	PLAIN(EXCHANGE, NAME, "name", STRING),
	WORDY(EXCHANGE, TYPE, "type", WORD, exchange_types),
	WORDY(EXCHANGE, FLAGS, "flags", WORDS, exchange_flags),
	PLAIN(EXCHANGE, ALTERNATE, "alternate", STRING),
	PLAIN(EXCHANGE, UID, "uid", U32),
	PLAIN(EXCHANGE, GID, "gid", U32),
	PLAIN(EXCHANGE, MODE, "mode", U32),
	PLAIN(EXCHANGE, BINDINGS, "bindings", U32),
	PLAIN(EXCHANGE, PUBLISHED, "published", U64),
	PLAIN(EXCHANGE, UNROUTABLE, "unroutable", U64),
	PLAIN(EXCHANGE, REFUSED, "refused", U64),
	PLAIN(EXCHANGE, IF_UNUSED, "if-unused", FLAG),
	PLAIN(EXCHANGE, HASH_HEADER, "hash-header", STRING),
	WORDY(EXCHANGE, PROTECTED, "protected", WORD, switches),
	PLAIN(EXCHANGE, REWRITE_FROM, "rewrite-from", STRING),
	PLAIN(EXCHANGE, REWRITE_TO, "rewrite-to", STRING),
	PLAIN(EXCHANGE, RETAIN_MAX, "retain-max", U32),
	PLAIN(EXCHANGE, RETAIN_MAX_BYTES, "retain-max-bytes", U64),
	PLAIN(EXCHANGE, RETAINED, "retained", U32),
	PLAIN(EXCHANGE, RETAINED_BYTES, "retained-bytes", U64),
};

static const struct broker_attribute queue_list[] = {
	PLAIN(QUEUE, ID, "id", U32),
	PLAIN(QUEUE, NAME, "name", STRING),
	WORDY(QUEUE, FLAGS, "flags", WORDS, queue_flags),
	PLAIN(QUEUE, SESSION, "session", U64),
	PLAIN(QUEUE, MAX_MESSAGES, "max-messages", U32),
	PLAIN(QUEUE, MAX_BYTES, "max-bytes", U64),
	WORDY(QUEUE, OVERFLOW, "overflow", WORD, overflows),
	PLAIN(QUEUE, UID, "uid", U32),
	PLAIN(QUEUE, GID, "gid", U32),
	PLAIN(QUEUE, MODE, "mode", U32),
	PLAIN(QUEUE, CONSUMERS, "consumers", U32),
	PLAIN(QUEUE, BINDINGS, "bindings", U32),
	PLAIN(QUEUE, READY, "ready", U32),
	PLAIN(QUEUE, UNACKED, "unacked", U32),
	PLAIN(QUEUE, BYTES, "bytes", U64),
	PLAIN(QUEUE, ENQUEUED, "enqueued", U64),
	PLAIN(QUEUE, DELIVERED, "delivered", U64),
	PLAIN(QUEUE, REDELIVERED, "redelivered", U64),
	PLAIN(QUEUE, ACCEPTED, "accepted", U64),
	PLAIN(QUEUE, RELEASED, "released", U64),
	PLAIN(QUEUE, FAILED, "failed", U64),
	PLAIN(QUEUE, REJECTED, "rejected", U64),
	PLAIN(QUEUE, DROPPED, "dropped", U64),
	PLAIN(QUEUE, REFUSED, "refused", U64),
	PLAIN(QUEUE, PURGED, "purged", U64),
	PLAIN(QUEUE, IF_UNUSED, "if-unused", FLAG),
	PLAIN(QUEUE, IF_EMPTY, "if-empty", FLAG),
	WORDY(QUEUE, PROTECTED, "protected", WORD, switches),
	WORDY(QUEUE, SEALED, "sealed", WORD, switches),
	PLAIN(QUEUE, MOVED, "moved", U64),
	PLAIN(QUEUE, TO_QUEUE, "to-queue", STRING),
	PLAIN(QUEUE, LIMIT, "limit", U32),
	PLAIN(QUEUE, COPY, "copy", FLAG),
	PLAIN(QUEUE, ERROR, "error", U32),
	PLAIN(QUEUE, PRIORITIES, "priorities", U32),
	PLAIN(QUEUE, TTL, "ttl", U32),
	PLAIN(QUEUE, LEASE, "lease", U32),
	PLAIN(QUEUE, MAX_DELIVERY, "max-delivery", U32),
	PLAIN(QUEUE, RETRY_MIN, "retry-min", U32),
	PLAIN(QUEUE, RETRY_MAX, "retry-max", U32),
	PLAIN(QUEUE, RETRY_JITTER, "retry-jitter", U32),
	PLAIN(QUEUE, DEAD_LETTER_EXCHANGE, "dead-letter-exchange", STRING),
	PLAIN(QUEUE, DEAD_LETTER_KEY, "dead-letter-key", STRING),
	PLAIN(QUEUE, WAITING, "waiting", U32),
	PLAIN(QUEUE, QUARANTINED, "quarantined", U32),
	PLAIN(QUEUE, DYING, "dying", U32),
	PLAIN(QUEUE, EXPIRED, "expired", U64),
	PLAIN(QUEUE, DEAD_LETTERED, "dead-lettered", U64),
};

static const struct broker_attribute binding_list[] = {
	PLAIN(BINDING, ID, "id", U32),
	PLAIN(BINDING, EXCHANGE, "exchange", STRING),
	PLAIN(BINDING, QUEUE, "queue", STRING),
	PLAIN(BINDING, TO_EXCHANGE, "to-exchange", STRING),
	PLAIN(BINDING, KEY, "key", STRING),
	WORDY(BINDING, MATCH, "match", WORD, matches),
	PLAIN(BINDING, HEADER, "header", HEADERS),
	WORDY(BINDING, FLAGS, "flags", WORDS, binding_flags),
	PLAIN(BINDING, WEIGHT, "weight", U32),
	PLAIN(BINDING, FILTER, "filter", BYTES),
	PLAIN(BINDING, FILTER_TEXT, "filter-text", FILTER),
};

static const struct broker_attribute consumer_list[] = {
	PLAIN(CONSUMER, ID, "id", U32),
	PLAIN(CONSUMER, SESSION, "session", U64),
	PLAIN(CONSUMER, QUEUE, "queue", STRING),
	WORDY(CONSUMER, FLAGS, "flags", WORDS, consumer_flags),
	PLAIN(CONSUMER, PID, "pid", U32),
	PLAIN(CONSUMER, UID, "uid", U32),
	PLAIN(CONSUMER, CREDIT_MESSAGES, "credit-messages", U32),
	PLAIN(CONSUMER, CREDIT_BYTES, "credit-bytes", U64),
	PLAIN(CONSUMER, PENDING, "pending", U32),
	PLAIN(CONSUMER, UNACKED, "unacked", U32),
	PLAIN(CONSUMER, DELIVERED, "delivered", U64),
	PLAIN(CONSUMER, SETTLED, "settled", U64),
	{ .name = "cause", .id = BROKER_A_CONSUMER_CAUSE, .kind = KIND_WORD,
	  .nr_words = NR_CAUSES, .words = broker_causes },
	PLAIN(CONSUMER, CODE, "code", U32),
	PLAIN(CONSUMER, RETURNED, "returned", U32),
	PLAIN(CONSUMER, FILTER_TEXT, "filter-text", STRING),
};

static const struct broker_attribute session_list[] = {
	PLAIN(SESSION, ID, "id", U64),
	PLAIN(SESSION, PID, "pid", U32),
	PLAIN(SESSION, UID, "uid", U32),
	PLAIN(SESSION, COMM, "comm", STRING),
	PLAIN(SESSION, CONSUMERS, "consumers", U32),
	PLAIN(SESSION, PUBLISHED, "published", U64),
	PLAIN(SESSION, REFUSED, "refused", U64),
	PLAIN(SESSION, RECEIVED, "received", U64),
	PLAIN(SESSION, SETTLED, "settled", U64),
	PLAIN(SESSION, WILLS, "wills", U32),
};

static const struct broker_attribute route_list[] = {
	PLAIN(ROUTE, EXCHANGE, "exchange", STRING),
	PLAIN(ROUTE, KEY, "key", STRING),
	PLAIN(ROUTE, PROPERTIES, "properties", BYTES),
	PLAIN(ROUTE, QUEUE, "queue", STRING),
	PLAIN(ROUTE, QUEUE_ID, "queue-id", U32),
	PLAIN(ROUTE, VIA, "via", STRING),
	PLAIN(ROUTE, PATTERN, "pattern", STRING),
	PLAIN(ROUTE, QUEUES, "queues", U32),
	WORDY(ROUTE, FLAGS, "flags", WORDS, binding_flags),
	PLAIN(ROUTE, TAPS, "taps", U32),
};

static const struct broker_attribute audit_list[] = {
	PLAIN(AUDIT, OPERATION, "operation", U32),
	PLAIN(AUDIT, NAME, "name", STRING),
	PLAIN(AUDIT, TO, "to", STRING),
	PLAIN(AUDIT, KEY, "key", STRING),
	PLAIN(AUDIT, UID, "uid", U32),
	PLAIN(AUDIT, PID, "pid", U32),
	PLAIN(AUDIT, COMM, "comm", STRING),
	PLAIN(AUDIT, ERROR, "error", U32),
	PLAIN(AUDIT, REASON, "reason", STRING),
};

static const struct broker_attribute advisory_list[] = {
	WORDY(ADVISORY, KIND, "kind", WORD, advisory_kinds),
	PLAIN(ADVISORY, TIME, "time", U64),
	PLAIN(ADVISORY, QUEUE, "queue", STRING),
	PLAIN(ADVISORY, QUEUE_ID, "queue-id", U32),
	PLAIN(ADVISORY, COUNT, "count", U32),
	PLAIN(ADVISORY, SESSION, "session", U64),
	PLAIN(ADVISORY, CONSUMER, "consumer", U32),
	PLAIN(ADVISORY, PID, "pid", U32),
	PLAIN(ADVISORY, UID, "uid", U32),
	PLAIN(ADVISORY, SEQUENCE, "sequence", U64),
	{ .name = "cause", .id = BROKER_A_ADVISORY_CAUSE, .kind = KIND_WORD,
	  .nr_words = NR_CAUSES, .words = broker_causes },
	PLAIN(ADVISORY, CODE, "code", U32),
	PLAIN(ADVISORY, LOST, "lost", U32),
};

static const struct broker_attribute limit_list[] = {
	WORDY(LIMIT, KIND, "kind", WORD, limit_kinds),
	PLAIN(LIMIT, UID, "uid", U32),
	PLAIN(LIMIT, CGROUP, "cgroup", U64),
	WORDY(LIMIT, OWN, "own", WORDS, limit_settings),
	PLAIN(LIMIT, MAX_SESSIONS, "max-sessions", U64),
	PLAIN(LIMIT, MAX_QUEUES, "max-queues", U64),
	PLAIN(LIMIT, MAX_BINDINGS, "max-bindings", U64),
	PLAIN(LIMIT, MAX_CONSUMERS, "max-consumers", U64),
	PLAIN(LIMIT, MAX_BYTES, "max-bytes", U64),
	PLAIN(LIMIT, MESSAGES_PER_SECOND, "messages-per-second", U64),
	PLAIN(LIMIT, MESSAGES_BURST, "messages-burst", U64),
	PLAIN(LIMIT, BYTES_PER_SECOND, "bytes-per-second", U64),
	PLAIN(LIMIT, BYTES_BURST, "bytes-burst", U64),
	PLAIN(LIMIT, SESSIONS, "sessions", U64),
	PLAIN(LIMIT, QUEUES, "queues", U64),
	PLAIN(LIMIT, BINDINGS, "bindings", U64),
	PLAIN(LIMIT, CONSUMERS, "consumers", U64),
	PLAIN(LIMIT, BYTES, "bytes", U64),
	PLAIN(LIMIT, REFUSED, "refused", U64),
};

static const struct broker_attribute acl_list[] = {
	PLAIN(ACL, EXCHANGE, "exchange", STRING),
	PLAIN(ACL, NUMBER, "number", U32),
	WORDY(ACL, ACTION, "action", WORD, acl_actions),
	WORDY(ACL, OPERATIONS, "operations", WORDS, acl_operations),
	PLAIN(ACL, PATTERN, "pattern", STRING),
	PLAIN(ACL, UID, "uid", U32),
	PLAIN(ACL, GID, "gid", U32),
};

static const struct broker_attribute step_list[] = {
	WORDY(STEP, KIND, "kind", WORD, step_kinds),
	PLAIN(STEP, TIME, "time", U64),
	PLAIN(STEP, MESSAGE, "message", U64),
	PLAIN(STEP, EXCHANGE, "exchange", STRING),
	PLAIN(STEP, KEY, "key", STRING),
	PLAIN(STEP, QUEUE, "queue", STRING),
	PLAIN(STEP, QUEUE_ID, "queue-id", U32),
	PLAIN(STEP, QUEUES, "queues", U32),
	PLAIN(STEP, SEQUENCE, "sequence", U64),
	PLAIN(STEP, SESSION, "session", U64),
	PLAIN(STEP, CONSUMER, "consumer", U32),
	PLAIN(STEP, PID, "pid", U32),
	PLAIN(STEP, UID, "uid", U32),
	PLAIN(STEP, TAG, "tag", U64),
	PLAIN(STEP, ACQUIRED, "acquired", U32),
	PLAIN(STEP, REASON, "reason", STRING),
	{ .name = "cause", .id = BROKER_A_STEP_CAUSE, .kind = KIND_WORD,
	  .nr_words = NR_CAUSES, .words = broker_causes },
	PLAIN(STEP, CODE, "code", U32),
	PLAIN(STEP, LOST, "lost", U32),
};

static const struct broker_attribute retained_list[] = {
	PLAIN(RETAINED, EXCHANGE, "exchange", STRING),
	PLAIN(RETAINED, KEY, "key", STRING),
	PLAIN(RETAINED, BYTES, "bytes", U32),
	PLAIN(RETAINED, TIME, "time", U64),
	PLAIN(RETAINED, DELETED, "deleted", U32),
};

#define SET(text, array, last)	{ text, array, COUNT(array), last }

const struct broker_attributes broker_attributes[] = {
	[BROKER_OBJECT_BROKER]	 = SET("status", status_list, BROKER_A_STATUS_MAX),
	[BROKER_OBJECT_EXCHANGE] = SET("exchange", exchange_list, BROKER_A_EXCHANGE_MAX),
	[BROKER_OBJECT_QUEUE]	 = SET("queue", queue_list, BROKER_A_QUEUE_MAX),
	[BROKER_OBJECT_BINDING]	 = SET("binding", binding_list, BROKER_A_BINDING_MAX),
	[BROKER_OBJECT_CONSUMER] = SET("consumer", consumer_list, BROKER_A_CONSUMER_MAX),
	[BROKER_OBJECT_SESSION]	 = SET("session", session_list, BROKER_A_SESSION_MAX),
	[BROKER_OBJECT_ROUTE]	 = SET("route", route_list, BROKER_A_ROUTE_MAX),
	[BROKER_OBJECT_AUDIT]	 = SET("audit", audit_list, BROKER_A_AUDIT_MAX),
	[BROKER_OBJECT_ADVISORY] = SET("advisory", advisory_list, BROKER_A_ADVISORY_MAX),
	[BROKER_OBJECT_LIMIT]	 = SET("limit", limit_list, BROKER_A_LIMIT_MAX),
	[BROKER_OBJECT_ACL]	 = SET("acl", acl_list, BROKER_A_ACL_MAX),
	[BROKER_OBJECT_STEP]	 = SET("step", step_list, BROKER_A_STEP_MAX),
	[BROKER_OBJECT_RETAINED] = SET("retained", retained_list, BROKER_A_RETAINED_MAX),
};

/* One attribute's value; which members count is the attribute's kind. */
struct value {
	bool set;
	uint64_t number;
	char *text;			/* of a number: made when it is asked for */
	size_t length;			/* of @text as bytes */
};

struct header {
	char *name;
	unsigned int type;		/* enum broker_prop_type, or 0: presence */
	char *value;			/* with a NUL behind it */
	size_t length;
};

struct broker_object {
	enum broker_object_type type;
	const struct broker_attributes *attributes;
	struct header *headers;
	unsigned int nr_headers;
	struct value values[];		/* one for each of @attributes */
};

int broker_object_new(struct broker_object **object, enum broker_object_type type)
{
	const struct broker_attributes *attributes;
	struct broker_object *o;

	if (type >= COUNT(broker_attributes))
		return -EINVAL;
	attributes = &broker_attributes[type];
	o = calloc(1, sizeof(*o) + attributes->count * sizeof(o->values[0]));
	if (!o)
		return -ENOMEM;
	o->type = type;
	o->attributes = attributes;
	*object = o;
	return 0;
}

struct broker_object *broker_object_free(struct broker_object *object)
{
	if (object) {
		for (unsigned int i = 0; i < object->attributes->count; i++)
			free(object->values[i].text);
		for (unsigned int i = 0; i < object->nr_headers; i++) {
			free(object->headers[i].name);
			free(object->headers[i].value);
		}
		free(object->headers);
		free(object);
	}
	return NULL;
}

enum broker_object_type broker_object_type(const struct broker_object *object)
{
	return object->type;
}

/* The attribute's index, or -ENOENT. */
static int find_name(const struct broker_object *object, const char *name)
{
	for (unsigned int i = 0; i < object->attributes->count; i++) {
		if (!strcmp(object->attributes->list[i].name, name))
			return i;
	}
	return -ENOENT;
}

static int find_id(const struct broker_attributes *attributes, unsigned int id)
{
	for (unsigned int i = 0; i < attributes->count; i++) {
		if (attributes->list[i].id == id)
			return i;
	}
	return -ENOENT;
}

const char *broker_attribute_name(enum broker_object_type type, unsigned int id)
{
	int i = find_id(&broker_attributes[type], id);

	return i < 0 ? "" : broker_attributes[type].list[i].name;
}

static void put_number(struct value *value, uint64_t number)
{
	free(value->text);
	*value = (struct value) { .set = true, .number = number };
}

static int put_text(struct value *value, const void *bytes, size_t length)
{
	char *text;

	if (length > MAX_VALUE - 1)
		return -ERANGE;
	text = malloc(length + 1);
	if (!text)
		return -ENOMEM;
	if (length)
		memcpy(text, bytes, length);
	text[length] = '\0';
	free(value->text);
	*value = (struct value) { .set = true, .text = text, .length = length };
	return 0;
}

static int set_number(struct broker_object *object, unsigned int index, uint64_t number)
{
	const struct broker_attribute *attribute = &object->attributes->list[index];
	struct value *value = &object->values[index];
	uint64_t max;

	switch (attribute->kind) {
	case KIND_U32:
		max = UINT32_MAX;
		break;
	case KIND_U64:
		max = UINT64_MAX;
		break;
	case KIND_WORD:
		max = attribute->nr_words - 1;
		break;
	case KIND_WORDS:
		max = (1U << attribute->nr_words) - 1;
		break;
	case KIND_FLAG:
		max = 1;
		break;
	default:
		return -EINVAL;
	}
	if (number > max)
		return -ERANGE;
	put_number(value, number);
	if (attribute->kind == KIND_FLAG)
		value->set = number;
	return 0;
}

int broker_object_set_number(struct broker_object *object, const char *name, uint64_t value)
{
	int index = find_name(object, name);

	return index < 0 ? index : set_number(object, index, value);
}

static int parse_number(const char *text, int base, uint64_t *number)
{
	char *end;

	/* strtoull() would take a sign and spaces. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, &end, base);
	if (*end)
		return -EINVAL;
	return errno ? -ERANGE : 0;
}

static int find_word(const struct broker_attribute *attribute, const char *text, size_t length)
{
	for (unsigned int i = 0; i < attribute->nr_words; i++) {
		if (strlen(attribute->words[i]) == length &&
		    !memcmp(attribute->words[i], text, length))
			return i;
	}
	return -EINVAL;
}

static int parse_words(const struct broker_attribute *attribute, const char *text,
		       uint64_t *number)
{
	*number = 0;
	while (*text) {
		size_t length = strcspn(text, ",");
		int word = find_word(attribute, text, length);

		if (word < 0)
			return word;
		*number |= 1ULL << word;
		text += length;
		if (*text && !*++text)
			return -EINVAL;
	}
	return 0;
}

/* Both the text and what the kernel runs; an empty text takes a filter away. */
static int set_filter(struct broker_object *object, unsigned int index, const char *text)
{
	struct value *program = &object->values[find_name(object, "filter")];
	struct broker_filter *filter = NULL;
	const void *code = NULL;
	size_t length = 0;
	int err;

	if (*text) {
		err = broker_filter_new(&filter, text, NULL, NULL);
		if (err)
			return err;
		code = broker_filter_program(filter, &length);
	}
	err = put_text(program, code, length);
	if (!err)
		err = put_text(&object->values[index], text, strlen(text));
	broker_filter_free(filter);
	return err;
}

int broker_object_set_string(struct broker_object *object, const char *name, const char *value)
{
	const struct broker_attribute *attribute;
	uint64_t number;
	int index, err;

	index = find_name(object, name);
	if (index < 0)
		return index;

	attribute = &object->attributes->list[index];
	switch (attribute->kind) {
	case KIND_STRING:
		return put_text(&object->values[index], value, strlen(value));
	case KIND_FILTER:
		return set_filter(object, index, value);
	case KIND_BYTES:
	case KIND_HEADERS:
		return -EINVAL;
	case KIND_WORD:
		err = find_word(attribute, value, strlen(value));
		if (err >= 0) {
			number = err;
			err = 0;
		}
		break;
	case KIND_WORDS:
		err = parse_words(attribute, value, &number);
		break;
	default:
		err = parse_number(value, strcmp(name, "mode") ? 0 : 8, &number);
	}
	return err ? err : set_number(object, index, number);
}

int broker_object_set_bytes(struct broker_object *object, const char *name, const void *value,
			    size_t length)
{
	int index = find_name(object, name);

	if (index < 0)
		return index;
	if (object->attributes->list[index].kind != KIND_BYTES)
		return -EINVAL;
	return put_text(&object->values[index], value, length);
}

static bool fits_type(unsigned int type, const void *value, size_t length)
{
	switch (type) {
	case 0:
		return !length;
	case BROKER_TYPE_STRING:
		return length < MAX_VALUE / 2 && !memchr(value, '\0', length);
	case BROKER_TYPE_INT64:
	case BROKER_TYPE_DOUBLE:
		return length == 8;
	case BROKER_TYPE_BOOL:
		return length == 1 && *(const unsigned char *)value <= 1;
	}
	return false;
}

static int add_header(struct broker_object *object, int index, const char *name, unsigned int type,
		      const void *value, size_t length)
{
	struct header *headers, header = { .type = type, .length = length };

	headers = realloc(object->headers, (object->nr_headers + 1) * sizeof(*headers));
	if (!headers)
		return -ENOMEM;
	object->headers = headers;

	header.name = strdup(name);
	header.value = calloc(1, length + 1);
	if (!header.name || !header.value) {
		free(header.name);
		free(header.value);
		return -ENOMEM;
	}
	if (length)
		memcpy(header.value, value, length);
	headers[object->nr_headers++] = header;
	object->values[index].set = true;
	return 0;
}

int broker_object_add_header(struct broker_object *object, const char *name,
			     unsigned int type, const void *value, size_t length)
{
	int index = find_name(object, "header");

	if (index < 0 || !*name || !fits_type(type, value, length))
		return -EINVAL;
	if (strlen(name) > BROKER_MAX_NAME)
		return -ENAMETOOLONG;
	return add_header(object, index, name, type, value, length);
}

int broker_object_has(const struct broker_object *object, const char *name)
{
	int index = find_name(object, name);

	return index >= 0 && object->values[index].set;
}

uint64_t broker_object_number(const struct broker_object *object, const char *name)
{
	int index = find_name(object, name);

	return index < 0 ? 0 : object->values[index].number;
}

/* A number as text: its words where it has some and all are known. */
static char *number_text(const struct broker_attribute *attribute, uint64_t number)
{
	const char *format;
	char *text = NULL;
	char *p;

	if (attribute->kind == KIND_WORD && number < attribute->nr_words)
		return strdup(attribute->words[number]);

	if (attribute->kind == KIND_WORDS && !(number >> attribute->nr_words)) {
		size_t size = 1;

		for (unsigned int i = 0; i < attribute->nr_words; i++)
			size += strlen(attribute->words[i]) + 1;
		p = text = calloc(1, size);
		for (unsigned int i = 0; text && i < attribute->nr_words; i++) {
			if (number & (1ULL << i))
				p += sprintf(p, "%s%s", p == text ? "" : ",",
					     attribute->words[i]);
		}
		return text;
	}

	format = strcmp(attribute->name, "mode") ? "%" PRIu64 : "%03" PRIo64;
	return asprintf(&text, format, number) < 0 ? NULL : text;
}

const char *broker_object_string(const struct broker_object *object, const char *name)
{
	int index = find_name(object, name);
	const struct broker_attribute *attribute;
	struct value *value;

	if (index < 0)
		return "";
	attribute = &object->attributes->list[index];
	if (attribute->kind == KIND_BYTES || attribute->kind == KIND_HEADERS)
		return "";

	/* Kept for the next time; the object stays what it was. */
	value = (struct value *)&object->values[index];
	if (value->set && !value->text)
		value->text = number_text(attribute, value->number);
	return value->text ? value->text : "";
}

int broker_object_attribute(const struct broker_object *object, unsigned int index,
			    const char **name, enum broker_value_type *type)
{
	static const enum broker_value_type types[] = {
		[KIND_STRING]	= BROKER_VALUE_STRING,
		[KIND_U32]	= BROKER_VALUE_NUMBER,
		[KIND_U64]	= BROKER_VALUE_NUMBER,
		[KIND_WORD]	= BROKER_VALUE_WORD,
		[KIND_WORDS]	= BROKER_VALUE_WORDS,
		[KIND_FLAG]	= BROKER_VALUE_FLAG,
		[KIND_BYTES]	= BROKER_VALUE_BYTES,
		[KIND_HEADERS]	= BROKER_VALUE_HEADERS,
		[KIND_FILTER]	= BROKER_VALUE_STRING,
	};

	for (unsigned int i = 0; i < object->attributes->count; i++) {
		if (!object->values[i].set || index--)
			continue;
		*name = object->attributes->list[i].name;
		*type = types[object->attributes->list[i].kind];
		return 0;
	}
	return -ENOENT;
}

int broker_object_header(const struct broker_object *object, unsigned int index, const char **name,
			 unsigned int *type, const void **value, size_t *length)
{
	const struct header *header;

	if (index >= object->nr_headers)
		return -ENOENT;
	header = &object->headers[index];
	*name = header->name;
	*type = header->type;
	*value = header->value;
	*length = header->length;
	return 0;
}

/* More than enough bytes for broker_object_put(). */
size_t broker_object_size(const struct broker_object *object)
{
	size_t size = 0;

	for (unsigned int i = 0; i < object->attributes->count; i++)
		size += nla_total_size(object->values[i].length + sizeof(uint64_t));
	for (unsigned int i = 0; i < object->nr_headers; i++)
		size += nla_total_size(0) + nla_total_size(strlen(object->headers[i].name) + 1) +
			nla_total_size(object->headers[i].length + sizeof(uint64_t));
	return size;
}

static int put_header(struct nl_msg *msg, int id, const struct header *header)
{
	struct nlattr *nest = nla_nest_start(msg, id);
	int err;

	if (!nest)
		return -NLE_NOMEM;
	err = nla_put_string(msg, BROKER_A_HEADER_NAME, header->name);
	if (err)
		return err;
	switch (header->type) {
	case BROKER_TYPE_STRING:
		err = nla_put_string(msg, BROKER_A_HEADER_STRING, header->value);
		break;
	case BROKER_TYPE_INT64:
		err = nla_put(msg, BROKER_A_HEADER_INT64, header->length, header->value);
		break;
	case BROKER_TYPE_DOUBLE:
		err = nla_put(msg, BROKER_A_HEADER_DOUBLE, header->length, header->value);
		break;
	case BROKER_TYPE_BOOL:
		err = nla_put(msg, BROKER_A_HEADER_BOOL, header->length, header->value);
		break;
	}
	return err ? err : nla_nest_end(msg, nest);
}

static int put_headers(struct nl_msg *msg, int id, const struct broker_object *object)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < object->nr_headers; i++)
		err = put_header(msg, id, &object->headers[i]);
	return err;
}

static int put_value(struct nl_msg *msg, const struct broker_attribute *attribute,
		     const struct value *value, const struct broker_object *object)
{
	switch (attribute->kind) {
	case KIND_STRING:
	case KIND_FILTER:
		return nla_put_string(msg, attribute->id, value->text);
	case KIND_U64:
		return nla_put_u64(msg, attribute->id, value->number);
	case KIND_FLAG:
		return nla_put_flag(msg, attribute->id);
	case KIND_BYTES:
		return nla_put(msg, attribute->id, value->length, value->text);
	case KIND_HEADERS:
		return put_headers(msg, attribute->id, object);
	default:
		return nla_put_u32(msg, attribute->id, value->number);
	}
}

/* Writes the attributes that are set; @msg must have broker_object_size() room. */
int broker_object_put(const struct broker_object *object, struct nl_msg *msg)
{
	for (unsigned int i = 0; i < object->attributes->count; i++) {
		if (object->values[i].set &&
		    put_value(msg, &object->attributes->list[i], &object->values[i], object))
			return -ENOMEM;
	}
	return 0;
}

static int parse_header(struct broker_object *object, int index, struct nlattr *nest)
{
	static const struct {
		int id;
		unsigned int type;
		size_t length;		/* 0: any */
	} values[] = {
		{ BROKER_A_HEADER_STRING, BROKER_TYPE_STRING, 0 },
		{ BROKER_A_HEADER_INT64, BROKER_TYPE_INT64, 8 },
		{ BROKER_A_HEADER_DOUBLE, BROKER_TYPE_DOUBLE, 8 },
		{ BROKER_A_HEADER_BOOL, BROKER_TYPE_BOOL, 1 },
	};
	struct nlattr *tb[BROKER_A_HEADER_MAX + 1];

	if (nla_parse_nested(tb, BROKER_A_HEADER_MAX, nest, NULL) || !tb[BROKER_A_HEADER_NAME])
		return -EPROTO;

	for (unsigned int i = 0; i < COUNT(values); i++) {
		struct nlattr *attr = tb[values[i].id];
		size_t length;

		if (!attr)
			continue;
		length = values[i].length ? values[i].length : strlen(nla_get_string(attr));
		return add_header(object, index, nla_get_string(tb[BROKER_A_HEADER_NAME]),
				  values[i].type, nla_data(attr), length);
	}
	return add_header(object, index, nla_get_string(tb[BROKER_A_HEADER_NAME]), 0, NULL, 0);
}

static int parse_value(struct broker_object *object, int index, struct nlattr *attr)
{
	const struct broker_attribute *attribute = &object->attributes->list[index];
	struct value *value = &object->values[index];

	switch (attribute->kind) {
	case KIND_STRING:
	case KIND_FILTER:
		return put_text(value, nla_data(attr), strnlen(nla_data(attr), nla_len(attr)));
	case KIND_BYTES:
		return 0;	/* written only */
	case KIND_HEADERS:
		return parse_header(object, index, attr);
	case KIND_FLAG:
		put_number(value, 1);
		return 0;
	case KIND_U64:
		if (nla_len(attr) < (int)sizeof(uint64_t))
			return -EPROTO;
		put_number(value, nla_get_u64(attr));
		return 0;
	default:
		if (nla_len(attr) < (int)sizeof(uint32_t))
			return -EPROTO;
		put_number(value, nla_get_u32(attr));
		return 0;
	}
}

/* Makes an object of what the kernel sent; attributes of a newer module are left out. */
int broker_object_parse(struct broker_object **object, enum broker_object_type type,
			struct nlattr *head, int length)
{
	struct broker_object *o;
	struct nlattr *attr;
	int rest, err;

	err = broker_object_new(&o, type);
	if (err)
		return err;
	nla_for_each_attr(attr, head, length, rest) {
		int index = find_id(o->attributes, nla_type(attr));

		err = index < 0 ? 0 : parse_value(o, index, attr);
		if (err) {
			broker_object_free(o);
			return err;
		}
	}
	*object = o;
	return 0;
}
