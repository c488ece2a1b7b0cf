/* SPDX-License-Identifier: MIT */
/* user.c - arguments that many system calls share: descriptors, paths, times.  See sys.h. */
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/time.h"
#include "fs/context.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/uaccess.h"
#include "proc/process.h"

#define NS_PER_SECOND 1000000000ull

struct file *sys_file(u64 fd)
{
    return fd_get(current_process()->files, (int)fd);
}

int sys_file_inode(u64 fd, struct inode **out)
{
    struct file *file = sys_file(fd);
    int error = file && file->inode ? 0 : -EBADF;

    if (!error) {
        *out = inode_get(file->inode);
    }
    file_put(file);
    return error;
}

/* Where a relative path begins.  => 0 with a reference, -EBADF */
static int base_of(u64 directory_fd, struct inode **out)
{
    if ((int)directory_fd == AT_FDCWD) {
        *out = fs_context_cwd(current_process()->fs);
        return 0;
    }
    return sys_file_inode(directory_fd, out);
}

int sys_path_get(struct sys_path *path, u64 directory_fd, u64 user)
{
    ssize_t length;

    path->start = (struct path_start){NULL, NULL};
    path->text = page_alloc();
    if (!path->text) {
        return -ENOMEM;
    }
    length = strncpy_from_user(path->text, user, PATH_MAX);
    if (length < 0) {
        return (int)length;
    }
    path->start.root = fs_context_root(current_process()->fs);
    if (path->text[0] == '/') { /* the descriptor is not even looked at */
        path->start.base = inode_get(path->start.root);
        return 0;
    }
    return base_of(directory_fd, &path->start.base);
}

void sys_path_put(struct sys_path *path)
{
    inode_put(path->start.root);
    inode_put(path->start.base);
    if (path->text) {
        page_free(path->text);
    }
}

int sys_path_inode(u64 directory_fd, u64 user, u32 flags, struct inode **out)
{
    struct sys_path path;
    u32 lookup = 0;
    int error = sys_path_get(&path, directory_fd, user);

    if (flags & AT_SYMLINK_NOFOLLOW) {
        lookup |= PATH_NOFOLLOW;
    }
    if (flags & AT_EMPTY_PATH) {
        lookup |= PATH_EMPTY_OK;
    }
    if (!error) {
        error = path_lookup(&path.start, path.text, lookup, out);
    }
    sys_path_put(&path);
    return error;
}

int sys_get_time(u64 user, u64 *ns)
{
    struct abi_timespec time;

    if (copy_from_user(&time, user, sizeof time) != 0) {
        return -EFAULT;
    }
    if (time.sec < 0 || time.nsec < 0 || (u64)time.nsec >= NS_PER_SECOND) {
        return -EINVAL;
    }
    if ((u64)time.sec >= INT64_MAX / NS_PER_SECOND) {
        *ns = INT64_MAX;
    } else {
        *ns = (u64)time.sec * NS_PER_SECOND + (u64)time.nsec;
    }
    return 0;
}

int sys_put_time(u64 user, u64 ns)
{
    const struct abi_timespec time = {(i64)(ns / NS_PER_SECOND), (i64)(ns % NS_PER_SECOND)};

    return copy_to_user(user, &time, sizeof time);
}
