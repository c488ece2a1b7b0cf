/* SPDX-License-Identifier: MIT */
/*
 * names.c - the system calls that make, remove and move names in directories.
 * rename is in rename.c.
 */
#include "fs/file.h"
#include "fs/permission.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"

/* May names in this directory change?  => 0, -EROFS, -ENOENT; directory->lock is held */
static int check_directory(struct inode *directory)
{
    if (directory->links == 0) {
        return -ENOENT; /* removed while we held it */
    }
    return vfs_access(directory, W_OK | X_OK);
}

/* The place for a new name.  => 0; -EEXIST for "/", "." and ".." */
static int new_name(const struct path_start *start, const char *path, struct path_last *last)
{
    int error = path_lookup_last(start, path, false, last);

    if (!error && (last->length == 0 || name_is_dot(last->name, last->length) ||
                   name_is_dot_dot(last->name, last->length))) {
        path_last_put(last);
        error = -EEXIST;
    }
    return error;
}

static int make_node(const struct path_start *start, const char *path, u32 mode, u64 device)
{
    struct path_last last;
    struct inode *made;
    int error = new_name(start, path, &last);

    if (error) {
        return error;
    }
    if (last.trailing_slash && !S_ISDIR(mode)) {
        path_last_put(&last);
        return -ENOENT;
    }
    mutex_lock(&last.directory->lock);
    error = check_directory(last.directory);
    if (!error) {
        error = last.directory->ops->create
                    ? last.directory->ops->create(last.directory, last.name, last.length, mode,
                                                  (u32)device, &made)
                    : -EPERM;
    }
    mutex_unlock(&last.directory->lock);
    if (!error) {
        inode_put(made);
    }
    path_last_put(&last);
    return error;
}

int vfs_mknod(const struct path_start *start, const char *path, u32 mode, u64 device)
{
    switch (mode & S_IFMT) {
    case 0:
        mode |= S_IFREG;
        break;
    case S_IFREG:
    case S_IFIFO:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFSOCK:
        break;
    default:
        return (mode & S_IFMT) == S_IFDIR ? -EPERM : -EINVAL;
    }
    if ((S_ISCHR(mode) || S_ISBLK(mode)) && !permission_is_privileged()) {
        return -EPERM;
    }
    return make_node(start, path, mode, device);
}

int vfs_mkdir(const struct path_start *start, const char *path, u32 mode)
{
    return make_node(start, path, S_IFDIR | (mode & 01777), 0);
}

int vfs_symlink(const char *target, const struct path_start *start, const char *path)
{
    struct path_last last;
    int error;

    if (*target == 0) {
        return -ENOENT;
    }
    error = new_name(start, path, &last);
    if (error) {
        return error;
    }
    mutex_lock(&last.directory->lock);
    error = last.trailing_slash ? -ENOENT : check_directory(last.directory);
    if (!error) {
        error = last.directory->ops->symlink
                    ? last.directory->ops->symlink(last.directory, last.name, last.length, target)
                    : -EPERM;
    }
    mutex_unlock(&last.directory->lock);
    path_last_put(&last);
    return error;
}

int vfs_link(const struct path_start *from, const char *old_path, const struct path_start *to,
             const char *new_path, u32 flags)
{
    struct path_last last;
    struct inode *target;
    int error = path_lookup(from, old_path,
                            (flags & AT_SYMLINK_FOLLOW ? 0 : PATH_NOFOLLOW) |
                                (flags & AT_EMPTY_PATH ? PATH_EMPTY_OK : 0),
                            &target);

    if (error) {
        return error;
    }
    error = new_name(to, new_path, &last);
    if (!error) {
        mutex_lock(&last.directory->lock);
        if (S_ISDIR(target->mode)) {
            error = -EPERM;
        } else if (target->fs != last.directory->fs) {
            error = -EXDEV;
        } else if (last.trailing_slash) {
            error = -ENOENT;
        } else {
            error = check_directory(last.directory);
        }
        if (!error && !last.directory->ops->link) {
            error = -EPERM;
        }
        if (!error) {
            mutex_lock(&target->lock);
            /* Its last name may just have gone: then it must not come back. */
            error = target->links == 0
                        ? -ENOENT
                        : last.directory->ops->link(last.directory, last.name, last.length, target);
            mutex_unlock(&target->lock);
        }
        mutex_unlock(&last.directory->lock);
        path_last_put(&last);
    }
    inode_put(target);
    return error;
}

/* Look at what is to be removed.  => with a reference; directory->lock is held */
static int look_up_victim(const struct path_last *last, struct inode **victim)
{
    int error = check_directory(last->directory);

    if (error) {
        return error;
    }
    error = last->directory->ops->lookup
                ? last->directory->ops->lookup(last->directory, last->name, last->length, victim)
                : -ENOTDIR;
    return error ? error : permission_to_remove(last->directory, *victim);
}

int vfs_unlink(const struct path_start *start, const char *path)
{
    struct path_last last;
    struct inode *victim = NULL;
    int error = path_lookup_last(start, path, false, &last);

    if (error) {
        return error;
    }
    mutex_lock(&last.directory->lock);
    if (last.length == 0 || name_is_dot(last.name, last.length) ||
        name_is_dot_dot(last.name, last.length)) {
        error = -EISDIR;
    } else {
        error = look_up_victim(&last, &victim);
    }
    if (!error && S_ISDIR(victim->mode)) {
        error = -EISDIR;
    } else if (!error && last.trailing_slash) {
        error = -ENOTDIR;
    } else if (!error && !last.directory->ops->unlink) {
        error = -EPERM;
    }
    if (!error) {
        mutex_lock(&victim->lock);
        error = last.directory->ops->unlink(last.directory, last.name, last.length);
        mutex_unlock(&victim->lock);
        if (victim->links == 0) {
            cache_orphan(victim); /* nobody will read what is still to be written */
        }
    }
    mutex_unlock(&last.directory->lock);
    inode_put(victim); /* the last reference frees it: outside the locks */
    path_last_put(&last);
    return error;
}

int vfs_rmdir(const struct path_start *start, const char *path)
{
    struct path_last last;
    struct inode *victim = NULL;
    int error = path_lookup_last(start, path, false, &last);

    if (error) {
        return error;
    }
    mutex_lock(&last.directory->lock);
    if (last.length == 0) {
        error = -EBUSY;
    } else if (name_is_dot(last.name, last.length)) {
        error = -EINVAL;
    } else if (name_is_dot_dot(last.name, last.length)) {
        error = -ENOTEMPTY;
    } else {
        error = look_up_victim(&last, &victim);
    }
    if (!error && !S_ISDIR(victim->mode)) {
        error = -ENOTDIR;
    } else if (!error && (victim->flags & INODE_MOUNTPOINT)) {
        error = -EBUSY;
    } else if (!error && !last.directory->ops->rmdir) {
        error = -EPERM;
    }
    if (!error) {
        mutex_lock(&victim->lock);
        error = last.directory->ops->rmdir(last.directory, last.name, last.length);
        mutex_unlock(&victim->lock);
    }
    mutex_unlock(&last.directory->lock);
    inode_put(victim);
    path_last_put(&last);
    return error;
}

ssize_t vfs_readlink(const struct path_start *start, const char *path, char *buffer, size_t size)
{
    struct inode *link;
    ssize_t length = path_lookup(start, path, PATH_NOFOLLOW | PATH_EMPTY_OK, &link);

    if (length) {
        return length;
    }
    length = S_ISLNK(link->mode) && link->ops->readlink ? link->ops->readlink(link, buffer, size)
             : *path                                    ? -EINVAL
                                                        : -ENOENT;
    inode_put(link);
    return length;
}
