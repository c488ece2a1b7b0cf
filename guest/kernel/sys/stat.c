/* SPDX-License-Identifier: MIT */
/* stat.c - what is known of a file or a file system. */
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/misc.h"
#include "abi/stat.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "mm/uaccess.h"

/* The inode of (dirfd, path, flags), of the descriptor alone if the path is empty and that is
 * allowed. */
static int inode_of(u64 fd, u64 path, u32 flags, struct inode **out)
{
    char first;

    if ((flags & AT_EMPTY_PATH) && (int)fd != AT_FDCWD) {
        if (path == 0 || (copy_from_user(&first, path, 1) == 0 && first == '\0')) {
            return sys_file_inode(fd, out);
        }
    }
    return sys_path_inode(fd, path, flags, out);
}

static i64 put_stat(struct inode *inode, u64 user)
{
    struct abi_stat stat = {0};

    vfs_stat(inode, &stat);
    inode_put(inode);
    return copy_to_user(user, &stat, sizeof stat);
}

i64 sys_newfstatat(const u64 *a)
{
    struct inode *inode;
    int error;

    if (a[3] & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) {
        return -EINVAL;
    }
    error = inode_of(a[0], a[1], (u32)a[3], &inode);
    return error ? error : put_stat(inode, a[2]);
}

i64 sys_fstat(const u64 *a)
{
    struct inode *inode;
    int error = sys_file_inode(a[0], &inode);

    return error ? error : put_stat(inode, a[1]);
}

#define STATX_RESERVED 0x80000000u

static struct abi_statx_timestamp statx_time(i64 sec, u64 nsec)
{
    return (struct abi_statx_timestamp){.sec = sec, .nsec = (u32)nsec};
}

i64 sys_statx(const u64 *a)
{
    struct abi_stat stat = {0};
    struct abi_statx out = {.mask = STATX_BASIC_STATS};
    struct inode *inode;
    int error = (u32)a[3] & STATX_RESERVED ? -EINVAL : inode_of(a[0], a[1], (u32)a[2], &inode);

    if (error) {
        return error;
    }
    vfs_stat(inode, &stat);
    inode_put(inode);
    out.blksize = (u32)stat.blksize;
    out.nlink = stat.nlink;
    out.uid = stat.uid;
    out.gid = stat.gid;
    out.mode = (u16)stat.mode;
    out.ino = stat.ino;
    out.size = (u64)stat.size;
    out.blocks = (u64)stat.blocks;
    out.atime = statx_time(stat.atime_sec, stat.atime_nsec);
    out.ctime = statx_time(stat.ctime_sec, stat.ctime_nsec);
    out.mtime = statx_time(stat.mtime_sec, stat.mtime_nsec);
    out.rdev_major = DEV_MAJOR(stat.rdev);
    out.rdev_minor = DEV_MINOR(stat.rdev);
    out.dev_major = DEV_MAJOR(stat.dev);
    out.dev_minor = DEV_MINOR(stat.dev);
    return copy_to_user(a[4], &out, sizeof out);
}

static i64 put_statfs(struct inode *inode, u64 user)
{
    struct abi_statfs statfs = {0};

    vfs_statfs(inode, &statfs);
    inode_put(inode);
    return copy_to_user(user, &statfs, sizeof statfs);
}

i64 sys_statfs(const u64 *a)
{
    struct inode *inode;
    int error = sys_path_inode((u64)AT_FDCWD, a[0], 0, &inode);

    return error ? error : put_statfs(inode, a[1]);
}

i64 sys_fstatfs(const u64 *a)
{
    struct inode *inode;
    int error = sys_file_inode(a[0], &inode);

    return error ? error : put_statfs(inode, a[1]);
}
