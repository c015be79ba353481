// SPDX-License-Identifier: LGPL-2.1-or-later
/* What each object has: names, numbers and kinds, as uapi/broker.yaml says. */
#include "internal.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const char *const exchange_types[] = {
	"direct", "fanout", "topic", "headers", "hash", "split"
};
static const char *const overflows[] = {
	"reject", "block", "drop-head", "drop-new", "dead-letter", "ring"
};
static const char *const switches[] = { "off", "on" };
static const char *const queue_ends[] = { "request", "session", "unused", "expired" };
static const char *const matches[] = { "all", "any" };
static const char *const exchange_flags[] = { "auto-delete", "retain" };
static const char *const binding_flags[] = { "divert", "tap" };
static const char *const queue_flags[] = { "exclusive", "auto-delete" };
static const char *const advisory_kinds[] = {
	"queue-overflow", "queue-blocked", "consumer-slow", "consumer-crashed",
	"consumer-promoted", "lease-expired", "message-expired", "message-dead-lettered",
	"message-quarantined"
};
static const char *const settings[] = {
	"max-messages", "max-bytes", "overflow", "priorities", "ttl", "lease", "max-delivery",
	"retry-min", "retry-max", "retry-jitter", "dead-letter", "dedupe-window", "dedupe-max",
	"expires", "single-active", "max-rate", "max-burst", "slow-after", "slow-action"
};
static const char *const held_states[] = {
	"ready", "waiting", "deferred", "dying", "quarantined"
};
static const char *const consumer_flags[] = { "auto-accept", "exclusive", "headers-only" };
static const char *const slow_actions[] = { "event", "detach" };
static const char *const consumer_roles[] = { "competing", "active", "standby" };
static const char *const acl_actions[] = { "allow", "deny" };
static const char *const acl_operations[] = { "publish", "bind" };
static const char *const step_kinds[] = {
	"published", "at-exchange", "matched", "routed", "enqueued", "assigned", "woken",
	"delivered", "settled", "returned", "dropped", "expired", "dead-lettered"
};
static const char *const limit_kinds[] = { "default-user", "user", "cgroup" };
static const char *const limit_settings[] = {
	"max-sessions", "max-queues", "max-bindings", "max-consumers", "max-bytes",
	"messages-per-second", "messages-burst", "bytes-per-second", "bytes-burst"
};

#define PLAIN(set, attr, text, how)	\
	{ .name = text, .id = BROKER_A_##set##_##attr, .kind = KIND_##how }
#define WORDY(set, attr, text, how, array)	\
	{ .name = text, .id = BROKER_A_##set##_##attr, .kind = KIND_##how,	\
	  .nr_words = COUNT(array), .words = array }

static const struct broker_attribute status_list[] = {
	PLAIN(STATUS, VERSION, "version", STRING),
	PLAIN(STATUS, EXCHANGES, "exchanges", U32),
	PLAIN(STATUS, QUEUES, "queues", U32),
	PLAIN(STATUS, BINDINGS, "bindings", U32),
	PLAIN(STATUS, CONSUMERS, "consumers", U32),
	PLAIN(STATUS, SESSIONS, "sessions", U32),
	PLAIN(STATUS, DEFAULT_MAX_MESSAGES, "default-max-messages", U32),
	PLAIN(STATUS, DEFAULT_MAX_BYTES, "default-max-bytes", U64),
	WORDY(STATUS, DEFAULT_OVERFLOW, "default-overflow", WORD, overflows),
	PLAIN(STATUS, READY, "ready", U64),
	PLAIN(STATUS, UNACKED, "unacked", U64),
	PLAIN(STATUS, BYTES, "bytes", U64),
	PLAIN(STATUS, PUBLISHED, "published", U64),
	PLAIN(STATUS, UNROUTABLE, "unroutable", U64),
	PLAIN(STATUS, REFUSED, "refused", U64),
	WORDY(STATUS, DRAINING, "draining", WORD, switches),
};

static const struct broker_attribute exchange_list[] = {
	PLAIN(EXCHANGE, ID, "id", U32),
	PLAIN(EXCHANGE, NAME, "name", STRING),
	WORDY(EXCHANGE, TYPE, "type", WORD, exchange_types),
	WORDY(EXCHANGE, FLAGS, "flags", WORDS, exchange_flags),
	PLAIN(EXCHANGE, ALTERNATE, "alternate", STRING),
	PLAIN(EXCHANGE, UID, "uid", U32),
	PLAIN(EXCHANGE, GID, "gid", U32),
	PLAIN(EXCHANGE, MODE, "mode", U32),
	PLAIN(EXCHANGE, BINDINGS, "bindings", U32),
	PLAIN(EXCHANGE, PUBLISHED, "published", U64),
	PLAIN(EXCHANGE, UNROUTABLE, "unroutable", U64),
	PLAIN(EXCHANGE, REFUSED, "refused", U64),
	PLAIN(EXCHANGE, IF_UNUSED, "if-unused", FLAG),
	PLAIN(EXCHANGE, HASH_HEADER, "hash-header", STRING),
	WORDY(EXCHANGE, PROTECTED, "protected", WORD, switches),
	PLAIN(EXCHANGE, REWRITE_FROM, "rewrite-from", STRING),
	PLAIN(EXCHANGE, REWRITE_TO, "rewrite-to", STRING),
	PLAIN(EXCHANGE, RETAIN_MAX, "retain-max", U32),
	PLAIN(EXCHANGE, RETAIN_MAX_BYTES, "retain-max-bytes", U64),
	PLAIN(EXCHANGE, RETAINED, "retained", U32),
	PLAIN(EXCHANGE, RETAINED_BYTES, "retained-bytes", U64),
};

static const struct broker_attribute queue_list[] = {
	PLAIN(QUEUE, ID, "id", U32),
	PLAIN(QUEUE, NAME, "name", STRING),
	WORDY(QUEUE, FLAGS, "flags", WORDS, queue_flags),
	PLAIN(QUEUE, SESSION, "session", U64),
	PLAIN(QUEUE, MAX_MESSAGES, "max-messages", U32),
	PLAIN(QUEUE, MAX_BYTES, "max-bytes", U64),
	WORDY(QUEUE, OVERFLOW, "overflow", WORD, overflows),
	PLAIN(QUEUE, UID, "uid", U32),
	PLAIN(QUEUE, GID, "gid", U32),
	PLAIN(QUEUE, MODE, "mode", U32),
	PLAIN(QUEUE, CONSUMERS, "consumers", U32),
	PLAIN(QUEUE, BINDINGS, "bindings", U32),
	PLAIN(QUEUE, READY, "ready", U32),
	PLAIN(QUEUE, UNACKED, "unacked", U32),
	PLAIN(QUEUE, BYTES, "bytes", U64),
	PLAIN(QUEUE, ENQUEUED, "enqueued", U64),
	PLAIN(QUEUE, DELIVERED, "delivered", U64),
	PLAIN(QUEUE, REDELIVERED, "redelivered", U64),
	PLAIN(QUEUE, ACCEPTED, "accepted", U64),
	PLAIN(QUEUE, RELEASED, "released", U64),
	PLAIN(QUEUE, FAILED, "failed", U64),
	PLAIN(QUEUE, REJECTED, "rejected", U64),
	PLAIN(QUEUE, DROPPED, "dropped", U64),
	PLAIN(QUEUE, REFUSED, "refused", U64),
	PLAIN(QUEUE, PURGED, "purged", U64),
	PLAIN(QUEUE, IF_UNUSED, "if-unused", FLAG),
	PLAIN(QUEUE, IF_EMPTY, "if-empty", FLAG),
	WORDY(QUEUE, PROTECTED, "protected", WORD, switches),
	WORDY(QUEUE, SEALED, "sealed", WORD, switches),
	WORDY(QUEUE, SINGLE_ACTIVE, "single-active", WORD, switches),
	WORDY(QUEUE, ORDERING, "ordering", WORD, switches),
	PLAIN(QUEUE, STATES, "states", U32),
	PLAIN(QUEUE, STATE_BYTES, "state-bytes", U64),
	PLAIN(QUEUE, SLOW_AFTER, "slow-after", U32),
	WORDY(QUEUE, SLOW_ACTION, "slow-action", WORD, slow_actions),
	PLAIN(QUEUE, MOVED, "moved", U64),
	PLAIN(QUEUE, TO_QUEUE, "to-queue", STRING),
	PLAIN(QUEUE, LIMIT, "limit", U32),
	PLAIN(QUEUE, COPY, "copy", FLAG),
	PLAIN(QUEUE, ERROR, "error", U32),
	PLAIN(QUEUE, PRIORITIES, "priorities", U32),
	PLAIN(QUEUE, TTL, "ttl", U32),
	PLAIN(QUEUE, LEASE, "lease", U32),
	PLAIN(QUEUE, MAX_DELIVERY, "max-delivery", U32),
	PLAIN(QUEUE, RETRY_MIN, "retry-min", U32),
	PLAIN(QUEUE, RETRY_MAX, "retry-max", U32),
	PLAIN(QUEUE, RETRY_JITTER, "retry-jitter", U32),
	PLAIN(QUEUE, DEAD_LETTER_EXCHANGE, "dead-letter-exchange", STRING),
	PLAIN(QUEUE, DEAD_LETTER_KEY, "dead-letter-key", STRING),
	PLAIN(QUEUE, WAITING, "waiting", U32),
	PLAIN(QUEUE, DEFERRED, "deferred", U32),
	PLAIN(QUEUE, QUARANTINED, "quarantined", U32),
	PLAIN(QUEUE, DYING, "dying", U32),
	PLAIN(QUEUE, EXPIRED, "expired", U64),
	PLAIN(QUEUE, DEAD_LETTERED, "dead-lettered", U64),
	PLAIN(QUEUE, DEDUPE_WINDOW, "dedupe-window", U32),
	PLAIN(QUEUE, DEDUPE_MAX, "dedupe-max", U32),
	PLAIN(QUEUE, DEDUPE_IDS, "dedupe-ids", U32),
	PLAIN(QUEUE, DUPLICATES, "duplicates", U64),
	PLAIN(QUEUE, DEDUPE_FORGOTTEN, "dedupe-forgotten", U64),
	PLAIN(QUEUE, OVERWRITTEN, "overwritten", U64),
	PLAIN(QUEUE, EXPIRES, "expires", U32),
	WORDY(QUEUE, END, "end", WORD, queue_ends),
	WORDY(QUEUE, STATE, "state", WORD, held_states),
	PLAIN(QUEUE, BACK, "back", FLAG),
	PLAIN(QUEUE, FILTER, "filter", BYTES),
	PLAIN(QUEUE, DRY_RUN, "dry-run", FLAG),
	PLAIN(QUEUE, CURSOR, "cursor", BYTES),
	PLAIN(QUEUE, SKIPPED, "skipped", U64),
	PLAIN(QUEUE, SEQUENCE, "sequence", U64),
	PLAIN(QUEUE, PATTERN, "pattern", STRING),
	PLAIN(QUEUE, PRECEDENCE, "precedence", U32),
	PLAIN(QUEUE, CAP, "cap", FLAG),
	WORDY(QUEUE, OWN, "own", WORDS, settings),
	WORDY(QUEUE, UNSET, "unset", WORDS, settings),
	WORDY(QUEUE, BY_POLICY, "by-policy", WORDS, settings),
	WORDY(QUEUE, CAPPED, "capped", WORDS, settings),
	PLAIN(QUEUE, POLICIES, "policies", STRING),
	PLAIN(QUEUE, PRODUCERS, "producers", U32),
	PLAIN(QUEUE, PRODUCERS_FORGOTTEN, "producers-forgotten", U64),
	WORDY(QUEUE, PAUSED, "paused", WORD, switches),
	PLAIN(QUEUE, PAUSE_MS, "pause-ms", U32),
	PLAIN(QUEUE, MAX_RATE, "max-rate", U32),
	PLAIN(QUEUE, MAX_BURST, "max-burst", U32),
	PLAIN(QUEUE, WAIT_TIMES, "wait-times", BYTES),
	PLAIN(QUEUE, WAIT_TIME_SUM, "wait-time-sum", U64),
	PLAIN(QUEUE, HOLD_TIMES, "hold-times", BYTES),
	PLAIN(QUEUE, HOLD_TIME_SUM, "hold-time-sum", U64),
};

static const struct broker_attribute binding_list[] = {
	PLAIN(BINDING, ID, "id", U32),
	PLAIN(BINDING, EXCHANGE, "exchange", STRING),
	PLAIN(BINDING, QUEUE, "queue", STRING),
	PLAIN(BINDING, TO_EXCHANGE, "to-exchange", STRING),
	PLAIN(BINDING, KEY, "key", STRING),
	WORDY(BINDING, MATCH, "match", WORD, matches),
	PLAIN(BINDING, HEADER, "header", HEADERS),
	WORDY(BINDING, FLAGS, "flags", WORDS, binding_flags),
	PLAIN(BINDING, WEIGHT, "weight", U32),
	PLAIN(BINDING, FILTER, "filter", BYTES),
	PLAIN(BINDING, FILTER_TEXT, "filter-text", FILTER),
};

static const struct broker_attribute consumer_list[] = {
	PLAIN(CONSUMER, ID, "id", U32),
	PLAIN(CONSUMER, SESSION, "session", U64),
	PLAIN(CONSUMER, QUEUE, "queue", STRING),
	WORDY(CONSUMER, FLAGS, "flags", WORDS, consumer_flags),
	PLAIN(CONSUMER, PID, "pid", U32),
	PLAIN(CONSUMER, UID, "uid", U32),
	PLAIN(CONSUMER, CREDIT_MESSAGES, "credit-messages", U32),
	PLAIN(CONSUMER, CREDIT_BYTES, "credit-bytes", U64),
	PLAIN(CONSUMER, PENDING, "pending", U32),
	PLAIN(CONSUMER, UNACKED, "unacked", U32),
	PLAIN(CONSUMER, DELIVERED, "delivered", U64),
	PLAIN(CONSUMER, SETTLED, "settled", U64),
	{ .name = "cause", .id = BROKER_A_CONSUMER_CAUSE, .kind = KIND_WORD,
	  .nr_words = NR_CAUSES, .words = broker_causes },
	PLAIN(CONSUMER, CODE, "code", U32),
	PLAIN(CONSUMER, RETURNED, "returned", U32),
	PLAIN(CONSUMER, FILTER_TEXT, "filter-text", STRING),
	PLAIN(CONSUMER, LEASE, "lease", U64),
	PLAIN(CONSUMER, PRIORITY, "priority", U32),
	WORDY(CONSUMER, ROLE, "role", WORD, consumer_roles),
	WORDY(CONSUMER, PAUSED, "paused", WORD, switches),
	PLAIN(CONSUMER, PAUSE_MS, "pause-ms", U32),
};

static const struct broker_attribute session_list[] = {
	PLAIN(SESSION, ID, "id", U64),
	PLAIN(SESSION, PID, "pid", U32),
	PLAIN(SESSION, UID, "uid", U32),
	PLAIN(SESSION, COMM, "comm", STRING),
	PLAIN(SESSION, CONSUMERS, "consumers", U32),
	PLAIN(SESSION, PUBLISHED, "published", U64),
	PLAIN(SESSION, REFUSED, "refused", U64),
	PLAIN(SESSION, RECEIVED, "received", U64),
	PLAIN(SESSION, SETTLED, "settled", U64),
	PLAIN(SESSION, WILLS, "wills", U32),
};

static const struct broker_attribute route_list[] = {
	PLAIN(ROUTE, EXCHANGE, "exchange", STRING),
	PLAIN(ROUTE, KEY, "key", STRING),
	PLAIN(ROUTE, PROPERTIES, "properties", BYTES),
	PLAIN(ROUTE, QUEUE, "queue", STRING),
	PLAIN(ROUTE, QUEUE_ID, "queue-id", U32),
	PLAIN(ROUTE, VIA, "via", STRING),
	PLAIN(ROUTE, PATTERN, "pattern", STRING),
	PLAIN(ROUTE, QUEUES, "queues", U32),
	WORDY(ROUTE, FLAGS, "flags", WORDS, binding_flags),
	PLAIN(ROUTE, TAPS, "taps", U32),
};

static const struct broker_attribute audit_list[] = {
	PLAIN(AUDIT, OPERATION, "operation", U32),
	PLAIN(AUDIT, NAME, "name", STRING),
	PLAIN(AUDIT, TO, "to", STRING),
	PLAIN(AUDIT, KEY, "key", STRING),
	PLAIN(AUDIT, UID, "uid", U32),
	PLAIN(AUDIT, PID, "pid", U32),
	PLAIN(AUDIT, COMM, "comm", STRING),
	PLAIN(AUDIT, ERROR, "error", U32),
	PLAIN(AUDIT, REASON, "reason", STRING),
};

static const struct broker_attribute advisory_list[] = {
	WORDY(ADVISORY, KIND, "kind", WORD, advisory_kinds),
	PLAIN(ADVISORY, TIME, "time", U64),
	PLAIN(ADVISORY, QUEUE, "queue", STRING),
	PLAIN(ADVISORY, QUEUE_ID, "queue-id", U32),
	PLAIN(ADVISORY, COUNT, "count", U32),
	PLAIN(ADVISORY, SESSION, "session", U64),
	PLAIN(ADVISORY, CONSUMER, "consumer", U32),
	PLAIN(ADVISORY, PID, "pid", U32),
	PLAIN(ADVISORY, UID, "uid", U32),
	PLAIN(ADVISORY, SEQUENCE, "sequence", U64),
	{ .name = "cause", .id = BROKER_A_ADVISORY_CAUSE, .kind = KIND_WORD,
	  .nr_words = NR_CAUSES, .words = broker_causes },
	PLAIN(ADVISORY, CODE, "code", U32),
	PLAIN(ADVISORY, LOST, "lost", U32),
};

static const struct broker_attribute limit_list[] = {
	WORDY(LIMIT, KIND, "kind", WORD, limit_kinds),
	PLAIN(LIMIT, UID, "uid", U32),
	PLAIN(LIMIT, CGROUP, "cgroup", U64),
	WORDY(LIMIT, OWN, "own", WORDS, limit_settings),
	PLAIN(LIMIT, MAX_SESSIONS, "max-sessions", U64),
	PLAIN(LIMIT, MAX_QUEUES, "max-queues", U64),
	PLAIN(LIMIT, MAX_BINDINGS, "max-bindings", U64),
	PLAIN(LIMIT, MAX_CONSUMERS, "max-consumers", U64),
	PLAIN(LIMIT, MAX_BYTES, "max-bytes", U64),
	PLAIN(LIMIT, MESSAGES_PER_SECOND, "messages-per-second", U64),
	PLAIN(LIMIT, MESSAGES_BURST, "messages-burst", U64),
	PLAIN(LIMIT, BYTES_PER_SECOND, "bytes-per-second", U64),
	PLAIN(LIMIT, BYTES_BURST, "bytes-burst", U64),
	PLAIN(LIMIT, SESSIONS, "sessions", U64),
	PLAIN(LIMIT, QUEUES, "queues", U64),
	PLAIN(LIMIT, BINDINGS, "bindings", U64),
	PLAIN(LIMIT, CONSUMERS, "consumers", U64),
	PLAIN(LIMIT, BYTES, "bytes", U64),
	PLAIN(LIMIT, REFUSED, "refused", U64),
};

static const struct broker_attribute acl_list[] = {
	PLAIN(ACL, EXCHANGE, "exchange", STRING),
	PLAIN(ACL, NUMBER, "number", U32),
	WORDY(ACL, ACTION, "action", WORD, acl_actions),
	WORDY(ACL, OPERATIONS, "operations", WORDS, acl_operations),
	PLAIN(ACL, PATTERN, "pattern", STRING),
	PLAIN(ACL, UID, "uid", U32),
	PLAIN(ACL, GID, "gid", U32),
};

static const struct broker_attribute step_list[] = {
	WORDY(STEP, KIND, "kind", WORD, step_kinds),
	PLAIN(STEP, TIME, "time", U64),
	PLAIN(STEP, MESSAGE, "message", U64),
	PLAIN(STEP, EXCHANGE, "exchange", STRING),
	PLAIN(STEP, KEY, "key", STRING),
	PLAIN(STEP, QUEUE, "queue", STRING),
	PLAIN(STEP, QUEUE_ID, "queue-id", U32),
	PLAIN(STEP, QUEUES, "queues", U32),
	PLAIN(STEP, SEQUENCE, "sequence", U64),
	PLAIN(STEP, SESSION, "session", U64),
	PLAIN(STEP, CONSUMER, "consumer", U32),
	PLAIN(STEP, PID, "pid", U32),
	PLAIN(STEP, UID, "uid", U32),
	PLAIN(STEP, TAG, "tag", U64),
	PLAIN(STEP, ACQUIRED, "acquired", U32),
	PLAIN(STEP, REASON, "reason", STRING),
	{ .name = "cause", .id = BROKER_A_STEP_CAUSE, .kind = KIND_WORD,
	  .nr_words = NR_CAUSES, .words = broker_causes },
	PLAIN(STEP, CODE, "code", U32),
	PLAIN(STEP, LOST, "lost", U32),
};

static const struct broker_attribute retained_list[] = {
	PLAIN(RETAINED, EXCHANGE, "exchange", STRING),
	PLAIN(RETAINED, KEY, "key", STRING),
	PLAIN(RETAINED, BYTES, "bytes", U32),
	PLAIN(RETAINED, TIME, "time", U64),
	PLAIN(RETAINED, DELETED, "deleted", U32),
};

static const struct broker_attribute producer_list[] = {
	PLAIN(PRODUCER, QUEUE, "queue", STRING),
	PLAIN(PRODUCER, NAME, "name", STRING),
	PLAIN(PRODUCER, UID, "uid", U32),
	PLAIN(PRODUCER, LAST, "last", U64),
};

static const struct broker_attribute state_list[] = {
	PLAIN(STATE, QUEUE, "queue", STRING),
	PLAIN(STATE, KEY, "key", BYTES),
	PLAIN(STATE, BYTES, "bytes", U32),
	PLAIN(STATE, TIME, "time", U64),
	PLAIN(STATE, DATA, "data", BYTES),
};

static const struct broker_attribute schedule_list[] = {
	PLAIN(SCHEDULE, NAME, "name", STRING),
	PLAIN(SCHEDULE, EXCHANGE, "exchange", STRING),
	PLAIN(SCHEDULE, KEY, "key", STRING),
	PLAIN(SCHEDULE, PROPERTIES, "properties", BYTES),
	PLAIN(SCHEDULE, BODY, "body", BYTES),
	PLAIN(SCHEDULE, INTERVAL, "interval", U64),
	PLAIN(SCHEDULE, CALENDAR, "calendar", BYTES),
	PLAIN(SCHEDULE, CRON, "cron", CRON),
	PLAIN(SCHEDULE, TIMEZONE, "timezone", CRON),
	WORDY(SCHEDULE, ENABLED, "enabled", WORD, switches),
	PLAIN(SCHEDULE, UID, "uid", U32),
	PLAIN(SCHEDULE, NEXT, "next", U64),
	PLAIN(SCHEDULE, FIRED, "fired", U64),
	PLAIN(SCHEDULE, FAILED, "failed", U64),
	PLAIN(SCHEDULE, MISSED, "missed", U64),
	PLAIN(SCHEDULE, ERROR, "error", U32),
	PLAIN(SCHEDULE, OFFSETS_UNTIL, "offsets-until", U64),
};

#define SET(text, array, last)	{ text, array, COUNT(array), last }

const struct broker_attributes broker_attributes[] = {
	[BROKER_OBJECT_BROKER]	 = SET("status", status_list, BROKER_A_STATUS_MAX),
	[BROKER_OBJECT_EXCHANGE] = SET("exchange", exchange_list, BROKER_A_EXCHANGE_MAX),
	[BROKER_OBJECT_QUEUE]	 = SET("queue", queue_list, BROKER_A_QUEUE_MAX),
	[BROKER_OBJECT_BINDING]	 = SET("binding", binding_list, BROKER_A_BINDING_MAX),
	[BROKER_OBJECT_CONSUMER] = SET("consumer", consumer_list, BROKER_A_CONSUMER_MAX),
	[BROKER_OBJECT_SESSION]	 = SET("session", session_list, BROKER_A_SESSION_MAX),
	[BROKER_OBJECT_ROUTE]	 = SET("route", route_list, BROKER_A_ROUTE_MAX),
	[BROKER_OBJECT_AUDIT]	 = SET("audit", audit_list, BROKER_A_AUDIT_MAX),
	[BROKER_OBJECT_ADVISORY] = SET("advisory", advisory_list, BROKER_A_ADVISORY_MAX),
	[BROKER_OBJECT_LIMIT]	 = SET("limit", limit_list, BROKER_A_LIMIT_MAX),
	[BROKER_OBJECT_ACL]	 = SET("acl", acl_list, BROKER_A_ACL_MAX),
	[BROKER_OBJECT_STEP]	 = SET("step", step_list, BROKER_A_STEP_MAX),
	[BROKER_OBJECT_RETAINED] = SET("retained", retained_list, BROKER_A_RETAINED_MAX),
	[BROKER_OBJECT_PRODUCER] = SET("producer", producer_list, BROKER_A_PRODUCER_MAX),
	[BROKER_OBJECT_STATE]	 = SET("state", state_list, BROKER_A_STATE_MAX),
	[BROKER_OBJECT_SCHEDULE] = SET("schedule", schedule_list, BROKER_A_SCHEDULE_MAX),
};
