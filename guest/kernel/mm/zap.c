/* SPDX-License-Identifier: MIT */
/*
 * zap.c - taking pages out of an address space, for munmap, madvise, truncate and
 * exit.
 *
 * Order (corner case 22): entries are cleared, the TLBs of all harts are flushed,
 * and only then may a frame be used for something else.  On one hart nobody can
 * use a stale translation while the kernel works, so a single flush at the end is
 * enough; on several the frames are gathered and released batch by batch.
 */
#include "mm/zap.h"
#include "mm/object.h"
#include "mm/swap_cache.h"

#define BATCH 64u

struct zap {
    struct mm *mm;
    struct area *area;
    u64 first, last; /* addresses of entries cleared since the last flush; first > last: none */
    u64 anon, file, shm, swapped; /* changes of the counters */
    bool leaving;    /* no flush: the ASID is never used again */
    bool object_only;
    unsigned count;
    struct frame *frames[BATCH];
};

static void release(struct frame *frame)
{
    if (frame->slot != 0) {
        frame_get(frame);
        frame_unmap(frame);
        swap_cache_drop_if_unused(frame);
        frame_put(frame);
        return;
    }
    frame_unmap(frame);
}

/* Flush what was cleared, then let the gathered frames go. */
static void zap_flush(struct zap *zap)
{
    if (!zap->leaving && zap->first <= zap->last) {
        tlb_flush_range(zap->mm, zap->first, zap->last + PAGE_SIZE);
    }
    zap->first = ~0ull;
    zap->last = 0;
    for (unsigned i = 0; i < zap->count; i++) {
        release(zap->frames[i]);
    }
    zap->count = 0;
}

static void zap_frame(struct zap *zap, struct frame *frame, pte_t pte)
{
    if (frame->kind == FRAME_ANON) {
        zap->anon++;
        if ((pte & PTE_D) != 0 && frame->slot != 0) {
            frame_flag_set(frame, FRAME_DIRTY); /* the slot's contents are old */
        }
    } else {
        if ((pte & PTE_A) != 0 && (frame->flags & FRAME_REFERENCED) == 0) {
            frame_flag_set(frame, FRAME_REFERENCED);
        }
        if (frame->kind == FRAME_SHM) {
            zap->shm++;
        } else {
            zap->file++;
        }
    }
    if (hart_count == 1 || zap->leaving) {
        release(frame);
        return;
    }
    if (zap->count == BATCH) {
        zap_flush(zap);
    }
    zap->frames[zap->count++] = frame;
}

static void zap_entry(struct zap *zap, pte_t *entry, pte_t pte, u64 address)
{
    if (zap->object_only && (!pte_has_frame(pte) || pte_frame(pte)->kind == FRAME_ANON)) {
        return;
    }
    if ((pte & PTE_V) != 0) {
        pte = pte_exchange(entry, 0);
        zap->first = min_u64(zap->first, address);
        zap->last = max_u64(zap->last, address);
    } else {
        pte_write(entry, 0);
    }
    if (pte_has_frame(pte)) {
        zap_frame(zap, pte_frame(pte), pte);
    } else if (pte_is_swap(pte)) {
        zap->swapped++;
        swap_put(PTE_PAYLOAD(pte));
    }
}

static void zap_entries(struct zap *zap, u64 start, u64 end)
{
    struct mm *mm = zap->mm;
    pte_t *entry;

    while ((entry = pte_next_table(mm, &start, end)) != NULL) {
        u64 stop = min_u64(end, round_down(start, LEAF_SIZE) + LEAF_SIZE);

        for (; start < stop; start += PAGE_SIZE, entry++) {
            pte_t pte = pte_read(entry);

            if (pte != 0) {
                zap_entry(zap, entry, pte, start);
            }
        }
    }
    zap_flush(zap);
    mm->rss_anon -= zap->anon;
    mm->rss_file -= zap->file;
    mm->rss_shm -= zap->shm;
    mm->swap_entries -= zap->swapped;
}

void zap_range(struct mm *mm, struct area *area, u64 start, u64 end, bool leaving)
{
    struct zap zap;

    zap.mm = mm;
    zap.area = area;
    zap.first = ~0ull;
    zap.last = 0;
    zap.anon = zap.file = zap.shm = zap.swapped = 0;
    zap.leaving = leaving;
    zap.object_only = false;
    zap.count = 0;
    zap_entries(&zap, start, end);
}

void zap_object_pages(struct mm *mm, struct area *area, u64 start, u64 end)
{
    struct zap zap = {.mm = mm, .area = area, .first = ~0ull, .object_only = true};

    zap_entries(&zap, start, end);
}
