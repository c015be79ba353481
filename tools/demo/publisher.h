/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DEMO_PUBLISHER_H
#define DEMO_PUBLISHER_H

#include "lines.h"
#include "topology.h"

/* Returns 0, or -1 with the reason on stderr. */
int publisher_open(void);

void publisher_close(void);

/* The file that polls as writable when a full queue has room again. */
int publisher_fd(void);

/*
 * Publishes some lines in one step, and adds to each queue's @published what the
 * broker confirms.  Returns how many were taken, from the front; fewer than
 * @count if a queue is full; or -1 with the reason on stderr.
 */
int publisher_send(const struct line lines[], unsigned int count, struct queue queues[],
		   unsigned int nr_queues);

#endif /* DEMO_PUBLISHER_H */
