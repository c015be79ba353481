/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _TAP_H
#define _TAP_H

/*
 * A test program: a table of functions, each one line of TAP.  Names given as
 * arguments choose some of them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_test {
	const char *name;
	void (*run)(void);
};

int tap_main(const struct tap_test *tests, size_t count, int argc, char **argv);

#define TAP_TEST(name)	{ #name, test_##name }
#define TAP_MAIN(tests)								\
	int main(int argc, char **argv)						\
	{									\
		return tap_main(tests, sizeof(tests) / sizeof((tests)[0]), argc, argv); \
	}

/* Fails the running test, which goes on: says where and what. */
__attribute__((format(printf, 3, 4)))
void tap_fail(const char *file, int line, const char *format, ...);

/* Has the running test failed? */
bool tap_failed(void);

#define EXPECT(condition)							\
	do {									\
		if (!(condition))						\
			tap_fail(__FILE__, __LINE__, "%s", #condition);		\
	} while (0)

#define EXPECT_EQ(is, should)							\
	do {									\
		long long is_ = (is), should_ = (should);			\
										\
		if (is_ != should_)						\
			tap_fail(__FILE__, __LINE__, "%s is %lld, not %lld",	\
				 #is, is_, should_);				\
	} while (0)

/*
 * Random cases.  SEED= and CASES= of the environment replay a run; without, the
 * seed is new each time, and printed.
 */
struct rng {
	uint64_t state;
};

uint64_t tap_seed(void);
unsigned long tap_cases(unsigned long by_default);

uint64_t rng_next(struct rng *rng);

/* 0 to @below - 1 */
static inline unsigned int rng_below(struct rng *rng, unsigned int below)
{
	return (rng_next(rng) >> 32) % below;
}

static inline bool rng_percent(struct rng *rng, unsigned int percent)
{
	return rng_below(rng, 100) < percent;
}

#endif /* _TAP_H */
