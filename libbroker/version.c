// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

const char *broker_version(void)
{
	return LIBBROKER_VERSION;
}
