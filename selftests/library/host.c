// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages and objects, which need no kernel: built from the library's sources
 * under sanitizers.
 */
#include <errno.h>
#include <math.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/tap.h"
#include "internal.h"

static struct broker_message *new_message(void)
{
	struct broker_message *message;

	if (broker_message_new(&message))
		abort();
	return message;
}

static struct broker_object *new_object(enum broker_object_type type)
{
	struct broker_object *object;

	if (broker_object_new(&object, type))
		abort();
	return object;
}

static bool has_property(const struct broker_message *message, enum broker_prop_id id,
			 enum broker_prop_type type, const void *value, size_t length)
{
	enum broker_prop_type is_type;
	const void *is_value;
	size_t is_length;

	return !broker_message_property(message, id, &is_type, &is_value, &is_length) &&
	       is_type == type && is_length == length && !memcmp(is_value, value, length);
}

static bool has_header(const struct broker_message *message, unsigned int index, const char *name,
		       enum broker_prop_type type, const void *value, size_t length)
{
	enum broker_prop_type is_type;
	const char *is_name;
	const void *is_value;
	size_t name_length, is_length;

	return !broker_message_header(message, index, &is_name, &name_length, &is_type, &is_value,
				      &is_length) &&
	       name_length == strlen(name) && !memcmp(is_name, name, name_length) &&
	       is_type == type && is_length == length && !memcmp(is_value, value, length);
}

static void test_empty_message(void)
{
	struct broker_message *message = new_message();
	size_t length = 1;

	EXPECT(broker_message_body(message, &length) != NULL);
	EXPECT_EQ(length, 0);
	EXPECT(broker_message_props(message, &length) != NULL);
	EXPECT_EQ(length, 0);
	EXPECT(!broker_message_delivery(message));
	EXPECT(!strcmp(broker_message_exchange(message), ""));
	EXPECT(!strcmp(broker_message_key(message), ""));
	EXPECT_EQ(broker_message_user_data(message), 0);
	EXPECT_EQ(broker_message_property(message, BROKER_PROP_TTL, NULL, NULL, NULL), -ENOENT);
	EXPECT_EQ(broker_message_property(message, BROKER_PROP_HEADER, NULL, NULL, NULL), -ENOENT);
	EXPECT_EQ(broker_message_header(message, 0, NULL, NULL, NULL, NULL, NULL), -ENOENT);
	EXPECT(!broker_message_free(message));
	EXPECT(!broker_message_free(NULL));
}

/* The table of linux/broker.h, once more. */
static void test_property_types(void)
{
	static const char *const types[] = {
		[BROKER_PROP_HEADER] = "", [BROKER_PROP_CONTENT_TYPE] = "s",
		[BROKER_PROP_CONTENT_ENCODING] = "s", [BROKER_PROP_MESSAGE_ID] = "sbi",
		[BROKER_PROP_CORRELATION_ID] = "sbi", [BROKER_PROP_REPLY_TO] = "s",
		[BROKER_PROP_TYPE] = "s", [BROKER_PROP_APP_ID] = "s", [BROKER_PROP_SUBJECT] = "s",
		[BROKER_PROP_GROUP_KEY] = "sb", [BROKER_PROP_DEDUPE_ID] = "sb",
		[BROKER_PROP_TRACEPARENT] = "s", [BROKER_PROP_TIMESTAMP] = "i",
		[BROKER_PROP_TTL] = "i", [BROKER_PROP_DELIVER_AT] = "i",
		[BROKER_PROP_PRIORITY] = "i", [BROKER_PROP_DELIVERY_MODE] = "i",
		[BROKER_PROP_USER_ID] = "s", [BROKER_PROP_PRODUCER] = "s",
		[BROKER_PROP_PRODUCER_SEQUENCE] = "i", "", "",
	};
	struct broker_message *message = new_message();

	for (unsigned int id = 0; id < sizeof(types) / sizeof(types[0]); id++) {
		EXPECT_EQ(broker_message_set_string(message, id, "x"),
			  strchr(types[id], 's') ? 0 : -EINVAL);
		EXPECT_EQ(broker_message_set_bytes(message, id, "x", 1),
			  strchr(types[id], 'b') ? 0 : -EINVAL);
		EXPECT_EQ(broker_message_set_int(message, id, 1),
			  strchr(types[id], 'i') ? 0 : -EINVAL);
	}
	broker_message_free(message);
}

static void test_set_replaces(void)
{
	struct broker_message *message = new_message();
	int64_t number = INT64_MIN;
	size_t once, length;

	EXPECT_EQ(broker_message_set_string(message, BROKER_PROP_SUBJECT, "first"), 0);
	EXPECT_EQ(broker_message_set_int(message, BROKER_PROP_MESSAGE_ID, 7), 0);
	EXPECT_EQ(broker_message_add_header_string(message, "h", "v"), 0);
	EXPECT_EQ(broker_message_set_string(message, BROKER_PROP_SUBJECT, "2nd, longer"), 0);
	broker_message_props(message, &once);
	EXPECT_EQ(broker_message_set_string(message, BROKER_PROP_SUBJECT, "2nd, longer"), 0);
	EXPECT_EQ(broker_message_set_bytes(message, BROKER_PROP_MESSAGE_ID, "\0\1", 2), 0);
	EXPECT_EQ(broker_message_set_int(message, BROKER_PROP_MESSAGE_ID, number), 0);
	broker_message_props(message, &length);
	EXPECT_EQ(length, once);

	EXPECT(has_property(message, BROKER_PROP_SUBJECT, BROKER_TYPE_STRING, "2nd, longer", 11));
	EXPECT(has_property(message, BROKER_PROP_MESSAGE_ID, BROKER_TYPE_INT64, &number, 8));
	EXPECT(has_header(message, 0, "h", BROKER_TYPE_STRING, "v", 1));

	broker_message_clear(message);
	broker_message_props(message, &length);
	EXPECT_EQ(length, 0);
	broker_message_free(message);
}

static void test_headers(void)
{
	struct broker_message *message = new_message();
	double pi = M_PI;
	int64_t number = -1;
	char name[257];

	EXPECT_EQ(broker_message_add_header(message, "n", BROKER_TYPE_INT64, &number, 8), 0);
	EXPECT_EQ(broker_message_add_header(message, "d", BROKER_TYPE_DOUBLE, &pi, 8), 0);
	EXPECT_EQ(broker_message_add_header(message, "n", BROKER_TYPE_BOOL, "\1", 1), 0);
	EXPECT_EQ(broker_message_add_header(message, "b", BROKER_TYPE_BYTES, "\0", 1), 0);
	EXPECT_EQ(broker_message_add_header(message, "e", BROKER_TYPE_STRING, NULL, 0), 0);

	EXPECT(has_header(message, 0, "n", BROKER_TYPE_INT64, &number, 8));
	EXPECT(has_header(message, 1, "d", BROKER_TYPE_DOUBLE, &pi, 8));
	EXPECT(has_header(message, 2, "n", BROKER_TYPE_BOOL, "\1", 1));
	EXPECT(has_header(message, 3, "b", BROKER_TYPE_BYTES, "\0", 1));
	EXPECT(has_header(message, 4, "e", BROKER_TYPE_STRING, "", 0));
	EXPECT_EQ(broker_message_header(message, 5, NULL, NULL, NULL, NULL, NULL), -ENOENT);

	EXPECT_EQ(broker_message_add_header(message, "", BROKER_TYPE_STRING, "", 0), -EINVAL);
	EXPECT_EQ(broker_message_add_header(message, "x", BROKER_TYPE_INT64, &number, 4), -EINVAL);
	EXPECT_EQ(broker_message_add_header(message, "x", BROKER_TYPE_DOUBLE, &pi, 9), -EINVAL);
	EXPECT_EQ(broker_message_add_header(message, "x", BROKER_TYPE_BOOL, "\2", 1), -EINVAL);
	EXPECT_EQ(broker_message_add_header(message, "x", 0, "", 0), -EINVAL);
	EXPECT_EQ(broker_message_add_header(message, "x", 6, "", 0), -EINVAL);

	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	EXPECT_EQ(broker_message_add_header_string(message, name, ""), -ENAMETOOLONG);
	name[255] = '\0';
	EXPECT_EQ(broker_message_add_header_string(message, name, "v"), 0);
	EXPECT(has_header(message, 5, name, BROKER_TYPE_STRING, "v", 1));
	broker_message_free(message);
}

static void test_header_limit(void)
{
	struct broker_message *message = new_message();
	struct broker_message *copy;

	for (int i = 0; i < BROKER_MAX_HEADERS; i++)
		EXPECT_EQ(broker_message_add_header_string(message, "h", ""), 0);
	EXPECT_EQ(broker_message_add_header_string(message, "h", ""), -E2BIG);
	EXPECT_EQ(broker_message_copy(&copy, message), 0);
	EXPECT_EQ(broker_message_add_header_string(copy, "h", ""), -E2BIG);
	broker_message_clear(message);
	EXPECT_EQ(broker_message_add_header_string(message, "h", ""), 0);
	broker_message_free(copy);
	broker_message_free(message);
}

/* The last byte fits, the next does not, and what failed changed nothing. */
static void test_props_limit(void)
{
	static char value[BROKER_MAX_PROPS + 1];
	struct broker_message *message = new_message();
	size_t most = BROKER_MAX_PROPS - sizeof(struct broker_prop);
	size_t length;

	EXPECT_EQ(broker_message_set_bytes(message, BROKER_PROP_GROUP_KEY, value, most + 1),
		  -EMSGSIZE);
	EXPECT_EQ(broker_message_set_bytes(message, BROKER_PROP_GROUP_KEY, value, SIZE_MAX),
		  -EMSGSIZE);
	EXPECT_EQ(broker_message_set_bytes(message, BROKER_PROP_GROUP_KEY, value, most), 0);
	EXPECT_EQ(broker_message_set_bytes(message, BROKER_PROP_GROUP_KEY, value, most), 0);
	EXPECT_EQ(broker_message_set_string(message, BROKER_PROP_TYPE, ""), -EMSGSIZE);
	EXPECT_EQ(broker_message_add_header_string(message, "h", ""), -EMSGSIZE);
	EXPECT_EQ(broker_message_set_bytes(message, BROKER_PROP_GROUP_KEY, value, most + 1),
		  -EMSGSIZE);
	broker_message_props(message, &length);
	EXPECT_EQ(length, BROKER_MAX_PROPS);
	EXPECT(has_property(message, BROKER_PROP_GROUP_KEY, BROKER_TYPE_BYTES, value, most));
	EXPECT_EQ(broker_message_set_string(message, BROKER_PROP_GROUP_KEY, "k"), 0);
	EXPECT_EQ(broker_message_set_string(message, BROKER_PROP_TYPE, ""), 0);
	broker_message_free(message);
}

static void test_copy(void)
{
	struct broker_message *message = new_message();
	struct broker_message *copy;
	char body[] = "body";
	size_t length;

	EXPECT_EQ(broker_message_set_string(message, BROKER_PROP_SUBJECT, "subject"), 0);
	EXPECT_EQ(broker_message_set_body(message, body, 4), 0);
	EXPECT_EQ(broker_message_copy(&copy, message), 0);
	body[0] = 'x';
	broker_message_free(message);

	EXPECT(!memcmp(broker_message_body(copy, &length), "body", 4));
	EXPECT_EQ(length, 4);
	EXPECT(has_property(copy, BROKER_PROP_SUBJECT, BROKER_TYPE_STRING, "subject", 7));
	EXPECT_EQ(broker_message_set_body(copy, body, 2), 0);
	EXPECT(!memcmp(broker_message_body(copy, &length), "xo", 2));
	EXPECT_EQ(length, 2);
	broker_message_free(copy);
}

/* Random changes, against arrays that remember them. */
static void test_random_properties(void)
{
	static const enum broker_prop_id ids[] = {
		BROKER_PROP_MESSAGE_ID, BROKER_PROP_CORRELATION_ID, BROKER_PROP_GROUP_KEY,
		BROKER_PROP_DEDUPE_ID,
	};
	struct rng rng = { tap_seed() };
	struct broker_message *message = new_message();
	char values[4][64], headers[BROKER_MAX_HEADERS];
	int lengths[4] = { -1, -1, -1, -1 };
	unsigned int nr_headers = 0;

	for (unsigned long n = tap_cases(20000); n && !tap_failed(); n--) {
		unsigned int which = rng_below(&rng, 4);

		if (rng_percent(&rng, 1)) {
			broker_message_clear(message);
			memset(lengths, 0xff, sizeof(lengths));
			nr_headers = 0;
		} else if (rng_percent(&rng, 20) && nr_headers < BROKER_MAX_HEADERS) {
			headers[nr_headers] = rng_below(&rng, 2);
			EXPECT_EQ(broker_message_add_header(message, "h", BROKER_TYPE_BOOL,
							    &headers[nr_headers], 1), 0);
			nr_headers++;
		} else {
			lengths[which] = rng_below(&rng, 64);
			memset(values[which], rng_below(&rng, 256), lengths[which]);
			EXPECT_EQ(broker_message_set_bytes(message, ids[which], values[which],
							   lengths[which]), 0);
		}

		for (int i = 0; i < 4; i++) {
			int err = broker_message_property(message, ids[i], NULL, NULL, NULL);

			EXPECT_EQ(err, lengths[i] < 0 ? -ENOENT : 0);
			if (!err)
				EXPECT(has_property(message, ids[i], BROKER_TYPE_BYTES, values[i],
						    lengths[i]));
		}
		if (nr_headers) {
			which = rng_below(&rng, nr_headers);
			EXPECT(has_header(message, which, "h", BROKER_TYPE_BOOL, &headers[which],
					  1));
		}
		EXPECT_EQ(broker_message_header(message, nr_headers, NULL, NULL, NULL, NULL, NULL),
			  -ENOENT);
	}
	broker_message_free(message);
}

static void test_cause_names(void)
{
	EXPECT(!strcmp(broker_cause_name(BROKER_CAUSE_NONE), "none"));
	EXPECT(!strcmp(broker_cause_name(BROKER_CAUSE_KILLED), "killed"));
	EXPECT(!strcmp(broker_cause_name(BROKER_CAUSE_QUEUE_DELETED), "queue-deleted"));
	EXPECT(!strcmp(broker_cause_name(BROKER_CAUSE_LEASE), "lease"));
	EXPECT(!strcmp(broker_cause_name(BROKER_CAUSE_SLOW), "slow"));
	EXPECT(!strcmp(broker_cause_name(BROKER_CAUSE_SLOW + 1), "unknown"));
	EXPECT(!strcmp(broker_cause_name(UINT32_MAX), "unknown"));
}

static void test_object_numbers(void)
{
	struct broker_object *queue = new_object(BROKER_OBJECT_QUEUE);

	EXPECT(!broker_object_has(queue, "max-bytes"));
	EXPECT_EQ(broker_object_number(queue, "max-bytes"), 0);
	EXPECT_EQ(broker_object_set_number(queue, "max-bytes", UINT64_MAX), 0);
	EXPECT(broker_object_number(queue, "max-bytes") == UINT64_MAX);
	EXPECT(!strcmp(broker_object_string(queue, "max-bytes"), "18446744073709551615"));
	EXPECT_EQ(broker_object_set_number(queue, "max-messages", 1ULL << 32), -ERANGE);
	EXPECT_EQ(broker_object_set_number(queue, "name", 1), -EINVAL);
	EXPECT_EQ(broker_object_set_number(queue, "none", 1), -ENOENT);
	EXPECT(!broker_object_has(queue, "none"));
	EXPECT(!strcmp(broker_object_string(queue, "none"), ""));

	EXPECT_EQ(broker_object_set_string(queue, "max-messages", "0x10"), 0);
	EXPECT_EQ(broker_object_number(queue, "max-messages"), 16);
	EXPECT(!strcmp(broker_object_string(queue, "max-messages"), "16"));
	EXPECT_EQ(broker_object_set_string(queue, "max-messages", "010"), 0);
	EXPECT(!strcmp(broker_object_string(queue, "max-messages"), "8"));
	EXPECT_EQ(broker_object_set_string(queue, "mode", "640"), 0);
	EXPECT_EQ(broker_object_number(queue, "mode"), 0640);
	EXPECT(!strcmp(broker_object_string(queue, "mode"), "640"));
	EXPECT_EQ(broker_object_set_string(queue, "mode", "8"), -EINVAL);
	EXPECT_EQ(broker_object_set_string(queue, "max-messages", "-1"), -EINVAL);
	EXPECT_EQ(broker_object_set_string(queue, "max-messages", " 1"), -EINVAL);
	EXPECT_EQ(broker_object_set_string(queue, "max-messages", "1 "), -EINVAL);
	EXPECT_EQ(broker_object_set_string(queue, "max-messages", ""), -EINVAL);
	EXPECT_EQ(broker_object_set_string(queue, "max-messages", "4294967296"), -ERANGE);
	EXPECT_EQ(broker_object_set_string(queue, "max-bytes", "18446744073709551616"), -ERANGE);
	EXPECT_EQ(broker_object_number(queue, "max-messages"), 8);
	broker_object_free(queue);
	EXPECT(!broker_object_free(NULL));
}

static void test_object_words(void)
{
	struct broker_object *queue = new_object(BROKER_OBJECT_QUEUE);

	EXPECT_EQ(broker_object_set_string(queue, "overflow", "drop-head"), 0);
	EXPECT_EQ(broker_object_number(queue, "overflow"), BROKER_OVERFLOW_DROP_HEAD);
	EXPECT_EQ(broker_object_set_number(queue, "overflow", BROKER_OVERFLOW_BLOCK), 0);
	EXPECT(!strcmp(broker_object_string(queue, "overflow"), "block"));
	EXPECT_EQ(broker_object_set_string(queue, "overflow", "drop"), -EINVAL);
	EXPECT_EQ(broker_object_set_string(queue, "overflow", "block,reject"), -EINVAL);
	EXPECT_EQ(broker_object_set_number(queue, "overflow", 6), -ERANGE);

	EXPECT_EQ(broker_object_set_string(queue, "flags", "auto-delete,exclusive"), 0);
	EXPECT_EQ(broker_object_number(queue, "flags"), 3);
	EXPECT(!strcmp(broker_object_string(queue, "flags"), "exclusive,auto-delete"));
	EXPECT_EQ(broker_object_set_string(queue, "flags", "auto-delete"), 0);
	EXPECT(!strcmp(broker_object_string(queue, "flags"), "auto-delete"));
	EXPECT_EQ(broker_object_set_string(queue, "flags", ""), 0);
	EXPECT(!strcmp(broker_object_string(queue, "flags"), ""));
	EXPECT(broker_object_has(queue, "flags"));
	EXPECT_EQ(broker_object_set_string(queue, "flags", "exclusive,"), -EINVAL);
	EXPECT_EQ(broker_object_set_string(queue, "flags", ",exclusive"), -EINVAL);
	EXPECT_EQ(broker_object_set_number(queue, "flags", 4), -ERANGE);

	EXPECT_EQ(broker_object_set_number(queue, "if-empty", 1), 0);
	EXPECT(broker_object_has(queue, "if-empty"));
	EXPECT_EQ(broker_object_set_string(queue, "if-empty", "0"), 0);
	EXPECT(!broker_object_has(queue, "if-empty"));
	EXPECT_EQ(broker_object_set_number(queue, "if-empty", 2), -ERANGE);
	broker_object_free(queue);
}

static void test_object_bytes_and_headers(void)
{
	struct broker_object *route = new_object(BROKER_OBJECT_ROUTE);
	struct broker_object *binding = new_object(BROKER_OBJECT_BINDING);
	static char bytes[BROKER_MAX_PROPS];
	int64_t number = 5;

	EXPECT_EQ(broker_object_set_bytes(route, "properties", bytes, 65530), 0);
	EXPECT_EQ(broker_object_set_bytes(route, "properties", bytes, 65531), -ERANGE);
	EXPECT_EQ(broker_object_set_bytes(route, "queue", bytes, 1), -EINVAL);
	EXPECT_EQ(broker_object_set_string(route, "properties", "x"), -EINVAL);
	EXPECT_EQ(broker_object_add_header(route, "h", 0, NULL, 0), -EINVAL);

	EXPECT_EQ(broker_object_add_header(binding, "", 0, NULL, 0), -EINVAL);
	EXPECT_EQ(broker_object_add_header(binding, "h", 0, "x", 1), -EINVAL);
	EXPECT_EQ(broker_object_add_header(binding, "h", BROKER_TYPE_BYTES, "x", 1), -EINVAL);
	EXPECT_EQ(broker_object_add_header(binding, "h", BROKER_TYPE_INT64, &number, 4), -EINVAL);
	EXPECT_EQ(broker_object_add_header(binding, "h", BROKER_TYPE_BOOL, "\2", 1), -EINVAL);
	EXPECT_EQ(broker_object_add_header(binding, "h", BROKER_TYPE_STRING, "a\0b", 3), -EINVAL);
	EXPECT(!broker_object_has(binding, "header"));
	broker_object_free(binding);
	broker_object_free(route);
}

static bool same_bytes(const struct broker_object *a, const struct broker_object *b,
		       const char *name)
{
	size_t a_length = 0, b_length = 0;
	const void *a_bytes = broker_object_bytes(a, name, &a_length);
	const void *b_bytes = broker_object_bytes(b, name, &b_length);

	return a_length == b_length && !a_bytes == !b_bytes &&
	       (!a_bytes || !memcmp(a_bytes, b_bytes, a_length));
}

/* Text and time zone make the calendar, in whichever order they come. */
static void test_object_calendar(void)
{
	struct broker_object *one = new_object(BROKER_OBJECT_SCHEDULE);
	struct broker_object *other = new_object(BROKER_OBJECT_SCHEDULE);
	size_t length, utc;

	EXPECT_EQ(broker_object_set_string(one, "cron", "0 9 * * mon"), 0);
	EXPECT(broker_object_bytes(one, "calendar", &utc) != NULL);
	EXPECT_EQ(broker_object_set_string(one, "timezone", "America/New_York"), 0);
	EXPECT_EQ(broker_object_set_string(other, "timezone", "America/New_York"), 0);
	EXPECT(!broker_object_has(other, "calendar"));
	EXPECT_EQ(broker_object_set_string(other, "cron", "0 9 * * mon"), 0);
	EXPECT(broker_object_bytes(one, "calendar", &length) != NULL);
	EXPECT(length > utc && same_bytes(one, other, "calendar"));
	EXPECT_EQ(broker_object_set_string(one, "cron", "0 9 * *"), -EINVAL);
	EXPECT_EQ(broker_object_set_string(one, "timezone", "Nowhere"), -EINVAL);
	EXPECT(!strcmp(broker_object_string(one, "cron"), "0 9 * * mon"));
	EXPECT(same_bytes(one, other, "calendar"));
	broker_object_free(one);
	broker_object_free(other);
}

/* What @object looks like when it has been sent and received. */
static struct broker_object *over_the_wire(const struct broker_object *object)
{
	size_t size = broker_object_size(object) + NLMSG_HDRLEN;
	struct nl_msg *msg = nlmsg_alloc_size(size);
	struct broker_object *received = NULL;

	if (!msg || !nlmsg_put(msg, 0, 0, 0, 0, 0))
		abort();
	EXPECT_EQ(broker_object_put(object, msg), 0);
	EXPECT_EQ(broker_object_parse(&received, broker_object_type(object),
				      nlmsg_attrdata(nlmsg_hdr(msg), 0),
				      nlmsg_attrlen(nlmsg_hdr(msg), 0)), 0);
	nlmsg_free(msg);
	return received;
}

/* Each attribute of each type, by whichever setter takes it. */
static void test_wire_attributes(void)
{
	for (unsigned int type = 0; type <= BROKER_OBJECT_SCHEDULE; type++) {
		struct broker_object *object = new_object(type);
		struct broker_object *received;
		enum broker_value_type value_type;
		unsigned int count = 0;
		const char *name;

		for (unsigned int i = 0; i < broker_attributes[type].count; i++) {
			unsigned int kind = broker_attributes[type].list[i].kind;
			const char *text;

			name = broker_attributes[type].list[i].name;
			text = kind == KIND_FILTER ? "a = 1" : kind != KIND_CRON ? name :
			       !strcmp(name, "cron") ? "@daily" : "UTC";
			if (!broker_object_set_number(object, name, 1) ||
			    !broker_object_set_string(object, name, text) ||
			    !broker_object_set_bytes(object, name, "\0\1", 2) ||
			    !broker_object_add_header(object, "h", 0, NULL, 0))
				count++;
		}
		EXPECT_EQ(count, broker_attributes[type].count);

		received = over_the_wire(object);
		count = 0;
		for (unsigned int i = 0; i < broker_attributes[type].count; i++) {
			EXPECT_EQ(broker_object_attribute(received, count, &name, &value_type), 0);
			count++;
			EXPECT(!strcmp(name, broker_attributes[type].list[i].name));
			EXPECT_EQ(broker_object_number(received, name),
				  broker_object_number(object, name));
			EXPECT(!strcmp(broker_object_string(received, name),
				       broker_object_string(object, name)));
			EXPECT(same_bytes(received, object, name));
		}
		EXPECT_EQ(broker_object_attribute(received, count, &name, &value_type), -ENOENT);
		broker_object_free(received);
		broker_object_free(object);
	}
}

static void test_wire_headers(void)
{
	struct broker_object *binding = new_object(BROKER_OBJECT_BINDING);
	struct broker_object *received;
	int64_t number = INT64_MIN;
	double pi = M_PI;
	const struct {
		unsigned int type;
		const void *value;
		size_t length;
	} headers[] = {
		{ BROKER_TYPE_STRING, "text", 4 }, { BROKER_TYPE_STRING, "", 0 },
		{ BROKER_TYPE_INT64, &number, 8 }, { BROKER_TYPE_DOUBLE, &pi, 8 },
		{ BROKER_TYPE_BOOL, "\1", 1 }, { BROKER_TYPE_BOOL, "\0", 1 }, { 0, "", 0 },
	};
	unsigned int count = sizeof(headers) / sizeof(headers[0]);

	for (unsigned int i = 0; i < count; i++)
		EXPECT_EQ(broker_object_add_header(binding, "name", headers[i].type,
						   headers[i].value, headers[i].length), 0);
	received = over_the_wire(binding);
	for (unsigned int i = 0; i < count; i++) {
		const char *name;
		const void *value;
		unsigned int type;
		size_t length;

		EXPECT_EQ(broker_object_header(received, i, &name, &type, &value, &length), 0);
		EXPECT(!strcmp(name, "name"));
		EXPECT_EQ(type, headers[i].type);
		EXPECT_EQ(length, headers[i].length);
		EXPECT(!memcmp(value, headers[i].value, length));
	}
	broker_object_free(received);
	broker_object_free(binding);
}

/* A newer module may know more attributes, words and bits than this library. */
static void test_wire_unknown(void)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct broker_object *queue;

	nlmsg_put(msg, 0, 0, 0, 0, 0);
	nla_put_u32(msg, BROKER_A_QUEUE_MAX + 1, 1);
	nla_put_u32(msg, BROKER_A_QUEUE_OVERFLOW, 77);
	nla_put_u32(msg, BROKER_A_QUEUE_FLAGS, 5);
	EXPECT_EQ(broker_object_parse(&queue, BROKER_OBJECT_QUEUE,
				      nlmsg_attrdata(nlmsg_hdr(msg), 0),
				      nlmsg_attrlen(nlmsg_hdr(msg), 0)), 0);
	EXPECT(!strcmp(broker_object_string(queue, "overflow"), "77"));
	EXPECT(!strcmp(broker_object_string(queue, "flags"), "5"));
	broker_object_free(queue);

	nla_put(msg, BROKER_A_QUEUE_MAX_BYTES, 4, "abcd");
	EXPECT_EQ(broker_object_parse(&queue, BROKER_OBJECT_QUEUE,
				      nlmsg_attrdata(nlmsg_hdr(msg), 0),
				      nlmsg_attrlen(nlmsg_hdr(msg), 0)), -EPROTO);
	nlmsg_free(msg);
}

static const struct tap_test tests[] = {
	TAP_TEST(empty_message),
	TAP_TEST(property_types),
	TAP_TEST(set_replaces),
	TAP_TEST(headers),
	TAP_TEST(header_limit),
	TAP_TEST(props_limit),
	TAP_TEST(copy),
	TAP_TEST(random_properties),
	TAP_TEST(cause_names),
	TAP_TEST(object_numbers),
	TAP_TEST(object_words),
	TAP_TEST(object_bytes_and_headers),
	TAP_TEST(object_calendar),
	TAP_TEST(wire_attributes),
	TAP_TEST(wire_headers),
	TAP_TEST(wire_unknown),
};
TAP_MAIN(tests)
