/* SPDX-License-Identifier: MIT */
/*
 * evict.c - one page leaves memory.
 *
 * Anonymous and shared-memory pages:
 *   slot, swap cache -> every PTE becomes a swap entry (TLBs flushed) -> write, if the
 *   slot does not hold the contents already -> out of the swap cache -> free.
 * At each point the page can be found again through its slot, so a fault in between
 * simply maps it back.  PTEs that could not be found (rmap.h) keep the page alive.
 *
 * Pages of files: every PTE is cleared, the page leaves the cache if nobody took a
 * reference meanwhile.
 */
#include "mm/evict.h"
#include "mm/reclaim.h"
#include "mm/object.h"
#include "mm/rmap.h"
#include "mm/shadow.h"
#include "mm/shm.h"
#include "mm/swap_cache.h"
#include "mm/writeback.h"

struct look {
    struct frame_age *age;
    bool clear;
};

static bool look_at_one(const struct rmap_hit *hit, void *argument)
{
    struct look *look = argument;
    struct frame_age *age = look->age;
    pte_t pte = pte_read(hit->entry);

    age->mappings++;
    age->dirty = age->dirty || (pte & PTE_D) != 0;
    age->locked = age->locked || (hit->area != NULL && (hit->area->flags & AREA_FLAG_LOCKED) != 0);
    if ((pte & PTE_V) != 0 && (pte & PTE_A) != 0) {
        if (look->clear) {
            pte_clear_bits(hit->entry, PTE_A);
        }
        age->accessed = true;
    }
    return true;
}

void evict_look(struct frame *frame, struct frame_age *age, bool clear)
{
    struct look look = {age, clear};

    *age = (struct frame_age){0};
    if (frame->maps > 0) {
        rmap_walk(frame, look_at_one, &look);
    }
    if ((frame_flags(frame) & FRAME_REFERENCED) != 0) { /* by read(2), or a mapping that is gone */
        if (clear) {
            frame_flag_clear(frame, FRAME_REFERENCED);
        }
        age->accessed = true;
    }
    if (frame->kind == FRAME_FILE) { /* the D bits of its mappings are not its state: mkwrite */
        age->dirty = false;
    } else if (frame->slot == 0) { /* never written anywhere */
        age->dirty = true;
    }
    age->dirty = age->dirty || (frame_flags(frame) & FRAME_DIRTY) != 0;
}

void evict_clear_accessed(struct frame *frame)
{
    struct frame_age age;

    evict_look(frame, &age, true);
}

struct unmapping {
    struct frame *frame;
    u64 address; /* of the last mapping found */
    bool failed;
};

static void forget_mapping(const struct rmap_hit *hit, struct frame *frame)
{
    struct mm *mm = hit->mm;

    mm_note_peak(mm);
    switch (frame->kind) {
    case FRAME_ANON:
        mm->rss_anon--;
        break;
    case FRAME_SHM:
        mm->rss_shm--;
        break;
    default:
        mm->rss_file--;
        break;
    }
    frame_unmap(frame);
}

static bool to_swap_entry(const struct rmap_hit *hit, void *argument)
{
    struct unmapping *unmapping = argument;
    struct frame *frame = unmapping->frame;
    pte_t old;

    if (!swap_get(frame->slot)) {
        unmapping->failed = true;
        return false;
    }
    old = pte_exchange(hit->entry, pte_swap(frame->slot, frame->maps == 1));
    if ((old & PTE_V) != 0) {
        tlb_flush_page(hit->mm, hit->address);
    }
    if ((old & PTE_D) != 0) { /* read now that the hart cannot set it any more */
        frame_flag_set(frame, FRAME_DIRTY);
    }
    hit->mm->swap_entries++;
    forget_mapping(hit, frame);
    return true;
}

static bool to_nothing(const struct rmap_hit *hit, void *argument)
{
    struct unmapping *unmapping = argument;
    pte_t old = pte_exchange(hit->entry, 0);

    if ((old & PTE_V) != 0) {
        tlb_flush_page(hit->mm, hit->address);
    }
    if ((old & PTE_D) != 0 && unmapping->frame->kind == FRAME_SHM) {
        frame_flag_set(unmapping->frame, FRAME_DIRTY);
    }
    forget_mapping(hit, unmapping->frame);
    return true;
}

/*
 * The object forgets the frame and remembers the slot.  Who found the page in the object before
 * that, to map or to write it, has a reference: then it stays.  => false: the page stays.
 */
static bool detach_from_object(struct frame *frame)
{
    struct inode *inode = frame->inode;
    bool detached = false;

    if (!swap_get(frame->slot)) {
        return false;
    }
    spin_lock(&inode->cache.lock);
    if (frame->inode == inode && frame->refs == 3) { /* the object's, the slot's, the caller's */
        radix_set(&inode->cache.pages, frame->index, shm_swapped(frame->slot));
        shm_count_swapped(inode, 1);
        shm_count_page(-1);
        frame->kind = FRAME_ANON; /* from now on only a cached slot */
        frame->family = NULL;
        detached = true;
    }
    spin_unlock(&inode->cache.lock);
    if (detached) {
        frame_put(frame); /* the object's reference */
    } else {
        swap_put(frame->slot);
    }
    return detached;
}

bool evict_to_swap(struct frame *frame)
{
    struct unmapping unmapping = {.frame = frame};
    bool fresh = frame->slot == 0;
    u64 mappings = frame->maps, birth = frame->index;
    u64 inode_number = frame->kind == FRAME_SHM ? frame->inode->number : 0;
    u8 kind = frame->kind;

    if (fresh) { /* from now on faults find it in the swap cache */
        frame_flag_set(frame, FRAME_DIRTY | FRAME_UPTODATE);
    }
    if (!swap_cache_add(frame)) {
        return false;
    }
    rmap_walk(frame, kind == FRAME_ANON ? to_swap_entry : to_nothing, &unmapping);
    if (frame->maps > 0 || (kind == FRAME_SHM && !detach_from_object(frame))) {
        if (fresh && swap_count(frame->slot) == 0) {
            swap_cache_remove(frame);
        }
        return false;
    }
    PROBE(EVICT, frame_pfn(frame), frame->slot,
          (kind == FRAME_SHM ? 3u : 1u) | ((frame_flags(frame) & FRAME_DIRTY) != 0 ? 1u : 0u) << 8 |
              mappings << 16,
          inode_number, kind == FRAME_ANON ? birth << PAGE_SHIFT : 0);
    atomic_count_u64(kind == FRAME_SHM ? &reclaim_counters.shm_evicted
                                       : &reclaim_counters.anon_evicted);
    if ((frame_flags(frame) & FRAME_DIRTY) == 0) {
        atomic_count_u64(&reclaim_counters.clean_swap_evictions);
    }
    return true;
}

bool evict_from_swap_cache(struct frame *frame)
{
    if (frame->slot == 0 || frame->maps > 0 || frame->refs != 2 ||
        (frame_flags(frame) & (FRAME_DIRTY | FRAME_WRITEBACK)) != 0) {
        return false; /* somebody wants it again */
    }
    shadow_remember(NULL, frame->slot);
    swap_cache_remove(frame);
    policy_forget_page(frame, true);
    return frame->refs == 1;
}

bool evict_file_page(struct frame *frame)
{
    struct unmapping unmapping = {.frame = frame};
    struct inode *inode = frame->inode;
    u64 mappings = frame->maps, index = frame->index;

    if (inode == NULL) {
        return false;
    }
    if (frame->maps > 0) {
        rmap_walk(frame, to_nothing, &unmapping);
    }
    if (frame->maps > 0 || !cache_try_remove(inode, frame)) {
        return false;
    }
    shadow_remember(inode, index);
    policy_forget_page(frame, true);
    PROBE(EVICT, frame_pfn(frame), index, 2u | mappings << 16, inode->number, 0);
    atomic_count_u64(&reclaim_counters.file_evicted);
    return true;
}

void evict_now(struct frame *frame)
{
    if (frame->kind == FRAME_FILE) {
        struct inode *inode = frame->inode;

        if (inode == NULL) {
            return;
        }
        if ((frame_flags(frame) & FRAME_DIRTY) != 0) { /* wants BUSY for itself */
            frame_unlock_busy(frame);
            writeback_page(inode, frame, WRITEBACK_RECLAIM);
            frame_lock_busy(frame);
        }
        evict_file_page(frame);
        return;
    }
    if (evict_to_swap(frame)) {
        if ((frame_flags(frame) & FRAME_DIRTY) != 0) {
            frame_flag_set(frame, FRAME_WRITEBACK);
            swap_write(&frame, 1);
            frame_clear_and_wake(frame, FRAME_WRITEBACK);
        }
        evict_from_swap_cache(frame);
    }
}
