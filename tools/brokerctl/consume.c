// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec.h"
#include "message.h"
#include "receive.h"
#include "report.h"
#include "verbs.h"
#include "wait.h"

struct consumption {
	const struct args *args;
	struct receiver receiver;
	const char *command;		/* --exec, or NULL */
	int outcome;			/* of --ack; 0: auto */
	uint64_t left;			/* of --count */
	uint64_t timeout;
};

/* In the order of --ack's words */
static const int outcomes[] = {
	BROKER_OP_ACCEPT, BROKER_OP_RELEASE, BROKER_OP_FAIL, BROKER_OP_REJECT, 0,
	BROKER_OP_DEFER
};

/* What the command wrote, to be unmapped; 0 or a negative errno. */
static int map_output(int output, void **data, size_t *length)
{
	*length = lseek(output, 0, SEEK_END);
	*data = NULL;
	if (!*length)
		return 0;
	*data = mmap(NULL, *length, PROT_READ, MAP_PRIVATE, output, 0);
	return *data == MAP_FAILED ? -errno : 0;
}

/* Sends what the command wrote; returns 0 or a negative errno. */
static int reply(const struct consumption *consumption, const struct broker_message *request,
		 int output)
{
	struct broker_message *message;
	size_t length;
	void *body;
	int error;

	error = map_output(output, &body, &length);
	if (error)
		return error;
	error = broker_message_new(&message);
	if (!error)
		error = broker_message_set_body(message, body, length);
	if (!error)
		error = broker_session_reply(consumption->receiver.session, request, message);
	broker_message_free(message);
	if (body)
		munmap(body, length);
	/* Whoever asked has gone: nothing is left to do. */
	return error == -EPIPE ? 0 : error;
}

/* The reason why a transaction was not done */
static int transaction_error(const struct broker_batch *batch)
{
	const struct broker_result *result;

	for (unsigned int i = 0; (result = broker_batch_result(batch, i)); i++) {
		if (result->error && result->error != -ECANCELED)
			return result->error;
	}
	return -ECANCELED;
}

/*
 * Keeps what the command wrote for the message's key, and accepts the message, in one
 * step: 0.  If it cannot be kept, says why; then it is a failure.
 */
static int keep(const struct consumption *consumption, const struct broker_message *message,
		int output)
{
	struct broker_batch *batch = NULL;
	size_t length;
	void *data;
	int error;

	error = map_output(output, &data, &length);
	if (error)
		return error;
	error = broker_batch_new(&batch, consumption->receiver.session);
	if (!error)
		error = broker_batch_state(batch, message, data, length);
	if (error >= 0)
		error = broker_batch_settle(batch, message, BROKER_OP_ACCEPT, 0);
	if (error >= 0)
		error = broker_batch_submit(batch, BROKER_SUBMIT_F_ATOMIC, 0);
	if (error > 0)
		error = transaction_error(batch);
	broker_batch_free(batch);
	if (data)
		munmap(data, length);
	if (!error)
		return 0;
	failure(consumption->args, "cannot keep the state: %s", strerror(-error));
	if (error == -ENOKEY)
		hint("only messages with a group key, in a queue with ordering, have one");
	return BROKER_OP_FAIL;
}

/* Runs the command; with --reply what it writes answers a request, with --state it is kept. */
static int run(const struct consumption *consumption, const struct broker_message *message)
{
	bool state = args_has(consumption->args, OPT_KEY_STATE);
	int output, outcome;

	if (!state && (!args_has(consumption->args, OPT_REPLY) ||
		       !(broker_message_delivery(message)->flags & BROKER_DELIVERY_F_REQUEST)))
		return exec_message(consumption->command, message, -1);
	output = memfd_create("output", MFD_CLOEXEC);
	if (output < 0)
		return -errno;
	outcome = exec_message(consumption->command, message, output);
	if (outcome == BROKER_OP_ACCEPT)
		outcome = (state ? keep : reply)(consumption, message, output);
	close(output);
	return outcome;
}

/* Does what is to be done with one message; returns its outcome, or a negative errno. */
static int work(const struct consumption *consumption, const struct broker_message *message)
{
	if (consumption->command)
		return run(consumption, message);
	message_print(consumption->args, message);
	return consumption->outcome;
}

/* Keeps the kernel from sending more than is wanted yet, before room is made. */
static int limit_credit(struct consumption *consumption)
{
	struct receiver *receiver = &consumption->receiver;
	int error;

	if (consumption->left >= receiver->credit)
		return STATUS_OK;
	receiver->credit = consumption->left;
	error = broker_batch_credit(receiver->batch, receiver->consumer, receiver->credit,
				    receiver->credit ? BROKER_DEFAULT_CREDIT_BYTES : 0);
	return error < 0 ? failure(consumption->args, "%s", strerror(-error)) : STATUS_OK;
}

/* All messages in the inbox: worked on, written out, settled. */
static int process(struct consumption *consumption)
{
	struct receiver *receiver = &consumption->receiver;
	const struct broker_message *message;
	int status, outcome;

	status = limit_credit(consumption);
	while (!status && (message = broker_inbox_next(receiver->inbox))) {
		outcome = work(consumption, message);
		if (outcome < 0)
			status = failure(consumption->args, "cannot run '%s': %s",
					 consumption->command, strerror(-outcome));
		else if (outcome)
			broker_batch_settle(receiver->batch, message, outcome, 0);
	}
	if (!status)
		status = flush_output(consumption->args);
	return status ? status : receiver_settle(receiver, consumption->args);
}

static int receive(struct consumption *consumption)
{
	struct receiver *receiver = &consumption->receiver;
	/* One by one for a command: what it has not seen is not lost with it.  The batch
	 * needs room for a change of credit beside the settlements. */
	uint64_t most = consumption->command ? 1 : BROKER_MAX_OPS - 1;
	int found;

	if (consumption->left < most)
		most = consumption->left;
	found = broker_inbox_receive(receiver->inbox, 0, most, 0);
	if (found == -EAGAIN)
		return STATUS_OK;
	if (found < 0)
		return failure_receive(consumption->args, found);
	consumption->left -= found;
	return process(consumption);
}

static int loop(struct consumption *consumption)
{
	int file = broker_session_fd(consumption->receiver.session), status = STATUS_OK;

	while (consumption->left && !status) {
		switch (wait_readable(file, consumption->timeout)) {
		case WAIT_READY:
			status = receive(consumption);
			break;
		case WAIT_TIMEOUT:
			if (!args_has(consumption->args, OPT_COUNT))
				return STATUS_OK;
			return failure_receive(consumption->args, -ETIMEDOUT);
		case WAIT_STOP:
			return STATUS_OK;
		case WAIT_ERROR:
			return failure(consumption->args, "cannot wait: %s", strerror(errno));
		}
	}
	return status;
}

/* @open: how it comes to its messages */
static int take_all(const struct args *args,
		    int (*open)(struct receiver *receiver, const struct args *args,
				uint32_t credit, uint32_t flags))
{
	struct consumption consumption = {
		.args = args,
		.command = args_text(args, OPT_EXEC, NULL),
		.outcome = outcomes[args_number(args, OPT_ACK, 0)],
		.left = args_number(args, OPT_COUNT, UINT64_MAX),
		.timeout = args_number(args, OPT_TIMEOUT, BROKER_TIMEOUT_FOREVER),
	};
	uint64_t credit = args_number(args, OPT_CREDIT, consumption.command ? 1 :
				      BROKER_DEFAULT_CREDIT_MESSAGES);
	int status;

	if (consumption.command && args_has(args, OPT_ACK))
		return usage_error(args->command, "with --exec the command decides, not --ack");
	if (args_has(args, OPT_REPLY) && !consumption.command)
		return usage_error(args->command, "--reply goes with --exec");
	if (args_has(args, OPT_KEY_STATE) && !consumption.command)
		return usage_error(args->command, "--state goes with --exec");
	if (args_has(args, OPT_KEY_STATE) && args_has(args, OPT_REPLY))
		return usage_error(args->command, "either --state or --reply, not both");
	wait_prepare();
	status = open(&consumption.receiver, args,
		      credit < consumption.left ? credit : consumption.left,
		      consumption.outcome ? 0 : BROKER_CONSUME_F_AUTO_ACCEPT);
	if (status)
		return status;
	status = loop(&consumption);
	receiver_close(&consumption.receiver);
	return status;
}

int consume_run(const struct args *args)
{
	return take_all(args, receiver_open);
}

int subscribe_run(const struct args *args)
{
	return take_all(args, receiver_subscribe);
}
