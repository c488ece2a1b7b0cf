/* SPDX-License-Identifier: MIT */
/*
 * fault_swap.c - faults on pages that are in swap.
 *
 * A page that comes back keeps its slot as long as it is not written: then it can
 * be evicted again without any I/O.  A sole owner gets the page with W and without
 * D; the D bit, set by the hart, later tells that the slot is out of date.  Pages
 * that others share come back read-only, as before.
 */
#include "mm/fault_step.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/swap_cache.h"

/* The disk lost the page: remember that, for this and every later access. */
static void poison(struct fault *fault, u64 slot)
{
    pte_write(fault->entry, pte_marker(PTE_MARKER_POISON));
    fault->mm->swap_entries--;
    swap_put(slot);
    fault_failed(fault, FAULT_BUS_POISON, RESULT_SIGBUS);
}

/* swap-map (it was still in memory), swap-read (it was read for this fault). */
static void swap_map(struct fault *fault, struct frame *frame, u64 slot, bool shared)
{
    u64 bits = fault->area->pte_flags | PTE_A;

    if (shared) {
        bits = (bits & ~PTE_W) | PTE_COW;
    } else if (fault_is_write(fault)) {
        bits |= PTE_D;
    }
    if (frame->maps == 0) { /* nobody maps it: from now on it is found through our family */
        frame->family = fault->mm->family;
        frame->index = fault->address >> PAGE_SHIFT;
    }
    reclaim_note_return(NULL, slot, frame);
    frame_map(frame);
    fault->mm->rss_anon++;
    fault->mm->swap_entries--;
    fault_set(fault, frame, bits);
    fault_filled(fault);
    swap_put(slot);
    if (!shared && fault_is_write(fault)) {
        swap_cache_remove(frame);
    }
    frame_put(frame);
    fault_done(fault, fault->origin == FAULT_SWAP_READ ? FAULT_SWAP_READ : FAULT_SWAP_MAP);
}

/* A write to a page that others share: copied in the same fault. */
static void swap_cow(struct fault *fault, struct frame *frame, u64 slot)
{
    struct frame *own = fault_take_frame(fault, FRAME_KERNEL);

    if (own == NULL) {
        frame_put(frame);
        return;
    }
    reclaim_note_return(NULL, slot, frame);
    page_copy(frame_to_virt(own), frame_to_virt(frame));
    fault_own_frame(fault, own);
    fault->mm->rss_anon++;
    fault->mm->swap_entries--;
    fault_set(fault, own, fault->area->pte_flags | PTE_A | PTE_D);
    fault_filled(fault);
    frame_put(frame);
    swap_put(slot);
    fault_done(fault, FAULT_SWAP_COW);
}

/* Keep the frame for the wait; it is looked up again afterwards. */
static void wait_for_frame(struct fault *fault, struct frame *frame, enum fault_need need)
{
    if (fault->held != NULL) {
        frame_put(fault->held);
    }
    fault->held = frame;
    fault->need = (u8)need;
}

void fault_swapped(struct fault *fault)
{
    u64 slot = PTE_PAYLOAD(fault->old);
    struct frame *frame = swap_cache_find(slot);
    bool write = fault_is_write(fault), shared;
    u8 flags;

    fault->back = slot;
    if (frame == NULL) {
        if (fault->error != 0) {
            poison(fault, slot);
            return;
        }
        fault->slot = slot;
        fault->need = NEED_SWAP_IN;
        fault->no_ahead = (fault->area->flags & AREA_FLAG_RANDOM) != 0;
        return;
    }
    flags = frame_flags(frame);
    if ((flags & FRAME_UPTODATE) == 0) {
        wait_for_frame(fault, frame, NEED_BUSY);
        fault->origin = FAULT_SWAP_READ;
        return;
    }
    shared = swap_count(slot) > 1 || frame->maps > 0;
    fault->old_refs = frame->refs - 1;
    if (write && shared) {
        swap_cow(fault, frame, slot);
    } else if (write && (flags & FRAME_WRITEBACK) != 0) {
        wait_for_frame(fault, frame, NEED_WRITEBACK);
    } else {
        swap_map(fault, frame, slot, shared);
    }
}
