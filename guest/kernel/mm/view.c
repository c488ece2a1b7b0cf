/* SPDX-License-Identifier: MIT */
/*
 * view.c - an address space as /proc shows it, and futex keys.
 */
#include "lib/errno.h"
#include "mm/fault.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/pagetable.h"

/* Bits of /proc/pid/pagemap (Linux, admin-guide/mm/pagemap). */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FILE (1ull << 61)
#define PAGEMAP_EXCLUSIVE (1ull << 56)

static void count_frame(struct area_view *view, const struct frame *frame, pte_t pte)
{
    bool dirty = (pte & PTE_D) != 0 || (frame->flags & FRAME_DIRTY) != 0;
    u32 maps = frame->maps == 0 ? 1 : frame->maps;

    view->resident++;
    view->anonymous += frame->kind == FRAME_ANON;
    view->referenced += (pte & PTE_A) != 0;
    view->proportional += PAGE_SIZE / maps;
    if (maps > 1) {
        *(dirty ? &view->shared_dirty : &view->shared_clean) += 1;
    } else {
        *(dirty ? &view->private_dirty : &view->private_clean) += 1;
    }
}

static void count_pages(struct mm *mm, const struct area *area, struct area_view *view)
{
    u64 at = area->start;
    pte_t *entry;

    spin_lock(&mm->pte_lock);
    while ((entry = pte_next_table(mm, &at, area->end)) != NULL) {
        u64 stop = min_u64(area->end, round_down(at, LEAF_SIZE) + LEAF_SIZE);

        for (; at < stop; at += PAGE_SIZE, entry++) {
            pte_t pte = pte_read(entry);

            if (pte_has_frame(pte)) {
                count_frame(view, pte_frame(pte), pte);
            } else if (pte_is_swap(pte)) {
                view->swapped++;
            }
        }
    }
    spin_unlock(&mm->pte_lock);
    view->locked = (area->flags & AREA_FLAG_LOCKED) != 0 ? view->resident : 0;
}

static const char *name_of(const struct area *area)
{
    switch (area->kind) {
    case AREA_HEAP:
        return "[heap]";
    case AREA_STACK:
        return area->end == STACK_TOP ? "[stack]" : NULL;
    case AREA_SPECIAL:
        return "[vdso]";
    default:
        return NULL;
    }
}

void mm_each_area(struct mm *mm, bool count, void (*callback)(const struct area_view *, void *),
                  void *argument)
{
    mutex_lock(&mm->lock);
    for (struct area *area = mm->first_area; area != NULL; area = area->next) {
        struct area_view view = {.start = area->start,
                                 .end = area->end,
                                 .prot = area->prot,
                                 .kind = area->kind,
                                 .flags = area->flags,
                                 .offset = area->inode == NULL ? 0 : area->pgoff << PAGE_SHIFT,
                                 .inode = area->inode,
                                 .name = name_of(area)};

        if (count) {
            count_pages(mm, area, &view);
        }
        callback(&view, argument);
    }
    mutex_unlock(&mm->lock);
}

u64 mm_pagemap_entry(struct mm *mm, u64 address)
{
    pte_t pte = 0;
    pte_t *entry;
    u64 result = 0;

    spin_lock(&mm->pte_lock);
    entry = pte_find(mm, address);
    if (entry != NULL) {
        pte = pte_read(entry);
    }
    if ((pte & PTE_V) != 0 || pte_is_away(pte)) {
        result = PAGEMAP_PRESENT | pte_pfn(pte);
        if (pte_has_frame(pte)) {
            result |= pte_frame(pte)->kind == FRAME_ANON ? 0 : PAGEMAP_FILE;
            result |= pte_frame(pte)->maps == 1 ? PAGEMAP_EXCLUSIVE : 0;
        }
    } else if (pte_is_swap(pte)) {
        result = PAGEMAP_SWAPPED | PTE_PAYLOAD(pte) << 5;
    }
    spin_unlock(&mm->pte_lock);
    return result;
}

int mm_futex_key(struct mm *mm, u64 address, bool private_only, struct futex_key *key)
{
    struct area *area;
    int error = 0;

    if ((address & 3) != 0) {
        return -EINVAL;
    }
    *key = (struct futex_key){mm, address};
    if (private_only) {
        return 0;
    }
    spin_lock(&mm->pte_lock);
    area = area_find(mm, address);
    if (area == NULL) {
        error = -EFAULT;
    } else if (!area_is_private(area) && area->inode != NULL) {
        *key = (struct futex_key){area->inode, (area_page_index(area, address) << PAGE_SHIFT) |
                                                   (address & PAGE_MASK)};
    }
    spin_unlock(&mm->pte_lock);
    return error;
}
