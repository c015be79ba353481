// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers what the library and the kernel make of calendars, for calendar_oracle.
 * A line of standard input is
 *
 *   NOW FROM UNTIL ZONE CRON
 *
 * with the time of compiling in seconds, and a range of minutes, behind FROM up to
 * UNTIL.  The answer is a line: the minutes in which it comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <broker.h>

#include "../../kmod/calendar.h"

extern time_t calendar_now;

static void answer(const char *zone, const char *text, unsigned int from, unsigned int until)
{
	struct broker_times times;
	struct broker_cron *cron;
	const char *error;
	const void *program;
	size_t length;
	char *copy;

	if (broker_cron_new(&cron, text, zone, &error, NULL)) {
		printf("error: %s\n", error);
		return;
	}
	/* In memory of its own, so that a byte too many is seen. */
	program = broker_cron_calendar(cron, &length);
	copy = malloc(length);
	memcpy(copy, program, length);
	if (broker_calendar_check(&times, copy, length)) {
		printf("refused\n");
	} else {
		while ((from = broker_calendar_next(&times, from)) && from <= until)
			printf("%u ", from);
		printf("\n");
	}
	free(copy);
	broker_cron_free(cron);
}

int main(void)
{
	unsigned int from, until;
	char line[1024], zone[64];
	long now;
	int at;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%ld %u %u %63s %n", &now, &from, &until, zone, &at) != 4)
			return 2;
		calendar_now = now;
		answer(zone, line + at, from, until);
		fflush(stdout);
	}
	return 0;
}
