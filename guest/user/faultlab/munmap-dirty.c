/* SPDX-License-Identifier: MIT */
/* munmap-dirty.c - which pages does munmap write back? */
#include "lab.h"

enum { PAGES = 8 };

void lab_run(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *at = lab_need(sys_mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    u8 byte[3] = {0, 0, 0};

    SYS(fsync, fd);
    pages_read(at, PAGES);
    lab_begin("mapped 8 pages of a file, read all, wrote 3 (pages 1, 4, 6)");
    at[1 * PAGE] = 0x11;
    at[4 * PAGE] = 0x44;
    at[6 * PAGE] = 0x66;
    LAB_END(3, 0, {FAULT_MKWRITE, 3});
    lab_begin("unmapped them: the kernel starts to write back the 3 dirty pages, no other");
    sys_munmap(at, PAGES * PAGE);
    LAB_END(0, 0);
    sys_sleep_ms(50); /* so that the trace does not depend on who writes first, that or fsync */
    SYS(fsync, fd);
    drop_caches();
    SYS(pread64, fd, &byte[0], 1, 1 * PAGE);
    SYS(pread64, fd, &byte[1], 1, 4 * PAGE);
    SYS(pread64, fd, &byte[2], 1, 6 * PAGE);
    lab_check(byte[0] == 0x11 && byte[1] == 0x44 && byte[2] == 0x66, "the disk has the bytes");
    lab_note("a trace shows them: writeback ... reason munmap, three times");
}
