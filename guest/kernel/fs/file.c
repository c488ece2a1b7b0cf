/* SPDX-License-Identifier: MIT */
/*
 * file.c - open files: their life, and the checks that every read, write, seek and ioctl
 * shares before the file's own operation runs.
 */
#include "fs/file.h"
#include "abi/stat.h"
#include "fs/epoll.h"
#include "fs/file_lock.h"
#include "fs/record_lock.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "mm/kalloc.h"

#define OFFSET_LIMIT (~0ull >> 1)    /* off_t is signed */
#define TRANSFER_LIMIT 0x7ffff000ull /* one read or write moves no more, as on Linux */

struct file *file_create(struct inode *inode, u32 flags, const struct file_ops *ops, void *private)
{
    struct file *file = kalloc(sizeof(*file));

    if (!file) {
        return NULL;
    }
    file->refs = 1;
    file->flags = flags;
    file->ops = ops;
    file->private = private;
    file->inode = inode ? inode_get(inode) : NULL;
    file->errors_seen = inode ? cache_error_start(inode) : 0;
    list_init(&file->watchers);
    mutex_init(&file->offset_lock, "file offset");
    return file;
}

struct file *file_get(struct file *file)
{
    atomic_add_u32(&file->refs, 1);
    return file;
}

void file_put(struct file *file)
{
    u32 before;

    if (!file) {
        return;
    }
    before = atomic_add_u32(&file->refs, (u32)-1);
    kassert(before != 0);
    if (before != 1) {
        return;
    }
    if (unlikely(!list_empty(&file->watchers))) {
        epoll_file_closed(file);
    }
    file_unlock(file);
    record_lock_drop(NULL, file);
    if (file->ops->release) {
        file->ops->release(file);
    }
    if (file->counts_as_writer) {
        inode_put_write(file->inode);
    }
    inode_put(file->inode);
    kfree(file);
}

/* => 0 if bytes can be moved at this offset, -EBADF, -EISDIR, -EINVAL */
static int check_transfer(const struct file *file, bool writes, u64 offset)
{
    if (writes ? !file_can_write(file) : !file_can_read(file)) {
        return -EBADF;
    }
    if (file->inode && S_ISDIR(file->inode->mode)) {
        return -EISDIR;
    }
    if (writes ? !file->ops->write : !file->ops->read) {
        return -EINVAL;
    }
    return offset > OFFSET_LIMIT ? -EINVAL : 0;
}

static ssize_t transfer(struct file *file, bool writes, u64 user, size_t size, u64 *offset)
{
    size = min_u64(size, TRANSFER_LIMIT);
    return writes ? file->ops->write(file, user, size, offset)
                  : file->ops->read(file, user, size, offset);
}

/* One buffer after the other, until one is not filled whole. */
static ssize_t transfer_vector(struct file *file, bool writes, const struct abi_iovec *vector,
                               u32 count, u64 *offset)
{
    ssize_t total = 0;

    for (u32 i = 0; i < count; i++) {
        ssize_t moved;

        if (vector[i].length == 0 && count > 1) {
            continue;
        }
        moved = transfer(file, writes, vector[i].base, vector[i].length, offset);
        if (moved < 0) {
            return total ? total : moved;
        }
        total += moved;
        if ((size_t)moved < vector[i].length) {
            break;
        }
    }
    return total;
}

/* At the file's own offset, which moves. */
static ssize_t transfer_here(struct file *file, bool writes, const struct abi_iovec *vector,
                             u32 count)
{
    ssize_t moved;
    u64 unused = 0;
    int error = check_transfer(file, writes, 0);

    if (error) {
        return error;
    }
    if (file->ops->is_stream) {
        /* No offset to guard, and a reader may sleep for ever while another writes. */
        return transfer_vector(file, writes, vector, count, &unused);
    }
    mutex_lock(&file->offset_lock);
    moved = transfer_vector(file, writes, vector, count, &file->offset);
    mutex_unlock(&file->offset_lock);
    return moved;
}

ssize_t file_read(struct file *file, u64 user, size_t size)
{
    struct abi_iovec one = {user, size};

    return transfer_here(file, false, &one, 1);
}

ssize_t file_write(struct file *file, u64 user, size_t size)
{
    struct abi_iovec one = {user, size};

    return transfer_here(file, true, &one, 1);
}

ssize_t file_readv(struct file *file, const struct abi_iovec *vector, u32 count)
{
    return transfer_here(file, false, vector, count);
}

ssize_t file_writev(struct file *file, const struct abi_iovec *vector, u32 count)
{
    return transfer_here(file, true, vector, count);
}

static ssize_t transfer_at(struct file *file, bool writes, u64 user, size_t size, u64 offset)
{
    int error = check_transfer(file, writes, offset);

    if (error) {
        return error;
    }
    return file->ops->is_stream ? -ESPIPE : transfer(file, writes, user, size, &offset);
}

ssize_t file_pread(struct file *file, u64 user, size_t size, u64 offset)
{
    return transfer_at(file, false, user, size, offset);
}

ssize_t file_pwrite(struct file *file, u64 user, size_t size, u64 offset)
{
    return transfer_at(file, true, user, size, offset);
}

/* The first page >= index with something in it; ~0 = none. */
static u64 next_data(struct inode *inode, u64 index)
{
    u64 word;

    if (inode->flags & INODE_SHM) {
        spin_lock(&inode->cache.lock);
        word = radix_next(&inode->cache.pages, &index);
        spin_unlock(&inode->cache.lock);
        return word ? index : ~0ull;
    }
    return inode->ops->next_data ? inode->ops->next_data(inode, index) : index;
}

/* SEEK_DATA and SEEK_HOLE, by whole pages; behind the end is a hole. */
static i64 seek_data(struct inode *inode, i64 offset, bool hole)
{
    u64 size = inode->size, at = (u64)offset, page = at >> PAGE_SHIFT;

    if (offset < 0 || at >= size) {
        return -ENXIO;
    }
    if (!hole) {
        page = next_data(inode, page);
        at = page == ~0ull ? size : max_u64(at, page << PAGE_SHIFT);
        return at >= size ? -ENXIO : (i64)at;
    }
    if (S_ISREG(inode->mode)) {
        while (page << PAGE_SHIFT < size && next_data(inode, page) == page) {
            page++;
        }
    } else {
        page = size;
    }
    return (i64)min_u64(size, max_u64(at, page << PAGE_SHIFT));
}

i64 file_seek(struct file *file, i64 offset, u32 whence)
{
    i64 result = offset;
    u64 size = file->inode ? file->inode->size : 0;

    if (file->flags & O_PATH) {
        return -EBADF;
    }
    if (file->ops->is_stream || !file->inode) {
        return -ESPIPE;
    }
    if (file->ops->seek) {
        return file->ops->seek(file, offset, whence);
    }
    mutex_lock(&file->offset_lock);
    switch (whence) {
    case SEEK_SET:
        break;
    case SEEK_CUR:
        result = __builtin_add_overflow(offset, (i64)file->offset, &result) ? -EOVERFLOW : result;
        break;
    case SEEK_END:
        result = __builtin_add_overflow(offset, (i64)size, &result) ? -EOVERFLOW : result;
        break;
    case SEEK_DATA:
    case SEEK_HOLE:
        result = seek_data(file->inode, offset, whence == SEEK_HOLE);
        break;
    default:
        result = -EINVAL;
        break;
    }
    if (result < 0 && result != -EOVERFLOW && result != -ENXIO) {
        result = -EINVAL;
    }
    if (result >= 0) {
        file->offset = (u64)result;
    }
    mutex_unlock(&file->offset_lock);
    return result;
}

i64 file_ioctl(struct file *file, u32 command, u64 argument)
{
    if (file->flags & O_PATH) {
        return -EBADF;
    }
    return file->ops->ioctl ? file->ops->ioctl(file, command, argument) : -ENOTTY;
}

int file_fsync(struct file *file, bool datasync)
{
    if (file->flags & O_PATH) {
        return -EBADF;
    }
    return file->ops->fsync ? file->ops->fsync(file, datasync) : -EINVAL;
}

int file_truncate(struct file *file, u64 size)
{
    if (!file->inode || (file->flags & O_PATH)) {
        return file->flags & O_PATH ? -EBADF : -EINVAL;
    }
    return file_can_write(file) ? vfs_truncate(file->inode, size) : -EINVAL;
}

int file_mmap_inode(struct file *file, struct inode **mapped)
{
    if (file->ops->mmap) {
        return file->ops->mmap(file, mapped);
    }
    if (!file->inode || !S_ISREG(file->inode->mode) ||
        (!file->inode->ops->read_page && !(file->inode->flags & INODE_SHM))) {
        return -ENODEV;
    }
    *mapped = file->inode;
    return 0;
}
