/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_SESSION_H
#define _BROKER_SESSION_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

struct broker;
struct broker_admission;
struct broker_consumer;
struct broker_payer;
struct broker_queue;
struct broker_sender;
struct pid;

/**
 * DOC: Sessions
 *
 * A session is one open file of /dev/broker.  It ends when its file is closed
 * for the last time or when the process that opened it exits, whichever is
 * first: its consumers are detached with the cause, its exclusive queues
 * deleted.  A session that has ended answers EOWNERDEAD until the file is closed.
 *
 * Lifetime: its file and each of its consumers hold a reference; it is freed
 * after a grace period, since dumps look at it under RCU.
 */

/**
 * struct broker_waiter - a publisher that waits for room
 * @of_session: in session.waiters (session.lock)
 * @room: where it sleeps (const)
 */
struct broker_waiter {
	struct list_head of_session;
	wait_queue_head_t *room;
};

/**
 * struct broker_session - one open /dev/broker
 * @refs: see Lifetime (atomic)
 * @rcu: frees it after dumps (owner: last put)
 * @broker: of the opener's network namespace, which it pins (const)
 * @id: number (const)
 * @pid: thread group that opened it (const)
 * @uid: its effective user then (const)
 * @comm: its name then (const)
 * @mutex: see the lock order
 * @ended: no more consumers and queues (session.mutex and session.lock; read
 *	anywhere)
 * @consumers: by number (session.mutex to change; rcu)
 * @next_consumer: where the search for a free number goes on (session.mutex)
 * @nr_consumers: how many there are (session.mutex; read anywhere)
 * @queues: exclusive queues (broker.topology)
 * @wills: messages to publish when its process dies, in order (session.mutex)
 * @nr_wills: how many (session.mutex; read anywhere)
 * @lock: see the lock order
 * @readable: consumers that RECEIVE would find something at (session.lock)
 * @gone: consumers whose queue was deleted, to be told of (session.lock)
 * @requests: that are open (session.lock)
 * @nr_requests: how many (session.lock)
 * @replies: to them, to be received (session.lock)
 * @waiters: its publishers that wait for room (session.lock)
 * @sender: the last process that published through it (session.lock)
 * @wait: readers and pollers
 * @payer: who pays for the session and its consumers (const)
 * @full: queue that refused last, with a reference (session.mutex)
 * @quota: or payer whose limit did, with a reference (session.mutex)
 * @full_messages: how many messages it refused (queue.lock of @full)
 * @full_bytes: and their bytes (queue.lock of @full, or limits.lock)
 * @full_until: refused for its rate: until when, in ns (limits.lock)
 * @of_full: in the pollers of @full, or of whose limit it was (queue.lock of @full, or
 *	limits.lock)
 * @blocked: not writable: it is still so (queue.lock of @full, or limits.lock; read
 *	anywhere)
 * @hung: of its consumers, how many are hung: lease.h (atomic)
 * @published: messages published (atomic)
 * @refused: publishes that failed (atomic)
 * @received: messages handed out (atomic)
 * @settled: deliveries settled (atomic)
 */
struct broker_session {
	refcount_t refs;
	struct rcu_head rcu;
	struct broker *broker;
	u64 id;
	struct pid *pid;
	kuid_t uid;
	char comm[TASK_COMM_LEN];

	struct mutex mutex;
	bool ended;
	struct xarray consumers;
	u32 next_consumer;
	u32 nr_consumers;
	struct list_head queues;
	struct list_head wills;
	u32 nr_wills;

	spinlock_t lock;
	struct list_head readable;
	struct list_head gone;
	struct list_head requests;
	u32 nr_requests;
	struct list_head replies;
	struct list_head waiters;
	struct broker_sender *sender;
	wait_queue_head_t wait;
	struct broker_payer *payer;
	struct broker_queue *full;
	u32 full_messages;
	u64 full_bytes;
	u64 full_until;
	struct broker_payer *quota;
	struct list_head of_full;
	bool blocked;

	atomic_t hung;
	atomic64_t published;
	atomic64_t refused;
	atomic64_t received;
	atomic64_t settled;
};

struct broker_session *broker_session_new(struct broker *broker);
void broker_session_init_own(struct broker_session *session, struct broker *broker);
void broker_session_end(struct broker_session *session, u8 cause, u8 code, bool failed);
struct broker_session *broker_session_get(struct broker_session *session);
void broker_session_put(struct broker_session *session);

struct broker_sender *broker_session_sender(struct broker_session *session);
struct broker_consumer *broker_session_consumer(struct broker_session *session, u32 id);
struct broker_queue *broker_session_find_queue(struct broker_session *session, u64 name,
					       u32 name_len);
bool broker_session_forget(struct broker_session *session, struct broker_consumer *consumer);
bool broker_session_readable(struct broker_session *session);
void broker_session_catch_up(struct broker_session *session);
void broker_session_revive(struct broker_session *session);
void broker_session_set_full(struct broker_session *session, struct broker_queue *queue,
			     u32 messages, u64 bytes);
void broker_session_set_limited(struct broker_session *session,
				const struct broker_admission *admission);

/* ioctl bodies: @arg is a kernel copy of the struct, @uarg the caller's. */
int broker_session_info(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_submit(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_receive(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_browse(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_consume(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_cancel(struct broker_session *session, void *arg, void __user *uarg);

#endif /* _BROKER_SESSION_H */
