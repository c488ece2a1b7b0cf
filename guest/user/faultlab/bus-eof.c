/* SPDX-License-Identifier: MIT */
/* bus-eof.c - access beyond the end of the mapped file. */
#include "lab.h"

void lab_run(void)
{
    int fd = file_make(PAGE + 100);
    u8 *at = lab_need(sys_mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
    int signal;

    lab_check(try_load(at + PAGE + 2000, NULL) == 0 && at[PAGE + 2000] == 0,
              "behind the end, in the last page: zero");
    lab_begin("read the page behind the file's last page");
    signal = try_load(at + 2 * PAGE + 7, NULL);
    LAB_END(0, 0, {FAULT_BUS_EOF, 1});
    lab_check(signal == SIGBUS && fault_seen.code == BUS_ADRERR, "SIGBUS, BUS_ADRERR");
    lab_check(fault_seen.address == (u64)at + 2 * PAGE + 7, "si_addr is the address");
}
