// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * totals QUEUE RESULTS [IDLE-SECONDS]: add up numbers, by group key.
 *
 * Each message is a number.  The total of its key so far, which the queue keeps, goes
 * to the queue RESULTS, in one step with the number's acceptance: any worker goes on
 * where another one died, and each number counts once.  The queue needs ordering.
 */
#include <broker.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND	1000000000ULL

static int64_t number_of(const void *text, size_t length)
{
	char buffer[32] = "";

	memcpy(buffer, text, length < sizeof(buffer) ? length : sizeof(buffer) - 1);
	return strtoll(buffer, NULL, 10);
}

/* The reason why a transaction was not done */
static int reason(const struct broker_batch *batch)
{
	const struct broker_result *result;

	for (unsigned int i = 0; (result = broker_batch_result(batch, i)); i++) {
		if (result->error && result->error != -ECANCELED)
			return result->error;
	}
	return -ECANCELED;
}

/* Adds one number to its key's total: result, new state and acceptance, or nothing. */
static int add(struct broker_batch *batch, const struct broker_message *message,
	       struct broker_message *result, const char *results)
{
	const void *state, *body, *key = "";
	size_t state_length, length, key_length = 0;
	char total[32], line[320];
	int err;

	state = broker_message_key_state(message, &state_length);
	body = broker_message_body(message, &length);
	snprintf(total, sizeof(total), "%lld",
		 (long long)(number_of(state, state_length) + number_of(body, length)));
	broker_message_property(message, BROKER_PROP_GROUP_KEY, NULL, &key, &key_length);
	snprintf(line, sizeof(line), "%.*s: %s", (int)key_length, (const char *)key, total);

	broker_batch_clear(batch);
	err = broker_message_set_body(result, line, strlen(line));
	if (err >= 0)
		err = broker_batch_publish(batch, "", results, result, 0,
					   BROKER_CONFIRM_ENQUEUED, 0);
	if (err >= 0)
		err = broker_batch_state(batch, message, total, strlen(total));
	if (err >= 0)
		err = broker_batch_settle(batch, message, BROKER_OP_ACCEPT, 0);
	if (err >= 0)
		err = broker_batch_submit(batch, BROKER_SUBMIT_F_ATOMIC, SECOND);
	return err > 0 ? reason(batch) : err;
}

int main(int argc, char **argv)
{
	uint64_t idle = argc > 3 ? strtoull(argv[3], NULL, 10) * SECOND : BROKER_TIMEOUT_FOREVER;
	struct broker_session *session = NULL;
	struct broker_message *result = NULL;
	struct broker_inbox *inbox = NULL;
	struct broker_batch *batch = NULL;
	int err;

	if (argc < 3) {
		fprintf(stderr, "usage: %s QUEUE RESULTS [IDLE-SECONDS]\n", argv[0]);
		return 2;
	}

	err = broker_session_open(&session);
	if (!err)
		err = broker_inbox_new(&inbox, session, 0);
	if (!err)
		err = broker_batch_new(&batch, session);
	if (!err)
		err = broker_message_new(&result);
	if (!err)
		err = broker_session_consume(session, argv[1], 1, 0, BROKER_CONSUME_F_STATE, 0);

	while (err >= 0) {
		err = broker_inbox_receive(inbox, 0, 1, idle);
		if (err > 0)
			err = add(batch, broker_inbox_next(inbox), result, argv[2]);
	}
	if (err != -ETIMEDOUT)
		fprintf(stderr, "totals: %s: %s\n", argv[1], strerror(-err));

	broker_message_free(result);
	broker_batch_free(batch);
	broker_inbox_free(inbox);
	broker_session_close(session);
	return err != -ETIMEDOUT;
}
