/* SPDX-License-Identifier: MIT */
/*
 * fault_file.c - faults on pages of objects: files (through the page cache) and
 * shared memory.
 *
 * Who may write a page of a file in place?  Only shared mappings, and only after
 * the page was announced dirty: a clean page is mapped without W, so that the
 * first store faults (mkwrite), the file system finds a place for the page on the
 * disk, and the page gets its DIRTY flag.  Write-back takes W away again.
 * Shared memory has no disk: its pages are mapped with W at once, and D tells
 * whether a copy in swap is out of date.
 *
 * Truncation: the size is checked under pte_lock, and cache_truncate() first sets
 * the new size and then takes pte_lock of every mapping mm to unmap.  So a page
 * beyond the end is either not mapped here or unmapped there (corner case 18).
 */
#include "lib/errno.h"
#include "mm/fault_step.h"
#include "mm/page.h"
#include "mm/shm.h"
#include "mm/swap_cache.h"

static void wait_for_object(struct fault *fault, enum fault_need need, u64 index)
{
    fault->inode = inode_get(fault->area->inode);
    fault->index = index;
    fault->no_ahead = (fault->area->flags & AREA_FLAG_RANDOM) != 0;
    fault->need = (u8)need;
}

/* The access is beyond the end of the file. */
static void bus_eof(struct fault *fault)
{
    fault_failed(fault, FAULT_BUS_EOF, RESULT_SIGBUS);
}

/* The page cannot be read, or the disk has no room for it. */
static void bus_io(struct fault *fault)
{
    fault_failed(fault, FAULT_BUS_IO, RESULT_SIGBUS);
}

/* First touch of a page of shared memory: a frame of zeros for the object.  => mapped by the
 * caller. */
static struct frame *shm_fill(struct fault *fault, u64 index)
{
    struct frame *frame = fault_take_frame(fault, FRAME_KERNEL);
    int error;

    if (frame == NULL) {
        return NULL;
    }
    page_zero(frame_to_virt(frame));
    frame->owner = NULL;
    frame_get(frame); /* ours, before the object's: so that the CLOCK does not take it in between */
    frame->kind = FRAME_SHM;
    error = shm_add_page(fault->area->inode, index, frame);
    if (error != 0) {
        frame_put(frame);
        frame_put(frame);
        if (error == -ENOSPC) {
            bus_io(fault);
        } else {
            fault->need = NEED_FRAME; /* no memory for the cache's tree */
        }
        return NULL;
    }
    fault->origin = FAULT_SHM_FILL;
    return frame;
}

/*
 * The object's page, up to date and referenced; NULL: kind or need is set.
 */
static struct frame *object_page(struct fault *fault, u64 index)
{
    struct inode *inode = fault->area->inode;
    bool is_shm = (inode->flags & INODE_SHM) != 0;
    u64 swapped = 0;
    struct frame *frame = cache_peek(inode, index, &swapped);

    if (frame == NULL) {
        if (fault->error != 0) {
            bus_io(fault);
        } else if (swapped != 0) {
            wait_for_object(fault, NEED_SHM_IN, index);
        } else if (is_shm) {
            return fault_is_for_user(fault) ? NULL : shm_fill(fault, index);
        } else {
            wait_for_object(fault, NEED_READ, index);
        }
        return NULL;
    }
    if ((frame_flags(frame) & FRAME_UPTODATE) != 0) {
        return frame;
    }
    if ((frame_flags(frame) & FRAME_BUSY) != 0) {
        if (fault->held != NULL) {
            frame_put(fault->held);
        }
        fault->held = frame;
        fault->need = NEED_BUSY;
        return NULL;
    }
    frame_put(frame); /* whoever read it failed: try ourselves, once */
    if (fault->error != 0) {
        bus_io(fault);
    } else {
        wait_for_object(fault, NEED_READ, index);
    }
    return NULL;
}

static void count_mapped(struct mm *mm, const struct frame *frame)
{
    *(frame->kind == FRAME_SHM ? &mm->rss_shm : &mm->rss_file) += 1;
}

/* Bits of a page of the object that is mapped without being written. */
static u64 read_bits(const struct area *area, const struct frame *frame)
{
    if (area_is_private(area)) {
        return (area->pte_flags & ~PTE_W) | PTE_COW;
    }
    return frame->kind == FRAME_SHM ? area->pte_flags : area->pte_flags & ~PTE_W;
}

/*
 * Map what the cache has of `count` pages from `index` on, where nothing is mapped yet.
 * => cache.lock held; all entries are in the leaf table of the fault.
 */
static void map_cached(struct fault *fault, u64 index, pte_t *entry, u64 count)
{
    struct inode *inode = fault->area->inode;
    const u64 *group = NULL;
    u64 bits = 0, mapped = 0;

    for (u64 end = index + count; index < end; index++, entry++) {
        struct frame *frame;

        if (group == NULL || index % RADIX_GROUP == 0) {
            group = radix_group(&inode->cache.pages, index);
            if (group == NULL) {
                break; /* a file so sparse: another fault will come */
            }
        }
        frame = *entry != 0 ? NULL : cache_frame_of(group[index % RADIX_GROUP]);
        if (frame == NULL || (frame->flags & (FRAME_UPTODATE | FRAME_BUSY)) != FRAME_UPTODATE) {
            continue;
        }
        if (bits == 0) {
            bits = read_bits(fault->area, frame) | (hardware_sets_a ? 0 : PTE_A);
        }
        frame_map(frame);
        pte_write(entry, pte_make(frame_pfn(frame), bits));
        mapped++;
    }
    fault->around = (u16)(fault->around + mapped);
    *((inode->flags & INODE_SHM) != 0 ? &fault->mm->rss_shm : &fault->mm->rss_file) += mapped;
}

/*
 * Map the neighbours that are in memory anyway, in the aligned window around the
 * address, without A: only the page asked for was used.  (A hart that does not set
 * A itself would fault for each: then A is set.)
 */
static void map_around(struct fault *fault)
{
    struct area *area = fault->area;
    struct inode *inode = area->inode;
    u64 window = (u64)vm_options.fault_around << PAGE_SHIFT;
    u64 start, end;

    if (window <= PAGE_SIZE || (area->flags & AREA_FLAG_RANDOM) != 0) {
        return;
    }
    if (vm_options.around_all && (area->pte_flags & PTE_W) == 0 &&
        inode->cache.pages.count >= inode_pages(inode)) {
        window = LEAF_SIZE; /* nothing to read, nothing that could become dirty: all at once */
    }
    start = max_u64(round_down(fault->address, window), area->start);
    end = min_u64(round_down(fault->address, window) + window, area->end);
    end = min_u64(end, start + ((inode_pages(inode) - area_page_index(area, start)) << PAGE_SHIFT));
    spin_lock(&inode->cache.lock);
    map_cached(fault, area_page_index(area, start),
               fault->entry + ((i64)(start - fault_page(fault)) >> PAGE_SHIFT),
               (end - start) >> PAGE_SHIFT);
    spin_unlock(&inode->cache.lock);
}

/* Map the object's page as it is.  => takes over the caller's reference. */
static void map_page(struct fault *fault, struct frame *frame, u64 bits)
{
    atomic_add_u64(&frame->counts, 1ull << 32); /* the reference becomes that of the mapping */
    count_mapped(fault->mm, frame);
    fault_set(fault, frame, bits | PTE_A);
}

/* file-map, file-read, file-wait: which, is decided by what had to be waited for. */
static void file_map(struct fault *fault, struct frame *frame)
{
    map_page(fault, frame, read_bits(fault->area, frame));
    fault_filled(fault);
    map_around(fault);
    fault_done(fault, fault->origin == FAULT_KIND_NONE || fault->origin == FAULT_SHM_FILL ||
                              fault->origin == FAULT_SHM_SWAPIN
                          ? FAULT_FILE_MAP
                          : (enum fault_kind)fault->origin);
}

/* A private page that is written first: copied out of the cache at once. */
static void file_cow(struct fault *fault, struct frame *frame)
{
    struct frame *own = fault_take_frame(fault, FRAME_KERNEL);

    if (own == NULL) {
        frame_put(frame);
        return;
    }
    page_copy(frame_to_virt(own), frame_to_virt(frame));
    frame_put(frame);
    fault_own_frame(fault, own);
    fault->mm->rss_anon++;
    fault_set(fault, own, fault->area->pte_flags | PTE_A | PTE_D);
    fault_filled(fault);
    fault_done(fault, FAULT_FILE_COW);
}

/*
 * Has the page a place on the disk, so that it may become dirty?
 * => false: need (or kind) is set.
 */
static bool may_dirty(struct fault *fault, const struct frame *frame, u64 index)
{
    const struct inode *inode = fault->area->inode;
    bool has_place = (frame_flags(frame) & FRAME_DIRTY) != 0 && (inode->flags & INODE_PARTS) == 0;

    if (fault->prepared || has_place || inode->ops->prepare_write == NULL) {
        return true;
    }
    if (fault->error != 0) { /* no room: better told now than lost at write-back */
        bus_io(fault);
    } else {
        wait_for_object(fault, NEED_PREPARE, index);
    }
    return false;
}

/* A shared page that is written first: mapped writable and dirty at once. */
static void file_write(struct fault *fault, struct frame *frame, u64 index)
{
    if (!may_dirty(fault, frame, index)) {
        frame_put(frame);
        return;
    }
    cache_mark_dirty(fault->area->inode, frame);
    map_page(fault, frame, fault->area->pte_flags | PTE_D);
    fault_done(fault, FAULT_FILE_WRITE);
}

/* shm-fill, shm-map, shm-swapin. */
static void shm_map(struct fault *fault, struct frame *frame)
{
    map_page(fault, frame, fault->area->pte_flags | (fault_is_write(fault) ? PTE_D : 0));
    if (fault->origin == FAULT_KIND_NONE) {
        map_around(fault);
    }
    fault_done(fault, fault->origin == FAULT_SHM_FILL || fault->origin == FAULT_SHM_SWAPIN
                          ? (enum fault_kind)fault->origin
                          : FAULT_SHM_MAP);
}

void fault_object(struct fault *fault)
{
    struct area *area = fault->area;
    u64 index = area_page_index(area, fault->address);
    struct frame *frame;

    if (index >= inode_pages(area->inode)) {
        bus_eof(fault);
        return;
    }
    fault->back = area->inode->number << 32 | (u32)index;
    frame = object_page(fault, index);
    if (frame == NULL) {
        return;
    }
    fault->old_refs = frame->refs - 1;
    if (area->kind == AREA_SHM) {
        shm_map(fault, frame);
    } else if (!fault_is_write(fault)) {
        file_map(fault, frame);
    } else if (area_is_private(area)) {
        file_cow(fault, frame);
    } else {
        file_write(fault, frame, index);
    }
}

/* mkwrite: the first store to a clean page of a shared mapping. */
void fault_object_write(struct fault *fault)
{
    struct frame *frame = pte_frame(fault->old);
    u64 index = area_page_index(fault->area, fault->address);
    bool is_file = frame->kind == FRAME_FILE;

    fault->back = fault->area->inode->number << 32 | (u32)index;
    if (is_file) {
        if (!may_dirty(fault, frame, index)) {
            return;
        }
        cache_mark_dirty(fault->area->inode, frame);
    }
    fault_set(fault, frame, fault->area->pte_flags | PTE_A | PTE_D);
    tlb_flush_page(fault->mm, fault_page(fault));
    fault_done(fault, is_file ? FAULT_MKWRITE : FAULT_SHM_MAP);
}
