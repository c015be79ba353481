// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints what the library believes of the netlink specification; ./spec compares. */
#include <stdio.h>

#include "internal.h"

static const char *const kinds[] = {
	[KIND_STRING]	= "string",
	[KIND_U32]	= "u32",
	[KIND_U64]	= "u64",
	[KIND_WORD]	= "word",
	[KIND_WORDS]	= "words",
	[KIND_FLAG]	= "flag",
	[KIND_BYTES]	= "binary",
	[KIND_HEADERS]	= "header",
	[KIND_FILTER]	= "string",
	[KIND_CRON]	= "string",
};

static void print_attribute(const char *set, const struct broker_attribute *attribute)
{
	printf("attribute %s %u %s %s", set, attribute->id, attribute->name,
	       kinds[attribute->kind]);
	for (unsigned int i = 0; i < attribute->nr_words; i++)
		printf(" %s", attribute->words[i]);
	putchar('\n');
}

int main(void)
{
	for (unsigned int i = 0; i <= BROKER_OBJECT_SCHEDULE; i++) {
		for (unsigned int j = 0; j < broker_attributes[i].count; j++)
			print_attribute(broker_attributes[i].set, &broker_attributes[i].list[j]);
	}
	for (unsigned int i = 1; i < broker_nr_commands; i++) {
		const struct broker_command *command = &broker_commands[i];

		printf("command %u %s %s%s%s\n", i, command->name,
		       broker_attributes[command->type].set, command->can_do ? " do" : "",
		       command->can_dump ? " dump" : "");
	}
	return 0;
}
