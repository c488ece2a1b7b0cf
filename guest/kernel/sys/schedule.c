/* SPDX-License-Identifier: MIT */
/*
 * schedule.c - priorities, policies and the harts that a thread may run on.
 *
 * The scheduler lets everybody take turns.  Nice values and policies are kept and told, with
 * the permissions that changing them needs, and make no difference; affinity does.
 * Source: POSIX.1-2017 setpriority(), sched_setscheduler(); Linux sched(7).
 */
#include "abi/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/table.h"
#include "sync/hart.h"
#include "sync/sched.h"
#include "sys/sys.h"

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2
#define NICE_LEAST (-20)
#define NICE_MOST 19

#define SCHED_OTHER 0u
#define SCHED_FIFO 1u
#define SCHED_RR 2u
#define SCHED_BATCH 3u
#define SCHED_IDLE 5u
#define SCHED_RESET_ON_FORK 0x40000000u
#define REALTIME_MOST 99

static bool may_change(const struct thread *thread)
{
    const struct credentials *ids = &thread->process->ids;
    u32 euid = current_process()->ids.euid;

    return euid == 0 || euid == ids->uid || euid == ids->euid;
}

/* --- nice values ----------------------------------------------------------------------------- */

/* One of those that getpriority and setpriority mean?  process_lock. */
static bool is_meant(const struct thread *thread, u64 which, u32 who)
{
    const struct process *process = thread->process;

    switch (which) {
    case PRIO_PROCESS:
        return who == 0 ? thread == current_thread() : thread->tid == who;
    case PRIO_PGRP:
        return process->pgid == (who ? who : current_process()->pgid);
    default:
        return process->ids.uid == (who ? who : current_process()->ids.uid);
    }
}

/* => 0, -EPERM (another's), -EACCES (to a better one without privilege) */
static i64 set_nice(struct thread *thread, i32 nice)
{
    if (!may_change(thread)) {
        return -EPERM;
    }
    if (nice < thread->nice && current_process()->ids.euid != 0) {
        return -EACCES;
    }
    thread->nice = (i8)nice;
    return 0;
}

/* Visits the threads that are meant.  nice NULL: asks.  => 0, 20 - the least nice value, -errno */
static i64 each_meant(u64 which, u32 who, const i32 *nice)
{
    i64 result = -ESRCH;

    if (which > PRIO_USER) {
        return -EINVAL;
    }
    spin_lock(&process_lock);
    for (struct process *process = process_list; process; process = process->next) {
        list_for_each(link, &process->threads)
        {
            struct thread *thread = list_entry(link, struct thread, link);

            if (!is_meant(thread, which, who)) {
                continue;
            }
            if (nice) {
                i64 error = set_nice(thread, *nice);

                result = error ? error : result == -ESRCH ? 0 : result;
            } else if (20 - thread->nice > result) {
                result = 20 - thread->nice;
            }
        }
    }
    spin_unlock(&process_lock);
    return result;
}

i64 sys_getpriority(const u64 *a)
{
    return each_meant((u32)a[0], (u32)a[1], NULL);
}

i64 sys_setpriority(const u64 *a)
{
    i32 nice = (i32)a[2];

    nice = nice < NICE_LEAST ? NICE_LEAST : nice > NICE_MOST ? NICE_MOST : nice;
    return each_meant((u32)a[0], (u32)a[1], &nice);
}

/* --- policies -------------------------------------------------------------------------------- */

/* The thread that a sched_* call names; 0 is the caller.  Under process_lock. */
static struct thread *named_thread(u64 tid)
{
    return (u32)tid == 0 ? current_thread() : thread_find_locked((u32)tid);
}

static bool is_realtime(u32 policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_policy(u32 policy)
{
    return policy <= SCHED_BATCH || policy == SCHED_IDLE;
}

/* policy ~0: as it is.  => 0, -EINVAL, -ESRCH, -EPERM */
static i64 set_policy(u64 tid, u32 policy, u64 user)
{
    struct thread *thread;
    i64 error = 0;
    u32 priority;

    if (user == 0 || (i32)tid < 0 || (policy != ~0u && !is_policy(policy))) {
        return -EINVAL;
    }
    if (get_user_u32(user, &priority) != 0) {
        return -EFAULT;
    }
    spin_lock(&process_lock);
    thread = named_thread(tid);
    policy = policy != ~0u ? policy : thread ? thread->policy : SCHED_OTHER;
    if (!thread) {
        error = -ESRCH;
    } else if (is_realtime(policy) ? priority < 1 || priority > (u32)REALTIME_MOST
                                   : priority != 0) {
        error = -EINVAL;
    } else if (!may_change(thread) || (is_realtime(policy) && current_process()->ids.euid != 0)) {
        error = -EPERM;
    } else {
        thread->policy = (u8)policy;
        thread->realtime_priority = (u8)priority;
    }
    spin_unlock(&process_lock);
    return error;
}

i64 sys_sched_setscheduler(const u64 *a)
{
    u32 policy = (u32)a[1] & ~SCHED_RESET_ON_FORK;

    return (i32)a[1] < 0 ? -EINVAL : set_policy(a[0], policy, a[2]);
}

i64 sys_sched_setparam(const u64 *a)
{
    return set_policy(a[0], ~0u, a[1]);
}

/* => 0, -EINVAL, -ESRCH */
static i64 get_policy(u64 tid, u32 *policy, u32 *priority)
{
    struct thread *thread;

    if ((i32)tid < 0) {
        return -EINVAL;
    }
    spin_lock(&process_lock);
    thread = named_thread(tid);
    *policy = thread ? thread->policy : 0;
    *priority = thread ? thread->realtime_priority : 0;
    spin_unlock(&process_lock);
    return thread ? 0 : -ESRCH;
}

i64 sys_sched_getscheduler(const u64 *a)
{
    u32 policy, priority;
    i64 error = get_policy(a[0], &policy, &priority);

    return error ? error : policy;
}

i64 sys_sched_getparam(const u64 *a)
{
    u32 policy, priority;
    i64 error = a[1] == 0 ? -EINVAL : get_policy(a[0], &policy, &priority);

    return error ? error : put_user_u32(a[1], priority);
}

i64 sys_sched_rr_get_interval(const u64 *a)
{
    u32 policy, priority;
    i64 error = get_policy(a[0], &policy, &priority);

    return error ? error : sys_put_time(a[1], policy == SCHED_FIFO ? 0 : SLICE_NS);
}

i64 sys_sched_get_priority_max(const u64 *a)
{
    u32 policy = (u32)a[0];

    return !is_policy(policy) ? -EINVAL : is_realtime(policy) ? REALTIME_MOST : 0;
}

i64 sys_sched_get_priority_min(const u64 *a)
{
    u32 policy = (u32)a[0];

    return !is_policy(policy) ? -EINVAL : is_realtime(policy);
}

/* --- harts ----------------------------------------------------------------------------------- */

i64 sys_sched_yield(const u64 *a)
{
    (void)a;
    sched_yield();
    return 0;
}

i64 sys_sched_getaffinity(const u64 *a)
{
    struct thread *thread;
    u64 mask = 0;

    if (a[1] < sizeof mask || a[1] % sizeof mask != 0) {
        return -EINVAL;
    }
    spin_lock(&process_lock);
    thread = named_thread(a[0]);
    if (thread) {
        mask = thread->task->affinity & ((1ull << hart_count) - 1);
    }
    spin_unlock(&process_lock);
    if (!thread) {
        return -ESRCH;
    }
    return put_user_u64(a[2], mask) ? -EFAULT : (i64)sizeof mask;
}

i64 sys_sched_setaffinity(const u64 *a)
{
    struct thread *thread;
    u64 mask = 0;

    if (copy_from_user(&mask, a[2], min_u64(a[1], sizeof mask)) != 0) {
        return -EFAULT;
    }
    mask &= (1ull << hart_count) - 1;
    if (mask == 0) {
        return -EINVAL;
    }
    spin_lock(&process_lock);
    thread = named_thread(a[0]);
    if (thread && !may_change(thread)) {
        spin_unlock(&process_lock);
        return -EPERM;
    }
    if (thread) {
        thread->task->affinity = mask;
    }
    spin_unlock(&process_lock);
    if (thread == current_thread()) {
        sched_yield(); /* to a hart that is allowed */
    }
    return thread ? 0 : -ESRCH;
}

i64 sys_getcpu(const u64 *a)
{
    u32 index;

    index = this_hart()->index;
    if (a[0] != 0 && put_user_u32(a[0], index) != 0) {
        return -EFAULT;
    }
    return a[1] != 0 ? put_user_u32(a[1], 0) : 0;
}
