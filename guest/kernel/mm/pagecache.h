/* SPDX-License-Identifier: MIT */
/*
 * pagecache.h - the pages of a file that are in memory, one cache per inode,
 * used by read, write and mmap alike.
 *
 * A cached frame has kind FILE (or SHM), owner = inode, index = page of the file,
 * and one reference held by the cache.  Its flags: UPTODATE (contents valid),
 * DIRTY (to be written), BUSY (being read or leaving), WRITEBACK (being written).
 * Locks: cache.lock for tree and lists; flags are atomic.  After waiting for BUSY,
 * check that frame->inode and index still are what you looked for.
 */
#ifndef MM_PAGECACHE_H
#define MM_PAGECACHE_H

#include "lib/list.h"
#include "lib/radix.h"
#include "mm/frame.h"
#include "sync/spin.h"

struct inode;

#define CACHE_TAG_DIRTY 0
#define CACHE_TAG_WRITEBACK 1

struct page_cache {
    struct spinlock lock;
    struct radix pages;     /* index -> frame pointer, or a swapped-out SHM page (see shm.h) */
    u64 dirty;              /* dirty pages */
    u64 swapped;            /* SHM: pages that are in swap */
    struct list dirty_link; /* on the list of inodes with dirty pages */
    int error;              /* of the last write-back that failed */
    u32 error_count;        /* failures so far: who has seen fewer is told the last one */
    u32 mapped_seen;        /* of them, msync() need not tell */
    bool error_told;        /* somebody was told the last one */
    u64 writing_to;         /* bytes up to here are being written though the file ends before */
    u64 next_index;         /* where a sequential reader would go on (read-ahead) */
    u32 window;             /* pages to read ahead, 0 = random access */
};

void cache_init(struct page_cache *cache);

/*
 * The page, up to date, with a reference for the caller; reads it if absent.
 * May sleep.  For SHM inodes an absent page is a fresh zeroed one, a swapped one
 * is brought in.  => NULL with *error = -EIO, -ENOMEM, ...
 */
struct frame *cache_get(struct inode *inode, u64 index, int *error);
/* The same, but an absent page is not read: it comes zeroed.  For callers that fill it all. */
struct frame *cache_get_overwrite(struct inode *inode, u64 index, int *error);
/* The page if present (perhaps not up to date), referenced, or NULL.  Never sleeps. */
struct frame *cache_find(struct inode *inode, u64 index);
static inline void cache_put(struct frame *frame)
{
    frame_put(frame);
}

/* As cache_get(), and reads on ahead where the file seems to be read in order: for faults. */
struct frame *cache_get_ahead(struct inode *inode, u64 index, int *error);
/*
 * As cache_find(); and if a SHM page is in swap, *swapped is its slot.  The locked
 * one takes no reference: cache.lock is held.
 */
struct frame *cache_peek(struct inode *inode, u64 index, u64 *swapped);
struct frame *cache_peek_locked(struct inode *inode, u64 index);

/* What a word of cache.pages says: the frame, NULL for none or one in swap (an odd word: shm.h). */
static inline struct frame *cache_frame_of(u64 word)
{
    return (word & 1) != 0 ? NULL : (struct frame *)word;
}

/* The page's contents were changed.  => frame belongs to inode and is referenced. */
void cache_mark_dirty(struct inode *inode, struct frame *frame);

/* How many of the pages first..last are cached, for mincore: => true if this one is. */
bool cache_is_resident(struct inode *inode, u64 index);

/* The last name of the inode is gone: its dirty pages need not be written any more. */
void cache_orphan(struct inode *inode);

/* Start reading first..last where absent; does not wait for more than it must. Errors are ignored.
 */
void cache_read_ahead(struct inode *inode, u64 first, u64 last);

/*
 * The file shrinks (or grows) to new_size: unmap pages beyond everywhere (also
 * private copies), drop them, zero the tail of the last page.  Sets inode->size.
 * => inode->lock is held.
 */
void cache_truncate(struct inode *inode, u64 new_size);

/*
 * A write to the file extends it up to `end`: announced before the bytes are copied, and ended by
 * the new size (or by the old one).  Write-back zeroes what is behind the end of the file in its
 * last page; these bytes it leaves alone.  => inode->lock is held
 */
void cache_extend_begin(struct inode *inode, u64 end);
void cache_extend_end(struct inode *inode, u64 new_size);

/* Zero the pages of [start, end) in the cache (hole punching): whole pages are dropped. */
void cache_punch(struct inode *inode, u64 start, u64 end);

/*
 * Write the dirty pages among first..last (last may be ~0) and wait until all
 * write-back of them, also older, is done.  => 0 or the first error.
 */
int cache_write_back(struct inode *inode, u64 first, u64 last, enum writeback_reason reason);

/*
 * Failures of write-back since *seen, which moves on: each open file has a counter of its own, so
 * that each is told once.  => 0 or the last error
 */
int cache_error_since(struct inode *inode, u32 *seen);
/* Where a new counter starts: a failure that nobody was told is still to be told. */
u32 cache_error_start(const struct inode *inode);

/* Forget one page, dirty or not, after its I/O is done.  => nobody maps it. */
void cache_forget(struct inode *inode, u64 index);

/* Forget every page (the inode goes away, or drop_caches: only clean unmapped ones then). */
void cache_drop(struct inode *inode);
u64 cache_drop_clean(struct inode *inode); /* => pages dropped */

/* For mm/: take a page out if nobody else holds or dirtied it.  => BUSY and a reference are held.
 */
bool cache_try_remove(struct inode *inode, struct frame *frame);
/* The same without asking.  => cache.lock and BUSY held; gives up none of the references. */
void cache_remove_locked(struct inode *inode, struct frame *frame);

/* Cached file pages / dirty ones / under write-back in the whole system, for meminfo. */
u64 cache_pages(void);
u64 cache_dirty_pages(void);
u64 cache_writeback_pages(void);

#endif
