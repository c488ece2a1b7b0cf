/* SPDX-License-Identifier: MIT */
/*
 * fork.c - clone(2): a new thread, or a new process that shares or copies what the
 * flags say.
 *
 * The child starts by returning from the same system call with 0.  Everything that can
 * fail is done before the child can be seen by anyone; after that only the lists
 * change, under process_lock.
 *
 * Memory: without CLONE_VM a copy-on-write copy (mm_fork); with it the same address
 * space, counted.  vfork is CLONE_VM with the parent asleep until the child has let go
 * of the memory by exec or exit.
 */
#include "abi/errno.h"
#include "abi/wait.h"
#include "fs/context.h"
#include "fs/fdtable.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "mm/kalloc.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "probe.h"
#include "proc/itimer.h"
#include "proc/pidfd.h"
#include "proc/process.h"
#include "proc/table.h"
#include "sync/sched.h"

static int check_flags(u64 flags)
{
    if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)) {
        return -EINVAL;
    }
    if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM)) {
        return -EINVAL;
    }
    if ((flags & CLONE_NAMESPACES) ||
        (flags & (CLONE_PIDFD | CLONE_THREAD)) == (CLONE_PIDFD | CLONE_THREAD)) {
        return -EINVAL;
    }
    return 0;
}

static struct file_table *files_for_child(struct process *parent, u64 flags)
{
    if (flags & CLONE_FILES) {
        file_table_get(parent->files);
        return parent->files;
    }
    return file_table_copy(parent->files);
}

static struct fs_context *context_for_child(struct process *parent, u64 flags)
{
    if (flags & CLONE_FS) {
        fs_context_get(parent->fs);
        return parent->fs;
    }
    return fs_context_copy(parent->fs);
}

static struct signal_actions *actions_for_child(struct process *parent, u64 flags)
{
    struct signal_actions *actions;

    if (flags & CLONE_SIGHAND) {
        atomic_add_u32(&parent->actions->refs, 1);
        return parent->actions;
    }
    actions = signal_actions_create(parent->actions);
    for (u32 signo = 1; actions && (flags & CLONE_CLEAR_SIGHAND) && signo <= SIGNAL_COUNT;
         signo++) {
        if (actions->action[signo].handler != SIG_IGN) {
            actions->action[signo] = (struct abi_sigaction){.handler = SIG_DFL};
        }
    }
    return actions;
}

static void discard_process(struct process *child)
{
    if (child->mm) {
        mm_put(child->mm);
    }
    if (child->files) {
        file_table_put(child->files);
    }
    if (child->fs) {
        fs_context_put(child->fs);
    }
    process_put(child);
}

/* The address space.  The child will write to its stack, and its tid where that is asked for. */
static struct mm *memory_for_child(struct process *parent, const struct clone_request *request)
{
    u64 stack = request->stack != 0 ? request->stack : current()->frame->regs[REG_SP];

    if (request->flags & CLONE_VM) {
        return mm_get(parent->mm);
    }
    return mm_fork(parent->mm, stack,
                   (request->flags & CLONE_CHILD_SETTID) ? request->child_tid : 0);
}

/* A process with its resources and no thread yet.  NULL when memory is short. */
static struct process *process_for_child(struct process *parent,
                                         const struct clone_request *request, u64 *shared_entries)
{
    struct process *child = process_create(parent);
    u64 flags = request->flags;

    if (!child) {
        return NULL;
    }
    *shared_entries = 0;
    child->files = files_for_child(parent, flags);
    child->fs = context_for_child(parent, flags);
    child->actions = actions_for_child(parent, flags);
    if (!child->files || !child->fs || !child->actions) {
        discard_process(child);
        return NULL;
    }
    child->mm = memory_for_child(parent, request);
    if (!(flags & CLONE_VM)) {
        *shared_entries = mm_forked_entries();
    }
    if (!child->mm) {
        discard_process(child);
        return NULL;
    }
    return child;
}

static void set_registers(struct thread *child, const struct clone_request *request)
{
    struct trapframe *frame = child->task->frame;

    task_copy_registers(child->task);
    frame->regs[REG_A0] = 0;
    if (request->stack != 0) {
        frame->regs[REG_SP] = request->stack;
    }
    if (request->flags & CLONE_SETTLS) {
        frame->regs[REG_TP] = request->tls;
    }
}

static void set_thread_state(struct thread *child, const struct clone_request *request, u32 tid)
{
    const struct thread *parent = current_thread();
    u64 flags = request->flags;

    child->mask = parent->mask;
    child->timer_slack = parent->timer_slack;
    child->nice = parent->nice;
    child->policy = parent->policy;
    child->realtime_priority = parent->realtime_priority;
    if (!(flags & CLONE_VM) || (flags & CLONE_VFORK)) {
        child->signal_stack = parent->signal_stack;
    }
    child->task->affinity = parent->task->affinity;
    if ((flags & CLONE_CHILD_SETTID) && /* the child does it, if its page is not there already */
        ((flags & CLONE_VM) || !mm_store_in_child(child->task->mm, request->child_tid, tid))) {
        child->set_child_tid = request->child_tid;
    }
    child->clear_child_tid = (flags & CLONE_CHILD_CLEARTID) ? request->child_tid : 0;
    child->task->signal_pending = child->set_child_tid != 0;
}

static void publish(struct thread *child, const struct clone_request *request, u32 tid)
{
    struct process *parent = current_process();
    struct process *process = child->process;

    spin_lock(&process_lock);
    if (!(request->flags & CLONE_THREAD)) {
        struct process *owner = (request->flags & CLONE_PARENT) ? parent->parent : parent;

        process->pid = tid;
        process->exit_signal = request->exit_signal;
        process->vfork_borrowed = (request->flags & CLONE_VFORK) != 0;
        process_publish_locked(process, owner ? owner : parent);
    }
    thread_publish_locked(child, tid);
    signal_refresh_locked(child); /* a stop or an exit may be under way */
    spin_unlock(&process_lock);
}

static void wait_for_vfork(struct process *child)
{
    spin_lock(&process_lock);
    while (child->vfork_borrowed) {
        wait_sleep(&child->vfork_wait, &process_lock);
    }
    spin_unlock(&process_lock);
    process_put(child);
}

/* RLIMIT_NPROC: threads of one user; the privileged may always have more. */
static bool too_many(const struct process *parent)
{
    u64 count = 0;

    if (parent->ids.uid == 0 || parent->ids.euid == 0 ||
        parent->limits[RLIMIT_NPROC].current == RLIM_INFINITY) {
        return false;
    }
    spin_lock(&process_lock);
    for (const struct process *each = process_list; each; each = each->next) {
        count += each->ids.uid == parent->ids.uid ? max_u64(each->live_threads, 1) : 0;
    }
    spin_unlock(&process_lock);
    return count >= parent->limits[RLIMIT_NPROC].current;
}

static u32 take_tid(const struct clone_request *request)
{
    if (request->wanted_tid == 0) {
        return pid_allocate();
    }
    return pid_take(request->wanted_tid) ? request->wanted_tid : 0;
}

i64 process_clone(const struct clone_request *request)
{
    struct process *parent = current_process(), *process = parent;
    bool is_thread = (request->flags & CLONE_THREAD) != 0;
    bool is_vfork = (request->flags & CLONE_VFORK) != 0 && !is_thread;
    u64 shared_entries = 0;
    struct thread *child;
    int error = check_flags(request->flags);
    u32 tid;

    if (error) {
        return error;
    }
    if (too_many(parent)) {
        return -EAGAIN;
    }
    if (!is_thread) {
        process = process_for_child(parent, request, &shared_entries);
    }
    child = process ? thread_create(process) : NULL;
    tid = child ? take_tid(request) : 0;
    error = !child ? -ENOMEM : tid == 0 ? (request->wanted_tid ? -EEXIST : -EAGAIN) : 0;
    if (!error && (request->flags & CLONE_PIDFD)) {
        i64 pidfd = pidfd_install(process, request->pidfd);

        error = pidfd < 0 ? (int)pidfd : 0;
    }
    if (error) {
        if (tid != 0) {
            pid_release(tid);
        }
        if (child) {
            thread_discard(child);
        }
        if (process && !is_thread) {
            discard_process(process);
        }
        return error;
    }
    set_registers(child, request);
    set_thread_state(child, request, tid);
    if (request->flags & CLONE_PARENT_SETTID) {
        (void)put_user_u32(request->parent_tid, tid);
    }
    if (is_vfork) {
        process_get(process);
    }
    if (!is_thread && !(request->flags & CLONE_VM)) {
        process->mm->owner_pid = tid;
    }
    publish(child, request, tid);
    PROBE(FORK, task_id(current()), task_id(child->task), shared_entries,
          (request->flags & CLONE_VM) ? 1 : 0);
    if (!is_thread && process->limits[RLIMIT_CPU].current != RLIM_INFINITY) {
        itimer_limit_changed(process);
    }
    sched_start(child->task);
    if (is_vfork) {
        wait_for_vfork(process);
    }
    return tid;
}
