// SPDX-License-Identifier: GPL-2.0-or-later
/* The library's compiler of calendars, which is told what time it is. */
#define _GNU_SOURCE
#include <time.h>

time_t calendar_now;

static time_t told_time(time_t *unused)
{
	return calendar_now;
}

#define time told_time
#include "../../libbroker/cron.c"
#undef time
#undef COUNT
#undef FOLDER
#define fail zone_fail
#define add zone_add
#define parse_number zone_parse_number
#define parse_time zone_parse_time
#define read_file zone_read_file
#define parse_name zone_parse_name
#include "../../libbroker/timezone.c"
