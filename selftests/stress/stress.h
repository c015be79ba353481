/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the stress tests share: time, chance, TAP. */
#ifndef SELFTESTS_STRESS_H
#define SELFTESTS_STRESS_H

#include <stdarg.h>
#include "../device/helper.h"

static int tests, failures;

static inline void check(int ok, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%sok %d - ", ok ? "" : "not ", ++tests);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	failures += !ok;
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static inline unsigned long env_number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

/* The seed of this run: SEED, or a new one; always told. */
static inline unsigned int stress_seed(void)
{
	unsigned int seed = env_number("SEED", now_ns() & 0xffffffff);

	printf("# SEED=%u repeats the choices of this run\n", seed);
	fflush(stdout);
	return seed;
}

static inline uint64_t stress_end(void)
{
	return now_ns() + env_number("STRESS_SECONDS", 10) * 1000000000ULL;
}

static inline void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* Where every message of a queue went adds up to what came in. */
static inline int queue_adds_up(const char *name)
{
	uint64_t in = queue_get(name, BROKER_A_QUEUE_ENQUEUED);
	uint64_t out = queue_get(name, BROKER_A_QUEUE_ACCEPTED) +
		       queue_get(name, BROKER_A_QUEUE_REJECTED) +
		       queue_get(name, BROKER_A_QUEUE_DROPPED) +
		       queue_get(name, BROKER_A_QUEUE_PURGED) + ready(name) + unacked(name);

	if (in != out)
		printf("# queue %s: %llu came in, %llu are accounted for\n", name,
		       (unsigned long long)in, (unsigned long long)out);
	return in == out;
}

#endif /* SELFTESTS_STRESS_H */
