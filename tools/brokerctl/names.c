// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "names.h"
#include "report.h"

struct walk {
	void (*each)(const char *name, uint64_t id, void *arg);
	void *arg;
};

static int walk_one(const struct broker_object *object, void *arg)
{
	struct walk *walk = arg;

	walk->each(broker_object_string(object, "name"), broker_object_number(object, "id"),
		   walk->arg);
	return 0;
}

int names_each(int command, void (*each)(const char *name, uint64_t id, void *arg), void *arg)
{
	struct walk walk = { each, arg };
	struct broker_admin *admin;
	int error;

	error = broker_admin_open(&admin);
	if (error)
		return error;
	error = broker_admin_list(admin, command, NULL, walk_one, &walk);
	broker_admin_close(admin);
	return error;
}

struct search {
	uint64_t id;
	char *name;
};

static void compare(const char *name, uint64_t id, void *arg)
{
	struct search *search = arg;

	if (id == search->id && !search->name)
		search->name = text_format("queue '%s'", name);
}

char *queue_name(uint32_t id)
{
	struct search search = { .id = id };

	names_each(BROKER_CMD_QUEUE_GET, compare, &search);
	return search.name ? search.name : text_format("queue %u", id);
}
