/* SPDX-License-Identifier: MIT */
/*
 * rmap.h - the reverse map: from a frame to the PTEs that map it.
 *
 * FILE and SHM frames: the areas of the inode that cover the page.
 * ANON frames: the family, that is all address spaces that descend by fork from
 * one exec.  fork keeps addresses, so a page can only be mapped at the address
 * where it was born (frame->index), in some of them.  mremap, the one call that
 * moves pages, first makes them unshared and then changes their birth address.
 *
 * Cost: nothing in a fault or a fork; a walk over the family when a page is to
 * be evicted.
 */
#ifndef MM_RMAP_H
#define MM_RMAP_H

#include "mm/pagetable.h"

struct family {
    struct list members; /* of mm->family_link */
    u32 count;
    u32 auxv_size; /* bytes of /proc/self/auxv, which all members have from their exec */
    u8 auxv[384];
};

/* Guards all families and frame->family of mapped frames. Lock order: rmap_lock => pte_lock. */
extern struct spinlock rmap_lock;

struct family *family_create(void); /* NULL: no memory */
void family_join(struct family *family, struct mm *mm);
void family_leave(struct mm *mm); /* the last one frees it.  => no page is mapped any more */

struct rmap_hit {
    struct mm *mm; /* its pte_lock is held */
    struct area *area;
    u64 address;
    pte_t *entry;
};

/*
 * Visit every PTE that maps the frame; visit() returns false to stop.
 * => the caller has a reference and BUSY, and no spinlock.  => false if stopped.
 */
bool rmap_walk(struct frame *frame, bool (*visit)(const struct rmap_hit *hit, void *argument),
               void *argument);

/* Unmap pages first..last of an inode wherever they are mapped; private copies too if asked. */
void rmap_unmap_range(struct inode *inode, u64 first, u64 last, bool even_private);

/* Take W and D from every mapping of a shared page, so that the next store is noticed. */
void rmap_write_protect(struct frame *frame);

#endif
