/* SPDX-License-Identifier: MIT */
/* last-owner.c - fork: what does the last of several owners do? */
#include "lab.h"

static u8 *page;

static void writer(void *arg)
{
    lab_begin(arg != NULL ? "the second child wrote the page" : "the first child wrote the page");
    page[0]++;
    LAB_END(1, 0, {FAULT_COW_COPY, 1});
    lab_check(page[0] == 11, "it changed its own copy");
}

void lab_run(void)
{
    u64 frame;

    page = lab_need(pages_private(1));
    page[0] = 10;
    frame = page_frame(page);
    lab_child(writer, NULL);
    lab_child(writer, page);
    lab_begin("both children ended; the parent, the last owner, wrote the page");
    page[0]++;
    LAB_END(1, 0, {FAULT_COW_REUSE, 1});
    lab_check(page[0] == 11 && page_frame(page) == frame, "in place: the frame is the same");
    lab_begin("wrote it once more");
    page[0]++;
    LAB_END(0, 0);
}
