// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdint.h>
#include <string.h>

#include "utf8_oracle.h"

static size_t encode(uint32_t code, unsigned char *out)
{
	if (code < 0x80) {
		out[0] = code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = 0xc0 | code / 0x40;
		out[1] = 0x80 | code % 0x40;
		return 2;
	}
	if (code < 0x10000) {
		out[0] = 0xe0 | code / 0x1000;
		out[1] = 0x80 | code / 0x40 % 0x40;
		out[2] = 0x80 | code % 0x40;
		return 3;
	}
	out[0] = 0xf0 | code / 0x40000;
	out[1] = 0x80 | code / 0x1000 % 0x40;
	out[2] = 0x80 | code / 0x40 % 0x40;
	out[3] = 0x80 | code % 0x40;
	return 4;
}

static bool valid(const unsigned char *p, size_t len, bool controls)
{
	while (len) {
		size_t i, n = p[0] < 0xc0 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
		uint32_t code = n == 1 ? p[0] : p[0] % (0x80 >> n);
		unsigned char again[4];

		if (n > len)
			return false;
		for (i = 1; i < n; i++)
			code = code * 0x40 + p[i] % 0x40;
		if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return false;
		if (encode(code, again) != n || memcmp(again, p, n) != 0)
			return false;
		if (!controls && (code <= 0x1f || code == 0x7f))
			return false;
		p += n;
		len -= n;
	}
	return true;
}

bool oracle_utf8(const void *text, size_t len)
{
	return valid(text, len, true);
}

bool oracle_text(const void *text, size_t len)
{
	return valid(text, len, false);
}
