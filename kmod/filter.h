/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_FILTER_H
#define _BROKER_FILTER_H

#include <linux/types.h>

/**
 * DOC: Filters
 *
 * Checks and runs the programs described by "Filters" in linux/broker.h.
 * broker_filter_check() judges one once, when it comes in; broker_filter_match()
 * runs only what passed.  Nothing here allocates, sleeps, locks or recurses, and
 * a program's length bounds its time, so that it may run under a spinlock.
 */

/**
 * struct broker_filter_subject - a message as filters see it
 * @exchange: name it was published to (const)
 * @key: routing key (const)
 * @props: property area, which passed broker_props_check() (const)
 * @exchange_len: bytes of @exchange (const)
 * @key_len: bytes of @key (const)
 * @props_len: bytes of @props (const)
 * @size: bytes of body (const)
 * @time: when the broker took it, milliseconds since 1970 (const)
 * @uid: who published it, as the filter's maker sees it (const)
 * @gid: the same (const)
 * @pid: the same (const)
 * @cgroup: where that process was (const)
 */
struct broker_filter_subject {
	const char *exchange;
	const char *key;
	const void *props;
	u32 exchange_len;
	u32 key_len;
	u32 props_len;
	u32 size;
	s64 time;
	u32 uid;
	u32 gid;
	u32 pid;
	u64 cgroup;
};

/**
 * broker_filter_check() - is this a program?
 * @program: any bytes
 * @len: how many
 *
 * The first instruction at fault decides.
 *
 * Return: 0; or -EMSGSIZE, -E2BIG, -EOPNOTSUPP, -EINVAL, -EILSEQ, as
 * linux/broker.h says.
 */
int broker_filter_check(const void *program, size_t len);

/** broker_filter_match() - does a message match @program, which passed the check? */
bool broker_filter_match(const void *program, size_t len,
			 const struct broker_filter_subject *subject);

#endif /* _BROKER_FILTER_H */
