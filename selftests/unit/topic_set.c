// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <string.h>

#include "shim.h"
#include "tap.h"
#include "topic_set.h"

/* There is one at a time, and to clear it whole would take longer than most tests. */
static struct set set_memory;
static unsigned long live_before;

struct set *set_new(void)
{
	struct set *set = &set_memory;
	unsigned int i;

	assert(!set->topic.root);
	live_before = shim_live();
	for (i = 0; i < SET_MAX; i++) {
		set->pattern[i].added = false;
		set->pattern[i].found = 0;
	}
	pthread_mutex_init(&set->lock.mutex, NULL);
	EXPECT_EQ(broker_topic_init(&set->topic, &set->lock), 0);
	return set;
}

void set_free(struct set *set)
{
	unsigned int i;

	for (i = 0; i < SET_MAX; i++)
		set_del(set, i);
	rcu_barrier();
	broker_topic_destroy(&set->topic);
	broker_topic_scratch_free(&set->scratch);
	EXPECT_EQ(shim_live(), live_before);
}

int set_add(struct set *set, unsigned int i, const char *text, size_t len)
{
	struct set_pattern *pattern = &set->pattern[i];
	int err;

	mutex_lock(&set->lock);
	err = broker_topic_add(&set->topic, text, len, &pattern->entry);
	mutex_unlock(&set->lock);
	if (err)
		return err;

	pattern->added = true;
	pattern->found = 0;
	pattern->len = len;
	memcpy(pattern->text, text, len);
	oracle_split(&pattern->words, pattern->text, len);
	return 0;
}

void set_del(struct set *set, unsigned int i)
{
	if (!set->pattern[i].added)
		return;
	mutex_lock(&set->lock);
	broker_topic_del(&set->topic, &set->pattern[i].entry);
	mutex_unlock(&set->lock);
	set->pattern[i].added = false;
}

static int note(struct broker_topic_entry *entry, void *arg)
{
	unsigned int *count = arg;

	container_of(entry, struct set_pattern, entry)->found++;
	++*count;
	return 0;
}

unsigned int set_match(struct set *set, const char *key, size_t len)
{
	unsigned int i, count;
	int err;

	for (;;) {
		for (i = 0; i < SET_MAX; i++)
			set->pattern[i].found = 0;
		count = 0;
		rcu_read_lock();
		err = broker_topic_match(&set->topic, key, len, &set->scratch, note, &count);
		rcu_read_unlock();
		if (err != -ENOSPC)
			break;
		EXPECT_EQ(count, 0);
		EXPECT_EQ(broker_topic_scratch_grow(&set->scratch), 0);
	}
	EXPECT_EQ(err, 0);
	return count;
}

bool set_check(struct set *set, const char *key, size_t len)
{
	struct words words;
	unsigned int i;
	bool agree = true;

	oracle_split(&words, key, len);
	set_match(set, key, len);
	for (i = 0; i < SET_MAX; i++) {
		struct set_pattern *pattern = &set->pattern[i];
		unsigned int want = pattern->added && oracle_match(&pattern->words, &words);

		if (pattern->found != want) {
			tap_fail(__FILE__, __LINE__, "\"%.*s\" found \"%.*s\" %u times, not %u",
				 (int)len, key, (int)pattern->len, pattern->text,
				 pattern->found, want);
			agree = false;
		}
	}
	return agree;
}
