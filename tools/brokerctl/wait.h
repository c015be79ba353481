/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for a file, until a time, or until SIGINT or SIGTERM ask to end.
 */
#ifndef BROKERCTL_WAIT_H
#define BROKERCTL_WAIT_H

#include <stdint.h>

enum wait_result {
	WAIT_READY,
	WAIT_TIMEOUT,
	WAIT_STOP,		/* a signal */
	WAIT_ERROR,		/* errno */
};

/*
 * From here on SIGINT and SIGTERM are held back but while wait_readable()
 * sleeps, so that what was begun is brought to its end.
 */
void wait_prepare(void);

/* @timeout_ns: BROKER_TIMEOUT_FOREVER for no end */
enum wait_result wait_readable(int fd, uint64_t timeout_ns);

#endif
