/* SPDX-License-Identifier: MIT */
/* bus-poison.c - the page's contents were lost. */
#include "lab.h"

void lab_run(void)
{
    u8 *at = lab_need(pages_private(3));
    int signal;

    pages_write(at, 3, 1);
    if (!on_faultline() || SYS(madvise, at + PAGE, PAGE, MADV_HWPOISON) < 0)
        lab_skip("pages cannot be poisoned here");
    lab_begin("read a page that was marked as lost");
    signal = try_load(at + PAGE, NULL);
    LAB_END(0, 0, {FAULT_BUS_POISON, 1});
    lab_check(signal == SIGBUS, "SIGBUS");
}
