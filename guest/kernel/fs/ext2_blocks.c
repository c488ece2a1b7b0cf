/* SPDX-License-Identifier: MIT */
/*
 * ext2_blocks.c - the cache of metadata blocks: page N of `metadata` holds block N of the disk.
 *
 * Where blocks are of 4 KiB, `metadata` is the cache of the disk itself (/dev/vda).  Blocks of 1
 * or 2 KiB get a cache of their own, an inode without a name whose pages are filled with one block
 * and no more.  That spends memory, and keeps everything else simple: each block is read, changed,
 * written, forgotten and waited for by itself, so that what ext2_commit.c says of blocks holds,
 * and a block of metadata is never written together with a neighbour that is data of a file.
 *
 * The disk's own cache then knows nothing of the changes: it is emptied when the file system is
 * mounted and when it is unmounted; reading the disk meanwhile shows what it shows.
 */
#include "abi/stat.h"
#include "fs/ext2.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/writeback.h"

static int read_block(struct inode *inode, u64 index, struct frame *frame)
{
    struct ext2 *ext2 = inode->private;

    return block_read(ext2->disk, index * ext2->sectors_per_block, frame_to_virt(frame),
                      ext2->sectors_per_block);
}

static int write_block(struct inode *inode, u64 index, struct frame *frame)
{
    struct ext2 *ext2 = inode->private;

    return block_write(ext2->disk, index * ext2->sectors_per_block, frame_to_virt(frame),
                       ext2->sectors_per_block);
}

static int write_first(struct inode *inode)
{
    return ext2_write_fresh(inode->private);
}

static void release(struct inode *inode)
{
    (void)inode;
    panic("the cache of an ext2 file system lost its last reference");
}

static const struct inode_ops block_inode_ops = {
    .read_page = read_block,
    .write_page = write_block,
    .write_first = write_first,
    .release = release,
};

/* The disk's own pages go, written if they must be. */
static void empty_disk_cache(struct block_device *disk)
{
    cache_write_back(&disk->inode, 0, ~0ull, WRITEBACK_SYNC);
    cache_drop_clean(&disk->inode);
}

int ext2_blocks_open(struct ext2 *ext2)
{
    struct inode *inode;

    if (ext2->page_bits == 0) {
        ext2->metadata = &ext2->disk->inode;
        return 0;
    }
    inode = kalloc(sizeof(*inode));
    if (!inode) {
        return -ENOMEM;
    }
    inode->mode = S_IFBLK | 0600;
    inode->number = ext2->disk->device;
    inode->rdev = (u32)ext2->disk->device;
    inode->links = 1;
    inode->size = ext2->disk->sectors / ext2->sectors_per_block << PAGE_SHIFT;
    inode->private = ext2;
    inode_setup(inode, &block_inode_ops);
    empty_disk_cache(ext2->disk);
    ext2->metadata = inode;
    return 0;
}

void ext2_blocks_close(struct ext2 *ext2)
{
    struct inode *inode = ext2->metadata;
    struct spinlock lock;
    struct wait_queue nobody;

    if (ext2->page_bits == 0) {
        return;
    }
    cache_orphan(inode); /* off the list of what is dirty, if the disk refused it */
    spin_init(&lock, "ext2 close");
    wait_init(&nobody);
    spin_lock(&lock);
    while (__atomic_load_n(&inode->refs, __ATOMIC_ACQUIRE) > 1) { /* the flusher looks at it */
        wait_sleep_timeout(&nobody, &lock, time_now_ns() + 1000000, false);
    }
    spin_unlock(&lock);
    cache_drop(inode);
    kfree(inode);
    empty_disk_cache(ext2->disk);
}

bool ext2_block_is_valid(const struct ext2 *ext2, u32 block)
{
    return block > ext2->first_block && block < ext2->block_count;
}

struct frame *ext2_block(struct ext2 *ext2, u32 block, int *error)
{
    if (!ext2_block_is_valid(ext2, block)) {
        *error = ext2_corrupt(ext2, "a block number is out of range", block);
        return NULL;
    }
    return cache_get(ext2->metadata, block, error);
}

struct frame *ext2_block_new(struct ext2 *ext2, u32 block, int *error)
{
    struct frame *frame = cache_get_overwrite(ext2->metadata, block, error);

    if (frame) {
        memset(frame_to_virt(frame), 0, ext2->block_size);
        ext2_block_changed(ext2, frame);
        ext2_note_fresh_block(ext2, block);
    }
    return frame;
}

void ext2_block_changed(struct ext2 *ext2, struct frame *frame)
{
    cache_mark_dirty(ext2->metadata, frame);
}

void ext2_block_forget(struct ext2 *ext2, u32 block)
{
    cache_forget(ext2->metadata, block);
}

int ext2_block_write(struct ext2 *ext2, u32 block)
{
    return cache_write_back(ext2->metadata, block, block, WRITEBACK_SYNC);
}
