// SPDX-License-Identifier: GPL-2.0-or-later
/* Exchanges that choose one binding: by a hash of the key, or in turn by weight. */
#include "helper.h"
#include "kselftest_harness.h"

#define FANOUT	BROKER_EXCHANGE_TYPE_FANOUT
#define HASH	BROKER_EXCHANGE_TYPE_HASH
#define SPLIT	BROKER_EXCHANGE_TYPE_SPLIT
#define DIVERT	BROKER_BINDING_FLAGS_DIVERT
#define TAP	BROKER_BINDING_FLAGS_TAP

#define KEYS	1000
#define QUEUES	8

/* Queues are named q0, q1, … */
static const char *queue_name(int i)
{
	static char names[4][8];
	static int next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "q%d", i);
	return name;
}

static const char *key_name(int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "customer.%d", i);
	return name;
}

/* As linux/broker.h says it, and not as the kernel does it. */
static uint64_t fnv(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < len; i++) {
		hash ^= p[i];
		hash *= 1099511628211ULL;
	}
	return hash;
}

static uint64_t mixed(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdULL;
	hash ^= hash >> 33;
	hash *= 0xc4ceb9fe1a85ec53ULL;
	hash ^= hash >> 33;
	return hash;
}

/* Which of @nr queues gets the key, each bound with an empty key and its weight. */
static int predicted(const void *key, size_t len, const int *weights, int nr)
{
	uint64_t at = mixed(fnv(14695981039346656037ULL, key, len)), best = ~0ULL;
	int i, p, found = -1;

	for (i = 0; i < nr; i++) {
		uint64_t base = fnv(14695981039346656037ULL, "q", 1);

		/* The zero byte behind the name is its own. */
		base = fnv(base, queue_name(i), strlen(queue_name(i)) + 1);
		for (p = 0; p < weights[i] * 64; p++) {
			uint64_t distance = mixed(base + p * 0x9e3779b97f4a7c15ULL) - at;

			if (distance <= best) {
				best = distance;
				found = i;
			}
		}
	}
	return found;
}

FIXTURE(hash) { int fd; uint32_t ids[QUEUES]; };

FIXTURE_SETUP(hash)
{
	int i;

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	for (i = 0; i < QUEUES; i++) {
		ASSERT_EQ(0, queue_new(queue_name(i)));
		self->ids[i] = queue_get(queue_name(i), BROKER_A_QUEUE_ID);
	}
	ASSERT_EQ(0, exchange_new("x", HASH) ?: exchange_new("s", SPLIT));
}

FIXTURE_TEARDOWN(hash)
{
}

/* Publishes with that key: which queue took it; -1: none, or several, or an error. */
static int publish_where(int fd, const uint32_t *ids, const char *exchange, const char *key,
			 const void *props, uint32_t props_len)
{
	struct broker_confirm confirms[2] = {};
	struct broker_result result;
	struct broker_submit s;
	struct broker_op op;
	int ret, i;

	op_publish(&op, &(struct pub) {
		.exchange = exchange, .key = key, .props = props, .props_len = props_len,
	});
	s = submit_of(&op, 1, &result);
	s.confirms = (uintptr_t)confirms;
	s.nr_confirms = 2;
	ret = call(fd, BROKER_IOC_SUBMIT, &s) ?: result.error;
	op_free(&op);
	if (ret || s.nr_confirms != 1 || result.accepted != 1)
		return -1;
	for (i = 0; i < QUEUES; i++)
		if (ids[i] == confirms[0].queue)
			return i;
	return -1;
}

#define WHERE(exchange, key) publish_where(self->fd, self->ids, exchange, key, NULL, 0)

TEST_F(hash, one_queue_for_a_key)
{
	int i, again, first;

	for (i = 0; i < QUEUES; i++)
		ASSERT_EQ(0, bind_queue("x", queue_name(i), ""));
	for (i = 0; i < 50; i++) {
		first = WHERE("x", key_name(i));
		ASSERT_LE(0, first);
		for (again = 0; again < 3; again++)
			ASSERT_EQ(first, WHERE("x", key_name(i)));
	}
}

/* The hash is part of the ABI: the same in every broker, whatever was bound first. */
TEST_F(hash, as_documented)
{
	static const int weights[QUEUES] = { 1, 1, 2, 1, 5, 1, 1, 3 };
	int counts[QUEUES] = {}, i, where;

	for (i = QUEUES - 1; i >= 0; i--)
		ASSERT_EQ(0, binding_new(.exchange = "x", .queue = queue_name(i),
					 .weight = weights[i]));
	for (i = 0; i < KEYS; i++) {
		where = WHERE("x", key_name(i));
		ASSERT_LE(0, where);
		ASSERT_EQ(predicted(key_name(i), strlen(key_name(i)), weights, QUEUES), where);
		counts[where]++;
	}
	/* And it spreads: the keys being fixed, so are these numbers. */
	for (i = 0; i < QUEUES; i++) {
		EXPECT_LT(KEYS * weights[i] / 15 / 2, counts[i]);
		EXPECT_GT(KEYS * weights[i] / 15 * 2, counts[i]);
	}
	EXPECT_EQ(predicted("", 0, weights, QUEUES), WHERE("x", ""));
}

/* What moves moves to the binding that came, and nothing between those that stay. */
TEST_F(hash, few_keys_move)
{
	static int before[KEYS], after[KEYS];
	int i, moved = 0;

	for (i = 0; i < QUEUES - 1; i++)
		ASSERT_EQ(0, bind_queue("x", queue_name(i), ""));
	for (i = 0; i < KEYS; i++)
		before[i] = WHERE("x", key_name(i));
	ASSERT_EQ(0, bind_queue("x", queue_name(QUEUES - 1), ""));
	for (i = 0; i < KEYS; i++) {
		after[i] = WHERE("x", key_name(i));
		if (after[i] == before[i])
			continue;
		moved++;
		ASSERT_EQ(QUEUES - 1, after[i]);
	}
	EXPECT_LT(KEYS / QUEUES / 2, moved);
	EXPECT_GT(KEYS / QUEUES * 2, moved);
	/* One that goes leaves its keys to the others, and theirs alone. */
	ASSERT_EQ(0, unbind_queue("x", queue_name(3), ""));
	for (i = 0; i < KEYS; i++) {
		int where = WHERE("x", key_name(i));

		ASSERT_EQ(after[i] != 3, where == after[i]);
	}
	/* When it comes back, all is as it was. */
	ASSERT_EQ(0, bind_queue("x", queue_name(3), ""));
	for (i = 0; i < KEYS; i++)
		ASSERT_EQ(after[i], WHERE("x", key_name(i)));
}

TEST_F(hash, weight_changes_live)
{
	static const int before[2] = { 1, 1 }, after[2] = { 1, 9 };
	int i;

	ASSERT_EQ(0, bind_queue("x", "q0", "") ?: bind_queue("x", "q1", ""));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(predicted(key_name(i), strlen(key_name(i)), before, 2),
			  WHERE("x", key_name(i)));
	ASSERT_EQ(0, binding_set(.exchange = "x", .queue = "q1", .weight = 9));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(predicted(key_name(i), strlen(key_name(i)), after, 2),
			  WHERE("x", key_name(i)));
}

TEST_F(hash, weights_are_bounded)
{
	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "q0", .weight = 1000));
	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "q1", .weight = 1000));
	EXPECT_EQ(-ENOSPC, binding_new(.exchange = "x", .queue = "q2", .weight = 49));
	EXPECT_EQ(0, binding_new(.exchange = "x", .queue = "q2", .weight = 48));
	EXPECT_EQ(-ENOSPC, binding_set(.exchange = "x", .queue = "q2", .weight = 49));
	EXPECT_EQ(-EINVAL, binding_new(.exchange = "broker.fanout", .queue = "q0", .weight = 1));
	EXPECT_LE(0, WHERE("x", "k"));
}

/* A header in place of the key; who has none is hashed by the key. */
TEST_F(hash, by_header)
{
	static const int weights[QUEUES] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	char props[64];
	int i, len;

	ASSERT_EQ(0, exchange_set("x", .hash_header = "id"));
	for (i = 0; i < QUEUES; i++)
		ASSERT_EQ(0, bind_queue("x", queue_name(i), ""));
	for (i = 0; i < 50; i++) {
		struct broker_prop prop = {
			.id = BROKER_PROP_HEADER, .type = BROKER_TYPE_STRING, .name_len = 2,
			.value_len = strlen(key_name(i)),
		};

		memcpy(props, &prop, sizeof(prop));
		len = sizeof(prop) + sprintf(props + sizeof(prop), "id%s", key_name(i));
		ASSERT_EQ(predicted(key_name(i), strlen(key_name(i)), weights, QUEUES),
			  publish_where(self->fd, self->ids, "x", "same", props, len));
	}
	ASSERT_EQ(predicted("same", 4, weights, QUEUES), WHERE("x", "same"));
	ASSERT_EQ(0, exchange_set("x", .hash_header = ""));
	ASSERT_EQ(predicted("same", 4, weights, QUEUES),
		  publish_where(self->fd, self->ids, "x", "same", props, len));
	EXPECT_EQ(-EINVAL, exchange_set("s", .hash_header = "id"));
	EXPECT_EQ(-EINVAL, exchange_new("y", FANOUT, .hash_header = "id"));
}

TEST_F(hash, without_bindings)
{
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "k", "m"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "s", "k", "m"));
	ASSERT_EQ(0, bind_queue("x", "q0", "") ?: unbind_queue("x", "q0", ""));
	ASSERT_EQ(0, bind_queue("s", "q0", "") ?: unbind_queue("s", "q0", ""));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "x", "k", "m"));
	EXPECT_EQ(-EHOSTUNREACH, send_to(self->fd, "s", "k", "m"));
	EXPECT_EQ(2, exchange_get("x", BROKER_A_EXCHANGE_UNROUTABLE));
}

/* A queue that is deleted leaves its keys to the others. */
TEST_F(hash, queue_deleted)
{
	int i;

	for (i = 0; i < QUEUES; i++)
		ASSERT_EQ(0, bind_queue("x", queue_name(i), "") ?:
			     bind_queue("s", queue_name(i), ""));
	for (i = 0; i < QUEUES - 1; i++)
		ASSERT_EQ(0, queue_del(queue_name(i)));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(QUEUES - 1, WHERE("x", key_name(i)));
		ASSERT_EQ(QUEUES - 1, WHERE("s", key_name(i)));
	}
	EXPECT_EQ(0, exchange_del("x") ?: exchange_del("s"));
}

/* The one that is chosen may be an exchange. */
TEST_F(hash, to_exchanges)
{
	int i, first = 0;

	ASSERT_EQ(0, exchange_new("l", FANOUT) ?: exchange_new("r", FANOUT));
	ASSERT_EQ(0, bind_exchange("x", "l", "") ?: bind_exchange("x", "r", ""));
	ASSERT_EQ(0, bind_queue("l", "q0", "") ?: bind_queue("r", "q1", ""));
	for (i = 0; i < 200; i++)
		first += WHERE("x", key_name(i)) == 0;
	EXPECT_LT(50, first);
	EXPECT_GT(150, first);
	EXPECT_EQ(200, ready("q0") + ready("q1"));
}

/* Over each full cycle every binding has exactly its share, and none is put off. */
TEST_F(hash, split_is_exact)
{
	static const int weights[] = { 90, 9, 1 };
	int counts[3] = {}, cycle, i, where;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, binding_new(.exchange = "s", .queue = queue_name(i),
					 .weight = weights[i]));
	for (cycle = 1; cycle <= 3; cycle++) {
		for (i = 0; i < 100; i++) {
			where = WHERE("s", "k");
			ASSERT_LE(0, where);
			counts[where]++;
		}
		for (i = 0; i < 3; i++)
			ASSERT_EQ(cycle * weights[i], counts[i]);
	}
}

/* 3 to 1, in whatever unit: of any 4 in a row one is the canary's. */
TEST_F(hash, split_is_even)
{
	int last[4] = { -1, -1, -1, -1 }, i, k;

	ASSERT_EQ(0, binding_new(.exchange = "s", .queue = "q0", .weight = 75));
	ASSERT_EQ(0, binding_new(.exchange = "s", .queue = "q1", .weight = 25));
	for (i = 0; i < 40; i++) {
		int canary = 0;

		last[i % 4] = WHERE("s", key_name(i));
		for (k = 0; k < 4; k++)
			canary += last[k] == 1;
		if (i >= 3)
			ASSERT_EQ(1, canary);
	}
}

/* Publishers in parallel share the turns: no turn is lost, none taken twice. */
TEST_F(hash, split_is_exact_for_many)
{
	int i, n;

	ASSERT_EQ(0, binding_new(.exchange = "s", .queue = "q0", .weight = 7));
	ASSERT_EQ(0, binding_new(.exchange = "s", .queue = "q1", .weight = 3));
	for (n = 0; n < 4; n++) {
		if (fork_tied())
			continue;
		for (i = 0; i < 250; i++)
			if (send_to(self->fd, "s", "k", "m"))
				_exit(1);
		_exit(0);
	}
	for (n = 0; n < 4; n++)
		ASSERT_EQ(0, reap(-1));
	EXPECT_EQ(700, ready("q0"));
	EXPECT_EQ(300, ready("q1"));
}

TEST_F(hash, split_changes_live)
{
	int i;

	ASSERT_EQ(0, bind_queue("s", "q0", "") ?: bind_queue("s", "q1", ""));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, send_to(self->fd, "s", "k", "m"));
	EXPECT_EQ(5, ready("q0"));
	ASSERT_EQ(0, binding_set(.exchange = "s", .queue = "q1", .weight = 4));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, send_to(self->fd, "s", "k", "m"));
	EXPECT_EQ(5 + 2, ready("q0"));
	EXPECT_EQ(5 + 8, ready("q1"));
	ASSERT_EQ(0, unbind_queue("s", "q1", ""));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, send_to(self->fd, "s", "k", "m"));
	EXPECT_EQ(17, ready("q0"));
}

/* Taps get all; where bindings divert, the choice is among these. */
TEST_F(hash, taps_and_diverts)
{
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, bind_queue("x", queue_name(i), "") ?:
			     bind_queue("s", queue_name(i), ""));
	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "q6", .flags = TAP) ?:
		     binding_new(.exchange = "s", .queue = "q6", .flags = TAP));
	for (i = 0; i < 40; i++) {
		ASSERT_GT(4, WHERE("x", key_name(i)));
		ASSERT_GT(4, WHERE("s", key_name(i)));
	}
	EXPECT_EQ(80, ready("q6"));
	ASSERT_EQ(0, binding_new(.exchange = "x", .queue = "q4", .flags = DIVERT) ?:
		     binding_new(.exchange = "s", .queue = "q4", .flags = DIVERT));
	ASSERT_EQ(0, binding_set(.exchange = "s", .queue = "q3", .flags = DIVERT));
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(4, WHERE("x", key_name(i)));
		ASSERT_LE(3, WHERE("s", key_name(i)));
	}
	EXPECT_EQ(160, ready("q6"));
	EXPECT_EQ(60, ready("q4"));
	/* A last one that goes gives way to the others. */
	ASSERT_EQ(0, unbind_queue("x", "q4", "") ?: unbind_queue("s", "q4", ""));
	ASSERT_EQ(0, binding_set(.exchange = "s", .queue = "q3", .set_flags = 1));
	for (i = 0; i < 40; i++) {
		ASSERT_GT(4, WHERE("x", key_name(i)));
		ASSERT_GT(4, WHERE("s", key_name(i)));
	}
	ASSERT_EQ(0, binding_set(.exchange = "x", .queue = "q0", .flags = TAP));
	i = ready("q0");
	ASSERT_NE(0, WHERE("x", key_name(1)));
	EXPECT_EQ(i + 1, ready("q0"));
}

TEST_HARNESS_MAIN
