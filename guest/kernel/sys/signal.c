/* SPDX-License-Identifier: MIT */
/* signal.c - system calls on signals; the work is in proc/. */
#include "proc/signal.h"

#include "abi/errno.h"
#include "mm/uaccess.h"
#include "fs/file.h"
#include "fs/procfs.h"
#include "proc/pending.h"
#include "proc/pidfd.h"
#include "proc/process.h"
#include "sync/time.h"
#include "sync/trapframe.h"
#include "sys/sys.h"

static bool is_signal(u64 signo)
{
    return (u32)signo >= 1 && (u32)signo <= SIGNAL_COUNT;
}

/* A new action may make pending signals moot (POSIX: SIG_IGN discards them). */
static void install_action(u32 signo, const struct abi_sigaction *action)
{
    struct process *process = current_process();

    process->actions->set |= signal_bit(signo);
    process->actions->action[signo] = *action;
    process->actions->action[signo].mask &= ~SIGNALS_UNBLOCKABLE;
    if (signal_is_ignored_locked(process, signo)) {
        signal_pending_discard(&process->pending, signal_bit(signo));
        list_for_each(link, &process->threads)
        {
            struct thread *thread = list_entry(link, struct thread, link);

            signal_pending_discard(&thread->pending, signal_bit(signo));
            signal_refresh_locked(thread);
        }
    }
}

i64 sys_rt_sigaction(const u64 *a)
{
    u32 signo = (u32)a[0];
    struct abi_sigaction action, old;

    if (a[3] != sizeof action.mask || !is_signal(signo)) {
        return -EINVAL;
    }
    if (a[1] != 0) {
        if (signo == SIGKILL || signo == SIGSTOP) {
            return -EINVAL;
        }
        if (copy_from_user(&action, a[1], sizeof action) != 0) {
            return -EFAULT;
        }
    }
    spin_lock(&process_lock);
    old = current_process()->actions->action[signo];
    if (a[1] != 0) {
        install_action(signo, &action);
    }
    spin_unlock(&process_lock);
    return a[2] != 0 ? copy_to_user(a[2], &old, sizeof old) : 0;
}

i64 sys_rt_sigprocmask(const u64 *a)
{
    u64 old = current_thread()->mask, set;

    if (a[3] != sizeof set) {
        return -EINVAL;
    }
    if (a[1] != 0) {
        if (get_user_u64(a[1], &set) != 0) {
            return -EFAULT;
        }
        switch ((int)a[0]) {
        case SIG_BLOCK:
            set |= old;
            break;
        case SIG_UNBLOCK:
            set = old & ~set;
            break;
        case SIG_SETMASK:
            break;
        default:
            return -EINVAL;
        }
        signal_set_mask(set);
    }
    return a[2] != 0 ? put_user_u64(a[2], old) : 0;
}

i64 sys_rt_sigpending(const u64 *a)
{
    struct thread *thread = current_thread();
    u64 set;

    if (a[1] > sizeof set) {
        return -EINVAL;
    }
    spin_lock(&process_lock);
    set = (thread->pending.set | thread->process->pending.set) & thread->mask;
    spin_unlock(&process_lock);
    return copy_to_user(a[0], &set, a[1]);
}

i64 sys_rt_sigsuspend(const u64 *a)
{
    struct wait_queue nobody;
    u64 mask;
    int result;

    if (a[1] != sizeof mask) {
        return -EINVAL;
    }
    if (get_user_u64(a[0], &mask) != 0) {
        return -EFAULT;
    }
    signal_set_temporary_mask(mask);
    wait_init(&nobody);
    spin_lock(&process_lock);
    do {
        result = wait_sleep_interruptible(&nobody, &process_lock);
    } while (result == 0);
    spin_unlock(&process_lock);
    return result;
}

/* Waits until a signal of the set can be taken.  process_lock. */
static int await_signal(struct thread *thread, u64 set, u64 deadline, struct signal_info *info)
{
    struct wait_queue nobody;
    int result = 0;

    wait_init(&nobody);
    while (!signal_take_locked(thread, set, info)) {
        if (result != 0) {
            return result == -ETIMEDOUT ? -EAGAIN : result;
        }
        if (deadline == 0) {
            return -EAGAIN;
        }
        thread->waiting_for = set;
        signal_refresh_locked(thread);
        result = wait_sleep_timeout(&nobody, &process_lock, deadline, true);
        thread->waiting_for = 0;
        signal_refresh_locked(thread);
    }
    return info->signo;
}

i64 sys_rt_sigtimedwait(const u64 *a)
{
    struct thread *thread = current_thread();
    u64 set, deadline = WAIT_FOREVER;
    struct signal_info info;
    struct abi_siginfo out;
    int result;

    if (a[3] != sizeof set) {
        return -EINVAL;
    }
    if (get_user_u64(a[0], &set) != 0) {
        return -EFAULT;
    }
    if (a[2] != 0) {
        result = sys_get_time(a[2], &deadline);
        if (result) {
            return result;
        }
        deadline = deadline ? deadline + time_now_ns() : 0;
    }
    spin_lock(&process_lock);
    result = await_signal(thread, set & ~SIGNALS_UNBLOCKABLE, deadline, &info);
    spin_unlock(&process_lock);
    if (result > 0 && a[1] != 0) {
        signal_info_to_abi(&info, &out);
        if (copy_to_user(a[1], &out, sizeof out) != 0) {
            return -EFAULT;
        }
    }
    return result;
}

i64 sys_sigaltstack(const u64 *a)
{
    struct thread *thread = current_thread();
    u64 sp = thread->task->frame->regs[REG_SP];
    u32 state = signal_stack_state(thread, sp);
    struct abi_stack old = thread->signal_stack, new_stack;

    old.flags = (i32)(state | ((u32)old.flags & SS_AUTODISARM));
    if (a[0] != 0) {
        if (copy_from_user(&new_stack, a[0], sizeof new_stack) != 0) {
            return -EFAULT;
        }
        if (state == SS_ONSTACK) {
            return -EPERM;
        }
        if ((u32)new_stack.flags & ~(SS_DISABLE | SS_ONSTACK | SS_AUTODISARM)) {
            return -EINVAL;
        }
        if (new_stack.flags & SS_DISABLE) {
            new_stack = (struct abi_stack){.flags = SS_DISABLE};
        } else if (new_stack.size < MINSIGSTKSZ) {
            return -ENOMEM;
        }
        new_stack.flags &= ~SS_ONSTACK;
        thread->signal_stack = new_stack;
    }
    return a[1] != 0 ? copy_to_user(a[1], &old, sizeof old) : 0;
}

i64 sys_rt_sigreturn(const u64 *a)
{
    (void)a;
    return (i64)signal_frame_return(current()->frame);
}

/* --- sending ---------------------------------------------------------------------------------- */

static struct signal_info info_from_caller(u64 signo, i32 code)
{
    return (struct signal_info){.signo = (i32)signo,
                                .code = code,
                                .pid = (i32)current_process()->pid,
                                .uid = current_process()->ids.uid};
}

static bool may_signal(const struct process *target, u32 signo)
{
    const struct credentials *own = &current_process()->ids;

    return own->euid == 0 || own->euid == target->ids.suid || own->euid == target->ids.uid ||
           own->uid == target->ids.suid || own->uid == target->ids.uid ||
           (signo == SIGCONT && current_process()->sid == target->sid);
}

/* To all processes of a group (or all but init and the caller: group = 0).  process_lock. */
static i64 kill_many(u32 group, const struct signal_info *info)
{
    i64 result = -ESRCH;

    for (struct process *each = process_list; each; each = each->next) {
        bool wanted =
            group ? each->pgid == group : each != process_init && each != current_process();

        if (!wanted) {
            continue;
        }
        if (!may_signal(each, (u32)info->signo)) {
            result = result == -ESRCH ? -EPERM : result;
            continue;
        }
        result = 0;
        if (info->signo != 0) {
            (void)signal_send_process_locked(each, info);
        }
    }
    return result;
}

/* The number of any of its threads means the process, too.  => with a reference, or NULL */
static struct process *process_of_number(u32 number)
{
    struct process *process;
    struct thread *thread;

    spin_lock(&process_lock);
    process = process_find_locked(number);
    thread = process ? NULL : thread_find_locked(number);
    process = thread ? thread->process : process;
    if (process) {
        process_get(process);
    }
    spin_unlock(&process_lock);
    return process;
}

static i64 kill_one(u32 pid, u32 tid, const struct signal_info *info)
{
    struct process *process = process_of_number(pid);
    i64 result;

    if (!process) {
        return -ESRCH;
    }
    if (!may_signal(process, (u32)info->signo)) {
        result = -EPERM;
    } else if (info->signo == 0) {
        result = 0;
    } else {
        result = signal_send(process, tid, info);
    }
    process_put(process);
    return result;
}

i64 sys_kill(const u64 *a)
{
    i32 pid = (i32)a[0];
    const struct signal_info info = info_from_caller(a[1], SI_USER);
    i64 result;

    if ((u32)a[1] > SIGNAL_COUNT) {
        return -EINVAL;
    }
    if (pid > 0) {
        return kill_one((u32)pid, 0, &info);
    }
    spin_lock(&process_lock);
    if (pid == 0) {
        result = kill_many(current_process()->pgid, &info);
    } else {
        result = kill_many(pid == -1 ? 0 : (u32)-pid, &info);
    }
    spin_unlock(&process_lock);
    return result;
}

/* The process of a thread; 0 if there is none. */
static u32 process_of_thread(u32 tid)
{
    struct thread *thread;
    u32 pid;

    spin_lock(&process_lock);
    thread = thread_find_locked(tid);
    pid = thread ? thread->process->pid : 0;
    spin_unlock(&process_lock);
    return pid;
}

static i64 kill_thread(u32 pid, i32 tid, const struct signal_info *info)
{
    u32 owner;

    if ((u32)info->signo > SIGNAL_COUNT || tid <= 0) {
        return -EINVAL;
    }
    owner = process_of_thread((u32)tid);
    if (owner == 0 || (pid != 0 && owner != pid)) {
        return -ESRCH;
    }
    return kill_one(owner, (u32)tid, info);
}

i64 sys_tkill(const u64 *a)
{
    const struct signal_info info = info_from_caller(a[1], SI_TKILL);

    return kill_thread(0, (i32)a[0], &info);
}

i64 sys_tgkill(const u64 *a)
{
    const struct signal_info info = info_from_caller(a[2], SI_TKILL);

    return (i32)a[0] <= 0 ? -EINVAL : kill_thread((u32)a[0], (i32)a[1], &info);
}

/* sigqueue: the caller writes the siginfo, but may not pretend to be the kernel. */
static int queued_info(u64 user, u64 signo, u32 target, struct signal_info *info)
{
    struct abi_siginfo given;

    if (copy_from_user(&given, user, sizeof given) != 0) {
        return -EFAULT;
    }
    if ((given.code >= 0 || given.code == SI_TKILL) && target != current_process()->pid) {
        return -EPERM;
    }
    *info = (struct signal_info){.signo = (i32)signo,
                                 .code = given.code,
                                 .pid = given.sender.pid,
                                 .uid = given.sender.uid,
                                 .value = given.sender.value};
    return 0;
}

/* To the very process, not to whoever has its number by now. */
i64 sys_pidfd_send_signal(const u64 *a)
{
    struct signal_info info = info_from_caller(a[1], SI_USER);
    struct file *file;
    struct process *process = sys_pidfd_process(a[0], &file), *found = NULL;
    u32 pid = !process && file && file->inode ? procfs_process_of(file->inode) : 0;
    i64 result = 0;

    if (pid != 0) { /* an open /proc/PID will do */
        process = found = process_find(pid);
    }

    if (a[3] != 0 || (process && (u32)a[1] > SIGNAL_COUNT)) {
        result = -EINVAL;
    } else if (!process) {
        result = pid != 0 ? -ESRCH : -EBADF;
    } else if (process_is_gone(process)) {
        result = -ESRCH;
    } else if (!may_signal(process, (u32)a[1])) {
        result = -EPERM;
    } else if (a[2] != 0) {
        result = queued_info(a[2], a[1], process->pid, &info);
    }
    if (result == 0 && info.signo != 0) {
        result = signal_send(process, 0, &info);
    }
    process_put(found);
    if (file) {
        file_put(file);
    }
    return result;
}

i64 sys_rt_sigqueueinfo(const u64 *a)
{
    struct signal_info info;
    int error = queued_info(a[2], a[1], (u32)a[0], &info);

    if (error) {
        return error;
    }
    return (u32)a[1] > SIGNAL_COUNT ? -EINVAL : kill_one((u32)a[0], 0, &info);
}

i64 sys_rt_tgsigqueueinfo(const u64 *a)
{
    struct signal_info info;
    int error = queued_info(a[3], a[2], (u32)a[0], &info);

    return error ? error : kill_thread((u32)a[0], (i32)a[1], &info);
}
