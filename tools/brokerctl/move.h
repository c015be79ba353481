/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BROKERCTL_MOVE_H
#define BROKERCTL_MOVE_H

/* Why messages no longer went, from an errno that the kernel told. */
const char *move_error(int error);

#endif
