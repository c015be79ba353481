// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "exec.h"
#include "header.h"
#include "message.h"
#include "report.h"

/* Variables to be, as environ wants them */
struct environment {
	char **variables;
	size_t count;
};

static void add(struct environment *environment, char *variable)
{
	environment->variables = memory_resize(environment->variables,
			(environment->count + 2) * sizeof(*environment->variables));
	environment->variables[environment->count++] = variable;
	environment->variables[environment->count] = NULL;
}

/* Takes @value.  BROKER_<prefix><NAME>, with "_" for what no shell has in a name. */
static void add_named(struct environment *environment, const char *prefix, const char *name,
		      size_t name_length, char *value)
{
	char *variable = text_format("BROKER_%s%.*s=%s", prefix, (int)name_length, name, value);
	char *c = variable + strlen("BROKER_") + strlen(prefix);

	for (size_t i = 0; i < name_length; i++, c++)
		*c = isalnum((unsigned char)*c) && !(*c & 0x80) ? toupper(*c) : '_';
	free(value);
	add(environment, variable);
}

static void add_properties(struct environment *environment, const struct broker_message *message)
{
	enum broker_prop_type type;
	size_t name_length, length;
	const void *value;
	const char *name;

	for (unsigned int id = FIRST_PROPERTY; (name = property_name(id)); id++) {
		if (!broker_message_property(message, id, &type, &value, &length))
			add_named(environment, "", name, strlen(name),
				  value_text(type, value, length));
	}
	for (unsigned int i = 0; !broker_message_header(message, i, &name, &name_length, &type,
							&value, &length); i++)
		add_named(environment, "HEADER_", name, name_length,
			  value_text(type, value, length));
}

static void add_delivery(struct environment *environment, const struct broker_message *message)
{
	const struct broker_delivery *delivery = broker_message_delivery(message);
	char *cause = message_cause(message);
	const char *state;
	size_t length;

	state = broker_message_key_state(message, &length);
	add(environment, text_format("BROKER_EXCHANGE=%s", broker_message_exchange(message)));
	add(environment, text_format("BROKER_KEY=%s", broker_message_key(message)));
	add(environment, text_format("BROKER_SEQUENCE=%llu",
				     (unsigned long long)delivery->sequence));
	add(environment, text_format("BROKER_TIME_NS=%llu", (unsigned long long)delivery->time_ns));
	add(environment, text_format("BROKER_DELIVERIES=%u", delivery->acquired));
	add(environment, text_format("BROKER_FAILED=%u", delivery->failed));
	add(environment, text_format("BROKER_REDELIVERED=%s", cause));
	add(environment, text_format("BROKER_STATE=%.*s", (int)length, state));
	add(environment, text_format("BROKER_ORIGIN_UID=%u", delivery->origin.uid));
	add(environment, text_format("BROKER_ORIGIN_GID=%u", delivery->origin.gid));
	add(environment, text_format("BROKER_ORIGIN_PID=%u", delivery->origin.pid));
	free(cause);
}

/* Under the name by which tracing tools hand it on; our own is no message's. */
static void add_traceparent(struct environment *environment, const struct broker_message *message)
{
	enum broker_prop_type type;
	const void *value;
	size_t length;

	if (!broker_message_property(message, BROKER_PROP_TRACEPARENT, &type, &value, &length))
		add(environment, text_format("TRACEPARENT=%.*s", (int)length,
					     (const char *)value));
}

static void environment_fill(struct environment *environment, const struct broker_message *message)
{
	*environment = (struct environment){ 0 };
	/* What the broker says comes first: of two with one name, getenv() takes it. */
	add_delivery(environment, message);
	add_properties(environment, message);
	add_traceparent(environment, message);
	for (char **variable = environ; *variable; variable++) {
		if (strncmp(*variable, "BROKER_", strlen("BROKER_")) &&
		    strncmp(*variable, "TRACEPARENT=", strlen("TRACEPARENT=")))
			add(environment, text_copy(*variable));
	}
}

static void environment_free(struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++)
		free(environment->variables[i]);
	free(environment->variables);
}

/* A file that holds the body: unlike a pipe it asks for nobody to feed it. */
static int body_file(const struct broker_message *message)
{
	size_t length, done = 0;
	const char *body = message_body(message, &length);
	int file = memfd_create("message", MFD_CLOEXEC);
	ssize_t written = 0;

	if (file < 0)
		return -errno;
	for (; done < length; done += written) {
		written = write(file, body + done, length - done);
		if (written < 0)
			break;
	}
	if (written < 0 || lseek(file, 0, SEEK_SET) < 0) {
		int error = -errno;

		close(file);
		return error;
	}
	return file;
}

static int spawn(const char *command, int input, int output, char **environment, pid_t *child)
{
	char *words[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int error;

	/* The command gets the signals that brokerctl itself holds back. */
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	if (output >= 0)
		posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(child, "/bin/sh", &files, &attributes, words, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -error;
}

static int outcome(int status)
{
	if (!WIFEXITED(status))
		return BROKER_OP_FAIL;
	switch (WEXITSTATUS(status)) {
	case EX_OK:
		return BROKER_OP_ACCEPT;
	case EX_TEMPFAIL:
		return BROKER_OP_RELEASE;
	}
	return BROKER_OP_FAIL;
}

int exec_message(const char *command, const struct broker_message *message, int output)
{
	struct environment environment;
	int input, error, status;
	pid_t child;

	input = body_file(message);
	if (input < 0)
		return input;
	environment_fill(&environment, message);
	error = spawn(command, input, output, environment.variables, &child);
	environment_free(&environment);
	close(input);
	if (error)
		return error;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return outcome(status);
}
