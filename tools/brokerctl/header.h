/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User headers as they are written on the command line: NAME[:TYPE]=VALUE.
 */
#ifndef BROKERCTL_HEADER_H
#define BROKERCTL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include <broker.h>

struct header {
	char *name;
	unsigned int type;	/* enum broker_prop_type; 0: it need only be there */
	void *value;
	size_t length;
};

/*
 * Reads @text; with @match as a binding compares it, where a value may be
 * missing and bytes are unknown.  Returns whether it is one; then header_free().
 */
bool header_parse(struct header *header, const char *text, bool match);
void header_free(struct header *header);

/* "string", "int", …; "any" for 0, "unknown" for others */
const char *header_type_name(unsigned int type);

/* The value of a header or property as text, BYTES in hex; to be freed. */
char *value_text(unsigned int type, const void *value, size_t length);

/* The whole as header_parse() reads it; to be freed. */
char *header_text(const char *name, size_t name_length, unsigned int type, const void *value,
		  size_t length);

#endif
