// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT)
/* Do not edit directly, auto-generated from: */
/*	uapi/broker.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: make netlink */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "admin-gen.h"

#include <uapi/linux/broker_netlink.h>
#include <linux/broker.h>

/* Common nested types */
const struct nla_policy broker_header_nl_policy[BROKER_A_HEADER_PAD + 1] = {
	[BROKER_A_HEADER_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_HEADER_STRING] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_HEADER_INT64] = { .type = NLA_S64, },
	[BROKER_A_HEADER_DOUBLE] = { .type = NLA_U64, },
	[BROKER_A_HEADER_BOOL] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* BROKER_CMD_BROKER_GET - do */
static const struct nla_policy broker_broker_get_nl_policy[BROKER_A_STATUS_PAD + 1] = {
};

/* BROKER_CMD_BROKER_SET - do */
static const struct nla_policy broker_broker_set_nl_policy[BROKER_A_STATUS_DRAINING + 1] = {
	[BROKER_A_STATUS_DEFAULT_MAX_MESSAGES] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_STATUS_DEFAULT_MAX_BYTES] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_STATUS_DEFAULT_OVERFLOW] = NLA_POLICY_MAX(NLA_U32, 5),
	[BROKER_A_STATUS_DRAINING] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* BROKER_CMD_EXCHANGE_GET - do */
static const struct nla_policy broker_exchange_get_nl_policy[BROKER_A_EXCHANGE_NAME + 1] = {
	[BROKER_A_EXCHANGE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_EXCHANGE_NEW - do */
static const struct nla_policy broker_exchange_new_nl_policy[BROKER_A_EXCHANGE_RETAIN_MAX_BYTES + 1] = {
	[BROKER_A_EXCHANGE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_TYPE] = NLA_POLICY_MAX(NLA_U32, 5),
	[BROKER_A_EXCHANGE_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[BROKER_A_EXCHANGE_ALTERNATE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_UID] = { .type = NLA_U32, },
	[BROKER_A_EXCHANGE_GID] = { .type = NLA_U32, },
	[BROKER_A_EXCHANGE_MODE] = NLA_POLICY_MAX(NLA_U32, BROKER_MODE_MAX),
	[BROKER_A_EXCHANGE_HASH_HEADER] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_PROTECTED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_EXCHANGE_REWRITE_FROM] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_REWRITE_TO] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_RETAIN_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_EXCHANGE_RETAIN_MAX_BYTES] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* BROKER_CMD_EXCHANGE_SET - do */
static const struct nla_policy broker_exchange_set_nl_policy[BROKER_A_EXCHANGE_RETAIN_MAX_BYTES + 1] = {
	[BROKER_A_EXCHANGE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_ALTERNATE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_UID] = { .type = NLA_U32, },
	[BROKER_A_EXCHANGE_GID] = { .type = NLA_U32, },
	[BROKER_A_EXCHANGE_MODE] = NLA_POLICY_MAX(NLA_U32, BROKER_MODE_MAX),
	[BROKER_A_EXCHANGE_HASH_HEADER] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_PROTECTED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_EXCHANGE_REWRITE_FROM] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_REWRITE_TO] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_RETAIN_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_EXCHANGE_RETAIN_MAX_BYTES] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* BROKER_CMD_EXCHANGE_DEL - do */
static const struct nla_policy broker_exchange_del_nl_policy[BROKER_A_EXCHANGE_IF_UNUSED + 1] = {
	[BROKER_A_EXCHANGE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_EXCHANGE_IF_UNUSED] = { .type = NLA_FLAG, },
};

/* BROKER_CMD_QUEUE_GET - do */
static const struct nla_policy broker_queue_get_nl_policy[BROKER_A_QUEUE_NAME + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_QUEUE_NEW - do */
static const struct nla_policy broker_queue_new_nl_policy[BROKER_A_QUEUE_SLOW_ACTION + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[BROKER_A_QUEUE_SESSION] = { .type = NLA_U64, },
	[BROKER_A_QUEUE_MAX_MESSAGES] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_MAX_BYTES] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_QUEUE_OVERFLOW] = NLA_POLICY_MAX(NLA_U32, 5),
	[BROKER_A_QUEUE_UID] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_GID] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MODE] = NLA_POLICY_MAX(NLA_U32, BROKER_MODE_MAX),
	[BROKER_A_QUEUE_PROTECTED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_SEALED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_SINGLE_ACTIVE] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_ORDERING] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_SLOW_AFTER] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_SLOW_ACTION] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_PRIORITIES] = NLA_POLICY_RANGE(NLA_U32, 1, BROKER_PRIORITIES_MAX),
	[BROKER_A_QUEUE_TTL] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_LEASE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_DELIVERY] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_MIN] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_MAX] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_JITTER] = NLA_POLICY_MAX(NLA_U32, 100),
	[BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_DEAD_LETTER_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_DEDUPE_WINDOW] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_DEDUPE_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_EXPIRES] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_PAUSED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_PAUSE_MS] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_RATE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_BURST] = { .type = NLA_U32, },
};

/* BROKER_CMD_QUEUE_SET - do */
static const struct nla_policy broker_queue_set_nl_policy[BROKER_A_QUEUE_UNSET + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_MAX_MESSAGES] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_MAX_BYTES] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_QUEUE_OVERFLOW] = NLA_POLICY_MAX(NLA_U32, 5),
	[BROKER_A_QUEUE_UID] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_GID] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MODE] = NLA_POLICY_MAX(NLA_U32, BROKER_MODE_MAX),
	[BROKER_A_QUEUE_PROTECTED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_SEALED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_SINGLE_ACTIVE] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_ORDERING] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_SLOW_AFTER] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_SLOW_ACTION] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_PRIORITIES] = NLA_POLICY_RANGE(NLA_U32, 1, BROKER_PRIORITIES_MAX),
	[BROKER_A_QUEUE_TTL] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_LEASE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_DELIVERY] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_MIN] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_MAX] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_JITTER] = NLA_POLICY_MAX(NLA_U32, 100),
	[BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_DEAD_LETTER_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_DEDUPE_WINDOW] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_DEDUPE_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_EXPIRES] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_PAUSED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_PAUSE_MS] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_RATE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_BURST] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_UNSET] = NLA_POLICY_MASK(NLA_U32, 0x7ffff),
};

/* BROKER_CMD_QUEUE_DEL - do */
static const struct nla_policy broker_queue_del_nl_policy[BROKER_A_QUEUE_IF_EMPTY + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_IF_UNUSED] = { .type = NLA_FLAG, },
	[BROKER_A_QUEUE_IF_EMPTY] = { .type = NLA_FLAG, },
};

/* BROKER_CMD_QUEUE_PURGE - do */
static const struct nla_policy broker_queue_purge_nl_policy[BROKER_A_QUEUE_NAME + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_BINDING_GET - do */
static const struct nla_policy broker_binding_get_nl_policy[BROKER_A_BINDING_KEY + 1] = {
	[BROKER_A_BINDING_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_QUEUE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_TO_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_BINDING_NEW - do */
static const struct nla_policy broker_binding_new_nl_policy[BROKER_A_BINDING_FILTER_TEXT + 1] = {
	[BROKER_A_BINDING_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_QUEUE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_TO_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_MATCH] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_BINDING_HEADER] = NLA_POLICY_NESTED(broker_header_nl_policy),
	[BROKER_A_BINDING_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[BROKER_A_BINDING_WEIGHT] = NLA_POLICY_RANGE(NLA_U32, 1, BROKER_WEIGHT_MAX),
	[BROKER_A_BINDING_FILTER] = NLA_POLICY_MAX_LEN(BROKER_FILTER_MAX),
	[BROKER_A_BINDING_FILTER_TEXT] = { .type = NLA_NUL_STRING, .len = BROKER_FILTER_TEXT_MAX, },
};

/* BROKER_CMD_BINDING_SET - do */
static const struct nla_policy broker_binding_set_nl_policy[BROKER_A_BINDING_FILTER_TEXT + 1] = {
	[BROKER_A_BINDING_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_QUEUE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_TO_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_MATCH] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_BINDING_HEADER] = NLA_POLICY_NESTED(broker_header_nl_policy),
	[BROKER_A_BINDING_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[BROKER_A_BINDING_WEIGHT] = NLA_POLICY_RANGE(NLA_U32, 1, BROKER_WEIGHT_MAX),
	[BROKER_A_BINDING_FILTER] = NLA_POLICY_MAX_LEN(BROKER_FILTER_MAX),
	[BROKER_A_BINDING_FILTER_TEXT] = { .type = NLA_NUL_STRING, .len = BROKER_FILTER_TEXT_MAX, },
};

/* BROKER_CMD_BINDING_DEL - do */
static const struct nla_policy broker_binding_del_nl_policy[BROKER_A_BINDING_KEY + 1] = {
	[BROKER_A_BINDING_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_QUEUE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_TO_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_BINDING_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_CONSUMER_GET - do */
static const struct nla_policy broker_consumer_get_nl_policy[BROKER_A_CONSUMER_QUEUE + 1] = {
	[BROKER_A_CONSUMER_SESSION] = { .type = NLA_U64, },
	[BROKER_A_CONSUMER_ID] = { .type = NLA_U32, },
	[BROKER_A_CONSUMER_QUEUE] = { .type = NLA_NUL_STRING, },
};

/* BROKER_CMD_SESSION_GET - do */
static const struct nla_policy broker_session_get_nl_policy[BROKER_A_SESSION_ID + 1] = {
	[BROKER_A_SESSION_ID] = { .type = NLA_U64, },
};

/* BROKER_CMD_ROUTE_GET - do */
static const struct nla_policy broker_route_get_nl_policy[BROKER_A_ROUTE_PROPERTIES + 1] = {
	[BROKER_A_ROUTE_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_ROUTE_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_ROUTE_PROPERTIES] = NLA_POLICY_MAX_LEN(BROKER_PROPS_MAX),
};

/* BROKER_CMD_LIMIT_GET - do */
static const struct nla_policy broker_limit_get_nl_policy[BROKER_A_LIMIT_CGROUP + 1] = {
	[BROKER_A_LIMIT_KIND] = NLA_POLICY_MAX(NLA_U32, 2),
	[BROKER_A_LIMIT_UID] = { .type = NLA_U32, },
	[BROKER_A_LIMIT_CGROUP] = { .type = NLA_U64, },
};

/* BROKER_CMD_LIMIT_NEW - do */
static const struct nla_policy broker_limit_new_nl_policy[BROKER_A_LIMIT_BYTES_BURST + 1] = {
	[BROKER_A_LIMIT_KIND] = NLA_POLICY_MAX(NLA_U32, 2),
	[BROKER_A_LIMIT_UID] = { .type = NLA_U32, },
	[BROKER_A_LIMIT_CGROUP] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_SESSIONS] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_QUEUES] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_BINDINGS] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_CONSUMERS] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_BYTES] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MESSAGES_PER_SECOND] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_LIMIT_MESSAGES_BURST] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_LIMIT_BYTES_PER_SECOND] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_LIMIT_BYTES_BURST] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* BROKER_CMD_LIMIT_SET - do */
static const struct nla_policy broker_limit_set_nl_policy[BROKER_A_LIMIT_BYTES_BURST + 1] = {
	[BROKER_A_LIMIT_KIND] = NLA_POLICY_MAX(NLA_U32, 2),
	[BROKER_A_LIMIT_UID] = { .type = NLA_U32, },
	[BROKER_A_LIMIT_CGROUP] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_SESSIONS] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_QUEUES] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_BINDINGS] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_CONSUMERS] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MAX_BYTES] = { .type = NLA_U64, },
	[BROKER_A_LIMIT_MESSAGES_PER_SECOND] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_LIMIT_MESSAGES_BURST] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_LIMIT_BYTES_PER_SECOND] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_LIMIT_BYTES_BURST] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* BROKER_CMD_LIMIT_DEL - do */
static const struct nla_policy broker_limit_del_nl_policy[BROKER_A_LIMIT_CGROUP + 1] = {
	[BROKER_A_LIMIT_KIND] = NLA_POLICY_MAX(NLA_U32, 2),
	[BROKER_A_LIMIT_UID] = { .type = NLA_U32, },
	[BROKER_A_LIMIT_CGROUP] = { .type = NLA_U64, },
};

/* BROKER_CMD_QUEUE_MOVE - do */
static const struct nla_policy broker_queue_move_nl_policy[BROKER_A_QUEUE_CURSOR + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_TO_QUEUE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_LIMIT] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_COPY] = { .type = NLA_FLAG, },
	[BROKER_A_QUEUE_STATE] = NLA_POLICY_MAX(NLA_U32, 4),
	[BROKER_A_QUEUE_BACK] = { .type = NLA_FLAG, },
	[BROKER_A_QUEUE_FILTER] = NLA_POLICY_MAX_LEN(BROKER_FILTER_MAX),
	[BROKER_A_QUEUE_DRY_RUN] = { .type = NLA_FLAG, },
	[BROKER_A_QUEUE_CURSOR] = NLA_POLICY_EXACT_LEN(24),
};

/* BROKER_CMD_ACL_GET - do */
static const struct nla_policy broker_acl_get_nl_policy[BROKER_A_ACL_NUMBER + 1] = {
	[BROKER_A_ACL_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_ACL_NUMBER] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* BROKER_CMD_ACL_NEW - do */
static const struct nla_policy broker_acl_new_nl_policy[BROKER_A_ACL_GID + 1] = {
	[BROKER_A_ACL_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_ACL_NUMBER] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_ACL_ACTION] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_ACL_OPERATIONS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[BROKER_A_ACL_PATTERN] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_ACL_UID] = { .type = NLA_U32, },
	[BROKER_A_ACL_GID] = { .type = NLA_U32, },
};

/* BROKER_CMD_ACL_DEL - do */
static const struct nla_policy broker_acl_del_nl_policy[BROKER_A_ACL_NUMBER + 1] = {
	[BROKER_A_ACL_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_ACL_NUMBER] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* BROKER_CMD_RETAINED_GET - do */
static const struct nla_policy broker_retained_get_nl_policy[BROKER_A_RETAINED_KEY + 1] = {
	[BROKER_A_RETAINED_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_RETAINED_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_RETAINED_DEL - do */
static const struct nla_policy broker_retained_del_nl_policy[BROKER_A_RETAINED_KEY + 1] = {
	[BROKER_A_RETAINED_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_RETAINED_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_QUEUE_REMOVE - do */
static const struct nla_policy broker_queue_remove_nl_policy[BROKER_A_QUEUE_SEQUENCE + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_SEQUENCE] = { .type = NLA_U64, },
};

/* BROKER_CMD_PRODUCER_GET - do */
static const struct nla_policy broker_producer_get_nl_policy[BROKER_A_PRODUCER_UID + 1] = {
	[BROKER_A_PRODUCER_QUEUE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_PRODUCER_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_PRODUCER_UID] = { .type = NLA_U32, },
};

/* BROKER_CMD_CONSUMER_SET - do */
static const struct nla_policy broker_consumer_set_nl_policy[BROKER_A_CONSUMER_PAUSE_MS + 1] = {
	[BROKER_A_CONSUMER_SESSION] = { .type = NLA_U64, },
	[BROKER_A_CONSUMER_ID] = { .type = NLA_U32, },
	[BROKER_A_CONSUMER_PAUSED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_CONSUMER_PAUSE_MS] = { .type = NLA_U32, },
};

/* BROKER_CMD_POLICY_GET - do */
static const struct nla_policy broker_policy_get_nl_policy[BROKER_A_QUEUE_NAME + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_POLICY_NEW - do */
static const struct nla_policy broker_policy_new_nl_policy[BROKER_A_QUEUE_CAP + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_PATTERN] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_PRECEDENCE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_CAP] = { .type = NLA_FLAG, },
	[BROKER_A_QUEUE_MAX_MESSAGES] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_MAX_BYTES] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_QUEUE_OVERFLOW] = NLA_POLICY_MAX(NLA_U32, 5),
	[BROKER_A_QUEUE_PRIORITIES] = NLA_POLICY_RANGE(NLA_U32, 1, BROKER_PRIORITIES_MAX),
	[BROKER_A_QUEUE_TTL] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_LEASE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_DELIVERY] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_MIN] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_MAX] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_JITTER] = NLA_POLICY_MAX(NLA_U32, 100),
	[BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_DEAD_LETTER_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_DEDUPE_WINDOW] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_DEDUPE_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_EXPIRES] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_SINGLE_ACTIVE] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_MAX_RATE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_BURST] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_SLOW_AFTER] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_SLOW_ACTION] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* BROKER_CMD_POLICY_SET - do */
static const struct nla_policy broker_policy_set_nl_policy[BROKER_A_QUEUE_PRECEDENCE + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_PATTERN] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_PRECEDENCE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_MESSAGES] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_MAX_BYTES] = NLA_POLICY_MIN(NLA_U64, 1),
	[BROKER_A_QUEUE_OVERFLOW] = NLA_POLICY_MAX(NLA_U32, 5),
	[BROKER_A_QUEUE_PRIORITIES] = NLA_POLICY_RANGE(NLA_U32, 1, BROKER_PRIORITIES_MAX),
	[BROKER_A_QUEUE_TTL] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_LEASE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_DELIVERY] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_MIN] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_MAX] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_RETRY_JITTER] = NLA_POLICY_MAX(NLA_U32, 100),
	[BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_DEAD_LETTER_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_QUEUE_DEDUPE_WINDOW] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_DEDUPE_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[BROKER_A_QUEUE_EXPIRES] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_SINGLE_ACTIVE] = NLA_POLICY_MAX(NLA_U32, 1),
	[BROKER_A_QUEUE_MAX_RATE] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_MAX_BURST] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_SLOW_AFTER] = { .type = NLA_U32, },
	[BROKER_A_QUEUE_SLOW_ACTION] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* BROKER_CMD_POLICY_DEL - do */
static const struct nla_policy broker_policy_del_nl_policy[BROKER_A_QUEUE_NAME + 1] = {
	[BROKER_A_QUEUE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_STATE_GET - do */
static const struct nla_policy broker_state_get_nl_policy[BROKER_A_STATE_KEY + 1] = {
	[BROKER_A_STATE_QUEUE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_STATE_KEY] = NLA_POLICY_MAX_LEN(BROKER_NAME_MAX),
};

/* BROKER_CMD_STATE_DEL - do */
static const struct nla_policy broker_state_del_nl_policy[BROKER_A_STATE_KEY + 1] = {
	[BROKER_A_STATE_QUEUE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_STATE_KEY] = NLA_POLICY_MAX_LEN(BROKER_NAME_MAX),
};

/* BROKER_CMD_SCHEDULE_GET - do */
static const struct nla_policy broker_schedule_get_nl_policy[BROKER_A_SCHEDULE_NAME + 1] = {
	[BROKER_A_SCHEDULE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* BROKER_CMD_SCHEDULE_NEW - do */
static const struct nla_policy broker_schedule_new_nl_policy[BROKER_A_SCHEDULE_ENABLED + 1] = {
	[BROKER_A_SCHEDULE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_SCHEDULE_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_SCHEDULE_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_SCHEDULE_PROPERTIES] = NLA_POLICY_MAX_LEN(BROKER_SCHEDULE_PROPS_MAX),
	[BROKER_A_SCHEDULE_BODY] = NLA_POLICY_MAX_LEN(BROKER_SCHEDULE_BODY_MAX),
	[BROKER_A_SCHEDULE_INTERVAL] = NLA_POLICY_MIN(NLA_U64, BROKER_INTERVAL_MIN),
	[BROKER_A_SCHEDULE_CALENDAR] = NLA_POLICY_MAX_LEN(BROKER_CALENDAR_MAX),
	[BROKER_A_SCHEDULE_CRON] = { .type = NLA_NUL_STRING, .len = BROKER_CRON_MAX, },
	[BROKER_A_SCHEDULE_TIMEZONE] = { .type = NLA_NUL_STRING, .len = BROKER_TIMEZONE_MAX, },
	[BROKER_A_SCHEDULE_ENABLED] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* BROKER_CMD_SCHEDULE_SET - do */
static const struct nla_policy broker_schedule_set_nl_policy[BROKER_A_SCHEDULE_ENABLED + 1] = {
	[BROKER_A_SCHEDULE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_SCHEDULE_EXCHANGE] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_SCHEDULE_KEY] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
	[BROKER_A_SCHEDULE_PROPERTIES] = NLA_POLICY_MAX_LEN(BROKER_SCHEDULE_PROPS_MAX),
	[BROKER_A_SCHEDULE_BODY] = NLA_POLICY_MAX_LEN(BROKER_SCHEDULE_BODY_MAX),
	[BROKER_A_SCHEDULE_INTERVAL] = NLA_POLICY_MIN(NLA_U64, BROKER_INTERVAL_MIN),
	[BROKER_A_SCHEDULE_CALENDAR] = NLA_POLICY_MAX_LEN(BROKER_CALENDAR_MAX),
	[BROKER_A_SCHEDULE_CRON] = { .type = NLA_NUL_STRING, .len = BROKER_CRON_MAX, },
	[BROKER_A_SCHEDULE_TIMEZONE] = { .type = NLA_NUL_STRING, .len = BROKER_TIMEZONE_MAX, },
	[BROKER_A_SCHEDULE_ENABLED] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* BROKER_CMD_SCHEDULE_DEL - do */
static const struct nla_policy broker_schedule_del_nl_policy[BROKER_A_SCHEDULE_NAME + 1] = {
	[BROKER_A_SCHEDULE_NAME] = { .type = NLA_NUL_STRING, .len = BROKER_NAME_MAX, },
};

/* Ops table for broker */
static const struct genl_ops broker_nl_ops[] = {
	{
		.cmd		= BROKER_CMD_BROKER_GET,
		.doit		= broker_nl_broker_get_doit,
		.policy		= broker_broker_get_nl_policy,
		.maxattr	= BROKER_A_STATUS_PAD,
	},
	{
		.cmd		= BROKER_CMD_BROKER_SET,
		.doit		= broker_nl_broker_set_doit,
		.policy		= broker_broker_set_nl_policy,
		.maxattr	= BROKER_A_STATUS_DRAINING,
	},
	{
		.cmd		= BROKER_CMD_EXCHANGE_GET,
		.doit		= broker_nl_exchange_get_doit,
		.dumpit		= broker_nl_exchange_get_dumpit,
		.policy		= broker_exchange_get_nl_policy,
		.maxattr	= BROKER_A_EXCHANGE_NAME,
	},
	{
		.cmd		= BROKER_CMD_EXCHANGE_NEW,
		.doit		= broker_nl_exchange_new_doit,
		.policy		= broker_exchange_new_nl_policy,
		.maxattr	= BROKER_A_EXCHANGE_RETAIN_MAX_BYTES,
	},
	{
		.cmd		= BROKER_CMD_EXCHANGE_SET,
		.doit		= broker_nl_exchange_set_doit,
		.policy		= broker_exchange_set_nl_policy,
		.maxattr	= BROKER_A_EXCHANGE_RETAIN_MAX_BYTES,
	},
	{
		.cmd		= BROKER_CMD_EXCHANGE_DEL,
		.doit		= broker_nl_exchange_del_doit,
		.policy		= broker_exchange_del_nl_policy,
		.maxattr	= BROKER_A_EXCHANGE_IF_UNUSED,
	},
	{
		.cmd		= BROKER_CMD_QUEUE_GET,
		.doit		= broker_nl_queue_get_doit,
		.dumpit		= broker_nl_queue_get_dumpit,
		.policy		= broker_queue_get_nl_policy,
		.maxattr	= BROKER_A_QUEUE_NAME,
	},
	{
		.cmd		= BROKER_CMD_QUEUE_NEW,
		.doit		= broker_nl_queue_new_doit,
		.policy		= broker_queue_new_nl_policy,
		.maxattr	= BROKER_A_QUEUE_SLOW_ACTION,
	},
	{
		.cmd		= BROKER_CMD_QUEUE_SET,
		.doit		= broker_nl_queue_set_doit,
		.policy		= broker_queue_set_nl_policy,
		.maxattr	= BROKER_A_QUEUE_UNSET,
	},
	{
		.cmd		= BROKER_CMD_QUEUE_DEL,
		.doit		= broker_nl_queue_del_doit,
		.policy		= broker_queue_del_nl_policy,
		.maxattr	= BROKER_A_QUEUE_IF_EMPTY,
	},
	{
		.cmd		= BROKER_CMD_QUEUE_PURGE,
		.doit		= broker_nl_queue_purge_doit,
		.policy		= broker_queue_purge_nl_policy,
		.maxattr	= BROKER_A_QUEUE_NAME,
	},
	{
		.cmd		= BROKER_CMD_BINDING_GET,
		.doit		= broker_nl_binding_get_doit,
		.dumpit		= broker_nl_binding_get_dumpit,
		.policy		= broker_binding_get_nl_policy,
		.maxattr	= BROKER_A_BINDING_KEY,
	},
	{
		.cmd		= BROKER_CMD_BINDING_NEW,
		.doit		= broker_nl_binding_new_doit,
		.policy		= broker_binding_new_nl_policy,
		.maxattr	= BROKER_A_BINDING_FILTER_TEXT,
	},
	{
		.cmd		= BROKER_CMD_BINDING_SET,
		.doit		= broker_nl_binding_set_doit,
		.policy		= broker_binding_set_nl_policy,
		.maxattr	= BROKER_A_BINDING_FILTER_TEXT,
	},
	{
		.cmd		= BROKER_CMD_BINDING_DEL,
		.doit		= broker_nl_binding_del_doit,
		.policy		= broker_binding_del_nl_policy,
		.maxattr	= BROKER_A_BINDING_KEY,
	},
	{
		.cmd		= BROKER_CMD_CONSUMER_GET,
		.doit		= broker_nl_consumer_get_doit,
		.dumpit		= broker_nl_consumer_get_dumpit,
		.policy		= broker_consumer_get_nl_policy,
		.maxattr	= BROKER_A_CONSUMER_QUEUE,
	},
	{
		.cmd		= BROKER_CMD_SESSION_GET,
		.doit		= broker_nl_session_get_doit,
		.dumpit		= broker_nl_session_get_dumpit,
		.policy		= broker_session_get_nl_policy,
		.maxattr	= BROKER_A_SESSION_ID,
	},
	{
		.cmd		= BROKER_CMD_ROUTE_GET,
		.doit		= broker_nl_route_get_doit,
		.dumpit		= broker_nl_route_get_dumpit,
		.policy		= broker_route_get_nl_policy,
		.maxattr	= BROKER_A_ROUTE_PROPERTIES,
	},
	{
		.cmd		= BROKER_CMD_LIMIT_GET,
		.doit		= broker_nl_limit_get_doit,
		.dumpit		= broker_nl_limit_get_dumpit,
		.policy		= broker_limit_get_nl_policy,
		.maxattr	= BROKER_A_LIMIT_CGROUP,
	},
	{
		.cmd		= BROKER_CMD_LIMIT_NEW,
		.doit		= broker_nl_limit_new_doit,
		.policy		= broker_limit_new_nl_policy,
		.maxattr	= BROKER_A_LIMIT_BYTES_BURST,
	},
	{
		.cmd		= BROKER_CMD_LIMIT_SET,
		.doit		= broker_nl_limit_set_doit,
		.policy		= broker_limit_set_nl_policy,
		.maxattr	= BROKER_A_LIMIT_BYTES_BURST,
	},
	{
		.cmd		= BROKER_CMD_LIMIT_DEL,
		.doit		= broker_nl_limit_del_doit,
		.policy		= broker_limit_del_nl_policy,
		.maxattr	= BROKER_A_LIMIT_CGROUP,
	},
	{
		.cmd		= BROKER_CMD_QUEUE_MOVE,
		.doit		= broker_nl_queue_move_doit,
		.policy		= broker_queue_move_nl_policy,
		.maxattr	= BROKER_A_QUEUE_CURSOR,
	},
	{
		.cmd		= BROKER_CMD_ACL_GET,
		.doit		= broker_nl_acl_get_doit,
		.dumpit		= broker_nl_acl_get_dumpit,
		.policy		= broker_acl_get_nl_policy,
		.maxattr	= BROKER_A_ACL_NUMBER,
	},
	{
		.cmd		= BROKER_CMD_ACL_NEW,
		.doit		= broker_nl_acl_new_doit,
		.policy		= broker_acl_new_nl_policy,
		.maxattr	= BROKER_A_ACL_GID,
	},
	{
		.cmd		= BROKER_CMD_ACL_DEL,
		.doit		= broker_nl_acl_del_doit,
		.policy		= broker_acl_del_nl_policy,
		.maxattr	= BROKER_A_ACL_NUMBER,
	},
	{
		.cmd		= BROKER_CMD_RETAINED_GET,
		.doit		= broker_nl_retained_get_doit,
		.dumpit		= broker_nl_retained_get_dumpit,
		.policy		= broker_retained_get_nl_policy,
		.maxattr	= BROKER_A_RETAINED_KEY,
	},
	{
		.cmd		= BROKER_CMD_RETAINED_DEL,
		.doit		= broker_nl_retained_del_doit,
		.policy		= broker_retained_del_nl_policy,
		.maxattr	= BROKER_A_RETAINED_KEY,
	},
	{
		.cmd		= BROKER_CMD_QUEUE_REMOVE,
		.doit		= broker_nl_queue_remove_doit,
		.policy		= broker_queue_remove_nl_policy,
		.maxattr	= BROKER_A_QUEUE_SEQUENCE,
	},
	{
		.cmd		= BROKER_CMD_PRODUCER_GET,
		.doit		= broker_nl_producer_get_doit,
		.dumpit		= broker_nl_producer_get_dumpit,
		.policy		= broker_producer_get_nl_policy,
		.maxattr	= BROKER_A_PRODUCER_UID,
	},
	{
		.cmd		= BROKER_CMD_CONSUMER_SET,
		.doit		= broker_nl_consumer_set_doit,
		.policy		= broker_consumer_set_nl_policy,
		.maxattr	= BROKER_A_CONSUMER_PAUSE_MS,
	},
	{
		.cmd		= BROKER_CMD_POLICY_GET,
		.doit		= broker_nl_policy_get_doit,
		.dumpit		= broker_nl_policy_get_dumpit,
		.policy		= broker_policy_get_nl_policy,
		.maxattr	= BROKER_A_QUEUE_NAME,
	},
	{
		.cmd		= BROKER_CMD_POLICY_NEW,
		.doit		= broker_nl_policy_new_doit,
		.policy		= broker_policy_new_nl_policy,
		.maxattr	= BROKER_A_QUEUE_CAP,
	},
	{
		.cmd		= BROKER_CMD_POLICY_SET,
		.doit		= broker_nl_policy_set_doit,
		.policy		= broker_policy_set_nl_policy,
		.maxattr	= BROKER_A_QUEUE_PRECEDENCE,
	},
	{
		.cmd		= BROKER_CMD_POLICY_DEL,
		.doit		= broker_nl_policy_del_doit,
		.policy		= broker_policy_del_nl_policy,
		.maxattr	= BROKER_A_QUEUE_NAME,
	},
	{
		.cmd		= BROKER_CMD_STATE_GET,
		.doit		= broker_nl_state_get_doit,
		.dumpit		= broker_nl_state_get_dumpit,
		.policy		= broker_state_get_nl_policy,
		.maxattr	= BROKER_A_STATE_KEY,
	},
	{
		.cmd		= BROKER_CMD_STATE_DEL,
		.doit		= broker_nl_state_del_doit,
		.policy		= broker_state_del_nl_policy,
		.maxattr	= BROKER_A_STATE_KEY,
	},
	{
		.cmd		= BROKER_CMD_SCHEDULE_GET,
		.doit		= broker_nl_schedule_get_doit,
		.dumpit		= broker_nl_schedule_get_dumpit,
		.policy		= broker_schedule_get_nl_policy,
		.maxattr	= BROKER_A_SCHEDULE_NAME,
	},
	{
		.cmd		= BROKER_CMD_SCHEDULE_NEW,
		.doit		= broker_nl_schedule_new_doit,
		.policy		= broker_schedule_new_nl_policy,
		.maxattr	= BROKER_A_SCHEDULE_ENABLED,
	},
	{
		.cmd		= BROKER_CMD_SCHEDULE_SET,
		.doit		= broker_nl_schedule_set_doit,
		.policy		= broker_schedule_set_nl_policy,
		.maxattr	= BROKER_A_SCHEDULE_ENABLED,
	},
	{
		.cmd		= BROKER_CMD_SCHEDULE_DEL,
		.doit		= broker_nl_schedule_del_doit,
		.policy		= broker_schedule_del_nl_policy,
		.maxattr	= BROKER_A_SCHEDULE_NAME,
	},
};

static const struct genl_multicast_group broker_nl_mcgrps[] = {
	[BROKER_NLGRP_TOPOLOGY] = { "topology", },
	[BROKER_NLGRP_CONSUMERS] = { "consumers", GENL_MCAST_CAP_NET_ADMIN, },
	[BROKER_NLGRP_AUDIT] = { "audit", GENL_MCAST_CAP_NET_ADMIN, },
	[BROKER_NLGRP_ALARMS] = { "alarms", GENL_MCAST_CAP_NET_ADMIN, },
	[BROKER_NLGRP_TRACE] = { "trace", GENL_MCAST_CAP_NET_ADMIN, },
};

struct genl_family broker_nl_family __ro_after_init = {
	.name		= BROKER_FAMILY_NAME,
	.version	= BROKER_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= broker_nl_ops,
	.n_ops		= ARRAY_SIZE(broker_nl_ops),
	.mcgrps		= broker_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(broker_nl_mcgrps),
};
