/* SPDX-License-Identifier: MIT */
/* access.c - A or D was missing in a valid PTE. */
#include "lab.h"

enum { PAGES = 4 };

static void read_pages(void *at)
{
    lab_begin("in a child of fork: read 4 pages that it shares, accessed bits cleared by fork");
    pages_read(at, PAGES);
    LAB_END(LAB_ANY, 0, {FAULT_ACCESS, LAB_ANY});
}

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES));

    pages_write(at, PAGES, 1);
    lab_note("hardware that sets A and D by itself (Svadu) never faults here;");
    lab_note("one that leaves it to the kernel (Svade) faults once for each page");
    lab_child(read_pages, at);
    lab_check(pages_read(at, PAGES) == PAGES, "the parent's bytes are unchanged");
}
