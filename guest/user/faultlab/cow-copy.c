/* SPDX-License-Identifier: MIT */
/* cow-copy.c - a write to a page that others share. */
#include "lab.h"

enum { PAGES = 4 };

static void child(void *arg)
{
    u8 *at = arg;
    u64 frame = page_frame(at);

    lab_begin("in a child of fork: wrote 4 pages that the parent has too");
    pages_write(at, PAGES, 2);
    LAB_END(PAGES, 0, {FAULT_COW_COPY, PAGES});
    lab_check(frame == 0 || page_frame(at) != frame, "the child's page has a frame of its own");
}

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES));
    u64 frame;

    pages_write(at, PAGES, 1);
    frame = page_frame(at);
    lab_child(child, at);
    lab_check(pages_read(at, PAGES) == PAGES, "the parent's bytes are unchanged");
    lab_check(page_frame(at) == frame, "the parent kept its frame");
}
