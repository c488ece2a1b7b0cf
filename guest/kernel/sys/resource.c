/* SPDX-License-Identifier: MIT */
/* resource.c - use and limits of resources, sysinfo. */
#include "abi/errno.h"
#include "abi/time.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/mmap.h"
#include "mm/shm.h"
#include "mm/swap.h"
#include "mm/uaccess.h"
#include "proc/itimer.h"
#include "proc/process.h"
#include "proc/table.h"
#include "sync/sched.h"
#include "sync/time.h"
#include "sys/rusage.h"
#include "sys/sys.h"

#define FILES_MOST 1048576u /* /proc/sys/fs/nr_open */
#define NS_PER_SECOND 1000000000ull
#define NS_PER_TICK (NS_PER_SECOND / USER_HZ)

static struct abi_timeval timeval_of(u64 ns)
{
    return (struct abi_timeval){(i64)(ns / NS_PER_SECOND), (i64)(ns % NS_PER_SECOND / 1000)};
}

int rusage_put(u64 user, const struct usage *usage)
{
    const struct abi_rusage out = {.utime = timeval_of(usage->user_ns),
                                   .stime = timeval_of(usage->system_ns),
                                   .maxrss = (i64)(usage->maxrss * (PAGE_SIZE / 1024)),
                                   .minflt = (i64)usage->min_flt,
                                   .majflt = (i64)usage->maj_flt,
                                   .nvcsw = (i64)usage->voluntary,
                                   .nivcsw = (i64)usage->involuntary};

    return copy_to_user(user, &out, sizeof out);
}

i64 sys_getrusage(const u64 *a)
{
    struct process *process = current_process();
    struct usage usage;

    switch ((int)a[0]) {
    case RUSAGE_SELF:
        process_usage(process, &usage);
        break;
    case RUSAGE_CHILDREN:
        spin_lock(&process_lock);
        usage = process->children_usage;
        spin_unlock(&process_lock);
        break;
    case RUSAGE_THREAD:
        thread_usage(current_thread(), &usage);
        usage.maxrss = mm_peak(process->mm);
        break;
    default:
        return -EINVAL;
    }
    return rusage_put(a[1], &usage);
}

i64 sys_times(const u64 *a)
{
    struct process *process = current_process();
    struct abi_tms out;
    struct usage usage;

    process_usage(process, &usage);
    spin_lock(&process_lock);
    out = (struct abi_tms){(i64)(usage.user_ns / NS_PER_TICK), (i64)(usage.system_ns / NS_PER_TICK),
                           (i64)(process->children_usage.user_ns / NS_PER_TICK),
                           (i64)(process->children_usage.system_ns / NS_PER_TICK)};
    spin_unlock(&process_lock);
    if (a[0] != 0 && copy_to_user(a[0], &out, sizeof out) != 0) {
        return -EFAULT;
    }
    return (i64)(time_now_ns() / NS_PER_TICK);
}

/* Reads and/or replaces a limit. */
static i64 change_limit(struct process *process, u32 which, const struct abi_rlimit *new_limit,
                        struct abi_rlimit *old)
{
    i64 result = 0;

    if (which >= RLIMIT_COUNT) {
        return -EINVAL;
    }
    spin_lock(&process_lock);
    *old = process->limits[which];
    if (new_limit) {
        if (new_limit->current > new_limit->maximum) {
            result = -EINVAL;
        } else if (which == RLIMIT_NOFILE && new_limit->maximum > FILES_MOST) {
            result = -EPERM;
        } else if (new_limit->maximum > old->maximum && current_process()->ids.euid != 0) {
            result = -EPERM;
        } else {
            process->limits[which] = *new_limit;
            if (process->mm) {
                mm_apply_limits(process->mm, process);
            }
        }
    }
    spin_unlock(&process_lock);
    if (new_limit && which == RLIMIT_CPU) {
        itimer_limit_changed(process);
    }
    return result;
}

static i64 limit_call(struct process *process, u64 which, u64 user_new, u64 user_old)
{
    struct abi_rlimit new_limit, old;
    i64 result;

    if (user_new != 0 && copy_from_user(&new_limit, user_new, sizeof new_limit) != 0) {
        return -EFAULT;
    }
    result = change_limit(process, (u32)which, user_new ? &new_limit : NULL, &old);
    if (result == 0 && user_old != 0) {
        result = copy_to_user(user_old, &old, sizeof old);
    }
    return result;
}

i64 sys_prlimit64(const u64 *a)
{
    struct process *process;
    i64 result;

    if ((i32)a[0] == 0) {
        return limit_call(current_process(), a[1], a[2], a[3]);
    }
    process = process_find((u32)a[0]);
    if (!process) {
        return -ESRCH;
    }
    result = limit_call(process, a[1], a[2], a[3]);
    process_put(process);
    return result;
}

i64 sys_getrlimit(const u64 *a)
{
    return limit_call(current_process(), a[0], 0, a[1]);
}

i64 sys_setrlimit(const u64 *a)
{
    return limit_call(current_process(), a[0], a[1], 0);
}

i64 sys_sysinfo(const u64 *a)
{
    struct swap_info swap;
    struct abi_sysinfo out = {.uptime = (i64)(time_now_ns() / NS_PER_SECOND),
                              .totalram = frames_usable * PAGE_SIZE,
                              .freeram = frames_free_count() * PAGE_SIZE,
                              .sharedram = shm_pages() * PAGE_SIZE,
                              .procs = (u16)thread_count(),
                              .mem_unit = 1};

    out.loads[0] = out.loads[1] = out.loads[2] = sched_runnable() << 16;
    if (swap_get_info(&swap)) {
        out.totalswap = swap.total_pages * PAGE_SIZE;
        out.freeswap = (swap.total_pages - swap.used_pages) * PAGE_SIZE;
    }
    return copy_to_user(a[0], &out, sizeof out);
}
