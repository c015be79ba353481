/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What it means that a message for the EXCHANGE and KEY of the command line was
 * refused.
 */
#ifndef BROKERCTL_PUBLISH_H
#define BROKERCTL_PUBLISH_H

#include "args.h"

/* In a sentence; to be freed. */
char *publish_reason(const struct args *args, int error);

/* What may help, if there is something. */
void publish_hint(const struct args *args, int error);

#endif
