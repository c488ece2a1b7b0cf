/* SPDX-License-Identifier: MIT */
/*
 * mount.c - which file systems there are and where they are mounted.
 *
 * A directory that is mounted on has the flag INODE_MOUNTPOINT and is kept in memory by
 * the mount; its file system is found by a search of the few mounts.
 * Locks: mount_lock (spin) for the list; mount_mutex (sleeping) lets one mount or umount
 * happen at a time.
 */
#include "abi/misc.h"
#include "dev/block.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/writeback.h"

#define TYPE_LIMIT 8u
#define DEVICE_MAJOR_NONE 0u /* st_dev of file systems without a disk: 0, n */

static struct spinlock mount_lock = SPINLOCK("mounts");
static struct mutex mount_mutex;
static struct list mounts = {&mounts, &mounts};
static const struct filesystem_ops *types[TYPE_LIMIT];
static u32 next_minor = 1;

void mount_init(void)
{
    mutex_init(&mount_mutex, "mount");
}

void filesystem_register(const struct filesystem_ops *ops)
{
    for (u32 i = 0; i < TYPE_LIMIT; i++) {
        if (!types[i]) {
            types[i] = ops;
            return;
        }
    }
    log_error("vfs: no room for file system type %s", ops->type);
}

const struct filesystem_ops *filesystem_type_at(u32 index)
{
    return index < TYPE_LIMIT ? types[index] : NULL;
}

static const struct filesystem_ops *find_type(const char *name)
{
    if (strcmp(name, "devtmpfs") == 0) {
        name = "devfs";
    } else if (strcmp(name, "ext3") == 0 || strcmp(name, "ext4") == 0) {
        name = "ext2"; /* its own check of features decides */
    }
    for (u32 i = 0; i < TYPE_LIMIT && types[i]; i++) {
        if (strcmp(types[i]->type, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

/* --- looking at the mounts --------------------------------------------------------------- */

struct inode *mount_root_on(struct inode *directory)
{
    struct inode *root = NULL;

    if (!(directory->flags & INODE_MOUNTPOINT)) {
        return NULL;
    }
    spin_lock(&mount_lock);
    list_for_each(link, &mounts)
    {
        struct filesystem *fs = list_entry(link, struct filesystem, link);

        if (fs->covered == directory) {
            root = inode_get(fs->root);
            break;
        }
    }
    spin_unlock(&mount_lock);
    return root;
}

struct inode *mount_covered_by(struct inode *directory)
{
    struct inode *covered = NULL;

    spin_lock(&mount_lock);
    if (directory->fs && directory->fs->root == directory && directory->fs->covered) {
        covered = inode_get(directory->fs->covered);
    }
    spin_unlock(&mount_lock);
    return covered;
}

struct filesystem *mount_at(u32 index)
{
    struct filesystem *found = NULL;

    spin_lock(&mount_lock);
    list_for_each(link, &mounts)
    {
        if (index-- == 0) {
            found = list_entry(link, struct filesystem, link);
            break;
        }
    }
    spin_unlock(&mount_lock);
    return found;
}

/* --- mounting ---------------------------------------------------------------------------- */

static bool disk_is_mounted(const struct block_device *disk)
{
    struct filesystem *fs;

    for (u32 i = 0; (fs = mount_at(i)) != NULL; i++) {
        if (fs->block == disk) {
            return true;
        }
    }
    return false;
}

/* Make a file system ready, not yet mounted anywhere.  => mount_mutex is held */
static int create(const struct filesystem_ops *ops, const char *source, struct block_device *disk,
                  u32 flags, const char *options, struct filesystem **out)
{
    struct filesystem *fs;
    int error;

    if (disk && disk_is_mounted(disk)) {
        return -EBUSY;
    }
    fs = kalloc(sizeof(*fs));
    if (!fs) {
        return -ENOMEM;
    }
    fs->ops = ops;
    fs->flags = flags | (disk && disk->read_only ? MS_RDONLY : 0);
    fs->block = disk;
    fs->device = disk ? disk->device : DEV_MAKE(DEVICE_MAJOR_NONE, next_minor);
    next_minor += disk ? 0 : 1;
    fs->block_size = PAGE_SIZE;
    string_copy(fs->source, source, sizeof(fs->source));
    mutex_init(&fs->rename_lock, "rename");
    list_init(&fs->link);
    error = ops->mount(fs, options);
    if (error) {
        kfree(fs);
        return error;
    }
    *out = fs;
    return 0;
}

/* => mount_mutex is held; takes over the reference to `covered` */
static void attach(struct filesystem *fs, struct inode *covered)
{
    spin_lock(&mount_lock);
    fs->covered = covered;
    if (covered) {
        covered->flags |= INODE_MOUNTPOINT;
    }
    list_push_back(&mounts, &fs->link);
    spin_unlock(&mount_lock);
}

/* The disk of a path to a block special file, or of a bare name before /dev exists. */
static int find_disk(const struct path_start *start, const char *source, struct block_device **disk)
{
    struct inode *inode;
    int error = path_lookup(start, source, 0, &inode);

    if (error) {
        return error;
    }
    *disk = S_ISBLK(inode->mode) ? block_find_device(inode->rdev) : NULL;
    error = !S_ISBLK(inode->mode) ? -ENOTBLK : *disk ? 0 : -ENXIO;
    inode_put(inode);
    return error;
}

/* mount -o remount: "read-only" can change, and what the file system itself has to say of it. */
static int remount(struct inode *target, u32 flags, const char *options)
{
    struct filesystem *fs = target->fs;
    int error;

    if (fs->root != target) {
        return -EINVAL;
    }
    error = fs->ops->remount ? fs->ops->remount(fs, options) : 0;
    if (error) {
        return error;
    }
    if ((flags & MS_RDONLY) && !(fs->flags & MS_RDONLY)) {
        error = writeback_all(WRITEBACK_UMOUNT);
        if (!error) {
            error = vfs_sync_filesystem(fs);
        }
        if (error) {
            return error;
        }
    }
    if (!(flags & MS_RDONLY) && fs->block && fs->block->read_only) {
        return -EROFS;
    }
    fs->flags = (fs->flags & ~MS_RDONLY) | (flags & MS_RDONLY);
    return 0;
}

int vfs_mount(const struct path_start *start, const char *source, const char *target,
              const char *type, u32 flags, const char *options)
{
    const struct filesystem_ops *ops = find_type(type);
    struct block_device *disk = NULL;
    struct filesystem *fs;
    struct inode *directory;
    int error = path_lookup(start, target, PATH_DIRECTORY, &directory);

    if (error) {
        return error;
    }
    if (flags & MS_REMOUNT) {
        error = remount(directory, flags, options);
    } else if (flags & MS_BIND) {
        error = -EINVAL;
    } else if (!ops) {
        error = -ENODEV;
    } else if (ops->needs_device) {
        error = find_disk(start, source, &disk);
    }
    if (error || (flags & MS_REMOUNT)) {
        inode_put(directory);
        return error;
    }
    mutex_lock(&mount_mutex);
    if (directory->fs->root == directory && directory->fs->ops == ops && !ops->needs_device) {
        error = -EBUSY; /* the same is there already */
    } else {
        error = create(ops, source, disk, flags & MS_RDONLY, options, &fs);
    }
    if (!error) {
        attach(fs, inode_get(directory));
    }
    mutex_unlock(&mount_mutex);
    inode_put(directory);
    return error;
}

/* => 0 if a mount of ours is on a directory of `fs` */
static bool is_covered(const struct filesystem *fs)
{
    struct filesystem *other;

    for (u32 i = 0; (other = mount_at(i)) != NULL; i++) {
        if (other->covered && other->covered->fs == fs) {
            return true;
        }
    }
    return false;
}

/* Let a file system go.  => mount_mutex is held; the caller has no reference into it */
static int detach(struct filesystem *fs)
{
    struct inode *covered = fs->covered;
    int error;

    if (!covered || is_covered(fs)) {
        return -EBUSY;
    }
    error = writeback_all(WRITEBACK_UMOUNT); /* an inode with dirty pages is in use */
    if (!error) {
        error = vfs_sync_filesystem(fs);
    }
    if (error) {
        log_warn("umount %s: error %d while writing", fs->source, error);
    }
    inode_evict_all(fs);
    if (fs->root->refs > 1 || (fs->ops->is_busy ? fs->ops->is_busy(fs) : fs->live_inodes > 1)) {
        return -EBUSY; /* the mount has one reference to the root; nobody else may have any */
    }
    spin_lock(&mount_lock);
    list_remove(&fs->link);
    covered->flags &= ~INODE_MOUNTPOINT;
    fs->covered = NULL;
    spin_unlock(&mount_lock);
    if (fs->ops->unmount) {
        fs->ops->unmount(fs);
    }
    inode_put(covered);
    kfree(fs);
    return 0;
}

int vfs_unmount(const struct path_start *start, const char *target, u32 flags)
{
    struct inode *root;
    struct filesystem *fs;
    int error = path_lookup(start, target, 0, &root);

    (void)flags;
    if (error) {
        return error;
    }
    fs = root->fs;
    mutex_lock(&mount_mutex);
    error = fs && fs->root == root ? 0 : -EINVAL;
    inode_put(root);
    if (!error) {
        error = detach(fs);
    }
    mutex_unlock(&mount_mutex);
    return error;
}

int mount_disk_as_root(struct block_device *disk, u32 flags, struct filesystem **fs)
{
    char source[32];
    int error;

    snprintf(source, sizeof(source), "/dev/%s", disk->name);
    mutex_lock(&mount_mutex);
    error = create(find_type("ext2"), source, disk, flags, "", fs);
    if (!error) {
        attach(*fs, NULL);
    }
    mutex_unlock(&mount_mutex);
    return error;
}
