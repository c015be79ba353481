/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as people write and read them.
 */
#ifndef BROKERCTL_UNITS_H
#define BROKERCTL_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns whether @text, as a whole, is one. */
bool parse_number(const char *text, uint64_t *number);
bool parse_signed(const char *text, int64_t *number);
bool parse_real(const char *text, double *number);
bool parse_size(const char *text, uint64_t *bytes);
bool parse_mode(const char *text, uint64_t *mode);
bool parse_duration(const char *text, uint64_t *ns);
bool parse_user(const char *text, uint64_t *uid);
bool parse_group(const char *text, uint64_t *gid);

/* Each returns text of its own, to be freed. */
char *format_size(uint64_t bytes);
char *format_user(uint64_t uid);
char *format_group(uint64_t gid);
char *format_time(uint64_t ns_since_1970);
char *format_hex(const void *bytes, size_t length);

/*
 * For terminals, which control characters would command, and for text that is to
 * stay on its line: these as \x1b, but for those in @keep.
 */
char *format_visible(const void *bytes, size_t length, const char *keep);

#endif
