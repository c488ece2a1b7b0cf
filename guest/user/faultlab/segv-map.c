/* SPDX-License-Identifier: MIT */
/* segv-map.c - no area at this address. */
#include "lab.h"

void lab_run(void)
{
    u8 *at = lab_need(pages_private(1));
    int null, gone;

    sys_munmap(at, PAGE);
    lab_begin("read address 8, and a page that was unmapped");
    null = try_load((void *)8, NULL);
    gone = try_load(at, NULL);
    LAB_END(0, 0, {FAULT_SEGV_MAP, 2});
    lab_check(null == SIGSEGV && gone == SIGSEGV, "SIGSEGV twice");
    lab_check(fault_seen.code == SEGV_MAPERR && fault_seen.address == (u64)at,
              "SEGV_MAPERR with the address");
}
