/* SPDX-License-Identifier: MIT */
/* zero-fill.c - first write of anonymous memory. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES));
    bool zero = true;

    lab_begin("wrote one byte to each of 4 pages that nobody had touched");
    pages_write(at, PAGES, 0x5a);
    LAB_END(PAGES, 0, {FAULT_ZERO_FILL, PAGES});
    for (size_t i = 0; i < PAGES * PAGE; i++)
        zero = zero && at[i] == (i % PAGE == 0 ? 0x5a : 0);
    lab_check(zero, "all other bytes are zero");
    lab_begin("wrote the rest of the pages");
    memset(at, 1, PAGES * PAGE);
    LAB_END(0, 0);
}
