// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * queue show --latency: how long messages waited, and were held.  The kernel counts
 * by powers of two of microseconds; what is made of that here are upper bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "object.h"
#include "report.h"
#include "table.h"
#include "verbs.h"

#define COLUMNS 5

struct histogram {
	uint64_t count[BROKER_LATENCY_BUCKETS];
	uint64_t all, sum;
	unsigned int nr;		/* counts up to the last that is not 0 */
};

struct latency {
	const struct args *args;
	json_t *array;
	unsigned int shown;
};

static void read_histogram(const struct broker_object *object, const char *times, const char *sum,
			   struct histogram *histogram)
{
	size_t length = 0;
	const void *counts = broker_object_bytes(object, times, &length);

	*histogram = (struct histogram){ .sum = broker_object_number(object, sum) };
	histogram->nr = length / sizeof(uint64_t);
	if (histogram->nr > BROKER_LATENCY_BUCKETS)
		histogram->nr = BROKER_LATENCY_BUCKETS;
	if (counts)
		memcpy(histogram->count, counts, histogram->nr * sizeof(uint64_t));
	for (unsigned int i = 0; i < histogram->nr; i++)
		histogram->all += histogram->count[i];
}

/* Microseconds that all counts up to this one are less than; the last has no bound. */
static uint64_t bound(unsigned int bucket)
{
	return bucket == BROKER_LATENCY_BUCKETS - 1 ? UINT64_MAX : 1ULL << bucket;
}

/* The bound that @percent of all are below; 0: there are none. */
static uint64_t percentile(const struct histogram *histogram, unsigned int percent)
{
	uint64_t below = 0;

	for (unsigned int i = 0; i < histogram->nr; i++) {
		below += histogram->count[i];
		if (below && (double)below >= (double)histogram->all * percent / 100)
			return bound(i);
	}
	return 0;
}

static char *time_text(uint64_t us)
{
	if (us == UINT64_MAX)
		return text_copy("more");
	if (us < 1000)
		return text_format("%llu us", (unsigned long long)us);
	if (us < 1000000)
		return text_format("%.1f ms", us / 1e3);
	if (us < 3600 * 1000000ULL)
		return text_format("%.1f s", us / 1e6);
	return text_format("%.1f h", us / 3.6e9);
}

static char *share_text(const struct histogram *histogram, unsigned int bucket)
{
	if (!histogram->count[bucket])
		return text_copy("");
	return text_format("%.1f%%", 100.0 * histogram->count[bucket] / histogram->all);
}

static char *count_text(const struct histogram *histogram, unsigned int bucket)
{
	return text_format("%llu", (unsigned long long)histogram->count[bucket]);
}

static void print_summary(const char *what, const struct histogram *histogram)
{
	char *median = time_text(percentile(histogram, 50));
	char *p99 = time_text(percentile(histogram, 99));
	char *mean = time_text(histogram->all ? histogram->sum / histogram->all : 0);

	printf("%-7s %llu, mean %s, median < %s, p99 < %s\n", what,
	       (unsigned long long)histogram->all, mean, median, p99);
	free(median);
	free(p99);
	free(mean);
}

static void print_table(const struct broker_object *object, const struct histogram *waits,
			const struct histogram *holds)
{
	static const char *const headings[COLUMNS] = { "LESS THAN", "WAITED", "", "HELD", "" };
	unsigned int end = waits->nr > holds->nr ? waits->nr : holds->nr, first = 0;
	struct table *table = table_new(COLUMNS);

	printf("queue %s\n", broker_object_string(object, "name"));
	print_summary("waited:", waits);
	print_summary("held:", holds);
	while (first < end && !waits->count[first] && !holds->count[first])
		first++;
	for (unsigned int i = 0; i < COLUMNS; i++)
		table_cell(table, text_copy(headings[i]), true);
	for (unsigned int i = first; i < end; i++) {
		table_cell(table, time_text(bound(i)), true);
		table_cell(table, count_text(waits, i), true);
		table_cell(table, share_text(waits, i), true);
		table_cell(table, count_text(holds, i), true);
		table_cell(table, share_text(holds, i), true);
	}
	if (first < end)
		table_print(table);
	table_free(table);
}

/* A bound that is none, and a percentile of nothing, are null. */
static json_t *bound_json(uint64_t us)
{
	return us && us != UINT64_MAX ? json_number(us) : json_null();
}

static json_t *histogram_json(const struct histogram *histogram)
{
	json_t *json = json_checked(json_object()), *buckets = json_checked(json_array());

	for (unsigned int i = 0; i < histogram->nr; i++) {
		json_t *bucket = json_checked(json_object());

		json_put(bucket, "less_than_us", bound_json(bound(i)));
		json_put(bucket, "count", json_number(histogram->count[i]));
		json_array_append_new(buckets, bucket);
	}
	json_put(json, "count", json_number(histogram->all));
	json_put(json, "sum_us", json_number(histogram->sum));
	json_put(json, "median_us", bound_json(percentile(histogram, 50)));
	json_put(json, "p99_us", bound_json(percentile(histogram, 99)));
	json_put(json, "buckets", buckets);
	return json;
}

static int show(const struct broker_object *object, void *arg)
{
	struct latency *latency = arg;
	struct histogram waits, holds;
	json_t *json;

	read_histogram(object, "wait-times", "wait-time-sum", &waits);
	read_histogram(object, "hold-times", "hold-time-sum", &holds);
	if (latency->array) {
		json = json_checked(json_object());
		json_put(json, "name", json_string(broker_object_string(object, "name")));
		json_put(json, "waited", histogram_json(&waits));
		json_put(json, "held", histogram_json(&holds));
		json_array_append_new(latency->array, json);
		return 0;
	}
	if (latency->shown++)
		putchar('\n');
	print_table(object, &waits, &holds);
	return 0;
}

static int show_one(struct latency *latency, struct broker_admin *admin, const char *name)
{
	const struct args *args = latency->args;
	struct broker_object *request, *reply = NULL;
	int status, error;

	if (broker_object_new(&request, BROKER_OBJECT_QUEUE))
		return failure(args, "out of memory");
	status = object_assign(args, request, "name", name);
	error = status ? 0 : broker_admin_call(admin, BROKER_CMD_QUEUE_GET, request, &reply);
	if (error)
		status = failure_admin(args, admin, error, args->nr_arguments > 1 ? name : NULL);
	else if (reply)
		show(reply, latency);
	broker_object_free(reply);
	broker_object_free(request);
	return status;
}

int queue_show(const struct args *args)
{
	struct latency latency = { .args = args };
	struct broker_admin *admin;
	int status, error;

	if (!args_has(args, OPT_LATENCY))
		return object_show(args);
	status = open_admin(args, &admin);
	if (status)
		return status;
	latency.array = args->json ? json_checked(json_array()) : NULL;
	for (unsigned int i = 0; i < args->nr_arguments; i++)
		status |= show_one(&latency, admin, args_argument(args, i));
	if (!args->nr_arguments) {
		error = broker_admin_list(admin, BROKER_CMD_QUEUE_GET, NULL, show, &latency);
		status = error ? failure_admin(args, admin, error, NULL) : STATUS_OK;
	}
	if (latency.array)
		json_print(latency.array);
	broker_admin_close(admin);
	return status;
}
