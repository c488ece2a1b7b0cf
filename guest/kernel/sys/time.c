/* SPDX-License-Identifier: MIT */
/* time.c - clocks, sleeping, interval timers, futex waits with their timeouts. */
#include "sync/time.h"

#include "abi/errno.h"
#include "abi/time.h"
#include "abi/wait.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/itimer.h"
#include "proc/process.h"
#include "proc/table.h"
#include "sync/wait.h"
#include "sys/sys.h"

#define NS_PER_SECOND 1000000000ull

/* The value of a clock.  => 0 or -EINVAL */
static int read_clock(u64 id, u64 *ns)
{
    struct usage usage;

    switch ((i32)id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *ns = time_realtime_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = time_now_ns();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
        process_usage(current_process(), &usage);
        *ns = usage.user_ns + usage.system_ns;
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        thread_usage(current_thread(), &usage);
        *ns = usage.user_ns + usage.system_ns;
        return 0;
    default:
        return -EINVAL;
    }
}

i64 sys_clock_gettime(const u64 *a)
{
    u64 ns;
    int error = read_clock(a[0], &ns);

    return error ? error : sys_put_time(a[1], ns);
}

i64 sys_clock_getres(const u64 *a)
{
    u64 ns;
    int error = read_clock(a[0], &ns);

    return error || a[1] == 0 ? error : sys_put_time(a[1], NS_PER_SECOND / time_frequency());
}

static i64 set_realtime(u64 ns)
{
    if (current_process()->ids.euid != 0) {
        return -EPERM;
    }
    time_set_realtime_ns(ns);
    return 0;
}

i64 sys_clock_settime(const u64 *a)
{
    u64 ns;
    int error;

    if ((i32)a[0] != CLOCK_REALTIME) {
        return -EINVAL;
    }
    error = sys_get_time(a[1], &ns);
    return error ? error : set_realtime(ns);
}

i64 sys_gettimeofday(const u64 *a)
{
    u64 ns = time_realtime_ns();
    const struct abi_timeval now = {(i64)(ns / NS_PER_SECOND), (i64)(ns % NS_PER_SECOND / 1000)};

    if (a[0] != 0 && copy_to_user(a[0], &now, sizeof now) != 0) {
        return -EFAULT;
    }
    return a[1] != 0 ? put_user_u64(a[1], 0) : 0; /* struct timezone */
}

i64 sys_settimeofday(const u64 *a)
{
    struct abi_timeval time;

    if (a[0] == 0) {
        return 0;
    }
    if (copy_from_user(&time, a[0], sizeof time) != 0) {
        return -EFAULT;
    }
    if (time.sec < 0 || time.usec < 0 || time.usec >= 1000000) {
        return -EINVAL;
    }
    return set_realtime((u64)time.sec * NS_PER_SECOND + (u64)time.usec * 1000);
}

/* Sleeps till a monotonic time.  => 0 or -EINTR */
static int sleep_until(u64 deadline)
{
    struct wait_queue nobody;
    struct spinlock lock = SPINLOCK("sleep");
    int result;

    wait_init(&nobody);
    spin_lock(&lock);
    do {
        result = wait_sleep_timeout(&nobody, &lock, deadline, true);
    } while (result == 0);
    spin_unlock(&lock);
    return result == -ETIMEDOUT ? 0 : result;
}

/* A relative sleep.  A call that is restarted after a stop keeps its first deadline. */
static i64 sleep_for(u64 ns, u64 user_left)
{
    struct thread *thread = current_thread();
    u64 deadline = thread->restart_armed ? thread->restart_deadline : time_now_ns() + ns;
    int result;

    thread->restart_armed = false;
    result = sleep_until(deadline);
    if (result == -EINTR) {
        u64 now = time_now_ns();

        thread->restart_armed = true;
        thread->restart_deadline = deadline;
        if (user_left != 0 && sys_put_time(user_left, deadline > now ? deadline - now : 0) != 0) {
            return -EFAULT;
        }
    }
    return result;
}

i64 sys_nanosleep(const u64 *a)
{
    u64 ns;
    int error = sys_get_time(a[0], &ns);

    return error ? error : sleep_for(ns, a[1]);
}

/* An absolute time on a clock as a monotonic deadline. */
static u64 deadline_of(u64 clock, u64 ns)
{
    u64 now = time_now_ns(), clock_now = now;

    (void)read_clock(clock, &clock_now);
    return ns > clock_now ? now + (ns - clock_now) : now;
}

i64 sys_clock_nanosleep(const u64 *a)
{
    u64 ns, now;
    int error = read_clock(a[0], &now);

    if (error || (i32)a[0] == CLOCK_THREAD_CPUTIME_ID) {
        return -EINVAL;
    }
    error = sys_get_time(a[2], &ns);
    if (error) {
        return error;
    }
    if (a[1] & TIMER_ABSTIME) {
        return sleep_until(deadline_of(a[0], ns));
    }
    return sleep_for(ns, a[3]);
}

/* --- interval timers ---------------------------------------------------------------------------
 */

static int timeval_to_ns(const struct abi_timeval *time, u64 *ns)
{
    if (time->sec < 0 || time->usec < 0 || time->usec >= 1000000) {
        return -EINVAL;
    }
    *ns = min_u64((u64)time->sec, INT64_MAX / NS_PER_SECOND / 2) * NS_PER_SECOND +
          (u64)time->usec * 1000;
    return 0;
}

static int put_itimer(u64 user, u64 value, u64 interval)
{
    const struct abi_itimerval out = {
        {(i64)(interval / NS_PER_SECOND), (i64)(interval % NS_PER_SECOND / 1000)},
        {(i64)(value / NS_PER_SECOND), (i64)((value % NS_PER_SECOND + 999) / 1000)}};

    return copy_to_user(user, &out, sizeof out);
}

i64 sys_getitimer(const u64 *a)
{
    u64 value, interval;

    if (a[0] > ITIMER_PROF) {
        return -EINVAL;
    }
    itimer_get((u32)a[0], &value, &interval);
    return put_itimer(a[1], value, interval);
}

i64 sys_setitimer(const u64 *a)
{
    struct abi_itimerval given = {0};
    u64 value, interval, old_value, old_interval;

    if (a[0] > ITIMER_PROF) {
        return -EINVAL;
    }
    if (a[1] != 0 && copy_from_user(&given, a[1], sizeof given) != 0) {
        return -EFAULT;
    }
    if (timeval_to_ns(&given.value, &value) != 0 ||
        timeval_to_ns(&given.interval, &interval) != 0) {
        return -EINVAL;
    }
    itimer_set((u32)a[0], value, interval, &old_value, &old_interval);
    return a[2] != 0 ? put_itimer(a[2], old_value, old_interval) : 0;
}

/* --- futex --------------------------------------------------------------------------------------
 */

/* The timeout argument of the waiting operations as a monotonic deadline. */
static int futex_deadline(u64 user, u32 operation, u32 flags, u64 *deadline)
{
    struct thread *thread = current_thread();
    u64 ns;
    int error;

    *deadline = WAIT_FOREVER;
    if (user == 0) {
        return 0;
    }
    error = sys_get_time(user, &ns);
    if (error) {
        return error;
    }
    if (operation == FUTEX_WAIT) {
        *deadline = thread->restart_armed ? thread->restart_deadline : time_now_ns() + ns;
        thread->restart_armed = false;
    } else {
        *deadline =
            deadline_of((flags & FUTEX_CLOCK_REALTIME) ? CLOCK_REALTIME : CLOCK_MONOTONIC, ns);
    }
    return 0;
}

static i64 futex_wait_call(const u64 *a, u32 operation, bool is_private)
{
    u32 bits = operation == FUTEX_WAIT_BITSET ? (u32)a[5] : ~0u;
    u64 deadline;
    i64 result = futex_deadline(a[3], operation, (u32)a[1], &deadline);

    if (result) {
        return result;
    }
    result = futex_wait(a[0], (u32)a[2], bits, deadline, is_private);
    if (result == -EINTR && deadline != WAIT_FOREVER) {
        current_thread()->restart_armed = true;
        current_thread()->restart_deadline = deadline;
    }
    return result;
}

i64 sys_futex(const u64 *a)
{
    u32 operation = (u32)a[1] & FUTEX_CMD_MASK;
    bool is_private = ((u32)a[1] & FUTEX_PRIVATE_FLAG) != 0;
    u32 compare = (u32)a[5];

    switch (operation) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        return futex_wait_call(a, operation, is_private);
    case FUTEX_WAKE:
        return futex_wake(a[0], (u32)a[2], ~0u, is_private);
    case FUTEX_WAKE_BITSET:
        return futex_wake(a[0], (u32)a[2], (u32)a[5], is_private);
    case FUTEX_REQUEUE:
        return futex_requeue(a[0], (u32)a[2], (u32)a[3], a[4], NULL, is_private);
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(a[0], (u32)a[2], (u32)a[3], a[4], &compare, is_private);
    case FUTEX_WAKE_OP:
        return futex_wake_op(a[0], (u32)a[2], a[4], (u32)a[3], (u32)a[5], is_private);
    default:
        return -ENOSYS;
    }
}

i64 sys_set_robust_list(const u64 *a)
{
    if (a[1] != 3 * sizeof(u64)) {
        return -EINVAL;
    }
    current_thread()->robust_list = a[0];
    return 0;
}

i64 sys_get_robust_list(const u64 *a)
{
    struct thread *thread;
    u64 head = 0;

    spin_lock(&process_lock);
    thread = (u32)a[0] == 0 ? current_thread() : thread_find_locked((u32)a[0]);
    if (thread) {
        head = thread->robust_list;
    }
    spin_unlock(&process_lock);
    if (!thread) {
        return -ESRCH;
    }
    if (put_user_u64(a[1], head) != 0) {
        return -EFAULT;
    }
    return put_user_u64(a[2], 3 * sizeof(u64));
}
