/* SPDX-License-Identifier: MIT */
/* bus-io.c - the file page could not be read. */
#include "lab.h"

void lab_run(void)
{
    int fd = sys_open("/mnt/unreadable", O_RDONLY, 0), signal;
    u8 *at;

    if (fd < 0)
        lab_skip("needs /mnt/unreadable, on a disk that fails");
    at = lab_need(sys_mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    lab_begin("read a page whose disk fails");
    signal = try_load(at, NULL);
    LAB_END(0, 0, {FAULT_BUS_IO, 1});
    lab_check(signal == SIGBUS, "SIGBUS");
}
