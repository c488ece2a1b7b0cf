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

u64 shm_pages(void); /* resident, for meminfo (Shmem) */

#endif
