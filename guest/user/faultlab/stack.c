/* SPDX-License-Identifier: MIT */
/* stack.c - how the stack grows. */
#include "lab.h"

/* One page of stack for each level. */
__attribute__((noinline)) static u64 descend(u64 levels)
{
    volatile u8 room[PAGE - 64];

    room[0] = (u8)levels;
    return levels == 0 ? room[0] : descend(levels - 1) + room[0];
}

void lab_run(void)
{
    u64 sum;

    lab_note("three pages below this function were touched before");
    lab_begin("called 32 functions deep, a page of stack each");
    sum = descend(31);
    LAB_END(LAB_SOME, 0, {FAULT_ZERO_FILL, LAB_SOME});
    lab_check(sum == 31 * 32 / 2, "the stack holds what was stored");
    lab_begin("did it again");
    descend(31);
    LAB_END(0, 0);
    lab_note("the stack does not shrink: its pages stay");
}
