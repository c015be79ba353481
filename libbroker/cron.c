// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calendars: compiles the five fields of cron to what "Calendars" in linux/broker.h
 * describes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "internal.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* A zone is known from some days ago on: a clock may be set back. */
#define ZONE_BEFORE	(3 * 86400)

struct broker_cron {
	struct {
		struct broker_calendar calendar;
		struct broker_calendar_change changes[BROKER_MAX_CALENDAR_CHANGES];
	} program;
	size_t length;
	char *timezone;			/* in @text, behind its NUL */
	char text[];
};

static const char *const months[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"
};
static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

/* In the order in which they stand */
static const struct field {
	unsigned int min, max;
	const char *const *names;	/* of @min and up */
	unsigned int nr_names;
	const char *range;
} fields[] = {
	{ 0, 59, NULL, 0, "a minute is 0 to 59" },
	{ 0, 23, NULL, 0, "an hour is 0 to 23" },
	{ 1, 31, NULL, 0, "a day of the month is 1 to 31" },
	{ 1, 12, months, COUNT(months), "a month is 1 to 12, or jan to dec" },
	{ 0, 7, weekdays, COUNT(weekdays), "a day of the week is 0 to 7, or sun to sat" },
};

static const struct {
	const char *name, *fields;
} nicknames[] = {
	{ "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
	{ "@monthly", "0 0 1 * *" },
	{ "@weekly", "0 0 * * 0" },
	{ "@daily", "0 0 * * *" },
	{ "@midnight", "0 0 * * *" },
	{ "@hourly", "0 * * * *" },
};

struct parser {
	const char *at;
	const char *error;
};

static int fail(struct parser *p, const char *error)
{
	p->error = error;
	return -EINVAL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int parse_digits(struct parser *p, unsigned int *number)
{
	const char *start = p->at;

	for (*number = 0; *p->at >= '0' && *p->at <= '9'; p->at++) {
		*number = 10 * *number + *p->at - '0';
		if (*number > 9999) {
			p->at = start;
			return fail(p, "the number is too large");
		}
	}
	return p->at == start ? fail(p, "a number is missing here") : 0;
}

/* A number of a field, or a name for one */
static int parse_value(struct parser *p, const struct field *field, unsigned int *value)
{
	const char *start = p->at;
	int err;

	if (!is_letter(*p->at)) {
		err = parse_digits(p, value);
		if (err || (*value >= field->min && *value <= field->max))
			return err;
		p->at = start;
		return fail(p, field->range);
	}
	while (is_letter(*p->at))
		p->at++;
	for (unsigned int i = 0; i < field->nr_names; i++) {
		if (p->at - start == 3 && !strncasecmp(start, field->names[i], 3)) {
			*value = field->min + i;
			return 0;
		}
	}
	p->at = start;
	return fail(p, field->nr_names ? field->range : "this field has no names, only numbers");
}

/* "*", "5", "1-5", "1-5/2" or "*" with a step: sets bits. */
static int parse_item(struct parser *p, const struct field *field, uint64_t *bits)
{
	unsigned int first = field->min, last = field->max, step = 1;
	const char *start = p->at;
	bool range = true;
	int err = 0;

	if (*p->at == '*') {
		p->at++;
		/* Sunday is there twice. */
		if (field->names == weekdays)
			last = 6;
	} else {
		err = parse_value(p, field, &first);
		last = first;
		range = !err && *p->at == '-';
		if (range) {
			p->at++;
			err = parse_value(p, field, &last);
		}
	}
	if (err)
		return err;
	if (last < first) {
		p->at = start;
		return fail(p, "the range goes backwards: write it as two, with a comma");
	}
	if (*p->at == '/') {
		if (!range)
			return fail(p, "a step goes with a range, or with *");
		p->at++;
		start = p->at;
		err = parse_digits(p, &step);
		if (!err && !step) {
			p->at = start;
			err = fail(p, "a step is 1 at least");
		}
	}
	for (unsigned int value = first; !err && value <= last; value += step)
		*bits |= 1ULL << value;
	return err;
}

static int parse_field(struct parser *p, const struct field *field, uint64_t *bits)
{
	int err;

	while (is_space(*p->at))
		p->at++;
	if (!*p->at)
		return fail(p, "a field is missing: minute, hour, day, month and day of the week");
	for (*bits = 0;; p->at++) {
		err = parse_item(p, field, bits);
		if (err)
			return err;
		if (*p->at != ',')
			break;
	}
	return *p->at && !is_space(*p->at) ? fail(p, "this is not part of a field") : 0;
}

static int parse_fields(struct parser *p, struct broker_calendar *calendar)
{
	bool any_day = false;
	uint64_t bits[5];

	for (unsigned int i = 0; i < COUNT(fields); i++) {
		int err;

		while (is_space(*p->at))
			p->at++;
		/* As cron has it: by how they begin. */
		any_day |= (i == 2 || i == 4) && *p->at == '*';
		err = parse_field(p, &fields[i], &bits[i]);
		if (err)
			return err;
	}
	while (is_space(*p->at))
		p->at++;
	if (*p->at)
		return fail(p, "there are five fields, and something behind them");
	calendar->minutes = bits[0];
	calendar->hours = bits[1];
	calendar->days = bits[2];
	calendar->months = bits[3];
	calendar->weekdays = (bits[4] | bits[4] >> 7) & 0x7f;
	calendar->flags = any_day ? 0 : BROKER_CALENDAR_F_EITHER_DAY;
	return 0;
}

static int parse_text(struct parser *p, const char *text, struct broker_calendar *calendar)
{
	const char *start;

	p->at = text;
	while (is_space(*p->at))
		p->at++;
	if (*p->at != '@')
		return parse_fields(p, calendar);
	start = p->at;
	for (unsigned int i = 0; i < COUNT(nicknames); i++) {
		size_t length = strlen(nicknames[i].name);

		if (strncasecmp(start, nicknames[i].name, length))
			continue;
		if (start[length + strspn(start + length, " \t")])
			continue;
		p->at = nicknames[i].fields;
		return parse_fields(p, calendar);
	}
	return fail(p, "not one of @yearly, @monthly, @weekly, @daily, @midnight and @hourly");
}

/* Whether a day of these months has such a number */
static bool has_day(const struct broker_calendar *calendar)
{
	for (unsigned int month = 1; month <= 12; month++) {
		bool is_short = month == 4 || month == 6 || month == 9 || month == 11;
		unsigned int length = month == 2 ? 29 : is_short ? 30 : 31;

		if (calendar->months >> month & 1 &&
		    calendar->days & ((1ULL << (length + 1)) - 1))
			return true;
	}
	return calendar->flags & BROKER_CALENDAR_F_EITHER_DAY;
}

static int compile(struct broker_cron *cron, struct parser *p)
{
	struct broker_calendar *calendar = &cron->program.calendar;
	struct broker_zone zone;
	int err;

	err = parse_text(p, cron->text, calendar);
	if (err)
		return err;
	p->at = NULL;
	if (!has_day(calendar))
		return fail(p, "there is no such day in these months");
	err = broker_zone_read(&zone, cron->timezone, time(NULL) - ZONE_BEFORE);
	if (err == -ENOENT || err == -EACCES || err == -EINVAL) {
		p->error = err == -EINVAL ? "the file of the time zone is malformed" :
					    "no such time zone";
		return err;
	}
	if (err)
		return err;
	calendar->offset = zone.offset;
	memcpy(cron->program.changes, zone.changes, zone.nr * sizeof(zone.changes[0]));
	cron->length = sizeof(*calendar) + zone.nr * sizeof(zone.changes[0]);
	return 0;
}

int broker_cron_new(struct broker_cron **cron, const char *text, const char *timezone,
		    const char **error, unsigned int *error_column)
{
	size_t length = strlen(text) + 1;
	struct parser p = { .at = text };
	struct broker_cron *new = NULL;
	int err = 0;

	timezone = timezone ? timezone : "";
	if (length > BROKER_MAX_CRON + 1)
		err = fail(&p, "the text is too long");
	else if (strlen(timezone) > BROKER_MAX_TIMEZONE)
		err = fail(&p, "the name of the time zone is too long");
	else if (!(new = calloc(1, sizeof(*new) + length + strlen(timezone) + 1)))
		err = -ENOMEM;
	if (!err) {
		memcpy(new->text, text, length);
		new->timezone = strcpy(new->text + length, timezone);
		err = compile(new, &p);
	}
	if (error)
		*error = p.error ? p.error : err ? strerror(-err) : NULL;
	if (error_column)
		*error_column = err && new && p.at >= new->text && p.at <= new->text + length ?
				p.at - new->text + 1 : 0;
	if (err)
		free(new);
	else
		*cron = new;
	return err;
}

struct broker_cron *broker_cron_free(struct broker_cron *cron)
{
	free(cron);
	return NULL;
}

const char *broker_cron_text(const struct broker_cron *cron)
{
	return cron->text;
}

const char *broker_cron_timezone(const struct broker_cron *cron)
{
	return cron->timezone;
}

const void *broker_cron_calendar(const struct broker_cron *cron, size_t *length)
{
	*length = cron->length;
	return &cron->program;
}
