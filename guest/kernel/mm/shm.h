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

/* For tmpfs: mark an inode as SHM (after inode_setup). */
static inline void shm_inode_mark(struct inode *inode)
{
    inode->flags |= INODE_SHM;
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
 * Make a filled frame page `index` of the object (takes over its reference).  => false: no
 * memory, or the page is there already.
 */
bool shm_add_page(struct inode *inode, u64 index, struct frame *frame);
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
