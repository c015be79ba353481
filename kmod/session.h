/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_SESSION_H
#define _BROKER_SESSION_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

struct broker;
struct broker_consumer;
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
 * Lifetime: owned by its file; freed after a grace period, since dumps look at
 * it under RCU.  Every call holds the file, so none can see it freed.
 */

/**
 * struct broker_session - one open /dev/broker
 * @rcu: frees it after dumps (owner: release)
 * @broker: of the opener's network namespace, which it pins (const)
 * @id: number (const)
 * @pid: thread group that opened it (const)
 * @uid: its effective user then (const)
 * @comm: its name then (const)
 * @mutex: see the lock order
 * @ended: no more consumers and queues (session.mutex; read anywhere)
 * @consumers: by number (session.mutex to change; rcu)
 * @next_consumer: where the search for a free number goes on (session.mutex)
 * @nr_consumers: how many there are (session.mutex; read anywhere)
 * @queues: exclusive queues (broker.topology)
 * @lock: see the lock order
 * @readable: consumers that RECEIVE would find something at (session.lock)
 * @gone: consumers whose queue was deleted, to be told of (session.lock)
 * @sender: the last process that published through it (session.lock)
 * @wait: readers and pollers
 * @full: queue that last answered EAGAIN, with a reference (session.lock)
 * @of_full: in its pollers (queue.lock of @full)
 * @blocked: not writable: @full is still full (queue.lock of @full; read anywhere)
 * @published: messages published (atomic)
 * @refused: publishes that failed (atomic)
 * @received: messages handed out (atomic)
 * @settled: deliveries settled (atomic)
 */
struct broker_session {
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

	spinlock_t lock;
	struct list_head readable;
	struct list_head gone;
	struct broker_sender *sender;
	wait_queue_head_t wait;
	struct broker_queue *full;
	struct list_head of_full;
	bool blocked;

	atomic64_t published;
	atomic64_t refused;
	atomic64_t received;
	atomic64_t settled;
};

struct broker_session *broker_session_new(struct broker *broker);
void broker_session_end(struct broker_session *session, u8 cause, u8 code, bool failed);
void broker_session_free(struct broker_session *session);

struct broker_sender *broker_session_sender(struct broker_session *session);
struct broker_consumer *broker_session_consumer(struct broker_session *session, u32 id);
bool broker_session_readable(struct broker_session *session);
void broker_session_set_full(struct broker_session *session, struct broker_queue *queue);

/* ioctl bodies: @arg is a kernel copy of the struct, @uarg the caller's. */
int broker_session_info(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_submit(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_receive(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_browse(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_consume(struct broker_session *session, void *arg, void __user *uarg);
int broker_session_cancel(struct broker_session *session, void *arg, void __user *uarg);

#endif /* _BROKER_SESSION_H */
