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
};

static u64 last_entries[MAX_HARTS];

u64 mm_forked_entries(void)
{
    return last_entries[this_hart()->index];
}

/* vm.eager=fork: a copy at once.  => the child's PTE, 0 if there is no frame. */
static pte_t copy_page(struct copy *copy, const struct frame *frame, u64 address)
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
static pte_t share_page(struct copy *copy, pte_t *entry, pte_t pte, u64 address)
{
    struct frame *frame = pte_frame(pte);

    if (vm_options.eager_fork && (pte & PTE_V) != 0) {
        pte_t own = copy_page(copy, frame, address);

        if (own != 0) {
            copy->child->rss_anon++;
        }
        return own;
    }
    if ((pte & PTE_V) == 0) { /* away: bit 2 is part of its class, not W */
        pte |= PTE_COW;
        pte_write(entry, pte);
    } else if ((pte & (PTE_W | PTE_COW)) != PTE_COW) {
        pte = pte_clear_bits(entry, PTE_W) & ~PTE_W; /* the hart may be setting D: one AMO */
        pte |= PTE_COW;
        pte_set_bits(entry, PTE_COW);
    }
    frame_map(frame);
    copy->child->rss_anon++;
    return pte & ~(PTE_A | PTE_D);
}

/* => the child's word, 0 to leave it empty; *failed: no memory. */
static pte_t copy_entry(struct copy *copy, pte_t *entry, u64 address, bool *failed)
{
    pte_t pte = pte_read(entry);

    if (pte_has_frame(pte)) {
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
static bool make_room(void)
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

static int copy_area(struct mm *parent, struct mm *child, const struct area *area, u64 *entries)
{
    u32 flags = (area->flags & ~(AREA_FLAG_LOCKED | AREA_FLAG_LOCKONFAULT)) | AREA_FLAG_CLONED;
    u64 pages = (area->end - area->start) >> PAGE_SHIFT;
    struct copy copy = {.parent = parent, .child = child};
    struct area *twin;
    int error;

    if ((flags & AREA_FLAG_ACCOUNTED) != 0 && vm_commit(pages) != 0) {
        return -ENOMEM;
    }
    twin = area_create(area->start, area->end, area->prot, flags, area->kind);
    if (twin == NULL) {
        if ((flags & AREA_FLAG_ACCOUNTED) != 0) {
            vm_uncommit(pages);
        }
        return -ENOMEM;
    }
    twin->inode = area->inode == NULL ? NULL : inode_get(area->inode);
    twin->pgoff = area->pgoff;
    area_insert(child, twin);
    if ((area->flags & AREA_FLAG_SHARED) != 0 || (area->flags & AREA_FLAG_ANON_PAGES) == 0 ||
        (area->flags & AREA_FLAG_WIPEONFORK) != 0) {
        if (area->kind == AREA_SPECIAL) {
            copy.area = twin;
            error = copy_pages(&copy);
            return error;
        }
        return 0;
    }
    copy.area = twin;
    error = copy_pages(&copy);
    *entries += copy.entries;
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
    u64 entries = 0;
    int error = 0;

    if (child == NULL) {
        return NULL;
    }
    mutex_lock(&parent->lock);
    set_forking(parent, true);
    for (struct area *area = parent->first_area; area != NULL && error == 0; area = area->next) {
        if ((area->flags & AREA_FLAG_DONTFORK) == 0) {
            error = copy_area(parent, child, area, &entries);
        }
    }
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
    last_entries[this_hart()->index] = entries;
    return child;
}
