// SPDX-License-Identifier: GPL-2.0-or-later
/* Every option there is.  Which command takes which: commands.c. */
#include "command.h"

static const char *const exchange_types[] = {
	"direct", "fanout", "topic", "headers", "hash", "split", NULL
};
static const char *const slow_actions[] = { "event", "detach", NULL };
static const char *const overflows[] = {
	"reject", "block", "drop-head", "drop-new", "dead-letter", "ring", NULL
};
/* In the order of enum broker_message_state */
static const char *const states[] = {
	"ready", "waiting", "deferred", "dying", "quarantined", NULL
};
static const char *const acl_operations[] = { "publish", "bind", NULL };
static const char *const matches[] = { "all", "any", NULL };
static const char *const switches[] = { "off", "on", NULL };
static const char *const acks[] = { "accept", "release", "fail", "reject", "auto", "defer", NULL };
/* In the order of enum broker_confirm_level */
static const char *const confirms[] = { "enqueued", "none", NULL };
/* BROKER_PROP_DELIVERY_MODE, which counts from 1 */
static const char *const delivery_modes[] = { "transient", "persistent", NULL };

/* In the order of the columns of top.c */
static const char *const top_columns[] = {
	"name", "ready", "unacked", "bytes", "consumers", "in", "out", "done", NULL
};

const struct option_def option_table[NR_OPTIONS] = {
	[OPT_JSON] = {
		.name = "json", .letter = 'j',
		.help = "write JSON",
	},
	[OPT_HELP] = {
		.name = "help", .letter = 'h',
		.help = "show this help",
	},

	[OPT_EXCHANGE_TYPE] = {
		.name = "type", .letter = 't', .kind = VALUE_WORD, .value_name = "TYPE",
		.words = exchange_types, .attribute = "type",
		.help = "how it routes: direct, fanout, topic, headers, hash or split; needed",
	},
	[OPT_ALTERNATE] = {
		.name = "alternate", .kind = VALUE_TEXT, .value_name = "EXCHANGE",
		.attribute = "alternate", .names = NAMES_EXCHANGE,
		.help = "exchange that gets what no binding matches; '' for none",
	},
	[OPT_AUTO_DELETE] = {
		.name = "auto-delete", .attribute = "flags", .word = "auto-delete",
		.help = "goes with its last binding or consumer",
	},
	[OPT_HASH_HEADER] = {
		.name = "hash-header", .kind = VALUE_TEXT, .value_name = "NAME",
		.attribute = "hash-header",
		.help = "of a hash exchange: header to hash; '' for the routing key (default)",
	},
	[OPT_RETAIN] = {
		.name = "retain", .attribute = "flags", .word = "retain",
		.help = "keeps the newest message of each key published with --retain",
	},
	[OPT_RETAIN_MAX] = {
		.name = "retain-max", .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX, .attribute = "retain-max",
		.help = "most messages it retains (default 10000)",
	},
	[OPT_RETAIN_MAX_BYTES] = {
		.name = "retain-max-bytes", .kind = VALUE_SIZE, .value_name = "SIZE",
		.attribute = "retain-max-bytes",
		.help = "most bytes these may have (default 64M)",
	},
	[OPT_REWRITE_FROM] = {
		.name = "rewrite-from", .kind = VALUE_TEXT, .value_name = "PATTERN",
		.attribute = "rewrite-from",
		.help = "routing keys to rewrite when a message comes in; goes with --rewrite-to",
	},
	[OPT_REWRITE_TO] = {
		.name = "rewrite-to", .kind = VALUE_TEXT, .value_name = "TEMPLATE",
		.attribute = "rewrite-to",
		.help = "the new key: {1} is what the first * stood for, {#} what # did; "
			"both '' for none",
	},
	[OPT_MAX_MESSAGES] = {
		.name = "max-messages", .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX, .attribute = "max-messages",
		.help = "most messages it holds, ready and unacked",
	},
	[OPT_MAX_BYTES] = {
		.name = "max-bytes", .kind = VALUE_SIZE, .value_name = "SIZE",
		.attribute = "max-bytes",
		.help = "most bytes they may have; with K, M, G",
	},
	[OPT_OVERFLOW] = {
		.name = "overflow", .kind = VALUE_WORD, .value_name = "POLICY",
		.words = overflows, .attribute = "overflow",
		.help = "when it is full: reject, block, drop-head, drop-new, dead-letter or ring",
	},
	[OPT_MODE] = {
		.name = "mode", .kind = VALUE_MODE, .value_name = "MODE", .attribute = "mode",
		.help = "permissions, octal: r consume or bind from, w publish, x configure",
	},
	[OPT_OWNER] = {
		.name = "owner", .kind = VALUE_USER, .value_name = "USER", .attribute = "uid",
		.names = NAMES_USER, .help = "user that owns it, name or number",
	},
	[OPT_GROUP] = {
		.name = "group", .kind = VALUE_GROUP, .value_name = "GROUP", .attribute = "gid",
		.names = NAMES_GROUP, .help = "group that owns it, name or number",
	},
	[OPT_PROTECTED] = {
		.name = "protected", .kind = VALUE_WORD, .value_name = "SWITCH",
		.words = switches, .attribute = "protected",
		.help = "on: it cannot be deleted, nor a queue purged, until it is off again",
	},
	[OPT_SEALED] = {
		.name = "sealed", .kind = VALUE_WORD, .value_name = "SWITCH",
		.words = switches, .attribute = "sealed",
		.help = "on: it takes no new messages; those it holds can be consumed",
	},
	[OPT_SINGLE_ACTIVE] = {
		.name = "single-active", .kind = VALUE_WORD, .value_name = "SWITCH",
		.words = switches, .attribute = "single-active",
		.help = "on: one consumer gets all messages, the others stand by",
	},
	[OPT_ORDERING] = {
		.name = "ordering", .kind = VALUE_WORD, .value_name = "SWITCH",
		.words = switches, .attribute = "ordering",
		.help = "on: one message of a group key is handed out at a time",
	},
	[OPT_SLOW_AFTER] = {
		.name = "slow-after", .kind = VALUE_NUMBER, .value_name = "MS",
		.max = UINT32_MAX, .attribute = "slow-after",
		.help = "milliseconds after which a consumer that does nothing is slow; 0: never",
	},
	[OPT_SLOW_ACTION] = {
		.name = "slow-action", .kind = VALUE_WORD, .value_name = "ACTION",
		.words = slow_actions, .attribute = "slow-action",
		.help = "what is done about it: event (told only), or detach",
	},
	[OPT_PRIORITIES] = {
		.name = "priorities", .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = 32, .attribute = "priorities",
		.help = "levels of priority, up to 32; 1: all messages are equal",
	},
	[OPT_TTL] = {
		.name = "ttl", .kind = VALUE_NUMBER, .value_name = "MS",
		.max = UINT32_MAX, .attribute = "ttl",
		.help = "milliseconds a message lives at most; 0: for ever",
	},
	[OPT_LEASE] = {
		.name = "lease", .kind = VALUE_NUMBER, .value_name = "MS",
		.max = UINT32_MAX, .attribute = "lease",
		.help = "milliseconds a consumer may keep a message; 0: for ever",
	},
	[OPT_MAX_DELIVERY] = {
		.name = "max-delivery", .kind = VALUE_NUMBER, .value_name = "N",
		.max = UINT32_MAX, .attribute = "max-delivery",
		.help = "failures after which a message is dead; 0: never",
	},
	[OPT_RETRY_MIN] = {
		.name = "retry-min", .kind = VALUE_NUMBER, .value_name = "MS",
		.max = UINT32_MAX, .attribute = "retry-min",
		.help = "milliseconds to wait after the second failure; then longer",
	},
	[OPT_RETRY_MAX] = {
		.name = "retry-max", .kind = VALUE_NUMBER, .value_name = "MS",
		.max = UINT32_MAX, .attribute = "retry-max",
		.help = "most milliseconds to wait so",
	},
	[OPT_RETRY_JITTER] = {
		.name = "retry-jitter", .kind = VALUE_NUMBER, .value_name = "PERCENT",
		.max = 100, .attribute = "retry-jitter",
		.help = "by how much chance varies that",
	},
	[OPT_DEAD_LETTER_EXCHANGE] = {
		.name = "dead-letter-exchange", .kind = VALUE_TEXT, .value_name = "EXCHANGE",
		.attribute = "dead-letter-exchange", .names = NAMES_EXCHANGE,
		.help = "where dead messages go; without it, to the queue of the key",
	},
	[OPT_DEAD_LETTER_KEY] = {
		.name = "dead-letter-key", .kind = VALUE_TEXT, .value_name = "KEY",
		.attribute = "dead-letter-key", .names = NAMES_QUEUE,
		.help = "their routing key, or with the default exchange their queue",
	},
	[OPT_DEDUPE_WINDOW] = {
		.name = "dedupe-window", .kind = VALUE_NUMBER, .value_name = "MS",
		.max = UINT32_MAX, .attribute = "dedupe-window",
		.help = "milliseconds to take no other message with the same dedupe id; 0: none",
	},
	[OPT_DEDUPE_MAX] = {
		.name = "dedupe-max", .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX, .attribute = "dedupe-max",
		.help = "most ids to remember; the oldest are forgotten first",
	},
	[OPT_EXPIRES] = {
		.name = "expires", .kind = VALUE_NUMBER, .value_name = "MS",
		.max = UINT32_MAX, .attribute = "expires",
		.help = "milliseconds without use after which it is deleted; 0: never",
	},
	[OPT_PAUSED] = {
		.name = "paused", .kind = VALUE_WORD, .value_name = "SWITCH",
		.words = switches, .attribute = "paused",
		.help = "on: consumers get nothing; messages are taken as ever",
	},
	[OPT_MAX_RATE] = {
		.name = "max-rate", .kind = VALUE_NUMBER, .value_name = "N",
		.max = UINT32_MAX, .attribute = "max-rate",
		.help = "most messages a second for its consumers; 0: any number",
	},
	[OPT_MAX_BURST] = {
		.name = "max-burst", .kind = VALUE_NUMBER, .value_name = "N",
		.max = UINT32_MAX, .attribute = "max-burst",
		.help = "most at once, after a while with none; 0: a tenth of --max-rate",
	},
	[OPT_LATENCY] = {
		.name = "latency", .letter = 'l',
		.help = "how long messages waited, and how long consumers took to settle them",
	},
	[OPT_FOR] = {
		.name = "for", .kind = VALUE_DURATION, .value_name = "TIME",
		.help = "how long, such as 10m; without it, until resumed",
	},
	[OPT_IF_UNUSED] = {
		.name = "if-unused", .attribute = "if-unused",
		.help = "only an exchange without bindings, a queue without consumers",
	},
	[OPT_IF_EMPTY] = {
		.name = "if-empty", .attribute = "if-empty",
		.help = "only if it holds no messages",
	},
	[OPT_TO_EXCHANGE] = {
		.name = "to-exchange",
		.help = "DEST is an exchange, not a queue",
	},
	[OPT_QUEUE] = {
		.name = "queue", .letter = 'q', .kind = VALUE_TEXT, .value_name = "QUEUE",
		.attribute = "queue", .names = NAMES_QUEUE,
		.help = "only those of this queue",
	},
	[OPT_MATCH] = {
		.name = "match", .kind = VALUE_WORD, .value_name = "HOW",
		.words = matches, .attribute = "match",
		.help = "of a headers exchange: all headers must match (default), or any",
	},
	[OPT_MATCH_HEADER] = {
		.name = "header", .letter = 'H', .kind = VALUE_HEADER,
		.value_name = "NAME[[:TYPE]=VALUE]",
		.help = "header to compare, string, int, double or bool; "
			"without a value it need only be there; repeat for more",
	},
	[OPT_WEIGHT] = {
		.name = "weight", .letter = 'w', .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = BROKER_WEIGHT_MAX, .attribute = "weight",
		.help = "of a hash or split exchange: share of messages (default 1)",
	},
	[OPT_DIVERT] = {
		.name = "divert", .attribute = "flags", .word = "divert",
		.help = "what matches goes only where diverting bindings lead",
	},
	[OPT_TAP] = {
		.name = "tap", .attribute = "flags", .word = "tap",
		.help = "gets a copy that the publisher does not learn of",
	},
	[OPT_PLAIN] = {
		.name = "plain", .attribute = "flags", .word = "",
		.help = "neither divert nor tap any more",
	},
	[OPT_DEFAULT_MAX_MESSAGES] = {
		.name = "default-max-messages", .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX, .attribute = "default-max-messages",
		.help = "for queues made without --max-messages",
	},
	[OPT_DEFAULT_MAX_BYTES] = {
		.name = "default-max-bytes", .kind = VALUE_SIZE, .value_name = "SIZE",
		.attribute = "default-max-bytes",
		.help = "for queues made without --max-bytes",
	},
	[OPT_DEFAULT_OVERFLOW] = {
		.name = "default-overflow", .kind = VALUE_WORD, .value_name = "POLICY",
		.words = overflows, .attribute = "default-overflow",
		.help = "for queues made without --overflow",
	},

	[OPT_WIDE] = {
		.name = "wide", .letter = 'w',
		.help = "all columns, though they be more than 80 characters",
	},
	[OPT_LIMIT] = {
		.name = "count", .letter = 'n', .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX, .attribute = "limit",
		.help = "at most so many, the oldest",
	},
	[OPT_STATE] = {
		.name = "state", .letter = 's', .kind = VALUE_WORD, .value_name = "STATE",
		.words = states, .attribute = "state",
		.help = "which messages: ready (default), waiting for their time, deferred, "
			"dying or quarantined",
	},
	[OPT_REDRIVE_TO] = {
		.name = "to", .kind = VALUE_TEXT, .value_name = "QUEUE", .attribute = "to-queue",
		.names = NAMES_QUEUE, .help = "to this queue, not to where they died",
	},
	[OPT_RATE] = {
		.name = "rate", .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX, .help = "at most so many a second",
	},
	[OPT_PRECEDENCE] = {
		.name = "precedence", .kind = VALUE_NUMBER, .value_name = "N",
		.max = UINT32_MAX, .attribute = "precedence",
		.help = "of two policies that match, the higher one counts (default 0)",
	},
	[OPT_CAP] = {
		.name = "cap", .attribute = "cap",
		.help = "give no values, but bound them: the lowest cap that matches wins",
	},
	[OPT_UNSET] = {
		.name = "unset", .kind = VALUE_TEXT, .value_name = "SETTING,...",
		.attribute = "unset",
		.help = "settings to leave to policies again, or to the default",
	},
	[OPT_PATTERN] = {
		.name = "pattern", .kind = VALUE_TEXT, .value_name = "PATTERN",
		.attribute = "pattern", .help = "names of queues, as a topic pattern",
	},
	[OPT_EVERY] = {
		.name = "every", .kind = VALUE_DURATION, .value_name = "TIME",
		.help = "from one message to the next: 100ms or more, such as 90s or 1h",
	},
	[OPT_CRON] = {
		.name = "cron", .kind = VALUE_TEXT, .value_name = "FIELDS",
		.help = "minute, hour, day, month and day of the week as for cron, such as "
			"'*/5 8-17 * * mon-fri'; or @hourly, @daily, …",
	},
	[OPT_TIMEZONE] = {
		.name = "timezone", .kind = VALUE_TEXT, .value_name = "ZONE",
		.help = "whose time that is, such as Europe/Berlin (default UTC)",
	},
	[OPT_ENABLED] = {
		.name = "enabled", .kind = VALUE_WORD, .value_name = "SWITCH",
		.words = switches, .attribute = "enabled",
		.help = "off: it publishes nothing until it is on again",
	},
	[OPT_SCHEDULE_EXCHANGE] = {
		.name = "exchange", .kind = VALUE_TEXT, .value_name = "EXCHANGE",
		.attribute = "exchange", .names = NAMES_EXCHANGE, .help = "where it publishes",
	},
	[OPT_SCHEDULE_KEY] = {
		.name = "key", .kind = VALUE_TEXT, .value_name = "KEY", .attribute = "key",
		.help = "routing key",
	},
	[OPT_BODY_FILE] = {
		.name = "body-file", .kind = VALUE_TEXT, .value_name = "FILE",
		.names = NAMES_FILE, .help = "file with the body; - for standard input",
	},
	[OPT_OFF] = {
		.name = "off",
		.help = "let publishers go on",
	},
	[OPT_WAIT] = {
		.name = "wait",
		.help = "wait until all queues are empty, and show what is left",
	},
	[OPT_DRAIN_TIMEOUT] = {
		.name = "timeout", .kind = VALUE_DURATION, .value_name = "TIME",
		.help = "longest wait; then it is status 1",
	},
	[OPT_DIGEST] = {
		.name = "digest",
		.help = "write only their SHA-256: equal definitions have equal digests",
	},
	[OPT_DRY_RUN] = {
		.name = "dry-run",
		.help = "change nothing, and show what would be changed",
	},
	[OPT_PRUNE] = {
		.name = "prune",
		.help = "delete objects that FILE does not have, but for the broker's own and "
			"exclusive queues",
	},

	[OPT_ACL_FOR] = {
		.name = "for", .kind = VALUE_WORD, .value_name = "WHAT", .words = acl_operations,
		.attribute = "operations", .help = "publish or bind alone (default: both)",
	},
	[OPT_ACL_USER] = {
		.name = "user", .kind = VALUE_USER, .value_name = "USER", .attribute = "uid",
		.names = NAMES_USER, .help = "whom it is for, name or number (default: everyone)",
	},
	[OPT_PRODUCER_USER] = {
		.name = "user", .kind = VALUE_USER, .value_name = "USER", .attribute = "uid",
		.names = NAMES_USER, .help = "whose producer, name or number (default: your own)",
	},
	[OPT_ACL_NUMBER] = {
		.name = "number", .kind = VALUE_NUMBER, .value_name = "N", .min = 1,
		.max = UINT32_MAX, .attribute = "number",
		.help = "its place: the least is looked at first (default: ten behind the last)",
	},
	[OPT_MAX_SESSIONS] = {
		.name = "max-sessions", .kind = VALUE_LIMIT, .value_name = "N",
		.attribute = "max-sessions",
		.help = "most sessions open at a time; or none",
	},
	[OPT_MAX_QUEUES] = {
		.name = "max-queues", .kind = VALUE_LIMIT, .value_name = "N",
		.attribute = "max-queues",
		.help = "most queues made and not deleted; or none",
	},
	[OPT_MAX_BINDINGS] = {
		.name = "max-bindings", .kind = VALUE_LIMIT, .value_name = "N",
		.attribute = "max-bindings",
		.help = "most bindings made and not deleted; or none",
	},
	[OPT_MAX_CONSUMERS] = {
		.name = "max-consumers", .kind = VALUE_LIMIT, .value_name = "N",
		.attribute = "max-consumers",
		.help = "most consumers at a time; or none",
	},
	[OPT_MAX_HELD] = {
		.name = "max-bytes", .kind = VALUE_LIMIT, .value_name = "SIZE",
		.attribute = "max-bytes",
		.help = "most bytes published and still held, such as 64M; or none",
	},
	[OPT_MESSAGE_RATE] = {
		.name = "messages-per-second", .kind = VALUE_LIMIT, .value_name = "N",
		.attribute = "messages-per-second",
		.help = "most messages published in a second, in the long run; or none",
	},
	[OPT_MESSAGE_BURST] = {
		.name = "messages-burst", .kind = VALUE_LIMIT, .value_name = "N",
		.attribute = "messages-burst",
		.help = "most at once after a pause (default: a second's worth); or none",
	},
	[OPT_BYTE_RATE] = {
		.name = "bytes-per-second", .kind = VALUE_LIMIT, .value_name = "SIZE",
		.attribute = "bytes-per-second",
		.help = "most bytes published in a second, in the long run; or none",
	},
	[OPT_BYTE_BURST] = {
		.name = "bytes-burst", .kind = VALUE_LIMIT, .value_name = "SIZE",
		.attribute = "bytes-burst",
		.help = "most at once after a pause (default: a second's worth); or none",
	},

	[OPT_CONTENT_TYPE] = {
		.name = "content-type", .kind = VALUE_TEXT, .value_name = "TYPE",
		.property = BROKER_PROP_CONTENT_TYPE, .help = "media type of the body",
	},
	[OPT_CONTENT_ENCODING] = {
		.name = "content-encoding", .kind = VALUE_TEXT, .value_name = "ENCODING",
		.property = BROKER_PROP_CONTENT_ENCODING, .help = "such as gzip",
	},
	[OPT_MESSAGE_ID] = {
		.name = "message-id", .kind = VALUE_TEXT, .value_name = "ID",
		.property = BROKER_PROP_MESSAGE_ID, .help = "publisher's name for the message",
	},
	[OPT_CORRELATION_ID] = {
		.name = "correlation-id", .kind = VALUE_TEXT, .value_name = "ID",
		.property = BROKER_PROP_CORRELATION_ID, .help = "message this one answers",
	},
	[OPT_REPLY_TO] = {
		.name = "reply-to", .kind = VALUE_TEXT, .value_name = "ADDRESS",
		.property = BROKER_PROP_REPLY_TO, .help = "where answers should go",
	},
	[OPT_TYPE] = {
		.name = "type", .letter = 't', .kind = VALUE_TEXT, .value_name = "TYPE",
		.property = BROKER_PROP_TYPE, .help = "application's type of message",
	},
	[OPT_APP_ID] = {
		.name = "app-id", .kind = VALUE_TEXT, .value_name = "ID",
		.property = BROKER_PROP_APP_ID, .help = "application that publishes",
	},
	[OPT_SUBJECT] = {
		.name = "subject", .kind = VALUE_TEXT, .value_name = "TEXT",
		.property = BROKER_PROP_SUBJECT, .help = "what it is about",
	},
	[OPT_DEDUPE_ID] = {
		.name = "dedupe-id", .kind = VALUE_TEXT, .value_name = "ID",
		.property = BROKER_PROP_DEDUPE_ID,
		.help = "queues take it once, however often it is published",
	},
	[OPT_PRODUCER] = {
		.name = "producer", .kind = VALUE_TEXT, .value_name = "NAME",
		.property = BROKER_PROP_PRODUCER,
		.help = "who numbers its messages, so that queues take each once",
	},
	[OPT_PRODUCER_SEQUENCE] = {
		.name = "producer-sequence", .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = INT64_MAX, .property = BROKER_PROP_PRODUCER_SEQUENCE,
		.help = "that number; with --lines of the first one",
	},
	[OPT_GROUP_KEY] = {
		.name = "group-key", .kind = VALUE_TEXT, .value_name = "KEY",
		.property = BROKER_PROP_GROUP_KEY,
		.help = "keeps its order among those of the same key, in queues with ordering",
	},
	[OPT_TRACEPARENT] = {
		.name = "traceparent", .kind = VALUE_TEXT, .value_name = "CONTEXT",
		.property = BROKER_PROP_TRACEPARENT, .help = "as in W3C Trace Context",
	},
	[OPT_USER_ID] = {
		.name = "user-id", .kind = VALUE_TEXT, .value_name = "USER",
		.property = BROKER_PROP_USER_ID,
		.help = "user as claimed; the kernel attests the true one",
	},
	[OPT_TIMESTAMP] = {
		.name = "timestamp", .kind = VALUE_TIMESTAMP, .value_name = "MS",
		.property = BROKER_PROP_TIMESTAMP, .help = "milliseconds since 1970, or now",
	},
	[OPT_DELIVER_AT] = {
		.name = "deliver-at", .kind = VALUE_TIMESTAMP, .value_name = "MS",
		.property = BROKER_PROP_DELIVER_AT,
		.help = "when to hand it out, at the earliest: milliseconds since 1970",
	},
	[OPT_MESSAGE_TTL] = {
		.name = "ttl", .kind = VALUE_NUMBER, .value_name = "MS", .max = INT64_MAX,
		.property = BROKER_PROP_TTL, .help = "how long it lives in a queue",
	},
	[OPT_PRIORITY] = {
		.name = "priority", .kind = VALUE_NUMBER, .value_name = "N", .max = 255,
		.property = BROKER_PROP_PRIORITY, .help = "0 to 255",
	},
	[OPT_DELIVERY_MODE] = {
		.name = "delivery-mode", .kind = VALUE_WORD, .value_name = "MODE",
		.words = delivery_modes, .property = BROKER_PROP_DELIVERY_MODE,
		.help = "transient or persistent",
	},
	[OPT_HEADER] = {
		.name = "header", .letter = 'H', .kind = VALUE_HEADER,
		.value_name = "NAME[:TYPE]=VALUE",
		.help = "user header: string (default), int, double, bool or bytes (in hex); "
			"repeat for more",
	},

	[OPT_BODY] = {
		.name = "body", .letter = 'b', .kind = VALUE_TEXT, .value_name = "TEXT",
		.help = "the body itself, in place of a file",
	},
	[OPT_LINES] = {
		.name = "lines", .letter = 'l',
		.help = "publish each line as a message, without its line end",
	},
	[OPT_OPTIONAL] = {
		.name = "optional",
		.help = "no matching queue is no failure",
	},
	[OPT_PUBLISH_RETAIN] = {
		.name = "retain",
		.help = "the exchange keeps it for new bindings, or clears what it keeps "
			"if the body is empty",
	},
	[OPT_PARTIAL] = {
		.name = "partial",
		.help = "a queue that refuses does not stop the others",
	},
	[OPT_CONFIRM] = {
		.name = "confirm", .kind = VALUE_WORD, .value_name = "LEVEL", .words = confirms,
		.help = "how sure to be: enqueued (default), or none",
	},
	[OPT_MIN_ROUTES] = {
		.name = "min-routes", .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX,
		.help = "fewest queues that must take a message (default 1)",
	},
	[OPT_EXPECT] = {
		.name = "expect-sequence", .kind = VALUE_NUMBER, .value_name = "N",
		.max = INT64_MAX,
		.help = "only if that is the sequence of the last message in the queue, 0 for none",
	},
	[OPT_PUBLISH_TIMEOUT] = {
		.name = "timeout", .kind = VALUE_DURATION, .value_name = "TIME",
		.help = "longest wait for room in a queue that blocks when full (default 0)",
	},
	[OPT_TALLY] = {
		.name = "verbose", .letter = 'v',
		.help = "tell how many were published, and into how many queues",
	},

	[OPT_ACK] = {
		.name = "ack", .letter = 'a', .kind = VALUE_WORD, .value_name = "OUTCOME",
		.words = acks,
		.help = "what becomes of a message once it was written out: accept (default), "
			"release, fail, reject or defer; auto: accepted before it is written",
	},
	[OPT_AUDIT] = {
		.name = "audit",
		.help = "show requests to change something instead: who asked for what, and what "
			"became of it",
	},
	[OPT_SHARED_GROUP] = {
		.name = "group", .letter = 'g', .kind = VALUE_TEXT, .value_name = "NAME",
		.help = "share the messages with all of this user that give the same name",
	},
	[OPT_COUNT] = {
		.name = "count", .letter = 'n', .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX, .help = "end after so many",
	},
	[OPT_FILTER] = {
		.name = "filter", .letter = 'f', .kind = VALUE_TEXT, .value_name = "FILTER",
		.help = "only messages that match, such as \"color = 'red' AND size > 2\"; "
			"see broker_filter(7)",
	},
	[OPT_DEFERRED] = {
		.name = "deferred", .kind = VALUE_NUMBER, .value_name = "SEQUENCE",
		.min = 1, .max = UINT64_MAX,
		.help = "the message that was deferred and has this sequence",
	},
	[OPT_CREDIT] = {
		.name = "credit", .letter = 'c', .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX,
		.help = "most messages held at a time (default 256; with --exec 1)",
	},
	[OPT_EXCLUSIVE] = {
		.name = "exclusive",
		.help = "be the queue's only consumer",
	},
	[OPT_CONSUMER_LEASE] = {
		.name = "lease", .kind = VALUE_NUMBER, .value_name = "MS",
		.min = 1, .max = BROKER_MAX_TIME_MS,
		.help = "milliseconds to keep a message for at most; else as the queue says",
	},
	[OPT_CONSUMER_PRIORITY] = {
		.name = "priority", .kind = VALUE_NUMBER, .value_name = "N",
		.max = BROKER_MAX_CONSUMER_PRIORITY,
		.help = "0 to 255: consumers of a higher one come first (default 0)",
	},
	[OPT_REPLY] = {
		.name = "reply",
		.help = "what the command writes is the reply to a request",
	},
	[OPT_KEY_STATE] = {
		.name = "state",
		.help = "what the command writes is the new state of the message's group key",
	},
	[OPT_EXEC] = {
		.name = "exec", .letter = 'e', .kind = VALUE_TEXT, .value_name = "COMMAND",
		.names = NAMES_COMMAND,
		.help = "run a shell command for each message, body on standard input, instead of "
			"writing it out: status 0 accepts, 75 releases, others fail it",
	},
	[OPT_RAW] = {
		.name = "raw", .letter = 'r',
		.help = "write bodies as they are, without a line end behind each",
	},
	[OPT_TIMEOUT] = {
		.name = "timeout", .kind = VALUE_DURATION, .value_name = "TIME",
		.help = "longest wait for the next one, such as 5s, 200ms or forever",
	},
	[OPT_VERBOSE] = {
		.name = "verbose", .letter = 'v',
		.help = "show all there is to know",
	},

	[OPT_BATCH] = {
		.name = "batch",
		.help = "write plain tables one after the other, and read no keys",
	},
	[OPT_INTERVAL] = {
		.name = "interval", .letter = 'i', .kind = VALUE_DURATION, .value_name = "TIME",
		.help = "time between two looks (default 1s)",
	},
	[OPT_ROUNDS] = {
		.name = "count", .letter = 'n', .kind = VALUE_NUMBER, .value_name = "N",
		.min = 1, .max = UINT32_MAX, .help = "end after so many looks",
	},
	[OPT_SORT] = {
		.name = "sort", .letter = 's', .kind = VALUE_WORD, .value_name = "COLUMN",
		.words = top_columns,
		.help = "name, ready (default), unacked, bytes, consumers, in, out or done",
	},
};
