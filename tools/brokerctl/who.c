// SPDX-License-Identifier: GPL-2.0-or-later
/* who: sessions, with what the consumers of each hold. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "object.h"
#include "report.h"
#include "table.h"
#include "units.h"
#include "verbs.h"

struct holder {
	json_t *session;		/* as session show writes it */
	json_t *consumers;		/* those of it, as consumer show does */
	char *user;
	uint64_t id;
	uint64_t holds;
};

struct holders {
	struct holder *list;
	unsigned int count;
	unsigned int room;
};

static int add_session(const struct broker_object *object, void *arg)
{
	struct holders *all = arg;

	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 64;
		all->list = memory_resize(all->list, all->room * sizeof(*all->list));
	}
	all->list[all->count++] = (struct holder){
		.session = object_json(object),
		.consumers = json_checked(json_array()),
		.user = object_text(object, "uid"),
		.id = broker_object_number(object, "id"),
	};
	return 0;
}

static int compare_id(const void *a, const void *b)
{
	const struct holder *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

/* A consumer whose session came after the sessions were listed is left for the next time. */
static int add_consumer(const struct broker_object *object, void *arg)
{
	struct holder like = { .id = broker_object_number(object, "session") };
	struct holders *all = arg;
	struct holder *holder;

	holder = all->count ? bsearch(&like, all->list, all->count, sizeof(like), compare_id) :
			      NULL;
	if (!holder)
		return 0;
	json_array_append_new(holder->consumers, object_json(object));
	holder->holds += broker_object_number(object, "pending") +
			 broker_object_number(object, "unacked");
	return 0;
}

/* Those that hold most first, then the oldest */
static int compare_holds(const void *a, const void *b)
{
	const struct holder *one = a, *other = b;

	if (one->holds != other->holds)
		return one->holds < other->holds ? 1 : -1;
	return compare_id(a, b);
}

static int read_holders(const struct args *args, struct broker_admin *admin, struct holders *all)
{
	const char *queue = args_argument(args, 0);
	struct broker_object *request = NULL;
	int status = STATUS_OK, error;

	error = broker_admin_list(admin, BROKER_CMD_SESSION_GET, NULL, add_session, all);
	if (error)
		return failure_admin(args, admin, error, NULL);
	if (all->count)
		qsort(all->list, all->count, sizeof(*all->list), compare_id);
	if (queue && broker_object_new(&request, BROKER_OBJECT_CONSUMER))
		return failure(args, "out of memory");
	if (request)
		status = object_assign(args, request, "queue", queue);
	if (!status) {
		error = broker_admin_list(admin, BROKER_CMD_CONSUMER_GET, request, add_consumer,
					  all);
		if (error)
			status = failure_admin(args, admin, error, NULL);
	}
	broker_object_free(request);
	if (all->count)
		qsort(all->list, all->count, sizeof(*all->list), compare_holds);
	return status;
}

/* "jobs,audit", each once */
static char *queues_text(const struct holder *holder)
{
	json_t *consumer, *seen = json_checked(json_object());
	char *all = text_copy(""), *longer;
	size_t i;

	json_array_foreach(holder->consumers, i, consumer) {
		const char *queue = json_string_value(json_object_get(consumer, "queue"));

		if (!queue || json_object_get(seen, queue))
			continue;
		json_object_set_new(seen, queue, json_true());
		longer = text_format("%s%s%s", all, *all ? "," : "", queue);
		free(all);
		all = longer;
	}
	json_decref(seen);
	if (*all)
		return all;
	free(all);
	return text_copy("-");
}

static const struct {
	const char *heading;
	const char *member;		/* NULL: made up */
	bool right;
	bool wide;
} columns[] = {
	{ "SESSION", "id", true, true },
	{ "PID", "pid", true, false },
	{ "COMMAND", "comm", false, false },
	{ "USER", NULL, false, false },
	{ "HOLDS", NULL, true, false },
	{ "PUBLISHED", "published", true, false },
	{ "REFUSED", "refused", true, true },
	{ "RECEIVED", "received", true, false },
	{ "SETTLED", "settled", true, true },
	{ "QUEUES", NULL, false, false },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(*columns))

static char *cell_text(const struct holder *holder, unsigned int column)
{
	const char *heading = columns[column].heading;
	const json_t *value;

	if (!strcmp(heading, "USER"))
		return text_copy(holder->user);
	if (!strcmp(heading, "HOLDS"))
		return text_format("%llu", (unsigned long long)holder->holds);
	if (!strcmp(heading, "QUEUES"))
		return queues_text(holder);
	value = json_object_get(holder->session, columns[column].member);
	if (json_is_string(value))
		return format_visible(json_string_value(value), json_string_length(value), "");
	return text_format("%lld", (long long)json_integer_value(value));
}

static void print_table(const struct args *args, const struct holders *all)
{
	bool wide = args_has(args, OPT_WIDE);
	unsigned int shown = 0;
	struct table *table;

	for (unsigned int i = 0; i < NR_COLUMNS; i++)
		shown += wide || !columns[i].wide;
	table = table_new(shown);
	for (unsigned int i = 0; i < NR_COLUMNS; i++) {
		if (wide || !columns[i].wide)
			table_cell(table, text_copy(columns[i].heading), columns[i].right);
	}
	for (unsigned int row = 0; row < all->count; row++) {
		if (args_argument(args, 0) && !json_array_size(all->list[row].consumers))
			continue;
		for (unsigned int i = 0; i < NR_COLUMNS; i++) {
			if (wide || !columns[i].wide)
				table_cell(table, cell_text(&all->list[row], i),
					   columns[i].right);
		}
	}
	table_print(table);
	table_free(table);
}

static void print_json(const struct args *args, const struct holders *all)
{
	json_t *array = json_checked(json_array());

	for (unsigned int i = 0; i < all->count; i++) {
		const struct holder *holder = &all->list[i];
		json_t *json;

		if (args_argument(args, 0) && !json_array_size(holder->consumers))
			continue;
		json = json_checked(json_object());
		json_put(json, "session", json_incref(holder->session));
		json_put(json, "holds", json_number(holder->holds));
		json_put(json, "consumers", json_incref(holder->consumers));
		json_array_append_new(array, json);
	}
	json_print(array);
}

int who_run(const struct args *args)
{
	struct holders all = { 0 };
	struct broker_admin *admin;
	int status;

	status = open_admin(args, &admin);
	if (status)
		return status;
	status = read_holders(args, admin, &all);
	if (!status && args->json)
		print_json(args, &all);
	else if (!status)
		print_table(args, &all);
	for (unsigned int i = 0; i < all.count; i++) {
		json_decref(all.list[i].session);
		json_decref(all.list[i].consumers);
		free(all.list[i].user);
	}
	free(all.list);
	broker_admin_close(admin);
	return status;
}
