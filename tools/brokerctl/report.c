// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static void say(const struct command *command, const char *format, va_list arguments)
{
	fflush(stdout);
	fprintf(stderr, "brokerctl: ");
	if (command)
		fprintf(stderr, "%s: ", command_name(command));
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

int usage_error(const struct command *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(command, format, arguments);
	va_end(arguments);
	if (command)
		hint("brokerctl %s --help", command_name(command));
	else
		hint("brokerctl --help");
	return STATUS_USAGE;
}

int failure(const struct args *args, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(args->command, format, arguments);
	va_end(arguments);
	return STATUS_FAILED;
}

void hint(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "hint: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static void hint_admin(const struct command *command, int error)
{
	const char *noun = command->noun;

	switch (-error) {
	case EPERM:
	case EACCES:
		hint("this takes CAP_NET_ADMIN in the network namespace (sudo), or permission "
		     "in the object's mode");
		break;
	case EEXIST:
		if (noun && !strcmp(command->verb, "add"))
			hint("brokerctl %s set … changes one that exists", noun);
		break;
	case ENOENT:
		if (noun && strcmp(command->verb, "add"))
			hint("brokerctl %s show lists those that exist", noun);
		break;
	case EPROTO:
	case EOPNOTSUPP:
		hint("are the loaded module and brokerctl of the same version? brokerctl status");
		break;
	}
}

int failure_admin(const struct args *args, const struct broker_admin *admin, int error,
		  const char *subject)
{
	const char *attribute = broker_admin_error_attribute(admin);
	const char *sentence = broker_admin_error(admin);

	/* The module says who it is, as all do; here that is known. */
	if (!strncmp(sentence, "broker: ", strlen("broker: ")))
		sentence += strlen("broker: ");
	if (!*sentence)
		sentence = strerror(-error);
	failure(args, "%s%s%s%s%s%s", subject ? subject : "", subject ? ": " : "", sentence,
		*attribute ? " (" : "", attribute, *attribute ? ")" : "");
	hint_admin(args->command, error);
	return STATUS_FAILED;
}

static int failure_open(const struct args *args, int error)
{
	switch (-error) {
	case ENOENT:
	case ENODEV:
		failure(args, "the broker module is not loaded");
		hint("modprobe broker");
		break;
	case EACCES:
	case EPERM:
		failure(args, "no permission to open /dev/broker");
		hint("ls -l /dev/broker");
		break;
	case EPROTO:
		failure(args, "the module loaded speaks another version of the interface");
		hint("install the module and brokerctl of the same release");
		break;
	default:
		failure(args, "cannot reach the broker: %s", strerror(-error));
	}
	return STATUS_FAILED;
}

int open_admin(const struct args *args, struct broker_admin **admin)
{
	int error = broker_admin_open(admin);

	return error ? failure_open(args, error) : STATUS_OK;
}

int open_session(const struct args *args, struct broker_session **session)
{
	int error = broker_session_open(session);

	return error ? failure_open(args, error) : STATUS_OK;
}

static void *or_die(void *pointer)
{
	if (!pointer) {
		fputs("brokerctl: out of memory\n", stderr);
		exit(STATUS_FAILED);
	}
	return pointer;
}

void *memory(size_t bytes)
{
	return or_die(malloc(bytes ? bytes : 1));
}

void *memory_resize(void *old, size_t bytes)
{
	return or_die(realloc(old, bytes ? bytes : 1));
}

char *text_copy(const char *text)
{
	return or_die(strdup(text));
}

char *text_format(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return or_die(length < 0 ? NULL : text);
}
