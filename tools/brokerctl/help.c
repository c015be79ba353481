// SPDX-License-Identifier: GPL-2.0-or-later
/* --help, written from the table. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "report.h"

#define LINE 80			/* columns */
#define OPTION_INDENT 30	/* where an option's help begins */

/* Writes words from column @column on, and goes on at @indent in new lines. */
static void wrap(const char *text, unsigned int column, unsigned int indent)
{
	while (*text) {
		size_t length = strcspn(text, " ");

		if (column > indent && column + length + 1 > LINE) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static char *synopsis(const struct command *command)
{
	char *all = text_copy(command_name(command)), *longer;

	for (unsigned int i = 0; i < MAX_ARGUMENTS && command->arguments[i].name; i++) {
		const struct argument_def *def = &command->arguments[i];

		longer = text_format("%s %s%s%s%s", all, def->optional ? "[" : "", def->name,
				     def->optional ? "]" : "", def->repeat ? "..." : "");
		free(all);
		all = longer;
	}
	return all;
}

void help_all(void)
{
	const char *last = "";

	printf("Usage: brokerctl COMMAND [ARGUMENT]... [OPTION]...\n"
	       "Administer the message broker in the kernel, publish and consume.\n");
	for (size_t i = 0; i < nr_commands; i++) {
		const struct command *command = &commands[i];
		const char *group = command->noun ? command->noun : command->verb;
		char *text;

		if (command->hidden)
			continue;
		/* A blank line where another noun, or the verbs alone, begin. */
		if (command->noun ? strcmp(group, last) : !!*last || !i)
			putchar('\n');
		last = command->noun ? group : "";
		text = synopsis(command);
		printf("  %-36s", text);
		wrap(command->brief, strlen(text) > 36 ? strlen(text) + 2 : 38, 38);
		free(text);
	}
	printf("\nEvery command takes --json and --help. The verb show may be left out, and\n"
	       "brokerctl alone is brokerctl status. --version tells the version.\n"
	       "Exit status: 0 done, 1 refused or nothing there, 2 not understood.\n");
}

static void help_option(enum option_id id)
{
	const struct option_def *def = &option_table[id];
	char *text;

	text = text_format("  %c%c%s --%s%s%s", def->letter ? '-' : ' ',
			   def->letter ? def->letter : ' ', def->letter ? "," : " ", def->name,
			   def->value_name ? " " : "", def->value_name ? def->value_name : "");
	printf("%s", text);
	if (strlen(text) > OPTION_INDENT - 2)
		printf("\n%*s", OPTION_INDENT, "");
	else
		printf("%*s", (int)(OPTION_INDENT - strlen(text)), "");
	free(text);
	wrap(def->help, OPTION_INDENT, OPTION_INDENT);
}

void help_command(const struct command *command)
{
	char *text = synopsis(command);

	printf("Usage: brokerctl %s [OPTION]...\n%s.\n", text, command->brief);
	free(text);
	if (command->details)
		wrap(command->details, 0, 0);
	putchar('\n');
	for (const enum option_id *option = command->options; *option; option++)
		help_option(*option);
	help_option(OPT_JSON);
	help_option(OPT_HELP);
}

static json_t *option_json(enum option_id id)
{
	const struct option_def *def = &option_table[id];
	json_t *json = json_checked(json_object()), *words;

	json_put(json, "name", json_string(def->name));
	if (def->letter)
		json_put(json, "letter", json_stringn(&def->letter, 1));
	if (def->value_name)
		json_put(json, "value", json_string(def->value_name));
	if (def->words) {
		words = json_checked(json_array());
		for (const char *const *word = def->words; *word; word++)
			json_array_append_new(words, json_checked(json_string(*word)));
		json_put(json, "words", words);
	}
	json_put(json, "help", json_string(def->help));
	return json;
}

int help_json(void)
{
	json_t *all = json_checked(json_array());

	for (size_t i = 0; i < nr_commands; i++) {
		const struct command *command = &commands[i];
		json_t *json, *options, *arguments;

		if (command->hidden)
			continue;
		json = json_checked(json_object());
		json_put(json, "command", json_string(command_name(command)));
		json_put(json, "brief", json_string(command->brief));
		arguments = json_checked(json_array());
		for (unsigned int j = 0; j < MAX_ARGUMENTS && command->arguments[j].name; j++)
			json_array_append_new(arguments, json_checked(
					      json_string(command->arguments[j].name)));
		json_put(json, "arguments", arguments);
		options = json_checked(json_array());
		for (const enum option_id *option = command->options; *option; option++)
			json_array_append_new(options, option_json(*option));
		json_array_append_new(options, option_json(OPT_JSON));
		json_array_append_new(options, option_json(OPT_HELP));
		json_put(json, "options", options);
		json_array_append_new(all, json);
	}
	json_print(all);
	return STATUS_OK;
}
