/* SPDX-License-Identifier: MIT */
/*
 * ext2_map.c - from a page of a file to a block of the disk.
 *
 *     block[0..11]  -> data
 *     block[12]     -> 1024 pointers -> data
 *     block[13]     -> 1024 pointers -> 1024 pointers -> data
 *     block[14]     -> ... one level more
 *
 * A pointer of 0 is a hole: reads as zeros, takes no room.
 * Locks: see ext2.h.  Freeing goes depth first and stops at the first inconsistency, so
 * that pointers that form a loop cannot keep it busy for ever: their block is found
 * free already.
 */
#include "fs/ext2.h"
#include "lib/errno.h"

#define SECTORS_PER_BLOCK (EXT2_BLOCK_SIZE / SECTOR_SIZE)
#define LEVELS 3u

/* The way to a page: which of block[] and which pointer at each level below. */
struct way {
    u32 root;  /* index into block[] */
    u32 depth; /* indirect blocks on the way, 0..3 */
    u32 pointer[LEVELS];
};

/* => false if no file is that long */
static bool find_way(u64 index, struct way *way)
{
    u64 span = 1;

    if (index < EXT2_DIRECT) {
        *way = (struct way){.root = (u32)index};
        return true;
    }
    index -= EXT2_DIRECT;
    for (u32 depth = 1; depth <= LEVELS; depth++) {
        span *= EXT2_POINTERS;
        if (index < span) {
            way->root = EXT2_DIRECT + depth - 1;
            way->depth = depth;
            for (u32 i = depth; i-- > 0;) {
                way->pointer[i] = (u32)(index % EXT2_POINTERS);
                index /= EXT2_POINTERS;
            }
            return true;
        }
        index -= span;
    }
    return false;
}

u64 ext2_size_limit(void)
{
    u64 pages = EXT2_DIRECT;
    u64 span = 1;

    for (u32 depth = 1; depth <= LEVELS; depth++) {
        span *= EXT2_POINTERS;
        pages += span;
    }
    return pages * EXT2_BLOCK_SIZE;
}

int ext2_map(struct inode *inode, u64 index, u32 *block)
{
    struct ext2 *ext2 = ext2_of(inode);
    struct way way;
    u32 at;

    *block = 0;
    if (!find_way(index, &way)) {
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
    inode->blocks += SECTORS_PER_BLOCK;
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

    if (!find_way(index, &way)) {
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
    if (inode->blocks >= SECTORS_PER_BLOCK) {
        inode->blocks -= SECTORS_PER_BLOCK;
    }
    if (metadata) {
        cache_forget(&ext2->disk->inode, block); /* it must not be written over its next owner */
    }
    error = ext2_free_block(ext2, block);
    return error;
}

/*
 * Free what hangs on a pointer from its page `first` on; with first == 0 the block itself too.
 * => 0 or -EIO; map_lock is held; recursion is `depth` <= 3 deep
 */
static int free_tree(struct inode *inode, u32 *pointer, u32 depth, u64 first)
{
    struct ext2 *ext2 = ext2_of(inode);
    u64 span = 1; /* pages below one pointer of this block */
    struct frame *frame;
    u32 *pointers;
    int error = 0;

    if (*pointer == 0) {
        return 0;
    }
    if (depth == 0) {
        return free_one(inode, pointer, S_ISDIR(inode->mode));
    }
    for (u32 i = 1; i < depth; i++) {
        span *= EXT2_POINTERS;
    }
    frame = ext2_block(ext2, *pointer, &error);
    if (!frame) {
        return error;
    }
    pointers = frame_to_virt(frame);
    for (u64 i = first / span; !error && i < EXT2_POINTERS; i++) {
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
    u64 start = 0, span = 1; /* pages before and below block[i] */
    int error = ext2_begin_change(ext2_of(inode));

    mutex_lock(&own->map_lock);
    for (u32 i = 0; !error && i < EXT2_DIRECT + LEVELS; i++) {
        u32 depth = i < EXT2_DIRECT ? 0 : i - EXT2_DIRECT + 1;

        if (depth > 0) {
            span *= EXT2_POINTERS;
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

/* The first page below block[root], and how many are below it. */
static u64 root_start(u32 root, u64 *span)
{
    u64 start = root < EXT2_DIRECT ? root : EXT2_DIRECT;

    *span = 1;
    for (u32 i = EXT2_DIRECT; i <= root; i++) {
        *span *= EXT2_POINTERS;
        start += i < root ? *span : 0;
    }
    return start;
}

/*
 * The pointer to page `index`, in `*holder` (referenced) or, NULL, in the inode.
 * => NULL: a pointer on the way is 0 (or *error); *span pages from a multiple of it lack a place
 */
static u32 *find_pointer(struct inode *inode, const struct way *way, struct frame **holder,
                         u64 *span, int *error)
{
    u32 *pointer = &ext2_inode_of(inode)->block[way->root];

    *holder = NULL;
    for (u32 level = 0; level < way->depth; level++) {
        struct frame *next = *pointer ? ext2_block(ext2_of(inode), *pointer, error) : NULL;

        if (*holder) {
            cache_put(*holder);
        }
        *holder = next;
        if (!next) {
            return NULL;
        }
        *span /= EXT2_POINTERS;
        pointer = &((u32 *)frame_to_virt(next))[way->pointer[level]];
    }
    return pointer;
}

/* The page behind those that lack a place together with `index`. */
static u64 behind(u64 index, u64 start, u64 span)
{
    return start + ((index - start) / span + 1) * span;
}

int ext2_punch(struct inode *inode, u64 first, u64 end)
{
    struct ext2_inode *own = ext2_inode_of(inode);
    int error = ext2_begin_change(ext2_of(inode));
    struct way way;

    mutex_lock(&own->map_lock);
    for (u64 index = first; !error && index < end && find_way(index, &way);) {
        struct frame *holder;
        u64 span, start = root_start(way.root, &span);
        u32 *pointer = find_pointer(inode, &way, &holder, &span, &error);

        if (pointer && *pointer != 0) { /* indirect blocks stay, perhaps empty */
            error = free_one(inode, pointer, false);
            if (holder) {
                ext2_block_changed(ext2_of(inode), holder);
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
    struct way way;
    int error = 0;

    while (index < inode_pages(inode) && find_way(index, &way)) {
        struct frame *holder;
        u64 span, start = root_start(way.root, &span);
        u32 *pointer = find_pointer(inode, &way, &holder, &span, &error);
        bool found = pointer && *pointer != 0;

        if (holder) {
            cache_put(holder);
        }
        if (found || error) {
            return index; /* a broken one is told when it is read */
        }
        index = behind(index, start, span);
    }
    return ~0ull;
}
