// SPDX-License-Identifier: GPL-2.0-or-later
#include "object.h"

static const char *const settings[] = {
	"kind", "queue", "count", "session", "consumer", "pid", "uid", "sequence", "cause", "code",
	"lost", NULL
};

const struct noun noun_advisory = {
	.name = "advisory",
	.type = BROKER_OBJECT_ADVISORY,
	.settings = settings,
};
