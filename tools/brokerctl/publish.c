// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "message.h"
#include "names.h"
#include "publish.h"
#include "report.h"
#include "verbs.h"

#define CHUNK (256U << 10)	/* bytes read at a time with --lines */

struct publication {
	const struct args *args;
	const char *exchange, *key;
	struct broker_session *session;
	struct broker_batch *batch;
	struct broker_message *message;
	json_t *confirms;		/* with --json, of a single message */
	uint64_t collected, published;
	uint64_t accepted, refused;	/* queues, of all messages */
	uint64_t duplicates;		/* of those accepted, had it before */
};

char *publish_reason(const struct args *args, int error)
{
	const char *exchange = args_argument(args, 0), *key = args_argument(args, 1);
	bool by_name = !*exchange;

	switch (-error) {
	case ENOENT:
		return by_name ? text_format("no queue named '%s'", key) :
				 text_format("no exchange named '%s'", exchange);
	case EHOSTUNREACH:
		return text_format("fewer than %llu queues match key '%s'", (unsigned long long)
				   args_number(args, OPT_MIN_ROUTES, 1), key);
	case EACCES:
		return by_name ? text_format("no permission to publish to queue '%s'", key) :
				 text_format("no permission to publish to exchange '%s'", exchange);
	case ECONNREFUSED:
		return text_copy("nobody consumes from the queues that match");
	case EAGAIN:
		return text_copy("a queue is full");
	case ETIMEDOUT:
		return text_copy("a queue stayed full for all that time");
	case ESHUTDOWN:
		return text_copy("a queue is sealed, or the broker is draining");
	case EMSGSIZE:
		return text_copy("the message is too large");
	case ESTALE:
		return text_copy("the queue's last sequence is another");
	case EILSEQ:
		return text_copy("exchange, key or a property is not clean UTF-8 text");
	case ENAMETOOLONG:
		return text_copy("exchange or key is too long");
	case EPERM:
		return text_copy("headers whose names begin with 'broker.' are the kernel's");
	case EOPNOTSUPP:
		return text_copy("the module does not support one of its properties or options");
	}
	return text_copy(strerror(-error));
}

void publish_hint(const struct args *args, int error)
{
	const char *exchange = args_argument(args, 0), *key = args_argument(args, 1);

	switch (-error) {
	case ENOENT:
		hint("brokerctl %s show lists those that exist",
		     *exchange ? "exchange" : "queue");
		break;
	case EHOSTUNREACH:
		hint("brokerctl binding show '%s' tells what matches; --optional publishes "
		     "all the same", exchange);
		break;
	case EACCES:
		hint("brokerctl %s show '%s' tells its owner and mode; it takes w",
		     *exchange ? "exchange" : "queue", *exchange ? exchange : key);
		break;
	case ESHUTDOWN:
		hint("brokerctl drain --off, or brokerctl queue set … --sealed off, let publishers "
		     "go on");
		break;
	case EAGAIN:
		hint("with --timeout it waits for room in a queue whose overflow policy is block");
		break;
	}
}

/* Names the queues that said no. */
static void tell_refusals(const struct publication *publication, unsigned int index)
{
	const struct broker_confirm *confirms;
	unsigned int count;
	char *queue;

	confirms = broker_batch_confirms(publication->batch, &count);
	for (unsigned int i = 0; i < count; i++) {
		if (confirms[i].op != index || !confirms[i].error ||
		    confirms[i].error == -ECANCELED || confirms[i].error == -EALREADY)
			continue;
		queue = queue_name(confirms[i].queue);
		fprintf(stderr, "%s: %s\n", queue,
			confirms[i].error == -EAGAIN ? "full" : strerror(-confirms[i].error));
		free(queue);
	}
}

static int tell_failure(const struct publication *publication, unsigned int index, int error)
{
	char *sentence = publish_reason(publication->args, error);

	if (args_has(publication->args, OPT_LINES))
		failure(publication->args, "line %llu: %s; it and what follows was not published",
			(unsigned long long)publication->published + 1, sentence);
	else
		failure(publication->args, "%s", sentence);
	free(sentence);
	if (error == -ESTALE)
		hint("it is %llu", (unsigned long long)
		     broker_batch_result(publication->batch, index)->sequence);
	else
		tell_refusals(publication, index);
	publish_hint(publication->args, error);
	return STATUS_FAILED;
}

static void keep_confirms(struct publication *publication)
{
	const struct broker_confirm *confirms;
	unsigned int count;
	json_t *one;

	publication->confirms = json_checked(json_array());
	confirms = broker_batch_confirms(publication->batch, &count);
	for (unsigned int i = 0; i < count; i++) {
		one = json_checked(json_object());
		json_put(one, "queue_id", json_number(confirms[i].queue));
		json_put(one, "sequence", json_number(confirms[i].sequence));
		if (confirms[i].error)
			json_put(one, "error", json_string(strerror(-confirms[i].error)));
		json_array_append_new(publication->confirms, one);
	}
}

static unsigned int count_duplicates(const struct publication *publication)
{
	const struct broker_confirm *confirms;
	unsigned int count, duplicates = 0;

	confirms = broker_batch_confirms(publication->batch, &count);
	for (unsigned int i = 0; i < count; i++)
		duplicates += confirms[i].error == -EALREADY;
	return duplicates;
}

/* Publishes what was collected; stops at the first that fails. */
static int submit(struct publication *publication)
{
	const struct args *args = publication->args;
	unsigned int count = broker_batch_length(publication->batch);
	const struct broker_result *result;
	int failed, status = STATUS_OK;

	if (!count)
		return STATUS_OK;
	failed = broker_batch_submit(publication->batch, BROKER_SUBMIT_F_STOP,
				     args_number(args, OPT_PUBLISH_TIMEOUT, 0));
	if (failed < 0)
		return failure(args, "%s", strerror(-failed));
	for (unsigned int i = 0; i < count && !status; i++) {
		result = broker_batch_result(publication->batch, i);
		publication->accepted += result->accepted;
		publication->refused += result->refused;
		if (result->error)
			status = tell_failure(publication, i, result->error);
		else
			publication->published++;
	}
	publication->duplicates += count_duplicates(publication);
	if (args->json && !args_has(args, OPT_LINES))
		keep_confirms(publication);
	broker_batch_clear(publication->batch);
	return status;
}

static int collect_message(struct publication *publication)
{
	const struct args *args = publication->args;
	uint32_t flags = (args_has(args, OPT_OPTIONAL) ? BROKER_PUBLISH_F_OPTIONAL : 0) |
			 (args_has(args, OPT_PARTIAL) ? BROKER_PUBLISH_F_PARTIAL : 0) |
			 (args_has(args, OPT_PUBLISH_RETAIN) ? BROKER_PUBLISH_F_RETAIN : 0);
	int added, status = STATUS_OK;

	if (broker_batch_length(publication->batch) == BROKER_MAX_OPS)
		status = submit(publication);
	if (status)
		return status;
	if (args_has(args, OPT_PRODUCER_SEQUENCE))
		broker_message_set_int(publication->message, BROKER_PROP_PRODUCER_SEQUENCE,
				       args_number(args, OPT_PRODUCER_SEQUENCE, 1) +
				       publication->collected++);
	added = broker_batch_publish(publication->batch, publication->exchange, publication->key,
				     publication->message, flags,
				     args_number(args, OPT_CONFIRM, BROKER_CONFIRM_ENQUEUED),
				     args_number(args, OPT_MIN_ROUTES, 0));
	if (added >= 0 && args_has(args, OPT_EXPECT))
		broker_batch_expect(publication->batch, args_number(args, OPT_EXPECT, 0));
	return added < 0 ? tell_failure(publication, 0, added) : STATUS_OK;
}

/* The body stays the caller's, and where it is, until submit(). */
static int collect(struct publication *publication, const void *body, size_t length)
{
	broker_message_set_body(publication->message, body, length);
	return collect_message(publication);
}

/* Bytes of a file, of which some are still to be used */
struct input {
	int file;
	char *bytes;
	size_t length;
	size_t room;
	bool end;
};

static int input_open(struct input *input, const struct args *args)
{
	const char *path = args_argument(args, 2);

	*input = (struct input){ .file = STDIN_FILENO };
	if (path && strcmp(path, "-"))
		input->file = open(path, O_RDONLY | O_CLOEXEC);
	return input->file < 0 ? failure(args, "%s: %s", path, strerror(errno)) : STATUS_OK;
}

static void input_close(struct input *input)
{
	if (input->file > STDIN_FILENO)
		close(input->file);
	free(input->bytes);
}

static int input_read(struct input *input, const struct args *args)
{
	ssize_t bytes;

	if (input->room - input->length < CHUNK) {
		input->room = 2 * input->room + CHUNK;
		input->bytes = memory_resize(input->bytes, input->room);
	}
	do {
		bytes = read(input->file, input->bytes + input->length,
			     input->room - input->length);
	} while (bytes < 0 && errno == EINTR);
	if (bytes < 0)
		return failure(args, "cannot read: %s", strerror(errno));
	input->end = !bytes;
	input->length += bytes;
	return STATUS_OK;
}

/* The lines that were read to their ends; at the end of the file also one without. */
static int publish_lines_read(struct publication *publication, struct input *input)
{
	char *line = input->bytes, *end;
	size_t left = input->length;
	int status = STATUS_OK;

	while (!status && left) {
		end = memchr(line, '\n', left);
		if (!end && !input->end)
			break;
		if (!end)
			end = line + left;
		status = collect(publication, line, end - line);
		left -= end - line;
		line = end;
		if (left) {
			left--;
			line++;
		}
	}
	/* Now, since the lines move, and since the next may be long in coming. */
	if (!status)
		status = submit(publication);
	memmove(input->bytes, line, left);
	input->length = left;
	return status;
}

static int publish_lines(struct publication *publication, struct input *input)
{
	int status = STATUS_OK;

	while (!status && !input->end) {
		status = input_read(input, publication->args);
		if (!status)
			status = publish_lines_read(publication, input);
		if (!status && input->length > BROKER_MAX_BODY)
			status = tell_failure(publication, 0, -EMSGSIZE);
	}
	return status;
}

/* What is too long to go inline goes in a file. */
static int publish_large(struct publication *publication, const struct input *input)
{
	int file, status;

	file = broker_body_memfd(input->bytes, input->length);
	if (file < 0)
		return failure(publication->args, "%s", strerror(-file));
	broker_message_set_body_fd(publication->message, file);
	status = collect_message(publication);
	if (!status)
		status = submit(publication);
	close(file);
	return status;
}

static int publish_whole(struct publication *publication, struct input *input)
{
	int status = STATUS_OK;

	while (!status && !input->end && input->length <= BROKER_MAX_BODY_FD)
		status = input_read(input, publication->args);
	if (!status && input->length > BROKER_MAX_BODY_FD)
		status = tell_failure(publication, 0, -EMSGSIZE);
	if (!status && input->length > BROKER_MAX_BODY)
		return publish_large(publication, input);
	if (!status)
		status = collect(publication, input->bytes, input->length);
	return status ? status : submit(publication);
}

static int publish_input(struct publication *publication)
{
	struct input input;
	int status;

	status = input_open(&input, publication->args);
	if (status)
		return status;
	if (args_has(publication->args, OPT_LINES))
		status = publish_lines(publication, &input);
	else
		status = publish_whole(publication, &input);
	input_close(&input);
	return status;
}

static int publish(struct publication *publication)
{
	const char *body = args_text(publication->args, OPT_BODY, NULL);
	int status = message_set_options(publication->args, publication->message);

	if (status)
		return status;
	if (!body)
		return publish_input(publication);
	status = collect(publication, body, strlen(body));
	return status ? status : submit(publication);
}

static void tell_result(const struct publication *publication)
{
	json_t *json;

	if (publication->args->json) {
		json = json_checked(json_object());
		json_put(json, "published", json_number(publication->published));
		json_put(json, "accepted", json_number(publication->accepted));
		json_put(json, "refused", json_number(publication->refused));
		json_put(json, "duplicates", json_number(publication->duplicates));
		if (publication->confirms)
			json_put(json, "queues", json_incref(publication->confirms));
		json_print(json);
	} else if (args_has(publication->args, OPT_TALLY)) {
		printf("published %llu, enqueued %llu, refused %llu",
		       (unsigned long long)publication->published,
		       (unsigned long long)(publication->accepted - publication->duplicates),
		       (unsigned long long)publication->refused);
		if (publication->duplicates)
			printf(", duplicates %llu", (unsigned long long)publication->duplicates);
		printf("\n");
	}
}

int publish_run(const struct args *args)
{
	struct publication publication = {
		.args = args,
		.exchange = args_argument(args, 0),
		.key = args_argument(args, 1),
	};
	int status;

	if (args_has(args, OPT_BODY) && (args_has(args, OPT_LINES) || args_argument(args, 2)))
		return usage_error(args->command, "--body takes the place of FILE and --lines");
	if (args_has(args, OPT_DEDUPE_ID) && args_has(args, OPT_LINES))
		return usage_error(args->command, "--dedupe-id names one message, not --lines");
	if (args_has(args, OPT_EXPECT) && args_has(args, OPT_LINES))
		return usage_error(args->command, "--expect-sequence is for one message");
	if (args_has(args, OPT_PRODUCER) != args_has(args, OPT_PRODUCER_SEQUENCE))
		return usage_error(args->command,
				   "--producer and --producer-sequence go together");
	status = open_session(args, &publication.session);
	if (status)
		return status;
	if (broker_batch_new(&publication.batch, publication.session) ||
	    broker_message_new(&publication.message)) {
		status = failure(args, "out of memory");
	} else {
		status = publish(&publication);
		tell_result(&publication);
	}
	json_decref(publication.confirms);
	broker_message_free(publication.message);
	broker_batch_free(publication.batch);
	broker_session_close(publication.session);
	return status;
}
