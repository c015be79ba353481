// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <linux/broker.h>
#include <uapi/linux/broker_netlink.h>

#include "active.h"
#include "binding.h"
#include "broker.h"
#include "consumer.h"
#include "deadletter.h"
#include "dedupe.h"
#include "event.h"
#include "flow.h"
#include "idle.h"
#include "lease.h"
#include "limit.h"
#include "memory.h"
#include "message.h"
#include "queue.h"
#include "reservation.h"
#include "schedule.h"
#include "session.h"
#include "table.h"
#include "trace.h"
#include "transaction.h"
#include "turn.h"

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
		WARN_ON_ONCE(!queue->dead || queue->held || queue->nr_unacked ||
			     queue->ids.nr || queue->producers.nr || queue->states.nr ||
			     queue->timer.at != BROKER_NEVER);
		broker_target_put(queue->settings.dead_letter);
		broker_turns_free(queue->turns);
		broker_target_put(queue->own.dead_letter);
		kfree_rcu(queue, rcu);
	}
}

/* A name that nobody has, "broker.q-" and 16 hexadecimal digits. */
u8 broker_queue_make_name(struct broker *broker, char name[BROKER_MAX_NAME + 1])
{
	int len;

	do {
		len = scnprintf(name, BROKER_MAX_NAME + 1, "broker.q-%016llx", get_random_u64());
	} while (broker_queue_lookup(broker, name, len));
	return len;
}

static struct broker_queue *queue_alloc(struct broker *broker,
					const struct broker_queue_config *config,
					const struct broker_queue_config *own)
{
	u8 name_len = config->name_len;
	struct broker_queue *queue;

	queue = kzalloc(struct_size(queue, name, name_len + 1), BROKER_GFP);
	if (!queue)
		return NULL;
	if (config->settings.ordering) {
		queue->turns = broker_turns_new();
		if (!queue->turns) {
			kfree(queue);
			return NULL;
		}
	}
	refcount_set(&queue->refs, 1);
	queue->broker = broker;
	queue->flags = config->flags;
	queue->session = config->session;
	queue->session_id = config->session ? config->session->id : 0;
	queue->payer = config->payer;
	INIT_LIST_HEAD(&queue->of_session);
	INIT_LIST_HEAD(&queue->bindings);
	broker_access_init(&queue->access, config->uid, config->gid, config->mode);
	queue->settings = config->settings;
	queue->protected = config->protected;
	broker_marks_init(&queue->ids);
	broker_marks_init(&queue->producers);
	broker_pause_set(&queue->flow.pause, config->paused, config->pause);
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->entries);
	queue->ready.root = RB_ROOT_CACHED;
	queue->blocked.root = RB_ROOT_CACHED;
	queue->hidden.root = RB_ROOT_CACHED;
	queue->dying.root = RB_ROOT_CACHED;
	queue->quarantine.root = RB_ROOT_CACHED;
	broker_schedule_init(queue);
	INIT_LIST_HEAD(&queue->consumers);
	queue->eligible = RB_ROOT_CACHED;
	init_waitqueue_head(&queue->room);
	INIT_LIST_HEAD(&queue->pollers);
	queue->own = own->settings;
	queue->own_set = own->set & BROKER_SET_BY_POLICIES;
	queue->name_len = name_len;
	memcpy(queue->name, config->name, name_len);
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
 * @own: what of it was said of the queue itself, in @set, and the defaults
 * @say: what policies had to say of it
 * @extack: gets the reason
 *
 * Return: the queue, which the broker's tables own; or -EEXIST, -EOWNERDEAD,
 * -ENOMEM.
 */
struct broker_queue *broker_queue_new(struct broker *broker,
				      const struct broker_queue_config *config,
				      const struct broker_queue_config *own,
				      const struct broker_policy_say *say,
				      struct netlink_ext_ack *extack)
{
	struct broker_queue *queue;
	int err;

	lockdep_assert_held(&broker->topology);
	if (broker_queue_lookup(broker, config->name, config->name_len)) {
		NL_SET_ERR_MSG_MOD(extack, "a queue of this name exists");
		return ERR_PTR(-EEXIST);
	}
	queue = queue_alloc(broker, config, own);
	if (!queue)
		return ERR_PTR(-ENOMEM);
	queue->say = *say;

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
	spin_lock(&queue->lock);
	broker_idle_arm_locked(queue);
	broker_schedule_arm_locked(queue, broker_flow_next_locked(queue));
	spin_unlock(&queue->lock);
	broker_topology_changed(broker);
	broker_event_queue(queue);
	return queue;

err_tie:
	list_del(&queue->of_session);
err_number:
	xa_release(&broker->queue_ids, queue->id);
err_free:
	broker_turns_free(queue->turns);
	kfree(queue);
	return ERR_PTR(err);
}

static void queue_begin_active_locked(struct broker_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	queue->active = NULL;
	queue->promoted = false;
	broker_active_begin_locked(queue);
}

/* What stood still goes on, or the other way round; drops the lock now and then. */
static void queue_set_flow_locked(struct broker_queue *queue,
				  const struct broker_queue_config *config)
{
	struct broker_flow *flow = &queue->flow;

	lockdep_assert_held(&queue->lock);
	/* Time that was counted in another rate says nothing of this one. */
	if (config->set & (BROKER_SETTING_MAX_RATE | BROKER_SETTING_MAX_BURST))
		atomic64_set(&flow->tokens, 0);
	if (config->set & BROKER_SET_PAUSED) {
		broker_pause_set(&flow->pause, config->paused, config->pause);
		broker_schedule_arm_locked(queue, broker_flow_next_locked(queue));
		broker_flow_withdraw_locked(queue);
	}
	broker_queue_dispatch_locked(queue);
}

/**
 * broker_queue_set() - Change what @config->set names
 * @queue: linked; the broker's topology is locked
 * @config: the new values
 * @extack: unused so far: no change is refused
 *
 * A limit below what the queue holds stops new messages and drops none.
 *
 * Return: 0, and the target in @config was taken over; or -ENOMEM, and nothing was changed.
 */
int broker_queue_set(struct broker_queue *queue, const struct broker_queue_config *config,
		     struct netlink_ext_ack *extack)
{
	struct broker_target *old = NULL;
	struct broker_turns *turns = NULL;
	bool was_single_active;
	kuid_t uid;
	kgid_t gid;
	u16 mode;

	lockdep_assert_held(&queue->broker->topology);
	/* Once there they stay: what takes turns goes on to. */
	if (config->set & BROKER_SET_ORDERING && config->settings.ordering && !queue->turns) {
		turns = broker_turns_new();
		if (!turns)
			return -ENOMEM;
	}
	broker_access_read(&queue->access, &uid, &gid, &mode);
	broker_access_set(&queue->access,
			  config->set & BROKER_SET_UID ? config->uid : uid,
			  config->set & BROKER_SET_GID ? config->gid : gid,
			  config->set & BROKER_SET_MODE ? config->mode : mode);
	if (config->set & BROKER_SET_PROTECTED)
		WRITE_ONCE(queue->protected, config->protected);

	spin_lock(&queue->lock);
	was_single_active = queue->settings.single_active;
	if (config->set & BROKER_SETTING_DEAD_LETTER)
		old = queue->settings.dead_letter;
	if (turns)
		queue->turns = turns;
	broker_settings_copy(&queue->settings, &config->settings, config->set);
	if (config->set & BROKER_SETTING_SLOW_AFTER)
		broker_lease_set_slow_locked(queue);
	broker_idle_arm_locked(queue);
	if (queue->settings.single_active != was_single_active)
		queue_begin_active_locked(queue);
	queue_set_flow_locked(queue, config);
	broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
	broker_target_put(old);
	broker_dedupe_trim(queue);

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

/**
 * broker_queue_delete() - Unlink a queue, end its consumers, free its messages
 * @queue: linked; the broker's topology is locked
 * @end: enum broker_queue_end, to be told
 *
 * The caller's pointer is good for as long as it has a reference of its own.
 */
void broker_queue_delete(struct broker_queue *queue, u32 end)
{
	struct broker *broker = queue->broker;
	struct broker_binding *binding, *next;

	lockdep_assert_held(&broker->topology);
	rhashtable_remove_fast(&broker->queues, &queue->hash, broker_queue_params);
	xa_erase(&broker->queue_ids, queue->id);
	WRITE_ONCE(broker->nr_queues, broker->nr_queues - 1);
	list_del_init(&queue->of_session);
	broker_payer_uncharge(queue->payer, BROKER_LIMIT_QUEUES, 1);
	broker_payer_put(queue->payer);
	list_for_each_entry_safe(binding, next, &queue->bindings, of_destination)
		broker_binding_unlink(binding);

	/* From here on nothing attaches and nothing is enqueued. */
	spin_lock(&queue->lock);
	WRITE_ONCE(queue->dead, true);
	broker_queue_room_locked(queue);
	spin_unlock(&queue->lock);
	broker_timer_set(&broker->clock, &queue->timer, BROKER_NEVER);
	queue_detach_consumers(queue);
	broker_queue_drain(queue);
	broker_dedupe_forget(queue);
	broker_states_forget(queue);

	broker_topology_changed(broker);
	broker_event_queue_deleted(queue, end);
	broker_queue_put(queue);
}

/**
 * broker_queue_delete_idle() - Delete a queue, unless it is in use
 * @queue: linked; the broker's topology is locked
 * @if_unused: not if it has consumers
 * @if_empty: not if it holds messages, or has room reserved for one
 * @end: enum broker_queue_end, to be told
 *
 * What would come between the look and the deletion finds the queue dead.
 *
 * Return: 0; -EBUSY: it has consumers; -ENOTEMPTY: it holds messages.
 */
int broker_queue_delete_idle(struct broker_queue *queue, bool if_unused, bool if_empty, u32 end)
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
		broker_queue_delete(queue, end);
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
		broker_queue_delete_idle(queue, true, false, BROKER_QUEUE_END_UNUSED);
	mutex_unlock(&queue->broker->topology);
}

/* Tells consumers with filters, which may have passed its place. */
static void queue_came_back_locked(struct broker_queue *queue, const struct broker_entry *entry)
{
	struct broker_consumer *consumer;

	list_for_each_entry(consumer, &queue->consumers, of_queue)
		broker_choice_came_back(&consumer->choice, entry);
}

/* Lets a consumer have it; nr_ready counts it. */
void broker_queue_offer_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	if (queue->nr_choosy)
		queue_came_back_locked(queue, entry);
	broker_entry_insert(&queue->ready, entry, entry->place);
	entry->state = BROKER_ENTRY_READY;
}

/* Puts an entry at its place among those that wait for a consumer. */
void broker_queue_ready_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	entry->at = 0;
	if (broker_schedule_expired(entry)) {
		broker_queue_bury_locked(queue, entry, BROKER_DEATH_EXPIRED);
		return;
	}
	queue->nr_ready++;
	if (entry->turn)
		broker_turn_enter_locked(queue, entry);
	else
		broker_queue_offer_locked(queue, entry);
}

/* Keeps it aside until @transaction is committed; who commits dispatches then. */
void broker_queue_hide_locked(struct broker_queue *queue, struct broker_entry *entry,
			      struct broker_transaction *transaction)
{
	lockdep_assert_held(&queue->lock);
	broker_entry_insert(&queue->hidden, entry, (uintptr_t)transaction);
	entry->state = BROKER_ENTRY_HIDDEN;
	entry->transaction = broker_transaction_get(transaction);
}

/* The first hidden entry that is so no longer; a transaction is looked at once. */
static struct broker_entry *queue_committed_locked(const struct broker_queue *queue)
{
	struct broker_entry *entry = broker_entry_first(&queue->hidden);

	while (entry && !queue->dead && !broker_transaction_is_committed(entry->transaction))
		entry = broker_entry_after(&queue->hidden, entry->key, U64_MAX);
	return entry;
}

/*
 * Puts what committed transactions brought to its place; may drop the lock in between.
 * Whoever looks at the queue's entries does this before, and so sees all of a
 * transaction or nothing.
 */
void broker_queue_show_locked(struct broker_queue *queue)
{
	struct broker_entry *entry, *next;
	u32 count = 0;

	lockdep_assert_held(&queue->lock);
	for (entry = queue_committed_locked(queue); entry; entry = next) {
		next = broker_entry_next(entry);
		if (next && next->key != entry->key)
			next = NULL;
		broker_queue_detach_locked(queue, entry);
		broker_queue_place_locked(queue, entry);
		if (!(++count % BROKER_LOCK_BATCH) && cond_resched_lock(&queue->lock))
			next = NULL;
		next = next ?: queue_committed_locked(queue);
	}
}

/* Takes a ready or blocked entry out of its place. */
void broker_queue_take_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	if (entry->state == BROKER_ENTRY_READY)
		broker_entry_erase(&queue->ready, entry);
	if (entry->turn)
		broker_turn_take_locked(queue, entry);
	entry->state = BROKER_ENTRY_LOOSE;
	queue->nr_ready--;
}

/* The best consumer that can use an entry, of those @asked, and the entry; NULL: none so far. */
static struct broker_consumer *queue_choose_locked(struct broker_queue *queue,
						   struct broker_entry **entry, u32 *looks,
						   u32 *asked)
{
	struct broker_consumer *consumer;
	struct rb_node *node;

	if (queue->settings.single_active) {
		consumer = broker_active_elect_locked(queue);
		++*asked;
		if (!consumer || !consumer->is_eligible)
			return NULL;
		*entry = broker_choice_next(&consumer->choice, &queue->ready, looks);
		return *entry ? consumer : NULL;
	}
	for (node = rb_first_cached(&queue->eligible); node && *looks < BROKER_CHOICE_LOOKS;
	     node = rb_next(node)) {
		consumer = rb_entry(node, struct broker_consumer, eligible);
		++*asked;
		*entry = broker_choice_next(&consumer->choice, &queue->ready, looks);
		if (*entry)
			return consumer;
	}
	return NULL;
}

/* Assigns ready entries to consumers while there are both; may drop the lock in between. */
void broker_queue_dispatch_locked(struct broker_queue *queue)
{
	u32 asked = 0;

	lockdep_assert_held(&queue->lock);
	broker_queue_show_locked(queue);
	if (queue->settings.single_active)
		broker_active_elect_locked(queue);
	while (broker_entry_first(&queue->ready) && broker_flow_may_locked(queue)) {
		struct broker_consumer *consumer;
		struct broker_entry *entry;
		u32 looks = 0;

		consumer = queue_choose_locked(queue, &entry, &looks, &asked);
		if (consumer) {
			broker_queue_take_locked(queue, entry);
			queue->nr_unacked++;
			broker_flow_given_locked(queue);
			broker_consumer_assign_locked(consumer, entry);
		} else if (looks < BROKER_CHOICE_LOOKS) {
			return;
		}
		if (looks == BROKER_CHOICE_LOOKS || asked >= BROKER_LOCK_BATCH) {
			asked = 0;
			/* Others may have shown part of a transaction meanwhile. */
			if (cond_resched_lock(&queue->lock))
				broker_queue_show_locked(queue);
		}
	}
}

void broker_queue_dispatch(struct broker_queue *queue)
{
	spin_lock(&queue->lock);
	broker_queue_dispatch_locked(queue);
	spin_unlock(&queue->lock);
}

/* Puts an entry where it belongs now: to wait, to its place, or to the dead. */
void broker_queue_place_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	u64 now = broker_now();

	lockdep_assert_held(&queue->lock);
	if (!entry->since && entry->at != BROKER_NEVER)
		entry->since = max(now, entry->at);
	if (queue->settings.max_delivery && entry->failed >= queue->settings.max_delivery)
		broker_queue_bury_locked(queue, entry, BROKER_DEATH_MAX_DELIVERY);
	else if (entry->at == BROKER_NEVER && !queue->dead)
		broker_schedule_defer_locked(queue, entry);
	else if (entry->at > now && !queue->dead)
		broker_schedule_wait_locked(queue, entry);
	else
		broker_queue_ready_locked(queue, entry);
}

/* Takes an entry out of the tree it is in. */
void broker_queue_detach_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	switch (entry->state) {
	case BROKER_ENTRY_HIDDEN:
		broker_entry_erase(&queue->hidden, entry);
		broker_transaction_put(entry->transaction);
		break;
	case BROKER_ENTRY_READY:
	case BROKER_ENTRY_BLOCKED:
		broker_queue_take_locked(queue, entry);
		break;
	case BROKER_ENTRY_PENDING:
		broker_consumer_withdraw_locked(entry->consumer, entry);
		queue->nr_unacked--;
		break;
	case BROKER_ENTRY_LEASED:
		broker_consumer_unlist_locked(entry->consumer, entry);
		broker_consumer_update_locked(entry->consumer);
		queue->nr_unacked--;
		break;
	case BROKER_ENTRY_WAITING:
		broker_schedule_unwait_locked(queue, entry);
		break;
	case BROKER_ENTRY_DEFERRED:
		broker_entry_erase(&queue->deferred, entry);
		WRITE_ONCE(queue->nr_deferred, queue->nr_deferred - 1);
		break;
	case BROKER_ENTRY_DYING:
		broker_entry_erase(&queue->dying, entry);
		WRITE_ONCE(queue->nr_dying, queue->nr_dying - 1);
		break;
	case BROKER_ENTRY_QUARANTINED:
		broker_entry_erase(&queue->quarantine, entry);
		WRITE_ONCE(queue->nr_quarantined, queue->nr_quarantined - 1);
		break;
	default:
		WARN_ON_ONCE(1);
	}
	entry->state = BROKER_ENTRY_LOOSE;
}

/* Where entries of that state are: enum broker_message_state. */
struct broker_entry_tree *broker_queue_tree(struct broker_queue *queue, u32 state)
{
	switch (state) {
	case BROKER_MESSAGE_WAITING:
		return &queue->waiting;
	case BROKER_MESSAGE_DEFERRED:
		return &queue->deferred;
	case BROKER_MESSAGE_DYING:
		return &queue->dying;
	case BROKER_MESSAGE_QUARANTINED:
		return &queue->quarantine;
	default:
		return &queue->ready;
	}
}

/*
 * The next entry of that state behind a key and, among those of the same, a place;
 * those that are ready are so whether it is their turn or not.
 */
struct broker_entry *broker_queue_after_locked(struct broker_queue *queue, u32 state, u64 key,
					       u64 place)
{
	struct broker_entry *entry, *blocked;

	lockdep_assert_held(&queue->lock);
	entry = broker_entry_after(broker_queue_tree(queue, state), key, place);
	if (state != BROKER_MESSAGE_READY)
		return entry;
	blocked = broker_entry_after(&queue->blocked, key, place);
	return !blocked || (entry && entry->place < blocked->place) ? entry : blocked;
}

/* The first that waits for a consumer, or for its turn; or NULL. */
struct broker_entry *broker_queue_first_locked(struct broker_queue *queue)
{
	struct broker_entry *entry = broker_entry_first(&queue->ready);
	struct broker_entry *blocked = broker_entry_first(&queue->blocked);

	lockdep_assert_held(&queue->lock);
	return !blocked || (entry && entry->place < blocked->place) ? entry : blocked;
}

/* Keeps a dead entry that cannot go anywhere. */
void broker_queue_quarantine_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	broker_entry_insert(&queue->quarantine, entry, entry->place);
	entry->state = BROKER_ENTRY_QUARANTINED;
	WRITE_ONCE(queue->nr_quarantined, queue->nr_quarantined + 1);
}

/* Keeps a dead entry for broker_deadletter_run(). */
void broker_queue_dying_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	broker_entry_insert(&queue->dying, entry, entry->place);
	entry->state = BROKER_ENTRY_DYING;
	WRITE_ONCE(queue->nr_dying, queue->nr_dying + 1);
}

/* An entry in no tree is dead: the clock's work does the rest. */
void broker_queue_bury_locked(struct broker_queue *queue, struct broker_entry *entry, u8 reason)
{
	broker_schedule_leave_locked(queue, entry);
	broker_turn_leave_locked(queue, entry);
	entry->since = 0;
	entry->reason = reason;
	if (reason == BROKER_DEATH_EXPIRED)
		queue->stats.expired++;
	broker_queue_dying_locked(queue, entry);
	broker_schedule_arm_locked(queue, 0);
}

/* An entry comes back from a consumer; dispatch afterwards. */
void broker_queue_return_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	queue->nr_unacked--;
	broker_queue_place_locked(queue, entry);
}

/* Gives room back. */
void broker_queue_shrink_locked(struct broker_queue *queue, u32 messages, u64 bytes)
{
	lockdep_assert_held(&queue->lock);
	WRITE_ONCE(queue->held, queue->held - messages);
	WRITE_ONCE(queue->bytes, queue->bytes - bytes);
}

/* An entry that is in no tree is the queue's no longer; its room is still to go; dispatch then. */
void broker_queue_leave_locked(struct broker_queue *queue, struct broker_entry *entry)
{
	broker_schedule_leave_locked(queue, entry);
	broker_turn_leave_locked(queue, entry);
	list_del_init(&entry->of_queue);
}

/* An entry that is in no tree leaves the queue for good; the caller frees @freed. */
void broker_queue_remove_locked(struct broker_queue *queue, struct broker_entry *entry,
				struct broker_entry **freed)
{
	broker_queue_leave_locked(queue, entry);
	broker_queue_shrink_locked(queue, 1, broker_message_size(entry->message));
	entry->next = *freed;
	*freed = entry;
}
