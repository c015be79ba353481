// SPDX-License-Identifier: GPL-2.0-or-later
#include "object.h"

static const struct column columns[] = {
	{ "id", "ID" },
	{ "pid", "PID" },
	{ "comm", "COMMAND" },
	{ "uid", "USER" },
	{ "consumers", "CONSUMERS", .wide = true },
	{ "published", "PUBLISHED" },
	{ "refused", "REFUSED", .wide = true },
	{ "received", "RECEIVED" },
	{ "settled", "SETTLED" },
	{ "wills", "WILLS" },
	{ 0 }
};

const struct noun noun_session = {
	.name = "session",
	.type = BROKER_OBJECT_SESSION,
	.get = BROKER_CMD_SESSION_GET,
	.columns = columns,
};
