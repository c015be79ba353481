/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Definitions: all that can be set of the broker, its exchanges, queues, bindings,
 * policies, access rules and limits.  Which attributes these are, the table of commands
 * says: those that add and set take.  As JSON they look as show writes them.
 */
#ifndef BROKERCTL_DEFINITIONS_H
#define BROKERCTL_DEFINITIONS_H

#include <jansson.h>

#include "object.h"

/* One kind of object, in the order in which they are made */
struct kind {
	const struct noun *noun;
	const char *member;		/* of the JSON object */
	const char *identity[5];	/* attributes that name one, NULL behind them */
	const char *implied[2];		/* an attribute, and its value where the file has none */
	const char *together[3];	/* attributes that set wants all of, or none */
	bool replaces;			/* set wants all attributes, not those that change */
};

enum {
	KIND_BROKER,
	KIND_EXCHANGE,
	KIND_QUEUE,
	KIND_BINDING,
	KIND_POLICY,
	KIND_ACL,
	KIND_LIMIT,
	KIND_SCHEDULE,
	NR_KINDS
};

extern const struct kind kinds[NR_KINDS];

struct definition {
	const struct kind *kind;
	char *title;			/* "queue 'jobs'" */
	char *key;			/* its identity in one */
	struct broker_object *object;	/* holds what can be set, and nothing else */
	json_t *json;			/* the same */
};

struct definitions {
	struct definition *list;	/* by kind, then key */
	unsigned int count;
	unsigned int room;
	bool complete;			/* what it does not say of an object is not to be said */
};

/* Each returns an exit status, having said what is wrong; then definitions_free(). */
int definitions_read(struct definitions *all, const struct args *args,
		     struct broker_admin *admin);
int definitions_load(struct definitions *all, const struct args *args, const char *file);
void definitions_free(struct definitions *all);

const struct definition *definitions_find(const struct definitions *all,
					  const struct definition *like);

/* The whole as one JSON object */
json_t *definitions_json(const struct definitions *all);

/* The canonical form: one line, members sorted; to be freed. */
char *definitions_canonical(const struct definitions *all);

/* Whether the attribute can be set of an object that is there */
bool definition_is_live(const struct kind *kind, const char *attribute);

/*
 * The settings that @from has of itself, and @to does not speak of: what is to be unset
 * for them to be equal.  An array of their names, or NULL if there are none.
 */
json_t *definition_unset(const struct definition *from, const struct definition *to);

/* Asks for the object by its name, with the @changed settings.  NULL: has said why not. */
struct broker_object *definition_request(const struct definition *definition,
					 const struct args *args, json_t *changed);

/* Whether it is the broker's own, which is always there */
bool definition_is_predeclared(const struct definition *definition);

#endif
