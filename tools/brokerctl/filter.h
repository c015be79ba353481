/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BROKERCTL_FILTER_H
#define BROKERCTL_FILTER_H

#include "args.h"

/*
 * Compiles --filter, if it is given and not empty, else leaves NULL; returns an exit
 * status.  The caller frees it with broker_filter_free().
 */
int open_filter(const struct args *args, struct broker_filter **filter);

/* Puts it into a request, as its attribute "filter"; returns an exit status. */
int request_filter(const struct args *args, struct broker_object *request);

#endif
