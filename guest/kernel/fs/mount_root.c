/* SPDX-License-Identifier: MIT */
/*
 * mount_root.c - the first mounts, at boot, and the last writes, before power-off.
 */
#include "dev/block.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "mm/writeback.h"

/* The first disk, by name, that has an ext2 file system. */
static struct block_device *first_disk(void)
{
    struct block_device *disk;

    for (u32 i = 0; (disk = block_at(i)) != NULL; i++) {
        if (ext2_is_on_disk(disk)) {
            return disk;
        }
    }
    return NULL;
}

/* What belongs on every root; a directory that is missing is only worth a warning. */
static void mount_others(struct inode *root)
{
    static const struct {
        const char *source, *target, *type;
    } others[] = {{"devfs", "/dev", "devfs"},
                  {"proc", "/proc", "proc"},
                  {"tmpfs", "/tmp", "tmpfs"},
                  {"tmpfs", "/dev/shm", "tmpfs"}};
    struct path_start start = {root, root};

    for (u32 i = 0; i < ARRAY_LENGTH(others); i++) {
        int error = vfs_mount(&start, others[i].source, others[i].target, others[i].type, 0, "");

        if (error) {
            log_warn("vfs: no %s (error %d)", others[i].target, error);
        }
    }
}

int vfs_mount_root(const char *source, bool read_only, struct inode **root)
{
    struct block_device *disk = source ? block_find(source) : first_disk();
    struct filesystem *fs;
    int error;

    if (!disk) {
        log_error("vfs: %s%s", source ? "there is no disk " : "no disk has an ext2 file system",
                  source ? source : "");
        return -ENODEV;
    }
    error = mount_disk_as_root(disk, read_only ? MS_RDONLY : 0, &fs);
    if (error) {
        log_error("vfs: cannot mount the root file system (error %d)", error);
        return error;
    }
    mount_others(fs->root);
    *root = inode_get(fs->root);
    return 0;
}

/* --- sync -------------------------------------------------------------------------------- */

int vfs_sync_filesystem(struct filesystem *fs)
{
    return fs->ops->sync ? fs->ops->sync(fs) : 0;
}

int vfs_sync(void)
{
    struct filesystem *fs;
    int error = writeback_all(WRITEBACK_SYNC);

    for (u32 i = 0; (fs = mount_at(i)) != NULL; i++) {
        int failed = vfs_sync_filesystem(fs);

        error = error ? error : failed;
    }
    return error;
}

/* Files that only open descriptors keep: free their blocks now, or they would be lost. */
static void release_nameless(struct inode *inode)
{
    if (inode->links == 0 && inode->fs->ops->evict) {
        cache_drop(inode);
        inode->fs->ops->evict(inode);
    }
}

void vfs_shutdown(void)
{
    struct filesystem *fs;

    vfs_sync();
    for (u32 i = 0; (fs = mount_at(i)) != NULL; i++) {
        if (fs->block && !(fs->flags & MS_RDONLY)) {
            inode_for_each(fs, release_nameless);
        }
    }
    vfs_sync();
}
