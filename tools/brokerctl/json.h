/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small additions to libjansson, which is asked for memory only: all of these
 * return a new reference and never NULL.
 */
#ifndef BROKERCTL_JSON_H
#define BROKERCTL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

json_t *json_checked(json_t *value);
json_t *json_number(uint64_t number);

/* "a,b" as [ "a", "b" ] */
json_t *json_words(const char *text);

/* A property's or header's value by its type; BYTES in base64 */
json_t *json_value(unsigned int type, const void *value, size_t length);

json_t *json_base64(const void *bytes, size_t length);

/* A string if the bytes are UTF-8, else NULL */
json_t *json_text(const void *bytes, size_t length);

/* Members have "_" where attributes have "-".  To be freed. */
char *json_member(const char *attribute);
char *json_attribute(const char *member);

/* Takes the reference to @value; "-" in @name becomes "_". */
void json_put(json_t *object, const char *name, json_t *value);

/* Writes and frees it: on many lines, or on one. */
void json_print(json_t *value);
void json_print_line(json_t *value);

#endif
