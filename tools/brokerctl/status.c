// SPDX-License-Identifier: GPL-2.0-or-later
/* The broker itself: counts and settings of this network namespace. */
#include "object.h"

const struct noun noun_broker = {
	.name = "broker",
	.type = BROKER_OBJECT_BROKER,
	.get = BROKER_CMD_BROKER_GET,
	.set = BROKER_CMD_BROKER_SET,
	.single = true,
};
