/* SPDX-License-Identifier: MIT */
/*
 * spaces.h - memory of a guest that tells nothing about itself (Linux, xv6, a kernel of your own),
 * seen through the page tables that satp has named.
 *
 * A process is an address space, numbered in the order in which its root table was first used.  A
 * frame is a page table when a walk goes through it, a user page when an entry with U set maps it,
 * and unknown otherwise: kernel memory and free memory look alike from outside.
 */
#ifndef FAULTLINE_MAP_SPACES_H
#define FAULTLINE_MAP_SPACES_H

#include "emu/map/model.h"
#include "emu/map/view.h"

struct observer;
struct ram;

/* Instruction count of the last event of every frame of RAM. */
struct touch_times {
    u64 *icount, first_pfn, count;
};
static inline u64 touch_time(const struct touch_times *times, u64 pfn)
{
    u64 index = pfn - times->first_pfn;
    return pfn >= times->first_pfn && index < times->count ? times->icount[index] : 0;
}

/* Frames, address spaces as processes, and the chosen one's pages.  False: no memory. */
bool spaces_fill(const struct observer *observer, const struct ram *ram,
                 const struct touch_times *times, u64 bookmark, const struct map_view *view,
                 struct map_model *model);

#endif
