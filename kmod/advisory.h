/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_ADVISORY_H
#define _BROKER_ADVISORY_H

#include <linux/types.h>
#include <linux/uidgid.h>

#include <uapi/linux/broker_netlink.h>

struct broker;
struct broker_consumer;
struct broker_queue;
struct broker_return;
struct broker_sender;

/**
 * DOC: Advisories
 *
 * What an administrator would want to be told of: a queue that overflows, a
 * consumer that crashes, and so on.  Each is sent over netlink, to the group
 * "alarms", and published as a message to the exchange broker.events.
 *
 * Telling costs whoever it is about next to nothing and cannot fail: it is
 * noted, under a lock that is the innermost of all, and a work item does the
 * rest.  Of one kind about one queue the first is told at once; those that
 * follow within a second are told together when it is over, with their number.
 * What is noted is bounded, too; what finds no place is counted, and the number
 * told with the next.
 *
 * An advisory that a queue refuses, or that makes it drop another message, is
 * no reason for a further one.
 *
 * Lifetime: a note holds a reference on its queue until it has been told and
 * its second is over, or the broker ends.
 */

/**
 * struct broker_advice - who and what it is about; 0 where that is not known
 * @session: number (const)
 * @sequence: of the message, in the queue (const)
 * @consumer: number within @session (const)
 * @pid: of the process, as it counts itself (const)
 * @uid: its user; counts if @pid does (const)
 * @cause: enum broker_cause (const)
 * @code: exit status or signal that goes with it (const)
 */
struct broker_advice {
	u64 session;
	u64 sequence;
	u32 consumer;
	u32 pid;
	kuid_t uid;
	u8 cause;
	u8 code;
};

/**
 * struct broker_advisory - as it is told
 * @kind: what happened (const)
 * @count: how often (const)
 * @lost: advisories that nobody was told of (const)
 * @time: when, nanoseconds since 1970 (const)
 * @queue: where, with a reference (const)
 * @advice: of the last of them (const)
 */
struct broker_advisory {
	enum broker_advisory_kind kind;
	u32 count;
	u32 lost;
	u64 time;
	struct broker_queue *queue;
	struct broker_advice advice;
};

int broker_advisories_init(struct broker *broker);
void broker_advisories_end(struct broker *broker);

/* From any context, under any lock.  @queue is referenced, @advice may be NULL. */
void broker_advise(struct broker_queue *queue, enum broker_advisory_kind kind, u32 count,
		   const struct broker_advice *advice);
void broker_advise_consumer(struct broker_consumer *consumer, enum broker_advisory_kind kind,
			    const struct broker_return *how);

struct broker_advice broker_advice_sender(const struct broker_sender *sender);

#endif /* _BROKER_ADVISORY_H */
