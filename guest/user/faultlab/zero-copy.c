/* SPDX-License-Identifier: MIT */
/* zero-copy.c - first write after reads. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    u8 *at = lab_need(pages_private(PAGES)), *other = lab_need(pages_private(1));

    lab_begin("read 4 fresh pages, and one of another area");
    pages_read(at, PAGES);
    pages_read(other, 1);
    LAB_END(PAGES + 1, 0, {FAULT_ZERO_MAP, PAGES + 1});
    lab_begin("wrote the 4 pages");
    pages_write(at, PAGES, 9);
    LAB_END(PAGES, 0, {FAULT_ZERO_COPY, PAGES});
    lab_check(other[0] == 0, "the shared zero page is still zero");
}
