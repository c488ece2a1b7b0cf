/* SPDX-License-Identifier: MIT */
/*
 * exec.c - replacing the program of a process.
 *
 *   1. find the file; follow "#!" lines; deny writing to it
 *   2. copy the arguments out of the old program
 *   3. build a new address space: segments, trampoline, stack with arguments
 *   4. end all other threads                       - the point of no return -
 *   5. switch to the new address space; put signals, descriptors, registers in order
 *
 * Up to 4 any failure leaves the old program as it was.  Nothing after it can fail.
 * Pages of the program are not read here: the first instruction faults (unless
 * vm.eager=exec).
 *
 * Source: POSIX.1-2017 exec; Linux execve(2).
 */
#include "abi/errno.h"
#include "abi/stat.h"
#include "fs/context.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fs/vfs.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/object.h"
#include "mm/space.h"
#include "probe.h"
#include "proc/arguments.h"
#include "proc/elf.h"
#include "proc/load.h"
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "proc/table.h"
#include "sync/sched.h"

/* One exec under way. */
struct exec_work {
    struct path_start start;
    struct arguments arguments;
    struct program program;             /* load.h: the new address space and its entry */
    struct file_table *own_files;       /* made if the old table was shared */
    struct signal_actions *own_actions; /* the same */
    const char *name;                   /* as given: for AT_EXECFN and the process's name */
    char script_path[PATH_MAX];         /* the interpreter that is looked up next */
};

static int check_executable(struct inode *inode)
{
    if (!S_ISREG(inode->mode)) {
        return -EACCES;
    }
    return vfs_access(inode, X_OK);
}

/* => 0 with a reference and writing denied */
int program_open(const struct path_start *start, const char *path, u32 lookup_flags,
                 struct inode **out)
{
    struct inode *inode;
    int error = path_lookup(start, path, lookup_flags, &inode);

    if (error) {
        return error;
    }
    error = check_executable(inode);
    if (!error) {
        error = inode_deny_write(inode);
    }
    if (error) {
        inode_put(inode);
        return error;
    }
    *out = inode;
    return 0;
}

void program_close(struct inode *inode)
{
    inode_allow_write(inode);
    inode_put(inode);
}

/*
 * The file to load: if it is a script its interpreter, with the arguments changed
 * accordingly.  The caller's `*inode` is replaced.
 */
static int follow_scripts(struct exec_work *work, const char *path, struct inode **inode)
{
    char first[256], *interpreter, *argument;

    for (u32 depth = 0;; depth++) {
        ssize_t size = inode_read_kernel(*inode, first, sizeof first - 1, 0);
        int kind, error;

        if (size < 0) {
            return (int)size;
        }
        first[size] = '\0';
        kind = script_parse(first, (size_t)size + 1, &interpreter, &argument);
        if (kind <= 0) {
            return kind;
        }
        if (depth == SCRIPT_DEPTH - 1) {
            return -ELOOP;
        }
        error = arguments_prepend(&work->arguments, interpreter, argument, path);
        if (error) {
            return error;
        }
        (void)string_copy(work->script_path, interpreter, sizeof work->script_path);
        path = work->script_path;
        program_close(*inode);
        *inode = NULL;
        error = program_open(&work->start, path, 0, inode);
        if (error) {
            return error;
        }
    }
}

/* Steps 1 to 3. */
static int prepare(struct exec_work *work, struct inode *inode, const char *path,
                   const struct process *process)
{
    int error = follow_scripts(work, path, &inode);

    if (!inode) {
        return error;
    }
    if (!error) {
        error = program_load(&work->program, inode, &work->start, process);
    }
    if (!error) {
        error = program_write_stack(&work->program, &work->arguments, work->name, process);
    }
    if (error) {
        program_discard(&work->program);
        program_close(inode);
        return error;
    }
    work->program.mm->exe = inode; /* the mm gives it back */
    return 0;
}

/* What CLONE_FILES and CLONE_SIGHAND shared is made the process's own. */
static int unshare(struct exec_work *work, struct process *process)
{
    if (__atomic_load_n(&process->files->refs, __ATOMIC_RELAXED) > 1) {
        work->own_files = file_table_copy(process->files);
        if (!work->own_files) {
            return -ENOMEM;
        }
    }
    if (__atomic_load_n(&process->actions->refs, __ATOMIC_RELAXED) > 1) {
        work->own_actions = signal_actions_create(process->actions);
        if (!work->own_actions) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* Step 4.  => 0; -EAGAIN if the process is ending, or another thread execs */
static int end_other_threads(struct thread *thread)
{
    struct process *process = thread->process;

    spin_lock(&process_lock);
    if (process->exiting || process->execing) {
        spin_unlock(&process_lock);
        return -EAGAIN;
    }
    process->execing = thread;
    signal_wake_all_locked(process);
    while (process->live_threads > 1) {
        wait_sleep(&process->child_wait, &process_lock);
    }
    if (thread->tid != process->pid) {
        thread_rename_locked(thread, process->pid);
    }
    process->execing = NULL;
    spin_unlock(&process_lock);
    return 0;
}

static void switch_memory(struct process *process, struct mm *mm)
{
    struct mm *old = process->mm;

    spin_lock(&process_lock);
    if (!process->vfork_borrowed) {
        process->dead_threads.maxrss = max_u64(process->dead_threads.maxrss, mm_peak(old));
    }
    process->mm = mm;
    current()->mm = mm;
    mm_activate(mm);
    spin_unlock(&process_lock);
    mm->owner_pid = process->pid;
    mm->oom_score_adj = old->oom_score_adj;
    mm_put(old);
    process_end_vfork(process);
}

static void reset_signals(struct exec_work *work, struct thread *thread)
{
    struct process *process = thread->process;
    struct signal_actions *old = NULL;

    spin_lock(&process_lock);
    if (work->own_actions) {
        old = process->actions;
        process->actions = work->own_actions;
        work->own_actions = NULL;
    }
    for (u32 signo = 1; signo <= SIGNAL_COUNT; signo++) {
        struct abi_sigaction *action = &process->actions->action[signo];
        u64 handler = action->handler == SIG_IGN ? SIG_IGN : SIG_DFL;

        *action = (struct abi_sigaction){.handler = handler};
    }
    process->exit_signal = SIGCHLD;
    process->parent_death_signal = 0;
    process->has_execed = true;
    process->barriers = 0;
    spin_unlock(&process_lock);
    signal_actions_put(old);
    if (!list_empty(&process->posix_timers)) {
        posix_timers_drop(process);
    }
    thread->signal_stack = (struct abi_stack){.flags = SS_DISABLE};
    thread->restart_armed = false;
}

static void take_ids(struct process *process, const struct inode *inode)
{
    if (process->no_new_privs) {
        return;
    }
    if (inode->mode & S_ISUID) {
        process->ids.euid = process->ids.suid = process->ids.fsuid = inode->uid;
    }
    if ((inode->mode & (S_ISGID | 0010)) == (S_ISGID | 0010)) {
        process->ids.egid = process->ids.sgid = process->ids.fsgid = inode->gid;
    }
}

static void set_registers(struct trapframe *frame, const struct program *program)
{
    memset(frame->regs, 0, sizeof frame->regs);
    frame->regs[REG_SP] = program->stack.sp;
    frame->pc = program->entry;
    current()->new_registers = true;
}

void process_announce(const struct process *process, u64 id)
{
    u64 name[2];

    memcpy(name, process->name, sizeof name);
    PROBE(EXEC, id, name[0], name[1]);
}

/* Step 5. */
static void commit(struct exec_work *work, struct thread *thread)
{
    struct process *process = thread->process;
    struct file_table *old_files = NULL;

    thread_release_user_words(thread);
    switch_memory(process, work->program.mm);
    reset_signals(work, thread);
    if (work->own_files) {
        old_files = process->files;
        process->files = work->own_files;
        work->own_files = NULL;
        file_table_put(old_files);
    }
    file_table_close_on_exec(process->files);
    take_ids(process, process->mm->exe);
    process_set_name(process, work->name);
    fp_reset_current();
    set_registers(thread->task->frame, &work->program);
    process_announce(process, task_id(current()));
}

static void finish(struct exec_work *work)
{
    if (work->own_files) {
        file_table_put(work->own_files);
    }
    signal_actions_put(work->own_actions);
    arguments_destroy(&work->arguments);
    kfree(work);
}

/* AT_EMPTY_PATH with "" executes what the descriptor refers to. */
static int find_program(struct exec_work *work, const char *path, u32 flags, struct inode **inode)
{
    u32 lookup = 0;

    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) {
        return -EINVAL;
    }
    if (flags & AT_EMPTY_PATH) {
        lookup |= PATH_EMPTY_OK;
    }
    if (flags & AT_SYMLINK_NOFOLLOW) {
        lookup |= PATH_NOFOLLOW;
    }
    return program_open(&work->start, path, lookup, inode);
}

i64 process_exec(const struct path_start *start, const char *path, u32 flags, u64 argv, u64 envp)
{
    struct thread *thread = current_thread();
    struct process *process = thread->process;
    struct exec_work *work = kalloc(sizeof *work);
    struct inode *inode = NULL;
    int error;

    if (!work) {
        return -ENOMEM;
    }
    work->start = *start;
    work->name = path;
    error = arguments_init(&work->arguments, process->limits[RLIMIT_STACK].current);
    if (!error) {
        error = find_program(work, path, flags, &inode);
    }
    if (!error) {
        error = arguments_copy_user(&work->arguments, argv, envp);
        if (error) {
            program_close(inode);
        }
    }
    if (!error) {
        error = prepare(work, inode, path, process);
    }
    if (!error) {
        error = unshare(work, process);
        if (!error) {
            error = end_other_threads(thread);
        }
        if (error) {
            mm_put(work->program.mm);
        }
    }
    if (!error) {
        commit(work, thread);
    }
    finish(work);
    return error;
}

int process_first_program(struct process *process, struct thread **thread, const char *path,
                          const char *const argv[], const char *const envp[])
{
    struct exec_work *work = kalloc(sizeof *work);
    struct inode *inode = NULL;
    int error;

    if (!work) {
        return -ENOMEM;
    }
    work->start = (struct path_start){process->fs->root, process->fs->cwd};
    work->name = path;
    error = arguments_init(&work->arguments, process->limits[RLIMIT_STACK].current);
    if (!error) {
        error = arguments_copy_kernel(&work->arguments, argv, envp);
    }
    if (!error) {
        error = program_open(&work->start, path, 0, &inode);
    }
    if (!error) {
        error = prepare(work, inode, path, process);
    }
    if (!error) {
        process->mm = work->program.mm;
        process->mm->owner_pid = 1;
        process_set_name(process, path);
        *thread = thread_create(process);
        error = *thread ? 0 : -ENOMEM;
    }
    if (!error) {
        set_registers((*thread)->task->frame, &work->program);
    }
    finish(work);
    return error;
}
