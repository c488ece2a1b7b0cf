/* SPDX-License-Identifier: MIT */
/*
 * layout.c - tells the monitor where the kernel's tables are and how they look, so
 * that it reads them from memory at no cost to the guest (probe.h).
 */
#include "boot/boot.h"

#include "mm/failure.h"
#include "mm/area.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/shm.h"
#include "mm/fault.h"
#include "mm/frame.h"
#include "mm/object.h"
#include "mm/space.h"
#include "mm/swap.h"
#include "probe.h"
#include "proc/process.h"

static struct probe_layout layout;

static void fill_frames(void)
{
    layout.frame_table = direct_physical(frame_table);
    layout.frame_first_pfn = frame_first_pfn;
    layout.frame_count = frame_count;
    layout.frame_size = sizeof(struct frame);
    layout.frame_refs = offsetof(struct frame, refs);
    layout.frame_maps = offsetof(struct frame, maps);
    layout.frame_kind = offsetof(struct frame, kind);
    layout.frame_flags = offsetof(struct frame, flags);
    layout.frame_slot = offsetof(struct frame, slot);
    layout.frame_owner = offsetof(struct frame, owner);
    layout.frame_index = offsetof(struct frame, index);
    layout.zero_pfn = frame_pfn(frame_zero);
    layout.free_frames = direct_physical(&frames_pooled);
    layout.free_batches = direct_physical(&harts[0].free_count);
    layout.free_batch_stride = sizeof harts[0];
    layout.free_batch_count = MAX_HARTS;
}

static void fill_spaces(void)
{
    layout.mm_root = offsetof(struct mm, root_pa);
    layout.mm_first_area = offsetof(struct mm, first_area);
    layout.mm_brk_start = offsetof(struct mm, brk_start);
    layout.mm_brk = offsetof(struct mm, brk);
    layout.mm_rss_anon = offsetof(struct mm, rss_anon);
    layout.mm_rss_file = offsetof(struct mm, rss_file);
    layout.mm_rss_shm = offsetof(struct mm, rss_shm);
    layout.mm_swap = offsetof(struct mm, swap_entries);
    layout.kept_tables = direct_physical(&mm_kept_tables);
    layout.area_next = offsetof(struct area, next);
    layout.area_start = offsetof(struct area, start);
    layout.area_end = offsetof(struct area, end);
    layout.area_prot = offsetof(struct area, prot);
    layout.area_kind = offsetof(struct area, kind);
    layout.area_inode = offsetof(struct area, inode);
    layout.area_pgoff = offsetof(struct area, pgoff);
    layout.inode_number = offsetof(struct inode, number);
}

void tell_layout(void)
{
    layout.magic = PROBE_LAYOUT_MAGIC;
    layout.version = PROBE_LAYOUT_VERSION;
    layout.size = sizeof layout;
    layout.direct_virt = DIRECT_BASE;
    fill_frames();
    fill_spaces();
    process_fill_layout(&layout);
    swap_fill_layout(&layout);
    reclaim_fill_layout(&layout);
    policy_fill_layout(&layout);
    shm_fill_layout(&layout);
    layout.counters = direct_physical(fault_counts);
    layout.failure = direct_physical(&frame_failure);
    PROBE(BOOT, direct_physical(&layout), sizeof layout);
}
