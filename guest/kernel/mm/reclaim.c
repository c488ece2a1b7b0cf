/* SPDX-License-Identifier: MIT */
/*
 * reclaim.c - taking frames back when memory is short.
 *
 *   policy_next() ──> hold ──> what do its mappings say? ──> policy_judge()
 *        ^             │ pinned, busy: not this one             │
 *        └─────────────┴────────── keep, spare ─────────────────┤ evict
 *                                                               v
 *                              clean: unmap, free    dirty: remember; up to 32 are
 *                                                    written in one request, and go
 *
 * Which page is the policy's affair (mm/policy.h, mm/policy/); how it goes, ours.  Unless
 * the policy insists on its order, clean pages go first, for they cost no I/O: the
 * remembered ones are written only when clean ones were not enough.
 *
 * Clean means: a file page without DIRTY; an anonymous page whose slot still holds
 * its contents (no D bit since it was read back).  Clearing A needs no fence per
 * page: a stale translation makes a page look younger or older, never wrong; one
 * fence per round keeps the guess fair.
 *
 * Watermarks (free frames):  high ─ enough, the pageout thread sleeps
 *                            low  ─ below: it is woken
 *                            min  ─ below: who wants a frame reclaims himself; only
 *                                   reclaim and processes that die may go below
 *
 * Locks: none held on entry.  Frames are taken by try-lock (BUSY) only, so reclaim
 * can be entered with mm->lock or inode->lock held.
 */
#include "mm/reclaim.h"
#include "mm/evict.h"
#include "mm/object.h"
#include "mm/pagetable.h"
#include "mm/policy.h"
#include "mm/shadow.h"
#include "mm/swap_cache.h"
#include "mm/writeback.h"
#include "sync/sched.h"

#define BATCH 32u
#define LAPS 3u /* unless the policy says otherwise */

struct reclaim_counters reclaim_counters;
static u64 hand; /* pfn after the page looked at last; read by the monitor */

static struct wait_queue pageout_queue;
static u32 pageout_wanted;
static bool pageout_started;

/* One round of reclaim. */
struct round {
    u64 wanted, freed, examined;
    bool direct;
    unsigned dirty_count;
    struct frame *dirty[BATCH]; /* BUSY and referenced */
};

static void give_back(struct frame *frame)
{
    frame_unlock_busy(frame);
    frame_put(frame);
}

static bool is_candidate(const struct frame *frame)
{
    u8 kind = __atomic_load_n(&frame->kind, __ATOMIC_ACQUIRE);

    if (kind == FRAME_ANON || kind == FRAME_SHM) {
        return swap_is_on() || frame->slot != 0;
    }
    return kind == FRAME_FILE;
}

/* Private pages that were never in swap carry no UPTODATE: nobody ever read them from anywhere. */
static bool is_filled(const struct frame *frame)
{
    return (frame_flags(frame) & FRAME_UPTODATE) != 0 ||
           (frame->kind == FRAME_ANON && frame->slot == 0 && frame->maps > 0);
}

/* Is it a page that only its mappings, its cache and the caller refer to? */
static bool is_explained(const struct frame *frame)
{
    u32 explained =
        frame->maps + (frame->slot != 0) + (frame->kind != FRAME_ANON && frame->inode != NULL) + 1;

    return is_candidate(frame) && frame->refs == explained && is_filled(frame);
}

/*
 * Take hold of a frame if it may be evicted.  Pinned ones (references that nothing
 * explains) are left alone, before BUSY is touched and after.  => referenced and BUSY,
 * or NULL.
 */
static struct frame *hold(struct frame *frame)
{
    if (!is_candidate(frame)) {
        policy_forget_page(frame, false); /* nobody told the policy when it was freed */
        return NULL;
    }
    if ((frame_flags(frame) & (FRAME_BUSY | FRAME_WRITEBACK | FRAME_MLOCKED)) != 0 ||
        !atomic_get_unless_zero(&frame->refs)) {
        return NULL;
    }
    if (!is_explained(frame) || !frame_try_busy(frame)) {
        frame_put(frame);
        return NULL;
    }
    if (!is_explained(frame)) {
        give_back(frame);
        return NULL;
    }
    return frame;
}

/* Evict a clean page.  => takes over hold. */
static void evict_clean(struct round *round, struct frame *frame)
{
    bool gone;

    if (frame->kind == FRAME_FILE) {
        gone = evict_file_page(frame);
    } else if (frame->maps == 0 && frame->kind == FRAME_ANON) {
        gone = evict_from_swap_cache(frame); /* read ahead, and nobody came */
    } else {
        gone = evict_to_swap(frame) && evict_from_swap_cache(frame);
    }
    round->freed += gone;
    give_back(frame);
}

/* A dirty file page: written, and evicted if it stayed clean. */
static void evict_dirty_file(struct round *round, struct frame *frame)
{
    struct inode *inode = frame->inode;

    if (inode == NULL || !atomic_get_unless_zero(&inode->refs)) {
        give_back(frame);
        return;
    }
    frame_unlock_busy(frame);
    writeback_page(inode, frame, WRITEBACK_RECLAIM);
    if (frame_try_busy(frame)) {
        evict_clean(round, frame);
    } else {
        frame_put(frame);
    }
    inode_put(inode);
}

/* Write the remembered pages that can be unmapped, in one go, and let them leave. */
static void evict_dirty(struct round *round)
{
    struct frame *leaving[BATCH];
    unsigned count = 0;

    for (unsigned i = 0; i < round->dirty_count; i++) {
        struct frame *frame = round->dirty[i];

        if (frame->kind == FRAME_FILE) {
            evict_dirty_file(round, frame);
        } else if (evict_to_swap(frame)) {
            frame_flag_set(frame, FRAME_WRITEBACK);
            leaving[count++] = frame;
        } else {
            give_back(frame);
        }
    }
    round->dirty_count = 0;
    if (count > 0) {
        swap_write(leaving, count);
    }
    for (unsigned i = 0; i < count; i++) {
        frame_clear_and_wake(leaving[i], FRAME_WRITEBACK);
        round->freed += evict_from_swap_cache(leaving[i]);
        give_back(leaving[i]);
    }
}

/* The policy's decision about one frame, carried out.  => takes over hold. */
static void consider(struct round *round, struct frame *frame)
{
    struct frame_age age;
    enum verdict verdict;

    evict_look(frame, &age, policy_active->clears_as_it_looks);
    /* Locked pages stay; a policy that thought it had chosen one would wait for it in vain. */
    verdict = age.locked ? VERDICT_KEEP : policy_judge(frame, &age);
    if (verdict == VERDICT_SPARE && age.accessed && !policy_active->clears_as_it_looks) {
        evict_clear_accessed(frame);
    }
    if (verdict != VERDICT_EVICT) {
        give_back(frame);
    } else if (!age.dirty) {
        evict_clean(round, frame);
    } else if (round->dirty_count < BATCH) {
        round->dirty[round->dirty_count++] = frame;
    } else {
        give_back(frame);
    }
}

/* Is it time to write the remembered pages, `looked` pages after the last time? */
static bool should_write(const struct round *round, u64 looked)
{
    if (policy_active->in_order) {
        return round->dirty_count == BATCH || round->freed + round->dirty_count >= round->wanted;
    }
    /* Look a while for clean pages first. */
    return round->dirty_count == BATCH && looked > max_u64(frame_count / 8, 4 * BATCH);
}

u64 reclaim(u64 wanted, bool direct)
{
    struct round round = {.wanted = wanted, .direct = direct};
    u64 since_write = 0,
        most = (policy_active->laps != 0 ? policy_active->laps : LAPS) * frame_count;

    atomic_count_u64(&reclaim_counters.rounds[direct]);
    while (round.freed < wanted && round.examined < most) {
        struct frame *frame = policy_next();

        if (frame == NULL) {
            break;
        }
        hand = frame_is_ram(frame_pfn(frame) + 1) ? frame_pfn(frame) + 1 : frame_first_pfn;
        frame = hold(frame);
        round.examined++;
        since_write++;
        if (frame != NULL) {
            consider(&round, frame);
        }
        if (should_write(&round, since_write)) {
            evict_dirty(&round);
            since_write = 0;
        }
    }
    if (round.freed < wanted) {
        evict_dirty(&round);
    }
    while (round.dirty_count > 0) {
        give_back(round.dirty[--round.dirty_count]);
    }
    if (round.freed < wanted && swap_is_on() && swap_free_slots() == 0) {
        swap_release_cached(BATCH); /* swap is tight: pages that are in memory too give up theirs */
    }
    tlb_flush_soon(); /* for the A bits that were cleared */
    atomic_add_u64(&reclaim_counters.scanned[direct], round.examined);
    atomic_add_u64(&reclaim_counters.freed[direct], round.freed);
    PROBE(RECLAIM, round.examined, round.freed, frames_free_count(), direct);
    return round.freed;
}

void reclaim_note_return(const struct inode *inode, u64 index, struct frame *frame)
{
    u64 distance;

    if (shadow_take(inode, index, &distance)) {
        atomic_count_u64(inode == NULL ? &reclaim_counters.anon_refaults
                                       : &reclaim_counters.file_refaults);
        policy_refaulted(frame, distance);
    }
}

void reclaim_fill_layout(struct probe_layout *layout)
{
    hand = frame_first_pfn;
    layout->clock_hand = direct_physical(&hand);
}

void reclaim_wake(void)
{
    if (pageout_started && !__atomic_exchange_n(&pageout_wanted, 1, __ATOMIC_SEQ_CST)) {
        wait_wake_all(&pageout_queue);
    }
}

static void pageout(void *argument)
{
    static struct spinlock lock = SPINLOCK("pageout");

    (void)argument;
    spin_lock(&lock);
    for (;;) {
        while (!__atomic_load_n(&pageout_wanted, __ATOMIC_SEQ_CST)) {
            wait_sleep(&pageout_queue, &lock);
        }
        spin_unlock(&lock);
        while (frames_free_count() < frame_mark_high && reclaim(BATCH, false) > 0) {
            sched_yield();
        }
        spin_lock(&lock);
        __atomic_store_n(&pageout_wanted, 0, __ATOMIC_SEQ_CST);
    }
}

void reclaim_start(void)
{
    struct task *task;

    wait_init(&pageout_queue);
    task = task_create_kernel("pageout", pageout, NULL);
    if (task != NULL) {
        task->oom_victim = 1; /* may use the reserve: it makes more than it takes */
        pageout_started = true;
        sched_start(task);
        task_put(task);
    }
}
