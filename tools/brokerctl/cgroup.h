/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cgroups are numbered by the inode of their folder. */
#ifndef BROKERCTL_CGROUP_H
#define BROKERCTL_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/* Its folder, to be freed; NULL: there is none, or it cannot be told. */
char *cgroup_path(uint64_t id);

/* The number of the cgroup whose folder this is.  False: errno says why not. */
bool cgroup_id(const char *path, uint64_t *id);

#endif
