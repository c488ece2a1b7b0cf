/* SPDX-License-Identifier: MIT */
/*
 * failure.c - frames that are refused on purpose.  See failure.h.
 *
 * Locks: none; a thread's own count is its own, the number of armed ones is atomic.  Arming and
 * disarming run in the kernel with interrupts off.
 */
#include "mm/failure.h"
#include "lib/atomic.h"
#include "mm/frame.h"
#include "sync/task.h"

struct probe_failure frame_failure;
static u32 armed_tasks;

/* Allocations pass failure_strikes() while anything is armed. */
static void update(void)
{
    frame_batches(frame_failure.left == 0 && __atomic_load_n(&armed_tasks, __ATOMIC_SEQ_CST) == 0);
}

void failure_look(void)
{
    if (__atomic_exchange_n(&frame_failure.changed, 0, __ATOMIC_SEQ_CST) != 0) {
        frame_failure.seen = 0;
        frame_failure.failed = 0;
        update();
    }
}

void failure_arm_task(struct task *task, u64 nth)
{
    u32 change = (u32)(nth != 0) - (u32)(task->fail_nth != 0);

    task->fail_nth = nth;
    atomic_add_u32(&armed_tasks, change);
    update();
}

void failure_forget_task(struct task *task)
{
    if (task->fail_nth != 0) {
        failure_arm_task(task, 0);
    }
}

/* By what the monitor said. */
static bool strikes_all(const struct task *task)
{
    struct probe_failure *f = &frame_failure;
    u64 seen;

    if (f->left == 0 || (f->pid != 0 && f->pid != task->pid)) {
        return false;
    }
    seen = ++f->seen;
    if (f->every != 0 ? seen % f->every != 0 : seen <= f->after) {
        return false;
    }
    f->left--;
    f->failed++;
    return true;
}

bool failure_strikes(unsigned how)
{
    struct task *task = current();

    if (task->is_kernel || task->oom_victim || (how & FRAME_EMERGENCY) != 0) {
        return false;
    }
    if (task->fail_nth != 0 && --task->fail_nth == 0) {
        atomic_add_u32(&armed_tasks, (u32)-1); /* batches stay off until the next change */
        return true;
    }
    return strikes_all(task);
}
