/* SPDX-License-Identifier: MIT */
/*
 * enhanced_clock.c - CLOCK with four classes, by accessed and dirty (the "not recently
 * used" classes, as a clock; used by the Macintosh's virtual memory).
 *
 *   lap 0   takes (0, 0): not used, clean; changes nothing
 *   lap 1   takes (0, 1): not used, dirty; clears A on the way
 *   and again; after lap 1 only pages that were used meanwhile have their A bit.
 *
 * A used clean page so outlives an unused dirty one, and an unused dirty page outlives
 * all unused clean ones of its lap.
 */
#include "mm/policy.h"

static u64 hand;
static bool lap;   /* 0 or 1 */
static bool taken; /* something, in this lap */

static struct frame *next(void)
{
    if (hand >= page_count()) { /* a lap 0 that found something is worth another */
        lap = lap == 0 && !taken;
        taken = false;
    }
    return ring_advance(&hand);
}

static enum verdict judge(struct frame *frame, const struct frame_age *age)
{
    (void)frame;
    if (!age->accessed && (!age->dirty || lap)) {
        taken = true;
        return VERDICT_EVICT;
    }
    return age->accessed && lap ? VERDICT_SPARE : VERDICT_KEEP;
}

const struct policy policy_enhanced_clock = {
    .name = "enhanced-clock", .next = next, .judge = judge, .in_order = true, .laps = 5};
