/* SPDX-License-Identifier: MIT */
/*
 * protect.c - mprotect.
 *
 * The entries that exist are changed in one pass and flushed once.  Rights that are
 * taken away go at once.  W is given back only to a page that its mapping alone may
 * write (a sole owner's dirty page); otherwise the next store faults and decides.
 * Without any right a resident page becomes `away` (probe.h): it stays in memory
 * and counted.
 * Locks: mm->lock, then pte_lock.
 */
#include "abi/misc.h"
#include "lib/errno.h"
#include "mm/cow.h"
#include "mm/mmap.h"
#include "mm/mmap_internal.h"
#include "mm/object.h"
#include "mm/options.h"
#include "sync/task.h"

/* May the entry get W right away?  Private pages of a sole owner only, and not the zero page. */
static always_inline bool may_write_now(const struct area *area, pte_t pte)
{
    const struct frame *frame = pte_frame(pte);

    if ((area->prot & 2) == 0 || (pte & PTE_SPECIAL) != 0) {
        return false;
    }
    if (!area_is_private(area)) {
        return frame->kind == FRAME_SHM;
    }
    return frame->kind == FRAME_ANON && frame->slot == 0 && cow_is_sole_owner(frame);
}

/* The entry under the area's (new) rights. */
static always_inline pte_t with_rights(const struct area *area, pte_t pte)
{
    pte_t kept = pte & (PTE_PFN_MASK | PTE_COW | PTE_SPECIAL | PTE_A | PTE_D);

    if (area->pte_flags == 0) {
        return (pte & PTE_SPECIAL) != 0 ? 0 : kept | PTE_U | PTE_CLASS_AWAY << 1;
    }
    if (may_write_now(area, pte)) {
        return (kept & ~PTE_COW) | area->pte_flags;
    }
    kept |= area->pte_flags & ~PTE_W;
    return area_is_private(area) && (pte & PTE_SPECIAL) == 0 ? kept | PTE_COW : kept;
}

/* => true: it was valid, so TLBs may hold it */
static always_inline bool change_entry(const struct area *area, pte_t *entry)
{
    pte_t pte = pte_read(entry);

    if ((pte & PTE_V) == 0 && !pte_is_away(pte)) {
        return false;
    }
    for (;;) {
        pte_t changed = with_rights(area, pte);

        if (likely(hart_count == 1)) { /* nobody sets A or D meanwhile */
            pte_write(entry, changed);
            return (pte & PTE_V) != 0;
        }
        if (__atomic_compare_exchange_n(entry, &pte, changed, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
            return (pte & PTE_V) != 0;
        }
    }
}

/* => pte_lock held. */
static void change_entries(struct mm *mm, const struct area *area)
{
    u64 at = area->start, end = area->end, first = end, last = 0; /* what was valid */
    pte_t *entry;

    while (at < end && (entry = pte_next_table(mm, &at, end)) != NULL) {
        u64 stop = min_u64(end, round_down(at, LEAF_SIZE) + LEAF_SIZE);

        for (; at < stop; at += PAGE_SIZE, entry++) {
            if (*entry != 0 && change_entry(area, entry)) {
                first = min_u64(first, at);
                last = at;
            }
        }
    }
    if (first == last) {
        tlb_flush_page(mm, first);
    } else if (first < last) {
        tlb_flush_range(mm, first, last + PAGE_SIZE);
    }
}

/*
 * Is the whole range mapped, and may every area have these rights?  first: the area at `start`.
 * => 0, -ENOMEM, -EACCES, -EPERM
 */
static int check_range(const struct mm *mm, const struct area *first, u64 start, u64 end, u32 prot)
{
    bool refuses = (mm->exec_refusal & PR_MDWE_REFUSE_EXEC_GAIN) != 0 && (prot & PROT_EXEC) != 0;
    u64 at = start;

    for (const struct area *area = first; at < end; area = area->next) {
        if (area == NULL || area->start > at) {
            return -ENOMEM;
        }
        if ((area->flags & AREA_FLAG_SEALED) != 0) {
            return -EPERM;
        }
        if (refuses && ((prot & PROT_WRITE) != 0 || (area->prot & PROT_EXEC) == 0)) {
            return -EACCES;
        }
        if ((prot & PROT_WRITE) != 0 && (area->flags & AREA_FLAG_MAYWRITE) == 0) {
            return -EACCES;
        }
        at = area->end;
    }
    return 0;
}

static int protect_area(struct mm *mm, struct area *area, u8 prot)
{
    u64 pages = (area->end - area->start) >> PAGE_SHIFT;
    bool gains_write = (prot & 2) != 0 && (area->prot & 2) == 0 && area_is_private(area);

    if (gains_write && (area->flags & (AREA_FLAG_ACCOUNTED | AREA_FLAG_NORESERVE)) == 0) {
        if (vm_commit(pages) != 0) {
            return -ENOMEM;
        }
        area->flags |= AREA_FLAG_ACCOUNTED;
    }
    if (gains_write) {
        mm->data_pages += pages;
    }
    spin_lock_quick(&mm->pte_lock);
    area_set_protection(area, prot);
    mm_window_close(mm);
    change_entries(mm, area);
    spin_unlock_quick(&mm->pte_lock);
    return 0;
}

static int protect_range(struct mm *mm, struct area *area, u64 start, u64 end, u8 prot)
{
    int error = mmap_isolate_from(mm, &area, start, end);

    for (; error == 0 && area != NULL && area->start < end; area = area->next) {
        error = area->prot == prot ? 0 : protect_area(mm, area, prot);
        if (error != 0) {
            break;
        }
        area = area_merge(mm, area);
    }
    return error;
}

int vm_mprotect(struct mm *mm, u64 address, u64 length, u32 prot)
{
    u64 end = address + round_up(length, PAGE_SIZE);
    u32 grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
    struct area *first;
    int error;

    prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
    if ((address & PAGE_MASK) != 0 || (prot & ~7u) != 0 ||
        grows == (PROT_GROWSDOWN | PROT_GROWSUP)) {
        return -EINVAL;
    }
    if (length == 0) {
        return 0;
    }
    if (!mmap_range_ok(address, length)) {
        return -ENOMEM;
    }
    mutex_lock(&mm->lock);
    first = area_find(mm, address);
    if (grows == PROT_GROWSDOWN) {
        if (first == NULL || (first->flags & AREA_FLAG_GROWSDOWN) == 0) {
            mutex_unlock(&mm->lock);
            return -EINVAL;
        }
        address = first->start;
    }
    error = check_range(mm, first, address, end, prot);
    if (error == 0) {
        error = protect_range(mm, first, address, end, (u8)prot);
    }
    mutex_unlock(&mm->lock);
    if (error == 0) {
        if ((prot & PROT_EXEC) != 0) {
            icache_flush();
        }
        PROBE(PROTECT, task_id(current()), address, end, prot);
    }
    return error;
}
