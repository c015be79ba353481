// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>

#include "message.h"
#include "receive.h"
#include "report.h"
#include "verbs.h"

/* Writes out what was received, then accepts it: it is lost at no point in between. */
static int take(struct receiver *receiver, const struct args *args)
{
	const struct broker_message *message;
	int status;

	while ((message = broker_inbox_next(receiver->inbox))) {
		message_print(args, message);
		if (broker_batch_settle(receiver->batch, message, BROKER_OP_ACCEPT, 0) < 0)
			return STATUS_FAILED;
	}
	status = flush_output(args);
	return status ? status : receiver_settle(receiver, args);
}

/* The message that was deferred under --deferred */
static int get_deferred(struct receiver *receiver, const struct args *args)
{
	int error = broker_inbox_fetch(receiver->inbox, receiver->consumer,
				       args_number(args, OPT_DEFERRED, 0));

	if (error == -ENODATA) {
		failure(args, "queue '%s' has no deferred message of sequence %s",
			args_argument(args, 0), args_text(args, OPT_DEFERRED, ""));
		hint("brokerctl peek '%s' --state deferred --verbose lists those it has",
		     args_argument(args, 0));
		return STATUS_FAILED;
	}
	return error ? failure_receive(args, error) : take(receiver, args);
}

int get_run(const struct args *args)
{
	uint64_t timeout = args_number(args, OPT_TIMEOUT, 0);
	uint64_t left = args_number(args, OPT_COUNT, 1);
	struct receiver receiver;
	bool any = false;
	int status, found;

	status = receiver_open(&receiver, args, 0, 0);
	if (status)
		return status;
	if (args_has(args, OPT_DEFERRED)) {
		status = get_deferred(&receiver, args);
		left = 0;
	}
	/* Nothing is held while it waits, so that a signal may simply end it. */
	while (left && !status) {
		found = broker_inbox_receive(receiver.inbox, receiver.consumer,
					     left < BROKER_MAX_OPS ? left : BROKER_MAX_OPS,
					     any ? 0 : timeout);
		if (found == -EAGAIN && any)
			break;
		if (found < 0) {
			status = failure_receive(args, found);
			break;
		}
		any = true;
		left -= found;
		status = take(&receiver, args);
	}
	receiver_close(&receiver);
	return status;
}
