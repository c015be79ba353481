/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_DEV_H
#define _BROKER_DEV_H

struct file;

bool broker_dev_is(const struct file *file);
int broker_dev_init(void);
void broker_dev_exit(void);

#endif /* _BROKER_DEV_H */
