/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _AREA_H
#define _AREA_H

/* Builds property areas, good and bad ones. */
#include <stddef.h>
#include <stdint.h>

struct area {
	size_t len;
	unsigned char bytes[1 << 17];
};

/* One entry, exactly as told. */
void area_put(struct area *area, unsigned int id, unsigned int type,
	      const void *name, unsigned int name_len, const void *value, uint32_t value_len);

void area_string(struct area *area, unsigned int id, const char *value);
void area_int64(struct area *area, unsigned int id, int64_t value);
void area_header(struct area *area, const char *name, unsigned int type,
		 const void *value, uint32_t value_len);

#endif /* _AREA_H */
