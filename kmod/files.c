// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include <linux/broker.h>

#include "broker.h"
#include "dev.h"
#include "files.h"
#include "handout.h"
#include "memory.h"
#include "message.h"

/**
 * struct broker_files_user - a user with files in messages, in whatever namespace
 * @hash: in files_users (files_lock)
 * @uid: who (const)
 * @files: how many; freed with the last (files_lock)
 */
struct broker_files_user {
	struct hlist_node hash;
	kuid_t uid;
	u32 files;
};

static DEFINE_SPINLOCK(files_lock);
static DEFINE_HASHTABLE(files_users, 6);

static struct broker_files_user *files_find_user_locked(kuid_t uid)
{
	struct broker_files_user *user;

	lockdep_assert_held(&files_lock);
	hash_for_each_possible(files_users, user, hash, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/* @nr more files of the caller; ERR_PTR: -ETOOMANYREFS, -ENOMEM. */
static struct broker_files_user *files_charge(u32 nr)
{
	unsigned long limit = capable(CAP_SYS_RESOURCE) ? ULONG_MAX : rlimit(RLIMIT_NOFILE);
	struct broker_files_user *user, *new;
	kuid_t uid = current_euid();

	new = kzalloc(sizeof(*new), BROKER_GFP);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->uid = uid;
	spin_lock(&files_lock);
	user = files_find_user_locked(uid);
	if ((user ? user->files : 0) + (u64)nr > limit) {
		user = ERR_PTR(-ETOOMANYREFS);
	} else {
		if (!user) {
			user = new;
			new = NULL;
			hash_add(files_users, &user->hash, __kuid_val(uid));
		}
		user->files += nr;
	}
	spin_unlock(&files_lock);
	kfree(new);
	return user;
}

static void files_uncharge(struct broker_files_user *user, u32 nr)
{
	bool last;

	spin_lock(&files_lock);
	user->files -= nr;
	last = !user->files;
	if (last)
		hash_del(&user->hash);
	spin_unlock(&files_lock);
	if (last)
		kfree(user);
}

/* io_uring says by nothing else what a file is. */
static bool is_io_uring(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !strcmp(file->f_path.dentry->d_name.name, "[io_uring]");
}

/* Whether it could keep the queue that it is in alive, see "Files of messages". */
static int files_check(const struct broker *broker, struct file *file)
{
	const struct inode *inode = file_inode(file);
	const struct socket *sock = sock_from_file(file);

	/* These hold a namespace, or whatever file they are given. */
	if (broker_dev_is(file) || is_io_uring(file))
		return -ELOOP;
	if (sock && (!sock->sk || sock->sk->sk_family == AF_UNIX))
		return -ELOOP;
	if (net_eq(broker->net, &init_net))
		return 0;
	if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode) && !S_ISFIFO(inode->i_mode))
		return -ELOOP;
	/* Of these, files that are regular by name hold namespaces. */
	if (inode->i_sb->s_magic == NSFS_MAGIC || inode->i_sb->s_magic == PROC_SUPER_MAGIC)
		return -ELOOP;
	return 0;
}

/**
 * broker_files_from_user() - Take the files that a publisher names
 * @broker: whose queues they go to
 * @publish: already a kernel copy; fds and nr_fds count
 *
 * Return: the files with one reference; NULL: there are none; or an error
 * pointer: -EINVAL, -EFAULT, -EBADF, -ELOOP, -ETOOMANYREFS, -ENOMEM.
 */
struct broker_files *broker_files_from_user(const struct broker *broker,
					    const struct broker_publish *publish)
{
	struct broker_files_user *user;
	struct broker_files *files;
	s32 fds[BROKER_MAX_FDS];
	u32 nr = publish->nr_fds;
	int err = 0;

	if (nr > BROKER_MAX_FDS || (!nr && publish->fds))
		return ERR_PTR(-EINVAL);
	if (!nr)
		return NULL;
	if (copy_from_user(fds, u64_to_user_ptr(publish->fds), nr * sizeof(*fds)))
		return ERR_PTR(-EFAULT);
	user = files_charge(nr);
	if (IS_ERR(user))
		return ERR_CAST(user);
	files = kzalloc(struct_size(files, file, nr), BROKER_GFP);
	if (!files) {
		files_uncharge(user, nr);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&files->refs, 1);
	files->nr = nr;
	files->user = user;
	while (!err && nr--) {
		files->file[nr] = fget(fds[nr]);
		err = files->file[nr] ? files_check(broker, files->file[nr]) : -EBADF;
	}
	if (err) {
		broker_files_put(files);
		return ERR_PTR(err);
	}
	return files;
}

/* @files: may be NULL */
struct broker_files *broker_files_get(struct broker_files *files)
{
	if (files)
		refcount_inc(&files->refs);
	return files;
}

/* @files: may be NULL */
void broker_files_put(struct broker_files *files)
{
	u32 i;

	if (!files || !refcount_dec_and_test(&files->refs))
		return;
	for (i = 0; i < files->nr; i++)
		if (files->file[i])
			fput(files->file[i]);
	files_uncharge(files->user, files->nr);
	kfree(files);
}

/**
 * broker_files_body() - Check the first file as a body that nobody can change any more
 * @files: may be NULL
 * @size: its length
 *
 * Return: 0; -EINVAL: not a readable memfd with all seals that it takes; -EMSGSIZE.
 */
int broker_files_body(const struct broker_files *files, u32 *size)
{
	const u32 seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	const struct file *file = files ? files->file[0] : NULL;
	struct inode *inode;

	if (!file || !(file->f_mode & FMODE_READ))
		return -EINVAL;
	inode = file_inode(file);
	if (!S_ISREG(inode->i_mode) || inode->i_sb->s_magic != TMPFS_MAGIC ||
	    (READ_ONCE(SHMEM_I(inode)->seals) & seals) != seals)
		return -EINVAL;
	if (i_size_read(inode) > BROKER_MAX_BODY_FD)
		return -EMSGSIZE;
	*size = i_size_read(inode);
	return 0;
}

/* Closes what was installed, unless the process has put something else there. */
static void files_uninstall(struct file *file, int fd)
{
	struct file *now = fget(fd);

	if (now)
		fput(now);
	if (now == file)
		close_fd(fd);
}

/* One message's; @fds gets their numbers, also of those before a failure. */
static int files_install_one(const struct broker_message *message, s32 *fds,
			     s32 __user *to)
{
	u32 i;

	for (i = 0; i < message->files->nr; i++) {
		fds[i] = receive_fd(message->files->file[i], NULL, O_CLOEXEC);
		if (fds[i] < 0)
			return fds[i];
		if (put_user(fds[i], &to[i]))
			return -EFAULT;
	}
	return 0;
}

/**
 * broker_files_install() - Give the reader file descriptors of what it received
 * @handouts: written to @buffer, with places for the numbers
 * @count: how many
 * @buffer: the reader's
 *
 * Return: 0; -EMFILE: no numbers are left, -ENFILE, -EACCES and others by a security
 * module, -EFAULT, -ENOMEM: then it has none of them.
 */
int broker_files_install(const struct broker_handout *handouts, u32 count, void __user *buffer)
{
	s32 few[BROKER_MAX_FDS], *fds = few;
	u32 i, j, nr = 0, done = 0;
	int err = 0;

	for (i = 0; i < count; i++)
		nr += handouts[i].message->files ? handouts[i].message->files->nr : 0;
	if (!nr)
		return 0;
	if (nr > ARRAY_SIZE(few))
		fds = kvmalloc_array(nr, sizeof(*fds), GFP_KERNEL);
	if (!fds)
		return -ENOMEM;
	memset(fds, -1, nr * sizeof(*fds));
	for (i = 0; i < count && !err; i++) {
		const struct broker_message *message = handouts[i].message;

		if (message->files) {
			err = files_install_one(message, fds + done,
						buffer + broker_handout_fds(message));
			done += message->files->nr;
		}
		buffer += broker_handout_size(message, handouts[i].deaths, handouts[i].state,
					      false);
	}
	for (i = 0, nr = 0; err && nr < done; i++) {
		const struct broker_files *files = handouts[i].message->files;

		for (j = 0; files && j < files->nr; j++, nr++)
			if (fds[nr] >= 0)
				files_uninstall(files->file[j], fds[nr]);
	}
	if (fds != few)
		kvfree(fds);
	return err;
}
