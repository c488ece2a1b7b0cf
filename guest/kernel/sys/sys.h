/* SPDX-License-Identifier: MIT */
/*
 * sys.h - the functions behind the table, and what they share.
 *
 * Every system call is `i64 sys_name(const u64 *a)`: a[0]..a[5] are the caller's a0..a5
 * as they came, unchecked; the result goes to a0, -errno on failure.
 */
#ifndef KERNEL_SYS_SYS_H
#define KERNEL_SYS_SYS_H

#include "fs/path.h"
#include "lib/types.h"

#define CALL(name, restart) i64 sys_##name(const u64 *a);
#include "sys/table.def"

struct abi_iovec;
struct abi_timespec;
struct file;

/* The open file of a descriptor, with a reference, or NULL (EBADF). */
struct file *sys_file(u64 fd);
/* The process that a pidfd names, held by *file, which the caller puts unless NULL.  => NULL: none. */
struct process *sys_pidfd_process(u64 fd, struct file **file);
/* Its inode, with a reference.  => 0, -EBADF (also for what has none: a pipe's end and the like) */
int sys_file_inode(u64 fd, struct inode **out);

/*
 * A path argument: copied in, with the place where its resolution starts.
 *     struct sys_path path;
 *     int error = sys_path_get(&path, a[0], a[1]);
 *     if (!error) { error = vfs_...(&path.start, path.text, ...); }
 *     sys_path_put(&path);
 * sys_path_put is called even after an error.
 */
struct sys_path {
    struct path_start start; /* references held */
    char *text;              /* a page */
};
int sys_path_get(struct sys_path *path, u64 directory_fd, u64 user);
void sys_path_put(struct sys_path *path);
/* The inode of a path argument, with a reference.  flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH */
int sys_path_inode(u64 directory_fd, u64 user, u32 flags, struct inode **out);

/* Timespec at a user address in ns.  => 0, -EFAULT, -EINVAL (negative, or 10^9 ns and more) */
int sys_get_time(u64 user, u64 *ns);
int sys_put_time(u64 user, u64 ns);

/* An array of buffers, copied in; their sum fits into a ssize_t.  kfree it.
 * => 0, -EINVAL, -EFAULT, -ENOMEM */
int sys_get_vector(u64 user, u64 count, struct abi_iovec **out);
/* A signal mask for the rest of this call; user = 0: none.  => 0, -EINVAL (size), -EFAULT */
int sys_temporary_mask(u64 user, u64 size);

#endif
