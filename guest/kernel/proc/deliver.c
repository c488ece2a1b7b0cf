/* SPDX-License-Identifier: MIT */
/*
 * deliver.c - what happens to a thread with signals on its way back to user mode.
 *
 *   ending?  ->  thread_exit
 *   stopping? -> park until SIGCONT or SIGKILL, then look again
 *   a signal? -> ignore, stop, kill the process, or build a frame for its handler;
 *                look again: several handlers may be stacked, the last one runs first
 *   none left -> restart an interrupted system call, put a temporary mask back
 *
 * An interrupted call (result -EINTR, kind in thread->interrupted) is restarted by
 * moving pc back onto the ecall with a0 as it was.
 *
 * Locks: process_lock while choosing; user memory is only touched without it.
 */
#include "abi/errno.h"
#include "abi/wait.h"
#include "lib/printf.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/core.h"
#include "proc/pending.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "proc/table.h"
#include "sync/sched.h"

#define ECALL_SIZE 4

void signal_stop_advance_locked(struct process *process)
{
    if (process->stop_signal == 0 || process->state == PROCESS_STOPPED ||
        process->parked_threads < process->live_threads || process->live_threads == 0) {
        return;
    }
    process_show_stopped_locked(process, true);
    process->stop_reported = false;
    process->continued = false;
    process_notify_parent_locked(process, CLD_STOPPED, process->stop_signal);
}

/* Sleeps while the process is stopped.  process_lock. */
static void park(struct thread *thread)
{
    struct process *process = thread->process;

    process->parked_threads++;
    signal_stop_advance_locked(process);
    while (process->stop_signal != 0 && !process->exiting) {
        wait_sleep(&process->stop_wait, &process_lock);
    }
    process->parked_threads--;
}

static void begin_stop(struct process *process, u32 signo)
{
    if (signo != SIGSTOP && group_is_orphaned_locked(process->pgid, NULL)) {
        return; /* nobody could continue it */
    }
    process->stop_signal = signo;
    signal_wake_all_locked(process);
}

static void report_death(const struct process *process, const struct signal_info *info)
{
    const struct trapframe *frame = current()->frame;

    log_debug("%s[%u]: killed by signal %d, code %d, address %#lx; pc %#lx ra %#lx sp %#lx",
              process->name, process->pid, info->signo, info->code, info->value, frame->pc,
              frame->regs[REG_RA], frame->regs[REG_SP]);
}

/* The signal's default action.  process_lock; may not return. */
static void act_by_default(struct thread *thread, const struct signal_info *info)
{
    struct process *process = thread->process;

    switch (signal_default_of((u32)info->signo)) {
    case SIGNAL_IGNORED:
    case SIGNAL_CONTINUES:
        break;
    case SIGNAL_STOPS:
        begin_stop(process, (u32)info->signo);
        break;
    case SIGNAL_TERMINATES:
        spin_unlock(&process_lock);
        report_death(process, info);
        process_exit(WAIT_SIGNALED(info->signo) |
                     (core_is_due((u32)info->signo) && core_write(info) ? WAIT_DUMPED : 0));
    }
}

/* Takes the next signal; a fault's own comes first and overrules mask and SIG_IGN. */
static bool next_signal(struct thread *thread, struct signal_info *info)
{
    struct abi_sigaction *action;
    u64 bit;

    if (!thread->fault_pending) {
        return signal_take_locked(thread, ~thread->mask, info);
    }
    *info = thread->fault;
    thread->fault_pending = false;
    action = &thread->process->actions->action[info->signo];
    bit = signal_bit((u32)info->signo);
    if ((thread->mask & bit) || action->handler == SIG_IGN) {
        action->handler = SIG_DFL;
        thread->mask &= ~bit;
    }
    return true;
}

static void restart_for_handler(struct thread *thread, struct trapframe *frame, u64 action_flags)
{
    if (thread->interrupted == RESTART_BY_ACTION && (action_flags & SA_RESTART)) {
        frame->regs[REG_A0] = frame->first_a0;
        frame->pc -= ECALL_SIZE;
    }
    thread->interrupted = RESTART_NEVER;
    thread->restart_armed = false;
}

static void restart_without_handler(struct thread *thread, struct trapframe *frame)
{
    if (thread->interrupted != RESTART_NEVER) {
        frame->regs[REG_A0] = frame->first_a0;
        frame->pc -= ECALL_SIZE;
        thread->interrupted = RESTART_NEVER;
    } else {
        thread->restart_armed = false;
    }
}

/*
 * Makes the handler run next.  process_lock is held on entry and exit, given up while
 * the frame is written.
 */
static void run_handler(struct thread *thread, struct trapframe *frame,
                        const struct signal_info *info)
{
    struct abi_sigaction *slot = &thread->process->actions->action[info->signo];
    const struct abi_sigaction action = *slot;
    u64 old_mask = thread->mask_state == MASK_PLAIN ? thread->mask : thread->saved_mask;
    struct abi_siginfo user_info;
    int error;

    if (action.flags & SA_RESETHAND) {
        slot->handler = SIG_DFL;
    }
    spin_unlock(&process_lock);
    restart_for_handler(thread, frame, action.flags);
    signal_info_to_abi(info, &user_info);
    error = signal_frame_build(frame, (u32)info->signo, &user_info, &action, old_mask);
    spin_lock(&process_lock);
    if (error) {
        /* The frame does not fit: SIGSEGV, which nothing may catch if it was the one. */
        if (info->signo == SIGSEGV) {
            slot->handler = SIG_DFL;
        }
        thread->fault = (struct signal_info){.signo = SIGSEGV, .code = SI_KERNEL};
        thread->fault_pending = true;
        return;
    }
    thread->mask_state = MASK_PLAIN;
    thread->mask |= action.mask;
    if (!(action.flags & SA_NODEFER)) {
        thread->mask |= signal_bit((u32)info->signo);
    }
    thread->mask &= ~SIGNALS_UNBLOCKABLE;
}

static bool must_end(const struct thread *thread)
{
    const struct process *process = thread->process;

    return process->exiting || (process->execing && process->execing != thread);
}

/* One step.  process_lock.  => false when there is nothing left to do */
static bool step(struct thread *thread, struct trapframe *frame)
{
    struct process *process = thread->process;
    struct signal_info info;
    u64 handler;

    if (must_end(thread)) {
        spin_unlock(&process_lock);
        thread_exit(0);
    }
    if (process->stop_signal != 0) {
        park(thread);
        return true;
    }
    if (!next_signal(thread, &info)) {
        return false;
    }
    handler = process->actions->action[info.signo].handler;
    if (handler == SIG_DFL) {
        if (process != process_init || info.code > 0) {
            act_by_default(thread, &info);
        }
    } else if (handler != SIG_IGN) {
        run_handler(thread, frame, &info);
    }
    return true;
}

void signal_deliver(struct trapframe *frame)
{
    struct thread *thread = current_thread();

    if (thread->set_child_tid != 0) {
        (void)put_user_u32(thread->set_child_tid, thread->tid);
        thread->set_child_tid = 0;
    }
    spin_lock(&process_lock);
    while (step(thread, frame)) {
    }
    restart_without_handler(thread, frame);
    if (thread->mask_state == MASK_RESTORE) {
        thread->mask = thread->saved_mask;
        thread->mask_state = MASK_PLAIN;
    }
    signal_refresh_locked(thread);
    if (thread->task->signal_pending) {
        while (step(thread, frame)) { /* the old mask let another one through */
        }
        signal_refresh_locked(thread);
    }
    spin_unlock(&process_lock);
}
