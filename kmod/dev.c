// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/oom.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include <linux/broker.h>

#include "broker.h"
#include "dev.h"
#include "ioctl.h"
#include "session.h"
#include "transaction.h"

static int dev_open(struct inode *inode, struct file *file)
{
	struct broker_session *session;

	session = broker_session_new(broker_of_net(current->nsproxy->net_ns));
	if (IS_ERR(session))
		return PTR_ERR(session);
	file->private_data = session;
	return nonseekable_open(inode, file);
}

/*
 * Every close of a file descriptor comes here; so does the exit of a process,
 * for each that it has open.  A process that exits ends the sessions it opened,
 * also where a child still holds the file.
 */
static int dev_flush(struct file *file, fl_owner_t id)
{
	struct broker_session *session = file->private_data;
	const struct signal_struct *sig = current->signal;
	int code, signal, status;
	u8 cause;

	/* A thread that exits with a file table of its own ends nothing. */
	if (!(current->flags & PF_EXITING) || session->pid != task_tgid(current) ||
	    atomic_read(&sig->live))
		return 0;

	code = sig->flags & SIGNAL_GROUP_EXIT ? sig->group_exit_code : current->exit_code;
	signal = code & 0x7f;
	status = (code >> 8) & 0xff;
	if (!signal)
		cause = BROKER_CAUSE_EXITED;
	else if (tsk_is_oom_victim(current))
		cause = BROKER_CAUSE_OOM;
	else
		cause = BROKER_CAUSE_KILLED;
	broker_session_end(session, cause, signal ?: status, code);
	return 0;
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct broker_session *session = file->private_data;

	broker_session_end(session, BROKER_CAUSE_CLOSED, 0, false);
	broker_session_put(session);
	return 0;
}

static __poll_t dev_poll(struct file *file, poll_table *wait)
{
	struct broker_session *session = file->private_data;
	__poll_t events = 0;
	bool under_way;

	poll_wait(file, &session->wait, wait);
	if (READ_ONCE(session->ended))
		return EPOLLHUP | EPOLLERR;
	under_way = broker_transaction_under_way(session->broker);
	if (under_way && !broker_session_readable(session))
		broker_session_catch_up(session);
	if (broker_session_readable(session))
		events |= EPOLLIN | EPOLLRDNORM;
	if (!READ_ONCE(session->blocked))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return broker_ioctl(file->private_data, cmd, arg);
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.flush = dev_flush,
	.release = dev_release,
	.poll = dev_poll,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* Whether a file is a session. */
bool broker_dev_is(const struct file *file)
{
	return file->f_op == &dev_fops;
}

/* Open to all: what one may do is up to exchanges and queues. */
static struct miscdevice dev_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "broker",
	.mode = 0666,
	.fops = &dev_fops,
};

int broker_dev_init(void)
{
	return misc_register(&dev_misc);
}

void broker_dev_exit(void)
{
	misc_deregister(&dev_misc);
}
