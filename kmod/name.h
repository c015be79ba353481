/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_NAME_H
#define _BROKER_NAME_H

#include <linux/types.h>

/**
 * DOC: Names and keys
 *
 * The one place that decides what text broker takes; the rules are those of
 * "Names, routing keys and topic patterns" in linux/broker.h.  Text carries its
 * length and no terminator.  Every function is pure and takes any bytes.
 */

/**
 * broker_utf8_valid() - is this UTF-8?
 * @text: any bytes
 * @len: how many
 *
 * Refuses what RFC 3629 does: overlong forms, surrogates, code points above
 * U+10FFFF and sequences cut short.  Control characters, NUL among them, pass.
 *
 * Return: it is.
 */
bool broker_utf8_valid(const void *text, size_t len);

/**
 * broker_name_check() - may this be the name of an exchange, queue or header?
 * @name: any bytes
 * @len: how many
 *
 * Return: 0; -EINVAL: empty; -ENAMETOOLONG: longer than BROKER_MAX_NAME;
 * -EILSEQ: not UTF-8, or a control character.
 */
int broker_name_check(const char *name, size_t len);

/**
 * broker_key_check() - may this be a routing key or a pattern?
 * @key: any bytes
 * @len: how many; 0 is a key, too
 *
 * Return: 0; -ENAMETOOLONG: longer than BROKER_MAX_KEY; -EILSEQ: as above.
 */
int broker_key_check(const char *key, size_t len);

/** broker_name_reserved() - is this one of the broker's own, "broker.…"? */
bool broker_name_reserved(const char *name, size_t len);

#endif /* _BROKER_NAME_H */
