// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * brokerctl complete INDEX WORD...: what may stand for word number INDEX of a
 * command line.  The first line of the answer says what follows: "words", one a
 * line, quoted for the shell; "files", "commands", "users" or "groups": the
 * shell knows these itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "report.h"
#include "units.h"
#include "verbs.h"

/* Takes away the quoting that the user has typed so far. */
static char *unquote(const char *word)
{
	char *plain = text_copy(word), *out = plain;
	char quote = 0;

	for (const char *in = word; *in; in++) {
		if (quote ? *in == quote : *in == '\'' || *in == '"')
			quote = quote ? 0 : *in;
		else if (*in == '\\' && in[1] && quote != '\'')
			*out++ = *++in;
		else
			*out++ = *in;
	}
	*out = '\0';
	return plain;
}

static void offer(const char *word, const char *prefix)
{
	if (strncmp(word, prefix, strlen(prefix)))
		return;
	if (!*word)
		fputs("''", stdout);
	for (const char *c = word; *c; c++) {
		if (strchr(" \t\\'\"`$&|;<>()*?[]#~!{}", *c))
			putchar('\\');
		putchar(*c);
	}
	putchar('\n');
}

static void offer_name(const char *name, uint64_t id, void *prefix)
{
	(void)id;
	offer(name, prefix);
}

static void offer_names(enum names names, const char *prefix)
{
	static const char *const kinds[] = {
		[NAMES_FILE] = "files",
		[NAMES_COMMAND] = "commands",
		[NAMES_USER] = "users",
		[NAMES_GROUP] = "groups",
	};
	static const int commands[] = {
		[NAMES_EXCHANGE] = BROKER_CMD_EXCHANGE_GET,
		[NAMES_QUEUE] = BROKER_CMD_QUEUE_GET,
		[NAMES_SCHEDULE] = BROKER_CMD_SCHEDULE_GET,
	};

	switch (names) {
	case NAMES_NONE:
		break;
	case NAMES_EXCHANGE:
	case NAMES_QUEUE:
	case NAMES_SCHEDULE:
		puts("words");
		names_each(commands[names], offer_name, (void *)prefix);
		break;
	default:
		puts(kinds[names]);
	}
}

static void offer_value(const struct option_def *def, const char *prefix)
{
	if (!def->words) {
		offer_names(def->names, prefix);
		return;
	}
	puts("words");
	for (const char *const *word = def->words; *word; word++)
		offer(*word, prefix);
}

static void offer_options(const struct command *command, const char *prefix)
{
	puts("words");
	for (int id = OPT_NONE + 1; id < NR_OPTIONS; id++) {
		char *option;

		if (!command_takes(command, id))
			continue;
		option = text_format("--%s", option_table[id].name);
		offer(option, prefix);
		free(option);
	}
}

/* The first words: nouns and verbs alone, or the verbs of a noun */
static void offer_commands(const char *noun, const char *prefix)
{
	const char *last = "";

	puts("words");
	for (size_t i = 0; i < nr_commands; i++) {
		const struct command *command = &commands[i];

		if (command->hidden)
			continue;
		if (noun) {
			if (command->noun && !strcmp(noun, command->noun))
				offer(command->verb, prefix);
		} else if (!command->noun) {
			offer(command->verb, prefix);
		} else if (strcmp(command->noun, last)) {
			offer(command->noun, prefix);
			last = command->noun;
		}
	}
}

/* The option that @word is, if its value is to follow as a word of its own */
static const struct option_def *wants_value(const struct command *command, const char *word)
{
	for (int id = OPT_NONE + 1; id < NR_OPTIONS; id++) {
		const struct option_def *def = &option_table[id];

		if (!command_takes(command, id) || def->kind == VALUE_NONE || word[0] != '-')
			continue;
		if (word[1] == '-' ? !strcmp(word + 2, def->name) :
				     def->letter && word[1] == def->letter && !word[2])
			return def;
	}
	return NULL;
}

static const struct argument_def *argument_at(const struct command *command, unsigned int index)
{
	const struct argument_def *last = NULL;

	for (unsigned int i = 0; i < MAX_ARGUMENTS && command->arguments[i].name; i++) {
		last = &command->arguments[i];
		if (i == index)
			return last;
	}
	return last && last->repeat ? last : NULL;
}

/* A destination is an exchange once --to-exchange was given. */
static enum names names_of(const struct command *command, const struct argument_def *def,
			   bool to_exchange)
{
	if (to_exchange && def == &command->arguments[1])
		return NAMES_EXCHANGE;
	return def->names;
}

/* Words behind the command's own, the last of which is to be completed */
static void complete_words(const struct command *command, char **words, unsigned int count)
{
	const char *prefix = words[count - 1];
	const struct argument_def *argument;
	const struct option_def *def = NULL;
	bool to_exchange = false, plain = false;
	unsigned int index = 0;

	for (unsigned int i = 0; i + 1 < count; i++) {
		if (def)
			def = NULL;
		else if (plain || words[i][0] != '-' || !words[i][1])
			index++;
		else if (!strcmp(words[i], "--"))
			plain = true;
		else if (!strcmp(words[i], "--to-exchange"))
			to_exchange = true;
		else
			def = wants_value(command, words[i]);
	}
	argument = argument_at(command, index);
	if (def)
		offer_value(def, prefix);
	else if (!plain && prefix[0] == '-')
		offer_options(command, prefix);
	else if (argument)
		offer_names(names_of(command, argument, to_exchange), prefix);
}

static void complete(char **words, unsigned int count)
{
	const struct command *command;
	const char *noun = NULL;

	while (count > 1 && words[0][0] == '-') {
		words++;
		count--;
	}
	if (count > 1 && command_is_noun(words[0])) {
		noun = *words++;
		count--;
	}
	if (count == 1) {
		offer_commands(noun, words[0]);
		return;
	}
	command = command_find(noun, words[0]);
	if (command)
		complete_words(command, words + 1, count - 1);
}

int complete_run(const struct args *args)
{
	uint64_t index;
	char **words;
	unsigned int count = 0;

	/* WORD number 0 is the name of the program. */
	if (args->nr_arguments < 2 || !parse_number(args->arguments[0], &index) || !index ||
	    index >= args->nr_arguments)
		return STATUS_USAGE;
	words = memory((index + 1) * sizeof(*words));
	for (uint64_t i = 1; i < index + 1; i++) {
		const char *word = i + 1 < args->nr_arguments ? args->arguments[i + 1] : "";

		/* Shells split --option=value into three words. */
		if (strcmp(word, "=") || i == index)
			words[count++] = unquote(strcmp(word, "=") ? word : "");
	}
	complete(words, count);
	while (count)
		free(words[--count]);
	free(words);
	return STATUS_OK;
}
