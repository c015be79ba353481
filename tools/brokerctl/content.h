/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an object, a schedule, has of a message: the attributes "properties" and
 * "body".  A property is written as NAME[:TYPE]=VALUE, a user header as header: and
 * the same.
 */
#ifndef BROKERCTL_CONTENT_H
#define BROKERCTL_CONTENT_H

#include <jansson.h>
#include <stdbool.h>

#include <broker.h>

bool is_content(const char *attribute);

/* As people read it, in a line; to be freed. */
char *content_text(const struct broker_object *object, const char *attribute);

/* An array of properties; or a body, which is text or { "base64": … } */
json_t *content_json(const struct broker_object *object, const char *attribute);

/* The other way round; returns an error number below 0 if it is not such a thing. */
int content_assign(struct broker_object *object, const char *attribute, json_t *value);

#endif
