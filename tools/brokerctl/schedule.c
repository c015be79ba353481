// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages that the broker publishes again and again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../kmod/calendar.h"
#include "json.h"
#include "message.h"
#include "object.h"
#include "report.h"
#include "units.h"
#include "verbs.h"

#define NSEC_PER_MSEC	1000000
#define SEC_PER_MIN	60

/* "90s": in the largest unit that makes it whole */
static char *interval_text(uint64_t ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
		      { "ms", 1 } };
	unsigned int i = 0;

	while (ms % units[i].ms)
		i++;
	return text_format("every %llu%s", (unsigned long long)(ms / units[i].ms), units[i].name);
}

static char *when_text(const struct broker_object *object)
{
	if (broker_object_has(object, "interval"))
		return interval_text(broker_object_number(object, "interval"));
	return object_text(object, "cron");
}

/* To the second, which is what a column has room for */
static char *next_text(const struct broker_object *object)
{
	char *text;

	if (!broker_object_number(object, "enabled"))
		return text_copy("off");
	if (!broker_object_has(object, "next"))
		return text_copy("never");
	text = format_time(broker_object_number(object, "next"));
	text[strcspn(text, ".")] = '\0';
	return text;
}

static char *cell(const struct broker_object *object, const char *attribute)
{
	if (!strcmp(attribute, "when"))
		return when_text(object);
	if (!strcmp(attribute, "next"))
		return next_text(object);
	return NULL;
}

static const struct column columns[] = {
	{ "name", "NAME" },
	{ "when", "WHEN" },
	{ "timezone", "TIMEZONE", true },
	{ "exchange", "EXCHANGE", true },
	{ "key", "KEY", true },
	{ "uid", "USER", true },
	{ "next", "NEXT" },
	{ "fired", "FIRED" },
	{ "failed", "FAILED" },
	{ "missed", "MISSED", true },
	{ "error", "ERROR", true },
	{ 0 }
};

static const char *const settings[] = {
	"name", "exchange", "key", "interval", "cron", "timezone", "enabled", "uid", NULL
};

static const char *const prepared[] = {
	"interval", "cron", "timezone", "properties", "body", NULL
};

/* Compiles for its words alone: the object does it again. */
static int open_cron(const struct args *args, const char *text, const char *timezone,
		     struct broker_cron **cron)
{
	unsigned int column;
	const char *error;

	if (!broker_cron_new(cron, text, timezone, &error, &column))
		return STATUS_OK;
	failure(args, "calendar: %s", error);
	if (column)
		fprintf(stderr, "  %s\n  %*s\n", text, (int)column, "^");
	else
		hint("time zones are the files below /usr/share/zoneinfo, such as Europe/Berlin");
	return STATUS_USAGE;
}

/* What of text and time zone is not given stays as it is. */
static int fill_in(const struct args *args, char **text, char **timezone)
{
	struct broker_object *request = NULL, *reply = NULL;
	struct broker_admin *admin;
	int status, error;

	status = open_admin(args, &admin);
	if (status)
		return status;
	error = broker_object_new(&request, BROKER_OBJECT_SCHEDULE);
	if (!error)
		error = broker_object_set_string(request, "name", args_argument(args, 0));
	if (!error)
		error = broker_admin_call(admin, BROKER_CMD_SCHEDULE_GET, request, &reply);
	if (error)
		status = failure_admin(args, admin, error, NULL);
	else if (!*text && !broker_object_has(reply, "cron"))
		status = usage_error(args->command, "--timezone goes with --cron");
	if (!status && !*text)
		*text = text_copy(broker_object_string(reply, "cron"));
	if (!status && !*timezone)
		*timezone = text_copy(broker_object_string(reply, "timezone"));
	broker_object_free(reply);
	broker_object_free(request);
	broker_admin_close(admin);
	return status;
}

static char *copy_of(const char *text)
{
	return text ? text_copy(text) : NULL;
}

static int set_calendar(const struct args *args, struct broker_object *request)
{
	char *text = copy_of(args_text(args, OPT_CRON, NULL));
	char *timezone = copy_of(args_text(args, OPT_TIMEZONE, NULL));
	struct broker_cron *cron = NULL;
	int status = STATUS_OK;

	if (!text && !timezone)
		return STATUS_OK;
	if (!strcmp(args->command->verb, "set") && (!text || !timezone))
		status = fill_in(args, &text, &timezone);
	else if (!text)
		status = usage_error(args->command, "--timezone goes with --cron");
	if (!status)
		status = open_cron(args, text, timezone, &cron);
	if (!status)
		status = object_assign(args, request, "timezone", timezone ? timezone : "");
	if (!status)
		status = object_assign(args, request, "cron", text);
	broker_cron_free(cron);
	free(timezone);
	free(text);
	return status;
}

static int set_interval(const struct args *args, struct broker_object *request)
{
	uint64_t ns = args_number(args, OPT_EVERY, 0);

	if (!args_has(args, OPT_EVERY))
		return STATUS_OK;
	if (ns % NSEC_PER_MSEC || ns / NSEC_PER_MSEC < BROKER_INTERVAL_MIN ||
	    ns / NSEC_PER_MSEC > BROKER_INTERVAL_MAX)
		return usage_error(args->command, "--every takes %u ms to ten years, such as 90s",
				   BROKER_INTERVAL_MIN);
	broker_object_set_number(request, "interval", ns / NSEC_PER_MSEC);
	return STATUS_OK;
}

static int set_properties(const struct args *args, struct broker_object *request)
{
	struct broker_message *message;
	const void *props;
	size_t length;
	int status;

	if (broker_message_new(&message))
		return failure(args, "out of memory");
	status = message_set_options(args, message);
	props = broker_message_props(message, &length);
	if (!status && length && broker_object_set_bytes(request, "properties", props, length))
		status = failure(args, "the properties are too long");
	broker_message_free(message);
	return status;
}

static int read_body(const struct args *args, const char *path, char *body, size_t *length)
{
	int file = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	ssize_t got = 0;

	if (file < 0)
		return failure(args, "%s: %s", path, strerror(errno));
	for (*length = 0; *length <= BROKER_SCHEDULE_BODY_MAX; *length += got) {
		got = read(file, body + *length, BROKER_SCHEDULE_BODY_MAX + 1 - *length);
		if (got <= 0)
			break;
	}
	if (got < 0)
		failure(args, "%s: %s", path, strerror(errno));
	if (file != STDIN_FILENO)
		close(file);
	return got < 0 ? STATUS_FAILED : STATUS_OK;
}

static int set_body(const struct args *args, struct broker_object *request)
{
	const char *text = args_text(args, OPT_BODY, NULL);
	const char *path = args_text(args, OPT_BODY_FILE, NULL);
	char *body = memory(BROKER_SCHEDULE_BODY_MAX + 1);
	size_t length = 0;
	int status = STATUS_OK;

	if (text && path)
		status = usage_error(args->command, "--body takes the place of --body-file");
	else if (path)
		status = read_body(args, path, body, &length);
	else if (text)
		length = strlen(text);
	if (!status && length > BROKER_SCHEDULE_BODY_MAX)
		status = failure(args, "a schedule's body has %u bytes at most",
				 BROKER_SCHEDULE_BODY_MAX);
	if (!status && (text || path) &&
	    broker_object_set_bytes(request, "body", text ? text : body, length))
		status = failure(args, "out of memory");
	free(body);
	return status;
}

static int prepare(const struct args *args, struct broker_object *request)
{
	bool add = !strcmp(args->command->verb, "add");
	int status;

	if (!add && strcmp(args->command->verb, "set"))
		return STATUS_OK;
	if (args_has(args, OPT_EVERY) && (args_has(args, OPT_CRON) || args_has(args, OPT_TIMEZONE)))
		return usage_error(args->command, "--every goes without --cron and --timezone");
	if (add && !args_has(args, OPT_EVERY) && !args_has(args, OPT_CRON))
		return usage_error(args->command, "when? --every or --cron is missing");
	status = set_interval(args, request);
	if (!status)
		status = set_calendar(args, request);
	if (!status)
		status = set_properties(args, request);
	return status ? status : set_body(args, request);
}

const struct noun noun_schedule = {
	.name = "schedule",
	.type = BROKER_OBJECT_SCHEDULE,
	.get = BROKER_CMD_SCHEDULE_GET,
	.new = BROKER_CMD_SCHEDULE_NEW,
	.set = BROKER_CMD_SCHEDULE_SET,
	.del = BROKER_CMD_SCHEDULE_DEL,
	.by_name = true,
	.columns = columns,
	.cell = cell,
	.settings = settings,
	.prepared = prepared,
	.prepare = prepare,
};

/* Minutes that local time is ahead of UTC */
static int offset_at(const struct broker_times *times, uint32_t minute)
{
	int offset = times->calendar.offset;

	for (unsigned int i = 0; i < times->nr && times->change[i].minute <= minute; i++)
		offset = times->change[i].offset;
	return offset;
}

static char *local_text(const struct broker_times *times, uint32_t minute)
{
	int offset = offset_at(times, minute);
	time_t local = ((time_t)minute + offset) * SEC_PER_MIN;
	char date[32] = "";
	struct tm tm;

	if (gmtime_r(&local, &tm))
		strftime(date, sizeof(date), "%a %F %H:%M", &tm);
	return text_format("%s %c%02d:%02d", date, offset < 0 ? '-' : '+', abs(offset) / 60,
			   abs(offset) % 60);
}

static void print_next(const struct args *args, const struct broker_times *times)
{
	uint64_t left = args_number(args, OPT_COUNT, 5);
	uint32_t minute = time(NULL) / SEC_PER_MIN;
	json_t *array = json_checked(json_array()), *one;

	while (left-- && (minute = broker_calendar_next(times, minute))) {
		char *text = local_text(times, minute);

		if (args->json) {
			one = json_checked(json_object());
			json_put(one, "time", json_number((uint64_t)minute * SEC_PER_MIN));
			json_put(one, "local", json_string(text));
			json_array_append_new(array, one);
		} else {
			puts(text);
		}
		free(text);
	}
	if (args->json)
		json_print(json_incref(array));
	json_decref(array);
}

int schedule_next(const struct args *args)
{
	struct broker_times times;
	struct broker_cron *cron;
	const void *calendar;
	size_t length;
	int status;

	status = open_cron(args, args_argument(args, 0), args_text(args, OPT_TIMEZONE, ""),
			   &cron);
	if (status)
		return status;
	calendar = broker_cron_calendar(cron, &length);
	if (broker_calendar_check(&times, calendar, length))
		status = failure(args, "this time never comes");
	else
		print_next(args, &times);
	broker_cron_free(cron);
	return status;
}
