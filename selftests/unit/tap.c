// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tap.h"

static bool failed;

void tap_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	failed = true;
	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

bool tap_failed(void)
{
	return failed;
}

static bool chosen(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(name, argv[i]))
			return true;
	}
	return argc == 1;
}

int tap_main(const struct tap_test *tests, size_t count, int argc, char **argv)
{
	size_t i, planned = 0, done = 0, bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < count; i++)
		planned += chosen(tests[i].name, argc, argv);
	printf("1..%zu\n", planned);
	for (i = 0; i < count; i++) {
		if (!chosen(tests[i].name, argc, argv))
			continue;
		failed = false;
		tests[i].run();
		bad += failed;
		printf("%sok %zu - %s\n", failed ? "not " : "", ++done, tests[i].name);
	}
	/* A name that is none must not pass for a success. */
	return bad || !planned;
}

uint64_t tap_seed(void)
{
	const char *given = getenv("SEED");
	struct timespec now;
	uint64_t seed;

	if (given) {
		seed = strtoull(given, NULL, 0);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		seed = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	}
	printf("# SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

unsigned long tap_cases(unsigned long by_default)
{
	const char *given = getenv("CASES");

	return given ? strtoul(given, NULL, 0) : by_default;
}

/* SplitMix64 */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}
