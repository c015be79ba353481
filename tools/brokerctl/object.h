/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nouns: what the broker's objects are called, which requests they know, and
 * how they are shown.  Verbs that all of them share are object_*().
 */
#ifndef BROKERCTL_OBJECT_H
#define BROKERCTL_OBJECT_H

#include <jansson.h>

#include "args.h"

struct column {
	const char *attribute;
	const char *heading;
	bool wide;			/* with --wide only: the others fit into 80 columns */
};

struct noun {
	const char *name;
	enum broker_object_type type;
	/* BROKER_CMD_*; 0: there is none */
	int get, new, set, del;
	bool by_name;			/* get takes a name, and answers with that one */
	bool single;			/* there is one: get needs no name */
	const struct column *columns;	/* of a table, ended by a NULL attribute */
	/* What a table shows in a column, to be freed, if not the attribute alone; or NULL. */
	char *(*cell)(const struct broker_object *object, const char *attribute);
	const char *const *settings;	/* attributes that tell it apart, for events */
	const char *const *prepared;	/* attributes that prepare() sets, or NULL */
	/* Sets what is not simply an attribute by its name; returns an exit status. */
	int (*prepare)(const struct args *args, struct broker_object *request);
};

extern const struct noun noun_broker, noun_exchange, noun_queue, noun_binding, noun_consumer,
	noun_session, noun_route, noun_audit, noun_advisory, noun_limit, noun_acl,
	noun_retained, noun_policy, noun_producer, noun_state,
	noun_schedule;

int object_add(const struct args *args);
int object_set(const struct args *args);
int object_del(const struct args *args);
int object_show(const struct args *args);

/* An object of the command's noun with all that its options say; NULL: has said why not. */
struct broker_object *object_request(const struct args *args);

/*
 * One request to the kernel, which this frees; the answer is the caller's to free, and
 * NULL where there is none.  Returns an exit status, having said what went wrong; so it
 * does for a @request that is NULL.
 */
int object_call(const struct args *args, int command, struct broker_object *request,
		struct broker_object **reply);

/* Sets one attribute; returns an exit status. */
int object_assign(const struct args *args, struct broker_object *object, const char *attribute,
		  const char *text);

/* An attribute as people read it; "-" where it is not set.  To be freed. */
char *object_text(const struct broker_object *object, const char *attribute);

/* All its attributes, a line each */
void object_print(const struct broker_object *object);

/* All its attributes; a name's "-" becomes "_". */
json_t *object_json(const struct broker_object *object);

/*
 * A list in the making: a table, one record after the other, or a JSON array.
 */
struct listing {
	const struct args *args;
	const struct column *columns;
	bool records;
	bool wide;
	unsigned int count;
	json_t *array;
	struct table *table;
};

void listing_begin(struct listing *listing, const struct args *args,
		   const struct column *columns, bool records);
int listing_add(const struct broker_object *object, void *listing);
void listing_end(struct listing *listing);

/* Ends it without a word. */
void listing_drop(struct listing *listing);

#endif
