/* SPDX-License-Identifier: MIT */
/*
 * cow.h - the one rule of copy-on-write: who may write in place.
 */
#ifndef MM_COW_H
#define MM_COW_H

#include "mm/frame.h"
#include "mm/swap_cache.h"

/*
 * Is the mapping that asks the only user of an anonymous page?  References count
 * everything: mappings, a holder doing I/O, the swap cache.  The cache's own one
 * does no harm if no other process names the slot.  (Corner case 13.)
 * => the asker's pte_lock is held, so its own mapping stays.
 */
static inline bool cow_is_sole_owner(const struct frame *frame)
{
    return frame->refs == 1 ||
           (frame->refs == 2 && frame->slot != 0 && swap_count(frame->slot) == 0);
}

#endif
