/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _UTF8_ORACLE_H
#define _UTF8_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes by the leading byte alone, then asks whether the code point, encoded
 * again in the shortest way, gives the same bytes.
 */
bool oracle_utf8(const void *text, size_t len);

/* UTF-8 without U+0000 to U+001F and U+007F */
bool oracle_text(const void *text, size_t len);

#endif /* _UTF8_ORACLE_H */
