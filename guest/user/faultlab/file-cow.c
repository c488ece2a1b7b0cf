/* SPDX-License-Identifier: MIT */
/* file-cow.c - first access to a private file page is a write. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *at = lab_need(sys_mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    u8 byte = 0;

    lab_begin("wrote 4 private file pages that had not been touched");
    pages_write(at, PAGES, 0xbb);
    LAB_END(PAGES, 0, {FAULT_FILE_COW, PAGES});
    SYS(pread64, fd, &byte, 1, 0);
    lab_check(byte == pattern_byte(0, 1), "the file is unchanged");
    lab_check(at[1] == pattern_byte(1, 1), "the rest of the page is the file's");
}
