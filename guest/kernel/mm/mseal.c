/* SPDX-License-Identifier: MIT */
/*
 * mseal.c - mseal(2): areas that keep their place and their rights for good.
 *
 * A sealed area is not unmapped, moved, mapped over, resized or given other rights, and nothing
 * that cannot be written is emptied (advice.c).  fork passes the seal on; exec and exit end it.
 * Lock: mm->lock.  Source: Linux Documentation/userspace-api/mseal.rst.
 */
#include "lib/errno.h"
#include "mm/mmap.h"
#include "mm/mmap_internal.h"

bool mmap_is_sealed(struct mm *mm, u64 start, u64 end)
{
    for (const struct area *area = area_find_at_or_above(mm, start);
         area != NULL && area->start < end; area = area->next) {
        if ((area->flags & AREA_FLAG_SEALED) != 0) {
            return true;
        }
    }
    return false;
}

static bool is_all_mapped(struct mm *mm, u64 start, u64 end)
{
    const struct area *area = area_find(mm, start);

    while (area != NULL && area->end < end) {
        area = area->next != NULL && area->next->start == area->end ? area->next : NULL;
    }
    return area != NULL;
}

static int seal_range(struct mm *mm, u64 start, u64 end)
{
    int error = is_all_mapped(mm, start, end) ? mmap_isolate(mm, start, end) : -ENOMEM;

    for (struct area *area = error == 0 ? area_find(mm, start) : NULL;
         area != NULL && area->start < end; area = area->next) {
        spin_lock(&mm->pte_lock);
        area->flags |= AREA_FLAG_SEALED;
        spin_unlock(&mm->pte_lock);
        area = area_merge(mm, area);
    }
    return error;
}

int vm_mseal(struct mm *mm, u64 address, u64 length, u64 flags)
{
    u64 size = round_up(length, PAGE_SIZE);
    int error;

    if (flags != 0 || (address & PAGE_MASK) != 0 || size < length || address + size < address) {
        return -EINVAL;
    }
    if (length == 0) {
        return 0;
    }
    mutex_lock(&mm->lock);
    error = seal_range(mm, address, address + size);
    mutex_unlock(&mm->lock);
    return error;
}
