/* SPDX-License-Identifier: MIT */
/* zero-map.c - first read of anonymous memory. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES));
    u64 sum, frame;

    lab_begin("read one byte of each of 4 pages that nobody had touched");
    sum = pages_read(at, PAGES);
    LAB_END(PAGES, 0, {FAULT_ZERO_MAP, PAGES});
    lab_check(sum == 0, "the bytes read as zero");
    frame = page_frame(at);
    if (frame != 0) {
        lab_note("frame of the first page: %lu, of the last: %lu", frame,
                 page_frame(at + (PAGES - 1) * PAGE));
        if (lab_exact())
            lab_check(frame == page_frame(at + (PAGES - 1) * PAGE), "all map one frame");
    }
    lab_begin("read them again");
    pages_read(at, PAGES);
    LAB_END(0, 0);
}
