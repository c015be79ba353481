// SPDX-License-Identifier: GPL-2.0-or-later
#include "object.h"

static const struct column columns[] = {
	{ "name", "NAME" },
	{ "type", "TYPE" },
	{ "bindings", "BINDINGS" },
	{ "published", "PUBLISHED" },
	{ "unroutable", "UNROUTABLE" },
	{ "refused", "REFUSED" },
	{ "alternate", "ALTERNATE" },
	{ "flags", "FLAGS", .wide = true },
	{ "retained", "RETAINED", .wide = true },
	{ "uid", "OWNER", .wide = true },
	{ "gid", "GROUP", .wide = true },
	{ "mode", "MODE", .wide = true },
	{ 0 }
};

static const char *const settings[] = {
	"name", "type", "flags", "alternate", "hash-header", "rewrite-from",
	"rewrite-to", "retain-max", "retain-max-bytes", "uid", "gid", "mode",
	"protected", NULL
};

const struct noun noun_exchange = {
	.name = "exchange",
	.type = BROKER_OBJECT_EXCHANGE,
	.get = BROKER_CMD_EXCHANGE_GET,
	.new = BROKER_CMD_EXCHANGE_NEW,
	.set = BROKER_CMD_EXCHANGE_SET,
	.del = BROKER_CMD_EXCHANGE_DEL,
	.by_name = true,
	.columns = columns,
	.settings = settings,
};
