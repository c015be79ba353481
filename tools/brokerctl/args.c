// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "args.h"
#include "header.h"
#include "report.h"
#include "units.h"

/* What getopt_long() returns for an option; above any letter. */
#define GETOPT_BASE 256

static bool parse_word(const struct option_def *def, const char *text, uint64_t *number)
{
	for (*number = 0; def->words[*number]; (*number)++) {
		if (!strcmp(text, def->words[*number]))
			return true;
	}
	return false;
}

static bool parse_timestamp(const char *text, uint64_t *ms)
{
	struct timespec now;
	int64_t number;

	if (!strcmp(text, "now")) {
		clock_gettime(CLOCK_REALTIME, &now);
		*ms = (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
		return true;
	}
	if (!parse_signed(text, &number))
		return false;
	*ms = number;
	return true;
}

static bool parse_header(enum option_id id, const char *text)
{
	struct header header;

	if (!header_parse(&header, text, id == OPT_MATCH_HEADER))
		return false;
	header_free(&header);
	return true;
}

static int bad_value(const struct command *command, const struct option_def *def, const char *text)
{
	const char *what = "value";

	switch (def->kind) {
	case VALUE_NUMBER:
		return usage_error(command, "--%s: '%s' is not a number from %llu to %llu",
				   def->name, text, (unsigned long long)def->min,
				   (unsigned long long)def->max);
	case VALUE_SIZE:
		what = "size, such as 4096, 64K or 16M";
		break;
	case VALUE_LIMIT:
		what = "number, size such as 64K, or none";
		break;
	case VALUE_MODE:
		what = "mode, such as 0660";
		break;
	case VALUE_DURATION:
		what = "time, such as 5s, 200ms or forever";
		break;
	case VALUE_TIMESTAMP:
		what = "number of milliseconds since 1970, or now";
		break;
	case VALUE_USER:
		what = "user";
		break;
	case VALUE_GROUP:
		what = "group";
		break;
	case VALUE_HEADER:
		return usage_error(command, "--%s: '%s' is not %s", def->name, text,
				   def->value_name);
	case VALUE_WORD:
		return usage_error(command, "--%s: '%s' is not one that it knows; %s",
				   def->name, text, def->help);
	case VALUE_NONE:
	case VALUE_TEXT:
		break;
	}
	return usage_error(command, "--%s: '%s' is not a %s", def->name, text, what);
}

static bool parse_value(struct option_value *value, const struct option_def *def)
{
	switch (def->kind) {
	case VALUE_NONE:
	case VALUE_TEXT:
		return true;
	case VALUE_NUMBER:
		return parse_number(value->text, &value->number) &&
		       value->number >= def->min && value->number <= def->max;
	case VALUE_SIZE:
		return parse_size(value->text, &value->number);
	case VALUE_LIMIT:
		if (strcmp(value->text, "none"))
			return parse_size(value->text, &value->number);
		value->number = BROKER_LIMIT_NONE;
		return true;
	case VALUE_MODE:
		return parse_mode(value->text, &value->number);
	case VALUE_DURATION:
		return parse_duration(value->text, &value->number);
	case VALUE_TIMESTAMP:
		return parse_timestamp(value->text, &value->number);
	case VALUE_USER:
		return parse_user(value->text, &value->number);
	case VALUE_GROUP:
		return parse_group(value->text, &value->number);
	case VALUE_WORD:
		return parse_word(def, value->text, &value->number);
	case VALUE_HEADER:
		return parse_header(value->id, value->text);
	}
	return false;
}

static int add_option(struct args *args, enum option_id id, const char *text)
{
	const struct option_def *def = &option_table[id];
	struct option_value *value;

	if (id == OPT_JSON)
		args->json = true;
	if (id == OPT_HELP)
		args->help = true;
	args->options = memory_resize(args->options,
				      (args->nr_options + 1) * sizeof(*args->options));
	value = &args->options[args->nr_options];
	*value = (struct option_value){ .id = id, .text = text ? text : "" };
	if (!parse_value(value, def))
		return bad_value(args->command, def, value->text);
	args->nr_options++;
	return STATUS_OK;
}

/* The command's options, for getopt_long() */
struct getopt_table {
	struct option longs[NR_OPTIONS];
	char letters[3 * NR_OPTIONS];
};

static void getopt_fill(struct getopt_table *table, const struct command *command)
{
	struct option *option = table->longs;
	char *letter = table->letters;

	*letter++ = ':';		/* tell a missing value from an unknown option */
	for (int id = OPT_NONE + 1; id < NR_OPTIONS; id++) {
		const struct option_def *def = &option_table[id];
		int needs = def->kind == VALUE_NONE ? no_argument : required_argument;

		if (!command_takes(command, id))
			continue;
		*option++ = (struct option){ def->name, needs, NULL, GETOPT_BASE + id };
		if (!def->letter)
			continue;
		*letter++ = def->letter;
		if (needs == required_argument)
			*letter++ = ':';
	}
	*option = (struct option){ 0 };
	*letter = '\0';
}

static enum option_id by_letter(const struct command *command, int letter)
{
	for (int id = OPT_NONE + 1; id < NR_OPTIONS; id++) {
		if (option_table[id].letter == letter && command_takes(command, id))
			return id;
	}
	return OPT_NONE;
}

static int check_arguments(const struct args *args)
{
	const struct argument_def *def = args->command->arguments;
	unsigned int least = 0, most = 0;
	bool repeat = false;

	for (; most < MAX_ARGUMENTS && def[most].name; most++) {
		if (!def[most].optional)
			least++;
		repeat = def[most].repeat;
	}
	if (args->nr_arguments < least)
		return usage_error(args->command, "%s is missing", def[args->nr_arguments].name);
	if (args->nr_arguments > most && !repeat)
		return usage_error(args->command, "what is '%s'?", args->arguments[most]);
	return STATUS_OK;
}

static int parse_options(struct args *args, int argc, char **argv)
{
	const struct command *command = args->command;
	struct getopt_table table;
	int found, status = STATUS_OK;

	getopt_fill(&table, command);
	opterr = 0;
	optind = 0;
	while (!status) {
		found = getopt_long(argc, argv, table.letters, table.longs, NULL);
		if (found < 0)
			break;
		if (found == '?' && optopt >= GETOPT_BASE)
			status = usage_error(command, "--%s takes no value",
					     option_table[optopt - GETOPT_BASE].name);
		else if (found == '?' && optopt)
			status = usage_error(command, "unknown option '-%c'", optopt);
		else if (found == '?')
			status = usage_error(command, "unknown option '%s'", argv[optind - 1]);
		else if (found == ':')
			status = usage_error(command, "'%s' needs a value", argv[optind - 1]);
		else if (found >= GETOPT_BASE)
			status = add_option(args, found - GETOPT_BASE, optarg);
		else
			status = add_option(args, by_letter(command, found), optarg);
	}
	return status;
}

int args_parse(struct args *args, int argc, char **argv)
{
	char **words = memory((argc + 2) * sizeof(*words));
	int status = STATUS_OK, first = 1;

	/* getopt wants a name of the program before the words, and moves them about. */
	words[0] = "brokerctl";
	memcpy(words + 1, argv, argc * sizeof(*argv));
	words[argc + 1] = NULL;
	if (!args->command->bare) {
		status = parse_options(args, argc + 1, words);
		first = optind;
	}
	args->nr_arguments = status ? 0 : argc + 1 - first;
	args->arguments = memory((args->nr_arguments + 1) * sizeof(*words));
	memcpy(args->arguments, words + first, args->nr_arguments * sizeof(*words));
	args->arguments[args->nr_arguments] = NULL;
	free(words);
	if (!status && !args->help && !args->command->bare)
		status = check_arguments(args);
	return status;
}

void args_free(struct args *args)
{
	free(args->arguments);
	free(args->options);
}

const struct option_value *args_option(const struct args *args, enum option_id id)
{
	for (unsigned int i = args->nr_options; i--; ) {
		if (args->options[i].id == id)
			return &args->options[i];
	}
	return NULL;
}

bool args_has(const struct args *args, enum option_id id)
{
	return args_option(args, id);
}

const char *args_text(const struct args *args, enum option_id id, const char *otherwise)
{
	const struct option_value *value = args_option(args, id);

	return value ? value->text : otherwise;
}

uint64_t args_number(const struct args *args, enum option_id id, uint64_t otherwise)
{
	const struct option_value *value = args_option(args, id);

	return value ? value->number : otherwise;
}

const char *args_argument(const struct args *args, unsigned int index)
{
	return index < args->nr_arguments ? args->arguments[index] : NULL;
}
