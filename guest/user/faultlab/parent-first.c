/* SPDX-License-Identifier: MIT */
/* parent-first.c - fork: who gets the copy when the parent writes first? */
#include "lab.h"

static volatile int *turn;
static u8 *page;
static u64 *frames; /* of the page: before, parent after, child after */

static void child(void *arg)
{
    (void)arg;
    word_wait(turn, 0);
    lab_begin("then the child wrote the page");
    page[0] = 3;
    LAB_END(1, 0, {FAULT_COW_REUSE, 1});
    frames[2] = page_frame(page);
    lab_check(frames[2] == frames[0], "the child has the original frame");
}

void lab_run(void)
{
    int pid;

    page = lab_need(pages_private(1));
    turn = lab_need(pages_shared(1));
    frames = lab_need(pages_shared(1));
    *turn = 0;
    page[0] = 1;
    frames[0] = page_frame(page);
    pid = lab_child_start(child, NULL);
    lab_begin("after fork, the parent wrote the page first");
    page[0] = 2;
    LAB_END(1, 0, {FAULT_COW_COPY, 1});
    frames[1] = page_frame(page);
    lab_check(frames[0] == 0 || frames[1] != frames[0], "the writer (the parent) got the copy");
    *turn = 1;
    word_wake(turn);
    lab_child_wait(pid);
    lab_check(page[0] == 2, "the parent's byte is its own");
    lab_note("the first writer copies, whoever it is; the other is then the last owner");
}
