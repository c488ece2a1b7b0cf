/* SPDX-License-Identifier: MIT */
/*
 * shm.h - memory objects without a disk: MAP_SHARED | MAP_ANONYMOUS, memfd, System
 * V segments, and the files of tmpfs.  Their pages live in the inode's cache and
 * in swap; a swapped page's cache slot holds SHM_SWAPPED(slot).
 */
#ifndef MM_SHM_H
#define MM_SHM_H

#include "mm/object.h"

/* A nameless object of `size` bytes, mode 0600 regular file, refs = 1.  NULL: no memory. */
struct inode *shm_inode_create(u64 size);

/* How many pages the objects of one file system may have together, in memory or in swap. */
struct shm_quota {
    u64 used;  /* atomic */
    u64 limit; /* 0: half of memory and swap together, whatever they come to */
};

#define SHM_NO_LIMIT (~0ull)

u64 shm_quota_limit(const struct shm_quota *quota);
/* For who makes a page of the object, before.  => false: the file system is full (ENOSPC) */
bool shm_quota_take(struct inode *inode);
/* The object has a page less. */
void shm_quota_give(struct inode *inode);

/* For tmpfs: mark an inode as SHM (after inode_setup); the quota outlives it. */
static inline void shm_inode_mark(struct inode *inode, struct shm_quota *quota)
{
    inode->flags |= INODE_SHM;
    inode->quota = quota;
}

/* A cache slot of a page that is in swap: odd, so no pointer. */
static inline u64 shm_swapped(u64 slot)
{
    return slot << 1 | 1;
}

static inline bool shm_is_swapped(u64 word)
{
    return (word & 1) != 0;
}

static inline u64 shm_slot(u64 word)
{
    return word >> 1;
}

/*
 * Make a filled frame page `index` of the object (takes over its reference if it can).
 * => 0, -EEXIST (the page is there already), -ENOSPC (its file system is full), -ENOMEM
 */
int shm_add_page(struct inode *inode, u64 index, struct frame *frame);
/* Bring page `index` back from swap.  => the frame, referenced; NULL with *error. Sleeps. */
struct frame *shm_swap_in(struct inode *inode, u64 index, int *error);

/* Tell the monitor where the count of pages in swap is. */
void shm_fill_layout(struct probe_layout *layout);
void shm_count_page(int change);
/* One more / one less page of the object is in swap.  => cache.lock held. */
void shm_count_swapped(struct inode *inode, int change);
/* For swapoff: bring every object's pages back.  => 0 or an error. */
int shm_unswap_all(void);

u64 shm_pages(void); /* resident, for meminfo (Shmem) */

#endif
