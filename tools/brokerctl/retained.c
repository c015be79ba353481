// SPDX-License-Identifier: GPL-2.0-or-later
#include "object.h"

static const struct column columns[] = {
	{ "key", "KEY" },
	{ "bytes", "BYTES" },
	{ "time", "TIME" },
	{ 0 }
};

const struct noun noun_retained = {
	.name = "retained",
	.type = BROKER_OBJECT_RETAINED,
	.get = BROKER_CMD_RETAINED_GET,
	.del = BROKER_CMD_RETAINED_DEL,
	.columns = columns,
};
