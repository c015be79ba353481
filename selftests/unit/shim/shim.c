// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <assert.h>
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

u32 shim_hash_mask = ~0U;

/* Memory */

static unsigned int fail_nth;
static unsigned long live, allocations, lookups;

static void count(unsigned long *counter, long by)
{
	__atomic_fetch_add(counter, by, __ATOMIC_RELAXED);
}

void shim_fail_nth(unsigned int nth)
{
	fail_nth = nth;
}

unsigned long shim_live(void)
{
	return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

unsigned long shim_lookups(void)
{
	return __atomic_load_n(&lookups, __ATOMIC_RELAXED);
}

unsigned long shim_allocations(void)
{
	return __atomic_load_n(&allocations, __ATOMIC_RELAXED);
}

static bool must_fail(void)
{
	return fail_nth && !--fail_nth;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	void *object;

	assert(gfp & GFP_KERNEL);
	assert(!rcu_read_lock_held());
	count(&allocations, 1);
	if (must_fail())
		return NULL;

	object = gfp & __GFP_ZERO ? calloc(1, size) : malloc(size);
	assert(object);
	count(&live, 1);
	return object;
}

void kfree(const void *object)
{
	if (object)
		count(&live, -1);
	free((void *)object);
}

/*
 * RCU: each thread shows the epoch in which its critical section began, or 0.  Who
 * waits begins a new epoch and waits for those that show an earlier one.
 */

#define MAX_THREADS	16

static u64 epoch = 1;
static u64 readers[MAX_THREADS];
static unsigned int threads;
static __thread u64 *reader;
static __thread unsigned int depth;

static pthread_mutex_t pending_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_head *pending;

void rcu_read_lock(void)
{
	if (!reader) {
		unsigned int i = __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);

		assert(i < MAX_THREADS);
		reader = &readers[i];
	}
	if (!depth++) {
		u64 now;

		/* Once more, if it ended meanwhile: its end may not have seen this reader. */
		do {
			now = __atomic_load_n(&epoch, __ATOMIC_SEQ_CST);
			__atomic_store_n(reader, now, __ATOMIC_SEQ_CST);
		} while (now != __atomic_load_n(&epoch, __ATOMIC_SEQ_CST));
	}
}

void rcu_read_unlock(void)
{
	assert(depth);
	if (!--depth)
		__atomic_store_n(reader, 0, __ATOMIC_SEQ_CST);
}

bool rcu_read_lock_held(void)
{
	return depth;
}

void synchronize_rcu(void)
{
	u64 now = __atomic_add_fetch(&epoch, 1, __ATOMIC_SEQ_CST);
	unsigned int i;

	assert(!depth);
	for (i = 0; i < MAX_THREADS; i++) {
		u64 began;

		while ((began = __atomic_load_n(&readers[i], __ATOMIC_SEQ_CST)) && began < now)
			sched_yield();
	}
}

void shim_kfree_rcu(struct rcu_head *head, void *object)
{
	head->object = object;
	pthread_mutex_lock(&pending_lock);
	head->next = pending;
	pending = head;
	pthread_mutex_unlock(&pending_lock);
}

void rcu_barrier(void)
{
	struct rcu_head *head, *next;

	pthread_mutex_lock(&pending_lock);
	head = pending;
	pending = NULL;
	pthread_mutex_unlock(&pending_lock);

	synchronize_rcu();
	for (; head; head = next) {
		next = head->next;
		kfree(head->object);
	}
}

/* Hash table */

static void *object_of(const struct rhashtable *ht, struct rhash_head *head)
{
	return (char *)head - ht->p.head_offset;
}

static struct rhash_head **bucket_of(struct rhashtable *ht, struct rhash_head *head)
{
	return &ht->buckets[ht->p.obj_hashfn(object_of(ht, head), 0, ht->size) & (ht->size - 1)];
}

static void push(struct rhashtable *ht, struct rhash_head *head)
{
	struct rhash_head **bucket = bucket_of(ht, head);

	head->next = *bucket;
	*bucket = head;
}

int rhashtable_init(struct rhashtable *ht, const struct rhashtable_params *params)
{
	memset(ht, 0, sizeof(*ht));
	ht->p = *params;
	ht->size = 16;
	ht->buckets = kzalloc(ht->size * sizeof(*ht->buckets), GFP_KERNEL);
	if (!ht->buckets)
		return -ENOMEM;
	ht->lock = (pthread_rwlock_t)PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
	return 0;
}

void rhashtable_destroy(struct rhashtable *ht)
{
	pthread_rwlock_destroy(&ht->lock);
	kfree(ht->buckets);
}

/* With a new seed, as the kernel does: the hash of an object may change. */
static int grow(struct rhashtable *ht)
{
	struct rhash_head **old = ht->buckets;
	unsigned int i, size = ht->size;
	struct rhash_head **buckets;

	buckets = kzalloc(2 * size * sizeof(*buckets), GFP_KERNEL);
	if (!buckets)
		return -ENOMEM;
	ht->buckets = buckets;
	ht->size = 2 * size;
	for (i = 0; i < size; i++) {
		while (old[i]) {
			struct rhash_head *head = old[i];

			old[i] = head->next;
			push(ht, head);
		}
	}
	kfree(old);
	return 0;
}

static void *lookup(struct rhashtable *ht, const void *key, const struct rhashtable_params *params)
{
	struct rhashtable_compare_arg arg = { .ht = ht, .key = key };
	struct rhash_head *head;

	pthread_rwlock_rdlock(&ht->lock);
	head = ht->buckets[params->hashfn(key, 0, ht->size) & (ht->size - 1)];
	while (head && params->obj_cmpfn(&arg, object_of(ht, head)))
		head = head->next;
	pthread_rwlock_unlock(&ht->lock);
	return head ? object_of(ht, head) : NULL;
}

void *rhashtable_lookup(struct rhashtable *ht, const void *key,
			const struct rhashtable_params params)
{
	assert(rcu_read_lock_held());
	count(&lookups, 1);
	return lookup(ht, key, &params);
}

void *rhashtable_lookup_fast(struct rhashtable *ht, const void *key,
			     const struct rhashtable_params params)
{
	return lookup(ht, key, &params);
}

int rhashtable_insert_fast(struct rhashtable *ht, struct rhash_head *head,
			   const struct rhashtable_params params)
{
	int err = 0;

	(void)params;
	if (must_fail())
		return -EBUSY;

	pthread_rwlock_wrlock(&ht->lock);
	if (ht->nelems >= ht->size)
		err = grow(ht);
	if (!err) {
		push(ht, head);
		ht->nelems++;
	}
	pthread_rwlock_unlock(&ht->lock);
	return err;
}

int rhashtable_remove_fast(struct rhashtable *ht, struct rhash_head *head,
			   const struct rhashtable_params params)
{
	struct rhash_head **link;

	(void)params;
	pthread_rwlock_wrlock(&ht->lock);
	link = bucket_of(ht, head);
	while (*link && *link != head)
		link = &(*link)->next;
	assert(*link);
	*link = head->next;
	ht->nelems--;
	pthread_rwlock_unlock(&ht->lock);
	return 0;
}
