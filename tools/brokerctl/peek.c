// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "filter.h"
#include "json.h"
#include "message.h"
#include "receive.h"
#include "report.h"
#include "verbs.h"

#define DEFAULT_COUNT 10

/* Shows up to @count messages; returns how many, or a negative errno. */
static long show(const struct args *args, struct broker_inbox *inbox,
		 const struct broker_filter *filter, uint64_t count, json_t *all)
{
	enum broker_message_state state = args_number(args, OPT_STATE, BROKER_MESSAGE_READY);
	const struct broker_message *message;
	struct broker_cursor cursor = { 0 };
	uint64_t shown = 0;

	while (shown < count) {
		uint64_t left = count - shown;
		unsigned int most = left < BROKER_MAX_RECEIVE ? left : BROKER_MAX_RECEIVE;
		int found = broker_inbox_browse_state(inbox, args_argument(args, 0), state,
						      &cursor, most, filter);

		if (found < 0)
			return found;
		if (!found)
			break;
		while ((message = broker_inbox_next(inbox))) {
			if (args->json)
				json_array_append_new(all, message_json(message));
			else
				message_print(args, message);
			shown++;
		}
	}
	return shown;
}

int peek_run(const struct args *args)
{
	struct broker_filter *filter = NULL;
	struct broker_session *session;
	struct broker_inbox *inbox = NULL;
	json_t *all = json_checked(json_array());
	int status;
	long shown;

	status = open_filter(args, &filter);
	if (!status)
		status = open_session(args, &session);
	if (status)
		goto out;
	shown = broker_inbox_new(&inbox, session, 0);
	if (!shown)
		shown = show(args, inbox, filter, args_number(args, OPT_COUNT, DEFAULT_COUNT), all);
	if (shown >= 0 && args->json)
		json_print(json_incref(all));
	if (shown < 0)
		status = failure_receive(args, shown);
	else if (!shown && filter)
		status = failure(args, "no message of queue '%s' matches", args_argument(args, 0));
	else if (!shown && args_has(args, OPT_STATE))
		status = failure(args, "queue '%s' has no such message", args_argument(args, 0));
	else if (!shown)
		status = failure_receive(args, -EAGAIN);
	broker_inbox_free(inbox);
	broker_session_close(session);
out:
	broker_filter_free(filter);
	json_decref(all);
	return status;
}
