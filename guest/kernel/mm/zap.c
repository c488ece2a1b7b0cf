/* SPDX-License-Identifier: MIT */
/*
 * zap.c - taking pages out of an address space, for munmap, madvise, truncate and
 * exit.
 *
 * Order (corner case 22): entries are cleared, the TLBs of all harts are flushed,
 * and only then may a frame be used for something else.  On one hart nobody can
 * use a stale translation while the kernel works, so a single flush at the end is
 * enough; on several the frames are gathered and released batch by batch.
 *
 * Of a leaf table that has a twin (twin.h) an exit takes out only what the two do not have in
 * common: the rest stays counted, for the other.
 */
#include "mm/zap.h"
#include "mm/object.h"
#include "mm/swap_cache.h"
#include "mm/twin.h"

#define BATCH 64u

struct zap {
    struct mm *mm;
    u64 first, last; /* addresses of entries cleared since the last flush; first ~0: none */
    bool object_only;
    unsigned count;
    struct frame *frames[BATCH];
};

/* What the counters of the mm lose. */
struct tally {
    u64 anon, file, shm, swapped;
};

static always_inline void release(struct frame *frame)
{
    u64 before;

    if (unlikely(frame->slot != 0)) {
        frame_get(frame);
        frame_unmap(frame);
        swap_cache_drop_if_unused(frame);
        frame_put(frame);
        return;
    }
    before = __atomic_fetch_sub(&frame->counts, FRAME_MAP_ONE, __ATOMIC_ACQ_REL);
    if ((u32)before == 1 && !frame_free_fast(frame)) {
        frame_free(frame);
    }
}

/* Flush what was cleared, then let the gathered frames go. */
static void zap_flush(struct zap *zap)
{
    if (zap->first != ~0ull) {
        tlb_flush_range(zap->mm, zap->first, zap->last + PAGE_SIZE);
    }
    zap->first = ~0ull;
    for (unsigned i = 0; i < zap->count; i++) {
        release(zap->frames[i]);
    }
    zap->count = 0;
}

static always_inline void count(struct tally *tally, struct frame *frame, pte_t pte)
{
    if (likely(frame->kind == FRAME_ANON)) {
        tally->anon++;
        if (unlikely(frame->slot != 0) && (pte & PTE_D) != 0) {
            frame_flag_set(frame, FRAME_DIRTY); /* the slot's contents are old */
        }
        return;
    }
    if ((pte & PTE_A) != 0 && (frame->flags & FRAME_REFERENCED) == 0) {
        frame_flag_set(frame, FRAME_REFERENCED);
    }
    if (frame->kind == FRAME_SHM) {
        tally->shm++;
        if ((pte & PTE_D) != 0 && (frame->flags & FRAME_DIRTY) == 0) {
            frame_flag_set(frame, FRAME_DIRTY); /* it may have a slot, or get one meanwhile */
        }
    } else {
        tally->file++;
    }
}

/* Keep a frame until the TLBs were flushed. */
static void keep(struct zap *zap, struct frame *frame)
{
    if (zap->count == BATCH) {
        zap_flush(zap);
    }
    zap->frames[zap->count++] = frame;
}

/* An entry that maps nothing: swap slot, marker, zero page. */
static __attribute__((noinline)) void zap_other(struct tally *tally, pte_t *entry)
{
    pte_t pte = pte_exchange(entry, 0);

    if (pte_is_swap(pte)) {
        tally->swapped++;
        swap_put(PTE_PAYLOAD(pte));
    }
}

/* Frames on their way to the allocator: it takes them by the batch. */
struct freed {
    struct frame *first;
    u32 count;
};

static always_inline void free_batch(struct freed *freed)
{
    frame_free_list(freed->first, freed->count);
    freed->first = NULL;
    freed->count = 0;
}

/* An anonymous page without flags or slot loses a mapping; no other hart can be using it. */
static always_inline void release_plain(struct freed *freed, struct frame *frame)
{
    u64 before = __atomic_fetch_sub(&frame->counts, FRAME_MAP_ONE, __ATOMIC_RELAXED);

    if ((before << 32) == 1ull << 32) { /* refs was 1: the last one */
        frame->word = FRAME_FREE | FRAME_ORDER_CACHED << 16;
        frame->next = freed->first;
        freed->first = frame;
        if (unlikely(++freed->count == FRAME_BATCH)) {
            free_batch(freed);
        }
    }
}

/*
 * The same for an address space that no other hart can use now: entries are simply cleared, for
 * nobody sets A or D meanwhile, and frames are free at once.
 */
static always_inline void zap_table_at_once(struct zap *zap, struct tally *tally, pte_t *entry,
                                            const pte_t *stop)
{
    const struct frame plain = {.word = FRAME_ANON, .slot = 0};
    struct freed freed = {NULL, 0};

    for (; entry < stop; entry++) {
        pte_t pte = *entry;
        struct frame *frame;

        if (pte == 0) {
            while (stop - entry > 4 && (entry[1] | entry[2] | entry[3] | entry[4]) == 0) {
                entry += 4; /* much of a table is empty */
            }
            continue;
        }
        frame = pte_frame(pte);
        if (likely((pte & (PTE_V | PTE_SPECIAL)) == PTE_V &&
                   frame->word_and_slot == plain.word_and_slot)) {
            if (zap->object_only) {
                continue;
            }
            *entry = 0;
            tally->anon++;
            release_plain(&freed, frame);
        } else if ((pte & (PTE_V | PTE_SPECIAL | PTE_A)) == PTE_V && frame->kind == FRAME_FILE) {
            *entry = 0; /* mapped around somebody's fault and never used: the cache keeps it */
            tally->file++;
            frame_unmap(frame);
        } else if (!pte_has_frame(pte)) {
            if (!zap->object_only) {
                zap_other(tally, entry);
            }
        } else if (!zap->object_only || frame->kind != FRAME_ANON) {
            *entry = 0;
            count(tally, frame, pte);
            release(frame);
        }
    }
    free_batch(&freed);
}

/* ... and for one that others may be using: frames are kept until the TLBs were flushed. */
static void zap_table(struct zap *zap, struct tally *tally, pte_t *entry, u64 start, u64 stop)
{
    for (; start < stop; start += PAGE_SIZE, entry++) {
        pte_t pte = pte_read(entry);
        struct frame *frame;

        if (pte == 0) {
            continue;
        }
        zap->first = min_u64(zap->first, start);
        if (!pte_has_frame(pte)) {
            if (!zap->object_only) {
                zap_other(tally, entry);
            }
            continue;
        }
        frame = pte_frame(pte);
        if (zap->object_only && frame->kind == FRAME_ANON) {
            continue;
        }
        count(tally, frame, pte_exchange(entry, 0));
        zap->last = start;
        keep(zap, frame);
    }
}

/* What the mm loses. */
static void subtract(struct mm *mm, const struct tally *tally)
{
    mm_note_peak(mm);
    mm->rss_anon -= tally->anon;
    mm->rss_file -= tally->file;
    mm->rss_shm -= tally->shm;
    mm->swap_entries -= tally->swapped;
}

static void zap_entries(struct zap *zap, u64 start, u64 end)
{
    struct mm *mm = zap->mm;
    struct tally tally = {0};
    pte_t *entry;

    while (start < end && (entry = pte_next_table(mm, &start, end)) != NULL) {
        u64 stop = min_u64(end, round_down(start, LEAF_SIZE) + LEAF_SIZE);

        if (hart_count == 1) {
            zap_table_at_once(zap, &tally, entry, entry + ((stop - start) >> PAGE_SHIFT));
            zap->first = min_u64(zap->first, start);
        } else {
            zap_table(zap, &tally, entry, start, stop);
        }
        zap->last = stop - PAGE_SIZE;
        start = stop;
    }
    zap_flush(zap);
    subtract(mm, &tally);
}

void zap_range(struct mm *mm, u64 start, u64 end)
{
    struct zap zap;

    zap.mm = mm;
    zap.first = ~0ull;
    zap.object_only = false;
    zap.count = 0;
    zap_entries(&zap, start, end);
}

void zap_object_pages(struct mm *mm, u64 start, u64 end)
{
    struct zap zap = {.mm = mm, .first = ~0ull, .object_only = true};

    zap_entries(&zap, start, end);
}

/* Of eight entries, those that the twin does not have as well. */
static void zap_group(struct zap *zap, struct tally *tally, pte_t *entry, u64 distance)
{
    for (pte_t *stop = entry + TWIN_GROUP; entry < stop; entry++) {
        pte_t pte = *entry;

        if (pte != 0) {
            pte_t other = *(pte_t *)((u64)entry + distance);

            if ((pte == other && (pte & PTE_V) != 0) || twin_is_joint(pte, other)) {
                continue; /* the zero page has no count that matters */
            }
            zap_table_at_once(zap, tally, entry, entry + 1);
        }
    }
}

/* The table gives back what the twin does not have as well, and sleeps. */
static void zap_twin(struct zap *zap, struct tally *tally, pte_t *entries)
{
    struct frame *table = virt_to_frame(entries);
    u64 groups = table->index | twin_of(table)->index;
    u64 distance = twin_distance(table);

    for (; groups != 0; groups &= groups - 1) { /* few are flagged */
        zap_group(zap, tally, entries + TWIN_GROUP * (unsigned)__builtin_ctzll(groups), distance);
    }
    twin_sleep(table);
}

void zap_everything(struct mm *mm)
{
    struct zap zap = {.mm = mm, .first = ~0ull};
    struct tally tally = {0};
    u64 asleep = NO_REGION; /* where the pages begin whose table was a twin, and sleeps by now */
    bool counted = true;

    for (const struct area *area = mm->first_area; area != NULL; area = area->next) {
        u64 start = area->start, end = area->end;
        pte_t *entry;

        while (start < end) {
            u64 stop = min_u64(end, round_down(start, LEAF_SIZE) + LEAF_SIZE);

            if (start - asleep < LEAF_SIZE) {
                start = stop;
                continue;
            }
            entry = pte_next_table_joint(mm, &start, end);
            if (entry == NULL) {
                break;
            }
            stop = min_u64(end, round_down(start, LEAF_SIZE) + LEAF_SIZE);
            if (twin_is_asleep(virt_to_frame(entry))) { /* of a child that has ended before us */
                twin_part(virt_to_frame(entry));
            }
            if (virt_to_frame(entry)->twin != 0) {
                zap_twin(&zap, &tally, (pte_t *)round_down((u64)entry, PAGE_SIZE));
                asleep = round_down(start, LEAF_SIZE);
                counted = false;
            } else {
                zap_table_at_once(&zap, &tally, entry, entry + ((stop - start) >> PAGE_SHIFT));
            }
            start = stop;
        }
    }
    if (counted) {
        subtract(mm, &tally);
    } else { /* what a twin keeps was not looked at */
        mm->rss_anon = mm->rss_file = mm->rss_shm = mm->swap_entries = 0;
    }
}
