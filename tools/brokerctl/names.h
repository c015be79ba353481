/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of what there is, looked up in the live broker.
 */
#ifndef BROKERCTL_NAMES_H
#define BROKERCTL_NAMES_H

#include <broker.h>

#include <stdint.h>

/* Calls @each for every exchange or queue (BROKER_CMD_*_GET); 0 or a negative errno. */
int names_each(int command, void (*each)(const char *name, uint64_t id, void *arg), void *arg);

/* Name of a queue by its number; or "queue 17" if it is not to be had.  To be freed. */
char *queue_name(uint32_t id);

#endif
