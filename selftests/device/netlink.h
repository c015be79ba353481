/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A netlink client just large enough to shape a broker.  Each call opens a
 * socket of its own, hence it acts in the namespace and with the credentials
 * of the moment.  All functions return 0 or a negative errno.
 */
#ifndef SELFTESTS_NETLINK_H
#define SELFTESTS_NETLINK_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/broker_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

struct nl_msg {
	union {
		struct {
			struct nlmsghdr hdr;
			struct genlmsghdr genl;
		};
		char buf[8192];
	};
};

/* Why the last call was refused, in the kernel's words. */
static char nl_why[256] __attribute__((unused));

/* Called before and after the system call in which the kernel does the work. */
static void (*nl_around)(int before) __attribute__((unused));

static inline struct nlattr *nl_put(struct nl_msg *msg, int type, const void *data, size_t len)
{
	struct nlattr *attr = (void *)(msg->buf + msg->hdr.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memset(attr + 1, 0, NLA_ALIGN(len));
	if (len)
		memcpy(attr + 1, data, len);
	msg->hdr.nlmsg_len += NLA_ALIGN(attr->nla_len);
	return attr;
}

static inline void nl_put_str(struct nl_msg *msg, int type, const char *s)
{
	if (s)
		nl_put(msg, type, s, strlen(s) + 1);
}

static inline void nl_put_u32(struct nl_msg *msg, int type, uint32_t v)
{
	nl_put(msg, type, &v, sizeof(v));
}

static inline void nl_put_u64(struct nl_msg *msg, int type, uint64_t v)
{
	nl_put(msg, type, &v, sizeof(v));
}

static inline struct nl_msg *nl_new(int cmd)
{
	struct nl_msg *msg = calloc(1, sizeof(*msg));

	msg->hdr.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	msg->hdr.nlmsg_flags = NLM_F_REQUEST;
	msg->genl.cmd = cmd;
	msg->genl.version = 1;
	return msg;
}

static inline const struct nlattr *nl_find(const void *attrs, size_t len, int type)
{
	const char *p = attrs, *end = p + len;

	while (end - p >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)p;

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > end - p)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		p += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

static inline const struct nlattr *nl_attr(const struct nl_msg *msg, int type)
{
	return nl_find(msg->buf + NLMSG_LENGTH(GENL_HDRLEN),
		       msg->hdr.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), type);
}

/* An integer of either width; ~0 where it is missing. */
static inline uint64_t nl_get(const struct nl_msg *msg, int type)
{
	const struct nlattr *attr = nl_attr(msg, type);
	uint64_t v64;
	uint32_t v32;

	if (!attr)
		return ~0ULL;
	if (attr->nla_len == NLA_HDRLEN + sizeof(v64)) {
		memcpy(&v64, attr + 1, sizeof(v64));
		return v64;
	}
	memcpy(&v32, attr + 1, sizeof(v32));
	return v32;
}

static inline const char *nl_get_str(const struct nl_msg *msg, int type)
{
	const struct nlattr *attr = nl_attr(msg, type);

	return attr ? (const char *)(attr + 1) : "";
}

static inline void nl_keep_reason(const struct nlmsghdr *hdr)
{
	const struct nlmsgerr *err = NLMSG_DATA(hdr);
	size_t skip = NLMSG_HDRLEN + sizeof(*err);
	const struct nlattr *text;

	nl_why[0] = 0;
	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - NLMSG_HDRLEN;
	text = nl_find((const char *)hdr + skip, hdr->nlmsg_len - skip, NLMSGERR_ATTR_MSG);
	if (text)
		strncpy(nl_why, (const char *)(text + 1), sizeof(nl_why) - 1);
}

/* Sends @msg as it is; calls @each on all that answers until the end. */
static inline int nl_talk(struct nl_msg *msg, void (*each)(const struct nl_msg *, void *),
			  void *arg)
{
	const size_t room = 1 << 16;
	char *buf = malloc(room);
	struct timeval guard = { .tv_sec = 10 };
	int fd, one = 1, ret = 1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0) {
		free(buf);
		return -errno;
	}
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
	if (nl_around)
		nl_around(1);
	if (send(fd, msg, msg->hdr.nlmsg_len, 0) < 0)
		ret = -errno;
	if (nl_around)
		nl_around(0);
	while (ret > 0) {
		struct nlmsghdr *hdr = (void *)buf;
		ssize_t len = recv(fd, buf, room, 0);

		if (len < 0) {
			ret = -errno;
			break;
		}
		for (; ret > 0 && NLMSG_OK(hdr, (size_t)len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_ERROR) {
				nl_keep_reason(hdr);
				ret = ((struct nlmsgerr *)NLMSG_DATA(hdr))->error;
			} else if (hdr->nlmsg_type == NLMSG_DONE) {
				ret = *(int *)NLMSG_DATA(hdr);
			} else if (each) {
				each((struct nl_msg *)hdr, arg);
			}
		}
	}
	close(fd);
	free(buf);
	return ret;
}

static inline void nl_copy(const struct nl_msg *msg, void *arg)
{
	memcpy(arg, msg, msg->hdr.nlmsg_len);
}

static inline int nl_family(void)
{
	static int id;

	if (!id) {
		struct nl_msg *msg = nl_new(CTRL_CMD_GETFAMILY);

		msg->hdr.nlmsg_type = GENL_ID_CTRL;
		msg->hdr.nlmsg_flags |= NLM_F_ACK;
		nl_put_str(msg, CTRL_ATTR_FAMILY_NAME, BROKER_FAMILY_NAME);
		if (!nl_talk(msg, nl_copy, msg)) {
			uint16_t v;

			memcpy(&v, nl_attr(msg, CTRL_ATTR_FAMILY_ID) + 1, sizeof(v));
			id = v;
		}
		free(msg);
	}
	return id;
}

/* Once, before the tests fork. */
__attribute__((constructor)) static void nl_find_family(void)
{
	nl_family();
}

/* Performs and frees @msg; the answer, if any, is copied to @reply. */
static inline int nl_do_reply(struct nl_msg *msg, struct nl_msg *reply)
{
	int ret;

	msg->hdr.nlmsg_type = nl_family();
	msg->hdr.nlmsg_flags |= NLM_F_ACK;
	ret = nl_talk(msg, reply ? nl_copy : NULL, reply);
	free(msg);
	return ret;
}

static inline int nl_do(struct nl_msg *msg)
{
	return nl_do_reply(msg, NULL);
}

/* Calls @each on every object of the dump; frees @msg. */
static inline int nl_dump(struct nl_msg *msg, void (*each)(const struct nl_msg *, void *),
			  void *arg)
{
	int ret;

	msg->hdr.nlmsg_type = nl_family();
	msg->hdr.nlmsg_flags |= NLM_F_DUMP;
	ret = nl_talk(msg, each, arg);
	free(msg);
	return ret;
}

/* What may be said of a queue or an exchange; what is 0 is left out. */
struct nl_opts {
	uint32_t flags;
	uint64_t session;
	uint32_t max_messages;
	uint64_t max_bytes;
	uint32_t overflow;
	uint32_t slow_after, slow_action;
	int single_active, ordering;	/* 1: on; -1: off */
	uint32_t priorities, ttl, lease, max_delivery, retry_min, retry_max;
	const char *dead_exchange, *dead_key;
	uint32_t dedupe_window, dedupe_max;
	int no_dedupe;		/* a window of 0 */
	uint32_t expires;
	uint32_t max_rate, max_burst;
	const char *alternate;
	const char *hash_header;
	const char *rewrite_from, *rewrite_to;
	uint32_t retain_max;
	uint64_t retain_max_bytes;
	int owned;		/* uid, gid and mode are set */
	uint32_t uid, gid, mode;
};

static inline int queue_command(int cmd, const char *name, const struct nl_opts *o)
{
	struct nl_msg *msg = nl_new(cmd);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, name);
	if (o->flags)
		nl_put_u32(msg, BROKER_A_QUEUE_FLAGS, o->flags);
	if (o->session)
		nl_put_u64(msg, BROKER_A_QUEUE_SESSION, o->session);
	if (o->max_messages)
		nl_put_u32(msg, BROKER_A_QUEUE_MAX_MESSAGES, o->max_messages);
	if (o->max_bytes)
		nl_put_u64(msg, BROKER_A_QUEUE_MAX_BYTES, o->max_bytes);
	if (o->overflow)
		nl_put_u32(msg, BROKER_A_QUEUE_OVERFLOW, o->overflow);
	if (o->single_active)
		nl_put_u32(msg, BROKER_A_QUEUE_SINGLE_ACTIVE, o->single_active > 0);
	if (o->slow_after)
		nl_put_u32(msg, BROKER_A_QUEUE_SLOW_AFTER, o->slow_after);
	if (o->slow_action)
		nl_put_u32(msg, BROKER_A_QUEUE_SLOW_ACTION, o->slow_action);
	if (o->ordering)
		nl_put_u32(msg, BROKER_A_QUEUE_ORDERING, o->ordering > 0);
	if (o->priorities)
		nl_put_u32(msg, BROKER_A_QUEUE_PRIORITIES, o->priorities);
	if (o->ttl)
		nl_put_u32(msg, BROKER_A_QUEUE_TTL, o->ttl);
	if (o->lease)
		nl_put_u32(msg, BROKER_A_QUEUE_LEASE, o->lease);
	if (o->max_delivery)
		nl_put_u32(msg, BROKER_A_QUEUE_MAX_DELIVERY, o->max_delivery);
	/* Exactly, so that a test can count on it. */
	if (o->retry_min || o->retry_max) {
		nl_put_u32(msg, BROKER_A_QUEUE_RETRY_MIN, o->retry_min);
		nl_put_u32(msg, BROKER_A_QUEUE_RETRY_MAX, o->retry_max);
		nl_put_u32(msg, BROKER_A_QUEUE_RETRY_JITTER, 0);
	}
	nl_put_str(msg, BROKER_A_QUEUE_DEAD_LETTER_EXCHANGE, o->dead_exchange);
	nl_put_str(msg, BROKER_A_QUEUE_DEAD_LETTER_KEY, o->dead_key);
	if (o->dedupe_window || o->no_dedupe)
		nl_put_u32(msg, BROKER_A_QUEUE_DEDUPE_WINDOW, o->dedupe_window);
	if (o->dedupe_max)
		nl_put_u32(msg, BROKER_A_QUEUE_DEDUPE_MAX, o->dedupe_max);
	if (o->expires)
		nl_put_u32(msg, BROKER_A_QUEUE_EXPIRES, o->expires);
	if (o->max_rate)
		nl_put_u32(msg, BROKER_A_QUEUE_MAX_RATE, o->max_rate);
	if (o->max_burst)
		nl_put_u32(msg, BROKER_A_QUEUE_MAX_BURST, o->max_burst);
	if (o->owned) {
		nl_put_u32(msg, BROKER_A_QUEUE_UID, o->uid);
		nl_put_u32(msg, BROKER_A_QUEUE_GID, o->gid);
		nl_put_u32(msg, BROKER_A_QUEUE_MODE, o->mode);
	}
	return nl_do(msg);
}

#define queue_new(name, ...) \
	queue_command(BROKER_CMD_QUEUE_NEW, name, &(struct nl_opts){ __VA_ARGS__ })
#define queue_set(name, ...) \
	queue_command(BROKER_CMD_QUEUE_SET, name, &(struct nl_opts){ __VA_ARGS__ })

static inline int exchange_command(int cmd, const char *name, int type, const struct nl_opts *o)
{
	struct nl_msg *msg = nl_new(cmd);

	nl_put_str(msg, BROKER_A_EXCHANGE_NAME, name);
	if (type >= 0)
		nl_put_u32(msg, BROKER_A_EXCHANGE_TYPE, type);
	if (o->flags)
		nl_put_u32(msg, BROKER_A_EXCHANGE_FLAGS, o->flags);
	nl_put_str(msg, BROKER_A_EXCHANGE_ALTERNATE, o->alternate);
	nl_put_str(msg, BROKER_A_EXCHANGE_HASH_HEADER, o->hash_header);
	nl_put_str(msg, BROKER_A_EXCHANGE_REWRITE_FROM, o->rewrite_from);
	nl_put_str(msg, BROKER_A_EXCHANGE_REWRITE_TO, o->rewrite_to);
	if (o->retain_max)
		nl_put_u32(msg, BROKER_A_EXCHANGE_RETAIN_MAX, o->retain_max);
	if (o->retain_max_bytes)
		nl_put_u64(msg, BROKER_A_EXCHANGE_RETAIN_MAX_BYTES, o->retain_max_bytes);
	if (o->owned) {
		nl_put_u32(msg, BROKER_A_EXCHANGE_UID, o->uid);
		nl_put_u32(msg, BROKER_A_EXCHANGE_GID, o->gid);
		nl_put_u32(msg, BROKER_A_EXCHANGE_MODE, o->mode);
	}
	return nl_do(msg);
}

#define exchange_new(name, type, ...) \
	exchange_command(BROKER_CMD_EXCHANGE_NEW, name, type, &(struct nl_opts){ __VA_ARGS__ })
#define exchange_set(name, ...) \
	exchange_command(BROKER_CMD_EXCHANGE_SET, name, -1, &(struct nl_opts){ __VA_ARGS__ })

static inline int queue_del(const char *name)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_DEL);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, name);
	return nl_do(msg);
}

static inline int queue_purge(const char *name)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_PURGE);

	nl_put_str(msg, BROKER_A_QUEUE_NAME, name);
	return nl_do(msg);
}

static inline int exchange_del(const char *name)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_EXCHANGE_DEL);

	nl_put_str(msg, BROKER_A_EXCHANGE_NAME, name);
	return nl_do(msg);
}

static inline struct nl_msg *binding_msg(int cmd, const char *exchange, const char *queue,
					 const char *to_exchange, const char *key)
{
	struct nl_msg *msg = nl_new(cmd);

	nl_put_str(msg, BROKER_A_BINDING_EXCHANGE, exchange);
	nl_put_str(msg, BROKER_A_BINDING_QUEUE, queue);
	nl_put_str(msg, BROKER_A_BINDING_TO_EXCHANGE, to_exchange);
	nl_put_str(msg, BROKER_A_BINDING_KEY, key);
	return msg;
}

static inline int bind_queue(const char *exchange, const char *queue, const char *key)
{
	return nl_do(binding_msg(BROKER_CMD_BINDING_NEW, exchange, queue, NULL, key));
}

/* What may be said of a binding; what is 0 is left out, but with set_flags, set_filter. */
struct nl_binding {
	const char *exchange, *queue, *to_exchange, *key;
	uint32_t flags, weight;
	int set_flags;
	const void *filter;
	uint32_t filter_len;
	int set_filter;
};

static inline int binding_command(int cmd, const struct nl_binding *b)
{
	struct nl_msg *msg = binding_msg(cmd, b->exchange, b->queue, b->to_exchange, b->key);

	if (b->flags || b->set_flags)
		nl_put_u32(msg, BROKER_A_BINDING_FLAGS, b->flags);
	if (b->weight)
		nl_put_u32(msg, BROKER_A_BINDING_WEIGHT, b->weight);
	if (b->filter_len || b->set_filter)
		nl_put(msg, BROKER_A_BINDING_FILTER, b->filter, b->filter_len);
	return nl_do(msg);
}

#define binding_new(...) \
	binding_command(BROKER_CMD_BINDING_NEW, &(struct nl_binding){ __VA_ARGS__ })
#define binding_set(...) \
	binding_command(BROKER_CMD_BINDING_SET, &(struct nl_binding){ __VA_ARGS__ })

static inline int bind_exchange(const char *exchange, const char *to_exchange, const char *key)
{
	return nl_do(binding_msg(BROKER_CMD_BINDING_NEW, exchange, NULL, to_exchange, key));
}

static inline int unbind_queue(const char *exchange, const char *queue, const char *key)
{
	return nl_do(binding_msg(BROKER_CMD_BINDING_DEL, exchange, queue, NULL, key));
}

/* One attribute of a queue (or exchange); ~0 where there is none such. */
static inline uint64_t queue_get(const char *name, int attr)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_GET), reply = {};

	nl_put_str(msg, BROKER_A_QUEUE_NAME, name);
	return nl_do_reply(msg, &reply) ? ~0ULL : nl_get(&reply, attr);
}

static inline uint64_t exchange_get(const char *name, int attr)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_EXCHANGE_GET), reply = {};

	nl_put_str(msg, BROKER_A_EXCHANGE_NAME, name);
	return nl_do_reply(msg, &reply) ? ~0ULL : nl_get(&reply, attr);
}

static inline uint64_t broker_get(int attr)
{
	struct nl_msg reply = {};

	return nl_do_reply(nl_new(BROKER_CMD_BROKER_GET), &reply) ? ~0ULL : nl_get(&reply, attr);
}

/* All that the broker says of a queue, to be compared. */
static inline void queue_state(const char *name, struct nl_msg *state)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_QUEUE_GET);

	memset(state, 0, sizeof(*state));
	nl_put_str(msg, BROKER_A_QUEUE_NAME, name);
	if (nl_do_reply(msg, state))
		abort();
}

static inline int queue_unchanged(const char *name, const struct nl_msg *before)
{
	struct nl_msg now;

	queue_state(name, &now);
	return !memcmp(&now.genl, &before->genl, sizeof(now) - sizeof(now.hdr));
}

static inline uint64_t session_get(uint64_t session, int attr)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_SESSION_GET), reply = {};

	nl_put_u64(msg, BROKER_A_SESSION_ID, session);
	return nl_do_reply(msg, &reply) ? ~0ULL : nl_get(&reply, attr);
}

static inline uint64_t consumer_get(uint64_t session, uint32_t consumer, int attr)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_CONSUMER_GET), reply = {};

	nl_put_u64(msg, BROKER_A_CONSUMER_SESSION, session);
	nl_put_u32(msg, BROKER_A_CONSUMER_ID, consumer);
	return nl_do_reply(msg, &reply) ? ~0ULL : nl_get(&reply, attr);
}

#endif /* SELFTESTS_NETLINK_H */
