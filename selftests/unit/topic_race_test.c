// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Readers match while a writer adds and deletes.  Under AddressSanitizer, what is
 * freed while a reader may come to it is seen; under ThreadSanitizer, each access
 * that is not marked as shared.
 */
#include <errno.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <stdio.h>
#include <string.h>

#include "../../kmod/topic.h"
#include "shim.h"
#include "tap.h"

#define READERS	2
#define ROUNDS	2000	/* changes, and more until there were */
#define MATCHES	20000	/* matches */

/* One entry, which its owner frees as a caller should. */
struct binding {
	struct broker_topic_entry entry;
	struct rcu_head rcu;
	unsigned int pattern;
};

/* The first ones stay for the whole test: readers must find them each time. */
static const char *const patterns[] = {
	"a.b.c", "a.#", "#.a.#.c", "*.b.*",
	"a.b.d", "a.b.*.c", "#.b.#.c", "#.a.#.b.#.c.#", "*.*.c", "#", "a.b", "#.c", "a.*.#.c",
	"b.#",
};
#define NR_STAY		4
#define NR_PATTERNS	(sizeof(patterns) / sizeof(patterns[0]))

static DEFINE_MUTEX(lock);
static struct broker_topic topic;
static unsigned int matches, missed, writing;

static struct binding *binding_new(unsigned int pattern)
{
	struct binding *binding = kzalloc(sizeof(*binding), GFP_KERNEL);

	binding->pattern = pattern;
	mutex_lock(&lock);
	EXPECT_EQ(broker_topic_add(&topic, patterns[pattern], strlen(patterns[pattern]),
				   &binding->entry), 0);
	mutex_unlock(&lock);
	return binding;
}

static void binding_del(struct binding *binding)
{
	mutex_lock(&lock);
	broker_topic_del(&topic, &binding->entry);
	mutex_unlock(&lock);
	kfree_rcu(binding, rcu);
}

static int note(struct broker_topic_entry *entry, void *arg)
{
	unsigned int *found = arg;

	*found |= 1U << container_of(entry, struct binding, entry)->pattern;
	return 0;
}

static void *reader(void *arg)
{
	struct broker_topic_scratch scratch = {};

	while (__atomic_load_n(&writing, __ATOMIC_ACQUIRE)) {
		unsigned int found;
		int err;

		do {
			found = 0;
			rcu_read_lock();
			err = broker_topic_match(&topic, "a.b.c", 5, &scratch, note, &found);
			rcu_read_unlock();
		} while (err == -ENOSPC && !broker_topic_scratch_grow(&scratch));
		if (err || (found & ((1U << NR_STAY) - 1)) != (1U << NR_STAY) - 1)
			__atomic_fetch_add(&missed, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&matches, 1, __ATOMIC_RELAXED);
	}
	broker_topic_scratch_free(&scratch);
	return NULL;
}

static void test_readers_and_writer(void)
{
	struct binding *stay[NR_STAY], *change[32] = {};
	struct rng rng = { tap_seed() };
	unsigned long live = shim_live();
	pthread_t threads[READERS];
	unsigned int i, round;

	EXPECT_EQ(broker_topic_init(&topic, &lock), 0);
	for (i = 0; i < NR_STAY; i++)
		stay[i] = binding_new(i);
	writing = 1;
	for (i = 0; i < READERS; i++)
		pthread_create(&threads[i], NULL, reader, NULL);

	for (round = 0; round < ROUNDS || __atomic_load_n(&matches, __ATOMIC_RELAXED) < MATCHES;
	     round++) {
		i = rng_below(&rng, 32);
		if (change[i]) {
			binding_del(change[i]);
			change[i] = NULL;
		} else {
			change[i] = binding_new(rng_below(&rng, NR_PATTERNS));
		}
		/* Runs empty at times, so that all nodes go and come again. */
		for (i = 0; round % 64 == 0 && i < 32; i++) {
			if (change[i])
				binding_del(change[i]);
			change[i] = NULL;
		}
		if (round % 8 == 0)
			rcu_barrier();
	}

	__atomic_store_n(&writing, 0, __ATOMIC_RELEASE);
	for (i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(missed, 0);
	printf("# %u changes, %u matches\n", round, matches);

	for (i = 0; i < 32; i++) {
		if (change[i])
			binding_del(change[i]);
	}
	for (i = 0; i < NR_STAY; i++)
		binding_del(stay[i]);
	rcu_barrier();
	broker_topic_destroy(&topic);
	EXPECT_EQ(shim_live(), live);
}

static const struct tap_test tests[] = {
	TAP_TEST(readers_and_writer),
};
TAP_MAIN(tests)
