/* SPDX-License-Identifier: MIT */
/*
 * zap.h - taking pages out of an address space.
 */
#ifndef MM_ZAP_H
#define MM_ZAP_H

#include "mm/pagetable.h"

/*
 * Remove every entry in [start, end) of one area: frames lose a mapping, swap
 * slots a count.  Flushes the TLB before a frame can be used again.
 * => pte_lock is held (and stays so)
 */
void zap_range(struct mm *mm, u64 start, u64 end);

/*
 * The same for all areas of an address space that nobody runs with any more: no flush.  The leaf
 * tables are empty afterwards, or sleep (twin.h).  => pte_lock is held
 */
void zap_everything(struct mm *mm);

/* Only pages of the object, not private copies (madvise on files, truncation of shared pages). */
void zap_object_pages(struct mm *mm, u64 start, u64 end);

#endif
