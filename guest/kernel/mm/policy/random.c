/* SPDX-License-Identifier: MIT */
/*
 * random.c - any page, whatever it was used for.
 *
 * What every cleverer policy has to beat, and what a loop larger than memory prefers to
 * LRU.  The sequence depends on vm.policy_seed= alone, so that a run repeats.
 */
#include "mm/policy.h"

static struct frame *next(void)
{
    return page_of_number(policy_random() % page_count());
}

static enum verdict judge(struct frame *frame, const struct frame_age *age)
{
    (void)frame;
    (void)age;
    return VERDICT_EVICT;
}

const struct policy policy_random_choice = {
    .name = "random", .next = next, .judge = judge, .in_order = true};
