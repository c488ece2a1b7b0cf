/* SPDX-License-Identifier: MIT */
/*
 * directory.c - reading directories: getdents64(2).
 *
 * Entries are collected in kernel memory while the directory is locked and copied to the
 * user afterwards: a directory's lock is never held across an access to user memory (so
 * it may be taken under mm->lock, when /proc/PID/maps wants a path).
 */
#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"

#define BATCH (4 * PAGE_SIZE) /* bytes of entries collected at a time */

struct collector {
    struct directory_reader reader;
    u8 *bytes;
    size_t size, used;
    bool full; /* an entry did not fit */
};

static bool collect(struct directory_reader *reader, const char *name, size_t length, u64 number,
                    u8 type, u64 next)
{
    struct collector *collector = container_of(reader, struct collector, reader);
    size_t size = round_up(offsetof(struct abi_dirent, name) + length + 1, 8);
    struct abi_dirent *entry = (struct abi_dirent *)(collector->bytes + collector->used);

    if (size > collector->size - collector->used) {
        collector->full = true;
        return false;
    }
    memset(entry, 0, size);
    entry->ino = number;
    entry->offset = (i64)next;
    entry->length = (u16)size;
    entry->type = type;
    memcpy(entry->name, name, length);
    collector->used += size;
    return true;
}

/* => offset_lock is held */
static ssize_t read_entries(struct file *file, u64 user, size_t size)
{
    struct inode *directory = file->inode;
    struct collector collector = {.reader = {.emit = collect}, .size = min_u64(size, BATCH)};
    u64 offset = file->offset;
    int error;

    collector.bytes = kalloc(collector.size);
    if (!collector.bytes) {
        return -ENOMEM;
    }
    mutex_lock(&directory->lock);
    error = directory->links == 0
                ? -ENOENT
                : directory->fs->ops->readdir(directory, &collector.reader, &offset);
    mutex_unlock(&directory->lock);
    if (!error && collector.full && collector.used == 0) {
        error = -EINVAL; /* not room for one */
    }
    if (!error && collector.used > 0) {
        error = copy_to_user(user, collector.bytes, collector.used);
    }
    kfree(collector.bytes);
    if (error) {
        return error;
    }
    file->offset = offset;
    return (ssize_t)collector.used;
}

ssize_t file_getdents64(struct file *file, u64 user, size_t size)
{
    ssize_t result;

    if (!file_can_read(file)) {
        return -EBADF;
    }
    if (!file->inode || !S_ISDIR(file->inode->mode) || !file->inode->fs ||
        !file->inode->fs->ops->readdir) {
        return -ENOTDIR;
    }
    if (size == 0) {
        return -EINVAL;
    }
    mutex_lock(&file->offset_lock);
    result = read_entries(file, user, size);
    mutex_unlock(&file->offset_lock);
    return result;
}

static ssize_t directory_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    (void)file;
    (void)user;
    (void)size;
    (void)offset;
    return -EISDIR;
}

static int directory_fsync(struct file *file, bool datasync)
{
    return file->inode->ops->sync ? file->inode->ops->sync(file->inode, datasync) : 0;
}

const struct file_ops file_directory_ops = {
    .read = directory_read,
    .fsync = directory_fsync,
};
