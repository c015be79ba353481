// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply and diff: what is between the definitions of a file and the broker's,
 * as a list of changes, each one request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "definitions.h"
#include "json.h"
#include "report.h"
#include "verbs.h"

enum change_kind {
	CHANGE_ADD,
	CHANGE_SET,
	CHANGE_DEL,
	CHANGE_FIXED,			/* wanted, but it cannot be set of what is there */
};

static const struct {
	const char *name;
	char sign;
} change_kinds[] = {
	[CHANGE_ADD] = { "add", '+' },
	[CHANGE_SET] = { "set", '~' },
	[CHANGE_DEL] = { "del", '-' },
	[CHANGE_FIXED] = { "fixed", '!' },
};

struct change {
	enum change_kind kind;
	const struct definition *from, *to;	/* NULL: there is, or shall be, none */
	json_t *members;			/* of a SET: the new values */
	bool made;
};

struct plan {
	struct definitions wanted, found;
	struct change *changes;
	unsigned int count;
	unsigned int room;
};

static void plan_add(struct plan *plan, enum change_kind kind, const struct definition *from,
		     const struct definition *to, json_t *members)
{
	if (plan->count == plan->room) {
		plan->room = plan->room ? 2 * plan->room : 64;
		plan->changes = memory_resize(plan->changes,
					      plan->room * sizeof(*plan->changes));
	}
	plan->changes[plan->count++] = (struct change){
		.kind = kind, .from = from, .to = to, .members = json_incref(members),
	};
}

/* Splits what is different by whether it can be set. */
static void plan_compare(struct plan *plan, const struct definition *from,
			 const struct definition *to, bool complete)
{
	json_t *unset = complete ? definition_unset(from, to) : NULL, *live, *fixed, *value;
	const char *member;

	/* What cannot be changed like that, and holds nothing, is made anew. */
	if (!to->kind->noun->set || (unset && !definition_is_live(to->kind, "unset"))) {
		json_decref(unset);
		if (json_equal(from->json, to->json))
			return;
		plan_add(plan, CHANGE_DEL, from, NULL, NULL);
		plan_add(plan, CHANGE_ADD, NULL, to, NULL);
		return;
	}
	live = json_checked(json_object());
	fixed = json_checked(json_object());
	json_object_foreach(to->json, member, value) {
		char *attribute = json_attribute(member);

		if (!json_equal(value, json_object_get(from->json, member)))
			json_object_set(definition_is_live(to->kind, attribute) ? live : fixed,
					member, value);
		free(attribute);
	}
	if (unset)
		json_put(live, "unset", unset);
	if (json_object_size(fixed))
		plan_add(plan, CHANGE_FIXED, from, to, fixed);
	if (json_object_size(live))
		plan_add(plan, CHANGE_SET, from, to, live);
	json_decref(live);
	json_decref(fixed);
}

/* What is made comes in the order of kinds, what is deleted the other way round. */
static void plan_make(struct plan *plan, bool prune)
{
	for (unsigned int i = 0; i < plan->wanted.count; i++) {
		const struct definition *to = &plan->wanted.list[i];
		const struct definition *from = definitions_find(&plan->found, to);

		if (from)
			plan_compare(plan, from, to, plan->wanted.complete);
		else
			plan_add(plan, CHANGE_ADD, NULL, to, NULL);
	}
	for (unsigned int i = plan->found.count; prune && i-- > 0; ) {
		const struct definition *from = &plan->found.list[i];

		if (!definition_is_predeclared(from) && !definitions_find(&plan->wanted, from))
			plan_add(plan, CHANGE_DEL, from, NULL, NULL);
	}
}

static int plan_begin(struct plan *plan, const struct args *args, struct broker_admin *admin)
{
	int status;

	*plan = (struct plan){ 0 };
	status = definitions_load(&plan->wanted, args, args_argument(args, 0));
	if (!status)
		status = definitions_read(&plan->found, args, admin);
	if (!status)
		plan_make(plan, args_has(args, OPT_PRUNE));
	return status;
}

static void plan_end(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->count; i++)
		json_decref(plan->changes[i].members);
	free(plan->changes);
	definitions_free(&plan->wanted);
	definitions_free(&plan->found);
}

static const struct definition *change_about(const struct change *change)
{
	return change->to ? change->to : change->from;
}

static bool in_identity(const struct kind *kind, const char *attribute)
{
	for (const char *const *name = kind->identity; *name; name++) {
		if (!strcmp(*name, attribute))
			return true;
	}
	return false;
}

/* The settings of a new object, or the old and new ones of one that is there */
static void print_settings(const struct change *change)
{
	const struct definition *to = change->to;
	enum broker_value_type type;
	const char *name;
	bool first = true;
	json_t *word;
	size_t n;

	for (unsigned int i = 0; !broker_object_attribute(to->object, i, &name, &type); i++) {
		char *member = json_member(name), *new = object_text(to->object, name), *old;
		bool show = change->from ? !!json_object_get(change->members, member) :
					   !in_identity(to->kind, name);

		if (show && change->from) {
			old = object_text(change->from->object, name);
			printf("%s %s %s -> %s", first ? ":" : ",", name, old, new);
			free(old);
		} else if (show) {
			printf("%s %s %s", first ? ":" : ",", name, new);
		}
		first &= !show;
		free(new);
		free(member);
	}
	json_array_foreach(json_object_get(change->members, "unset"), n, word) {
		printf("%s unset %s", first ? ":" : ",", json_string_value(word));
		first = false;
	}
}

static void change_print(const struct change *change)
{
	printf("%c %s", change_kinds[change->kind].sign, change_about(change)->title);
	if (change->to)
		print_settings(change);
	puts(change->kind == CHANGE_FIXED ? " (only when it is made)" : "");
}

/* What the changed settings were before */
static json_t *change_before(const struct change *change)
{
	json_t *old = json_checked(json_object()), *from = change->from->json, *value;
	const char *member;

	json_object_foreach(change->members, member, value) {
		if (!strcmp(member, "unset"))
			continue;
		value = json_object_get(from, member);
		json_put(old, member, value ? json_incref(value) : json_null());
	}
	if (!json_object_get(change->members, "unset"))
		return old;
	json_object_foreach(from, member, value) {
		if (!json_object_get(change->to->json, member))
			json_put(old, member, json_incref(value));
	}
	return old;
}

static json_t *change_json(const struct change *change)
{
	json_t *json = json_checked(json_object());

	json_put(json, "change", json_string(change_kinds[change->kind].name));
	json_put(json, "object", json_string(change_about(change)->kind->noun->name));
	if (change->from && change->to) {
		json_put(json, "from", change_before(change));
		json_put(json, "to", json_incref(change->members));
		json_put(json, "definition", json_incref(change->to->json));
	} else {
		json_put(json, "definition", json_incref(change_about(change)->json));
	}
	return json;
}

/* Writes all changes, or those that were made. */
static void plan_print(const struct plan *plan, bool json, bool made)
{
	json_t *array = json_checked(json_array());

	for (unsigned int i = 0; i < plan->count; i++) {
		if (made && !plan->changes[i].made)
			continue;
		if (json)
			json_array_append_new(array, change_json(&plan->changes[i]));
		else
			change_print(&plan->changes[i]);
	}
	if (json)
		json_print(json_incref(array));
	json_decref(array);
}

/* Returns what the kernel says, or 1 if the request could not even be made. */
static int change_make(const struct change *change, const struct args *args,
		       struct broker_admin *admin)
{
	const struct noun *noun = change_about(change)->kind->noun;
	struct broker_object *request;
	int error, command;

	switch (change->kind) {
	case CHANGE_ADD:
		return broker_admin_call(admin, noun->new, change->to->object, NULL);
	case CHANGE_SET:
		request = definition_request(change->to, args, change->members);
		command = noun->set;
		break;
	default:
		request = definition_request(change->from, args, NULL);
		command = noun->del;
	}
	if (!request)
		return 1;
	error = broker_admin_call(admin, command, request, NULL);
	broker_object_free(request);
	/* Bindings go with what they bind, and auto-delete exchanges with their bindings. */
	return change->kind == CHANGE_DEL && error == -ENOENT ? 0 : error;
}

/*
 * Makes what can be made now.  What names another object that is not there yet
 * (ENOENT) is left for the next turn, unless this is the @last.
 */
static int plan_turn(struct plan *plan, const struct args *args, struct broker_admin *admin,
		     unsigned int *made, bool last)
{
	for (unsigned int i = 0; i < plan->count; i++) {
		struct change *change = &plan->changes[i];
		int error;

		if (change->made)
			continue;
		error = change_make(change, args, admin);
		if (error == -ENOENT && !last)
			continue;
		if (error < 0)
			failure_admin(args, admin, error, change_about(change)->title);
		if (error)
			return STATUS_FAILED;
		change->made = true;
		++*made;
		if (!args->json)
			change_print(change);
	}
	return STATUS_OK;
}

static int plan_apply(struct plan *plan, const struct args *args, struct broker_admin *admin)
{
	unsigned int made = 0, before;
	int status;

	do {
		before = made;
		status = plan_turn(plan, args, admin, &made, false);
	} while (!status && made > before && made < plan->count);
	if (!status && made < plan->count)
		status = plan_turn(plan, args, admin, &made, true);
	if (args->json)
		plan_print(plan, true, true);
	if (status)
		failure(args, "stopped after %u of %u changes; diff shows what is left", made,
			plan->count);
	return status;
}

/* Says what of the plan no request can do. */
static int plan_check(const struct plan *plan, const struct args *args)
{
	int status = STATUS_OK;

	for (unsigned int i = 0; i < plan->count; i++) {
		const struct change *change = &plan->changes[i];
		const char *member;
		json_t *value;

		if (change->kind != CHANGE_FIXED)
			continue;
		json_object_foreach(change->members, member, value)
			status = failure(args, "%s: %s can only be set when it is made",
					 change->to->title, member);
	}
	if (status)
		hint("nothing was changed; delete these objects first");
	return status;
}

int apply_run(const struct args *args)
{
	struct broker_admin *admin;
	struct plan plan;
	int status;

	status = open_admin(args, &admin);
	if (status)
		return status;
	status = plan_begin(&plan, args, admin);
	if (!status && args_has(args, OPT_DRY_RUN))
		plan_print(&plan, args->json, false);
	if (!status)
		status = plan_check(&plan, args);
	if (!status && !args_has(args, OPT_DRY_RUN))
		status = plan_apply(&plan, args, admin);
	plan_end(&plan);
	broker_admin_close(admin);
	return status;
}

int diff_run(const struct args *args)
{
	struct broker_admin *admin;
	struct plan plan;
	int status;

	status = open_admin(args, &admin);
	if (status)
		return status;
	status = plan_begin(&plan, args, admin);
	if (!status)
		plan_print(&plan, args->json, false);
	if (!status && plan.count)
		status = STATUS_FAILED;
	plan_end(&plan);
	broker_admin_close(admin);
	return status;
}
