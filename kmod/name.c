// SPDX-License-Identifier: GPL-2.0
#include <linux/broker.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "name.h"

#define EACH_BYTE(b)	(0x0101010101010101ULL * (b))

static const char reserved[] = "broker.";

static bool is_control(u8 byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/*
 * Eight bytes of ASCII, and none of them a control character unless @controls.
 * (x - n) & ~x has its top bit set in some byte if and only if one is below n.
 */
static __always_inline bool is_plain(const u8 *text, bool controls)
{
	u64 word, bad;

	memcpy(&word, text, sizeof(word));
	bad = word;
	if (!controls) {
		u64 del = word ^ EACH_BYTE(0x7f);

		bad |= (word - EACH_BYTE(0x20)) & ~word;
		bad |= (del - EACH_BYTE(0x01)) & ~del;
	}
	return !(bad & EACH_BYTE(0x80));
}

/* Bytes of the well-formed sequence at @p, or 0: table 3-7 of the Unicode Standard. */
static size_t sequence_len(const u8 *p, size_t len)
{
	u8 low = 0x80, high = 0xbf;	/* bounds of the second byte */
	size_t need, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2)
		return 0;
	if (p[0] < 0xe0) {
		need = 2;
	} else if (p[0] < 0xf0) {
		need = 3;
		if (p[0] == 0xe0)
			low = 0xa0;	/* below: overlong */
		else if (p[0] == 0xed)
			high = 0x9f;	/* above: surrogates */
	} else if (p[0] < 0xf5) {
		need = 4;
		if (p[0] == 0xf0)
			low = 0x90;	/* below: overlong */
		else if (p[0] == 0xf4)
			high = 0x8f;	/* above: beyond U+10FFFF */
	} else {
		return 0;
	}

	if (len < need || p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return need;
}

static __always_inline bool text_valid(const u8 *p, size_t len, bool controls)
{
	while (len) {
		size_t n;

		if (len >= sizeof(u64) && is_plain(p, controls)) {
			n = sizeof(u64);
		} else {
			if (!controls && is_control(*p))
				return false;
			n = sequence_len(p, len);
			if (!n)
				return false;
		}
		p += n;
		len -= n;
	}
	return true;
}

bool broker_utf8_valid(const void *text, size_t len)
{
	return text_valid(text, len, true);
}

int broker_key_check(const char *key, size_t len)
{
	if (len > BROKER_MAX_KEY)
		return -ENAMETOOLONG;
	return text_valid((const u8 *)key, len, false) ? 0 : -EILSEQ;
}

int broker_name_check(const char *name, size_t len)
{
	if (!len)
		return -EINVAL;
	if (len > BROKER_MAX_NAME)
		return -ENAMETOOLONG;
	return text_valid((const u8 *)name, len, false) ? 0 : -EILSEQ;
}

bool broker_name_reserved(const char *name, size_t len)
{
	const size_t prefix = sizeof(reserved) - 1;

	return len >= prefix && !memcmp(name, reserved, prefix);
}
