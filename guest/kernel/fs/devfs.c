/* SPDX-License-Identifier: MIT */
/*
 * devfs.c - /dev: a tmpfs that starts out with a node for each device there is.
 * Devices appear at boot only, before it is mounted.
 */
#include "dev/block.h"
#include "dev/chardev.h"
#include "fs/filesystems.h"
#include "fs/tmpfs.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/shm.h"

/* A directory below the root, made if it is missing.  => with a reference, NULL: no memory */
static struct inode *subdirectory(struct inode *root, const char *name, size_t length)
{
    struct inode *directory;
    int error = root->ops->lookup(root, name, length, &directory);

    if (error == -ENOENT) {
        error = root->ops->create(root, name, length, S_IFDIR | 0755, 0, &directory);
    }
    return error ? NULL : directory;
}

static int add_node(struct inode *root, const char *name, u32 mode, u64 device)
{
    const char *slash = strchr(name, '/');
    struct inode *directory;
    struct inode *node;
    int error;

    directory = slash ? subdirectory(root, name, (size_t)(slash - name)) : inode_get(root);
    if (!directory) {
        return -ENOMEM;
    }
    name = slash ? slash + 1 : name;
    error = directory->ops->create(directory, name, strlen(name), mode, (u32)device, &node);
    inode_put(directory);
    if (!error) {
        inode_put(node);
    }
    return error;
}

static int add_devices(struct inode *root)
{
    const struct char_device *device;
    const struct block_device *disk;
    int error = 0;

    for (u32 i = 0; !error && (device = chardev_at(i)) != NULL; i++) {
        error = add_node(root, device->name, S_IFCHR | device->mode, device->device);
        error = error == -EEXIST ? 0 : error;
    }
    for (u32 i = 0; !error && (disk = block_at(i)) != NULL; i++) {
        error = add_node(root, disk->name, S_IFBLK | 0660, disk->device);
    }
    return error;
}

static int add_links(struct inode *root)
{
    static const struct {
        const char *name, *target;
    } links[] = {{"fd", "/proc/self/fd"},
                 {"stdin", "/proc/self/fd/0"},
                 {"stdout", "/proc/self/fd/1"},
                 {"stderr", "/proc/self/fd/2"}};
    struct inode *shm;
    int error = 0;

    for (u32 i = 0; !error && i < ARRAY_LENGTH(links); i++) {
        error = root->ops->symlink(root, links[i].name, strlen(links[i].name), links[i].target);
    }
    shm = error ? NULL : subdirectory(root, "shm", 3);
    inode_put(shm);
    return error;
}

static int devfs_mount(struct filesystem *fs, const char *options)
{
    const struct tmpfs_options own = {.inodes = SHM_NO_LIMIT, .mode = 0755};
    int error = tmpfs_make_root(fs, &own);

    (void)options;
    if (error) {
        return error;
    }
    error = add_devices(fs->root);
    if (!error) {
        error = add_links(fs->root);
    }
    if (error) {
        tmpfs_unmount(fs);
    }
    return error;
}

const struct filesystem_ops devfs_filesystem = {
    .type = "devfs",
    .mount = devfs_mount,
    .get_inode = tmpfs_get_inode,
    .readdir = tmpfs_readdir,
    .evict = tmpfs_evict,
    .statfs = tmpfs_statfs,
    .is_busy = tmpfs_is_busy,
    .unmount = tmpfs_unmount,
};
