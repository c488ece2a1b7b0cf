/* SPDX-License-Identifier: MIT */
/*
 * table.c - from a system call's number to its function (table.def), and what is the
 * same for all of them: restarting, calls that do not exist.
 */
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/syscall.h"
#include "lib/bitmap.h"
#include "lib/printf.h"
#include "proc/process.h"
#include "sync/trapframe.h"
#include "sys/syscall.h"

i64 (*const syscall_functions[SYSCALL_COUNT])(const u64 *a) = {
#define CALL(name, kind) [SYS_##name] = sys_##name,
#include "sys/table.def"
};

static const u8 restart_kinds[SYSCALL_COUNT] = {
#define CALL(name, kind) [SYS_##name] = RESTART_##kind,
#include "sys/table.def"
};

/* Says once for each number that a program wanted it. */
i64 syscall_missing(u64 number)
{
    static u64 told[BITMAP_WORDS(SYSCALL_COUNT)];

    if (number < SYSCALL_COUNT && !bitmap_test(told, number)) {
        bitmap_set(told, number);
        log_debug("%s[%u]: system call %lu does not exist here", current_process()->name,
                  current_process()->pid, number);
    }
    return -ENOSYS;
}

void syscall_interrupted(struct trapframe *frame)
{
    struct thread *thread = current_thread();

    if (thread->task->new_registers) { /* rt_sigreturn: a0 of what it goes back to */
        return;
    }
    thread->interrupted = thread->restart_armed
                              ? RESTART_NO_HANDLER
                              : (enum restart_kind)restart_kinds[frame->regs[REG_A7]];
    thread->task->signal_pending = true;
    frame->first_a0 = frame->regs[REG_A0];
    frame->regs[REG_A0] = (u64)-EINTR;
}
