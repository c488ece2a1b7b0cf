/* SPDX-License-Identifier: MIT */
/* segv-guard.c - a guard marker in a PTE. */
#include "lab.h"

void lab_run(void)
{
    u8 *at = lab_need(pages_private(3));
    int signal;

    pages_write(at, 3, 1);
    if (under_user_emulation() || SYS(madvise, at + PAGE, PAGE, 102 /* MADV_GUARD_INSTALL */) < 0)
        lab_skip("no guard markers here");
    lab_begin("read a page between two others that was made a guard (the area is unchanged)");
    signal = try_load(at + PAGE, NULL);
    LAB_END(0, 0, {FAULT_SEGV_GUARD, 1});
    lab_check(signal == SIGSEGV, "SIGSEGV");
    lab_check(at[0] == 1 && at[2 * PAGE] == 1, "the neighbours are untouched");
}
