// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes: what passes the check has times, in order, that match. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct broker_times times;
	__u32 minute, next;

	if (size < sizeof(minute))
		return 0;
	memcpy(&minute, data, sizeof(minute));
	if (broker_calendar_check(&times, data + sizeof(minute), size - sizeof(minute)))
		return 0;
	for (int i = 0; i < 20; i++, minute = next) {
		next = broker_calendar_next(&times, minute);
		if (!next)
			break;
		if (next <= minute || next >= 1U << 31)
			abort();
		/* From right before it is the same. */
		if (broker_calendar_next(&times, next - 1) != next)
			abort();
	}
	return 0;
}
