/* SPDX-License-Identifier: MIT */
/*
 * pagecache.c - the pages of files that are in memory.
 *
 * A tree per inode holds the frames.  Looking a page up takes a reference under
 * cache.lock; taking one out needs cache.lock and BUSY.  So whoever found a page
 * can use it, though it may have left the cache meanwhile (then frame->inode is
 * NULL): readers of contents do not mind, others check under BUSY.
 *
 * Locks: BUSY => cache.lock => dirty list (writeback.c).
 */
#include "mm/pagecache.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/reclaim.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/rmap.h"
#include "mm/shm.h"
#include "mm/swap_cache.h"
#include "mm/writeback.h"

#define READ_AHEAD_MIN 4u
#define READ_AHEAD_MAX 32u

static u64 pages_cached; /* FILE frames in all caches */

void cache_init(struct page_cache *cache)
{
    spin_init(&cache->lock, "page cache");
    radix_init(&cache->pages);
    cache->dirty = 0;
    cache->swapped = 0;
    cache->error = 0;
    cache->error_count = 0;
    cache->mapped_seen = 0;
    cache->error_told = false;
    cache->writing_to = 0;
    cache->next_index = 0;
    cache->window = 0;
    list_init(&cache->dirty_link);
}

u64 cache_pages(void)
{
    return pages_cached;
}

struct frame *cache_peek_locked(struct inode *inode, u64 index)
{
    return cache_frame_of(radix_get(&inode->cache.pages, index));
}

struct frame *cache_peek(struct inode *inode, u64 index, u64 *swapped)
{
    struct frame *frame;
    u64 word;

    spin_lock(&inode->cache.lock);
    word = radix_get(&inode->cache.pages, index);
    frame = cache_frame_of(word);
    if (frame != NULL) {
        frame_get(frame);
    } else if (word != 0) {
        *swapped = shm_slot(word);
    }
    spin_unlock(&inode->cache.lock);
    return frame;
}

struct frame *cache_find(struct inode *inode, u64 index)
{
    u64 swapped;

    return cache_peek(inode, index, &swapped);
}

bool cache_is_resident(struct inode *inode, u64 index)
{
    struct frame *frame;
    bool resident;

    spin_lock(&inode->cache.lock);
    frame = cache_peek_locked(inode, index);
    resident = frame != NULL && (frame_flags(frame) & FRAME_UPTODATE) != 0;
    spin_unlock(&inode->cache.lock);
    return resident;
}

/*
 * Put a new frame into the cache (which gets a reference of its own).
 * => 0, -EEXIST (another is there), -ENOMEM.
 */
static int insert(struct inode *inode, u64 index, struct frame *frame)
{
    int error = -EEXIST;

    spin_lock(&inode->cache.lock);
    if (radix_get(&inode->cache.pages, index) == 0) {
        frame_get(frame); /* first: a reference more than explained keeps the CLOCK away */
        frame->index = index;
        frame->inode = inode;
        error = radix_set(&inode->cache.pages, index, (u64)frame);
        if (error != 0) {
            frame->inode = NULL;
            frame_put(frame);
        }
    }
    spin_unlock(&inode->cache.lock);
    if (error == 0) {
        policy_page_added(frame);
    }
    if (error == 0 && frame->kind == FRAME_FILE) {
        atomic_count_u64(&pages_cached);
        reclaim_note_return(inode, index, frame);
    }
    return error;
}

int shm_add_page(struct inode *inode, u64 index, struct frame *frame)
{
    int error;

    if (!shm_quota_take(inode)) {
        return -ENOSPC;
    }
    frame_flag_set(frame, FRAME_UPTODATE);
    error = insert(inode, index, frame);
    if (error != 0) {
        shm_quota_give(inode);
        return error;
    }
    shm_count_page(1);
    frame_put(frame); /* the caller's reference; the cache has its own */
    return 0;
}

void cache_remove_locked(struct inode *inode, struct frame *frame)
{
    radix_set(&inode->cache.pages, frame->index, 0);
    if ((frame_flag_clear(frame, FRAME_DIRTY) & FRAME_DIRTY) != 0 && frame->kind == FRAME_FILE) {
        inode->cache.dirty--;
        writeback_count_dirty(-1);
    }
    if (frame->kind == FRAME_SHM) {
        shm_count_page(-1);
        shm_quota_give(inode);
    } else {
        atomic_add_u64(&pages_cached, (u64)-1);
    }
    frame->inode = NULL;
}

/* Take a page out, whatever its state.  => the caller holds BUSY and a reference. */
static void remove(struct inode *inode, struct frame *frame)
{
    frame_wait_clear(frame, FRAME_WRITEBACK);
    spin_lock(&inode->cache.lock);
    cache_remove_locked(inode, frame);
    spin_unlock(&inode->cache.lock);
    if (frame->slot != 0) {
        swap_cache_remove(frame);
    }
    frame_put(frame); /* the cache's */
}

/* Fill a BUSY page.  => 0 or the error; then the page is out of the cache. Releases BUSY. */
static int fill(struct inode *inode, struct frame *frame)
{
    int error = inode->ops->read_page(inode, frame->index, frame);

    if (error == 0) {
        frame_flag_set(frame, FRAME_UPTODATE);
    } else if (frame->inode == inode) {
        remove(inode, frame);
    }
    frame_unlock_busy(frame);
    return error;
}

/* A page that was found but is not up to date.  => 0: it is now; -EAGAIN: it left; or an error. */
static int complete(struct inode *inode, struct frame *frame)
{
    frame_lock_busy(frame);
    if (frame->inode != inode) {
        frame_unlock_busy(frame);
        return -EAGAIN;
    }
    if ((frame_flags(frame) & FRAME_UPTODATE) != 0) {
        frame_unlock_busy(frame);
        return 0;
    }
    return fill(inode, frame);
}

/* A page that is not there.  => 0 with *result referenced and up to date, -EAGAIN, or an error. */
static int bring(struct inode *inode, u64 index, bool zeroed, struct frame **result)
{
    struct frame *frame = frame_alloc(FRAME_FILE, FRAME_RECLAIM);
    int error;

    if (frame == NULL) {
        return -ENOMEM;
    }
    frame_lock_busy(frame);
    if (zeroed) {
        page_zero(frame_to_virt(frame));
        frame_flag_set(frame, FRAME_UPTODATE);
    }
    error = insert(inode, index, frame);
    if (error != 0) {
        frame_unlock_busy(frame);
        frame_put(frame);
        return error == -EEXIST ? -EAGAIN : error;
    }
    if (zeroed) {
        frame_unlock_busy(frame);
    } else {
        error = fill(inode, frame);
        if (error != 0) {
            frame_put(frame);
            return error;
        }
    }
    *result = frame;
    return 0;
}

/* The same for an object without a disk: a page of zeros, and it is charged for it. */
static int bring_zeros(struct inode *inode, u64 index, struct frame **result)
{
    struct frame *frame = frame_alloc(FRAME_SHM, FRAME_RECLAIM);
    int error;

    if (frame == NULL) {
        return -ENOMEM;
    }
    page_zero(frame_to_virt(frame));
    frame_get(frame); /* the caller's */
    error = shm_add_page(inode, index, frame);
    if (error != 0) {
        frame_put(frame);
        frame_put(frame);
        return error == -EEXIST ? -EAGAIN : error;
    }
    *result = frame;
    return 0;
}

/*
 * The cache's tree grows under a spinlock, so it takes what is free at that moment, which may be
 * nothing.  Wait, without one, for a page and a node.  => false: there is no memory to be had
 */
static rarely bool room_for_tree(void)
{
    struct frame *page = frame_alloc(FRAME_KERNEL, FRAME_RECLAIM);
    struct frame *node = frame_alloc(FRAME_KERNEL, FRAME_RECLAIM);
    bool both = page != NULL && node != NULL;

    if (page != NULL) {
        frame_put(page);
    }
    if (node != NULL) {
        frame_put(node);
    }
    return both;
}

static struct frame *get(struct inode *inode, u64 index, bool zeroed, int *error)
{
    unsigned failures = 0;

    do {
        u64 swapped = 0;
        struct frame *frame = cache_peek(inode, index, &swapped);

        if (frame != NULL) {
            *error = (frame_flags(frame) & FRAME_UPTODATE) != 0 ? 0 : complete(inode, frame);
            if (*error == 0) {
                return frame;
            }
            frame_put(frame);
        } else if (swapped != 0) {
            frame = shm_swap_in(inode, index, error);
            if (frame != NULL) {
                return frame;
            }
        } else {
            *error = (inode->flags & INODE_SHM) != 0 ? bring_zeros(inode, index, &frame)
                                                     : bring(inode, index, zeroed, &frame);
            if (*error == 0) {
                return frame;
            }
        }
    } while (*error == -EAGAIN || (*error == -ENOMEM && failures++ < 3 && room_for_tree()));
    return NULL;
}

struct frame *cache_get(struct inode *inode, u64 index, int *error)
{
    return get(inode, index, false, error);
}

struct frame *cache_get_overwrite(struct inode *inode, u64 index, int *error)
{
    return get(inode, index, true, error);
}

/* ---- read-ahead ---------------- */

/* Allocate and insert BUSY frames for absent pages from `first` on, stopping at a present one. */
static unsigned prepare_run(struct inode *inode, u64 first, u64 last, struct frame **frames)
{
    unsigned count = 0;

    while (count < READ_AHEAD_MAX && first + count <= last &&
           frames_free_count() > frame_mark_high) {
        struct frame *frame = frame_alloc(FRAME_FILE, FRAME_MAY_FAIL);

        if (frame == NULL) {
            break;
        }
        frame_lock_busy(frame);
        if (insert(inode, first + count, frame) != 0) {
            frame_unlock_busy(frame);
            frame_put(frame);
            break;
        }
        frames[count++] = frame;
    }
    return count;
}

void cache_read_ahead(struct inode *inode, u64 first, u64 last)
{
    struct frame *frames[READ_AHEAD_MAX];
    u64 pages = inode_pages(inode);

    if (pages == 0 || (inode->flags & INODE_SHM) != 0 || inode->ops->read_pages == NULL) {
        return;
    }
    last = min_u64(last, pages - 1);
    while (first <= last) {
        unsigned count = prepare_run(inode, first, last, frames);
        int error;

        if (count == 0) {
            if (frames_free_count() <= frame_mark_high) {
                return;
            }
            first++; /* present already */
            continue;
        }
        error = inode->ops->read_pages(inode, first, count, frames);
        for (unsigned i = 0; i < count; i++) {
            if (error == 0) {
                frame_flag_set(frames[i], FRAME_UPTODATE);
            } else if (frames[i]->inode == inode) {
                remove(inode, frames[i]); /* a later read tries alone and tells the error */
            }
            frame_unlock_busy(frames[i]);
            frame_put(frames[i]);
        }
        first += count;
    }
}

struct frame *cache_get_ahead(struct inode *inode, u64 index, int *error)
{
    struct page_cache *cache = &inode->cache;
    bool sequential = index != 0 && index == cache->next_index;

    /* Grow the window while the file is read in order; a jump makes it small again. */
    cache->window = sequential ? (u32)min_u64(cache->window * 2 + READ_AHEAD_MIN, READ_AHEAD_MAX)
                               : READ_AHEAD_MIN;
    cache_read_ahead(inode, index, index + cache->window - 1);
    cache->next_index = index + cache->window;
    return cache_get(inode, index, error);
}

/* ---- dropping ---------------- */

/* Take out page `index`, in whatever state it is. */
static void drop_page(struct inode *inode, u64 index)
{
    u64 swapped = 0;
    struct frame *frame = cache_peek(inode, index, &swapped);

    if (frame != NULL) {
        frame_lock_busy(frame);
        if (frame->inode == inode) {
            if (frame->maps > 0) { /* a fault slipped in between (corner case 18) */
                rmap_unmap_range(inode, index, index, true);
            }
            remove(inode, frame);
        }
        frame_unlock_busy(frame);
        frame_put(frame);
    } else if (swapped != 0) {
        spin_lock(&inode->cache.lock);
        if (radix_get(&inode->cache.pages, index) == shm_swapped(swapped)) {
            radix_set(&inode->cache.pages, index, 0);
            shm_count_swapped(inode, -1);
            shm_quota_give(inode);
        } else {
            swapped = 0;
        }
        spin_unlock(&inode->cache.lock);
        if (swapped != 0) {
            swap_put(swapped);
        }
    }
}

/* Drop all pages first..last. */
static void drop_range(struct inode *inode, u64 first, u64 last)
{
    for (;;) {
        u64 word;

        spin_lock(&inode->cache.lock);
        word = radix_next(&inode->cache.pages, &first);
        spin_unlock(&inode->cache.lock);
        if (word == 0 || first > last) {
            return;
        }
        drop_page(inode, first);
    }
}

static bool is_zero(const u8 *bytes, u64 size)
{
    for (u64 i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/*
 * Zero part of one page, if it is cached or (for a disk file) has to be.  What is zero already does
 * not make the page dirty: it may be a hole, and a dirty page has a place on the disk.
 */
static void zero_part(struct inode *inode, u64 index, u64 from, u64 to)
{
    int error = 0;
    u64 swapped = 0;
    struct frame *frame = cache_peek(inode, index, &swapped);

    if (frame != NULL) {
        frame_put(frame);
    } else if ((inode->flags & INODE_SHM) != 0 && swapped == 0) {
        return; /* never touched: zero anyway */
    }
    frame = cache_get(inode, index, &error);
    if (frame == NULL) {
        return;
    }
    if (!is_zero((u8 *)frame_to_virt(frame) + from, to - from)) {
        memset((u8 *)frame_to_virt(frame) + from, 0, to - from);
        cache_mark_dirty(inode, frame);
    }
    frame_put(frame);
}

void cache_extend_begin(struct inode *inode, u64 end)
{
    spin_lock(&inode->cache.lock);
    inode->cache.writing_to = end;
    spin_unlock(&inode->cache.lock);
}

void cache_extend_end(struct inode *inode, u64 new_size)
{
    spin_lock(&inode->cache.lock);
    __atomic_store_n(&inode->size, new_size, __ATOMIC_SEQ_CST);
    inode->cache.writing_to = 0;
    spin_unlock(&inode->cache.lock);
}

void cache_truncate(struct inode *inode, u64 new_size)
{
    u64 old_size = inode->size;
    u64 first = (new_size + PAGE_MASK) >> PAGE_SHIFT;

    if (new_size < old_size && (new_size & PAGE_MASK) != 0) {
        u64 index = new_size >> PAGE_SHIFT;

        zero_part(inode, index, new_size & PAGE_MASK,
                  min_u64(PAGE_SIZE, old_size - (index << PAGE_SHIFT)));
    }
    cache_extend_end(inode, new_size);
    if (new_size < old_size) {
        rmap_unmap_range(inode, first, ~0ull, true);
        drop_range(inode, first, ~0ull);
        inode->cache.next_index = 0;
    }
}

void cache_punch(struct inode *inode, u64 start, u64 end)
{
    u64 first = (start + PAGE_MASK) >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

    if (start >> PAGE_SHIFT == end >> PAGE_SHIFT) {
        zero_part(inode, start >> PAGE_SHIFT, start & PAGE_MASK, end & PAGE_MASK);
        return;
    }
    if ((start & PAGE_MASK) != 0) {
        zero_part(inode, start >> PAGE_SHIFT, start & PAGE_MASK, PAGE_SIZE);
    }
    if ((end & PAGE_MASK) != 0) {
        zero_part(inode, last, 0, end & PAGE_MASK);
    }
    if (first < last) {
        rmap_unmap_range(inode, first, last - 1, true);
        drop_range(inode, first, last - 1);
    }
}

void cache_forget(struct inode *inode, u64 index)
{
    drop_page(inode, index);
}

void cache_drop(struct inode *inode)
{
    drop_range(inode, 0, ~0ull);
    spin_lock(&inode->cache.lock);
    radix_free(&inode->cache.pages);
    spin_unlock(&inode->cache.lock);
}

bool cache_try_remove(struct inode *inode, struct frame *frame)
{
    bool removed = false;

    spin_lock(&inode->cache.lock);
    if (frame->inode == inode && frame->refs == 2 && /* the cache's and the caller's */
        (frame_flags(frame) & (FRAME_DIRTY | FRAME_WRITEBACK)) == 0) {
        cache_remove_locked(inode, frame);
        removed = true;
    }
    spin_unlock(&inode->cache.lock);
    if (removed) {
        frame_put(frame);
    }
    return removed;
}

u64 cache_drop_clean(struct inode *inode)
{
    u64 index = 0, dropped = 0;

    while ((inode->flags & INODE_SHM) == 0) {
        struct frame *frame;

        spin_lock(&inode->cache.lock);
        frame = cache_frame_of(radix_next(&inode->cache.pages, &index));
        if (frame != NULL) {
            frame_get(frame);
        }
        spin_unlock(&inode->cache.lock);
        if (frame == NULL) {
            break;
        }
        if (frame_try_busy(frame)) {
            dropped += frame->inode == inode && cache_try_remove(inode, frame);
            frame_unlock_busy(frame);
        }
        frame_put(frame);
        index++;
    }
    return dropped;
}
