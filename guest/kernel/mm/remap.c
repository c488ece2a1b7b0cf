/* SPDX-License-Identifier: MIT */
/*
 * remap.c - mremap: shrink, grow in place, or move.
 *
 * A move takes the entries along, not the contents.  Anonymous pages are found
 * through their address of birth (rmap.h), so a page that others share is first
 * copied, and a slot that others name is first read back and copied; then the page
 * is ours alone and gets its new address.
 * Lock: mm->lock throughout, pte_lock page by page.
 */
#include "lib/errno.h"
#include "mm/cow.h"
#include "mm/fault.h"
#include "mm/mmap.h"
#include "mm/mmap_internal.h"
#include "mm/object.h"
#include "mm/options.h"
#include "mm/page.h"
#include "sync/task.h"

struct move {
    struct mm *mm;
    struct area *from, *to;
    u64 old_start, new_start, length;
};

/* Make the page at `address` belong to this mm alone.  => 0, or -ENOMEM.  No spinlock held. */
static int unshare_page(struct mm *mm, u64 address)
{
    struct frame *fresh, *old = NULL;
    pte_t *entry;
    pte_t pte;

    for (;;) { /* a swapped page comes back first; it may leave again before we look */
        spin_lock(&mm->pte_lock);
        entry = pte_find(mm, address);
        pte = entry == NULL ? 0 : pte_read(entry);
        spin_unlock(&mm->pte_lock);
        if (!pte_is_swap(pte) || swap_count(PTE_PAYLOAD(pte)) <= 1) {
            break;
        }
        if (mm_touch(mm, address, false) != 0) {
            return -ENOMEM;
        }
    }
    if (!pte_has_frame(pte) || pte_frame(pte)->kind != FRAME_ANON) {
        return 0;
    }
    fresh = frame_alloc(FRAME_KERNEL, FRAME_RECLAIM);
    if (fresh == NULL) {
        return -ENOMEM;
    }
    spin_lock(&mm->pte_lock);
    entry = pte_find(mm, address);
    pte = pte_read(entry);
    if (pte_has_frame(pte) && pte_frame(pte)->kind == FRAME_ANON &&
        !cow_is_sole_owner(pte_frame(pte))) {
        old = pte_frame(pte);
        if ((pte & PTE_D) != 0 && old->slot != 0) {
            frame_flag_set(old, FRAME_DIRTY); /* for the others: the slot's contents are old */
        }
        page_copy(frame_to_virt(fresh), frame_to_virt(old));
        frame_become_anonymous(fresh, mm->family, address >> PAGE_SHIFT);
        pte_write(entry, pte_make(frame_pfn(fresh), (pte & ~PTE_PFN_MASK) | PTE_D));
        tlb_flush_page(mm, address);
        fresh = NULL;
    }
    spin_unlock(&mm->pte_lock);
    if (old != NULL) {
        frame_unmap(old);
    }
    if (fresh != NULL) {
        frame_put(fresh);
    }
    return 0;
}

/* Take one entry to its new place.  => 0, -EAGAIN (unshare first), -ENOMEM.  pte_lock held. */
static int move_entry(const struct move *move, u64 offset)
{
    struct mm *mm = move->mm;
    pte_t *from = pte_find(mm, move->old_start + offset), *to;
    pte_t pte = from == NULL ? 0 : pte_read(from);
    u64 new_address = move->new_start + offset;

    if (pte == 0) {
        return 0;
    }
    if ((pte_is_swap(pte) && swap_count(PTE_PAYLOAD(pte)) > 1) ||
        (pte_has_frame(pte) && pte_frame(pte)->kind == FRAME_ANON &&
         !cow_is_sole_owner(pte_frame(pte)))) {
        return -EAGAIN;
    }
    to = pte_reach(mm, new_address);
    if (to == NULL) {
        return -ENOMEM;
    }
    pte = pte_exchange(from, 0);
    if (pte_has_frame(pte) && pte_frame(pte)->kind == FRAME_ANON) {
        pte_frame(pte)->index = new_address >> PAGE_SHIFT;
    }
    pte_write(to, pte);
    return 0;
}

static int move_entries(const struct move *move)
{
    for (u64 offset = 0; offset < move->length;) {
        u64 present = move->old_start + offset;
        int error = 0;

        spin_lock(&move->mm->pte_lock);
        if (pte_next_table(move->mm, &present, move->old_start + move->length) == NULL) {
            offset = move->length;
        } else {
            offset = present - move->old_start;
            error = move_entry(move, offset);
        }
        spin_unlock(&move->mm->pte_lock);
        if (error == -EAGAIN || error == -ENOMEM) {
            error = unshare_page(move->mm, move->old_start + offset);
            if (error == 0 && frames_free_count() <= frame_mark_min / 2) {
                error = -ENOMEM;
            }
            if (error != 0) {
                return error;
            }
            continue;
        }
        offset += PAGE_SIZE;
    }
    return 0;
}

/* Put entries that were moved back, after a failure half-way. */
static void move_back(const struct move *move)
{
    struct move back = {move->mm,        move->to,        move->from,
                        move->new_start, move->old_start, move->length};

    move_entries(&back);
}

/* => the new address or an error.  [old, old + length) is one whole area, the target is free. */
static i64 move_area(struct mm *mm, struct area *area, u64 new_start, u64 new_length, bool keep)
{
    u64 length = area->end - area->start;
    struct move move = {mm, area, NULL, area->start, new_start, min_u64(length, new_length)};
    struct inode *inode = area->inode;
    i64 result = mmap_install(mm, new_start, new_start + new_length, area->prot,
                              (area->flags & ~AREA_FLAG_ACCOUNTED) | AREA_FLAG_CLONED, area->kind,
                              inode, area->pgoff);
    int error;

    if (result < 0) {
        return result;
    }
    error = move_entries(&move);
    tlb_flush_mm(mm);
    if (error != 0) {
        move_back(&move);
        mmap_remove(mm, new_start, new_start + new_length);
        return error;
    }
    if (!keep) {
        mmap_remove(mm, move.old_start, move.old_start + length);
    }
    return result;
}

static bool can_grow_in_place(struct mm *mm, const struct area *area, u64 old_end, u64 new_end)
{
    return area->end == old_end && new_end <= USER_END &&
           (area->next == NULL || area->next->start >= new_end) &&
           (mm->total_pages + ((new_end - old_end) >> PAGE_SHIFT)) << PAGE_SHIFT <=
               mm->address_limit;
}

static i64 grow_in_place(struct mm *mm, struct area *area, u64 start, u64 old_end, u64 new_end)
{
    u64 pages = (new_end - old_end) >> PAGE_SHIFT;

    if ((area->flags & AREA_FLAG_ACCOUNTED) != 0 && vm_commit(pages) != 0) {
        return -ENOMEM;
    }
    if ((area->flags & AREA_FLAG_LOCKED) != 0) {
        mm->locked_pages += pages;
    }
    if (area_is_private(area) && (area->prot & 2) != 0) {
        mm->data_pages += pages;
    }
    area_move_end(mm, area, new_end);
    mmap_tell(mm, area);
    area_merge(mm, area);
    return (i64)start;
}

struct remap {
    u64 address, old_length, new_length, new_address;
    u32 flags;
};

/* Where it shall go, made free.  => the address, or an error */
static i64 clear_target(struct mm *mm, const struct remap *remap)
{
    u64 target = remap->new_address;
    int error;

    if ((remap->flags & MREMAP_FIXED) == 0) {
        target = area_find_hole(mm, remap->new_length);
        return target == 0 ? -ENOMEM : (i64)target;
    }
    error = mmap_remove(mm, target, target + remap->new_length);
    return error != 0 ? error : (i64)target;
}

/* An old length of 0: a second mapping of a shared object, from this page of it on. */
static i64 map_again(struct mm *mm, const struct area *area, const struct remap *remap)
{
    struct area copy = *area;
    u64 first = area_page_index(area, remap->address);
    i64 target;

    if (area_is_private(area)) {
        return -EINVAL;
    }
    if ((remap->flags & MREMAP_MAYMOVE) == 0) {
        return -ENOMEM;
    }
    inode_get(copy.inode); /* the target may be all that mapped it */
    target = clear_target(mm, remap);
    if (target > 0) {
        target = mmap_install(mm, (u64)target, (u64)target + remap->new_length, copy.prot,
                              copy.flags, copy.kind, copy.inode, first);
    }
    inode_put(copy.inode);
    return target;
}

static i64 move_to(struct mm *mm, const struct remap *remap)
{
    i64 target = mmap_isolate(mm, remap->address, remap->address + remap->old_length);

    if (target == 0) {
        target = clear_target(mm, remap);
    }
    if (target < 0) {
        return target;
    }
    return move_area(mm, area_find(mm, remap->address), (u64)target, remap->new_length,
                     (remap->flags & MREMAP_DONTUNMAP) != 0);
}

/* => mm->lock held. */
static i64 remap_locked(struct mm *mm, struct remap *remap)
{
    struct area *area = area_find(mm, remap->address);
    u64 old_end = remap->address + remap->old_length;

    if (area == NULL || old_end > area->end || area->kind == AREA_SPECIAL) {
        return -EFAULT;
    }
    if (remap->old_length == 0) {
        return map_again(mm, area, remap);
    }
    if (mmap_is_sealed(mm, remap->address, old_end)) {
        return -EPERM;
    }
    if ((remap->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) == 0) {
        if (remap->new_length <= remap->old_length) {
            int error = remap->new_length == remap->old_length
                            ? 0
                            : mmap_remove(mm, remap->address + remap->new_length, old_end);

            return error != 0 ? error : (i64)remap->address;
        }
        if (can_grow_in_place(mm, area, old_end, remap->address + remap->new_length)) {
            return grow_in_place(mm, area, remap->address, old_end,
                                 remap->address + remap->new_length);
        }
        if ((remap->flags & MREMAP_MAYMOVE) == 0) {
            return -ENOMEM;
        }
    }
    return move_to(mm, remap);
}

static bool is_valid(const struct remap *remap)
{
    u64 fixed = remap->flags & MREMAP_FIXED;

    if ((remap->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0 ||
        ((remap->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0 &&
         (remap->flags & MREMAP_MAYMOVE) == 0) ||
        ((remap->flags & MREMAP_DONTUNMAP) != 0 && remap->old_length != remap->new_length)) {
        return false;
    }
    if ((remap->address & PAGE_MASK) != 0 || remap->new_length == 0 ||
        remap->new_length > USER_END || remap->old_length > USER_END) {
        return false;
    }
    if (fixed == 0) {
        return true;
    }
    return (remap->new_address & PAGE_MASK) == 0 && remap->new_address >= MMAP_MIN_ADDRESS &&
           remap->new_address <= USER_END - remap->new_length &&
           (remap->new_address + remap->new_length <= remap->address ||
            remap->address + remap->old_length <= remap->new_address);
}

i64 vm_mremap(struct mm *mm, u64 address, u64 old_length, u64 new_length, u32 flags,
              u64 new_address)
{
    struct remap remap = {address, round_up(old_length, PAGE_SIZE), round_up(new_length, PAGE_SIZE),
                          new_address, flags};
    i64 result;

    if (!is_valid(&remap)) {
        return -EINVAL;
    }
    mutex_lock(&mm->lock);
    result = remap_locked(mm, &remap);
    mutex_unlock(&mm->lock);
    if (result > 0 && (u64)result != address) {
        PROBE(UNMAP, task_id(current()), address, address + remap.old_length);
    }
    if (result > 0 && mm->lock_future) {
        mm_populate(mm, (u64)result, (u64)result + remap.new_length, true);
    }
    return result;
}
