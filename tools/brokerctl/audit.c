// SPDX-License-Identifier: GPL-2.0-or-later
#include "object.h"

static const char *const settings[] = {
	"operation", "name", "to", "key", "uid", "pid", "comm", "error", "reason", NULL
};

const struct noun noun_audit = {
	.name = "audit",
	.type = BROKER_OBJECT_AUDIT,
	.settings = settings,
};
