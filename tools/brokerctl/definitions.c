// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "content.h"
#include "definitions.h"
#include "header.h"
#include "json.h"
#include "report.h"

const struct kind kinds[NR_KINDS] = {
	[KIND_BROKER] = { .noun = &noun_broker, .member = "broker" },
	[KIND_EXCHANGE] = { .noun = &noun_exchange, .member = "exchanges", .identity = { "name" } },
	[KIND_QUEUE] = { .noun = &noun_queue, .member = "queues", .identity = { "name" } },
	[KIND_BINDING] = {
		.noun = &noun_binding, .member = "bindings",
		.identity = { "exchange", "queue", "to-exchange", "key" }, .replaces = true,
	},
	/* Last: they may name queues for dead letters. */
	[KIND_POLICY] = {
		.noun = &noun_policy, .member = "policies", .identity = { "name" },
	},
	[KIND_ACL] = {
		.noun = &noun_acl, .member = "acls", .identity = { "exchange", "number" },
		.implied = { "operations", "publish,bind" },
	},
	[KIND_LIMIT] = {
		.noun = &noun_limit, .member = "limits", .identity = { "kind", "uid", "cgroup" },
	},
	[KIND_SCHEDULE] = {
		.noun = &noun_schedule, .member = "schedules", .identity = { "name" },
		.together = { "cron", "timezone" },
	},
};

static bool is_in(const char *const *list, const char *attribute)
{
	for (; list && *list; list++) {
		if (!strcmp(*list, attribute))
			return true;
	}
	return false;
}

/* Whether the command takes the attribute, as an argument or an option */
static bool command_sets(const struct command *command, const char *attribute)
{
	if (!command)
		return false;
	for (unsigned int i = 0; i < MAX_ARGUMENTS && command->arguments[i].name; i++) {
		const char *of = command->arguments[i].attribute;

		if (of && !strcmp(of, attribute))
			return true;
	}
	for (const enum option_id *option = command->options; *option; option++) {
		const char *of = option_table[*option].attribute;

		if (of && !strcmp(of, attribute))
			return true;
	}
	return false;
}

static bool is_identity(const struct kind *kind, const char *attribute)
{
	return is_in(kind->identity, attribute);
}

bool definition_is_live(const struct kind *kind, const char *attribute)
{
	return command_sets(command_find(kind->noun->name, "set"), attribute) ||
	       is_in(kind->noun->prepared, attribute);
}

static bool is_settable(const struct kind *kind, const char *attribute)
{
	return definition_is_live(kind, attribute) ||
	       command_sets(command_find(kind->noun->name, "add"), attribute);
}

static bool is_reserved(const char *name)
{
	return !*name || !strncmp(name, "broker.", strlen("broker."));
}

bool definition_is_predeclared(const struct definition *definition)
{
	return definition->kind->noun == &noun_broker ||
	       (definition->kind->noun == &noun_limit &&
		!strcmp(broker_object_string(definition->object, "kind"), "default-user")) ||
	       (definition->kind->noun == &noun_exchange &&
		is_reserved(broker_object_string(definition->object, "name")));
}

static char *make_title(const struct kind *kind, const struct broker_object *object)
{
	bool onward = broker_object_has(object, "to-exchange");

	if (kind->noun == &noun_broker)
		return text_copy("broker");
	if (kind->noun == &noun_acl)
		return text_format("acl %s of exchange '%s'",
				   broker_object_string(object, "number"),
				   broker_object_string(object, "exchange"));
	if (kind->noun == &noun_limit)
		return text_format("limit of %s %s", broker_object_string(object, "kind"),
				   broker_object_string(object, broker_object_has(object, "uid") ?
							"uid" : "cgroup"));
	if (kind->noun != &noun_binding)
		return text_format("%s '%s'", kind->noun->name,
				   broker_object_string(object, "name"));
	return text_format("binding '%s' to %s '%s', key '%s'",
			   broker_object_string(object, "exchange"),
			   onward ? "exchange" : "queue",
			   broker_object_string(object, onward ? "to-exchange" : "queue"),
			   broker_object_string(object, "key"));
}

/* What can be set, with names as the kernel has them, in one order */
static char *make_key(const struct kind *kind, const struct broker_object *object)
{
	char *key = text_format("%u", (unsigned int)(kind - kinds)), *longer;

	/* No name has a line end in it. */
	for (const char *const *name = kind->identity; *name; name++) {
		longer = text_format("%s\n%s", key, broker_object_string(object, *name));
		free(key);
		key = longer;
	}
	return key;
}

static char *queue_key(const char *name)
{
	struct broker_object *object;
	char *key = NULL;

	if (!broker_object_new(&object, BROKER_OBJECT_QUEUE)) {
		broker_object_set_string(object, "name", name);
		key = make_key(&kinds[KIND_QUEUE], object);
		broker_object_free(object);
	}
	return key ? key : text_copy("");
}

static int words_assign(struct broker_object *object, const char *attribute, json_t *value)
{
	char *all = text_copy(""), *longer;
	json_t *word;
	size_t i;
	int error;

	json_array_foreach(value, i, word) {
		longer = text_format("%s%s%s", all, i ? "," : "",
				     json_is_string(word) ? json_string_value(word) : ",");
		free(all);
		all = longer;
	}
	error = broker_object_set_string(object, attribute, all);
	free(all);
	return error;
}

static int header_assign(struct broker_object *object, json_t *json)
{
	json_t *value = json_object_get(json, "value"), *type = json_object_get(json, "type");
	const char *name = json_string_value(json_object_get(json, "name"));
	bool is_double = type && json_is_string(type) &&
			 !strcmp(json_string_value(type), header_type_name(BROKER_TYPE_DOUBLE));
	/* What JSON has no number for is text: inf, nan */
	double real = json_is_string(value) ? strtod(json_string_value(value), NULL) :
					      json_number_value(value);
	int64_t number = json_integer_value(value);
	uint8_t truth = json_is_true(value);

	if (!name)
		return -EINVAL;
	if (!value)
		return broker_object_add_header(object, name, 0, NULL, 0);
	if (is_double || json_is_real(value))
		return broker_object_add_header(object, name, BROKER_TYPE_DOUBLE, &real, 8);
	if (json_is_string(value))
		return broker_object_add_header(object, name, BROKER_TYPE_STRING,
						json_string_value(value),
						json_string_length(value));
	if (json_is_boolean(value))
		return broker_object_add_header(object, name, BROKER_TYPE_BOOL, &truth, 1);
	if (json_is_integer(value))
		return broker_object_add_header(object, name, BROKER_TYPE_INT64, &number, 8);
	return -EINVAL;
}

static int assign(struct broker_object *object, const char *attribute, json_t *value)
{
	json_t *header;
	size_t i;
	int error = 0;

	if (is_content(attribute))
		return content_assign(object, attribute, value);
	switch (json_typeof(value)) {
	case JSON_STRING:
		return broker_object_set_string(object, attribute, json_string_value(value));
	case JSON_INTEGER:
		if (json_integer_value(value) < 0)
			return -ERANGE;
		return broker_object_set_number(object, attribute, json_integer_value(value));
	case JSON_TRUE:
	case JSON_FALSE:
		return broker_object_set_number(object, attribute, json_is_true(value));
	case JSON_ARRAY:
		if (strcmp(attribute, "header"))
			return words_assign(object, attribute, value);
		json_array_foreach(value, i, header)
			error = error ? error : header_assign(object, header);
		return error;
	default:
		return -EINVAL;
	}
}

/*
 * Numbers that JSON's integers cannot hold are text, so that none is rounded;
 * broker_object_set_string() reads both.
 */
static json_t *exact(const struct broker_object *object, const char *attribute, json_t *value)
{
	if (!json_is_real(value))
		return json_incref(value);
	return json_string(broker_object_string(object, attribute));
}

static bool is_word(const char *words, const char *word, size_t length)
{
	while (*words) {
		size_t next = strcspn(words, ",");

		if (next == length && !strncmp(words, word, length))
			return true;
		words += next + (words[next] == ',');
	}
	return false;
}

/* The name of a setting: of the target of dead letters there are two attributes. */
static size_t setting_length(const char *attribute)
{
	static const char dead_letter[] = "dead-letter";
	size_t length = strlen(dead_letter);

	return strncmp(attribute, dead_letter, length) ? strlen(attribute) : length;
}

/* Whether policies, or other rules, decide where the object itself does not say */
static bool can_be_unset(const struct kind *kind, const char *attribute)
{
	if (kind->noun == &noun_queue)
		return command_sets(command_find(noun_policy.name, "add"), attribute);
	return kind->noun == &noun_limit && !is_identity(kind, attribute);
}

/* Whether it was said of the object itself */
static bool is_own(const struct kind *kind, const struct broker_object *object,
		   const char *attribute)
{
	if (kind->noun == &noun_limit && !broker_object_has(object, "own"))
		return true;
	return !can_be_unset(kind, attribute) ||
	       is_word(broker_object_string(object, "own"), attribute,
		       setting_length(attribute));
}

json_t *definition_unset(const struct definition *from, const struct definition *to)
{
	json_t *names = json_checked(json_array()), *value, *name;
	const char *member;

	json_object_foreach(from->json, member, value) {
		char *attribute = json_attribute(member);
		bool known = false;
		size_t i;

		if (!json_object_get(to->json, member) && can_be_unset(from->kind, attribute)) {
			attribute[setting_length(attribute)] = 0;
			json_array_foreach(names, i, name)
				known |= !strcmp(json_string_value(name), attribute);
			if (!known)
				json_array_append_new(names, json_string(attribute));
		}
		free(attribute);
	}
	if (json_array_size(names))
		return names;
	json_decref(names);
	return NULL;
}

/* What stays the same on other machines, and after a restart */
static json_t *portable(const char *attribute, json_t *value)
{
	char *path = strcmp(attribute, "cgroup") ? NULL : cgroup_path(json_integer_value(value));
	json_t *json = path ? json_string(path) : value;

	if (path)
		json_decref(value);
	free(path);
	return json;
}

/* What of @object can be set; where it is as @shown, what it has of its own */
static json_t *settings_of(const struct kind *kind, const struct broker_object *object,
			   bool shown)
{
	json_t *all = object_json(object), *settings = json_checked(json_object()), *value;
	enum broker_value_type type;
	const char *name;

	for (unsigned int i = 0; !broker_object_attribute(object, i, &name, &type); i++) {
		char *member = json_member(name);

		value = json_object_get(all, member);
		if (is_identity(kind, name) ||
		    (is_settable(kind, name) && (!shown || is_own(kind, object, name))))
			json_put(settings, member, portable(name, exact(object, name, value)));
		free(member);
	}
	json_decref(all);
	return settings;
}

/* Takes @object, which holds what can be set only. */
static void append(struct definitions *all, const struct kind *kind,
				 struct broker_object *object)
{
	struct definition *new;

	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 64;
		all->list = memory_resize(all->list, all->room * sizeof(*all->list));
	}
	new = &all->list[all->count++];
	*new = (struct definition){
		.kind = kind,
		.title = make_title(kind, object),
		.key = make_key(kind, object),
		.object = object,
		.json = settings_of(kind, object, false),
	};
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct definition *)a)->key, ((const struct definition *)b)->key);
}

static void sort(struct definitions *all)
{
	qsort(all->list, all->count, sizeof(*all->list), compare);
}

const struct definition *definitions_find(const struct definitions *all,
					  const struct definition *like)
{
	return all->count ? bsearch(like, all->list, all->count, sizeof(*all->list), compare) :
			    NULL;
}

static int cgroup_assign(struct broker_object *object, const char *path)
{
	uint64_t id;

	return cgroup_id(path, &id) ? broker_object_set_number(object, "cgroup", id) : -ESRCH;
}

/* Makes an object of a member of the file; what is wrong is told in @wrong. */
static int parse_member(struct broker_object *object, const struct kind *kind, json_t *json,
			const char **wrong)
{
	const char *member;
	json_t *value;

	json_object_foreach(json, member, value) {
		char *name = json_attribute(member);
		int error = -ENOENT;

		if (!strcmp(name, "cgroup") && json_is_string(value))
			error = cgroup_assign(object, json_string_value(value));
		else if (is_identity(kind, name) || is_settable(kind, name))
			error = assign(object, name, value);
		free(name);
		if (error) {
			*wrong = member;
			return error;
		}
	}
	return 0;
}

static const char *why_not(int error)
{
	switch (-error) {
	case ENOENT:
		return "no such setting";
	case ERANGE:
		return "out of range";
	case ESRCH:
		return "no such cgroup";
	default:
		return "not a value that it can have";
	}
}

/* Whether it has what names it; a binding has one of two destinations. */
static bool has_identity(const struct kind *kind, const struct broker_object *object)
{
	if (!kind->identity[0])
		return true;
	if (kind->noun == &noun_acl && !broker_object_has(object, "number"))
		return false;
	return broker_object_has(object, kind->identity[0]);
}

static int load_one(struct definitions *all, const struct args *args, const struct kind *kind,
		    json_t *json, size_t index)
{
	struct broker_object *object;
	const char *wrong = NULL;
	char *title;
	int error;

	if (!json_is_object(json))
		return failure(args, "%s: number %zu is not an object", kind->member, index + 1);
	if (broker_object_new(&object, kind->noun->type))
		return failure(args, "out of memory");
	error = parse_member(object, kind, json, &wrong);
	if (!error && kind->implied[0] && !broker_object_has(object, kind->implied[0]))
		error = broker_object_set_string(object, kind->implied[0], kind->implied[1]);
	if (!error && has_identity(kind, object)) {
		append(all, kind, object);
		return STATUS_OK;
	}
	if (!has_identity(kind, object))
		title = text_format("%s: number %zu", kind->member, index + 1);
	else
		title = make_title(kind, object);
	if (error)
		failure(args, "%s: %s: %s", title, wrong, why_not(error));
	else
		failure(args, "%s: %s is missing", title,
			broker_object_has(object, kind->identity[0]) ? kind->identity[1] :
								       kind->identity[0]);
	free(title);
	broker_object_free(object);
	return STATUS_FAILED;
}

static int load_kind(struct definitions *all, const struct args *args, const struct kind *kind,
		     json_t *json)
{
	int status = STATUS_OK;
	json_t *one;
	size_t i;

	if (kind->noun->single)
		return load_one(all, args, kind, json, 0);
	if (!json_is_array(json))
		return failure(args, "%s: not an array", kind->member);
	json_array_foreach(json, i, one)
		status |= load_one(all, args, kind, one, i);
	return status;
}

static int load_all(struct definitions *all, const struct args *args, json_t *root)
{
	int status = STATUS_OK;
	const char *member;
	json_t *value;

	if (!json_is_object(root))
		return failure(args, "the file does not hold a JSON object");
	json_object_foreach(root, member, value) {
		const struct kind *kind = NULL;

		if (!strcmp(member, "complete") && json_is_boolean(value)) {
			all->complete = json_is_true(value);
			continue;
		}
		for (unsigned int i = 0; i < NR_KINDS; i++) {
			if (!strcmp(kinds[i].member, member))
				kind = &kinds[i];
		}
		status |= kind ? load_kind(all, args, kind, value) :
				 failure(args, "'%s': no such definitions", member);
	}
	sort(all);
	for (unsigned int i = 1; i < all->count; i++) {
		if (!compare(&all->list[i - 1], &all->list[i]))
			status |= failure(args, "%s: defined twice", all->list[i].title);
	}
	return status;
}

int definitions_load(struct definitions *all, const struct args *args, const char *file)
{
	bool standard = !file || !strcmp(file, "-");
	json_error_t error;
	json_t *root;
	int status;

	*all = (struct definitions){ 0 };
	root = standard ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error) :
			  json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	if (!root && error.line > 0)
		return failure(args, "%s:%d: %s", standard ? "-" : file, error.line, error.text);
	if (!root)
		return failure(args, "%s", error.text);
	status = load_all(all, args, root);
	json_decref(root);
	return status;
}

struct reading {
	struct definitions *all;
	unsigned int before;		/* of them: these are in order */
	const struct kind *kind;
	int error;
};

/* What its owner, or the broker, takes away again is no definition. */
static bool is_defined(const struct reading *reading, const struct broker_object *object)
{
	struct definitions before = { .list = reading->all->list, .count = reading->before };
	struct definition like;
	bool found;

	if (reading->kind->noun == &noun_queue)
		return !broker_object_has(object, "session") &&
		       !is_reserved(broker_object_string(object, "name"));
	/* Others only count what somebody has. */
	if (reading->kind->noun == &noun_limit)
		return broker_object_has(object, "own") ||
		       !strcmp(broker_object_string(object, "kind"), "default-user");
	if (reading->kind->noun != &noun_binding || !broker_object_has(object, "queue"))
		return true;
	/* A binding goes with the queue it leads to. */
	like.key = queue_key(broker_object_string(object, "queue"));
	found = definitions_find(&before, &like);
	free(like.key);
	return found;
}

/* Of what is shown, takes what can be set. */
static int read_one(const struct broker_object *object, void *arg)
{
	struct reading *reading = arg;
	struct broker_object *settings;
	const char *wrong;
	json_t *json;

	if (!is_defined(reading, object))
		return 0;
	reading->error = broker_object_new(&settings, reading->kind->noun->type);
	if (reading->error)
		return reading->error;
	json = settings_of(reading->kind, object, true);
	reading->error = parse_member(settings, reading->kind, json, &wrong);
	json_decref(json);
	if (reading->error)
		broker_object_free(settings);
	else
		append(reading->all, reading->kind, settings);
	return reading->error;
}

static int read_kind(struct definitions *all, const struct args *args,
		     struct broker_admin *admin, const struct kind *kind)
{
	struct reading reading = { .all = all, .before = all->count, .kind = kind };
	struct broker_object *object = NULL;
	int error;

	if (kind->noun->single) {
		error = broker_admin_call(admin, kind->noun->get, NULL, &object);
		if (!error && object)
			read_one(object, &reading);
		broker_object_free(object);
	} else {
		error = broker_admin_list(admin, kind->noun->get, NULL, read_one, &reading);
	}
	if (reading.error)
		return failure(args, "%s: %s", kind->member, strerror(-reading.error));
	if (error)
		return failure_admin(args, admin, error, kind->member);
	sort(all);
	return STATUS_OK;
}

int definitions_read(struct definitions *all, const struct args *args,
		     struct broker_admin *admin)
{
	int status = STATUS_OK;

	*all = (struct definitions){ .complete = true };
	for (unsigned int i = 0; !status && i < NR_KINDS; i++)
		status = read_kind(all, args, admin, &kinds[i]);
	return status;
}

void definitions_free(struct definitions *all)
{
	for (unsigned int i = 0; i < all->count; i++) {
		free(all->list[i].title);
		free(all->list[i].key);
		json_decref(all->list[i].json);
		broker_object_free(all->list[i].object);
	}
	free(all->list);
	*all = (struct definitions){ 0 };
}

json_t *definitions_json(const struct definitions *all)
{
	json_t *root = json_checked(json_object());

	json_put(root, "complete", json_boolean(all->complete));
	for (unsigned int i = 0; i < NR_KINDS; i++)
		json_put(root, kinds[i].member,
			 kinds[i].noun->single ? json_object() : json_array());
	for (unsigned int i = 0; i < all->count; i++) {
		const struct definition *one = &all->list[i];
		json_t *member = json_object_get(root, one->kind->member);

		if (one->kind->noun->single)
			json_object_update(member, one->json);
		else
			json_array_append(member, one->json);
	}
	return root;
}

char *definitions_canonical(const struct definitions *all)
{
	json_t *root = definitions_json(all);
	char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(root);
	if (!text)
		json_checked(NULL);
	return text;
}

/* Names without a "-" are members as they are. */
static void add_together(json_t *members, const struct definition *definition)
{
	for (const char *const *name = definition->kind->together; *name; name++) {
		json_t *value = json_object_get(definition->json, *name);

		if (value)
			json_object_set(members, *name, value);
	}
}

struct broker_object *definition_request(const struct definition *definition,
					 const struct args *args, json_t *changed)
{
	const struct kind *kind = definition->kind;
	struct broker_object *request;
	json_t *members = json_checked(json_object());
	const char *wrong;
	int error;

	for (const char *const *name = kind->identity; *name; name++) {
		char *member = json_member(*name);
		json_t *value = json_object_get(definition->json, member);

		if (value)
			json_object_set(members, member, value);
		free(member);
	}
	if (changed)
		json_object_update(members, kind->replaces ? definition->json : changed);
	for (const char *const *name = kind->together; changed && *name; name++) {
		if (json_object_get(changed, *name))
			add_together(members, definition);
	}
	error = broker_object_new(&request, kind->noun->type);
	if (!error)
		error = parse_member(request, kind, members, &wrong);
	json_decref(members);
	if (!error)
		return request;
	failure(args, "%s: %s", definition->title, strerror(-error));
	return broker_object_free(request);
}
