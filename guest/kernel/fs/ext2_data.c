/* SPDX-License-Identifier: MIT */
/*
 * ext2_data.c - the bytes of ext2 files: reading and writing pages, truncation, and the targets
 * of symbolic links.
 */
#include "fs/ext2.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page.h"

#define SECTORS_PER_BLOCK (EXT2_BLOCK_SIZE / SECTOR_SIZE)

static int ext2_read_page(struct inode *inode, u64 index, struct frame *frame)
{
    u8 *bytes = frame_to_virt(frame);
    u32 block = 0;
    int error = 0;

    if (index < inode_pages(inode)) {
        error = ext2_map(inode, index, &block);
    }
    if (error) {
        return error;
    }
    if (block == 0) {
        page_zero(bytes);
        return 0;
    }
    error =
        block_read(ext2_of(inode)->disk, (u64)block * SECTORS_PER_BLOCK, bytes, SECTORS_PER_BLOCK);
    if (!error && index == inode->size >> PAGE_SHIFT) {
        memset(bytes + (inode->size & PAGE_MASK), 0, PAGE_SIZE - (inode->size & PAGE_MASK));
    }
    return error;
}

/*
 * Read-ahead: pages whose blocks are in a row on the disk come in one request.
 * => the run starts at frames[0]; *pages says how long it is
 */
static int read_run(struct inode *inode, u64 first, unsigned count, struct frame *const frames[],
                    unsigned *pages)
{
    struct block_request request = {.operation = BLOCK_READ};
    u32 start, block;
    int error = ext2_map(inode, first, &start);

    *pages = 1;
    if (error || start == 0) {
        return error ? error : ext2_read_page(inode, first, frames[0]);
    }
    for (unsigned i = 0; i < count && i < BLOCK_SEGMENTS; i++) {
        error = ext2_map(inode, first + i, &block);
        if (error || block != start + i) {
            break;
        }
        request.segment[i] = (struct block_segment){frame_to_virt(frames[i]), EXT2_BLOCK_SIZE};
        request.segment_count = i + 1;
    }
    *pages = request.segment_count;
    request.sector = (u64)start * SECTORS_PER_BLOCK;
    error = block_execute(ext2_of(inode)->disk, &request);
    if (!error && first + *pages > inode->size >> PAGE_SHIFT) {
        u64 last = inode->size >> PAGE_SHIFT;

        if (last >= first) {
            memset((u8 *)frame_to_virt(frames[last - first]) + (inode->size & PAGE_MASK), 0,
                   PAGE_SIZE - (inode->size & PAGE_MASK));
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
            error = read_run(inode, first, count, frames, &done);
        } else {
            page_zero(frame_to_virt(frames[0])); /* truncated meanwhile */
        }
        first += done;
        frames += done;
        count -= done;
    }
    return error;
}

static bool is_zero(const u8 *page)
{
    const u64 *words = (const u64 *)page;
    u64 any = 0;

    for (u32 i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
        any |= words[i];
    }
    return any == 0;
}

static int ext2_write_page(struct inode *inode, u64 index, struct frame *frame)
{
    struct ext2 *ext2 = ext2_of(inode);
    u8 *bytes = frame_to_virt(frame);
    u32 block;
    int error;

    if (index >= inode_pages(inode)) {
        return 0; /* truncated meanwhile */
    }
    if (ext2->broken) {
        return -EIO;
    }
    error = ext2_map(inode, index, &block);
    if (error) {
        return error;
    }
    if (block == 0) {
        /* Stores go by prepare_write; only zeros (a cut tail) may be dirty over a hole. */
        return is_zero(bytes) ? 0 : -ENOSPC;
    }
    return block_write(ext2->disk, (u64)block * SECTORS_PER_BLOCK, bytes, SECTORS_PER_BLOCK);
}

/* Write-back: pages whose blocks are in a row on the disk go in one request. */
static int write_row(struct inode *inode, u64 first, unsigned count, struct frame *const frames[],
                     unsigned *pages)
{
    struct block_request request = {.operation = BLOCK_WRITE};
    u32 start, block;
    int error = ext2_map(inode, first, &start);

    *pages = 1;
    if (error || start == 0) {
        return error ? error : ext2_write_page(inode, first, frames[0]);
    }
    for (unsigned i = 0; i < count && i < BLOCK_SEGMENTS && first + i < inode_pages(inode); i++) {
        error = ext2_map(inode, first + i, &block);
        if (error || block != start + i) {
            break;
        }
        request.segment[i] = (struct block_segment){frame_to_virt(frames[i]), EXT2_BLOCK_SIZE};
        request.segment_count = i + 1;
    }
    *pages = request.segment_count;
    request.sector = (u64)start * SECTORS_PER_BLOCK;
    return block_execute(ext2_of(inode)->disk, &request);
}

static int ext2_write_pages(struct inode *inode, u64 first, unsigned count,
                            struct frame *const frames[])
{
    int error = 0;

    while (!error && count > 0) {
        unsigned done = 1;

        if (first < inode_pages(inode)) { /* else truncated meanwhile */
            error = ext2_of(inode)->broken ? -EIO : write_row(inode, first, count, frames, &done);
        }
        first += done;
        frames += done;
        count -= done;
    }
    return error;
}

static int ext2_prepare_write(struct inode *inode, u64 index)
{
    u32 block;
    bool fresh;
    int error = ext2_begin_change(ext2_of(inode));

    if (!error) {
        error = ext2_map_allocate(inode, index, &block, &fresh);
    }
    if (!error) {
        inode_touch(inode, TOUCH_MODIFY | TOUCH_CHANGE);
        error = ext2_store_inode(inode);
    }
    return error;
}

int ext2_truncate(struct inode *inode, u64 size)
{
    bool shrinks = size <= inode->size;
    int error = size > ext2_size_limit() ? -EFBIG : ext2_begin_change(ext2_of(inode));

    if (error) {
        return error;
    }
    cache_truncate(inode, size);
    if (shrinks) {
        error = ext2_free_from(inode, inode_pages(inode));
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
