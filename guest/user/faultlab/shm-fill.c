/* SPDX-License-Identifier: MIT */
/* shm-fill.c - first touch of a shared-memory page. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    u8 *at = lab_need(pages_shared(PAGES));
    u64 sum;

    lab_begin("read 2 and wrote 2 pages of fresh shared memory");
    sum = pages_read(at, 2);
    pages_write(at + 2 * PAGE, 2, 1);
    LAB_END(PAGES, 0, {FAULT_SHM_FILL, PAGES});
    lab_check(sum == 0, "fresh shared memory reads as zero");
}
