/* SPDX-License-Identifier: MIT */
/*
 * fork.c - the copy of an address space that fork() makes.
 *
 * Private pages are shared copy-on-write: W goes in parent and child, the COW bit
 * comes.  Swapped pages share their slot.  One flush at the end takes the parent's
 * stale write permissions from the TLBs before the child can run (corner case 10).
 *
 * With one hart the child's leaf tables become twins of the parent's (twin.h): their
 * entries are copied, those of file pages too, and no frame is looked at.  With several
 * harts each anonymous frame gets one more mapping, and pages of objects are not
 * copied at all: the child faults them in again cheaply (corner case 9).
 *
 * Two pages are certain to be written by the child, and the first most likely by the parent: the
 * one that the stack pointer is in, and the one where the child's thread number goes.  Of these
 * the child gets its own copy at once, so that neither of the two need fault.
 *
 * The parent's mm->lock is held throughout, so its areas do not change, and faults
 * of its other threads wait (mm->forking): the child must not see a later page that
 * such a thread touched without the earlier one (corner case 12).
 */
#include "lib/errno.h"
#include "mm/fork_tables.h"
#include "mm/object.h"
#include "mm/options.h"
#include "mm/swap_cache.h"
#include "sync/task.h"

static u64 last_entries[MAX_HARTS];

u64 mm_forked_entries(void)
{
    return last_entries[this_hart()->index];
}

/* ---- by leaf table ---------------- */

/*
 * Tables for the next pages of the parent from *address on; they are twins if they are new.
 * => false: no memory for the child's.  *address is the end of the area if there are no pages.
 */
static bool next_tables(struct copy *copy, u64 *address)
{
    pte_t *entry = pte_next_table_joint(copy->parent, address, copy->area->end), *target;

    if (entry == NULL) {
        *address = copy->area->end;
        return true;
    }
    target = pte_reach_joint(copy->child, *address & ~(LEAF_SIZE - 1));
    if (target == NULL) {
        return false;
    }
    copy->region = round_down(*address, LEAF_SIZE);
    copy->from = (pte_t *)round_down((u64)entry, PAGE_SIZE);
    copy->to = target;
    twin_join(fork_parents_table(copy, entry), virt_to_frame(target));
    return true;
}

/* => false: see fork_copy_unusual().  D and A stay as they are: whichever table goes last has them.
 */
static always_inline bool copy_word(pte_t *entry, pte_t *target)
{
    pte_t pte = *entry;

    if (pte != 0) {
        if (unlikely((pte & (PTE_V | PTE_W | PTE_COW)) != (PTE_V | PTE_COW))) {
            pte = fork_copy_unusual(entry, target);
            if (unlikely(pte == 0)) {
                return false;
            }
        }
        *target = pte;
    }
    return true;
}

/* Copy entries of twins.  => where it stopped */
static pte_t *copy_joint(pte_t *entry, const pte_t *stop, pte_t *target)
{
    for (; stop - entry >= 4; entry += 4, target += 4) {
        if (!copy_word(entry, target) || !copy_word(entry + 1, target + 1) ||
            !copy_word(entry + 2, target + 2) || !copy_word(entry + 3, target + 3)) {
            break;
        }
    }
    /* The rest; or the four again, of which some are copied. */
    for (; entry < stop && (*target != 0 || copy_word(entry, target)); entry++, target++) {
    }
    return entry;
}

/* For copy->area from *address on; no lock.  => false if memory ran out at *address */
static always_inline bool copy_tables(struct copy *copy, u64 *address)
{
    u64 end = copy->area->end;

    while (*address < end) {
        u64 first = (*address >> PAGE_SHIFT) & (ENTRIES - 1), stop;
        pte_t *entry, *reached;

        if (*address - copy->region >= LEAF_SIZE) {
            if (!next_tables(copy, address)) {
                return false;
            }
            continue;
        }
        stop = min_u64(end, copy->region + LEAF_SIZE);
        entry = copy->from + first;
        if (unlikely(virt_to_frame(copy->to)->twin == 0)) {
            /* Settled by reclaim while this fork was asleep: what was copied so far has its counts,
             * and so must the rest. */
            if (!fork_copy_counted(copy, address, stop, entry)) {
                return false;
            }
            continue;
        }
        reached = copy_joint(entry, entry + ((stop - *address) >> PAGE_SHIFT), copy->to + first);
        *address += (u64)(reached - entry) << PAGE_SHIFT;
        if (*address < stop) {
            return false;
        }
    }
    return true;
}

/* ---- each page counted ---------------- */

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

/* One leaf table of the parent, or less; counting.  => false: no memory at *address */
static bool copy_some(struct copy *copy, u64 *address)
{
    u64 end = copy->area->end;
    bool complete = true;
    pte_t *entry;

    spin_lock(&copy->parent->pte_lock);
    spin_lock(&copy->child->pte_lock);
    entry = pte_next_table(copy->parent, address, end);
    if (entry == NULL) {
        *address = end;
    } else {
        u64 stop = min_u64(end, round_down(*address, LEAF_SIZE) + LEAF_SIZE);

        complete = fork_copy_counted(copy, address, stop, entry);
        copy->child->rss_anon += copy->anon;
        copy->anon = 0;
    }
    spin_unlock(&copy->child->pte_lock);
    spin_unlock(&copy->parent->pte_lock);
    interrupts_breathe();
    return complete;
}

static int copy_pages(struct copy *copy)
{
    u64 address = copy->area->start, end = copy->area->end;
    unsigned failures = 0;

    while (address < end) {
        u64 from = address;
        bool complete = copy->by_table ? copy_tables(copy, &address) : copy_some(copy, &address);

        failures = complete || address != from ? 0 : failures + 1;
        if (!complete && (failures > 4 || !make_room())) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* Must the child get entries of this area now?  Pages of objects it can fault in itself. */
static bool wants_entries(const struct copy *copy, const struct area *area)
{
    u32 flags = area->flags & (AREA_FLAG_SHARED | AREA_FLAG_ANON_PAGES | AREA_FLAG_WIPEONFORK);

    return area->kind == AREA_SPECIAL || flags == AREA_FLAG_ANON_PAGES ||
           (flags == 0 && copy->by_table);
}

/* => 0, -ENOMEM.  The child is nobody's yet, its areas come in order: no search, no lock. */
static int copy_area(struct copy *copy, const struct area *area, struct area **last)
{
    struct area *twin = area_clone(copy->child, *last, area);

    if (twin == NULL) {
        return -ENOMEM;
    }
    *last = twin;
    if (!wants_entries(copy, area)) {
        fork_leave_out(copy, area->start, area->end);
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
        mm_forget(copy->child);
        return error;
    }
    if (copy->child->first_area != NULL) {
        return fork_wake(copy) ? 0 : -ENOMEM;
    }
    for (const struct area *area = copy->parent->first_area; area != NULL && error == 0;
         area = area->next) {
        if ((area->flags & AREA_FLAG_DONTFORK) == 0) {
            error = copy_area(copy, area, &last);
        } else {
            fork_leave_out(copy, area->start, area->end);
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

bool mm_store_in_child(struct mm *child, u64 address, u32 value)
{
    const pte_t own = PTE_V | PTE_W | PTE_U;
    pte_t *entry =
        address < USER_END && address % sizeof(value) == 0 ? pte_find_joint(child, address) : NULL;

    if (entry == NULL || (*entry & own) != own) {
        return false;
    }
    *(u32 *)((u8 *)frame_to_virt(pte_frame(*entry)) + (address & PAGE_MASK)) = value;
    return true;
}

struct mm *mm_fork(struct mm *parent, u64 stack, u64 thread_number)
{
    struct mm *child = mm_create_child(parent);
    struct copy copy = {.parent = parent,
                        .child = child,
                        .by_table = hart_count == 1 && !vm_options.eager_fork,
                        .region = NO_REGION};
    u64 switches = current()->voluntary_switches;
    int error;

    if (child == NULL) {
        return NULL;
    }
    mutex_lock(&parent->lock);
    set_forking(parent, true);
    if (!copy.by_table || !fork_can_wake(&copy)) {
        mm_forget(child);
    }
    error = copy_areas(&copy);
    if (copy.by_table) {
        fork_count_pages(&copy, error != 0 || current()->voluntary_switches != switches);
        fork_copy_now(&copy, stack);
        if (thread_number != 0) {
            fork_copy_now(&copy, thread_number);
        }
    }
    child->data_pages = parent->data_pages;
    child->stack_pages = parent->stack_pages;
    tlb_flush_mm(parent); /* also after a failure: entries lost W */
    set_forking(parent, false);
    mutex_unlock(&parent->lock);
    if (error != 0) {
        mm_put(child); /* takes the counts back; that the parent's pages stay COW does no harm */
        return NULL;
    }
    last_entries[this_hart()->index] = mm_resident(child) + child->swap_entries;
    return child;
}
