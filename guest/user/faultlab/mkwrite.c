/* SPDX-License-Identifier: MIT */
/* mkwrite.c - first write to a clean shared file page. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *at = lab_need(sys_mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

    SYS(fsync, fd);
    pages_read(at, PAGES);
    lab_begin("wrote 4 shared file pages that had been read");
    pages_write(at, PAGES, 1);
    LAB_END(PAGES, 0, {FAULT_MKWRITE, PAGES});
    lab_begin("wrote them again");
    pages_write(at, PAGES, 2);
    LAB_END(0, 0);
    lab_begin("wrote them back with msync, then wrote again: they had become clean");
    SYS(msync, at, PAGES * PAGE, MS_SYNC);
    pages_write(at, PAGES, 3);
    LAB_END(PAGES, 0, {FAULT_MKWRITE, PAGES});
}
