/* SPDX-License-Identifier: MIT */
/*
 * reclaim.h - taking frames back when memory is short.
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include "mm/frame.h"

/* Try to free `wanted` frames now; sleeps.  => frames freed. */
u64 reclaim(u64 wanted, bool direct);
/* Wake the pageout thread (free frames fell below the low mark). */
void reclaim_wake(void);
/* Start the pageout thread. */
void reclaim_start(void);

/* A page is in memory: was it here before?  (Of a file, or of swap: NULL and the slot.) */
void reclaim_note_return(const struct inode *inode, u64 index, struct frame *frame);

/* Counters for /proc/vmstat. */
struct reclaim_counters {
    /* By who did it: [true] a task that wanted a frame itself, [false] the pageout thread. */
    u64 rounds[2], scanned[2], freed[2];
    u64 anon_evicted, file_evicted, shm_evicted, clean_swap_evictions, swap_outs, swap_ins;
    u64 anon_refaults, file_refaults;
};
extern struct reclaim_counters reclaim_counters;
/* Tell the monitor where the hand is. */
void reclaim_fill_layout(struct probe_layout *layout);

#endif
