/* SPDX-License-Identifier: MIT */
/*
 * remap_pages.c - remap_file_pages(2): pages of a shared mapping in another order.
 *
 * Old databases used it to keep one area for many pieces of a file.  As Linux does since
 * 4.0, the pieces become areas of their own: the result is the same, the cost is not.
 */
#include "lib/errno.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/space.h"

struct shared_range {
    struct inode *inode; /* referenced */
    u32 prot;
    bool may_write, locked;
};

/* What [start, end) maps, if that is one shared object with equal rights.  => 0 or -EINVAL */
static int describe(struct mm *mm, u64 start, u64 end, struct shared_range *range)
{
    struct area *first = area_find(mm, start);

    if (first == NULL || area_is_private(first) || first->inode == NULL) {
        return -EINVAL;
    }
    for (u64 at = start; at < end;) {
        struct area *area = area_find(mm, at);

        if (area == NULL || area->inode != first->inode || area->prot != first->prot ||
            area->flags != first->flags) {
            return -EINVAL;
        }
        at = area->end;
    }
    *range = (struct shared_range){inode_get(first->inode), first->prot,
                                   (first->flags & AREA_FLAG_MAYWRITE) != 0,
                                   (first->flags & AREA_FLAG_LOCKED) != 0};
    return 0;
}

i64 vm_remap_file_pages(struct mm *mm, u64 address, u64 length, u32 prot, u64 page, u32 flags)
{
    struct shared_range range;
    i64 result;

    address = round_down(address, PAGE_SIZE);
    length = round_down(length, PAGE_SIZE);
    if (prot != 0 || length == 0 || address + length < address ||
        page + (length >> PAGE_SHIFT) < page) {
        return -EINVAL;
    }
    mutex_lock(&mm->lock);
    result = describe(mm, address, address + length, &range);
    mutex_unlock(&mm->lock);
    if (result != 0) {
        return result;
    }
    flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE | (flags & MAP_NONBLOCK);
    result = vm_mmap(mm, address, length, range.prot, flags | (range.locked ? MAP_LOCKED : 0),
                     range.inode, page, range.may_write);
    inode_put(range.inode);
    return result < 0 ? result : 0;
}
