// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's side of calendars: what it takes, and random ones against a naive twin. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/calendar.h"
#include "tap.h"

#define DAY	1440
#define BASE	(20000U * DAY)

static const struct broker_calendar each_minute = {
	.minutes = (1ULL << 60) - 1, .hours = (1U << 24) - 1, .days = ~1U, .months = 0x1ffe,
	.weekdays = 0x7f,
};

struct program {
	struct broker_calendar calendar;
	struct broker_calendar_change change[BROKER_MAX_CALENDAR_CHANGES + 1];
};

static int check(const struct program *program, unsigned int nr)
{
	size_t length = sizeof(program->calendar) + nr * sizeof(program->change[0]);
	struct broker_times times;
	void *copy = malloc(length);
	int err;

	memcpy(copy, program, length);
	err = broker_calendar_check(&times, copy, length);
	free(copy);
	return err;
}

static void test_takes_what_is_good(void)
{
	struct program program = { .calendar = each_minute };

	EXPECT_EQ(check(&program, 0), 0);
	for (unsigned int i = 0; i < BROKER_MAX_CALENDAR_CHANGES; i++)
		program.change[i] = (struct broker_calendar_change){ (i + 1) * 2 * DAY, i % 2 };
	EXPECT_EQ(check(&program, BROKER_MAX_CALENDAR_CHANGES), 0);
	EXPECT_EQ(check(&program, BROKER_MAX_CALENDAR_CHANGES + 1), -EINVAL);
}

#define REFUSES(nr, ...)							\
	do {									\
		struct program program = { .calendar = each_minute };		\
										\
		program.change[0].minute = BASE;				\
		program.change[1].minute = BASE + 2 * DAY;			\
		EXPECT_EQ(check(&program, nr), 0);				\
		__VA_ARGS__;							\
		EXPECT_EQ(check(&program, nr), -EINVAL);			\
	} while (0)

static void test_refuses_bits(void)
{
	REFUSES(0, program.calendar.minutes = 0);
	REFUSES(0, program.calendar.minutes |= 1ULL << 60);
	REFUSES(0, program.calendar.hours = 0);
	REFUSES(0, program.calendar.hours |= 1U << 24);
	REFUSES(0, program.calendar.days = 0);
	REFUSES(0, program.calendar.days |= 1);
	REFUSES(0, program.calendar.months = 0);
	REFUSES(0, program.calendar.months |= 1);
	REFUSES(0, program.calendar.months |= 1 << 13);
	REFUSES(0, program.calendar.weekdays = 0);
	REFUSES(0, program.calendar.weekdays |= 1 << 7);
	REFUSES(0, program.calendar.flags = 2);
	/* February 30 */
	REFUSES(0, program.calendar.days = 1U << 30, program.calendar.months = 1 << 2);
}

static void test_refuses_changes(void)
{
	REFUSES(0, program.calendar.offset = DAY);
	REFUSES(0, program.calendar.offset = -DAY);
	REFUSES(1, program.change[0].offset = DAY);
	REFUSES(1, program.change[0].offset = INT32_MIN);
	REFUSES(1, program.change[0].minute = 2 * DAY - 1);
	REFUSES(1, program.change[0].minute = 1U << 31);
	REFUSES(2, program.change[1].minute--);
	REFUSES(2, program.change[1].minute = 0);
	REFUSES(2, program.change[1].minute = UINT32_MAX);
}

static void test_refuses_lengths(void)
{
	struct program program = { .calendar = each_minute };
	struct broker_times times;

	program.change[0].minute = BASE;
	for (size_t length = 0; length <= sizeof(program.calendar) + 8; length++) {
		void *copy = malloc(length ? length : 1);

		memcpy(copy, &program, length);
		EXPECT_EQ(broker_calendar_check(&times, copy, length),
			  length == sizeof(program.calendar) ||
			  length == sizeof(program.calendar) + 8 ? 0 : -EINVAL);
		free(copy);
	}
}

static void test_rare_days(void)
{
	struct broker_times times = { .calendar = each_minute };

	times.calendar.minutes = times.calendar.hours = 1;
	times.calendar.months = 1 << 2;
	times.calendar.days = 1U << 29;
	EXPECT_EQ(broker_calendar_next(&times, UINT32_MAX), 0);
	/* 2096 to 2104: 2100 has no February 29 */
	EXPECT_EQ(broker_calendar_next(&times, 46080 * DAY), 49001 * DAY);
	/* and on a Monday: 2072 to 2112 */
	times.calendar.weekdays = 1 << 1;
	EXPECT_EQ(broker_calendar_next(&times, 37314 * DAY), 51923 * DAY);
}

/* Counts days from 1970 on, one by one. */
struct walk {
	unsigned int day, year, month, mday;
};

static unsigned int length_of(unsigned int year, unsigned int month)
{
	static const unsigned char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;

	return lengths[month - 1] + (month == 2 && leap);
}

static void walk_to(struct walk *walk, unsigned int day)
{
	while (walk->day < day) {
		walk->day++;
		if (++walk->mday <= length_of(walk->year, walk->month))
			continue;
		walk->mday = 1;
		if (++walk->month <= 12)
			continue;
		walk->month = 1;
		walk->year++;
	}
}

static bool local_matches(const struct broker_times *times, struct walk *walk, unsigned int local)
{
	const struct broker_calendar *c = &times->calendar;
	bool of_month, of_week;

	walk_to(walk, local / DAY);
	of_month = c->days >> walk->mday & 1;
	of_week = c->weekdays >> (walk->day + 4) % 7 & 1;
	return c->minutes >> local % 60 & 1 && c->hours >> local / 60 % 24 & 1 &&
	       c->months >> walk->month & 1 &&
	       (c->flags ? of_month || of_week : of_month && of_week);
}

static int offset_at(const struct broker_times *times, unsigned int minute)
{
	int offset = times->calendar.offset;

	for (unsigned int i = 0; i < times->nr && times->change[i].minute <= minute; i++)
		offset = times->change[i].offset;
	return offset;
}

#define SPAN	(12 * DAY)

/* By the words of linux/broker.h, a minute after the other; local minutes seen are noted. */
static void naive(const struct broker_times *times, bool *fires)
{
	static bool seen[SPAN + 8 * DAY], match[SPAN + 8 * DAY];
	unsigned int first = BASE - 4 * DAY;
	bool hourly = times->calendar.hours == (1U << 24) - 1;
	struct walk walk = { 0, 1970, 1, 1 };

	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < SPAN + 8 * DAY; i++)
		match[i] = local_matches(times, &walk, first + i);
	memset(fires, 0, SPAN * sizeof(*fires));
	for (unsigned int i = 0; i < SPAN; i++) {
		unsigned int minute = BASE + i;
		int offset = offset_at(times, minute), before = offset_at(times, minute - 1);
		unsigned int local = minute + offset - first;

		fires[i] = match[local] && (hourly || !seen[local]);
		for (int skipped = before; !hourly && skipped < offset; skipped++)
			fires[i] |= match[minute + skipped - first];
		seen[local] = true;
		/* What was before this span began */
		if (!i)
			memset(seen, 1, local);
	}
}

static void random_times(struct rng *rng, struct broker_times *times)
{
	struct broker_calendar *c = &times->calendar;
	unsigned int minute = BASE + 1 + rng_below(rng, DAY);

	memset(times, 0, sizeof(*times));
	do {
		c->minutes = rng_next(rng) & rng_next(rng) & rng_next(rng) & each_minute.minutes;
	} while (!c->minutes);
	do {
		c->hours = rng_percent(rng, 20) ? each_minute.hours :
			   rng_next(rng) & rng_next(rng) & each_minute.hours;
	} while (!c->hours);
	c->days = rng_percent(rng, 50) ? each_minute.days :
		  (rng_next(rng) & each_minute.days) | 1 << 5;
	c->months = rng_percent(rng, 80) ? each_minute.months : 1 << (1 + rng_below(rng, 12));
	c->weekdays = rng_percent(rng, 50) ? 0x7f : 1 + rng_below(rng, 0x7f);
	c->flags = rng_percent(rng, 30);
	c->offset = (int)rng_below(rng, 2 * DAY - 1) - (DAY - 1);
	for (times->nr = 0; times->nr < rng_below(rng, 5); times->nr++) {
		int jump = rng_percent(rng, 70) ? ((int)rng_below(rng, 9) - 4) * 30 : 0;

		int offset = jump ? offset_at(times, minute) + jump :
				    (int)rng_below(rng, 2 * DAY - 1) - (DAY - 1);

		times->change[times->nr].minute = minute;
		times->change[times->nr].offset = abs(offset) < DAY ? offset : 0;
		minute += 2 * DAY + rng_below(rng, DAY);
	}
}

static void test_like_naive(void)
{
	unsigned long cases = tap_cases(400);
	struct rng rng = { tap_seed() };
	static bool fires[SPAN];

	for (unsigned long n = 0; n < cases && !tap_failed(); n++) {
		const struct broker_calendar *program;
		struct broker_times times, checked;
		size_t length;
		unsigned int minute = BASE;

		random_times(&rng, &times);
		program = &times.calendar;
		length = sizeof(*program) + times.nr * sizeof(times.change[0]);
		if (broker_calendar_check(&checked, program, length))
			continue;
		naive(&times, fires);
		for (unsigned int i = 1; i < SPAN; i++) {
			unsigned int next;

			if (!fires[i])
				continue;
			next = broker_calendar_next(&checked, minute);
			EXPECT_EQ(next, BASE + i);
			if (next != BASE + i)
				return;
			minute = next;
		}
		/* And none behind the last. */
		minute = broker_calendar_next(&checked, minute);
		EXPECT(!minute || minute >= BASE + SPAN);
	}
}

static const struct tap_test tests[] = {
	TAP_TEST(takes_what_is_good),
	TAP_TEST(refuses_bits),
	TAP_TEST(refuses_changes),
	TAP_TEST(refuses_lengths),
	TAP_TEST(rare_days),
	TAP_TEST(like_naive),
};

TAP_MAIN(tests)
