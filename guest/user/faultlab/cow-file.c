/* SPDX-License-Identifier: MIT */
/* cow-file.c - a write to a private file page that was read before. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *at = lab_need(sys_mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    u8 byte = 0;

    pages_read(at, PAGES);
    lab_begin("wrote 4 private file pages that had been read");
    pages_write(at, PAGES, 0xaa);
    LAB_END(PAGES, 0, {FAULT_COW_FILE, PAGES});
    SYS(pread64, fd, &byte, 1, 0);
    lab_check(byte == pattern_byte(0, 1), "the file is unchanged");
    lab_check(at[1] == pattern_byte(1, 1), "the rest of the page was copied");
}
