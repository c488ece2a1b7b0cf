/* SPDX-License-Identifier: MIT */
/* bss.c - zeroed data before and after its first write. */
#include "lab.h"

enum { PAGES = 4 };
static u8 zeroed[PAGES * PAGE] __attribute__((section(".bss.1pages"), aligned(4096)));

void lab_run(void)
{
    volatile u8 *at = zeroed;
    u64 sum;

    lab_note("%u pages of zeroed data take no room in the program file", PAGES);
    lab_begin("read 2 of the pages");
    sum = pages_read(at, 2);
    LAB_END(2, 0, {FAULT_ZERO_MAP, 2});
    lab_check(sum == 0, "they read as zero");
    if (page_frame(zeroed) != 0 && lab_exact())
        lab_check(page_frame(zeroed) == page_frame(zeroed + PAGE), "both are the zero page");
    lab_begin("wrote those 2, and 2 that were never read");
    pages_write(at, 4, 1);
    LAB_END(4, 0, {FAULT_ZERO_COPY, 2}, {FAULT_ZERO_FILL, 2});
    if (page_frame(zeroed) != 0)
        lab_check(page_frame(zeroed) != page_frame(zeroed + PAGE), "each has its own frame now");
}
