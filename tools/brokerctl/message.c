// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "header.h"
#include "json.h"
#include "message.h"
#include "report.h"
#include "units.h"

static const char *const property_names[] = {
	[BROKER_PROP_CONTENT_TYPE] = "content-type",
	[BROKER_PROP_CONTENT_ENCODING] = "content-encoding",
	[BROKER_PROP_MESSAGE_ID] = "message-id",
	[BROKER_PROP_CORRELATION_ID] = "correlation-id",
	[BROKER_PROP_REPLY_TO] = "reply-to",
	[BROKER_PROP_TYPE] = "type",
	[BROKER_PROP_APP_ID] = "app-id",
	[BROKER_PROP_SUBJECT] = "subject",
	[BROKER_PROP_GROUP_KEY] = "group-key",
	[BROKER_PROP_DEDUPE_ID] = "dedupe-id",
	[BROKER_PROP_TRACEPARENT] = "traceparent",
	[BROKER_PROP_TIMESTAMP] = "timestamp",
	[BROKER_PROP_TTL] = "ttl",
	[BROKER_PROP_DELIVER_AT] = "deliver-at",
	[BROKER_PROP_PRIORITY] = "priority",
	[BROKER_PROP_DELIVERY_MODE] = "delivery-mode",
	[BROKER_PROP_USER_ID] = "user-id",
	[BROKER_PROP_PRODUCER] = "producer",
	[BROKER_PROP_PRODUCER_SEQUENCE] = "producer-sequence",
};

const char *property_name(unsigned int id)
{
	return id < sizeof(property_names) / sizeof(*property_names) ? property_names[id] : NULL;
}

static int set_header(struct broker_message *message, const char *text)
{
	struct header header;
	int error = -1;

	if (header_parse(&header, text, false)) {
		error = broker_message_add_header(message, header.name, header.type,
						  header.value, header.length);
		header_free(&header);
	}
	return error;
}

int message_set_options(const struct args *args, struct broker_message *message)
{
	for (unsigned int i = 0; i < args->nr_options; i++) {
		const struct option_value *value = &args->options[i];
		const struct option_def *def = &option_table[value->id];
		int error = 0;

		if (value->id == OPT_HEADER)
			error = set_header(message, value->text);
		else if (!def->property)
			continue;
		else if (def->kind == VALUE_TEXT)
			error = broker_message_set_string(message, def->property, value->text);
		else if (value->id == OPT_DELIVERY_MODE)	/* words count from 0 */
			error = broker_message_set_int(message, def->property, value->number + 1);
		else
			error = broker_message_set_int(message, def->property, value->number);
		if (error)
			return failure(args, "--%s: '%s': %s", def->name, value->text,
				       strerror(-error));
	}
	return STATUS_OK;
}

char *message_cause(const struct broker_message *message)
{
	const struct broker_delivery *delivery = broker_message_delivery(message);

	switch (delivery->cause) {
	case BROKER_CAUSE_NONE:
		return text_copy("");
	case BROKER_CAUSE_CANCELLED:
		return text_copy("consumer cancelled");
	case BROKER_CAUSE_CLOSED:
		return text_copy("session closed");
	case BROKER_CAUSE_EXITED:
		return text_format("exited with status %u", delivery->cause_code);
	case BROKER_CAUSE_KILLED:
		return text_format("killed by signal %u", delivery->cause_code);
	case BROKER_CAUSE_ACCEPTED:
		return text_copy("accepted without a reply");
	case BROKER_CAUSE_OOM:
		return text_copy("killed for lack of memory");
	}
	return text_copy(broker_cause_name(delivery->cause));
}

/* A name or key that is empty still shows. */
static const char *visible(const char *name)
{
	return *name ? name : "\"\"";
}

static void print_origin(const struct broker_origin *origin)
{
	char *user = format_user(origin->uid), *group = format_group(origin->gid);

	printf("origin: user %s, group %s, pid %u\n", user, group, origin->pid);
	free(user);
	free(group);
}

/* Takes @text. */
static void print_line(const char *name, char *text)
{
	char *visible = format_visible(text, strlen(text), "");

	printf("%s: %s\n", name, visible);
	free(visible);
	free(text);
}

static void print_properties(const struct broker_message *message)
{
	enum broker_prop_type type;
	size_t name_length, length;
	const void *value;
	const char *name;

	for (unsigned int id = FIRST_PROPERTY; property_name(id); id++) {
		if (!broker_message_property(message, id, &type, &value, &length))
			print_line(property_name(id), value_text(type, value, length));
	}
	for (unsigned int i = 0; !broker_message_header(message, i, &name, &name_length, &type,
							&value, &length); i++)
		print_line("header", header_text(name, name_length, type, value, length));
}

/* In the order of enum broker_message_state */
static const char *const states[] = { "ready", "waiting", "deferred", "dying", "quarantined" };

static const char *state_name(unsigned int state)
{
	return state < sizeof(states) / sizeof(*states) ? states[state] : "unknown";
}

/* Of a message that is shown in its queue */
static void print_state(const struct broker_delivery *delivery)
{
	char *time;

	if (delivery->consumer || delivery->state == BROKER_MESSAGE_READY)
		return;
	printf("state: %s\n", state_name(delivery->state));
	if (delivery->reason)
		printf("reason: %s\n", broker_death_name(delivery->reason));
	if (delivery->state != BROKER_MESSAGE_WAITING)
		return;
	time = format_time(delivery->due_ns);
	printf("due: %s\n", time);
	free(time);
}

static void print_deaths(const struct broker_message *message)
{
	const struct broker_death *death;

	for (unsigned int i = 0; (death = broker_message_death(message, i)); i++) {
		char *time = format_time(death->time_ns);

		printf("died: in %.*s, %s, at %s", death->name_len, (const char *)death->name,
		       broker_death_name(death->reason), time);
		if (death->count > 1)
			printf(", %u times", death->count);
		putchar('\n');
		free(time);
	}
}

static void print_details(const struct broker_message *message)
{
	const struct broker_delivery *delivery = broker_message_delivery(message);
	char *time = format_time(delivery->time_ns), *cause = message_cause(message);
	const void *state;
	size_t length;

	printf("exchange: %s\nkey: %s\nsequence: %llu\ntime: %s\n",
	       visible(broker_message_exchange(message)), visible(broker_message_key(message)),
	       (unsigned long long)delivery->sequence, time);
	if (*broker_message_original_key(message))
		printf("original key: %s\n", broker_message_original_key(message));
	print_origin(&delivery->origin);
	printf("deliveries: %u, failed %u\n", delivery->acquired, delivery->failed);
	if (delivery->flags & BROKER_DELIVERY_F_RETAINED)
		puts("retained: yes");
	print_state(delivery);
	print_deaths(message);
	if (*cause) {
		printf("redelivered: %s", cause);
		if (delivery->cause_pid)
			printf(", pid %u", delivery->cause_pid);
		putchar('\n');
	}
	print_properties(message);
	state = broker_message_key_state(message, &length);
	if (length)
		print_line("key state", format_visible(state, length, ""));
	message_body(message, &length);
	printf("bytes: %zu\n", length);
	if (delivery->nr_fds)
		printf("files: %u%s\n", delivery->nr_fds,
		       delivery->flags & BROKER_DELIVERY_F_BODY_FD ? ", the body first" : "");
	putchar('\n');
	free(time);
	free(cause);
}

const void *message_body(const struct broker_message *message, size_t *length)
{
	const void *body;

	if (!broker_message_map_body(message, &body, length))
		return body;
	*length = 0;
	return "";
}

static void print_body(const struct args *args, const struct broker_message *message)
{
	size_t length;
	const char *body = message_body(message, &length);
	char *text;

	if (isatty(STDOUT_FILENO) && !args_has(args, OPT_RAW)) {
		text = format_visible(body, length, "\n\t");
		fputs(text, stdout);
		free(text);
	} else {
		fwrite(body, 1, length, stdout);
	}
	if (!args_has(args, OPT_RAW))
		putchar('\n');
}

void message_print(const struct args *args, const struct broker_message *message)
{
	if (args->json) {
		json_print_line(message_json(message));
		return;
	}
	if (args_has(args, OPT_VERBOSE))
		print_details(message);
	print_body(args, message);
	if (args_has(args, OPT_VERBOSE))
		putchar('\n');
}

static json_t *origin_json(const struct broker_origin *origin)
{
	json_t *json = json_checked(json_object());

	json_put(json, "uid", json_number(origin->uid));
	json_put(json, "gid", json_number(origin->gid));
	json_put(json, "pid", json_number(origin->pid));
	json_put(json, "start_time_ns", json_number(origin->start_time));
	json_put(json, "cgroup", json_number(origin->cgroup));
	return json;
}

static json_t *cause_json(const struct broker_delivery *delivery)
{
	json_t *json = json_checked(json_object());

	json_put(json, "cause", json_string(broker_cause_name(delivery->cause)));
	json_put(json, "code", json_number(delivery->cause_code));
	json_put(json, "pid", json_number(delivery->cause_pid));
	return json;
}

static json_t *properties_json(const struct broker_message *message)
{
	json_t *json = json_checked(json_object());
	enum broker_prop_type type;
	const void *value;
	size_t length;

	for (unsigned int id = FIRST_PROPERTY; property_name(id); id++) {
		if (!broker_message_property(message, id, &type, &value, &length))
			json_put(json, property_name(id), json_value(type, value, length));
	}
	return json;
}

/* An array: headers have an order, and names may come twice. */
static json_t *headers_json(const struct broker_message *message)
{
	json_t *array = json_checked(json_array()), *one;
	enum broker_prop_type type;
	size_t name_length, length;
	const void *value;
	const char *name;

	for (unsigned int i = 0; !broker_message_header(message, i, &name, &name_length, &type,
							&value, &length); i++) {
		one = json_checked(json_object());
		json_put(one, "name", json_text(name, name_length));
		json_put(one, "type", json_string(header_type_name(type)));
		json_put(one, "value", json_value(type, value, length));
		json_array_append_new(array, one);
	}
	return array;
}

static void put_state(json_t *json, const struct broker_delivery *delivery)
{
	if (delivery->consumer)
		return;
	json_put(json, "state", json_string(state_name(delivery->state)));
	if (delivery->reason)
		json_put(json, "reason", json_string(broker_death_name(delivery->reason)));
	if (delivery->state == BROKER_MESSAGE_WAITING)
		json_put(json, "due_ns", json_number(delivery->due_ns));
}

/* The latest first */
static void put_deaths(json_t *json, const struct broker_message *message)
{
	json_t *array, *one;
	const struct broker_death *death;

	if (!broker_message_death(message, 0))
		return;
	array = json_checked(json_array());
	for (unsigned int i = 0; (death = broker_message_death(message, i)); i++) {
		one = json_checked(json_object());
		json_put(one, "queue", json_text((const char *)death->name, death->name_len));
		json_put(one, "reason", json_string(broker_death_name(death->reason)));
		json_put(one, "time_ns", json_number(death->time_ns));
		json_put(one, "count", json_number(death->count));
		json_put(one, "deliveries", json_number(death->acquired));
		json_put(one, "failed", json_number(death->failed));
		json_put(one, "cause", json_string(broker_cause_name(death->cause)));
		json_put(one, "code", json_number(death->cause_code));
		json_put(one, "pid", json_number(death->cause_pid));
		json_array_append_new(array, one);
	}
	json_put(json, "deaths", array);
}

/* As text if it is, else in base64 under another name */
static void put_text(json_t *json, const char *name, const char *base64, const void *bytes,
		     size_t length)
{
	json_t *text = json_text(bytes, length);

	json_put(json, text ? name : base64, text ? text : json_base64(bytes, length));
}

struct json_t *message_json(const struct broker_message *message)
{
	const struct broker_delivery *delivery = broker_message_delivery(message);
	json_t *json = json_checked(json_object());
	const void *body;
	size_t length;

	json_put(json, "exchange", json_string(broker_message_exchange(message)));
	json_put(json, "key", json_string(broker_message_key(message)));
	if (*broker_message_original_key(message))
		json_put(json, "original_key",
			 json_string(broker_message_original_key(message)));
	json_put(json, "sequence", json_number(delivery->sequence));
	json_put(json, "time_ns", json_number(delivery->time_ns));
	json_put(json, "origin", origin_json(&delivery->origin));
	if (delivery->flags & BROKER_DELIVERY_F_RETAINED)
		json_put(json, "retained", json_true());
	json_put(json, "deliveries", json_number(delivery->acquired));
	json_put(json, "failed", json_number(delivery->failed));
	if (delivery->cause != BROKER_CAUSE_NONE)
		json_put(json, "redelivered", cause_json(delivery));
	put_state(json, delivery);
	put_deaths(json, message);
	if (delivery->nr_fds)
		json_put(json, "files", json_number(delivery->nr_fds));
	json_put(json, "properties", properties_json(message));
	json_put(json, "headers", headers_json(message));
	body = broker_message_key_state(message, &length);
	if (length)
		put_text(json, "key_state", "key_state_base64", body, length);
	body = message_body(message, &length);
	put_text(json, "body", "body_base64", body, length);
	return json;
}
