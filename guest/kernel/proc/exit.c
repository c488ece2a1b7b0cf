/* SPDX-License-Identifier: MIT */
/*
 * exit.c - the end of threads and processes.
 *
 * A thread gives back what is its own and leaves the process.  The last one gives back
 * what the process holds (files, directory, address space), hands the children to a
 * new parent, and leaves a zombie that only keeps numbers: pid, status, usage.  Nothing
 * that can sleep happens after the zombie is visible.
 *
 * Source: POSIX.1-2017 _exit(), "Consequences of Process Termination".
 */
#include "abi/errno.h"
#include "abi/wait.h"
#include "dev/tty.h"
#include "fs/context.h"
#include "fs/fdtable.h"
#include "lib/assert.h"
#include "lib/printf.h"
#include "mm/failure.h"
#include "mm/kalloc.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "probe.h"
#include "proc/futex.h"
#include "proc/itimer.h"
#include "proc/pending.h"
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "proc/semaphore.h"
#include "proc/table.h"
#include "sync/sched.h"

void process_notify_parent_locked(struct process *process, i32 code, u32 status)
{
    struct process *parent = process->parent;
    const struct abi_sigaction *action;
    struct signal_info info = {.code = code, .pid = (i32)process->pid, .value = status};
    struct usage usage;

    if (!parent) {
        return;
    }
    info.signo = SIGCHLD;
    info.uid = process->ids.uid;
    process_usage_locked(process, &usage);
    info.user_ns = usage.user_ns;
    info.system_ns = usage.system_ns;
    action = &parent->actions->action[SIGCHLD];
    if (code == CLD_EXITED || code == CLD_KILLED || code == CLD_DUMPED) {
        info.signo = (i32)process->exit_signal;
        if (info.signo != 0) {
            (void)signal_send_process_locked(parent, &info);
        }
    } else if (!(action->flags & SA_NOCLDSTOP)) {
        (void)signal_send_process_locked(parent, &info);
    }
    wait_wake_all(&parent->child_wait);
}

bool group_is_orphaned_locked(u32 pgid, const struct process *ignoring)
{
    for (const struct process *each = process_list; each; each = each->next) {
        if (each->pgid != pgid || each == ignoring || each->state == PROCESS_ZOMBIE ||
            !each->parent || each->parent == process_init) {
            continue;
        }
        if (each->parent->pgid != pgid && each->parent->sid == each->sid) {
            return false;
        }
    }
    return true;
}

static bool group_has_stopped(u32 pgid)
{
    for (const struct process *each = process_list; each; each = each->next) {
        if (each->pgid == pgid && each->state == PROCESS_STOPPED) {
            return true;
        }
    }
    return false;
}

/* `process` is ending or gets another parent: its group may lose its last tie to the shell. */
static void check_orphaned_group(u32 pgid, const struct process *ignoring)
{
    const struct signal_info hangup = {.signo = SIGHUP, .code = SI_KERNEL};
    const struct signal_info go_on = {.signo = SIGCONT, .code = SI_KERNEL};

    if (group_has_stopped(pgid) && group_is_orphaned_locked(pgid, ignoring)) {
        (void)signal_send_group_locked(pgid, &hangup);
        (void)signal_send_group_locked(pgid, &go_on);
    }
}

static struct process *new_parent_for(const struct process *process)
{
    for (struct process *up = process->parent; up; up = up->parent) {
        if (up->subreaper && !up->exiting) {
            return up;
        }
    }
    return process_init;
}

static void give_children_away(struct process *process)
{
    struct process *reaper = new_parent_for(process);

    list_for_each_safe(link, following, &process->children)
    {
        struct process *child = list_entry(link, struct process, sibling);

        list_remove(&child->sibling);
        child->parent = reaper;
        child->parent_pid = reaper->pid;
        list_push_back(&reaper->children, &child->sibling);
        if (child->parent_death_signal != 0) {
            const struct signal_info info = {.signo = (i32)child->parent_death_signal,
                                             .code = SI_KERNEL};

            (void)signal_send_process_locked(child, &info);
        }
        child->exit_signal = SIGCHLD;
        if (child->state == PROCESS_ZOMBIE) {
            process_notify_parent_locked(child, CLD_EXITED, child->exit_status >> 8);
        } else if (child->pgid != process->pgid && child->sid == process->sid) {
            check_orphaned_group(child->pgid, process);
        }
    }
}

/* A session leader ends: the terminal is free, its foreground jobs are told. */
static void leave_session(struct process *process)
{
    if (process->sid != process->pid || !process->tty) {
        return;
    }
    tty_release_session(process->tty, process->sid);
    for (struct process *each = process_list; each; each = each->next) {
        if (each->sid == process->sid) {
            const struct signal_info info = {.signo = SIGHUP, .code = SI_KERNEL};

            each->tty = NULL;
            if (each != process) {
                (void)signal_send_process_locked(each, &info);
            }
        }
    }
}

/* Stops using the address space: from here on no user address can be touched. */
static void leave_address_space(void)
{
    current()->mm = NULL;
    mm_activate(NULL);
}

void process_end_vfork(struct process *process)
{
    spin_lock(&process_lock);
    process->vfork_borrowed = false;
    wait_wake_all(&process->vfork_wait);
    spin_unlock(&process_lock);
}

/* What the last thread does while it may still sleep.  => no other thread is left */
static void give_back_resources(struct process *process)
{
    struct mm *mm = process->mm;

    itimer_stop(process);
    if (unlikely(!list_empty(&process->posix_timers))) {
        posix_timers_drop(process);
    }
    if (unlikely(process->undo != NULL)) {
        semaphore_undo_all(process);
    }
    process->dead_threads.maxrss = max_u64(process->dead_threads.maxrss, mm_peak(mm));
    spin_lock(&process_lock);
    process->mm = NULL;
    spin_unlock(&process_lock);
    mm_put(mm);
    process_end_vfork(process);
    file_table_put(process->files);
    process->files = NULL;
    fs_context_put(process->fs);
    process->fs = NULL;
}

static i32 code_of_status(u32 status)
{
    return (status & WAIT_DUMPED) ? CLD_DUMPED : (status & 0x7f) ? CLD_KILLED : CLD_EXITED;
}

/* The parent does not want to wait for its children? */
static bool parent_ignores(const struct process *parent)
{
    const struct abi_sigaction *action = &parent->actions->action[SIGCHLD];

    return action->handler == SIG_IGN || (action->flags & SA_NOCLDWAIT);
}

/* The last thread: leaves the zombie, or nothing if nobody will wait. */
static void become_zombie_locked(struct process *process)
{
    u32 status = process->exit_status;
    bool unwanted;

    give_children_away(process);
    leave_session(process);
    check_orphaned_group(process->pgid, process);
    signal_pending_discard(&process->pending, ~0ull);
    process->state = process->shown_state = PROCESS_ZOMBIE;
    poll_wake(&process->ended);
    unwanted = process->exit_signal == SIGCHLD && parent_ignores(process->parent);
    process_notify_parent_locked(process, code_of_status(status),
                                 (status & 0x7f) ? status & 0x7f : status >> 8);
    if (unwanted) {
        usage_add(&process->parent->children_usage, &process->dead_threads);
        process_withdraw_locked(process);
        process_put(process);
    }
}

/* glibc and clone(2) promise: the word is cleared and its waiters woken. */
static void clear_child_tid(struct thread *thread)
{
    struct mm *mm = thread->process->mm;

    if (thread->clear_child_tid != 0 && mm &&
        (thread->process->live_threads > 1 || __atomic_load_n(&mm->refs, __ATOMIC_RELAXED) > 1)) {
        if (put_user_u32(thread->clear_child_tid, 0) == 0) {
            (void)futex_wake(thread->clear_child_tid, 1, ~0u, false);
        }
    }
    thread->clear_child_tid = 0;
}

void thread_release_user_words(struct thread *thread)
{
    if (thread->robust_list != 0) {
        futex_release_robust(thread);
        thread->robust_list = 0;
    }
    clear_child_tid(thread);
}

/* The thread is gone for everybody else.  process_lock. */
static void withdraw(struct thread *thread)
{
    struct usage usage;

    thread_usage(thread, &usage);
    usage_add(&thread->process->dead_threads, &usage);
    thread_withdraw_locked(thread);
    thread->task->process = NULL;
    thread->task->thread = NULL;
    thread->task->signal_pending = false;
}

/*
 * Takes the thread out of its process, unless it is the last one.
 * => true if it was taken out
 */
static bool leave_unless_last(struct thread *thread, u32 code)
{
    struct process *process = thread->process;
    bool last;

    spin_lock(&process_lock);
    last = process->live_threads == 1;
    if (last) {
        if (!process->exiting) {
            process->exiting = true;
            process->exit_status = WAIT_EXITED(code);
        }
        process->stop_signal = 0;
    } else {
        withdraw(thread);
        if (thread->tid != process->pid) {
            pid_release_locked(thread->tid);
        }
        signal_stop_advance_locked(process);
        wait_wake_all(&process->child_wait); /* exec may wait to be alone */
    }
    spin_unlock(&process_lock);
    return !last;
}

static void end_process(struct thread *thread)
{
    struct process *process = thread->process;
    u64 id = task_id(thread->task);

    give_back_resources(process);
    spin_lock(&process_lock);
    withdraw(thread);
    if (thread->tid != process->pid) {
        pid_release_locked(thread->tid);
    }
    PROBE(EXIT, id, process->exit_status, process->dead_threads.min_flt,
          process->dead_threads.maj_flt);
    become_zombie_locked(process);
    spin_unlock(&process_lock);
}

void thread_exit(u32 code)
{
    struct thread *thread = current_thread();
    struct process *process = thread->process;
    struct task *task = thread->task;

    if (process == process_init && process->live_threads == 1) {
        panic("init (pid 1) ended with status %#x",
              process->exiting ? process->exit_status : WAIT_EXITED(code));
    }
    failure_forget_task(task);
    thread_release_user_words(thread);
    leave_address_space();
    if (!leave_unless_last(thread, code)) {
        end_process(thread);
    }
    kfree(thread);
    task_put(task);
    sched_exit();
}

void process_exit(u32 status)
{
    struct process *process = current_process();

    spin_lock(&process_lock);
    if (!process->exiting) {
        process->exiting = true;
        process->exit_status = status;
        process->stop_signal = 0;
        signal_wake_all_locked(process);
    }
    spin_unlock(&process_lock);
    thread_exit(0);
}
