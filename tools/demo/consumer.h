/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A consumer: a process of its own that settles what a queue gives it and
 * writes down what it has settled.  It ends well when its queue is deleted.
 */
#ifndef DEMO_CONSUMER_H
#define DEMO_CONSUMER_H

#include <stdio.h>
#include <sys/types.h>

/* To a consumer: keep what you receive from now on, and do not settle it. */
#define CONSUMER_KEEP	SIGUSR1

struct consumer {
	const char *name;	/* for people */
	const char *queue;
	unsigned int credit;	/* most messages it may hold */
	unsigned int at_once;	/* most messages it settles in one step */
	FILE *report;
	pid_t pid;		/* 0 when it has ended */
};

/* What consumers write to the pipe they were started with. */
struct note {
	pid_t pid;
	unsigned int kept;	/* messages received and not settled; 0: ready to begin */
};

/*
 * Starts the process.  It writes one note when it has subscribed, and another
 * one when it has been told to keep what it receives and holds a handful.
 * Returns 0, or -1 with the reason on stderr.
 */
int consumer_start(struct consumer *consumer, int notes);

#endif /* DEMO_CONSUMER_H */
