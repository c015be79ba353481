// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command whose death is published.  The session is this process's, which
 * becomes the command, and the command keeps its file open without knowing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "publish.h"
#include "report.h"
#include "verbs.h"

static int arm(const struct args *args, struct broker_session *session,
	       struct broker_message *message)
{
	const char *body = args_text(args, OPT_BODY, "");
	int error, status = message_set_options(args, message);
	char *sentence;

	if (status)
		return status;
	broker_message_set_body(message, body, strlen(body));
	error = broker_session_will(session, args_argument(args, 0), args_argument(args, 1),
				    message, args_has(args, OPT_OPTIONAL) ?
				    BROKER_PUBLISH_F_OPTIONAL : 0, 0);
	if (!error)
		return STATUS_OK;
	sentence = publish_reason(args, error);
	failure(args, "%s", sentence);
	free(sentence);
	publish_hint(args, error);
	return STATUS_FAILED;
}

int will_run(const struct args *args)
{
	struct broker_message *message = NULL;
	struct broker_session *session;
	int status;

	status = open_session(args, &session);
	if (status)
		return status;
	if (broker_message_new(&message))
		status = failure(args, "out of memory");
	else
		status = arm(args, session, message);
	broker_message_free(message);
	if (!status && fcntl(broker_session_fd(session), F_SETFD, 0))
		status = failure(args, "%s", strerror(errno));
	if (!status) {
		execvp(args_argument(args, 2), args->arguments + 2);
		status = failure(args, "cannot run '%s': %s", args_argument(args, 2),
				 strerror(errno));
	}
	/* Nothing of it has died. */
	broker_session_close(session);
	return status;
}
