// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings for queues by their names. */
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "report.h"

/* "ttl 5000, lease 1000": all that it says of queues */
static char *what(const struct broker_object *object)
{
	static const char *const own[] = { "name", "pattern", "precedence", "cap", NULL };
	char *all = text_copy(""), *longer, *value;
	enum broker_value_type type;
	const char *name;

	for (unsigned int i = 0; !broker_object_attribute(object, i, &name, &type); i++) {
		bool is_own = false;

		for (const char *const *other = own; *other; other++)
			is_own |= !strcmp(name, *other);
		if (is_own)
			continue;
		value = object_text(object, name);
		longer = text_format("%s%s%s %s", all, *all ? ", " : "", name, value);
		free(value);
		free(all);
		all = longer;
	}
	return all;
}

static char *cell(const struct broker_object *object, const char *attribute)
{
	if (!strcmp(attribute, "kind"))
		return text_copy(broker_object_has(object, "cap") ? "cap" : "default");
	return strcmp(attribute, "settings") ? NULL : what(object);
}

static const struct column columns[] = {
	{ "name", "NAME" },
	{ "pattern", "PATTERN" },
	{ "precedence", "PRECEDENCE" },
	{ "kind", "KIND" },
	{ "settings", "SETTINGS" },
	{ 0 }
};

static const char *const settings[] = {
	"name", "pattern", "precedence", "cap", "max-messages", "max-bytes", "overflow",
	"priorities", "ttl", "lease", "max-delivery", "retry-min", "retry-max", "retry-jitter",
	"dead-letter-exchange", "dead-letter-key", "dedupe-window", "dedupe-max", "expires",
	"single-active", "max-rate", "max-burst", "slow-after", "slow-action", NULL
};

const struct noun noun_policy = {
	.name = "policy",
	.type = BROKER_OBJECT_QUEUE,
	.get = BROKER_CMD_POLICY_GET,
	.new = BROKER_CMD_POLICY_NEW,
	.set = BROKER_CMD_POLICY_SET,
	.del = BROKER_CMD_POLICY_DEL,
	.by_name = true,
	.columns = columns,
	.cell = cell,
	.settings = settings,
};
