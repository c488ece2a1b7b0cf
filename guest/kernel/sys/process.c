/* SPDX-License-Identifier: MIT */
/* process.c - making, replacing, ending and awaiting processes; their ids and groups. */
#include "proc/process.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/misc.h"
#include "abi/wait.h"
#include "fs/file.h"
#include "fs/path.h"
#include "lib/string.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/job.h"
#include "proc/pidfd.h"
#include "sys/rusage.h"
#include "sys/sys.h"

/* clone(flags, stack, parent_tid, tls, child_tid): the order of riscv.  See clone.S. */
i64 sys_clone_whole(const u64 *a);
i64 sys_clone_whole(const u64 *a)
{
    const struct clone_request request = {.flags = a[0] & ~(u64)CSIGNAL,
                                          .exit_signal = (u32)a[0] & CSIGNAL,
                                          .stack = a[1],
                                          .parent_tid = a[2],
                                          .pidfd = a[2],
                                          .tls = a[3],
                                          .child_tid = a[4]};

    if (request.exit_signal > SIGNAL_COUNT ||
        (a[0] & (CLONE_PIDFD | CLONE_PARENT_SETTID)) == (CLONE_PIDFD | CLONE_PARENT_SETTID)) {
        return -EINVAL;
    }
    return process_clone(&request);
}

static i64 execute(u64 directory_fd, u64 user_path, u64 argv, u64 envp, u32 flags)
{
    struct sys_path path;
    i64 result = sys_path_get(&path, directory_fd, user_path);

    if (result == 0) {
        result = process_exec(&path.start, path.text, flags, argv, envp);
    }
    sys_path_put(&path);
    return result;
}

i64 sys_execve(const u64 *a)
{
    return execute((u64)AT_FDCWD, a[0], a[1], a[2], 0);
}

i64 sys_execveat(const u64 *a)
{
    return execute(a[0], a[1], a[2], a[3], (u32)a[4]);
}

i64 sys_exit(const u64 *a)
{
    thread_exit((u32)a[0] & 0xff);
}

i64 sys_exit_group(const u64 *a)
{
    process_exit(WAIT_EXITED(a[0]));
}

i64 sys_wait4(const u64 *a)
{
    const u32 known = WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE;
    i32 pid = (i32)a[0];
    struct wait_request request = {.options = ((u32)a[2] & known) | WEXITED};
    struct wait_result found;
    i64 result;

    if ((u32)a[2] & ~known) {
        return -EINVAL;
    }
    if ((u32)pid == 1u << 31) {
        return -ESRCH; /* it has no opposite */
    }
    if (pid == -1) {
        request.id_type = P_ALL;
    } else if (pid > 0) {
        request.id_type = P_PID;
        request.id = (u32)pid;
    } else {
        request.id_type = P_PGID;
        request.id = pid == 0 ? current_process()->pgid : (u32)-pid;
    }
    result = process_wait(&request, &found);
    if (result > 0 && a[1] != 0 && put_user_u32(a[1], found.status) != 0) {
        result = -EFAULT;
    }
    if (result > 0 && a[3] != 0 && rusage_put(a[3], &found.usage) != 0) {
        result = -EFAULT;
    }
    return result;
}

/* What waitid says of a wait status word. */
static void describe(const struct wait_result *found, struct abi_siginfo *info)
{
    u32 status = found->status;

    info->signo = SIGCHLD;
    info->child.pid = (i32)found->pid;
    info->child.uid = found->uid;
    if (status == WAIT_CONTINUED) {
        info->code = CLD_CONTINUED;
        info->child.status = SIGCONT;
    } else if ((status & 0xff) == 0x7f) {
        info->code = CLD_STOPPED;
        info->child.status = (i32)(status >> 8);
    } else if (status & 0x7f) {
        info->code = status & WAIT_DUMPED ? CLD_DUMPED : CLD_KILLED;
        info->child.status = (i32)(status & 0x7f);
    } else {
        info->code = CLD_EXITED;
        info->child.status = (i32)(status >> 8);
    }
}

/* P_PIDFD: as P_PID, but of the very process; a descriptor that does not block says EAGAIN. */
static i64 wait_for_pidfd(const u64 *a)
{
    struct file *file;
    struct process *process = sys_pidfd_process(a[1], &file);
    u64 with_pid[] = {P_PID, process ? process->pid : 0, a[2], a[3], a[4]};
    bool blocks = !file || !(file->flags & O_NONBLOCK);
    struct abi_siginfo info = {0};
    i64 result = !process ? -EBADF : process_is_gone(process) ? -ECHILD : 0;

    if (file) {
        file_put(file);
    }
    if (result == 0 && !blocks) {
        with_pid[3] |= WNOHANG;
    }
    result = result ? result : sys_waitid(with_pid);
    if (result == 0 && !blocks && !(a[3] & WNOHANG) && a[2] != 0 &&
        (copy_from_user(&info, a[2], sizeof info) != 0 || info.signo == 0)) {
        result = -EAGAIN;
    }
    return result;
}

i64 sys_waitid(const u64 *a)
{
    const u32 known =
        WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | WNOTHREAD | WALL | WCLONE;
    struct wait_request request = {(int)a[0], (u32)a[1], (u32)a[3]};
    struct abi_siginfo info = {0};
    struct wait_result found;
    i64 result;

    if (request.id_type == P_PIDFD) {
        return wait_for_pidfd(a);
    }
    if ((request.options & ~known) || !(request.options & (WEXITED | WSTOPPED | WCONTINUED)) ||
        request.id_type < P_ALL || request.id_type > P_PGID) {
        return -EINVAL;
    }
    if (request.id_type == P_PGID && request.id == 0) {
        request.id = current_process()->pgid;
    }
    result = process_wait(&request, &found);
    if (result < 0) {
        return result;
    }
    if (result > 0) {
        describe(&found, &info);
        if (a[4] != 0 && rusage_put(a[4], &found.usage) != 0) {
            return -EFAULT;
        }
    }
    if (a[2] != 0 && copy_to_user(a[2], &info, sizeof info) != 0) {
        return -EFAULT;
    }
    return 0;
}

i64 sys_getpid(const u64 *a)
{
    (void)a;
    return current_process()->pid;
}

i64 sys_gettid(const u64 *a)
{
    (void)a;
    return current_thread()->tid;
}

i64 sys_getppid(const u64 *a)
{
    (void)a;
    return current_process()->parent_pid;
}

i64 sys_set_tid_address(const u64 *a)
{
    current_thread()->clear_child_tid = a[0];
    return current_thread()->tid;
}

i64 sys_setpgid(const u64 *a)
{
    return process_set_group((i32)a[0], (i32)a[1]);
}

i64 sys_setsid(const u64 *a)
{
    (void)a;
    return process_new_session();
}

/* Group or session of a process; 0 is the caller. */
static i64 group_of(u64 pid, bool session)
{
    struct process *process;
    i64 result = -ESRCH;

    spin_lock(&process_lock);
    process = (u32)pid == 0 ? current_process() : process_find_locked((u32)pid);
    if (process) {
        result = session ? process->sid : process->pgid;
    }
    spin_unlock(&process_lock);
    return result;
}

i64 sys_getpgid(const u64 *a)
{
    return group_of(a[0], false);
}

i64 sys_getsid(const u64 *a)
{
    return group_of(a[0], true);
}

static i64 set_name(u64 user)
{
    char name[16] = {0};
    ssize_t length = strncpy_from_user(name, user, sizeof name);

    if (length == -EFAULT) {
        return -EFAULT;
    }
    name[sizeof name - 1] = '\0';
    memcpy(current()->name, name, sizeof name);
    if (current_thread()->tid == current_process()->pid) {
        memcpy(current_process()->name, name, sizeof name);
    }
    return 0;
}

/* Memory-deny-write-execute: may be set once, and then not changed. */
static i64 set_exec_refusal(const u64 *a)
{
    struct mm *mm = current_process()->mm;

    if (a[2] || a[3] || a[4] || (a[1] & ~(u64)(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)) ||
        a[1] == PR_MDWE_NO_INHERIT) {
        return -EINVAL;
    }
    if (mm->exec_refusal != 0 && mm->exec_refusal != a[1]) {
        return -EPERM;
    }
    mm->exec_refusal = (u8)a[1];
    return 0;
}

i64 sys_prctl(const u64 *a)
{
    struct process *process = current_process();

    switch ((int)a[0]) {
    case PR_SET_NAME:
        return set_name(a[1]);
    case PR_GET_NAME:
        return copy_to_user(a[1], current()->name, sizeof current()->name);
    case PR_SET_PDEATHSIG:
        if (a[1] > SIGNAL_COUNT) {
            return -EINVAL;
        }
        process->parent_death_signal = (u32)a[1];
        return 0;
    case PR_GET_PDEATHSIG:
        return put_user_u32(a[1], process->parent_death_signal);
    case PR_SET_TIMERSLACK: /* timers here are exact; the number is kept */
        current_thread()->timer_slack = a[1] ? a[1] : TIMER_SLACK_DEFAULT;
        return 0;
    case PR_GET_TIMERSLACK:
        return (i64)current_thread()->timer_slack;
    case PR_GET_DUMPABLE:
        return 0;
    case PR_SET_DUMPABLE:
        return a[1] > 1 ? -EINVAL : 0;
    case PR_SET_CHILD_SUBREAPER:
        process->subreaper = a[1] != 0;
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        return put_user_u32(a[1], process->subreaper);
    case PR_SET_MDWE:
        return set_exec_refusal(a);
    case PR_GET_MDWE:
        return a[1] || a[2] || a[3] || a[4] ? -EINVAL : process->mm->exec_refusal;
    case PR_SET_NO_NEW_PRIVS:
        if (a[1] != 1) {
            return -EINVAL;
        }
        process->no_new_privs = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return process->no_new_privs;
    default:
        return -EINVAL;
    }
}
