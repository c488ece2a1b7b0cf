/* SPDX-License-Identifier: MIT */
/*
 * pace.c - who makes pages of files dirty faster than the disk takes them is slowed down.
 *
 *     vm.dirty_background_ratio per cent of the memory that may be dirty are: the flusher begins
 *     vm.dirty_ratio per cent are, or are just being written: the writer sleeps until fewer are
 *
 * Without that a writer fills all memory with pages that must be written before they can be used
 * for anything else, and everybody who wants memory waits for the disk.
 * What may be dirty: free frames and pages of files.
 *
 * A writer waits for two rounds of the flusher at most: pages that cannot be written (a broken
 * disk's metadata stay dirty) shall not hold it for ever.
 * Lock: pace_lock, alone.
 */
#include "mm/frame.h"
#include "mm/options.h"
#include "mm/writeback.h"
#include "sync/wait.h"

#define STEP 32u /* pages between two looks at the books */
#define ROUNDS 2u

static struct spinlock pace_lock = SPINLOCK("pace");
static struct wait_queue pace_queue = WAIT_QUEUE(pace_queue);
static u64 rounds, waiting;  /* pace_lock */
static u64 limit = ~0ull;    /* pages, when last computed */
static u64 pages_made_dirty; /* atomic */

static u64 dirty_now(void)
{
    return cache_dirty_pages() + cache_writeback_pages();
}

static void slow_down(void)
{
    u64 can = frames_free_count() + cache_pages();
    u64 background = can * vm_options.dirty_background_ratio / 100;

    limit = can * vm_options.dirty_ratio / 100;
    background = background < limit ? background : limit / 2;
    if (dirty_now() <= background) {
        return;
    }
    spin_lock(&pace_lock);
    waiting++;
    for (u32 turn = 0; turn < ROUNDS; turn++) {
        u64 now = rounds;

        spin_unlock(&pace_lock);
        writeback_ask(); /* so a round ends after `now` was read */
        spin_lock(&pace_lock);
        while (rounds == now && dirty_now() > limit) {
            wait_sleep(&pace_queue, &pace_lock);
        }
        if (dirty_now() <= limit) {
            break;
        }
    }
    waiting--;
    spin_unlock(&pace_lock);
}

void writeback_pace(void)
{
    if (unlikely(atomic_add_u64(&pages_made_dirty, 1) % STEP == 0)) {
        slow_down();
    }
}

void writeback_pace_progress(bool round)
{
    if (!round && likely(__atomic_load_n(&waiting, __ATOMIC_ACQUIRE) == 0)) {
        return;
    }
    spin_lock(&pace_lock);
    rounds += round;
    if (round || dirty_now() <= limit) {
        wait_wake_all(&pace_queue);
    }
    spin_unlock(&pace_lock);
}
