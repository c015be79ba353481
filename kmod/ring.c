// SPDX-License-Identifier: GPL-2.0
#include <linux/gcd.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <uapi/linux/broker_netlink.h>

#include "binding.h"
#include "broker.h"
#include "exchange.h"
#include "memory.h"
#include "queue.h"
#include "ring.h"

#define FNV_OFFSET	0xcbf29ce484222325ULL
#define FNV_PRIME	0x00000100000001b3ULL
#define GOLDEN		0x9e3779b97f4a7c15ULL

static u64 fnv(u64 hash, const void *data, size_t len)
{
	const u8 *byte = data;

	while (len--)
		hash = (hash ^ *byte++) * FNV_PRIME;
	return hash;
}

/* FNV is weak in its high bits, which decide here: so all bits are mixed. */
static u64 mix(u64 hash)
{
	hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
	hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ULL;
	return hash ^ (hash >> 33);
}

/* The place of a key.  ABI: see "Hash exchanges" in linux/broker.h. */
u64 broker_ring_hash(const void *data, size_t len)
{
	return mix(fnv(FNV_OFFSET, data, len));
}

/* What the places of a binding's points are made of. */
static u64 binding_base(const struct broker_binding *binding)
{
	u64 hash = fnv(FNV_OFFSET, binding->queue ? "q" : "x", 1);

	if (binding->queue)
		hash = fnv(hash, binding->queue->name, binding->queue->name_len);
	else
		hash = fnv(hash, binding->exchange->name, binding->exchange->name_len);
	hash = fnv(hash, "", 1);
	return fnv(hash, binding->key, binding->key_len);
}

static enum broker_ring_kind kind_of(u32 flags)
{
	if (flags & BROKER_BINDING_FLAGS_TAP)
		return BROKER_RING_TAP;
	return flags & BROKER_BINDING_FLAGS_DIVERT ? BROKER_RING_DIVERT : BROKER_RING_PLAIN;
}

static struct broker_ring *ring_of(struct broker_exchange *exchange, enum broker_ring_kind kind)
{
	return rcu_dereference_protected(exchange->rings[kind],
					 lockdep_is_held(&exchange->broker->topology));
}

/**
 * struct ring_plan - what a ring is to be made of
 * @exchange: whose
 * @kind: bindings of this kind
 * @with: one more, whether in the exchange's list or not; or NULL
 * @weight: of @with
 * @without: one less, though still there; or NULL
 * @members: how many there are
 * @weights: their sum
 * @divisor: largest that all have in common
 */
struct ring_plan {
	struct broker_exchange *exchange;
	enum broker_ring_kind kind;
	struct broker_binding *with;
	u32 weight;
	struct broker_binding *without;
	u32 members;
	u32 weights;
	u32 divisor;
};

static bool plan_has(const struct ring_plan *plan, const struct broker_binding *binding)
{
	return binding != plan->with && binding != plan->without &&
	       kind_of(binding->flags) == plan->kind;
}

static void plan_count(struct ring_plan *plan, u32 weight)
{
	plan->members++;
	plan->weights += weight;
	plan->divisor = gcd(plan->divisor, weight);
}

static void plan_make(struct ring_plan *plan)
{
	struct broker_binding *binding;

	list_for_each_entry(binding, &plan->exchange->all, of_source)
		if (plan_has(plan, binding))
			plan_count(plan, binding->weight);
	if (plan->with)
		plan_count(plan, plan->weight);
}

static u32 plan_points(const struct ring_plan *plan, u32 weight)
{
	if (plan->kind == BROKER_RING_TAP)
		return 0;
	return plan->exchange->type == BROKER_EXCHANGE_TYPE_HASH ? weight * BROKER_RING_POINTS :
								   weight / plan->divisor;
}

static void ring_put(struct broker_ring *ring, const struct ring_plan *plan,
		     struct broker_binding *binding, u32 weight)
{
	u32 member = ring->nr_members++, count = plan_points(plan, weight), i;
	u64 base = binding_base(binding);

	RCU_INIT_POINTER(ring->members[member], binding);
	for (i = 0; i < count; i++) {
		struct broker_ring_point *point = &ring->points[ring->nr_points++];

		point->member = member;
		if (plan->exchange->type == BROKER_EXCHANGE_TYPE_HASH)
			point->at = mix(base + i * GOLDEN);
		else	/* the middle of each of @count equal parts */
			point->at = div64_u64((2 * i + 1ULL) << 48, 2 * count);
	}
}

static int point_compare(const void *a, const void *b)
{
	const struct broker_ring_point *left = a, *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return left->member < right->member ? -1 : left->member > right->member;
}

/* NULL: no memory. */
static struct broker_ring *ring_make(const struct ring_plan *plan)
{
	u32 points = plan_points(plan, plan->weights);
	struct broker_binding *binding;
	struct broker_ring *ring;

	ring = kvzalloc(struct_size(ring, points, points) +
			plan->members * sizeof(*ring->members), BROKER_GFP);
	if (!ring)
		return NULL;
	ring->members = (void *)&ring->points[points];
	list_for_each_entry(binding, &plan->exchange->all, of_source)
		if (plan_has(plan, binding))
			ring_put(ring, plan, binding, binding->weight);
	if (plan->with)
		ring_put(ring, plan, plan->with, plan->weight);
	sort(ring->points, ring->nr_points, sizeof(ring->points[0]), point_compare, NULL);
	return ring;
}

static void ring_replace(struct broker_exchange *exchange, enum broker_ring_kind kind,
			 struct broker_ring *ring)
{
	struct broker_ring *old = ring_of(exchange, kind);

	rcu_assign_pointer(exchange->rings[kind], ring);
	if (old)
		kvfree_rcu(old, rcu);
}

/* A ring of a binding's kind that has it: or ERR_PTR(-ENOSPC, -ENOMEM). */
static struct broker_ring *ring_with(struct broker_binding *binding, u32 flags, u32 weight,
				     struct netlink_ext_ack *extack)
{
	struct ring_plan plan = {
		.exchange = binding->source,
		.kind = kind_of(flags),
		.with = binding,
		.weight = weight,
	};

	plan_make(&plan);
	if (plan.kind != BROKER_RING_TAP && plan.weights > BROKER_RING_WEIGHTS) {
		NL_SET_ERR_MSG_MOD(extack, "the weights at this exchange add up to more than 2048");
		return ERR_PTR(-ENOSPC);
	}
	return ring_make(&plan) ?: ERR_PTR(-ENOMEM);
}

/* A ring of a binding's kind that does not have it.  NULL: no memory, or nothing left. */
static struct broker_ring *ring_without(struct broker_binding *binding)
{
	struct ring_plan plan = {
		.exchange = binding->source,
		.kind = kind_of(binding->flags),
		.without = binding,
	};

	plan_make(&plan);
	return plan.members ? ring_make(&plan) : NULL;
}

/* Takes a binding out of its ring; @ring, if there is one, replaces that. */
static void ring_remove(struct broker_binding *binding, struct broker_ring *ring)
{
	enum broker_ring_kind kind = kind_of(binding->flags);
	struct broker_ring *old = ring_of(binding->source, kind);
	u32 i;

	if (ring) {
		ring_replace(binding->source, kind, ring);
		return;
	}
	for (i = 0; i < old->nr_members; i++)
		if (rcu_access_pointer(old->members[i]) == binding)
			RCU_INIT_POINTER(old->members[i], NULL);
}

/* Adds a binding that is not yet in its exchange's list.  Return: 0, -ENOSPC, -ENOMEM. */
int broker_rings_add(struct broker_binding *binding, struct netlink_ext_ack *extack)
{
	struct broker_ring *ring;

	lockdep_assert_held(&binding->source->broker->topology);
	ring = ring_with(binding, binding->flags, binding->weight, extack);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	ring_replace(binding->source, kind_of(binding->flags), ring);
	return 0;
}

/* Changes flags and weight of a binding.  Return: as before; then nothing changed. */
int broker_rings_set(struct broker_binding *binding, u32 flags, u32 weight,
		     struct netlink_ext_ack *extack)
{
	bool moves = kind_of(flags) != kind_of(binding->flags);
	struct broker_exchange *exchange = binding->source;
	struct broker_ring *ring, *rest = NULL;

	lockdep_assert_held(&exchange->broker->topology);
	ring = ring_with(binding, flags, weight, extack);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	if (moves)
		rest = ring_without(binding);
	write_seqcount_begin(&exchange->flagging);
	ring_replace(exchange, kind_of(flags), ring);
	if (moves)
		ring_remove(binding, rest);
	WRITE_ONCE(binding->flags, flags);
	WRITE_ONCE(binding->weight, weight);
	write_seqcount_end(&exchange->flagging);
	return 0;
}

/* Deletes a binding; its memory stays for a grace period. */
void broker_rings_del(struct broker_binding *binding)
{
	lockdep_assert_held(&binding->source->broker->topology);
	/* When all of them go, a new ring for each would be in vain. */
	ring_remove(binding, binding->source->dead ? NULL : ring_without(binding));
}

/* At the end of an exchange, when nobody reads it. */
void broker_rings_free(struct broker_exchange *exchange)
{
	int kind;

	for (kind = 0; kind < BROKER_RING_KINDS; kind++)
		kvfree(rcu_dereference_protected(exchange->rings[kind], true));
}

/* The binding of the point at @index, or of the next that still has one. */
static struct broker_binding *ring_from(const struct broker_ring *ring, u32 index)
{
	struct broker_binding *binding;
	u32 i;

	for (i = 0; i < ring->nr_points; i++) {
		binding = rcu_dereference(ring->members[ring->points[index].member]);
		if (binding)
			return binding;
		index = index + 1 < ring->nr_points ? index + 1 : 0;
	}
	return NULL;
}

/* The binding of the first point at or behind @at, going round. */
struct broker_binding *broker_ring_next(const struct broker_ring *ring, u64 at)
{
	u32 low = 0, high;

	if (!ring || !ring->nr_points)
		return NULL;
	for (high = ring->nr_points; low < high;) {
		u32 middle = low + (high - low) / 2;

		if (ring->points[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return ring_from(ring, low < ring->nr_points ? low : 0);
}

/* The binding whose turn it is. */
struct broker_binding *broker_ring_turn(const struct broker_ring *ring, u64 turn)
{
	u64 index;

	if (!ring || !ring->nr_points)
		return NULL;
	div64_u64_rem(turn, ring->nr_points, &index);
	return ring_from(ring, index);
}
