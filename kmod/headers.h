/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_HEADERS_H
#define _BROKER_HEADERS_H

#include <linux/types.h>

#include "props.h"

/**
 * DOC: Header match
 *
 * What a binding of a headers exchange asks of a message: a list of user headers,
 * of which all or any must be there.  One that is listed with a value must have
 * that value, in that type; one listed without (type 0) need only be there.  Of
 * several headers of one name in a message the first counts.  An empty list is
 * met by every message where all are asked for, by none where any is.
 *
 * Values are compared byte by byte, but DOUBLE as IEEE 754 says: -0 equals +0,
 * NaN equals nothing.
 *
 * Lifetime: a struct broker_headers is one allocation that never changes.  Who
 * made it frees it; readers under RCU need a grace period before.
 */

/* Headers one binding may list. */
#define BROKER_MAX_MATCH_HEADERS	64

struct broker_headers;

/**
 * broker_headers_new() - make a header match
 * @any: one listed header is enough; else all are needed
 * @list: the headers: name, type and value; @id is not read.  The type is STRING
 *	of up to 255 bytes, INT64, DOUBLE, BOOL, or 0 without a value
 * @count: how many
 *
 * Copies all it needs of @list.  May sleep.
 *
 * Return: the match, to be freed by broker_headers_free(); or an ERR_PTR:
 * -E2BIG: more than BROKER_MAX_MATCH_HEADERS; -EINVAL: an empty name, a type or
 * value that cannot be; -EILSEQ: a name or text that is not UTF-8; -EEXIST: a
 * name listed twice; -ENOMEM.
 */
struct broker_headers *broker_headers_new(bool any, const struct broker_prop_view *list,
					  unsigned int count);

/** broker_headers_free() - free it; NULL is allowed.  Return: NULL */
struct broker_headers *broker_headers_free(struct broker_headers *headers);

/** broker_headers_any() - is one listed header enough? */
bool broker_headers_any(const struct broker_headers *headers);

/** broker_headers_count() - how many headers are listed */
unsigned int broker_headers_count(const struct broker_headers *headers);

/**
 * broker_headers_get() - read a header again
 * @headers: the match
 * @index: which one, below broker_headers_count()
 *
 * Return: the header as it was given; it lives as long as @headers.
 */
const struct broker_prop_view *broker_headers_get(const struct broker_headers *headers,
						  unsigned int index);

/**
 * broker_headers_match() - does a message meet it?
 * @headers: the match
 * @props: the message's property area, which passed broker_props_check()
 * @len: bytes of it
 *
 * Return: it does.
 */
bool broker_headers_match(const struct broker_headers *headers, const void *props, size_t len);

#endif /* _BROKER_HEADERS_H */
