/* SPDX-License-Identifier: MIT */
/*
 * fork.c - the copy of an address space that fork() makes.
 *
 * Private pages are shared copy-on-write: W goes in parent and child, the COW bit
 * comes, the frame gets one more mapping.  Swapped pages share their slot.  Pages
 * of objects are not copied at all: the child faults them in again cheaply (corner
 * case 9).  One flush at the end takes the parent's stale write permissions from
 * the TLBs before the child can run (corner case 10).
 *
 * The parent's mm->lock is held throughout, so its areas do not change, and faults
 * of its other threads wait (mm->forking): the child must not see a later page that
 * such a thread touched without the earlier one (corner case 12).
 */
#include "lib/errno.h"
#include "mm/object.h"
#include "mm/options.h"
#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/swap_cache.h"

struct copy {
    struct mm *parent, *child;
    struct area *area;
    u64 entries; /* PTEs copied or shared */
    u64 anon;    /* pages the child has got so, not yet in its rss_anon */
};

static u64 last_entries[MAX_HARTS];

u64 mm_forked_entries(void)
{
    return last_entries[this_hart()->index];
}

/* vm.eager=fork: a copy at once.  => the child's PTE, 0 if there is no frame. */
static rarely pte_t copy_page(struct copy *copy, const struct frame *frame, u64 address)
{
    struct frame *fresh = frame_alloc_fast(FRAME_KERNEL);

    if (fresh == NULL) {
        fresh = frame_alloc(FRAME_KERNEL, FRAME_MAY_FAIL); /* no reclaim: the PTE locks are held */
    }
    if (fresh == NULL) {
        return 0;
    }
    page_copy(frame_to_virt(fresh), frame_to_virt(frame));
    frame_become_anonymous(fresh, copy->child->family, address >> PAGE_SHIFT);
    return pte_make(frame_pfn(fresh), copy->area->pte_flags | PTE_A | PTE_D);
}

/* One entry that names an anonymous frame.  => the child's PTE, 0: no frame. */
static always_inline pte_t share_page(struct copy *copy, pte_t *entry, pte_t pte, u64 address)
{
    struct frame *frame = pte_frame(pte);

    if (unlikely(vm_options.eager_fork && (pte & PTE_V) != 0)) {
        pte_t own = copy_page(copy, frame, address);

        copy->anon += own != 0;
        return own;
    }
    if (unlikely((pte & PTE_V) == 0)) { /* away: bit 2 is part of its class, not W */
        pte |= PTE_COW;
        pte_write(entry, pte);
    } else if ((pte & (PTE_W | PTE_COW)) != PTE_COW) {
        if (hart_count > 1) { /* another thread's hart may be setting D: one AMO each */
            pte = pte_clear_bits(entry, PTE_W);
            pte_set_bits(entry, PTE_COW);
        }
        pte = (pte & ~PTE_W) | PTE_COW;
        if (hart_count == 1) {
            pte_write(entry, pte);
        }
    }
    frame_map(frame);
    copy->anon++;
    return pte & ~(PTE_A | PTE_D);
}

/* => the child's word, 0 to leave it empty; *failed: no memory. */
static always_inline pte_t copy_entry(struct copy *copy, pte_t *entry, u64 address, bool *failed)
{
    pte_t pte = pte_read(entry);

    if (likely(pte_has_frame(pte))) {
        if (pte_frame(pte)->kind != FRAME_ANON) {
            return 0; /* a page of the file: the child will fault it in */
        }
        pte = share_page(copy, entry, pte, address);
        *failed = pte == 0;
        return pte;
    }
    if (pte_is_swap(pte)) {
        if (!swap_get(PTE_PAYLOAD(pte))) {
            *failed = true;
            return 0;
        }
        pte &= ~PTE_SWAP_EXCLUSIVE;
        pte_write(entry, pte);
        copy->child->swap_entries++;
        return pte;
    }
    return pte; /* zero page, marker */
}

/*
 * Copy what one leaf table holds of [*address, stop).  Both pte_locks are held.
 * => false if memory ran out at *address.
 */
static bool copy_table(struct copy *copy, u64 *address, u64 stop, pte_t *entry)
{
    pte_t *target = NULL;

    for (; *address < stop; *address += PAGE_SIZE, entry++) {
        bool failed = false;
        pte_t pte;

        if (*entry == 0) {
            while (stop - *address > 4 * PAGE_SIZE &&
                   (entry[1] | entry[2] | entry[3] | entry[4]) == 0) {
                *address += 4 * PAGE_SIZE; /* much of a table is empty */
                entry += 4;
            }
            continue;
        }
        if (target == NULL) {
            target = pte_reach(copy->child, *address & ~(LEAF_SIZE - 1));
            if (target == NULL) {
                return false;
            }
        }
        pte = copy_entry(copy, entry, *address, &failed);
        if (failed) {
            return false;
        }
        if (pte != 0) {
            target[(*address >> PAGE_SHIFT) & (ENTRIES - 1)] = pte;
            copy->entries++;
        }
    }
    return true;
}

/* Wait for memory outside the locks.  => false if there is none to be had. */
static rarely bool make_room(void)
{
    struct frame *frame = frame_alloc(FRAME_KERNEL, FRAME_RECLAIM);

    if (frame == NULL) {
        return false;
    }
    frame_put(frame);
    return frames_free_count() > frame_mark_low || frames_free_count() > 8;
}

static int copy_pages(struct copy *copy)
{
    u64 address = copy->area->start, end = copy->area->end;
    unsigned failures = 0;

    while (address < end) {
        bool complete = true;
        u64 from = address;
        pte_t *entry;

        spin_lock(&copy->parent->pte_lock);
        spin_lock(&copy->child->pte_lock);
        entry = pte_next_table(copy->parent, &address, end);
        if (entry == NULL) {
            address = end;
        } else {
            u64 stop = min_u64(end, round_down(address, LEAF_SIZE) + LEAF_SIZE);

            complete = copy_table(copy, &address, stop, entry);
            copy->child->rss_anon += copy->anon;
            copy->anon = 0;
        }
        spin_unlock(&copy->child->pte_lock);
        spin_unlock(&copy->parent->pte_lock);
        failures = complete || address != from ? 0 : failures + 1;
        interrupts_breathe();
        if (!complete && (failures > 4 || !make_room())) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* Must the child get entries of this area now?  Pages of objects it faults in itself. */
static bool has_own_pages(const struct area *area)
{
    return area->kind == AREA_SPECIAL ||
           (area->flags & (AREA_FLAG_SHARED | AREA_FLAG_ANON_PAGES | AREA_FLAG_WIPEONFORK)) ==
               AREA_FLAG_ANON_PAGES;
}

/* => 0, -ENOMEM.  The child is nobody's yet, its areas come in order: no search, no lock. */
static int copy_area(struct copy *copy, const struct area *area, struct area **last)
{
    struct area *twin = area_clone(copy->child, *last, area);

    if (twin == NULL) {
        return -ENOMEM;
    }
    *last = twin;
    if (!has_own_pages(area)) {
        return 0;
    }
    copy->area = twin;
    return copy_pages(copy);
}

/* Copy all areas that fork() copies.  => 0, -ENOMEM; what was promised is that of the child's. */
static int copy_areas(struct copy *copy)
{
    struct area *last = NULL;
    u64 promised = 0;
    int error;

    for (const struct area *area = copy->parent->first_area; area != NULL; area = area->next) {
        if ((area->flags & (AREA_FLAG_DONTFORK | AREA_FLAG_ACCOUNTED)) == AREA_FLAG_ACCOUNTED) {
            promised += (area->end - area->start) >> PAGE_SHIFT;
        }
    }
    error = vm_commit(promised);
    if (error != 0) {
        return error;
    }
    for (const struct area *area = copy->parent->first_area; area != NULL && error == 0;
         area = area->next) {
        if ((area->flags & AREA_FLAG_DONTFORK) == 0) {
            error = copy_area(copy, area, &last);
        }
    }
    if (error != 0) { /* mm_put() takes back what the areas that were made promised */
        for (const struct area *area = copy->child->first_area; area != NULL; area = area->next) {
            if ((area->flags & AREA_FLAG_ACCOUNTED) != 0) {
                promised -= (area->end - area->start) >> PAGE_SHIFT;
            }
        }
        vm_uncommit(promised);
    }
    return error;
}

/* Faults look at the flag only when the window does not help: so there must be none. */
static void set_forking(struct mm *mm, bool forking)
{
    spin_lock(&mm->pte_lock);
    mm->forking = forking;
    mm_window_close(mm);
    spin_unlock(&mm->pte_lock);
}

struct mm *mm_fork(struct mm *parent)
{
    struct mm *child = mm_create_child(parent);
    struct copy copy = {.parent = parent, .child = child};
    int error;

    if (child == NULL) {
        return NULL;
    }
    mutex_lock(&parent->lock);
    set_forking(parent, true);
    error = copy_areas(&copy);
    child->data_pages = parent->data_pages;
    child->stack_pages = parent->stack_pages;
    tlb_flush_mm(parent); /* also after a failure: entries lost W */
    set_forking(parent, false);
    mutex_unlock(&parent->lock);
    if (error != 0) {
        mm_put(
            child); /* takes the counts back; the parent's pages may stay COW, which is harmless */
        return NULL;
    }
    last_entries[this_hart()->index] = copy.entries;
    return child;
}
