// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/types.h>

#include <linux/broker.h>

#include "calendar.h"

#define DAY		(24 * 60)
#define APART		(2 * DAY)	/* changes of offset, at least */
#define LAST_MINUTE	(1U << 31)

/* February 29 is never farther away, on a given day of the week neither. */
#define SEARCH_DAYS	(41 * 366)

#define ALL_HOURS	((1U << 24) - 1)

/* A day of local time, whatever its zone */
struct date {
	__u32 number;		/* since 1970 */
	__u32 year;
	__u32 month;		/* 1 to 12 */
	__u32 day;		/* 1 to 31 */
};

static __u32 leap_days_before(__u32 year)
{
	year--;
	return year / 4 - year / 100 + year / 400;
}

/* Number of January 1 */
static __u32 year_begin(__u32 year)
{
	return 365 * (year - 1970) + leap_days_before(year) - leap_days_before(1970);
}

static __u32 month_length(__u32 year, __u32 month)
{
	if (month == 2)
		return 28 + (leap_days_before(year + 1) - leap_days_before(year));
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void date_of(struct date *date, __u32 number)
{
	__u32 year = 1970 + number / 366;

	while (year_begin(year + 1) <= number)
		year++;
	date->number = number;
	date->year = year;
	date->month = 1;
	date->day = number - year_begin(year) + 1;
	while (date->day > month_length(year, date->month))
		date->day -= month_length(year, date->month++);
}

static void date_next_month(struct date *date)
{
	date->number += month_length(date->year, date->month) - date->day + 1;
	date->day = 1;
	if (++date->month > 12) {
		date->month = 1;
		date->year++;
	}
}

static void date_next(struct date *date)
{
	if (date->day == month_length(date->year, date->month)) {
		date_next_month(date);
	} else {
		date->day++;
		date->number++;
	}
}

static int day_matches(const struct broker_calendar *calendar, const struct date *date)
{
	int of_month = calendar->days >> date->day & 1;
	/* January 1, 1970 was a Thursday. */
	int of_week = calendar->weekdays >> (date->number + 4) % 7 & 1;

	if (calendar->flags & BROKER_CALENDAR_F_EITHER_DAY)
		return of_month || of_week;
	return of_month && of_week;
}

/* The first minute of a day that matches, from @minute on; or DAY. */
static __u32 match_minute(const struct broker_calendar *calendar, __u32 minute)
{
	__u32 hour = minute / 60;

	for (minute %= 60; hour < 24; hour++, minute = 0) {
		if (!(calendar->hours >> hour & 1))
			continue;
		for (; minute < 60; minute++)
			if (calendar->minutes >> minute & 1)
				return hour * 60 + minute;
	}
	return DAY;
}

/* The first minute of local time that matches, from @local on; 0: there is none. */
static __u32 match_local(const struct broker_calendar *calendar, __u32 local)
{
	__u32 minute = local % DAY, end;
	struct date date;

	date_of(&date, local / DAY);
	end = date.number + SEARCH_DAYS;
	while (date.number < end) {
		if (!(calendar->months >> date.month & 1)) {
			date_next_month(&date);
			minute = 0;
			continue;
		}
		if (day_matches(calendar, &date)) {
			minute = match_minute(calendar, minute);
			if (minute < DAY)
				return date.number * DAY + minute;
		}
		date_next(&date);
		minute = 0;
	}
	return 0;
}

/* By time as it passes: what the zone does to local time is nothing to make up for. */
static int is_hourly(const struct broker_calendar *calendar)
{
	return calendar->hours == ALL_HOURS;
}

/* Local time from change @i on; before the first, if that is 0. */
static __s32 offset_from(const struct broker_times *times, __u32 i)
{
	return i ? times->change[i - 1].offset : times->calendar.offset;
}

/* Whether a minute that matches was left out by change @i. */
static int skips_match(const struct broker_times *times, __u32 i)
{
	__u32 begin = times->change[i - 1].minute, match;

	if (is_hourly(&times->calendar) || offset_from(times, i) <= offset_from(times, i - 1))
		return 0;
	match = match_local(&times->calendar, begin + offset_from(times, i - 1));
	return match && match < begin + offset_from(times, i);
}

/* The first match from @minute on, before change @i + 1; 0: there is none. */
static __u32 match_between(const struct broker_times *times, __u32 i, __u32 minute)
{
	__u32 end = i < times->nr ? times->change[i].minute : LAST_MINUTE;
	__u32 local = minute + offset_from(times, i), seen = 0;

	/* Local time had come so far before the change, and maybe farther than now. */
	if (i && !is_hourly(&times->calendar))
		seen = times->change[i - 1].minute + offset_from(times, i - 1);
	local = match_local(&times->calendar, local > seen ? local : seen);
	if (!local || local - offset_from(times, i) >= end)
		return 0;
	return local - offset_from(times, i);
}

__u32 broker_calendar_next(const struct broker_times *times, __u32 minute)
{
	__u32 i = 0, match;

	if (minute >= LAST_MINUTE)
		return 0;
	/* No local time is before 1970. */
	minute = minute < APART ? APART : minute + 1;
	while (i < times->nr && times->change[i].minute <= minute)
		i++;
	while (minute < LAST_MINUTE) {
		if (i && times->change[i - 1].minute == minute && skips_match(times, i))
			return minute;
		match = match_between(times, i, minute);
		if (match || i == times->nr)
			return match;
		minute = times->change[i++].minute;
	}
	return 0;
}

static int offset_good(__s32 offset)
{
	return offset > -DAY && offset < DAY;
}

static int changes_good(const struct broker_times *times)
{
	__u32 last = 0, i;

	if (!offset_good(times->calendar.offset))
		return 0;
	for (i = 0; i < times->nr; i++) {
		const struct broker_calendar_change *change = &times->change[i];

		if (change->minute >= LAST_MINUTE || change->minute < last + APART ||
		    !offset_good(change->offset))
			return 0;
		last = change->minute;
	}
	return 1;
}

static int bits_good(const struct broker_calendar *calendar)
{
	return calendar->minutes && !(calendar->minutes >> 60) &&
	       calendar->hours && !(calendar->hours >> 24) &&
	       calendar->days && !(calendar->days & 1) &&
	       calendar->months && !(calendar->months & 1) && !(calendar->months >> 13) &&
	       calendar->weekdays && !(calendar->weekdays >> 7) &&
	       !(calendar->flags & ~BROKER_CALENDAR_F_EITHER_DAY);
}

static void copy(void *to, const void *from, __u32 len)
{
	while (len--)
		((char *)to)[len] = ((const char *)from)[len];
}

int broker_calendar_check(struct broker_times *times, const void *program, __u32 len)
{
	const char *changes = (const char *)program + sizeof(times->calendar);

	if (len < sizeof(times->calendar) ||
	    (len - sizeof(times->calendar)) % sizeof(times->change[0]))
		return -EINVAL;
	times->nr = (len - sizeof(times->calendar)) / sizeof(times->change[0]);
	if (times->nr > BROKER_MAX_CALENDAR_CHANGES)
		return -EINVAL;
	copy(&times->calendar, program, sizeof(times->calendar));
	copy(times->change, changes, times->nr * sizeof(times->change[0]));
	if (!bits_good(&times->calendar) || !changes_good(times))
		return -EINVAL;
	return match_local(&times->calendar, DAY) ? 0 : -EINVAL;
}
