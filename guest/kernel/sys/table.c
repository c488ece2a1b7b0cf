/* SPDX-License-Identifier: MIT */
/*
 * table.c - from a system call's number to its function (table.def), and what is the
 * same for all of them: restarting, temporary signal masks, calls that do not exist.
 */
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/syscall.h"
#include "lib/bitmap.h"
#include "lib/printf.h"
#include "proc/process.h"
#include "sync/trapframe.h"
#include "sys/syscall.h"

struct row {
    i64 (*call)(const u64 *a);
    const char *name;
    enum restart_kind restart;
};

#define ROW_COUNT 451u

static const struct row rows[ROW_COUNT] = {
#define CALL(call_name, kind) [SYS_##call_name] = {sys_##call_name, #call_name, RESTART_##kind},
#include "sys/table.def"
};

/* Says once for each number that a program wanted it. */
static i64 not_there(u64 number)
{
    static u64 told[BITMAP_WORDS(ROW_COUNT)];

    if (number < ROW_COUNT && !bitmap_test(told, number)) {
        bitmap_set(told, number);
        log_debug("%s[%u]: system call %lu does not exist here", current_process()->name,
                  current_process()->pid, number);
    }
    return -ENOSYS;
}

static rarely void interrupted(struct thread *thread, const struct row *row)
{
    thread->interrupted = thread->restart_armed ? RESTART_NO_HANDLER : row->restart;
    thread->task->signal_pending = true;
}

void syscall_dispatch(struct trapframe *frame)
{
    struct task *task = current();
    u64 number = frame->regs[REG_A7];
    const struct row *row = &rows[number];
    i64 result;

    if (unlikely(number >= ROW_COUNT || !row->call)) {
        frame->regs[REG_A0] = (u64)not_there(number);
        return;
    }
    task->entered = read_time();
    frame->first_a0 = frame->regs[REG_A0]; /* for starting it again */
    result = row->call(&frame->regs[REG_A0]);
    frame->regs[REG_A0] = (u64)result;
    if (unlikely(result == -EINTR)) {
        interrupted(task->thread, row);
    }
    if (unlikely(task->thread->mask_state == MASK_TEMPORARY)) {
        signal_end_temporary_mask();
    }
    task->system_ticks += read_time() - task->entered;
    task->entered = 0;
}
