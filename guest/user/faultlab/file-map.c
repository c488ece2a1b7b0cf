/* SPDX-License-Identifier: MIT */
/* file-map.c - a read of a file page that is in the page cache. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *at = lab_need(sys_mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0));

    lab_note("the file was just written, so its pages are in the page cache");
    lab_begin("read 4 pages of it through a mapping");
    pages_read(at, PAGES);
    LAB_END(1, 0, {FAULT_FILE_MAP, 1});
    lab_note("the neighbours were mapped in the same fault");
    lab_check(pattern_check(at, PAGES * PAGE, 1) == -1, "the bytes are the file's");
}
