/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_CALENDAR_H
#define _BROKER_CALENDAR_H

#include <linux/broker.h>
#include <linux/types.h>

/**
 * DOC: Calendars
 *
 * Finds the times of "Calendars" in linux/broker.h.  broker_calendar_check() judges one
 * when it comes in; broker_calendar_next() takes only what passed.  Time is counted in
 * minutes since 1970, so that 32 bits are enough and nothing needs a long division.
 *
 * Nothing here allocates, sleeps or locks; a search ends after forty years of days.
 * It needs no kernel: whoever wants to know the same builds this file as it is.
 */

/**
 * struct broker_times - a calendar in its time zone
 * @calendar: which minutes match, and the offset at first (const)
 * @change: changes of offset (const)
 * @nr: how many (const)
 */
struct broker_times {
	struct broker_calendar calendar;
	struct broker_calendar_change change[BROKER_MAX_CALENDAR_CHANGES];
	__u32 nr;
};

/**
 * broker_calendar_check() - is this a calendar?
 * @times: where to put it
 * @program: any bytes
 * @len: how many
 *
 * Return: 0; -EINVAL, as linux/broker.h says.
 */
int broker_calendar_check(struct broker_times *times, const void *program, __u32 len);

/**
 * broker_calendar_next() - the first time after another
 * @times: passed the check
 * @minute: after that
 *
 * Return: a minute since 1970; 0: there is none.
 */
__u32 broker_calendar_next(const struct broker_times *times, __u32 minute);

#endif /* _BROKER_CALENDAR_H */
