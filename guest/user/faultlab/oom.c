/* SPDX-License-Identifier: MIT */
/* oom.c - no frame could be found even after reclaim. */
#include "lab.h"

static int take_all(void *arg)
{
    u64 size = *(u64 *)arg;
    u8 *at = sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (sys_failed(at))
        return 77;
    for (u64 i = 0; i < size; i += PAGE)
        ((volatile u8 *)at)[i] = 1;
    return 78;
}

void lab_run(void)
{
    u64 size = measure_total() + measure_swap_free() + (32ul << 20);
    u8 *mine = lab_need(pages_private(4));
    int status;

    if (!on_faultline() || measure_total() > (256ul << 20))
        lab_skip("only on a small machine of its own");
    pattern_fill(mine, 4 * PAGE, 3);
    lab_note("memory and swap: %lu KiB; a child asks for %lu KiB",
             (measure_total() + measure_swap_free()) / 1024, size / 1024);
    status = child_run(take_all, &size);
    if (status == 77)
        lab_skip("the kernel does not promise more than it has");
    lab_check(status == 128 + SIGKILL, "the child was killed (SIGKILL)");
    lab_check(pattern_check(mine, 4 * PAGE, 3) == -1, "the parent lives, its pages are right");
}
