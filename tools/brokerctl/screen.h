/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal as a page that is drawn again and again.  What was there before
 * comes back at the end, signals included.
 */
#ifndef BROKERCTL_SCREEN_H
#define BROKERCTL_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

/* Returns whether there is a terminal to draw on and to read keys from. */
bool screen_begin(void);
void screen_end(void);

/* Its size now: 80 by 24 where it does not know. */
void screen_size(unsigned int *columns, unsigned int *lines);

enum key {
	KEY_NONE,		/* the time is up, or the size has changed */
	KEY_QUIT,		/* q, SIGINT, SIGTERM, or the terminal is gone */
	KEY_UP,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_OTHER		/* and from here on the characters themselves */
};

/* The next key, or the size has changed, or it is @deadline (CLOCK_MONOTONIC, ns). */
int screen_key(uint64_t deadline);

uint64_t clock_now(void);

/* Draws lines, the first of them from the top; the one numbered @reverse in reverse video. */
void screen_draw(char *const *lines, unsigned int count, unsigned int reverse);

#endif
