/* SPDX-License-Identifier: MIT */
/*
 * mmap_internal.h - what the files behind mmap.h share.  All: mm->lock is held.
 */
#ifndef MM_MMAP_INTERNAL_H
#define MM_MMAP_INTERNAL_H

#include "mm/layout.h"
#include "mm/pagetable.h"
#include "mm/space.h"

/* Aligned, not empty, in user space; no lock needed. */
static inline bool mmap_range_ok(u64 address, u64 length)
{
    return (address & PAGE_MASK) == 0 && length - 1 < USER_END &&
           address <= USER_END - round_up(length, PAGE_SIZE);
}

/* Split areas so that `start` and `end` are borders.  => 0, -ENOMEM (nothing changed). */
int mmap_isolate(struct mm *mm, u64 start, u64 end);
/* The same for who knows the first area that ends above `start`; *first becomes the first inside.
 */
int mmap_isolate_from(struct mm *mm, struct area **first, u64 start, u64 end);
/* Unmap everything in the range.  => 0, -ENOMEM, -EPERM (sealed): nothing changed. */
int mmap_remove(struct mm *mm, u64 start, u64 end);
/* Create an area in a free range, with all accounts; may merge it.  => start or a negative error.
 */
i64 mmap_install(struct mm *mm, u64 start, u64 end, u32 prot, u32 area_flags, u8 kind,
                 struct inode *inode, u64 pgoff);
/* Is something in the range sealed by mseal(2)? */
bool mmap_is_sealed(struct mm *mm, u64 start, u64 end);
void mmap_tell(const struct mm *mm, const struct area *area); /* PROBE(MAP) */

#endif
