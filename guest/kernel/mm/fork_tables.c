/* SPDX-License-Identifier: MIT */
/*
 * fork_tables.c - the entries of page tables that a fork copies.  See fork.c.
 *
 * Locks: mm->lock of the parent, and the pte_locks of both.  The child is nobody's yet.
 */
#include "mm/fork_tables.h"
#include "lib/assert.h"
#include "mm/object.h"
#include "mm/options.h"
#include "mm/page.h"
#include "mm/swap_cache.h"

/* ---- each page counted ---------------- */

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

bool fork_copy_counted(struct copy *copy, u64 *address, u64 stop, pte_t *entry)
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
        }
    }
    return true;
}

/* ---- by leaf table ---------------- */

struct frame *fork_parents_table(const struct copy *copy, const pte_t *entry)
{
    struct frame *table = virt_to_frame(entry);

    if (table->twin != 0 && frame_of_pfn(table->twin)->owner != copy->child) {
        twin_settle(table); /* of an earlier child, which lives on */
    }
    return table;
}

pte_t fork_copy_unusual(pte_t *entry, pte_t *target)
{
    pte_t pte = *entry;

    if (pte_has_frame(pte)) {
        pte = (pte & PTE_V) != 0 ? (pte & ~PTE_W) | PTE_COW : pte | PTE_COW;
    } else if (pte_is_swap(pte)) {
        if (!swap_get(PTE_PAYLOAD(pte))) {
            return 0;
        }
        pte &= ~PTE_SWAP_EXCLUSIVE;
        virt_to_frame(target)->index |= twin_group(target);
    }
    *entry = pte;
    return pte;
}

static bool same_area(const struct area *area, const struct area *last)
{
    const u32 apart = AREA_FLAG_SHARED | AREA_FLAG_DONTFORK | AREA_FLAG_WIPEONFORK;

    return last != NULL && area->start == last->start && area->end == last->end &&
           area->pte_flags == last->pte_flags && area->inode == last->inode &&
           area->pgoff == last->pgoff && area->kind == last->kind && (area->flags & apart) == 0;
}

/* Do all leaf tables of the area have twins of this child's, which sleep? */
static bool all_asleep(const struct copy *copy, const struct area *area, u64 *looked)
{
    u64 at = area->start;
    pte_t *entry;

    if (at - *looked < LEAF_SIZE && area->end - *looked <= LEAF_SIZE) {
        return true;
    }
    while ((entry = pte_next_table_joint(copy->parent, &at, area->end)) != NULL) {
        const struct frame *table = virt_to_frame(entry);

        if (!twin_is_asleep(table) || twin_of(table)->owner != copy->child) {
            return false;
        }
        *looked = round_down(at, LEAF_SIZE);
        at = *looked + LEAF_SIZE;
    }
    return true;
}

bool fork_can_wake(const struct copy *copy)
{
    const struct area *last = copy->child->first_area;
    u64 looked = NO_REGION;

    if (last == NULL) {
        return false;
    }
    for (const struct area *area = copy->parent->first_area; area != NULL; area = area->next) {
        if (!same_area(area, last) || !all_asleep(copy, area, &looked)) {
            return false;
        }
        last = last->next;
    }
    return last == NULL;
}

/* Eight entries, any of which may have changed in the parent.  => false: see fork_copy_unusual() */
static bool copy_group(pte_t *entry, pte_t *target)
{
    bool complete = true;

    for (const pte_t *stop = entry + TWIN_GROUP; entry < stop; entry++, target++) {
        pte_t pte = *entry;

        if (pte != 0 && (pte & (PTE_V | PTE_W | PTE_COW)) != (PTE_V | PTE_COW)) {
            pte = fork_copy_unusual(entry, target);
            complete = complete && pte != 0;
        }
        *target = pte;
    }
    return complete;
}

static bool wake_table(struct frame *table)
{
    struct frame *twin = twin_of(table);
    u64 groups = table->index | twin->index;
    pte_t *entry = frame_to_virt(table), *target = frame_to_virt(twin);
    bool complete = true;

    table->index = 0;
    twin->index = 0;
    twin->flags = 0;
    for (; groups != 0; groups &= groups - 1) {
        unsigned first = TWIN_GROUP * (unsigned)__builtin_ctzll(groups);

        complete = copy_group(entry + first, target + first) && complete;
    }
    return complete;
}

bool fork_wake(struct copy *copy)
{
    struct area *last = copy->child->first_area;
    u64 woken = NO_REGION;
    bool complete = true;
    pte_t *entry;

    for (const struct area *area = copy->parent->first_area; area != NULL; area = area->next) {
        u64 at = area->start;

        last->flags =
            (area->flags & ~(AREA_FLAG_LOCKED | AREA_FLAG_LOCKONFAULT)) | AREA_FLAG_CLONED;
        last->userfault = NULL;
        area_bring_back(last);
        last = last->next;
        while (at < area->end) {
            if (at - woken < LEAF_SIZE) {
                at = woken + LEAF_SIZE;
                continue;
            }
            entry = pte_next_table_joint(copy->parent, &at, area->end);
            if (entry == NULL) {
                break;
            }
            woken = round_down(at, LEAF_SIZE);
            complete = wake_table(virt_to_frame(entry)) && complete;
        }
    }
    return complete;
}

static void count_entries(struct page_counts *counts, const pte_t *entry, const pte_t *stop)
{
    for (; entry < stop; entry++) {
        if (*entry == 0) {
            continue;
        }
        if (pte_is_swap(*entry)) {
            counts->swapped++;
        } else if (pte_has_frame(*entry)) {
            counts->pages[pte_frame(*entry)->kind]++;
        }
    }
}

void fork_leave_out(struct copy *copy, u64 start, u64 end)
{
    pte_t *entry;

    while (copy->by_table && start < end &&
           (entry = pte_next_table_joint(copy->parent, &start, end)) != NULL) {
        u64 stop = min_u64(end, round_down(start, LEAF_SIZE) + LEAF_SIZE);
        const pte_t *after = entry + ((stop - start) >> PAGE_SHIFT);

        /* From the bit of the first entry's group to that of the last's. */
        fork_parents_table(copy, entry)->index |= (twin_group(after - 1) << 1) - twin_group(entry);
        count_entries(&copy->left_out, entry, after);
        start = stop;
    }
}

/* This fork was asleep: anything may have been evicted, or brought in again. */
static rarely void count_afresh(struct mm *child)
{
    struct page_counts counts = {0};
    pte_t *entry;

    for (u64 at = 0; (entry = pte_next_table_joint(child, &at, USER_END)) != NULL;
         at = round_down(at, LEAF_SIZE) + LEAF_SIZE) {
        count_entries(&counts, entry, entry + ((LEAF_SIZE - at % LEAF_SIZE) >> PAGE_SHIFT));
    }
    child->rss_anon = counts.pages[FRAME_ANON];
    child->rss_file = counts.pages[FRAME_FILE];
    child->rss_shm = counts.pages[FRAME_SHM];
    child->swap_entries = counts.swapped;
    child->rss_peak = 0;
}

void fork_count_pages(struct copy *copy, bool was_asleep)
{
    struct mm *child = copy->child;
    const struct mm *parent = copy->parent;
    const struct page_counts *less = &copy->left_out;

    if (was_asleep) {
        count_afresh(child);
        return;
    }
    child->rss_anon = parent->rss_anon - less->pages[FRAME_ANON];
    child->rss_file = parent->rss_file - less->pages[FRAME_FILE];
    child->rss_shm = parent->rss_shm - less->pages[FRAME_SHM];
    child->swap_entries = parent->swap_entries - less->swapped;
}

void fork_copy_now(struct copy *copy, u64 address)
{
    struct area *area = area_find(copy->child, address);
    pte_t *entry = pte_find_joint(copy->parent, address);
    pte_t *target = pte_find_joint(copy->child, address);
    struct frame *frame, *fresh;

    if (area == NULL || (area->pte_flags & (PTE_W | PTE_X)) != PTE_W || entry == NULL ||
        target == NULL || virt_to_frame(entry)->twin == 0 || (*entry & PTE_V) == 0 ||
        !twin_is_joint(*entry, *target)) {
        return;
    }
    frame = pte_frame(*entry);
    if (frame->kind != FRAME_ANON || frame->slot != 0 || policy_watches) {
        return;
    }
    fresh = frame_alloc_fast(FRAME_KERNEL);
    if (fresh == NULL) {
        return; /* then by faults */
    }
    page_copy(frame_to_virt(fresh), frame_to_virt(frame));
    frame_become_anonymous(fresh, copy->child->family, address >> PAGE_SHIFT);
    virt_to_frame(target)->index |= twin_group(target);
    *target = pte_make(frame_pfn(fresh), area->pte_flags | PTE_A | PTE_D);
    if (frame->refs == 1) { /* the parent's alone again */
        *entry = pte_make(frame_pfn(frame), area->pte_flags | PTE_A | PTE_D);
    }
}
