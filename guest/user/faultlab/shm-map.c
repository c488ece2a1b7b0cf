/* SPDX-License-Identifier: MIT */
/* shm-map.c - the shared-memory object has the page already. */
#include "lab.h"

enum { PAGES = 4 };

static volatile int *go;
static u8 *pages;

static void child(void *arg)
{
    u64 sum;

    (void)arg;
    word_wait(go, 0);
    lab_begin("in a child of fork: read 4 shared pages that the parent filled after the fork");
    sum = pages_read(pages, PAGES);
    LAB_END(1, 0, {FAULT_SHM_MAP, 1});
    lab_note("the neighbours were mapped in the same fault");
    lab_check(sum == 7 * PAGES, "the child sees what the parent wrote");
}

void lab_run(void)
{
    int pid;

    pages = lab_need(pages_shared(PAGES));
    go = lab_need(pages_shared(1));
    *go = 0;
    pid = lab_child_start(child, NULL);
    pages_write(pages, PAGES, 7);
    *go = 1;
    word_wake(go);
    lab_child_wait(pid);
}
