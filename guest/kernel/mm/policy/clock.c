/* SPDX-License-Identifier: MIT */
/*
 * clock.c - CLOCK, the second-chance algorithm (Corbato, 1968).
 *
 *                 hand
 *                  v
 *   ... [F][F][K][A][A][.][A][F][P][A] ...     the frame table is the ring
 *
 * The hand looks at one frame after the other.
 *   used since the last visit (an A bit is set)  -> clear A, leave it: a second chance
 *   not used                                     -> it goes
 * Clean pages go at once; dirty ones only when clean ones were not enough (reclaim.c).
 */
#include "mm/policy.h"

static u64 hand;

static struct frame *next(void)
{
    return ring_advance(&hand);
}

static enum verdict judge(struct frame *frame, const struct frame_age *age)
{
    (void)frame;
    return age->accessed ? VERDICT_SPARE : VERDICT_EVICT;
}

const struct policy policy_clock = {
    .name = "clock", .next = next, .judge = judge, .clears_as_it_looks = true};
