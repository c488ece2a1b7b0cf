/* SPDX-License-Identifier: MIT */
/*
 * mmap.c - mmap, munmap and brk.
 *
 * Nothing is allocated here: an area is a promise, the fault handler keeps it.
 * (Unless vm.eager=mmap or brk says otherwise, or the caller asks for MAP_POPULATE.)
 * Lock: mm->lock for the whole of a call; pages go under pte_lock.
 */
#include "mm/mmap.h"
#include "abi/misc.h"
#include "lib/errno.h"
#include "mm/fault.h"
#include "mm/mmap_internal.h"
#include "mm/object.h"
#include "mm/options.h"
#include "mm/shm.h"
#include "mm/writeback.h"
#include "mm/zap.h"
#include "sync/task.h"

static u64 area_pages(const struct area *area)
{
    return (area->end - area->start) >> PAGE_SHIFT;
}

void mmap_tell(const struct mm *mm, const struct area *area)
{
    (void)mm;
    PROBE(MAP, task_id(current()), area->start, area->end,
          area->kind | (u64)area->prot << 8 | (u64)((area->flags & AREA_FLAG_SHARED) != 0) << 16,
          area->inode == NULL ? 0 : area->inode->number, area->pgoff);
}

/*
 * removing: the range will go away, so that only a hole in one area makes them more.  They are
 * counted first, so that nothing has changed if they would be too many (corner case 21).
 */
static int isolate(struct mm *mm, struct area **first, u64 start, u64 end, bool removing)
{
    struct area *low = *first, *high = low;
    u32 needed;

    if (low == NULL || low->start >= end) {
        return 0;
    }
    while (high->end < end && high->next != NULL && high->next->start < end) {
        high = high->next;
    }
    needed = (low->start < start ? 1u : 0) + (high->end > end ? 1u : 0);
    if (removing) {
        needed = needed == 2 && low == high ? 1 : 0;
    }
    if (needed != 0 && mm->area_count + needed > vm_options.max_map_count) {
        return -ENOMEM;
    }
    if (low->start < start) {
        if (area_split(mm, low, start) != 0) {
            return -ENOMEM;
        }
        high = high == low ? low->next : high;
        *first = low->next;
    }
    return high->end > end ? area_split(mm, high, end) : 0;
}

int mmap_isolate_from(struct mm *mm, struct area **first, u64 start, u64 end)
{
    return isolate(mm, first, start, end, false);
}

int mmap_isolate(struct mm *mm, u64 start, u64 end)
{
    struct area *first = area_find_at_or_above(mm, start);

    return isolate(mm, &first, start, end, false);
}

/* Remove one whole area.  => no error is possible any more. */
static void remove_area(struct mm *mm, struct area *area)
{
    u64 pages = area_pages(area), first = area->pgoff;
    u64 low = area->previous == NULL ? 0 : area->previous->end;
    u64 high = area->next == NULL ? USER_END : area->next->start;

    spin_lock(&mm->pte_lock);
    zap_range(mm, area->start, area->end);
    if (high - low >= LEAF_SIZE) { /* tables that nobody else uses */
        u64 start = max_u64(low, round_down(area->start, LEAF_SIZE));
        u64 end = min_u64(high, round_up(area->end, LEAF_SIZE));

        if (round_up(start, LEAF_SIZE) < end && end - round_up(start, LEAF_SIZE) >= LEAF_SIZE) {
            pagetable_free_range(mm, start, end);
            tlb_flush_mm(mm);
        }
    }
    spin_unlock(&mm->pte_lock);
    if (area->kind == AREA_FILE_SHARED) {
        writeback_start(area->inode, first, first + pages - 1, WRITEBACK_MUNMAP);
    }
    if ((area->flags & AREA_FLAG_LOCKED) != 0) {
        mm->locked_pages -= pages;
    }
    if ((area->flags & AREA_FLAG_ACCOUNTED) != 0) {
        vm_uncommit(pages);
    }
    if ((area->flags & AREA_FLAG_GROWSDOWN) != 0) {
        mm->stack_pages -= min_u64(mm->stack_pages, pages);
    } else if (area_is_private(area) && (area->prot & 2) != 0) {
        mm->data_pages -= min_u64(mm->data_pages, pages);
    }
    area_remove(mm, area);
    area_destroy(area);
}

int mmap_remove(struct mm *mm, u64 start, u64 end)
{
    struct area *area = area_find_at_or_above(mm, start);
    int error = mmap_is_sealed(mm, start, end) ? -EPERM : isolate(mm, &area, start, end, true);

    if (error != 0) {
        return error;
    }
    while (area != NULL && area->start < end) {
        struct area *next = area->next;

        remove_area(mm, area);
        area = next;
    }
    return 0;
}

int vm_munmap(struct mm *mm, u64 address, u64 length)
{
    int error;

    if (!mmap_range_ok(address, length)) {
        return -EINVAL;
    }
    length = round_up(length, PAGE_SIZE);
    mutex_lock(&mm->lock);
    error = mmap_remove(mm, address, address + length);
    mutex_unlock(&mm->lock);
    if (error == 0) {
        PROBE(UNMAP, task_id(current()), address, address + length);
    }
    return error;
}

/* ---- mmap ---------------- */

static u8 kind_of(u32 flags, const struct inode *inode)
{
    bool shared = (flags & AREA_FLAG_SHARED) != 0;

    if (inode == NULL) {
        return (flags & AREA_FLAG_GROWSDOWN) != 0 ? AREA_STACK : AREA_ANON;
    }
    if (!shared) {
        return AREA_FILE_PRIVATE;
    }
    return (inode->flags & INODE_SHM) != 0 ? AREA_SHM : AREA_FILE_SHARED;
}

static u32 area_flags_of(u32 flags, bool may_write, const struct mm *mm)
{
    u32 result = 0;

    if ((flags & MAP_TYPE) != MAP_PRIVATE) {
        result |= AREA_FLAG_SHARED | (may_write ? AREA_FLAG_MAYWRITE : 0);
    } else {
        result |= AREA_FLAG_MAYWRITE;
    }
    result |= (flags & MAP_GROWSDOWN) != 0 ? AREA_FLAG_GROWSDOWN : 0;
    result |= (flags & MAP_NORESERVE) != 0 ? AREA_FLAG_NORESERVE : 0;
    result |= (flags & MAP_LOCKED) != 0 || mm->lock_future ? AREA_FLAG_LOCKED : 0;
    return result;
}

/* Where to put it.  => the address, or a negative error. */
static i64 choose_address(struct mm *mm, u64 address, u64 length, u32 flags)
{
    if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) {
        struct area *area;

        if ((address & PAGE_MASK) != 0) {
            return -EINVAL;
        }
        if (address > USER_END - length) {
            return -ENOMEM;
        }
        if (address < MMAP_MIN_ADDRESS) {
            return -EPERM;
        }
        area = area_find_at_or_above(mm, address);
        if ((flags & MAP_FIXED_NOREPLACE) != 0 && area != NULL && area->start < address + length) {
            return -EEXIST;
        }
        return (i64)address;
    }
    address = round_down(address, PAGE_SIZE);
    if (address >= MMAP_MIN_ADDRESS && length <= USER_END && address <= USER_END - length) {
        struct area *area = area_find_at_or_above(mm, address);

        if (area == NULL || area->start >= address + length) {
            return (i64)address; /* the hint is free */
        }
    }
    address = area_find_hole(mm, length);
    return address == 0 ? -ENOMEM : (i64)address;
}

static int check_limits(struct mm *mm, u64 length, u32 area_flags)
{
    u64 pages = length >> PAGE_SHIFT;

    if (mm->area_count > vm_options.max_map_count) { /* one more than it says, as Linux counts */
        return -ENOMEM;
    }
    if ((mm->total_pages + pages) << PAGE_SHIFT > mm->address_limit) {
        return -ENOMEM;
    }
    if ((area_flags & AREA_FLAG_LOCKED) != 0 &&
        (mm->locked_pages + pages) << PAGE_SHIFT > mm->lock_limit) {
        return -EAGAIN;
    }
    return 0;
}

i64 mmap_install(struct mm *mm, u64 start, u64 end, u32 prot, u32 area_flags, u8 kind,
                 struct inode *inode, u64 pgoff)
{
    u64 pages = (end - start) >> PAGE_SHIFT;
    bool writable = (prot & PROT_WRITE) != 0;
    struct area *area;

    if ((area_flags & (AREA_FLAG_SHARED | AREA_FLAG_NORESERVE)) == 0 && writable) {
        if (vm_commit(pages) != 0) {
            return -ENOMEM;
        }
        area_flags |= AREA_FLAG_ACCOUNTED;
    }
    area = area_create(start, end, (u8)(prot & 7), area_flags, kind);
    if (area == NULL) {
        if ((area_flags & AREA_FLAG_ACCOUNTED) != 0) {
            vm_uncommit(pages);
        }
        return -ENOMEM;
    }
    area->inode = inode == NULL ? NULL : inode_get(inode);
    area->pgoff = pgoff;
    area_insert(mm, area);
    mmap_tell(mm, area);
    if ((area_flags & AREA_FLAG_LOCKED) != 0) {
        mm->locked_pages += pages;
    }
    if ((area_flags & AREA_FLAG_GROWSDOWN) != 0) {
        mm->stack_pages += pages;
    } else if ((area_flags & AREA_FLAG_SHARED) == 0 && writable) {
        mm->data_pages += pages;
    }
    area_merge(mm, area);
    return (i64)start;
}

/* => mm->lock held, the address is chosen. */
static i64 map_at(struct mm *mm, u64 address, u64 length, u32 prot, u32 flags, struct inode *inode,
                  u64 pgoff, bool may_write)
{
    u32 area_flags = area_flags_of(flags, may_write, mm);
    int error = check_limits(mm, length, area_flags);

    if (error != 0) {
        return error;
    }
    if ((flags & MAP_FIXED) != 0) { /* unmap and map are one operation (corner case 53) */
        error = mmap_remove(mm, address, address + length);
        if (error != 0) {
            return error;
        }
    }
    return mmap_install(mm, address, address + length, prot, area_flags, kind_of(area_flags, inode),
                        inode, pgoff);
}

/* MAP_SHARED_VALIDATE alone tells of flags that are not known. */
#define KNOWN_FLAGS                                                                          \
    (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | \
     MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_FIXED_NOREPLACE)

static int check_flags(u64 length, u32 flags, bool is_file)
{
    u32 type = flags & MAP_TYPE;
    bool anonymous = (flags & MAP_ANONYMOUS) != 0 && !is_file;

    if (length == 0 || (flags & MAP_HUGETLB) != 0 ||
        (type != MAP_PRIVATE && type != MAP_SHARED && (type != MAP_SHARED_VALIDATE || anonymous))) {
        return -EINVAL;
    }
    if (type == MAP_SHARED_VALIDATE && (flags & ~KNOWN_FLAGS) != 0) {
        return -EOPNOTSUPP;
    }
    if ((flags & MAP_GROWSDOWN) != 0 && (is_file || type != MAP_PRIVATE)) {
        return -EINVAL;
    }
    return 0;
}

i64 vm_mmap(struct mm *mm, u64 address, u64 length, u32 prot, u32 flags, struct inode *inode,
            u64 pgoff, bool may_write)
{
    u32 type = flags & MAP_TYPE;
    struct inode *object = NULL;
    i64 result;

    int error = check_flags(length, flags, inode != NULL);

    if (error != 0) {
        return error;
    }
    if (length > USER_END || round_up(length, PAGE_SIZE) > USER_END) {
        return -ENOMEM;
    }
    length = round_up(length, PAGE_SIZE);
    if (pgoff + (length >> PAGE_SHIFT) < pgoff) {
        return -EOVERFLOW;
    }
    if ((flags & MAP_ANONYMOUS) != 0) {
        pgoff = 0;
        inode = NULL;
        if (type != MAP_PRIVATE) { /* shared anonymous memory is an object without a name */
            object = inode = shm_inode_create(length);
            if (object == NULL) {
                return -ENOMEM;
            }
            may_write = true;
        }
    }
    if ((mm->exec_refusal & PR_MDWE_REFUSE_EXEC_GAIN) != 0 &&
        (prot & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC)) {
        inode_put(object);
        return -EACCES;
    }
    mutex_lock(&mm->lock);
    result = choose_address(mm, address, length, flags);
    if (result > 0) {
        result = map_at(mm, (u64)result, length, prot, flags, inode, pgoff, may_write);
    }
    mutex_unlock(&mm->lock);
    inode_put(object);
    if (result > 0 &&
        ((flags & (MAP_POPULATE | MAP_LOCKED)) != 0 || vm_options.eager_mmap || mm->lock_future)) {
        mm_populate(mm, (u64)result, (u64)result + length, (prot & PROT_WRITE) != 0);
    }
    return result;
}

/* ---- the heap ---------------- */

void mm_set_brk(struct mm *mm, u64 start)
{
    mm->brk_start = start;
    mm->brk = start;
}

/* => mm->lock held; both ends page-aligned, new_end > end. */
static bool grow_heap(struct mm *mm, u64 end, u64 new_end)
{
    struct area *after = area_find_at_or_above(mm, end);
    u64 pages = (new_end - end) >> PAGE_SHIFT;

    if ((after != NULL && after->start < new_end) || new_end > mm->mmap_top ||
        new_end - mm->brk_start > mm->data_limit ||
        (mm->total_pages + pages) << PAGE_SHIFT > mm->address_limit) {
        return false;
    }
    return mmap_install(mm, end, new_end, PROT_READ | PROT_WRITE,
                        AREA_FLAG_MAYWRITE | (mm->lock_future ? AREA_FLAG_LOCKED : 0), AREA_HEAP,
                        NULL, 0) > 0;
}

u64 vm_brk(struct mm *mm, u64 new_brk)
{
    u64 end, new_end, old_brk;
    bool grown = false;

    mutex_lock(&mm->lock);
    old_brk = mm->brk;
    end = round_up(mm->brk, PAGE_SIZE);
    new_end = round_up(new_brk, PAGE_SIZE);
    if (new_brk >= mm->brk_start && new_brk < USER_END) {
        if (new_end > end) {
            grown = grow_heap(mm, end, new_end);
            mm->brk = grown ? new_brk : mm->brk;
        } else if (new_end == end || mmap_remove(mm, new_end, end) == 0) {
            mm->brk = new_brk;
        }
    }
    new_brk = mm->brk;
    mutex_unlock(&mm->lock);
    if (new_brk != old_brk) {
        PROBE(BREAK, task_id(current()), old_brk, new_brk);
    }
    if (grown && (vm_options.eager_brk || mm->lock_future)) {
        mm_populate(mm, end, new_end, true);
    }
    return new_brk;
}
