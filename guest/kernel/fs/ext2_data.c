/* SPDX-License-Identifier: MIT */
/*
 * ext2_data.c - the bytes of ext2 files: reading and writing pages, truncation, and the targets
 * of symbolic links.
 */
#include "fs/ext2.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page.h"

/* A page of a file, block by block: as many as lie in a row on the disk (or are holes). */
struct stretch {
    u32 block;       /* the first one; 0 = a hole */
    u32 start, size; /* bytes within the page */
};

/* The stretch of page `index` that begins at byte `start`.  => 0 or -EIO */
static int find_stretch(struct inode *inode, u64 index, u32 start, u32 end, struct stretch *out)
{
    struct ext2 *ext2 = ext2_of(inode);
    u64 first = (index << ext2->page_bits) + (start >> ext2->block_bits);
    u32 next, blocks = 0;
    int error = ext2_map(inode, first, &out->block);

    out->start = start;
    do {
        blocks++;
        out->size = blocks << ext2->block_bits;
        if (error || start + out->size >= end) {
            break;
        }
        error = ext2_map(inode, first + blocks, &next);
    } while (!error && next == (out->block == 0 ? 0 : out->block + blocks));
    return error;
}

/* How many bytes of the page are in blocks that the file, as long as it is to be, needs. */
static u32 needed_bytes(const struct inode *inode, u64 index)
{
    u64 start = index << PAGE_SHIFT, end = max_u64(inode->size, inode->cache.writing_to);

    return end <= start
               ? 0
               : (u32)round_up(min_u64(end - start, PAGE_SIZE), ext2_of(inode)->block_size);
}

/* The tail of the last page of the file is zero in memory, whatever the disk holds there. */
static void clear_tail(const struct inode *inode, u64 index, u8 *bytes)
{
    u64 start = index << PAGE_SHIFT;
    u64 used = inode->size <= start ? 0 : min_u64(inode->size - start, PAGE_SIZE);

    memset(bytes + used, 0, PAGE_SIZE - used);
}

static int ext2_read_page(struct inode *inode, u64 index, struct frame *frame)
{
    struct ext2 *ext2 = ext2_of(inode);
    u8 *bytes = frame_to_virt(frame);
    u32 end = needed_bytes(inode, index);
    struct stretch stretch;
    int error = 0;

    for (u32 at = 0; !error && at < end; at += stretch.size) {
        error = find_stretch(inode, index, at, end, &stretch);
        if (error) {
            break;
        }
        if (stretch.block == 0) {
            memset(bytes + at, 0, stretch.size);
        } else {
            error = block_read(ext2->disk, (u64)stretch.block * ext2->sectors_per_block, bytes + at,
                               stretch.size / SECTOR_SIZE);
        }
    }
    clear_tail(inode, index, bytes);
    return error;
}

static bool is_zero(const u8 *bytes, u32 size)
{
    const u64 *words = (const u64 *)bytes;
    u64 any = 0;

    for (u32 i = 0; i < size / sizeof(u64); i++) {
        any |= words[i];
    }
    return any == 0;
}

static int ext2_write_page(struct inode *inode, u64 index, struct frame *frame)
{
    struct ext2 *ext2 = ext2_of(inode);
    u8 *bytes = frame_to_virt(frame);
    u32 end = needed_bytes(inode, index); /* 0: truncated meanwhile */
    struct stretch stretch;
    int error = ext2->broken && end > 0 ? -EIO : 0;

    for (u32 at = 0; !error && at < end; at += stretch.size) {
        error = find_stretch(inode, index, at, end, &stretch);
        if (error) {
            break;
        }
        if (stretch.block == 0) {
            /* Stores go by prepare_write; only zeros (a cut tail) may be dirty over a hole. */
            error = is_zero(bytes + at, stretch.size) ? 0 : -ENOSPC;
        } else {
            error = block_write(ext2->disk, (u64)stretch.block * ext2->sectors_per_block,
                                bytes + at, stretch.size / SECTOR_SIZE);
        }
    }
    return error;
}

/* Where the whole page is on the disk.  => 0 with *block (0: not whole, or not in a row) or -EIO */
static int find_whole_page(struct inode *inode, u64 index, u32 *block)
{
    struct stretch stretch;
    int error = 0;

    *block = 0;
    if (needed_bytes(inode, index) == PAGE_SIZE) {
        error = find_stretch(inode, index, 0, PAGE_SIZE, &stretch);
        *block = !error && stretch.size == PAGE_SIZE ? stretch.block : 0;
    }
    return error;
}

/*
 * Read-ahead and write-back: whole pages that are in a row on the disk go in one request.
 * => the run starts at frames[0]; *pages says how long it is
 */
static int transfer_run(struct inode *inode, enum block_operation operation, u64 first,
                        unsigned count, struct frame *const frames[], unsigned *pages)
{
    struct ext2 *ext2 = ext2_of(inode);
    struct block_request request = {.operation = operation};
    u32 start, block;
    int error = find_whole_page(inode, first, &start);

    *pages = 1;
    if (error || start == 0) {
        return error                     ? error
               : operation == BLOCK_READ ? ext2_read_page(inode, first, frames[0])
                                         : ext2_write_page(inode, first, frames[0]);
    }
    for (unsigned i = 0; i < count && i < BLOCK_SEGMENTS; i++) {
        error = find_whole_page(inode, first + i, &block);
        if (error || block != start + (i << ext2->page_bits)) {
            break;
        }
        request.segment[i] = (struct block_segment){frame_to_virt(frames[i]), PAGE_SIZE};
        request.segment_count = i + 1;
    }
    if (request.segment_count == 0) { /* truncated meanwhile */
        return operation == BLOCK_READ ? ext2_read_page(inode, first, frames[0]) : 0;
    }
    *pages = request.segment_count;
    request.sector = (u64)start * ext2->sectors_per_block;
    error = block_execute(ext2->disk, &request);
    for (unsigned i = 0; operation == BLOCK_READ && i < *pages; i++) {
        if (first + i >= inode->size >> PAGE_SHIFT) {
            clear_tail(inode, first + i, frame_to_virt(frames[i]));
        }
    }
    return error;
}

static int ext2_read_pages(struct inode *inode, u64 first, unsigned count,
                           struct frame *const frames[])
{
    int error = 0;

    while (!error && count > 0) {
        unsigned done = 1;

        if (first < inode_pages(inode)) {
            error = transfer_run(inode, BLOCK_READ, first, count, frames, &done);
        } else {
            page_zero(frame_to_virt(frames[0])); /* truncated meanwhile */
        }
        first += done;
        frames += done;
        count -= done;
    }
    return error;
}

static int ext2_write_pages(struct inode *inode, u64 first, unsigned count,
                            struct frame *const frames[])
{
    int error = 0;

    while (!error && count > 0) {
        unsigned done = 1;

        if (first < inode_pages(inode)) { /* else truncated meanwhile */
            error = ext2_of(inode)->broken
                        ? -EIO
                        : transfer_run(inode, BLOCK_WRITE, first, count, frames, &done);
        }
        first += done;
        frames += done;
        count -= done;
    }
    return error;
}

static int ext2_prepare_write(struct inode *inode, u64 index, u32 end)
{
    struct ext2 *ext2 = ext2_of(inode);
    u32 bytes = needed_bytes(inode, index), block;
    bool fresh;
    int error = ext2_begin_change(ext2);

    bytes = bytes > end ? bytes : end;
    for (u32 at = 0; !error && at < bytes; at += ext2->block_size) {
        error = ext2_map_allocate(inode, (index << ext2->page_bits) + (at >> ext2->block_bits),
                                  &block, &fresh);
    }
    if (!error) {
        inode_touch(inode, TOUCH_MODIFY | TOUCH_CHANGE);
        error = ext2_store_inode(inode);
    }
    return error;
}

/* Blocks of the last page that are about to be freed may be on their way to the disk. */
static void wait_for_tail(struct inode *inode)
{
    struct frame *frame = (inode->size & PAGE_MASK) != 0 && ext2_of(inode)->page_bits != 0
                              ? cache_find(inode, inode->size >> PAGE_SHIFT)
                              : NULL;

    if (frame) {
        frame_wait_clear(frame, FRAME_WRITEBACK);
        cache_put(frame);
    }
}

int ext2_truncate(struct inode *inode, u64 size)
{
    struct ext2 *ext2 = ext2_of(inode);
    bool shrinks = size <= inode->size;
    int error = size > ext2_size_limit(ext2) ? -EFBIG : ext2_begin_change(ext2);

    if (error) {
        return error;
    }
    cache_truncate(inode, size);
    if (shrinks) {
        wait_for_tail(inode);
        error = ext2_free_from(inode, (size + ext2->block_size - 1) >> ext2->block_bits);
    }
    return error ? error : ext2_store_inode(inode);
}

static ssize_t ext2_readlink(struct inode *inode, char *buffer, size_t size)
{
    size_t length = min_u64(inode->size, size);

    if (inode->size < EXT2_FAST_LINK_SIZE) {
        memcpy(buffer, ext2_inode_of(inode)->block, length);
        return (ssize_t)length;
    }
    return inode_read_kernel(inode, buffer, length, 0);
}

int ext2_sync_inode(struct inode *inode, bool datasync)
{
    (void)datasync;
    return ext2_write_metadata(ext2_of(inode), WRITEBACK_FSYNC);
}

const struct inode_ops ext2_file_inode_ops = {
    .read_page = ext2_read_page,
    .read_pages = ext2_read_pages,
    .write_page = ext2_write_page,
    .write_pages = ext2_write_pages,
    .prepare_write = ext2_prepare_write,
    .readlink = ext2_readlink,
    .truncate = ext2_truncate,
    .punch = ext2_punch,
    .next_data = ext2_next_data,
    .setattr = ext2_store_inode,
    .sync = ext2_sync_inode,
    .release = inode_release,
};
