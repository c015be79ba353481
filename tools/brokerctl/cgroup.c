// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "report.h"

#define MOUNT "/sys/fs/cgroup"

/* How kernfs names a file: FILEID_KERNFS, and the inode */
#define KERNFS_HANDLE 0xfe

char *cgroup_path(uint64_t id)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof(id)];
	} name = { .handle = { .handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE } };
	int mount = open(MOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC), folder;
	char link[64], path[PATH_MAX];
	ssize_t length;

	if (mount < 0)
		return NULL;
	memcpy(name.handle.f_handle, &id, sizeof(id));
	folder = open_by_handle_at(mount, &name.handle, O_PATH | O_CLOEXEC);
	close(mount);
	if (folder < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", folder);
	length = readlink(link, path, sizeof(path) - 1);
	close(folder);
	if (length < 0)
		return NULL;
	path[length] = 0;
	/* A handle may open what was deleted. */
	return access(path, F_OK) ? NULL : text_copy(path);
}

bool cgroup_id(const char *path, uint64_t *id)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	*id = st.st_ino;
	return true;
}
