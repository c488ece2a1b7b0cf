/* SPDX-License-Identifier: MIT */
/*
 * mlock.c - pages that stay, and msync.
 *
 * A locked area is a flag that the CLOCK respects (it finds the area through the
 * reverse map); locking also brings in every page, as if written where the area is
 * private and writable, so that no later access faults.
 */
#include "lib/errno.h"
#include "mm/fault.h"
#include "mm/mmap.h"
#include "mm/mmap_internal.h"
#include "mm/object.h"
#include "mm/writeback.h"
#include "sync/task.h"

#define LOCK_FLAGS (AREA_FLAG_LOCKED | AREA_FLAG_LOCKONFAULT)

/* => mm->lock held. */
static void set_locked(struct mm *mm, struct area *area, u32 flags)
{
    u64 pages = (area->end - area->start) >> PAGE_SHIFT;
    bool was = (area->flags & AREA_FLAG_LOCKED) != 0, is = (flags & AREA_FLAG_LOCKED) != 0;

    spin_lock(&mm->pte_lock);
    area->flags = (area->flags & ~LOCK_FLAGS) | flags;
    spin_unlock(&mm->pte_lock);
    if (was && !is) {
        mm->locked_pages -= pages;
    } else if (!was && is) {
        mm->locked_pages += pages;
    }
}

/* Pages of the range that are not locked yet.  => -ENOMEM if it has a hole. */
static int count_unlocked(struct mm *mm, u64 start, u64 end, u64 *pages)
{
    *pages = 0;
    for (u64 at = start; at < end;) {
        struct area *area = area_find(mm, at);

        if (area == NULL) {
            return -ENOMEM;
        }
        if ((area->flags & AREA_FLAG_LOCKED) == 0) {
            *pages += (min_u64(area->end, end) - at) >> PAGE_SHIFT;
        }
        at = area->end;
    }
    return 0;
}

static int lock_range(struct mm *mm, u64 start, u64 end, u32 flags)
{
    u64 pages;
    int error = count_unlocked(mm, start, end, &pages);

    if (error == 0 && (flags & AREA_FLAG_LOCKED) != 0 &&
        (mm->locked_pages + pages) << PAGE_SHIFT > mm->lock_limit) {
        return -ENOMEM;
    }
    error = error == 0 ? mmap_isolate(mm, start, end) : error;
    for (struct area *area = error == 0 ? area_find(mm, start) : NULL;
         area != NULL && area->start < end; area = area->next) {
        if (area->kind != AREA_SPECIAL) {
            set_locked(mm, area, flags);
            area = area_merge(mm, area);
        }
    }
    return error;
}

/* Align the range outwards.  => 0 or -EINVAL; *end = *start: nothing to do. */
static int align_range(u64 address, u64 length, u64 *start, u64 *end)
{
    *start = round_down(address, PAGE_SIZE);
    *end = round_up(address + length, PAGE_SIZE);
    if (*end < *start || address + length < address) {
        return -EINVAL;
    }
    return length != 0 && *end > USER_END ? -ENOMEM : 0;
}

int vm_mlock(struct mm *mm, u64 address, u64 length, u32 flags)
{
    u32 area_flags = AREA_FLAG_LOCKED | ((flags & MLOCK_ONFAULT) != 0 ? AREA_FLAG_LOCKONFAULT : 0);
    u64 start, end;
    int error;

    if ((flags & ~MLOCK_ONFAULT) != 0) {
        return -EINVAL;
    }
    error = align_range(address, length, &start, &end);
    if (error != 0 || length == 0) {
        return error;
    }
    mutex_lock(&mm->lock);
    error = lock_range(mm, start, end, area_flags);
    mutex_unlock(&mm->lock);
    if (error == 0 && (flags & MLOCK_ONFAULT) == 0) {
        error = mm_populate(mm, start, end, true);
        error = error == -EFAULT ? -ENOMEM : error;
    }
    return error;
}

int vm_munlock(struct mm *mm, u64 address, u64 length)
{
    u64 start, end;
    int error = align_range(address, length, &start, &end);

    if (error != 0 || length == 0) {
        return error;
    }
    mutex_lock(&mm->lock);
    error = lock_range(mm, start, end, 0);
    mutex_unlock(&mm->lock);
    return error;
}

int vm_mlockall(struct mm *mm, u32 flags)
{
    u32 area_flags = AREA_FLAG_LOCKED | ((flags & MCL_ONFAULT) != 0 ? AREA_FLAG_LOCKONFAULT : 0);

    if (flags == 0 || flags == MCL_ONFAULT ||
        (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0) {
        return -EINVAL;
    }
    mutex_lock(&mm->lock);
    if ((flags & MCL_CURRENT) != 0 && mm->total_pages << PAGE_SHIFT > mm->lock_limit) {
        mutex_unlock(&mm->lock);
        return -ENOMEM;
    }
    mm->lock_future = (flags & MCL_FUTURE) != 0;
    for (struct area *area = mm->first_area; area != NULL && (flags & MCL_CURRENT) != 0;
         area = area->next) {
        if (area->kind != AREA_SPECIAL) {
            set_locked(mm, area, area_flags);
        }
    }
    mutex_unlock(&mm->lock);
    if ((flags & (MCL_CURRENT | MCL_ONFAULT)) == MCL_CURRENT) {
        u64 at = 0;

        for (;;) { /* errors (holes at the end of files, guards) are not ours to report */
            struct area *area;
            u64 end;

            mutex_lock(&mm->lock);
            area = area_find_at_or_above(mm, at);
            at = area == NULL ? 0 : area->start;
            end = area == NULL ? 0 : area->end;
            mutex_unlock(&mm->lock);
            if (area == NULL) {
                break;
            }
            mm_populate(mm, at, end, true);
            at = end;
        }
    }
    return 0;
}

int vm_munlockall(struct mm *mm)
{
    mutex_lock(&mm->lock);
    mm->lock_future = false;
    for (struct area *area = mm->first_area; area != NULL; area = area->next) {
        set_locked(mm, area, 0);
    }
    mutex_unlock(&mm->lock);
    return 0;
}

/* ---- msync ---------------- */

struct piece {
    struct inode *inode; /* referenced; NULL: nothing to write here */
    u64 first, last;
    u64 end; /* go on here */
};

/* The part of [at, end) that lies in one area.  => 0, -ENOMEM (a hole), -EBUSY. mm->lock held. */
static int next_piece(struct mm *mm, u64 at, u64 end, u32 flags, struct piece *piece)
{
    struct area *area = area_find(mm, at);

    if (area == NULL) {
        area = area_find_at_or_above(mm, at);
        *piece = (struct piece){.end = area == NULL ? end : min_u64(area->start, end)};
        return -ENOMEM;
    }
    *piece = (struct piece){.end = min_u64(area->end, end)};
    if ((flags & MS_INVALIDATE) != 0 && (area->flags & AREA_FLAG_LOCKED) != 0) {
        return -EBUSY;
    }
    if (area->kind == AREA_FILE_SHARED) {
        piece->inode = inode_get(area->inode);
        piece->first = area_page_index(area, at);
        piece->last = area_page_index(area, piece->end - 1);
    }
    return 0;
}

int vm_msync(struct mm *mm, u64 address, u64 length, u32 flags)
{
    u64 end = address + round_up(length, PAGE_SIZE);
    int result = 0;

    if ((address & PAGE_MASK) != 0 || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0 ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC)) {
        return -EINVAL;
    }
    if (end < address || end > USER_END) {
        return -ENOMEM;
    }
    for (u64 at = address; at < end;) {
        struct piece piece;
        int error;

        mutex_lock(&mm->lock);
        error = next_piece(mm, at, end, flags, &piece);
        mutex_unlock(&mm->lock);
        if (piece.inode != NULL) {
            if ((flags & MS_SYNC) != 0) {
                error = cache_write_back(piece.inode, piece.first, piece.last, WRITEBACK_MSYNC);
                if (error == 0 && piece.inode->ops->sync != NULL) {
                    error = piece.inode->ops->sync(piece.inode, true);
                }
            }
            inode_put(piece.inode);
        }
        if (error == -EBUSY) {
            return error;
        }
        result = result == 0 ? error : result;
        at = piece.end;
    }
    return result;
}
