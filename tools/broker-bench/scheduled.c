// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What messages that wait for their time cost those that do not.
 *
 * In one queue, with ever more messages scheduled for next year: to publish,
 * receive and accept one message, to schedule one more, to cancel one by its
 * sequence, and how late messages are that come due together.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <broker.h>

#define ROUNDS		5
#define MESSAGES	2000	/* in a round */
#define DUE		1000	/* that come due together */
#define QUEUE		"bench.scheduled"
#define YEAR_MS		(365LL * 24 * 3600 * 1000)

static struct broker_session *session;
static struct broker_admin *admin;
static struct broker_inbox *inbox;
static struct broker_batch *batch;
static struct broker_message *message;
static uint32_t consumer;

/* @error as the library returns it; below 0 ends the program. */
static int must(const char *what, int error)
{
	if (error < 0)
		errx(1, "%s: %s", what, strerror(-error));
	return error;
}

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of ROUNDS, which it sorts. */
static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2];
}

static void make_queue(void)
{
	struct broker_object *queue;

	must("queue", broker_object_new(&queue, BROKER_OBJECT_QUEUE));
	broker_object_set_string(queue, "name", QUEUE);
	broker_object_set_number(queue, "max-messages", 4000000);
	broker_object_set_number(queue, "max-bytes", 4ULL << 30);
	must("making the queue", broker_admin_call(admin, BROKER_CMD_QUEUE_NEW, queue, NULL));
	broker_object_free(queue);
}

static void delete_queue(void)
{
	struct broker_object *queue;

	must("queue", broker_object_new(&queue, BROKER_OBJECT_QUEUE));
	broker_object_set_string(queue, "name", QUEUE);
	must("deleting the queue", broker_admin_call(admin, BROKER_CMD_QUEUE_DEL, queue, NULL));
	broker_object_free(queue);
}

static void submit(void)
{
	if (must("submitting", broker_batch_submit(batch, 0, 0)))
		errx(1, "submitting: %s", strerror(-broker_batch_result(batch, 0)->error));
	broker_batch_clear(batch);
}

/* Schedules @count for some time next year; returns the sequence of the last. */
static void schedule(unsigned int count)
{
	int64_t day = now(CLOCK_REALTIME) * 1000;

	for (unsigned int i = 0; i < count; i++) {
		must("property", broker_message_set_int(message, BROKER_PROP_DELIVER_AT,
							day + YEAR_MS + random() % YEAR_MS));
		must("batch", broker_batch_publish(batch, "", QUEUE, message, 0,
						   BROKER_CONFIRM_ENQUEUED, 0));
		if (broker_batch_length(batch) == 512 || i == count - 1)
			submit();
	}
}

static const struct broker_message *receive(void)
{
	must("receiving", broker_inbox_receive(inbox, consumer, 1, 10000000000ULL));
	return broker_inbox_next(inbox);
}

/* Microseconds for one message to go through, one by one. */
static double measure_through(struct broker_message *plain)
{
	double rounds[ROUNDS];

	for (unsigned int round = 0; round < ROUNDS; round++) {
		double begin = now(CLOCK_MONOTONIC);

		for (unsigned int i = 0; i < MESSAGES; i++) {
			must("publishing", broker_session_publish(session, "", QUEUE, plain, 0, 0));
			must("settling", broker_session_settle(session, receive(),
							       BROKER_OP_ACCEPT));
		}
		rounds[round] = (now(CLOCK_MONOTONIC) - begin) / MESSAGES * 1e6;
	}
	return median(rounds);
}

static double measure_schedule(void)
{
	double rounds[ROUNDS];

	for (unsigned int round = 0; round < ROUNDS; round++) {
		double begin = now(CLOCK_MONOTONIC);

		schedule(MESSAGES);
		rounds[round] = (now(CLOCK_MONOTONIC) - begin) / MESSAGES * 1e6;
	}
	return median(rounds);
}

/* Milliseconds to cancel the message of sequence @first, or one behind it. */
static double measure_cancel(uint64_t first)
{
	double rounds[ROUNDS];

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct broker_object *request;
		double begin;

		must("request", broker_object_new(&request, BROKER_OBJECT_QUEUE));
		broker_object_set_string(request, "name", QUEUE);
		broker_object_set_number(request, "sequence", first + round);
		begin = now(CLOCK_MONOTONIC);
		must("cancelling", broker_admin_call(admin, BROKER_CMD_QUEUE_REMOVE, request,
						     NULL));
		rounds[round] = (now(CLOCK_MONOTONIC) - begin) * 1e3;
		broker_object_free(request);
	}
	return median(rounds);
}

/* Milliseconds from when DUE messages are due to when the last of them is settled. */
static double measure_due(void)
{
	double rounds[ROUNDS];

	for (unsigned int round = 0; round < ROUNDS; round++) {
		int64_t due = now(CLOCK_REALTIME) * 1000 + 300;

		must("property", broker_message_set_int(message, BROKER_PROP_DELIVER_AT, due));
		for (unsigned int i = 0; i < DUE; i++) {
			must("batch", broker_batch_publish(batch, "", QUEUE, message, 0,
							   BROKER_CONFIRM_ENQUEUED, 0));
			if (broker_batch_length(batch) == 500)
				submit();
		}
		for (unsigned int i = 0; i < DUE; i++)
			must("settling", broker_session_settle(session, receive(),
							       BROKER_OP_ACCEPT));
		rounds[round] = now(CLOCK_REALTIME) * 1e3 - due;
	}
	return median(rounds);
}

int main(void)
{
	static const unsigned int counts[] = { 0, 1000, 10000, 100000, 1000000 };
	const char *path = getenv("BENCH_RESULTS");
	struct broker_message *plain;
	unsigned int scheduled = 0;
	FILE *results = NULL;

	must("opening a session", broker_session_open(&session));
	must("netlink", broker_admin_open(&admin));
	must("inbox", broker_inbox_new(&inbox, session, 0));
	must("batch", broker_batch_new(&batch, session));
	must("message", broker_message_new(&message));
	must("message", broker_message_new(&plain));
	broker_message_set_body(message, "0123456789abcdef", 16);
	broker_message_set_body(plain, "0123456789abcdef", 16);
	if (path) {
		results = fopen(path, "w");
		if (!results)
			err(1, "%s", path);
		fputs("[", results);
	}

	printf("%-12s %16s %16s %16s %18s\n", "SCHEDULED", "THROUGH", "SCHEDULE ONE",
	       "CANCEL ONE", "DUE TOGETHER");
	printf("%-12s %16s %16s %16s %18s\n", "messages", "µs", "µs, of 512", "ms",
	       "ms, for 1000");
	for (unsigned int i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		double through, one, cancel, due;

		make_queue();
		consumer = must("consuming", broker_session_consume(session, QUEUE, 0, 0, 0, 0));
		if (counts[i])
			schedule(counts[i]);
		through = measure_through(plain);
		one = measure_schedule();
		scheduled = counts[i] + ROUNDS * MESSAGES;
		/* In the middle of those that were scheduled first. */
		cancel = measure_cancel(counts[i] / 2 + 1 + (counts[i] ? 0 : ROUNDS * MESSAGES));
		due = measure_due();
		printf("%-12u %16.1f %16.1f %16.2f %18.1f\n", counts[i], through, one, cancel, due);
		fflush(stdout);
		if (results)
			fprintf(results, "%s\n{\"scheduled\": %u, \"through_us\": %.2f, "
				"\"schedule_us\": %.2f, \"cancel_ms\": %.3f, \"cancel_among\": %u, "
				"\"due_1000_ms\": %.2f}", i ? "," : "", counts[i], through, one,
				cancel, scheduled, due);
		delete_queue();
	}
	if (results && (fputs("\n]\n", results) < 0 || fclose(results)))
		err(1, "%s", path);
	if (path)
		fprintf(stderr, "results: %s\n", path);
	return 0;
}
