// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "definitions.h"
#include "json.h"
#include "report.h"
#include "sha256.h"
#include "units.h"
#include "verbs.h"

static void print_digest(const struct args *args, const struct definitions *all)
{
	char *canonical = definitions_canonical(all), *text;
	uint8_t digest[SHA256_BYTES];

	sha256(canonical, strlen(canonical), digest);
	text = format_hex(digest, sizeof(digest));
	if (args->json)
		json_print(json_checked(json_pack("{s:s}", "digest", text)));
	else
		puts(text);
	free(text);
	free(canonical);
}

int export_run(const struct args *args)
{
	struct broker_admin *admin;
	struct definitions all;
	int status;

	status = open_admin(args, &admin);
	if (status)
		return status;
	status = definitions_read(&all, args, admin);
	if (!status && args_has(args, OPT_DIGEST))
		print_digest(args, &all);
	else if (!status)
		json_print(definitions_json(&all));
	definitions_free(&all);
	broker_admin_close(admin);
	return status;
}
