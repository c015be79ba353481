/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said on standard error, and memory that is there or ends the program.
 */
#ifndef BROKERCTL_REPORT_H
#define BROKERCTL_REPORT_H

#include <stdio.h>

#include "args.h"

/* "brokerctl: queue add: …"; returns STATUS_USAGE, and points to --help. */
int usage_error(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "brokerctl: queue add: …"; returns STATUS_FAILED. */
int failure(const struct args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What may help, on a line of its own behind the failure. */
void hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A request that the kernel refused: its own sentence and the attribute at
 * fault.  @subject: whom it was about, where several were named; or NULL.
 */
int failure_admin(const struct args *args, const struct broker_admin *admin, int error,
		  const char *subject);

/* Open, or report why not.  Returns an exit status. */
int open_admin(const struct args *args, struct broker_admin **admin);
int open_session(const struct args *args, struct broker_session **session);

/* Never return NULL */
void *memory(size_t bytes);
void *memory_resize(void *old, size_t bytes);
char *text_copy(const char *text);
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
