/* SPDX-License-Identifier: MIT */
/*
 * open.c - open(2): finding or making the inode, then a file for it.
 */
#include "dev/block.h"
#include "dev/chardev.h"
#include "fs/permission.h"
#include "fs/pipe.h"
#include "fs/vfs.h"
#include "lib/errno.h"

/* Flags that only matter while opening. */
#define OPEN_ONLY_FLAGS (O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC)
#define O_TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

/* What to do with a special file.  => 0 with ops and private set, or -ENXIO, -EPERM... */
static int special_ops(struct file *file)
{
    struct inode *inode = file->inode;
    const struct char_device *device;

    switch (inode->mode & S_IFMT) {
    case S_IFCHR:
        device = chardev_find(inode->rdev);
        if (!device) {
            return -ENXIO;
        }
        file->ops = device->ops;
        file->private = device->private;
        return 0;
    case S_IFBLK:
        file->ops = &file_disk_ops;
        file->private = block_find_device(inode->rdev);
        return file->private ? 0 : -ENXIO;
    case S_IFIFO:
        return pipe_open_fifo(file);
    default:
        return -ENXIO; /* a socket */
    }
}

/* Does this inode allow to be opened so?  => 0, -EISDIR, -ENOTDIR, -EROFS, -ELOOP */
static int check_open(struct inode *inode, u32 flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);

    if (S_ISLNK(inode->mode)) {
        return flags & O_PATH ? 0 : -ELOOP;
    }
    if (S_ISDIR(inode->mode)) {
        return writes || (flags & O_CREAT) ? -EISDIR : 0;
    }
    if (flags & O_DIRECTORY) {
        return -ENOTDIR;
    }
    if ((flags & O_DIRECT) && S_ISREG(inode->mode)) {
        return -EINVAL; /* not offered: everything goes through the page cache */
    }
    return writes && S_ISREG(inode->mode) && inode->fs && (inode->fs->flags & MS_RDONLY) ? -EROFS
                                                                                         : 0;
}

/* May the caller open it so?  What it has just made it may.  => 0, -EACCES, -EPERM */
static int check_permission(const struct inode *inode, u32 flags)
{
    u32 mask = (flags & O_ACCMODE) != O_WRONLY ? R_OK : 0;

    mask |= (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) ? W_OK : 0;
    if ((flags & O_PATH) || S_ISLNK(inode->mode)) {
        return 0;
    }
    if ((flags & O_NOATIME) && !permission_owns(inode)) {
        return -EPERM;
    }
    return permission_check(inode, mask);
}

static const struct file_ops path_only_ops = {.is_stream = true};

/* => 0, with the file ready or an error and nothing left */
static int prepare(struct file *file, u32 flags)
{
    struct inode *inode = file->inode;
    int error = 0;

    if (flags & O_PATH) {
        return 0;
    }
    if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode) && !inode->fops) {
        error = special_ops(file);
    }
    if (!error && file->ops->open) {
        error = file->ops->open(file);
    }
    /* A file without stored contents (/proc) has nothing to cut: `echo 1 > /proc/...` works. */
    if (!error && (flags & O_TRUNC) && S_ISREG(inode->mode) &&
        (inode->ops->truncate || (inode->flags & INODE_SHM))) {
        error = vfs_truncate(inode, 0);
    }
    return error;
}

int vfs_open_inode(struct inode *inode, u32 flags, struct file **out)
{
    const struct file_ops *ops = inode->fops;
    struct file *file;
    bool writes = (flags & O_ACCMODE) != O_RDONLY && S_ISREG(inode->mode) && !(flags & O_PATH);
    int error = check_open(inode, flags);

    if (!error && writes) {
        error = inode_get_write(inode);
    }
    if (error) {
        return error;
    }
    if (flags & O_PATH) {
        ops = &path_only_ops;
    } else if (!ops) {
        ops = S_ISDIR(inode->mode) ? &file_directory_ops : &file_regular_ops;
    }
    file = file_create(inode, flags & ~OPEN_ONLY_FLAGS, ops, NULL);
    if (!file) {
        if (writes) {
            inode_put_write(inode);
        }
        return -ENOMEM;
    }
    file->counts_as_writer = writes;
    /* Open functions (a terminal) may want to see the flags that are not kept. */
    file->flags = flags;
    error = prepare(file, flags);
    file->flags = flags & ~OPEN_ONLY_FLAGS;
    if (error) {
        file->ops = &path_only_ops; /* it never came to be open: no release */
        file_put(file);
        return error;
    }
    *out = file;
    return 0;
}

/*
 * O_CREAT: the inode at the end of the path, made if it is not there.
 * => 0 with a reference; *created says which
 */
static int open_or_create(const struct path_start *start, const char *path, u32 flags, u32 mode,
                          struct inode **out, bool *created)
{
    struct path_last last;
    struct inode *directory;
    int error = path_lookup_last(start, path, !(flags & O_EXCL) && !(flags & O_NOFOLLOW), &last);

    *created = false;
    if (error) {
        return error;
    }
    directory = last.directory;
    if (last.trailing_slash || last.length == 0) {
        path_last_put(&last);
        return -EISDIR;
    }
    error = path_step(start, directory, last.name, last.length, out);
    if (error == -ENOENT) {
        error = vfs_access(directory, W_OK | X_OK);
        mutex_lock(&directory->lock);
        if (!error && directory->links == 0) {
            error = -ENOENT;
        } else if (!error && !directory->ops->create) {
            error = -EACCES;
        }
        if (!error) {
            error = directory->ops->create(directory, last.name, last.length,
                                           S_IFREG | (mode & 07777), 0, out);
        }
        mutex_unlock(&directory->lock);
        *created = error == 0;
        if (error == -EEXIST && !(flags & O_EXCL)) { /* somebody was faster */
            error = path_step(start, directory, last.name, last.length, out);
        }
    } else if (!error && (flags & O_EXCL)) {
        inode_put(*out);
        error = -EEXIST;
    }
    if (!error) {
        inode_set_name(*out, directory, last.name, last.length);
        if (S_ISLNK((*out)->mode) && (*out)->ops->follow) { /* /proc/PID/fd/N */
            inode_put(*out);
            error = path_lookup(start, path, 0, out);
        }
    }
    path_last_put(&last);
    return error;
}

int vfs_open(const struct path_start *start, const char *path, u32 flags, u32 mode,
             struct file **out)
{
    struct inode *inode;
    bool created = false;
    int error;

    if (flags & O_TMPFILE_BIT) {
        return -EOPNOTSUPP;
    }
    if (flags & O_PATH) {
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    }
    if (flags & O_CREAT) {
        error = open_or_create(start, path, flags, mode, &inode, &created);
    } else {
        error = path_lookup(start, path,
                            (flags & O_NOFOLLOW ? PATH_NOFOLLOW : 0) |
                                (flags & O_DIRECTORY ? PATH_DIRECTORY : 0),
                            &inode);
    }
    if (error) {
        return error;
    }
    if (created) {
        flags &= ~O_TRUNC;
    }
    error = check_open(inode, flags);
    if (!error && !created) {
        error = check_permission(inode, flags);
    }
    if (!error) {
        error = vfs_open_inode(inode, flags, out);
    }
    inode_put(inode);
    return error;
}
