/* SPDX-License-Identifier: MIT */
/*
 * ext2_alloc.c - bitmaps: giving out and taking back blocks and inodes.
 *
 * Policy: a block comes as near behind its file's last one as there is a free one, else
 * from the next group with room; an inode from its directory's group, else likewise.
 * Lock: ext2->allocate_lock.
 */
#include "fs/ext2.h"
#include "lib/bitmap.h"
#include "lib/errno.h"

/* Is the block part of the file system's own structures?  Such are never given or taken. */
static bool is_structure(const struct ext2 *ext2, u32 block)
{
    const struct ext2_group *group = &ext2->group[ext2_group_of(ext2, block)];

    return block == group->block_bitmap || block == group->inode_bitmap ||
           (block >= group->inode_table && block - group->inode_table < ext2->table_blocks);
}

/* --- blocks ------------------------------------------------------------------------------ */

/* A free bit of the group's bitmap at or after `from`, taken.  => bits if there is none */
static int take_block(struct ext2 *ext2, u32 index, u32 from, u32 *bit)
{
    struct ext2_group *group = &ext2->group[index];
    int error = 0;
    struct frame *frame = ext2_block(ext2, group->block_bitmap, &error);
    u64 *map;
    u64 found;

    if (!frame) {
        return error;
    }
    map = frame_to_virt(frame);
    found = bitmap_next_clear(map, group->blocks, from);
    while (found < group->blocks && /* a damaged bitmap; just freed */
           (is_structure(ext2, ext2_group_start(ext2, index) + (u32)found) ||
            ext2_is_held(ext2, index, EXT2_HELD_BLOCKS, (u32)found))) {
        found = bitmap_next_clear(map, group->blocks, found + 1);
    }
    if (found < group->blocks) {
        bitmap_set(map, found);
        ext2_block_changed(ext2, frame);
    }
    cache_put(frame);
    *bit = (u32)found;
    return 0;
}

/* Count a block as used (-1) or free (+1).  => allocate_lock is held */
static void count_block(struct ext2 *ext2, u32 index, int change)
{
    struct ext2_group_descriptor *descriptor = ext2_descriptor(ext2, index);
    struct ext2_super_block *super = ext2_super_block(ext2);

    if (change > 0 || descriptor->free_blocks > 0) {
        descriptor->free_blocks = (u16)(descriptor->free_blocks + change);
    }
    if (change > 0 || super->free_blocks > 0) {
        super->free_blocks = super->free_blocks + (u32)change;
    }
    ext2_descriptor_changed(ext2, index);
    ext2_super_changed(ext2);
}

/* => 0 with *block, -ENOSPC, -EIO; allocate_lock is held */
static int search_groups(struct ext2 *ext2, u32 goal, u32 *block)
{
    u32 first = ext2_group_of(ext2, goal);
    u32 from = goal - ext2_group_start(ext2, first);

    for (u32 i = 0; i <= ext2->group_count; i++) {
        u32 index = (first + i) % ext2->group_count;
        struct ext2_group *group = &ext2->group[index];
        u32 start = i == 0 ? from : group->full_hint;
        u32 bit = 0;
        int error;

        if (start < group->full_hint) {
            start = group->full_hint;
        }
        if (start >= group->blocks) {
            continue;
        }
        error = take_block(ext2, index, start, &bit);
        if (error) {
            return error;
        }
        if (start == group->full_hint) {
            group->full_hint = bit < group->blocks ? bit + 1 : bit;
        }
        if (bit < group->blocks) {
            count_block(ext2, index, -1);
            *block = ext2_group_start(ext2, index) + bit;
            return 0;
        }
    }
    return -ENOSPC;
}

int ext2_allocate_block(struct ext2 *ext2, u32 goal, u32 *block)
{
    int error = ext2_begin_change(ext2);

    if (error) {
        return error;
    }
    if (goal < ext2->first_block || goal >= ext2->block_count) {
        goal = ext2->first_block;
    }
    do {
        mutex_lock(&ext2->allocate_lock);
        error = search_groups(ext2, goal, block);
        mutex_unlock(&ext2->allocate_lock);
    } while (error == -ENOSPC && ext2_free_held(ext2));
    if (!error && !ext2_block_is_valid(ext2, *block)) {
        error = ext2_corrupt(ext2, "the bitmap has a free block that cannot be", *block);
    }
    return error;
}

int ext2_free_block(struct ext2 *ext2, u32 block)
{
    struct frame *frame;
    u32 index, bit;
    int error = 0;

    if (!ext2_block_is_valid(ext2, block) || is_structure(ext2, block)) {
        return ext2_corrupt(ext2, "a file has a block that cannot be its", block);
    }
    index = ext2_group_of(ext2, block);
    bit = block - ext2_group_start(ext2, index);
    mutex_lock(&ext2->allocate_lock);
    frame = ext2_block(ext2, ext2->group[index].block_bitmap, &error);
    if (frame) {
        u64 *map = frame_to_virt(frame);

        if (!bitmap_test(map, bit)) {
            error = ext2_corrupt(ext2, "a block is freed twice", block);
        } else {
            bitmap_clear(map, bit);
            ext2_block_changed(ext2, frame);
            count_block(ext2, index, 1);
            ext2_hold(ext2, index, EXT2_HELD_BLOCKS, bit);
            if (bit < ext2->group[index].full_hint) {
                ext2->group[index].full_hint = bit;
            }
        }
        cache_put(frame);
    }
    mutex_unlock(&ext2->allocate_lock);
    return error;
}

/* --- inodes ------------------------------------------------------------------------------ */

/* Count an inode as used (-1) or free (+1).  => allocate_lock is held */
static void count_inode(struct ext2 *ext2, u32 index, bool directory, int change)
{
    struct ext2_group_descriptor *descriptor = ext2_descriptor(ext2, index);
    struct ext2_super_block *super = ext2_super_block(ext2);

    if (change > 0 || descriptor->free_inodes > 0) {
        descriptor->free_inodes = (u16)(descriptor->free_inodes + change);
    }
    if (change > 0 || super->free_inodes > 0) {
        super->free_inodes = super->free_inodes + (u32)change;
    }
    if (directory && (change < 0 || descriptor->used_directories > 0)) {
        descriptor->used_directories = (u16)(descriptor->used_directories - change);
    }
    ext2_descriptor_changed(ext2, index);
    ext2_super_changed(ext2);
}

/* => 0 with *number, -ENOSPC, -EIO; allocate_lock is held */
static int search_inodes(struct ext2 *ext2, u32 first_group, u32 *number)
{
    for (u32 i = 0; i < ext2->group_count; i++) {
        u32 index = (first_group + i) % ext2->group_count;
        u32 reserved = index == 0 ? ext2->first_inode - 1 : 0;
        int error = 0;
        struct frame *frame = ext2_block(ext2, ext2->group[index].inode_bitmap, &error);
        u64 *map;
        u64 bit;

        if (!frame) {
            return error;
        }
        map = frame_to_virt(frame);
        bit = bitmap_next_clear(map, ext2->inodes_per_group, reserved);
        while (bit < ext2->inodes_per_group &&
               ext2_is_held(ext2, index, EXT2_HELD_INODES, (u32)bit)) {
            bit = bitmap_next_clear(map, ext2->inodes_per_group, bit + 1);
        }
        if (bit < ext2->inodes_per_group) {
            bitmap_set(map, bit);
            ext2_block_changed(ext2, frame);
            cache_put(frame);
            *number = index * ext2->inodes_per_group + (u32)bit + 1;
            return 0;
        }
        cache_put(frame);
    }
    return -ENOSPC;
}

int ext2_allocate_inode(struct ext2 *ext2, u64 parent, bool directory, u32 *number)
{
    int error = ext2_begin_change(ext2);

    if (error) {
        return error;
    }
    do {
        mutex_lock(&ext2->allocate_lock);
        error = search_inodes(ext2, (u32)(parent - 1) / ext2->inodes_per_group, number);
        if (!error) {
            count_inode(ext2, (*number - 1) / ext2->inodes_per_group, directory, -1);
        }
        mutex_unlock(&ext2->allocate_lock);
    } while (error == -ENOSPC && ext2_free_held(ext2));
    return error;
}

int ext2_free_inode(struct ext2 *ext2, u32 number, bool directory)
{
    u32 index = (number - 1) / ext2->inodes_per_group;
    u32 bit = (number - 1) % ext2->inodes_per_group;
    struct frame *frame;
    int error = 0;

    mutex_lock(&ext2->allocate_lock);
    frame = ext2_block(ext2, ext2->group[index].inode_bitmap, &error);
    if (frame) {
        u64 *map = frame_to_virt(frame);

        if (!bitmap_test(map, bit)) {
            error = ext2_corrupt(ext2, "an inode is freed twice", number);
        } else {
            bitmap_clear(map, bit);
            ext2_block_changed(ext2, frame);
            count_inode(ext2, index, directory, 1);
            ext2_hold(ext2, index, EXT2_HELD_INODES, bit);
        }
        cache_put(frame);
    }
    mutex_unlock(&ext2->allocate_lock);
    return error;
}
