/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every allocation and every copy from or to the user fails once, in each kind
 * of call: the call succeeds all the same, or says so and changed nothing.
 *
 * For kernels with fault injection: /proc/self/fail-nth makes the n-th point of
 * failure in what this task does next fail.
 */
#ifndef SELFTESTS_FAULT_H
#define SELFTESTS_FAULT_H

#include "helper.h"
#include "kselftest_harness.h"

#define POINTS	2000	/* no call has as many */

static int nth_fd = -1, nth, spent;

/* Begins and ends the time in which the @nth point fails. */
static inline void arm(int before)
{
	char text[16] = {};

	if (before) {
		snprintf(text, sizeof(text), "%d", nth);
		if (pwrite(nth_fd, text, strlen(text), 0) < 0)
			abort();
		return;
	}
	/* Reading may be what fails; then the call had less than @nth points. */
	spent = pread(nth_fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
	while (pwrite(nth_fd, "0", 1, 0) < 0)
		;
}

/* Until a call has got through all its points without meeting the @nth. */
#define EACH_POINT	for (nth = 1, spent = 1; nth < POINTS && spent; nth++)

#define ALL_POINTS_MET()			\
do {						\
	TH_LOG("%d points", nth - 2);		\
	EXPECT_LT(2, nth);			\
	EXPECT_GT(POINTS, nth);			\
} while (0)

static inline int faulty(int fd, unsigned long request, void *arg)
{
	int ret;

	arm(1);
	ret = call(fd, request, arg);
	arm(0);
	return ret;
}

static inline int injected(int error)
{
	return error == -ENOMEM || error == -EFAULT;
}

#define FAULT_OR_SUCCESS(ret)				\
	ASSERT_TRUE((ret) == 0 || injected(ret)) {	\
		TH_LOG("point %d: %d", nth, ret);	\
	}

/*
 * One operation: 0 if it was done, its error if it was not, 1 if nobody knows, because
 * telling is what failed.
 */
static inline int faulty_op(int fd, struct broker_op *op)
{
	struct broker_result result = { .error = 1 };
	struct broker_submit s = submit_of(op, 1, &result);

	return faulty(fd, BROKER_IOC_SUBMIT, &s) ?: result.error;
}

/* What @ret, of faulty_op(), leaves possible */
#define FAULT_OR_DONE(ret)				\
	ASSERT_TRUE((ret) == 1 || (ret) == 0 || injected(ret)) {	\
		TH_LOG("point %d: %d", nth, ret);	\
	}

/* Lets allocations fail that may wait; false: the kernel has no such thing. */
static inline int faults_begin(void)
{
	write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return nth_fd >= 0;
}

static inline void faults_end(void)
{
	write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "Y");
	write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "Y");
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "1");
}

/*
 * Netlink may lose the answer to a request that was performed (ENOBUFS, or no
 * answer at all): then either outcome is right.  @now tells how many there are.
 */
static inline void admin_faults(struct __test_metadata *_metadata, int (*make)(void),
				int (*undo)(void), uint64_t (*now)(void))
{
	uint64_t before = now(), after;
	int ret;

	EACH_POINT {
		nl_around = arm;
		ret = make();
		nl_around = NULL;
		after = now();
		ASSERT_TRUE(ret == 0 || injected(ret) || ret == -ENOBUFS || ret == -EAGAIN) {
			TH_LOG("point %d: %d %s", nth, ret, nl_why);
		}
		if (ret == 0)
			ASSERT_NE(before, after);
		if (injected(ret)) {
			ASSERT_EQ(before, after) {
				TH_LOG("point %d: %d, yet it was done", nth, ret);
			}
		}
		if (before != after)
			ASSERT_EQ(0, undo());
		ASSERT_EQ(before, now());
	}
	ALL_POINTS_MET();
}

#endif /* SELFTESTS_FAULT_H */
