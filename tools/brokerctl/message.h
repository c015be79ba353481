/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages: made from options, written out as text or JSON.
 */
#ifndef BROKERCTL_MESSAGE_H
#define BROKERCTL_MESSAGE_H

#include "args.h"

/* Sets the properties and headers that the options say; returns an exit status. */
int message_set_options(const struct args *args, struct broker_message *message);

/* Writes a received message to standard output, as --json, --verbose and --raw say. */
void message_print(const struct args *args, const struct broker_message *message);

/* All that is known of a received message, as one object */
struct json_t *message_json(const struct broker_message *message);

/* Why it came back before: "killed by signal 9"; "" if it never did.  To be freed. */
char *message_cause(const struct broker_message *message);

/* The body, be it in a file; "" of one that was browsed there */
const void *message_body(const struct broker_message *message, size_t *length);

/* "content-type" and so on; NULL beyond the last id */
const char *property_name(unsigned int id);

#define FIRST_PROPERTY BROKER_PROP_CONTENT_TYPE

#endif
