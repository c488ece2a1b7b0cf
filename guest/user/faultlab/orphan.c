/* SPDX-License-Identifier: MIT */
/* orphan.c - fork: the parent ends before the child. */
#include "lab.h"

static volatile int *state; /* [0] done, [1] result, [2] pid of the one who leaves */

static void child(void *arg)
{
    u8 *at = arg;

    while (SYS(getppid) == state[2])
        sys_sleep_ms(1);
    lab_begin("the child, alone now, wrote 4 pages that it had shared with its parent");
    pages_write(at, 4, 2);
    LAB_END(4, 0, {FAULT_COW_REUSE, 4});
    lab_check(at[1] == 7, "the contents outlived the parent");
    state[1] = 1;
}

static void parent(void *arg)
{
    u8 *at = lab_need(pages_private(4));

    (void)arg;
    memset(at, 7, 4 * PAGE);
    state[2] = sys_getpid();
    if (sys_fork() == 0) {
        child(at);
        state[0] = 1;
        word_wake(&state[0]);
        sys_exit(0);
    }
}

void lab_run(void)
{
    state = lab_need(pages_shared(1));
    state[0] = 0;
    lab_child(parent, NULL);
    word_wait(&state[0], 0);
    lab_check(state[1] == 1, "the orphan finished its work");
}
