/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the lines meant for one queue, from three sides. */
#ifndef DEMO_OUTCOME_H
#define DEMO_OUTCOME_H

#include <stdbool.h>
#include <sys/types.h>

#include "lines.h"
#include "report.h"
#include "topology.h"

struct outcome {
	struct lines expected;		/* the input's lines that match its pattern */
	struct lines settled;		/* bodies, as its consumers report */
	struct redelivery redelivery;	/* what the broker told them of redeliveries */
	struct counts counts;		/* what the broker counted */
};

/* One row a queue, within 80 columns. */
void outcome_print_table(const struct queue queues[], const struct outcome outcomes[],
			 unsigned int count);

/*
 * Whether the queue's consumers settled what was expected, byte for byte, and
 * all numbers agree: with @redelivered messages that came twice since process
 * @victim was killed.  Says so on stdout, or on stderr what is wrong.
 */
bool outcome_check(const struct queue *queue, struct outcome *outcome, unsigned int redelivered,
		   pid_t victim);

#endif /* DEMO_OUTCOME_H */
