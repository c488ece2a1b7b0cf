/* SPDX-License-Identifier: MIT */
/*
 * aging.c - LRU by an 8-bit history of the A bit (Tanenbaum's "aging").
 *
 *   at each tick   age = A << 7 | age >> 1, and A is cleared
 *   victims        first the pages with the smallest age
 *
 * There is no timer: a tick is one lap of the hand over all pages, made when a sixteenth
 * of memory has been evicted since the last.  Between ticks the hand takes pages of age
 * `level` or less; when a lap found none, the level rises to the smallest age it met.
 */
#include "mm/policy.h"

static u64 hand;
static bool ticking;      /* this lap is a tick */
static unsigned level;    /* ages up to this one may go */
static unsigned smallest; /* age met in this lap */
static u64 left;          /* evictions until the next tick */

static void start_lap(void)
{
    ticking = left == 0;
    if (ticking) {
        left = page_count() / 16 + 1;
        level = 0;
    } else if (smallest > level) {
        level = smallest;
    }
    smallest = 255;
}

static struct frame *next(void)
{
    if (hand >= page_count() || hand == 0) {
        hand = 0;
        start_lap();
    }
    return ring_advance(&hand);
}

static void page_added(struct frame *frame)
{
    page_note(frame)->age = 0x80;
}

static enum verdict judge(struct frame *frame, const struct frame_age *age)
{
    struct page_note *note = page_note(frame);
    u8 history = age->accessed ? 0x80 | note->age >> 1 : note->age;

    if (ticking) {
        note->age = age->accessed ? history : note->age >> 1;
    } else if (history <= level && left > 0) {
        left--;
        return VERDICT_EVICT;
    }
    smallest = history < smallest ? history : smallest;
    return ticking && age->accessed ? VERDICT_SPARE : VERDICT_KEEP;
}

const struct policy policy_aging = {.name = "aging",
                                    .page_added = page_added,
                                    .next = next,
                                    .judge = judge,
                                    .in_order = true,
                                    .keeps_notes = true,
                                    .laps = 5};
