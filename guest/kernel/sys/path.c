/* SPDX-License-Identifier: MIT */
/* path.c - system calls that name a file: opening, making, removing, renaming, changing. */
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "abi/time.h"
#include "fs/context.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sys/file_limit.h"
#include "sys/install.h"

static u32 masked(u64 mode)
{
    return (u32)mode & 07777u & ~current_process()->fs->umask;
}

i64 sys_openat(const u64 *a)
{
    u32 flags = (u32)a[2];
    struct sys_path path;
    struct file *file = NULL;
    int error = sys_path_get(&path, a[0], a[1]);

    if (!error) {
        error = vfs_open(&path.start, path.text, flags, masked(a[3]), &file);
    }
    sys_path_put(&path);
    return error ? error : sys_install(file, 0, (flags & O_CLOEXEC) != 0);
}

i64 sys_mkdirat(const u64 *a)
{
    struct sys_path path;
    int error = sys_path_get(&path, a[0], a[1]);

    if (!error) {
        error = vfs_mkdir(&path.start, path.text, masked(a[2]));
    }
    sys_path_put(&path);
    return error;
}

i64 sys_mknodat(const u64 *a)
{
    u32 type = (u32)a[2] & S_IFMT;
    struct sys_path path;
    int error = sys_path_get(&path, a[0], a[1]);

    if (!error) {
        error = vfs_mknod(&path.start, path.text, (type ? type : S_IFREG) | masked(a[2]), a[3]);
    }
    sys_path_put(&path);
    return error;
}

i64 sys_unlinkat(const u64 *a)
{
    struct sys_path path;
    int error;

    if (a[2] & ~(u64)AT_REMOVEDIR) {
        return -EINVAL;
    }
    error = sys_path_get(&path, a[0], a[1]);
    if (!error) {
        error = (a[2] & AT_REMOVEDIR) ? vfs_rmdir(&path.start, path.text)
                                      : vfs_unlink(&path.start, path.text);
    }
    sys_path_put(&path);
    return error;
}

i64 sys_symlinkat(const u64 *a)
{
    struct sys_path path;
    char *target = page_alloc();
    ssize_t length = target ? strncpy_from_user(target, a[0], PATH_MAX) : -ENOMEM;
    int error = sys_path_get(&path, a[1], a[2]);

    if (length < 0) {
        error = (int)length;
    } else if (length == 0) {
        error = -ENOENT;
    }
    if (!error) {
        error = vfs_symlink(target, &path.start, path.text);
    }
    sys_path_put(&path);
    if (target) {
        page_free(target);
    }
    return error;
}

i64 sys_linkat(const u64 *a)
{
    struct sys_path from, to;
    int error = sys_path_get(&from, a[0], a[1]);
    int second = sys_path_get(&to, a[2], a[3]);

    if (!error) {
        error = second;
    }
    if (a[4] & ~(u64)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) {
        error = -EINVAL;
    }
    if (!error) {
        error = vfs_link(&from.start, from.text, &to.start, to.text, (u32)a[4]);
    }
    sys_path_put(&from);
    sys_path_put(&to);
    return error;
}

i64 sys_renameat2(const u64 *a)
{
    struct sys_path from, to;
    int error = sys_path_get(&from, a[0], a[1]);
    int second = sys_path_get(&to, a[2], a[3]);

    if (!error) {
        error = second;
    }
    if (!error) {
        error = vfs_rename(&from.start, from.text, &to.start, to.text, (u32)a[4]);
    }
    sys_path_put(&from);
    sys_path_put(&to);
    return error;
}

i64 sys_readlinkat(const u64 *a)
{
    struct sys_path path;
    char *target = page_alloc();
    i64 result = target ? sys_path_get(&path, a[0], a[1]) : -ENOMEM;

    if (!target) {
        return result;
    }
    if ((i32)a[3] <= 0) {
        result = -EINVAL;
    }
    if (result == 0) {
        result = vfs_readlink(&path.start, path.text, target, min_u64((u32)a[3], PAGE_SIZE));
    }
    if (result > 0 && copy_to_user(a[2], target, (size_t)result) != 0) {
        result = -EFAULT;
    }
    sys_path_put(&path);
    page_free(target);
    return result;
}

static i64 check_access(u64 directory_fd, u64 user, u64 mask, u64 flags)
{
    struct inode *inode;
    const struct credentials *own = current()->ids;
    struct credentials real = *own;
    int error;

    if (mask & ~(u64)(R_OK | W_OK | X_OK)) {
        return -EINVAL;
    }
    if (!(flags & AT_EACCESS)) { /* all of it is asked for the real user */
        real.fsuid = real.uid;
        real.fsgid = real.gid;
        current()->ids = &real;
    }
    error = sys_path_inode(directory_fd, user, (u32)flags, &inode);
    if (!error) {
        error = vfs_access(inode, (u32)mask);
        inode_put(inode);
    }
    current()->ids = own;
    return error;
}

i64 sys_faccessat(const u64 *a)
{
    return check_access(a[0], a[1], a[2], 0);
}

i64 sys_faccessat2(const u64 *a)
{
    if (a[3] & ~(u64)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) {
        return -EINVAL;
    }
    return check_access(a[0], a[1], a[2], a[3]);
}

i64 sys_fchmodat(const u64 *a)
{
    struct inode *inode;
    int error = sys_path_inode(a[0], a[1], 0, &inode);

    if (!error) {
        error = vfs_chmod(inode, (u32)a[2] & 07777u);
        inode_put(inode);
    }
    return error;
}

i64 sys_fchownat(const u64 *a)
{
    struct inode *inode;
    int error = sys_path_inode(a[0], a[1], (u32)a[4], &inode);

    if (!error) {
        error = vfs_chown(inode, (u32)a[2], (u32)a[3]);
        inode_put(inode);
    }
    return error;
}

i64 sys_fchmod(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    int error = -EBADF;

    if (file && file->inode && !(file->flags & O_PATH)) {
        error = vfs_chmod(file->inode, (u32)a[1] & 07777u);
    }
    file_put(file);
    return error;
}

i64 sys_fchown(const u64 *a)
{
    struct file *file = sys_file(a[0]);
    int error = -EBADF;

    if (file && file->inode && !(file->flags & O_PATH)) {
        error = vfs_chown(file->inode, (u32)a[1], (u32)a[2]);
    }
    file_put(file);
    return error;
}

i64 sys_truncate(const u64 *a)
{
    struct inode *inode;
    int error;

    if ((i64)a[1] < 0) {
        return -EINVAL;
    }
    error = sys_path_inode((u64)AT_FDCWD, a[0], 0, &inode);
    if (!error) {
        error = S_ISREG(inode->mode) ? vfs_access(inode, W_OK) : 0;
        error = !error && S_ISREG(inode->mode) ? file_limit_size(a[1]) : error;
        error = error ? error : vfs_truncate(inode, a[1]);
        inode_put(inode);
    }
    return error;
}

/* One of the two times: now, as given, or left (NULL). */
static int wanted_time(const struct abi_timespec *given, struct timespec64 *time,
                       const struct timespec64 **out)
{
    *out = time;
    if (given->nsec == UTIME_OMIT) {
        *out = NULL;
    } else if (given->nsec == UTIME_NOW) {
        *time = time_realtime();
    } else if (given->nsec < 0 || given->nsec >= 1000000000) {
        return -EINVAL;
    } else {
        *time = (struct timespec64){given->sec, given->nsec};
    }
    return 0;
}

static int set_times(struct inode *inode, u64 user)
{
    struct abi_timespec given[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    struct timespec64 time[2];
    const struct timespec64 *access, *modify;
    bool to_now;

    if (user != 0 && copy_from_user(given, user, sizeof given) != 0) {
        return -EFAULT;
    }
    if (wanted_time(&given[0], &time[0], &access) != 0 ||
        wanted_time(&given[1], &time[1], &modify) != 0) {
        return -EINVAL;
    }
    to_now = given[0].nsec == UTIME_NOW && given[1].nsec == UTIME_NOW;
    return vfs_set_times(inode, access, modify, to_now);
}

i64 sys_utimensat(const u64 *a)
{
    struct inode *inode;
    struct file *file;
    int error;

    if (a[1] == 0) { /* futimens: the descriptor itself */
        file = sys_file(a[0]);
        error = file && file->inode ? set_times(file->inode, a[2]) : -EBADF;
        file_put(file);
        return error;
    }
    error = sys_path_inode(a[0], a[1], (u32)a[3], &inode);
    if (!error) {
        error = set_times(inode, a[2]);
        inode_put(inode);
    }
    return error;
}
