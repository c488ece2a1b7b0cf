/* SPDX-License-Identifier: MIT */
/* init.c - starting the process room, and the first process. */
#include "proc/init.h"

#include "abi/errno.h"
#include "fs/context.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/pipe.h"
#include "fs/vfs.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/oom.h"
#include "mm/space.h"
#include "probe.h"
#include "proc/process.h"
#include "proc/table.h"
#include "proc/view.h"
#include "sync/sched.h"

static void send_broken_pipe(void)
{
    const struct signal_info info = {.signo = SIGPIPE, .code = SI_KERNEL};

    spin_lock(&process_lock);
    (void)signal_send_thread_locked(current_thread(), &info);
    spin_unlock(&process_lock);
}

/* A process at or behind `after` in order of pid, with a reference. */
static struct process *next_process(u32 after)
{
    struct process *best = NULL;

    spin_lock(&process_lock);
    for (struct process *each = process_list; each; each = each->next) {
        if (each->pid > after && (!best || each->pid < best->pid)) {
            best = each;
        }
    }
    if (best) {
        process_get(best);
    }
    spin_unlock(&process_lock);
    return best;
}

static void each_process(void (*visit)(u32 pid, struct mm *mm, void *argument), void *argument)
{
    u32 pid = 0;

    for (;;) {
        struct process *process = next_process(pid);
        struct mm *mm;

        if (!process) {
            return;
        }
        pid = process->pid;
        mm = process_mm_get(process);
        process_put(process);
        if (mm) {
            visit(pid, mm, argument);
            mm_put(mm);
        }
    }
}

static bool kill_victim(u32 pid)
{
    const struct signal_info info = {.signo = SIGKILL, .code = SI_KERNEL};
    struct process *process;
    bool found = false;

    spin_lock(&process_lock);
    process = process_find_locked(pid);
    if (process && process->state != PROCESS_ZOMBIE) {
        found = true;
        list_for_each(link, &process->threads)
        {
            list_entry(link, struct thread, link)->task->oom_victim = 1;
        }
        (void)signal_send_process_locked(process, &info);
    }
    spin_unlock(&process_lock);
    return found;
}

static const struct oom_ops oom = {
    .each_process = each_process,
    .kill = kill_victim,
};

void proc_init(void)
{
    signal_trampoline_init();
    pipe_broken = send_broken_pipe;
    oom_set_ops(&oom);
    job_init();
    view_init();
}

/* Descriptors 0, 1 and 2.  A machine without console still starts. */
static void open_console(struct process *process)
{
    const struct path_start start = {process->fs->root, process->fs->cwd};
    struct file *console;

    if (vfs_open(&start, "/dev/console", O_RDWR, 0, &console) != 0) {
        return;
    }
    for (u32 fd = 0; fd < 3; fd++) {
        if (fd_install(process->files, file_get(console), fd, false, FD_LIMIT) < 0) {
            file_put(console);
        }
    }
    file_put(console);
}

/* Everything of pid 1 that does not depend on its program. */
static struct process *make_first(struct inode *root)
{
    struct process *process = process_create(NULL);

    if (!process) {
        return NULL;
    }
    process->pid = 1;
    process->pgid = process->sid = 1;
    process->exit_signal = SIGCHLD;
    process->files = file_table_create();
    process->fs = fs_context_create(root, root, 022);
    process->actions = signal_actions_create(NULL);
    inode_put(root);
    return process->files && process->fs && process->actions ? process : NULL;
}

int process_start_init(struct inode *root, const char *path, const char *const argv[],
                       const char *const envp[])
{
    struct process *process = make_first(root);
    struct thread *thread;
    int error;

    if (!process) {
        return -ENOMEM;
    }
    open_console(process);
    error = process_first_program(process, &thread, path, argv, envp);
    if (error) {
        return error;
    }
    spin_lock(&process_lock);
    pid_reserve_locked(1);
    process_init = process;
    process_publish_locked(process, NULL);
    thread_publish_locked(thread, 1);
    spin_unlock(&process_lock);
    PROBE(FORK, 0, task_id(thread->task), 0, 0);
    process_announce(process, task_id(thread->task));
    sched_start(thread->task);
    return 0;
}
