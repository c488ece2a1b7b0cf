/* SPDX-License-Identifier: MIT */
/*
 * signal.c - sending signals and finding the thread that takes them.
 *
 * Sending has three effects that do not wait for delivery: a stop signal and SIGCONT
 * cancel each other, SIGCONT wakes a stopped process, SIGKILL reaches stopped and
 * sleeping threads.  Everything else happens when a thread finds the signal on its way
 * back to user mode (deliver.c).
 *
 * task->signal_pending is kept equal to signal_wanted_locked() for every change of a
 * pending set, a mask or a stop, so that the trap code and interruptible sleeps only
 * test one byte.
 *
 * Locks: process_lock throughout.
 */
#include "proc/signal.h"

#include "abi/errno.h"
#include "lib/printf.h"
#include "mm/kalloc.h"
#include "proc/pending.h"
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "proc/table.h"
#include "sync/sched.h"

#define STOP_SIGNALS \
    (signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU))

enum signal_default signal_default_of(u32 signo)
{
    switch (signo) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
        return SIGNAL_IGNORED;
    case SIGCONT:
        return SIGNAL_CONTINUES;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return SIGNAL_STOPS;
    default:
        return SIGNAL_TERMINATES;
    }
}

bool signal_is_ignored_locked(const struct process *process, u32 signo)
{
    u64 handler = process->actions->action[signo].handler;

    if (handler == SIG_IGN) {
        return true;
    }
    if (handler != SIG_DFL) {
        return false;
    }
    if (process == process_init && signal_default_of(signo) != SIGNAL_CONTINUES) {
        return true; /* init takes only what it has a handler for */
    }
    return signal_default_of(signo) == SIGNAL_IGNORED;
}

bool signal_wanted_locked(const struct thread *thread)
{
    const struct process *process = thread->process;
    u64 pending = thread->pending.set | process->pending.set;

    return thread->fault_pending || process->exiting || process->stop_signal != 0 ||
           (process->execing && process->execing != thread) || thread->set_child_tid != 0 ||
           thread->mask_state == MASK_RESTORE ||
           (pending & (~thread->mask | thread->waiting_for)) != 0;
}

void signal_refresh_locked(struct thread *thread)
{
    bool wanted = signal_wanted_locked(thread);
    bool was_wanted = thread->task->signal_pending;

    thread->task->signal_pending = wanted;
    if (wanted && !was_wanted) {
        sched_wake_signal(thread->task);
    }
}

void signal_wake_all_locked(struct process *process)
{
    list_for_each(link, &process->threads)
    {
        signal_refresh_locked(list_entry(link, struct thread, link));
    }
    wait_wake_all(&process->stop_wait);
}

static void discard_everywhere(struct process *process, u64 which)
{
    signal_pending_discard(&process->pending, which);
    list_for_each(link, &process->threads)
    {
        signal_pending_discard(&list_entry(link, struct thread, link)->pending, which);
    }
}

static void continue_process(struct process *process)
{
    bool was_stopped = process->state == PROCESS_STOPPED;

    discard_everywhere(process, STOP_SIGNALS);
    if (process->stop_signal == 0) {
        return;
    }
    process->stop_signal = 0;
    process->stop_reported = false;
    if (was_stopped) {
        process_show_stopped_locked(process, false);
        process->continued = true;
        process_notify_parent_locked(process, CLD_CONTINUED, SIGCONT);
    }
    signal_wake_all_locked(process);
}

/* What sending does at once, whether the signal is blocked, ignored or caught. */
static void act_on_sending(struct process *process, u32 signo)
{
    if (signo == SIGCONT) {
        continue_process(process);
    } else if (STOP_SIGNALS & signal_bit(signo)) {
        discard_everywhere(process, signal_bit(SIGCONT));
    } else if (signo == SIGKILL && process->stop_signal != 0) {
        process->stop_signal = 0;
        process_show_stopped_locked(process, false);
        signal_wake_all_locked(process);
    }
}

/* The thread that should be woken for a signal to the process; the first that wants it. */
static void wake_one_taker(struct process *process, u32 signo)
{
    struct thread *taker = NULL;

    list_for_each(link, &process->threads)
    {
        struct thread *thread = list_entry(link, struct thread, link);

        if (signo == SIGKILL) {
            signal_refresh_locked(thread);
            continue;
        }
        if ((thread->mask & ~thread->waiting_for) & signal_bit(signo)) {
            continue;
        }
        if (!taker || (taker->task->signal_pending && !thread->task->signal_pending)) {
            taker = thread;
        }
    }
    if (taker) {
        signal_refresh_locked(taker);
    }
}

static bool is_dropped(const struct process *process, const struct thread *thread, u32 signo)
{
    if (!signal_is_ignored_locked(process, signo)) {
        return false;
    }
    if (signo == SIGKILL || signo == SIGSTOP) {
        return true; /* only init gets here */
    }
    /* A blocked signal stays pending even if ignored now: the action may change first. */
    if (thread) {
        return !((thread->mask | thread->waiting_for) & signal_bit(signo));
    }
    list_for_each(link, &process->threads)
    {
        const struct thread *each = list_entry(link, struct thread, link);

        if ((each->mask | each->waiting_for) & signal_bit(signo)) {
            return false;
        }
    }
    return true;
}

static int send_locked(struct process *process, struct thread *thread,
                       const struct signal_info *info, struct queued_signal **spare)
{
    u32 signo = (u32)info->signo;
    int result;

    if (process->state == PROCESS_ZOMBIE || process->live_threads == 0 || process->exiting) {
        return 0;
    }
    act_on_sending(process, signo);
    if (is_dropped(process, thread, signo)) {
        return 0;
    }
    result = signal_pending_add(thread ? &thread->pending : &process->pending, info, spare);
    if (result == 0) {
        poll_wake(&process->readers);
        if (thread) {
            signal_refresh_locked(thread);
        } else {
            wake_one_taker(process, signo);
        }
    }
    return result;
}

int signal_send_process_locked(struct process *process, const struct signal_info *info)
{
    return send_locked(process, NULL, info, NULL);
}

int signal_send_thread_locked(struct thread *thread, const struct signal_info *info)
{
    return send_locked(thread->process, thread, info, NULL);
}

bool signal_send_kept_locked(struct process *process, struct thread *thread,
                             const struct signal_info *info, struct queued_signal *place)
{
    struct signal_pending_set *set = thread ? &thread->pending : &process->pending;
    u32 signo = (u32)info->signo;
    const struct signal_info *kept = &set->standard[signo % SIGRTMIN];

    if (!list_empty(&place->link)) {
        return true; /* on the way already */
    }
    if (signo >= SIGRTMIN) {
        (void)send_locked(process, thread, info, &place);
        return place == NULL;
    }
    if (set->set & signal_bit(signo)) {
        return kept->code == info->code && kept->pid == info->pid;
    }
    (void)send_locked(process, thread, info, NULL);
    return (set->set & signal_bit(signo)) != 0;
}

int signal_send(struct process *process, u32 tid, const struct signal_info *info)
{
    struct queued_signal *spare = NULL;
    int result = -ESRCH;

    if (info->signo >= SIGRTMIN) {
        spare = kalloc(sizeof *spare);
    }
    spin_lock(&process_lock);
    if (tid == 0) {
        result = send_locked(process, NULL, info, &spare);
    } else {
        struct thread *thread = thread_find_locked(tid);

        if (thread && thread->process == process) {
            result = send_locked(process, thread, info, &spare);
        }
    }
    spin_unlock(&process_lock);
    kfree(spare);
    return result;
}

int signal_send_process(struct process *process, const struct signal_info *info)
{
    return signal_send(process, 0, info);
}

u32 signal_send_group_locked(u32 pgid, const struct signal_info *info)
{
    u32 reached = 0;

    for (struct process *each = process_list; each; each = each->next) {
        if (each->pgid == pgid && each->state != PROCESS_ZOMBIE) {
            (void)send_locked(each, NULL, info, NULL);
            reached++;
        }
    }
    return reached;
}

u32 signal_send_group(u32 pgid, u32 signo)
{
    const struct signal_info info = {.signo = (i32)signo, .code = SI_KERNEL};
    u32 reached;

    spin_lock(&process_lock);
    reached = signal_send_group_locked(pgid, &info);
    spin_unlock(&process_lock);
    return reached;
}

void signal_fault(int signo, int code, u64 address)
{
    struct thread *thread = current_thread();

    thread->fault = (struct signal_info){.signo = signo, .code = code, .value = address};
    thread->fault_pending = true;
    thread->task->signal_pending = true;
}

static void change_mask(struct thread *thread, u64 mask)
{
    u64 newly_blocked = mask & ~thread->mask;
    struct process *process = thread->process;

    thread->mask = mask & ~SIGNALS_UNBLOCKABLE;
    signal_refresh_locked(thread);
    /* A signal to the process that only this thread was woken for needs another taker. */
    if (process->pending.set & newly_blocked) {
        list_for_each(link, &process->threads)
        {
            signal_refresh_locked(list_entry(link, struct thread, link));
        }
    }
}

void signal_set_mask(u64 mask)
{
    spin_lock(&process_lock);
    change_mask(current_thread(), mask);
    spin_unlock(&process_lock);
}

void signal_set_temporary_mask(u64 mask)
{
    struct thread *thread = current_thread();

    spin_lock(&process_lock);
    thread->saved_mask = thread->mask;
    thread->mask_state = MASK_TEMPORARY;
    thread->task->mask_borrowed = true;
    change_mask(thread, mask);
    spin_unlock(&process_lock);
}

void signal_end_temporary_mask(void)
{
    struct thread *thread = current_thread();

    thread->mask_state = MASK_RESTORE;
    thread->task->signal_pending = true;
}

bool signal_take_locked(struct thread *thread, u64 allowed, struct signal_info *out)
{
    bool taken = signal_pending_take(&thread->pending, allowed, out) ||
                 signal_pending_take(&thread->process->pending, allowed, out);

    if (taken && out->code == SI_TIMER) {
        posix_timer_delivered(out);
    }
    return taken;
}
