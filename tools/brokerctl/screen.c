// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"

#define NSEC_PER_SEC	1000000000ULL

/* Time for the rest of an escape sequence, in ms */
#define ESCAPE_WAIT	50

static struct termios before;
static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	if (signal != SIGWINCH)
		ended = 1;
}

static void begin_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t held;

	/* They come while a key is waited for, and at no other time. */
	sigemptyset(&held);
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&held, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &held, NULL);
}

bool screen_begin(void)
{
	struct termios raw;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before))
		return false;
	begin_signals();
	raw = before;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	/* Another page, and no cursor */
	fputs("\033[?1049h\033[?25l", stdout);
	return true;
}

void screen_end(void)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

void screen_size(unsigned int *columns, unsigned int *lines)
{
	struct winsize size;

	*columns = 80;
	*lines = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return;
	*columns = size.ws_col;
	*lines = size.ws_row;
}

uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* The rest of an arrow's sequence, ESC [ A or ESC O A, some of which may be late */
static int escape(void)
{
	struct pollfd file = { .fd = STDIN_FILENO, .events = POLLIN };
	static const char arrows[] = "ABDC";
	const char *arrow;
	char byte = 0;

	for (int i = 0; i < 2; i++) {
		if (poll(&file, 1, ESCAPE_WAIT) <= 0 || read(STDIN_FILENO, &byte, 1) != 1)
			return KEY_OTHER;
		if (!i && byte != '[' && byte != 'O')
			return KEY_OTHER;
	}
	arrow = byte ? strchr(arrows, byte) : NULL;
	return arrow ? KEY_UP + (int)(arrow - arrows) : KEY_OTHER;
}

int screen_key(uint64_t deadline)
{
	struct pollfd file = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t now = clock_now(), left = deadline > now ? deadline - now : 0;
	struct timespec wait = { left / NSEC_PER_SEC, left % NSEC_PER_SEC };
	unsigned char byte;
	sigset_t none;
	int ready;

	sigemptyset(&none);
	ready = ppoll(&file, 1, &wait, &none);
	if (ended)
		return KEY_QUIT;
	if (ready <= 0)
		return KEY_NONE;
	if (read(STDIN_FILENO, &byte, 1) != 1 || byte == 'q')
		return KEY_QUIT;
	if (byte == '\033')
		return escape();
	return byte > KEY_OTHER ? byte : KEY_OTHER;
}

void screen_draw(char *const *lines, unsigned int count, unsigned int reverse)
{
	fputs("\033[H", stdout);
	for (unsigned int i = 0; i < count; i++)
		printf("%s%s%s\033[K%s", i == reverse ? "\033[7m" : "", lines[i],
		       i == reverse ? "\033[0m" : "", i + 1 < count ? "\r\n" : "");
	fputs("\033[J", stdout);
	fflush(stdout);
}
