/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_LEASE_H
#define _BROKER_LEASE_H

#include <linux/types.h>

struct broker_consumer;
struct broker_entry;
struct broker_queue;

/**
 * DOC: Leases
 *
 * What a consumer has received it may keep for as long as its lease says; then
 * it fails, and goes back to the queue.  A dead consumer's messages go back at
 * once; a lease is for one that lives and does nothing.
 *
 * A lease is measured on the consumer's lease clock, which stands still while its
 * process is frozen, stopped or traced: that is not its fault, and it could not
 * work meanwhile.  Nobody tells when a process is stopped, so it is looked at now
 * and then (LEASE_LOOKS times in a lease, and once a second), and the time between
 * two looks counts as stopped if it is found so at the second.
 *
 * To find the leases that ended takes a look at all that a consumer has; the more it
 * has, the longer they rest until the next.
 *
 * A consumer whose lease ended is *hung*: what was on its way to it goes back,
 * too, and it gets nothing more, until it settles or receives.  Whoever waits in
 * RECEIVE, or polls, is woken to do so.  So is one that
 * does not come for its messages for as long as a lease.
 *
 * On the same clock a consumer is *slow* that has had messages, on their way or in
 * hand, for as long as its queue's slow-after says, and has neither come for any nor
 * settled or extended any meanwhile.  That is told once, until it does; if the queue
 * says so, the consumer is detached.
 */

void broker_lease_init(struct broker_consumer *consumer);
void broker_lease_alive(struct broker_consumer *consumer);

/* Under queue.lock. */
void broker_lease_begin_locked(struct broker_consumer *consumer, struct broker_entry *entry);
void broker_lease_extend_locked(struct broker_consumer *consumer, struct broker_entry *entry,
				u64 lease);
void broker_lease_again_locked(struct broker_consumer *consumer, struct broker_entry *entry);
void broker_lease_assigned_locked(struct broker_consumer *consumer);
void broker_lease_alive_locked(struct broker_consumer *consumer);
void broker_lease_stop_locked(struct broker_consumer *consumer);
void broker_lease_set_slow_locked(struct broker_queue *queue);

#endif /* _BROKER_LEASE_H */
