/* SPDX-License-Identifier: MIT */
/* pidfd.c - system calls on descriptors of processes, and clone3(2), which can make one. */
#include "proc/pidfd.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/view.h"
#include "sys/install.h"
#include "sys/sys.h"

i64 sys_pidfd_open(const u64 *a)
{
    struct process *process;
    struct file *file;
    int error;

    if ((i32)a[0] <= 0 || ((u32)a[1] & ~PIDFD_NONBLOCK)) {
        return -EINVAL;
    }
    process = process_find((u32)a[0]);
    if (!process) {
        struct thread *thread;

        spin_lock(&process_lock);
        thread = thread_find_locked((u32)a[0]);
        spin_unlock(&process_lock);
        return thread ? -EINVAL : -ESRCH; /* a thread that is not the first one */
    }
    error = pidfd_create(process, (u32)a[1], &file);
    process_put(process);
    return error ? error : sys_install(file, 0, true);
}

struct process *sys_pidfd_process(u64 fd, struct file **file)
{
    *file = sys_file(fd);
    return *file ? pidfd_process(*file) : NULL;
}

/* A copy of another process's descriptor. */
i64 sys_pidfd_getfd(const u64 *a)
{
    struct file *file, *wanted;
    struct process *process = sys_pidfd_process(a[0], &file);
    struct file_table *files = NULL;
    i64 result;

    if (a[2] != 0) {
        result = -EINVAL;
    } else if (!process) {
        result = -EBADF;
    } else if (!process_may_look(process)) {
        result = -EPERM;
    } else {
        spin_lock(&process_lock);
        if (process->files && process->state != PROCESS_ZOMBIE && !process_is_gone(process)) {
            files = process->files;
            file_table_get(files);
        }
        spin_unlock(&process_lock);
        wanted = files ? fd_get(files, (int)a[1]) : NULL;
        result = !files ? -ESRCH : !wanted ? -EBADF : sys_install(wanted, 0, true);
        if (files) {
            file_table_put(files);
        }
    }
    if (file) {
        file_put(file);
    }
    return result;
}

/* A process that was told to die gives its memory back on its way out, and at once. */
i64 sys_process_mrelease(const u64 *a)
{
    struct file *file;
    struct process *process = sys_pidfd_process(a[0], &file);
    i64 result = -EBADF;

    if (process) {
        spin_lock(&process_lock);
        if (!process->mm) {
            result = -ESRCH;
        } else { /* SIGKILL may be on its way to the first of its threads that looks */
            result = process->exiting || (process->pending.set & signal_bit(SIGKILL)) ? 0 : -EINVAL;
        }
        spin_unlock(&process_lock);
    }
    if (file) {
        file_put(file);
    }
    return a[1] != 0 ? -EINVAL : result;
}

/* ---- clone3 ---------------- */

struct clone_arguments { /* struct clone_args of linux/sched.h */
    u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    u64 set_tid, set_tid_size; /* since version 1 */
    u64 cgroup;                /* since version 2 */
};

#define ARGUMENTS_LEAST 64u

static int get_arguments(u64 user, u64 size, struct clone_arguments *out)
{
    u8 more = 0;

    memset(out, 0, sizeof *out);
    if (size > PAGE_SIZE) {
        return -E2BIG;
    }
    if (size < ARGUMENTS_LEAST) {
        return -EINVAL;
    }
    if (copy_from_user(out, user, min_u64(size, sizeof *out)) != 0) {
        return -EFAULT;
    }
    for (u64 at = sizeof *out; at < size; at++) { /* what we do not know must ask for nothing */
        if (copy_from_user(&more, user + at, 1) != 0) {
            return -EFAULT;
        }
        if (more != 0) {
            return -E2BIG;
        }
    }
    return 0;
}

static int check_arguments(const struct clone_arguments *from)
{
    if ((from->flags & (CLONE_DETACHED | CSIGNAL | ~(u64)(~0u | CLONE_CLEAR_SIGHAND))) ||
        from->exit_signal > SIGNAL_COUNT || (from->stack == 0) != (from->stack_size == 0)) {
        return -EINVAL;
    }
    if ((from->flags & (CLONE_THREAD | CLONE_PARENT)) && from->exit_signal != 0) {
        return -EINVAL;
    }
    if ((from->flags & (CLONE_CLEAR_SIGHAND | CLONE_SIGHAND)) ==
        (CLONE_CLEAR_SIGHAND | CLONE_SIGHAND)) {
        return -EINVAL;
    }
    if (from->stack != 0 && !user_range_ok(from->stack, from->stack_size)) {
        return -EINVAL;
    }
    /* Numbers can be chosen in one namespace, there being one. */
    return (from->set_tid == 0) != (from->set_tid_size == 0) || from->set_tid_size > 1 ? -EINVAL
                                                                                       : 0;
}

/* See clone.S. */
i64 sys_clone3_whole(const u64 *a);
i64 sys_clone3_whole(const u64 *a)
{
    struct clone_arguments from;
    struct clone_request request;
    int error = get_arguments(a[0], a[1], &from);

    error = error ? error : check_arguments(&from);
    if (error) {
        return error;
    }
    request = (struct clone_request){.flags = from.flags,
                                     .exit_signal = (u32)from.exit_signal,
                                     .stack = from.stack + from.stack_size,
                                     .parent_tid = from.parent_tid,
                                     .pidfd = from.pidfd,
                                     .tls = from.tls,
                                     .child_tid = from.child_tid};
    if (from.set_tid != 0) {
        if (copy_from_user(&request.wanted_tid, from.set_tid, sizeof request.wanted_tid) != 0) {
            return -EFAULT;
        }
        if ((i32)request.wanted_tid <= 0 || request.wanted_tid >= pid_maximum()) {
            return -EINVAL;
        }
        if (current_process()->ids.euid != 0) {
            return -EPERM;
        }
    }
    return process_clone(&request);
}
