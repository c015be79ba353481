// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include <linux/broker.h>

#include "broker.h"
#include "entry.h"
#include "memory.h"
#include "message.h"
#include "props.h"
#include "session.h"
#include "submit.h"
#include "will.h"

static void will_free(struct broker_will *will)
{
	if (!will)
		return;
	broker_entry_free_list(will->entries);
	broker_routes_free(&will->routes);
	broker_message_put(will->message);
	put_cred(will->cred);
	kfree(will);
}

/* Takes the memory to publish it to whatever it would go to now. */
static int will_prepare(struct broker_will *will, struct broker *broker, u32 min_routes)
{
	const struct broker_routing routing = {
		.exchange = broker_message_exchange(will->message),
		.exchange_len = will->message->exchange_len,
		.key = broker_message_key(will->message),
		.key_len = will->message->key_len,
		.props = broker_message_props(will->message),
		.props_len = will->message->props_len,
		.message = will->message,
		.dry_run = true,
	};
	struct broker_entry *entry;
	u32 i;
	int err;

	err = broker_routes_find(&will->routes, broker, &routing);
	if (err)
		return err;
	if (will->routes.nr - will->routes.nr_taps < min_routes)
		err = -EHOSTUNREACH;
	for (i = 0; !err && i < will->routes.nr; i++) {
		entry = broker_entry_new(will->message);
		if (entry) {
			entry->next = will->entries;
			will->entries = entry;
		} else {
			err = -ENOMEM;
		}
	}
	broker_routes_put(&will->routes);
	return err;
}

/* A will of the calling process; takes a reference on @message. */
static struct broker_will *will_new(struct broker *broker, u64 name,
				    struct broker_message *message, u32 min_routes)
{
	struct broker_will *will;
	int err;

	will = kzalloc(sizeof(*will), BROKER_GFP);
	if (!will)
		return ERR_PTR(-ENOMEM);
	will->name = name;
	will->message = broker_message_get(message);
	will->cred = get_current_cred();
	broker_routes_init(&will->routes);
	err = will_prepare(will, broker, min_routes);
	if (err) {
		will_free(will);
		return ERR_PTR(err);
	}
	return will;
}

static struct broker_will *will_find_locked(struct broker_session *session, u64 name)
{
	struct broker_will *will;

	lockdep_assert_held(&session->mutex);
	list_for_each_entry(will, &session->wills, of_session)
		if (will->name == name)
			return will;
	return NULL;
}

/**
 * broker_will_arm() - Keep a message for the death of the calling process
 * @session: must have been opened by it
 * @op: the PUBLISH
 * @message: with BROKER_WILL_ROOM + BROKER_MAX_KEY bytes to spare, and nobody else's
 * @min_routes: fewest queues that must match it now
 *
 * Return: 0; -EPERM: another process opened the session; -EMFILE: too many
 * wills; -EMSGSIZE: no room in the properties for what is added; -ENOENT, -EACCES,
 * -EHOSTUNREACH: as a publish; -EOWNERDEAD; -ENOMEM.
 */
int broker_will_arm(struct broker_session *session, const struct broker_op *op,
		    struct broker_message *message, u32 min_routes)
{
	struct broker_will *will, *old;
	int err = 0;

	if (session->pid != task_tgid(current))
		return -EPERM;
	if (message->props_len > BROKER_MAX_PROPS - BROKER_WILL_ROOM)
		return -EMSGSIZE;
	will = will_new(session->broker, op->user_data, message, min_routes);
	if (IS_ERR(will))
		return PTR_ERR(will);

	mutex_lock(&session->mutex);
	old = will_find_locked(session, will->name);
	if (session->ended)
		err = -EOWNERDEAD;
	else if (!old && session->nr_wills == BROKER_MAX_WILLS)
		err = -EMFILE;
	if (err) {
		old = will;
	} else if (old) {
		/* In its place: the order of arming stays. */
		list_replace(&old->of_session, &will->of_session);
	} else {
		list_add_tail(&will->of_session, &session->wills);
		WRITE_ONCE(session->nr_wills, session->nr_wills + 1);
	}
	mutex_unlock(&session->mutex);
	will_free(old);
	return err;
}

/* Return: 0; -ENOENT: no such will. */
int broker_will_disarm(struct broker_session *session, u64 name)
{
	struct broker_will *will;

	mutex_lock(&session->mutex);
	will = will_find_locked(session, name);
	if (will) {
		list_del(&will->of_session);
		WRITE_ONCE(session->nr_wills, session->nr_wills - 1);
	}
	mutex_unlock(&session->mutex);
	will_free(will);
	return will ? 0 : -ENOENT;
}

static const char *cause_word(u8 cause)
{
	switch (cause) {
	case BROKER_CAUSE_EXITED:
		return "exited";
	case BROKER_CAUSE_OOM:
		return "oom";
	default:
		return "killed";
	}
}

/* Appends to the properties how the process died. */
static void will_tell(struct broker_message *message, u8 cause, u8 code)
{
	const char *word = cause_word(cause);
	char added[BROKER_WILL_ROOM], *end, *body;
	s64 number = code;

	BUILD_BUG_ON(2 * sizeof(struct broker_prop) + sizeof("broker.cause") - 1 +
		     sizeof("exited") - 1 + sizeof("broker.code") - 1 + sizeof(number) >
		     sizeof(added));
	end = broker_prop_put_header(added, "broker.cause", BROKER_TYPE_STRING, word, strlen(word));
	end = broker_prop_put_header(end, "broker.code", BROKER_TYPE_INT64, &number,
				     sizeof(number));
	body = message->data + broker_message_data_size(message) - message->body_len;
	memmove(body + (end - added), body, message->body_len);
	memcpy(body, added, end - added);
	message->props_len += end - added;
	message->time = ktime_get_real_ns();
}

static void will_publish(struct broker_session *session, struct broker_will *will, u8 cause,
			 u8 code)
{
	const struct cred *old;

	will_tell(will->message, cause, code);
	old = override_creds(will->cred);
	broker_submit_will(session, will);
	revert_creds(old);
}

/**
 * broker_wills_end() - Publish the wills of a session whose process died, or drop them
 * @session: has ended, and holds nothing any more
 * @cause: enum broker_cause
 * @code: exit status or signal that goes with it
 */
void broker_wills_end(struct broker_session *session, u8 cause, u8 code)
{
	struct broker_will *will, *next;
	LIST_HEAD(wills);

	mutex_lock(&session->mutex);
	list_splice_init(&session->wills, &wills);
	WRITE_ONCE(session->nr_wills, 0);
	mutex_unlock(&session->mutex);
	list_for_each_entry_safe(will, next, &wills, of_session) {
		if (cause != BROKER_CAUSE_CLOSED)
			will_publish(session, will, cause, code);
		will_free(will);
	}
}
