/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_PROPS_H
#define _BROKER_PROPS_H

#include <linux/bits.h>
#include <linux/broker.h>
#include <linux/types.h>

/**
 * DOC: Properties
 *
 * Reads the property area of a message, whose format is "Properties" in
 * linux/broker.h.  The area must be a copy that nobody else can change.
 *
 * broker_props_check() judges an area once, when it comes in.  The readers below
 * it then rely on nothing but lengths, so that even on bytes that never passed
 * the check they stay inside the area and end; they only make less sense there.
 *
 * Nothing here allocates, sleeps or locks.
 */

/* Every property that this parser knows; what a caller accepts is a part of it. */
#define BROKER_PROPS_KNOWN	(BIT_ULL(BROKER_PROP_PRODUCER_SEQUENCE + 1) - 1)

/* To be accepted, too: user headers with names that are the broker's own. */
#define BROKER_PROPS_RESERVED	BIT_ULL(63)

/**
 * struct broker_prop_view - one property, where it stands in its area
 * @id: enum broker_prop_id (const)
 * @type: enum broker_prop_type (const)
 * @name_len: bytes of @name (const)
 * @value_len: bytes of @value (const)
 * @name: name of a user header (const)
 * @value: value, aligned to nothing (const)
 */
struct broker_prop_view {
	u16 id;
	u8 type;
	u8 name_len;
	u32 value_len;
	const char *name;
	const void *value;
};

/**
 * broker_props_check() - is this a property area that the broker takes?
 * @props: any bytes
 * @len: how many; the limit of BROKER_MAX_PROPS is the caller's to check
 * @accepted: bit N set: the well-known property N is accepted; user headers
 *	always are, those of the broker's own with BROKER_PROPS_RESERVED
 *
 * The first entry at fault decides, and within it the first of: an entry that
 * is cut short (-EINVAL), a property not accepted (-EOPNOTSUPP), too many
 * headers (-E2BIG), name, type, length, range or repetition (-EINVAL), text
 * (-EILSEQ), a name of the broker's own (-EPERM).  Last of all, a producer needs a
 * sequence, and a sequence a producer (-EINVAL).
 *
 * Return: 0 or that error.
 */
int broker_props_check(const void *props, size_t len, u64 accepted);

/**
 * broker_props_next() - step through an area
 * @props: the area
 * @len: bytes of it
 * @offset: 0 to begin; moves behind the entry that was read
 * @view: the entry
 *
 * Return: false at the end (@offset == @len), or where no whole entry stands.
 */
bool broker_props_next(const void *props, size_t len, size_t *offset,
		       struct broker_prop_view *view);

/** broker_props_find() - the property with this well-known id, if it is there */
bool broker_props_find(const void *props, size_t len, enum broker_prop_id id,
		       struct broker_prop_view *view);

/** broker_props_find_header() - the first user header of this name, if it is there */
bool broker_props_find_header(const void *props, size_t len, const char *name, size_t name_len,
			      struct broker_prop_view *view);

/** broker_prop_int64() - the value of an INT64, or the bits of a DOUBLE */
s64 broker_prop_int64(const struct broker_prop_view *view);

/* Writes a user header to @at; returns where the next property goes. */
char *broker_prop_put_header(char *at, const char *name, u8 type, const void *value,
			     u32 value_len);

#endif /* _BROKER_PROPS_H */
