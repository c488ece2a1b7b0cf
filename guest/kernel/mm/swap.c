/* SPDX-License-Identifier: MIT */
/*
 * swap.c - slots on the swap device, their counts, and the swap cache.
 *
 *   map[slot]     how many PTEs and SHM slots name it, SWAP_CACHED if a frame has it too
 *   frames[slot]  pfn of that frame; frame->slot is the way back
 *
 *   free ──swap_cache_add──> cached ──evict: swap_get per PTE──> cached + count
 *     ^                                                             │ the frame goes
 *     └── last swap_put / swap_cache_remove ──── count only <───────┘
 *                                                  │ swap_read: cached again
 *
 * Lock: swap.lock guards both arrays and frame->slot.  It may be taken under
 * pte_lock and cache.lock; frames are freed under it, nothing else is taken.
 */
#include "mm/swap.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/reclaim.h"
#include "mm/kalloc.h"
#include "mm/options.h"
#include "mm/swap_cache.h"
#include "sync/spin.h"

#define CLUSTER_MAX 32u

static struct {
    struct spinlock lock;
    void *device; /* NULL: no swap */
    const struct swap_device_ops *ops;
    char name[32];
    u64 slots; /* numbers 1 .. slots - 1 */
    u16 *map;
    u32 *frames;
    u64 used, cached;
    u64 hint;     /* where the search for a free slot goes on */
    bool leaving; /* swap_off is at work: no new slots */
} swap = {.lock = SPINLOCK("swap")};

static u64 swap_map_address, swap_slot_count; /* read by the monitor */

bool swap_is_on(void)
{
    return swap.device != NULL && !swap.leaving;
}

u64 swap_free_slots(void)
{
    return swap_is_on() ? swap.slots - 1 - swap.used : 0;
}

/* => lock held; nothing names the slot and nothing caches it. */
static void free_slot(u64 slot)
{
    swap.map[slot] = 0;
    swap.used--;
    PROBE(SWAP_FREE, slot);
}

/* Take a frame out of the cache.  => lock held; the cache's reference is the caller's now. */
static void uncache(struct frame *frame)
{
    u64 slot = frame->slot;

    frame->slot = 0;
    swap.frames[slot] = 0;
    swap.map[slot] &= (u16)~SWAP_CACHED;
    swap.cached--;
    if (swap.map[slot] == 0) {
        free_slot(slot);
    }
}

static void cache(u64 slot, struct frame *frame)
{
    swap.map[slot] |= SWAP_CACHED;
    swap.frames[slot] = (u32)frame_pfn(frame);
    frame->slot = (u32)slot;
    frame_get(frame);
    swap.cached++;
}

u32 swap_count(u64 slot)
{
    return slot < swap.slots ? swap.map[slot] & (u16)~SWAP_CACHED : 0;
}

bool swap_get(u64 slot)
{
    bool counted = false;

    spin_lock(&swap.lock);
    if (slot != 0 && slot < swap.slots && swap_count(slot) < SWAP_COUNT_MAX &&
        swap.map[slot] != 0) {
        swap.map[slot]++;
        counted = true;
    }
    spin_unlock(&swap.lock);
    return counted;
}

/* A cached page that nobody names, maps or holds is of no use.  => lock held; true: put the frame.
 */
static bool uncache_if_unused(struct frame *frame, u32 holders)
{
    if (frame->slot != 0 && swap_count(frame->slot) == 0 && frame->maps == 0 &&
        frame->kind == FRAME_ANON && frame->refs == 1 + holders &&
        (frame_flags(frame) & (FRAME_BUSY | FRAME_WRITEBACK)) == 0) {
        uncache(frame);
        return true;
    }
    return false;
}

void swap_put(u64 slot)
{
    struct frame *unused = NULL;

    spin_lock(&swap.lock);
    kassert(slot < swap.slots && swap_count(slot) > 0);
    if (swap_count(slot) != SWAP_BAD) {
        swap.map[slot]--;
        if (swap.map[slot] == 0) {
            free_slot(slot);
        } else if (swap.map[slot] == SWAP_CACHED) {
            struct frame *frame = frame_of_pfn(swap.frames[slot]);

            unused = uncache_if_unused(frame, 0) ? frame : NULL;
        }
    }
    spin_unlock(&swap.lock);
    if (unused != NULL) {
        frame_put(unused);
    }
}

struct frame *swap_cache_find(u64 slot)
{
    struct frame *frame = NULL;

    spin_lock(&swap.lock);
    if (slot < swap.slots && swap.frames[slot] != 0) {
        frame = frame_get(frame_of_pfn(swap.frames[slot]));
    }
    spin_unlock(&swap.lock);
    return frame;
}

/* => a free slot, 0 if there is none.  lock held. */
static u64 find_slot(void)
{
    for (u64 tries = 1; tries < swap.slots; tries++) {
        u64 slot = swap.hint;

        swap.hint = swap.hint + 1 < swap.slots ? swap.hint + 1 : 1;
        if (swap.map[slot] == 0) {
            return slot;
        }
    }
    return 0;
}

bool swap_cache_add(struct frame *frame)
{
    u64 slot = 0;

    spin_lock(&swap.lock);
    if (frame->slot != 0) {
        slot = frame->slot;
    } else if (swap_is_on() && swap.used < swap.slots - 1) {
        slot = find_slot();
        if (slot != 0) {
            swap.used++;
            cache(slot, frame);
        }
    }
    spin_unlock(&swap.lock);
    return slot != 0;
}

void swap_cache_remove(struct frame *frame)
{
    bool was_cached;

    spin_lock(&swap.lock);
    was_cached = frame->slot != 0;
    if (was_cached) {
        uncache(frame);
    }
    spin_unlock(&swap.lock);
    if (was_cached) {
        frame_put(frame);
    }
}

void swap_cache_drop_if_unused(struct frame *frame)
{
    bool unused;

    spin_lock(&swap.lock);
    unused = uncache_if_unused(frame, 1);
    spin_unlock(&swap.lock);
    if (unused) {
        frame_put(frame);
    }
}

u64 swap_release_cached(u64 wanted)
{
    u64 freed = 0;

    for (u64 slot = 1; slot < swap.slots && freed < wanted; slot++) {
        struct frame *frame =
            swap.frames[slot] != 0 && swap_count(slot) == 0 ? swap_cache_find(slot) : NULL;

        if (frame == NULL) {
            continue;
        }
        if (frame_try_busy(frame)) {
            frame_wait_clear(frame, FRAME_WRITEBACK);
            if (frame->slot == slot && swap_count(slot) == 0) {
                swap_cache_remove(frame);
                freed++;
            }
            frame_unlock_busy(frame);
        }
        frame_put(frame);
    }
    return freed;
}

/* ---- reading and writing ---------------- */

/* May this slot be read along with its neighbour?  lock held. */
static bool is_readable(u64 slot)
{
    return slot != 0 && slot < swap.slots && (swap.map[slot] & SWAP_CACHED) == 0 &&
           swap_count(slot) != 0 && swap_count(slot) != SWAP_BAD;
}

/*
 * Enter BUSY frames for the slot and for its neighbours in the aligned cluster, as
 * one run.  => the number, the first slot in *first; 0 if the slot needs no read.
 */
static unsigned prepare_run(u64 slot, struct frame *frame, unsigned cluster, struct frame **frames,
                            u64 *first)
{
    u64 low = slot - slot % cluster, start = slot, end = slot + 1;
    unsigned count = 0;

    spin_lock(&swap.lock);
    if (is_readable(slot)) {
        while (start > low && is_readable(start - 1)) {
            start--;
        }
        while (end < low + cluster && is_readable(end)) {
            end++;
        }
        for (u64 at = start; at < end; at++) {
            struct frame *one = at == slot ? frame_get(frame) : NULL;

            if (one == NULL && frames_free_count() > frame_mark_high) {
                one = frame_alloc(FRAME_ANON, FRAME_MAY_FAIL);
            }
            if (one == NULL && at < slot) { /* no memory for those before: start later */
                for (unsigned i = 0; i < count; i++) {
                    uncache(frames[i]);
                    frame_clear_and_wake(frames[i], FRAME_BUSY);
                    frame_put(frames[i]);
                    frame_put(frames[i]);
                }
                count = 0;
                continue;
            }
            if (one == NULL) {
                break;
            }
            while (!frame_try_busy(one)) {
                ; /* the CLOCK of another hart takes a last look at what it was: a moment */
            }
            cache(at, one);
            policy_page_added(one);
            *first = count == 0 ? at : *first;
            frames[count++] = one;
        }
    }
    spin_unlock(&swap.lock);
    return count;
}

/* The device has read, or not: let the pages be found. */
static void finish_read(struct frame **frames, unsigned count, bool good)
{
    for (unsigned i = 0; i < count; i++) {
        if (good) {
            frame_flag_set(frames[i], FRAME_UPTODATE);
            PROBE(SWAP_IN, frames[i]->slot, frame_pfn(frames[i]), 0);
            atomic_count_u64(&reclaim_counters.swap_ins);
        } else {
            swap_cache_remove(frames[i]);
        }
        frame_unlock_busy(frames[i]);
        frame_put(frames[i]);
    }
}

static int read_run(u64 slot, struct frame *frame, unsigned cluster)
{
    struct frame *frames[CLUSTER_MAX];
    void *pages[CLUSTER_MAX];
    u64 first = slot;
    unsigned count = prepare_run(slot, frame, cluster, frames, &first);
    int error;

    if (count == 0) {
        return -EAGAIN;
    }
    for (unsigned i = 0; i < count; i++) {
        pages[i] = frame_to_virt(frames[i]);
    }
    error = swap.ops->read(swap.device, first, count, pages);
    finish_read(frames, count, error == 0);
    return error;
}

struct frame *swap_read(u64 slot, bool ahead, int *error)
{
    unsigned cluster =
        ahead ? (unsigned)min_u64(max_u64(vm_options.swap_ahead, 1), CLUSTER_MAX) : 1;
    struct frame *frame = swap_cache_find(slot);

    *error = 0;
    if (frame != NULL) { /* somebody reads it, or it came back already */
        frame_wait_clear(frame, FRAME_BUSY);
        if ((frame_flags(frame) & FRAME_UPTODATE) == 0 || frame->slot != slot) {
            frame_put(frame);
            return NULL; /* the caller looks again */
        }
        return frame;
    }
    frame = frame_alloc(FRAME_ANON, FRAME_RECLAIM);
    if (frame == NULL) {
        *error = -ENOMEM;
        return NULL;
    }
    *error = read_run(slot, frame, cluster);
    if (*error != 0 && *error != -EAGAIN && cluster > 1) {
        *error = read_run(slot, frame, 1); /* a neighbour's error is not ours */
    }
    if (*error != 0) {
        frame_put(frame);
        if (*error == -EAGAIN) {
            *error = 0;
        } else {
            log_error("swap: slot %lu cannot be read", slot);
        }
        return NULL;
    }
    return frame;
}

int swap_write(struct frame *const frames[], unsigned count)
{
    void *pages[CLUSTER_MAX];
    int result = 0;

    for (unsigned i = 0; i < count;) {
        unsigned run = 0;
        int error;

        do { /* neighbouring slots in one request */
            frame_flag_clear(frames[i + run], FRAME_DIRTY);
            PROBE(SWAP_OUT, frames[i + run]->slot, frame_pfn(frames[i + run]), 0);
            pages[run] = frame_to_virt(frames[i + run]);
            run++;
        } while (i + run < count && run < CLUSTER_MAX &&
                 frames[i + run]->slot == frames[i]->slot + run);
        error = swap.ops->write(swap.device, frames[i]->slot, run, pages);
        for (unsigned j = 0; j < run && error != 0; j++) {
            frame_flag_set(frames[i + j], FRAME_DIRTY); /* still the only copy */
        }
        atomic_add_u64(&reclaim_counters.swap_outs, run);
        result = result == 0 ? error : result;
        i += run;
    }
    return result;
}

/* ---- on and off ---------------- */

/* The header that mkswap writes at byte 1024 of page 0, and its magic at the page's end. */
struct swap_header {
    u32 version, last_page, bad_pages;
};

static int read_header(void *device, const struct swap_device_ops *ops, u64 pages, u64 *slots)
{
    void *page = page_alloc();
    const struct swap_header *header = (const struct swap_header *)((u8 *)page + 1024);
    int error;

    if (page == NULL) {
        return -ENOMEM;
    }
    error = ops->read(device, 0, 1, &page);
    if (error == 0 && (memcmp((u8 *)page + 4086, "SWAPSPACE2", 10) != 0 || header->version != 1 ||
                       header->last_page == 0)) {
        error = -EINVAL;
    }
    if (error == 0) {
        *slots = min_u64((u64)header->last_page + 1, pages);
        error = *slots < 2 ? -EINVAL : 0;
    }
    page_free(page);
    return error;
}

int swap_on(void *device, const struct swap_device_ops *ops, u64 pages, const char *name)
{
    u64 slots = 0;
    int error;

    if (swap.device != NULL) {
        return -EBUSY;
    }
    error = read_header(device, ops, pages, &slots);
    if (error != 0) {
        return error;
    }
    slots = min_u64(slots, 1ull << 20);
    swap.map = kalloc(slots * sizeof(u16));
    swap.frames = kalloc(slots * sizeof(u32));
    if (swap.map == NULL || swap.frames == NULL) {
        kfree(swap.map);
        kfree(swap.frames);
        return -ENOMEM;
    }
    string_copy(swap.name, name, sizeof(swap.name));
    swap.ops = ops;
    swap.slots = slots;
    swap.used = 0;
    swap.hint = 1;
    swap.leaving = false;
    swap_slot_count = slots;
    swap_map_address = (u64)swap.map;
    __atomic_store_n(&swap.device, device, __ATOMIC_RELEASE);
    log_info("swap: %s, %lu pages", name, slots - 1);
    return 0;
}

int swap_off(void *device)
{
    int error;

    if (swap.device == NULL || swap.device != device) {
        return -EINVAL;
    }
    swap.leaving = true;
    error = swap_empty();
    if (error != 0 || swap.used != 0) {
        swap.leaving = false;
        return error != 0 ? error : -EBUSY;
    }
    spin_lock(&swap.lock);
    swap.device = NULL;
    swap.slots = 0;
    swap_map_address = 0;
    swap_slot_count = 0;
    spin_unlock(&swap.lock);
    kfree(swap.map);
    kfree(swap.frames);
    swap.map = NULL;
    swap.frames = NULL;
    return 0;
}

void swap_fill_layout(struct probe_layout *layout)
{
    layout->swap_map = direct_physical(&swap_map_address);
    layout->swap_slots = direct_physical(&swap_slot_count);
}

bool swap_get_info(struct swap_info *info)
{
    if (swap.device == NULL) {
        return false;
    }
    *info = (struct swap_info){.name = swap.name,
                               .total_pages = swap.slots - 1,
                               .used_pages = swap.used,
                               .cached_pages = swap.cached,
                               .priority = -2};
    return true;
}
