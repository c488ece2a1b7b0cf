/* SPDX-License-Identifier: MIT */
/* attributes.c - stat, access, chmod, chown, utimes, truncate, statfs on inodes. */
#include "abi/misc.h"
#include "fs/file.h"
#include "fs/permission.h"
#include "fs/seal.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"

#define STATFS_READ_ONLY 1 /* f_flags: ST_RDONLY */
#define SIZE_LIMIT (1ull << 62)

u8 directory_entry_type(u32 mode)
{
    return (u8)((mode & S_IFMT) >> 12); /* DT_* are S_IF* without the low zeros */
}

void vfs_stat(struct inode *inode, struct abi_stat *out)
{
    memset(out, 0, sizeof(*out));
    mutex_lock(&inode->lock); /* size and blocks as of one moment */
    out->dev = inode->fs ? inode->fs->device : 0;
    out->ino = inode->number;
    out->mode = inode->mode;
    out->nlink = inode->links;
    out->uid = inode->uid;
    out->gid = inode->gid;
    out->rdev = inode->rdev;
    out->size = (i64)inode->size;
    out->blksize = (i32)PAGE_SIZE;
    out->blocks = (i64)inode->blocks;
    out->atime_sec = inode->atime.sec;
    out->atime_nsec = (u64)inode->atime.nsec;
    out->mtime_sec = inode->mtime.sec;
    out->mtime_nsec = (u64)inode->mtime.nsec;
    out->ctime_sec = inode->ctime.sec;
    out->ctime_nsec = (u64)inode->ctime.nsec;
    mutex_unlock(&inode->lock);
    if (inode->flags & INODE_SHM) {
        out->blocks = (i64)((inode->cache.pages.count) * (PAGE_SIZE / 512));
    }
}

void vfs_statfs(struct inode *inode, struct abi_statfs *out)
{
    struct filesystem *fs = inode->fs;

    memset(out, 0, sizeof(*out));
    out->namelen = NAME_MAX;
    out->bsize = (i64)PAGE_SIZE;
    out->frsize = (i64)PAGE_SIZE;
    if (!fs) {
        return; /* pipes and other nameless objects */
    }
    out->type = fs->magic;
    out->bsize = fs->block_size;
    out->frsize = fs->block_size;
    out->fsid[0] = (i32)fs->device;
    out->flags = fs->flags & MS_RDONLY ? STATFS_READ_ONLY : 0;
    if (fs->ops->statfs) {
        fs->ops->statfs(fs, out);
    }
}

int vfs_access(struct inode *inode, u32 mask)
{
    bool is_file = S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode);

    if ((mask & W_OK) && is_file && inode->fs && (inode->fs->flags & MS_RDONLY)) {
        return -EROFS;
    }
    return permission_check(inode, mask);
}

/* May attributes change?  => 0, -EROFS, -EPERM */
static int check_owner(const struct inode *inode)
{
    if (inode->fs && (inode->fs->flags & MS_RDONLY)) {
        return -EROFS;
    }
    return permission_owns(inode) ? 0 : -EPERM;
}

/* Tell the file system that attributes changed.  => inode->lock is held */
static int store(struct inode *inode)
{
    return inode->ops->setattr ? inode->ops->setattr(inode) : 0;
}

int vfs_chmod(struct inode *inode, u32 mode)
{
    int error = check_owner(inode);

    if (error) {
        return error;
    }
    if (S_ISLNK(inode->mode)) {
        return -EOPNOTSUPP;
    }
    if (!permission_has_group(inode->gid)) {
        mode &= ~S_ISGID;
    }
    mutex_lock(&inode->lock);
    inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
    inode_touch(inode, TOUCH_CHANGE);
    error = store(inode);
    mutex_unlock(&inode->lock);
    return error;
}

int vfs_chown(struct inode *inode, u32 uid, u32 gid)
{
    int error = check_owner(inode);

    if (!error && !permission_is_privileged() &&
        ((uid != ~0u && uid != inode->uid) || (gid != ~0u && !permission_has_group(gid)))) {
        error = -EPERM;
    }
    if (error) {
        return error;
    }
    mutex_lock(&inode->lock);
    if (uid != ~0u) {
        inode->uid = uid;
    }
    if (gid != ~0u) {
        inode->gid = gid;
    }
    if (S_ISREG(inode->mode) && (uid != ~0u || gid != ~0u)) {
        inode->mode &= ~S_ISUID;
        if (inode->mode & 0010) { /* without it, set-gid means something else */
            inode->mode &= ~S_ISGID;
        }
    }
    inode_touch(inode, TOUCH_CHANGE);
    error = store(inode);
    mutex_unlock(&inode->lock);
    return error;
}

int vfs_set_times(struct inode *inode, const struct timespec64 *atime,
                  const struct timespec64 *mtime, bool to_now)
{
    int error = check_owner(inode);

    if (error == -EPERM && to_now) { /* for that, the right to write will do */
        error = vfs_access(inode, W_OK);
    }
    if (error) {
        return error;
    }
    mutex_lock(&inode->lock);
    if (atime) {
        inode->atime = *atime;
    }
    if (mtime) {
        inode->mtime = *mtime;
    }
    inode_touch(inode, TOUCH_CHANGE);
    error = store(inode);
    mutex_unlock(&inode->lock);
    return error;
}

int vfs_truncate(struct inode *inode, u64 size)
{
    int error;

    if (S_ISDIR(inode->mode)) {
        return -EISDIR;
    }
    if (!S_ISREG(inode->mode)) {
        return -EINVAL;
    }
    if (inode->fs && (inode->fs->flags & MS_RDONLY)) {
        return -EROFS;
    }
    if (size > SIZE_LIMIT) {
        return size > ~0ull >> 1 ? -EINVAL : -EFBIG;
    }
    mutex_lock(&inode->lock);
    error = seal_check_size(inode, size);
    if (!error && size > inode->size) {
        error = inode_clear_tail(inode, size);
    }
    if (error) {
        /* sealed, or no room */
    } else if (inode->ops->truncate) {
        error = inode->ops->truncate(inode, size);
    } else if (inode->flags & INODE_SHM) {
        cache_truncate(inode, size);
    } else {
        error = -EINVAL;
    }
    if (!error) {
        inode_touch(inode, TOUCH_MODIFY | TOUCH_CHANGE);
        error = store(inode);
    }
    mutex_unlock(&inode->lock);
    return error;
}
