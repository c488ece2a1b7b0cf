/* SPDX-License-Identifier: MIT */
/*
 * job.c - job control: what terminals ask about processes, and process groups and
 * sessions as setpgid and setsid change them.
 *
 * Locks: process_lock.  Source: POSIX.1-2017 11.1 "Interface Characteristics", setpgid,
 * setsid.
 */
#include "proc/job.h"

#include "abi/errno.h"
#include "dev/tty.h"
#include "fs/job.h"
#include "proc/init.h"
#include "proc/process.h"
#include "proc/table.h"

const struct job_ops *job_ops;

static u32 current_group(void)
{
    return current_process()->pgid;
}

static u32 current_session(void)
{
    return current_process()->sid;
}

static bool current_is_leader(void)
{
    return current_process()->sid == current_process()->pid;
}

static struct tty *current_tty(void)
{
    return current_process()->tty;
}

static void set_tty(u32 session, struct tty *tty)
{
    spin_lock(&process_lock);
    for (struct process *each = process_list; each; each = each->next) {
        if (each->sid == session) {
            each->tty = tty;
        }
    }
    spin_unlock(&process_lock);
}

static bool group_in_session_locked(u32 group, u32 session)
{
    for (const struct process *each = process_list; each; each = each->next) {
        if (each->pgid == group && each->sid == session) {
            return true;
        }
    }
    return false;
}

static bool group_in_session(u32 group, u32 session)
{
    bool found;

    spin_lock(&process_lock);
    found = group_in_session_locked(group, session);
    spin_unlock(&process_lock);
    return found;
}

static int background(u32 signo)
{
    struct process *process = current_process();
    const struct signal_info info = {.signo = (i32)signo, .code = SI_KERNEL};
    bool unheard;
    int result;

    spin_lock(&process_lock);
    unheard = (current_thread()->mask & signal_bit(signo)) ||
              process->actions->action[signo].handler == SIG_IGN;
    if (unheard) {
        result = signo == SIGTTOU ? 0 : -EIO;
    } else if (group_is_orphaned_locked(process->pgid, NULL)) {
        result = -EIO;
    } else {
        (void)signal_send_group_locked(process->pgid, &info);
        result = -EINTR;
    }
    spin_unlock(&process_lock);
    return result;
}

static void signal_group(u32 group, u32 signo)
{
    (void)signal_send_group(group, signo);
}

static const struct job_ops jobs = {
    .current_group = current_group,
    .current_session = current_session,
    .current_is_leader = current_is_leader,
    .current_tty = current_tty,
    .set_tty = set_tty,
    .group_in_session = group_in_session,
    .background = background,
    .signal_group = signal_group,
};

void job_init(void)
{
    job_ops = &jobs;
}

static int set_group_locked(u32 pid, u32 group)
{
    struct process *self = current_process();
    struct process *process = pid ? process_find_locked(pid) : self;

    if (!process || (process != self && process->parent != self)) {
        return -ESRCH;
    }
    if (process != self && process->has_execed) {
        return -EACCES;
    }
    if (process->sid == process->pid || process->sid != self->sid) {
        return -EPERM;
    }
    if (group == 0) {
        group = process->pid;
    }
    if (group != process->pid && !group_in_session_locked(group, self->sid)) {
        return -EPERM;
    }
    process->pgid = group;
    return 0;
}

int process_set_group(i32 pid, i32 group)
{
    int result;

    if (pid < 0 || group < 0) {
        return -EINVAL;
    }
    spin_lock(&process_lock);
    result = set_group_locked((u32)pid, (u32)group);
    spin_unlock(&process_lock);
    return result;
}

i64 process_new_session(void)
{
    struct process *process = current_process();
    i64 result = process->pid;

    spin_lock(&process_lock);
    for (const struct process *each = process_list; each; each = each->next) {
        if (each->pgid == process->pid) {
            result = -EPERM;
        }
    }
    if (result > 0) {
        process->pgid = process->sid = process->pid;
        process->tty = NULL;
    }
    spin_unlock(&process_lock);
    return result;
}
