// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of commands.  A new command is a row here, its options' rows in
 * options.c, and a function.
 */
#include <stdio.h>
#include <string.h>

#include "object.h"
#include "verbs.h"

#define PROPERTY_OPTIONS                                                                        \
	OPT_CONTENT_TYPE, OPT_CONTENT_ENCODING, OPT_MESSAGE_ID, OPT_CORRELATION_ID,             \
	OPT_REPLY_TO, OPT_TYPE, OPT_APP_ID, OPT_SUBJECT, OPT_GROUP_KEY, OPT_DEDUPE_ID,          \
	OPT_PRODUCER, OPT_PRODUCER_SEQUENCE, OPT_TRACEPARENT, OPT_USER_ID, OPT_TIMESTAMP,       \
	OPT_DELIVER_AT, OPT_MESSAGE_TTL, OPT_PRIORITY, OPT_DELIVERY_MODE, OPT_HEADER

#define EXCHANGE_OPTIONS                                                                        \
	OPT_ALTERNATE, OPT_HASH_HEADER, OPT_REWRITE_FROM, OPT_REWRITE_TO, OPT_RETAIN_MAX,       \
	OPT_RETAIN_MAX_BYTES, OPT_MODE, OPT_OWNER, OPT_GROUP, OPT_PROTECTED

#define QUEUE_OPTIONS                                                                           \
	OPT_MAX_MESSAGES, OPT_MAX_BYTES, OPT_OVERFLOW, OPT_MODE, OPT_OWNER, OPT_GROUP,          \
	OPT_PROTECTED, OPT_SEALED, OPT_SINGLE_ACTIVE, OPT_PRIORITIES, OPT_TTL, OPT_LEASE,       \
	OPT_MAX_DELIVERY, OPT_RETRY_MIN, OPT_RETRY_MAX, OPT_RETRY_JITTER,                       \
	OPT_DEAD_LETTER_EXCHANGE,                                                               \
	OPT_DEAD_LETTER_KEY, OPT_DEDUPE_WINDOW, OPT_DEDUPE_MAX, OPT_EXPIRES, OPT_PAUSED,        \
	OPT_MAX_RATE, OPT_MAX_BURST, OPT_ORDERING, OPT_SLOW_AFTER, OPT_SLOW_ACTION

/* Those of a message that may come again */
#define SCHEDULE_OPTIONS                                                                        \
	OPT_EVERY, OPT_CRON, OPT_TIMEZONE, OPT_ENABLED, OPT_BODY, OPT_BODY_FILE,                \
	OPT_CONTENT_TYPE, OPT_CONTENT_ENCODING, OPT_MESSAGE_ID, OPT_CORRELATION_ID,             \
	OPT_REPLY_TO, OPT_TYPE, OPT_APP_ID, OPT_SUBJECT, OPT_GROUP_KEY, OPT_TRACEPARENT,        \
	OPT_USER_ID, OPT_TIMESTAMP, OPT_MESSAGE_TTL, OPT_PRIORITY, OPT_DELIVERY_MODE, OPT_HEADER

/* What policies may say of queues */
#define POLICY_OPTIONS                                                                          \
	OPT_PRECEDENCE, OPT_MAX_MESSAGES, OPT_MAX_BYTES, OPT_OVERFLOW, OPT_SINGLE_ACTIVE,       \
	OPT_PRIORITIES, OPT_TTL, OPT_LEASE, OPT_MAX_DELIVERY, OPT_RETRY_MIN, OPT_RETRY_MAX,     \
	OPT_RETRY_JITTER, OPT_DEAD_LETTER_EXCHANGE, OPT_DEAD_LETTER_KEY, OPT_DEDUPE_WINDOW,     \
	OPT_DEDUPE_MAX, OPT_EXPIRES, OPT_MAX_RATE, OPT_MAX_BURST, OPT_SLOW_AFTER,               \
	OPT_SLOW_ACTION

#define EXCHANGE_NAME { .name = "NAME", .attribute = "name", .names = NAMES_EXCHANGE }
#define EXCHANGE_NAMES(is_optional)                                                             \
	{ .name = "NAME", .attribute = "name", .names = NAMES_EXCHANGE, .repeat = true,         \
	  .optional = is_optional }
#define QUEUE_NAMES(is_optional)                                                                \
	{ .name = "NAME", .attribute = "name", .names = NAMES_QUEUE, .repeat = true,            \
	  .optional = is_optional }
/* The destination's attribute depends on --to-exchange: binding.c. */
#define BINDING_ARGUMENTS                                                                       \
	{ .name = "EXCHANGE", .attribute = "exchange", .names = NAMES_EXCHANGE },               \
	{ .name = "DEST", .names = NAMES_QUEUE },                                        \
	{ .name = "KEY", .attribute = "key", .optional = true }
#define LIMIT_ARGUMENTS(is_optional)                                                            \
	{ .name = "KIND", .attribute = "kind", .optional = is_optional },                       \
	{ .name = "WHO", .optional = true }
#define LIMIT_OPTIONS                                                                           \
	OPT_MAX_SESSIONS, OPT_MAX_QUEUES, OPT_MAX_BINDINGS, OPT_MAX_CONSUMERS, OPT_MAX_HELD,    \
	OPT_MESSAGE_RATE, OPT_MESSAGE_BURST, OPT_BYTE_RATE, OPT_BYTE_BURST
#define QUEUE_ARGUMENT { .name = "QUEUE", .names = NAMES_QUEUE }
#define MOVE_ARGUMENTS                                                                          \
	{ .name = "FROM", .attribute = "name", .names = NAMES_QUEUE },                          \
	{ .name = "TO", .attribute = "to-queue", .names = NAMES_QUEUE }
#define DEFINITIONS_FILE { .name = "FILE", .names = NAMES_FILE, .optional = true }
#define PUBLISH_ARGUMENTS                                                                       \
	{ .name = "EXCHANGE", .attribute = "exchange", .names = NAMES_EXCHANGE },               \
	{ .name = "KEY", .attribute = "key" }

const struct command commands[] = {
	{
		.verb = "status",
		.brief = "Show counts and settings of the broker",
		.details = "This is what brokerctl does when it is given no command.",
		.object = &noun_broker,
		.run = object_show,
	},
	{
		.verb = "monitor",
		.brief = "Show events as they come, a line each",
		.details = "What is made, changed and deleted, and consumers that begin and end, "
			   "with the cause. SIGINT and SIGTERM end it with status 0.",
		.options = { OPT_AUDIT, OPT_COUNT, OPT_TIMEOUT },
		.run = monitor_run,
	},
	{
		.verb = "top",
		.brief = "Watch queues at work",
		.details = "A table of queues with what each holds, and messages a second: IN that "
			   "it took, OUT that it handed out, DONE that were settled for good. "
			   "The keys < and > or the arrows choose the column to sort by, r turns "
			   "it round, arrows up and down go through the list, q quits. With "
			   "--json, or where standard output is no terminal, it is as with "
			   "--batch.",
		.options = { OPT_BATCH, OPT_ROUNDS, OPT_INTERVAL, OPT_SORT },
		.run = top_run,
	},
	{
		.verb = "who",
		.brief = "Show which processes publish, consume, and hold messages",
		.details = "A line for each session, those that hold most first; or for those "
			   "that consume from QUEUE. HOLDS counts messages on their way and "
			   "those that are not settled.",
		.arguments = { { .name = "QUEUE", .names = NAMES_QUEUE, .optional = true } },
		.options = { OPT_WIDE },
		.run = who_run,
	},
	{
		.verb = "move",
		.brief = "Move messages to another queue",
		.details = "In their order, with their counts. What the limits of TO do not allow "
			   "stays, and is status 1. With another --state than ready, TO may be "
			   "FROM: they become ready.",
		.object = &noun_queue,
		.arguments = { MOVE_ARGUMENTS },
		.options = { OPT_LIMIT, OPT_FILTER, OPT_STATE },
		.run = move_run,
	},
	{
		.verb = "copy",
		.brief = "Copy messages to another queue",
		.details = "In their order, as new messages with the same origin. What the limits "
			   "of TO do not allow is not copied, and is status 1.",
		.object = &noun_queue,
		.arguments = { MOVE_ARGUMENTS },
		.options = { OPT_LIMIT, OPT_FILTER, OPT_STATE },
		.run = copy_run,
	},
	{
		.verb = "redrive",
		.brief = "Send messages back to where they died",
		.details = "Those that are quarantined in QUEUE to their place there, and those "
			   "that came to QUEUE as dead letters to the queues that they came from, "
			   "as if they had not been tried; or all --to one queue. What a limit "
			   "does not allow stays, and is status 1.",
		.object = &noun_queue,
		.arguments = { { .name = "QUEUE", .attribute = "name", .names = NAMES_QUEUE } },
		.options = { OPT_LIMIT, OPT_FILTER, OPT_STATE, OPT_REDRIVE_TO, OPT_RATE,
			     OPT_DRY_RUN },
		.run = redrive_run,
	},
	{
		.verb = "remove",
		.brief = "Delete single messages of a queue, by their sequence",
		.details = "Wherever they are, unless somebody has them in hand. Who published a "
			   "message for later may delete it as long as it waits; else it takes x "
			   "on QUEUE.",
		.object = &noun_queue,
		.arguments = { { .name = "QUEUE", .attribute = "name", .names = NAMES_QUEUE },
			       { .name = "SEQUENCE", .repeat = true } },
		.run = remove_run,
	},
	{
		.verb = "drain",
		.brief = "Stop publishing, so that all queues run empty",
		.details = "Publishers get ESHUTDOWN until --off, consumers go on. Once all "
			   "queues are empty and no session is open, the module can be "
			   "unloaded without a loss.",
		.options = { OPT_OFF, OPT_WAIT, OPT_DRAIN_TIMEOUT },
		.run = drain_run,
	},
	{
		.verb = "export",
		.brief = "Write all definitions as JSON",
		.details = "Settings of the broker, exchanges, queues, bindings, policies, "
			   "access rules and schedules, with all that can be set of them. "
			   "Exclusive queues, queues whose names the broker made up, and their "
			   "bindings are left out.",
		.options = { OPT_DIGEST },
		.run = export_run,
	},
	{
		.verb = "apply",
		.brief = "Make the definitions of a file so",
		.details = "Makes what is missing and sets what is different, and shows each "
			   "change once it is made; what FILE does not mention stays. "
			   "Where nothing is different, nothing is done. FILE is as written by "
			   "export; - or none is standard input.",
		.arguments = { DEFINITIONS_FILE },
		.options = { OPT_DRY_RUN, OPT_PRUNE },
		.run = apply_run,
	},
	{
		.verb = "diff",
		.brief = "Show what apply would change",
		.details = "Status 1 if there is anything.",
		.arguments = { DEFINITIONS_FILE },
		.options = { OPT_PRUNE },
		.run = diff_run,
	},
	{
		.noun = "broker", .verb = "show",
		.brief = "Show counts and settings of the broker",
		.object = &noun_broker,
		.run = object_show,
	},
	{
		.noun = "broker", .verb = "set",
		.brief = "Change settings of the broker",
		.object = &noun_broker,
		.options = { OPT_DEFAULT_MAX_MESSAGES, OPT_DEFAULT_MAX_BYTES,
			     OPT_DEFAULT_OVERFLOW },
		.run = object_set,
	},
	{
		.noun = "exchange", .verb = "add",
		.brief = "Make an exchange",
		.object = &noun_exchange,
		.arguments = { { .name = "NAME", .attribute = "name" } },
		.options = { OPT_EXCHANGE_TYPE, EXCHANGE_OPTIONS, OPT_AUTO_DELETE, OPT_RETAIN },
		.run = object_add,
	},
	{
		.noun = "exchange", .verb = "set",
		.brief = "Change an exchange",
		.object = &noun_exchange,
		.arguments = { EXCHANGE_NAME },
		.options = { EXCHANGE_OPTIONS },
		.run = object_set,
	},
	{
		.noun = "exchange", .verb = "del",
		.brief = "Delete exchanges and their bindings",
		.object = &noun_exchange,
		.arguments = { EXCHANGE_NAMES(false) },
		.options = { OPT_IF_UNUSED },
		.run = object_del,
	},
	{
		.noun = "exchange", .verb = "show",
		.brief = "List exchanges, or show those named in full",
		.object = &noun_exchange,
		.arguments = { EXCHANGE_NAMES(true) },
		.options = { OPT_VERBOSE, OPT_WIDE },
		.run = object_show,
	},
	{
		.noun = "queue", .verb = "add",
		.brief = "Make a queue",
		.details = "Without NAME the broker makes one up, and it is printed.",
		.object = &noun_queue,
		.arguments = { { .name = "NAME", .attribute = "name", .optional = true } },
		.options = { QUEUE_OPTIONS, OPT_AUTO_DELETE },
		.run = object_add,
	},
	{
		.noun = "queue", .verb = "set",
		.brief = "Change a queue",
		.details = "Limits below what it holds stop new messages and drop none.",
		.object = &noun_queue,
		.arguments = { { .name = "NAME", .attribute = "name", .names = NAMES_QUEUE } },
		.options = { QUEUE_OPTIONS, OPT_UNSET },
		.run = object_set,
	},
	{
		.noun = "queue", .verb = "del",
		.brief = "Delete queues, their bindings and their messages",
		.object = &noun_queue,
		.arguments = { QUEUE_NAMES(false) },
		.options = { OPT_IF_UNUSED, OPT_IF_EMPTY },
		.run = object_del,
	},
	{
		.noun = "queue", .verb = "pause",
		.brief = "Give the consumers of queues nothing for a while",
		.details = "What is on its way to them and not received comes back; what they have "
			   "received is theirs to settle. Messages are taken as ever.",
		.object = &noun_queue,
		.arguments = { { .name = "NAME", .names = NAMES_QUEUE, .repeat = true } },
		.options = { OPT_FOR },
		.run = pause_run,
	},
	{
		.noun = "queue", .verb = "resume",
		.brief = "Let queues that were paused go on",
		.object = &noun_queue,
		.arguments = { { .name = "NAME", .names = NAMES_QUEUE, .repeat = true } },
		.run = pause_run,
	},
	{
		.noun = "queue", .verb = "show",
		.brief = "List queues, or show those named in full",
		.object = &noun_queue,
		.arguments = { QUEUE_NAMES(true) },
		.options = { OPT_LATENCY, OPT_VERBOSE, OPT_WIDE },
		.run = queue_show,
	},
	{
		.noun = "binding", .verb = "add",
		.brief = "Bind a queue or an exchange to an exchange",
		.details = "Messages published to EXCHANGE whose routing key KEY matches go to "
			   "DEST. In KEY, a topic exchange takes * for one word and # for "
			   "any number of words.",
		.object = &noun_binding,
		.arguments = { BINDING_ARGUMENTS },
		.options = { OPT_TO_EXCHANGE, OPT_MATCH, OPT_MATCH_HEADER, OPT_FILTER, OPT_WEIGHT,
			     OPT_DIVERT, OPT_TAP },
		.run = object_add,
	},
	{
		.noun = "binding", .verb = "set",
		.brief = "Change a binding",
		.details = "--match and --header replace all that a binding of a headers exchange "
			   "compares.",
		.object = &noun_binding,
		.arguments = { BINDING_ARGUMENTS },
		.options = { OPT_TO_EXCHANGE, OPT_MATCH, OPT_MATCH_HEADER, OPT_FILTER, OPT_WEIGHT,
			     OPT_DIVERT, OPT_TAP, OPT_PLAIN },
		.run = object_set,
	},
	{
		.noun = "binding", .verb = "del",
		.brief = "Delete a binding",
		.object = &noun_binding,
		.arguments = { BINDING_ARGUMENTS },
		.options = { OPT_TO_EXCHANGE },
		.run = object_del,
	},
	{
		.noun = "binding", .verb = "show",
		.brief = "List bindings, or those of one exchange or queue",
		.object = &noun_binding,
		.arguments = { { .name = "EXCHANGE", .attribute = "exchange", .optional = true,
				 .names = NAMES_EXCHANGE } },
		.options = { OPT_QUEUE, OPT_VERBOSE },
		.run = object_show,
	},
	{
		.noun = "retained", .verb = "show",
		.brief = "List the messages that an exchange retains",
		.object = &noun_retained,
		.arguments = { { .name = "EXCHANGE", .attribute = "exchange",
				 .names = NAMES_EXCHANGE } },
		.options = { OPT_VERBOSE },
		.run = object_show,
	},
	{
		.noun = "retained", .verb = "del",
		.brief = "Delete a message that an exchange retains, or all of them",
		.object = &noun_retained,
		.arguments = { { .name = "EXCHANGE", .attribute = "exchange",
				 .names = NAMES_EXCHANGE },
			       { .name = "KEY", .attribute = "key", .optional = true } },
		.run = object_del,
	},
	{
		.noun = "producer", .verb = "show",
		.brief = "Show how far producers have come in a queue, or one of them",
		.object = &noun_producer,
		.arguments = { { .name = "QUEUE", .attribute = "queue", .names = NAMES_QUEUE },
			       { .name = "NAME", .attribute = "name", .optional = true } },
		.options = { OPT_PRODUCER_USER, OPT_VERBOSE },
		.run = producer_show,
	},
	{
		.noun = "state", .verb = "show",
		.brief = "List the group keys that a queue keeps a state of, or write one state",
		.object = &noun_state,
		.arguments = { { .name = "QUEUE", .attribute = "queue", .names = NAMES_QUEUE },
			       { .name = "KEY", .optional = true } },
		.options = { OPT_RAW },
		.run = state_show,
	},
	{
		.noun = "state", .verb = "del",
		.brief = "Delete the state of a group key",
		.object = &noun_state,
		.arguments = { { .name = "QUEUE", .attribute = "queue", .names = NAMES_QUEUE },
			       { .name = "KEY" } },
		.run = object_del,
	},
	{
		.noun = "consumer", .verb = "show",
		.brief = "List consumers, or those of one queue",
		.object = &noun_consumer,
		.arguments = { { .name = "QUEUE", .attribute = "queue", .optional = true,
				 .names = NAMES_QUEUE } },
		.options = { OPT_VERBOSE, OPT_WIDE },
		.run = object_show,
	},
	{
		.noun = "consumer", .verb = "pause",
		.brief = "Give consumers nothing for a while",
		.details = "What is on its way to one and not received goes to others. "
			   "consumer show --wide tells SESSION and ID.",
		.object = &noun_consumer,
		.arguments = { { .name = "SESSION/ID", .repeat = true } },
		.options = { OPT_FOR },
		.run = pause_run,
	},
	{
		.noun = "consumer", .verb = "resume",
		.brief = "Let consumers that were paused go on",
		.object = &noun_consumer,
		.arguments = { { .name = "SESSION/ID", .repeat = true } },
		.run = pause_run,
	},
	{
		.noun = "session", .verb = "show",
		.brief = "List sessions: processes that have /dev/broker open",
		.object = &noun_session,
		.options = { OPT_VERBOSE, OPT_WIDE },
		.run = object_show,
	},
	{
		.noun = "acl", .verb = "add",
		.brief = "Allow or deny publishing and binding by routing key",
		.details = "ACTION is allow or deny. Of the rules that match a key the one with "
			   "the least number decides; without one, what the mode allows is "
			   "allowed.",
		.object = &noun_acl,
		.arguments = { { .name = "EXCHANGE", .attribute = "exchange",
				 .names = NAMES_EXCHANGE },
			       { .name = "ACTION", .attribute = "action" },
			       { .name = "PATTERN", .attribute = "pattern" } },
		.options = { OPT_ACL_FOR, OPT_ACL_USER, OPT_GROUP, OPT_ACL_NUMBER },
		.run = object_add,
	},
	{
		.noun = "acl", .verb = "del",
		.brief = "Delete a rule",
		.object = &noun_acl,
		.arguments = { { .name = "EXCHANGE", .attribute = "exchange",
				 .names = NAMES_EXCHANGE },
			       { .name = "NUMBER", .attribute = "number" } },
		.run = object_del,
	},
	{
		.noun = "acl", .verb = "show",
		.brief = "List rules, or those of one exchange, in their order",
		.object = &noun_acl,
		.arguments = { { .name = "EXCHANGE", .attribute = "exchange", .optional = true,
				 .names = NAMES_EXCHANGE } },
		.options = { OPT_VERBOSE },
		.run = object_show,
	},
	{
		.noun = "policy", .verb = "add",
		.brief = "Make settings for all queues whose names match",
		.details = "PATTERN is a topic pattern: words with dots between, * for one word, "
			   "# for any number. What is said of a queue itself goes before; then "
			   "each setting is that of the matching policy of the highest "
			   "--precedence that has it. With --cap it bounds, whoever set it.",
		.object = &noun_policy,
		.arguments = { { .name = "NAME", .attribute = "name" },
			       { .name = "PATTERN", .attribute = "pattern" } },
		.options = { OPT_CAP, POLICY_OPTIONS },
		.run = object_add,
	},
	{
		.noun = "policy", .verb = "set",
		.brief = "Change a policy, and all queues that match with it",
		.object = &noun_policy,
		.arguments = { { .name = "NAME", .attribute = "name" } },
		.options = { OPT_PATTERN, POLICY_OPTIONS },
		.run = object_set,
	},
	{
		.noun = "policy", .verb = "del",
		.brief = "Delete policies; queues get what holds without them",
		.object = &noun_policy,
		.arguments = { { .name = "NAME", .attribute = "name", .repeat = true } },
		.run = object_del,
	},
	{
		.noun = "policy", .verb = "show",
		.brief = "List policies, the highest precedence first, or show those named",
		.object = &noun_policy,
		.arguments = { { .name = "NAME", .attribute = "name", .repeat = true,
				 .optional = true } },
		.options = { OPT_VERBOSE },
		.run = object_show,
	},
	{
		.noun = "schedule", .verb = "add",
		.brief = "Have the broker publish a message again and again",
		.details = "With the caller's rights, as they are at the time. The message carries "
			   "the headers broker.schedule, its NAME, and broker.scheduled, the "
			   "time that was due in milliseconds since 1970.",
		.object = &noun_schedule,
		.arguments = { { .name = "NAME", .attribute = "name" }, PUBLISH_ARGUMENTS },
		.options = { SCHEDULE_OPTIONS },
		.run = object_add,
	},
	{
		.noun = "schedule", .verb = "set",
		.brief = "Change a schedule",
		.details = "Properties and headers that are given replace all there are. Another "
			   "time, and on after off, begin anew.",
		.object = &noun_schedule,
		.arguments = { { .name = "NAME", .attribute = "name", .names = NAMES_SCHEDULE } },
		.options = { OPT_SCHEDULE_EXCHANGE, OPT_SCHEDULE_KEY, SCHEDULE_OPTIONS },
		.run = object_set,
	},
	{
		.noun = "schedule", .verb = "del",
		.brief = "Delete schedules",
		.object = &noun_schedule,
		.arguments = { { .name = "NAME", .attribute = "name", .names = NAMES_SCHEDULE,
				 .repeat = true } },
		.run = object_del,
	},
	{
		.noun = "schedule", .verb = "show",
		.brief = "List schedules, or show those named in full",
		.object = &noun_schedule,
		.arguments = { { .name = "NAME", .attribute = "name", .names = NAMES_SCHEDULE,
				 .repeat = true, .optional = true } },
		.options = { OPT_VERBOSE, OPT_WIDE },
		.run = object_show,
	},
	{
		.noun = "schedule", .verb = "next",
		.brief = "Tell when a calendar comes next; the broker is not asked",
		.arguments = { { .name = "FIELDS" } },
		.options = { OPT_TIMEZONE, OPT_COUNT },
		.run = schedule_next,
	},
	{
		.noun = "limit", .verb = "add",
		.brief = "Limit a user or a cgroup",
		.details = "KIND is user, and WHO a name or number; or cgroup, and WHO its folder "
			   "or id. What is left out is as for users in general.",
		.object = &noun_limit,
		.arguments = { LIMIT_ARGUMENTS(false) },
		.options = { LIMIT_OPTIONS },
		.run = object_add,
	},
	{
		.noun = "limit", .verb = "set",
		.brief = "Change limits, or the defaults for users",
		.details = "KIND is as for add; or default-user, without WHO: all users without a "
			   "rule and without CAP_NET_ADMIN. Limits below what there is take "
			   "nothing away.",
		.object = &noun_limit,
		.arguments = { LIMIT_ARGUMENTS(false) },
		.options = { LIMIT_OPTIONS },
		.run = object_set,
	},
	{
		.noun = "limit", .verb = "del",
		.brief = "Delete the limits of a user or a cgroup",
		.object = &noun_limit,
		.arguments = { LIMIT_ARGUMENTS(false) },
		.run = object_del,
	},
	{
		.noun = "limit", .verb = "show",
		.brief = "Show what users and cgroups have, and may have",
		.details = "Without CAP_NET_ADMIN, only the defaults and what is one's own.",
		.object = &noun_limit,
		.arguments = { LIMIT_ARGUMENTS(true) },
		.options = { OPT_VERBOSE },
		.run = limit_show,
	},
	{
		.verb = "publish",
		.brief = "Publish a message, or one for each line",
		.details = "The body is read from FILE, or from standard input where FILE is - or "
			   "missing. The exchange '' is the default one: it takes KEY for the name "
			   "of a queue.",
		.arguments = { PUBLISH_ARGUMENTS,
			       { .name = "FILE", .names = NAMES_FILE, .optional = true } },
		.options = { OPT_BODY, OPT_LINES, OPT_OPTIONAL, OPT_PARTIAL, OPT_PUBLISH_RETAIN,
			     OPT_CONFIRM, OPT_MIN_ROUTES, OPT_EXPECT, OPT_PUBLISH_TIMEOUT,
			     PROPERTY_OPTIONS, OPT_TALLY },
		.run = publish_run,
	},
	{
		.verb = "request",
		.brief = "Publish a request, and write out the replies",
		.details = "One reply comes from each queue that matches and has a consumer; "
			   "--count ends it after some. A reply that will not come is told, with "
			   "the cause, and is status 1.",
		.arguments = { PUBLISH_ARGUMENTS,
			       { .name = "FILE", .names = NAMES_FILE, .optional = true } },
		.options = { OPT_BODY, OPT_COUNT, OPT_TIMEOUT, OPT_RAW, OPT_VERBOSE,
			     PROPERTY_OPTIONS },
		.run = request_run,
	},
	{
		.verb = "trace",
		.brief = "Publish a message and show each of its steps",
		.details = "Tells, with times, which exchanges it comes to, which bindings match, "
			   "which queues take it, which consumers get it and what they do with it, "
			   "until it has left all queues, --timeout, SIGINT or SIGTERM. This needs "
			   "CAP_NET_ADMIN.",
		.arguments = { PUBLISH_ARGUMENTS },
		.options = { OPT_BODY, OPT_OPTIONAL, OPT_TIMEOUT, PROPERTY_OPTIONS },
		.run = trace_run,
	},
	{
		.verb = "will",
		.brief = "Run a command, and have its death published",
		.details = "When COMMAND exits or is killed, the kernel publishes the message, "
			   "with the headers broker.cause and broker.code. Options of COMMAND "
			   "need -- before it.",
		.arguments = { PUBLISH_ARGUMENTS,
			       { .name = "COMMAND", .names = NAMES_COMMAND, .repeat = true } },
		.options = { OPT_BODY, OPT_OPTIONAL, PROPERTY_OPTIONS },
		.run = will_run,
	},
	{
		.verb = "get",
		.brief = "Take messages that are there",
		.details = "Takes one message, or up to --count, writes it out, and accepts it "
			   "once it was written. An empty queue is status 1.",
		.arguments = { QUEUE_ARGUMENT },
		.options = { OPT_COUNT, OPT_DEFERRED, OPT_FILTER, OPT_TIMEOUT, OPT_RAW,
			     OPT_VERBOSE },
		.run = get_run,
	},
	{
		.verb = "consume",
		.brief = "Take messages as they come",
		.details = "Goes on until --count, --timeout, SIGINT or SIGTERM. Several that "
			   "consume from one queue share its messages.",
		.arguments = { QUEUE_ARGUMENT },
		.options = { OPT_ACK, OPT_COUNT, OPT_CREDIT, OPT_EXEC, OPT_REPLY, OPT_KEY_STATE,
			     OPT_FILTER, OPT_EXCLUSIVE, OPT_CONSUMER_LEASE, OPT_CONSUMER_PRIORITY,
			     OPT_TIMEOUT, OPT_RAW, OPT_VERBOSE },
		.run = consume_run,
	},
	{
		.verb = "subscribe",
		.brief = "Take messages from an exchange as they come, without a queue",
		.details = "The queue that this takes is made up, and goes with the last that "
			   "uses it. It takes r on the exchange.",
		.arguments = { { .name = "EXCHANGE", .names = NAMES_EXCHANGE },
			       { .name = "PATTERN" } },
		.options = { OPT_SHARED_GROUP, OPT_ACK, OPT_COUNT, OPT_CREDIT, OPT_EXEC,
			     OPT_TIMEOUT, OPT_RAW, OPT_VERBOSE },
		.run = subscribe_run,
	},
	{
		.verb = "peek",
		.brief = "Show messages and leave them where they are",
		.details = "Shows the first 10, or --count. An empty queue is status 1.",
		.arguments = { QUEUE_ARGUMENT },
		.options = { OPT_COUNT, OPT_FILTER, OPT_STATE, OPT_RAW, OPT_VERBOSE },
		.run = peek_run,
	},
	{
		.verb = "purge",
		.brief = "Remove all messages that nobody has in hand, and tell how many",
		.object = &noun_queue,
		.arguments = { { .name = "QUEUE", .names = NAMES_QUEUE, .repeat = true } },
		.run = purge_run,
	},
	{
		.verb = "route",
		.brief = "Show which queues a message would reach; nothing is published",
		.details = "No queue at all is status 1.",
		.object = &noun_route,
		.arguments = { PUBLISH_ARGUMENTS },
		.options = { PROPERTY_OPTIONS },
		.run = route_run,
	},
	{
		.verb = "complete",
		.brief = "List what may stand for a word; for shells",
		.arguments = { { .name = "INDEX" }, { .name = "WORD", .repeat = true } },
		.hidden = true,
		.bare = true,
		.run = complete_run,
	},
};

const size_t nr_commands = sizeof(commands) / sizeof(*commands);

const struct command *command_find(const char *noun, const char *verb)
{
	for (size_t i = 0; i < nr_commands; i++) {
		const struct command *command = &commands[i];

		if (!command->noun != !noun || (noun && strcmp(noun, command->noun)))
			continue;
		if (!strcmp(verb, command->verb))
			return command;
	}
	return NULL;
}

bool command_is_noun(const char *word)
{
	for (size_t i = 0; i < nr_commands; i++) {
		if (commands[i].noun && !strcmp(word, commands[i].noun))
			return true;
	}
	return false;
}

bool command_takes(const struct command *command, enum option_id id)
{
	if (id == OPT_JSON || id == OPT_HELP)
		return true;
	for (const enum option_id *option = command->options; *option; option++) {
		if (*option == id)
			return true;
	}
	return false;
}

const char *command_name(const struct command *command)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s%s%s", command->noun ? command->noun : "",
		 command->noun ? " " : "", command->verb);
	return name;
}
