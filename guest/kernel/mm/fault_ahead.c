/* SPDX-License-Identifier: MIT */
/*
 * fault_ahead.c - filling pages before they are asked for, where stores go upwards page by page.
 *
 * A program that writes through fresh memory faults on every page of it.  When a store faults just
 * behind the pages that the fault before has filled, this one fills the next page, too; the next
 * fault in that row two, then four ... up to vm.fault_ahead.  One fault elsewhere, and it begins
 * from nothing.
 *
 *   stores to page   0    1    2      4          8
 *   fault, and fills      2    3..4   5..8       9..16
 *   ahead            -   (+1) (+2)   (+4)       (+8)          -> here 5 faults for 17 pages
 *
 * Off by default (vm.fault_ahead=on turns it on): a reader who counts faults wants one for each
 * page.  Nothing is hidden: the fault's record carries the flag `ahead` and the number of pages,
 * they count as resident, and /proc/vmstat has their sum.  They have neither A nor D until they are
 * used, so the CLOCK takes them first if they never are.  MADV_RANDOM turns it off for an area;
 * memory below the high mark for everybody.
 *
 * Lock: mm->pte_lock.
 */
#include "mm/fault_step.h"
#include "mm/page.h"

u64 fault_ahead_pages;

static bool is_fresh(pte_t pte)
{
    return pte == 0 || (pte & (PTE_V | PTE_SPECIAL)) == (PTE_V | PTE_SPECIAL); /* the zero page */
}

/* One page, if nothing is there but perhaps the zero page.  => false: no more */
static bool fill(struct fault *fault, pte_t *entry, u64 address)
{
    const struct area *area = fault->area;
    struct frame *frame;

    if (!is_fresh(pte_read(entry)) || (this_hart()->free_frames == NULL && !frame_batch_refill())) {
        return false;
    }
    frame = frame_alloc_fast(FRAME_KERNEL);
    if (frame == NULL) {
        return false;
    }
    page_zero(frame_to_virt(frame));
    frame_become_anonymous(frame, fault->mm->family, address >> PAGE_SHIFT);
    pte_write(entry,
              pte_make(frame_pfn(frame), area->pte_flags | (hardware_sets_a ? 0 : PTE_A | PTE_D)));
    return true;
}

/* Fill up to `count` pages behind that of the fault, in its area and leaf table.  => how many */
static u64 fill_behind(struct fault *fault, u64 count)
{
    u64 address = fault_page(fault), filled = 0;
    u64 end = min_u64(fault->area->end, round_down(address, LEAF_SIZE) + LEAF_SIZE);
    bool replaced = false;

    count = min_u64(count, (end - address) / PAGE_SIZE - 1);
    if (frames_free_count() <= frame_mark_high + count) {
        return 0;
    }
    while (filled < count) {
        pte_t *entry = fault->entry + filled + 1;

        replaced = replaced || pte_read(entry) != 0;
        if (!fill(fault, entry, address + (filled + 1) * PAGE_SIZE)) {
            break;
        }
        filled++;
    }
    if (replaced && filled > 0) {
        tlb_flush_range(fault->mm, address + PAGE_SIZE, address + (filled + 1) * PAGE_SIZE);
    }
    return filled;
}

void fault_ahead(struct fault *fault)
{
    struct area *area = fault->area;
    u64 page = fault->address >> PAGE_SHIFT, filled = 0;

    if ((area->flags & AREA_FLAG_RANDOM) != 0 || (area->pte_flags & (PTE_W | PTE_X)) != PTE_W ||
        !fault_is_write(fault)) {
        return;
    }
    if (page == area->ahead_page) {
        area->ahead_count =
            min_u64(area->ahead_count == 0 ? 1 : 2 * area->ahead_count, vm_options.fault_ahead);
        filled = fill_behind(fault, area->ahead_count);
    } else {
        area->ahead_count = 0;
    }
    area->ahead_page = page + 1 + filled;
    if (filled > 0) {
        fault->mm->rss_anon += filled;
        fault->around = (u16)filled;
        fault->flags |= PROBE_FLAG_AHEAD;
        atomic_adjust_u64(&fault_ahead_pages, filled);
    }
}
