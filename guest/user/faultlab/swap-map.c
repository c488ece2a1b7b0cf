/* SPDX-License-Identifier: MIT */
/* swap-map.c - the page was still in the swap cache. */
#include "lab.h"

enum { PAGES = 8 };

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES));

    pattern_fill(at, PAGES * PAGE, 6);
    if (!page_out(at, PAGES * PAGE))
        lab_skip("pages cannot be moved to swap here");
    lab_note("one read from swap brings the neighbouring slots into the swap cache");
    lab_begin("read 8 neighbouring pages that were in swap");
    pages_read(at, PAGES);
    LAB_END(LAB_SOME, LAB_SOME, {FAULT_SWAP_READ, LAB_SOME}, {FAULT_SWAP_MAP, LAB_SOME});
    lab_check(pattern_check(at, PAGES * PAGE, 6) == -1, "every byte is right");
}
