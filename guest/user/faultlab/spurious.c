/* SPDX-License-Identifier: MIT */
/* spurious.c - the PTE was fine already when the fault was looked at. */
#include "lab.h"

struct shared {
    volatile u8 *page;
    volatile int stop;
    volatile u64 rounds;
};

static struct shared shared;

static bool again(int signal, u64 address)
{
    (void)address;
    SYS(sched_yield);
    return signal == SIGSEGV;
}

static int store(void *arg)
{
    struct shared *s = arg;

    while (!s->stop) {
        s->page[0]++;
        s->rounds++;
    }
    return 0;
}

void lab_run(void)
{
    struct thread thread;

    shared.page = lab_need(pages_private(1));
    fault_repair = again;
    lab_note("a stale translation on another hart is needed: run with -smp 2 to see some");
    lab_begin("let a thread store to a page while its write right was taken and given 50 times");
    if (!thread_start(&thread, store, &shared))
        lab_skip("no threads");
    for (int i = 0; i < 50; i++) {
        sys_mprotect((void *)shared.page, PAGE, PROT_READ);
        sys_mprotect((void *)shared.page, PAGE, PROT_READ | PROT_WRITE);
        SYS(sched_yield);
    }
    shared.stop = 1;
    thread_join(&thread);
    LAB_END(LAB_ANY, 0, {FAULT_SPURIOUS, LAB_ANY}, {FAULT_ZERO_FILL, LAB_ANY},
            {FAULT_ZERO_MAP, LAB_ANY}, {FAULT_ZERO_COPY, LAB_ANY}, {FAULT_SEGV_PROT, LAB_ANY},
            {FAULT_ACCESS, LAB_ANY}, {FAULT_RACED, LAB_ANY}, {FAULT_COW_REUSE, LAB_ANY});
    lab_check(shared.page[0] == (u8)shared.rounds, "every store arrived");
}
