/* SPDX-License-Identifier: MIT */
/* file-read.c - a read of a file page that must come from the disk. */
#include "lab.h"

enum { PAGES = 4 };

void lab_run(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *at;

    SYS(fsync, fd);
    if (!drop_caches())
        lab_note("the page cache cannot be dropped here");
    at = lab_need(sys_mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0));
    SYS(madvise, at, PAGES * PAGE, MADV_RANDOM);
    lab_begin("read 4 pages through a mapping (no read-ahead), none of them in the cache");
    pages_read(at, PAGES);
    LAB_END(0, PAGES, {FAULT_FILE_READ, PAGES});
    lab_check(pattern_check(at, PAGES * PAGE, 1) == -1, "the bytes are the file's");
}
