/* SPDX-License-Identifier: MIT */
/*
 * ext2_commit.c - in which order changes reach the disk, so that a power cut costs no more than
 * e2fsck can repair.
 *
 * There is no journal.  Blocks of metadata are written in any order, and the disk may lose a part
 * of what was not flushed.  What keeps that harmless:
 *
 *     1. what is new - data in blocks just given out, new indirect blocks, new blocks of
 *        directories - is written and flushed before anything can point to it: no pointer on
 *        the disk ever leads to what somebody else left in a block;
 *     2. a block or inode that was freed is held back until the disk knows that it is free:
 *        nobody's bytes are overwritten while an old pointer may still lead to them;
 *     3. a change of a directory lies within one sector, or comes in two steps with a flush
 *        between (ext2_dirent.h, rename);
 *     4. then the rest of the metadata, and a flush.
 *
 * A commit is these steps in order.  fsync, msync(MS_SYNC), O_SYNC, sync and the periodic
 * write-back each do one.  Two processes may still meet in the middle of one: what the second
 * changes between steps 1 and 4 may be written without its order; that endangers nothing that was
 * synced.
 * Locks: commit_lock (sleeping, one commit at a time) -> allocate_lock for what is held back.
 */
#include "fs/ext2.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "mm/kalloc.h"
#include "mm/writeback.h"

/* --- what is new ------------------------------------------------------------------------- */

void ext2_note_fresh_data(struct inode *inode)
{
    struct ext2 *ext2 = ext2_of(inode);
    struct ext2_inode *own = ext2_inode_of(inode);

    spin_lock(&ext2->fresh_lock);
    if (list_empty(&own->fresh_link)) {
        list_push_back(&ext2->fresh_files, &own->fresh_link);
    }
    spin_unlock(&ext2->fresh_lock);
}

void ext2_forget_fresh_data(struct inode *inode)
{
    struct ext2 *ext2 = ext2_of(inode);

    spin_lock(&ext2->fresh_lock);
    list_remove(&ext2_inode_of(inode)->fresh_link);
    spin_unlock(&ext2->fresh_lock);
}

/* => the number of a file with data in new blocks, taken from the list; 0 = none */
static u64 take_fresh_file(struct ext2 *ext2)
{
    u64 number = 0;

    spin_lock(&ext2->fresh_lock);
    if (!list_empty(&ext2->fresh_files)) {
        struct ext2_inode *own = list_first(&ext2->fresh_files, struct ext2_inode, fresh_link);

        number = own->inode.number;
        list_remove(&own->fresh_link);
    }
    spin_unlock(&ext2->fresh_lock);
    return number;
}

/* Write the new blocks of metadata; no flush.  => true if there were any */
static bool write_fresh_blocks(struct ext2 *ext2, int *error)
{
    u32 blocks[EXT2_FRESH_BLOCKS];
    u32 count;

    spin_lock(&ext2->fresh_lock);
    count = ext2->fresh_count;
    for (u32 i = 0; i < count; i++) {
        blocks[i] = ext2->fresh_blocks[i];
    }
    ext2->fresh_count = 0;
    spin_unlock(&ext2->fresh_lock);
    for (u32 i = 0; i < count; i++) {
        int failed = ext2_block_write(ext2, blocks[i]);

        *error = *error ? *error : failed;
    }
    return count > 0;
}

void ext2_note_fresh_block(struct ext2 *ext2, u32 block)
{
    int error = 0;

    for (;;) {
        bool noted = false;

        spin_lock(&ext2->fresh_lock);
        if (ext2->fresh_count < EXT2_FRESH_BLOCKS) {
            ext2->fresh_blocks[ext2->fresh_count++] = block;
            noted = true;
        }
        spin_unlock(&ext2->fresh_lock);
        if (noted) {
            return;
        }
        write_fresh_blocks(ext2, &error); /* an error comes again with the commit */
        ext2->fresh_unflushed = true;
    }
}

int ext2_write_fresh(struct ext2 *ext2)
{
    bool wrote = ext2->fresh_unflushed;
    int error = 0;
    u64 number;

    ext2->fresh_unflushed = false;
    while ((number = take_fresh_file(ext2)) != 0) {
        struct inode *inode = inode_find(ext2->fs, number);

        wrote = true;
        if (inode) { /* a failure is the file's, whose fsync tells it */
            cache_write_back(inode, 0, ~0ull, WRITEBACK_SYNC);
            inode_put(inode);
        }
    }
    wrote |= write_fresh_blocks(ext2, &error);
    if (wrote) {
        int failed = block_flush(ext2->disk);

        error = error ? error : failed;
    }
    return error;
}

/* --- what was freed ---------------------------------------------------------------------- */

bool ext2_is_held(const struct ext2 *ext2, u32 group, enum ext2_held_kind kind, u32 bit)
{
    for (u32 turn = 0; turn < 2; turn++) {
        const struct ext2_held *held = &ext2->group[group].held[kind][turn];

        if (held->bits && bitmap_test(held->bits, bit)) {
            return true;
        }
    }
    return false;
}

void ext2_hold(struct ext2 *ext2, u32 group, enum ext2_held_kind kind, u32 bit)
{
    struct ext2_held *held = &ext2->group[group].held[kind][ext2->held_turn];

    if (!held->bits) {
        held->bits = page_alloc();
        held->first = bit;
    }
    if (held->bits) { /* without memory for it the block may be given out at once */
        bitmap_set(held->bits, bit);
        held->first = bit < held->first ? bit : held->first;
        ext2->held_any = true;
    }
}

/* What was freed before the commit began is free now.  => allocate_lock is held */
static void release(struct ext2 *ext2, u32 turn)
{
    for (u32 i = 0; i < ext2->group_count; i++) {
        struct ext2_group *group = &ext2->group[i];
        struct ext2_held *blocks = &group->held[EXT2_HELD_BLOCKS][turn];

        if (blocks->bits && blocks->first < group->full_hint) {
            group->full_hint = blocks->first;
        }
        for (u32 kind = 0; kind < EXT2_HELD_KINDS; kind++) {
            page_free(group->held[kind][turn].bits);
            group->held[kind][turn].bits = NULL;
        }
    }
}

void ext2_release_all(struct ext2 *ext2)
{
    release(ext2, 0);
    release(ext2, 1);
}

/* --- the commit -------------------------------------------------------------------------- */

/* Step 4.  => commit_lock is held */
static int write_rest(struct ext2 *ext2, enum writeback_reason reason)
{
    bool any;
    u32 turn;
    int error, failed;

    mutex_lock(&ext2->allocate_lock);
    any = ext2->held_any;
    turn = ext2->held_turn;
    if (any) {
        ext2->held_turn = 1 - turn; /* what is freed from here on waits for the next commit */
        ext2->held_any = false;
    }
    mutex_unlock(&ext2->allocate_lock);
    error = cache_write_back(ext2->metadata, 0, ~0ull, reason);
    failed = block_flush(ext2->disk);
    error = error ? error : failed;
    if (any) { /* after an error too: the file system would run full of what is free */
        mutex_lock(&ext2->allocate_lock);
        release(ext2, turn);
        mutex_unlock(&ext2->allocate_lock);
    }
    return error;
}

int ext2_write_metadata(struct ext2 *ext2, enum writeback_reason reason)
{
    int error, failed;

    mutex_lock(&ext2->commit_lock);
    error = ext2_write_fresh(ext2);
    failed = write_rest(ext2, reason);
    mutex_unlock(&ext2->commit_lock);
    return error ? error : failed;
}

bool ext2_free_held(struct ext2 *ext2)
{
    bool any;

    mutex_lock(&ext2->commit_lock);
    any = ext2->held_any;
    if (any) { /* without step 1: the caller may hold pages that it would have to wait for */
        write_rest(ext2, WRITEBACK_SYNC);
    }
    mutex_unlock(&ext2->commit_lock);
    return any;
}

/* Somebody else is about to write pages of metadata: the flusher. */
int ext2_before_metadata(struct block_device *disk)
{
    struct filesystem *fs = disk->mounted;

    return ext2_write_fresh(fs->private);
}
