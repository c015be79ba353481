// SPDX-License-Identifier: GPL-2.0-or-later
/* brokerctl: finds the row of the table that was called for, and runs it. */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "report.h"

/* Options before the command, of which there are few */
struct leading {
	bool json;
	bool help;
	bool version;
};

/* Returns how many words they are, or -1. */
static int parse_leading(struct leading *leading, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "-j")) {
			leading->json = true;
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			leading->help = true;
		} else if (!strcmp(argv[i], "--version") || !strcmp(argv[i], "-V")) {
			leading->version = true;
		} else {
			usage_error(NULL, "unknown option '%s'", argv[i]);
			return -1;
		}
	}
	return i;
}

/* Takes the command's words off @argv; NULL: has said why. */
static const struct command *parse_command(int *argc, char ***argv)
{
	const struct command *command;
	const char *noun = NULL, *verb = "status";

	if (*argc && command_is_noun(**argv)) {
		noun = *(*argv)++;
		--*argc;
		verb = "show";
	}
	if (*argc && (!noun || (**argv)[0] != '-')) {
		verb = *(*argv)++;
		--*argc;
	}
	command = command_find(noun, verb);
	if (!command)
		usage_error(NULL, "unknown command '%s%s%s'", noun ? noun : "", noun ? " " : "",
			    verb);
	return command;
}

static int run(const struct leading *leading, int argc, char **argv)
{
	struct args args = { 0 };
	int status;

	args.command = parse_command(&argc, &argv);
	if (!args.command)
		return STATUS_USAGE;
	status = args_parse(&args, argc, argv);
	args.json |= leading->json;
	if (status == STATUS_OK) {
		if (args.help || leading->help)
			help_command(args.command);
		else
			status = args.command->run(&args);
	}
	args_free(&args);
	return status;
}

/* What was written may be lost yet: a full disk shows when the buffer is flushed. */
static int flush(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "brokerctl: cannot write: %s\n", strerror(errno));
		return STATUS_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct leading leading = { 0 };
	int words, status = STATUS_OK;

	/* Widths of characters are wanted even where the locale is C. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "");
	words = parse_leading(&leading, argc - 1, argv + 1);
	if (words < 0)
		return STATUS_USAGE;
	argc -= words + 1;
	argv += words + 1;
	if (leading.version)
		printf("brokerctl %s\n", broker_version());
	else if (leading.help && !argc && leading.json)
		status = help_json();
	else if (leading.help && !argc)
		help_all();
	else
		status = run(&leading, argc, argv);
	return flush(status);
}
