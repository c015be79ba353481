/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_RING_H
#define _BROKER_RING_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#include "props.h"

struct broker_binding;
struct broker_exchange;
struct netlink_ext_ack;

/**
 * DOC: Rings
 *
 * How hash and split exchanges choose one binding.  A ring is a sorted list of
 * points, each of which belongs to a binding: as many as its weight says.
 *
 * Hash.  Binding and message are hashed to places on the ring, as "Hash exchanges"
 * in linux/broker.h lays down; the message goes to the binding of the next point.
 * A binding that comes takes its keys from all the others, one that goes leaves
 * them to all the others, and no key moves between two that stay.  Finding the
 * point is a binary search.
 *
 * Split.  A binding's points stand at even distances, so that going round the
 * ring gives each its share and spreads it.  A message takes the next point.
 *
 * An exchange has a ring for each kind of binding: plain ones, and those that
 * divert, which come first; that of the taps has no points and is walked.
 *
 * Guarantees.  Choosing is lock-free, writes nothing, and sees a ring as it was
 * before a change or after it.  To add or change a binding may fail for want of
 * memory, and then changes nothing.  To delete one cannot fail: if there is no
 * memory for a ring without it, its points stay, and what meets them goes on to
 * the next; so a split exchange may be out of proportion until the next change.
 *
 * Lifetime: made under broker.topology, freed a grace period after it was
 * replaced, or with its exchange.
 */

/* Points of a binding of a hash exchange, for each unit of its weight. */
#define BROKER_RING_POINTS	64

/* Highest sum of weights: bounds the memory of a ring, and the time to sort it. */
#define BROKER_RING_WEIGHTS	2048

/**
 * enum broker_ring_kind - bindings that a ring is of
 * @BROKER_RING_DIVERT: those that divert
 * @BROKER_RING_PLAIN: those without a flag
 * @BROKER_RING_TAP: taps
 * @BROKER_RING_KINDS: how many kinds there are
 */
enum broker_ring_kind {
	BROKER_RING_DIVERT,
	BROKER_RING_PLAIN,
	BROKER_RING_TAP,
	BROKER_RING_KINDS,
};

/**
 * struct broker_ring_point - a place on the ring
 * @at: the place (const)
 * @member: whose it is (const)
 */
struct broker_ring_point {
	u64 at;
	u32 member;
};

/**
 * struct broker_ring - bindings to choose from
 * @rcu: frees it after those who choose (owner: who replaced it)
 * @members: the bindings; NULL where one has been deleted (rcu; changed under topology)
 * @nr_members: how many (const)
 * @nr_points: how many (const)
 * @points: sorted by place (const)
 */
struct broker_ring {
	struct rcu_head rcu;
	struct broker_binding __rcu **members;
	u32 nr_members;
	u32 nr_points;
	struct broker_ring_point points[];
};

/* Under broker.topology. */
int broker_rings_add(struct broker_binding *binding, struct netlink_ext_ack *extack);
int broker_rings_set(struct broker_binding *binding, u32 flags, u32 weight,
		     struct netlink_ext_ack *extack);
void broker_rings_del(struct broker_binding *binding);
void broker_rings_free(struct broker_exchange *exchange);

/* Under RCU.  NULL: the ring is empty. */
struct broker_binding *broker_ring_next(const struct broker_ring *ring, u64 at);
struct broker_binding *broker_ring_turn(const struct broker_ring *ring, u64 turn);

u64 broker_ring_hash(const void *data, size_t len);

#endif /* _BROKER_RING_H */
