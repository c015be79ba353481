// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <broker.h>

#include "compare.h"
#include "outcome.h"

/* "killed by signal 9" */
static void describe(const struct redelivery *told, char *text, size_t size)
{
	const char *name = broker_cause_name(told->cause);

	switch (told->cause) {
	case BROKER_CAUSE_KILLED:
	case BROKER_CAUSE_OOM:
		snprintf(text, size, "%s by signal %u", name, told->cause_code);
		break;
	case BROKER_CAUSE_EXITED:
		snprintf(text, size, "%s, status %u", name, told->cause_code);
		break;
	default:
		snprintf(text, size, "%s", name);
	}
}

static void print_row(const struct queue *queue, const struct outcome *outcome)
{
	char redelivered[64], cause[32];

	describe(&outcome->redelivery, cause, sizeof(cause));
	snprintf(redelivered, sizeof(redelivered), "%" PRIu64 "%s%s", outcome->counts.redelivered,
		 outcome->redelivery.count ? ", " : "", outcome->redelivery.count ? cause : "");
	printf("%-6s %10zu %9" PRIu64 " %9" PRIu64 "  %-23s %7zu %4" PRIu64 "\n", queue->name,
	       outcome->expected.count, queue->published, outcome->counts.delivered, redelivered,
	       outcome->settled.count, outcome->counts.left);
}

void outcome_print_table(const struct queue queues[], const struct outcome outcomes[],
			 unsigned int count)
{
	printf("\n%-6s %10s %9s %9s  %-23s %7s %4s\n", "queue", "lines read", "published",
	       "delivered", "redelivered", "settled", "left");
	for (unsigned int i = 0; i < count; i++)
		print_row(&queues[i], &outcomes[i]);
	printf("\n");
}

static void print_line(const char *what, size_t count, const struct line *line)
{
	fprintf(stderr, "  %zu %s, the first: \"", count, what);
	for (size_t i = 0; i < line->length && i < 60; i++) {
		unsigned char byte = line->data[i];

		fprintf(stderr, byte >= ' ' && byte < 0x7f ? "%c" : "\\x%02x", byte);
	}
	fprintf(stderr, "\"%s\n", line->length > 60 ? "..." : "");
}

static bool check_bodies(const struct queue *queue, struct outcome *outcome)
{
	struct difference difference;

	compare(&outcome->expected, &outcome->settled, &difference);
	if (!difference.missing && !difference.extra) {
		printf("%s: the bodies settled are the lines that match %s, byte for byte\n",
		       queue->name, queue->pattern);
		return true;
	}
	warnx("%s: what was settled is not what was read:", queue->name);
	if (difference.missing)
		print_line("missing", difference.missing, &difference.first_missing);
	if (difference.extra)
		print_line("too many", difference.extra, &difference.first_extra);
	return false;
}

static bool check_count(const struct queue *queue, const char *what, uint64_t count,
			uint64_t expected)
{
	if (count == expected)
		return true;
	warnx("%s: %" PRIu64 " %s, not %" PRIu64, queue->name, count, what, expected);
	return false;
}

static bool check_counts(const struct queue *queue, const struct outcome *outcome,
			 unsigned int redelivered)
{
	const struct counts *counts = &outcome->counts;
	uint64_t lines = outcome->expected.count;
	bool good = true;

	good &= check_count(queue, "confirmed", queue->published, lines);
	good &= check_count(queue, "enqueued", counts->enqueued, lines);
	good &= check_count(queue, "delivered", counts->delivered, lines + redelivered);
	good &= check_count(queue, "redelivered", counts->redelivered, redelivered);
	good &= check_count(queue, "received again", outcome->redelivery.count, redelivered);
	good &= check_count(queue, "accepted", counts->accepted, lines);
	good &= check_count(queue, "left", counts->left, 0);
	return good;
}

static bool check_cause(const struct queue *queue, const struct redelivery *told, pid_t victim)
{
	if (!told->unlike && told->cause == BROKER_CAUSE_KILLED && told->cause_code == SIGKILL &&
	    told->cause_pid == (uint32_t)victim)
		return true;
	warnx("%s: redelivered as %s (%u) of process %u; but process %d was killed by signal %d",
	      queue->name, broker_cause_name(told->cause), told->cause_code, told->cause_pid,
	      victim, SIGKILL);
	return false;
}

bool outcome_check(const struct queue *queue, struct outcome *outcome, unsigned int redelivered,
		   pid_t victim)
{
	bool good = true;

	good &= check_bodies(queue, outcome);
	good &= check_counts(queue, outcome, redelivered);
	if (outcome->redelivery.count)
		good &= check_cause(queue, &outcome->redelivery, victim);
	return good;
}
