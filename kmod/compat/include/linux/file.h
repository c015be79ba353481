/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_COMPAT_LINUX_FILE_H
#define _BROKER_COMPAT_LINUX_FILE_H

#include <linux/version.h>
#include_next <linux/file.h>

/* Until 6.8 it took no pointer to where the number goes; it is NULL here. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define receive_fd(_file, _ufd, _flags) receive_fd(_file, _flags)
#endif

#endif /* _BROKER_COMPAT_LINUX_FILE_H */
