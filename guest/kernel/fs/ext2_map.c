/* SPDX-License-Identifier: MIT */
/*
 * ext2_map.c - from a block of a file to a block of the disk.
 *
 *     block[0..11]  -> data
 *     block[12]     -> 1024 pointers -> data
 *     block[13]     -> 1024 pointers -> 1024 pointers -> data
 *     block[14]     -> ... one level more        (256 or 512 pointers in blocks of 1 or 2 KiB)
 *
 * A pointer of 0 is a hole: reads as zeros, takes no room.
 * Locks: see ext2.h.  Freeing goes depth first and stops at the first inconsistency, so
 * that pointers that form a loop cannot keep it busy for ever: their block is found
 * free already.
 */
#include "fs/ext2.h"
#include "lib/errno.h"

#define LEVELS 3u

/* The way to a block: which of block[] and which pointer at each level below. */
struct way {
    u32 root;  /* index into block[] */
    u32 depth; /* indirect blocks on the way, 0..3 */
    u32 pointer[LEVELS];
};

/* => false if no file is that long */
static bool find_way(const struct ext2 *ext2, u64 index, struct way *way)
{
    u32 bits = ext2->pointer_bits;
    u64 span = 1;

    if (index < EXT2_DIRECT) {
        *way = (struct way){.root = (u32)index};
        return true;
    }
    index -= EXT2_DIRECT;
    for (u32 depth = 1; depth <= LEVELS; depth++) {
        span <<= bits;
        if (index < span) {
            way->root = EXT2_DIRECT + depth - 1;
            way->depth = depth;
            for (u32 i = depth; i-- > 0;) {
                way->pointer[i] = (u32)(index & ((1u << bits) - 1));
                index >>= bits;
            }
            return true;
        }
        index -= span;
    }
    return false;
}

u64 ext2_size_limit(const struct ext2 *ext2)
{
    u64 blocks = EXT2_DIRECT;

    for (u32 depth = 1; depth <= LEVELS; depth++) {
        blocks += 1ull << depth * ext2->pointer_bits;
    }
    return blocks << ext2->block_bits;
}

int ext2_map(struct inode *inode, u64 index, u32 *block)
{
    struct ext2 *ext2 = ext2_of(inode);
    struct way way;
    u32 at;

    *block = 0;
    if (!find_way(ext2, index, &way)) {
        return 0;
    }
    at = __atomic_load_n(&ext2_inode_of(inode)->block[way.root], __ATOMIC_ACQUIRE);
    for (u32 level = 0; level < way.depth && at != 0; level++) {
        int error = 0;
        struct frame *frame = ext2_block(ext2, at, &error);

        if (!frame) {
            return error;
        }
        at = __atomic_load_n(&((u32 *)frame_to_virt(frame))[way.pointer[level]], __ATOMIC_ACQUIRE);
        cache_put(frame);
    }
    if (at != 0 && !ext2_block_is_valid(ext2, at)) {
        return ext2_corrupt(ext2, "a file has a block out of range", at);
    }
    *block = at;
    return 0;
}

/*
 * Make sure that a pointer leads to a block.
 * => 0; map_lock is held; `holder` is the indirect block with the pointer, NULL = the inode
 */
static int fill_pointer(struct inode *inode, u32 *pointer, struct frame *holder, bool indirect,
                        bool *fresh)
{
    struct ext2 *ext2 = ext2_of(inode);
    struct ext2_inode *own = ext2_inode_of(inode);
    u32 block;
    int error;

    *fresh = false;
    if (*pointer != 0) {
        return 0;
    }
    error = ext2_allocate_block(ext2, own->goal, &block);
    if (error) {
        return error;
    }
    if (indirect) {
        struct frame *frame = ext2_block_new(ext2, block, &error);

        if (!frame) {
            ext2_free_block(ext2, block);
            return error;
        }
        cache_put(frame);
    }
    own->goal = block + 1;
    inode->blocks += ext2->sectors_per_block;
    __atomic_store_n(pointer, block, __ATOMIC_RELEASE);
    if (holder) {
        ext2_block_changed(ext2, holder);
    }
    *fresh = true;
    return 0;
}

/* => map_lock is held */
static int fill_way(struct inode *inode, const struct way *way, u32 *block, bool *fresh)
{
    struct ext2 *ext2 = ext2_of(inode);
    u32 *pointer = &ext2_inode_of(inode)->block[way->root];
    struct frame *holder = NULL;
    int error = fill_pointer(inode, pointer, NULL, way->depth > 0, fresh);

    for (u32 level = 0; !error && level < way->depth; level++) {
        struct frame *next = ext2_block(ext2, *pointer, &error);

        if (holder) {
            cache_put(holder);
        }
        holder = next;
        if (!next) {
            break;
        }
        pointer = &((u32 *)frame_to_virt(next))[way->pointer[level]];
        error = fill_pointer(inode, pointer, next, level + 1 < way->depth, fresh);
    }
    if (!error) {
        *block = *pointer;
    }
    if (holder) {
        cache_put(holder);
    }
    if (!error && !ext2_block_is_valid(ext2, *block)) {
        error = ext2_corrupt(ext2, "a file has a block out of range", *block);
    }
    return error;
}

int ext2_map_allocate(struct inode *inode, u64 index, u32 *block, bool *fresh)
{
    struct ext2_inode *own = ext2_inode_of(inode);
    struct way way;
    int error;

    if (!find_way(ext2_of(inode), index, &way)) {
        return -EFBIG;
    }
    mutex_lock(&own->map_lock);
    error = fill_way(inode, &way, block, fresh);
    mutex_unlock(&own->map_lock);
    if (!error && *fresh && !S_ISDIR(inode->mode)) {
        ext2_note_fresh_data(inode);
    }
    return error;
}

/* --- freeing ----------------------------------------------------------------------------- */

/* => 0 or -EIO; map_lock is held */
static int free_one(struct inode *inode, u32 *pointer, bool metadata)
{
    struct ext2 *ext2 = ext2_of(inode);
    u32 block = *pointer;
    int error;

    *pointer = 0;
    if (inode->blocks >= ext2->sectors_per_block) {
        inode->blocks -= ext2->sectors_per_block;
    }
    if (metadata) {
        ext2_block_forget(ext2, block); /* it must not be written over its next owner */
    }
    error = ext2_free_block(ext2, block);
    return error;
}

/*
 * Free what hangs on a pointer from its block `first` on; with first == 0 the block itself too.
 * => 0 or -EIO; map_lock is held; recursion is `depth` <= 3 deep
 */
static int free_tree(struct inode *inode, u32 *pointer, u32 depth, u64 first)
{
    struct ext2 *ext2 = ext2_of(inode);
    u64 span; /* blocks of the file below one pointer of this block */
    struct frame *frame;
    u32 *pointers;
    int error = 0;

    if (*pointer == 0) {
        return 0;
    }
    if (depth == 0) {
        return free_one(inode, pointer, S_ISDIR(inode->mode));
    }
    span = 1ull << (depth - 1) * ext2->pointer_bits;
    frame = ext2_block(ext2, *pointer, &error);
    if (!frame) {
        return error;
    }
    pointers = frame_to_virt(frame);
    for (u64 i = first / span; !error && i < 1u << ext2->pointer_bits; i++) {
        u64 within = i == first / span ? first % span : 0;

        error = free_tree(inode, &pointers[i], depth - 1, within);
    }
    ext2_block_changed(ext2, frame);
    cache_put(frame);
    return error || first > 0 ? error : free_one(inode, pointer, true);
}

int ext2_free_from(struct inode *inode, u64 first)
{
    struct ext2_inode *own = ext2_inode_of(inode);
    struct ext2 *ext2 = ext2_of(inode);
    u64 start = 0, span = 1; /* blocks before and below block[i] */
    int error = ext2_begin_change(ext2);

    mutex_lock(&own->map_lock);
    for (u32 i = 0; !error && i < EXT2_DIRECT + LEVELS; i++) {
        u32 depth = i < EXT2_DIRECT ? 0 : i - EXT2_DIRECT + 1;

        if (depth > 0) {
            span <<= ext2->pointer_bits;
        }
        if (first < start + span) {
            error = free_tree(inode, &own->block[i], depth, first > start ? first - start : 0);
        }
        start += span;
    }
    own->goal = 0;
    mutex_unlock(&own->map_lock);
    return error;
}

/* --- holes ------------------------------------------------------------------------------- */

/* The first block of the file below block[root], and how many are below it. */
static u64 root_start(const struct ext2 *ext2, u32 root, u64 *span)
{
    u64 start = root < EXT2_DIRECT ? root : EXT2_DIRECT;

    *span = 1;
    for (u32 i = EXT2_DIRECT; i <= root; i++) {
        *span <<= ext2->pointer_bits;
        start += i < root ? *span : 0;
    }
    return start;
}

/*
 * The pointer to block `index` of the file, in `*holder` (referenced) or, NULL, in the inode.
 * => NULL: a pointer on the way is 0 (or *error); *span blocks from a multiple of it lack a place
 */
static u32 *find_pointer(struct inode *inode, const struct way *way, struct frame **holder,
                         u64 *span, int *error)
{
    struct ext2 *ext2 = ext2_of(inode);
    u32 *pointer = &ext2_inode_of(inode)->block[way->root];

    *holder = NULL;
    for (u32 level = 0; level < way->depth; level++) {
        struct frame *next = *pointer ? ext2_block(ext2, *pointer, error) : NULL;

        if (*holder) {
            cache_put(*holder);
        }
        *holder = next;
        if (!next) {
            return NULL;
        }
        *span >>= ext2->pointer_bits;
        pointer = &((u32 *)frame_to_virt(next))[way->pointer[level]];
    }
    return pointer;
}

/* The block behind those that lack a place together with `index`. */
static u64 behind(u64 index, u64 start, u64 span)
{
    return start + ((index - start) / span + 1) * span;
}

int ext2_punch(struct inode *inode, u64 first, u64 end)
{
    struct ext2 *ext2 = ext2_of(inode);
    struct ext2_inode *own = ext2_inode_of(inode);
    int error = ext2_begin_change(ext2);
    u64 index = first << ext2->page_bits;
    struct way way;

    end <<= ext2->page_bits;
    mutex_lock(&own->map_lock);
    while (!error && index < end && find_way(ext2, index, &way)) {
        struct frame *holder;
        u64 span, start = root_start(ext2, way.root, &span);
        u32 *pointer = find_pointer(inode, &way, &holder, &span, &error);

        if (pointer && *pointer != 0) { /* indirect blocks stay, perhaps empty */
            error = free_one(inode, pointer, false);
            if (holder) {
                ext2_block_changed(ext2, holder);
            }
        }
        index = pointer ? index + 1 : behind(index, start, span);
        if (holder) {
            cache_put(holder);
        }
    }
    mutex_unlock(&own->map_lock);
    return error ? error : ext2_store_inode(inode);
}

u64 ext2_next_data(struct inode *inode, u64 index)
{
    const struct ext2 *ext2 = ext2_of(inode);
    struct way way;
    int error = 0;

    index <<= ext2->page_bits;
    while (index < inode_pages(inode) << ext2->page_bits && find_way(ext2, index, &way)) {
        struct frame *holder;
        u64 span, start = root_start(ext2, way.root, &span);
        u32 *pointer = find_pointer(inode, &way, &holder, &span, &error);
        bool found = pointer && *pointer != 0;

        if (holder) {
            cache_put(holder);
        }
        if (found || error) {
            return index >> ext2->page_bits; /* a broken one is told when it is read */
        }
        index = behind(index, start, span);
    }
    return ~0ull;
}
