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
 *	outcome.c    the table at the end, and whether all is well: compare.c
 *	demo.c       the scene
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

#include "consumer.h"
#include "input.h"
#include "outcome.h"
#include "publisher.h"
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
static struct outcome outcomes[NR_QUEUES];

static int notes[2];		/* pipe from the consumers */
static unsigned int ready;	/* consumers that have subscribed */
static pid_t victim;
static unsigned int held;	/* messages it held when it was killed */
static size_t sent;		/* lines published */
static unsigned int full;	/* times that a queue had no room */
static const char *look;	/* command to run while the victim holds messages */

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

/* Adds the lines whose key begins with these words. */
static void add_matching(struct lines *lines, const char *words)
{
	char key[INPUT_KEY_SIZE];

	for (size_t i = 0; i < input.count; i++) {
		input_key(&input.line[i], key);
		if (input_key_begins(key, words) &&
		    lines_add(lines, input.line[i].data, input.line[i].length) < 0)
			errx(EXIT_FAILURE, "no memory");
	}
}

static void read_input(const char *path)
{
	struct lines *matching = &outcomes[STATUS].expected;

	if (input_read(&input, path) < 0)
		exit(EXIT_FAILURE);
	printf("%zu lines\n", input.count);
	add_matching(&outcomes[AUDIT].expected, "");

	for (size_t i = 0; i < sizeof(selections) / sizeof(*selections); i++) {
		lines_free(matching);
		add_matching(matching, selections[i].words);
		printf("%zu of them match %s%s\n", matching->count, selections[i].pattern,
		       matching->count < FEWEST ? ": too few for the workers" : "");
		if (matching->count >= FEWEST) {
			queues[STATUS].pattern = selections[i].pattern;
			return;
		}
	}
	errx(EXIT_FAILURE, "%s: the demo needs %d lines or more", path, FEWEST);
}

/* The number of lines in front of the second half of those for the workers. */
static size_t halfway(void)
{
	const struct lines *matching = &outcomes[STATUS].expected;
	const char *half = matching->line[matching->count / 2].data;
	size_t lines = 0;

	while (input.line[lines].data != half)
		lines++;
	return lines;
}

static void get_counts(void)
{
	for (int q = 0; q < NR_QUEUES; q++) {
		if (topology_counts(&queues[q], &outcomes[q].counts) < 0)
			exit(EXIT_FAILURE);
	}
}

/* Says how far things are, unless that has not changed; returns whether it has. */
static bool print_progress(void)
{
	static uint64_t last;
	uint64_t status = outcomes[STATUS].counts.accepted;
	uint64_t audit = outcomes[AUDIT].counts.accepted;

	if (sent + status + audit == last)
		return false;
	last = sent + status + audit;
	printf("  %zu published; settled: %" PRIu64 " from %s, %" PRIu64 " from %s\n", sent,
	       status, queues[STATUS].name, audit, queues[AUDIT].name);
	return true;
}

/* Prints progress now and then, and gives up when there is none for long. */
static void watch_progress(void)
{
	static uint64_t looked, moved;
	uint64_t now = now_ms();

	if (looked && now - looked < PROGRESS_MS)
		return;
	looked = now;
	get_counts();
	if (print_progress())
		moved = now;
	if (now - moved > STALLED_MS)
		errx(EXIT_FAILURE, "nothing has been published or settled for %d seconds",
		     STALLED_MS / 1000);
}

static void kill_victim(void)
{
	printf("%s (process %d) holds %u message%s and settles none of them\n",
	       consumers[VICTIM].name, victim, held, held == 1 ? "" : "s");
	if (look) {
		printf("$ %s\n", look);
		fflush(stdout);
		if (system(look) != 0)
			warnx("%s: failed", look);
	}
	printf("killing it with SIGKILL\n");
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	consumers[VICTIM].pid = 0;
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
		held = note.kept;
		if (held)
			kill_victim();
		else
			ready++;
	}
	check_consumers();
	if (sent)
		watch_progress();
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

static void wait_until_settled(void)
{
	do {
		attend(0, 20);
		get_counts();
	} while (outcomes[STATUS].counts.left || outcomes[AUDIT].counts.left);
}

/*
 * Publishes all lines and has a worker killed half-way.  That all are idle then
 * makes it certain that the victim gets its share of what follows.
 */
static void play(void)
{
	publish_up_to(halfway());
	wait_until_settled();
	kill(victim, CONSUMER_KEEP);
	publish_up_to(input.count);
	while (!held)
		attend(0, 100);
	wait_until_settled();
	print_progress();
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
		if (report_read(consumer->report, &outcomes[q].settled,
				&outcomes[q].redelivery) < 0)
			err(EXIT_FAILURE, "report of %s", consumer->name);
	}
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
	bool good;

	setvbuf(stdout, NULL, _IOLBF, 0);
	read_input(path);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	atexit(clean_up);
	if (topology_make(queues, NR_QUEUES) < 0)
		return EXIT_FAILURE;
	printf("exchange %s (topic): %s to queue %s, %s to queue %s\n", EXCHANGE,
	       queues[STATUS].pattern, queues[STATUS].name, queues[AUDIT].pattern,
	       queues[AUDIT].name);
	start_consumers();
	if (publisher_open() < 0)
		return EXIT_FAILURE;

	start = now_ms();
	play();
	collect();
	printf("all settled after %.1f s; waits for room in a full queue: %u\n",
	       (now_ms() - start) / 1000.0, full);

	outcome_print_table(queues, outcomes, NR_QUEUES);
	good = outcome_check(&queues[STATUS], &outcomes[STATUS], held, victim);
	good &= outcome_check(&queues[AUDIT], &outcomes[AUDIT], 0, victim);
	if (!good) {
		warnx("FAILED");
		return EXIT_FAILURE;
	}
	printf("A worker died with %u message%s in hand; no line was lost, none settled twice.\n",
	       held, held == 1 ? "" : "s");
	return EXIT_SUCCESS;
}
