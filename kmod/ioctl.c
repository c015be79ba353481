// SPDX-License-Identifier: GPL-2.0
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include <linux/broker.h>

#include "broker.h"
#include "ioctl.h"
#include "session.h"

/* Room for the kernel's copy of any argument. */
union ioctl_argument {
	u32 size;
	struct broker_info info;
	struct broker_submit submit;
	struct broker_receive receive;
	struct broker_consume consume;
	struct broker_cancel cancel;
	struct broker_browse browse;
};

/**
 * struct ioctl_op - one ioctl
 * @call: what it does
 * @size: of its struct as this module knows it
 * @min_size: of its struct in the first version of the ABI
 * @cmd: its number as callers give it
 */
struct ioctl_op {
	int (*call)(struct broker_session *session, void *arg, void __user *uarg);
	unsigned int size;
	unsigned int min_size;
	unsigned int cmd;
};

#define IOCTL_OP(_nr, _call, _struct, _last)					\
	[BROKER_NR_##_nr] = {							\
		.call = _call,							\
		.size = sizeof(_struct) +					\
			BUILD_BUG_ON_ZERO(sizeof(union ioctl_argument) < sizeof(_struct)), \
		.min_size = offsetofend(_struct, _last),			\
		.cmd = BROKER_IOC_##_nr,					\
	}

static const struct ioctl_op ioctl_ops[] = {
	IOCTL_OP(INFO, broker_session_info, struct broker_info, reserved),
	IOCTL_OP(SUBMIT, broker_session_submit, struct broker_submit, timeout_ns),
	IOCTL_OP(RECEIVE, broker_session_receive, struct broker_receive, timeout_ns),
	IOCTL_OP(CONSUME, broker_session_consume, struct broker_consume, queue_id),
	IOCTL_OP(CANCEL, broker_session_cancel, struct broker_cancel, reserved),
	IOCTL_OP(BROWSE, broker_session_browse, struct broker_browse, cursor),
};

/* The layout is for ever: sizes without holes, the same for 32-bit callers. */
static inline void check_abi(void)
{
	BUILD_BUG_ON(sizeof(struct broker_info) != 72);
	BUILD_BUG_ON(sizeof(struct broker_prop) != 8);
	BUILD_BUG_ON(sizeof(struct broker_publish) != 48);
	BUILD_BUG_ON(sizeof(struct broker_reply) != 48);
	BUILD_BUG_ON(sizeof(struct broker_settle) != 48);
	BUILD_BUG_ON(sizeof(struct broker_credit) != 48);
	BUILD_BUG_ON(sizeof(struct broker_state) != 48);
	BUILD_BUG_ON(sizeof(struct broker_op) != 64);
	BUILD_BUG_ON(sizeof(struct broker_result) != 24);
	BUILD_BUG_ON(sizeof(struct broker_confirm) != 24);
	BUILD_BUG_ON(sizeof(struct broker_submit) != 56);
	BUILD_BUG_ON(sizeof(struct broker_consume) != 88);
	BUILD_BUG_ON(sizeof(struct broker_cancel) != 16);
	BUILD_BUG_ON(sizeof(struct broker_origin) != 32);
	BUILD_BUG_ON(sizeof(struct broker_delivery) != 136);
	BUILD_BUG_ON(sizeof(struct broker_death) != 296);
	BUILD_BUG_ON(sizeof(struct broker_receive) != 56);
	BUILD_BUG_ON(sizeof(struct broker_browse) != 80);
	BUILD_BUG_ON(BROKER_MAX_NAME > U8_MAX || BROKER_MAX_KEY > U8_MAX);
}

/* Checks what all ioctls have in common and hands a kernel copy to the one called. */
long broker_ioctl(struct broker_session *session, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	union ioctl_argument argument = {};
	const struct ioctl_op *op;
	u32 size;
	int err;

	check_abi();
	if (_IOC_NR(cmd) >= ARRAY_SIZE(ioctl_ops))
		return -ENOTTY;
	op = &ioctl_ops[_IOC_NR(cmd)];
	if (op->cmd != cmd)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	if (size < op->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&argument, op->size, uarg, size);
	if (err)
		return err;
	/* It may have changed since it was read above; only the checked value counts. */
	argument.size = size;
	if (READ_ONCE(session->ended))
		return -EOWNERDEAD;
	return op->call(session, &argument, uarg);
}
