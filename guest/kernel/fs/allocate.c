/* SPDX-License-Identifier: MIT */
/*
 * allocate.c - fallocate(2): room for a range of a file in advance, or a hole in it.
 *
 * The default, keeping and extending modes give every page of the range its place by
 * way of prepare_write; a page that was a hole reads as zero still.
 */
#include "fs/file.h"
#include "fs/seal.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "mm/kalloc.h"
#include "mm/writeback.h"

#define FALLOC_KEEP_SIZE 1u
#define FALLOC_PUNCH_HOLE 2u
#define FALLOC_ZERO_RANGE 16u
#define SIZE_LIMIT (1ull << 40) /* no file system here has more room */

/* => inode->lock is held */
static int fill(struct inode *inode, u64 offset, u64 length)
{
    u64 last = (offset + length - 1) >> PAGE_SHIFT;

    for (u64 index = offset >> PAGE_SHIFT; index <= last; index++) {
        int error = 0;
        struct frame *frame = cache_get(inode, index, &error);

        if (!frame) {
            return error;
        }
        if (inode->ops->prepare_write) {
            error = inode->ops->prepare_write(inode, index, 0);
        }
        if (!error) {
            cache_mark_dirty(inode, frame); /* what a hole reads as must get to its new place */
        }
        cache_put(frame);
        if (error) {
            return error;
        }
        if (inode->ops->prepare_write) {
            writeback_pace();
        }
    }
    return 0;
}

static int set_size(struct inode *inode, u64 size)
{
    if (inode->ops->truncate) {
        return inode->ops->truncate(inode, size);
    }
    if (!(inode->flags & INODE_SHM)) {
        return -EOPNOTSUPP;
    }
    cache_truncate(inode, size);
    return 0;
}

/*
 * Extend first, then fill: on a disk, blocks behind the end of a file are an error.
 * => inode->lock is held
 */
static int extend_and_fill(struct inode *inode, u32 mode, u64 offset, u64 end)
{
    u64 old_size = inode->size;
    int error = 0;

    if (end > old_size && (mode & FALLOC_KEEP_SIZE)) {
        end = old_size;
        if (offset >= end) {
            return 0;
        }
    }
    if (end > old_size) {
        error = inode_clear_tail(inode, end);
    }
    if (end > old_size && !error) {
        error = set_size(inode, end);
    }
    if (!error) {
        error = fill(inode, offset, end - offset);
    }
    if (error && inode->size != old_size) {
        set_size(inode, old_size);
    }
    if (!error && inode->ops->setattr) {
        inode_touch(inode, TOUCH_CHANGE);
        error = inode->ops->setattr(inode);
    }
    return error;
}

/* => inode->lock is held */
static int punch(struct inode *inode, u64 start, u64 end)
{
    int error = 0;

    if (!(inode->flags & INODE_SHM) && !inode->ops->punch) {
        return -EOPNOTSUPP;
    }
    end = min_u64(end, round_up(inode->size, PAGE_SIZE)); /* nothing is behind that */
    if (start < end) {
        cache_punch(inode, start, end);
        if (inode->ops->punch) {
            error = inode->ops->punch(inode, (start + PAGE_MASK) >> PAGE_SHIFT, end >> PAGE_SHIFT);
        }
        inode_touch(inode, TOUCH_MODIFY | TOUCH_CHANGE);
    }
    return error;
}

/* => inode->lock is held */
static int change(struct inode *inode, u32 mode, u64 start, u64 end)
{
    int error;

    switch (mode) {
    case FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE:
        return punch(inode, start, end);
    case FALLOC_ZERO_RANGE:
    case FALLOC_ZERO_RANGE | FALLOC_KEEP_SIZE:
        error = punch(inode, start, end);
        return error ? error : extend_and_fill(inode, mode & FALLOC_KEEP_SIZE, start, end);
    case 0:
    case FALLOC_KEEP_SIZE:
        return extend_and_fill(inode, mode, start, end);
    default:
        return -EOPNOTSUPP;
    }
}

int file_allocate(struct file *file, u32 mode, u64 offset, u64 length)
{
    struct inode *inode = file->inode;
    int error;

    if (!file_can_write(file)) {
        return -EBADF;
    }
    if (!inode || !S_ISREG(inode->mode)) {
        return file->ops->is_stream ? -ESPIPE : -ENODEV;
    }
    if (length == 0 || offset > ~0ull >> 1 || length > ~0ull >> 1) {
        return -EINVAL;
    }
    if (offset >= SIZE_LIMIT || length > SIZE_LIMIT - offset) {
        return -EFBIG;
    }
    mutex_lock(&inode->lock);
    error = mode & FALLOC_PUNCH_HOLE
                ? seal_check_write(inode, 0, 0)
                : seal_check_size(inode, max_u64(inode->size, offset + length));
    if (error) {
        mutex_unlock(&inode->lock);
        return error;
    }
    error = change(inode, mode, offset, offset + length);
    mutex_unlock(&inode->lock);
    return error;
}
