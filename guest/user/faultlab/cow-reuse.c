/* SPDX-License-Identifier: MIT */
/* cow-reuse.c - a write by the last owner. */
#include "lab.h"

enum { PAGES = 4 };

static void child(void *arg)
{
    (void)arg;
}

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES));
    u64 frame;

    pages_write(at, PAGES, 1);
    frame = page_frame(at);
    lab_note("a child of fork shared the pages and has ended");
    lab_child(child, NULL);
    lab_begin("wrote the 4 pages, now owned by one process again");
    pages_write(at, PAGES, 2);
    LAB_END(PAGES, 0, {FAULT_COW_REUSE, PAGES});
    lab_check(page_frame(at) == frame, "the frame is the same: nothing was copied");
}
