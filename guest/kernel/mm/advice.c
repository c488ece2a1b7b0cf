/* SPDX-License-Identifier: MIT */
/*
 * advice.c - madvise and mincore.
 * Lock: mm->lock while areas are walked.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/evict.h"
#include "mm/fault.h"
#include "mm/kalloc.h"
#include "mm/mmap.h"
#include "mm/mmap_internal.h"
#include "mm/object.h"
#include "mm/shm.h"
#include "mm/swap_cache.h"
#include "mm/uaccess.h"
#include "mm/writeback.h"
#include "mm/zap.h"
#include "sync/task.h"

/* ---- advice about a range of one area; mm->lock held.  => 0 or an error ---------------- */

typedef int (*advise)(struct mm *mm, struct area *area, u64 start, u64 end);

static void zap(struct mm *mm, u64 start, u64 end)
{
    spin_lock(&mm->pte_lock);
    zap_range(mm, start, end);
    spin_unlock(&mm->pte_lock);
}

/* Drop the pages: the next touch finds zeros, or the file. */
static int dont_need(struct mm *mm, struct area *area, u64 start, u64 end)
{
    if ((area->flags & AREA_FLAG_LOCKED) != 0 || area->kind == AREA_SPECIAL) {
        return -EINVAL;
    }
    zap(mm, start, end);
    return 0;
}

/* The same, locked or not. */
static int dont_need_locked(struct mm *mm, struct area *area, u64 start, u64 end)
{
    if (area->kind == AREA_SPECIAL) {
        return -EINVAL;
    }
    zap(mm, start, end);
    return 0;
}

/* The contents may be dropped at any time: now is a time. */
static int may_free(struct mm *mm, struct area *area, u64 start, u64 end)
{
    if (area->inode != NULL) {
        return -EINVAL;
    }
    return dont_need(mm, area, start, end);
}

/* Punch a hole into a shared object. */
static int remove_pages(struct mm *mm, struct area *area, u64 start, u64 end)
{
    u64 from = area_page_index(area, start) << PAGE_SHIFT;

    (void)mm;
    if ((area->flags & AREA_FLAG_LOCKED) != 0 || area->kind != AREA_SHM) {
        return -EINVAL;
    }
    if ((area->flags & AREA_FLAG_MAYWRITE) == 0) {
        return -EACCES;
    }
    cache_punch(area->inode, from, from + (end - start));
    return 0;
}

static int will_need(struct mm *mm, struct area *area, u64 start, u64 end)
{
    (void)mm;
    if (area->inode != NULL) {
        cache_read_ahead(area->inode, area_page_index(area, start), area_page_index(area, end - 1));
    }
    return 0;
}

/* Markers that make every access SIGSEGV (guard) or SIGBUS (poison). */
static int install_marker(struct mm *mm, struct area *area, u64 start, u64 end, u64 code)
{
    int error = 0;

    zap(mm, start, end);
    for (u64 at = start; at < end && error == 0; at += PAGE_SIZE) {
        pte_t *entry;

        spin_lock(&mm->pte_lock);
        entry = pte_reach(mm, at);
        if (entry == NULL) {
            error = -ENOMEM;
        } else {
            pte_write(entry, pte_marker(code));
        }
        spin_unlock(&mm->pte_lock);
    }
    area->flags |= AREA_FLAG_ANON_PAGES; /* fork copies markers */
    return error;
}

static int guard_install(struct mm *mm, struct area *area, u64 start, u64 end)
{
    if (!area_is_private(area) || area->inode != NULL || (area->prot & 2) == 0 ||
        (area->flags & AREA_FLAG_LOCKED) != 0) {
        return -EINVAL;
    }
    return install_marker(mm, area, start, end, PTE_MARKER_GUARD);
}

static int guard_remove(struct mm *mm, struct area *area, u64 start, u64 end)
{
    (void)area;
    for (u64 at = start; at < end; at += PAGE_SIZE) {
        pte_t *entry;

        spin_lock(&mm->pte_lock);
        entry = pte_find(mm, at);
        if (entry != NULL && *entry == pte_marker(PTE_MARKER_GUARD)) {
            pte_write(entry, 0);
        }
        spin_unlock(&mm->pte_lock);
    }
    return 0;
}

static int poison(struct mm *mm, struct area *area, u64 start, u64 end)
{
    return install_marker(mm, area, start, end, PTE_MARKER_POISON);
}

/* Let one page go now, as the CLOCK would. */
static void page_out_frame(struct frame *frame)
{
    struct frame_age age;

    if (frame_try_busy(frame)) {
        evict_look(frame, &age, true);
        if (!age.locked) {
            evict_now(frame);
        }
        frame_unlock_busy(frame);
    }
}

static int page_out(struct mm *mm, struct area *area, u64 start, u64 end)
{
    if ((area->flags & AREA_FLAG_LOCKED) != 0) {
        return -EINVAL;
    }
    for (u64 at = start; at < end; at += PAGE_SIZE) {
        struct frame *frame = NULL;
        pte_t *entry;

        spin_lock(&mm->pte_lock);
        entry = pte_find(mm, at);
        if (entry != NULL && pte_has_frame(pte_read(entry))) {
            frame = frame_get(pte_frame(pte_read(entry)));
        }
        spin_unlock(&mm->pte_lock);
        if (frame != NULL) {
            page_out_frame(frame);
            frame_put(frame);
        }
    }
    return 0;
}

/* ---- advice that is only a flag of the area ---------------- */

struct flag_change {
    u32 clear, set;
};

static bool flags_for(int advice, struct flag_change *change)
{
    switch (advice) {
    case MADV_NORMAL:
        *change = (struct flag_change){AREA_FLAG_RANDOM | AREA_FLAG_SEQUENTIAL, 0};
        return true;
    case MADV_RANDOM:
        *change = (struct flag_change){AREA_FLAG_SEQUENTIAL, AREA_FLAG_RANDOM};
        return true;
    case MADV_SEQUENTIAL:
        *change = (struct flag_change){AREA_FLAG_RANDOM, AREA_FLAG_SEQUENTIAL};
        return true;
    case MADV_DONTFORK:
        *change = (struct flag_change){0, AREA_FLAG_DONTFORK};
        return true;
    case MADV_DOFORK:
        *change = (struct flag_change){AREA_FLAG_DONTFORK, 0};
        return true;
    case MADV_WIPEONFORK:
        *change = (struct flag_change){0, AREA_FLAG_WIPEONFORK};
        return true;
    case MADV_KEEPONFORK:
        *change = (struct flag_change){AREA_FLAG_WIPEONFORK, 0};
        return true;
    default:
        return false;
    }
}

/* Advice that takes contents away is refused where the area is sealed and could not be overwritten.
 */
static bool is_sealed_against(const struct area *area, int advice)
{
    if ((area->flags & AREA_FLAG_SEALED) == 0 || area->inode != NULL || (area->prot & 2) != 0) {
        return false;
    }
    return advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED || advice == MADV_FREE ||
           advice == MADV_DONTFORK || advice == MADV_WIPEONFORK;
}

/* => 0, -EINVAL, -ENOMEM.  mm->lock held; the range may have holes (then -ENOMEM, at the end). */
static int change_flags(struct mm *mm, u64 start, u64 end, int advice, struct flag_change change)
{
    u64 covered = start;
    int error = mmap_isolate(mm, start, end);

    for (struct area *area = error == 0 ? area_find_at_or_above(mm, start) : NULL;
         area != NULL && area->start < end; area = area->next) {
        if (area->start > covered) {
            error = -ENOMEM;
        }
        covered = area->end;
        if (advice == MADV_WIPEONFORK && (!area_is_private(area) || area->inode != NULL)) {
            return -EINVAL;
        }
        if (is_sealed_against(area, advice)) {
            return -EPERM;
        }
        spin_lock(&mm->pte_lock);
        area->flags = (area->flags & ~change.clear) | change.set;
        spin_unlock(&mm->pte_lock);
        area = area_merge(mm, area);
    }
    return covered < end ? -ENOMEM : error;
}

/* Do the mapped parts, and then tell of a hole (corner case 25). */
static int advise_range(struct mm *mm, u64 start, u64 end, int advice, advise function)
{
    u64 covered = start;
    int error = 0;

    for (struct area *area = area_find_at_or_above(mm, start); area != NULL && area->start < end;
         area = area->next) {
        int result;

        error = area->start > covered ? -ENOMEM : error;
        covered = area->end;
        result = is_sealed_against(area, advice)
                     ? -EPERM
                     : function(mm, area, max_u64(start, area->start), min_u64(end, area->end));
        if (result != 0) {
            return result;
        }
    }
    return covered < end ? -ENOMEM : error;
}

static bool is_without_effect(int advice)
{
    /* MADV_HUGEPAGE and MADV_MERGEABLE are unknown to a Linux without large pages and KSM, too. */
    return advice == MADV_DONTDUMP || advice == MADV_DODUMP || advice == MADV_COLD;
}

static int nothing(struct mm *mm, struct area *area, u64 start, u64 end)
{
    (void)mm;
    (void)area;
    (void)start;
    (void)end;
    return 0;
}

static advise function_for(int advice)
{
    if (is_without_effect(advice)) {
        return nothing; /* but holes are told of */
    }
    switch (advice) {
    case MADV_WILLNEED:
        return will_need;
    case MADV_DONTNEED:
        return dont_need;
    case MADV_DONTNEED_LOCKED:
        return dont_need_locked;
    case MADV_FREE:
        return may_free;
    case MADV_REMOVE:
        return remove_pages;
    case MADV_PAGEOUT:
        return page_out;
    case MADV_HWPOISON:
        return poison;
    case MADV_GUARD_INSTALL:
        return guard_install;
    case MADV_GUARD_REMOVE:
        return guard_remove;
    default:
        return NULL;
    }
}

/* The end of the area that holds `at`, if it may be filled so.  => 0, -ENOMEM (a hole), -EINVAL */
static int populate_piece(struct mm *mm, u64 at, bool write, u64 *end)
{
    struct area *area;
    int error = 0;

    mutex_lock(&mm->lock);
    area = area_find(mm, at);
    if (area == NULL) {
        error = -ENOMEM;
    } else if (area->kind == AREA_SPECIAL || (area->prot & (write ? PROT_WRITE : PROT_READ)) == 0) {
        error = -EINVAL;
    } else {
        *end = min_u64(*end, area->end);
    }
    mutex_unlock(&mm->lock);
    return error;
}

/* Unlike MAP_POPULATE it tells of every page that cannot be filled. */
static int populate(struct mm *mm, u64 start, u64 end, bool write)
{
    int error = 0;

    for (u64 at = start; at < end && error == 0;) {
        u64 stop = end;

        error = populate_piece(mm, at, write, &stop);
        error = error != 0 ? error : mm_populate(mm, at, stop, write);
        at = stop;
    }
    return error;
}

int vm_madvise(struct mm *mm, u64 address, u64 length, int advice)
{
    u64 end = address + round_up(length, PAGE_SIZE);
    advise function = function_for(advice);
    struct flag_change change;
    int error;

    if ((address & PAGE_MASK) != 0 || end < address ||
        (length != 0 && round_up(length, PAGE_SIZE) == 0)) {
        return -EINVAL;
    }
    if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE) {
        return populate(mm, address, end, advice == MADV_POPULATE_WRITE);
    }
    if (function == NULL && !flags_for(advice, &change)) {
        return -EINVAL;
    }
    if (length == 0) {
        return 0;
    }
    mutex_lock(&mm->lock);
    error = function != NULL ? advise_range(mm, address, end, advice, function)
                             : change_flags(mm, address, end, advice, change);
    mutex_unlock(&mm->lock);
    return error;
}

/* ---- mincore ---------------- */

/* Is the page in memory, mapped here or in the object's cache?  => mm->lock held. */
static bool is_in_core(struct mm *mm, const struct area *area, u64 address)
{
    pte_t pte = 0;
    pte_t *entry;

    spin_lock(&mm->pte_lock);
    entry = pte_find(mm, address);
    if (entry != NULL) {
        pte = pte_read(entry);
    }
    spin_unlock(&mm->pte_lock);
    if ((pte & PTE_V) != 0 || pte_is_away(pte)) {
        return true;
    }
    return pte == 0 && area->inode != NULL &&
           cache_is_resident(area->inode, area_page_index(area, address));
}

static int fill_vector(struct mm *mm, u64 start, unsigned count, u8 *vector)
{
    for (unsigned i = 0; i < count; i++) {
        struct area *area = area_find(mm, start + i * PAGE_SIZE);

        if (area == NULL) {
            return -ENOMEM;
        }
        vector[i] = is_in_core(mm, area, start + i * PAGE_SIZE);
    }
    return 0;
}

int vm_mincore(struct mm *mm, u64 address, u64 length, u64 user_vector)
{
    u64 pages = (length + PAGE_MASK) >> PAGE_SHIFT;
    u8 vector[256];

    if ((address & PAGE_MASK) != 0) {
        return -EINVAL;
    }
    if (length > USER_END || address > USER_END - length) {
        return -ENOMEM;
    }
    if (!user_range_ok(user_vector, pages)) {
        return -EFAULT;
    }
    for (u64 done = 0; done < pages;) {
        unsigned part = (unsigned)min_u64(pages - done, sizeof(vector));
        int error;

        mutex_lock(&mm->lock);
        error = fill_vector(mm, address + done * PAGE_SIZE, part, vector);
        mutex_unlock(&mm->lock);
        if (error == 0) { /* outside the lock: it may fault */
            error = copy_to_user(user_vector + done, vector, part);
        }
        if (error != 0) {
            return error;
        }
        done += part;
    }
    return 0;
}
