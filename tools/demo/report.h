/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A consumer's report: a file to which it adds each message once it has
 * settled it, and which the demo reads when all consumers are gone.
 */
#ifndef DEMO_REPORT_H
#define DEMO_REPORT_H

#include <stdint.h>
#include <stdio.h>
#include <broker.h>

#include "lines.h"

/* What the broker told the consumers about messages that were handed out before. */
struct redelivery {
	size_t count;
	size_t unlike;		/* how many of them tell otherwise than the first: */
	uint16_t cause;		/* enum broker_cause */
	uint16_t cause_code;
	uint32_t cause_pid;
};

/* Adds a message that was settled.  Returns 0, or -1 with errno. */
int report_add(FILE *report, const struct broker_message *message);

/*
 * Reads a report: adds its bodies to a list, and what was redelivered to a sum.
 * The bodies stay mapped until the program ends.  Returns 0, or -1 with errno.
 */
int report_read(FILE *report, struct lines *bodies, struct redelivery *redelivery);

#endif /* DEMO_REPORT_H */
