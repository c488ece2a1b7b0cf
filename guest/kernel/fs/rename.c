/* SPDX-License-Identifier: MIT */
/*
 * rename.c - rename(2).
 *
 * fs->rename_lock keeps the tree still while we check that a directory is not moved into
 * itself.  Then both directories are locked, an ancestor before its descendant (else by
 * address), then what is moved and what is replaced.
 */
#include "fs/permission.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/errno.h"

/*
 * Is `ancestor` above `inode` (or the same)?  Walks "..".
 * => 1, 0, or an error; rename_lock is held, no directory is locked
 */
static int is_ancestor(struct inode *ancestor, struct inode *inode)
{
    struct inode *at = inode_get(inode);

    while (at != ancestor) {
        struct inode *parent;
        int error;

        mutex_lock(&at->lock);
        error = at->ops->lookup(at, "..", 2, &parent);
        mutex_unlock(&at->lock);
        inode_put(at);
        if (error) {
            return error;
        }
        if (parent == at) { /* the root of the file system */
            inode_put(parent);
            return 0;
        }
        at = parent;
    }
    inode_put(at);
    return 1;
}

static void lock_two(struct inode *first, struct inode *second)
{
    mutex_lock(&first->lock);
    if (first != second) {
        mutex_lock(&second->lock);
    }
}

static void unlock_two(struct inode *first, struct inode *second)
{
    mutex_unlock(&first->lock);
    if (first != second) {
        mutex_unlock(&second->lock);
    }
}

/* The two ends of a rename. */
struct move {
    struct path_last from, to;
    struct inode *moved;    /* a reference */
    struct inode *replaced; /* a reference, or NULL */
};

/* Do the kinds of the two ends fit together?  => 0 or the error of rename(2) */
static int check_kinds(const struct move *move, u32 flags)
{
    bool directory = S_ISDIR(move->moved->mode);

    if (!directory && (move->from.trailing_slash || move->to.trailing_slash)) {
        return -ENOTDIR;
    }
    if (move->moved->flags & INODE_MOUNTPOINT) {
        return -EBUSY;
    }
    if (!move->replaced) {
        return 0;
    }
    if (flags & RENAME_NOREPLACE) {
        return -EEXIST;
    }
    if (move->replaced->flags & INODE_MOUNTPOINT) {
        return -EBUSY;
    }
    if (directory && !S_ISDIR(move->replaced->mode)) {
        return -ENOTDIR;
    }
    if (!directory && S_ISDIR(move->replaced->mode)) {
        return -EISDIR;
    }
    return 0;
}

/* Look both names up and move.  => both directories are locked */
static int move_locked(struct move *move, u32 flags)
{
    struct inode *from = move->from.directory, *to = move->to.directory;
    int error;

    if (from->links == 0 || to->links == 0) {
        return -ENOENT;
    }
    error = from->ops->lookup(from, move->from.name, move->from.length, &move->moved);
    if (error) {
        return error;
    }
    error = to->ops->lookup(to, move->to.name, move->to.length, &move->replaced);
    if (error && error != -ENOENT) {
        return error;
    }
    error = check_kinds(move, flags);
    if (!error && move->moved != move->replaced) {
        error = permission_to_remove(from, move->moved);
    }
    if (!error && move->replaced && move->moved != move->replaced) {
        error = permission_to_remove(to, move->replaced);
    }
    if (error || move->moved == move->replaced) {
        return error; /* two names of one file: nothing is done, says POSIX */
    }
    if (move->replaced == from) {
        return -ENOTEMPTY; /* it has at least what is to be moved */
    }
    if (move->replaced) {
        mutex_lock(&move->replaced->lock); /* its link count changes */
    }
    error = from->ops->rename(from, move->from.name, move->from.length, to, move->to.name,
                              move->to.length, flags);
    if (move->replaced) {
        mutex_unlock(&move->replaced->lock);
        if (move->replaced->links == 0) {
            cache_orphan(move->replaced);
        }
    }
    if (!error) {
        inode_set_name(move->moved, to, move->to.name, move->to.length);
    }
    return error;
}

/* => rename_lock is held */
static int move_checked(struct move *move, u32 flags)
{
    struct inode *from = move->from.directory, *to = move->to.directory;
    struct inode *source;
    int loops = 0, above = 0;
    int error;

    mutex_lock(&from->lock);
    error = from->ops->lookup(from, move->from.name, move->from.length, &source);
    mutex_unlock(&from->lock);
    if (error) {
        return error;
    }
    if (from != to) {
        above = is_ancestor(to, from);
        loops = S_ISDIR(source->mode) ? is_ancestor(source, to) : 0;
    }
    inode_put(source);
    if (loops || above < 0) {
        return loops < 0 ? loops : loops ? -EINVAL : above;
    }
    if (above == 1 || (to < from && is_ancestor(from, to) != 1)) {
        lock_two(to, from);
    } else {
        lock_two(from, to);
    }
    error = move_locked(move, flags);
    unlock_two(from, to);
    return error;
}

static bool is_special_name(const struct path_last *last)
{
    return last->length == 0 || name_is_dot(last->name, last->length) ||
           name_is_dot_dot(last->name, last->length);
}

int vfs_rename(const struct path_start *from, const char *old_path, const struct path_start *to,
               const char *new_path, u32 flags)
{
    struct move move = {.moved = NULL};
    struct filesystem *fs;
    int error;

    if (flags & ~RENAME_NOREPLACE) {
        return -EINVAL;
    }
    error = path_lookup_last(from, old_path, false, &move.from);
    if (error) {
        return error;
    }
    error = path_lookup_last(to, new_path, false, &move.to);
    if (error) {
        path_last_put(&move.from);
        return error;
    }
    fs = move.from.directory->fs;
    if (fs != move.to.directory->fs) {
        error = -EXDEV;
    } else if (is_special_name(&move.from) || is_special_name(&move.to)) {
        error = -EBUSY;
    } else if (!move.from.directory->ops->rename) {
        error = -EPERM;
    } else {
        error = vfs_access(move.to.directory, W_OK | X_OK);
    }
    if (!error) {
        mutex_lock(&fs->rename_lock);
        error = move_checked(&move, flags);
        mutex_unlock(&fs->rename_lock);
    }
    inode_put(move.moved);
    inode_put(move.replaced);
    path_last_put(&move.from);
    path_last_put(&move.to);
    return error;
}
