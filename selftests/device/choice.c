// SPDX-License-Identifier: GPL-2.0-or-later
/* Consumers with filters: who gets what, and in which order. */
#include "filter.h"
#include "kselftest_harness.h"

/* Queue "q" holds "0" to "4", each with its number in header "n". */
FIXTURE(choice) {
	int fd;
	struct program p;
};

FIXTURE_SETUP(choice)
{
	char body[2] = "0";

	ASSERT_EQ(0, new_broker());
	self->fd = session_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_new("q"));
	for (; *body < '5'; ++*body)
		ASSERT_EQ(0, put_number(self->fd, body, *body - '0'));
}

FIXTURE_TEARDOWN(choice)
{
}

static int consume_filtered(int fd, const char *queue, uint32_t credit, const struct program *p)
{
	struct broker_consume c = consume_of(queue, credit);

	c.filter = (uintptr_t)p->bytes;
	c.filter_len = p->len;
	return call(fd, BROKER_IOC_CONSUME, &c) ?: (int)c.consumer;
}

/* The bodies that a consumer gets, until there are no more, as one string; all stay leased. */
static const char *taken(int fd, int consumer)
{
	static char all[1024];
	struct got got;

	all[0] = 0;
	while (!take(fd, consumer, &got))
		strcat(all, got.body);
	return all;
}

TEST_F(choice, consumer_gets_what_matches)
{
	int consumer;

	some(&self->p);
	consumer = consume_filtered(self->fd, "q", 10, &self->p);
	ASSERT_LT(0, consumer);
	EXPECT_STREQ("014", taken(self->fd, consumer));
	EXPECT_EQ(2, ready("q"));
	ASSERT_EQ(0, put_number(self->fd, "5", 2));
	ASSERT_EQ(0, put_number(self->fd, "6", 1));
	EXPECT_STREQ("6", taken(self->fd, consumer));
	EXPECT_EQ(3, ready("q"));
	EXPECT_EQ(4, unacked("q"));
}

TEST_F(choice, consumer_pulls_what_matches)
{
	struct got got;
	int consumer;

	one(&self->p, 3);
	consumer = consume_filtered(self->fd, "q", 0, &self->p);
	ASSERT_LT(0, consumer);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("3", got.body);
	EXPECT_EQ(-EAGAIN, take(self->fd, consumer, &got));
	EXPECT_EQ(4, ready("q"));
}

/* What one leaves the other gets, in order; what both leave holds up nothing. */
TEST_F(choice, consumers_with_different_filters)
{
	int even, odd, i;
	char body[2] = "a";

	ASSERT_EQ(0, queue_purge("q"));
	one(&self->p, 0);
	even = consume_filtered(self->fd, "q", 100, &self->p);
	one(&self->p, 1);
	odd = consume_filtered(self->fd, "q", 100, &self->p);
	for (i = 0; i < 9; i++, ++*body)
		ASSERT_EQ(0, put_number(self->fd, body, i % 3));
	EXPECT_STREQ("adg", taken(self->fd, even));
	EXPECT_STREQ("beh", taken(self->fd, odd));
	EXPECT_EQ(3, ready("q"));
	EXPECT_STREQ("cfi", taken(self->fd, consume(self->fd, "q", 10)));
}

TEST_F(choice, consumer_with_and_without)
{
	int choosy, any;

	one(&self->p, 3);
	choosy = consume_filtered(self->fd, "q", 1, &self->p);
	any = consume(self->fd, "q", 10);
	EXPECT_STREQ("3", taken(self->fd, choosy));
	EXPECT_STREQ("0124", taken(self->fd, any));
}

/* The best of those that match, by free credit, as among consumers without filters. */
TEST_F(choice, best_of_those_that_match)
{
	int best, good, other;

	ASSERT_EQ(0, queue_purge("q"));
	one(&self->p, 1);
	good = consume_filtered(self->fd, "q", 5, &self->p);
	best = consume_filtered(self->fd, "q", 7, &self->p);
	one(&self->p, 2);
	other = consume_filtered(self->fd, "q", 100, &self->p);
	ASSERT_EQ(0, put_number(self->fd, "a", 1));
	ASSERT_EQ(0, put_number(self->fd, "b", 1));
	EXPECT_STREQ("ab", taken(self->fd, best));
	EXPECT_STREQ("", taken(self->fd, good));
	EXPECT_STREQ("", taken(self->fd, other));
}

/* Back to its place, even where the consumer has gone past it, and first in turn again. */
TEST_F(choice, what_comes_back_is_seen_again)
{
	struct got first, got;
	int consumer, i;

	some(&self->p);
	consumer = consume_filtered(self->fd, "q", 1, &self->p);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, take(self->fd, consumer, &first));
		EXPECT_STREQ("0", first.body);
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, consumer, first.d.tag));
	}
	ASSERT_EQ(0, take(self->fd, consumer, &first));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_ACCEPT, consumer, first.d.tag));
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("1", got.body);
}

/* Several come back behind the place it has reached, from several consumers. */
TEST_F(choice, several_come_back)
{
	int first, second, i;
	struct got got[3];

	some(&self->p);
	first = consume_filtered(self->fd, "q", 3, &self->p);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, take(self->fd, first, &got[i]));
	ASSERT_EQ(0, put_number(self->fd, "5", 2));
	ASSERT_EQ(0, put_number(self->fd, "6", 0));
	second = consume_filtered(self->fd, "q", 2, &self->p);
	EXPECT_STREQ("6", taken(self->fd, second));
	/* The second has one more to hold, and has passed all of these. */
	ASSERT_EQ(0, set_credit(self->fd, first, 0, 0));
	for (i = 2; i >= 0; i--)
		ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, first, got[i].d.tag));
	EXPECT_STREQ("4", taken(self->fd, second));
	ASSERT_EQ(0, set_credit(self->fd, second, 10, 1 << 20));
	EXPECT_STREQ("01", taken(self->fd, second));
	EXPECT_EQ(3, ready("q"));
}

/* Many at once come back to places that many have passed: each finds its own, in order. */
TEST_F(choice, many_come_back_past_many)
{
	int any, consumer[30], i, n, count = 0;
	char body[4], before[4];
	struct got got;

	ASSERT_EQ(0, queue_purge("q"));
	for (i = 0; i < 300; i++) {
		snprintf(body, sizeof(body), "%03d", i);
		ASSERT_EQ(0, put_number(self->fd, body, i % 4));
	}
	any = consume(self->fd, "q", 300);
	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, take(self->fd, any, &got));
	ASSERT_EQ(0, set_credit(self->fd, any, 0, 0));
	for (i = 0; i < 30; i++) {
		one(&self->p, i % 3);
		consumer[i] = consume_filtered(self->fd, "q", 10, &self->p);
		ASSERT_LT(0, consumer[i]);
	}
	/* Nobody's: all have come past the others now. */
	ASSERT_EQ(0, put_number(self->fd, "end", 9));
	ASSERT_EQ(0, settle_flags(self->fd, BROKER_OP_RELEASE, any, got.d.tag,
				  BROKER_SETTLE_F_CUMULATIVE));
	for (i = 0; i < 30; i++) {
		strcpy(before, "");
		while (!take(self->fd, consumer[i], &got)) {
			n = atoi(got.body);
			EXPECT_EQ(i % 3, n % 4);
			EXPECT_LT(0, strcmp(got.body, before));
			strcpy(before, got.body);
			count++;
		}
	}
	EXPECT_EQ(225, count);
	EXPECT_EQ(76, ready("q"));
}

TEST_F(choice, what_came_back_goes_elsewhere)
{
	struct got got;
	int first, any;

	some(&self->p);
	first = consume_filtered(self->fd, "q", 1, &self->p);
	ASSERT_EQ(0, take(self->fd, first, &got));
	EXPECT_STREQ("0", got.body);
	ASSERT_EQ(0, set_credit(self->fd, first, 0, 0));
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, first, got.d.tag));
	any = consume(self->fd, "q", 2);
	EXPECT_STREQ("01", taken(self->fd, any));
	ASSERT_EQ(0, set_credit(self->fd, first, 10, 1 << 20));
	EXPECT_STREQ("4", taken(self->fd, first));
	ASSERT_EQ(0, put_number(self->fd, "7", 1));
	EXPECT_STREQ("7", taken(self->fd, first));
}

/* A crash returns what a choosing consumer held; another that matches gets it. */
TEST_F(choice, holder_dies)
{
	int consumer, status;
	struct got got;
	pid_t pid;

	some(&self->p);
	pid = fork();
	if (!pid) {
		int fd = session_open();

		take(fd, consume_filtered(fd, "q", 10, &self->p), &got);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	consumer = consume_filtered(self->fd, "q", 10, &self->p);
	ASSERT_EQ(0, take(self->fd, consumer, &got));
	EXPECT_STREQ("0", got.body);
	EXPECT_EQ(1, got.d.failed);
	EXPECT_STREQ("14", taken(self->fd, consumer));
}

/* Far behind much that it does not want, and beyond what is looked at in one go. */
TEST_F(choice, consumer_far_behind)
{
	struct broker_consume c;
	int consumer, i;

	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, put(self->fd, "q", "x"));
	ASSERT_EQ(0, put_number(self->fd, "y", 4));
	one(&self->p, 4);
	consumer = consume_filtered(self->fd, "q", 10, &self->p);
	EXPECT_STREQ("4y", taken(self->fd, consumer));
	EXPECT_EQ(1004, ready("q"));
	/* And from the start for one that comes later. */
	c = consume_of("q", 2000);
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
	EXPECT_EQ(0, ready("q"));
}

TEST_F(choice, consumer_is_told_by_poll)
{
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN };

	ASSERT_EQ(0, queue_purge("q"));
	one(&self->p, 1);
	ASSERT_LT(0, consume_filtered(self->fd, "q", 10, &self->p));
	ASSERT_EQ(0, put_number(self->fd, "a", 2));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, put_number(self->fd, "b", 1));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
}

TEST_F(choice, consumer_with_a_bad_filter)
{
	op(&self->p, BROKER_FILTER_NOT);
	EXPECT_EQ(-EINVAL, consume_filtered(self->fd, "q", 10, &self->p));
	EXPECT_EQ(0, queue_get("q", BROKER_A_QUEUE_CONSUMERS));
}

TEST_F(choice, text_without_filter)
{
	struct broker_consume c = consume_of("q", 1);

	c.filter_text = (uintptr_t)"TRUE";
	c.filter_text_len = 4;
	EXPECT_EQ(-EINVAL, call(self->fd, BROKER_IOC_CONSUME, &c));
}

TEST_F(choice, text_too_long)
{
	static char words[BROKER_MAX_FILTER_TEXT + 1];
	struct broker_consume c = consume_of("q", 1);

	memset(words, 'x', sizeof(words));
	truth(&self->p);
	c.filter = (uintptr_t)self->p.bytes;
	c.filter_len = self->p.len;
	c.filter_text = (uintptr_t)words;
	c.filter_text_len = sizeof(words);
	EXPECT_EQ(-EMSGSIZE, call(self->fd, BROKER_IOC_CONSUME, &c));
	c.filter_text_len--;
	EXPECT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
}

TEST_F(choice, text_not_utf8)
{
	struct broker_consume c = consume_of("q", 1);

	truth(&self->p);
	c.filter = (uintptr_t)self->p.bytes;
	c.filter_len = self->p.len;
	c.filter_text = (uintptr_t)"a\0b";
	c.filter_text_len = 3;
	EXPECT_EQ(-EILSEQ, call(self->fd, BROKER_IOC_CONSUME, &c));
}

TEST_F(choice, headers_only)
{
	struct broker_consume c = consume_of("q", 1);
	struct got got;

	ASSERT_EQ(0, queue_purge("q"));
	ASSERT_EQ(0, publish(self->fd, .key = "q", .body = "a body of 21 bytes..."));
	c.flags = BROKER_CONSUME_F_HEADERS_ONLY;
	ASSERT_EQ(0, call(self->fd, BROKER_IOC_CONSUME, &c));
	ASSERT_EQ(0, take(self->fd, c.consumer, &got));
	EXPECT_EQ(0, got.d.body_len);
	EXPECT_EQ(21, got.d.body_size);
	EXPECT_STREQ("q", got.key);
	EXPECT_GT(sizeof(got.d) + 16, got.d.size);
	/* To others it goes whole. */
	ASSERT_EQ(0, settle(self->fd, BROKER_OP_RELEASE, c.consumer, got.d.tag));
	ASSERT_EQ(0, cancel(self->fd, c.consumer));
	ASSERT_EQ(0, take(self->fd, consume(self->fd, "q", 1), &got));
	EXPECT_EQ(21, got.d.body_len);
	EXPECT_EQ(21, got.d.body_size);
	EXPECT_STREQ("a body of 21 bytes...", got.body);
}

TEST_HARNESS_MAIN
