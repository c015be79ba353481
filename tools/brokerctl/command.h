/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table of commands, and what is needed to write a row of it.
 *
 * A row says which words call a command, which arguments and options it takes,
 * and which function does it.  Dispatch, parsing, --help and completion all
 * read the same rows (commands.c) and options (options.c).
 */
#ifndef BROKERCTL_COMMAND_H
#define BROKERCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <broker.h>

/* Exit statuses */
enum {
	STATUS_OK	= 0,
	STATUS_FAILED	= 1,	/* the broker refused, or nothing is there */
	STATUS_USAGE	= 2,
};

/* What a value is the name of, for completion */
enum names {
	NAMES_NONE,
	NAMES_EXCHANGE,
	NAMES_QUEUE,
	NAMES_SCHEDULE,
	NAMES_FILE,
	NAMES_COMMAND,
	NAMES_USER,
	NAMES_GROUP,
};

enum option_id {
	OPT_NONE,		/* ends a command's list */
	/* of every command */
	OPT_JSON,
	OPT_HELP,
	/* of objects */
	OPT_EXCHANGE_TYPE,
	OPT_ALTERNATE,
	OPT_AUTO_DELETE,
	OPT_HASH_HEADER,
	OPT_RETAIN,
	OPT_RETAIN_MAX,
	OPT_RETAIN_MAX_BYTES,
	OPT_REWRITE_FROM,
	OPT_REWRITE_TO,
	OPT_MAX_MESSAGES,
	OPT_MAX_BYTES,
	OPT_OVERFLOW,
	OPT_MODE,
	OPT_OWNER,
	OPT_GROUP,
	OPT_PROTECTED,
	OPT_SEALED,
	OPT_SINGLE_ACTIVE,
	OPT_ORDERING,
	OPT_SLOW_AFTER,
	OPT_SLOW_ACTION,
	OPT_DELIVER_AT,
	OPT_MESSAGE_TTL,
	OPT_PRIORITIES,
	OPT_TTL,
	OPT_LEASE,
	OPT_MAX_DELIVERY,
	OPT_RETRY_MIN,
	OPT_RETRY_MAX,
	OPT_RETRY_JITTER,
	OPT_DEAD_LETTER_EXCHANGE,
	OPT_DEAD_LETTER_KEY,
	OPT_DEDUPE_WINDOW,
	OPT_DEDUPE_MAX,
	OPT_EXPIRES,
	OPT_PAUSED,
	OPT_MAX_RATE,
	OPT_MAX_BURST,
	OPT_FOR,
	OPT_LATENCY,
	OPT_IF_UNUSED,
	OPT_IF_EMPTY,
	OPT_TO_EXCHANGE,
	OPT_QUEUE,
	OPT_MATCH,
	OPT_MATCH_HEADER,
	OPT_WEIGHT,
	OPT_DIVERT,
	OPT_TAP,
	OPT_PLAIN,
	OPT_DEFAULT_MAX_MESSAGES,
	OPT_DEFAULT_MAX_BYTES,
	OPT_DEFAULT_OVERFLOW,
	/* of lists */
	OPT_WIDE,
	OPT_LIMIT,
	OPT_STATE,
	OPT_REDRIVE_TO,
	OPT_RATE,
	/* of policies */
	OPT_PRECEDENCE,
	OPT_CAP,
	OPT_UNSET,
	OPT_PATTERN,
	/* of schedules */
	OPT_EVERY,
	OPT_CRON,
	OPT_TIMEZONE,
	OPT_ENABLED,
	OPT_SCHEDULE_EXCHANGE,
	OPT_SCHEDULE_KEY,
	OPT_BODY_FILE,
	/* of draining */
	OPT_OFF,
	OPT_WAIT,
	OPT_DRAIN_TIMEOUT,
	/* of definitions */
	OPT_DIGEST,
	OPT_DRY_RUN,
	OPT_PRUNE,
	/* of access rules */
	OPT_ACL_FOR,
	OPT_ACL_USER,
	OPT_PRODUCER_USER,
	OPT_ACL_NUMBER,
	/* of limits */
	OPT_MAX_SESSIONS,
	OPT_MAX_QUEUES,
	OPT_MAX_BINDINGS,
	OPT_MAX_CONSUMERS,
	OPT_MAX_HELD,
	OPT_MESSAGE_RATE,
	OPT_MESSAGE_BURST,
	OPT_BYTE_RATE,
	OPT_BYTE_BURST,
	/* of messages: properties */
	OPT_CONTENT_TYPE,
	OPT_CONTENT_ENCODING,
	OPT_MESSAGE_ID,
	OPT_CORRELATION_ID,
	OPT_REPLY_TO,
	OPT_TYPE,
	OPT_APP_ID,
	OPT_SUBJECT,
	OPT_GROUP_KEY,
	OPT_DEDUPE_ID,
	OPT_PRODUCER,
	OPT_PRODUCER_SEQUENCE,
	OPT_TRACEPARENT,
	OPT_USER_ID,
	OPT_TIMESTAMP,
	OPT_PRIORITY,
	OPT_DELIVERY_MODE,
	OPT_HEADER,
	/* of publishing */
	OPT_BODY,
	OPT_LINES,
	OPT_OPTIONAL,
	OPT_PARTIAL,
	OPT_PUBLISH_RETAIN,
	OPT_CONFIRM,
	OPT_MIN_ROUTES,
	OPT_EXPECT,
	OPT_PUBLISH_TIMEOUT,
	OPT_TALLY,
	/* of receiving */
	OPT_ACK,
	OPT_AUDIT,
	OPT_SHARED_GROUP,
	OPT_COUNT,
	OPT_FILTER,
	OPT_DEFERRED,
	OPT_CREDIT,
	OPT_EXCLUSIVE,
	OPT_CONSUMER_LEASE,
	OPT_CONSUMER_PRIORITY,
	OPT_EXEC,
	OPT_REPLY,
	OPT_KEY_STATE,
	OPT_RAW,
	OPT_TIMEOUT,
	OPT_VERBOSE,
	/* of top */
	OPT_BATCH,
	OPT_INTERVAL,
	OPT_ROUNDS,
	OPT_SORT,
	NR_OPTIONS
};

/* How the text of an option's value is read */
enum value_kind {
	VALUE_NONE,		/* takes none */
	VALUE_TEXT,
	VALUE_NUMBER,		/* within min and max */
	VALUE_SIZE,		/* bytes, with K, M, G */
	VALUE_LIMIT,		/* a number or bytes with K, M, G; or none */
	VALUE_MODE,		/* octal */
	VALUE_DURATION,		/* nanoseconds, from 5s, 200ms, … */
	VALUE_TIMESTAMP,	/* milliseconds since 1970, or "now" */
	VALUE_USER,		/* number of a user, from its name */
	VALUE_GROUP,
	VALUE_WORD,		/* one of words; its number is its place */
	VALUE_HEADER,		/* NAME[:TYPE]=VALUE; read by header.c */
};

struct option_def {
	const char *name;
	char letter;			/* 0: has none */
	enum value_kind kind;
	const char *value_name;		/* in help */
	const char *const *words;	/* for VALUE_WORD */
	uint64_t min, max;		/* for VALUE_NUMBER */
	const char *attribute;		/* of an object: where the value goes */
	const char *word;		/* with VALUE_NONE: to be set in that attribute */
	enum broker_prop_id property;	/* of a message: where the value goes */
	enum names names;
	const char *help;
};

extern const struct option_def option_table[NR_OPTIONS];

struct argument_def {
	const char *name;		/* in help */
	const char *attribute;		/* of an object: where it goes */
	enum names names;
	bool optional;
	bool repeat;			/* any number; the last one only */
};

#define MAX_ARGUMENTS 3

struct args;
struct noun;

struct command {
	const char *noun;		/* NULL: the verb alone */
	const char *verb;
	const char *brief;		/* one line */
	const char *details;		/* or NULL */
	const struct noun *object;	/* what it is about, or NULL */
	struct argument_def arguments[MAX_ARGUMENTS];
	enum option_id options[NR_OPTIONS];
	bool hidden;			/* from help and completion */
	bool bare;			/* words after it are not parsed: no options */
	int (*run)(const struct args *args);	/* returns an exit status */
};

extern const struct command commands[];
extern const size_t nr_commands;

const struct command *command_find(const char *noun, const char *verb);
bool command_is_noun(const char *word);
bool command_takes(const struct command *command, enum option_id id);

/* Name of a command in messages: "queue add"; static until the next call. */
const char *command_name(const struct command *command);

void help_all(void);
void help_command(const struct command *command);
int help_json(void);

#endif
