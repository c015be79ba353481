// SPDX-License-Identifier: GPL-2.0
/* Reading a queue without taking from it. */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "broker.h"
#include "handout.h"
#include "message.h"
#include "queue.h"
#include "schedule.h"
#include "selector.h"
#include "session.h"

/* Messages that are looked at and copied in one go. */
#define BROWSE_FEW	8

/**
 * struct browse - a BROWSE under way
 * @queue: where
 * @args: kernel copy of its arguments
 * @selector: which messages, or NULL: all
 * @handouts: references to some that are to be copied
 * @needed: bytes that the first message needs, if the buffer is too small
 * @more: there may be more behind the cursor
 */
struct browse {
	struct broker_queue *queue;
	struct broker_browse *args;
	struct broker_selector *selector;
	struct broker_handout handouts[BROWSE_FEW];
	u32 needed;
	bool more;
};

/* Copies references to messages behind the cursor, which it moves. */
static u32 browse_collect(struct browse *browse)
{
	struct broker_browse *args = browse->args;
	u32 room = args->buffer_len - args->bytes;
	u32 max = min_t(u32, args->max_messages - args->count, BROWSE_FEW);
	struct broker_entry *entry;
	u32 count = 0, looked = 0;

	browse->more = false;
	spin_lock(&browse->queue->lock);
	broker_queue_show_locked(browse->queue);
	/* Only those that wait may have the same key, which is their time. */
	entry = broker_queue_after_locked(browse->queue, args->state, args->cursor,
					  args->state == BROKER_MESSAGE_WAITING ?
						  args->cursor2 : U64_MAX);
	for (; entry && count < max && looked++ < BROWSE_FEW;
	     entry = broker_queue_after_locked(browse->queue, args->state, entry->key,
					       entry->place)) {
		u32 size = broker_handout_size(entry->message, entry->deaths, NULL, false);

		if (!browse->selector || broker_selector_match(browse->selector, entry->message)) {
			if (size > room) {
				browse->needed = size;
				break;
			}
			room -= size;
			broker_handout_fill(&browse->handouts[count++], entry, NULL);
		}
		args->cursor = entry->key;
		args->cursor2 = args->state == BROKER_MESSAGE_WAITING ? entry->place : 0;
	}
	browse->more = entry && !browse->needed;
	spin_unlock(&browse->queue->lock);
	return count;
}

static int browse_tell(const struct broker_browse *args, struct broker_browse __user *uargs)
{
	if (args->size >= offsetofend(struct broker_browse, cursor2) &&
	    put_user(args->cursor2, &uargs->cursor2))
		return -EFAULT;
	return put_user(args->count, &uargs->count) || put_user(args->bytes, &uargs->bytes) ||
	       put_user(args->cursor, &uargs->cursor) ? -EFAULT : 0;
}

static int browse_all(struct browse *browse, struct broker_browse __user *uargs)
{
	struct broker_browse *args = browse->args;
	u32 count, bytes;
	int err = 0;

	args->count = 0;
	args->bytes = 0;
	/* A few at a time: nothing of the queue changes, so a fault undoes nothing. */
	do {
		const struct broker_handout_to to = {
			.buffer = u64_to_user_ptr(args->buffer) + args->bytes,
			.queue = browse->queue->id,
			.state = args->state,
		};

		count = browse_collect(browse);
		bytes = 0;
		if (count) {
			err = broker_handout_copy(browse->handouts, count, &to, &bytes);
			broker_handout_put(browse->handouts, count);
		}
		args->count += count;
		args->bytes += bytes;
		cond_resched();
	} while (!err && browse->more && args->count < args->max_messages &&
		 !signal_pending(current));

	/* A count of 0 is the end of the queue. */
	if (!err && !args->count && browse->more)
		err = -EINTR;
	if (!err && browse->needed && !args->count) {
		args->bytes = browse->needed;
		err = -EMSGSIZE;
	}
	if ((!err || err == -EMSGSIZE) && browse_tell(args, uargs))
		err = -EFAULT;
	return err;
}

int broker_session_browse(struct broker_session *session, void *arg, void __user *uarg)
{
	struct broker_browse *args = arg;
	struct browse browse = { .args = args };
	int err;

	if (args->flags)
		return -EOPNOTSUPP;
	if (args->reserved || args->state > BROKER_MESSAGE_QUARANTINED ||
	    (args->cursor2 && args->state != BROKER_MESSAGE_WAITING) || !args->max_messages ||
	    args->max_messages > BROKER_MAX_RECEIVE || args->buffer % 8)
		return -EINVAL;
	browse.queue = broker_session_find_queue(session, args->queue, args->queue_len);
	if (IS_ERR(browse.queue))
		return PTR_ERR(browse.queue);
	browse.selector = broker_selector_from_user(args->filter, args->filter_len, 0, 0);
	err = PTR_ERR_OR_ZERO(browse.selector);
	if (!err) {
		err = browse_all(&browse, uarg);
		broker_selector_free(browse.selector);
	}
	broker_queue_put(browse.queue);
	return err;
}
