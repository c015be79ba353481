// SPDX-License-Identifier: GPL-2.0
/*
 * Consumers and sessions.  Who consumes is shown to administrators and to the
 * user who does.
 */
#include <linux/math64.h>
#include <linux/rcupdate_wait.h>

#include "access.h"
#include "admin.h"
#include "broker.h"
#include "consumer.h"
#include "event.h"
#include "queue.h"
#include "selector.h"
#include "session.h"

static_assert((int)BROKER_CONSUMER_FLAGS_AUTO_ACCEPT == BROKER_CONSUME_F_AUTO_ACCEPT);
static_assert((int)BROKER_CONSUMER_FLAGS_EXCLUSIVE == BROKER_CONSUME_F_EXCLUSIVE);
static_assert((int)BROKER_CONSUMER_FLAGS_HEADERS_ONLY == BROKER_CONSUME_F_HEADERS_ONLY);

static int put_identity(struct sk_buff *skb, const struct broker_nl_head *head,
			struct broker_consumer *consumer)
{
	struct broker_session *session = consumer->session;

	return nla_put_u32(skb, BROKER_A_CONSUMER_ID, consumer->id) ||
	       nla_put_u64_64bit(skb, BROKER_A_CONSUMER_SESSION, session->id,
				 BROKER_A_CONSUMER_PAD) ||
	       nla_put_string(skb, BROKER_A_CONSUMER_QUEUE, consumer->queue->name) ||
	       broker_nl_put_pid(skb, head, BROKER_A_CONSUMER_PID, session->pid) ||
	       broker_nl_put_uid(skb, head, BROKER_A_CONSUMER_UID, session->uid);
}

/**
 * struct consumer_snapshot - a consumer at one moment
 * @credit_messages: see struct broker_consumer (const)
 * @credit_bytes: see there (const)
 * @nr_pending: see there (const)
 * @nr_leased: see there (const)
 * @delivered: see there (const)
 * @settled: see there (const)
 * @role: enum broker_consumer_role (const)
 * @paused: see struct broker_pause (const)
 * @pause_left: nanoseconds until it ends (const)
 */
struct consumer_snapshot {
	u32 credit_messages;
	u64 credit_bytes;
	u32 nr_pending;
	u32 nr_leased;
	u64 delivered;
	u64 settled;
	u32 role;
	bool paused;
	u64 pause_left;
};

static u32 role_locked(const struct broker_consumer *consumer)
{
	const struct broker_queue *queue = consumer->queue;

	lockdep_assert_held(&queue->lock);
	if (!queue->settings.single_active)
		return BROKER_CONSUMER_ROLE_COMPETING;
	return queue->active == consumer ? BROKER_CONSUMER_ROLE_ACTIVE :
					   BROKER_CONSUMER_ROLE_STANDBY;
}

static void take_snapshot(struct broker_consumer *consumer, struct consumer_snapshot *now)
{
	spin_lock(&consumer->queue->lock);
	now->credit_messages = consumer->credit_messages;
	now->credit_bytes = consumer->credit_bytes;
	now->nr_pending = consumer->nr_pending;
	now->nr_leased = consumer->nr_leased;
	now->delivered = consumer->delivered;
	now->settled = consumer->settled;
	now->role = role_locked(consumer);
	now->paused = consumer->pause.on;
	now->pause_left = broker_pause_left(&consumer->pause);
	spin_unlock(&consumer->queue->lock);
}

static int put_snapshot(struct sk_buff *skb, const struct consumer_snapshot *now)
{
	return nla_put_u32(skb, BROKER_A_CONSUMER_CREDIT_MESSAGES, now->credit_messages) ||
	       nla_put_u64_64bit(skb, BROKER_A_CONSUMER_CREDIT_BYTES, now->credit_bytes,
				 BROKER_A_CONSUMER_PAD) ||
	       nla_put_u32(skb, BROKER_A_CONSUMER_PENDING, now->nr_pending) ||
	       nla_put_u32(skb, BROKER_A_CONSUMER_UNACKED, now->nr_leased) ||
	       nla_put_u64_64bit(skb, BROKER_A_CONSUMER_DELIVERED, now->delivered,
				 BROKER_A_CONSUMER_PAD) ||
	       nla_put_u64_64bit(skb, BROKER_A_CONSUMER_SETTLED, now->settled,
				 BROKER_A_CONSUMER_PAD) ||
	       nla_put_u32(skb, BROKER_A_CONSUMER_ROLE, now->role) ||
	       broker_nl_put_pause(skb, BROKER_A_CONSUMER_PAUSED, BROKER_A_CONSUMER_PAUSE_MS,
				   now->paused, now->pause_left);
}

int broker_nl_put_consumer(struct sk_buff *skb, const struct broker_nl_head *head,
			   struct broker_consumer *consumer)
{
	struct consumer_snapshot now;
	void *hdr;

	take_snapshot(consumer, &now);
	hdr = broker_nl_begin(skb, head);
	return broker_nl_end(skb, hdr,
			     !hdr || put_identity(skb, head, consumer) ||
			     nla_put_u32(skb, BROKER_A_CONSUMER_FLAGS, consumer->flags) ||
			     put_snapshot(skb, &now) ||
			     nla_put_u64_64bit(skb, BROKER_A_CONSUMER_LEASE,
					       div_u64(consumer->lease, NSEC_PER_MSEC),
					       BROKER_A_CONSUMER_PAD) ||
			     nla_put_u32(skb, BROKER_A_CONSUMER_PRIORITY, consumer->priority) ||
			     (consumer->choice.selector &&
			      nla_put_string(skb, BROKER_A_CONSUMER_FILTER_TEXT,
					     broker_selector_text(consumer->choice.selector))));
}

int broker_nl_put_consumer_ended(struct sk_buff *skb, const struct broker_nl_head *head,
				 struct broker_consumer *consumer,
				 const struct broker_return *how)
{
	void *hdr = broker_nl_begin(skb, head);

	return broker_nl_end(skb, hdr,
			     !hdr || put_identity(skb, head, consumer) ||
			     nla_put_u32(skb, BROKER_A_CONSUMER_CAUSE, how->cause) ||
			     nla_put_u32(skb, BROKER_A_CONSUMER_CODE, how->code) ||
			     nla_put_u32(skb, BROKER_A_CONSUMER_RETURNED,
					 READ_ONCE(consumer->returned)));
}

static int put_session(struct sk_buff *skb, const struct broker_nl_head *head,
		       struct broker_session *session)
{
	void *hdr = broker_nl_begin(skb, head);
	int err;

	err = !hdr ||
	      nla_put_u64_64bit(skb, BROKER_A_SESSION_ID, session->id, BROKER_A_SESSION_PAD) ||
	      broker_nl_put_pid(skb, head, BROKER_A_SESSION_PID, session->pid) ||
	      broker_nl_put_uid(skb, head, BROKER_A_SESSION_UID, session->uid) ||
	      nla_put_string(skb, BROKER_A_SESSION_COMM, session->comm) ||
	      nla_put_u32(skb, BROKER_A_SESSION_CONSUMERS, READ_ONCE(session->nr_consumers)) ||
	      nla_put_u64_64bit(skb, BROKER_A_SESSION_PUBLISHED,
				atomic64_read(&session->published), BROKER_A_SESSION_PAD) ||
	      nla_put_u64_64bit(skb, BROKER_A_SESSION_REFUSED,
				atomic64_read(&session->refused), BROKER_A_SESSION_PAD) ||
	      nla_put_u64_64bit(skb, BROKER_A_SESSION_RECEIVED,
				atomic64_read(&session->received), BROKER_A_SESSION_PAD) ||
	      nla_put_u64_64bit(skb, BROKER_A_SESSION_SETTLED,
				atomic64_read(&session->settled), BROKER_A_SESSION_PAD) ||
	      nla_put_u32(skb, BROKER_A_SESSION_WILLS, READ_ONCE(session->nr_wills));
	return broker_nl_end(skb, hdr, err);
}

static bool may_see(const struct broker *broker, struct sk_buff *skb,
		    const struct broker_session *session)
{
	return broker_nl_is_user(skb, session->uid) || broker_may_admin(broker, skb);
}

static struct broker_session *find_session_rcu(struct broker *broker, struct sk_buff *skb,
					       const struct nlattr *attr,
					       struct netlink_ext_ack *extack)
{
	struct broker_session *session;
	u64 id = nla_get_u64(attr);

	session = id <= ULONG_MAX ? xa_load(&broker->sessions, id) : NULL;
	if (!session) {
		BROKER_NL_ERR(extack, attr, "no such session");
		return ERR_PTR(-ENOENT);
	}
	if (!may_see(broker, skb, session)) {
		BROKER_NL_ERR(extack, attr,
			      "the session is another user's: this needs CAP_NET_ADMIN");
		return ERR_PTR(-EACCES);
	}
	return session;
}

int broker_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_session *session;
	struct sk_buff *reply;
	int err;

	if (BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_SESSION_ID,
			      "which session? the number is missing"))
		return -EINVAL;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	rcu_read_lock();
	session = find_session_rcu(broker, skb, info->attrs[BROKER_A_SESSION_ID], info->extack);
	err = IS_ERR(session) ? PTR_ERR(session) : put_session(reply, &head, session);
	rcu_read_unlock();
	return broker_nl_reply(reply, info, err);
}

int broker_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct broker_session *session;
	unsigned long id;
	int err;

	err = broker_nl_dump_refuse(cb, BROKER_A_SESSION_ID);
	if (err)
		return err;

	rcu_read_lock();
	xa_for_each_start(&broker->sessions, id, session, cb->args[0]) {
		if (may_see(broker, cb->skb, session))
			err = put_session(skb, &head, session);
		if (err)
			break;
		cb->args[0] = id + 1;
		cond_resched_rcu();
	}
	rcu_read_unlock();
	return broker_nl_dump_end(skb, err);
}

static struct broker_consumer *find_consumer_rcu(struct broker *broker, struct sk_buff *skb,
						 struct genl_info *info)
{
	const struct nlattr *id = info->attrs[BROKER_A_CONSUMER_ID];
	struct broker_consumer *consumer;
	struct broker_session *session;

	session = find_session_rcu(broker, skb, info->attrs[BROKER_A_CONSUMER_SESSION],
				   info->extack);
	if (IS_ERR(session))
		return ERR_CAST(session);
	consumer = xa_load(&session->consumers, nla_get_u32(id));
	if (consumer && !READ_ONCE(consumer->dead))
		return consumer;
	BROKER_NL_ERR(info->extack, id, "the session has no such consumer");
	return ERR_PTR(-ENOENT);
}

static int need_consumer(struct genl_info *info)
{
	return BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_CONSUMER_SESSION,
				 "which consumer? the session's number is missing") ||
	       BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_CONSUMER_ID,
				 "which consumer? the number is missing") ? -EINVAL : 0;
}

int broker_nl_consumer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_consumer *consumer;
	struct sk_buff *reply;
	int err;

	err = need_consumer(info);
	if (err)
		return err;
	reply = genlmsg_new(BROKER_NL_CONSUMER_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	rcu_read_lock();
	consumer = find_consumer_rcu(broker, skb, info);
	err = IS_ERR(consumer) ? PTR_ERR(consumer) :
				 broker_nl_put_consumer(reply, &head, consumer);
	rcu_read_unlock();
	return broker_nl_reply(reply, info, err);
}

int broker_nl_consumer_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *paused = info->attrs[BROKER_A_CONSUMER_PAUSED];
	struct broker *broker = broker_of_net(genl_info_net(info));
	struct broker_nl_head head = broker_nl_head_reply(info);
	struct broker_consumer *consumer;
	struct sk_buff *reply;
	u64 time = 0;
	bool on;
	int err;

	err = need_consumer(info) ?:
	      BROKER_NL_MISSING(info->extack, info->attrs, BROKER_A_CONSUMER_PAUSED,
				"paused is missing: on or off?") ? -EINVAL :
	      broker_nl_pause_parse(paused, info->attrs[BROKER_A_CONSUMER_PAUSE_MS], &on, &time,
				    info->extack);
	if (err)
		return err;
	reply = genlmsg_new(BROKER_NL_CONSUMER_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	rcu_read_lock();
	consumer = find_consumer_rcu(broker, skb, info);
	if (!IS_ERR(consumer) && !broker_consumer_tryget(consumer))
		consumer = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	err = PTR_ERR_OR_ZERO(consumer);
	if (!err) {
		err = broker_flow_pause_consumer(consumer, on, time);
		if (!err) {
			WARN_ON_ONCE(broker_nl_put_consumer(reply, &head, consumer));
			broker_event_consumer(consumer);
		} else {
			BROKER_NL_ERR(info->extack, info->attrs[BROKER_A_CONSUMER_ID],
				      "the session has no such consumer");
		}
		broker_consumer_put(consumer);
	}
	return broker_nl_reply_changed(reply, info, err);
}

/**
 * struct consumer_dump - where a dump of consumers goes on
 * @session: number of the session (owner: the dump)
 * @consumer: number within it (owner: the dump)
 * @queue: number of the only queue it asks for, or 0 (owner: the dump)
 * @begun: @queue was looked up (owner: the dump)
 */
struct consumer_dump {
	unsigned long session;
	unsigned long consumer;
	u32 queue;
	bool begun;
};

static int consumer_dump_begin(struct broker *broker, struct netlink_callback *cb,
			       struct consumer_dump *dump)
{
	const struct nlattr *attr = genl_info_dump(cb)->attrs[BROKER_A_CONSUMER_QUEUE];
	struct broker_queue *queue;
	int err;

	if (dump->begun)
		return 0;
	err = broker_nl_dump_refuse(cb, BROKER_A_CONSUMER_SESSION) ?:
	      broker_nl_dump_refuse(cb, BROKER_A_CONSUMER_ID);
	if (err)
		return err;
	if (attr) {
		rcu_read_lock();
		queue = broker_nl_find_queue(broker, attr, cb->extack);
		err = PTR_ERR_OR_ZERO(queue);
		dump->queue = err ? 0 : queue->id;
		rcu_read_unlock();
	}
	dump->begun = !err;
	return err;
}

static int dump_session_rcu(struct sk_buff *skb, const struct broker_nl_head *head,
			    struct broker_session *session, struct consumer_dump *dump)
{
	struct broker_consumer *consumer;
	unsigned long id;
	int err = 0;

	xa_for_each_start(&session->consumers, id, consumer, dump->consumer) {
		if (!READ_ONCE(consumer->dead) &&
		    (!dump->queue || dump->queue == consumer->queue->id))
			err = broker_nl_put_consumer(skb, head, consumer);
		if (err)
			break;
		dump->consumer = id + 1;
	}
	return err;
}

int broker_nl_consumer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct broker *broker = broker_nl_dump_broker(cb);
	struct broker_nl_head head = broker_nl_head_dump(cb);
	struct consumer_dump *dump = (void *)cb->ctx;
	struct broker_session *session;
	unsigned long id;
	int err;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	err = consumer_dump_begin(broker, cb, dump);
	if (err)
		return err;

	rcu_read_lock();
	xa_for_each_start(&broker->sessions, id, session, dump->session) {
		if (id != dump->session) {
			dump->session = id;
			dump->consumer = 0;
		}
		if (may_see(broker, cb->skb, session))
			err = dump_session_rcu(skb, &head, session, dump);
		if (err)
			break;
		dump->session = id + 1;
		dump->consumer = 0;
		cond_resched_rcu();
	}
	rcu_read_unlock();
	return broker_nl_dump_end(skb, err);
}
