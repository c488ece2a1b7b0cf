/* SPDX-License-Identifier: MIT */
/*
 * process.c - the process table: making, finding and freeing processes and threads.
 *
 * Processes are found by pid and threads by tid through two small hash tables; the list
 * process_list exists for whole-table walks and for the monitor.  Pids come from a
 * bitmap and go round, so that a pid is reused as late as possible; one that still names
 * a process group or a session is not handed out.
 *
 * Locks: process_lock.  References are counted atomically; the last one frees.
 */
#include "proc/process.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "fs/context.h"
#include "fs/fdtable.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/layout.h"
#include "mm/space.h"
#include "probe.h"
#include "proc/itimer.h"
#include "proc/table.h"
#include "sync/time.h"

#define PID_LIMIT 32768u
#define HASH_SIZE 256u

struct spinlock process_lock = SPINLOCK("process");
struct process *process_list;
struct process *process_init;

static u64 pid_map[BITMAP_WORDS(PID_LIMIT)];
static u32 pid_limit = PID_LIMIT; /* numbers below it are given out; /proc/sys/kernel/pid_max */
static u32 pid_last;
static u32 process_total, thread_total;
static u64 fork_total;
static struct list process_hash[HASH_SIZE], thread_hash[HASH_SIZE];

void process_table_init(void)
{
    for (u32 i = 0; i < HASH_SIZE; i++) {
        list_init(&process_hash[i]);
        list_init(&thread_hash[i]);
    }
    bitmap_set(pid_map, 0);
}

struct process *process_find_locked(u32 pid)
{
    list_for_each(link, &process_hash[pid % HASH_SIZE])
    {
        struct process *process = list_entry(link, struct process, hash_link);

        if (process->pid == pid) {
            return process;
        }
    }
    return NULL;
}

struct thread *thread_find_locked(u32 tid)
{
    list_for_each(link, &thread_hash[tid % HASH_SIZE])
    {
        struct thread *thread = list_entry(link, struct thread, hash_link);

        if (thread->tid == tid) {
            return thread;
        }
    }
    return NULL;
}

struct process *process_find(u32 pid)
{
    struct process *process;

    spin_lock(&process_lock);
    process = process_find_locked(pid);
    if (process) {
        process_get(process);
    }
    spin_unlock(&process_lock);
    return process;
}

void process_get(struct process *process)
{
    atomic_add_u32(&process->refs, 1);
}

void process_put(struct process *process)
{
    if (process && atomic_add_u32(&process->refs, (u32)-1) == 1) {
        kassert(list_empty(&process->threads));
        signal_actions_put(process->actions);
        poll_wake(&process->ended);
        poll_wake(&process->readers); /* an epoll that outlives it has no more to do with it */
        kfree(process);
    }
}

/* Does the number still name a process group or a session? */
static bool is_group_or_session(u32 number)
{
    for (const struct process *each = process_list; each; each = each->next) {
        if (each->pgid == number || each->sid == number) {
            return true;
        }
    }
    return false;
}

u32 pid_allocate(void)
{
    u32 found = 0;

    spin_lock(&process_lock);
    for (u32 tries = 0; tries < pid_limit; tries++) {
        u64 next = bitmap_next_clear(pid_map, pid_limit, pid_last + 1);

        if (next == pid_limit) {
            next = bitmap_next_clear(pid_map, pid_limit, 2);
            if (next == pid_limit) {
                break;
            }
        }
        pid_last = (u32)next;
        if (!is_group_or_session((u32)next)) {
            bitmap_set(pid_map, next);
            found = (u32)next;
            break;
        }
    }
    spin_unlock(&process_lock);
    return found;
}

bool pid_take(u32 pid)
{
    bool taken = false;

    spin_lock(&process_lock);
    if (pid < pid_limit && !bitmap_test(pid_map, pid) && !is_group_or_session(pid)) {
        bitmap_set(pid_map, pid);
        taken = true;
    }
    spin_unlock(&process_lock);
    return taken;
}

void pid_release_locked(u32 pid)
{
    bitmap_clear(pid_map, pid);
}

void pid_reserve_locked(u32 pid)
{
    bitmap_set(pid_map, pid);
    pid_last = pid;
}

void pid_release(u32 pid)
{
    spin_lock(&process_lock);
    pid_release_locked(pid);
    spin_unlock(&process_lock);
}

u32 pid_maximum(void)
{
    return pid_limit;
}

u32 pid_highest(void)
{
    return PID_LIMIT;
}

void pid_set_maximum(u32 limit)
{
    spin_lock(&process_lock);
    pid_limit = limit;
    pid_last = pid_last >= limit ? 1 : pid_last;
    spin_unlock(&process_lock);
}

u32 pid_last_used(void)
{
    return pid_last;
}

static void set_default_limits(struct process *process)
{
    for (u32 i = 0; i < RLIMIT_COUNT; i++) {
        process->limits[i] = (struct abi_rlimit){RLIM_INFINITY, RLIM_INFINITY};
    }
    process->limits[RLIMIT_STACK].current = 8ull << 20;
    process->limits[RLIMIT_CORE].current = 0;
    process->limits[RLIMIT_NOFILE] = (struct abi_rlimit){1024, 4096};
    process->limits[RLIMIT_MEMLOCK] = (struct abi_rlimit){8ull << 20, 8ull << 20};
}

#define IS_LAST(type, member) (offsetof(type, member) + sizeof(((type *)0)->member) == sizeof(type))

_Static_assert(IS_LAST(struct process, pending) && IS_LAST(struct thread, pending),
               "all before it is zeroed");

struct process *process_create(struct process *parent)
{
    struct process *process = kalloc_partly(sizeof *process, offsetof(struct process, pending));

    if (!process) {
        return NULL;
    }
    process->refs = 1;
    process->state = process->shown_state = PROCESS_RUNNABLE;
    list_init(&process->hash_link);
    list_init(&process->children);
    list_init(&process->sibling);
    list_init(&process->threads);
    signal_pending_init(&process->pending);
    poll_source_init(&process->readers);
    poll_source_init(&process->ended);
    wait_init(&process->child_wait);
    wait_init(&process->stop_wait);
    wait_init(&process->vfork_wait);
    itimer_setup(process);
    list_init(&process->posix_timers);
    process->start_ns = time_now_ns();
    if (parent) {
        process->pgid = parent->pgid;
        process->sid = parent->sid;
        process->tty = parent->tty;
        process->ids = parent->ids;
        process->no_new_privs = parent->no_new_privs;
        process->personality = parent->personality;
        process->barriers = parent->barriers;
        memcpy(process->limits, parent->limits, sizeof process->limits);
        memcpy(process->name, parent->name, sizeof process->name);
    } else {
        set_default_limits(process);
    }
    return process;
}

/* Puts a process with its first thread into the table.  process_lock. */
void process_publish_locked(struct process *process, struct process *parent)
{
    process->parent = parent;
    if (parent) {
        process->parent_pid = parent->pid;
        list_push_back(&parent->children, &process->sibling);
    }
    list_push_front(&process_hash[process->pid % HASH_SIZE], &process->hash_link);
    process->next = process_list;
    process->link = &process_list;
    if (process_list) {
        process_list->link = &process->next;
    }
    process_list = process;
    process_total++;
    fork_total++;
}

/* Takes a zombie out of the table; its pid is free from now on.  process_lock. */
void process_withdraw_locked(struct process *process)
{
    list_remove(&process->sibling);
    list_remove(&process->hash_link);
    *process->link = process->next;
    if (process->next) {
        process->next->link = process->link;
    }
    process->state = PROCESS_UNUSED;
    process_total--;
    pid_release_locked(process->pid);
}

struct thread *thread_create(struct process *process)
{
    struct thread *thread = kalloc_partly(sizeof *thread, offsetof(struct thread, pending));

    if (!thread) {
        return NULL;
    }
    thread->task = task_create_user(process->name);
    if (!thread->task) {
        kfree(thread);
        return NULL;
    }
    thread->process = process;
    thread->task->process = process;
    thread->task->thread = thread;
    thread->task->ids = &process->ids;
    thread->timer_slack = TIMER_SLACK_DEFAULT;
    thread->task->mm = process->mm;
    list_init(&thread->link);
    list_init(&thread->hash_link);
    signal_pending_init(&thread->pending);
    thread->signal_stack.flags = SS_DISABLE;
    return thread;
}

void thread_discard(struct thread *thread)
{
    thread->task->mm = NULL;
    thread->task->process = NULL;
    thread->task->thread = NULL;
    task_put(thread->task);
    kfree(thread);
}

/* Makes the thread one of its process.  process_lock. */
void thread_publish_locked(struct thread *thread, u32 tid)
{
    struct process *process = thread->process;

    thread->tid = tid;
    thread->task->tid = tid;
    thread->task->pid = process->pid;
    list_push_back(&process->threads, &thread->link);
    list_push_front(&thread_hash[tid % HASH_SIZE], &thread->hash_link);
    if (process->live_threads++ == 0) {
        thread->task->shown_state = &process->shown_state;
    }
    thread_total++;
}

/* The opposite; the tid stays taken.  process_lock. */
void thread_withdraw_locked(struct thread *thread)
{
    list_remove(&thread->link);
    list_remove(&thread->hash_link);
    signal_pending_discard(&thread->pending, ~0ull);
    thread->process->live_threads--;
    thread->task->shown_state = &task_state_not_shown;
    thread_total--;
}

void process_show_stopped_locked(struct process *process, bool stopped)
{
    process->state = process->shown_state = stopped ? PROCESS_STOPPED : PROCESS_RUNNABLE;
    list_for_each(link, &process->threads)
    {
        struct thread *thread = list_entry(link, struct thread, link);

        if (thread->tid == process->pid) { /* its sleeping and waking must not overwrite that */
            thread->task->shown_state = stopped ? &task_state_not_shown : &process->shown_state;
        }
    }
}

/* exec by a thread that is not the first: it goes on under the process's pid. */
void thread_rename_locked(struct thread *thread, u32 tid)
{
    list_remove(&thread->hash_link);
    pid_release_locked(thread->tid);
    thread->tid = tid;
    thread->task->tid = tid;
    thread->task->shown_state = &thread->process->shown_state;
    list_push_front(&thread_hash[tid % HASH_SIZE], &thread->hash_link);
}

void usage_add(struct usage *to, const struct usage *from)
{
    to->user_ns += from->user_ns;
    to->system_ns += from->system_ns;
    to->min_flt += from->min_flt;
    to->maj_flt += from->maj_flt;
    to->maxrss = max_u64(to->maxrss, from->maxrss);
    to->voluntary += from->voluntary;
    to->involuntary += from->involuntary;
}

void thread_usage(const struct thread *thread, struct usage *out)
{
    const struct task *task = thread->task;

    const struct task_times times = task_times(task);

    *out = (struct usage){.user_ns = time_ns_of(times.user),
                          .system_ns = time_ns_of(times.system),
                          .min_flt = task->minor_faults,
                          .maj_flt = task->major_faults,
                          .voluntary = task->voluntary_switches,
                          .involuntary = task->involuntary_switches};
}

u64 mm_peak(const struct mm *mm)
{
    return max_u64(mm->rss_peak, mm_resident(mm));
}

void process_usage_locked(const struct process *process, struct usage *out)
{
    *out = process->dead_threads;
    list_for_each(link, &process->threads)
    {
        struct usage one;

        thread_usage(list_entry(link, struct thread, link), &one);
        usage_add(out, &one);
    }
    if (process->mm) {
        out->maxrss = max_u64(out->maxrss, mm_peak(process->mm));
    }
}

void process_usage(struct process *process, struct usage *out)
{
    spin_lock(&process_lock);
    process_usage_locked(process, out);
    spin_unlock(&process_lock);
}

u32 process_count(void)
{
    return process_total;
}

u32 thread_count(void)
{
    return thread_total;
}

u64 process_forks(void)
{
    return fork_total;
}

void process_set_name(struct process *process, const char *path)
{
    const char *slash = strrchr(path, '/');
    char name[16] = {0};

    (void)string_copy(name, slash ? slash + 1 : path, sizeof name);
    memcpy(process->name, name, sizeof name);
    if (process == current()->process) {
        memcpy(current()->name, name, sizeof name);
    }
}

void process_fill_layout(struct probe_layout *layout)
{
    layout->process_list = direct_physical(&process_list);
    layout->process_next = offsetof(struct process, next);
    layout->process_pid = offsetof(struct process, pid);
    layout->process_parent_pid = offsetof(struct process, parent_pid);
    layout->process_name = offsetof(struct process, name);
    layout->process_state = offsetof(struct process, shown_state);
    layout->process_mm = offsetof(struct process, mm);
}
