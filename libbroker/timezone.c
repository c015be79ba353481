// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Time zones: reads what is to come from the files of the tz database, RFC 8536, as
 * the C library knows but one zone at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define FOLDER		"/usr/share/zoneinfo"
#define SIZE_MAX_FILE	(1 << 20)
#define HEADER_SIZE	44
#define SECONDS_PER_DAY	86400

/* Changes closer than that are one. */
#define APART		(2 * SECONDS_PER_DAY)

/* The counts of a header, in its order */
struct counts {
	uint32_t utc, std, leap, time, type, chars;
};

/* A day of a year in a rule, and when on it local time changes */
struct rule {
	char kind;			/* J, M, or 0: day of the year from 0 */
	int month, week, day;
	int time;			/* seconds */
};

/* What a zone does after all that its file lists */
struct rules {
	int std, dst;			/* seconds ahead of UTC */
	bool has_dst;
	struct rule begin, end;
};

static uint32_t read32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static int64_t read64(const unsigned char *at)
{
	return (int64_t)((uint64_t)read32(at) << 32 | read32(at + 4));
}

/* The change at @time, in seconds since 1970, is the last so far. */
static void add(struct broker_zone *zone, int64_t time, int offset)
{
	struct broker_calendar_change *last = &zone->changes[zone->nr];
	int before;

	if (time <= zone->from) {
		zone->offset = offset / 60;
		return;
	}
	if (zone->nr && time - (int64_t)last[-1].minute * 60 < APART) {
		last--;
		zone->nr--;
	}
	before = zone->nr ? last[-1].offset : zone->offset;
	if (offset / 60 == before || zone->nr == BROKER_MAX_CALENDAR_CHANGES)
		return;
	last->minute = time / 60;
	last->offset = offset / 60;
	zone->nr++;
}

static int64_t days_before_year(int64_t year)
{
	int64_t y = year - 1;

	/* 477 leap days were before 1970. */
	return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) - 477;
}

static bool is_leap(int64_t year)
{
	return days_before_year(year + 1) - days_before_year(year) == 366;
}

/* Days since 1970 of the rule's day in a year */
static int64_t rule_day(const struct rule *rule, int64_t year)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t day = days_before_year(year);
	int first, length;

	if (rule->kind == 'J')		/* never February 29 */
		return day + rule->day - 1 + (is_leap(year) && rule->day >= 60);
	if (!rule->kind)
		return day + rule->day;
	for (int month = 1; month < rule->month; month++)
		day += lengths[month - 1] + (month == 2 && is_leap(year));
	length = lengths[rule->month - 1] + (rule->month == 2 && is_leap(year));
	/* January 1, 1970 was a Thursday; the first such weekday, then weeks on, 5 is the last */
	first = (rule->day - (day + 4) % 7 + 7) % 7;
	first += 7 * (rule->week - 1);
	return day + (first < length ? first : first - 7);
}

static int64_t rule_time(const struct rule *rule, int64_t year, int offset)
{
	return rule_day(rule, year) * SECONDS_PER_DAY + rule->time - offset;
}

/* From the year before @after or @from, whose last change may be the one in force. */
static void add_rules(struct broker_zone *zone, const struct rules *rules, int64_t after)
{
	int64_t start = zone->from > after ? zone->from : after;
	int64_t first = 1969 + start / SECONDS_PER_DAY / 366;

	while (days_before_year(first + 2) * SECONDS_PER_DAY <= start)
		first++;
	for (int64_t year = first; year < first + BROKER_MAX_CALENDAR_CHANGES; year++) {
		int64_t begin = rule_time(&rules->begin, year, rules->std);
		int64_t end = rule_time(&rules->end, year, rules->dst);

		if (begin < end && begin > after)
			add(zone, begin, rules->dst);
		if (end > after)
			add(zone, end, rules->std);
		if (begin >= end && begin > after)
			add(zone, begin, rules->dst);
	}
}

static const char *parse_number(const char *at, int max, int *number)
{
	if (!at || *at < '0' || *at > '9')
		return NULL;
	for (*number = 0; *at >= '0' && *at <= '9'; at++) {
		*number = 10 * *number + *at - '0';
		if (*number > max)
			return NULL;
	}
	return at;
}

/* [+-]hh[:mm[:ss]], in seconds */
static const char *parse_time(const char *at, int *time)
{
	int part, sign = 1, unit = 3600;

	if (*at == '+' || *at == '-')
		sign = *at++ == '-' ? -1 : 1;
	*time = 0;
	for (;; at++, unit /= 60) {
		at = parse_number(at, unit == 3600 ? 167 : 59, &part);
		if (!at)
			return NULL;
		*time += sign * part * unit;
		if (*at != ':' || unit == 1)
			return at;
	}
}

static const char *parse_name(const char *at)
{
	if (*at != '<')
		return at + strcspn(at, "+-0123456789,");
	at = strchr(at, '>');
	return at ? at + 1 : NULL;
}

static const char *parse_rule(const char *at, struct rule *rule)
{
	if (!at || *at++ != ',')
		return NULL;
	rule->kind = *at == 'J' || *at == 'M' ? *at++ : 0;
	if (rule->kind == 'M') {
		at = parse_number(at, 12, &rule->month);
		at = at && *at == '.' ? parse_number(at + 1, 5, &rule->week) : NULL;
		at = at && *at == '.' ? parse_number(at + 1, 6, &rule->day) : NULL;
		if (!at || !rule->month || !rule->week)
			return NULL;
	} else {
		at = parse_number(at, 365, &rule->day);
		if (!at || (rule->kind == 'J' && !rule->day))
			return NULL;
	}
	rule->time = 2 * 3600;
	return *at == '/' ? parse_time(at + 1, &rule->time) : at;
}

/* As TZ in the environment is written, whose offsets are behind UTC. */
static bool parse_rules(const char *at, struct rules *rules)
{
	at = parse_name(at);
	at = at ? parse_time(at, &rules->std) : NULL;
	if (!at)
		return false;
	rules->std = -rules->std;
	rules->has_dst = *at;
	if (!*at)
		return true;
	at = parse_name(at);
	rules->dst = rules->std + 3600;
	if (at && *at && *at != ',') {
		at = parse_time(at, &rules->dst);
		rules->dst = -rules->dst;
	}
	at = parse_rule(at, &rules->begin);
	at = parse_rule(at, &rules->end);
	return at && !*at;
}

static void read_counts(const unsigned char *at, struct counts *counts)
{
	counts->utc = read32(at + 20);
	counts->std = read32(at + 24);
	counts->leap = read32(at + 28);
	counts->time = read32(at + 32);
	counts->type = read32(at + 36);
	counts->chars = read32(at + 40);
}

/* Bytes behind the header */
static uint64_t data_size(const struct counts *counts, unsigned int time_size)
{
	return (uint64_t)counts->time * (time_size + 1) + (uint64_t)counts->type * 6 +
	       counts->chars + (uint64_t)counts->leap * (time_size + 4) + counts->std +
	       counts->utc;
}

static bool is_header(const unsigned char *at, uint64_t left)
{
	return left >= HEADER_SIZE && !memcmp(at, "TZif", 4);
}

/* @bytes has a NUL behind it. */
static int parse_file(struct broker_zone *zone, const unsigned char *bytes, uint64_t length)
{
	const unsigned char *times, *types;
	struct rules rules = { 0 };
	struct counts counts;
	int64_t last = INT64_MIN;
	char *footer, *end;
	uint64_t skip;

	/* The first half is for readers of 32 bits. */
	if (!is_header(bytes, length) || bytes[4] < '2')
		return -EINVAL;
	read_counts(bytes, &counts);
	skip = HEADER_SIZE + data_size(&counts, 4);
	if (skip > length || !is_header(bytes + skip, length - skip))
		return -EINVAL;
	bytes += skip;
	length -= skip;
	read_counts(bytes, &counts);
	skip = HEADER_SIZE + data_size(&counts, 8);
	if (skip >= length || !counts.type || bytes[skip] != '\n')
		return -EINVAL;

	times = bytes + HEADER_SIZE;
	types = times + (uint64_t)counts.time * 9;
	add(zone, INT64_MIN, (int32_t)read32(types));
	for (uint32_t i = 0; i < counts.time; i++) {
		unsigned int type = times[(uint64_t)counts.time * 8 + i];
		int64_t time = read64(times + 8 * (uint64_t)i);

		if (type >= counts.type || time < last || time > (int64_t)INT32_MAX * 60)
			return -EINVAL;
		add(zone, time, (int32_t)read32(types + 6 * type));
		last = time;
	}

	footer = (char *)bytes + skip + 1;
	end = strchr(footer, '\n');
	if (!end)
		return -EINVAL;
	*end = '\0';
	if (!*footer)
		return 0;
	if (!parse_rules(footer, &rules))
		return -EINVAL;
	if (rules.has_dst)
		add_rules(zone, &rules, last);
	else if (!counts.time)
		add(zone, INT64_MIN, rules.std);
	return 0;
}

static int read_file(int file, unsigned char **bytes, size_t *length)
{
	struct stat st;
	ssize_t got;

	if (fstat(file, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > SIZE_MAX_FILE)
		return -EINVAL;
	*bytes = malloc(st.st_size + 1);
	if (!*bytes)
		return -ENOMEM;
	*length = 0;
	do {
		got = read(file, *bytes + *length, st.st_size - *length);
		if (got > 0)
			*length += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	(*bytes)[*length] = '\0';
	return got < 0 ? -errno : 0;
}

static bool is_name(const char *name)
{
	return *name != '/' && strlen(name) <= BROKER_MAX_TIMEZONE && !strstr(name, "..");
}

int broker_zone_read(struct broker_zone *zone, const char *name, int64_t from)
{
	const char *folder = secure_getenv("TZDIR");
	unsigned char *bytes = NULL;
	char path[PATH_MAX];
	int file, err;
	size_t length = 0;

	*zone = (struct broker_zone) { .from = from };
	if (!*name || !strcmp(name, "UTC"))
		return 0;
	if (!is_name(name))
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s", folder ? folder : FOLDER, name);
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	err = read_file(file, &bytes, &length);
	if (!err)
		err = parse_file(zone, bytes, length);
	free(bytes);
	close(file);
	return err;
}
