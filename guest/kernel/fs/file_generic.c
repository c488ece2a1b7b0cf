/* SPDX-License-Identifier: MIT */
/*
 * file_generic.c - reading and writing files through the page cache.
 *
 * A read copies out of cached pages and takes no lock: it may see a concurrent write half
 * done.  A write holds inode->lock from start to end, so that writes, and appends above
 * all, do not mix.  It copies from user memory while it holds that lock and a
 * reference to the page, but the page is not BUSY: a user page that is a mapping of the very
 * page being written can be faulted in.
 */
#include "dev/block.h"
#include "fs/file.h"
#include "fs/seal.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "abi/termios.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "mm/writeback.h"

/* How far into the file bytes may go. */
#define SIZE_LIMIT (1ull << 62)

/* A page of an object without a disk that nobody has written yet. */
static bool is_hole(struct inode *inode, u64 index)
{
    u64 swapped = 0;
    struct frame *frame;

    if (!(inode->flags & INODE_SHM)) {
        return false;
    }
    frame = cache_peek(inode, index, &swapped);
    if (frame) {
        frame_put(frame);
    }
    return !frame && swapped == 0;
}

/* The page, with more read ahead if it is not there yet.  Reading costs no memory for holes. */
static struct frame *page_to_read(struct inode *inode, u64 index, int *error)
{
    if (is_hole(inode, index)) {
        return frame_get(frame_zero);
    }
    return cache_is_resident(inode, index) ? cache_get(inode, index, error)
                                           : cache_get_ahead(inode, index, error);
}

static ssize_t generic_read(struct inode *inode, u64 user, size_t size, u64 *offset)
{
    size_t done = 0;
    int error = 0;

    while (done < size && *offset < inode->size) {
        u64 within = *offset & PAGE_MASK;
        size_t chunk = min_u64(min_u64(PAGE_SIZE - within, size - done), inode->size - *offset);
        struct frame *frame = page_to_read(inode, *offset >> PAGE_SHIFT, &error);
        size_t left;

        if (!frame) {
            break;
        }
        left = copy_to_user_partial(user + done, (u8 *)frame_to_virt(frame) + within, chunk);
        cache_put(frame);
        interrupts_breathe();
        done += chunk - left;
        *offset += chunk - left;
        if (left) {
            error = -EFAULT;
            break;
        }
    }
    return done > 0 ? (ssize_t)done : error;
}

static ssize_t regular_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    return generic_read(file->inode, user, size, offset);
}

ssize_t inode_read_kernel(struct inode *inode, void *buffer, size_t size, u64 offset)
{
    size_t done = 0;
    int error = 0;

    while (done < size && offset < inode->size) {
        u64 within = offset & PAGE_MASK;
        size_t chunk = min_u64(min_u64(PAGE_SIZE - within, size - done), inode->size - offset);
        struct frame *frame = is_hole(inode, offset >> PAGE_SHIFT)
                                  ? frame_get(frame_zero)
                                  : cache_get(inode, offset >> PAGE_SHIFT, &error);

        if (!frame) {
            return error;
        }
        memcpy((u8 *)buffer + done, (u8 *)frame_to_virt(frame) + within, chunk);
        cache_put(frame);
        done += chunk;
        offset += chunk;
    }
    return (ssize_t)done;
}

int inode_clear_tail(struct inode *inode, u64 new_size)
{
    u64 index = inode->size >> PAGE_SHIFT, within = inode->size & PAGE_MASK;
    struct frame *frame = within ? cache_find(inode, index) : NULL;
    int error = 0;

    if (frame) {
        memset((u8 *)frame_to_virt(frame) + within, 0, PAGE_SIZE - within);
        /* It may be dirty, or mapped for writing: then all of it must have a place. */
        if (inode->flags & INODE_PARTS) {
            u64 end = new_size - (index << PAGE_SHIFT);

            frame_wait_clear(frame, FRAME_BUSY); /* being read: a hole would show its new place */
            cache_extend_begin(inode, new_size); /* write-back goes that far from here on */
            error = inode->ops->prepare_write(inode, index, (u32)min_u64(end, PAGE_SIZE));
            cache_mark_dirty(inode, frame);
            if (error) {
                inode->ops->truncate(inode, inode->size);
            }
        }
        cache_put(frame);
    }
    return error;
}

/* Where the bytes of a write come from. */
struct source {
    u64 user;
    const u8 *kernel; /* not NULL: from here instead */
};

/* Copy `size` bytes that are `done` bytes into the source.  => bytes not copied */
static size_t take(const struct source *from, size_t done, void *to, size_t size)
{
    if (from->kernel) {
        memcpy(to, from->kernel + done, size);
        return 0;
    }
    return copy_from_user_partial(to, from->user + done, size);
}

/*
 * Write within one page.  The page comes first and its place on the disk second: read after
 * it has got one, a hole would show what the disk had there before.
 * => bytes written (fewer than asked: the user buffer ended) or -errno; inode->lock is held
 */
static ssize_t write_in_page(struct inode *inode, const struct source *from, size_t done,
                             size_t size, u64 offset)
{
    u64 index = offset >> PAGE_SHIFT;
    struct frame *frame;
    bool extends;
    size_t left;
    int error = 0;

    /* Behind the end nothing needs reading; elsewhere the rest of the page stays. */
    frame = index >= inode_pages(inode) && !(inode->flags & INODE_SHM)
                ? cache_get_overwrite(inode, index, &error)
                : cache_get(inode, index, &error);
    if (!frame) {
        return error;
    }
    if (inode->ops->prepare_write) {
        error = inode->ops->prepare_write(inode, index, (u32)((offset & PAGE_MASK) + size));
    }
    if (error) {
        cache_put(frame);
        return error;
    }
    extends = offset + size > inode->size;
    if (extends) {
        cache_extend_begin(inode, offset + size);
    }
    left = take(from, done, (u8 *)frame_to_virt(frame) + (offset & PAGE_MASK), size);
    if (extends) {
        cache_extend_end(inode,
                         left < size ? max_u64(inode->size, offset + size - left) : inode->size);
    }
    cache_mark_dirty(inode, frame); /* even if nothing was copied: its new place must be filled */
    cache_put(frame);
    return left == size ? -EFAULT : (ssize_t)(size - left);
}

/* => bytes or -errno; inode->lock is held */
static ssize_t generic_write(struct inode *inode, const struct source *from, size_t size,
                             u64 *offset)
{
    size_t done = 0;
    ssize_t moved = 0;

    if (*offset >= SIZE_LIMIT || size > SIZE_LIMIT - *offset) {
        return -EFBIG;
    }
    moved = seal_check_write(inode, *offset, size);
    if (moved < 0) {
        return moved;
    }
    if (size > 0 && *offset > inode->size) {
        moved = inode_clear_tail(inode, *offset);
        if (moved < 0) {
            return moved;
        }
    }
    while (done < size) {
        size_t chunk = min_u64(PAGE_SIZE - (*offset & PAGE_MASK), size - done);

        moved = write_in_page(inode, from, done, chunk, *offset);
        if (moved < 0) {
            if (inode->ops->truncate && *offset >= inode->size) {
                inode->ops->truncate(inode, inode->size); /* give back what was prepared */
            }
            break;
        }
        interrupts_breathe();
        if (!(inode->flags & INODE_SHM)) {
            writeback_pace();
        }
        done += (size_t)moved;
        *offset += (u64)moved;
        if ((size_t)moved < chunk) {
            break;
        }
    }
    if (done > 0) {
        int error = 0;

        inode_touch(inode, TOUCH_MODIFY | TOUCH_CHANGE);
        inode->mode &= ~(S_ISUID | (inode->mode & 0010 ? S_ISGID : 0));
        if (inode->ops->setattr) {
            error = inode->ops->setattr(inode);
        }
        return error ? error : (ssize_t)done;
    }
    return moved;
}

ssize_t inode_write_kernel(struct inode *inode, const void *bytes, size_t size, u64 offset)
{
    struct source from = {.kernel = bytes};
    ssize_t done;

    mutex_lock(&inode->lock);
    done = generic_write(inode, &from, size, &offset);
    mutex_unlock(&inode->lock);
    return done;
}

static int regular_fsync(struct file *file, bool datasync)
{
    struct inode *inode = file->inode;
    int error = 0;

    if (!(inode->flags & INODE_SHM)) {
        cache_write_back(inode, 0, ~0ull, WRITEBACK_FSYNC);
        error = cache_error_since(inode, &file->errors_seen);
    }
    if (inode->ops->sync) {
        int failed = inode->ops->sync(inode, datasync);

        error = error ? error : failed;
    }
    return error;
}

static ssize_t regular_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct source from = {.user = user};
    struct inode *inode = file->inode;
    ssize_t done;
    int error;

    mutex_lock(&inode->lock);
    if (file->flags & O_APPEND) {
        *offset = inode->size;
    }
    done = generic_write(inode, &from, size, offset);
    mutex_unlock(&inode->lock);
    if (done > 0 && (file->flags & O_DSYNC)) {
        error = regular_fsync(file, (file->flags & O_SYNC) != O_SYNC);
        return error ? error : done;
    }
    return done;
}

static bool is_regular(const struct file *file)
{
    return file->inode && file->ops == &file_regular_ops;
}

ssize_t file_copy(struct file *out, u64 *to, struct file *in, u64 *from, size_t size)
{
    ssize_t moved = 0;
    size_t done = 0;
    u8 *page;

    if (!file_can_read(in) || !file_can_write(out)) {
        return -EBADF;
    }
    if (!is_regular(in) || !is_regular(out)) {
        return -EINVAL; /* the caller copies by read and write then */
    }
    page = page_alloc();
    if (!page) {
        return -ENOMEM;
    }
    while (done < size) {
        struct source source = {.kernel = page};

        moved = inode_read_kernel(in->inode, page, min_u64(size - done, PAGE_SIZE), *from);
        if (moved <= 0) {
            break;
        }
        mutex_lock(&out->inode->lock);
        moved = generic_write(out->inode, &source, (size_t)moved, to);
        mutex_unlock(&out->inode->lock);
        if (moved <= 0) {
            break;
        }
        done += (size_t)moved;
        *from += (u64)moved;
    }
    page_free(page);
    return done > 0 ? (ssize_t)done : moved;
}

/* sendfile(2) between two files.  Each piece is a write of its own. */
ssize_t file_send(struct file *out, struct file *in, u64 *offset, size_t size)
{
    u64 from = offset ? *offset : in->offset, to = out->offset;
    ssize_t moved = out->flags & O_APPEND ? -EINVAL : file_copy(out, &to, in, &from, size);

    out->offset = to;
    *(offset ? offset : &in->offset) = from;
    return moved;
}

const struct file_ops file_regular_ops = {
    .read = regular_read,
    .write = regular_write,
    .fsync = regular_fsync,
};

/* --- disks as files: the same, within the disk's size, through the disk's own pages ------ */

static ssize_t disk_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct block_device *disk = file->private;

    return generic_read(&disk->inode, user, size, offset);
}

static ssize_t disk_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    struct block_device *disk = file->private;
    struct source from = {.user = user};
    ssize_t done;

    if (disk->read_only) {
        return -EPERM;
    }
    if (*offset >= disk->inode.size) {
        return size == 0 ? 0 : -ENOSPC;
    }
    mutex_lock(&disk->inode.lock);
    done = generic_write(&disk->inode, &from, min_u64(size, disk->inode.size - *offset), offset);
    mutex_unlock(&disk->inode.lock);
    return done;
}

static int disk_fsync(struct file *file, bool datasync)
{
    struct block_device *disk = file->private;
    int error, failed;

    (void)datasync;
    cache_write_back(&disk->inode, 0, ~0ull, WRITEBACK_FSYNC);
    error = cache_error_since(&disk->inode, &file->errors_seen);
    failed = block_flush(disk);
    return error ? error : failed;
}

static i64 disk_seek(struct file *file, i64 offset, u32 whence)
{
    struct block_device *disk = file->private;
    i64 base = whence == SEEK_CUR   ? (i64)file->offset
               : whence == SEEK_END ? (i64)disk->inode.size
                                    : 0;
    i64 result;

    if (whence > SEEK_END || __builtin_add_overflow(base, offset, &result) || result < 0) {
        return -EINVAL;
    }
    file->offset = (u64)result;
    return result;
}

static i64 disk_ioctl(struct file *file, u32 command, u64 argument)
{
    struct block_device *disk = file->private;

    switch (command) {
    case BLKGETSIZE64:
        return put_user_u64(argument, disk->inode.size);
    case BLKGETSIZE:
        return put_user_u64(argument, disk->sectors);
    case BLKSSZGET:
        return put_user_u32(argument, SECTOR_SIZE);
    case BLKFLSBUF:
        return disk_fsync(file, false);
    default:
        return -ENOTTY;
    }
}

const struct file_ops file_disk_ops = {
    .read = disk_read,
    .write = disk_write,
    .fsync = disk_fsync,
    .seek = disk_seek,
    .ioctl = disk_ioctl,
};
