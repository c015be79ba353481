/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line, read by the rules of its row in the table.
 */
#ifndef BROKERCTL_ARGS_H
#define BROKERCTL_ARGS_H

#include "command.h"

struct option_value {
	enum option_id id;
	const char *text;		/* "" for VALUE_NONE */
	uint64_t number;		/* where its kind is one */
};

struct args {
	const struct command *command;
	bool json;
	bool help;
	char **arguments;
	unsigned int nr_arguments;
	struct option_value *options;	/* in the order given */
	unsigned int nr_options;
};

/*
 * Reads argv[0..argc), the words behind the command's own.  Returns an exit
 * status; on STATUS_USAGE it has said why.  The words must outlive @args.
 */
int args_parse(struct args *args, int argc, char **argv);
void args_free(struct args *args);

/* The last one given, or NULL */
const struct option_value *args_option(const struct args *args, enum option_id id);

bool args_has(const struct args *args, enum option_id id);
const char *args_text(const struct args *args, enum option_id id, const char *otherwise);
uint64_t args_number(const struct args *args, enum option_id id, uint64_t otherwise);

/* Argument number @index, or NULL */
const char *args_argument(const struct args *args, unsigned int index);

#endif
