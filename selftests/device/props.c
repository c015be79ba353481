// SPDX-License-Identifier: GPL-2.0-or-later
/* Properties: their form, their types, and exchanges that route by them. */
#include "helper.h"
#include "kselftest_harness.h"

struct props {
	uint8_t data[1 << 17];
	size_t len;
};

static void add(struct props *p, int id, int type, const char *name, const void *value, size_t len)
{
	struct broker_prop prop = {
		.id = id, .type = type, .name_len = name ? strlen(name) : 0, .value_len = len,
	};

	memcpy(p->data + p->len, &prop, sizeof(prop));
	p->len += sizeof(prop);
	memcpy(p->data + p->len, name ?: "", prop.name_len);
	p->len += prop.name_len;
	memcpy(p->data + p->len, value ?: "", value ? len : 0);
	p->len += len;
}

static void add_str(struct props *p, int id, const char *name, const char *value)
{
	add(p, id, BROKER_TYPE_STRING, name, value, strlen(value));
}

static void add_int(struct props *p, int id, const char *name, int64_t value)
{
	add(p, id, BROKER_TYPE_INT64, name, &value, sizeof(value));
}

FIXTURE(props) {
	int fd;
	uint64_t known;
	struct props *p;
};

FIXTURE_SETUP(props)
{
	struct broker_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_INFO, &info));
	self->known = info.properties;
	ASSERT_EQ(0, queue_new("q"));
	self->p = calloc(1, sizeof(*self->p));
}

FIXTURE_TEARDOWN(props)
{
}

static int send_props(int fd, const struct props *p)
{
	return publish(fd, .key = "q", .body = "m", .props = p->data, .props_len = p->len);
}

#define REFUSED(error)						\
do {								\
	EXPECT_EQ(-(error), send_props(self->fd, self->p));	\
	EXPECT_EQ(0, ready("q"));				\
} while (0)

/* They come back byte for byte, in the order they were given. */
TEST_F(props, come_back)
{
	double pi = 3.14159;
	struct got got;

	add_str(self->p, BROKER_PROP_HEADER, "z", "last letter first");
	add_str(self->p, BROKER_PROP_CONTENT_TYPE, NULL, "text/plain");
	add_str(self->p, BROKER_PROP_HEADER, "a", "");
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_BYTES, "bytes", "\0\xff\x80", 3);
	add_int(self->p, BROKER_PROP_HEADER, "int", INT64_MIN);
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_DOUBLE, "double", &pi, 8);
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_BOOL, "bool", "\1", 1);
	add_str(self->p, BROKER_PROP_HEADER, "a", "again");
	ASSERT_EQ(0, send_props(self->fd, self->p));
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "q", 0), &got));
	ASSERT_EQ(self->p->len, got.d.props_len);
	EXPECT_EQ(0, memcmp(self->p->data, got.props, got.d.props_len));
	EXPECT_STREQ("m", got.body);
}

TEST_F(props, longest)
{
	static char big[BROKER_MAX_PROPS];

	memset(big, 'x', sizeof(big));
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_STRING, "h", big,
	    BROKER_MAX_PROPS - sizeof(struct broker_prop) - 1);
	ASSERT_EQ(BROKER_MAX_PROPS, self->p->len);
	EXPECT_EQ(0, send_props(self->fd, self->p));
}

static void well_known(struct props *p, int id)
{
	p->len = 0;
	switch (id) {
	case BROKER_PROP_HEADER:
		return add_str(p, id, "h", "v");
	case BROKER_PROP_TIMESTAMP:
	case BROKER_PROP_TTL:
	case BROKER_PROP_DELIVER_AT:
	case BROKER_PROP_PRIORITY:
	case BROKER_PROP_DELIVERY_MODE:
		return add_int(p, id, NULL, 1);
	case BROKER_PROP_PRODUCER:
	case BROKER_PROP_PRODUCER_SEQUENCE:
		/* One goes with the other. */
		add_str(p, BROKER_PROP_PRODUCER, NULL, "name");
		return add_int(p, BROKER_PROP_PRODUCER_SEQUENCE, NULL, id);
	default:
		return add_str(p, id, NULL, "text");
	}
}

TEST_F(props, accepted_as_info_says)
{
	int id;

	for (id = BROKER_PROP_HEADER; id <= BROKER_PROP_PRODUCER_SEQUENCE; id++) {
		well_known(self->p, id);
		EXPECT_EQ(self->known & (1ULL << id) ? 0 : -EOPNOTSUPP,
			  send_props(self->fd, self->p)) {
			TH_LOG("property %d", id);
		}
	}
}

TEST_F(props, ids_of_three_types)
{
	add(self->p, BROKER_PROP_MESSAGE_ID, BROKER_TYPE_BYTES, NULL, "\xff", 1);
	add_int(self->p, BROKER_PROP_CORRELATION_ID, NULL, -1);
	EXPECT_EQ(0, send_props(self->fd, self->p));
}

TEST_F(props, unknown_id)
{
	add_str(self->p, 63, NULL, "v");
	REFUSED(EOPNOTSUPP);
}

TEST_F(props, unknown_id_large)
{
	add_str(self->p, 0xffff, NULL, "v");
	REFUSED(EOPNOTSUPP);
}

TEST_F(props, head_truncated)
{
	add_str(self->p, BROKER_PROP_HEADER, "h", "v");
	self->p->len += sizeof(struct broker_prop) - 1;
	REFUSED(EINVAL);
}

TEST_F(props, name_truncated)
{
	add_str(self->p, BROKER_PROP_HEADER, "name", "");
	self->p->len -= 1;
	REFUSED(EINVAL);
}

TEST_F(props, value_truncated)
{
	add_str(self->p, BROKER_PROP_HEADER, "name", "value");
	self->p->len -= 1;
	REFUSED(EINVAL);
}

TEST_F(props, value_of_huge_length)
{
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_STRING, "h", NULL, 0);
	memset(self->p->data + 4, 0xff, 4);
	REFUSED(EINVAL);
}

TEST_F(props, header_without_name)
{
	add_str(self->p, BROKER_PROP_HEADER, NULL, "v");
	REFUSED(EINVAL);
}

TEST_F(props, well_known_with_name)
{
	add_str(self->p, BROKER_PROP_CONTENT_TYPE, "name", "text/plain");
	REFUSED(EINVAL);
}

TEST_F(props, well_known_twice)
{
	add_str(self->p, BROKER_PROP_CONTENT_TYPE, NULL, "text/plain");
	add_str(self->p, BROKER_PROP_CONTENT_TYPE, NULL, "text/plain");
	REFUSED(EINVAL);
}

TEST_F(props, well_known_of_wrong_type)
{
	add_int(self->p, BROKER_PROP_CONTENT_TYPE, NULL, 1);
	REFUSED(EINVAL);
}

TEST_F(props, number_of_wrong_type)
{
	add_str(self->p, BROKER_PROP_TIMESTAMP, NULL, "12345678");
	REFUSED(EINVAL);
}

TEST_F(props, type_zero)
{
	add(self->p, BROKER_PROP_HEADER, 0, "h", "v", 1);
	REFUSED(EINVAL);
}

TEST_F(props, type_unknown)
{
	add(self->p, BROKER_PROP_HEADER, 6, "h", "v", 1);
	REFUSED(EINVAL);
}

TEST_F(props, int_of_four_bytes)
{
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_INT64, "h", "1234", 4);
	REFUSED(EINVAL);
}

TEST_F(props, double_of_nine_bytes)
{
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_DOUBLE, "h", "123456789", 9);
	REFUSED(EINVAL);
}

TEST_F(props, bool_of_two)
{
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_BOOL, "h", "\2", 1);
	REFUSED(EINVAL);
}

TEST_F(props, bool_of_eight_bytes)
{
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_BOOL, "h", "\1\0\0\0\0\0\0\0", 8);
	REFUSED(EINVAL);
}

TEST_F(props, priority_too_high)
{
	add_int(self->p, BROKER_PROP_PRIORITY, NULL, 256);
	REFUSED(EINVAL);
}

TEST_F(props, priority_negative)
{
	add_int(self->p, BROKER_PROP_PRIORITY, NULL, -1);
	REFUSED(EINVAL);
}

TEST_F(props, delivery_mode_zero)
{
	add_int(self->p, BROKER_PROP_DELIVERY_MODE, NULL, 0);
	REFUSED(EINVAL);
}

TEST_F(props, delivery_mode_three)
{
	add_int(self->p, BROKER_PROP_DELIVERY_MODE, NULL, 3);
	REFUSED(EINVAL);
}

TEST_F(props, string_not_utf8)
{
	add_str(self->p, BROKER_PROP_HEADER, "h", "\xc3");
	REFUSED(EILSEQ);
}

TEST_F(props, well_known_not_utf8)
{
	add_str(self->p, BROKER_PROP_SUBJECT, NULL, "\xed\xa0\x80");
	REFUSED(EILSEQ);
}

TEST_F(props, name_not_utf8)
{
	add_str(self->p, BROKER_PROP_HEADER, "\xff", "v");
	REFUSED(EILSEQ);
}

TEST_F(props, name_with_control_character)
{
	add_str(self->p, BROKER_PROP_HEADER, "a\tb", "v");
	REFUSED(EILSEQ);
}

static void many(struct props *p, int n)
{
	while (n--)
		add_str(p, BROKER_PROP_HEADER, "h", "v");
}

TEST_F(props, most_headers)
{
	many(self->p, BROKER_MAX_HEADERS);
	EXPECT_EQ(0, send_props(self->fd, self->p));
}

TEST_F(props, too_many_headers)
{
	many(self->p, BROKER_MAX_HEADERS + 1);
	EXPECT_EQ(-E2BIG, send_props(self->fd, self->p));
	EXPECT_EQ(0, ready("q"));
}

/* Valid areas with random bytes flipped: a documented answer to each. */
TEST_F(props, mutated_at_random)
{
	unsigned int seed = 20261120, i, n, refused = 0;
	struct props base = {}, *p = self->p;

	ASSERT_EQ(0, queue_set("q", .overflow = BROKER_OVERFLOW_DROP_HEAD,
			       .max_messages = 16));
	add_str(&base, BROKER_PROP_CONTENT_TYPE, NULL, "text/plain");
	add_int(&base, BROKER_PROP_PRIORITY, NULL, 3);
	add_str(&base, BROKER_PROP_HEADER, "größe", "l");
	add(&base, BROKER_PROP_HEADER, BROKER_TYPE_BOOL, "flag", "\1", 1);
	for (i = 0; i < 5000; i++) {
		int ret;

		memcpy(p->data, base.data, base.len);
		p->len = base.len;
		for (n = rand_r(&seed) % 4 + 1; n; n--)
			p->data[rand_r(&seed) % p->len] = rand_r(&seed);
		if (rand_r(&seed) % 4 == 0)
			p->len = rand_r(&seed) % (p->len + 1);
		ret = send_props(self->fd, p);
		refused += ret != 0;
		ASSERT_TRUE(ret == 0 || ret == -EINVAL || ret == -EILSEQ || ret == -EOPNOTSUPP) {
			TH_LOG("round %u: %d", i, ret);
		}
	}
	EXPECT_LT(500, refused);
	EXPECT_EQ(5000 - refused, queue_get("q", BROKER_A_QUEUE_ENQUEUED));
}

/* Exchanges that route by headers. */
FIXTURE(headers) {
	int fd;
	struct props *p;
};

FIXTURE_SETUP(headers)
{
	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	ASSERT_EQ(0, exchange_new("x", BROKER_EXCHANGE_TYPE_HEADERS));
	self->p = calloc(1, sizeof(*self->p));
}

FIXTURE_TEARDOWN(headers)
{
}

static struct nlattr *nest(struct nl_msg *msg, const char *name)
{
	struct nlattr *attr = nl_put(msg, BROKER_A_BINDING_HEADER | NLA_F_NESTED, NULL, 0);

	nl_put_str(msg, BROKER_A_HEADER_NAME, name);
	return attr;
}

static void nest_end(struct nl_msg *msg, struct nlattr *attr)
{
	attr->nla_len = msg->buf + msg->hdr.nlmsg_len - (char *)attr;
}

static struct nl_msg *binding(int match)
{
	struct nl_msg *msg = binding_msg(BROKER_CMD_BINDING_NEW, "x", "q", NULL, "");

	nl_put_u32(msg, BROKER_A_BINDING_MATCH, match);
	return msg;
}

static void want_str(struct nl_msg *msg, const char *name, const char *value)
{
	struct nlattr *attr = nest(msg, name);

	nl_put_str(msg, BROKER_A_HEADER_STRING, value);
	nest_end(msg, attr);
}

static void want_int(struct nl_msg *msg, const char *name, int64_t value)
{
	struct nlattr *attr = nest(msg, name);

	nl_put_u64(msg, BROKER_A_HEADER_INT64, value);
	nest_end(msg, attr);
}

static int send_headers(int fd, struct props *p)
{
	int ret = publish(fd, .exchange = "x", .key = "ignored", .body = "m",
			  .props = p->data, .props_len = p->len);

	p->len = 0;
	return ret;
}

#define MATCHES()	EXPECT_EQ(0, send_headers(self->fd, self->p))
#define MATCHES_NOT()	EXPECT_EQ(-EHOSTUNREACH, send_headers(self->fd, self->p))

static int bind_two(int match)
{
	struct nl_msg *msg = binding(match);

	want_str(msg, "colour", "red");
	want_int(msg, "size", 42);
	return nl_do(msg);
}

TEST_F(headers, match_all)
{
	ASSERT_EQ(0, bind_two(BROKER_MATCH_ALL));
	add_str(self->p, BROKER_PROP_HEADER, "colour", "red");
	add_int(self->p, BROKER_PROP_HEADER, "size", 42);
	add_int(self->p, BROKER_PROP_HEADER, "other", 1);
	MATCHES();
	add_str(self->p, BROKER_PROP_HEADER, "colour", "red");
	MATCHES_NOT();
	add_str(self->p, BROKER_PROP_HEADER, "colour", "blue");
	add_int(self->p, BROKER_PROP_HEADER, "size", 42);
	MATCHES_NOT();
	MATCHES_NOT();
}

TEST_F(headers, match_any)
{
	ASSERT_EQ(0, bind_two(BROKER_MATCH_ANY));
	add_str(self->p, BROKER_PROP_HEADER, "colour", "blue");
	add_int(self->p, BROKER_PROP_HEADER, "size", 42);
	MATCHES();
	add_str(self->p, BROKER_PROP_HEADER, "colour", "red");
	MATCHES();
	add_str(self->p, BROKER_PROP_HEADER, "colour", "redd");
	MATCHES_NOT();
	MATCHES_NOT();
}

TEST_F(headers, match_presence)
{
	struct nl_msg *msg = binding(BROKER_MATCH_ALL);

	nest_end(msg, nest(msg, "trace"));
	ASSERT_EQ(0, nl_do(msg));
	add_str(self->p, BROKER_PROP_HEADER, "trace", "");
	MATCHES();
	add_int(self->p, BROKER_PROP_HEADER, "trace", 0);
	MATCHES();
	add_str(self->p, BROKER_PROP_HEADER, "trac", "");
	MATCHES_NOT();
}

TEST_F(headers, types_differ)
{
	struct nl_msg *msg = binding(BROKER_MATCH_ALL);

	want_str(msg, "size", "42");
	ASSERT_EQ(0, nl_do(msg));
	add_int(self->p, BROKER_PROP_HEADER, "size", 42);
	MATCHES_NOT();
	add_str(self->p, BROKER_PROP_HEADER, "size", "42");
	MATCHES();
}

TEST_F(headers, first_of_several_counts)
{
	struct nl_msg *msg = binding(BROKER_MATCH_ALL);

	want_str(msg, "colour", "red");
	ASSERT_EQ(0, nl_do(msg));
	add_str(self->p, BROKER_PROP_HEADER, "colour", "red");
	add_str(self->p, BROKER_PROP_HEADER, "colour", "blue");
	MATCHES();
	add_str(self->p, BROKER_PROP_HEADER, "colour", "blue");
	add_str(self->p, BROKER_PROP_HEADER, "colour", "red");
	MATCHES_NOT();
}

TEST_F(headers, doubles_and_booleans)
{
	struct nl_msg *msg = binding(BROKER_MATCH_ALL);
	struct nlattr *attr;
	double half = 0.5;
	uint64_t bits;

	memcpy(&bits, &half, sizeof(bits));
	attr = nest(msg, "half");
	nl_put_u64(msg, BROKER_A_HEADER_DOUBLE, bits);
	nest_end(msg, attr);
	attr = nest(msg, "yes");
	nl_put(msg, BROKER_A_HEADER_BOOL, "\1", 1);
	nest_end(msg, attr);
	ASSERT_EQ(0, nl_do(msg));
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_DOUBLE, "half", &half, 8);
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_BOOL, "yes", "\1", 1);
	MATCHES();
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_DOUBLE, "half", &half, 8);
	add(self->p, BROKER_PROP_HEADER, BROKER_TYPE_BOOL, "yes", "\0", 1);
	MATCHES_NOT();
}

/* A well-known property is not a header of that name. */
TEST_F(headers, well_known_is_no_header)
{
	struct nl_msg *msg = binding(BROKER_MATCH_ANY);

	nest_end(msg, nest(msg, "subject"));
	ASSERT_EQ(0, nl_do(msg));
	add_str(self->p, BROKER_PROP_SUBJECT, NULL, "subject");
	MATCHES_NOT();
}

TEST_HARNESS_MAIN
