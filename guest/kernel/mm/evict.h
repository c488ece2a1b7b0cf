/* SPDX-License-Identifier: MIT */
/*
 * evict.h - what reclaim.c needs to look at and to let go of a single frame.
 * All: the caller holds BUSY and a reference, and no spinlock.
 */
#ifndef MM_EVICT_H
#define MM_EVICT_H

#include "mm/frame.h"
#include "mm/policy.h"

/* Read the A and D bits of every mapping; with `clear`, clear the A bits (without a fence). */
void evict_look(struct frame *frame, struct frame_age *age, bool clear);
/* Clear the A bits of every mapping. */
void evict_clear_accessed(struct frame *frame);

/*
 * First half for an anonymous or shared-memory page: a slot, and every mapping
 * becomes a swap entry.  => false if the page has to stay.
 */
bool evict_to_swap(struct frame *frame);
/* Second half, after the write if one was needed.  => true if the caller's reference is the last.
 */
bool evict_from_swap_cache(struct frame *frame);

/* A clean page of a file.  => true if the caller's reference is the last. */
bool evict_file_page(struct frame *frame);

/* All of it for one page, with the write if one is needed; sleeps (madvise). */
void evict_now(struct frame *frame);

#endif
