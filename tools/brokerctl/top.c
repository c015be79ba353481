// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * top: queues at work.  Rates are differences of the kernel's counters between
 * two looks, over the time between them.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "object.h"
#include "report.h"
#include "screen.h"
#include "table.h"
#include "units.h"
#include "verbs.h"

#define NSEC_PER_SEC	1000000000ULL
#define NAME_LEAST	8	/* columns for names, however narrow the terminal */
#define PAUSED_MARK	"|| "	/* before the name of a queue that stands still */

enum column_id {
	COLUMN_NAME,
	COLUMN_READY,
	COLUMN_UNACKED,
	COLUMN_BYTES,
	COLUMN_CONSUMERS,
	COLUMN_IN,
	COLUMN_OUT,
	COLUMN_DONE,
	NR_COLUMNS
};

/* In 80 columns 28 are left for names. */
static const struct {
	const char *heading;
	unsigned int width;
	const char *attributes[3];	/* whose sum it shows */
	bool rate;
} columns[NR_COLUMNS] = {
	[COLUMN_NAME]	   = { "QUEUE", 0, { NULL }, false },
	[COLUMN_READY]	   = { "READY", 8, { "ready" }, false },
	[COLUMN_UNACKED]   = { "UNACKED", 8, { "unacked" }, false },
	[COLUMN_BYTES]	   = { "BYTES", 7, { "bytes" }, false },
	[COLUMN_CONSUMERS] = { "CONS", 5, { "consumers" }, false },
	[COLUMN_IN]	   = { "IN/S", 8, { "enqueued" }, true },
	[COLUMN_OUT]	   = { "OUT/S", 8, { "delivered" }, true },
	[COLUMN_DONE]	   = { "DONE/S", 8, { "accepted", "rejected" }, true },
};

struct queue {
	uint64_t id;
	char *name;
	bool paused;
	uint64_t counts[NR_COLUMNS];
	double rates[NR_COLUMNS];
};

/* All queues at one time */
struct look {
	uint64_t time;
	struct queue *queues;		/* in the order of their numbers */
	unsigned int count;
	unsigned int room;
};

struct top {
	const struct args *args;
	struct broker_admin *admin;
	struct look now, before;
	bool has_rates;			/* there was a look before */
	enum column_id sort;
	bool reverse;
	unsigned int first;		/* queues that are scrolled away */
	unsigned int shown;
};

static int look_add(const struct broker_object *object, void *arg)
{
	struct look *look = arg;
	struct queue *queue;

	if (look->count == look->room) {
		look->room = look->room ? 2 * look->room : 64;
		look->queues = memory_resize(look->queues, look->room * sizeof(*look->queues));
	}
	queue = &look->queues[look->count++];
	*queue = (struct queue){
		.id = broker_object_number(object, "id"),
		.name = text_copy(broker_object_string(object, "name")),
		.paused = broker_object_number(object, "paused"),
	};
	for (unsigned int i = 0; i < NR_COLUMNS; i++) {
		for (const char *const *name = columns[i].attributes; *name; name++)
			queue->counts[i] += broker_object_number(object, *name);
	}
	return 0;
}

static void look_free(struct look *look)
{
	for (unsigned int i = 0; i < look->count; i++)
		free(look->queues[i].name);
	free(look->queues);
	*look = (struct look){ 0 };
}

static int compare_id(const void *a, const void *b)
{
	const struct queue *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

/* A queue that is new counts from nothing. */
static void look_rate(struct look *now, const struct look *before)
{
	double seconds = (double)(now->time - before->time) / NSEC_PER_SEC;

	for (unsigned int i = 0; i < now->count; i++) {
		struct queue *queue = &now->queues[i], *old;

		old = before->count ? bsearch(queue, before->queues, before->count,
					      sizeof(*queue), compare_id) : NULL;
		for (unsigned int j = 0; j < NR_COLUMNS; j++) {
			if (columns[j].rate && seconds > 0)
				queue->rates[j] = (queue->counts[j] - (old ? old->counts[j] : 0)) /
						  seconds;
		}
	}
}

static int look(struct top *top)
{
	int error;

	look_free(&top->before);
	top->before = top->now;
	top->has_rates = top->before.time;
	top->now = (struct look){ .time = clock_now() };
	error = broker_admin_list(top->admin, BROKER_CMD_QUEUE_GET, NULL, look_add, &top->now);
	if (error)
		return failure_admin(top->args, top->admin, error, NULL);
	if (top->now.count)
		qsort(top->now.queues, top->now.count, sizeof(*top->now.queues), compare_id);
	if (top->has_rates)
		look_rate(&top->now, &top->before);
	return STATUS_OK;
}

/* Names from the first on, numbers from the largest; where these are equal, by name. */
static int compare_by(const void *a, const void *b, void *arg)
{
	const struct queue *one = *(const struct queue *const *)a;
	const struct queue *other = *(const struct queue *const *)b;
	const struct top *top = arg;
	int sign = top->reverse ? -1 : 1;

	if (columns[top->sort].rate && one->rates[top->sort] != other->rates[top->sort])
		return one->rates[top->sort] < other->rates[top->sort] ? sign : -sign;
	if (!columns[top->sort].rate && one->counts[top->sort] != other->counts[top->sort])
		return one->counts[top->sort] < other->counts[top->sort] ? sign : -sign;
	return strcmp(one->name, other->name) * (top->sort == COLUMN_NAME ? sign : 1);
}

static struct queue **sorted(struct top *top)
{
	struct queue **order = memory(top->now.count * sizeof(*order));

	for (unsigned int i = 0; i < top->now.count; i++)
		order[i] = &top->now.queues[i];
	if (top->now.count)
		qsort_r(order, top->now.count, sizeof(*order), compare_by, top);
	return order;
}

/* In seven columns at most */
static char *count_text(double number)
{
	static const char units[] = " KMGTPE";
	unsigned int unit = 0;

	if (number < 100 && number != (uint64_t)number)
		return text_format("%.1f", number);
	if (number < 9999999.5)
		return text_format("%.0f", number);
	while (number >= 9999.95) {
		number /= 1000;
		unit++;
	}
	return text_format("%.1f%c", number, units[unit]);
}

static char *cell_text(const struct top *top, const struct queue *queue, enum column_id column)
{
	if (column == COLUMN_NAME)
		return text_format(queue->paused ? PAUSED_MARK "%s" : "%s", queue->name);
	if (columns[column].rate)
		return top->has_rates ? count_text(queue->rates[column]) : text_copy("-");
	if (column == COLUMN_BYTES)
		return format_size(queue->counts[column]);
	return count_text(queue->counts[column]);
}

/* Of all columns but the name's */
static unsigned int numbers_width(void)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < NR_COLUMNS; i++)
		sum += columns[i].width;
	return sum;
}

/* The name's column, left, takes what the others leave. */
static char *line(char *cells[NR_COLUMNS], unsigned int width)
{
	unsigned int rest = numbers_width(), name_width;
	char *all, *name, *longer;

	name_width = width > rest + NAME_LEAST ? width - rest : NAME_LEAST;
	name = text_cut(cells[0], name_width);
	all = text_format("%s%*s", name, (int)(name_width - text_width(name)), "");
	free(name);
	for (unsigned int i = 1; i < NR_COLUMNS; i++) {
		longer = text_format("%s%*s", all, (int)columns[i].width, cells[i]);
		free(all);
		all = longer;
	}
	longer = text_cut(all, width);
	free(all);
	for (unsigned int i = 0; i < NR_COLUMNS; i++)
		free(cells[i]);
	return longer;
}

/* The column that sorts is marked. */
static char *heading_line(const struct top *top, unsigned int width)
{
	char *cells[NR_COLUMNS];

	for (unsigned int i = 0; i < NR_COLUMNS; i++)
		cells[i] = text_format(i == top->sort ? (top->reverse ? "%s^" : "%s*") : "%s",
				       columns[i].heading);
	return line(cells, width);
}

static char *queue_line(const struct top *top, const struct queue *queue, unsigned int width)
{
	char *cells[NR_COLUMNS];

	for (unsigned int i = 0; i < NR_COLUMNS; i++)
		cells[i] = cell_text(top, queue, i);
	return line(cells, width);
}

static char *summary_line(const struct top *top, unsigned int width)
{
	struct queue sum = { 0 };
	char *cells[NR_COLUMNS] = { 0 }, *all, *cut, clock[16] = "";
	time_t seconds = time(NULL);
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	for (unsigned int i = 0; i < top->now.count; i++) {
		for (unsigned int j = 0; j < NR_COLUMNS; j++) {
			sum.counts[j] += top->now.queues[i].counts[j];
			sum.rates[j] += top->now.queues[i].rates[j];
		}
	}
	for (unsigned int j = 1; j < NR_COLUMNS; j++)
		cells[j] = cell_text(top, &sum, j);
	all = text_format("%s  %u queues  %s ready  %s unacked  %s bytes  %s in/s  %s done/s",
			  clock, top->now.count, cells[COLUMN_READY], cells[COLUMN_UNACKED],
			  cells[COLUMN_BYTES], cells[COLUMN_IN], cells[COLUMN_DONE]);
	cut = text_cut(all, width);
	free(all);
	for (unsigned int j = 1; j < NR_COLUMNS; j++)
		free(cells[j]);
	return cut;
}

#define HEAD_LINES 2

static void draw(struct top *top)
{
	struct queue **order = sorted(top);
	unsigned int width, height, count = 0, queues;
	char **lines;

	screen_size(&width, &height);
	queues = height > HEAD_LINES ? height - HEAD_LINES : 0;
	if (top->first + queues > top->now.count)
		top->first = top->now.count > queues ? top->now.count - queues : 0;
	lines = memory((queues + HEAD_LINES) * sizeof(*lines));
	lines[count++] = summary_line(top, width);
	lines[count++] = heading_line(top, width);
	for (unsigned int i = top->first; i < top->now.count && count < queues + HEAD_LINES; i++)
		lines[count++] = queue_line(top, order[i], width);
	screen_draw(lines, count < height ? count : height, HEAD_LINES - 1);
	while (count)
		free(lines[--count]);
	free(lines);
	free(order);
}

static void print_text(struct top *top)
{
	struct queue **order = sorted(top);
	unsigned int width = 80;
	char *text;

	/* In a file no name need be cut. */
	for (unsigned int i = 0; i < top->now.count; i++) {
		unsigned int all = text_width(top->now.queues[i].name) + strlen(PAUSED_MARK) +
				   numbers_width();

		width = all > width ? all : width;
	}
	if (top->shown)
		putchar('\n');
	puts(text = summary_line(top, width));
	free(text);
	puts(text = heading_line(top, width));
	free(text);
	for (unsigned int i = 0; i < top->now.count; i++) {
		puts(text = queue_line(top, order[i], width));
		free(text);
	}
	free(order);
}

static void print_json(struct top *top)
{
	static const char *const names[NR_COLUMNS] = {
		[COLUMN_READY] = "ready", [COLUMN_UNACKED] = "unacked", [COLUMN_BYTES] = "bytes",
		[COLUMN_CONSUMERS] = "consumers", [COLUMN_IN] = "in_per_second",
		[COLUMN_OUT] = "out_per_second", [COLUMN_DONE] = "done_per_second",
	};
	struct queue **order = sorted(top);
	json_t *array = json_checked(json_array());

	for (unsigned int i = 0; i < top->now.count; i++) {
		json_t *json = json_checked(json_object());

		json_put(json, "name", json_string(order[i]->name));
		json_put(json, "paused", json_boolean(order[i]->paused));
		for (unsigned int j = 1; j < NR_COLUMNS; j++) {
			if (!columns[j].rate)
				json_put(json, names[j], json_number(order[i]->counts[j]));
			else
				json_put(json, names[j], top->has_rates ?
					 json_real(order[i]->rates[j]) : json_null());
		}
		json_array_append_new(array, json);
	}
	json_print_line(array);
	free(order);
}

/* Returns false when it is time to leave. */
static bool obey(struct top *top, int key)
{
	switch (key) {
	case KEY_QUIT:
		return false;
	case KEY_LEFT:
	case '<':
		top->sort = top->sort ? top->sort - 1 : NR_COLUMNS - 1;
		break;
	case KEY_RIGHT:
	case '>':
		top->sort = (top->sort + 1) % NR_COLUMNS;
		break;
	case KEY_UP:
		top->first -= !!top->first;
		break;
	case KEY_DOWN:
		top->first++;
		break;
	case 'r':
		top->reverse = !top->reverse;
		break;
	}
	return true;
}

/* Shows what is there until @deadline; false: leave. */
static bool show_until(struct top *top, uint64_t deadline)
{
	do {
		draw(top);
		if (!obey(top, screen_key(deadline)))
			return false;
	} while (clock_now() < deadline);
	return true;
}

static bool pause_until(uint64_t deadline)
{
	struct timespec time = { deadline / NSEC_PER_SEC, deadline % NSEC_PER_SEC };

	return !clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int watch(struct top *top, bool screen)
{
	uint64_t interval = args_number(top->args, OPT_INTERVAL, NSEC_PER_SEC);
	uint64_t rounds = args_number(top->args, OPT_ROUNDS, UINT64_MAX);
	int status;

	for (;;) {
		status = look(top);
		if (status)
			return status;
		if (!screen && top->args->json)
			print_json(top);
		else if (!screen)
			print_text(top);
		top->shown++;
		if (!screen && (fflush(stdout) || --rounds == 0))
			return STATUS_OK;
		if (screen && (!show_until(top, top->now.time + interval) || --rounds == 0))
			return STATUS_OK;
		if (!screen && !pause_until(top->now.time + interval))
			return STATUS_OK;
	}
}

int top_run(const struct args *args)
{
	struct top top = { .args = args, .sort = COLUMN_READY };
	const struct option_value *sort = args_option(args, OPT_SORT);
	bool screen;
	int status;

	/* Without an end a shorter one would use a processor for itself. */
	if (args_number(args, OPT_INTERVAL, NSEC_PER_SEC) < NSEC_PER_SEC / 100 ||
	    args_number(args, OPT_INTERVAL, 0) > UINT32_MAX * NSEC_PER_SEC)
		return usage_error(args->command, "--interval: from 10ms on");
	if (sort)
		top.sort = sort->number;
	status = open_admin(args, &top.admin);
	if (status)
		return status;
	screen = !args_has(args, OPT_BATCH) && !args->json && screen_begin();
	status = watch(&top, screen);
	if (screen)
		screen_end();
	look_free(&top.now);
	look_free(&top.before);
	broker_admin_close(top.admin);
	return status;
}
