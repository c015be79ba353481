// SPDX-License-Identifier: GPL-2.0-or-later
/* Who may publish to an exchange and bind from it, by routing key. */
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "report.h"

/* "user nobody" */
static char *cell(const struct broker_object *object, const char *attribute)
{
	const char *kind = broker_object_has(object, "uid") ? "uid" : "gid";
	char *who, *text;

	if (strcmp(attribute, "whom"))
		return NULL;
	if (!broker_object_has(object, kind))
		return text_copy("everyone");
	who = object_text(object, kind);
	text = text_format("%s %s", *kind == 'u' ? "user" : "group", who);
	free(who);
	return text;
}

static const struct column columns[] = {
	{ "exchange", "EXCHANGE" },
	{ "number", "NUMBER" },
	{ "action", "ACTION" },
	{ "operations", "FOR" },
	{ "whom", "WHOM" },
	{ "pattern", "PATTERN" },
	{ 0 }
};

static const char *const settings[] = {
	"exchange", "number", "action", "operations", "pattern", "uid", "gid", NULL
};

const struct noun noun_acl = {
	.name = "acl",
	.type = BROKER_OBJECT_ACL,
	.get = BROKER_CMD_ACL_GET,
	.new = BROKER_CMD_ACL_NEW,
	.del = BROKER_CMD_ACL_DEL,
	.columns = columns,
	.cell = cell,
	.settings = settings,
};
