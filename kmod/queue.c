// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/netlink.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "advisory.h"
#include "binding.h"
#include "broker.h"
#include "consumer.h"
#include "event.h"
#include "memory.h"
#include "message.h"
#include "queue.h"
#include "sender.h"
#include "session.h"
#include "table.h"
#include "trace.h"
#include "user.h"

static u32 queue_hash(const void *data, u32 len, u32 seed)
{
	const struct broker_queue *queue = data;

	return jhash(queue->name, queue->name_len, seed);
}

static int queue_compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct broker_queue *queue = object;

	return broker_table_compare(arg->key, queue->name, queue->name_len);
}

const struct rhashtable_params broker_queue_params = {
	.head_offset = offsetof(struct broker_queue, hash),
	.hashfn = broker_table_hash,
	.obj_hashfn = queue_hash,
	.obj_cmpfn = queue_compare,
	.automatic_shrinking = true,
};

/* The queue of that name, or NULL; under RCU, or topology. */
struct broker_queue *broker_queue_lookup(struct broker *broker, const char *name, size_t len)
{
	struct broker_table_key key = { name, len };

	return rhashtable_lookup_fast(&broker->queues, &key, broker_queue_params);
}

bool broker_queue_tryget(struct broker_queue *queue)
{
	return refcount_inc_not_zero(&queue->refs);
}

struct broker_queue *broker_queue_get_by_name(struct broker *broker, const char *name, size_t len)
{
	struct broker_queue *queue;

	rcu_read_lock();
	queue = broker_queue_lookup(broker, name, len);
	if (queue && !broker_queue_tryget(queue))
		queue = NULL;
	rcu_read_unlock();
	return queue;
}

void broker_queue_put(struct broker_queue *queue)
{
	if (queue && refcount_dec_and_test(&queue->refs)) {
		WARN_ON_ONCE(!queue->dead || queue->nr_ready || queue->nr_unacked);
		kfree_rcu(queue, rcu);
	}
}

/* A name that nobody has, "broker.q-" and 16 hexadecimal digits. */
static u8 queue_make_name(struct broker *broker, char name[BROKER_MAX_NAME + 1])
{
	int len;

	do {
		len = scnprintf(name, BROKER_MAX_NAME + 1, "broker.q-%016llx", get_random_u64());
	} while (broker_queue_lookup(broker, name, len));
	return len;
}

static struct broker_queue *queue_alloc(struct broker *broker,
					const struct broker_queue_config *config,
					const char *name, u8 name_len)
{
	struct broker_queue *queue;

	queue = kzalloc(struct_size(queue, name, name_len + 1), BROKER_GFP);
	if (!queue)
		return NULL;
	refcount_set(&queue->refs, 1);
	queue->broker = broker;
	queue->flags = config->flags;
	queue->session = config->session;
	queue->session_id = config->session ? config->session->id : 0;
	queue->user = config->user;
	INIT_LIST_HEAD(&queue->of_session);
	INIT_LIST_HEAD(&queue->bindings);
	broker_access_init(&queue->access, config->uid, config->gid, config->mode);
	queue->max_messages = config->max_messages;
	queue->max_bytes = config->max_bytes;
	queue->overflow = config->overflow;
	queue->protected = config->protected;
	queue->sealed = config->sealed;
	spin_lock_init(&queue->lock);
	queue->ready.root = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&queue->consumers);
	queue->eligible = RB_ROOT_CACHED;
	init_waitqueue_head(&queue->room);
	INIT_LIST_HEAD(&queue->pollers);
	queue->name_len = name_len;
	memcpy(queue->name, name, name_len);
	return queue;
}

/* Makes @queue go with its session; false: that has ended already. */
static bool queue_tie(struct broker_queue *queue, struct broker_session *session)
{
	bool alive;

	mutex_lock(&session->mutex);
	alive = !session->ended;
	if (alive)
		list_add_tail(&queue->of_session, &session->queues);
	mutex_unlock(&session->mutex);
	return alive;
}

/**
 * broker_queue_new() - Make a queue and link it
 * @broker: its topology is locked
 * @config: all of it counts but @set; names are checked
 * @extack: gets the reason
 *
 * Return: the queue, which the broker's tables own; or -EEXIST, -EOWNERDEAD,
 * -ENOMEM.
 */
struct broker_queue *broker_queue_new(struct broker *broker,
				      const struct broker_queue_config *config,
				      struct netlink_ext_ack *extack)
{
	char made_up[BROKER_MAX_NAME + 1];
	const char *name = config->name;
	u8 name_len = config->name_len;
	struct broker_queue *queue;
	int err;

	lockdep_assert_held(&broker->topology);
	if (!name_len) {
		name = made_up;
		name_len = queue_make_name(broker, made_up);
	} else if (broker_queue_lookup(broker, name, name_len)) {
		NL_SET_ERR_MSG_MOD(extack, "a queue of this name exists");
		return ERR_PTR(-EEXIST);
	}
	queue = queue_alloc(broker, config, name, name_len);
	if (!queue)
		return ERR_PTR(-ENOMEM);

	err = broker_table_number(&broker->queue_ids, &queue->id, &broker->next_queue);
	if (err)
		goto err_free;
	if (config->session && !queue_tie(queue, config->session)) {
		NL_SET_ERR_MSG_MOD(extack, "the session has ended");
		err = -EOWNERDEAD;
		goto err_number;
	}
	err = rhashtable_insert_fast(&broker->queues, &queue->hash, broker_queue_params);
	if (err)
		goto err_tie;
	xa_store(&broker->queue_ids, queue->id, queue, GFP_KERNEL);
	WRITE_ONCE(broker->nr_queues, broker->nr_queues + 1);
	broker_topology_changed(broker);
	broker_event_queue(queue);
	return queue;

err_tie:
	list_del(&queue->of_session);
err_number:
	xa_release(&broker->queue_ids, queue->id);
err_free:
	kfree(queue);
	return ERR_PTR(err);
}

/**
 * broker_queue_set() - Change what @config->set names
 * @queue: linked; the broker's topology is locked
 * @config: the new values
 * @extack: unused so far: no change is refused
 *
 * A limit below what the queue holds stops new messages and drops none.
 */
int broker_queue_set(struct broker_queue *queue, const struct broker_queue_config *config,
		     struct netlink_ext_ack *extack)
{
	kuid_t uid;
	kgid_t gid;
	u16 mode;

	lockdep_assert_held(&queue->broker->topology);
	broker_access_read(&queue->access, &uid, &gid, &mode);
	broker_access_set(&queue->access,
			  config->set & BROKER_QUEUE_SET_UID ? config->uid : uid,
			  config->set & BROKER_QUEUE_SET_GID ? config->gid : gid,
			  config->set & BROKER_QUEUE_SET_MODE ? config->mode : mode);
	if (config->set & BROKER_QUEUE_SET_PROTECTED)
		WRITE_ONCE(queue->protected, config->protected);

	spin_lock(&queue->lock);
	if (config->set & BROKER_QUEUE_SET_MAX_MESSAGES)
		WRITE_ONCE(queue->max_messages, config->max_messages);
	if (config->set & BROKER_QUEUE_SET_MAX_BYTES)
		WRITE_ONCE(queue->max_bytes, config->max_bytes);
	if (config->set & BROKER_QUEUE_SET_OVERFLOW)
		WRITE_ONCE(queue->overflow, config->overflow);
	if (config->set & BROKER_QUEUE_SET_SEALED)
		WRITE_ONCE(queue->sealed, config->sealed);
	broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);

	broker_topology_changed(queue->broker);
	broker_event_queue(queue);
	return 0;
}

static void queue_detach_consumers(struct broker_queue *queue)
{
	const struct broker_return how = { .cause = BROKER_CAUSE_QUEUE_DELETED };
	struct broker_consumer *consumer;

	for (;;) {
		spin_lock(&queue->lock);
		consumer = list_first_entry_or_null(&queue->consumers, struct broker_consumer,
						    of_queue);
		/* While it is in the list it is attached, and so referenced. */
		if (consumer && WARN_ON_ONCE(!broker_consumer_tryget(consumer)))
			consumer = NULL;
		spin_unlock(&queue->lock);
		if (!consumer)
			return;
		broker_consumer_detach(consumer, &how);
		broker_consumer_put(consumer);
	}
}

/* Removes up to BROKER_LOCK_BATCH ready entries that came before @before. */
static u32 queue_remove_ready(struct broker_queue *queue, u64 before)
{
	struct broker_entry *entry, *freed = NULL;
	u32 count = 0;

	spin_lock(&queue->lock);
	while (count < BROKER_LOCK_BATCH) {
		entry = broker_entry_first(&queue->ready);
		if (!entry || entry->sequence > before)
			break;
		broker_entry_erase(&queue->ready, entry);
		queue->nr_ready--;
		queue->nr_unacked++;
		trace_broker_drop(queue, entry, queue->dead ? "deleted" : "purged");
		broker_queue_remove_locked(queue, entry, &freed);
		queue->stats.purged++;
		count++;
	}
	broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
	broker_entry_free_list(freed);
	return count;
}

/* Frees what came back to a dead queue, or never left it. */
void broker_queue_drain(struct broker_queue *queue)
{
	while (queue_remove_ready(queue, U64_MAX))
		;
}

/**
 * broker_queue_purge() - Remove all ready messages that are there when it is called
 * @queue: with a reference
 *
 * Return: how many.
 */
u32 broker_queue_purge(struct broker_queue *queue)
{
	u32 count, total = 0;
	u64 before;

	spin_lock(&queue->lock);
	before = queue->sequence;
	spin_unlock(&queue->lock);
	do {
		count = queue_remove_ready(queue, before);
		total += count;
	} while (count == BROKER_LOCK_BATCH);
	return total;
}

/**
 * broker_queue_delete() - Unlink a queue, end its consumers, free its messages
 * @queue: linked; the broker's topology is locked
 *
 * The caller's pointer is good for as long as it has a reference of its own.
 */
void broker_queue_delete(struct broker_queue *queue)
{
	struct broker *broker = queue->broker;
	struct broker_binding *binding, *next;

	lockdep_assert_held(&broker->topology);
	rhashtable_remove_fast(&broker->queues, &queue->hash, broker_queue_params);
	xa_erase(&broker->queue_ids, queue->id);
	WRITE_ONCE(broker->nr_queues, broker->nr_queues - 1);
	list_del_init(&queue->of_session);
	if (queue->user)
		broker_user_uncharge(broker, queue->user);
	list_for_each_entry_safe(binding, next, &queue->bindings, of_destination)
		broker_binding_unlink(binding);

	/* From here on nothing attaches and nothing is enqueued. */
	spin_lock(&queue->lock);
	WRITE_ONCE(queue->dead, true);
	broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
	queue_detach_consumers(queue);
	broker_queue_drain(queue);

	broker_topology_changed(broker);
	broker_event_queue_deleted(queue);
	broker_queue_put(queue);
}

/**
 * broker_queue_delete_idle() - Delete a queue, unless it is in use
 * @queue: linked; the broker's topology is locked
 * @if_unused: not if it has consumers
 * @if_empty: not if it holds messages, or has room reserved for one
 *
 * What would come between the look and the deletion finds the queue dead.
 *
 * Return: 0; -EBUSY: it has consumers; -ENOTEMPTY: it holds messages.
 */
int broker_queue_delete_idle(struct broker_queue *queue, bool if_unused, bool if_empty)
{
	int err = 0;

	lockdep_assert_held(&queue->broker->topology);
	spin_lock(&queue->lock);
	if (if_unused && queue->nr_consumers)
		err = -EBUSY;
	else if (if_empty && queue->held)
		err = -ENOTEMPTY;
	else
		WRITE_ONCE(queue->dead, true);
	spin_unlock(&queue->lock);
	if (!err)
		broker_queue_delete(queue);
	return err;
}

/**
 * broker_queue_unused() - Delete an auto-delete queue whose last consumer has gone
 * @queue: with a reference; no lock is held
 */
void broker_queue_unused(struct broker_queue *queue)
{
	bool unused;

	if (!(queue->flags & BROKER_QUEUE_FLAGS_AUTO_DELETE))
		return;
	mutex_lock(&queue->broker->topology);
	spin_lock(&queue->lock);
	unused = !queue->dead && queue->had_consumer;
	spin_unlock(&queue->lock);
	if (unused)
		broker_queue_delete_idle(queue, true, false);
	mutex_unlock(&queue->broker->topology);
}

static bool queue_fits_locked(const struct broker_queue *queue, u64 messages, u64 bytes)
{
	return messages <= queue->max_messages && bytes <= queue->max_bytes;
}

/**
 * broker_queue_has_room() - Whether a message of @size bytes would fit now
 * @queue: with a reference; no lock is needed, the answer may be old
 * @size: broker_message_size()
 *
 * True also where there is nothing to wait for: the queue is dead or sealed, the
 * broker is draining, or it can never hold as much.
 */
bool broker_queue_has_room(struct broker_queue *queue, u32 size)
{
	return READ_ONCE(queue->dead) || READ_ONCE(queue->sealed) ||
	       READ_ONCE(queue->broker->draining) || size > READ_ONCE(queue->max_bytes) ||
	       (READ_ONCE(queue->held) < READ_ONCE(queue->max_messages) &&
		READ_ONCE(queue->bytes) + size <= READ_ONCE(queue->max_bytes));
}

/* Tells publishers that wait, or poll, for room. */
void broker_queue_room_locked(struct broker_queue *queue)
{
	struct broker_session *session, *next;

	lockdep_assert_held(&queue->lock);
	if (wq_has_sleeper(&queue->room))
		wake_up_interruptible(&queue->room);
	list_for_each_entry_safe(session, next, &queue->pollers, of_full) {
		if (!broker_queue_has_room(queue, session->full_size))
			continue;
		list_del_init(&session->of_full);
		WRITE_ONCE(session->blocked, false);
		wake_up_interruptible_poll(&session->wait, EPOLLOUT | EPOLLWRNORM);
	}
}

/* Puts set-aside entries back to their places; drops the lock now and then. */
static void queue_restore_locked(struct broker_queue *queue, struct broker_reservation *reservation)
{
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	while (reservation->victims) {
		struct broker_entry *entry = reservation->victims;

		reservation->victims = entry->next;
		broker_entry_insert(&queue->ready, entry);
		queue->nr_ready++;
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	broker_queue_dispatch_locked(queue);
}

/* Sets the oldest ready entry aside, if there is one; it goes on counting. */
static bool queue_set_aside_locked(struct broker_queue *queue,
				   struct broker_reservation *reservation)
{
	struct broker_entry *entry = broker_entry_first(&queue->ready);

	lockdep_assert_held(&queue->lock);
	if (queue->overflow != BROKER_OVERFLOW_DROP_HEAD || !entry)
		return false;
	broker_entry_erase(&queue->ready, entry);
	queue->nr_ready--;
	entry->next = reservation->victims;
	reservation->victims = entry;
	reservation->nr_victims++;
	reservation->victim_bytes += broker_message_size(entry->message);
	return true;
}

/**
 * broker_queue_reserve() - Take room for a message
 * @queue: with a reference
 * @reservation: @entry is set, the rest is 0
 *
 * Return: 0, then commit or abort it; -EAGAIN: full; -EMSGSIZE: more than the
 * queue could ever hold; -ESHUTDOWN: it is sealed; -ENOENT: it was deleted.  A
 * failed call leaves @reservation as it was.
 */
int broker_queue_reserve(struct broker_queue *queue, struct broker_reservation *reservation)
{
	struct broker_entry *entry = reservation->entry;
	u64 size = broker_message_size(entry->message);
	int err = 0;

	spin_lock(&queue->lock);
	if (size > queue->max_bytes)
		err = -EMSGSIZE;
	while (!err) {
		if (queue->dead)
			err = -ENOENT;
		else if (queue->sealed)
			err = -ESHUTDOWN;
		else if (queue_fits_locked(queue, (u64)queue->held + 1 - reservation->nr_victims,
					   queue->bytes + size - reservation->victim_bytes))
			break;
		else if (!queue_set_aside_locked(queue, reservation))
			err = -EAGAIN;
		else if (!(reservation->nr_victims % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
	if (!err) {
		/* What is set aside goes on counting, and makes room for as much. */
		reservation->messages = reservation->nr_victims ? 0 : 1;
		if (size > reservation->victim_bytes)
			reservation->bytes = size - reservation->victim_bytes;
		WRITE_ONCE(queue->held, queue->held + reservation->messages);
		WRITE_ONCE(queue->bytes, queue->bytes + reservation->bytes);
		spin_unlock(&queue->lock);
		return 0;
	}
	spin_unlock(&queue->lock);
	broker_queue_abort(queue, reservation);
	return err;
}

/* Gives a reservation up; the entry stays the caller's. */
void broker_queue_abort(struct broker_queue *queue, struct broker_reservation *reservation)
{
	spin_lock(&queue->lock);
	WRITE_ONCE(queue->held, queue->held - reservation->messages);
	WRITE_ONCE(queue->bytes, queue->bytes - reservation->bytes);
	if (reservation->victims)
		queue_restore_locked(queue, reservation);
	if (reservation->messages || reservation->bytes)
		broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
	if (READ_ONCE(queue->dead))
		broker_queue_drain(queue);
	*reservation = (struct broker_reservation) { .entry = reservation->entry };
}

/* Has it told, unless it was an advisory that did not fit. */
static void queue_advise_dropped(struct broker_queue *queue, const struct broker_message *message,
				 u32 count)
{
	struct broker_advice advice;

	if (!count || !message->sender->pid)
		return;
	advice = broker_advice_sender(message->sender);
	broker_advise(queue, BROKER_ADVISORY_KIND_QUEUE_OVERFLOW, count, &advice);
}

/* Frees what a commit dropped. */
static void queue_free_dropped(struct broker_queue *queue, struct broker_entry *dropped)
{
	struct broker_entry *entry;

	for (entry = dropped; trace_broker_drop_enabled() && entry; entry = entry->next)
		trace_broker_drop(queue, entry, READ_ONCE(queue->dead) ? "deleted" : "overflow");
	broker_entry_free_list(dropped);
}

/**
 * broker_queue_commit() - Enqueue what room was reserved for; cannot fail
 * @queue: with a reference
 * @reservation: takes its entry, and drops what was set aside
 *
 * Return: the message's sequence; 0: the queue was deleted meanwhile, and the
 * message with it.
 */
u64 broker_queue_commit(struct broker_queue *queue, struct broker_reservation *reservation)
{
	struct broker_entry *entry = reservation->entry, *dropped = reservation->victims;
	u64 size = broker_message_size(entry->message);
	u64 sequence = 0;
	bool shrunk;

	spin_lock(&queue->lock);
	shrunk = reservation->nr_victims > 1 || reservation->victim_bytes > size;
	WRITE_ONCE(queue->held, queue->held - reservation->messages - reservation->nr_victims);
	WRITE_ONCE(queue->bytes, queue->bytes - reservation->bytes - reservation->victim_bytes);
	if (likely(!queue->dead)) {
		WRITE_ONCE(queue->held, queue->held + 1);
		WRITE_ONCE(queue->bytes, queue->bytes + size);
		queue->stats.enqueued++;
		queue->stats.dropped += reservation->nr_victims;
		sequence = ++queue->sequence;
		entry->sequence = sequence;
		queue_advise_dropped(queue, entry->message, reservation->nr_victims);
		broker_entry_insert(&queue->ready, entry);
		queue->nr_ready++;
		trace_broker_enqueue(queue, entry);
		broker_queue_dispatch_locked(queue);
	} else {
		entry->next = dropped;
		dropped = entry;
	}
	if (shrunk)
		broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
	queue_free_dropped(queue, dropped);
	*reservation = (struct broker_reservation) {};
	return sequence;
}

void broker_queue_count_refused(struct broker_queue *queue)
{
	spin_lock(&queue->lock);
	queue->stats.refused++;
	spin_unlock(&queue->lock);
}

/* Assigns ready entries to consumers while there are both; may drop the lock in between. */
void broker_queue_dispatch_locked(struct broker_queue *queue)
{
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	for (;;) {
		struct broker_entry *entry = broker_entry_first(&queue->ready);
		struct rb_node *first = rb_first_cached(&queue->eligible);

		if (!entry || !first)
			return;
		broker_entry_erase(&queue->ready, entry);
		queue->nr_ready--;
		queue->nr_unacked++;
		broker_consumer_assign_locked(rb_entry(first, struct broker_consumer, eligible),
					      entry);
		if (!(++count % BROKER_LOCK_BATCH))
			cond_resched_lock(&queue->lock);
	}
}

/* An entry comes back from a consumer, to its old place; dispatch afterwards. */
void broker_queue_return_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	broker_entry_insert(&queue->ready, entry);
	queue->nr_ready++;
	queue->nr_unacked--;
}

/* An entry that a consumer had leaves the queue for good; the caller frees @freed. */
void broker_queue_remove_locked(struct broker_queue *queue, struct broker_entry *entry,
				struct broker_entry **freed)
{
	lockdep_assert_held(&queue->lock);
	WRITE_ONCE(queue->held, queue->held - 1);
	WRITE_ONCE(queue->bytes, queue->bytes - broker_message_size(entry->message));
	queue->nr_unacked--;
	entry->next = *freed;
	*freed = entry;
}
