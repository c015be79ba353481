/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command run for a message.
 */
#ifndef BROKERCTL_EXEC_H
#define BROKERCTL_EXEC_H

#include "args.h"

/*
 * Runs @command by the shell with the body on its standard input and the rest
 * in the environment, and waits for it.  Returns what its end says of the
 * message: ACCEPT, RELEASE or FAIL; or a negative errno if it could not be run.
 */
int exec_message(const char *command, const struct broker_message *message, int output);

#endif
