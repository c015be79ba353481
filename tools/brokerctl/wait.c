// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include <linux/broker.h>

#include "wait.h"

#define NSEC_PER_SEC 1000000000ULL

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

void wait_prepare(void)
{
	struct sigaction action = { .sa_handler = stop };
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigprocmask(SIG_BLOCK, &held, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

enum wait_result wait_readable(int fd, uint64_t timeout_ns)
{
	struct pollfd file = { .fd = fd, .events = POLLIN };
	struct timespec timeout = { timeout_ns / NSEC_PER_SEC, timeout_ns % NSEC_PER_SEC };
	sigset_t none;
	int ready;

	sigemptyset(&none);
	ready = ppoll(&file, 1, timeout_ns == BROKER_TIMEOUT_FOREVER ? NULL : &timeout, &none);
	if (stopped)
		return WAIT_STOP;
	if (ready > 0)
		return WAIT_READY;
	if (!ready)
		return WAIT_TIMEOUT;
	return errno == EINTR ? WAIT_READY : WAIT_ERROR;
}
