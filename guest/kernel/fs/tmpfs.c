/* SPDX-License-Identifier: MIT */
/*
 * tmpfs.c - files that live in memory (and in swap) only.
 *
 * Pages of files are SHM pages (mm/shm.h): in the page cache, swapped like anonymous
 * memory, gone with the inode.  A directory is a list of entries, each of which holds a
 * reference to its inode, so whatever has a name stays.
 * Locks: a directory's list under its inode->lock; numbers and the count of inodes atomic.
 */
#include "fs/permission.h"
#include "fs/tmpfs.h"
#include "fs/file.h"
#include "fs/filesystems.h"
#include "fs/text.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kalloc.h"
#include "mm/shm.h"

#define TMPFS_MAGIC 0x01021994u
#define FIRST_COOKIE 2u /* of entries in a listing; 0 and 1 are "." and ".." */

struct tmpfs {
    u64 next_number; /* atomic */
    struct shm_quota quota;
    u64 inode_limit;
};

struct tmpfs_inode {
    struct inode inode; /* first */
    /* directories */
    struct tmpfs_inode *parent; /* the root is its own; no reference: parents outlive children */
    struct list entries;        /* of tmpfs_entry, in order of cookie */
    u64 next_cookie;
    /* symbolic links */
    char *target;
};

struct tmpfs_entry {
    struct list link;
    struct inode *inode; /* a reference is held */
    u64 cookie;          /* place in listings, never used twice in a directory */
    size_t length;
    char name[];
};

static const struct inode_ops tmpfs_file_inode_ops, tmpfs_directory_inode_ops;

static struct tmpfs_inode *own(struct inode *inode)
{
    return container_of(inode, struct tmpfs_inode, inode);
}

/* => 0, -ENOSPC (there are as many as there may be), -ENOMEM */
static int new_inode(struct filesystem *fs, u32 mode, u32 rdev, struct inode **out)
{
    struct tmpfs *tmpfs = fs->private;
    struct inode *inode;

    if (fs->live_inodes >= tmpfs->inode_limit) {
        return -ENOSPC;
    }
    inode = inode_create(fs, atomic_add_u64(&tmpfs->next_number, 1), mode,
                         S_ISDIR(mode) ? &tmpfs_directory_inode_ops : &tmpfs_file_inode_ops,
                         sizeof(struct tmpfs_inode));
    if (!inode) {
        return -ENOMEM;
    }
    inode->rdev = rdev;
    list_init(&own(inode)->entries);
    own(inode)->next_cookie = FIRST_COOKIE;
    if (S_ISDIR(mode)) {
        inode->links = 2;
    } else if (S_ISREG(mode)) {
        shm_inode_mark(inode, &tmpfs->quota);
    }
    *out = inode_publish(inode);
    return 0;
}

/* --- names ------------------------------------------------------------------------------- */

static struct tmpfs_entry *find(struct inode *directory, const char *name, size_t length)
{
    list_for_each(link, &own(directory)->entries)
    {
        struct tmpfs_entry *entry = list_entry(link, struct tmpfs_entry, link);

        if (entry->length == length && memcmp(entry->name, name, length) == 0) {
            return entry;
        }
    }
    return NULL;
}

/* Takes a reference of its own to the inode. */
static int add(struct inode *directory, const char *name, size_t length, struct inode *inode)
{
    struct tmpfs_entry *entry = kalloc(sizeof(*entry) + length + 1);

    if (!entry) {
        return -ENOMEM;
    }
    entry->inode = inode_get(inode);
    entry->cookie = own(directory)->next_cookie++;
    entry->length = length;
    memcpy(entry->name, name, length);
    list_push_back(&own(directory)->entries, &entry->link);
    directory->size += length;
    if (S_ISDIR(inode->mode)) {
        own(inode)->parent = own(directory);
        directory->links++;
    }
    inode_touch(directory, TOUCH_MODIFY | TOUCH_CHANGE);
    return 0;
}

/* => the inode, whose reference the entry had */
static struct inode *take_out(struct inode *directory, struct tmpfs_entry *entry)
{
    struct inode *inode = entry->inode;

    list_remove(&entry->link);
    directory->size -= entry->length;
    directory->links -= S_ISDIR(inode->mode) ? 1 : 0;
    inode_touch(directory, TOUCH_MODIFY | TOUCH_CHANGE);
    kfree(entry);
    return inode;
}

static int tmpfs_lookup(struct inode *directory, const char *name, size_t length,
                        struct inode **out)
{
    struct tmpfs_entry *entry;

    if (name_is_dot_dot(name, length)) {
        *out = inode_get(&own(directory)->parent->inode);
        return 0;
    }
    entry = find(directory, name, length);
    if (!entry) {
        return -ENOENT;
    }
    *out = inode_get(entry->inode);
    return 0;
}

static int make(struct inode *directory, const char *name, size_t length, u32 mode, u32 rdev,
                const char *target, struct inode **out)
{
    struct inode *inode;
    int error;

    if (find(directory, name, length)) {
        return -EEXIST;
    }
    error = new_inode(directory->fs, mode, rdev, &inode);
    if (error) {
        return error;
    }
    permission_set_owner(inode, directory);
    error = add(directory, name, length, inode);
    if (!error && target) {
        own(inode)->target = kalloc(strlen(target) + 1);
        if (own(inode)->target) {
            inode->size = string_copy(own(inode)->target, target, strlen(target) + 1);
        } else {
            inode_put(take_out(directory, find(directory, name, length)));
            error = -ENOMEM;
        }
    }
    if (error) {
        inode->links = 0;
        inode_put(inode);
        return error;
    }
    *out = inode;
    return 0;
}

static int tmpfs_create(struct inode *directory, const char *name, size_t length, u32 mode,
                        u32 rdev, struct inode **out)
{
    return make(directory, name, length, mode, rdev, NULL, out);
}

static int tmpfs_symlink(struct inode *directory, const char *name, size_t length,
                         const char *target)
{
    struct inode *inode;
    int error = make(directory, name, length, S_IFLNK | 0777, 0, target, &inode);

    if (!error) {
        inode_put(inode);
    }
    return error;
}

static int tmpfs_link(struct inode *directory, const char *name, size_t length,
                      struct inode *target)
{
    int error = find(directory, name, length) ? -EEXIST : add(directory, name, length, target);

    if (!error) {
        target->links++;
        inode_touch(target, TOUCH_CHANGE);
    }
    return error;
}

static int tmpfs_unlink(struct inode *directory, const char *name, size_t length)
{
    struct tmpfs_entry *entry = find(directory, name, length);
    struct inode *inode;

    if (!entry) {
        return -ENOENT;
    }
    inode = take_out(directory, entry);
    inode->links--;
    inode_touch(inode, TOUCH_CHANGE);
    inode_put(inode); /* not the last: the caller has one */
    return 0;
}

static int tmpfs_rmdir(struct inode *directory, const char *name, size_t length)
{
    struct tmpfs_entry *entry = find(directory, name, length);
    struct inode *inode;

    if (!entry) {
        return -ENOENT;
    }
    if (!list_empty(&own(entry->inode)->entries)) {
        return -ENOTEMPTY;
    }
    inode = take_out(directory, entry);
    inode->links = 0;
    inode_put(inode);
    return 0;
}

static int tmpfs_rename(struct inode *old_directory, const char *old_name, size_t old_length,
                        struct inode *new_directory, const char *new_name, size_t new_length,
                        u32 flags)
{
    struct tmpfs_entry *from = find(old_directory, old_name, old_length);
    struct tmpfs_entry *to = find(new_directory, new_name, new_length);
    struct inode *moved;
    int error;

    (void)flags;
    if (!from) {
        return -ENOENT;
    }
    if (to && S_ISDIR(to->inode->mode) && !list_empty(&own(to->inode)->entries)) {
        return -ENOTEMPTY;
    }
    /* The new name first: it can fail, the rest cannot. */
    error = add(new_directory, new_name, new_length, from->inode);
    if (error) {
        return error;
    }
    if (to) {
        struct inode *replaced = take_out(new_directory, to);

        replaced->links = S_ISDIR(replaced->mode) ? 0 : replaced->links - 1;
        inode_touch(replaced, TOUCH_CHANGE);
        inode_put(replaced);
    }
    moved = take_out(old_directory, from);
    inode_touch(moved, TOUCH_CHANGE);
    inode_put(moved);
    return 0;
}

static ssize_t tmpfs_readlink(struct inode *inode, char *buffer, size_t size)
{
    size_t length = min_u64(inode->size, size);

    memcpy(buffer, own(inode)->target, length);
    return (ssize_t)length;
}

int tmpfs_readdir(struct inode *directory, struct directory_reader *reader, u64 *offset)
{
    if (*offset == 0) {
        if (!reader->emit(reader, ".", 1, directory->number, DT_DIR, 1)) {
            return 0;
        }
        *offset = 1;
    }
    if (*offset == 1) {
        if (!reader->emit(reader, "..", 2, own(directory)->parent->inode.number, DT_DIR,
                          FIRST_COOKIE)) {
            return 0;
        }
        *offset = FIRST_COOKIE;
    }
    list_for_each(link, &own(directory)->entries)
    {
        struct tmpfs_entry *entry = list_entry(link, struct tmpfs_entry, link);

        if (entry->cookie < *offset) {
            continue;
        }
        if (!reader->emit(reader, entry->name, entry->length, entry->inode->number,
                          directory_entry_type(entry->inode->mode), entry->cookie + 1)) {
            return 0;
        }
        *offset = entry->cookie + 1;
    }
    return 0;
}

/* --- inodes ------------------------------------------------------------------------------ */

static int tmpfs_truncate(struct inode *inode, u64 size)
{
    cache_truncate(inode, size);
    return 0;
}

static const struct inode_ops tmpfs_file_inode_ops = {
    .readlink = tmpfs_readlink,
    .truncate = tmpfs_truncate,
    .release = inode_release,
};

static const struct inode_ops tmpfs_directory_inode_ops = {
    .lookup = tmpfs_lookup,
    .create = tmpfs_create,
    .link = tmpfs_link,
    .unlink = tmpfs_unlink,
    .symlink = tmpfs_symlink,
    .rmdir = tmpfs_rmdir,
    .rename = tmpfs_rename,
    .release = inode_release,
};

int tmpfs_get_inode(struct filesystem *fs, u64 number, struct inode **out)
{
    *out = inode_find(fs, number);
    return *out ? 0 : -ENOENT;
}

void tmpfs_evict(struct inode *inode)
{
    kfree(own(inode)->target);
    own(inode)->target = NULL;
}

/* --- the file system --------------------------------------------------------------------- */

int tmpfs_make_root(struct filesystem *fs, const struct tmpfs_options *options)
{
    struct tmpfs *tmpfs = kalloc(sizeof(*tmpfs));
    int error;

    if (!tmpfs) {
        return -ENOMEM;
    }
    tmpfs->next_number = 1;
    tmpfs->quota.limit = options->pages;
    tmpfs->inode_limit = options->inodes;
    fs->private = tmpfs;
    fs->magic = TMPFS_MAGIC;
    error = new_inode(fs, S_IFDIR | options->mode, 0, &fs->root);
    if (error) {
        kfree(tmpfs);
        return error;
    }
    fs->root->uid = options->uid;
    fs->root->gid = options->gid;
    own(fs->root)->parent = own(fs->root);
    return 0;
}

static int tmpfs_mount(struct filesystem *fs, const char *text)
{
    struct tmpfs_options options = {.inodes = frames_usable / 2, .mode = S_ISVTX | 0777};
    int error = tmpfs_parse(text, &options);

    return error ? error : tmpfs_make_root(fs, &options);
}

/* Only the limits can change, and not below what is in use. */
static int tmpfs_remount(struct filesystem *fs, const char *text)
{
    struct tmpfs *tmpfs = fs->private;
    struct tmpfs_options options = {.pages = tmpfs->quota.limit, .inodes = tmpfs->inode_limit};
    int error = tmpfs_parse(text, &options);

    if (error) {
        return error;
    }
    if ((options.pages != 0 && options.pages < tmpfs->quota.used) ||
        options.inodes < fs->live_inodes) {
        return -EINVAL;
    }
    tmpfs->quota.limit = options.pages;
    tmpfs->inode_limit = options.inodes;
    return 0;
}

static void tmpfs_show_options(struct filesystem *fs, struct text_buffer *out)
{
    const struct tmpfs *tmpfs = fs->private;

    if (tmpfs->quota.limit != 0 && tmpfs->quota.limit != SHM_NO_LIMIT) {
        text_printf(out, ",size=%luk", tmpfs->quota.limit * (PAGE_SIZE / 1024));
    }
}

/* Drop all names below a directory, deepest first, without recursion. */
static void empty(struct inode *top)
{
    struct inode *at = top;

    for (;;) {
        struct tmpfs_entry *entry;
        struct inode *inode;

        if (list_empty(&own(at)->entries)) {
            if (at == top) {
                return;
            }
            at = &own(at)->parent->inode;
            continue;
        }
        entry = list_first(&own(at)->entries, struct tmpfs_entry, link);
        if (S_ISDIR(entry->inode->mode) && !list_empty(&own(entry->inode)->entries)) {
            at = entry->inode;
            continue;
        }
        inode = take_out(at, entry);
        inode->links = S_ISDIR(inode->mode) ? 0 : inode->links - 1;
        inode_put(inode);
    }
}

static u32 busy_inodes; /* counted by is_busy(), one caller at a time: mount_mutex */

/* Each name has one reference, and inode_for_each() has one while it looks. */
static void count_busy(struct inode *inode)
{
    u32 names = S_ISDIR(inode->mode) ? 1 : inode->links;

    busy_inodes += inode->refs > names + 1;
}

bool tmpfs_is_busy(struct filesystem *fs)
{
    busy_inodes = 0;
    inode_for_each(fs, count_busy);
    return busy_inodes > 0;
}

void tmpfs_unmount(struct filesystem *fs)
{
    empty(fs->root);
    fs->root->links = 0;
    inode_put(fs->root);
    kfree(fs->private);
}

void tmpfs_statfs(struct filesystem *fs, struct abi_statfs *out)
{
    const struct tmpfs *tmpfs = fs->private;
    u64 limit = shm_quota_limit(&tmpfs->quota), used = tmpfs->quota.used;

    if (limit != SHM_NO_LIMIT) { /* Linux tells zeros if there is none */
        out->blocks = limit;
        out->bfree = limit - min_u64(used, limit);
        out->bavail = out->bfree;
    }
    if (tmpfs->inode_limit != SHM_NO_LIMIT) {
        out->files = tmpfs->inode_limit;
        out->ffree = tmpfs->inode_limit - min_u64(fs->live_inodes, tmpfs->inode_limit);
    }
}

const struct filesystem_ops tmpfs_filesystem = {
    .type = "tmpfs",
    .mount = tmpfs_mount,
    .remount = tmpfs_remount,
    .show_options = tmpfs_show_options,
    .get_inode = tmpfs_get_inode,
    .readdir = tmpfs_readdir,
    .evict = tmpfs_evict,
    .statfs = tmpfs_statfs,
    .is_busy = tmpfs_is_busy,
    .unmount = tmpfs_unmount,
};
