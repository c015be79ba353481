/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_IOCTL_H
#define _BROKER_IOCTL_H

struct broker_session;

long broker_ioctl(struct broker_session *session, unsigned int cmd, unsigned long arg);

#endif /* _BROKER_IOCTL_H */
