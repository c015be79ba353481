// SPDX-License-Identifier: GPL-2.0-or-later
#include "object.h"

static const struct column columns[] = {
	{ "name", "NAME" },
	{ "ready", "READY" },
	{ "unacked", "UNACKED" },
	{ "bytes", "BYTES" },
	{ "consumers", "CONSUMERS" },
	{ "max-messages", "MAX" },
	{ "max-bytes", "MAX-BYTES", .wide = true },
	{ "overflow", "OVERFLOW" },
	{ "paused", "PAUSED", .wide = true },
	{ "flags", "FLAGS", .wide = true },
	{ "uid", "OWNER", .wide = true },
	{ "gid", "GROUP", .wide = true },
	{ "mode", "MODE", .wide = true },
	{ 0 }
};

static const char *const settings[] = {
	"name", "flags", "max-messages", "max-bytes", "overflow", "uid", "gid", "mode",
	"protected", "sealed", "single-active", "ordering", "slow-after", "slow-action",
	"priorities", "ttl", "lease", "max-delivery", "retry-min", "retry-max",
	"retry-jitter", "dead-letter-exchange", "dead-letter-key",
	"dedupe-window", "dedupe-max", "expires", "paused", "max-rate", "max-burst",
	"end", NULL
};

const struct noun noun_queue = {
	.name = "queue",
	.type = BROKER_OBJECT_QUEUE,
	.get = BROKER_CMD_QUEUE_GET,
	.new = BROKER_CMD_QUEUE_NEW,
	.set = BROKER_CMD_QUEUE_SET,
	.del = BROKER_CMD_QUEUE_DEL,
	.by_name = true,
	.columns = columns,
	.settings = settings,
};
