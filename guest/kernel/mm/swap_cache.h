/* SPDX-License-Identifier: MIT */
/*
 * swap_cache.h - swap slots and cached swap pages, for the other files of mm/.
 * See swap.h for the rules.
 */
#ifndef MM_SWAP_CACHE_H
#define MM_SWAP_CACHE_H

#include "mm/frame.h"

/* One more / one less PTE or SHM slot names the slot.  The last one frees it, with its cache. */
bool swap_get(u64 slot); /* => false: too many, or no such slot */
void swap_put(u64 slot);
u32 swap_count(u64 slot);

/* The frame that caches the slot, referenced, or NULL. */
struct frame *swap_cache_find(u64 slot);
/*
 * Give a frame a slot, if it has none, and put it in the swap cache.
 * => false: swap is full or absent.
 */
bool swap_cache_add(struct frame *frame);
/* Take a frame out of the cache; frees the slot if nothing names it.  => the caller has a
 * reference. */
void swap_cache_remove(struct frame *frame);
/* The same, if nothing names the slot and nobody but the caller holds or maps the frame. */
void swap_cache_drop_if_unused(struct frame *frame);

/*
 * Read a slot into the cache (and its neighbours); sleeps.
 * => the frame, referenced, up to date; NULL with *error = -ENOMEM or -EIO.
 */
struct frame *swap_read(u64 slot, bool ahead, int *error);

/* Write frames to their slots (BUSY, WRITEBACK set by the caller); sleeps.  => 0 or -EIO. */
int swap_write(struct frame *const frames[], unsigned count);

/* Slots that could be freed because their page is in memory too.  => slots freed. */
u64 swap_release_cached(u64 wanted);

/* Bring everything back from swap (swap_empty.c).  => 0, -ENOMEM, -EINTR, -EIO. */
int swap_empty(void);

bool swap_is_on(void);
u64 swap_free_slots(void);

#endif
