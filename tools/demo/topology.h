/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exchange and the queues of the demo:
 *
 *	                 dpkg.status.#
 *	              ┌─────────────────► status ──► three workers
 *	lines ──► demo│
 *	              └─────────────────► audit ───► one auditor
 *	                      #
 */
#ifndef DEMO_TOPOLOGY_H
#define DEMO_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#define EXCHANGE	"demo"

struct queue {
	const char *name;
	const char *pattern;
	uint32_t id;
	uint64_t published;	/* messages that the broker confirmed */
	bool made;
};

/* What the broker has counted of a queue. */
struct counts {
	uint64_t enqueued;
	uint64_t delivered;
	uint64_t redelivered;
	uint64_t accepted;
	uint64_t left;		/* ready or with consumers */
};

/*
 * Makes the exchange and the queues.  None of them may be there already: they
 * could be somebody's.  Returns 0, or -1 with the reason on stderr.
 */
int topology_make(struct queue queues[], unsigned int count);

/* Deletes what was made, as far as it still is there. */
void topology_delete(struct queue queues[], unsigned int count);

/* Returns 0, or -1 with the reason on stderr. */
int topology_counts(const struct queue *queue, struct counts *counts);

#endif /* DEMO_TOPOLOGY_H */
