/* SPDX-License-Identifier: MIT */
/* heap.c - sbrk(0), growing and shrinking the heap. */
#include "lab.h"

void lab_run(void)
{
    u8 *start, *end;

    lab_begin("asked where the heap ends: sbrk(0)");
    start = sys_brk(NULL);
    LAB_END(0, 0);
    lab_note("the heap ends at %p; nothing of it exists yet", start);
    lab_begin("grew it by 8 pages");
    end = sys_brk(start + 8 * PAGE);
    LAB_END(0, 0);
    lab_check(end == start + 8 * PAGE, "the end moved; no page was touched");
    lab_begin("wrote 3 of the 8 pages, read 2 others");
    pages_write(start, 3, 1);
    pages_read(start + 3 * PAGE, 2);
    LAB_END(5, 0, {FAULT_ZERO_FILL, 3}, {FAULT_ZERO_MAP, 2});
    lab_begin("shrank it to nothing");
    end = sys_brk(start);
    LAB_END(0, 0);
    lab_check(end == start, "the end is back");
    if (!under_user_emulation()) /* which keeps what a heap has had */
        lab_check(try_load(start, NULL) == SIGSEGV, "the memory is gone: SIGSEGV");
    lab_begin("grew it again and read the first page");
    sys_brk(start + 8 * PAGE);
    end = start + start[0];
    LAB_END(1, 0, {FAULT_ZERO_MAP, 1});
    lab_check(end == start, "the page reads as zero: nothing comes back");
    sys_brk(start);
}
