/* SPDX-License-Identifier: MIT */
/*
 * ext2_names.c - making, removing and moving names in ext2 directories.
 * Locks: the directories' and, where a link count changes, the file's inode->lock are held.
 */
#include "fs/ext2.h"
#include "lib/errno.h"
#include "lib/string.h"

#define LINK_LIMIT 32000u

int ext2_lookup(struct inode *directory, const char *name, size_t length, struct inode **out)
{
    struct ext2_place place;
    int error = ext2_directory_find(directory, name, length, &place);

    if (error) {
        return error;
    }
    cache_put(place.frame);
    return ext2_get_inode(directory->fs, place.inode, out);
}

/* => 0 if the name is free, -EEXIST, -EIO */
static int check_absent(struct inode *directory, const char *name, size_t length)
{
    struct ext2_place place;
    int error = ext2_directory_find(directory, name, length, &place);

    if (error == 0) {
        cache_put(place.frame);
        return -EEXIST;
    }
    return error == -ENOENT ? 0 : error;
}

/* One link more or less. */
static int change_links(struct inode *inode, int change)
{
    if (change > 0 || inode->links > 0) {
        inode->links += (u32)change;
    }
    inode_touch(inode, TOUCH_CHANGE);
    return ext2_store_inode(inode);
}

/* A new inode has failed to get its name: it goes with its last reference. */
static void discard(struct inode *inode)
{
    inode->links = 0;
    inode_put(inode);
}

static int ext2_create(struct inode *directory, const char *name, size_t length, u32 mode, u32 rdev,
                       struct inode **out)
{
    struct inode *inode;
    int error = check_absent(directory, name, length);

    if (!error && S_ISDIR(mode) && directory->links >= LINK_LIMIT) {
        error = -EMLINK;
    }
    if (!error) {
        error = ext2_new_inode(directory, mode, rdev, &inode);
    }
    if (error) {
        return error;
    }
    if (S_ISDIR(mode)) {
        error = ext2_directory_begin(inode, directory);
    }
    if (!error) {
        error = ext2_directory_add(directory, name, length, (u32)inode->number, mode);
    }
    if (!error && S_ISDIR(mode)) {
        error = change_links(directory, 1);
    }
    if (error) {
        discard(inode);
        return error;
    }
    *out = inode;
    return 0;
}

static int ext2_link(struct inode *directory, const char *name, size_t length, struct inode *target)
{
    int error = check_absent(directory, name, length);

    if (!error && target->links >= LINK_LIMIT) {
        error = -EMLINK;
    }
    if (!error) { /* the count first: too high is harmless, too low is not */
        error = change_links(target, 1);
    }
    if (error) {
        return error;
    }
    error = ext2_directory_add(directory, name, length, (u32)target->number, target->mode);
    if (error) {
        change_links(target, -1);
    }
    return error;
}

/* Put a symbolic link's text where it belongs. */
static int write_target(struct inode *inode, const char *target, size_t length)
{
    struct frame *frame;
    int error = 0;

    inode->size = length;
    if (length < sizeof(ext2_inode_of(inode)->block)) {
        memcpy(ext2_inode_of(inode)->block, target, length);
        return ext2_store_inode(inode);
    }
    frame = cache_get_overwrite(inode, 0, &error);
    if (!frame) {
        return error;
    }
    memcpy(frame_to_virt(frame), target, length);
    error = inode->ops->prepare_write(inode, 0, 0);
    if (!error) {
        cache_mark_dirty(inode, frame);
    }
    cache_put(frame);
    return error;
}

static int ext2_symlink(struct inode *directory, const char *name, size_t length,
                        const char *target)
{
    struct inode *inode;
    size_t target_length = strlen(target);
    int error =
        target_length < ext2_of(directory)->block_size ? check_absent(directory, name, length)
                                                       : -ENAMETOOLONG;

    if (!error) {
        error = ext2_new_inode(directory, S_IFLNK | 0777, 0, &inode);
    }
    if (error) {
        return error;
    }
    error = write_target(inode, target, target_length);
    if (!error) {
        error = ext2_directory_add(directory, name, length, (u32)inode->number, inode->mode);
    }
    if (error) {
        discard(inode);
        return error;
    }
    inode_put(inode);
    return 0;
}

static int ext2_unlink(struct inode *directory, const char *name, size_t length)
{
    struct ext2_place place;
    struct inode *inode;
    int error = ext2_directory_find(directory, name, length, &place);

    if (error) {
        return error;
    }
    error = ext2_get_inode(directory->fs, place.inode, &inode);
    if (error) {
        cache_put(place.frame);
        return error;
    }
    error = ext2_directory_remove(directory, &place);
    if (!error) {
        error = change_links(inode, -1);
    }
    inode_put(inode); /* not the last: the caller has one */
    return error;
}

/* A directory has lost its name and its ".." no longer counts for the parent. */
static int bury_directory(struct inode *parent, struct inode *directory)
{
    int error;

    directory->links = 0;
    inode_touch(directory, TOUCH_CHANGE);
    error = ext2_store_inode(directory);
    return error ? error : change_links(parent, -1);
}

static int ext2_rmdir(struct inode *directory, const char *name, size_t length)
{
    struct ext2_place place;
    struct inode *victim;
    int error = ext2_directory_find(directory, name, length, &place);
    int empty;

    if (error) {
        return error;
    }
    error = ext2_get_inode(directory->fs, place.inode, &victim);
    if (error) {
        cache_put(place.frame);
        return error;
    }
    empty = ext2_directory_is_empty(victim);
    if (empty == 1) {
        error = ext2_directory_remove(directory, &place);
    } else {
        cache_put(place.frame);
        error = empty < 0 ? empty : -ENOTEMPTY;
    }
    if (!error) {
        error = bury_directory(directory, victim);
    }
    inode_put(victim);
    return error;
}

/* --- rename ------------------------------------------------------------------------------ */

/* Let the new name, which exists, lead to `moved`; what it led to loses a link. */
static int replace(struct inode *directory, struct ext2_place *place, struct inode *moved)
{
    struct inode *replaced;
    int error = ext2_get_inode(directory->fs, place->inode, &replaced);
    int empty = 1;

    if (!error && S_ISDIR(replaced->mode)) {
        empty = ext2_directory_is_empty(replaced);
    }
    if (error || empty != 1) {
        cache_put(place->frame);
        if (!error) {
            inode_put(replaced);
        }
        return error ? error : empty < 0 ? empty : -ENOTEMPTY;
    }
    error = ext2_directory_redirect(directory, place, (u32)moved->number, moved->mode);
    if (!error) {
        error = S_ISDIR(replaced->mode) ? bury_directory(directory, replaced)
                                        : change_links(replaced, -1);
    }
    inode_put(replaced);
    return error;
}

/* A moved directory has a new parent. */
static int change_parent(struct inode *moved, struct inode *old_parent, struct inode *new_parent)
{
    struct ext2_place place;
    int error = ext2_directory_find(moved, "..", 2, &place);

    if (!error) {
        error = ext2_directory_redirect(moved, &place, (u32)new_parent->number, S_IFDIR);
    }
    if (!error) {
        error = change_links(new_parent, 1);
    }
    return error ? error : change_links(old_parent, -1);
}

/*
 * The new name has to be on the disk before the old one goes, or a power cut could leave the file
 * without any; unless both go together, being in one sector.
 * => 0; or the error, and the reference in `old` is gone
 */
static int settle_new_name(struct inode *directory, const char *name, size_t length, u64 blocks,
                           const struct ext2_place *old)
{
    struct ext2_place place;
    int error = ext2_directory_find(directory, name, length, &place);

    if (!error) {
        bool together = place.frame == old->frame && place.offset / 512 == old->offset / 512;

        cache_put(place.frame);
        if (!together) { /* a block just added is reached by the directory's inode only */
            error = place.index >= blocks ? ext2_write_metadata(ext2_of(directory), WRITEBACK_SYNC)
                                          : ext2_write_block_now(directory, place.index);
        }
    }
    if (error) {
        cache_put(old->frame);
    }
    return error;
}

static int ext2_rename(struct inode *old_directory, const char *old_name, size_t old_length,
                       struct inode *new_directory, const char *new_name, size_t new_length,
                       u32 flags)
{
    u64 blocks = new_directory->size >> ext2_of(new_directory)->block_bits;
    struct ext2_place place;
    struct inode *moved;
    int error = ext2_lookup(old_directory, old_name, old_length, &moved);

    (void)flags;
    if (error) {
        return error;
    }
    error = ext2_directory_find(new_directory, new_name, new_length, &place);
    if (error == 0) {
        error = replace(new_directory, &place, moved);
    } else if (error == -ENOENT) {
        error = ext2_directory_add(new_directory, new_name, new_length, (u32)moved->number,
                                   moved->mode);
    }
    if (!error) { /* looked for only now: the entry may have moved within its block */
        error = ext2_directory_find(old_directory, old_name, old_length, &place);
    }
    if (!error) {
        error = settle_new_name(new_directory, new_name, new_length, blocks, &place);
    }
    if (!error) {
        error = ext2_directory_remove(old_directory, &place);
    }
    if (!error && S_ISDIR(moved->mode) && old_directory != new_directory) {
        error = change_parent(moved, old_directory, new_directory);
    }
    if (!error) {
        inode_touch(moved, TOUCH_CHANGE);
        error = ext2_store_inode(moved);
    }
    inode_put(moved);
    return error;
}

const struct inode_ops ext2_directory_inode_ops = {
    .lookup = ext2_lookup,
    .create = ext2_create,
    .link = ext2_link,
    .unlink = ext2_unlink,
    .symlink = ext2_symlink,
    .rmdir = ext2_rmdir,
    .rename = ext2_rename,
    .setattr = ext2_store_inode,
    .sync = ext2_sync_inode,
    .release = inode_release,
};
