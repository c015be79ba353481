// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Administration over generic netlink.
 *
 * libnl makes the socket and the messages; answers are read here, since its
 * receiver neither hands out the kernel's sentence on a failure nor keeps
 * errno as it was.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* The kernel fills a part of a dump as far as the reader's buffer goes, up to this. */
#define FIRST_ROOM	(32U << 10)
#define SOCKET_BUFFER	(1 << 20)

/* A list that changes under the reader is asked for again, with growing pauses. */
#define LIST_TRIES	16
#define LIST_PAUSE_MAX	(64 * 1000 * 1000)

/* Of kernel 6.1, not yet in all headers. */
#define ATTR_MISS_TYPE	5

struct broker_admin {
	struct nl_sock *socket;
	int family;
	char *buffer;
	size_t room;
	char *error;			/* the kernel's sentence, or NULL */
	const char *error_attribute;
};

#define DO	.can_do = true
#define DUMP	.can_dump = true
#define COMMAND(upper, text, object, ...)	\
	[BROKER_CMD_##upper] = { .name = text, .type = BROKER_OBJECT_##object, ##__VA_ARGS__ }

const struct broker_command broker_commands[] = {
	COMMAND(BROKER_GET, "broker-get", BROKER, DO),
	COMMAND(BROKER_SET, "broker-set", BROKER, DO),
	COMMAND(EXCHANGE_GET, "exchange-get", EXCHANGE, DO, DUMP),
	COMMAND(EXCHANGE_NEW, "exchange-new", EXCHANGE, DO),
	COMMAND(EXCHANGE_SET, "exchange-set", EXCHANGE, DO),
	COMMAND(EXCHANGE_DEL, "exchange-del", EXCHANGE, DO),
	COMMAND(QUEUE_GET, "queue-get", QUEUE, DO, DUMP),
	COMMAND(QUEUE_NEW, "queue-new", QUEUE, DO),
	COMMAND(QUEUE_SET, "queue-set", QUEUE, DO),
	COMMAND(QUEUE_DEL, "queue-del", QUEUE, DO),
	COMMAND(POLICY_GET, "policy-get", QUEUE, DO, DUMP),
	COMMAND(POLICY_NEW, "policy-new", QUEUE, DO),
	COMMAND(POLICY_SET, "policy-set", QUEUE, DO),
	COMMAND(POLICY_DEL, "policy-del", QUEUE, DO),
	COMMAND(QUEUE_PURGE, "queue-purge", QUEUE, DO),
	COMMAND(QUEUE_REMOVE, "queue-remove", QUEUE, DO),
	COMMAND(BINDING_GET, "binding-get", BINDING, DO, DUMP),
	COMMAND(BINDING_NEW, "binding-new", BINDING, DO),
	COMMAND(BINDING_SET, "binding-set", BINDING, DO),
	COMMAND(BINDING_DEL, "binding-del", BINDING, DO),
	COMMAND(CONSUMER_GET, "consumer-get", CONSUMER, DO, DUMP),
	COMMAND(CONSUMER_SET, "consumer-set", CONSUMER, DO),
	COMMAND(SESSION_GET, "session-get", SESSION, DO, DUMP),
	COMMAND(ROUTE_GET, "route-get", ROUTE, DO, DUMP),
	COMMAND(EXCHANGE_NTF, "exchange-ntf", EXCHANGE),
	COMMAND(EXCHANGE_DEL_NTF, "exchange-del-ntf", EXCHANGE),
	COMMAND(QUEUE_NTF, "queue-ntf", QUEUE),
	COMMAND(QUEUE_DEL_NTF, "queue-del-ntf", QUEUE),
	COMMAND(BINDING_NTF, "binding-ntf", BINDING),
	COMMAND(BINDING_DEL_NTF, "binding-del-ntf", BINDING),
	COMMAND(CONSUMER_NTF, "consumer-ntf", CONSUMER),
	COMMAND(CONSUMER_DEL_NTF, "consumer-del-ntf", CONSUMER),
	COMMAND(QUEUE_MOVE, "queue-move", QUEUE, DO),
	COMMAND(RETAINED_GET, "retained-get", RETAINED, DO, DUMP),
	COMMAND(RETAINED_DEL, "retained-del", RETAINED, DO),
	COMMAND(PRODUCER_GET, "producer-get", PRODUCER, DO, DUMP),
	COMMAND(AUDIT_NTF, "audit-ntf", AUDIT),
	COMMAND(ADVISORY_NTF, "advisory-ntf", ADVISORY),
	COMMAND(LIMIT_GET, "limit-get", LIMIT, DO, DUMP),
	COMMAND(LIMIT_NEW, "limit-new", LIMIT, DO),
	COMMAND(LIMIT_SET, "limit-set", LIMIT, DO),
	COMMAND(LIMIT_DEL, "limit-del", LIMIT, DO),
	COMMAND(ACL_GET, "acl-get", ACL, DO, DUMP),
	COMMAND(ACL_NEW, "acl-new", ACL, DO),
	COMMAND(ACL_DEL, "acl-del", ACL, DO),
	COMMAND(SCHEDULE_GET, "schedule-get", SCHEDULE, DO, DUMP),
	COMMAND(SCHEDULE_NEW, "schedule-new", SCHEDULE, DO),
	COMMAND(SCHEDULE_SET, "schedule-set", SCHEDULE, DO),
	COMMAND(SCHEDULE_DEL, "schedule-del", SCHEDULE, DO),
	COMMAND(SCHEDULE_NTF, "schedule-ntf", SCHEDULE),
	COMMAND(SCHEDULE_DEL_NTF, "schedule-del-ntf", SCHEDULE),
	COMMAND(STEP_NTF, "step-ntf", STEP),
	COMMAND(STATE_GET, "state-get", STATE, DO, DUMP),
	COMMAND(STATE_DEL, "state-del", STATE, DO),
};

const unsigned int broker_nr_commands = COUNT(broker_commands);

static const struct broker_command *find_command(int command)
{
	if (command < 0 || (size_t)command >= COUNT(broker_commands) ||
	    !broker_commands[command].name)
		return NULL;
	return &broker_commands[command];
}

const char *broker_command_name(int command)
{
	const struct broker_command *found = find_command(command);

	return found ? found->name : NULL;
}

/* libnl has numbers of its own. */
static int from_nl(int err)
{
	switch (err) {
	case -NLE_NOMEM:
		return -ENOMEM;
	case -NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case -NLE_PERM:
		return -EPERM;
	case -NLE_NOACCESS:
		return -EACCES;
	default:
		return err < 0 ? -EIO : err;
	}
}

int broker_admin_open(struct broker_admin **admin)
{
	struct broker_admin *a;
	int err, fd, on = 1;

	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->error_attribute = "";
	a->room = FIRST_ROOM;
	a->buffer = malloc(a->room);
	a->socket = nl_socket_alloc();
	err = -ENOMEM;
	if (!a->buffer || !a->socket)
		goto err_close;

	err = from_nl(genl_connect(a->socket));
	if (err)
		goto err_close;
	a->family = genl_ctrl_resolve(a->socket, BROKER_FAMILY_NAME);
	if (a->family < 0) {
		err = from_nl(a->family);
		goto err_close;
	}

	/* The kernel caps the sizes; events should rather wait here than be lost. */
	nl_socket_set_buffer_size(a->socket, SOCKET_BUFFER, SOCKET_BUFFER);
	fd = nl_socket_get_fd(a->socket);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));

	*admin = a;
	return 0;

err_close:
	broker_admin_close(a);
	return err;
}

struct broker_admin *broker_admin_close(struct broker_admin *admin)
{
	if (admin) {
		nl_socket_free(admin->socket);
		free(admin->buffer);
		free(admin->error);
		free(admin);
	}
	return NULL;
}

const char *broker_admin_error(const struct broker_admin *admin)
{
	return admin->error ? admin->error : "";
}

const char *broker_admin_error_attribute(const struct broker_admin *admin)
{
	return admin->error_attribute;
}

static void forget_error(struct broker_admin *admin)
{
	free(admin->error);
	admin->error = NULL;
	admin->error_attribute = "";
}

/* A request and what has been made of its answers. */
struct call {
	const struct broker_command *command;
	struct nlmsghdr *request;
	struct broker_object **objects;
	size_t nr_objects;
	size_t objects_room;
	bool interrupted;
	int err;
};

/* Name of the request's attribute that stands at @offset. */
static const char *attribute_at(const struct call *call, uint32_t offset)
{
	struct genlmsghdr *genl = nlmsg_data(call->request);
	struct nlattr *attr;
	int rest;

	nla_for_each_attr(attr, genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), rest) {
		size_t begin = (char *)attr - (char *)call->request;

		if (offset >= begin && offset < begin + nla_total_size(nla_len(attr)))
			return broker_attribute_name(call->command->type, nla_type(attr));
	}
	return "";
}

static void read_extended_ack(struct broker_admin *admin, const struct call *call,
			      struct nlattr *head, int length)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_attr(attr, head, length, rest) {
		switch (nla_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			free(admin->error);
			admin->error = strndup(nla_data(attr), nla_len(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			admin->error_attribute = attribute_at(call, nla_get_u32(attr));
			break;
		case ATTR_MISS_TYPE:
			admin->error_attribute = broker_attribute_name(call->command->type,
								       nla_get_u32(attr));
			break;
		}
	}
}

/* Reads the error and, if there is one, what the kernel has to say behind it. */
static int read_end(struct broker_admin *admin, const struct call *call, struct nlmsghdr *msg)
{
	int length = nlmsg_datalen(msg);
	char *data = nlmsg_data(msg);
	size_t skip = sizeof(int);
	int err;

	if (length < (int)sizeof(err))
		return msg->nlmsg_type == NLMSG_DONE ? 0 : -EPROTO;
	memcpy(&err, data, sizeof(err));

	/* An acknowledgement repeats the request's head, or all of it. */
	if (msg->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *ack = (struct nlmsgerr *)data;

		skip = sizeof(*ack);
		if (length >= (int)sizeof(*ack) && !(msg->nlmsg_flags & NLM_F_CAPPED))
			skip += ack->msg.nlmsg_len - NLMSG_HDRLEN;
		skip = NLMSG_ALIGN(skip);
	}
	if (err && msg->nlmsg_flags & NLM_F_ACK_TLVS && length > (int)skip)
		read_extended_ack(admin, call, (struct nlattr *)(data + skip), length - skip);
	return err;
}

static int keep_object(struct call *call, struct nlmsghdr *msg)
{
	struct genlmsghdr *genl = nlmsg_data(msg);
	struct broker_object **objects;
	int err;

	if (!genlmsg_valid_hdr(msg, 0))
		return -EPROTO;
	if (call->nr_objects == call->objects_room) {
		size_t room = call->objects_room ? 2 * call->objects_room : 4;

		objects = realloc(call->objects, room * sizeof(*objects));
		if (!objects)
			return -ENOMEM;
		call->objects = objects;
		call->objects_room = room;
	}
	err = broker_object_parse(&call->objects[call->nr_objects], call->command->type,
				  genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0));
	if (!err)
		call->nr_objects++;
	return err;
}

static void drop_objects(struct call *call)
{
	while (call->nr_objects)
		broker_object_free(call->objects[--call->nr_objects]);
}

/* Reads one datagram whole, however long it is. */
static ssize_t receive(struct broker_admin *admin, int flags)
{
	int fd = nl_socket_get_fd(admin->socket);
	ssize_t length;
	char *buffer;

	length = recv(fd, admin->buffer, admin->room, MSG_PEEK | MSG_TRUNC | flags);
	if (length < 0)
		return -errno;
	if ((size_t)length > admin->room) {
		buffer = realloc(admin->buffer, length);
		if (!buffer)
			return -ENOMEM;
		admin->buffer = buffer;
		admin->room = length;
	}
	length = recv(fd, admin->buffer, admin->room, flags);
	return length < 0 ? -errno : length;
}

/* Reads answers up to the last.  The kernel always gives one: a signal is no reason to leave. */
static int read_answers(struct broker_admin *admin, struct call *call)
{
	for (;;) {
		struct nlmsghdr *msg = (struct nlmsghdr *)admin->buffer;
		ssize_t received = receive(admin, 0);
		int length = received;

		if (received == -EINTR)
			continue;
		if (received < 0)
			return received;

		for (msg = (struct nlmsghdr *)admin->buffer; nlmsg_ok(msg, length);
		     msg = nlmsg_next(msg, &length)) {
			/* An event, or the rest of a call that failed. */
			if (msg->nlmsg_seq != call->request->nlmsg_seq)
				continue;
			if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
				call->interrupted = true;
			if (msg->nlmsg_type == NLMSG_DONE || msg->nlmsg_type == NLMSG_ERROR) {
				int err = read_end(admin, call, msg);

				return err ? err : call->err;
			}
			/* Having failed here, still read to the end. */
			if (msg->nlmsg_type == admin->family && !call->err)
				call->err = keep_object(call, msg);
		}
	}
}

static int transact(struct broker_admin *admin, struct call *call, int command, int flags,
		    const struct broker_object *request)
{
	size_t room = NLMSG_HDRLEN + GENL_HDRLEN + (request ? broker_object_size(request) : 0);
	struct nl_msg *msg;
	int err;

	msg = nlmsg_alloc_size(room);
	if (!msg)
		return -ENOMEM;
	genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, admin->family, 0, NLM_F_REQUEST | flags,
		    command, BROKER_FAMILY_VERSION);
	err = request ? broker_object_put(request, msg) : 0;
	if (err)
		goto out;

	nl_complete_msg(admin->socket, msg);
	call->request = nlmsg_hdr(msg);
	if (send(nl_socket_get_fd(admin->socket), call->request, call->request->nlmsg_len, 0) < 0)
		err = -errno;
	else
		err = read_answers(admin, call);
out:
	nlmsg_free(msg);
	return err;
}

int broker_admin_call(struct broker_admin *admin, int command, const struct broker_object *request,
		      struct broker_object **reply)
{
	struct call call = { .command = find_command(command) };
	int err;

	forget_error(admin);
	if (!call.command || !call.command->can_do ||
	    (request && broker_object_type(request) != call.command->type))
		return -EINVAL;

	err = transact(admin, &call, command, NLM_F_ACK, request);
	if (!err && reply)
		*reply = call.nr_objects ? call.objects[--call.nr_objects] : NULL;
	drop_objects(&call);
	free(call.objects);
	return err;
}

static int list_once(struct broker_admin *admin, struct call *call, int command,
		     const struct broker_object *request)
{
	drop_objects(call);
	call->interrupted = false;
	call->err = 0;
	return transact(admin, call, command, NLM_F_DUMP, request);
}

int broker_admin_list(struct broker_admin *admin, int command, const struct broker_object *request,
		      int (*each)(const struct broker_object *object, void *arg), void *arg)
{
	struct call call = { .command = find_command(command) };
	struct timespec pause = { .tv_nsec = 1000 * 1000 };
	int err;

	forget_error(admin);
	if (!call.command || !call.command->can_dump ||
	    (request && broker_object_type(request) != call.command->type))
		return -EINVAL;

	err = list_once(admin, &call, command, request);
	for (int i = 1; !err && call.interrupted; i++) {
		if (i == LIST_TRIES) {
			err = -EAGAIN;
			break;
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < LIST_PAUSE_MAX)
			pause.tv_nsec *= 2;
		err = list_once(admin, &call, command, request);
	}

	for (size_t i = 0; !err && i < call.nr_objects; i++)
		err = each(call.objects[i], arg);
	drop_objects(&call);
	free(call.objects);
	return err;
}

int broker_admin_subscribe(struct broker_admin *admin, const char *group)
{
	struct nl_sock *socket;
	int id;

	/* Ask on a socket of its own: on the first one events may be coming already. */
	forget_error(admin);
	socket = nl_socket_alloc();
	if (!socket)
		return -ENOMEM;
	id = genl_connect(socket);
	if (!id)
		id = genl_ctrl_resolve_grp(socket, BROKER_FAMILY_NAME, group);
	nl_socket_free(socket);
	return from_nl(id < 0 ? id : nl_socket_add_membership(admin->socket, id));
}

int broker_admin_fd(const struct broker_admin *admin)
{
	return nl_socket_get_fd(admin->socket);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int wait_readable(int fd, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left = deadline < 0 ? -1 : deadline - now_ms();
	int n;

	n = poll(&pfd, 1, deadline >= 0 && left < 0 ? 0 : left);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

int broker_admin_event(struct broker_admin *admin, int timeout_ms, int *command,
		       struct broker_object **object)
{
	int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;

	forget_error(admin);
	for (;;) {
		struct nlmsghdr *msg = (struct nlmsghdr *)admin->buffer;
		const struct broker_command *known;
		struct genlmsghdr *genl;
		ssize_t length;
		int err;

		err = wait_readable(broker_admin_fd(admin), deadline);
		if (err)
			return err;
		length = receive(admin, MSG_DONTWAIT);
		if (length == -EAGAIN)
			continue;
		if (length < 0)
			return length;

		/* Each event is a datagram of its own; those of a newer module pass by. */
		msg = (struct nlmsghdr *)admin->buffer;
		if (!nlmsg_ok(msg, length) || msg->nlmsg_type != admin->family ||
		    !genlmsg_valid_hdr(msg, 0))
			continue;
		genl = nlmsg_data(msg);
		known = find_command(genl->cmd);
		if (!known)
			continue;
		err = broker_object_parse(object, known->type, genlmsg_attrdata(genl, 0),
					  genlmsg_attrlen(genl, 0));
		if (!err)
			*command = genl->cmd;
		return err;
	}
}
