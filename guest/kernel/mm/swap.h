/* SPDX-License-Identifier: MIT */
/*
 * swap.h - anonymous pages on disk: slots, their counts, and the swap cache.
 *
 * Slot numbers start at 1 (page 0 of the device is its header).  A slot is in use
 * while its count (PTEs and SHM cache slots that name it) is not zero or a frame
 * caches it; the cached frame has frame->slot = slot and a reference from the
 * cache.  A slot that is cached and unmodified needs no write to be evicted again.
 * Lock: swap.lock (spin) for map, frames and frame->slot.
 */
#ifndef MM_SWAP_H
#define MM_SWAP_H

#include "mm/frame.h"

#define SWAP_COUNT_MAX 0x7ffe
#define SWAP_BAD 0x7fff
#define SWAP_CACHED 0x8000u

/* What swap needs from a disk.  Both sleep until done.  => 0 or -EIO. */
struct swap_device_ops {
    int (*read)(void *device, u64 page, unsigned count, void *const pages[]);
    int (*write)(void *device, u64 page, unsigned count, void *const pages[]);
};

/*
 * Start swapping to a device of `pages` pages whose first page is a SWAPSPACE2
 * header.  One device at a time.  => 0, -EINVAL (no header), -EBUSY, -ENOMEM, -EIO.
 */
int swap_on(void *device, const struct swap_device_ops *ops, u64 pages, const char *name);
/* Bring everything back and stop.  => 0, -EINVAL (not this device), -ENOMEM, -EINTR. */
int swap_off(void *device);

struct swap_info {
    const char *name;
    u64 total_pages, used_pages, cached_pages;
    i32 priority;
};
/* Tell the monitor where the slots are. */
struct probe_layout;
void swap_fill_layout(struct probe_layout *layout);
bool swap_get_info(struct swap_info *info); /* => false: no swap */
#endif
