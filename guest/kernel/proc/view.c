/* SPDX-License-Identifier: MIT */
/*
 * view.c - what /proc shows of processes.
 *
 * Each file is text made at the moment it is opened.  The process is held by a
 * reference and its address space by another, so that it may end meanwhile.
 * Formats: Linux proc(5); programs (ps, tests) parse them.
 */
#include "fs/procview.h"

#include "abi/errno.h"
#include "dev/tty.h"
#include "fs/context.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fs/text.h"
#include "mm/kalloc.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/oom.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/init.h"
#include "proc/process.h"
#include "proc/table.h"
#include "proc/view.h"
#include "sync/sched.h"
#include "sync/time.h"

const struct proc_view_ops *proc_view_ops;

#define NS_PER_TICK (1000000000ul / USER_HZ)

/* --- finding -------------------------------------------------------------------------------------
 */

struct mm *process_mm_get(struct process *process)
{
    struct mm *mm;

    spin_lock(&process_lock);
    mm = process->mm ? mm_get(process->mm) : NULL;
    spin_unlock(&process_lock);
    return mm;
}

bool process_may_look(const struct process *process)
{
    const struct credentials *own = &current_process()->ids, *other = &process->ids;

    return own->euid == 0 || (own->uid == other->uid && own->uid == other->euid &&
                              own->uid == other->suid && own->gid == other->gid);
}

/* The process with this pid or with a thread of this number.  process_lock. */
static struct process *find_locked(u32 id)
{
    struct process *process = process_find_locked(id);
    struct thread *thread = process ? NULL : thread_find_locked(id);

    return thread ? thread->process : process;
}

/* => with a reference, or NULL */
static struct process *find(u32 id)
{
    struct process *process;

    spin_lock(&process_lock);
    process = find_locked(id);
    if (process) {
        process_get(process);
    }
    spin_unlock(&process_lock);
    return process;
}

static u32 current_pid(void)
{
    return current_process()->pid;
}

static u32 current_tid(void)
{
    return current_thread()->tid;
}

static u32 next_pid(u32 after)
{
    u32 best = 0;

    spin_lock(&process_lock);
    for (const struct process *each = process_list; each; each = each->next) {
        if (each->pid > after && (best == 0 || each->pid < best)) {
            best = each->pid;
        }
    }
    spin_unlock(&process_lock);
    return best;
}

static bool exists(u32 pid)
{
    bool found;

    spin_lock(&process_lock);
    found = find_locked(pid) != NULL;
    spin_unlock(&process_lock);
    return found;
}

static void owner(u32 pid, u32 *uid, u32 *gid)
{
    const struct process *process;

    *uid = *gid = 0;
    spin_lock(&process_lock);
    process = find_locked(pid);
    if (process) {
        *uid = process->ids.euid;
        *gid = process->ids.egid;
    }
    spin_unlock(&process_lock);
}

static u32 next_tid(u32 pid, u32 after)
{
    struct process *process;
    u32 best = 0;

    spin_lock(&process_lock);
    process = find_locked(pid);
    if (process) {
        list_for_each(link, &process->threads)
        {
            u32 tid = list_entry(link, struct thread, link)->tid;

            if (tid > after && (best == 0 || tid < best)) {
                best = tid;
            }
        }
    }
    spin_unlock(&process_lock);
    return best;
}

/* --- status, stat
 * ---------------------------------------------------------------------------------- */

/* Everything of a process that its text files show, taken at one moment. */
struct snapshot {
    char state;
    u32 pid, group, parent, pgid, sid, tty, foreground, threads;
    struct usage usage, children;
    u64 pending, shared_pending, blocked, ignored, caught;
    struct credentials ids;
    char name[17];
};

static char thread_letter(const struct thread *thread)
{
    if (thread->task->state == TASK_RUNNABLE || thread->task->state == TASK_RUNNING) {
        return 'R';
    }
    return thread->task->interruptible ? 'S' : 'D';
}

/* That of the thread of this number; of the first one where the number is the process's. */
static char state_letter(const struct process *process, u32 id)
{
    if (process->state == PROCESS_ZOMBIE) {
        return 'Z';
    }
    if (process->state == PROCESS_STOPPED) {
        return 'T';
    }
    list_for_each(link, &process->threads)
    {
        const struct thread *thread = list_entry(link, struct thread, link);

        if (thread->tid == id) {
            return thread_letter(thread);
        }
    }
    return 'Z';
}

static void take_signals(const struct process *process, struct snapshot *out)
{
    out->shared_pending = process->pending.set;
    for (u32 signo = 1; signo <= SIGNAL_COUNT; signo++) {
        u64 handler = process->actions->action[signo].handler;

        if (handler == SIG_IGN) {
            out->ignored |= signal_bit(signo);
        } else if (handler != SIG_DFL) {
            out->caught |= signal_bit(signo);
        }
    }
    if (!list_empty(&process->threads)) {
        const struct thread *first = list_first(&process->threads, struct thread, link);

        out->pending = first->pending.set;
        out->blocked = first->mask;
    }
}

static void take_snapshot(struct process *process, u32 id, struct snapshot *out)
{
    const struct thread *thread;

    *out = (struct snapshot){.pid = id, .group = process->pid};
    spin_lock(&process_lock);
    thread = id == process->pid ? NULL : thread_find_locked(id);
    out->state = state_letter(process, id);
    out->parent = process->parent_pid;
    out->pgid = process->pgid;
    out->sid = process->sid;
    out->threads = process->live_threads;
    out->ids = process->ids;
    out->children = process->children_usage;
    if (process->tty) {
        out->tty = (u32)tty_device(process->tty);
        out->foreground = process->tty->foreground;
    }
    for (u32 i = 0; i < 16; i++) {
        out->name[i] = thread ? thread->task->name[i] : process->name[i];
    }
    if (thread) {
        thread_usage(thread, &out->usage);
    } else {
        process_usage_locked(process, &out->usage);
    }
    take_signals(process, out);
    spin_unlock(&process_lock);
}

static void show_stat(struct process *process, u32 id, struct mm *mm, struct text_buffer *out)
{
    struct snapshot s;

    take_snapshot(process, id, &s);
    text_printf(out, "%u (%s) %c %u %u %u %u %d 0 %lu %lu %lu %lu", s.pid, s.name, s.state,
                s.parent, s.pgid, s.sid, s.tty, s.foreground ? (i32)s.foreground : -1,
                s.usage.min_flt, s.children.min_flt, s.usage.maj_flt, s.children.maj_flt);
    text_printf(out, " %lu %lu %lu %lu 20 0 %u 0 %lu %lu %lu %lu", s.usage.user_ns / NS_PER_TICK,
                s.usage.system_ns / NS_PER_TICK, s.children.user_ns / NS_PER_TICK,
                s.children.system_ns / NS_PER_TICK, s.threads, process->start_ns / NS_PER_TICK,
                mm ? mm->total_pages * PAGE_SIZE : 0, mm ? mm_resident(mm) : 0,
                process->limits[RLIMIT_RSS].current);
    text_printf(out, " %lu %lu %lu 0 0 0 %lu %lu %lu 0 0 0 17 0 0 0 0 0 0", mm ? mm->code_start : 0,
                mm ? mm->code_end : 0, mm ? mm->stack_start : 0, s.blocked, s.ignored, s.caught);
    text_printf(out, " %lu %lu %lu %lu %lu %lu %lu 0\n", mm ? mm->data_start : 0,
                mm ? mm->data_end : 0, mm ? mm->brk_start : 0, mm ? mm->arg_start : 0,
                mm ? mm->arg_end : 0, mm ? mm->env_start : 0, mm ? mm->env_end : 0);
}

static const char *state_word(char letter)
{
    switch (letter) {
    case 'R':
        return "R (running)";
    case 'S':
        return "S (sleeping)";
    case 'D':
        return "D (disk sleep)";
    case 'T':
        return "T (stopped)";
    default:
        return "Z (zombie)";
    }
}

static void show_memory(const struct mm *mm, struct text_buffer *out)
{
    const u64 kib = PAGE_SIZE / 1024;

    text_printf(out, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t%8u kB\n",
                max_u64(mm->total_peak, mm->total_pages) * kib, mm->total_pages * kib,
                mm->locked_pages * kib, 0u);
    text_printf(out, "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\nRssAnon:\t%8lu kB\nRssFile:\t%8lu kB\n",
                max_u64(mm->rss_peak, mm_resident(mm)) * kib, mm_resident(mm) * kib,
                mm->rss_anon * kib, mm->rss_file * kib);
    text_printf(out, "RssShmem:\t%8lu kB\nVmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\n",
                mm->rss_shm * kib, mm->data_pages * kib, mm->stack_pages * kib,
                (mm->code_end - mm->code_start) / 1024);
    text_printf(out, "VmLib:\t%8u kB\nVmPTE:\t%8lu kB\nVmSwap:\t%8lu kB\n", 0u,
                mm->table_pages * kib, mm->swap_entries * kib);
}

static void show_status(struct process *process, u32 id, struct mm *mm, struct text_buffer *out)
{
    struct snapshot s;

    take_snapshot(process, id, &s);
    text_printf(out, "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%u\nPid:\t%u\nPPid:\t%u\n",
                s.name, process->fs ? process->fs->umask : 0, state_word(s.state), s.group, s.pid,
                s.parent);
    text_printf(out, "TracerPid:\t0\nUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", s.ids.uid,
                s.ids.euid, s.ids.suid, s.ids.fsuid, s.ids.gid, s.ids.egid, s.ids.sgid,
                s.ids.fsgid);
    text_printf(out, "FDSize:\t256\nGroups:\t");
    for (u32 i = 0; i < s.ids.group_count; i++) {
        text_printf(out, "%u ", s.ids.groups[i]);
    }
    text_printf(out, "\n");
    if (mm) {
        show_memory(mm, out);
    }
    text_printf(out, "Threads:\t%u\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n", s.threads,
                s.pending, s.shared_pending, s.blocked);
    text_printf(out, "SigIgn:\t%016lx\nSigCgt:\t%016lx\nNoNewPrivs:\t%u\nSeccomp:\t0\n", s.ignored,
                s.caught, process->no_new_privs);
    text_printf(out, "Cpus_allowed:\t%lx\nCpus_allowed_list:\t0-%u\n", (1ul << hart_count) - 1,
                hart_count - 1);
    text_printf(out, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
                s.usage.voluntary, s.usage.involuntary);
}

static const struct {
    const char *name, *unit;
} limit_names[RLIMIT_COUNT] = {
    {"Max cpu time", "seconds"},     {"Max file size", "bytes"},
    {"Max data size", "bytes"},      {"Max stack size", "bytes"},
    {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
    {"Max processes", "processes"},  {"Max open files", "files"},
    {"Max locked memory", "bytes"},  {"Max address space", "bytes"},
    {"Max file locks", "locks"},     {"Max pending signals", "signals"},
    {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
    {"Max realtime priority", ""},   {"Max realtime timeout", "us"},
};

static void show_limit(u64 value, struct text_buffer *out)
{
    if (value == RLIM_INFINITY) {
        text_printf(out, "%-20s ", "unlimited");
    } else {
        text_printf(out, "%-20lu ", value);
    }
}

static void show_limits(const struct process *process, struct text_buffer *out)
{
    text_printf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (u32 i = 0; i < RLIMIT_COUNT; i++) {
        text_printf(out, "%-25s ", limit_names[i].name);
        show_limit(process->limits[i].current, out);
        show_limit(process->limits[i].maximum, out);
        text_printf(out, "%-10s\n", limit_names[i].unit);
    }
}

/* --- one file
 * ---------------------------------------------------------------------------------------- */

static void show_name(struct process *process, u32 id, struct text_buffer *out)
{
    struct snapshot s;

    take_snapshot(process, id, &s);
    text_printf(out, "%s\n", s.name);
}

static int show_of(struct process *process, u32 id, struct mm *mm, enum proc_view_file what,
                   struct text_buffer *out)
{
    switch (what) {
    case PROC_VIEW_STAT:
        show_stat(process, id, mm, out);
        return 0;
    case PROC_VIEW_STATUS:
        show_status(process, id, mm, out);
        return 0;
    case PROC_VIEW_COMM:
        show_name(process, id, out);
        return 0;
    case PROC_VIEW_LIMITS:
        show_limits(process, out);
        return 0;
    case PROC_VIEW_OOM_SCORE:
        text_printf(out, "%u\n", mm ? oom_score(mm) : 0);
        return 0;
    case PROC_VIEW_OOM_SCORE_ADJ:
        text_printf(out, "%d\n", mm ? mm->oom_score_adj : 0);
        return 0;
    default:
        return memory_view_show(mm, what, out);
    }
}

static int show(u32 pid, enum proc_view_file what, struct text_buffer *out)
{
    struct process *process = find(pid);
    struct mm *mm;
    int error;

    if (!process) {
        return -ESRCH;
    }
    mm = process_mm_get(process);
    error = show_of(process, pid, mm, what, out);
    if (mm) {
        mm_put(mm);
    }
    process_put(process);
    return error;
}

static int set_oom_score_adj(u32 pid, i32 value)
{
    struct process *process = find(pid);
    struct mm *mm;

    if (!process) {
        return -ESRCH;
    }
    if (value < -1000 || value > 1000) {
        process_put(process);
        return -EINVAL;
    }
    mm = process_mm_get(process);
    if (mm) {
        mm->oom_score_adj = value;
        mm_put(mm);
    }
    process_put(process);
    return 0;
}

static i64 pagemap(u32 pid, u64 first, u64 *words, u64 count)
{
    struct process *process = find(pid);
    struct mm *mm = process ? process_mm_get(process) : NULL;
    u64 last = (1ull << 38) >> PAGE_SHIFT, done = 0;

    if (mm) {
        for (; done < count && first + done < last; done++) {
            words[done] = mm_pagemap_entry(mm, (first + done) << PAGE_SHIFT);
        }
        mm_put(mm);
    }
    process_put(process);
    return process ? (i64)done : -ESRCH;
}

static int memory(u32 pid, u64 address, void *bytes, size_t size, bool write)
{
    struct process *process = find(pid);
    struct mm *mm = process ? process_mm_get(process) : NULL;
    int error = !mm ? -ESRCH : !process_may_look(process) ? -EACCES : 0;

    if (!error) {
        error = !user_range_ok(address, size) ? -EIO
                : write                       ? mm_write_remote(mm, address, bytes, size)
                                              : mm_read_remote(mm, address, bytes, size);
        error = error ? -EIO : 0;
    }
    if (mm) {
        mm_put(mm);
    }
    process_put(process);
    return error;
}

/* --- files and places
 * -------------------------------------------------------------------------------- */

/* The table with a reference; NULL for zombies. */
static struct file_table *files_of(u32 pid)
{
    struct file_table *files = NULL;
    struct process *process;

    spin_lock(&process_lock);
    process = find_locked(pid);
    if (process && process->files && !list_empty(&process->threads)) {
        files = process->files;
        file_table_get(files);
    }
    spin_unlock(&process_lock);
    return files;
}

static int next_fd(u32 pid, int from)
{
    struct file_table *files = files_of(pid);
    int fd = files ? fd_next(files, (u32)from) : -1;

    file_table_put(files);
    return fd;
}

static struct file *fd_file(u32 pid, int fd)
{
    struct file_table *files = files_of(pid);
    struct file *file = files ? fd_get(files, fd) : NULL;

    file_table_put(files);
    return file;
}

/* Where an inode is, as the reader of /proc sees it. */
static i64 path_text(struct inode *inode, char *out, u64 size)
{
    struct inode *root = fs_context_root(current_process()->fs);
    i64 length = path_of_inode(inode, root, out, size);

    inode_put(root);
    return length;
}

static i64 exe_path(u32 pid, char *out, u64 size)
{
    struct process *process = find(pid);
    struct mm *mm = process ? process_mm_get(process) : NULL;
    i64 length = process ? -ENOENT : -ESRCH;

    if (mm) {
        if (mm->exe) {
            length = path_text(mm->exe, out, size);
        }
        mm_put(mm);
    }
    process_put(process);
    return length;
}

static i64 cwd_path(u32 pid, char *out, u64 size)
{
    struct process *process;
    struct inode *cwd = NULL;
    i64 length = -ENOENT;

    spin_lock(&process_lock);
    process = find_locked(pid);
    if (process && process->fs && !list_empty(&process->threads)) {
        cwd = fs_context_cwd(process->fs);
    }
    spin_unlock(&process_lock);
    if (cwd) {
        length = path_text(cwd, out, size);
        inode_put(cwd);
    }
    return length;
}

static u32 running_count(void)
{
    return (u32)sched_runnable();
}

static const struct proc_view_ops views = {
    .current_pid = current_pid,
    .current_tid = current_tid,
    .next_pid = next_pid,
    .exists = exists,
    .owner = owner,
    .next_tid = next_tid,
    .show = show,
    .set_oom_score_adj = set_oom_score_adj,
    .pagemap = pagemap,
    .memory = memory,
    .next_fd = next_fd,
    .fd_file = fd_file,
    .exe_path = exe_path,
    .cwd_path = cwd_path,
    .process_count = thread_count,
    .running_count = running_count,
    .last_pid = pid_last_used,
    .forks = process_forks,
};

void view_init(void)
{
    proc_view_ops = &views;
}
