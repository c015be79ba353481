// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Print how many thousand ticks a second the processor's time-stamp counter
 * makes.  An emulated guest reads the host's counter, but a guest that works out
 * its rate itself, against emulated timers, is wrong by as much as the host is
 * busy: its seconds then pass several times too fast.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

/* A reading of both clocks that nothing came between: the shortest of some. */
static void read_both(unsigned long long *ticks, double *seconds)
{
	unsigned long long before, after, best = ~0ULL;
	struct timespec now;
	int i;

	for (i = 0; i < 100; i++) {
		before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC, &now);
		after = __rdtsc();
		if (after - before < best) {
			best = after - before;
			*ticks = before + best / 2;
			*seconds = now.tv_sec + now.tv_nsec / 1e9;
		}
	}
}

int main(void)
{
	const struct timespec while_asleep = { .tv_nsec = 100000000 };
	unsigned long long start_ticks, end_ticks;
	double start, end;

	read_both(&start_ticks, &start);
	nanosleep(&while_asleep, NULL);
	read_both(&end_ticks, &end);
	printf("%.0f\n", (end_ticks - start_ticks) / (end - start) / 1000);
	return 0;
}
