/* SPDX-License-Identifier: MIT */
/* swap-read.c - a page is read back from swap. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES));

    pattern_fill(at, PAGES * PAGE, 5);
    SYS(madvise, at, PAGES * PAGE, MADV_RANDOM);
    if (!page_out(at, PAGES * PAGE))
        lab_skip("pages cannot be moved to swap here");
    lab_begin("read 4 pages that were in swap (no read-ahead)");
    pages_read(at, PAGES);
    LAB_END(0, PAGES, {FAULT_SWAP_READ, PAGES});
    lab_check(pattern_check(at, PAGES * PAGE, 5) == -1, "every byte is right");
}
