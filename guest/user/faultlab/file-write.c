/* SPDX-License-Identifier: MIT */
/* file-write.c - first access to a shared file page is a write. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *at = lab_need(sys_mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    u8 byte = 0;

    SYS(fsync, fd);
    lab_begin("wrote 4 shared file pages that had not been touched");
    pages_write(at, PAGES, 0xcc);
    LAB_END(PAGES, 0, {FAULT_FILE_WRITE, PAGES});
    SYS(pread64, fd, &byte, 1, PAGE);
    lab_check(byte == 0xcc, "read(2) sees the byte at once");
}
