// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "filter.h"
#include "receive.h"
#include "report.h"

static int failure_subscription(const struct args *args, int error)
{
	switch (-error) {
	case ETIMEDOUT:
		return failure(args, "nothing came in time");
	case EIDRM:
		return failure(args, "the subscription's queue was deleted");
	default:
		return failure(args, "%s", strerror(-error));
	}
}

int failure_receive(const struct args *args, int error)
{
	const char *queue = args_argument(args, 0);

	if (!strcmp(args->command->verb, "subscribe"))
		return failure_subscription(args, error);
	switch (-error) {
	case ENOENT:
		failure(args, "no queue named '%s'", queue);
		hint("brokerctl queue show lists those that exist");
		break;
	case EACCES:
		failure(args, "no permission to consume from queue '%s'", queue);
		hint("brokerctl queue show '%s' tells its owner and mode; it takes r", queue);
		break;
	case EBUSY:
		failure(args, "queue '%s' is another's alone, or has other consumers", queue);
		hint("brokerctl consumer show -q '%s' lists them", queue);
		break;
	case EAGAIN:
		failure(args, "queue '%s' is empty", queue);
		break;
	case ETIMEDOUT:
		failure(args, "nothing came from queue '%s' in time", queue);
		break;
	case EIDRM:
		failure(args, "queue '%s' was deleted", queue);
		break;
	case EILSEQ:
	case ENAMETOOLONG:
		failure(args, "'%s' is not a name", queue);
		break;
	default:
		failure(args, "queue '%s': %s", queue, strerror(-error));
	}
	return STATUS_FAILED;
}

int flush_output(const struct args *args)
{
	if (!fflush(stdout) && !ferror(stdout))
		return STATUS_OK;
	failure(args, "cannot write: %s", strerror(errno));
	clearerr(stdout);
	return STATUS_FAILED;
}

/* A session with all that it takes to receive.  Returns an exit status. */
static int begin(struct receiver *receiver, const struct args *args, uint32_t credit)
{
	int status, error;

	*receiver = (struct receiver){ .credit = credit };
	/* A reader that went away is an error of writing: messages go back unharmed. */
	signal(SIGPIPE, SIG_IGN);
	status = open_session(args, &receiver->session);
	if (status)
		return status;
	error = broker_inbox_new(&receiver->inbox, receiver->session, 0);
	if (!error)
		error = broker_batch_new(&receiver->batch, receiver->session);
	if (!error)
		return STATUS_OK;
	receiver_close(receiver);
	return failure(args, "%s", strerror(-error));
}

int receiver_open(struct receiver *receiver, const struct args *args, uint32_t credit,
		  uint32_t flags)
{
	struct broker_consumer_options options = {
		.size = sizeof(options),
		.messages = credit,
		.flags = flags | (args_has(args, OPT_EXCLUSIVE) ? BROKER_CONSUME_F_EXCLUSIVE : 0) |
			 (args_has(args, OPT_KEY_STATE) || args_has(args, OPT_VERBOSE) ||
			  args->json ? BROKER_CONSUME_F_STATE : 0),
		.lease_ms = args_number(args, OPT_CONSUMER_LEASE, 0),
		.priority = args_number(args, OPT_CONSUMER_PRIORITY, 0),
	};
	struct broker_filter *filter;
	int status, consumer;

	status = open_filter(args, &filter);
	if (!status)
		status = begin(receiver, args, credit);
	if (status) {
		broker_filter_free(filter);
		return status;
	}
	options.filter = filter;
	consumer = broker_session_consume_with(receiver->session, args_argument(args, 0),
					       &options);
	broker_filter_free(filter);
	if (consumer > 0) {
		receiver->consumer = consumer;
		return STATUS_OK;
	}
	receiver_close(receiver);
	return failure_receive(args, consumer);
}

int receiver_subscribe(struct receiver *receiver, const struct args *args, uint32_t credit,
		       uint32_t flags)
{
	struct broker_admin *admin;
	int status, consumer;

	status = open_admin(args, &admin);
	if (status)
		return status;
	status = begin(receiver, args, credit);
	if (status)
		goto out;
	consumer = broker_subscribe(receiver->session, admin, args_argument(args, 0),
				    args_argument(args, 1), args_text(args, OPT_SHARED_GROUP, NULL),
				    credit, 0, flags, 0);
	if (consumer > 0) {
		receiver->consumer = consumer;
		goto out;
	}
	status = failure_admin(args, admin, consumer, NULL);
	if (consumer == -EACCES)
		hint("brokerctl exchange set '%s' --mode … lets others bind from it: r",
		     args_argument(args, 0));
	receiver_close(receiver);
out:
	broker_admin_close(admin);
	return status;
}

void receiver_close(struct receiver *receiver)
{
	receiver->batch = broker_batch_free(receiver->batch);
	receiver->inbox = broker_inbox_free(receiver->inbox);
	receiver->session = broker_session_close(receiver->session);
}

int receiver_settle(struct receiver *receiver, const struct args *args)
{
	unsigned int count = broker_batch_length(receiver->batch);
	const struct broker_result *result;
	int failed, status = STATUS_OK;

	if (!count)
		return STATUS_OK;
	failed = broker_batch_submit(receiver->batch, 0, 0);
	if (failed < 0)
		return failure(args, "cannot settle: %s", strerror(-failed));
	for (unsigned int i = 0; failed && i < count; i++) {
		result = broker_batch_result(receiver->batch, i);
		if (result->error) {
			status = failure(args, "cannot settle: %s", strerror(-result->error));
			break;
		}
	}
	broker_batch_clear(receiver->batch);
	return status;
}
