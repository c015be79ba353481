// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "binding.h"
#include "broker.h"
#include "entry.h"
#include "exchange.h"
#include "memory.h"
#include "message.h"
#include "retained.h"
#include "schedule.h"
#include "selector.h"
#include "table.h"
#include "topic.h"
#include "turn.h"

static u32 retained_hash(const void *data, u32 len, u32 seed)
{
	const struct broker_retained *retained = data;

	return jhash(retained->key, retained->key_len, seed);
}

static int retained_compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct broker_retained *retained = object;

	return broker_table_compare(arg->key, retained->key, retained->key_len);
}

static const struct rhashtable_params retained_params = {
	.head_offset = offsetof(struct broker_retained, hash),
	.hashfn = broker_table_hash,
	.obj_hashfn = retained_hash,
	.obj_cmpfn = retained_compare,
	.automatic_shrinking = true,
};

struct broker_retention *broker_retention_new(u32 max, u64 max_bytes)
{
	struct broker_retention *retention = kzalloc(sizeof(*retention), BROKER_GFP);

	if (!retention)
		return NULL;
	if (rhashtable_init(&retention->keys, &retained_params)) {
		kfree(retention);
		return NULL;
	}
	INIT_LIST_HEAD(&retention->messages);
	/* A dump without a number is one that nothing can interrupt. */
	retention->changes = 1;
	retention->max = max;
	retention->max_bytes = max_bytes;
	return retention;
}

/* Of what is empty, or NULL; may sleep. */
void broker_retention_free(struct broker_retention *retention)
{
	if (!retention)
		return;
	rhashtable_destroy(&retention->keys);
	kfree(retention);
}

/* Changes the limits; what is beyond them stays, and nothing new comes. */
void broker_retention_set(struct broker_exchange *exchange, u32 max, u64 max_bytes)
{
	struct broker *broker = exchange->broker;

	mutex_lock(&broker->retain_mutex);
	WRITE_ONCE(exchange->retention->max, max);
	WRITE_ONCE(exchange->retention->max_bytes, max_bytes);
	mutex_unlock(&broker->retain_mutex);
}

struct broker_retained *broker_retained_lookup(struct broker_retention *retention,
					       const char *key, size_t len)
{
	struct broker_table_key name = { key, len };

	return rhashtable_lookup_fast(&retention->keys, &name, retained_params);
}

/* Takes a message's place away; its memory stays while a walk over the table may see it. */
void broker_retained_delete(struct broker_retention *retention,
			    struct broker_retained *retained)
{
	rhashtable_remove_fast(&retention->keys, &retained->hash, retained_params);
	if (retained->message) {
		retention->changes++;
		list_del(&retained->of_exchange);
		WRITE_ONCE(retention->nr, retention->nr - 1);
		WRITE_ONCE(retention->bytes,
			   retention->bytes - broker_message_size(retained->message));
		broker_message_put(retained->message);
	}
	kfree_rcu(retained, rcu);
}

/* Forgets all, for good. */
void broker_retention_end(struct broker_exchange *exchange)
{
	struct broker_retention *retention = exchange->retention;
	struct broker *broker = exchange->broker;
	struct broker_retained *retained, *next;

	mutex_lock(&broker->retain_mutex);
	retention->dead = true;
	list_for_each_entry_safe(retained, next, &retention->messages, of_exchange) {
		broker_retained_delete(retention, retained);
		cond_resched();
	}
	mutex_unlock(&broker->retain_mutex);
}

/**
 * broker_retain_prepare() - Make sure that a message can be retained
 * @retain: filled, also if this fails
 * @exchange: it was published to, with a reference; NULL: the default exchange
 * @message: it; an empty body clears what is retained
 *
 * Return: 0, then commit or abort; -EOPNOTSUPP: the exchange does not retain;
 * -ENOENT: it was deleted; -ENOSPC: it retains as much as it may; -ENOMEM.
 */
int broker_retain_prepare(struct broker_retain *retain, struct broker_exchange *exchange,
			  struct broker_message *message)
{
	const char *key = broker_message_key(message);
	struct broker_retention *retention;
	struct broker_retained *retained;
	u64 bytes;
	int err;

	if (!exchange || !exchange->retention)
		return -EOPNOTSUPP;
	lockdep_assert_held(&exchange->broker->retain_mutex);
	retention = exchange->retention;
	if (retention->dead)
		return -ENOENT;
	retained = broker_retained_lookup(retention, key, message->key_len);
	*retain = (struct broker_retain) { retention, retained, message };
	if (!message->body_len)
		return 0;
	bytes = retention->bytes + broker_message_size(message) -
		(retained ? broker_message_size(retained->message) : 0);
	if (bytes > retention->max_bytes || (!retained && retention->nr >= retention->max))
		return -ENOSPC;
	if (retained)
		return 0;

	retained = kzalloc(struct_size(retained, key, message->key_len + 1), BROKER_GFP);
	if (!retained)
		return -ENOMEM;
	retained->key_len = message->key_len;
	memcpy(retained->key, key, message->key_len);
	err = rhashtable_insert_fast(&retention->keys, &retained->hash, retained_params);
	if (err) {
		kfree(retained);
		return -ENOMEM;
	}
	retain->retained = retained;
	return 0;
}

/* Cannot fail. */
void broker_retain_commit(struct broker_retain *retain)
{
	struct broker_retention *retention = retain->retention;
	struct broker_retained *retained = retain->retained;
	u64 bytes = retention->bytes + broker_message_size(retain->message);

	if (!retain->message->body_len) {
		if (retained)
			broker_retained_delete(retention, retained);
		return;
	}
	if (retained->message) {
		bytes -= broker_message_size(retained->message);
		broker_message_put(retained->message);
		list_del(&retained->of_exchange);
	} else {
		WRITE_ONCE(retention->nr, retention->nr + 1);
	}
	WRITE_ONCE(retention->bytes, bytes);
	retained->message = broker_message_get(retain->message);
	retention->changes++;
	list_add_tail(&retained->of_exchange, &retention->messages);
}

/* A second time it does nothing, whatever became of the key meanwhile. */
void broker_retain_abort(struct broker_retain *retain)
{
	if (retain->retained && !retain->retained->message)
		broker_retained_delete(retain->retention, retain->retained);
	retain->retained = NULL;
}

/**
 * struct offer_match - which retained messages a binding matches
 * @type: enum broker_exchange_type of its source
 * @key: its key or pattern
 * @key_len: bytes of it
 * @topic: topic: the pattern alone
 * @entry: topic: in that
 * @scratch: topic: memory of the matcher
 */
struct offer_match {
	u32 type;
	const char *key;
	u8 key_len;
	struct broker_topic topic;
	struct broker_topic_entry entry;
	struct broker_topic_scratch scratch;
};

static int match_begin(struct offer_match *match, const struct broker_binding_name *name)
{
	int err;

	*match = (struct offer_match) {
		.type = name->source->type,
		.key = name->key,
		.key_len = name->key_len,
	};
	if (match->type != BROKER_EXCHANGE_TYPE_TOPIC)
		return 0;
	err = broker_topic_init(&match->topic, &name->source->broker->topology);
	if (err)
		return err;
	err = broker_topic_add(&match->topic, name->key, name->key_len, &match->entry);
	if (err)
		broker_topic_destroy(&match->topic);
	return err;
}

static void match_end(struct offer_match *match)
{
	if (match->type != BROKER_EXCHANGE_TYPE_TOPIC)
		return;
	broker_topic_del(&match->topic, &match->entry);
	broker_topic_destroy(&match->topic);
	broker_topic_scratch_free(&match->scratch);
}

static int match_emit(struct broker_topic_entry *entry, void *arg)
{
	return 1;
}

/* Return: 1, 0, or -ENOMEM. */
static int match_topic(struct offer_match *match, const struct broker_retained *retained)
{
	int found;

	for (;;) {
		rcu_read_lock();
		found = broker_topic_match(&match->topic, retained->key, retained->key_len,
					   &match->scratch, match_emit, NULL);
		rcu_read_unlock();
		if (found != -ENOSPC)
			return found;
		if (broker_topic_scratch_grow(&match->scratch))
			return -ENOMEM;
	}
}

static int match_one(struct offer_match *match, const struct broker_retained *retained)
{
	if (match->type == BROKER_EXCHANGE_TYPE_FANOUT)
		return 1;
	if (match->type == BROKER_EXCHANGE_TYPE_TOPIC)
		return match_topic(match, retained);
	return retained->key_len == match->key_len &&
	       !memcmp(retained->key, match->key, match->key_len);
}

/* Room for one message. */
static int offer_add(struct broker_offer *offer, struct broker_message *message)
{
	struct broker_reservation *reservation = &offer->reservations[offer->nr];
	int err;

	*reservation = (struct broker_reservation) { .entry = broker_entry_new(message) };
	if (!reservation->entry)
		return -ENOMEM;
	reservation->entry->retained = true;
	err = broker_schedule_prepare(reservation->entry, offer->queue) ?:
	      broker_turn_prepare(reservation->entry, offer->queue) ?:
	      broker_queue_reserve(offer->queue, reservation);
	if (err) {
		broker_entry_free(reservation->entry);
		return err;
	}
	offer->nr++;
	return 0;
}

static int offer_fill(struct broker_offer *offer, struct offer_match *match,
		      struct broker_retention *retention,
		      const struct broker_selector *filter)
{
	struct broker_retained *retained;
	int err;

	list_for_each_entry(retained, &retention->messages, of_exchange) {
		err = match_one(match, retained);
		if (err > 0 && filter)
			err = broker_selector_match(filter, retained->message);
		if (err > 0)
			err = offer_add(offer, retained->message);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/**
 * broker_offer_prepare() - Take room for what a new binding shall hand to its queue
 * @offer: filled
 * @name: of the binding, whose source retains and which leads to a queue
 * @filter: of the binding, or NULL
 * @extack: gets the reason
 *
 * Return: 0, then commit or abort; -ENOSPC: the queue cannot take all; -ENOENT;
 * -ENOMEM.
 */
int broker_offer_prepare(struct broker_offer *offer, const struct broker_binding_name *name,
			 const struct broker_selector *filter, struct netlink_ext_ack *extack)
{
	struct broker_retention *retention = name->source->retention;
	struct offer_match *match;
	int err;

	lockdep_assert_held(&name->source->broker->topology);
	lockdep_assert_held(&name->source->broker->retain_mutex);
	*offer = (struct broker_offer) { .queue = name->queue };
	if (!retention->nr)
		return 0;
	match = kmalloc(sizeof(*match), GFP_KERNEL);
	offer->reservations = kvmalloc_array(retention->nr, sizeof(*offer->reservations),
					     BROKER_GFP);
	err = match && offer->reservations ? match_begin(match, name) : -ENOMEM;
	if (!err) {
		err = offer_fill(offer, match, retention, filter);
		match_end(match);
	}
	kfree(match);
	if (!err)
		return 0;
	broker_offer_abort(offer);
	if (err != -EAGAIN && err != -EMSGSIZE)
		return err;
	NL_SET_ERR_MSG_MOD(extack,
			   "the queue has no room for all that the exchange retains for it");
	return -ENOSPC;
}

/* Cannot fail. */
void broker_offer_commit(struct broker_offer *offer)
{
	u32 i;

	for (i = 0; i < offer->nr; i++) {
		broker_queue_commit(offer->queue, &offer->reservations[i]);
		cond_resched();
	}
	kvfree(offer->reservations);
}

void broker_offer_abort(struct broker_offer *offer)
{
	while (offer->nr) {
		struct broker_reservation *reservation = &offer->reservations[--offer->nr];

		broker_queue_abort(offer->queue, reservation);
		broker_entry_free(reservation->entry);
	}
	kvfree(offer->reservations);
	offer->reservations = NULL;
}
