/* SPDX-License-Identifier: MIT */
/* shm-swapin.c - a shared-memory page comes back from swap. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    u8 *at = lab_need(pages_shared(PAGES));

    pattern_fill(at, PAGES * PAGE, 5);
    SYS(madvise, at, PAGES * PAGE, MADV_RANDOM);
    if (!page_out(at, PAGES * PAGE))
        lab_skip("pages cannot be moved to swap here");
    lab_begin("read 4 pages of shared memory that were in swap");
    pages_read(at, PAGES);
    LAB_END(0, PAGES, {FAULT_SHM_SWAPIN, PAGES});
    lab_check(pattern_check(at, PAGES * PAGE, 5) == -1, "every byte is right");
}
