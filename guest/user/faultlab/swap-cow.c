/* SPDX-License-Identifier: MIT */
/* swap-cow.c - a write to a swapped page that others share. */
#include "lab.h"

enum { PAGES = 4 };

static void child(void *arg)
{
    u8 *at = arg;

    lab_begin("in a child of fork: wrote 4 pages that were in swap and are shared");
    for (size_t i = 0; i < PAGES; i++)
        ((volatile u8 *)at)[i * PAGE] = 1;
    LAB_END(LAB_ANY, LAB_ANY, {FAULT_SWAP_COW, PAGES});
}

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES));

    pattern_fill(at, PAGES * PAGE, 7);
    SYS(madvise, at, PAGES * PAGE, MADV_RANDOM);
    if (!page_out(at, PAGES * PAGE))
        lab_skip("pages cannot be moved to swap here");
    lab_child(child, at);
    lab_check(pattern_check(at, PAGES * PAGE, 7) == -1, "the parent's bytes are unchanged");
}
