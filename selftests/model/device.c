// SPDX-License-Identifier: GPL-2.0-or-later
#include <grp.h>
#include <poll.h>
#include <sys/syscall.h>

#include "../device/helper.h"
#include "device.h"

static int fds[SESSIONS];
static pid_t children[SESSIONS];
static int child_pipes[SESSIONS];	/* a byte makes the child exit */
static int sockets[USERS];		/* netlink, opened as each user */
static int user_now;

static void die(const char *what)
{
	perror(what);
	abort();
}

/* Effective user and group; whoever was root before may become so again. */
static void act_as(int user)
{
	if (user == user_now)
		return;
	if (user_now && syscall(SYS_setresuid, -1, 0, -1))
		die("setresuid");
	if (syscall(SYS_setresgid, -1, users[user].gid, -1))
		die("setresgid");
	if (user && syscall(SYS_setresuid, -1, users[user].uid, -1))
		die("setresuid");
	user_now = user;
}

/* A new broker, in a network namespace of its own. */
void device_open(struct world *w)
{
	struct broker_info info = { .size = sizeof(info) };
	struct timeval guard = { .tv_sec = 20 };
	int i, fd;

	if (setgroups(0, NULL) || new_broker())
		die("a new namespace");
	for (i = 0; i < SESSIONS; i++)
		fds[i] = -1;
	for (i = 0; i < USERS; i++) {
		act_as(i);
		sockets[i] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
		if (sockets[i] < 0)
			die("netlink");
		setsockopt(sockets[i], SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
	}
	act_as(0);
	fd = session_open();
	if (fd < 0 || call(fd, BROKER_IOC_INFO, &info))
		die("/dev/broker");
	w->properties = info.properties;
	w->features = info.features;
	close(fd);
}

/* Sends a request; @each sees what answers.  Frees @msg. */
static int request(int user, struct nl_msg *msg, int flags,
		   void (*each)(const struct nl_msg *, void *), void *arg)
{
	static char buf[1 << 16];
	int ret = 1;

	msg->hdr.nlmsg_type = nl_family();
	msg->hdr.nlmsg_flags |= flags;
	act_as(user);
	if (send(sockets[user], msg, msg->hdr.nlmsg_len, 0) < 0)
		die("send");
	free(msg);
	while (ret > 0) {
		struct nlmsghdr *hdr = (void *)buf;
		ssize_t len = recv(sockets[user], buf, sizeof(buf), 0);

		if (len < 0)
			die("recv");
		for (; ret > 0 && NLMSG_OK(hdr, (size_t)len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_ERROR)
				ret = ((struct nlmsgerr *)NLMSG_DATA(hdr))->error;
			else if (hdr->nlmsg_type == NLMSG_DONE)
				ret = *(int *)NLMSG_DATA(hdr);
			else if (each)
				each((const struct nl_msg *)hdr, arg);
		}
	}
	act_as(0);
	return ret;
}

static void open_child(int slot, struct answer *answer)
{
	int pair[2], gate[2];
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || pipe2(gate, O_CLOEXEC))
		die("socketpair");
	pid = fork_tied();
	if (!pid) {
		int fd = session_open(), i;

		for (i = 0; i < SESSIONS; i++)
			close(fds[i]);
		close(gate[1]);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		if (fd < 0 || sendmsg(pair[1], &msg, 0) != 1)
			_exit(99);
		if (read(gate[0], &byte, 1) != 1)
			_exit(98);
		_exit(byte);
	}
	if (recvmsg(pair[0], &msg, MSG_CMSG_CLOEXEC) != 1)
		die("recvmsg");
	c = CMSG_FIRSTHDR(&msg);
	memcpy(&fds[slot], CMSG_DATA(c), sizeof(int));
	close(pair[0]);
	close(pair[1]);
	close(gate[0]);
	children[slot] = pid;
	child_pipes[slot] = gate[1];
	answer->pid = pid;
}

static void kill_child(int slot, int how)
{
	static const char codes[] = { 0, 3 };
	static const int signals[] = { SIGKILL, SIGTERM };

	if (!children[slot])
		return;
	if (how < 2) {
		if (write(child_pipes[slot], &codes[how], 1) != 1)
			die("write");
	} else {
		kill(children[slot], signals[how - 2]);
	}
	close(child_pipes[slot]);
	reap(children[slot]);
	children[slot] = 0;
}

static void do_open(const struct op *op, struct answer *answer)
{
	int slot = op->a[OPEN_SESSION];

	if (op->a[OPEN_CHILD])
		open_child(slot, answer);
	else
		fds[slot] = session_open();
	if (fds[slot] < 0)
		answer->error = fds[slot];
	answer->number = session_number(fds[slot]);
}

/* The child must close it too before it is the last close that ends the session. */
static void do_close(const struct op *op)
{
	int slot = op->a[CLOSE_SESSION];

	close(fds[slot]);
	fds[slot] = -1;
}

static void do_consume(const struct op *op, struct answer *answer)
{
	static uint64_t user_data = 0x1234567800000000ULL;
	char name[16];
	struct broker_consume c = {
		.size = sizeof(c),
		.flags = op->a[CONSUME_AUTO] ? BROKER_CONSUME_F_AUTO_ACCEPT : 0,
		.queue = (uintptr_t)queue_name(op->a[CONSUME_QUEUE], name),
		.queue_len = strlen(name),
		.credit_messages = op->a[CONSUME_MESSAGES],
		.credit_bytes = op->a[CONSUME_BYTES],
		.user_data = ++user_data,
	};

	act_as(op->a[CONSUME_USER]);
	answer->error = call(fds[op->a[CONSUME_SESSION]], BROKER_IOC_CONSUME, &c);
	act_as(0);
	answer->consumer = c.consumer;
	answer->queue_id = c.queue_id;
	answer->user_data = c.user_data;
}

static void do_receive(const struct world *w, const struct op *op, struct answer *answer)
{
	const struct session *s = &w->session[op->a[RECEIVE_SESSION]];
	int consumer = op->a[RECEIVE_CONSUMER];
	struct broker_receive r = receive_of(consumer < 0 ? 0 : s->consumer[consumer].id ?: 9999,
					     answer->buffer, op->a[RECEIVE_ROOM],
					     op->a[RECEIVE_MAX]);

	answer->error = call(fds[op->a[RECEIVE_SESSION]], BROKER_IOC_RECEIVE, &r);
	answer->count = r.count;
	answer->bytes = r.bytes;
	answer->consumer = r.consumer;
}

static void do_browse(const struct world *w, const struct op *op, struct answer *answer)
{
	const struct session *s = &w->session[op->a[BROWSE_SESSION]];
	char name[16];
	struct broker_browse b = {
		.size = sizeof(b),
		.queue = (uintptr_t)queue_name(op->a[BROWSE_QUEUE], name),
		.queue_len = strlen(name),
		.max_messages = op->a[BROWSE_MAX],
		.buffer = (uintptr_t)answer->buffer,
		.buffer_len = op->a[BROWSE_ROOM],
		.cursor = op->a[BROWSE_ON] ? s->cursor[op->a[BROWSE_QUEUE]] : 0,
	};

	act_as(op->a[BROWSE_USER]);
	answer->error = call(fds[op->a[BROWSE_SESSION]], BROKER_IOC_BROWSE, &b);
	act_as(0);
	answer->count = b.count;
	answer->bytes = b.bytes;
	answer->cursor = b.cursor;
}

static void make_publish(struct broker_op *to, const struct sub *sub, const struct sent *sent,
			 uint8_t *memory)
{
	const char *exchange = exchange_name(sent->message.exchange);
	uint32_t exchange_len = strlen(exchange), key_len, props_len;
	char key[64];

	key_text(sent->message.key, key);
	key_len = strlen(key);
	memcpy(memory, exchange, exchange_len);
	memcpy(memory + exchange_len, key, key_len);
	props_len = props_encode(sent->message.props, memory + exchange_len + key_len);
	body_make(sent->message.serial, sent->message.body_len, memory + 1024);
	*to = (struct broker_op) {
		.opcode = BROKER_OP_PUBLISH,
		.flags = sub->a[PUBLISH_FLAGS],
		.publish = {
			.head = (uintptr_t)memory,
			.body = (uintptr_t)memory + 1024,
			.body_len = sent->message.body_len,
			.props_len = props_len,
			.exchange_len = exchange_len,
			.key_len = key_len,
			.confirm = sub->a[PUBLISH_CONFIRM],
			.min_routes = sub->a[PUBLISH_MIN],
		},
	};
}

static void do_submit(const struct op *op, struct answer *answer)
{
	static uint8_t memory[SUBS][4096];
	struct broker_op ops[SUBS];
	struct broker_submit s = submit_of(ops, op->nr, answer->result);
	int i;

	for (i = 0; i < op->nr; i++) {
		const struct sub *sub = &op->sub[i];
		const struct sent *sent = &answer->sent[i];

		switch (sub->kind) {
		case PUBLISH:
			make_publish(&ops[i], sub, sent, memory[i]);
			break;
		case SETTLE:
			ops[i] = op_settle(sub->a[SETTLE_OUTCOME], sent->consumer, sent->tag);
			ops[i].flags = sub->a[SETTLE_CUMULATIVE] ? BROKER_SETTLE_F_CUMULATIVE : 0;
			break;
		default:
			ops[i] = (struct broker_op) {
				.opcode = BROKER_OP_CREDIT,
				.credit = {
					.consumer = sent->consumer,
					.messages = sub->a[CREDIT_MESSAGES],
					.bytes = sub->a[CREDIT_BYTES],
				},
			};
			break;
		}
	}
	s.flags = op->a[SUBMIT_FLAGS];
	s.timeout_ns = op->a[SUBMIT_WAIT] ? 1 : 0;
	s.confirms = (uintptr_t)answer->confirm;
	s.nr_confirms = CONFIRMS;
	act_as(op->a[SUBMIT_USER]);
	answer->error = call(fds[op->a[SUBMIT_SESSION]], BROKER_IOC_SUBMIT, &s);
	act_as(0);
	answer->failed = s.failed;
	answer->nr_confirms = s.nr_confirms;
}

static void see_queue(const struct nl_msg *msg, void *arg)
{
	struct answer *answer = arg;

	answer->id = nl_get(msg, BROKER_A_QUEUE_ID);
	answer->purged = nl_get(msg, BROKER_A_QUEUE_PURGED);
}

static void do_queue(const struct world *w, const struct op *op, struct answer *answer)
{
	struct nl_msg *msg = nl_new(op->kind == QUEUE_NEW ? BROKER_CMD_QUEUE_NEW :
							    BROKER_CMD_QUEUE_SET);
	char name[16];

	nl_put_str(msg, BROKER_A_QUEUE_NAME, queue_name(op->a[QUEUE_QUEUE], name));
	/* Time is no part of the model: what failed is tried again at once, and for ever. */
	if (op->kind == QUEUE_NEW) {
		nl_put_u32(msg, BROKER_A_QUEUE_RETRY_MIN, 0);
		nl_put_u32(msg, BROKER_A_QUEUE_MAX_DELIVERY, 0);
		nl_put_u32(msg, BROKER_A_QUEUE_LEASE, 0);
	}
	if (op->a[QUEUE_MESSAGES])
		nl_put_u32(msg, BROKER_A_QUEUE_MAX_MESSAGES, op->a[QUEUE_MESSAGES]);
	if (op->a[QUEUE_BYTES])
		nl_put_u64(msg, BROKER_A_QUEUE_MAX_BYTES, op->a[QUEUE_BYTES]);
	if (op->a[QUEUE_OVERFLOW] >= 0)
		nl_put_u32(msg, BROKER_A_QUEUE_OVERFLOW, op->a[QUEUE_OVERFLOW]);
	if (op->a[QUEUE_MODE] >= 0)
		nl_put_u32(msg, BROKER_A_QUEUE_MODE, op->a[QUEUE_MODE]);
	if (op->a[QUEUE_FLAGS])
		nl_put_u32(msg, BROKER_A_QUEUE_FLAGS, op->a[QUEUE_FLAGS]);
	if (op->a[QUEUE_FLAGS] & BROKER_QUEUE_FLAGS_EXCLUSIVE)
		nl_put_u64(msg, BROKER_A_QUEUE_SESSION,
			   w->session[op->a[QUEUE_SESSION]].number ?: 1ULL << 60);
	answer->error = request(op->a[QUEUE_USER], msg, NLM_F_ACK, see_queue, answer);
}

static void do_queue_del(const struct op *op, struct answer *answer)
{
	struct nl_msg *msg = nl_new(op->kind == QUEUE_DEL ? BROKER_CMD_QUEUE_DEL :
							    BROKER_CMD_QUEUE_PURGE);
	char name[16];

	nl_put_str(msg, BROKER_A_QUEUE_NAME, queue_name(op->a[DEL_OBJECT], name));
	if (op->a[DEL_UNUSED])
		nl_put(msg, BROKER_A_QUEUE_IF_UNUSED, NULL, 0);
	if (op->a[DEL_EMPTY])
		nl_put(msg, BROKER_A_QUEUE_IF_EMPTY, NULL, 0);
	answer->error = request(op->a[DEL_USER], msg, NLM_F_ACK, see_queue, answer);
}

static void do_exchange(const struct op *op, struct answer *answer)
{
	struct nl_msg *msg = nl_new(op->kind == EXCHANGE_NEW ? BROKER_CMD_EXCHANGE_NEW :
							       BROKER_CMD_EXCHANGE_SET);

	nl_put_str(msg, BROKER_A_EXCHANGE_NAME, exchange_name(op->a[EXCHANGE_EXCHANGE]));
	nl_put_str(msg, BROKER_A_EXCHANGE_ALTERNATE, op->a[EXCHANGE_ALTERNATE] < 0 ? "" :
		   exchange_name(op->a[EXCHANGE_ALTERNATE]));
	if (op->kind == EXCHANGE_NEW)
		nl_put_u32(msg, BROKER_A_EXCHANGE_TYPE, op->a[EXCHANGE_TYPE]);
	if (op->a[EXCHANGE_MODE] >= 0)
		nl_put_u32(msg, BROKER_A_EXCHANGE_MODE, op->a[EXCHANGE_MODE]);
	if (op->a[EXCHANGE_FLAGS])
		nl_put_u32(msg, BROKER_A_EXCHANGE_FLAGS, op->a[EXCHANGE_FLAGS]);
	answer->error = request(op->a[EXCHANGE_USER], msg, NLM_F_ACK, NULL, NULL);
}

static void do_exchange_del(const struct op *op, struct answer *answer)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_EXCHANGE_DEL);

	nl_put_str(msg, BROKER_A_EXCHANGE_NAME, exchange_name(op->a[DEL_OBJECT]));
	if (op->a[DEL_UNUSED])
		nl_put(msg, BROKER_A_EXCHANGE_IF_UNUSED, NULL, 0);
	answer->error = request(op->a[DEL_USER], msg, NLM_F_ACK, NULL, NULL);
}

static void put_header(struct nl_msg *msg, const struct header *h)
{
	uint32_t at = msg->hdr.nlmsg_len;
	struct nlattr *nest = nl_put(msg, BROKER_A_BINDING_HEADER | NLA_F_NESTED, NULL, 0);
	uint8_t truth = h->number;
	uint64_t bits;

	nl_put_str(msg, BROKER_A_HEADER_NAME, h->name);
	switch (h->type) {
	case BROKER_TYPE_STRING:
		nl_put_str(msg, BROKER_A_HEADER_STRING, h->text);
		break;
	case BROKER_TYPE_INT64:
		nl_put(msg, BROKER_A_HEADER_INT64, &h->number, sizeof(h->number));
		break;
	case BROKER_TYPE_DOUBLE:
		memcpy(&bits, &h->real, sizeof(bits));
		nl_put_u64(msg, BROKER_A_HEADER_DOUBLE, bits);
		break;
	case BROKER_TYPE_BOOL:
		nl_put(msg, BROKER_A_HEADER_BOOL, &truth, 1);
		break;
	}
	nest->nla_len = msg->hdr.nlmsg_len - at;
}

static void do_binding(const struct op *op, struct answer *answer)
{
	int cmd = op->kind == BIND ? BROKER_CMD_BINDING_NEW :
		  op->kind == UNBIND ? BROKER_CMD_BINDING_DEL : BROKER_CMD_BINDING_SET;
	int to = op->a[BIND_TO], i;
	char name[16], key[64];
	struct nl_msg *msg = binding_msg(cmd, exchange_name(op->a[BIND_EXCHANGE]),
					 to < TO_EXCHANGE ? queue_name(to, name) : NULL,
					 to < TO_EXCHANGE ? NULL : exchange_name(to - TO_EXCHANGE),
					 key_text(op->a[BIND_KEY], key));

	if (op->kind != UNBIND && op->a[BIND_MATCH] >= 0) {
		const struct match *m = &matches[op->a[BIND_MATCH]];

		nl_put_u32(msg, BROKER_A_BINDING_MATCH, m->any ? BROKER_MATCH_ANY :
								 BROKER_MATCH_ALL);
		for (i = 0; i < 3 && m->headers[i].name; i++)
			put_header(msg, &m->headers[i]);
	}
	answer->error = request(op->a[BIND_USER], msg, NLM_F_ACK, NULL, NULL);
}

static struct nl_msg *route_msg(const struct op *op)
{
	struct nl_msg *msg = nl_new(BROKER_CMD_ROUTE_GET);
	uint8_t area[1024];
	char key[64];

	nl_put_str(msg, BROKER_A_ROUTE_EXCHANGE, exchange_name(op->a[ROUTE_EXCHANGE]));
	nl_put_str(msg, BROKER_A_ROUTE_KEY, key_text(op->a[ROUTE_KEY], key));
	nl_put(msg, BROKER_A_ROUTE_PROPERTIES, area, props_encode(op->a[ROUTE_PROPS], area));
	return msg;
}

static void see_count(const struct nl_msg *msg, void *arg)
{
	((struct answer *)arg)->nr_routes = nl_get(msg, BROKER_A_ROUTE_QUEUES);
}

static void see_route(const struct nl_msg *msg, void *arg)
{
	const char *name = nl_get_str(msg, BROKER_A_ROUTE_QUEUE);

	if (name[0] == 'q' && name[1] >= '0' && name[1] < '0' + QUEUES && !name[2])
		((struct answer *)arg)->route[name[1] - '0']++;
}

static void do_route(const struct op *op, struct answer *answer)
{
	answer->error = request(op->a[ROUTE_USER], route_msg(op), NLM_F_ACK, see_count, answer);
	if (!answer->error)
		answer->error = request(op->a[ROUTE_USER], route_msg(op), NLM_F_DUMP, see_route,
					answer);
}

static uint64_t real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void device_apply(struct world *w, const struct op *op, struct answer *answer)
{
	struct broker_cancel cancel = { .size = sizeof(cancel) };

	answer->before = real_ns();
	switch (op->kind) {
	case OPEN:
		do_open(op, answer);
		break;
	case CLOSE:
		do_close(op);
		break;
	case KILL:
		kill_child(op->a[KILL_SESSION], op->a[KILL_HOW]);
		break;
	case CONSUME:
		do_consume(op, answer);
		break;
	case CANCEL:
		cancel.consumer =
			w->session[op->a[CANCEL_SESSION]].consumer[op->a[CANCEL_CONSUMER]].id;
		answer->error = call(fds[op->a[CANCEL_SESSION]], BROKER_IOC_CANCEL, &cancel);
		break;
	case RECEIVE:
		do_receive(w, op, answer);
		break;
	case BROWSE:
		do_browse(w, op, answer);
		break;
	case SUBMIT:
		do_submit(op, answer);
		break;
	case QUEUE_NEW:
	case QUEUE_SET:
		do_queue(w, op, answer);
		break;
	case QUEUE_DEL:
	case QUEUE_PURGE:
		do_queue_del(op, answer);
		break;
	case EXCHANGE_NEW:
	case EXCHANGE_SET:
		do_exchange(op, answer);
		break;
	case EXCHANGE_DEL:
		do_exchange_del(op, answer);
		break;
	case BIND:
	case UNBIND:
	case BINDING_SET:
		do_binding(op, answer);
		break;
	case ROUTE:
		do_route(op, answer);
		break;
	}
	answer->after = real_ns();
}

static void look_at_poll(struct world *w)
{
	struct pollfd polls[SESSIONS];
	char what[32];
	int i;

	for (i = 0; i < SESSIONS; i++)
		polls[i] = (struct pollfd) { .fd = fds[i], .events = POLLIN | POLLOUT };
	poll(polls, SESSIONS, 0);
	for (i = 0; i < SESSIONS; i++) {
		const struct session *s = &w->session[i];
		int should = s->ended ? POLLHUP | POLLERR :
			     (session_readable(s) ? POLLIN : 0) | (s->blocked ? 0 : POLLOUT);

		if (!s->open)
			continue;
		if (s->blocked_open)
			should = (should & ~POLLOUT) | (polls[i].revents & POLLOUT);
		sprintf(what, "poll of session %d", i);
		expect(w, what, polls[i].revents, should);
	}
}

static void see_status(const struct nl_msg *msg, void *arg)
{
	struct world *w = arg;
	uint64_t ready = 0, unacked = 0, bytes = 0;
	int i, c, exchanges = 1, queues = 0, bindings = 0, consumers = 0, sessions = 0;

	for (i = 0; i < QUEUES; i++) {
		queues += w->queue[i].exists;
		ready += queue_ready(&w->queue[i]);
		unacked += w->queue[i].nr - queue_ready(&w->queue[i]);
		bytes += queue_bytes(&w->queue[i]);
	}
	for (i = 0; i < EXCHANGES; i++)
		exchanges += w->exchange[i].exists;
	for (i = 0; i < BINDINGS; i++)
		bindings += w->binding[i].exists;
	for (i = 0; i < SESSIONS; i++) {
		sessions += w->session[i].open && !w->session[i].ended;
		for (c = 0; c < CONSUMERS; c++)
			consumers += w->session[i].consumer[c].life == LIVE;
	}
	if (w->counts_open) {
		w->unroutable = nl_get(msg, BROKER_A_STATUS_UNROUTABLE);
		w->refused = nl_get(msg, BROKER_A_STATUS_REFUSED);
		w->counts_open = 0;
	}
	expect(w, "exchanges", nl_get(msg, BROKER_A_STATUS_EXCHANGES), exchanges);
	expect(w, "queues", nl_get(msg, BROKER_A_STATUS_QUEUES), queues);
	expect(w, "bindings", nl_get(msg, BROKER_A_STATUS_BINDINGS), bindings);
	expect(w, "consumers", nl_get(msg, BROKER_A_STATUS_CONSUMERS), consumers);
	expect(w, "sessions", nl_get(msg, BROKER_A_STATUS_SESSIONS), sessions);
	expect(w, "ready in all", nl_get(msg, BROKER_A_STATUS_READY), ready);
	expect(w, "unacked in all", nl_get(msg, BROKER_A_STATUS_UNACKED), unacked);
	expect(w, "bytes in all", nl_get(msg, BROKER_A_STATUS_BYTES), bytes);
	expect(w, "published in all", nl_get(msg, BROKER_A_STATUS_PUBLISHED), w->published);
	expect(w, "unroutable in all", nl_get(msg, BROKER_A_STATUS_UNROUTABLE), w->unroutable);
	expect(w, "refused in all", nl_get(msg, BROKER_A_STATUS_REFUSED), w->refused);
}

/* After each operation: readiness of each session, sums over all queues. */
void device_look(struct world *w)
{
	look_at_poll(w);
	if (request(0, nl_new(BROKER_CMD_BROKER_GET), NLM_F_ACK, see_status, w))
		differ(w, "the broker's status is not to be had");
}

static void see_one_queue(const struct nl_msg *msg, void *arg)
{
	const char *name = nl_get_str(msg, BROKER_A_QUEUE_NAME);
	struct world *w = arg;
	struct queue *q;
	int i, s, c, n = 0, bindings = 0;
	char what[64];

	i = name[1] - '0';
	if (name[0] != 'q' || i < 0 || i >= QUEUES || !w->queue[i].exists) {
		differ(w, "a queue \"%s\" is not to be there", name);
		return;
	}
	q = &w->queue[i];
	for (s = 0; s < SESSIONS; s++)
		for (c = 0; c < CONSUMERS; c++)
			n += w->session[s].consumer[c].life == LIVE &&
			     w->session[s].consumer[c].queue == i;
	for (s = 0; s < BINDINGS; s++)
		bindings += w->binding[s].exists && w->binding[s].to == i;
#define SAME(attr, should)							\
	do {									\
		snprintf(what, sizeof(what), "%s of queue %d", #attr, i);	\
		expect(w, what, nl_get(msg, BROKER_A_QUEUE_##attr), should);	\
	} while (0)
	SAME(ID, q->id);
	SAME(FLAGS, q->flags);
	SAME(MAX_MESSAGES, q->max_messages);
	SAME(MAX_BYTES, q->max_bytes);
	SAME(OVERFLOW, q->overflow);
	SAME(UID, q->uid);
	SAME(GID, q->gid);
	SAME(MODE, q->mode);
	SAME(CONSUMERS, n);
	SAME(BINDINGS, bindings);
	SAME(READY, queue_ready(q));
	SAME(UNACKED, q->nr - queue_ready(q));
	SAME(BYTES, queue_bytes(q));
	SAME(ENQUEUED, q->counts.enqueued);
	SAME(DELIVERED, q->counts.delivered);
	SAME(REDELIVERED, q->counts.redelivered);
	SAME(ACCEPTED, q->counts.accepted);
	SAME(RELEASED, q->counts.released);
	SAME(FAILED, q->counts.failed);
	SAME(REJECTED, q->counts.rejected);
	SAME(DROPPED, q->counts.dropped);
	SAME(PURGED, q->counts.purged);
	if (q->counts_open) {
		q->counts.refused = nl_get(msg, BROKER_A_QUEUE_REFUSED);
		q->counts_open = 0;
	}
	SAME(REFUSED, q->counts.refused);
#undef SAME
}

static void see_one_exchange(const struct nl_msg *msg, void *arg)
{
	const char *name = nl_get_str(msg, BROKER_A_EXCHANGE_NAME);
	struct exchange *x;
	struct world *w = arg;
	int i, k, bindings = 0;
	char what[64];

	for (i = 0; i < EXCHANGES && strcmp(exchange_name(i), name); i++)
		;
	if (i == EXCHANGES && !strcmp(name, "broker.events"))
		return;
	if (i == EXCHANGES || !w->exchange[i].exists) {
		differ(w, "an exchange \"%s\" is not to be there", name);
		return;
	}
	x = &w->exchange[i];
	for (k = 0; k < BINDINGS; k++)
		bindings += w->binding[k].exists && w->binding[k].exchange == i;
	if (x->counts_open) {
		x->published = nl_get(msg, BROKER_A_EXCHANGE_PUBLISHED);
		x->unroutable = nl_get(msg, BROKER_A_EXCHANGE_UNROUTABLE);
		x->refused = nl_get(msg, BROKER_A_EXCHANGE_REFUSED);
		x->counts_open = 0;
	}
#define SAME(attr, should)							\
	do {									\
		snprintf(what, sizeof(what), "%s of exchange %d", #attr, i);	\
		expect(w, what, nl_get(msg, BROKER_A_EXCHANGE_##attr), should);	\
	} while (0)
	SAME(TYPE, x->type);
	SAME(FLAGS, x->flags);
	SAME(MODE, x->mode);
	SAME(BINDINGS, bindings);
	SAME(PUBLISHED, x->published);
	SAME(UNROUTABLE, x->unroutable);
	SAME(REFUSED, x->refused);
#undef SAME
	if (strcmp(nl_get_str(msg, BROKER_A_EXCHANGE_ALTERNATE),
		   x->alternate < 0 ? "" : exchange_name(x->alternate)))
		differ(w, "the alternate of exchange %d is \"%s\"", i,
		       nl_get_str(msg, BROKER_A_EXCHANGE_ALTERNATE));
}

static void see_one_consumer(const struct nl_msg *msg, void *arg)
{
	uint64_t number = nl_get(msg, BROKER_A_CONSUMER_SESSION);
	uint32_t id = nl_get(msg, BROKER_A_CONSUMER_ID);
	struct world *w = arg;
	int s, c;

	for (s = 0; s < SESSIONS; s++) {
		for (c = 0; c < CONSUMERS; c++) {
			const struct consumer *each = &w->session[s].consumer[c];

			if (w->session[s].number != number || each->life != LIVE || each->id != id)
				continue;
			expect(w, "credit of a consumer",
			       nl_get(msg, BROKER_A_CONSUMER_CREDIT_MESSAGES), each->credit);
			expect(w, "pending of a consumer", nl_get(msg, BROKER_A_CONSUMER_PENDING),
			       consumer_holds(w, s, c, PENDING));
			expect(w, "unacked of a consumer", nl_get(msg, BROKER_A_CONSUMER_UNACKED),
			       consumer_holds(w, s, c, LEASED));
			expect(w, "delivered to a consumer",
			       nl_get(msg, BROKER_A_CONSUMER_DELIVERED), each->delivered);
			expect(w, "settled by a consumer", nl_get(msg, BROKER_A_CONSUMER_SETTLED),
			       each->settled);
			return;
		}
	}
	differ(w, "a consumer %u of session %llu is not to be there", id,
	       (unsigned long long)number);
}

static void see_one_session(const struct nl_msg *msg, void *arg)
{
	uint64_t number = nl_get(msg, BROKER_A_SESSION_ID);
	struct world *w = arg;
	int s;

	for (s = 0; s < SESSIONS; s++) {
		struct session *each = &w->session[s];

		if (!each->open || each->number != number)
			continue;
		if (each->counts_open) {
			each->refused = nl_get(msg, BROKER_A_SESSION_REFUSED);
			each->counts_open = 0;
		}
		expect(w, "pid of a session", nl_get(msg, BROKER_A_SESSION_PID), each->pid);
		expect(w, "published by a session", nl_get(msg, BROKER_A_SESSION_PUBLISHED),
		       each->published);
		expect(w, "refused to a session", nl_get(msg, BROKER_A_SESSION_REFUSED),
		       each->refused);
		expect(w, "received by a session", nl_get(msg, BROKER_A_SESSION_RECEIVED),
		       each->received);
		expect(w, "settled by a session", nl_get(msg, BROKER_A_SESSION_SETTLED),
		       each->settled);
		return;
	}
	differ(w, "a session %llu is not to be there", (unsigned long long)number);
}

/* Every queue, exchange, consumer and session, with all their counts. */
void device_look_closer(struct world *w)
{
	if (request(0, nl_new(BROKER_CMD_QUEUE_GET), NLM_F_DUMP, see_one_queue, w) ||
	    request(0, nl_new(BROKER_CMD_EXCHANGE_GET), NLM_F_DUMP, see_one_exchange, w) ||
	    request(0, nl_new(BROKER_CMD_CONSUMER_GET), NLM_F_DUMP, see_one_consumer, w) ||
	    request(0, nl_new(BROKER_CMD_SESSION_GET), NLM_F_DUMP, see_one_session, w))
		differ(w, "a dump failed");
}
