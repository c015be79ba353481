// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * broker-demo: every line of a file becomes a message.  Three workers share
 * one queue, one of them is killed while it holds messages, and at the end every
 * line must have been settled exactly once.
 *
 *	input.c      the lines, and the routing key of a line
 *	topology.c   the exchange and the two queues
 *	publisher.c  sends lines
 *	consumer.c   the processes that receive and settle, and what they report
 *	compare.c    whether what was settled is what was read
 *	demo.c       the scene, and the table at its end
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <broker.h>

#include "compare.h"
#include "consumer.h"
#include "input.h"
#include "publisher.h"
#include "report.h"
#include "topology.h"

#define BATCH		128	/* lines published in one system call */
#define FEWEST		20	/* lines for the workers: with fewer, none might be left to lose */
#define PROGRESS_MS	500
#define STALLED_MS	30000

enum { STATUS, AUDIT, NR_QUEUES };
enum { VICTIM = 1, AUDITOR = 3, NR_CONSUMERS };

/* What goes to the workers: the first of these that enough lines match. */
static const struct selection {
	const char *pattern;	/* for the broker */
	const char *words;	/* for the demo's own count: input_key_begins() */
} selections[] = {
	{ "dpkg.status.#", "dpkg.status" },
	{ "line.#", "line" },
	{ "#", "" },
};

static struct queue queues[NR_QUEUES] = {
	[STATUS] = { .name = "status" },
	[AUDIT] = { .name = "audit", .pattern = "#" },
};

static struct consumer consumers[NR_CONSUMERS] = {
	{ .name = "worker 1", .queue = "status", .credit = 16, .at_once = 8 },
	{ .name = "worker 2", .queue = "status", .credit = 16, .at_once = 8 },
	{ .name = "worker 3", .queue = "status", .credit = 16, .at_once = 8 },
	{ .name = "the auditor", .queue = "audit", .credit = 256, .at_once = 128 },
};

static struct lines input;
static struct lines expected[NR_QUEUES];	/* the lines that each queue should get */
static struct lines found[NR_QUEUES];		/* the bodies that its consumers settled */
static struct redelivery redelivery[NR_QUEUES];
static struct counts counts[NR_QUEUES];

static int notes[2];			/* pipe from the consumers */
static unsigned int ready;		/* consumers that have subscribed */
static pid_t victim;
static unsigned int victim_held;	/* messages it held when it was killed */
static size_t sent;			/* lines published */
static unsigned int full;		/* times that a queue had no room */
static const char *look;		/* command to run while the victim holds messages */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Run at exit, however that comes about; the consumers of a deleted queue end. */
static void clean_up(void)
{
	publisher_close();
	topology_delete(queues, NR_QUEUES);
	for (int i = 0; i < NR_CONSUMERS; i++) {
		if (consumers[i].pid) {
			kill(consumers[i].pid, SIGKILL);
			waitpid(consumers[i].pid, NULL, 0);
		}
	}
}

static void read_input(const char *path)
{
	char key[INPUT_KEY_SIZE];

	if (input_read(&input, path) < 0)
		exit(EXIT_FAILURE);
	printf("%s: %zu lines\n", path, input.count);

	for (size_t s = 0; s < sizeof(selections) / sizeof(*selections); s++) {
		lines_free(&expected[STATUS]);
		for (size_t i = 0; i < input.count; i++) {
			input_key(&input.line[i], key);
			if (input_key_begins(key, selections[s].words) &&
			    lines_add(&expected[STATUS], input.line[i].data,
				      input.line[i].length) < 0)
				errx(EXIT_FAILURE, "no memory");
		}
		if (expected[STATUS].count >= FEWEST) {
			queues[STATUS].pattern = selections[s].pattern;
			break;
		}
		printf("only %zu of them match %s: too few to show a worker's death\n",
		       expected[STATUS].count, selections[s].pattern);
	}
	if (!queues[STATUS].pattern)
		errx(EXIT_FAILURE, "%s: the demo needs %d lines or more", path, FEWEST);

	for (size_t i = 0; i < input.count; i++) {
		if (lines_add(&expected[AUDIT], input.line[i].data, input.line[i].length) < 0)
			errx(EXIT_FAILURE, "no memory");
	}
}

/* The number of lines in front of the second half of those for the workers. */
static size_t halfway(void)
{
	const char *half = expected[STATUS].line[expected[STATUS].count / 2].data;
	size_t lines = 0;

	while (input.line[lines].data != half)
		lines++;
	return lines;
}

static void get_counts(void)
{
	for (int q = 0; q < NR_QUEUES; q++) {
		if (topology_counts(&queues[q], &counts[q]) < 0)
			exit(EXIT_FAILURE);
	}
}

/* Says how far things are, now and then; gives up when nothing moves any more. */
static void progress(void)
{
	static uint64_t printed, moved, last;
	uint64_t now = now_ms();
	uint64_t settled;

	if (printed && now - printed < PROGRESS_MS)
		return;
	printed = now;
	get_counts();
	settled = counts[STATUS].accepted + counts[AUDIT].accepted;
	if (!moved || settled + sent != last)
		moved = now;
	last = settled + sent;
	if (now - moved > STALLED_MS)
		errx(EXIT_FAILURE, "nothing has been published or settled for %d seconds",
		     STALLED_MS / 1000);
	printf("  %zu published; settled: %" PRIu64 " from %s, %" PRIu64 " from %s\n", sent,
	       counts[STATUS].accepted, queues[STATUS].name, counts[AUDIT].accepted,
	       queues[AUDIT].name);
}

static void kill_victim(unsigned int held)
{
	struct consumer *consumer = &consumers[VICTIM];
	int status;

	printf("%s (process %d) holds %u messages and has settled none of them\n", consumer->name,
	       victim, held);
	if (look) {
		printf("$ %s\n", look);
		fflush(stdout);
		if (system(look) != 0)
			warnx("%s: failed", look);
	}
	printf("killing it with SIGKILL\n");
	kill(victim, SIGKILL);
	waitpid(victim, &status, 0);
	consumer->pid = 0;
	victim_held = held;
}

/* A consumer that ends now has failed, and said why. */
static void check_consumers(void)
{
	for (int i = 0; i < NR_CONSUMERS; i++) {
		if (consumers[i].pid && waitpid(consumers[i].pid, NULL, WNOHANG) > 0) {
			consumers[i].pid = 0;
			errx(EXIT_FAILURE, "%s ended too early", consumers[i].name);
		}
	}
}

/*
 * What there is to do besides publishing: waits until a consumer says something
 * or, if asked for, until full queues have room, but no longer than @timeout_ms.
 */
static void attend(short room, int timeout_ms)
{
	struct pollfd files[] = {
		{ .fd = notes[0], .events = POLLIN },
		{ .fd = room ? publisher_fd() : -1, .events = room },
	};
	struct note note;

	if (poll(files, 2, timeout_ms) < 0 && errno != EINTR)
		err(EXIT_FAILURE, "poll");
	if (interrupted)
		errx(EXIT_FAILURE, "interrupted");
	if (files[0].revents & POLLIN && read(notes[0], &note, sizeof(note)) == sizeof(note)) {
		if (note.kept)
			kill_victim(note.kept);
		else
			ready++;
	}
	check_consumers();
	if (sent)
		progress();
}

static void start_consumers(void)
{
	if (pipe2(notes, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe");
	fflush(stdout);
	for (int i = 0; i < NR_CONSUMERS; i++) {
		if (consumer_start(&consumers[i], notes[1]) < 0)
			exit(EXIT_FAILURE);
	}
	victim = consumers[VICTIM].pid;
	while (ready < NR_CONSUMERS)
		attend(0, 1000);
}

static void publish_up_to(size_t end)
{
	while (sent < end) {
		unsigned int count = end - sent < BATCH ? end - sent : BATCH;
		int taken = publisher_send(input.line + sent, count, queues, NR_QUEUES);

		if (taken < 0)
			exit(EXIT_FAILURE);
		sent += taken;
		if ((unsigned int)taken == count) {
			attend(0, 0);
		} else {
			full++;
			attend(POLLOUT, 1000);
		}
	}
}

/* Publishes all lines, has a worker killed half-way, and waits for empty queues. */
static void play(void)
{
	publish_up_to(halfway());
	kill(victim, CONSUMER_KEEP);
	publish_up_to(input.count);
	while (!victim_held)
		attend(0, 100);
	do {
		attend(0, 20);
		get_counts();
	} while (counts[STATUS].left || counts[AUDIT].left);
}

/* Deletes the queues, at which their consumers end, and reads the reports. */
static void collect(void)
{
	topology_delete(queues, NR_QUEUES);
	for (int i = 0; i < NR_CONSUMERS; i++) {
		struct consumer *consumer = &consumers[i];
		int q = i == AUDITOR ? AUDIT : STATUS;
		uint64_t start = now_ms();
		int status = 0;

		while (consumer->pid && waitpid(consumer->pid, &status, WNOHANG) == 0) {
			if (now_ms() - start > STALLED_MS)
				errx(EXIT_FAILURE, "%s goes on without its queue", consumer->name);
			usleep(1000);
		}
		consumer->pid = 0;
		if (status)
			errx(EXIT_FAILURE, "%s ended badly", consumer->name);
		if (report_read(consumer->report, &found[q], &redelivery[q]) < 0)
			err(EXIT_FAILURE, "report of %s", consumer->name);
	}
}

/* "5, killed by signal 9" */
static const char *redelivered_text(int q, char *text, size_t size)
{
	const struct redelivery *told = &redelivery[q];
	const char *name = broker_cause_name(told->cause);
	uint64_t count = counts[q].redelivered;

	if (!told->count)
		snprintf(text, size, "%" PRIu64, count);
	else if (told->unlike)
		snprintf(text, size, "%" PRIu64 ", various causes", count);
	else if (told->cause == BROKER_CAUSE_KILLED || told->cause == BROKER_CAUSE_OOM)
		snprintf(text, size, "%" PRIu64 ", %s by signal %u", count, name, told->cause_code);
	else if (told->cause == BROKER_CAUSE_EXITED)
		snprintf(text, size, "%" PRIu64 ", %s with %u", count, name, told->cause_code);
	else
		snprintf(text, size, "%" PRIu64 ", %s", count, name);
	return text;
}

static void print_table(void)
{
	char text[64];

	printf("\n%-6s %10s %9s %9s  %-22s %7s %4s\n", "queue", "lines read", "published",
	       "delivered", "redelivered", "settled", "left");
	for (int q = 0; q < NR_QUEUES; q++)
		printf("%-6s %10zu %9" PRIu64 " %9" PRIu64 "  %-22s %7zu %4" PRIu64 "\n",
		       queues[q].name, expected[q].count, queues[q].published, counts[q].delivered,
		       redelivered_text(q, text, sizeof(text)), found[q].count, counts[q].left);
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

static bool check_bodies(int q)
{
	struct difference difference;

	compare(&expected[q], &found[q], &difference);
	if (!difference.missing && !difference.extra) {
		printf("%s: the %zu bodies settled are the %zu lines that match %s, byte for byte.\n",
		       queues[q].name, found[q].count, expected[q].count, queues[q].pattern);
		return true;
	}
	warnx("%s: what was settled is not what was read:", queues[q].name);
	if (difference.missing)
		print_line("missing", difference.missing, &difference.first_missing);
	if (difference.extra)
		print_line("too many", difference.extra, &difference.first_extra);
	return false;
}

/* The broker's own numbers must tell the same story. */
static bool check_counts(int q, uint64_t redelivered)
{
	uint64_t lines = expected[q].count;

	if (queues[q].published == lines && counts[q].enqueued == lines &&
	    counts[q].accepted == lines && counts[q].redelivered == redelivered &&
	    counts[q].delivered == lines + redelivered && redelivery[q].count == redelivered)
		return true;
	warnx("%s: the counts disagree: %" PRIu64 " lines, %" PRIu64 " confirmed, %" PRIu64
	      " enqueued, %" PRIu64 " delivered, %" PRIu64 " redelivered (consumers saw %zu, not %"
	      PRIu64 "), %" PRIu64 " accepted", queues[q].name, lines, queues[q].published,
	      counts[q].enqueued, counts[q].delivered, counts[q].redelivered, redelivery[q].count,
	      redelivered, counts[q].accepted);
	return false;
}

/* Every redelivery is the victim's, and says so. */
static bool check_cause(void)
{
	const struct redelivery *told = &redelivery[STATUS];

	if (!told->count) {
		warnx("a worker was killed, and nothing was redelivered");
		return false;
	}
	if (told->unlike || told->cause != BROKER_CAUSE_KILLED || told->cause_code != SIGKILL ||
	    told->cause_pid != (uint32_t)victim) {
		warnx("redelivered: cause %s %u, process %u; but process %d was killed",
		      broker_cause_name(told->cause), told->cause_code, told->cause_pid, victim);
		return false;
	}
	return true;
}

static bool check(void)
{
	bool good = true;

	good &= check_bodies(STATUS);
	good &= check_bodies(AUDIT);
	good &= check_counts(STATUS, victim_held);
	good &= check_counts(AUDIT, 0);
	good &= check_cause();
	return good;
}

static const char usage[] =
	"usage: broker-demo [--look COMMAND] [FILE]\n"
	"Publishes each line of FILE (default /var/log/dpkg.log), kills a consumer at\n"
	"work, and proves that nothing was lost.\n"
	"  -l, --look COMMAND   run COMMAND while the consumer holds its last messages\n"
	"  -h, --help\n";

static const char *parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "look", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "l:h", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			look = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (argc - optind > 1) {
		fputs(usage, stderr);
		exit(2);
	}
	return optind < argc ? argv[optind] : "/var/log/dpkg.log";
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_interrupt };
	const char *path = parse_options(argc, argv);
	uint64_t start;

	setvbuf(stdout, NULL, _IOLBF, 0);
	read_input(path);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	atexit(clean_up);
	if (topology_make(queues, NR_QUEUES) < 0)
		return EXIT_FAILURE;
	printf("exchange %s (topic); queue %s bound by %s, queue %s bound by %s\n", EXCHANGE,
	       queues[STATUS].name, queues[STATUS].pattern, queues[AUDIT].name,
	       queues[AUDIT].pattern);
	start_consumers();
	if (publisher_open() < 0)
		return EXIT_FAILURE;

	start = now_ms();
	play();
	printf("all settled after %.1f s; a queue was full %u times, and publishing waited for room\n",
	       (now_ms() - start) / 1000.0, full);

	collect();
	print_table();
	if (!check()) {
		warnx("FAILED");
		return EXIT_FAILURE;
	}
	printf("A worker died with %u messages in hand; no line was lost, none settled twice.\n",
	       victim_held);
	return EXIT_SUCCESS;
}
